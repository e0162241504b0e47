//! The reader's end: merges all rings into one order.
//!
//! A record's place in the order is its *key*: the time its call ended, except for `close`, whose key
//! is the time it began. A descriptor's number is given back at the beginning of `close` and taken at
//! the end of `accept4`, `socket`, `openat`: in this order no number is taken before it is free. That a
//! process began has the time at which its parent's `clone` did: nothing that it does comes before.
//!
//! A record may be handed over once no other thread can still come with a smaller key. So each look
//! begins with the time `now`, and then asks each thread what it is doing:
//!
//! | the thread is | its next key will be |
//! |---|---|
//! | idle, or inside a call | after `now`: it announces itself before it reads the clock |
//! | inside `close` or `clone` | when that began |
//! | announced, about to read the clock | not before its current call began |
//!
//! Announcing is a store, a fence and then the clock; looking is the clock, a fence and then a load: one
//! of the two must see the other. What is not certain yet waits for the next look.

use super::shared::{Control, SLOT_WORDS, Slot, sleep_while, state, wake};
use super::{Region, calls, number};
use crate::abi::calls::CallId;
use crate::event::raw::{HEAD, Raw, RawHead, kind, mark};
use crate::kernel::clock::real;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

/// How long a thread must be inside a call before it is said to wait.
const WAITS_AFTER: Duration = Duration::from_millis(2);
/// How long to sleep between looks while there is traffic. Each look interrupts whoever serves on the same
/// CPU; nobody sees two milliseconds on a screen.
const NAP: Duration = Duration::from_millis(2);
/// With more rings than this, naps are longer in proportion.
const RINGS_A_NAP: usize = 512;
/// Looks without a record before the reader sleeps until it is woken.
const EMPTY_LOOKS: u32 = 6;
/// The longest sleep, should a waking be missed.
const SLEEP: Duration = Duration::from_millis(50);
/// How often to look again at a thread that is just reading the clock.
const SPINS: usize = 100;

/// What the reader remembers of a ring.
#[derive(Debug, Default)]
struct Follow {
    /// Where it has come to.
    position: u64,
    /// Up to where records were published when it last looked.
    published: u64,
    /// The call the thread was inside at the last look, and since when (real time).
    inside: Option<(u64, u64)>,
    /// The call that was already said to wait.
    told: u64,
}

/// The one reader of a region.
#[derive(Debug)]
pub struct Drain {
    region: Arc<Region>,
    rings: Vec<Follow>,
    /// The rings that are claimed, as of the last look.
    active: Vec<usize>,
    order: BinaryHeap<Reverse<(u64, usize)>>,
    lost_seen: u64,
    pub(super) empty_looks: u32,
    tells_waiting: bool,
    waits_after: u64,
}

impl Drain {
    /// The reader of `region`. There must be only one.
    pub fn new(region: Arc<Region>) -> Drain {
        Drain {
            region,
            rings: Vec::new(),
            active: Vec::new(),
            order: BinaryHeap::new(),
            lost_seen: 0,
            empty_looks: 0,
            tells_waiting: true,
            waits_after: WAITS_AFTER.as_nanos() as u64,
        }
    }

    /// Says nothing of calls that have begun (`kind::ENTER`), only of those that ended: whether a call
    /// waits long enough to be seen waiting depends on the machine.
    pub fn without_waiting(mut self) -> Drain {
        self.tells_waiting = false;
        self
    }

    /// Says that a call waits only after so long: longer than any machine takes for what happens without
    /// waiting, so that what is said does not depend on the machine.
    pub fn waits_after(mut self, time: Duration) -> Drain {
        self.waits_after = time.as_nanos() as u64;
        self
    }

    /// Hands over every record that is certain to be next in order; returns how many. With `last`
    /// (the writers have ended), every record there is.
    pub fn poll(&mut self, last: bool, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        let limit = self.look(last);
        let mut count = self.merge(limit, each);
        count += self.tell_lost(each);
        if self.tells_waiting && !last {
            count += self.tell_waiting(each);
        }
        count += self.give_back(each);
        self.empty_looks = if count > 0 {
            0
        } else {
            self.empty_looks.saturating_add(1)
        };
        count
    }

