//! Copies the memory that belongs to a call's arguments, as the signature table says, at entry and at
//! exit. The same code serves our own probe and, later, a tracer: they differ in how memory is read.
//!
//! In: which call, its argument registers and result, and a [`Memory`]. Out: segments (`raw.rs`) in a
//! slice of the ring. This stands in the path of every call of the traced server, so the common shapes
//! (no memory at all; one buffer) are told apart by a table made at compile time.
//!
//! What is kept is bounded: at most [`KEEP`] bytes of data a call, over all its buffers, a few more at the
//! ends of those behind (there stands what frames a chunked body), and small structures. The length that there really was stands beside what was kept.

mod sink;

use crate::abi::calls::{CALLS, CallId, Kind};
use crate::abi::flags;
use crate::abi::ioctl::IoctlArg;
use crate::event::raw::{KEEP, LATER, LATER_MOST, SEGMENT_HEAD, padded, part};
use sink::Sink;

/// Reads the memory of the traced program.
pub trait Memory {
    /// Copies from `address` into `out`; returns how many bytes could be read, from the first.
    fn read(&self, address: u64, out: &mut [u8]) -> usize;

    /// Copies a NUL-terminated string without its NUL; returns how many bytes were copied, or `None`
    /// when memory that cannot be read comes before its end. Reads in steps that end at 16-byte borders, so that no step touches
    /// a page that the string does not.
    fn read_string(&self, address: u64, out: &mut [u8]) -> Option<usize> {
        let mut done = 0;
        while done < out.len() {
            let here = address.wrapping_add(done as u64);
            let step = (16 - (here & 15) as usize).min(out.len() - done);
            let got = self.read(here, &mut out[done..done + step]);
            if let Some(end) = out[done..done + got].iter().position(|byte| *byte == 0) {
                return Some(done + end);
            }
            if got < step {
                return None;
            }
            done += step;
        }
        Some(done)
    }
}

/// What was kept when a call began: the segments that its exit needs too. One for each thread, used
/// again for every call.
#[derive(Debug, Default)]
pub struct Entry {
    bytes: Vec<u8>,
    used: usize,
    has_inputs: bool,
}

