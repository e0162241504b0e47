//! Good servers under `httpsys trace`, with ordinary and with odd clients: nothing is said to be wrong with them, or what
//! is said is shown to be true by another witness.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::httpsys;
use common::models::models;
use common::read_all;
use common::read_response;
use httpsys::server::IoModel;
use nix::sys::signal::Signal;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpStream;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;
use trace_support::servers::*;
use trace_support::*;

/// A file of more than one write, and one of more than fits into any socket's buffers.
const BIG: usize = 300_000;
const HOLE: u64 = 64 << 20;

fn root(folder: &Folder) {
    folder.file("root/index.html", "<p>a page</p>\n");
    folder.file("root/big", "0123456789".repeat(BIG / 10));
    let hole = std::fs::File::create(folder.0.join("root/hole")).unwrap();
    hole.set_len(HOLE).unwrap();
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// One run of curl; what came is not looked at, for servers differ in what they can.
fn curl(port: u16, options: &[&str], targets: &[&str]) {
    let mut command = Command::new("curl");
    command.args(["-s", "--max-time", "20"]).args(options);
    for target in targets {
        let url = format!("http://127.0.0.1:{port}{target}");
        command.args(["-o", "/dev/null", &url]);
    }
    command.status().expect("curl runs");
}

/// What clients do that want something.
fn ordinary(folder: &Folder, port: u16) {
    let upload = format!("@{}", folder.0.join("root/big").display());
    let page = "/index.html";
    curl(port, &[], &[page, page, "/big", "/none", "/"]);
    curl(port, &["-I"], &[page, page]);
    curl(port, &["-0"], &[page]);
    curl(port, &["-r", "0-4"], &["/big"]);
    curl(port, &["--compressed"], &[page]);
    curl(port, &["-d", "a=b&c=d"], &[page]);
    curl(
        port,
        &["-H", "Transfer-Encoding: chunked", "-d", "in chunks"],
        &[page],
    );
    curl(
        port,
        &["-H", "Expect: 100-continue", "--data-binary", &upload],
        &[page],
    );
    curl(port, &["-X", "DELETE"], &[page]);
}

/// What other clients do: they ask for several things at once, in pieces, for nothing, for what is no request, and
/// leave when they like.
fn odd(port: u16) {
    let get = b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = b"GET /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let head = b"HEAD /index.html HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut several = connect(port);
    several.write_all(&[&get[..], head, last].concat()).unwrap();
    read_all(&mut several);
    for cut in [2, 9, 30, 50] {
        let mut pieces = connect(port);
        pieces.write_all(&last[..cut]).unwrap();
        let _ = pieces.write_all(&last[cut..]);
        read_all(&mut pieces);
    }
    for begun in [
        &b""[..],
        b"GET /unfini",
        b"GET /\r\n",
        b"get /index.html HTTP/1.1\r\n",
        b"G@T / HTT",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /index.html HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n1234",
    ] {
        let mut ends = connect(port);
        ends.write_all(begun).unwrap();
        ends.shutdown(Shutdown::Write).unwrap();
        read_all(&mut ends);
    }
    let mut hears = connect(port);
    hears.write_all(get).unwrap();
    hears.shutdown(Shutdown::Write).unwrap();
    read_all(&mut hears);
    let reset = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    for rude in [false, true] {
        let mut leaves = connect(port);
        leaves
            .write_all(b"GET /hole HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        leaves.read_exact(&mut [0; 100]).ok();
        if rude {
            setsockopt(&leaves, Linger, &reset).unwrap();
        }
        drop(leaves);
        let silent = connect(port);
        if rude {
            setsockopt(&silent, Linger, &reset).unwrap();
        }
        drop(silent);
    }
}

/// Everything, and then until the server has seen its last client: it answers one more.
fn all(folder: &Folder, port: u16) {
    ordinary(folder, port);
    odd(port);
    curl(port, &[], &["/index.html"]);
}

#[test]
fn nothing_is_wrong_with_nginx_whose_files_stay_open() {
    if !able(&["nginx"]) {
        return;
    }
    let folder = Folder::new("quiet-nginx");
    root(&folder);
    let port = port();
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
        "daemon off; {user} worker_processes 2; pid {here}/nginx.pid; error_log stderr warn;\n\
         events {{ worker_connections 256; }}\n\
         http {{ {spool} sendfile on; open_file_cache max=100; access_log off;\n\
         server {{ listen 127.0.0.1:{port}; root {here}/root; }} }}\n"
    );
    let config = folder.file("nginx.conf", config).display().to_string();
    let command = [
        "nginx",
        "-e",
        "stderr",
        "-p",
        here_of(&folder),
        "-c",
        &config,
    ];
    let server = Traced::start(&folder, "nginx", port, &command);
    all(&folder, port);
    server.ends_well(Signal::SIGTERM);
}

fn here_of(folder: &Folder) -> &str {
    folder.0.to_str().unwrap()
}

#[test]
fn nothing_is_wrong_with_lighttpd() {
    if !able(&["lighttpd"]) {
        return;
    }
    let folder = Folder::new("quiet-lighttpd");
    root(&folder);
    let port = port();
    let config = format!(
        "server.document-root = \"{}/root\"\nserver.port = {port}\nserver.bind = \"127.0.0.1\"\n\
         index-file.names = (\"index.html\")\n",
        folder.0.display()
    );
    let config = folder.file("lighttpd.conf", config).display().to_string();
    let server = Traced::start(
        &folder,
        "lighttpd",
        port,
        &["lighttpd", "-D", "-f", &config],
    );
    all(&folder, port);
    server.ends_well(Signal::SIGTERM);
}

#[test]
fn nothing_is_wrong_with_a_go_server() {
    if !able(&["go"]) {
        return;
    }
    let folder = Folder::new("quiet-go");
    root(&folder);
    let port = port();
    let server = go_server();
    let command = [server.to_str().unwrap(), &port.to_string()];
    let server = Traced::start(&folder, "go", port, &command);
    all(&folder, port);
    server.ends_well(Signal::SIGTERM);
}

/// It sends a body in answer to HEAD. If one day it does not, nothing is wrong with it.
#[test]
fn what_is_wrong_with_busyboxs_server_is_so() {
    if !able(&["busybox"]) {
        return;
    }
    let folder = Folder::new("quiet-busybox");
    root(&folder);
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let command = ["busybox", "httpd", "-f", "-p", &address];
    let server = Traced::start(&folder, "busybox", port, &command);
    all(&folder, port);
    let mut client = TcpStream::connect(&address).unwrap();
    client
        .write_all(b"HEAD /index.html HTTP/1.0\r\n\r\n")
        .unwrap();
    let with_body = read_all(&mut client).ends_with(b"\r\n\r\n<p>a page</p>\n");
    let told = server.end(Signal::SIGTERM);
    // It closes without waiting for the end of a body that was announced: sometimes before it has read that no more
    // comes.
    let (unread, wrong): (Vec<&str>, Vec<&str>) = told
        .wrong()
        .into_iter()
        .partition(|finding| finding.contains("closed with 99996 bytes of the body unread"));
    assert!(unread.len() <= 1, "{unread:?}");
    assert_eq!(wrong.len(), usize::from(with_body), "{wrong:?}");
    for finding in wrong {
        assert!(
            finding.contains("HEAD was answered with a body: 14 bytes"),
            "{finding}"
        );
    }
}

#[test]
fn nothing_is_wrong_with_a_node_server() {
    // Not every distribution has it, so it is never required.
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: node not found");
        return;
    }
    if !able(&[]) {
        return;
    }
    let folder = Folder::new("quiet-node");
    root(&folder);
    let port = port();
    let script = "require('http').createServer((ask, answer) => answer.end('Hi\\n'))\n\
                  .listen(Number(process.argv[1]), '127.0.0.1')";
    let command = ["node", "-e", script, &port.to_string()];
    let server = Traced::start(&folder, "node", port, &command);
    all(&folder, port);
    server.ends_well(Signal::SIGTERM);
}

