//! Other people's servers under `httpsys trace`: every exchange that a client made is told with its method, target,
//! status, sizes and calls, and none is invented. Witnesses: what curl says it sent and got, and what the server's own
//! log says. nginx and proxies have a file of their own (`trace_nginx`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::Folder;
use common::models::models;
use httpsys::server::IoModel;
use nix::sys::signal::Signal;
use std::process::Command;
use trace_support::servers::*;
use trace_support::*;

#[test]
fn pythons_server_is_told_as_curl_and_its_own_log_say() {
    let Some(python) = python().filter(|_| able(&[])) else {
        return;
    };
    let folder = Folder::new("trace-servers-python");
    root(&folder);
    let port = port();
    let number = port.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &number];
    let server = Traced::start(
        &folder,
        "python",
        port,
        &[&[&*python], &server[..]].concat(),
    );
    let seen = ordinary(port, "/index.html", "/big");
    let told = server.end(Signal::SIGINT);
    let log = said(&folder.0, "python");
    agree(&told, &seen, &["recvfrom", "sendto"]);
    let logged: Vec<String> = log
        .lines()
        .filter_map(|line| Some(line.split_once("] \"")?.1.replace(" HTTP/1.1\"", "")))
        .collect();
    let ours = told.served();
    let ours: Vec<String> = ours
        .iter()
        .map(|e| format!("{} {} -", e.line, e.status))
        .collect();
    assert_eq!(ours, logged);
}

#[test]
fn a_go_server_is_told_as_curl_says() {
    if !able(&["go"]) {
        return;
    }
    let folder = Folder::new("trace-servers-go");
    root(&folder);
    let port = port();
    let server = go_server();
    let command = [server.to_str().unwrap(), &port.to_string()];
    let server = Traced::start(&folder, "go", port, &command);
    let seen = ordinary(port, "/hi", "/hi?big");
    let (raw, sent, got, refusal) = raw(port, "/hi");
    let told = server.end(Signal::SIGTERM);
    let mut exchanges = told.served();
    // Several threads serve: which exchange is over first is for the kernel to choose.
    exchanges.sort_by_key(|exchange| exchange.number);
    let (ordinary, rest) = exchanges.split_at(seen.len());
    agree(&told.only(ordinary), &seen, &["read", "write"]);
    // It answers a line that has no end with 400.
    let (refused, rest) = rest.split_last().unwrap();
    assert_eq!((&*refused.line, refused.status), ("GET /unfini", 400));
    assert_eq!(refused.bytes_out, refusal);
    let lines: Vec<_> = rest.iter().map(|e| (&e.line, e.status)).collect();
    assert_eq!(
        lines,
        raw.iter().map(|e| (&e.line, e.status)).collect::<Vec<_>>()
    );
    assert_eq!(rest.iter().map(|e| e.bytes_in).sum::<u64>(), sent);
    assert_eq!(rest.iter().map(|e| e.bytes_out).sum::<u64>(), got);
}

#[test]
fn a_node_server_is_told_as_curl_says() {
    // Not every distribution has it, so it is never required.
    let here = Command::new("node").arg("--version").output().is_ok();
    if !here {
        eprintln!("skipped: node not found");
    }
    if !here || !able(&[]) {
        return;
    }
    let folder = Folder::new("trace-servers-node");
    root(&folder);
    let port = port();
    let script = "require('http').createServer((ask, answer) => {\n\
        answer.statusCode = ask.url.startsWith('/hi') ? 200 : 404;\n\
        answer.end(answer.statusCode == 200 ? 'Hi\\n' : 'no\\n');\n\
        }).listen(Number(process.argv[1]), '127.0.0.1')";
    let command = ["node", "-e", script, &port.to_string()];
    let server = Traced::start(&folder, "node", port, &command);
    let seen = ordinary(port, "/hi", "/hi?big");
    let told = server.end(Signal::SIGTERM);
    agree(&told, &seen, &["read"]);
}

#[test]
fn busyboxs_server_is_told_as_curl_and_its_own_log_say() {
    if !able(&["busybox"]) {
        return;
    }
    let folder = Folder::new("trace-servers-busybox");
    root(&folder);
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let command = ["busybox", "httpd", "-f", "-vv", "-p", &address];
    let server = Traced::start(&folder, "busybox", port, &command);
    let mut seen = ordinary(port, "/index.html", "/big");
    // It sends a body in answer to HEAD, which curl does not take.
    let heads = seen
        .iter_mut()
        .filter(|seen| seen.line.starts_with("HEAD "));
    heads.for_each(|seen| seen.got = None);
    let told = server.end(Signal::SIGTERM);
    let log = said(&folder.0, "busybox");
    agree(&told, &seen, &["read", "write"]);
    let after = |mark| -> Vec<&str> {
        log.lines()
            .filter_map(|line| Some(line.split_once(mark)?.1))
            .collect()
    };
    let ours = told.served();
    let targets = ours.iter().map(|e| {
        let target = e.line.split_once(' ').unwrap().1;
        target.split('?').next().unwrap()
    });
    assert_eq!(targets.collect::<Vec<_>>(), after("url:"));
    let statuses: Vec<String> = ours.iter().map(|e| e.status.to_string()).collect();
    assert_eq!(statuses, after("response:"));
}

#[test]
fn our_own_server_is_told_under_every_model() {
    if !able(&[]) {
        return;
    }
    for io in models() {
        let folder = Folder::new(&format!("trace-servers-{}", io.name()));
        root(&folder);
        let port = port();
        let ours = env!("CARGO_BIN_EXE_httpsys");
        let listen = format!("127.0.0.1:{port}");
        let serve = [ours, "serve", ".", "-q", "--io", io.name(), "-l", &listen];
        let server = Traced::start(&folder, "ours", port, &serve);
        let seen = ordinary(port, "/index.html", "/big");
        let told = server.end(Signal::SIGTERM);
        if io == IoModel::Uring {
            // What a ring does makes no calls.
            assert_eq!(told.requests, 0);
            continue;
        }
        agree(&told, &seen, &[]);
        let log = said(&folder.0, "ours");
        let logged: Vec<String> = log
            .lines()
            .filter_map(|line| Some(line.split_once("] \"")?.1.replace(" HTTP/1.1\"", "")))
            .collect();
        let ours = told
            .served()
            .into_iter()
            .map(|e| format!("{} {} {}", e.line, e.status, e.bytes_out - e.head));
        assert_eq!(ours.collect::<Vec<_>>(), logged, "{io:?}");
    }
}

#[test]
fn as_many_exchanges_are_told_as_our_own_server_logs_while_wrk_asks() {
    if !able(&["wrk"]) {
        return;
    }
    let folder = Folder::new("trace-servers-wrk");
    root(&folder);
    let port = port();
    let ours = env!("CARGO_BIN_EXE_httpsys");
    let listen = format!("127.0.0.1:{port}");
    let serve = [ours, "serve", ".", "-q", "--io", "epoll", "-l", &listen];
    let server = Traced::start(&folder, "ours", port, &serve);
    let (counted, told) = busy(server);
    let log = said(&folder.0, "ours");
    let logged = log
        .lines()
        .filter(|line| line.contains("\"GET /index.html HTTP/1.1\" 200 "));
    none_is_lost(counted, &told, logged.count() as u64);
}
