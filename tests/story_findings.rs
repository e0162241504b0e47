//! Findings: each where it must be made, and where it must not.

mod story_events;

use httpsys::abi::address::Address;
use httpsys::abi::{Fd, Pid};
use httpsys::event::call::{Call, Data, Outcome};
use httpsys::event::{ProcessEvent, What};
use story_events::{GET, Play, ok_page, v4};

fn serving() -> Play {
    let mut play = Play::default();
    play.listener();
    play
}

/// A server with one connection, whose request has been read.
fn asked(request: &[u8]) -> Play {
    let mut play = serving();
    play.accept(4, 40000);
    play.read(4, request);
    play
}

fn ids(play: &Play) -> Vec<&'static str> {
    play.story.findings().iter().map(|note| note.id()).collect()
}

#[track_caller]
fn finds(play: &Play, id: &str, sentence: &str) {
    let found = play.story.findings();
    let note = found.iter().find(|note| note.id() == id);
    let note = note.unwrap_or_else(|| panic!("{id} is not among {found:?}"));
    assert_eq!(note.to_string(), sentence);
    let told = play.said.iter().flat_map(|said| &said.notes);
    assert_eq!(told.filter(|note| note.id() == id).count(), 1, "told once");
}

#[track_caller]
fn finds_nothing(play: &Play) {
    assert_eq!(play.story.findings(), []);
}

fn page(promised: usize, sent: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {promised}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; sent]].concat()
}

fn shutdown(play: &mut Play, fd: i32) {
    play.ok("shutdown", Call::Shutdown { fd: Fd(fd), how: 1 }, 0);
}

fn room(play: &mut Play, fd: i32) {
    play.ready(&[(4, fd as u64)]);
}

/// Nobody wants anything: the program waits, and has for a while.
fn goes_to_sleep(play: &mut Play) {
    let call = Call::Accept {
        fd: Fd(3),
        peer: None,
        flags: 0,
    };
    play.waits("accept4", call);
}

fn kill(play: &mut Play, signal: i32) {
    play.event(What::Signal {
        number: signal,
        info: None,
    });
    play.process(ProcessEvent::Killed { signal });
}

