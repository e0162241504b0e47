//! Structures that only a few calls have, from strace's fields back to the bytes they were.

use super::argument::{sigset, times};
use super::value::{Value, number};
use crate::abi::flags;
use crate::abi::flags::FlagSet;

/// Bits by their names.
fn bits(value: &Value, set: &FlagSet) -> Option<u64> {
    let one = |name: &str| set.value_of(name).or_else(|| number(name));
    let mut names = value.word()?.split('|');
    names.try_fold(0, |all, name| Some(all | one(name)?))
}

/// `{sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTORER, sa_restorer=0x7f…}`: four words.
pub fn action(value: &Value) -> Option<Vec<u8>> {
    let handler = match value.field("sa_handler")?.word()? {
        "SIG_DFL" => 0,
        "SIG_IGN" => 1,
        "SIG_ERR" => u64::MAX,
        handler => number(handler)?,
    };
    let restorer = value.field("sa_restorer").and_then(Value::number);
    let words = [
        handler,
        bits(value.field("sa_flags")?, &flags::SA)?,
        restorer.unwrap_or(0),
        sigset(value.field("sa_mask")?)?,
    ];
    Some(words.iter().flat_map(|word| word.to_ne_bytes()).collect())
}

/// `{ru_utime={…}, ru_stime={…}, ...}`: the two times.
pub fn usage(value: &Value) -> Option<Vec<u8>> {
    let one = |name: &str| times(value.field(name)?);
    Some([one("ru_utime")?, one("ru_stime")?].concat())
}

/// `struct io_uring_params` before the call and, where it tells of a ring, after it. Where each field
/// stands: its 32-bit word.
pub fn ring(value: &Value) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let of = |name: &str| value.field(name).and_then(Value::number).unwrap_or(0) as u32;
    let mut words = [0u32; 30];
    words[2] = bits(value.field("flags")?, &flags::IORING_SETUP)? as u32;
    words[3] = of("sq_thread_cpu");
    words[4] = of("sq_thread_idle");
    words[6] = match value.field("wq_fd") {
        Some(Value::Fd(fd, _)) => *fd as u32,
        _ => of("wq_fd"),
    };
    let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let before = bytes(&words);
    let Some(features) = value.field("features") else {
        return Some((before, None));
    };
    words[0] = of("sq_entries");
    words[1] = of("cq_entries");
    words[5] = bits(features, &flags::IORING_FEATURES)? as u32;
    for (ring, first) in [("sq_off", 10), ("cq_off", 20)] {
        let Value::Struct(fields) = value.field(ring)? else {
            return None;
        };
        for (word, (_, offset)) in words[first..].iter_mut().zip(fields).take(7) {
            *word = offset.number()? as u32;
        }
    }
    Some((before, Some(bytes(&words))))
}

/// Words 0, 4 and 11 of the structure: flags, signal and so on (`man 2 clone3`).
pub fn clone_args(value: &Value) -> Option<Vec<u8>> {
    let value = value.before_and_after().0;
    let names = value.field("flags")?.word()?;
    let mut bits = names
        .split('|')
        .map(|name| flags::CLONE.value_of(name).or_else(|| number(name)));
    let bits = bits.try_fold(0, |all, bit| Some(all | bit?))?;
    let of = |name: &str| value.field(name).and_then(Value::number).unwrap_or(0);
    let signal = value.field("exit_signal").and_then(Value::word);
    let signal = signal.and_then(|name| flags::SIGNAL.value_of(name).or_else(|| number(name)));
    let words = [
        bits,
        of("pidfd"),
        of("child_tid"),
        of("parent_tid"),
        signal.unwrap_or(0),
        of("stack"),
        of("stack_size"),
        of("tls"),
    ];
    Some(words.iter().flat_map(|word| word.to_ne_bytes()).collect())
}
