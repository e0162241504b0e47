//! Raw → Event, driven by the signature table. Pure: works on captured memory, never on a live process.
//!
//! In: a record as a source wrote it, whole or torn. Out: the event it tells of; never an error, for
//! what cannot be read is a value too (a pointer instead of what stood behind it). Single arguments are
//! worked out when a view asks for them (`event::args`); `call` finds what the call means.

mod call;

use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::abi::siginfo::SigInfo;
use crate::event::args::Args;
use crate::event::call::{CallName, Completed, Outcome, Syscall};
use crate::event::raw::{CALL_NAME, NO_NUMBER, Raw, kind, mark, part};
use crate::event::{Event, FdFact, ProcessEvent, RingOperation, What};

/// Turns records into events: numbers them in order of completion and decodes each by the table.
#[derive(Debug, Default)]
pub struct Decoder {
    /// When watching began, in the records' own clock; subtracted from every time.
    pub start: u64,
    /// The last number given.
    pub seq: u64,
}

impl Decoder {
    /// Decodes one record. Never fails: what cannot be read is a value too.
    pub fn event<'a>(&mut self, raw: &Raw<'a>) -> Event<'a> {
        let head = &raw.head;
        let mut seq = 0;
        let what = match head.kind {
            kind::CALL => {
                self.seq += 1;
                seq = self.seq;
                What::Call(completed(raw))
            }
            kind::ENTER => What::Enter(syscall(raw, None)),
            kind::PENDING => What::Pending(syscall(raw, None)),
            kind::RING_IN | kind::RING_OUT => What::Ring(operation(raw)),
            other => fact(other, raw),
        };
        Event {
            seq,
            t: head.enter.saturating_sub(self.start),
            pid: Pid(head.pid),
            tid: Pid(head.tid),
            what,
        }
    }

    /// Decodes the same record once more (after masking), with the number it had.
    pub fn again<'a>(&mut self, raw: &Raw<'a>) -> Event<'a> {
        if raw.head.kind == kind::CALL {
            self.seq -= 1;
        }
        self.event(raw)
    }
}

#[inline(always)]
fn completed<'a>(raw: &Raw<'a>) -> Completed<'a> {
    let head = &raw.head;
    let outcome = outcome(head.ret, head.marks);
    Completed {
        syscall: syscall(raw, Some(outcome)),
        outcome,
        dur: head.exit.saturating_sub(head.enter),
        injected: head.marks & mark::INJECTED != 0,
        delayed: head.marks & mark::DELAYED != 0,
        redacted: head.marks & mark::REDACTED != 0,
        cut_from: (head.marks & mark::CUT != 0).then_some(head.aux),
    }
}

/// An operation of a ring. Its `user_data` stands in the last argument, which no such call has.
fn operation<'a>(raw: &Raw<'a>) -> RingOperation<'a> {
    let ended = raw.head.kind == kind::RING_OUT;
    let call = match ended {
        true => completed(raw),
        false => Completed {
            syscall: syscall(raw, None),
            outcome: Outcome::Unknown,
            ..completed(raw)
        },
    };
    RingOperation {
        op: raw.head.op,
        user_data: raw.head.args[5],
        ended,
        call,
    }
}

/// The kernel returns errors as small negative numbers (`MAX_ERRNO` in `include/linux/err.h`).
#[inline(always)]
fn outcome(ret: i64, marks: u16) -> Outcome {
    match ret {
        _ if marks & mark::NO_RESULT != 0 => Outcome::Unknown,
        -4095..=-1 => Outcome::Failed(Errno(-ret as i32)),
        value => Outcome::Returned(value),
    }
}

/// The call; `outcome` is `None` while it has not ended.
#[inline(always)]
fn syscall<'a>(raw: &Raw<'a>, outcome: Option<Outcome>) -> Syscall<'a> {
    let Some(id) = known(raw) else {
        return unknown(raw);
    };
    let args = Args::new(Some(id), raw, matches!(outcome, Some(Outcome::Returned(_))));
    let call = call::meaning(id, raw, &args, outcome);
    Syscall {
        name: CallName::Known(id),
        args,
        call,
    }
}

#[inline(always)]
fn known(raw: &Raw<'_>) -> Option<CallId> {
    match raw.head.nr {
        NO_NUMBER => CallId::from_name(name(raw)?),
        nr => CallId::from_number(u64::from(nr)),
    }
}

/// The call's name, where the record spells it out.
fn name<'a>(raw: &Raw<'a>) -> Option<&'a str> {
    let bytes = raw.segment(CALL_NAME, part::FIRST)?.bytes;
    std::str::from_utf8(bytes).ok()
}

fn unknown<'a>(raw: &Raw<'a>) -> Syscall<'a> {
    let name = match name(raw) {
        Some(name) if raw.head.nr == NO_NUMBER => CallName::Name(name),
        _ => CallName::Number(u64::from(raw.head.nr)),
    };
    Syscall {
        name,
        args: Args::new(None, raw, false),
        call: crate::event::Call::Other,
    }
}

/// Everything that is not a call.
fn fact<'a>(record_kind: u16, raw: &Raw<'a>) -> What<'a> {
    let first = raw.head.args[0];
    match record_kind {
        kind::SPAWN => What::Process(ProcessEvent::Spawn {
            child: Pid(first as u32),
            thread: raw.head.args[1] == 1,
        }),
        kind::EXIT => What::Process(ProcessEvent::Exit {
            status: first as i32,
        }),
        kind::KILLED => What::Process(ProcessEvent::Killed {
            signal: first as i32,
        }),
        kind::EXEC => What::Process(ProcessEvent::Exec {
            program: text(raw, part::FIRST),
            without_rights: first != 0,
        }),
        kind::SIGNAL => What::Signal {
            number: first as i32,
            info: raw
                .segment(0, part::FIRST)
                .and_then(|info| SigInfo::from_bytes(info.bytes)),
        },
        kind::FD => What::Fd(FdFact {
            fd: Fd(first as i32),
            kind: text(raw, part::FIRST),
            name: text(raw, part::AFTER),
            own: raw.head.args[1] == 1,
        }),
        kind::LOST => What::Lost {
            count: first,
            why: why(raw),
        },
        other => What::Lost {
            count: 1,
            why: format!("a record of unknown kind {other}"),
        },
    }
}

fn why(raw: &Raw<'_>) -> String {
    match text(raw, part::FIRST) {
        empty if empty.is_empty() => String::from("the trace buffer was full"),
        why => why,
    }
}

/// A segment of argument 0 as text; these are our own words, or a path.
fn text(raw: &Raw<'_>, part: u8) -> String {
    raw.segment(0, part).map_or_else(String::new, |s| {
        String::from_utf8_lossy(s.bytes).into_owned()
    })
}

#[cfg(test)]
mod tests;
