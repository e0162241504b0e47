//! The table of refusals and warnings: one row a cause. The text here is the only text: `parse`
//! prints it, `serve` puts it into error pages and the log, `explain` shows it whole.
//!
//! Families: H1 first line, H2 fields, H3 Host, H4 length of the body, H5 chunks, H6 limits,
//! H7 expectations, H8 input cut short; W the same families, harmless. An id is never used for another cause.

use super::refusal::Code;

/// Writes each row as a static of its own and all of them as the list.
macro_rules! codes {
    ($($name:ident $id:literal $status:literal $rule:literal
        $sentence:literal, $remedy:literal,
        [$($why:literal),+];)+) => {
        $(
            #[doc = $sentence]
            pub static $name: Code = Code {
                id: $id,
                sentence: $sentence,
                remedy: $remedy,
                rule: $rule,
                status: $status,
                why: concat!($($why, "\n"),+),
            };
        )+
        /// Every code there is, in the order of the ids.
        pub static CODES: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    SPACE_IN_TARGET "H101" 400 "RFC 9112 3.2"
        "space inside the request target", "write it as %20",
        ["A request line is cut into its three parts at single spaces, so a target",
         "cannot have one. Programs that cut at the last space and programs that cut",
         "at the first would see two different targets in the same line."];
    EXTRA_SPACE "H102" 400 "RFC 9112 3"
        "more than one space between the parts of the request line", "use exactly one space",
        ["Exactly one SP stands between method, target and version. A server that",
         "skips more of them and a proxy that does not disagree about the target."];
    TRAILING_SPACE "H103" 400 "RFC 9112 3"
        "whitespace after the version", "end the line right after the version",
        ["The line ends with the version. Whitespace behind it makes the version of",
         "one program the target's tail of another."];
    TAB_IN_REQUEST_LINE "H104" 400 "RFC 9112 3"
        "tab in the request line", "use one space between parts and %09 inside",
        ["Only SP separates the parts of a request line. Some lenient programs cut",
         "at tabs too, so the same line would name two targets."];
    METHOD_BYTE "H105" 400 "RFC 9110 9.1"
        "byte that a method cannot have", "use letters, as in GET",
        ["A method is a token: letters, digits and a few signs. The first byte",
         "outside of that set shows that this is not a request line at all."];
    LEADING_SPACE "H106" 400 "RFC 9112 3"
        "whitespace before the method", "begin the line with the method",
        ["A request begins with its method. Leading whitespace once continued an",
         "older line; a program that skips it and one that glues it differ."];
    NO_TARGET "H107" 400 "RFC 9112 3"
        "request line without a target", "write METHOD SP TARGET SP HTTP/1.1",
        ["A request names what it is about: a path such as / after one space.",
         "Without it there is nothing to answer."];
    NO_VERSION "H108" 400 "RFC 9112 3"
        "request line without a version", "add a space and HTTP/1.1",
        ["A line of method and target alone is HTTP/0.9 of 1991: no fields, no",
         "status, no end but the close. Nobody needs it, and its answers have no",
         "head that could say what they are."];
    BAD_VERSION "H109" 400 "RFC 9112 2.3"
        "version that is not HTTP/digit.digit", "write HTTP/1.1, in capitals",
        ["The version is HTTP, a slash, one digit, a point, one digit; capitals",
         "matter. It decides how everything after it is read, so it is not guessed."];
    OTHER_VERSION "H110" 505 "RFC 9110 15.6.6"
        "major version other than 1", "speak HTTP/1.1 here",
        ["The major number changes when the form of messages changes. What follows",
         "is not HTTP/1, and reading it as HTTP/1 would be guessing."];
    HTTP2_PREFACE "H111" 505 "RFC 9113 3.4"
        "the HTTP/2 connection preface on an HTTP/1.1 port", "use HTTP/1.1 (curl --http1.1)",
        ["A client that knows in advance that a server speaks HTTP/2 begins with",
         "PRI * HTTP/2.0. The line was chosen so that HTTP/1.1 servers refuse it."];
    TLS_HELLO "H112" 400 "RFC 8446 5.1"
        "a TLS ClientHello on a plain HTTP port", "use http:// instead of https://",
        ["The byte 0x16 and a 0x03 begin a TLS handshake record: the client wants an",
         "encrypted connection, and this port speaks HTTP in the clear."];
    IS_A_RESPONSE "H113" 400 "RFC 9112 2.1"
        "this is a response: add --response", "a request begins with its method",
        ["A response begins with HTTP/ and a request with its method, so the first",
         "bytes tell them apart. A server never takes a response for a request."];
    TARGET_BYTE "H114" 400 "RFC 9112 3.2"
        "byte in the target that a URI cannot have", "write it as % and two hex digits",
        ["A target is a piece of a URI: visible ASCII. Bytes of 0x80 and above have",
         "no agreed meaning there and are sent as % escapes of UTF-8."];
    FRAGMENT "H115" 400 "RFC 9112 3.2"
        "# inside the request target", "leave the fragment out, or write %23",
        ["The part after # stays in the browser: it is never sent. Programs that cut",
         "it off and programs that keep it would look for two different resources."];
    BAD_ESCAPE "H116" 400 "RFC 3986 2.1"
        "% that no two hex digits follow", "write a plain percent sign as %25",
        ["% begins an escape of exactly two hex digits. Each program has its own idea",
         "of what a broken escape means, and filters have been passed that way."];
    ASTERISK "H117" 400 "RFC 9112 3.2.4"
        "target * with a method other than OPTIONS", "use / or OPTIONS",
        ["The target * means the server as a whole, which only OPTIONS can ask about.",
         "With any other method it names nothing."];
    NO_FORM "H118" 400 "RFC 9112 3.2"
        "target in none of the four forms", "begin it with /",
        ["A target is /path, http://host/path (to a proxy), host:port (only with",
         "CONNECT) or * (only with OPTIONS). Anything else names nothing."];
    CONNECT_TARGET "H119" 400 "RFC 9112 3.2.3"
        "CONNECT with a target that is not host:port", "write host:port",
        ["CONNECT asks a proxy for a tunnel to one host and one port; its target is",
         "these two and nothing else."];
    TARGET_AUTHORITY "H120" 400 "RFC 9110 4.2.4"
        "host in the target that is not valid", "write http://host:port/path",
        ["The authority of an absolute target decides which site is meant and",
         "replaces Host, so it is held to the same syntax: no user:password@, no",
         "empty name, a port of digits."];
    NOT_A_STATUS_LINE "H131" 0 "RFC 9112 4"
        "response that does not begin with HTTP/", "begin with HTTP/1.1 200 OK",
        ["A response begins with its version. Anything else is an answer of HTTP/0.9,",
         "of another protocol, or the rest of a body that was longer than announced."];
    IS_A_REQUEST "H132" 0 "RFC 9112 2.1"
        "this is a request: leave --response out", "a response begins with HTTP/",
        ["The line begins with a method and ends with a version: somebody asks here,",
         "nobody answers."];
    STATUS_CODE "H133" 0 "RFC 9112 4"
        "status that is not three digits from 100 up", "write three digits, as in 200",
        ["The status is exactly three digits; the first of them is the class that",
         "every client understands, whatever the other two say."];
    STATUS_SPACE "H134" 0 "RFC 9112 4"
        "no single space around the status", "write HTTP/1.1 SP 200 SP OK",
        ["One SP stands between version and status and one between status and reason,",
         "even when the reason is empty."];

    CONTROL_BYTE "H201" 400 "RFC 9110 5.5"
        "control byte in the head", "leave it out, or escape it",
        ["NUL, ESC and their kind have no meaning in a head. Programs written in C",
         "stop at NUL where others go on, logs and terminals obey ESC; so the head is",
         "refused as soon as the byte arrives."];
    NAME_BYTE "H202" 400 "RFC 9110 5.1"
        "byte that a field name cannot have", "use letters, digits and -",
        ["A field name is a token. With a stray byte in it, one program sees an",
         "unknown field where another sees Content-Length."];
    SPACE_BEFORE_COLON "H203" 400 "RFC 9112 5.1"
        "whitespace between field name and colon", "put the colon right after the name",
        ["Servers have differed: some took `Host :` for Host, some for an unknown",
         "field named `Host `. An attacker who finds one of each behind the other can",
         "smuggle a request or a different Host past the first. So it is refused."];
    NO_COLON "H204" 400 "RFC 9112 5"
        "field line without a colon", "write Name: value",
        ["A field line is name, colon, value. A line without a colon is the rest of",
         "something else, and what it belongs to is anybody's guess."];
    EMPTY_NAME "H205" 400 "RFC 9112 5"
        "field line without a name", "put a name before the colon",
        ["A name has at least one byte; a line that begins with a colon has none.",
         "Some programs would skip the line, some would refuse the message."];
    SPACE_BEFORE_FIELDS "H206" 400 "RFC 9112 2.2"
        "whitespace before the first field line", "begin the line with the field name",
        ["Some programs skip such lines and some glue them to the request line, so",
         "they can hide a field from one of the two."];
    FOLDED "H207" 400 "RFC 9112 5.2"
        "field line that begins with whitespace (obsolete folding)", "write the value on one line",
        ["Once a value could go on in the next line after whitespace. It is obsolete,",
         "and programs that know it and programs that do not see different fields."];
    BARE_CR "H208" 400 "RFC 9112 2.2"
        "CR that no LF follows", "end lines with CR LF",
        ["Some programs take a lone CR for a line end and some for a plain byte: the",
         "same bytes, two sets of fields."];
    BARE_LF "H209" 400 "RFC 9112 2.2"
        "LF without CR before it", "end lines with CR LF",
        ["A line ends with CR LF. A lone LF may be read as one, but a server in front",
         "that reads it differently sees other fields than the one behind."];

    NO_HOST "H301" 400 "RFC 9112 3.2"
        "HTTP/1.1 request without Host", "add Host: and the name from the URL",
        ["Many sites share one address; Host says which is meant. HTTP/1.1 wants it",
         "in every request, so a request without it is broken or very old."];
    TWO_HOSTS "H302" 400 "RFC 9112 3.2"
        "second Host line", "send one Host line",
        ["With two of them one program obeys the first and the next the last, so that",
         "a filter judges one site and the server serves another. Even two equal",
         "lines are refused."];
    HOST_BYTE "H303" 400 "RFC 9110 7.2"
        "byte in Host that a host name cannot have", "write only name or name:port",
        ["Host is a name and perhaps a port: no path, no space, no scheme. What is",
         "left over would be read differently by everybody who builds a URL from it."];
    HOST_USERINFO "H304" 400 "RFC 9110 4.2.4"
        "user name in Host", "leave out everything up to the @",
        ["Host has no user part. good.example@evil.example looks like the one and",
         "means the other."];
    HOST_LIST "H305" 400 "RFC 9110 7.2"
        "list in Host", "name one host",
        ["A comma joins what were two Host lines once. Which of them counts nobody",
         "can say."];
    HOST_PORT "H306" 400 "RFC 9110 7.2"
        "port in Host that is not a number up to 65535", "write the port in digits",
        ["After the colon stand the digits of a port. Anything else is a name that",
         "one program cuts at the first colon and another at the last."];
    HOST_LITERAL "H307" 400 "RFC 3986 3.2.2"
        "address in [ ] that is not a valid one", "write it as in [::1]:8080",
        ["IPv6 addresses stand in brackets so that their colons are not taken for the",
         "port's. What stands inside must be an address, and only a port may follow."];
    HOST_EMPTY "H308" 400 "RFC 9110 4.2.1"
        "port without a host name", "write name:port, or nothing",
        ["An empty Host says that the URL has no host, which is allowed. A port with",
         "no name in front of it belongs to no URL."];

    LENGTH_BYTE "H401" 400 "RFC 9110 8.6"
        "Content-Length that is not all digits", "write the length in decimal digits",
        ["+5, 0x5, 1_0 and `1 0` are numbers to some libraries and not to others. If",
         "two programs disagree about where a body ends, the rest of it becomes a",
         "request that nobody checked: request smuggling."];
    LENGTH_EMPTY "H402" 400 "RFC 9110 8.6"
        "Content-Length without a value", "write 0, or leave the field out",
        ["Empty is no number. One program takes it for 0, another ignores the field",
         "and goes on to Transfer-Encoding."];
    LENGTH_OVERFLOW "H403" 400 "RFC 9110 8.6"
        "Content-Length above 18446744073709551615", "write the true length",
        ["A number too big for 64 bits wraps round to a small one in careless code,",
         "and the two ends disagree about where the body ends."];
    LENGTH_LIST "H404" 400 "RFC 9110 8.6"
        "list in Content-Length", "write one number",
        ["A list appears when somebody joins two Content-Length lines. Even equal",
         "numbers show that the message was put together by two hands."];
    LENGTH_REPEATED "H405" 400 "RFC 9110 8.6"
        "Content-Length a second time", "send it once",
        ["Twice the same number may be merged or refused, says the RFC. Here it is",
         "refused: nobody who builds a request with care sends it twice."];
    LENGTH_CONFLICT "H406" 400 "RFC 9112 6.3"
        "second Content-Length with another value", "send one, with the true length",
        ["With two lengths there are two ends of the body. The program in front takes",
         "one and the server the other, and the bytes between become a request."];
    LENGTH_AND_CODING "H407" 400 "RFC 9112 6.1"
        "Content-Length together with Transfer-Encoding", "send only one of them",
        ["The body's end is given twice, in two ways. Transfer-Encoding wins by the",
         "RFC, but programs that obey the other one exist: the classic of request",
         "smuggling. So it is an error here, and the connection closes."];
    CODING_LAST "H421" 400 "RFC 9112 6.3"
        "Transfer-Encoding of a request that does not end in chunked", "end it with chunked",
        ["Only chunked says where the body ends. Without it as the last coding a",
         "request has no end that a server could know."];
    CODING_UNKNOWN "H422" 501 "RFC 9112 6.1"
        "transfer coding other than chunked", "send chunked alone",
        ["The body is coded in a way that this program does not undo. It says so",
         "rather than hand on bytes that mean something else."];
    CODING_IDENTITY "H423" 400 "RFC 9112 7"
        "transfer coding identity", "leave the field out",
        ["identity meant `no coding` until RFC 7230 removed it in 2014. Programs that",
         "still know it and those that do not find different ends of the body."];
    CODING_TWICE "H424" 400 "RFC 9112 6.1"
        "chunked more than once", "name chunked once",
        ["A body is chunked once. One program would undo it once and take the inner",
         "chunks for the content, another twice."];
    CODING_LINES "H425" 400 "RFC 9112 6.1"
        "second Transfer-Encoding line", "send one line",
        ["Some programs obey the first line, some the last, some join them. Two are",
         "never needed, and they are the tool of request smuggling."];
    CODING_EMPTY "H426" 400 "RFC 9112 6.1"
        "empty member in Transfer-Encoding", "write Transfer-Encoding: chunked",
        ["Nothing before, between or after commas is no coding. Whether chunked still",
         "counts as the last one depends on who reads it."];
    CODING_BYTE "H427" 400 "RFC 9112 7"
        "Transfer-Encoding that is not a list of coding names", "write Transfer-Encoding: chunked",
        ["A coding is a token. A quote or another stray byte makes chunked in the eyes",
         "of one program something unknown in the eyes of the next."];
    CODING_PARAMETER "H428" 400 "RFC 9112 7"
        "chunked with a parameter", "write chunked alone",
        ["chunked has no parameters; with one behind it some programs no longer see",
         "chunked at all and look for Content-Length."];
    CODING_IN_1_0 "H429" 400 "RFC 9112 6.1"
        "Transfer-Encoding in an HTTP/1.0 message", "use Content-Length, or HTTP/1.1",
        ["HTTP/1.0 has no transfer codings: an old program on the way does not know",
         "them and looks for the end of the body elsewhere. The framing is faulty."];

    CHUNK_SIZE "H501" 400 "RFC 9112 7.1"
        "chunk size that is not hex digits", "write the size in hex, as in 1f",
        ["A chunk begins with its size in hex digits and nothing else: no sign, no",
         "0x, no _. Two readings of a size are two ends of the body."];
    CHUNK_SIZE_EMPTY "H502" 400 "RFC 9112 7.1"
        "chunk without a size", "write the size in hex, 0 for the last",
        ["A chunk line begins with at least one hex digit. An empty line in its place",
         "usually means that the chunk before was longer than its size said."];
    CHUNK_SIZE_OVERFLOW "H503" 400 "RFC 9112 7.1"
        "chunk size above 64 bits", "write the true size",
        ["Recipients must expect large sizes and must not let them wrap round: a size",
         "that becomes small in one program and not in another splits the body."];
    CHUNK_SPACE "H504" 400 "RFC 9112 7.1"
        "whitespace in a chunk line with no extension after it", "end the line after the size",
        ["Whitespace may stand round the ; and = of an extension, for old times' sake,",
         "and nowhere else. Some programs skip it, some see a broken size."];
    CHUNK_EXTENSION "H505" 400 "RFC 9112 7.1.1"
        "chunk extension that is not ;name or ;name=value", "leave extensions out",
        ["Extensions are ignored, but only when their form is right: a line end hidden",
         "in one has been used to end the chunk for one program and not the next."];
    CHUNK_LINE_END "H506" 400 "RFC 9112 7.1"
        "chunk line that does not end in CR LF", "end it with CR LF",
        ["In heads a lone LF may pass for a line end; in chunk lines never, because",
         "one byte more or less moves the end of the body."];
    CHUNK_DATA_END "H507" 400 "RFC 9112 7.1"
        "chunk data that CR LF does not follow", "make the size the data's length",
        ["After exactly as many bytes as the size says, CR LF follows. If not, size",
         "and data disagree, and nothing after this place can be trusted."];
    TRAILER_FORBIDDEN "H508" 400 "RFC 9110 6.5.1"
        "field that must not be a trailer", "send it in the head",
        ["Lengths, routing and authorization come before the body or not at all: who",
         "has already acted on the head would now have to act again."];

    LINE_LIMIT "H601" 414 "RFC 9112 3"
        "first line longer than the limit", "use a shorter target",
        ["A server must take lines of at least 8000 bytes and may stop somewhere: here",
         "at 16 KiB. Without a limit one client could fill the memory."];
    HEAD_LIMIT "H602" 431 "RFC 6585 5"
        "head larger than the limit", "send fewer or shorter fields",
        ["A head is held in memory until it is complete, so it has a limit: 64 KiB.",
         "The usual cause is a pile of cookies."];
    FIELD_LIMIT "H603" 431 "RFC 6585 5"
        "more fields than the limit", "send fewer fields",
        ["Every field costs a little work and memory even when its bytes are few, so",
         "their number has a limit too: 100."];
    BODY_LIMIT "H604" 413 "RFC 9110 15.5.14"
        "body larger than the limit", "send less (--max-body moves the limit)",
        ["The body is announced, or has grown, larger than this program agreed to",
         "take. It says so as early as it can."];
    TRAILER_LIMIT "H605" 431 "RFC 6585 5"
        "trailer section larger than the limit", "send fewer or shorter trailers",
        ["Trailers are fields that come after the body; they have the limits that the",
         "head has, or they would be a way around them."];
    EXTENSION_LIMIT "H606" 400 "RFC 9112 7.1.1"
        "more than 16 KiB of chunk extensions in one body", "leave extensions out",
        ["Extensions are ignored, so megabytes of them are work for nothing: a cheap",
         "way to keep a server busy."];
    BLANK_LIMIT "H607" 400 "RFC 9112 2.2"
        "more than 8 empty lines before a message", "begin with the first line",
        ["One stray CR LF after a body is an old mistake of clients and is skipped; an",
         "endless row of them is not a mistake."];

    EXPECTATION "H701" 417 "RFC 9110 10.1.1"
        "expectation other than 100-continue", "expect 100-continue or nothing",
        ["Expect names what the client wants to be sure of before it goes on. Only",
         "100-continue was ever defined; nothing else can be promised."];

    CUT_HEAD "H801" 400 "RFC 9112 8"
        "input that ends inside a head", "end the head with an empty line",
        ["A head is complete with its blank line and not before: what is missing might",
         "still change what the rest means. A server that gets no more answers 408 or",
         "closes; nothing is processed."];
    CUT_BODY "H802" 400 "RFC 9112 8"
        "input that ends inside a body", "send as many bytes as announced",
        ["The head said where the body ends, and the input ended before. A server must",
         "not take what is there for the whole: half an order is not an order."];

    W_BLANK_LINES "W101" 0 "RFC 9112 2.2"
        "empty line before the message, skipped", "begin with the first line",
        ["Old clients sent CR LF after a body without counting it. A server skips at",
         "least one such empty line before the request line."];
    W_LOOSE_TARGET "W102" 0 "RFC 3986 2"
        "byte in the target that a URI does not have", "write it as % and two hex digits",
        ["Signs such as | \" { } are not URI characters, yet browsers send them bare.",
         "They are read as they stand."];
    W_MINOR_VERSION "W103" 0 "RFC 9110 2.5"
        "minor version above 1, read as 1.1", "write HTTP/1.1",
        ["A higher minor number promises compatibility, so the message is read by the",
         "rules of the highest version known: 1.1."];
    W_ABSOLUTE_FORM "W104" 0 "RFC 9112 3.2.2"
        "the host in the target replaces Host", "a proxy gets this form, a server /path",
        ["Requests to proxies carry the whole URL. A server must accept it, take the",
         "host from there and ignore what Host says."];
    W_AFTER_CLOSE "W105" 0 "RFC 9112 9.6"
        "message after one that closes the connection", "a server never reads it",
        ["The message before said that it is the last one on its connection. What",
         "comes after is shown here, and ignored by servers and clients."];
    W_STATUS_SPACE "W106" 0 "RFC 9112 4"
        "no space after the status", "keep the space before an empty reason",
        ["The reason may be empty, the space before it stays. Everybody reads the",
         "short form too."];
    W_STATUS_CLASS "W107" 0 "RFC 9110 15"
        "status outside of 100 to 599, treated as 500", "use a registered status",
        ["The first digit is the class, 1 to 5. A client treats others as a server",
         "error."];
    W_BARE_LF "W201" 0 "RFC 9112 2.2"
        "LF without CR before it, read as a line end", "end lines with CR LF",
        ["Editors write bare LF, so parse reads it. On the wire it is refused here:",
         "with --strict this is error H209."];
    W_HIGH_BYTES "W202" 0 "RFC 9110 5.5"
        "bytes of 0x80 and above in a field value", "stay with ASCII",
        ["The RFC lets them stand and gives them no meaning: UTF-8 to one program,",
         "Latin-1 to another. They are kept as bytes."];
    W_BODY_UNUSUAL "W401" 0 "RFC 9110 9.3"
        "body in a request whose method gives it no meaning", "send it with POST or PUT",
        ["A body of GET, HEAD, DELETE or OPTIONS is read so that the next request is",
         "found, and means nothing. Some servers close instead."];
    W_LENGTH_UNUSUAL "W402" 0 "RFC 9110 8.6"
        "length of a body in a response that never has one", "leave the field out",
        ["1xx and 204 have no body, whatever the fields say, and must not carry",
         "Content-Length or Transfer-Encoding."];
    W_CODING_KEPT "W403" 0 "RFC 9112 6.1"
        "transfer coding other than chunked, left undone", "send chunked alone",
        ["Where the body ends is known; what it says is still coded. The bytes are",
         "shown as they came."];
    W_EXPECT_1_0 "W404" 0 "RFC 9110 10.1.1"
        "100-continue in HTTP/1.0, ignored", "use HTTP/1.1, or leave it out",
        ["HTTP/1.0 has no interim responses, so a server ignores the wish and waits",
         "for the body."];
}
