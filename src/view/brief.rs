//! A call in few columns: `read(4, up to 8192)`.
//!
//! In: a call with its arguments. Out: its name and what a learner needs of its arguments, within the
//! room there is; long paths and addresses are shortened, never the rest of the call before them.
//! Calls the story does not interpret show their arguments by the table.

pub use super::line::Line;
use super::text::Charset;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls;
use crate::abi::calls::CallId;
use crate::abi::calls::Kind;
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::call::{Arg, Call, CallName, Syscall};
use crate::event::structs;
use crate::event::structs::Time;

/// Nobody means a number: "as much as there is".
const ALL: u64 = 1 << 62;
/// The current directory, as a descriptor (`man 2 openat`).
const AT_FDCWD: i32 = -100;
/// A path shortened to fewer columns says nothing any more.
const LEGIBLE: usize = 8;
/// How many columns the end of a call needs after a path or an address.
const TAIL: usize = 4;

/// Writes a call into `line`, which has room for `room` columns in all. `asked` is what the program
/// had asked for where a fault cut the count.
pub fn write_call(
    line: &mut Line,
    call: &Syscall<'_>,
    asked: Option<u64>,
    room: usize,
    charset: Charset,
) {
    if let CallName::Name("IORING_OP_ASYNC_CANCEL") = call.name {
        line.text("async_cancel(");
        if let Arg::Pointer(target) = call.args.get(0) {
            line.number(target);
        }
        return line.text(")");
    }
    name(line, call.name);
    if ring_arguments(line, call, room) {
        return;
    }
    line.text("(");
    arguments(line, call, asked, room, charset);
    line.text(")");
}

/// The arguments of a call about a ring: what is a count, without what is an address; where there is no room, what it
/// waits for alone. False for others.
fn ring_arguments(line: &mut Line, call: &Syscall<'_>, room: usize) -> bool {
    let number = |line: &mut Line, place: usize| match call.args.get(place) {
        Arg::Size(number) => line.number(number),
        Arg::Fd(fd) => line.fd(fd),
        _ => {}
    };
    match call.name {
        CallName::Known(calls::IO_URING_SETUP) => {
            line.text("(");
            number(line, 0);
            line.text(" entries)");
        }
        CallName::Known(calls::IO_URING_ENTER) => {
            line.text("(");
            number(line, 0);
            let (bytes, columns) = (line.bytes.len(), line.columns);
            line.text(", ");
            number(line, 1);
            line.text(" in, wait ");
            number(line, 2);
            line.text(")");
            if line.columns > room {
                line.bytes.truncate(bytes);
                line.columns = columns;
                line.text(", wait ");
                number(line, 2);
                line.text(")");
            }
        }
        _ => return false,
    }
    true
}

/// The name of a call.
pub fn name(line: &mut Line, name: CallName<'_>) {
    match name {
        CallName::Known(id) => line.text(id.name()),
        CallName::Number(number) => {
            line.text("syscall_");
            line.number(number);
        }
        CallName::Name(name) => line.escaped(name.as_bytes(), 20, Charset::Ascii),
    }
}

