//! The words of the table's last column: what a method, a target, a status, a field is for.
//!
//! Short enough for the column at 80 columns (28 characters). The long story is `httpsys explain`'s.

use crate::http::target::{self, Form};
use crate::http::{Framing, Head, Version, status};

/// What a method promises (RFC 9110 9.2, 9.3).
pub fn method(name: &[u8]) -> &'static str {
    match name {
        b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" => "safe, idempotent",
        b"PUT" | b"DELETE" => "idempotent, not safe",
        b"POST" | b"PATCH" => "neither safe nor idempotent",
        b"CONNECT" => "asks a proxy for a tunnel",
        _ if name.eq_ignore_ascii_case(b"get") => "case matters: not GET",
        _ => "not one of the RFC's nine",
    }
}

/// Which form a target has, and its path decoded when that differs.
pub fn target(method: &[u8], text: &[u8]) -> String {
    let form = match target::form(method, text) {
        Some(Form::Origin) => "path",
        Some(Form::Absolute { .. }) => "whole URL, as for a proxy",
        Some(Form::Authority(_)) => "host and port",
        Some(Form::Asterisk) => "the server as a whole",
        None => "",
    };
    let (path, query) = target::path_and_query(text);
    let mut decoded = Vec::new();
    target::decode_percent(path, &mut decoded);
    match (decoded == path, query) {
        (false, _) => format!("path \"{}\"", String::from_utf8_lossy(&decoded)),
        (true, Some(_)) if form == "path" => "path and query".to_string(),
        _ => form.to_string(),
    }
}

/// What follows from a version.
pub fn version(version: Version) -> &'static str {
    match version.minor {
        0 => "closes after the answer",
        1 => "",
        _ => "read as 1.1",
    }
}

/// What the first digit of a status says.
pub fn status(code: u16) -> &'static str {
    status::class(code)
}

/// The blank line: what comes after it.
pub fn blank_line(framing: Framing) -> String {
    match framing {
        Framing::None => "end of head; no body".to_string(),
        Framing::ContentLength(0) => "end of head; empty body".to_string(),
        Framing::ContentLength(1) => "end of head; 1 byte follows".to_string(),
        Framing::ContentLength(n) => format!("end of head; {n} bytes follow"),
        Framing::Chunked => "end of head; chunks follow".to_string(),
        Framing::UntilClose => "end of head; body till close".to_string(),
    }
}

/// What a field is for; for `Host` whether it had to be there.
pub fn field(head: Option<&Head>, name: &[u8]) -> &'static str {
    let lower = name.to_ascii_lowercase();
    if lower == b"host" {
        return if head.is_none_or(|head| head.version.minor > 0) {
            "required in 1.1"
        } else {
            "which site is meant"
        };
    }
    let found = FIELDS.binary_search_by(|(known, _)| known.as_bytes().cmp(&lower));
    found.map_or("", |at| FIELDS[at].1)
}

/// Names in lower case, sorted; each note fits 28 columns.
const FIELDS: &[(&str, &str)] = &[
    ("accept", "types the client likes"),
    ("accept-encoding", "codings the client undoes"),
    ("accept-language", "languages the client likes"),
    ("accept-ranges", "parts may be asked for"),
    ("access-control-allow-origin", "who may read it (CORS)"),
    ("age", "seconds in caches"),
    ("allow", "methods that would work"),
    ("alt-svc", "also served elsewhere"),
    ("authorization", "who asks: a secret"),
    ("cache-control", "rules for caches"),
    ("connection", "for this connection only"),
    ("content-disposition", "show it or save it"),
    ("content-encoding", "how the body is packed"),
    ("content-language", "the body's language"),
    ("content-length", "bytes of body"),
    ("content-location", "the body's own URL"),
    ("content-range", "which part this is"),
    ("content-security-policy", "what the page may load"),
    ("content-type", "what the body is"),
    ("cookie", "what the site had stored"),
    ("date", "when it was made"),
    ("dnt", "do not track me"),
    ("etag", "a name for this version"),
    ("expect", "wait before the body"),
    ("expires", "good until then"),
    ("forwarded", "what proxies saw"),
    ("from", "whose program this is"),
    ("if-match", "only if still this version"),
    ("if-modified-since", "only if newer"),
    ("if-none-match", "only if another version"),
    ("if-range", "a part, if unchanged"),
    ("if-unmodified-since", "only if not newer"),
    ("keep-alive", "how long it stays open"),
    ("last-modified", "when it changed"),
    ("link", "related things"),
    ("location", "where it is, or went"),
    ("max-forwards", "how many proxies may pass"),
    ("origin", "which site's page asks"),
    ("pragma", "an old Cache-Control"),
    ("priority", "how urgent it is"),
    ("proxy-authenticate", "how to log in to the proxy"),
    ("proxy-authorization", "who asks the proxy: secret"),
    ("proxy-connection", "a mistake of old browsers"),
    ("range", "only these bytes"),
    ("referer", "the page that led here"),
    ("referrer-policy", "what Referer may say"),
    ("retry-after", "when to try again"),
    ("sec-fetch-dest", "what it is wanted for"),
    ("sec-fetch-mode", "how the page asks"),
    ("sec-fetch-site", "same site or another"),
    ("sec-fetch-user", "a person clicked"),
    ("server", "the server's program"),
    ("set-cookie", "store this: often a secret"),
    ("strict-transport-security", "https only from now on"),
    ("te", "trailers, codings welcome"),
    ("trailer", "fields that come after"),
    ("transfer-encoding", "how the body is framed"),
    ("upgrade", "other protocols on offer"),
    ("upgrade-insecure-requests", "https would be better"),
    ("user-agent", "the client's program"),
    ("vary", "what the answer depends on"),
    ("via", "proxies on the way"),
    ("www-authenticate", "how to log in"),
    ("x-content-type-options", "believe Content-Type"),
    ("x-forwarded-for", "client, says a proxy"),
    ("x-forwarded-proto", "http or https, says a proxy"),
    ("x-requested-with", "asked by a script"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_notes_are_sorted_and_fit_their_column() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(
            FIELDS.iter().all(|(_, note)| note.len() <= 28),
            "28 columns"
        );
        assert_eq!(field(None, b"CONTENT-type"), "what the body is");
    }

    #[test]
    fn a_path_with_escapes_is_shown_decoded() {
        assert_eq!(target(b"GET", b"/a%20b"), "path \"/a b\"");
        assert_eq!(target(b"GET", b"/a?b"), "path and query");
        assert_eq!(target(b"OPTIONS", b"*"), "the server as a whole");
    }
}
