//! One direction of a connection: bytes in, messages out.
//!
//! In: the bytes that calls moved, in order, and how many moved that nobody kept. Out: heads, body
//! bytes and ends of messages, handed to a [`Listener`]; and where secrets stand. Bytes are copied
//! aside only while a head (or a line of chunked framing) is incomplete.
//!
//! A stream that is not HTTP, or not any more, is named once and then only counted. When bytes are
//! missing where the framing depends on them, the stream is lost until a call begins with a plausible
//! start line.

use super::beginning::Beginning;
use super::secrets::{Tracker, may_show_a_head};
use crate::http::{Head, Limits, Part, Reader, Refusal};

/// What travels in a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// Nothing was seen yet.
    Silent,
    /// HTTP/1.
    Http,
    /// Framing unknown: waiting for a plausible start line.
    Lost,
    /// A TLS record: encrypted.
    Tls,
    /// The preface of HTTP/2.
    Http2,
    /// HTTP was left behind on purpose: 101, or CONNECT.
    Upgraded,
    /// Something that is not HTTP.
    Strange,
    /// A message broke a rule: waiting for a plausible start line.
    Refused,
}

impl Protocol {
    /// Its bytes are not HTTP, or not any more.
    pub fn is_foreign(self) -> bool {
        matches!(
            self,
            Protocol::Tls | Protocol::Http2 | Protocol::Upgraded | Protocol::Strange
        )
    }
}

/// Which messages a stream carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Requests.
    Requests,
    /// Responses.
    Responses,
}

/// Told what a stream holds, in order.
pub(super) trait Listener {
    /// A message may begin: the reader of responses asks what it will answer.
    fn before_message(&mut self, reader: &mut Reader);
    /// A head is complete; `bytes` are the head.
    fn head(&mut self, head: &Head, bytes: &[u8]);
    /// Body bytes went by.
    fn body(&mut self, bytes: u64);
    /// All bytes of the present message that are not body, as they go by.
    fn framing(&mut self, bytes: u64);
    /// The message is complete. True when what follows is not HTTP any more.
    fn end(&mut self) -> bool;
}

/// One direction.
#[derive(Debug)]
pub struct Stream {
    side: Side,
    /// What travels.
    pub protocol: Protocol,
    /// Bytes that went by.
    pub bytes: u64,
    /// Calls since the present message began, once it has begun.
    pub pieces: u32,
    /// The start line of the unfinished head was told.
    pub announced: bool,
    /// Inside a message whose head is complete.
    pub in_body: bool,
    /// How many bytes of the last call stand where a message should begin, and begin none.
    pub(super) surplus: u64,
    /// Bytes that went by and that no message was told of: the framing is unknown, or a rule was broken.
    pub(super) untold: u64,
    /// The first line of a head that was refused, and nothing was told of.
    refused: Option<Beginning>,
    reader: Reader,
    pending: Vec<u8>,
    secrets: Tracker,
    /// Follows the lines of a body that may show a head (`secrets::may_show_a_head`), across the framing
    /// between its chunks.
    body_secrets: Option<Tracker>,
}

/// The story reads what programs accept, within reason: no limit on bodies.
const LIMITS: Limits = Limits {
    head: 64 << 10,
    line: 64 << 10,
    fields: 4096,
    body: u64::MAX,
    bare_lf: false,
    lenient: true,
};

/// A buffer beyond this is given back once it is empty.
const BIG: usize = 4096;

impl Stream {
    pub(super) fn new(side: Side) -> Stream {
        Stream {
            side,
            protocol: Protocol::Silent,
            bytes: 0,
            pieces: 0,
            announced: false,
            in_body: false,
            surplus: 0,
            untold: 0,
            refused: None,
            reader: match side {
                Side::Requests => Reader::requests(LIMITS),
                Side::Responses => Reader::responses(LIMITS),
            },
            pending: Vec::new(),
            secrets: Tracker::default(),
            body_secrets: None,
        }
    }

    /// Ready for another connection; memory is kept.
    pub(super) fn reset(&mut self) {
        self.protocol = Protocol::Silent;
        self.bytes = 0;
        self.untold = 0;
        self.secrets = Tracker::default();
        self.start_over();
    }

    fn start_over(&mut self) {
        self.refused = None;
        self.pieces = 0;
        self.announced = false;
        self.in_body = false;
        self.reader.reset();
        self.body_secrets = None;
        self.pending.clear();
    }

