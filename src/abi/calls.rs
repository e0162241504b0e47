//! The signature table of system calls: name, number on each CPU, parameters and what kind of thing
//! each parameter is. It drives capture (what memory to copy), decode, the JSON arguments and the
//! strace view.
//!
//! In: nothing. Out: types here, rows in `calls/table.rs`. Left out on purpose: calls of other CPUs and
//! of 32-bit programs.
//!
//! Sources: `man 2` for parameter names, `arch/x86/entry/syscalls/syscall_64.tbl` and
//! `include/uapi/asm-generic/unistd.h` for numbers.

mod table;

use super::flags::FlagSet;
pub use table::*;

/// What an argument is, and so what memory belongs to it and how it is shown.
///
/// Numbers in a kind (`len`, `count`) are the position of the other argument that says how much.
#[derive(Clone, Copy, Debug)]
#[allow(
    missing_docs,
    reason = "a number in a kind is explained above, once for all"
)]
pub enum Kind {
    /// Signed decimal, the low 32 bits of the register.
    Int,
    /// Unsigned decimal, the low 32 bits of the register.
    Uint,
    /// Unsigned decimal, 64 bits: sizes, counts.
    Size,
    /// File offset, signed 64 bits.
    Offset,
    /// An address nobody looks behind; 0 is `NULL`.
    Pointer,
    /// A number best read in hex; 0 is `0`.
    Hex,
    /// A register that belongs to the call but is not an argument of its own (the upper half of an
    /// offset, unused on 64-bit CPUs): not shown.
    Unused,
    /// Permission bits, in octal.
    Mode,
    /// A file descriptor.
    Fd,
    /// A file descriptor or `AT_FDCWD`.
    DirFd,
    /// Bits from a table.
    Flags(&'static FlagSet),
    /// One value from a table.
    Constant(&'static FlagSet),
    /// `open` flags: an access mode in the low two bits, then bits.
    OpenFlags,
    /// A socket type in the low four bits, then `SOCK_CLOEXEC`, `SOCK_NONBLOCK`.
    SocketType,
    /// A protocol of `socket`; its names depend on the family in argument `domain`
    /// ([`super::flags::protocol_names`]).
    Protocol { domain: u8 },
    /// A socket option's number; its names depend on the level in argument `level`
    /// ([`super::flags::option_names`]).
    OptionName { level: u8 },
    /// What `fcntl` is given: a number, flags, a `struct flock` or a pointer, as argument `op` says;
    /// nothing for the `F_GET…` operations.
    FcntlArg { op: u8 },
    /// What `ioctl` is given: a number, a pointer, or memory that is kept for the requests of
    /// [`super::ioctl`], as argument `request` says.
    IoctlArg { request: u8 },
    /// `clone` flags, with the signal for the parent in the low eight bits.
    CloneFlags,
    /// A NUL-terminated path or name, read at entry.
    Path,
    /// Bytes the program hands over; argument `len` counts them.
    BytesIn { len: u8 },
    /// Bytes the kernel fills in: as many as the result says, at most argument `len`.
    BytesOut { len: u8 },
    /// A socket address the program hands over; argument `len` counts its bytes.
    AddressIn { len: u8 },
    /// A socket address the kernel fills in; argument `len` points to its length.
    AddressOut { len: u8 },
    /// Pointer to a `socklen_t`, read at entry and at exit.
    LengthInOut,
    /// A socket option value handed over; argument `len` counts its bytes.
    OptionIn { len: u8 },
    /// A socket option value filled in; argument `len` points to its length.
    OptionOut { len: u8 },
    /// `struct iovec[count]` whose buffers the program hands over.
    VectorIn { count: u8 },
    /// `struct iovec[count]` whose buffers the kernel fills, as many bytes as the result says.
    VectorOut { count: u8 },
    /// `struct msghdr` whose buffers the program hands over.
    MessageIn,
    /// `struct msghdr` whose buffers the kernel fills.
    MessageOut,
    /// `struct mmsghdr[count]` handed over; the kernel fills in each `msg_len`, for as many messages as
    /// the result says.
    MessagesIn { count: u8 },
    /// `struct mmsghdr[count]` whose buffers the kernel fills, as many messages as the result says.
    MessagesOut { count: u8 },
    /// One `struct epoll_event` handed over.
    EpollEvent,
    /// `struct epoll_event[]` filled in: as many as the result says.
    EpollEvents,
    /// `struct pollfd[count]`, read at entry and at exit.
    PollFds { count: u8 },
    /// An `fd_set` of as many bits as argument `nfds` says, read at entry and at exit.
    FdSet { nfds: u8 },
    /// `struct timespec` handed over, or NULL.
    Timespec,
    /// `struct timeval` handed over, or NULL.
    Timeval,
    /// `struct timespec` filled in.
    TimespecOut,
    /// `struct timespec` filled in only where a signal ended a sleep: what is left of it.
    TimespecLeft,
    /// `struct itimerspec` handed over.
    Itimerspec,
    /// `struct itimerspec` filled in.
    ItimerspecOut,
    /// `sigset_t` handed over, or NULL; argument `size` counts its bytes.
    SigSet { size: u8 },
    /// `sigset_t` filled in; argument `size` counts its bytes.
    SigSetOut { size: u8 },
    /// The kernel's `struct sigaction` handed over, or NULL.
    SigAction,
    /// The same, filled in.
    SigActionOut,
    /// The last argument of `pselect6`: a pointer to a `sigset_t` pointer and its size, or NULL.
    PackedSigSet,
    /// `off_t *`, read at entry and at exit.
    OffsetInOut,
    /// `int[count]` filled in (`pipe2`, `socketpair`).
    IntsOut { count: u8 },
    /// `int` filled in by `wait4`: how a child ended.
    WaitStatus,
    /// `siginfo_t` filled in by `waitid`.
    SigInfoOut,
    /// `struct rusage` filled in.
    Rusage,
    /// `struct io_uring_params`: some of it handed over, some filled in; read at entry and at exit.
    RingParams,
    /// `struct stat` filled in.
    Stat,
    /// `struct statx` filled in.
    Statx,
    /// `struct open_how` handed over; argument `size` counts its bytes.
    OpenHow { size: u8 },
    /// `struct clone_args` handed over; argument `size` counts its bytes.
    CloneArgs { size: u8 },
    /// A NULL-terminated array of strings: a program's arguments.
    Strings,
    /// The same: a program's environment, which strace only counts.
    Environment,
    /// `struct linux_dirent64[]` filled in; only how many there are is kept.
    DirEntries,
    /// `struct linger`, `sigset_t` and other small structures shown as raw bytes: a fixed size, at entry.
    StructIn { size: u16 },
    /// The same, filled in.
    StructOut { size: u16 },
}

/// One parameter of a call.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The man page's name for it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// Which of strace's classes a call belongs to (`-e trace=%network`).
pub mod class {
    /// `%network`.
    pub const NETWORK: u8 = 1;
    /// `%desc`.
    pub const DESC: u8 = 2;
    /// `%file`.
    pub const FILE: u8 = 4;
    /// `%process`.
    pub const PROCESS: u8 = 8;
    /// `%memory`.
    pub const MEMORY: u8 = 16;
    /// `%signal`.
    pub const SIGNAL: u8 = 32;
    /// `%ipc`.
    pub const IPC: u8 = 64;
    /// `%creds`.
    pub const CREDS: u8 = 128;

    /// The bits of a class by strace's name for it, with or without `%`.
    pub fn from_name(name: &str) -> Option<u8> {
        match name.strip_prefix('%').unwrap_or(name) {
            "network" | "net" => Some(NETWORK),
            "desc" => Some(DESC),
            "file" => Some(FILE),
            "process" => Some(PROCESS),
            "memory" => Some(MEMORY),
            "signal" => Some(SIGNAL),
            "ipc" => Some(IPC),
            "creds" => Some(CREDS),
            _ => None,
        }
    }
}

/// A call by its place in the table: the same on every CPU.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub u16);

/// What the table knows of one call.
#[derive(Debug)]
pub struct Signature {
    /// The kernel's name, as strace prints it.
    pub name: &'static str,
    /// Its number on x86_64, if it exists there.
    pub x86_64: Option<u16>,
    /// Its number on aarch64, if it exists there.
    pub aarch64: Option<u16>,
    /// Its parameters, at most six.
    pub params: &'static [Param],
    /// Bits of [`class`].
    pub classes: u8,
    /// Whether it can sleep for as long as a peer pleases, so that its beginning is worth an event.
    pub waits: bool,
    /// Whether its result is a new file descriptor.
    pub gives_fd: bool,
    /// One plain sentence: what the call does.
    pub sentence: &'static str,
}

impl CallId {
    /// The table's row.
    pub fn signature(self) -> &'static Signature {
        &CALLS[self.0 as usize]
    }

    /// The kernel's name.
    pub fn name(self) -> &'static str {
        self.signature().name
    }

