//! Programs that are hard to trace: filters of their own, 32-bit calls, threads that execute, crowds of short
//! lives, tracers under trace, other process namespaces. Each runs under trace as it does alone.

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::peer;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::HashSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Instant;
use trace_support::*;

/// The hard programs, built once; `None` (said, or failed) where there is no C compiler or no ptrace.
fn corners() -> Option<&'static str> {
    static BUILT: OnceLock<Option<String>> = OnceLock::new();
    let build = || {
        if !ptrace_allowed() || !peer("cc") {
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = folder.join("corners").display().to_string();
        let built = Command::new("cc")
            .args(["-O1", "-pthread", "-o", &program])
            .arg("tests/trace_support/corners.c")
            .output()
            .expect("cc runs");
        assert!(built.status.success(), "{}", text(&built.stderr));
        Some(program)
    };
    BUILT.get_or_init(build).as_deref()
}

const WAYS: [&[&str]; 2] = [&[], &["--no-filter"]];

/// Runs a program alone: what it printed, and how it ended.
fn alone(words: &[&str]) -> (String, ExitStatus) {
    let mut command = Command::new(words[0]);
    let output = command
        .args(&words[1..])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    (text(&output.stdout), output.status)
}

/// The same under trace, with the recording.
fn traced(folder: &Folder, options: &[&str], words: &[&str]) -> (String, ExitStatus, Vec<Value>) {
    let (output, lines) = record(&folder.0, options, words);
    (text(&output.stdout), output.status, lines)
}

fn ended_alike(one: ExitStatus, other: ExitStatus) -> bool {
    (one.code(), one.signal()) == (other.code(), other.signal())
}

#[test]
fn a_filter_of_the_programs_own_answers_as_it_would_and_nothing_is_missed() {
    let folder = Folder::new("trace-sandbox");
    let Some(program) = corners() else {
        return;
    };
    let set = ["-e", "trace=getppid"];
    for how in ["prctl", "seccomp"] {
        for answer in ["errno", "trace", "trap", "kill", "allow"] {
            let words = [program, "sandbox", answer, how];
            // Who comes first of parent and child is chance.
            let sorted = |printed: &str| {
                let mut lines: Vec<String> = printed.lines().map(str::to_string).collect();
                lines.sort();
                lines
            };
            let (printed, status) = alone(&words);
            let mut seen = Vec::new();
            for way in WAYS {
                let (shown, ended, lines) = traced(&folder, &[&set, way].concat(), &words);
                assert_eq!(sorted(&shown), sorted(&printed), "{answer} {how} {way:?}");
                assert!(
                    ended_alike(ended, status),
                    "{answer} {how} {way:?}: {ended}"
                );
                let calls = of_type(&lines, "call");
                let asked = calls.iter().filter(|call| call["call"] == "getppid");
                // An id differs from run to run, a number for no result does not.
                let result =
                    |call: &&&Value| (call["errno"].clone(), call["ret"].as_i64().map(|n| n > 0));
                let mut results: Vec<_> = asked.map(|call| result(&call)).collect();
                results.sort_by_key(|(errno, _)| errno.to_string());
                assert_eq!(results.len(), 2, "{answer} {how} {way:?}");
                seen.push(results);
            }
            assert_eq!(seen[0], seen[1], "{answer} {how}");
        }
    }
    let words = [program, "sandbox", "allow", "prctl"];
    let said = |options: &[&str]| {
        let output = trace(&[options, &words].concat())
            .output()
            .expect("it runs");
        text(&output.stderr)
            .matches("filter of the program's own")
            .count()
    };
    assert_eq!(
        (said(&[]), said(&["-q"]), said(&["--no-filter"])),
        (1, 0, 0)
    );
}

#[test]
fn a_fault_is_brought_about_once_beside_a_filter_of_the_programs_own() {
    let folder = Folder::new("trace-sandbox-fault");
    let Some(program) = corners() else {
        return;
    };
    let fault = [
        "-e",
        "trace=getppid",
        "-e",
        "inject=getppid:error=EAGAIN:when=1",
    ];
    let words = [program, "sandbox", "allow", "seccomp"];
    let (shown, ended, lines) = traced(&folder, &fault, &words);
    assert_eq!(ended.code(), Some(0), "{shown}");
    // Each thread counts for itself.
    for who in ["parent", "child"] {
        assert!(
            shown.contains(&format!("{who} failed errno 11\n")),
            "{shown}"
        );
    }
    let calls = of_type(&lines, "call");
    let asked = calls.iter().filter(|call| call["call"] == "getppid");
    assert!(asked.clone().all(|call| call["errno"] == "EAGAIN"));
    assert_eq!(asked.count(), 2);
}

