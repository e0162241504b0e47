//! `--io uring`: what is told of operations, and what happens where there is no ring.

mod common;
mod trace_support;

use common::Folder;
use common::Server;
use common::httpsys;
use common::models::io_uring_works;

const ASK: &[u8] =
    b"GET /hi HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2VjcmV0\r\nConnection: close\r\n\r\n";

#[test]
fn where_the_kernel_refuses_a_ring_the_machine_said_no() {
    for (errno, said) in [
        ("EPERM", "kernel.io_uring_disabled"),
        ("ENOSYS", "Linux 5.11"),
    ] {
        let fault = format!("inject=io_uring_setup:error={errno}");
        let output = httpsys()
            .args(["serve", "--io", "uring", "-l", "127.0.0.1:0", "-e", &fault])
            .output()
            .expect("the program runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{err}");
        for part in ["io_uring_setup", errno, said, "--io epoll"] {
            assert!(err.contains(part), "{err}");
        }
        assert!(!err.contains("listening"), "{err}");
    }
}

#[test]
fn a_refusal_from_outside_is_told_in_the_same_words() {
    if !io_uring_works() || !trace_support::ptrace_allowed() {
        return;
    }
    // As a container's filter does it: the server cannot tell.
    let quiet = ["-q", "-o", "/dev/null", "-e", "trace=io_uring_setup"];
    let refuse = ["-e", "inject=io_uring_setup:error=EPERM", "--"];
    let mut command = trace_support::trace(&[&quiet[..], &refuse].concat());
    command.arg(httpsys().get_program());
    let output = command
        .args(["serve", "--io", "uring", "-l", "127.0.0.1:0"])
        .output()
        .expect("the program runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    for part in ["EPERM", "kernel.io_uring_disabled", "--io epoll"] {
        assert!(err.contains(part), "{err}");
    }
}

#[test]
fn a_ring_that_is_refused_after_all_is_told_with_its_reason_too() {
    if !io_uring_works() {
        return;
    }
    let fault = "inject=io_uring_setup:error=ENOMEM:when=2";
    let output = httpsys()
        .args(["serve", "--io", "uring", "-l", "127.0.0.1:0", "-e", fault])
        .output()
        .expect("the program runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("ENOMEM") && err.contains("ulimit -l"), "{err}");
}

/// Serves one request and returns what the trace says.
fn traced(args: &[&str]) -> String {
    let mut all = vec!["--io", "uring", "--max-requests", "1"];
    all.extend(args);
    let server = Server::start(&all);
    let answer = server.ask(ASK);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let (status, lines, _) = server.finish();
    assert_eq!(status, Some(0), "{lines:?}");
    lines.join("\n")
}

#[test]
fn the_trace_shows_operations_going_in_and_coming_out_and_tells_the_same_story() {
    if !io_uring_works() {
        return;
    }
    let text = traced(&["--trace", "-s", "200"]);
    let mut rest = text.as_str();
    // In this order; between them stand others.
    for part in [
        "two queues, shared memory",
        "sq: accept4(3) ",
        "cq: accept4(3) ",
        "c1 from 127.0.0.1:",
        "sq: read(5, up to 16384) ",
        "cq: read(5, up to 16384) ",
        "> GET /hi (complete)",
        "sq: write(5, ",
        "cq: write(5, ",
        "< 200 OK",
        "sq: close(5) ",
        "c1 over: 1 request, 0 leaks",
        "cq: close(5) ",
        "* 1 connection, 1 request, ",
    ] {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("no {part:?} where it should be in\n{text}"));
        rest = &rest[at..];
    }
    assert!(text.contains("io_uring_enter(4, "), "{text}");
    assert!(!text.contains("c2VjcmV0"), "a secret is masked: {text}");
}

#[test]
fn strace_sees_no_operation_and_neither_does_its_view() {
    if !io_uring_works() {
        return;
    }
    let text = traced(&["--trace=strace"]);
    assert!(text.contains("io_uring_enter(4, "), "{text}");
    for operation in ["accept4(", "read(5", "write(5", "close(5)"] {
        assert!(!text.contains(operation), "{operation} in\n{text}");
    }
}

