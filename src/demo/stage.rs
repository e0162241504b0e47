//! The server of a scene: a child process of the same program, on a port that the kernel chooses.
//!
//! In: arguments of `serve`, or which program of which scene. Out: where it listens, the lines of its trace
//! as they come, and its recording. The child hears prompts on its standard input, and ends by its own means
//! when that closes (it finishes what is open); it is killed only when that does not help within a while. So
//! no scene leaves a server behind, however it ends.

use super::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest wait for a line of the child.
const PATIENCE: Duration = Duration::from_secs(15);

/// What every scene needs to know of the outside.
#[derive(Clone, Debug)]
pub struct Stage {
    /// This program.
    pub program: PathBuf,
    /// Flags for every child: how the screen looks.
    pub flags: Vec<String>,
    /// Print what is the same on every run, and `N` for the rest.
    pub canonical: bool,
}

/// Begins a mark before what an event shows: this byte, the number of its record, `+`, how many lines come below the
/// first, a space (`--prompted`). A view escapes what comes from outside, so nobody else can write it.
pub const MARK: u8 = 0x1e;

/// A line of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it says, with its line end; nothing else where it only repeats the line above.
    pub text: &'a [u8],
    /// The number of the record that it tells of, from 1; 0 before the first.
    pub record: u64,
    /// It is the one that was waited for, or stands below it and tells of the same record.
    pub is_last: bool,
}

/// Is given each line of a trace.
pub type Each<'a> = &'a mut dyn FnMut(&Line<'_>) -> Result<(), Error>;

/// A server at work.
#[derive(Debug)]
pub struct Server {
    child: Child,
    lines: Receiver<Vec<u8>>,
    recording: Option<JoinHandle<Vec<u8>>>,
    address: SocketAddr,
    /// Lines that were not asked for yet.
    kept: Vec<u8>,
    /// The record that the last line told of.
    record: u64,
    /// So many more lines tell of it.
    below: usize,
}

impl Stage {
    /// Starts `httpsys serve` with these arguments and waits until it listens.
    ///
    /// # Errors
    /// What the child said instead.
    pub fn serve(&self, args: &[&str]) -> Result<Server, Error> {
        self.start(&[&["serve", "-l", "127.0.0.1:0"], args].concat())
    }

    /// Starts the program of act `act` of this scene and waits until it listens.
    ///
    /// # Errors
    /// What the child said instead.
    pub fn act(&self, scene: &str, act: usize) -> Result<Server, Error> {
        self.start(&["act", scene, &act.to_string(), "--trace", "-q"])
    }

    fn start(&self, args: &[&str]) -> Result<Server, Error> {
        crate::kernel::keep_from_children();
        let mut child = Command::new(&self.program)
            .args(args)
            .args(["--prompted", "--record", "/dev/stdout"])
            .args(&self.flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                Error::Machine(format!("start {}: {error}", self.program.display()))
            })?;
        let (sender, lines) = channel();
        if let Some(stderr) = child.stderr.take() {
            // The child must never wait for us: all it says is taken at once.
            std::thread::spawn(move || {
                let mut stderr = BufReader::new(stderr);
                let mut line = Vec::new();
                while stderr.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                    if sender.send(std::mem::take(&mut line)).is_err() {
                        break;
                    }
                }
            });
        }
        let recording = child.stdout.take().map(|mut stdout| {
            std::thread::spawn(move || {
                let mut recording = Vec::new();
                // A recording that is cut is read as far as it goes.
                let _ = stdout.read_to_end(&mut recording);
                recording
            })
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server {
            child,
            lines,
            recording,
            address: nowhere,
            kept: Vec::new(),
            record: 0,
            below: 0,
        };
        server.address = server.listening()?;
        Ok(server)
    }
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The record that its last line told of.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn listening(&mut self) -> Result<SocketAddr, Error> {
        const WORDS: &str = "listening on http://";
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let text = String::from_utf8_lossy(&line);
                    let address = text.strip_prefix(WORDS).and_then(|rest| {
                        let end = rest.find('/')?;
                        rest[..end].parse().ok()
                    });
                    match address {
                        Some(address) => return Ok(address),
                        None => self.kept.extend_from_slice(&line),
                    }
                }
                Err(_) => return Err(Error::Machine(self.last_words())),
            }
        }
    }

    /// The last line that it said.
    fn last_words(&self) -> String {
        let said = String::from_utf8_lossy(&self.kept);
        let last = said.lines().rfind(|line| !line.is_empty());
        let last = last.unwrap_or("the server said nothing").as_bytes();
        String::from_utf8_lossy(mark(last).1).into_owned()
    }

    /// Says something to its process (`cli::prompts`).
    pub fn prompt(&mut self, line: &str) -> Result<(), Error> {
        let said = self.child.stdin.as_mut().map(|stdin| {
            stdin
                .write_all(line.as_bytes())
                .and_then(|()| stdin.write_all(b"\n"))
        });
        said.unwrap_or(Ok(()))
            .map_err(|_| Error::Machine("the server has ended early".to_owned()))
    }

    /// Hands over the lines of the trace up to one with this in it, and those below it that tell of the same.
    pub fn until(&mut self, part: &str, each: Each<'_>) -> Result<(), Error> {
        let kept = std::mem::take(&mut self.kept);
        let mut kept = kept.split_inclusive(|byte| *byte == b'\n');
        let deadline = Instant::now() + PATIENCE;
        let mut found = false;
        loop {
            let line = match kept.next() {
                Some(line) => line.to_vec(),
                None => self.next(deadline)?.ok_or_else(|| {
                    Error::Machine(format!("the trace has no line with `{part}` in it"))
                })?,
            };
            let text = self.unmarked(&line);
            found |= plain(text).contains(part);
            each(&Line {
                text,
                record: self.record,
                is_last: found,
            })?;
            if found && self.below == 0 {
                self.kept = kept.flatten().copied().collect();
                return Ok(());
            }
        }
    }

    /// The next line; `None` at the end.
    fn next(&mut self, deadline: Instant) -> Result<Option<Vec<u8>>, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                Err(Error::Machine("the server says nothing more".to_owned()))
            }
        }
    }

    /// Waits for its end, which comes by itself, and hands over the rest of its trace.
    pub fn rest(&mut self, each: Each<'_>) -> Result<(), Error> {
        let kept = std::mem::take(&mut self.kept);
        let mut hand_over = |server: &mut Server, line: &[u8]| {
            let text = server.unmarked(line);
            each(&Line {
                text,
                record: server.record,
                is_last: false,
            })
        };
        kept.split_inclusive(|byte| *byte == b'\n')
            .try_for_each(|line| hand_over(self, line))?;
        let deadline = Instant::now() + PATIENCE;
        while let Some(line) = self.next(deadline)? {
            hand_over(self, &line)?;
        }
        Ok(())
    }

    /// The line without its mark, which is remembered: lines without one go on with the same record.
    fn unmarked<'l>(&mut self, line: &'l [u8]) -> &'l [u8] {
        let (mark, text) = mark(line);
        (self.record, self.below) = mark.unwrap_or((self.record, self.below.saturating_sub(1)));
        text
    }

    /// Asks it to end, if it has not, and gives its recording.
    ///
    /// # Errors
    /// It does not end.
    pub fn end(mut self) -> Result<Vec<u8>, Error> {
        // A server ends because it is asked to, a program after its last cue.
        self.child.stdin = None;
        let ended = self.rest(&mut |_| Ok(()));
        // It has ended, or will not: in both cases there is nothing more to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        ended?;
        let recording = self.recording.take().map(JoinHandle::join);
        Ok(recording.and_then(Result::ok).unwrap_or_default())
    }
}

