//! A head that breaks a rule, read as most programs would read it: for a story about somebody else's server, which
//! may have taken it.
//!
//! In: the bytes from the head's first one, and the rule that it broke. Out: the head, as far as its lines can be
//! told; the rule is kept beside it ([`Reader::take_oddity`]). The server never comes here ([`Limits::lenient`]).
//!
//! Where the rule was about the length of a request's body nobody can say what the other side made of it: the reader
//! is refused behind the head. Of a response it is known what clients do: chunks win over a Content-Length (RFC 9112
//! 6.3), and the same length twice is one.
//!
//! [`Limits::lenient`]: super::Limits::lenient

use super::{Part, Reader, State};
use crate::http::codes;
use crate::http::facts::Facts;
use crate::http::field::{self, Line};
use crate::http::head::{Field, Head, Kind, Span, StartLine, Version};
use crate::http::line;
use crate::http::refusal::{Code, Refusal};
use crate::http::survey;
use crate::http::token::trimmed;

/// More fields than any program takes.
const FIELDS: usize = 4096;

/// Rules whose breach leaves no head of HTTP/1 to read.
fn is_final(code: &Code) -> bool {
    [
        &codes::TLS_HELLO,
        &codes::HTTP2_PREFACE,
        &codes::IS_A_RESPONSE,
        &codes::IS_A_REQUEST,
        &codes::NOT_A_STATUS_LINE,
        &codes::HEAD_LIMIT,
        &codes::LEADING_SPACE,
    ]
    .contains(&code)
}

impl Reader {
    /// The rule that the present head broke, once. The head may not be complete yet.
    pub fn take_oddity(&mut self) -> Option<Refusal> {
        self.oddity.take()
    }

    /// A head is begun that broke a rule, and is not complete.
    pub fn in_odd_head(&self) -> bool {
        matches!(self.state, State::Odd(_))
    }

    /// Reads on in a head that broke `rule` (its place counts from the stream's first byte).
    pub(super) fn read_odd(&mut self, bytes: &[u8], rule: Refusal) -> Result<Part, Refusal> {
        if is_final(rule.code) {
            return Err(rule);
        }
        if !matches!(self.state, State::Odd(_)) {
            self.oddity = Some(rule);
            self.scanned = 0;
        }
        self.state = State::Odd(rule);
        let seen = &bytes[..bytes.len().min(self.limits.head)];
        if memchr::memchr(b'\n', &seen[self.scanned.min(seen.len())..]).is_some()
            && let Some(end) = self.odd_end(seen, rule)
        {
            return self.conclude_odd(&seen[..end], rule).ok_or(rule);
        }
        self.scanned = seen.len();
        if bytes.len() > seen.len() {
            return Err(rule);
        }
        Ok(Part::More)
    }

    /// One past the head's last byte. A line without a version may be all there is (HTTP/0.9).
    fn odd_end(&self, bytes: &[u8], rule: Refusal) -> Option<usize> {
        survey::head_end(bytes).or_else(|| {
            let old = rule.code == &codes::NO_VERSION && bytes.ends_with(b"\n");
            let lines = memchr::memchr_iter(b'\n', bytes).count();
            (old && lines == 1).then_some(bytes.len())
        })
    }

    /// The whole head is here. `None` where not even its first line can be told.
    fn conclude_odd(&mut self, bytes: &[u8], rule: Refusal) -> Option<Part> {
        let mut lines = lines(bytes);
        let first = lines.next()?;
        let text = &bytes[..first.text];
        match self.kind {
            Kind::Request => request(&mut self.head, text)?,
            Kind::Response => response(&mut self.head, text)?,
        }
        self.facts.clear();
        self.head.fields.clear();
        let mut doubt = false;
        for line in lines.take_while(|line| line.text > line.start).take(FIELDS) {
            if let Some(field) = field::read(bytes, line)
                .ok()
                .or_else(|| loosely(bytes, line))
            {
                doubt |= self.facts.excuse(bytes, &field, self.kind);
                self.head.fields.push(field);
            }
        }
        (self.head.offset, self.head.len) = (self.offset, bytes.len());
        self.facts.excuse_missing();
        let limit = self.limits.body;
        self.facts
            .conclude(&mut self.head, bytes.len(), self.answering, limit)
            .ok()?;
        self.head.warnings.push(rule);
        (
            self.decoded,
            self.extensions,
            self.trailer_bytes,
            self.trailers,
        ) = (0, 0, 0, 0);
        self.state = match doubt {
            true => State::Refused(rule),
            false => self.body_state(),
        };
        Some(Part::Head(bytes.len()))
    }
}

/// The lines of a head that is complete.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Line> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let lf = start + memchr::memchr(b'\n', bytes.get(start..)?)?;
        let text = match lf > start && bytes[lf - 1] == b'\r' {
            true => lf - 1,
            false => lf,
        };
        let line = Line {
            start,
            text,
            next: lf + 1,
        };
        start = lf + 1;
        Some(line)
    })
}

fn request(head: &mut Head, text: &[u8]) -> Option<()> {
    if line::request(head, text, line::method_end(text, 0)).is_ok() {
        return Some(());
    }
    let [method, target, version] = line::request_loosely(text)?;
    head.version = line::version(version.of(text)).unwrap_or(Version { minor: 1 });
    head.start = StartLine::Request {
        method,
        target,
        version,
    };
    Some(())
}

