//! A call as decoding gives it: its arguments by the table (for views that print every call the
//! same way), and its meaning as a typed variant (for the story).

use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::abi::flags::FlagSet;
use crate::event::args::Args;
use crate::event::raw::{Segments, part};
use crate::event::structs;

/// Which call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallName<'a> {
    /// One of the table.
    Known(CallId),
    /// A number the table lacks.
    Number(u64),
    /// A name the table lacks (from a recording).
    Name(&'a str),
}

/// A call with its arguments, before or after its result is known.
#[derive(Clone, Debug)]
pub struct Syscall<'a> {
    /// Which.
    pub name: CallName<'a>,
    /// Its arguments, by the table.
    pub args: Args<'a>,
    /// What it means, for the calls that the story interprets.
    pub call: Call<'a>,
}

/// A call that has ended.
#[derive(Clone, Debug)]
pub struct Completed<'a> {
    /// The call.
    pub syscall: Syscall<'a>,
    /// Its result.
    pub outcome: Outcome,
    /// Nanoseconds from enter to exit.
    pub dur: u64,
    /// The result was made up by a fault; the kernel never saw the call.
    pub injected: bool,
    /// A fault made the call wait.
    pub delayed: bool,
    /// Secrets in its data were overwritten with `*`.
    pub redacted: bool,
    /// A fault cut the count; this is what the program had asked for. The arguments are what the kernel saw.
    pub cut_from: Option<u64>,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It returned this, not negative (pointers come as their bits).
    Returned(i64),
    /// It failed.
    Failed(Errno),
    /// The result is not known (`= ?`).
    Unknown,
}

impl Outcome {
    /// The result where it succeeded.
    #[inline]
    pub fn returned(self) -> Option<i64> {
        match self {
            Outcome::Returned(value) => Some(value),
            Outcome::Failed(_) | Outcome::Unknown => None,
        }
    }
}

/// Memory of the traced program, as far as it was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Captured<'a> {
    /// How many bytes there were.
    pub len: u64,
    /// Those that were kept, from the first.
    pub bytes: &'a [u8],
}