    /// The number on the CPU this program was built for; `None` where the call does not exist.
    #[inline]
    pub const fn number(self) -> Option<u16> {
        let row = &CALLS[self.0 as usize];
        if cfg!(target_arch = "aarch64") {
            row.aarch64
        } else {
            row.x86_64
        }
    }

    /// The call with this number on the CPU this program was built for.
    #[inline]
    pub fn from_number(number: u64) -> Option<CallId> {
        match BY_NUMBER.get(number as usize) {
            Some(&index) if index != NONE => Some(CallId(index)),
            _ => None,
        }
    }

    /// The call of this name.
    pub fn from_name(name: &str) -> Option<CallId> {
        let mut place = name_place(name);
        loop {
            match BY_NAME[place] {
                NONE => return None,
                index if CALLS[usize::from(index)].name == name => return Some(CallId(index)),
                _ => place = (place + 1) % BY_NAME.len(),
            }
        }
    }

    /// Every call of the table, in its order.
    pub fn all() -> impl Iterator<Item = CallId> {
        (0..CALLS.len() as u16).map(CallId)
    }
}

const NONE: u16 = u16::MAX;

/// Table index by name: where [`name_place`] says, or at the next free place. Two thirds and more are free.
static BY_NAME: [u16; 2048] = {
    assert!(CALLS.len() * 3 < 2048, "room in the table");
    let mut by_name = [NONE; 2048];
    let mut index = 0;
    while index < CALLS.len() {
        let mut place = name_place(CALLS[index].name);
        while by_name[place] != NONE {
            place = (place + 1) % by_name.len();
        }
        by_name[place] = index as u16;
        index += 1;
    }
    by_name
};

