//! Entity tags: names for one version of one thing (RFC 9110 8.8.3).
//!
//! In: numbers that change when a file does; the values of If-Match, If-None-Match, If-Range. Out: a
//! tag, and whether it is among those of a client. Left out on purpose: weak tags of our own.

/// A strong tag with its quotes: 16 hex digits of a 64-bit mixture.
///
/// The tag is as good as the numbers behind it. A file that is written twice within one tick of the
/// file system's clock, at equal length and in place, keeps its tag; a server that must see that has
/// to read the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag([u8; Tag::LEN]);

impl Tag {
    const LEN: usize = 18;

    /// The tag of a version. Versions that differ in one of the numbers never share a tag: each step
    /// of the mixture can be undone.
    pub fn of(numbers: &[u64]) -> Tag {
        let mixed = numbers.iter().fold(0, |sum, number| mix(sum ^ number));
        let mut text = [b'"'; Tag::LEN];
        for (at, digit) in text[1..Tag::LEN - 1].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(mixed >> (60 - at * 4) & 15) as usize];
        }
        Tag(text)
    }

    /// As it stands in `ETag`.
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The digits alone.
    pub fn digits(&self) -> &[u8] {
        &self.0[1..Tag::LEN - 1]
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// How two tags are compared (RFC 9110 8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// Both are strong, and equal byte by byte.
    Strong,
    /// Equal, whether `W/` stands before them or not.
    Weak,
}

/// Whether a list of tags has this strong tag. Members that are no quoted tag match nothing.
pub fn list_has(list: &[u8], tag: &[u8], how: Comparison) -> bool {
    let mut rest = list;
    while let Some((weak, member, after)) = next(rest) {
        if member == tag && (how == Comparison::Weak || !weak) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether the value is the single `*`: any version at all.
pub fn is_any(value: &[u8]) -> bool {
    value == b"*"
}

/// The next member that is a tag: weak or not, the tag with its quotes, what follows.
fn next(list: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let mut rest = list;
    loop {
        let skip = rest.iter().position(|b| !b" \t,".contains(b))?;
        rest = &rest[skip..];
        let (weak, quoted) = match rest.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        if let Some(len) = quoted_len(quoted) {
            return Some((weak, &quoted[..len], &quoted[len..]));
        }
        let comma = rest.iter().position(|b| *b == b',')?;
        rest = &rest[comma..];
    }
}

/// How long the opaque tag at the beginning is: quote, bytes that may stand in a tag, quote. What
/// follows it must end the member.
fn quoted_len(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"\"")?;
    let end = inside
        .iter()
        .position(|b| !matches!(b, 0x21 | 0x23..=0x7e | 0x80..))?;
    let ends_here =
        inside[end] == b'"' && matches!(inside.get(end + 1), None | Some(b',' | b' ' | b'\t'));
    ends_here.then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_differ_in_one_number_have_different_tags() {
        let one = Tag::of(&[15, 1_700_000_000, 5, 77]);
        assert_eq!(one, Tag::of(&[15, 1_700_000_000, 5, 77]));
        for other in [
            [16, 1_700_000_000, 5, 77],
            [15, 1_700_000_000, 6, 77],
            [15, 1_700_000_000, 5, 78],
        ] {
            assert_ne!(one, Tag::of(&other));
        }
        assert_eq!(one.text().len(), 18);
        assert!(list_has(one.text(), one.text(), Comparison::Strong));
    }

    #[test]
    fn a_list_of_tags_is_read_as_the_rfc_writes_it() {
        let tag = b"\"a\"";
        for (list, strong, weak) in [
            ("\"a\"", true, true),
            ("W/\"a\"", false, true),
            ("\"b\", \"a\"", true, true),
            ("\"b\",W/\"a\"", false, true),
            (", ,\"b\" ,\t\"a\"", true, true),
            ("\"b,\", \"a\"", true, true),
            ("\"b, \"a\"", true, true),
            ("b, \"a", false, false),
            ("a", false, false),
            ("a, \"a\"", true, true),
            ("\"a", false, false),
            ("\"a\"x", false, false),
            ("w/\"a\"", false, false),
            ("\"A\"", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                list_has(list.as_bytes(), tag, Comparison::Strong),
                strong,
                "{list}"
            );
            assert_eq!(
                list_has(list.as_bytes(), tag, Comparison::Weak),
                weak,
                "{list}"
            );
        }
    }
}
