//! The structures behind arguments, field by field.

use super::bits::{named_bits, open_flags, permissions};
use super::signals::{packed_sigset, sigset, waited};
use super::times::{itimerspec, time, usage};
use super::{Hex, Line, StraceOptions, fcntl, processes, quote, terminal};
use crate::abi::Fd;
use crate::abi::calls::{self, Kind};
use crate::abi::flags;
use crate::abi::ioctl::IoctlArg;
use crate::abi::siginfo::SigInfo;
use crate::event::call::{Arg, CallName, Memory, Outcome};
use crate::event::digits;
use crate::event::raw::part;
use crate::event::structs;
use crate::event::structs::{Buffer, Buffers};

const EPOLL_CTL_DEL: u64 = 2;
/// Bytes of a `struct iovec`, a `struct pollfd`, a `struct open_how`; how many of the first two are kept.
const IOVEC: u64 = 16;
const POLLFD: u64 = 8;
const HOW: usize = 24;
const BUFFERS_MOST: usize = (part::LAST_BUFFER - part::BUFFER) as usize + 1;
const POLL_MOST: usize = (16 << 10) / POLLFD as usize;
/// How long the list of what `poll` found may become; strace puts it together in a room of its own.
const FOUND_MOST: usize = 996;
/// `O_CREAT`, and the bit of `O_TMPFILE` that is not `O_DIRECTORY`.
const MAKES_A_FILE: u64 = 0o20000100;

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
            Kind::VectorIn { .. } => {
                memory.part(part::FIRST)?;
                let buffers = memory.buffers(part::FIRST);
                self.vector(buffers, memory.pointer, Show::Offered, out);
            }
            Kind::VectorOut { .. } => {
                memory.part(part::FIRST)?;
                let show = if self.succeeded() {
                    Show::Moved
                } else {
                    Show::Pointers
                };
                self.vector(memory.buffers(part::FIRST), memory.pointer, show, out);
            }
            Kind::MessageIn => self.message_in(memory, out)?,
            Kind::MessageOut => self.message_out(memory, out)?,
            Kind::EpollEvent if self.constant_at(1) == Some(EPOLL_CTL_DEL) => return None,
            Kind::EpollEvent => epoll_event(structs::epoll_events(bytes).next()?, out),
            Kind::EpollEvents => self.array(structs::epoll_events(bytes), out, epoll_event),
            Kind::PollFds { .. } => {
                self.array(structs::poll_fds(bytes), out, |entry, out| {
                    let events = ("events", entry.events);
                    self.poll_fd(entry.fd, (entry.fd >= 0).then_some(events), out);
                });
                let total = memory.part(part::FIRST)?.len / POLLFD;
                let place = (memory.pointer, POLLFD, POLL_MOST);
                self.missing(bytes.len() / POLLFD as usize, total, place, out);
            }
            // Sets of no descriptors are not looked at.
            Kind::FdSet { nfds } if self.number_at(nfds)? == 0 => return None,
            Kind::FdSet { nfds } => {
                fd_set(bytes, self.number_at(nfds)?, out, |fd, out| {
                    self.fd(Fd(fd), out)
                });
            }
            Kind::Timespec if self.hides_time() => return None,
            Kind::TimespecLeft if self.is_absolute() => return None,
            Kind::Timespec | Kind::TimespecOut | Kind::TimespecLeft => time(bytes, "tv_nsec", out)?,
            Kind::Timeval => time(bytes, "tv_usec", out)?,
            Kind::Itimerspec | Kind::ItimerspecOut => itimerspec(bytes, out)?,
            Kind::OffsetInOut => self.offset(memory, out)?,
            Kind::IntsOut { .. } => self.ints(bytes, out),
            Kind::Stat => stat(bytes, out)?,
            Kind::OpenHow { .. } => open_how(self.options, bytes, out)?,
            Kind::SigSet { .. } | Kind::SigSetOut { .. } => sigset(bytes, out)?,
            Kind::SigAction | Kind::SigActionOut => self.action(bytes, out)?,
            Kind::SigInfoOut => waited(&SigInfo::from_bytes(bytes)?, out),
            Kind::Rusage if self.found_no_child() => return None,
            Kind::Rusage => usage(bytes, out)?,
            Kind::RingParams => self.ring(memory, out)?,
            Kind::PackedSigSet => packed_sigset(bytes, memory.after(), out)?,
            Kind::WaitStatus => processes::wait_status(structs::u32_at(bytes, 0)?, out),
            Kind::MessagesIn { .. } => self.messages_in(memory, out),
            Kind::MessagesOut { .. } => self.messages_out(memory, out)?,
            Kind::Statx => statx(bytes, out)?,
            Kind::CloneArgs { .. } => self.clone_args(memory, out)?,
            Kind::Strings => self.strings(memory, out)?,
            Kind::Environment => self.counted(memory, " vars", out)?,
            Kind::DirEntries => self.counted(memory, " entries", out)?,
            Kind::IoctlArg { request } => ioctl(self.number_at(request)?, bytes, out)?,
            Kind::FcntlArg { op } => fcntl::structure(self.constant_at(op as usize)?, bytes, out)?,
            Kind::StructIn { .. } | Kind::StructOut { .. } => {
                quote::buffer(self.options, bytes, bytes.len() as u64, out);
            }
            _ => return None,
        }
        Some(())
    }

    pub fn constant_at(&self, index: usize) -> Option<u64> {
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

    /// `epoll_pwait2` shows its time when it has ended, and then not where it failed.
    fn hides_time(&self) -> bool {
        matches!(self.syscall.name, CallName::Known(calls::EPOLL_PWAIT2))
            && matches!(self.outcome, Some(Outcome::Failed(_)))
    }

    /// A sleep until a moment leaves nothing over (`man 2 clock_nanosleep`).
    fn is_absolute(&self) -> bool {
        matches!(self.syscall.args.get(1), Arg::Flags(_, 1..))
    }

    /// `wait4` that did not wait.
    fn found_no_child(&self) -> bool {
        matches!(self.syscall.name, CallName::Known(calls::WAIT4))
            && matches!(self.outcome, Some(Outcome::Returned(0)))
    }

    /// `[0]`; where `sendfile` moved it, `[0] => [6]`. Of the other calls strace shows only where they began.
    fn offset(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let sends = matches!(self.syscall.name, CallName::Known(calls::SENDFILE));
        let number = |bytes: &[u8]| structs::u64_at(bytes, 0);
        let write = |number: u64, out: &mut Vec<u8>| {
            out.push(b'[');
            match sends {
                true => digits::decimal(out, number),
                false => digits::signed(out, number as i64),
            }
            out.push(b']');
        };
        let before = number(memory.bytes())?;
        write(before, out);
        if let Some(after) = memory.after().and_then(number)
            && sends
            && after != before
        {
            out.extend_from_slice(b" => ");
            write(after, out);
        }
        Some(())
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

    /// The buffers at `address`.
    pub fn vector(&self, buffers: Buffers<'_>, address: u64, show: Show, out: &mut Vec<u8>) {
        let kept = buffers.clone().count();
        let total = buffers.total();
        self.array(buffers, out, |buffer, out| self.buffer(&buffer, show, out));
        self.missing(kept, total, (address, IOVEC, BUFFERS_MOST), out);
    }

    /// What is missing at the end of an array: all that was kept is shown, and there should be more.
    /// `place`: where the array is, the size of its elements, and how many are kept at most; fewer were
    /// kept where the memory ended, and strace says at which address.
    fn missing(&self, kept: usize, total: u64, place: (u64, u64, usize), out: &mut Vec<u8>) {
        if kept as u64 >= total || kept > self.options.strsize {
            return;
        }
        let (address, size, most) = place;
        out.pop();
        out.extend_from_slice(b", ...");
        if kept < most {
            out.extend_from_slice(b" /* ");
            self.pointer(address.wrapping_add(kept as u64 * size), out);
            out.extend_from_slice(b" */");
        }
        out.push(b']');
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
    found(after, line.options.strsize, out);
    if matches!(line.syscall.name, CallName::Known(calls::PPOLL)) && line.memory_at(2).is_some() {
        out.extend_from_slice(b", ");
        line.left(2, out);
    }
    out.push(b')');
}

/// `[{fd=3, revents=POLLIN}]`: those that have something. What does not fit is dots.
fn found(list: &[u8], most: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b'[');
    let ready = structs::poll_fds(list).filter(|entry| entry.revents != 0);
    for (index, entry) in ready.enumerate() {
        out.extend_from_slice(if index > 0 { b", " } else { b"" });
        let before = out.len();
        // Here strace names no descriptor, whatever `-y` says.
        out.extend_from_slice(b"{fd=");
        digits::signed(out, i64::from(entry.fd));
        out.extend_from_slice(b", revents=");
        named_bits(&flags::POLL, u64::from(entry.revents), out);
        out.push(b'}');
        if index >= most || out.len() - start > FOUND_MOST {
            out.truncate(before);
            out.extend_from_slice(b"...");
            break;
        }
    }
    out.push(b']');
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
    if count == 0 {
        return out.extend_from_slice(b" (Timeout)");
    }
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
        IoctlArg::WindowIn | IoctlArg::WindowOut => terminal::window(bytes, out)?,
        IoctlArg::TerminalIn | IoctlArg::TerminalOut => terminal::modes(bytes, out)?,
        IoctlArg::Nothing | IoctlArg::Number | IoctlArg::Unknown => return None,
    }
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
    permissions(u64::from(mode & 0o777), out);
}

fn open_how(options: &StraceOptions, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let how = structs::open_how(bytes)?;
    out.extend_from_slice(b"{flags=");
    open_flags(how.flags, out);
    if how.mode != 0 || how.flags & MAKES_A_FILE != 0 {
        out.extend_from_slice(b", mode=");
        permissions(how.mode, out);
    }
    out.extend_from_slice(b", resolve=");
    named_bits(&flags::RESOLVE, how.resolve, out);
    let rest = &bytes[HOW..];
    if rest.iter().any(|byte| *byte != 0) {
        out.extend_from_slice(b", /* bytes 24..");
        digits::decimal(out, bytes.len() as u64 - 1);
        out.extend_from_slice(b" */ ");
        let in_hex = StraceOptions {
            hex: Hex::All,
            ..options.clone()
        };
        quote::buffer(&in_hex, rest, rest.len() as u64, out);
    }
    out.push(b'}');
    Some(())
}
