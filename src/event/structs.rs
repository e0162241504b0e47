//! The structures behind a call's arguments, read from captured bytes.
//!
//! In: the bytes of one `struct stat`, `struct iovec`, … as the kernel or the program laid them out on
//! this CPU (64-bit, little-endian). Out: plain values. Too few bytes give `None` or a shorter list,
//! never a guess.

use crate::event::call::{Data, EPOLL_EVENT, Memory};
use crate::event::raw::{Segment, Segments, part};

impl<'a> Memory<'a> {
    /// The piece of this argument with this number (see [`part`]), if it was kept and could be read.
    pub fn part(&self, part: u8) -> Option<Segment<'a>> {
        let arg = self.arg;
        Segments::new(self.raw).find(|s| s.arg == arg && s.part == part && s.readable)
    }

    /// What the argument points to, before the call (or after it, for what only the kernel fills in).
    pub fn bytes(&self) -> &'a [u8] {
        self.part(part::FIRST).map_or(&[], |s| s.bytes)
    }

    /// The same memory after the call, where both were kept.
    pub fn after(&self) -> Option<&'a [u8]> {
        self.part(part::AFTER).map(|s| s.bytes)
    }

    /// The bytes behind an iovec or message, all buffers in a row.
    pub fn data(&self) -> Data<'a> {
        let buffers = part::BUFFER..=part::LAST_BUFFER;
        let pieces =
            Segments::new(self.raw).filter(|s| s.arg == self.arg && buffers.contains(&s.part));
        let len = pieces.fold(0, |sum: u64, s| sum.saturating_add(s.len));
        Data::many(len, self.raw, self.arg).reaching_later()
    }

    /// The messages of a `sendmmsg` or `recvmmsg` that were kept: each with its `struct mmsghdr` and the
    /// memory behind it (parts as of a single message). `headers` is the array, before or after the call.
    pub fn messages(
        &self,
        headers: &'a [u8],
    ) -> impl Iterator<Item = (Message, Memory<'a>)> + use<'a> {
        let whole = *self;
        let mut rest = Segments::new(self.raw);
        // Whatever stands before the first iovec array are the headers.
        let mut begin = rest.find_rest(|s| s.arg == whole.arg && s.part == part::IOVEC);
        headers.chunks_exact(MMSGHDR).map_while(move |bytes| {
            let header = message_header(bytes)?;
            let len = u32_at(bytes, 56)?;
            let here = begin;
            let mut after = Segments::new(here);
            after.next();
            begin = after.find_rest(|s| s.arg == whole.arg && s.part == part::IOVEC);
            let raw = &here[..here.len() - begin.len()];
            Some((Message { header, len }, Memory { raw, ..whole }))
        })
    }

    /// The entries of an iovec; `array` is [`part::FIRST`], or [`part::IOVEC`] for a message.
    pub fn buffers(&self, array: u8) -> Buffers<'a> {
        let array = self.part(array);
        Buffers {
            array: array.map_or(&[], |s| s.bytes),
            count: array.map_or(0, |s| s.len / 16),
            pieces: Segments::new(self.raw),
            arg: self.arg,
            next: 0,
        }
    }
}

/// The four bytes at `at`.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The eight bytes at `at`.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// One entry of an iovec.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffer<'a> {
    /// Where it is.
    pub base: u64,
    /// How long it is.
    pub len: u64,
    /// How many bytes of it there were to keep, and those that were; `None` when nothing was kept
    /// (unreadable, beyond what the call moved, or beyond what is kept of one call).
    pub kept: Option<(u64, &'a [u8])>,
}

/// Walks an iovec and the buffers behind it.
#[derive(Clone, Debug)]
pub struct Buffers<'a> {
    array: &'a [u8],
    count: u64,
    pieces: Segments<'a>,
    arg: u8,
    next: usize,
}

impl Buffers<'_> {
    /// How many entries the array has in truth; the walk gives those that were kept.
    pub fn total(&self) -> u64 {
        self.count
    }
}

impl<'a> Iterator for Buffers<'a> {
    type Item = Buffer<'a>;

    fn next(&mut self) -> Option<Buffer<'a>> {
        let at = self.next * 16;
        let base = u64_at(self.array, at)?;
        let len = u64_at(self.array, at + 8)?;
        let wanted = u8::try_from(self.next + usize::from(part::BUFFER)).ok();
        self.next += 1;
        // Pieces stand in order, so that the search for the next one goes on from the last.
        let mut ahead = self.pieces.clone();
        let found = ahead.find(|s| s.arg == self.arg && Some(s.part) == wanted);
        if found.is_some() {
            self.pieces = ahead;
        }
        let kept = found.filter(|s| s.readable).map(|s| (s.len, s.bytes));
        Some(Buffer { base, len, kept })
    }
}

