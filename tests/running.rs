//! Running it for real: how a server ends, and what it does about the names of unix sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::Folder;
use common::PATIENCE;
use common::Server;
use common::httpsys;
use common::models::models;
use common::peer;
use common::read_all;
use common::read_response;
use nix::sys::signal::Signal;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
/// A request that waits for leave to go on: its 100 says that it is in progress.
const HALF: &[u8] =
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

/// A client whose request is in progress.
fn busy(server: &Server) -> TcpStream {
    let mut client = server.connect();
    client.write_all(HALF).unwrap();
    assert!(read_response(&mut client).starts_with(b"HTTP/1.1 100 "));
    client
}

/// Waits until a new connection is refused.
fn until_refused(server: &Server) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match TcpStream::connect(server.address) {
            // Still in the queue of a listener that is about to be shut.
            Ok(_) => std::thread::yield_now(),
            Err(_) => return true,
        }
    }
    false
}

#[test]
fn the_first_signal_refuses_newcomers_and_lets_an_exchange_finish() {
    for io in models() {
        let server = Server::start(&["--io", io.name(), "--log", "off"]);
        let mut client = busy(&server);
        server.signal(Signal::SIGTERM);
        assert!(until_refused(&server), "{io:?}");
        client.write_all(b"done").unwrap();
        let answer = read_all(&mut client);
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{io:?}");
        assert!(answer.ends_with(b"\r\n\r\ndone"), "{io:?}");
        assert_eq!(server.finish().0, Some(0), "{io:?}");
    }
}

