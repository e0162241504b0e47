//! `trace -p`: what a process already had is told, its exchanges are seen, and it is left as it was.

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::Server;
use common::read_response;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::process::Child;
use std::process::Stdio;
use std::time::Instant;
use trace_support::*;

/// Attaches to a process and waits until its first event is shown: by then it is traced.
fn attach(pid: u32, record: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let pid = pid.to_string();
    let mut tracer = trace(&["--view", "json", "--record", record, "-p", &pid])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut shown = BufReader::new(tracer.stderr.take().expect("it was asked for"));
    let mut line = String::new();
    while !line.contains("\"type\":\"fd\"") {
        line.clear();
        assert!(
            shown.read_line(&mut line).expect("a line") > 0,
            "it was refused"
        );
    }
    (tracer, shown)
}

fn state(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let fields = status
        .lines()
        .filter(|line| line.starts_with("State:") || line.starts_with("TracerPid:"));
    fields.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_running_server_is_watched_and_let_go() {
    if !ptrace_allowed() {
        return;
    }
    for io in ["threads", "epoll", "blocking"] {
        let folder = Folder::new(&format!("trace-attach-{io}"));
        let record = folder.0.join("recording");
        let server = Server::start(&["--io", io, "-q", "--log", "off", "--keep-alive"]);
        let mut before = server.connect();
        before
            .write_all(b"GET /hi?0 HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(!read_response(&mut before).is_empty());

        let (mut tracer, shown) = attach(server.pid(), record.to_str().unwrap());
        let read = std::thread::spawn(move || shown.lines().map_while(Result::ok).count());
        let mut seen = Vec::new();
        for number in 1..=3 {
            let request = format!("GET /hi?{number} HTTP/1.1\r\nHost: x\r\n\r\n");
            before.write_all(request.as_bytes()).unwrap();
            assert!(read_response(&mut before).starts_with(b"HTTP/1.1 200 "));
            seen.push(format!("GET /hi?{number} HTTP/1.1\r\n"));
        }
        kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).unwrap();
        assert_eq!(tracer.wait().unwrap().code(), Some(0));
        read.join().unwrap();

        // It runs on, with nobody tracing it and nothing stopped.
        assert!(state(server.pid()).contains("TracerPid:\t0"));
        before
            .write_all(b"GET /hi?9 HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(read_response(&mut before).starts_with(b"HTTP/1.1 200 "));
        drop(before);
        let lines = lines(&std::fs::read_to_string(&record).unwrap());
        let port = server.address.port();
        let facts = of_type(&lines, "fd");
        let fact = |kind: &str, part: &str| {
            facts.iter().any(|fact| {
                fact["kind"] == kind
                    && fact["name"]
                        .as_str()
                        .is_some_and(|name| name.contains(part))
            })
        };
        assert!(fact("listener", &format!("127.0.0.1:{port}")), "{facts:#?}");
        assert!(
            fact("socket", &format!("127.0.0.1:{port} -> 127.0.0.1:")),
            "{facts:#?}"
        );
        let heard: Vec<&str> = of_type(&lines, "call")
            .iter()
            .filter_map(|call| call["data"]["text"].as_str())
            .filter(|text| text.starts_with("GET /hi"))
            .collect();
        // The read in which the server waited began before we came: its end is not seen where the
        // kernel restarts it unseen, so the first request may be missing, and no other.
        let heads = |text: &&str| seen.iter().any(|begin| text.starts_with(begin.as_str()));
        assert!(heard.iter().all(heads), "{heard:?}");
        assert!(heard.len() >= 2, "{heard:?}");
        assert_eq!(server.stop().0, Some(0));
    }
}

#[test]
fn a_killed_tracer_leaves_nothing_stopped() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-attach-killed");
    let record = folder.0.join("recording");
    let server = Server::start(&["--io", "threads", "-q", "--log", "off"]);
    for round in 0..5 {
        let (mut tracer, _shown) = attach(server.pid(), record.to_str().unwrap());
        let mut stream = server.connect();
        stream
            .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        if round % 2 == 0 {
            assert!(!read_response(&mut stream).is_empty());
        }
        tracer.kill().unwrap();
        tracer.wait().unwrap();
        let mut stream = server.connect();
        stream
            .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 200 "));
    }
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn who_cannot_be_traced_is_refused_with_the_reason() {
    if !ptrace_allowed() {
        return;
    }
    let refused = |pid: &str| {
        let output = trace(&["-p", pid]).output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        text(&output.stderr)
    };
    // Greater than any process id (`man 5 proc`, pid_max).
    let nobody = refused("2000000000");
    assert!(nobody.contains("no such process"), "{nobody}");

    let folder = Folder::new("trace-attach-twice");
    let record = folder.0.join("recording");
    let server = Server::start(&["-q", "--log", "off"]);
    let (mut tracer, _shown) = attach(server.pid(), record.to_str().unwrap());
    let second = refused(&server.pid().to_string());
    let named = format!("process {} traces it already", tracer.id());
    assert!(second.contains(&named), "{second}");
    assert!(second.contains("TracerPid"), "{second}");
    kill(Pid::from_raw(tracer.id() as i32), Signal::SIGTERM).unwrap();
    let deadline = Instant::now() + PATIENCE;
    assert_eq!(tracer.wait().unwrap().code(), Some(0));
    assert!(Instant::now() < deadline);
    assert_eq!(server.stop().0, Some(0));
}