impl Entry {
    /// The segments, ready to stand behind the head of an enter record.
    pub fn segments(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

/// The most bytes kept of an address, an option value, an array of descriptors, a path.
const ADDRESS_MOST: usize = 128;
const OPTION_MOST: usize = 256;
const ARRAY_MOST: usize = 16 << 10;
const PATH_MOST: usize = 4096;
const CONTROL_MOST: usize = 256;
/// The most buffers of one iovec that are kept.
const BUFFERS_MOST: usize = (part::LAST_BUFFER - part::BUFFER) as usize + 1;
/// The most messages of one `sendmmsg` or `recvmmsg` that are kept.
const MESSAGES_MOST: usize = 64;
/// Bytes of a `struct iovec`, a `struct msghdr`, a `struct mmsghdr`, a `struct pollfd` on a 64-bit CPU.
const IOVEC: usize = 16;
const MSGHDR: usize = 56;
const MMSGHDR: usize = 64;
const POLLFD: usize = 8;

/// What a call's memory looks like, as far as the fast path cares.
#[derive(Clone, Copy)]
enum Shape {
    /// No argument points anywhere.
    Nothing,
    /// The one pointer is a buffer handed over.
    BytesIn { arg: u8, len: u8 },
    /// The one pointer is a buffer filled in.
    BytesOut { arg: u8, len: u8 },
    /// Anything else; `at_entry` when something must be copied before the call.
    General { at_entry: bool },
}

/// The shape of every call, by its place in the table.
static SHAPES: [Shape; 512] = {
    assert!(CALLS.len() <= 512);
    let mut shapes = [Shape::Nothing; 512];
    let mut index = 0;
    while index < CALLS.len() {
        shapes[index] = shape_of(index);
        index += 1;
    }
    shapes
};

const fn shape_of(index: usize) -> Shape {
    let params = CALLS[index].params;
    let mut shape = Shape::Nothing;
    let mut arg = 0;
    while arg < params.len() {
        let kind = params[arg].kind;
        if points(kind) {
            shape = match (shape, kind) {
                (Shape::Nothing, Kind::BytesIn { len }) => Shape::BytesIn {
                    arg: arg as u8,
                    len,
                },
                (Shape::Nothing, Kind::BytesOut { len }) => Shape::BytesOut {
                    arg: arg as u8,
                    len,
                },
                (Shape::General { at_entry: true }, _) => shape,
                (_, kind) => Shape::General {
                    at_entry: overwritten(kind),
                },
            };
        }
        arg += 1;
    }
    shape
}

/// Whether memory is kept for an argument of this kind.
const fn points(kind: Kind) -> bool {
    match kind {
        Kind::Int
        | Kind::Uint
        | Kind::Size
        | Kind::Offset
        | Kind::Pointer
        | Kind::Hex
        | Kind::Unused
        | Kind::Mode
        | Kind::Fd
        | Kind::DirFd
        | Kind::Flags(_)
        | Kind::Constant(_)
        | Kind::OpenFlags
        | Kind::SocketType
        | Kind::Protocol { .. }
        | Kind::OptionName { .. }
        | Kind::CloneFlags => false,
        Kind::Path
        | Kind::FcntlArg { .. }
        | Kind::IoctlArg { .. }
        | Kind::MessagesIn { .. }
        | Kind::MessagesOut { .. }
        | Kind::Strings
        | Kind::Environment
        | Kind::DirEntries
        | Kind::BytesIn { .. }
        | Kind::BytesOut { .. }
        | Kind::AddressIn { .. }
        | Kind::AddressOut { .. }
        | Kind::LengthInOut
        | Kind::OptionIn { .. }
        | Kind::OptionOut { .. }
        | Kind::VectorIn { .. }
        | Kind::VectorOut { .. }
        | Kind::MessageIn
        | Kind::MessageOut
        | Kind::EpollEvent
        | Kind::EpollEvents
        | Kind::PollFds { .. }
        | Kind::FdSet { .. }
        | Kind::Timespec
        | Kind::Timeval
        | Kind::OffsetInOut
        | Kind::IntsOut { .. }
        | Kind::Stat
        | Kind::OpenHow { .. }
        | Kind::TimespecOut
        | Kind::TimespecLeft
        | Kind::SigSetOut { .. }
        | Kind::SigAction
        | Kind::SigActionOut
        | Kind::SigInfoOut
        | Kind::Rusage
        | Kind::RingParams
        | Kind::Itimerspec
        | Kind::ItimerspecOut
        | Kind::SigSet { .. }
        | Kind::PackedSigSet
        | Kind::WaitStatus
        | Kind::Statx
        | Kind::CloneArgs { .. }
        | Kind::StructIn { .. }
        | Kind::StructOut { .. } => true,
    }
}

/// Whether it is copied at entry always: because the kernel overwrites it, or because a call that
/// waits is easier to understand with it (the address of a `connect`).
const fn overwritten(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LengthInOut
            | Kind::PollFds { .. }
            | Kind::FdSet { .. }
            | Kind::OffsetInOut
            | Kind::RingParams
            | Kind::Timespec
            | Kind::Timeval
            | Kind::MessageOut
            | Kind::MessagesOut { .. }
            | Kind::AddressIn { .. }
    )
}

/// Copies what the call may overwrite. Cheap for calls that overwrite nothing.
#[inline]
pub fn at_entry(id: CallId, args: &[u64; 6], memory: &impl Memory, entry: &mut Entry) {
    entry.used = 0;
    entry.has_inputs = false;
    if let Shape::General { at_entry: true } = SHAPES[id.0 as usize & 511] {
        entry_general(id, args, memory, entry, overwritten);
    }
}

/// Copies everything that is handed over, for a source that cannot trust it to be still there at exit
/// (another process).
pub fn inputs_at_entry(id: CallId, args: &[u64; 6], memory: &impl Memory, entry: &mut Entry) {
    entry.used = 0;
    entry.has_inputs = true;
    entry_general(id, args, memory, entry, |kind| {
        overwritten(kind) || handed_over(kind) || both_ways(kind)
    });
}

fn entry_general(
    id: CallId,
    args: &[u64; 6],
    memory: &impl Memory,
    entry: &mut Entry,
    wanted: impl Fn(Kind) -> bool,
) {
    let most = room(id, args, 0, &Entry::default());
    if entry.bytes.len() < most {
        entry.bytes.resize(most, 0);
    }
    let mut sink = Sink {
        out: &mut entry.bytes,
        at: 0,
        data: KEEP,
        laters: 0,
        memory,
    };
    for (arg, param) in id.signature().params.iter().enumerate() {
        if args[arg] != 0 && wanted(param.kind) {
            sink.input(arg as u8, param.kind, args);
        }
    }
    entry.used = sink.at;
}

/// The most bytes that [`at_exit`] will write for this call.
#[inline]
pub fn room(id: CallId, args: &[u64; 6], ret: i64, entry: &Entry) -> usize {
    match SHAPES[id.0 as usize & 511] {
        Shape::Nothing => 0,
        Shape::BytesIn { len, .. } => buffer_room(args[len as usize]),
        Shape::BytesOut { .. } if ret < 0 => 0,
        Shape::BytesOut { len, .. } => buffer_room(args[len as usize].min(ret as u64)),
        Shape::General { .. } => room_general(id, args, ret, entry),
    }
}

/// What one buffer of this length takes.
#[inline]
fn buffer_room(len: u64) -> usize {
    let later = match len > KEEP as u64 {
        true => SEGMENT_HEAD + LATER,
        false => 0,
    };
    SEGMENT_HEAD + padded(kept(len)) + later
}

fn room_general(id: CallId, args: &[u64; 6], ret: i64, entry: &Entry) -> usize {
    let mut data = 0;
    let mut small = entry.used;
    for (arg, param) in id.signature().params.iter().enumerate() {
        if args[arg] == 0 || !points(param.kind) {
            continue;
        }
        let (bytes, pieces) = match param.kind {
            Kind::BytesIn { len } => {
                data += kept(args[len as usize]);
                (LATER, 2)
            }
            Kind::BytesOut { len } => {
                data += kept(args[len as usize].min(ret.max(0) as u64));
                (LATER, 2)
            }
            Kind::VectorIn { count } | Kind::VectorOut { count } => {
                data += KEEP;
                let buffers = (args[count as usize] as usize).min(BUFFERS_MOST);
                (
                    buffers * IOVEC + LATER_MOST * LATER,
                    buffers + 1 + LATER_MOST,
                )
            }
            Kind::MessageIn | Kind::MessageOut => {
                data += KEEP;
                let fixed = 2 * MSGHDR + ADDRESS_MOST + CONTROL_MOST + BUFFERS_MOST * IOVEC;
                (fixed + LATER_MOST * LATER, BUFFERS_MOST + 5 + LATER_MOST)
            }
            Kind::MessagesIn { .. } | Kind::MessagesOut { .. } => {
                data += KEEP;
                let each = 2 * MMSGHDR + ADDRESS_MOST + CONTROL_MOST;
                let fixed = MESSAGES_MOST * each + BUFFERS_MOST * IOVEC;
                (fixed, BUFFERS_MOST + 3 * MESSAGES_MOST + 2)
            }
            Kind::Strings => {
                data += KEEP;
                (0, BUFFERS_MOST + 1)
            }
            kind => (2 * small_size(kind, args, ret), 2),
        };
        small += bytes + pieces * (SEGMENT_HEAD + 8);
    }
    padded(data.min(KEEP)) + small
}

/// How many bytes a structure that is not a buffer has, as far as it is kept.
fn small_size(kind: Kind, args: &[u64; 6], ret: i64) -> usize {
    let counted = |arg: u8| usize::try_from(args[arg as usize]).unwrap_or(usize::MAX);
    match kind {
        Kind::Path => PATH_MOST,
        Kind::AddressIn { len } => counted(len).min(ADDRESS_MOST),
        Kind::AddressOut { .. } => ADDRESS_MOST,
        Kind::LengthInOut => 4,
        Kind::OptionIn { len } => counted(len).min(OPTION_MOST),
        Kind::OptionOut { .. } => OPTION_MOST,
        Kind::EpollEvent => crate::event::call::EPOLL_EVENT,
        Kind::EpollEvents => (ret.max(0) as usize)
            .saturating_mul(crate::event::call::EPOLL_EVENT)
            .min(ARRAY_MOST),
        Kind::PollFds { count } => counted(count).saturating_mul(POLLFD).min(ARRAY_MOST),
        // The low 32 bits are the count; a set is whole words of 64 bits.
        Kind::FdSet { nfds } => (args[nfds as usize] as u32 as usize)
            .div_ceil(64)
            .saturating_mul(8)
            .min(ARRAY_MOST),
        Kind::Timespec
        | Kind::Timeval
        | Kind::TimespecOut
        | Kind::TimespecLeft
        | Kind::PackedSigSet => 16,
        Kind::Itimerspec | Kind::ItimerspecOut => 32,
        Kind::SigSet { size } | Kind::SigSetOut { size } => counted(size).min(128),
        // Handler, flags, restorer, mask (`include/uapi/asm-generic/signal.h`).
        Kind::SigAction | Kind::SigActionOut => 32,
        Kind::SigInfoOut => 128,
        // The two times; strace shows no more.
        Kind::Rusage => 32,
        Kind::RingParams => 120,
        // Filled in for a child that has ended, not for "none has yet".
        Kind::WaitStatus if ret > 0 => 4,
        Kind::WaitStatus => 0,
        Kind::Statx => 256,
        Kind::CloneArgs { size } => counted(size).min(128),
        Kind::OffsetInOut => 8,
        Kind::IntsOut { count } => usize::from(count) * 4,
        Kind::Stat => STAT,
        Kind::OpenHow { size } => counted(size).min(64),
        Kind::StructIn { size } | Kind::StructOut { size } => usize::from(size),
        Kind::IoctlArg { request } => IoctlArg::of(args[request as usize]).size(),
        Kind::FcntlArg { op } => flags::fcntl_structure(args[op as usize]),
        _ => 0,
    }
}

/// Bytes of `struct stat` on this CPU.
const STAT: usize = if cfg!(target_arch = "aarch64") {
    128
} else {
    144
};

/// Whether the memory is the program's own, the same before and after the call.
const fn handed_over(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Path
            | Kind::BytesIn { .. }
            | Kind::OptionIn { .. }
            | Kind::VectorIn { .. }
            | Kind::MessageIn
            | Kind::EpollEvent
            | Kind::OpenHow { .. }
            | Kind::Itimerspec
            | Kind::SigSet { .. }
            | Kind::SigAction
            | Kind::PackedSigSet
            | Kind::CloneArgs { .. }
            | Kind::Strings
            | Kind::Environment
            | Kind::StructIn { .. }
    )
}

