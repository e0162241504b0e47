//! The program's own writes to the terminal that carries the trace: whoever shows is told before and after
//! each, so that it can say whose lines those are and keep its own apart from them.
//!
//! ```text
//!  enter  a write to our terminal ─▶ another one on its way? wait for it  ─▶ TOPIC_PRINT ─▶ the call runs
//!  exit                                                                    TOPIC_PRINTED ─▶ the next one
//! ```
//! In: a thread stopped at the beginning of a call that writes. Out: questions to the reader of a
//! [`Handover`]. The bytes stay the program's: it makes its own call, on its own descriptor, and only waits
//! a moment before it. One write is on its way at a time, as the kernel itself has it for a terminal
//! (`tty_write_lock` in drivers/tty/tty_io.c). Left out: what is written through io_uring or by programs that are not traced.

use super::memory::Remote;
use super::sys::Tid;
use super::tracer::Tracer;
use crate::abi::calls::{self, CallId};
use crate::event::capture::Memory;
use crate::source::handover::{Handover, Question};
use nix::libc;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;

/// A question's topic: the program is about to write to the terminal: descriptor, lines (0: not known), and
/// whether it is the process that the trace is about, not a child, in `args`. The answer: whether the reader
/// wants to hear of its end; it prints nothing until then.
pub const TOPIC_PRINT: u64 = 2;
/// A question's topic: it has written. `args`: one of [`ending`].
pub const TOPIC_PRINTED: u64 = 3;

/// Where the program's write has left the cursor.
pub mod ending {
    /// Nothing was written.
    pub const NOTHING: u64 = 0;
    /// At the beginning of a line.
    pub const LINE: u64 = 1;
    /// Within a line, as far as is known.
    pub const WITHIN: u64 = 2;
}

/// How long a write waits for another one before it is looked at again: so long takes only one to a terminal
/// that has stopped (Ctrl-S), or that nobody reads.
const TURN: Duration = Duration::from_millis(50);
/// The most bytes in which lines are counted.
const COUNTED: usize = 64 << 10;
/// The most buffers of a `writev` (`IOV_MAX`), and the bytes of each one's description.
const BUFFERS_MOST: usize = 1024;
const IOVEC: usize = 16;
/// `/dev/tty`: whatever terminal a process belongs to.
const OWN_TERMINAL: u64 = 5 << 8;

/// The calls that can write to a terminal.
pub const WRITERS: [CallId; 5] = [
    calls::WRITE,
    calls::WRITEV,
    calls::PWRITEV2,
    calls::SENDFILE,
    calls::SPLICE,
];

/// The terminal, and the writes to it that have begun.
#[derive(Debug)]
pub struct Terminal {
    device: u64,
    writes: Vec<Write>,
}

/// A write to the terminal.
#[derive(Debug)]
struct Write {
    tid: Tid,
    call: CallId,
    args: [u64; 6],
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Its thread is stopped before it, and nobody was told.
    Begun,
    /// The same, until another one has ended.
    Queued,
    /// It runs, and its end is waited for.
    Running,
}

impl Terminal {
    /// The terminal that is this device (`st_rdev`).
    pub fn new(device: u64) -> Terminal {
        Terminal {
            device,
            writes: Vec::new(),
        }
    }

    /// Whether the call that begins writes to it; then it is remembered.
    pub fn is_written_by(&mut self, tid: Tid, call: CallId, args: &[u64; 6]) -> bool {
        let fd = descriptor(call, args);
        let here = WRITERS.contains(&call) && self.is_behind(tid, fd);
        if here {
            self.writes.retain(|write| write.tid != tid);
            self.writes.push(Write {
                tid,
                call,
                args: *args,
                stage: Stage::Begun,
            });
        }
        here
    }

    /// The call that was to write to it did not.
    pub fn is_not_written_by(&mut self, tid: Tid) {
        self.forget(tid);
    }

