//! Where secrets stand in a stream: the values of Authorization, Cookie, Set-Cookie and
//! Proxy-Authorization.
//!
//! In: the bytes of heads and trailers, in order, cut anywhere. Out: ranges of value bytes, without
//! the line end. A byte is judged when it is seen and never again, so a value is hidden from its
//! first byte on even while its line is unfinished, and the same bytes are hidden however the stream
//! was cut.
//!
//! The tracker does not ask whether the head is well formed: a request that will be refused holds
//! real passwords too. Spaces before the colon or in front of the name do not let a value through,
//! and a folded line (RFC 9112 5.2, refused by our parser) belongs to the field above it.
//! Bodies of plain text are searched like heads: a page may show the head that asked for it (our own
//! `/headers` does). Left out on purpose: secrets in a target (`?token=`) or in other bodies; nobody can
//! know those.

use crate::http::{Framing, Head};

/// Longest name we look for.
const NAME: usize = 19;

/// The fields whose values are hidden. All other letters in a name are compared without case.
const NAMES: [&[u8]; 4] = [
    b"authorization",
    b"cookie",
    b"set-cookie",
    b"proxy-authorization",
];

/// Where in a line the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// In what may be one of the names.
    Name,
    /// In a line that holds no secret.
    Plain,
    /// After the colon of a secret field: spaces are not yet the value.
    BeforeValue,
    /// In the value.
    Value,
}

/// Follows one direction of a connection.
#[derive(Clone, Debug)]
pub struct Tracker {
    place: Place,
    /// The last whole line held a secret: a line that starts with a space goes on with it.
    secret_above: bool,
    /// The name so far, without the spaces around it.
    name: [u8; NAME],
    name_len: usize,
    /// A space stood after the name: only a colon may follow.
    name_ended: bool,
    /// Nothing of this line was seen yet.
    line_start: bool,
}

impl Default for Tracker {
    fn default() -> Tracker {
        Tracker {
            place: Place::Name,
            secret_above: false,
            name: [0; NAME],
            name_len: 0,
            name_ended: false,
            line_start: true,
        }
    }
}

impl Tracker {
    /// Body bytes went by: what follows begins a line.
    #[inline]
    pub fn new_line(&mut self) {
        self.secret_above = false;
        self.start_line();
    }

    /// A line may have begun anywhere before here (events are missing, or the framing is unknown):
    /// what we were inside of goes on to the next line end.
    pub fn unsure(&mut self) {
        if self.place == Place::Name {
            self.place = Place::Plain;
        }
    }

    /// At the beginning of a line that does not go on with a secret.
    #[inline]
    pub fn is_fresh(&self) -> bool {
        self.line_start && !self.secret_above
    }

    /// A whole head at once, whose lines are known already: says what [`Tracker::scan`] would say.
    /// Only for a tracker that is fresh; it stays so.
    #[inline]
    pub fn scan_head(&mut self, head: &Head, bytes: &[u8], at: u64, found: &mut Vec<(u64, u64)>) {
        for field in &head.fields {
            let len = field.name.end - field.name.start;
            if !matches!(len, 6 | 10 | 13 | 19) || !is_secret(field.name.of(bytes)) {
                continue;
            }
            let line_end = field
                .line
                .of(bytes)
                .strip_suffix(b"\r\n")
                .map_or(field.line.end, |_| field.line.end - 2);
            if field.value.start < field.value.end {
                found.push((at + u64::from(field.value.start), at + u64::from(line_end)));
            }
        }
    }

    /// Looks at head bytes; `at` is where the first of them stands within the call's bytes. Ranges are
    /// added to `found` in order and do not overlap.
    pub fn scan(&mut self, bytes: &[u8], at: u64, found: &mut Vec<(u64, u64)>) {
        let mut rest = bytes;
        let mut at = at;
        while !rest.is_empty() {
            let (line, ended) = match memchr::memchr(b'\n', rest) {
                Some(end) => (&rest[..=end], true),
                None => (rest, false),
            };
            if !(self.line_start && ended && self.skips(line)) {
                self.scan_line(line, at, found);
            } else {
                self.secret_above = false;
            }
            rest = &rest[line.len()..];
            at += line.len() as u64;
        }
    }

    /// Most lines are whole and cannot hold a secret: their first letter tells.
    #[inline]
    fn skips(&self, line: &[u8]) -> bool {
        !matches!(line[0] | 0x20, b'a' | b'c' | b's' | b'p' | b' ') && line[0] != b'\t'
    }

