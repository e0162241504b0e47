//! `struct io_uring_params` (`man 2 io_uring_setup`).

use super::bits::named_bits;
use super::structs::field;
use super::{Line, quote};
use crate::abi::Fd;
use crate::abi::flags;
use crate::event::call::Memory;
use crate::event::digits;
use crate::event::structs::u32_at;

/// `IORING_SETUP_ATTACH_WQ`: only with this there is a descriptor among the fields.
const ATTACH_WQ: u32 = 0x20;

/// Where the offsets of a ring stand in the structure: names of 32-bit words in a row.
static SUBMISSION: [&str; 7] = [
    "head",
    "tail",
    "ring_mask",
    "ring_entries",
    "flags",
    "dropped",
    "array",
];
static COMPLETION: [&str; 7] = [
    "head",
    "tail",
    "ring_mask",
    "ring_entries",
    "overflow",
    "cqes",
    "flags",
];

impl Line<'_> {
    /// What was asked; what it was given too, where the ring was made.
    pub fn ring(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let bytes = memory.bytes();
        let made = memory.after().filter(|_| self.succeeded());
        let flags = u32_at(bytes, 8)?;
        out.extend_from_slice(b"{flags=");
        named_bits(&flags::IORING_SETUP, u64::from(flags), out);
        out.extend_from_slice(b", sq_thread_cpu=");
        match u32_at(bytes, 12)? {
            0 => out.push(b'0'),
            cpu => digits::hex(out, u64::from(cpu)),
        }
        field("sq_thread_idle", u64::from(u32_at(bytes, 16)?), out);
        if flags & ATTACH_WQ != 0 {
            out.extend_from_slice(b", wq_fd=");
            self.fd(Fd(u32_at(bytes, 24)? as i32), out);
        }
        if let Some(made) = made {
            field("sq_entries", u64::from(u32_at(made, 0)?), out);
            field("cq_entries", u64::from(u32_at(made, 4)?), out);
            out.extend_from_slice(b", features=");
            named_bits(&flags::IORING_FEATURES, u64::from(u32_at(made, 20)?), out);
            offsets(b", sq_off={", &SUBMISSION, made.get(40..80)?, out)?;
            offsets(b", cq_off={", &COMPLETION, made.get(80..120)?, out)?;
        }
        out.push(b'}');
        Some(())
    }
}

fn offsets(before: &[u8], names: &[&str], bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(before);
    for (index, name) in names.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b", " } else { b"" });
        quote::word(name, out);
        out.push(b'=');
        digits::decimal(out, u64::from(u32_at(bytes, index * 4)?));
    }
    out.push(b'}');
    Some(())
}