/// Seconds and a fraction: nanoseconds in a `struct timespec`, microseconds in a `struct timeval`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Time {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, in the structure's own unit.
    pub fraction: i64,
}

/// Reads a `struct timespec` or `struct timeval`.
pub fn time(bytes: &[u8]) -> Option<Time> {
    Some(Time {
        seconds: u64_at(bytes, 0)? as i64,
        fraction: u64_at(bytes, 8)? as i64,
    })
}

/// `struct stat`, the fields that strace and people look at (`man 3type stat`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    /// Device that holds the file.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// File type and permission bits.
    pub mode: u32,
    /// Hard links.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// The device, for a device node.
    pub rdev: u64,
    /// Size in bytes.
    pub size: u64,
    /// The best size for I/O, in bytes.
    pub blksize: u64,
    /// Blocks of 512 bytes in use.
    pub blocks: u64,
    /// Last change of the contents.
    pub mtime: Time,
}

/// Reads a `struct stat` (`arch/x86/include/uapi/asm/stat.h`, `include/uapi/asm-generic/stat.h`).
pub fn stat(bytes: &[u8]) -> Option<Stat> {
    if cfg!(target_arch = "aarch64") {
        stat_generic(bytes)
    } else {
        stat_x86_64(bytes)
    }
}

fn stat_x86_64(b: &[u8]) -> Option<Stat> {
    Some(Stat {
        dev: u64_at(b, 0)?,
        ino: u64_at(b, 8)?,
        nlink: u64_at(b, 16)?,
        mode: u32_at(b, 24)?,
        uid: u32_at(b, 28)?,
        gid: u32_at(b, 32)?,
        rdev: u64_at(b, 40)?,
        size: u64_at(b, 48)?,
        blksize: u64_at(b, 56)?,
        blocks: u64_at(b, 64)?,
        mtime: time(b.get(88..)?)?,
    })
}

fn stat_generic(b: &[u8]) -> Option<Stat> {
    Some(Stat {
        dev: u64_at(b, 0)?,
        ino: u64_at(b, 8)?,
        mode: u32_at(b, 16)?,
        nlink: u64::from(u32_at(b, 20)?),
        uid: u32_at(b, 24)?,
        gid: u32_at(b, 28)?,
        rdev: u64_at(b, 32)?,
        size: u64_at(b, 48)?,
        blksize: u64::from(u32_at(b, 56)?),
        blocks: u64_at(b, 64)?,
        mtime: time(b.get(88..)?)?,
    })
}

/// Bytes of a `struct stat` on this CPU.
pub const STAT: usize = if cfg!(target_arch = "aarch64") {
    128
} else {
    144
};

/// Lays a [`Stat`] out again as the kernel does; what is not in it is zero.
pub fn stat_bytes(stat: &Stat) -> [u8; STAT] {
    let mut out = [0; STAT];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &stat.dev.to_ne_bytes());
    put(8, &stat.ino.to_ne_bytes());
    if cfg!(target_arch = "aarch64") {
        put(16, &stat.mode.to_ne_bytes());
        put(20, &(stat.nlink as u32).to_ne_bytes());
        put(24, &stat.uid.to_ne_bytes());
        put(28, &stat.gid.to_ne_bytes());
        put(32, &stat.rdev.to_ne_bytes());
        put(56, &(stat.blksize as u32).to_ne_bytes());
    } else {
        put(16, &stat.nlink.to_ne_bytes());
        put(24, &stat.mode.to_ne_bytes());
        put(28, &stat.uid.to_ne_bytes());
        put(32, &stat.gid.to_ne_bytes());
        put(40, &stat.rdev.to_ne_bytes());
        put(56, &stat.blksize.to_ne_bytes());
    }
    put(48, &stat.size.to_ne_bytes());
    put(64, &stat.blocks.to_ne_bytes());
    put(88, &stat.mtime.seconds.to_ne_bytes());
    put(96, &stat.mtime.fraction.to_ne_bytes());
    out
}

/// `struct open_how` (`man 2 openat2`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenHow {
    /// `O_…` bits.
    pub flags: u64,
    /// Permission bits.
    pub mode: u64,
    /// `RESOLVE_…` bits.
    pub resolve: u64,
}

/// Reads a `struct open_how`.
pub fn open_how(bytes: &[u8]) -> Option<OpenHow> {
    Some(OpenHow {
        flags: u64_at(bytes, 0)?,
        mode: u64_at(bytes, 8)?,
        resolve: u64_at(bytes, 16)?,
    })
}

