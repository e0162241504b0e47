//! The rows of the call table: every system call of a Linux 6.18 kernel on x86_64 and aarch64.
//!
//! Numbers: `arch/x86/entry/syscalls/syscall_64.tbl`, `include/uapi/asm-generic/unistd.h`. Parameter
//! names: `man 2`. Classes: what strace 6.1 makes of them; calls newer than that strace have the
//! classes of their older kin. Sentences: ours; their subject is the call.

use super::{CallId, Kind, Param, Signature, class};
use crate::abi::flags;

/// Two arguments of `clone` change places between CPUs (`man 2 clone`, "C library/kernel differences").
const CLONE_PARAMS: &[Param] = {
    let (fourth, fifth) = match cfg!(target_arch = "x86_64") {
        true => ("child_tid", "tls"),
        false => ("tls", "child_tid"),
    };
    &[
        Param {
            name: "flags",
            kind: Kind::CloneFlags,
        },
        Param {
            name: "stack",
            kind: Kind::Pointer,
        },
        Param {
            name: "parent_tid",
            kind: Kind::Pointer,
        },
        Param {
            name: fourth,
            kind: Kind::Pointer,
        },
        Param {
            name: fifth,
            kind: Kind::Pointer,
        },
    ]
};

/// Builds the table and one constant a call. A row reads:
/// `CONSTANT "name" x86_64 aarch64 [classes] [traits] (parameter: Kind, …) "sentence";`
/// where `-` stands for "no such call on this CPU". A name in braces instead of parameters is a
/// constant that holds them.
macro_rules! calls {
    ($( $id:ident $name:literal $x86:tt $arm:tt [$($class:ident)*] [$($property:ident)*] $params:tt $sentence:literal; )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Index { $($id),* }
        $(
            #[doc = concat!("`man 2 ", $name, "`: ", $sentence)]
            pub const $id: CallId = CallId(Index::$id as u16);
        )*
        /// Every call we know, in the order of its kind.
        pub static CALLS: &[Signature] = &[$( Signature {
            name: $name,
            x86_64: calls!(@number $x86),
            aarch64: calls!(@number $arm),
            params: calls!(@params $params),
            classes: 0 $(| class::$class)*,
            waits: false $(|| calls!(@waits $property))*,
            gives_fd: false $(|| calls!(@gives $property))*,
            sentence: $sentence,
        } ),*];
    };
    (@params ()) => { &[] };
    (@params ( $($param:ident : $kind:expr),* )) => {{
        use Kind::*;
        &[$( Param { name: calls!(@name $param), kind: $kind } ),*]
    }};
    (@params { $params:ident }) => { $params };
    (@number -) => { None };
    (@number $n:literal) => { Some($n) };
    (@name type_) => { "type" };
    (@name $p:ident) => { stringify!($p) };
    (@waits waits) => { true };
    (@waits $other:ident) => { false };
    (@gives fd) => { true };
    (@gives $other:ident) => { false };
}

