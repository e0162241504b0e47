//! Structures as objects, with the kernel's field names. Those that nothing here takes apart are their
//! bytes in base64.

use super::args::{address, bits_list, open_flags, path_string, quoted_hex, quoted_octal};
use super::string::{base64, text_or_base64};
use super::{comma, key, number};
use crate::abi::address::Address;
use crate::abi::calls::Kind;
use crate::abi::flags;
use crate::event::call::{Arg, Captured, Memory, Outcome, Syscall};
use crate::event::digits;
use crate::event::raw::{Segments, part};
use crate::event::structs;

/// `SOL_SOCKET`, `SO_LINGER` (`man 7 socket`).
const LINGER: (u64, u64) = (1, 13);
/// `SOL_SOCKET`, `SO_RCVTIMEO` and `SO_SNDTIMEO`, as they are numbered where `long` has 64 bits.
const TIMES: [(u64, u64); 2] = [(1, 20), (1, 21)];

/// Writes one structure; `None` (and whatever was begun) when there is nothing to write.
pub fn value(
    memory: &Memory<'_>,
    syscall: &Syscall<'_>,
    index: usize,
    outcome: Option<Outcome>,
    pointers: bool,
    out: &mut Vec<u8>,
) -> Option<()> {
    let bytes = memory.bytes();
    match memory.kind {
        Kind::OptionIn { .. } | Kind::OptionOut { .. } => option(bytes, syscall, index, out),
        Kind::VectorIn { .. } | Kind::VectorOut { .. } => {
            vector(memory, part::FIRST, pointers, out)
        }
        Kind::MessageIn | Kind::MessageOut => message(memory, pointers, out)?,
        Kind::EpollEvent => epoll_event(structs::epoll_events(bytes).next()?, out),
        Kind::EpollEvents => {
            memory.part(part::FIRST)?;
            array(structs::epoll_events(bytes), out, epoll_event);
        }
        Kind::PollFds { .. } => poll_fds(memory, out),
        Kind::FdSet { .. } => fd_sets(memory, syscall, out),
        Kind::Timespec | Kind::Timeval => {
            let unit = if matches!(memory.kind, Kind::Timeval) {
                "tv_usec"
            } else {
                "tv_nsec"
            };
            time(bytes, unit, out)?;
            if let Some(after) = memory.after() {
                out.pop();
                key("left", out);
                time(after, unit, out)?;
                out.push(b'}');
            }
        }
        Kind::TimespecOut => time(bytes, "tv_nsec", out)?,
        Kind::OffsetInOut => {
            out.extend_from_slice(b"{\"before\":");
            digits::signed(out, structs::u64_at(bytes, 0)? as i64);
            if let Some(after) = memory.after() {
                key("after", out);
                digits::signed(out, structs::u64_at(after, 0)? as i64);
            }
            out.push(b'}');
        }
        Kind::IntsOut { .. } => array(structs::ints(bytes), out, |n, out| {
            digits::signed(out, i64::from(n))
        }),
        Kind::WaitStatus => digits::decimal(out, u64::from(structs::u32_at(bytes, 0)?)),
        Kind::Stat if matches!(outcome, Some(Outcome::Returned(_))) => stat(bytes, out)?,
        Kind::OpenHow { .. } if bytes.len() == 24 => open_how(bytes, out)?,
        Kind::MessagesIn { .. } | Kind::MessagesOut { .. } => messages(memory, pointers, out),
        Kind::Strings => strings(memory, out),
        Kind::Environment => counted(memory.part(part::FIRST)?.len / 8, out),
        Kind::DirEntries => counted(memory.part(part::FIRST)?.len, out),
        Kind::IoctlArg { .. } if bytes.len() == 4 => {
            out.extend_from_slice(b"{\"value\":");
            digits::signed(out, i64::from(structs::u32_at(bytes, 0)? as i32));
            out.push(b'}');
        }
        _ => opaque(memory, out),
    }
    Some(())
}

fn opaque(memory: &Memory<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    base64(memory.bytes(), out);
    if let Some(after) = memory.after() {
        key("after", out);
        out.push(b'{');
        base64(after, out);
        out.push(b'}');
    }
    out.push(b'}');
}

fn array<T>(
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        comma(index > 0, out);
        write(item, out);
    }
    out.push(b']');
}