    fn is_behind(&self, tid: Tid, fd: i32) -> bool {
        let device = std::fs::metadata(format!("/proc/{tid}/fd/{fd}")).map(|file| file.rdev());
        match device {
            Ok(OWN_TERMINAL) => own_terminal(tid) == Some(self.device),
            Ok(device) => device == self.device,
            Err(_) => false,
        }
    }

    fn of(&mut self, tid: Tid) -> Option<&mut Write> {
        self.writes.iter_mut().find(|write| write.tid == tid)
    }

    fn forget(&mut self, tid: Tid) -> Option<Write> {
        let place = self.writes.iter().position(|write| write.tid == tid)?;
        Some(self.writes.remove(place))
    }
}

/// The terminal of a process's session (`man 5 proc`, "tty_nr"), as `st_rdev` has it.
fn own_terminal(tid: Tid) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{tid}/stat")).ok()?;
    // Behind the name, which may have anything in it: state, parent, group, session, terminal.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(4)?.parse().ok()
}

/// Whether a thread would come back from a write that has to wait: it said so (O_NONBLOCK), or a signal has
/// come for it.
fn would_not_wait(tid: Tid, fd: i32) -> bool {
    let about = std::fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).unwrap_or_default();
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| i32::from_str_radix(octal.trim(), 8).ok());
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let signals = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
            .unwrap_or(0)
    };
    let pending = signals("SigPnd:") | signals("ShdPnd:");
    flags.is_none_or(|flags| flags & libc::O_NONBLOCK != 0) || pending & !signals("SigBlk:") != 0
}

fn descriptor(call: CallId, args: &[u64; 6]) -> i32 {
    let place = if call == calls::SPLICE { 2 } else { 0 };
    args[place] as i32
}

