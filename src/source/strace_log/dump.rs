//! Dumps of what a call moved (`-e read=4`, `-e write=4`), which follow its line.
//!
//! In: a line. Out: its bytes, if it is one of a dump.

/// The bytes of a line of a dump: ` | 00000  47 45 54 20 2f 69 6e 64  65 78 2e …  GET /index.txt H |`.
pub fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    let rest = text.strip_prefix(b" | ")?;
    let offset = rest
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let columns = rest
        .get(offset..)
        .filter(|rest| offset >= 5 && rest.starts_with(b"  "))?;
    let mut bytes = Vec::new();
    // Two groups of eight, each three columns wide, and two blanks before each.
    for place in 0..16 {
        let at = 2 + place * 3 + place / 8;
        let digits = columns.get(at..at + 2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        match u8::from_str_radix(digits, 16) {
            Ok(byte) => bytes.push(byte),
            Err(_) if digits == "  " => break,
            Err(_) => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn a_line_of_a_dump_gives_its_bytes() {
        let whole =
            b" | 00000  47 45 54 20 2f 69 6e 64  65 78 2e 74 78 74 20 48  GET /index.txt H |";
        assert_eq!(
            bytes(whole).as_deref(),
            Some(b"GET /index.txt H".as_slice())
        );
        let last =
            b" | 00010  54 54 50                                          TTP              |";
        assert_eq!(bytes(last).as_deref(), Some(b"TTP".as_slice()));
        for cut in 0..whole.len() {
            assert!(bytes(&whole[..cut]).is_none_or(|bytes| bytes.len() <= 16));
        }
        assert_eq!(bytes(b"read(3"), None);
    }
}
