//! Recordings: what a line looks like, and that reading one gives back what was written.

mod records;

use httpsys::abi::address::Address;
use httpsys::abi::calls::{CALLS, CallId};
use httpsys::decode::Decoder;
use httpsys::event::build::Builder;
use httpsys::event::raw::{CALL_NAME, NO_NUMBER, RawHead, kind, mark};
use httpsys::event::structs::{Stat, Time, stat_bytes};
use httpsys::event::wire::{Start, Writer};
use httpsys::source::recording::Recording;
use httpsys::story::Story;
use httpsys::view::View;
use httpsys::view::json::JsonView;
use httpsys::view::strace::{PidColumn, StraceOptions, StraceView};
use records::{Piece, record, shown, whole, words};
use serde_json::Value;

const P: u64 = 0x7fff_0000_1000;

fn json(record: &mut Builder) -> String {
    shown(
        &mut JsonView::new(Start::default()),
        std::slice::from_mut(record),
    )
    .trim_end()
    .to_string()
}

fn line(name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) -> String {
    json(&mut record(name, args, ret, pieces))
}

fn strace(record: &mut Builder) -> String {
    let options = StraceOptions {
        pid: PidColumn::Always,
        duration: true,
        strsize: 1 << 20,
        ..StraceOptions::default()
    };
    shown(&mut StraceView::new(options), std::slice::from_mut(record))
}

/// Reads one line back; the record it makes.
fn back(line: &str) -> Builder {
    let mut recording = Recording::new(line.as_bytes()).expect("memory can be read");
    let raw = recording
        .next_record()
        .expect("memory can be read")
        .expect("one record");
    let mut builder = Builder::default();
    builder.begin(raw.head);
    for segment in raw.segments() {
        builder.segment(segment.arg, segment.part, segment.len, segment.bytes);
    }
    builder
}

#[track_caller]
fn survives(record: &mut Builder) {
    let first = json(record);
    let mut again = back(&first);
    assert_eq!(strace(record), strace(&mut again), "{first}");
    assert_eq!(first, json(&mut again));
}

#[test]
fn a_call_is_an_object_with_these_keys_in_this_order() {
    assert_eq!(
        line("read", &[4, P, 8192], 5, &[whole(1, 0, b"GET /")]),
        r#"{"type":"call","seq":1,"t":1000000,"dur":1250,"pid":7,"tid":8,"call":"read","args":{"fd":4,"count":8192},"ret":5,"errno":null,"data":{"len":5,"text":"GET /"}}"#
    );
    assert_eq!(
        line("read", &[4, P, 8192], -11, &[]),
        r#"{"type":"call","seq":1,"t":1000000,"dur":1250,"pid":7,"tid":8,"call":"read","args":{"fd":4,"count":8192},"ret":-1,"errno":"EAGAIN","entry":{"buf":"0x7fff00001000"}}"#
    );
}

/// From `"args"` on, without what every line has.
fn rest(line: &str) -> &str {
    line.split_once("\"args\":").map_or(line, |(_, rest)| rest)
}

