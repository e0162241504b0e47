//! One error or warning with the line it stands in and carets under the bytes that offend.
//!
//! ```text
//! error[H101]: space inside the request target
//!   1 | GET /a b HTTP/1.1\r\n
//!     |       ^ byte 6; write it as %20           RFC 9112 3.2
//! ```

use crate::http::Refusal;
use crate::view::paint::{Ink, Paint};
use crate::view::text::{escape, escape_into};

/// Columns before the line's text.
const GUTTER: usize = 6;
/// Where the section of the RFC stands when there is room.
const RULE: usize = 48;

/// The line that a refusal stands in.
#[derive(Clone, Copy, Debug)]
pub struct Place<'b> {
    /// Its number in the message, from 1.
    pub number: usize,
    /// Its bytes, line end included.
    pub line: &'b [u8],
    /// Offset of its first byte from the beginning of the input.
    pub offset: u64,
}

/// Writes one refusal or warning; `times` how often it occurs.
pub fn write(out: &mut Vec<u8>, paint: &Paint, refusal: &Refusal, place: &Place<'_>, times: usize) {
    let ink = sentence(out, paint, refusal, times);
    let at = usize::try_from(refusal.offset.saturating_sub(place.offset))
        .unwrap_or(0)
        .min(place.line.len());
    let room = paint.width - GUTTER;
    let columns = |bytes: &[u8]| {
        escape(bytes, usize::MAX, paint.charset)
            .chars()
            .map(char_columns)
            .sum::<usize>()
    };
    // A caret far to the right pulls the line to the left, so that it has company on both sides.
    let fits = columns(&place.line[..at]) + 24 <= room;
    let from = if fits {
        0
    } else {
        window(place.line, at, room / 2, columns)
    };
    let dots = if from > 0 { "..." } else { "" };
    out.extend_from_slice(format!("{:>3} | {dots}", place.number).as_bytes());
    escape_into(out, &place.line[from..], room - dots.len(), paint.charset);
    out.push(b'\n');

    let caret = dots.len() + columns(&place.line[from..at]);
    let mut end = at
        .saturating_add(refusal.len as usize)
        .min(place.line.len());
    // A character is pointed at as a whole.
    while place
        .line
        .get(end)
        .is_some_and(|b| matches!(b, 0x80..=0xbf))
        && end > at
    {
        end += 1;
    }
    let carets = columns(&place.line[at..end])
        .max(1)
        .min(room.saturating_sub(caret).max(1));
    out.extend_from_slice(b"    | ");
    out.resize(out.len() + caret, b' ');
    paint.words(ink, &"^".repeat(carets), out);
    let remedy = format!(" byte {}; {}", refusal.offset, refusal.code.remedy);
    label(out, paint, refusal, &remedy, GUTTER + caret + carets);
}

/// Writes that the input ended too early; there is no line to point into.
pub fn write_cut(out: &mut Vec<u8>, paint: &Paint, refusal: &Refusal, missing: &str) {
    sentence(out, paint, refusal, 1);
    out.extend_from_slice(b"    |");
    label(
        out,
        paint,
        refusal,
        &format!(" byte {}; {missing}", refusal.offset),
        5,
    );
}

/// `error[H101]: space inside the request target`.
fn sentence(out: &mut Vec<u8>, paint: &Paint, refusal: &Refusal, times: usize) -> Ink {
    let code = refusal.code;
    let (word, ink) = if code.is_warning() {
        ("warning", Ink::Warning)
    } else {
        ("error", Ink::Bad)
    };
    paint.words(ink, &format!("{word}[{}]", code.id), out);
    let repeated = if times > 1 {
        format!(" ({times} times)")
    } else {
        String::new()
    };
    let rest = format!(": {}{repeated}", code.sentence);
    clipped(
        out,
        &rest,
        paint.width.saturating_sub(word.len() + 2 + code.id.len()),
    );
    out.push(b'\n');
    ink
}

/// Where a piece of `line` begins that ends before `at` and takes no more than `room` columns.
fn window(line: &[u8], at: usize, room: usize, columns: impl Fn(&[u8]) -> usize) -> usize {
    let mut from = at;
    while from > 0 && columns(&line[from - 1..at]) <= room {
        from -= 1;
    }
    // Not in the middle of a character.
    while from < at && matches!(line[from], 0x80..=0xbf) {
        from += 1;
    }
    from
}

/// What to do and where it says so, beside the carets or below them. `column` is where we are.
fn label(out: &mut Vec<u8>, paint: &Paint, refusal: &Refusal, remedy: &str, mut column: usize) {
    let rule = refusal.code.rule;
    if column + remedy.len() > paint.width {
        out.extend_from_slice(b"\n    |");
        column = 5;
    }
    clipped(out, remedy, paint.width - column);
    column = (column + remedy.len()).min(paint.width);
    let start = RULE.max(column + 2);
    if start + rule.len() <= paint.width {
        out.resize(out.len() + start - column, b' ');
    } else {
        out.extend_from_slice(b"\n    | ");
    }
    paint.words(Ink::Faint, rule, out);
    out.push(b'\n');
}

/// Our own words, at most so many columns of them.
fn clipped(out: &mut Vec<u8>, words: &str, columns: usize) {
    escape_into(
        out,
        words.as_bytes(),
        columns,
        crate::view::text::Charset::Ascii,
    );
}

fn char_columns(c: char) -> usize {
    if c.is_ascii() {
        1
    } else {
        crate::view::text::width(c)
    }
}