/// `struct pollfd` (`man 2 poll`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PollFd {
    /// The descriptor; negative ones are skipped by the kernel.
    pub fd: i32,
    /// What is waited for.
    pub events: u16,
    /// What there is.
    pub revents: u16,
}

/// The entries of a `struct pollfd[]`.
pub fn poll_fds(bytes: &[u8]) -> impl Iterator<Item = PollFd> + '_ {
    bytes.chunks_exact(8).map(|b| PollFd {
        fd: i32::from_ne_bytes([b[0], b[1], b[2], b[3]]),
        events: u16::from_ne_bytes([b[4], b[5]]),
        revents: u16::from_ne_bytes([b[6], b[7]]),
    })
}

/// The event bits and the data word of each `struct epoll_event`.
pub fn epoll_events(bytes: &[u8]) -> impl Iterator<Item = (u32, u64)> + '_ {
    bytes.chunks_exact(EPOLL_EVENT).map(|b| {
        (
            u32_at(b, 0).unwrap_or(0),
            u64_at(b, EPOLL_EVENT - 8).unwrap_or(0),
        )
    })
}

/// The descriptors whose bits are set in an `fd_set`, below `nfds`.
pub fn fd_set(bytes: &[u8], nfds: u64) -> impl Iterator<Item = i32> + '_ {
    any_of([bytes], nfds)
}

/// The descriptors whose bits are set in any of these sets, below `nfds`.
pub fn any_of<const N: usize>(sets: [&[u8]; N], nfds: u64) -> impl Iterator<Item = i32> {
    let longest = sets.iter().map(|set| set.len()).max().unwrap_or(0);
    let nfds = nfds.min(longest as u64 * 8) as i32;
    (0..nfds).filter(move |fd| sets.iter().any(|set| is_set(set, *fd)))
}

/// Whether a descriptor's bit is set.
pub fn is_set(set: &[u8], fd: i32) -> bool {
    let fd = fd as usize;
    set.get(fd / 8)
        .is_some_and(|byte| byte >> (fd % 8) & 1 == 1)
}

/// `struct msghdr` without what it points to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageHeader {
    /// Where the address is.
    pub name: u64,
    /// Its length.
    pub name_len: u32,
    /// Where the iovec is.
    pub iov: u64,
    /// Its entries.
    pub iov_len: u64,
    /// Where the control data is.
    pub control: u64,
    /// Its length.
    pub control_len: u64,
    /// What the kernel said of the message (`recvmsg`).
    pub flags: u32,
}

/// Reads a `struct msghdr`.
pub fn message_header(b: &[u8]) -> Option<MessageHeader> {
    Some(MessageHeader {
        name: u64_at(b, 0)?,
        name_len: u32_at(b, 8)?,
        iov: u64_at(b, 16)?,
        iov_len: u64_at(b, 24)?,
        control: u64_at(b, 32)?,
        control_len: u64_at(b, 40)?,
        flags: u32_at(b, 48)?,
    })
}

/// Bytes of a `struct mmsghdr` on a 64-bit CPU.
pub const MMSGHDR: usize = 64;

/// `struct mmsghdr` (`man 2 recvmmsg`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// The message.
    pub header: MessageHeader,
    /// How many bytes the call moved of it.
    pub len: u32,
}

/// Bytes that the calls says to have moved, over the first `count` messages of an array.
pub fn message_bytes(headers: &[u8], count: u64) -> u64 {
    let lens = headers
        .chunks_exact(MMSGHDR)
        .map(|b| u32_at(b, 56).unwrap_or(0));
    lens.take(usize::try_from(count).unwrap_or(usize::MAX))
        .map(u64::from)
        .sum()
}

/// One control message (`man 3 cmsg`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control<'a> {
    /// Its length, its own head (16 bytes) included.
    pub len: u64,
    /// Who defines its type.
    pub level: u32,
    /// What it is.
    pub kind: u32,
    /// What follows its head, as far as it was kept.
    pub data: &'a [u8],
}

/// Bytes of a `struct cmsghdr` on a 64-bit CPU.
pub const CMSGHDR: usize = 16;

/// The control message at the beginning of these bytes, whatever its length says.
pub fn control(bytes: &[u8]) -> Option<Control<'_>> {
    let len = u64_at(bytes, 0)?;
    let (level, kind) = (u32_at(bytes, 8)?, u32_at(bytes, 12)?);
    let end = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
    Some(Control {
        len,
        level,
        kind,
        data: bytes.get(CMSGHDR..end).unwrap_or(&[]),
    })
}

