//! Numbers as text, appended byte by byte: the views print several a line, a hundred thousand lines a
//! second, and `std::fmt` costs more than the rest of a line together.

/// Digits of the largest number.
const MOST: usize = 20;

/// `00` to `99`.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

/// The digits of a number end in the middle of this, so that from the first of them there always are
/// `MOST` bytes: copying a fixed number of bytes and forgetting some is quicker than copying just enough.
type Room = [u8; 2 * MOST];

/// Puts a number's digits into the room; returns where the first stands.
#[inline]
fn put(room: &mut Room, mut value: u64) -> usize {
    let mut first = MOST;
    while value >= 10 {
        first -= 2;
        room[first..first + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value > 0 || first == MOST {
        first -= 1;
        room[first] = b'0' + value as u8;
    }
    first
}

#[inline]
fn append(out: &mut Vec<u8>, room: &Room, first: usize) {
    let end = out.len() + MOST - first;
    let all = room[first..].first_chunk::<MOST>();
    out.extend_from_slice(all.expect("the first digit stands in the first half"));
    out.truncate(end);
}

/// Unsigned decimal.
#[inline]
pub fn decimal(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        out.push(b'0' + value as u8);
    } else {
        let mut room = [0; 2 * MOST];
        let first = put(&mut room, value);
        append(out, &room, first);
    }
}

/// Signed decimal.
#[inline]
pub fn signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    decimal(out, value.unsigned_abs());
}

/// Unsigned decimal in at least `width` places, filled with `fill` on the left.
pub fn padded(out: &mut Vec<u8>, value: u64, width: usize, fill: u8) {
    let mut room = [0; 2 * MOST];
    let first = put(&mut room, value);
    out.resize(out.len() + width.saturating_sub(MOST - first), fill);
    append(out, &room, first);
}

/// `0x` and lower-case hex digits, as C's `%#lx` has them; but 0 is `0x0`.
#[inline]
pub fn hex(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(b"0x");
    let digits = 16 - (value | 1).leading_zeros() / 4;
    for place in (0..digits).rev() {
        out.push(HEX[(value >> (place * 4) & 15) as usize]);
    }
}

/// Lower-case hex digits without `0x`, at least `width` of them.
pub fn hex_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let digits = 16 - (value | 1).leading_zeros() as usize / 4;
    for place in (0..digits.max(width)).rev() {
        out.push(HEX[value.checked_shr(place as u32 * 4).unwrap_or(0) as usize & 15]);
    }
}

/// Octal digits with a leading 0; 0 is `0`.
pub fn octal(out: &mut Vec<u8>, value: u64) {
    out.push(b'0');
    let digits = (64 - value.leading_zeros()).div_ceil(3);
    for place in (0..digits).rev() {
        out.push(b'0' + (value >> (place * 3) & 7) as u8);
    }
}

/// The digits of hex.
pub const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec();
        write(&mut out);
        String::from_utf8(out).expect("digits are ASCII")
    }

    #[test]
    fn numbers_look_as_the_standard_library_writes_them() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                assert_eq!(text(|out| decimal(out, value)), format!("x{value}"));
                assert_eq!(
                    text(|out| signed(out, value as i64)),
                    format!("x{}", value as i64)
                );
                assert_eq!(text(|out| hex(out, value)), format!("x{value:#x}"));
                assert_eq!(
                    text(|out| hex_padded(out, value, 6)),
                    format!("x{value:06x}")
                );
                assert_eq!(
                    text(|out| padded(out, value, 6, b' ')),
                    format!("x{value:6}")
                );
                assert_eq!(
                    text(|out| padded(out, value, 6, b'0')),
                    format!("x{value:06}")
                );
                let expected = if value == 0 {
                    "x0".to_string()
                } else {
                    format!("x0{value:o}")
                };
                assert_eq!(text(|out| octal(out, value)), expected);
            }
        }
    }
}
