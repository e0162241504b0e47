//! The structures behind arguments, field by field.

use super::args::{constant, named_bits, open_flags};
use super::{Line, processes, quote};
use crate::abi::Fd;
use crate::abi::calls::{self, Kind};
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::ioctl::IoctlArg;
use crate::event::call::{Arg, CallName, Memory, Outcome};
use crate::event::digits;
use crate::event::raw::part;
use crate::event::structs;
use crate::event::structs::{Buffer, Buffers};

const SOL_SOCKET: u64 = 1;
const SO_ERROR: u64 = 4;
const SO_LINGER: u64 = 13;
const SO_PEERCRED: u64 = 17;
const SO_BINDTODEVICE: u64 = 25;
const EPOLL_CTL_DEL: u64 = 2;

/// File type bits of a mode, and those of devices (`man 7 inode`).
const S_IFMT: u32 = 0o170000;
const S_IFCHR: u32 = 0o020000;
const S_IFBLK: u32 = 0o060000;

impl Line<'_> {
    /// Whether the call is over and did what it was asked.
    pub fn succeeded(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Returned(_)))
    }

    /// One structured argument; its pointer where the bytes do not make the structure.
    pub fn structure(&self, memory: &Memory<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if self.fields(memory, out).is_none() {
            out.truncate(start);
            self.pointer(memory.pointer, out);
        }
    }

    fn fields(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let bytes = memory.bytes();
        match memory.kind {
            Kind::OptionIn { .. } => self.option(bytes, false, out)?,
            Kind::OptionOut { .. } => self.option(bytes, true, out)?,
            Kind::VectorIn { .. } => self.vector(memory.buffers(part::FIRST), Show::Offered, out),
            Kind::VectorOut { .. } => {
                memory.part(part::FIRST)?;
                let show = if self.succeeded() {
                    Show::Moved
                } else {
                    Show::Pointers
                };
                self.vector(memory.buffers(part::FIRST), show, out);
            }
            Kind::MessageIn => self.message_in(memory, out)?,
            Kind::MessageOut => self.message_out(memory, out)?,
            Kind::EpollEvent if self.constant_at(1) == Some(EPOLL_CTL_DEL) => return None,
            Kind::EpollEvent => epoll_event(structs::epoll_events(bytes).next()?, out),
            Kind::EpollEvents => self.array(structs::epoll_events(bytes), out, epoll_event),
            Kind::PollFds { .. } => self.array(structs::poll_fds(bytes), out, |entry, out| {
                self.poll_fd(
                    entry.fd,
                    (entry.fd >= 0).then_some(("events", entry.events)),
                    out,
                );
            }),
            Kind::FdSet { nfds } => {
                fd_set(bytes, self.number_at(nfds)?, out, |fd, out| {
                    self.fd(Fd(fd), out)
                });
            }
            Kind::Timespec | Kind::TimespecOut => time(bytes, "tv_nsec", out)?,
            Kind::Timeval => time(bytes, "tv_usec", out)?,
            Kind::Itimerspec | Kind::ItimerspecOut => itimerspec(bytes, out)?,
            Kind::OffsetInOut => offset(memory, out)?,
            Kind::IntsOut { .. } => self.ints(bytes, out),
            Kind::Stat => stat(bytes, out)?,
            Kind::OpenHow { .. } => open_how(bytes, out)?,
            Kind::SigSet { .. } => sigset(bytes, out)?,
            Kind::PackedSigSet => packed_sigset(bytes, out)?,
            Kind::WaitStatus => processes::wait_status(structs::u32_at(bytes, 0)?, out),
            Kind::MessagesIn { .. } => self.messages_in(memory, out),
            Kind::MessagesOut { .. } => self.messages_out(memory, out)?,
            Kind::Statx => statx(bytes, out)?,
            Kind::CloneArgs { .. } => self.clone_args(bytes, out)?,
            Kind::Strings => self.strings(memory, out)?,
            Kind::Environment => self.counted(memory, " vars", out)?,
            Kind::DirEntries => self.counted(memory, " entries", out)?,
            Kind::IoctlArg { request } => ioctl(self.number_at(request)?, bytes, out)?,
            Kind::FcntlArg { op } => flock(self.constant_at(op as usize)?, bytes, out)?,
            Kind::StructIn { .. } | Kind::StructOut { .. } => {
                quote::buffer(self.options, bytes, bytes.len() as u64, out);
            }
            _ => return None,
        }
        Some(())
    }

    fn constant_at(&self, index: usize) -> Option<u64> {
        match self.syscall.args.get(index) {
            Arg::Constant(_, value) => Some(value),
            Arg::Int(value) => Some(value as u64),
            _ => None,
        }
    }

    fn number_at(&self, index: u8) -> Option<u64> {
        match self.syscall.args.get(index as usize) {
            Arg::Constant(_, value) => Some(value),
            Arg::Int(value) => u64::try_from(value).ok(),
            Arg::Size(value) => Some(value),
            _ => None,
        }
    }

    /// `[a, b]`; after as many as `-s` says, dots.
    pub fn array<T>(
        &self,
        items: impl Iterator<Item = T>,
        out: &mut Vec<u8>,
        mut write: impl FnMut(T, &mut Vec<u8>),
    ) {
        out.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            if index == self.options.strsize {
                out.extend_from_slice(b"...");
                break;
            }
            write(item, out);
        }
        out.push(b']');
    }

    /// An option's value: a number, a structure, or bytes.
    fn option(&self, value: &[u8], was_read: bool, out: &mut Vec<u8>) -> Option<()> {
        let (level, name) = (self.constant_at(1)?, self.constant_at(2)?);
        match (level, name) {
            (SOL_SOCKET, SO_LINGER) if let Some((on, linger)) = structs::linger(value) => {
                out.extend_from_slice(b"{l_onoff=");
                digits::signed(out, i64::from(on));
                out.extend_from_slice(b", l_linger=");
                digits::signed(out, i64::from(linger));
                out.push(b'}');
            }
            (SOL_SOCKET, SO_ERROR) if was_read && value.len() == 4 => so_error(value, out),
            (SOL_SOCKET, SO_PEERCRED) if value.len() == 12 => credentials(value, out)?,
            (SOL_SOCKET, SO_BINDTODEVICE) => quote::string(self.options.hex, value, out),
            _ if value.len() == 4 => {
                out.push(b'[');
                digits::signed(out, i64::from(structs::u32_at(value, 0)? as i32));
                out.push(b']');
            }
            _ if value.len() > 4 => quote::buffer(self.options, value, value.len() as u64, out),
            _ if was_read => quote::string(super::Hex::All, value, out),
            _ => return None,
        }
        Some(())
    }

    pub fn vector(&self, buffers: Buffers<'_>, show: Show, out: &mut Vec<u8>) {
        let kept = buffers.clone().count();
        let more = buffers.total() > kept as u64;
        self.array(buffers, out, |buffer, out| self.buffer(&buffer, show, out));
        if more && kept < self.options.strsize {
            out.pop();
            out.extend_from_slice(b", ...]");
        }
    }

    fn buffer(&self, buffer: &Buffer<'_>, show: Show, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{iov_base=");
        match (buffer.kept, show) {
            (_, Show::Pointers) | (None, Show::Offered) => self.pointer(buffer.base, out),
            (Some(_), _) if buffer.base == 0 => self.pointer(0, out),
            (Some((len, bytes)), _) => quote::buffer(self.options, bytes, len, out),
            (None, Show::Moved) => out.extend_from_slice(b"\"\""),
        }
        field("iov_len", buffer.len, out);
        out.push(b'}');
    }

    fn poll_fd(&self, fd: i32, events: Option<(&str, u16)>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{fd=");
        self.fd(Fd(fd), out);
        if let Some((name, bits)) = events {
            out.extend_from_slice(b", ");
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            named_bits(&flags::POLL, u64::from(bits), out);
        }
        out.push(b'}');
    }

    /// Descriptors that a call gave.
    fn ints(&self, bytes: &[u8], out: &mut Vec<u8>) {
        self.array(structs::ints(bytes), out, |fd, out| self.fd(Fd(fd), out));
    }

    /// The argument's memory, if it is a structure.
    pub fn memory_at(&self, index: usize) -> Option<Memory<'_>> {
        match self.syscall.args.get(index) {
            Arg::Struct(memory) => Some(memory),
            _ => None,
        }
    }

    /// `, left {tv_sec=0, tv_nsec=9}`, where the kernel wrote what was left of the time.
    pub fn left(&self, index: usize, out: &mut Vec<u8>) {
        let Some(memory) = self.memory_at(index) else {
            return;
        };
        let Some(after) = memory.after() else {
            return;
        };
        let unit = if matches!(memory.kind, Kind::Timeval) {
            "tv_usec"
        } else {
            "tv_nsec"
        };
        out.extend_from_slice(b"left ");
        if time(after, unit, out).is_none() {
            out.push(b'?');
        }
    }
}

