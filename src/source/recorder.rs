//! Carries our own calls' records off the hot path: one shared region, a ring for each thread, and
//! one reader that merges them into one order.
//!
//! In: what the probe of each serving thread is told. Out: `Raw` records, in an order that never shows
//! a descriptor taken before it was given back (drain.rs). A serving thread copies facts into memory
//! and does nothing else: no lock, no system call, no formatting; it wakes the reader only when that
//! sleeps, and waits only when its ring is full and nothing may be lost.
//!
//! `shared` is the memory, `ring` the writer's end, `drain` the reader's.

mod drain;
mod ring;
mod shared;

pub use drain::{Drain, Inside};

use crate::abi::calls::{self, CallId};
use crate::abi::flags;
use crate::event::capture::{self, Entry, Memory};
use crate::event::raw::{
    CALL_NAME, HEAD, NO_NUMBER, RawHead, SEGMENT_HEAD, kind, padded, part, write_segment,
};
use crate::kernel::probe::{RingStep, Total};
use crate::kernel::{Clock, Failure, Failures, Probe};
use ring::Writer;
use shared::{SLOT_WORDS, Shared, sleep_while, state};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::time::Duration;

/// What to do when a ring is full.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum OnFull {
    /// The serving thread waits: nothing is lost.
    #[default]
    Wait,
    /// The record is dropped and counted; a `lost` event says so.
    Drop,
}

/// Rings beyond one a thread: for threads that are ending while others begin.
const SPARE_RINGS: usize = 4;
/// Bytes of a ring where there are few of them, and where there are many.
const RING_OF_FEW: usize = 8 << 20;
const RING_OF_MANY: usize = 256 << 10;
/// Up to this many threads are few.
const FEW: usize = 8;
/// How long a thread sleeps at a time while no ring is free.
const RINGLESS_NAP: Duration = Duration::from_millis(5);

/// The shared memory.
#[derive(Debug)]
pub struct Region {
    shared: Shared,
    on_full: OnFull,
    clock: Clock,
    start: u64,
    failures: Failures,
    /// One more than the number of the call whose sleeper is asked for; 0 for none.
    asked: AtomicU32,
    only_when_asked: AtomicBool,
}

impl Region {
    /// Maps a region for at most `threads` threads at once (at least 1).
    ///
    /// # Errors
    /// What `mmap` said.
    pub fn new(threads: usize, on_full: OnFull, clock: Clock) -> io::Result<Arc<Region>> {
        let size = if threads <= FEW {
            RING_OF_FEW
        } else {
            RING_OF_MANY
        };
        Region::with_rings(
            threads.saturating_add(SPARE_RINGS),
            size,
            threads > 1,
            on_full,
            clock,
        )
    }

    fn with_rings(
        rings: usize,
        size: usize,
        many: bool,
        on_full: OnFull,
        clock: Clock,
    ) -> io::Result<Arc<Region>> {
        let shared = Shared::map(rings, size)?;
        shared
            .header()
            .fenced
            .store(u32::from(many), Ordering::SeqCst);
        Ok(Arc::new(Region {
            shared,
            on_full,
            clock,
            start: clock.stamp(),
            failures: Failures::default(),
            asked: AtomicU32::new(0),
            only_when_asked: AtomicBool::new(false),
        }))
    }

    /// The probe of the calling thread.
    pub fn probe(self: &Arc<Region>) -> Recorder {
        Recorder::new(self.clone(), Birth::Before)
    }

    /// When watching began, on the records' clock.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// From now on probes record nothing (the trace's stream has closed). They go on counting.
    pub fn stop(&self) {
        self.shared.header().stopped.store(1, Ordering::SeqCst);
    }

    /// From now on a writer makes no call before all its earlier ones were shown: it waits at the gate that
    /// stands before every call.
    pub fn step(&self) {
        self.shared.header().stepping.store(1, Ordering::SeqCst);
    }

    /// The gate stays open from now on.
    pub fn run(&self) {
        self.shared.header().stepping.store(0, Ordering::SeqCst);
        for ring in self.shared.claimed_rings() {
            shared::wake(&self.shared.control(ring).shown);
        }
    }

