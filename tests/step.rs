//! `--step` and `--quiz` at work: lines on a pipe, keys on a terminal, a server that waits.

mod common;
mod trace_support;

use common::httpsys;
use common::terminal::OnTerminal;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use trace_support::ptrace_allowed;

const RECORDING: &str = "demo/recordings/three-connections.jsonl";
const PATIENCE: Duration = Duration::from_secs(30);

/// What a replay prints when it is sent these lines.
fn replay(args: &[&str], lines: &str) -> String {
    let mut child = httpsys()
        .args(["replay", RECORDING])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    // It may have seen enough before it has read all.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("a view writes text")
}

fn numbers(shown: &str) -> Vec<&str> {
    shown
        .lines()
        .filter(|line| line.starts_with('[') && line.contains("/47]"))
        .map(|line| line[1..3].trim())
        .collect()
}

#[test]
fn lines_go_forward_and_back_explain_and_end() {
    let shown = replay(&["--step"], "\n\n\nb\nb\n\n\n\ne\nq\n");
    assert_eq!(
        numbers(&shown),
        ["1", "2", "3", "4", "3", "2", "3", "4", "5"],
        "{shown}"
    );
    // The page comes alone: with the screen again its beginning would leave the terminal.
    assert!(shown.contains("\nlisten: system call 50"), "{shown}");
    assert!(shown.lines().last().is_some_and(|l| l.starts_with("* ")));
}

#[test]
fn without_a_line_everything_is_shown_as_without_step() {
    let (first, rest) = {
        let shown = replay(&["--step"], "");
        let (first, rest) = shown.split_once('\n').expect("there are lines");
        (first.to_string(), rest.to_string())
    };
    assert!(first.starts_with("* a line for each event"), "{first}");
    assert_eq!(rest, replay(&["--view", "explain"], ""));
    assert_eq!(
        replay(&["--step", "-q"], "r\n"),
        replay(&["--view", "explain", "-q"], "")
    );
}

#[test]
fn the_compact_view_can_be_stepped_through_too() {
    let plain = replay(&[], "");
    let stepped = replay(&["--step", "--view", "compact"], &"\n".repeat(60));
    let rest = stepped.split_once('\n').expect("there are lines").1;
    assert_eq!(rest, plain);
    let explained = replay(&["--step", "--view", "compact"], "e\nr\n");
    assert!(explained.contains("  asked   \""), "{explained}");
}

#[test]
fn json_stays_json_when_it_is_stepped_through() {
    let lines = "\n".repeat(60);
    let shown = replay(&["--step", "--view", "json"], &lines);
    assert_eq!(shown, replay(&["--view", "json"], ""));
}

#[test]
fn a_quiz_counts_what_was_right_and_is_the_same_for_a_seed() {
    let knows_nothing = replay(&["--quiz"], &"\n".repeat(99));
    let asked = knows_nothing.matches("  quiz    ").count();
    assert!(asked > 8, "{knows_nothing}");
    let score = format!("* quiz: 0 of {asked} right");
    assert_eq!(knows_nothing.lines().last(), Some(score.as_str()));
    assert_eq!(knows_nothing, replay(&["--quiz"], &"\n".repeat(99)));
    // The answers, as the verdicts of the first run tell them.
    let right: String = knows_nothing
        .lines()
        .filter_map(|line| line.split_once("  answer  it is ")?.1.split_once(')'))
        .map(|(number, _)| format!("{number}\n"))
        .collect();
    let knows_all = replay(&["--quiz"], &right);
    let score = format!("* quiz: {asked} of {asked} right");
    assert_eq!(
        knows_all.lines().last(),
        Some(score.as_str()),
        "{knows_all}"
    );
    assert_ne!(
        knows_nothing,
        replay(&["--quiz", "--seed", "2"], &"\n".repeat(99))
    );
}

#[test]
fn a_question_mark_asks_about_what_comes_next() {
    let shown = replay(&["--step"], "?\n\n\n\n\n\n\nr\n");
    let question = shown.find("  quiz    ").expect("something is asked");
    assert!(shown[..question].contains("[ 1/47]"), "{shown}");
    assert!(shown.contains("\n* quiz: 0 of 1 right"), "{shown}");
}

