//! The call and its arguments, in the order of the table.

use super::{Line, push_name, quote};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls::{self, CallId, Kind};
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::abi::ioctl::IoctlArg;
use crate::abi::siginfo::{Field, Form, SigInfo};
use crate::event::call::{Arg, CallName, Captured};
use crate::event::digits;
use nix::libc;

/// `AT_FDCWD` (`man 2 openat`).
const AT_FDCWD: i32 = -100;
/// `O_CREAT`, and the bit of `O_TMPFILE` that is not `O_DIRECTORY`: only with these does `open` look at
/// its mode.
const O_CREAT: u64 = 0o100;
const O_TMPFILE: u64 = 0o20000000;

impl Line<'_> {
    /// `name(arguments)`.
    #[inline]
    pub fn call(&self, out: &mut Vec<u8>) {
        push_name(self.syscall, out);
        out.push(b'(');
        match self.syscall.name {
            CallName::Known(calls::CLONE) => self.clone_list(out),
            _ => self.list(out, self.shown()),
        }
        out.push(b')');
    }

    /// strace names the arguments of `clone`, in an order of its own, and leaves out those that the
    /// flags do not ask for.
    fn clone_list(&self, out: &mut Vec<u8>) {
        let args = &self.syscall.args;
        let flags = match args.get(0) {
            Arg::Flags(_, bits) => bits,
            _ => 0,
        };
        let bit = |flag: i32| flags & flag as u64 != 0;
        let set_id = bit(libc::CLONE_CHILD_SETTID) || bit(libc::CLONE_CHILD_CLEARTID);
        let asked = [
            ("child_stack", true),
            ("flags", true),
            ("parent_tid", bit(libc::CLONE_PARENT_SETTID)),
            ("tls", bit(libc::CLONE_SETTLS)),
            ("child_tidptr", set_id),
        ];
        let params = calls::CLONE.signature().params;
        for (shown, (name, _)) in asked.iter().filter(|(_, asked)| *asked).enumerate() {
            let place = params.iter().position(|param| match *name {
                "child_stack" => param.name == "stack",
                "child_tidptr" => param.name == "child_tid",
                name => param.name == name,
            });
            let Some(place) = place else { continue };
            out.extend_from_slice(if shown > 0 { b", " } else { b"" });
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            match (*name, self.child()) {
                ("parent_tid", Some(child)) if !bit(libc::CLONE_PIDFD) => {
                    out.push(b'[');
                    digits::signed(out, child);
                    out.push(b']');
                }
                _ => self.arg(place, &args.get(place), out),
            }
        }
    }

    /// `name(` and the arguments that are known while the call waits, as strace writes them before the
    /// call: up to the first that the kernel will fill in, or that was not kept.
    pub fn beginning(&self, out: &mut Vec<u8>) {
        push_name(self.syscall, out);
        out.push(b'(');
        let shown = self.shown();
        let known = match self.syscall.name {
            CallName::Known(id) => {
                let params = id.signature().params;
                let unknown = |i: &usize| is_output(params[*i].kind) || self.is_missing(*i);
                (0..shown).find(unknown).unwrap_or(shown)
            }
            CallName::Number(_) | CallName::Name(_) => shown,
        };
        self.list(out, known);
        if known > 0 && known < shown {
            out.extend_from_slice(b", ");
        }
    }

    fn is_missing(&self, index: usize) -> bool {
        let CallName::Known(id) = self.syscall.name else {
            return false;
        };
        let plain = matches!(
            id.signature().params[index].kind,
            Kind::Pointer | Kind::Hex | Kind::IoctlArg { .. } | Kind::FcntlArg { .. }
        );
        !plain && matches!(self.syscall.args.get(index), Arg::Pointer(1..))
    }

    fn list(&self, out: &mut Vec<u8>, count: usize) {
        let params = match self.syscall.name {
            CallName::Known(id) => id.signature().params,
            CallName::Number(_) | CallName::Name(_) => &[],
        };
        for index in 0..count {
            if let Some(Kind::Unused) = params.get(index).map(|param| param.kind) {
                continue;
            }
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            self.arg(index, &self.syscall.args.get(index), out);
        }
    }

    #[inline]
    fn kind(&self, index: usize) -> Option<Kind> {
        match self.syscall.name {
            CallName::Known(id) => id.signature().params.get(index).map(|param| param.kind),
            CallName::Number(_) | CallName::Name(_) => None,
        }
    }

    /// How many arguments this call has, this time.
    #[inline]
    fn shown(&self) -> usize {
        let args = &self.syscall.args;
        let CallName::Known(id) = self.syscall.name else {
            return args.count();
        };
        match id {
            calls::OPENAT if !makes_a_file(&args.get(2)) => 3,
            calls::OPEN if !makes_a_file(&args.get(1)) => 2,
            calls::FCNTL if takes_nothing(&args.get(1)) => 2,
            calls::IOCTL if asks_nothing(&args.get(1)) => 2,
            _ => args.count(),
        }
    }

    #[inline]
    fn arg(&self, index: usize, arg: &Arg<'_>, out: &mut Vec<u8>) {
        match arg {
            Arg::Int(value) => digits::signed(out, *value),
            Arg::Size(value) => digits::decimal(out, *value),
            Arg::Fd(fd) => self.fd_argument(*fd, out),
            Arg::Bytes(bytes) => self.bytes(bytes, out),
            Arg::Pointer(value) => self.pointer(*value, out),
            Arg::Mode(value) => digits::octal(out, *value),
            Arg::Flags(set, bits) => self.flags_argument(index, set, *bits, out),
            Arg::Constant(set, value)
                if std::ptr::eq(*set, &flags::IOCTL) && set.name_of(*value).is_none() =>
            {
                request(*value, out);
            }
            Arg::Constant(set, value) => constant(set, *value, out),
            Arg::OpenFlags(bits) => open_flags(*bits, out),
            Arg::SocketType(value) => socket_type(*value, out),
            Arg::Path(path) => self.path(path, out),
            Arg::Address(address) => self.address(address, out),
            Arg::Length { before, after } => length(*before, *after, out),
            Arg::Struct(memory) => self.structure(memory, out),
        }
    }

    #[inline]
    fn bytes(&self, bytes: &Captured<'_>, out: &mut Vec<u8>) {
        quote::buffer(self.options, bytes.bytes, bytes.len, out);
    }

    /// Paths are not cut at `-s`.
    fn path(&self, path: &Captured<'_>, out: &mut Vec<u8>) {
        quote::string(self.options.hex, path.bytes, out);
        if (path.bytes.len() as u64) < path.len {
            out.extend_from_slice(b"...");
        }
    }

    /// Registers of a call nobody knows are just numbers: 0 is not `NULL` there.
    pub fn pointer(&self, value: u64, out: &mut Vec<u8>) {
        match (value, self.syscall.name) {
            (0, CallName::Known(_)) => out.extend_from_slice(b"NULL"),
            (0, CallName::Number(_) | CallName::Name(_)) => out.push(b'0'),
            (_, CallName::Known(_)) if !self.options.pointers => out.push(b'N'),
            (value, _) => digits::hex(out, value),
        }
    }

    fn fd_argument(&self, fd: Fd, out: &mut Vec<u8>) {
        match fd.0 {
            AT_FDCWD => out.extend_from_slice(b"AT_FDCWD"),
            _ => self.fd(fd, out),
        }
    }

    /// `clone` has the signal for the parent in the low bits of its flags.
    fn flags_argument(&self, index: usize, set: &FlagSet, bits: u64, out: &mut Vec<u8>) {
        if !matches!(self.kind(index), Some(Kind::CloneFlags)) {
            return named_bits(set, bits, out);
        }
        let signal = bits & 0xff;
        match (bits & !0xff, signal) {
            (0, 0) => out.push(b'0'),
            (0, signal) => self::signal(signal as i32, out),
            (bits, 0) => named_bits(set, bits, out),
            (bits, signal) => {
                named_bits(set, bits, out);
                out.push(b'|');
                self::signal(signal as i32, out);
            }
        }
    }

    /// `{sa_family=AF_INET, …}`.
    pub fn address(&self, address: &Address, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{sa_family=");
        constant(&flags::DOMAIN, u64::from(address.family()), out);
        match address {
            Address::V4(octets, port) => {
                out.extend_from_slice(b", sin_port=htons(");
                digits::decimal(out, u64::from(*port));
                out.extend_from_slice(b"), sin_addr=inet_addr(");
                let mut text = Vec::with_capacity(15);
                dotted(octets, &mut text);
                quote::string(self.options.hex, &text, out);
                out.push(b')');
            }
            Address::V6(octets, port, flow, scope) => {
                out.extend_from_slice(b", sin6_port=htons(");
                digits::decimal(out, u64::from(*port));
                out.extend_from_slice(b"), sin6_flowinfo=htonl(");
                digits::decimal(out, u64::from(*flow));
                out.extend_from_slice(b"), inet_pton(AF_INET6, ");
                let text = std::net::Ipv6Addr::from(*octets).to_string();
                quote::string(self.options.hex, text.as_bytes(), out);
                out.extend_from_slice(b", &sin6_addr), sin6_scope_id=");
                digits::decimal(out, u64::from(*scope));
            }
            Address::Unix(path) => self.unix(path, out),
            Address::Other(_, rest) => {
                out.extend_from_slice(b", sa_data=");
                quote::string(self.options.hex, rest, out);
            }
        }
        out.push(b'}');
    }

    fn unix(&self, path: &[u8], out: &mut Vec<u8>) {
        match path {
            [] => {}
            [0, name @ ..] => {
                out.extend_from_slice(b", sun_path=@");
                quote::string(self.options.hex, name, out);
            }
            path => {
                out.extend_from_slice(b", sun_path=");
                quote::string(self.options.hex, path, out);
            }
        }
    }
}

