//! Where events come from: the recorder of our own calls, a tracer of any program's, and recordings.

pub mod canonical;
pub mod handover;
pub mod ptrace;
pub mod recorder;
pub mod recording;
