//! Where the time of an exchange goes, in real programs under trace: the parts add up to the whole, and what was slow is
//! where the time is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::httpsys;
use common::read_all;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use trace_support::fixtures::Servers;
use trace_support::fixtures::told;
use trace_support::*;

const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
/// How long a slow client waits; and how much of it must be seen, for a busy machine may be late to look.
const SLOW: Duration = Duration::from_millis(300);
const SEEN: u64 = 100_000_000;

/// The exchanges that have ended.
fn ended(lines: &[Value]) -> Vec<&Value> {
    let lists = lines.iter().filter_map(|line| line["ended"].as_array());
    lists.flatten().collect()
}

fn part(exchange: &Value, name: &str) -> u64 {
    exchange["time"][name].as_u64().unwrap()
}

/// Whatever the parts are, they are the whole.
fn adds_up(exchange: &Value) {
    let parts = ["receiving", "sending", "ready", "program"].map(|name| part(exchange, name));
    assert_eq!(
        parts.iter().sum::<u64>(),
        part(exchange, "total"),
        "{exchange}"
    );
    let first = exchange["time"]["first_byte"].as_u64();
    assert!(
        first.is_none_or(|first| first <= part(exchange, "total")),
        "{exchange}"
    );
}

#[test]
fn the_parts_are_the_whole_and_the_calls_are_those_that_were_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings");
    let mut exchanges = 0;
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        if file.path().extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        let output = httpsys()
            .args(["replay", "--view", "json", "--notes"])
            .arg(file.path())
            .output()
            .unwrap();
        let lines = lines(&text(&output.stdout));
        for exchange in ended(&lines) {
            exchanges += 1;
            adds_up(exchange);
            let of = |key: &str, value: &Value| exchange[key] == *value;
            let calls = of_type(&lines, "call");
            let mine = calls
                .iter()
                .filter(|call| of("exchange", &call["exchange"]));
            let counted: u64 = exchange["calls"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_u64)
                .sum();
            // A call that brought the beginning of a head had no exchange yet.
            let begun = calls.iter().filter(|call| {
                let notes = call["notes"].as_array();
                let begins =
                    |note: &Value| note["id"] == "unfinished" || note["id"] == "head-so-far";
                call["exchange"].is_null()
                    && of("connection", &call["connection"])
                    && notes.is_some_and(|notes| notes.iter().any(begins))
            });
            let mine = mine.collect::<Vec<_>>();
            assert!(
                (mine.len() as u64..=(mine.len() + begun.count()) as u64).contains(&counted),
                "{exchange}"
            );
            let again = mine.iter().filter(|call| call["errno"] == "EAGAIN");
            assert!(
                exchange["eagain"].as_u64() >= Some(again.count() as u64),
                "{exchange}"
            );
        }
    }
    assert!(exchanges >= 9, "{exchanges}");
}

/// The only exchange of a server, whose client does this.
fn slow(name: &str, client: impl FnOnce(&mut trace_support::fixtures::Traced)) -> Option<Value> {
    let servers = Servers::new(name)?;
    let mut server = servers.start(name);
    client(&mut server);
    let record = server.record.clone();
    server.wait();
    let told = told(&record);
    let all = ended(&told.lines);
    assert_eq!(all.len(), 1, "{all:?}");
    adds_up(all[0]);
    Some(all[0].clone())
}

#[test]
fn a_program_that_sleeps_shows_as_the_program() {
    let exchange = slow("slow-program", |server| {
        server.ask(GET);
    });
    let Some(exchange) = exchange else {
        return;
    };
    assert!(part(&exchange, "program") >= 50_000_000, "{exchange}");
    assert!(part(&exchange, "first_byte") >= 50_000_000, "{exchange}");
    assert_eq!(part(&exchange, "receiving"), 0, "{exchange}");
}

#[test]
fn a_client_that_sends_slowly_shows_as_waiting_for_it() {
    for (name, place) in [
        ("slow-sender", "receiving"),
        ("slow-sender-polled", "ready"),
    ] {
        let exchange = slow(name, |server| {
            let mut client = server.connect();
            client.write_all(&GET[..9]).unwrap();
            assert_eq!(server.says(), "read");
            std::thread::sleep(SLOW);
            client.write_all(&GET[9..]).unwrap();
            assert!(read_all(&mut client).ends_with(b"Hi\n"));
        });
        let Some(exchange) = exchange else {
            return;
        };
        assert!(part(&exchange, place) >= SEEN, "{exchange}");
    }
}

#[test]
fn a_client_that_takes_slowly_shows_as_waiting_for_room() {
    let exchange = slow("slow-taker", |server| {
        let mut client = server.connect();
        client.write_all(GET).unwrap();
        assert_eq!(server.says(), "read");
        std::thread::sleep(SLOW);
        assert!(read_all(&mut client).len() > 16_000_000);
    });
    let Some(exchange) = exchange else {
        return;
    };
    assert!(part(&exchange, "sending") >= SEEN, "{exchange}");
}
