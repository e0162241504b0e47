//! Logs of `strace -ff`, a file for each process or thread → one log, as `strace -f -o` would have written it.
//!
//! In: files and the ids that their names end in. Out: a stream of lines, each with the id of its thread before it, in the
//! order in which calls ended (with `-T`; else in that in which they began). A `close`, and a call that makes a child, has
//! its place by when it began: its number is free, its child runs from then on. Left out on purpose: files without times
//! (`-t`, `-tt`, `-ttt`), whose lines cannot be put in order.

use super::call;
use super::makes_child;
use super::prefix::{Moment, prefix, seconds};
use crate::abi::calls::{self, CallId};
use crate::source::lines::{Got, Lines};
use std::io::{self, BufRead, BufReader, Read};

/// A day in nanoseconds.
const DAY: u64 = 86_400_000_000_000;
/// Room for lines of one file on their way in.
const ROOM: usize = 16 << 10;

/// Several logs as one stream.
pub struct Several {
    files: Vec<One>,
    /// The line that is being given, and how much of it was.
    line: Vec<u8>,
    given: usize,
}

/// One of the files.
struct One {
    tid: u32,
    lines: Lines<BufReader<Box<dyn Read>>>,
    /// Its next line, with the line's end; empty when there are no more.
    next: Vec<u8>,
    /// Where that stands in the order, in nanoseconds.
    when: u64,
    /// It belongs to the line before: a dump, a stack.
    follows: bool,
    last: u64,
}

/// The id that the name of a file of `strace -ff -o NAME` ends in: `NAME.3545`.
pub fn id(name: &str) -> Option<u32> {
    let (before, digits) = name.rsplit_once('.')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !before.is_empty())
        .then(|| digits.parse().ok())
        .flatten()
}

impl Several {
    /// Reads each file as far as its first line.
    ///
    /// # Errors
    /// What reading said; or that there are lines without a time.
    pub fn new(files: Vec<(u32, Box<dyn Read>)>) -> io::Result<Several> {
        let mut several = Several {
            files: Vec::new(),
            line: Vec::new(),
            given: 0,
        };
        for (tid, file) in files {
            let mut one = One {
                tid,
                lines: Lines::new(BufReader::with_capacity(ROOM, file)),
                next: Vec::new(),
                when: 0,
                follows: false,
                last: 0,
            };
            let has_time = one.advance()?;
            let wrong = match one.next.is_empty() {
                true => None,
                false if !has_time => Some("no time of day"),
                false if !is_fine(&one.next) => Some("times of whole seconds"),
                false => None,
            };
            if let Some(wrong) = wrong {
                return Err(io::Error::other(format!(
                    "NAME.{tid} has {wrong}, and several logs are put together by that: \
                     strace -ff -tt -T -o NAME"
                )));
            }
            several.files.push(one);
        }
        Ok(several)
    }

    /// Makes the next line; empty at the end.
    fn take(&mut self) -> io::Result<()> {
        self.line.clear();
        self.given = 0;
        let waiting = self.files.iter_mut().filter(|one| !one.next.is_empty());
        let Some(one) = waiting.min_by_key(|one| (!one.follows, one.when, one.tid)) else {
            return Ok(());
        };
        if !one.follows {
            self.line
                .extend_from_slice(format!("{:<5} ", one.tid).as_bytes());
        }
        self.line.append(&mut one.next);
        one.advance()?;
        // A last line may lack its end, and goes into the middle all the same.
        if !self.line.ends_with(b"\n") {
            self.line.push(b'\n');
        }
        Ok(())
    }
}

impl One {
    /// Reads the next line; whether it has a time of day.
    fn advance(&mut self) -> io::Result<bool> {
        self.next.clear();
        match self.lines.advance()? {
            Got::End => return Ok(false),
            Got::TooLong => self.next.extend_from_slice(b"a line too long to be read\n"),
            Got::Line { .. } => self.next.extend_from_slice(self.lines.text()),
        }
        let marks: [&[u8]; 4] = [b" | ", b" * ", b" = ", b" > "];
        self.follows = marks.iter().any(|mark| self.next.starts_with(mark));
        let begun = match prefix(&self.next).moment {
            Some(Moment::OfDay(time)) => {
                // After midnight the clock begins again.
                let time = self.last / DAY * DAY + time;
                match time + DAY / 2 < self.last {
                    true => time + DAY,
                    false => time,
                }
            }
            Some(Moment::Epoch(time)) => time,
            Some(Moment::Since(_)) | None => return Ok(false),
        };
        self.last = begun;
        self.when = begun.saturating_add(took(&self.next));
        Ok(true)
    }
}

/// Whether the time before a line has a fraction.
fn is_fine(line: &[u8]) -> bool {
    let len = prefix(line).len;
    line[..len]
        .windows(2)
        .any(|pair| pair[0] == b'.' && pair[1].is_ascii_digit())
}

/// How long after its time a line has its place: what `-T` says, but for calls that count from their beginning.
fn took(line: &[u8]) -> u64 {
    let line = line.trim_ascii_end();
    let rest = &line[prefix(line).len..];
    let id = call::name(rest).and_then(CallId::from_name);
    if id.is_some_and(|id| id == calls::CLOSE || makes_child(id)) {
        return 0;
    }
    let time = line.strip_suffix(b">").and_then(|line| {
        let begin = memchr::memrchr(b'<', line)?;
        let (time, len) = seconds(&line[begin + 1..])?;
        (begin + 1 + len == line.len()).then_some(time)
    });
    time.unwrap_or(0)
}

impl Read for Several {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Several {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given == self.line.len() {
            self.take()?;
        }
        Ok(&self.line[self.given..])
    }

    fn consume(&mut self, count: usize) {
        self.given = (self.given + count).min(self.line.len());
    }
}