/// A number where it is one, `struct linger` and `struct timeval` by their fields, else bytes.
fn option(bytes: &[u8], syscall: &Syscall<'_>, index: usize, out: &mut Vec<u8>) {
    let constant = |at: usize| match syscall.args.get(at) {
        Arg::Constant(_, value) => value,
        _ => u64::MAX,
    };
    let which = (
        constant(index.wrapping_sub(2)),
        constant(index.wrapping_sub(1)),
    );
    match structs::linger(bytes) {
        Some((on, linger)) if which == LINGER && bytes.len() == 8 => {
            out.extend_from_slice(b"{\"l_onoff\":");
            digits::signed(out, i64::from(on));
            key("l_linger", out);
            digits::signed(out, i64::from(linger));
            out.push(b'}');
        }
        _ if TIMES.contains(&which) && bytes.len() == 16 => {
            // 16 bytes are a whole `struct timeval`.
            let _ = time(bytes, "tv_usec", out);
        }
        _ if bytes.len() == 4 => {
            digits::signed(
                out,
                i64::from(structs::u32_at(bytes, 0).unwrap_or(0) as i32),
            );
        }
        _ => {
            out.push(b'{');
            text_or_base64(bytes, out);
            out.push(b'}');
        }
    }
}

fn vector(memory: &Memory<'_>, which: u8, pointers: bool, out: &mut Vec<u8>) {
    array(memory.buffers(which), out, |buffer, out| {
        out.push(b'{');
        if pointers || buffer.base == 0 {
            out.extend_from_slice(b"\"iov_base\":");
            pointer(buffer.base, out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"iov_len\":");
        digits::decimal(out, buffer.len);
        out.push(b'}');
    });
}

fn pointer(value: u64, out: &mut Vec<u8>) {
    match value {
        0 => out.extend_from_slice(b"null"),
        value => quoted_hex(value, out),
    }
}

fn message(memory: &Memory<'_>, pointers: bool, out: &mut Vec<u8>) -> Option<()> {
    let before = memory
        .part(part::FIRST)
        .and_then(|s| structs::message_header(s.bytes));
    let after = memory.after().and_then(structs::message_header);
    header(&after.or(before)?, memory, pointers, out);
    // What it was before the call; and that it has ended, when both are the same.
    if let (Some(before), Some(_)) = (before, after) {
        number("msg_namelen_before", u64::from(before.name_len), out);
    }
    out.push(b'}');
    Some(())
}

/// A `struct msghdr` and what it points to but for its bytes; the object stays open.
fn header(header: &structs::MessageHeader, memory: &Memory<'_>, pointers: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"msg_name\":");
    match memory
        .part(part::NAME)
        .and_then(|s| Address::from_bytes(s.bytes))
    {
        Some(name) => address(&name, out),
        None if pointers => pointer(header.name, out),
        None => out.extend_from_slice(b"null"),
    }
    number("msg_namelen", u64::from(header.name_len), out);
    key("msg_iov", out);
    match memory.part(part::IOVEC).filter(|_| header.iov != 0) {
        Some(_) => vector(memory, part::IOVEC, pointers, out),
        None => out.extend_from_slice(b"null"),
    }
    number("msg_iovlen", header.iov_len, out);
    if let Some(control) = memory.part(part::CONTROL) {
        key("msg_control", out);
        out.push(b'{');
        if pointers {
            out.extend_from_slice(b"\"at\":");
            pointer(header.control, out);
            out.push(b',');
        }
        base64(control.bytes, out);
        out.push(b'}');
    }
    number("msg_controllen", header.control_len, out);
    key("msg_flags", out);
    bits_list(&flags::MSG, u64::from(header.flags), out);
}

/// Each message with the bytes that were kept of it, and, once it has moved, how many did.
fn messages(memory: &Memory<'_>, pointers: bool, out: &mut Vec<u8>) {
    let sent = matches!(memory.kind, Kind::MessagesIn { .. });
    let (before, after) = (memory.bytes(), memory.after());
    let headers = if sent {
        before
    } else {
        after.unwrap_or(before)
    };
    let mut lens = after.unwrap_or(&[]).chunks_exact(structs::MMSGHDR);
    let mut befores = before.chunks_exact(structs::MMSGHDR);
    array(memory.messages(headers), out, |(message, memory), out| {
        header(&message.header, &memory, pointers, out);
        let data = memory.data();
        let bytes: Vec<u8> = data.pieces().flatten().copied().collect();
        key("data", out);
        out.extend_from_slice(b"{\"len\":");
        digits::decimal(out, data.len);
        out.push(b',');
        text_or_base64(&bytes, out);
        out.push(b'}');
        let before = befores.next().and_then(structs::message_header);
        if let Some(before) = before.filter(|_| !sent && after.is_some()) {
            number("msg_namelen_before", u64::from(before.name_len), out);
        }
        if let Some(len) = lens.next().and_then(|bytes| structs::u32_at(bytes, 56)) {
            number("msg_len", u64::from(len), out);
        }
        out.push(b'}');
    });
}

fn strings(memory: &Memory<'_>, out: &mut Vec<u8>) {
    let parts = part::BUFFER..=part::LAST_BUFFER;
    let strings =
        Segments::new(memory.raw).filter(|s| s.arg == memory.arg && parts.contains(&s.part));
    array(strings, out, |string, out| {
        path_string(
            &Captured {
                len: string.len,
                bytes: string.bytes,
            },
            out,
        );
    });
}

/// What is only counted.
fn counted(count: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"count\":");
    digits::decimal(out, count);
    out.push(b'}');
}

