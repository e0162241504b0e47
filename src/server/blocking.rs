//! The simplest server there is: one thread, one connection at a time.
//!
//! ```text
//! loop:  accept4 → read → write → close
//! ```
//!
//! Every call sleeps until it is done, so the program reads like a story; and while it sleeps on one
//! client, all others wait in the kernel's queue. That is why a silent client gets one second here,
//! and why a connection carries one request unless `--keep-alive` says otherwise.
//!
//! Want of descriptors (EMFILE): sleep, 5 ms at first, twice as long each time, 1 s at most.

use super::accept::{Accepted, Streak, Turn, accept, shut, wait_at};
use super::exchange::Worker;
use super::listen::Listener;
use super::talk::talk;
use crate::kernel::{Kernel, Probe};
use nix::libc;
use std::time::Duration;

/// Serves until the end is asked for.
pub fn run<P: Probe + 'static>(worker: &mut Worker<P>, listeners: &[Listener]) {
    let mut buf = vec![0; worker.site.config.buffer()];
    let mut desk = worker.desk();
    let (mut nap, mut streak, mut turn) = (Nap::default(), Streak::default(), Turn::default());
    let _woken = worker
        .ear
        .sleeps_at_doors(shut(worker.kernel.fork(), listeners));
    while !worker.ear.stopping() {
        let Some(door) = wait_at(&mut worker.kernel, listeners, &mut turn) else {
            if streak.judge(Accepted::Again) == Accepted::NoRoom {
                nap.take(&mut worker.kernel);
            }
            continue;
        };
        match streak.judge(accept(&mut worker.kernel, door, libc::SOCK_CLOEXEC)) {
            Accepted::Client(fd, peer) => {
                nap = Nap::default();
                worker.tick();
                let mut client = worker.welcome(fd, peer);
                talk(worker, &mut desk, &mut client, &mut buf);
            }
            Accepted::Again => {}
            Accepted::Nobody | Accepted::NoRoom if worker.ear.stopping() => {}
            Accepted::Nobody | Accepted::NoRoom => nap.take(&mut worker.kernel),
        }
    }
}

/// Sleeps longer each time.
#[derive(Debug)]
pub struct Nap(Duration);

impl Default for Nap {
    fn default() -> Nap {
        Nap(Duration::from_millis(5))
    }
}

impl Nap {
    /// Sleeps once; a signal ends it early.
    pub fn take<P: Probe>(&mut self, kernel: &mut Kernel<P>) {
        let _ = kernel.clock_nanosleep(self.0);
        self.0 = (self.0 * 2).min(Duration::from_secs(1));
    }
}
