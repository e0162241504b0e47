//! What the fields say about the message as such: Host, length, coding, Connection, Expect.
//!
//! In: one field after the other. Out: a refusal as soon as two of them, or one alone, cannot stand;
//! at the blank line the framing and whether the connection goes on. Other fields are not looked at.

use super::body::{self, Coding, Sort};
use super::codes;
use super::head::{Field, Head, Kind, Span, StartLine};
use super::host;
use super::refusal::Refusal;
use super::token::{is_space, is_token, members};

/// Which method a response answers, as far as its framing depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Answering {
    /// HEAD: no body whatever the fields say.
    Head,
    /// CONNECT: a 2xx begins a tunnel.
    Connect,
    /// Any other.
    #[default]
    Other,
}

/// What was seen so far.
#[derive(Clone, Copy, Default, Debug)]
pub struct Facts {
    /// There was a Host line.
    host: bool,
    /// The value of Content-Length and where it stands.
    length: Option<(u64, Span)>,
    /// What Transfer-Encoding said.
    coding: Coding,
    /// Connection has the member `close`.
    close: bool,
    /// Connection has the member `keep-alive`.
    keep_alive: bool,
    /// Expect has the member `100-continue`.
    expect: bool,
    /// The first member of Expect that is something else.
    unmet: Option<Span>,
}

impl Facts {
    /// Forgets everything, field by field: a whole new value would be built aside and copied.
    #[inline]
    pub fn clear(&mut self) {
        (self.host, self.close, self.keep_alive, self.expect) = (false, false, false, false);
        self.coding = Coding::Absent;
        self.length = None;
        self.unmet = None;
    }

    /// Takes in one field of a message of this kind and minor version.
    ///
    /// # Errors
    /// The first rule it breaks, alone or together with an earlier field; offsets count from the
    /// first byte of `head`.
    #[inline]
    pub fn note(
        &mut self,
        head: &[u8],
        field: &Field,
        kind: Kind,
        minor: u8,
    ) -> Result<(), Refusal> {
        let name = field.name.of(head);
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if kind == Kind::Request && is(b"host") => self.note_host(head, field),
            6 if kind == Kind::Request && is(b"expect") => {
                self.note_expect(head, field);
                Ok(())
            }
            10 if is(b"connection") => {
                self.note_connection(field.value.of(head));
                Ok(())
            }
            14 if is(b"content-length") => self.note_length(head, field),
            17 if is(b"transfer-encoding") => self.note_coding(head, field, kind, minor),
            _ => Ok(()),
        }
    }

    fn note_host(&mut self, head: &[u8], field: &Field) -> Result<(), Refusal> {
        if self.host {
            return Err(at_name(&codes::TWO_HOSTS, field));
        }
        self.host = true;
        host::check(field.value.of(head)).map_err(|refusal| refusal.moved(field.value.start.into()))
    }

    fn note_expect(&mut self, head: &[u8], field: &Field) {
        for (at, member) in members(field.value.of(head)) {
            if member.eq_ignore_ascii_case(b"100-continue") {
                self.expect = true;
            } else if !member.is_empty() && self.unmet.is_none() {
                let start = field.value.start as usize + at;
                self.unmet = Some(Span::new(start, start + member.len()));
            }
        }
    }

    fn note_connection(&mut self, value: &[u8]) {
        for (_, member) in members(value) {
            self.close |= member.eq_ignore_ascii_case(b"close");
            self.keep_alive |= member.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn note_length(&mut self, head: &[u8], field: &Field) -> Result<(), Refusal> {
        if self.coding != Coding::Absent {
            return Err(at_name(&codes::LENGTH_AND_CODING, field));
        }
        let length = length(field.value.of(head)).map_err(|r| r.moved(field.value.start.into()))?;
        match self.length {
            None => self.length = Some((length, field.value)),
            Some((first, _)) if first == length => {
                return Err(at_name(&codes::LENGTH_REPEATED, field));
            }
            Some(_) => {
                let at = field.value;
                return Err(Refusal::new(
                    &codes::LENGTH_CONFLICT,
                    at.start as usize,
                    at.len(),
                ));
            }
        }
        Ok(())
    }

    fn note_coding(
        &mut self,
        head: &[u8],
        field: &Field,
        kind: Kind,
        minor: u8,
    ) -> Result<(), Refusal> {
        let conflict = match self {
            _ if minor == 0 => Some(&codes::CODING_IN_1_0),
            Facts {
                coding: Coding::Chunked | Coding::Other,
                ..
            } => Some(&codes::CODING_LINES),
            Facts {
                length: Some(_), ..
            } => Some(&codes::LENGTH_AND_CODING),
            _ => None,
        };
        if let Some(code) = conflict {
            return Err(at_name(code, field));
        }
        self.coding =
            coding(field.value.of(head), kind).map_err(|r| r.moved(field.value.start.into()))?;
        Ok(())
    }

    /// Fills in what is known at the blank line, which ends at `head.len`.
    ///
    /// # Errors
    /// What is missing, larger than `body_limit`, or expected in vain.
    pub fn conclude(
        &self,
        head: &mut Head,
        blank: usize,
        answering: Answering,
        body_limit: u64,
    ) -> Result<(), Refusal> {
        let old = head.version.minor == 0;
        let sort = sort(&head.start, answering);
        if sort == Sort::Request && !old && !self.host {
            return Err(Refusal::new(&codes::NO_HOST, blank, head.len - blank));
        }
        head.framing = body::framing(sort, self.coding, self.length.map(|(length, _)| length));
        if let (body::Framing::ContentLength(length), Some((_, at))) = (head.framing, self.length)
            && length > body_limit
        {
            return Err(Refusal::new(
                &codes::BODY_LIMIT,
                at.start as usize,
                at.len(),
            ));
        }
        if let Some(at) = self.unmet {
            return Err(Refusal::new(
                &codes::EXPECTATION,
                at.start as usize,
                at.len(),
            ));
        }
        // RFC 9112 9.3: 1.1 goes on unless `close`; 1.0 ends unless `keep-alive`.
        head.keep_alive =
            !self.close && (!old || self.keep_alive) && head.framing != body::Framing::UntilClose;
        let has_body = !matches!(
            head.framing,
            body::Framing::None | body::Framing::ContentLength(0)
        );
        head.expects_continue = self.expect && !old && has_body;
        Ok(())
    }

    /// What is missing or cannot be met does not matter any more.
    pub(super) fn excuse_missing(&mut self) {
        (self.host, self.unmet) = (true, None);
    }

    /// Content-Length was overruled.
    pub(super) fn forget_length(&mut self) {
        self.length = None;
    }

    /// There was a Host line that is good.
    pub fn has_host(&self) -> bool {
        self.host
    }

    /// `100-continue` was among the expectations.
    pub fn expects(&self) -> bool {
        self.expect
    }

    /// A field spoke of a body, whether or not the message may have one.
    pub fn speaks_of_body(&self) -> bool {
        self.length.is_some() || self.coding != Coding::Absent
    }
}

/// RFC 9112 6.3, points 1 and 2: which responses never have a body.
fn sort(start: &StartLine, answering: Answering) -> Sort {
    match (start, answering) {
        (StartLine::Request { .. }, _) => Sort::Request,
        (
            StartLine::Response {
                status: 100..=199 | 204 | 304,
                ..
            },
            _,
        )
        | (StartLine::Response { .. }, Answering::Head)
        | (
            StartLine::Response {
                status: 200..=299, ..
            },
            Answering::Connect,
        ) => Sort::Bodiless,
        (StartLine::Response { .. }, _) => Sort::Response,
    }
}

#[cold]
fn at_name(code: &'static super::Code, field: &Field) -> Refusal {
    Refusal::new(code, field.name.start as usize, field.name.len())
}

/// `1*DIGIT` within 64 bits (RFC 9110 8.6).
fn length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() {
        return Err(Refusal::new(&codes::LENGTH_EMPTY, 0, 1));
    }
    let add = |length: u64, byte: &u8| match byte {
        b'0'..=b'9' => length.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    };
    value
        .iter()
        .try_fold(0u64, add)
        .ok_or_else(|| refuse_length(value))
}

