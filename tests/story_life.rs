//! Lives of descriptors and connections: numbers used again, forks, threads, ends of every kind.

mod story_events;

use httpsys::abi::{Fd, Pid};
use httpsys::event::ProcessEvent;
use httpsys::event::call::{Call, Data, Found};
use httpsys::story::words::GLOSSARY;
use httpsys::story::{FdKind, FdName};
use std::collections::BTreeSet;
use story_events::{GET, Play, ok_page, v4};

fn serving() -> Play {
    let mut play = Play::default();
    play.listener();
    play
}

#[test]
fn a_number_that_comes_back_is_said_once_and_is_another_connection() {
    let mut play = serving();
    play.accept(4, 40000);
    play.close(4);
    assert_eq!(play.accept(4, 40001).ids(), ["accepted", "fd-again"]);
    play.close(4);
    assert_eq!(play.accept(4, 40002).ids(), ["accepted"]);
    let info = play.story.fd(Pid(7), Fd(4)).expect("it is open");
    assert_eq!(info.generation, 3);
    assert_eq!(
        info.connection.map(|c| c.to_string()),
        Some("c3".to_owned())
    );
}

#[test]
fn a_number_given_away_before_its_close_is_reported_loses_nothing() {
    let mut play = serving();
    play.accept(4, 40000);
    play.read(4, GET);
    play.write(4, &ok_page());
    // Another thread is handed number 4 while the close is still on its way back.
    let close_began = play.t;
    play.t += 10_000;
    play.accept(4, 40001);
    let after = play.t;
    play.t = close_began;
    play.tid = 8;
    play.dur = 50_000;
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
    play.t = after;
    assert_eq!(play.read(4, GET).connection.map(|c| c.0), Some(2));
    assert_eq!(play.close(4).first(), "c2 over: no answer given");
}