/// Which bytes of a buffer are to be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// All: the program hands them over.
    Offered,
    /// As many as the call moved.
    Moved,
    /// None: it moved nothing.
    Pointers,
}

/// `, name=value`.
pub fn field(name: &str, value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b", ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    digits::decimal(out, value);
}

/// The result of `poll` and `ppoll`: how many, and which have what.
pub fn polled(line: &Line<'_>, count: i64, out: &mut Vec<u8>) {
    digits::signed(out, count);
    if count == 0 {
        return out.extend_from_slice(b" (Timeout)");
    }
    let Some(after) = line.memory_at(0).and_then(|memory| memory.after()) else {
        return;
    };
    out.extend_from_slice(b" (");
    let ready = structs::poll_fds(after).filter(|entry| entry.revents != 0);
    line.array(ready, out, |entry, out| {
        // In what a call found, strace names no descriptor, whatever `-y` says.
        out.extend_from_slice(b"{fd=");
        digits::signed(out, i64::from(entry.fd));
        out.extend_from_slice(b", revents=");
        named_bits(&flags::POLL, u64::from(entry.revents), out);
        out.push(b'}');
    });
    if matches!(line.syscall.name, CallName::Known(calls::PPOLL)) && line.memory_at(2).is_some() {
        out.extend_from_slice(b", ");
        line.left(2, out);
    }
    out.push(b')');
}