    /// Wakes the reader if it sleeps: for whoever has something else to tell it, such as the end.
    pub fn wake(&self) {
        let sleeping = &self.shared.header().sleeping.0;
        if sleeping.swap(0, Ordering::SeqCst) != 0 {
            shared::wake(sleeping);
        }
    }

    /// From now on the reader says that a call waits only when [`Region::ask`] asks: a script that makes a
    /// thread wait knows when it does, however busy the machine is.
    pub fn wait_to_be_asked(&self) {
        self.only_when_asked.store(true, Ordering::Release);
    }

    /// Asks the reader to say once that a thread waits in this call: now, or as soon as one does.
    pub fn ask(&self, call: CallId) {
        let number = number(call).wrapping_add(1);
        self.asked.store(number, Ordering::Release);
        self.wake();
    }

    /// A forked process has ended (`wait4` said so) and may not have come to an end of its own: its rings
    /// are given back once they are read. A record it died writing counts as lost. The call is returned that it
    /// died in, if any.
    pub fn bury(&self, pid: u32) -> Option<Inside> {
        let mut unfinished = None;
        for ring in self.shared.claimed_rings() {
            let control = self.shared.control(ring);
            let is_its = control.pid.load(Ordering::Relaxed) == pid;
            if !is_its || control.retired.load(Ordering::Acquire) != 0 {
                continue;
            }
            unfinished = unfinished.or(drain::inside(control));
            let seen = control.slot.state.load(Ordering::Acquire);
            let writing = seen & (state::STEP - 1) == state::EXITING;
            control
                .lost
                .fetch_add(u64::from(writing), Ordering::Relaxed);
            control
                .slot
                .state
                .store(seen & !(state::STEP - 1) | state::IDLE, Ordering::Release);
            control.retired.store(1, Ordering::Release);
        }
        self.wake();
        unfinished
    }

    /// The calls made so far by every thread, in the order of the call table.
    pub fn totals(&self) -> Vec<Total> {
        self.shared.totals()
    }

    #[inline]
    fn is_stopped(&self) -> bool {
        self.shared.header().stopped.load(Ordering::Relaxed) != 0
    }
}

/// The third probe: records every call into its thread's ring.
#[derive(Debug)]
pub struct Recorder {
    region: Arc<Region>,
    writer: Option<Writer>,
    entry: Entry,
    pid: u32,
    tid: u32,
    birth: Birth,
}

/// How a probe's thread or process came about, and so who tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Birth {
    /// It was there before watching began, and outlives it.
    Before,
    /// It began, and tells so itself.
    Own,
    /// It is a process, of which its parent's `clone` has told.
    Told,
}

impl Recorder {
    fn new(region: Arc<Region>, birth: Birth) -> Recorder {
        Recorder {
            region,
            writer: None,
            entry: Entry::default(),
            pid: 0,
            tid: 0,
            birth,
        }
    }

    /// The first call of this thread: finds a ring. False when there is none to be had.
    #[cold]
    fn begin(&mut self) -> bool {
        let Some(ring) = self.find_ring() else {
            return false;
        };
        // SAFETY: neither call takes an argument or can fail.
        (self.pid, self.tid) = unsafe { (nix::libc::getpid() as u32, nix::libc::gettid() as u32) };
        let writer = Writer::new(self.region.clone(), ring);
        writer.control().pid.store(self.pid, Ordering::Relaxed);
        writer.control().tid.store(self.tid, Ordering::Relaxed);
        self.writer = Some(writer);
        if self.birth == Birth::Own {
            let thread = u64::from(self.pid != self.tid);
            self.write_fact(kind::SPAWN, [u64::from(self.tid), thread, 0, 0, 0, 0]);
        }
        true
    }

    fn find_ring(&self) -> Option<usize> {
        let freed = &self.region.shared.header().freed.0;
        loop {
            let seen = freed.load(Ordering::SeqCst);
            let ring = self.region.shared.claim();
            if ring.is_some() || self.region.on_full == OnFull::Drop || self.region.is_stopped() {
                return ring;
            }
            sleep_while(freed, seen, RINGLESS_NAP);
        }
    }

