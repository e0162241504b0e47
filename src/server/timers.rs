//! Deadlines of many connections, for a thread that sleeps in one call.
//!
//! In: "look at this descriptor at that time". Out: which to look at now, and how long to sleep. A
//! deadline that moves later costs nothing: it is found out when the old time comes. One entry stands
//! for a descriptor's number, whoever has it, so that short connections leave nothing behind.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nanoseconds in a millisecond.
const MILLI: u64 = 1_000_000;
/// Sleeps longer than this many milliseconds are rounded up to whole seconds: nobody misses the part,
/// and a trace of the same scene shows the same number.
const COARSE: u64 = 2_000;

/// Times at which to look at descriptors.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// For each descriptor, the time of its valid entry; 0 for none.
    due: Vec<u64>,
}

impl Timers {
    /// Look at `fd` at `time` at the latest.
    #[inline]
    pub fn watch(&mut self, fd: u32, time: u64) {
        let index = fd as usize;
        if index >= self.due.len() {
            self.due.resize(index + 1, 0);
        }
        let due = self.due[index];
        if due == 0 || time < due {
            self.due[index] = time;
            self.heap.push(Reverse((time, fd)));
        }
    }

    /// A descriptor whose time has come. Its entry is gone: watch it again if it is not over.
    pub fn pop(&mut self, now: u64) -> Option<u32> {
        loop {
            let Reverse((time, fd)) = *self.heap.peek()?;
            let valid = self.due[fd as usize] == time;
            if valid && time > now {
                return None;
            }
            self.heap.pop();
            if valid {
                self.due[fd as usize] = 0;
                return Some(fd);
            }
        }
    }

    /// When the next look is due.
    pub fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((time, _))| *time)
    }

    /// Forgets everything, and gives large memory back.
    pub fn clear(&mut self) {
        *self = Timers::default();
    }
}

/// The timeout for `epoll_pwait` (milliseconds, -1 for ever) that ends at `time`, rounded up: waking
/// up early would be waking up twice.
pub fn timeout(now: u64, time: Option<u64>) -> i32 {
    let Some(time) = time else {
        return -1;
    };
    let exact = time.saturating_sub(now).div_ceil(MILLI);
    let millis = if exact > COARSE {
        exact.next_multiple_of(1000)
    } else {
        exact
    };
    i32::try_from(millis).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_moves_earlier_counts_and_one_that_moves_later_waits() {
        let mut timers = Timers::default();
        timers.watch(5, 100);
        timers.watch(5, 300);
        assert_eq!(timers.next(), Some(100));
        timers.watch(5, 40);
        timers.watch(7, 60);
        assert_eq!(timers.pop(39), None);
        assert_eq!(timers.pop(200), Some(5));
        assert_eq!(timers.pop(200), Some(7));
        assert_eq!(timers.pop(200), None);
        timers.watch(5, 400);
        assert_eq!((timers.pop(399), timers.pop(400)), (None, Some(5)));
    }

    #[test]
    fn short_connections_leave_nothing_behind() {
        let mut timers = Timers::default();
        for time in 1..10_000 {
            timers.watch(4, time);
        }
        assert_eq!(timers.heap.len(), 1);
    }

    #[test]
    fn sleeps_are_rounded_up() {
        assert_eq!(timeout(0, None), -1);
        assert_eq!(timeout(10, Some(5)), 0);
        assert_eq!(timeout(0, Some(1)), 1);
        assert_eq!(timeout(0, Some(1_500 * MILLI)), 1500);
        assert_eq!(timeout(1, Some(60_000 * MILLI)), 60_000);
        assert_eq!(timeout(0, Some(u64::MAX)), i32::MAX);
    }
}
