//! A recording as a source: its lines become the records they were written from.
//!
//! In: a stream of lines (docs/recording-format.md). Out: records, one at a time, in bounded memory. A
//! line that is not JSON at all (a server's `listening on …` on the same stream) is skipped; one that
//! begins like a record and cannot be understood becomes a `lost` record that names it; a last line
//! without its end is where the recorder was stopped, and is left out. Left out on purpose: opening
//! files, following a growing one.

use super::lines::{Got, Lines};
use crate::event::build::Builder;
use crate::event::raw::{Raw, RawHead, kind, part};
use crate::event::wire::Start;
use crate::event::wire::read::{Line, Reader};
use std::io::{self, BufRead};

/// A recording being read.
#[derive(Debug)]
pub struct Recording<R> {
    lines: Lines<R>,
    reader: Reader,
    builder: Builder,
    start: Start,
    seq: u64,
    /// A line was one of a recording's.
    is_recording: bool,
    /// The first record, read while looking for the start.
    ahead: bool,
}

/// What came of one line.
enum Next {
    Record,
    Other,
    End,
}

impl<R: BufRead> Recording<R> {
    /// Reads as far as the first record, so that [`Recording::start`] is known.
    ///
    /// # Errors
    /// What reading said.
    pub fn new(lines: R) -> io::Result<Recording<R>> {
        let mut recording = Recording {
            lines: Lines::new(lines),
            reader: Reader::default(),
            builder: Builder::default(),
            start: Start::default(),
            seq: 0,
            is_recording: false,
            ahead: false,
        };
        recording.ahead = recording.advance()?;
        Ok(recording)
    }

    /// What the first line says; empty where there is none.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// The number of the call last read, as recorded: hand it to the decoder (less one) so that
    /// events keep their numbers.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The lines read so far.
    pub fn lines(&self) -> &Lines<R> {
        &self.lines
    }

    /// Whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        !self.ahead && self.builder.head.kind == kind::WRAP
    }

    /// Whether any line was one of a recording's.
    pub fn is_recording(&self) -> bool {
        self.is_recording
    }

    /// The next record; `None` at the end. Its times count from the start of the recording.
    ///
    /// # Errors
    /// What reading said.
    pub fn next_record(&mut self) -> io::Result<Option<Raw<'_>>> {
        let found = std::mem::take(&mut self.ahead) || self.advance()?;
        Ok(if found {
            Some(self.builder.raw())
        } else {
            None
        })
    }

    /// The next record, with the number of the call that was last.
    ///
    /// # Errors
    /// What reading said.
    pub fn next_numbered(&mut self) -> io::Result<Option<(u64, Raw<'_>)>> {
        let found = std::mem::take(&mut self.ahead) || self.advance()?;
        Ok(match found {
            true => Some((self.seq, self.builder.raw())),
            false => None,
        })
    }

    /// Reads until a record stands in the builder; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        loop {
            match self.line()? {
                Next::Record => return Ok(true),
                Next::Other => {}
                Next::End => return Ok(false),
            }
        }
    }

    fn line(&mut self) -> io::Result<Next> {
        let ended = match self.lines.advance()? {
            Got::End => return Ok(Next::End),
            Got::TooLong => return Ok(self.lost("is too long")),
            Got::Line { ended } => ended,
        };
        let text = self.lines.text();
        if !text.trim_ascii_start().starts_with(b"{") {
            return Ok(Next::Other);
        }
        match self.reader.line(text, &mut self.builder) {
            Ok(Line::Record { seq }) => {
                self.is_recording = true;
                self.seq = seq.unwrap_or(self.seq);
                Ok(Next::Record)
            }
            Ok(Line::Start(start)) => {
                self.is_recording = true;
                self.start = start;
                Ok(Next::Other)
            }
            Ok(Line::Nothing) => Ok(Next::Other),
            Err(_) if !ended => Ok(Next::End),
            Err(why) => Ok(self.lost(&format!("cannot be read: {why}"))),
        }
    }

    fn lost(&mut self, why: &str) -> Next {
        // A record must not seem to be from before the last one.
        let last = self.builder.head.enter;
        let (pid, tid) = (self.builder.head.pid, self.builder.head.tid);
        let args = [1, 0, 0, 0, 0, 0];
        self.builder.begin(RawHead {
            kind: kind::LOST,
            pid,
            tid,
            args,
            enter: last,
            exit: last,
            ..RawHead::default()
        });
        self.builder.whole(
            0,
            part::FIRST,
            format!("line {} {why}", self.lines.number).as_bytes(),
        );
        Next::Record
    }
}
