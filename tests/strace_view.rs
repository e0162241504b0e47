//! The strace view against lines that strace 6.1 itself wrote for the same calls.

mod records;

use httpsys::abi::address::Address;
use httpsys::event::build::Builder;
use httpsys::event::raw::{RawHead, kind, mark};
use httpsys::event::structs::{STAT, Stat, Time, stat_bytes};
use httpsys::story::{Step, Story};
use httpsys::view::View;
use httpsys::view::strace::{FdNames, Hex, PidColumn, Stamp, Status, StraceOptions, StraceView};
use nix::libc;
use records::{Piece, record, shown, whole, words};

fn options() -> StraceOptions {
    StraceOptions {
        pid: PidColumn::Never,
        ..StraceOptions::default()
    }
}

fn line_with(options: StraceOptions, mut record: Builder) -> String {
    shown(
        &mut StraceView::new(options),
        std::slice::from_mut(&mut record),
    )
}

fn line(name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) -> String {
    line_with(options(), record(name, args, ret, pieces))
        .trim_end_matches('\n')
        .to_string()
}

/// Runs of blanks before `=` are the column; the cases below are easier to read without.
fn one_space(line: &str) -> String {
    match line.rsplit_once(" = ") {
        Some((call, result)) => format!("{} = {result}", call.trim_end()),
        None => line.to_string(),
    }
}

#[track_caller]
fn same(expected: &str, name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) {
    assert_eq!(one_space(&line(name, args, ret, pieces)), expected);
}

const MINUS: u64 = u64::MAX;
const P: u64 = 0x7fff_0000_1000;

fn local(port: u16) -> Vec<u8> {
    Address::V4([127, 0, 0, 1], port).to_bytes()
}

#[test]
fn the_number_of_a_call_stands_before_it() {
    let options = StraceOptions {
        number: true,
        ..options()
    };
    assert_eq!(
        line_with(options, record("listen", &[3, 128], 0, &[])),
        format!(
            "[{:>4}] listen(3, 128)                   = 0\n",
            nix::libc::SYS_listen
        )
    );
}

#[test]
fn the_result_stands_in_column_forty_or_one_space_behind() {
    assert_eq!(
        line("listen", &[3, 128], 0, &[]),
        "listen(3, 128)                          = 0"
    );
    assert_eq!(
        line("socket", &[2, 0o2000001, 0], 3, &[]),
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3"
    );
}

#[test]
fn sockets_have_named_families_types_and_protocols() {
    same(
        "socket(AF_INET6, SOCK_DGRAM|SOCK_NONBLOCK, IPPROTO_UDP) = 4",
        "socket",
        &[10, 0o4002, 17],
        4,
        &[],
    );
    same(
        "socket(0x63 /* AF_??? */, 0x4d /* SOCK_??? */, 5) = -1 EINVAL (Invalid argument)",
        "socket",
        &[99, 77, 5],
        -22,
        &[],
    );
    same(
        "socket(AF_UNIX, SOCK_STREAM, 0) = 5",
        "socket",
        &[1, 1, 0],
        5,
        &[],
    );
    same("shutdown(11, SHUT_WR) = 0", "shutdown", &[11, 1], 0, &[]);
    same(
        "shutdown(11, 0x9 /* SHUT_??? */) = -1 EINVAL (Invalid argument)",
        "shutdown",
        &[11, 9],
        -22,
        &[],
    );
    same(
        "close(-1) = -1 EBADF (Bad file descriptor)",
        "close",
        &[MINUS],
        -9,
        &[],
    );
}

