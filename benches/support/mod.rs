//! What the benchmarks with a server share: starting one, a client that asks on and on, and medians.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUND: Duration = Duration::from_millis(400);
const CONNECTIONS: usize = 32;
const REQUEST: &[u8] = b"GET /hi HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

/// Runs a command that will print `listening on http://…/`, and connects to it.
pub fn start(mut command: Command) -> (Child, Vec<TcpStream>) {
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it is a pipe")).lines();
    let address = loop {
        let line = lines.next().expect("it says where it listens");
        let line = line.expect("a line of text");
        if let Some(url) = line.strip_prefix("listening on http://") {
            break url.trim_end_matches('/').to_owned();
        }
    };
    // What else it says is read, so that it never waits for room.
    std::thread::spawn(move || lines.for_each(drop));
    let connect = |_| TcpStream::connect(&address).expect("it takes connections");
    (child, (0..CONNECTIONS).map(connect).collect())
}

/// Asks on every connection for a while, again as soon as all are answered; how many answers came.
pub fn ask(connections: &mut [TcpStream]) -> u32 {
    let (begun, mut answers, mut room) = (Instant::now(), 0, [0; 4096]);
    while begun.elapsed() < ROUND {
        for connection in &mut *connections {
            connection.write_all(REQUEST).expect("it reads");
        }
        for connection in &mut *connections {
            let n = connection.read(&mut room).expect("it answers");
            assert!(room[..n].ends_with(b"\r\n\r\nHi"), "one whole answer");
            answers += 1;
        }
    }
    answers
}

/// The one in the middle.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
