//! Every call that a server's life is made of, made in every way that is right and in many that are wrong:
//! our strace view prints the lines that strace 6.1 prints of the same program (`tests/fixtures/calls`).
//!
//! Left out on purpose, for there the two differ and mean to (docs/trace.md says so): names that came
//! after strace 6.1; the names of network interfaces, which strace asks the machine for; the mask that
//! `rt_sigreturn` takes from the stack.
#![allow(
    clippy::unwrap_used,
    reason = "what a test needs and does not find is its failure"
)]

mod common;
mod trace_support;

use common::Folder;
use common::peer;
use std::io::Read;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use trace_support::differential::{Log, differences, pair, run};
use trace_support::*;

/// Calls that are named, and whose arguments are shown as they stand in the registers, while strace takes
/// them apart.
const NAMED: &[&str] = &[
    "arch_prctl",
    "rseq",
    "prlimit64",
    "prctl",
    "set_robust_list",
    "setsid",
    "fadvise64",
    "setitimer",
    "rt_sigreturn",
];

/// Whether everything is there to compare with strace.
fn ready() -> bool {
    peer("cc") && peer("strace") && ptrace_allowed()
}

/// One of the programs.
fn program(folder: &Folder, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/calls")
        .join(name)
        .with_extension("c");
    let program = folder.0.join(name);
    let compiled = Command::new("cc")
        .args(["-O1", "-Wno-nonnull", "-o"])
        .args([&program, &source])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    program
}

/// An empty directory to run in: the same for both, so that both find and leave the same.
fn place(folder: &Folder) -> PathBuf {
    let place = folder.0.join("place");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir(&place).unwrap();
    place
}

/// What strace and we say of a program, with these flags. Both let it run for ten seconds at most (its own
/// alarm).
fn both(folder: &Folder, program: &Path, flags: &[&str]) -> (Log, Log) {
    let (theirs, ours) = (folder.0.join("theirs"), folder.0.join("ours"));
    let mut strace = Command::new("strace");
    strace.arg("-f").args(flags).arg("-o").arg(&theirs);
    strace.arg(program).current_dir(place(folder));
    run(strace);
    let mut all = vec!["--view", "strace", "--no-redact", "-q", "-e", "trace=all"];
    all.extend(flags);
    let mut httpsys = trace(&all);
    httpsys.arg("-o").arg(&ours).arg("--").arg(program);
    httpsys.current_dir(place(folder));
    run(httpsys);
    pair(&theirs, &ours)
}

/// A line as far as it is compared. strace knows the machine's one interface that is everywhere by name, the
/// inodes of sockets and pipes, and what the three standard streams were before the program began.
fn compared(line: &str) -> String {
    let name = line.split('(').next().unwrap_or(line);
    match NAMED.contains(&name) {
        true => brief(line),
        false => line
            .replace("if_nametoindex(\"lo\")", "1")
            .replace("if_nametoindex(\"\\x6c\\x6f\")", "1")
            .replace("</dev/null<char 1:3>>", "")
            .replace("</dev/null>", "")
            .split(":[")
            .map(without_inode)
            .collect::<Vec<_>>()
            .join(":["),
    }
}

/// `9700004->9700005]>…` as `?]>…`; anything else as it is.
fn without_inode(text: &str) -> String {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || "->".contains(c));
    match rest.starts_with("]>") && rest.len() < text.len() {
        true => format!("?{rest}"),
        false => text.to_string(),
    }
}

/// The call and its result: a number however it is written, and without what strace says of it.
fn brief(line: &str) -> String {
    let (call, result) = line.rsplit_once(" = ").unwrap_or((line, ""));
    let name = call.split('(').next().unwrap_or(call);
    let mut words = result.split(' ');
    let first = words.next().unwrap_or("");
    let number = match first.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => first.parse().ok(),
    };
    match (number, first) {
        (Some(-1), _) => format!("{name} = {result}"),
        (Some(number), _) => format!("{name} = {number}"),
        (None, "?") => format!("{name} = {result}"),
        // Which of the pointers it is depends on those before.
        (None, first) => format!("{name} = {}", first.trim_end_matches(char::is_numeric)),
    }
}