    fn scan_line(&mut self, line: &[u8], at: u64, found: &mut Vec<(u64, u64)>) {
        for (i, byte) in line.iter().enumerate() {
            let here = at + i as u64;
            match (self.place, byte) {
                (_, b'\n') => {
                    self.secret_above = matches!(self.place, Place::Value | Place::BeforeValue);
                    self.start_line();
                }
                (Place::Plain, _) | (_, b'\r') => self.line_start = false,
                (Place::BeforeValue, b' ' | b'\t') => {}
                (Place::BeforeValue | Place::Value, _) => {
                    self.place = Place::Value;
                    hide(here, found);
                }
                (Place::Name, _) => self.name_byte(*byte),
            }
        }
    }

    fn name_byte(&mut self, byte: u8) {
        let first = std::mem::replace(&mut self.line_start, false);
        match byte {
            b' ' | b'\t' if first && self.secret_above => self.place = Place::BeforeValue,
            b' ' | b'\t' => self.name_ended = self.name_len > 0,
            b':' if self.is_secret() => self.place = Place::BeforeValue,
            _ if byte == b':' || self.name_ended || self.name_len == NAME => {
                self.place = Place::Plain
            }
            _ => {
                self.name[self.name_len] = byte.to_ascii_lowercase();
                self.name_len += 1;
            }
        }
    }

    fn is_secret(&self) -> bool {
        is_secret(&self.name[..self.name_len])
    }

    fn start_line(&mut self) {
        self.place = Place::Name;
        self.name_len = 0;
        self.name_ended = false;
        self.line_start = true;
    }
}

/// Whether the body behind this head may show a head to people: plain text, or `message/http`, the type of
/// an answer to TRACE (RFC 9110 9.3.8).
pub fn may_show_a_head(head: &Head, bytes: &[u8]) -> bool {
    const TYPE: &[u8] = b"content-type";
    if matches!(head.framing, Framing::None | Framing::ContentLength(0)) {
        return false;
    }
    let mut types = head.fields.iter().filter(|f| f.name.len() == TYPE.len());
    types.any(|field| {
        field.name.of(bytes).eq_ignore_ascii_case(TYPE) && {
            let value = field.value.of(bytes);
            let is = |name: &[u8]| {
                let start = value.get(..name.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(name))
            };
            is(b"text/plain") || is(b"message/http")
        }
    })
}

fn is_secret(name: &[u8]) -> bool {
    NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Adds one byte to the last range, or begins one.
fn hide(at: u64, found: &mut Vec<(u64, u64)>) {
    match found.last_mut() {
        Some((_, end)) if *end == at => *end += 1,
        _ => found.push((at, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nauthorization:  Basic YTpi  \r\nAccept: */*\r\n\
        COOKIE: a=b; c=d\r\n folded=1\r\nCookies: no\r\nX-Cookie: no\r\nSet-Cookie : s=1\r\nCookie:\r\n\
        Proxy-Authorization: p\r\nCookie 2: no\r\nsec: no\r\n\r\nCookie: after\r\n";

    fn whole(bytes: &[u8]) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        Tracker::default().scan(bytes, 0, &mut found);
        found
    }

    fn hidden(bytes: &[u8], found: &[(u64, u64)]) -> Vec<String> {
        let text = |(a, b): &(u64, u64)| bytes[*a as usize..*b as usize].escape_ascii().to_string();
        found.iter().map(text).collect()
    }

    #[test]
    fn values_of_the_four_fields_are_hidden_and_no_others() {
        let expected = ["Basic YTpi  ", "a=b; c=d", "folded=1", "s=1", "p", "after"];
        assert_eq!(hidden(HEAD, &whole(HEAD)), expected);
    }

    #[test]
    fn the_same_bytes_are_hidden_wherever_the_stream_is_cut() {
        let all = whole(HEAD);
        for cut in 0..=HEAD.len() {
            let mut found = Vec::new();
            let mut tracker = Tracker::default();
            tracker.scan(&HEAD[..cut], 0, &mut found);
            tracker.scan(&HEAD[cut..], cut as u64, &mut found);
            assert_eq!(found, all, "cut at {cut}");
        }
        let mut found = Vec::new();
        let mut tracker = Tracker::default();
        for (i, byte) in HEAD.iter().enumerate() {
            tracker.scan(&[*byte], i as u64, &mut found);
        }
        assert_eq!(found, all);
    }

    #[test]
    fn an_unfinished_value_is_hidden_from_its_first_byte() {
        let mut tracker = Tracker::default();
        let mut found = Vec::new();
        tracker.scan(b"GET / HTTP/1.1\r\nCookie: se", 0, &mut found);
        assert_eq!(found, [(24, 26)]);
        found.clear();
        tracker.scan(b"cret\r\nHost: x", 0, &mut found);
        assert_eq!(found, [(0, 4)]);
    }

    #[test]
    fn a_value_with_a_bare_return_stays_hidden_to_the_line_end() {
        let bytes = b"Cookie: a\rb\r\nX: y\r\n";
        assert_eq!(hidden(bytes, &whole(bytes)), ["a", "b"]);
    }
}
