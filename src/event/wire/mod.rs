//! The JSON line: the recording's format (docs/recording-format.md), one object a line.
//!
//! In: events. Out: lines, and with `read` the same events again. The format has words of its own here,
//! so that changing a type of ours does not change it by accident. Lines are pushed byte by byte; the
//! tests read them back with serde_json. Left out on purpose: everything that is derived (notes,
//! connections): it is worked out again at replay.

mod args;
mod data;
pub mod read;
mod string;
mod structs;

use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::siginfo::SigInfo;
use crate::event::call::{Arg, CallName, Completed, Outcome, Syscall};
use crate::event::digits;
use crate::event::{Event, ProcessEvent, RingOperation, What};
pub use args::is_memory;
pub use string::string;

/// Bytes as a recording's reader takes them: `len` there were, these were kept.
pub fn bytes_object(len: u64, bytes: &[u8]) -> serde_json::Value {
    serde_json::json!({ "len": len, "base64": string::to_base64(bytes) })
}

/// What the first line says of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Start {
    /// `server`, `client`, `ptrace`, `ebpf`, `strace-log`.
    pub source: String,
    /// The program watched.
    pub program: String,
    /// Its arguments, itself first.
    pub argv: Vec<String>,
    /// When watching began, in nanoseconds since 1970.
    pub realtime: u64,
    /// Times, ids and ports are stand-ins that are the same on every run, and addresses of memory are
    /// left out (`--canonical`).
    pub canonical: bool,
}

/// What the last line says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Calls that ended.
    pub calls: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Events that are missing.
    pub lost: u64,
}

/// Writes lines.
#[derive(Debug)]
pub struct Writer {
    /// Whether addresses of memory are written. Without them a recording is the same on every run, and
    /// a replay shows `NULL` where nothing was kept.
    pub pointers: bool,
    /// What has been written so far.
    pub totals: Totals,
    /// Buffers of one call in a row, when there are several.
    joined: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer {
            pointers: true,
            totals: Totals::default(),
            joined: Vec::new(),
        }
    }
}

