//! How a server is told to stop, and how threads that sleep in a call hear of it.
//!
//! In: one request to stop, from a signal or after the last of `--max-requests`. Out: every serving
//! thread notices, finishes the exchange it is in and ends. Two things wake those who sleep:
//!
//! - The listeners are shut (`man 2 shutdown`), so that an `accept4` without a time limit ends by itself,
//!   with EINVAL. A call like any other: traced, and the same for every witness.
//! - Whoever has not noticed then is poked: the signal interrupts its call, and a call that it only just
//!   entered is interrupted by the next poke. (strace would show an `accept4` ended so as ERESTARTSYS and
//!   a trace of our own as EINTR; a `read` with a time limit is EINTR for both.)

use crate::abi::Pid;
use crate::kernel::Words;
use crate::kernel::clock;
use crate::kernel::poke;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long open exchanges may take to finish after a request to stop.
pub const GRACE: Duration = Duration::from_secs(5);
/// Time between two pokes at a thread that has not noticed.
const POKE_EVERY: Duration = Duration::from_millis(5);
/// Pokes at most; a thread held at the trace's gate for longer notices when it is let go.
const POKES: u32 = 2000;

/// Shared by everybody who may ask for the end and everybody who must hear of it.
#[derive(Debug)]
pub struct Stop {
    /// When it was asked for, in nanoseconds of [`clock::now`]; 0 while nobody has. One number, which
    /// forked processes have in common.
    since: Words,
    seats: Mutex<Vec<Arc<Seat>>>,
    doors: Mutex<Vec<Doors>>,
    /// Forked processes that live, as far as their parent knows.
    children: Mutex<Vec<Pid>>,
}

/// How the listeners of a thread are shut, and whose sleep that ends.
struct Doors {
    asleep_at_them: Arc<Seat>,
    shut: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Doors({:?})", self.asleep_at_them)
    }
}

/// While it lives, the listeners may be shut by the one who stops the server. Let go of it before they are
/// closed: their numbers may be somebody else's then.
#[derive(Debug)]
pub struct AtTheDoors(Arc<Stop>, Arc<Seat>);

impl Drop for AtTheDoors {
    fn drop(&mut self) {
        let hers = |doors: &Doors| Arc::ptr_eq(&doors.asleep_at_them, &self.1);
        self.0.doors().retain(|doors| !hers(doors));
    }
}

/// A serving thread.
#[derive(Debug)]
struct Seat {
    thread: Pid,
    noticed: AtomicBool,
    /// It asked for the end itself, and is on its way out.
    asked: AtomicBool,
}

impl Seat {
    /// The calling thread's.
    fn new() -> Seat {
        Seat {
            thread: poke::this_thread(),
            noticed: AtomicBool::new(false),
            asked: AtomicBool::new(false),
        }
    }
}

/// A serving thread's own view of the matter. It leaves the list when dropped.
#[derive(Debug)]
pub struct Ear {
    stop: Arc<Stop>,
    seat: Arc<Seat>,
    /// In a forked process: where its parent sees that it has noticed.
    crib: Option<Crib>,
}

/// A forked process's place in a table that it shares with its parent: 1 when it has noticed that the
/// end was asked for.
#[derive(Clone, Debug)]
pub struct Crib {
    /// The table.
    pub table: Arc<Words>,
    /// The place in it.
    pub place: usize,
}

impl Stop {
    /// Nobody has asked yet.
    pub fn new() -> Arc<Stop> {
        Arc::new(Stop {
            since: Words::new(1),
            seats: Mutex::default(),
            doors: Mutex::default(),
            children: Mutex::default(),
        })
    }

    /// Asks all serving threads to finish and end. Returns at once; asking twice is asking once.
    pub fn request(self: &Arc<Stop>) {
        if !self.is_first() {
            return;
        }
        let stop = Arc::clone(self);
        let poker = std::thread::Builder::new()
            .name("stop".to_owned())
            .stack_size(64 << 10);
        // Without a thread to do it, sleepers hear of the end when their call returns by itself.
        let _ = poker.spawn(move || {
            stop.shut_the_doors();
            stop.poke_until_noticed();
        });
    }

