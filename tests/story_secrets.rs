//! Values of Authorization, Cookie, Set-Cookie and Proxy-Authorization are hidden: in both directions,
//! however the calls are cut, taken or not.

mod story_events;

use httpsys::abi::Fd;
use httpsys::event::What;
use httpsys::event::call::{Call, Data};
use story_events::{Play, syscall};

const REQUESTS: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2VjcmV0\r\n\r\n\
POST /b HTTP/1.1\r\nHost: x\r\nCookie: id=secret; b=secret\r\nContent-Length: 21\r\n\r\nCookie: not-a-secret\n\
PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n15\r\nAuthorization: open\r\n\r\n0\r\nCookie: late-secret\r\n\r\n\
GET /d HTTP/1.1\r\nHost: x\r\nProxy-Authorization:\tsecret\r\n\r\n";

/// The secret bytes of a stream, as a mask: one `*` for each hidden byte.
fn masked(stream: &[u8], piece: usize, receiving: bool) -> String {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    let mut shown = stream.to_vec();
    let mut at = 0;
    for bytes in stream.chunks(piece) {
        let said = match receiving {
            true => play.read(4, bytes),
            false => play.write(4, bytes),
        };
        for (from, to) in &said.secrets {
            shown[at + *from as usize..at + *to as usize].fill(b'*');
        }
        at += bytes.len();
    }
    shown.escape_ascii().to_string()
}

#[test]
fn secrets_of_requests_are_the_same_bytes_whole_and_in_pieces_of_any_size() {
    let whole = masked(REQUESTS, usize::MAX, true);
    assert!(
        whole.contains(r"Authorization: **************\r\n"),
        "{whole}"
    );
    assert!(
        whole.contains(r"Cookie: *******************\r\n"),
        "{whole}"
    );
    assert!(
        whole.contains(r"Cookie: not-a-secret\n"),
        "a body is not a head: {whole}"
    );
    assert!(
        whole.contains(r"Authorization: open\r\n"),
        "a chunk is not a head: {whole}"
    );
    assert!(
        whole.contains(r"Cookie: ***********\r\n"),
        "a trailer is: {whole}"
    );
    assert!(
        whole.contains(r"Proxy-Authorization:\t******\r\n"),
        "{whole}"
    );
    for piece in 1..REQUESTS.len() {
        assert_eq!(masked(REQUESTS, piece, true), whole, "pieces of {piece}");
    }
}

#[test]
fn secrets_of_responses_are_hidden_too() {
    let responses = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=secret\r\nContent-Length: 2\r\n\r\nHi\
HTTP/1.1 204 No Content\r\nset-cookie: id=secret\r\n\r\n";
    let whole = masked(responses, usize::MAX, false);
    assert!(!whole.contains("secret"), "{whole}");
    for piece in 1..responses.len() {
        assert_eq!(masked(responses, piece, false), whole, "pieces of {piece}");
    }
}

const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 53\r\n\r\n\
GET /headers HTTP/1.1\r\nHost: x\r\nCookie: topsecret\r\n\r\n\
HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\nCookie: a jar\r\n";

#[test]
fn a_page_of_plain_text_that_shows_a_head_hides_its_secrets() {
    let whole = masked(PAGE, usize::MAX, false);
    assert!(whole.contains(r"\r\nCookie: *********\r\n\r\n"), "{whole}");
    assert!(whole.contains("Cookie: a jar"), "{whole}");
    for piece in 1..PAGE.len() {
        assert_eq!(masked(PAGE, piece, false), whole, "{piece}");
    }
}

#[test]
fn a_request_that_is_refused_hides_its_secrets_all_the_same() {
    let refused = b"GET / HTTP/1.1\r\nBad Header: x\r\nAuthorization: Basic c2VjcmV0\r\n\r\n";
    let whole = masked(refused, usize::MAX, true);
    assert!(
        whole.ends_with(r"Authorization: **************\r\n\r\n"),
        "{whole}"
    );
    for piece in 1..refused.len() {
        assert_eq!(masked(refused, piece, true), whole, "pieces of {piece}");
    }
}

#[test]
fn bytes_that_were_offered_and_not_taken_are_hidden_as_well() {
    let response = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=secret\r\nContent-Length: 2\r\n\r\nHi";
    let expected = [(29, 38)];
    for taken in 0..response.len() {
        let mut play = Play::default();
        play.listener();
        play.accept(4, 40000);
        assert_eq!(
            hidden(&play.write_some(4, response, taken).secrets),
            hidden(&expected),
            "{taken} taken"
        );
        // What is offered again begins in the middle of the value.
        let rest = &response[taken..];
        let want: u64 = 38u64.saturating_sub(taken.max(29) as u64);
        let again = play.write(4, rest).secrets.clone();
        assert_eq!(
            again.iter().map(|(a, b)| b - a).sum::<u64>(),
            want,
            "after {taken}"
        );
    }
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    assert_eq!(play.write_fails(4, response, 11).secrets, expected);
    let data = Data::one(response.len() as u64, response);
    let call = Call::Send {
        fd: Fd(4),
        asked: response.len() as u64,
        data,
        flags: 0,
    };
    assert_eq!(
        play.event(What::Enter(syscall("write", call))).secrets,
        expected
    );
}

/// Ranges as single bytes: two neighbouring ranges hide the same as one.
fn hidden(ranges: &[(u64, u64)]) -> Vec<u64> {
    ranges.iter().flat_map(|(from, to)| *from..*to).collect()
}

#[test]
fn looking_at_a_request_without_taking_it_hides_its_secrets_both_times() {
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n";
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    let data = Data::one(request.len() as u64, request);
    let call = Call::Receive {
        fd: Fd(4),
        asked: 8192,
        data,
        flags: 2,
    };
    let peeked = play.ok("recvfrom", call, request.len() as i64).clone();
    assert_eq!(peeked.ids(), ["peeked"]);
    let taken = play.read(4, request).clone();
    assert_eq!(taken.ids(), ["request-complete"]);
    assert_eq!(peeked.secrets, taken.secrets);
    assert_eq!(taken.secrets, [(33, 39)]);
}

#[test]
fn a_value_that_was_cut_by_lost_events_stays_hidden_to_its_line_end() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40000);
    play.read(4, b"GET / HTTP/1.1\r\nCookie: sec");
    play.lost(1);
    assert_eq!(
        play.read(4, b"ret\r\nCookie: more\r\n\r\n").secrets,
        [(0, 3), (13, 17)]
    );
}
