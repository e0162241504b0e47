//! What the tests with other people's servers share: starting one under trace, asking it with curl and by hand, and
//! comparing what was told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::ptrace_allowed;
use super::text;
use super::told::Told;
use super::told::told;
use super::trace;
use crate::common::Folder;
use crate::common::PATIENCE;
use crate::common::peer;
use crate::common::read_all;
use nix::sys::signal::Signal;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A file that takes more than one write, and that sendfile is used for.
pub const BIG: u64 = 300_000;
/// More than fits into any socket's buffers.
pub const HOLE: u64 = 64 << 20;

/// A port for a server that must be told one: below those that the kernel chooses, so that nobody gets it by
/// chance between our look and its `bind`.
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id() as u16 % 100 * 100;
    (0..10_000)
        .map(|_| 20_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port is free")
}

/// A server that runs under trace, in a folder of its own: what it says is in `said` there.
pub struct Traced {
    pub child: Child,
    pub port: u16,
    pub folder: PathBuf,
    pub name: String,
}

impl Traced {
    /// Runs it and waits until it listens on the port: found in /proc, for a connection would be a client.
    pub fn start(folder: &Folder, name: &str, port: u16, command: &[&str]) -> Traced {
        let recording = folder.0.join(format!("{name}.jsonl"));
        let mut program = trace(&["-q", "-o", "/dev/null", "--record"]);
        program.arg(&recording).arg("--").args(command);
        Traced::spawn(folder, name, port, program)
    }

    /// The same, without us: the command may be another tracer's.
    pub fn untraced(folder: &Folder, name: &str, port: u16, command: &[&str]) -> Traced {
        let mut program = Command::new(command[0]);
        program
            .args(&command[1..])
            .stdin(std::process::Stdio::null());
        Traced::spawn(folder, name, port, program)
    }

    fn spawn(folder: &Folder, name: &str, port: u16, mut program: Command) -> Traced {
        let said = folder.file(&format!("{name}.said"), "");
        let open = || {
            std::fs::OpenOptions::new()
                .append(true)
                .open(&said)
                .unwrap()
        };
        let child = program
            .current_dir(folder.0.join("root"))
            .stdout(open())
            .stderr(open())
            .spawn()
            .expect("the program starts");
        let mut traced = Traced {
            child,
            port,
            folder: folder.0.clone(),
            name: name.to_string(),
        };
        let begun = Instant::now();
        while !listens(port) {
            let ended = traced.child.try_wait().unwrap();
            assert_eq!(ended, None, "{name} has ended: {}", traced.said());
            assert!(begun.elapsed() < PATIENCE, "{name} does not listen");
            std::thread::yield_now();
        }
        traced
    }

    /// What it wrote to its standard output and error.
    pub fn said(&self) -> String {
        said(&self.folder, &self.name)
    }

    /// Ends what another tracer traces (`man 5 proc_pid_task`), and waits for the tracer.
    pub fn stop(mut self, signal: Signal) {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.expect("the kernel tells of children");
        for child in children.split_ascii_whitespace() {
            let child = nix::unistd::Pid::from_raw(child.parse().unwrap());
            nix::sys::signal::kill(child, signal).expect("it runs");
        }
        self.wait();
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "{} does not end", self.name);
            std::thread::yield_now();
        }
    }

    /// Ends a server with which nothing is wrong.
    pub fn ends_well(self, signal: Signal) -> Told {
        let name = self.name.clone();
        let told = self.end(signal);
        assert_eq!(told.wrong(), Vec::<&str>::new(), "{name}");
        told
    }

    /// Ends it by this signal, and reads what was recorded.
    pub fn end(mut self, signal: Signal) -> Told {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).expect("it runs");
        self.wait();
        told(&self.folder.join(format!("{}.jsonl", self.name)))
    }
}

/// What the server of this name wrote to its standard output and error.
pub fn said(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(format!("{name}.said"))).unwrap()
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody listens on this port (`man 5 proc_net`; state 0A).
pub fn listens(port: u16) -> bool {
    let end = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let table = std::fs::read_to_string(table).unwrap_or_default();
        table.lines().any(|line| {
            let mut words = line.split_ascii_whitespace().skip(1);
            let local = words.next().unwrap_or("");
            local.ends_with(&end) && words.nth(1) == Some("0A")
        })
    })
}

