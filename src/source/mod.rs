//! Where events come from: the recorder of our own calls, a tracer of any program's, recordings, and logs of
//! strace.

pub mod canonical;
pub mod handover;
pub mod lines;
pub mod ptrace;
pub mod recorder;
pub mod recording;
pub mod replayed;
pub mod strace_log;
