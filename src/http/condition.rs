//! Conditional requests: do it only if the thing is, or is not, the version the client knows.
//!
//! In: the head of a GET or HEAD, and the version there is. Out: go on, 304 or 412, in the order of
//! RFC 9110 13.2.2. The server asks only when its answer would be 200 without the conditions
//! (13.2.1). Left out on purpose: methods that change things; no file here takes any.
//!
//! ```text
//!  1  If-Match             no member is the version        412
//!  2  else If-Unmodified-Since   it changed since then     412
//!  3  If-None-Match        a member is the version         304
//!  4  else If-Modified-Since     it did not change since   304
//!  5  Range and If-Range   not this version                the whole instead of the part
//! ```

use super::date;
use super::etag::{self, Comparison};
use super::head::Head;

/// The version that there is.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Its strong tag, quotes included.
    pub tag: &'a [u8],
    /// When it last changed, in seconds since 1970, as `Last-Modified` says it.
    pub modified: u64,
    /// What `Date` says.
    pub now: u64,
}

/// What the conditions come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Answer as if there were none.
    Go,
    /// 304: the client's copy is good.
    NotModified,
    /// 412: it is not the version that the client meant.
    Failed,
}

/// Judges a GET or HEAD.
pub fn judge(head: &Head, bytes: &[u8], version: &Version<'_>) -> Verdict {
    match matches(head, bytes, "If-Match", version, Comparison::Strong) {
        Some(true) => {}
        Some(false) => return Verdict::Failed,
        None => {
            let since = date_of(head, bytes, "If-Unmodified-Since", version);
            if since.is_some_and(|since| version.modified > since) {
                return Verdict::Failed;
            }
        }
    }
    match matches(head, bytes, "If-None-Match", version, Comparison::Weak) {
        Some(true) => Verdict::NotModified,
        Some(false) => Verdict::Go,
        None => {
            let since = date_of(head, bytes, "If-Modified-Since", version);
            match since.is_some_and(|since| version.modified <= since) {
                true => Verdict::NotModified,
                false => Verdict::Go,
            }
        }
    }
}

/// Whether a `Range` counts: there is no `If-Range`, or it names exactly this version, strongly
/// (RFC 9110 13.1.5).
pub fn range_counts(head: &Head, bytes: &[u8], version: &Version<'_>) -> bool {
    let mut values = head.values(bytes, "If-Range");
    let Some(value) = values.next() else {
        return true;
    };
    if values.next().is_some() {
        return false;
    }
    if value.first() == Some(&b'"') {
        return value == version.tag;
    }
    // A date names a version only when that second is over: until then the file may change once more
    // and keep its date (RFC 9110 8.8.2.2).
    date::parse(value) == Some(version.modified) && version.now > version.modified
}

/// Whether one of the tags in the lines of this field is the version; `None` without the field.
fn matches(
    head: &Head,
    bytes: &[u8],
    name: &str,
    version: &Version<'_>,
    how: Comparison,
) -> Option<bool> {
    let mut answer = None;
    for value in head.values(bytes, name) {
        let matched = etag::is_any(value) || etag::list_has(value, version.tag, how);
        answer = Some(matched || answer == Some(true));
    }
    answer
}

/// The date in a field. One that is malformed, given twice or still to come is as good as none.
fn date_of(head: &Head, bytes: &[u8], name: &str, version: &Version<'_>) -> Option<u64> {
    let mut values = head.values(bytes, name);
    let value = values.next()?;
    match values.next() {
        None => date::parse(value).filter(|date| *date <= version.now),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Limits, Part, Reader};
    use super::*;

    const OLD: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const FUTURE: &str = "Sun, 06 Nov 1994 08:49:59 GMT";

    fn version() -> Version<'static> {
        Version {
            tag: b"\"v\"",
            modified: 784_111_777,
            now: 784_111_780,
        }
    }

    fn with<T>(fields: &str, ask: impl Fn(&Head, &[u8]) -> T) -> T {
        let fields = fields.replace("OLD", OLD).replace("SAME", SAME);
        let fields = fields.replace("LATER", LATER).replace("FUTURE", FUTURE);
        let lines: String = fields
            .split('|')
            .map(|line| format!("{line}\r\n"))
            .collect();
        let text = format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let mut reader = Reader::requests(Limits::default());
        assert!(
            matches!(reader.next(text.as_bytes()), Ok(Part::Head(_))),
            "{text}"
        );
        ask(reader.head(), text.as_bytes())
    }

    #[test]
    fn conditions_are_judged_in_the_order_of_the_rfc() {
        use Verdict::{Failed, Go, NotModified};
        for (fields, verdict) in [
            ("X: y", Go),
            ("If-Match: \"v\"", Go),
            ("If-Match: *", Go),
            ("If-Match: \"w\", \"v\"", Go),
            ("If-Match: \"w\"|If-Match: \"v\"", Go),
            ("If-Match: \"w\"", Failed),
            ("If-Match: W/\"v\"", Failed),
            ("If-Match: v", Failed),
            ("If-Match: \"v\"|If-Unmodified-Since: OLD", Go),
            ("If-Match: \"w\"|If-None-Match: \"v\"", Failed),
            ("If-Match: \"v\"|If-None-Match: \"v\"", NotModified),
            ("If-Unmodified-Since: OLD", Failed),
            ("If-Unmodified-Since: SAME", Go),
            ("If-Unmodified-Since: OLD|If-None-Match: \"v\"", Failed),
            ("If-Unmodified-Since: yesterday", Go),
            ("If-None-Match: \"v\"", NotModified),
            ("If-None-Match: W/\"v\"", NotModified),
            ("If-None-Match: *", NotModified),
            ("If-None-Match: v", Go),
            ("If-None-Match: \"w\"", Go),
            ("If-None-Match: \"w\"|If-Modified-Since: LATER", Go),
            ("If-None-Match: \"v\"|If-Modified-Since: OLD", NotModified),
            ("If-Modified-Since: OLD", Go),
            ("If-Modified-Since: SAME", NotModified),
            ("If-Modified-Since: LATER", NotModified),
            ("If-Modified-Since: FUTURE", Go),
            ("If-Modified-Since: yesterday", Go),
            ("If-Modified-Since: SAME|If-Modified-Since: SAME", Go),
        ] {
            let judged = with(fields, |head, bytes| judge(head, bytes, &version()));
            assert_eq!(judged, verdict, "{fields}");
        }
    }

    #[test]
    fn a_range_counts_for_exactly_the_version_it_was_meant_for() {
        for (fields, counts) in [
            ("X: y", true),
            ("If-Range: \"v\"", true),
            ("If-Range: W/\"v\"", false),
            ("If-Range: \"w\"", false),
            ("If-Range: v", false),
            ("If-Range: *", false),
            ("If-Range: SAME", true),
            ("If-Range: LATER", false),
            ("If-Range: OLD", false),
        ] {
            let said = with(fields, |head, bytes| range_counts(head, bytes, &version()));
            assert_eq!(said, counts, "{fields}");
        }
        let fresh = Version {
            now: version().modified,
            ..version()
        };
        assert!(!with("If-Range: SAME", |head, bytes| range_counts(
            head, bytes, &fresh
        )));
    }
}
