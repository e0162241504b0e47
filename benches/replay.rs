//! What replaying costs: a recording of many events through the summary (`-c`), the compact view and the JSON view
//! (which writes the recording again), in events per second of CPU time, alternating rounds, medians; each beside what
//! it costs to parse the same lines with serde_json and do nothing with them.
//!
//! `cargo bench --bench replay`; `EVENTS=5000000 cargo bench --bench replay` for more than a million. The recording is of
//! real traffic (`httpsys serve --io epoll --trace=json`), the same run again and again with times and numbers that go on;
//! it needs 320 bytes an event in the temporary folder. Why serde_json: nothing else reads recordings with system calls
//! in them and says what they mean; parsing the lines is the part that any reader has to do, and that is the parser
//! most would take. `wc -l` says what the disk and the kernel cost alone.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const EVENTS: u64 = 1_000_000;
const REQUESTS: usize = 50_000;
const CONNECTIONS: usize = 32;
const REQUEST: &[u8] = b"GET /hi HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: bench\r\n\r\n";
const HTTPSYS: &str = env!("CARGO_BIN_EXE_httpsys");

/// CPU time of the children that were waited for, and the most memory that one of them had, in KiB.
fn children() -> (Duration, i64) {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    let time =
        |t: nix::sys::time::TimeVal| Duration::new(t.tv_sec() as u64, t.tv_usec() as u32 * 1000);
    (
        time(usage.user_time()) + time(usage.system_time()),
        usage.max_rss(),
    )
}

/// CPU time of this process.
fn own() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("the kernel counts");
    Duration::new(now.tv_sec() as u64, now.tv_nsec() as u32)
}

/// Serves [`REQUESTS`] requests and records them.
fn record(file: &Path) {
    let most = REQUESTS.to_string();
    let mut server = Command::new(HTTPSYS)
        .args([
            "serve",
            "-l",
            "127.0.0.1:0",
            "--io",
            "epoll",
            "--log",
            "off",
        ])
        .args(["--max-requests", &most, "--trace=json", "-o"])
        .arg(file)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(server.stderr.take().expect("piped")).lines();
    let line = lines.next().expect("it says where").expect("text");
    let address = line
        .split('/')
        .nth(2)
        .expect("listening on http://HOST:PORT/");
    let mut connections: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(address).expect("it listens"))
        .collect();
    let mut answer = [0; 1024];
    let mut left = REQUESTS;
    while left > 0 {
        let now = left.min(CONNECTIONS);
        for connection in &mut connections[..now] {
            connection.write_all(REQUEST).expect("it reads");
        }
        for connection in &mut connections[..now] {
            let got = connection.read(&mut answer).expect("it answers");
            assert!(answer[..got].starts_with(b"HTTP/1.1 200"));
        }
        left -= now;
    }
    drop(connections);
    server.wait().expect("it ends after so many requests");
}

/// The run again and again, until there are so many events; returns how many there are.
fn repeat(run: &Path, file: &Path, events: u64) -> u64 {
    let text = std::fs::read_to_string(run).expect("a recording is text");
    let mut lines = text.lines();
    let start = lines.next().expect("a recording has a first line");
    let calls: Vec<&str> = lines.filter(|line| line.starts_with(CALL)).collect();
    let (_, last, _) = numbers(calls[calls.len() - 1]);
    let mut out = BufWriter::new(File::create(file).expect("room for a file"));
    writeln!(out, "{start}").expect("room for a file");
    let mut seq = 0;
    for again in 0.. {
        for line in &calls {
            if seq == events {
                out.flush().expect("room for a file");
                return seq;
            }
            seq += 1;
            let (_, t, rest) = numbers(line);
            let t = t + again * last;
            writeln!(out, "{CALL}{seq},\"t\":{t}{rest}").expect("room for a file");
        }
    }
    unreachable!("it counts on until there are enough")
}

const CALL: &str = r#"{"type":"call","seq":"#;

/// The number and time of a call, and what follows them.
fn numbers(line: &str) -> (u64, u64, &str) {
    let rest = &line[CALL.len()..];
    let (seq, rest) = rest.split_once(",\"t\":").expect("seq, then t");
    let (t, _) = rest.split_once(',').expect("more follows");
    let whole = |text: &str| text.parse().expect("a number");
    (whole(seq), whole(t), &rest[t.len()..])
}

/// Seconds of CPU time of a child.
fn run(words: &[&str], file: &Path) -> f64 {
    let (before, _) = children();
    let status = Command::new(words[0])
        .args(&words[1..])
        .arg(file)
        .stdout(Stdio::null())
        .status()
        .expect("it starts");
    assert!(status.success(), "{words:?}: {status}");
    (children().0 - before).as_secs_f64()
}

/// Seconds of CPU time to parse every line.
fn parse(file: &Path) -> f64 {
    let before = own();
    let mut reader = BufReader::with_capacity(256 << 10, File::open(file).expect("it is there"));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).expect("it is read") > 0 {
        let value: serde_json::Value = serde_json::from_slice(&line).expect("it is JSON");
        std::hint::black_box(&value);
        line.clear();
    }
    (own() - before).as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let wanted = std::env::var("EVENTS")
        .ok()
        .and_then(|text| text.parse().ok());
    let folder = std::env::temp_dir().join(format!("httpsys-bench-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a temporary folder");
    let (once, file) = (folder.join("run.jsonl"), folder.join("many.jsonl"));
    record(&once);
    let events = repeat(&once, &file, wanted.unwrap_or(EVENTS));
    let size = std::fs::metadata(&file).map_or(0, |file| file.len());
    let ways: [(&str, &[&str]); 4] = [
        ("wc -l", &["wc", "-l"]),
        ("replay -c", &[HTTPSYS, "replay", "-c"]),
        (
            "replay, compact view",
            &[HTTPSYS, "replay", "-o", "/dev/null"],
        ),
        (
            "replay, JSON view",
            &[HTTPSYS, "replay", "--view", "json", "-o", "/dev/null"],
        ),
    ];
    let begun = Instant::now();
    let mut times = vec![Vec::new(); ways.len() + 1];
    for _ in 0..ROUNDS {
        for (way, times) in ways.iter().zip(&mut times) {
            times.push(run(way.1, &file));
        }
        times[ways.len()].push(parse(&file));
    }
    let mut times: Vec<f64> = times.into_iter().map(median).collect();
    let peer = times.pop().unwrap_or_default();
    println!(
        "{events} events, {} MB, {ROUNDS} rounds in {:.0} s",
        size / 1_000_000,
        begun.elapsed().as_secs_f64()
    );
    let rate = |time: f64| events as f64 / time / 1e6;
    println!(
        "{:24} {:6.2} M events/s",
        "serde_json, parse only",
        rate(peer)
    );
    for ((name, _), time) in ways.iter().zip(times) {
        println!(
            "{name:24} {:6.2} M events/s  {:6.2} of serde_json",
            rate(time),
            peer / time
        );
    }
    println!("at most {} MiB resident", children().1 >> 10);
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
