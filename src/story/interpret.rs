//! When to say what: each event changes the model and leaves its notes.
//!
//! This page holds the way in and threads; `lives` has processes, `copies` numbers that stand for the
//! same thing, `sockets` has the life of sockets, `messages`
//! reads bytes, `files` has files and `close`, `waiting` sleeping and readiness, `joins` which request serves which.

use super::connection::Link;
use super::fds::FdKind;
use super::joins::Turn;
use super::leaks::Mark;
use super::loops::Fruitless;
use super::numbers::ByNumber;
use super::waiting::Awake;
use super::words::{Attempt, Note, done};
use super::{ConnectionId, ExchangeId, Story};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::address::Address;
use crate::abi::calls::class;
use crate::abi::errno::Errno;
use crate::event::call::{Call, CallName, Completed, Outcome};
use crate::event::{Event, FdFact, What};

pub(super) const EAGAIN: Errno = Errno(11);

/// Flags beside a socket's type (`man 2 socket`), the same bits as `O_NONBLOCK` and `O_CLOEXEC`.
pub(super) const NONBLOCK: u32 = 0o4000;
pub(super) const CLOEXEC: u32 = 0o2000000;

/// To whom an event belongs.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Whose {
    pub connection: Option<ConnectionId>,
    pub exchange: Option<ExchangeId>,
}

/// A call that has ended, and where in our tables its process and thread stand.
#[derive(Clone, Copy)]
pub(super) struct At<'e> {
    /// When it began.
    pub enter: u64,
    /// When it ended.
    pub now: u64,
    pub process: usize,
    pub thread: usize,
    pub name: CallName<'e>,
    pub outcome: Outcome,
    pub injected: bool,
}

impl At<'_> {
    /// The name as the table has it, to be kept.
    pub(super) fn call_name(&self) -> &'static str {
        match self.name {
            CallName::Known(id) => id.name(),
            CallName::Number(_) | CallName::Name(_) => "another call",
        }
    }

    /// The descriptor that the call returned.
    pub(super) fn new_fd(&self) -> Option<Fd> {
        self.outcome
            .returned()
            .and_then(|fd| i32::try_from(fd).ok())
            .map(Fd)
    }

    /// The same call, seen as one that moved so many bytes: what `recvmmsg` returns counts messages.
    fn moving(self, bytes: u64) -> Self {
        let outcome = match self.outcome {
            Outcome::Returned(_) => Outcome::Returned(i64::try_from(bytes).unwrap_or(i64::MAX)),
            other => other,
        };
        At { outcome, ..self }
    }

    /// It returned 0 or more.
    pub(super) fn worked(&self) -> bool {
        self.outcome.returned().is_some()
    }
}

/// A thread, and the connection it works for.
#[derive(Debug)]
struct Thread {
    tid: Pid,
    number: u32,
    current: Option<Link>,
    fruitless: Fruitless,
    turn: Turn,
    /// How often it turned from one connection to another, or to waiting for all.
    turns: u32,
    /// How long it slept in epoll, poll and select, in nanoseconds.
    slept: u64,
}

/// The threads that are alive, as far as the trace tells.
#[derive(Default, Debug)]
pub(super) struct Threads {
    list: Vec<Thread>,
    by_tid: ByNumber<usize>,
    last: usize,
    pub(super) count: u32,
    /// Numbers of threads that accepted connections, and how many.
    pub(super) accepted: Vec<(u32, u32)>,
    /// The one that ended last keeps its number for whoever tells of its end.
    ended: Option<(Pid, u32)>,
}

impl Threads {
    #[inline]
    pub(super) fn place(&mut self, tid: Pid) -> usize {
        match self.list.get(self.last) {
            Some(thread) if thread.tid == tid => self.last,
            _ => self.find(tid),
        }
    }

    pub(super) fn find(&mut self, tid: Pid) -> usize {
        let Threads {
            list,
            by_tid,
            count,
            ..
        } = self;
        self.last = *by_tid.entry(u64::from(tid.0)).or_insert_with(|| {
            *count += 1;
            list.push(Thread {
                tid,
                number: *count,
                current: None,
                fruitless: Fruitless::default(),
                turn: Turn::default(),
                turns: 0,
                slept: 0,
            });
            list.len() - 1
        });
        self.last
    }

    pub(super) fn remove(&mut self, tid: Pid) {
        let Some(place) = self.by_tid.remove(&u64::from(tid.0)) else {
            return;
        };
        let gone = self.list.swap_remove(place);
        self.ended = Some((gone.tid, gone.number));
        if let Some(moved) = self.list.get(place) {
            self.by_tid.insert(u64::from(moved.tid.0), place);
        }
        self.last = 0;
    }

