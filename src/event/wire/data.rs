//! `data`: the bytes a call moved; `rest`: those that were offered and not taken.

use super::string::text_or_base64;
use super::{Writer, key, number};
use crate::abi::calls::Kind;
use crate::event::call::{Arg, Completed, Data, Outcome, Syscall};

/// The bytes of a call that moves bytes, and whether the program hands them over.
pub fn data_of<'a>(syscall: &Syscall<'a>) -> Option<(Data<'a>, bool)> {
    let crate::event::call::CallName::Known(id) = syscall.name else {
        return None;
    };
    let params = id.signature().params;
    let mut each = params.iter().zip(syscall.args.iter()).enumerate();
    each.find_map(|(index, (param, arg))| match (param.kind, arg) {
        (Kind::BytesIn { .. }, Arg::Bytes(_)) => Some((syscall.args.buffer(index)?, true)),
        (Kind::BytesOut { .. }, Arg::Bytes(_)) => Some((syscall.args.buffer(index)?, false)),
        (Kind::VectorIn { .. } | Kind::MessageIn, Arg::Struct(memory)) => {
            Some((memory.data(), true))
        }
        (Kind::VectorOut { .. } | Kind::MessageOut, Arg::Struct(memory)) => {
            Some((memory.data(), false))
        }
        _ => None,
    })
}

impl Writer {
    /// What a call that has not ended was given to move.
    pub(super) fn offered(&mut self, syscall: &Syscall<'_>, out: &mut Vec<u8>) {
        if let Some((data, true)) = data_of(syscall) {
            let bytes = joined(&data, &mut self.joined);
            object("rest", data.len, bytes, out);
            out.push(b'}');
        }
    }

    pub(super) fn data(&mut self, call: &Completed<'_>, out: &mut Vec<u8>) {
        let Some((data, offered)) = data_of(&call.syscall) else {
            return;
        };
        let moved = match call.outcome {
            Outcome::Returned(count) => (count.max(0) as u64).min(data.len),
            Outcome::Failed(_) | Outcome::Unknown => 0,
        };
        let bytes = joined(&data, &mut self.joined);
        let split = (bytes.len() as u64).min(moved) as usize;
        if matches!(call.outcome, Outcome::Returned(_)) {
            object("data", moved, &bytes[..split], out);
            let later = data.later();
            later_places(
                later.filter(|(at, bytes)| at + bytes.len() as u64 <= moved),
                out,
            );
            out.push(b'}');
        }
        if offered && (moved < data.len || !matches!(call.outcome, Outcome::Returned(_))) {
            object("rest", data.len - moved, &bytes[split..], out);
            out.push(b'}');
        }
    }
}

/// All pieces in a row; `room` is used where there are several.
fn joined<'j>(data: &Data<'j>, room: &'j mut Vec<u8>) -> &'j [u8] {
    let mut pieces = data.pieces();
    let (first, second) = (pieces.next().unwrap_or(&[]), pieces.next());
    let Some(second) = second else {
        return first;
    };
    room.clear();
    room.extend_from_slice(first);
    room.extend_from_slice(second);
    pieces.for_each(|piece| room.extend_from_slice(piece));
    room
}

/// `,"later":[{"at":65640,"text":"\r\n"}]`: what was kept behind the bytes that were not.
fn later_places<'a>(places: impl Iterator<Item = (u64, &'a [u8])>, out: &mut Vec<u8>) {
    let mut none = true;
    for (at, bytes) in places {
        match none {
            true => {
                key("later", out);
                out.push(b'[');
            }
            false => out.push(b','),
        }
        none = false;
        out.extend_from_slice(b"{\"at\":");
        crate::event::digits::decimal(out, at);
        out.push(b',');
        text_or_base64(bytes, out);
        out.push(b'}');
    }
    if !none {
        out.push(b']');
    }
}

/// `,"data":{"len":78,"text":"…"`, to be closed.
fn object(name: &str, len: u64, bytes: &[u8], out: &mut Vec<u8>) {
    key(name, out);
    out.extend_from_slice(b"{\"len\":");
    crate::event::digits::decimal(out, len);
    out.push(b',');
    text_or_base64(bytes, out);
    if (bytes.len() as u64) < len {
        number("kept", bytes.len() as u64, out);
    }
}
