//! The writer's end of a ring: one thread writes, the reader follows.
//!
//! ```text
//!        tail                     head
//!  ......|record|record|record|...|......
//!         ^ the reader's next       ^ the writer's next
//! ```
//! Records stand in one piece; where one does not fit before the end, a mark says "go on at the
//! beginning". Bytes between `tail` and `head` belong to the reader, all others to the writer.

use super::shared::{Control, Header, sleep_while, state};
use super::{OnFull, Region};
use crate::event::raw::{HEAD, kind};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

/// How long a writer sleeps at a time while the ring is full: a missed waking costs no more.
const CROWDED_NAP: Duration = Duration::from_millis(1);

/// The same at the gate.
const GATE_NAP: Duration = Duration::from_millis(20);

/// A claimed ring, as its writer sees it.
#[derive(Debug)]
pub(super) struct Writer {
    /// Keeps the memory behind the pointers.
    region: Arc<Region>,
    control: *const Control,
    header: *const Header,
    bytes: *mut u8,
    /// Bytes of the ring, a power of two.
    size: usize,
    /// Where this writer has come to; `Control::head` lags behind until `publish`.
    head: u64,
    /// Where the reader had come to when we last looked.
    tail: u64,
    /// Counts the calls, in steps of `state::STEP`.
    pub generation: u64,
    /// Records lost since the last one that found room.
    pub lost: u64,
    /// How many calls the reader will have shown once it has shown all of ours.
    made: u32,
}

// SAFETY: the pointers are into the region, which this value keeps alive; only one thread writes at a time
// because the value has one owner.
unsafe impl Send for Writer {}

impl Writer {
    /// Takes over a ring that was claimed.
    pub fn new(region: Arc<Region>, ring: usize) -> Writer {
        let control = region.shared.control(ring);
        let head = control.head.0.load(Ordering::Acquire);
        let generation = control.slot.state.load(Ordering::Relaxed) & !(state::STEP - 1);
        let made = control.shown.load(Ordering::Acquire);
        let control = std::ptr::from_ref(control);
        let header = std::ptr::from_ref(region.shared.header());
        let (bytes, size) = (region.shared.bytes(ring), region.shared.ring_size);
        Writer {
            region,
            control,
            header,
            bytes,
            size,
            head,
            tail: head,
            generation,
            lost: 0,
            made,
        }
    }

    #[inline]
    pub fn control(&self) -> &Control {
        // SAFETY: it came from a reference into the region, which outlives this value.
        unsafe { &*self.control }
    }

    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: as for `control`.
        unsafe { &*self.header }
    }

    /// Room for `need` bytes in one piece (half a ring at most), or `None` when the ring is full and
    /// nobody waits. The bytes are the caller's until [`Writer::publish`].
    #[inline]
    pub fn reserve(&mut self, need: usize) -> Option<&mut [u8]> {
        let size = self.size;
        // Half a ring always fits, whatever must be skipped at the end; capture cuts to what it is given.
        let need = need.min(size / 2);
        let offset = self.head as usize & (size - 1);
        let to_end = size - offset;
        let skip = if need > to_end { to_end } else { 0 };
        let used_then = self.head + (skip + need) as u64 - self.tail;
        if used_then > size as u64 && !self.make_room(skip + need) {
            return None;
        }
        if skip > 0 {
            let mut mark = [0; 8];
            mark[..4].copy_from_slice(&(skip as u32).to_ne_bytes());
            mark[4..6].copy_from_slice(&kind::WRAP.to_ne_bytes());
            self.free_bytes(offset, 8).copy_from_slice(&mark);
            self.head += skip as u64;
            return Some(self.free_bytes(0, need));
        }
        Some(self.free_bytes(offset, need))
    }

    /// Bytes between head and tail, which are the writer's.
    #[inline]
    fn free_bytes(&mut self, offset: usize, len: usize) -> &mut [u8] {
        // SAFETY: `offset + len` is at most the ring's size, and `reserve` has made sure that the reader
        // is done with these bytes and does not look at them before they are published.
        unsafe { std::slice::from_raw_parts_mut(self.bytes.add(offset), len) }
    }

    /// The ring looked full: looks again, and waits if that is the rule.
    #[cold]
    fn make_room(&mut self, need: usize) -> bool {
        let size = self.size as u64;
        loop {
            self.tail = self.control().tail.0.load(Ordering::Acquire);
            if self.head + need as u64 - self.tail <= size {
                return true;
            }
            if self.region.on_full == OnFull::Drop || self.region.is_stopped() {
                return false;
            }
            self.wake_reader();
            let control = self.control();
            control.crowded.store(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if control.tail.0.load(Ordering::Relaxed) == self.tail {
                sleep_while(&control.crowded, 1, CROWDED_NAP);
            }
        }
    }

    /// Hands the last `len` reserved bytes to the reader.
    #[inline]
    pub fn publish(&mut self, len: usize) {
        debug_assert!(len.is_multiple_of(8) && len >= HEAD);
        self.head += len as u64;
        self.control().head.0.store(self.head, Ordering::Release);
        if self.header().sleeping.0.load(Ordering::Relaxed) != 0 {
            self.wake_reader();
        }
    }

    /// One more call is in the ring.
    #[inline]
    pub fn count_call(&mut self) {
        self.made = self.made.wrapping_add(1);
    }

    /// The gate: waits until all our calls were shown, for as long as events are looked at one by one.
    #[cold]
    pub fn wait_at_gate(&self) {
        loop {
            let control = self.control();
            let shown = control.shown.load(Ordering::Acquire);
            let open = self.header().stepping.load(Ordering::Acquire) == 0;
            if shown == self.made || open || self.region.is_stopped() {
                return;
            }
            self.wake_reader();
            sleep_while(&control.shown, shown, GATE_NAP);
        }
    }

    /// Rare: while there is traffic the reader looks by itself.
    #[cold]
    fn wake_reader(&self) {
        self.region.wake();
    }

    /// The thread is done: the reader gives the ring back when it has read it.
    pub fn retire(&mut self) {
        self.control().lost.store(self.lost, Ordering::Relaxed);
        self.control().retired.store(1, Ordering::Release);
        self.wake_reader();
    }
}