    pub(super) fn number(&self, tid: Pid) -> Option<u32> {
        if let Some(thread) = self.list.get(self.last)
            && thread.tid == tid
        {
            return Some(thread.number);
        }
        match self.by_tid.get(&u64::from(tid.0)) {
            Some(place) => self.list.get(*place).map(|thread| thread.number),
            None => self
                .ended
                .filter(|(ended, _)| *ended == tid)
                .map(|(_, number)| number),
        }
    }

    #[inline]
    pub(super) fn current(&self, place: usize) -> Option<Link> {
        self.list[place].current
    }

    /// The thread at this place has accepted a connection.
    pub(super) fn accepts(&mut self, place: usize) {
        let number = self.list[place].number;
        match self.accepted.iter_mut().find(|(who, _)| *who == number) {
            Some((_, count)) => *count += 1,
            None => self.accepted.push((number, 1)),
        }
    }

    #[inline]
    pub(super) fn fruitless(&mut self, place: usize) -> &mut Fruitless {
        &mut self.list[place].fruitless
    }

    /// Events are missing.
    pub(super) fn forget_fruitless(&mut self) {
        for thread in &mut self.list {
            thread.fruitless = Fruitless::default();
        }
    }

    pub(super) fn tid_at(&self, place: usize) -> Pid {
        self.list[place].tid
    }

    #[inline]
    pub(super) fn turn(&mut self, place: usize) -> &mut Turn {
        &mut self.list[place].turn
    }

    #[inline]
    pub(super) fn number_at(&self, place: usize) -> u32 {
        self.list[place].number
    }

    #[inline]
    pub(super) fn works_for(&mut self, place: usize, link: Option<Link>) {
        let thread = &mut self.list[place];
        thread.turns += u32::from(thread.current != link);
        thread.current = link;
    }

    /// A thread has slept until something was ready.
    pub(super) fn slept(&mut self, at: &At<'_>) {
        self.list[at.thread].slept += at.now.saturating_sub(at.enter);
    }

    /// When it is, for the thread of a call.
    #[inline]
    pub(super) fn awake(&self, at: &At<'_>) -> Awake {
        let Thread { tid, slept, .. } = self.list[at.thread];
        Awake {
            tid,
            slept,
            at: at.now,
        }
    }

    /// How often a thread turned to something else.
    pub(super) fn turns(&self, tid: Pid) -> u32 {
        let place = self.by_tid.get(&u64::from(tid.0));
        place.map_or(0, |place| self.list[*place].turns)
    }

    /// What a thread leaves on whatever it uses.
    #[inline]
    pub(super) fn mark(&self, at: &At<'_>, pid: Pid) -> Mark {
        let Thread { tid, turns, .. } = self.list[at.thread];
        Mark {
            tid,
            pid,
            turns,
            at: at.now,
            gone: None,
        }
    }
}

/// Which descriptor an epoll's data word stands for.
pub(super) type Watches = ByNumber<i32>;

impl Story {
    pub(super) fn interpret(&mut self, event: &Event<'_>) -> Whose {
        match &event.what {
            What::Call(done) => {
                self.totals.add(done);
                self.call(event, done)
            }
            What::Ring(operation) => self.ring(event, operation),
            What::Enter(call) | What::Pending(call) => self.begun(event, call),
            What::Fd(fact) => {
                self.fact(event, fact);
                Whose::default()
            }
            What::Signal { number, .. } => {
                self.signalled(event.pid, *number);
                Whose::default()
            }
            What::Process(process) => {
                self.process(event, process);
                Whose::default()
            }
            What::Lost { .. } => {
                for connection in self.connections.iter_mut() {
                    connection.request.lose();
                    connection.response.lose();
                }
                self.findings_lost(event.t);
                Whose::default()
            }
        }
    }

