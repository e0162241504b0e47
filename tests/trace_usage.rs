//! `httpsys trace` as people call it: what the program inherits, flags of strace, files that the trace goes to.

mod common;
mod trace_support;

use common::Folder;
use common::httpsys;
use std::process::Command;
use std::process::Output;
use trace_support::*;

/// Runs a shell script in which `$H` is our program.
fn shell(script: &str) -> Output {
    let ours = httpsys();
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("H", ours.get_program());
    command.output().expect("a shell runs")
}

/// What a program prints without us, and traced.
fn both(before: &str, command: &str) -> [(Option<i32>, String); 2] {
    let bare = shell(&format!("{before}\n{command}"));
    let traced = shell(&format!(
        "{before}\nexec $H trace -q -o /dev/null -- {command}"
    ));
    [bare, traced].map(|output| (output.status.code(), text(&output.stdout)))
}

#[test]
fn a_program_finds_signals_as_it_would_without_us() {
    if !ptrace_allowed() {
        return;
    }
    for before in ["", "trap '' PIPE", "trap '' XFSZ HUP"] {
        let [bare, traced] = both(before, "grep SigIgn /proc/self/status");
        assert!(bare.1.starts_with("SigIgn"), "{bare:?}");
        assert_eq!(bare, traced, "{before}");
    }
}

#[test]
fn a_program_finds_closed_streams_closed() {
    if !ptrace_allowed() {
        return;
    }
    for (closed, which) in [("<&-", 0), (">&-", 1), ("2>&-", 2), ("<&- 2>&-", 0)] {
        let script = format!("test -e /proc/self/fd/{which}; exit $((40 + $?))");
        let traced = shell(&format!(
            "exec $H trace -q -o /dev/null -- sh -c '{script}' {closed}"
        ));
        assert_eq!(traced.status.code(), Some(41), "{closed}");
    }
    let open = shell("exec $H trace -q -o /dev/null -- sh -c 'test -e /proc/self/fd/0; exit $?'");
    assert_eq!(open.status.code(), Some(0));
}

#[test]
fn a_limit_on_the_size_of_files_ends_the_trace_and_not_the_program() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-limit");
    let script = "n=0; while [ $n -lt 2000 ]; do n=$((n + 1)); test -e /; done; exit 7";
    for flags in ["--view strace -o", "--record"] {
        let output = shell(&format!(
            "ulimit -f 8; exec $H trace {flags} {}/f -e trace=all -- sh -c '{script}'",
            folder.0.display()
        ));
        assert_eq!(output.status.code(), Some(7), "{flags}: {output:?}");
        let said = text(&output.stderr);
        assert_eq!(said.matches("EFBIG").count(), 1, "{flags}: {said}");
    }
}

#[test]
fn tables_come_behind_the_trace_in_its_file() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-tables");
    let file = folder.0.join("f");
    let path = file.to_str().expect("a plain name");
    let whole = |args: &[&str]| {
        let output = trace(args).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        std::fs::read_to_string(&file).expect("it was written")
    };
    let alone = whole(&["--startup", "-e", "trace=all", "-o", path, "--", "true"]);
    let tables = whole(&[
        "-C",
        "--startup",
        "-e",
        "trace=all",
        "-o",
        path,
        "--",
        "true",
    ]);
    let (before, _) = tables.split_once("By call\n").expect("there are tables");
    assert!(before.starts_with("     ms  call "), "{tables}");
    assert_eq!(
        before.lines().count(),
        alone.lines().count(),
        "{tables}\n{alone}"
    );
}

#[test]
fn one_file_cannot_be_the_trace_and_the_recording() {
    let folder = Folder::new("trace-one-file");
    let file = folder.file("f", "kept");
    let path = file.to_str().expect("a plain name");
    let output = trace(&["-o", path, "--record", path, "--", "true"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("different files"));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "kept");
}

#[test]
fn flags_that_are_not_known_are_no_command() {
    for (args, part) in [
        (&["--nosuch", "true"][..], "--nosuch"),
        (&["-V"], "httpsys --version"),
        (&["-w", "--", "true"], "wall-clock"),
        (&["-fk", "--", "true"], "gdb"),
        (&["-ff", "-o", "/dev/null", "--", "true"], "-o FILE holds"),
        (&["-E", "A=1", "-p", "1"], "too late"),
        (&["-o", "|cat", "--", "true"], "2>&1 >/dev/null | cat"),
    ] {
        let output = trace(args).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(part), "{args:?}: {said}");
    }
}

#[test]
fn a_commands_own_flags_are_its_own_also_without_the_dashes_before_it() {
    if !ptrace_allowed() {
        return;
    }
    let args = [
        "-ff",
        "-q",
        "-q",
        "-E",
        "GIVEN=1 2",
        "sh",
        "-c",
        "echo -V $GIVEN",
        "-w",
    ];
    let output = trace(&args).output().expect("it runs");
    assert_eq!(text(&output.stdout), "-V 1 2\n");
}

#[test]
fn a_fault_that_struck_is_shown_while_a_program_starts_and_nothing_else_is() {
    if !ptrace_allowed() {
        return;
    }
    let output = trace(&["-e", "inject=write:error=EIO", "--", "sh", "-c", "echo hi"])
        .output()
        .expect("it runs");
    let shown = text(&output.stderr);
    let struck = shown
        .lines()
        .filter(|line| line.contains("write(1"))
        .count();
    assert_eq!(struck, 1, "{shown}");
    assert!(
        shown.contains("EIO") && shown.contains(" skipped: "),
        "{shown}"
    );
    assert!(!shown.contains("read("), "{shown}");
}

#[test]
fn a_fault_without_a_word_is_a_call_that_is_not_there() {
    if !ptrace_allowed() {
        return;
    }
    for (fault, error) in [
        ("fault=mkdir", "not implemented"),
        ("fault=mkdir:error=ENOSPC:when=1", "No space"),
    ] {
        let output = trace(&[
            "-q",
            "-o",
            "/dev/null",
            "-e",
            fault,
            "--",
            "mkdir",
            "/nonexistent/x",
        ])
        .output()
        .expect("it runs");
        let said = text(&output.stderr);
        assert!(said.contains(error), "{fault}: {said}");
    }
}

#[test]
fn the_table_of_calls_has_those_that_were_asked_for() {
    if !ptrace_allowed() {
        return;
    }
    let table = |args: &[&str]| {
        let output = trace(args).output().expect("it runs");
        text(&output.stderr)
    };
    let some = table(&["-c", "-e", "trace=openat", "--", "true"]);
    assert!(some.contains("\nopenat "), "{some}");
    assert!(
        !some.contains("\nexecve ") && !some.contains("\nread "),
        "{some}"
    );
    let all = table(&["-c", "--", "true"]);
    assert!(
        all.contains("\nopenat ") && all.contains("\nexecve "),
        "{all}"
    );
}
