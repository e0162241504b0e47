//! What the server answers, over the wire: one table of messages, three models, the same bytes.
//!
//! Each case is sent whole, byte by byte, and whole with the sender's half closed at once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::server::IoModel;
use serve_support::{Answer, answers, config, models, start};

/// Bytes sent, and for each answer its status and what its body holds.
type Case<'a> = (&'a str, Vec<u8>, Vec<(u16, &'a str)>);

fn case<'a>(name: &'a str, bytes: impl Into<Vec<u8>>, expected: &[(u16, &'a str)]) -> Case<'a> {
    (name, bytes.into(), expected.to_vec())
}

const H: &str = "Host: x\r\n";

fn cases() -> Vec<Case<'static>> {
    let mut table = good();
    table.extend(judged());
    table.extend(refused());
    table
}

/// Requests that get what they ask for.
fn good() -> Vec<Case<'static>> {
    vec![
        case("hi", format!("GET /hi HTTP/1.1\r\n{H}\r\n"), &[(200, "Hi")]),
        case(
            "a query does not matter",
            format!("GET /hi?x=1 HTTP/1.1\r\n{H}\r\n"),
            &[(200, "Hi")],
        ),
        case(
            "an absolute target",
            "GET http://h/hi HTTP/1.1\r\nHost: other\r\n\r\n",
            &[(200, "Hi")],
        ),
        case(
            "empty lines first",
            format!("\r\n\r\nGET /hi HTTP/1.1\r\n{H}\r\n"),
            &[(200, "Hi")],
        ),
        case(
            "1.0 closes",
            "GET /hi HTTP/1.0\r\n\r\nGET /hi HTTP/1.0\r\n\r\n",
            &[(200, "Hi")],
        ),
        case(
            "1.0 keeps on request",
            "GET /hi HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /hi HTTP/1.0\r\n\r\n",
            &[(200, "Hi"), (200, "Hi")],
        ),
        case(
            "close ends it",
            format!(
                "GET /hi HTTP/1.1\r\n{H}Connection: x, CLOSE\r\n\r\nGET /no HTTP/1.1\r\n{H}\r\n"
            ),
            &[(200, "Hi")],
        ),
        case(
            "pipelining keeps the order",
            format!(
                "GET /hi HTTP/1.1\r\n{H}\r\nGET /no HTTP/1.1\r\n{H}\r\nGET /headers HTTP/1.1\r\n{H}\r\n"
            ),
            &[
                (200, "Hi"),
                (404, "404 Not Found"),
                (200, "GET /headers HTTP/1.1\r\nHost: x"),
            ],
        ),
        case(
            "echo",
            format!(
                "POST /echo HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhelloGET /hi HTTP/1.1\r\n{H}\r\n"
            ),
            &[(200, "hello"), (200, "Hi")],
        ),
        case(
            "echo of chunks",
            format!(
                "PUT /echo HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\nGET /hi HTTP/1.1\r\n{H}\r\n"
            ),
            &[(200, "abcde"), (200, "Hi")],
        ),
        case(
            "echo of nothing",
            format!("POST /echo HTTP/1.1\r\n{H}\r\n"),
            &[(200, "")],
        ),
        case(
            "a body where none is wanted is read and dropped",
            format!(
                "GET /hi HTTP/1.1\r\n{H}Content-Length: 3\r\n\r\nabcGET /hi HTTP/1.1\r\n{H}\r\n"
            ),
            &[(200, "Hi"), (200, "Hi")],
        ),
        case(
            "an upgrade is ignored",
            format!("GET /hi HTTP/1.1\r\n{H}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
            &[(200, "Hi")],
        ),
        case(
            "options",
            format!("OPTIONS * HTTP/1.1\r\n{H}\r\nOPTIONS /hi HTTP/1.1\r\n{H}\r\n"),
            &[(204, ""), (204, "")],
        ),
        case(
            "a later minor version",
            format!("GET /hi HTTP/1.9\r\n{H}\r\n"),
            &[(200, "Hi")],
        ),
    ]
}

/// Good messages that the server says no to, and stays.
fn judged() -> Vec<Case<'static>> {
    let after = format!("GET /hi HTTP/1.1\r\n{H}\r\n");
    vec![
        case(
            "nothing there",
            format!("GET /no HTTP/1.1\r\n{H}\r\n{after}"),
            &[(404, "/hi"), (200, "Hi")],
        ),
        case(
            "post to a page",
            format!("POST /hi HTTP/1.1\r\n{H}Content-Length: 2\r\n\r\nab{after}"),
            &[(405, ""), (200, "Hi")],
        ),
        case(
            "trace",
            format!("TRACE /hi HTTP/1.1\r\n{H}\r\n{after}"),
            &[(405, ""), (200, "Hi")],
        ),
        case(
            "connect",
            format!("CONNECT x:1 HTTP/1.1\r\n{H}\r\n"),
            &[(405, "")],
        ),
        case(
            "an unknown method",
            format!("BREW /hi HTTP/1.1\r\n{H}\r\n{after}"),
            &[(501, ""), (200, "Hi")],
        ),
        case(
            "methods have one case",
            format!("get /hi HTTP/1.1\r\n{H}\r\n"),
            &[(501, "")],
        ),
    ]
}

/// Messages that break a rule: answered once, then closed; what follows is no request.
fn refused() -> Vec<Case<'static>> {
    let after = format!("GET /hi HTTP/1.1\r\n{H}\r\n");
    let long = "a".repeat(17_000);
    let many = "X: y\r\n".repeat(101);
    let big = format!("X: {}\r\n", "b".repeat(1000)).repeat(70);
    let bad = |head: &str| format!("{head}\r\n\r\n{after}");
    vec![
        case("no host", bad("GET /hi HTTP/1.1"), &[(400, "H301")]),
        case(
            "two hosts",
            bad("GET /hi HTTP/1.1\r\nHost: a\r\nHost: a"),
            &[(400, "H302")],
        ),
        case(
            "space in the target",
            bad("GET /a b HTTP/1.1\r\nHost: x"),
            &[(400, "H101")],
        ),
        case(
            "space before the colon",
            bad("GET / HTTP/1.1\r\nHost : x"),
            &[(400, "H203")],
        ),
        case(
            "a bare line feed",
            "GET /hi HTTP/1.1\nHost: x\n\n",
            &[(400, "H209")],
        ),
        case(
            "another version",
            bad("GET /hi HTTP/2.0\r\nHost: x"),
            &[(505, "")],
        ),
        case(
            "the HTTP/2 preface",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &[(505, "")],
        ),
        case(
            "TLS",
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            &[(400, "H112")],
        ),
        case("0.9", "GET /hi\r\n", &[(400, "")]),
        case(
            "length and chunks",
            bad(
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
            ),
            &[(400, "H407")],
        ),
        case(
            "two lengths",
            bad("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5"),
            &[(400, "H4")],
        ),
        case(
            "an unknown coding",
            bad("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked"),
            &[(501, "")],
        ),
        case(
            "a bad chunk size",
            format!(
                "POST /echo HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n{after}"
            ),
            &[(400, "H5")],
        ),
        case(
            "another expectation",
            bad("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: tea"),
            &[(417, "")],
        ),
        case(
            "a long line",
            format!("GET /{long} HTTP/1.1\r\n{H}\r\n"),
            &[(414, "")],
        ),
        case(
            "many fields",
            format!("GET /hi HTTP/1.1\r\n{H}{many}\r\n"),
            &[(431, "")],
        ),
        case(
            "a large head",
            format!("GET /hi HTTP/1.1\r\n{H}{big}\r\n"),
            &[(431, "")],
        ),
        case(
            "a large body",
            format!("POST /echo HTTP/1.1\r\n{H}Content-Length: 9000001\r\n\r\n"),
            &[(413, "")],
        ),
        case(
            "a good one first",
            format!("{after}BAD\r\n\r\n"),
            &[(200, "Hi"), (400, "")],
        ),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    Whole,
    ByteByByte,
}

fn ask(server: &serve_support::Server, bytes: &[u8], how: How) -> Vec<u8> {
    let mut client = server.connect();
    match how {
        How::Whole => client.send(bytes),
        How::ByteByByte => client.send_slowly(bytes),
    }
    client.half_close();
    client.read_to_end()
}

#[test]
fn every_message_gets_the_same_answer_from_every_model_however_it_is_cut() {
    let servers: Vec<_> = models().map(|io| (io, start(config(io)))).collect();
    for (name, bytes, expected) in cases() {
        let mut first: Option<Vec<u8>> = None;
        for (io, server) in &servers {
            for how in [How::Whole, How::ByteByByte] {
                if how == How::ByteByByte && bytes.len() > 2000 {
                    continue;
                }
                let got = ask(server, &bytes, how);
                let text = String::from_utf8_lossy(&got).into_owned();
                let found = answers(&got);
                let seen: Vec<u16> = found.iter().map(|a| a.status).collect();
                let wanted: Vec<u16> = expected.iter().map(|(status, _)| *status).collect();
                assert_eq!(seen, wanted, "{name}, {io:?}, {how:?}:\n{text}");
                for (answer, (_, body)) in found.iter().zip(&expected) {
                    assert!(
                        answer.text().contains(body),
                        "{name}, {io:?}: no {body:?} in\n{text}"
                    );
                    well_formed(answer, name);
                }
                let first = first.get_or_insert_with(|| got.clone());
                assert_eq!(&got, first, "{name}: {io:?} {how:?} answers differently");
            }
        }
    }
}

/// What every answer must have (HTTP-RULES 47, 50, 52, 53).
fn well_formed(answer: &Answer, name: &str) {
    assert!(answer.head.starts_with("HTTP/1.1 "), "{name}");
    assert_eq!(
        answer.field("Date"),
        Some("Thu, 01 Jan 2026 00:00:00 GMT"),
        "{name}"
    );
    assert_eq!(
        answer.field("Content-Length").is_some(),
        answer.status != 204,
        "{name}"
    );
    assert_eq!(
        answer.field("Content-Type").is_some(),
        answer.status != 204,
        "{name}"
    );
    assert_eq!(
        answer.field("X-Content-Type-Options"),
        Some("nosniff"),
        "{name}"
    );
    assert_eq!(
        answer.field("Allow").is_some(),
        matches!(answer.status, 405 | 204),
        "{name}"
    );
}

#[test]
fn head_says_what_get_would_and_sends_no_body() {
    for io in models() {
        let server = start(config(io));
        for path in ["/hi", "/headers", "/no", "/echo"] {
            let mut client = server.connect();
            client.send(format!(
                "HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\nGET /hi HTTP/1.1\r\nHost: x\r\n\r\n"
            ));
            let head = client.answer_to(true).unwrap();
            assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?} {path}");
            if path != "/headers" {
                client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
                assert_eq!(client.answer().unwrap().head, head.head, "{io:?} {path}");
            }
        }
    }
}

