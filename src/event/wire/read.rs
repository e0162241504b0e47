//! A line of a recording → a record, so that replay decodes exactly what a live source would have given.
//!
//! In: one line. Out: a record in a [`Builder`], or what the first line says. Unknown types and keys are
//! skipped; a line that cannot be understood is an error with its reason, which `source::recording`
//! makes into a `lost` event. `args` and `memory` read the arguments back.

mod args;
mod json;
mod keys;
mod memory;
mod messages;
mod plain;

use super::{Start, realtime};
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::siginfo::SigInfo;
use crate::event::build::Builder;
use crate::event::raw::{CALL_NAME, NO_NUMBER, RawHead, kind, mark, part};
use json::{Document, Object, Tree, Value};
use keys::{Key, Keys};
pub use memory::address_from_text;
use serde_json::Map;

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

/// Reads lines; the room that one needs is the next one's too.
#[derive(Default, Debug)]
pub struct Reader {
    document: Document,
    joined: Vec<u8>,
}

impl Reader {
    /// Reads one line into `builder`.
    ///
    /// # Errors
    /// Why the line makes no sense, in words.
    pub fn line(&mut self, text: &[u8], builder: &mut Builder) -> Result<Line, String> {
        let tree = self.document.line(text)?;
        understood(&tree, &mut self.joined, builder)
    }

    /// The same for a line that is an object already.
    ///
    /// # Errors
    /// Why it makes no sense, in words.
    pub fn object(
        &mut self,
        parsed: &Map<String, serde_json::Value>,
        builder: &mut Builder,
    ) -> Result<Line, String> {
        let tree = self.document.object(parsed);
        understood(&tree, &mut self.joined, builder)
    }
}

fn understood(
    tree: &Tree<'_>,
    joined: &mut Vec<u8>,
    builder: &mut Builder,
) -> Result<Line, String> {
    let keys = &Keys::new(tree);
    match keys.text(Key::Type) {
        "call" => {
            call(keys, kind::CALL, joined, builder)?;
            Ok(Line::Record {
                seq: keys.get(Key::Seq).and_then(Value::as_u64),
            })
        }
        begun @ ("enter" | "pending") => {
            let record_kind = match begun {
                "enter" => kind::ENTER,
                _ => kind::PENDING,
            };
            call(keys, record_kind, joined, builder)?;
            Ok(Line::Record { seq: None })
        }
        "ring" => {
            ring(keys, joined, builder)?;
            Ok(Line::Record { seq: None })
        }
        "fd" | "signal" | "process" | "lost" => match fact(keys, builder) {
            Some(()) => Ok(Line::Record { seq: None }),
            None => Err(format!("a {} line without its keys", keys.text(Key::Type))),
        },
        "start" => Ok(Line::Start(start(keys.object))),
        _ => Ok(Line::Nothing),
    }
}

fn text_of<'d>(object: Object<'d>, key: &str) -> &'d str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

