//! Which part of HTTP each byte of a call is.
//!
//! In: the bytes of each call on a connection, in order, in both directions. Out: for each call its
//! pieces: start line, headers, the blank line, body, chunk framing; a piece that began in an earlier
//! call says so. The reader is the one that the server and the story use (`http::Reader`), one for each
//! direction of each connection; it belongs to this view, so that no other view pays for it. Left out on
//! purpose: judging (the story's findings do), and bytes after something that is not HTTP/1.

use crate::http::Kind;
use crate::http::Limits;
use crate::http::Part;
use crate::http::Piece as Framing;
use crate::http::Reader;
use std::collections::HashMap;
use std::collections::VecDeque;

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    /// `GET / HTTP/1.1`.
    RequestLine,
    /// `HTTP/1.1 200 OK`.
    StatusLine,
    /// A header: which, and of how many where the head is complete.
    Header(usize, Option<usize>),
    /// The blank line; whether a body follows.
    HeadEnd(bool),
    /// Body bytes.
    Body,
    /// A chunk-size line.
    ChunkSize(u64),
    /// The end of a chunk's line.
    ChunkEnd,
    /// A header behind the last chunk.
    Trailer,
    /// The line that ends a chunked body.
    LastLine,
    /// An empty line before a message.
    Blank,
    /// A rule was broken: its code.
    Refused(&'static str),
    /// Not HTTP, or nobody knows any more.
    Unknown,
}

/// Some bytes of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Where they begin within the call's bytes.
    pub at: u64,
    /// How many they are.
    pub len: u64,
    /// What they are.
    pub name: Name,
    /// It began in an earlier call.
    pub goes_on: bool,
    /// Its end has not come.
    pub unfinished: bool,
}

/// The story's limits: what programs accept, within reason.
const LIMITS: Limits = Limits {
    head: 64 << 10,
    line: 64 << 10,
    fields: 4096,
    body: u64::MAX,
    bare_lf: false,
    lenient: true,
};

/// So many methods wait for their responses on one connection.
const METHODS: usize = 1024;

/// One direction.
#[derive(Debug)]
struct Way {
    kind: Kind,
    reader: Reader,
    /// Bytes that came and are not consumed.
    pending: Vec<u8>,
    /// Nothing can be said of what comes before a new start line.
    lost: bool,
}

impl Way {
    fn new(kind: Kind) -> Way {
        let reader = match kind {
            Kind::Request => Reader::requests(LIMITS),
            Kind::Response => Reader::responses(LIMITS),
        };
        Way {
            kind,
            reader,
            pending: Vec::new(),
            lost: false,
        }
    }
}

/// Both directions, and the methods that wait for a response.
#[derive(Debug)]
struct Talk {
    ways: [Way; 2],
    methods: VecDeque<Vec<u8>>,
}

/// All connections, by number.
#[derive(Default, Debug)]
pub struct Parts {
    talks: HashMap<u32, Talk>,
}

impl Parts {
    /// The pieces of one call's bytes: `kept` of `len`. `request`: they belong to the requests.
    pub fn cut(&mut self, connection: u32, request: bool, kept: &[u8], len: u64) -> Vec<Piece> {
        let talk = self.talks.entry(connection).or_insert_with(|| Talk {
            ways: [Way::new(Kind::Request), Way::new(Kind::Response)],
            methods: VecDeque::new(),
        });
        let Talk { ways, methods } = talk;
        let way = &mut ways[usize::from(!request)];
        let mut cutting = Cutting {
            way,
            methods,
            pieces: Vec::new(),
        };
        cutting.feed(kept);
        cutting.skip(kept.len() as u64, len);
        cutting.pieces
    }

    /// Bytes moved that nobody saw (sendfile).
    pub fn skip(&mut self, connection: u32, request: bool, len: u64) {
        self.cut(connection, request, &[], len);
    }

    /// The connection is over; its number is not used again.
    pub fn forget(&mut self, connection: u32) {
        self.talks.remove(&connection);
    }

    /// Events are missing: what comes next may stand anywhere.
    pub fn lose(&mut self) {
        self.talks.clear();
    }
}

/// One call at work.
struct Cutting<'t> {
    way: &'t mut Way,
    methods: &'t mut VecDeque<Vec<u8>>,
    pieces: Vec<Piece>,
}

