//! What is to be said about the messages of one call.
//!
//! In: what a connection heard in the bytes that moved, and what is left of a head that is not complete. Out:
//! notes. Left out on purpose: where the bytes came from (`messages`), and every sentence (`words`).

use super::connection::{Heard, Moved};
use super::stream::{Protocol, Stream};
use super::text::Text;
use super::words::{Foreign, Note, Progress, Way};
use crate::http::Framing;

/// What is to be said about the messages of one call.
pub(super) fn say(notes: &mut Vec<Note>, moved: &Moved, way: Way, bytes: u64) {
    for (i, heard) in moved.told().iter().enumerate() {
        match way {
            Way::Request => say_request(notes, heard),
            Way::Response => say_response(notes, heard),
        }
        if i == 0 && moved.heads >= 2 {
            notes.push(match way {
                Way::Request => Note::Pipelined(moved.heads),
                Way::Response => Note::Together(moved.heads),
            });
        }
    }
    if let Some(refusal) = moved.refusal {
        notes.push(Note::Malformed(way, refusal.code, refusal.offset));
        notes.push(Note::Rule(refusal.code));
    }
    if moved.lost {
        notes.push(Note::FramingLost);
    }
    match moved.recognised {
        Some(Protocol::Tls) => notes.push(Note::NotHttp(Foreign::Tls)),
        Some(Protocol::Http2) => notes.push(Note::NotHttp(Foreign::Http2)),
        Some(Protocol::Strange) => notes.push(Note::NotHttp(Foreign::Unknown)),
        _ if moved.count == 0 && moved.refusal.is_none() && !moved.lost => {
            say_raw(notes, moved, way, bytes)
        }
        _ => {}
    }
}

fn say_raw(notes: &mut Vec<Note>, moved: &Moved, way: Way, bytes: u64) {
    if moved.raw {
        notes.push(Note::RawBytes(way, bytes));
    }
}

fn progress(heard: &Heard) -> Progress {
    match heard.framing {
        _ if heard.complete => Progress::Complete(heard.pieces),
        _ if heard.expects_continue && heard.body == 0 => Progress::Expects,
        Some(Framing::ContentLength(of)) => Progress::Body(heard.body_so_far, of),
        Some(Framing::Chunked) => Progress::Chunked(heard.body_so_far),
        Some(Framing::UntilClose) => Progress::UntilClose(heard.body_so_far),
        Some(Framing::None) | None => Progress::Complete(heard.pieces),
    }
}

fn say_request(notes: &mut Vec<Note>, heard: &Heard) {
    let Some(line) = heard.line else {
        say_body(notes, heard, Way::Request);
        return;
    };
    notes.push(Note::Request(line, heard.minor, progress(heard)));
    if line.as_bytes().ends_with(b" /favicon.ico") {
        notes.push(Note::Favicon);
    }
}

fn say_response(notes: &mut Vec<Note>, heard: &Heard) {
    match heard.line {
        None => say_body(notes, heard, Way::Response),
        Some(_) if heard.status == 100 => notes.push(Note::Continue),
        Some(_) if heard.status == 101 => notes.push(Note::Switched),
        Some(reason) => notes.push(Note::Response {
            status: heard.status,
            reason,
            head: heard.head,
            body: heard.body,
            progress: progress(heard),
            to_head: heard.to_head,
        }),
    }
}

fn say_body(notes: &mut Vec<Note>, heard: &Heard, way: Way) {
    let of = match heard.framing {
        Some(Framing::ContentLength(of)) => Some(of),
        Some(Framing::None | Framing::Chunked | Framing::UntilClose) | None => None,
    };
    notes.push(match heard.complete {
        true => Note::BodyDone(
            way,
            heard.body_so_far,
            heard.framing == Some(Framing::Chunked),
        ),
        false => Note::BodySoFar(way, heard.body_so_far, of),
    });
}

/// What is to be said about a head that is not complete.
pub(super) fn say_pending(notes: &mut Vec<Note>, stream: &mut Stream, way: Way) {
    if stream.protocol != Protocol::Http || stream.in_body || stream.pending().is_empty() {
        return;
    }
    let pending = stream.pending();
    let note = match memchr::memchr(b'\n', pending) {
        _ if stream.announced => Note::HeadSoFar(way, pending.len() as u64),
        None => Note::StartOfLine(way, Text::new(pending)),
        Some(end) if way == Way::Request => start_line(pending[..end].trim_ascii_end()),
        Some(_) => Note::HeadSoFar(way, pending.len() as u64),
    };
    stream.announced = !matches!(note, Note::StartOfLine(..));
    notes.push(note);
}

/// A request line whose fields are still to come. It has not been judged yet: a version that is not
/// plainly 1.x stays part of the line.
fn start_line(line: &[u8]) -> Note {
    match line {
        [
            line @ ..,
            b' ',
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            minor @ b'0'..=b'9',
        ] => Note::Request(Text::new(line), minor - b'0', Progress::Unfinished),
        line => Note::StartOfLine(Way::Request, Text::new(line)),
    }
}
