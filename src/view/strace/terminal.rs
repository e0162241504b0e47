//! `struct termios` and the size of a window (`man 2 ioctl_tty`, `man 3 termios`).

use super::bits::constant;
use super::structs::field;
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::digits;
use crate::event::structs;

/// How `c_oflag` has its delays: a name and how far up it stands (`include/uapi/asm-generic/termbits.h`).
static DELAYS: [(&str, u32, u32); 6] = [
    ("NL", 8, 1),
    ("CR", 9, 3),
    ("TAB", 11, 3),
    ("BS", 13, 1),
    ("VT", 14, 1),
    ("FF", 15, 1),
];
/// Bits of `c_cflag` that are numbers: the speed out, the same for in shifted by [`IBSHIFT`], and how many
/// bits a character has.
const CBAUD: u32 = 0x100f;
const IBSHIFT: u32 = 16;
const CSIZE: u32 = 0x30;

/// `{c_iflag=ICRNL|IXON, c_oflag=…, c_cflag=…, c_lflag=…, ...}`: strace leaves out the rest too.
pub fn modes(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let word = |index: usize| structs::u32_at(bytes, index * 4);
    out.extend_from_slice(b"{c_iflag=");
    bits(&flags::TERMINAL_INPUT, word(0)?, out);
    out.extend_from_slice(b", c_oflag=");
    output(word(1)?, out);
    out.extend_from_slice(b", c_cflag=");
    control(word(2)?, out);
    out.extend_from_slice(b", c_lflag=");
    bits(&flags::TERMINAL_LOCAL, word(3)?, out);
    out.extend_from_slice(b", ...}");
    Some(())
}

/// Nothing at all where none is set.
fn bits(set: &FlagSet, value: u32, out: &mut Vec<u8>) {
    if value != 0 {
        let start = out.len();
        let (names, rest) = set.names(u64::from(value));
        for name in names {
            out.extend_from_slice(if out.len() > start { b"|" } else { b"" });
            out.extend_from_slice(name.as_bytes());
        }
        if rest != 0 {
            out.extend_from_slice(if out.len() > start { b"|" } else { b"" });
            digits::hex(out, rest);
        }
    }
}

fn output(value: u32, out: &mut Vec<u8>) {
    let mut rest = value;
    for (name, shift, mask) in DELAYS {
        let delay = value >> shift & mask;
        rest &= !(mask << shift);
        match (name, delay) {
            ("TAB", 3) => out.extend_from_slice(b"XTABS"),
            (name, delay) => {
                out.extend_from_slice(name.as_bytes());
                digits::decimal(out, u64::from(delay));
            }
        }
        out.push(b'|');
    }
    bits(&flags::TERMINAL_OUTPUT, rest, out);
}

fn control(value: u32, out: &mut Vec<u8>) {
    let speed = |value: u32| u64::from(value & CBAUD);
    constant(&flags::TERMINAL_SPEED, speed(value), out);
    if speed(value >> IBSHIFT) != 0 {
        out.push(b'|');
        constant(&flags::TERMINAL_SPEED, speed(value >> IBSHIFT), out);
        out.extend_from_slice(b"<<IBSHIFT");
    }
    out.extend_from_slice(b"|CS");
    digits::decimal(out, u64::from(5 + ((value & CSIZE) >> 4)));
    out.push(b'|');
    let numbers = CBAUD | CBAUD << IBSHIFT | CSIZE;
    bits(&flags::TERMINAL_CONTROL, value & !numbers, out);
}

/// `{ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}`.
pub fn window(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let at = |at: usize| {
        Some(u64::from(u16::from_ne_bytes([
            *bytes.get(at)?,
            *bytes.get(at + 1)?,
        ])))
    };
    out.extend_from_slice(b"{ws_row=");
    digits::decimal(out, at(0)?);
    field("ws_col", at(2)?, out);
    field("ws_xpixel", at(4)?, out);
    field("ws_ypixel", at(6)?, out);
    out.push(b'}');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: [u32; 4]) -> String {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let mut out = Vec::new();
        modes(&bytes, &mut out).expect("four words are enough");
        String::from_utf8(out).expect("names are ASCII")
    }

    #[test]
    fn a_terminal_is_told_as_strace_tells_it() {
        assert_eq!(
            text([0x500, 5, 0xbf, 0x8a3b]),
            "{c_iflag=ICRNL|IXON, c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0|OPOST|ONLCR, \
             c_cflag=B38400|CS8|CREAD, c_lflag=ISIG|ICANON|ECHO|ECHOE|ECHOK|IEXTEN|ECHOCTL|ECHOKE, ...}"
        );
    }

    #[test]
    fn numbers_among_the_bits_and_bits_without_a_name_are_told() {
        assert_eq!(
            text([0x8000, 0x1e00 | 0x10000, 0x1001_1002, 0]),
            "{c_iflag=0x8000, c_oflag=NL0|CR3|XTABS|BS0|VT0|FF0|0x10000, \
             c_cflag=B115200|B57600<<IBSHIFT|CS5|, c_lflag=, ...}"
        );
        assert_eq!(modes(&[0; 15], &mut Vec::new()), None);
    }
}
