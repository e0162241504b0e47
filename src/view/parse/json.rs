//! `parse --json`: one object a message and line, as docs/parse.md has them.
//!
//! Octets of 0x80 and above appear as U+0080 to U+00FF (Latin-1: one character an octet, nothing
//! lost), and everything that is not printable ASCII is written `\u00NN`, so that the output is safe
//! on a terminal too. A body is encoded as it comes and never held twice.

use super::{Broken, Messages};
use crate::http::{Framing, Head, Kind, Piece, Refusal, StartLine};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The JSON form.
#[derive(Debug, Default)]
pub struct Json {
    /// The object up to the body's text.
    head: Vec<u8>,
    framing: &'static str,
    keep_alive: bool,
    start: u64,
    /// Decoded bytes of the body.
    length: u64,
    /// The body's base64, without the bytes of `carry`.
    body: String,
    /// Up to two bytes that wait for a third.
    carry: Vec<u8>,
    trailers: Vec<u8>,
    warnings: Vec<Refusal>,
}

impl Json {
    /// Nothing written yet.
    pub fn new() -> Json {
        Json::default()
    }
}

impl Messages for Json {
    fn head(&mut self, head: &Head, bytes: &[u8]) {
        let mut out = std::mem::take(&mut self.head);
        out.clear();
        match head.start {
            StartLine::Request {
                method,
                target,
                version,
            } => {
                out.extend_from_slice(b"{\"kind\":\"request\",\"method\":");
                string(&mut out, method.of(bytes));
                out.extend_from_slice(b",\"target\":");
                string(&mut out, target.of(bytes));
                out.extend_from_slice(b",\"version\":");
                string(&mut out, version.of(bytes));
            }
            StartLine::Response {
                version,
                status,
                reason,
                ..
            } => {
                out.extend_from_slice(
                    format!("{{\"kind\":\"response\",\"status\":{status},\"reason\":").as_bytes(),
                );
                string(&mut out, reason.of(bytes));
                out.extend_from_slice(b",\"version\":");
                string(&mut out, version.of(bytes));
            }
        }
        out.extend_from_slice(b",\"headers\":[");
        for (n, field) in head.fields.iter().enumerate() {
            pair(
                &mut out,
                n == 0,
                field.name.of(bytes),
                field.value.of(bytes),
            );
        }
        out.push(b']');
        let room = match head.framing {
            Framing::ContentLength(length) => usize::try_from(length / 3 * 4 + 4).unwrap_or(0),
            _ => 0,
        };
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        body.reserve(room.min(1 << 20));
        *self = Json {
            head: out,
            framing: head.framing.name(),
            keep_alive: head.keep_alive,
            start: head.offset,
            body,
            warnings: head.warnings.clone(),
            ..Json::default()
        };
    }

    fn data(&mut self, _offset: u64, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if !self.carry.is_empty() {
            let missing = (3 - self.carry.len()).min(bytes.len());
            self.carry.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.carry.len() < 3 {
                return;
            }
            STANDARD.encode_string(&self.carry, &mut self.body);
            self.carry.clear();
        }
        let whole = bytes.len() / 3 * 3;
        STANDARD.encode_string(&bytes[..whole], &mut self.body);
        self.carry.extend_from_slice(&bytes[whole..]);
    }

    fn framing(&mut self, _offset: u64, piece: Piece, bytes: &[u8]) {
        if let Piece::Trailer(field) = piece {
            let first = self.trailers.is_empty();
            pair(
                &mut self.trailers,
                first,
                field.name.of(bytes),
                field.value.of(bytes),
            );
        }
    }

    fn end(&mut self, end: u64, out: &mut Vec<u8>) {
        STANDARD.encode_string(&self.carry, &mut self.body);
        self.carry.clear();
        out.extend_from_slice(&self.head);
        let body = format!(
            ",\"body\":{{\"framing\":\"{}\",\"length\":{},\"base64\":\"",
            self.framing, self.length
        );
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(self.body.as_bytes());
        out.extend_from_slice(b"\"},\"trailers\":[");
        out.extend_from_slice(&self.trailers);
        let rest = format!(
            "],\"keep_alive\":{},\"start\":{},\"end\":{end}",
            self.keep_alive, self.start
        );
        out.extend_from_slice(rest.as_bytes());
        warnings(out, &self.warnings);
        out.extend_from_slice(b"}\n");
    }

    /// The error object; nothing when the input only ended too early.
    fn refused(&mut self, broken: &Broken<'_>, out: &mut Vec<u8>) {
        if broken.missing.is_some() {
            return;
        }
        let (offset, code) = (broken.refusal.offset, broken.refusal.code);
        let start = format!(
            "{{\"kind\":\"error\",\"offset\":{offset},\"code\":\"{}\",\"message\":",
            code.id
        );
        out.extend_from_slice(start.as_bytes());
        string(out, code.sentence.as_bytes());
        let status = match broken.kind {
            Kind::Request => code.status.to_string(),
            Kind::Response => "null".to_string(),
        };
        out.extend_from_slice(format!(",\"status\":{status}}}\n").as_bytes());
    }
}

fn warnings(out: &mut Vec<u8>, warnings: &[Refusal]) {
    for (n, warning) in warnings.iter().enumerate() {
        let before = if n == 0 { ",\"warnings\":[" } else { "," };
        let code = warning.code;
        let start = format!(
            "{before}{{\"offset\":{},\"code\":\"{}\",\"message\":",
            warning.offset, code.id
        );
        out.extend_from_slice(start.as_bytes());
        string(out, code.sentence.as_bytes());
        out.push(b'}');
    }
    if !warnings.is_empty() {
        out.push(b']');
    }
}

/// Appends one member `["name","value"]` of an array.
fn pair(out: &mut Vec<u8>, first: bool, name: &[u8], value: &[u8]) {
    out.extend_from_slice(if first { b"[" } else { b",[" });
    string(out, name);
    out.push(b',');
    string(out, value);
    out.push(b']');
}

/// Appends a JSON string, one character an octet (RFC 8259 7).
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.push(b'"');
}
