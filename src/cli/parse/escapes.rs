//! `--escapes`: bytes that are hard to type, written as a programmer would.
//!
//! In: a stream with `\r`, `\n`, `\t`, `\0`, `\e`, `\\`, `\xNN` and `\u{NNNN}` in it. Out: the bytes that
//! are meant; any other backslash stands for itself. A real line end right after a written `\n` is left
//! out, so that a message can be written one line a line, and `echo` may end it.

use std::io::{self, Read};

/// The longest escape: `\u{10ffff}`.
const LONGEST: usize = 10;

/// A reader that undoes escapes.
pub struct Unescaped<'a> {
    input: &'a mut dyn Read,
    /// Read and not yet looked at.
    raw: Vec<u8>,
    /// Undone and not yet handed out.
    ready: Vec<u8>,
    /// The last thing undone was `\n`: a real line end may follow and means nothing.
    after_newline: bool,
    ended: bool,
}

impl<'a> Unescaped<'a> {
    /// Undoes the escapes of `input`.
    pub fn new(input: &'a mut dyn Read) -> Unescaped<'a> {
        Unescaped {
            input,
            raw: Vec::new(),
            ready: Vec::new(),
            after_newline: false,
            ended: false,
        }
    }

    /// Undoes what is certain: an escape that may go on in the next piece waits for it.
    fn undo(&mut self) {
        let mut at = 0;
        while at < self.raw.len() {
            let rest = &self.raw[at..];
            if !self.ended
                && rest.len() < LONGEST
                && (rest[0] == b'\\' || (rest[0] == b'\r' && rest.len() < 2))
            {
                break;
            }
            if self.after_newline
                && let Some(n) = line_end(rest)
            {
                self.after_newline = false;
                at += n;
                continue;
            }
            let (taken, bytes) = escape(rest).unwrap_or_else(|| (1, vec![rest[0]]));
            self.after_newline = taken == 2 && bytes == b"\n";
            self.ready.extend_from_slice(&bytes);
            at += taken;
        }
        self.raw.drain(..at);
    }
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// The escape that `text` begins with: how long it is and what it means.
fn escape(text: &[u8]) -> Option<(usize, Vec<u8>)> {
    let one = |byte: u8| Some((2, vec![byte]));
    match *text {
        [b'\\', b'r', ..] => one(b'\r'),
        [b'\\', b'n', ..] => one(b'\n'),
        [b'\\', b't', ..] => one(b'\t'),
        [b'\\', b'0', ..] => one(0),
        [b'\\', b'e', ..] => one(0x1b),
        [b'\\', b'\\', ..] => one(b'\\'),
        [b'\\', b'x', high, low, ..] => {
            let digits = [high, low];
            let text = std::str::from_utf8(&digits)
                .ok()
                .filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
            Some((4, vec![u8::from_str_radix(text, 16).ok()?]))
        }
        [b'\\', b'u', b'{', ..] => {
            let close = text.iter().take(LONGEST).position(|&b| b == b'}')?;
            let digits = std::str::from_utf8(&text[3..close]).ok()?;
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((close + 1, c.to_string().into_bytes()))
        }
        _ => None,
    }
}

impl Read for Unescaped<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && !(self.ended && self.raw.is_empty()) {
            let before = self.raw.len();
            self.raw.resize(before + into.len().max(LONGEST), 0);
            let n = match self.input.read(&mut self.raw[before..]) {
                Ok(n) => n,
                Err(error) => {
                    self.raw.truncate(before);
                    return Err(error);
                }
            };
            self.raw.truncate(before + n);
            self.ended = n == 0;
            self.undo();
        }
        let n = self.ready.len().min(into.len());
        into[..n].copy_from_slice(&self.ready[..n]);
        self.ready.drain(..n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one piece a call, or as much of it as there is room for.
    struct Pieces<'b>(Vec<&'b [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let n = self.0[0].len().min(into.len());
            let (now, later) = self.0[0].split_at(n);
            into[..n].copy_from_slice(now);
            if later.is_empty() {
                self.0.remove(0);
            } else {
                self.0[0] = later;
            }
            Ok(n)
        }
    }

    fn undone(pieces: Vec<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        Unescaped::new(&mut Pieces(pieces))
            .read_to_end(&mut out)
            .expect("no errors here");
        out
    }

    #[test]
    fn escapes_cut_anywhere_mean_the_same() {
        let text = b"GET /\\x41\\u{e4}\\\\ \\q\\x4 HTTP/1.1\\r\\n\nHost: x\\r\\n\r\n\\r\\n\n\\0\\t\\e\nend\\";
        let want = b"GET /A\xc3\xa4\\ \\q\\x4 HTTP/1.1\r\nHost: x\r\n\r\n\0\t\x1b\nend\\";
        assert_eq!(undone(vec![text]), want);
        for cut in 1..text.len() {
            assert_eq!(
                undone(vec![&text[..cut], &text[cut..]]),
                want,
                "cut at {cut}"
            );
        }
        assert_eq!(undone(text.chunks(1).collect()), want);
    }

    #[test]
    fn real_line_ends_stay_where_no_written_one_precedes_them() {
        assert_eq!(undone(vec![b"a\r\nb\\n\n\nc\n"]), b"a\r\nb\n\nc\n");
    }
}
