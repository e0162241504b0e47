//! Bytes become exchanges: the same ones, however the calls cut them.

mod story_events;

use httpsys::abi::{Fd, Pid};
use httpsys::event::build::Builder;
use httpsys::event::call::{Call, Data};
use httpsys::story::{Exchange, Fate, Story};
use story_events::{GET, Play, ok_page, v4};

const POST: &[u8] = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &[u8] =
    b"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
const HI: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi";
const CHUNKS: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nHi\r\n0\r\n\r\n";
const NONE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// What of an exchange does not depend on how it was cut.
fn essence(story: &Story) -> Vec<(String, u16, u64, u64, u64, u64, Fate)> {
    let one = |e: &Exchange| {
        let line = e.line.as_bytes().escape_ascii().to_string();
        (
            line,
            e.status,
            e.bytes_in,
            e.bytes_out,
            e.request_body,
            e.response_body,
            e.fate,
        )
    };
    story
        .history()
        .first()
        .iter()
        .chain(story.history().last())
        .map(one)
        .collect()
}

fn converse(requests: &[u8], responses: &[u8], piece: usize) -> Story {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    for bytes in requests.chunks(piece) {
        play.read(4, bytes);
    }
    for bytes in responses.chunks(piece) {
        play.write(4, bytes);
    }
    play.read(4, b"");
    play.close(4);
    play.story
}

#[test]
fn exchanges_are_the_same_whole_and_cut_into_pieces_of_any_size() {
    let requests = [GET, POST, CHUNKED, GET].concat();
    let responses = [&ok_page()[..], HI, CHUNKS, NONE].concat();
    let whole = essence(&converse(&requests, &responses, usize::MAX));
    assert_eq!(whole.len(), 4);
    assert_eq!(
        whole[1],
        (
            "POST /echo".to_owned(),
            200,
            POST.len() as u64,
            HI.len() as u64,
            5,
            2,
            Fate::Answered
        )
    );
    assert_eq!(whole[2].4, 5);
    for piece in 1..requests.len() {
        assert_eq!(
            essence(&converse(&requests, &responses, piece)),
            whole,
            "pieces of {piece}"
        );
    }
}

#[test]
fn a_trace_that_begins_or_ends_anywhere_never_panics() {
    let requests = [GET, POST, CHUNKED].concat();
    let responses = [&ok_page()[..], HI, CHUNKS].concat();
    for from in 0..requests.len() {
        let mut play = Play::default();
        play.read(4, &requests[from..]);
        play.write(4, &responses[from.min(responses.len())..]);
        play.read(4, b"");
        if from % 2 == 0 {
            play.close(4);
        }
        let screen = play.screen();
        assert!(
            screen.lines().all(|line| line.chars().count() <= 80),
            "{screen}"
        );
    }
}

#[test]
fn a_connection_that_nobody_saw_opened_is_recognised_by_its_first_request() {
    let mut play = Play::default();
    assert_eq!(play.read(9, GET).first(), "> GET / HTTP/1.1  (complete)");
    assert_eq!(play.write(9, HI).first(), "< 200 OK  38 head + 2 body");
    let connection = play.said[1].connection;
    assert!(connection.is_some());
    assert!(
        play.story
            .fd(Pid(7), Fd(9))
            .is_some_and(|info| info.connection == connection)
    );
    assert!(play.close(9).first().ends_with("over: 1 request, 0 leaks"));
}

#[test]
fn a_file_that_holds_a_request_is_not_a_connection() {
    let mut play = Play::default();
    play.open(b"request.txt", 4);
    let said = play.read(4, GET).clone();
    assert_eq!(
        (said.connection, said.first()),
        (None, "from a file".to_owned())
    );
    let said = play.read(0, GET).clone();
    assert_eq!(said.connection, None);
}

#[test]
fn the_client_half_tells_the_same_exchange() {
    let mut play = Play::default();
    play.socket(3);
    let connect = Call::Connect {
        fd: Fd(3),
        address: Some(v4(8080)),
    };
    assert_eq!(
        play.ok("connect", connect, 0).first(),
        "c1 to 127.0.0.1:8080"
    );
    assert_eq!(play.write(3, GET).first(), "> GET / HTTP/1.1  (complete)");
    assert_eq!(
        play.read(3, &ok_page()).first(),
        "< 200 OK  64 head + 15 body"
    );
    assert_eq!(play.read(3, b"").first(), "EOF: server closed its side");
    assert_eq!(play.close(3).first(), "c1 over: 1 request, 0 leaks");
    let all = essence(&play.story);
    assert_eq!((all[0].1, all[0].2, all[0].3), (200, 78, 79));
}

#[test]
fn a_body_that_runs_until_close_ends_with_the_connection() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, b"GET /old HTTP/1.0\r\n\r\n");
    assert_eq!(play.said[5].first(), "> GET /old HTTP/1.0  (complete)");
    let said = play.write(4, b"HTTP/1.1 200 OK\r\n\r\nbody").first();
    assert_eq!(said, "< 200 OK  19 head + 4/?");
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
    assert_eq!(play.story.history().first()[0].fate, Fate::Answered);
}

