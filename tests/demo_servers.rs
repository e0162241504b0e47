//! The servers of the articles do what their articles say, bugs included.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::PATIENCE;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Where cargo puts examples: beside the program.
fn example(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_httpsys"));
    let path = program.with_file_name("examples").join(name);
    if !path.exists() {
        // `cargo test --test demo_servers` alone does not build them.
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--examples"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "examples build");
    }
    path
}

struct Running {
    child: Child,
    port: u16,
}

impl Running {
    /// Starts it on ports that the kernel chooses, and waits until it listens.
    fn start(name: &str) -> Running {
        let child = Command::new(example(name))
            .args(["0", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Running { child, port: 0 };
        let everywhere = if name.starts_with("checkpoint") {
            "0100007F"
        } else {
            "00000000"
        };
        running.port = running.listener(everywhere);
        running
    }

    /// The port of its listener at an address that ends in these digits (`man 5 proc_net`; state 0A): found
    /// without connecting, for that would be its first client.
    fn listener(&mut self, address: &str) -> u16 {
        let begun = Instant::now();
        loop {
            let mine = sockets(self.child.id());
            let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
                .map(|table| std::fs::read_to_string(table).unwrap_or_default());
            let found = tables
                .iter()
                .flat_map(|table| table.lines())
                .find_map(|line| {
                    let words: Vec<&str> = line.split_ascii_whitespace().collect();
                    let (host, port) = words.get(1)?.split_once(':')?;
                    let inode = words.get(9)?;
                    let fits = words[3] == "0A" && host.ends_with(address) && mine.contains(*inode);
                    fits.then(|| u16::from_str_radix(port, 16).unwrap())
                });
            if let Some(port) = found {
                return port;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
            assert!(begun.elapsed() < PATIENCE, "it does not listen");
            std::thread::yield_now();
        }
    }

    fn connect(&self) -> TcpStream {
        connect(self.port)
    }

    /// Descriptors that are open, the three standard ones and those above 2.
    fn open(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Waits for its end and says whether it was a good one.
    fn ends_well(&mut self) -> bool {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(begun.elapsed() < PATIENCE, "it goes on");
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> HashSet<String> {
    let folder = std::fs::read_dir(format!("/proc/{pid}/fd"));
    folder
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let link = std::fs::read_link(entry.path()).ok()?;
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect()
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends and reads so many bytes.
fn ask(stream: &mut TcpStream, request: &str, bytes: usize) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; bytes];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// Sends and reads until the server closes.
fn ask_all(port: u16, request: &str) -> Vec<u8> {
    let mut stream = connect(port);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

const HELLO: &str = "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 20\r\n\r\n<h1>Hello world</h1>";

#[test]
fn scratch_server_answers_and_never_closes() {
    let server = Running::start("scratch_server");
    let before = server.open();
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect();
        let answer = ask(
            &mut client,
            "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
            HELLO.len(),
        );
        assert_eq!(answer, HELLO);
        kept.push(client);
    }
    drop(kept);
    // The next answer shows that it went on to wait, and it kept all four.
    let mut client = server.connect();
    let answer = ask(
        &mut client,
        "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        HELLO.len(),
    );
    assert_eq!(answer, HELLO, "a HEAD gets the body too");
    assert_eq!(server.open(), before + 4);
    let odd = "GET /<b> HTTP/1.1\r\n\r\n";
    let mut client = server.connect();
    let answer = ask(&mut client, odd, HELLO.len() - 2);
    assert!(answer.ends_with("<h1>Page /<b></h1>"), "{answer}");
}

#[test]
fn scratch_server_ends_with_a_client_that_leaves_at_once_or_says_two_words() {
    for last in ["", "GET /\r\n\r\n"] {
        let mut server = Running::start("scratch_server");
        let mut client = server.connect();
        client.write_all(last.as_bytes()).unwrap();
        drop(client);
        assert!(!server.ends_well(), "{last:?}");
    }
}

#[test]
fn simplenet_has_one_answer_for_everything_with_a_length() {
    let mut server = Running::start("simplenet");
    let before = server.open();
    let post = "POST /any HTTP/1.1\r\nhost: x\r\n folded\r\ncontent-length: 5\r\n\r\nabcde";
    for request in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", post] {
        let mut client = server.connect();
        let answer = ask(&mut client, request, 99);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n<h1>hello world</h1>"), "{answer}");
    }
    assert_eq!(server.open(), before + 2, "nobody closes");
    let mut client = server.connect();
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert!(!server.ends_well(), "a POST without a length ends it");
}

#[test]
fn basic_server_sends_its_whole_buffer_back() {
    let server = Running::start("basic_server");
    let answer = ask_all(server.port, "GET /x\r\n\r\n");
    assert_eq!(answer.len(), 100);
    assert_eq!(&answer[..10], b"GET /x\r\n\r\n");
    assert!(answer[10..].iter().all(|byte| *byte == 0));
    let both = TcpStream::connect(("::1", server.port));
    if std::net::TcpListener::bind(("::1", 0)).is_ok() {
        assert!(both.is_ok(), "it listens on both families");
    }
}

#[test]
fn cerberus_says_30_and_sends_35_and_counts_one_of_three_metrics() {
    let mut server = Running::start("cerberus");
    let metrics = server.listener("0100007F");
    let before = server.open();
    let body = "{\"hello\":\"world\"}";
    let request = format!(
        "POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = server.connect();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n";
    let answer = ask(&mut client, &request, head.len() + 35);
    assert!(answer.starts_with(head), "{answer}");
    assert_eq!(answer[head.len()..].len(), 35);
    // A second request behind the first: the length never fits, nobody answers; the connection stays open.
    let mut rude = server.connect();
    rude.write_all(format!("{request}{request}").as_bytes())
        .unwrap();
    let again = ask(&mut client, &request, head.len() + 35);
    assert!(again.starts_with(head));
    let page = String::from_utf8(ask_all(metrics, "GET /metrics HTTP/1.1\r\n\r\n")).unwrap();
    assert!(page.contains("\nhttp_requests 2\n"), "{page}");
    assert!(page.contains("\nactive_connections 0\n"), "{page}");
    drop((client, rude));
    // The second may not be accepted yet; then, nobody closes.
    let begun = Instant::now();
    while server.open() != before + 2 {
        assert!(begun.elapsed() < PATIENCE, "{} open", server.open());
        std::thread::yield_now();
    }
}

#[test]
fn the_checkpoints_build_on_each_other() {
    let mut first = Running::start("checkpoint1");
    let client = first.connect();
    assert!(first.ends_well(), "it ends after one client");
    drop(client);

    let second = Running::start("checkpoint2");
    for request in ["anything", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let answer = ask_all(second.port, request);
        assert!(answer.ends_with(b"Connection: close\r\n\r\nhello\n"));
    }

    let third = Running::start("checkpoint3");
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
            "200 OK",
        ),
        (
            "GET /error HTTP/1.1\r\nHost: x\r\n\r\n",
            "500 Internal Server Error",
        ),
        ("GET /none HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found"),
        ("GET /\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost\r\n\r\n", "400 Bad Request"),
    ] {
        for cut in [1, request.len() / 2, request.len() - 1] {
            let mut client = third.connect();
            client.set_nodelay(true).unwrap();
            client.write_all(&request.as_bytes()[..cut]).unwrap();
            client.write_all(&request.as_bytes()[cut..]).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{request:?}: {answer}"
            );
        }
    }
}
