//! The head of a message: start line and fields, as spans of the bytes they stand in.
//!
//! Nothing is copied: a head is offsets, and every question about it takes the bytes again.

use super::body::Framing;
use super::target::{self, Form};

/// A part of the head: offsets from the head's first byte.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`. Heads are limited far below 4 GiB, so the numbers fit.
    #[inline]
    pub fn new(start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The bytes of this part, given the bytes of the head.
    #[inline]
    pub fn of<'b>(&self, head: &'b [u8]) -> &'b [u8] {
        head.get(self.start as usize..self.end as usize)
            .unwrap_or(&[])
    }

    /// How many bytes.
    #[inline]
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// True when there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A client asks.
    Request,
    /// A server answers.
    Response,
}

/// `HTTP/1.0` or `HTTP/1.1`; 1.2 and above are read as 1.1 (RFC 9110 2.5) and keep their digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// The digit after the point.
    pub minor: u8,
}

/// The first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartLine {
    /// `GET /p HTTP/1.1`.
    Request {
        /// `GET`.
        method: Span,
        /// `/p`, in one of the four forms.
        target: Span,
        /// `HTTP/1.1`.
        version: Span,
    },
    /// `HTTP/1.1 200 OK`; the reason may be empty.
    Response {
        /// `HTTP/1.1`.
        version: Span,
        /// 200.
        status: u16,
        /// The three digits.
        code: Span,
        /// `OK`.
        reason: Span,
    },
}

/// One field line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The name as received.
    pub name: Span,
    /// The value, trimmed of spaces and tabs.
    pub value: Span,
    /// The whole line, line end included.
    pub line: Span,
}

/// A complete head. Reused from message to message: its lists keep their room.
#[derive(Clone, Debug)]
pub struct Head {
    /// Offset of the head's first byte from the beginning of the stream (after skipped empty lines).
    pub offset: u64,
    /// Bytes of the head, the blank line included.
    pub len: usize,
    /// The first line.
    pub start: StartLine,
    /// The version; see [`Version`].
    pub version: Version,
    /// The fields, in order.
    pub fields: Vec<Field>,
    /// How the length of the body is known (RFC 9112 6.3).
    pub framing: Framing,
    /// Whether the connection may be used again after this message.
    pub keep_alive: bool,
    /// A request waits for `100 Continue` before it sends its body.
    pub expects_continue: bool,
    /// Odd but harmless things (`parse` shows them): rule, offset in the stream, length.
    pub warnings: Vec<super::Refusal>,
}

impl Head {
    /// A head of nothing, to be filled by a reader.
    pub(super) fn empty() -> Head {
        let none = Span::default();
        Head {
            offset: 0,
            len: 0,
            start: StartLine::Request {
                method: none,
                target: none,
                version: none,
            },
            version: Version { minor: 1 },
            fields: Vec::new(),
            framing: Framing::None,
            keep_alive: false,
            expects_continue: false,
            warnings: Vec::new(),
        }
    }

    /// The value of the first field of this name, any case.
    pub fn field<'b>(&self, head: &'b [u8], name: &str) -> Option<&'b [u8]> {
        self.values(head, name).next()
    }

    /// The values of all fields of this name, any case, in order.
    pub fn values<'b, 'h>(
        &'h self,
        head: &'b [u8],
        name: &'h str,
    ) -> impl Iterator<Item = &'b [u8]> + 'h
    where
        'b: 'h,
    {
        self.fields
            .iter()
            .filter(move |f| f.name.of(head).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |f| f.value.of(head))
    }

    /// The method of a request; empty for a response.
    #[inline]
    pub fn method<'b>(&self, head: &'b [u8]) -> &'b [u8] {
        match self.start {
            StartLine::Request { method, .. } => method.of(head),
            StartLine::Response { .. } => &[],
        }
    }

    /// The target of a request as received; empty for a response.
    #[inline]
    pub fn target<'b>(&self, head: &'b [u8]) -> &'b [u8] {
        match self.start {
            StartLine::Request { target, .. } => target.of(head),
            StartLine::Response { .. } => &[],
        }
    }

    /// The status of a response.
    #[inline]
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(status),
        }
    }

    /// The path and what follows its `?`, not decoded. An absolute target gives its own path, `/` if
    /// that is empty (RFC 9110 4.2.3); `*` and `host:port` give themselves and no query.
    #[inline]
    pub fn path_and_query<'b>(&self, head: &'b [u8]) -> (&'b [u8], Option<&'b [u8]>) {
        target::path_and_query(self.target(head))
    }

    /// Which host is meant: the authority of an absolute or CONNECT target, else the value of Host
    /// (RFC 9112 3.3). `None` when HTTP/1.0 named none; an empty Host is `Some` of nothing.
    pub fn authority<'b>(&self, head: &'b [u8]) -> Option<&'b [u8]> {
        match target::form(self.method(head), self.target(head)) {
            Some(Form::Absolute { authority, .. } | Form::Authority(authority)) => Some(authority),
            Some(Form::Origin | Form::Asterisk) | None => self.field(head, "host"),
        }
    }

    /// The version's bytes, as received.
    pub fn version_text<'b>(&self, head: &'b [u8]) -> &'b [u8] {
        match self.start {
            StartLine::Request { version, .. } | StartLine::Response { version, .. } => {
                version.of(head)
            }
        }
    }
}