#[test]
fn arguments_are_what_the_contract_says() {
    let (asked, given) = (128u32.to_ne_bytes(), 16u32.to_ne_bytes());
    let peer = Address::V4([127, 0, 0, 1], 31566).to_bytes();
    let pieces = [whole(2, 0, &asked), whole(1, 0, &peer), whole(2, 1, &given)];
    assert_eq!(
        rest(&line("accept4", &[3, P, P, 0o2000000], 4, &pieces)),
        r#"{"sockfd":3,"addr":"127.0.0.1:31566","addrlen":16,"flags":["SOCK_CLOEXEC"]},"ret":4,"errno":null,"entry":{"addrlen":128}}"#
    );
    assert_eq!(
        rest(&line("socket", &[2, 0o2000001, 0], 3, &[])),
        r#"{"domain":"AF_INET","type":["SOCK_STREAM","SOCK_CLOEXEC"],"protocol":"IPPROTO_IP"},"ret":3,"errno":null}"#
    );
    assert_eq!(
        rest(&line("socket", &[99, 77, 5], -22, &[])),
        r#"{"domain":"0x63","type":["0x4d"],"protocol":5},"ret":-1,"errno":"EINVAL"}"#
    );
    assert_eq!(
        rest(&line(
            "setsockopt",
            &[3, 1, 2, P, 4],
            0,
            &[whole(3, 0, &1u32.to_ne_bytes())]
        )),
        r#"{"sockfd":3,"level":"SOL_SOCKET","optname":"SO_REUSEADDR","optval":1,"optlen":4},"ret":0,"errno":null}"#
    );
    let time = [1u64.to_ne_bytes(), 500_000u64.to_ne_bytes()].concat();
    let timeout = line("setsockopt", &[4, 1, 20, P, 16], 0, &[whole(3, 0, &time)]);
    assert_eq!(
        rest(&timeout),
        r#"{"sockfd":4,"level":"SOL_SOCKET","optname":"SO_RCVTIMEO_OLD","optval":{"tv_sec":1,"tv_usec":500000},"optlen":16},"ret":0,"errno":null}"#
    );
    assert_eq!(json(&mut back(&timeout)), timeout);
    assert_eq!(
        rest(&line(
            "openat",
            &[-100i64 as u64, P, 0o2000000, 0],
            5,
            &[whole(1, 0, b"index.html")]
        )),
        r#"{"dirfd":"AT_FDCWD","pathname":"index.html","flags":["O_RDONLY","O_CLOEXEC"],"mode":"0"},"ret":5,"errno":null}"#
    );
    assert_eq!(
        rest(&line("shutdown", &[4, 1], 0, &[])),
        r#"{"sockfd":4,"how":"SHUT_WR"},"ret":0,"errno":null}"#
    );
}