#[test]
fn options_are_numbers_structures_or_bytes() {
    let one = 1u32.to_ne_bytes();
    let set = |expected: &str, level: u64, name: u64, value: &[u8], ret: i64| {
        same(
            expected,
            "setsockopt",
            &[3, level, name, P, value.len() as u64],
            ret,
            &[whole(3, 0, value)],
        );
    };
    set(
        "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
        1,
        2,
        &one,
        0,
    );
    set(
        "setsockopt(3, SOL_TCP, TCP_NODELAY, [1], 4) = 0",
        6,
        1,
        &one,
        0,
    );
    set(
        "setsockopt(3, SOL_TCP, 0xc8 /* TCP_??? */, [1], 4) = -1 ENOPROTOOPT (Protocol not available)",
        6,
        200,
        &one,
        -92,
    );
    set(
        "setsockopt(3, 0x4d /* SOL_?? */, 200, [1], 4) = -1 ENOPROTOOPT (Protocol not available)",
        77,
        200,
        &one,
        -92,
    );
    set(
        "setsockopt(3, SOL_SOCKET, SO_KEEPALIVE, 0x7fff00001000, 2) = -1 EINVAL (Invalid argument)",
        1,
        9,
        &one[..2],
        -22,
    );
    set(
        r#"setsockopt(3, SOL_SOCKET, SO_RCVTIMEO_OLD, "\1\0\0\0\0\0\0\0 \241\7\0\0\0\0\0", 16) = 0"#,
        1,
        20,
        &words(&[1, 500_000]),
        0,
    );
    set(
        "setsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}, 8) = 0",
        1,
        13,
        &words(&[1]),
        0,
    );
    set(
        r#"setsockopt(3, SOL_TCP, TCP_CONGESTION, "cubic", 5) = 0"#,
        6,
        13,
        b"cubic",
        0,
    );
    set(
        r#"setsockopt(3, SOL_SOCKET, SO_BINDTODEVICE, "lo\0", 3) = 0"#,
        1,
        25,
        b"lo\0",
        0,
    );
    set(
        r#"setsockopt(3, SOL_SOCKET, 0xc8 /* SO_??? */, "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7"..., 80) = -1 ENOPROTOOPT (Protocol not available)"#,
        1,
        200,
        &[7; 80],
        -92,
    );
    let get = |expected: &str, level: u64, name: u64, value: &[u8], before: u32| {
        let (before, after) = (before.to_ne_bytes(), (value.len() as u32).to_ne_bytes());
        let pieces = [
            whole(4, 0, &before),
            whole(3, 0, value),
            whole(4, 1, &after),
        ];
        same(expected, "getsockopt", &[3, level, name, P, P], 0, &pieces);
    };
    get(
        "getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0",
        1,
        4,
        &[0; 4],
        4,
    );
    get(
        "getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0",
        1,
        4,
        &111u32.to_ne_bytes(),
        4,
    );
    get(
        "getsockopt(3, SOL_TCP, TCP_NODELAY, [1], [8 => 4]) = 0",
        6,
        1,
        &one,
        8,
    );
    get(
        r#"getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, "\x01\x00", [2]) = 0"#,
        1,
        30,
        &one[..2],
        2,
    );
}

