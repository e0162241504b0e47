//! What a message means for the exchange it belongs to: listeners to the two streams of a connection.
//!
//! In: heads, body bytes and ends, as a stream finds them. Out: exchanges that begin, go on and end, and
//! what is told of one call (`Moved`). Which bytes belong to which message is `stream`'s part.

use super::beginning::{Beginning, minor};
use super::connection::Moved;
use super::exchange::{CallCounts, Exchange, Fate, History};
use super::findings::Watched;
use super::stream::Listener;
use super::text::Text;
use super::{ConnectionId, ExchangeId};
use crate::http::{Framing, Head, Reader, StartLine};
use std::collections::VecDeque;

/// Hears requests.
pub(super) struct RequestEar<'c> {
    pub connection: ConnectionId,
    pub waiting: &'c mut VecDeque<Exchange>,
    pub requests: &'c mut u32,
    pub pieces: u32,
    /// When the first byte of the present message came.
    pub started: &'c mut u64,
    pub now: u64,
    pub last_id: &'c mut u32,
    pub watched: &'c mut Watched,
    /// The exchange of the present head, which was answered before it was complete.
    pub early: &'c mut Option<ExchangeId>,
    pub moved: &'c mut Moved,
}

impl RequestEar<'_> {
    /// The head of a request that was answered already: no exchange of its own.
    fn completes(&mut self, id: ExchangeId, head: &Head, bytes: &[u8]) {
        self.moved.heads += 1;
        if let Some(heard) = self.moved.begin() {
            heard.exchange = id;
            heard.line = Some(request_line(head, bytes).0);
            heard.head = bytes.len() as u64;
            heard.minor = minor(head.version_text(bytes));
            heard.framing = Some(head.framing);
            heard.pieces = self.pieces;
        }
        if let Some(exchange) = self.waiting.back_mut().filter(|e| e.id == id) {
            exchange.bytes_in = bytes.len() as u64;
            exchange.framing = Some(head.framing);
        }
        self.pieces = 1;
    }
}

impl Listener for RequestEar<'_> {
    fn before_message(&mut self, _: &mut Reader) {}

    fn head(&mut self, head: &Head, bytes: &[u8]) {
        if let Some(id) = self.early.take() {
            return self.completes(id, head, bytes);
        }
        *self.last_id += 1;
        *self.requests += 1;
        self.watched.request(head.expects_continue, head.keep_alive);
        let (line, method) = request_line(head, bytes);
        self.moved.heads += 1;
        if let Some(heard) = self.moved.begin() {
            heard.exchange = ExchangeId(*self.last_id);
            heard.line = Some(line);
            heard.head = bytes.len() as u64;
            heard.minor = minor(head.version_text(bytes));
            heard.framing = Some(head.framing);
            heard.pieces = self.pieces;
            heard.expects_continue = head.expects_continue;
        }
        self.waiting.push_back(Exchange {
            id: ExchangeId(*self.last_id),
            connection: self.connection,
            line,
            method,
            minor: minor(head.version_text(bytes)),
            framing: Some(head.framing),
            pieces: self.pieces,
            bytes_in: bytes.len() as u64,
            started: *self.started,
            ..Exchange::default()
        });
        self.pieces = 1;
    }

    fn body(&mut self, bytes: u64) {
        let Some(exchange) = self.waiting.back_mut() else {
            return;
        };
        exchange.request_body += bytes;
        exchange.bytes_in += bytes;
        if let Some(heard) = self.moved.current() {
            heard.exchange = exchange.id;
            heard.body += bytes;
            heard.body_so_far = exchange.request_body;
            heard.framing = exchange.framing;
            heard.pieces = self.pieces;
        }
    }

    fn framing(&mut self, bytes: u64) {
        if let Some(exchange) = self.waiting.back_mut()
            && !exchange.asked
        {
            exchange.bytes_in += bytes;
        }
    }

    fn end(&mut self) -> bool {
        self.moved.completed += 1;
        *self.started = self.now;
        let Some(exchange) = self.waiting.back_mut() else {
            return false;
        };
        exchange.asked = true;
        exchange.pieces = exchange.pieces.max(self.pieces);
        if let Some(heard) = self.moved.current() {
            heard.exchange = exchange.id;
            heard.body_so_far = exchange.request_body;
            heard.framing = exchange.framing;
            heard.pieces = exchange.pieces;
            heard.complete = true;
        }
        false
    }
}

/// How many body bytes a head says there are, where it says so.
fn promised(framing: Option<Framing>) -> Option<u64> {
    match framing? {
        Framing::ContentLength(bytes) => Some(bytes),
        Framing::None | Framing::Chunked | Framing::UntilClose => None,
    }
}

/// Method, space, target; and how long the method is.
fn request_line(head: &Head, bytes: &[u8]) -> (Text, u8) {
    let StartLine::Request { method, target, .. } = head.start else {
        return (Text::EMPTY, 0);
    };
    let mut line = Text::new(method.of(bytes));
    let method = line.as_bytes().len() as u8;
    line.push(b" ");
    line.push(target.of(bytes));
    (line, method)
}

