//! A trace never lies: what `serve --trace=strace` prints is what strace sees of the same run, on the
//! serving threads, from the first `socket` on: same calls, order per thread, arguments, results. Apart
//! from that stand memory management and the tool's own descriptors.

mod common;

use common::Folder;
use common::Server;
use common::models::models;
use common::peer;
use common::read_all;
use common::read_response;
use httpsys::server::IoModel;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// Descriptors from here on are the tool's own: the folder it serves, its trace, its recording. A file
/// opened below the folder is serving; the folder's own close at the end is not.
const OWN: i32 = 200;

/// Calls of each thread, in order, made comparable.
fn calls(log: &str) -> BTreeMap<u32, Vec<String>> {
    let mut by_thread: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut open: BTreeMap<u32, String> = BTreeMap::new();
    for line in log.lines() {
        let Some((tid, rest)) = line.split_once(' ') else {
            continue;
        };
        let Ok(tid) = tid.parse::<u32>() else {
            continue;
        };
        let rest = rest.trim_start();
        if rest.starts_with("---") || rest.starts_with("+++") {
            continue;
        }
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(tid, begun.trim_end().to_string());
            continue;
        }
        let whole = match rest.strip_prefix("<... ") {
            None => rest.to_string(),
            Some(resumed) => {
                let Some((_, tail)) = resumed.split_once(" resumed>") else {
                    continue;
                };
                let begun = open.remove(&tid).unwrap_or_default();
                match begun.ends_with(',') {
                    true => format!("{begun} {tail}"),
                    false => format!("{begun}{tail}"),
                }
            }
        };
        by_thread.entry(tid).or_default().push(comparable(&whole));
    }
    by_thread
}

/// One call with pointers made equal and blanks before the result closed up.
fn comparable(call: &str) -> String {
    let mut text = String::new();
    let mut rest = call;
    while let Some(at) = rest.find("0x") {
        text.push_str(&rest[..at]);
        let digits = rest[at + 2..].find(|c: char| !c.is_ascii_hexdigit());
        let end = digits.map_or(rest.len(), |n| at + 2 + n);
        text.push_str(if end - at > 8 {
            "POINTER"
        } else {
            &rest[at..end]
        });
        rest = &rest[end..];
    }
    text.push_str(rest);
    // With `-y`, strace asks the kernel for a socket's inode, which our trace is not told.
    let text = without_structures(&without_inodes(&text));
    match text.rfind(" = ") {
        Some(at) => format!("{} ={}", text[..at].trim_end(), &text[at + 2..]),
        None => text,
    }
}

/// `socket:[1636566]` as `socket:[?]`.
fn without_inodes(text: &str) -> String {
    let mut parts = text.split("<socket:[");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str("<socket:[?");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '?'));
    }
    out
}

/// The calls about rings without what strace knows of their structures, by its version: counts and flags.
fn without_structures(call: &str) -> String {
    let plain = match call.split('(').next() {
        Some("io_uring_setup") => 1,
        Some("io_uring_enter") => 4,
        _ => return call.to_owned(),
    };
    let Some(end) = call.rfind(") ") else {
        return call.to_owned();
    };
    let kept: Vec<&str> = call[..end].split(", ").take(plain).collect();
    format!("{}{}", kept.join(", "), &call[end..])
}

/// Whether a call is about serving: not memory, not a descriptor of the tool's own.
fn serves(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or("");
    if name == "openat2" || name == "openat" {
        // The C library looks at files of its own (how many CPUs there are), from the current folder.
        return !call.contains("(AT_FDCWD");
    }
    if ["mmap", "munmap", "mremap", "brk", "madvise"].contains(&name) {
        return false;
    }
    let first = call[name.len()..].trim_start_matches('(');
    let digits = first
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(first.len());
    if name == "io_uring_setup" {
        return true;
    }
    match first[..digits].parse::<i32>() {
        Ok(fd) => fd < OWN && fd > 2,
        Err(_) => !name.is_empty(),
    }
}

