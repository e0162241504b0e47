//! The recorder under load and at its edges: order, loss, full rings, threads that come and go.

use super::*;
use crate::abi::Fd;
use crate::event::raw::Raw;
use crate::kernel::Kernel;
use std::collections::{HashMap, HashSet};
use std::ffi::CStr;

/// What a test keeps of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    kind: u16,
    tid: u32,
    nr: u32,
    args: [u64; 6],
    ret: i64,
    key: u64,
    data: Vec<u8>,
}

fn seen(raw: &Raw<'_>) -> Seen {
    let head = raw.head;
    let close = head.kind == kind::CALL && head.nr == number(calls::CLOSE);
    let key = if close { head.enter } else { head.exit };
    let data = raw.segment(1, 0).map_or(Vec::new(), |s| s.bytes.to_vec());
    Seen {
        kind: head.kind,
        tid: head.tid,
        nr: head.nr,
        args: head.args,
        ret: head.ret,
        key,
        data,
    }
}

fn drain_all(drain: &mut Drain) -> Vec<Seen> {
    let mut all = Vec::new();
    drain.poll(true, &mut |raw| all.push(seen(raw)));
    all
}

/// Runs `work` in `threads` threads, each with a probe of its own, while the calling thread drains.
fn run(region: &Arc<Region>, threads: usize, work: fn(&mut Kernel<Recorder>, usize)) -> Vec<Seen> {
    let first = Kernel::new(region.probe());
    let mut drain = Drain::new(region.clone()).without_waiting();
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let mut kernel = first.fork();
                scope.spawn(move || {
                    work(&mut kernel, number);
                    drop(kernel);
                })
            })
            .collect();
        while !workers.iter().all(|worker| worker.is_finished()) {
            drain.poll(false, &mut |raw| all.push(seen(raw)));
            std::thread::yield_now();
        }
    });
    drain.poll(true, &mut |raw| all.push(seen(raw)));
    all
}

const ROUNDS: usize = 1500;
const CALLS_A_ROUND: usize = 6;

/// Takes and gives back descriptors, and moves bytes that say who moved them.
fn mix(kernel: &mut Kernel<Recorder>, thread: usize) {
    let null = kernel
        .openat(Fd(-100), c"/dev/null", nix::libc::O_WRONLY, 0)
        .unwrap();
    for round in 0..ROUNDS {
        let socket = kernel.socket(1, 1, 0).unwrap();
        let epoll = kernel.epoll_create1(0).unwrap();
        let text = format!("{thread} {round}");
        kernel.write(null, text.as_bytes()).unwrap();
        kernel.close(socket).unwrap();
        assert!(kernel.read(Fd(-1), &mut []).is_err());
        kernel.close(epoll).unwrap();
    }
    kernel.close(null).unwrap();
}

fn takes_a_descriptor(record: &Seen) -> bool {
    let ids = [calls::SOCKET, calls::EPOLL_CREATE1, calls::OPENAT];
    ids.iter().any(|id| number(*id) == record.nr)
}

/// Checks everything the order promises for a run of `mix`.
fn check_mix(all: &[Seen], threads: usize) {
    let made: Vec<&Seen> = all
        .iter()
        .filter(|record| record.kind == kind::CALL)
        .collect();
    assert_eq!(
        made.len(),
        threads * (ROUNDS * CALLS_A_ROUND + 2),
        "nothing is lost"
    );
    let mut last = 0;
    let mut open = HashSet::new();
    let mut texts: HashMap<u32, Vec<String>> = HashMap::new();
    for record in made {
        assert!(record.key >= last, "keys never decrease");
        last = record.key;
        if takes_a_descriptor(record) {
            assert!(
                open.insert(record.ret as u64),
                "fd {} is taken before it is free",
                record.ret
            );
        } else if record.nr == number(calls::CLOSE) {
            assert!(
                open.remove(&record.args[0]),
                "fd {} is closed before it is taken",
                record.args[0]
            );
        } else if record.nr == number(calls::WRITE) {
            let text = String::from_utf8(record.data.clone()).unwrap();
            texts.entry(record.tid).or_default().push(text);
        }
    }
    assert!(open.is_empty());
    assert_eq!(texts.len(), threads);
    for texts in texts.values() {
        let who = texts[0].split(' ').next().unwrap().to_owned();
        let expected: Vec<String> = (0..ROUNDS).map(|round| format!("{who} {round}")).collect();
        assert_eq!(
            texts, &expected,
            "each thread's records are in its own order"
        );
    }
}

