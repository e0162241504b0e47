//! The compact view: one line a call, with what it means beside it.
//!
//! ```text
//!      ms  call                              =  ret  what it means
//!  500.16  read(4, up to 8192)               =   78  > GET / HTTP/1.1  (complete)
//! ```
//!
//! In: events and the story's steps. Out: lines of at most `width` columns, readable without colour.
//! A call that waits has a line when it begins to. Notes beyond the first stand on lines of their own.
//! Equal lines are folded (`x1000`), and so are laps of a loop that tries and pauses. When several threads work, or several connections are open, each
//! line says whose it is. Left out on purpose: bytes (unless asked for with `-s`), most flags, and
//! structures; the strace view has them.

use self::laps::Laps;
use super::View;
use super::brief::write_call;
use super::line::Line;
use super::paint::{Ink, Paint};
use super::sentence::{cut, ink, sentence};
use super::startup::{Showing, Startup};
use super::summary;
use super::text::escape_into;
use super::time::{Calendar, TimeStyle, seconds};
use crate::abi::calls;
use crate::abi::flags;
use crate::event::call::{Call, CallName, Completed, Data, Outcome, Syscall};
use crate::event::digits::decimal;
use crate::event::{Event, What};
use crate::story::{ConnectionId, Note, Step, Story};

/// What a user may choose.
#[derive(Clone, Debug, Default)]
pub struct CompactOptions {
    /// What stands at the beginning of a line.
    pub time: TimeStyle,
    /// Time of day, for the styles that need it.
    pub calendar: Calendar,
    /// `-T`: how long each call took, at the end of its line.
    pub duration: bool,
    /// `-s`: so many bytes of what a call moved, on a line of their own.
    pub excerpt: Option<usize>,
    /// `-q`: no sums at the end.
    pub quiet: bool,
    /// Whether to leave out how programs start (`startup`).
    pub skip_startup: bool,
}

/// The columns of a line.
#[derive(Clone, Copy, Debug)]
struct Layout {
    time: usize,
    call: usize,
    end: usize,
    width: usize,
}

const GAP: usize = 2;
/// `=` and the space before it.
const EQUALS: usize = 2;
const RESULT: usize = 5;
/// What stands behind a call that has not ended.
const WAITING: &str = " ... waiting";
/// What a call has where there is room, and what it keeps where there is not.
const CALL: usize = 33;
const SHORTEST_CALL: usize = 20;
/// On a narrower screen it keeps half of that.
const NARROW: usize = 72;
/// Sentences are made to fit into this.
const NOTE: usize = 29;
/// So many threads at most are remembered as shown waiting.
const WAITING_MOST: usize = 4096;

impl Layout {
    /// A time of so many columns, and so many at the end for how long a call took; the call gives way
    /// before the note does.
    fn new(time: usize, end: usize, width: usize) -> Layout {
        let fixed = time + GAP + EQUALS + RESULT + GAP + end;
        let room = width.saturating_sub(fixed + NOTE);
        let shortest = if width < NARROW {
            SHORTEST_CALL / 2
        } else {
            SHORTEST_CALL
        };
        Layout {
            time,
            call: room.clamp(shortest, CALL),
            end,
            width,
        }
    }

    /// Where notes begin.
    fn note(&self) -> usize {
        self.time + GAP + self.call + EQUALS + RESULT + GAP
    }
}

mod fold;
mod laps;
mod remarks;

/// Writes compact lines.
#[derive(Debug)]
pub struct CompactView {
    paint: Paint,
    options: CompactOptions,
    layout: Layout,
    /// The line being made, without its time; then compared with the one before.
    line: Vec<u8>,
    last: Vec<u8>,
    last_tid: u32,
    repeats: u64,
    last_end: u64,
    laps: Laps,
    startup: Startup,
    /// When the call before began, for `-r`.
    before: u64,
    /// The latest end of a call that was shown.
    latest: u64,
    /// Threads whose call was shown waiting and has not ended.
    waiting: Vec<u32>,
    tag_threads: bool,
    tag_connections: bool,
    call: Line,
    note: Line,
    result: Vec<u8>,
    /// Which queue of a ring a line is about: the submission queue or the completion queue.
    ring: &'static str,
}

