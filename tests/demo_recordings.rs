//! The recordings in demo/recordings show what the articles' servers do, and replay as their screens say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::httpsys;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings")
}

/// The calls of a recording.
fn calls(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(name).with_extension("jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .filter(|event| event["type"] == "call")
        .collect()
}

/// Those with this name, on this descriptor if one is given.
fn named<'a>(calls: &'a [Value], name: &str, fd: Option<i64>) -> Vec<&'a Value> {
    let of = |call: &Value| {
        ["fd", "sockfd", "epfd"]
            .iter()
            .find_map(|key| call["args"][key].as_i64())
    };
    calls
        .iter()
        .filter(|call| call["call"] == name && (fd.is_none() || of(call) == fd))
        .collect()
}

fn one<'a>(calls: &'a [Value], name: &str, fd: Option<i64>) -> &'a Value {
    let found = named(calls, name, fd);
    assert_eq!(found.len(), 1, "{name} on {fd:?}");
    found[0]
}

fn results(calls: &[&Value]) -> Vec<i64> {
    calls
        .iter()
        .map(|call| call["ret"].as_i64().unwrap())
        .collect()
}

/// Where the first of this name stands.
fn place(calls: &[Value], name: &str, fd: i64) -> usize {
    let first = named(calls, name, Some(fd))[0];
    calls
        .iter()
        .position(|call| std::ptr::eq(call, first))
        .unwrap()
}

/// The listener's set-up of the two servers that copy the wrong four bytes of an address.
fn asks_for_one_address_and_binds_all(calls: &[Value]) {
    let socket = one(calls, "socket", None);
    assert_eq!(socket["args"]["type"], serde_json::json!(["SOCK_STREAM"]));
    let option = one(calls, "setsockopt", Some(3));
    assert_eq!(option["args"]["optname"], "SO_REUSEADDR");
    assert_eq!(one(calls, "bind", None)["args"]["addr"], "0.0.0.0:8080");
    assert_eq!(one(calls, "listen", None)["args"]["backlog"], 128);
}

#[test]
fn scratch_server_writes_five_times_and_never_closes() {
    let calls = calls("scratch");
    asks_for_one_address_and_binds_all(&calls);
    let accepted = named(&calls, "accept", Some(3))[0];
    assert_eq!(accepted["ret"], 4);
    let close_on_exec = one(&calls, "fcntl", Some(4));
    assert_eq!(close_on_exec["args"]["op"], "F_SETFD");
    let read = one(&calls, "read", Some(4));
    assert_eq!(read["args"]["count"], 4096);
    assert_eq!(
        results(&named(&calls, "write", Some(4))),
        [17, 40, 20, 2, 20]
    );
    assert!(place(&calls, "write", 4) > place(&calls, "fcntl", 4));
    let closed: Vec<_> = named(&calls, "close", Some(4));
    assert!(closed.is_empty(), "{closed:?}");
}

#[test]
fn scratch_server_reads_the_end_a_hundred_times_and_dies() {
    let calls = calls("scratch-leaves");
    assert_eq!(results(&named(&calls, "read", Some(4))), [0; 100]);
    let said: String = named(&calls, "write", Some(2))
        .iter()
        .filter_map(|call| call["data"]["text"].as_str())
        .collect();
    assert!(said.contains("index out of bounds"), "{said}");
    assert_eq!(one(&calls, "exit_group", None)["args"]["status"], 101);
}

#[test]
fn simplenet_reads_once_and_writes_once_and_never_closes() {
    let calls = calls("simplenet");
    asks_for_one_address_and_binds_all(&calls);
    let read = one(&calls, "read", Some(4));
    assert!(
        read["data"]["text"]
            .as_str()
            .unwrap()
            .ends_with("\r\n\r\nabcde")
    );
    let write = one(&calls, "write", Some(4));
    assert!(
        write["data"]["text"]
            .as_str()
            .unwrap()
            .ends_with("<h1>hello world</h1>")
    );
    assert!(named(&calls, "close", Some(4)).is_empty());
}

#[test]
fn basic_server_listens_on_both_families_and_echoes_its_whole_buffer() {
    let calls = calls("basic");
    assert_eq!(one(&calls, "socket", None)["args"]["domain"], "AF_INET6");
    let options = named(&calls, "setsockopt", Some(3));
    assert_eq!(options[0]["args"]["optname"], "IPV6_V6ONLY");
    assert_eq!(options[0]["args"]["optval"], 0);
    assert_eq!(one(&calls, "bind", None)["args"]["addr"], "[::]:8081");
    let read = one(&calls, "read", Some(4));
    assert_eq!(
        (read["args"]["count"].as_i64(), read["ret"].as_i64()),
        (Some(100), Some(10))
    );
    let write = one(&calls, "write", Some(4));
    assert_eq!(write["ret"], 100);
    let text = write["data"]["text"].as_str().unwrap();
    assert_eq!(text, format!("GET /x\r\n\r\n{}", "\0".repeat(90)));
    assert_eq!(one(&calls, "close", Some(4))["ret"], 0);
}

