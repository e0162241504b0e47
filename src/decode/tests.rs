//! Records put together by hand, and what they decode to; then torn and hostile ones.

use super::*;
use crate::abi::address::Address;
use crate::abi::calls;
use crate::abi::calls::CALLS;
use crate::event::build::Builder;
use crate::event::call::{Arg, Call};
use crate::event::raw::RawHead;

fn record(id: CallId, args: [u64; 6], ret: i64) -> Builder {
    let mut builder = Builder::default();
    builder.begin(RawHead {
        kind: kind::CALL,
        nr: id.number().map_or(NO_NUMBER, u32::from),
        pid: 7,
        tid: 8,
        args,
        ret,
        enter: 1_000,
        exit: 1_250,
        ..RawHead::default()
    });
    builder
}

fn decoded<'a>(builder: &'a mut Builder) -> Completed<'a> {
    match (Decoder { start: 400, seq: 0 }).event(&builder.raw()).what {
        What::Call(completed) => completed,
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn a_read_has_its_bytes_its_times_and_its_number() {
    let mut builder = record(calls::READ, [4, 0x1000, 8192, 0, 0, 0], 5);
    builder.whole(1, 0, b"GET /");
    let mut decoder = Decoder { start: 400, seq: 5 };
    let raw = builder.raw();
    let event = decoder.event(&raw);
    assert_eq!(
        (event.seq, event.t, event.pid, event.tid),
        (6, 600, Pid(7), Pid(8))
    );
    let What::Call(call) = &event.what else {
        panic!("a call")
    };
    assert_eq!((call.outcome, call.dur), (Outcome::Returned(5), 250));
    let Call::Receive {
        fd, asked, data, ..
    } = &call.syscall.call
    else {
        panic!("a receive")
    };
    assert_eq!((*fd, *asked, data.len), (Fd(4), 8192, 5));
    assert_eq!(data.pieces().collect::<Vec<_>>(), [b"GET /"]);
    assert_eq!(decoder.again(&raw).seq, 6);
    assert_eq!(decoder.event(&raw).seq, 7);
}

#[test]
fn a_small_negative_result_is_a_failure_and_a_large_one_is_an_address() {
    for (ret, expected) in [
        (-11, Outcome::Failed(Errno(11))),
        (-4095, Outcome::Failed(Errno(4095))),
        (-4096, Outcome::Returned(-4096)),
        (0, Outcome::Returned(0)),
    ] {
        assert_eq!(
            decoded(&mut record(calls::READ, [4, 0x1000, 1, 0, 0, 0], ret)).outcome,
            expected
        );
    }
}

#[test]
fn memory_that_was_not_kept_is_shown_as_its_pointer() {
    let mut builder = record(calls::READ, [4, 0x1000, 8192, 0, 0, 0], -11);
    let call = decoded(&mut builder);
    assert!(matches!(
        [
            call.syscall.args.get(0),
            call.syscall.args.get(1),
            call.syscall.args.get(2)
        ],
        [Arg::Fd(Fd(4)), Arg::Pointer(0x1000), Arg::Size(8192)]
    ));
    let Call::Receive { data, .. } = call.syscall.call else {
        panic!("a receive")
    };
    assert_eq!((data.len, data.kept()), (0, 0));
}

#[test]
fn an_int_is_the_low_half_of_its_register() {
    let args = [0xdead_beef_0000_0004, 0x1000, 64, 0xffff_ffff, 0, 8];
    let mut builder = record(calls::EPOLL_PWAIT, args, 0);
    builder.whole(1, 0, b"");
    let Call::EpollWait { epoll, timeout, .. } = decoded(&mut builder).syscall.call else {
        panic!("a wait")
    };
    assert_eq!((epoll, timeout), (Fd(4), -1));
}

#[test]
fn an_accept_has_its_peer_and_both_lengths() {
    let peer = Address::V4([127, 0, 0, 1], 31566);
    let mut builder = record(calls::ACCEPT4, [3, 0x1000, 0x2000, 0, 0, 0], 4);
    builder.whole(2, 0, &128u32.to_ne_bytes());
    builder.whole(1, 0, &peer.to_bytes());
    builder.whole(2, 1, &16u32.to_ne_bytes());
    let call = decoded(&mut builder);
    assert!(matches!(call.syscall.args.get(1), Arg::Address(a) if a == peer));
    assert!(matches!(
        call.syscall.args.get(2),
        Arg::Length {
            before: 128,
            after: 16
        }
    ));
    assert!(
        matches!(&call.syscall.call, Call::Accept { fd: Fd(3), peer: Some(a), .. } if *a == peer)
    );
}

#[test]
fn a_vector_counts_what_was_offered_and_what_moved() {
    let array: Vec<u8> = [0x2000u64, 10, 0x3000, 20]
        .iter()
        .flat_map(|w| w.to_ne_bytes())
        .collect();
    let mut builder = record(calls::READV, [3, 0x1000, 2, 0, 0, 0], 12);
    builder.whole(1, 0, &array);
    builder.whole(1, 2, b"0123456789");
    builder.whole(1, 3, b"ab");
    let Call::Receive { asked, data, .. } = decoded(&mut builder).syscall.call else {
        panic!("a receive")
    };
    assert_eq!((asked, data.len, data.kept()), (30, 12, 12));
    assert_eq!(data.pieces().collect::<Vec<_>>().concat(), b"0123456789ab");
}

#[test]
fn marks_and_what_was_asked_before_a_cut_survive() {
    let mut builder = record(calls::READ, [4, 0x1000, 16, 0, 0, 0], 16);
    builder.head.marks = mark::INJECTED | mark::DELAYED | mark::CUT | mark::REDACTED;
    builder.head.aux = 8192;
    let call = decoded(&mut builder);
    assert!(call.injected && call.delayed && call.redacted);
    assert_eq!(call.cut_from, Some(8192));
}

#[test]
fn a_number_the_table_lacks_keeps_its_six_registers() {
    let mut builder = record(calls::READ, [1, 2, 3, 4, 5, 6], -38);
    builder.head.nr = 9999;
    let call = decoded(&mut builder);
    assert_eq!(call.syscall.name, CallName::Number(9999));
    assert_eq!(call.syscall.args.count(), 6);
    assert!(matches!(call.syscall.args.get(5), Arg::Pointer(6)));
}

#[test]
fn a_call_without_a_number_here_is_known_by_its_name() {
    let mut builder = record(calls::READ, [3, 0, 0, 0, 0, 0], 0);
    builder.head.nr = NO_NUMBER;
    builder.whole(CALL_NAME, 0, b"close");
    assert_eq!(
        decoded(&mut builder).syscall.name,
        CallName::Known(calls::CLOSE)
    );
    let mut builder = record(calls::READ, [3, 0, 0, 0, 0, 0], 0);
    builder.head.nr = NO_NUMBER;
    builder.whole(CALL_NAME, 0, b"telepathy");
    assert_eq!(
        decoded(&mut builder).syscall.name,
        CallName::Name("telepathy")
    );
}

#[test]
fn the_beginning_of_a_call_has_no_number_and_no_output() {
    let mut builder = record(calls::READ, [4, 0x1000, 8192, 0, 0, 0], 0);
    builder.head.kind = kind::ENTER;
    let mut decoder = Decoder::default();
    let event = decoder.event(&builder.raw());
    assert_eq!((event.seq, decoder.seq), (0, 0));
    assert!(matches!(
        event.what,
        What::Enter(Syscall {
            name: CallName::Known(calls::READ),
            ..
        })
    ));
}

#[test]
fn every_other_kind_of_record_has_its_event() {
    let mut builder = Builder::default();
    let mut told = |record_kind, args: [u64; 2], texts: &[&str]| {
        let args = [args[0], args[1], 0, 0, 0, 0];
        builder.begin(RawHead {
            kind: record_kind,
            args,
            ..RawHead::default()
        });
        for (part, text) in texts.iter().enumerate() {
            builder.whole(0, part as u8, text.as_bytes());
        }
        format!("{:?}", Decoder::default().event(&builder.raw()).what)
    };
    assert_eq!(
        told(kind::SPAWN, [9, 1], &[]),
        "Process(Spawn { child: Pid(9), thread: true })"
    );
    assert_eq!(told(kind::EXIT, [3, 0], &[]), "Process(Exit { status: 3 })");
    assert_eq!(
        told(kind::KILLED, [9, 0], &[]),
        "Process(Killed { signal: 9 })"
    );
    assert_eq!(
        told(kind::EXEC, [0, 0], &["/bin/x"]),
        "Process(Exec { program: \"/bin/x\", without_rights: false })"
    );
    assert_eq!(
        told(kind::SIGNAL, [2, 0], &[]),
        "Signal { number: 2, info: None }"
    );
    assert_eq!(
        told(kind::FD, [1, 0], &["file", "/x"]),
        "Fd(FdFact { fd: Fd(1), kind: \"file\", name: \"/x\", own: false })"
    );
    assert_eq!(
        told(kind::LOST, [5, 0], &[]),
        "Lost { count: 5, why: \"the trace buffer was full\" }"
    );
    assert_eq!(
        told(kind::LOST, [1, 0], &["line 3"]),
        "Lost { count: 1, why: \"line 3\" }"
    );
    assert_eq!(
        told(99, [0, 0], &[]),
        "Lost { count: 1, why: \"a record of unknown kind 99\" }"
    );
}

#[test]
fn a_record_torn_anywhere_still_decodes() {
    let mut builder = record(calls::ACCEPT4, [3, 0x1000, 0x2000, 0, 0, 0], 4);
    builder.whole(2, 0, &128u32.to_ne_bytes());
    builder.whole(1, 0, &Address::V4([127, 0, 0, 1], 1).to_bytes());
    builder.whole(2, 1, &16u32.to_ne_bytes());
    let raw = builder.raw();
    for cut in 0..raw.memory.len() {
        let torn = Raw {
            head: raw.head,
            memory: &raw.memory[..cut],
        };
        assert!(matches!(
            Decoder::default().event(&torn).what,
            What::Call(_)
        ));
    }
}

#[test]
fn random_bytes_decode_to_something_and_never_panic() {
    let mut seed = 3u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        seed >> 33
    };
    let mut bytes = vec![0u8; 400];
    for round in 0..200_000 {
        let mut head = RawHead {
            kind: (next() % 12) as u16,
            nr: (next() % 500) as u32,
            ..RawHead::default()
        };
        for arg in &mut head.args {
            *arg = if next() % 3 == 0 {
                u64::MAX - next() % 3
            } else {
                next() % 80
            };
        }
        head.ret = (next() as i64 % 300) - 100;
        let len = (next() % 160) as usize;
        for byte in &mut bytes[..len] {
            // Small numbers make segments that hang together.
            *byte = if next() % 2 == 0 {
                (next() % 4) as u8
            } else {
                next() as u8
            };
        }
        let raw = Raw {
            head,
            memory: &bytes[..len],
        };
        let event = Decoder::default().event(&raw);
        if let What::Call(call) = &event.what {
            assert!(call.syscall.args.count() <= 6, "round {round}");
            if let Call::Receive { data, .. } | Call::Send { data, .. } = &call.syscall.call {
                assert!(data.kept() <= len as u64);
            }
        }
    }
}

#[test]
fn every_call_of_the_table_decodes_without_any_memory() {
    for index in 0..CALLS.len() {
        let id = CallId(index as u16);
        let mut builder = record(id, [u64::MAX; 6], 3);
        if id.number().is_none() {
            builder.whole(CALL_NAME, 0, id.name().as_bytes());
        }
        let call = decoded(&mut builder);
        assert_eq!(call.syscall.name, CallName::Known(id));
        assert_eq!(call.syscall.args.count(), id.signature().params.len());
    }
}