impl Cutting<'_> {
    /// Adds `start..end` of all bytes, of which `seen` came in earlier calls.
    fn add(&mut self, (start, end): (usize, usize), seen: usize, name: Name, unfinished: bool) {
        let from = start.max(seen);
        if end <= from {
            return;
        }
        self.pieces.push(Piece {
            at: (from - seen) as u64,
            len: (end - from) as u64,
            name,
            goes_on: start < seen,
            unfinished,
        });
    }

    fn feed(&mut self, kept: &[u8]) {
        if kept.is_empty() {
            return;
        }
        if self.way.lost {
            if !starts_message(self.way.kind, kept) {
                return self.add((0, kept.len()), 0, Name::Unknown, false);
            }
            *self.way = Way::new(self.way.kind);
        }
        let seen = self.way.pending.len();
        let mut all = std::mem::take(&mut self.way.pending);
        all.extend_from_slice(kept);
        let mut done = 0;
        loop {
            if self.way.kind == Kind::Response && done == seen && self.way.reader.is_idle() {
                self.announce();
            }
            match self.way.reader.next(&all[done..]) {
                Ok(Part::More) => break,
                Ok(Part::Blank(n)) => {
                    self.add((done, done + n), seen, Name::Blank, false);
                    done += n;
                }
                Ok(Part::Head(n)) => {
                    self.head(&all[done..done + n], done, seen);
                    done += n;
                }
                Ok(Part::Data(n)) => {
                    let name = match self.way.reader.is_tunnel() {
                        true => Name::Unknown,
                        false => Name::Body,
                    };
                    self.add((done, done + n), seen, name, false);
                    done += n;
                }
                Ok(Part::Framing(n)) => {
                    let name = match self.way.reader.piece() {
                        Framing::Size(size) => Name::ChunkSize(size),
                        Framing::ChunkEnd => Name::ChunkEnd,
                        Framing::Trailer(_) => Name::Trailer,
                        Framing::LastLine => Name::LastLine,
                    };
                    self.add((done, done + n), seen, name, false);
                    done += n;
                }
                Ok(Part::End) => {
                    self.ended();
                    if done == all.len() {
                        break;
                    }
                    self.announce();
                }
                Err(refusal) => {
                    self.add(
                        (done, all.len()),
                        seen,
                        Name::Refused(refusal.code.id),
                        false,
                    );
                    self.way.lost = true;
                    return;
                }
            }
        }
        self.unfinished(&all[done..], done, seen);
        self.way.pending = all.split_off(done);
    }

    /// The reader of responses is told what it will answer.
    fn announce(&mut self) {
        if self.way.kind == Kind::Response
            && let Some(method) = self.methods.front()
        {
            self.way.reader.answer_to(method);
        }
    }

    /// A message is complete.
    fn ended(&mut self) {
        let interim = matches!(self.way.reader.head().status(), Some(100..=199));
        if self.way.kind == Kind::Response && !interim {
            self.methods.pop_front();
        }
    }

    fn head(&mut self, head: &[u8], at: usize, seen: usize) {
        let described = self.way.reader.head();
        let lines: Vec<(usize, usize)> = described
            .fields
            .iter()
            .map(|field| (field.line.start as usize, field.line.end as usize))
            .collect();
        let body = self.way.reader.body_left() != Some(0);
        if self.way.kind == Kind::Request && self.methods.len() < METHODS {
            let method = head.split(|byte| *byte == b' ').next().unwrap_or_default();
            self.methods.push_back(method.to_vec());
        }
        let first = lines.first().map_or_else(|| line_end(head), |line| line.0);
        self.add((at, at + first), seen, start_line(self.way.kind), false);
        for (i, (start, end)) in lines.iter().enumerate() {
            let name = Name::Header(i + 1, Some(lines.len()));
            self.add((at + start, at + end), seen, name, false);
        }
        let end = lines.last().map_or(first, |line| line.1);
        self.add(
            (at + end, at + head.len()),
            seen,
            Name::HeadEnd(body),
            false,
        );
    }

    /// What the reader waits for the rest of.
    fn unfinished(&mut self, rest: &[u8], at: usize, seen: usize) {
        if !self.way.reader.in_head() {
            return self.add((at, at + rest.len()), seen, Name::Unknown, true);
        }
        let mut start = 0;
        for (line, text) in rest.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let name = match line {
                0 => start_line(self.way.kind),
                line => Name::Header(line, None),
            };
            let end = start + text.len();
            self.add((at + start, at + end), seen, name, !text.ends_with(b"\n"));
            start = end;
        }
    }

    /// Bytes that moved and were not kept.
    fn skip(&mut self, kept: u64, len: u64) {
        let missing = len.saturating_sub(kept);
        if missing == 0 {
            return;
        }
        let known = self.way.pending.is_empty() && self.way.reader.skip(missing);
        self.pieces.push(Piece {
            at: kept,
            len: missing,
            name: if known { Name::Body } else { Name::Unknown },
            goes_on: false,
            unfinished: false,
        });
        if !known {
            self.way.lost = true;
            self.way.pending.clear();
        } else if self.way.reader.next(&[]) == Ok(Part::End) {
            self.ended();
        }
    }
}