#[test]
fn a_response_that_is_cut_short_is_not_an_answer() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, GET);
    play.write(4, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    let said = play.close(4);
    assert_eq!(
        (said.ids()[0], said.first()),
        ("unanswered", "c1 over: the answer was cut short".to_owned())
    );
    assert_eq!(play.story.history().first()[0].fate, Fate::Cut);
}

#[test]
fn bytes_sent_by_sendfile_belong_to_the_body() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, GET);
    play.open(b"index.html", 5);
    let said = play
        .write(4, b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n")
        .first();
    assert_eq!(said, "< 200 OK  39 head, body 0/15");
    let call = || Call::SendFile {
        out: Fd(4),
        input: Fd(5),
        count: 15,
    };
    assert_eq!(
        play.ok("sendfile", call(), 10).first(),
        "< 10 body, past our memory"
    );
    assert_eq!(
        play.ok("sendfile", call(), 5).first(),
        "< 5 body, past memory, done"
    );
    let exchange = &play.story.history().first()[0];
    assert_eq!(
        (exchange.response_body, exchange.fate),
        (15, Fate::Answered)
    );
}

#[test]
fn after_bytes_that_nobody_kept_the_story_goes_on_at_the_next_start_line() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, GET);
    // 100 bytes of a known length are counted, of a chunked body they lose the framing.
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    let call = |len: u64, bytes: &'static [u8]| Call::Send {
        fd: Fd(4),
        asked: len,
        data: Data::one(len, bytes),
        flags: 0,
    };
    assert_eq!(
        play.ok("write", call(140, head), 140).first(),
        "< 200 OK  40 head + 100 body"
    );
    play.read(4, GET);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let said = play.ok("write", call(147, head), 147);
    assert!(said.ids().contains(&"framing-unknown"), "{said:?}");
    play.write(4, b"whatever\r\n0\r\n\r\n");
    play.read(4, GET);
    assert_eq!(play.write(4, HI).first(), "< 200 OK  38 head + 2 body");
    let fates: Vec<_> = essence(&play.story).iter().map(|e| e.6).collect();
    assert_eq!(fates, [Fate::Answered, Fate::Lost, Fate::Answered]);
}

#[test]
fn lost_events_make_the_story_wait_for_a_start_line() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, &GET[..30]);
    play.lost(3);
    assert_eq!(play.read(4, &POST[30..]).first(), "");
    assert_eq!(play.read(4, GET).first(), "> GET / HTTP/1.1  (complete)");
}

#[test]
fn what_is_not_http_is_named_once_and_counted() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    assert_eq!(
        play.read(4, b"\x16\x03\x01\x02\x00\x01").first(),
        "TLS begins: it is encrypted"
    );
    assert_eq!(
        play.read(4, b"GET / HTTP/1.1\r\n\r\n").first(),
        "> 18 bytes, not HTTP"
    );
    play.accept(5, 40001);
    assert_eq!(
        play.read(5, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").first(),
        "HTTP/2 begins: not decoded"
    );
    play.accept(6, 40002);
    assert_eq!(play.read(6, b"\0\0\0\x01").first(), "this is not HTTP");
}

#[test]
fn after_switching_protocols_nothing_is_read_as_http() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(
        4,
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02";
    assert_eq!(play.write(4, switch).ids()[0], "switched");
    assert_eq!(
        play.read(4, b"GET / HTTP/1.1\r\n\r\n").first(),
        "> 18 bytes, not HTTP"
    );
    assert_eq!(play.write(4, HI).ids()[0], "not-http");
}

#[test]
fn an_interim_response_is_not_the_answer() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    let head = b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(play.read(4, head).ids(), ["expects-continue"]);
    assert_eq!(
        play.write(4, b"HTTP/1.1 100 Continue\r\n\r\n").ids(),
        ["continue"]
    );
    play.read(4, b"ab");
    play.write(4, HI);
    assert_eq!(essence(&play.story)[0].1, 200);
}

#[test]
fn an_exchange_counts_every_call_from_its_first_byte_to_its_last() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, &GET[..10]);
    play.read(4, &GET[10..]);
    play.open(b"index.html", 5);
    play.stat(5, 15);
    play.read(5, b"fifteen bytes!!");
    play.close(5);
    play.write(4, &ok_page());
    play.read_fails(4, 11);
    let exchange = &play.story.history().first()[0];
    let calls: Vec<_> = exchange
        .calls
        .iter()
        .map(|(id, n)| (id.name(), n))
        .collect();
    assert_eq!(
        calls,
        [
            ("read", 3),
            ("openat", 1),
            ("fstat", 1),
            ("close", 1),
            ("write", 1)
        ]
    );
    assert_eq!(exchange.time_to_first_byte(), Some(6 * 21_000));
}

#[test]
fn a_request_begins_with_its_own_first_byte_not_with_that_of_the_one_before() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, &POST[..POST.len() - 2]);
    play.t += 1_000_000;
    let both = [&POST[POST.len() - 2..], GET].concat();
    play.read(4, &both);
    play.write(4, HI);
    play.write(4, HI);
    let times: Vec<_> = play
        .story
        .history()
        .first()
        .iter()
        .map(|e| e.time_to_first_byte())
        .collect();
    assert_eq!(times, [Some(1_042_000), Some(42_000)]);
}

