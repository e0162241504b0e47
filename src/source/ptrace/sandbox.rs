//! Programs that install a seccomp filter of their own, beside ours.
//!
//! In: the end of a `seccomp` or `prctl` that installs one; stops that such a filter asks for. Out: from then
//! on the thread stops at every call, for the kernel asks all filters and takes the strictest answer: a call
//! that theirs refuses (ERRNO, TRAP, KILL) never gets as far as our stop (`man 2 seccomp`, "SECCOMP_RET_TRACE").
//!
//! ```text
//!  every call   stop at its beginning ─▶ filters ─┬─ ours: stop (Filtered) ─▶ the call ─┬─▶ stop at its end
//!               (remembered)                      └─ refused by theirs ─────────────────┘
//! ```
//! What happens before the filters is only remembered, so that each call is told, and spoiled, once. A filter of
//! theirs that answers TRACE asks for a tracer of theirs: where there is none the call fails with ENOSYS, and
//! so it does here. Left out: `SECCOMP_SET_MODE_STRICT`, which the kernel refuses beside any filter (EINVAL).

use super::cpu;
use super::sys::Tid;
use super::tracee::InCall;
use super::tracer::Tracer;
use crate::abi::calls::{self, CallId};
use crate::source::handover::{Handover, Question};
use nix::libc;

/// A question's topic: a process has installed a filter of its own, the first one of this trace. It is told, not
/// asked.
pub const TOPIC_OWN_FILTER: u64 = 4;

/// The calls that install a filter: they stop always.
pub const INSTALLERS: [CallId; 2] = [calls::SECCOMP, calls::PRCTL];

/// A call at whose beginning a thread has stopped before any filter was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Its number.
    pub number: u64,
    /// Its arguments.
    pub args: [u64; 6],
    /// When it began.
    pub time: u64,
}

/// Whether this call, if it succeeds, installs a filter, and whether for all threads of its process.
pub fn installs(id: Option<CallId>, args: &[u64; 6]) -> Option<bool> {
    match id? {
        calls::SECCOMP if args[0] == u64::from(libc::SECCOMP_SET_MODE_FILTER) => {
            Some(args[1] & libc::SECCOMP_FILTER_FLAG_TSYNC != 0)
        }
        calls::PRCTL if args[0] == libc::PR_SET_SECCOMP as u64 => Some(false),
        _ => None,
    }
}

impl Tracer {
    /// Whether it has a filter of its own.
    pub(super) fn is_sandboxed(&self, tid: Tid) -> bool {
        self.tracees
            .get(&tid)
            .is_some_and(|tracee| tracee.sandboxed)
    }

    /// A call that may install a filter has ended.
    pub(super) fn installed(&mut self, tid: Tid, call: &InCall, result: i64, to: &Handover) {
        let Some(all_threads) = installs(call.id, &call.args).filter(|_| result >= 0) else {
            return;
        };
        let Some(tracee) = self.tracees.get_mut(&tid).filter(|_| self.filtered) else {
            return;
        };
        tracee.sandboxed = true;
        let pid = tracee.pid;
        if all_threads {
            let threads = self.tracees.values_mut().filter(|other| other.pid == pid);
            threads.for_each(|thread| thread.sandboxed = true);
        }
        if !std::mem::replace(&mut self.own_filter_told, true) {
            to.ask(Question {
                topic: TOPIC_OWN_FILTER,
                pid,
                tid: tid as u32,
                number: 0,
                args: [0; 6],
            });
        }
    }

    /// Their filter asks for a tracer: there is none that it knows.
    pub(super) fn has_no_tracer(&mut self, tid: Tid) {
        let result = -i64::from(libc::ENOSYS);
        let _ = cpu::suppress(tid, result);
        if let Some(call) = self.tracees.get_mut(&tid).and_then(|t| t.call.as_mut()) {
            call.made_up = Some(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_installs_a_filter_is_recognised() {
        let seccomp =
            |operation, flags| installs(Some(calls::SECCOMP), &[operation, flags, 0, 0, 0, 0]);
        assert_eq!(seccomp(1, 0), Some(false));
        assert_eq!(seccomp(1, 1), Some(true));
        assert_eq!(seccomp(0, 0), None);
        assert_eq!(seccomp(2, 0), None);
        let prctl = |operation| installs(Some(calls::PRCTL), &[operation, 2, 0, 0, 0, 0]);
        assert_eq!(prctl(22), Some(false));
        assert_eq!(prctl(15), None);
        assert_eq!(installs(Some(calls::READ), &[1; 6]), None);
        assert_eq!(installs(None, &[1; 6]), None);
    }
}