#[test]
fn eight_threads_give_one_order_in_which_no_descriptor_is_taken_before_it_is_free() {
    let region = Region::new(8, OnFull::Wait, Clock::Real).unwrap();
    let all = run(&region, 8, mix);
    check_mix(&all, 8);
    for kind in [kind::SPAWN, kind::EXIT] {
        assert_eq!(all.iter().filter(|record| record.kind == kind).count(), 8);
    }
    let totals = region.totals();
    let count = |id| {
        totals
            .iter()
            .find(|(call, ..)| *call == id)
            .map(|(_, calls, errors)| (*calls, *errors))
    };
    assert_eq!(count(calls::CLOSE), Some((8 * (2 * ROUNDS as u64 + 1), 0)));
    assert_eq!(
        count(calls::READ),
        Some((8 * ROUNDS as u64, 8 * ROUNDS as u64))
    );
}

#[test]
fn the_order_holds_in_rings_so_small_that_they_are_always_full() {
    let region = Region::with_rings(8, 4096, true, OnFull::Wait, Clock::Real).unwrap();
    check_mix(&run(&region, 8, mix), 8);
}

#[test]
fn the_order_holds_on_the_canonical_clock() {
    let region = Region::with_rings(4, 1 << 16, true, OnFull::Wait, Clock::Canonical).unwrap();
    check_mix(&run(&region, 4, mix), 4);
}

#[test]
fn threads_that_come_and_go_share_few_rings_and_lose_nothing() {
    let region = Region::with_rings(3, 1 << 16, true, OnFull::Wait, Clock::Real).unwrap();
    let all = run(&region, 20, |kernel, _| {
        for _ in 0..50 {
            assert!(kernel.close(Fd(-1)).is_err());
        }
    });
    let count = |kind| all.iter().filter(|record| record.kind == kind).count();
    assert_eq!(
        (count(kind::SPAWN), count(kind::CALL), count(kind::EXIT)),
        (20, 1000, 20)
    );
    assert_eq!(region.totals(), [(calls::CLOSE, 1000, 1000)]);
}

#[test]
fn a_full_ring_that_may_drop_says_where_and_how_many() {
    let region = Region::with_rings(1, 4096, false, OnFull::Drop, Clock::Real).unwrap();
    let mut kernel = Kernel::new(region.probe());
    let mut drain = Drain::new(region.clone());
    for fd in 0..100 {
        let _ = kernel.fcntl(Fd(-1), fd, 0);
    }
    let first = drain_all(&mut drain);
    let kept = first.len();
    assert!(kept > 30 && kept < 100, "{kept} of 100 fit");
    assert!(
        first
            .iter()
            .enumerate()
            .all(|(place, record)| record.args[1] == place as u64)
    );
    let _ = kernel.fcntl(Fd(-1), 100, 0);
    let then = drain_all(&mut drain);
    assert_eq!(then.len(), 2);
    assert_eq!(
        (then[0].kind, then[0].args[0]),
        (kind::LOST, 100 - kept as u64)
    );
    assert_eq!((then[1].kind, then[1].args[1]), (kind::CALL, 100));
}

#[test]
fn what_a_thread_lost_last_is_said_when_its_ring_is_given_back() {
    let region = Region::with_rings(1, 4096, false, OnFull::Drop, Clock::Real).unwrap();
    let mut kernel = Kernel::new(region.probe());
    for _ in 0..100 {
        let _ = kernel.close(Fd(-1));
    }
    drop(kernel);
    let all = drain_all(&mut Drain::new(region.clone()));
    let (last, calls) = all.split_last().unwrap();
    assert_eq!(
        (last.kind, last.args[0] as usize + calls.len()),
        (kind::LOST, 100)
    );
}

