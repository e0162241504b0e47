//! The JSON view: a recording, line by line (docs/recording-format.md).
//!
//! In: events, already masked. Out: one object a line; the first says what ran, the last how much there
//! was. What is derived is left out: replay works it out again.

use crate::event::Event;
use crate::event::wire::{Start, Writer};
use crate::story::{Step, Story};
use crate::view::View;

/// Writes a recording.
#[derive(Debug)]
pub struct JsonView {
    start: Start,
    writer: Writer,
}

impl JsonView {
    /// A recording of this run.
    pub fn new(start: Start) -> JsonView {
        JsonView {
            start,
            writer: Writer::default(),
        }
    }

    /// The same without addresses of memory, which differ from run to run (`--canonical`).
    pub fn without_pointers(mut self) -> JsonView {
        self.writer.pointers = false;
        self
    }
}

impl View for JsonView {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.writer.start(&self.start, out);
    }

    fn step(&mut self, event: &Event<'_>, _: &Step<'_>, out: &mut Vec<u8>) {
        self.writer.event(event, out);
    }

    fn end(&mut self, _: &Story, out: &mut Vec<u8>) {
        self.writer.end(out);
    }
}
