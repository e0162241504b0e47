//! What a probe costs: a bounded loop of reads and writes with no probe, with counts and with the
//! recorder, in alternating rounds; medians, in nanoseconds a call and as a share of the bare loop.
//!
//! `cargo bench --bench recorder`. The reader polls in a thread of its own, as under `serve --trace`,
//! and formats nothing.

use httpsys::kernel::{Clock, Counts, Fd, Kernel, NoProbe, Probe};
use httpsys::source::recorder::{Drain, OnFull, Region};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const ROUNDS: usize = 15;
const CALLS: usize = 100_000;
/// Bytes moved by each call: a small request.
const BYTES: usize = 80;

/// Half reads, half writes, on files that make the calls as cheap as calls get.
fn round<P: Probe>(kernel: &mut Kernel<P>, zero: Fd, null: Fd) -> f64 {
    let mut buf = [0; BYTES];
    let begun = Instant::now();
    for _ in 0..CALLS / 2 {
        kernel.read(zero, &mut buf).expect("/dev/zero always gives");
        kernel.write(null, &buf).expect("/dev/null always takes");
    }
    begun.elapsed().as_nanos() as f64 / CALLS as f64
}

/// Reads a region until its writers have ended; returns how many records there were.
fn read(region: &Arc<Region>, over: &AtomicBool) -> usize {
    let mut drain = Drain::new(region.clone()).without_waiting();
    let mut events = 0;
    loop {
        let last = over.load(Ordering::Acquire);
        events += drain.poll(last, &mut |raw| {
            std::hint::black_box(raw.head.exit);
        });
        if last {
            return events;
        }
        drain.wait();
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let mut bare = Kernel::new(NoProbe);
    let zero = bare
        .openat(Fd(-100), c"/dev/zero", 0, 0)
        .expect("/dev/zero is there");
    let null = bare
        .openat(Fd(-100), c"/dev/null", 1, 0)
        .expect("/dev/null is there");
    let mut counts = Kernel::new(Counts::new());
    let one = Region::new(1, OnFull::Wait, Clock::Real).expect("memory for a region");
    let many = Region::new(4, OnFull::Wait, Clock::Real).expect("memory for a region");
    let (mut alone, mut fenced) = (Kernel::new(one.probe()), Kernel::new(many.probe()));

    let over = AtomicBool::new(false);
    let mut events = 0;
    let mut times = [const { Vec::new() }; 4];
    std::thread::scope(|scope| {
        let over = &over;
        let readers = [&one, &many].map(|region| scope.spawn(move || read(region, over)));
        for _ in 0..ROUNDS {
            times[0].push(round(&mut bare, zero, null));
            times[1].push(round(&mut counts, zero, null));
            times[2].push(round(&mut alone, zero, null));
            times[3].push(round(&mut fenced, zero, null));
        }
        over.store(true, Ordering::Release);
        events = readers
            .map(|reader| reader.join().expect("it does not panic"))
            .iter()
            .sum();
    });
    assert_eq!(events, 2 * ROUNDS * CALLS, "every call is recorded");

    let base = median(&mut times[0]);
    println!("{base:8.1} ns a call without a probe");
    let names = ["counts", "recorder, one thread", "recorder, one of several"];
    for (name, times) in names.iter().zip(&mut times[1..]) {
        let time = median(times);
        println!(
            "{:8.1} ns more with {name} ({:.3} of the speed)",
            time - base,
            base / time
        );
    }
}
