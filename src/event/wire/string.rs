//! JSON strings (RFC 8259 section 7), and bytes that may not be text.

use crate::event::digits::HEX;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A string in quotes. Letters and digits of any script stand for themselves; controls, marks,
/// invisible and direction-changing characters are `\uNNNN`, so that a recording is safe to look at.
#[inline]
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| !is_plain(b)) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut chars = rest[at..].chars();
        if let Some(c) = chars.next() {
            special(c, out);
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

#[inline]
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'
}

fn special(c: char, out: &mut Vec<u8>) {
    let letter = match c {
        '"' | '\\' => c as u8,
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        c if !c.is_ascii() && c.is_alphanumeric() => {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        c => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let nibble = |shift: u16| HEX[usize::from(*unit >> shift & 15)];
                out.extend_from_slice(&[b'\\', b'u', nibble(12), nibble(8), nibble(4), nibble(0)]);
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// `"text":"…"` where the bytes are UTF-8, else `"base64":"…"`.
#[inline]
pub fn text_or_base64(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            out.extend_from_slice(br#""text":"#);
            string(text, out);
        }
        Err(_) => base64(bytes, out),
    }
}

/// `"base64":"…"`.
pub fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(br#""base64":""#);
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The room is exactly what the encoding needs, so that this cannot fail; if it did, it would be empty.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
}

/// Bytes as base64.
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a base64 text.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_read_back_and_holds_no_control() {
        for text in [
            "",
            "plain",
            "a\"b\\c\n\r\t",
            "\u{1b}[2J\0\u{7f}\u{9b}",
            "ü日\u{202e}\u{200b}\u{1f389}",
        ] {
            let mut out = Vec::new();
            string(text, &mut out);
            let shown = String::from_utf8(out).expect("JSON is UTF-8");
            assert_eq!(
                serde_json::from_str::<String>(&shown).expect("a JSON string"),
                text
            );
            assert!(
                shown
                    .chars()
                    .all(|c| matches!(c, ' '..='~') || c.is_alphanumeric()),
                "{shown}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_base64() {
        let mut out = Vec::new();
        text_or_base64(b"\xff\x00", &mut out);
        assert_eq!(out, br#""base64":"/wA=""#);
        assert_eq!(from_base64("/wA="), Some(vec![255, 0]));
    }
}
