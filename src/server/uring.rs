//! Nobody is asked who is ready: the calls themselves are queued, and their results come back.
//!
//! ```text
//! loop:  io_uring_enter → for each result: a client → queue a read; bytes → queue a write and a read
//! ```
//!
//! The other event loops hear that a call would not sleep, and then make it. Here the call is handed over
//! before there is anything to do, with the memory for its result, and ends when it ends. One
//! `io_uring_enter` takes everything that is queued and sleeps until something has ended (`kernel::ring`
//! has the queues): two a request where a client is alone, one for many requests where there are many.
//!
//! What that costs: an idle connection has a read under way, and with it a buffer; and whatever is given up
//! must be taken back first (`Cancel`), because the kernel still may write to it. Files are opened and read
//! by plain calls: they are in the page cache, and `sendfile` has no operation.

use super::accept::{Accepted, Streak, trouble};
use super::desks::{Desks, SPARE};
use super::exchange::{Client, Desk, Worker};
use super::listen::{self, Listener};
use super::open_error::OpenError;
use super::send::After;
use super::talk::LINGER_BYTES;
use super::timers::{Timers, timeout};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::{Operation, Probe, Result, Ring, Ticket};
use nix::libc;
use std::time::Duration;

/// How long nobody is accepted when descriptors are short.
const PAUSE: u64 = 500_000_000;
/// The sleep when `io_uring_enter` fails again and again.
const NAP: Duration = Duration::from_millis(100);

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// Bytes from the client.
    Reading,
    /// The end of a write, until this time at most.
    Sending(u64),
    /// The client's end, after ours: how many bytes were thrown away (see `talk::linger`).
    Lingering(u64),
    /// The end of what is under way: then it is closed.
    Leaving,
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    client: Client,
    doing: Doing,
    desk: Option<Box<Desk>>,
    /// What is under way.
    read: Option<Ticket>,
    other: Option<Ticket>,
    /// What a read brought before the answers to what came earlier were sent; empty for the client's end.
    early: Option<Vec<u8>>,
}

/// Whether clients are let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doors {
    /// They are.
    Open,
    /// Not before this time.
    Until(u64),
    /// Not before a connection ends.
    Full,
    /// Never again.
    Closed,
}

struct Loop<'a, P: Probe> {
    worker: &'a mut Worker<P>,
    listeners: &'a [Listener],
    ring: Ring,
    /// One accept under way for each listener.
    accepts: Vec<Option<Ticket>>,
    doors: Doors,
    /// By descriptor number.
    rows: Vec<Option<Row>>,
    open: usize,
    /// Connections at once.
    most: usize,
    desks: Desks,
    buffers: Vec<Vec<u8>>,
    timers: Timers,
    /// Of accepts, of `io_uring_enter`, and of reads and writes.
    streaks: [Streak; 3],
}

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// What `io_uring_setup` said: nobody was served.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> std::result::Result<bool, OpenError> {
    let ring = worker.kernel.io_uring_setup().map_err(listen::no_ring)?;
    let config = &worker.site.config;
    let most = config.max_connections.div_ceil(config.workers.max(1));
    let mut uring = Loop {
        ring,
        accepts: vec![None; listeners.len()],
        doors: Doors::Open,
        rows: Vec::new(),
        open: 0,
        most: most.max(1),
        desks: Desks::default(),
        buffers: Vec::new(),
        timers: Timers::default(),
        streaks: Default::default(),
        worker,
        listeners,
    };
    while uring.turn() {}
    let closed = uring.doors == Doors::Closed;
    uring.worker.kernel.close_ring(uring.ring);
    Ok(closed)
}