#[test]
fn after_fork_a_connection_ends_with_its_last_holder() {
    let mut play = serving();
    play.accept(4, 40000);
    play.process(ProcessEvent::Spawn {
        child: Pid(8),
        thread: false,
    });
    assert_eq!(play.close(4).first(), "c1 lives on: 1 holder");
    (play.pid, play.tid) = (8, 8);
    play.read(4, GET);
    play.write(4, &ok_page());
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn a_child_that_ends_lets_go_of_what_it_held() {
    let mut play = serving();
    play.accept(4, 40000);
    play.process(ProcessEvent::Spawn {
        child: Pid(8),
        thread: false,
    });
    play.close(4);
    (play.pid, play.tid) = (8, 8);
    play.process(ProcessEvent::Exit { status: 0 });
    assert_eq!(play.story.connections().open, 0);
}

#[test]
fn a_second_number_keeps_the_connection_alive() {
    let mut play = serving();
    play.accept(4, 40000);
    play.ok(
        "dup",
        Call::Dup {
            close_on_exec: false,
            fd: Fd(4),
            to: None,
        },
        5,
    );
    assert_eq!(play.close(4).ids(), ["lives-on"]);
    assert_eq!(play.read(5, GET).connection.map(|c| c.0), Some(1));
    play.write(5, &ok_page());
    assert_eq!(play.close(5).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn execve_closes_what_was_marked_for_it() {
    let mut play = serving();
    play.accept(4, 40000);
    play.process(ProcessEvent::Exec {
        program: "/bin/true".to_owned(),
        without_rights: false,
    });
    assert!(play.story.fd(Pid(7), Fd(4)).is_some_and(|info| !info.open));
    assert_eq!(play.story.connections().open, 0);
}

#[test]
fn a_file_that_stays_open_after_its_connection_is_a_leak() {
    let mut play = serving();
    play.accept(4, 40000);
    play.read(4, GET);
    play.open(b"index.html", 5);
    play.write(4, &ok_page());
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 1 file open");
    // It may be kept on purpose; another one of the same file is not.
    assert_eq!(play.story.findings(), []);
    play.accept(4, 40001);
    play.read(4, GET);
    play.open(b"index.html", 6);
    play.write(4, &ok_page());
    assert_eq!(play.story.findings(), []);
    play.close(4);
    assert_eq!(
        play.story.findings()[0].to_string(),
        "c1 fd 5 leaks: a file opened for it, again and again (2 times)"
    );
    play.close(5);
    assert_eq!(play.story.findings(), []);
}

#[test]
fn a_connection_whose_client_left_is_a_leak_until_it_is_closed() {
    let mut play = serving();
    play.accept(4, 40000);
    assert_eq!(play.story.findings(), []);
    play.read(4, b"");
    // It may be about to close it.
    assert_eq!(play.story.findings(), []);
    let accept = Call::Accept {
        fd: Fd(3),
        peer: None,
        flags: 0,
    };
    play.waits("accept4", accept);
    assert_eq!(
        play.story.findings()[0].to_string(),
        "c1 fd 4 leaks: the client has left, nobody closes"
    );
    play.close(4);
    assert_eq!(play.story.findings(), []);
}

#[test]
fn eagain_means_not_now_on_a_descriptor_that_never_sleeps_and_too_late_on_one_that_does() {
    let mut play = serving();
    play.accept(4, 40000);
    let one_second = [1u64.to_ne_bytes(), 0u64.to_ne_bytes()].concat();
    let option = Call::SetOption {
        fd: Fd(4),
        level: 1,
        name: 20,
        value: &one_second,
    };
    assert_eq!(
        play.ok("setsockopt", option, 0).first(),
        "reads give up after 1 s"
    );
    play.dur = 1_000_000_000;
    assert_eq!(
        play.read_fails(4, 11).first(),
        "gave up: no byte within 1 s"
    );
    play.ok(
        "fcntl",
        Call::Fcntl {
            fd: Fd(4),
            op: 4,
            arg: 0o4000,
        },
        0,
    );
    assert_eq!(play.read_fails(4, 11).first(), "EAGAIN: nothing here yet");
    assert_eq!(
        play.write_fails(4, b"x", 11).first(),
        "EAGAIN: buffer is full, wait"
    );
}

#[test]
fn a_connection_without_a_byte_is_a_preconnect_only_when_its_host_has_another() {
    let mut play = serving();
    play.accept(4, 40000);
    assert_eq!(play.close(4).ids(), ["over"]);
    play.t += 60_000_000_000;
    play.accept(4, 40001);
    play.read(4, GET);
    play.accept(5, 40002);
    play.read(5, b"");
    assert_eq!(play.close(5).ids(), ["over", "preconnect"]);
    // Nobody looked what this one had to say.
    play.accept(5, 40003);
    assert_eq!(play.close(5).first(), "c4 over: nothing was read");
    assert_eq!(play.accept(5, 40005).ids()[0], "accepted");
    assert_eq!(play.close(5).ids(), ["over"]);
    play.accept(5, 40004);
    play.read_fails(5, 104);
    assert_eq!(play.read(5, b"").first(), "nothing: it was broken off");
    assert_eq!(play.close(5).first(), "c6 over: nothing was read");
    play.write(4, &ok_page());
    assert_eq!(play.close(4).ids(), ["over"]);
}

#[test]
fn a_request_that_breaks_a_rule_and_is_answered_counts_as_one() {
    let mut play = serving();
    play.accept(4, 40000);
    let both =
        b"POST /hi HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(play.read(4, both).ids().contains(&"malformed"));
    play.write(4, &ok_page());
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn a_favicon_and_the_second_request_of_a_connection_are_pointed_out_once() {
    let mut play = serving();
    play.accept(4, 40000);
    play.read(4, GET);
    play.write(4, &ok_page());
    let favicon = b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(
        play.read(4, favicon).ids(),
        ["request-complete", "favicon", "keep-alive"]
    );
    play.write(4, &ok_page());
    assert_eq!(play.read(4, GET).ids(), ["request-complete"]);
}

#[test]
fn the_end_of_input_inside_a_message_is_not_the_end_of_a_connection() {
    let mut play = serving();
    play.accept(4, 40000);
    assert_eq!(play.read(4, b"").ids(), ["eof"]);
    play.accept(5, 40001);
    play.read(5, &GET[..20]);
    assert_eq!(play.read(5, b"").ids(), ["eof-inside"]);
    let call = Call::Receive {
        fd: Fd(5),
        asked: 0,
        data: Data::NONE,
        flags: 0,
    };
    assert_eq!(play.ok("read", call, 0).ids(), ["nothing-asked"]);
}

#[test]
fn ready_descriptors_are_named_by_what_was_registered() {
    let mut play = serving();
    play.ok("epoll_create1", Call::EpollCreate, 5);
    let call = Call::EpollControl {
        epoll: Fd(5),
        op: 1,
        fd: Fd(3),
        events: 1,
        data: 0xffff_0000_0000_0007,
    };
    assert_eq!(
        play.ok("epoll_ctl", call, 0).first(),
        "fd 3: watch for connections"
    );
    assert_eq!(
        play.ready(&[(1, 0xffff_0000_0000_0007)]).first(),
        "ready: fd 3 connection"
    );
    assert_eq!(
        play.ready(&[(1, 0xdead_beef_dead_beef)]).first(),
        "ready: one bytes"
    );
    play.accept(4, 40000);
    play.watch(1, 4, 0x8000_2005);
    let many = [(0x2001, 4), (4, 4), (8, 4), (5, 4), (1, 4), (1, 4)];
    assert_eq!(
        play.ready(&many).first(),
        "6 ready: fd 4 EOF, fd 4 room, fd 4 broken, fd 4 bytes+room, 2 more"
    );
}

#[test]
fn descriptors_have_the_names_that_strace_gives_them() {
    let mut play = serving();
    play.accept(4, 40000);
    play.open(b"/srv/index.html", 5);
    play.ok("epoll_create1", Call::EpollCreate, 6);
    let name = |fd| play.story.fd_name(Pid(7), Fd(fd));
    assert!(
        matches!(name(3), Some(FdName::Socket { protocol: "TCP", info }) if info.local == Some(v4(8080)))
    );
    assert!(matches!(name(4), Some(FdName::Socket { info, .. }) if info.peer == Some(v4(40000))));
    assert!(matches!(name(5), Some(FdName::Path(b"/srv/index.html"))));
    assert!(matches!(name(6), Some(FdName::Anonymous("eventpoll"))));
    assert!(name(7).is_none());
    assert_eq!(
        play.story.fd(Pid(7), Fd(3)).map(|info| info.kind),
        Some(FdKind::Listener)
    );
}

#[test]
fn the_glossary_has_one_entry_for_each_id_and_each_is_short_enough() {
    let ids: BTreeSet<_> = GLOSSARY.iter().map(|(id, _, _)| *id).collect();
    assert_eq!(ids.len(), GLOSSARY.len());
    for (id, short, long) in GLOSSARY {
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "{id}"
        );
        assert!(
            short.is_ascii() && short.len() <= 71 && !long.is_empty(),
            "{id}"
        );
    }
    // Every id that the words know is explained.
    let pages = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/story/words"));
    let words: String = pages
        .expect("the pages of the words")
        .map(|page| std::fs::read_to_string(page.expect("a page").path()).expect("text"))
        .collect();
    assert!(words.contains("\"short-write\""));
    for line in words
        .lines()
        .filter(|line| line.contains("=> \"") || line.contains("=> (\""))
    {
        let id = line
            .split("=> ")
            .nth(1)
            .and_then(|rest| rest.split('"').nth(1))
            .unwrap_or_default();
        let looks_like_one = id.len() > 2
            && id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'2');
        if looks_like_one && !["bytes", "room", "connections", "bytes, room"].contains(&id) {
            assert!(ids.contains(id), "{id} is not in the glossary");
        }
    }
}

#[test]
fn what_comes_after_our_last_word_is_no_request() {
    let mut play = serving();
    play.accept(4, 40000);
    play.read(4, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    play.write(4, &ok_page());
    play.ok("shutdown", Call::Shutdown { fd: Fd(4), how: 1 }, 0);
    let late = b"GET /late HTTP/1.1\r\nCookie: secret\r\n\r\n";
    assert_eq!(play.read(4, late).first(), "38 bytes thrown away");
    assert_eq!(
        play.said.last().map(|s| s.secrets.clone()),
        Some(vec![(28, 34)])
    );
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn poll_and_select_say_who_is_ready_and_why() {
    let mut play = serving();
    play.accept(4, 40000);
    let entry = |fd: i32, revents: u16| {
        let (fd, revents) = (fd.to_ne_bytes(), revents.to_ne_bytes());
        [&fd[..], &1u16.to_ne_bytes(), &revents].concat()
    };
    let list = [entry(3, 1), entry(5, 0), entry(4, 0x11)].concat();
    let found = Found::List(&list);
    let (fds, timeout) = (3, -1);
    let polled = Call::Poll {
        fds,
        timeout,
        found,
    };
    let said = play.ok("ppoll", polled, 2);
    assert_eq!(said.first(), "ready: fd 3 connection, fd 4 over");

    let (bytes, room, none) = ([0x18u8; 8], [0x10u8; 8], [0u8; 8]);
    let found = Found::Sets([&bytes, &room, &none], 5);
    let selected = Call::Poll {
        fds,
        timeout,
        found,
    };
    let said = play.ok("pselect6", selected, 3);
    assert_eq!(said.first(), "ready: fd 3 connection, fd 4 bytes+room");

    let found = Found::List(&[]);
    let unseen = Call::Poll {
        fds,
        timeout,
        found,
    };
    assert_eq!(play.ok("ppoll", unseen, 2).first(), "ready: 2 of 3 fds");
}
