//! Time: the real clock, or the canonical one that is the same on every run.
//!
//! Stamps go into records; `now` is for deadlines and is always real, so that a canonical run still
//! times out; dates go into `Date` fields.

use super::Words;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Nanoseconds between two readings of the canonical clock.
pub const CANONICAL_TICK: u64 = 10_000;
/// What a canonical run puts into `Date`: seconds since 1970, Thu, 01 Jan 2026 00:00:00 GMT.
pub const CANONICAL_DATE: u64 = 1_767_225_600;

/// One clock for all processes of a run: the first reading, before any child is made, maps it.
static CANONICAL: LazyLock<Words> = LazyLock::new(|| Words::new(1));

/// Nanoseconds of `CLOCK_MONOTONIC` (`man 2 clock_gettime`; served by the vDSO, no system call).
#[inline]
pub fn now() -> u64 {
    let mut t = nix::libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of our own; the call writes nothing else.
    unsafe { nix::libc::clock_gettime(nix::libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// The clock of a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Clock {
    /// What the machine says.
    #[default]
    Real,
    /// Every reading is one tick later than the last, whatever the machine says.
    Canonical,
}

impl Clock {
    /// The time to put into a record, in nanoseconds.
    #[inline]
    pub fn stamp(self) -> u64 {
        match self {
            Clock::Real => now(),
            Clock::Canonical => CANONICAL[0].fetch_add(CANONICAL_TICK, Ordering::Relaxed),
        }
    }

    /// A time that no later stamp is below, without taking a stamp.
    pub fn peek(self) -> u64 {
        match self {
            Clock::Real => now(),
            Clock::Canonical => CANONICAL[0].load(Ordering::SeqCst),
        }
    }

    /// Seconds since 1970, for `Date`.
    pub fn date(self) -> u64 {
        match self {
            Clock::Real => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or(Duration::ZERO)
                .as_secs(),
            Clock::Canonical => CANONICAL_DATE,
        }
    }
}