fn number_of(object: Object<'_>, key: &str) -> u64 {
    object.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn start(object: Object<'_>) -> Start {
    let argv = object.get("argv").and_then(Value::as_list);
    let texts = argv.into_iter().flatten().filter_map(Value::as_str);
    Start {
        source: text_of(object, "source").to_string(),
        program: text_of(object, "program").to_string(),
        argv: texts.map(String::from).collect(),
        realtime: realtime(text_of(object, "start")).unwrap_or(0),
        canonical: object.get("canonical").is_some_and(Value::is_true),
    }
}

/// What every line has.
fn head(keys: &Keys<'_>, record_kind: u16) -> RawHead {
    let pid = keys.number(Key::Pid) as u32;
    let enter = keys.number(Key::T);
    RawHead {
        kind: record_kind,
        pid,
        tid: keys
            .get(Key::Tid)
            .and_then(Value::as_u64)
            .map_or(pid, |tid| tid as u32),
        enter,
        exit: enter,
        ..RawHead::default()
    }
}

fn call(
    keys: &Keys<'_>,
    record_kind: u16,
    joined: &mut Vec<u8>,
    builder: &mut Builder,
) -> Result<(), String> {
    let mut head = head(keys, record_kind);
    head.exit = head.enter.saturating_add(keys.number(Key::Dur));
    head.ret = match keys.get(Key::Res) {
        Some(res) => res
            .as_i64()
            .ok_or_else(|| String::from("a result out of range"))?,
        None => result(keys, &mut head.marks)?,
    };
    for (key, bit) in [
        (Key::Redacted, mark::REDACTED),
        (Key::Injected, mark::INJECTED),
        (Key::Delayed, mark::DELAYED),
    ] {
        if keys.get(key).is_some_and(Value::is_true) {
            head.marks |= bit;
        }
    }
    if let Some(asked) = keys.get(Key::Cut).and_then(Value::as_u64) {
        head.marks |= mark::CUT;
        head.aux = asked;
    }
    let name = match keys.text(Key::Call) {
        "" => return Err(String::from("a call without a name")),
        name => name,
    };
    builder.begin(head);
    let args = keys.get(Key::Args).and_then(Value::as_object);
    match (
        CallId::from_name(name),
        keys.get(Key::Nr).and_then(Value::as_u64),
    ) {
        (Some(id), _) => {
            builder.head.nr = id.number().map_or(NO_NUMBER, u32::from);
            if id.number().is_none() {
                builder.whole(CALL_NAME, part::FIRST, name.as_bytes());
            }
            let entry = keys.get(Key::Entry).and_then(Value::as_object);
            let arguments = args::Arguments::new(id, args, entry);
            builder.head.args = arguments.registers(id);
            let pieces = [Key::Data, Key::Rest].map(|key| keys.get(key).and_then(Value::as_object));
            let data = memory::data(pieces, joined);
            memory::segments(id, &arguments, data.as_ref(), builder);
        }
        (None, Some(nr)) => {
            builder.head.nr = nr as u32;
            builder.head.args = args::untold(args);
        }
        (None, None) => {
            builder.head.nr = NO_NUMBER;
            builder.whole(CALL_NAME, part::FIRST, name.as_bytes());
            builder.head.args = args::untold(args);
        }
    }
    Ok(())
}

/// An operation of a ring: the call that it stands for, and what else is told of it.
fn ring(keys: &Keys<'_>, joined: &mut Vec<u8>, builder: &mut Builder) -> Result<(), String> {
    let record_kind = match keys.get(Key::Res) {
        Some(_) => kind::RING_OUT,
        None => kind::RING_IN,
    };
    let object = keys.object;
    let name = text_of(object, "op");
    match keys.get(Key::Call) {
        Some(_) => call(keys, record_kind, joined, builder)?,
        None => {
            let mut head = head(keys, record_kind);
            head.nr = NO_NUMBER;
            head.ret = keys.get(Key::Res).and_then(Value::as_i64).unwrap_or(0);
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
fn result(keys: &Keys<'_>, marks: &mut u16) -> Result<i64, String> {
    if let Some(name) = keys.get(Key::Errno).and_then(Value::as_str) {
        return match errno(name) {
            Some(errno) => Ok(-i64::from(errno.0)),
            None => Err(format!("an errno that nobody knows: {name}")),
        };
    }
    match keys.get(Key::Ret).filter(|ret| ret.is_number()) {
        Some(ret) => ret
            .as_i64()
            .ok_or_else(|| String::from("a result out of range")),
        None => {
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

fn signal(object: Object<'_>) -> Option<u64> {
    let name = object.get("signal")?.as_str()?;
    flags::SIGNAL.value_of(name).or_else(|| name.parse().ok())
}

/// Who sent a signal; recordings of earlier versions do not say.
fn signal_info(object: Object<'_>) -> Option<SigInfo> {
    let signal = signal(object)? as i32;
    let code = object.get("code")?;
    let code = match code.as_str() {
        Some(name) => SigInfo::code_of(signal, name)?,
        None => code.as_i64()? as i32,
    };
    let errno = object.get("errno").and_then(Value::as_str).and_then(errno);
    let mut info = SigInfo::new(signal, code, errno.map_or(0, |errno| errno.0));
    info.fill(|name| object.get(&format!("si_{name}"))?.as_i64());
    Some(info)
}

/// Everything that is not a call.
fn fact(keys: &Keys<'_>, builder: &mut Builder) -> Option<()> {
    let object = keys.object;
    let is_true = |key: &str| object.get(key).is_some_and(Value::is_true);
    let begin = |builder: &mut Builder, record_kind, first: u64| {
        let mut head = head(keys, record_kind);
        head.args[0] = first;
        builder.begin(head);
    };
    match (keys.text(Key::Type), text_of(object, "event")) {
        ("fd", _) => {
            begin(builder, kind::FD, object.get("fd")?.as_i64()? as u64);
            builder.head.args[1] = u64::from(is_true("own"));
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
            builder.head.args[1] = u64::from(is_true("thread"));
        }
        (_, "exec") => {
            let without_rights = is_true("without_rights");
            begin(builder, kind::EXEC, u64::from(without_rights));
            builder.whole(0, part::FIRST, text_of(object, "program").as_bytes());
        }
        (_, "exit") => begin(builder, kind::EXIT, object.get("status")?.as_i64()? as u64),
        (_, "killed") => begin(builder, kind::KILLED, signal(object)?),
        _ => return None,
    }
    Some(())
}
