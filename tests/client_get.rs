//! The client against servers that play a part: every way an answer can end, and which calls it takes.

// A test fails by panicking; helpers here are part of the tests.
#![allow(clippy::unwrap_used)]

use httpsys::client::{self, Answer, Ending, Error, Missing, Request, Show};
use httpsys::kernel::{Address, CallId, Counts, Errno, Kernel, NoProbe, Probe};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server for one connection; the thread returns what `play` does.
fn server<T: Send + 'static>(
    play: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Address, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (peer, _) = listener.accept().unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        play(peer)
    });
    (Address::V4([127, 0, 0, 1], port), thread)
}

fn request(to: Address, bytes: &[u8]) -> Request {
    Request {
        to: vec![to],
        bytes: bytes.to_vec(),
        timeout: Some(Duration::from_secs(20)),
        ..Request::default()
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Reads until `n` blank lines have come.
fn read_heads(peer: &mut TcpStream, n: usize) -> Vec<u8> {
    let mut got = Vec::new();
    let mut byte = [0];
    while got.windows(4).filter(|w| w == b"\r\n\r\n").count() < n {
        if peer.read(&mut byte).unwrap() == 0 {
            break;
        }
        got.push(byte[0]);
    }
    got
}

/// What the client makes of a server that answers with these bytes and closes.
fn answered_with(ask: &[u8], show: Show, answer: &'static [u8]) -> (Result<Answer, Error>, String) {
    let heads = ask.windows(4).filter(|w| w == b"\r\n\r\n").count();
    let (to, thread) = server(move |mut peer| {
        read_heads(&mut peer, heads);
        peer.write_all(answer).unwrap();
    });
    let mut out = Vec::new();
    let request = Request {
        show,
        ..request(to, ask)
    };
    let result = client::run(&request, &mut Kernel::new(NoProbe), &mut out);
    thread.join().unwrap();
    (result, String::from_utf8(out).unwrap())
}

#[test]
fn every_framing_of_an_answer_is_read_to_its_end() {
    for (answer, body) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi"[..], "Hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nH\r\n1;x\r\ni\r\n0\r\nA: b\r\n\r\n", "Hi"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
    ] {
        let (result, out) = answered_with(GET, Show::Body, answer);
        let result = result.unwrap();
        assert_eq!((out.as_str(), result.answers), (body, 1));
        assert_eq!(result.received, answer.len() as u64);
    }
}

#[test]
fn an_answer_to_head_ends_with_its_head() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    let (result, out) = answered_with(
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        Show::HeadAndBody,
        head,
    );
    assert_eq!((result.unwrap().body, out.as_bytes()), (0, &head[..]));
}

#[test]
fn interim_answers_are_shown_with_the_heads_and_are_not_the_end() {
    let all = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!";
    let (result, out) = answered_with(GET, Show::HeadAndBody, all);
    let result = result.unwrap();
    assert_eq!((result.status, result.interim, result.answers), (200, 2, 1));
    assert_eq!(out.as_bytes(), all);
    assert_eq!(answered_with(GET, Show::Body, all).1, "!");
}

#[test]
fn each_of_several_requests_gets_its_answer() {
    let ask = b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    let both = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb";
    let (result, out) = answered_with(ask, Show::Body, both);
    assert_eq!((result.unwrap().answers, out.as_str()), (2, "b"));
    let first = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    assert!(matches!(
        answered_with(ask, Show::Body, first).0,
        Err(Error::Cut { .. })
    ));
}

#[test]
fn a_cut_answer_says_what_is_missing() {
    let cut = |answer| match answered_with(GET, Show::Body, answer).0 {
        Err(Error::Cut {
            how: Ending::Closed,
            missing,
            sent: (27, 27),
        }) => missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(cut(b""), Missing::Everything);
    assert_eq!(cut(b"HTTP/1.1 200 OK\r\nA:"), Missing::Head);
    assert_eq!(
        cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHi"),
        Missing::Body(Some(7))
    );
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nHi\r\n";
    assert!(matches!(cut(chunked), Missing::Body(_)));
    assert_eq!(cut(b"HTTP/1.1 100 Continue\r\n\r\n"), Missing::Everything);
}

#[test]
fn a_malformed_answer_names_the_rule() {
    let (result, _) = answered_with(GET, Show::Body, b"HTTP/1.1 2x0 OK\r\n\r\n");
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Malformed(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("[H") && text.contains("RFC 9112"), "{text}");
}

#[test]
fn a_refused_connection_names_call_address_and_what_to_try() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let to = Address::V4([127, 0, 0, 1], port);
    let error = client::run(
        &request(to, GET),
        &mut Kernel::new(NoProbe),
        &mut Vec::new(),
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("connect 127.0.0.1:{port}: ")),
        "{text}"
    );
    assert!(text.contains("ECONNREFUSED"), "{text}");
    assert!(error.hint().unwrap().contains("httpsys serve"));
}

#[test]
fn the_next_address_is_tried_when_one_refuses() {
    let (to, thread) = server(|mut peer| {
        read_heads(&mut peer, 1);
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    });
    let Address::V4(_, port) = to else {
        unreachable!()
    };
    let mut request = request(Address::V4([127, 0, 0, 3], port), GET);
    request.to.push(to);
    let mut kernel = Kernel::new(Counts::new());
    assert_eq!(
        client::run(&request, &mut kernel, &mut Vec::new())
            .unwrap()
            .status,
        200
    );
    thread.join().unwrap();
    let counted = |name| {
        let totals = kernel.probe.totals();
        totals
            .iter()
            .find(|(id, ..)| id.name() == name)
            .map(|(_, calls, errors)| (*calls, *errors))
    };
    assert_eq!(counted("socket"), Some((2, 0)));
    assert_eq!(counted("connect"), Some((2, 1)));
    assert_eq!(counted("close"), Some((2, 0)), "no descriptor is left open");
}

