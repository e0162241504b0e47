//! A bound on what all connections together may keep in memory, whatever each is allowed alone.
//!
//! In: how many bytes a connection keeps now. Out: whether that is still bearable. Unfinished heads,
//! bodies and unsent answers count; an ordinary exchange leaves nothing between two calls and never
//! touches the counter.

use crate::kernel::Words;
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
pub struct Charge(u64);

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
        if bytes == charge.0 {
            return true;
        }
        let more = bytes.wrapping_sub(charge.0);
        let used = self.used[0]
            .fetch_add(more, Ordering::Relaxed)
            .wrapping_add(more);
        let grew = bytes > charge.0;
        charge.0 = bytes;
        !grew || used <= self.limit
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
}