    /// Bytes of an unfinished head (or framing line) that wait for more.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// How many bytes of the present body are still to come, where that is known.
    pub(super) fn left(&self) -> Option<u64> {
        match self.protocol == Protocol::Http && self.in_body {
            true => self.reader.body_left(),
            false => None,
        }
    }

    /// Between messages: nothing of the next one was seen.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && !self.in_body
    }

    /// How the length of the present body is known.
    pub fn framing(&self) -> crate::http::Framing {
        self.reader.head().framing
    }

    /// Body bytes that are still to come, where that is known.
    pub fn body_left(&self) -> Option<u64> {
        self.reader.body_left()
    }

    /// Events are missing: what comes next may stand anywhere.
    pub(super) fn lose(&mut self) {
        if matches!(
            self.protocol,
            Protocol::Silent | Protocol::Http | Protocol::Lost
        ) {
            self.protocol = Protocol::Lost;
            self.untold += self.pending.len() as u64;
            self.secrets.unsure();
            self.start_over();
        }
    }

    /// HTTP was left behind on purpose.
    pub(super) fn upgrade(&mut self) {
        self.protocol = Protocol::Upgraded;
        self.start_over();
    }

    /// The kept bytes of one piece that a call moved. `at` is where they begin within the call's
    /// bytes; secrets found are added to `hidden`.
    ///
    /// # Errors
    /// The rule that a message broke, once. It may have been read all the same.
    pub(super) fn feed(
        &mut self,
        piece: &[u8],
        at: u64,
        listener: &mut impl Listener,
        hidden: &mut Vec<(u64, u64)>,
    ) -> Result<(), Refusal> {
        self.bytes += piece.len() as u64;
        if piece.is_empty() {
            return Ok(());
        }
        match self.protocol {
            Protocol::Silent => self.recognise(piece),
            _ if self.picks_up(piece) => {
                self.start_over();
                self.secrets = Tracker::default();
                self.protocol = Protocol::Http;
            }
            _ => {}
        }
        match self.protocol {
            Protocol::Http => self.read(piece, at, listener, hidden),
            Protocol::Lost | Protocol::Refused => {
                self.untold += piece.len() as u64;
                self.secrets.scan(piece, at, hidden);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Waiting for a plausible start line, and `piece` begins with one.
    pub(super) fn picks_up(&self, piece: &[u8]) -> bool {
        matches!(self.protocol, Protocol::Lost | Protocol::Refused)
            && starts_message(self.side, piece)
    }

    /// Inside a body that only the end of the connection ends.
    pub(super) fn runs_until_close(&self) -> bool {
        self.protocol == Protocol::Http
            && self.in_body
            && self.framing() == crate::http::Framing::UntilClose
    }

    /// Where the present message ends cannot be told.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.protocol, Protocol::Lost | Protocol::Refused)
    }

    fn recognise(&mut self, piece: &[u8]) {
        self.protocol = match piece {
            [0x16, 3, ..] | [0x16] => Protocol::Tls,
            _ if piece.starts_with(b"PRI * HTTP/2") => Protocol::Http2,
            [b'\r' | b'\n', ..] => Protocol::Http,
            [first, ..] if self.side == Side::Responses && *first != b'H' => Protocol::Strange,
            [first, ..] if !is_token(*first) => Protocol::Strange,
            _ if piece.starts_with(b"SSH-") => Protocol::Strange,
            _ => Protocol::Http,
        };
    }

    fn read(
        &mut self,
        piece: &[u8],
        at: u64,
        listener: &mut impl Listener,
        hidden: &mut Vec<(u64, u64)>,
    ) -> Result<(), Refusal> {
        let Stream {
            reader,
            pending,
            secrets,
            body_secrets,
            in_body,
            protocol,
            announced,
            pieces,
            surplus,
            untold,
            refused,
            side,
            ..
        } = self;
        *surplus = 0;
        let aside = !pending.is_empty();
        // Bytes that were pending have been searched for secrets when they came.
        let seen = pending.len();
        if aside {
            pending.extend_from_slice(piece);
        }
        let bytes: &[u8] = if aside { pending } else { piece };
        let mut searched = seen;
        let search =
            |secrets: &mut Tracker, searched: &mut usize, end: usize, hidden: &mut Vec<_>| {
                if end > *searched {
                    let place = at + (*searched - seen) as u64;
                    secrets.scan(&bytes[*searched..end], place, hidden);
                    *searched = end;
                }
            };
        let mut done = 0;
        // Where the present message begins.
        let mut begin = 0;
        let mut refusal = None;
        if !*in_body && !aside {
            listener.before_message(reader);
        }
        loop {
            match reader.next(&bytes[done..]) {
                Ok(Part::More) => break,
                Ok(Part::Blank(n)) => {
                    done += n;
                    search(secrets, &mut searched, done, hidden);
                    listener.framing(n as u64);
                }
                Ok(Part::Head(n)) => {
                    let head = &bytes[done..done + n];
                    if searched == done && secrets.is_fresh() {
                        // All of it came in this call: the reader knows its lines.
                        let place = at + (done - seen) as u64;
                        secrets.scan_head(reader.head(), head, place, hidden);
                        searched = done + n;
                    } else {
                        search(secrets, &mut searched, done + n, hidden);
                    }
                    *body_secrets = may_show_a_head(reader.head(), head).then(Tracker::default);
                    listener.head(reader.head(), head);
                    done += n;
                    *in_body = true;
                }
                Ok(Part::Data(n)) => {
                    done += n;
                    if let Some(tracker) = body_secrets {
                        search(tracker, &mut searched, done, hidden);
                    }
                    searched = searched.max(done);
                    secrets.new_line();
                    listener.body(n as u64);
                }
                Ok(Part::Framing(n)) => {
                    done += n;
                    search(secrets, &mut searched, done, hidden);
                    listener.framing(n as u64);
                }
                Ok(Part::End) => {
                    *in_body = false;
                    *announced = false;
                    *pieces = 0;
                    secrets.new_line();
                    if listener.end() {
                        *protocol = Protocol::Upgraded;
                        break;
                    }
                    begin = done;
                    if done == bytes.len() {
                        break;
                    }
                    listener.before_message(reader);
                }
                Err(rule) => {
                    let rest = &bytes[begin..];
                    if !*in_body && *side == Side::Responses && !rest.starts_with(b"HTTP/") {
                        *surplus = rest.len() as u64;
                    }
                    if !*in_body && *side == Side::Requests {
                        *refused = Beginning::of(rest);
                    }
                    refusal = Some(rule);
                    break;
                }
            }
        }
        if *protocol != Protocol::Upgraded {
            search(secrets, &mut searched, bytes.len(), hidden);
        }
        if refusal.is_some() {
            *protocol = Protocol::Refused;
            *untold += (bytes.len() - done) as u64;
            done = bytes.len();
        }
        if *protocol == Protocol::Upgraded {
            done = bytes.len();
        }
        if aside {
            pending.drain(..done);
        } else {
            pending.extend_from_slice(&piece[done..]);
        }
        if pending.is_empty() && pending.capacity() > BIG {
            *pending = Vec::new();
        }
        if !pending.is_empty() || *in_body {
            *pieces += 1;
        }
        match refusal.or(reader.take_oddity()) {
            Some(rule) => Err(rule),
            None => Ok(()),
        }
    }

    /// The request that is begun, and of which nobody was told.
    pub(super) fn beginning(&self) -> Option<Beginning> {
        match self.protocol {
            Protocol::Http if !self.in_body => Beginning::of(&self.pending),
            Protocol::Refused => self.refused,
            _ => None,
        }
    }

    /// The head that is begun broke a rule.
    pub(super) fn in_odd_head(&self) -> bool {
        self.reader.in_odd_head()
    }

    /// Bytes that came and that nobody reads as messages any more: the lines of a head may go on in
    /// them, so they are searched, and the next call goes on where this one ended.
    pub(super) fn pass_by(&mut self, piece: &[u8], at: u64, hidden: &mut Vec<(u64, u64)>) {
        if !self.protocol.is_foreign() {
            self.secrets.scan(piece, at, hidden);
        }
    }

    /// Bytes moved that nobody kept. False when that loses the framing, once. `nobody_asked`: no message may
    /// begin here, so that between messages they belong to the last one and are too many.
    pub(super) fn skip(
        &mut self,
        bytes: u64,
        nobody_asked: bool,
        listener: &mut impl Listener,
    ) -> bool {
        self.bytes += bytes;
        self.surplus = 0;
        match self.protocol {
            _ if bytes == 0 => true,
            Protocol::Http if self.in_body && self.pending.is_empty() => {
                let body = self.reader.body_left().unwrap_or(bytes).min(bytes);
                let rest = bytes - body;
                if !self.reader.skip(body) {
                    self.untold += bytes;
                    self.lose();
                    return false;
                }
                listener.body(body);
                self.secrets.new_line();
                if let Some(tracker) = &mut self.body_secrets {
                    tracker.unsure();
                }
                match rest {
                    0 => {
                        self.finish(listener);
                        true
                    }
                    1..=2 if self.framing() == crate::http::Framing::Chunked => {
                        // These can be nothing else (RFC 9112 7.1).
                        let end = &b"\r\n"[..rest as usize];
                        self.read(end, 0, listener, &mut Vec::new()).is_ok()
                    }
                    // The body is over, and these are too many.
                    _ if matches!(self.framing(), crate::http::Framing::ContentLength(_)) => {
                        self.finish(listener);
                        (self.surplus, self.untold) = (rest, rest);
                        true
                    }
                    _ => {
                        self.untold += rest;
                        self.lose();
                        false
                    }
                }
            }
            Protocol::Http if nobody_asked && self.is_idle() => {
                (self.surplus, self.untold) = (bytes, bytes);
                true
            }
            Protocol::Silent | Protocol::Http => {
                self.untold += bytes;
                self.lose();
                false
            }
            Protocol::Lost | Protocol::Refused => {
                self.untold += bytes;
                true
            }
            _ => true,
        }
    }

    /// The end of a message whose last bytes were skipped.
    fn finish(&mut self, listener: &mut impl Listener) {
        if let Ok(Part::End) = self.reader.next(&[]) {
            self.in_body = false;
            self.announced = false;
            self.pieces = 0;
            if listener.end() {
                self.protocol = Protocol::Upgraded;
            }
        }
    }

    /// The direction has ended. True when that is a proper end of what was going on: between messages,
    /// or of a body that runs until close.
    pub(super) fn close(&mut self, listener: &mut impl Listener) -> bool {
        if self.protocol != Protocol::Http || self.is_idle() {
            return true;
        }
        let proper = matches!(self.reader.end(&self.pending), Ok(true));
        if proper && self.in_body {
            self.in_body = false;
            listener.end();
        }
        proper
    }

    /// For bytes that are offered but (as yet) not taken: what the stream would say if they came next.
    pub(super) fn preview(&self) -> Preview {
        let until_close = || self.reader.head().framing == crate::http::Framing::UntilClose;
        let (skip, searching) = match self.protocol {
            Protocol::Http if self.in_body && self.pending.is_empty() => match until_close() {
                true => (u64::MAX, false),
                false => (self.reader.body_left().unwrap_or(0), true),
            },
            Protocol::Silent | Protocol::Http | Protocol::Lost | Protocol::Refused => (0, true),
            Protocol::Tls | Protocol::Http2 | Protocol::Upgraded | Protocol::Strange => (0, false),
        };
        let mut secrets = self.secrets.clone();
        if skip > 0 {
            secrets.new_line();
        }
        Preview {
            secrets,
            body: self.body_secrets.clone(),
            skip,
            searching,
        }
    }
}

/// Looks for secrets in bytes that a stream may never hold. After the body that is going on, every
/// line counts as one of a head: rather a line of a later body too many than a password too few.
#[derive(Debug)]
pub(super) struct Preview {
    secrets: Tracker,
    body: Option<Tracker>,
    skip: u64,
    searching: bool,
}

impl Preview {
    /// Of something whose stream is not known.
    pub(super) fn unknown() -> Preview {
        Preview {
            secrets: Tracker::default(),
            body: None,
            skip: 0,
            searching: true,
        }
    }

    /// The next piece; `at` is where it begins within the call's bytes.
    pub(super) fn scan(&mut self, piece: &[u8], at: u64, hidden: &mut Vec<(u64, u64)>) {
        let skip = usize::try_from(self.skip)
            .unwrap_or(usize::MAX)
            .min(piece.len());
        self.skip -= skip as u64;
        if let Some(tracker) = &mut self.body {
            tracker.scan(&piece[..skip], at, hidden);
        }
        if self.searching {
            self.secrets.scan(&piece[skip..], at + skip as u64, hidden);
        }
    }
}

/// Whether bytes begin with something that begins a message: used only after framing was lost.
pub(super) fn starts_message(side: Side, bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"TRACE ",
    ];
    match side {
        Side::Requests => METHODS.iter().any(|method| bytes.starts_with(method)),
        Side::Responses => bytes.starts_with(b"HTTP/1."),
    }
}

/// A character of a token (RFC 9110 5.6.2), so of a method.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
