//! Our own system calls: one small function each, making exactly the call it reports.
//!
//! In: plain arguments. Out: the result, and a record to the [`Probe`]. Every call goes through
//! `Kernel::call`, by number, so that what is recorded is what the kernel saw. Left out on purpose:
//! retries, loops, closing on drop.

pub mod able;
pub mod clock;
mod cpu;
mod failures;
mod fd_set;
mod file;
mod heap;
pub mod inherited;
mod own;
pub mod plan;
pub mod poke;
pub mod probe;
mod process;
pub mod raw_mode;
mod ring;
mod shared;
mod socket;
mod wait;

pub use clock::Clock;
pub use failures::{Failure, Failures};
pub use fd_set::{FD_SETSIZE, FdSet};
pub use file::{HERE, OpenHow};
pub use heap::Heap;
pub use own::{
    end_by, forget_variables, ignore, keep_from_children, lift, move_high, settle,
    terminal_columns, terminal_size, utc_offset,
};
pub use plan::{Plan, Rule};
pub use probe::{Counts, NoProbe, Probe, RingStep};
pub use process::{Clone, Ended};
pub use ring::{Operation, Ring, Ticket};
pub use shared::Words;
pub use wait::{EpollEvent, PollFd};

// The words of this interface, so that those who make calls need not know the tables behind them.
pub use crate::abi::address::Address;
pub use crate::abi::calls::CallId;
pub use crate::abi::errno::Errno;
pub use crate::abi::{Fd, Pid};

/// What a call gives: its result, or the reason why not.
pub type Result<T> = std::result::Result<T, Errno>;

/// The way to the kernel for one thread: it makes calls, tells a probe, and lets a plan spoil them.
#[derive(Debug)]
pub struct Kernel<P: Probe> {
    /// Who is told.
    pub probe: P,
    /// Faults to bring about; `None` for an honest kernel.
    pub plan: Option<Box<Plan>>,
}

impl<P: Probe> Kernel<P> {
    /// A kernel without faults.
    pub fn new(probe: P) -> Kernel<P> {
        Kernel { probe, plan: None }
    }

    /// The kernel for another thread: it tells a probe of its own, and its plan counts calls anew.
    /// Called by the thread that starts it.
    pub fn fork(&self) -> Kernel<P> {
        Kernel {
            probe: self.probe.fork(),
            plan: self.plan.clone(),
        }
    }

    /// Makes one call by number. The result is not negative.
    #[inline]
    pub(crate) fn call(&mut self, id: CallId, args: [u64; 6]) -> Result<i64> {
        if self.plan.is_some() {
            return self.call_under_plan(id, args);
        }
        self.honest_call(id, args)
    }

    #[inline]
    fn honest_call(&mut self, id: CallId, args: [u64; 6]) -> Result<i64> {
        let enter = self.probe.before(id, &args);
        let ret = raw_call(id, &args);
        self.probe.after(id, &args, ret, enter, 0, 0);
        if ret < 0 {
            Err(Errno(-ret as i32))
        } else {
            Ok(ret)
        }
    }
}

/// The call itself. The result is as the kernel gives it: a negative errno on failure.
#[inline]
fn raw_call(id: CallId, args: &[u64; 6]) -> i64 {
    let Some(number) = id.number() else {
        return -i64::from(nix::libc::ENOSYS);
    };
    if id == crate::abi::calls::CLONE {
        return heap::still(|| by_number(number, args));
    }
    by_number(number, args)
}

#[inline]
fn by_number(number: u16, args: &[u64; 6]) -> i64 {
    // SAFETY: the callers in this folder pass pointers to memory that they borrow for the length of
    // the call, with the lengths of that memory.
    unsafe { cpu::enter(u64::from(number), args) }
}
