//! Descriptors that nobody closes: when `fd-leak` is said.
//!
//! In: what is open when somebody asks, and who has gone on to other things since. Out: one finding for all
//! of them. An open number alone proves nothing: a server may be about to close it, answer a client that has
//! said its last word, linger, or keep files open on purpose. So a connection leaks when nothing is left to do on
//! it and whoever used it last works elsewhere; a file leaks when it is opened again and again.

use super::connection::Link;
use super::fds::{FdInfo, FdKind, Process};
use super::interpret::At;
use super::words::{Finding, Left, Place};
use super::{ConnectionId, Story};
use crate::abi::{Fd, Pid};
use crate::event::call::Call;
use crate::event::{Event, What};

/// So often must a thread have turned to other connections: once may be the way to a `close` that was put off
/// until the next round of a loop.
const MOVED_ON: u32 = 4;

/// A process that slept so long, in nanoseconds, because nobody wanted anything, had time to close.
const REST: u64 = 100_000_000;

/// Who used something last, and how often that thread had turned to other things then.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Mark {
    /// The thread.
    pub tid: Pid,
    /// Its process.
    pub pid: Pid,
    /// How often it had turned to something else.
    pub turns: u32,
    /// When.
    pub at: u64,
    /// Once the thread has ended: when, and how often it had turned to something else by then.
    pub gone: Option<(u64, u32)>,
}

/// What leaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Leak {
    pub finding: Finding,
    pub place: Place,
    pub pid: Pid,
    pub number: i32,
}

impl Story {
    /// The descriptors that leak, by process and number; a connection once, whoever has it.
    pub(super) fn leaks(&self) -> Vec<Leak> {
        let mut found: Vec<Leak> = Vec::new();
        if !self.sees_all() || self.sees.no_close {
            return found;
        }
        for process in self.processes.iter() {
            for info in process.iter().filter(|info| info.open) {
                let left = match info.kind {
                    kind if kind.is_connection() => self.connection_left(process, info),
                    FdKind::File | FdKind::Directory => self.file_left(process, info),
                    _ => None,
                };
                let Some((left, connection)) = left else {
                    continue;
                };
                let place = Place {
                    connection: Some(connection),
                    ..Place::default()
                };
                let told = |leak: &Leak| left != Left::File && leak.place == place;
                if !found.iter().any(told) {
                    found.push(Leak {
                        finding: Finding::FdLeak {
                            fd: Fd(info.number),
                            left,
                        },
                        place,
                        pid: process.pid,
                        number: info.number,
                    });
                }
            }
        }
        found
    }

    /// The descriptors of a process that leak.
    pub fn leaking(&self, pid: Pid) -> Vec<Fd> {
        let leaks = self.leaks().into_iter().filter(|leak| leak.pid == pid);
        leaks.map(|leak| Fd(leak.number)).collect()
    }

    /// A connection on which nothing is left to do, and that nobody minds any more.
    fn connection_left(&self, process: &Process, info: &FdInfo) -> Option<(Left, ConnectionId)> {
        let connection = self.connections.get(info.link?)?;
        let lost = self.findings.lost_after(connection.touched.at);
        if !connection.waiting.is_empty() || (connection.said_no_more && !connection.ended) || lost
        {
            return None;
        }
        // Who waits for a descriptor may wait for the client to close first, and would hear the next request.
        let minded = info.nonblocking || info.watched != 0;
        let quiet = connection.answered > 0 && connection.request.is_idle() && !minded;
        let left = match connection.ended {
            true if connection.client => Left::ByServer,
            true => Left::ByClient,
            false if connection.client || !quiet => return None,
            false if connection.watched.closes => Left::Answered,
            false if !process.polls && !process.threaded => Left::Unheard,
            false => return None,
        };
        let moved_on = self.moved_on(process, info, connection.touched);
        moved_on.then_some((left, connection.id))
    }

    /// Whoever used the connection last, in this process or another, has turned to other things for good.
    fn moved_on(&self, process: &Process, info: &FdInfo, mark: Mark) -> bool {
        let turns = match mark.gone {
            _ if mark.pid != process.pid => return process.turned > info.opened,
            Some((gone, _)) if process.turned > gone => return true,
            Some((_, turns)) => turns,
            None => self.threads.turns(mark.tid),
        };
        process.rested > mark.at || turns.saturating_sub(mark.turns) >= MOVED_ON
    }

    /// A call has ended that waits for others: what its process could have done meanwhile.
    pub(super) fn turned(&mut self, at: &At<'_>, call: &Call<'_>) {
        let process = self.processes.at(at.process);
        match call {
            // Libraries ask at the start whether 0, 1 and 2 are there, and do not wait.
            Call::Poll { timeout: 0, .. } => {}
            Call::EpollWait { .. } | Call::Poll { .. } => process.polls = true,
            Call::Accept { .. } if at.worked() => process.turned = at.now,
            Call::Accept { .. } => {}
            _ => return,
        }
        if at.now.saturating_sub(at.enter) >= REST {
            process.rested = process.rested.max(at.enter);
            process.turned = process.turned.max(at.enter);
        }
    }

    /// A call waits for others, and has for a while.
    pub(super) fn rests(&mut self, event: &Event<'_>, call: &Call<'_>) {
        if let What::Enter(_) = event.what
            && matches!(
                call,
                Call::Accept { .. } | Call::EpollWait { .. } | Call::Poll { .. }
            )
        {
            let process = self.processes.place(event.pid);
            let process = self.processes.at(process);
            process.rested = process.rested.max(event.t);
            process.turned = process.turned.max(event.t);
        }
    }

    /// A thread has ended: whatever it used last is left to others.
    pub(super) fn leaves(&mut self, tid: Pid, now: u64) {
        let turns = self.threads.turns(tid);
        for connection in self.connections.iter_mut() {
            let mark = &mut connection.touched;
            if mark.tid == tid && mark.gone.is_none() {
                mark.gone = Some((now, turns));
            }
        }
    }

    /// What a process leaks when it ends, told before its table goes.
    pub(super) fn leaks_of(&mut self, pid: Pid) {
        for leak in self.leaks() {
            if leak.pid == pid {
                self.finds(leak.finding, leak.place);
            }
        }
    }

    /// A file that was opened for a connection that is over, and another time for another request: what is
    /// kept on purpose is opened once.
    fn file_left(&self, process: &Process, info: &FdInfo) -> Option<(Left, ConnectionId)> {
        let over = |link: Link| self.connections.get(link).is_none_or(|c| c.ended);
        let opened = |info: &FdInfo| {
            info.open && info.opened_by.starts_with("open") && info.owner.is_some_and(over)
        };
        let again = |other: &FdInfo| {
            other.number != info.number
                && opened(other)
                && (&other.path, &other.full_path) == (&info.path, &info.full_path)
        };
        let lost = self.findings.lost_after(info.opened);
        let leaks = opened(info) && !lost && !info.path.is_empty() && process.iter().any(again);
        leaks.then_some((Left::File, info.owner?.id))
    }
}
