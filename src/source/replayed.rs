//! A file of what was: a recording, or what strace wrote; its first lines tell which.

use super::recording::Recording;
use super::strace_log::{self, StraceLog};
use crate::event::raw::Raw;
use crate::event::wire::Start;
use std::io::{self, BufRead, BufReader, Read};

/// Records of a run that is over, or goes on elsewhere.
#[derive(Debug)]
pub enum Replayed<R> {
    /// JSON lines.
    Recording(Box<Recording<BufReader<R>>>),
    /// strace's lines.
    StraceLog(Box<StraceLog<BufReader<R>>>),
}

impl<R: Read> Replayed<R> {
    /// Looks at the first lines, and reads as far as the first record.
    ///
    /// # Errors
    /// What reading said.
    pub fn new(mut reader: BufReader<R>) -> io::Result<Replayed<R>> {
        Ok(match strace_log::is_log(reader.fill_buf()?) {
            true => Replayed::StraceLog(Box::new(StraceLog::new(reader)?)),
            false => Replayed::Recording(Box::new(Recording::new(reader)?)),
        })
    }

    /// What the run was.
    pub fn start(&self) -> &Start {
        match self {
            Replayed::Recording(recording) => recording.start(),
            Replayed::StraceLog(log) => log.start(),
        }
    }

    /// The next record, with the number of the call that was last.
    ///
    /// # Errors
    /// What reading said.
    pub fn next_numbered(&mut self) -> io::Result<Option<(u64, Raw<'_>)>> {
        match self {
            Replayed::Recording(recording) => recording.next_numbered(),
            Replayed::StraceLog(log) => log.next_numbered(),
        }
    }

    /// Whether reading on may have to wait for whoever writes.
    pub fn is_drained(&self) -> bool {
        match self {
            Replayed::Recording(recording) => recording.lines().is_drained(),
            Replayed::StraceLog(log) => log.lines().is_drained(),
        }
    }

    /// Whether its times are of a local clock, without a date.
    pub fn is_local(&self) -> bool {
        match self {
            Replayed::Recording(_) => false,
            Replayed::StraceLog(log) => log.is_local(),
        }
    }

    /// Whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Replayed::Recording(recording) => recording.is_empty(),
            Replayed::StraceLog(log) => log.is_empty(),
        }
    }

    /// Whether any line was one of a recording or a log.
    pub fn is_known(&self) -> bool {
        match self {
            Replayed::Recording(recording) => recording.is_recording(),
            Replayed::StraceLog(_) => true,
        }
    }

    /// Whether it has not even one line.
    pub fn is_blank(&self) -> bool {
        match self {
            Replayed::Recording(recording) => recording.lines().number == 0,
            Replayed::StraceLog(log) => log.lines().number == 0,
        }
    }
}
