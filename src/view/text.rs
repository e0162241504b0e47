//! Bytes made safe for people: the one place that escapes for terminals.
//!
//! In: bytes from anywhere (a network, a path, a program's memory) and a width. Out: text of at most
//! that many columns in which nothing moves the cursor, changes a colour, hides or reorders what
//! stands beside it. Left out on purpose: shaping, grapheme clusters, the width of every script; where
//! we do not know what a terminal will do with a character, it is shown as its number.

use crate::event::digits::HEX;

/// Which characters the reader's terminal can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// Only ASCII: everything else is escaped.
    Ascii,
    /// UTF-8: letters and signs of any script pass.
    Utf8,
}

/// What stands at the end of a text that was cut.
const CUT: &[u8] = b"...";

/// Appends `bytes` as text of at most `columns` columns and returns how many it takes. Printable
/// characters stand for themselves, a backslash is doubled, carriage return, newline and tab are
/// `\r`, `\n`, `\t`; other control and non-UTF-8 bytes are `\xNN`; characters that are invisible, of
/// no width, or change direction are `\u{NNNN}`. A text that is too long ends in `...`.
pub fn escape_into(out: &mut Vec<u8>, bytes: &[u8], columns: usize, charset: Charset) -> usize {
    let room_before_mark = columns.saturating_sub(CUT.len());
    let mut used = 0;
    // The last place where the mark still fits.
    let mut cut_at = (out.len(), 0);
    let mut rest = bytes;
    while !rest.is_empty() {
        let plain = run(rest, &PLAIN);
        if plain > 0 {
            let fits = plain.min(columns - used);
            if used <= room_before_mark {
                let more = fits.min(room_before_mark - used);
                cut_at = (out.len() + more, used + more);
            }
            out.extend_from_slice(&rest[..fits]);
            used += fits;
            if fits < plain {
                return cut(out, cut_at, columns);
            }
            rest = &rest[plain..];
            continue;
        }
        let start = out.len();
        let (taken, width) = one_character(out, rest, charset);
        if used + width > columns {
            out.truncate(start);
            return cut(out, cut_at, columns);
        }
        used += width;
        if used <= room_before_mark {
            cut_at = (out.len(), used);
        }
        rest = &rest[taken..];
    }
    used
}

/// The same as text, for callers that want a string of their own.
pub fn escape(bytes: &[u8], columns: usize, charset: Charset) -> String {
    let mut out = Vec::new();
    escape_into(&mut out, bytes, columns, charset);
    String::from_utf8(out).expect("what is escaped is ASCII or whole characters")
}

