//! A proxy's own requests are joined to those that they serve, where that is certain, and nowhere else.

mod story_events;

use httpsys::abi::Fd;
use httpsys::abi::address::Address;
use httpsys::abi::calls::IO_URING_ENTER;
use httpsys::event::args::Args;
use httpsys::event::call::{Call, CallName, Completed, Data, Found, Outcome, Syscall};
use httpsys::event::raw::{Raw, RawHead};
use httpsys::event::{RingOperation, What};
use httpsys::story::ExchangeId;
use httpsys::view::View;
use httpsys::view::paint::Paint;
use httpsys::view::summary::SummaryView;
use story_events::{GET, Play, ok_page, syscall, v4};

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

fn proxy() -> Play {
    let mut play = Play::default();
    play.listener();
    play
}

/// A proxy whose accepted sockets never wait.
fn event_loop() -> Play {
    proxy()
}

fn accept_quick(play: &mut Play, fd: i64, port: u16) {
    play.ready(&[(1, 3)]);
    let call = Call::Accept {
        fd: Fd(3),
        peer: Some(v4(port)),
        flags: 0o4000,
    };
    play.ok("accept4", call, fd);
}

fn connect(play: &mut Play, fd: i32) {
    connect_to(play, fd, v4(9000));
}

fn connect_to(play: &mut Play, fd: i32, address: Address) {
    play.socket(i64::from(fd));
    let call = Call::Connect {
        fd: Fd(fd),
        address: Some(address),
    };
    play.ok("connect", call, 0);
}

/// Polls so many descriptors; 0 of them are ready.
fn poll(play: &mut Play, fds: u64, timeout: i64) {
    let call = Call::Poll {
        fds,
        timeout,
        found: Found::List(&[]),
    };
    play.ok("poll", call, 0);
}

fn epoll_without_waiting(play: &mut Play) {
    let call = Call::EpollWait {
        epoll: Fd(5),
        max: 64,
        timeout: 0,
        ready: httpsys::event::call::Ready::new(&[]),
    };
    play.ok("epoll_wait", call, 0);
}

/// What the exchanges serve, as the notes told it.
fn joins(play: &Play) -> Vec<String> {
    let notes = play.said.iter().flat_map(|said| &said.notes);
    notes
        .filter(|note| note.id() == "serves")
        .map(ToString::to_string)
        .collect()
}

fn thread(play: &mut Play, tid: u32) {
    play.tid = tid;
}

#[test]
fn a_thread_that_reads_a_request_and_connects_does_it_for_that_request() {
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    connect(&mut play, 5);
    play.write(5, &get("/upstream"));
    play.read(5, &ok_page());
    play.close(5);
    play.write(4, &ok_page());
    play.close(4);
    assert_eq!(joins(&play), ["r2 is for r1 of c1"]);
    let kept = play.story.history().first();
    let serves: Vec<_> = kept.iter().map(|e| (e.id.0, e.serves)).collect();
    assert_eq!(serves, [(2, Some(ExchangeId(1))), (1, None)]);
    let mut tables = Vec::new();
    SummaryView::after_trace(Paint::plain()).end(&play.story, &mut tables);
    let tables = String::from_utf8(tables).expect("text");
    assert!(tables.contains("\nr2 for r1  GET /upstream "), "{tables}");
    assert!(play.screen().contains(" r2 is for r1 of c1\n"));
}

#[test]
fn each_of_several_threads_works_for_its_own() {
    let mut play = proxy();
    for (tid, fd) in [(10, 4), (11, 5), (12, 6)] {
        play.accept(fd, 40000 + fd as u16);
        thread(&mut play, tid);
        play.read(fd as i32, GET);
        thread(&mut play, 7);
    }
    // They connect in another order than they were asked in.
    for (tid, fd) in [(12, 20), (10, 21), (11, 22)] {
        thread(&mut play, tid);
        connect(&mut play, fd);
        // A name is looked up, or room is waited for, on one descriptor.
        poll(&mut play, 1, 5000);
        play.write(fd, GET);
    }
    let expected = [
        "r4 is for r3 of c3",
        "r5 is for r1 of c1",
        "r6 is for r2 of c2",
    ];
    assert_eq!(joins(&play), expected);
}