    /// Hands over an enter record for each thread that is still inside a call; for the end of a
    /// recording. Returns how many.
    pub fn pending(&mut self, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        self.look(true);
        let calls: Vec<_> = self
            .active
            .iter()
            .filter_map(|ring| inside(self.region.shared.control(*ring)))
            .collect();
        for call in &calls {
            each(&call.raw());
        }
        calls.len()
    }

    /// Sleeps until there may be something: a nap while there is traffic, else until a writer
    /// wakes it (at most 50 ms).
    pub fn wait(&mut self) {
        let is_asked = self.region.asked.load(Ordering::Acquire) != 0;
        if self.empty_looks < EMPTY_LOOKS || is_asked {
            // Looking at many rings takes a while; looking all the time would starve those who fill them.
            let naps = 1 + self.active.len() / RINGS_A_NAP;
            return std::thread::sleep(NAP * naps as u32);
        }
        let sleeping = &self.region.shared.header().sleeping.0;
        sleeping.store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !self.has_news() {
            sleep_while(sleeping, 1, SLEEP);
        }
        sleeping.store(0, Ordering::SeqCst);
    }

    /// Whether any ring has more than we have read.
    fn has_news(&self) -> bool {
        let shared = &self.region.shared;
        (0..shared.highest()).any(|ring| {
            let read = self.rings.get(ring).map(|follow| follow.position);
            read != Some(shared.control(ring).head.0.load(Ordering::Acquire))
        })
    }

    /// Looks at every claimed ring; returns the time before which all records are known.
    fn look(&mut self, last: bool) -> u64 {
        let now = if last {
            u64::MAX
        } else {
            self.region.clock.peek()
        };
        fence(Ordering::SeqCst);
        self.find_active();
        let shared = &self.region.shared;
        let mut limit = now;
        for ring in &self.active {
            let control = shared.control(*ring);
            let follow = &mut self.rings[*ring];
            // State before head: a record that is not in `published` has a key the state speaks for.
            limit = limit.min(next_key(&control.slot));
            fence(Ordering::Acquire);
            follow.published = control.head.0.load(Ordering::Acquire);
        }
        if last { u64::MAX } else { limit }
    }

    fn find_active(&mut self) {
        self.active.clear();
        self.active.extend(self.region.shared.claimed_rings());
        for ring in self.rings.len()..self.region.shared.highest() {
            let tail = &self.region.shared.control(ring).tail.0;
            let position = tail.load(Ordering::Relaxed);
            self.rings.push(Follow {
                position,
                ..Follow::default()
            });
        }
    }

    /// Hands over all records whose key is below `limit`, smallest first.
    fn merge(&mut self, limit: u64, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        let mut count = 0;
        self.order.clear();
        for index in 0..self.active.len() {
            self.queue(self.active[index]);
        }
        while let Some(Reverse((key, ring))) = self.order.pop() {
            if key >= limit {
                break;
            }
            // The same ring goes on for as long as no other has a smaller key.
            let until = self
                .order
                .peek()
                .map_or(limit, |Reverse((other, _))| limit.min(*other));
            let mut next = self.next(ring);
            while let Some((head, _)) = next {
                self.hand_over(ring, head, each);
                count += 1;
                next = self.next(ring).filter(|(_, key)| *key < until);
            }
            self.set_tail(ring);
            self.queue(ring);
        }
        count
    }

    fn queue(&mut self, ring: usize) {
        if let Some((_, key)) = self.next(ring) {
            self.order.push(Reverse((key, ring)));
        }
    }

    /// The next record's head and its key, if one is published; steps over a mark at the end.
    fn next(&mut self, ring: usize) -> Option<(RawHead, u64)> {
        loop {
            let bytes = self.bytes(ring);
            let (size, kind) = match bytes {
                [] => return None,
                [a, b, c, d, e, f, ..] => (
                    u32::from_ne_bytes([*a, *b, *c, *d]),
                    u16::from_ne_bytes([*e, *f]),
                ),
                _ => (0, kind::WRAP),
            };
            if kind == kind::WRAP && size > 0 {
                self.rings[ring].position += u64::from(size);
                continue;
            }
            match RawHead::from_bytes(bytes).filter(|head| fits(head, bytes)) {
                Some(head) => return Some((head, key(&head))),
                None => self.skip_torn(ring),
            }
        }
    }