/// Whether some of the memory is the program's own and some is filled in, as the arguments say.
const fn both_ways(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::IoctlArg { .. } | Kind::FcntlArg { .. } | Kind::MessagesIn { .. }
    )
}

/// Writes the call's segments into `out` (those of `entry` first) and returns how many bytes they
/// take, a multiple of eight. With less than [`room`] there, pieces are cut or left out, and the
/// lengths say so. Memory that only a success fills in is not copied after a failure.
#[inline]
pub fn at_exit(
    id: CallId,
    args: &[u64; 6],
    ret: i64,
    entry: &Entry,
    memory: &impl Memory,
    out: &mut [u8],
) -> usize {
    match SHAPES[id.0 as usize & 511] {
        Shape::Nothing => 0,
        Shape::BytesIn { arg, len } if !entry.has_inputs => {
            one_buffer(arg, args[arg as usize], args[len as usize], memory, out)
        }
        Shape::BytesOut { .. } if ret < 0 => 0,
        Shape::BytesOut { arg, len } => one_buffer(
            arg,
            args[arg as usize],
            args[len as usize].min(ret as u64),
            memory,
            out,
        ),
        Shape::BytesIn { .. } | Shape::General { .. } => {
            exit_general(id, args, ret, entry, memory, out)
        }
    }
}