impl Writer {
    /// The first line.
    pub fn start(&mut self, start: &Start, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"v":1,"type":"start","source":"#);
        string(&start.source, out);
        out.extend_from_slice(br#","program":"#);
        string(&start.program, out);
        out.extend_from_slice(br#","argv":["#);
        for (index, arg) in start.argv.iter().enumerate() {
            comma(index > 0, out);
            string(arg, out);
        }
        out.extend_from_slice(br#"],"start":""#);
        date(start.realtime, out);
        out.push(b'"');
        if start.canonical {
            key("canonical", out);
            out.extend_from_slice(b"true");
        }
        out.extend_from_slice(b"}\n");
    }

    /// The last line.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":"end""#);
        number("calls", self.totals.calls, out);
        number("failed", self.totals.failed, out);
        number("lost", self.totals.lost, out);
        out.extend_from_slice(b"}\n");
    }

    /// One event.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.open_event(event, out);
        out.extend_from_slice(b"}\n");
    }

    /// The same without the closing brace and the end of the line, so that a view can add keys.
    pub fn open_event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match &event.what {
            What::Call(call) => self.call(event, call, out),
            What::Enter(syscall) => self.begun("enter", event, syscall, out),
            What::Pending(syscall) => self.begun("pending", event, syscall, out),
            What::Ring(operation) => self.ring(event, operation, out),
            What::Signal { number, info } => {
                self.header("signal", event, out);
                text("signal", &signal_name(*number), out);
                if let Some(info) = info {
                    signal_info(info, out);
                }
            }
            What::Fd(fact) => {
                self.header("fd", event, out);
                key("fd", out);
                digits::signed(out, i64::from(fact.fd.0));
                text("kind", &fact.kind, out);
                text("name", &fact.name, out);
                if fact.own {
                    out.extend_from_slice(br#","own":true"#);
                }
            }
            What::Process(process) => {
                self.header("process", event, out);
                life(process, out);
            }
            What::Lost { count, why } => {
                self.totals.lost += count;
                self.header("lost", event, out);
                number("count", *count, out);
                text("why", why, out);
            }
        }
    }

    /// A call that has not ended.
    fn begun(&mut self, kind: &str, event: &Event<'_>, syscall: &Syscall<'_>, out: &mut Vec<u8>) {
        self.header(kind, event, out);
        self.named_call(syscall, None, out);
        self.offered(syscall, out);
        self.entry(syscall, out);
    }

    fn header(&self, kind: &str, event: &Event<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":""#);
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
        number("t", event.t, out);
        number("pid", u64::from(event.pid.0), out);
        number("tid", u64::from(event.tid.0), out);
    }

    fn call(&mut self, event: &Event<'_>, call: &Completed<'_>, out: &mut Vec<u8>) {
        self.totals.calls += 1;
        out.extend_from_slice(br#"{"type":"call""#);
        number("seq", event.seq, out);
        number("t", event.t, out);
        number("dur", call.dur, out);
        number("pid", u64::from(event.pid.0), out);
        number("tid", u64::from(event.tid.0), out);
        self.named_call(&call.syscall, Some(call.outcome), out);
        self.outcome(call.outcome, out);
        self.moved(call, out);
    }

    /// An operation of a ring: on its way in without `res`.
    fn ring(&mut self, event: &Event<'_>, operation: &RingOperation<'_>, out: &mut Vec<u8>) {
        let call = &operation.call;
        self.header("ring", event, out);
        match flags::IORING_OP.name_of(u64::from(operation.op)) {
            Some(name) => text("op", name, out),
            None => number("op", u64::from(operation.op), out),
        }
        number("user_data", operation.user_data, out);
        match call.syscall.name {
            CallName::Name(_) => {
                if let Arg::Pointer(target) = call.syscall.args.get(0) {
                    number("target", target, out);
                }
            }
            _ => self.named_call(&call.syscall, operation.ended.then_some(call.outcome), out),
        }
        match call.outcome {
            Outcome::Returned(value) => {
                key("res", out);
                digits::signed(out, value);
                out.extend_from_slice(br#","errno":null"#);
            }
            Outcome::Failed(errno) => {
                key("res", out);
                digits::signed(out, -i64::from(errno.0));
                out.extend_from_slice(br#","errno":""#);
                errno_name(errno, out);
                out.push(b'"');
            }
            Outcome::Unknown => {}
        }
        self.moved(call, out);
    }

    /// The bytes, and what a fault did.
    fn moved(&mut self, call: &Completed<'_>, out: &mut Vec<u8>) {
        self.data(call, out);
        for (mark, name) in [
            (call.redacted, "redacted"),
            (call.injected, "injected"),
            (call.delayed, "delayed"),
        ] {
            if mark {
                key(name, out);
                out.extend_from_slice(b"true");
            }
        }
        if let Some(asked) = call.cut_from {
            number("cut", asked, out);
        }
        self.entry(&call.syscall, out);
    }

    fn named_call(&mut self, syscall: &Syscall<'_>, outcome: Option<Outcome>, out: &mut Vec<u8>) {
        out.extend_from_slice(br#","call":"#);
        match syscall.name {
            CallName::Known(id) => {
                out.push(b'"');
                out.extend_from_slice(id.name().as_bytes());
                out.push(b'"');
            }
            CallName::Number(nr) => {
                out.extend_from_slice(b"\"syscall_");
                digits::hex(out, nr);
                out.push(b'"');
                number("nr", nr, out);
            }
            CallName::Name(name) => string(name, out),
        }
        out.extend_from_slice(br#","args":{"#);
        self.args(syscall, outcome, out);
        out.push(b'}');
    }

    fn outcome(&mut self, outcome: Outcome, out: &mut Vec<u8>) {
        out.extend_from_slice(br#","ret":"#);
        match outcome {
            Outcome::Returned(value) => {
                digits::signed(out, value);
                out.extend_from_slice(br#","errno":null"#);
            }
            Outcome::Failed(errno) => {
                self.totals.failed += 1;
                out.extend_from_slice(br#"-1,"errno":""#);
                errno_name(errno, out);
                out.push(b'"');
            }
            Outcome::Unknown => out.extend_from_slice(br#"null,"errno":null"#),
        }
    }
}

/// The name, or `errno 530` for a number without one.
fn errno_name(errno: Errno, out: &mut Vec<u8>) {
    match errno.name() {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"errno ");
            digits::signed(out, i64::from(errno.0));
        }
    }
}

fn signal_name(signal: i32) -> String {
    match flags::SIGNAL.name_of(signal as u64) {
        Some(name) => name.to_string(),
        None => signal.to_string(),
    }
}

/// Who sent a signal: the code, and the fields that it has.
fn signal_info(info: &SigInfo, out: &mut Vec<u8>) {
    match info.code_name() {
        Some(name) => text("code", name, out),
        None => {
            key("code", out);
            digits::signed(out, i64::from(info.code()));
        }
    }
    if info.errno() != 0 {
        let mut name = Vec::new();
        errno_name(Errno(info.errno()), &mut name);
        text("errno", &String::from_utf8_lossy(&name), out);
    }
    for field in info.fields() {
        key(&format!("si_{}", field.name), out);
        digits::signed(out, info.get(*field));
    }
}

fn life(process: &ProcessEvent, out: &mut Vec<u8>) {
    match process {
        ProcessEvent::Spawn { child, thread } => {
            text("event", "spawn", out);
            number("child", u64::from(child.0), out);
            key("thread", out);
            out.extend_from_slice(if *thread { b"true" } else { b"false" });
        }
        ProcessEvent::Exec {
            program,
            without_rights,
        } => {
            text("event", "exec", out);
            text("program", program, out);
            if *without_rights {
                key("without_rights", out);
                out.extend_from_slice(b"true");
            }
        }
        ProcessEvent::Exit { status } => {
            text("event", "exit", out);
            key("status", out);
            digits::signed(out, i64::from(*status));
        }
        ProcessEvent::Killed { signal } => {
            text("event", "killed", out);
            text("signal", &signal_name(*signal), out);
        }
    }
}

/// `,"name":`.
#[inline]
fn key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

#[inline]
fn number(name: &str, value: u64, out: &mut Vec<u8>) {
    key(name, out);
    digits::decimal(out, value);
}

fn text(name: &str, value: &str, out: &mut Vec<u8>) {
    key(name, out);
    string(value, out);
}

#[inline]
fn comma(wanted: bool, out: &mut Vec<u8>) {
    if wanted {
        out.push(b',');
    }
}

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// `2026-11-21T08:00:00.123456789Z` (RFC 3339).
fn date(realtime: u64, out: &mut Vec<u8>) {
    let seconds = realtime / SECOND;
    let (year, month, day) = civil(seconds / DAY);
    digits::padded(out, year, 4, b'0');
    for (mark, value) in [
        (b'-', month),
        (b'-', day),
        (b'T', seconds % DAY / 3600),
        (b':', seconds / 60 % 60),
        (b':', seconds % 60),
    ] {
        out.push(mark);
        digits::padded(out, value, 2, b'0');
    }
    out.push(b'.');
    digits::padded(out, realtime % SECOND, 9, b'0');
    out.push(b'Z');
}

/// Year, month and day of a day since 1970-01-01: whole years first, then whole months.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= year_days(year) {
        days -= year_days(year);
        year += 1;
    }
    let mut month = 0;
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    (year, month + 1, days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_days(year: u64) -> u64 {
    365 + u64::from(is_leap(year))
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        1 => 28 + u64::from(is_leap(year)),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// The reverse of [`date`]: nanoseconds since 1970, if the text has that shape.
fn realtime(text: &str) -> Option<u64> {
    let (whole, fraction) = text
        .strip_suffix('Z')?
        .split_once('.')
        .unwrap_or((text.strip_suffix('Z')?, "0"));
    let mut parts = whole
        .split(['-', 'T', ':'])
        .map(|part| part.parse::<u64>().ok());
    let mut next = || parts.next().flatten();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    if !(1970..=2500).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let before: u64 = (1970..year).map(year_days).sum::<u64>()
        + (0..month - 1)
            .map(|month| month_days(year, month))
            .sum::<u64>();
    let seconds =
        (before + day - 1) * DAY + hour.min(23) * 3600 + minute.min(59) * 60 + second.min(60);
    let digits = fraction.get(..fraction.len().min(9))?;
    let scale = 10u64.pow(9 - digits.len() as u32);
    Some(seconds * SECOND + digits.parse::<u64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_and_read_back() {
        for (nanoseconds, shown) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400 * SECOND, "2000-02-29T00:00:00.000000000Z"),
            (1_795_248_000_123_456_789, "2026-11-21T08:00:00.123456789Z"),
            (4_102_444_799 * SECOND + 1, "2099-12-31T23:59:59.000000001Z"),
        ] {
            let mut out = Vec::new();
            date(nanoseconds, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), shown);
            assert_eq!(realtime(shown), Some(nanoseconds));
        }
        assert_eq!(
            realtime("2026-11-21T08:00:00Z"),
            Some(1_795_248_000 * SECOND)
        );
        for broken in [
            "",
            "Z",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "x-11-21T08:00:00Z",
            "2026-11-21T08:00:00.é9Z",
        ] {
            assert_eq!(realtime(broken), None, "{broken}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_is_read_back() {
        for day in 0..73_000 {
            let mut out = Vec::new();
            date(day * DAY * SECOND, &mut out);
            assert_eq!(
                realtime(&String::from_utf8_lossy(&out)),
                Some(day * DAY * SECOND)
            );
        }
    }
}
