//! `httpsys replay`: what a recording shows is what the live trace showed, and less of it with filters.

mod common;

use common::Folder;
use common::Server;
use common::httpsys;
use common::models::models;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

const REQUESTS: [&[u8]; 3] = [
    b"GET /hi HTTP/1.1\r\nHost: x\r\nCookie: a=secret\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /none?q=1 HTTP/1.0\r\n\r\n",
];

/// Serves the three requests; what the trace showed on standard error, without what is not the trace.
fn serve(args: &[&str]) -> String {
    let server = Server::start(&[args, &["--max-requests", "3"]].concat());
    for request in REQUESTS {
        assert!(server.ask(request).starts_with(b"HTTP/1.1 "));
    }
    let (status, lines, _) = server.finish();
    assert_eq!(status, Some(0));
    let greeting = ["listening on ", "* serving ", "* built in: ", "* try: "];
    let of_trace = |line: &&String| !greeting.iter().any(|words| line.starts_with(words));
    let lines: Vec<&str> = lines.iter().filter(of_trace).map(String::as_str).collect();
    lines.join("\n") + "\n"
}

fn replay(args: &[&str]) -> Output {
    let mut command = httpsys();
    command.arg("replay").args(args).stdin(Stdio::null());
    command.output().expect("the program runs")
}

