//! The explain view: one event a screen of at most twelve rows.
//!
//! ```text
//! [ 6/13] c1  read(4, buf, 8192) = 78                              0.01 ms  fd 4
//!   asked   "give me up to 8192 bytes from the connection on fd 4"
//!   kernel  78 bytes were waiting, so it copied them and returned at once
//!   got     0x0000  16  GET / HTTP/1.1\r\n              > request line
//! ```
//!
//! In: events and the story's steps. Out: screens, readable without colour. The sentences stand in
//! `story::telling`; which part of HTTP bytes are is worked out in `parts`; `screen` lays it out. What is
//! not a call (threads, signals, missing events) has the line that the compact view gives it.

mod page;
mod parts;
mod ring;
mod screen;

pub use page::ExplainView;
pub use screen::{Got, Place, ROWS, Screen, row};

use super::paint::Ink;
use super::sentence::ink;
use super::sentence::sentence;
use super::text::Charset;
use super::text::escape_into;
use crate::abi::Fd;
use crate::abi::calls::Kind;
use crate::event::call::{Arg, Call, CallName, Completed, Data, Outcome, Syscall};
use crate::event::{Event, What};
use crate::story::telling::{Telling, asked};
use crate::story::{Connection, FdKind, Note, Pen, Protocol, Step, Story, Verdict};
use parts::{Name, Parts, Piece};
use screen::Extract;
use std::collections::HashSet;

/// A call that took longer than this has slept, as far as nobody saw it waiting: nanoseconds.
const SLEPT: u64 = 1_000_000;
/// Columns that bytes from outside may take in a sentence.
const NAMES: usize = 40;
/// Bytes of a piece that are kept to be shown.
const SHOWN: usize = 200;
/// So many numbers of descriptors are listed.
const LISTED: usize = 6;
/// So many threads at most are remembered as waiting.
const WAITING: usize = 4096;

/// Makes screens of events.
#[derive(Debug)]
pub struct Teller {
    charset: Charset,
    parts: Parts,
    waiting: HashSet<u32>,
    /// How many calls there are, where that is known.
    pub total: Option<u64>,
}

impl Teller {
    /// For a stream that shows these characters.
    pub fn new(charset: Charset) -> Teller {
        Teller {
            charset,
            parts: Parts::default(),
            waiting: HashSet::new(),
            total: None,
        }
    }

    /// The screen of an event; `None` for one that is not a call. Every event of a trace must come by, in
    /// order, whether its screen is shown or not.
    pub fn screen(&mut self, event: &Event<'_>, step: &Step<'_>) -> Option<Screen> {
        match &event.what {
            What::Call(done) => Some(self.ended(event, done, step)),
            What::Ring(operation) if operation.ended => {
                Some(self.came_back(event, operation, step))
            }
            What::Ring(operation) => Some(self.queued(event, operation, step)),
            What::Enter(call) | What::Pending(call) => Some(self.begun(event, call, step)),
            What::Lost { .. } => {
                self.parts.lose();
                None
            }
            What::Fd(_) | What::Signal { .. } | What::Process(_) => None,
        }
    }

    fn begun(&mut self, event: &Event<'_>, call: &Syscall<'_>, step: &Step<'_>) -> Screen {
        if self.waiting.len() < WAITING {
            self.waiting.insert(event.tid.0);
        }
        Screen {
            place: Place::Waiting,
            whose: whose(event, step),
            call: self.call(call),
            result: " ... waiting".to_string(),
            failed: false,
            right: main_fd(call).map_or(String::new(), |fd| format!("fd {}", fd.0)),
            asked: self.words(|pen| asked(event.pid, call, step.story, pen)),
            kernel: step
                .notes
                .first()
                .map_or(String::new(), |note| self.note(note)),
            got: Got::Nothing,
            notes: Vec::new(),
            beware: String::new(),
            next: self.next(event, None, step),
        }
    }

    fn ended(&mut self, event: &Event<'_>, done: &Completed<'_>, step: &Step<'_>) -> Screen {
        let slept = self.waiting.remove(&event.tid.0) || done.dur > SLEPT;
        self.told(event, done, (slept, false), step)
    }

