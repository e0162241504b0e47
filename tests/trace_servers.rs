//! Other people's servers under `httpsys trace`: every exchange that a client made is told with its method, target,
//! status, sizes and calls, and none is invented. Witnesses: what curl says it sent and got, what the server's own
//! log says, and for a proxy what the server behind it was asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::models::models;
use common::peer;
use common::read_all;
use httpsys::server::IoModel;
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
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;
use std::time::Instant;
use trace_support::told::Exchange;
use trace_support::told::Told;
use trace_support::told::told;
use trace_support::*;

/// A file that takes more than one write, and that sendfile is used for.
const BIG: u64 = 300_000;
/// More than fits into any socket's buffers.
const HOLE: u64 = 64 << 20;

/// A port for a server that must be told one: below those that the kernel chooses, so that nobody gets it by
/// chance between our look and its `bind`.
fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id() as u16 % 100 * 100;
    (0..10_000)
        .map(|_| 20_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port is free")
}

/// A server that runs under trace, in a folder of its own: what it says is in `said` there.
struct Traced {
    child: Child,
    port: u16,
    folder: PathBuf,
    name: String,
}

impl Traced {
    /// Runs it and waits until it listens on the port: found in /proc, for a connection would be a client.
    fn start(folder: &Folder, name: &str, port: u16, command: &[&str]) -> Traced {
        let recording = folder.0.join(format!("{name}.jsonl"));
        let quiet = ["-q", "-o", "/dev/null", "--record"];
        let said = folder.file(&format!("{name}.said"), "");
        let open = || {
            std::fs::OpenOptions::new()
                .append(true)
                .open(&said)
                .unwrap()
        };
        let child = trace(&quiet)
            .arg(&recording)
            .arg("--")
            .args(command)
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
    fn said(&self) -> String {
        said(&self.folder, &self.name)
    }

    /// Ends it by this signal, and reads what was recorded.
    fn end(mut self, signal: Signal) -> Told {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).expect("it runs");
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "{} does not end", self.name);
            std::thread::yield_now();
        }
        told(&self.folder.join(format!("{}.jsonl", self.name)))
    }
}

