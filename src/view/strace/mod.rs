//! The strace view: each call on a line, exactly as strace 6.1 writes it.
//!
//! In: events, and from the story what descriptors are called (`-y`). Out: lines that programs made for
//! strace can read. `args` writes arguments (`bits` flags and constants), `structs` what lies behind them
//! (the modules named after them their larger part), `quote` strings, `clock` the columns before the call. Where we cannot know what strace would ask the machine for (the name of
//! a network interface, inode numbers of sockets), the number or the address stands instead.

mod address;
mod args;
mod bits;
mod clock;
mod fcntl;
mod messages;
mod names;
mod options;
mod processes;
mod quote;
mod result;
mod rings;
mod signals;
mod structs;
mod terminal;
mod times;

use crate::abi::Pid;
use crate::event::call::{CallName, Completed, Outcome, Syscall};
use crate::event::digits;
use crate::event::{Event, ProcessEvent, What};
use crate::story::{Step, Story};
use crate::view::View;

/// `-t`, `-tt`, `-ttt`: the time of day before each line.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Stamp {
    /// None.
    #[default]
    None,
    /// `-t`: hours, minutes, seconds.
    Seconds,
    /// `-tt`: with microseconds.
    Micros,
    /// `-ttt`: seconds since 1970, with microseconds.
    Epoch,
}

/// `-x`, `-xx`: which strings are written in hex.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Hex {
    /// None: octal escapes.
    #[default]
    No,
    /// Those that hold a byte that is not printable ASCII.
    NonAscii,
    /// All.
    All,
}

/// `-y`, `-yy`: names beside descriptors (`names`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Default, Debug)]
pub enum FdNames {
    /// None.
    #[default]
    No,
    /// Paths, and what kind of thing it is.
    Paths,
    /// The addresses of sockets too.
    Sockets,
}

/// Whether the process is named before each line.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PidColumn {
    /// Never.
    Never,
    /// As strace on a terminal: while there is more than one.
    #[default]
    WhenMany,
    /// As strace to a file with `-f`: always.
    Always,
}

/// `-z`, `-Z`: which results are shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Status {
    /// All.
    #[default]
    All,
    /// `-z`: successful ones.
    Successful,
    /// `-Z`: failed ones.
    Failed,
}

/// What strace's flags would have set.
#[derive(Clone, Debug)]
pub struct StraceOptions {
    /// `-s`: how many bytes of a string are shown.
    pub strsize: usize,
    /// `-t`, `-tt`, `-ttt`.
    pub stamp: Stamp,
    /// `-r`: time since the beginning of the call before.
    pub relative: bool,
    /// `-T`: how long the call took.
    pub duration: bool,
    /// `-x`, `-xx`.
    pub hex: Hex,
    /// `-y`, `-yy`.
    pub fds: FdNames,
    /// `-a`: where the result stands.
    pub column: usize,
    /// The column for the process.
    pub pid: PidColumn,
    /// `-n`: the number of each call.
    pub number: bool,
    /// `-z`, `-Z`.
    pub status: Status,
    /// When watching began, in nanoseconds since 1970.
    pub start_realtime: u64,
    /// What to add for local time, in seconds (strace shows local time).
    pub utc_offset: i64,
    /// Whether the beginning of a call that waits is shown while it waits.
    pub live: bool,
    /// Whether addresses of memory are shown; else `N`, for they differ from run to run.
    pub pointers: bool,
}

impl Default for StraceOptions {
    fn default() -> StraceOptions {
        StraceOptions {
            strsize: 32,
            stamp: Stamp::None,
            relative: false,
            duration: false,
            hex: Hex::No,
            fds: FdNames::No,
            column: 40,
            pid: PidColumn::default(),
            number: false,
            status: Status::All,
            start_realtime: 0,
            utc_offset: 0,
            live: false,
            pointers: true,
        }
    }
}

/// The beginning of a call, already written.
#[derive(Debug)]
struct Begun {
    tid: Pid,
    /// `name(` and the arguments that could be shown.
    text: Vec<u8>,
    /// Columns before `text`.
    before: usize,
}

/// The strace view.
#[derive(Debug)]
pub struct StraceView {
    options: StraceOptions,
    /// The line that has no end yet: the last thing written.
    open: Option<Begun>,
    /// Calls whose line was cut by another thread's.
    unfinished: Vec<Begun>,
    /// Threads seen and not yet ended.
    threads: Vec<Pid>,
    /// When the last shown call began, for `-r`.
    last: Option<u64>,
    /// A line is put together here when only a part of it is written.
    scratch: Vec<u8>,
}