    /// Writes a record that is no call: the thread's beginning or end.
    fn write_fact(&mut self, kind: u16, args: [u64; 6]) {
        let head = RawHead {
            kind,
            args,
            ..RawHead::default()
        };
        self.write_now(head, 0, |_, _| 0);
    }

    /// Writes a record of something that happens now, with up to `room` bytes of segments.
    fn write_now(
        &mut self,
        head: RawHead,
        room: usize,
        fill: impl FnOnce(&Entry, &mut [u8]) -> usize,
    ) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let (generation, fenced) = (
            writer.generation,
            writer.header().fenced.load(Ordering::Relaxed) != 0,
        );
        let slot = &writer.control().slot;
        // Its key is a clock reading like that of a close: announced before it is taken.
        slot.state
            .store(generation | state::ENTERING, Ordering::Relaxed);
        if fenced {
            fence(Ordering::SeqCst);
        }
        let stamp = self.region.clock.stamp();
        let head = RawHead {
            pid: self.pid,
            tid: self.tid,
            // An earlier beginning stays.
            enter: if head.enter == 0 { stamp } else { head.enter },
            exit: stamp,
            ..head
        };
        let entry = &self.entry;
        write(writer, head, room, |out| fill(entry, out));
        writer
            .control()
            .slot
            .state
            .store(generation | state::IDLE, Ordering::Release);
    }

    /// Tells the slot which call this is, for a reader who sees us inside it.
    #[inline]
    fn fill_slot(writer: &mut Writer, id: CallId, args: &[u64; 6], enter: u64, entry: &Entry) {
        let slot = &writer.control().slot;
        slot.enter.store(enter, Ordering::Relaxed);
        slot.nr.store(number(id), Ordering::Relaxed);
        for (place, arg) in slot.args.iter().zip(args) {
            place.store(*arg, Ordering::Relaxed);
        }
        let memory = entry.segments();
        let kept = if memory.len() <= 8 * SLOT_WORDS {
            memory.len()
        } else {
            0
        };
        for (place, word) in slot.memory.iter().zip(memory[..kept].as_chunks::<8>().0) {
            place.store(u64::from_ne_bytes(*word), Ordering::Relaxed);
        }
        slot.kept.store(kept as u32, Ordering::Relaxed);
    }
}

/// Writes a record with up to `room` bytes of segments, which `fill` provides.
#[inline]
fn write(
    writer: &mut Writer,
    mut head: RawHead,
    room: usize,
    fill: impl FnOnce(&mut [u8]) -> usize,
) {
    if writer.lost > 0 && !write_lost(writer, &head) {
        writer.lost += 1;
        return;
    }
    let Some(out) = writer.reserve(HEAD + room) else {
        writer.lost += 1;
        return;
    };
    let size = HEAD + fill(&mut out[HEAD..]);
    head.size = size as u32;
    head.write_to(out);
    if head.kind == kind::CALL {
        writer.count_call();
    }
    writer.publish(size);
}

/// Says in the ring how many records are missing before `next`; false when there is no room for that.
#[cold]
fn write_lost(writer: &mut Writer, next: &RawHead) -> bool {
    let lost = writer.lost;
    let Some(out) = writer.reserve(HEAD) else {
        return false;
    };
    let args = [lost, 0, 0, 0, 0, 0];
    let (size, kind, exit) = (HEAD as u32, kind::LOST, next.enter);
    RawHead {
        size,
        kind,
        nr: 0,
        marks: 0,
        ret: 0,
        aux: 0,
        args,
        exit,
        ..*next
    }
    .write_to(out);
    writer.publish(HEAD);
    writer.lost = 0;
    true
}

#[inline]
fn number(id: CallId) -> u32 {
    // A call that this CPU lacks was answered ENOSYS; no number is all ones.
    id.number().map_or(u32::MAX, u32::from)
}

