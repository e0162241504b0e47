//! The statuses: reason phrase, what each means in one line, and where it is defined.
//!
//! The table is the registry as of 2026 without drafts; `explain` prints its sentences.

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// 200.
    pub code: u16,
    /// `OK`.
    pub reason: &'static str,
    /// One line, without a full stop.
    pub meaning: &'static str,
    /// `RFC 9110 15.3.1`.
    pub rule: &'static str,
}

macro_rules! statuses {
    ($($code:literal $reason:literal, $rule:literal, $meaning:literal;)+) => {
        /// Every registered status, in order.
        pub static STATUSES: &[Status] = &[
            $(Status { code: $code, reason: $reason, meaning: $meaning, rule: $rule }),+
        ];
    };
}

statuses! {
    100 "Continue", "RFC 9110 15.2.1", "go on and send the body; the answer comes later";
    101 "Switching Protocols", "RFC 9110 15.2.2", "from here on this connection speaks another protocol";
    102 "Processing", "RFC 2518 10.1", "still working on it (WebDAV, hardly used)";
    103 "Early Hints", "RFC 8297 2", "fields that will probably come, so that the client can begin";
    200 "OK", "RFC 9110 15.3.1", "done; what was asked for follows";
    201 "Created", "RFC 9110 15.3.2", "done, and something new exists; Location says where";
    202 "Accepted", "RFC 9110 15.3.3", "taken, but not done yet";
    203 "Non-Authoritative Information", "RFC 9110 15.3.4", "done, but a proxy has changed the answer";
    204 "No Content", "RFC 9110 15.3.5", "done, and there is nothing to show: no body";
    205 "Reset Content", "RFC 9110 15.3.6", "done; clear the form that sent this";
    206 "Partial Content", "RFC 9110 15.3.7", "the part that Range asked for";
    207 "Multi-Status", "RFC 4918 11.1", "several results in one body (WebDAV)";
    208 "Already Reported", "RFC 5842 7.1", "listed before in this body (WebDAV)";
    226 "IM Used", "RFC 3229 10.4.1", "the changes against an earlier version";
    300 "Multiple Choices", "RFC 9110 15.4.1", "there are several of these; choose";
    301 "Moved Permanently", "RFC 9110 15.4.2", "it is at Location now, for ever";
    302 "Found", "RFC 9110 15.4.3", "it is at Location for now";
    303 "See Other", "RFC 9110 15.4.4", "the answer is at Location; GET it";
    304 "Not Modified", "RFC 9110 15.4.5", "your copy is still good: no body";
    305 "Use Proxy", "RFC 9110 15.4.6", "deprecated";
    307 "Temporary Redirect", "RFC 9110 15.4.8", "ask Location with the same method, this time";
    308 "Permanent Redirect", "RFC 9110 15.4.9", "ask Location with the same method, from now on";
    400 "Bad Request", "RFC 9110 15.5.1", "the message is malformed; sending it again will not help";
    401 "Unauthorized", "RFC 9110 15.5.2", "say who you are first; WWW-Authenticate says how";
    402 "Payment Required", "RFC 9110 15.5.3", "reserved";
    403 "Forbidden", "RFC 9110 15.5.4", "understood, and refused";
    404 "Not Found", "RFC 9110 15.5.5", "there is nothing of this name";
    405 "Method Not Allowed", "RFC 9110 15.5.6", "it exists, but not for this method; Allow lists those that work";
    406 "Not Acceptable", "RFC 9110 15.5.7", "there is no form of it that Accept would take";
    407 "Proxy Authentication Required", "RFC 9110 15.5.8", "tell the proxy who you are first";
    408 "Request Timeout", "RFC 9110 15.5.9", "the request did not arrive in time";
    409 "Conflict", "RFC 9110 15.5.10", "it does not fit the present state";
    410 "Gone", "RFC 9110 15.5.11", "it was here and will not come back";
    411 "Length Required", "RFC 9110 15.5.12", "send Content-Length";
    412 "Precondition Failed", "RFC 9110 15.5.13", "an If-… field did not hold";
    413 "Content Too Large", "RFC 9110 15.5.14", "the body is larger than the server takes";
    414 "URI Too Long", "RFC 9110 15.5.15", "the target is longer than the server reads";
    415 "Unsupported Media Type", "RFC 9110 15.5.16", "the server does not take a body of this type";
    416 "Range Not Satisfiable", "RFC 9110 15.5.17", "the range lies outside of what there is";
    417 "Expectation Failed", "RFC 9110 15.5.18", "Expect asks for what nobody can promise";
    421 "Misdirected Request", "RFC 9110 15.5.20", "this server does not answer for that host";
    422 "Unprocessable Content", "RFC 9110 15.5.21", "well formed, but it makes no sense";
    423 "Locked", "RFC 4918 11.3", "locked (WebDAV)";
    424 "Failed Dependency", "RFC 4918 11.4", "something it depends on failed (WebDAV)";
    425 "Too Early", "RFC 8470 5.2", "sent in TLS early data, which might be a replay";
    426 "Upgrade Required", "RFC 9110 15.5.22", "ask again in another protocol; Upgrade says which";
    428 "Precondition Required", "RFC 6585 3", "ask again with an If-… field";
    429 "Too Many Requests", "RFC 6585 4", "slow down; Retry-After says how long";
    431 "Request Header Fields Too Large", "RFC 6585 5", "the head is larger than the server reads";
    451 "Unavailable For Legal Reasons", "RFC 7725 3", "a law forbids it";
    500 "Internal Server Error", "RFC 9110 15.6.1", "the server failed; the request may be fine";
    501 "Not Implemented", "RFC 9110 15.6.2", "the server does not know this method or coding at all";
    502 "Bad Gateway", "RFC 9110 15.6.3", "the server behind this one answered nonsense";
    503 "Service Unavailable", "RFC 9110 15.6.4", "not now: overloaded or being repaired";
    504 "Gateway Timeout", "RFC 9110 15.6.5", "the server behind this one did not answer in time";
    505 "HTTP Version Not Supported", "RFC 9110 15.6.6", "this major version of HTTP is not spoken here";
    506 "Variant Also Negotiates", "RFC 2295 8.1", "the server's choices point in a circle";
    507 "Insufficient Storage", "RFC 4918 11.5", "no room left (WebDAV)";
    508 "Loop Detected", "RFC 5842 7.2", "the request would go round for ever (WebDAV)";
    510 "Not Extended", "RFC 2774 7", "obsolete";
    511 "Network Authentication Required", "RFC 6585 6", "log in to the network first (hotel Wi-Fi)";
}

/// The row of a status.
pub fn find(code: u16) -> Option<&'static Status> {
    STATUSES
        .binary_search_by_key(&code, |status| status.code)
        .ok()
        .map(|at| &STATUSES[at])
}

/// The reason phrase; empty for a status that is not registered.
pub fn reason(code: u16) -> &'static str {
    find(code).map_or("", |status| status.reason)
}

/// What the first digit says (RFC 9110 15).
pub fn class(code: u16) -> &'static str {
    match code {
        100..=199 => "interim",
        200..=299 => "success",
        300..=399 => "look elsewhere",
        400..=499 => "client error",
        500..=599 => "server error",
        _ => "no class",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_in_order_so_that_they_can_be_found() {
        assert!(STATUSES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(reason(404), "Not Found");
        assert_eq!(reason(599), "");
    }
}
