//! Time: the real clock, or the canonical one that is the same on every run.
//!
//! Stamps go into records; `now` is for deadlines and is real, so that a canonical run still times out;
//! but it stands still while somebody looks at one event at a time ([`pause`]). Dates go into `Date`
//! fields.

use super::Words;
use std::sync::LazyLock;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Nanoseconds between two readings of the canonical clock.
pub const CANONICAL_TICK: u64 = 10_000;
/// What a canonical run puts into `Date`: seconds since 1970, Thu, 01 Jan 2026 00:00:00 GMT.
pub const CANONICAL_DATE: u64 = 1_767_225_600;

/// One clock for all processes of a run: the first reading, before any child is made, maps it.
static CANONICAL: LazyLock<Words> = LazyLock::new(|| Words::new(1));

/// How long the clock of deadlines has stood still, in one word for all processes of a run: while it goes,
/// the nanoseconds it is late; while it stands, [`STANDS`] and the time it shows. Made by the first
/// [`pause`] to come, so that a run without any costs a look at an empty place.
static LATE: OnceLock<Words> = OnceLock::new();
const STANDS: u64 = 1 << 63;

/// From now on [`pause`] may be called, in this process and in those it forks.
pub fn can_pause() {
    LATE.get_or_init(|| Words::new(1));
}

/// Whether somebody may stop the clock.
pub fn is_pausable() -> bool {
    LATE.get().is_some()
}

/// Stops the clock of deadlines, until [`resume`]. Without effect where it stands already, and before
/// [`can_pause`].
pub fn pause() {
    if let Some(late) = LATE.get() {
        let was = late[0].load(Ordering::SeqCst);
        if was & STANDS == 0 {
            late[0].store(STANDS | real().saturating_sub(was), Ordering::SeqCst);
        }
    }
}

/// Lets the clock go on where it was stopped.
pub fn resume() {
    if let Some(late) = LATE.get() {
        let was = late[0].load(Ordering::SeqCst);
        if was & STANDS != 0 {
            late[0].store(real().saturating_sub(was & !STANDS), Ordering::SeqCst);
        }
    }
}

/// The time for deadlines: nanoseconds of `CLOCK_MONOTONIC`, less those for which it was stopped.
#[inline]
pub fn now() -> u64 {
    match LATE.get() {
        None => real(),
        Some(late) => match late[0].load(Ordering::SeqCst) {
            shown if shown & STANDS != 0 => shown & !STANDS,
            late => real().saturating_sub(late),
        },
    }
}

/// Nanoseconds of `CLOCK_MONOTONIC` (`man 2 clock_gettime`; served by the vDSO, no system call).
#[inline]
pub fn real() -> u64 {
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
            Clock::Real => real(),
            Clock::Canonical => CANONICAL[0].fetch_add(CANONICAL_TICK, Ordering::Relaxed),
        }
    }

    /// A time that no later stamp is below, without taking a stamp.
    pub fn peek(self) -> u64 {
        match self {
            Clock::Real => real(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_clock_stands_and_goes_on_where_it_stood() {
        can_pause();
        pause();
        let stands = now();
        let real_then = real();
        pause();
        while real() < real_then + 2_000_000 {
            std::hint::spin_loop();
        }
        assert_eq!(now(), stands);
        resume();
        let later = now();
        assert!(later >= stands);
        assert!(real() - later >= 2_000_000);
        resume();
        assert!(now() >= later);
    }
}
