//! Several event loops behind one port: who gets the connections, and who may have the port.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::kernel::{Kernel, NoProbe};
use httpsys::server::{Config, IoModel, Listen, open};
use serve_support::{config, get, models, start};
use std::collections::BTreeSet;

fn event_driven() -> impl Iterator<Item = IoModel> {
    models().filter(|io| io.is_event_driven())
}

fn three(io: IoModel) -> Config {
    Config {
        workers: 3,
        ..config(io)
    }
}

#[test]
fn connections_spread_over_the_loops_and_every_one_is_answered() {
    for io in event_driven() {
        let server = start(three(io));
        // The kernel deals by a hash of the client's port, which is another one each time.
        let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.send(get("/hi"));
            assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?}");
        }
        let doors: BTreeSet<u64> = (server.audit.calls().iter())
            .filter(|made| made.name == "accept4" && made.ret >= 0)
            .map(|made| made.args[0])
            .collect();
        assert_eq!(doors.len(), 3, "{io:?}: {doors:?}");
        drop(clients);
        let served = server.stop();
        assert_eq!((served.connections, served.requests), (60, 60), "{io:?}");
    }
}

#[test]
fn a_second_server_does_not_get_the_port_whatever_it_asks_for() {
    for io in event_driven() {
        let server = start(three(io));
        let place = Listen::parse(&server.address.to_string()).unwrap();
        for workers in [1, 3] {
            let config = Config {
                listen: vec![place.clone()],
                workers,
                ..config(io)
            };
            let error = open(&config, &mut Kernel::new(NoProbe)).unwrap_err();
            assert_eq!(
                (error.call, error.errno.0),
                ("bind", nix::libc::EADDRINUSE),
                "{io:?}"
            );
        }
    }
}

#[test]
fn the_last_request_ends_all_loops_and_open_exchanges_finish() {
    for io in event_driven() {
        let server = start(Config {
            max_requests: Some(5),
            ..three(io)
        });
        let mut busy: Vec<_> = (0..8).map(|_| server.connect()).collect();
        for client in &mut busy {
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            assert_eq!(client.answer().unwrap().status, 100, "{io:?}");
        }
        for _ in 0..5 {
            let mut client = server.connect();
            client.send(get("/hi"));
            client.answer().unwrap();
        }
        for client in &mut busy {
            client.send("done");
            let answer = client.answer().unwrap();
            assert_eq!(
                (answer.text(), answer.field("Connection")),
                ("done".to_owned(), Some("close")),
                "{io:?}"
            );
        }
        assert_eq!(server.wait().requests, 13, "{io:?}");
    }
}

#[test]
fn a_unix_socket_is_served_beside_the_loops_of_a_port() {
    use std::io::{Read, Write};
    let io = IoModel::Epoll;
    let path = std::env::temp_dir().join(format!("httpsys-workers-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let mut both = three(io);
    both.listen.push(Listen::Unix(path.clone()));
    let server = start(both);
    let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
    client.write_all(b"GET /hi HTTP/1.0\r\n\r\n").unwrap();
    let mut got = String::new();
    client.read_to_string(&mut got).unwrap();
    assert!(got.ends_with("Hi"), "{got}");
    let mut other = server.connect();
    other.send(get("/hi"));
    assert_eq!(other.answer().unwrap().text(), "Hi");
    server.stop();
    assert!(!path.exists());
}
