//! Strings as C would write them, the way strace does: no byte that is not printable ASCII gets out.

use super::{Hex, StraceOptions};
use crate::event::digits::HEX;
use crate::view::text::printable_but;
use crate::view::text::run;

/// The first bytes of a buffer that held `len` of them: at most `-s`, then dots if there was more.
#[inline]
pub fn buffer(options: &StraceOptions, bytes: &[u8], len: u64, out: &mut Vec<u8>) {
    let shown = &bytes[..bytes.len().min(options.strsize)];
    string(options.hex, shown, out);
    if (shown.len() as u64) < len {
        out.extend_from_slice(b"...");
    }
}

/// A whole string in quotes.
#[inline]
pub fn string(hex: Hex, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let in_hex = match hex {
        Hex::No => false,
        Hex::NonAscii => !bytes.iter().all(|b| matches!(b, 0x20..=0x7e | 0x09..=0x0d)),
        Hex::All => true,
    };
    if in_hex {
        hexadecimal(bytes, out)
    } else {
        octal(bytes, out)
    }
    out.push(b'"');
}

fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.extend_from_slice(&[
            b'\\',
            b'x',
            HEX[usize::from(byte >> 4)],
            HEX[usize::from(byte & 15)],
        ]);
    }
}

#[inline]
fn octal(bytes: &[u8], out: &mut Vec<u8>) {
    /// The bytes that stand for themselves.
    static PLAIN: [bool; 256] = printable_but(b"\"\\");
    let mut rest = bytes;
    loop {
        let (plain, others) = rest.split_at(run(rest, &PLAIN));
        out.extend_from_slice(plain);
        let [special, later @ ..] = others else {
            return;
        };
        escape(*special, later.first().copied(), out);
        rest = later;
    }
}

fn escape(byte: u8, next: Option<u8>, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\t' => b't',
        b'\n' => b'n',
        0x0b => b'v',
        0x0c => b'f',
        b'\r' => b'r',
        other => return octal_escape(other, next, out),
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// As short as can be; three digits where a digit follows that would be read as part of the number.
fn octal_escape(byte: u8, next: Option<u8>, out: &mut Vec<u8>) {
    let digits = [byte >> 6, byte >> 3 & 7, byte & 7].map(|digit| b'0' + digit);
    let skip = match next {
        Some(b'0'..=b'7') => 0,
        _ if byte >= 0o100 => 0,
        _ if byte >= 0o10 => 1,
        _ => 2,
    };
    out.push(b'\\');
    out.extend_from_slice(&digits[skip..]);
}

/// Escaped as in quotes, but without them; angle brackets too, for they stand around it.
pub fn unquoted(bytes: &[u8], out: &mut Vec<u8>) {
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'>' => octal_escape(*byte, bytes.get(index + 1).copied(), out),
            byte => octal(std::slice::from_ref(byte), out),
        }
    }
}

/// A word of our own, or of a recording, without quotes; whatever is not printable becomes `?`.
pub fn word(text: &str, out: &mut Vec<u8>) {
    out.extend(text.chars().map(|c| {
        if matches!(c, ' '..='~') {
            c as u8
        } else {
            b'?'
        }
    }));
}
