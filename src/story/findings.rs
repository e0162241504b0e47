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
use super::leaks::Leak;
use super::stream::Protocol;
use super::unfinished::Unfinished;
use super::words::{Finding, Note, Place};
use super::{ConnectionId, ExchangeId, Story};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls::class;
use crate::abi::errno::Errno;
use crate::event::call::{CallName, Data};
use crate::http::Framing;

/// Less than this goes in one packet, and is what Nagle's algorithm may hold back.
const PACKET: u64 = 1400;

/// How many bytes of what a short write left are kept, to see whether they come next.
const REMEMBERED: usize = 32;

const EINTR: Errno = Errno(4);
const EPIPE: Errno = Errno(32);
const BAD_REQUEST: u16 = 400;
/// Who waits so long after shutdown, in nanoseconds, lets the other end read its answer before the RST.
const LINGERED: u64 = 50_000_000;
/// `408 Request Timeout` is said to who has asked for nothing.
const REQUEST_TIMEOUT: u16 = 408;
/// `SO_REUSEADDR`, `SO_REUSEPORT`, `TCP_NODELAY`, `TCP_CORK`: level and name.
const REUSE: [(u32, u32); 2] = [(1, 2), (1, 15)];
pub(super) const AT_ONCE: [(u32, u32); 2] = [(6, 1), (6, 3)];
/// `MSG_MORE`: more is to come, do not send a small packet yet (`man 2 send`).
const MSG_MORE: u32 = 0x8000;
/// `AF_INET` and `AF_INET6`.
const TCP: [u32; 2] = [2, 10];

/// What was found, and what may become a finding.
#[derive(Default, Debug)]
pub(super) struct Findings {
    list: Vec<(Finding, Place, u64)>,
    /// The process whose last `accept` failed, until it goes on.
    pub failed_accept: Option<(Pid, Errno)>,
    /// The thread that wrote to a connection whose other end had closed.
    pub broken_pipe: Option<Broken>,
    pub last_signal: Option<(Pid, i32)>,
    /// How often anybody has waited for descriptors, or failed to write.
    waits: u64,
    /// When events were last missing.
    lost: Option<u64>,
}

/// A write that failed with EPIPE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    pub pid: Pid,
    pub tid: Pid,
    pub place: Place,
}

/// Which calls the source tells of. A log of strace may have been made with any filter; what is not in it proves
/// nothing then.
#[derive(Clone, Default, Debug)]
pub(super) struct Sees {
    /// There may have been a filter.
    filtered: bool,
    /// It may leave out `close` alone.
    pub no_close: bool,
    /// Children and threads that were made, and of which nothing was seen yet.
    unseen: Vec<Pid>,
}

/// What a connection's findings are made from.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    /// What the kernel did not take of the last write.
    rest: Option<Rest>,
    /// Reads that gave 0.
    pub eofs: u32,
    /// The request waits for `100 Continue` and has not got it.
    expecting: bool,
    /// Everything that ever happened on it was seen.
    pub whole: bool,
    /// What is written goes at once, or in full packets (TCP_NODELAY, TCP_CORK).
    pub at_once: bool,
    /// Reading was tried, and nothing was there.
    pub tried: bool,
    /// One side has said that the connection ends with the exchange under way, or the last one.
    pub closes: bool,
    /// When we said that nothing more comes from us, and how often the program had waited then.
    pub shut: Option<(u64, u64)>,
    /// A part of the response was sent with MSG_MORE.
    more: bool,
    /// How often the program had waited when it last sent something.
    waits: u64,
    /// A write failed, or an epoll told of the end: nothing that is missing afterwards is the program's fault.
    broken: bool,
    /// Writes of the response that is going on, and whether all of them were small.
    writes: u32,
    small: bool,
    /// A small response went in so many writes; a finding as soon as the connection goes on.
    split: Option<(u32, ExchangeId)>,
    /// The last complete response: its exchange, what its head promised (none where nobody knows what was
    /// asked), whether it answered HEAD.
    pub last: Option<(ExchangeId, Option<u64>, bool)>,
    /// The status of the last response.
    status: u16,
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
    /// What leaks at the end, and what was found on the way, each kind once.
    pub(super) fn notes(&self, leaks: &[Leak]) -> Vec<Note> {
        let mut list = self.list.clone();
        if let Some(leak) = leaks.first() {
            let more = leaks.len() as u64;
            match list
                .iter_mut()
                .find(|(old, ..)| old.id() == leak.finding.id())
            {
                Some((_, _, times)) => *times += more,
                None => list.insert(0, (leak.finding, leak.place, more)),
            }
        }
        let note = |(finding, place, times)| Note::Found(finding, place, times);
        list.into_iter().map(note).collect()
    }

    /// How often anybody has waited, up to now.
    pub(super) fn waited(&self) -> u64 {
        self.waits
    }

    /// Whether events are missing since then.
    pub(super) fn lost_after(&self, time: u64) -> bool {
        self.lost.is_some_and(|lost| lost >= time)
    }
}