fn dotted(octets: &[u8; 4], out: &mut Vec<u8>) {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        digits::decimal(out, u64::from(*octet));
    }
}

/// What the kernel fills in is not known while the call waits.
fn is_output(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BytesOut { .. }
            | Kind::AddressOut { .. }
            | Kind::LengthInOut
            | Kind::OptionOut { .. }
            | Kind::VectorOut { .. }
            | Kind::MessageOut
            | Kind::MessagesOut { .. }
            | Kind::EpollEvents
            | Kind::IntsOut { .. }
            | Kind::Stat
            | Kind::Statx
            | Kind::TimespecOut
            | Kind::ItimerspecOut
            | Kind::WaitStatus
            | Kind::OffsetInOut
            | Kind::DirEntries
            | Kind::StructOut { .. }
    )
}

fn makes_a_file(flags: &Arg<'_>) -> bool {
    matches!(flags, Arg::OpenFlags(bits) if bits & (O_CREAT | O_TMPFILE) != 0)
}

/// The `fcntl` operations that look at no third argument (`man 2 fcntl`).
fn takes_nothing(op: &Arg<'_>) -> bool {
    let name = |op: &Arg<'_>| match op {
        Arg::Constant(set, value) => set.name_of(*value),
        _ => None,
    };
    matches!(
        name(op),
        Some(
            "F_GETFD"
                | "F_GETFL"
                | "F_GETOWN"
                | "F_GETSIG"
                | "F_GETLEASE"
                | "F_GETPIPE_SZ"
                | "F_GET_SEALS"
        )
    )
}

