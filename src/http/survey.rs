//! Every error of a refused head, for people who repair it. The reader stops at the first, as a
//! server must; this goes on line by line.
//!
//! In: the bytes from the message's first one, and the refusal that stopped the reader. Out: the
//! lines of the head, and all refusals in order. One line gives one refusal at most; what a broken
//! line would have said is not guessed at.

use super::codes;
use super::facts::{Answering, Facts};
use super::field::{self, Line};
use super::head::{Head, Kind};
use super::line;
use super::reader::Limits;
use super::refusal::{Code, Refusal};
use super::scan::next_control;
use super::token::is_space;

/// A head that was refused, as far as it goes. All places count from the message's first byte.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The lines up to the blank one, which is not among them.
    pub lines: Vec<Line>,
    /// The blank line, if there is one.
    pub blank: Option<Line>,
    /// Every refusal, the reader's among them, in the order of the lines.
    pub refusals: Vec<Refusal>,
    /// One past the last byte looked at.
    pub end: usize,
}

/// Refusals after which the rest is no HTTP/1 head, or too much of one.
fn is_final(code: &Code) -> bool {
    let family = &code.id[..2];
    family == "H6"
        || [
            &codes::TLS_HELLO,
            &codes::HTTP2_PREFACE,
            &codes::OTHER_VERSION,
        ]
        .contains(&code)
        || [
            &codes::IS_A_RESPONSE,
            &codes::IS_A_REQUEST,
            &codes::NOT_A_STATUS_LINE,
        ]
        .contains(&code)
}

/// True when [`survey`] would look at bytes beyond the refusal: worth reading on for.
pub fn goes_on(refusal: &Refusal) -> bool {
    !is_final(refusal.code)
}

/// Where the head in `bytes` ends, if its blank line is there.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let line = next_line(bytes, start)?;
        if line.text == line.start && line.start > 0 {
            return Some(line.next);
        }
        start = line.next;
    }
}

/// The line that starts here, if its LF is there.
fn next_line(bytes: &[u8], start: usize) -> Option<Line> {
    let lf = start + memchr::memchr(b'\n', bytes.get(start..)?)?;
    let text = if lf > start && bytes[lf - 1] == b'\r' {
        lf - 1
    } else {
        lf
    };
    Some(Line {
        start,
        text,
        next: lf + 1,
    })
}

/// Looks at the whole head; `first` is what stopped the reader, counted from the message's first byte.
pub fn survey(kind: Kind, limits: Limits, bytes: &[u8], first: Refusal) -> Survey {
    let bytes = &bytes[..bytes.len().min(limits.head)];
    let mut survey = Survey {
        lines: Vec::new(),
        blank: None,
        refusals: vec![first],
        end: bytes.len(),
    };
    let stop = first.offset as usize;
    let mut judge = Judge {
        kind,
        limits,
        facts: Facts::default(),
        minor: 1,
        host_line: false,
    };
    let mut start = 0;
    while let Some(line) = next_line(bytes, start) {
        let holds_first = (line.start..line.next).contains(&stop);
        if line.text == line.start && line.start > 0 {
            survey.blank = Some(line);
            survey.end = line.next;
            if !holds_first {
                survey.refusals.extend(judge.blank(line));
            }
            break;
        }
        let verdict = judge.line(bytes, line);
        if line.start > stop
            && let Err(refusal) = verdict
        {
            survey.refusals.push(refusal);
        }
        survey.lines.push(line);
        start = line.next;
        if holds_first && is_final(first.code) {
            survey.end = start;
            break;
        }
    }
    if survey.blank.is_none() && start < survey.end {
        survey.lines.push(Line {
            start,
            text: survey.end,
            next: survey.end,
        });
    }
    survey
}

struct Judge {
    kind: Kind,
    limits: Limits,
    facts: Facts,
    minor: u8,
    /// A line that begins with `Host` was broken: whether there is a Host is not known.
    host_line: bool,
}