impl CompactView {
    /// A view for one stream.
    pub fn new(paint: Paint, options: CompactOptions) -> CompactView {
        let end = if options.duration {
            duration_columns(0)
        } else {
            0
        };
        CompactView {
            layout: Layout::new(options.time.width(), end, paint.width),
            paint,
            options,
            line: Vec::new(),
            last: Vec::new(),
            last_tid: 0,
            repeats: 0,
            last_end: 0,
            laps: Laps::default(),
            startup: Startup::default(),
            before: 0,
            latest: 0,
            waiting: Vec::new(),
            tag_threads: false,
            tag_connections: false,
            call: Line::default(),
            note: Line::default(),
            result: Vec::new(),
            ring: "",
        }
    }

    /// The time that stands before a line: when a call ended, or, as in strace, when it began.
    fn stamp(&self, begin: u64, end: u64) -> u64 {
        match self.options.time {
            TimeStyle::Milliseconds => end,
            TimeStyle::Clock | TimeStyle::Micros | TimeStyle::Epoch | TimeStyle::Delta => begin,
        }
    }

    /// A time that needs more columns than any before it moves the columns of all lines from here on.
    #[inline]
    fn grow(&mut self, begin: u64, end: u64) {
        let needed = self
            .options
            .time
            .columns(self.stamp(begin, end), self.before);
        if needed > self.layout.time {
            self.layout = Layout::new(needed, self.layout.end, self.layout.width);
        }
    }

    fn time(&mut self, begin: u64, end: u64, out: &mut Vec<u8>) {
        let t = self.stamp(begin, end);
        self.paint.on(Ink::Faint, out);
        let (time, calendar) = (self.options.time, self.options.calendar);
        time.write(t, self.before, calendar, self.layout.time, out);
        self.paint.off(Ink::Faint, out);
        self.before = begin;
        out.extend_from_slice(b"  ");
    }

    /// The call, behind whose it is, in exactly the columns it has (or more, where its name alone
    /// needs them). Returns the columns.
    fn write_call(
        &mut self,
        event: &Event<'_>,
        step: &Step<'_>,
        call: &Syscall<'_>,
        done: Option<&Completed<'_>>,
    ) {
        self.call.clear();
        self.tag_threads |= step.story.thread_count() > 1;
        self.tag_connections |= step.story.connections().open > 1;
        if self.tag_threads {
            self.call.text("t");
            self.call
                .number(u64::from(step.story.thread_number(event.tid).unwrap_or(0)));
            self.call.text(" ");
        }
        if self.tag_connections
            && let Some(ConnectionId(number)) = step.connection
        {
            self.call.text("c");
            self.call.number(u64::from(number));
            self.call.text(" ");
        }
        self.call.text(self.ring);
        let tag = self.call.bytes.len();
        let cut = done.and_then(|done| done.cut_from);
        let mark = marks(done);
        let shortened = match (cut, &call.call) {
            (Some(_), Call::Receive { asked, .. } | Call::Send { asked, .. }) => {
                format!(" [cut: {asked}]")
            }
            _ => String::new(),
        };
        let behind = shortened.len() + mark.map_or(0, str::len);
        let waits = done.is_none() && self.ring.is_empty();
        let waiting = self.layout.call + EQUALS + RESULT - WAITING.len();
        let room = match waits {
            true => waiting.min(self.layout.call),
            false => self.layout.call - behind.min(self.layout.call / 2),
        };
        write_call(&mut self.call, call, cut, room, self.paint.charset);
        if self.call.columns > room && !shortened.is_empty() {
            self.shorten(room);
        }
        self.call.text(&shortened);
        if let Some(mark) = mark {
            self.call.text(mark);
        }
        if waits {
            self.shorten(waiting);
            self.call.text(WAITING);
        } else {
            self.shorten(self.layout.call);
        }
        let (tags, rest) = self.call.bytes.split_at(tag.min(self.call.bytes.len()));
        let name = rest
            .iter()
            .position(|byte| *byte == b'(')
            .unwrap_or(rest.len());
        self.paint.on(Ink::Tag, &mut self.line);
        self.line.extend_from_slice(tags);
        self.paint.off(Ink::Tag, &mut self.line);
        self.paint.on(Ink::Call, &mut self.line);
        self.line.extend_from_slice(&rest[..name]);
        self.paint.off(Ink::Call, &mut self.line);
        self.line.extend_from_slice(&rest[name..]);
    }

