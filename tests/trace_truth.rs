//! Servers that keep no rule, or keep all of them in a rare way, under `httpsys trace`: the story says what went
//! over the wire (method, target, status, bytes) whatever our own server would have said to it. Witness: the client,
//! which knows what it sent and got.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use trace_support::told::Exchange;
use trace_support::told::told;
use trace_support::*;

/// Says what it is told to: a file has, for each connection, how long each request is and the answer, in the pieces
/// to send. With `sendfile` a piece comes from a file.
const SERVER: &str = r#"
import json, os, socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True)
for talk in json.load(open('talk.json')):
    c, _ = s.accept()
    for length, pieces in talk:
        got = 0
        while got < length:
            more = c.recv(length - got)
            if not more: break
            got += len(more)
        for how, piece in pieces:
            piece = bytes.fromhex(piece)
            if how == 'send': c.sendall(piece)
            if how == 'writev': os.writev(c.fileno(), [piece[:40], piece[40:-2], piece[-2:]])
            if how == 'sendfile':
                open('piece', 'wb').write(piece); f = os.open('piece', 0); os.sendfile(c.fileno(), f, 0, len(piece)); os.close(f)
    c.close()
"#;

/// One request and its answer in pieces: how each is sent, and its bytes.
type Turn = (Vec<u8>, Vec<(&'static str, Vec<u8>)>);

fn turn(request: &[u8], answer: &[u8]) -> Turn {
    (request.to_vec(), vec![("send", answer.to_vec())])
}

/// What was told of these conversations, each on a connection of its own: the exchanges; and what the trace printed.
fn converse(name: &str, talks: &[Vec<Turn>]) -> Option<(Vec<Exchange>, String)> {
    if !ptrace_allowed() {
        return None;
    }
    let python = python()?;
    let folder = Folder::new(name);
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let script: Vec<Vec<_>> = talks
        .iter()
        .map(|talk| {
            let one = |(request, pieces): &Turn| {
                let pieces: Vec<_> = pieces
                    .iter()
                    .map(|(how, piece)| (*how, hex(piece)))
                    .collect();
                (request.len(), pieces)
            };
            talk.iter().map(one).collect()
        })
        .collect();
    folder.file("talk.json", serde_json::to_vec(&script).unwrap());
    folder.file("server.py", SERVER);
    let mut child = trace(&["-o", "trace.txt", "--record", "recording.jsonl", "--"])
        .args([&python, "server.py"])
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let port: u16 = line.trim().parse().expect("a port");
    for talk in talks {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        for (request, pieces) in talk {
            client.write_all(request).unwrap();
            let mut got = vec![0; pieces.iter().map(|(_, piece)| piece.len()).sum()];
            client.read_exact(&mut got).unwrap();
            let sent: Vec<u8> = pieces.iter().flat_map(|(_, piece)| piece.clone()).collect();
            assert!(
                got == sent,
                "the client got what the server was told to send"
            );
        }
        client.read_to_end(&mut Vec::new()).unwrap();
    }
    assert!(child.wait().unwrap().success());
    let screen = std::fs::read_to_string(folder.0.join("trace.txt")).unwrap();
    Some((told(&folder.0.join("recording.jsonl")).served(), screen))
}

/// Method and target, status, bytes in and out, body bytes, whether it was answered whole.
fn essence(exchanges: &[Exchange]) -> Vec<(&str, u64, u64, u64, u64, bool)> {
    let one = |e: &'_ Exchange| (e.status, e.bytes_in, e.bytes_out, e.body, e.answered);
    exchanges
        .iter()
        .map(|e| {
            let (status, bytes_in, bytes_out, body, answered) = one(e);
            (e.line.as_str(), status, bytes_in, bytes_out, body, answered)
        })
        .collect()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

const HI: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi";

#[test]
fn a_chunk_larger_than_what_is_kept_of_a_call_is_told_whole() {
    let mut chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n".to_vec();
    chunk.extend_from_slice(&[b'z'; 100_000]);
    let mut whole = chunk.clone();
    whole.extend_from_slice(b"\r\n0\r\n\r\n");
    chunk.extend_from_slice(b"\r\n");
    let length = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".as_slice(),
        &[b'z'; 100_000],
    ]
    .concat();
    let talk = vec![
        turn(&get("/one"), &whole),
        turn(&get("/two"), HI),
        (
            get("/three"),
            vec![
                ("writev", chunk.clone()),
                ("send", b"5\r\nhello\r\n0\r\n\r\n".to_vec()),
            ],
        ),
        turn(&get("/four"), &length),
        turn(&get("/five"), HI),
    ];
    let Some((exchanges, screen)) = converse("large-chunk", &[talk]) else {
        return;
    };
    let (head, ask) = (chunk.len() as u64, |target: &str| get(target).len() as u64);
    assert_eq!(
        essence(&exchanges),
        [
            (
                "GET /one",
                200,
                ask("/one"),
                whole.len() as u64,
                100_000,
                true
            ),
            ("GET /two", 200, ask("/two"), HI.len() as u64, 2, true),
            ("GET /three", 200, ask("/three"), head + 15, 100_005, true),
            (
                "GET /four",
                200,
                ask("/four"),
                length.len() as u64,
                100_000,
                true
            ),
            ("GET /five", 200, ask("/five"), HI.len() as u64, 2, true),
        ],
        "{screen}"
    );
    let of = |number: usize, call: &str| {
        let calls = &exchanges[number].calls;
        calls
            .iter()
            .find(|(name, _)| name == call)
            .map_or(0, |(_, count)| *count)
    };
    assert_eq!(
        (of(2, "writev"), of(2, "sendto"), of(3, "writev")),
        (1, 1, 0)
    );
    assert!(!screen.contains("framing unknown"), "{screen}");
}

#[test]
fn a_request_that_breaks_a_rule_keeps_its_name_and_its_answer_its_bytes() {
    let head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 335\r\nConnection: close\r\n\r\n";
    let refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let requests: [(&[u8], &str); 8] = [
        (
            b"GET /a?q=100% HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /a?q=100%",
        ),
        (b"GET /lf HTTP/1.1\nHost: x\n\n", "GET /lf"),
        (b"GET  /two  HTTP/1.0\r\n\r\n", "GET /two"),
        (b"GET /b HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "GET /b"),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a b"),
        (b"GET /hostless HTTP/1.1\r\n\r\n", "GET /hostless"),
        (b"GET /other HTTP/2.0\r\n\r\n", "GET /other"),
        (b"GET /v0.9\r\n", "GET /v0.9"),
    ];
    let mut talks: Vec<Vec<Turn>> = requests
        .iter()
        .map(|(bytes, _)| vec![turn(bytes, HI)])
        .collect();
    // HEAD is not forgotten, so that no body is missed; an answer that comes before the head is complete has a name.
    talks.push(vec![turn(b"HEAD /100% HTTP/1.1\r\nHost: x\r\n\r\n", head)]);
    talks.push(vec![turn(
        b"GET /long HTTP/1.1\r\nHost: x\r\nX: yyyy",
        refused,
    )]);
    let Some((exchanges, screen)) = converse("odd-requests", &talks) else {
        return;
    };
    let mut expected: Vec<_> = requests
        .iter()
        .map(|(bytes, line)| (*line, 200, bytes.len() as u64, HI.len() as u64, 2, true))
        .collect();
    expected.push(("HEAD /100%", 404, 32, head.len() as u64, 0, true));
    expected.push(("GET /long", 400, 36, refused.len() as u64, 0, true));
    assert_eq!(essence(&exchanges), expected, "{screen}");
    for rule in [
        "H116", "H209", "H102", "H204", "H101", "H301", "H110", "H108",
    ] {
        assert!(
            screen.contains(&format!("> malformed: {rule}")),
            "{rule}: {screen}"
        );
    }
    let over = screen.matches("over: 1 request").count();
    assert_eq!(
        (over, screen.matches("request refused").count()),
        (10, 0),
        "{screen}"
    );
    assert!(!screen.contains("bytes sent"), "{screen}");
}

#[test]
fn a_response_that_breaks_a_rule_is_told_with_its_status_and_bytes() {
    let answers: [(&[u8], u64, u64, &str); 5] = [
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, 2, "H209"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            200,
            2,
            "H407",
        ),
        (b"HTTP/1.1 2OO OK\r\nContent-Length: 2\r\n\r\nok", 0, 2, "H133"),
        (b"HTTP/1.1 200OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, "H134"),
        (b"HTTP/1.1 200 OK\r\nContent Length: 2\r\n\r\nok", 200, 2, "H202"),
    ];
    let talks: Vec<Vec<Turn>> = answers
        .iter()
        .map(|(bytes, ..)| vec![turn(&get("/"), bytes)])
        .collect();
    let Some((exchanges, screen)) = converse("odd-responses", &talks) else {
        return;
    };
    let asked = get("/").len() as u64;
    let expected: Vec<_> = answers
        .iter()
        .map(|(bytes, status, body, _)| ("GET /", *status, asked, bytes.len() as u64, *body, true))
        .collect();
    assert_eq!(essence(&exchanges), expected, "{screen}");
    for (.., rule) in answers {
        assert!(
            screen.contains(&format!("< malformed: {rule}")),
            "{rule}: {screen}"
        );
    }
    assert!(!screen.contains("framing unknown"), "{screen}");
    let found = screen.matches("do not end in CR LF").count();
    assert_eq!(found, 2, "once where it is, once at the end: {screen}");
}

#[test]
fn bytes_behind_a_response_are_counted_and_found_however_they_are_sent() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n".to_vec();
    let ask = b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    let long =
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{\"id\":\"1\",\"status\":\"appro".to_vec();
    let none = b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let talks = vec![
        vec![(
            ask.clone(),
            vec![
                ("send", head.clone()),
                ("sendfile", b"twelve bytes".to_vec()),
            ],
        )],
        vec![(
            ask.clone(),
            vec![("send", head.clone()), ("send", b"<h1>Hello".to_vec())],
        )],
        vec![(
            get("/"),
            vec![("send", [&long[..], b"12345ved\"}"].concat())],
        )],
        vec![(get("/"), vec![("send", none.clone())])],
        // Sent by sendfile, and what was promised.
        vec![(
            get("/"),
            vec![
                ("send", head.clone()),
                ("sendfile", b"twelve bytes".to_vec()),
            ],
        )],
    ];
    let Some((exchanges, screen)) = converse("behind", &talks) else {
        return;
    };
    let out = |number: usize| (exchanges[number].status, exchanges[number].bytes_out);
    assert_eq!(out(0), (200, head.len() as u64 + 12), "{screen}");
    assert_eq!(out(1), (200, head.len() as u64 + 9), "{screen}");
    assert_eq!(out(2), (200, long.len() as u64 + 10), "{screen}");
    assert_eq!(out(3), (204, none.len() as u64), "{screen}");
    assert_eq!(out(4), (200, head.len() as u64 + 12), "{screen}");
    for found in [
        "c1 r1 HEAD was answered with a body: 12 bytes (2 times)",
        "c3 r3 Content-Length 30, and 5 bytes more sent",
    ] {
        assert!(screen.contains(found), "{found}: {screen}");
    }
    assert!(!screen.contains("c5 r5"), "{screen}");
    assert!(!screen.contains("framing unknown"), "{screen}");
}