/// What the server of this name wrote to its standard output and error.
fn said(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(format!("{name}.said"))).unwrap()
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody listens on this port (`man 5 proc_net`; state 0A).
fn listens(port: u16) -> bool {
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
struct Seen {
    line: String,
    status: u64,
    /// Bytes that it sent, bytes that it got, and how many of them were the body, taken out of its chunks.
    sent: u64,
    got: Option<u64>,
    body: u64,
}

/// One run of curl: an exchange for each target, over one connection where the server keeps it.
fn curl(port: u16, options: &[&str], targets: &[&str]) -> Vec<Seen> {
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
fn ordinary(port: u16, file: &str, big: &str) -> Vec<Seen> {
    [
        curl(port, &[], &[file]),
        curl(port, &["-I"], &[file]),
        curl(port, &[], &["/missing?q=1"]),
        curl(port, &["-d", "a=b&c=d"], &[file]),
        curl(port, &[], &[big, file, "/none"]),
    ]
    .concat()
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A request in pieces, two in one write, a connection over which nothing is said, and one whose client leaves within
/// the first line. Gives the exchanges, what was sent and what came back for them; then what came back for that line:
/// some servers refuse it, others say nothing.
fn raw(port: u16, file: &str) -> (Vec<Seen>, u64, u64, u64) {
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
fn leave_early(folder: &Folder, port: u16) {
    let hole = std::fs::File::create(folder.0.join("root/hole")).unwrap();
    hole.set_len(HOLE).unwrap();
    let mut stream = connect(port);
    stream
        .write_all(b"GET /hole HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
}

/// Every exchange that curl made is told, in this order, and no other.
fn agree(told: &Told, seen: &[Seen], calls: &[&str]) {
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

/// The part of this file that a server serves.
fn root(folder: &Folder) {
    folder.file("root/index.html", "<p>a page</p>\n");
    folder.file("root/big", "0123456789".repeat(BIG as usize / 10));
}

/// Whether all that every test here needs is there.
fn able(peers: &[&str]) -> bool {
    peers.iter().chain(&["curl"]).all(|name| peer(name)) && ptrace_allowed()
}

#[test]
fn pythons_server_is_told_as_curl_and_its_own_log_say() {
    let Some(python) = python().filter(|_| able(&[])) else {
        return;
    };
    let folder = Folder::new("trace-servers-python");
    root(&folder);
    let port = port();
    let number = port.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &number];
    let server = Traced::start(
        &folder,
        "python",
        port,
        &[&[&*python], &server[..]].concat(),
    );
    let seen = ordinary(port, "/index.html", "/big");
    let told = server.end(Signal::SIGINT);
    let log = said(&folder.0, "python");
    agree(&told, &seen, &["recvfrom", "sendto"]);
    let logged: Vec<String> = log
        .lines()
        .filter_map(|line| Some(line.split_once("] \"")?.1.replace(" HTTP/1.1\"", "")))
        .collect();
    let ours = told.served();
    let ours: Vec<String> = ours
        .iter()
        .map(|e| format!("{} {} -", e.line, e.status))
        .collect();
    assert_eq!(ours, logged);
}

/// nginx with one worker, whose log says what a trace should: request, status, bytes and body out.
fn nginx(folder: &Folder, port: u16, locations: &str) -> Traced {
    let here = folder.0.display();
    let user = match nix::unistd::geteuid().is_root() {
        true => "user root;",
        false => "",
    };
    let spool: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|what| format!("{what}_temp_path {here}/spool; "))
        .collect();
    let config = format!(
        "daemon off; {user} worker_processes 1; pid {here}/nginx.pid; error_log stderr warn;\n\
         events {{ worker_connections 256; }}\n\
         http {{ {spool} sendfile on; gzip_types text/html; gzip_min_length 1;\n\
         log_format told '$request|$status|$bytes_sent|$body_bytes_sent';\n\
         access_log {here}/access.log told;\n\
         server {{ listen 127.0.0.1:{port}; root {here}/root; {locations} }} }}\n"
    );
    let config = folder.file("nginx.conf", config).display().to_string();
    let nginx = [
        "nginx",
        "-e",
        "stderr",
        "-p",
        folder.0.to_str().unwrap(),
        "-c",
        &config,
    ];
    Traced::start(folder, "nginx", port, &nginx)
}

/// What nginx logged, and the same as we tell it.
fn nginx_agrees(folder: &Folder, told: &Told) {
    let log = std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    // A client that left within the first line: nginx has a line for it, and there was no request.
    let asked = |line: &&str| !line.ends_with("|400|0|0");
    let mut logged: Vec<&str> = log.lines().filter(asked).collect();
    logged.sort_unstable();
    let ours = told.served().into_iter().map(|e| {
        let body = e.bytes_out - e.head;
        format!("{} HTTP/1.1|{}|{}|{body}", e.line, e.status, e.bytes_out)
    });
    let mut ours: Vec<String> = ours.collect();
    ours.sort_unstable();
    assert_eq!(ours, logged);
}

#[test]
fn nginx_is_told_as_curl_and_its_own_log_say() {
    if !able(&["nginx"]) {
        return;
    }
    let folder = Folder::new("trace-servers-nginx");
    root(&folder);
    let port = port();
    let server = nginx(&folder, port, "location /index.html { gzip on; }");
    let mut seen = ordinary(port, "/index.html", "/big");
    seen.extend(curl(port, &["--compressed"], &["/index.html"]));
    let (raw, sent, got, refusal) = raw(port, "/big");
    leave_early(&folder, port);
    let log = || std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    let begun = Instant::now();
    while !log().contains("GET /hole ") {
        assert!(begun.elapsed() < PATIENCE, "{}", log());
        std::thread::yield_now();
    }
    let told = server.end(Signal::SIGTERM);
    let exchanges = told.served();
    let (ordinary, rest) = exchanges.split_at(seen.len());
    agree(&told.only(ordinary), &seen, &["recvfrom", "writev"]);
    assert_eq!(refusal, 0);
    let (left, rest) = rest.split_last().unwrap();
    assert_eq!(
        (&*left.line, left.status, left.answered),
        ("GET /hole", 200, false)
    );
    assert!(left.body > 0 && left.body < HOLE, "{left:?}");
    let calls = |number: usize, name: &str| {
        let calls = &exchanges[number].calls;
        calls
            .iter()
            .find(|(call, _)| call == name)
            .map(|(_, count)| *count)
    };
    let big = seen.iter().position(|e| e.line == "GET /big");
    assert!(big.is_some_and(|big| calls(big, "sendfile") >= Some(1)));
    assert_eq!(exchanges[seen.len() - 1].framing, "Chunked");
    let lines: Vec<_> = rest.iter().map(|e| (&e.line, e.status)).collect();
    assert_eq!(
        lines,
        raw.iter().map(|e| (&e.line, e.status)).collect::<Vec<_>>()
    );
    assert_eq!(rest.iter().map(|e| e.bytes_in).sum::<u64>(), sent);
    assert_eq!(rest.iter().map(|e| e.bytes_out).sum::<u64>(), got);
    assert!(rest.iter().all(|e| e.answered && e.body == BIG));
    nginx_agrees(&folder, &told);
    // What its master says to its worker is no exchange.
    assert_eq!(told.requests, exchanges.len() as u64);
}

#[test]
fn a_proxy_is_told_on_both_its_sides_as_the_server_behind_it_is() {
    let Some(python) = python().filter(|_| able(&["nginx"])) else {
        return;
    };
    let folder = Folder::new("trace-servers-proxy");
    root(&folder);
    let (front, back) = (port(), port());
    let number = back.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &number];
    let behind = Traced::start(
        &folder,
        "python",
        back,
        &[&[&*python], &server[..]].concat(),
    );
    let pass = format!("location /p/ {{ proxy_pass http://127.0.0.1:{back}/; }}");
    let proxy = nginx(&folder, front, &pass);
    let seen = ordinary(front, "/p/index.html", "/p/big");
    let proxy = proxy.end(Signal::SIGTERM);
    let behind = behind.end(Signal::SIGINT);
    agree(&proxy, &seen, &["recvfrom"]);
    nginx_agrees(&folder, &proxy);
    let lines = |all: &[Exchange]| -> Vec<_> {
        let one = |e: &Exchange| (e.line.clone(), e.status, e.bytes_in, e.bytes_out, e.body);
        all.iter().map(one).collect()
    };
    // What it asked there is what was asked there: the last goes nowhere.
    assert_eq!(lines(&proxy.asked()), lines(&behind.served()));
    assert_eq!(behind.served().len(), seen.len() - 2);
}

#[test]
fn a_proxy_of_forty_lines_is_told_on_both_its_sides() {
    let Some(python) = python().filter(|_| able(&[])) else {
        return;
    };
    let folder = Folder::new("trace-servers-small-proxy");
    root(&folder);
    let (front, back) = (port(), port());
    let ours = env!("CARGO_BIN_EXE_httpsys");
    let listen = format!("127.0.0.1:{back}");
    let serve = [
        ours, "serve", ".", "-q", "--io", "threads", "--log", "off", "-l", &listen,
    ];
    let behind = Traced::start(&folder, "behind", back, &serve);
    let proxy = include_str!("trace_support/proxy.py");
    let proxy = [&python, "-c", proxy, &front.to_string(), &back.to_string()];
    let proxy = Traced::start(&folder, "proxy", front, &proxy);
    let seen = ordinary(front, "/index.html", "/big");
    let proxy = proxy.end(Signal::SIGINT);
    let behind = behind.end(Signal::SIGTERM);
    agree(&proxy, &seen, &["recvfrom", "sendto"]);
    let lines = |all: &[Exchange]| -> Vec<_> {
        all.iter()
            .map(|e| (e.line.clone(), e.status, e.bytes_in, e.bytes_out))
            .collect()
    };
    assert_eq!(lines(&proxy.asked()), lines(&behind.served()));
    assert_eq!(behind.served().len(), seen.len());
}

/// The Go server of `demo/servers`, built once for all runs of the tests.
fn go_server() -> PathBuf {
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

#[test]
fn a_go_server_is_told_as_curl_says() {
    if !able(&["go"]) {
        return;
    }
    let folder = Folder::new("trace-servers-go");
    root(&folder);
    let port = port();
    let server = go_server();
    let command = [server.to_str().unwrap(), &port.to_string()];
    let server = Traced::start(&folder, "go", port, &command);
    let seen = ordinary(port, "/hi", "/hi?big");
    let (raw, sent, got, refusal) = raw(port, "/hi");
    let told = server.end(Signal::SIGTERM);
    let exchanges = told.served();
    let (ordinary, rest) = exchanges.split_at(seen.len());
    agree(&told.only(ordinary), &seen, &["read", "write"]);
    // It answers a line that has no end with 400: a response to no request.
    let (refused, rest) = rest.split_last().unwrap();
    assert_eq!((&*refused.line, refused.status), ("", 400));
    assert_eq!(refused.bytes_out, refusal);
    let lines: Vec<_> = rest.iter().map(|e| (&e.line, e.status)).collect();
    assert_eq!(
        lines,
        raw.iter().map(|e| (&e.line, e.status)).collect::<Vec<_>>()
    );
    assert_eq!(rest.iter().map(|e| e.bytes_in).sum::<u64>(), sent);
    assert_eq!(rest.iter().map(|e| e.bytes_out).sum::<u64>(), got);
}

#[test]
fn a_node_server_is_told_as_curl_says() {
    // Not every distribution has it, so it is never required.
    let here = Command::new("node").arg("--version").output().is_ok();
    if !here {
        eprintln!("skipped: node not found");
    }
    if !here || !able(&[]) {
        return;
    }
    let folder = Folder::new("trace-servers-node");
    root(&folder);
    let port = port();
    let script = "require('http').createServer((ask, answer) => {\n\
        answer.statusCode = ask.url.startsWith('/hi') ? 200 : 404;\n\
        answer.end(answer.statusCode == 200 ? 'Hi\\n' : 'no\\n');\n\
        }).listen(Number(process.argv[1]), '127.0.0.1')";
    let command = ["node", "-e", script, &port.to_string()];
    let server = Traced::start(&folder, "node", port, &command);
    let seen = ordinary(port, "/hi", "/hi?big");
    let told = server.end(Signal::SIGTERM);
    agree(&told, &seen, &["read"]);
}

#[test]
fn busyboxs_server_is_told_as_curl_and_its_own_log_say() {
    if !able(&["busybox"]) {
        return;
    }
    let folder = Folder::new("trace-servers-busybox");
    root(&folder);
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let command = ["busybox", "httpd", "-f", "-vv", "-p", &address];
    let server = Traced::start(&folder, "busybox", port, &command);
    let seen = ordinary(port, "/index.html", "/big");
    let told = server.end(Signal::SIGTERM);
    let log = said(&folder.0, "busybox");
    agree(&told, &seen, &["read", "write"]);
    let after = |mark| -> Vec<&str> {
        log.lines()
            .filter_map(|line| Some(line.split_once(mark)?.1))
            .collect()
    };
    let ours = told.served();
    let targets = ours.iter().map(|e| {
        let target = e.line.split_once(' ').unwrap().1;
        target.split('?').next().unwrap()
    });
    assert_eq!(targets.collect::<Vec<_>>(), after("url:"));
    let statuses: Vec<String> = ours.iter().map(|e| e.status.to_string()).collect();
    assert_eq!(statuses, after("response:"));
}

#[test]
fn our_own_server_is_told_under_every_model() {
    if !able(&[]) {
        return;
    }
    for io in models() {
        let folder = Folder::new(&format!("trace-servers-{}", io.name()));
        root(&folder);
        let port = port();
        let ours = env!("CARGO_BIN_EXE_httpsys");
        let listen = format!("127.0.0.1:{port}");
        let serve = [ours, "serve", ".", "-q", "--io", io.name(), "-l", &listen];
        let server = Traced::start(&folder, "ours", port, &serve);
        let seen = ordinary(port, "/index.html", "/big");
        let told = server.end(Signal::SIGTERM);
        if io == IoModel::Uring {
            // What a ring does makes no calls.
            assert_eq!(told.requests, 0);
            continue;
        }
        agree(&told, &seen, &[]);
        let log = said(&folder.0, "ours");
        let logged: Vec<String> = log
            .lines()
            .filter_map(|line| Some(line.split_once("] \"")?.1.replace(" HTTP/1.1\"", "")))
            .collect();
        let ours = told
            .served()
            .into_iter()
            .map(|e| format!("{} {} {}", e.line, e.status, e.bytes_out - e.head));
        assert_eq!(ours.collect::<Vec<_>>(), logged, "{io:?}");
    }
}

/// How many requests wrk made of a server, as it says, and what the story says. `HTTPSYS_TRACE_SECONDS=30` for more.
fn busy(server: Traced) -> (u64, Told) {
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

#[test]
fn as_many_exchanges_are_told_as_nginx_logs_while_wrk_asks() {
    if !able(&["nginx", "wrk"]) {
        return;
    }
    let folder = Folder::new("trace-servers-wrk-nginx");
    root(&folder);
    let server = nginx(&folder, port(), "keepalive_requests 1000000;");
    let (counted, told) = busy(server);
    let log = std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    let good = log
        .lines()
        .filter(|line| line.starts_with("GET /index.html HTTP/1.1|200|"));
    let logged = good.count() as u64;
    assert!(
        (counted..=counted + 64).contains(&logged),
        "{counted} {logged}"
    );
    assert_eq!(
        (told.requests, told.lost),
        (logged, 0),
        "wrk counted {counted}"
    );
}

#[test]
fn as_many_exchanges_are_told_as_our_own_server_logs_while_wrk_asks() {
    if !able(&["wrk"]) {
        return;
    }
    let folder = Folder::new("trace-servers-wrk");
    root(&folder);
    let port = port();
    let ours = env!("CARGO_BIN_EXE_httpsys");
    let listen = format!("127.0.0.1:{port}");
    let serve = [ours, "serve", ".", "-q", "--io", "epoll", "-l", &listen];
    let server = Traced::start(&folder, "ours", port, &serve);
    let (counted, told) = busy(server);
    let log = said(&folder.0, "ours");
    let logged = log
        .lines()
        .filter(|line| line.contains("\"GET /index.html HTTP/1.1\" 200 "));
    let logged = logged.count() as u64;
    assert!(
        (counted..=counted + 64).contains(&logged),
        "{counted} {logged}"
    );
    assert_eq!(
        (told.requests, told.lost),
        (logged, 0),
        "wrk counted {counted}"
    );
}
