//! Answers with parts of a file: 206 with `Content-Range`, or several parts as `multipart/byteranges`.
//!
//! In: an open file and which bytes of it (`http::range`). Out: an answer; short ones are read with
//! `pread` and leave in one `write`, long ones leave by `sendfile`, each from its own place.

use super::answer::{Answer, Stamp};
use super::files::{Fields, Found, Opened, SMALL, fill, finish_small};
use super::send::{Outgoing, Part};
use crate::kernel::{Kernel, Probe};
use std::ops::Range;

/// Answers 206 with these parts of the file; at least one, none empty.
pub fn send_parts<P: Probe>(
    kernel: &mut Kernel<P>,
    file: &Opened,
    parts: &[Range<u64>],
    answer: Answer<'_>,
    fields: Fields<'_>,
    stamp: &Stamp,
    out: &mut Outgoing,
) -> Found {
    let start = out.bytes().len();
    let (list, length) = match parts {
        [part] => {
            let place = content_range(part, file.len);
            let mut fields = fields;
            fields.add("Content-Range", place.as_bytes());
            let length = part.end - part.start;
            write(&answer, answer.kind, length, &fields, stamp, out);
            (vec![plain_part(part)], length)
        }
        _ => {
            let (list, length) = multipart(parts, file, answer.kind.unwrap_or_default());
            let kind = [&b"multipart/byteranges; boundary="[..], file.tag.digits()].concat();
            write(&answer, Some(&kind), length, &fields, stamp, out);
            (list, length)
        }
    };
    let answered = Found::Answered(206, length);
    if length > SMALL {
        out.then_parts(file.fd, list);
        return answered;
    }
    let mut whole = true;
    for part in &list {
        let bytes = out.bytes();
        bytes.extend_from_slice(&part.text);
        let at = bytes.len();
        bytes.resize(at + part.len as usize, 0);
        whole = whole
            && fill(&mut bytes[at..], |room, done| {
                kernel.pread(file.fd, room, part.at + done)
            });
    }
    finish_small(kernel, file.fd, whole, start, answered, out)
}

fn write(
    answer: &Answer<'_>,
    kind: Option<&[u8]>,
    length: u64,
    fields: &Fields<'_>,
    stamp: &Stamp,
    out: &mut Outgoing,
) {
    let head = Answer {
        status: answer.status,
        kind,
        length: Some(length),
        no_store: false,
        extra: fields.all(),
        reuse: answer.reuse,
    };
    head.write(stamp, out.bytes());
}

/// `bytes 0-99/1234` (RFC 9110 14.4).
fn content_range(part: &Range<u64>, len: u64) -> String {
    format!("bytes {}-{}/{len}", part.start, part.end - 1)
}

fn plain_part(part: &Range<u64>) -> Part {
    Part {
        text: Vec::new(),
        at: part.start,
        len: part.end - part.start,
    }
}

/// Several parts as one body (RFC 9110 14.6), and how long it is. The digits of the tag are the
/// boundary: a file cannot know them while it is written, for they hold the time of that.
fn multipart(parts: &[Range<u64>], file: &Opened, kind: &[u8]) -> (Vec<Part>, u64) {
    let boundary = String::from_utf8_lossy(file.tag.digits());
    let kind = String::from_utf8_lossy(kind);
    let mut list = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        let range = content_range(part, file.len);
        let text =
            format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {range}\r\n\r\n");
        list.push(Part {
            text: text.into_bytes(),
            ..plain_part(part)
        });
    }
    list.push(Part {
        text: format!("\r\n--{boundary}--\r\n").into_bytes(),
        at: 0,
        len: 0,
    });
    let length = list
        .iter()
        .map(|part| part.text.len() as u64 + part.len)
        .sum();
    (list, length)
}
