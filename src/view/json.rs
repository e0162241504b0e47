//! The JSON view: a recording, line by line (docs/recording-format.md).
//!
//! In: events, already masked. Out: one object a line; the first says what ran, the last how much there
//! was. What is derived is left out, for replay works it out again; with notes it is there too, on lines
//! that are for other programs to read: with each event its notes, with the event that ends an exchange what
//! the exchange cost, and on the last line what is still open and what was found.

mod exchange;

use crate::event::Event;
use crate::event::digits::decimal;
use crate::event::wire::{Start, Writer, string};
use crate::story::{Note, Pen, Step, Story, Verdict};
use crate::view::View;

/// Writes a recording.
#[derive(Debug)]
pub struct JsonView {
    start: Start,
    writer: Writer,
    notes: bool,
}

impl JsonView {
    /// A recording of this run.
    pub fn new(start: Start) -> JsonView {
        JsonView {
            start,
            writer: Writer::default(),
            notes: false,
        }
    }

    /// The same, and what each event means.
    pub fn with_notes(mut self) -> JsonView {
        self.notes = true;
        self
    }

    /// The same without addresses of memory, which differ from run to run (`--canonical`).
    pub fn without_pointers(mut self) -> JsonView {
        self.writer.pointers = false;
        self
    }
}

impl View for JsonView {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.writer.start(&self.start, out);
    }

    fn step(&mut self, event: &Event<'_>, step: &Step<'_>, out: &mut Vec<u8>) {
        if !self.notes {
            return self.writer.event(event, out);
        }
        self.writer.open_event(event, out);
        meaning(step, out);
        out.extend_from_slice(b"}\n");
    }

    fn end(&mut self, story: &Story, out: &mut Vec<u8>) {
        self.writer.end(out);
        if self.notes && out.ends_with(b"}\n") {
            out.truncate(out.len() - b"}\n".len());
            let open = story.connections().iter().flat_map(|c| c.waiting.iter());
            list("open", open, exchange::exchange, out);
            list("findings", story.findings().iter(), finding, out);
            out.extend_from_slice(b"}\n");
        }
    }
}

/// `,"connection":"c1","exchange":"r1","notes":[…]`.
fn meaning(step: &Step<'_>, out: &mut Vec<u8>) {
    if let Some(connection) = step.connection {
        out.extend_from_slice(b",\"connection\":");
        string(&connection.to_string(), out);
    }
    if let Some(exchange) = step.exchange {
        out.extend_from_slice(b",\"exchange\":");
        string(&exchange.to_string(), out);
    }
    list("notes", step.notes.iter(), one, out);
    if !step.ended.is_empty() {
        list("ended", step.ended.iter(), exchange::exchange, out);
    }
}

/// `,"key":[…]`.
fn list<T>(
    key: &str,
    items: impl Iterator<Item = T>,
    write: impl Fn(T, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.push(b',');
    string(key, out);
    out.extend_from_slice(b":[");
    for (index, item) in items.enumerate() {
        out.extend_from_slice(if index > 0 { b"," } else { b"" });
        write(item, out);
    }
    out.push(b']');
}

/// A note with where it was seen first: `"seq"` is the call's.
fn finding(note: &Note, out: &mut Vec<u8>) {
    one(note, out);
    let Note::Found(_, place, times) = note else {
        return;
    };
    out.truncate(out.len() - b"}".len());
    if let Some(connection) = place.connection {
        out.extend_from_slice(b",\"connection\":");
        string(&connection.to_string(), out);
    }
    if let Some(exchange) = place.exchange {
        out.extend_from_slice(b",\"exchange\":");
        string(&exchange.to_string(), out);
    }
    if place.seq > 0 {
        out.extend_from_slice(b",\"seq\":");
        decimal(out, place.seq);
    }
    out.extend_from_slice(b",\"times\":");
    decimal(out, *times);
    out.push(b'}');
}

/// `{"id":"request","verdict":"note","text":"> GET / HTTP/1.1  (complete)"}`.
fn one(note: &Note, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    string(note.id(), out);
    out.extend_from_slice(b",\"verdict\":");
    let verdict = match note.verdict() {
        Verdict::Note => "note",
        Verdict::Warning => "warning",
        Verdict::Error => "error",
    };
    string(verdict, out);
    let mut sentence = Sentence(String::new());
    note.write(&mut sentence);
    out.extend_from_slice(b",\"text\":");
    string(&sentence.0, out);
    out.push(b'}');
}

/// A note's sentence, however long. What is not text in it is replaced; JSON escapes the rest.
struct Sentence(String);

impl Pen for Sentence {
    fn text(&mut self, words: &str) {
        self.0.push_str(words);
    }

    fn spare(&mut self, words: &str) {
        self.0.push_str(words);
    }

    fn number(&mut self, number: u64) {
        self.0.push_str(&number.to_string());
    }

    fn bytes(&mut self, bytes: &[u8], more: bool) {
        self.0.push_str(&String::from_utf8_lossy(bytes));
        self.0.push_str(if more { "..." } else { "" });
    }
}
