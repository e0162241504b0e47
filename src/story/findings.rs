//! What is wrong with the program: when each finding is made.
//!
//! In: what the other pages of the story know of a call, a connection or a process when something ends or
//! goes on. Out: notes with a verdict, and the list of them for the end. Each rule below waits until
//! nothing else can explain what was seen: a finding about a correct program is worse than none.
//! What each says stands in `words/findings`, what it means and the cure in `docs/findings.md`.
//!
//! A finding is told in full where it is seen first; later ones of the same kind are counted.

use super::connection::{Connection, Link};
use super::fds::FdInfo;
use super::interpret::{At, EAGAIN};
use super::stream::Protocol;
use super::words::{Finding, Note, Place};
use super::{ConnectionId, ExchangeId, Story};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::Event;
use crate::event::call::{Call, CallName, Completed, Data, Outcome};
use crate::http::Framing;

/// So many reads that give 0 are a loop: a correct program makes one, or two.
const EOF_READS: u32 = 8;

/// So many calls in a row that give nothing, within so many nanoseconds, are a loop that never sleeps.
const FRUITLESS: u32 = 256;
const WITHIN: u64 = 1_000_000_000;
/// A call that took longer slept, whatever it returned.
const SLEPT: u64 = 1_000_000;

/// Less than this goes in one packet, and is what Nagle's algorithm may hold back.
const PACKET: u64 = 1400;

/// How many bytes of what a short write left are kept, to see whether they come next.
const REMEMBERED: usize = 32;

const EINTR: Errno = Errno(4);
/// What `accept` fails with for reasons that pass (`man 2 accept`, "Error handling").
const PASSING: [Errno; 13] = [
    Errno(12),  // ENOMEM
    Errno(23),  // ENFILE
    Errno(24),  // EMFILE
    Errno(64),  // ENONET
    Errno(71),  // EPROTO
    Errno(92),  // ENOPROTOOPT
    Errno(95),  // EOPNOTSUPP
    Errno(100), // ENETDOWN
    Errno(101), // ENETUNREACH
    Errno(103), // ECONNABORTED
    Errno(105), // ENOBUFS
    Errno(112), // EHOSTDOWN
    Errno(113), // EHOSTUNREACH
];

/// Signals that no program takes for a wish that it end: SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGCONT,
/// SIGWINCH.
const HARMLESS: [i32; 6] = [10, 12, 14, 17, 18, 28];
const SIGPIPE: i32 = 13;

/// `SO_REUSEADDR`, `SO_REUSEPORT`, `TCP_NODELAY`, `TCP_CORK`: level and name.
const REUSE: [(u32, u32); 2] = [(1, 2), (1, 15)];
const AT_ONCE: [(u32, u32); 2] = [(6, 1), (6, 3)];
/// `MSG_MORE`: more is to come, do not send a small packet yet (`man 2 send`).
const MSG_MORE: u32 = 0x8000;
/// `AF_INET` and `AF_INET6`.
const TCP: [u32; 2] = [2, 10];

/// What was found, and what may become a finding.
#[derive(Default, Debug)]
pub(super) struct Findings {
    list: Vec<(Finding, Place, u64)>,
    /// The process whose last `accept` failed, until it goes on.
    failed_accept: Option<(Pid, Errno)>,
    /// The process that wrote to a connection whose other end had closed.
    broken_pipe: Option<(Pid, Place)>,
    last_signal: Option<(Pid, i32)>,
    /// How often anybody has waited for descriptors, or failed to write.
    waits: u64,
}

/// Calls of a thread that gave nothing.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Fruitless {
    calls: u32,
    since: u64,
}