    pub(super) fn call(&mut self, event: &Event<'_>, done: &Completed<'_>) -> Whose {
        let at = At {
            enter: event.t,
            now: event.t.saturating_add(done.dur),
            process: self.processes.place(event.pid),
            thread: self.threads.place(event.tid),
            name: done.syscall.name,
            outcome: done.outcome,
            injected: done.injected,
        };
        self.latest = self.latest.max(at.now);
        self.sees(event.tid, done.syscall.name);
        let process = self.processes.at(at.process);
        process.threaded |= process.pid != event.tid;
        let whose = match &done.syscall.call {
            Call::Receive {
                fd,
                asked,
                data,
                flags,
            } => self.receive(&at, *fd, *asked, data, *flags),
            Call::Send {
                fd,
                asked,
                data,
                flags,
            } => {
                let whose = self.send(&at, *fd, *asked, data, *flags);
                self.cut_short(&at, *fd, data, (*asked, done.cut_from));
                whose
            }
            Call::ReceiveRights {
                fd,
                asked,
                data,
                flags,
                control,
            } => {
                self.take_rights(&at, control, *flags);
                self.receive(&at, *fd, *asked, data, *flags)
            }
            Call::SendRights {
                fd,
                asked,
                data,
                flags,
                control,
            } => {
                self.give_rights(&at, control);
                self.send(&at, *fd, *asked, data, *flags)
            }
            Call::ReceiveMany {
                fd,
                asked,
                data,
                flags,
            } => self.receive(&at.moving(data.len), *fd, *asked, data, *flags),
            Call::SendMany {
                fd,
                asked,
                data,
                flags,
                taken,
            } => self.send(&at.moving(*taken), *fd, *asked, data, *flags),
            Call::Splice { input, output, .. } => self.splice(&at, *input, *output),
            Call::Pair { socket, flags, fds } => self.pair(&at, *socket, *flags, *fds),
            Call::CloseRange { first, last, flags } => self.close_range(&at, *first, *last, *flags),
            Call::NonBlocking { fd, on } => self.non_blocking(&at, *fd, *on),
            Call::Clone { flags } => self.cloned(event, &at, *flags),
            Call::SendFile { out, input, .. } => self.send_file(&at, *out, *input),
            Call::EpollWait {
                epoll,
                ready,
                timeout,
                ..
            } => self.epoll_wait(&at, *epoll, ready, i64::from(*timeout)),
            Call::EpollControl {
                epoll,
                op,
                fd,
                events,
                data,
            } => self.epoll_control(&at, *epoll, *op, *fd, (*events, *data)),
            Call::Poll {
                fds,
                found,
                timeout,
            } => self.poll(&at, *fds, found, *timeout),
            Call::Accept { fd, peer, flags } => self.accept(&at, *fd, peer.as_ref(), *flags),
            Call::Close { fd } => self.close(&at, *fd),
            Call::Open { dir, path, flags } => self.open(&at, *dir, path.bytes, *flags),
            Call::Stat { fd, size, mode } => self.stat(&at, *fd, *size, *mode),
            Call::Fcntl { fd, op, arg } => self.fcntl(&at, *fd, *op, *arg),
            Call::Dup {
                fd, close_on_exec, ..
            } => self.dup(&at, *fd, *close_on_exec),
            Call::Socket {
                domain,
                kind,
                flags,
                ..
            } => self.socket(&at, *domain, *kind, *flags),
            Call::Bind { fd, address } => self.bind(&at, *fd, address.as_ref()),
            Call::Listen { fd, .. } => self.listen(&at, *fd),
            Call::Connect { fd, address } => self.connect(&at, *fd, address.as_ref()),
            Call::Shutdown { fd, how } => self.shutdown(&at, *fd, *how),
            Call::SetOption {
                fd,
                level,
                name,
                value,
            } => self.set_option(&at, *fd, (*level, *name), value),
            Call::GetOption {
                fd,
                level,
                name,
                value,
            } => self.get_option(&at, *fd, (*level, *name), value),
            Call::GetName { fd, peer, address } => self.get_name(&at, *fd, *peer, address.as_ref()),
            Call::EpollCreate => self.new_fd(&at, FdKind::Epoll, Note::EpollMade),
            Call::Other => self.other(&at),
        };
        if done.injected {
            self.made_up(&at);
        }
        self.look_for_loops(event, &at, done);
        self.look_for_turns(&at, &done.syscall);
        self.turned(&at, &done.syscall.call);
        whose
    }

    /// A fault's own note takes the place of what the errno would mean.
    fn made_up(&mut self, at: &At<'_>) {
        let note = match at.outcome {
            Outcome::Failed(errno) => Note::Injected(Some(errno)),
            Outcome::Returned(_) | Outcome::Unknown => Note::Injected(None),
        };
        match self
            .notes
            .iter_mut()
            .find(|n| matches!(n, Note::Failed(..) | Note::GaveUp(_)))
        {
            Some(old) => *old = note,
            None => self.notes.push(note),
        }
    }

    /// The note of a call that failed.
    pub(super) fn failed(&mut self, at: &At<'_>, attempt: Attempt) {
        if let Outcome::Failed(errno) = at.outcome {
            self.notes.push(Note::Failed(attempt, errno));
        }
    }

    /// The connection that a descriptor is, with the thread now working for it.
    #[inline]
    pub(super) fn link_of(&mut self, at: &At<'_>, fd: Fd) -> Option<Link> {
        let link = self.processes.at(at.process).get(fd)?.link?;
        self.threads.works_for(at.thread, Some(link));
        let mark = self.threads.mark(at, self.processes.at(at.process).pid);
        if let Some(connection) = self.connections.get_mut(link) {
            connection.touched = mark;
        }
        Some(link)
    }

