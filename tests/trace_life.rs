//! The traced program is not disturbed: its status, signals, streams, children and job control are its
//! own, and it never outlives a tracer that its filter needs.

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde_json::Value;
use std::io::BufRead;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Instant;
use trace_support::*;

#[test]
fn the_tracer_ends_as_the_program_ended() {
    if !ptrace_allowed() {
        return;
    }
    for status in [0, 1, 3, 255] {
        let ended = trace(&[
            "-q",
            "-o",
            "/dev/null",
            "sh",
            "-c",
            &format!("exit {status}"),
        ])
        .status()
        .unwrap();
        assert_eq!(ended.code(), Some(status));
    }
    // A real-time signal and SIGPIPE, which Rust ignores, are signals like others.
    for signal in [1, 2, 9, 13, 15, 40] {
        let ended = trace(&[
            "-q",
            "-o",
            "/dev/null",
            "sh",
            "-c",
            &format!("kill -{signal} $$"),
        ])
        .status()
        .unwrap();
        assert_eq!(ended.signal(), Some(signal));
    }
}

#[test]
fn a_program_that_cannot_be_run_is_refused_with_status_4_and_a_hint() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-refused");
    let plain = folder.file("plain", "no program");
    let broken = folder.file("broken", "#!/no/such/interpreter\n");
    let empty = folder.file("empty", "\u{1}");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&broken, std::fs::Permissions::clone(&executable)).unwrap();
    std::fs::set_permissions(&empty, executable).unwrap();
    let path = |path: &std::path::Path| path.to_str().unwrap().to_string();
    for (command, hint) in [
        ("no-such-program-here".to_string(), "command not found"),
        (path(&folder.0), "folder"),
        (path(&plain), "chmod +x"),
        (path(&broken), "first line"),
        (path(&empty), "#!/bin/sh"),
    ] {
        let output = trace(&[&command]).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(hint), "{said}");
        assert!(said.contains("httpsys trace: "), "{said}");
    }
    let ebpf = trace(&["--engine", "ebpf", "true"]).output().unwrap();
    assert_eq!(ebpf.status.code(), Some(4));
    assert!(text(&ebpf.stderr).contains("not there yet"));
    for misuse in [&[][..], &["-p", "1", "true"]] {
        assert_eq!(trace(misuse).output().unwrap().status.code(), Some(2));
    }
}

#[test]
fn the_programs_streams_mask_and_descriptors_are_its_own() {
    if !ptrace_allowed() {
        return;
    }
    let script =
        "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd; echo oops >&2; cat";
    let run = |mut command: std::process::Command| {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"typed\n").unwrap();
        child.wait_with_output().unwrap()
    };
    let mut alone = std::process::Command::new("sh");
    alone.args(["-c", script]).env("LC_ALL", "C.UTF-8");
    let alone = run(alone);
    let traced = run(trace(&["-q", "-o", "/dev/null", "sh", "-c", script]));
    assert_eq!(text(&alone.stdout), text(&traced.stdout));
    assert_eq!(text(&traced.stderr), "oops\n");
}

#[test]
fn children_threads_and_programs_are_told_and_followed() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-children");
    let (output, lines) = record_shell(
        &folder.0,
        &[],
        "(exit 7) & wait $!; exec /bin/cat /dev/null",
    );
    assert_eq!(output.status.code(), Some(0));
    let spawned = lives(&lines, "spawn");
    assert_eq!(spawned.len(), 1, "{lines:#?}");
    let child = &spawned[0]["child"];
    assert_eq!(spawned[0]["thread"], false);
    let exits = lives(&lines, "exit");
    assert!(
        exits
            .iter()
            .any(|exit| exit["pid"] == *child && exit["status"] == 7)
    );
    assert_eq!(lives(&lines, "exec").len(), 2);
    // No event of the child comes before its birth.
    let first = lines.iter().position(|line| line["pid"] == *child);
    let birth = lines.iter().position(|line| line["event"] == "spawn");
    assert!(birth < first, "{lines:#?}");

    let (_, lines) = record_shell(&folder.0, &["--no-follow"], "(exit 7) & wait $!");
    assert!(lives(&lines, "spawn").is_empty());
    assert!(names(&lines).contains(&"wait4".to_string()));
}

#[test]
fn a_vforked_child_and_its_parent_both_go_on() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-vfork");
    // dash makes its children by vfork where it can.
    let (output, lines) = record_shell(&folder.0, &[], "ls / >/dev/null; ls / >/dev/null; exit 5");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(lives(&lines, "exec").len(), 3);
    assert_eq!(lives(&lines, "exit").len(), 3);
}

#[test]
fn a_thread_that_executes_a_program_takes_the_process_over() {
    let Some(python) = python().filter(|_| ptrace_allowed()) else {
        return;
    };
    let folder = Folder::new("trace-exec-thread");
    let script = "import os, threading\n\
        t = threading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', 'exit 9']))\n\
        t.start()\nt.join()";
    let (output, lines) = record(&folder.0, &[], &[&python, "-c", script]);
    assert_eq!(output.status.code(), Some(9));
    let programs = lives(&lines, "exec");
    assert_eq!(programs.len(), 2);
    assert_eq!(
        programs[1]["pid"], programs[1]["tid"],
        "the leader's id is its own now"
    );
    let exits = lives(&lines, "exit");
    let last = exits.last().expect("an end");
    assert_eq!(
        (&last["status"], &last["tid"]),
        (&9.into(), &programs[1]["tid"])
    );
}

