//! Where events come from: the recorder of our own calls, and (later) tracers and recordings.

pub mod canonical;
pub mod recorder;
pub mod recording;
