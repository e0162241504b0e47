//! What it means: descriptors, connections, exchanges, findings, secrets, and every note's sentence.
//!
//! In: events, in order. Out: for each a [`Step`]: whose it was, what is worth saying, and which of its
//! bytes are secret; and the model itself, for views that name descriptors or count.
//! Pure; cannot fail; any trace may start late and end early. Left out on purpose: what the program
//! does between its calls, datagrams, and everything inside TLS or HTTP/2, which is only named.
//!
//! Read `words` for what can be said, then `interpret` for when, then `connection` for how bytes
//! become messages.

mod beginning;
mod connection;
mod copies;
mod deaths;
mod ears;
mod exchange;
mod fds;
mod files;
mod findings;
mod glossary;
mod heard;
mod interpret;
mod joins;
mod leaks;
mod lives;
mod loops;
mod messages;
mod numbers;
mod peers;
mod ring;
mod secrets;
mod sockets;
mod stream;
pub mod telling;
mod text;
mod totals;
mod unfinished;
mod waiting;
pub mod words;

use crate::abi::Fd;
use crate::abi::Pid;
use crate::event::Event;
use std::fmt;

pub use connection::{Connection, Connections, Link};
pub use exchange::{CallCounts, Exchange, Fate, History, Spent};
pub use fds::{FdInfo, FdKind, Process, Processes};
pub use stream::{Protocol, Side, Stream};
pub use text::Text;
pub use totals::{CallTotal, Totals};
pub use words::{Note, Pen, Verdict};

/// Number of a connection: c1, c2, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct ConnectionId(pub u32);

/// Number of an exchange over the whole trace: r1, r2, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct ExchangeId(pub u32);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// What the story makes of one event. It borrows from the story, never from the event.
#[derive(Clone, Copy, Debug)]
pub struct Step<'s> {
    /// The connection it belongs to.
    pub connection: Option<ConnectionId>,
    /// The exchange it belongs to.
    pub exchange: Option<ExchangeId>,
    /// What is worth saying, most important first; compact shows the first beside the call.
    pub notes: &'s [Note],
    /// Byte ranges, within the kept bytes of the call (all pieces in a row), that hold secrets.
    pub secrets: &'s [(u64, u64)],
    /// The exchanges that it ended.
    pub ended: &'s [Exchange],
    /// The model, for views that name descriptors or count.
    pub story: &'s Story,
}

/// The model built from events.
#[derive(Debug, Default)]
pub struct Story {
    processes: Processes,
    threads: interpret::Threads,
    connections: Connections,
    history: History,
    totals: Totals,
    peers: peers::Peers,
    watches: interpret::Watches,
    under_way: copies::UnderWay,
    findings: findings::Findings,
    /// The source says itself which children there are.
    spawns_told: bool,
    /// The last exchange number given.
    last_exchange: u32,
    bytes_in: u64,
    bytes_out: u64,
    rings: ring::Rings,
    /// It was said that a number was used again.
    said_again: bool,
    notes: Vec<Note>,
    secrets: Vec<(u64, u64)>,
    moved: connection::Moved,
    sees: findings::Sees,
    sees_futex: bool,
    /// The number of the present event's call.
    seq: u64,
    /// When the call ended that ended last.
    latest: u64,
}

/// Sums for one line at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Connections that began.
    pub connections: u32,
    /// Exchanges that began.
    pub requests: u32,
    /// Calls that ended.
    pub calls: u64,
    /// Bytes that came in over connections.
    pub bytes_in: u64,
    /// Bytes that went out over connections.
    pub bytes_out: u64,
}

impl Story {
    /// Takes the next event and says what it means.
    pub fn step<'s>(&'s mut self, event: &Event<'_>) -> Step<'s> {
        self.notes.clear();
        self.secrets.clear();
        self.history.begin_step();
        self.seq = event.seq;
        let whose = self.interpret(event);
        Step {
            connection: whose.connection,
            exchange: whose.exchange,
            notes: &self.notes,
            secrets: &self.secrets,
            ended: self.history.just_ended(),
            story: self,
        }
    }