/// Hears responses.
pub(super) struct ResponseEar<'c> {
    pub connection: ConnectionId,
    pub waiting: &'c mut VecDeque<Exchange>,
    pub answered: &'c mut u32,
    pub now: u64,
    pub last_id: &'c mut u32,
    pub history: &'c mut History,
    pub watched: &'c mut Watched,
    /// The request that is begun and not complete: the response is its answer, where no other waits.
    pub begun: Option<Begun>,
    pub requests: &'c mut u32,
    /// That one's exchange, once it is answered.
    pub early: &'c mut Option<ExchangeId>,
    pub moved: &'c mut Moved,
}

/// A request that is answered before its head is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub what: Beginning,
    /// How many bytes of it came, in how many calls.
    pub bytes: u64,
    pub pieces: u32,
    pub calls: CallCounts,
    /// When the first came.
    pub started: u64,
}

impl ResponseEar<'_> {
    /// The exchange that is being answered. A response nobody asked for (the trace began late, or the
    /// server gave up on a request that never became complete) gets one of its own.
    fn exchange(&mut self) -> &mut Exchange {
        if self.waiting.is_empty() {
            *self.last_id += 1;
            let id = ExchangeId(*self.last_id);
            let mut exchange = Exchange {
                id,
                connection: self.connection,
                started: self.now,
                ..Exchange::default()
            };
            if let Some(begun) = self.begun.take() {
                *self.requests += 1;
                *self.early = Some(id);
                exchange.line = begun.what.line;
                exchange.method = begun.what.method;
                exchange.minor = begun.what.minor;
                exchange.bytes_in = begun.bytes;
                exchange.pieces = begun.pieces;
                exchange.calls = begun.calls;
                exchange.started = begun.started;
            }
            self.waiting.push_back(exchange);
        }
        &mut self.waiting[0]
    }
}

impl Listener for ResponseEar<'_> {
    fn before_message(&mut self, reader: &mut Reader) {
        match self.waiting.front() {
            Some(exchange) if !exchange.line.is_empty() => reader.answer_to(exchange.method()),
            None if self.begun.is_some() => {
                reader.answer_to(self.begun.as_ref().map_or(b"GET", |b| b.what.method()));
            }
            _ => reader.answer_to(b"GET"),
        }
    }

    fn head(&mut self, head: &Head, bytes: &[u8]) {
        let StartLine::Response { status, reason, .. } = head.start else {
            return;
        };
        let now = self.now;
        self.watched.closes |= !head.keep_alive && (status >= 200 || status == 101);
        let exchange = self.exchange();
        exchange.first_byte.get_or_insert(now);
        exchange.bytes_out += bytes.len() as u64;
        if !(100..200).contains(&status) || status == 101 {
            exchange.status = status;
            exchange.answer_framing = Some(head.framing);
        }
        let (id, to_head) = (exchange.id, exchange.method() == b"HEAD");
        self.moved.heads += 1;
        if let Some(heard) = self.moved.begin() {
            heard.exchange = id;
            heard.line = Some(Text::new(reason.of(bytes)));
            heard.head = bytes.len() as u64;
            heard.minor = head.version.minor;
            heard.status = status;
            heard.framing = Some(head.framing);
            heard.to_head = to_head;
        }
    }

    fn body(&mut self, bytes: u64) {
        let exchange = self.exchange();
        exchange.response_body += bytes;
        exchange.bytes_out += bytes;
        let (id, so_far, status) = (exchange.id, exchange.response_body, exchange.status);
        let framing = exchange.answer_framing;
        if let Some(heard) = self.moved.current() {
            heard.exchange = id;
            heard.body += bytes;
            heard.body_so_far = so_far;
            heard.framing = framing;
            heard.status = status;
        }
    }

    fn framing(&mut self, bytes: u64) {
        if let Some(exchange) = self.waiting.front_mut() {
            exchange.bytes_out += bytes;
        }
    }

    fn end(&mut self) -> bool {
        self.moved.completed += 1;
        let now = self.now;
        let exchange = self.exchange();
        let (id, status, so_far) = (exchange.id, exchange.status, exchange.response_body);
        let framing = exchange.answer_framing;
        let tunnel =
            status == 101 || (exchange.method() == b"CONNECT" && (200..300).contains(&status));
        let final_one = framing.is_some();
        if let Some(heard) = self.moved.current() {
            heard.exchange = id;
            heard.body_so_far = so_far;
            heard.complete = true;
            if heard.line.is_none() {
                heard.framing = framing;
                heard.status = status;
            }
        }
        if final_one && let Some(mut exchange) = self.waiting.pop_front() {
            exchange.end(now, Fate::Answered);
            let to_head = exchange.method() == b"HEAD";
            // Of a request that nobody saw it is not known whether its answer has a body.
            let promised = promised(framing).filter(|_| !exchange.line.is_empty());
            self.watched.last = Some((exchange.id, promised, to_head));
            *self.answered += 1;
            self.history.push(exchange);
        }
        tunnel
    }
}