#[test]
fn calls_in_32_bit_mode_are_counted_and_never_read_as_others() {
    let folder = Folder::new("trace-int80");
    let Some(program) = corners() else {
        return;
    };
    let words = [program, "int80"];
    let (printed, status) = alone(&words);
    if printed.contains("no i386 calls") {
        return eprintln!("skipped: this kernel takes no i386 calls");
    }
    for way in WAYS {
        let (shown, ended, lines) = traced(&folder, way, &words);
        assert_eq!(shown, printed, "{way:?}");
        assert!(ended_alike(ended, status), "{ended}");
        let lost = of_type(&lines, "lost");
        let count: u64 = lost.iter().filter_map(|line| line["count"].as_u64()).sum();
        assert_eq!(count, 3, "{way:?}: {lost:?}");
        assert!(
            lost.iter()
                .all(|line| line["why"] == "calls made in i386 mode are not decoded")
        );
        let written = of_type(&lines, "call");
        let mut written = written.iter().filter(|call| call["call"] == "write");
        assert_eq!(
            written.next().map(|call| call["data"]["text"].clone()),
            Some("sixty-four\n".into())
        );
        assert!(written.next().is_none(), "{way:?}");
    }
}

#[test]
fn a_crowd_of_short_lives_is_told_whole() {
    let folder = Folder::new("trace-crowd");
    let Some(program) = corners() else {
        return;
    };
    const ROUNDS: usize = 30;
    let rounds = ROUNDS.to_string();
    for way in WAYS {
        let (shown, ended, lines) = traced(&folder, way, &[program, "crowd", &rounds]);
        assert_eq!(
            (shown.as_str(), ended.code()),
            ("all came and went\n", Some(0))
        );
        let born = lives(&lines, "spawn");
        let threads = born.iter().filter(|birth| birth["thread"] == true).count();
        assert_eq!(
            (threads, born.len() - threads),
            (8 * ROUNDS, ROUNDS),
            "{way:?}"
        );
        // Each ended, after all that it did.
        let ends = lives(&lines, "exit");
        assert_eq!(ends.len(), born.len() + 1, "{way:?}");
        let mut gone = HashSet::new();
        for line in &lines {
            if line["event"] == "spawn" {
                // Ids are used again.
                gone.remove(&line["child"].as_u64());
            }
            assert!(!gone.contains(&line["tid"].as_u64()), "{way:?}: {line}");
            if line["event"] == "exit" {
                gone.insert(line["tid"].as_u64());
            }
        }
    }
}

#[test]
fn a_thread_that_executes_among_busy_ones_takes_over_again_and_again() {
    let folder = Folder::new("trace-successor");
    let Some(program) = corners() else {
        return;
    };
    for way in WAYS {
        let (shown, ended, lines) = traced(&folder, way, &[program, "successor", "6"]);
        assert_eq!(
            (shown.as_str(), ended.code()),
            ("the last one\n", Some(3)),
            "{way:?}"
        );
        let programs = lives(&lines, "exec");
        assert_eq!(programs.len(), 7, "{way:?}");
        assert!(programs.iter().all(|exec| exec["tid"] == exec["pid"]));
        assert_eq!(
            lives(&lines, "exit")
                .last()
                .map(|end| end["status"].clone()),
            Some(3.into())
        );
    }
}

#[test]
fn a_program_that_closes_every_descriptor_closes_none_of_the_tracers() {
    let folder = Folder::new("trace-closer");
    let Some(program) = corners() else {
        return;
    };
    for way in WAYS {
        let (shown, ended, lines) = traced(&folder, way, &[program, "closer"]);
        assert_eq!(
            (shown.as_str(), ended.code()),
            ("still here\n", Some(5)),
            "{way:?}"
        );
        assert_eq!(
            lines.last().map(|line| line["type"].clone()),
            Some("end".into())
        );
    }
}

#[test]
fn a_tracer_under_trace_fails_cleanly_and_works_where_children_are_not_followed() {
    if !ptrace_allowed() || !peer("strace") {
        return;
    }
    let under = |options: &[&str]| {
        let quiet = ["-q", "-o", "/dev/null"];
        let words = ["strace", "-o", "/dev/null", "sh", "-c", "exit 6"];
        let output = trace(&[&quiet, options, &words].concat())
            .output()
            .expect("it runs");
        output.status.code()
    };
    // It says itself that it may not trace: its child is ours.
    assert_eq!(under(&[]), Some(1));
    assert_eq!(under(&["--no-filter"]), Some(1));
    assert_eq!(under(&["--no-follow"]), Some(6));
}

#[test]
fn children_in_another_pid_namespace_are_told_by_our_ids() {
    if !ptrace_allowed() {
        return;
    }
    let words = ["unshare", "-fp", "sh", "-c", "echo $$; (exit 4); exit 9"];
    let (printed, status) = alone(&words);
    if status.code() != Some(9) {
        return eprintln!("skipped: no PID namespace here");
    }
    let folder = Folder::new("trace-namespace");
    for way in WAYS {
        let (shown, ended, lines) = traced(&folder, way, &words);
        assert_eq!(shown, printed, "{way:?}");
        assert_eq!(ended.code(), Some(9), "{way:?}");
        let born = lives(&lines, "spawn");
        assert_eq!(born.len(), 2, "{way:?}");
        for (birth, status) in born.iter().zip([9, 4]) {
            let ends = lives(&lines, "exit");
            let end = ends.iter().find(|end| end["pid"] == birth["child"]);
            assert_eq!(
                end.map(|end| end["status"].clone()),
                Some(status.into()),
                "{way:?}"
            );
        }
    }
}

