//! A process for each connection.
//!
//! ```text
//! parent:      loop: ppoll → accept4 → clone → close;   when a child has ended: read → wait4
//! each child:  close → read → write → read → write → … → close → exit_group
//! ```
//!
//! The oldest way to serve many (inetd, 1986). The child is a copy of the parent, descriptors
//! included: each closes what is the other's. What one of them breaks, it breaks for itself alone.
//! What they must share (counters, the word that the end was asked for) is in memory made to be shared.
//!
//! A dead child stays in the process table until its parent asks how it ended (`man 2 wait`). SIGCHLD
//! says when; it is blocked and read from a signalfd, so that one `ppoll` waits for clients and for the
//! dead, and no signal can come between looking and sleeping. Signals of one kind do not queue up:
//! after one, ask until nobody else has died.
//!
//! Want of processes (EAGAIN): that client gets 503. Want of descriptors (EMFILE), and more than
//! `--max-connections`: the parent waits until a child ends, 100 ms at most.

use super::accept::{Accepted, Streak, Turn, accept, shut, turn_away};
use super::exchange::{Desk, Worker};
use super::listen::{self, Listener};
use super::open_error::OpenError;
use super::stop::{Crib, GRACE};
use super::talk::talk;
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::address::Address;
use crate::kernel::{Clone, PollFd, Probe, Words, clock, poke};
use nix::libc;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long to wait for a child to end before trying again all the same, in nanoseconds.
const PATIENCE: u64 = 100_000_000;
/// Time between two pokes at children that have not noticed the end.
const POKE_EVERY: u64 = 5_000_000;
/// Waits in a row of which nothing may come before there is a pause.
const IN_A_ROW: u32 = 8;
/// That pause.
const PAUSE: Duration = Duration::from_millis(50);
/// What a child may take longer than the grace period, for its last calls.
const LAST_CALLS: u64 = 1_000_000_000;

/// Serves until the end is asked for and every child has ended. Returns whether the listeners were
/// closed.
///
/// # Errors
/// What `rt_sigprocmask` or `signalfd4` said: nobody was served.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> Result<bool, OpenError> {
    let mut family = Family::new(worker)?;
    let mut streak = Streak::default();
    let woken = worker
        .ear
        .sleeps_at_doors(shut(worker.kernel.fork(), listeners));
    while !worker.ear.stopping() {
        if family.is_full() {
            family.wait(worker, &[], Some(PATIENCE));
            continue;
        }
        let Some(door) = family.wait(worker, listeners, None) else {
            continue;
        };
        match streak.judge(accept(&mut worker.kernel, door, libc::SOCK_CLOEXEC)) {
            Accepted::Client(fd, peer) => family.grow(worker, listeners, fd, peer),
            Accepted::Again | Accepted::Nobody => {}
            Accepted::NoRoom if worker.ear.stopping() => {}
            Accepted::NoRoom => {
                family.wait(worker, &[], Some(PATIENCE));
            }
        }
    }
    drop(woken);
    Ok(family.finish(worker, listeners))
}

/// The children that live, and how their parent hears of them.
struct Family {
    /// A signalfd with SIGCHLD.
    deaths: Fd,
    /// Each child's place in `cribs`.
    children: HashMap<Pid, usize>,
    /// Shared with the children: who has noticed the end.
    cribs: Arc<Words>,
    /// Shared with the children: what each is charged for.
    charges: Arc<Words>,
    free: Vec<usize>,
    /// Waits in a row of which nothing came.
    fruitless: u32,
    /// Which listener comes first.
    turn: Turn,
}

impl Family {
    fn new<P: Probe>(worker: &mut Worker<P>) -> Result<Family, OpenError> {
        let config = &worker.site.config;
        let (io, most) = (config.io, config.max_connections.max(1));
        let failed = |call| move |errno| OpenError::of_model(io, call, errno);
        let kernel = &mut worker.kernel;
        kernel
            .block_signal(libc::SIGCHLD)
            .map_err(failed("rt_sigprocmask"))?;
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        let deaths = kernel.signalfd4(libc::SIGCHLD, flags);
        Ok(Family {
            deaths: deaths.map_err(failed("signalfd4"))?,
            children: HashMap::new(),
            cribs: Arc::new(Words::new(most)),
            charges: Arc::new(Words::new(most)),
            free: (0..most).rev().collect(),
            fruitless: 0,
            turn: Turn::default(),
        })
    }

    fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Sleeps until somebody is at a listener, which it returns, or a child has ended, which is seen to.
    fn wait<P: Probe>(
        &mut self,
        worker: &mut Worker<P>,
        listeners: &[Listener],
        at_most: Option<u64>,
    ) -> Option<Fd> {
        let readable = |fd: Fd| PollFd {
            fd: fd.0,
            events: libc::POLLIN,
            revents: 0,
        };
        let doors = listeners.iter().map(|listener| readable(listener.fd));
        let mut all: Vec<PollFd> = doors.chain([readable(self.deaths)]).collect();
        if worker.kernel.ppoll(&mut all, at_most).is_err() {
            // EINTR: look whether the end was asked for.
            self.nothing_came(worker);
            return None;
        }
        let (deaths, doors) = all.split_last()?;
        let mut silent = false;
        if deaths.revents != 0 {
            silent = worker.kernel.read_signal(self.deaths).is_err();
            self.bury_the_dead(worker);
        }
        match silent {
            true => self.nothing_came(worker),
            false => self.fruitless = 0,
        }
        let place = (self.turn.order(doors.len())).find(|place| doors[*place].revents != 0)?;
        self.turn.taken(place);
        Some(Fd(doors[place].fd))
    }

    /// A wait was interrupted, or what it announced could not be read. One that does not end must not spin.
    fn nothing_came<P: Probe>(&mut self, worker: &mut Worker<P>) {
        self.fruitless += 1;
        if self.fruitless.is_multiple_of(IN_A_ROW) {
            let _ = worker.kernel.clock_nanosleep(PAUSE);
        }
    }

    /// `wait4` until it says that nobody (else) has died: one signal may stand for many deaths.
    fn bury_the_dead<P: Probe>(&mut self, worker: &mut Worker<P>) {
        while !self.children.is_empty()
            && let Ok(Some(ended)) = worker.kernel.wait4(None, libc::WNOHANG)
        {
            self.forget(worker, ended.pid);
        }
    }

    fn forget<P: Probe>(&mut self, worker: &Worker<P>, child: Pid) {
        worker.site.stop.buried(child);
        if let Some(place) = self.children.remove(&child) {
            self.cribs[place].store(0, Ordering::Relaxed);
            worker.site.budget.inherit(&self.charges, place);
            self.free.push(place);
        }
    }

    /// Makes the process of one connection.
    fn grow<P: Probe>(
        &mut self,
        worker: &mut Worker<P>,
        listeners: &[Listener],
        fd: Fd,
        peer: Address,
    ) {
        let place = self.free.pop().unwrap_or_default();
        let number = worker.number();
        match worker.kernel.clone_process() {
            Ok(Clone::Child) => {
                let table = Arc::clone(&self.cribs);
                let ear = worker.site.stop.listen_in(Crib { table, place });
                std::mem::forget(std::mem::replace(&mut worker.ear, ear));
                for parents in listeners.iter().map(|l| l.fd).chain([self.deaths]) {
                    let _ = worker.kernel.close(parents);
                }
                let mut desk = worker.desk();
                desk.charge.witnessed(Arc::clone(&self.charges), place);
                live(worker, desk, number, fd, peer)
            }
            Ok(Clone::Parent(child)) => {
                self.children.insert(child, place);
                worker.site.stop.born(child);
                let _ = worker.kernel.close(fd);
            }
            Err(_) => {
                // EAGAIN, ENOMEM: no more processes. This one client hears of it; the server goes on.
                self.free.push(place);
                turn_away(worker, fd, "no process is left for another connection");
            }
        }
    }

    /// Waits for the children that still live. While there are some, newcomers are refused by the
    /// kernel: the listeners are closed.
    fn finish<P: Probe>(mut self, worker: &mut Worker<P>, listeners: &[Listener]) -> bool {
        self.bury_the_dead(worker);
        let busy = !self.children.is_empty();
        if busy {
            for listener in listeners {
                listen::close_listener(&mut worker.kernel, listener);
            }
        }
        let end = clock::now() + GRACE.as_nanos() as u64 + LAST_CALLS;
        while !self.children.is_empty() && clock::now() < end {
            let left = match self.poke() {
                true => POKE_EVERY,
                false => end.saturating_sub(clock::now()),
            };
            self.wait(worker, &[], Some(left));
        }
        for (child, _) in self.children.drain() {
            poke::kill(child);
            let _ = worker.kernel.wait4(Some(child), 0);
            worker.site.stop.buried(child);
        }
        let _ = worker.kernel.close(self.deaths);
        busy
    }

    /// Interrupts the calls of those that have not noticed the end. False when all have.
    fn poke(&self) -> bool {
        let deaf = |place: usize| self.cribs[place].load(Ordering::Relaxed) == 0;
        let mut all_know = true;
        for (child, _) in self.children.iter().filter(|(_, place)| deaf(**place)) {
            poke::poke_process(*child);
            all_know = false;
        }
        !all_know
    }
}

/// The whole life of a child.
fn live<P: Probe>(worker: &mut Worker<P>, mut desk: Desk, number: u64, fd: Fd, peer: Address) -> ! {
    worker.tick();
    let mut buf = vec![0; worker.site.config.buffer()];
    let mut client = worker.welcome_as(number, fd, peer);
    talk(worker, &mut desk, &mut client, &mut buf);
    drop(client);
    worker.kernel.exit_group(0)
}
