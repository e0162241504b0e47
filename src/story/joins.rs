//! Proxies: which request that a program makes serves which request that it was asked.
//!
//! In: who read a request and when (server side); connections made and requests written (client side).
//! Out: an exchange's `serves`, and its note. Nothing in the bytes says so, and what a program does between
//! its calls is not seen; so a thread counts as working for a request from the call that read it to the next
//! wait for several things at once, and a link is made only if nothing else can be meant:
//!
//! - a thread that reads from a descriptor that waits (a thread or a process for each connection) works for
//!   one request at a time: other threads do not matter;
//! - a thread that reads from one that never waits may work for any request of its process (an event loop,
//!   or a runtime that moves tasks between threads): with several open, the request lines decide, if they
//!   agree with who worked and no other has the same; otherwise nothing does;
//! - a connection made while working for a request carries that meaning to the first request it sends;
//! - what went through a ring (io_uring) never waits, and counts as done when it was queued.
//!
//! Left out on purpose: work handed to another thread, pipelined requests, and a program that talks to
//! itself. There, no link is made (docs/story.md).

use super::connection::{Connection, Link};
use super::fds::FdKind;
use super::interpret::At;
use super::peers::host;
use super::ring::waits_for_results;
use super::words::Note;
use super::{ExchangeId, Story};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::address::Address;
use crate::event::call::{Call, Syscall};

/// `0.0.0.0`, `::` and `::1`, as `peers` writes hosts.
const ANY_V4: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0];
const ANY_V6: [u8; 16] = [0; 16];
const LOOPBACK_V6: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// Who read the request of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadBy {
    /// The thread's small number.
    thread: u32,
    /// Its process.
    process: Pid,
    /// The descriptor's calls wait.
    waits: bool,
}

/// What a thread has read since it last waited for several things.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Turn {
    #[default]
    Nothing,
    One(Link),
    Several,
}

/// The request that a client's connection was made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose {
    link: Link,
    exchange: ExchangeId,
    /// Nothing else could be meant when it was made.
    sure: bool,
}

/// The exchange that this connection is busy with, if it is one only.
fn busy_with(connection: &Connection) -> Option<ExchangeId> {
    let open = !connection.client && connection.waiting.len() == 1;
    connection.current().filter(|_| open)
}

fn is_busy(connection: &Connection) -> bool {
    !connection.client && !connection.waiting.is_empty()
}

/// A connection to this address is one to ourselves, who listen at `here`.
fn ourselves(here: &Address, there: &Address) -> bool {
    let (Some(own), Some(other)) = (host(here), host(there)) else {
        return here == there;
    };
    let any = matches!(own, ANY_V4 | ANY_V6);
    let loopback = matches!(
        other,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, ..] | LOOPBACK_V6
    );
    here.port() == there.port() && (own == other || (any && loopback))
}

impl Story {
    /// A thread that waits for several things at once, or takes the next connection, may go on with
    /// anything. Asking without waiting, or waiting for one thing, changes nothing.
    #[inline]
    pub(super) fn look_for_turns(&mut self, at: &At<'_>, syscall: &Syscall<'_>) {
        let over = match &syscall.call {
            Call::EpollWait { timeout, .. } => *timeout != 0,
            Call::Poll { fds, timeout, .. } => *timeout != 0 && *fds != 1,
            Call::Accept { .. } => at.worked(),
            Call::Other => waits_for_results(syscall),
            _ => false,
        };
        if over {
            *self.threads.turn(at.thread) = Turn::Nothing;
        }
    }

    /// A server's thread has read bytes of a request.
    pub(super) fn request_read(&mut self, at: &At<'_>, link: Link, fd: Fd) {
        let info = self.processes.at(at.process).get(fd);
        // A ring waits in the thread's stead.
        let waits = info.is_some_and(|info| !info.nonblocking && info.generation > 0)
            && self.rings.result_of.is_none();
        let process = self.processes.at(at.process).pid;
        let thread = self.threads.number_at(at.thread);
        let Some(connection) = self.connections.get_mut(link).filter(|c| !c.client) else {
            return;
        };
        connection.read_by = Some(ReadBy {
            thread,
            process,
            waits,
        });
        let before = *self.threads.turn(at.thread);
        *self.threads.turn(at.thread) = match before {
            Turn::One(other)
                if other != link && self.connections.get(other).is_some_and(is_busy) =>
            {
                Turn::Several
            }
            Turn::Several => Turn::Several,
            Turn::One(_) | Turn::Nothing => Turn::One(link),
        };
    }