fn epoll_event((events, data): (u32, u64), out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"events\":");
    bits_list(&flags::EPOLL, u64::from(events), out);
    number("data", data, out);
    out.push(b'}');
}

fn poll_fds(memory: &Memory<'_>, out: &mut Vec<u8>) {
    let mut after = memory.after().map(structs::poll_fds);
    array(structs::poll_fds(memory.bytes()), out, |entry, out| {
        out.extend_from_slice(b"{\"fd\":");
        digits::signed(out, i64::from(entry.fd));
        key("events", out);
        bits_list(&flags::POLL, u64::from(entry.events), out);
        if let Some(after) = after.as_mut().and_then(Iterator::next) {
            key("revents", out);
            bits_list(&flags::POLL, u64::from(after.revents), out);
        }
        out.push(b'}');
    });
}

fn fd_sets(memory: &Memory<'_>, syscall: &Syscall<'_>, out: &mut Vec<u8>) {
    let nfds = match syscall.args.get(0) {
        Arg::Int(nfds) => u64::try_from(nfds).unwrap_or(0),
        _ => 0,
    };
    let set = |bytes: &[u8], out: &mut Vec<u8>| {
        array(structs::fd_set(bytes, nfds), out, |fd, out| {
            digits::signed(out, i64::from(fd))
        });
    };
    out.extend_from_slice(b"{\"before\":");
    set(memory.bytes(), out);
    if let Some(after) = memory.after() {
        key("after", out);
        set(after, out);
    }
    out.push(b'}');
}

fn time(bytes: &[u8], unit: &str, out: &mut Vec<u8>) -> Option<()> {
    let time = structs::time(bytes)?;
    out.extend_from_slice(b"{\"tv_sec\":");
    digits::signed(out, time.seconds);
    key(unit, out);
    digits::signed(out, time.fraction);
    out.push(b'}');
    Some(())
}

fn stat(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let stat = structs::stat(bytes)?;
    out.extend_from_slice(b"{\"st_mode\":");
    quoted_octal(u64::from(stat.mode), out);
    for (name, value) in [
        ("st_size", stat.size),
        ("st_dev", stat.dev),
        ("st_ino", stat.ino),
        ("st_nlink", stat.nlink),
        ("st_uid", u64::from(stat.uid)),
        ("st_gid", u64::from(stat.gid)),
        ("st_rdev", stat.rdev),
        ("st_blksize", stat.blksize),
        ("st_blocks", stat.blocks),
    ] {
        number(name, value, out);
    }
    key("st_mtim", out);
    time(bytes.get(88..)?, "tv_nsec", out)?;
    out.push(b'}');
    Some(())
}

fn open_how(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let how = structs::open_how(bytes)?;
    out.extend_from_slice(b"{\"flags\":");
    open_flags(how.flags, out);
    key("mode", out);
    quoted_octal(how.mode, out);
    key("resolve", out);
    bits_list(&flags::RESOLVE, how.resolve, out);
    out.push(b'}');
    Some(())
}
