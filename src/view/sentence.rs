//! A note's sentence within the columns there are, and its colour.
//!
//! In: a note and how many columns it may take. Out: its sentence, escaped and short enough: first
//! spare words go, then bytes from outside are shortened, and only then the sentence is cut.

use super::line::Line;
use super::paint::Ink;
use super::text::Charset;
use crate::story::words::Way;
use crate::story::{Note, Pen, Verdict};

/// The colour of a note.
pub fn ink(note: &Note) -> Ink {
    match (note.verdict(), note.status(), note.way()) {
        (Verdict::Error, ..) => Ink::Bad,
        (Verdict::Warning, ..) => Ink::Warning,
        (Verdict::Note, Some(status), _) => Ink::of_status(status),
        (Verdict::Note, None, Some(Way::Request)) => Ink::Request,
        (Verdict::Note, None, Some(Way::Response)) => Ink::Good,
        (Verdict::Note, None, None) if matches!(note, Note::Asleep(_)) => Ink::Faint,
        (Verdict::Note, None, None) => Ink::Plain,
    }
}

/// Writes notes into a line, as wide as it may be.
struct NotePen<'l> {
    line: &'l mut Line,
    charset: Charset,
    /// Room for bytes from outside, each time.
    elastic: usize,
    /// Columns that bytes from outside took.
    stretched: usize,
    spare: bool,
}

/// Fewer columns of a phrase say nothing.
const LEGIBLE: usize = 5;

impl Pen for NotePen<'_> {
    fn phrase(&mut self, bytes: &[u8], more: bool) {
        // The space is not stretched: it was counted with what is fixed.
        if self.elastic >= LEGIBLE || bytes.len() <= self.elastic {
            self.text(" ");
            self.bytes(bytes, more);
        }
    }

    fn text(&mut self, words: &str) {
        self.line.text(words);
    }

    fn spare(&mut self, words: &str) {
        if self.spare {
            self.line.text(words);
        }
    }

    fn number(&mut self, number: u64) {
        self.line.number(number);
    }

    fn bytes(&mut self, bytes: &[u8], more: bool) {
        let before = self.line.columns;
        let room = if more {
            self.elastic.saturating_sub(3)
        } else {
            self.elastic
        };
        self.line.escaped(bytes, room, self.charset);
        let cut = self.line.bytes.ends_with(b"...");
        if more && !cut && self.line.columns - before < self.elastic {
            self.line.text("...");
        }
        self.stretched += self.line.columns - before;
    }
}

/// The sentence of a note in at most `room` columns.
pub fn sentence(note: &Note, room: usize, charset: Charset, line: &mut Line) {
    let mut try_with = |elastic: usize, spare: bool| {
        line.clear();
        let mut pen = NotePen {
            line,
            charset,
            elastic,
            stretched: 0,
            spare,
        };
        note.write(&mut pen);
        (pen.line.columns, pen.stretched)
    };
    if try_with(room, true).0 <= room {
        return;
    }
    let (columns, stretched) = try_with(room, false);
    if columns <= room {
        return;
    }
    let fixed = columns - stretched;
    if try_with(room.saturating_sub(fixed), false).0 > room {
        let (kept, columns) = cut(&line.bytes, room.saturating_sub(3));
        line.bytes.truncate(kept);
        line.columns = columns;
        let dots = room.saturating_sub(columns).min(3);
        line.text(&"..."[..dots]);
    }
}

/// How many bytes of escaped text take at most so many columns, and how many they take.
pub fn cut(text: &[u8], columns: usize) -> (usize, usize) {
    let text = std::str::from_utf8(text).unwrap_or("");
    let mut used = 0;
    for (at, c) in text.char_indices() {
        let width = if c.is_ascii() {
            1
        } else {
            super::text::width(c)
        };
        if used + width > columns {
            return (at, used);
        }
        used += width;
    }
    (text.len(), used)
}
