//! One connection as a state machine, with no I/O in it: bytes go in, what to do next comes out.
//!
//! In: bytes as they arrived, however they were cut. Out: [`Next`]. The models (`blocking`, `threads`,
//! `epoll`) make the calls; `exchange` answers. Left out on purpose: descriptors, clocks, answers.
//!
//! ```text
//!  stage      on                           next       says
//!  Between    empty lines                  Between    –
//!  Between    first byte of a head         Head       Read
//!  Head       blank line, no body          Whole      Request
//!  Head       blank line, a body follows   Body       Body, and Continue if the client waits for it
//!  Body       last byte of the body        Whole      Request
//!  Whole      the answer was written       Between    –
//!  any        a rule is broken             Over       Refused
//! ```

use crate::http::{Framing, Head, Limits, Part, Reader, Refusal};
use std::ops::Range;

/// Where a connection is between its first byte and its last.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Stage {
    /// Nothing of a next request was seen.
    #[default]
    Between,
    /// A head has begun.
    Head,
    /// The head is complete, its body is not.
    Body,
    /// A request is complete and waits for its answer.
    Whole,
    /// Nothing more is read as a request.
    Over,
}

/// What there is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Everything was used that could be: read more.
    Read,
    /// A head is complete and a body follows: say with [`Connection::keep_body`] whether it is
    /// wanted, or refuse it.
    Body,
    /// The client waits for `100 Continue` before it sends its body (RFC 9110 10.1.1).
    Continue,
    /// A request is complete: answer it, then say [`Connection::answered`].
    Request,
    /// A rule is broken: answer that and close.
    Refused(Refusal),
}

/// Bytes on their way through the machine: those before `at` are used up.
#[derive(Debug)]
pub struct Input<'b> {
    /// All of them.
    pub bytes: &'b [u8],
    /// The first that is not used up.
    pub at: usize,
}

/// The machine. An idle connection needs none: see [`Connection::is_idle`].
#[derive(Debug)]
pub struct Connection {
    reader: Reader,
    stage: Stage,
    /// Bytes that arrived and are not used up: of an unfinished head, or of a next request.
    held: Vec<u8>,
    /// Where the head of the current request stands in the input, or else its copy.
    head: Place,
    head_copy: Vec<u8>,
    body: Vec<u8>,
    keep_body: bool,
    /// The rule was broken after a complete head: its method is known.
    broken_body: bool,
    /// Leave to send a body is still owed.
    owes_continue: bool,
}

/// Where the bytes of a head are.
#[derive(Clone, Debug)]
enum Place {
    /// In the input at hand.
    Input(Range<usize>),
    /// In `head_copy`: its body takes more than one read.
    Copy,
}

/// A complete request, or a head whose body is still to come.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The parts of the head, as spans of `bytes`.
    pub head: &'a Head,
    /// The bytes of the head.
    pub bytes: &'a [u8],
    /// The decoded body, where it was kept.
    pub body: &'a [u8],
}

impl Connection {
    /// A machine at the beginning of a connection.
    pub fn new(limits: Limits) -> Connection {
        Connection {
            reader: Reader::requests(limits),
            stage: Stage::Between,
            held: Vec::new(),
            head: Place::Copy,
            head_copy: Vec::new(),
            body: Vec::new(),
            keep_body: false,
            broken_body: false,
            owes_continue: false,
        }
    }

