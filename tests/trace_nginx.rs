//! nginx and proxies under `httpsys trace`: told on both their sides, and none of many exchanges is lost. Witnesses: what
//! curl and wrk say they asked, what nginx's own log says, and for a proxy what the server behind it was asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use nix::sys::signal::Signal;
use std::time::Instant;
use trace_support::python;
use trace_support::servers::*;
use trace_support::told::Exchange;
use trace_support::told::Told;

/// nginx with one worker, whose log says what a trace should: request, status, bytes and body out.
fn nginx(folder: &Folder, port: u16, locations: &str) -> Traced {
    let here = folder.0.display();
    let user = match nix::unistd::geteuid().is_root() {
        true => "user root;",
        false => "",
    };
    let spool: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|what| format!("{what}_temp_path {here}/spool; "))
        .collect();
    let config = format!(
        "daemon off; {user} worker_processes 1; pid {here}/nginx.pid; error_log stderr warn;\n\
         events {{ worker_connections 256; }}\n\
         http {{ {spool} sendfile on; gzip_types text/html; gzip_min_length 1;\n\
         log_format told '$request|$status|$bytes_sent|$body_bytes_sent';\n\
         access_log {here}/access.log told;\n\
         server {{ listen 127.0.0.1:{port}; root {here}/root; {locations} }} }}\n"
    );
    let config = folder.file("nginx.conf", config).display().to_string();
    let nginx = [
        "nginx",
        "-e",
        "stderr",
        "-p",
        folder.0.to_str().unwrap(),
        "-c",
        &config,
    ];
    Traced::start(folder, "nginx", port, &nginx)
}

/// What nginx logged, and the same as we tell it.
fn nginx_agrees(folder: &Folder, told: &Told) {
    let log = std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    // A client that left within the first line: nginx has a line for it, and there was no request.
    let asked = |line: &&str| !line.ends_with("|400|0|0");
    let mut logged: Vec<&str> = log.lines().filter(asked).collect();
    logged.sort_unstable();
    let ours = told.served().into_iter().map(|e| {
        let body = e.bytes_out - e.head;
        format!("{} HTTP/1.1|{}|{}|{body}", e.line, e.status, e.bytes_out)
    });
    let mut ours: Vec<String> = ours.collect();
    ours.sort_unstable();
    assert_eq!(ours, logged);
}

#[test]
fn nginx_is_told_as_curl_and_its_own_log_say() {
    if !able(&["nginx"]) {
        return;
    }
    let folder = Folder::new("trace-servers-nginx");
    root(&folder);
    let port = port();
    let server = nginx(&folder, port, "location /index.html { gzip on; }");
    let mut seen = ordinary(port, "/index.html", "/big");
    seen.extend(curl(port, &["--compressed"], &["/index.html"]));
    let (raw, sent, got, refusal) = raw(port, "/big");
    leave_early(&folder, port);
    let log = || std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    let begun = Instant::now();
    while !log().contains("GET /hole ") {
        assert!(begun.elapsed() < PATIENCE, "{}", log());
        std::thread::yield_now();
    }
    let told = server.end(Signal::SIGTERM);
    let exchanges = told.served();
    let (ordinary, rest) = exchanges.split_at(seen.len());
    agree(&told.only(ordinary), &seen, &["recvfrom", "writev"]);
    assert_eq!(refusal, 0);
    let (left, rest) = rest.split_last().unwrap();
    assert_eq!(
        (&*left.line, left.status, left.answered),
        ("GET /hole", 200, false)
    );
    assert!(left.body > 0 && left.body < HOLE, "{left:?}");
    let calls = |number: usize, name: &str| {
        let calls = &exchanges[number].calls;
        calls
            .iter()
            .find(|(call, _)| call == name)
            .map(|(_, count)| *count)
    };
    let big = seen.iter().position(|e| e.line == "GET /big");
    assert!(big.is_some_and(|big| calls(big, "sendfile") >= Some(1)));
    assert_eq!(exchanges[seen.len() - 1].framing, "Chunked");
    let lines: Vec<_> = rest.iter().map(|e| (&e.line, e.status)).collect();
    assert_eq!(
        lines,
        raw.iter().map(|e| (&e.line, e.status)).collect::<Vec<_>>()
    );
    assert_eq!(rest.iter().map(|e| e.bytes_in).sum::<u64>(), sent);
    assert_eq!(rest.iter().map(|e| e.bytes_out).sum::<u64>(), got);
    assert!(rest.iter().all(|e| e.answered && e.body == BIG));
    nginx_agrees(&folder, &told);
    // What its master says to its worker is no exchange.
    assert_eq!(told.requests, exchanges.len() as u64);
}