#[test]
fn a_thread_without_a_ring_is_counted_as_lost_when_it_may_not_wait() {
    let region = Region::with_rings(1, 4096, false, OnFull::Drop, Clock::Real).unwrap();
    let mut first = Kernel::new(region.probe());
    let mut second = first.fork();
    let _ = first.close(Fd(-1));
    let _ = second.close(Fd(-1));
    let all = drain_all(&mut Drain::new(region.clone()));
    assert_eq!(
        all.iter().map(|r| r.kind).collect::<Vec<_>>(),
        [kind::CALL, kind::LOST]
    );
    assert_eq!(region.totals(), [(calls::CLOSE, 2, 2)]);
}

#[test]
fn after_stop_nothing_is_recorded_nobody_waits_and_calls_still_count() {
    let region = Region::with_rings(1, 4096, false, OnFull::Wait, Clock::Real).unwrap();
    let mut kernel = Kernel::new(region.probe());
    let mut ringless = kernel.fork();
    let _ = kernel.close(Fd(-1));
    region.stop();
    for _ in 0..100 {
        let _ = kernel.close(Fd(-1));
    }
    let _ = ringless.close(Fd(-1));
    assert_eq!(drain_all(&mut Drain::new(region.clone())).len(), 1);
    assert_eq!(region.totals(), [(calls::CLOSE, 102, 102)]);
}

#[test]
fn stop_lets_go_a_writer_that_waits_for_room() {
    let region = Region::with_rings(1, 4096, false, OnFull::Wait, Clock::Real).unwrap();
    let mut kernel = Kernel::new(region.probe());
    let writer = std::thread::spawn(move || {
        for _ in 0..100 {
            let _ = kernel.close(Fd(-1));
        }
    });
    while region
        .totals()
        .first()
        .is_none_or(|(_, calls, _)| *calls < 20)
    {
        std::thread::yield_now();
    }
    assert!(
        !writer.is_finished(),
        "100 records do not fit, and nobody reads"
    );
    region.stop();
    writer.join().unwrap();
}

/// A pipe of which only the read end's waiting is of interest.
fn pipe() -> (Fd, Fd) {
    let mut ends = [0; 2];
    // SAFETY: the array holds the two numbers that pipe writes.
    assert_eq!(unsafe { nix::libc::pipe(ends.as_mut_ptr()) }, 0);
    (Fd(ends[0]), Fd(ends[1]))
}

#[test]
fn a_call_that_waits_is_told_once_while_it_waits_and_again_when_it_ends() {
    let region = Region::new(2, OnFull::Wait, Clock::Real).unwrap();
    let (read_end, write_end) = pipe();
    let mut kernel = Kernel::new(region.probe());
    let reader = std::thread::spawn(move || {
        let mut buf = [0; 10];
        kernel.read(read_end, &mut buf).unwrap()
    });
    let mut drain = Drain::new(region.clone());
    let mut all = Vec::new();
    while all.is_empty() {
        drain.poll(false, &mut |raw| all.push(seen(raw)));
        drain.wait();
    }
    assert_eq!((all[0].kind, all[0].nr), (kind::ENTER, number(calls::READ)));
    assert_eq!((all[0].args[0], all[0].args[2]), (read_end.0 as u64, 10));
    for _ in 0..8 {
        drain.wait();
        assert_eq!(drain.poll(false, &mut |_| ()), 0, "it is told once");
    }
    let mut pending = Vec::new();
    assert_eq!(drain.pending(&mut |raw| pending.push(seen(raw))), 1);
    assert_eq!(pending, all);

    let mut own = Kernel::new(crate::kernel::NoProbe);
    own.write(write_end, b"hello").unwrap();
    assert_eq!(reader.join().unwrap(), 5);
    let ended = drain_all(&mut drain);
    assert_eq!((ended[0].kind, ended[0].ret), (kind::CALL, 5));
    assert_eq!(ended[0].data, b"hello");
    assert_eq!(drain.pending(&mut |_| ()), 0);
    own.close(read_end).unwrap();
    own.close(write_end).unwrap();
}