    /// What the thread at this place works for, as far as it can be known. The result of an operation in a
    /// ring belongs to what the thread worked for when that was queued.
    pub(super) fn works_on(&mut self, thread: usize) -> Option<Purpose> {
        if let Some(queued_for) = self.rings.result_of {
            return queued_for;
        }
        let Turn::One(link) = *self.threads.turn(thread) else {
            return None;
        };
        let connection = self.connections.get(link)?;
        let exchange = busy_with(connection)?;
        let read_by = connection.read_by?;
        let own = read_by.thread == self.threads.number_at(thread);
        let sure = self.rivals(link, read_by).next().is_none();
        own.then_some(Purpose {
            link,
            exchange,
            sure,
        })
    }

    /// Other connections whose requests might be meant as well.
    fn rivals(&self, link: Link, read_by: ReadBy) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(move |other| {
            let near = |by: ReadBy| match read_by.waits {
                true => by.thread == read_by.thread,
                false => by.process == read_by.process,
            };
            other.id != link.id && is_busy(other) && other.read_by.is_some_and(near)
        })
    }

    /// A connection is made by us, as a client.
    pub(super) fn client_begins(&mut self, at: &At<'_>, link: Link, to: Option<&Address>) {
        let listens = |here: &Address| to.is_some_and(|to| ourselves(here, to));
        let table = self.processes.at(at.process);
        let loops = table.iter().any(|info| {
            let listener = info.open && info.kind == FdKind::Listener;
            listener && info.local.as_ref().is_some_and(listens)
        });
        let purpose = self.works_on(at.thread).filter(|_| !loops);
        if let Some(connection) = self.connections.get_mut(link) {
            connection.talks_to_us = loops;
            connection.purpose = purpose;
        }
    }

    /// A request was written by us, as a client: the last exchange of `link` has begun.
    pub(super) fn client_asks(&mut self, at: &At<'_>, link: Link) {
        let now = self.works_on(at.thread);
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let made_for = connection.purpose.take();
        let (alone, loops) = (self.moved.heads == 1, connection.talks_to_us);
        let still_open = |purpose: &Purpose| {
            let downstream = self.connections.get(purpose.link);
            downstream.and_then(busy_with) == Some(purpose.exchange)
        };
        let purpose = match (made_for.filter(still_open), now) {
            (Some(one), Some(other)) if one.exchange != other.exchange => None,
            (made_for, now) => made_for.filter(|purpose| purpose.sure).or(now).or(made_for),
        };
        let Some(purpose) = purpose.filter(|_| alone && !loops) else {
            return;
        };
        if !purpose.sure && !self.lines_agree(link, purpose) {
            return;
        }
        let upstream = self.connections.get_mut(link);
        if let Some(exchange) = upstream.and_then(|connection| connection.waiting.back_mut()) {
            exchange.serves = Some(purpose.exchange);
            let whose = purpose.link.id;
            self.notes
                .push(Note::Serves(exchange.id, purpose.exchange, whose));
        }
    }

    /// Upstream is asked for what downstream asked for, and for nothing that a rival asked for.
    fn lines_agree(&self, upstream: Link, purpose: Purpose) -> bool {
        let Some(downstream) = self.connections.get(purpose.link) else {
            return false;
        };
        let asked = self
            .connections
            .get(upstream)
            .and_then(|c| c.waiting.back());
        let (Some(asked), Some(read_by)) = (asked, downstream.read_by) else {
            return false;
        };
        let same = |connection: &Connection| {
            let mut lines = connection.waiting.iter().map(|exchange| &exchange.line);
            lines.any(|line| line.as_bytes() == asked.line.as_bytes())
        };
        !asked.line.is_cut() && same(downstream) && !self.rivals(purpose.link, read_by).any(same)
    }
}
