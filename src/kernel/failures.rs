//! How often which call failed with which error number.
//!
//! In: a call and a negative result. Out: a table of the pairs that happened. There are thousands of
//! possible pairs and a server meets a handful: so the table is a small one with open addressing, in
//! memory that threads and forked processes share. It is touched only when a call fails.

use super::Words;
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use std::sync::atomic::Ordering;

/// A call, an error number, and how often the one ended in the other.
pub type Failure = (CallId, Errno, u64);

/// Pairs that are told apart. The last place is for those beyond.
const PLACES: usize = 512;

/// The table: at `2 n` the pair, 0 while nobody has the place; at `2 n + 1` how often.
#[derive(Debug)]
pub struct Failures {
    words: Words,
}

impl Default for Failures {
    fn default() -> Failures {
        Failures {
            words: Words::new(2 * PLACES),
        }
    }
}

/// A pair in one word, never 0.
fn pack(id: CallId, errno: u32) -> u64 {
    1 << 63 | u64::from(id.0) << 32 | u64::from(errno)
}

fn unpack(word: u64) -> (CallId, Errno) {
    (CallId((word >> 32) as u16), Errno(word as u32 as i32))
}

impl Failures {
    /// One more failure. `ret` is the negative error number that the call returned.
    #[cold]
    pub fn add(&self, id: CallId, ret: i64) {
        let errno = u32::try_from(ret.unsigned_abs()).unwrap_or(0);
        let place = self.place(pack(id, errno));
        self.words[2 * place + 1].fetch_add(1, Ordering::Relaxed);
    }

    /// Where this pair is counted: its own place, or the last one when all others are taken.
    fn place(&self, pair: u64) -> usize {
        let first = (pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        for step in 0..PLACES - 1 {
            let place = first.wrapping_add(step) % (PLACES - 1);
            let word = &self.words[2 * place];
            let found = match word.load(Ordering::Relaxed) {
                0 => word
                    .compare_exchange(0, pair, Ordering::Relaxed, Ordering::Relaxed)
                    .unwrap_or_else(|other| other),
                other => other,
            };
            // 0: the place was free, and is ours now.
            if found == 0 || found == pair {
                return place;
            }
        }
        PLACES - 1
    }

    /// The pairs so far, in the order of the call table and of the numbers. A reader may come a
    /// failure late. Those beyond the table's places are left out.
    pub fn all(&self) -> Vec<Failure> {
        let mut all: Vec<Failure> = (0..PLACES - 1)
            .filter_map(|place| {
                let pair = self.words[2 * place].load(Ordering::Relaxed);
                let (id, errno) = unpack(pair);
                let count = self.words[2 * place + 1].load(Ordering::Relaxed);
                (pair != 0).then_some((id, errno, count))
            })
            .collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls::{ACCEPT4, CLOSE, READ};

    #[test]
    fn each_pair_of_a_call_and_an_error_number_has_its_own_count() {
        let failures = Failures::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        failures.add(READ, -11);
                    }
                    failures.add(READ, -104);
                    failures.add(ACCEPT4, -11);
                });
            }
        });
        let mut expected = [
            (READ, Errno(11), 400),
            (READ, Errno(104), 4),
            (ACCEPT4, Errno(11), 4),
        ];
        expected.sort_unstable();
        assert_eq!(failures.all(), expected);
    }

    #[test]
    fn a_table_that_is_full_goes_on_counting_what_it_has() {
        let failures = Failures::default();
        for errno in 1..=2 * PLACES as i64 {
            failures.add(CLOSE, -errno);
        }
        assert_eq!(failures.all().len(), PLACES - 1);
        failures.add(CLOSE, -1);
        failures.add(CLOSE, i64::MIN);
        assert_eq!(failures.all()[0], (CLOSE, Errno(1), 2));
    }
}