/// What a connection's findings are made from.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    /// What the kernel did not take of the last write.
    rest: Option<Rest>,
    /// Reads that gave 0.
    eofs: u32,
    /// The request waits for `100 Continue` and has not got it.
    expecting: bool,
    /// How often the program had waited when it last sent something.
    waits: u64,
    /// A write failed, or an epoll told of the end: nothing that is missing afterwards is the program's fault.
    broken: bool,
    /// Writes of the response that is going on, and whether all of them were small.
    writes: u32,
    small: bool,
    /// A small response went in so many writes; a finding as soon as the connection goes on.
    split: Option<(u32, ExchangeId)>,
    /// The last complete response: its exchange, what its head promised, whether it answered HEAD.
    pub last: Option<(ExchangeId, Option<u64>, bool)>,
}

#[derive(Clone, Debug)]
struct Rest {
    first: [u8; REMEMBERED],
    kept: usize,
    taken: u64,
    offered: u64,
    exchange: Option<ExchangeId>,
    /// How often the program had waited until then.
    waits: u64,
}

impl Findings {
    /// As notes, in the order they were made.
    pub(super) fn notes(&self) -> impl Iterator<Item = Note> {
        self.list
            .iter()
            .map(|(finding, place, times)| Note::Found(*finding, *place, *times))
    }
}

fn on(connection: ConnectionId, exchange: Option<ExchangeId>) -> Place {
    Place {
        connection: Some(connection),
        exchange,
    }
}

impl Story {
    /// Tells a finding of a kind that was not made before, and counts it otherwise.
    fn finds(&mut self, finding: Finding, place: Place) {
        let known = self
            .findings
            .list
            .iter_mut()
            .find(|(old, ..)| old.id() == finding.id());
        match known {
            Some((_, _, times)) => *times += 1,
            None => {
                self.findings.list.push((finding, place, 1));
                self.notes.push(Note::Found(finding, place, 1));
            }
        }
    }

    /// Every call that has ended passes here, after it was read.
    #[inline]
    pub(super) fn look_for_loops(&mut self, event: &Event<'_>, at: &At<'_>, done: &Completed<'_>) {
        let nothing = matches!(
            (&done.syscall.call, done.outcome),
            (
                Call::Receive { .. } | Call::Accept { .. },
                Outcome::Failed(EAGAIN)
            ) | (Call::EpollWait { timeout: 0, .. }, Outcome::Returned(0))
                | (Call::Poll { timeout: 0, .. }, Outcome::Returned(0))
        );
        if !nothing || done.dur > SLEPT || done.injected {
            self.threads.fruitless(at.thread).calls = 0;
        } else {
            let count = self.threads.fruitless(at.thread);
            if count.calls == 0 {
                count.since = event.t;
            }
            count.calls += 1;
            if count.calls == FRUITLESS && event.t.saturating_sub(count.since) < WITHIN {
                self.finds(Finding::BusyPoll { calls: FRUITLESS }, Place::default());
            }
        }
        if self.findings.failed_accept.is_some() {
            self.goes_on(event.pid, &done.syscall.call, done.syscall.name);
        }
    }

    // Accepting.

    /// A socket listens.
    pub(super) fn check_listener(&mut self, at: &At<'_>, fd: Fd) {
        let Some(info) = self.processes.at(at.process).get(fd) else {
            return;
        };
        let fixed = info
            .local
            .as_ref()
            .and_then(|local| local.port())
            .is_some_and(|port| port > 0);
        let reuses = info.options.iter().any(|option| REUSE.contains(option));
        if info.generation > 0 && TCP.contains(&info.family) && fixed && !reuses {
            self.finds(Finding::NoReuseAddr(fd), Place::default());
        }
    }

    /// `accept` failed.
    pub(super) fn accept_failed(&mut self, pid: Pid, outcome: Outcome) {
        let Outcome::Failed(errno) = outcome else {
            return;
        };
        let interrupted = errno == EINTR
            && self
                .findings
                .last_signal
                .is_some_and(|(who, signal)| who == pid && HARMLESS.contains(&signal));
        if PASSING.contains(&errno) || interrupted {
            self.findings.failed_accept = Some((pid, errno));
        }
    }

