//! HTTP dates: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7). The calendar is the httpdate crate's.
//!
//! In: seconds since 1970 (UTC). Out: 29 bytes, and back. There is no clock here: who has one asks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes of an IMF-fixdate.
pub const LEN: usize = 29;
/// The last second that four digits of a year can say: 31 December 9999.
const LAST: u64 = 253_402_300_799;

/// Writes a date; seconds after the year 9999 are taken as its end.
pub fn format(unix_seconds: u64) -> [u8; LEN] {
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds.min(LAST));
    let mut out = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    let text = httpdate::fmt_http_date(time);
    if text.len() == LEN {
        out.copy_from_slice(text.as_bytes());
    }
    out
}

/// Reads a date in any of the three forms that recipients must accept; `None` for everything else
/// and for times before 1970.
pub fn parse(text: &[u8]) -> Option<u64> {
    let time: SystemTime = httpdate::parse_http_date(std::str::from_utf8(text).ok()?).ok()?;
    time.duration_since(UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs())
}

/// A date that is written anew only when the second has changed.
#[derive(Clone, Copy, Debug)]
pub struct Cached {
    second: u64,
    text: [u8; LEN],
}

impl Default for Cached {
    fn default() -> Cached {
        Cached {
            second: 0,
            text: format(0),
        }
    }
}

impl Cached {
    /// The text of this second.
    #[inline]
    pub fn at(&mut self, unix_seconds: u64) -> &[u8; LEN] {
        if self.second != unix_seconds {
            *self = Cached {
                second: unix_seconds,
                text: format(unix_seconds),
            };
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_rfc_is_written_and_all_three_forms_are_read() {
        assert_eq!(&format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(parse(b"yesterday"), None);
        assert_eq!(parse(b"\xff"), None);
    }

    #[test]
    fn a_cached_date_follows_the_second() {
        let mut cached = Cached::default();
        assert_eq!(cached.at(0), b"Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cached.at(1), b"Thu, 01 Jan 1970 00:00:01 GMT");
        assert_eq!(cached.at(u64::MAX), b"Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
