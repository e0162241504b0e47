//! What an idle connection costs: resident memory of `httpsys serve --io epoll` at rest, with 10 000 kept-alive
//! connections that have each had one answer, and after they have left; then 2 000 busy ones, none of which may
//! lose an answer.
//!
//! `cargo bench --bench idle`. Needs a limit of descriptors above 10 100 (`ulimit -Hn`); with less it takes what there
//! is and says so. Measured from `/proc/PID/status`; the kernel's own memory for a socket is not in it.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const IDLE: usize = 10_000;
const BUSY: usize = 2_000;
const ROUNDS: usize = 20;
const REQUEST: &[u8] = b"GET /hi HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
/// How long memory may take to be given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kilobytes that are resident.
fn resident(server: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()));
    let status = status.expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.expect("a number of kilobytes")
}

fn ask(stream: &mut TcpStream) {
    stream.write_all(REQUEST).expect("it reads");
    hear(stream);
}

fn hear(stream: &mut TcpStream) {
    let mut room = [0; 4096];
    let n = stream.read(&mut room).expect("it answers");
    assert!(room[..n].ends_with(b"\r\n\r\nHi"), "one whole answer");
}

fn main() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let room = usize::try_from(hard)
        .unwrap_or(usize::MAX)
        .saturating_sub(100);
    let (idle, busy) = (IDLE.min(room), BUSY.min(room));
    let mut server = Command::new(env!("CARGO_BIN_EXE_httpsys"))
        .args(["serve", "--listen", "127.0.0.1:0", "--io", "epoll"])
        .args(["--log", "off", "--timeout", "600", "--backlog", "4096"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("httpsys starts");
    let lines = BufReader::new(server.stderr.take().expect("it is a pipe")).lines();
    let mut urls = lines.map_while(Result::ok).filter_map(|line| {
        let url = line.strip_prefix("listening on http://")?;
        Some(url.trim_end_matches('/').to_owned())
    });
    let address = urls.next().expect("it says where it listens");
    let connect = || TcpStream::connect(&address).expect("it takes connections");
    ask(&mut connect());
    let rest = resident(&server);
    let mut streams = Vec::new();
    for _ in 0..idle {
        let mut stream = connect();
        ask(&mut stream);
        streams.push(stream);
    }
    let full = resident(&server);
    streams.clear();
    let begun = Instant::now();
    let mut after = resident(&server);
    while after > rest + (full - rest) / 10.0 && begun.elapsed() < PATIENCE {
        ask(&mut connect());
        after = resident(&server);
    }
    let each = (full - rest) * 1024.0 / idle as f64;
    println!(
        "at rest {rest} kB; {idle} idle: {full} kB, {each:.0} bytes each; after they left: {after} kB"
    );
    streams.extend((0..busy).map(|_| connect()));
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        for stream in &mut streams {
            stream.write_all(REQUEST).expect("it reads");
        }
        streams.iter_mut().for_each(hear);
    }
    let rate = (busy * ROUNDS) as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{busy} busy: {} answers, none lost, {rate:.0} a second",
        busy * ROUNDS
    );
    let _ = server.kill();
    let _ = server.wait();
}