/// One argument's value, by its kind in the table. Structures stay as the bytes that were captured;
/// a view asks `abi` and `decode` for their fields.
#[allow(
    missing_docs,
    reason = "fields have the names of the man page; the variant's sentence says the rest"
)]
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    /// Signed decimal.
    Int(i64),
    /// Unsigned decimal.
    Size(u64),
    /// Hex; 0 is NULL. Also stands for memory that could not be read or was not filled in.
    Pointer(u64),
    /// Octal.
    Mode(u64),
    /// A descriptor (`AT_FDCWD` = -100).
    Fd(Fd),
    /// Bits with names.
    Flags(&'static FlagSet, u64),
    /// A value with a name.
    Constant(&'static FlagSet, u64),
    /// `open` flags.
    OpenFlags(u64),
    /// Socket type and its flags.
    SocketType(u64),
    /// A buffer of bytes.
    Bytes(Captured<'a>),
    /// A path, without its NUL.
    Path(Captured<'a>),
    /// A socket address.
    Address(Address),
    /// `socklen_t *`: at entry and at exit.
    Length { before: u32, after: u32 },
    /// Something with structure: which argument's kind says what; see `decode`.
    Struct(Memory<'a>),
}

/// The pieces of memory that belong to one structured argument.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a> {
    /// The register, for when nothing could be read.
    pub pointer: u64,
    /// Its kind in the table.
    pub kind: crate::abi::calls::Kind,
    /// Which argument it is.
    pub arg: u8,
    /// The record's segments, those of every argument.
    pub raw: &'a [u8],
}

/// What a call means. One variant for each idea the story interprets, whichever of its spellings
/// (`read`, `recvfrom`, `readv`) was used; the result stands in [`Completed::outcome`].
#[allow(
    missing_docs,
    reason = "fields have the names of the man page; the variant's sentence says the rest"
)]
#[derive(Clone, Debug)]
pub enum Call<'a> {
    /// `socket`: the type without its flags, and the flags.
    Socket {
        domain: u32,
        kind: u32,
        flags: u32,
        protocol: u32,
    },
    /// `bind`.
    Bind { fd: Fd, address: Option<Address> },
    /// `listen`.
    Listen { fd: Fd, backlog: i32 },
    /// `accept`, `accept4`; the peer only on success and where it was asked for.
    Accept {
        fd: Fd,
        peer: Option<Address>,
        flags: u32,
    },
    /// `connect`.
    Connect { fd: Fd, address: Option<Address> },
    /// `shutdown`: 0 reading, 1 writing, 2 both.
    Shutdown { fd: Fd, how: u32 },
    /// `setsockopt`.
    SetOption {
        fd: Fd,
        level: u32,
        name: u32,
        value: &'a [u8],
    },
    /// `getsockopt`.
    GetOption {
        fd: Fd,
        level: u32,
        name: u32,
        value: &'a [u8],
    },
    /// `getsockname` (`peer` false) and `getpeername`.
    GetName {
        fd: Fd,
        peer: bool,
        address: Option<Address>,
    },
    /// Bytes in: `read`, `readv`, `pread64`, `recvfrom`, `recvmsg`. `asked` is the room offered.
    Receive {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
    },
    /// The same for a `recvmsg` that was handed descriptors: its control data (`man 7 unix`).
    ReceiveRights {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
        control: &'a [u8],
    },
    /// `recvmmsg`, all its messages in a row; the outcome counts messages, `data` their bytes.
    ReceiveMany {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
    },
    /// A `sendmsg` that hands over descriptors.
    SendRights {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
        control: &'a [u8],
    },
    /// `sendmmsg`, all its messages in a row; the outcome counts messages, `taken` their bytes.
    SendMany {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
        taken: u64,
    },
    /// Bytes out: `write`, `writev`, `pwrite64`, `sendto`, `sendmsg`. `asked` is what was offered;
    /// `data` holds what was offered too: only the first `outcome` bytes were taken.
    Send {
        fd: Fd,
        asked: u64,
        data: Data<'a>,
        flags: u32,
    },
    /// `sendfile`: bytes that moved unseen.
    SendFile { out: Fd, input: Fd, count: u64 },
    /// `splice`, `tee`, `copy_file_range`: bytes that moved unseen from one descriptor to another.
    Splice { input: Fd, output: Fd, count: u64 },
    /// `pipe`, `pipe2` (`socket` false) and `socketpair` (whose type stands in the low four bits of the
    /// flags): two descriptors at once, only on success.
    Pair {
        socket: bool,
        flags: u32,
        fds: Option<[Fd; 2]>,
    },
    /// `close_range`; 4 in `flags` (CLOSE_RANGE_CLOEXEC) only marks them for `execve`.
    CloseRange { first: u32, last: u32, flags: u32 },
    /// `ioctl(FIONBIO)`: calls on the descriptor never sleep from now on, or do again.
    NonBlocking { fd: Fd, on: bool },
    /// `clone`, `clone3`, `fork`, `vfork`: what the child shares (`CLONE_…` bits).
    Clone { flags: u64 },
    /// `close`.
    Close { fd: Fd },
    /// `open`, `openat`, `openat2`, `creat`.
    Open {
        dir: Fd,
        path: Captured<'a>,
        flags: u64,
    },
    /// `fstat`; size in bytes and mode only on success.
    Stat {
        fd: Fd,
        size: Option<u64>,
        mode: Option<u32>,
    },
    /// `fcntl`, and `ioctl(FIOCLEX)` and its opposite, which do what F_SETFD does.
    Fcntl { fd: Fd, op: u32, arg: u64 },
    /// `dup`, `dup2`, `dup3`, `fcntl(F_DUPFD…)`: `to` where the program chose the number; whether the new number is
    /// closed at `execve`.
    Dup {
        fd: Fd,
        to: Option<Fd>,
        close_on_exec: bool,
    },
    /// `epoll_create1`.
    EpollCreate,
    /// `epoll_ctl`: 1 add, 2 delete, 3 modify.
    EpollControl {
        epoll: Fd,
        op: u32,
        fd: Fd,
        events: u32,
        data: u64,
    },
    /// `epoll_wait`, `epoll_pwait`: the timeout in milliseconds, -1 for ever; the ready list is in
    /// `ready`, twelve bytes each on x86_64.
    EpollWait {
        epoll: Fd,
        max: i32,
        timeout: i32,
        ready: Ready<'a>,
    },
    /// `poll`, `ppoll`, `select`, `pselect6`: how many descriptors are watched; the timeout in
    /// milliseconds, -1 for ever; which are ready.
    Poll {
        fds: u64,
        timeout: i64,
        found: Found<'a>,
    },
    /// Any other: the table alone speaks for it.
    Other,
}

/// Bytes that a call moved or offered, in one piece or several (an iovec).
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// How many bytes there were: moved, for a `Receive`; offered, for a `Send`.
    pub len: u64,
    pieces: Pieces<'a>,
    /// The record's memory and the argument, where bytes behind the pieces may have been kept.
    behind: (&'a [u8], u8),
}

