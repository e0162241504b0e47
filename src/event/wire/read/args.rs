//! Argument registers from their JSON values.

use super::Object;
use crate::abi::calls::{CallId, Kind};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::wire::args::{AT_FDCWD, is_memory};
use serde_json::Value;

/// Stands for an address that the recording does not tell; anything but NULL.
const SOMEWHERE: u64 = 1;

/// The six registers of a call of the table.
pub fn registers(id: CallId, args: &Object, entry: &Object) -> [u64; 6] {
    let mut registers = [0; 6];
    for (index, param) in id.signature().params.iter().take(6).enumerate() {
        let value = args.get(param.name);
        registers[index] = match register(param.kind, value.unwrap_or(&Value::Null), &registers) {
            Some(register) => register,
            None => pointer(value, entry.get(param.name)),
        };
    }
    registers
}

/// The six registers of a call nobody knows.
pub fn untold(args: &Object) -> [u64; 6] {
    let mut registers = [0; 6];
    for (register, value) in registers.iter_mut().zip(args.values()) {
        *register = plain(value, &[]).unwrap_or(0);
    }
    registers
}

/// A pointer to memory: as recorded, or somewhere, unless it is said to lead nowhere.
fn pointer(value: Option<&Value>, entry: Option<&Value>) -> u64 {
    match (entry, value) {
        (Some(Value::String(text)), _) => hex(text).unwrap_or(SOMEWHERE),
        (Some(Value::Null), _) | (None, Some(Value::Null)) => 0,
        _ => SOMEWHERE,
    }
}

/// A register that is itself the value; `None` for pointers to memory that is kept.
fn register(kind: Kind, value: &Value, before: &[u64; 6]) -> Option<u64> {
    let of = |other: u8| before[other as usize] & 0xffff_ffff;
    Some(match kind {
        Kind::Flags(set) => plain(value, &[set]).unwrap_or(0),
        Kind::Constant(set) => plain(value, &[set])?,
        Kind::OpenFlags => plain(value, &[&flags::ACCESS_MODE, &flags::OPEN_BITS])?,
        Kind::SocketType => plain(value, &[&flags::SOCKET_TYPE, &flags::SOCK])?,
        Kind::CloneFlags => plain(value, &[&flags::CLONE])?,
        Kind::Protocol { domain } => with(flags::protocol_names(of(domain)), value)?,
        Kind::OptionName { level } => with(flags::option_names(of(level)), value)?,
        Kind::FcntlArg { .. } => plain(
            value,
            &[
                &flags::ACCESS_MODE,
                &flags::OPEN_BITS,
                &flags::FD,
                &flags::SEAL,
                &flags::SIGNAL,
            ],
        )?,
        Kind::DirFd if value == "AT_FDCWD" => i64::from(AT_FDCWD) as u64,
        Kind::Int
        | Kind::Uint
        | Kind::Size
        | Kind::Offset
        | Kind::Pointer
        | Kind::Hex
        | Kind::IoctlArg { .. }
        | Kind::Mode
        | Kind::Fd
        | Kind::DirFd => plain(value, &[])?,
        Kind::Unused => 0,
        kind if !is_memory(kind) => plain(value, &[])?,
        _ => return None,
    })
}

fn with(set: Option<&'static FlagSet>, value: &Value) -> Option<u64> {
    match set {
        Some(set) => plain(value, &[set]),
        None => plain(value, &[]),
    }
}

/// A number, a hex or octal text, a name of one of the tables, or a list of such.
pub fn plain(value: &Value, sets: &[&'static FlagSet]) -> Option<u64> {
    match value {
        Value::Null => Some(0),
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_i64().map(|n| n as u64)),
        Value::String(text) => hex(text)
            .or_else(|| octal(text))
            .or_else(|| named(text, sets)),
        Value::Array(list) => list
            .iter()
            // A name that only a later version knows is passed over, as unknown keys are.
            .try_fold(0, |bits, one| Some(bits | plain(one, sets).unwrap_or(0))),
        Value::Bool(_) | Value::Object(_) => None,
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
