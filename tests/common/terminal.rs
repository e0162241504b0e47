//! A program on a terminal of its own: keys, what is shown, and the modes that it leaves behind.

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use std::time::Instant;

/// The longest wait for something to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own. It is ended with it.
#[derive(Debug)]
pub struct OnTerminal {
    /// The program.
    pub child: Child,
    keyboard: File,
    terminal: OwnedFd,
    shown: Vec<u8>,
}

impl OnTerminal {
    /// Starts it at 80 columns and 24 rows.
    pub fn start(mut command: Command) -> OnTerminal {
        let pty = openpty(&size(80), None).expect("a terminal");
        let end = || Stdio::from(pty.slave.try_clone().expect("a copy"));
        command.stdin(end()).stdout(end()).stderr(end());
        command.env("TERM", "dumb");
        // SAFETY: both calls may be made between fork and exec; descriptor 0 is the terminal by then.
        unsafe {
            command.pre_exec(|| {
                // Descriptors of other tests, of the same process, are none of the program's.
                libc::close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as i32);
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            })
        };
        let child = command.spawn().expect("it starts");
        OnTerminal {
            child,
            keyboard: File::from(pty.master),
            terminal: pty.slave,
            shown: Vec::new(),
        }
    }

    /// Reads until this was shown; gives everything since the last such wait.
    pub fn until(&mut self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = String::from_utf8_lossy(&self.shown).into_owned();
            if let Some(at) = text.find(part) {
                self.shown = text.as_bytes()[at + part.len()..].to_vec();
                return text[..at + part.len()].to_string();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {part:?} in {text}");
            if !self.is_readable(u16::try_from(left.as_millis()).unwrap_or(1000)) {
                continue;
            }
            let mut buffer = [0; 4096];
            match self.keyboard.read(&mut buffer) {
                Ok(n) if n > 0 => self.shown.extend_from_slice(&buffer[..n]),
                _ => panic!("it ended without {part:?}: {text}"),
            }
        }
    }

    /// Reads to the end of the program; gives everything since the last wait.
    pub fn rest(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is_over = matches!(self.child.try_wait(), Ok(Some(_)));
            while self.is_readable(if is_over { 0 } else { LOOK }) {
                let mut buffer = [0; 4096];
                match self.keyboard.read(&mut buffer) {
                    Ok(n) if n > 0 => self.shown.extend_from_slice(&buffer[..n]),
                    _ => break,
                }
            }
            let text = String::from_utf8_lossy(&self.shown).into_owned();
            if is_over {
                self.shown.clear();
                return text;
            }
            assert!(Instant::now() < deadline, "it does not end: {text}");
        }
    }

    fn is_readable(&self, ms: u16) -> bool {
        let mut set = [PollFd::new(self.keyboard.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut set, PollTimeout::from(ms)), Ok(n) if n > 0)
    }

    /// Gives it so many columns.
    pub fn resize(&self, columns: u16) {
        let size = size(columns);
        // SAFETY: TIOCSWINSZ reads one winsize, and this one is ours.
        unsafe { libc::ioctl(self.keyboard.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("a keyboard");
    }

    /// The terminal is as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("a terminal").local_flags;
        modes.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long to wait for more before looking whether the program goes on, in milliseconds.
const LOOK: u16 = 50;

fn size(columns: u16) -> Winsize {
    Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}