    /// Cuts the call to its column. What is variable was shortened before; this is for what is left.
    fn shorten(&mut self, room: usize) {
        if self.call.columns <= room {
            return;
        }
        let (kept, columns) = cut(&self.call.bytes, room - 3);
        self.call.bytes.truncate(kept);
        self.call.bytes.extend_from_slice(b"...");
        self.call.columns = columns + 3;
    }

    fn pad(&mut self, columns: usize) {
        self.line.extend(std::iter::repeat_n(b' ', columns));
    }

    fn finished(
        &mut self,
        event: &Event<'_>,
        done: &Completed<'_>,
        step: &Step<'_>,
        out: &mut Vec<u8>,
    ) {
        self.line.clear();
        self.write_call(event, step, &done.syscall, Some(done));
        let columns = self.write_result(done.outcome);
        let used = self.layout.time + GAP + columns + GAP;
        let duration = self.options.duration.then(|| duration_columns(done.dur));
        let room = self
            .layout
            .width
            .saturating_sub(used + duration.unwrap_or(0));
        if let Some(first) = step.notes.first() {
            self.line.extend_from_slice(b"  ");
            self.write_note(first, room);
        }
        if duration.is_some() {
            self.line.extend_from_slice(b" <");
            seconds(done.dur, 0, &mut self.line);
            self.line.push(b'>');
        }
        self.line.push(b'\n');
        for (i, note) in step.notes.iter().enumerate().skip(1) {
            if note.stands_alone() && !step.notes[..i].contains(note) {
                self.write_beside(note);
            }
        }
        if let Some(most) = self.options.excerpt {
            self.write_excerpt(&done.syscall.call, done.outcome, most);
        }
        let end = event.t.saturating_add(done.dur);
        // A call that was shown waiting goes on now, as in strace's `<... resumed>`.
        let begin = match self.was_waiting(event.tid.0) {
            true => end,
            false => event.t,
        };
        // A wait whose time is over has slept too.
        let sleeps = step.notes.first() == Some(&Note::TimeOut)
            || matches!(
                done.syscall.name,
                CallName::Known(calls::NANOSLEEP | calls::CLOCK_NANOSLEEP)
            );
        self.emit((begin, end), event.tid.0, sleeps, out);
    }

    #[inline]
    fn was_waiting(&mut self, tid: u32) -> bool {
        let place = self.waiting.iter().position(|waiting| *waiting == tid);
        place.map(|place| self.waiting.swap_remove(place)).is_some()
    }

    /// ` =   79`, behind the call that is in the line. A long result takes the room that a short call
    /// leaves. Returns the columns of call and result.
    fn write_result(&mut self, outcome: Outcome) -> usize {
        self.result.clear();
        result(outcome, &mut self.result);
        let needed = (self.result.len() + 1).max(RESULT);
        let call = self
            .call
            .columns
            .max((self.layout.call + RESULT).saturating_sub(needed));
        self.pad(call - self.call.columns);
        self.line.extend_from_slice(b" =");
        self.pad(needed - self.result.len());
        let ink = match outcome {
            Outcome::Failed(_) => Ink::Bad,
            Outcome::Returned(_) | Outcome::Unknown => Ink::Plain,
        };
        self.paint.on(ink, &mut self.line);
        self.line.extend_from_slice(&self.result);
        self.paint.off(ink, &mut self.line);
        call + EQUALS + needed
    }

