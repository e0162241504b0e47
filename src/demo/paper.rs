//! What stands on the screen of a scene, written and kept.
//!
//! In: lines, and which record of which recording a line of the trace tells of. Out: the lines, to a writer, as
//! they come; and in the end the same once more as [`Beat`]s, so that a scene can be gone through event by event
//! when it is over.

use super::Error;
use super::models::Measured;
use std::io::Write;

/// One thing that stood on the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Beat {
    /// A line that is no part of a trace: a heading, what a client does and sees, a sum.
    Line(String),
    /// A row of a table, and what was measured for it.
    Row(String, Measured),
    /// Of this recording (from 0) this record (from 1).
    Event(usize, u64),
}

/// A screen that remembers.
pub struct Paper<'a> {
    out: &'a mut dyn Write,
    /// The heading of the trace stands on it: one for a scene, however many servers it has.
    headed: bool,
    /// Recordings that are complete: the next one has this number.
    pub recording: usize,
    beats: Vec<Beat>,
    /// So many records repeated the last one that has a line.
    repeats: usize,
}

/// Of records that repeat each other, so many are kept beside the first.
const REPEATS: usize = 2;

impl<'a> Paper<'a> {
    /// Nothing stands on it.
    pub fn new(out: &'a mut dyn Write) -> Paper<'a> {
        Paper {
            out,
            headed: false,
            recording: 0,
            beats: Vec::new(),
            repeats: 0,
        }
    }

    /// A line that is no part of a trace.
    pub fn line(&mut self, line: &str) -> Result<(), Error> {
        writeln!(self.out, "{line}")?;
        self.beats.push(Beat::Line(line.to_owned()));
        self.flush()
    }

    /// A row of a table.
    pub fn row(&mut self, line: &str, measured: Measured) -> Result<(), Error> {
        writeln!(self.out, "{line}")?;
        self.beats.push(Beat::Row(line.to_owned(), measured));
        self.flush()
    }

    /// The heading of a trace, the first time.
    pub fn heading(&mut self, line: &[u8]) -> Result<(), Error> {
        if !std::mem::replace(&mut self.headed, true) {
            self.out.write_all(line)?;
        }
        Ok(())
    }

    /// A line of the trace, with its line end, and the record that it tells of; 0 where none does.
    pub fn trace(&mut self, line: &[u8], record: u64) -> Result<(), Error> {
        self.out.write_all(line)?;
        self.repeats = 0;
        self.event(record);
        Ok(())
    }

    /// The record tells of the same as the one before: the trace says only how often. The first ones are
    /// kept.
    pub fn again(&mut self, record: u64) {
        self.repeats += 1;
        if self.repeats <= REPEATS {
            self.event(record);
        }
    }

    fn event(&mut self, record: u64) {
        let beat = Beat::Event(self.recording, record);
        if record > 0 && !self.beats.contains(&beat) {
            self.beats.push(beat);
        }
    }

    /// What was written goes out.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.out.flush()?)
    }

    /// All that stood on it, in order.
    pub fn beats(self) -> Vec<Beat> {
        self.beats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_once_more_in_order_and_an_event_once() {
        let mut out = Vec::new();
        let mut paper = Paper::new(&mut out);
        paper.line("# one").expect("memory takes it");
        for _ in 0..2 {
            paper.heading(b"ms  call\n").expect("memory takes it");
        }
        paper.trace(b"1  read\n", 7).expect("memory takes it");
        paper.trace(b"   a note\n", 7).expect("memory takes it");
        paper.trace(b"   more\n", 0).expect("memory takes it");
        paper.recording += 1;
        for record in 8..90 {
            paper.again(record);
        }
        paper.trace(b"1  close\n", 7).expect("memory takes it");
        let beats = paper.beats();
        let line = Beat::Line("# one".to_owned());
        let events = [(0, 7), (1, 8), (1, 9), (1, 7)];
        let events = events.map(|(recording, record)| Beat::Event(recording, record));
        assert_eq!(beats[0], line);
        assert_eq!(beats[1..], events);
        let text = "# one\nms  call\n1  read\n   a note\n   more\n1  close\n";
        assert_eq!(String::from_utf8_lossy(&out), text);
    }
}