#[test]
fn a_process_whose_first_thread_has_ended_is_attached_to() {
    let Some(program) = corners() else {
        return;
    };
    let mut headless = Command::new(program)
        .arg("headless")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let pid = headless.id().to_string();
    let state = |wanted: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.contains(&format!("State:\t{wanted}"))
    };
    let deadline = Instant::now() + PATIENCE;
    while !state("Z") {
        assert!(Instant::now() < deadline, "its first thread goes on");
        std::thread::yield_now();
    }
    // Named twice, it is traced once.
    let mut tracer = trace(&["--view", "json", "-p", &pid, "-p", &pid])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut shown = BufReader::new(tracer.stderr.take().expect("it was asked for")).lines();
    let first = shown.find(|line| line.as_ref().is_ok_and(|line| line.contains("\"fd\"")));
    assert!(first.is_some(), "it was refused");
    let mut input = headless.stdin.take().expect("it was asked for");
    input.write_all(b"typed\n").expect("it reads");
    let mut echo = String::new();
    let mut output = BufReader::new(headless.stdout.take().expect("it was asked for"));
    output.read_line(&mut echo).expect("it answers");
    assert_eq!(echo, "typed\n");
    let write = shown.find(|line| line.as_ref().is_ok_and(|line| line.contains("\"write\"")));
    assert!(write.is_some_and(|line| line.is_ok_and(|line| line.contains("typed"))));
    kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).expect("it runs");
    shown.for_each(drop);
    assert_eq!(tracer.wait().expect("a child").code(), Some(0));
    drop(input);
    assert_eq!(headless.wait().expect("a child").code(), Some(0));
}

#[test]
fn a_stopped_process_stays_stopped_when_a_tracer_has_come_and_gone() {
    if !ptrace_allowed() {
        return;
    }
    let mut cat = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let pid = Pid::from_raw(cat.id() as i32);
    let wait_for = |state: &str| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            if status.contains(&format!("State:\t{state}")) && status.contains("TracerPid:\t0\n") {
                return;
            }
            assert!(Instant::now() < deadline, "{status}");
            std::thread::yield_now();
        }
    };
    kill(pid, Signal::SIGSTOP).expect("it runs");
    wait_for("T");
    for signal in [Signal::SIGINT, Signal::SIGKILL] {
        let mut tracer = trace(&["--view", "json", "-p", &pid.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut shown = BufReader::new(tracer.stderr.take().expect("it was asked for")).lines();
        let first = shown.find(|line| line.as_ref().is_ok_and(|line| line.contains("\"fd\"")));
        assert!(first.is_some(), "it was refused");
        kill(Pid::from_raw(tracer.id() as i32), signal).expect("it runs");
        shown.for_each(drop);
        tracer.wait().expect("a child");
        wait_for("T");
    }
    kill(pid, Signal::SIGCONT).expect("it runs");
    drop(cat.stdin.take());
    assert_eq!(cat.wait().expect("a child").code(), Some(0));
}

#[test]
fn a_program_that_is_killed_while_a_fault_holds_it_ends_at_once() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-held");
    for (fault, call) in [
        ("inject=write:delay_enter=1000s:when=2", "write"),
        ("inject=write:delay_exit=1000s:when=2", "write"),
        ("inject=write:error=EIO:delay_enter=1000s:when=2", "write"),
    ] {
        let file = folder.0.join("recording");
        let path = file.to_str().expect("a plain path");
        let words = [
            "-q",
            "--record",
            path,
            "-e",
            fault,
            "sh",
            "-c",
            "echo $$; echo held; echo on",
        ];
        let mut tracer = trace(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(tracer.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        out.read_line(&mut line).expect("its id");
        let pid = Pid::from_raw(line.trim().parse().expect("a number"));
        let stopped = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            status.contains("State:\tt") && written.contains("\"write\"")
        };
        let deadline = Instant::now() + PATIENCE;
        // Once seen at rest: it is stopped for moments at each call.
        let mut at_rest = 0;
        while at_rest < 20 {
            assert!(Instant::now() < deadline, "{fault}: it is not held");
            at_rest = if stopped() { at_rest + 1 } else { 0 };
            std::thread::yield_now();
        }
        kill(pid, Signal::SIGKILL).expect("it is there");
        let ended = tracer.wait().expect("a child");
        assert_eq!(ended.signal(), Some(9), "{fault}");
        let lines = lines(&std::fs::read_to_string(&file).expect("a recording"));
        let calls = of_type(&lines, "call");
        assert_eq!(
            calls.last().map(|done| done["call"].clone()),
            Some(call.into()),
            "{fault}"
        );
        assert_eq!(lives(&lines, "killed").len(), 1, "{fault}");
    }
}