/// What ends the server.
enum End {
    /// `--max-requests`.
    Requests(u32),
    /// A signal, sent to the server alone.
    Signal(Signal),
}

/// Runs a server under strace with its own trace beside, lets `client` talk to it, and compares.
fn both_witnesses_agree(io: &str, args: &[&str], requests: u32, client: impl FnOnce(&Server)) {
    agree(io, args, End::Requests(requests), |server| client(server));
}

/// The same, with any end. What `client` returns is kept open until the end.
fn agree<T>(io: &str, args: &[&str], end: End, client: impl FnOnce(&Server) -> T) {
    if !peer("strace") {
        return;
    }
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Folder::new(&format!("witness-{number}"));
    folder.file("site/index.html", "<p>a small page</p>\n");
    folder.file("site/big.bin", vec![b'b'; 300_000]);
    let outside = folder.0.join("outside");
    let inside = folder.0.join("inside");
    // The pauses between tries are serving; those of the thread that stops the server are not.
    let seen = match io {
        "nonblocking" => "trace=%network,%desc,clock_nanosleep",
        _ => "trace=%network,%desc,clone,wait4",
    };
    let mut command = Command::new("strace");
    command
        .args(args.iter().filter(|flag| **flag == "-y"))
        .args(["-f", "-s", "1000000", "-e", seen, "-o"])
        .arg(&outside)
        .arg(env!("CARGO_BIN_EXE_httpsys"))
        .args([
            "serve",
            "-l",
            "127.0.0.1:0",
            "--io",
            io,
            "--trace=strace",
            "--no-redact",
        ])
        .args(["-s", "1000000", "-o"])
        .arg(&inside)
        .args(args);
    if let End::Requests(requests) = end {
        command.args(["--max-requests", &requests.to_string()]);
    }
    command.arg(folder.0.join("site"));
    let server = Server::spawn(command);
    let _open = client(&server);
    if let End::Signal(signal) = end {
        let traced = format!("/proc/{0}/task/{0}/children", server.pid());
        let traced = std::fs::read_to_string(traced).expect("strace has a child");
        let traced = traced.trim().parse().expect("one child");
        kill(Pid::from_raw(traced), signal).expect("the server runs");
    }
    let (status, errors, _) = server.finish();
    assert_eq!(status, Some(0), "{errors:?}");
    let outside = std::fs::read_to_string(&outside).expect("strace wrote its log");
    let inside = std::fs::read_to_string(&inside).expect("the server wrote its trace");
    compare(&outside, &inside);
}

/// How a pause begins.
const SLEEP: &str = "clock_nanosleep(";

fn compare(outside: &str, inside: &str) {
    let ours = calls(inside);
    let theirs = calls(outside);
    assert!(!ours.is_empty(), "our trace is empty");
    for (tid, ours) in &ours {
        let theirs = theirs
            .get(tid)
            .unwrap_or_else(|| panic!("strace saw no thread {tid}"));
        // The thread that stops the server sleeps between two looks, and that is not serving.
        let sleeps = ours.iter().any(|call| call.starts_with(SLEEP));
        let mut theirs: Vec<&String> = theirs
            .iter()
            .filter(|call| serves(call) && (sleeps || !call.starts_with(SLEEP)))
            .collect();
        // The main thread sets itself up before its first socket; that is not serving yet.
        if let Some(first) = theirs.iter().position(|call| call.starts_with("socket(")) {
            theirs.drain(..first);
        }
        // strace is not asked for these: starting threads of the tool's own makes the one, ending it the other.
        let asked =
            |call: &str| !call.starts_with("rt_sigprocmask(") && !call.starts_with("exit_group(");
        // Whether there may be a ring is asked before the first socket.
        let asked = |call: &str| asked(call) && !call.starts_with("io_uring_setup(0)");
        let ours: Vec<&String> = ours.iter().filter(|call| asked(call)).collect();
        let differs = ours.iter().zip(&theirs).position(|(a, b)| a != b);
        let at = differs.unwrap_or(ours.len().min(theirs.len()));
        assert!(
            differs.is_none() && ours.len() == theirs.len(),
            "thread {tid}, call {at}:\n ours   {:?}\n strace {:?}\nours:\n{ours:#?}\nstrace:\n{theirs:#?}",
            ours.get(at),
            theirs.get(at),
        );
    }
}