#[test]
fn the_connection_field_says_what_happens() {
    for io in models() {
        let server = start(config(io));
        for (request, said) in [
            ("GET /hi HTTP/1.1\r\nHost: x\r\n\r\n", None),
            (
                "GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                Some("close"),
            ),
            (
                "GET /hi HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                Some("keep-alive"),
            ),
            ("GET /hi HTTP/1.0\r\n\r\n", Some("close")),
            ("BAD\r\n\r\n", Some("close")),
        ] {
            let mut client = server.connect();
            client.send(request);
            let answer = client.answer().unwrap();
            assert_eq!(answer.field("Connection"), said, "{io:?} {request:?}");
            if said == Some("close") {
                assert_eq!(client.answer(), None, "{io:?} {request:?}");
            }
        }
    }
}

#[test]
fn without_keep_alive_every_answer_is_the_last() {
    for io in models() {
        let server = start(httpsys::server::Config {
            keep_alive: Some(false),
            ..config(io)
        });
        let mut client = server.connect();
        client.send(serve_support::get("/hi").repeat(2));
        let answer = client.answer().unwrap();
        assert_eq!(answer.field("Connection"), Some("close"));
        assert_eq!(client.answer(), None, "{io:?}");
    }
}

#[test]
fn a_client_that_expects_100_gets_it_before_its_body_and_not_after() {
    for io in models() {
        let server = start(config(io));
        let head =
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
        let mut client = server.connect();
        client.send(head);
        assert_eq!(client.answer().unwrap().status, 100, "{io:?}");
        client.send("ab");
        client.send("cd");
        assert_eq!(client.answer().unwrap().text(), "abcd", "{io:?}");
        client.send(format!("{head}wxyz"));
        let answer = client.answer().unwrap();
        assert_eq!(
            (answer.status, answer.text()),
            (200, "wxyz".to_owned()),
            "{io:?}: the body was there already"
        );
        client.send(
            "BREW /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(client.answer().unwrap().status, 501, "{io:?}");
        assert_eq!(client.answer(), None, "{io:?}");
        let mut old = server.connect();
        old.send("POST /echo HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        old.send("ok");
        assert_eq!(
            old.answer().unwrap().text(),
            "ok",
            "{io:?}: 1.0 knows no 100"
        );
    }
}

#[test]
fn a_request_that_ends_early_is_not_done() {
    for io in models() {
        let server = start(config(io));
        for cut in [
            "GET /hi HT",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
        ] {
            let mut client = server.connect();
            client.send(cut);
            client.half_close();
            let all = answers(&client.read_to_end());
            assert_eq!(all.len(), 1, "{io:?} {cut:?}");
            assert_eq!(
                (all[0].status, all[0].field("Connection")),
                (400, Some("close"))
            );
        }
        let mut silent = server.connect();
        silent.half_close();
        assert_eq!(silent.read_to_end(), b"", "{io:?}");
    }
}

#[test]
fn a_refused_upload_leaves_its_answer_readable() {
    for io in models() {
        let server = start(config(io));
        let mut client = server.connect();
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
        // The server has said no; it still takes what is on its way, so that no RST eats the answer.
        client.send(vec![b'x'; 600 << 10]);
        client.half_close();
        let all = answers(&client.read_to_end());
        assert_eq!(
            all.iter().map(|a| a.status).collect::<Vec<_>>(),
            [413],
            "{io:?}"
        );
    }
}

#[test]
fn a_long_body_comes_back_whole() {
    let body: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    for io in models() {
        let server = start(config(io));
        let mut client = server.connect();
        let mut sender = client.stream.try_clone().unwrap();
        let copy = body.clone();
        let writer = std::thread::spawn(move || {
            use std::io::Write;
            let head = format!(
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                copy.len()
            );
            sender.write_all(head.as_bytes()).unwrap();
            sender.write_all(&copy).unwrap();
        });
        let answer = client.answer().unwrap();
        writer.join().unwrap();
        assert!(answer.body == body, "{io:?}");
        assert_eq!(
            answer.field("Content-Type"),
            Some("application/octet-stream")
        );
        client.send(serve_support::get("/hi"));
        assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?}");
    }
}

#[test]
fn many_pipelined_requests_are_all_answered_in_order() {
    for io in models() {
        let server = start(config(io));
        let mut client = server.connect();
        let count = 3000;
        let mut sender = client.stream.try_clone().unwrap();
        let writer = std::thread::spawn(move || {
            use std::io::Write;
            let all: String = (0..count)
                .map(|i| {
                    format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n{i:06}")
                })
                .collect();
            sender.write_all(all.as_bytes()).unwrap();
        });
        for i in 0..count {
            assert_eq!(client.answer().unwrap().text(), format!("{i:06}"), "{io:?}");
        }
        writer.join().unwrap();
    }
}

#[test]
fn echoed_markup_is_plain_text() {
    let server = start(config(IoModel::Epoll));
    let mut client = server.connect();
    for (sent, back) in [
        ("text/html", "text/plain"),
        ("application/json", "application/json"),
    ] {
        client.send(format!(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: {sent}\r\nContent-Length: 3\r\n\r\n<b>"
        ));
        assert_eq!(client.answer().unwrap().field("Content-Type"), Some(back));
    }
}

#[test]
fn the_front_page_tells_what_is_going_on_and_hides_markup() {
    for io in models() {
        let server = start(config(io));
        let mut client = server.connect();
        client.send("GET / HTTP/1.1\r\nHost: x\r\nX: <script>\r\n\r\n");
        let page = client.answer().unwrap();
        assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.field("Cache-Control"), Some("no-store"));
        let text = page.text();
        assert!(
            text.contains(io.name()) && text.contains("X: &lt;script&gt;"),
            "{text}"
        );
        let peer = client.stream.local_addr().unwrap().to_string();
        assert!(text.contains(&peer), "{text}");
    }
}

