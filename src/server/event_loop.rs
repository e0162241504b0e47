//! The loop that the event-driven models share: one thread, many connections, and a call that says which
//! of them are ready.
//!
//! ```text
//! loop:  wait → for each that is ready: accept4, or read → write
//! ```
//!
//! In: a [`Waiting`], which is what a model is. Out: every connection served to its end. Nothing sleeps
//! but the wait: every descriptor is non-blocking. What a connection waits for changes only while its
//! client does not take what we send.
//!
//! An idle connection is a row in a table: buffers and parser ([`Desk`]) are lent to a connection while
//! something is unfinished, and nothing is while a request and its answer fit into one turn.
//!
//! Want of descriptors (EMFILE), and more than `--max-connections`: the listeners leave the set, for
//! half a second, or until a connection ends (`doors`).

mod doors;

use super::accept::{Streak, shut};
use super::desks::Desks;
use super::exchange::{Client, Desk, Worker};
use super::listen::{self, Listener};
use super::open_error::OpenError;
use super::send::{After, Sent};
use super::stop::AtTheDoors;
use super::talk::LINGER_BYTES;
use super::timers::{Timers, timeout};
use super::waiting::{Interest, Key, Waiting};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::Probe;
use nix::libc;
use std::time::Duration;

/// The sleep when the wait fails again and again.
const NAP: Duration = Duration::from_millis(100);
/// The sleep when nothing came of several turns in a row.
const REST: Duration = Duration::from_millis(50);
/// Room in the table that is kept when everybody has left.
const ROWS: usize = 1024;

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// Bytes from the client.
    Reading,
    /// Room for bytes to the client.
    Sending,
    /// The client's end, after ours: how many bytes were thrown away (see `talk::linger`).
    Lingering(u64),
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    client: Client,
    doing: Doing,
    desk: Option<Box<Desk>>,
}

/// What is in the set of listeners.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doors {
    /// All of them.
    Open,
    /// None, until this time.
    Until(u64),
    /// None, until a connection ends.
    Full,
    /// None, for good.
    Closed,
}

struct Loop<'a, P: Probe, W> {
    worker: &'a mut Worker<P>,
    listeners: &'a [Listener],
    waiting: W,
    /// Who is ready in this turn.
    ready: Vec<Key>,
    /// Who still was when their tries were used up: they come first in the next turn.
    unfinished: Vec<Key>,
    /// By descriptor number.
    rows: Vec<Option<Row>>,
    open: usize,
    /// Connections at once.
    most: usize,
    desks: Desks,
    timers: Timers,
    doors: Doors,
    /// Of `accept4`, of the wait, and of turns in which nothing came of anything.
    streaks: [Streak; 3],
    /// Something came of a call in this turn.
    useful: bool,
    /// A connection was closed in this turn.
    closed_one: bool,
    woken: Option<AtTheDoors>,
    buf: Vec<u8>,
}

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// A listener has no place in the set: nobody was served.
pub fn run<P: Probe + 'static, W: Waiting<P>>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
    waiting: W,
) -> std::result::Result<bool, OpenError> {
    let buf = vec![0; worker.site.config.buffer()];
    let config = &worker.site.config;
    let most = config
        .max_connections
        .div_ceil(config.workers.max(1))
        .max(1);
    let woken = W::WOKEN_AT_THE_DOORS.then(|| {
        let shut = shut(worker.kernel.fork(), listeners);
        worker.ear.sleeps_at_doors(shut)
    });
    let mut event_loop = Loop {
        worker,
        listeners,
        waiting,
        ready: Vec::new(),
        unfinished: Vec::new(),
        rows: Vec::new(),
        open: 0,
        most,
        desks: Desks::default(),
        timers: Timers::default(),
        doors: Doors::Open,
        streaks: Default::default(),
        useful: false,
        closed_one: false,
        woken,
        buf,
    };
    let result = match event_loop.open_doors() {
        Ok(()) => {
            while event_loop.turn() {}
            Ok(event_loop.doors == Doors::Closed)
        }
        Err(errno) => {
            let io = event_loop.worker.site.config.io;
            Err(OpenError::of_model(io, W::CALL, errno))
        }
    };
    event_loop.waiting.end(&mut event_loop.worker.kernel);
    result
}

