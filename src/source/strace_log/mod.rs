//! What strace wrote, as a source: its lines become the records that a tracer of our own would have made.
//!
//! In: the text of `strace -f` with any of `-t -tt -ttt -r -T -y -yy -s -x -xx -n -i -o`. Out: records, one
//! at a time, in bounded memory. Each call is first written as a recording's line has it (`call`), so that
//! one reader makes records of both. A line that cannot be understood becomes a `lost` record with its number.
//!
//! A log says less than a tracer knows: of the bytes only what `-s` let through (a dump of `-e read=` fills
//! them in); times only with `-t` or `-r`; which thread belongs to which process only where `clone` was
//! traced (else all are taken for threads of the first). `several` puts the files of `-ff` together.
//! Left out on purpose: `-c` tables.

mod argument;
mod call;
mod descriptors;
mod dump;
mod files;
mod messages;
mod prefix;
pub mod several;
mod signals;
mod structure;
mod threads;
mod value;

use self::call::Read as ReadCall;
use self::prefix::{Moment, Prefix};
use self::signals::{sent, signal_name};
use self::threads::Threads;
use super::lines::{Got, Lines};
use crate::abi::calls::{self, CallId};
use crate::event::build::Builder;
use crate::event::raw::Raw;
use crate::event::wire::Start;
use crate::event::wire::read::{Line, Reader};
use serde_json::{Map, Value as Json, json};
use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead};

/// So many events wait for the end of a call that must go before them.
const HELD: usize = 256;
/// A day in nanoseconds.
const DAY: u64 = 86_400_000_000_000;

const UNFINISHED: &[u8] = b" <unfinished ...>";
const DETACHED: &[u8] = b" <detached ...>";
const ATTACHED: &[u8] = b" attached";

type Object = Map<String, Json>;

/// One thing the log tells, in its place.
#[derive(Debug)]
struct Entry {
    tid: u32,
    t: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A call that has ended, and how long it took.
    Call(Box<ReadCall>, u64),
    /// The place of a call that counts from its beginning: its end comes later.
    Open,
    /// Anything else.
    Fact(Object),
}

/// A call whose line was cut.
#[derive(Debug)]
struct Begun {
    text: Vec<u8>,
    t: u64,
    /// Its place in the order, where it has one.
    place: Option<u64>,
}

/// A log being read.
#[derive(Debug)]
pub struct StraceLog<R> {
    lines: Lines<R>,
    /// The last line.
    text: Vec<u8>,
    reader: Reader,
    builder: Builder,
    start: Start,
    seq: u64,
    /// The time of day at which it begins, or nothing.
    first: Option<u64>,
    /// The clock is the local one (`-t`, `-tt`), not seconds since 1970.
    local: bool,
    /// Nanoseconds since the beginning, at the last line.
    now: u64,
    last_of_day: u64,
    threads: Threads,
    begun: HashMap<u32, Begun>,
    /// What was read and not handed over.
    queue: VecDeque<Entry>,
    /// How many entries were taken from the queue's front.
    taken: u64,
    /// What becomes of the entry taken last.
    ready: VecDeque<Object>,
    /// The beginning of a line that strace's own message cut.
    glued: Vec<u8>,
    dump: Vec<u8>,
    /// Tables have begun: what is no call is no loss.
    in_table: bool,
    ended: bool,
    /// The first record, read while looking for the start.
    ahead: bool,
}

/// Whether these are the first lines of a log, and not of a recording.
pub fn is_log(beginning: &[u8]) -> bool {
    for line in beginning.split(|byte| *byte == b'\n') {
        if line.trim_ascii_start().starts_with(b"{") {
            return false;
        }
        let rest = &line[prefix::prefix(line).len..];
        let known = call::name(rest).is_some_and(|name| CallId::from_name(name).is_some());
        let marks: [&[u8]; 3] = [b"+++ ", b"--- SIG", b"<... "];
        if known || marks.iter().any(|mark| rest.starts_with(mark)) {
            return true;
        }
    }
    false
}