#[test]
fn operations_are_recorded_masked_and_read_back_as_they_were() {
    if !io_uring_works() {
        return;
    }
    let folder = Folder::new("uring");
    let first = folder.0.join("run.jsonl");
    let server = Server::start(&[
        "--io",
        "uring",
        "--max-requests",
        "1",
        "--record",
        first.to_str().expect("a plain path"),
    ]);
    server.ask(ASK);
    assert_eq!(server.finish().0, Some(0));
    let text = std::fs::read_to_string(&first).expect("a recording");
    let rings: Vec<&str> = (text.lines())
        .filter(|line| line.starts_with(r#"{"type":"ring""#))
        .collect();
    let count = |op: &str, ended: bool| {
        let name = format!(r#""op":"IORING_OP_{op}""#);
        let is = |line: &&&str| line.contains(&name) && line.contains(r#""res":"#) == ended;
        rings.iter().filter(is).count()
    };
    for op in ["ACCEPT", "READ", "WRITE", "CLOSE", "ASYNC_CANCEL"] {
        assert!(count(op, true) > 0, "{op}: {text}");
        assert_eq!(count(op, true), count(op, false), "{op}: {text}");
    }
    assert!(!text.contains("c2VjcmV0") && text.contains(r#""redacted":true"#));

    use httpsys::decode::Decoder;
    use httpsys::event::wire::Writer;
    use httpsys::source::recording::Recording;
    let mut recording = Recording::new(text.as_bytes()).expect("memory can be read");
    let (mut decoder, mut writer, mut again) = (Decoder::default(), Writer::default(), Vec::new());
    while let Some(raw) = recording.next_record().expect("memory can be read") {
        writer.event(&decoder.event(&raw), &mut again);
    }
    let again = String::from_utf8(again).expect("JSON is UTF-8");
    let same: Vec<&str> = (again.lines())
        .filter(|line| line.starts_with(r#"{"type":"ring""#))
        .collect();
    assert_eq!(rings, same);
}

#[test]
fn an_operation_that_was_held_back_for_its_request_still_says_that_it_was_masked() {
    if !io_uring_works() {
        return;
    }
    for filter in [["--request", "/hi"], ["--conn", "c1"]] {
        let text = traced(&[&["--trace=json"], &filter[..]].concat());
        let is_read = |line: &&str| {
            line.contains(r#""op":"IORING_OP_READ""#) && line.contains("Authorization: ")
        };
        let reads: Vec<&str> = text.lines().filter(is_read).collect();
        assert_eq!(reads.len(), 1, "{text}");
        assert!(!reads[0].contains("c2VjcmV0"), "{text}");
        assert!(reads[0].contains(r#""redacted":true"#), "{text}");
    }
}

#[test]
fn an_operation_that_fails_ends_its_connection_and_no_other() {
    if !io_uring_works() {
        return;
    }
    for fault in ["read:error=ECONNRESET:when=1", "write:error=EPIPE:when=1"] {
        let server = Server::start(&["--io", "uring", "-e", &format!("inject={fault}")]);
        assert_eq!(server.ask(ASK), b"", "{fault}");
        assert!(
            server.ask(ASK).starts_with(b"HTTP/1.1 200 OK\r\n"),
            "{fault}"
        );
        assert_eq!(server.stop().0, Some(0), "{fault}");
    }
}

#[test]
fn a_trace_from_outside_says_that_it_does_not_see_what_goes_through_rings() {
    if !io_uring_works() || !trace_support::ptrace_allowed() {
        return;
    }
    let serve = ["serve", "-l", "127.0.0.1:0", "-q", "--max-requests", "1"];
    for (io, unseen) in [("uring", true), ("epoll", false)] {
        let program = httpsys().get_program().to_owned();
        let mut command = trace_support::trace(&["--color", "never", "--"]);
        command.arg(program).args(serve).args(["--io", io]);
        let server = Server::spawn(command);
        assert!(server.ask(ASK).starts_with(b"HTTP/1.1 200 OK\r\n"), "{io}");
        let (status, lines, _) = server.finish();
        assert_eq!(status, Some(0), "{io}: {lines:?}");
        let says = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
        assert_eq!(
            says("what rings do is not seen"),
            usize::from(unseen),
            "{lines:?}"
        );
        assert_eq!(
            says("* io_uring: what goes through rings is not seen"),
            usize::from(unseen),
            "{lines:?}"
        );
    }
}
