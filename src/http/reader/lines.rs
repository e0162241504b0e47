//! The states `First` and `Fields`: a head, line by line.
//!
//! In: the bytes from the head's first one. Out: the head, when its blank line is there.

use super::{Part, Reader, State};
use crate::http::body::Framing;
use crate::http::chunk::SizeLine;
use crate::http::codes;
use crate::http::field::{self, Line};
use crate::http::head::Kind;
use crate::http::line;
use crate::http::oddities;
use crate::http::refusal::Refusal;
use crate::http::scan::next_control;
use crate::http::token::is_space;

impl Reader {
    /// Lines until the blank one. The head is judged as far as its limit; what comes after that byte
    /// cannot change the answer.
    pub(super) fn read_head(&mut self, bytes: &[u8]) -> Result<Part, Refusal> {
        let seen = &bytes[..bytes.len().min(self.limits.head)];
        if let State::First = self.state {
            self.read_first_line(seen)?;
        }
        if let State::Fields = self.state
            && let Some(part) = self.read_fields(seen)?
        {
            return Ok(part);
        }
        if bytes.len() > seen.len() {
            return Err(Refusal::new(&codes::HEAD_LIMIT, seen.len(), 1));
        }
        Ok(Part::More)
    }

    fn read_first_line(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.kind == Kind::Request && self.method_end == 0 {
            let end = line::method_end(bytes, self.scanned);
            self.scanned = end;
            if end > self.limits.line {
                return Err(Refusal::new(&codes::LINE_LIMIT, self.limits.line, 1));
            }
            match bytes.get(end) {
                None => return Ok(()),
                Some(b' ') if end > 0 => self.method_end = end,
                Some(b'\r' | b'\n') => {}
                Some(_) => return Err(line::refuse_method_byte(bytes, end)),
            }
        }
        let end = next_control(bytes, self.scanned);
        if end > self.limits.line {
            return Err(Refusal::new(&codes::LINE_LIMIT, self.limits.line, 1));
        }
        let Some(line) = self.line_end(bytes, end)? else {
            return Ok(());
        };
        let text = &bytes[..line.text];
        match self.kind {
            Kind::Request if self.method_end == 0 => {
                line::request(&mut self.head, text, line.text)?
            }
            Kind::Request => line::request(&mut self.head, text, self.method_end)?,
            Kind::Response => line::response(&mut self.head, text)?,
        }
        self.after_line(bytes, line)?;
        self.state = State::Fields;
        Ok(())
    }

    fn read_fields(&mut self, bytes: &[u8]) -> Result<Option<Part>, Refusal> {
        loop {
            if bytes.get(self.line).is_some_and(|&b| is_space(b)) {
                return Err(self.refuse_space_first());
            }
            let end = next_control(bytes, self.scanned);
            let Some(line) = self.line_end(bytes, end)? else {
                return Ok(None);
            };
            if line.text == line.start {
                self.after_line(bytes, line)?;
                return self.conclude(bytes, line).map(Some);
            }
            if self.head.fields.len() == self.limits.fields {
                return Err(Refusal::new(
                    &codes::FIELD_LIMIT,
                    line.start,
                    line.text - line.start,
                ));
            }
            let field = field::read(bytes, line)?;
            self.facts
                .note(bytes, &field, self.kind, self.head.version.minor)?;
            self.head.fields.push(field);
            self.after_line(bytes, line)?;
        }
    }

    /// Looks at the control byte at `at`, the first of the line: a line end, not yet one, or a refusal.
    #[inline]
    pub(super) fn line_end(&mut self, bytes: &[u8], at: usize) -> Result<Option<Line>, Refusal> {
        let line = |next| Line {
            start: self.line,
            text: at,
            next,
        };
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => Ok(Some(line(at + 2))),
            (Some(b'\n'), _) => Ok(Some(line(at + 1))),
            (None, _) | (Some(b'\r'), None) => {
                self.scanned = at;
                Ok(None)
            }
            (Some(b'\r'), Some(_)) => Err(Refusal::new(&codes::BARE_CR, at, 1)),
            (Some(_), _) => Err(Refusal::new(&codes::CONTROL_BYTE, at, 1)),
        }
    }

    /// A line was good; its end may still be a bare LF.
    #[inline]
    fn after_line(&mut self, bytes: &[u8], line: Line) -> Result<(), Refusal> {
        if line.next == line.text + 1 && bytes.get(line.text) == Some(&b'\n') {
            self.judge_bare_lf(line.text)?;
        }
        (self.line, self.scanned) = (line.next, line.next);
        Ok(())
    }

    #[cold]
    pub(super) fn judge_bare_lf(&mut self, at: usize) -> Result<(), Refusal> {
        if !self.limits.bare_lf {
            return Err(Refusal::new(&codes::BARE_LF, at, 1));
        }
        self.head
            .warnings
            .push(Refusal::new(&codes::W_BARE_LF, at, 1).moved(self.offset));
        Ok(())
    }

    #[cold]
    fn refuse_space_first(&self) -> Refusal {
        let first = self.head.fields.is_empty();
        Refusal::new(
            if first {
                &codes::SPACE_BEFORE_FIELDS
            } else {
                &codes::FOLDED
            },
            self.line,
            1,
        )
    }

    /// The blank line is there: the head is complete.
    fn conclude(&mut self, bytes: &[u8], blank: Line) -> Result<Part, Refusal> {
        (self.head.offset, self.head.len) = (self.offset, blank.next);
        self.facts.conclude(
            &mut self.head,
            blank.start,
            self.answering,
            self.limits.body,
        )?;
        if self.curious {
            oddities::find(&mut self.head, bytes, &self.facts, self.closed);
        }
        (
            self.decoded,
            self.extensions,
            self.trailer_bytes,
            self.trailers,
        ) = (0, 0, 0, 0);
        self.state = self.body_state();
        Ok(Part::Head(blank.next))
    }

    /// Where a body begins, or a message without one ends.
    pub(super) fn body_state(&self) -> State {
        match self.head.framing {
            Framing::None | Framing::ContentLength(0) => State::Done,
            Framing::ContentLength(length) => State::Length(length),
            Framing::Chunked => State::Size(SizeLine::default()),
            Framing::UntilClose => State::UntilClose,
        }
    }
}
