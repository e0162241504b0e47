//! A thread for each connection.
//!
//! ```text
//! main thread:   loop: accept4 → start a thread
//! each thread:   read → write → read → write → … → close
//! ```
//!
//! The code of a connection is the same as in `blocking`; only who runs it differs. A client that is
//! silent costs a sleeping thread: its stack, and the kernel's work of switching to it. Nobody else
//! waits.
//!
//! Want of descriptors (EMFILE), and more than `--max-connections`: the main thread waits until a
//! connection ends. Those who come meanwhile wait in the kernel's queue.

use super::accept::{Accepted, Streak, Turn, accept, shut, turn_away, wait_at};
use super::exchange::Worker;
use super::listen::{self, Listener};
use super::stop::GRACE;
use super::talk::talk;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::kernel::Probe;
use nix::libc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A connection's thread needs little: its buffers are on the heap.
const STACK: usize = 128 << 10;
/// How long to wait for a connection to end before trying again all the same.
const PATIENCE: Duration = Duration::from_millis(100);

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
pub fn run<P: Probe + 'static>(worker: &mut Worker<P>, listeners: &[Listener]) -> bool {
    let seats = Arc::new(Seats::default());
    let most = worker.site.config.max_connections.max(1);
    let (mut streak, mut turn) = (Streak::default(), Turn::default());
    let woken = worker
        .ear
        .sleeps_at_doors(shut(worker.kernel.fork(), listeners));
    while !worker.ear.stopping() {
        if !seats.wait_for_less_than(most) {
            continue;
        }
        let Some(door) = wait_at(&mut worker.kernel, listeners, &mut turn) else {
            if streak.judge(Accepted::Again) == Accepted::NoRoom {
                seats.wait_for_an_end();
            }
            continue;
        };
        match streak.judge(accept(&mut worker.kernel, door, libc::SOCK_CLOEXEC)) {
            Accepted::Client(fd, peer) => start(worker, &seats, fd, peer),
            Accepted::Again => {}
            Accepted::Nobody | Accepted::NoRoom if worker.ear.stopping() => {}
            Accepted::Nobody | Accepted::NoRoom => seats.wait_for_an_end(),
        }
    }
    drop(woken);
    finish(worker, &seats, listeners)
}

/// Starts the thread of one connection.
fn start<P: Probe + 'static>(worker: &mut Worker<P>, seats: &Arc<Seats>, fd: Fd, peer: Address) {
    let seat = Seat::taken(seats);
    let (kernel, site) = (worker.kernel.fork(), Arc::clone(&worker.site));
    let number = worker.number();
    let serve = move || {
        // Dropped last, when the thread has told its probe everything.
        let _seat = seat;
        let mut worker = Worker::new(kernel, site);
        let mut buf = vec![0; worker.site.config.buffer()];
        let mut desk = worker.desk();
        let mut client = worker.welcome_as(number, fd, peer);
        talk(&mut worker, &mut desk, &mut client, &mut buf);
    };
    let thread = std::thread::Builder::new()
        .name("connection".to_owned())
        .stack_size(STACK);
    if thread.spawn(serve).is_err() {
        // `clone` said EAGAIN: no more threads. This one client hears of it; the server goes on.
        turn_away(worker, fd, "no thread is left for another connection");
    }
}

/// Waits for the connections that are still open. While there are some, newcomers are refused by the
/// kernel: the listeners are closed.
fn finish<P: Probe>(worker: &mut Worker<P>, seats: &Seats, listeners: &[Listener]) -> bool {
    let busy = seats.count() > 0;
    if busy {
        for listener in listeners {
            listen::close_listener(&mut worker.kernel, listener);
        }
        // Each thread ends by itself within the grace period; a little more for the last calls.
        seats.wait_for_none(GRACE + Duration::from_secs(1));
    }
    busy
}

/// How many connections have a thread, and word when one ends.
#[derive(Debug, Default)]
struct Seats {
    taken: Mutex<usize>,
    ended: Condvar,
}

/// One connection's thread, as long as it lives.
#[derive(Debug)]
struct Seat(Arc<Seats>);

impl Seat {
    fn taken(seats: &Arc<Seats>) -> Seat {
        *seats.lock() += 1;
        Seat(Arc::clone(seats))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.ended.notify_all();
    }
}

impl Seats {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> usize {
        *self.lock()
    }

    /// Whether fewer than `most` are taken; if not, waits a while for that.
    fn wait_for_less_than(&self, most: usize) -> bool {
        let taken = self.lock();
        if *taken < most {
            return true;
        }
        let waited = self.ended.wait_timeout(taken, PATIENCE);
        *waited.unwrap_or_else(PoisonError::into_inner).0 < most
    }

    fn wait_for_an_end(&self) {
        let waited = self.ended.wait_timeout(self.lock(), PATIENCE);
        drop(waited);
    }

    fn wait_for_none(&self, at_most: Duration) {
        let end = Instant::now() + at_most;
        let mut taken = self.lock();
        while *taken > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            taken = self
                .ended
                .wait_timeout(taken, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
