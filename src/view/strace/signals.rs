//! Signals: their names, sets of them, what came with one, what is done when one comes.

use super::Line;
use super::bits::named_bits;
use super::structs::field;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::siginfo::{Field, Form, SigInfo};
use crate::event::digits;
use crate::event::structs;

/// Only with this flag the kernel looks at `sa_restorer` (`arch/x86/include/uapi/asm/signal.h`).
const SA_RESTORER: u64 = 0x400_0000;

/// `SIGINT`, or the number.
pub fn signal(number: i32, out: &mut Vec<u8>) {
    match flags::SIGNAL.name_of(number as u64) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => digits::signed(out, i64::from(number)),
    }
}

/// A signal that is delivered, and what the kernel says of it.
pub fn delivered(number: i32, info: Option<&SigInfo>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"--- ");
    signal(number, out);
    out.extend_from_slice(b" {si_signo=");
    signal(number, out);
    if let Some(info) = info {
        details(info, out);
    }
    out.extend_from_slice(b"} ---");
}

/// What `waitid` says of a child; nothing where none has changed.
pub fn waited(info: &SigInfo, out: &mut Vec<u8>) {
    out.push(b'{');
    if info.signal() != 0 {
        out.extend_from_slice(b"si_signo=");
        signal(info.signal(), out);
        details(info, out);
    }
    out.push(b'}');
}

/// Why it was sent, and the fields that go with it.
fn details(info: &SigInfo, out: &mut Vec<u8>) {
    out.extend_from_slice(b", si_code=");
    match info.code_name() {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => digits::signed(out, i64::from(info.code())),
    }
    if info.errno() != 0 {
        out.extend_from_slice(b", si_errno=");
        match Errno(info.errno()).name() {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => digits::signed(out, i64::from(info.errno())),
        }
    }
    for field in info.fields() {
        signal_field(info, *field, out);
    }
}

fn signal_field(info: &SigInfo, field: Field, out: &mut Vec<u8>) {
    let value = info.get(field);
    out.extend_from_slice(b", si_");
    out.extend_from_slice(field.name.as_bytes());
    out.push(b'=');
    match field.form {
        Form::Status if info.status_is_signal() => signal(value as i32, out),
        Form::Pointer if field.name == "value" => {
            out.extend_from_slice(b"{sival_int=");
            digits::signed(out, i64::from(value as i32));
            out.extend_from_slice(b", sival_ptr=");
            address(value as u64, out);
            out.push(b'}');
        }
        Form::Pointer => address(value as u64, out),
        _ if field.name == "timerid" => digits::hex(out, value as u32 as u64),
        _ => digits::signed(out, value),
    }
}

fn address(value: u64, out: &mut Vec<u8>) {
    match value {
        0 => out.extend_from_slice(b"NULL"),
        value => digits::hex(out, value),
    }
}

/// `[INT TERM]`; when most are in it, `~[…]` with those that are not.
pub fn sigset(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let bits = structs::u64_at(bytes, 0).filter(|_| bytes.len() == 8)?;
    // Two thirds of all.
    let inverted = bits.count_ones() >= 42;
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

/// `{sigmask=[CHLD], sigsetsize=8}`: `set` is what the first word points to.
pub fn packed_sigset(bytes: &[u8], set: Option<&[u8]>, out: &mut Vec<u8>) -> Option<()> {
    let pointer = structs::u64_at(bytes, 0)?;
    out.extend_from_slice(b"{sigmask=");
    match set {
        Some(set) => sigset(set, out)?,
        None => address(pointer, out),
    }
    field("sigsetsize", structs::u64_at(bytes, 8)?, out);
    out.push(b'}');
    Some(())
}

impl Line<'_> {
    /// `SIG_DFL`, `SIG_IGN`, `SIG_ERR` or where the handler is; which signals wait meanwhile; how it is
    /// called.
    pub fn action(&self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let word = |index: usize| structs::u64_at(bytes, index * 8);
        let flags = word(1)?;
        out.extend_from_slice(b"{sa_handler=");
        match word(0)? {
            0 => out.extend_from_slice(b"SIG_DFL"),
            1 => out.extend_from_slice(b"SIG_IGN"),
            u64::MAX => out.extend_from_slice(b"SIG_ERR"),
            handler => self.pointer(handler, out),
        }
        out.extend_from_slice(b", sa_mask=");
        sigset(bytes.get(24..)?, out)?;
        out.extend_from_slice(b", sa_flags=");
        named_bits(&flags::SA, flags, out);
        if flags & SA_RESTORER != 0 {
            out.extend_from_slice(b", sa_restorer=");
            self.pointer(word(2)?, out);
        }
        out.push(b'}');
        Some(())
    }
}
