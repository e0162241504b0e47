//! The access log joins with a trace: its c and r are those of the story that the same run's recording
//! tells.

mod common;

use common::models::models;

use common::Folder;
use common::Server;
use common::read_response;
use httpsys::decode::Decoder;
use httpsys::source::recording::Recording;
use httpsys::story::Story;
use std::collections::BTreeSet;
use std::io::BufReader;
use std::io::Write;

/// Connection, exchange, status.
type Row = (String, String, u64);

/// What the story says of a recording.
fn told(path: &str) -> BTreeSet<Row> {
    let file = std::fs::File::open(path).expect("the recording is there");
    let mut recording = Recording::new(BufReader::new(file)).expect("it can be read");
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    while let Some(raw) = recording.next_record().expect("it can be read") {
        story.step(&decoder.event(&raw));
    }
    let history = story.history();
    assert_eq!(history.left_out(), 0);
    let all = history.first().iter().chain(history.last());
    all.map(|e| {
        (
            e.connection.to_string(),
            e.id.to_string(),
            u64::from(e.status),
        )
    })
    .collect()
}

/// What the log says.
fn logged(out: &str) -> BTreeSet<Row> {
    let lines = out.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |key: &str| line[key].as_str().unwrap_or("?").to_string();
        (
            text("connection"),
            text("exchange"),
            line["status"].as_u64().unwrap_or(0),
        )
    });
    lines.collect()
}

#[test]
fn the_log_and_the_trace_give_the_same_numbers() {
    for io in models() {
        let folder = Folder::new(&format!("log-{}", io.name()));
        let recording = folder.0.join("run.jsonl").display().to_string();
        let server = Server::start(&[
            "--io",
            io.name(),
            "--log",
            "json",
            "--record",
            &recording,
            "--keep-alive",
            "--max-body",
            "1K",
        ]);
        // Three at once, where there is more than one seat; each step after the answer to the one before.
        let mut clients: Vec<_> = match io.has_one_seat() {
            true => vec![server.connect()],
            false => (0..3).map(|_| server.connect()).collect(),
        };
        for path in ["/hi", "/no", "/"] {
            for client in clients.iter_mut().rev() {
                let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
                client.write_all(request.as_bytes()).expect("it is sent");
                read_response(client);
            }
        }
        // Two at once on one connection; a body in two halves.
        let client = &mut clients[0];
        client
            .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
            .expect("it is sent");
        read_response(client);
        client.write_all(b"cd").expect("it is sent");
        read_response(client);
        drop(clients);
        // What is refused: no Host, a body that is too long, nonsense, a chunk that is none.
        for bad in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n",
            b"nonsense\r\n\r\n",
            b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /hi HTTP/1.1\r\nHost",
        ] {
            server.ask(bad);
        }
        let (status, _, out) = server.stop();
        assert_eq!(status, Some(0), "{io:?}");
        let (logged, told) = (logged(&out), told(&recording));
        assert!(logged.len() >= 10, "{io:?}: {out}");
        assert_eq!(logged, told, "{io:?}\n{out}");
    }
}

#[test]
fn the_common_format_has_the_ids_in_its_second_field() {
    let server = Server::start(&["--io", "epoll"]);
    server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
    server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\n\r\n");
    let (_, _, out) = server.stop();
    let ids: Vec<_> = out
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(ids, ["c1/r1", "c2/r2", "c2/r3"], "{out}");
    assert!(
        out.lines()
            .all(|line| line.starts_with("127.0.0.1 c") && line.contains(" - ["))
    );
}
