//! The memory that the recorder's writers and its reader share, and nothing else does.
//!
//! ```text
//! | Header: flags, which rings are claimed | Control 0 | ring 0 bytes | Control 1 | ring 1 bytes | …
//! ```
//! One `mmap(MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE)`: it survives `fork`, holds no pointers, and a
//! page that is never touched costs nothing. All zero is its valid beginning. Everything but the rings'
//! bytes is atomic; who may touch which bytes of a ring is said by `head` and `tail` (ring.rs).

use crate::abi::calls::{CALLS, CallId};
use crate::kernel::probe::Total;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::Duration;

/// Rows of the call table.
const ROWS: usize = CALLS.len();
/// The most rings a region can have: one bit each.
pub(super) const RINGS_MOST: usize = 64 * WORDS;
const WORDS: usize = 512;

/// Keeps what two threads write off each other's cache lines (they are fetched in pairs).
#[repr(C, align(128))]
pub(super) struct Apart<T>(pub T);

/// Counters of calls by row of the table: added to by one writer, or under [`Tally::count_shared`].
#[repr(C)]
pub(super) struct Tally {
    calls: [AtomicU64; ROWS],
    errors: [AtomicU64; ROWS],
}

impl Tally {
    /// One more call, where nobody else adds.
    #[inline]
    pub fn count(&self, id: CallId, ret: i64) {
        let add = |counter: &AtomicU64| {
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        };
        add(&self.calls[id.0 as usize]);
        if ret < 0 {
            add(&self.errors[id.0 as usize]);
        }
    }

    /// One more call, where others add too.
    pub fn count_shared(&self, id: CallId, ret: i64) {
        self.calls[id.0 as usize].fetch_add(1, Ordering::Relaxed);
        self.errors[id.0 as usize].fetch_add(u64::from(ret < 0), Ordering::Relaxed);
    }
}

/// The beginning of the region.
#[repr(C)]
pub(super) struct Header {
    /// 1 when writers record nothing any more.
    pub stopped: AtomicU32,
    /// 1 when more than one ring may be in use, so that writers must order their clock readings.
    pub fenced: AtomicU32,
    /// 1 while a writer makes no call before all its earlier ones were shown.
    pub stepping: AtomicU32,
    /// One more than the highest ring ever claimed.
    pub highest: AtomicU32,
    /// Records lost because no ring was free.
    pub lost: AtomicU64,
    /// 1 while the reader sleeps: a futex word.
    pub sleeping: Apart<AtomicU32>,
    /// Changes when a ring is given back: a futex word.
    pub freed: Apart<AtomicU32>,
    /// A bit for each ring: claimed, until the reader has emptied it.
    pub claimed: Apart<[AtomicU64; WORDS]>,
    /// Calls of threads that have no ring.
    pub tally: Apart<Tally>,
}

/// What a thread is doing, in the low bits of [`Slot::state`].
pub(super) mod state {
    /// Between calls.
    pub const IDLE: u64 = 0;
    /// About to read the clock for a call whose place in the order is its beginning.
    pub const ENTERING: u64 = 1;
    /// Inside a call; the slot says which.
    pub const IN_KERNEL: u64 = 2;
    /// About to read the clock, and to write the record.
    pub const EXITING: u64 = 3;
    /// The bits above count the calls.
    pub const STEP: u64 = 4;
}

/// Words of memory that a slot keeps of a call's arguments.
pub(super) const SLOT_WORDS: usize = 16;

/// The call that a thread is in. A sequence lock: `state` changes before and after the rest does.
#[repr(C)]
pub(super) struct Slot {
    pub state: AtomicU64,
    pub enter: AtomicU64,
    pub nr: AtomicU32,
    /// Bytes of `memory` that count.
    pub kept: AtomicU32,
    pub args: [AtomicU64; 6],
    pub memory: [AtomicU64; SLOT_WORDS],
}

/// Goes before each ring's bytes.
#[repr(C)]
pub(super) struct Control {
    /// Where the writer has come to: bytes since the beginning of time. Written by the writer.
    pub head: Apart<AtomicU64>,
    /// Written by the writer.
    pub slot: Slot,
    pub pid: AtomicU32,
    pub tid: AtomicU32,
    /// Records that were lost and not reported in the ring.
    pub lost: AtomicU64,
    /// 1 when the writer will write no more.
    pub retired: AtomicU32,
    /// Where the reader has come to. Written by the reader.
    pub tail: Apart<AtomicU64>,
    /// How many calls of this ring's writers the reader has shown: a futex word.
    pub shown: AtomicU32,
    /// 1 while the writer waits for room: a futex word.
    pub crowded: AtomicU32,
    pub tally: Apart<Tally>,
}

const PAGE: usize = 4096;

const fn pages(bytes: usize) -> usize {
    bytes.next_multiple_of(PAGE)
}

/// The mapping.
#[derive(Debug)]
pub(super) struct Shared {
    base: *mut u8,
    len: usize,
    /// How many rings there are.
    pub rings: usize,
    /// Bytes of each, a power of two.
    pub ring_size: usize,
}