    /// What is published of a ring and not read, up to the ring's end.
    fn bytes(&self, ring: usize) -> &[u8] {
        let follow = &self.rings[ring];
        let size = self.region.shared.ring_size;
        let offset = follow.position as usize & (size - 1);
        let len = (follow.published.saturating_sub(follow.position) as usize).min(size - offset);
        // SAFETY: the bytes lie within the ring; they were published by the writer, which does not touch
        // them again before `tail` has passed them.
        unsafe { std::slice::from_raw_parts(self.region.shared.bytes(ring).add(offset), len) }
    }

    /// A record that cannot be one (its writer died): the rest of what was published is lost.
    fn skip_torn(&mut self, ring: usize) {
        let follow = &mut self.rings[ring];
        follow.position = follow.published;
        self.region
            .shared
            .control(ring)
            .lost
            .fetch_add(1, Ordering::Relaxed);
    }

    /// Hands over the next record, whose head was read.
    fn hand_over(&mut self, ring: usize, head: RawHead, each: &mut dyn FnMut(&Raw<'_>)) {
        let size = head.size as usize;
        each(&Raw {
            head,
            memory: &self.bytes(ring)[HEAD..size],
        });
        if head.kind == kind::CALL {
            self.open_gate(ring);
        }
        let follow = &mut self.rings[ring];
        follow.position += size as u64;
        let tail = self
            .region
            .shared
            .control(ring)
            .tail
            .0
            .load(Ordering::Relaxed);
        if follow.position - tail > self.region.shared.ring_size as u64 / 8 {
            self.set_tail(ring);
        }
    }

    /// A call was shown: its writer may make the next one.
    fn open_gate(&self, ring: usize) {
        let shared = &self.region.shared;
        let shown = &shared.control(ring).shown;
        // Nobody else writes it.
        let count = shown.load(Ordering::Relaxed).wrapping_add(1);
        shown.store(count, Ordering::Release);
        if shared.header().stepping.load(Ordering::Relaxed) != 0 {
            wake(shown);
        }
    }

    /// Gives what was read back to the writer.
    fn set_tail(&self, ring: usize) {
        let control = self.region.shared.control(ring);
        control
            .tail
            .0
            .store(self.rings[ring].position, Ordering::Release);
        fence(Ordering::SeqCst);
        if control.crowded.load(Ordering::Relaxed) != 0 {
            control.crowded.store(0, Ordering::Relaxed);
            wake(&control.crowded);
        }
    }

    /// Records lost by threads that found no ring.
    fn tell_lost(&mut self, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        let lost = self.region.shared.header().lost.load(Ordering::Relaxed);
        let news = lost - self.lost_seen;
        self.lost_seen = lost;
        if news > 0 {
            each(&lost_record(news, self.region.clock.peek(), 0, 0));
        }
        usize::from(news > 0)
    }

    /// Threads that have been inside a call for a while, with nothing of theirs left to hand over.
    fn tell_waiting(&mut self, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        let mut count = 0;
        let time = real();
        let asked = self.region.asked.load(Ordering::Acquire);
        let only_when_asked = self.region.only_when_asked.load(Ordering::Acquire);
        let waits_after = match only_when_asked {
            true => WAITS_AFTER.as_nanos() as u64,
            false => self.waits_after,
        };
        for ring in &self.active {
            let control = self.region.shared.control(*ring);
            let follow = &mut self.rings[*ring];
            let Some(call) = inside(control).filter(|call| call.can_wait()) else {
                follow.inside = None;
                continue;
            };
            let since = match follow.inside {
                Some((state, since)) if state == call.state => since,
                _ => time,
            };
            follow.inside = Some((call.state, since));
            let caught_up = control.head.0.load(Ordering::Acquire) == follow.position;
            let wanted = !only_when_asked || asked == call.head.nr.wrapping_add(1);
            if wanted && caught_up && follow.told != call.state && time - since >= waits_after {
                follow.told = call.state;
                self.region.asked.store(0, Ordering::Release);
                each(&call.raw());
                count += 1;
            }
        }
        count
    }

    /// Rings whose writers are done go back to the pool once they are empty.
    fn give_back(&mut self, each: &mut dyn FnMut(&Raw<'_>)) -> usize {
        let mut count = 0;
        for ring in &self.active {
            let control = self.region.shared.control(*ring);
            if control.retired.load(Ordering::Acquire) == 0
                || control.head.0.load(Ordering::Acquire) != self.rings[*ring].position
            {
                continue;
            }
            let lost = control.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let (pid, tid) = ids(control);
                each(&lost_record(lost, self.region.clock.peek(), pid, tid));
                count += 1;
            }
            self.region.shared.release(*ring);
        }
        count
    }
}

fn ids(control: &Control) -> (u32, u32) {
    (
        control.pid.load(Ordering::Relaxed),
        control.tid.load(Ordering::Relaxed),
    )
}

fn lost_record(lost: u64, time: u64, pid: u32, tid: u32) -> Raw<'static> {
    let head = RawHead {
        size: HEAD as u32,
        kind: kind::LOST,
        pid,
        tid,
        args: [lost, 0, 0, 0, 0, 0],
        enter: time,
        exit: time,
        ..RawHead::default()
    };
    Raw { head, memory: &[] }
}

