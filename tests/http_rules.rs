//! Every rule about the form of messages, by example: bytes in, the answer out. Each case runs whole,
//! cut at every byte, byte by byte, and followed by a second request, which must be answered (or not
//! reached) just the same.
//!
//! The rule numbers are those of docs/http.md.

mod http_cases;
use http_cases::drive::{self, Ending, Message, limits};
use http_cases::{Case, Want};
use httpsys::http::{Kind, Limits};

const TAIL: &[u8] = b"GET /tail HTTP/1.1\r\nHost: t\r\n\r\n";

/// The cases of one table, each in every cut.
fn check_all(kind: Kind, limits: Limits, cases: &[Case]) {
    for case in cases {
        check(kind, limits, case);
    }
}

fn check(kind: Kind, limits: Limits, case: &Case) {
    let (bytes, mark) = case.bytes();
    let name = format!("rule {}: {:?}", case.rule, case.text);
    let whole = drive::whole(kind, limits, &bytes);
    match case.want {
        Want::Refused(id, status) => {
            let Ending::Refused(code, offset) = whole.1 else {
                panic!("{name}\n  not refused: {whole:?}")
            };
            assert_eq!((code.id, code.status), (id, status), "{name}");
            assert_eq!(Some(offset), mark, "{name}: {id} stands elsewhere");
        }
        Want::Messages(messages) => {
            assert_eq!(whole.1, Ending::Complete, "{name}\n  {:?}", whole.0);
            assert_eq!(drive::briefly(&whole.0), messages, "{name}");
        }
        Want::Cut => assert_eq!(whole.1, Ending::Cut, "{name}"),
    }
    for cut in 1..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(
            drive::pieces(kind, limits, [first, second]),
            whole,
            "{name}\n  cut at {cut}"
        );
    }
    assert_eq!(
        drive::pieces(kind, limits, bytes.chunks(1)),
        whole,
        "{name}\n  byte by byte"
    );
    if kind == Kind::Request && whole.1 != Ending::Cut {
        check_with_tail(limits, &bytes, &whole, &name);
    }
}

/// A second request behind the first changes nothing about the first and is read itself.
fn check_with_tail(limits: Limits, bytes: &[u8], whole: &(Vec<Message>, Ending), name: &str) {
    let both = [bytes, TAIL].concat();
    let (mut messages, ending) = drive::whole(Kind::Request, limits, &both);
    if whole.1 == Ending::Complete {
        let tail = messages.pop().expect("the second request");
        assert_eq!(
            (tail.head.as_str(), tail.start),
            ("GET /tail", bytes.len() as u64),
            "{name}"
        );
    }
    assert_eq!(
        (&messages, &ending),
        (&whole.0, &whole.1),
        "{name}\n  with a tail"
    );
    assert_eq!(
        drive::pieces(Kind::Request, limits, both.chunks(1)).1,
        ending,
        "{name}\n  with a tail, byte by byte"
    );
}

#[test]
fn the_end_of_lines_and_heads() {
    check_all(Kind::Request, limits(), http_cases::framing::SERVE);
    check_all(
        Kind::Request,
        Limits {
            bare_lf: true,
            lenient: false,
            ..limits()
        },
        http_cases::framing::PARSE,
    );
}

#[test]
fn request_lines() {
    check_all(Kind::Request, limits(), http_cases::request_line::CASES);
}

#[test]
fn hosts() {
    check_all(Kind::Request, limits(), http_cases::host::CASES);
}

#[test]
fn body_lengths() {
    check_all(Kind::Request, limits(), http_cases::length::CASES);
}

#[test]
fn chunked_bodies() {
    check_all(Kind::Request, limits(), http_cases::chunked::CASES);
}

#[test]
fn connection_and_expect() {
    check_all(Kind::Request, limits(), http_cases::connection::CASES);
}

#[test]
fn responses() {
    check_all(Kind::Response, limits(), http_cases::response::CASES);
}

#[test]
fn there_are_at_least_three_hundred_cases() {
    use http_cases::{chunked, connection, framing, host, length, request_line, response};
    let all = [
        framing::SERVE,
        framing::PARSE,
        request_line::CASES,
        host::CASES,
        length::CASES,
        chunked::CASES,
        connection::CASES,
        response::CASES,
    ];
    let count: usize = all.iter().map(|cases| cases.len()).sum();
    assert!(count >= 300, "{count}");
}

/// Bodies of `n` bytes that no table wants to hold.
fn request_with(line: &str, fields: &str) -> Vec<u8> {
    format!("{line}\r\nHost: x\r\n{fields}\r\n").into_bytes()
}