pub(super) fn on(connection: ConnectionId, exchange: Option<ExchangeId>) -> Place {
    Place {
        connection: Some(connection),
        exchange,
        seq: 0,
    }
}

impl Story {
    /// The calls may have gone through a filter that nobody knows (a log of strace): what is not there proves nothing,
    /// until a call shows that all were wanted.
    pub fn may_be_filtered(&mut self) {
        self.sees.filtered = true;
        self.sees.no_close = true;
    }

    /// Whether a call that is not there was not made.
    pub(super) fn sees_all(&self) -> bool {
        !self.sees.filtered && self.sees.unseen.is_empty() && !self.rings.unseen
    }

    /// A child or thread was made, of which nobody has told yet.
    pub(super) fn not_seen_yet(&mut self, child: Pid) {
        const MOST: usize = 256;
        if self.sees.unseen.len() < MOST {
            self.sees.unseen.push(child);
        }
    }

    /// A call of a thread is there: nobody asks for calls that have nothing to do with sockets, files or processes, unless for all.
    #[inline]
    pub(super) fn sees(&mut self, tid: Pid, name: CallName<'_>) {
        const ASKED_FOR: u8 = class::NETWORK | class::DESC | class::FILE | class::PROCESS;
        if self.sees.filtered
            && let CallName::Known(id) = name
        {
            self.sees.filtered = id.signature().classes & ASKED_FOR != 0;
        }
        if !self.sees.unseen.is_empty() {
            self.sees.unseen.retain(|child| *child != tid);
        }
    }

    /// Events are missing: what was known of the time before proves nothing any more.
    pub(super) fn findings_lost(&mut self, now: u64) {
        // A reader that could not read a line knows no time for it: not before what was seen last.
        self.findings.lost = Some(self.latest.max(now));
        self.findings.failed_accept = None;
        self.findings.broken_pipe = None;
        self.threads.forget_fruitless();
        for connection in self.connections.iter_mut() {
            connection.watched = Watched {
                broken: true,
                at_once: true,
                ..Watched::default()
            };
        }
    }

