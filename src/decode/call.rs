//! What a call means: one typed variant for each idea, whichever of its spellings was used.

use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls::{self, CallId};
use crate::event::args::Args;
use crate::event::call::{Arg, Call, Captured, Data, Found, Outcome, Ready};
use crate::event::raw::{Raw, part};
use crate::event::structs;

/// The type in a socket's `type` argument; flags stand above it (`man 2 socket`).
const TYPE_BITS: u32 = 0xf;
/// `AF_INET` and `AF_INET6`.
const INET: u16 = 2;
const INET6: u16 = 10;
/// `F_DUPFD`, `F_DUPFD_CLOEXEC` (`man 2 fcntl`).
const DUP_OPS: [u32; 2] = [0, F_DUPFD_CLOEXEC];
const F_DUPFD_CLOEXEC: u32 = 1030;
/// Sets FD_CLOEXEC, which is 1 (`man 2 fcntl`).
const F_SETFD: u32 = 2;
/// `O_CLOEXEC`, on every CPU of the table (`include/uapi/asm-generic/fcntl.h`).
const CLOEXEC: u32 = 0o2000000;
/// `AT_FDCWD`, which `open` does not say but means.
const AT_FDCWD: Fd = Fd(-100);

/// `AT_EMPTY_PATH` (`man 2 open`).
const AT_EMPTY_PATH: u64 = 0x1000;
/// `ioctl` requests (`include/uapi/asm-generic/ioctls.h`).
const FIONBIO: u32 = 0x5421;
const FIOCLEX: u32 = 0x5451;
const FIONCLEX: u32 = 0x5450;

/// What the meaning is worked out from.
struct From<'f, 'a> {
    raw: &'f Raw<'a>,
    args: &'f Args<'a>,
    /// `None` while the call has not ended.
    outcome: Option<Outcome>,
}