#[derive(Clone, Copy, Debug)]
enum Pieces<'a> {
    /// One buffer.
    One(&'a [u8]),
    /// The buffers behind this argument's iovec: the segments of this argument from part 2 on.
    Many { memory: &'a [u8], arg: u8 },
}

impl<'a> Data<'a> {
    /// No bytes at all.
    pub const NONE: Data<'static> = Data {
        len: 0,
        pieces: Pieces::One(&[]),
        behind: (&[], 0),
    };

    /// One buffer.
    pub fn one(len: u64, bytes: &'a [u8]) -> Data<'a> {
        Data {
            len,
            pieces: Pieces::One(bytes),
            behind: (&[], 0),
        }
    }

    /// The same, with what a record's `memory` holds of the bytes behind those that were kept of this
    /// argument.
    #[must_use]
    pub fn and_later(mut self, memory: &'a [u8], arg: u8) -> Data<'a> {
        self.behind = (memory, arg);
        self
    }

    /// The buffers behind an iovec, read in place from a record's `memory`.
    pub fn many(len: u64, memory: &'a [u8], arg: u8) -> Data<'a> {
        Data {
            len,
            pieces: Pieces::Many { memory, arg },
            behind: (memory, arg),
        }
    }

    /// As long as its last byte that was kept behind the pieces says at least.
    #[must_use]
    pub fn reaching_later(mut self) -> Data<'a> {
        if let Some((at, bytes)) = self.later().last() {
            self.len = self.len.max(at.saturating_add(bytes.len() as u64));
        }
        self
    }

    /// The kept bytes, piece by piece, in order, up to the first that was not kept.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.parts().map(|(_, bytes)| bytes)
    }

    /// The same pieces, each with how many bytes there were of it.
    pub fn parts(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let (one, memory, arg) = match self.pieces {
            Pieces::One(bytes) => (Some((self.len, bytes)), [].as_slice(), 0),
            Pieces::Many { memory, arg } => (None, memory, arg),
        };
        let many = Segments::new(memory)
            .filter(move |s| s.arg == arg && (part::BUFFER..=part::LAST_BUFFER).contains(&s.part));
        one.into_iter().chain(many.map(|s| (s.len, s.bytes)))
    }

    /// The places behind those pieces of which a few bytes were kept: where each stands in the data.
    pub fn later(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let (memory, arg) = self.behind;
        // Nothing stands behind what was kept whole.
        let memory = match self.pieces {
            Pieces::One(bytes) if bytes.len() as u64 == self.len => &[],
            _ => memory,
        };
        Segments::new(memory)
            .filter(move |s| s.arg == arg && s.part == part::LATER)
            .map(|s| (s.len, s.bytes))
    }

    /// All that was kept: pieces in order, each with how many bytes there were up to the next one.
    pub fn spread(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let mut parts = self.parts();
        let mut later = self.later().peekable();
        let (mut at, mut cut) = (0, false);
        std::iter::from_fn(move || {
            let next = match cut {
                false => parts.next(),
                true => None,
            };
            let (len, bytes) = match next {
                Some((len, bytes)) => {
                    cut = (bytes.len() as u64) < len;
                    (len, bytes)
                }
                None => {
                    cut = true;
                    let (_, bytes) = later.next()?;
                    (bytes.len() as u64, bytes)
                }
            };
            let len = match later.peek() {
                Some((next, _)) if cut => next.saturating_sub(at).max(bytes.len() as u64),
                _ => len,
            };
            at += len;
            Some((len, bytes))
        })
    }

    /// How many bytes were kept, those behind a gap not among them.
    pub fn kept(&self) -> u64 {
        self.pieces().map(|piece| piece.len() as u64).sum()
    }
}

/// The ready list of an epoll.
#[derive(Clone, Copy, Debug)]
pub struct Ready<'a> {
    bytes: &'a [u8],
}

/// Bytes of one `struct epoll_event`: packed on x86_64 only (`include/uapi/linux/eventpoll.h`).
pub const EPOLL_EVENT: usize = if cfg!(target_arch = "x86_64") { 12 } else { 16 };

impl<'a> Ready<'a> {
    /// From the array the kernel filled in.
    pub fn new(bytes: &'a [u8]) -> Ready<'a> {
        Ready { bytes }
    }

    /// The event bits and the data word of each.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + use<'a> {
        self.bytes.chunks_exact(EPOLL_EVENT).map(|e| {
            let data = &e[EPOLL_EVENT - 8..];
            (
                u32::from_ne_bytes([e[0], e[1], e[2], e[3]]),
                u64::from_ne_bytes([
                    data[0], data[1], data[2], data[3], data[4], data[5], data[6], data[7],
                ]),
            )
        })
    }
}

/// What `poll` or `select` found, as the kernel left it in memory.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A `struct pollfd[]`.
    List(&'a [u8]),
    /// The sets for bytes, for room and for exceptions, and below which number they count.
    Sets([&'a [u8]; 3], u64),
}

/// Bits of `struct epoll_event` and of `struct pollfd`, which are the same (`man 2 poll`).
const IN: u32 = 1;
const PRI: u32 = 2;
const OUT: u32 = 4;

impl<'a> Found<'a> {
    /// Each descriptor that is ready, and why: bits of `man 2 poll`.
    pub fn iter(&self) -> impl Iterator<Item = (i32, u32)> + use<'a> {
        let (list, sets, below) = match *self {
            Found::List(list) => (list, [[].as_slice(); 3], 0),
            Found::Sets(sets, below) => ([].as_slice(), sets, below),
        };
        let polled = structs::poll_fds(list)
            .filter(|entry| entry.revents != 0)
            .map(|entry| (entry.fd, u32::from(entry.revents)));
        polled.chain(structs::any_of(sets, below).map(move |fd| {
            let bits = sets.iter().zip([IN, OUT, PRI]);
            let why = bits.filter(|(set, _)| structs::is_set(set, fd));
            (fd, why.fold(0, |sum, (_, bit)| sum | bit))
        }))
    }
}
