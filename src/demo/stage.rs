//! The server of a scene: a child process of the same program, on a port that the kernel chooses.
//!
//! In: arguments of `serve`. Out: where it listens, the lines of its trace as they come, and all of them
//! at its end. The child is ended by its own means (SIGTERM: it finishes what is open), and killed only
//! when that does not help within a while.

use super::Error;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
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

/// A server at work.
#[derive(Debug)]
pub struct Server {
    child: Child,
    lines: Receiver<Vec<u8>>,
    address: SocketAddr,
    /// Lines that were not asked for yet.
    kept: Vec<u8>,
}

impl Stage {
    /// Starts `httpsys serve` with these arguments and waits until it listens.
    ///
    /// # Errors
    /// What the child said instead.
    pub fn serve(&self, args: &[&str]) -> Result<Server, Error> {
        let mut child = Command::new(&self.program)
            .args(["serve", "-l", "127.0.0.1:0"])
            .args(args)
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
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
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server {
            child,
            lines,
            address: nowhere,
            kept: Vec::new(),
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

    /// The last line that is no record of a call.
    fn last_words(&self) -> String {
        let said = String::from_utf8_lossy(&self.kept);
        let last = said
            .lines()
            .rfind(|line| !line.is_empty() && !line.starts_with('{'));
        last.unwrap_or("the server said nothing").to_owned()
    }

    /// Writes the trace to `out` up to a line with this in it.
    pub fn until(&mut self, part: &str, out: &mut dyn Write) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| {
                Error::Machine(format!("the trace has no line with `{part}` in it"))
            })?;
            out.write_all(&line)?;
            if String::from_utf8_lossy(&line).contains(part) {
                return Ok(());
            }
        }
    }

    /// Asks it to end and writes the rest of its trace to `out`.
    pub fn end(mut self, out: &mut dyn Write) -> Result<(), Error> {
        let written = self.rest(out);
        // It has ended, or will not: in both cases there is nothing more to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        written
    }

    fn rest(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let pid = Pid::from_raw(self.child.id() as i32);
        // ESRCH: it was faster.
        let _ = kill(pid, Signal::SIGTERM);
        out.write_all(&std::mem::take(&mut self.kept))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => out.write_all(&line)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Error::Machine("the server does not end".to_owned()));
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