    fn waiting(
        &mut self,
        event: &Event<'_>,
        call: &Syscall<'_>,
        step: &Step<'_>,
        out: &mut Vec<u8>,
    ) {
        self.line.clear();
        self.write_call(event, step, call, None);
        let used = self.layout.time + GAP + self.call.columns;
        let note = self.layout.note();
        self.pad(note.saturating_sub(used).max(GAP));
        if let Some(first) = step.notes.first() {
            self.write_note(
                first,
                self.layout.width.saturating_sub(note.max(used + GAP)),
            );
        }
        self.line.push(b'\n');
        // It began before lines of other threads that are on the screen already: time goes on.
        let seen = event.t.max(self.latest);
        self.was_waiting(event.tid.0);
        if self.waiting.len() < WAITING_MOST {
            self.waiting.push(event.tid.0);
        }
        self.emit((seen, seen), event.tid.0, false, out);
    }

    /// An operation that was put into a ring: it has no result yet.
    fn queued(
        &mut self,
        event: &Event<'_>,
        operation: &Completed<'_>,
        step: &Step<'_>,
        out: &mut Vec<u8>,
    ) {
        self.line.clear();
        self.write_call(event, step, &operation.syscall, Some(operation));
        let used = self.layout.time + GAP + self.call.columns;
        let note = self.layout.note();
        self.pad(note.saturating_sub(used).max(GAP));
        if let Some(first) = step.notes.first() {
            let room = self.layout.width.saturating_sub(note.max(used + GAP));
            self.write_note(first, room);
        }
        self.line.push(b'\n');
        for note in step.notes.iter().skip(1) {
            if note.stands_alone() {
                self.write_beside(note);
            }
        }
        self.emit((event.t, event.t), event.tid.0, false, out);
    }

    /// A note in at most `room` columns.
    fn write_note(&mut self, note: &Note, room: usize) {
        let ink = ink(note);
        self.paint.on(ink, &mut self.line);
        sentence(note, room, self.paint.charset, &mut self.note);
        self.line.extend_from_slice(&self.note.bytes);
        self.paint.off(ink, &mut self.line);
    }

    /// A note on a line of its own: below the others, or further left where it is longer.
    fn write_beside(&mut self, note: &Note) {
        let left = self.layout.time + GAP;
        sentence(
            note,
            self.layout.width - left,
            self.paint.charset,
            &mut self.note,
        );
        let start = self
            .layout
            .width
            .saturating_sub(self.note.columns)
            .clamp(left, self.layout.note());
        self.pad(start);
        let ink = ink(note);
        self.paint.on(ink, &mut self.line);
        self.line.extend_from_slice(&self.note.bytes);
        self.paint.off(ink, &mut self.line);
        self.line.push(b'\n');
    }

    fn write_excerpt(&mut self, call: &Call<'_>, outcome: Outcome, most: usize) {
        let (Call::Receive { data, .. } | Call::Send { data, .. }) = call else {
            return;
        };
        let Some(moved) = outcome.returned().filter(|n| *n > 0) else {
            return;
        };
        let left = self.layout.time + GAP;
        self.pad(left);
        self.line.push(b'"');
        let mut bytes = std::mem::take(&mut self.note.bytes);
        bytes.clear();
        gather(data, most.min(moved as usize), &mut bytes);
        let room = self.layout.width.saturating_sub(left + 2);
        escape_into(&mut self.line, &bytes, room, self.paint.charset);
        self.note.bytes = bytes;
        self.line.extend_from_slice(b"\"\n");
    }
}