    fn told(
        &mut self,
        event: &Event<'_>,
        done: &Completed<'_>,
        (slept, operation): (bool, bool),
        step: &Step<'_>,
    ) -> Screen {
        let telling = Telling {
            pid: event.pid,
            done,
            notes: step.notes,
            story: step.story,
            slept,
            operation,
        };
        let fd = main_fd(&done.syscall);
        let time = milliseconds(done.dur);
        let right = match fd {
            Some(fd) => format!("{time} ms  fd {}", fd.0),
            None => format!("{time} ms"),
        };
        let (got, told) = self.got(event, done, step);
        let mut beware = String::new();
        let sentence = self.words(|pen| {
            telling.beware(pen);
        });
        beware.push_str(&sentence);
        Screen {
            place: Place::Call(event.seq, self.total),
            whose: whose(event, step),
            call: self.call(&done.syscall),
            result: result(done),
            failed: matches!(done.outcome, Outcome::Failed(_)),
            right,
            asked: self.words(|pen| asked(event.pid, &done.syscall, step.story, pen)),
            kernel: self.words(|pen| telling.kernel(pen)),
            got,
            notes: self.notes(step, told),
            beware,
            next: self.next(event, fd, step),
        }
    }

    /// What came of it, and how many notes that says.
    fn got(&mut self, event: &Event<'_>, done: &Completed<'_>, step: &Step<'_>) -> (Got, usize) {
        let moved = done.outcome.returned().map_or(0, |n| n.max(0) as u64);
        let (fd, data, gave) = match &done.syscall.call {
            Call::Receive {
                fd, data, flags, ..
            }
            | Call::ReceiveRights {
                fd, data, flags, ..
            } if moved > 0 && flags & 2 == 0 => (*fd, data, false),
            Call::Send { fd, data, .. } | Call::SendRights { fd, data, .. } if moved > 0 => {
                (*fd, data, true)
            }
            Call::SendFile { out, .. } | Call::Splice { output: out, .. } if moved > 0 => {
                if let Some((connection, request)) = way(step.story, event, *out, true) {
                    self.parts.skip(connection, request, moved);
                }
                return (self.value(done, step), 1);
            }
            Call::Close { .. } => {
                if let Some(id) = step.connection {
                    self.parts.forget(id.0);
                }
                return (self.value(done, step), 1);
            }
            _ => return (self.value(done, step), 1),
        };
        let bytes = gather(data, moved);
        let pieces = match way(step.story, event, fd, gave) {
            Some((connection, request)) => self.parts.cut(connection, request, &bytes, moved),
            None => vec![Piece {
                at: 0,
                len: moved,
                name: Name::Unknown,
                goes_on: false,
                unfinished: false,
            }],
        };
        let kind = step.story.fd(event.pid, fd).map(|info| info.kind);
        let extracts: Vec<Extract> = pieces
            .iter()
            .map(|piece| extract(piece, &bytes, kind, gave == is_client(step, event, fd)))
            .collect();
        let sum = sum(&pieces, moved, done);
        (Got::Bytes(extracts, sum, gave), 0)
    }

    /// The result and the first note.
    fn value(&self, done: &Completed<'_>, step: &Step<'_>) -> Got {
        let value = match done.outcome {
            Outcome::Returned(value @ 0..0x100_0000_0000) => value.to_string(),
            Outcome::Returned(value) => format!("{value:#x}"),
            Outcome::Failed(_) => "-1".to_string(),
            Outcome::Unknown => "?".to_string(),
        };
        Got::Value(match step.notes.first() {
            Some(note) => format!("{value}  {}", self.note(note)),
            None => value,
        })
    }

    /// The notes that `got` has not told. With bytes, those that only name what is shown are left out.
    fn notes(&self, step: &Step<'_>, told: usize) -> Vec<(String, Ink)> {
        let shown = |note: &&Note| told > 0 || note.verdict() != Verdict::Note || tells_more(note);
        let rest = step.notes.iter().skip(told).filter(|n| n.stands_alone());
        rest.filter(shown)
            .map(|note| (self.note(note), ink(note)))
            .collect()
    }

    fn note(&self, note: &Note) -> String {
        let mut line = super::brief::Line::default();
        sentence(note, 70, self.charset, &mut line);
        String::from_utf8(line.bytes).unwrap_or_default()
    }

    fn words(&self, write: impl FnOnce(&mut dyn Pen)) -> String {
        let mut pen = Text {
            text: Vec::new(),
            charset: self.charset,
        };
        write(&mut pen);
        String::from_utf8(pen.text).unwrap_or_default()
    }

