//! Lines of a text that may be longer than the memory, one at a time.
//!
//! In: a stream. Out: its lines with their numbers; one that is too long is left unread and said.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read: 64 KiB of data as escapes, twice, and the arguments.
const LINE_MOST: usize = 2 << 20;

/// What came of looking for a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Got {
    /// It is [`Lines::text`]; `ended` is false where the stream ends before the line does.
    Line {
        /// It ended with a newline.
        ended: bool,
    },
    /// It is longer than any that makes sense.
    TooLong,
    /// There are no more.
    End,
}

/// A stream, line by line.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    /// The number of the last line, from 1.
    pub number: u64,
    /// The last line, where it did not stand whole in the reader's buffer.
    copied: Vec<u8>,
    /// How much of the reader's buffer the last line is, where it did.
    in_place: usize,
}

impl<R: Read> Lines<BufReader<R>> {
    /// Whether reading on may have to wait for whoever writes.
    pub fn is_drained(&self) -> bool {
        self.reader.buffer().len() <= self.in_place
    }
}

impl<R: BufRead> Lines<R> {
    /// From the beginning.
    pub fn new(reader: R) -> Lines<R> {
        Lines {
            reader,
            number: 0,
            copied: Vec::new(),
            in_place: 0,
        }
    }

    /// The last line, its end included.
    pub fn text(&mut self) -> &[u8] {
        match self.in_place {
            0 => &self.copied,
            // It was there a moment ago, so that nothing is read.
            len => self.reader.fill_buf().map_or(&[], |buffer| &buffer[..len]),
        }
    }

    /// Reads the next line.
    ///
    /// # Errors
    /// What reading said.
    pub fn advance(&mut self) -> io::Result<Got> {
        self.reader.consume(std::mem::take(&mut self.in_place));
        self.copied.clear();
        if let Some(end) = memchr::memchr(b'\n', self.reader.fill_buf()?)
            && end < LINE_MOST
        {
            self.in_place = end + 1;
            self.number += 1;
            return Ok(Got::Line { ended: true });
        }
        let most = LINE_MOST as u64;
        let read = self
            .reader
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut self.copied)?;
        if read == 0 {
            return Ok(Got::End);
        }
        self.number += 1;
        let ended = self.copied.ends_with(b"\n");
        if !ended && read as u64 == most {
            self.skip_line()?;
            return Ok(Got::TooLong);
        }
        Ok(Got::Line { ended })
    }

    /// Leaves the rest of a line unread, piece by piece.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffered = self.reader.fill_buf()?;
            let (used, found) = match memchr::memchr(b'\n', buffered) {
                Some(at) => (at + 1, true),
                None => (buffered.len(), buffered.is_empty()),
            };
            self.reader.consume(used);
            if found {
                return Ok(());
            }
        }
    }
}
