//! Writes heads: status line, request line, fields, blank line, into a buffer.
//!
//! In: names and values. Out: bytes at the end of a `Vec`. Nothing decoded from a URL can begin a new
//! field: control bytes in a value become spaces, as RFC 9110 5.5 lets a recipient do.

use super::status;
use super::token::{is_control, is_token};

/// Appends `HTTP/1.1 200 OK` and its line end. The space before an empty reason stays (RFC 9112 4).
pub fn status_line(out: &mut Vec<u8>, code: u16) {
    out.extend_from_slice(b"HTTP/1.1 ");
    let code = code.clamp(100, 999);
    out.extend([code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8));
    out.push(b' ');
    out.extend_from_slice(status::reason(code).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `Name: value` and its line end.
#[inline]
pub fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    debug_assert!(
        !name.is_empty() && name.bytes().all(is_token),
        "a field name is a token"
    );
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    push_value(out, value);
    out.extend_from_slice(b"\r\n");
}

/// Appends `Name: 123` and its line end.
#[inline]
pub fn field_number(out: &mut Vec<u8>, name: &str, number: u64) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    push_number(out, number);
    out.extend_from_slice(b"\r\n");
}

/// Appends the blank line that ends a head.
#[inline]
pub fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// Appends one chunk: size in hex, data (RFC 9112 7.1). Empty data would be the last chunk, so
/// nothing is written for it; see [`last_chunk`].
pub fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    let digits = (usize::BITS - data.len().leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[data.len() >> (place * 4) & 15]);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Appends the last chunk and an empty trailer section.
pub fn last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}

/// Appends a number in decimal digits.
#[inline]
pub fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a value; CR, LF, NUL and other controls become spaces.
#[inline]
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    let start = out.len();
    out.extend_from_slice(value);
    for byte in &mut out[start..] {
        if is_control(*byte) {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn the_space_before_an_empty_reason_stays() {
        assert_eq!(written(|out| status_line(out, 200)), "HTTP/1.1 200 OK\r\n");
        assert_eq!(written(|out| status_line(out, 299)), "HTTP/1.1 299 \r\n");
    }

    #[test]
    fn no_value_begins_a_new_line() {
        let evil = b"/a\r\nSet-Cookie: x\0\x1b";
        assert_eq!(
            written(|out| field(out, "Location", evil)),
            "Location: /a  Set-Cookie: x  \r\n"
        );
    }

    #[test]
    fn numbers_and_chunk_sizes_have_no_leading_zeros() {
        assert_eq!(
            written(|out| field_number(out, "Content-Length", 0)),
            "Content-Length: 0\r\n"
        );
        assert_eq!(
            written(|out| push_number(out, u64::MAX)),
            u64::MAX.to_string()
        );
        assert_eq!(
            written(|out| chunk(out, &[b'x'; 16])),
            format!("10\r\n{}\r\n", "x".repeat(16))
        );
        assert_eq!(written(|out| chunk(out, b"")), "");
    }
}
