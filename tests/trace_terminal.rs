//! The program's own output on the terminal that carries the trace: marked, kept apart from the trace's lines,
//! and not touched otherwise.

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::golden;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use trace_support::*;

/// A terminal, and what was shown on it.
struct Terminal {
    /// The side of whoever sits before it.
    seat: File,
    line: OwnedFd,
    shown: Vec<u8>,
}

impl Terminal {
    fn new() -> Terminal {
        let pty = openpty(None, None).expect("a terminal");
        Terminal {
            seat: File::from(pty.master),
            line: pty.slave,
            shown: Vec::new(),
        }
    }

    fn end(&self) -> Stdio {
        Stdio::from(self.line.try_clone().expect("a copy"))
    }

    /// Runs a command in a session of its own, of which this is the terminal.
    fn start(&self, mut command: Command) -> Child {
        command.stdin(self.end()).env("TERM", "dumb");
        // SAFETY: these calls may be made between fork and exec; descriptor 0 is the terminal by then.
        unsafe {
            command.pre_exec(|| {
                // Descriptors of other tests, of the same process, are none of the program's.
                libc::close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as i32);
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            })
        };
        command.spawn().expect("it starts")
    }

    /// Runs `httpsys trace` with all its streams on it.
    fn trace(&self, words: &[&str]) -> Child {
        let mut command = trace(words);
        command.stdout(self.end()).stderr(self.end());
        self.start(command)
    }

    fn types(&mut self, keys: &[u8]) {
        self.seat.write_all(keys).expect("it takes keys");
    }

    /// Reads what comes next; whether there will be more.
    fn read(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "that is all:\n{}", text(&self.shown));
        let mut set = [PollFd::new(self.seat.as_fd(), PollFlags::POLLIN)];
        let time = u16::try_from(left.as_millis()).unwrap_or(1000);
        if !matches!(poll(&mut set, PollTimeout::from(time)), Ok(n) if n > 0) {
            return true;
        }
        let mut buffer = [0; 4096];
        // EIO: nobody has the other end any more, and all was read (`man 4 pts`).
        let got = self.seat.read(&mut buffer).unwrap_or(0);
        self.shown.extend_from_slice(&buffer[..got]);
        got > 0
    }

    /// Reads on until this was shown.
    fn until(&mut self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !text(&self.shown).contains(part) {
            assert!(self.read(deadline), "{}", text(&self.shown));
        }
    }

    /// Everything that was shown, once nobody has the terminal any more, and how the program ended.
    fn finish(mut self, mut child: Child) -> (String, Option<i32>) {
        let line = std::mem::replace(
            &mut self.line,
            File::open("/dev/null").expect("it is there").into(),
        );
        drop(line);
        let deadline = Instant::now() + PATIENCE;
        while self.read(deadline) {}
        let status = child.wait().expect("a child").code();
        (text(&self.shown).replace("\r\n", "\n"), status)
    }
}

/// What `httpsys trace` shows on a terminal; the program ends well.
fn on_terminal(words: &[&str]) -> String {
    let terminal = Terminal::new();
    let child = terminal.trace(words);
    let (shown, status) = terminal.finish(child);
    assert_eq!(status, Some(0), "{shown}");
    shown
}

#[test]
fn a_line_says_whose_it_is_and_the_trace_begins_its_own() {
    if !ptrace_allowed() {
        return;
    }
    let script = "echo one; printf two; printf 'a\\nb\\n'; printf 'th'; printf 'ree\\n'";
    let shown = on_terminal(&[
        "-q",
        "-e",
        "trace=write",
        "--view",
        "strace",
        "sh",
        "-c",
        script,
    ]);
    golden("program_output.txt", &shown);
    let manual = std::fs::read_to_string("docs/trace.md").expect("a page");
    assert!(manual.contains(&shown), "docs/trace.md shows:\n{shown}");
}

#[test]
fn a_line_that_nothing_cuts_is_marked_once_and_the_calls_for_it_are_not_shown() {
    if !ptrace_allowed() {
        return;
    }
    let script = "printf Wo; printf 'rk'; printf 'ing\\n'; echo done; cat no-such-file; exit 0";
    for options in [&[][..], &["--no-filter"]] {
        let words = ["-q", "-e", "trace=listen", "--view", "strace"];
        let shown = on_terminal(&[&words, options, &["sh", "-c", script]].concat());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[..2], ["[stdout] Working", "[stdout] done"], "{shown}");
        let (mark, said) = lines[2].split_once("] ").expect("a mark");
        assert!(
            mark.ends_with(" stderr") && said.contains("no-such-file"),
            "{shown}"
        );
        assert!(
            mark[1..]
                .split(' ')
                .next()
                .is_some_and(|pid| pid.parse::<u32>().is_ok())
        );
        assert!(!shown.contains("write"), "{shown}");
    }
}

