//! What happened, as plain data. Names only `abi`.
//!
//! `raw` is the flat record every source writes; `capture` copies the memory worth keeping, driven
//! by the signature table; `call` is what decoding makes of it; `wire` is the JSON line.

pub mod args;
pub mod build;
pub mod call;
pub mod capture;
pub mod digits;
pub mod mask;
pub mod raw;
pub mod structs;
pub mod wire;

use crate::abi::Pid;
use crate::abi::siginfo::SigInfo;
pub use call::{Call, Completed, Data, Outcome, Syscall};

/// One thing a source reports. It owns or borrows everything it says; nobody asks the kernel again.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Order of completion, from 1; 0 for the beginning of a call that waits.
    pub seq: u64,
    /// Nanoseconds since watching began, at the enter of a call.
    pub t: u64,
    /// The process.
    pub pid: Pid,
    /// The thread.
    pub tid: Pid,
    /// What it was.
    pub what: What<'a>,
}

/// The kinds of event.
#[allow(missing_docs, reason = "the variant's sentence names its fields")]
#[derive(Clone, Debug)]
pub enum What<'a> {
    /// A call that waits has begun.
    Enter(Syscall<'a>),
    /// A call has ended.
    Call(Completed<'a>),
    /// An operation was queued in a ring, or came back from one (`man 7 io_uring`).
    Ring(RingOperation<'a>),
    /// What a descriptor already was when watching began.
    Fd(FdFact),
    /// A signal was delivered to a thread: its number, and who sent it, where that is known.
    Signal { number: i32, info: Option<SigInfo> },
    /// A thread or process came or went.
    Process(ProcessEvent),
    /// Still inside this call when the recording ended.
    Pending(Syscall<'a>),
    /// This many events (or, from a text log, lines) are missing here, and why.
    Lost { count: u64, why: String },
}

/// An operation of a ring: a call that was asked for instead of made.
#[derive(Clone, Debug)]
pub struct RingOperation<'a> {
    /// `IORING_OP_*`.
    pub op: u32,
    /// By what its result is known again; from 1 where the ring is ours.
    pub user_data: u64,
    /// It has come back, with its result; else it was queued.
    pub ended: bool,
    /// The call that it stands for, as a caller would have made it. One that stands for none has a name
    /// and no more.
    pub call: Completed<'a>,
}

/// What a descriptor already was when watching began.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FdFact {
    /// Its number.
    pub fd: crate::abi::Fd,
    /// `socket`, `listener`, `file`, `directory`, `pipe`, `terminal`, `epoll`, …
    pub kind: String,
    /// Path, address or `local -> peer`, where there is one.
    pub name: String,
    /// It belongs to the tool, not to the program that is watched; calls may name it all the same.
    pub own: bool,
}

/// Life and death of threads and processes.
#[allow(missing_docs, reason = "the variant's sentence names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProcessEvent {
    /// `child` began (a thread when it shares the process id).
    Spawn { child: Pid, thread: bool },
    /// The program was replaced. Its setuid or setgid bit gives it rights that it has not got, as is so while it is
    /// traced by a user without them: `without_rights`.
    Exec {
        program: String,
        without_rights: bool,
    },
    /// The thread ended with this status.
    Exit { status: i32 },
    /// The thread was killed by this signal.
    Killed { signal: i32 },
}
