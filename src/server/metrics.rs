//! What the server counts of its own work: answers by status, how long they took, bytes, connections;
//! with `--io uring`, the operations of its rings.
//!
//! In: what happens, from every serving thread. Out: sums that any thread may read meanwhile
//! (`exposition` writes them down). The memory is shared with forked processes. Each worker adds to one
//! of a few shards, so that two threads rarely write to the same cache line; a worker that lives as long
//! as the server has one to itself, and adds without locking the bus. Calls are not counted here: the
//! probe does that.

use crate::http::status::STATUSES;
use crate::kernel::{Errno, Operation, Words};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the histogram's buckets, in nanoseconds; one more bucket has none.
pub const BOUNDS: [u64; 19] = [
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Buckets, the one without a bound included.
const BUCKETS: usize = BOUNDS.len() + 1;
/// Places for statuses: room for every registered one, and the last for any other.
const STATUS_PLACES: usize = 72;
/// Places within a shard.
const STATUS: usize = 0;
const BUCKET: usize = STATUS + STATUS_PLACES;
const TIME: usize = BUCKET + BUCKETS;
const RECEIVED: usize = TIME + 1;
const SENT: usize = RECEIVED + 1;
const OPENED: usize = SENT + 1;
const CLOSED: usize = OPENED + 1;
const OPERATION: usize = CLOSED + 1;
/// Words of a shard: whole pairs of cache lines, so that shards have none in common.
const SHARD: usize = (OPERATION + OPERATIONS).next_multiple_of(16);
/// Kinds of operations of a ring.
const OPERATIONS: usize = Operation::OPCODES.len();
/// Error numbers that are told apart (`EHWPOISON`, 133, is the last that Linux knows); those above share the
/// last place.
const ERRNOS: usize = 134;
/// Shards that have one writer each: more than machines of a classroom have processors.
const ALONE: usize = 16;
/// All shards: behind those, some that workers share.
const SHARDS: usize = 32;
/// Behind the shards: how many counters there have been, of either sort.
const COUNTERS: usize = SHARDS * SHARD;

/// All shards, and who gets the next one.
#[derive(Debug)]
pub struct Metrics {
    words: Words,
    /// Operations that failed, by kind and error number: too rare for shards.
    failed: Words,
}

/// Where one worker counts.
#[derive(Clone, Debug)]
pub struct Counter {
    metrics: Arc<Metrics>,
    shard: usize,
    /// Nobody else writes to this shard.
    alone: bool,
}

/// One open connection, for as long as this lives.
#[derive(Debug)]
pub struct OpenConnection(Counter);

/// The sums over all shards at one moment.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sums {
    /// Status and how many answers had it, in order; those that never were are left out. 0 stands for
    /// numbers that are not registered.
    pub statuses: Vec<(u16, u64)>,
    /// Answers by how long they took: one number for each of [`BOUNDS`] and one more, not cumulative.
    pub buckets: [u64; BUCKETS],
    /// Nanoseconds that all answers took together.
    pub time: u64,
    /// Bytes that came over connections.
    pub received: u64,
    /// Bytes that went out over connections.
    pub sent: u64,
    /// Connections so far.
    pub opened: u64,
    /// Connections that are over.
    pub closed: u64,
    /// Operations of rings that have ended, by `IORING_OP_*`; those that never were are left out.
    pub operations: Vec<(u8, u64)>,
    /// Those that failed, and how.
    pub failed_operations: Vec<(u8, Errno, u64)>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            words: Words::new(COUNTERS + 2),
            failed: Words::new(OPERATIONS * ERRNOS),
        }
    }
}

impl Metrics {
    /// A place to count, for a worker that may be one of many.
    pub fn counter(self: &Arc<Metrics>) -> Counter {
        let number = self.words[COUNTERS].fetch_add(1, Ordering::Relaxed) as usize;
        Counter {
            metrics: Arc::clone(self),
            shard: (ALONE + number % (SHARDS - ALONE)) * SHARD,
            alone: false,
        }
    }

