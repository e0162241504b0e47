//! The strace view of calls that are cut short, told wrongly, or rare: lines that strace 6.1 itself wrote.

mod records;

use httpsys::view::strace::{PidColumn, StraceOptions, StraceView};
use records::{Piece, record, shown, whole, words};

#[track_caller]
fn same(expected: &str, name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) {
    let mut view = StraceView::new(StraceOptions {
        pid: PidColumn::Never,
        column: 0,
        ..StraceOptions::default()
    });
    let mut record = record(name, args, ret, pieces);
    let line = shown(&mut view, std::slice::from_mut(&mut record));
    assert_eq!(line.trim_end_matches('\n'), expected);
}

const P: u64 = 0x7fff_0000_1000;
const MINUS: u64 = u64::MAX;

#[test]
fn addresses_that_are_too_short_are_bytes() {
    same(
        r#"bind(3, {sa_family=AF_INET, sa_data="\0\0\177\0\0\1"}, 8) = -1 EINVAL (Invalid argument)"#,
        "bind",
        &[3, P, 8],
        -22,
        &[whole(1, 0, &[2, 0, 0, 0, 127, 0, 0, 1])],
    );
    same(
        "bind(3, {sa_family=AF_INET}, 2) = -1 EINVAL (Invalid argument)",
        "bind",
        &[3, P, 2],
        -22,
        &[whole(1, 0, &[2, 0])],
    );
    same(
        "bind(77, {sa_family=AF_NETLINK, nl_pid=99, nl_groups=0x000041}, 12) = -1 EBADF (Bad file descriptor)",
        "bind",
        &[77, P, 12],
        -9,
        &[whole(1, 0, &[16, 0, 0, 0, 99, 0, 0, 0, 0x41, 0, 0, 0])],
    );
}

#[test]
fn a_length_beside_no_address_is_where_it_is() {
    let length = 16u32.to_ne_bytes();
    let pieces = [whole(2, 0, &length)];
    same(
        "accept4(3, NULL, 0x7fff00001000, 0) = 5",
        "accept4",
        &[3, 0, P, 0],
        5,
        &pieces,
    );
    same(
        "getsockname(3, 0x7fff00001000, [-1]) = -1 EINVAL (Invalid argument)",
        "getsockname",
        &[3, P, P],
        -22,
        &[whole(2, 0, &MINUS.to_ne_bytes()[..4])],
    );
}

#[test]
fn options_that_are_cut_show_what_there_is_in_hex() {
    let cut = |name: u64, value: &[u8], line: &str| {
        let length = (value.len() as u32).to_ne_bytes();
        let pieces = [
            whole(4, 0, &length),
            whole(3, 0, value),
            whole(4, 1, &length),
        ];
        same(line, "getsockopt", &[3, 1, name, P, P], 0, &pieces);
    };
    cut(
        13,
        &[1, 0, 0, 0, 5, 0],
        r#"getsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger="\x05\x00"}, [6]) = 0"#,
    );
    cut(
        7,
        &[0, 0x40],
        r#"getsockopt(3, SOL_SOCKET, SO_SNDBUF, "\x00\x40", [2]) = 0"#,
    );
    cut(
        3,
        &[1, 0],
        r#"getsockopt(3, SOL_SOCKET, SO_TYPE, "\1\0", [2]) = 0"#,
    );
    cut(
        3,
        &[],
        "getsockopt(3, SOL_SOCKET, SO_TYPE, 0x7fff00001000, [0]) = 0",
    );
}

#[test]
fn lists_that_end_in_unreadable_memory_say_where() {
    let iov = words(&[P, 1]);
    let pieces = [(1, 0, 32, iov.as_slice()), whole(1, 2, b"0")];
    same(
        r#"writev(3, [{iov_base="0", iov_len=1}, ... /* 0x7fff00001010 */], 2) = -1 EFAULT (Bad address)"#,
        "writev",
        &[3, P, 2],
        -14,
        &pieces,
    );
    let one = [3, 0, 0, 0, 1, 0, 0, 0];
    same(
        "poll([{fd=3, events=POLLIN}, ... /* 0x7fff00001008 */], 2, 0) = -1 EFAULT (Bad address)",
        "poll",
        &[P, 2, 0],
        -14,
        &[(0, 0, 16, one.as_slice())],
    );
}

#[test]
fn mappings_have_a_kind_and_a_size_of_pages() {
    let map = |flags: u64, shown: &str| {
        let line =
            format!("mmap(NULL, 4096, PROT_READ, {shown}, 3, 0) = -1 EINVAL (Invalid argument)");
        same(&line, "mmap", &[0, 4096, 1, flags, 3, 0], -22, &[]);
    };
    map(0, "MAP_FILE");
    map(0xf, "0xf /* MAP_??? */");
    map(
        0x40022 | 21 << 26,
        "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT",
    );
    same(
        r#"memfd_create("01234567890123456789012345678901"..., MFD_HUGETLB|30<<MFD_HUGE_SHIFT) = 9"#,
        "memfd_create",
        &[P, 4 | 30 << 26],
        9,
        &[whole(0, 0, b"0123456789012345678901234567890123456789")],
    );
}

#[test]
fn a_set_of_signals_is_turned_round_when_two_thirds_are_in_it() {
    let set = |bits: u64, shown: &str| {
        let line = format!("rt_sigprocmask(SIG_BLOCK, NULL, {shown}, 8) = 0");
        same(
            &line,
            "rt_sigprocmask",
            &[0, 0, P, 8],
            0,
            &[whole(2, 0, &bits.to_ne_bytes())],
        );
    };
    set(1 << 9 | 1 << 33, "[USR1 RT_2]");
    set(u64::MAX, "~[]");
    set(
        !0 << 22 | 1,
        "~[INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU]",
    );
}

#[test]
fn a_handler_is_shown_with_its_flags() {
    let action = words(&[1, 0x1000_0004, 0, 6]);
    same(
        "rt_sigaction(SIGUSR2, {sa_handler=SIG_IGN, sa_mask=[INT QUIT], sa_flags=SA_RESTART|SA_SIGINFO}, NULL, 8) = 0",
        "rt_sigaction",
        &[12, P, 0, 8],
        0,
        &[whole(1, 0, &action)],
    );
}

#[test]
fn what_was_left_of_a_sleep_is_shown_only_where_a_signal_ended_it() {
    let (eight, left) = (words(&[8, 0]), words(&[7, 5]));
    same(
        "nanosleep({tv_sec=8, tv_nsec=0}, 0x7fff00001000) = 0",
        "nanosleep",
        &[P, P],
        0,
        &[whole(0, 0, &eight)],
    );
    same(
        "nanosleep({tv_sec=8, tv_nsec=0}, {tv_sec=7, tv_nsec=5}) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)",
        "nanosleep",
        &[P, P],
        -516,
        &[whole(0, 0, &eight), whole(1, 0, &left)],
    );
}

#[test]
fn what_fcntl_gives_is_named() {
    same(
        "fcntl(8, F_GET_SEALS) = 0x6 (seals F_SEAL_SHRINK|F_SEAL_GROW)",
        "fcntl",
        &[8, 1034, 0],
        6,
        &[],
    );
    same(
        "fcntl(7, F_GETLEASE) = 0x2 (F_UNLCK)",
        "fcntl",
        &[7, 1025, 0],
        2,
        &[],
    );
    same(
        "fcntl(3, F_SETOWN_EX, {type=F_OWNER_PID, pid=7}) = 0",
        "fcntl",
        &[3, 15, P],
        0,
        &[whole(2, 0, &[1, 0, 0, 0, 7, 0, 0, 0])],
    );
}
