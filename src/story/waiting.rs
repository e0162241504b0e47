//! Sleeping, and what wakes a program: calls that have begun to wait, epoll, poll and select.

use super::Story;
use super::connection::Link;
use super::fds::FdKind;
use super::interpret::{At, Whose};
use super::words::{Attempt, Note, ReadyFd, ReadyList, Wait};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls;
use crate::event::Event;
use crate::event::call::{Call, CallName, Found, Outcome, Ready, Syscall};

/// `epoll_ctl` operations.
const ADD: u32 = 1;
const DELETE: u32 = 2;

/// EPOLLERR, EPOLLHUP, EPOLLRDHUP: the other end has closed, or everything is over.
const GONE: u32 = 8 | 0x10 | 0x2000;

/// When a thread last had to do with a connection. What it sleeps from then on, until it is told of that
/// connection again, is waiting for the other end; whichever others it was told of meanwhile.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Awake {
    pub tid: Pid,
    /// How long it had slept in epoll, poll and select, in nanoseconds.
    pub slept: u64,
    pub at: u64,
}

/// Of more descriptors that are ready at once, the rest is only counted.
const LOOKED_AT: usize = 64;

impl Story {
    /// A call has begun to wait. The model does not change before it ends; but bytes it offers may hold
    /// secrets.
    pub(super) fn begun(&mut self, event: &Event<'_>, call: &Syscall<'_>) -> Whose {
        let fd = match &call.call {
            Call::Accept { fd, .. }
            | Call::Receive { fd, .. }
            | Call::ReceiveRights { fd, .. }
            | Call::ReceiveMany { fd, .. }
            | Call::Send { fd, .. }
            | Call::SendRights { fd, .. }
            | Call::SendMany { fd, .. }
            | Call::SendFile { out: fd, .. }
            | Call::Splice { output: fd, .. }
            | Call::Connect { fd, .. } => Some(*fd),
            _ => None,
        };
        let link = fd
            .and_then(|fd| self.fd(event.pid, fd))
            .and_then(|info| info.link);
        if let Call::Send { data, .. }
        | Call::SendRights { data, .. }
        | Call::SendMany { data, .. } = &call.call
        {
            self.preview(link.map(|link| (link, false)), data, 0);
        }
        let wait = match &call.call {
            Call::Accept { .. } => Wait::Connection,
            Call::Receive { .. } | Call::ReceiveMany { .. } | Call::ReceiveRights { .. } => {
                link.map_or(Wait::Something, |link| self.what_is_missing(link))
            }
            Call::Send { .. }
            | Call::SendRights { .. }
            | Call::SendMany { .. }
            | Call::SendFile { .. } => Wait::Room,
            Call::Connect { .. } => Wait::Handshake,
            Call::EpollWait { .. } | Call::Poll { .. } => Wait::Ready,
            _ if call.name == CallName::Known(calls::IO_URING_ENTER) => Wait::Result,
            _ => Wait::Something,
        };
        self.notes.push(Note::Asleep(wait));
        self.rests(event, &call.call);
        let Some(connection) = link.and_then(|link| self.connections.get(link)) else {
            return Whose::default();
        };
        Whose {
            connection: Some(connection.id),
            exchange: connection.current(),
        }
    }

    fn what_is_missing(&self, link: Link) -> Wait {
        let Some(connection) = self.connections.get(link) else {
            return Wait::Something;
        };
        let stream = connection.stream(true);
        match connection.client {
            _ if !stream.is_idle() => Wait::Rest,
            true => Wait::Answer,
            false if stream.bytes == 0 => Wait::FirstByte,
            false => Wait::NextRequest,
        }
    }