    /// Where it is.
    #[inline]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Nothing is under way and nothing is kept: the machine may serve another connection.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Between && self.held.is_empty()
    }

    /// Whether bytes are kept that may hold a next request.
    #[inline]
    pub fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Bytes of memory that this connection keeps until its request is complete.
    pub fn footprint(&self) -> usize {
        match self.stage {
            Stage::Over => 0,
            Stage::Between => self.held.len(),
            _ => self.held.len() + self.head_copy.len() + self.body.len(),
        }
    }

    /// The kept bytes and the fresh ones as one input. Give the store back with [`Connection::keep`].
    #[inline]
    pub fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Puts away what was not used up. `store` came from [`Connection::take_held`]; `input` reads
    /// either from it or, when it was empty, from the fresh bytes alone.
    #[inline]
    pub fn keep(&mut self, mut store: Vec<u8>, fresh: &[u8], at: usize, from_store: bool) {
        let bytes = if from_store { &store } else { fresh };
        if let (Stage::Body, Place::Input(range)) = (self.stage, &self.head) {
            self.head_copy.clear();
            self.head_copy.extend_from_slice(&bytes[range.clone()]);
            self.head = Place::Copy;
        }
        if self.stage == Stage::Over {
            store.clear();
        } else if from_store {
            store.drain(..at);
        } else if at < fresh.len() {
            store.extend_from_slice(&fresh[at..]);
        }
        self.held = store;
    }

    /// Looks at the input and says what to do. Call again until it says `Read` or `Refused`.
    #[inline]
    pub fn next(&mut self, input: &mut Input<'_>) -> Next {
        loop {
            let rest = &input.bytes[input.at..];
            if rest.is_empty() && self.stage == Stage::Between {
                return Next::Read;
            }
            match self.reader.next(rest) {
                Ok(Part::More) => return self.need_more(rest.is_empty()),
                Ok(Part::Blank(n)) => input.at += n,
                Ok(Part::Head(n)) => {
                    self.head = Place::Input(input.at..input.at + n);
                    input.at += n;
                    if self.begin_body() {
                        return Next::Body;
                    }
                }
                Ok(Part::Data(n)) => {
                    self.owes_continue = false;
                    if self.keep_body {
                        self.body.extend_from_slice(&rest[..n]);
                    }
                    input.at += n;
                }
                Ok(Part::Framing(n)) => {
                    self.owes_continue = false;
                    input.at += n;
                }
                Ok(Part::End) => {
                    self.stage = Stage::Whole;
                    return Next::Request;
                }
                Err(refusal) => {
                    self.broken_body = self.stage == Stage::Body;
                    self.stage = Stage::Over;
                    return Next::Refused(refusal);
                }
            }
        }
    }

    /// How many bytes were used up since the machine was made or reset.
    #[inline]
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    fn need_more(&mut self, all_used: bool) -> Next {
        if self.stage == Stage::Between && !all_used {
            self.stage = Stage::Head;
        }
        // RFC 9110 10.1.1: no 100 is due once some of the body has arrived.
        if self.stage == Stage::Body && self.owes_continue && all_used {
            self.owes_continue = false;
            return Next::Continue;
        }
        Next::Read
    }

    /// A head was read. True when bytes of a body follow.
    fn begin_body(&mut self) -> bool {
        let head = self.reader.head();
        self.owes_continue = head.expects_continue;
        self.keep_body = false;
        self.stage = Stage::Body;
        !matches!(head.framing, Framing::None | Framing::ContentLength(0))
    }

    /// The body that follows is wanted: it is kept, decoded, until the request is answered.
    pub fn keep_body(&mut self) {
        self.keep_body = true;
    }

    /// The request, as far as it was read.
    #[inline]
    pub fn request<'a>(&'a self, input: &Input<'a>) -> Request<'a> {
        let bytes = match &self.head {
            Place::Input(range) => &input.bytes[range.clone()],
            Place::Copy => &self.head_copy,
        };
        Request {
            head: self.reader.head(),
            bytes,
            body: &self.body,
        }
    }

    /// Whether a refused request asked for a head alone (RFC 9110 9.3.2: no body then, whatever the
    /// status). `input` as it was when the rule was broken.
    pub fn refused_head(&self, input: &Input<'_>) -> bool {
        if self.broken_body {
            let request = self.request(input);
            return request.head.method(request.bytes) == b"HEAD";
        }
        input.bytes[input.at..].starts_with(b"HEAD ")
    }

    /// Takes the body away, for an answer that sends it back.
    pub fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// The answer to the current request was written: the next one may begin.
    #[inline]
    pub fn answered(&mut self) {
        self.body.clear();
        self.stage = Stage::Between;
    }

    /// Nothing more is read as a request, and what was kept for one is given back.
    pub fn finish(&mut self) {
        self.stage = Stage::Over;
        for store in [&mut self.held, &mut self.head_copy, &mut self.body] {
            *store = Vec::new();
        }
    }

    /// The client will send no more. True when that cuts a request short.
    pub fn is_cut_here(&self) -> bool {
        matches!(self.stage, Stage::Head | Stage::Body)
    }

    /// Back to the beginning, for another connection; large stores are given back.
    pub fn reset(&mut self) {
        /// What a machine may keep between two connections.
        const KEEP: usize = 64 << 10;
        self.reader.reset();
        self.stage = Stage::Between;
        for store in [&mut self.held, &mut self.head_copy, &mut self.body] {
            store.clear();
            if store.capacity() > KEEP {
                *store = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds pieces as reads would bring them; returns what was said, `Read` left out.
    fn said(machine: &mut Connection, pieces: &[&[u8]]) -> Vec<String> {
        let mut said = Vec::new();
        for fresh in pieces {
            let mut store = machine.take_held();
            let from_store = !store.is_empty();
            if from_store {
                store.extend_from_slice(fresh);
            }
            let bytes: &[u8] = if from_store { &store } else { fresh };
            let mut input = Input { bytes, at: 0 };
            loop {
                match machine.next(&mut input) {
                    Next::Read => break,
                    Next::Body => {
                        machine.keep_body();
                        said.push("body".to_owned());
                    }
                    Next::Continue => said.push("continue".to_owned()),
                    Next::Request => {
                        let request = machine.request(&input);
                        let target = request.head.target(request.bytes);
                        let body = String::from_utf8_lossy(request.body);
                        said.push(format!("{} {body}", String::from_utf8_lossy(target)));
                        machine.answered();
                    }
                    Next::Refused(refusal) => {
                        said.push(format!("{} at {}", refusal.code.id, refusal.offset));
                        break;
                    }
                }
            }
            let at = input.at;
            machine.keep(store, fresh, at, from_store);
        }
        said
    }

    const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n";

    #[test]
    fn a_stream_cut_anywhere_says_the_same() {
        let mut stream = HI.to_vec();
        stream.extend_from_slice(b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        stream.extend_from_slice(HI);
        stream.extend_from_slice(b"POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n");
        let expected = ["/hi ", "body", "/e abc", "/hi ", "body", "/e de"];
        for cut in 0..=stream.len() {
            let mut machine = Connection::new(Limits::default());
            let (one, two) = stream.split_at(cut);
            assert_eq!(said(&mut machine, &[one, two]), expected, "cut at {cut}");
            assert!(machine.is_idle());
            assert_eq!(machine.offset(), stream.len() as u64);
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(
            said(&mut Connection::new(Limits::default()), &bytes),
            expected
        );
    }

    #[test]
    fn leave_is_given_only_to_a_body_that_has_not_begun() {
        let head =
            b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
        let mut machine = Connection::new(Limits::default());
        assert_eq!(
            said(&mut machine, &[head, b"ab"]),
            ["body", "continue", "/e ab"]
        );
        let mut machine = Connection::new(Limits::default());
        let whole = [&head[..], b"a"].concat();
        assert_eq!(said(&mut machine, &[&whole, b"b"]), ["body", "/e ab"]);
    }
}