#[test]
fn an_exchange_that_does_not_finish_ends_with_the_time_of_grace() {
    // All at once: the time is the same for all.
    let servers: Vec<_> = models()
        .map(|io| {
            let server = Server::start(&["--io", io.name(), "--log", "off"]);
            let client = busy(&server);
            let begun = Instant::now();
            server.signal(Signal::SIGINT);
            (io, server, client, begun)
        })
        .collect();
    for (io, server, mut client, begun) in servers {
        let answer = read_all(&mut client);
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{io:?}");
        assert!(begun.elapsed() >= Duration::from_secs(4), "{io:?}");
        assert_eq!(server.finish().0, Some(0), "{io:?}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once_whatever_is_in_progress() {
    for io in models() {
        for (first, second, status, shown) in [
            (Signal::SIGINT, Signal::SIGINT, 130, &["--log", "off"][..]),
            (Signal::SIGINT, Signal::SIGTERM, 143, &["--trace"]),
        ] {
            let args = [&["--io", io.name()], shown].concat();
            let server = Server::start(&args);
            let mut client = busy(&server);
            let pid = server.pid();
            server.signal(first);
            assert!(until_refused(&server), "{io:?}");
            server.signal(second);
            // Not even a process of its own, which `fork` makes, goes on: after the time of grace there would be
            // an answer, and another status.
            assert_eq!(read_all(&mut client), b"", "{io:?}");
            assert_eq!(server.finish().0, Some(status), "{io:?}");
            assert!(!Path::new(&format!("/proc/{pid}")).exists());
        }
    }
}

/// A server at a unix socket; what it said of it.
fn at(path: &Path, args: &[&str]) -> (Server, String) {
    let mut command = httpsys();
    let place = format!("unix:{}", path.display());
    command.args(["serve", "--log", "off", "-l", "127.0.0.1:0", "-l", &place]);
    let mut server = Server::spawn({
        command.args(args);
        command
    });
    let line = server.wait_for("listening on unix:");
    (server, line)
}

fn ask(path: &Path) -> String {
    let mut client = UnixStream::connect(path).unwrap();
    client.write_all(HI).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

/// What a server says that does not start.
fn refused(place: &str) -> String {
    let output = httpsys().args(["serve", "-l", place]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    said
}

#[test]
fn a_name_that_a_killed_server_left_behind_is_taken_over_and_goes_with_its_server() {
    let folder = Folder::new("stale");
    let path = folder.0.join("s.sock");
    for io in models() {
        let (killed, line) = at(&path, &["--io", io.name()]);
        assert!(line.ends_with("s.sock"), "{line}");
        killed.signal(Signal::SIGKILL);
        killed.finish();
        assert!(path.exists());
        // A ring's accept holds the listener until the kernel has taken it back, after the process.
        let begun = Instant::now();
        while UnixStream::connect(&path).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "{io:?}");
            std::thread::yield_now();
        }
        let (server, line) = at(&path, &["--io", io.name()]);
        assert!(
            line.ends_with("  (an earlier server had left the name behind)"),
            "{line}"
        );
        assert!(ask(&path).ends_with("Hi"), "{io:?}");
        assert_eq!(server.stop().0, Some(0), "{io:?}");
        assert!(!path.exists(), "{io:?}");
    }
}

#[test]
fn what_is_not_ours_is_never_removed() {
    let folder = Folder::new("not-ours");
    let place = |name: &str| format!("unix:{}", folder.0.join(name).display());
    let file = folder.file("precious", "precious");
    assert!(refused(&place("precious")).contains("is no socket, and stays as it is"));
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");

    let listener = UnixListener::bind(folder.0.join("busy")).unwrap();
    assert!(refused(&place("busy")).contains("a server listens at unix:"));
    drop(listener);
    std::os::unix::fs::symlink(folder.0.join("busy"), folder.0.join("link")).unwrap();
    assert!(refused(&place("link")).contains("is no socket"));
    assert!(refused(&place("none/s.sock")).contains("there is no such directory"));

    // A name that was given to somebody else meanwhile stays.
    let path = folder.0.join("moved");
    let (server, _) = at(&path, &[]);
    std::fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    assert_eq!(server.stop().0, Some(0));
    assert!(path.exists());
    drop(other);

    let long = format!("unix:/{}", "x".repeat(107));
    let output = httpsys().args(["serve", "-l", &long]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("108 bytes long") && said.contains("holds 107"),
        "{said}"
    );
}

#[test]
fn an_abstract_name_needs_no_file() {
    let name = format!("@httpsys-test-{}", std::process::id());
    let mut command = httpsys();
    command.args(["serve", "-l", "127.0.0.1:0", "-l", &format!("unix:{name}")]);
    let mut server = Server::spawn(command);
    server.wait_for(&format!("listening on unix:{name}"));
    let got = httpsys()
        .args(["get", &format!("unix:{name}")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&got.stderr).into_owned();
    assert_eq!(got.status.code(), Some(0), "{said}");
    assert!(refused(&format!("unix:{name}")).contains("another socket has that name"));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn taking_over_a_name_is_traced_as_strace_sees_it() {
    if !peer("strace") {
        return;
    }
    let folder = Folder::new("stale-witness");
    let path = folder.0.join("s.sock");
    drop(UnixListener::bind(&path).unwrap());
    let (outside, inside) = (folder.0.join("outside"), folder.0.join("inside"));
    let calls = "trace=socket,bind,connect,unlinkat";
    let mut command = Command::new("strace");
    command.args(["-o"]).arg(&outside).args(["-e", calls]);
    command.arg(env!("CARGO_BIN_EXE_httpsys"));
    command.args(["serve", "-l", &format!("unix:{}", path.display())]);
    command.args(["--max-requests", "1", "--trace=strace", "-e", calls, "-o"]);
    command.arg(&inside);
    let server = Server::spawn({
        command.args(["-l", "127.0.0.1:0"]);
        command
    });
    assert!(ask(&path).ends_with("Hi"));
    assert_eq!(server.finish().0, Some(0));
    let lines = |path| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        let calls = text.lines().filter(|line| !line.starts_with(['+', '-']));
        let blanks = |line: &str| {
            let words = line.split_whitespace();
            // Ours begins with the thread's id, as `strace -f -o` does.
            let words = words.skip_while(|word| word.bytes().all(|b| b.is_ascii_digit()));
            words.collect::<Vec<_>>().join(" ")
        };
        calls.map(blanks).collect()
    };
    let (ours, theirs) = (lines(&inside), lines(&outside));
    let names: Vec<_> = ours
        .iter()
        .filter_map(|line| line.split('(').next())
        .collect();
    let expected = [
        "socket", "bind", "socket", "connect", "unlinkat", "bind", "socket", "bind", "unlinkat",
    ];
    assert_eq!(names, expected);
    assert_eq!(ours, theirs);
}