#[test]
fn a_server_as_it_should_be_gives_no_finding() {
    let mut play = serving();
    for (fd, port) in [(4, 40000), (5, 40001)] {
        play.accept(fd, port);
        play.read(fd as i32, GET);
        play.write(fd as i32, &ok_page());
        play.read(fd as i32, GET);
        play.write(fd as i32, &ok_page());
        play.read(fd as i32, b"");
        play.close(fd as i32);
    }
    play.ok(
        "accept4",
        Call::Accept {
            fd: Fd(3),
            peer: None,
            flags: 0,
        },
        4,
    );
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn the_rest_of_a_short_write_that_is_not_sent() {
    let body = page(1000, 1000);
    let mut play = asked(GET);
    play.write_some(4, &body, 400);
    play.close(4);
    finds(
        &play,
        "short-write-ignored",
        "c1 r1 the rest of a short write was never sent: took 400 of 1041",
    );
    // Something else is sent in its place.
    let mut play = asked(GET);
    play.write_some(4, &body, 400);
    play.write(4, &ok_page());
    assert!(ids(&play).contains(&"short-write-ignored"));
}

#[test]
fn the_rest_of_a_short_write_that_is_sent_or_cannot_be() {
    let body = page(1000, 1000);
    let sent_on = |play: &mut Play| {
        play.write_some(4, &body, 400);
        play.write_fails(4, &body[400..], 11);
        room(play, 4);
        play.write(4, &body[400..]);
        play.close(4);
    };
    let mut play = asked(GET);
    sent_on(&mut play);
    finds_nothing(&play);
    // The next piece is shorter than what is left.
    let mut play = asked(GET);
    play.write_some(4, &body, 400);
    play.write(4, &body[400..500]);
    play.write(4, &body[500..]);
    play.close(4);
    finds_nothing(&play);
    // It waited for room and gave up, or the client had left.
    let mut play = asked(GET);
    play.write_some(4, &body, 400);
    play.ready(&[]);
    play.close(4);
    finds_nothing(&play);
    for errno in [32, 104] {
        let mut play = asked(GET);
        play.write_some(4, &body, 400);
        play.write_fails(4, &body[400..], errno);
        play.close(4);
        finds_nothing(&play);
    }
}

#[test]
fn an_answer_to_a_part_of_a_head() {
    for (status, reason) in [(200, "OK"), (400, "Bad Request"), (404, "Not Found")] {
        let mut play = asked(b"GET / HT");
        let answer = format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n\r\n");
        play.write(4, answer.as_bytes());
        finds(
            &play,
            "short-read-assumed",
            &format!("c1 r1 answered {status} after 8 bytes of an unfinished head"),
        );
    }
}

#[test]
fn an_answer_that_may_come_early() {
    let refuses = |request: &[u8], status: &str| {
        let mut play = asked(request);
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        play.write(4, answer.as_bytes());
        shutdown(&mut play, 4);
        play.close(4);
        play
    };
    finds_nothing(&refuses(b"GET / HT", "408 Request Timeout"));
    finds_nothing(&refuses(b"GET /aaaaa", "414 URI Too Long"));
    finds_nothing(&refuses(b"GET / HTTP/1.1\r\nA: b\r\n", "431 Too Large"));
    // What came breaks a rule already.
    finds_nothing(&refuses(
        b"G@T / HTTP/1.1\r\nHost : x\r\n",
        "400 Bad Request",
    ));
    // The client has closed inside its request.
    let mut play = asked(b"GET / HT");
    play.read(4, b"");
    play.write(4, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn reading_on_and_on_after_the_end() {
    let mut play = asked(GET);
    play.write(4, &ok_page());
    for _ in 0..20 {
        play.read(4, b"");
    }
    finds(
        &play,
        "eof-spin",
        "c1 read 0 (end of input) 8 times and did not close",
    );
    let mut play = asked(GET);
    play.write(4, &ok_page());
    play.read(4, b"");
    play.read(4, b"");
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn asking_again_and_again_without_sleep() {
    let mut play = serving();
    for _ in 0..300 {
        let call = Call::Accept {
            fd: Fd(3),
            peer: None,
            flags: 0,
        };
        play.fails("accept4", call, 11);
    }
    finds(
        &play,
        "busy-poll",
        "asked 256 times in a row for nothing, without sleeping",
    );
}

#[test]
fn asking_again_after_a_pause_is_no_loop() {
    let mut play = serving();
    play.accept(4, 40000);
    for _ in 0..600 {
        play.read_fails(4, 11);
        play.ok("clock_nanosleep", Call::Other, 0);
    }
    finds_nothing(&play);
    // A call that slept until its time was over has slept.
    for _ in 0..600 {
        play.dur = 10_000_000;
        play.read_fails(4, 11);
    }
    finds_nothing(&play);
    // Two threads that are busy with other things, and ask now and then.
    for round in 0..600 {
        play.tid = 7 + round % 2;
        play.read_fails(4, 11);
        play.ok("getpid", Call::Other, 7);
    }
    finds_nothing(&play);
    // Slowly, as a program does that computes meanwhile.
    for _ in 0..600 {
        play.t += 10_000_000;
        play.read_fails(4, 11);
    }
    finds_nothing(&play);
}

fn listens(port: u16, option: Option<(u32, u32)>, told: bool) -> Play {
    let mut play = Play::default();
    if told {
        play.socket(3);
    }
    if let Some((level, name)) = option {
        let one = 1i32.to_ne_bytes();
        let call = Call::SetOption {
            fd: Fd(3),
            level,
            name,
            value: &one,
        };
        play.ok("setsockopt", call, 0);
    }
    let address = Some(v4(port));
    play.ok("bind", Call::Bind { fd: Fd(3), address }, 0);
    play.ok(
        "listen",
        Call::Listen {
            fd: Fd(3),
            backlog: 5,
        },
        0,
    );
    play
}

#[test]
fn a_listener_that_cannot_come_back_at_once() {
    let play = listens(8080, None, true);
    finds(&play, "no-reuseaddr", "fd 3 listens without SO_REUSEADDR");
}

#[test]
fn a_listener_that_can() {
    finds_nothing(&listens(8080, Some((1, 2)), true));
    finds_nothing(&listens(8080, Some((1, 15)), true));
    // Any port will do; nobody saw what was set; a name in the file system has no TIME_WAIT.
    finds_nothing(&listens(0, None, true));
    finds_nothing(&listens(8080, None, false));
    let mut play = Play::default();
    let call = Call::Socket {
        domain: 1,
        kind: 1,
        flags: 0,
        protocol: 0,
    };
    play.ok("socket", call, 3);
    let address = Some(Address::Unix(b"/tmp/s".to_vec()));
    play.ok("bind", Call::Bind { fd: Fd(3), address }, 0);
    play.ok(
        "listen",
        Call::Listen {
            fd: Fd(3),
            backlog: 5,
        },
        0,
    );
    finds_nothing(&play);
}

/// A connection that a child takes along into another program.
fn inherits(flags: u32, to: Option<i32>) -> Play {
    let mut play = serving();
    let call = Call::Accept {
        fd: Fd(3),
        peer: Some(v4(40000)),
        flags,
    };
    play.ok("accept4", call, 4);
    play.read(4, GET);
    play.process(ProcessEvent::Spawn {
        child: Pid(8),
        thread: false,
    });
    (play.pid, play.tid) = (8, 8);
    if let Some(to) = to {
        let call = Call::Dup {
            close_on_exec: false,
            fd: Fd(4),
            to: Some(Fd(to)),
        };
        play.ok("dup2", call, i64::from(to));
    }
    play.process(ProcessEvent::Exec {
        program: "/bin/cgi".to_owned(),
        without_rights: false,
    });
    (play.pid, play.tid) = (7, 7);
    play
}

#[test]
fn a_connection_in_a_program_that_knows_nothing_of_it() {
    let play = inherits(0, None);
    finds(
        &play,
        "no-cloexec",
        "c1 fd 4 is open in another program after execve",
    );
}

#[test]
fn a_connection_that_a_program_was_given_on_purpose_or_not_at_all() {
    finds_nothing(&inherits(0o2000000, None));
    finds_nothing(&inherits(0o2000000, Some(1)));
    finds_nothing(&inherits(0, Some(1)));
}

const UPLOAD: &[u8] = b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n0123456789";

#[test]
fn closing_with_bytes_unread() {
    let mut play = asked(UPLOAD);
    play.write(4, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    play.close(4);
    finds(
        &play,
        "close-with-unread",
        "c1 r1 closed with 99990 bytes of the body unread: RST",
    );
    let mut play = serving();
    play.accept(4, 40000);
    play.write(4, &ok_page());
    play.close(4);
    finds(
        &play,
        "close-with-unread",
        "c1 r1 answered and closed, the request unread: RST",
    );
}

#[test]
fn closing_when_nothing_is_left_or_with_care() {
    let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    // It says that no more comes, reads what does, and closes then.
    let mut play = asked(UPLOAD);
    play.write(4, answer);
    shutdown(&mut play, 4);
    play.read(4, b"more");
    play.read(4, b"");
    play.close(4);
    finds_nothing(&play);
    // The client has closed its side, or was not told to send the body.
    let mut play = asked(UPLOAD);
    play.read(4, b"");
    play.write(4, answer);
    play.close(4);
    finds_nothing(&play);
    let mut play = asked(
        b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
    );
    play.write(4, answer);
    play.close(4);
    finds_nothing(&play);
    // Nothing came, so nothing was answered.
    let mut play = serving();
    play.accept(4, 40000);
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn killed_by_a_client_that_left() {
    let mut play = asked(GET);
    play.write_fails(4, &ok_page(), 32);
    kill(&mut play, 13);
    finds(
        &play,
        "sigpipe-death",
        "c1 r1 killed by SIGPIPE: wrote after the peer had left",
    );
}

#[test]
fn a_broken_pipe_that_is_survived_and_other_deaths() {
    let mut play = asked(GET);
    play.write_fails(4, &ok_page(), 32);
    play.close(4);
    finds_nothing(&play);
    kill(&mut play, 9);
    finds_nothing(&play);
    // A command in a pipeline that is no server.
    let mut play = serving();
    let call = Call::Send {
        fd: Fd(1),
        asked: 1,
        data: Data::one(1, b"x"),
        flags: 0,
    };
    play.fails("write", call, 32);
    kill(&mut play, 13);
    finds_nothing(&play);
}

fn in_two_writes(play: &mut Play) {
    let page = page(15, 15);
    let (head, body) = page.split_at(page.len() - 15);
    play.write(4, head);
    play.write(4, body);
}

#[test]
fn a_small_response_in_two_writes_on_a_connection_that_stays() {
    let mut play = asked(GET);
    in_two_writes(&mut play);
    finds_nothing(&play);
    play.read(4, GET);
    finds(
        &play,
        "split-response-write",
        "c1 r1 a small response in 2 writes: Nagle may hold the last",
    );
}

#[test]
fn several_writes_that_nobody_holds_back() {
    // The connection closes: what is left goes at once.
    let mut play = asked(GET);
    in_two_writes(&mut play);
    play.close(4);
    finds_nothing(&play);
    // TCP_NODELAY.
    let mut play = asked(GET);
    let one = 1i32.to_ne_bytes();
    let call = Call::SetOption {
        fd: Fd(4),
        level: 6,
        name: 1,
        value: &one,
    };
    play.ok("setsockopt", call, 0);
    in_two_writes(&mut play);
    play.read(4, GET);
    finds_nothing(&play);
    // Long ones fill packets; chunks come when they come.
    let mut play = asked(GET);
    let long = page(5000, 5000);
    play.write(4, &long[..2000]);
    play.write(4, &long[2000..]);
    play.read(4, GET);
    play.write(4, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    play.write(4, b"1\r\nx\r\n");
    play.write(4, b"0\r\n\r\n");
    play.read(4, GET);
    finds_nothing(&play);
}

#[test]
fn a_body_that_is_shorter_or_longer_than_promised() {
    let mut play = asked(GET);
    play.write(4, &page(100, 15));
    play.close(4);
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 Content-Length 100, but only 15 bytes sent",
    );
    let mut play = asked(GET);
    play.write(4, &page(10, 15));
    play.close(4);
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 Content-Length 10, and 5 bytes more sent",
    );
    // One byte too many, because one letter takes two: a line end that is no line of a head.
    let mut play = asked(GET);
    play.write(
        4,
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nh\xc3\xa9llo\n",
    );
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 Content-Length 6, and 1 byte more sent",
    );
    // The bytes too many come in a call of their own, with a line end.
    let mut play = asked(GET);
    play.write(4, &page(10, 10));
    play.write(4, b"and more\n");
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 Content-Length 10, and 9 bytes more sent",
    );
}

#[test]
fn a_body_that_is_cut_by_the_client_or_has_no_length() {
    let mut play = asked(GET);
    play.write(4, &page(100, 15));
    play.write_fails(4, b"x", 32);
    play.close(4);
    finds_nothing(&play);
    let mut play = asked(GET);
    play.write(4, &page(100, 15));
    play.read(4, b"");
    play.close(4);
    finds_nothing(&play);
    // Poll told that the client has gone.
    let mut play = asked(GET);
    play.write(4, &page(100, 15));
    play.watch(1, 4, 1);
    play.ready(&[(0x2011, 4)]);
    play.close(4);
    finds_nothing(&play);
    let mut play = asked(GET);
    play.write(4, b"HTTP/1.0 200 OK\r\n\r\nas long as it takes");
    play.close(4);
    finds_nothing(&play);
    // What our own client gets is not our doing.
    let mut play = Play::default();
    play.socket(4);
    let address = Some(v4(80));
    play.ok("connect", Call::Connect { fd: Fd(4), address }, 0);
    play.write(4, GET);
    play.read(4, &page(100, 15));
    play.read(4, b"");
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn an_answer_to_head_with_a_body() {
    let mut play = asked(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    play.write(4, &page(15, 15));
    play.close(4);
    finds(
        &play,
        "head-body-sent",
        "c1 r1 HEAD was answered with a body: 15 bytes",
    );
    let mut play = asked(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    play.write(4, &page(15, 0));
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn a_head_without_its_line_ends() {
    let mut play = asked(GET);
    play.write(4, b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi");
    play.close(4);
    assert!(ids(&play).contains(&"missing-crlf"));
    // No blank line behind the fields.
    let mut play = asked(GET);
    play.write(4, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    play.close(4);
    finds(
        &play,
        "missing-crlf",
        "c1 r1 a head that no blank line ends",
    );
}

#[test]
fn a_body_behind_a_status_that_has_none() {
    let mut play = asked(GET);
    play.write(4, b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok");
    play.close(4);
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 a 204 has no body, and 2 bytes went behind it",
    );
    let mut play = asked(GET);
    play.write(4, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n");
    play.close(4);
    finds_nothing(&play);
}

#[test]
fn a_request_that_broke_a_rule_and_was_refused_is_not_a_head_taken_for_whole() {
    let refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let mut play = asked(b"GET /a b HTTP/1.1\r\nHost");
    play.write(4, refused);
    play.close(4);
    finds_nothing(&play);
    let exchange = &play.story.history().first()[0];
    assert_eq!(exchange.line.as_bytes(), b"GET /a b");
    assert_eq!((exchange.status, exchange.bytes_in), (400, 23));
}

#[test]
fn ending_because_one_accept_failed() {
    let failing = |errno| {
        let mut play = serving();
        let call = Call::Accept {
            fd: Fd(3),
            peer: None,
            flags: 0,
        };
        play.fails("accept4", call, errno);
        let said = Call::Send {
            fd: Fd(2),
            asked: 7,
            data: Data::one(7, b"accept!"),
            flags: 0,
        };
        play.ok("write", said, 7);
        play
    };
    let mut play = failing(103);
    play.call("exit_group", Call::Other, Outcome::Unknown);
    play.process(ProcessEvent::Exit { status: 1 });
    finds(
        &play,
        "accept-error-exit",
        "ended because of one accept: ECONNABORTED",
    );
    // Sources that show no exit_group tell of the end.
    let mut play = failing(24);
    play.process(ProcessEvent::Exit { status: 1 });
    finds(
        &play,
        "accept-error-exit",
        "ended because of one accept: EMFILE",
    );
}

#[test]
fn ending_for_other_reasons() {
    let accept = || Call::Accept {
        fd: Fd(3),
        peer: None,
        flags: 0,
    };
    // It went on.
    let mut play = serving();
    play.fails("accept4", accept(), 103);
    play.accept(4, 40000);
    play.close(4);
    play.process(ProcessEvent::Exit { status: 0 });
    finds_nothing(&play);
    let mut play = serving();
    play.fails("accept4", accept(), 24);
    play.ok("clock_nanosleep", Call::Other, 0);
    play.process(ProcessEvent::Exit { status: 0 });
    finds_nothing(&play);
    // It was asked to end; or there was nobody, which is no error; or nothing listens any more.
    for (signal, errno) in [(15, 4), (2, 4), (0, 11), (0, 22)] {
        let mut play = serving();
        if signal > 0 {
            play.event(What::Signal {
                number: signal,
                info: None,
            });
        }
        play.fails("accept4", accept(), errno);
        play.process(ProcessEvent::Exit { status: 0 });
        finds_nothing(&play);
    }
    // A signal that means nothing of the kind.
    let mut play = serving();
    play.event(What::Signal {
        number: 17,
        info: None,
    });
    play.fails("accept4", accept(), 4);
    play.process(ProcessEvent::Exit { status: 1 });
    finds(
        &play,
        "accept-error-exit",
        "ended because of one accept: EINTR",
    );
}

#[test]
fn what_happens_again_is_counted() {
    let mut play = serving();
    for port in 0..5 {
        play.accept(4, 40000 + port);
        play.read(4, GET);
        play.write(4, &page(100, 15));
        play.close(4);
    }
    finds(
        &play,
        "content-length-mismatch",
        "c1 r1 Content-Length 100, but only 15 bytes sent (5 times)",
    );
    assert!(
        play.screen()
            .contains("! c1 r1 Content-Length 100, but only 15 bytes sent (5 times)")
    );
}

#[test]
fn the_time_of_an_exchange_is_told_apart() {
    let mut play = serving();
    play.accept(4, 40000);
    play.watch(1, 4, 1);
    play.dur = 900;
    play.read(
        4,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n",
    );
    play.read_fails(4, 11);
    play.dur = 5_000_000;
    play.ready(&[(1, 4)]);
    play.dur = 70_000;
    play.read(4, b"hi");
    play.t += 2_000_000;
    play.dur = 300_000;
    play.write(4, &ok_page());
    let exchange = &play.story.history().first()[0];
    let spent = exchange.spent;
    assert_eq!(
        (spent.receiving, spent.sending, spent.ready),
        (71_000, 300_000, 5_000_000)
    );
    assert_eq!((spent.wakes, spent.again), (1, 1));
    let program = exchange.in_program().expect("it has ended");
    // Four pauses of 20 µs between calls, and one of 2 ms.
    assert_eq!(program, 2_080_000);
}

#[test]
fn a_connection_that_lingers_is_no_leak() {
    let mut play = asked(GET);
    play.write(4, &ok_page());
    shutdown(&mut play, 4);
    play.read(4, b"");
    finds_nothing(&play);
    let mut play = asked(GET);
    play.write(4, &ok_page());
    play.read(4, b"");
    goes_to_sleep(&mut play);
    assert_eq!(ids(&play), ["fd-leak"]);
}