    pub(super) fn epoll_control(
        &mut self,
        at: &At<'_>,
        epoll: Fd,
        op: u32,
        fd: Fd,
        (events, data): (u32, u64),
    ) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
            return Whose::default();
        }
        let Some(info) = self.processes.at(at.process).seen(fd) else {
            return Whose::default();
        };
        info.watched = if op == DELETE { 0 } else { events };
        let link = info.link;
        let listener = info.kind == FdKind::Listener;
        self.notes.push(match op {
            DELETE => Note::Unwatched(fd),
            _ => Note::Watching {
                fd,
                events,
                before: op != ADD,
                listener,
            },
        });
        let key = (op != DELETE).then(|| word(epoll, data));
        if let Some(key) = key {
            self.watches.insert(key, fd.0);
        }
        if let Some(info) = self.processes.at(at.process).get_mut(fd)
            && let Some(old) = std::mem::replace(&mut info.watch, key)
            && Some(old) != key
        {
            self.watches.remove(&old);
        }
        if let Some(epoll) = self.processes.at(at.process).seen(epoll) {
            epoll.kind = FdKind::Epoll;
        }
        if link.is_some() {
            self.threads.works_for(at.thread, link);
        }
        self.whose(at, link)
    }

    pub(super) fn epoll_wait(
        &mut self,
        at: &At<'_>,
        epoll: Fd,
        ready: &Ready<'_>,
        timeout: i64,
    ) -> Whose {
        self.waits();
        self.threads.slept(at);
        let count = match at.outcome.returned() {
            None => {
                self.failed(at, Attempt::Wait);
                return Whose::default();
            }
            Some(0) => {
                self.notes.push(nothing_ready(timeout));
                return Whose::default();
            }
            Some(count) => count as u32,
        };
        let mut list = ReadyList::new(count);
        for (index, (events, data)) in ready.iter().take(LOOKED_AT).enumerate() {
            let fd = self.watched(at, epoll, data);
            self.woken(at, fd, events);
            if let Some(place) = list.list.get_mut(index) {
                *place = self.ready_fd(at, fd, events);
            }
        }
        self.notes.push(Note::Ready(list));
        // Whatever was worked for before, the thread is free now.
        self.threads.works_for(at.thread, None);
        Whose::default()
    }

    /// A thread was woken for this descriptor: by its connection's exchange, if one is going on.
    fn woken(&mut self, at: &At<'_>, fd: i32, events: u32) {
        let link = self
            .processes
            .at(at.process)
            .get(Fd(fd))
            .and_then(|info| info.link);
        let Some(connection) = link.and_then(|link| self.connections.get_mut(link)) else {
            return;
        };
        if events & GONE != 0 {
            connection.watched.gone();
        }
        let (before, now) = (connection.awake, self.threads.awake(at));
        connection.awake = now;
        if let Some((spent, started)) = connection.spent() {
            spent.wakes += 1;
            spent.ready += match before.tid == now.tid && before.at >= started {
                true => now.slept - before.slept,
                false => at.now.saturating_sub(at.enter.max(started).max(before.at)),
            };
        }
    }

    fn ready_fd(&mut self, at: &At<'_>, fd: i32, events: u32) -> ReadyFd {
        let info = self.processes.at(at.process).get(Fd(fd));
        ReadyFd {
            fd,
            events,
            listener: info.is_some_and(|info| info.kind == FdKind::Listener),
        }
    }

    /// The descriptor behind a data word: as it was registered, or the word itself where that was not
    /// seen and it plausibly is one.
    fn watched(&mut self, at: &At<'_>, epoll: Fd, data: u64) -> i32 {
        if let Some(fd) = self.watches.get(&word(epoll, data)) {
            return *fd;
        }
        let number = i32::try_from(data).unwrap_or(-1);
        let known = self
            .processes
            .at(at.process)
            .get(Fd(number))
            .is_some_and(|info| info.open);
        if known { number } else { -1 }
    }

    pub(super) fn poll(&mut self, at: &At<'_>, fds: u64, found: &Found<'_>, timeout: i64) -> Whose {
        self.waits();
        self.threads.slept(at);
        match at.outcome {
            Outcome::Returned(0) => self.notes.push(nothing_ready(timeout)),
            Outcome::Returned(_) => self.found(at, fds, found),
            Outcome::Failed(_) | Outcome::Unknown => self.failed(at, Attempt::Wait),
        }
        self.threads.works_for(at.thread, None);
        Whose::default()
    }

    /// `select` counts bits, and a descriptor may have two: what is said is how many descriptors. Where
    /// the answer's memory is not known, its number is.
    fn found(&mut self, at: &At<'_>, fds: u64, found: &Found<'_>) {
        let count = found.iter().count() as u32;
        if count == 0 {
            let returned = at.outcome.returned().unwrap_or(0);
            self.notes.push(Note::PollReady(returned as u64, fds));
            return;
        }
        let mut list = ReadyList::new(count);
        for (index, (fd, events)) in found.iter().take(LOOKED_AT).enumerate() {
            self.woken(at, fd, events);
            if let Some(place) = list.list.get_mut(index) {
                *place = self.ready_fd(at, fd, events);
            }
        }
        self.notes.push(Note::Ready(list));
    }
}

/// An epoll and a data word, as one key. Two epolls rarely use the same word for different things, and
/// when they do only a note's number is wrong.
fn word(epoll: Fd, data: u64) -> u64 {
    data ^ (u64::from(epoll.0 as u32) << 48)
}

/// What 0 means: who only looks has no time that could be over.
fn nothing_ready(timeout: i64) -> Note {
    match timeout {
        0 => Note::NothingReady,
        _ => Note::TimeOut,
    }
}