#[test]
fn a_connection_that_is_used_again_serves_whoever_asks_now() {
    let mut play = proxy();
    play.accept(4, 40000);
    for (target, new) in [("/a", true), ("/b", false), ("/c", false)] {
        play.read(4, &get(target));
        if new {
            connect(&mut play, 5);
        }
        poll(&mut play, 1, 0);
        play.write(5, &get(target));
        play.read(5, &ok_page());
        play.write(4, &ok_page());
    }
    let expected = [
        "r2 is for r1 of c1",
        "r4 is for r3 of c1",
        "r6 is for r5 of c1",
    ];
    assert_eq!(joins(&play), expected);
}

#[test]
fn a_forked_child_works_for_what_it_reads() {
    let mut play = proxy();
    for (pid, fd) in [(100, 4), (101, 5)] {
        (play.pid, play.tid) = (7, 7);
        play.accept(fd, 40000 + fd as u16);
        play.ok("fork", Call::Clone { flags: 17 }, i64::from(pid));
        (play.pid, play.tid) = (pid, pid);
        play.read(fd as i32, GET);
    }
    for (pid, fd) in [(100, 6), (101, 7)] {
        (play.pid, play.tid) = (pid, pid);
        connect(&mut play, fd);
        play.write(fd, GET);
    }
    assert_eq!(joins(&play), ["r3 is for r1 of c1", "r4 is for r2 of c2"]);
}

#[test]
fn an_event_loop_connects_in_the_turn_that_read_and_writes_in_a_later_one() {
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    play.ready(&[(1, 4)]);
    play.read(4, GET);
    // asyncio looks for events once more before it runs the task.
    epoll_without_waiting(&mut play);
    play.socket(6);
    let call = Call::Connect {
        fd: Fd(6),
        address: Some(v4(9000)),
    };
    play.fails("connect", call, 115);
    play.ready(&[(4, 6)]);
    play.write(6, GET);
    assert_eq!(joins(&play), ["r2 is for r1 of c1"]);
}

#[test]
fn an_event_loop_with_several_requests_is_joined_by_turn_and_request_line_together() {
    let several = |lines: [&str; 2], asked: [&str; 2]| {
        let mut play = event_loop();
        for (fd, line) in [(4, lines[0]), (6, lines[1])] {
            accept_quick(&mut play, fd, 40000 + fd as u16);
            play.ready(&[(1, fd as u64)]);
            play.read(fd as i32, &get(line));
            connect(&mut play, fd as i32 + 10);
        }
        play.ready(&[(4, 16), (4, 14)]);
        play.write(16, &get(asked[1]));
        play.write(14, &get(asked[0]));
        joins(&play)
    };
    let both = ["r3 is for r2 of c3", "r4 is for r1 of c1"];
    assert_eq!(several(["/a", "/b"], ["/a", "/b"]), both);
    // The first was certain when it was made: nobody else was there.
    let first = ["r4 is for r1 of c1"];
    assert_eq!(several(["/a", "/a"], ["/a", "/a"]), first);
    assert_eq!(several(["/a", "/b"], ["/x", "/y"]), first);
    assert_eq!(several(["/a", "/b"], ["/b", "/a"]), first);
}