#[test]
fn a_proxy_is_told_on_both_its_sides_as_the_server_behind_it_is() {
    let Some(python) = python().filter(|_| able(&["nginx"])) else {
        return;
    };
    let folder = Folder::new("trace-servers-proxy");
    root(&folder);
    let (front, back) = (port(), port());
    let number = back.to_string();
    let server = ["-u", "-m", "http.server", "--bind", "127.0.0.1", &number];
    let behind = Traced::start(
        &folder,
        "python",
        back,
        &[&[&*python], &server[..]].concat(),
    );
    let pass = format!("location /p/ {{ proxy_pass http://127.0.0.1:{back}/; }}");
    let proxy = nginx(&folder, front, &pass);
    let seen = ordinary(front, "/p/index.html", "/p/big");
    let proxy = proxy.end(Signal::SIGTERM);
    let behind = behind.end(Signal::SIGINT);
    agree(&proxy, &seen, &["recvfrom"]);
    nginx_agrees(&folder, &proxy);
    let lines = |all: &[Exchange]| -> Vec<_> {
        let one = |e: &Exchange| (e.line.clone(), e.status, e.bytes_in, e.bytes_out, e.body);
        all.iter().map(one).collect()
    };
    // What it asked there is what was asked there: the last goes nowhere.
    assert_eq!(lines(&proxy.asked()), lines(&behind.served()));
    assert_eq!(behind.served().len(), seen.len() - 2);
}

#[test]
fn a_proxy_of_forty_lines_is_told_on_both_its_sides() {
    let Some(python) = python().filter(|_| able(&[])) else {
        return;
    };
    let folder = Folder::new("trace-servers-small-proxy");
    root(&folder);
    let (front, back) = (port(), port());
    let ours = env!("CARGO_BIN_EXE_httpsys");
    let listen = format!("127.0.0.1:{back}");
    let serve = [
        ours, "serve", ".", "-q", "--io", "threads", "--log", "off", "-l", &listen,
    ];
    let behind = Traced::start(&folder, "behind", back, &serve);
    let proxy = include_str!("trace_support/proxy.py");
    let proxy = [&python, "-c", proxy, &front.to_string(), &back.to_string()];
    let proxy = Traced::start(&folder, "proxy", front, &proxy);
    let seen = ordinary(front, "/index.html", "/big");
    let proxy = proxy.end(Signal::SIGINT);
    let behind = behind.end(Signal::SIGTERM);
    agree(&proxy, &seen, &["recvfrom", "sendto"]);
    let lines = |all: &[Exchange]| -> Vec<_> {
        all.iter()
            .map(|e| (e.line.clone(), e.status, e.bytes_in, e.bytes_out))
            .collect()
    };
    assert_eq!(lines(&proxy.asked()), lines(&behind.served()));
    assert_eq!(behind.served().len(), seen.len());
}

#[test]
fn as_many_exchanges_are_told_as_nginx_logs_while_wrk_asks() {
    if !able(&["nginx", "wrk"]) {
        return;
    }
    let folder = Folder::new("trace-servers-wrk-nginx");
    root(&folder);
    let server = nginx(&folder, port(), "keepalive_requests 1000000;");
    let (counted, told) = busy(server);
    let log = std::fs::read_to_string(folder.0.join("access.log")).unwrap();
    let good = log
        .lines()
        .filter(|line| line.starts_with("GET /index.html HTTP/1.1|200|"));
    none_is_lost(counted, &told, good.count() as u64);
}