/// The meaning of a call of the table; `outcome` is `None` while it has not ended.
#[inline]
pub fn meaning<'a>(
    id: CallId,
    raw: &Raw<'a>,
    args: &Args<'a>,
    outcome: Option<Outcome>,
) -> Call<'a> {
    let r = &raw.head.args;
    let fd = Fd(r[0] as i32);
    let from = From { raw, args, outcome };
    match id {
        calls::READ | calls::PREAD64 => Call::Receive {
            fd,
            asked: r[2],
            data: from.bytes(1),
            flags: 0,
        },
        calls::WRITE | calls::PWRITE64 => Call::Send {
            fd,
            asked: r[2],
            data: from.bytes(1),
            flags: 0,
        },
        calls::RECVFROM => Call::Receive {
            fd,
            asked: r[2],
            data: from.bytes(1),
            flags: r[3] as u32,
        },
        calls::SENDTO => Call::Send {
            fd,
            asked: r[2],
            data: from.bytes(1),
            flags: r[3] as u32,
        },
        calls::READV | calls::PREADV | calls::PREADV2 => from.receive_vector(part::FIRST, 0),
        calls::WRITEV | calls::PWRITEV | calls::PWRITEV2 => from.send_vector(part::FIRST, 0),
        calls::RECVMSG => from.receive_message(r[2] as u32),
        calls::SENDMSG => from.send_message(r[2] as u32),
        calls::RECVMMSG => Call::ReceiveMany {
            fd,
            asked: from.offered(part::IOVEC),
            data: from.vector(),
            flags: r[3] as u32,
        },
        calls::SENDMMSG => Call::SendMany {
            fd,
            asked: from.offered(part::IOVEC),
            data: from.vector(),
            flags: r[3] as u32,
            taken: structs::message_bytes(from.after(1), from.returned()),
        },
        calls::SPLICE | calls::COPY_FILE_RANGE => Call::Splice {
            input: fd,
            output: Fd(r[2] as i32),
            count: r[4],
        },
        calls::TEE => Call::Splice {
            input: fd,
            output: Fd(r[1] as i32),
            count: r[2],
        },
        calls::SOCKETPAIR => Call::Pair {
            socket: true,
            flags: r[1] as u32,
            fds: from.two(3),
        },
        calls::PIPE | calls::PIPE2 => Call::Pair {
            socket: false,
            flags: if id == calls::PIPE2 { r[1] as u32 } else { 0 },
            fds: from.two(0),
        },
        calls::CLOSE_RANGE => Call::CloseRange {
            first: r[0] as u32,
            last: r[1] as u32,
            flags: r[2] as u32,
        },
        calls::IOCTL if r[1] as u32 == FIONBIO => Call::NonBlocking {
            fd,
            on: structs::u32_at(from.piece(2), 0).is_some_and(|on| on != 0),
        },
        calls::CLONE => Call::Clone { flags: r[0] },
        calls::CLONE3 => Call::Clone {
            flags: structs::clone_args(from.piece(0)).map_or(0, |args| args.flags),
        },
        calls::FORK => Call::Clone { flags: 0 },
        // `man 2 vfork`: CLONE_VM | CLONE_VFORK.
        calls::VFORK => Call::Clone { flags: 0x4100 },
        calls::SENDFILE => Call::SendFile {
            out: fd,
            input: Fd(r[1] as i32),
            count: r[3],
        },
        calls::CLOSE => Call::Close { fd },
        calls::ACCEPT4 => Call::Accept {
            fd,
            peer: from.address(1),
            flags: r[3] as u32,
        },
        calls::ACCEPT => Call::Accept {
            fd,
            peer: from.address(1),
            flags: 0,
        },
        calls::EPOLL_PWAIT | calls::EPOLL_WAIT => from.epoll_wait(i64::from(r[3] as i32)),
        calls::EPOLL_PWAIT2 => from.epoll_wait(from.milliseconds(3)),
        calls::EPOLL_CTL => from.epoll_control(),
        calls::OPENAT => Call::Open {
            dir: fd,
            path: from.path(1),
            flags: r[2] & 0xffff_ffff,
        },
        calls::OPENAT2 => Call::Open {
            dir: fd,
            path: from.path(1),
            flags: from.how(),
        },
        calls::OPEN => Call::Open {
            dir: AT_FDCWD,
            path: from.path(0),
            flags: r[1] & 0xffff_ffff,
        },
        // O_CREAT, O_WRONLY and O_TRUNC (`man 2 creat`).
        calls::CREAT => Call::Open {
            dir: AT_FDCWD,
            path: from.path(0),
            flags: 0o1101,
        },
        calls::FSTAT => from.stat(1),
        // What the C library makes of `fstat`: an empty path below the descriptor itself.
        calls::NEWFSTATAT if from.path(1).len == 0 && r[3] & AT_EMPTY_PATH != 0 => from.stat(2),
        calls::STATX if from.path(1).len == 0 && r[2] & AT_EMPTY_PATH != 0 => from.statx(),
        calls::SOCKET => from.socket(),
        calls::BIND => Call::Bind {
            fd,
            address: from.address(1),
        },
        calls::LISTEN => Call::Listen {
            fd,
            backlog: r[1] as i32,
        },
        calls::CONNECT => Call::Connect {
            fd,
            address: from.address(1),
        },
        calls::SHUTDOWN => Call::Shutdown {
            fd,
            how: r[1] as u32,
        },
        calls::SETSOCKOPT => Call::SetOption {
            fd,
            level: r[1] as u32,
            name: r[2] as u32,
            value: from.piece(3),
        },
        calls::GETSOCKOPT => Call::GetOption {
            fd,
            level: r[1] as u32,
            name: r[2] as u32,
            value: from.piece(3),
        },
        calls::GETSOCKNAME => Call::GetName {
            fd,
            peer: false,
            address: from.address(1),
        },
        calls::GETPEERNAME => Call::GetName {
            fd,
            peer: true,
            address: from.address(1),
        },
        calls::IOCTL if matches!(r[1] as u32, FIOCLEX | FIONCLEX) => Call::Fcntl {
            fd,
            op: F_SETFD,
            arg: u64::from(r[1] as u32 == FIOCLEX),
        },
        calls::FCNTL if DUP_OPS.contains(&(r[1] as u32)) => Call::Dup {
            fd,
            to: None,
            close_on_exec: r[1] as u32 == F_DUPFD_CLOEXEC,
        },
        calls::FCNTL => Call::Fcntl {
            fd,
            op: r[1] as u32,
            arg: r[2],
        },
        calls::DUP => Call::Dup {
            fd,
            to: None,
            close_on_exec: false,
        },
        calls::DUP2 | calls::DUP3 => Call::Dup {
            fd,
            to: Some(Fd(r[1] as i32)),
            close_on_exec: id == calls::DUP3 && r[2] as u32 & CLOEXEC != 0,
        },
        calls::EPOLL_CREATE1 | calls::EPOLL_CREATE => Call::EpollCreate,
        calls::PPOLL => Call::Poll {
            fds: r[1],
            timeout: from.milliseconds(2),
            found: Found::List(from.after(0)),
        },
        calls::POLL => Call::Poll {
            fds: r[1],
            timeout: i64::from(r[2] as i32),
            found: Found::List(from.after(0)),
        },
        calls::PSELECT6 | calls::SELECT => from.select(),
        _ => Call::Other,
    }
}