#[test]
fn nothing_is_wrong_with_our_own_server_in_every_model() {
    if !able(&[]) {
        return;
    }
    for io in models() {
        let folder = Folder::new(&format!("quiet-{}", io.name()));
        root(&folder);
        let port = port();
        let ours = env!("CARGO_BIN_EXE_httpsys");
        let listen = format!("127.0.0.1:{port}");
        let serve = [ours, "serve", ".", "-q", "--io", io.name(), "-l", &listen];
        let server = Traced::start(&folder, "ours", port, &serve);
        if matches!(io, IoModel::Blocking | IoModel::Nonblocking) {
            // One seat: a client that says nothing holds everybody up for a second.
            ordinary(&folder, port);
        } else {
            all(&folder, port);
        }
        server.ends_well(Signal::SIGTERM);
    }
}

#[test]
fn nothing_is_wrong_with_pythons_server() {
    let Some(python) = python().filter(|_| able(&[])) else {
        return;
    };
    let folder = Folder::new("quiet-python");
    root(&folder);
    let port = port();
    let number = port.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &number];
    let command = [&[&*python], &server[..]].concat();
    let server = Traced::start(&folder, "python", port, &command);
    curl(port, &[], &["/index.html", "/big", "/none", "/"]);
    curl(port, &["-I"], &["/index.html"]);
    curl(port, &["-d", "a=b"], &["/index.html"]);
    odd(port);
    curl(port, &[], &["/index.html"]);
    let told = server.end(Signal::SIGINT);
    // It answers POST with 501 and does not read the body: true, as the next test shows.
    let wrong = told.wrong();
    let other = wrong
        .iter()
        .find(|text| !text.contains("of the body unread"));
    assert_eq!(other, None, "{wrong:?}");
}