/// Holds every line of ours against strace's; `calls`: as many as there are at least, in `threads` threads.
fn same(logs: &(Log, Log), threads: usize, calls: usize, shown: impl Fn(&str) -> String) {
    let (theirs, ours) = logs;
    assert_eq!(theirs.threads.len(), threads);
    assert_eq!(ours.threads.len(), threads);
    let all: usize = theirs.threads.iter().map(Vec::len).sum();
    assert!(all >= calls, "{all} calls");
    assert_eq!(theirs.threads[0].last().unwrap(), "+++ exited with 0 +++");
    for (theirs, ours) in theirs.threads.iter().zip(&ours.threads) {
        let lines = |log: &[String]| log.iter().map(|line| shown(line)).collect::<Vec<_>>();
        let differences = differences(&lines(theirs), &lines(ours));
        assert!(
            differences.is_empty(),
            "strace, then ours: {differences:#?}"
        );
    }
    assert_eq!(theirs.signals, ours.signals);
}

/// Runs a program under both and compares, once for each set of flags.
fn check(name: &str, rounds: &[&[&str]], threads: usize, calls: usize) {
    if !ready() {
        return;
    }
    let folder = Folder::new(&format!("trace-decode-{name}"));
    let program = program(&folder, name);
    for flags in rounds {
        let logs = both(&folder, &program, flags);
        same(&logs, threads, calls, compared);
    }
}

#[test]
fn sockets_and_their_addresses_are_shown_as_strace_shows_them() {
    let rounds: [&[&str]; 4] = [&[], &["-xx"], &["-T", "-s", "1"], &["-y"]];
    check("sockets", &rounds, 1, 350);
}

#[test]
fn socket_options_are_shown_as_strace_shows_them() {
    check("options", &[&[]], 1, 500);
}

#[test]
fn bytes_and_messages_are_shown_as_strace_shows_them() {
    let rounds: [&[&str]; 6] = [
        &[],
        &["-x"],
        &["-xx"],
        &["-s", "4"],
        &["-s", "5"],
        &["-s", "200"],
    ];
    check("data", &rounds, 1, 300);
}

#[test]
fn descriptors_and_files_are_shown_as_strace_shows_them() {
    check("descriptors", &[&[], &["-s", "5"], &["-x"]], 1, 500);
}

#[test]
fn waiting_for_descriptors_is_shown_as_strace_shows_it() {
    check("waiting", &[&[], &["-s", "2"], &["-y"], &["-yy"]], 1, 270);
}

#[test]
fn processes_and_signals_are_shown_as_strace_shows_them() {
    check("processes", &[&[]], 16, 165);
}

#[test]
fn a_server_for_one_connection_is_shown_as_strace_shows_it() {
    if !(peer("busybox") && peer("strace") && ptrace_allowed()) {
        return;
    }
    let folder = Folder::new("trace-decode-busybox");
    let site = folder.0.join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "hello\n").unwrap();
    let logs = ["theirs", "ours"].map(|name| {
        let path = folder.0.join(name);
        let mut command = match name {
            "theirs" => Command::new("strace"),
            _ => trace(&["--view", "strace", "--no-redact", "-q", "-e", "trace=all"]),
        };
        let (mut client, server) = UnixStream::pair().unwrap();
        let answers = server.try_clone().unwrap();
        client
            .write_all(b"GET /index.html HTTP/1.0\r\n\r\n")
            .unwrap();
        // So short that no date is seen.
        command.args(["-f", "-s", "20", "-o"]).arg(&path).arg("--");
        // As a service manager starts it: the connection is its standard input and output.
        command.args(["busybox", "httpd", "-i", "-h"]).arg(&site);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .stdin(OwnedFd::from(server))
            .stdout(OwnedFd::from(answers))
            .stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{command:?}");
        drop(command);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("\r\n\r\nhello\n"), "{answer}");
        path
    });
    let (theirs, ours) = pair(&logs[0], &logs[1]);
    assert!(
        theirs.threads[0]
            .iter()
            .any(|call| call.contains("HTTP/1.1 200 OK"))
    );
    // Where the heap is, the C library's secret.
    let by_chance = |line: &str| {
        let name = line.split('(').next().unwrap_or(line);
        match name {
            "brk" | "set_tid_address" | "getrandom" => name.to_string(),
            _ => compared(line),
        }
    };
    same(&(theirs, ours), 1, 15, by_chance);
}

#[test]
fn calls_that_are_not_decoded_have_straces_names_and_results() {
    if !ready() {
        return;
    }
    let folder = Folder::new("trace-decode-others");
    let program = program(&folder, "others");
    same(&both(&folder, &program, &[]), 1, 95, brief);
}