    /// Asks for the end, if nobody has.
    fn is_first(&self) -> bool {
        let now = clock::now().max(1);
        let first = self.since[0].compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire);
        first.is_ok()
    }

    /// Whether the end was asked for.
    #[inline]
    pub fn is_requested(&self) -> bool {
        self.since[0].load(Ordering::Relaxed) != 0
    }

    /// When every exchange must have ended, in nanoseconds of [`clock::now`]; `None` while nobody
    /// has asked to stop.
    pub fn deadline(&self) -> Option<u64> {
        match self.since[0].load(Ordering::Relaxed) {
            0 => None,
            since => Some(since + GRACE.as_nanos() as u64),
        }
    }

    /// Enters the calling thread into the list of those that must hear.
    pub fn listen(self: &Arc<Stop>) -> Ear {
        let seat = Arc::new(Seat::new());
        self.seats().push(Arc::clone(&seat));
        Ear {
            stop: Arc::clone(self),
            seat,
            crib: None,
        }
    }

    /// The ear of a forked process. It takes no lock: in the copy of a process, a lock that another
    /// thread held is never released. Nor may it be dropped.
    pub fn listen_in(self: &Arc<Stop>, crib: Crib) -> Ear {
        Ear {
            stop: Arc::clone(self),
            seat: Arc::new(Seat::new()),
            crib: Some(crib),
        }
    }

    /// A process was forked, and ends with us.
    pub fn born(&self, child: Pid) {
        self.children().push(child);
    }

    /// A forked process was waited for: its number may be somebody else's now.
    pub fn buried(&self, child: Pid) {
        self.children().retain(|one| *one != child);
    }

    /// Nobody may finish anything: ends the forked processes. Threads end with the process, which the caller
    /// must end next: the server does not get past the burial of its children any more, so that it cannot end
    /// before, as if it had finished.
    pub fn end_at_once(&self) {
        let mut children = self.children();
        for child in children.drain(..) {
            poke::kill(child);
        }
        std::mem::forget(children);
    }

    fn children(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doors(&self) -> MutexGuard<'_, Vec<Doors>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut_the_doors(&self) {
        // Held meanwhile: nobody closes a listener that is being shut.
        let mut doors = self.doors();
        for doors in doors.drain(..) {
            // One who has noticed may still be busy with a client for a while: newcomers shall not wait.
            if !doors.asleep_at_them.asked.load(Ordering::Relaxed) {
                (doors.shut)();
            }
        }
    }

    fn poke_until_noticed(&self) {
        for _ in 0..POKES {
            std::thread::sleep(POKE_EVERY);
            let deaf: Vec<Pid> = self
                .seats()
                .iter()
                .filter(|seat| !seat.noticed.load(Ordering::Relaxed))
                .map(|seat| seat.thread)
                .collect();
            if deaf.is_empty() {
                return;
            }
            for thread in deaf {
                poke::poke(thread);
            }
        }
    }
}

impl Ear {
    /// Whether the end was asked for. Ask before every call that may sleep; having asked, the
    /// thread is not poked again.
    #[inline]
    pub fn stopping(&self) -> bool {
        let stopping = self.stop.is_requested();
        if stopping {
            self.notice();
        }
        stopping
    }

    fn notice(&self) {
        self.seat.noticed.store(true, Ordering::Relaxed);
        if let Some(crib) = &self.crib {
            crib.table[crib.place].store(1, Ordering::Relaxed);
        }
    }

    /// Asks for the end from a serving thread, which need not be poked to hear of it: the call it
    /// makes next is not interrupted. A forked process leaves it to its parent to tell the others.
    pub fn ask_to_stop(&self) {
        self.seat.asked.store(true, Ordering::Relaxed);
        self.notice();
        match self.crib {
            None => self.stop.request(),
            Some(_) if self.stop.is_first() => poke::wake_parent(),
            Some(_) => {}
        }
    }

    /// Says how to end this thread's sleep at the listeners. `shut` runs at most once, on another thread,
    /// when the end is asked for by anybody else.
    pub fn sleeps_at_doors(&self, shut: impl FnOnce() + Send + 'static) -> AtTheDoors {
        self.stop.doors().push(Doors {
            asleep_at_them: Arc::clone(&self.seat),
            shut: Box::new(shut),
        });
        AtTheDoors(Arc::clone(&self.stop), Arc::clone(&self.seat))
    }

    /// `deadline`, or the end of the grace period if that is earlier.
    pub fn bounded(&self, deadline: u64) -> u64 {
        self.stop
            .deadline()
            .map_or(deadline, |end| deadline.min(end))
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop
            .seats()
            .retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::errno::Errno;
    use crate::kernel::{Kernel, NoProbe, PollFd};
    use std::sync::mpsc;

    #[test]
    fn a_thread_asleep_in_a_call_hears_of_the_end() {
        poke::install().unwrap();
        let stop = Stop::new();
        let (ready, is_ready) = mpsc::channel();
        let hers = Arc::clone(&stop);
        let sleeper = std::thread::spawn(move || {
            let ear = hers.listen();
            ready.send(()).unwrap();
            let mut kernel = Kernel::new(NoProbe);
            let nobody: &mut [PollFd] = &mut [];
            while !ear.stopping() {
                assert_eq!(kernel.ppoll(nobody, None), Err(Errno(nix::libc::EINTR)));
            }
        });
        is_ready.recv().unwrap();
        stop.request();
        stop.request();
        sleeper.join().unwrap();
        assert!(stop.deadline().is_some());
        assert!(stop.seats().is_empty());
    }

    #[test]
    fn the_doors_are_shut_for_one_who_sleeps_at_them_and_for_nobody_else() {
        let (shut, is_shut) = mpsc::channel();
        let asleep = Stop::new();
        let ear = asleep.listen();
        let tell = shut.clone();
        let at_the_doors = ear.sleeps_at_doors(move || tell.send("asleep").unwrap());
        asleep.request();
        assert_eq!(is_shut.recv(), Ok("asleep"));
        assert!(ear.stopping());
        drop(at_the_doors);

        let awake = Stop::new();
        let ear = awake.listen();
        let tell = shut.clone();
        let _at_the_doors = ear.sleeps_at_doors(move || tell.send("awake").unwrap());
        ear.ask_to_stop();

        let gone = Stop::new();
        let ear = gone.listen();
        drop(ear.sleeps_at_doors(move || shut.send("gone").unwrap()));
        gone.request();
        // Every sender goes without a word: dropped by who stops, or with the guard.
        assert_eq!(is_shut.recv(), Err(mpsc::RecvError));
        assert!(ear.stopping());
    }
}