/// What a client saw of one exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub line: String,
    pub status: u64,
    /// Bytes that it sent, bytes that it got, and how many of them were the body, taken out of its chunks.
    pub sent: u64,
    pub got: Option<u64>,
    pub body: u64,
}

/// One run of curl: an exchange for each target, over one connection where the server keeps it.
pub fn curl(port: u16, options: &[&str], targets: &[&str]) -> Vec<Seen> {
    let chunked = options.contains(&"--compressed");
    let form = "%{method} %{http_code} %{size_request} %{size_header} %{size_download}\\n";
    let mut command = Command::new("curl");
    command
        .args(["-s", "--max-time", "20", "-w", form])
        .args(options);
    for target in targets {
        let url = format!("http://127.0.0.1:{port}{target}");
        command.args(["-o", "/dev/null", &url]);
    }
    let output = command.output().expect("curl runs");
    assert!(output.status.success(), "curl {options:?} {targets:?}");
    let said = text(&output.stdout);
    let seen: Vec<Seen> = said
        .lines()
        .zip(targets)
        .map(|(line, target)| {
            let (method, numbers) = line.split_once(' ').unwrap();
            let numbers: Vec<u64> = numbers.split(' ').map(|n| n.parse().unwrap()).collect();
            let [status, sent, head, body] = numbers[..] else {
                panic!("curl said {line}");
            };
            Seen {
                line: format!("{method} {target}"),
                status,
                sent,
                got: (!chunked).then_some(head + body),
                body,
            }
        })
        .collect();
    assert_eq!(seen.len(), targets.len(), "{said}");
    seen
}

/// What curl asks of every server: a file, its head alone, something that is not there, a form, several files.
pub fn ordinary(port: u16, file: &str, big: &str) -> Vec<Seen> {
    [
        curl(port, &[], &[file]),
        curl(port, &["-I"], &[file]),
        curl(port, &[], &["/missing?q=1"]),
        curl(port, &["-d", "a=b&c=d"], &[file]),
        curl(port, &[], &[big, file, "/none"]),
    ]
    .concat()
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A request in pieces, two in one write, a connection over which nothing is said, and one whose client leaves within
/// the first line. Gives the exchanges, what was sent and what came back for them; then what came back for that line:
/// some servers refuse it, others say nothing.
pub fn raw(port: u16, file: &str) -> (Vec<Seen>, u64, u64, u64) {
    let last = format!("GET {file}?2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let split = last.replace("?2", "?split");
    let mut stream = connect(port);
    split
        .as_bytes()
        .chunks(17)
        .for_each(|piece| stream.write_all(piece).unwrap());
    let one = read_all(&mut stream);
    let two = format!("GET {file}?1 HTTP/1.1\r\nHost: x\r\n\r\n{last}");
    let mut stream = connect(port);
    stream.write_all(two.as_bytes()).unwrap();
    let both = read_all(&mut stream);
    let silent = connect(port);
    silent.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&mut { silent }), b"");
    let mut unfinished = connect(port);
    unfinished.write_all(b"GET /unfini").unwrap();
    unfinished.shutdown(Shutdown::Write).unwrap();
    let refusal = read_all(&mut unfinished);
    let answers = |bytes: &[u8]| text(bytes).matches("HTTP/1.1 200 OK\r\n").count();
    assert_eq!((answers(&one), answers(&both)), (1, 2));
    let seen = |query: &str| Seen {
        line: format!("GET {file}?{query}"),
        status: 200,
        sent: 0,
        got: None,
        body: 0,
    };
    let sent = split.len() + two.len();
    let got = one.len() + both.len();
    let exchanges = ["split", "1", "2"].map(seen).to_vec();
    (exchanges, sent as u64, got as u64, refusal.len() as u64)
}

