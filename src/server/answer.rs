//! The head of an answer: status line and fields, in one order, appended to the outgoing bytes.
//!
//! In: what to say. Out: bytes as RFC 9112 4 wants them. `Date` is written once a second and copied
//! from then on; so is the whole answer of `/hi`, the page that benchmarks ask for.

use crate::http::date;
use crate::http::write;
use crate::kernel::Clock;

/// What an answer says about the connection (RFC 9112 9.3 and 9.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// It stays, as is usual in HTTP/1.1: nothing is said.
    Usual,
    /// It stays, and a 1.0 client that asked for it is told.
    Agreed,
    /// It ends with this answer.
    Close,
}

/// The fields of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// `Content-Type`, where there is a body.
    pub kind: Option<&'a [u8]>,
    /// `Content-Length`; `None` for an answer that has none (204).
    pub length: Option<u64>,
    /// Whether caches must not keep it: so is every page that the server itself makes.
    pub no_store: bool,
    /// Other fields: name and value. Values are ours or were checked by the parser.
    pub extra: &'a [(&'a str, &'a [u8])],
    /// What is said about the connection.
    pub reuse: Reuse,
}

impl Answer<'_> {
    /// Appends the head, the blank line included.
    pub fn write(&self, stamp: &Stamp, out: &mut Vec<u8>) {
        write::status_line(out, self.status);
        out.extend_from_slice(b"Server: httpsys\r\nDate: ");
        out.extend_from_slice(&stamp.date);
        out.extend_from_slice(b"\r\n");
        if let Some(kind) = self.kind {
            write::field(out, "Content-Type", kind);
        }
        if let Some(length) = self.length {
            write::field_number(out, "Content-Length", length);
        }
        match self.reuse {
            Reuse::Usual => {}
            Reuse::Agreed => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            Reuse::Close => out.extend_from_slice(b"Connection: close\r\n"),
        }
        for (name, value) in self.extra {
            write::field(out, name, value);
        }
        if self.no_store {
            out.extend_from_slice(b"Cache-Control: no-store\r\n");
        }
        out.extend_from_slice(b"X-Content-Type-Options: nosniff\r\n\r\n");
    }
}

/// What is the same in all answers of a second.
#[derive(Debug)]
pub struct Stamp {
    /// Seconds since 1970.
    pub second: u64,
    date: [u8; date::LEN],
    /// The whole answer to `GET /hi` on a connection that stays.
    pub hi: Vec<u8>,
}

/// The body of `/hi`.
pub const HI: &[u8] = b"Hi";
/// The type of `/hi` and of every plain answer.
pub const PLAIN: &[u8] = b"text/plain";

impl Stamp {
    /// The stamp of this moment.
    pub fn new(clock: Clock) -> Stamp {
        let mut stamp = Stamp {
            second: u64::MAX,
            date: [b' '; date::LEN],
            hi: Vec::new(),
        };
        stamp.refresh(clock);
        stamp
    }

    /// Call when time may have passed.
    #[inline]
    pub fn refresh(&mut self, clock: Clock) {
        let second = clock.date();
        if second != self.second {
            self.second = second;
            self.rewrite();
        }
    }

    #[cold]
    fn rewrite(&mut self) {
        self.date = date::format(self.second);
        let mut hi = std::mem::take(&mut self.hi);
        hi.clear();
        hi_head(Reuse::Usual).write(self, &mut hi);
        hi.extend_from_slice(HI);
        self.hi = hi;
    }
}

/// The head of `/hi`.
pub fn hi_head(reuse: Reuse) -> Answer<'static> {
    Answer {
        status: 200,
        kind: Some(PLAIN),
        length: Some(HI.len() as u64),
        no_store: true,
        extra: &[],
        reuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_fields_in_one_order() {
        let stamp = Stamp::new(Clock::Canonical);
        let mut out = Vec::new();
        let answer = Answer {
            status: 405,
            kind: Some(b"text/html"),
            length: Some(1_234_567_890_123),
            no_store: false,
            extra: &[("Allow", b"GET, HEAD")],
            reuse: Reuse::Close,
        };
        answer.write(&stamp, &mut out);
        let expected = "HTTP/1.1 405 Method Not Allowed\r\nServer: httpsys\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
            Content-Type: text/html\r\nContent-Length: 1234567890123\r\nConnection: close\r\nAllow: GET, HEAD\r\n\
            X-Content-Type-Options: nosniff\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn the_prepared_answer_is_what_the_writer_writes() {
        let stamp = Stamp::new(Clock::Canonical);
        let mut out = Vec::new();
        hi_head(Reuse::Usual).write(&stamp, &mut out);
        out.extend_from_slice(HI);
        assert_eq!(out, stamp.hi);
    }
}