#[test]
fn data_is_what_moved_and_rest_what_was_not_taken() {
    let data = |name: &str, asked: u64, ret: i64, piece: Piece<'_>| {
        let line = line(name, &[4, P, asked], ret, &[piece]);
        let value: Value = serde_json::from_str(&line).expect("a JSON line");
        (value["data"].to_string(), value["rest"].to_string())
    };
    assert_eq!(
        data("write", 5, 2, whole(1, 0, b"hello")),
        (
            r#"{"len":2,"text":"he"}"#.into(),
            r#"{"len":3,"text":"llo"}"#.into()
        )
    );
    assert_eq!(
        data("write", 5, -32, whole(1, 0, b"hello")),
        ("null".into(), r#"{"len":5,"text":"hello"}"#.into())
    );
    assert_eq!(
        data("read", 5, 2, whole(1, 0, b"\xff\x00")),
        (r#"{"len":2,"base64":"/wA="}"#.into(), "null".into())
    );
    assert_eq!(
        data("read", 100, 100, (1, 0, 100, b"abc")),
        (r#"{"len":100,"text":"abc","kept":3}"#.into(), "null".into())
    );
}

#[test]
fn marks_are_keys_of_their_own() {
    let mut marked = record("write", &[4, P, 5], 5, &[whole(1, 0, b"a****")]);
    marked.head.marks = mark::REDACTED | mark::DELAYED | mark::CUT | mark::INJECTED;
    marked.head.aux = 99;
    let line = json(&mut marked);
    assert!(
        line.ends_with(r#""redacted":true,"injected":true,"delayed":true,"cut":99}"#),
        "{line}"
    );
    survives(&mut marked);
}

#[test]
fn no_control_byte_reaches_a_recording_raw() {
    let every: Vec<u8> = (0..=127).collect();
    let tricky = "\u{9b}31m\u{202e}\u{200b}".as_bytes();
    for bytes in [every.as_slice(), tricky, b"\xff\x1b[2J"] {
        let mut record = record(
            "write",
            &[4, P, bytes.len() as u64],
            1,
            &[whole(1, 0, bytes)],
        );
        let line = json(&mut record);
        assert!(line.chars().all(|c| matches!(c, ' '..='~')), "{line}");
        survives(&mut record);
    }
    let mut path = record("openat", &[0, P, 0, 0], 5, &[whole(1, 0, b"a\x1b[2J\xff")]);
    assert!(json(&mut path).bytes().all(|b| matches!(b, 0x20..=0x7e)));
    survives(&mut path);
}

#[test]
fn every_kind_of_call_is_read_back_as_it_was() {
    let length = |n: u32| n.to_ne_bytes();
    let v6 = Address::V6([1; 16], 80, 7, 3).to_bytes();
    let unix = Address::Unix(b"/run/x y".to_vec()).to_bytes();
    let abstract_name = Address::Unix(b"\0@name".to_vec()).to_bytes();
    let at_path = Address::Unix(b"@file".to_vec()).to_bytes();
    let other = Address::Other(77, vec![1, 2, 3]).to_bytes();
    for address in [&v6, &unix, &abstract_name, &at_path, &other] {
        survives(&mut record(
            "bind",
            &[3, P, address.len() as u64],
            0,
            &[whole(1, 0, address)],
        ));
    }
    survives(&mut record("bind", &[3, P, 1], -22, &[whole(1, 0, &[2])]));
    survives(&mut record("bind", &[3, 0, 0], -14, &[]));
    survives(&mut record(
        "accept4",
        &[3, P, P, 0],
        -11,
        &[whole(2, 0, &length(16))],
    ));
    survives(&mut record("accept4", &[3, 0, 0, 77], -22, &[]));
    survives(&mut record(
        "recvfrom",
        &[3, P, 10, 0x40, P, P],
        2,
        &[
            whole(5, 0, &length(16)),
            whole(1, 0, b"hi"),
            whole(5, 1, &length(0)),
        ],
    ));
    survives(&mut record(
        "sendto",
        &[3, P, 2, 0x4000, 0, 0],
        2,
        &[whole(1, 0, b"hi")],
    ));
    survives(&mut record("write", &[11, 0, 10], -14, &[]));
    survives(&mut record("write", &[11, P, 0], 0, &[whole(1, 0, b"")]));
    survives(&mut record(
        "write",
        &[11, P, 9],
        -11,
        &[whole(1, 0, b"\xe2\x82\xac and")],
    ));
    survives(&mut record(
        "write",
        &[11, P, 3],
        1,
        &[whole(1, 0, "€".as_bytes())],
    ));
    survives(&mut record(
        "write",
        &[11, P, 70_000],
        70_000,
        &[(1, 0, 70_000, b"abc")],
    ));
    survives(&mut record("read", &[11, P, 10], 0, &[whole(1, 0, b"")]));
    survives(&mut record("socket", &[10, 0o4002, 17], 4, &[]));
    survives(&mut record("socket", &[1, 1, 0], 4, &[]));
    for (level, name, value) in [
        (1, 2, words(&[1])[..4].to_vec()),
        (1, 13, words(&[1])),
        (1, 20, words(&[1, 5])),
        (1, 9, vec![1, 0]),
        (6, 13, b"cubic".to_vec()),
        (77, 200, vec![0xff; 5]),
    ] {
        let set = [3, level, name, P, value.len() as u64];
        survives(&mut record("setsockopt", &set, 0, &[whole(3, 0, &value)]));
        let (before, after) = (length(128), length(value.len() as u32));
        let pieces = [
            whole(4, 0, &before),
            whole(3, 0, &value),
            whole(4, 1, &after),
        ];
        survives(&mut record(
            "getsockopt",
            &[3, level, name, P, P],
            0,
            &pieces,
        ));
    }
    survives(&mut record("epoll_create1", &[0o2000000], 9, &[]));
    let size = httpsys::event::call::EPOLL_EVENT;
    let mut event = vec![0; size];
    event[0] = 1;
    event[size - 8] = 5;
    let two = [event.clone(), event.clone()].concat();
    for op in [1, 2, 9] {
        survives(&mut record(
            "epoll_ctl",
            &[9, op, 3, P],
            0,
            &[whole(3, 0, &event)],
        ));
    }
    survives(&mut record("epoll_ctl", &[9, 2, 3, 0], 0, &[]));
    survives(&mut record(
        "epoll_pwait",
        &[9, P, 64, u64::MAX, 0, 8],
        2,
        &[whole(1, 0, &two)],
    ));
    survives(&mut record(
        "epoll_pwait",
        &[9, P, 64, 0, 0, 8],
        0,
        &[whole(1, 0, b"")],
    ));
    survives(&mut record("epoll_pwait", &[9, P, 64, 0, 0, 8], -4, &[]));
    let fds = [3, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0];
    let ready = [3, 0, 0, 0, 1, 0, 17, 0, 255, 255, 255, 255, 1, 0, 0, 0];
    let (time, left) = (words(&[1, 0]), words(&[0, 7]));
    survives(&mut record(
        "ppoll",
        &[P, 2, P, 0, 8],
        1,
        &[
            whole(0, 0, &fds),
            whole(2, 0, &time),
            whole(0, 1, &ready),
            whole(2, 1, &left),
        ],
    ));
    survives(&mut record(
        "ppoll",
        &[P, 2, 0, 0, 8],
        -4,
        &[whole(0, 0, &fds)],
    ));
    let (set, after) = (words(&[0b1_0000_1000]), words(&[0b1000]));
    survives(&mut record(
        "pselect6",
        &[9, P, 0, 0, P, 0],
        1,
        &[
            whole(1, 0, &set),
            whole(4, 0, &time),
            whole(1, 1, &after),
            whole(4, 1, &left),
        ],
    ));
    survives(&mut record(
        "openat",
        &[-100i64 as u64, P, 0o3101, 0o644],
        13,
        &[whole(1, 0, b"new\n")],
    ));
    survives(&mut record("openat", &[5, 0, 0, 0], -14, &[]));
    let how = words(&[0o2000102, 0o600, 0x108]);
    survives(&mut record(
        "openat2",
        &[14, P, P, 24],
        15,
        &[whole(1, 0, b"x"), whole(2, 0, &how)],
    ));
    survives(&mut record(
        "openat2",
        &[14, P, P, 8],
        -22,
        &[whole(1, 0, b"x"), whole(2, 0, &how[..8])],
    ));
    let stat = stat_bytes(&Stat {
        dev: 1,
        ino: 2,
        mode: 0o100644,
        nlink: 3,
        uid: 4,
        gid: 5,
        rdev: 6,
        size: 7,
        blksize: 4096,
        blocks: 8,
        mtime: Time {
            seconds: 9,
            fraction: 10,
        },
    });
    survives(&mut record("fstat", &[3, P], 0, &[whole(1, 0, &stat)]));
    survives(&mut record("fstat", &[u64::MAX, P], -9, &[]));
    survives(&mut record("sendfile", &[4, 5, 0, 100], 3, &[]));
    survives(&mut record(
        "sendfile",
        &[4, 5, P, 100],
        3,
        &[whole(2, 0, &words(&[2])), whole(2, 1, &words(&[5]))],
    ));
    survives(&mut record(
        "sendfile",
        &[4, 5, P, 100],
        -9,
        &[whole(2, 0, &words(&[2]))],
    ));
    for (op, arg, ret) in [
        (1, 0, 1),
        (2, 1, 0),
        (3, 0, 0x802),
        (4, 0o4002, 0),
        (1030, 100, 100),
        (999, 5, -22),
        (0, 7, 7),
    ] {
        survives(&mut record("fcntl", &[11, op, arg], ret, &[]));
    }
    survives(&mut record(
        "pipe2",
        &[P, 0o4000],
        0,
        &[whole(0, 0, &[3, 0, 0, 0, 4, 0, 0, 0])],
    ));
    survives(&mut record("close", &[u64::MAX], -9, &[]));
    survives(&mut record("accept4", &[3, 0, 0, 0], -512, &[]));
}

#[test]
fn vectors_and_messages_are_read_back_piece_by_piece() {
    let array = words(&[0x1000, 3, 0x2000, 0, 0x3000, 4, 0, 0]);
    for ret in [7, 4, -32] {
        let pieces = [
            whole(1, 0, &array),
            whole(1, 2, b"abc"),
            whole(1, 3, b""),
            whole(1, 4, b"defg"),
            whole(1, 5, b""),
        ];
        survives(&mut record("writev", &[5, P, 4], ret, &pieces));
    }
    survives(&mut record(
        "readv",
        &[5, P, 4],
        5,
        &[
            whole(1, 0, &array),
            whole(1, 2, b"abc"),
            whole(1, 3, b""),
            whole(1, 4, b"de"),
        ],
    ));
    survives(&mut record(
        "readv",
        &[5, P, 4],
        -11,
        &[whole(1, 0, &array)],
    ));
    survives(&mut record("writev", &[5, P, 0], 0, &[whole(1, 0, b"")]));
    // Only 5 of 7 bytes were kept.
    survives(&mut record(
        "writev",
        &[5, P, 4],
        7,
        &[
            whole(1, 0, &array),
            whole(1, 2, b"abc"),
            whole(1, 3, b""),
            (1, 4, 4, b"de"),
        ],
    ));
    // An array of which only the beginning was kept.
    survives(&mut record(
        "writev",
        &[5, P, 1000],
        3,
        &[(1, 0, 16_000, &array[..16]), whole(1, 2, b"abc")],
    ));
    let header = words(&[0, 0, 0x1000, 4, 0, 0, 0]);
    let pieces = [
        whole(1, 0, &header),
        whole(1, 253, &array),
        whole(1, 2, b"abc"),
        whole(1, 3, b""),
        whole(1, 4, b"defg"),
        whole(1, 5, b""),
    ];
    survives(&mut record("sendmsg", &[4, P, 0x4000], 7, &pieces));
    let (before, after) = (
        words(&[0x9000, 128, 0x1000, 4, 0x8000, 64, 0]),
        words(&[0x9000, 16, 0x1000, 4, 0x8000, 8, 0x40]),
    );
    let peer = Address::V4([10, 0, 0, 1], 9).to_bytes();
    let pieces = [
        whole(1, 0, &before),
        whole(1, 1, &after),
        whole(1, 254, &peer),
        whole(1, 255, &[7; 8]),
        whole(1, 253, &array),
        whole(1, 2, b"ab"),
    ];
    survives(&mut record("recvmsg", &[4, P, 0], 2, &pieces));
    survives(&mut record(
        "recvmsg",
        &[4, P, 0],
        -11,
        &[whole(1, 0, &before)],
    ));
}

#[test]
fn a_call_nobody_knows_is_read_back() {
    let mut number = record("read", &[1, 2, 0, 4, 5, 6], -38, &[]);
    number.head.nr = 500;
    assert!(json(&mut number).contains(r#""call":"syscall_0x1f4","nr":500,"args":{"arg1":"0x1","#));
    survives(&mut number);
    let mut name = record("read", &[1, 0, 0, 0, 0, 0], 0, &[]);
    name.head.nr = NO_NUMBER;
    name.whole(CALL_NAME, 0, b"telepathy");
    survives(&mut name);
}

#[test]
fn every_call_of_the_table_survives_without_memory() {
    for row in CALLS {
        for ret in [0, 3, -22] {
            for args in [[0; 6], [3; 6], [5, 4, 3, 2, 1, 0]] {
                survives(&mut record(row.name, &args, ret, &[]));
            }
        }
    }
}

fn fact(record_kind: u16, args: [u64; 2], texts: &[&str]) -> Builder {
    let mut builder = Builder::default();
    let args = [args[0], args[1], 0, 0, 0, 0];
    builder.begin(RawHead {
        kind: record_kind,
        pid: 7,
        tid: 8,
        args,
        enter: 5,
        exit: 5,
        ..RawHead::default()
    });
    for (part, text) in texts.iter().enumerate() {
        builder.whole(0, part as u8, text.as_bytes());
    }
    builder
}

#[test]
fn what_is_not_a_call_has_lines_too() {
    for (mut record, expected) in [
        (
            fact(kind::FD, [1, 0], &["file", "/x"]),
            r#"{"type":"fd","t":5,"pid":7,"tid":8,"fd":1,"kind":"file","name":"/x"}"#,
        ),
        (
            fact(kind::SIGNAL, [2, 0], &[]),
            r#"{"type":"signal","t":5,"pid":7,"tid":8,"signal":"SIGINT"}"#,
        ),
        (
            fact(kind::SPAWN, [9, 1], &[]),
            r#"{"type":"process","t":5,"pid":7,"tid":8,"event":"spawn","child":9,"thread":true}"#,
        ),
        (
            fact(kind::EXEC, [0, 0], &["/bin/x"]),
            r#"{"type":"process","t":5,"pid":7,"tid":8,"event":"exec","program":"/bin/x"}"#,
        ),
        (
            fact(kind::EXIT, [3, 0], &[]),
            r#"{"type":"process","t":5,"pid":7,"tid":8,"event":"exit","status":3}"#,
        ),
        (
            fact(kind::KILLED, [9, 0], &[]),
            r#"{"type":"process","t":5,"pid":7,"tid":8,"event":"killed","signal":"SIGKILL"}"#,
        ),
        (
            fact(kind::LOST, [5, 0], &["full"]),
            r#"{"type":"lost","t":5,"pid":7,"tid":8,"count":5,"why":"full"}"#,
        ),
    ] {
        assert_eq!(json(&mut record), expected);
        survives(&mut record);
    }
    let mut pending = record("read", &[4, P, 10], 0, &[]);
    pending.head.kind = kind::PENDING;
    assert_eq!(
        json(&mut pending),
        r#"{"type":"pending","t":1000000,"pid":7,"tid":8,"call":"read","args":{"fd":4,"count":10},"entry":{"buf":"0x7fff00001000"}}"#
    );
    survives(&mut pending);
}

#[test]
fn a_call_that_was_seen_waiting_keeps_what_it_offers() {
    let mut waiting = record("write", &[4, P, 5], 0, &[whole(1, 0, b"hello")]);
    waiting.head.kind = kind::ENTER;
    assert_eq!(
        json(&mut waiting),
        r#"{"type":"enter","t":1000000,"pid":7,"tid":8,"call":"write","args":{"fd":4,"count":5},"rest":{"len":5,"text":"hello"}}"#
    );
    survives(&mut waiting);
}

#[test]
fn memory_that_was_not_kept_is_somewhere_unless_it_is_said_to_be_nowhere() {
    let pointers = |line: &str| {
        let raw = back(line);
        (raw.head.args[1], raw.head.args[2])
    };
    assert_eq!(
        pointers(
            r#"{"type":"call","call":"accept4","args":{"sockfd":3,"addrlen":16},"ret":-1,"errno":"EAGAIN"}"#
        ),
        (1, 1)
    );
    assert_eq!(
        pointers(
            r#"{"type":"call","call":"accept4","args":{"sockfd":3,"addr":null,"addrlen":null},"ret":4}"#
        ),
        (0, 0)
    );
    for (entry, address) in [
        ("", 1),
        (r#","entry":{"buf":null}"#, 0),
        (r#","entry":{"buf":"0x99"}"#, 0x99),
    ] {
        let line = format!(
            r#"{{"type":"call","call":"read","args":{{"fd":3,"count":9}},"ret":-1,"errno":"EFAULT"{entry}}}"#
        );
        assert_eq!(pointers(&line), (address, 9));
    }
}

#[test]
fn the_first_and_last_line_frame_a_recording() {
    let start = Start {
        source: "server".into(),
        program: "httpsys".into(),
        argv: vec!["httpsys".into(), "serve".into()],
        realtime: 1_795_248_000_123_456_789,
        canonical: false,
    };
    let mut view = JsonView::new(start.clone());
    let mut out = Vec::new();
    view.begin(&mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "{\"v\":1,\"type\":\"start\",\"source\":\"server\",\"program\":\"httpsys\",\"argv\":[\"httpsys\",\"serve\"],\"start\":\"2026-11-21T08:00:00.123456789Z\"}\n"
    );
    let text = shown(
        &mut view,
        &mut [
            record("close", &[3], 0, &[]),
            record("close", &[3], -9, &[]),
        ],
    );
    out.extend_from_slice(text.as_bytes());
    view.end(&Story::default(), &mut out);
    let whole = String::from_utf8(out).expect("JSON is UTF-8");
    assert!(whole.ends_with("{\"type\":\"end\",\"calls\":2,\"failed\":1,\"lost\":0}\n"));
    let mut recording = Recording::new(whole.as_bytes()).expect("memory can be read");
    assert_eq!(recording.start(), &start);
    let mut count = 0;
    while recording
        .next_record()
        .expect("memory can be read")
        .is_some()
    {
        count += 1;
        assert_eq!(recording.seq(), count);
    }
    assert_eq!(count, 2);
}

#[test]
fn without_pointers_two_runs_look_the_same() {
    let line = |address| {
        let array = words(&[address, 3]);
        let mut records = [
            record("read", &[4, address, 10], -11, &[]),
            record(
                "writev",
                &[5, address, 1],
                3,
                &[whole(1, 0, &array), whole(1, 2, b"abc")],
            ),
        ];
        shown(
            &mut JsonView::new(Start::default()).without_pointers(),
            &mut records,
        )
    };
    assert_eq!(line(0x1000), line(0x2000));
    assert!(!line(0x1000).contains("0x"));
}

fn kinds(text: &[u8]) -> Vec<String> {
    let mut recording = Recording::new(text).expect("memory can be read");
    let mut decoder = Decoder::default();
    let mut kinds = Vec::new();
    while let Some(raw) = recording.next_record().expect("memory can be read") {
        kinds.push(match decoder.event(&raw).what {
            httpsys::event::What::Lost { why, .. } => why,
            _ => String::from("ok"),
        });
    }
    kinds
}

#[test]
fn a_reader_skips_what_it_does_not_know_and_names_what_is_broken() {
    let good = line("close", &[3], 0, &[]);
    let text = format!(
        "listening on http://127.0.0.1:8080/\n{{\"type\":\"halo\",\"op\":\"x\"}}\n{good}\n\n{{\"type\":\"call\"\n{{\"type\":\"call\"}}\n{good}\n"
    );
    let kinds = kinds(text.as_bytes());
    assert_eq!(kinds.len(), 4);
    assert_eq!((kinds[0].as_str(), kinds[3].as_str()), ("ok", "ok"));
    assert!(kinds[1].starts_with("line 5 cannot be read: "), "{kinds:?}");
    assert_eq!(kinds[2], "line 6 cannot be read: a call without a name");
}

#[test]
fn a_recording_cut_anywhere_is_read_as_far_as_its_last_whole_line() {
    let good = format!("{}\n", line("close", &[3], 0, &[]));
    let text = good.repeat(3);
    for cut in 0..=text.len() {
        let kinds = kinds(&text.as_bytes()[..cut]);
        // A last line that lacks only its newline is whole.
        assert_eq!(kinds.len(), (cut + 1) / good.len(), "cut at {cut}");
        assert!(kinds.iter().all(|kind| kind == "ok"));
    }
}

#[test]
fn a_line_that_never_ends_does_not_fill_memory() {
    let good = format!("{}\n", line("close", &[3], 0, &[]));
    let text = format!("{{{}\n{good}", "x".repeat(5 << 20));
    assert_eq!(kinds(text.as_bytes()), ["line 1 is too long", "ok"]);
}

#[test]
fn hostile_lines_never_panic() {
    let whole = line(
        "accept4",
        &[3, P, P, 0],
        4,
        &[
            whole(2, 0, &16u32.to_ne_bytes()),
            whole(1, 0, &Address::V4([1; 4], 2).to_bytes()),
        ],
    );
    let mut seed = 5u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    let values = [
        "null",
        "-1",
        "1e99",
        "18446744073709551615",
        "\"0x\"",
        "\"0xffffffffffffffffff\"",
        "[]",
        "[[[]]]",
        "{}",
        "true",
        "\"\\u0000\"",
        "\"09\"",
        "\"unix:@\"",
    ];
    for _ in 0..3000 {
        let name = CALLS[next() % CALLS.len()].name;
        let params = CallId::from_name(name)
            .expect("a call of the table")
            .signature()
            .params;
        let args: Vec<String> = params
            .iter()
            .map(|param| format!("\"{}\":{}", param.name, values[next() % values.len()]))
            .collect();
        let text = format!(
            "{{\"type\":\"call\",\"call\":\"{name}\",\"args\":{{{}}},\"entry\":{{{}}},\"ret\":{},\"data\":{{\"len\":{},\"text\":\"x\"}}}}\n",
            args.join(","),
            args.join(","),
            values[next() % 3],
            values[next() % 4],
        );
        let mut recording = Recording::new(text.as_bytes()).expect("memory can be read");
        while let Some(raw) = recording.next_record().expect("memory can be read") {
            let mut out = Vec::new();
            Writer::default().event(&Decoder::default().event(&raw), &mut out);
            serde_json::from_slice::<Value>(&out).expect("a line is JSON");
        }
    }
    for at in 0..whole.len() {
        let mut broken = whole.clone().into_bytes();
        broken[at] = b'9';
        let _ = kinds(&broken);
    }
}

#[test]
fn real_calls_look_the_same_live_and_from_their_recording() {
    use httpsys::kernel::{Clock, Kernel};
    use httpsys::source::recorder::{Drain, OnFull, Region};
    let region = Region::new(1, OnFull::Wait, Clock::Canonical).expect("memory for a ring");
    let mut kernel = Kernel::new(region.probe());
    let listener = kernel.socket(2, 1, 0).expect("a socket");
    kernel
        .setsockopt(listener, 1, 2, &1u32.to_ne_bytes())
        .expect("an option");
    kernel
        .bind(listener, &Address::V4([127, 0, 0, 1], 0))
        .expect("an address");
    kernel.listen(listener, 8).expect("a queue");
    let address = kernel.getsockname(listener).expect("an address");
    let client = kernel.socket(2, 1, 0).expect("a socket");
    kernel.connect(client, &address).expect("a connection");
    let (server, _) = kernel.accept4(listener, 0o2000000).expect("a connection");
    let epoll = kernel.epoll_create1(0).expect("an epoll");
    let event = httpsys::kernel::EpollEvent { events: 1, u64: 9 };
    kernel.epoll_ctl(epoll, 1, server, event).expect("a watch");
    kernel
        .write(client, b"GET / HTTP/1.1\r\n\xff\x00\"")
        .expect("room");
    let mut events = [httpsys::kernel::EpollEvent { events: 0, u64: 0 }; 4];
    assert_eq!(kernel.epoll_pwait(epoll, &mut events, 1000), Ok(1));
    let mut fds = [httpsys::kernel::PollFd {
        fd: server.0,
        events: 1,
        revents: 0,
    }];
    assert_eq!(kernel.ppoll(&mut fds, Some(1_000_000_000)), Ok(1));
    let mut buf = [0; 64];
    assert_eq!(kernel.read(server, &mut buf), Ok(19));
    assert!(kernel.recv(server, &mut buf, 0x40).is_err());
    kernel.shutdown(client, 1).expect("a direction");
    assert_eq!(kernel.read(server, &mut buf), Ok(0));
    let file = kernel
        .openat(httpsys::abi::Fd(-100), c"/proc/self/exe", 0, 0)
        .expect("a test has a program");
    kernel.fstat(file).expect("a file");
    kernel.sendfile(server, file, 100).expect("a file");
    for fd in [file, epoll, server, client, listener, listener] {
        let _ = kernel.close(fd);
    }
    drop(kernel);

    let options = StraceOptions {
        pid: PidColumn::Always,
        duration: true,
        ..StraceOptions::default()
    };
    let (mut live, mut json) = (
        StraceView::new(options.clone()),
        JsonView::new(Start::default()),
    );
    let mut decoder = Decoder {
        start: region.start(),
        seq: 0,
    };
    let (mut lines, mut recorded) = (Vec::new(), Vec::new());
    let story = Story::default();
    let step = httpsys::story::Step {
        connection: None,
        exchange: None,
        notes: &[],
        ended: &[],
        secrets: &[],
        story: &story,
    };
    Drain::new(region).poll(true, &mut |raw| {
        let event = decoder.event(raw);
        live.step(&event, &step, &mut lines);
        json.step(&event, &step, &mut recorded);
    });
    let mut recording = Recording::new(recorded.as_slice()).expect("memory can be read");
    let (mut again, mut decoder, mut replayed) =
        (StraceView::new(options), Decoder::default(), Vec::new());
    while let Some(raw) = recording.next_record().expect("memory can be read") {
        again.step(&decoder.event(&raw), &step, &mut replayed);
    }
    let (lines, replayed) = (
        String::from_utf8_lossy(&lines),
        String::from_utf8_lossy(&replayed),
    );
    assert!(lines.lines().count() >= 24, "{lines}");
    assert!(
        lines.lines().zip(replayed.lines()).all(|(a, b)| a == b) && lines == replayed,
        "{lines}\n---\n{replayed}"
    );
}