    /// A program that waits, reads or accepts again has not ended because of an accept that failed.
    fn goes_on(&mut self, pid: Pid, call: &Call<'_>, name: CallName<'_>) {
        if self
            .findings
            .failed_accept
            .is_none_or(|(who, _)| who != pid)
        {
            return;
        }
        match call {
            Call::Accept { .. } => {}
            Call::EpollWait { .. } | Call::Poll { .. } | Call::Receive { .. } => {
                self.findings.failed_accept = None;
            }
            Call::Other if name == CallName::Known(calls::EXIT_GROUP) => {
                self.exited(pid);
            }
            Call::Other => {
                let sleepers = [
                    calls::NANOSLEEP,
                    calls::CLOCK_NANOSLEEP,
                    calls::IO_URING_ENTER,
                ];
                let sleeps = |id| sleepers.contains(&id);
                if matches!(name, CallName::Known(id) if sleeps(id)) {
                    self.findings.failed_accept = None;
                }
            }
            _ => {}
        }
    }

    /// An accept has succeeded.
    pub(super) fn accept_worked(&mut self) {
        self.findings.failed_accept = None;
    }

    // Processes.

    /// A signal was delivered.
    pub(super) fn signalled(&mut self, pid: Pid, signal: i32) {
        self.findings.last_signal = Some((pid, signal));
    }

    /// A process has ended by itself.
    pub(super) fn exited(&mut self, pid: Pid) {
        if let Some((_, errno)) = self.findings.failed_accept.take_if(|(who, _)| *who == pid) {
            self.finds(Finding::AcceptErrorExit(errno), Place::default());
        }
    }

    /// A process was killed.
    pub(super) fn killed(&mut self, pid: Pid, signal: i32) {
        if let Some((who, place)) = self.findings.broken_pipe
            && who == pid
            && signal == SIGPIPE
        {
            self.findings.broken_pipe = None;
            self.finds(Finding::SigpipeDeath, place);
        }
    }

    /// A process became another program: connections that it has under numbers nobody gave it on
    /// purpose, while another process works with them.
    pub(super) fn check_inherited(&mut self, process: usize) {
        let table = self.processes.at(process);
        let given = |link: Link| {
            let standard = table.iter().filter(|info| info.open && info.number <= 2);
            standard.filter_map(|info| info.link).any(|own| own == link)
        };
        let forgotten = table.iter().find(|info: &&FdInfo| {
            info.open
                && info.number > 2
                && info.generation > 0
                && info.link.is_some_and(|link| !given(link))
        });
        let Some((fd, link)) = forgotten.and_then(|info| Some((info.number, info.link?))) else {
            return;
        };
        let shared = self
            .connections
            .get(link)
            .is_some_and(|c| !c.client && c.holders > 1);
        if shared {
            self.finds(Finding::NoCloexec(Fd(fd)), on(link.id, None));
        }
    }

    // Reading.