#[test]
fn the_program_finds_its_terminal_as_it_would_without_a_trace() {
    if !ptrace_allowed() {
        return;
    }
    let script = "for fd in 0 1 2; do test -t $fd && echo terminal $fd; done; stty -a; tty; \
        echo by name > /dev/tty; ls -l /proc/self/fd/1 | wc -l";
    let words = [
        "-q",
        "-e",
        "trace=listen",
        "--view",
        "strace",
        "sh",
        "-c",
        script,
    ];
    let terminal = Terminal::new();
    let mut alone = Command::new("sh");
    alone.args(["-c", script]).env("LC_ALL", "C.UTF-8");
    alone.stdout(terminal.end()).stderr(terminal.end());
    let child = terminal.start(alone);
    let (alone, _) = terminal.finish(child);
    let marked = on_terminal(&words);
    let plain = |line: &str| {
        let line = match line.strip_prefix('[') {
            Some(rest) => rest.split_once("] ").map_or(line, |(_, rest)| rest),
            None => line,
        };
        // Another terminal has another name.
        line.replace(|c: char| c.is_ascii_digit(), "")
    };
    let without: Vec<String> = marked
        .lines()
        .filter(|line| !line.contains("SIGCHLD") && !line.contains("+++"))
        .map(plain)
        .collect();
    let alone: Vec<String> = alone.lines().map(plain).collect();
    assert_eq!(without, alone, "{marked}");
    assert!(marked.contains("[stdout] terminal 1\n"), "{marked}");
    assert!(marked.contains("[stdout] by name\n"), "{marked}");
}

#[test]
fn a_terminal_that_is_read_key_by_key_is_left_alone() {
    if !ptrace_allowed() {
        return;
    }
    let script = "stty -icanon; echo drawn; printf x; stty icanon; echo; echo line";
    let shown = on_terminal(&[
        "-q",
        "-e",
        "trace=listen",
        "--view",
        "strace",
        "sh",
        "-c",
        script,
    ]);
    let lines: Vec<&str> = shown
        .lines()
        .filter(|line| !line.contains("SIGCHLD"))
        .collect();
    assert!(lines.contains(&"drawn"), "{shown}");
    assert!(lines.contains(&"[stdout] line"), "{shown}");
}

#[test]
fn who_writes_at_the_same_time_writes_whole_marked_lines() {
    if !ptrace_allowed() {
        return;
    }
    let script = "for p in 1 2 3 4; do (for i in 0 1 2 3 4; do for j in 0 1 2 3 4 5 6 7 8 9; \
        do echo line $p$i$j; done; done) & done; wait";
    for view in ["strace", "compact", "json"] {
        let shown = on_terminal(&["-q", "--view", view, "sh", "-c", script]);
        let mut seen = BTreeSet::new();
        for line in shown.lines().filter(|line| line.contains(" stdout")) {
            let (mark, rest) = line.split_once("] ").expect("a mark");
            assert!(mark.starts_with('['), "{line}");
            assert!(seen.insert(rest.to_string()), "{line}");
        }
        let all = (0..200).map(|n| format!("line {}{:02}", n / 50 + 1, n % 50));
        let all: BTreeSet<String> = all.collect();
        assert_eq!(seen, all);
    }
}

#[test]
fn what_is_not_written_is_not_marked() {
    if !ptrace_allowed() {
        return;
    }
    let script = "echo refused; echo seen";
    let words = ["-q", "-e", "trace=listen", "--view", "strace"];
    let fault = ["-e", "inject=write:error=EIO:when=1"];
    let shown = on_terminal(&[&words[..], &fault, &["sh", "-c", script]].concat());
    assert!(shown.contains("[stdout] seen\n"), "{shown}");
    assert!(!shown.contains("refused"), "{shown}");
    assert_eq!(shown.matches("[stdout").count(), 1, "{shown}");

    let late = ["-e", "inject=write:delay_enter=100ms"];
    let shown = on_terminal(&[&words[..], &late, &["sh", "-c", script]].concat());
    assert!(
        shown.starts_with("[stdout] refused\n[stdout] seen\n"),
        "{shown}"
    );

    let short = ["-e", "inject=write:short=3"];
    let shown = on_terminal(&[&words[..], &short, &["sh", "-c", "echo one two"]].concat());
    assert!(shown.starts_with("[stdout] one"), "{shown}");
}

