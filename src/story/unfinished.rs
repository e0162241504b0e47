//! Heads of requests that are not complete, for `short-read-assumed`: how much is there, and whether a server may refuse it already.
//!
//! Our reader waits for the end of the head before it judges; others need not, and nginx refuses a method it does not
//! know at its first byte.

use super::connection::Connection;
use super::stream::Protocol;

/// The methods of RFC 9110 and PATCH.
const METHODS: [&[u8]; 9] = [
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE",
];

/// A request's head that is not complete and that nobody refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfinished {
    /// How much of it is there.
    pub bytes: u64,
    /// A server may refuse it before the rest has come.
    pub odd: bool,
}

/// What is there of a request's head that is not complete.
pub(super) fn unfinished(connection: &Connection) -> Option<Unfinished> {
    let request = &connection.request;
    let begun =
        request.protocol == Protocol::Http && !request.in_body && connection.waiting.is_empty();
    let begun = begun && !request.in_odd_head();
    let given_up = connection.client || connection.ended || connection.gave_up;
    let pending = request.pending();
    (begun && !given_up && !pending.is_empty()).then(|| Unfinished {
        bytes: pending.len() as u64,
        odd: !begins_well(pending),
    })
}

/// Whether bytes are what a request of HTTP/1.x begins with: a common method, a target without spaces, the version, and
/// fields with names. Our reader waits for the end of the head before it judges; others need not.
fn begins_well(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or(bytes);
    let whole = line.len() < bytes.len();
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let method = words.next().unwrap_or(line);
    let common = |known: &&[u8]| match line.len() > method.len() {
        true => **known == *method,
        false => known.starts_with(method),
    };
    let version: &[u8] = b"HTTP/1.";
    let (target, end, more) = (words.next(), words.next(), words.next());
    let fits = match (target, end) {
        (None, _) => !whole,
        (Some(target), None) => !whole && (target.is_empty() || b"/*h".contains(&target[0])),
        (Some(_), Some(end)) => {
            let compared = end.len().min(version.len());
            more.is_none() && end[..compared] == version[..compared]
        }
    };
    let named = |line: &[u8]| match line.trim_ascii_end() {
        b"" => true,
        line => line.contains(&b':') && line[0].is_ascii_alphanumeric(),
    };
    // The last line is not complete.
    let fields: Vec<&[u8]> = lines.collect();
    let complete = fields.len().saturating_sub(1);
    METHODS.iter().any(common) && fits && fields.iter().take(complete).all(|line| named(line))
}
