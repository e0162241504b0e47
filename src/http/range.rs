//! `Range`: parts of a thing, by the byte (RFC 9110 14).
//!
//! In: the value of a Range field and how long the thing is. Out: the parts as offsets, or that the
//! field does not count, or that none of it exists (416). Left out on purpose: other units than bytes.

use std::ops::Range;

/// Parts in one request at most; who asks for more gets the whole.
const MOST: usize = 100;
/// Parts that may overlap one before them; RFC 9110 14.2 names more than two as a sign of an attack.
const OVERLAPPING: usize = 2;

/// What to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Everything, with 200: the field is malformed, has another unit or asks for too much at once.
    Whole,
    /// These parts, in the order in which they were asked for; at least one, none empty.
    Parts(Vec<Range<u64>>),
    /// Nothing of it exists: 416.
    Nothing,
}

/// Reads the value of a Range field against a length.
pub fn read(value: &[u8], length: u64) -> Wanted {
    let Some(set) = byte_ranges(value) else {
        return Wanted::Whole;
    };
    let mut parts: Vec<Range<u64>> = Vec::new();
    let mut asked = 0;
    for spec in set.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
        if spec.is_empty() {
            continue;
        }
        asked += 1;
        let Some(part) = part(spec, length) else {
            return Wanted::Whole;
        };
        if !part.is_empty() {
            parts.push(part);
        } else if length == 0 && spec.iter().any(|b| b"123456789".contains(b)) && spec[0] == b'-' {
            // The last bytes of nothing: satisfiable, and no Content-Range could say it.
            return Wanted::Whole;
        }
        if asked > MOST {
            return Wanted::Whole;
        }
    }
    match parts.len() {
        _ if asked == 0 => Wanted::Whole,
        0 => Wanted::Nothing,
        1 => Wanted::Parts(parts),
        _ if is_too_much(&parts, length) => Wanted::Whole,
        _ => Wanted::Parts(parts),
    }
}

/// What stands behind `bytes=`; the unit's name has no case (RFC 9110 14.1).
fn byte_ranges(value: &[u8]) -> Option<&[u8]> {
    const UNIT: &[u8] = b"bytes=";
    let (unit, set) = value.split_at_checked(UNIT.len())?;
    let plain = set.first().is_some_and(|b| !b" \t".contains(b));
    (unit.eq_ignore_ascii_case(UNIT) && plain).then_some(set)
}

/// One of `first-last`, `first-`, `-count`. Empty, and beginning at the length, when there is no such
/// byte; `None` when it is malformed.
fn part(spec: &[u8], length: u64) -> Option<Range<u64>> {
    let dash = spec.iter().position(|b| *b == b'-')?;
    let (first, last) = (&spec[..dash], &spec[dash + 1..]);
    if first.is_empty() {
        let count = number(last)?;
        let start = length.saturating_sub(count);
        return Some(start..length);
    }
    let first = number(first)?;
    let last = match last {
        b"" => u64::MAX,
        digits => number(digits)?,
    };
    if last < first {
        return None;
    }
    let end = last.saturating_add(1).min(length);
    Some(first.min(length)..end)
}

/// Digits only. A number too large for 64 bits is as good as the largest: no file is that long.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    Some(value)
}

/// Whether the parts together are longer than the whole, or overlap as no honest client asks for.
fn is_too_much(parts: &[Range<u64>], length: u64) -> bool {
    let total = parts
        .iter()
        .fold(0u64, |sum, part| sum.saturating_add(part.end - part.start));
    let overlaps = |(at, part): &(usize, &Range<u64>)| {
        parts[..*at]
            .iter()
            .any(|before| before.start < part.end && part.start < before.end)
    };
    total > length || parts.iter().enumerate().filter(overlaps).count() > OVERLAPPING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(of: &[(u64, u64)]) -> Wanted {
        Wanted::Parts(of.iter().map(|(start, end)| *start..*end).collect())
    }

    #[test]
    fn a_range_is_read_against_the_length() {
        for (value, wanted) in [
            ("bytes=0-4", parts(&[(0, 5)])),
            ("BYTES=0-0", parts(&[(0, 1)])),
            ("bytes=5-", parts(&[(5, 10)])),
            ("bytes=5-99", parts(&[(5, 10)])),
            ("bytes=5-99999999999999999999", parts(&[(5, 10)])),
            ("bytes=-3", parts(&[(7, 10)])),
            ("bytes=-99", parts(&[(0, 10)])),
            ("bytes=0-1,5-6", parts(&[(0, 2), (5, 7)])),
            ("bytes=5-6 ,\t0-1,", parts(&[(5, 7), (0, 2)])),
            ("bytes=,0-1", parts(&[(0, 2)])),
            ("bytes=0-1,20-", parts(&[(0, 2)])),
            ("bytes=0-0,-1", parts(&[(0, 1), (9, 10)])),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=99999999999999999999-", Wanted::Nothing),
            ("bytes=10-,11-12", Wanted::Nothing),
        ] {
            assert_eq!(read(value.as_bytes(), 10), wanted, "{value}");
        }
    }

    #[test]
    fn what_is_no_range_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes 0-1",
            "bytes= 0-1",
            "bytes=a-b",
            "bytes=1-0",
            "bytes=0-1,4-3",
            "bytes=-",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=1",
            "lines=0-1",
            "bytes=0-1;",
            "bytes=0 -1",
        ] {
            assert_eq!(read(value.as_bytes(), 10), Wanted::Whole, "{value:?}");
        }
    }

    #[test]
    fn too_many_parts_and_parts_over_parts_are_the_whole() {
        let many = |count: u64| {
            let list: Vec<String> = (0..count).map(|i| format!("{0}-{0}", i * 2)).collect();
            format!("bytes={}", list.join(","))
        };
        assert!(matches!(read(many(100).as_bytes(), 1000), Wanted::Parts(p) if p.len() == 100));
        assert_eq!(read(many(101).as_bytes(), 1000), Wanted::Whole);
        assert_eq!(read(b"bytes=0-,0-", 1000), Wanted::Whole);
        assert_eq!(read(b"bytes=0-9,0-9,0-9,0-9", 1000), Wanted::Whole);
        assert!(matches!(read(b"bytes=0-9,5-14", 1000), Wanted::Parts(p) if p.len() == 2));
    }

    #[test]
    fn an_empty_thing_has_no_parts_but_all_of_its_last_bytes() {
        assert_eq!(read(b"bytes=0-", 0), Wanted::Nothing);
        assert_eq!(read(b"bytes=-5", 0), Wanted::Whole);
        assert_eq!(read(b"bytes=-0", 0), Wanted::Nothing);
    }
}