/// The numbers in a line's mark, if it has one, and what stands behind that.
fn mark(line: &[u8]) -> (Option<(u64, usize)>, &[u8]) {
    let rest = line.strip_prefix(&[MARK]);
    let parts = rest.and_then(|rest| {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let (record, below) = std::str::from_utf8(&rest[..space]).ok()?.split_once('+')?;
        let numbers = (record.parse().ok()?, below.parse().ok()?);
        Some((Some(numbers), &rest[space + 1..]))
    });
    parts.unwrap_or((None, line))
}

/// The text of a line without its colours: `ESC [ ... m`.
pub fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_whatever_colours_it_has() {
        let line = b"  \x1b[2m 0.10\x1b[0m  \x1b[1maccept4\x1b[0m(3) = 4\n";
        assert_eq!(plain(line), "   0.10  accept4(3) = 4\n");
        assert_eq!(plain(b"none"), "none");
    }

    #[test]
    fn a_mark_is_taken_off_and_what_is_none_stays() {
        assert_eq!(
            mark(b"\x1e17+2   0.10  read\n"),
            (Some((17, 2)), &b"  0.10  read\n"[..])
        );
        for line in [
            &b"  0.10  read\n"[..],
            b"\x1e",
            b"\x1e12 x",
            b"\x1e  x",
            b"",
        ] {
            assert_eq!(mark(line), (None, line));
        }
    }
}