/// A client that asks for much and leaves when it has a little. The file is a hole, and larger than all that the
/// kernel keeps on the way.
pub fn leave_early(folder: &Folder, port: u16) {
    let hole = std::fs::File::create(folder.0.join("root/hole")).unwrap();
    hole.set_len(HOLE).unwrap();
    let mut stream = connect(port);
    stream
        .write_all(b"GET /hole HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
}

/// Every exchange that curl made is told, in this order, and no other.
pub fn agree(told: &Told, seen: &[Seen], calls: &[&str]) {
    let ours = told.served();
    let lines = |all: Vec<String>| all.join("\n");
    assert_eq!(
        lines(
            ours.iter()
                .map(|e| format!("{} {}", e.line, e.status))
                .collect()
        ),
        lines(
            seen.iter()
                .map(|e| format!("{} {}", e.line, e.status))
                .collect()
        ),
    );
    for (ours, seen) in ours.iter().zip(seen) {
        assert!(ours.answered, "{ours:?}");
        assert_eq!(
            (ours.bytes_in, ours.body),
            (seen.sent, seen.body),
            "{ours:?}"
        );
        if let Some(got) = seen.got {
            assert_eq!(ours.bytes_out, got, "{ours:?}");
        }
        let made = |name: &&&str| ours.calls.iter().any(|(call, _)| call == **name);
        let missing: Vec<_> = calls.iter().filter(|name| !made(name)).collect();
        assert!(missing.is_empty(), "no {missing:?} in {ours:?}");
    }
    assert_eq!(told.lost, 0);
}

/// The files that a server serves.
pub fn root(folder: &Folder) {
    folder.file("root/index.html", "<p>a page</p>\n");
    folder.file("root/big", "0123456789".repeat(BIG as usize / 10));
}

/// Whether all that every test here needs is there.
pub fn able(peers: &[&str]) -> bool {
    peers.iter().chain(&["curl"]).all(|name| peer(name)) && ptrace_allowed()
}

/// How many requests wrk made of a server, as it says, and what the story says. `HTTPSYS_TRACE_SECONDS=30` for more.
pub fn busy(server: Traced) -> (u64, Told) {
    let seconds = std::env::var("HTTPSYS_TRACE_SECONDS").unwrap_or("1".to_string());
    let output = Command::new("wrk")
        .args(["-t1", "-c64", "--timeout", "20s", &format!("-d{seconds}s")])
        .arg(format!("http://127.0.0.1:{}/index.html", server.port))
        .output()
        .expect("wrk runs");
    let said = text(&output.stdout);
    assert!(
        output.status.success() && !said.contains("Socket errors"),
        "{said}"
    );
    assert!(!said.contains("Non-2xx"), "{said}");
    let line = said.lines().find(|line| line.contains(" requests in "));
    let counted = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let counted: u64 = counted.unwrap_or_else(|| panic!("{said}"));
    assert!(counted > 0, "{said}");
    eprintln!("{counted} requests");
    (counted, server.end(Signal::SIGTERM))
}

/// As many exchanges are told as the server has logged: those that wrk counted, and what it left at its end.
pub fn none_is_lost(counted: u64, told: &Told, logged: u64) {
    assert!(
        (counted..=counted + 64).contains(&logged),
        "{counted} {logged}"
    );
    let told = (told.requests, told.lost);
    assert_eq!(told, (logged, 0), "wrk counted {counted}");
}

/// The Go server of `demo/servers`, built once for all runs of the tests.
pub fn go_server() -> PathBuf {
    // Tests of one program run at the same time: one of them builds it.
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build_go_server).clone()
}

fn build_go_server() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hi-go");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/servers/hi.go");
    let age = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|meta| meta.modified())
            .ok()
    };
    if age(&built) <= age(&source) {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache");
        let new = built.with_extension(std::process::id().to_string());
        let output = Command::new("go")
            .args(["build", "-o"])
            .args([&new, &source])
            .env("GOCACHE", cache)
            .env("GO111MODULE", "off")
            .env("CGO_ENABLED", "0")
            .output()
            .expect("go runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::rename(new, &built).unwrap();
    }
    built
}
