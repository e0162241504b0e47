//! The program's own output on the terminal that carries the trace: said whose it is, and kept apart from the
//! lines of the trace.
//!
//! In: what a tracer says before and after each write of the program's to that terminal. Out: a few columns
//! before the program's line, `[stdout] `, and a line's end before a line of the trace that would begin within the program's.
//! What the program writes is not touched: it writes it itself. Left out: a terminal that a program draws on
//! (it reads key by key, or sends plain line feeds: editors, pagers, `readline`); nothing is said there.

use super::stream::Stream;
use crate::source::handover::Question;
use crate::source::ptrace::ending;
use crate::view::paint::Ink;
use crate::view::paint::Paint;
use nix::sys::termios::LocalFlags;
use nix::sys::termios::OutputFlags;
use nix::sys::termios::tcgetattr;
use std::os::fd::AsFd;

/// So much of the trace waits for a write of the program's that does not end: longer only when the
/// terminal has stopped (Ctrl-S), and then the trace stops too.
const MOST: usize = 1 << 20;

/// Whose turn it is at the terminal.
#[derive(Debug)]
pub struct ProgramOutput {
    terminal: Stream,
    paint: Paint,
    /// A write of the program's is on its way.
    writing: bool,
    /// Columns that were put before it.
    marked: usize,
    /// The program has begun a line and not ended it.
    within_line: bool,
}

impl ProgramOutput {
    /// On this terminal, at the beginning of a line.
    pub fn new(terminal: Stream, paint: Paint) -> ProgramOutput {
        ProgramOutput {
            terminal,
            paint,
            writing: false,
            marked: 0,
            within_line: false,
        }
    }

    /// The program is about to write; `pid` is the process, as it is shown. Whether its end is waited for.
    pub fn begins(&mut self, question: &Question, pid: u32) -> bool {
        if !is_read_by_lines(&self.terminal) {
            self.within_line = false;
            return false;
        }
        self.marked = 0;
        if !self.within_line {
            let [fd, lines, is_main, ..] = question.args;
            let who = (is_main == 0).then_some(pid);
            let label = label(who, fd as i32, lines);
            self.marked = label.len() + 1;
            let mut mark = Vec::new();
            self.paint.on(Ink::Faint, &mut mark);
            mark.extend_from_slice(label.as_bytes());
            self.paint.off(Ink::Faint, &mut mark);
            mark.push(b' ');
            self.terminal.write(&mark);
        }
        self.writing = self.terminal.is_whole();
        self.within_line = true;
        self.writing
    }

    /// The program has written, or was stopped from it.
    pub fn ended(&mut self, question: &Question) {
        self.writing = false;
        match question.args[0] {
            ending::LINE => self.within_line = false,
            ending::NOTHING if self.marked > 0 => {
                // There is nothing to be marked.
                let blank = format!("\r{:1$}\r", "", self.marked);
                self.terminal.write(blank.as_bytes());
                self.within_line = false;
            }
            _ => {}
        }
    }

    /// Whether a line of the trace may be written now, of which so much waits already. If so, the cursor is
    /// at the beginning of a line.
    pub fn makes_room(&mut self, waiting: usize) -> bool {
        if self.writing && waiting < MOST {
            return false;
        }
        if std::mem::take(&mut self.within_line) {
            self.terminal.write(b"\n");
        }
        true
    }

    /// Nothing of the program's comes any more.
    pub fn is_over(&mut self) {
        self.writing = false;
    }
}

/// `[stdout]`, `[stderr, 3 lines]`, `[1234 fd 5]`: the process only where it is not the program itself.
fn label(pid: Option<u32>, fd: i32, lines: u64) -> String {
    let who = pid.map_or(String::new(), |pid| format!("{pid} "));
    let through = match fd {
        1 => "stdout".to_string(),
        2 => "stderr".to_string(),
        _ => format!("fd {fd}"),
    };
    match lines {
        0 | 1 => format!("[{who}{through}]"),
        _ => format!("[{who}{through}, {lines} lines]"),
    }
}

/// Whether a terminal is in the mode in which lines are lines (`man 3 termios`: ICANON, OPOST).
fn is_read_by_lines(terminal: &impl AsFd) -> bool {
    tcgetattr(terminal).is_ok_and(|modes| {
        modes.local_flags.contains(LocalFlags::ICANON)
            && modes.output_flags.contains(OutputFlags::OPOST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_names_the_stream_and_who_writes_when_it_is_a_child() {
        for (pid, fd, lines, text) in [
            (None, 1, 1, "[stdout]"),
            (None, 2, 0, "[stderr]"),
            (None, 1, 3, "[stdout, 3 lines]"),
            (Some(42), 1, 1, "[42 stdout]"),
            (Some(42), 5, 2, "[42 fd 5, 2 lines]"),
        ] {
            assert_eq!(label(pid, fd, lines), text);
        }
    }
}