/// A probe that keeps the names of calls and the sizes of writes.
#[derive(Default)]
struct Told(Vec<(&'static str, u64)>);

impl Probe for Told {
    fn fork(&self) -> Told {
        Told::default()
    }
    fn before(&mut self, _: CallId, _: &[u64; 6]) -> u64 {
        0
    }
    fn after(&mut self, id: CallId, args: &[u64; 6], _: i64, _: u64, _: u16, _: u64) {
        self.0.push((id.name(), args[2]));
    }
}

#[test]
fn a_split_request_is_one_write_a_piece_with_a_sleep_between_and_a_half_close() {
    let (to, thread) = server(|mut peer| {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        all
    });
    let request = Request {
        split: vec![1, 5],
        delay: Duration::from_millis(1),
        half_close: true,
        timeout: None,
        ..request(to, GET)
    };
    let mut kernel = Kernel::new(Told::default());
    client::run(&request, &mut kernel, &mut Vec::new()).unwrap();
    assert_eq!(thread.join().unwrap(), GET);
    let told = &kernel.probe.0;
    let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "socket",
            "setsockopt",
            "connect",
            "write",
            "clock_nanosleep",
            "write",
            "clock_nanosleep",
            "write",
            "shutdown",
            "read",
            "close"
        ]
    );
    let sizes: Vec<u64> = told
        .iter()
        .filter(|(name, _)| *name == "write")
        .map(|(_, size)| *size)
        .collect();
    assert_eq!(sizes, [1, 5, 21]);
}

#[test]
fn a_plain_get_is_socket_connect_write_read_close() {
    let (to, thread) = server(|mut peer| {
        read_heads(&mut peer, 1);
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    });
    let mut kernel = Kernel::new(Told::default());
    let request = Request {
        timeout: None,
        ..request(to, GET)
    };
    client::run(&request, &mut kernel, &mut Vec::new()).unwrap();
    thread.join().unwrap();
    let names: Vec<&str> = kernel.probe.0.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["socket", "connect", "write", "read", "close"]);
}

#[test]
fn an_answer_that_comes_before_all_is_sent_is_read_all_the_same() {
    let (to, thread) = server(|mut peer| {
        read_heads(&mut peer, 1);
        peer.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        // The lingering close: take what still comes, so that no reset overtakes the answer.
        let mut rest = Vec::new();
        peer.take(1 << 20).read_to_end(&mut rest).unwrap();
    });
    let mut bytes = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n".to_vec();
    bytes.resize(bytes.len() + 4_000_000, b'x');
    let result = client::run(
        &request(to, &bytes),
        &mut Kernel::new(NoProbe),
        &mut Vec::new(),
    );
    thread.join().unwrap();
    match result {
        Ok(answer) => assert_eq!(answer.status, 413),
        // The close after the bounded drain may still reset the connection under the answer.
        Err(Error::Cut {
            sent: (sent, all), ..
        }) => assert!(sent < all),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_server_is_given_up_after_the_timeout() {
    let (to, thread) = server(|mut peer| {
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).unwrap();
    });
    let request = Request {
        timeout: Some(Duration::from_millis(30)),
        ..request(to, GET)
    };
    let error = client::run(&request, &mut Kernel::new(NoProbe), &mut Vec::new()).unwrap_err();
    thread.join().unwrap();
    assert!(
        matches!(
            error,
            Error::Cut {
                how: Ending::TimedOut,
                missing: Missing::Everything,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_reset_connection_says_so() {
    let (to, thread) = server(|mut peer| {
        // Closing with bytes unread makes the kernel send RST (man 7 tcp).
        let mut one = [0];
        peer.read_exact(&mut one).unwrap();
    });
    let error = client::run(
        &request(to, GET),
        &mut Kernel::new(NoProbe),
        &mut Vec::new(),
    )
    .unwrap_err();
    thread.join().unwrap();
    match error {
        Error::Cut {
            how: Ending::Failed(_, errno),
            missing: Missing::Everything,
            ..
        } => {
            assert!(errno == Errno(104) || errno == Errno(32), "{errno:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn unix_sockets_are_spoken_to_as_well() {
    let dir = std::env::temp_dir().join(format!("httpsys-get-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let thread = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut room = [0; 100];
        assert!(peer.read(&mut room).unwrap() > 0);
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi")
            .unwrap();
    });
    let to = Address::Unix(path.to_str().unwrap().into());
    let mut out = Vec::new();
    client::run(
        &request(to.clone(), GET),
        &mut Kernel::new(NoProbe),
        &mut out,
    )
    .unwrap();
    thread.join().unwrap();
    assert_eq!(out, b"Hi");
    std::fs::remove_dir_all(&dir).unwrap();
    let error = client::run(&request(to, GET), &mut Kernel::new(NoProbe), &mut out).unwrap_err();
    assert!(
        error.to_string().contains("ENOENT") && error.hint().is_some(),
        "{error}"
    );
}