calls! {
    // A server's life: sockets.
    SOCKET "socket" 41 198 [NETWORK] [fd] (domain: Constant(&flags::DOMAIN), type_: SocketType, protocol: Protocol { domain: 0 }) "makes a socket and gives its descriptor; it has no address yet";
    SOCKETPAIR "socketpair" 53 199 [NETWORK] [] (domain: Constant(&flags::DOMAIN), type_: SocketType, protocol: Size, sv: IntsOut { count: 2 }) "makes two sockets that are already connected to each other";
    BIND "bind" 49 200 [NETWORK] [] (sockfd: Fd, addr: AddressIn { len: 2 }, addrlen: Int) "gives a socket its local address";
    LISTEN "listen" 50 201 [NETWORK] [] (sockfd: Fd, backlog: Int) "lets the kernel complete connections to this socket and queue them";
    ACCEPT "accept" 43 202 [NETWORK] [waits fd] (sockfd: Fd, addr: AddressOut { len: 2 }, addrlen: LengthInOut) "takes the first completed connection from the queue and gives it a descriptor";
    ACCEPT4 "accept4" 288 242 [NETWORK] [waits fd] (sockfd: Fd, addr: AddressOut { len: 2 }, addrlen: LengthInOut, flags: Flags(&flags::SOCK)) "takes the first completed connection from the queue and gives it a descriptor";
    CONNECT "connect" 42 203 [NETWORK] [waits] (sockfd: Fd, addr: AddressIn { len: 2 }, addrlen: Int) "asks for a connection to an address";
    SHUTDOWN "shutdown" 48 210 [NETWORK] [] (sockfd: Fd, how: Constant(&flags::SHUT)) "closes one direction of a connection; the descriptor stays";
    SETSOCKOPT "setsockopt" 54 208 [NETWORK] [] (sockfd: Fd, level: Constant(&flags::SOL), optname: OptionName { level: 1 }, optval: OptionIn { len: 4 }, optlen: Int) "sets an option of a socket";
    GETSOCKOPT "getsockopt" 55 209 [NETWORK] [] (sockfd: Fd, level: Constant(&flags::SOL), optname: OptionName { level: 1 }, optval: OptionOut { len: 4 }, optlen: LengthInOut) "reads an option of a socket";
    GETSOCKNAME "getsockname" 51 204 [NETWORK] [] (sockfd: Fd, addr: AddressOut { len: 2 }, addrlen: LengthInOut) "asks for the local address of a socket";
    GETPEERNAME "getpeername" 52 205 [NETWORK] [] (sockfd: Fd, addr: AddressOut { len: 2 }, addrlen: LengthInOut) "asks who is at the other end";
    SENDTO "sendto" 44 206 [NETWORK] [waits] (sockfd: Fd, buf: BytesIn { len: 2 }, size: Size, flags: Flags(&flags::MSG), dest_addr: AddressIn { len: 5 }, addrlen: Int) "write for sockets, with flags";
    RECVFROM "recvfrom" 45 207 [NETWORK] [waits] (sockfd: Fd, buf: BytesOut { len: 2 }, size: Size, flags: Flags(&flags::MSG), src_addr: AddressOut { len: 5 }, addrlen: LengthInOut) "read for sockets, with flags";
    SENDMSG "sendmsg" 46 211 [NETWORK] [waits] (sockfd: Fd, msg: MessageIn, flags: Flags(&flags::MSG)) "sends several buffers, an address and control data with one call";
    RECVMSG "recvmsg" 47 212 [NETWORK] [waits] (sockfd: Fd, msg: MessageOut, flags: Flags(&flags::MSG)) "receives into several buffers, with address and control data";
    SENDMMSG "sendmmsg" 307 269 [NETWORK] [waits] (sockfd: Fd, msgvec: MessagesIn { count: 2 }, vlen: Uint, flags: Flags(&flags::MSG)) "sends several messages with one call";
    RECVMMSG "recvmmsg" 299 243 [NETWORK] [waits] (sockfd: Fd, msgvec: MessagesOut { count: 2 }, vlen: Uint, flags: Flags(&flags::MSG), timeout: Timespec) "receives several messages with one call";
    // Bytes in and out.
    READ "read" 0 63 [DESC] [waits] (fd: Fd, buf: BytesOut { len: 2 }, count: Size) "copies bytes that have arrived into memory; fewer than asked is normal, 0 is the end";
    WRITE "write" 1 64 [DESC] [waits] (fd: Fd, buf: BytesIn { len: 2 }, count: Size) "hands bytes to the kernel; it may take fewer than offered";
    READV "readv" 19 65 [DESC] [waits] (fd: Fd, iov: VectorOut { count: 2 }, iovcnt: Size) "reads into several buffers with one call";
    WRITEV "writev" 20 66 [DESC] [waits] (fd: Fd, iov: VectorIn { count: 2 }, iovcnt: Size) "writes several buffers with one call";
    PREAD64 "pread64" 17 67 [DESC] [] (fd: Fd, buf: BytesOut { len: 2 }, count: Size, offset: Offset) "reads at a given place and leaves the file position alone";
    PWRITE64 "pwrite64" 18 68 [DESC] [] (fd: Fd, buf: BytesIn { len: 2 }, count: Size, offset: Offset) "writes at a given place and leaves the file position alone";
    PREADV "preadv" 295 69 [DESC] [] (fd: Fd, iov: VectorOut { count: 2 }, iovcnt: Size, offset: Offset) "reads into several buffers from a given place";
    PWRITEV "pwritev" 296 70 [DESC] [] (fd: Fd, iov: VectorIn { count: 2 }, iovcnt: Size, offset: Offset) "writes several buffers at a given place";
    PREADV2 "preadv2" 327 286 [DESC] [] (fd: Fd, iov: VectorOut { count: 2 }, iovcnt: Size, offset: Offset, pos_h: Unused, flags: Flags(&flags::RWF)) "reads into several buffers from a given place, with flags";
    PWRITEV2 "pwritev2" 328 287 [DESC] [] (fd: Fd, iov: VectorIn { count: 2 }, iovcnt: Size, offset: Offset, pos_h: Unused, flags: Flags(&flags::RWF)) "writes several buffers at a given place, with flags";
    SENDFILE "sendfile" 40 71 [NETWORK DESC] [waits] (out_fd: Fd, in_fd: Fd, offset: OffsetInOut, count: Size) "copies from a file to a socket inside the kernel";
    SPLICE "splice" 275 76 [DESC] [waits] (fd_in: Fd, off_in: OffsetInOut, fd_out: Fd, off_out: OffsetInOut, size: Size, flags: Flags(&flags::SPLICE)) "moves bytes between a pipe and another descriptor inside the kernel";
    TEE "tee" 276 77 [DESC] [waits] (fd_in: Fd, fd_out: Fd, size: Size, flags: Flags(&flags::SPLICE)) "copies bytes from one pipe to another and leaves them in the first";
    VMSPLICE "vmsplice" 278 75 [DESC] [waits] (fd: Fd, iov: VectorIn { count: 2 }, nr_segs: Size, flags: Flags(&flags::SPLICE)) "lends memory of the program to a pipe";
    COPY_FILE_RANGE "copy_file_range" 326 285 [DESC] [] (fd_in: Fd, off_in: OffsetInOut, fd_out: Fd, off_out: OffsetInOut, size: Size, flags: Uint) "copies from file to file inside the kernel";
    LSEEK "lseek" 8 62 [DESC] [] (fd: Fd, offset: Offset, whence: Constant(&flags::WHENCE)) "moves the position where the next read or write of a file happens";
    // Descriptors.
    CLOSE "close" 3 57 [DESC] [] (fd: Fd) "gives a descriptor's number back";
    CLOSE_RANGE "close_range" 436 436 [] [] (first: Uint, last: Uint, flags: Flags(&flags::CLOSE_RANGE)) "closes every descriptor from one number to another";
    DUP "dup" 32 23 [DESC] [fd] (oldfd: Fd) "gives a second number to the same open file or socket";
    DUP2 "dup2" 33 - [DESC] [fd] (oldfd: Fd, newfd: Fd) "gives the same open file or socket a second, chosen number, closing what had it";
    DUP3 "dup3" 292 24 [DESC] [fd] (oldfd: Fd, newfd: Fd, flags: Flags(&flags::OPEN_BITS)) "dup2 with flags";
    FCNTL "fcntl" 72 25 [DESC] [] (fd: Fd, op: Constant(&flags::FCNTL), arg: FcntlArg { op: 1 }) "reads or changes a descriptor: its flags, its locks, a copy of it";
    IOCTL "ioctl" 16 29 [DESC] [] (fd: Fd, op: Constant(&flags::IOCTL), arg: IoctlArg { request: 1 }) "asks a device or socket for something that has no call of its own";
    PIPE "pipe" 22 - [DESC] [] (pipefd: IntsOut { count: 2 }) "makes a pipe: what is written into the second descriptor is read from the first";
    PIPE2 "pipe2" 293 59 [DESC] [] (pipefd: IntsOut { count: 2 }, flags: Flags(&flags::OPEN_BITS)) "makes a pipe, with flags";
    EVENTFD "eventfd" 284 - [DESC] [fd] (initval: Uint) "makes a counter that can be waited for like any descriptor";
    EVENTFD2 "eventfd2" 290 19 [DESC] [fd] (initval: Uint, flags: Flags(&flags::EFD)) "makes a counter that can be waited for like any descriptor";
    SIGNALFD "signalfd" 282 - [DESC SIGNAL] [fd] (fd: Fd, mask: SigSet { size: 2 }, sizemask: Size) "makes signals readable from a descriptor";
    SIGNALFD4 "signalfd4" 289 74 [DESC SIGNAL] [fd] (fd: Fd, mask: SigSet { size: 2 }, sizemask: Size, flags: Flags(&flags::SFD)) "makes signals readable from a descriptor";
    TIMERFD_CREATE "timerfd_create" 283 85 [DESC] [fd] (clockid: Constant(&flags::CLOCK), flags: Flags(&flags::TFD)) "makes a timer that can be waited for like any descriptor";
    TIMERFD_SETTIME "timerfd_settime" 286 86 [DESC] [] (fd: Fd, flags: Flags(&flags::TFD), new_value: Itimerspec, old_value: ItimerspecOut) "starts or stops a timer descriptor";
    TIMERFD_GETTIME "timerfd_gettime" 287 87 [DESC] [] (fd: Fd, curr_value: ItimerspecOut) "asks how much time a timer descriptor has left";
    // Waiting for several descriptors.
    EPOLL_CREATE "epoll_create" 213 - [DESC] [fd] (size: Int) "makes an epoll: a set of descriptors to wait for";
    EPOLL_CREATE1 "epoll_create1" 291 20 [DESC] [fd] (flags: Flags(&flags::EPOLL_CREATE)) "makes an epoll: a set of descriptors to wait for";
    EPOLL_CTL "epoll_ctl" 233 21 [DESC] [] (epfd: Fd, op: Constant(&flags::EPOLL_CTL), fd: Fd, event: EpollEvent) "adds, changes or removes a descriptor in an epoll";
    EPOLL_WAIT "epoll_wait" 232 - [DESC] [waits] (epfd: Fd, events: EpollEvents, maxevents: Int, timeout: Int) "sleeps until a descriptor of the set is ready";
    EPOLL_PWAIT "epoll_pwait" 281 22 [DESC] [waits] (epfd: Fd, events: EpollEvents, maxevents: Int, timeout: Int, sigmask: SigSet { size: 5 }, sigsetsize: Size) "sleeps until a descriptor of the set is ready";
    EPOLL_PWAIT2 "epoll_pwait2" 441 441 [DESC] [waits] (epfd: Fd, events: EpollEvents, maxevents: Int, timeout: Timespec, sigmask: SigSet { size: 5 }, sigsetsize: Size) "sleeps until a descriptor of the set is ready, with a limit in nanoseconds";
    POLL "poll" 7 - [DESC] [waits] (fds: PollFds { count: 1 }, nfds: Uint, timeout: Int) "sleeps until one of these descriptors is ready";
    PPOLL "ppoll" 271 73 [DESC] [waits] (fds: PollFds { count: 1 }, nfds: Size, tmo_p: Timespec, sigmask: SigSet { size: 4 }, sigsetsize: Size) "sleeps until one of these descriptors is ready";
    SELECT "select" 23 - [DESC] [waits] (nfds: Int, readfds: FdSet { nfds: 0 }, writefds: FdSet { nfds: 0 }, exceptfds: FdSet { nfds: 0 }, timeout: Timeval) "sleeps until a descriptor of one of three sets is ready";
    PSELECT6 "pselect6" 270 72 [DESC] [waits] (nfds: Int, readfds: FdSet { nfds: 0 }, writefds: FdSet { nfds: 0 }, exceptfds: FdSet { nfds: 0 }, timeout: Timespec, sigmask: PackedSigSet) "sleeps until a descriptor of one of three sets is ready";
    IO_URING_SETUP "io_uring_setup" 425 425 [DESC] [fd] (entries: Uint, p: RingParams) "makes two rings shared with the kernel: requests go in, results come out, without a call each";
    IO_URING_ENTER "io_uring_enter" 426 426 [DESC SIGNAL] [waits] (fd: Fd, to_submit: Uint, min_complete: Uint, flags: Flags(&flags::IORING_ENTER), argp: Pointer, argsz: Size) "hands queued requests to the kernel and waits for results";
    IO_URING_REGISTER "io_uring_register" 427 427 [DESC MEMORY] [] (fd: Fd, opcode: Constant(&flags::IORING_REGISTER), arg: Pointer, nr_args: Uint) "lends files or memory to a ring for good";
    // Files.
    OPEN "open" 2 - [DESC FILE] [fd] (pathname: Path, flags: OpenFlags, mode: Mode) "opens a file and gives its descriptor";
    OPENAT "openat" 257 56 [DESC FILE] [fd] (dirfd: DirFd, pathname: Path, flags: OpenFlags, mode: Mode) "opens a file below a directory";
    OPENAT2 "openat2" 437 437 [DESC FILE] [fd] (dirfd: DirFd, pathname: Path, how: OpenHow { size: 3 }, size: Size) "opens a file, with rules about where the path may lead";
    CREAT "creat" 85 - [DESC FILE] [fd] (pathname: Path, mode: Mode) "makes an empty file and opens it for writing";
    STAT "stat" 4 - [FILE] [] (pathname: Path, statbuf: Stat) "asks for size, type and times of a file";
    FSTAT "fstat" 5 80 [DESC] [] (fd: Fd, statbuf: Stat) "asks for size, type and times of an open file";
    LSTAT "lstat" 6 - [FILE] [] (pathname: Path, statbuf: Stat) "asks for size, type and times of a file, or of the symbolic link itself";
    NEWFSTATAT "newfstatat" 262 79 [DESC FILE] [] (dirfd: DirFd, pathname: Path, statbuf: Stat, flags: Flags(&flags::AT)) "asks for size, type and times of a file below a directory";
    STATX "statx" 332 291 [DESC FILE] [] (dirfd: DirFd, pathname: Path, flags: Flags(&flags::STATX_AT), mask: Flags(&flags::STATX), statxbuf: Statx) "asks for chosen facts about a file";
    ACCESS "access" 21 - [FILE] [] (pathname: Path, mode: Flags(&flags::ACCESS)) "asks whether this process may use a file";
    FACCESSAT "faccessat" 269 48 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Flags(&flags::ACCESS)) "asks whether this process may use a file below a directory";
    FACCESSAT2 "faccessat2" 439 439 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Flags(&flags::ACCESS), flags: Flags(&flags::FACCESSAT)) "asks whether this process may use a file below a directory, with flags";
    READLINK "readlink" 89 - [FILE] [] (pathname: Path, buf: BytesOut { len: 2 }, bufsiz: Size) "reads where a symbolic link leads";
    READLINKAT "readlinkat" 267 78 [DESC FILE] [] (dirfd: DirFd, pathname: Path, buf: BytesOut { len: 3 }, bufsiz: Size) "reads where a symbolic link leads";
    GETDENTS "getdents" 78 - [DESC] [] (fd: Fd, dirp: Pointer, count: Size) "reads entries of a directory";
    GETDENTS64 "getdents64" 217 61 [DESC] [] (fd: Fd, dirp: DirEntries, count: Size) "reads entries of a directory";
    GETCWD "getcwd" 79 17 [FILE] [] (buf: BytesOut { len: 1 }, size: Size) "asks for the current directory";
    CHDIR "chdir" 80 49 [FILE] [] (path: Path) "changes the current directory";
    FCHDIR "fchdir" 81 50 [DESC] [] (fd: Fd) "changes the current directory to an open one";
    MKDIR "mkdir" 83 - [FILE] [] (pathname: Path, mode: Mode) "makes a directory";
    MKDIRAT "mkdirat" 258 34 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Mode) "makes a directory below another";
    RMDIR "rmdir" 84 - [FILE] [] (pathname: Path) "removes an empty directory";
    RENAME "rename" 82 - [FILE] [] (oldpath: Path, newpath: Path) "gives a file another name, in one step";
    RENAMEAT "renameat" 264 38 [DESC FILE] [] (olddirfd: DirFd, oldpath: Path, newdirfd: DirFd, newpath: Path) "gives a file another name, in one step";
    RENAMEAT2 "renameat2" 316 276 [DESC FILE] [] (olddirfd: DirFd, oldpath: Path, newdirfd: DirFd, newpath: Path, flags: Flags(&flags::RENAME)) "gives a file another name, in one step, with flags";
    LINK "link" 86 - [FILE] [] (oldpath: Path, newpath: Path) "gives a file a second name";
    LINKAT "linkat" 265 37 [DESC FILE] [] (olddirfd: DirFd, oldpath: Path, newdirfd: DirFd, newpath: Path, flags: Flags(&flags::AT)) "gives a file a second name";
    SYMLINK "symlink" 88 - [FILE] [] (target: Path, linkpath: Path) "makes a symbolic link";
    SYMLINKAT "symlinkat" 266 36 [DESC FILE] [] (target: Path, newdirfd: DirFd, linkpath: Path) "makes a symbolic link below a directory";
    UNLINK "unlink" 87 - [FILE] [] (pathname: Path) "removes a name of a file; the file goes with its last name and last descriptor";
    UNLINKAT "unlinkat" 263 35 [DESC FILE] [] (dirfd: DirFd, pathname: Path, flags: Flags(&flags::AT)) "removes a name of a file, or a directory";
    MKNOD "mknod" 133 - [FILE] [] (pathname: Path, mode: Mode, dev: Size) "makes a file, pipe or device";
    MKNODAT "mknodat" 259 33 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Mode, dev: Size) "makes a file, pipe or device";
    CHMOD "chmod" 90 - [FILE] [] (pathname: Path, mode: Mode) "changes who may use a file";
    FCHMOD "fchmod" 91 52 [DESC] [] (fd: Fd, mode: Mode) "changes who may use an open file";
    FCHMODAT "fchmodat" 268 53 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Mode) "changes who may use a file below a directory";
    FCHMODAT2 "fchmodat2" 452 452 [DESC FILE] [] (dirfd: DirFd, pathname: Path, mode: Mode, flags: Flags(&flags::AT)) "changes who may use a file below a directory, with flags";
    CHOWN "chown" 92 - [FILE] [] (pathname: Path, owner: Int, group: Int) "changes the owner of a file";
    FCHOWN "fchown" 93 55 [DESC] [] (fd: Fd, owner: Int, group: Int) "changes the owner of an open file";
    LCHOWN "lchown" 94 - [FILE] [] (pathname: Path, owner: Int, group: Int) "changes the owner of a file, or of the symbolic link itself";
    FCHOWNAT "fchownat" 260 54 [DESC FILE] [] (dirfd: DirFd, pathname: Path, owner: Int, group: Int, flags: Flags(&flags::AT)) "changes the owner of a file below a directory";
    UMASK "umask" 95 166 [] [] (mask: Mode) "sets which permission bits new files do not get";
    TRUNCATE "truncate" 76 45 [FILE] [] (path: Path, length: Size) "sets the length of a file";
    FTRUNCATE "ftruncate" 77 46 [DESC] [] (fd: Fd, length: Size) "sets the length of an open file";
    FALLOCATE "fallocate" 285 47 [DESC] [] (fd: Fd, mode: Flags(&flags::FALLOC), offset: Offset, size: Offset) "reserves or frees space inside a file";
    FADVISE64 "fadvise64" 221 223 [DESC] [] (fd: Fd, offset: Offset, size: Offset, advice: Constant(&flags::FADVISE)) "tells the kernel how a file will be read";
    READAHEAD "readahead" 187 213 [DESC] [] (fd: Fd, offset: Offset, count: Size) "reads part of a file into the cache, for later";
    FSYNC "fsync" 74 82 [DESC] [] (fd: Fd) "waits until a file and its metadata are on the disk";
    FDATASYNC "fdatasync" 75 83 [DESC] [] (fd: Fd) "waits until a file's data is on the disk";
    SYNC "sync" 162 81 [] [] () "writes everything that waits in memory to the disks";
    SYNCFS "syncfs" 306 267 [DESC] [] (fd: Fd) "writes everything that waits for one file system to its disk";
    SYNC_FILE_RANGE "sync_file_range" 277 84 [DESC] [] (fd: Fd, offset: Offset, nbytes: Offset, flags: Flags(&flags::SYNC_FILE_RANGE)) "writes part of a file to the disk";
    FLOCK "flock" 73 32 [DESC] [waits] (fd: Fd, op: Flags(&flags::LOCK)) "locks or unlocks a whole file";
    UTIME "utime" 132 - [FILE] [] (filename: Path, times: Pointer) "sets a file's times";
    UTIMES "utimes" 235 - [FILE] [] (filename: Path, times: Pointer) "sets a file's times";
    FUTIMESAT "futimesat" 261 - [DESC FILE] [] (dirfd: DirFd, pathname: Path, times: Pointer) "sets a file's times";
    UTIMENSAT "utimensat" 280 88 [DESC FILE] [] (dirfd: DirFd, pathname: Path, times: Pointer, flags: Flags(&flags::AT)) "sets a file's times, in nanoseconds";
    STATFS "statfs" 137 43 [FILE] [] (path: Path, buf: Pointer) "asks about the file system that holds a path";
    FSTATFS "fstatfs" 138 44 [DESC] [] (fd: Fd, buf: Pointer) "asks about the file system that holds an open file";
    NAME_TO_HANDLE_AT "name_to_handle_at" 303 264 [DESC FILE] [] (dirfd: DirFd, pathname: Path, handle: Pointer, mount_id: Pointer, flags: Flags(&flags::AT)) "turns a path into a handle that outlives the name";
    OPEN_BY_HANDLE_AT "open_by_handle_at" 304 265 [DESC] [fd] (mount_fd: Fd, handle: Pointer, flags: OpenFlags) "opens a file by its handle";
    INOTIFY_INIT "inotify_init" 253 - [DESC] [fd] () "makes a descriptor that reports changes to files";
    INOTIFY_INIT1 "inotify_init1" 294 26 [DESC] [fd] (flags: Flags(&flags::IN_INIT)) "makes a descriptor that reports changes to files";
    INOTIFY_ADD_WATCH "inotify_add_watch" 254 27 [DESC FILE] [] (fd: Fd, pathname: Path, mask: Flags(&flags::IN)) "asks to be told of changes to a file or directory";
    INOTIFY_RM_WATCH "inotify_rm_watch" 255 28 [DESC] [] (fd: Fd, wd: Int) "asks to be told no more";
    FANOTIFY_INIT "fanotify_init" 300 262 [DESC] [fd] (flags: Hex, event_f_flags: OpenFlags) "makes a descriptor that reports, or decides, who opens files";
    FANOTIFY_MARK "fanotify_mark" 301 263 [DESC FILE] [] (fanotify_fd: Fd, flags: Hex, mask: Pointer, dirfd: DirFd, pathname: Path) "says which files a fanotify descriptor watches";
    MEMFD_CREATE "memfd_create" 319 279 [DESC] [fd] (name: Path, flags: Flags(&flags::MFD)) "makes a file that lives in memory only";
    MEMFD_SECRET "memfd_secret" 447 447 [DESC] [fd] (flags: Flags(&flags::OPEN_BITS)) "makes memory that not even the kernel maps";
    // Processes and threads.
    CLONE "clone" 56 220 [PROCESS] [] {CLONE_PARAMS} "makes a child that shares as much with its parent as the flags say: a process or a thread";
    CLONE3 "clone3" 435 435 [PROCESS] [] (cl_args: CloneArgs { size: 1 }, size: Size) "makes a child that shares as much with its parent as the structure says";
    FORK "fork" 57 - [PROCESS] [] () "makes a child process: a copy of this one; it returns twice";
    VFORK "vfork" 58 - [PROCESS] [] () "makes a child that borrows the parent's memory until it calls execve";
    EXECVE "execve" 59 221 [FILE PROCESS] [] (pathname: Path, argv: Strings, envp: Environment) "replaces this program by another; descriptors without close-on-exec stay open";
    EXECVEAT "execveat" 322 281 [DESC FILE PROCESS] [] (dirfd: DirFd, pathname: Path, argv: Strings, envp: Environment, flags: Flags(&flags::AT)) "replaces this program by another, found below a directory";
    EXIT "exit" 60 93 [PROCESS] [] (status: Int) "ends this thread";
    EXIT_GROUP "exit_group" 231 94 [PROCESS] [] (status: Int) "ends this process with all its threads";
    WAIT4 "wait4" 61 260 [PROCESS] [waits] (pid: Int, wstatus: WaitStatus, options: Flags(&flags::WAIT), rusage: Rusage) "waits until a child changes state, and says how it ended";
    WAITID "waitid" 247 95 [PROCESS] [waits] (idtype: Constant(&flags::IDTYPE), id: Int, infop: SigInfoOut, options: Flags(&flags::WAIT), rusage: Rusage) "waits until a child changes state";
    GETPID "getpid" 39 172 [] [] () "asks for the number of this process";
    GETPPID "getppid" 110 173 [] [] () "asks for the number of the parent process";
    GETTID "gettid" 186 178 [] [] () "asks for the number of this thread";
    GETPGID "getpgid" 121 155 [] [] (pid: Int) "asks for the process group of a process";
    GETPGRP "getpgrp" 111 - [] [] () "asks for the process group of this process";
    SETPGID "setpgid" 109 154 [] [] (pid: Int, pgid: Int) "puts a process into a process group";
    GETSID "getsid" 124 156 [] [] (pid: Int) "asks for the session of a process";
    SETSID "setsid" 112 157 [] [] () "begins a new session without a terminal";
    GETUID "getuid" 102 174 [CREDS] [] () "asks which user runs this process";
    GETEUID "geteuid" 107 175 [CREDS] [] () "asks with which user's rights this process runs";
    GETGID "getgid" 104 176 [CREDS] [] () "asks for the group of this process";
    GETEGID "getegid" 108 177 [CREDS] [] () "asks with which group's rights this process runs";
    SETUID "setuid" 105 146 [CREDS] [] (uid: Int) "sets the user of this process";
    SETGID "setgid" 106 144 [CREDS] [] (gid: Int) "sets the group of this process";
    SETREUID "setreuid" 113 145 [CREDS] [] (ruid: Int, euid: Int) "sets real and effective user";
    SETREGID "setregid" 114 143 [CREDS] [] (rgid: Int, egid: Int) "sets real and effective group";
    GETRESUID "getresuid" 118 148 [CREDS] [] (ruid: Pointer, euid: Pointer, suid: Pointer) "asks for real, effective and saved user";
    SETRESUID "setresuid" 117 147 [CREDS] [] (ruid: Int, euid: Int, suid: Int) "sets real, effective and saved user";
    GETRESGID "getresgid" 120 150 [CREDS] [] (rgid: Pointer, egid: Pointer, sgid: Pointer) "asks for real, effective and saved group";
    SETRESGID "setresgid" 119 149 [CREDS] [] (rgid: Int, egid: Int, sgid: Int) "sets real, effective and saved group";
    SETFSUID "setfsuid" 122 151 [CREDS] [] (fsuid: Int) "sets the user for access to files";
    SETFSGID "setfsgid" 123 152 [CREDS] [] (fsgid: Int) "sets the group for access to files";
    GETGROUPS "getgroups" 115 158 [CREDS] [] (size: Int, list: Pointer) "asks for the further groups of this process";
    SETGROUPS "setgroups" 116 159 [CREDS] [] (size: Size, list: Pointer) "sets the further groups of this process";
    CAPGET "capget" 125 90 [CREDS] [] (hdrp: Pointer, datap: Pointer) "asks for the capabilities of a thread";
    CAPSET "capset" 126 91 [CREDS] [] (hdrp: Pointer, datap: Pointer) "sets the capabilities of a thread";
    PRCTL "prctl" 157 167 [CREDS] [] (op: Constant(&flags::PRCTL), arg2: Pointer, arg3: Pointer, arg4: Pointer, arg5: Pointer) "reads or changes a property of this process or thread";
    ARCH_PRCTL "arch_prctl" 158 - [] [] (op: Hex, addr: Pointer) "sets a register that belongs to the thread, such as the base of its own data";
    PERSONALITY "personality" 135 92 [] [] (persona: Hex) "chooses how the kernel behaves towards this process";
    SECCOMP "seccomp" 317 277 [] [] (operation: Constant(&flags::SECCOMP), flags: Flags(&flags::SECCOMP_FLAGS), args: Pointer) "limits which system calls this process may make";
    PTRACE "ptrace" 101 117 [] [] (op: Constant(&flags::PTRACE), pid: Int, addr: Pointer, data: Pointer) "watches and controls another process; what debuggers and strace are made of";
    SET_TID_ADDRESS "set_tid_address" 218 96 [] [] (tidptr: Pointer) "says where to write a zero when this thread ends";
    SET_ROBUST_LIST "set_robust_list" 273 99 [] [] (head: Pointer, size: Size) "tells the kernel which locks to release should this thread die";
    GET_ROBUST_LIST "get_robust_list" 274 100 [] [] (pid: Int, head_ptr: Pointer, sizep: Pointer) "asks for another thread's list of locks";
    RSEQ "rseq" 334 293 [] [] (rseq: Pointer, rseq_len: Uint, flags: Uint, sig: Pointer) "registers memory in which the kernel notes the CPU this thread runs on";
    UNSHARE "unshare" 272 97 [] [] (flags: Flags(&flags::UNSHARE)) "stops sharing something with the parent: gives this process namespaces of its own";
    SETNS "setns" 308 268 [DESC] [] (fd: Fd, nstype: Flags(&flags::UNSHARE)) "enters an existing namespace";
    PIDFD_OPEN "pidfd_open" 434 434 [DESC] [fd] (pid: Int, flags: Flags(&flags::PIDFD)) "gives a descriptor that stands for a process";
    PIDFD_GETFD "pidfd_getfd" 438 438 [DESC] [fd] (pidfd: Fd, targetfd: Int, flags: Uint) "copies a descriptor out of another process";
    PIDFD_SEND_SIGNAL "pidfd_send_signal" 424 424 [DESC PROCESS SIGNAL] [] (pidfd: Fd, sig: Constant(&flags::SIGNAL), info: Pointer, flags: Uint) "sends a signal to the process behind a descriptor";
    PROCESS_VM_READV "process_vm_readv" 310 270 [] [] (pid: Int, local_iov: Pointer, liovcnt: Size, remote_iov: Pointer, riovcnt: Size, flags: Size) "reads another process's memory";
    PROCESS_VM_WRITEV "process_vm_writev" 311 271 [] [] (pid: Int, local_iov: Pointer, liovcnt: Size, remote_iov: Pointer, riovcnt: Size, flags: Size) "writes another process's memory";
    PROCESS_MADVISE "process_madvise" 440 440 [DESC] [] (pidfd: Fd, iovec: Pointer, size: Size, advice: Constant(&flags::MADV), flags: Uint) "tells the kernel how another process's memory will be used";
    PROCESS_MRELEASE "process_mrelease" 448 448 [DESC] [] (pidfd: Fd, flags: Uint) "frees the memory of a process that is being killed";
    KCMP "kcmp" 312 272 [] [] (pid1: Int, pid2: Int, type_: Int, idx1: Size, idx2: Size) "asks whether two processes share a thing";
    GETRLIMIT "getrlimit" 97 163 [] [] (resource: Constant(&flags::RLIMIT), rlim: Pointer) "asks for a limit, such as the most open descriptors";
    SETRLIMIT "setrlimit" 160 164 [] [] (resource: Constant(&flags::RLIMIT), rlim: Pointer) "sets a limit, such as the most open descriptors";
    PRLIMIT64 "prlimit64" 302 261 [] [] (pid: Int, resource: Constant(&flags::RLIMIT), new_limit: Pointer, old_limit: Pointer) "reads or sets a limit, such as the most open descriptors";
    GETRUSAGE "getrusage" 98 165 [] [] (who: Constant(&flags::RUSAGE), usage: Pointer) "asks how much time and memory was used";
    TIMES "times" 100 153 [] [] (buf: Pointer) "asks how much CPU time was used";
    GETPRIORITY "getpriority" 140 141 [] [] (which: Constant(&flags::PRIO), who: Int) "asks for the priority of a process";
    SETPRIORITY "setpriority" 141 140 [] [] (which: Constant(&flags::PRIO), who: Int, prio: Int) "sets the priority of a process";
    ACCT "acct" 163 89 [FILE] [] (filename: Path) "turns process accounting on or off";
    // Signals.
    KILL "kill" 62 129 [PROCESS SIGNAL] [] (pid: Int, sig: Constant(&flags::SIGNAL)) "sends a signal to a process";
    TKILL "tkill" 200 130 [PROCESS SIGNAL] [] (tid: Int, sig: Constant(&flags::SIGNAL)) "sends a signal to a thread";
    TGKILL "tgkill" 234 131 [PROCESS SIGNAL] [] (tgid: Int, tid: Int, sig: Constant(&flags::SIGNAL)) "sends a signal to a thread of a process";
    RT_SIGACTION "rt_sigaction" 13 134 [SIGNAL] [] (signum: Constant(&flags::SIGNAL), act: SigAction, oldact: SigActionOut, sigsetsize: Size) "says what to do when a signal comes";
    RT_SIGPROCMASK "rt_sigprocmask" 14 135 [SIGNAL] [] (how: Constant(&flags::SIG_HOW), set: SigSet { size: 3 }, oldset: SigSetOut { size: 3 }, sigsetsize: Size) "says which signals shall wait";
    RT_SIGRETURN "rt_sigreturn" 15 139 [SIGNAL] [] () "returns from a signal handler to where the program was";
    RT_SIGPENDING "rt_sigpending" 127 136 [SIGNAL] [] (set: SigSetOut { size: 1 }, sigsetsize: Size) "asks which signals are waiting";
    RT_SIGSUSPEND "rt_sigsuspend" 130 133 [SIGNAL] [waits] (mask: SigSet { size: 1 }, sigsetsize: Size) "sleeps until a signal comes";
    RT_SIGTIMEDWAIT "rt_sigtimedwait" 128 137 [SIGNAL] [waits] (set: SigSet { size: 3 }, info: Pointer, timeout: Timespec, sigsetsize: Size) "takes a waiting signal, or sleeps until one comes";
    RT_SIGQUEUEINFO "rt_sigqueueinfo" 129 138 [PROCESS SIGNAL] [] (tgid: Int, sig: Constant(&flags::SIGNAL), info: Pointer) "sends a signal with data";
    RT_TGSIGQUEUEINFO "rt_tgsigqueueinfo" 297 240 [PROCESS SIGNAL] [] (tgid: Int, tid: Int, sig: Constant(&flags::SIGNAL), info: Pointer) "sends a signal with data to a thread";
    SIGALTSTACK "sigaltstack" 131 132 [SIGNAL] [] (ss: Pointer, old_ss: Pointer) "gives signal handlers a stack of their own";
    PAUSE "pause" 34 - [SIGNAL] [waits] () "sleeps until a signal comes";
    ALARM "alarm" 37 - [] [] (seconds: Uint) "asks for a signal after some seconds";
    RESTART_SYSCALL "restart_syscall" 219 128 [] [waits] () "goes on with a call that a stop signal interrupted; the kernel makes it";
    // Memory.
    MMAP "mmap" 9 222 [DESC MEMORY] [] (addr: Pointer, length: Size, prot: Flags(&flags::PROT), flags: Flags(&flags::MAP), fd: Fd, offset: Hex) "maps a file, or fresh memory, into the address space";
    MUNMAP "munmap" 11 215 [MEMORY] [] (addr: Pointer, length: Size) "removes a mapping";
    MPROTECT "mprotect" 10 226 [MEMORY] [] (addr: Pointer, size: Size, prot: Flags(&flags::PROT)) "changes what may be done with a piece of memory";
    MREMAP "mremap" 25 216 [MEMORY] [] (old_address: Pointer, old_size: Size, new_size: Size, flags: Flags(&flags::MREMAP), new_address: Pointer) "grows, shrinks or moves a mapping";
    MSYNC "msync" 26 227 [MEMORY] [] (addr: Pointer, length: Size, flags: Flags(&flags::MSYNC)) "writes a mapped file's changes back";
    MADVISE "madvise" 28 233 [MEMORY] [] (addr: Pointer, size: Size, advice: Constant(&flags::MADV)) "tells the kernel how memory will be used";
    MINCORE "mincore" 27 232 [MEMORY] [] (addr: Pointer, length: Size, vec: Pointer) "asks which pages are in memory";
    BRK "brk" 12 214 [MEMORY] [] (addr: Pointer) "moves the end of the heap";
    MLOCK "mlock" 149 228 [MEMORY] [] (addr: Pointer, size: Size) "keeps pages in memory";
    MLOCK2 "mlock2" 325 284 [MEMORY] [] (addr: Pointer, size: Size, flags: Flags(&flags::MLOCK)) "keeps pages in memory, with flags";
    MUNLOCK "munlock" 150 229 [MEMORY] [] (addr: Pointer, size: Size) "lets pages go";
    MLOCKALL "mlockall" 151 230 [MEMORY] [] (flags: Flags(&flags::MCL)) "keeps all pages in memory";
    MUNLOCKALL "munlockall" 152 231 [MEMORY] [] () "lets all pages go";
    MSEAL "mseal" 462 462 [MEMORY] [] (addr: Pointer, size: Size, flags: Size) "forbids any later change to a mapping";
    MAP_SHADOW_STACK "map_shadow_stack" 453 453 [MEMORY] [] (addr: Pointer, size: Size, flags: Uint) "makes a shadow stack, which guards return addresses";
    REMAP_FILE_PAGES "remap_file_pages" 216 234 [MEMORY] [] (addr: Pointer, size: Size, prot: Flags(&flags::PROT), pgoff: Size, flags: Flags(&flags::MAP)) "changes the order of a mapped file's pages; out of use";
    PKEY_MPROTECT "pkey_mprotect" 329 288 [MEMORY] [] (addr: Pointer, size: Size, prot: Flags(&flags::PROT), pkey: Int) "changes what may be done with memory, under a protection key";
    PKEY_ALLOC "pkey_alloc" 330 289 [] [] (flags: Uint, access_rights: Hex) "reserves a protection key";
    PKEY_FREE "pkey_free" 331 290 [] [] (pkey: Int) "gives a protection key back";
    CACHESTAT "cachestat" 451 451 [DESC] [] (fd: Fd, cstat_range: Pointer, cstat: Pointer, flags: Uint) "asks how much of a file is in the cache";
    MBIND "mbind" 237 235 [MEMORY] [] (addr: Pointer, size: Size, mode: Int, nodemask: Pointer, maxnode: Size, flags: Hex) "says on which memory node pages shall live";
    SET_MEMPOLICY "set_mempolicy" 238 237 [MEMORY] [] (mode: Int, nodemask: Pointer, maxnode: Size) "sets on which memory node new pages live";
    GET_MEMPOLICY "get_mempolicy" 239 236 [MEMORY] [] (mode: Pointer, nodemask: Pointer, maxnode: Size, addr: Pointer, flags: Hex) "asks on which memory node pages live";
    SET_MEMPOLICY_HOME_NODE "set_mempolicy_home_node" 450 450 [MEMORY] [] (start: Pointer, size: Size, home_node: Size, flags: Size) "sets the memory node to try first";
    MIGRATE_PAGES "migrate_pages" 256 238 [MEMORY] [] (pid: Int, maxnode: Size, old_nodes: Pointer, new_nodes: Pointer) "moves a process's pages to other memory nodes";
    MOVE_PAGES "move_pages" 279 239 [MEMORY] [] (pid: Int, count: Size, pages: Pointer, nodes: Pointer, status: Pointer, flags: Hex) "moves single pages to other memory nodes";
    USERFAULTFD "userfaultfd" 323 282 [DESC] [fd] (flags: Flags(&flags::OPEN_BITS)) "lets the program handle its own page faults";
    // Time and scheduling.
    NANOSLEEP "nanosleep" 35 101 [] [waits] (req: Timespec, rem: TimespecLeft) "sleeps for some time";
    CLOCK_NANOSLEEP "clock_nanosleep" 230 115 [] [waits] (clockid: Constant(&flags::CLOCK), flags: Flags(&flags::TIMER), t: Timespec, remain: TimespecLeft) "sleeps for some time, or until a moment, on a chosen clock";
    CLOCK_GETTIME "clock_gettime" 228 113 [] [] (clockid: Constant(&flags::CLOCK), tp: TimespecOut) "asks for the time";
    CLOCK_SETTIME "clock_settime" 227 112 [] [] (clockid: Constant(&flags::CLOCK), tp: Timespec) "sets a clock";
    CLOCK_GETRES "clock_getres" 229 114 [] [] (clockid: Constant(&flags::CLOCK), res: TimespecOut) "asks how fine a clock is";
    CLOCK_ADJTIME "clock_adjtime" 305 266 [] [] (clk_id: Constant(&flags::CLOCK), buf: Pointer) "adjusts a clock";
    GETTIMEOFDAY "gettimeofday" 96 169 [] [] (tv: Pointer, tz: Pointer) "asks for the time";
    SETTIMEOFDAY "settimeofday" 164 170 [] [] (tv: Pointer, tz: Pointer) "sets the time";
    ADJTIMEX "adjtimex" 159 171 [] [] (buf: Pointer) "adjusts the clock";
    TIME "time" 201 - [] [] (tloc: Pointer) "asks for the time in seconds";
    GETITIMER "getitimer" 36 102 [] [] (which: Constant(&flags::ITIMER), curr_value: Pointer) "asks how much time a timer has left";
    SETITIMER "setitimer" 38 103 [] [] (which: Constant(&flags::ITIMER), new_value: Pointer, old_value: Pointer) "starts a timer that sends signals";
    TIMER_CREATE "timer_create" 222 107 [] [] (clockid: Constant(&flags::CLOCK), sevp: Pointer, timerid: Pointer) "makes a timer";
    TIMER_SETTIME "timer_settime" 223 110 [] [] (timerid: Int, flags: Flags(&flags::TIMER), new_value: Itimerspec, old_value: ItimerspecOut) "starts or stops a timer";
    TIMER_GETTIME "timer_gettime" 224 108 [] [] (timerid: Int, curr_value: ItimerspecOut) "asks how much time a timer has left";
    TIMER_GETOVERRUN "timer_getoverrun" 225 109 [] [] (timerid: Int) "asks how many times a timer fired unheard";
    TIMER_DELETE "timer_delete" 226 111 [] [] (timerid: Int) "removes a timer";
    SCHED_YIELD "sched_yield" 24 124 [] [] () "lets other threads run first";
    SCHED_SETPARAM "sched_setparam" 142 118 [] [] (pid: Int, param: Pointer) "sets a thread's real-time priority";
    SCHED_GETPARAM "sched_getparam" 143 121 [] [] (pid: Int, param: Pointer) "asks for a thread's real-time priority";
    SCHED_SETSCHEDULER "sched_setscheduler" 144 119 [] [] (pid: Int, policy: Constant(&flags::SCHED), param: Pointer) "sets how a thread is scheduled";
    SCHED_GETSCHEDULER "sched_getscheduler" 145 120 [] [] (pid: Int) "asks how a thread is scheduled";
    SCHED_SETATTR "sched_setattr" 314 274 [] [] (pid: Int, attr: Pointer, flags: Uint) "sets how a thread is scheduled";
    SCHED_GETATTR "sched_getattr" 315 275 [] [] (pid: Int, attr: Pointer, size: Uint, flags: Uint) "asks how a thread is scheduled";
    SCHED_GET_PRIORITY_MAX "sched_get_priority_max" 146 125 [] [] (policy: Constant(&flags::SCHED)) "asks for the highest real-time priority";
    SCHED_GET_PRIORITY_MIN "sched_get_priority_min" 147 126 [] [] (policy: Constant(&flags::SCHED)) "asks for the lowest real-time priority";
    SCHED_RR_GET_INTERVAL "sched_rr_get_interval" 148 127 [] [] (pid: Int, tp: TimespecOut) "asks for a thread's time slice";
    SCHED_SETAFFINITY "sched_setaffinity" 203 122 [] [] (pid: Int, cpusetsize: Size, mask: Pointer) "says on which CPUs a thread may run";
    SCHED_GETAFFINITY "sched_getaffinity" 204 123 [] [] (pid: Int, cpusetsize: Size, mask: Pointer) "asks on which CPUs a thread may run";
    GETCPU "getcpu" 309 168 [] [] (cpu: Pointer, node: Pointer, tcache: Pointer) "asks which CPU runs this thread";
    IOPRIO_SET "ioprio_set" 251 30 [] [] (which: Int, who: Int, ioprio: Hex) "sets the disk priority of a process";
    IOPRIO_GET "ioprio_get" 252 31 [] [] (which: Int, who: Int) "asks for the disk priority of a process";
    MEMBARRIER "membarrier" 324 283 [] [] (cmd: Int, flags: Uint, cpu_id: Int) "makes memory writes of all threads visible";
    FUTEX "futex" 202 98 [] [waits] (uaddr: Pointer, futex_op: Constant(&flags::FUTEX), val: Uint, timeout: Pointer, uaddr2: Pointer, val3: Hex) "sleeps on, or wakes sleepers of, a number in memory; what locks are made of";
    FUTEX_WAIT "futex_wait" 455 455 [] [waits] (uaddr: Pointer, val: Size, mask: Pointer, flags: Hex, timeout: Timespec, clockid: Constant(&flags::CLOCK)) "sleeps while a number in memory keeps its value";
    FUTEX_WAKE "futex_wake" 454 454 [] [] (uaddr: Pointer, mask: Pointer, nr: Int, flags: Hex) "wakes threads that sleep on a number in memory";
    FUTEX_REQUEUE "futex_requeue" 456 456 [] [] (waiters: Pointer, flags: Uint, nr_wake: Int, nr_requeue: Int) "wakes some sleepers and makes the rest wait elsewhere";
    FUTEX_WAITV "futex_waitv" 449 449 [] [waits] (waiters: Pointer, nr_futexes: Uint, flags: Uint, timeout: Timespec, clockid: Constant(&flags::CLOCK)) "sleeps while several numbers in memory keep their values";
    // System V and POSIX messages, semaphores, shared memory.
    SHMGET "shmget" 29 194 [IPC] [] (key: Hex, size: Size, shmflg: Hex) "finds or makes shared memory";
    SHMAT "shmat" 30 196 [MEMORY IPC] [] (shmid: Int, shmaddr: Pointer, shmflg: Hex) "maps shared memory";
    SHMDT "shmdt" 67 197 [MEMORY IPC] [] (shmaddr: Pointer) "unmaps shared memory";
    SHMCTL "shmctl" 31 195 [IPC] [] (shmid: Int, op: Int, buf: Pointer) "asks about or removes shared memory";
    SEMGET "semget" 64 190 [IPC] [] (key: Hex, nsems: Int, semflg: Hex) "finds or makes semaphores";
    SEMOP "semop" 65 193 [IPC] [waits] (semid: Int, sops: Pointer, nsops: Size) "counts semaphores up or down, and sleeps where one would go below zero";
    SEMTIMEDOP "semtimedop" 220 192 [IPC] [waits] (semid: Int, sops: Pointer, nsops: Size, timeout: Timespec) "semop with a time limit";
    SEMCTL "semctl" 66 191 [IPC] [] (semid: Int, semnum: Int, op: Int, arg: Pointer) "asks about, sets or removes semaphores";
    MSGGET "msgget" 68 186 [IPC] [] (key: Hex, msgflg: Hex) "finds or makes a message queue";
    MSGSND "msgsnd" 69 189 [IPC] [waits] (msqid: Int, msgp: Pointer, msgsz: Size, msgflg: Hex) "puts a message into a queue";
    MSGRCV "msgrcv" 70 188 [IPC] [waits] (msqid: Int, msgp: Pointer, msgsz: Size, msgtyp: Offset, msgflg: Hex) "takes a message from a queue";
    MSGCTL "msgctl" 71 187 [IPC] [] (msqid: Int, op: Int, buf: Pointer) "asks about or removes a message queue";
    MQ_OPEN "mq_open" 240 180 [DESC] [fd] (name: Path, oflag: OpenFlags, mode: Mode, attr: Pointer) "opens a POSIX message queue";
    MQ_UNLINK "mq_unlink" 241 181 [] [] (name: Path) "removes a POSIX message queue";
    MQ_TIMEDSEND "mq_timedsend" 242 182 [DESC] [waits] (mqdes: Fd, msg_ptr: Pointer, msg_len: Size, msg_prio: Uint, abs_timeout: Timespec) "puts a message into a POSIX queue";
    MQ_TIMEDRECEIVE "mq_timedreceive" 243 183 [DESC] [waits] (mqdes: Fd, msg_ptr: Pointer, msg_len: Size, msg_prio: Pointer, abs_timeout: Timespec) "takes a message from a POSIX queue";
    MQ_NOTIFY "mq_notify" 244 184 [DESC] [] (mqdes: Fd, sevp: Pointer) "asks to be told when a message arrives";
    MQ_GETSETATTR "mq_getsetattr" 245 185 [DESC] [] (mqdes: Fd, newattr: Pointer, oldattr: Pointer) "reads or sets a POSIX queue's properties";
    // Asynchronous input and output before io_uring.
    IO_SETUP "io_setup" 206 0 [MEMORY] [] (nr_events: Uint, ctx_idp: Pointer) "makes a context for asynchronous input and output";
    IO_DESTROY "io_destroy" 207 1 [MEMORY] [] (ctx_id: Pointer) "removes such a context";
    IO_SUBMIT "io_submit" 209 2 [] [] (ctx_id: Pointer, nr: Offset, iocbpp: Pointer) "hands requests to the kernel";
    IO_CANCEL "io_cancel" 210 3 [] [] (ctx_id: Pointer, iocb: Pointer, result: Pointer) "takes a request back";
    IO_GETEVENTS "io_getevents" 208 4 [] [waits] (ctx_id: Pointer, min_nr: Offset, nr: Offset, events: Pointer, timeout: Timespec) "waits for results";
    IO_PGETEVENTS "io_pgetevents" 333 292 [] [waits] (ctx_id: Pointer, min_nr: Offset, nr: Offset, events: Pointer, timeout: Timespec, usig: Pointer) "waits for results, with a signal mask";
    // Extended attributes.
    SETXATTR "setxattr" 188 5 [FILE] [] (path: Path, name: Path, value: Pointer, size: Size, flags: Flags(&flags::XATTR)) "sets an extended attribute of a file";
    LSETXATTR "lsetxattr" 189 6 [FILE] [] (path: Path, name: Path, value: Pointer, size: Size, flags: Flags(&flags::XATTR)) "sets an extended attribute of a file, or of the symbolic link itself";
    FSETXATTR "fsetxattr" 190 7 [DESC] [] (fd: Fd, name: Path, value: Pointer, size: Size, flags: Flags(&flags::XATTR)) "sets an extended attribute of an open file";
    SETXATTRAT "setxattrat" 463 463 [DESC FILE] [] (dirfd: DirFd, pathname: Path, at_flags: Flags(&flags::AT), name: Path, uargs: Pointer, usize: Size) "sets an extended attribute of a file below a directory";
    GETXATTR "getxattr" 191 8 [FILE] [] (path: Path, name: Path, value: Pointer, size: Size) "reads an extended attribute of a file";
    LGETXATTR "lgetxattr" 192 9 [FILE] [] (path: Path, name: Path, value: Pointer, size: Size) "reads an extended attribute of a file, or of the symbolic link itself";
    FGETXATTR "fgetxattr" 193 10 [DESC] [] (fd: Fd, name: Path, value: Pointer, size: Size) "reads an extended attribute of an open file";
    GETXATTRAT "getxattrat" 464 464 [DESC FILE] [] (dirfd: DirFd, pathname: Path, at_flags: Flags(&flags::AT), name: Path, uargs: Pointer, usize: Size) "reads an extended attribute of a file below a directory";
    LISTXATTR "listxattr" 194 11 [FILE] [] (path: Path, list: Pointer, size: Size) "lists the extended attributes of a file";
    LLISTXATTR "llistxattr" 195 12 [FILE] [] (path: Path, list: Pointer, size: Size) "lists the extended attributes of a file, or of the symbolic link itself";
    FLISTXATTR "flistxattr" 196 13 [DESC] [] (fd: Fd, list: Pointer, size: Size) "lists the extended attributes of an open file";
    LISTXATTRAT "listxattrat" 465 465 [DESC FILE] [] (dirfd: DirFd, pathname: Path, at_flags: Flags(&flags::AT), list: Pointer, size: Size) "lists the extended attributes of a file below a directory";
    REMOVEXATTR "removexattr" 197 14 [FILE] [] (path: Path, name: Path) "removes an extended attribute of a file";
    LREMOVEXATTR "lremovexattr" 198 15 [FILE] [] (path: Path, name: Path) "removes an extended attribute of a file, or of the symbolic link itself";
    FREMOVEXATTR "fremovexattr" 199 16 [DESC] [] (fd: Fd, name: Path) "removes an extended attribute of an open file";
    REMOVEXATTRAT "removexattrat" 466 466 [DESC FILE] [] (dirfd: DirFd, pathname: Path, at_flags: Flags(&flags::AT), name: Path) "removes an extended attribute of a file below a directory";
    FILE_GETATTR "file_getattr" 468 468 [DESC FILE] [] (dirfd: DirFd, pathname: Path, ufattr: Pointer, usize: Size, at_flags: Flags(&flags::AT)) "reads a file's inode flags";
    FILE_SETATTR "file_setattr" 469 469 [DESC FILE] [] (dirfd: DirFd, pathname: Path, ufattr: Pointer, usize: Size, at_flags: Flags(&flags::AT)) "sets a file's inode flags";
    // Mounts and file systems.
    MOUNT "mount" 165 40 [FILE] [] (source: Path, target: Path, filesystemtype: Path, mountflags: Flags(&flags::MS), data: Pointer) "attaches a file system to a directory";
    UMOUNT2 "umount2" 166 39 [FILE] [] (target: Path, flags: Flags(&flags::UMOUNT)) "detaches a file system";
    MOUNT_SETATTR "mount_setattr" 442 442 [DESC FILE] [] (dirfd: DirFd, pathname: Path, flags: Flags(&flags::AT), attr: Pointer, size: Size) "changes the properties of a mount";
    MOVE_MOUNT "move_mount" 429 429 [DESC FILE] [] (from_dirfd: DirFd, from_pathname: Path, to_dirfd: DirFd, to_pathname: Path, flags: Hex) "moves a mount to another directory";
    OPEN_TREE "open_tree" 428 428 [DESC FILE] [fd] (dirfd: DirFd, pathname: Path, flags: Flags(&flags::OPEN_TREE)) "gives a descriptor for a mount";
    OPEN_TREE_ATTR "open_tree_attr" 467 467 [DESC FILE] [fd] (dirfd: DirFd, pathname: Path, flags: Flags(&flags::OPEN_TREE), attr: Pointer, size: Size) "gives a descriptor for a mount and changes its properties";
    FSOPEN "fsopen" 430 430 [DESC] [fd] (fsname: Path, flags: Hex) "begins to set up a file system";
    FSCONFIG "fsconfig" 431 431 [DESC FILE] [] (fd: Fd, cmd: Uint, key: Path, value: Pointer, aux: Int) "sets a parameter of a file system being set up";
    FSMOUNT "fsmount" 432 432 [DESC] [fd] (fsfd: Fd, flags: Hex, attr_flags: Hex) "makes a mount of a file system that was set up";
    FSPICK "fspick" 433 433 [DESC FILE] [fd] (dirfd: DirFd, pathname: Path, flags: Hex) "takes a mounted file system to set it up anew";
    STATMOUNT "statmount" 457 457 [] [] (req: Pointer, buf: Pointer, bufsize: Size, flags: Uint) "asks for facts about a mount";
    LISTMOUNT "listmount" 458 458 [] [] (req: Pointer, mnt_ids: Pointer, nr_mnt_ids: Size, flags: Uint) "lists the mounts below a mount";
    PIVOT_ROOT "pivot_root" 155 41 [FILE] [] (new_root: Path, put_old: Path) "makes another directory the root of the file system";
    CHROOT "chroot" 161 51 [FILE] [] (path: Path) "makes another directory the root for this process";
    QUOTACTL "quotactl" 179 60 [FILE] [] (op: Hex, special: Path, id: Int, addr: Pointer) "reads or sets limits on disk space";
    QUOTACTL_FD "quotactl_fd" 443 443 [DESC] [] (fd: Fd, op: Hex, id: Int, addr: Pointer) "reads or sets limits on disk space";
    SWAPON "swapon" 167 224 [FILE] [] (path: Path, swapflags: Hex) "starts to swap to a file or disk";
    SWAPOFF "swapoff" 168 225 [FILE] [] (path: Path) "stops to swap to a file or disk";
    USTAT "ustat" 136 - [] [] (dev: Size, ubuf: Pointer) "asks about a mounted file system; out of use";
    SYSFS "sysfs" 139 - [] [] (option: Int, arg1: Pointer, arg2: Pointer) "asks for file system types; out of use";
    LOOKUP_DCOOKIE "lookup_dcookie" 212 18 [] [] (cookie: Size, buffer: Pointer, size: Size) "turns a profiler's cookie into a path; out of use";
    // Security.
    LANDLOCK_CREATE_RULESET "landlock_create_ruleset" 444 444 [DESC] [fd] (attr: Pointer, size: Size, flags: Hex) "makes a set of rules a process can lock itself into";
    LANDLOCK_ADD_RULE "landlock_add_rule" 445 445 [DESC] [] (ruleset_fd: Fd, rule_type: Int, rule_attr: Pointer, flags: Uint) "adds a rule to such a set";
    LANDLOCK_RESTRICT_SELF "landlock_restrict_self" 446 446 [DESC] [] (ruleset_fd: Fd, flags: Hex) "locks this thread into a set of rules";
    LSM_GET_SELF_ATTR "lsm_get_self_attr" 459 459 [] [] (attr: Uint, ctx: Pointer, size: Pointer, flags: Uint) "asks a security module about this process";
    LSM_SET_SELF_ATTR "lsm_set_self_attr" 460 460 [] [] (attr: Uint, ctx: Pointer, size: Uint, flags: Uint) "tells a security module about this process";
    LSM_LIST_MODULES "lsm_list_modules" 461 461 [] [] (ids: Pointer, size: Pointer, flags: Uint) "lists the active security modules";
    ADD_KEY "add_key" 248 217 [] [] (type_: Path, description: Path, payload: Pointer, plen: Size, keyring: Int) "puts a key into a keyring of the kernel";
    REQUEST_KEY "request_key" 249 218 [] [] (type_: Path, description: Path, callout_info: Path, dest_keyring: Int) "asks for a key";
    KEYCTL "keyctl" 250 219 [] [] (operation: Int, arg2: Pointer, arg3: Pointer, arg4: Pointer, arg5: Pointer) "works with keys of the kernel";
    GETRANDOM "getrandom" 318 278 [] [] (buf: BytesOut { len: 1 }, size: Size, flags: Flags(&flags::GRND)) "asks for random bytes";
    // The machine.
    UNAME "uname" 63 160 [] [] (buf: Pointer) "asks for the name and version of the kernel";
    SYSINFO "sysinfo" 99 179 [] [] (info: Pointer) "asks for uptime, load and memory";
    SYSLOG "syslog" 103 116 [] [] (type_: Int, bufp: Pointer, size: Int) "reads or controls the kernel's log";
    SETHOSTNAME "sethostname" 170 161 [] [] (name: Pointer, size: Size) "sets the host's name";
    SETDOMAINNAME "setdomainname" 171 162 [] [] (name: Pointer, size: Size) "sets the host's NIS domain name";
    REBOOT "reboot" 169 142 [] [] (magic: Hex, magic2: Hex, op: Hex, arg: Pointer) "restarts or stops the machine";
    VHANGUP "vhangup" 153 58 [] [] () "hangs up the terminal";
    INIT_MODULE "init_module" 175 105 [] [] (module_image: Pointer, size: Size, param_values: Path) "loads a kernel module from memory";
    FINIT_MODULE "finit_module" 313 273 [DESC] [] (fd: Fd, param_values: Path, flags: Hex) "loads a kernel module from a file";
    DELETE_MODULE "delete_module" 176 106 [] [] (name: Path, flags: Flags(&flags::OPEN_BITS)) "unloads a kernel module";
    KEXEC_LOAD "kexec_load" 246 104 [] [] (entry: Pointer, nr_segments: Size, segments: Pointer, flags: Pointer) "loads another kernel to start later";
    KEXEC_FILE_LOAD "kexec_file_load" 320 294 [DESC] [] (kernel_fd: Fd, initrd_fd: Fd, cmdline_len: Size, cmdline: Pointer, flags: Pointer) "loads another kernel from files";
    BPF "bpf" 321 280 [DESC] [] (cmd: Int, attr: Pointer, size: Uint) "loads small programs into the kernel, and works with their maps";
    PERF_EVENT_OPEN "perf_event_open" 298 241 [DESC] [fd] (attr: Pointer, pid: Int, cpu: Int, group_fd: Fd, flags: Pointer) "starts to count or sample events of the CPU or kernel";
    IOPL "iopl" 172 - [] [] (level: Int) "sets the right to use input and output ports";
    IOPERM "ioperm" 173 - [] [] (from: Size, num: Size, turn_on: Int) "sets the right to use some input and output ports";
    MODIFY_LDT "modify_ldt" 154 - [] [] (func: Int, ptr: Pointer, bytecount: Size) "changes the table of memory segments; for very old programs";
    SET_THREAD_AREA "set_thread_area" 205 - [] [] (u_info: Pointer) "sets a memory segment for thread data; for 32-bit programs";
    GET_THREAD_AREA "get_thread_area" 211 - [] [] (u_info: Pointer) "reads a memory segment for thread data; for 32-bit programs";
    URETPROBE "uretprobe" 335 - [] [] () "is made by the kernel's own probes on function returns; never by a program";
    UPROBE "uprobe" 336 - [] [] () "is made by the kernel's own probes on functions; never by a program";
    // Numbers without a call behind them.
    USELIB "uselib" 134 - [FILE] [] (library: Path) "loaded a shared library, long ago";
    SYSCTL "_sysctl" 156 - [] [] (args: Pointer) "read kernel settings; no longer there";
    CREATE_MODULE "create_module" 174 - [] [] (name: Path, size: Size) "prepared a kernel module; no longer there";
    GET_KERNEL_SYMS "get_kernel_syms" 177 - [] [] (table: Pointer) "listed kernel symbols; no longer there";
    QUERY_MODULE "query_module" 178 - [] [] (name: Path, which: Int, buf: Pointer, bufsize: Size, ret: Pointer) "asked about a kernel module; no longer there";
    NFSSERVCTL "nfsservctl" 180 42 [] [] (cmd: Int, argp: Pointer, resp: Pointer) "controlled the kernel's NFS server; no longer there";
    GETPMSG "getpmsg" 181 - [NETWORK] [] (fd: Pointer, ctlptr: Pointer, dataptr: Pointer, bandp: Pointer, flagsp: Pointer) "a number kept free for STREAMS; never there";
    PUTPMSG "putpmsg" 182 - [NETWORK] [] (fd: Pointer, ctlptr: Pointer, dataptr: Pointer, band: Pointer, flags: Pointer) "a number kept free for STREAMS; never there";
    AFS_SYSCALL "afs_syscall" 183 - [] [] (a: Pointer, b: Pointer, c: Pointer, d: Pointer, e: Pointer) "a number kept free for AFS; never there";
    TUXCALL "tuxcall" 184 - [] [] (a: Pointer, b: Pointer, c: Pointer) "a number kept free for a web server inside the kernel; never there";
    SECURITY "security" 185 - [] [] (a: Pointer, b: Pointer, c: Pointer) "a number kept free for security modules; never there";
    VSERVER "vserver" 236 - [] [] (a: Pointer, b: Pointer, c: Pointer, d: Pointer, e: Pointer) "a number kept free for virtual servers; never there";
    EPOLL_CTL_OLD "epoll_ctl_old" 214 - [] [] (epfd: Pointer, op: Pointer, fd: Pointer, event: Pointer) "a number kept free for an early epoll; never there";
    EPOLL_WAIT_OLD "epoll_wait_old" 215 - [] [] (epfd: Pointer, events: Pointer, maxevents: Pointer, timeout: Pointer) "a number kept free for an early epoll; never there";
}