    /// Counts a call that moves no bytes for the exchange that is going on.
    pub(super) fn whose(&mut self, at: &At<'_>, link: Option<Link>) -> Whose {
        let Some(connection) = link.and_then(|link| self.connections.get_mut(link)) else {
            return Whose::default();
        };
        connection.calls += 1;
        match connection.waiting.front_mut() {
            Some(exchange) => exchange.calls.add(at.name),
            None if !connection.request.is_idle() => connection.early.add(at.name),
            None => {}
        }
        Whose {
            connection: Some(connection.id),
            exchange: connection.current(),
        }
    }

    /// A number gets an owner, and whoever had it before is let go.
    pub(super) fn take_number(&mut self, at: &At<'_>, fd: Fd) -> bool {
        let process = self.processes.at(at.process);
        let ghost = process
            .get(fd)
            .filter(|info| info.open)
            .and_then(|info| info.ghost);
        let Some(info) = process.open(fd, at.call_name(), at.now) else {
            return false;
        };
        let again = info.generation > 1 && info.ghost.is_none();
        if let Some(ghost) = ghost {
            self.connections.release(ghost, at.now, &mut self.history);
        }
        if again && !self.said_again {
            self.said_again = true;
            self.notes.push(Note::NumberAgain(fd));
        }
        true
    }

    pub(super) fn new_fd(&mut self, at: &At<'_>, kind: FdKind, note: Note) -> Whose {
        let Some(fd) = at.new_fd() else {
            self.failed(at, Attempt::Other);
            return Whose::default();
        };
        self.notes.push(note);
        if self.take_number(at, fd)
            && let Some(info) = self.processes.at(at.process).get_mut(fd)
        {
            info.kind = kind;
        }
        Whose::default()
    }

    /// A call that we know only by its row: a descriptor it returns still has an owner.
    fn other(&mut self, at: &At<'_>) -> Whose {
        let gives_fd = matches!(at.name, CallName::Known(id) if id.signature().gives_fd);
        if gives_fd && let Some(fd) = at.new_fd() {
            self.take_number(at, fd);
            if let Some(info) = self.processes.at(at.process).get_mut(fd) {
                info.kind = FdKind::Other;
            }
        }
        self.lives(at);
        self.ring_call(at);
        if self.notes.is_empty() {
            self.plainly(at);
        }
        let current = self.threads.current(at.thread);
        self.whose(at, current)
    }

    /// A call without a part in the story: that it failed, or in a few words what it did.
    fn plainly(&mut self, at: &At<'_>) {
        let CallName::Known(id) = at.name else {
            return self.failed(at, Attempt::Other);
        };
        let of_files = id.signature().classes & class::FILE != 0;
        match at.outcome {
            Outcome::Failed(_) if of_files => self.failed(at, Attempt::Open),
            Outcome::Failed(_) if id.signature().waits => self.failed(at, Attempt::Wait),
            Outcome::Failed(_) => self.failed(at, Attempt::Other),
            Outcome::Returned(_) if done(id).is_some() => self.notes.push(Note::Done(id)),
            Outcome::Returned(_) | Outcome::Unknown => {}
        }
    }

    /// What a descriptor already was when watching began.
    fn fact(&mut self, event: &Event<'_>, fact: &FdFact) {
        let process = self.processes.place(event.pid);
        // Watching began late: there may be threads that sleep.
        self.processes.at(process).threaded = true;
        let Some(info) = self.processes.at(process).seen(fact.fd) else {
            return;
        };
        info.own = fact.own;
        info.kind = match fact.kind.as_str() {
            "socket" => FdKind::Socket,
            "listener" => FdKind::Listener,
            "file" => FdKind::File,
            "directory" => FdKind::Directory,
            "epoll" => FdKind::Epoll,
            "pipe" => FdKind::Pipe,
            _ => FdKind::Other,
        };
        match (info.kind, fact.name.split_once(" -> ")) {
            (FdKind::Socket, Some((local, peer))) => {
                info.local = parse_address(local);
                info.peer = parse_address(peer);
            }
            (FdKind::Socket | FdKind::Listener, None) => {
                info.local = parse_address(&fact.name);
                let family = info.local.as_ref().map(Address::family);
                info.family = family.map_or(0, u32::from);
            }
            _ => {
                info.path.clear();
                info.path.extend_from_slice(fact.name.as_bytes());
            }
        }
    }
}

fn parse_address(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        let name = match path.strip_prefix('@') {
            Some(name) => [b"\0", name.as_bytes()].concat(),
            None => path.as_bytes().to_vec(),
        };
        return Some(Address::Unix(name));
    }
    match text.parse().ok()? {
        std::net::SocketAddr::V4(v4) => Some(Address::V4(v4.ip().octets(), v4.port())),
        std::net::SocketAddr::V6(v6) => Some(Address::V6(
            v6.ip().octets(),
            v6.port(),
            v6.flowinfo(),
            v6.scope_id(),
        )),
    }
}
