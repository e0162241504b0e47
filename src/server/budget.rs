//! A bound on what all connections together may keep in memory, whatever each is allowed alone.
//!
//! In: how many bytes a connection keeps now. Out: whether that is still bearable. Unfinished heads,
//! bodies and unsent answers count; an ordinary exchange leaves nothing between two calls and never
//! touches the counter.

use crate::kernel::Words;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The sum over all connections.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    /// One number, which forked processes have in common.
    used: Words,
}

/// What one connection has been charged for.
#[derive(Debug, Default)]
pub struct Charge {
    bytes: u64,
    /// Where a parent sees it, should this process be killed: a place in memory that both have.
    witness: Option<(Arc<Words>, usize)>,
}

impl Charge {
    /// From now on, the charge also stands there.
    pub fn witnessed(&mut self, table: Arc<Words>, place: usize) {
        self.witness = Some((table, place));
    }
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Budget {
        Budget {
            limit,
            used: Words::new(1),
        }
    }

    /// The connection keeps `bytes` now. False when all together keep too much.
    #[inline]
    pub fn charge(&self, charge: &mut Charge, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if bytes == charge.bytes {
            return true;
        }
        let more = bytes.wrapping_sub(charge.bytes);
        let used = self.used[0]
            .fetch_add(more, Ordering::Relaxed)
            .wrapping_add(more);
        let grew = bytes > charge.bytes;
        charge.bytes = bytes;
        if let Some((table, place)) = &charge.witness {
            table[*place].store(bytes, Ordering::Relaxed);
        }
        !grew || used <= self.limit
    }

    /// Takes back what a process that has ended was still charged for. One that was killed between two of the
    /// steps of [`Budget::charge`] is off by what it was about to keep.
    pub fn inherit(&self, table: &Words, place: usize) {
        let left = table[place].swap(0, Ordering::Relaxed);
        self.used[0].fetch_sub(left, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_gives_back_makes_room_for_another() {
        let budget = Budget::new(100);
        let (mut one, mut two) = (Charge::default(), Charge::default());
        assert!(budget.charge(&mut one, 60));
        assert!(!budget.charge(&mut two, 60));
        assert!(budget.charge(&mut one, 10));
        assert!(budget.charge(&mut two, 70));
        assert!(budget.charge(&mut two, 0) && budget.charge(&mut one, 0));
        assert_eq!(budget.used[0].load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_a_killed_process_kept_is_given_back_by_its_parent() {
        let (budget, table) = (Budget::new(100), Arc::new(Words::new(2)));
        let mut childs = Charge::default();
        childs.witnessed(Arc::clone(&table), 1);
        assert!(budget.charge(&mut childs, 90));
        budget.inherit(&table, 1);
        budget.inherit(&table, 1);
        assert!(budget.charge(&mut Charge::default(), 100));
    }
}