impl View for CompactView {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let title = match self.options.time {
            TimeStyle::Milliseconds => "ms",
            TimeStyle::Clock | TimeStyle::Micros | TimeStyle::Epoch => "time",
            TimeStyle::Delta => "+s",
        };
        let Layout { time, call, .. } = self.layout;
        self.paint.on(Ink::Faint, out);
        out.extend(std::iter::repeat_n(b' ', time - title.len()));
        out.extend_from_slice(title.as_bytes());
        out.extend_from_slice(b"  call");
        out.extend(std::iter::repeat_n(b' ', call - "call".len()));
        out.extend_from_slice(b" =  ret  what it means");
        self.paint.off(Ink::Faint, out);
        out.push(b'\n');
    }

    fn step(&mut self, event: &Event<'_>, step: &Step<'_>, out: &mut Vec<u8>) {
        let end = match &event.what {
            What::Call(done) => event.t.saturating_add(done.dur),
            _ => event.t,
        };
        self.grow(event.t, end);
        if self.leaves_out(event, step, out) {
            return;
        }
        match &event.what {
            What::Call(done) => self.finished(event, done, step, out),
            What::Enter(call) | What::Pending(call) => self.waiting(event, call, step, out),
            What::Ring(operation) if operation.ended => {
                self.ring = "cq: ";
                self.finished(event, &operation.call, step, out);
                self.ring = "";
            }
            What::Ring(operation) => {
                self.ring = "sq: ";
                self.queued(event, &operation.call, step, out);
                self.ring = "";
            }
            // The tool's own are no part of the picture.
            What::Fd(fact) if fact.own => {}
            What::Fd(fact) => self.fact(event, fact, out),
            What::Signal { number, .. } => {
                self.line.clear();
                self.line.extend_from_slice(b"signal ");
                match flags::SIGNAL.name_of(u64::from(number.unsigned_abs())) {
                    Some(name) => self.line.extend_from_slice(name.as_bytes()),
                    None => decimal(&mut self.line, u64::from(number.unsigned_abs())),
                }
                self.remark(event, out);
            }
            What::Process(process) => self.process(event, process, step, out),
            What::Lost { count, why } => self.lost(event, *count, why, out),
        }
    }

    fn fit(&mut self, columns: usize) {
        if columns != self.layout.width {
            self.paint.width = columns;
            self.layout = Layout::new(self.layout.time, self.layout.end, columns);
        }
    }

    fn pause(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
    }

    fn rest(&mut self, out: &mut Vec<u8>) {
        if !self.laps.is_holding() {
            self.flush(out);
        }
    }

    fn end(&mut self, story: &Story, out: &mut Vec<u8>) {
        self.flush(out);
        if !self.options.quiet {
            summary::line(story, &self.paint, out);
        }
    }
}

/// What a fault did to the call, beside cutting it.
fn marks(done: Option<&Completed<'_>>) -> Option<&'static str> {
    match done {
        Some(done) if done.injected => Some(" [made up]"),
        Some(done) if done.delayed => Some(" [delayed]"),
        _ => None,
    }
}

/// Results beyond this are addresses.
const ADDRESS: i64 = 1 << 40;

fn result(outcome: Outcome, out: &mut Vec<u8>) {
    match outcome {
        Outcome::Returned(value @ ADDRESS..) => {
            out.extend_from_slice(b"0x");
            hex(value as u64, out);
        }
        Outcome::Returned(value) => decimal(out, value.unsigned_abs()),
        // As in strace: what the program gets is decided later.
        Outcome::Failed(errno) if errno.is_restart() => out.push(b'?'),
        Outcome::Failed(_) => out.extend_from_slice(b"-1"),
        Outcome::Unknown => out.push(b'?'),
    }
}

/// ` <0.000017>`.
fn duration_columns(nanoseconds: u64) -> usize {
    " <>".len()
        + TimeStyle::Delta
            .columns(nanoseconds, 0)
            .max("0.000017".len())
}

fn hex(number: u64, out: &mut Vec<u8>) {
    let digits = (64 - number.leading_zeros()).div_ceil(4);
    for i in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(number >> (4 * i)) as usize & 15]);
    }
}

/// Bytes of all pieces, at most so many.
fn gather(data: &Data<'_>, most: usize, into: &mut Vec<u8>) {
    for piece in data.pieces() {
        let take = piece.len().min(most - into.len());
        into.extend_from_slice(&piece[..take]);
    }
}