#[test]
fn a_sleeping_reader_is_woken_by_the_first_record() {
    let region = Region::new(1, OnFull::Wait, Clock::Real).unwrap();
    let mut drain = Drain::new(region.clone());
    for _ in 0..20 {
        drain.poll(false, &mut |_| ());
        drain.empty_looks = 100;
        let mut kernel = Kernel::new(region.probe());
        let writer = std::thread::spawn(move || kernel.close(Fd(-1)).is_err());
        let mut count = 0;
        while count == 0 {
            drain.wait();
            count = drain.poll(false, &mut |_| ());
        }
        assert!(writer.join().unwrap());
        assert_eq!(count, 1);
    }
}

#[test]
fn records_keep_what_moved_and_long_data_is_cut_with_its_true_length() {
    let region = Region::new(1, OnFull::Wait, Clock::Real).unwrap();
    let mut kernel = Kernel::new(region.probe());
    let null = kernel
        .openat(Fd(-100), c"/dev/null", nix::libc::O_WRONLY, 0)
        .unwrap();
    let long = vec![b'x'; 100_000];
    for _ in 0..20 {
        assert_eq!(kernel.write(null, &long), Ok(100_000));
    }
    kernel.close(null).unwrap();
    let mut drain = Drain::new(region.clone());
    let mut lengths = Vec::new();
    let mut path = Vec::new();
    drain.poll(true, &mut |raw| {
        if raw.head.nr == number(calls::OPENAT) {
            path = raw.segment(1, 0).unwrap().bytes.to_vec();
        } else if let Some(segment) = raw.segment(1, 0) {
            lengths.push((segment.len, segment.bytes.len()));
        }
    });
    assert_eq!(
        CStr::from_bytes_until_nul(&[&path[..], &[0]].concat()).unwrap(),
        c"/dev/null"
    );
    assert_eq!(lengths.len(), 20);
    assert!(
        lengths
            .iter()
            .all(|lengths| *lengths == (100_000, crate::event::raw::KEEP))
    );
}

#[test]
fn step_by_step_no_call_is_made_before_the_one_before_it_was_shown() {
    const CALLS: usize = 200;
    let region = Region::with_rings(2, 1 << 16, true, OnFull::Wait, Clock::Real).unwrap();
    let mut first = Kernel::new(region.probe());
    // What was recorded before stepping began is shown, too, before the next call.
    let _ = first.close(Fd(-1));
    region.step();
    let made = std::sync::atomic::AtomicUsize::new(0);
    let mut drain = Drain::new(region.clone()).without_waiting();
    let mut shown = 0;
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            for _ in 0..CALLS {
                let _ = first.close(Fd(-1));
                made.fetch_add(1, Ordering::SeqCst);
            }
        });
        while shown <= CALLS {
            drain.poll(false, &mut |raw| {
                if raw.head.kind == kind::CALL {
                    // It is at the gate before the next call, or on its way to it.
                    assert!(made.load(Ordering::SeqCst) <= shown);
                    shown += 1;
                }
            });
        }
        worker.join().expect("it does not panic");
    });
    assert_eq!(shown, CALLS + 1);
}

#[test]
fn whoever_waits_at_the_gate_goes_on_when_stepping_ends() {
    let region = Region::with_rings(2, 1 << 16, true, OnFull::Wait, Clock::Real).unwrap();
    region.step();
    let mut kernel = Kernel::new(region.probe());
    let _ = kernel.close(Fd(-1));
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            for _ in 0..10 {
                let _ = kernel.close(Fd(-1));
            }
        });
        region.run();
        worker
            .join()
            .expect("nobody showed anything, and it went on");
    });
}