impl<R: BufRead> StraceLog<R> {
    /// Reads as far as the first record, so that [`StraceLog::start`] is known.
    ///
    /// # Errors
    /// What reading said.
    pub fn new(reader: R) -> io::Result<StraceLog<R>> {
        let mut log = StraceLog {
            lines: Lines::new(reader),
            text: Vec::new(),
            reader: Reader::default(),
            builder: Builder::default(),
            start: Start {
                source: String::from("strace-log"),
                ..Start::default()
            },
            seq: 0,
            first: None,
            local: false,
            now: 0,
            last_of_day: 0,
            threads: Threads::default(),
            begun: HashMap::new(),
            queue: VecDeque::new(),
            taken: 0,
            ready: VecDeque::new(),
            glued: Vec::new(),
            dump: Vec::new(),
            in_table: false,
            ended: false,
            ahead: false,
        };
        log.ahead = log.advance()?;
        log.start.realtime = log.first.unwrap_or(0);
        Ok(log)
    }

    /// What can be said of the run.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Whether its times are of a local clock, without a date.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The lines read so far.
    pub fn lines(&self) -> &Lines<R> {
        &self.lines
    }

    /// Whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        !self.ahead && self.seq == 0 && self.ended
    }

    /// The next record, with the number of the call that was last.
    ///
    /// # Errors
    /// What reading said.
    pub fn next_numbered(&mut self) -> io::Result<Option<(u64, Raw<'_>)>> {
        let found = std::mem::take(&mut self.ahead) || self.advance()?;
        Ok(match found {
            true => Some((self.seq, self.builder.raw())),
            false => None,
        })
    }

    /// Reads until a record stands in the builder; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        loop {
            while let Some(object) = self.ready.pop_front() {
                if self.record(&object) {
                    return Ok(true);
                }
            }
            if self.is_next_certain() {
                self.take();
            } else if self.ended {
                return Ok(false);
            } else {
                self.line()?;
            }
        }
    }

    /// A line of a recording becomes a record.
    fn record(&mut self, object: &Object) -> bool {
        match self.reader.object(object, &mut self.builder) {
            Ok(Line::Record { .. }) => {
                let is_call = object.get("type") == Some(&json!("call"));
                self.seq += u64::from(is_call);
                true
            }
            Ok(_) => false,
            Err(why) => {
                let lost = lost(&format!("a call cannot be read: {why}"));
                self.reader.object(&lost, &mut self.builder).is_ok()
            }
        }
    }

    /// Whether the first of the queue can be handed over: its call has ended, and no dump can follow.
    fn is_next_certain(&self) -> bool {
        match self.queue.front().map(|entry| &entry.what) {
            None => false,
            Some(What::Open) => self.queue.len() > HELD,
            Some(What::Call(..) | What::Fact(_)) => self.queue.len() > 1 || self.ended,
        }
    }

    /// Takes the first of the queue: what it says becomes lines of a recording.
    fn take(&mut self) {
        let Some(entry) = self.queue.pop_front() else {
            return;
        };
        self.taken += 1;
        let Entry { tid, t, what } = entry;
        match what {
            // Its end is too far away: it will stand where it ends.
            What::Open => {}
            What::Fact(mut object) => {
                let event = object.get("event").and_then(Json::as_str);
                let is_end = matches!(event, Some("exit" | "killed"));
                self.threads.stamp(tid, t, &mut object);
                self.ready.push_back(object);
                if is_end {
                    self.threads.forget(tid);
                }
            }
            What::Call(call, duration) => self.call(tid, t, *call, duration),
        }
    }

    fn call(&mut self, tid: u32, t: u64, call: ReadCall, duration: u64) {
        let mut facts = Vec::new();
        self.threads.name(tid, &call, &mut facts);
        let child = call.returned.filter(|_| call.id.is_some_and(makes_child));
        if let Some(child) = child
            .and_then(|child| u32::try_from(child).ok())
            .filter(|child| *child > 0)
        {
            self.threads.made(tid, child, call.makes_thread);
            facts.push(json!({
                "type": "process", "event": "spawn", "child": child, "thread": call.makes_thread,
            }));
        }
        let mut object = call.object;
        object.insert("type".into(), json!("call"));
        object.insert("dur".into(), json!(duration));
        let mut objects: Vec<Object> = facts.into_iter().filter_map(into_object).collect();
        objects.push(object);
        let replaced = call.program.filter(|_| call.returned == Some(0));
        let exec = replaced.and_then(|(program, _)| {
            into_object(json!({ "type": "process", "event": "exec", "program": program }))
        });
        objects.extend(exec);
        for mut object in objects {
            self.threads.stamp(tid, t, &mut object);
            self.ready.push_back(object);
        }
    }

    /// Reads one line into the queue.
    fn line(&mut self) -> io::Result<()> {
        match self.lines.advance()? {
            Got::End => self.end(),
            Got::TooLong => self.lost("is too long"),
            Got::Line { ended } => {
                let mut text = std::mem::take(&mut self.text);
                text.clear();
                text.extend_from_slice(self.lines.text());
                while matches!(text.last(), Some(b'\n' | b'\r')) {
                    text.pop();
                }
                if !self.glued.is_empty() {
                    let mut whole = std::mem::take(&mut self.glued);
                    whole.extend_from_slice(&text);
                    text = whole;
                }
                if let Err(why) = self.understood(&text) {
                    // The last line of a log that was cut is where it ends.
                    if ended {
                        self.lost(&format!("cannot be read: {why}"));
                    }
                }
                self.text = text;
            }
        }
        Ok(())
    }

    fn push(&mut self, tid: u32, t: u64, what: What) {
        self.queue.push_back(Entry { tid, t, what });
    }

    fn lost(&mut self, why: &str) {
        let why = format!("line {} {why}", self.lines.number);
        let (tid, t) = (self.threads.last(), self.now);
        self.push(tid, t, What::Fact(lost(&why)));
    }

    fn understood(&mut self, text: &[u8]) -> Result<(), String> {
        if let Some(bytes) = dump::bytes(text) {
            self.dump.extend_from_slice(&bytes);
            return Ok(());
        }
        // A heading within a dump: ` * 30 bytes in buffer 1`, ` = 2 buffers in vector 0`.
        if text.starts_with(b" * ") || text.starts_with(b" = ") {
            return Ok(());
        }
        if let (false, Some(What::Call(call, _))) = (
            self.dump.is_empty(),
            self.queue.back_mut().map(|entry| &mut entry.what),
        ) {
            call.dumped(&self.dump);
        }
        self.dump.clear();
        if let Some(before) = own_message(text) {
            self.announced(&text[before..]);
            self.glued = text[..before].to_vec();
            return Ok(());
        }
        // A line of a stack (`-k`).
        if text.starts_with(b" > ") {
            return Ok(());
        }
        let Prefix { tid, moment, len } = prefix::prefix(text);
        let rest = text[len..].trim_ascii();
        if rest.is_empty() || rest.starts_with(b"strace: ") {
            return Ok(());
        }
        self.in_table |= text.starts_with(b"% time");
        let t = self.time(moment);
        let is_call = call::name(rest).is_some();
        let marked = [b"+++ ".as_slice(), b"--- ", b"<... "]
            .iter()
            .any(|mark| rest.starts_with(mark));
        if !is_call && !marked {
            return match self.in_table {
                true => Ok(()),
                false => Err(String::from("not a line of strace")),
            };
        }
        let tid = self.threads.of_line(tid);
        if let Some(name) = rest.strip_prefix(b"<... ") {
            return self.resumed(tid, t, name);
        }
        if marked {
            return self.fact(tid, t, rest);
        }
        if let Some(begin) = rest.strip_suffix(UNFINISHED) {
            return self.unfinished(tid, t, begin);
        }
        if let Some(begin) = rest.strip_suffix(DETACHED) {
            return self.pending(tid, t, begin);
        }
        let call = call::read(rest, true)?;
        let duration = call.duration.unwrap_or(0);
        self.whole(tid, t, call, duration, None);
        Ok(())
    }

    /// A call whose end is known goes to the end of the queue, or where its place was kept.
    fn whole(&mut self, tid: u32, t: u64, call: ReadCall, duration: u64, place: Option<u64>) {
        if self.start.program.is_empty()
            && let Some((program, argv)) = &call.program
        {
            self.start.program = program.clone();
            self.start.argv = argv.clone();
        }
        if let Some(child) = call.returned.filter(|_| call.id.is_some_and(makes_child)) {
            self.threads.announced(u32::try_from(child).unwrap_or(0));
        }
        let kept = place.and_then(|place| place.checked_sub(self.taken));
        let kept = kept.and_then(|place| self.queue.get_mut(usize::try_from(place).ok()?));
        match kept {
            Some(entry) => entry.what = What::Call(Box::new(call), duration),
            None => self.push(tid, t, What::Call(Box::new(call), duration)),
        }
    }

    /// `close(5 <unfinished ...>`.
    fn unfinished(&mut self, tid: u32, t: u64, begin: &[u8]) -> Result<(), String> {
        let name = call::name(begin).unwrap_or("");
        let id = CallId::from_name(name);
        let mut place = None;
        if id == Some(calls::CLOSE) || id.is_some_and(makes_child) {
            place = Some(self.taken + self.queue.len() as u64);
            self.threads.traces_clone |= id.is_some_and(makes_child);
            self.push(tid, t, What::Open);
        } else if id.is_some_and(|id| id.signature().waits) {
            let mut enter = call::read(begin, false)?.object;
            enter.insert("type".into(), json!("enter"));
            self.push(tid, t, What::Fact(enter));
        }
        let text = begin.to_vec();
        self.begun.insert(tid, Begun { text, t, place });
        Ok(())
    }

    /// `<... read resumed>"…", 8192) = 78`.
    fn resumed(&mut self, tid: u32, t: u64, rest: &[u8]) -> Result<(), String> {
        let marker = b" resumed>";
        let end = memchr::memmem::find(rest, marker).ok_or("no end of the resumed call's name")?;
        let name = &rest[..end];
        let Some(begun) = self.begun.remove(&tid) else {
            return Err(String::from("it resumes a call whose beginning is missing"));
        };
        if call::name(&begun.text).map(str::as_bytes) != Some(name) {
            return Err(String::from(
                "it resumes another call than the one that has begun",
            ));
        }
        let mut text = begun.text;
        text.extend_from_slice(&rest[end + marker.len()..]);
        if let Some(begin) = text.strip_suffix(UNFINISHED) {
            let text = begin.to_vec();
            self.begun.insert(tid, Begun { text, ..begun });
            return Ok(());
        }
        let call = call::read(&text, true)?;
        let duration = call.duration.unwrap_or(t.saturating_sub(begun.t));
        self.whole(tid, begun.t, call, duration, begun.place);
        Ok(())
    }

    fn pending(&mut self, tid: u32, t: u64, begin: &[u8]) -> Result<(), String> {
        let mut pending = call::read(begin, false)?.object;
        pending.insert("type".into(), json!("pending"));
        self.push(tid, t, What::Fact(pending));
        Ok(())
    }

    /// `--- SIGINT {…} ---`, `+++ exited with 0 +++`.
    fn fact(&mut self, tid: u32, t: u64, text: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(text);
        let mut words = text.split(' ').skip(1);
        let (first, last) = (words.next().unwrap_or(""), text.split(' ').next_back());
        if last != Some("+++") && last != Some("---") {
            return Err(String::from("the line is cut"));
        }
        let object = match first {
            "exited" => {
                let status = text
                    .split(' ')
                    .nth(3)
                    .and_then(|word| word.parse::<i32>().ok());
                json!({ "type": "process", "event": "exit", "status": status.ok_or("no status")? })
            }
            "killed" => {
                let signal = text.split(' ').nth(3).ok_or("no signal")?;
                json!({ "type": "process", "event": "killed", "signal": signal_name(signal) })
            }
            signal if signal.starts_with("SIG") => sent(signal, text.as_bytes()),
            // `+++ superseded by execve in pid 7 +++`, `--- stopped by SIGSTOP ---`.
            "superseded" | "stopped" | "detached" => return Ok(()),
            _ => return Err(String::from("a mark that nobody knows")),
        };
        if text.starts_with("+++")
            && let Some(begun) = self.begun.remove(&tid)
        {
            self.left(tid, begun);
        }
        self.threads.ends(tid, text.starts_with("+++"));
        if let Some(object) = into_object(object) {
            self.push(tid, t, What::Fact(object));
        }
        Ok(())
    }

    /// A call that never came back.
    fn left(&mut self, tid: u32, begun: Begun) {
        let Ok(call) = call::read(&begun.text, false) else {
            return;
        };
        let mut pending = call.object;
        pending.insert("type".into(), json!("pending"));
        let place = begun.place.and_then(|place| place.checked_sub(self.taken));
        let place = place.and_then(|place| self.queue.get_mut(usize::try_from(place).ok()?));
        match place {
            Some(entry) => entry.what = What::Fact(pending),
            None => self.push(tid, begun.t, What::Fact(pending)),
        }
    }

    /// `strace: Process 2084 attached`.
    fn announced(&mut self, message: &[u8]) {
        let mut words = message.split(|byte| *byte == b' ');
        let child = words.nth(2).and_then(|word| std::str::from_utf8(word).ok());
        if let Some(child) = child.and_then(|word| word.parse().ok()) {
            self.threads.announced(child);
        }
    }

    /// The log is over.
    fn end(&mut self) {
        self.ended = true;
        let mut left: Vec<_> = self.begun.drain().collect();
        left.sort_unstable_by_key(|(tid, begun)| (begun.t, *tid));
        for (tid, begun) in left {
            self.left(tid, begun);
        }
        self.queue.retain(|entry| !matches!(entry.what, What::Open));
    }

    /// When a line was written, in nanoseconds since the first.
    fn time(&mut self, moment: Option<Moment>) -> u64 {
        let at = match moment {
            None => return self.now,
            Some(Moment::Since(time)) => {
                self.first.get_or_insert(0);
                self.now = self.now.saturating_add(time);
                return self.now;
            }
            Some(Moment::Epoch(time)) => time,
            Some(Moment::OfDay(time)) => {
                self.local = true;
                // After midnight the clock begins again; a little earlier than the last is only disorder.
                let days = self.last_of_day / DAY;
                let today = days * DAY + time;
                let tomorrow = today + DAY / 2 < self.last_of_day;
                self.last_of_day = self
                    .last_of_day
                    .max(if tomorrow { today + DAY } else { today });
                if tomorrow { today + DAY } else { today }
            }
        };
        self.now = at.saturating_sub(*self.first.get_or_insert(at));
        self.now
    }
}

fn makes_child(id: CallId) -> bool {
    [calls::CLONE, calls::CLONE3, calls::FORK, calls::VFORK].contains(&id)
}

fn into_object(value: Json) -> Option<Object> {
    match value {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

fn lost(why: &str) -> Object {
    let mut object = Map::new();
    object.insert("type".into(), json!("lost"));
    object.insert("count".into(), json!(1));
    object.insert("why".into(), json!(why));
    object
}

/// Where a message of strace's own stands at the end of a line that it may have cut.
fn own_message(text: &[u8]) -> Option<usize> {
    let body = text.strip_suffix(ATTACHED)?;
    let at = memchr::memmem::rfind(body, b"strace: Process ")?;
    let number = &body[at + b"strace: Process ".len()..];
    (!number.is_empty() && number.iter().all(u8::is_ascii_digit)).then_some(at)
}