    /// The call as in C: numbers and names as they are, what a pointer points to by its name; and what the
    /// kernel fills in too, so that a call looks the same before its end.
    fn call(&self, call: &Syscall<'_>) -> String {
        let mut line = super::brief::Line::default();
        let mut text = match call.name {
            CallName::Name(name) => {
                let mut text = Vec::new();
                escape_into(&mut text, name.as_bytes(), NAMES, self.charset);
                text
            }
            CallName::Known(_) | CallName::Number(_) => {
                super::brief::name(&mut line, call.name);
                line.bytes
            }
        };
        text.push(b'(');
        let names: Vec<(&str, bool)> = match call.name {
            CallName::Known(id) => id
                .signature()
                .params
                .iter()
                .filter(|param| !matches!(param.kind, Kind::Unused))
                .map(|param| (param.name, is_filled_in(param.kind)))
                .collect(),
            CallName::Number(_) | CallName::Name(_) => Vec::new(),
        };
        let mut first = true;
        for (arg, (name, filled_in)) in call.args.iter().zip(names) {
            text.extend_from_slice(if first { b"" } else { b", " });
            first = false;
            match arg {
                Arg::Pointer(0) => text.extend_from_slice(b"NULL"),
                _ if filled_in => text.extend_from_slice(name.as_bytes()),
                arg => self.argument(&arg, name, &mut text),
            }
        }
        text.push(b')');
        String::from_utf8(text).unwrap_or_default()
    }

    fn argument(&self, arg: &Arg<'_>, name: &str, out: &mut Vec<u8>) {
        let mut say = |words: &str| out.extend_from_slice(words.as_bytes());
        match arg {
            Arg::Int(value) => say(&value.to_string()),
            Arg::Size(value) => say(&value.to_string()),
            Arg::Fd(Fd(-100)) => say("AT_FDCWD"),
            Arg::Fd(fd) => say(&fd.0.to_string()),
            Arg::Pointer(0) => say("NULL"),
            Arg::Mode(mode) => say(&format!("0{mode:o}")),
            Arg::Flags(set, value) => say(&bits(set, *value)),
            Arg::Constant(set, value) => match set.name_of(*value) {
                Some(name) => say(name),
                None => say(&value.to_string()),
            },
            Arg::OpenFlags(value) => {
                let (mode, names, rest) = crate::abi::flags::open_flags(*value);
                let names = std::iter::once(mode).chain(names).map(String::from);
                say(&joined(names, rest));
            }
            Arg::SocketType(value) => {
                let (kind, number, names, rest) = crate::abi::flags::socket_type(*value);
                let kind = kind.map_or_else(|| number.to_string(), String::from);
                say(&joined(
                    std::iter::once(kind).chain(names.map(String::from)),
                    rest,
                ));
            }
            Arg::Path(path) => {
                say("\"");
                escape_into(out, path.bytes, NAMES, self.charset);
                out.push(b'"');
            }
            Arg::Address(address) => {
                escape_into(out, address.to_string().as_bytes(), NAMES, self.charset);
            }
            Arg::Length { after, .. } => say(&after.to_string()),
            Arg::Pointer(_) | Arg::Bytes(_) | Arg::Struct(_) => say(name),
        }
    }

    /// `fds 3,4 open; parser state DONE`.
    fn next(&self, event: &Event<'_>, fd: Option<Fd>, step: &Step<'_>) -> String {
        let mut text = String::new();
        if let Some(process) = step.story.processes().get(event.pid) {
            let open: Vec<i32> = process.open_numbers().filter(|n| *n > 2).collect();
            let listed: Vec<String> = open.iter().take(LISTED).map(i32::to_string).collect();
            text = match (open.len(), listed.join(",")) {
                (0, _) => "no fd open but 0, 1, 2".to_string(),
                (1, list) => format!("fd {list} open"),
                (2..=LISTED, list) => format!("fds {list} open"),
                (many, list) => format!("fds {list},.. open ({many})"),
            };
        }
        let connection = fd
            .and_then(|fd| crate::story::telling::connection_of(step.story, event.pid, fd))
            .or_else(|| {
                let id = step.connection?;
                step.story.connections().iter().find(|c| c.id == id)
            });
        if let Some(connection) = connection {
            text.push_str("; parser state ");
            text.push_str(&state(connection));
        }
        text
    }
}

