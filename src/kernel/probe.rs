//! Who is told of a call: nobody, the counts, or the recorder (which lives in `source`).
//!
//! In: each call's number, arguments and result. Out: for [`Counts`], sums that any thread may read
//! while others add to them. Left out on purpose: locks and shared cache lines on the path of a call.

use super::{Failure, Failures, Words};
use crate::abi::calls::{CALLS, CLONE, CallId};
use crate::abi::errno::Errno;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often a call was made, and how often it failed.
pub type Total = (CallId, u64, u64);

/// An operation of a ring, on its way in or out (`man 7 io_uring`).
#[derive(Clone, Copy, Debug)]
pub struct RingStep<'a> {
    /// The call that it stands for; `None` for `ASYNC_CANCEL`, which stands for none.
    pub id: Option<CallId>,
    /// `IORING_OP_*`.
    pub opcode: u8,
    /// The arguments of that call; the last one is the operation's `user_data`.
    pub args: &'a [u64; 6],
    /// The result, a negative errno on failure; `None` on the way in.
    pub ret: Option<i64>,
    /// As in [`crate::event::raw`].
    pub marks: u16,
    /// Belongs to a mark.
    pub aux: u64,
}

/// Is told of every call, before and after. Implementations must be cheap: they stand in the path of
/// every call.
pub trait Probe: Send {
    /// The probe for another thread of this process. Called by the thread that starts it.
    fn fork(&self) -> Self
    where
        Self: Sized;

    /// The probe for a process that is about to be made. That it began is told by who makes it: the
    /// `clone` that it returns from in the parent.
    fn fork_process(&self) -> Self
    where
        Self: Sized,
    {
        self.fork()
    }

    /// This process is about to end, with this status, without anything being dropped.
    fn leave(&mut self, _status: i32) {}

    /// A call begins. Returns the time to hand to `after`.
    fn before(&mut self, id: CallId, args: &[u64; 6]) -> u64;

    /// The call ended with `ret` (a negative errno on failure). `marks` and `aux` as in
    /// [`crate::event::raw`]. A `clone` that returned 0 returned in the child, which is no end of it.
    fn after(&mut self, id: CallId, args: &[u64; 6], ret: i64, enter: u64, marks: u16, aux: u64);

    /// An operation was queued in a ring, or its result was taken from one. It is no call: nobody counts
    /// it as one.
    fn ring(&mut self, _step: &RingStep<'_>) {}

    /// The calls made so far by every thread that shares this probe, in the order of the call table,
    /// calls never made left out; `None` from a probe that does not count.
    fn totals(&self) -> Option<Vec<Total>> {
        None
    }

    /// The failures of those calls, by call and error number; `None` from a probe that does not count.
    fn failures_by_call(&self) -> Option<Vec<Failure>> {
        None
    }
}

/// Tells nobody: the code disappears.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoProbe;

impl Probe for NoProbe {
    fn fork(&self) -> NoProbe {
        NoProbe
    }

    #[inline(always)]
    fn before(&mut self, _: CallId, _: &[u64; 6]) -> u64 {
        0
    }

    #[inline(always)]
    fn after(&mut self, _: CallId, _: &[u64; 6], _: i64, _: u64, _: u16, _: u64) {}
}

/// Rows of the call table.
const ROWS: usize = CALLS.len();
/// Error numbers that are counted each by itself (`EHWPOISON`, 133, is the last that Linux knows);
/// the few above share the last place.
const ERRNOS: usize = 134;

/// Counters that one thread adds to and others may read.
///
/// An add is a plain load and store: there is one writer, and a reader may come a call late.
#[derive(Debug)]
struct Tally {
    calls: [AtomicU64; ROWS],
    errors: [AtomicU64; ROWS],
    errnos: [AtomicU64; ERRNOS],
}

#[inline(always)]
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}

impl Tally {
    fn new() -> Tally {
        Tally {
            calls: [const { AtomicU64::new(0) }; ROWS],
            errors: [const { AtomicU64::new(0) }; ROWS],
            errnos: [const { AtomicU64::new(0) }; ERRNOS],
        }
    }

