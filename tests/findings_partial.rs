//! What was not seen proves nothing: findings about recordings that end early, have gaps, begin late, or were filtered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::httpsys;
use common::peer;
use common::read_all;
use httpsys::decode::Decoder;
use httpsys::source::recording::Recording;
use httpsys::story::Story;
use httpsys::story::Verdict;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use trace_support::fixtures::SCRIPT;
use trace_support::fixtures::Servers;
use trace_support::fixtures::Traced;
use trace_support::fixtures::told;
use trace_support::*;

const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n";

/// What is found to be wrong in these lines of a recording.
fn wrong(lines: &[&str]) -> Vec<String> {
    let text = lines.join("\n") + "\n";
    let mut recording = Recording::new(text.as_bytes()).unwrap();
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    while let Some(raw) = recording.next_record().unwrap() {
        let _ = story.step(&decoder.event(&raw));
    }
    let findings = story.findings();
    let wrong = findings
        .iter()
        .filter(|note| note.verdict() > Verdict::Note);
    wrong.map(ToString::to_string).collect()
}

/// Recordings of programs with which nothing is wrong, by their names.
fn good() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings");
    let files = std::fs::read_dir(folder).unwrap().flatten();
    let named = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let text = std::fs::read_to_string(file.path()).ok()?;
        name.ends_with(".jsonl").then_some((name, text))
    });
    let good: Vec<_> = named
        .filter(|(_, text)| wrong(&text.lines().collect::<Vec<_>>()).is_empty())
        .collect();
    assert!(good.len() >= 5, "{}", good.len());
    good
}

#[test]
fn a_recording_that_ends_early_gives_no_more_findings() {
    for (name, text) in good() {
        let lines: Vec<&str> = text.lines().collect();
        for end in 0..lines.len() {
            assert_eq!(wrong(&lines[..end]), Vec::<String>::new(), "{name}: {end}");
        }
    }
}

#[test]
fn a_recording_with_a_gap_gives_no_more_findings() {
    for (name, text) in good() {
        let lines: Vec<&str> = text.lines().collect();
        for gap in 1..lines.len() {
            let mut broken = lines.clone();
            broken[gap] = "{\"type\":";
            assert_eq!(wrong(&broken), Vec::<String>::new(), "{name}: {gap}");
        }
    }
}

#[test]
fn a_program_that_is_watched_from_the_middle_on_is_not_blamed_for_what_came_before() {
    let Some(servers) = Servers::new("attached") else {
        return;
    };
    let mut program = Command::new(&servers.python)
        .args(["-I", "-S", SCRIPT, "attached"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap());
    let mut says = || {
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    let port: u16 = says().parse().unwrap();
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let early = [
        GET,
        b"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde",
    ]
    .map(|request| {
        let mut client = connect();
        client.write_all(request).unwrap();
        client
    });
    assert_eq!(says(), "read");
    let record = servers.folder.0.join("recording");
    let pid = program.id().to_string();
    let mut tracer = trace(&[
        "--view",
        "json",
        "--record",
        record.to_str().unwrap(),
        "-p",
        &pid,
    ])
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut shown = BufReader::new(tracer.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"type\":\"fd\"") {
        line.clear();
        assert!(shown.read_line(&mut line).unwrap() > 0, "it was refused");
    }
    let rest = std::thread::spawn(move || shown.read_to_end(&mut Vec::new()));
    program.stdin.take().unwrap().write_all(b"\n").unwrap();
    for mut client in early {
        assert!(read_all(&mut client).ends_with(b"\n"));
    }
    let mut last = connect();
    last.write_all(GET).unwrap();
    assert!(read_all(&mut last).ends_with(b"xxx"));
    assert!(program.wait().unwrap().success());
    let _ = kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT);
    assert_eq!(tracer.wait().unwrap().code(), Some(0));
    rest.join().unwrap().unwrap();
    let told = told(&record);
    let [text] = told.texts()[..] else {
        panic!("{:?}", told.texts());
    };
    assert!(
        text.ends_with("Content-Length 100, but only 15 bytes sent"),
        "{text}"
    );
}

#[test]
fn a_filter_of_ours_hides_calls_from_the_screen_and_not_from_the_story() {
    let Some(servers) = Servers::new("filtered") else {
        return;
    };
    for (name, lines) in [
        ("fd-leak-mended", vec![]),
        (
            "content-length-mismatch",
            vec!["! c1 r1 Content-Length 100, but only 15 bytes sent"],
        ),
    ] {
        for sums in ["-C", "-c"] {
            let shown = servers.folder.0.join("shown");
            let options = [sums, "-e", "trace=accept4", "-o"];
            let options = [&options[..], &[shown.to_str().unwrap()]].concat();
            let server = Traced::shown(&servers.python, &options, name);
            for _ in 0..if lines.is_empty() { 6 } else { 1 } {
                server.ask(GET);
            }
            server.wait();
            let shown = std::fs::read_to_string(shown).unwrap();
            let found: Vec<&str> = shown
                .lines()
                .filter(|line| line.starts_with("! "))
                .collect();
            assert_eq!(found, lines, "{shown}");
        }
    }
}

/// Runs a server of the fixtures under strace with these options, and gives its log to `replay`.
fn straced(servers: &Servers, name: &str, options: &[&str], clients: usize) -> Vec<String> {
    let log = servers.folder.0.join(format!("{name}.log"));
    let log = log.to_str().unwrap();
    let command = ["-f", "-tt", "-T", "-yy", "-s", "65536", "-o", log];
    let mut program = Command::new("strace")
        .args(command)
        .args(options)
        .args([&*servers.python, "-I", "-S", SCRIPT, name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let port: u16 = line.trim().parse().unwrap();
    let mut kept = Vec::new();
    if clients == 0 {
        drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    }
    for _ in 0..clients {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(GET).unwrap();
        common::read_response(&mut client);
        kept.push(client);
    }
    assert!(program.wait().unwrap().success());
    let output = httpsys().args(["replay", log]).output().unwrap();
    let shown = text(&output.stdout);
    let found = shown.lines().filter_map(|line| line.strip_prefix("! "));
    found.map(str::to_owned).collect()
}

#[test]
fn a_log_of_strace_says_as_much_as_was_traced() {
    if !peer("strace") {
        return;
    }
    let Some(servers) = Servers::new("straced") else {
        return;
    };
    // All calls: the same findings as of a trace of our own.
    let leaks = straced(&servers, "fd-leak", &[], 6);
    let certain = "c1 fd 4 leaks: answered, and nobody closes (";
    assert!(
        matches!(&leaks[..], [text] if text.starts_with(certain)),
        "{leaks:?}"
    );
    // Some of them: that a call is not there does not mean that it was not made.
    for filter in [
        "trace=network",
        "trace=accept4,recvfrom,sendto",
        "trace=!close",
    ] {
        let none = Vec::<String>::new();
        assert_eq!(
            straced(&servers, "fd-leak-mended", &["-e", filter], 6),
            none,
            "{filter}"
        );
        let name = "short-write-ignored-sendall";
        assert_eq!(
            straced(&servers, name, &["-e", filter], 1),
            none,
            "{filter}"
        );
    }
    // What was seen is enough for some.
    let spins = straced(&servers, "eof-spin", &["-e", "trace=network"], 0);
    assert_eq!(
        spins,
        ["c1 read 0 (end of input) 8 times and did not close"]
    );
}