    /// What is known of a descriptor, also after it was closed.
    #[inline]
    pub fn fd(&self, pid: Pid, fd: Fd) -> Option<&FdInfo> {
        self.processes.get(pid)?.get(fd)
    }

    /// The exchange that is going on over a descriptor's connection: the oldest that is not answered.
    pub fn exchange_on(&self, pid: Pid, fd: Fd) -> Option<&Exchange> {
        let link = self.fd(pid, fd).filter(|info| info.open)?.link?;
        self.connections.get(link)?.waiting.front()
    }

    /// How strace would name a descriptor (`-y`, `-yy`); `None` where nothing is known.
    pub fn fd_name(&self, pid: Pid, fd: Fd) -> Option<FdName<'_>> {
        let info = self.fd(pid, fd)?;
        Some(match info.kind {
            FdKind::Socket | FdKind::Listener | FdKind::Connection | FdKind::Client => {
                FdName::Socket {
                    protocol: protocol(info),
                    info,
                }
            }
            FdKind::Datagram => FdName::Socket {
                protocol: protocol(info),
                info,
            },
            FdKind::Pipe => FdName::Pipe,
            FdKind::Epoll => FdName::Anonymous("eventpoll"),
            FdKind::Other if info.opened_by.starts_with("eventfd") => FdName::Anonymous("eventfd"),
            FdKind::Other if info.opened_by.starts_with("timerfd") => FdName::Anonymous("timerfd"),
            FdKind::Other if info.opened_by.starts_with("signalfd") => {
                FdName::Anonymous("signalfd")
            }
            FdKind::Other if info.opened_by == "io_uring_setup" => FdName::Anonymous("io_uring"),
            _ if !info.full_path.is_empty() => FdName::Path(&info.full_path),
            _ if !info.path.is_empty() => FdName::Path(&info.path),
            FdKind::Unknown | FdKind::File | FdKind::Directory | FdKind::Other => {
                return None;
            }
        })
    }

    /// The processes that are alive, as far as the trace tells.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The connections that are open, and how many there were.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The exchanges that have ended.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Sums by kind of call.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The small number of a thread, in the order of their first event; 1 for the first.
    #[inline]
    pub fn thread_number(&self, tid: Pid) -> Option<u32> {
        self.threads.number(tid)
    }

    /// How many threads have been seen.
    #[inline]
    pub fn thread_count(&self) -> u32 {
        self.threads.count
    }

    /// The threads that accepted connections, by their numbers, and how many each.
    pub fn accepted_by_thread(&self) -> &[(u32, u32)] {
        &self.threads.accepted
    }

    /// Sums over everything.
    pub fn summary(&self) -> Summary {
        Summary {
            connections: self.connections.count,
            requests: self.last_exchange,
            calls: self.totals.calls,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        }
    }

    /// Whether operations went through rings that nobody told of (`man 7 io_uring`): they are no calls.
    pub fn has_unseen_rings(&self) -> bool {
        self.rings.unseen
    }

    /// What is wrong: what leaks as things stand, and what was found on the way, each kind once, with how often.
    pub fn findings(&self) -> Vec<Note> {
        self.findings.notes(&self.leaks())
    }
}

/// What a descriptor is called, in parts: escaping and brackets are the view's.
#[derive(Clone, Copy, Debug)]
pub enum FdName<'s> {
    /// The path it was opened by (hostile).
    Path(&'s [u8]),
    /// `TCP`, `TCPv6`, `UNIX-STREAM`, `UDP`, ..., with the addresses in `local` and `peer`.
    Socket {
        /// The protocol's name.
        protocol: &'static str,
        /// The socket.
        info: &'s FdInfo,
    },
    /// One end of a pipe.
    Pipe,
    /// `anon_inode:[NAME]`.
    Anonymous(&'static str),
}

fn protocol(info: &FdInfo) -> &'static str {
    let streams = info.kind != FdKind::Datagram;
    match (info.family, streams) {
        (10, true) => "TCPv6",
        (10, false) => "UDPv6",
        (1, true) => "UNIX-STREAM",
        (1, false) => "UNIX",
        (16, _) => "NETLINK",
        (_, true) => "TCP",
        (_, false) => "UDP",
    }
}