impl Probe for Recorder {
    fn fork(&self) -> Recorder {
        Recorder::new(self.region.clone(), Birth::Own)
    }

    fn fork_process(&self) -> Recorder {
        Recorder::new(self.region.clone(), Birth::Told)
    }

    fn leave(&mut self, status: i32) {
        if self.birth != Birth::Before && !self.region.is_stopped() {
            self.write_fact(kind::EXIT, [status as u64, 0, 0, 0, 0, 0]);
        }
        if let Some(mut writer) = self.writer.take() {
            writer.retire();
        }
    }

    #[inline]
    fn before(&mut self, id: CallId, args: &[u64; 6]) -> u64 {
        if self.region.is_stopped() || (self.writer.is_none() && !self.begin()) {
            return 0;
        }
        let Some(writer) = &mut self.writer else {
            return 0;
        };
        if writer.header().stepping.load(Ordering::Relaxed) != 0 {
            writer.wait_at_gate();
        }
        capture::at_entry(id, args, &Own, &mut self.entry);
        writer.generation = writer.generation.wrapping_add(state::STEP);
        let generation = writer.generation;
        let slot = &writer.control().slot;
        if drain::begins_in_order(number(id)) {
            slot.state
                .store(generation | state::ENTERING, Ordering::Relaxed);
            if writer.header().fenced.load(Ordering::Relaxed) != 0 {
                fence(Ordering::SeqCst);
            }
        }
        // The slot may change only after everyone can see that its last call is over.
        fence(Ordering::Release);
        let enter = self.region.clock.stamp();
        Recorder::fill_slot(writer, id, args, enter, &self.entry);
        let slot = &writer.control().slot;
        slot.state
            .store(generation | state::IN_KERNEL, Ordering::Release);
        enter
    }

    #[inline]
    fn after(&mut self, id: CallId, args: &[u64; 6], ret: i64, enter: u64, marks: u16, aux: u64) {
        if id == calls::WAIT4 && ret > 0 {
            self.bury(ret as u32, args[1]);
        }
        let Recorder {
            region,
            writer: Some(writer),
            entry,
            pid,
            tid,
            ..
        } = self
        else {
            return self.after_without_ring(id, ret);
        };
        if id == calls::CLONE && ret == 0 {
            // In the child: the ring, and the slot with the call in it, are the parent's.
            return;
        }
        let control = writer.control();
        control.tally.0.count(id, ret);
        if ret < 0 {
            region.failures.add(id, ret);
        }
        if region.is_stopped() || enter == 0 {
            return;
        }
        let generation = writer.generation;
        control
            .slot
            .state
            .store(generation | state::EXITING, Ordering::Relaxed);
        if writer.header().fenced.load(Ordering::Relaxed) != 0 {
            fence(Ordering::SeqCst);
        }
        let exit = region.clock.stamp();
        let head = RawHead {
            size: 0,
            kind: kind::CALL,
            marks,
            nr: number(id),
            pid: *pid,
            tid: *tid,
            op: 0,
            args: *args,
            ret,
            enter,
            exit,
            aux,
        };
        if id == calls::CLONE && ret > 0 {
            // Before anything that the child does, and before its parent closes what it inherits.
            let thread = args[0] & nix::libc::CLONE_THREAD as u64 != 0;
            let born = RawHead {
                kind: kind::SPAWN,
                pid: *pid,
                tid: *tid,
                args: [ret as u64, u64::from(thread), 0, 0, 0, 0],
                enter,
                exit: enter,
                ..RawHead::default()
            };
            write(writer, born, 0, |_| 0);
        }
        let room = capture::room(id, args, ret, entry);
        write(writer, head, room, |out| {
            capture::at_exit(id, args, ret, entry, &Own, out)
        });
        writer
            .control()
            .slot
            .state
            .store(generation | state::IDLE, Ordering::Release);
    }

