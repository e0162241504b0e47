//! What the tracer remembers of one thread.

use super::sys::Tid;
use crate::abi::calls::CallId;
use crate::event::capture::Entry;
use crate::kernel::Plan;
use std::collections::HashMap;
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
    /// Calls made in a mode that is not decoded, beyond the first, which was told at once.
    pub foreign: u64,
    /// The first of those was told.
    pub foreign_told: bool,
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
    /// How long the thread is held at its end.
    pub delay_exit: Duration,
}

/// All threads that are traced.
pub type Tracees = HashMap<Tid, Tracee>;

/// The process a thread belongs to, as `/proc` says; `None` when it is gone.
pub fn process_of(tid: Tid) -> Option<u32> {
    status_field(tid, "Tgid:")
}

/// A number from `/proc/TID/status`.
pub fn status_field(tid: Tid, name: &str) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