#[test]
fn cerberus_drains_and_says_30_for_35_and_keeps_what_it_should_close() {
    let calls = calls("cerberus");
    let binds: Vec<&str> = named(&calls, "bind", None)
        .iter()
        .map(|call| call["args"]["addr"].as_str().unwrap())
        .collect();
    assert_eq!(binds, ["127.0.0.1:8010", "0.0.0.0:8000"]);
    assert!(
        named(&calls, "setsockopt", None).is_empty(),
        "no SO_REUSEADDR"
    );
    assert!(
        named(&calls, "listen", None)
            .iter()
            .all(|call| call["args"]["backlog"] == 10)
    );
    assert!(
        place(&calls, "listen", 4) < place(&calls, "fcntl", 4),
        "listens before O_NONBLOCK"
    );
    let watched = named(&calls, "epoll_ctl", None);
    assert_eq!(watched.len(), 2);
    for call in watched {
        assert_eq!(
            call["args"]["event"]["events"],
            serde_json::json!(["EPOLLIN", "EPOLLET"])
        );
    }
    assert!(
        named(&calls, "epoll_wait", None)
            .iter()
            .all(|call| call["args"]["maxevents"] == 15)
    );
    assert_eq!(
        results(&named(&calls, "accept", Some(4))),
        [7, -1],
        "until EAGAIN"
    );
    let received = named(&calls, "recvfrom", Some(7));
    assert!(received.iter().all(|call| call["args"]["size"] == 1024));
    assert_eq!(received[1]["errno"], "EAGAIN");
    assert_eq!(
        results(&received[2..]),
        [0],
        "the client's end, of which nothing follows"
    );
    let said = one(&calls, "sendto", Some(7))["data"]["text"]
        .as_str()
        .unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("Content-Length: 30") && body.len() == 35,
        "{said}"
    );
    assert!(named(&calls, "close", Some(7)).is_empty());
    let printed: String = named(&calls, "write", Some(1))
        .iter()
        .filter_map(|call| call["data"]["text"].as_str())
        .collect();
    assert!(
        printed.contains("HEADER: Host VALUE: 127.0.0.18000\n"),
        "{printed}"
    );
    assert!(
        !printed.contains("HEADER: Content-Length"),
        "the last field is lost"
    );
    let metrics = one(&calls, "sendto", Some(5))["data"]["text"]
        .as_str()
        .unwrap();
    for metric in [
        "http_requests 1\n",
        "request_duration_bucket",
        "active_connections 0\n",
    ] {
        assert!(metrics.contains(metric), "{metrics}");
    }
}

#[test]
fn the_checkpoints_come_as_far_as_they_say() {
    let first = calls("checkpoint1");
    assert_eq!(one(&first, "accept", None)["ret"], 4);
    assert!(named(&first, "read", Some(4)).is_empty());
    assert_eq!(one(&first, "exit_group", None)["args"]["status"], 0);
    let second = calls("checkpoint2");
    assert_eq!(results(&named(&second, "write", Some(4))), [63]);
    assert_eq!(named(&second, "read", Some(4)).len(), 1);
    let third = calls("checkpoint3");
    let pieces = results(&named(&third, "read", Some(4)));
    assert!(pieces.len() > 1 && pieces[0] == 20, "{pieces:?}");
    let answer = one(&third, "write", Some(4))["data"]["text"]
        .as_str()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn the_go_server_probes_parks_and_reads_one_byte_ahead() {
    let calls = calls("hi-go");
    let first: Vec<&str> = named(&calls, "bind", None)
        .iter()
        .map(|call| call["args"]["addr"].as_str().unwrap())
        .collect();
    assert_eq!(first, ["[::1]:0", "[::ffff:127.0.0.1]:0", "[::]:8081"]);
    assert_eq!(one(&calls, "listen", None)["args"]["backlog"], 4096);
    let added = calls.iter().find(|call| {
        call["call"] == "epoll_ctl"
            && call["args"]["op"] == "EPOLL_CTL_ADD"
            && call["args"]["fd"] == 3
    });
    assert_eq!(
        added.unwrap()["args"]["event"]["events"],
        serde_json::json!(["EPOLLIN", "EPOLLOUT", "EPOLLRDHUP", "EPOLLET"])
    );
    let accepted = results(&named(&calls, "accept4", Some(3)));
    assert!(
        accepted.contains(&4) && accepted.contains(&-1),
        "{accepted:?}"
    );
    let reads = named(&calls, "read", Some(4));
    let parked = |call: &&&Value| call["errno"] == "EAGAIN";
    assert!(
        reads.iter().filter(parked).count() >= 2,
        "a goroutine parks"
    );
    assert!(
        reads.iter().any(|call| call["args"]["count"] == 1),
        "one byte is read ahead while the handler runs"
    );
    let answers: Vec<&str> = named(&calls, "write", Some(4))
        .iter()
        .filter_map(|call| call["data"]["text"].as_str())
        .collect();
    assert_eq!(answers.len(), 2, "one write each");
    assert!(
        answers
            .iter()
            .all(|answer| answer.ends_with("Content-Type: text/plain; charset=utf-8\r\n\r\nHi"))
    );
}

/// Each recording stands in the README of its folder, and replays as the screen beside it.
#[test]
fn every_recording_replays_as_its_screen_and_is_explained() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        seen += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name} is in the README"
        );
        let output = httpsys().arg("replay").arg(&path).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        let screen = String::from_utf8(output.stdout).unwrap();
        assert!(
            screen.lines().all(|line| line.chars().count() <= 80),
            "{name}"
        );
        let kept = path.with_extension("screen");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&kept, &screen).unwrap();
        }
        let expected = std::fs::read_to_string(&kept).unwrap_or_default();
        assert!(
            screen == expected,
            "{name} differs.\n--- expected\n{expected}\n--- actual\n{screen}\n(UPDATE_GOLDEN=1 rewrites it)"
        );
    }
    assert!(seen >= 9, "{seen} recordings");
}
