//! One thing under several numbers, in several processes: copies, descriptors handed over, tables shared.

mod story_events;

use httpsys::abi::{Fd, Pid};
use httpsys::event::ProcessEvent;
use httpsys::event::call::{Call, Data};
use httpsys::story::FdKind;
use story_events::{GET, Play, ok_page};

const THREAD: u64 = 0x10000;
const FILES: u64 = 0x400;

fn serving() -> Play {
    let mut play = Play::default();
    play.listener();
    play
}

fn rights(fds: &[i32]) -> Vec<u8> {
    let mut out = (16 + fds.len() as u64 * 4).to_ne_bytes().to_vec();
    out.extend_from_slice(&1u32.to_ne_bytes());
    out.extend_from_slice(&1u32.to_ne_bytes());
    fds.iter()
        .for_each(|fd| out.extend_from_slice(&fd.to_ne_bytes()));
    out
}

fn pair(play: &mut Play, a: i32, b: i32) {
    let fds = Some([Fd(a), Fd(b)]);
    let call = Call::Pair {
        socket: true,
        flags: 0,
        fds,
    };
    assert_eq!(
        play.ok("socketpair", call, 0).first(),
        "two sockets, connected"
    );
}

fn hand_over(play: &mut Play, fd: i32) {
    let control = rights(&[fd]);
    let call = Call::SendRights {
        fd: Fd(5),
        asked: 1,
        data: Data::one(1, b"x"),
        flags: 0,
        control: &control,
    };
    assert_eq!(play.ok("sendmsg", call, 1).ids(), ["handed-over"]);
}

fn is_handed(play: &mut Play, fd: i32) {
    let control = rights(&[fd]);
    let call = Call::ReceiveRights {
        fd: Fd(6),
        asked: 1,
        data: Data::one(1, b"x"),
        flags: 0x4000_0000,
        control: &control,
    };
    let said = play.ok("recvmsg", call, 1);
    assert_eq!(said.first(), format!("fd {fd} came with the message"));
}

fn fork(play: &mut Play, child: u32) {
    play.process(ProcessEvent::Spawn {
        child: Pid(child),
        thread: false,
    });
}

#[test]
fn a_connection_handed_to_a_worker_is_answered_there() {
    let mut play = serving();
    pair(&mut play, 5, 6);
    fork(&mut play, 8);
    play.accept(4, 40000);
    hand_over(&mut play, 4);
    assert_eq!(play.close(4).first(), "c1 lives on: 1 holder");
    (play.pid, play.tid) = (8, 8);
    is_handed(&mut play, 9);
    assert!(
        play.story
            .fd(Pid(8), Fd(9))
            .is_some_and(|info| info.close_on_exec)
    );
    let said = play.read(9, GET);
    assert_eq!(said.connection.map(|c| c.0), Some(1));
    play.write(9, &ok_page());
    assert_eq!(play.close(9).first(), "c1 over: 1 request, 0 leaks");
    assert_eq!(play.story.history().answered, 1);
}

#[test]
fn a_descriptor_nobody_saw_sent_is_something_else() {
    let mut play = serving();
    is_handed(&mut play, 9);
    let info = play.story.fd(Pid(7), Fd(9)).expect("it is open");
    assert_eq!((info.kind, info.opened_by), (FdKind::Other, "recvmsg"));
}

#[test]
fn descriptors_that_never_arrive_are_let_go() {
    let mut play = serving();
    pair(&mut play, 5, 6);
    for _ in 0..100 {
        play.accept(4, 40000);
        hand_over(&mut play, 4);
        play.close(4);
    }
    assert_eq!(play.story.connections().open, 64);
}

