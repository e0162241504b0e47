//! The heap while processes are made: nobody may be in the middle of it when the process is copied.
//!
//! `clone` copies all memory and only one thread. If another thread holds the allocator's lock at that
//! moment, the copy has a lock that nobody will ever release, and the child sleeps at its first
//! allocation (`man 3 pthread_atfork`, NOTES). C's `fork` takes those locks first; a `clone` by number
//! does not. So all allocations of this program pass here ([`Heap`]): once a server has said that it makes
//! processes, they are counted, and [`still`] waits until none is under way.
//!
//! For everybody else this costs one load of a flag that never changes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Some thread of this process makes processes.
static COUNTED: AtomicBool = AtomicBool::new(false);
/// Threads inside the allocator.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// A process is being made: stay outside.
static HELD: AtomicBool = AtomicBool::new(false);

/// From now on allocations are counted: call this before the first [`still`].
pub fn count() {
    COUNTED.store(true, Ordering::SeqCst);
}

/// Runs `work` while no thread is inside the allocator. `work` must not allocate.
pub fn still<T>(work: impl FnOnce() -> T) -> T {
    while HELD.swap(true, Ordering::SeqCst) {
        std::thread::yield_now();
    }
    while INSIDE.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    let done = work();
    // In the child this is the copy of the flag, which nobody else will clear.
    HELD.store(false, Ordering::SeqCst);
    done
}

#[cold]
fn enter() {
    loop {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        if !HELD.load(Ordering::SeqCst) {
            return;
        }
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        std::thread::yield_now();
    }
}

#[inline]
fn through<T>(work: impl FnOnce() -> T) -> T {
    if !COUNTED.load(Ordering::Relaxed) {
        return work();
    }
    enter();
    let done = work();
    INSIDE.fetch_sub(1, Ordering::SeqCst);
    done
}

/// The system's allocator behind the counter: `main.rs` makes it the program's.
#[derive(Clone, Copy, Default, Debug)]
pub struct Heap;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of `GlobalAlloc::alloc`.
        through(|| unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as for `alloc`.
        through(|| unsafe { System.dealloc(pointer, layout) });
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for `alloc`.
        through(|| unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as for `alloc`.
        through(|| unsafe { System.realloc(pointer, layout, size) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn while_the_heap_is_still_nobody_is_inside_it_and_then_all_go_on() {
        count();
        let rounds = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while rounds.load(Ordering::Relaxed) < 200 {
                        through(|| drop(std::hint::black_box(vec![1u8; 100])));
                    }
                });
            }
            for _ in 0..200 {
                let inside = still(|| INSIDE.load(Ordering::SeqCst));
                // A thread that has just counted itself sees the flag and leaves again at once.
                assert!(inside <= 16, "{inside}");
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}
