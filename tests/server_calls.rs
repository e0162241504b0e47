//! Calls that other people's servers make, as strace 6.1 writes them; and the same from a recording.

mod records;

use httpsys::abi::address::Address;
use httpsys::event::build::Builder;
use httpsys::event::raw::part::{AFTER, BUFFER, CONTROL, FIRST, IOVEC, NAME};
use httpsys::event::wire::Start;
use httpsys::source::recording::Recording;
use httpsys::view::json::JsonView;
use httpsys::view::strace::{PidColumn, StraceOptions, StraceView};
use records::{Piece, record, shown, whole, words};

const P: u64 = 0x7fff_0000_1000;
const MINUS: u64 = u64::MAX;

fn strace(record: &mut Builder) -> String {
    let options = StraceOptions {
        pid: PidColumn::Never,
        column: 0,
        ..StraceOptions::default()
    };
    let line = shown(&mut StraceView::new(options), std::slice::from_mut(record));
    line.trim_end().to_owned()
}

fn json(record: &mut Builder) -> String {
    let mut view = JsonView::new(Start::default());
    shown(&mut view, std::slice::from_mut(record))
}

/// Reads one line back; the record it makes.
fn back(line: &str) -> Builder {
    let mut recording = Recording::new(line.as_bytes()).expect("memory can be read");
    let raw = recording.next_record().expect("memory can be read");
    let raw = raw.expect("one record");
    let mut builder = Builder::default();
    builder.begin(raw.head);
    for segment in raw.segments() {
        builder.segment(segment.arg, segment.part, segment.len, segment.bytes);
    }
    builder
}

#[track_caller]
fn same(expected: &str, name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) {
    let mut record = record(name, args, ret, pieces);
    assert_eq!(strace(&mut record), expected);
    let line = json(&mut record);
    let mut again = back(&line);
    assert_eq!(strace(&mut again), expected, "{line}");
    assert_eq!(json(&mut again), line);
}

/// A `struct msghdr`: name and its length, how many buffers, control data and its length, flags.
fn header(name: (u64, u64), buffers: u64, control: (u64, u64), flags: u64) -> Vec<u8> {
    let iov = if buffers > 0 { P } else { 0 };
    words(&[name.0, name.1, iov, buffers, control.0, control.1, flags])
}