fn refused(bytes: &[u8]) -> (&'static str, u64, u16) {
    let whole = drive::whole(Kind::Request, limits(), bytes);
    assert_eq!(
        drive::pieces(Kind::Request, limits(), bytes.chunks(1000)),
        whole
    );
    match whole.1 {
        Ending::Refused(code, offset) => (code.id, offset, code.status),
        other => panic!("{other:?}"),
    }
}

fn accepted(bytes: &[u8]) {
    let whole = drive::whole(Kind::Request, limits(), bytes);
    assert_eq!((whole.0.len(), &whole.1), (1, &Ending::Complete));
    assert_eq!(
        drive::pieces(Kind::Request, limits(), bytes.chunks(1)),
        whole
    );
}

#[test]
fn lines_up_to_16_kib_are_taken_and_longer_ones_refused_as_soon_as_they_are_longer() {
    let line = |len: usize| format!("GET /{} HTTP/1.1", "a".repeat(len - 14));
    accepted(&request_with(&line(8000), ""));
    accepted(&request_with(&line(16384), ""));
    assert_eq!(
        refused(&request_with(&line(16385), "")),
        ("H601", 16384, 414)
    );
    assert_eq!(
        refused(&line(20000).as_bytes()[..16385]),
        ("H601", 16384, 414)
    );
    assert_eq!(refused(&b"M".repeat(16385)), ("H601", 16384, 414));
}

#[test]
fn heads_up_to_64_kib_are_taken_and_larger_ones_refused_at_the_byte_beyond() {
    let fields = |len: usize| format!("X: {}\r\n", "a".repeat(len - 32));
    let good = request_with("GET / HTTP/1.1", &fields(65536));
    assert_eq!(good.len(), 65536);
    accepted(&good);
    let over = request_with("GET / HTTP/1.1", &fields(65537));
    assert_eq!(refused(&over), ("H602", 65536, 431));
    assert_eq!(
        refused(&request_with("GET / HTTP/1.1", &fields(70000))),
        ("H602", 65536, 431)
    );
}

#[test]
fn a_hundred_fields_are_taken_and_one_more_is_not() {
    accepted(&request_with("GET / HTTP/1.1", &"A: b\r\n".repeat(99)));
    let over = request_with("GET / HTTP/1.1", &"A: b\r\n".repeat(100));
    assert_eq!(refused(&over), ("H603", 16 + 9 + 99 * 6, 431));
}

#[test]
fn extensions_and_trailers_have_limits_too() {
    let chunked = |body: &str| {
        [
            &request_with("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n"),
            body.as_bytes(),
        ]
        .concat()
    };
    let head = chunked("").len() as u64;
    accepted(&chunked(&format!(
        "1;a={}\r\nx\r\n0\r\n\r\n",
        "b".repeat(16381)
    )));
    assert_eq!(
        refused(&chunked(&format!("1;a={}\r\n", "b".repeat(16382)))).0,
        "H606"
    );
    let four = format!("1;{}\r\nx\r\n", "b".repeat(4096)).repeat(4);
    assert_eq!(refused(&chunked(&four)).0, "H606");
    accepted(&chunked(&format!(
        "{}1\r\nx\r\n0\r\n\r\n",
        "0".repeat(16000)
    )));
    assert_eq!(refused(&chunked(&"0".repeat(17000))).0, "H606");
    accepted(&chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(100))));
    assert_eq!(
        refused(&chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(101)))),
        ("H605", head + 3 + 600, 431)
    );
    let long = format!("0\r\nA: {}\r\n\r\n", "b".repeat(65536));
    assert_eq!(refused(&chunked(&long)), ("H605", head + 3 + 65536, 431));
}

#[test]
fn nothing_that_is_sent_makes_the_reader_panic_or_stand_still() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let words: [&[u8]; 16] = [
        b"GET ",
        b"/ ",
        b"HTTP/1.1",
        b"\r\n",
        b"Host: x\r\n",
        b"Content-Length: 3\r\n",
        b"\r\n\r\n",
        b"\n",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\n",
        b"0\r\n",
        b"hello\r\n",
        b" ",
        b":",
        b"\x00",
        b"HTTP/1.1 200 OK\r\n",
    ];
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        for _ in 0..random() % 12 {
            match random() % 8 {
                0 => bytes.push(random() as u8),
                _ => bytes.extend_from_slice(words[random() as usize % words.len()]),
            }
        }
        for kind in [Kind::Request, Kind::Response] {
            let limits = Limits {
                bare_lf: random() % 2 == 0,
                lenient: false,
                ..limits()
            };
            let whole = drive::whole(kind, limits, &bytes);
            assert_eq!(
                drive::pieces(kind, limits, bytes.chunks(1)),
                whole,
                "{}",
                bytes.escape_ascii()
            );
        }
    }
}
