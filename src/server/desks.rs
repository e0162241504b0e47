//! The desks of a loop that serves many: few are in use at once, so they go from one connection to another.
//!
//! In: desks that are clear. Out: one for a connection that has something unfinished. Left out on purpose: what is
//! done on them (`exchange`).

use super::exchange::{Client, Desk, Worker};
use crate::kernel::Probe;

/// So many are kept for the next connection that needs one.
pub(super) const SPARE: usize = 16;

/// Desks that nobody uses now.
#[derive(Debug, Default)]
pub(super) struct Desks {
    // Boxed, because a desk moves between here and its row as one pointer.
    #[allow(clippy::vec_box, reason = "desks are moved, not looked at")]
    spare: Vec<Box<Desk>>,
}

impl Desks {
    /// The connection's own desk, if it has one; or one is lent to it.
    #[inline]
    pub(super) fn lend<P: Probe>(
        &mut self,
        own: Option<Box<Desk>>,
        worker: &Worker<P>,
        client: &mut Client,
    ) -> Box<Desk> {
        own.unwrap_or_else(|| {
            let spare = self.spare.pop();
            let desk = spare.unwrap_or_else(|| Box::new(worker.desk()));
            worker.lend(&desk, client);
            desk
        })
    }

    /// Takes a clear desk.
    #[inline]
    pub(super) fn put_away(&mut self, desk: Box<Desk>) {
        if self.spare.len() < SPARE {
            self.spare.push(desk);
        }
    }

    /// Takes a desk whose connection is over: what is on it is given up.
    pub(super) fn put_away_after_use<P: Probe>(
        &mut self,
        worker: &mut Worker<P>,
        mut desk: Box<Desk>,
    ) {
        worker.clear(&mut desk);
        self.put_away(desk);
    }
}
