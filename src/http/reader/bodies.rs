//! The states after the head: data by length, chunks, trailers, data until the input ends.
//!
//! In: the unconsumed bytes. Out: data and framing as parts, until the body is complete.

use super::{EXTENSIONS, Part, Piece, Reader, State};
use crate::http::chunk::SizeLine;
use crate::http::codes;
use crate::http::field;
use crate::http::refusal::Refusal;
use crate::http::scan::next_control;
use crate::http::token::is_space;

impl Reader {
    pub(super) fn read_length(&mut self, bytes: &[u8], left: u64) -> Part {
        let n = at_most(bytes, left);
        if n == 0 {
            return Part::More;
        }
        self.took(n as u64);
        Part::Data(n)
    }

    pub(super) fn read_chunk(&mut self, bytes: &[u8], left: u64) -> Part {
        self.read_length(bytes, left)
    }

    /// Body bytes went by: moves the states that count them.
    pub(super) fn took(&mut self, n: u64) {
        self.decoded += n;
        self.state = match self.state {
            State::Length(left) if left == n => State::Done,
            State::Length(left) => State::Length(left - n),
            State::Chunk(left) if left == n => State::ChunkEnd,
            State::Chunk(left) => State::Chunk(left - n),
            other => other,
        };
    }

    pub(super) fn read_size(&mut self, bytes: &[u8], mut line: SizeLine) -> Result<Part, Refusal> {
        let budget = EXTENSIONS - self.extensions;
        let Some((next, size)) = line.read(bytes, self.scanned, budget)? else {
            self.scanned = bytes.len();
            self.state = State::Size(line);
            return Ok(Part::More);
        };
        if size > self.limits.body - self.decoded {
            return Err(Refusal::new(&codes::BODY_LIMIT, 0, next));
        }
        self.extensions += line.extension;
        self.state = if size == 0 {
            State::Trailers
        } else {
            State::Chunk(size)
        };
        self.piece = Piece::Size(size);
        Ok(Part::Framing(next))
    }

    pub(super) fn read_chunk_end(&mut self, bytes: &[u8]) -> Result<Part, Refusal> {
        match *bytes {
            [] | [b'\r'] => Ok(Part::More),
            [b'\r', b'\n', ..] => {
                self.state = State::Size(SizeLine::default());
                self.piece = Piece::ChunkEnd;
                Ok(Part::Framing(2))
            }
            [b'\r', ..] => Err(Refusal::new(&codes::CHUNK_DATA_END, 1, 1)),
            _ => Err(Refusal::new(&codes::CHUNK_DATA_END, 0, 1)),
        }
    }

    /// One trailer line; bare LF is refused here always, as everywhere in chunked framing.
    pub(super) fn read_trailer(&mut self, bytes: &[u8]) -> Result<Part, Refusal> {
        let seen = &bytes[..bytes.len().min(self.limits.head - self.trailer_bytes)];
        if seen.first().is_some_and(|&b| is_space(b)) {
            return Err(Refusal::new(&codes::FOLDED, 0, 1));
        }
        let end = next_control(seen, self.scanned);
        let Some(line) = self.line_end(seen, end)? else {
            if bytes.len() > seen.len() {
                return Err(Refusal::new(&codes::TRAILER_LIMIT, seen.len(), 1));
            }
            return Ok(Part::More);
        };
        if line.next == line.text + 1 {
            return Err(Refusal::new(&codes::CHUNK_LINE_END, line.text, 1));
        }
        if line.text == 0 {
            self.state = State::Done;
            self.piece = Piece::LastLine;
            return Ok(Part::Framing(line.next));
        }
        if self.trailers == self.limits.fields {
            return Err(Refusal::new(&codes::TRAILER_LIMIT, 0, line.text));
        }
        self.piece = Piece::Trailer(field::read_trailer(seen, line)?);
        self.trailers += 1;
        self.trailer_bytes += line.next;
        Ok(Part::Framing(line.next))
    }

    pub(super) fn read_until_close(&mut self, bytes: &[u8]) -> Result<Part, Refusal> {
        let n = at_most(bytes, self.limits.body - self.decoded);
        if n == 0 && !bytes.is_empty() {
            return Err(Refusal::new(&codes::BODY_LIMIT, 0, 1));
        }
        self.decoded += n as u64;
        Ok(if n == 0 { Part::More } else { Part::Data(n) })
    }
}

/// How many of `bytes`, at most `left`.
fn at_most(bytes: &[u8], left: u64) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| bytes.len().min(left))
}
