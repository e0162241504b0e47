//! A call's arguments: registers, the kinds the table gives them, and the memory that was kept. Each is
//! worked out when it is asked for: most events are only asked for their meaning.

use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls::{CallId, Kind};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::abi::ioctl::{self, IoctlArg};
use crate::event::call::{Arg, Captured, Data, Memory};
use crate::event::raw::{Raw, Segment, Segments, part};
use crate::event::structs::u32_at;

/// At most six arguments, in order.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// Which call; `None` when only the registers are known.
    id: Option<CallId>,
    registers: [u64; 6],
    memory: &'a [u8],
    succeeded: bool,
    count: u8,
}

impl<'a> Args<'a> {
    /// No arguments at all.
    pub const NONE: Args<'static> = Args {
        id: None,
        registers: [0; 6],
        memory: &[],
        succeeded: false,
        count: 0,
    };

    /// The arguments of a record's call. `succeeded`: it has ended, and not with an error.
    #[inline]
    pub fn new(id: Option<CallId>, raw: &Raw<'a>, succeeded: bool) -> Args<'a> {
        let count = id.map_or(6, |id| id.signature().params.len().min(6)) as u8;
        Args {
            id,
            registers: raw.head.args,
            memory: raw.memory,
            succeeded,
            count,
        }
    }

    /// How many there are.
    #[inline]
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// The argument at `index`; beyond the last, NULL.
    #[inline]
    pub fn get(&self, index: usize) -> Arg<'a> {
        match self.id {
            Some(id) => match id.signature().params.get(index) {
                Some(param) if index < 6 => self.one(index as u8, param.kind),
                _ => Arg::Pointer(0),
            },
            None => Arg::Pointer(self.registers.get(index).copied().unwrap_or(0)),
        }
    }

    /// The bytes behind the argument at `index`, where that is one buffer.
    pub(super) fn buffer(&self, index: usize) -> Option<Data<'a>> {
        match self.get(index) {
            Arg::Bytes(bytes) => {
                Some(Data::one(bytes.len, bytes.bytes).and_later(self.memory, index as u8))
            }
            _ => None,
        }
    }

    /// All of them.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Arg<'a>> + use<'a> {
        let args = *self;
        (0..self.count()).map(move |index| args.get(index))
    }

    #[inline]
    fn segment(&self, arg: u8, part: u8) -> Option<Segment<'a>> {
        Segments::new(self.memory).find(|s| s.arg == arg && s.part == part)
    }

    /// Registers hold 64 bits; a C `int` is the low 32, and what stands above it is left over from
    /// something else.
    #[inline]
    fn one(&self, arg: u8, kind: Kind) -> Arg<'a> {
        let register = self.registers[arg as usize];
        let low = register & 0xffff_ffff;
        let of = |other: u8| self.registers[other as usize] & 0xffff_ffff;
        match kind {
            Kind::Int => Arg::Int(i64::from(register as i32)),
            Kind::Uint => Arg::Size(low),
            Kind::Size | Kind::Unused => Arg::Size(register),
            Kind::Hex if register == 0 => Arg::Size(0),
            Kind::Hex => Arg::Pointer(register),
            Kind::IoctlArg { request } => match IoctlArg::of(of(request)) {
                IoctlArg::Number => match ioctl::names(of(request)) {
                    Some(set) => Arg::Constant(set, low),
                    None => Arg::Size(register),
                },
                IoctlArg::Unknown | IoctlArg::Nothing if register == 0 => Arg::Size(0),
                _ => self.structure(arg, kind),
            },
            Kind::Offset => Arg::Int(register as i64),
            Kind::Pointer => Arg::Pointer(register),
            Kind::Mode => Arg::Mode(low),
            Kind::Fd | Kind::DirFd => Arg::Fd(Fd(register as i32)),
            Kind::Flags(set) => Arg::Flags(set, low),
            Kind::Constant(set) => Arg::Constant(set, low),
            Kind::CloneFlags => Arg::Flags(&flags::CLONE, register),
            Kind::Protocol { domain } => match flags::protocol_names(of(domain)) {
                Some(set) => Arg::Constant(set, low),
                None => Arg::Size(register),
            },
            Kind::OptionName { level } => named(flags::option_names(of(level)), register),
            Kind::FcntlArg { op } if flags::fcntl_structure(of(op)) > 0 => {
                self.structure(arg, kind)
            }
            Kind::FcntlArg { op } => fcntl_arg(of(op), register),
            Kind::OpenFlags => Arg::OpenFlags(low),
            Kind::SocketType => Arg::SocketType(low),
            Kind::Path => self.captured(arg).map_or(Arg::Pointer(register), Arg::Path),
            Kind::BytesIn { .. } | Kind::BytesOut { .. } => self
                .captured(arg)
                .map_or(Arg::Pointer(register), Arg::Bytes),
            Kind::AddressIn { .. } | Kind::AddressOut { .. } => self
                .address(arg)
                .map_or(Arg::Pointer(register), Arg::Address),
            Kind::LengthInOut if self.asks_for_no_address(arg) => Arg::Pointer(register),
            Kind::LengthInOut => self.length(arg).unwrap_or(Arg::Pointer(register)),
            Kind::OptionIn { .. }
            | Kind::OptionOut { .. }
            | Kind::VectorIn { .. }
            | Kind::VectorOut { .. }
            | Kind::MessageIn
            | Kind::MessageOut
            | Kind::EpollEvent
            | Kind::EpollEvents
            | Kind::PollFds { .. }
            | Kind::FdSet { .. }
            | Kind::Timespec
            | Kind::Timeval
            | Kind::OffsetInOut
            | Kind::IntsOut { .. }
            | Kind::Stat
            | Kind::OpenHow { .. }
            | Kind::MessagesIn { .. }
            | Kind::MessagesOut { .. }
            | Kind::TimespecOut
            | Kind::TimespecLeft
            | Kind::SigSetOut { .. }
            | Kind::SigAction
            | Kind::SigActionOut
            | Kind::SigInfoOut
            | Kind::Rusage
            | Kind::RingParams
            | Kind::Itimerspec
            | Kind::ItimerspecOut
            | Kind::SigSet { .. }
            | Kind::PackedSigSet
            | Kind::WaitStatus
            | Kind::Statx
            | Kind::CloneArgs { .. }
            | Kind::Strings
            | Kind::Environment
            | Kind::DirEntries
            | Kind::StructIn { .. }
            | Kind::StructOut { .. } => self.structure(arg, kind),
        }
    }

    #[inline]
    fn captured(&self, arg: u8) -> Option<Captured<'a>> {
        let segment = self.segment(arg, part::FIRST).filter(|s| s.readable)?;
        Some(Captured {
            len: segment.len,
            bytes: segment.bytes,
        })
    }

    #[inline(never)]
    fn address(&self, arg: u8) -> Option<Address> {
        Address::from_bytes(self.segment(arg, part::FIRST)?.bytes)
    }

    /// Where no address is wanted (NULL), the kernel does not look at its length (`man 2 accept`).
    fn asks_for_no_address(&self, arg: u8) -> bool {
        let before = usize::from(arg).wrapping_sub(1);
        let params = self.id.map_or(&[][..], |id| id.signature().params);
        let wanted = params.get(before).map(|param| param.kind);
        matches!(wanted, Some(Kind::AddressOut { .. })) && self.registers[before] == 0
    }

    /// A length is only changed by a call that succeeded.
    #[inline(never)]
    fn length(&self, arg: u8) -> Option<Arg<'a>> {
        let at = |part| u32_at(self.segment(arg, part)?.bytes, 0);
        let before = at(part::FIRST)?;
        let after = at(part::AFTER).filter(|_| self.succeeded).unwrap_or(before);
        Some(Arg::Length { before, after })
    }

    #[inline(never)]
    fn structure(&self, arg: u8, kind: Kind) -> Arg<'a> {
        let pointer = self.registers[arg as usize];
        match Segments::new(self.memory).any(|s| s.arg == arg && s.readable) {
            true => Arg::Struct(Memory {
                pointer,
                kind,
                arg,
                raw: self.memory,
            }),
            false => Arg::Pointer(pointer),
        }
    }
}

