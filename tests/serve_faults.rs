//! A fault that never ends: the server waits instead of spinning, gives the client up in time, and stops
//! when it is told to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::server::IoModel;
use serve_support::PATIENCE;
use serve_support::config;
use serve_support::models::models;
use serve_support::start_with;
use std::io::Read;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

const SHORT: Duration = Duration::from_millis(200);

/// What a client gets that asks for a page below these faults, and how long that took.
fn asked(io: IoModel, fault: &str) -> (Vec<u8>, Duration) {
    let mut config = config(io);
    config.head_timeout = SHORT;
    config.body_timeout = SHORT;
    config.idle_timeout = SHORT;
    let server = start_with(config, &[fault], None);
    let mut client = server.connect();
    let begun = Instant::now();
    client
        .stream
        .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut got = Vec::new();
    let _ = client.stream.read_to_end(&mut got);
    let took = begun.elapsed();
    // Nine calls, a pause of 5 ms: two a millisecond. A server that spins makes hundreds.
    let (calls, most) = (
        server.audit.calls().len(),
        200 + 3 * took.as_millis() as usize,
    );
    assert!(calls <= most, "{io:?} {fault}: {calls} calls in {took:?}");
    // Ends in time, with every descriptor closed: the server's own test of both is in `stop`.
    let stopping = Instant::now();
    server.stop();
    assert!(
        stopping.elapsed() < Duration::from_secs(5),
        "{io:?} {fault}"
    );
    (got, took)
}

#[test]
fn a_client_that_cannot_be_written_to_is_given_up_in_every_model() {
    for io in models() {
        for fault in [
            "write:error=EINTR",
            "write:error=EAGAIN",
            "write:error=ENOBUFS",
        ] {
            let (got, took) = asked(io, fault);
            assert_eq!(got, b"", "{io:?} {fault}");
            assert!(took < PATIENCE, "{io:?} {fault}: {took:?}");
        }
    }
}

#[test]
fn a_client_that_cannot_be_read_from_is_given_up_in_every_model() {
    for io in models() {
        for fault in ["read:error=EINTR", "read:error=EAGAIN"] {
            // `fork` reads what its children's end says, too.
            let (_, took) = asked(io, fault);
            assert!(took < PATIENCE, "{io:?} {fault}: {took:?}");
        }
    }
}

#[test]
fn a_server_that_can_accept_nobody_does_not_spin_and_can_be_stopped() {
    for io in models() {
        for fault in [
            "accept4:error=EINTR",
            "accept4:error=EPERM",
            "accept4:error=ECONNABORTED",
            "accept4:error=EMFILE",
            "accept4:error=EAGAIN",
        ] {
            let server = start_with(config(io), &[fault], None);
            let _client = server.connect();
            let mut there = server.connect().stream;
            there
                .set_read_timeout(Some(Duration::from_millis(300)))
                .unwrap();
            // Nobody answers; meanwhile the calls are counted.
            let begun = Instant::now();
            let mut byte = [0];
            assert!(there.read(&mut byte).is_err());
            let calls = server.audit.calls().len();
            let waited = begun.elapsed().as_millis() as usize;
            if io == IoModel::Nonblocking && fault.ends_with("EAGAIN") {
                // Asking again each millisecond is what this model is: one pause a try.
                assert!(calls <= 100 + 2 * waited, "{calls} calls in {waited} ms");
                continue;
            }
            // Naps of 5, 10, 20, … ms, nine calls between two of them: about 70 in all. A server that
            // spins makes tens of thousands.
            let most = 100 + waited / 3;
            assert!(
                calls <= most,
                "{io:?} {fault}: {calls} calls in {waited} ms"
            );
            server.stop();
        }
    }
}

#[test]
fn a_head_whose_body_breaks_a_rule_is_refused_without_a_page() {
    for io in models() {
        let server = start_with(config(io), &[], None);
        let head = b"HEAD /hi HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice();
        for pieces in [
            vec![head, b"zz\r\n"],
            vec![b"", &[head, b"zz\r\n"].concat()],
        ] {
            let mut client = server.connect();
            for piece in pieces {
                client.stream.write_all(piece).unwrap();
            }
            let mut got = Vec::new();
            let _ = client.stream.read_to_end(&mut got);
            assert!(got.starts_with(b"HTTP/1.1 400 "), "{io:?}");
            assert!(
                got.ends_with(b"\r\n\r\n"),
                "{io:?}: {}",
                String::from_utf8_lossy(&got)
            );
        }
        server.stop();
    }
}