/// A `struct cmsghdr` and its data, padded.
fn control(level: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let mut out = (16 + data.len() as u64).to_ne_bytes().to_vec();
    out.extend_from_slice(&level.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn two(a: u32, b: u32) -> Vec<u8> {
    [a.to_ne_bytes(), b.to_ne_bytes()].concat()
}

/// `struct mmsghdr[]`.
fn array(messages: &[(Vec<u8>, u64)]) -> Vec<u8> {
    messages
        .iter()
        .flat_map(|(header, len)| [header.as_slice(), &len.to_ne_bytes()].concat())
        .collect()
}

#[test]
fn several_messages_in_one_call() {
    let plain = header((0, 0), 1, (0, 0), 0);
    let before = array(&[(plain.clone(), 0), (plain.clone(), 0)]);
    let after = array(&[(plain.clone(), 6), (plain.clone(), 6)]);
    let iov = words(&[P, 6]);
    let pieces = [
        whole(1, FIRST, &before),
        whole(1, IOVEC, &iov),
        whole(1, BUFFER, b"hello "),
        whole(1, IOVEC, &iov),
        whole(1, BUFFER, b"world\n"),
        whole(1, AFTER, &after),
    ];
    same(
        r#"sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello ", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=6}, {msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="world\n", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=6}], 2, MSG_NOSIGNAL) = 2"#,
        "sendmmsg",
        &[3, P, 2, 0x4000],
        2,
        &pieces,
    );
    same(
        r#"sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello ", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=0}}, {msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="world\n", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=0}}], 2, 0) = -1 EPIPE (Broken pipe)"#,
        "sendmmsg",
        &[3, P, 2, 0],
        -32,
        &pieces[..5],
    );
    same(
        "sendmmsg(-1, NULL, 2, 0) = -1 EBADF (Bad file descriptor)",
        "sendmmsg",
        &[MINUS, 0, 2, 0],
        -9,
        &[],
    );
    let from = Address::V4([127, 0, 0, 1], 46820).to_bytes();
    let before = array(&[(header((P, 28), 1, (0, 0), 0), 0)]);
    let after = array(&[(header((P, 16), 1, (0, 0), 0x20), 4)]);
    let (iov, limit, left) = (words(&[P, 4]), words(&[1, 5]), words(&[0, 999_995_268]));
    same(
        r#"recvmmsg(4, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(46820), sin_addr=inet_addr("127.0.0.1")}, msg_namelen=28 => 16, msg_iov=[{iov_base="hell", iov_len=4}], msg_iovlen=1, msg_controllen=0, msg_flags=MSG_TRUNC}, msg_len=4}], 3, MSG_WAITFORONE, {tv_sec=1, tv_nsec=5}) = 1 (left {tv_sec=0, tv_nsec=999995268})"#,
        "recvmmsg",
        &[4, P, 3, 0x10000, P],
        1,
        &[
            whole(1, FIRST, &before),
            whole(4, FIRST, &limit),
            whole(1, AFTER, &after),
            whole(1, IOVEC, &iov),
            whole(1, NAME, &from),
            whole(1, BUFFER, b"hell"),
            whole(4, AFTER, &left),
        ],
    );
    same(
        "recvmmsg(4, 0x7fff00001000, 2, MSG_DONTWAIT, NULL) = -1 EAGAIN (Resource temporarily unavailable)",
        "recvmmsg",
        &[4, P, 2, 0x40, 0],
        -11,
        &[whole(1, FIRST, &before)],
    );
}

#[test]
fn control_messages_hand_over_descriptors_and_credentials() {
    let rights = control(1, 1, &two(7, 8));
    let (message, iov) = (header((0, 0), 1, (P, 24), 0), words(&[P, 1]));
    let sent = |control: &[u8], expected: &str, len: u64| {
        let message = header((0, 0), 1, (P, len), 0);
        let control = (1, CONTROL, len, control);
        let pieces = [
            whole(1, FIRST, &message),
            whole(1, IOVEC, &iov),
            control,
            whole(1, BUFFER, b"x"),
        ];
        let line = format!(
            r#"sendmsg(3, {{msg_name=NULL, msg_namelen=0, msg_iov=[{{iov_base="x", iov_len=1}}], msg_iovlen=1, msg_control={expected}, msg_controllen={len}, msg_flags=0}}, 0) = 1"#
        );
        let mut record = record("sendmsg", &[3, P, 0], 1, &pieces);
        assert_eq!(strace(&mut record), line);
        assert_eq!(strace(&mut back(&json(&mut record))), line);
    };
    sent(
        &rights,
        "[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}]",
        24,
    );
    let ucred = [two(12752, 0), 0u32.to_ne_bytes().to_vec()].concat();
    sent(
        &control(1, 2, &ucred),
        "[{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=12752, uid=0, gid=0}}]",
        32,
    );
    sent(
        &control(1, 77, &ucred),
        "[{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=0x4d /* SCM_??? */}]",
        32,
    );
    sent(
        &control(41, 50, &ucred),
        "[{cmsg_len=28, cmsg_level=SOL_IPV6, cmsg_type=0x32}]",
        32,
    );
    sent(&rights[..5], "0x7fff00001000", 5);
    let got = header((0, 0), 1, (P, 24), 0x4000_0000);
    same(
        r#"recvmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}], msg_controllen=24, msg_flags=MSG_CMSG_CLOEXEC}, MSG_CMSG_CLOEXEC) = 1"#,
        "recvmsg",
        &[4, P, 0x4000_0000],
        1,
        &[
            whole(1, FIRST, &message),
            whole(1, AFTER, &got),
            whole(1, IOVEC, &iov),
            whole(1, CONTROL, &rights),
            whole(1, BUFFER, b"x"),
        ],
    );
}

#[test]
fn facts_about_files() {
    let mut statx = vec![0; 256];
    statx[..4].copy_from_slice(&0x1fffu32.to_ne_bytes());
    statx[28..30].copy_from_slice(&0o100644u16.to_ne_bytes());
    statx[40..48].copy_from_slice(&10u64.to_ne_bytes());
    let path = whole(1, FIRST, b"/tmp/f.txt");
    same(
        r#"statx(AT_FDCWD, "/tmp/f.txt", AT_STATX_SYNC_AS_STAT, STATX_ALL, {stx_mask=STATX_ALL|STATX_MNT_ID, stx_attributes=0, stx_mode=S_IFREG|0644, stx_size=10, ...}) = 0"#,
        "statx",
        &[-100i64 as u64, P, 0, 0xfff, P],
        0,
        &[path, whole(4, FIRST, &statx)],
    );
    same(
        r#"statx(AT_FDCWD, "/tmp/f.txt", AT_STATX_SYNC_AS_STAT, 0x80000000 /* STATX_??? */, 0x7fff00001000) = -1 EINVAL (Invalid argument)"#,
        "statx",
        &[-100i64 as u64, P, 0, 0x8000_0000, P],
        -22,
        &[path],
    );
    let entries = (1, FIRST, 3, b"".as_slice());
    same(
        "getdents64(21, 0x7fff00001000 /* 3 entries */, 100) = 72",
        "getdents64",
        &[21, P, 100],
        72,
        &[entries],
    );
    same(
        "getdents64(-1, 0x7fff00001000, 100) = -1 EBADF (Bad file descriptor)",
        "getdents64",
        &[MINUS, P, 100],
        -9,
        &[],
    );
}

#[test]
fn requests_to_devices_and_locks() {
    let one = 1u32.to_ne_bytes();
    same(
        "ioctl(4, FIONBIO, [1]) = 0",
        "ioctl",
        &[4, 0x5421, P],
        0,
        &[whole(2, FIRST, &one)],
    );
    let n = 14u32.to_ne_bytes();
    same(
        "ioctl(4, FIONREAD, [14]) = 0",
        "ioctl",
        &[4, 0x541b, P],
        0,
        &[whole(2, FIRST, &n)],
    );
    same(
        "ioctl(-1, FIONREAD, 0x7fff00001000) = -1 EBADF (Bad file descriptor)",
        "ioctl",
        &[MINUS, 0x541b, P],
        -9,
        &[],
    );
    same("ioctl(4, FIOCLEX) = 0", "ioctl", &[4, 0x5451, 0], 0, &[]);
    same(
        "ioctl(4, TIOCSCTTY, 1) = -1 ENOTTY (Inappropriate ioctl for device)",
        "ioctl",
        &[4, 0x540e, 1],
        -25,
        &[],
    );
    let window = [24u16, 80, 0, 0].map(u16::to_ne_bytes).concat();
    same(
        "ioctl(6, TIOCSWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0",
        "ioctl",
        &[6, 0x5414, P],
        0,
        &[whole(2, FIRST, &window)],
    );
    same(
        "ioctl(12, _IOC(_IOC_NONE, 0x12, 0x34, 0), 0x5) = -1 ENOTTY (Inappropriate ioctl for device)",
        "ioctl",
        &[12, 0x1234, 5],
        -25,
        &[],
    );
    same(
        "ioctl(4, _IOC(_IOC_READ|_IOC_WRITE, 0x22, 0x33, 0x11), 0) = -1 ENOTTY (Inappropriate ioctl for device)",
        "ioctl",
        &[4, 0xc011_2233, 0],
        -25,
        &[],
    );
    let lock = words(&[0x0002_0001, MINUS - 4, 0, 0]);
    same(
        "fcntl(6, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_END, l_start=-5, l_len=0}) = -1 EINVAL (Invalid argument)",
        "fcntl",
        &[6, 6, P],
        -22,
        &[whole(2, FIRST, &lock)],
    );
    let lock = words(&[2, 0, 0, 0]);
    same(
        "fcntl(12, F_GETLK, {l_type=F_UNLCK, l_whence=SEEK_SET, l_start=0, l_len=0, l_pid=0}) = 0",
        "fcntl",
        &[12, 5, P],
        0,
        &[whole(2, FIRST, &lock)],
    );
    same(
        "fcntl(-1, F_GETLK, 0x7fff00001000) = -1 EBADF (Bad file descriptor)",
        "fcntl",
        &[MINUS, 5, P],
        -9,
        &[],
    );
}

#[test]
fn programs_and_children() {
    let path = whole(0, FIRST, b"/bin/sh");
    same(
        r#"execve("/bin/sh", ["sh", "-c"], 0x7fff00001000 /* 2 vars */) = -1 ENOENT (No such file or directory)"#,
        "execve",
        &[P, P, P],
        -2,
        &[
            path,
            (1, FIRST, 16, b""),
            whole(1, BUFFER, b"sh"),
            whole(1, BUFFER + 1, b"-c"),
            (2, FIRST, 16, b""),
        ],
    );
    let long = [b'a'; 40];
    same(
        r#"execve("/bin/sh", ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"...], NULL) = 0"#,
        "execve",
        &[P, P, 0],
        0,
        &[path, (1, FIRST, 8, b""), whole(1, BUFFER, &long)],
    );
    same(
        r#"execve("/bin/sh", [], 0x8) = -1 EFAULT (Bad address)"#,
        "execve",
        &[P, P, 8],
        -14,
        &[path, (1, FIRST, 0, b"")],
    );
    let thread = words(&[
        0x3d0f00,
        0,
        0x7f9b_3bc1_d990,
        0x7f9b_3bc1_d990,
        0,
        0x7f9b_3b41_d000,
        0x7fff80,
        0x7f9b_3bc1_d6c0,
        0,
        0,
        0,
    ]);
    same(
        "clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, child_tid=0x7f9b3bc1d990, parent_tid=0x7f9b3bc1d990, exit_signal=0, stack=0x7f9b3b41d000, stack_size=0x7fff80, tls=0x7f9b3bc1d6c0} => {parent_tid=[5352]}, 88) = 5352",
        "clone3",
        &[P, 88],
        5352,
        &[whole(0, FIRST, &thread)],
    );
    let child = words(&[0x1_0000_0000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0]);
    same(
        "clone3({flags=CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88) = 24271",
        "clone3",
        &[P, 88],
        24271,
        &[whole(0, FIRST, &child)],
    );
    same(
        "clone(child_stack=NULL, flags=CLONE_PARENT_SETTID|SIGCHLD, parent_tid=[24270]) = 24270",
        "clone",
        &[0x100011, 0, P, 0, 0],
        24270,
        &[],
    );
}