/// A number whose table depends on another argument: by name where there is a table.
#[inline(never)]
fn named<'a>(set: Option<&'static FlagSet>, register: u64) -> Arg<'a> {
    match set {
        Some(set) => Arg::Constant(set, register & 0xffff_ffff),
        None => Arg::Int(i64::from(register as i32)),
    }
}

/// What `fcntl` is given (`man 2 fcntl`): flags, a number, or a pointer.
#[inline(never)]
fn fcntl_arg<'a>(op: u64, register: u64) -> Arg<'a> {
    match flags::FCNTL.name_of(op) {
        Some("F_SETFD") => Arg::Flags(&flags::FD, register & 0xffff_ffff),
        Some("F_SETFL") => Arg::OpenFlags(register & 0xffff_ffff),
        Some("F_ADD_SEALS") => Arg::Flags(&flags::SEAL, register & 0xffff_ffff),
        Some("F_SETSIG") => Arg::Constant(&flags::SIGNAL, register & 0xffff_ffff),
        Some("F_SETLEASE") => Arg::Constant(&flags::LOCK_TYPE, register & 0xffff_ffff),
        Some("F_NOTIFY") => Arg::Flags(&flags::NOTIFY, register & 0xffff_ffff),
        None if register == 0 => Arg::Size(0),
        Some("F_DUPFD" | "F_DUPFD_CLOEXEC" | "F_SETOWN" | "F_SETPIPE_SZ") => {
            Arg::Int(i64::from(register as i32))
        }
        _ => Arg::Pointer(register),
    }
}
