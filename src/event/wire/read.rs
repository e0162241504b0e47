//! A line of a recording → a record, so that replay decodes exactly what a live source would have given.
//!
//! In: one line. Out: a record in a [`Builder`], or what the first line says. Unknown types and keys are
//! skipped; a line that cannot be understood is an error with its reason, which `source::recording`
//! makes into a `lost` event. `args` and `memory` read the arguments back.

mod args;
mod memory;
mod messages;

use super::{Start, realtime};
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::siginfo::SigInfo;
use crate::event::build::Builder;
use crate::event::raw::{CALL_NAME, NO_NUMBER, RawHead, kind, mark, part};
pub use memory::address_from_text;
use serde_json::{Map, Value};

/// What a line was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// A record.
    Record {
        /// Its number, if it is of a call.
        seq: Option<u64>,
    },
    /// The first line.
    Start(Start),
    /// The last line, or of a type that we do not know.
    Nothing,
}

type Object = Map<String, Value>;

/// Reads one line into `builder`.
///
/// # Errors
/// Why the line makes no sense, in words.
pub fn line(text: &[u8], builder: &mut Builder) -> Result<Line, String> {
    let parsed: Object = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    object(&parsed, builder)
}

/// The same for a line that is an object already.
///
/// # Errors
/// Why it makes no sense, in words.
pub fn object(object: &Object, builder: &mut Builder) -> Result<Line, String> {
    match text_of(object, "type") {
        "start" => Ok(Line::Start(start(object))),
        "call" => {
            call(object, kind::CALL, builder)?;
            Ok(Line::Record {
                seq: object.get("seq").and_then(Value::as_u64),
            })
        }
        begun @ ("enter" | "pending") => {
            let record_kind = match begun {
                "enter" => kind::ENTER,
                _ => kind::PENDING,
            };
            call(object, record_kind, builder)?;
            Ok(Line::Record { seq: None })
        }
        "ring" => {
            ring(object, builder)?;
            Ok(Line::Record { seq: None })
        }
        "fd" | "signal" | "process" | "lost" => match fact(object, builder) {
            Some(()) => Ok(Line::Record { seq: None }),
            None => Err(format!(
                "a {} line without its keys",
                text_of(object, "type")
            )),
        },
        _ => Ok(Line::Nothing),
    }
}

fn text_of<'o>(object: &'o Object, key: &str) -> &'o str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