#[test]
fn a_get_looks_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &[], 1, |server| {
            let answer = server.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        });
    }
}

#[test]
fn a_post_in_two_pieces_looks_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &["--keep-alive"], 2, |server| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            read_response(&mut stream);
            stream
                .write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
                .unwrap();
            // The first piece was read when a second connection, or nobody, could be served: the kernel
            // keeps the order of bytes, so no wait is needed for the pieces to be two.
            stream.write_all(b"world").unwrap();
            let answer = read_response(&mut stream);
            assert!(
                answer.ends_with(b"helloworld"),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        });
    }
}

#[test]
fn pipelining_looks_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &["--keep-alive"], 3, |server| {
            let one = b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n".as_slice();
            let answer = server.ask(&[one, one, one].concat());
            assert_eq!(answer.windows(9).filter(|w| w == b"HTTP/1.1 ").count(), 3);
        });
    }
}

#[test]
fn an_early_close_and_a_reset_look_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        // The first gets a 400, the last its page; only then may the server end.
        both_witnesses_agree(io, &[], 2, |server| {
            let mut early = server.connect();
            early.write_all(b"GET / HT").unwrap();
            drop(early);
            let mut reset = server.connect();
            reset.write_all(b"GET / HT").unwrap();
            reset_on_close(&reset).unwrap();
            drop(reset);
            server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
        });
    }
}

/// Makes the close of this socket a reset.
fn reset_on_close(stream: &std::net::TcpStream) -> nix::Result<()> {
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger)
}

#[test]
fn a_404_and_a_head_and_a_big_file_look_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &["--keep-alive"], 3, |server| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 404 "));
            stream
                .write_all(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            let mut head = [0; 15];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(&head, b"HTTP/1.1 200 OK");
            stream
                .write_all(b"GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .unwrap();
            let rest = read_all(&mut stream);
            assert!(rest.len() > 300_000);
        });
    }
}

#[test]
fn descriptors_have_the_same_names_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &["--keep-alive", "-y"], 3, |server| {
            let mut stream = server.connect();
            for path in ["/", "/nothing", "/big.bin"] {
                let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
                stream.write_all(request.as_bytes()).unwrap();
                assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 "));
            }
        });
    }
}

#[test]
fn keep_alive_and_a_half_close_look_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        both_witnesses_agree(io, &["--keep-alive"], 3, |server| {
            let mut stream = server.connect();
            for _ in 0..2 {
                stream
                    .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                    .unwrap();
                assert!(read_response(&mut stream).ends_with(b"Hi"));
            }
            stream
                .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert!(read_all(&mut stream).ends_with(b"Hi"));
        });
    }
}

#[test]
fn the_end_by_a_signal_looks_the_same_from_inside_and_outside() {
    for (io, signal) in models()
        .map(IoModel::name)
        .zip([Signal::SIGINT, Signal::SIGTERM].into_iter().cycle())
    {
        // Asleep with nobody there.
        agree(io, &[], End::Signal(signal), |server| {
            server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
        });
        // Asleep with an idle client.
        agree(io, &["--keep-alive"], End::Signal(signal), |server| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            read_response(&mut stream);
            stream
        });
    }
}

#[test]
fn the_end_of_a_server_with_two_doors_looks_the_same_from_inside_and_outside() {
    for io in models().map(IoModel::name) {
        let two = ["-l", "127.0.0.1:0"];
        agree(io, &two, End::Signal(Signal::SIGTERM), |server| {
            server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
        });
    }
}

#[test]
fn several_event_loops_look_the_same_from_inside_and_outside() {
    for io in models()
        .filter(|io| io.is_event_driven())
        .map(IoModel::name)
    {
        let two = ["--workers", "2"];
        agree(io, &two, End::Signal(Signal::SIGTERM), |server| {
            for _ in 0..8 {
                server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
            }
        });
    }
}