#[test]
fn speed_waits_as_long_as_it_took_and_shows_the_same() {
    let recording = "{\"v\":1,\"type\":\"start\",\"source\":\"server\",\"program\":\"x\",\"argv\":[\"x\"],\
                     \"start\":\"2026-01-01T00:00:00Z\"}\n\
                     {\"type\":\"call\",\"seq\":1,\"t\":1000,\"dur\":1000,\"pid\":1,\"tid\":1,\"call\":\"getpid\",\
                     \"args\":{},\"ret\":1,\"errno\":null}\n\
                     {\"type\":\"call\",\"seq\":2,\"t\":2000000000,\"dur\":1000,\"pid\":1,\"tid\":1,\
                     \"call\":\"getpid\",\"args\":{},\"ret\":1,\"errno\":null}\n";
    let folder = common::Folder::new("speed");
    let file = folder.file("two.jsonl", recording);
    let file = file.to_str().expect("a plain path");
    let run = |speed: &str| {
        let begun = Instant::now();
        let args = ["replay", file, "--speed", speed];
        let output = httpsys().args(args).output().expect("it runs");
        assert!(output.status.success());
        (output.stdout, begun.elapsed())
    };
    let (at_once, _) = run("max");
    let (ten_times, took) = run("10");
    assert_eq!(at_once, ten_times);
    assert!(took >= Duration::from_millis(190), "{took:?}");
    let wrong = httpsys()
        .args(["replay", file, "--speed", "0"])
        .output()
        .expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}

/// A server that is stepped through by lines.
struct Stepped {
    child: Child,
    lines: ChildStdin,
    screen: BufReader<ChildStderr>,
    port: u16,
}

