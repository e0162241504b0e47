//! What each byte may be: one table for the character classes of RFC 9110 5.6.2 and RFC 3986.
//!
//! In: a byte. Out: yes or no. A table of 256 entries answers with one load, whatever the class.

/// Class bit: may stand in a token (a method, a field name).
const TOKEN: u8 = 1;
/// Class bit: a URI may have it in a request target (RFC 3986), `%` included, `#` not.
const URI: u8 = 2;
/// Class bit: no URI character, but visible ASCII that browsers leave unescaped in targets.
const LOOSE: u8 = 4;
/// Class bit: may stand in a registered host name (RFC 3986 3.2.2), `%` included, comma not.
const HOST: u8 = 8;

/// Class bit: a target of nothing else needs no closer look: URI or loose, no `%`.
const PLAIN_TARGET: u8 = 16;
/// Class bit: the same for hosts.
const PLAIN_HOST: u8 = 32;

/// The class bits of every byte.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = with_plain(byte as u8, class_of(byte as u8));
        byte += 1;
    }
    table
}

/// Adds the bits that follow from the others.
const fn with_plain(byte: u8, class: u8) -> u8 {
    if byte == b'%' {
        return class;
    }
    let target = if class & (URI | LOOSE) != 0 {
        PLAIN_TARGET
    } else {
        0
    };
    let host = if class & HOST != 0 { PLAIN_HOST } else { 0 };
    class | target | host
}

/// The classes of one byte, spelled as the RFCs do.
const fn class_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => TOKEN | URI | HOST,
        b'-' | b'.' | b'_' | b'~' => TOKEN | URI | HOST,
        b'!' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'%' => TOKEN | URI | HOST,
        b'(' | b')' | b';' | b'=' => URI | HOST,
        b',' | b'/' | b':' | b'?' | b'@' | b'[' | b']' => URI,
        b'#' => TOKEN,
        b'^' | b'`' | b'|' => TOKEN | LOOSE,
        b'"' | b'<' | b'>' | b'\\' | b'{' | b'}' => LOOSE,
        _ => 0,
    }
}

/// `tchar`: the bytes of methods and field names (RFC 9110 5.6.2).
#[inline]
pub fn is_token(byte: u8) -> bool {
    CLASS[byte as usize] & TOKEN != 0
}

/// A byte that a request target may have here: URI characters without `#`, and the visible ASCII
/// that browsers send unescaped (`|`, `"`, `{`…), see [`is_loose`].
#[inline]
pub fn is_target(byte: u8) -> bool {
    CLASS[byte as usize] & (URI | LOOSE) != 0
}

/// Visible ASCII that is no URI character; accepted in targets, with a warning.
#[inline]
pub fn is_loose(byte: u8) -> bool {
    CLASS[byte as usize] & LOOSE != 0
}

/// A byte of a registered host name: unreserved, sub-delims without the comma, `%`.
#[inline]
pub fn is_host(byte: u8) -> bool {
    CLASS[byte as usize] & HOST != 0
}

/// [`is_target`] without `%`: no escape that could be broken.
#[inline]
pub fn is_plain_target(byte: u8) -> bool {
    CLASS[byte as usize] & PLAIN_TARGET != 0
}

/// [`is_host`] without `%`.
#[inline]
pub fn is_plain_host(byte: u8) -> bool {
    CLASS[byte as usize] & PLAIN_HOST != 0
}

/// A control octet that no head may have: everything below SP but TAB, and DEL. CR and LF are
/// among them; the reader of lines looks at those first.
#[inline]
pub fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// `OWS` and `BWS`: only SP and TAB count as whitespace in HTTP (RFC 9110 5.6.3).
#[inline]
pub fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The members of a comma-separated list, trimmed of SP and TAB, empty ones included; each with its
/// place in `value` (RFC 9110 5.6.1).
pub fn members(value: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let end = value[start..].iter().position(|&b| b == b',');
        next = end.map(|n| start + n + 1);
        let (from, to) = trimmed(value, start, end.map_or(value.len(), |n| start + n));
        Some((from, &value[from..to]))
    })
}

/// Narrows `start..end` of `bytes` by the SP and TAB at both of its ends.
#[inline]
pub fn trimmed(bytes: &[u8], start: usize, end: usize) -> (usize, usize) {
    match &bytes[start..end] {
        // As nearly everybody writes a field: one space, and nothing behind the value.
        [b' ', first, .., last] if !is_space(*first) && !is_space(*last) => (start + 1, end),
        rest => {
            let from = start + rest.iter().take_while(|&&b| is_space(b)).count();
            let after = rest.iter().rev().take_while(|&&b| is_space(b)).count();
            (from, (end - after).max(from))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_77_bytes_of_the_rfc() {
        assert_eq!((0..=255).filter(|&b| is_token(b)).count(), 15 + 62);
        assert!(b"!#$%&'*+-.^_`|~".iter().all(|&b| is_token(b)));
        assert!(!b"\"(),/:;<=>?@[\\]{} \t".iter().any(|&b| is_token(b)));
    }

    #[test]
    fn targets_have_every_visible_byte_but_the_number_sign() {
        for byte in 0..=255u8 {
            assert_eq!(
                is_target(byte),
                (0x21..0x7f).contains(&byte) && byte != b'#',
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn only_spaces_and_tabs_around_a_value_are_trimmed() {
        for (text, value) in [
            (" v", "v"),
            (" ab", "ab"),
            (" a b ", "a b"),
            ("\t a b\t", "a b"),
            ("  ab", "ab"),
            ("ab", "ab"),
            (" \x0bab\x0c", "\x0bab\x0c"),
            (" \t ", ""),
            ("", ""),
        ] {
            let (from, to) = trimmed(text.as_bytes(), 0, text.len());
            assert_eq!(&text[from..to], value, "{text:?}");
        }
    }

    #[test]
    fn list_members_keep_their_places_and_their_emptiness() {
        let found: Vec<_> = members(b"a ,, \tb").collect();
        assert_eq!(found, [(0, &b"a"[..]), (3, b""), (6, b"b")]);
        assert_eq!(members(b"").collect::<Vec<_>>(), [(0, &b""[..])]);
    }
}
