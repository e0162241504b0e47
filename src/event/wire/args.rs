//! `args`: each argument by its man page's name. `entry`: what `args` does not show of the arguments as
//! they were at entry (addresses of memory that was not kept, lengths that the call changed).

use super::string::{base64, string};
use super::{Writer, comma, structs};
use crate::abi::address::Address;
use crate::abi::calls::{Kind, Param};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::call::{Arg, CallName, Captured, Memory, Outcome, Syscall};
use crate::event::digits;

/// `AT_FDCWD` (`man 2 openat`).
pub const AT_FDCWD: i32 = -100;

impl Writer {
    pub(super) fn args(&self, syscall: &Syscall<'_>, outcome: Option<Outcome>, out: &mut Vec<u8>) {
        let start = out.len();
        let CallName::Known(id) = syscall.name else {
            return registers(syscall, out);
        };
        let params = id.signature().params;
        for (index, (param, arg)) in params.iter().zip(syscall.args.iter()).enumerate() {
            if is_left_out(param.kind) {
                continue;
            }
            let before = out.len();
            comma(out.len() > start, out);
            out.push(b'"');
            out.extend_from_slice(param.name.as_bytes());
            out.extend_from_slice(b"\":");
            if !self.value(param.kind, &arg, outcome, syscall, index, out) {
                out.truncate(before);
            }
        }
    }

    /// False when there is nothing to write.
    fn value(
        &self,
        kind: Kind,
        arg: &Arg<'_>,
        outcome: Option<Outcome>,
        syscall: &Syscall<'_>,
        index: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        match arg {
            Arg::Int(value) => digits::signed(out, *value),
            Arg::Size(value) => digits::decimal(out, *value),
            Arg::Pointer(0) => out.extend_from_slice(b"null"),
            // Memory that was not kept: in `entry`, if at all.
            Arg::Pointer(_) if is_memory(kind) => return false,
            Arg::Pointer(value) => quoted_hex(*value, out),
            Arg::Mode(value) => quoted_octal(*value, out),
            Arg::Fd(fd) if fd.0 == AT_FDCWD && matches!(kind, Kind::DirFd) => {
                out.extend_from_slice(b"\"AT_FDCWD\"");
            }
            Arg::Fd(fd) => digits::signed(out, i64::from(fd.0)),
            Arg::Flags(set, bits) => bits_list(set, *bits, out),
            Arg::Constant(set, value) => constant(set, *value, out),
            Arg::OpenFlags(bits) => open_flags(*bits, out),
            Arg::SocketType(value) => socket_type(*value, out),
            Arg::Path(path) => path_string(path, out),
            Arg::Address(value) => address(value, out),
            Arg::Length { after, .. } => digits::decimal(out, u64::from(*after)),
            Arg::Bytes(_) => return false,
            Arg::Struct(memory) => {
                return structs::value(memory, syscall, index, outcome, self.pointers, out)
                    .is_some();
            }
        }
        true
    }

    /// `,"entry":{…}`, if there is anything to say.
    pub(super) fn entry(&self, syscall: &Syscall<'_>, out: &mut Vec<u8>) {
        let CallName::Known(id) = syscall.name else {
            return;
        };
        let start = out.len();
        out.extend_from_slice(b",\"entry\":{");
        let empty = out.len();
        for (param, arg) in id.signature().params.iter().zip(syscall.args.iter()) {
            self.at_entry(param, &arg, empty, out);
        }
        if out.len() == empty {
            out.truncate(start);
        } else {
            out.push(b'}');
        }
    }

    fn at_entry(&self, param: &Param, arg: &Arg<'_>, empty: usize, out: &mut Vec<u8>) {
        let name = |name: &str, out: &mut Vec<u8>| {
            comma(out.len() > empty, out);
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
        };
        match arg {
            // A buffer that is neither here nor in `data` is somewhere.
            Arg::Pointer(0) if is_buffer(param.kind) => {
                name(param.name, out);
                out.extend_from_slice(b"null");
            }
            Arg::Pointer(value) if *value != 0 && is_memory(param.kind) && self.pointers => {
                name(param.name, out);
                quoted_hex(*value, out);
            }
            Arg::Length { before, after } if before != after => {
                name(param.name, out);
                digits::decimal(out, u64::from(*before));
            }
            Arg::Struct(memory) if self.pointers && shows_pointer(memory) => {
                name(param.name, out);
                quoted_hex(memory.pointer, out);
            }
            _ => {}
        }
    }
}

