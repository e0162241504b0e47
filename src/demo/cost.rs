//! What a run cost, read from its own recording.
//!
//! In: a recording. Out: calls by kind, failures for want of work (EAGAIN), sleeps, time. Counted is what
//! serving took: from the first call after `listen` to the end of the last connection; setting up and
//! winding up are left out.

use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::decode::Decoder;
use crate::event::What;
use crate::event::call::Call;
use crate::event::call::CallName;
use crate::event::call::Completed;
use crate::event::call::Outcome;
use crate::source::recording::Recording;
use crate::story::Story;
use std::io::BufRead;

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Takes a connection.
    Accept,
    /// Waits for several descriptors at once.
    Wait,
    /// Takes bytes.
    Read,
    /// Gives bytes.
    Write,
    /// Gives a descriptor back.
    Close,
    /// Anything else: options, interest, processes.
    Other,
}

impl Kind {
    /// In the order of the table.
    pub const ALL: [Kind; 6] = [
        Kind::Accept,
        Kind::Wait,
        Kind::Read,
        Kind::Write,
        Kind::Close,
        Kind::Other,
    ];

    fn of(name: &str) -> Kind {
        match name {
            "accept" | "accept4" => Kind::Accept,
            "select" | "pselect6" | "poll" | "ppoll" | "epoll_wait" | "epoll_pwait"
            | "epoll_pwait2" | "io_uring_enter" => Kind::Wait,
            "read" | "readv" | "recvfrom" | "recvmsg" => Kind::Read,
            "write" | "writev" | "sendto" | "sendmsg" | "sendfile" => Kind::Write,
            "close" => Kind::Close,
            _ => Kind::Other,
        }
    }
}

/// A call that waits and took longer than this was asleep, in nanoseconds: without sleeping it takes a
/// few microseconds.
const ASLEEP: u64 = 50_000;
/// `EAGAIN`: nothing to do now.
const EAGAIN: Errno = Errno(11);

/// Sums.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cost {
    /// Requests that were answered.
    pub requests: u64,
    /// Calls, in the order of [`Kind::ALL`].
    pub calls: [u64; 6],
    /// Calls that ended in EAGAIN.
    pub again: u64,
    /// Times that a thread was put to sleep, and woke up.
    pub woke: u64,
    /// Nanoseconds from the first connection to the end of the last.
    pub time: u64,
}

/// Reads a recording.
///
/// # Errors
/// What reading said.
pub fn of(recording: impl BufRead) -> std::io::Result<Cost> {
    let mut recording = Recording::new(recording)?;
    let mut decoder = Decoder::default();
    let mut story = Story::default();
    // The sums as they were at the end of the last connection.
    let (mut sums, mut whole) = (Cost::default(), Cost::default());
    let mut first = None;
    while let Some(raw) = recording.next_record()? {
        let event = decoder.event(&raw);
        let step = story.step(&event);
        let in_connection = step.connection.is_some();
        // An operation that has come back from a ring counts as the call that it stands for.
        let (done, operation) = match &event.what {
            What::Call(done) => (done, false),
            What::Ring(operation) if operation.ended => (&operation.call, true),
            // From when it is queued, a `close` is told.
            What::Ring(operation) => {
                if in_connection && matches!(operation.call.syscall.call, Call::Close { .. }) {
                    sums.time = event.t.saturating_sub(first.unwrap_or(event.t));
                    whole = sums;
                    whole.calls[Kind::Close as usize] += 1;
                }
                continue;
            }
            _ => continue,
        };
        let name = match done.syscall.name {
            CallName::Known(id) => id.name(),
            CallName::Number(_) | CallName::Name(_) => "",
        };
        if name == "listen" {
            sums = Cost::default();
            continue;
        }
        sums.add(done, name, operation);
        let end = event.t + done.dur;
        if Kind::of(name) == Kind::Accept && matches!(done.outcome, Outcome::Returned(_)) {
            first.get_or_insert(end);
        }
        if (name == "close" && in_connection) || name == "wait4" {
            sums.time = end.saturating_sub(first.unwrap_or(end));
            whole = sums;
        }
    }
    Ok(Cost {
        requests: story.history().answered,
        ..whole
    })
}

impl Cost {
    fn add(&mut self, done: &Completed<'_>, name: &str, operation: bool) {
        let kind = Kind::of(name);
        self.calls[kind as usize] += 1;
        let again = matches!(done.outcome, Outcome::Failed(EAGAIN));
        self.again += u64::from(again);
        let waits = CallId::from_name(name).is_some_and(|id| id.signature().waits);
        let may_sleep = match kind {
            Kind::Accept | Kind::Wait | Kind::Read => waits,
            Kind::Other => name.ends_with("nanosleep"),
            Kind::Write | Kind::Close => false,
        };
        let slept = may_sleep && !operation && !again && done.dur > ASLEEP;
        self.woke += u64::from(slept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One connection as a server records it: two requests, one EAGAIN, then the wind-up.
    const LINES: &str = r#"{"v":1,"type":"start","source":"server","program":"httpsys","argv":["httpsys"],"start":"2026-01-01T00:00:00Z"}
{"type":"call","seq":1,"t":1000,"dur":100,"pid":7,"tid":7,"call":"socket","args":{"domain":"AF_INET","type":["SOCK_STREAM"],"protocol":0},"ret":3,"errno":null}
{"type":"call","seq":2,"t":2000,"dur":100,"pid":7,"tid":7,"call":"listen","args":{"sockfd":3,"backlog":128},"ret":0,"errno":null}
{"type":"call","seq":3,"t":3000,"dur":1000000,"pid":7,"tid":7,"call":"accept4","args":{"sockfd":3,"addr":"127.0.0.1:50001","addrlen":16,"flags":[]},"ret":4,"errno":null}
{"type":"call","seq":4,"t":1004000,"dur":100,"pid":7,"tid":7,"call":"read","args":{"fd":4,"count":8192},"ret":-1,"errno":"EAGAIN"}
{"type":"call","seq":5,"t":1005000,"dur":100,"pid":7,"tid":7,"call":"read","args":{"fd":4,"count":8192},"ret":36,"errno":null,"data":{"len":36,"text":"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"}}
{"type":"call","seq":6,"t":1006000,"dur":90000,"pid":7,"tid":7,"call":"write","args":{"fd":4,"count":38},"ret":38,"errno":null,"data":{"len":38,"text":"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}
{"type":"call","seq":7,"t":2000000,"dur":3000,"pid":7,"tid":7,"call":"close","args":{"fd":4},"ret":0,"errno":null}
{"type":"call","seq":8,"t":3000000,"dur":1000000,"pid":7,"tid":7,"call":"accept4","args":{"sockfd":3,"flags":[]},"ret":-1,"errno":"EINVAL"}
"#;

    #[test]
    fn serving_is_counted_and_winding_up_is_not() {
        let cost = of(LINES.as_bytes()).expect("it is read");
        assert_eq!(
            cost,
            Cost {
                requests: 1,
                calls: [1, 0, 2, 1, 1, 0],
                again: 1,
                woke: 1,
                time: 1_000_000,
            }
        );
    }

    #[test]
    fn a_recording_cut_anywhere_gives_figures_and_no_error() {
        for cut in 0..LINES.len() {
            assert!(of(&LINES.as_bytes()[..cut]).is_ok(), "{cut}");
        }
    }
}