    /// A read gave 0 although bytes were asked for.
    pub(super) fn check_end(&mut self, link: Link) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        connection.watched.eofs += 1;
        if connection.watched.eofs == EOF_READS {
            self.finds(Finding::EofSpin { reads: EOF_READS }, on(link.id, None));
        }
    }

    /// Bytes of a request have come: the connection goes on.
    pub(super) fn check_goes_on(&mut self, link: Link) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        connection.watched.eofs = 0;
        if let Some((writes, exchange)) = connection.watched.split.take() {
            self.finds(
                Finding::SplitResponse { writes },
                on(link.id, Some(exchange)),
            );
        }
    }

    // Writing.

    /// A send is about to be read: what a short write left comes next, or is lost.
    pub(super) fn check_rest(&mut self, link: Link, data: &Data<'_>) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let Some(rest) = connection.watched.rest.take() else {
            return;
        };
        let first = data.pieces().find(|piece| !piece.is_empty()).unwrap_or(&[]);
        let compared = rest.kept.min(first.len());
        if rest.first[..compared] != first[..compared] {
            let Rest { taken, offered, .. } = rest;
            self.finds(
                Finding::ShortWriteIgnored { taken, offered },
                on(link.id, rest.exchange),
            );
        }
    }

    /// The kernel took fewer bytes than were offered.
    pub(super) fn remember_rest(&mut self, link: Link, data: &Data<'_>, taken: u64, offered: u64) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let mut rest = Rest {
            first: [0; REMEMBERED],
            kept: 0,
            taken,
            offered,
            exchange: connection.current(),
            waits: self.findings.waits,
        };
        let mut skip = taken;
        for (len, kept) in data.parts() {
            let from = skip.min(len);
            skip -= from;
            // Bytes behind a gap are not the next ones.
            let Some(here) = kept.get(from as usize..).filter(|_| rest.kept < REMEMBERED) else {
                break;
            };
            let take = here.len().min(REMEMBERED - rest.kept);
            rest.first[rest.kept..rest.kept + take].copy_from_slice(&here[..take]);
            rest.kept += take;
            if (kept.len() as u64) < len {
                break;
            }
        }
        connection.watched.rest = Some(rest);
    }

    /// A write on this connection failed.
    pub(super) fn write_failed(&mut self, at: &At<'_>, link: Link, errno: Errno) {
        const EPIPE: Errno = Errno(32);
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        connection.watched.broken |= errno != EAGAIN && errno != EINTR;
        self.findings.waits += 1;
        if errno == EPIPE {
            self.may_have_been_broken(at, link);
        }
    }

    /// Should SIGPIPE kill the process now, a send to this connection was why.
    pub(super) fn may_have_been_broken(&mut self, at: &At<'_>, link: Link) {
        let pid = self.processes.at(at.process).pid;
        let exchange = self.connections.get(link).and_then(Connection::current);
        self.findings.broken_pipe = Some((pid, on(link.id, exchange)));
    }

    /// Somebody waits, for whatever: what a short write left may be sent later.
    #[inline]
    pub(super) fn waits(&mut self) {
        self.findings.waits += 1;
    }

    /// A server's bytes have gone out, and `self.moved` says what they were. `unfinished`: how many bytes
    /// of a request's head were there, which is not complete.
    pub(super) fn check_response(
        &mut self,
        at: &At<'_>,
        link: Link,
        fd: Fd,
        flags: u32,
        bytes: u64,
        unfinished: Option<u64>,
    ) {
        let info = self.processes.at(at.process).get(fd);
        let at_once = flags & MSG_MORE != 0
            || info.is_none_or(|info| {
                !TCP.contains(&info.family)
                    || info.generation == 0
                    || info.options.iter().any(|option| AT_ONCE.contains(option))
            });
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let head = self.moved.told().iter().find(|heard| heard.line.is_some());
        let watched = &mut connection.watched;
        if let Some(head) = head {
            watched.expecting &= head.status != 100;
            (watched.writes, watched.small) = (0, true);
        }
        watched.writes += 1;
        watched.waits = self.findings.waits;
        watched.small &= bytes < PACKET;
        watched.split = None;
        let done = self.moved.completed > 0;
        let known = watched
            .last
            .is_some_and(|(_, promised, _)| promised.is_some());
        if done && known && watched.writes >= 2 && watched.small && !at_once && self.moved.heads < 2
        {
            watched.split = watched.last.map(|(id, ..)| (watched.writes, id));
        }
        let status = head.map_or(0, |head| head.status);
        let exchange = head.map(|head| head.exchange);
        let last = watched.last;
        if let (Some(bytes), true) = (unfinished, early(status)) {
            self.finds(
                Finding::ShortReadAssumed { bytes, status },
                on(link.id, exchange),
            );
        }
        if let Some(refusal) = self.moved.refusal {
            self.refused_response(link, refusal.code.id, last);
        }
    }

    /// Our reader did not take what the program sent for a response.
    fn refused_response(
        &mut self,
        link: Link,
        rule: &str,
        last: Option<(ExchangeId, Option<u64>, bool)>,
    ) {
        const BARE_LF: &str = "H209";
        let surplus = self.connections.get(link).map_or(0, |c| c.response.surplus);
        match last {
            Some((id, promised, to_head)) if surplus > 0 => {
                self.surplus(on(link.id, Some(id)), surplus, promised, to_head);
            }
            _ if surplus == 0 && rule == BARE_LF => {
                self.finds(Finding::MissingCrlf, on(link.id, None));
            }
            _ => {}
        }
    }

    /// Bytes behind a response that are no response.
    fn surplus(&mut self, place: Place, bytes: u64, promised: Option<u64>, to_head: bool) {
        match promised {
            _ if to_head => self.finds(Finding::HeadBodySent { bytes }, place),
            Some(promised) => {
                let extra = bytes;
                self.finds(Finding::LengthLong { extra, promised }, place);
            }
            None => {}
        }
    }

    /// A connection is closed for good.
    pub(super) fn check_close(&mut self, link: Link) {
        let Some(connection) = self.connections.get(link).filter(|c| !c.client) else {
            return;
        };
        let watched = &connection.watched;
        if connection.reset || connection.gave_up || connection.ended || watched.broken {
            return;
        }
        let waits = self.findings.waits;
        let first = connection.waiting.front();
        let mut found = Vec::new();
        let exchange = connection.current();
        match (&watched.rest, first) {
            (Some(rest), _) if rest.waits == waits => {
                let Rest { taken, offered, .. } = *rest;
                found.push((Finding::ShortWriteIgnored { taken, offered }, rest.exchange));
            }
            (None, Some(first)) if first.first_byte.is_some() && watched.waits == waits => {
                if let Some(Framing::ContentLength(promised)) = first.answer_framing
                    && connection.response.protocol == Protocol::Http
                {
                    let sent = first.response_body;
                    found.push((Finding::LengthShort { sent, promised }, exchange));
                }
            }
            _ => {}
        }
        let pending = connection.response.pending();
        if connection.response.protocol == Protocol::Http && !connection.response.in_body {
            match watched.last {
                _ if pending.is_empty() => {}
                _ if pending.starts_with(b"HTTP/") => found.push((Finding::MissingCrlf, exchange)),
                Some((id, promised, to_head)) => {
                    let place = on(link.id, Some(id));
                    let bytes = pending.len() as u64;
                    self.surplus(place, bytes, promised, to_head);
                }
                None => {}
            }
        }
        if let Some(finding) = self.connections.get(link).and_then(unread) {
            found.push((
                finding,
                self.connections.get(link).and_then(Connection::latest),
            ));
        }
        for (finding, exchange) in found {
            self.finds(finding, on(link.id, exchange));
        }
    }
}