impl<P: Probe, W: Waiting<P>> Loop<'_, P, W> {
    /// Sleeps once and does what there is to do then. False when the server has ended.
    fn turn(&mut self) -> bool {
        if self.worker.ear.stopping() && !self.wind_up() {
            return false;
        }
        self.worker.count_durations();
        let sleep = self.sleep();
        self.ready.clear();
        std::mem::swap(&mut self.ready, &mut self.unfinished);
        let waited = self
            .waiting
            .wait(&mut self.worker.kernel, sleep, &mut self.ready);
        match waited {
            Ok(()) => self.streaks[1] = Streak::default(),
            // EINTR: the timeout is worked out again and the end is looked for (man 7 signal: these
            // calls are never restarted).
            Err(_) => {
                if self.streaks[1].fruitless() {
                    let _ = self.worker.kernel.clock_nanosleep(NAP);
                }
            }
        }
        self.worker.tick();
        (self.useful, self.closed_one) = (false, false);
        for place in 0..self.ready.len() {
            self.attend(self.ready[place]);
        }
        self.calm_down();
        self.look_at_the_clock();
        true
    }

    /// Somebody is always ready and nothing ever comes of it: errors that do not end (EINTR, EAGAIN and ENOBUFS
    /// of descriptors that are said to be ready) must not make us spin. After several such turns in a row
    /// there is a nap.
    #[inline]
    fn calm_down(&mut self) {
        if self.useful || self.ready.is_empty() {
            self.streaks[2] = Streak::default();
        } else if self.streaks[2].fruitless() {
            let _ = self.worker.kernel.clock_nanosleep(REST);
        }
    }

    /// The timeout of the next sleep.
    fn sleep(&mut self) -> i32 {
        if self.open == 0 {
            self.timers.clear();
        }
        if !self.unfinished.is_empty() {
            return 0;
        }
        let reopen = match self.doors {
            Doors::Until(time) => Some(time),
            _ => None,
        };
        let next = self.timers.next().into_iter().chain(reopen).min();
        timeout(self.worker.now, next)
    }

    /// Serves one who is ready, as often as the model wants it.
    #[inline]
    fn attend(&mut self, key: Key) {
        for _ in 0..W::TRIES {
            if !self.once(key) {
                return;
            }
        }
        if W::TRIES > 1 {
            self.unfinished.push(key);
        }
    }

    /// One call for one who is ready, and what follows from it. Whether there may be more.
    #[inline]
    fn once(&mut self, key: Key) -> bool {
        let fd = key.fd();
        if key.is_door() {
            return self.accept(fd);
        }
        // A connection that ended earlier in this turn, and perhaps a new one with its number: the key
        // tells them apart.
        let Some(row) = self.rows.get_mut(fd.0 as usize).and_then(Option::as_mut) else {
            if !self.closed_one {
                // Nobody has this number, and still the set reports it: what was closed lives on in a
                // duplicate (SYSCALL-RULES: `close` does not leave epoll then), and would be reported for ever.
                self.waiting.forget(&mut self.worker.kernel, key);
            }
            return false;
        };
        if Key::of(&row.client) != key {
            return false;
        }
        // Errors and hang-ups count as readiness: the call that follows gives the reason.
        match row.doing {
            Doing::Reading => self.read(fd),
            Doing::Sending => self.write(fd),
            Doing::Lingering(_) => self.throw_away(fd),
        }
    }

    /// A client has sent something: one read, and everything that follows from it.
    fn read(&mut self, fd: Fd) -> bool {
        match self.worker.kernel.read(fd, &mut self.buf) {
            Ok(0) => {
                self.with_desk(fd, |worker, desk, client, _| {
                    worker.end_of_input(desk, client)
                });
                false
            }
            Ok(n) => {
                self.useful = true;
                self.with_desk(fd, |worker, desk, client, buf| {
                    worker.take(desk, client, &buf[..n.min(buf.len())]);
                });
                W::TRIES > 1 && self.is_read_from(fd)
            }
            Err(Errno(libc::EAGAIN)) => false,
            Err(Errno(libc::EINTR)) => self.next_turn(fd),
            // ECONNRESET, ETIMEDOUT, EHOSTUNREACH: there is nobody to tell.
            Err(_) => {
                self.close(fd);
                false
            }
        }
    }

    /// The call was interrupted: once more, after the others. A level-triggered set says so by itself.
    fn next_turn(&mut self, fd: Fd) -> bool {
        if W::TRIES > 1
            && let Some(Some(row)) = self.rows.get(fd.0 as usize)
        {
            self.unfinished.push(Key::of(&row.client));
        }
        false
    }

    /// Whether the connection still is there and waits for bytes.
    fn is_read_from(&self, fd: Fd) -> bool {
        let row = self.rows.get(fd.0 as usize).and_then(Option::as_ref);
        row.is_some_and(|row| row.doing != Doing::Sending)
    }

    /// Lends the connection a desk (its own, if it has one), lets `work` change what is on it, and
    /// goes on from there.
    #[inline]
    fn with_desk(
        &mut self,
        fd: Fd,
        work: impl FnOnce(&mut Worker<P>, &mut Desk, &mut Client, &[u8]),
    ) {
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        let own = row.desk.take();
        let mut desk = self.desks.lend(own, self.worker, &mut row.client);
        work(self.worker, &mut desk, &mut row.client, &self.buf);
        self.settle(fd, desk);
    }

    /// Sends what there is, answers what had to wait for that, and leaves the connection in the state
    /// it is in then.
    #[inline]
    fn settle(&mut self, fd: Fd, mut desk: Box<Desk>) {
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        loop {
            if !desk.out.is_empty() {
                match desk.out.send(&mut self.worker.kernel, fd) {
                    Sent::All => {
                        self.useful = true;
                        self.worker.recount(&mut desk);
                    }
                    Sent::Blocked => return self.wait_for_room(fd, desk),
                    Sent::Interrupted => {
                        // Before a byte was taken: once more when the set says so (or the next turn,
                        // where the set says it once), so that the others get theirs.
                        if W::TRIES > 1 {
                            self.unfinished.push(Key::of(&row.client));
                        }
                        return self.wait_for_room(fd, desk);
                    }
                    Sent::Gone => return self.end(fd, desk),
                }
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
            break;
        }
        let sent_late = row.doing != Doing::Reading;
        row.doing = Doing::Reading;
        let deadline = self.worker.ear.bounded(row.client.deadline);
        if desk.is_clear() {
            self.worker.take_back(&desk, &mut row.client);
            self.desks.put_away(desk);
        } else {
            row.desk = Some(desk);
        }
        self.timers.watch(fd.0 as u32, deadline);
        if sent_late {
            self.wait_for(fd, Interest::Bytes);
        }
    }

    /// The client takes no more now.
    fn wait_for_room(&mut self, fd: Fd, mut desk: Box<Desk>) {
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        let advanced = desk.out.has_advanced();
        self.useful |= advanced;
        if advanced || row.doing != Doing::Sending {
            self.worker.made_progress(&mut row.client);
        }
        let deadline = self.worker.ear.bounded(row.client.deadline);
        row.desk = Some(desk);
        let was = std::mem::replace(&mut row.doing, Doing::Sending);
        self.timers.watch(fd.0 as u32, deadline);
        if was != Doing::Sending {
            self.wait_for(fd, Interest::Room);
        }
    }

    /// The client takes bytes again.
    fn write(&mut self, fd: Fd) -> bool {
        self.with_desk(fd, |_, _, _, _| {});
        // If everything was sent, the change of interest reports what has arrived meanwhile.
        false
    }

    fn wait_for(&mut self, fd: Fd, interest: Interest) {
        let Some(Some(row)) = self.rows.get(fd.0 as usize) else {
            return;
        };
        let key = Key::of(&row.client);
        let changed = self.waiting.change(&mut self.worker.kernel, key, interest);
        if changed.is_err() {
            // It would never be heard of again.
            self.close(fd);
        }
    }

    /// Our half is closed; what the client still sends is read and thrown away for a while, so that
    /// no RST destroys the answer (RFC 9112 9.6).
    fn begin_to_linger(&mut self, fd: Fd, desk: Box<Desk>) {
        if self.worker.kernel.shutdown(fd, libc::SHUT_WR).is_err() {
            return self.end(fd, desk);
        }
        self.desks.put_away_after_use(self.worker, desk);
        let Some(Some(row)) = self.rows.get_mut(fd.0 as usize) else {
            return;
        };
        let was = std::mem::replace(&mut row.doing, Doing::Lingering(0));
        let patience = self.worker.site.config.linger.as_nanos() as u64;
        row.client.deadline = self.worker.now.saturating_add(patience);
        let deadline = self.worker.ear.bounded(row.client.deadline);
        self.timers.watch(fd.0 as u32, deadline);
        if was == Doing::Sending {
            self.wait_for(fd, Interest::Bytes);
        }
    }

    fn throw_away(&mut self, fd: Fd) -> bool {
        match self.worker.kernel.read(fd, &mut self.buf) {
            Ok(n) if n > 0 => {
                self.useful = true;
                self.worker.counter.received(n);
                if let Some(Row {
                    doing: Doing::Lingering(bytes),
                    ..
                }) = &mut self.rows[fd.0 as usize]
                {
                    *bytes += n as u64;
                    if *bytes < LINGER_BYTES {
                        return true;
                    }
                }
            }
            Err(Errno(libc::EAGAIN)) => return false,
            Err(Errno(libc::EINTR)) => return self.next_turn(fd),
            _ => {}
        }
        self.close(fd);
        false
    }

    /// Ends a connection whose desk is lent out.
    fn end(&mut self, fd: Fd, desk: Box<Desk>) {
        self.desks.put_away_after_use(self.worker, desk);
        self.close(fd);
    }

    /// Ends a connection.
    fn close(&mut self, fd: Fd) {
        let Some(row) = self.rows.get_mut(fd.0 as usize).and_then(Option::take) else {
            return;
        };
        if let Some(desk) = row.desk {
            self.desks.put_away_after_use(self.worker, desk);
        }
        self.waiting.about_to_close(Key::of(&row.client));
        let _ = self.worker.kernel.close(fd);
        (self.useful, self.closed_one) = (true, true);
        self.open -= 1;
        if self.doors == Doors::Full {
            self.open_doors_later();
        }
        if self.open == 0 && self.rows.len() > ROWS {
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
            let deadline = self.worker.ear.bounded(row.client.deadline);
            if deadline > now {
                self.timers.watch(fd, deadline);
                continue;
            }
            match row.doing {
                Doing::Reading => {
                    self.with_desk(Fd(fd as i32), |worker, desk, client, _| {
                        worker.time_is_up(desk, client)
                    });
                }
                Doing::Sending | Doing::Lingering(_) => self.close(Fd(fd as i32)),
            }
        }
        if matches!(self.doors, Doors::Until(time) if time <= now) {
            self.open_doors_later();
        }
    }

    /// The end was asked for: idle connections are closed, the others get the grace period, newcomers
    /// are refused. True while somebody is left.
    fn wind_up(&mut self) -> bool {
        if self.doors == Doors::Closed || self.open == 0 {
            return self.open > 0;
        }
        for index in 0..self.rows.len() {
            match &self.rows[index] {
                Some(Row {
                    doing: Doing::Reading,
                    desk: None,
                    ..
                }) => self.close(Fd(index as i32)),
                Some(row) => {
                    let deadline = self.worker.ear.bounded(row.client.deadline);
                    self.timers.watch(index as u32, deadline);
                }
                None => {}
            }
            if self.rows.is_empty() {
                break;
            }
        }
        if self.open == 0 {
            return false;
        }
        self.doors = Doors::Closed;
        self.woken = None;
        for listener in self.listeners {
            self.waiting.about_to_close(Key::door(listener.fd));
            listen::close_listener(&mut self.worker.kernel, listener);
        }
        true
    }
}