fn arguments(
    line: &mut Line,
    call: &Syscall<'_>,
    asked: Option<u64>,
    room: usize,
    charset: Charset,
) {
    match &call.call {
        Call::Receive {
            fd, asked: kernel, ..
        }
        | Call::ReceiveRights {
            fd, asked: kernel, ..
        }
        | Call::ReceiveMany {
            fd, asked: kernel, ..
        } => {
            line.fd(*fd);
            line.text(", up to ");
            line.number(asked.unwrap_or(*kernel));
        }
        Call::Send {
            fd, asked: kernel, ..
        }
        | Call::SendRights {
            fd, asked: kernel, ..
        }
        | Call::SendMany {
            fd, asked: kernel, ..
        } => {
            line.fd(*fd);
            line.text(", ");
            let bytes = asked.unwrap_or(*kernel);
            line.number(bytes);
            line.text(if bytes == 1 { " byte" } else { " bytes" });
        }
        Call::SendFile { out, input, count }
        | Call::Splice {
            output: out,
            input,
            count,
        } => {
            line.fd(*out);
            line.text(" <- ");
            line.fd(*input);
            match asked.unwrap_or(*count) {
                ALL.. => line.text(", all"),
                count => {
                    line.text(", ");
                    line.number(count);
                }
            }
        }
        Call::Accept { fd, .. }
        | Call::Close { fd }
        | Call::Stat { fd, .. }
        | Call::GetName { fd, .. } => {
            line.fd(*fd);
        }
        Call::Listen { fd, backlog } => {
            line.fd(*fd);
            line.text(", backlog ");
            line.signed(i64::from(*backlog));
        }
        Call::Bind { fd, address } | Call::Connect { fd, address } => {
            line.fd(*fd);
            line.text(", ");
            write_address(line, address.as_ref(), room, charset);
        }
        Call::Open { path, flags, .. } => open(line, path.bytes, *flags, room, charset),
        Call::Socket {
            domain,
            kind,
            flags,
            ..
        } => socket(line, *domain, *kind, *flags, room),
        Call::SetOption {
            fd,
            level,
            name,
            value,
        } => {
            option(line, *fd, *level, *name);
            line.text(", ");
            option_value(line, value);
        }
        Call::GetOption {
            fd, level, name, ..
        } => option(line, *fd, *level, *name),
        Call::Shutdown { fd, how } => {
            line.fd(*fd);
            line.text(", ");
            constant(line, &flags::SHUT, u64::from(*how), "SHUT_");
        }
        Call::EpollControl {
            op,
            fd,
            events,
            epoll,
            ..
        } => {
            line.fd(*epoll);
            line.text(", ");
            constant(line, &flags::EPOLL_CTL, u64::from(*op), "EPOLL_CTL_");
            line.text(" ");
            line.fd(*fd);
            if *op != 2 {
                line.text(", ");
                bits(line, &flags::EPOLL, u64::from(*events), "EPOLL");
            }
        }
        Call::EpollWait { epoll, timeout, .. } => {
            line.fd(*epoll);
            line.text(", ");
            milliseconds(line, i64::from(*timeout));
        }
        Call::Poll { fds, timeout, .. } => {
            line.number(*fds);
            line.text(if *fds == 1 { " fd, " } else { " fds, " });
            milliseconds(line, *timeout);
        }
        Call::Fcntl { fd, op, arg } => {
            line.fd(*fd);
            line.text(", ");
            constant(line, &flags::FCNTL, u64::from(*op), "");
            fcntl_argument(line, *op, *arg);
        }
        Call::Dup { fd, to, .. } => {
            line.fd(*fd);
            if let Some(to) = to {
                line.text(", ");
                line.fd(*to);
            }
        }
        Call::EpollCreate => {}
        Call::Pair { fds, .. } => {
            if let Some([first, second]) = fds {
                line.fd(*first);
                line.text(" and ");
                line.fd(*second);
            }
        }
        Call::CloseRange { first, last, .. } => {
            line.number(u64::from(*first));
            line.text(" and up");
            if *last < i32::MAX as u32 {
                line.text(" to ");
                line.number(u64::from(*last));
            }
        }
        Call::NonBlocking { fd, on } => {
            line.fd(*fd);
            line.text(if *on { ", FIONBIO on" } else { ", FIONBIO off" });
        }
        Call::Clone { .. } => process(line, call),
        Call::Other => match sleep(call) {
            Some(time) => milliseconds_of(line, time),
            None if is_process(call.name) => process(line, call),
            None if is_of_a_path(call.name) => of_a_path(line, call, room, charset),
            None => by_table(line, call, room, charset),
        },
    }
}

fn is_process(name: CallName<'_>) -> bool {
    let known = |id| id == calls::WAIT4;
    matches!(name, CallName::Known(id) if known(id))
}

/// Calls of which the path says all; flags and structures behind it take the room that it needs.
fn is_of_a_path(name: CallName<'_>) -> bool {
    const OF_A_PATH: [CallId; 15] = [
        calls::STAT,
        calls::LSTAT,
        calls::NEWFSTATAT,
        calls::STATX,
        calls::ACCESS,
        calls::FACCESSAT,
        calls::FACCESSAT2,
        calls::READLINK,
        calls::READLINKAT,
        calls::UNLINK,
        calls::UNLINKAT,
        calls::MKDIR,
        calls::MKDIRAT,
        calls::CHDIR,
        calls::RMDIR,
    ];
    matches!(name, CallName::Known(id) if OF_A_PATH.contains(&id))
}

/// `newfstatat("/etc/hosts")`, and below which descriptor where that is not the current directory.
fn of_a_path(line: &mut Line, call: &Syscall<'_>, room: usize, charset: Charset) {
    for arg in call.args.iter() {
        match arg {
            Arg::Fd(Fd(AT_FDCWD)) => {}
            Arg::Fd(fd) => {
                line.fd(fd);
                line.text(", ");
            }
            Arg::Path(bytes) => {
                line.text("\"");
                let columns = room.saturating_sub(line.columns + "\")".len());
                path(line, bytes.bytes, columns, charset);
                return line.text("\"");
            }
            Arg::Pointer(0) => return line.text("NULL"),
            Arg::Pointer(value) => return line.hex(value),
            _ => return line.text("?"),
        }
    }
}