    /// Tells a finding of a kind that was not made before, and counts it otherwise.
    pub(super) fn finds(&mut self, finding: Finding, mut place: Place) {
        if finding.needs_all() && !self.sees_all() {
            return;
        }
        place.seq = self.seq;
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
        // Of what has a second number, the option may have been set by that.
        let known = info.generation > 0 && !info.copied && !self.findings.lost_after(info.opened);
        if known && TCP.contains(&info.family) && fixed && !reuses {
            self.finds(Finding::NoReuseAddr(fd), Place::default());
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
                && !self.findings.lost_after(info.opened)
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

    /// A fault has cut a count before the call: what the program offered beyond it was not taken either.
    pub(super) fn cut_short(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        data: &Data<'_>,
        (asked, offered): (u64, Option<u64>),
    ) {
        let taken = at.outcome.returned().map(|n| n.max(0) as u64);
        let (Some(offered), Some(taken)) = (offered, taken.filter(|n| *n > 0)) else {
            return;
        };
        let link = self.processes.at(at.process).get(fd).and_then(|i| i.link);
        if let Some(link) = link
            && offered > asked
        {
            self.remember_rest(link, data, taken, offered);
        }
    }

    /// A write on this connection failed.
    pub(super) fn write_failed(&mut self, at: &At<'_>, link: Link, errno: Errno) {
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
        let mut place = on(link.id, exchange);
        place.seq = self.seq;
        let tid = self.threads.tid_at(at.thread);
        self.findings.broken_pipe = Some(Broken { pid, tid, place });
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
        unfinished: Option<Unfinished>,
    ) {
        let info = self.processes.at(at.process).get(fd);
        let tcp = info.is_some_and(|info| TCP.contains(&info.family));
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let head = self.moved.told().iter().find(|heard| heard.line.is_some());
        let watched = &mut connection.watched;
        if let Some(head) = head {
            watched.expecting &= head.status != 100;
            (watched.writes, watched.small, watched.more) = (0, true, false);
            watched.status = head.status;
        }
        watched.more |= flags & MSG_MORE != 0;
        watched.writes += 1;
        watched.waits = self.findings.waits;
        watched.small &= bytes < PACKET;
        watched.split = None;
        let done = self.moved.completed > 0;
        let known = watched
            .last
            .is_some_and(|(_, promised, _)| promised.is_some());
        let held = tcp && watched.whole && !watched.at_once && !watched.more;
        if done && known && watched.writes >= 2 && watched.small && held && self.moved.heads < 2 {
            watched.split = watched.last.map(|(id, ..)| (watched.writes, id));
        }
        let status = head.map_or(0, |head| head.status);
        let exchange = head.map(|head| head.exchange);
        let last = watched.last;
        if let Some(Unfinished { bytes, odd }) = unfinished
            && early(status)
            && !(odd && status == BAD_REQUEST)
        {
            self.finds(
                Finding::ShortReadAssumed { bytes, status },
                on(link.id, exchange),
            );
        }
        if let (Some((id, promised, to_head)), bytes @ 1..) = (last, self.moved.beyond) {
            self.surplus(on(link.id, Some(id)), bytes, promised, to_head);
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
            None => {
                let last = place.exchange;
                let status = last.and_then(|id| self.history.status(id)).unwrap_or(0);
                if matches!(status, 100..=199 | 204 | 304) {
                    self.finds(Finding::BodyForbidden { status, bytes }, place);
                }
            }
        }
    }

    /// A connection is closed for good.
    pub(super) fn check_close(&mut self, link: Link, now: u64) {
        let Some(connection) = self.connections.get(link).filter(|c| !c.client) else {
            return;
        };
        let watched = &connection.watched;
        if connection.reset || connection.gave_up || connection.ended || watched.broken {
            return;
        }
        let cut = watched.rest.is_some();
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
                // Without the request, nobody knows whether there is a body at all.
                if let Some(Framing::ContentLength(promised)) = first.answer_framing
                    && connection.response.protocol == Protocol::Http
                    && !first.line.is_empty()
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
                _ if pending.is_empty() || cut => {}
                _ if pending.starts_with(b"HTTP/") => found.push((Finding::NoBlankLine, exchange)),
                Some((id, promised, to_head)) => {
                    let place = on(link.id, Some(id));
                    let bytes = pending.len() as u64;
                    self.surplus(place, bytes, promised, to_head);
                }
                None => {}
            }
        }
        let drained = |c: &Connection| {
            let shut = c.watched.shut.filter(|_| c.said_no_more);
            shut.is_some_and(|(when, before)| {
                before != waits || now.saturating_sub(when) > LINGERED
            })
        };
        let closed = self.connections.get(link).filter(|c| !drained(c));
        if let Some(finding) = closed.and_then(unread) {
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

/// What a server leaves unread when it closes: nothing that it read to its end, or drained.
fn unread(connection: &Connection) -> Option<Finding> {
    let answered = connection.response.protocol == Protocol::Http && connection.response.bytes > 0;
    let watched = &connection.watched;
    if connection.ended || watched.expecting || !answered {
        return None;
    }
    if connection.request.bytes == 0 {
        // Who has asked for nothing is told so: there is nothing to read.
        let asked = watched.whole && !watched.tried && watched.status != REQUEST_TIMEOUT;
        return asked.then_some(Finding::CloseWithUnread { unread: None });
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
    pub(super) fn request(&mut self, expects_continue: bool, keep_alive: bool) {
        self.expecting = expects_continue;
        self.closes = !keep_alive;
    }

    /// Whether small writes are held back has changed: what was held goes.
    pub(super) fn goes_at_once(&mut self, at_once: bool) {
        self.at_once = at_once;
        self.split = None;
    }
}