    /// A place to count, for a worker that lives as long as the server and stays on one thread, with all
    /// of its connections.
    pub fn lasting_counter(self: &Arc<Metrics>) -> Counter {
        let number = self.words[COUNTERS + 1].fetch_add(1, Ordering::Relaxed) as usize;
        if number >= ALONE {
            return self.counter();
        }
        Counter {
            metrics: Arc::clone(self),
            shard: number * SHARD,
            alone: true,
        }
    }

    /// The sums now. Two numbers of one exchange may be a moment apart.
    pub fn sums(&self) -> Sums {
        let sum = |place: usize| -> u64 {
            let shards = (0..SHARDS).map(|shard| &self.words[shard * SHARD + place]);
            shards.map(|word| word.load(Ordering::Relaxed)).sum()
        };
        let codes = STATUSES.iter().map(|status| status.code);
        let named = codes.enumerate().map(|(at, code)| (code, sum(STATUS + at)));
        let other = (0, sum(STATUS + STATUS_PLACES - 1));
        // Closed before opened: what is open is never less than nothing.
        let closed = sum(CLOSED);
        let kinds = || Operation::OPCODES.into_iter().enumerate();
        let failed = kinds().flat_map(|(at, opcode)| {
            let row = self.failed[at * ERRNOS..][..ERRNOS].iter().zip(0..);
            row.map(move |(word, errno)| (opcode, Errno(errno), word.load(Ordering::Relaxed)))
        });
        Sums {
            statuses: named
                .chain([other])
                .filter(|(_, count)| *count > 0)
                .collect(),
            buckets: std::array::from_fn(|at| sum(BUCKET + at)),
            time: sum(TIME),
            received: sum(RECEIVED),
            sent: sum(SENT),
            opened: sum(OPENED),
            closed,
            operations: kinds()
                .map(|(at, opcode)| (opcode, sum(OPERATION + at)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            failed_operations: failed.filter(|(_, _, count)| *count > 0).collect(),
        }
    }
}

impl Counter {
    #[inline]
    fn add(&self, place: usize, n: u64) {
        let word: &AtomicU64 = &self.metrics.words[self.shard + place];
        match self.alone {
            true => word.store(word.load(Ordering::Relaxed) + n, Ordering::Relaxed),
            false => _ = word.fetch_add(n, Ordering::Relaxed),
        }
    }

    /// An answer of this status is ready.
    #[inline]
    pub fn answer(&self, status: u16) {
        let place = match status {
            200 => OK,
            other => place_of(other),
        };
        self.add(STATUS + place, 1);
    }

    /// So many answers took this long each (nanoseconds).
    #[inline]
    pub fn took(&self, count: u64, took: u64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        self.add(BUCKET + bucket, count);
        self.add(TIME, took.saturating_mul(count));
    }

    /// Bytes came over a connection.
    #[inline]
    pub fn received(&self, bytes: usize) {
        self.add(RECEIVED, bytes as u64);
    }

    /// Bytes went out over a connection.
    #[inline]
    pub fn sent(&self, bytes: u64) {
        self.add(SENT, bytes);
    }

    /// An operation of a ring has ended.
    #[inline]
    pub fn operation(&self, opcode: u8, result: Result<i64, Errno>) {
        let Some(at) = Operation::OPCODES.iter().position(|o| *o == opcode) else {
            return;
        };
        self.add(OPERATION + at, 1);
        if let Err(Errno(errno)) = result {
            let place = usize::try_from(errno).unwrap_or(0).min(ERRNOS - 1);
            self.metrics.failed[at * ERRNOS + place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A connection was accepted.
    pub fn connection(&self) -> OpenConnection {
        self.add(OPENED, 1);
        OpenConnection(self.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.add(CLOSED, 1);
    }
}

fn place_of(status: u16) -> usize {
    let found = STATUSES.binary_search_by_key(&status, |row| row.code);
    found.map_or(STATUS_PLACES - 1, |at| at.min(STATUS_PLACES - 1))
}

/// The place of 200, the status that is looked up most.
const OK: usize = {
    let mut at = 0;
    while STATUSES[at].code != 200 {
        at += 1;
    }
    at
};

// Every registered status has a place of its own.
const _: () = assert!(STATUSES.len() < STATUS_PLACES);

/// Answers to requests that began together: the clock is read once for all.
#[derive(Debug, Default)]
pub struct Batch {
    began: u64,
    count: u64,
}

impl Batch {
    /// One more answer, to a request that began then. Those that began at another time and were kept are
    /// handed to `done` first, with that time.
    #[inline]
    pub fn add(&mut self, began: u64, done: impl FnOnce(u64, u64)) {
        if began != self.began {
            self.finish(done);
            self.began = began;
        }
        self.count += 1;
    }

    /// Hands over what was kept.
    #[inline]
    pub fn finish(&mut self, done: impl FnOnce(u64, u64)) {
        if self.count > 0 {
            done(self.began, std::mem::take(&mut self.count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_workers_counted_is_summed() {
        let metrics = Arc::new(Metrics::default());
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let counter = metrics.counter();
                    let open = counter.connection();
                    for status in [200, 200, 404, 599] {
                        counter.answer(status);
                    }
                    counter.took(2, 10_000);
                    counter.took(1, 10_001);
                    counter.took(1, u64::MAX / 100);
                    counter.received(10);
                    counter.sent(5);
                    counter.operation(22, Ok(10));
                    counter.operation(22, Err(Errno(104)));
                    counter.operation(19, Err(Errno(9999)));
                    drop(open);
                });
            }
        });
        let sums = metrics.sums();
        assert_eq!(sums.statuses, [(200, 40), (404, 20), (0, 20)]);
        assert_eq!(
            (sums.buckets[0], sums.buckets[1], sums.buckets[BUCKETS - 1]),
            (40, 20, 20)
        );
        assert_eq!((sums.received, sums.sent), (200, 100));
        assert_eq!((sums.opened, sums.closed), (20, 20));
        assert_eq!(sums.operations, [(19, 20), (22, 40)]);
        let failed = [(19, Errno(133), 20), (22, Errno(104), 20)];
        assert_eq!(sums.failed_operations, failed);
    }

    #[test]
    fn workers_that_last_count_alone_until_there_are_too_many_of_them() {
        let metrics = Arc::new(Metrics::default());
        std::thread::scope(|scope| {
            for _ in 0..ALONE + 3 {
                scope.spawn(|| {
                    let counter = metrics.lasting_counter();
                    for _ in 0..1000 {
                        counter.sent(3);
                    }
                });
            }
        });
        assert_eq!(metrics.sums().sent, (ALONE as u64 + 3) * 3000);
        assert!(!metrics.lasting_counter().alone);
    }

    #[test]
    fn answers_that_began_together_are_handed_over_together() {
        let mut batch = Batch::default();
        let mut done = Vec::new();
        for began in [5, 5, 9, 9, 9] {
            batch.add(began, |began, count| done.push((began, count)));
        }
        batch.finish(|began, count| done.push((began, count)));
        batch.finish(|began, count| done.push((began, count)));
        assert_eq!(done, [(5, 2), (9, 3)]);
    }

    #[test]
    fn every_bound_belongs_to_its_own_bucket() {
        for (at, bound) in BOUNDS.into_iter().enumerate() {
            let metrics = Arc::new(Metrics::default());
            metrics.counter().took(1, bound);
            metrics.counter().took(1, bound + 1);
            let buckets = metrics.sums().buckets;
            assert_eq!((buckets[at], buckets[at + 1]), (1, 1), "{bound}");
        }
    }

    #[test]
    fn a_batch_is_handed_over_when_the_status_changes_and_at_its_end() {
        let mut batch = Batch::default();
        let mut seen = Vec::new();
        for status in [200, 200, 404, 200] {
            batch.add(status, |status, count| seen.push((status, count)));
        }
        batch.finish(|status, count| seen.push((status, count)));
        batch.finish(|_, _| panic!("nothing is left"));
        assert_eq!(seen, [(200, 2), (404, 1), (200, 1)]);
    }
}
