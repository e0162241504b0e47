//! What `fcntl` is given and what it gives back.

use super::Line;
use super::bits::{constant, named_bits, open_flags};
use crate::abi::Fd;
use crate::abi::flags;
use crate::event::call::Arg;
use crate::event::digits;
use crate::event::structs;

/// The structure that an operation leads to.
pub fn structure(op: u64, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match flags::locks(op) {
        true => flock(op, bytes, out),
        false => owner(bytes, out),
    }
}

/// `{type=F_OWNER_PID, pid=7}`.
fn owner(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"{type=");
    constant(&flags::OWNER, u64::from(structs::u32_at(bytes, 0)?), out);
    out.extend_from_slice(b", pid=");
    digits::signed(out, i64::from(structs::u32_at(bytes, 4)? as i32));
    out.push(b'}');
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
    if flags::fcntl_fills(op) {
        out.extend_from_slice(b", l_pid=");
        digits::signed(out, i64::from(structs::u32_at(bytes, 24)? as i32));
    }
    out.push(b'}');
    Some(())
}

/// What an operation gave: names beside numbers that are made of bits.
pub fn result(line: &Line<'_>, op: &Arg<'_>, value: i64, out: &mut Vec<u8>) {
    let name = match op {
        Arg::Constant(set, op) => set.name_of(*op),
        _ => None,
    };
    match name {
        Some("F_GETFD") if value != 0 => with(value, b"flags ", out, |bits, out| {
            named_bits(&flags::FD, bits, out)
        }),
        Some("F_GET_SEALS") if value != 0 => with(value, b"seals ", out, |bits, out| {
            named_bits(&flags::SEAL, bits, out)
        }),
        Some("F_GETFL") => with(value, b"flags ", out, open_flags),
        Some("F_GETLEASE") => with(value, b"", out, |bits, out| {
            constant(&flags::LOCK_TYPE, bits, out)
        }),
        Some("F_DUPFD" | "F_DUPFD_CLOEXEC") => line.fd(Fd(value as i32), out),
        _ => digits::signed(out, value),
    }
}

/// `0x1 (flags FD_CLOEXEC)`.
fn with(value: i64, what: &[u8], out: &mut Vec<u8>, names: impl FnOnce(u64, &mut Vec<u8>)) {
    match value {
        0 => out.push(b'0'),
        value => digits::hex(out, value as u64),
    }
    out.extend_from_slice(b" (");
    out.extend_from_slice(what);
    names(value as u64, out);
    out.push(b')');
}