/// Where the reader of requests (on our own client's side: of the response) stands.
fn state(connection: &Connection) -> String {
    let stream = connection.stream(true);
    match () {
        () if stream.protocol.is_foreign() => "NOT HTTP".to_string(),
        () if stream.protocol == Protocol::Refused => "REFUSED".to_string(),
        () if stream.protocol == Protocol::Lost => "UNKNOWN".to_string(),
        () if stream.in_body => match stream.body_left() {
            Some(left) => format!("BODY, {left} to come"),
            None => "BODY".to_string(),
        },
        () if !stream.is_idle() => "HEAD".to_string(),
        () if connection.waiting.is_empty() && !connection.client => "IDLE".to_string(),
        () if connection.client && !connection.waiting.is_empty() => "IDLE".to_string(),
        () => "DONE".to_string(),
    }
}

/// Notes that say more of bytes than what stands beside them.
fn tells_more(note: &Note) -> bool {
    matches!(
        note,
        Note::Pipelined(_)
            | Note::Together(_)
            | Note::KeptAlive
            | Note::Favicon
            | Note::Switched
            | Note::NotHttp(_)
            | Note::Drained(_)
            | Note::Injected(_)
    )
}

fn is_client(step: &Step<'_>, event: &Event<'_>, fd: Fd) -> bool {
    let info = step.story.fd(event.pid, fd);
    info.is_some_and(|info| info.kind == FdKind::Client)
}

/// The connection of a descriptor, and whether bytes that went this way belong to the requests.
fn way(story: &Story, event: &Event<'_>, fd: Fd, gave: bool) -> Option<(u32, bool)> {
    let info = story.fd(event.pid, fd).filter(|i| i.kind.is_connection())?;
    let id = info.connection?;
    Some((id.0, gave == (info.kind == FdKind::Client)))
}

fn whose(event: &Event<'_>, step: &Step<'_>) -> String {
    let mut whose = String::new();
    if step.story.thread_count() > 1 {
        let number = step.story.thread_number(event.tid).unwrap_or(0);
        whose.push_str(&format!("t{number}"));
    }
    if let Some(id) = step.connection {
        whose.push_str(if whose.is_empty() { "" } else { " " });
        whose.push_str(&id.to_string());
    }
    whose
}

fn result(done: &Completed<'_>) -> String {
    match done.outcome {
        Outcome::Returned(value @ 0..0x100_0000_0000) => format!(" = {value}"),
        Outcome::Returned(value) => format!(" = {value:#x}"),
        Outcome::Failed(errno) => match errno.name() {
            Some(name) => format!(" = -1 {name}"),
            None => format!(" = -1 (errno {})", errno.0),
        },
        Outcome::Unknown => " = ?".to_string(),
    }
}

/// The descriptor that a call is about.
fn main_fd(call: &Syscall<'_>) -> Option<Fd> {
    match &call.call {
        Call::Bind { fd, .. }
        | Call::Listen { fd, .. }
        | Call::Accept { fd, .. }
        | Call::Connect { fd, .. }
        | Call::Shutdown { fd, .. }
        | Call::SetOption { fd, .. }
        | Call::GetOption { fd, .. }
        | Call::GetName { fd, .. }
        | Call::Receive { fd, .. }
        | Call::ReceiveRights { fd, .. }
        | Call::ReceiveMany { fd, .. }
        | Call::Send { fd, .. }
        | Call::SendRights { fd, .. }
        | Call::SendMany { fd, .. }
        | Call::NonBlocking { fd, .. }
        | Call::Close { fd }
        | Call::Stat { fd, .. }
        | Call::Fcntl { fd, .. }
        | Call::Dup { fd, .. }
        | Call::EpollControl { fd, .. } => Some(*fd),
        Call::SendFile { out, .. } | Call::Splice { output: out, .. } => Some(*out),
        Call::EpollWait { epoll, .. } => Some(*epoll),
        Call::Socket { .. }
        | Call::Pair { .. }
        | Call::CloseRange { .. }
        | Call::Clone { .. }
        | Call::Open { .. }
        | Call::EpollCreate
        | Call::Poll { .. }
        | Call::Other => None,
    }
}

/// The kernel writes there: what stands there is a part of the result.
fn is_filled_in(kind: Kind) -> bool {
    matches!(kind, Kind::AddressOut { .. } | Kind::LengthInOut)
}

