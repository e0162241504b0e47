//! A recording as a source: its lines become the records they were written from.
//!
//! In: a stream of lines (docs/recording-format.md). Out: records, one at a time, in bounded memory. A
//! line that is not JSON at all (a server's `listening on …` on the same stream) is skipped; one that
//! begins like a record and cannot be understood becomes a `lost` record that names it; a last line
//! without its end is where the recorder was stopped, and is left out. Left out on purpose: opening
//! files, following a growing one.

use crate::event::build::Builder;
use crate::event::raw::{Raw, RawHead, kind, part};
use crate::event::wire::Start;
use crate::event::wire::read::{self, Line};
use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read: 64 KiB of data as escapes, twice, and the arguments.
const LINE_MOST: usize = 2 << 20;

/// A recording being read.
#[derive(Debug)]
pub struct Recording<R> {
    lines: R,
    number: u64,
    text: Vec<u8>,
    builder: Builder,
    start: Start,
    seq: u64,
    /// A line was one of a recording's.
    is_recording: bool,
    /// The first record, read while looking for the start.
    ahead: bool,
}

impl<R: Read> Recording<BufReader<R>> {
    /// Whether reading on may have to wait for whoever writes.
    pub fn is_drained(&self) -> bool {
        self.lines.buffer().is_empty()
    }
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
            lines,
            number: 0,
            text: Vec::new(),
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

    /// How many lines were read.
    pub fn lines(&self) -> u64 {
        self.number
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
        self.text.clear();
        let most = LINE_MOST as u64;
        let read = self
            .lines
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut self.text)?;
        if read == 0 {
            return Ok(Next::End);
        }
        self.number += 1;
        let ended = self.text.ends_with(b"\n");
        if !ended && read as u64 == most {
            self.skip_line()?;
            return Ok(self.lost("is too long"));
        }
        if !self.text.trim_ascii().starts_with(b"{") {
            return Ok(Next::Other);
        }
        match read::line(&self.text, &mut self.builder) {
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

    /// Leaves the rest of a line unread, piece by piece.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffered = self.lines.fill_buf()?;
            let (used, found) = match buffered.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffered.len(), buffered.is_empty()),
            };
            self.lines.consume(used);
            if found {
                return Ok(());
            }
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
            format!("line {} {why}", self.number).as_bytes(),
        );
        Next::Record
    }
}