/// How many of `len` bytes of data are kept.
#[inline]
fn kept(len: u64) -> usize {
    len.min(KEEP as u64) as usize
}

#[inline]
fn one_buffer(arg: u8, address: u64, len: u64, memory: &impl Memory, out: &mut [u8]) -> usize {
    if address == 0 {
        return 0;
    }
    let mut sink = Sink {
        out,
        at: 0,
        data: KEEP,
        laters: 0,
        memory,
    };
    let got = sink.whole(arg, part::FIRST, address, len, KEEP).len();
    if got == KEEP {
        sink.later(arg, 0, address, len, got);
    }
    sink.at
}

/// EINTR, and what stands for it until the kernel has decided whether to restart the call
/// (`include/linux/errno.h`).
const INTERRUPTED: [i64; 5] = [-4, -512, -513, -514, -516];

fn exit_general(
    id: CallId,
    args: &[u64; 6],
    ret: i64,
    entry: &Entry,
    memory: &impl Memory,
    out: &mut [u8],
) -> usize {
    let before = entry.segments();
    if before.len() > out.len() {
        return 0;
    }
    out[..before.len()].copy_from_slice(before);
    let mut sink = Sink {
        out,
        at: before.len(),
        data: KEEP,
        laters: 0,
        memory,
    };
    for (arg, param) in id.signature().params.iter().enumerate() {
        if args[arg] == 0 {
            continue;
        }
        let both = both_ways(param.kind);
        if !entry.has_inputs && (both || handed_over(param.kind)) {
            sink.input(arg as u8, param.kind, args);
        }
        if ret >= 0 || (matches!(param.kind, Kind::TimespecLeft) && INTERRUPTED.contains(&ret)) {
            sink.output(arg as u8, param.kind, args, ret);
        } else if let Kind::VectorOut { count } = param.kind {
            // Where the buffers were is worth knowing even when nothing came.
            sink.array(arg as u8, part::FIRST, args[arg], args[count as usize]);
        }
    }
    sink.at
}

#[cfg(test)]
mod tests;
