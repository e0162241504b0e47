//! How it looks: a step becomes bytes in a buffer it is given. Peers; none knows the source.

use crate::event::Event;
use crate::story::Step;

pub mod brief;
pub mod compact;
pub mod explain;
pub mod json;
pub mod line;
pub mod paint;
pub mod parse;
pub mod sentence;
pub mod startup;
pub mod strace;
pub mod summary;
pub mod text;
pub mod time;

/// Turns events and what they mean into bytes. Implementations keep no file and no stream.
pub trait View: Send {
    /// Writes what comes before the first event.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Writes one event. `event` is already masked.
    fn step(&mut self, event: &Event<'_>, step: &Step<'_>, out: &mut Vec<u8>);

    /// The stream has so many columns now: a terminal's size may change.
    fn fit(&mut self, columns: usize) {
        let _ = columns;
    }

    /// Traffic has paused: write what was held back (folded repeats).
    fn pause(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Nothing happens for a moment: write what was held back, but for a loop that goes round by itself. Its next lap
    /// is no news either.
    fn rest(&mut self, out: &mut Vec<u8>) {
        self.pause(out);
    }

    /// Somebody else is about to write to the same screen: what was held back is written, and an open line
    /// is ended.
    fn give_way(&mut self, out: &mut Vec<u8>) {
        self.pause(out);
    }

    /// Writes what comes after the last event.
    fn end(&mut self, story: &crate::story::Story, out: &mut Vec<u8>) {
        let _ = (story, out);
    }
}