/// `[3 8]`.
fn fd_set(bytes: &[u8], nfds: u64, out: &mut Vec<u8>, number: impl Fn(i32, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, fd) in structs::fd_set(bytes, nfds).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        number(fd, out);
    }
    out.push(b']');
}

/// The result of `recvmmsg`: how many, and how much of the time was left.
pub fn received(line: &Line<'_>, count: i64, out: &mut Vec<u8>) {
    digits::signed(out, count);
    if line
        .memory_at(4)
        .is_some_and(|memory| memory.after().is_some())
    {
        out.extend_from_slice(b" (");
        line.left(4, out);
        out.push(b')');
    }
}

/// The result of `select` and `pselect6`: how many, and which.
pub fn selected(line: &Line<'_>, count: i64, out: &mut Vec<u8>) {
    digits::signed(out, count);
    if count == 0 {
        return out.extend_from_slice(b" (Timeout)");
    }
    let start = out.len();
    let nfds = line.number_at(0).unwrap_or(0);
    for (index, name) in [(1, "in "), (2, "out "), (3, "except ")] {
        let after = line.memory_at(index).and_then(|memory| memory.after());
        if let Some(after) = after.filter(|after| structs::fd_set(after, nfds).next().is_some()) {
            out.extend_from_slice(if out.len() == start { b" (" } else { b", " });
            out.extend_from_slice(name.as_bytes());
            fd_set(after, nfds, out, |fd, out| {
                digits::signed(out, i64::from(fd))
            });
        }
    }
    if line
        .memory_at(4)
        .is_some_and(|memory| memory.after().is_some())
    {
        out.extend_from_slice(if out.len() == start { b" (" } else { b", " });
        line.left(4, out);
    }
    if out.len() > start {
        out.push(b')');
    }
}