/// The control messages in a message's control data, up to the first whose length cannot be.
pub fn controls(mut bytes: &[u8]) -> impl Iterator<Item = Control<'_>> {
    std::iter::from_fn(move || {
        let control = control(bytes).filter(|control| control.len >= CMSGHDR as u64)?;
        let end = usize::try_from(control.len).ok()?;
        bytes = bytes.get(end.checked_next_multiple_of(8)?..).unwrap_or(&[]);
        Some(control)
    })
}

/// `SOL_SOCKET` and `SCM_RIGHTS`: descriptors handed from one process to another (`man 7 unix`).
pub const RIGHTS: (u32, u32) = (1, 1);

/// The descriptors that a message's control data hands over.
pub fn rights(control: &[u8]) -> impl Iterator<Item = i32> + '_ {
    controls(control)
        .filter(|c| (c.level, c.kind) == RIGHTS)
        .flat_map(|c| ints(c.data))
}

/// `struct clone_args` (`man 2 clone`), the fields that every version of it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloneArgs {
    /// `CLONE_…` bits.
    pub flags: u64,
    /// Where the child's descriptor goes.
    pub pidfd: u64,
    /// Where the child's number goes, in the child's memory.
    pub child_tid: u64,
    /// The same in the parent's memory.
    pub parent_tid: u64,
    /// The signal that the parent gets when the child ends.
    pub exit_signal: u64,
    /// The lowest byte of the child's stack.
    pub stack: u64,
    /// Its size.
    pub stack_size: u64,
    /// Where the child's own data is.
    pub tls: u64,
}

/// Reads a `struct clone_args`.
pub fn clone_args(b: &[u8]) -> Option<CloneArgs> {
    Some(CloneArgs {
        flags: u64_at(b, 0)?,
        pidfd: u64_at(b, 8)?,
        child_tid: u64_at(b, 16)?,
        parent_tid: u64_at(b, 24)?,
        exit_signal: u64_at(b, 32)?,
        stack: u64_at(b, 40)?,
        stack_size: u64_at(b, 48)?,
        tls: u64_at(b, 56)?,
    })
}

/// `struct statx`, the fields that strace and people look at (`man 2 statx`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statx {
    /// Which fields the kernel filled in.
    pub mask: u32,
    /// `STATX_ATTR_…` bits.
    pub attributes: u64,
    /// File type and permission bits.
    pub mode: u32,
    /// Size in bytes.
    pub size: u64,
}

/// Reads a `struct statx`.
pub fn statx(b: &[u8]) -> Option<Statx> {
    Some(Statx {
        mask: u32_at(b, 0)?,
        attributes: u64_at(b, 8)?,
        mode: u32_at(b, 28)? & 0xffff,
        size: u64_at(b, 40)?,
    })
}

/// A `struct linger`: on, seconds (`man 7 socket`).
pub fn linger(bytes: &[u8]) -> Option<(i32, i32)> {
    Some((u32_at(bytes, 0)? as i32, u32_at(bytes, 4)? as i32))
}

/// The numbers of an `int[]`.
pub fn ints(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
    bytes
        .chunks_exact(4)
        .map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_is_read_as_it_was_laid_out() {
        let stat = Stat {
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
        };
        let bytes = stat_bytes(&stat);
        assert_eq!(super::stat(&bytes), Some(stat));
        for cut in 0..104 {
            assert_eq!(super::stat(&bytes[..cut]), None);
        }
    }

    #[test]
    fn an_fd_set_gives_its_bits_below_the_count() {
        let mut bytes = [0; 16];
        bytes[0] = 0b1000_1001;
        bytes[8] = 1;
        assert_eq!(fd_set(&bytes, 64).collect::<Vec<_>>(), [0, 3, 7]);
        assert_eq!(fd_set(&bytes, 65).collect::<Vec<_>>(), [0, 3, 7, 64]);
        assert_eq!(fd_set(&bytes[..1], u64::MAX).collect::<Vec<_>>(), [0, 3, 7]);
    }

    #[test]
    fn structures_that_are_cut_are_not_guessed() {
        for cut in 0..56 {
            assert_eq!(message_header(&[0; 56][..cut]).is_some(), cut >= 52);
            assert_eq!(open_how(&[0; 56][..cut]).is_some(), cut >= 24);
            assert_eq!(time(&[0; 56][..cut]).is_some(), cut >= 16);
            assert_eq!(linger(&[0; 56][..cut]).is_some(), cut >= 8);
            assert_eq!(poll_fds(&[0; 56][..cut]).count(), cut / 8);
        }
    }
}
