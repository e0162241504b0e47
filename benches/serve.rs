//! What watching costs a server: requests per second of CPU time, not watched, only recorded, and shown in
//! two views written to a file; alternating rounds, medians, and each as a share of the first.
//!
//! `cargo bench --bench serve`. The servers are `httpsys serve --io epoll` on free ports of the loopback
//! interface. CPU time is that of the whole server process, its trace thread included; the client is this
//! process: a few kept-alive connections that each ask for `/hi` again as soon as they are answered.
//! (Client and server share the machine: read the ratios, not the rates.)

mod support;

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use support::median;

const ROUNDS: usize = 7;

/// How a server is watched: a name, its flags, and whether its trace goes to a file.
const WAYS: [(&str, &[&str]); 4] = [
    ("not watched", &[]),
    ("summary only (-c)", &["--trace", "-c"]),
    ("strace view", &["--trace=strace"]),
    ("compact view", &["--trace=compact"]),
];

struct Server {
    child: Child,
    trace: PathBuf,
    connections: Vec<TcpStream>,
}

impl Server {
    fn start(flags: &[&str], trace: PathBuf) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpsys"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--io", "epoll"]);
        command.args(["--log", "off"]).args(flags);
        if !flags.is_empty() {
            command.arg("-o").arg(&trace);
        }
        let (child, connections) = support::start(command);
        Server {
            child,
            trace,
            connections,
        }
    }

    /// Nanoseconds of CPU time that its threads have had (`man 5 proc`, schedstat).
    fn cpu(&self) -> f64 {
        let tasks = format!("/proc/{}/task", self.child.id());
        let threads = std::fs::read_dir(tasks).expect("it runs");
        threads
            .filter_map(|thread| on_cpu(&thread.ok()?.path().join("schedstat")))
            .sum()
    }

    /// Asks for a while; returns requests per second of CPU time.
    fn round(&mut self) -> f64 {
        let cpu = self.cpu();
        let answers = support::ask(&mut self.connections);
        f64::from(answers) / (self.cpu() - cpu) * 1e9
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.trace);
    }
}

fn on_cpu(schedstat: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(schedstat).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn main() {
    let trace = |way| std::env::temp_dir().join(format!("httpsys-{}-{way}", std::process::id()));
    let start = |(way, (_, flags)): (usize, &(&str, &[&str]))| Server::start(flags, trace(way));
    let mut servers: Vec<Server> = WAYS.iter().enumerate().map(start).collect();
    let (mut rates, mut shares) = (WAYS.map(|_| Vec::new()), WAYS.map(|_| Vec::new()));
    for round in 0..=ROUNDS {
        let seen: Vec<f64> = servers.iter_mut().map(Server::round).collect();
        // The first round warms up.
        for (way, rate) in seen.iter().enumerate().filter(|_| round > 0) {
            rates[way].push(*rate);
            shares[way].push(rate / seen[0]);
        }
    }
    println!("                     requests a CPU second   share");
    for (way, (name, _)) in WAYS.iter().enumerate() {
        let (rate, share) = (median(&mut rates[way]), median(&mut shares[way]));
        println!("{name:18} {rate:24.0}    {share:.2}");
    }
}