fn fits(head: &RawHead, bytes: &[u8]) -> bool {
    let size = head.size as usize;
    size >= HEAD && size <= bytes.len() && size.is_multiple_of(8)
}

/// A record's place in the order.
fn key(head: &RawHead) -> u64 {
    if head.kind == kind::CALL && head.nr == number(calls::CLOSE) {
        head.enter
    } else {
        head.exit
    }
}

/// Whether a call's record, or one that goes with it, has its place in the order by when it began.
#[inline]
pub(super) fn begins_in_order(nr: u32) -> bool {
    nr == number(calls::CLOSE) || nr == number(calls::CLONE)
}

/// The smallest key that the record which a thread publishes next can have.
fn next_key(slot: &Slot) -> u64 {
    for _ in 0..SPINS {
        match slot.state.load(Ordering::Acquire) & (state::STEP - 1) {
            state::IDLE => return u64::MAX,
            state::IN_KERNEL if !begins_in_order(slot.nr.load(Ordering::Relaxed)) => {
                return u64::MAX;
            }
            state::IN_KERNEL => return slot.enter.load(Ordering::Relaxed),
            // It is about to read the clock, or has just done so: a matter of nanoseconds, if it runs.
            _ => std::hint::spin_loop(),
        }
    }
    slot.enter.load(Ordering::Relaxed)
}

/// A call that a thread is inside of.
#[derive(Debug)]
pub struct Inside {
    state: u64,
    head: RawHead,
    memory: [u8; 8 * SLOT_WORDS],
}

impl Inside {
    fn can_wait(&self) -> bool {
        CallId::from_number(u64::from(self.head.nr)).is_some_and(|call| call.signature().waits)
    }

    /// The head of its record, if nobody comes back from it.
    pub(super) fn without_result(&self) -> RawHead {
        RawHead {
            size: 0,
            kind: kind::CALL,
            marks: mark::NO_RESULT,
            ..self.head
        }
    }

    /// That it has begun.
    pub(super) fn raw(&self) -> Raw<'_> {
        Raw {
            head: self.head,
            memory: &self.memory[..self.head.size as usize - HEAD],
        }
    }
}

/// Reads a slot; `None` when the thread is not inside a call, or leaves it while we read.
pub(super) fn inside(control: &Control) -> Option<Inside> {
    let slot = &control.slot;
    let before = slot.state.load(Ordering::Acquire);
    if before & (state::STEP - 1) != state::IN_KERNEL {
        return None;
    }
    let mut memory = [0; 8 * SLOT_WORDS];
    for (bytes, word) in memory.as_chunks_mut::<8>().0.iter_mut().zip(&slot.memory) {
        *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
    }
    let kept = (slot.kept.load(Ordering::Relaxed) as usize).min(memory.len());
    let enter = slot.enter.load(Ordering::Relaxed);
    let (pid, tid) = ids(control);
    let head = RawHead {
        size: (HEAD + kept) as u32,
        kind: kind::ENTER,
        nr: slot.nr.load(Ordering::Relaxed),
        pid,
        tid,
        args: std::array::from_fn(|place| slot.args[place].load(Ordering::Relaxed)),
        enter,
        exit: enter,
        ..RawHead::default()
    };
    fence(Ordering::Acquire);
    let after = slot.state.load(Ordering::Relaxed);
    (after == before).then_some(Inside {
        state: before,
        head,
        memory,
    })
}