fn number_of(object: &Object, key: &str) -> u64 {
    object.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn start(object: &Object) -> Start {
    let argv = object.get("argv").and_then(Value::as_array);
    let texts = argv.into_iter().flatten().filter_map(Value::as_str);
    Start {
        source: text_of(object, "source").to_string(),
        program: text_of(object, "program").to_string(),
        argv: texts.map(String::from).collect(),
        realtime: realtime(text_of(object, "start")).unwrap_or(0),
        canonical: object.get("canonical") == Some(&Value::Bool(true)),
    }
}

/// What every line has.
fn head(object: &Object, record_kind: u16) -> RawHead {
    let pid = number_of(object, "pid") as u32;
    let enter = number_of(object, "t");
    RawHead {
        kind: record_kind,
        pid,
        tid: object
            .get("tid")
            .and_then(Value::as_u64)
            .map_or(pid, |tid| tid as u32),
        enter,
        exit: enter,
        ..RawHead::default()
    }
}

fn call(object: &Object, record_kind: u16, builder: &mut Builder) -> Result<(), String> {
    let mut head = head(object, record_kind);
    head.exit = head.enter.saturating_add(number_of(object, "dur"));
    head.ret = match object.get("res") {
        Some(res) => res
            .as_i64()
            .ok_or_else(|| String::from("a result out of range"))?,
        None => result(object, &mut head.marks)?,
    };
    for (key, bit) in [
        ("redacted", mark::REDACTED),
        ("injected", mark::INJECTED),
        ("delayed", mark::DELAYED),
    ] {
        if object.get(key) == Some(&Value::Bool(true)) {
            head.marks |= bit;
        }
    }
    if let Some(asked) = object.get("cut").and_then(Value::as_u64) {
        head.marks |= mark::CUT;
        head.aux = asked;
    }
    let name = match text_of(object, "call") {
        "" => return Err(String::from("a call without a name")),
        name => name,
    };
    builder.begin(head);
    let empty = Object::new();
    let of = |key: &str| object.get(key).and_then(Value::as_object).unwrap_or(&empty);
    match (
        CallId::from_name(name),
        object.get("nr").and_then(Value::as_u64),
    ) {
        (Some(id), _) => {
            builder.head.nr = id.number().map_or(NO_NUMBER, u32::from);
            if id.number().is_none() {
                builder.whole(CALL_NAME, part::FIRST, name.as_bytes());
            }
            builder.head.args = args::registers(id, of("args"), of("entry"));
            memory::segments(id, object, of("args"), of("entry"), builder);
        }
        (None, Some(nr)) => {
            builder.head.nr = nr as u32;
            builder.head.args = args::untold(of("args"));
        }
        (None, None) => {
            builder.head.nr = NO_NUMBER;
            builder.whole(CALL_NAME, part::FIRST, name.as_bytes());
            builder.head.args = args::untold(of("args"));
        }
    }
    Ok(())
}

/// An operation of a ring: the call that it stands for, and what else is told of it.
fn ring(object: &Object, builder: &mut Builder) -> Result<(), String> {
    let record_kind = match object.contains_key("res") {
        true => kind::RING_OUT,
        false => kind::RING_IN,
    };
    let name = text_of(object, "op");
    match object.contains_key("call") {
        true => call(object, record_kind, builder)?,
        false => {
            let mut head = head(object, record_kind);
            head.nr = NO_NUMBER;
            head.ret = object.get("res").and_then(Value::as_i64).unwrap_or(0);
            head.args[0] = number_of(object, "target");
            builder.begin(head);
            builder.whole(CALL_NAME, part::FIRST, name.as_bytes());
        }
    }
    let op = flags::IORING_OP
        .value_of(name)
        .or_else(|| object.get("op").and_then(Value::as_u64))
        .ok_or_else(|| String::from("a ring's operation without its name"))?;
    builder.head.op = op as u32;
    builder.head.args[5] = number_of(object, "user_data");
    Ok(())
}

/// The result as the kernel gives it.
fn result(object: &Object, marks: &mut u16) -> Result<i64, String> {
    match (object.get("errno"), object.get("ret")) {
        (Some(Value::String(name)), _) => match errno(name) {
            Some(errno) => Ok(-i64::from(errno.0)),
            None => Err(format!("an errno that nobody knows: {name}")),
        },
        (_, Some(Value::Number(ret))) => ret
            .as_i64()
            .ok_or_else(|| String::from("a result out of range")),
        _ => {
            *marks |= mark::NO_RESULT;
            Ok(0)
        }
    }
}

fn errno(name: &str) -> Option<Errno> {
    match name.strip_prefix("errno ") {
        Some(number) => number
            .parse()
            .ok()
            .filter(|n| (1..4096).contains(n))
            .map(Errno),
        None => Errno::from_name(name),
    }
}

fn signal(object: &Object) -> Option<u64> {
    let name = object.get("signal")?.as_str()?;
    flags::SIGNAL.value_of(name).or_else(|| name.parse().ok())
}

/// Who sent a signal; recordings of earlier versions do not say.
fn signal_info(object: &Object) -> Option<SigInfo> {
    let signal = signal(object)? as i32;
    let code = match object.get("code")? {
        Value::String(name) => SigInfo::code_of(signal, name)?,
        number => number.as_i64()? as i32,
    };
    let errno = object.get("errno").and_then(Value::as_str).and_then(errno);
    let mut info = SigInfo::new(signal, code, errno.map_or(0, |errno| errno.0));
    info.fill(|name| object.get(&format!("si_{name}"))?.as_i64());
    Some(info)
}

/// Everything that is not a call.
fn fact(object: &Object, builder: &mut Builder) -> Option<()> {
    let begin = |builder: &mut Builder, record_kind, first: u64| {
        let mut head = head(object, record_kind);
        head.args[0] = first;
        builder.begin(head);
    };
    match (text_of(object, "type"), text_of(object, "event")) {
        ("fd", _) => {
            begin(builder, kind::FD, object.get("fd")?.as_i64()? as u64);
            builder.head.args[1] = u64::from(object.get("own") == Some(&Value::Bool(true)));
            builder.whole(0, part::FIRST, text_of(object, "kind").as_bytes());
            builder.whole(0, part::AFTER, text_of(object, "name").as_bytes());
        }
        ("signal", _) => {
            begin(builder, kind::SIGNAL, signal(object)?);
            if let Some(info) = signal_info(object) {
                builder.whole(0, part::FIRST, info.bytes());
            }
        }
        ("lost", _) => {
            begin(builder, kind::LOST, object.get("count")?.as_u64()?);
            builder.whole(0, part::FIRST, text_of(object, "why").as_bytes());
        }
        (_, "spawn") => {
            begin(builder, kind::SPAWN, object.get("child")?.as_u64()?);
            builder.head.args[1] = u64::from(object.get("thread") == Some(&Value::Bool(true)));
        }
        (_, "exec") => {
            let without_rights = object.get("without_rights") == Some(&Value::Bool(true));
            begin(builder, kind::EXEC, u64::from(without_rights));
            builder.whole(0, part::FIRST, text_of(object, "program").as_bytes());
        }
        (_, "exit") => begin(builder, kind::EXIT, object.get("status")?.as_i64()? as u64),
        (_, "killed") => begin(builder, kind::KILLED, signal(object)?),
        _ => return None,
    }
    Some(())
}
