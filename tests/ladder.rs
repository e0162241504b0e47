//! The ladder that a course on servers climbs (the stages of CodeCrafters' "Build your own HTTP server"), on every
//! model: each stage is a fact about one request, and the next one needs those before.
//!
//! Two rungs are ours: the string to echo comes in a body (`/echo`), and `/headers` shows the `User-Agent` among all
//! others. What a client posts is not written to a file (405): this server only reads.

mod common;

use common::Folder;
use common::Server;
use common::models::models;
use common::read_response;
use httpsys::server::IoModel;
use std::io::Write;
use std::net::TcpStream;

fn each_model(name: &str, climb: impl Fn(IoModel, &Server)) {
    let folder = Folder::new(&format!("ladder-{name}"));
    folder.file("files/foo", "Hello, World!");
    folder.file("files/page.txt", "plain plain plain");
    folder.file("files/page.txt.gz", b"not really gzip");
    let root = folder.0.display().to_string();
    for io in models() {
        let args = [&root, "--io", io.name(), "--log", "off", "--keep-alive"];
        let server = Server::start(&args);
        climb(io, &server);
        let (status, said, _) = server.stop();
        assert_eq!(status, Some(0), "{io:?}: {said:?}");
    }
}

/// Asks on a connection that stays; the answer's first line, the rest of its head, its body.
fn ask(stream: &mut TcpStream, request: &str) -> (String, String, String) {
    stream.write_all(request.as_bytes()).expect("it is sent");
    let answer = String::from_utf8_lossy(&read_response(stream)).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let (first, rest) = head.split_once("\r\n").expect("fields");
    (first.to_owned(), rest.to_ascii_lowercase(), body.to_owned())
}

fn get(stream: &mut TcpStream, path: &str, fields: &str) -> (String, String, String) {
    ask(
        stream,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost:4221\r\n{fields}\r\n"),
    )
}

#[test]
fn it_binds_to_a_port_and_answers_200() {
    each_model("bind", |io, server| {
        let mut stream = server.connect();
        assert_eq!(get(&mut stream, "/", "").0, "HTTP/1.1 200 OK", "{io:?}");
    });
}

#[test]
fn what_is_not_there_is_404() {
    each_model("path", |io, server| {
        let mut stream = server.connect();
        let first = get(&mut stream, "/abcdefg", "").0;
        assert_eq!(first, "HTTP/1.1 404 Not Found", "{io:?}");
    });
}

#[test]
fn a_body_comes_back_with_its_type_and_length() {
    each_model("echo", |io, server| {
        let mut stream = server.connect();
        let request = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
        let (first, head, body) = ask(&mut stream, request);
        assert_eq!((&*first, &*body), ("HTTP/1.1 200 OK", "abc"), "{io:?}");
        assert!(head.contains("content-length: 3"), "{io:?}: {head}");
    });
}

#[test]
fn the_user_agent_is_read_whatever_its_case() {
    each_model("agent", |io, server| {
        for name in ["User-Agent", "USER-AGENT", "user-agent"] {
            let mut stream = server.connect();
            let fields = format!("{name}: foobar/1.2.3\r\n");
            let (first, _, body) = get(&mut stream, "/headers", &fields);
            assert_eq!(first, "HTTP/1.1 200 OK", "{io:?}");
            assert!(body.contains("foobar/1.2.3"), "{io:?}: {body}");
        }
    });
}

#[test]
fn several_clients_are_served_and_those_with_one_seat_in_turn() {
    each_model("many", |io, server| {
        let mut streams: Vec<TcpStream> = (0..5).map(|_| server.connect()).collect();
        // The last to come asks first, where the others need not end before.
        if !io.has_one_seat() {
            streams.reverse();
        }
        for mut stream in streams {
            assert_eq!(get(&mut stream, "/hi", "").2, "Hi", "{io:?}");
        }
    });
}

#[test]
fn a_file_is_sent_as_it_is_and_none_is_written() {
    each_model("files", |io, server| {
        let mut stream = server.connect();
        let (first, head, body) = get(&mut stream, "/files/foo", "");
        assert_eq!(
            (&*first, &*body),
            ("HTTP/1.1 200 OK", "Hello, World!"),
            "{io:?}"
        );
        assert!(
            head.contains("content-type: application/octet-stream"),
            "{io:?}: {head}"
        );
        assert!(head.contains("content-length: 13"), "{io:?}: {head}");
        let first = get(&mut stream, "/files/non_existent", "").0;
        assert_eq!(first, "HTTP/1.1 404 Not Found", "{io:?}");
        let post = "POST /files/new HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345";
        let (first, head, _) = ask(&mut stream, post);
        assert_eq!(first, "HTTP/1.1 405 Method Not Allowed", "{io:?}");
        assert!(head.contains("allow: get, head"), "{io:?}: {head}");
    });
}

#[test]
fn a_compressed_form_is_sent_to_those_who_take_it() {
    each_model("gzip", |io, server| {
        let mut stream = server.connect();
        for (accepts, coded) in [
            ("gzip", true),
            ("invalid-encoding", false),
            ("invalid-1, gzip, invalid-2", true),
        ] {
            let fields = format!("Accept-Encoding: {accepts}\r\n");
            let (first, head, body) = get(&mut stream, "/files/page.txt", &fields);
            assert_eq!(first, "HTTP/1.1 200 OK", "{io:?}");
            let said = head.contains("content-encoding: gzip");
            assert_eq!(said, coded, "{io:?}, {accepts}: {head}");
            let expected = if coded {
                "not really gzip"
            } else {
                "plain plain plain"
            };
            assert_eq!(body, expected, "{io:?}, {accepts}");
        }
    });
}

#[test]
fn a_connection_carries_many_requests_until_one_says_close() {
    each_model("kept", |io, server| {
        let mut stream = server.connect();
        for path in ["/hi", "/files/foo", "/nothing", "/hi"] {
            assert!(
                get(&mut stream, path, "").0.starts_with("HTTP/1.1 "),
                "{io:?}"
            );
        }
        let (_, head, body) = get(&mut stream, "/hi", "Connection: close\r\n");
        assert_eq!(body, "Hi", "{io:?}");
        assert!(head.contains("connection: close"), "{io:?}: {head}");
        assert!(common::read_all(&mut stream).is_empty(), "{io:?}");
    });
}
