//! Rules that a table of bytes cannot show: time, failing calls, what a client is told while it waits.

use super::request;
use crate::serve_support::{PATIENCE, Server, Site, config, get, start, start_with};
use httpsys::server::{Config, IoModel};
use std::time::Duration;

type Check = fn(IoModel, &Site);

/// Rule, and the function that looks at it.
pub static ALL: &[(u8, Check)] = &[
    (34, a_body_that_stops_is_not_done),
    (35, a_large_body_is_refused_and_still_taken),
    (44, silence_is_closed_and_a_half_said_request_gets_408),
    (45, a_client_that_waits_gets_100_or_its_answer),
    (50, a_listing_of_unknown_length_goes_in_chunks),
    (62, a_failing_open_has_its_status),
];

const SHORT: Duration = Duration::from_millis(200);

/// A server that gives up half a request soon, and silence after this time.
fn hurried(io: IoModel, silence: Duration) -> Server {
    start(Config {
        head_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: silence,
        first_byte_timeout: silence,
        ..config(io)
    })
}

fn a_body_that_stops_is_not_done(io: IoModel, _: &Site) {
    let server = hurried(io, PATIENCE);
    for part in [
        "Content-Length: 9\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        let mut client = server.connect();
        client.send(format!("POST /echo HTTP/1.1\r\nHost: x\r\n{part}"));
        let answer = client.answer().unwrap();
        assert_eq!(
            (answer.status, answer.field("Connection")),
            (408, Some("close")),
            "{io:?}"
        );
        assert_eq!(client.answer(), None, "{io:?}");
    }
}

fn a_large_body_is_refused_and_still_taken(io: IoModel, _: &Site) {
    let server = start(config(io));
    let mut client = server.connect();
    client.send(request("POST /echo", &["Transfer-Encoding: chunked"]));
    for _ in 0..9 {
        client.send("100000\r\n");
        client.send(vec![b'x'; 1 << 20]);
        client.send("\r\n");
    }
    client.half_close();
    assert_eq!(client.answer().unwrap().status, 413, "{io:?}");
    assert_eq!(client.answer(), None, "{io:?}");
}

fn silence_is_closed_and_a_half_said_request_gets_408(io: IoModel, _: &Site) {
    let server = hurried(io, SHORT);
    let mut silent = server.connect();
    assert_eq!(silent.read_to_end(), b"", "{io:?}");
    // On a busy machine this test itself may take longer than that from `connect` to its first byte.
    let answered = (0..20).find_map(|_| {
        let mut idle = server.connect();
        idle.send(get("/hi"));
        idle.answer().map(|answer| (answer, idle))
    });
    let (answer, mut idle) = answered.expect("one in twenty is quick enough");
    assert_eq!(answer.status, 200, "{io:?}");
    assert_eq!(idle.read_to_end(), b"", "{io:?}");
    let server = hurried(io, PATIENCE);
    let mut half = server.connect();
    half.send("GET /hi HT");
    let answer = half.answer().unwrap();
    assert_eq!(
        (answer.status, answer.field("Connection")),
        (408, Some("close")),
        "{io:?}"
    );
    assert_eq!(half.answer(), None, "{io:?}");
}

fn a_client_that_waits_gets_100_or_its_answer(io: IoModel, _: &Site) {
    let server = start(config(io));
    let waits = ["Content-Length: 2", "Expect: 100-continue"];
    let mut client = server.connect();
    client.send(request("POST /echo", &waits));
    assert_eq!(client.answer().unwrap().status, 100, "{io:?}");
    client.send("ab");
    assert_eq!(client.answer().unwrap().text(), "ab", "{io:?}");
    client.send(format!("{}cd", request("POST /echo", &waits)));
    assert_eq!(
        client.answer().unwrap().text(),
        "cd",
        "{io:?}: it was there already"
    );
    client.send(request("BREW /echo", &waits));
    assert_eq!(client.answer().unwrap().status, 501, "{io:?}");
    let mut large = server.connect();
    large.send(request(
        "POST /echo",
        &["Content-Length: 9000000", "Expect: 100-continue"],
    ));
    assert_eq!(large.answer().unwrap().status, 413, "{io:?}");
}

fn a_listing_of_unknown_length_goes_in_chunks(io: IoModel, site: &Site) {
    let names: Vec<String> = (0..3000)
        .map(|i| format!("a-name-of-some-length-{i:04}.txt"))
        .collect();
    let folder = site.path().join("root/many");
    if !folder.exists() {
        for name in &names {
            site.file(&format!("root/many/{name}"), "");
        }
    }
    let server = start(Config {
        root: Some(site.path().join("root")),
        ..config(io)
    });
    let mut listed = Vec::new();
    for version in ["1.1", "1.0"] {
        let mut client = server.connect();
        client.send(format!("GET /many/ HTTP/{version}\r\nHost: x\r\nAccept: application/json\r\nConnection: keep-alive\r\n\r\n"));
        if version == "1.1" {
            client.send(get("/hi"));
        }
        client.half_close();
        let all = String::from_utf8(client.read_to_end()).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("Content-Length"), "{io:?} {head}");
        let chunked = head.contains("\r\nTransfer-Encoding: chunked");
        assert_eq!(chunked, version == "1.1", "{io:?} {head}");
        assert_eq!(
            head.contains("\r\nConnection: close"),
            version == "1.0",
            "{io:?} {head}"
        );
        let (json, rest) = match chunked {
            true => unchunked(body),
            false => (body.to_owned(), ""),
        };
        assert_eq!(
            rest.contains("\r\n\r\nHi"),
            chunked,
            "{io:?}: the next answer follows"
        );
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut found: Vec<String> = json
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["name"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        assert!(found == names, "{io:?} {version}");
        listed.push(found);
        let mut client = server.connect();
        client.send(format!("HEAD /many/ HTTP/{version}\r\nHost: x\r\n\r\n"));
        client.half_close();
        assert!(client.read_to_end().ends_with(b"\r\n\r\n"), "{io:?}");
    }
}

/// The data of a chunked body, and what follows it.
fn unchunked(mut body: &str) -> (String, &str) {
    let mut data = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let (chunk, rest) = rest.split_at(size);
        data.push_str(chunk);
        body = rest.strip_prefix("\r\n").unwrap();
        if size == 0 {
            return (data, body);
        }
    }
}

fn a_failing_open_has_its_status(io: IoModel, site: &Site) {
    for (errno, status) in [
        ("EACCES", 403),
        ("EMFILE", 503),
        ("ENFILE", 503),
        ("ELOOP", 404),
        ("EXDEV", 404),
        ("ENXIO", 404),
        ("EIO", 500),
    ] {
        let fault = format!("openat2:error={errno}:when=1");
        let root = Some(site.path().join("root"));
        let server = start_with(Config { root, ..config(io) }, &[&fault], None);
        let mut client = server.connect();
        client.send(get("/ten.txt"));
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, status, "{io:?} {errno}");
        assert_eq!(
            answer.field("Retry-After").is_some(),
            status == 503,
            "{io:?} {errno}"
        );
        // A thread counts its calls anew: the second on this connection is the second of its thread.
        client.send(get("/ten.txt"));
        assert_eq!(
            client.answer().unwrap().text(),
            "0123456789",
            "{io:?} {errno}"
        );
    }
}