/// Python's server keeps connections when asked to. What is found then is true: strace shows the two writes
/// without TCP_NODELAY, the client gets the RST; and its log leads to the same findings.
#[test]
fn what_is_wrong_with_pythons_server_is_so() {
    let Some(python) = python().filter(|_| able(&["strace"])) else {
        return;
    };
    let folder = Folder::new("quiet-python-11");
    root(&folder);
    let both = [true, false].map(|ours| {
        let port = port();
        let number = port.to_string();
        let options = ["-u", "-m", "http.server", "--protocol", "HTTP/1.1"];
        let server = [&options[..], &["--bind", "127.0.0.1", &number]].concat();
        let command = [&[&*python], &server[..]].concat();
        let log = folder.0.join("log");
        let log = log.to_str().unwrap();
        let strace = ["strace", "-f", "-tt", "-T", "-yy", "-s", "65536", "-o", log];
        let program = match ours {
            true => Traced::start(&folder, "python", port, &command),
            false => Traced::untraced(&folder, "strace", port, &[&strace, &command[..]].concat()),
        };
        let get = b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut kept = connect(port);
        for _ in 0..2 {
            kept.write_all(get).unwrap();
            assert!(read_response(&mut kept).ends_with(b"page</p>\n"));
        }
        drop(kept);
        let mut upload = connect(port);
        upload
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            .unwrap();
        assert!(read_response(&mut upload).starts_with(b"HTTP/1.1 501 "));
        // Until the RST that its close is answered with has come.
        let broken = (0..1_000_000).find_map(|_| upload.write_all(&[b'x'; 1000]).err());
        assert!(broken.is_some(), "no RST");
        drop(upload);
        match ours {
            true => texts(&program.end(Signal::SIGTERM).findings),
            false => {
                program.stop(Signal::SIGTERM);
                let said = std::fs::read_to_string(log).unwrap();
                let sets =
                    |line: &&str| line.contains("setsockopt(") && line.contains("TCP_NODELAY");
                assert_eq!(said.lines().find(sets), None);
                let first = said.find("\"HTTP/1.1 200 ").expect("an answer");
                let next = said[first..].find("recvfrom(").expect("it reads on");
                assert_eq!(
                    said[first..first + next].matches("sendto(").count(),
                    1,
                    "{said}"
                );
                replayed(log)
            }
        }
    });
    let [ours, theirs] = both;
    assert_eq!(ours, theirs);
    assert_eq!(
        ours,
        [
            "c1 r1 a small response in 2 writes: Nagle may hold the last",
            "c2 r3 closed with 100000 bytes of the body unread: RST",
        ]
    );
}

fn texts(findings: &[(httpsys::story::Verdict, String)]) -> Vec<String> {
    findings.iter().map(|(_, text)| text.clone()).collect()
}

/// The lines about findings at the end of what `replay` shows.
fn replayed(file: &str) -> Vec<String> {
    let output = httpsys().args(["replay", file]).output().unwrap();
    assert!(output.status.success());
    let shown = text(&output.stdout);
    let found = shown.lines().filter_map(|line| line.strip_prefix("! "));
    found.map(str::to_owned).collect()
}

/// Connections with wrk for a second: the server is busy, its clients leave all at once, and nothing is found.
fn wrk(server: Traced) {
    let output = Command::new("wrk")
        .args(["-t1", "-c16", "--timeout", "20s", "-d1s"])
        .arg(format!("http://127.0.0.1:{}/index.html", server.port))
        .stdin(Stdio::null())
        .output()
        .expect("wrk runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    server.ends_well(Signal::SIGTERM);
}

#[test]
fn nothing_is_wrong_under_load() {
    let Some(python) = python().filter(|_| able(&["wrk", "go", "lighttpd", "busybox"])) else {
        return;
    };
    let folder = Folder::new("quiet-load");
    root(&folder);
    let begun = Instant::now();
    let number = port();
    let go = go_server();
    let command = [go.to_str().unwrap(), &number.to_string()];
    wrk(Traced::start(&folder, "go", number, &command));
    let number = port();
    let address = format!("127.0.0.1:{number}");
    let command = ["busybox", "httpd", "-f", "-p", &address];
    wrk(Traced::start(&folder, "busybox", number, &command));
    let number = port();
    let text = number.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &text];
    let command = [&[&*python], &server[..]].concat();
    wrk(Traced::start(&folder, "python", number, &command));
    for io in ["threads", "fork", "epoll-et"] {
        let number = port();
        let ours = env!("CARGO_BIN_EXE_httpsys");
        let listen = format!("127.0.0.1:{number}");
        let serve = [ours, "serve", ".", "-q", "--io", io, "-l", &listen];
        wrk(Traced::start(&folder, io, number, &serve));
    }
    eprintln!("{:?}", begun.elapsed());
}