fn milliseconds(nanoseconds: u64) -> String {
    let hundredths = (nanoseconds + 5_000) / 10_000;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The kept bytes of all pieces that moved.
fn gather(data: &Data<'_>, moved: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in data.pieces() {
        bytes.extend_from_slice(piece);
    }
    bytes.truncate(usize::try_from(moved).unwrap_or(usize::MAX));
    bytes
}

fn extract(piece: &Piece, bytes: &[u8], kind: Option<FdKind>, request: bool) -> Extract {
    let start = usize::try_from(piece.at)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let len = usize::try_from(piece.len).unwrap_or(usize::MAX).min(SHOWN);
    let end = start.saturating_add(len).min(bytes.len());
    Extract {
        at: piece.at,
        len: piece.len,
        bytes: bytes[start..end].to_vec(),
        what: what(piece, kind, request),
    }
}

fn what(piece: &Piece, kind: Option<FdKind>, request: bool) -> String {
    let name = match piece.name {
        Name::RequestLine => "request line".to_string(),
        Name::StatusLine => "status line".to_string(),
        Name::Header(1, Some(of)) => format!("header 1 of {of}"),
        Name::Header(n, _) => format!("header {n}"),
        Name::HeadEnd(false) => "end of head, no body".to_string(),
        Name::HeadEnd(true) => "end of head".to_string(),
        Name::Body => "body".to_string(),
        Name::ChunkSize(0) => "last chunk".to_string(),
        Name::ChunkSize(size) => format!("a chunk of {size}"),
        Name::ChunkEnd => "end of chunk".to_string(),
        Name::Trailer => "trailer".to_string(),
        Name::LastLine => "end of body".to_string(),
        Name::Blank => "empty line".to_string(),
        Name::Refused(code) => format!("error[{code}]"),
        Name::Unknown => match kind {
            Some(FdKind::File) => return "file".to_string(),
            Some(kind) if kind.is_connection() => "not HTTP".to_string(),
            _ => return String::new(),
        },
    };
    let arrow = if request { "> " } else { "< " };
    let more = match (piece.goes_on, piece.unfinished) {
        (true, true) => ", goes on, unfinished",
        (true, false) => ", its end",
        (false, true) => ", unfinished",
        (false, false) => "",
    };
    format!("{arrow}{name}{more}")
}

/// `16 + 22 + 2 = 40 = the return value`.
fn sum(pieces: &[Piece], moved: u64, done: &Completed<'_>) -> String {
    let numbers: Vec<String> = match pieces.len() {
        0..=8 => pieces.iter().map(|piece| piece.len.to_string()).collect(),
        _ => {
            let body = |p: &&Piece| matches!(p.name, Name::Body);
            let body: u64 = pieces.iter().filter(body).map(|p| p.len).sum();
            let mut numbers = vec![format!("{} of head and framing", moved - body)];
            if body > 0 {
                numbers.push(format!("{body} of body"));
            }
            numbers
        }
    };
    let offered = match &done.syscall.call {
        Call::Send { asked, .. } | Call::SendRights { asked, .. } if *asked > moved => {
            format!("; {asked} were offered")
        }
        _ => String::new(),
    };
    format!(
        "{} = {moved} = the return value{offered}",
        numbers.join(" + ")
    )
}

fn bits(set: &'static crate::abi::flags::FlagSet, value: u64) -> String {
    let (names, rest) = set.names(value);
    joined(names.map(String::from), rest)
}

fn joined(names: impl Iterator<Item = String>, rest: u64) -> String {
    let mut all: Vec<String> = names.collect();
    if rest != 0 || all.is_empty() {
        all.push(if rest == 0 {
            "0".to_string()
        } else {
            format!("{rest:#x}")
        });
    }
    all.join("|")
}

/// Sentences as text: bytes from outside are escaped and at most [`NAMES`] columns.
struct Text {
    text: Vec<u8>,
    charset: Charset,
}

impl Pen for Text {
    fn text(&mut self, words: &str) {
        self.text.extend_from_slice(words.as_bytes());
    }

    fn spare(&mut self, words: &str) {
        self.text(words);
    }

    fn bytes(&mut self, bytes: &[u8], more: bool) {
        escape_into(&mut self.text, bytes, NAMES, self.charset);
        if more {
            self.text("...");
        }
    }
}
