//! What the person at the keyboard wants: keys of a terminal, or lines of anything else.
//!
//! In: standard input. Out: one [`Key`] at a time. A terminal gives each key at once (`kernel::raw_mode`);
//! from a pipe or a file each line is a key, an empty one is Enter, and at its end everything runs on.

use crate::kernel::raw_mode;
use crate::kernel::raw_mode::RawMode;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// What is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// Enter, space, `n`: the next event.
    Next,
    /// `b`: the one before.
    Back,
    /// `r`: all that is left.
    Run,
    /// `e`: more about this one.
    Explain,
    /// `?`: a question.
    Ask,
    /// `q`: enough.
    Quit,
    /// An answer: 1 to 9.
    Answer(usize),
    /// The program was stopped and goes on: what was on the screen must be shown again.
    Again,
    /// Nobody will say anything more.
    LetGo,
    /// Anything else.
    Other,
}

/// The program is about to end: whoever waits for a key waits no more.
static LET_GO: AtomicBool = AtomicBool::new(false);

/// Lets go whoever waits for a key, now and from now on.
pub fn let_go() {
    LET_GO.store(true, Ordering::SeqCst);
}

/// The lowest number for our copy of standard input.
const HIGH: i32 = 300;

/// Keeps standard input for keys: a program that is started now reads nothing from it.
///
/// # Errors
/// What opening `/dev/null` said.
pub fn keep_standard_input() -> std::io::Result<()> {
    let nothing = std::fs::File::open("/dev/null")?;
    Ok(nix::unistd::dup2_stdin(&nothing)?)
}

/// How long to sleep at most before looking whether a key is still wanted, in milliseconds.
const LOOK: u16 = 100;

/// Where keys come from.
#[derive(Debug)]
pub struct Keys {
    /// A terminal, or lines. It is given back before its descriptor is closed: fields are dropped in order.
    terminal: Option<RawMode>,
    /// A copy of standard input, out of the way of whoever counts descriptors.
    input: Option<OwnedFd>,
    /// Bytes that came and were not asked for yet.
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Keys {
    /// From standard input.
    pub fn new() -> Keys {
        let copy = std::io::stdin().as_fd().try_clone_to_owned().ok();
        let input = copy.and_then(|copy| crate::kernel::move_high(copy, HIGH).ok());
        let terminal = input
            .as_ref()
            .filter(|input| input.is_terminal())
            .and_then(|input| RawMode::enter(input).ok());
        Keys {
            ended: input.is_none(),
            input,
            terminal,
            bytes: VecDeque::new(),
        }
    }

    /// From nobody: everything runs on.
    pub fn none() -> Keys {
        Keys {
            terminal: None,
            input: None,
            bytes: VecDeque::new(),
            ended: true,
        }
    }

    /// Whether somebody sits there.
    pub fn is_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Waits for the next key.
    pub fn wait(&mut self) -> Key {
        loop {
            if let Some(key) = self.look(LOOK) {
                return key;
            }
        }
    }

    /// A key that is there already.
    pub fn poll(&mut self) -> Option<Key> {
        self.look(0)
    }

    fn look(&mut self, most: u16) -> Option<Key> {
        if LET_GO.load(Ordering::SeqCst) {
            return Some(Key::LetGo);
        }
        // While somebody is waited for, nothing else could stop this program in order.
        if most > 0 {
            raw_mode::stop_if_asked();
        }
        if raw_mode::came_back() {
            return Some(Key::Again);
        }
        let key = match self.is_terminal() {
            true => self.pressed(),
            false => self.line(),
        };
        if key.is_some() {
            return key;
        }
        if self.ended {
            return (most > 0).then_some(Key::LetGo);
        }
        if !self.is_readable(most) {
            return None;
        }
        let mut buffer = [0; 256];
        let input = self.input.as_ref()?;
        match nix::unistd::read(input, &mut buffer) {
            Ok(0) => self.ended = true,
            Ok(n) => self.bytes.extend(&buffer[..n]),
            Err(nix::errno::Errno::EINTR | nix::errno::Errno::EAGAIN) => {}
            Err(_) => self.ended = true,
        }
        None
    }

    fn is_readable(&self, most: u16) -> bool {
        let Some(input) = &self.input else {
            return false;
        };
        let mut set = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut set, PollTimeout::from(most)), Ok(n) if n > 0)
    }

    /// The next key of a terminal: a byte, or a sequence for the arrows (`man 4 console_codes`).
    fn pressed(&mut self) -> Option<Key> {
        let first = self.bytes.pop_front()?;
        if first != b'\x1b' || !matches!(self.bytes.front(), Some(b'[' | b'O')) {
            // End of input (Ctrl-D) is an ordinary byte now.
            return Some(if first == 4 {
                Key::Quit
            } else {
                of_byte(first)
            });
        }
        self.bytes.pop_front();
        loop {
            match self.bytes.pop_front() {
                Some(b'B' | b'C') => return Some(Key::Next),
                Some(b'A' | b'D') => return Some(Key::Back),
                Some(b'0'..=b'9' | b';') => {}
                Some(_) | None => return Some(Key::Other),
            }
        }
    }

    /// The next whole line, or the last one without an end.
    fn line(&mut self) -> Option<Key> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        let line: Vec<u8> = match end {
            Some(end) => self.bytes.drain(..=end).collect(),
            None if self.ended && !self.bytes.is_empty() => self.bytes.drain(..).collect(),
            None => return None,
        };
        Some(match line.trim_ascii() {
            [] => Key::Next,
            [first, ..] => of_byte(*first),
        })
    }
}

fn of_byte(byte: u8) -> Key {
    match byte {
        b'\n' | b'\r' | b' ' | b'n' | b'N' => Key::Next,
        b'b' | b'B' => Key::Back,
        b'r' | b'R' => Key::Run,
        b'e' | b'E' | b'h' => Key::Explain,
        b'?' => Key::Ask,
        b'q' | b'Q' => Key::Quit,
        b'1'..=b'9' => Key::Answer(usize::from(byte - b'0')),
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_keys_and_the_end_lets_go() {
        let mut keys = Keys {
            input: None,
            terminal: None,
            bytes: b"\nb\n 2 \r\nquit\nx\n?".iter().copied().collect(),
            ended: true,
        };
        let found: Vec<Key> = (0..7).map(|_| keys.wait()).collect();
        let expected = [
            Key::Next,
            Key::Back,
            Key::Answer(2),
            Key::Quit,
            Key::Other,
            Key::Ask,
            Key::LetGo,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn arrows_go_forward_and_back() {
        let mut keys = Keys {
            input: None,
            terminal: None,
            bytes: b"\x1b[D2\x1b[1;5C\x1bb\x04".iter().copied().collect(),
            ended: true,
        };
        let found: Vec<Key> = std::iter::from_fn(|| keys.pressed()).collect();
        let expected = [
            Key::Back,
            Key::Answer(2),
            Key::Next,
            Key::Other,
            Key::Back,
            Key::Quit,
        ];
        assert_eq!(found, expected);
    }
}
