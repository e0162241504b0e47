//! What the tracer remembers of one thread.

use super::sandbox::Asked;
use super::sys::Tid;
use crate::abi::calls::CallId;
use crate::event::capture::Entry;
use crate::kernel::Plan;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

/// A thread that is traced.
#[derive(Debug, Default)]
pub struct Tracee {
    /// Its process.
    pub pid: u32,
    /// It is our child and has not become the program yet: nothing it does is the program's.
    pub launching: bool,
    /// The call it is in, if its end is wanted.
    pub call: Option<InCall>,
    /// Memory copied when that call began.
    pub entry: Entry,
    /// Faults, counted for this thread.
    pub plan: Option<Plan>,
    /// It has a filter of its own and stops at every call.
    pub sandboxed: bool,
    /// The beginning of such a call, until a filter has let it pass.
    pub asked: Option<Asked>,
    /// Calls made in a mode that is not decoded, beyond the first, which was told at once.
    pub foreign: u64,
    /// The mode of the first of those: it was told.
    pub foreign_mode: Option<&'static str>,
}

/// A call that has begun.
#[derive(Clone, Copy, Debug)]
pub struct InCall {
    /// Its number.
    pub number: u64,
    /// Its row in the table.
    pub id: Option<CallId>,
    /// The arguments as the kernel sees them.
    pub args: [u64; 6],
    /// When it began.
    pub enter: u64,
    /// Bits of [`crate::event::raw::mark`].
    pub marks: u16,
    /// Belongs to a mark.
    pub aux: u64,
    /// The result to give instead of the kernel's.
    pub made_up: Option<i64>,
    /// An argument register that was changed, and what it held.
    pub changed: Option<(usize, u64)>,
    /// It stopped for another reason than to be told: it writes to the terminal, or may install a filter.
    pub untold: bool,
    /// How long the thread is held at its end.
    pub delay_exit: Duration,
}

/// All threads that are traced.
pub type Tracees = ById<Tracee>;

/// Something of each thread or process. The kernel gives out the ids, and looks up at each stop count.
pub type ById<T> = HashMap<Tid, T, BuildHasherDefault<IdHasher>>;

/// One multiplication (Knuth, "The Art of Computer Programming" 3, 6.4).
#[derive(Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_i32(i32::from(*byte));
        }
    }

    #[inline]
    fn write_i32(&mut self, id: i32) {
        self.0 = (self.0 ^ id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The process a thread belongs to, as `/proc` says; `None` when it is gone.
pub fn process_of(tid: Tid) -> Option<u32> {
    status_field(tid, "Tgid:")
}

/// The process whose thread has made this one: its own process made a thread, its parent a process.
pub fn maker_of(tid: Tid) -> Option<u32> {
    match process_of(tid)? {
        process if process == tid as u32 => status_field(tid, "PPid:"),
        process => Some(process),
    }
}

/// The effective one of the ids in this line of `/proc/TID/status`: `Uid:` or `Gid:`.
pub fn effective(tid: Tid, name: &str) -> Option<u32> {
    numbers(tid, name)?.get(1).copied()
}

/// A number from `/proc/TID/status`.
pub fn status_field(tid: Tid, name: &str) -> Option<u32> {
    numbers(tid, name)?.first().copied()
}

fn numbers(tid: Tid, name: &str) -> Option<Vec<u32>> {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace()
        .map(|word| word.parse().ok())
        .collect()
}