/// The `ioctl` requests that come without an argument.
fn asks_nothing(request: &Arg<'_>) -> bool {
    matches!(request, Arg::Constant(_, value) if IoctlArg::of(*value) == IoctlArg::Nothing)
}

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
fn unknown(set: &FlagSet, value: u64, out: &mut Vec<u8>) {
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

fn socket_type(value: u64, out: &mut Vec<u8>) {
    let (name, _, names, rest) = flags::socket_type(value);
    let Some(name) = name else {
        return unknown(&flags::SOCKET_TYPE, value, out);
    };
    out.extend_from_slice(name.as_bytes());
    for name in names {
        out.push(b'|');
        out.extend_from_slice(name.as_bytes());
    }
    if rest != 0 {
        out.push(b'|');
        digits::hex(out, rest);
    }
}

/// `[16]`, or `[128 => 16]` when the kernel changed it.
fn length(before: u32, after: u32, out: &mut Vec<u8>) {
    out.push(b'[');
    digits::decimal(out, u64::from(before));
    if before != after {
        out.extend_from_slice(b" => ");
        digits::decimal(out, u64::from(after));
    }
    out.push(b']');
}

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
    out.extend_from_slice(b"} ---");
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

/// Whether the result of this call is an address.
pub fn gives_pointer(id: CallId) -> bool {
    matches!(id, calls::MMAP | calls::MREMAP | calls::BRK | calls::SHMAT)
}
