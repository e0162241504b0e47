//! Faults in any program, brought about from outside: the program truly gets them, and the record says so.

mod common;
mod trace_support;

use common::Folder;
use common::Server;
use common::read_response;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use trace_support::*;

/// Runs a shell script with a fault; what it printed, and the calls that the fault changed.
fn spoiled(folder: &Path, fault: &str, options: &[&str], script: &str) -> (String, Vec<Value>) {
    let fault = format!("inject={fault}");
    let options = [&["-e", &fault, "-e", "trace=all"], options].concat();
    let (output, lines) = record_shell(folder, &options, script);
    let calls = of_type(&lines, "call").into_iter().filter(|call| {
        ["injected", "delayed", "cut"]
            .iter()
            .any(|mark| !call[mark].is_null())
    });
    (text(&output.stdout), calls.cloned().collect())
}

#[test]
fn a_made_up_result_is_what_the_program_gets_and_no_call_is_made() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-inject");
    for options in [&[][..], &["--no-filter"]] {
        let script = "exec 2>&1; mkdir made && echo yes || echo no; ls -d made";
        let script = format!("cd {} && {script}", folder.0.display());
        let (printed, calls) = spoiled(&folder.0, "mkdir:error=ENOSPC", options, &script);
        assert!(
            printed.contains("No space left on device\nno\n"),
            "{printed}"
        );
        assert!(!folder.0.join("made").exists());
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0]["errno"], "ENOSPC");

        let script = "test $(umask) = 0077 && echo theirs || echo ours";
        let (printed, calls) = spoiled(&folder.0, "umask:retval=63", options, script);
        assert_eq!(printed, "theirs\n");
        assert!(calls.iter().all(|call| call["ret"] == 63));
    }
}

#[test]
fn a_count_is_cut_before_the_call_and_the_register_is_put_back() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-short");
    let file = folder.file("text", "a line of text\n".repeat(40));
    let whole = std::fs::read_to_string(&file).unwrap();
    for options in [&[][..], &["--no-filter"]] {
        // `cat` goes on writing until all is written: nothing is lost, it only takes more calls.
        let script = format!("cat {}", file.display());
        let (printed, calls) = spoiled(&folder.0, "write:short=100", options, &script);
        assert_eq!(printed, whole);
        assert_eq!(calls.len(), 5, "{calls:#?}");
        assert!(calls.iter().all(|call| call["ret"] == 100));
    }
}

#[test]
fn when_counts_for_each_thread_and_a_delay_takes_its_time() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-when");
    let script = "echo one; echo two; (echo three; echo four)";
    let (printed, calls) = spoiled(&folder.0, "write:error=EIO:when=2", &[], script);
    assert_eq!(printed, "one\nthree\n");
    assert_eq!(calls.len(), 2);
    let (printed, calls) = spoiled(
        &folder.0,
        "write:delay_enter=30ms:delay_exit=1ms",
        &[],
        "echo one",
    );
    assert_eq!(printed, "one\n");
    assert!(calls[0]["dur"].as_u64().unwrap() >= 30_000_000, "{calls:?}");
}

/// The text that a thread's descriptor last read before each call that was cut.
fn asked_before_cuts(lines: &[Value]) -> Vec<String> {
    let calls = of_type(lines, "call");
    let fd = |call: &Value| {
        let args = &call["args"];
        let fd = args["fd"].as_i64().or_else(|| args["sockfd"].as_i64());
        (call["pid"].clone(), fd)
    };
    let cut = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| !call["cut"].is_null());
    cut.map(|(place, cut)| {
        let asked = calls[..place].iter().rev().find_map(|call| {
            let text = call["data"]["text"].as_str()?;
            (fd(call) == fd(cut) && text.contains(" HTTP/1.1\r\n")).then_some(text)
        });
        asked
            .unwrap_or("nothing")
            .lines()
            .next()
            .unwrap_or("")
            .to_string()
    })
    .collect()
}

#[test]
fn a_fault_for_a_request_spoils_its_calls_and_no_others() {
    if !ptrace_allowed() {
        return;
    }
    for (io, options) in [
        ("threads", &[][..]),
        ("epoll", &["--no-filter"]),
        ("fork", &[]),
        ("epoll", &["--canonical"]),
    ] {
        let folder = Folder::new(&format!("trace-request-{io}"));
        let file = folder.0.join("recording");
        let fault = "inject=write,sendto:short=10:request='GET /hi?2'";
        let trace_words = [
            "-q",
            "-o",
            "/dev/null",
            "--record",
            file.to_str().unwrap(),
            "-e",
            fault,
        ];
        let program = env!("CARGO_BIN_EXE_httpsys");
        let serve = [program, "serve", "-l", "127.0.0.1:0", "-q", "--log", "off"];
        let words = [&trace_words, options, &["--"], &serve, &["--io", io]].concat();
        let server = Server::spawn(trace(&words));
        let mut streams = [server.connect(), server.connect()];
        for number in 1..=3 {
            for stream in &mut streams {
                let request = format!("GET /hi?{number} HTTP/1.1\r\nHost: x\r\n\r\n");
                stream.write_all(request.as_bytes()).unwrap();
                let answer = read_response(stream);
                assert!(answer.starts_with(b"HTTP/1.1 200 "), "{io}");
                assert!(answer.ends_with(b"Hi"), "{io}");
            }
        }
        drop(streams);
        assert_eq!(server.stop().0, Some(0), "{io}");
        let lines = lines(&std::fs::read_to_string(&file).unwrap());
        let asked = asked_before_cuts(&lines);
        // An answer has more than a hundred bytes: ten calls at least, on each of two connections.
        assert!(asked.len() >= 20, "{io}: {asked:?}");
        let others = asked.iter().find(|line| *line != "GET /hi?2 HTTP/1.1");
        assert_eq!(others, None, "{io}");
    }
}

#[test]
fn a_program_cannot_choose_its_own_calls_by_request() {
    let fault = "inject=write:short=10:request=/hi";
    for words in [&["serve", "-e", fault][..], &["get", "-e", fault, ":1/"]] {
        let output = common::httpsys().args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(said.contains("request= is for httpsys trace"), "{said}");
    }
    let output = trace(&["-e", "inject=write:short=10:request=a b c", "true"]);
    let output = { output }.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a method, a target or both"));
}