#[test]
fn a_parent_sees_its_traced_child_stop_and_go_on() {
    let Some(python) = python().filter(|_| ptrace_allowed()) else {
        return;
    };
    let script = "import os, signal, sys\n\
        child = os.fork()\n\
        if child == 0:\n\
        \x20   os.kill(os.getpid(), signal.SIGSTOP)\n\
        \x20   os._exit(5)\n\
        _, status = os.waitpid(child, os.WUNTRACED)\n\
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP, status\n\
        os.kill(child, signal.SIGCONT)\n\
        _, status = os.waitpid(child, 0)\n\
        sys.exit(os.waitstatus_to_exitcode(status))";
    for options in [&["--no-filter"][..], &[]] {
        let folder = Folder::new("trace-stop");
        let (output, lines) = record(&folder.0, options, &[&python, "-c", script]);
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
        let signals: Vec<_> = of_type(&lines, "signal");
        assert!(signals.iter().any(|event| event["signal"] == "SIGSTOP"));
        assert!(signals.iter().any(|event| event["signal"] == "SIGCONT"));
    }
}

#[test]
fn a_handler_of_a_real_time_signal_runs() {
    let Some(python) = python().filter(|_| ptrace_allowed()) else {
        return;
    };
    let script = "import os, signal, sys\n\
        signal.signal(signal.SIGRTMIN + 6, lambda *_: sys.exit(6))\n\
        os.kill(os.getpid(), signal.SIGRTMIN + 6)\n\
        signal.pause()";
    let output = trace(&["-q", "-o", "/dev/null", &python, "-c", script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
}

#[test]
fn a_signal_sent_to_the_tracer_alone_is_the_programs_and_a_second_one_kills_it() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-signals");
    let file = folder.0.join("recording");
    let start = |script: &str| {
        let (child, out, line) = start_shell(&file, &[], script);
        assert_eq!(line, "ready\n");
        (child, out)
    };
    let signal = |child: &std::process::Child, signal| {
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
    };
    let (mut child, _) = start("trap 'exit 21' TERM; echo ready; while :; do :; done");
    signal(&child, Signal::SIGTERM);
    assert_eq!(child.wait().unwrap().code(), Some(21));

    let (mut child, mut out) = start("trap 'echo heard' INT; echo ready; while :; do :; done");
    signal(&child, Signal::SIGINT);
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "heard\n");
    signal(&child, Signal::SIGINT);
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let recording = lines(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(recording.last().unwrap()["type"], "end");
}

#[test]
fn a_killed_tracer_takes_its_program_with_it_and_leaves_a_readable_recording() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-killed");
    let file = folder.0.join("recording");
    let script = "echo $$; (while :; do :; done) & while :; do echo x > /dev/null; done";
    for _ in 0..3 {
        let (mut tracer, mut out, _) = start_shell(&file, &[], script);
        tracer.kill().unwrap();
        tracer.wait().unwrap();
        // Both processes held this pipe: it ends when both have ended.
        let deadline = Instant::now() + PATIENCE;
        let mut rest = Vec::new();
        out.read_to_end(&mut rest).unwrap();
        assert!(Instant::now() < deadline);
        let recording = std::fs::read_to_string(&file).unwrap();
        let whole = recording.rfind('\n').map_or(0, |end| end + 1);
        assert_eq!(
            lines(&recording[..whole])
                .first()
                .map(|line| line["type"].clone()),
            Some("start".into())
        );
    }
}

#[test]
fn on_one_cpu_the_program_has_that_one_and_its_children_too() {
    if !ptrace_allowed() {
        return;
    }
    let script = "grep Cpus_allowed_list /proc/$$/status; grep Cpus_allowed_list /proc/self/status";
    let allowed = |options: &[&str]| {
        let words = [&["-o", "/dev/null"], options, &["sh", "-c", script]].concat();
        let output = trace(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let lists = text(&output.stdout).replace("Cpus_allowed_list:\t", "");
        let lists: Vec<String> = lists.lines().map(str::to_string).collect();
        (lists, text(&output.stderr))
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ours = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    let ours = ours.unwrap().to_string();
    assert_eq!(allowed(&[]).0, [ours.clone(), ours]);
    for way in [&["--one-cpu"][..], &["--one-cpu", "--no-filter"]] {
        let (lists, said) = allowed(way);
        let number: usize = lists[0].parse().expect("one CPU");
        assert_eq!(lists, [number.to_string(), number.to_string()]);
        assert!(
            said.contains(&format!("share CPU {number}: CMD sees that it has one")),
            "{said}"
        );
    }
    let attached = trace(&["--one-cpu", "-p", "1"]).output().unwrap();
    assert_eq!(
        attached.status.code(),
        Some(2),
        "{}",
        text(&attached.stderr)
    );
}

#[test]
fn the_filter_changes_nothing_in_what_is_seen() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-filter");
    let seen = |options: &[&str]| {
        let options = [&["-e", "trace=openat,read,write,close"], options].concat();
        let (_, lines) = record_shell(&folder.0, &options, "cat /etc/passwd; ls /; exit 0");
        let mut processes: Vec<(Value, Vec<String>)> = Vec::new();
        for call in of_type(&lines, "call") {
            let name = call["call"].as_str().unwrap();
            if !["openat", "read", "write", "close"].contains(&name) {
                continue;
            }
            let what = format!("{name} = {} {}", call["ret"], call["data"]["text"]);
            match processes.iter_mut().find(|(pid, _)| *pid == call["pid"]) {
                Some((_, calls)) => calls.push(what),
                None => processes.push((call["pid"].clone(), vec![what])),
            }
        }
        let calls: Vec<Vec<String>> = processes.into_iter().map(|(_, calls)| calls).collect();
        assert_eq!(calls.len(), 3);
        calls
    };
    for (with, without) in seen(&[]).iter().zip(seen(&["--no-filter"])) {
        let difference = with.iter().zip(&without).find(|(one, other)| one != other);
        assert_eq!(difference, None);
        assert_eq!(with.len(), without.len());
    }
}