/// Answers that are about the request itself, not about how it came: 408, 413, 414, 431, 503 and their kin
/// may well be early.
fn early(status: u16) -> bool {
    matches!(status, 200..=400 | 404)
}

/// How many bytes of a request's head are there, of one that is not complete and that nobody refused.
pub(super) fn unfinished(connection: &Connection) -> Option<u64> {
    let request = &connection.request;
    let begun =
        request.protocol == Protocol::Http && !request.in_body && connection.waiting.is_empty();
    let given_up = connection.client || connection.ended || connection.gave_up;
    let bytes = request.pending().len() as u64;
    (begun && !given_up && bytes > 0).then_some(bytes)
}

/// What a server leaves unread when it closes: nothing that it read to its end, or drained.
fn unread(connection: &Connection) -> Option<Finding> {
    let answered = connection.response.protocol == Protocol::Http && connection.response.bytes > 0;
    if connection.ended || connection.said_no_more || connection.watched.expecting || !answered {
        return None;
    }
    if connection.request.bytes == 0 {
        return Some(Finding::CloseWithUnread { unread: None });
    }
    let left = connection.request.left().filter(|left| *left > 0)?;
    let unread = Some(left);
    Some(Finding::CloseWithUnread { unread })
}

impl Watched {
    /// Poll or epoll told that the other end has gone.
    pub(super) fn gone(&mut self) {
        self.broken = true;
    }

    /// A request's head is complete.
    pub(super) fn request(&mut self, expects_continue: bool) {
        self.expecting = expects_continue;
    }
}