#[test]
fn requests_read_in_one_turn_cannot_be_told_apart() {
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    accept_quick(&mut play, 6, 40001);
    play.ready(&[(1, 4), (1, 6)]);
    play.read(4, &get("/a"));
    play.read(6, &get("/b"));
    connect(&mut play, 14);
    play.write(14, &get("/b"));
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn a_runtime_that_moves_tasks_between_threads_is_joined_only_when_there_is_no_choice() {
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    accept_quick(&mut play, 6, 40001);
    thread(&mut play, 10);
    play.read(4, GET);
    thread(&mut play, 11);
    play.read(6, GET);
    // Thread 10 goes on with what thread 11 has read, for all we know.
    thread(&mut play, 10);
    connect(&mut play, 14);
    play.write(14, GET);
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn what_a_program_asks_for_itself_serves_nobody() {
    // No request is open: it was answered before.
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    play.write(4, &ok_page());
    connect(&mut play, 5);
    play.write(5, GET);
    assert_eq!(joins(&play), [""; 0]);
    // Another thread, which has read nothing.
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    thread(&mut play, 10);
    connect(&mut play, 5);
    play.write(5, GET);
    assert_eq!(joins(&play), [""; 0]);
    // A timer of the event loop.
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    play.ready(&[(1, 4)]);
    play.read(4, GET);
    play.ready(&[]);
    connect(&mut play, 6);
    play.write(6, GET);
    assert_eq!(joins(&play), [""; 0]);
    // The request was handed over, and the next connection taken.
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    play.accept(5, 40001);
    connect(&mut play, 6);
    play.write(6, GET);
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn several_requests_at_once_on_either_side_are_not_joined() {
    let twice = [get("/a"), get("/b")].concat();
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, &twice);
    connect(&mut play, 5);
    play.write(5, &get("/a"));
    assert_eq!(joins(&play), [""; 0]);
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    connect(&mut play, 5);
    play.write(5, &twice);
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn a_program_that_talks_to_itself_is_no_proxy() {
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, GET);
    connect_to(&mut play, 5, v4(8080));
    play.write(5, GET);
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn a_connection_made_for_one_and_used_for_another_is_the_others() {
    // The first client left while its upstream was being connected.
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    play.ready(&[(1, 4)]);
    play.read(4, GET);
    connect(&mut play, 14);
    play.close(4);
    accept_quick(&mut play, 4, 40001);
    play.ready(&[(1, 4)]);
    play.read(4, GET);
    play.write(14, GET);
    assert_eq!(joins(&play), ["r3 is for r2 of c3"]);
    // Both are open, and the signs disagree.
    let mut play = event_loop();
    accept_quick(&mut play, 4, 40000);
    play.ready(&[(1, 4)]);
    play.read(4, &get("/a"));
    connect(&mut play, 14);
    accept_quick(&mut play, 6, 40001);
    play.ready(&[(1, 6)]);
    play.read(6, &get("/b"));
    play.write(14, &get("/a"));
    assert_eq!(joins(&play), [""; 0]);
}

#[test]
fn a_request_in_pieces_is_joined_when_its_head_is_complete() {
    let mut play = proxy();
    play.accept(4, 40000);
    play.read(4, &GET[..20]);
    play.read(4, &GET[20..]);
    connect(&mut play, 5);
    play.write(5, &GET[..30]);
    assert_eq!(joins(&play), [""; 0]);
    let data = Data::one(GET.len() as u64 - 30, &GET[30..]);
    let call = Call::Send {
        fd: Fd(5),
        asked: data.len,
        data,
        flags: 0,
    };
    let rest = data.len as i64;
    play.ok("sendto", call, rest);
    assert_eq!(joins(&play), ["r2 is for r1 of c1"]);
}

/// An operation of a ring: queued, or its result.
fn ring(play: &mut Play, user_data: u64, name: &str, call: Call<'_>, result: Option<i64>) {
    let call = Completed {
        syscall: syscall(name, call),
        outcome: result.map_or(Outcome::Unknown, Outcome::Returned),
        dur: 0,
        injected: false,
        delayed: false,
        redacted: false,
        cut_from: None,
    };
    let operation = RingOperation {
        op: 0,
        user_data,
        ended: result.is_some(),
        call,
    };
    play.event(What::Ring(operation));
}

fn ring_read(play: &mut Play, fd: i32, bytes: &[u8]) {
    let call = Call::Receive {
        fd: Fd(fd),
        asked: 8192,
        data: Data::one(bytes.len() as u64, bytes),
        flags: 0,
    };
    ring(
        play,
        100 + fd as u64,
        "read",
        call,
        Some(bytes.len() as i64),
    );
}

fn to_server(fd: i32) -> Call<'static> {
    Call::Connect {
        fd: Fd(fd),
        address: Some(v4(9000)),
    }
}

fn asking(fd: i32, bytes: &[u8]) -> Call<'_> {
    Call::Send {
        fd: Fd(fd),
        asked: bytes.len() as u64,
        data: Data::one(bytes.len() as u64, bytes),
        flags: 0,
    }
}

/// `io_uring_enter` that sleeps until so many results are there.
fn enter(play: &mut Play, results: u64) {
    let head = RawHead {
        args: [9, 1, results, 1, 0, 0],
        ..RawHead::default()
    };
    let raw = Raw { head, memory: &[] };
    let syscall = Syscall {
        name: CallName::Known(IO_URING_ENTER),
        args: Args::new(Some(IO_URING_ENTER), &raw, true),
        call: Call::Other,
    };
    let done = Completed {
        syscall,
        outcome: Outcome::Returned(1),
        dur: 0,
        injected: false,
        delayed: false,
        redacted: false,
        cut_from: None,
    };
    play.event(What::Call(done));
}

#[test]
fn what_a_ring_does_counts_from_when_it_was_queued() {
    let mut play = proxy();
    play.accept(4, 40000);
    ring_read(&mut play, 4, GET);
    play.socket(6);
    ring(&mut play, 1, "connect", to_server(6), None);
    enter(&mut play, 1);
    // Somebody else's request comes before the handshake is over.
    play.accept(5, 40001);
    ring_read(&mut play, 5, &get("/other"));
    ring(&mut play, 1, "connect", to_server(6), Some(0));
    ring(&mut play, 2, "write", asking(6, GET), None);
    enter(&mut play, 1);
    ring(
        &mut play,
        2,
        "write",
        asking(6, GET),
        Some(GET.len() as i64),
    );
    // Made for r1 when nobody else was there; written when r2 was looked at, with r1's line.
    assert_eq!(joins(&play), [""; 0]);
    let mut play = proxy();
    play.accept(4, 40000);
    ring_read(&mut play, 4, GET);
    play.socket(6);
    ring(&mut play, 1, "connect", to_server(6), None);
    enter(&mut play, 1);
    ring(&mut play, 1, "connect", to_server(6), Some(0));
    ring(&mut play, 2, "write", asking(6, GET), None);
    enter(&mut play, 1);
    play.accept(5, 40001);
    ring_read(&mut play, 5, GET);
    ring(
        &mut play,
        2,
        "write",
        asking(6, GET),
        Some(GET.len() as i64),
    );
    assert_eq!(joins(&play), ["r3 is for r1 of c1"]);
}

#[test]
fn a_thread_with_a_ring_may_go_on_with_anything_after_it_has_waited() {
    for (results, expected) in [(0, &["r2 is for r1 of c1"][..]), (1, &[])] {
        let mut play = proxy();
        play.accept(4, 40000);
        ring_read(&mut play, 4, GET);
        enter(&mut play, results);
        connect(&mut play, 6);
        play.write(6, GET);
        assert_eq!(joins(&play), expected, "waited for {results}");
    }
}

#[test]
fn requests_that_were_read_through_a_ring_are_rivals_whoever_read_them() {
    // With sockets that wait, each of two threads would work for its own.
    let mut play = proxy();
    for (tid, fd) in [(10, 4), (11, 5)] {
        thread(&mut play, 7);
        play.accept(fd, 40000 + fd as u16);
        thread(&mut play, tid);
        ring_read(&mut play, fd as i32, GET);
    }
    connect(&mut play, 6);
    play.write(6, GET);
    assert_eq!(joins(&play), [""; 0]);
}