/// A status that is no number is 0, and all behind the version its reason.
fn response(head: &mut Head, text: &[u8]) -> Option<()> {
    if line::response(head, text).is_ok() {
        return Some(());
    }
    if !text.starts_with(b"HTTP/") {
        return None;
    }
    let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    let (from, to) = trimmed(text, end, text.len());
    let status = match text[from..to] {
        [
            a @ b'1'..=b'9',
            b @ b'0'..=b'9',
            c @ b'0'..=b'9',
            ref rest @ ..,
        ] if !rest.first().is_some_and(u8::is_ascii_digit) => [a, b, c]
            .iter()
            .fold(0, |n, d| n * 10 + u16::from(d - b'0')),
        _ => 0,
    };
    let code = Span::new(from, if status > 0 { from + 3 } else { from });
    let (reason, to) = trimmed(text, code.end as usize, to);
    head.version = line::version(&text[..end]).unwrap_or(Version { minor: 1 });
    head.start = StartLine::Response {
        version: Span::new(0, end),
        status,
        code,
        reason: Span::new(reason, to),
    };
    Some(())
}

/// A field line that broke a rule: what stands before its first colon is its name.
fn loosely(bytes: &[u8], line: Line) -> Option<Field> {
    let text = &bytes[line.start..line.text];
    let colon = line.start + memchr::memchr(b':', text)?;
    let (from, to) = trimmed(bytes, line.start, colon);
    // A line that begins with a space goes on with the one above it.
    if from == to || from > line.start {
        return None;
    }
    let (value, end) = trimmed(bytes, colon + 1, line.text);
    Some(Field {
        name: Span::new(from, to),
        value: Span::new(value, end),
        line: Span::new(line.start, line.next),
    })
}

impl Facts {
    /// Takes in a field of a head that broke a rule already. True when the end of the body is in doubt.
    fn excuse(&mut self, head: &[u8], field: &Field, kind: Kind) -> bool {
        // HTTP/1.0 has no chunks by the rules; programs that send them mean them.
        let Err(refusal) = self.note(head, field, kind, 1) else {
            return false;
        };
        let code = refusal.code;
        if !code.id.starts_with("H4") || code == &codes::LENGTH_REPEATED {
            return false;
        }
        if kind == Kind::Response && code == &codes::LENGTH_AND_CODING {
            self.forget_length();
            return self
                .note(head, field, kind, 1)
                .is_err_and(|again| again.code != &codes::LENGTH_AND_CODING);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn reader(kind: Kind) -> Reader {
        let limits = Limits {
            lenient: true,
            ..Limits::default()
        };
        match kind {
            Kind::Request => Reader::requests(limits),
            Kind::Response => Reader::responses(limits),
        }
    }

    /// What is said of the first head: the rule it broke, the first line, status, framing.
    fn odd(kind: Kind, bytes: &[u8]) -> (Option<&'static str>, String, u16, &'static str) {
        let mut reader = reader(kind);
        let part = reader.next(bytes);
        let rule = reader.take_oddity().map(|rule| rule.code.id);
        let Ok(Part::Head(n)) = part else {
            return (rule, format!("{part:?}"), 0, "");
        };
        let head = reader.head();
        let line = [head.method(bytes), b" ", head.target(bytes)].concat();
        let line = line.escape_ascii().to_string();
        assert!(n <= bytes.len());
        (rule, line, head.status().unwrap_or(0), head.framing.name())
    }

    #[test]
    fn heads_that_break_a_rule_are_read_as_most_programs_read_them() {
        let request = |bytes: &[u8]| {
            let (rule, line, _, framing) = odd(Kind::Request, bytes);
            (rule.unwrap_or(""), line, framing)
        };
        let is = |rule, line: &str, framing| (rule, line.to_owned(), framing);
        assert_eq!(
            request(b"GET /% HTTP/1.1\r\nHost: x\r\n\r\n"),
            is("H116", "GET /%", "none")
        );
        assert_eq!(
            request(b"GET\t/\tHTTP/1.1\nHost: x\n\n"),
            is("H104", "GET /", "none")
        );
        assert_eq!(request(b"GET /\r\n"), is("H108", "GET /", "none"));
        assert_eq!(
            request(b"POST / HTTP/1.1\r\nHost : x\r\nContent-Length : 3\r\n\r\nabc"),
            is("H203", "POST /", "content-length")
        );
        let (rule, _, status, framing) = odd(
            Kind::Response,
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        assert_eq!((rule, status, framing), (Some("H429"), 200, "chunked"));
    }

    #[test]
    fn what_is_no_head_is_refused_and_a_good_one_is_not_odd() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\n\r\n"[..],
            b"\x16\x03\x01",
            b" GET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(reader(Kind::Request).next(bytes).is_err());
        }
        assert!(reader(Kind::Response).next(b"ok\"}").is_err());
        let good = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(odd(Kind::Request, good).0, None);
    }

    #[test]
    fn where_the_length_of_a_request_is_in_doubt_nothing_is_read_behind_its_head() {
        let bytes =
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nGET /x";
        let mut reader = reader(Kind::Request);
        let Ok(Part::Head(n)) = reader.next(bytes) else {
            panic!("a head");
        };
        assert!(reader.next(&bytes[n..]).is_err());
    }

    #[test]
    fn odd_bytes_cut_anywhere_never_panic_and_end_in_the_same_head() {
        let bytes: &[u8] = b"GET /a b\x01 HTTP/1.1\r\n:\r\n fold\r\nno colon\nHost: x\r\n\r\n";
        let whole = odd(Kind::Request, bytes);
        let mut one = reader(Kind::Request);
        let last = (1..=bytes.len()).map(|end| one.next(&bytes[..end])).last();
        assert!(
            matches!(last, Some(Ok(Part::Head(_)))),
            "{last:?} {whole:?}"
        );
        assert_eq!(one.head().target(bytes), b"/a b\x01");
    }
}
