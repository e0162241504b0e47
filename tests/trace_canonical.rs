//! `trace --canonical` and `trace --notes`: the same on every run, and the same as a replay of it says.

mod common;

use common::Folder;
use common::httpsys;
use common::peer;
use common::python;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

/// One thread that is its own client; it takes its time, and signals itself.
const PROGRAM: &str = r"
import os, signal, socket, time
signal.signal(signal.SIGUSR1, lambda *_: None)
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(5)
address = listener.getsockname()
client = socket.create_connection(address)
client.sendall(b'GET /x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n' % address[1])
peer, _ = listener.accept()
peer.recv(4096)
select = __import__('select')
select.select([peer], [], [], 0.05)
os.kill(os.getpid(), signal.SIGUSR1)
peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
peer.close()
client.recv(4096)
client.close()
";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

/// Traces the program with these flags; what it shows goes to `output`.
fn trace(flags: &[&str], output: &Path) -> String {
    let mut command = httpsys();
    command.args(["trace", "-e", "trace=%network,select,pselect6,kill,getpid"]);
    command.args(flags).args(["-o", text(output), "--"]);
    command.args([&python(), "-S", "-c", PROGRAM]);
    let done = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(done.status.success(), "{flags:?}: {done:?}");
    std::fs::read_to_string(output).expect("-o writes it")
}

fn replay(args: &[&str]) -> String {
    let mut command = httpsys();
    let done = command.arg("replay").args(args).output().expect("it runs");
    assert!(done.status.success(), "{args:?}: {done:?}");
    String::from_utf8(done.stdout).expect("a view writes text")
}

#[test]
fn two_canonical_runs_of_a_program_look_the_same() {
    if !peer("python3") {
        return;
    }
    let folder = Folder::new("trace-canonical");
    for flags in [
        &["--view", "json"][..],
        &["--view", "json", "--notes"],
        &["--view", "strace", "-tt", "-T", "-yy"],
        &["--view", "compact"],
    ] {
        let flags = [&["--canonical"], flags].concat();
        let first = trace(&flags, &folder.0.join("first"));
        let second = trace(&flags, &folder.0.join("second"));
        assert_eq!(first, second, "{flags:?}");
        assert!(
            first.contains("50080") && first.contains("GET /x"),
            "{first}"
        );
    }
    let lines = trace(&["--canonical", "--view", "json"], &folder.0.join("json"));
    assert!(
        lines.contains(r#""start":"2026-01-01T00:00:00.000000000Z""#),
        "{lines}"
    );
    let mut last = 0;
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let Some(t) = line["t"].as_u64() else {
            continue;
        };
        assert!(
            t % 10_000 == 0 && t > last,
            "it ticks, and never back: {line}"
        );
        assert!(
            line["dur"].as_u64().is_none_or(|dur| dur == 10_000),
            "{line}"
        );
        last = t;
    }
}

#[test]
fn notes_of_a_live_trace_are_those_of_its_replay() {
    if !peer("python3") {
        return;
    }
    let folder = Folder::new("trace-notes");
    let record = folder.0.join("record");
    let flags = ["--view", "json", "--notes", "--record", text(&record)];
    let live = trace(&flags, &folder.0.join("live"));
    assert!(live.contains(r#""id":"request-complete""#), "{live}");
    assert!(
        live.contains(r#""request":"GET /x","fate":"answered","status":200"#),
        "{live}"
    );
    let set = "trace=%network,select,pselect6,kill,getpid";
    let again = replay(&[text(&record), "--view", "json", "--notes", "-e", set]);
    assert_eq!(live, again);
    let mut command = httpsys();
    command.args(["trace", "--notes", "--", "true"]);
    let refused = command.output().expect("it runs");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--notes adds to --view json"));
}

#[test]
fn a_recording_that_is_still_written_is_shown_as_far_as_it_goes() {
    use std::io::{BufRead, BufReader, Write};
    let folder = Folder::new("replay-follows");
    let call = |seq: u64| {
        format!(
            "{{\"type\":\"call\",\"seq\":{seq},\"t\":{seq}000,\"dur\":10,\"pid\":7,\"tid\":7,\"call\":\"listen\",\"args\":{{\"sockfd\":{seq},\"backlog\":5}},\"ret\":0,\"errno\":null}}\n"
        )
    };
    // From a pipe, from a FIFO: a line is shown when it is there, before the next one is written.
    let fifo = folder.0.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    for input in ["-", text(&fifo)] {
        let mut command = httpsys();
        command.args(["replay", input, "--view", "strace"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut into: Box<dyn Write> = match input {
            "-" => Box::new(child.stdin.take().expect("piped")),
            _ => Box::new(std::fs::File::create(&fifo).expect("it is opened for reading")),
        };
        let mut shown = BufReader::new(child.stdout.take().expect("piped")).lines();
        for seq in 1..=3 {
            let line = call(seq);
            let (begin, end) = line.split_at(40);
            into.write_all(begin.as_bytes()).expect("it reads");
            into.flush().expect("it reads");
            into.write_all(end.as_bytes()).expect("it reads");
            into.flush().expect("it reads");
            let line = shown.next().expect("a line").expect("text");
            assert!(
                line.starts_with(&format!("listen({seq}, 5)")),
                "{input}: {line}"
            );
        }
        drop(into);
        assert!(shown.next().is_none(), "{input}");
        assert!(child.wait().expect("it ends").success(), "{input}");
    }
    // A file that ends in the middle of a line ends before it.
    let whole = call(1) + &call(2);
    let cut = folder.file("cut", &whole[..whole.len() - 9]);
    assert_eq!(replay(&[text(&cut), "--view", "strace"]).lines().count(), 1);
    let empty = folder.file("empty", "");
    let mut command = httpsys();
    let done = command
        .args(["replay", text(&empty)])
        .output()
        .expect("it runs");
    assert_eq!(done.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&done.stderr).contains("empty, nothing to show"));
    // Another program would do for a pipe, too.
    let mut cat = Command::new("cat");
    let mut cat = cat
        .arg(&cut)
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat is everywhere");
    let mut command = httpsys();
    command.args(["replay", "-", "--view", "strace"]);
    command.stdin(cat.stdout.take().expect("piped"));
    let done = command.output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 1);
    assert!(cat.wait().expect("it ends").success());
}
