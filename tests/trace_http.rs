//! The story of someone else's server: every exchange that a client made appears with the right method,
//! target and status, none is invented and none is lost; and two witnesses tell the same calls.

mod common;
mod trace_support;

use common::Folder;
use common::Server;
use common::peer;
use common::read_response;
use serde_json::Value;
use std::io::Write;
use std::process::Command;
use trace_support::*;

/// `httpsys serve` under trace, on a free port, with a recording.
fn traced_server(record: &str, options: &[&str], args: &[&str]) -> Server {
    let quiet = ["-q", "-o", "/dev/null", "--record", record];
    let program = env!("CARGO_BIN_EXE_httpsys");
    let serve = [program, "serve", "-l", "127.0.0.1:0", "-q", "--log", "off"];
    let all = [&quiet, options, &["--"], &serve, args].concat();
    Server::spawn(trace(&all))
}

/// What was received on connections, as far as it begins a request.
fn requests(lines: &[Value]) -> Vec<String> {
    let received = of_type(lines, "call");
    received
        .iter()
        .filter(|call| {
            ["read", "recvfrom", "recvmsg"].contains(&call["call"].as_str().unwrap_or(""))
        })
        .filter_map(|call| call["data"]["text"].as_str())
        .filter(|text| text.contains(" HTTP/1.1\r\n"))
        .map(|text| text.lines().next().unwrap_or("").to_string())
        .collect()
}

#[test]
fn none_of_many_requests_is_lost() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-many");
    let file = folder.0.join("recording");
    let server = traced_server(file.to_str().unwrap(), &[], &["--io", "epoll"]);
    const CONNECTIONS: usize = 10;
    const EACH: usize = 200;
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let mut stream = server.connect();
            scope.spawn(move || {
                for number in 0..EACH {
                    let request =
                        format!("GET /hi?{connection}.{number} HTTP/1.1\r\nHost: x\r\n\r\n");
                    stream.write_all(request.as_bytes()).unwrap();
                    assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 200 "));
                }
            });
        }
    });
    let (status, ..) = server.stop();
    assert_eq!(status, Some(0));
    let lines = lines(&std::fs::read_to_string(&file).unwrap());
    let mut seen = requests(&lines);
    seen.sort_unstable();
    let mut sent: Vec<String> = (0..CONNECTIONS)
        .flat_map(|c| (0..EACH).map(move |n| format!("GET /hi?{c}.{n} HTTP/1.1")))
        .collect();
    sent.sort_unstable();
    assert!(seen == sent, "{} seen, {} sent", seen.len(), sent.len());
    assert!(of_type(&lines, "lost").is_empty());
}

