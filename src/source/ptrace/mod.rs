//! Any program's calls, by `ptrace` (`man 2 ptrace`).
//!
//! In: a program to run, or processes that run already; which calls are wanted; faults to bring about.
//! Out: records ([`crate::event::raw`]) handed to a [`Handover`], in the order in which the kernel told
//! of them. The tracer captures: number, arguments, result, two times, the memory worth keeping. What
//! it means is worked out elsewhere, on what was captured.
//!
//! ```text
//!  launch: filter (seccomp) ─▶ wanted calls stop twice, others not at all
//!  attach: no filter        ─▶ every call stops twice
//!
//!  wait4 ─▶ tracer.rs: what stopped, and why ─▶ calls.rs: enter, exit ─▶ Handover
//!                                └─ births.rs: new threads, programs, ends
//! ```
//! `sys` is the thin layer of system calls, `launch` and `attach` two ways to begin, `filter` the
//! program that the kernel runs at each call, `memory` how another program's memory is read,
//! `descriptors` what `/proc` says of those open already, `terminal` the program's own output beside the
//! trace, `sandbox` filters of the program's own, one file a CPU for registers. The thread that
//! launches or attaches must be the one that runs the tracer: the kernel ties a tracee to a thread.
//!
//! Left out on purpose: what io_uring does (no call is made; the story says that it is missing), calls
//! made in a 32-bit mode (counted and said), and every judgement about what was seen.

mod attach;
mod births;
mod calls;
mod descriptors;
mod filter;
mod launch;
mod memory;
mod sandbox;
mod sys;
mod terminal;
mod tracee;
mod tracer;

#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(not(target_arch = "aarch64"), path = "x86_64.rs")]
mod cpu;

pub use attach::Refusal;
pub use filter::Wanted;
pub use launch::{Command, Cpu, Failure};
pub use sandbox::TOPIC_OWN_FILTER;
pub use terminal::{TOPIC_PRINT, TOPIC_PRINTED, ending};
pub use tracer::{Control, Ended, Options, TOPIC_FLUSH, TOPIC_REQUEST, Tracer};