#[test]
fn addresses_are_spelled_by_family() {
    let bind = |expected: &str, address: &[u8], ret: i64| {
        same(
            expected,
            "bind",
            &[3, P, address.len() as u64],
            ret,
            &[whole(1, 0, address)],
        );
    };
    bind(
        r#"bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0"#,
        &local(8080),
        0,
    );
    bind(
        r#"bind(3, {sa_family=AF_INET, sa_data="\0\0"}, 4) = -1 EINVAL (Invalid argument)"#,
        &local(0)[..4],
        -22,
    );
    bind(
        "bind(3, 0x7fff00001000, 1) = -1 EINVAL (Invalid argument)",
        &[2],
        -22,
    );
    let mut six = [0; 16];
    six[15] = 1;
    bind(
        r#"bind(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(7), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0"#,
        &Address::V6(six, 80, 7, 0).to_bytes(),
        0,
    );
    let mut unix = vec![1, 0];
    unix.extend_from_slice(b"/nope/x\0\0\0");
    bind(
        r#"bind(3, {sa_family=AF_UNIX, sun_path="/nope/x"}, 12) = 0"#,
        &unix,
        0,
    );
    bind(
        "bind(3, {sa_family=AF_UNIX}, 2) = -1 EINVAL (Invalid argument)",
        &[1, 0],
        -22,
    );
    bind(
        r#"bind(3, {sa_family=AF_UNIX, sun_path=@"abs\1\"x"}, 9) = 0"#,
        b"\x01\0\0abs\x01\"x",
        0,
    );
    bind(
        r#"bind(3, {sa_family=0x4d /* AF_??? */, sa_data="\0\0\0\0\0\0\0\0\0\0\0\0\0\0"}, 16) = -1 EINVAL (Invalid argument)"#,
        &[77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        -22,
    );
    same(
        "bind(3, 0x1, 16) = -1 EFAULT (Bad address)",
        "bind",
        &[3, 1, 16],
        -14,
        &[],
    );
}

#[test]
fn an_accept_shows_the_peer_only_when_there_is_one() {
    let (asked, given) = (128u32.to_ne_bytes(), 16u32.to_ne_bytes());
    let peer = local(57264);
    same(
        r#"accept4(3, {sa_family=AF_INET, sin_port=htons(57264), sin_addr=inet_addr("127.0.0.1")}, [128 => 16], SOCK_CLOEXEC) = 4"#,
        "accept4",
        &[3, P, P, 0o2000000],
        4,
        &[whole(2, 0, &asked), whole(1, 0, &peer), whole(2, 1, &given)],
    );
    same(
        "accept4(3, 0x7fff00001000, [16], SOCK_CLOEXEC|SOCK_NONBLOCK|0x1) = -1 EAGAIN (Resource temporarily unavailable)",
        "accept4",
        &[3, P, P, 0o2004001],
        -11,
        &[whole(2, 0, &given)],
    );
    same(
        "accept4(3, NULL, NULL, 0x4d /* SOCK_??? */) = -1 EINVAL (Invalid argument)",
        "accept4",
        &[3, 0, 0, 77],
        -22,
        &[],
    );
    same(
        "accept4(3, 0x7fff00001000, [16], 0) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
        "accept4",
        &[3, P, P, 0],
        -512,
        &[whole(2, 0, &given)],
    );
}

#[test]
fn strings_are_cut_at_thirty_two_bytes_and_escaped_as_c_does() {
    same(
        r#"read(4, "GET /", 8192) = 5"#,
        "read",
        &[4, P, 8192],
        5,
        &[whole(1, 0, b"GET /")],
    );
    same(
        r#"read(4, "", 8192) = 0"#,
        "read",
        &[4, P, 8192],
        0,
        &[whole(1, 0, b"")],
    );
    same(
        "read(4, 0x7fff00001000, 8192) = -1 EAGAIN (Resource temporarily unavailable)",
        "read",
        &[4, P, 8192],
        -11,
        &[],
    );
    same(
        "write(11, NULL, 10) = -1 EFAULT (Bad address)",
        "write",
        &[11, 0, 10],
        -14,
        &[],
    );
    let text = b"GET / HTTP/1.1\r\nHost: \"x\"\\\t\x0b\x0c\x011\x019\x7f\x80\r\n\r\n\0\0\0\0\0\0\0";
    same(
        r#"write(8, "GET / HTTP/1.1\r\nHost: \"x\"\\\t\v\f\0011\1"..., 45) = 45"#,
        "write",
        &[8, P, 45],
        45,
        &[whole(1, 0, &text[..45])],
    );
    same(
        r#"read(11, "/1.1\r\nHost: \"x\"\\\t\v\f\0011\19\177\200\r\n\r\n\0\0\0"..., 100) = 35"#,
        "read",
        &[11, P, 100],
        35,
        &[whole(1, 0, &text[10..45])],
    );
    // Only the first bytes were kept: the dots say that there were more.
    same(
        r#"write(8, "ab"..., 100000) = 100000"#,
        "write",
        &[8, P, 100_000],
        100_000,
        &[(1, 0, 100_000, b"ab")],
    );
}

#[test]
fn no_byte_of_a_buffer_reaches_the_terminal_raw() {
    for hex in [Hex::No, Hex::NonAscii, Hex::All] {
        let every: Vec<u8> = (0..=255).collect();
        let options = StraceOptions {
            hex,
            strsize: 1000,
            ..options()
        };
        let text = line_with(
            options,
            record("write", &[8, P, 256], 256, &[whole(1, 0, &every)]),
        );
        assert!(
            text.trim_end_matches('\n')
                .bytes()
                .all(|b| matches!(b, 0x20..=0x7e)),
            "{text}"
        );
    }
    let mut unknown = Builder::default();
    unknown.begin(RawHead {
        kind: kind::CALL,
        nr: u32::MAX,
        ..RawHead::default()
    });
    unknown.whole(
        httpsys::event::raw::CALL_NAME,
        0,
        "a\u{1b}[2Jb\u{202e}".as_bytes(),
    );
    assert_eq!(
        one_space(line_with(options(), unknown).trim_end()),
        "a?[2Jb?(0, 0, 0, 0, 0, 0) = 0"
    );
}

#[test]
fn hex_strings_are_whole_strings() {
    let shown = |hex, bytes: &[u8]| {
        let len = bytes.len() as u64;
        let text = line_with(
            StraceOptions { hex, ..options() },
            record("write", &[1, P, len], 1, &[whole(1, 0, bytes)]),
        );
        one_space(text.trim_end())
    };
    assert_eq!(
        shown(Hex::NonAscii, b"a\n\x80"),
        r#"write(1, "\x61\x0a\x80", 3) = 1"#
    );
    assert_eq!(
        shown(Hex::NonAscii, b"a\n\r\t"),
        r#"write(1, "a\n\r\t", 4) = 1"#
    );
    assert_eq!(shown(Hex::All, b"ab"), r#"write(1, "\x61\x62", 2) = 1"#);
}

#[test]
fn vectors_show_each_buffer() {
    let array = words(&[0x1000, 36, 0x2000, 2, 0, 0]);
    let first = b"HTTP/1.1 200 OK\r\nContent-Length: 123";
    let pieces = [
        whole(1, 0, &array),
        whole(1, 2, first),
        whole(1, 3, b"ab"),
        whole(1, 4, b""),
    ];
    same(
        r#"writev(11, [{iov_base="HTTP/1.1 200 OK\r\nContent-Length:"..., iov_len=36}, {iov_base="ab", iov_len=2}, {iov_base=NULL, iov_len=0}], 3) = 38"#,
        "writev",
        &[11, P, 3],
        38,
        &pieces,
    );
    same("writev(11, NULL, 0) = 0", "writev", &[11, 0, 0], 0, &[]);
    same(
        "writev(11, [], 0) = 0",
        "writev",
        &[11, P, 0],
        0,
        &[whole(1, 0, b"")],
    );
    same(
        "writev(11, 0x1, 2) = -1 EFAULT (Bad address)",
        "writev",
        &[11, 1, 2],
        -14,
        &[],
    );
    let array = words(&[0x1000, 10, 0x2000, 50]);
    same(
        r#"readv(8, [{iov_base="HTTP/1.1 2", iov_len=10}, {iov_base="00 OK", iov_len=50}], 2) = 15"#,
        "readv",
        &[8, P, 2],
        15,
        &[
            whole(1, 0, &array),
            whole(1, 2, b"HTTP/1.1 2"),
            whole(1, 3, b"00 OK"),
        ],
    );
    same(
        r#"readv(8, [{iov_base="HTTP", iov_len=10}, {iov_base="", iov_len=50}], 2) = 4"#,
        "readv",
        &[8, P, 2],
        4,
        &[whole(1, 0, &array), whole(1, 2, b"HTTP")],
    );
    same(
        "readv(8, [{iov_base=0x1000, iov_len=10}, {iov_base=0x2000, iov_len=50}], 2) = -1 EAGAIN (Resource temporarily unavailable)",
        "readv",
        &[8, P, 2],
        -11,
        &[whole(1, 0, &array)],
    );
}

#[test]
fn messages_show_their_header() {
    let array = words(&[0x2000, 17, 0x3000, 2]);
    let header = words(&[0, 0, 0x1000, 2, 0, 0, 0]);
    same(
        r#"sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="HTTP/1.1 200 OK\r\n", iov_len=17}, {iov_base="ok", iov_len=2}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL) = 19"#,
        "sendmsg",
        &[4, P, 0x4000],
        19,
        &[
            whole(1, 0, &header),
            whole(1, 253, &array),
            whole(1, 2, b"HTTP/1.1 200 OK\r\n"),
            whole(1, 3, b"ok"),
        ],
    );
    let before = words(&[0x9000, 128, 0x1000, 2, 0, 0, 0]);
    same(
        "recvmsg(8, {msg_namelen=128}, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)",
        "recvmsg",
        &[8, P, 0x40],
        -11,
        &[whole(1, 0, &before)],
    );
}

#[test]
fn epoll_and_poll_show_events_by_name() {
    let event = |events: u32, data: u64| {
        let mut bytes = events.to_ne_bytes().to_vec();
        bytes.resize(httpsys::event::call::EPOLL_EVENT - 8, 0);
        bytes.extend_from_slice(&data.to_ne_bytes());
        bytes
    };
    let one = event(0x8000_2001, 3);
    same(
        "epoll_create1(EPOLL_CLOEXEC) = 9",
        "epoll_create1",
        &[0o2000000],
        9,
        &[],
    );
    same(
        "epoll_ctl(9, EPOLL_CTL_ADD, 3, {events=EPOLLIN|EPOLLRDHUP|EPOLLET, data={u32=3, u64=3}}) = 0",
        "epoll_ctl",
        &[9, 1, 3, P],
        0,
        &[whole(3, 0, &one)],
    );
    same(
        "epoll_ctl(9, EPOLL_CTL_DEL, 8, 0x7fff00001000) = -1 ENOENT (No such file or directory)",
        "epoll_ctl",
        &[9, 2, 8, P],
        -2,
        &[whole(3, 0, &one)],
    );
    let odd = event(0, 81985529216486895);
    same(
        "epoll_ctl(9, 0x9 /* EPOLL_CTL_??? */, 8, {events=0, data={u32=2309737967, u64=81985529216486895}}) = -1 EINVAL (Invalid argument)",
        "epoll_ctl",
        &[9, 9, 8, P],
        -22,
        &[whole(3, 0, &odd)],
    );
    let two = [event(1, 3), event(0x2011, 5)].concat();
    same(
        "epoll_pwait(9, [{events=EPOLLIN, data={u32=3, u64=3}}, {events=EPOLLIN|EPOLLHUP|EPOLLRDHUP, data={u32=5, u64=5}}], 64, -1, NULL, 8) = 2",
        "epoll_pwait",
        &[9, P, 64, MINUS, 0, 8],
        2,
        &[whole(1, 0, &two)],
    );
    same(
        "epoll_pwait(9, [], 64, 0, NULL, 8) = 0",
        "epoll_pwait",
        &[9, P, 64, 0, 0, 8],
        0,
        &[whole(1, 0, b"")],
    );
    let poll = |fd: i32, events: u16, revents: u16| {
        [
            fd.to_ne_bytes().as_slice(),
            &events.to_ne_bytes(),
            &revents.to_ne_bytes(),
        ]
        .concat()
    };
    let before = [poll(3, 1, 0), poll(8, 0x2005, 0), poll(-1, 1, 0)].concat();
    let after = [poll(3, 1, 1), poll(8, 0x2005, 4), poll(-1, 1, 0)].concat();
    let (time, left) = (words(&[1, 0]), words(&[0, 999_997_186]));
    same(
        "ppoll([{fd=3, events=POLLIN}, {fd=8, events=POLLIN|POLLOUT|POLLRDHUP}, {fd=-1}], 3, {tv_sec=1, tv_nsec=0}, NULL, 8) = 2 ([{fd=3, revents=POLLIN}, {fd=8, revents=POLLOUT}], left {tv_sec=0, tv_nsec=999997186})",
        "ppoll",
        &[P, 3, P, 0, 8],
        2,
        &[
            whole(0, 0, &before),
            whole(2, 0, &time),
            whole(0, 1, &after),
            whole(2, 1, &left),
        ],
    );
    same(
        "ppoll([{fd=3, events=POLLIN}], 1, NULL, NULL, 8) = 1 ([{fd=3, revents=POLLIN}])",
        "ppoll",
        &[P, 1, 0, 0, 8],
        1,
        &[whole(0, 0, &before[..8]), whole(0, 1, &after[..8])],
    );
    same(
        "ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=1, tv_nsec=0}, NULL, 8) = 0 (Timeout)",
        "ppoll",
        &[P, 1, P, 0, 8],
        0,
        &[
            whole(0, 0, &before[..8]),
            whole(2, 0, &time),
            whole(0, 1, &before[..8]),
        ],
    );
}

#[test]
fn select_shows_sets_of_numbers() {
    let (read, after) = (words(&[0b1_0000_1000]), words(&[0b1_0000_0000]));
    let (time, left) = (words(&[2, 0]), words(&[1, 999_995_964]));
    same(
        "pselect6(9, [3 8], [8], NULL, {tv_sec=2, tv_nsec=0}, NULL) = 2 (in [8], out [8], left {tv_sec=1, tv_nsec=999995964})",
        "pselect6",
        &[9, P, P, 0, P, 0],
        2,
        &[
            whole(1, 0, &read),
            whole(2, 0, &after),
            whole(4, 0, &time),
            whole(1, 1, &after),
            whole(2, 1, &after),
            whole(4, 1, &left),
        ],
    );
}

#[test]
fn files_have_flags_modes_and_sizes() {
    same(
        r#"openat(AT_FDCWD, "/etc/hostname", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12"#,
        "openat",
        &[
            -100i32 as u32 as u64,
            P,
            // Not the same number on every CPU.
            (libc::O_NOFOLLOW | libc::O_CLOEXEC) as u64,
            0,
        ],
        12,
        &[whole(1, 0, b"/etc/hostname")],
    );
    same(
        r#"openat(AT_FDCWD, "new\n", O_WRONLY|O_CREAT|O_TRUNC|O_APPEND, 0644) = 13"#,
        "openat",
        &[-100i64 as u64, P, 0o3101, 0o644],
        13,
        &[whole(1, 0, b"new\n")],
    );
    let how = words(&[0o2000000, 0, 8]);
    same(
        r#"openat2(14, "hostname", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_BENEATH}, 24) = 15"#,
        "openat2",
        &[14, P, P, 24],
        15,
        &[whole(1, 0, b"hostname"), whole(2, 0, &how)],
    );
    let how = words(&[0o102, 0o600, 0]);
    same(
        r#"openat2(14, "../x", {flags=O_RDWR|O_CREAT, mode=0600, resolve=0}, 24) = -1 EXDEV (Invalid cross-device link)"#,
        "openat2",
        &[14, P, P, 24],
        -18,
        &[whole(1, 0, b"../x"), whole(2, 0, &how)],
    );
    same(
        r#"openat2(14, "x", 0x7fff00001000, 8) = -1 EINVAL (Invalid argument)"#,
        "openat2",
        &[14, P, P, 8],
        -22,
        &[whole(1, 0, b"x"), whole(2, 0, &how[..8])],
    );
    let stat = |mode: u32, size: u64, rdev: u64| -> [u8; STAT] {
        stat_bytes(&Stat {
            dev: 1,
            ino: 2,
            mode,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev,
            size,
            blksize: 4096,
            blocks: 8,
            mtime: Time {
                seconds: 1,
                fraction: 2,
            },
        })
    };
    let fstat =
        |expected: &str, bytes: &[u8]| same(expected, "fstat", &[12, P], 0, &[whole(1, 0, bytes)]);
    fstat(
        "fstat(12, {st_mode=S_IFREG|0755, st_size=3, ...}) = 0",
        &stat(0o100755, 3, 0),
    );
    fstat(
        "fstat(12, {st_mode=S_IFSOCK|0777, st_size=0, ...}) = 0",
        &stat(0o140777, 0, 0),
    );
    fstat(
        "fstat(12, {st_mode=S_IFDIR|S_ISVTX|0777, st_size=9, ...}) = 0",
        &stat(0o041777, 9, 0),
    );
    fstat(
        "fstat(12, {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0",
        &stat(0o020666, 0, 0x103),
    );
    same(
        "fstat(-1, 0x7fff00001000) = -1 EBADF (Bad file descriptor)",
        "fstat",
        &[MINUS, P],
        -9,
        &[],
    );
    let (before, after) = (words(&[2]), words(&[3]));
    same(
        "sendfile(11, 12, [2] => [3], 100) = 1",
        "sendfile",
        &[11, 12, P, 100],
        1,
        &[whole(2, 0, &before), whole(2, 1, &after)],
    );
    same(
        "sendfile(11, -1, [2], 100) = -1 EBADF (Bad file descriptor)",
        "sendfile",
        &[11, MINUS, P, 100],
        -9,
        &[whole(2, 0, &before)],
    );
    same(
        "sendfile(11, 12, NULL, 100) = 3",
        "sendfile",
        &[11, 12, 0, 100],
        3,
        &[],
    );
}

#[test]
fn fcntl_takes_and_gives_what_its_operation_says() {
    same(
        "fcntl(11, F_GETFD) = 0x1 (flags FD_CLOEXEC)",
        "fcntl",
        &[11, 1, 0],
        1,
        &[],
    );
    same("fcntl(11, F_GETFD) = 0", "fcntl", &[11, 1, 0], 0, &[]);
    same(
        "fcntl(11, F_SETFD, FD_CLOEXEC) = 0",
        "fcntl",
        &[11, 2, 1],
        0,
        &[],
    );
    same(
        "fcntl(11, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)",
        "fcntl",
        &[11, 3, 0],
        0x802,
        &[],
    );
    same(
        "fcntl(11, F_SETFL, O_RDONLY|O_NONBLOCK) = 0",
        "fcntl",
        &[11, 4, 0o4000],
        0,
        &[],
    );
    same(
        "fcntl(11, F_DUPFD_CLOEXEC, 100) = 100",
        "fcntl",
        &[11, 1030, 100],
        100,
        &[],
    );
    same(
        "fcntl(11, 0x3e7 /* F_??? */, 0x5) = -1 EINVAL (Invalid argument)",
        "fcntl",
        &[11, 999, 5],
        -22,
        &[],
    );
}

#[test]
fn a_call_without_a_name_shows_its_registers() {
    let mut unknown = record("read", &[1, 2, 0, 4, 5, 6], -38, &[]);
    unknown.head.nr = 500;
    assert_eq!(
        line_with(options(), unknown),
        "syscall_0x1f4(0x1, 0x2, 0, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)\n"
    );
}

#[test]
fn faults_are_named_behind_the_result() {
    let mut injected = record("close", &[3], -32, &[]);
    injected.head.marks = mark::INJECTED;
    assert_eq!(
        one_space(line_with(options(), injected).trim_end()),
        "close(3) = -1 EPIPE (Broken pipe) (INJECTED)"
    );
    let mut delayed = record("close", &[3], 0, &[]);
    delayed.head.marks = mark::DELAYED;
    let timed = StraceOptions {
        duration: true,
        ..options()
    };
    assert_eq!(
        one_space(line_with(timed, delayed).trim_end()),
        "close(3) = 0 (DELAYED) <0.000001>"
    );
}

#[test]
fn the_columns_before_the_call_are_those_of_the_flags() {
    let shown = |change: &dyn Fn(&mut StraceOptions)| {
        let mut options = StraceOptions {
            start_realtime: 1_793_000_000_123_456_789,
            ..options()
        };
        change(&mut options);
        line_with(options, record("listen", &[3, 128], 0, &[]))
    };
    assert_eq!(
        shown(&|o| o.stamp = Stamp::Seconds),
        "07:33:20 listen(3, 128)                 = 0\n"
    );
    assert_eq!(
        shown(&|o| o.stamp = Stamp::Micros),
        "07:33:20.124456 listen(3, 128)          = 0\n"
    );
    assert_eq!(
        shown(&|o| o.stamp = Stamp::Epoch),
        "1793000000.124456 listen(3, 128)        = 0\n"
    );
    assert_eq!(
        shown(&|o| (o.stamp, o.utc_offset) = (Stamp::Seconds, 3600)),
        "08:33:20 listen(3, 128)                 = 0\n"
    );
    assert_eq!(
        shown(&|o| o.relative = true),
        "     0.000000 listen(3, 128)            = 0\n"
    );
    assert_eq!(
        shown(&|o| (o.relative, o.stamp) = (true, Stamp::Seconds)),
        "07:33:20 (+     0.000000) listen(3, 128) = 0\n"
    );
    assert_eq!(
        shown(&|o| o.pid = PidColumn::Always),
        "8     listen(3, 128)                    = 0\n"
    );
}

#[test]
fn only_the_wanted_results_are_shown() {
    let mut two = [
        record("close", &[3], 0, &[]),
        record("close", &[3], -9, &[]),
    ];
    let kept = |status| {
        StraceView::new(StraceOptions {
            status,
            column: 0,
            ..options()
        })
    };
    assert_eq!(
        shown(&mut kept(Status::Successful), &mut two),
        "close(3) = 0\n"
    );
    assert_eq!(
        shown(&mut kept(Status::Failed), &mut two),
        "close(3) = -1 EBADF (Bad file descriptor)\n"
    );
}

fn of_thread(tid: u32, mut record: Builder) -> Builder {
    record.head.tid = tid;
    record
}

fn begun(mut record: Builder) -> Builder {
    record.head.kind = kind::ENTER;
    record
}

#[test]
fn a_waiting_call_is_begun_and_finished_on_its_line() {
    let enter = begun(record("read", &[4, P, 8192], 0, &[]));
    let exit = record("read", &[4, P, 8192], 2, &[whole(1, 0, b"ab")]);
    let mut view = StraceView::new(StraceOptions {
        live: true,
        ..options()
    });
    assert_eq!(shown(&mut view, &mut [enter]), "read(4, ");
    assert_eq!(
        shown(&mut view, &mut [exit]),
        "\"ab\", 8192)                     = 2\n"
    );
}

#[test]
fn a_waiting_call_that_is_interrupted_is_resumed() {
    let enter = begun(of_thread(
        9,
        record("recvfrom", &[4, P, 4096, 0, 0, 0], 0, &[]),
    ));
    let other = of_thread(8, record("close", &[7], 0, &[]));
    let exit = of_thread(
        9,
        record(
            "recvfrom",
            &[4, P, 4096, 0, 0, 0],
            8,
            &[whole(1, 0, b"GET / HT")],
        ),
    );
    let live = StraceOptions {
        live: true,
        pid: PidColumn::WhenMany,
        ..StraceOptions::default()
    };
    assert_eq!(
        shown(&mut StraceView::new(live), &mut [enter, other, exit]),
        "recvfrom(4,  <unfinished ...>\n\
         [pid     8] close(7)                    = 0\n\
         [pid     9] <... recvfrom resumed>\"GET / HT\", 4096, 0, NULL, NULL) = 8\n"
    );
}

#[test]
fn a_resumed_call_may_be_shorter_than_what_was_written_before_it() {
    let fds = [4, 0, 0, 0, 1, 0, 0, 0];
    let after = [4, 0, 0, 0, 1, 0, 1, 0];
    let args = [P, 1, 0, 0, 8];
    let enter = begun(of_thread(
        9,
        record("ppoll", &args, 0, &[whole(0, 0, &fds)]),
    ));
    let other = of_thread(8, record("close", &[7], 0, &[]));
    let exit = record("ppoll", &args, 1, &[whole(0, 0, &fds), whole(0, 1, &after)]);
    let live = StraceOptions {
        live: true,
        pid: PidColumn::WhenMany,
        ..StraceOptions::default()
    };
    let screen = shown(
        &mut StraceView::new(live),
        &mut [enter, other, of_thread(9, exit)],
    );
    assert_eq!(
        screen,
        "ppoll([{fd=4, events=POLLIN}], 1, NULL, NULL, 8 <unfinished ...>\n\
         [pid     8] close(7)                    = 0\n\
         [pid     9] <... ppoll resumed>)        = 1 ([{fd=4, revents=POLLIN}])\n"
    );
}

#[test]
fn to_a_file_each_call_is_one_line() {
    let enter = begun(record("read", &[4, P, 8192], 0, &[]));
    let exit = record("read", &[4, P, 8192], 0, &[whole(1, 0, b"")]);
    assert_eq!(
        shown(&mut StraceView::new(options()), &mut [enter, exit]),
        "read(4, \"\", 8192)                       = 0\n"
    );
}

#[test]
fn signals_and_ends_have_lines_of_their_own() {
    let fact = |record_kind, arg| {
        let mut fact = Builder::default();
        fact.begin(RawHead {
            kind: record_kind,
            tid: 8,
            args: [arg, 0, 0, 0, 0, 0],
            ..RawHead::default()
        });
        fact
    };
    let mut records = [
        fact(kind::SIGNAL, 2),
        fact(kind::LOST, 5),
        fact(kind::EXIT, 3),
        fact(kind::KILLED, 9),
        fact(kind::SPAWN, 9),
    ];
    assert_eq!(
        shown(&mut StraceView::new(options()), &mut records),
        "--- SIGINT {si_signo=SIGINT} ---\n\
         --- lost 5: the trace buffer was full ---\n\
         +++ exited with 3 +++\n\
         +++ killed by SIGKILL +++\n"
    );
}

/// The lines of a whole run, told by a story.
fn told(options: StraceOptions, records: &mut [Builder]) -> Vec<String> {
    let mut decoder = httpsys::decode::Decoder::default();
    let mut story = Story::default();
    let mut view = StraceView::new(options);
    let mut out = Vec::new();
    for record in records {
        let raw = record.raw();
        let event = decoder.event(&raw);
        let step: Step<'_> = story.step(&event);
        view.step(&event, &step, &mut out);
    }
    let text = String::from_utf8(out).expect("a view writes text");
    text.lines().map(one_space).collect()
}

#[test]
fn descriptors_are_named_where_the_trace_told_what_they_are() {
    let (given, server, peer) = (16u32.to_ne_bytes(), local(8080), local(57264));
    let mut records = [
        record("socket", &[2, 0o2000001, 0], 3, &[]),
        record("bind", &[3, P, 16], 0, &[whole(1, 0, &server)]),
        record(
            "accept4",
            &[3, P, P, 0],
            4,
            &[whole(2, 0, &given), whole(1, 0, &peer), whole(2, 1, &given)],
        ),
        record(
            "openat",
            &[-100i64 as u64, P, 0, 0],
            5,
            &[whole(1, 0, b"/x\x1b<y>")],
        ),
        record("epoll_create1", &[0], 6, &[]),
        record("close", &[5], 0, &[]),
    ];
    let lines = told(
        StraceOptions {
            fds: FdNames::Sockets,
            ..options()
        },
        &mut records,
    );
    assert_eq!(
        lines[0],
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[?]>"
    );
    assert!(
        lines[2].starts_with("accept4(3<TCP:[127.0.0.1:8080]>, {sa_family=AF_INET, "),
        "{}",
        lines[2]
    );
    assert!(
        lines[2].ends_with("= 4<TCP:[127.0.0.1:8080->127.0.0.1:57264]>"),
        "{}",
        lines[2]
    );
    assert_eq!(
        lines[3],
        r#"openat(AT_FDCWD, "/x\33<y>", O_RDONLY) = 5</x\33\74y\76>"#
    );
    assert_eq!(lines[4], "epoll_create1(0) = 6<anon_inode:[eventpoll]>");
    assert_eq!(lines[5], r"close(5</x\33\74y\76>) = 0");
    let lines = told(
        StraceOptions {
            fds: FdNames::Paths,
            ..options()
        },
        &mut records,
    );
    assert_eq!(
        lines[0],
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<socket:[?]>"
    );
    let lines = told(options(), &mut records);
    assert_eq!(lines[5], "close(5) = 0");
}

#[test]
fn without_pointers_two_runs_look_the_same() {
    let options = StraceOptions {
        pointers: false,
        ..options()
    };
    let shown = |record| one_space(line_with(options.clone(), record).trim_end());
    assert_eq!(
        shown(record("read", &[4, P, 10], -11, &[])),
        "read(4, N, 10) = -1 EAGAIN (Resource temporarily unavailable)"
    );
    assert_eq!(
        shown(record("accept4", &[3, 0, 0, 0], -11, &[])),
        "accept4(3, NULL, NULL, 0) = -1 EAGAIN (Resource temporarily unavailable)"
    );
}

#[test]
fn n_puts_the_number_of_the_call_before_it_as_strace_does() {
    let options = StraceOptions {
        number: true,
        ..options()
    };
    let shown = |record| line_with(options.clone(), record);
    assert_eq!(
        one_space(shown(record("read", &[4, P, 10], -11, &[])).trim_end()),
        format!(
            "[{:4}] read(4, 0x7fff00001000, 10) = -1 EAGAIN (Resource temporarily unavailable)",
            libc::SYS_read
        )
    );
    assert_eq!(
        shown(record("listen", &[3, 128], 0, &[])),
        format!(
            "[{:4}] listen(3, 128)                   = 0\n",
            libc::SYS_listen
        )
    );
}
