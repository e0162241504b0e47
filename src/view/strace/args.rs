//! The call and its arguments, in the order of the table.

use super::bits::{
    constant, mapping, memory_file, named_bits, open_flags, permissions, request_name, socket_type,
    statx_flags,
};
use super::signals::signal;
use super::{Line, push_name, quote};
use crate::abi::Fd;
use crate::abi::calls::{self, CallId, Kind};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::abi::ioctl::IoctlArg;
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
            // What had the number before it was given to another, nobody remembers.
            Arg::Fd(fd) if index == 1 && self.copies() => digits::signed(out, i64::from(fd.0)),
            Arg::Fd(fd) => self.fd_argument(*fd, out),
            Arg::Bytes(bytes) => self.bytes(bytes, out),
            Arg::Pointer(value) => self.pointer(*value, out),
            // The kernel's `umode_t` has 16 bits.
            Arg::Mode(value) => permissions(*value & 0xffff, out),
            Arg::Flags(set, bits) => self.flags_argument(index, set, *bits, out),
            Arg::Constant(set, value) if std::ptr::eq(*set, &flags::IOCTL) => {
                request_name(*value, out);
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
        // A path, and the NUL at its end.
        if let (CallName::Known(calls::GETCWD), [path @ .., 0]) = (self.syscall.name, bytes.bytes) {
            return quote::string(self.options.hex, path, out);
        }
        quote::buffer(self.options, bytes.bytes, bytes.len, out);
    }

    /// Paths are not cut at `-s`; the name of a memory file is not a path.
    fn path(&self, path: &Captured<'_>, out: &mut Vec<u8>) {
        if let CallName::Known(calls::MEMFD_CREATE) = self.syscall.name {
            return self.bytes(path, out);
        }
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

    /// `dup2` and `dup3` that gave a number to something else.
    fn copies(&self) -> bool {
        let same = match (self.syscall.args.get(0), self.syscall.args.get(1)) {
            (Arg::Fd(from), Arg::Fd(to)) => from == to,
            _ => true,
        };
        matches!(
            self.syscall.name,
            CallName::Known(calls::DUP2 | calls::DUP3)
        ) && self.succeeded()
            && !same
    }

    fn fd_argument(&self, fd: Fd, out: &mut Vec<u8>) {
        match fd.0 {
            AT_FDCWD => out.extend_from_slice(b"AT_FDCWD"),
            _ => self.fd(fd, out),
        }
    }

    /// `clone` has the signal for the parent in the low bits of its flags.
    fn flags_argument(&self, index: usize, set: &FlagSet, bits: u64, out: &mut Vec<u8>) {
        match set {
            set if std::ptr::eq(set, &flags::MAP) => return mapping(bits, out),
            set if std::ptr::eq(set, &flags::MFD) => return memory_file(bits, out),
            set if std::ptr::eq(set, &flags::STATX_AT) => return statx_flags(bits, out),
            _ if !matches!(self.kind(index), Some(Kind::CloneFlags)) => {
                return named_bits(set, bits, out);
            }
            _ => {}
        }
        let ending = bits & 0xff;
        match (bits & !0xff, ending) {
            (0, 0) => out.push(b'0'),
            (0, ending) => signal(ending as i32, out),
            (bits, 0) => named_bits(set, bits, out),
            (bits, ending) => {
                named_bits(set, bits, out);
                out.push(b'|');
                signal(ending as i32, out);
            }
        }
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
            | Kind::TimespecLeft
            | Kind::SigSetOut { .. }
            | Kind::SigActionOut
            | Kind::SigInfoOut
            | Kind::Rusage
            | Kind::RingParams
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

/// `[16]`, or `[128 => 16]` when the kernel changed it. The kernel takes it as an `int`.
fn length(before: u32, after: u32, out: &mut Vec<u8>) {
    out.push(b'[');
    digits::signed(out, i64::from(before as i32));
    if before != after {
        out.extend_from_slice(b" => ");
        digits::signed(out, i64::from(after as i32));
    }
    out.push(b']');
}

/// Whether the result of this call is an address.
pub fn gives_pointer(id: CallId) -> bool {
    matches!(id, calls::MMAP | calls::MREMAP | calls::BRK | calls::SHMAT)
}
