//! One thread, one connection, and calls that never sleep: asking again and again.
//!
//! ```text
//! loop:  accept4 → EAGAIN? pause, once more
//!        read    → EAGAIN? pause, once more  → write → close
//! ```
//!
//! With O_NONBLOCK a call that would have to sleep says EAGAIN at once: nobody is here, nothing has come, no
//! room is left. So the program is free to do something else, and this one has nothing else to do: it asks
//! again. It is what everybody writes first, and it shows what is missing: somebody who says *when* to ask.
//! `select`, `poll` and `epoll` do. Without the pause it would use a whole CPU to learn nothing; with it,
//! every answer is late by half a pause, and an idle server still makes two thousand calls a second.
//!
//! It has one seat, as `blocking` has: a silent client gets one second, and a connection carries one request
//! unless `--keep-alive` says otherwise. Deadlines are looked at between tries.
//!
//! Want of descriptors (EMFILE): sleep, 5 ms at first, twice as long each time, 1 s at most.

use super::accept::{Accepted, Streak, Turn, accept, shut};
use super::blocking::Nap;
use super::exchange::Worker;
use super::listen::Listener;
use super::talk::{Manner, talk_in};
use crate::abi::Fd;
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;
use std::time::Duration;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// After many calls in a row that were interrupted.
const LONG_PAUSE: Duration = Duration::from_millis(5);

/// Serves until the end is asked for.
pub fn run<P: Probe + 'static>(worker: &mut Worker<P>, listeners: &[Listener]) {
    let mut buf = vec![0; worker.site.config.buffer()];
    let mut desk = worker.desk();
    let (mut nap, mut streak, mut turn) = (Nap::default(), Streak::default(), Turn::default());
    // It never sleeps there; but while it is busy with its last client, newcomers shall be refused.
    let _woken = worker
        .ear
        .sleeps_at_doors(shut(worker.kernel.fork(), listeners));
    while !worker.ear.stopping() {
        let accepted = match accept_at_any(&mut worker.kernel, listeners, &mut turn) {
            Accepted::Nobody => Accepted::Nobody,
            accepted => streak.judge(accepted),
        };
        match accepted {
            Accepted::Client(fd, peer) => {
                nap = Nap::default();
                worker.tick();
                let mut client = worker.welcome(fd, peer);
                talk_in(
                    &mut Trying::default(),
                    worker,
                    &mut desk,
                    &mut client,
                    &mut buf,
                );
            }
            Accepted::Again => {}
            Accepted::Nobody => pause(&mut worker.kernel),
            Accepted::NoRoom if worker.ear.stopping() => {}
            Accepted::NoRoom => nap.take(&mut worker.kernel),
        }
    }
}

/// Asks at each listener in turn.
fn accept_at_any<P: Probe>(
    kernel: &mut Kernel<P>,
    listeners: &[Listener],
    turn: &mut Turn,
) -> Accepted {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    for place in turn.order(listeners.len()) {
        match accept(kernel, listeners[place].fd, flags) {
            Accepted::Nobody => {}
            accepted => {
                turn.taken(place);
                return accepted;
            }
        }
    }
    Accepted::Nobody
}

/// Calls on a connection are tried again, until its deadline.
#[derive(Default)]
struct Trying(Streak);

impl<P: Probe> Manner<P> for Trying {
    fn before_read(&mut self, _: &mut Kernel<P>, _: Fd, _: Duration) -> Result<()> {
        Ok(())
    }

    fn before_write(&mut self, _: &mut Kernel<P>, _: Fd, _: u64, _: Duration) -> Result<()> {
        Ok(())
    }

    fn try_again(&mut self, kernel: &mut Kernel<P>) -> bool {
        pause(kernel);
        true
    }

    fn interrupted(&mut self, kernel: &mut Kernel<P>) {
        if self.0.fruitless() {
            let _ = kernel.clock_nanosleep(LONG_PAUSE);
        }
    }
}

fn pause<P: Probe>(kernel: &mut Kernel<P>) {
    // A signal may end it early; then the next try comes early.
    let _ = kernel.clock_nanosleep(PAUSE);
}