/// What a line is about; its parts are written by the modules beside this one.
#[derive(Clone, Copy)]
struct Line<'l> {
    options: &'l StraceOptions,
    story: &'l Story,
    pid: Pid,
    syscall: &'l Syscall<'l>,
    /// `None` while the call has not ended.
    outcome: Option<Outcome>,
}

impl StraceView {
    /// A view with these options.
    pub fn new(options: StraceOptions) -> StraceView {
        StraceView {
            options,
            open: None,
            unfinished: Vec::new(),
            threads: Vec::new(),
            last: None,
            scratch: Vec::new(),
        }
    }

    fn is_shown(&self, outcome: Outcome) -> bool {
        match self.options.status {
            Status::All => true,
            Status::Successful => matches!(outcome, Outcome::Returned(_)),
            Status::Failed => matches!(outcome, Outcome::Failed(_)),
        }
    }

    #[inline]
    fn saw(&mut self, tid: Pid) {
        if !self.threads.contains(&tid) {
            self.threads.push(tid);
        }
    }

    /// Ends the line that another thread left open.
    fn interrupt(&mut self, out: &mut Vec<u8>) {
        if let Some(begun) = self.open.take() {
            out.extend_from_slice(b" <unfinished ...>\n");
            self.unfinished.push(begun);
        }
    }

    /// The columns before the call; returns how many they are.
    #[inline]
    fn prefix(&mut self, event: &Event<'_>, t: u64, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        match self.options.pid {
            PidColumn::Always => {
                digits::decimal(out, u64::from(event.tid.0));
                out.resize(out.len().max(start + 5), b' ');
                out.push(b' ');
            }
            PidColumn::WhenMany if self.threads.len() > 1 => {
                out.extend_from_slice(b"[pid ");
                digits::padded(out, u64::from(event.tid.0), 5, b' ');
                out.extend_from_slice(b"] ");
            }
            PidColumn::WhenMany | PidColumn::Never => {}
        }
        if self.options.stamp != Stamp::None || self.options.relative {
            clock::columns(&self.options, t, &mut self.last, out);
        }
        out.len() - start
    }

    /// The columns before a line that is about a call: `-n` ends them with the call's number. (strace
    /// has one before signals and exits too, that of the thread's last call; here they have none.)
    #[inline]
    fn call_prefix(
        &mut self,
        event: &Event<'_>,
        syscall: &Syscall<'_>,
        out: &mut Vec<u8>,
    ) -> usize {
        let columns = self.prefix(event, event.t, out);
        if !self.options.number {
            return columns;
        }
        let start = out.len();
        push_number(syscall, out);
        columns + out.len() - start
    }

    fn call(&mut self, event: &Event<'_>, call: &Completed<'_>, story: &Story, out: &mut Vec<u8>) {
        if self.open.is_some() || !self.unfinished.is_empty() {
            return self.resumed(event, call, story, out);
        }
        if !self.is_shown(call.outcome) {
            return;
        }
        let start = out.len();
        self.call_prefix(event, &call.syscall, out);
        let line = self.line(event, &call.syscall, Some(call.outcome), story);
        line.call(out);
        line.finish(call, out.len() - start, out);
    }

    fn line<'l>(
        &'l self,
        event: &Event<'_>,
        syscall: &'l Syscall<'_>,
        outcome: Option<Outcome>,
        story: &'l Story,
    ) -> Line<'l> {
        Line {
            options: &self.options,
            story,
            pid: event.pid,
            syscall,
            outcome,
        }
    }

    /// A call ends while lines are open: its own goes on, or another's is cut.
    fn resumed(
        &mut self,
        event: &Event<'_>,
        call: &Completed<'_>,
        story: &Story,
        out: &mut Vec<u8>,
    ) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        self.line(event, &call.syscall, Some(call.outcome), story)
            .call(&mut text);
        let mut column = 0;
        // How much of it stands already, and how much of that on another line.
        let (mut written, mut elsewhere) = (0, 0);
        if let Some(begun) = self.open.take_if(|begun| begun.tid == event.tid) {
            column = begun.before;
            written = shared(&begun.text, &text);
        } else {
            self.interrupt(out);
            let begun = self
                .unfinished
                .iter()
                .position(|begun| begun.tid == event.tid);
            if begun.is_none() && !self.is_shown(call.outcome) {
                self.scratch = text;
                return;
            }
            column += self.call_prefix(event, &call.syscall, out);
            if let Some(begun) = begun.map(|place| self.unfinished.remove(place)) {
                let start = out.len();
                out.extend_from_slice(b"<... ");
                push_name(&call.syscall, out);
                out.extend_from_slice(b" resumed>");
                written = shared(&begun.text, &text);
                column += out.len() - start;
                elsewhere = written;
            }
        }
        out.extend_from_slice(&text[written..]);
        let line = self.line(event, &call.syscall, Some(call.outcome), story);
        line.finish(call, column + text.len() - elsewhere, out);
        self.scratch = text;
    }

    /// The beginning of a call that waits.
    fn enter(
        &mut self,
        event: &Event<'_>,
        syscall: &Syscall<'_>,
        story: &Story,
        out: &mut Vec<u8>,
    ) {
        self.interrupt(out);
        let before = self.call_prefix(event, syscall, out);
        let start = out.len();
        self.line(event, syscall, None, story).beginning(out);
        self.open = Some(Begun {
            tid: event.tid,
            text: out[start..].to_vec(),
            before,
        });
    }

    /// A line that is not a call: `--- … ---`, `+++ … +++`.
    fn fact(&mut self, event: &Event<'_>, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.interrupt(out);
        self.prefix(event, event.t, out);
        write(out);
        out.push(b'\n');
    }

    fn process(&mut self, event: &Event<'_>, process: &ProcessEvent, out: &mut Vec<u8>) {
        match process {
            // strace says these in messages of its own, not in the trace.
            ProcessEvent::Spawn { child, .. } => self.saw(*child),
            ProcessEvent::Exec { .. } => {}
            ProcessEvent::Exit { status } => self.fact(event, out, |out| {
                out.extend_from_slice(b"+++ exited with ");
                digits::signed(out, i64::from(*status));
                out.extend_from_slice(b" +++");
            }),
            ProcessEvent::Killed { signal } => self.fact(event, out, |out| {
                out.extend_from_slice(b"+++ killed by ");
                signals::signal(*signal, out);
                out.extend_from_slice(b" +++");
            }),
        }
        if matches!(
            process,
            ProcessEvent::Exit { .. } | ProcessEvent::Killed { .. }
        ) {
            self.threads.retain(|tid| *tid != event.tid);
            self.unfinished.retain(|begun| begun.tid != event.tid);
        }
    }
}