impl Write {
    /// The buffers, as addresses and lengths; none where the bytes are not the program's memory.
    fn buffers(&self, memory: &Remote<'_>) -> Vec<(u64, u64)> {
        match self.call {
            calls::WRITE => vec![(self.args[1], self.args[2])],
            calls::WRITEV | calls::PWRITEV2 => {
                let count = (self.args[2] as usize).min(BUFFERS_MOST);
                let mut vector = vec![0; count * IOVEC];
                let got = memory.read(self.args[1], &mut vector);
                let words = |bytes: &[u8]| Some((word(bytes, 0)?, word(bytes, 8)?));
                vector[..got]
                    .chunks_exact(IOVEC)
                    .filter_map(words)
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// How many lines it writes or begins; 0 where that is not known.
    fn lines(&self, memory: &Remote<'_>) -> u64 {
        let (mut lines, mut room, mut last) = (0, COUNTED, b'\n');
        for (address, length) in self.buffers(memory) {
            let length = length as usize;
            if length > room {
                return 0;
            }
            let mut bytes = vec![0; length];
            if memory.read(address, &mut bytes) < length {
                return 0;
            }
            room -= length;
            lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
            last = bytes.last().copied().unwrap_or(last);
        }
        lines + u64::from(last != b'\n')
    }

    /// Where so many written bytes have left the cursor.
    fn ending(&self, written: i64, memory: &Remote<'_>) -> u64 {
        let Some(mut last) = u64::try_from(written).ok().and_then(|n| n.checked_sub(1)) else {
            return ending::NOTHING;
        };
        let mut byte = [0];
        let mut from_memory = || {
            for (address, length) in self.buffers(memory) {
                if last < length {
                    let got = memory.read(address.wrapping_add(last), &mut byte);
                    return (got == 1).then_some(byte[0]);
                }
                last -= length;
            }
            None
        };
        match from_memory().or_else(|| self.last_of_file(memory)) {
            Some(b'\n') => ending::LINE,
            _ => ending::WITHIN,
        }
    }

    /// The byte before the place that `sendfile` has come to.
    fn last_of_file(&self, memory: &Remote<'_>) -> Option<u8> {
        if self.call != calls::SENDFILE {
            return None;
        }
        let (tid, fd) = (self.tid, self.args[1] as i32);
        let path = format!("/proc/{tid}/fd/{fd}");
        let place = match self.args[2] {
            0 => {
                let about = std::fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).ok()?;
                let line = about.lines().find_map(|line| line.strip_prefix("pos:"))?;
                line.trim().parse().ok()?
            }
            pointer => {
                let mut offset = [0; 8];
                (memory.read(pointer, &mut offset) == 8).then(|| u64::from_ne_bytes(offset))?
            }
        };
        // A pipe would be waited for.
        if !std::fs::metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut byte = [0];
        let file = std::fs::File::open(&path).ok()?;
        file.read_exact_at(&mut byte, place.checked_sub(1)?).ok()?;
        Some(byte[0])
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(word.try_into().ok()?))
}

impl Tracer {
    /// Lets a thread that is at the beginning of a call go on; a write to the terminal when its turn has come.
    pub(super) fn go_on_in_turn(&mut self, tid: Tid, to: &Handover) {
        let runs = |terminal: &Terminal| {
            let mut writes = terminal.writes.iter();
            writes.any(|write| write.stage == Stage::Running)
        };
        let Some(terminal) = &mut self.terminal else {
            return self.go_on(tid, 0);
        };
        let busy = runs(terminal);
        let Some(write) = terminal.of(tid).filter(|write| write.stage == Stage::Begun) else {
            return self.go_on(tid, 0);
        };
        if busy {
            write.stage = Stage::Queued;
            return self.hold(tid, TURN);
        }
        let Some(tracee) = self.tracees.get(&tid) else {
            return;
        };
        let fd = descriptor(write.call, &write.args);
        let lines = write.lines(&self.memories.of(tracee.pid, tid));
        let pid = tracee.pid;
        let is_main = u64::from(self.is_main(pid));
        let wanted = to.ask(Question {
            topic: TOPIC_PRINT,
            pid,
            tid: tid as u32,
            number: 0,
            args: [fd as u64, lines, is_main, 0, 0, 0],
        });
        if let Some(terminal) = &mut self.terminal {
            match terminal.of(tid) {
                Some(write) if wanted => write.stage = Stage::Running,
                _ => {
                    terminal.forget(tid);
                }
            }
        }
        self.go_on(tid, 0);
    }

    /// A thread was held long enough.
    pub(super) fn held_enough(&mut self, tid: Tid, to: &Handover) {
        let Some(terminal) = &mut self.terminal else {
            return self.go_on(tid, 0);
        };
        let queued = |write: &&mut Write| write.stage == Stage::Queued;
        if let Some(write) = terminal.of(tid).filter(queued) {
            // The kernel would let it wait too, unless it has another wish.
            if !would_not_wait(tid, descriptor(write.call, &write.args)) {
                return self.hold(tid, TURN);
            }
            terminal.forget(tid);
        }
        self.go_on_in_turn(tid, to);
    }

    /// A call has ended, or its thread has: if it was a write to the terminal, the next one may begin.
    pub(super) fn written(&mut self, tid: Tid, result: Option<i64>, to: &Handover) {
        let Some(write) = self.terminal.as_mut().and_then(|all| all.forget(tid)) else {
            return;
        };
        if write.stage != Stage::Running {
            return;
        }
        let pid = self.tracees.get(&tid).map_or(0, |tracee| tracee.pid);
        let memory = self.memories.of(pid, tid);
        let ending = result.map_or(ending::WITHIN, |result| write.ending(result, &memory));
        to.ask(Question {
            topic: TOPIC_PRINTED,
            pid,
            tid: tid as u32,
            number: 0,
            args: [ending, 0, 0, 0, 0, 0],
        });
        let next = self.terminal.as_mut().and_then(|terminal| {
            let mut writes = terminal.writes.iter_mut();
            let next = writes.find(|write| write.stage == Stage::Queued)?;
            next.stage = Stage::Begun;
            Some(next.tid)
        });
        if let Some(next) = next {
            self.held.retain(|(_, held)| *held != next);
            self.go_on_in_turn(next, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ptrace::memory::Memories;

    fn write(call: CallId, args: [u64; 6]) -> Write {
        Write {
            tid: nix::unistd::gettid().as_raw(),
            call,
            args,
            stage: Stage::Begun,
        }
    }

    #[test]
    fn lines_are_counted_and_the_last_byte_says_where_the_cursor_is() {
        let me = nix::unistd::gettid().as_raw();
        let mut memories = Memories::default();
        let memory = memories.of(std::process::id(), me);
        let at = |bytes: &[u8]| (bytes.as_ptr() as u64, bytes.len() as u64);
        for (bytes, lines, end) in [
            (&b"Hi\n"[..], 1, ending::LINE),
            (b"Hi", 1, ending::WITHIN),
            (b"a\nb\nc\n", 3, ending::LINE),
            (b"a\nb", 2, ending::WITHIN),
            (b"\n\n", 2, ending::LINE),
        ] {
            let (address, length) = at(bytes);
            let one = write(calls::WRITE, [1, address, length, 0, 0, 0]);
            assert_eq!(one.lines(&memory), lines, "{bytes:?}");
            assert_eq!(one.ending(bytes.len() as i64, &memory), end, "{bytes:?}");
            assert_eq!(one.ending(0, &memory), ending::NOTHING);
            assert_eq!(one.ending(-11, &memory), ending::NOTHING);
        }
        let (first, second) = (at(b"one\ntw"), at(b"o\nthree"));
        let vector = [first.0, first.1, second.0, second.1];
        let both = [1, vector.as_ptr() as u64, 2, 0, 0, 0];
        let both = write(calls::WRITEV, both);
        assert_eq!(both.lines(&memory), 3);
        // Cut short by the kernel, anywhere.
        for (written, end) in [(4, 1), (5, 2), (6, 2), (7, 2), (8, 1), (9, 2), (13, 2)] {
            assert_eq!(both.ending(written, &memory), end, "{written}");
        }
        let nowhere = write(calls::WRITE, [1, 8, 100, 0, 0, 0]);
        assert_eq!(nowhere.lines(&memory), 0);
        assert_eq!(nowhere.ending(100, &memory), ending::WITHIN);
        let long = vec![b'\n'; COUNTED + 1];
        let (address, length) = at(&long);
        let long = write(calls::WRITE, [1, address, length, 0, 0, 0]);
        assert_eq!(long.lines(&memory), 0);
    }

    #[test]
    fn the_last_byte_of_a_file_is_found_where_it_was_copied_to() {
        use std::io::{Seek, SeekFrom, Write as _};
        use std::os::fd::AsRawFd;
        let folder = std::env::temp_dir();
        let path = folder.join(format!("httpsys-terminal-{}", std::process::id()));
        let mut file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(b"one\ntwo").unwrap();
        let me = nix::unistd::gettid().as_raw();
        let mut memories = Memories::default();
        let memory = memories.of(std::process::id(), me);
        let fd = file.as_raw_fd() as u64;
        let copied = write(calls::SENDFILE, [1, fd, 0, 7, 0, 0]);
        assert_eq!(copied.ending(7, &memory), ending::WITHIN);
        file.seek(SeekFrom::Start(4)).unwrap();
        assert_eq!(copied.ending(4, &memory), ending::LINE);
        let offset = 4_u64;
        let at = write(
            calls::SENDFILE,
            [1, fd, (&raw const offset) as u64, 7, 0, 0],
        );
        assert_eq!(at.ending(4, &memory), ending::LINE);
        assert_eq!(at.lines(&memory), 0);
    }
}