impl Judge {
    fn line(&mut self, bytes: &[u8], line: Line) -> Result<(), Refusal> {
        let verdict = self.judge(bytes, line);
        let name = bytes.get(line.start..line.start + 4).unwrap_or_default();
        self.host_line |= verdict.is_err() && name.eq_ignore_ascii_case(b"host");
        verdict
    }

    /// What the reader would say about this line alone, and with the good lines before it.
    fn judge(&mut self, bytes: &[u8], line: Line) -> Result<(), Refusal> {
        if line.start == 0 {
            return self.first_line(&bytes[..line.text]);
        }
        if is_space(bytes[line.start]) {
            return Err(Refusal::new(&codes::FOLDED, line.start, 1));
        }
        let control = next_control(&bytes[..line.next], line.start);
        if control < line.text {
            let code = if bytes[control] == b'\r' {
                &codes::BARE_CR
            } else {
                &codes::CONTROL_BYTE
            };
            return Err(Refusal::new(code, control, 1));
        }
        let field = field::read(bytes, line)?;
        self.facts.note(bytes, &field, self.kind, self.minor)?;
        self.bare_lf(line)
    }

    fn first_line(&mut self, text: &[u8]) -> Result<(), Refusal> {
        let last = text.rsplit(|&b| b == b' ').next().unwrap_or_default();
        let version = if self.kind == Kind::Request {
            last
        } else {
            text.get(..8).unwrap_or_default()
        };
        self.minor = line::version(version).map_or(1, |version| version.minor);
        Ok(())
    }

    fn bare_lf(&self, line: Line) -> Result<(), Refusal> {
        let bare = line.next == line.text + 1 && !self.limits.bare_lf;
        if bare {
            Err(Refusal::new(&codes::BARE_LF, line.text, 1))
        } else {
            Ok(())
        }
    }

    /// What only the whole head shows.
    fn blank(&self, blank: Line) -> Option<Refusal> {
        let mut head = Head::empty();
        head.len = blank.next;
        head.version.minor = self.minor;
        if self.kind == Kind::Response || (self.host_line && !self.facts.has_host()) {
            return self.bare_lf(blank).err();
        }
        let other = self
            .facts
            .conclude(&mut head, blank.start, Answering::Other, self.limits.body);
        other.and_then(|()| self.bare_lf(blank)).err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Reader;

    fn found(kind: Kind, bytes: &[u8]) -> Vec<(&'static str, u64)> {
        let mut reader = if kind == Kind::Request {
            Reader::requests(Limits::default())
        } else {
            Reader::responses(Limits::default())
        };
        let first = reader.next(bytes).expect_err("refused");
        let survey = survey(kind, Limits::default(), bytes, first);
        assert_eq!(
            survey
                .lines
                .iter()
                .chain(&survey.blank)
                .map(|l| l.next - l.start)
                .sum::<usize>(),
            survey.end
        );
        survey
            .refusals
            .iter()
            .map(|r| (r.code.id, r.offset))
            .collect()
    }

    #[test]
    fn a_head_with_several_errors_shows_them_all() {
        let head = b"GET /a b HTTP/1.1\r\nHost : x\r\n\r\n";
        assert_eq!(found(Kind::Request, head), [("H101", 6), ("H203", 23)]);
        let head = b"GET / HTTP/1.1\r\nA b\r\nContent-Length: x\r\nB: \0\r\n C\r\n\r\n";
        let all = [
            ("H204", 17),
            ("H401", 37),
            ("H201", 43),
            ("H207", 46),
            ("H301", 50),
        ];
        assert_eq!(found(Kind::Request, head), all);
    }

    #[test]
    fn what_depends_on_good_lines_before_the_first_error_is_still_seen() {
        let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nA\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(found(Kind::Request, head), [("H204", 46), ("H407", 48)]);
    }

    #[test]
    fn what_is_no_http_1_is_not_looked_at_further() {
        assert_eq!(
            found(Kind::Request, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            [("H111", 11)]
        );
        assert_eq!(found(Kind::Request, b"\x16\x03\x01\n\n"), [("H112", 0)]);
        assert_eq!(
            found(Kind::Response, b"GET / HTTP/1.1\r\nA\r\n\r\n"),
            [("H132", 0)]
        );
    }
}
