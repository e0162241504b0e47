//! Argument registers from their JSON values.

use super::json::{Object, Value};
use crate::abi::calls::{CallId, Kind};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::wire::args::{AT_FDCWD, is_memory};

/// Stands for an address that the recording does not tell; anything but NULL.
const SOMEWHERE: u64 = 1;

/// What a line says of each argument of a call.
#[derive(Debug)]
pub struct Arguments<'d> {
    args: [Option<Value<'d>>; 6],
    entry: [Option<Value<'d>>; 6],
}

impl<'d> Arguments<'d> {
    /// Finds the arguments of this call.
    pub fn new(id: CallId, args: Option<Object<'d>>, entry: Option<Object<'d>>) -> Arguments<'d> {
        Arguments {
            args: of_params(id, args),
            entry: of_params(id, entry),
        }
    }

    /// One argument: its value, and what is said of it at entry.
    pub fn get(&self, index: usize) -> (Option<Value<'d>>, Option<Value<'d>>) {
        (self.args[index], self.entry[index])
    }

    /// The six registers.
    pub fn registers(&self, id: CallId) -> [u64; 6] {
        let mut registers = [0; 6];
        for (index, param) in id.signature().params.iter().take(6).enumerate() {
            let (value, entry) = self.get(index);
            registers[index] = match register(param.kind, value, &registers) {
                Some(register) => register,
                None => pointer(value, entry),
            };
        }
        registers
    }
}

fn of_params<'d>(id: CallId, object: Option<Object<'d>>) -> [Option<Value<'d>>; 6] {
    let mut values = [None; 6];
    let Some(object) = object else { return values };
    let params = id.signature().params;
    let params = &params[..params.len().min(6)];
    let mut next = 0;
    for (key, value) in object.entries() {
        // Most often it is the one that comes next.
        let after = params[next..]
            .iter()
            .position(|param| param.name.as_bytes() == key);
        let place = match after {
            Some(place) => Some(next + place),
            None => params.iter().position(|param| param.name.as_bytes() == key),
        };
        if let Some(place) = place {
            values[place] = Some(value);
            next = place + 1;
        }
    }
    values
}

/// The six registers of a call nobody knows.
pub fn untold(args: Option<Object<'_>>) -> [u64; 6] {
    let mut registers = [0; 6];
    let values = args.into_iter().flat_map(Object::entries);
    for (register, (_, value)) in registers.iter_mut().zip(values) {
        *register = plain(value, &[]).unwrap_or(0);
    }
    registers
}

/// A pointer to memory: as recorded, or somewhere, unless it is said to lead nowhere.
fn pointer(value: Option<Value<'_>>, entry: Option<Value<'_>>) -> u64 {
    match (entry, value) {
        (Some(entry), _) if entry.is_null() => 0,
        (Some(entry), _) => entry.as_str().and_then(hex).unwrap_or(SOMEWHERE),
        (None, Some(value)) if value.is_null() => 0,
        _ => SOMEWHERE,
    }
}

/// A register that is itself the value; `None` for pointers to memory that is kept.
fn register(kind: Kind, value: Option<Value<'_>>, before: &[u64; 6]) -> Option<u64> {
    let plain = |sets: &[&'static FlagSet]| value.map_or(Some(0), |value| plain(value, sets));
    let with = |set: Option<&'static FlagSet>| match set {
        Some(set) => plain(&[set]),
        None => plain(&[]),
    };
    let of = |other: u8| before[other as usize] & 0xffff_ffff;
    Some(match kind {
        Kind::Flags(set) => plain(&[set]).unwrap_or(0),
        Kind::Constant(set) => plain(&[set])?,
        Kind::OpenFlags => plain(&[&flags::ACCESS_MODE, &flags::OPEN_BITS])?,
        Kind::SocketType => plain(&[&flags::SOCKET_TYPE, &flags::SOCK])?,
        Kind::CloneFlags => plain(&[&flags::CLONE])?,
        Kind::Protocol { domain } => with(flags::protocol_names(of(domain)))?,
        Kind::OptionName { level } => with(flags::option_names(of(level)))?,
        Kind::FcntlArg { .. } => plain(&[
            &flags::ACCESS_MODE,
            &flags::OPEN_BITS,
            &flags::FD,
            &flags::SEAL,
            &flags::SIGNAL,
        ])?,
        Kind::DirFd if value.and_then(Value::as_str) == Some("AT_FDCWD") => {
            i64::from(AT_FDCWD) as u64
        }
        Kind::Int
        | Kind::Uint
        | Kind::Size
        | Kind::Offset
        | Kind::Pointer
        | Kind::Hex
        | Kind::IoctlArg { .. }
        | Kind::Mode
        | Kind::Fd
        | Kind::DirFd => plain(&[])?,
        Kind::Unused => 0,
        kind if !is_memory(kind) => plain(&[])?,
        _ => return None,
    })
}

/// A number, a hex or octal text, a name of one of the tables, or a list of such.
pub fn plain(value: Value<'_>, sets: &[&'static FlagSet]) -> Option<u64> {
    if let Some(text) = value.as_str() {
        return hex(text)
            .or_else(|| octal(text))
            .or_else(|| named(text, sets));
    }
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    if let Some(mut list) = value.as_list() {
        // A name that only a later version knows is passed over, as unknown keys are.
        return list.try_fold(0, |bits, one| Some(bits | plain(one, sets).unwrap_or(0)));
    }
    match value.is_null() {
        true => Some(0),
        false => value.as_i64().map(|number| number as u64),
    }
}

fn named(text: &str, sets: &[&'static FlagSet]) -> Option<u64> {
    sets.iter().find_map(|set| set.value_of(text))
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn octal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix('0')?, 8)
        .ok()
        .or(if text == "0" { Some(0) } else { None })
}
