//! Sums over a whole trace: what each call did and cost.

use crate::abi::calls::{CALLS, CallId};
use crate::event::call::{CallName, Completed, Outcome};

/// A call that can sleep and took longer than this was asleep for most of it, in nanoseconds: a
/// system call that only does its work takes a few microseconds.
const ASLEEP: u64 = 50_000;

/// What one kind of call did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CallTotal {
    /// How many there were.
    pub calls: u64,
    /// How many failed.
    pub errors: u64,
    /// Bytes in.
    pub bytes_in: u64,
    /// Bytes out.
    pub bytes_out: u64,
    /// Nanoseconds inside.
    pub time: u64,
    /// Nanoseconds of those spent asleep, as far as can be told.
    pub waited: u64,
}

/// What all calls did, by kind.
#[derive(Debug, Default)]
pub struct Totals {
    by_call: Vec<CallTotal>,
    /// Calls that are not in the table.
    pub other: CallTotal,
    /// How many calls there were.
    pub calls: u64,
}

impl Totals {
    #[inline]
    pub(super) fn add(&mut self, done: &Completed<'_>) {
        self.calls += 1;
        let (total, waits) = match done.syscall.name {
            CallName::Known(id) => {
                let index = usize::from(id.0);
                if index >= self.by_call.len() {
                    self.by_call
                        .resize(CALLS.len().max(index + 1), CallTotal::default());
                }
                (&mut self.by_call[index], id.signature().waits)
            }
            CallName::Number(_) | CallName::Name(_) => (&mut self.other, false),
        };
        total.calls += 1;
        total.errors += u64::from(matches!(done.outcome, Outcome::Failed(_)));
        total.time += done.dur;
        if waits && done.dur > ASLEEP {
            total.waited += done.dur;
        }
    }

    /// Bytes that a call moved.
    #[inline]
    pub(super) fn moved(&mut self, name: CallName<'_>, bytes_in: u64, bytes_out: u64) {
        if let CallName::Known(id) = name
            && let Some(total) = self.by_call.get_mut(usize::from(id.0))
        {
            total.bytes_in += bytes_in;
            total.bytes_out += bytes_out;
        }
    }

    /// Each kind of call that was made.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, &CallTotal)> {
        let all = self.by_call.iter().enumerate();
        all.filter(|(_, total)| total.calls > 0)
            .map(|(i, total)| (CallId(i as u16), total))
    }
}