// SAFETY: the mapping lives as long as this value; all that is shared in it is atomic, and the rings'
// bytes are handed from writer to reader through `head` and `tail`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// Maps a region.
    ///
    /// # Errors
    /// What `mmap` said.
    pub fn map(rings: usize, ring_size: usize) -> io::Result<Shared> {
        let rings = rings.min(RINGS_MOST);
        let len = pages(size_of::<Header>()) + rings * (pages(size_of::<Control>()) + ring_size);
        let protection = nix::libc::PROT_READ | nix::libc::PROT_WRITE;
        let flags = nix::libc::MAP_SHARED | nix::libc::MAP_ANONYMOUS | nix::libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe { nix::libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        if base == nix::libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Shared {
            base: base.cast(),
            len,
            rings,
            ring_size,
        })
    }

    pub fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a page-aligned Header, for which all zero is valid, and which
        // is only ever accessed through its atomics.
        unsafe { &*self.base.cast::<Header>() }
    }

    fn block(&self, ring: usize) -> *mut u8 {
        assert!(
            ring < self.rings,
            "a ring's number comes from the bits of `claimed`"
        );
        let stride = pages(size_of::<Control>()) + self.ring_size;
        // SAFETY: `ring` is one of `rings`, so the block lies within the mapping.
        unsafe { self.base.add(pages(size_of::<Header>()) + ring * stride) }
    }

    pub fn control(&self, ring: usize) -> &Control {
        // SAFETY: every block begins, page-aligned, with a Control; see `header`.
        unsafe { &*self.block(ring).cast::<Control>() }
    }

    /// The first of a ring's `ring_size` bytes.
    pub fn bytes(&self, ring: usize) -> *mut u8 {
        // SAFETY: the bytes stand behind the Control, within the block.
        unsafe { self.block(ring).add(pages(size_of::<Control>())) }
    }

    /// Takes the lowest free ring, so that few are ever touched; `None` when all are taken.
    pub fn claim(&self) -> Option<usize> {
        let header = self.header();
        for (word, bits) in header
            .claimed
            .0
            .iter()
            .enumerate()
            .take(self.rings.div_ceil(64))
        {
            let mut seen = bits.load(Ordering::Relaxed);
            while seen != u64::MAX {
                let bit = seen.trailing_ones() as usize;
                let ring = word * 64 + bit;
                if ring >= self.rings {
                    return None;
                }
                match bits.compare_exchange(
                    seen,
                    seen | 1 << bit,
                    Ordering::SeqCst,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => {
                        self.claimed(ring);
                        return Some(ring);
                    }
                    Err(now) => seen = now,
                }
            }
        }
        None
    }

    fn claimed(&self, ring: usize) {
        let header = self.header();
        if ring > 0 {
            header.fenced.store(1, Ordering::SeqCst);
        }
        header.highest.fetch_max(ring as u32 + 1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// One more than the highest ring ever claimed.
    pub fn highest(&self) -> usize {
        self.header().highest.load(Ordering::SeqCst) as usize
    }

    /// The rings that are claimed now.
    pub fn claimed_rings(&self) -> impl Iterator<Item = usize> {
        let (header, highest) = (self.header(), self.highest());
        let words = header
            .claimed
            .0
            .iter()
            .enumerate()
            .take(highest.div_ceil(64));
        words.flat_map(move |(word, bits)| {
            let bits = bits.load(Ordering::SeqCst);
            let ones = (0..64).filter(move |bit| bits >> bit & 1 == 1);
            ones.map(move |bit| word * 64 + bit)
                .filter(move |ring| *ring < highest)
        })
    }

    /// Gives an empty ring back. Only the reader does.
    pub fn release(&self, ring: usize) {
        let control = self.control(ring);
        control.retired.store(0, Ordering::Relaxed);
        // Nobody's, until the next writer says whose: see `Region::bury`.
        control.pid.store(0, Ordering::Relaxed);
        let header = self.header();
        header.claimed.0[ring / 64].fetch_and(!(1 << (ring % 64)), Ordering::SeqCst);
        header.freed.0.fetch_add(1, Ordering::SeqCst);
        if self.highest() == self.rings {
            wake(&header.freed.0);
        }
    }

    /// The calls made so far, by every thread.
    pub fn totals(&self) -> Vec<Total> {
        let highest = self.highest();
        let tallies: Vec<&Tally> = std::iter::once(&self.header().tally.0)
            .chain((0..highest).map(|ring| &self.control(ring).tally.0))
            .collect();
        let sum = |of: &dyn Fn(&Tally) -> &AtomicU64| -> u64 {
            tallies
                .iter()
                .map(|tally| of(tally).load(Ordering::Relaxed))
                .sum()
        };
        (0..ROWS)
            .map(|row| {
                (
                    CallId(row as u16),
                    sum(&|t| &t.calls[row]),
                    sum(&|t| &t.errors[row]),
                )
            })
            .filter(|(_, calls, _)| *calls > 0)
            .collect()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody holds a reference into it any more.
        unsafe { nix::libc::munmap(self.base.cast(), self.len) };
    }
}

/// Sleeps while `word` holds `value`, at most `most` (`man 2 futex`; not private, for writers may be
/// other processes).
pub(super) fn sleep_while(word: &AtomicU32, value: u32, most: Duration) {
    let limit = nix::libc::timespec {
        tv_sec: most.as_secs() as i64,
        tv_nsec: i64::from(most.subsec_nanos()),
    };
    // SAFETY: the word outlives the call; the time is ours.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_futex,
            word.as_ptr(),
            nix::libc::FUTEX_WAIT,
            value,
            std::ptr::from_ref(&limit),
        )
    };
}

/// Wakes whoever sleeps on `word`.
pub(super) fn wake(word: &AtomicU32) {
    // SAFETY: the word outlives the call.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_futex,
            word.as_ptr(),
            nix::libc::FUTEX_WAKE,
            i32::MAX,
        )
    };
}