#[test]
fn the_server_seen_from_inside_and_from_outside_makes_the_same_calls() {
    if !ptrace_allowed() {
        return;
    }
    for io in ["blocking", "threads", "epoll", "poll", "fork"] {
        let folder = Folder::new(&format!("trace-witness-{io}"));
        let inside = folder.0.join("inside");
        let outside = folder.0.join("outside");
        let record = inside.to_str().unwrap();
        let set = [
            "-e",
            "trace=%network,read,write,close,clone,wait4,epoll_pwait,epoll_ctl,ppoll",
        ];
        let args = ["--io", io, "--max-requests", "3", "--record", record];
        let server = traced_server(outside.to_str().unwrap(), &set, &args);
        for number in 0..3 {
            let request =
                format!("GET /hi?{number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let answer = server.ask(request.as_bytes());
            assert!(answer.starts_with(b"HTTP/1.1 200 "));
        }
        let (status, ..) = server.finish();
        assert_eq!(status, Some(0), "{io}");
        let read = |path: &std::path::Path| lines(&std::fs::read_to_string(path).unwrap());
        let (inside, outside) = (read(&inside), read(&outside));
        // By thread, calls on descriptors of serving: the tool's own stand high.
        let told = |lines: &[Value], tid: &Value| -> Vec<String> {
            of_type(lines, "call")
                .iter()
                .filter(|call| call["tid"] == *tid)
                .filter(|call| {
                    let fd = &call["args"]["fd"]
                        .as_i64()
                        .or(call["args"]["sockfd"].as_i64());
                    fd.is_none_or(|fd| (3..200).contains(&fd))
                })
                .map(|call| {
                    let bytes = &call["data"]["text"];
                    format!(
                        "{} = {} {} {bytes}",
                        call["call"], call["ret"], call["errno"]
                    )
                })
                .collect()
        };
        let mut tids: Vec<Value> = Vec::new();
        for call in of_type(&inside, "call") {
            if !tids.contains(&call["tid"]) {
                tids.push(call["tid"].clone());
            }
        }
        for tid in &tids {
            let (ours, theirs) = (told(&inside, tid), told(&outside, tid));
            let names = [
                "socket",
                "accept4",
                "read",
                "write",
                "close",
                "clone",
                "wait4",
                "ppoll",
                "epoll_pwait",
                "epoll_ctl",
            ];
            let kept = |calls: &[String]| -> Vec<String> {
                let of_serving = |call: &&String| {
                    names
                        .iter()
                        .any(|name| call.starts_with(&format!("\"{name}\" ")))
                };
                let begin = calls
                    .iter()
                    .position(|call| call.starts_with("\"socket\""))
                    .unwrap_or(0);
                calls[begin..].iter().filter(of_serving).cloned().collect()
            };
            let (ours, theirs) = (kept(&ours), kept(&theirs));
            let difference = ours.iter().zip(&theirs).find(|(one, other)| one != other);
            assert_eq!(difference, None, "{io} thread {tid}");
            assert_eq!(
                ours.len(),
                theirs.len(),
                "{io} thread {tid}: {ours:#?} {theirs:#?}"
            );
        }
    }
}

#[test]
fn a_python_servers_exchanges_are_told_as_curl_made_them() {
    let Some(python) = python().filter(|_| ptrace_allowed() && peer("curl")) else {
        return;
    };
    let folder = Folder::new("trace-python");
    folder.file("root/index.html", "<p>a page</p>\n");
    let out = folder.0.join("compact");
    let script = "import http.server as h, sys\n\
        s = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n\
        print('listening on http://127.0.0.1:%d/' % s.server_port, file=sys.stderr, flush=True)\n\
        s.serve_forever()";
    let mut command = trace(&["-o", out.to_str().unwrap(), "--", &python, "-c", script]);
    command.current_dir(folder.0.join("root"));
    let server = Server::spawn(command);
    let curl = |args: &[&str]| {
        let url = format!("http://{}{}", server.address, args[0]);
        let status = Command::new("curl")
            .args(["-s", "-o", "/dev/null", "--max-time", "20"])
            .args(&args[1..])
            .arg(url)
            .status()
            .unwrap();
        assert!(status.success());
    };
    curl(&["/index.html"]);
    curl(&["/missing?q=1"]);
    curl(&["/index.html", "-I"]);
    curl(&["/form", "-d", "a=b"]);
    let (_, said, _) = {
        server.signal(nix::sys::signal::Signal::SIGINT);
        server.finish()
    };
    let shown = std::fs::read_to_string(&out).unwrap();
    let at = |part: &str| {
        shown
            .find(part)
            .unwrap_or_else(|| panic!("no `{part}` in:\n{shown}\n{said:?}"))
    };
    let story = [
        "> GET /index.html ",
        "< 200 OK",
        "> GET /missing?q=1 ",
        "< 404 ",
        "> HEAD /index.html ",
        "> POST /form ",
        "< 501 ",
    ];
    assert!(story.iter().map(|part| at(part)).is_sorted());
    assert!(shown.contains("* 4 connections, 4 requests, "), "{shown}");
    assert!(shown.contains(" calls skipped while the program started"));
    assert!(!shown.contains("ld.so.cache"));
    assert!(shown.lines().all(|line| line.chars().count() <= 80));
}

/// What a script does before its server, and whole programs without a network, are a line each.
#[test]
fn a_start_is_a_line_and_a_program_without_a_network_another() {
    if !ptrace_allowed() {
        return;
    }
    let shown = |arguments: &[&str]| {
        let output = trace(&[arguments, &["--", "sh", "-c", "ls / | wc -l; true"]].concat())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let short = shown(&[]);
    assert!(
        short.contains(" calls skipped: none of them on the network"),
        "{short}"
    );
    assert!(
        short.lines().count() <= 6 && !short.contains("pipe"),
        "{short}"
    );
    let whole = shown(&["--startup"]);
    assert!(
        whole.contains("pipe2(") && !whole.contains("skipped"),
        "{whole}"
    );
}