/// A message of our own in which a name from elsewhere may stand: lines stay lines, backslashes stay
/// single, and what could act on a terminal is shown as `\xNN` or `\u{NNNN}`.
pub fn defuse(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for c in message.chars() {
        match c {
            '\n' | ' '..='~' => out.push(c),
            '\0'..='\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if width(c) == 0 => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn cut(out: &mut Vec<u8>, (len, used): (usize, usize), columns: usize) -> usize {
    out.truncate(len);
    let mark = &CUT[..CUT.len().min(columns - used)];
    out.extend_from_slice(mark);
    used + mark.len()
}

/// The bytes that stand for themselves and are one column each.
static PLAIN: [bool; 256] = printable_but(b"\\");

/// A table of printable ASCII, some of it left out.
pub const fn printable_but(left_out: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte <= 0x7e {
        table[byte] = true;
        byte += 1;
    }
    let mut index = 0;
    while index < left_out.len() {
        table[left_out[index] as usize] = false;
        index += 1;
    }
    table
}

/// How many bytes from the first are in a table. Four are looked up together: most texts are long runs.
#[inline]
pub fn run(bytes: &[u8], table: &[bool; 256]) -> usize {
    let mut rest = bytes;
    while let Some((four, later)) = rest.split_first_chunk::<4>()
        && four
            .iter()
            .fold(true, |all, &b| all & table[usize::from(b)])
    {
        rest = later;
    }
    while let [byte, later @ ..] = rest
        && table[usize::from(*byte)]
    {
        rest = later;
    }
    bytes.len() - rest.len()
}

/// Writes the first character of `bytes`, which is not a plain one; returns how many bytes it was
/// and how many columns it takes.
fn one_character(out: &mut Vec<u8>, bytes: &[u8], charset: Charset) -> (usize, usize) {
    let start = out.len();
    let taken = match bytes[0] {
        b'\\' => push(out, b"\\\\"),
        b'\r' => push(out, b"\\r"),
        b'\n' => push(out, b"\\n"),
        b'\t' => push(out, b"\\t"),
        byte @ 0..0x80 => hex_byte(out, byte),
        byte => match first_char(bytes) {
            Some(c) if charset == Charset::Utf8 => match width(c) {
                0 => unicode(out, c),
                width => {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    return (c.len_utf8(), width);
                }
            },
            _ => hex_byte(out, byte),
        },
    };
    (taken, out.len() - start)
}

fn push(out: &mut Vec<u8>, text: &[u8]) -> usize {
    out.extend_from_slice(text);
    1
}

fn hex_byte(out: &mut Vec<u8>, byte: u8) -> usize {
    push(
        out,
        &[
            b'\\',
            b'x',
            HEX[usize::from(byte >> 4)],
            HEX[usize::from(byte & 15)],
        ],
    )
}

fn unicode(out: &mut Vec<u8>, c: char) -> usize {
    out.extend(c.escape_unicode().map(|c| c as u8));
    c.len_utf8()
}

/// The first character, if the bytes begin with a whole and valid one.
fn first_char(bytes: &[u8]) -> Option<char> {
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    valid.chars().next()
}

/// Columns of a character that is not ASCII: 2 for wide ones, 0 for those that must not reach a
/// terminal as they are.
pub fn width(c: char) -> usize {
    let code = c as u32;
    if within(UNSAFE, code) {
        0
    } else if within(WIDE, code) {
        2
    } else {
        1
    }
}

fn within(table: &[(u32, u32)], code: u32) -> bool {
    table
        .binary_search_by(|&(first, last)| {
            if last < code {
                std::cmp::Ordering::Less
            } else if first > code {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// Controls, blanks that look like a space or like nothing, marks that combine with what stands
/// before them, direction changes, private and unassigned planes (Unicode categories Cc, Cf, Mn, Me,
/// Zs, Zl, Zp, Co, Cs; where a block is mixed, all of it). Sorted.
const UNSAFE: &[(u32, u32)] = &[
    (0x80, 0xa0),
    (0xad, 0xad),
    (0x300, 0x36f),
    (0x483, 0x489),
    (0x591, 0x5bd),
    (0x5bf, 0x5bf),
    (0x5c1, 0x5c2),
    (0x5c4, 0x5c5),
    (0x5c7, 0x5c7),
    (0x600, 0x605),
    (0x610, 0x61a),
    (0x61c, 0x61c),
    (0x64b, 0x65f),
    (0x670, 0x670),
    (0x6d6, 0x6dd),
    (0x6df, 0x6e4),
    (0x6e7, 0x6e8),
    (0x6ea, 0x6ed),
    (0x70f, 0x711),
    (0x730, 0x74a),
    (0x7a6, 0x7b0),
    (0x7eb, 0x7f3),
    (0x816, 0x82d),
    (0x859, 0x85b),
    (0x890, 0x891),
    (0x898, 0x89f),
    (0x8ca, 0x903),
    (0x93a, 0x94f),
    (0x951, 0x957),
    (0x962, 0x963),
    (0x981, 0x983),
    (0x9bc, 0x9bc),
    (0x9be, 0x9cd),
    (0x9d7, 0x9d7),
    (0x9e2, 0x9e3),
    (0xa01, 0xa03),
    (0xa3c, 0xa51),
    (0xa70, 0xa71),
    (0xa75, 0xa83),
    (0xabc, 0xabc),
    (0xabe, 0xacd),
    (0xae2, 0xae3),
    (0xafa, 0xb03),
    (0xb3c, 0xb3c),
    (0xb3e, 0xb57),
    (0xb62, 0xb63),
    (0xb82, 0xb82),
    (0xbbe, 0xbcd),
    (0xbd7, 0xbd7),
    (0xc00, 0xc04),
    (0xc3c, 0xc3c),
    (0xc3e, 0xc56),
    (0xc62, 0xc63),
    (0xc81, 0xc83),
    (0xcbc, 0xcbc),
    (0xcbe, 0xcd6),
    (0xce2, 0xce3),
    (0xd00, 0xd03),
    (0xd3b, 0xd3c),
    (0xd3e, 0xd4d),
    (0xd57, 0xd57),
    (0xd62, 0xd63),
    (0xd81, 0xd83),
    (0xdca, 0xddf),
    (0xdf2, 0xdf3),
    (0xe31, 0xe31),
    (0xe34, 0xe3a),
    (0xe47, 0xe4e),
    (0xeb1, 0xeb1),
    (0xeb4, 0xebc),
    (0xec8, 0xece),
    (0xf18, 0xf19),
    (0xf35, 0xf35),
    (0xf37, 0xf37),
    (0xf39, 0xf39),
    (0xf3e, 0xf3f),
    (0xf71, 0xf84),
    (0xf86, 0xf87),
    (0xf8d, 0xfbc),
    (0xfc6, 0xfc6),
    (0x102b, 0x103e),
    (0x1056, 0x1059),
    (0x105e, 0x1060),
    (0x1062, 0x1064),
    (0x1067, 0x106d),
    (0x1071, 0x1074),
    (0x1082, 0x108f),
    (0x109a, 0x109d),
    (0x115f, 0x1160),
    (0x1161, 0x11ff),
    (0x135d, 0x135f),
    (0x1680, 0x1680),
    (0x1712, 0x1715),
    (0x1732, 0x1734),
    (0x1752, 0x1753),
    (0x1772, 0x1773),
    (0x17b4, 0x17d3),
    (0x17dd, 0x17dd),
    (0x180b, 0x180f),
    (0x1885, 0x1886),
    (0x18a9, 0x18a9),
    (0x1920, 0x193b),
    (0x1a17, 0x1a1b),
    (0x1a55, 0x1a7f),
    (0x1ab0, 0x1b04),
    (0x1b34, 0x1b44),
    (0x1b6b, 0x1b73),
    (0x1b80, 0x1b82),
    (0x1ba1, 0x1bad),
    (0x1be6, 0x1bf3),
    (0x1c24, 0x1c37),
    (0x1cd0, 0x1cd2),
    (0x1cd4, 0x1ce8),
    (0x1ced, 0x1ced),
    (0x1cf4, 0x1cf4),
    (0x1cf7, 0x1cf9),
    (0x1dc0, 0x1dff),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x20d0, 0x20f0),
    (0x2800, 0x2800),
    (0x2cef, 0x2cf1),
    (0x2d7f, 0x2d7f),
    (0x2de0, 0x2dff),
    (0x3000, 0x3000),
    (0x302a, 0x302f),
    (0x3099, 0x309a),
    (0x3164, 0x3164),
    (0xa66f, 0xa672),
    (0xa674, 0xa67d),
    (0xa69e, 0xa69f),
    (0xa6f0, 0xa6f1),
    (0xa802, 0xa802),
    (0xa806, 0xa806),
    (0xa80b, 0xa80b),
    (0xa823, 0xa827),
    (0xa82c, 0xa82c),
    (0xa880, 0xa881),
    (0xa8b4, 0xa8c5),
    (0xa8e0, 0xa8f1),
    (0xa8ff, 0xa8ff),
    (0xa926, 0xa92d),
    (0xa947, 0xa953),
    (0xa980, 0xa983),
    (0xa9b3, 0xa9c0),
    (0xa9e5, 0xa9e5),
    (0xaa29, 0xaa36),
    (0xaa43, 0xaa43),
    (0xaa4c, 0xaa4d),
    (0xaa7b, 0xaa7d),
    (0xaab0, 0xaab0),
    (0xaab2, 0xaab4),
    (0xaab7, 0xaab8),
    (0xaabe, 0xaabf),
    (0xaac1, 0xaac1),
    (0xaaeb, 0xaaef),
    (0xaaf5, 0xaaf6),
    (0xabe3, 0xabea),
    (0xabec, 0xabed),
    (0xd7b0, 0xf8ff),
    (0xfb1e, 0xfb1e),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffc),
    (0xfffe, 0xffff),
    // Historic scripts and musical signs are full of marks of no width: all of them as numbers.
    (0x10000, 0x16fdf),
    (0x16fe4, 0x16fff),
    (0x1bca0, 0x1d3ff),
    (0x1d800, 0x1efff),
    (0x1f3fb, 0x1f3ff),
    (0x1fc00, 0x1ffff),
    (0x2fffe, 0x2ffff),
    (0x323b0, 0x10ffff),
];

/// East Asian wide and full-width characters, and the signs that terminals draw two columns wide
/// (Unicode Annex 11). Sorted.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115e),
    (0x231a, 0x231b),
    (0x2329, 0x232a),
    (0x23e9, 0x23ec),
    (0x23f0, 0x23f0),
    (0x23f3, 0x23f3),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x267f, 0x267f),
    (0x2693, 0x2693),
    (0x26a1, 0x26a1),
    (0x26aa, 0x26ab),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26ce, 0x26ce),
    (0x26d4, 0x26d4),
    (0x26ea, 0x26ea),
    (0x26f2, 0x26f3),
    (0x26f5, 0x26f5),
    (0x26fa, 0x26fa),
    (0x26fd, 0x26fd),
    (0x2705, 0x2705),
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274c),
    (0x274e, 0x274e),
    (0x2753, 0x2755),
    (0x2757, 0x2757),
    (0x2795, 0x2797),
    (0x27b0, 0x27b0),
    (0x27bf, 0x27bf),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b50),
    (0x2b55, 0x2b55),
    (0x2e80, 0x303e),
    (0x3041, 0x33ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0xa4cf),
    (0xa960, 0xa97c),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe10, 0xfe19),
    (0xfe30, 0xfe6f),
    (0xff00, 0xff60),
    (0xffe0, 0xffe6),
    (0x16fe0, 0x18cff),
    (0x1aff0, 0x1b2ff),
    (0x1f004, 0x1f004),
    (0x1f0cf, 0x1f0cf),
    (0x1f18e, 0x1f18e),
    (0x1f191, 0x1f19a),
    (0x1f200, 0x1f320),
    (0x1f32d, 0x1f335),
    (0x1f337, 0x1f37c),
    (0x1f37e, 0x1f393),
    (0x1f3a0, 0x1f3ca),
    (0x1f3cf, 0x1f3d3),
    (0x1f3e0, 0x1f3f0),
    (0x1f3f4, 0x1f3f4),
    (0x1f3f8, 0x1f43e),
    (0x1f440, 0x1f440),
    (0x1f442, 0x1f4fc),
    (0x1f4ff, 0x1f53d),
    (0x1f54b, 0x1f54e),
    (0x1f550, 0x1f567),
    (0x1f57a, 0x1f57a),
    (0x1f595, 0x1f596),
    (0x1f5a4, 0x1f5a4),
    (0x1f5fb, 0x1f64f),
    (0x1f680, 0x1f6c5),
    (0x1f6cc, 0x1f6cc),
    (0x1f6d0, 0x1f6d2),
    (0x1f6d5, 0x1f6d7),
    (0x1f6dc, 0x1f6df),
    (0x1f6eb, 0x1f6ec),
    (0x1f6f4, 0x1f6fc),
    (0x1f7e0, 0x1f7eb),
    (0x1f7f0, 0x1f7f0),
    (0x1f90c, 0x1f93a),
    (0x1f93c, 0x1f945),
    (0x1f947, 0x1f9ff),
    (0x1fa70, 0x1faff),
    (0x20000, 0x3fffd),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn utf8(bytes: &[u8]) -> String {
        escape(bytes, 1000, Charset::Utf8)
    }

    #[test]
    fn a_run_ends_at_the_first_byte_outside_its_table_wherever_that_stands() {
        let table = printable_but(b"\"");
        for len in 0..12 {
            for place in 0..len {
                for stop in [0x1f, b'"', 0x7f, 0xff] {
                    let mut bytes = vec![b'~'; len];
                    bytes[place] = stop;
                    assert_eq!(run(&bytes, &table), place);
                }
            }
            assert_eq!(run(&vec![b' '; len], &table), len);
        }
    }

    #[test]
    fn printable_ascii_stands_for_itself_and_a_backslash_is_doubled() {
        assert_eq!(utf8(b"GET /a?b=\"c\" ~"), "GET /a?b=\"c\" ~");
        assert_eq!(utf8(br"C:\r"), r"C:\\r");
    }

    #[test]
    fn control_bytes_are_spelled_out() {
        assert_eq!(utf8(b"a\r\n\tb"), r"a\r\n\tb");
        assert_eq!(utf8(b"\x1b[2J\x07\x00\x7f"), r"\x1b[2J\x07\x00\x7f");
    }

    #[test]
    fn letters_of_any_script_pass_where_the_terminal_has_utf_8() {
        assert_eq!(utf8("grün 日本 Ж 🎉".as_bytes()), "grün 日本 Ж 🎉");
        assert_eq!(escape("ü".as_bytes(), 80, Charset::Ascii), r"\xc3\xbc");
    }

    #[test]
    fn what_is_invisible_or_turns_the_direction_is_shown_as_its_number() {
        for (text, shown) in [
            ("\u{202e}gnp.exe", r"\u{202e}gnp.exe"),
            ("\u{2066}x\u{2069}", r"\u{2066}x\u{2069}"),
            ("a\u{200b}b\u{feff}", r"a\u{200b}b\u{feff}"),
            ("e\u{301}", r"e\u{301}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{2028}\u{85}", r"\u{2028}\u{85}"),
            ("\u{e000}\u{e0041}", r"\u{e000}\u{e0041}"),
            (
                "\u{a0}\u{ad}\u{2800}\u{3164}",
                r"\u{a0}\u{ad}\u{2800}\u{3164}",
            ),
        ] {
            assert_eq!(utf8(text.as_bytes()), shown);
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_shown_one_by_one() {
        assert_eq!(utf8(b"\xff\xc3(\xe2\x82"), r"\xff\xc3(\xe2\x82");
        assert_eq!(utf8(b"\xed\xa0\x80\xc0\xaf"), r"\xed\xa0\x80\xc0\xaf");
    }

    #[test]
    fn a_text_that_fits_is_not_cut_and_a_longer_one_ends_in_dots() {
        let shown = |text: &str, columns| escape(text.as_bytes(), columns, Charset::Utf8);
        assert_eq!(shown("abcdef", 6), "abcdef");
        assert_eq!(shown("abcdefg", 6), "abc...");
        assert_eq!(shown("abc\n", 5), r"abc\n");
        assert_eq!(shown("ab\nd", 4), "a...");
        assert_eq!(shown("日本語", 6), "日本語");
        assert_eq!(shown("日本語", 5), "日...");
        assert_eq!(shown("abc", 2), "..");
        assert_eq!(shown("abc", 0), "");
    }

    /// Columns as a terminal would count them.
    fn columns_of(text: &str) -> usize {
        text.chars()
            .map(|c| if c.is_ascii() { 1 } else { width(c) })
            .sum()
    }

    #[test]
    fn no_byte_string_gets_a_control_through_or_overruns_its_columns() {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 33) as usize
        };
        let atoms: [&[u8]; 12] = [
            b"a",
            b"plain text",
            b"\x1b",
            b"\n",
            b"\\",
            b"\xff",
            b"\xc3",
            "日".as_bytes(),
            "é".as_bytes(),
            "\u{202e}".as_bytes(),
            "\u{301}".as_bytes(),
            b"\xf0\x9f",
        ];
        for round in 0..20_000 {
            let bytes: Vec<u8> = (0..next() % 8)
                .flat_map(|_| atoms[next() % atoms.len()].to_vec())
                .collect();
            let columns = round % 24;
            let charset = if round % 2 == 0 {
                Charset::Utf8
            } else {
                Charset::Ascii
            };
            let mut out = Vec::new();
            let used = escape_into(&mut out, &bytes, columns, charset);
            let text = String::from_utf8(out).expect("whole characters");
            assert!(
                used <= columns && columns_of(&text) == used,
                "{bytes:?} in {columns}: {text:?} {used}"
            );
            assert!(
                text.chars()
                    .all(|c| !c.is_control() && (c.is_ascii() || width(c) > 0))
            );
            assert!(charset == Charset::Utf8 || text.is_ascii());
        }
    }

    #[test]
    fn the_tables_are_sorted_so_that_they_can_be_searched() {
        for table in [UNSAFE, WIDE] {
            assert!(table.iter().all(|(first, last)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