/// A path in at most so many columns: where it is too long its end stays, for that is the file's name.
fn path(line: &mut Line, bytes: &[u8], columns: usize, charset: Charset) {
    let plain = bytes
        .iter()
        .all(|byte| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte));
    if bytes.len() <= columns || columns < LEGIBLE || !plain {
        return line.escaped(bytes, columns, charset);
    }
    line.text("...");
    line.escaped(&bytes[bytes.len() - (columns - 3)..], columns, charset);
}

/// What an `fcntl` is given, where it is given something: `CLOEXEC`, `NONBLOCK`, a number.
fn fcntl_argument(line: &mut Line, op: u32, arg: u64) {
    const F_GETFD: u32 = 1;
    const F_SETFD: u32 = 2;
    const F_GETFL: u32 = 3;
    const F_SETFL: u32 = 4;
    const F_GETOWN: u32 = 9;
    match op {
        F_GETFD | F_GETFL | F_GETOWN => return,
        _ => line.text(", "),
    }
    match op {
        F_SETFD if arg == 0 => line.text("0"),
        // The access mode has no effect here (`man 2 fcntl`).
        F_SETFL if arg & !3 == 0 => line.text("0"),
        F_SETFD => bits(line, &flags::FD, arg, "FD_"),
        F_SETFL => bits(line, &flags::OPEN_BITS, arg & !3, "O_"),
        _ => match i32::try_from(arg) {
            Ok(number) => line.signed(i64::from(number)),
            Err(_) => line.hex(arg),
        },
    }
}

/// `clone(process)`, `wait4(any, WNOHANG)`: pointers and flags say nothing to a learner.
fn process(line: &mut Line, call: &Syscall<'_>) {
    if let Call::Clone { flags: shared } = call.call {
        const CLONE_VM: u64 = 0x100;
        const CLONE_VFORK: u64 = 0x4000;
        const CLONE_THREAD: u64 = 0x10000;
        return match call.name {
            CallName::Known(calls::FORK | calls::VFORK) => {}
            _ if shared & CLONE_THREAD != 0 => line.text("thread"),
            _ if shared & CLONE_VFORK != 0 => line.text("process, parent waits"),
            _ if shared & CLONE_VM != 0 => line.text("process, same memory"),
            _ => line.text("process"),
        };
    }
    match call.args.get(0) {
        Arg::Int(-1) => line.text("any"),
        Arg::Int(pid) => line.signed(pid),
        _ => line.text("?"),
    }
    if let Arg::Flags(set, options @ 1..) = call.args.get(2) {
        line.text(", ");
        bits(line, set, options, "");
    }
}

fn milliseconds(line: &mut Line, timeout: i64) {
    match timeout {
        ..0 => line.text("for ever"),
        0 => line.text("just look"),
        _ if timeout >= 10_000 && timeout % 1000 == 0 => {
            line.text("up to ");
            line.signed(timeout / 1000);
            line.text(" s");
        }
        _ => {
            line.text("up to ");
            line.signed(timeout);
            line.text(" ms");
        }
    }
}

fn write_address(line: &mut Line, address: Option<&Address>, room: usize, charset: Charset) {
    match address {
        None => line.text("?"),
        Some(Address::V4(octets, port)) => {
            for (i, octet) in octets.iter().enumerate() {
                line.text(if i > 0 { "." } else { "" });
                line.number(u64::from(*octet));
            }
            line.text(":");
            line.number(u64::from(*port));
        }
        Some(Address::Unix(name)) if name.first().is_some_and(|byte| *byte == b'/') => {
            let columns = room.saturating_sub(line.columns + "unix:".len() + TAIL);
            line.text("unix:");
            path(line, name, columns, charset);
        }
        Some(other) => {
            let columns = room.saturating_sub(line.columns + TAIL);
            line.escaped(other.to_string().as_bytes(), columns, charset);
        }
    }
}

fn open(line: &mut Line, name: &[u8], flags: u64, room: usize, charset: Charset) {
    let mode = flags::access_mode(flags).trim_start_matches("O_");
    line.text("\"");
    let columns = room.saturating_sub(line.columns + "\", ".len() + mode.len() + ")".len());
    if name.len() > columns && (columns < LEGIBLE || mode == "RDONLY") {
        // No room for both: the name matters more. What is only read is the common case.
        let columns = room.saturating_sub(line.columns + "\")".len());
        path(line, name, columns, charset);
        return line.text("\"");
    }
    path(line, name, columns, charset);
    line.text("\", ");
    line.text(mode);
}

