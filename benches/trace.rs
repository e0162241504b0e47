//! What tracing another program costs it, beside strace with the same set of calls: requests per second,
//! untraced, under `strace -f --seccomp-bpf`, and under `httpsys trace` in two views; alternating rounds,
//! medians, each as a share of the untraced rate and as a multiple of strace's.
//!
//! `cargo bench --bench trace`. The traced program is `httpsys serve --io epoll`; the client is this
//! process, a few kept-alive connections. Twice: all on any CPU, and tracer and program on one CPU
//! (`taskset -c 0`), where a stop costs no interrupt from one CPU to another. Then, how long it takes until a traced
//! program is there. Needs strace and taskset.
//! (Client and server share the machine: read the ratios, not the rates.)

mod support;

use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use support::median;

const ROUNDS: usize = 5;
const STARTS: usize = 21;
const HTTPSYS: &str = env!("CARGO_BIN_EXE_httpsys");
const SET: &str =
    "trace=%network,read,write,readv,writev,sendfile,close,epoll_wait,epoll_pwait,epoll_ctl";

/// A name, and the words before the traced command.
const WAYS: [(&str, &[&str]); 5] = [
    ("not traced", &[]),
    (
        "strace --seccomp-bpf",
        &[
            "strace",
            "-f",
            "--seccomp-bpf",
            "-e",
            SET,
            "-o",
            "/dev/null",
        ],
    ),
    (
        "trace, strace view",
        &[
            HTTPSYS,
            "trace",
            "-e",
            SET,
            "--view",
            "strace",
            "-o",
            "/dev/null",
            "--",
        ],
    ),
    (
        "trace, compact view",
        &[HTTPSYS, "trace", "-o", "/dev/null", "--"],
    ),
    (
        "the same, --one-cpu",
        &[HTTPSYS, "trace", "--one-cpu", "-o", "/dev/null", "--"],
    ),
];

struct Server {
    child: Child,
    connections: Vec<TcpStream>,
}

impl Server {
    fn start(place: &[&str], tracer: &[&str]) -> Server {
        let serve = [
            HTTPSYS,
            "serve",
            "-l",
            "127.0.0.1:0",
            "--io",
            "epoll",
            "--log",
            "off",
        ];
        let words = [place, tracer, &serve].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        let (child, connections) = support::start(command);
        Server { child, connections }
    }

    /// Asks for a while; returns requests per second.
    fn round(&mut self) -> f64 {
        let begun = Instant::now();
        let answers = support::ask(&mut self.connections);
        f64::from(answers) / begun.elapsed().as_secs_f64()
    }
}

impl Drop for Server {
    /// The server is the tracer's only child, or the process itself: it ends first.
    fn drop(&mut self) {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let served = children.unwrap_or_default();
        let server = served
            .split_whitespace()
            .next()
            .and_then(|id| id.parse().ok());
        let pid = nix::unistd::Pid::from_raw(server.unwrap_or(id as i32));
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn compare(title: &str, place: &[&str]) {
    let start = |(_, tracer): &(&str, &[&str])| Server::start(place, tracer);
    let mut servers: Vec<Server> = WAYS.iter().map(start).collect();
    let mut rates = WAYS.map(|_| Vec::new());
    let mut shares = WAYS.map(|_| (Vec::new(), Vec::new()));
    for round in 0..=ROUNDS {
        let seen: Vec<f64> = servers.iter_mut().map(Server::round).collect();
        // The first round warms up.
        for (way, rate) in seen.iter().enumerate().filter(|_| round > 0) {
            rates[way].push(*rate);
            shares[way].0.push(rate / seen[0]);
            shares[way].1.push(rate / seen[1]);
        }
    }
    println!("{title:22} requests/s   x not traced   x strace");
    for (way, (name, _)) in WAYS.iter().enumerate() {
        let (of_none, of_strace) = (median(&mut shares[way].0), median(&mut shares[way].1));
        let rate = median(&mut rates[way]);
        println!("{name:22} {rate:10.0} {of_none:14.2} {of_strace:10.2}");
    }
}

/// From the start of the tracer until the program says what time it is, in milliseconds.
fn ready((_, tracer): &(&str, &[&str])) -> f64 {
    let words = [tracer, &["date", "+%s%N"][..]].concat();
    let begun = SystemTime::now().duration_since(UNIX_EPOCH);
    let output = Command::new(words[0]).args(&words[1..]).output();
    let told = String::from_utf8(output.expect("it starts").stdout).expect("digits");
    let there: u128 = told.trim().parse().expect("a time");
    let begun = begun.expect("it is later than 1970").as_nanos();
    there.saturating_sub(begun) as f64 / 1e6
}

fn compare_ready() {
    let mut times = WAYS.map(|_| Vec::new());
    for _ in 0..STARTS {
        for (way, times) in WAYS.iter().zip(&mut times) {
            times.push(ready(way));
        }
    }
    println!("{:22} ms until `date` asks the time", "from its start");
    for ((name, _), times) in WAYS.iter().zip(&mut times) {
        println!("{name:22} {:10.1}", median(times));
    }
}

fn main() {
    let has = |name: &str| Command::new(name).arg("--version").output().is_ok();
    for peer in ["strace", "taskset"] {
        if !has(peer) {
            return println!("skipped: {peer} not found");
        }
    }
    compare("on any CPU", &[]);
    compare("on one CPU", &["taskset", "-c", "0"]);
    compare_ready();
}
