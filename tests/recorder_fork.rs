//! The recorder's memory is shared with forked processes, and outlives them.

// A test fails by panicking; helpers here are part of the tests.
#![allow(clippy::unwrap_used)]

use httpsys::abi::calls;
use httpsys::event::raw::{RawHead, kind};
use httpsys::kernel::{Clock, Fd, Kernel, Probe};
use httpsys::source::recorder::{Drain, OnFull, Recorder, Region};
use std::sync::Arc;

/// Runs `work` in a forked process that ends at once afterwards; gives its id once it has ended.
fn in_a_child(kernel: &Kernel<Recorder>, work: fn(Kernel<Recorder>)) -> u32 {
    let childs = kernel.fork();
    // SAFETY: the child makes system calls and ends without returning into the test.
    let pid = unsafe { nix::libc::fork() };
    if pid == 0 {
        work(childs);
        // SAFETY: ends the child; nothing runs after it.
        unsafe { nix::libc::_exit(0) };
    }
    // SAFETY: waits for the child that was just made; no status is asked for.
    let ended = unsafe { nix::libc::waitpid(pid, std::ptr::null_mut(), 0) };
    assert_eq!(ended, pid);
    // The child's copy of this probe is used up; ours has never been used and owns nothing.
    drop(childs);
    pid as u32
}

fn drain_all(region: &Arc<Region>) -> Vec<RawHead> {
    let mut all = Vec::new();
    Drain::new(region.clone()).poll(true, &mut |raw| all.push(raw.head));
    all
}

fn closes(mut kernel: Kernel<Recorder>, times: usize) -> Kernel<Recorder> {
    for _ in 0..times {
        assert!(kernel.close(Fd(-1)).is_err());
    }
    kernel
}

#[test]
fn what_a_forked_process_did_is_read_after_its_end_and_its_ring_is_used_again() {
    let region = Region::new(1, OnFull::Wait, Clock::Real).unwrap();
    let kernel = Kernel::new(region.probe());

    let pid = in_a_child(&kernel, |kernel| drop(closes(kernel, 3)));
    let heads = drain_all(&region);
    let kinds: Vec<u16> = heads.iter().map(|head| head.kind).collect();
    assert_eq!(
        kinds,
        [kind::SPAWN, kind::CALL, kind::CALL, kind::CALL, kind::EXIT]
    );
    assert!(heads.iter().all(|head| head.pid == pid && head.tid == pid));
    assert_eq!(
        heads[0].args[..2],
        [u64::from(pid), 0],
        "a process, not a thread"
    );

    let killed = in_a_child(&kernel, |kernel| std::mem::forget(closes(kernel, 2)));
    region.bury(killed);
    let heads = drain_all(&region);
    assert_eq!(
        heads.len(),
        3,
        "its beginning and two calls, but no end of its own"
    );
    assert!(heads.iter().all(|head| head.pid == killed));

    // Five rings and more children than that: each ring must come back.
    for _ in 0..10 {
        let pid = in_a_child(&kernel, |kernel| std::mem::forget(closes(kernel, 1)));
        region.bury(pid);
        assert_eq!(drain_all(&region).len(), 2);
    }
    assert_eq!(kernel.probe.totals(), Some(vec![(calls::CLOSE, 15, 15)]));
}

#[test]
fn memory_for_the_most_threads_can_be_mapped() {
    let region = Region::new(16_384, OnFull::Wait, Clock::Real).unwrap();
    drop(closes(Kernel::new(region.probe()), 2));
    assert_eq!(drain_all(&region).len(), 2);
}