impl Stepped {
    fn start(args: &[&str]) -> Stepped {
        let mut child = httpsys()
            .args(["serve", "-l", "127.0.0.1:0", "--step"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = child.stdin.take().expect("it was asked for");
        let mut screen = BufReader::new(child.stderr.take().expect("it was asked for"));
        let mut line = String::new();
        while !line.starts_with("listening on http://") {
            line.clear();
            assert!(screen.read_line(&mut line).expect("text") > 0, "it ended");
        }
        let port = line.trim_end().trim_end_matches('/').rsplit(':').next();
        let port = port.and_then(|port| port.parse().ok()).expect("a port");
        Stepped {
            child,
            lines,
            screen,
            port,
        }
    }

    /// The next screen that is a call with a result.
    fn screen(&mut self) -> String {
        let mut screen = String::new();
        loop {
            let mut line = String::new();
            let read = self.screen.read_line(&mut line).expect("text");
            assert!(read > 0, "it ended after {screen}");
            match line.as_str() {
                "\n" => screen.clear(),
                line => screen.push_str(line),
            }
            let waits = screen
                .lines()
                .next()
                .is_some_and(|first| first.contains("waiting"));
            if line.starts_with("  next?") && !waits {
                return screen;
            }
        }
    }

    fn go_on(&mut self) {
        self.lines.write_all(b"\n").expect("it listens");
    }

    /// Steps until a screen has this in its first row.
    fn until(&mut self, part: &str) -> String {
        for _ in 0..40 {
            let screen = self.screen();
            if screen
                .lines()
                .next()
                .is_some_and(|first| first.contains(part))
            {
                return screen;
            }
            self.go_on();
        }
        panic!("no {part} in forty screens");
    }

    fn run_on(mut self) -> (ExitStatus, String) {
        let _ = self.lines.write_all(b"r\n");
        let mut rest = String::new();
        self.screen.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("it ends"), rest)
    }
}

fn nothing_yet(client: &TcpStream) -> bool {
    client.set_nonblocking(true).expect("a socket");
    let mut byte = [0];
    let found = client.peek(&mut byte);
    client.set_nonblocking(false).expect("a socket");
    found.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn a_stepped_server_makes_no_call_before_the_one_before_it_was_looked_at() {
    for io in ["blocking", "epoll", "threads", "fork"] {
        let mut server = Stepped::start(&["--io", io, "--max-requests", "1", "--no-keep-alive"]);
        let mut client = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client
            .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
            .expect("room");
        let read = server.until("read(");
        assert!(read.contains("> request line"), "{io}: {read}");
        // It stands behind the read: an answer would take another call.
        assert!(nothing_yet(&client), "{io}");
        server.go_on();
        let write = server.until("write(");
        assert!(write.contains("< status line"), "{io}: {write}");
        let mut begin = [0; 12];
        client.read_exact(&mut begin).expect("an answer");
        assert_eq!(&begin, b"HTTP/1.1 200", "{io}");
        server.go_on();
        drop(client);
        let (status, rest) = server.run_on();
        assert_eq!(status.code(), Some(0), "{io}: {rest}");
        assert!(rest.contains("* 1 connection, 1 request"), "{io}: {rest}");
    }
}

#[test]
fn operations_of_a_ring_are_held_at_when_they_are_queued_and_when_they_come_back() {
    if !common::models::io_uring_works() {
        return;
    }
    let mut server = Stepped::start(&["--io", "uring", "--max-requests", "1"]);
    let mut client = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    client
        .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("room");
    let read = server.until("[cq] c1  read(");
    assert!(read.contains("> request line"), "{read}");
    server.go_on();
    let write = server.until("[sq] c1  write(");
    assert!(write.contains("... queued"), "{write}");
    // It lies in the queue: only io_uring_enter, which is to come, hands it in.
    assert!(nothing_yet(&client));
    server.go_on();
    let write = server.until("[cq] c1  write(");
    assert!(write.contains("< status line"), "{write}");
    server.go_on();
    let (status, rest) = server.run_on();
    assert_eq!(status.code(), Some(0), "{rest}");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn while_somebody_looks_no_deadline_passes_and_the_trace_shows_no_pause() {
    for io in ["blocking", "epoll"] {
        let args = ["--io", io, "--timeout", "300ms", "--max-requests", "1"];
        let mut server = Stepped::start(&args);
        let mut client = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client
            .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
            .expect("room");
        server.until("read(");
        // Longer than any deadline of this server: time passes, and nothing is waited for.
        std::thread::sleep(Duration::from_millis(700));
        client.write_all(b"\r\n").expect("room");
        server.go_on();
        let mut answer = String::new();
        let (status, rest) = {
            let reader = std::thread::spawn(move || {
                let _ = client.read_to_string(&mut answer);
                answer
            });
            let ended = server.run_on();
            answer = reader.join().expect("it reads");
            ended
        };
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{io}: {answer:?}\n{rest}"
        );
        assert_eq!(status.code(), Some(0), "{io}");
    }
}

#[test]
fn a_quit_ends_the_server_and_what_it_had_to_say() {
    let mut server = Stepped::start(&[]);
    server.screen();
    server.lines.write_all(b"q\n").expect("it listens");
    let mut rest = String::new();
    server.screen.read_to_string(&mut rest).expect("text");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    assert!(rest.contains("* 0 connections"), "{rest}");
}

fn on_terminal(args: &[&str]) -> OnTerminal {
    let mut command = httpsys();
    command.args(["replay", RECORDING]).args(args);
    OnTerminal::start(command)
}

const PROMPT: &str = "[q]uit";

#[test]
fn keys_work_at_once_and_the_terminal_is_given_back_in_the_end() {
    let mut terminal = on_terminal(&["--step"]);
    let first = terminal.until(PROMPT);
    assert!(first.contains("[ 1/47] socket("), "{first}");
    assert!(!terminal.is_cooked());
    terminal.press("\n");
    assert!(terminal.until(PROMPT).contains("[ 2/47]"));
    terminal.press("b");
    assert!(terminal.until(PROMPT).contains("[ 1/47]"));
    terminal.press(" ");
    assert!(terminal.until(PROMPT).contains("[ 2/47]"));
    terminal.press("e");
    assert!(terminal.until(PROMPT).contains("setsockopt: system call"));
    terminal.press("xyz\x1b[C");
    assert!(terminal.until(PROMPT).contains("[ 3/47]"));
    terminal.press("q");
    assert_eq!(terminal.ended().code(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn no_row_is_wider_than_the_terminal_also_after_its_size_has_changed() {
    let mut terminal = on_terminal(&["--step"]);
    for columns in [80, 60, 100, 45] {
        terminal.until(if columns == 80 { PROMPT } else { "[q" });
        terminal.resize(columns);
        terminal.press("\n");
        let mut screen = terminal.until("next?");
        screen.push_str(&terminal.until("[q"));
        let widest = screen.lines().skip(1).map(|l| l.trim_end().len()).max();
        assert!(
            widest.is_some_and(|w| w < usize::from(columns) + 1),
            "{columns}: {screen}"
        );
        terminal.press("b");
    }
    terminal.press("q");
    assert_eq!(terminal.ended().code(), Some(0));
}

#[test]
fn lines_too_fit_the_terminal_after_its_size_has_changed() {
    let mut terminal = on_terminal(&["--step", "--view", "compact"]);
    terminal.until(PROMPT);
    for columns in [80, 60, 100, 45] {
        terminal.resize(columns);
        terminal.press("\n");
        let screen = terminal.until("[q");
        let lines = screen.lines().filter(|line| line.contains(" = "));
        let lines: Vec<&str> = lines
            .map(|line| line.rsplit("\x1b[K").next().unwrap_or(line))
            .collect();
        assert!(!lines.is_empty(), "{columns}: {screen:?}");
        for line in lines {
            assert!(
                line.trim_end().len() <= usize::from(columns),
                "{columns}: {line:?}"
            );
        }
    }
    terminal.press("q");
    assert_eq!(terminal.ended().code(), Some(0));
}

#[test]
fn in_the_compact_view_the_first_e_gives_the_screen_and_the_second_the_page() {
    let shown = replay(&["--step", "--view", "compact"], "e\ne\nq\n");
    let (screen, page) = (
        shown.find("[ 1] socket("),
        shown.find("\nsocket: system call"),
    );
    assert!(screen.is_some() && page > screen, "{shown}");
    assert_eq!(shown.matches("[ 1] socket(").count(), 1, "{shown}");
}

#[test]
fn a_line_that_is_no_word_of_ours_is_answered_with_those_that_are() {
    let shown = replay(&["--quiz", "-e", "trace=accept4"], "foo\n9\n");
    assert_eq!(shown.matches("* answers by line").count(), 3, "{shown}");
    let shown = replay(&["--quiz"], "q\n");
    assert!(
        shown.ends_with("* quiz: no question was answered\n"),
        "{shown}"
    );
}

/// Questions are about what the view shows, and about what a program gets to see.
#[test]
fn no_question_is_about_the_loader_or_about_an_errno_that_no_program_sees() {
    for name in ["basic", "scratch", "simplenet", "checkpoint2", "hi-go"] {
        let shown = httpsys()
            .args(["replay", "--quiz"])
            .arg(format!("demo/recordings/{name}.jsonl"))
            .stdin(Stdio::null())
            .output()
            .expect("it ran");
        let shown = String::from_utf8(shown.stdout).expect("a view writes text");
        assert!(!shown.contains("ERESTART"), "{name}: {shown}");
        let before = shown.split("  quiz    ").next().unwrap_or_default();
        let first = before.lines().rfind(|line| line.starts_with('['));
        assert!(
            first.is_some_and(|line| line.contains(" socket(")),
            "{name}: {shown}"
        );
    }
}

#[test]
fn a_body_comes_after_the_trace_where_both_are_on_one_terminal() {
    let server = common::Server::start(&["--io", "threads"]);
    let mut command = httpsys();
    command.args(["get", "--trace", &format!("{}/hi", server.address)]);
    let mut terminal = OnTerminal::start(command);
    let shown = terminal.rest();
    assert!(shown.ends_with("\nHi"), "{shown:?}");
    assert_eq!(terminal.ended().code(), Some(0));
    server.stop();
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_given_back() {
    let signals = [
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGINT,
    ];
    for signal in signals {
        let mut terminal = on_terminal(&["--step"]);
        terminal.until(PROMPT);
        assert!(!terminal.is_cooked());
        match signal {
            Signal::SIGINT => terminal.press("\x03"),
            signal => kill(Pid::from_raw(terminal.child.id() as i32), signal).expect("it runs"),
        }
        assert_eq!(terminal.ended().signal(), Some(signal as i32));
        assert!(terminal.is_cooked(), "{signal}");
    }
}

#[test]
fn ctrl_c_at_a_question_ends_a_server_in_order_and_gives_the_terminal_back() {
    let mut command = httpsys();
    command.args(["serve", "-l", "127.0.0.1:0", "--step", "--quiz"]);
    let mut terminal = OnTerminal::start(command);
    terminal.until("no idea");
    assert!(!terminal.is_cooked());
    terminal.press("\x03");
    terminal.until("* 0 connections");
    assert_eq!(terminal.ended().code(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn after_a_stop_the_shell_has_its_terminal_and_after_fg_keys_work_again() {
    let program = httpsys().get_program().to_string_lossy().into_owned();
    let script = format!(
        "set -m\n{program} replay {RECORDING} --step\necho stopped:$?\nstty -a | grep -o -e '-*icanon'\nfg\necho ended:$?\n"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("LC_ALL", "C.UTF-8");
    let mut terminal = OnTerminal::start(shell);
    terminal.until(PROMPT);
    terminal.press("\x1a");
    terminal.until("stopped:148");
    let modes = terminal.until("icanon");
    assert!(!modes.contains("-icanon"), "{modes}");
    // In front again: what was on the screen is shown again, and keys come at once.
    assert!(terminal.until(PROMPT).contains("[ 1/47]"));
    terminal.press("\n");
    assert!(terminal.until(PROMPT).contains("[ 2/47]"));
    terminal.press("q");
    terminal.until("ended:0");
    terminal.ended();
    assert!(terminal.is_cooked());
}

#[test]
fn ctrl_z_stops_a_tracer_and_its_program_also_while_somebody_looks() {
    let program = httpsys().get_program().to_string_lossy().into_owned();
    let script = format!(
        "set -m\n{program} trace --step -e trace=%network -- \
         {program} serve -l 127.0.0.1:0 --log off\necho stopped:$?\n\
         stty -a | grep -o -e '-*icanon'\nfg\necho ended:$?\n"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("LC_ALL", "C.UTF-8");
    let mut terminal = OnTerminal::start(shell);
    let call = |shown: String| {
        let mut rows = shown.lines().filter(|row| row.starts_with('['));
        rows.next_back().map(str::to_owned)
    };
    let first = call(terminal.until(PROMPT));
    assert!(first.is_some());
    terminal.press("\x1a");
    // 128 and SIGSTOP, as the shell counts.
    terminal.until("stopped:147");
    let modes = terminal.until("icanon");
    assert!(!modes.contains("-icanon"), "{modes}");
    // In front again: what was on the screen is shown again, and the program goes on by keys.
    assert_eq!(call(terminal.until(PROMPT)), first);
    terminal.press("\n");
    assert_ne!(call(terminal.until(PROMPT)), first);
    terminal.press("q");
    terminal.until("* 0 connections");
    terminal.until("ended:");
    terminal.ended();
    assert!(terminal.is_cooked());
}

#[test]
fn a_question_on_a_terminal_is_answered_by_one_key() {
    let mut terminal = on_terminal(&["--quiz"]);
    terminal.until("no idea");
    terminal.press("9");
    terminal.press("1");
    let verdict = terminal.until("answer");
    assert!(!verdict.contains("no idea"), "{verdict}");
    terminal.press("q");
    terminal.until("* quiz: ");
    assert_eq!(terminal.ended().code(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn a_traced_program_waits_too_reads_none_of_the_keys_and_a_quit_ends_it() {
    if !ptrace_allowed() {
        return;
    }
    let program = httpsys().get_program().to_os_string();
    let mut child = httpsys()
        .args(["trace", "--step", "--"])
        .arg(program)
        .args(["serve", "-l", "127.0.0.1:0", "--log", "off"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut keys = child.stdin.take().expect("it was asked for");
    let mut screen = BufReader::new(child.stderr.take().expect("it was asked for"));
    let mut shown = String::new();
    let mut until = |part: &str, shown: &mut String| {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert!(screen.read_line(&mut line).expect("text") > 0, "{shown}");
            shown.push_str(&line);
        }
    };
    while !shown.contains("bind(") {
        until("  next?", &mut shown);
        assert!(!shown.contains("listening on"), "{shown}");
        keys.write_all(b"\n").expect("it listens");
    }
    keys.write_all(b"q\n").expect("it listens");
    until("* 0 connections", &mut shown);
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{shown}");
}
