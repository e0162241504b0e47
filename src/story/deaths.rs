//! Programs that one client ends: when `accept-error-exit` and `sigpipe-death` are said.
//!
//! In: calls of accept and send that failed, signals, and how processes end. Out: the two findings. A program that has
//! done anything since that goes on (it waited, slept, read or accepted), or was asked to end, did not end because of that call.

use super::Story;
use super::fds::FdKind;
use super::findings::Findings;
use super::interpret::At;
use super::words::{Finding, Place};
use crate::abi::Pid;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{Call, CallName, Outcome};

const EINTR: Errno = Errno(4);
const EOPNOTSUPP: Errno = Errno(95);

/// What `accept` fails with for reasons that pass (`man 2 accept`, "Error handling").
const PASSING: [Errno; 13] = [
    Errno(12),  // ENOMEM
    Errno(23),  // ENFILE
    Errno(24),  // EMFILE
    Errno(64),  // ENONET
    Errno(71),  // EPROTO
    Errno(92),  // ENOPROTOOPT
    Errno(95),  // EOPNOTSUPP
    Errno(100), // ENETDOWN
    Errno(101), // ENETUNREACH
    Errno(103), // ECONNABORTED
    Errno(105), // ENOBUFS
    Errno(112), // EHOSTDOWN
    Errno(113), // EHOSTUNREACH
];

/// Signals that no program takes for a wish that it end: SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGCONT,
/// SIGWINCH.
const HARMLESS: [i32; 6] = [10, 12, 14, 17, 18, 28];
const SIGPIPE: i32 = 13;

impl Story {
    /// `accept` failed.
    pub(super) fn accept_failed(&mut self, pid: Pid, outcome: Outcome, listens: bool) {
        let Outcome::Failed(errno) = outcome else {
            return;
        };
        // Of what is no listener that never passes.
        if errno == EOPNOTSUPP && !listens {
            return;
        }
        let interrupted = errno == EINTR
            && self
                .findings
                .last_signal
                .is_some_and(|(who, signal)| who == pid && HARMLESS.contains(&signal));
        if PASSING.contains(&errno) || interrupted {
            self.findings.failed_accept = Some((pid, errno));
        }
    }

    /// A program that waits, reads or accepts again has not ended because of an accept that failed.
    pub(super) fn goes_on(&mut self, at: &At<'_>, call: &Call<'_>) {
        let process = self.processes.at(at.process);
        let (pid, name) = (process.pid, at.name);
        // Who says what went wrong may read a file for it.
        let is_file = |fd| {
            process
                .get(fd)
                .is_some_and(|info| info.kind == FdKind::File)
        };
        let of_file = matches!(call, Call::Receive { fd, .. } if is_file(*fd));
        if of_file
            || self
                .findings
                .failed_accept
                .is_none_or(|(who, _)| who != pid)
        {
            return;
        }
        match call {
            Call::Accept { .. } => {}
            Call::EpollWait { .. } | Call::Poll { .. } | Call::Receive { .. } => {
                self.findings.failed_accept = None;
            }
            Call::Other if name == CallName::Known(calls::EXIT_GROUP) => {
                self.exited(pid);
            }
            Call::Other => {
                let sleepers = [
                    calls::NANOSLEEP,
                    calls::CLOCK_NANOSLEEP,
                    calls::IO_URING_ENTER,
                ];
                let sleeps = |id| sleepers.contains(&id);
                if matches!(name, CallName::Known(id) if sleeps(id)) {
                    self.findings.failed_accept = None;
                }
            }
            _ => {}
        }
    }

    /// An accept has succeeded.
    pub(super) fn accept_worked(&mut self) {
        self.findings.failed_accept = None;
    }

    /// A signal was delivered.
    pub(super) fn signalled(&mut self, pid: Pid, signal: i32) {
        self.findings.last_signal = Some((pid, signal));
        if !HARMLESS.contains(&signal) && signal != SIGPIPE {
            // It is asked to end: what it leaves undone from here on is no mistake.
            self.findings.failed_accept.take_if(|(who, _)| *who == pid);
            self.waits();
        }
    }

    /// A process has ended by itself.
    pub(super) fn exited(&mut self, pid: Pid) {
        if let Some((_, errno)) = self.findings.failed_accept.take_if(|(who, _)| *who == pid) {
            self.finds(Finding::AcceptErrorExit(errno), Place::default());
        }
    }

    /// A process was killed.
    pub(super) fn killed(&mut self, pid: Pid, signal: i32) {
        let broken = self
            .findings
            .broken_pipe
            .take_if(|broken| broken.pid == pid && signal == SIGPIPE);
        if let Some(broken) = broken {
            self.finds(Finding::SigpipeDeath, broken.place);
        }
    }
}

impl Findings {
    /// A call of a thread has ended: what it wrote before to who had left has not killed it.
    #[inline]
    pub(super) fn forget_broken_pipe(&mut self, tid: Pid, seq: u64) {
        if self.broken_pipe.is_some() {
            self.broken_pipe
                .take_if(|broken| broken.tid == tid && broken.place.seq != seq);
        }
    }
}