/// Of the flags `NONBLOCK` matters most: where there is no room for all, it is the one shown.
fn socket(line: &mut Line, domain: u32, kind: u32, flags: u32, room: usize) {
    const NONBLOCK: u32 = 0o4000;
    constant(line, &flags::DOMAIN, u64::from(domain), "");
    line.text(", ");
    constant(line, &flags::SOCKET_TYPE, u64::from(kind), "SOCK_");
    if flags == 0 {
        return;
    }
    let (bytes, columns) = (line.bytes.len(), line.columns);
    line.text("|");
    bits(line, &flags::SOCK, u64::from(flags), "SOCK_");
    if line.columns + ")".len() > room {
        line.bytes.truncate(bytes);
        line.columns = columns;
        if flags & NONBLOCK != 0 {
            line.text("|NONBLOCK");
        }
    }
}

fn option(line: &mut Line, fd: Fd, level: u32, name: u32) {
    line.fd(fd);
    line.text(", ");
    match flags::option_names(u64::from(level)).and_then(|set| set.name_of(u64::from(name))) {
        Some(name) => line.text(name.trim_end_matches("_OLD")),
        None => {
            line.number(u64::from(level));
            line.text("/");
            line.number(u64::from(name));
        }
    }
}

fn option_value(line: &mut Line, value: &[u8]) {
    match value {
        [a, b, c, d] => line.signed(i64::from(i32::from_ne_bytes([*a, *b, *c, *d]))),
        // The only options of this length that programs set are time-outs.
        _ if value.len() == TIMEVAL => {
            let time = structs::time(value);
            let (seconds, micros) = time.map_or((0, 0), |t| (t.seconds, t.fraction));
            line.signed(seconds);
            if micros != 0 {
                line.text(".");
                line.number(micros.unsigned_abs() / 100_000);
            }
            line.text(" s");
        }
        _ => {
            line.number(value.len() as u64);
            line.text(" bytes");
        }
    }
}

/// Bytes of a `struct timeval`.
const TIMEVAL: usize = 16;

fn constant(line: &mut Line, set: &'static FlagSet, value: u64, prefix: &str) {
    match set.name_of(value) {
        Some(name) => line.text(name.strip_prefix(prefix).unwrap_or(name)),
        None => line.number(value),
    }
}

fn bits(line: &mut Line, set: &'static FlagSet, value: u64, prefix: &str) {
    let (names, rest) = set.names(value);
    let mut first = true;
    for name in names {
        line.text(if first { "" } else { "|" });
        line.text(name.strip_prefix(prefix).unwrap_or(name));
        first = false;
    }
    if rest != 0 || first {
        line.text(if first { "" } else { "|" });
        line.hex(rest);
    }
}

/// How long `nanosleep` and `clock_nanosleep` are asked to sleep: the only thing about them that
/// matters here.
fn sleep(call: &Syscall<'_>) -> Option<Time> {
    if !matches!(
        call.name,
        CallName::Known(calls::NANOSLEEP | calls::CLOCK_NANOSLEEP)
    ) {
        return None;
    }
    call.args.iter().find_map(|arg| match arg {
        Arg::Struct(memory) if matches!(memory.kind, Kind::Timespec) => {
            structs::time(memory.bytes())
        }
        _ => None,
    })
}

fn milliseconds_of(line: &mut Line, time: Time) {
    let ms = time
        .seconds
        .saturating_mul(1000)
        .saturating_add(time.fraction / 1_000_000);
    line.signed(ms);
    line.text(" ms");
}

/// A call that only the table knows: its arguments as they are, as far as there is room.
fn by_table(line: &mut Line, call: &Syscall<'_>, room: usize, charset: Charset) {
    for (i, arg) in call.args.iter().enumerate() {
        if i > 0 {
            line.text(", ");
        }
        if line.columns + TAIL + 6 > room {
            line.text("...");
            return;
        }
        let left = room - line.columns - TAIL;
        match &arg {
            Arg::Int(value) => line.signed(*value),
            Arg::Size(value) => line.number(*value),
            Arg::Fd(fd) => line.fd(*fd),
            Arg::Pointer(0) => line.text("NULL"),
            Arg::Pointer(value)
            | Arg::Mode(value)
            | Arg::OpenFlags(value)
            | Arg::SocketType(value) => {
                line.hex(*value);
            }
            Arg::Flags(set, value) => bits(line, set, *value, ""),
            Arg::Constant(set, value) => constant(line, set, *value, ""),
            Arg::Bytes(bytes) | Arg::Path(bytes) => {
                line.text("\"");
                line.escaped(bytes.bytes, left.saturating_sub(2), charset);
                line.text("\"");
            }
            Arg::Address(address) => write_address(line, Some(address), room, charset),
            Arg::Length { after, .. } => line.number(u64::from(*after)),
            Arg::Struct(_) => line.text("{..}"),
        }
    }
}