impl<P: Probe> Loop<'_, P> {
    /// Sleeps once and does what there is to do then. False when the server has ended.
    fn turn(&mut self) -> bool {
        match self.worker.ear.stopping() {
            true => self.wind_up(),
            false => self.invite(),
        }
        if self.worker.ear.stopping() && self.open == 0 && self.ring.under_way() == 0 {
            return false;
        }
        let entered = self.enter();
        self.worker.tick();
        match entered {
            Ok(_) => self.streaks[1] = Streak::default(),
            // ETIME: a deadline. EINTR: the end is looked for. What was queued stays so.
            Err(Errno(libc::ETIME)) => {}
            Err(_) => {
                if self.streaks[1].judge(Accepted::Again) == Accepted::NoRoom {
                    let _ = self.worker.kernel.clock_nanosleep(NAP);
                }
            }
        }
        while let Some((operation, result)) = self.worker.kernel.ended(&mut self.ring) {
            self.attend(operation, result);
        }
        self.look_at_the_clock();
        true
    }

    fn enter(&mut self) -> Result<u32> {
        if self.open == 0 {
            self.timers.clear();
        }
        let reopen = match self.doors {
            Doors::Until(time) => Some(time),
            _ => None,
        };
        let next = self.timers.next().into_iter().chain(reopen).min();
        let limit = u64::try_from(timeout(self.worker.now, next)).ok();
        let limit = limit.map(|milliseconds| milliseconds * 1_000_000);
        self.worker.kernel.io_uring_enter(&mut self.ring, limit)
    }

    fn queue(&mut self, operation: Operation) -> Ticket {
        self.worker.kernel.queue(&mut self.ring, operation)
    }

    fn row(&mut self, fd: Fd) -> Option<&mut Row> {
        self.rows.get_mut(fd.0 as usize)?.as_mut()
    }

    /// An operation has ended: what follows from it.
    fn attend(&mut self, operation: Operation, result: Result<i64>) {
        self.worker.counter.operation(operation.opcode(), result);
        match operation {
            Operation::Accept { listener, name, .. } => {
                if let Some(door) = self.listeners.iter().position(|l| l.fd == listener) {
                    self.accepts[door] = None;
                }
                let accepted = match result {
                    Ok(fd) => Accepted::Client(Fd(fd as i32), name.address()),
                    Err(Errno(libc::ECANCELED)) => return,
                    Err(errno) => trouble(errno),
                };
                self.accepted(accepted);
            }
            Operation::Read { fd, buf } => self.has_read(fd, buf, result),
            Operation::Write { fd, bytes, from } => self.has_written(fd, bytes, from, result),
            Operation::Shutdown { fd, .. } => {
                let Some(row) = self.row(fd) else { return };
                row.other = None;
                match result {
                    Ok(_) if row.doing != Doing::Leaving => self.read(fd),
                    _ => self.close(fd),
                }
            }
            Operation::Close { .. } | Operation::Cancel { .. } => {}
        }
    }

    /// One accept under way for each listener, as long as clients are let in.
    fn invite(&mut self) {
        for door in 0..self.listeners.len() {
            if self.doors == Doors::Open && self.accepts[door].is_none() {
                let accept = Operation::accept(self.listeners[door].fd, libc::SOCK_CLOEXEC);
                self.accepts[door] = Some(self.queue(accept));
            }
        }
    }

    fn accepted(&mut self, accepted: Accepted) {
        match self.streaks[0].judge(accepted) {
            Accepted::Client(fd, peer) => {
                let client = self.worker.welcome(fd, peer);
                self.timers.watch(fd.0 as u32, client.deadline);
                let index = fd.0 as usize;
                if index >= self.rows.len() {
                    self.rows.resize_with(index + 1, || None);
                }
                self.rows[index] = Some(Row {
                    client,
                    doing: Doing::Reading,
                    desk: None,
                    read: None,
                    other: None,
                    early: None,
                });
                self.open += 1;
                match self.worker.ear.stopping() {
                    true => self.close(fd),
                    false => self.read(fd),
                }
                if self.open >= self.most {
                    self.shut_doors(Doors::Full);
                }
            }
            Accepted::Again | Accepted::Nobody => {}
            Accepted::NoRoom => self.shut_doors(Doors::Until(self.worker.now + PAUSE)),
        }
    }

    fn shut_doors(&mut self, doors: Doors) {
        if self.doors != Doors::Closed {
            self.doors = doors;
        }
        for door in 0..self.accepts.len() {
            if let Some(ticket) = self.accepts[door].take() {
                self.queue(Operation::Cancel { ticket });
            }
        }
    }

    /// Asks for what the client sends next, unless that is asked for already.
    fn read(&mut self, fd: Fd) {
        if self.row(fd).is_none_or(|row| row.read.is_some()) {
            return;
        }
        let size = self.worker.site.config.buffer();
        let buf = self.buffers.pop().unwrap_or_else(|| vec![0; size]);
        let ticket = self.queue(Operation::Read { fd, buf });
        if let Some(row) = self.row(fd) {
            row.read = Some(ticket);
        }
    }

    fn has_read(&mut self, fd: Fd, buf: Vec<u8>, result: Result<i64>) {
        let Some(row) = self.row(fd) else { return };
        row.read = None;
        let bytes = match result {
            Ok(n) => &buf[..(n as usize).min(buf.len())],
            Err(_) => &[],
        };
        match (row.doing, result) {
            (Doing::Leaving, _) => self.close(fd),
            (_, Err(Errno(libc::EAGAIN | libc::EINTR))) => {
                self.in_vain();
                self.read(fd);
            }
            // ECONNRESET, ETIMEDOUT, EHOSTUNREACH: there is nobody to tell.
            (_, Err(_)) => self.close(fd),
            (Doing::Reading, Ok(0)) => {
                self.with_desk(fd, |worker, desk, client| worker.end_of_input(desk, client));
            }
            (Doing::Reading, Ok(_)) => {
                self.with_desk(fd, |worker, desk, client| worker.take(desk, client, bytes));
            }
            (Doing::Sending(_), Ok(_)) => row.early = Some(bytes.to_vec()),
            (Doing::Lingering(before), Ok(n)) => {
                let after = before.saturating_add(n as u64);
                row.doing = Doing::Lingering(after);
                self.worker.counter.received(bytes.len());
                match n > 0 && after < LINGER_BYTES {
                    true => self.read(fd),
                    false => self.close(fd),
                }
            }
        }
        if self.buffers.len() < SPARE {
            self.buffers.push(buf);
        }
    }

    fn has_written(&mut self, fd: Fd, bytes: Vec<u8>, from: usize, result: Result<i64>) {
        let Some(row) = self.row(fd) else { return };
        row.other = None;
        let Some(mut desk) = row.desk.take() else {
            return self.close(fd);
        };
        match desk.out.wrote(bytes, from, result.map(|n| n as usize)) {
            Ok(()) => {
                self.streaks[2] = Streak::default();
                self.settle(fd, desk);
            }
            Err(Errno(libc::EAGAIN | libc::EINTR | libc::ENOBUFS)) => {
                self.in_vain();
                self.settle(fd, desk);
            }
            // EPIPE, ECONNRESET, ETIMEDOUT: the client is gone, which is its right.
            Err(_) => self.end(fd, desk),
        }
    }

    /// An operation ended without having done anything, which is tried again at once; but not on and on.
    fn in_vain(&mut self) {
        if self.streaks[2].judge(Accepted::Again) == Accepted::NoRoom {
            let _ = self.worker.kernel.clock_nanosleep(NAP / 10);
        }
    }

    /// Lends the connection a desk (its own, if it has one), lets `work` change what is on it, and
    /// goes on from there.
    fn with_desk(&mut self, fd: Fd, work: impl FnOnce(&mut Worker<P>, &mut Desk, &mut Client)) {
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        let own = row.desk.take();
        let mut desk = self.desks.lend(own, self.worker, &mut row.client);
        work(self.worker, &mut desk, &mut row.client);
        self.settle(fd, desk);
    }

    /// Queues what there is to send, answers what had to wait for that, and leaves the connection in the
    /// state it is in then.
    fn settle(&mut self, fd: Fd, mut desk: Box<Desk>) {
        loop {
            let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
                return;
            };
            match desk.out.next_bytes(&mut self.worker.kernel) {
                Ok(Some((bytes, from))) => return self.write(fd, desk, bytes, from),
                Ok(None) => self.worker.recount(&mut desk),
                Err(_) => return self.end(fd, desk),
            }
            match desk.out.after {
                After::Keep => {}
                After::Linger => return self.begin_to_linger(fd, desk),
                After::Close | After::Abort => return self.end(fd, desk),
            }
            if desk.connection.has_held() {
                // Requests that waited until there was room for their answers.
                self.worker.take(&mut desk, &mut row.client, &[]);
                if !desk.out.is_empty() || desk.out.after != After::Keep {
                    continue;
                }
            }
            match row.early.take() {
                Some(end) if end.is_empty() => {
                    self.worker.end_of_input(&mut desk, &mut row.client);
                }
                Some(bytes) => self.worker.take(&mut desk, &mut row.client, &bytes),
                None => break,
            }
        }
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        row.doing = Doing::Reading;
        let deadline = self.worker.ear.bounded(row.client.deadline);
        self.timers.watch(fd.0 as u32, deadline);
        if desk.is_clear() {
            self.worker.take_back(&desk, &mut row.client);
            self.desks.put_away(desk);
        } else {
            row.desk = Some(desk);
        }
        self.read(fd);
    }

    /// Queues a write, and behind it the next read: one `io_uring_enter` takes both.
    fn write(&mut self, fd: Fd, mut desk: Box<Desk>, bytes: Vec<u8>, from: usize) {
        let patience = self.worker.site.config.body_timeout.as_nanos() as u64;
        let mut give_up = self.worker.now.saturating_add(patience);
        let ticket = self.queue(Operation::Write { fd, bytes, from });
        let Some(row) = self.row(fd) else { return };
        row.other = Some(ticket);
        if let (Doing::Sending(before), false) = (row.doing, desk.out.has_advanced()) {
            give_up = before;
        }
        row.doing = Doing::Sending(give_up);
        let goes_on = desk.out.after == After::Keep && row.early.is_none();
        let goes_on = goes_on && desk.out.is_empty() && !desk.connection.has_held();
        row.desk = Some(desk);
        let deadline = self.worker.ear.bounded(give_up);
        self.timers.watch(fd.0 as u32, deadline);
        if goes_on {
            self.read(fd);
        }
    }

    /// Our half is closed; what the client still sends is read and thrown away for a while, so that
    /// no RST destroys the answer (RFC 9112 9.6).
    fn begin_to_linger(&mut self, fd: Fd, desk: Box<Desk>) {
        self.desks.put_away_after_use(self.worker, desk);
        let how = libc::SHUT_WR;
        let ticket = self.queue(Operation::Shutdown { fd, how });
        let patience = self.worker.site.config.linger.as_nanos() as u64;
        let deadline = self.worker.now.saturating_add(patience);
        let Some(row) = self.row(fd) else { return };
        row.other = Some(ticket);
        row.doing = Doing::Lingering(0);
        row.early = None;
        row.client.deadline = deadline;
        let deadline = self.worker.ear.bounded(deadline);
        self.timers.watch(fd.0 as u32, deadline);
    }

    /// Ends a connection whose desk is lent out.
    fn end(&mut self, fd: Fd, desk: Box<Desk>) {
        self.desks.put_away_after_use(self.worker, desk);
        self.close(fd);
    }

    /// Ends a connection: at once, or when what is under way has been taken back.
    fn close(&mut self, fd: Fd) {
        let Some(row) = self.row(fd) else { return };
        let desk = row.desk.take();
        let was = std::mem::replace(&mut row.doing, Doing::Leaving);
        let under_way = [row.read, row.other];
        if let Some(desk) = desk {
            self.desks.put_away_after_use(self.worker, desk);
        }
        if under_way != [None, None] {
            if was != Doing::Leaving {
                for ticket in under_way.into_iter().flatten() {
                    self.queue(Operation::Cancel { ticket });
                }
            }
            return;
        }
        self.rows[fd.0 as usize] = None;
        self.queue(Operation::Close { fd });
        self.open -= 1;
        if self.doors == Doors::Full {
            self.doors = Doors::Open;
        }
        if self.open == 0 {
            self.rows = Vec::new();
        }
    }

    /// Connections whose deadline has passed, and listeners whose pause is over.
    fn look_at_the_clock(&mut self) {
        let now = self.worker.now;
        while let Some(fd) = self.timers.pop(now) {
            let Some(Some(row)) = self.rows.get(fd as usize) else {
                continue;
            };
            let deadline = match row.doing {
                Doing::Sending(time) => time,
                _ => row.client.deadline,
            };
            let deadline = self.worker.ear.bounded(deadline);
            let fd = Fd(fd as i32);
            match row.doing {
                Doing::Leaving => {}
                _ if deadline > now => self.timers.watch(fd.0 as u32, deadline),
                Doing::Reading => {
                    self.with_desk(fd, |worker, desk, client| worker.time_is_up(desk, client));
                }
                Doing::Sending(_) | Doing::Lingering(_) => self.close(fd),
            }
        }
        if matches!(self.doors, Doors::Until(time) if time <= now) {
            self.doors = Doors::Open;
        }
    }

    /// The end was asked for: idle connections are closed, the others get the grace period, newcomers
    /// are refused.
    fn wind_up(&mut self) {
        if self.doors == Doors::Closed {
            return;
        }
        self.shut_doors(Doors::Full);
        for index in 0..self.rows.len() {
            let Some(Some(row)) = self.rows.get(index) else {
                continue;
            };
            match row {
                Row {
                    doing: Doing::Reading,
                    desk: None,
                    ..
                } => self.close(Fd(index as i32)),
                row => {
                    let deadline = self.worker.ear.bounded(row.client.deadline);
                    self.timers.watch(index as u32, deadline);
                }
            }
        }
        if self.open > 0 {
            self.doors = Doors::Closed;
            for listener in self.listeners {
                listen::close_listener(&mut self.worker.kernel, listener);
            }
        }
    }
}