/// Where a name is looked for first: its first and last bytes, mixed (Fibonacci hashing).
const fn name_place(name: &str) -> usize {
    let (name, len) = (name.as_bytes(), name.len());
    let (mut word, mut at) = (len as u64, 0);
    while at < len && at < 8 {
        word = word << 8 ^ name[at] as u64 ^ (name[len - 1 - at] as u64) << 4;
        at += 1;
    }
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize
}

/// Table index by number on this CPU.
static BY_NUMBER: [u16; 512] = {
    let mut by_number = [NONE; 512];
    let mut index = 0;
    while index < CALLS.len() {
        if let Some(number) = CallId(index as u16).number() {
            by_number[number as usize] = index as u16;
        }
        index += 1;
    }
    by_number
};

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;

    #[test]
    fn no_number_and_no_name_is_given_twice() {
        for numbers in [
            CALLS
                .iter()
                .filter_map(|row| row.x86_64)
                .collect::<Vec<u16>>(),
            CALLS.iter().filter_map(|row| row.aarch64).collect(),
        ] {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), numbers.len());
        }
        let mut names: Vec<&str> = CALLS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_table_is_complete_for_a_6_18_kernel() {
        let x86_64: Vec<u16> = CALLS.iter().filter_map(|row| row.x86_64).collect();
        let aarch64: Vec<u16> = CALLS.iter().filter_map(|row| row.aarch64).collect();
        let missing = |have: &[u16], range: std::ops::RangeInclusive<u16>| {
            range.filter(|n| !have.contains(n)).collect::<Vec<u16>>()
        };
        assert_eq!(missing(&x86_64, 0..=336), [0u16; 0]);
        assert_eq!(missing(&x86_64, 424..=469), [0u16; 0]);
        // 244 to 259 belong to single CPUs; Arm has none of them but 260 begins again with wait4.
        assert_eq!(missing(&aarch64, 0..=243), [0u16; 0]);
        let gap: Vec<u16> = (295..=423).collect();
        assert_eq!(missing(&aarch64, 260..=469), gap);
    }

    #[test]
    fn every_call_is_found_by_its_name_and_by_its_number() {
        for id in CallId::all() {
            assert_eq!(CallId::from_name(id.name()), Some(id));
            if let Some(number) = id.number() {
                assert_eq!(CallId::from_number(u64::from(number)), Some(id));
            }
        }
        assert_eq!(CallId::from_name("aceppt"), None);
        assert_eq!(CallId::from_number(u64::MAX), None);
    }

    #[test]
    fn the_numbers_are_those_of_the_c_library() {
        let same = [
            (READ, libc::SYS_read),
            (WRITE, libc::SYS_write),
            (CLOSE, libc::SYS_close),
            (SOCKET, libc::SYS_socket),
            (BIND, libc::SYS_bind),
            (LISTEN, libc::SYS_listen),
            (ACCEPT, libc::SYS_accept),
            (ACCEPT4, libc::SYS_accept4),
            (CONNECT, libc::SYS_connect),
            (SHUTDOWN, libc::SYS_shutdown),
            (SETSOCKOPT, libc::SYS_setsockopt),
            (GETSOCKOPT, libc::SYS_getsockopt),
            (GETSOCKNAME, libc::SYS_getsockname),
            (GETPEERNAME, libc::SYS_getpeername),
            (SOCKETPAIR, libc::SYS_socketpair),
            (SENDTO, libc::SYS_sendto),
            (RECVFROM, libc::SYS_recvfrom),
            (SENDMSG, libc::SYS_sendmsg),
            (RECVMSG, libc::SYS_recvmsg),
            (SENDMMSG, libc::SYS_sendmmsg),
            (RECVMMSG, libc::SYS_recvmmsg),
            (READV, libc::SYS_readv),
            (WRITEV, libc::SYS_writev),
            (PREAD64, libc::SYS_pread64),
            (PREADV2, libc::SYS_preadv2),
            (SENDFILE, libc::SYS_sendfile),
            (SPLICE, libc::SYS_splice),
            (COPY_FILE_RANGE, libc::SYS_copy_file_range),
            (OPENAT, libc::SYS_openat),
            (OPENAT2, libc::SYS_openat2),
            (NEWFSTATAT, libc::SYS_newfstatat),
            (FSTAT, libc::SYS_fstat),
            (STATX, libc::SYS_statx),
            (FCNTL, libc::SYS_fcntl),
            (IOCTL, libc::SYS_ioctl),
            (DUP3, libc::SYS_dup3),
            (PIPE2, libc::SYS_pipe2),
            (EVENTFD2, libc::SYS_eventfd2),
            (SIGNALFD4, libc::SYS_signalfd4),
            (TIMERFD_SETTIME, libc::SYS_timerfd_settime),
            (EPOLL_CREATE1, libc::SYS_epoll_create1),
            (EPOLL_CTL, libc::SYS_epoll_ctl),
            (EPOLL_PWAIT, libc::SYS_epoll_pwait),
            (EPOLL_PWAIT2, libc::SYS_epoll_pwait2),
            (PPOLL, libc::SYS_ppoll),
            (PSELECT6, libc::SYS_pselect6),
            (CLOSE_RANGE, libc::SYS_close_range),
            (CLONE, libc::SYS_clone),
            (CLONE3, libc::SYS_clone3),
            (EXECVE, libc::SYS_execve),
            (EXECVEAT, libc::SYS_execveat),
            (EXIT_GROUP, libc::SYS_exit_group),
            (WAIT4, libc::SYS_wait4),
            (KILL, libc::SYS_kill),
            (MMAP, libc::SYS_mmap),
            (FUTEX, libc::SYS_futex),
            (IO_URING_SETUP, libc::SYS_io_uring_setup),
            (IO_URING_ENTER, libc::SYS_io_uring_enter),
            (IO_URING_REGISTER, libc::SYS_io_uring_register),
            (MSEAL, libc::SYS_mseal),
        ];
        for (id, number) in same {
            assert_eq!(id.number().map(i64::from), Some(number), "{}", id.name());
        }
    }

    #[test]
    fn a_kind_names_an_argument_that_exists() {
        for row in CALLS {
            assert!(row.params.len() <= 6, "{}", row.name);
            for param in row.params {
                let other = match param.kind {
                    Kind::BytesIn { len }
                    | Kind::BytesOut { len }
                    | Kind::AddressIn { len }
                    | Kind::AddressOut { len }
                    | Kind::OptionIn { len }
                    | Kind::OptionOut { len } => len,
                    Kind::VectorIn { count }
                    | Kind::VectorOut { count }
                    | Kind::MessagesIn { count }
                    | Kind::MessagesOut { count }
                    | Kind::PollFds { count } => count,
                    Kind::OpenHow { size }
                    | Kind::CloneArgs { size }
                    | Kind::SigSet { size }
                    | Kind::SigSetOut { size } => size,
                    Kind::Protocol { domain: other }
                    | Kind::OptionName { level: other }
                    | Kind::FcntlArg { op: other }
                    | Kind::IoctlArg { request: other }
                    | Kind::FdSet { nfds: other } => other,
                    _ => continue,
                };
                assert!(
                    usize::from(other) < row.params.len(),
                    "{} {}",
                    row.name,
                    param.name
                );
            }
        }
    }

    /// What strace 6.1 prints for `-e trace=%desc,%network`, a few of each.
    #[test]
    fn the_classes_are_those_of_strace() {
        let is = |id: CallId, bits: u8| assert_eq!(id.signature().classes, bits, "{}", id.name());
        is(ACCEPT4, class::NETWORK);
        is(SENDTO, class::NETWORK);
        is(SENDFILE, class::NETWORK | class::DESC);
        is(READ, class::DESC);
        is(MMAP, class::DESC | class::MEMORY);
        is(PIPE2, class::DESC);
        is(CLOSE_RANGE, 0);
        is(OPENAT, class::DESC | class::FILE);
        is(NEWFSTATAT, class::DESC | class::FILE);
        is(EXECVE, class::FILE | class::PROCESS);
        is(SIGNALFD4, class::DESC | class::SIGNAL);
        is(KILL, class::PROCESS | class::SIGNAL);
        is(FUTEX, 0);
        assert_eq!(class::from_name("%network"), Some(class::NETWORK));
        assert_eq!(class::from_name("%http"), None);
    }

    #[test]
    fn every_sentence_is_plain_and_fits_a_line() {
        for row in CALLS {
            assert!(
                row.sentence.is_ascii() && row.sentence.len() <= 100,
                "{}",
                row.name
            );
            assert!(
                !row.sentence.ends_with('.') && !row.sentence.is_empty(),
                "{}",
                row.name
            );
        }
    }
}