fn start_line(kind: Kind) -> Name {
    match kind {
        Kind::Request => Name::RequestLine,
        Kind::Response => Name::StatusLine,
    }
}

/// One past the first line's end.
fn line_end(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |at| at + 1)
}

/// Whether bytes plausibly begin a message, where nothing else is known.
fn starts_message(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Response => bytes.starts_with(b"HTTP/1."),
        Kind::Request => {
            let method = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
            (3..=7).contains(&method) && bytes.get(method) == Some(&b' ')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &[u8] =
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n";

    fn names(pieces: &[Piece]) -> Vec<(Name, u64)> {
        pieces.iter().map(|p| (p.name, p.len)).collect()
    }

    #[test]
    fn every_byte_of_a_chunked_request_has_a_name() {
        let found = Parts::default().cut(1, true, POST, POST.len() as u64);
        assert_eq!(
            names(&found),
            [
                (Name::RequestLine, 18),
                (Name::Header(1, Some(2)), 9),
                (Name::Header(2, Some(2)), 28),
                (Name::HeadEnd(true), 2),
                (Name::ChunkSize(3), 3),
                (Name::Body, 3),
                (Name::ChunkEnd, 2),
                (Name::ChunkSize(0), 3),
                (Name::Trailer, 6),
                (Name::LastLine, 2),
            ]
        );
    }

    #[test]
    fn the_pieces_of_a_call_add_up_to_it_however_the_bytes_are_cut() {
        let pipelined = [POST, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", POST].concat();
        for step in 1..pipelined.len() {
            let mut parts = Parts::default();
            for bytes in pipelined.chunks(step) {
                let mut at = 0;
                for piece in parts.cut(1, true, bytes, bytes.len() as u64) {
                    assert_eq!(piece.at, at, "in steps of {step}");
                    assert_ne!(piece.len, 0);
                    assert!(!matches!(piece.name, Name::Refused(_)));
                    at += piece.len;
                }
                assert_eq!(at, bytes.len() as u64, "in steps of {step}");
            }
        }
    }

    #[test]
    fn a_response_to_head_has_no_body_and_the_next_one_has() {
        let mut parts = Parts::default();
        let asked = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        parts.cut(1, true, asked, asked.len() as u64);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        let first = parts.cut(1, false, head, head.len() as u64);
        assert_eq!(first.last().map(|p| p.name), Some(Name::HeadEnd(false)));
        let second = parts.cut(1, false, head, head.len() as u64);
        assert_eq!(second.last().map(|p| p.name), Some(Name::HeadEnd(true)));
        let body = parts.cut(1, false, b"Hi", 2);
        assert_eq!(names(&body), [(Name::Body, 2)]);
    }

    #[test]
    fn bytes_that_were_not_kept_are_counted_and_what_follows_is_found_again() {
        let mut parts = Parts::default();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
        let len = head.len() as u64;
        let found = parts.cut(1, false, head, len + 100);
        assert_eq!(
            found.last().map(|p| (p.name, p.len)),
            Some((Name::Body, 100))
        );
        let next = parts.cut(1, false, head, len);
        assert_eq!(next.first().map(|p| p.name), Some(Name::StatusLine));
        let strange = parts.cut(2, true, b"\x16\x03\x01", 3);
        assert_eq!(names(&strange), [(Name::Refused("H112"), 3)]);
        let after = parts.cut(2, true, b"GET / HTTP/1.1\r\n", 16);
        assert_eq!(names(&after), [(Name::RequestLine, 16)]);
    }
}