impl<'a> From<'_, 'a> {
    #[inline(always)]
    fn bytes(&self, arg: usize) -> Data<'a> {
        match self.args.get(arg) {
            Arg::Bytes(captured) => {
                Data::one(captured.len, captured.bytes).and_later(self.raw.memory, arg as u8)
            }
            _ => Data::NONE,
        }
    }

    fn path(&self, arg: usize) -> Captured<'a> {
        match self.args.get(arg) {
            Arg::Path(captured) => captured,
            _ => Captured { len: 0, bytes: &[] },
        }
    }

    /// An address that was cut short tells nothing of who it is.
    fn address(&self, arg: usize) -> Option<Address> {
        match self.args.get(arg) {
            Arg::Address(Address::Other(INET | INET6, _)) => None,
            Arg::Address(address) => Some(address),
            _ => None,
        }
    }

    /// What was kept of the memory behind an argument.
    fn piece(&self, arg: u8) -> &'a [u8] {
        self.raw.segment(arg, part::FIRST).map_or(&[], |s| s.bytes)
    }

    /// What was kept of the memory behind an argument as the call left it.
    fn after(&self, arg: u8) -> &'a [u8] {
        self.raw.segment(arg, part::AFTER).map_or(&[], |s| s.bytes)
    }

    fn fd(&self) -> Fd {
        Fd(self.raw.head.args[0] as i32)
    }

    fn receive_vector(&self, array: u8, flags: u32) -> Call<'a> {
        Call::Receive {
            fd: self.fd(),
            asked: self.offered(array),
            data: self.vector(),
            flags,
        }
    }

    fn send_vector(&self, array: u8, flags: u32) -> Call<'a> {
        Call::Send {
            fd: self.fd(),
            asked: self.offered(array),
            data: self.vector(),
            flags,
        }
    }

    /// Bytes over all buffers of the iovecs in this part of argument 1. Entries beyond those that were
    /// kept count as nothing; a sum that cannot be is held at the largest number.
    fn offered(&self, array: u8) -> u64 {
        let arrays = self
            .raw
            .segments()
            .filter(|s| s.arg == 1 && s.part == array);
        let lengths = arrays
            .flat_map(|s| s.bytes.chunks_exact(16))
            .filter_map(|entry| structs::u64_at(entry, 8));
        lengths.fold(0, u64::saturating_add)
    }

    /// The pieces behind the iovec or message in argument 1, and how many bytes there were in them.
    fn vector(&self) -> Data<'a> {
        let buffers = part::BUFFER..=part::LAST_BUFFER;
        let pieces = self
            .raw
            .segments()
            .filter(|s| s.arg == 1 && buffers.contains(&s.part));
        let len = pieces.fold(0, |sum: u64, s| sum.saturating_add(s.len));
        Data::many(len, self.raw.memory, 1).reaching_later()
    }

    fn socket(&self) -> Call<'a> {
        let r = &self.raw.head.args;
        Call::Socket {
            domain: r[0] as u32,
            kind: r[1] as u32 & TYPE_BITS,
            flags: r[1] as u32 & !TYPE_BITS,
            protocol: r[2] as u32,
        }
    }

    fn epoll_wait(&self, timeout: i64) -> Call<'a> {
        Call::EpollWait {
            epoll: self.fd(),
            max: self.raw.head.args[2] as i32,
            timeout: i32::try_from(timeout).unwrap_or(i32::MAX),
            ready: Ready::new(self.piece(1)),
        }
    }

    fn epoll_control(&self) -> Call<'a> {
        let r = &self.raw.head.args;
        let (events, data) = structs::epoll_events(self.piece(3))
            .next()
            .unwrap_or((0, 0));
        Call::EpollControl {
            epoll: self.fd(),
            op: r[1] as u32,
            fd: Fd(r[2] as i32),
            events,
            data,
        }
    }

    fn select(&self) -> Call<'a> {
        let below = u64::from(self.raw.head.args[0] as u32);
        let before = [1, 2, 3].map(|arg| self.piece(arg));
        Call::Poll {
            fds: structs::any_of(before, below).count() as u64,
            timeout: self.milliseconds(4),
            found: Found::Sets([1, 2, 3].map(|arg| self.after(arg)), below),
        }
    }

    /// The flags in a `struct open_how`.
    fn how(&self) -> u64 {
        structs::open_how(self.piece(2)).map_or(0, |how| how.flags)
    }

    fn stat(&self, buffer: u8) -> Call<'a> {
        let stat = structs::stat(self.piece(buffer)).filter(|_| self.succeeded());
        Call::Stat {
            fd: self.fd(),
            size: stat.map(|s| s.size),
            mode: stat.map(|s| s.mode),
        }
    }

    fn statx(&self) -> Call<'a> {
        let statx = structs::statx(self.piece(4)).filter(|_| self.succeeded());
        Call::Stat {
            fd: self.fd(),
            size: statx.map(|s| s.size),
            mode: statx.map(|s| s.mode),
        }
    }

    fn succeeded(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Returned(_)))
    }

    /// The result, where it is one.
    fn returned(&self) -> u64 {
        let value = self.outcome.and_then(Outcome::returned);
        value
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0)
    }

    /// Two descriptors that the kernel filled in.
    fn two(&self, arg: u8) -> Option<[Fd; 2]> {
        let mut fds = structs::ints(self.piece(arg)).filter(|_| self.succeeded());
        Some([Fd(fds.next()?), Fd(fds.next()?)])
    }

    /// The control data of the message in argument 1, where it hands over descriptors.
    fn rights(&self) -> Option<&'a [u8]> {
        let control = self.raw.segment(1, part::CONTROL)?.bytes;
        structs::rights(control).next().map(|_| control)
    }

    fn receive_message(&self, flags: u32) -> Call<'a> {
        match (self.receive_vector(part::IOVEC, flags), self.rights()) {
            (
                Call::Receive {
                    fd,
                    asked,
                    data,
                    flags,
                },
                Some(control),
            ) if self.succeeded() => Call::ReceiveRights {
                fd,
                asked,
                data,
                flags,
                control,
            },
            (call, _) => call,
        }
    }

    fn send_message(&self, flags: u32) -> Call<'a> {
        match (self.send_vector(part::IOVEC, flags), self.rights()) {
            (
                Call::Send {
                    fd,
                    asked,
                    data,
                    flags,
                },
                Some(control),
            ) => Call::SendRights {
                fd,
                asked,
                data,
                flags,
                control,
            },
            (call, _) => call,
        }
    }

    /// A `struct timespec` in milliseconds; -1, for ever, where there is none.
    fn milliseconds(&self, arg: u8) -> i64 {
        match structs::time(self.piece(arg)) {
            Some(time) => time
                .seconds
                .saturating_mul(1000)
                .saturating_add(time.fraction / 1_000_000),
            None => -1,
        }
    }
}
