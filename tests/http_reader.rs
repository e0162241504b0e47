//! The reader's promises to its callers: answers to HEAD and CONNECT, bytes moved but not kept, the end
//! of the input, use from connection to connection.

use httpsys::http::{Framing, Limits, Part, Piece, Reader, codes};
use std::time::{Duration, Instant};

const GET: &[u8] = b"GET /a?b HTTP/1.1\r\nHost: x:80\r\nA: 1\r\na: 2\r\n\r\n";

fn part(reader: &mut Reader, bytes: &[u8]) -> Part {
    reader.next(bytes).expect("good bytes")
}

#[test]
fn a_head_answers_questions_about_itself() {
    let mut reader = Reader::requests(Limits::default());
    assert_eq!(part(&mut reader, GET), Part::Head(GET.len()));
    let head = reader.head();
    assert_eq!(
        (head.method(GET), head.target(GET)),
        (&b"GET"[..], &b"/a?b"[..])
    );
    assert_eq!(head.path_and_query(GET), (&b"/a"[..], Some(&b"b"[..])));
    assert_eq!(head.authority(GET), Some(&b"x:80"[..]));
    assert_eq!(head.field(GET, "A"), Some(&b"1"[..]));
    assert_eq!(head.values(GET, "a").collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(
        (head.status(), head.version_text(GET)),
        (None, &b"HTTP/1.1"[..])
    );
    let absolute = b"GET http://y HTTP/1.1\r\nHost: x\r\n\r\n";
    reader.reset();
    part(&mut reader, absolute);
    assert_eq!(reader.head().authority(absolute), Some(&b"y"[..]));
    assert_eq!(reader.head().path_and_query(absolute), (&b"/"[..], None));
}

#[test]
fn an_answer_to_head_has_no_body_and_interim_answers_do_not_use_that_up() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut reader = Reader::responses(Limits::default());
    reader.answer_to(b"HEAD");
    assert_eq!(part(&mut reader, interim), Part::Head(interim.len()));
    assert_eq!(part(&mut reader, b""), Part::End);
    assert_eq!(part(&mut reader, answer), Part::Head(answer.len()));
    assert_eq!(reader.head().framing, Framing::None);
    assert_eq!(part(&mut reader, b""), Part::End);
    assert_eq!(part(&mut reader, answer), Part::Head(answer.len()));
    assert_eq!(
        reader.head().framing,
        Framing::ContentLength(5),
        "the next one answers a GET again"
    );
}

#[test]
fn after_a_tunnel_is_open_everything_is_data() {
    let mut reader = Reader::responses(Limits::default());
    reader.answer_to(b"CONNECT");
    let answer = b"HTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(part(&mut reader, answer), Part::Head(answer.len()));
    assert_eq!(part(&mut reader, b"\x16\x03"), Part::End);
    assert!(reader.is_tunnel());
    assert_eq!(part(&mut reader, b"\x16\x03"), Part::Data(2));
    assert_eq!(
        (part(&mut reader, b""), reader.end(b"")),
        (Part::More, Ok(true))
    );
}

#[test]
fn bytes_that_nobody_kept_count_as_body_as_long_as_there_is_room() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let mut reader = Reader::responses(Limits {
        body: u64::MAX,
        ..Limits::default()
    });
    assert!(!reader.skip(1), "no body yet");
    part(&mut reader, head);
    assert!(reader.skip(4) && reader.body_left() == Some(6));
    assert_eq!(part(&mut reader, b"ab"), Part::Data(2));
    assert!(!reader.skip(5), "more than is left");
    assert!(reader.skip(4));
    assert_eq!(
        (part(&mut reader, b""), reader.offset()),
        (Part::End, head.len() as u64 + 10)
    );
    assert!(reader.skip(0) && reader.is_idle());
}

#[test]
fn skipped_bytes_fill_a_chunk_and_an_endless_body() {
    let mut reader = Reader::responses(Limits {
        body: u64::MAX,
        ..Limits::default()
    });
    part(
        &mut reader,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    assert_eq!(part(&mut reader, b"a\r\n"), Part::Framing(3));
    assert_eq!(
        (reader.piece(), reader.body_left()),
        (Piece::Size(10), Some(10))
    );
    assert!(!reader.skip(11) && reader.skip(10));
    assert_eq!(part(&mut reader, b"\r\n"), Part::Framing(2));
    assert_eq!(reader.piece(), Piece::ChunkEnd);
    assert_eq!(part(&mut reader, b"0\r\n"), Part::Framing(3));
    assert_eq!(
        (part(&mut reader, b"\r\n"), reader.piece()),
        (Part::Framing(2), Piece::LastLine)
    );
    assert_eq!(part(&mut reader, b""), Part::End);
    part(&mut reader, b"HTTP/1.1 200 OK\r\n\r\n");
    assert!(reader.skip(1 << 40) && reader.decoded() == 1 << 40);
    assert_eq!(reader.end(b""), Ok(true));
}

#[test]
fn the_end_of_the_input_is_proper_only_between_messages() {
    let mut reader = Reader::requests(Limits::default());
    assert!(reader.is_idle() && reader.end(b"") == Ok(true));
    for cut in 1..GET.len() {
        reader.reset();
        assert_eq!(part(&mut reader, &GET[..cut]), Part::More);
        assert!(!reader.is_idle() && reader.in_head());
        assert_eq!(reader.end(&GET[..cut]), Ok(false), "cut at {cut}");
    }
    part(&mut reader, GET);
    assert_eq!(reader.end(b""), Ok(true), "complete, End not fetched");
    assert_eq!(
        (part(&mut reader, b""), reader.end(b"")),
        (Part::End, Ok(true))
    );
}

#[test]
fn a_reader_is_as_new_after_reset_even_from_a_refusal() {
    let mut reader = Reader::requests(Limits::default());
    let refusal = reader
        .next(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        .expect_err("refused");
    assert_eq!(
        (refusal.code, refusal.offset),
        (&codes::SPACE_BEFORE_COLON, 20)
    );
    assert_eq!(
        (reader.next(GET), reader.end(b"")),
        (Err(refusal), Err(refusal))
    );
    reader.reset();
    assert_eq!(
        (part(&mut reader, GET), reader.offset()),
        (Part::Head(GET.len()), GET.len() as u64)
    );
    assert_eq!(reader.head().fields.len(), 3);
}

#[test]
fn the_server_may_ask_whether_to_say_100_continue() {
    let mut reader = Reader::requests(Limits::default());
    part(
        &mut reader,
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    );
    assert!(reader.head().expects_continue && reader.body_left() == Some(1));
}

/// A parser that began anew at each byte would take two thousand million steps here.
#[test]
fn a_large_head_that_comes_byte_by_byte_costs_linear_work() {
    let mut head = b"GET / HTTP/1.1\r\nHost: x\r\n".to_vec();
    for n in 0..90 {
        head.extend(format!("Field-{n}: {}\r\n", "v".repeat(700)).bytes());
    }
    head.extend_from_slice(b"\r\n");
    assert!(head.len() > 60_000);
    let mut reader = Reader::requests(Limits::default());
    let start = Instant::now();
    for seen in 1..head.len() {
        assert_eq!(part(&mut reader, &head[..seen]), Part::More);
    }
    assert_eq!(part(&mut reader, &head), Part::Head(head.len()));
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