#[test]
fn one_thread_accepts_and_another_reads() {
    let mut play = serving();
    play.accept(4, 40000);
    let said = play.ok(
        "clone3",
        Call::Clone {
            flags: THREAD | FILES,
        },
        8,
    );
    assert_eq!(said.first(), "thread 8 begins");
    play.tid = 8;
    assert_eq!(play.read(4, GET).connection.map(|c| c.0), Some(1));
    assert_eq!(play.story.thread_number(Pid(8)), Some(2));
    play.write(4, &ok_page());
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn a_fork_that_only_its_return_tells_of_copies_the_table() {
    let mut play = serving();
    play.accept(4, 40000);
    assert_eq!(
        play.ok("fork", Call::Clone { flags: 0 }, 8).first(),
        "process 8 is a copy of us"
    );
    assert_eq!(play.close(4).first(), "c1 lives on: 1 holder");
    (play.pid, play.tid) = (8, 8);
    play.read(4, GET);
    play.write(4, &ok_page());
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn a_fork_that_was_told_is_not_counted_again_when_it_returns() {
    let mut play = serving();
    play.accept(4, 40000);
    fork(&mut play, 8);
    (play.pid, play.tid) = (8, 8);
    play.process(ProcessEvent::Exit { status: 0 });
    (play.pid, play.tid) = (7, 7);
    play.ok("clone", Call::Clone { flags: 0 }, 8);
    assert_eq!(play.close(4).ids(), ["over"]);
    assert_eq!(play.story.connections().open, 0);
}

#[test]
fn a_child_that_shares_the_table_closes_for_both_until_it_becomes_another_program() {
    let mut play = serving();
    play.accept(4, 40000);
    fork(&mut play, 8);
    play.ok("clone", Call::Clone { flags: FILES }, 8);
    (play.pid, play.tid) = (8, 8);
    assert_eq!(play.close(4).ids()[0], "over");
    assert!(play.story.fd(Pid(7), Fd(4)).is_some_and(|info| !info.open));
    play.accept(4, 40001);
    play.process(ProcessEvent::Exec {
        program: "/bin/true".to_owned(),
        without_rights: false,
    });
    // The new program lost it (close-on-exec); the parent did not.
    assert!(play.story.fd(Pid(8), Fd(4)).is_some_and(|info| !info.open));
    assert!(play.story.fd(Pid(7), Fd(4)).is_some_and(|info| info.open));
    play.process(ProcessEvent::Exit { status: 0 });
    (play.pid, play.tid) = (7, 7);
    assert_eq!(play.close(4).ids()[0], "over");
}

#[test]
fn the_table_outlives_the_process_it_began_with() {
    let mut play = serving();
    (play.pid, play.tid) = (8, 8);
    play.accept(4, 40000);
    fork(&mut play, 9);
    play.ok("clone", Call::Clone { flags: FILES }, 9);
    play.process(ProcessEvent::Exit { status: 0 });
    (play.pid, play.tid) = (9, 9);
    assert_eq!(play.read(4, GET).connection.map(|c| c.0), Some(1));
    play.process(ProcessEvent::Exit { status: 0 });
    assert_eq!(play.story.connections().open, 0);
}

#[test]
fn many_descriptors_close_with_one_call() {
    let mut play = serving();
    play.accept(4, 40000);
    play.accept(5, 40001);
    let all = |flags| Call::CloseRange {
        first: 4,
        last: u32::MAX,
        flags,
    };
    assert_eq!(play.ok("close_range", all(4), 0).ids(), ["close-on-exec"]);
    assert_eq!(play.story.connections().open, 2);
    let said = play.ok("close_range", all(0), 0);
    assert_eq!(said.first(), "2 numbers given back");
    assert_eq!(play.story.connections().open, 0);
}

#[test]
fn an_ioctl_makes_a_descriptor_that_never_sleeps() {
    let mut play = serving();
    play.accept(4, 40000);
    let call = Call::NonBlocking {
        fd: Fd(4),
        on: true,
    };
    assert_eq!(play.ok("ioctl", call, 0).ids(), ["non-blocking"]);
    play.dur = 50_000_000;
    assert_eq!(play.read_fails(4, 11).ids(), ["nothing-yet"]);
}

#[test]
fn messages_of_one_call_are_read_in_a_row() {
    let mut play = serving();
    play.accept(4, 40000);
    let call = Call::ReceiveMany {
        fd: Fd(4),
        asked: 8192,
        data: Data::one(GET.len() as u64, GET),
        flags: 0,
    };
    assert!(play.ok("recvmmsg", call, 2).first().ends_with("(complete)"));
    let page = ok_page();
    let call = Call::SendMany {
        fd: Fd(4),
        asked: page.len() as u64,
        data: Data::one(page.len() as u64, &page),
        flags: 0,
        taken: page.len() as u64,
    };
    assert!(play.ok("sendmmsg", call, 2).first().starts_with("< 200 OK"));
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
}

#[test]
fn bytes_spliced_past_the_program_count_as_body() {
    let mut play = serving();
    play.accept(4, 40000);
    let head = b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n";
    play.read(4, head);
    let splice = |input, output| Call::Splice {
        input: Fd(input),
        output: Fd(output),
        count: 4096,
    };
    assert_eq!(
        play.ok("splice", splice(4, 9), 500).first(),
        "> body done: 500 bytes"
    );
    play.write(4, b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n");
    assert_eq!(
        play.ok("splice", splice(9, 4), 300).first(),
        "< 300 body, past memory, done"
    );
    assert_eq!(play.ok("splice", splice(4, 9), 0).ids(), ["eof"]);
    assert_eq!(play.close(4).first(), "c1 over: 1 request, 0 leaks");
    let exchange = &play.story.history().first()[0];
    assert_eq!((exchange.request_body, exchange.response_body), (500, 300));
}
