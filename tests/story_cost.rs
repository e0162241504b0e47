//! What an event costs: nothing is allocated once a story and a view have seen one of each kind.
//! Run with `--release -- --nocapture` to read the times; they are printed, never judged.

mod story_events;

use httpsys::abi::{Fd, Pid};
use httpsys::event::call::{Call, Completed, Data, Outcome};
use httpsys::event::{Event, What};
use httpsys::view::View;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;
use story_events::{GET, Play, syscall, v4};

/// Counts allocations of the thread that asks.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as for `dealloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const HI: &[u8] =
    b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n\
    X-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n\r\nHi";

fn done(name: &str, call: Call<'static>, value: i64) -> What<'static> {
    What::Call(Completed {
        syscall: syscall(name, call),
        outcome: Outcome::Returned(value),
        dur: 900,
        injected: false,
        delayed: false,
        redacted: false,
        cut_from: None,
    })
}

fn received(bytes: &'static [u8]) -> What<'static> {
    let len = bytes.len() as u64;
    let data = Data::one(len, bytes);
    done(
        "read",
        Call::Receive {
            fd: Fd(4),
            asked: 8192,
            data,
            flags: 0,
        },
        len as i64,
    )
}

fn sent(bytes: &'static [u8]) -> What<'static> {
    let len = bytes.len() as u64;
    let data = Data::one(len, bytes);
    done(
        "write",
        Call::Send {
            fd: Fd(4),
            asked: len,
            data,
            flags: 0,
        },
        len as i64,
    )
}

fn event(t: u64, what: &What<'static>) -> Event<'static> {
    Event {
        seq: 1,
        t,
        pid: Pid(7),
        tid: Pid(7),
        what: what.clone(),
    }
}

/// Nanoseconds and allocations of each event, with and without the view.
fn measure(play: &mut Play, round: &[What<'static>], with_view: bool) -> (f64, f64) {
    let events: Vec<Event<'static>> = round.iter().map(|what| event(1_000_000, what)).collect();
    let rounds = if cfg!(debug_assertions) {
        2_000
    } else {
        50_000
    };
    let mut out = Vec::with_capacity(1 << 16);
    let mut play_rounds = |rounds: u32| {
        for _ in 0..rounds {
            for event in &events {
                let step = play.story.step(event);
                if with_view {
                    play.view.step(event, &step, &mut out);
                }
            }
            if out.len() > 1 << 15 {
                out.clear();
            }
        }
    };
    play_rounds(100);
    let (count, start) = (COUNT.with(Cell::get), Instant::now());
    play_rounds(rounds);
    let total = f64::from(rounds) * round.len() as f64;
    let allocations = (COUNT.with(Cell::get) - count) as f64;
    (
        start.elapsed().as_nanos() as f64 / total,
        allocations / total,
    )
}

fn report(name: &str, round: &[What<'static>]) {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    let (story, allocations) = measure(&mut play, round, false);
    let (both, more) = measure(&mut play, round, true);
    println!("{name}: story {story:.0} ns, with the compact view {both:.0} ns an event");
    assert_eq!(
        (allocations, more),
        (0.0, 0.0),
        "{name}: allocations an event"
    );
}

#[test]
fn a_kept_alive_connection_costs_no_allocation() {
    report("keep-alive", &[received(GET), sent(HI)]);
    let ready = Box::leak(Box::new([0u8; 16]));
    ready[0] = 1;
    ready[4] = 4;
    let ready = httpsys::event::call::Ready::new(&ready[..httpsys::event::call::EPOLL_EVENT]);
    let wait = Call::EpollWait {
        epoll: Fd(5),
        max: 64,
        timeout: -1,
        ready,
    };
    report(
        "keep-alive under epoll",
        &[done("epoll_pwait", wait, 1), received(GET), sent(HI)],
    );
    report(
        "a request in three pieces",
        &[
            received(&GET[..20]),
            received(&GET[20..50]),
            received(&GET[50..]),
            sent(HI),
        ],
    );
}

#[test]
fn a_connection_for_each_request_costs_no_allocation() {
    let accept = Call::Accept {
        fd: Fd(3),
        peer: Some(v4(40000)),
        flags: 0,
    };
    report(
        "connection: close",
        &[
            done("accept4", accept, 4),
            received(GET),
            sent(HI),
            done("close", Call::Close { fd: Fd(4) }, 0),
        ],
    );
}
