//! Exchanges: one request and its response, and how many calls they cost.
//!
//! A server may answer millions; the first and the last few are kept whole, the rest as totals, so
//! that memory stays the same however long the trace is.

use super::text::Text;
use super::{ConnectionId, ExchangeId};
use crate::abi::calls::CallId;
use crate::event::call::CallName;
use crate::http::Framing;
use std::collections::VecDeque;

/// How many exchanges are kept from the beginning of a trace, and as many from its end.
pub const KEPT: usize = 16;

/// How many kinds of calls one exchange counts by name.
const KINDS: usize = 8;

/// How many calls of each kind were made for something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CallCounts {
    kinds: [(u16, u32); KINDS],
    len: u8,
    other: u32,
}

impl CallCounts {
    /// Counts one call.
    #[inline]
    pub(super) fn add(&mut self, name: CallName<'_>) {
        let CallName::Known(CallId(id)) = name else {
            self.other += 1;
            return;
        };
        let len = usize::from(self.len);
        match self.kinds[..len].iter_mut().find(|(kind, _)| *kind == id) {
            Some((_, count)) => *count += 1,
            None if len < KINDS => {
                self.kinds[len] = (id, 1);
                self.len += 1;
            }
            None => self.other += 1,
        }
    }

    /// Each kind and how many, in the order of their first use.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, u32)> {
        self.kinds[..usize::from(self.len)]
            .iter()
            .map(|(kind, count)| (CallId(*kind), *count))
    }

    /// Calls beyond the kinds that are counted by name.
    pub fn other(&self) -> u32 {
        self.other
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        let named: u64 = self.iter().map(|(_, count)| u64::from(count)).sum();
        named + u64::from(self.other)
    }
}

/// How an exchange stands, or how it ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Fate {
    /// The response is not complete yet.
    #[default]
    Open,
    /// Request and response were complete.
    Answered,
    /// The connection ended before any byte of a response.
    Unanswered,
    /// The connection ended inside the response.
    Cut,
    /// The response began, and where it ended cannot be told.
    Lost,
}

/// Where the time of an exchange went, in nanoseconds, from the first byte of its request to its end. What
/// is not here went by in the program itself (or while it was not on a CPU).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Spent {
    /// In calls that receive: as a rule, waiting for the other end.
    pub receiving: u64,
    /// In calls that send: as a rule, waiting for room.
    pub sending: u64,
    /// In `epoll_wait`, `poll`, `select`, until they told of this connection.
    pub ready: u64,
    /// How often those did.
    pub wakes: u32,
    /// Calls that would have had to wait, and said EAGAIN instead.
    pub again: u32,
}

/// One request and its response.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// r1, r2, … over the whole trace.
    pub id: ExchangeId,
    /// The connection it went over.
    pub connection: ConnectionId,
    /// The exchange that it was made for, where the program is a proxy and that is certain.
    pub serves: Option<ExchangeId>,
    /// Method, a space and the target; empty when only the response was seen.
    pub line: Text,
    /// How many bytes of `line` are the method.
    pub method: u8,
    /// The digit after `HTTP/1.`.
    pub minor: u8,
    /// How the length of the request's body is known.
    pub framing: Option<Framing>,
    /// The request is complete.
    pub asked: bool,
    /// Body bytes of the request so far.
    pub request_body: u64,
    /// How many calls the request came in (or went out in).
    pub pieces: u32,
    /// The status; 0 before there is one. 1xx responses that are not final do not count.
    pub status: u16,
    /// How the length of the response's body is known.
    pub answer_framing: Option<Framing>,
    /// Body bytes of the response so far.
    pub response_body: u64,
    /// All bytes of the request, head and framing included.
    pub bytes_in: u64,
    /// All bytes of the response, head and framing included.
    pub bytes_out: u64,
    /// Calls made for it, from the one that brought its first byte to the one that ended it.
    pub calls: CallCounts,
    /// Where its time went.
    pub spent: Spent,
    /// When its first byte was there, in nanoseconds since watching began.
    pub started: u64,
    /// When the first byte of its response was there.
    pub first_byte: Option<u64>,
    /// When it ended.
    pub ended: Option<u64>,
    /// How it stands.
    pub fate: Fate,
}