    #[inline]
    fn count(&self, id: CallId, ret: i64) {
        add(&self.calls[id.0 as usize], 1);
        if ret < 0 {
            add(&self.errors[id.0 as usize], 1);
            add(
                &self.errnos[(ret.unsigned_abs() as usize).min(ERRNOS - 1)],
                1,
            );
        }
    }

    /// Adds `other` to this one. Only for tallies that a lock protects.
    fn fold(&self, other: &Tally) {
        for (mine, theirs) in self.all().zip(other.all()) {
            add(mine, theirs.load(Ordering::Relaxed));
        }
    }

    fn all(&self) -> impl Iterator<Item = &AtomicU64> {
        self.calls.iter().chain(&self.errors).chain(&self.errnos)
    }
}

/// What the threads of a run share: the sums of those that ended, and the tallies of those that live.
#[derive(Debug)]
struct Register {
    ended: Box<Tally>,
    /// By address, so that a thread finds its own to take it out.
    live: BTreeMap<usize, Arc<Tally>>,
}

/// Counts calls by name and failures by error number: plain adds on memory of its own thread.
///
/// The memory (a few KiB) is allocated at a thread's first call and folded into a common sum when the
/// probe goes, so that a thread for each connection neither loses counts nor piles up memory.
#[derive(Debug)]
pub struct Counts {
    register: Arc<Mutex<Register>>,
    mine: Option<Arc<Tally>>,
    failures: Arc<Failures>,
    /// Where processes count instead: calls, errors and error numbers, in a row.
    across: Option<Arc<Words>>,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts::new()
    }
}

impl Counts {
    /// Counts that start at zero.
    pub fn new() -> Counts {
        let register = Register {
            ended: Box::new(Tally::new()),
            live: BTreeMap::new(),
        };
        Counts {
            register: Arc::new(Mutex::new(register)),
            mine: None,
            failures: Arc::default(),
            across: None,
        }
    }

    /// Counts that start at zero and are shared with forked processes: their memory survives, their
    /// adds are atomic.
    pub fn across_processes() -> Counts {
        let mut counts = Counts::new();
        counts.across = Some(Arc::new(Words::new(2 * ROWS + ERRNOS)));
        counts
    }

    /// The calls made so far by every thread of this run, in the order of the call table; calls never
    /// made are left out.
    pub fn totals(&self) -> Vec<Total> {
        let sum = self.sum();
        (0..ROWS)
            .map(|row| {
                let calls = sum.calls[row].load(Ordering::Relaxed);
                (
                    CallId(row as u16),
                    calls,
                    sum.errors[row].load(Ordering::Relaxed),
                )
            })
            .filter(|(_, calls, _)| *calls > 0)
            .collect()
    }