/// Tells a list, other bytes that are no digits, and a number too big apart.
#[cold]
fn refuse_length(value: &[u8]) -> Refusal {
    let Some(at) = value.iter().position(|b| !b.is_ascii_digit()) else {
        return Refusal::new(&codes::LENGTH_OVERFLOW, 0, value.len());
    };
    let then = value[at..].iter().find(|&&b| !is_space(b));
    let code = if then == Some(&b',') {
        &codes::LENGTH_LIST
    } else {
        &codes::LENGTH_BYTE
    };
    Refusal::new(code, at, 1)
}

/// Reads Transfer-Encoding. A request must say `chunked` and nothing else; a response may name other
/// codings too, which stay undone (RFC 9112 6.1, 6.3, 7).
fn coding(value: &[u8], kind: Kind) -> Result<Coding, Refusal> {
    let (mut chunked, mut other, mut last) = (false, None, (0, value));
    for (at, member) in members(value) {
        last = (at, member);
        match coding_name(at, member)? {
            name if name.eq_ignore_ascii_case(b"chunked") => {
                let code = if chunked {
                    &codes::CODING_TWICE
                } else {
                    &codes::CODING_PARAMETER
                };
                if chunked || name.len() < member.len() {
                    return Err(Refusal::new(code, at, member.len()));
                }
                chunked = true;
            }
            name if name.eq_ignore_ascii_case(b"identity") => {
                return Err(Refusal::new(&codes::CODING_IDENTITY, at, name.len()));
            }
            _ => other = other.or(Some(last)),
        }
    }
    let ends_chunked = last.1.eq_ignore_ascii_case(b"chunked");
    match (kind, other) {
        (Kind::Request, _) if !ends_chunked => {
            Err(Refusal::new(&codes::CODING_LAST, last.0, last.1.len()))
        }
        (Kind::Request, Some((at, name))) => {
            Err(Refusal::new(&codes::CODING_UNKNOWN, at, name.len()))
        }
        _ => Ok(if ends_chunked {
            Coding::Chunked
        } else {
            Coding::Other
        }),
    }
}

/// The name of one member, which is a token, alone or before the `;` of a parameter.
fn coding_name(at: usize, member: &[u8]) -> Result<&[u8], Refusal> {
    let name = member.iter().take_while(|&&b| is_token(b)).count();
    let rest = member[name..].trim_ascii_start();
    match (member.is_empty(), name, rest.first()) {
        (true, ..) => Err(Refusal::new(&codes::CODING_EMPTY, at, 1)),
        (_, 1.., None | Some(b';')) => Ok(&member[..name]),
        _ => Err(Refusal::new(&codes::CODING_BYTE, at + name, 1)),
    }
}