impl Exchange {
    /// It is over. Threads can be in several calls at once for it: what they add up to is no longer than it took.
    pub(super) fn end(&mut self, now: u64, fate: Fate) {
        self.ended = Some(now);
        self.fate = fate;
        let mut left = now.saturating_sub(self.started);
        let Spent {
            receiving,
            sending,
            ready,
            ..
        } = &mut self.spent;
        for part in [sending, receiving, ready] {
            *part = left.min(*part);
            left -= *part;
        }
    }

    /// The method's bytes (hostile).
    pub fn method(&self) -> &[u8] {
        &self.line.as_bytes()[..usize::from(self.method)]
    }

    /// The target's bytes (hostile), as far as they were kept.
    pub fn target(&self) -> &[u8] {
        self.line
            .as_bytes()
            .get(usize::from(self.method) + 1..)
            .unwrap_or(&[])
    }

    /// From the first byte of the request to the first byte of the response, in nanoseconds.
    pub fn time_to_first_byte(&self) -> Option<u64> {
        self.first_byte
            .map(|first| first.saturating_sub(self.started))
    }

    /// The time that went by outside of calls that wait, in nanoseconds.
    pub fn in_program(&self) -> Option<u64> {
        let Spent {
            receiving,
            sending,
            ready,
            ..
        } = self.spent;
        self.total_time()
            .map(|total| total.saturating_sub(receiving + sending + ready))
    }

    /// From the first byte of the request to the end, in nanoseconds.
    pub fn total_time(&self) -> Option<u64> {
        self.ended.map(|end| end.saturating_sub(self.started))
    }
}

/// The exchanges that have ended: the first, the last, and sums over all.
#[derive(Debug, Default)]
pub struct History {
    first: Vec<Exchange>,
    last: VecDeque<Exchange>,
    just: Vec<Exchange>,
    /// How many have ended.
    pub count: u64,
    /// How many of them were answered whole.
    pub answered: u64,
    /// Calls made for all of them.
    pub calls: u64,
    /// Sum of their total times, in nanoseconds.
    pub time: u64,
}

impl History {
    /// Another event begins.
    #[inline]
    pub(super) fn begin_step(&mut self) {
        self.just.clear();
    }

    /// Those that the present event ended.
    #[inline]
    pub(super) fn just_ended(&self) -> &[Exchange] {
        &self.just
    }

    pub(super) fn push(&mut self, exchange: Exchange) {
        self.just.push(exchange.clone());
        self.count += 1;
        self.answered += u64::from(exchange.fate == Fate::Answered);
        self.calls += exchange.calls.total();
        self.time += exchange.total_time().unwrap_or(0);
        if self.first.len() < KEPT {
            self.first.push(exchange);
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(exchange);
    }

    /// Bytes went out behind the response of an exchange that has ended.
    pub(super) fn behind(&mut self, id: ExchangeId, bytes: u64) {
        let kept = self.first.iter_mut().chain(&mut self.last);
        for exchange in kept.chain(&mut self.just).filter(|e| e.id == id) {
            exchange.bytes_out += bytes;
        }
    }

    /// The status that one of those that are kept was answered with.
    pub(super) fn status(&self, id: ExchangeId) -> Option<u16> {
        let mut kept = self.last.iter().rev().chain(&self.first);
        kept.find(|exchange| exchange.id == id).map(|e| e.status)
    }

    /// The first ones.
    pub fn first(&self) -> &[Exchange] {
        &self.first
    }

    /// The last ones, without those among the first.
    pub fn last(&self) -> impl Iterator<Item = &Exchange> {
        self.last.iter()
    }

    /// How many are left out between the first and the last.
    pub fn left_out(&self) -> u64 {
        self.count - (self.first.len() + self.last.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_and_the_last_exchanges_are_kept() {
        let mut history = History::default();
        for id in 1..=1000 {
            history.push(Exchange {
                id: ExchangeId(id),
                ..Exchange::default()
            });
        }
        assert_eq!(history.first()[KEPT - 1].id, ExchangeId(KEPT as u32));
        assert_eq!(history.last().last().map(|e| e.id), Some(ExchangeId(1000)));
        assert_eq!(history.left_out(), 1000 - 2 * KEPT as u64);
    }

    #[test]
    fn calls_beyond_eight_kinds_are_counted_together() {
        let mut counts = CallCounts::default();
        for id in 0..10 {
            counts.add(CallName::Known(CallId(id)));
            counts.add(CallName::Known(CallId(0)));
        }
        assert_eq!(counts.iter().next(), Some((CallId(0), 11)));
        assert_eq!((counts.other(), counts.total()), (2, 20));
    }
}
