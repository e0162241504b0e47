//! Loops that never sleep: when `busy-poll` and `eof-spin` are said.
//!
//! In: every call that has ended, and reads that gave 0. Out: the two findings. What lies between two calls may
//! be a sleep that nobody showed (`nanosleep`, `futex` are not among the calls that carry HTTP), so only calls that follow
//! each other closely count, and looks at epoll or poll only where no other thread can wake this one by `futex`, or
//! where that would be seen.

use super::Story;
use super::connection::Link;
use super::findings::on;
use super::interpret::{At, EAGAIN};
use super::words::{Finding, Place};
use crate::abi::calls;
use crate::event::Event;
use crate::event::call::{Call, CallName, Completed, Outcome};

/// So many reads that give 0 are a loop: a correct program makes one, or two.
const EOF_READS: u32 = 8;

/// So many calls in a row that give nothing, within so many nanoseconds, are a loop that never sleeps.
const FRUITLESS: u32 = 256;
const WITHIN: u64 = 1_000_000_000;
/// A call that took longer slept, whatever it returned.
const SLEPT: u64 = 1_000_000;
/// Who sleeps between two calls rarely takes less: a timer is late by 50 µs (`man 2 prctl`, PR_SET_TIMERSLACK), and being woken
/// takes its time under a tracer. A loop takes less, even where tracer and program share a CPU.
const AT_ONCE: u64 = 150_000;
/// So many calls does one count that came later than that.
const LATE: u32 = 4;

/// Calls of a thread that gave nothing.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Fruitless {
    calls: u32,
    since: u64,
    last: u64,
    told: bool,
}

impl Story {
    /// Every call that has ended passes here, after it was read.
    #[inline]
    pub(super) fn look_for_loops(&mut self, event: &Event<'_>, at: &At<'_>, done: &Completed<'_>) {
        let (nothing, looks) = match (&done.syscall.call, done.outcome) {
            (Call::Receive { .. } | Call::Accept { .. }, Outcome::Failed(EAGAIN)) => (true, false),
            (
                Call::EpollWait { timeout: 0, .. } | Call::Poll { timeout: 0, .. },
                Outcome::Returned(0),
            ) => (true, true),
            _ => (false, false),
        };
        if nothing && done.dur > SLEPT {
            self.threads.fruitless(at.thread).calls = 0;
        } else if !nothing || done.injected {
            *self.threads.fruitless(at.thread) = Fruitless::default();
            self.sees_futex |= done.syscall.name == CallName::Known(calls::FUTEX);
        } else if !looks || self.sees_futex || !self.processes.at(at.process).threaded {
            let count = self.threads.fruitless(at.thread);
            if count.calls == 0 {
                count.since = event.t;
                count.calls = 1;
            } else if event.t.saturating_sub(count.last) < AT_ONCE {
                count.calls = count.calls.saturating_add(1);
            } else {
                // A loaded machine lets a loop wait now and then; who sleeps waits every time.
                count.calls = count.calls.saturating_sub(LATE);
            }
            count.last = at.now;
            if count.calls >= FRUITLESS && !count.told {
                count.told = event.t.saturating_sub(count.since) < WITHIN;
                count.calls = 0;
                if count.told {
                    self.finds(Finding::BusyPoll { calls: FRUITLESS }, Place::default());
                }
            }
        }
        if self.findings.failed_accept.is_some() {
            self.goes_on(at, &done.syscall.call);
        }
        self.findings.forget_broken_pipe(event.tid, event.seq);
    }

    /// A read gave 0 although bytes were asked for.
    pub(super) fn check_end(&mut self, link: Link) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        connection.watched.eofs += 1;
        if connection.watched.eofs == EOF_READS {
            self.finds(Finding::EofSpin { reads: EOF_READS }, on(link.id, None));
        }
    }
}
