//! The commonest header fields: who sends them, what they say in one line, and what `httpsys serve` does
//! with them. Sources: RFC 9110, 9111, 9112 and those named in the rows.

/// One field.
pub struct Field {
    /// Its name, as the RFC writes it.
    pub name: &'static str,
    /// `request`, `response` or `both`.
    pub side: &'static str,
    /// One line.
    pub meaning: &'static str,
    /// A whole field line.
    pub example: &'static str,
    /// What `serve` does with it; empty when nothing.
    pub here: &'static str,
    /// Where it is defined.
    pub rule: &'static str,
}

macro_rules! fields {
    ($( $name:literal $side:ident $meaning:literal $example:literal $here:literal $rule:literal; )*) => {
        /// Every field we have a page for.
        pub static FIELDS: &[Field] = &[$( Field {
            name: $name, side: stringify!($side), meaning: $meaning, example: $example, here: $here, rule: $rule,
        } ),*];
    };
}

fields! {
    "Host" request "which host (and port) the request is for: one server may have many names; 1.1 must send it"
        "Host: example.org:8080" "required in 1.1, exactly one, and valid: else 400" "RFC 9110 7.2";
    "Content-Length" both "how many bytes the body has; the receiver counts them to know where the message ends"
        "Content-Length: 15" "counts the body by it; digits only, and never together with Transfer-Encoding: else 400" "RFC 9110 8.6";
    "Transfer-Encoding" both "the body comes in chunks, each with its size in front, the last one of size 0"
        "Transfer-Encoding: chunked" "chunked is read, other codings get 501, odd spellings 400; sent with the listing of a large directory" "RFC 9112 6.1";
    "Connection" both "about this connection only: close = no further message after this one; keep-alive = an old client asks to stay"
        "Connection: close" "close ends the connection after the answer and is echoed; keep-alive is echoed to 1.0" "RFC 9110 7.6.1";
    "Keep-Alive" both "hints for an old form of keep-alive: seconds and number of requests; not needed in 1.1"
        "Keep-Alive: timeout=5, max=100" "" "RFC 2068 19.7.1";
    "Content-Type" both "what the body is, so that the receiver knows how to show it"
        "Content-Type: text/html; charset=utf-8" "sent with every body; /echo returns it, except types that a browser would run" "RFC 9110 8.3";
    "Content-Encoding" both "how the body is compressed; it must be undone before the type makes sense"
        "Content-Encoding: gzip" "sent when a compressed neighbour of the file (.br, .gz) is served" "RFC 9110 8.4";
    "Content-Language" both "the language of the body"
        "Content-Language: en" "" "RFC 9110 8.5";
    "Content-Location" both "a name for exactly this form of the answer"
        "Content-Location: /page.en.html" "" "RFC 9110 8.7";
    "Content-Range" both "which part of the whole this body is"
        "Content-Range: bytes 0-99/1234" "sent with 206, and as bytes */LENGTH with 416" "RFC 9110 14.4";
    "Content-Disposition" both "whether to show the body or save it, and under what name; also names the parts of a form"
        "Content-Disposition: attachment; filename=\"a.txt\"" "" "RFC 6266 4";
    "Date" both "when the message was made, in GMT"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT" "sent with every answer" "RFC 9110 6.6.1";
    "Server" response "the name of the server program"
        "Server: httpsys" "sent with every answer" "RFC 9110 10.2.4";
    "User-Agent" request "the name of the client program"
        "User-Agent: curl/8.5.0" "written to the combined log" "RFC 9110 10.1.5";
    "Accept" request "which types the client would like, q = how much"
        "Accept: text/html, */*;q=0.8" "a listing is JSON when application/json is wanted more than HTML" "RFC 9110 12.5.1";
    "Accept-Encoding" request "which compressions the client can undo"
        "Accept-Encoding: gzip, br" "compressed neighbours of the file (.br, .gz) are looked for" "RFC 9110 12.5.3";
    "Accept-Language" request "which languages the reader prefers"
        "Accept-Language: de, en;q=0.7" "" "RFC 9110 12.5.4";
    "Accept-Charset" request "which character sets the client knew; out of use"
        "Accept-Charset: utf-8" "" "RFC 9110 12.5.2";
    "Accept-Ranges" response "whether parts of this can be asked for (Range)"
        "Accept-Ranges: bytes" "sent with every file" "RFC 9110 14.3";
    "Allow" response "which methods the target takes; a 405 must have it"
        "Allow: GET, HEAD" "sent with 405 and in answer to OPTIONS" "RFC 9110 10.2.1";
    "Age" response "seconds that the answer has been in a cache"
        "Age: 60" "" "RFC 9111 5.1";
    "Cache-Control" both "who may keep the answer, and for how long"
        "Cache-Control: no-store" "files say no-cache (keep it, and ask each time), pages of our own no-store" "RFC 9111 5.2";
    "Expires" response "until when a cache may use the answer; Cache-Control counts more"
        "Expires: Thu, 01 Jan 2026 00:00:00 GMT" "" "RFC 9111 5.3";
    "Pragma" request "no-cache, the old way to say it"
        "Pragma: no-cache" "" "RFC 9111 5.4";
    "Vary" response "which request fields made the answer what it is: a cache must compare them"
        "Vary: Accept-Encoding" "Accept-Encoding with files of types that compress, Accept with listings" "RFC 9110 12.5.5";
    "Via" both "which proxies the message came through"
        "Via: 1.1 proxy.example" "" "RFC 9110 7.6.3";
    "ETag" response "a name for this version of the content; comes back in If-None-Match"
        "ETag: \"33a64df5\"" "sent with every file: a mixture of length, inode and time of change" "RFC 9110 8.8.3";
    "Last-Modified" response "when the content last changed; comes back in If-Modified-Since"
        "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT" "sent with every file, never later than Date" "RFC 9110 8.8.2";
    "If-Match" request "only if the version is still this one: else 412"
        "If-Match: \"33a64df5\"" "judged first, for files; tags are compared strongly" "RFC 9110 13.1.1";
    "If-None-Match" request "only if the version is another one: else 304 without a body"
        "If-None-Match: \"33a64df5\"" "judged for files; beats If-Modified-Since; W/ is ignored" "RFC 9110 13.1.2";
    "If-Modified-Since" request "only if it changed since then: else 304 without a body"
        "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT" "judged for files when there is no If-None-Match; dates to come are ignored" "RFC 9110 13.1.3";
    "If-Unmodified-Since" request "only if it did not change since then: else 412"
        "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT" "judged for files when there is no If-Match" "RFC 9110 13.1.4";
    "If-Range" request "the part if the version is still this one, else the whole"
        "If-Range: \"33a64df5\"" "a strong tag or the exact date; anything else gives the whole file" "RFC 9110 13.1.5";
    "Range" request "only these bytes, please: a download goes on, a video jumps"
        "Range: bytes=100-199" "GET of files: one part, the last bytes, up to 100 parts; else ignored" "RFC 9110 14.2";
    "Location" response "where it is instead (3xx), or where the new thing is (201)"
        "Location: /new/" "sent with redirects" "RFC 9110 10.2.2";
    "Retry-After" response "when to try again: seconds or a date; goes with 503 and 429"
        "Retry-After: 5" "" "RFC 9110 10.2.3";
    "Referer" request "the page the link was on; spelled wrong since 1995"
        "Referer: https://example.org/" "written to the combined log" "RFC 9110 10.1.3";
    "From" request "the mail address of whoever runs the robot"
        "From: robot@example.org" "" "RFC 9110 10.1.2";
    "Origin" request "which site's script makes this request"
        "Origin: https://example.org" "" "RFC 6454 7";
    "Expect" request "100-continue: the client waits for 100 Continue before it sends the body"
        "Expect: 100-continue" "answered with 100 before the body is read; any other expectation with 417" "RFC 9110 10.1.1";
    "Upgrade" both "other protocols the sender could speak on this connection, such as websocket"
        "Upgrade: websocket" "not followed: the answer is plain HTTP/1.1" "RFC 9110 7.8";
    "TE" request "whether the client can take trailers, and codings of the transfer"
        "TE: trailers" "" "RFC 9110 10.1.4";
    "Trailer" both "which fields will come after the last chunk"
        "Trailer: Digest" "" "RFC 9110 6.6.2";
    "Max-Forwards" request "how many more proxies may pass TRACE or OPTIONS on"
        "Max-Forwards: 3" "" "RFC 9110 7.6.2";
    "Authorization" request "who the client is, with proof; a secret"
        "Authorization: Basic dTpw" "hidden in the trace unless --no-redact" "RFC 9110 11.6.2";
    "WWW-Authenticate" response "how to prove who you are; a 401 must have it"
        "WWW-Authenticate: Basic realm=\"x\"" "" "RFC 9110 11.6.1";
    "Proxy-Authorization" request "who the client is, for the proxy; a secret"
        "Proxy-Authorization: Basic dTpw" "hidden in the trace unless --no-redact" "RFC 9110 11.7.2";
    "Proxy-Authenticate" response "how to prove to the proxy who you are"
        "Proxy-Authenticate: Basic realm=\"x\"" "" "RFC 9110 11.7.1";
    "Cookie" request "what the server had asked the client to keep (Set-Cookie); often a secret"
        "Cookie: sid=31d4d96e" "hidden in the trace unless --no-redact" "RFC 6265 5.4";
    "Set-Cookie" response "please keep this and send it with later requests; often a secret"
        "Set-Cookie: sid=31d4d96e; HttpOnly" "hidden in the trace unless --no-redact" "RFC 6265 4.1";
    "Forwarded" request "what the proxy knows of the client: address, host, scheme"
        "Forwarded: for=192.0.2.60;proto=http" "" "RFC 7239 4";
    "X-Forwarded-For" request "the client's address as the proxies saw it; anyone can write it"
        "X-Forwarded-For: 192.0.2.60" "" "in wide use, in no RFC";
    "X-Forwarded-Proto" request "whether the client spoke http or https to the proxy"
        "X-Forwarded-Proto: https" "" "in wide use, in no RFC";
    "X-Content-Type-Options" response "nosniff: believe Content-Type, do not guess from the bytes"
        "X-Content-Type-Options: nosniff" "sent with every answer" "Fetch Standard 3.6";
    "X-Requested-With" request "says that a script made the request"
        "X-Requested-With: XMLHttpRequest" "" "in wide use, in no RFC";
    "Strict-Transport-Security" response "from now on use https only with this host"
        "Strict-Transport-Security: max-age=31536000" "" "RFC 6797 6.1";
    "Content-Security-Policy" response "where a page may load scripts, images and the rest from"
        "Content-Security-Policy: default-src 'self'" "" "W3C CSP 3";
    "Access-Control-Allow-Origin" response "which other sites' scripts may read the answer"
        "Access-Control-Allow-Origin: *" "" "Fetch Standard 3.3";
    "Access-Control-Request-Method" request "which method a script wants to use, asked before (OPTIONS)"
        "Access-Control-Request-Method: PUT" "" "Fetch Standard 3.3";
    "Upgrade-Insecure-Requests" request "the browser would rather be sent to https"
        "Upgrade-Insecure-Requests: 1" "" "W3C Upgrade Insecure Requests 3.2";
    "Sec-Fetch-Mode" request "what kind of request the browser makes: to go to a page, to load a part of one"
        "Sec-Fetch-Mode: navigate" "" "W3C Fetch Metadata 2";
    "Sec-Fetch-Dest" request "what the browser wants it for: a page, an image, a script"
        "Sec-Fetch-Dest: document" "" "W3C Fetch Metadata 2";
    "Priority" both "how urgent the answer is"
        "Priority: u=1" "" "RFC 9218 5";
    "Link" response "other things that belong to this one, such as a style sheet to load early"
        "Link: </style.css>; rel=preload" "" "RFC 8288 3";
    "Alt-Svc" response "the same content is also served there, perhaps over another protocol"
        "Alt-Svc: h3=\":443\"" "" "RFC 7838 3";
    "Sec-WebSocket-Key" request "a number the server must transform, to show that it speaks WebSocket"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" "" "RFC 6455 11.3.1";
    "HTTP2-Settings" request "settings of a client that offers to change to HTTP/2; out of use"
        "HTTP2-Settings: AAMAAABkAAQAAP__" "" "RFC 7540 3.2.1";
}