/// What a replay prints; it succeeds and says nothing else.
#[track_caller]
fn shown(args: &[&str]) -> String {
    let output = replay(args);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("a view writes text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

/// A recording of the three requests.
fn recorded(folder: &Folder, args: &[&str]) -> String {
    let path = folder.0.join("run.jsonl");
    serve(&[args, &["--record", text(&path)]].concat());
    text(&path).to_string()
}

/// Without the loop that tries and pauses: how often it goes round, and how its laps are folded, depends
/// on the machine.
fn without_laps(screen: &str) -> String {
    let laps = [
        "EAGAIN",
        "nanosleep",
        "so often",
        "no connection waits",
        "nobody",
    ];
    let kept = screen
        .lines()
        .filter(|line| !laps.iter().any(|words| line.contains(words)));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_replay_shows_what_the_live_trace_showed_in_every_view_and_model() {
    let folder = Folder::new("replay-models");
    for io in models() {
        let model = io.name();
        for view in ["compact", "strace", "json"] {
            for canonical in [&[][..], &["--canonical"]] {
                let path = folder.0.join(format!("{model}-{view}-{}", canonical.len()));
                let trace = format!("--trace={view}");
                let flags = ["--io", model, &trace, "--record", text(&path)];
                let live = serve(&[&flags, canonical].concat());
                let again = shown(&[&["--view", view, text(&path)], canonical].concat());
                let name = format!("{model} {view} {canonical:?}");
                if view == "compact" && model == "nonblocking" {
                    assert_eq!(without_laps(&live), without_laps(&again), "{name}");
                } else {
                    assert_eq!(live, again, "{name}");
                }
                let unasked = shown(&["--view", view, text(&path)]);
                assert_eq!(
                    again, unasked,
                    "{name}: a recording says that it is canonical"
                );
            }
        }
    }
}

#[test]
fn a_replay_of_a_client_shows_what_the_live_trace_showed() {
    let folder = Folder::new("replay-get");
    let server = Server::start(&["--io", "threads"]);
    for view in ["compact", "strace", "json"] {
        let path = folder.0.join(view);
        let mut command = httpsys();
        command.args(["get", &format!("http://{}/hi", server.address), "-q"]);
        command.args([&format!("--trace={view}"), "--record", text(&path)]);
        let live = command
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        assert_eq!(live.stdout, b"Hi");
        let again = shown(&["--view", view, text(&path), "-q"]);
        assert_eq!(String::from_utf8_lossy(&live.stderr), again, "{view}");
    }
}

#[test]
fn a_recording_made_from_a_replay_is_the_same_recording() {
    let folder = Folder::new("replay-record");
    let first = recorded(&folder, &["--io", "epoll"]);
    let second = folder.0.join("second");
    shown(&[&first, "--record", text(&second), "-e", "trace=none", "-q"]);
    let read = |path: &str| std::fs::read_to_string(path).expect("a recording");
    assert_eq!(read(&first), read(text(&second)));
    assert_eq!(read(&first), shown(&[&first, "--view", "json"]));
}

#[test]
fn the_filters_of_a_live_trace_hold_for_a_replay() {
    let folder = Folder::new("replay-filters");
    let run = recorded(&folder, &["--canonical"]);
    let calls = |args: &[&str]| -> Vec<String> {
        let screen = shown(&[&[run.as_str(), "--view", "strace"], args].concat());
        let name = |line: &str| line.split('(').next().unwrap_or("").to_string();
        screen.lines().map(name).collect()
    };
    let all = calls(&[]);
    assert!(all.contains(&"socket".to_string()) && all.contains(&"write".to_string()));
    assert!(
        calls(&["-e", "trace=read"])
            .iter()
            .all(|name| name == "read")
    );
    assert!(!calls(&["-e", "trace=!read"]).contains(&"read".to_string()));
    let failed = shown(&[&run, "--view", "strace", "-Z"]);
    assert!(
        failed.lines().all(|line| line.contains("= -1 E")),
        "{failed}"
    );
    assert!(!shown(&[&run, "--view", "strace", "-z"]).contains("= -1 E"));
    let file = folder.0.join("out");
    assert_eq!(
        shown(&[&run, "-o", text(&file), "--view", "strace", "-ttt", "-T"]),
        ""
    );
    let lines = std::fs::read_to_string(&file).expect("-o writes it");
    assert!(lines.starts_with("1     1767225600.0"), "{lines}");
    let tables = shown(&[&run, "-c"]);
    assert!(
        tables.contains("GET /hi") && !tables.contains("read(4"),
        "{tables}"
    );
    assert!(shown(&[&run, "-C"]).contains("read(4"));
}

#[test]
fn one_connection_can_be_picked() {
    let folder = Folder::new("replay-conn");
    let run = recorded(&folder, &["--io", "epoll", "--canonical"]);
    let screen = shown(&[&run, "--conn", "c2", "-q"]);
    assert!(
        screen.contains("POST /echo") && screen.contains("c2 from"),
        "{screen}"
    );
    assert!(screen.contains("c2 over"), "{screen}");
    for others in ["/hi", "/none", "listen(", "c1 ", "c3 "] {
        assert!(!screen.contains(others), "{others} in\n{screen}");
    }
    assert_eq!(replay(&[&run, "--conn", "x"]).status.code(), Some(2));
}

#[test]
fn requests_can_be_picked_by_method_and_target() {
    let folder = Folder::new("replay-request");
    let run = recorded(&folder, &["--io", "threads", "--canonical"]);
    let requests = |pattern: &str| -> Vec<&str> {
        let screen = shown(&[&run, "--request", pattern, "-q", "--width", "120"]);
        let all = ["GET /hi", "POST /echo", "GET /none"];
        all.into_iter()
            .filter(|line| screen.contains(line))
            .collect()
    };
    assert_eq!(requests("GET /hi"), ["GET /hi"]);
    assert_eq!(requests("/echo"), ["POST /echo"]);
    assert_eq!(requests("GET"), ["GET /hi", "GET /none"]);
    assert_eq!(requests("/none"), ["GET /none"], "the query does not count");
    assert_eq!(requests("/none?q=1"), ["GET /none"]);
    assert_eq!(requests("/none?q=2"), [""; 0]);
    assert_eq!(requests("/h*"), ["GET /hi"]);
    assert_eq!(requests("/h"), [""; 0]);
    assert_eq!(requests("get /hi"), [""; 0], "methods have their case");
    let screen = shown(&[&run, "--request", "POST /echo", "-q"]);
    assert!(
        screen.contains("c2 from"),
        "what came before its line is there\n{screen}"
    );
    assert!(screen.contains("c2 over"), "and what came after\n{screen}");
    assert_eq!(replay(&[&run, "--request", "a b c"]).status.code(), Some(2));
}

#[test]
fn a_live_trace_is_filtered_in_the_same_way() {
    let folder = Folder::new("replay-live");
    let path = folder.0.join("run.jsonl");
    for filter in [["--request", "POST /echo"], ["--conn", "c2"]] {
        let flags = [
            "--io",
            "blocking",
            "--trace=strace",
            "--record",
            text(&path),
        ];
        let live = serve(&[&flags[..], &filter].concat());
        let again = shown(&[&["--view", "strace", text(&path)][..], &filter].concat());
        assert!(
            live.contains("POST /echo") && !live.contains("/hi"),
            "{live}"
        );
        assert_eq!(live, again);
    }
}

#[test]
fn notes_are_added_to_json_on_request() {
    let folder = Folder::new("replay-notes");
    let run = recorded(&folder, &["--canonical"]);
    let plain = shown(&[&run, "--view", "json"]);
    let with_notes = shown(&[&run, "--view", "json", "--notes"]);
    let mut said = Vec::new();
    let mut ended: Vec<Value> = Vec::new();
    for (before, line) in plain.lines().zip(with_notes.lines()) {
        let mut object: Value = serde_json::from_str(line).expect("a JSON line");
        let keys = object.as_object_mut().expect("an object");
        let connection = keys.shift_remove("connection");
        let exchange = keys.shift_remove("exchange");
        let notes = keys.shift_remove("notes");
        if let Some(exchanges) = keys.shift_remove("ended") {
            ended.extend(exchanges.as_array().expect("a list").iter().cloned());
        }
        if keys["type"] == "end" {
            assert_eq!(keys.shift_remove("open"), Some(Value::Array(Vec::new())));
            let findings = keys.shift_remove("findings");
            assert_eq!(findings, Some(Value::Array(Vec::new())));
        }
        assert_eq!(serde_json::to_string(&object).expect("JSON"), before);
        for note in notes
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let part = |key: &str| note[key].as_str().expect("text").to_string();
            assert_eq!(part("verdict"), "note");
            let of = |value: &Option<Value>| {
                value
                    .as_ref()
                    .map_or("", |v| v.as_str().expect("text"))
                    .to_string()
            };
            said.push((part("id"), part("text"), of(&connection), of(&exchange)));
        }
    }
    let hi = (
        "request-complete",
        "> GET /hi HTTP/1.1  (complete)",
        "c1",
        "r1",
    );
    let has = |(id, text, c, r): (&str, &str, &str, &str)| {
        said.contains(&(id.into(), text.into(), c.into(), r.into()))
    };
    assert!(has(hi), "{said:?}");
    let first = &ended[0];
    assert_eq!(first["exchange"], "r1");
    assert_eq!(first["connection"], "c1");
    assert_eq!(first["request"], "GET /hi");
    assert_eq!(first["status"], 200);
    assert_eq!(first["fate"], "answered");
    assert_eq!(first["calls"]["read"], 1);
    for exchange in &ended {
        let time = |key: &str| exchange["time"][key].as_u64().expect("nanoseconds");
        let parts = ["receiving", "sending", "ready", "program"].map(time);
        assert_eq!(parts.iter().sum::<u64>(), time("total"), "{exchange}");
        assert!(time("first_byte") <= time("total"), "{exchange}");
    }
    assert!(said.iter().any(|(_, _, c, r)| c == "c3" && r == "r3"));
    let refused = replay(&[&run, "--notes"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn secrets_stay_hidden_and_are_hidden_where_they_were_not() {
    let folder = Folder::new("replay-secrets");
    let masked = recorded(&folder, &[]);
    assert!(
        !shown(&[&masked, "--view", "strace", "-s", "999", "--no-redact"]).contains("a=secret")
    );
    let open = recorded(&folder, &["--no-redact"]);
    assert!(shown(&[&open, "--view", "strace", "-s", "999", "--no-redact"]).contains("a=secret"));
    let again = shown(&[&open, "--view", "json"]);
    assert!(!again.contains("a=secret") && again.contains("********"));
    assert!(again.contains("\"redacted\":true"));
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let folder = Folder::new("replay-errors");
    let empty = folder.file("empty", "");
    let said = |args: &[&str]| {
        let output = replay(args);
        assert!(output.stdout.is_empty());
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), line)
    };
    let (status, line) = said(&[text(&empty)]);
    assert_eq!(status, Some(0));
    assert!(line.contains("empty, nothing to show"), "{line}");
    let only_start = folder.file("start", "{\"v\":1,\"type\":\"start\"}\n");
    let (status, line) = said(&[text(&only_start)]);
    assert_eq!(status, Some(0));
    assert!(line.contains("no events in it"), "{line}");
    let picture = folder.file("picture", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\n\n");
    let (status, line) = said(&[text(&picture)]);
    assert_eq!(status, Some(4));
    assert!(line.contains("neither a recording"), "{line}");
    let (status, line) = said(&["/nowhere/run.jsonl"]);
    assert_eq!(status, Some(4));
    assert!(
        line.contains("open /nowhere/run.jsonl: No such file or directory (ENOENT)"),
        "{line}"
    );
    let (status, line) = said(&[text(&folder.0)]);
    assert_eq!(status, Some(4));
    assert!(line.contains("EISDIR"), "{line}");
    let run = recorded(&folder, &[]);
    let before = std::fs::read(&run).expect("a recording");
    let (status, line) = said(&[&run, "--record", &run]);
    assert_eq!(status, Some(2));
    assert!(line.contains("what is being read"), "{line}");
    assert_eq!(std::fs::read(&run).expect("it is still there"), before);
    assert_eq!(said(&[&run, "-e", "inject=read:short=1"]).0, Some(2));
    assert_eq!(said(&[&run, "-e", "trace=raed"]).0, Some(2));
    let mut full = httpsys();
    full.args(["replay", &run]).stdin(Stdio::null());
    full.stdout(std::fs::File::create("/dev/full").expect("every Linux has it"));
    let output = full.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ENOSPC"));
}

#[test]
fn a_broken_recording_is_shown_as_far_as_it_goes() {
    let folder = Folder::new("replay-broken");
    let run = recorded(&folder, &["--canonical"]);
    let whole = std::fs::read_to_string(&run).expect("a recording");
    let lines: Vec<&str> = whole.lines().collect();
    let broken = [
        &[
            "listening on http://127.0.0.1:1/",
            "{\"type\":\"new\",\"x\":1}",
        ],
        &lines[..3],
        &["{\"type\":\"call\","],
        &lines[3..],
    ]
    .concat()
    .join("\n");
    let path = folder.file("broken", broken);
    let screen = shown(&[text(&path), "--view", "strace"]);
    assert!(
        screen.contains("--- lost 1: line 6 cannot be read: "),
        "{screen}"
    );
    let lost = |screen: &str| {
        screen
            .lines()
            .filter(|line| !line.contains("--- lost"))
            .count()
    };
    assert_eq!(lost(&screen), lost(&shown(&[&run, "--view", "strace"])));
    // Cut anywhere, it ends quietly where it ends.
    for cut in (0..whole.len()).step_by(whole.len() / 40) {
        let path = folder.file("cut", &whole[..cut]);
        let output = replay(&[text(&path)]);
        assert_eq!(
            output.status.code(),
            Some(if cut > 0 && cut < lines[0].len() {
                4
            } else {
                0
            }),
            "cut at {cut}"
        );
    }
}

#[test]
fn standard_input_is_read_and_a_closed_standard_output_is_no_error() {
    let folder = Folder::new("replay-pipe");
    let run = recorded(&folder, &[]);
    let recording = std::fs::read_to_string(&run).expect("a recording");
    let pipe = |stdout: Stdio| {
        let mut command = httpsys();
        command
            .args(["replay", "-", "--view", "json"])
            .stdin(Stdio::piped())
            .stdout(stdout);
        command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs")
    };
    let mut child = pipe(Stdio::piped());
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(recording.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), recording);
    // `head` that has read nothing and is gone.
    let mut gone = Command::new("true")
        .stdin(Stdio::piped())
        .spawn()
        .expect("a program");
    let closed = gone.stdin.take().expect("it was asked for");
    gone.wait().expect("it ends");
    let mut child = pipe(closed.into());
    let mut stdin = child.stdin.take().expect("it was asked for");
    for _ in 0..200 {
        // It stops to read once nobody reads what it writes.
        if stdin.write_all(recording.as_bytes()).is_err() {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_is_compressed_is_said_to_be() {
    let folder = Folder::new("replay-packed");
    for (beginning, unpack) in [
        (&b"\x1f\x8b\x08\0"[..], "gzip -dc"),
        (b"\x28\xb5\x2f\xfd", "zstd -dc"),
        (b"\xfd7zXZ\0", "xz -dc"),
    ] {
        let path = folder.file("packed", beginning);
        let output = replay(&[text(&path)]);
        assert_eq!(output.status.code(), Some(4));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(unpack), "{message}");
    }
}