#[test]
fn the_offset_of_an_error_counts_from_the_first_byte_of_its_connection() {
    for io in models() {
        let server = start(config(io));
        let hi = serve_support::get("/hi");
        for before in [0, 1, 3] {
            let mut client = server.connect();
            for _ in 0..before {
                client.send(&hi);
                assert_eq!(client.answer().unwrap().status, 200);
            }
            client.send(format!("{hi}{hi}GET /a b HTTP/1.1\r\n"));
            client.answer().unwrap();
            client.answer().unwrap();
            let text = client.answer().unwrap().text();
            let at = (before + 2) * hi.len() + "GET /a".len();
            assert!(
                text.contains(&format!("at byte {at} of")),
                "{io:?}: {at}\n{text}"
            );
        }
    }
}

#[test]
fn a_request_like_the_last_one_but_for_a_byte_is_another() {
    for io in models() {
        let server = start(config(io));
        let mut client = server.connect();
        let hi = serve_support::get("/hi");
        client.send(format!("{hi}{hi}{}{hi}", serve_support::get("/hj")));
        let seen: Vec<u16> = (0..4).map(|_| client.answer().unwrap().status).collect();
        assert_eq!(seen, [200, 200, 404, 200], "{io:?}");
        client.send(format!("{}Host: y\r\n\r\n", &hi[..hi.len() - 2]));
        assert_eq!(
            client.answer().unwrap().status,
            400,
            "{io:?}: two hosts now"
        );
    }
}