#[test]
fn after_a_response_that_breaks_a_rule_the_next_one_answers_the_next_request() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, GET);
    let said = play.write(4, b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\nbody");
    assert_eq!(said.first(), "< 200 OK  34 head + 4/?");
    assert!(said.ids().contains(&"malformed"));
    play.read(4, POST);
    assert_eq!(play.write(4, HI).first(), "< 200 OK  38 head + 2 body");
    let all = essence(&play.story);
    assert_eq!(
        all.last().map(|e| (e.0.as_str(), e.1)),
        Some(("POST /echo", 200)),
        "{all:?}"
    );
}

#[test]
fn requests_that_nobody_answers_do_not_pile_up() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    for _ in 0..3000 {
        play.read(4, GET);
    }
    let waiting: usize = play
        .story
        .connections()
        .iter()
        .map(|c| c.waiting.len())
        .sum();
    assert!(waiting <= 1024, "{waiting}");
    assert_eq!(play.story.history().count + waiting as u64, 3000);
}

/// A response whose one chunk of 100 bytes was kept only in part: so many bytes of it in all, and what was kept
/// at its end.
fn chunk_kept_in_part(bytes: u64, end: &[u8]) -> Play {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, GET);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc";
    let mut builder = Builder::default();
    builder.segment(
        1,
        httpsys::event::raw::part::LATER,
        bytes - end.len() as u64,
        end,
    );
    let raw = builder.raw();
    let call = Call::Send {
        fd: Fd(4),
        asked: bytes,
        data: Data::one(bytes, head).and_later(raw.memory, 1),
        flags: 0,
    };
    play.ok("write", call, bytes as i64);
    play
}

/// Bytes of that response up to the end of its chunk's data.
const UP_TO_DATA: u64 = 47 + 4 + 100;

#[test]
fn a_chunk_of_which_only_a_part_was_kept_ends_where_its_size_says() {
    // All of the framing behind it was kept.
    let mut play = chunk_kept_in_part(UP_TO_DATA + 7, b"x\r\n0\r\n\r\n");
    play.read(4, GET);
    play.write(4, HI);
    // None of it, and it can only be the line end; nothing of it: the line end comes in the next call.
    for more in [0, 1, 2] {
        let mut cut = chunk_kept_in_part(UP_TO_DATA + more, b"");
        cut.write(4, &b"\r\n0\r\n\r\n"[more as usize..]);
        cut.read(4, GET);
        cut.write(4, HI);
        let all = essence(&cut.story);
        assert_eq!(all, essence(&play.story), "{more} bytes behind the chunk");
        assert_eq!((all[0].3, all[0].5), (UP_TO_DATA + 7, 100));
        assert_eq!((all[0].6, all[1].6), (Fate::Answered, Fate::Answered));
    }
}

#[test]
fn an_exchange_whose_end_cannot_be_told_goes_on_until_the_next_one_begins() {
    let mut play = chunk_kept_in_part(UP_TO_DATA + 20, b"");
    assert!(
        play.said
            .last()
            .is_some_and(|said| said.ids().contains(&"framing-unknown"))
    );
    let said = play.write(4, b"more of it").clone();
    assert_eq!(said.exchange.map(|r| r.0), Some(1));
    assert_eq!(play.story.history().count, 0);
    let said = play.read(4, GET).clone();
    assert_eq!(said.exchange.map(|r| r.0), Some(2));
    play.write(4, HI);
    let all = essence(&play.story);
    assert_eq!((all[0].3, all[0].6), (UP_TO_DATA + 20 + 10, Fate::Lost));
    assert_eq!((all[1].3, all[1].6), (HI.len() as u64, Fate::Answered));
}

#[test]
fn a_tunnel_is_left_alone_on_both_its_sides_and_a_plain_port_is_named_when_it_answers() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00";
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, b"CONNECT foo:443 HTTP/1.1\r\nHost: foo:443\r\n\r\n");
    play.write(4, b"HTTP/1.1 200 Connection established\r\n\r\n");
    assert_eq!(play.read(4, hello).first(), "> 7 bytes, not HTTP");
    assert_eq!(play.write(4, hello).first(), "< 7 bytes, not HTTP");
    // Refused: no tunnel.
    play.accept(5, 40001);
    play.read(5, b"CONNECT foo:443 HTTP/1.1\r\nHost: foo:443\r\n\r\n");
    play.write(5, b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(play.read(5, GET).first(), "> GET / HTTP/1.1  (complete)");
    // TLS where it belongs, and where it does not.
    play.accept(6, 40002);
    play.read(6, hello);
    assert_eq!(play.write(6, hello).first(), "TLS begins: it is encrypted");
    play.accept(7, 40003);
    play.read(7, hello);
    let said = play.write(7, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let notes: Vec<String> = said.notes.iter().map(ToString::to_string).collect();
    assert!(
        notes.contains(&"a TLS hello came: a plain port".to_owned()),
        "{notes:?}"
    );
}
