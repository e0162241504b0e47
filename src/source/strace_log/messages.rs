//! Buffers and messages as strace writes them → the same as a recording has them.
//!
//! In: a value. Out: JSON, and the bytes that were shown. Left out on purpose: control messages of which strace does not
//! tell what they hold.

use super::argument::{Shown, Told, address, list, whole, word};
use super::value::{Value, number};
use crate::abi::flags;
use crate::abi::flags::FlagSet;
use crate::event::wire::bytes_object;
use serde_json::{Map, Value as Json, json};

/// The array, and its bytes in a row up to where some are missing.
pub fn vector(value: &Value) -> Option<(Json, Option<Shown>)> {
    let mut array = Vec::new();
    let (mut data, mut all, mut any) = (Vec::new(), true, false);
    for entry in list(value)? {
        let len = entry.field("iov_len")?.number()?;
        let base = match entry.field("iov_base")? {
            Value::Text(bytes, cut) => {
                if all {
                    data.extend_from_slice(bytes);
                }
                all &= !cut;
                any = true;
                "0x1".to_string()
            }
            base => format!("{:#x}", base.number()?),
        };
        array.push(json!({ "iov_base": base, "iov_len": len }));
    }
    Some((Json::Array(array), any.then_some((data, all))))
}

/// `{msg_name=NULL, msg_namelen=128 => 0, msg_iov=[…], …}`.
pub fn message(value: &Value) -> Told {
    let mut object = Map::new();
    let number_of = |name: &str| value.field(name).and_then(Value::number);
    let name = value.field("msg_name");
    let text = name.and_then(address).or_else(|| name.and_then(word));
    object.insert("msg_name".into(), text.unwrap_or(Json::Null));
    let (before, after) = match value.field("msg_namelen") {
        Some(length) => length.before_and_after(),
        None => return Told::default(),
    };
    let length = after.unwrap_or(before).number().unwrap_or(0);
    object.insert("msg_namelen".into(), json!(length));
    let iov = value.field("msg_iov").and_then(vector);
    let (list, data) = iov.map_or((Json::Null, None), |(list, data)| (list, data));
    object.insert("msg_iov".into(), list);
    for name in ["msg_iovlen", "msg_controllen"] {
        object.insert(name.into(), json!(number_of(name).unwrap_or(0)));
    }
    if let Some(control) = value.field("msg_control").and_then(controls) {
        object.insert("msg_control".into(), whole(&control));
    }
    let flags = value.field("msg_flags");
    object.insert("msg_flags".into(), flags.and_then(word).unwrap_or(json!(0)));
    if flags.is_some() {
        // A header whose fields are shown after a receive was filled in by it.
        object.insert(
            "msg_namelen_before".into(),
            json!(before.number().unwrap_or(0)),
        );
    }
    Told {
        value: Some(Json::Object(object)),
        entry: None,
        data,
    }
}

/// `[{msg_hdr={…}, msg_len=11}]`: the messages of a `sendmmsg` or `recvmmsg`.
pub fn messages(value: &Value) -> Option<Json> {
    let mut messages = Vec::new();
    for entry in list(value)? {
        let Told { value, data, .. } = message(entry.field("msg_hdr")?);
        let mut object = match value {
            Some(Json::Object(object)) => object,
            _ => return None,
        };
        let moved = entry.field("msg_len").and_then(Value::number);
        if let Some((bytes, _)) = data {
            let iov = object.get("msg_iov").and_then(Json::as_array);
            let offered = iov.map_or(0, |iov| {
                let lengths = iov.iter().filter_map(|entry| entry["iov_len"].as_u64());
                lengths.fold(0, u64::saturating_add)
            });
            let len = moved.unwrap_or(offered).max(bytes.len() as u64);
            object.insert("data".into(), bytes_object(len, &bytes));
        }
        object.extend(moved.map(|moved| (String::from("msg_len"), json!(moved))));
        messages.push(Json::Object(object));
    }
    Some(Json::Array(messages))
}

/// `[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7]}]` as it lies in memory; of other kinds
/// strace does not tell what they hold in a form that could be read back.
fn controls(value: &Value) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    for control in list(value)? {
        let of = |name: &str, set: &FlagSet| {
            let value = control.field(name)?;
            let word = value.word()?;
            set.value_of(word).or_else(|| number(word))
        };
        let level = of("cmsg_level", &flags::SOL)?;
        let kind = of("cmsg_type", &flags::CONTROL)?;
        let data = control.field("cmsg_data")?;
        let words: Vec<u32> = match (list(data), data.field("pid")) {
            (Some(fds), _) => {
                let fds = fds.iter().map(|fd| fd.number().map(|fd| fd as u32));
                fds.collect::<Option<_>>()?
            }
            (None, Some(_)) => {
                let ids = ["pid", "uid", "gid"].map(|id| data.field(id)?.number());
                let ids = ids.iter().map(|id| id.map(|id| id as u32));
                ids.collect::<Option<_>>()?
            }
            (None, None) => return None,
        };
        bytes.extend_from_slice(&control.field("cmsg_len")?.number()?.to_ne_bytes());
        bytes.extend_from_slice(&(level as u32).to_ne_bytes());
        bytes.extend_from_slice(&(kind as u32).to_ne_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    Some(bytes)
}
