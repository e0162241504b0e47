//! Rings (`man 7 io_uring`): calls that are queued, and what comes back.
//!
//! In: operations on their way in and out, and the calls about rings. Out: the same story as if the calls
//! had been made: what an operation did is told when its result comes. Only `close` is told when it is
//! queued: from then on the descriptor's number may be somebody else's.

use super::Story;
use super::interpret::{At, Whose};
use super::joins::Purpose;
use super::words::Note;
use crate::abi::Pid;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{Arg, Call, CallName, Completed, Outcome, Syscall};
use crate::event::{Event, RingOperation};
use std::collections::HashMap;

const EPERM: Errno = Errno(1);
const EFAULT: Errno = Errno(14);
const ETIME: Errno = Errno(62);

/// Of so many operations under way it is remembered what they were queued for; a ring has room for half.
const REMEMBERED: usize = 1 << 16;

/// Whether this is an `io_uring_enter` that sleeps until there are results (`min_complete`).
pub(super) fn waits_for_results(syscall: &Syscall<'_>) -> bool {
    syscall.name == CallName::Known(calls::IO_URING_ENTER)
        && matches!(syscall.args.get(2), Arg::Size(1..))
}

/// Who tells of operations.
#[derive(Default, Debug)]
pub(super) struct Rings {
    /// The program itself does.
    told: bool,
    /// Nobody did, and there were some.
    pub unseen: bool,
    /// What operations under way were queued for, by process and `user_data`.
    queued_for: HashMap<(Pid, u64), Purpose>,
    /// The result of an operation is being told; what that was queued for.
    pub result_of: Option<Option<Purpose>>,
}

impl Story {
    pub(super) fn ring(&mut self, event: &Event<'_>, operation: &RingOperation<'_>) -> Whose {
        self.rings.told = true;
        let done = &operation.call;
        let is_close = matches!(done.syscall.call, Call::Close { .. });
        let key = (event.pid, operation.user_data);
        match (operation.ended, &done.syscall.call) {
            (false, Call::Close { .. }) => {
                let as_if_made = Completed {
                    outcome: Outcome::Returned(0),
                    injected: false,
                    ..done.clone()
                };
                self.call(event, &as_if_made)
            }
            (false, _) => {
                let asks = matches!(done.syscall.call, Call::Connect { .. } | Call::Send { .. });
                let thread = self.threads.place(event.tid);
                let purpose = self.works_on(thread).filter(|_| asks);
                if let Some(purpose) = purpose.filter(|_| self.rings.queued_for.len() < REMEMBERED)
                {
                    self.rings.queued_for.insert(key, purpose);
                }
                let whose = self.queued(event, &done.syscall.call);
                self.notes.push(Note::Queued);
                whose
            }
            (true, Call::Other) => {
                self.notes
                    .push(Note::TakenBack(done.outcome.returned().is_some()));
                Whose::default()
            }
            (true, _) if is_close => {
                self.notes.push(Note::CloseDone);
                Whose::default()
            }
            (true, _) => {
                self.rings.result_of = Some(self.rings.queued_for.remove(&key));
                let whose = self.call(event, done);
                self.rings.result_of = None;
                whose
            }
        }
    }

    /// Whose a queued operation is. Nothing has happened yet.
    fn queued(&self, event: &Event<'_>, call: &Call<'_>) -> Whose {
        let (Call::Receive { fd, .. } | Call::Send { fd, .. } | Call::Shutdown { fd, .. }) = call
        else {
            return Whose::default();
        };
        let link = self.fd(event.pid, *fd).and_then(|info| info.link);
        let connection = link.and_then(|link| self.connections.get(link));
        connection.map_or_else(Whose::default, |connection| Whose {
            connection: Some(connection.id),
            exchange: connection.current(),
        })
    }

    /// Operations were taken that nobody told of. True the first time.
    fn is_unseen(&mut self) -> bool {
        !self.rings.told && !std::mem::replace(&mut self.rings.unseen, true)
    }

    /// The calls about rings themselves.
    pub(super) fn ring_call(&mut self, at: &At<'_>) {
        let CallName::Known(id) = at.name else {
            return;
        };
        if id == calls::IO_URING_ENTER {
            self.waits();
        }
        let note = match at.outcome {
            Outcome::Returned(_) if id == calls::IO_URING_SETUP => Note::RingMade,
            Outcome::Failed(EFAULT) if id == calls::IO_URING_SETUP => Note::RingAllowed,
            Outcome::Failed(EPERM) if id == calls::IO_URING_SETUP => Note::RingForbidden,
            Outcome::Returned(1..) if id == calls::IO_URING_ENTER && self.is_unseen() => {
                Note::RingUnseen
            }
            Outcome::Returned(taken) if id == calls::IO_URING_ENTER => {
                Note::RingEntered(taken.unsigned_abs())
            }
            Outcome::Failed(ETIME) if id == calls::IO_URING_ENTER => Note::RingTimeOut,
            _ => return,
        };
        self.notes.push(note);
    }
}