    fn ring(&mut self, step: &RingStep<'_>) {
        if self.region.is_stopped() || (self.writer.is_none() && !self.begin()) {
            return;
        }
        let head = RawHead {
            kind: match step.ret {
                None => kind::RING_IN,
                Some(_) => kind::RING_OUT,
            },
            marks: step.marks,
            nr: step.id.map_or(NO_NUMBER, number),
            op: u32::from(step.opcode),
            args: *step.args,
            ret: step.ret.unwrap_or(0),
            aux: step.aux,
            ..RawHead::default()
        };
        let (args, ret) = (step.args, step.ret);
        match (step.id, ret) {
            (Some(id), Some(ret)) => {
                capture::at_entry(id, args, &Own, &mut self.entry);
                let room = capture::room(id, args, ret, &self.entry);
                self.write_now(head, room, |entry, out| {
                    capture::at_exit(id, args, ret, entry, &Own, out)
                });
            }
            (Some(_), None) => self.write_now(head, 0, |_, _| 0),
            (None, _) => {
                let name = flags::IORING_OP
                    .name_of(u64::from(step.opcode))
                    .unwrap_or("an operation")
                    .as_bytes();
                let room = SEGMENT_HEAD + padded(name.len());
                self.write_now(head, room, |_, out| {
                    write_segment(out, CALL_NAME, part::FIRST, name)
                });
            }
        }
    }

    fn totals(&self) -> Option<Vec<Total>> {
        Some(self.region.totals())
    }

    fn failures_by_call(&self) -> Option<Vec<Failure>> {
        Some(self.region.failures.all())
    }
}

impl Recorder {
    /// A child has ended, and `wait4` has put at `status` how. Told before that call's own end: the death came
    /// first.
    #[cold]
    fn bury(&self, pid: u32, status: u64) {
        let mut bytes = [0; 4];
        if status != 0 {
            Own.read(status, &mut bytes);
        }
        let status = i32::from_ne_bytes(bytes);
        let unfinished = self.region.bury(pid);
        if nix::libc::WIFSIGNALED(status) {
            self.tell_of(pid, unfinished, nix::libc::WTERMSIG(status));
        }
    }

    /// A process was killed, maybe inside a call. Told from here: the dead cannot.
    fn tell_of(&self, pid: u32, unfinished: Option<Inside>, signal: i32) {
        let mut dead = Recorder::new(self.region.clone(), Birth::Before);
        (dead.pid, dead.tid) = (pid, pid);
        dead.writer = dead.find_ring().map(|ring| {
            let writer = Writer::new(self.region.clone(), ring);
            writer.control().pid.store(pid, Ordering::Relaxed);
            writer.control().tid.store(pid, Ordering::Relaxed);
            writer
        });
        if let Some(call) = unfinished {
            let memory = call.raw().memory.len();
            dead.write_now(call.without_result(), memory, |_, out| {
                out[..memory].copy_from_slice(call.raw().memory);
                memory
            });
        }
        dead.write_fact(kind::KILLED, [signal as u64, 0, 0, 0, 0, 0]);
    }

    /// A call of a thread that found no ring (with `OnFull::Drop`), or began after the end of watching.
    #[cold]
    fn after_without_ring(&self, id: CallId, ret: i64) {
        let header = self.region.shared.header();
        header.tally.0.count_shared(id, ret);
        if ret < 0 {
            self.region.failures.add(id, ret);
        }
        if !self.region.is_stopped() {
            header.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.leave(0);
    }
}

/// Our own memory, read where it is.
struct Own;

impl Memory for Own {
    #[inline]
    fn read(&self, address: u64, out: &mut [u8]) -> usize {
        // SAFETY: the address and length are those of a call that a function of `kernel/` makes with
        // memory it borrows until the probe has been told of the end.
        unsafe { std::ptr::copy_nonoverlapping(address as *const u8, out.as_mut_ptr(), out.len()) };
        out.len()
    }

    fn read_string(&self, address: u64, out: &mut [u8]) -> Option<usize> {
        // SAFETY: paths come from a `CStr`; nothing behind its NUL is read.
        let len = unsafe { nix::libc::strnlen(address as *const _, out.len()) };
        Some(self.read(address, &mut out[..len]))
    }
}

#[cfg(test)]
mod tests;