    /// The failures so far, by error number; those that never came are left out.
    pub fn failures(&self) -> Vec<(Errno, u64)> {
        let sum = self.sum();
        (0..ERRNOS)
            .map(|errno| {
                (
                    Errno(errno as i32),
                    sum.errnos[errno].load(Ordering::Relaxed),
                )
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    fn sum(&self) -> Box<Tally> {
        let sum = Box::new(Tally::new());
        let register = self.register();
        sum.fold(&register.ended);
        for tally in register.live.values() {
            sum.fold(tally);
        }
        if let Some(across) = &self.across {
            for (mine, theirs) in sum.all().zip(across.iter()) {
                add(mine, theirs.load(Ordering::Relaxed));
            }
        }
        sum
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        // A thread that panicked while it held the lock left sums that are still whole numbers.
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first call of this thread; or any, where processes share the counts.
    #[cold]
    fn count_apart(&mut self, id: CallId, ret: i64) {
        let Some(across) = &self.across else {
            return self.begin().count(id, ret);
        };
        if id == CLONE && ret == 0 {
            return;
        }
        across[id.0 as usize].fetch_add(1, Ordering::Relaxed);
        if ret < 0 {
            across[ROWS + id.0 as usize].fetch_add(1, Ordering::Relaxed);
            let errno = (ret.unsigned_abs() as usize).min(ERRNOS - 1);
            across[2 * ROWS + errno].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn begin(&mut self) -> &Tally {
        let tally = Arc::new(Tally::new());
        self.register()
            .live
            .insert(Arc::as_ptr(&tally) as usize, tally.clone());
        self.mine.insert(tally)
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let Some(mine) = self.mine.take() else { return };
        let mut register = self.register();
        register.live.remove(&(Arc::as_ptr(&mine) as usize));
        register.ended.fold(&mine);
    }
}

impl Probe for Counts {
    fn fork(&self) -> Counts {
        Counts {
            register: self.register.clone(),
            mine: None,
            failures: self.failures.clone(),
            across: self.across.clone(),
        }
    }

    #[inline(always)]
    fn before(&mut self, _: CallId, _: &[u64; 6]) -> u64 {
        0
    }

    #[inline]
    fn after(&mut self, id: CallId, _: &[u64; 6], ret: i64, _: u64, _: u16, _: u64) {
        match &self.mine {
            Some(tally) => tally.count(id, ret),
            None => self.count_apart(id, ret),
        }
        if ret < 0 {
            self.failures.add(id, ret);
        }
    }

    fn totals(&self) -> Option<Vec<Total>> {
        Some(Counts::totals(self))
    }

    fn failures_by_call(&self) -> Option<Vec<Failure>> {
        Some(self.failures.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls::{CLOSE, READ};

    fn make(probe: &mut Counts, id: CallId, ret: i64) {
        let enter = probe.before(id, &[0; 6]);
        probe.after(id, &[0; 6], ret, enter, 0, 0);
    }

    #[test]
    fn calls_and_failures_of_all_threads_are_summed_and_none_are_lost_when_they_end() {
        let mut first = Counts::new();
        make(&mut first, READ, 5);
        make(&mut first, READ, -11);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let mut probe = first.fork();
                scope.spawn(move || {
                    for _ in 0..100 {
                        make(&mut probe, CLOSE, 0);
                    }
                    make(&mut probe, READ, -104);
                });
            }
        });
        assert_eq!(first.totals(), [(READ, 10, 9), (CLOSE, 800, 0)]);
        assert_eq!(first.failures(), [(Errno(11), 1), (Errno(104), 8)]);
        assert_eq!(
            first.failures_by_call(),
            Some(vec![(READ, Errno(11), 1), (READ, Errno(104), 8)])
        );
        assert_eq!(first.register().live.len(), 1, "only this thread is left");
    }

    #[test]
    fn what_a_forked_process_did_is_counted_too() {
        use crate::kernel::{Clone, Fd, Kernel};
        let mut kernel = Kernel::new(Counts::across_processes());
        let pid = match kernel.clone_process() {
            Ok(Clone::Parent(pid)) => pid,
            _ => {
                let _ = kernel.close(Fd(-1));
                kernel.exit_group(0)
            }
        };
        kernel.wait4(Some(pid), 0).expect("it ends");
        let made = kernel.probe.totals();
        let names: Vec<_> = made
            .iter()
            .map(|(id, calls, errors)| (id.name(), *calls, *errors))
            .collect();
        let one = |name| (name, 1, 0);
        let expected = [
            ("close", 1, 1),
            one("clone"),
            one("exit_group"),
            one("wait4"),
        ];
        assert_eq!(names, expected);
        assert_eq!(kernel.probe.failures(), [(Errno(9), 1)]);
    }

    #[test]
    fn a_thread_that_makes_no_call_takes_no_memory() {
        let first = Counts::new();
        let other = first.fork();
        assert!(other.mine.is_none());
        drop(other);
        assert!(first.totals().is_empty());
        assert!(first.register().live.is_empty());
    }

    #[test]
    fn a_call_still_counts_when_its_error_number_is_unknown() {
        let mut probe = Counts::new();
        make(&mut probe, READ, -512);
        make(&mut probe, READ, i64::MIN);
        assert_eq!(Probe::totals(&probe), Some(vec![(READ, 2, 2)]));
        assert_eq!(NoProbe.totals(), None);
    }
}