/// Structures of which the strace view may show where they are rather than what they hold.
fn shows_pointer(memory: &Memory<'_>) -> bool {
    match memory.kind {
        Kind::EpollEvent => true,
        Kind::OptionIn { .. } => memory.bytes().len() < 4,
        Kind::OptionOut { .. } => memory.bytes().is_empty(),
        Kind::PollFds { .. } | Kind::VectorIn { .. } | Kind::VectorOut { .. } => {
            let array = memory.part(crate::event::raw::part::FIRST);
            array.is_some_and(|array| (array.bytes.len() as u64) < array.len)
        }
        Kind::OpenHow { .. } => memory.bytes().len() < 24,
        Kind::WaitStatus => memory.bytes().len() < 4,
        Kind::OffsetInOut => memory.bytes().len() < 8,
        Kind::Timespec | Kind::Timeval | Kind::TimespecOut => memory.bytes().len() < 16,
        Kind::DirEntries | Kind::Environment => true,
        Kind::MessagesOut { .. } => memory.after().is_none(),
        _ => false,
    }
}

/// Buffers stand in `data`, and what nobody passes is not there.
fn is_left_out(kind: Kind) -> bool {
    matches!(kind, Kind::Unused) || is_buffer(kind)
}

/// Bytes that a call moves, in one piece.
pub fn is_buffer(kind: Kind) -> bool {
    matches!(kind, Kind::BytesIn { .. } | Kind::BytesOut { .. })
}

/// Whether an argument of this kind leads to memory that is shown instead of its address.
pub fn is_memory(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Pointer | Kind::Hex | Kind::IoctlArg { .. } | Kind::FcntlArg { .. }
    )
}

/// The registers of a call nobody knows.
fn registers(syscall: &Syscall<'_>, out: &mut Vec<u8>) {
    for (index, arg) in syscall.args.iter().enumerate() {
        comma(index > 0, out);
        out.extend_from_slice(b"\"arg");
        digits::decimal(out, index as u64 + 1);
        out.extend_from_slice(b"\":");
        match arg {
            Arg::Pointer(value) => quoted_hex(value, out),
            _ => out.extend_from_slice(b"null"),
        }
    }
}

pub fn quoted_hex(value: u64, out: &mut Vec<u8>) {
    out.push(b'"');
    digits::hex(out, value);
    out.push(b'"');
}

pub fn quoted_octal(value: u64, out: &mut Vec<u8>) {
    out.push(b'"');
    digits::octal(out, value);
    out.push(b'"');
}

/// `["A","B","0x40"]`: names, then the bits that have none.
pub fn bits_list(set: &FlagSet, bits: u64, out: &mut Vec<u8>) {
    let (names, rest) = set.names(bits);
    list(names, rest, out);
}

fn list<'n>(names: impl Iterator<Item = &'n str>, rest: u64, out: &mut Vec<u8>) {
    out.push(b'[');
    let start = out.len();
    for name in names {
        comma(out.len() > start, out);
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }
    if rest != 0 {
        comma(out.len() > start, out);
        quoted_hex(rest, out);
    }
    out.push(b']');
}

/// The name, or the number in hex.
fn constant(set: &FlagSet, value: u64, out: &mut Vec<u8>) {
    match set.name_of(value) {
        Some(name) => {
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        }
        None => quoted_hex(value, out),
    }
}

pub fn open_flags(bits: u64, out: &mut Vec<u8>) {
    let (mode, names, rest) = flags::open_flags(bits);
    list(std::iter::once(mode).chain(names), rest, out);
}

fn socket_type(value: u64, out: &mut Vec<u8>) {
    match flags::socket_type(value) {
        (Some(name), _, names, rest) => list(std::iter::once(name).chain(names), rest, out),
        (None, ..) => list(std::iter::empty(), value, out),
    }
}

/// A path as a string, where it is text and whole.
pub fn path_string(path: &Captured<'_>, out: &mut Vec<u8>) {
    match std::str::from_utf8(path.bytes) {
        Ok(text) if path.len == text.len() as u64 => string(text, out),
        _ => {
            out.extend_from_slice(b"{\"len\":");
            digits::decimal(out, path.len);
            out.push(b',');
            base64(path.bytes, out);
            out.push(b'}');
        }
    }
}

/// `"127.0.0.1:8080"`; where the text would not give back the same address, its bytes.
pub fn address(address: &Address, out: &mut Vec<u8>) {
    let text = address.to_string();
    if super::read::address_from_text(&text).as_ref() == Some(address) {
        return string(&text, out);
    }
    out.extend_from_slice(b"{\"family\":");
    digits::decimal(out, u64::from(address.family()));
    out.push(b',');
    base64(&address.to_bytes(), out);
    out.push(b'}');
}
