//! What a client would like best: Accept-Encoding and Accept (RFC 9110 12.5).
//!
//! In: the value of a field. Out: how much a coding or a type is wanted, in thousandths. Left out on
//! purpose: parameters of types, languages, character sets.

/// The best there is: `q=1`.
pub const MOST: u16 = 1000;

/// How much a content coding is wanted: `None` when the value says nothing of it, 0 when it is
/// refused. `*` stands for codings that are not named.
pub fn coding(value: &[u8], name: &str) -> Option<u16> {
    let mut other = None;
    for (member, quality) in members(value) {
        let same = member.eq_ignore_ascii_case(name.as_bytes())
            // RFC 9110 8.4.1.3: a recipient takes x-gzip for gzip.
            || name == "gzip" && member.eq_ignore_ascii_case(b"x-gzip");
        if same {
            return Some(quality);
        }
        if member == b"*" {
            other = Some(quality);
        }
    }
    other
}

/// How much a media type is wanted: 0 when it is not. The most specific member counts
/// (RFC 9110 12.5.1): `text/html` before `text/*` before `*/*`.
pub fn media_type(value: &[u8], name: &str) -> u16 {
    let top = name.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for (member, quality) in members(value) {
        let specific = match member {
            b"*/*" => 1,
            _ if member
                .strip_suffix(b"/*")
                .is_some_and(|t| t.eq_ignore_ascii_case(top.as_bytes())) =>
            {
                2
            }
            _ if member.eq_ignore_ascii_case(name.as_bytes()) => 3,
            _ => continue,
        };
        if specific > best.0 {
            best = (specific, quality);
        }
    }
    best.1
}

/// The members of a list, each without its parameters, and its quality.
fn members(value: &[u8]) -> impl Iterator<Item = (&[u8], u16)> {
    value.split(|b| *b == b',').filter_map(|member| {
        let mut halves = member.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let name = halves.next().filter(|name| !name.is_empty())?;
        let quality = halves.find_map(|parameter| match parameter {
            [b'q' | b'Q', b'=', digits @ ..] => Some(quality(digits)),
            _ => None,
        });
        Some((name, quality.unwrap_or(MOST)))
    })
}

/// `0` to `1` with up to three decimals (RFC 9110 12.4.2), in thousandths; 0 for anything else, so
/// that a coding is not forced on a client by a typing error.
fn quality(text: &[u8]) -> u16 {
    let (whole, decimals) = match text {
        [whole @ (b'0' | b'1')] => (*whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (*whole, decimals),
        _ => return 0,
    };
    if !decimals.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let scale = [100, 10, 1];
    let part: u16 = decimals
        .iter()
        .zip(scale)
        .map(|(d, unit)| u16::from(d - b'0') * unit)
        .sum();
    (u16::from(whole - b'0') * MOST + part).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_wanted_as_much_as_its_q_says() {
        for (value, gzip, br) in [
            ("", None, None),
            ("gzip", Some(1000), None),
            ("GZIP, br;q=0.5", Some(1000), Some(500)),
            ("x-gzip", Some(1000), None),
            ("gzip;q=0", Some(0), None),
            ("gzip; q=0.8 ,br ; Q=0.125", Some(800), Some(125)),
            ("*", Some(1000), Some(1000)),
            ("*;q=0, br", Some(0), Some(1000)),
            ("gzip;q=2, br;q=x", Some(0), Some(0)),
            ("gzip;q=0.0001", Some(0), None),
            ("gzipped, brr", None, None),
            (",, ,gzip", Some(1000), None),
        ] {
            assert_eq!(coding(value.as_bytes(), "gzip"), gzip, "{value}");
            assert_eq!(coding(value.as_bytes(), "br"), br, "{value}");
        }
    }

    #[test]
    fn the_most_specific_type_counts() {
        for (value, html, json) in [
            ("application/json", 0, 1000),
            ("*/*", 1000, 1000),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                1000,
                800,
            ),
            ("application/*;q=0.3, */*;q=0.1", 100, 300),
            ("application/json;q=0, */*", 1000, 0),
            ("text/plain", 0, 0),
        ] {
            assert_eq!(media_type(value.as_bytes(), "text/html"), html, "{value}");
            assert_eq!(
                media_type(value.as_bytes(), "application/json"),
                json,
                "{value}"
            );
        }
    }
}