#[test]
fn nothing_is_marked_where_the_two_do_not_share_a_terminal() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-two-places");
    let log = folder.0.join("log");
    let log = log.to_str().expect("a plain path");
    let shown = on_terminal(&["-q", "-o", log, "sh", "-c", "echo one; echo two >&2"]);
    assert_eq!(shown, "one\ntwo\n");
    let tables = on_terminal(&["-c", "sh", "-c", "echo one; echo two >&2"]);
    assert!(tables.starts_with("one\ntwo\n"), "{tables}");

    // The trace has the terminal, the program a pipe and another terminal.
    let (terminal, other) = (Terminal::new(), Terminal::new());
    let words = ["-q", "-e", "trace=listen", "--view", "strace"];
    let mut command = trace(
        &[
            &words[..],
            &["sh", "-c", "echo $1 >&3; echo piped", "-", "far"],
        ]
        .concat(),
    );
    command.stdout(Stdio::piped()).stderr(terminal.end());
    let far = other.line.try_clone().expect("a copy");
    let number = std::os::fd::AsRawFd::as_raw_fd(&far);
    // SAFETY: dup2 may be called between fork and exec; the descriptor is open until then.
    unsafe {
        command.pre_exec(move || match libc::dup2(number, 3) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        })
    };
    let child = command.spawn().expect("it starts");
    drop(command);
    drop(far);
    let output = child.wait_with_output().expect("a child");
    assert_eq!(text(&output.stdout), "piped\n");
    let ended = || Command::new("true").spawn().expect("it starts");
    assert_eq!(other.finish(ended()).0, "far\n");
    assert_eq!(terminal.finish(ended()).0, "+++ exited with 0 +++\n");
}

#[test]
fn a_stopped_terminal_holds_both_and_loses_nothing() {
    if !ptrace_allowed() {
        return;
    }
    const STOP: u8 = 0x13;
    const GO: u8 = 0x11;
    let mut terminal = Terminal::new();
    let script =
        "echo ready; read word; i=0; while [ $i -lt 30 ]; do echo $word $i; i=$((i+1)); done";
    let child = terminal.trace(&[
        "-q",
        "-e",
        "trace=write",
        "--view",
        "strace",
        "sh",
        "-c",
        script,
    ]);
    terminal.until("ready");
    terminal.types(&[STOP]);
    terminal.types(b"go\n");
    terminal.types(&[GO]);
    let (shown, status) = terminal.finish(child);
    assert_eq!(status, Some(0), "{shown}");
    for number in 0..30 {
        let marked = format!("[stdout] go {number}\n");
        let told = format!("\"go {number}\\n\"");
        let at = shown
            .find(&marked)
            .unwrap_or_else(|| panic!("no {marked}{shown}"));
        let then = shown
            .find(&told)
            .unwrap_or_else(|| panic!("no {told}{shown}"));
        assert!(at < then, "{shown}");
    }
}

#[test]
fn a_process_that_is_attached_to_is_marked_too() {
    if !ptrace_allowed() {
        return;
    }
    let mut terminal = Terminal::new();
    let program = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(terminal.end())
        .spawn();
    let mut program = program.expect("it starts");
    let pid = program.id().to_string();
    let mut command = trace(&["-e", "trace=read", "--view", "compact", "-p", &pid]);
    command.stdout(Stdio::null()).stderr(terminal.end());
    command.env("TERM", "dumb");
    let tracer = command.spawn().expect("it starts");
    drop(command);
    terminal.until("it runs on");
    let mut input = program.stdin.take().expect("it was asked for");
    input.write_all(b"typed\n").expect("it reads");
    terminal.until("[stdout] typed\r\n");
    kill(Pid::from_raw(tracer.id() as i32), Signal::SIGTERM).expect("it runs");
    let mut tracer = tracer;
    assert_eq!(tracer.wait().expect("a child").code(), Some(0));
    input.write_all(b"alone\n").expect("it reads");
    drop(input);
    let (shown, status) = terminal.finish(program);
    assert_eq!(status, Some(0));
    assert!(shown.ends_with("\nalone\n"), "{shown}");
}