/// How much of what was written at the beginning of a call is how its full line begins. It all is,
/// unless the program changed its memory meanwhile; then the line goes on where they still agree.
fn shared(begun: &[u8], full: &[u8]) -> usize {
    begun.iter().zip(full).take_while(|(a, b)| a == b).count()
}

fn push_name(syscall: &Syscall<'_>, out: &mut Vec<u8>) {
    match syscall.name {
        CallName::Known(id) => out.extend_from_slice(id.name().as_bytes()),
        CallName::Number(number) => {
            out.extend_from_slice(b"syscall_");
            digits::hex(out, number);
        }
        CallName::Name(name) => quote::word(name, out),
    }
}

/// `[   0] `, if the number is known on this CPU.
fn push_number(syscall: &Syscall<'_>, out: &mut Vec<u8>) {
    let number = match syscall.name {
        CallName::Known(id) => id.number().map(u64::from),
        CallName::Number(number) => Some(number),
        CallName::Name(_) => None,
    };
    if let Some(number) = number {
        out.push(b'[');
        digits::padded(out, number, 4, b' ');
        out.extend_from_slice(b"] ");
    }
}

impl View for StraceView {
    fn step(&mut self, event: &Event<'_>, step: &Step<'_>, out: &mut Vec<u8>) {
        self.saw(event.tid);
        match &event.what {
            What::Call(call) => self.call(event, call, step.story, out),
            What::Enter(syscall) if self.options.live => {
                self.enter(event, syscall, step.story, out)
            }
            // strace sees calls: what a ring holds is memory to it.
            What::Enter(_) | What::Fd(_) | What::Ring(_) => {}
            What::Pending(syscall) => {
                let begun = |begun: &Begun| begun.tid == event.tid;
                if !self.open.as_ref().is_some_and(begun) && !self.unfinished.iter().any(begun) {
                    self.enter(event, syscall, step.story, out);
                }
                self.interrupt(out);
            }
            What::Signal { number, info } => self.fact(event, out, |out| {
                signals::delivered(*number, info.as_ref(), out)
            }),
            What::Process(process) => self.process(event, process, out),
            What::Lost { count, why } => self.fact(event, out, |out| {
                out.extend_from_slice(b"--- lost ");
                digits::decimal(out, *count);
                out.extend_from_slice(b": ");
                quote::word(why, out);
                out.extend_from_slice(b" ---");
            }),
        }
    }

    fn give_way(&mut self, out: &mut Vec<u8>) {
        self.interrupt(out);
    }

    fn end(&mut self, _: &Story, out: &mut Vec<u8>) {
        self.interrupt(out);
    }
}
