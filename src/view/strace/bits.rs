//! Numbers by their names: bits joined by `|`, constants, and what has no name in hex.

use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::digits;

/// `_IOC(_IOC_READ, 0x22, 0x33, 0x911)`: a request nobody knows, in its parts.
fn request(number: u64, out: &mut Vec<u8>) {
    let (direction, kind, number, size) = flags::ioctl_parts(number);
    out.extend_from_slice(b"_IOC(");
    out.extend_from_slice(direction.as_bytes());
    for part in [u64::from(kind), u64::from(number), u64::from(size)] {
        out.extend_from_slice(b", ");
        match part {
            0 => out.push(b'0'),
            part => digits::hex(out, part),
        }
    }
    out.push(b')');
}

/// Bits with names, joined by `|`; what has no name in hex.
pub fn named_bits(set: &FlagSet, bits: u64, out: &mut Vec<u8>) {
    if bits == 0 && set.name_of(0).is_none() {
        return out.push(b'0');
    }
    let start = out.len();
    let (names, rest) = set.names(bits);
    for name in names {
        if out.len() > start {
            out.push(b'|');
        }
        out.extend_from_slice(name.as_bytes());
    }
    match (rest, out.len() > start) {
        (0, _) => {}
        (rest, true) => {
            out.push(b'|');
            digits::hex(out, rest);
        }
        (rest, false) => unknown(set, rest, out),
    }
}

/// One value with a name, or its number.
pub fn constant(set: &FlagSet, value: u64, out: &mut Vec<u8>) {
    match set.name_of(value) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None if set.unknown().is_none() => digits::signed(out, i64::from(value as i32)),
        None => unknown(set, value, out),
    }
}

/// `0x63 /* AF_??? */`; strace writes 0 as `0`.
pub fn unknown(set: &FlagSet, value: u64, out: &mut Vec<u8>) {
    match value {
        0 => out.push(b'0'),
        value => digits::hex(out, value),
    }
    if let Some(text) = set.unknown() {
        out.extend_from_slice(b" /* ");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b" */");
    }
}

/// `O_RDONLY|O_CLOEXEC`.
pub fn open_flags(bits: u64, out: &mut Vec<u8>) {
    let (mode, names, rest) = flags::open_flags(bits);
    out.extend_from_slice(mode.as_bytes());
    for name in names {
        out.push(b'|');
        out.extend_from_slice(name.as_bytes());
    }
    if rest != 0 {
        out.push(b'|');
        digits::hex(out, rest);
    }
}

/// `SOCK_STREAM|SOCK_CLOEXEC`: a number in the low four bits, then flags. A number without a name is not
/// told from the flags.
pub fn socket_type(value: u64, out: &mut Vec<u8>) {
    let (name, kind, _, _) = flags::socket_type(value);
    match name {
        Some(name) => after(name, &flags::SOCK, value & !kind, out),
        None => named_bits(&flags::SOCK, value, out),
    }
}

/// `MAP_PRIVATE|MAP_ANONYMOUS`: a number in the low four bits, then flags; the size of huge pages, as a
/// power of two, in the upper six (`man 2 mmap`).
pub fn mapping(bits: u64, out: &mut Vec<u8>) {
    let (kind, huge) = (bits & 0xf, bits & HUGE);
    constant(&flags::MAP_TYPE, kind, out);
    if bits & !0xf & !HUGE != 0 {
        out.push(b'|');
        let (names, rest) = flags::MAP.names(bits & !0xf & !HUGE);
        joined(names, rest, out);
    }
    if huge != 0 {
        out.push(b'|');
        huge_size(huge, b"MAP_HUGE_SHIFT", out);
    }
}

/// `MFD_HUGETLB|30<<MFD_HUGE_SHIFT`, with the size of pages as in [`mapping`].
pub fn memory_file(bits: u64, out: &mut Vec<u8>) {
    let huge = bits & HUGE;
    if bits & !HUGE != 0 || huge == 0 {
        named_bits(&flags::MFD, bits & !HUGE, out);
    }
    if huge != 0 {
        out.extend_from_slice(if bits & !HUGE != 0 { b"|" } else { b"" });
        huge_size(huge, b"MFD_HUGE_SHIFT", out);
    }
}

/// Where `mmap` and `memfd_create` have the size of huge pages.
const HUGE: u64 = 0x3f << 26;

fn huge_size(huge: u64, shift: &[u8], out: &mut Vec<u8>) {
    digits::decimal(out, huge >> 26);
    out.extend_from_slice(b"<<");
    out.extend_from_slice(shift);
}

/// How fresh `statx` wants its answer is a number among the flags, and 0 has a name too.
pub fn statx_flags(bits: u64, out: &mut Vec<u8>) {
    const SYNC: u64 = 0x6000;
    match bits & SYNC {
        0 => after("AT_STATX_SYNC_AS_STAT", &flags::STATX_AT, bits, out),
        _ => named_bits(&flags::STATX_AT, bits, out),
    }
}

/// `name|FLAGS`; the name alone where there are none.
fn after(name: &str, set: &FlagSet, bits: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    if bits != 0 {
        out.push(b'|');
        named_bits(set, bits, out);
    }
}

fn joined(names: flags::Names, rest: u64, out: &mut Vec<u8>) {
    let start = out.len();
    for name in names {
        out.extend_from_slice(if out.len() > start { b"|" } else { b"" });
        out.extend_from_slice(name.as_bytes());
    }
    if rest != 0 {
        out.extend_from_slice(if out.len() > start { b"|" } else { b"" });
        digits::hex(out, rest);
    }
}

/// Permission bits: at least three digits, the first of them 0.
pub fn permissions(bits: u64, out: &mut Vec<u8>) {
    match bits {
        0o100.. => digits::octal(out, bits),
        bits => out.extend_from_slice(&[b'0', b'0' + (bits >> 3) as u8, b'0' + (bits & 7) as u8]),
    }
}

/// The requests whose number belongs to two devices: strace gives both names.
pub fn request_name(number: u64, out: &mut Vec<u8>) {
    let other: &[u8] = match number {
        0x5402 => b"SNDCTL_TMR_START or ",
        0x5403 => b"SNDCTL_TMR_STOP or ",
        0x5404 => b"SNDCTL_TMR_CONTINUE or ",
        0x4004_9409 => b"BTRFS_IOC_CLONE or ",
        0x4020_940d => b"BTRFS_IOC_CLONE_RANGE or ",
        _ => b"",
    };
    match flags::IOCTL.name_of(number) {
        Some(name) => {
            out.extend_from_slice(other);
            out.extend_from_slice(name.as_bytes());
        }
        None => request(number, out),
    }
}