fn epoll_event((events, data): (u32, u64), out: &mut Vec<u8>) {
    out.extend_from_slice(b"{events=");
    named_bits(&flags::EPOLL, u64::from(events), out);
    out.extend_from_slice(b", data={u32=");
    digits::decimal(out, data & 0xffff_ffff);
    field("u64", data, out);
    out.extend_from_slice(b"}}");
}

fn time(bytes: &[u8], unit: &str, out: &mut Vec<u8>) -> Option<()> {
    let time = structs::time(bytes)?;
    out.extend_from_slice(b"{tv_sec=");
    digits::signed(out, time.seconds);
    out.extend_from_slice(b", ");
    out.extend_from_slice(unit.as_bytes());
    out.push(b'=');
    digits::signed(out, time.fraction);
    out.push(b'}');
    Some(())
}

fn itimerspec(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{it_interval=");
    time(bytes, "tv_nsec", out)?;
    out.extend_from_slice(b", it_value=");
    time(bytes.get(16..)?, "tv_nsec", out)?;
    out.push(b'}');
    Some(())
}

/// `[0]`, or `[0] => [6]` after a success.
fn offset(memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
    let mut one = |bytes: &[u8], before: &[u8]| -> Option<()> {
        out.extend_from_slice(before);
        digits::signed(out, structs::u64_at(bytes, 0)? as i64);
        out.push(b']');
        Some(())
    };
    one(memory.bytes(), b"[")?;
    match memory.after() {
        Some(after) => one(after, b" => ["),
        None => Some(()),
    }
}

/// The type and size of a file; strace leaves the rest out too unless asked.
fn stat(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let stat = structs::stat(bytes)?;
    out.extend_from_slice(b"{st_mode=");
    mode(stat.mode, out);
    match stat.mode & S_IFMT {
        S_IFCHR | S_IFBLK => {
            // How a device number is packed: `new_encode_dev` in `include/linux/kdev_t.h`.
            let major = stat.rdev >> 8 & 0xfff;
            let minor = stat.rdev & 0xff | stat.rdev >> 12 & 0xf_ff00;
            out.extend_from_slice(b", st_rdev=makedev(");
            digits::hex(out, major);
            out.extend_from_slice(b", ");
            digits::hex(out, minor);
            out.push(b')');
        }
        _ => field("st_size", stat.size, out),
    }
    out.extend_from_slice(b", ...}");
    Some(())
}

/// The few fields that strace shows unless asked for more.
fn statx(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let statx = structs::statx(bytes)?;
    out.extend_from_slice(b"{stx_mask=");
    named_bits(&flags::STATX, u64::from(statx.mask), out);
    out.extend_from_slice(b", stx_attributes=");
    named_bits(&flags::STATX_ATTR, statx.attributes, out);
    out.extend_from_slice(b", stx_mode=");
    mode(statx.mode, out);
    field("stx_size", statx.size, out);
    out.extend_from_slice(b", ...}");
    Some(())
}

/// What a request of `abi::ioctl` leads to.
fn ioctl(request: u64, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match IoctlArg::of(request) {
        IoctlArg::IntIn | IoctlArg::IntOut => {
            out.push(b'[');
            digits::signed(out, i64::from(structs::u32_at(bytes, 0)? as i32));
            out.push(b']');
        }
        IoctlArg::WindowIn | IoctlArg::WindowOut => {
            let at = |at: usize| {
                Some(u64::from(u16::from_ne_bytes([
                    *bytes.get(at)?,
                    *bytes.get(at + 1)?,
                ])))
            };
            out.extend_from_slice(b"{ws_row=");
            digits::decimal(out, at(0)?);
            field("ws_col", at(2)?, out);
            field("ws_xpixel", at(4)?, out);
            field("ws_ypixel", at(6)?, out);
            out.push(b'}');
        }
        IoctlArg::Nothing | IoctlArg::Number | IoctlArg::Unknown => return None,
    }
    Some(())
}

/// `struct flock` (`man 2 fcntl`); who holds the lock only where that was asked.
fn flock(op: u64, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let short = |at: usize| {
        Some(u64::from(u16::from_ne_bytes([
            *bytes.get(at)?,
            *bytes.get(at + 1)?,
        ])))
    };
    let long = |at: usize| Some(structs::u64_at(bytes, at)? as i64);
    out.extend_from_slice(b"{l_type=");
    constant(&flags::LOCK_TYPE, short(0)?, out);
    out.extend_from_slice(b", l_whence=");
    constant(&flags::WHENCE, short(2)?, out);
    out.extend_from_slice(b", l_start=");
    digits::signed(out, long(8)?);
    out.extend_from_slice(b", l_len=");
    digits::signed(out, long(16)?);
    if flags::asks_for_lock(op) {
        out.extend_from_slice(b", l_pid=");
        digits::signed(out, i64::from(structs::u32_at(bytes, 24)? as i32));
    }
    out.push(b'}');
    Some(())
}

/// `S_IFREG|0644`.
fn mode(mode: u32, out: &mut Vec<u8>) {
    let kind = u64::from(mode & S_IFMT);
    if let Some(name) = flags::FILE_TYPE.name_of(kind) {
        out.extend_from_slice(name.as_bytes());
        out.push(b'|');
    }
    for (bit, name) in [
        (0o4000, "S_ISUID|"),
        (0o2000, "S_ISGID|"),
        (0o1000, "S_ISVTX|"),
    ] {
        if mode & bit != 0 {
            out.extend_from_slice(name.as_bytes());
        }
    }
    digits::octal(out, u64::from(mode & 0o777));
}

fn open_how(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let how = structs::open_how(bytes)?;
    out.extend_from_slice(b"{flags=");
    open_flags(how.flags, out);
    if how.mode != 0 {
        out.extend_from_slice(b", mode=");
        digits::octal(out, how.mode);
    }
    out.extend_from_slice(b", resolve=");
    named_bits(&flags::RESOLVE, how.resolve, out);
    out.push(b'}');
    Some(())
}

/// The error that waited on a socket, by its name.
fn so_error(value: &[u8], out: &mut Vec<u8>) {
    let number = structs::u32_at(value, 0).unwrap_or(0) as i32;
    out.push(b'[');
    match Errno(number).name() {
        Some(name) if number > 0 => out.extend_from_slice(name.as_bytes()),
        _ => digits::signed(out, i64::from(number)),
    }
    out.push(b']');
}

pub fn credentials(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{pid=");
    digits::decimal(out, u64::from(structs::u32_at(value, 0)?));
    field("uid", u64::from(structs::u32_at(value, 4)?), out);
    field("gid", u64::from(structs::u32_at(value, 8)?), out);
    out.push(b'}');
    Some(())
}

/// `[INT TERM]`; when most are in it, `~[…]` with those that are not.
fn sigset(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let bits = structs::u64_at(bytes, 0)?;
    let inverted = bits.count_ones() >= 32;
    let shown = if inverted { !bits } else { bits };
    out.extend_from_slice(if inverted { b"~[" } else { b"[" });
    let mut first = true;
    for signal in (1..=64).filter(|signal| shown >> (signal - 1) & 1 == 1) {
        if !first {
            out.push(b' ');
        }
        first = false;
        match flags::signal_short(signal) {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => {
                out.extend_from_slice(b"RT_");
                digits::decimal(out, signal.saturating_sub(32));
            }
        }
    }
    out.push(b']');
    Some(())
}

fn packed_sigset(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{sigmask=");
    match structs::u64_at(bytes, 0)? {
        0 => out.extend_from_slice(b"NULL"),
        pointer => digits::hex(out, pointer),
    }
    field("sigsetsize", structs::u64_at(bytes, 8)?, out);
    out.push(b'}');
    Some(())
}
