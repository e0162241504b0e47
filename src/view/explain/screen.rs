//! One event as a screen: what was found out, and how it is laid out in rows.
//!
//! In: sentences and pieces, nothing shortened. Out: at most [`ROWS`] rows of at most the stream's
//! columns. It owns what it says, so it can be shown again later, on a screen of another width.

use crate::view::paint::Ink;
use crate::view::paint::Paint;
use crate::view::text::Charset;
use crate::view::text::escape_into;

/// Rows of a screen, at most.
pub const ROWS: usize = 12;
/// Where sentences begin.
const LEFT: usize = 10;
/// A sentence takes so many rows at most.
const WRAPPED: usize = 2;

/// Some bytes, and what they are.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Where they begin within the call's bytes.
    pub at: u64,
    /// How many they are.
    pub len: u64,
    /// The first of them.
    pub bytes: Vec<u8>,
    /// What they are.
    pub what: String,
}

/// What `got` says.
#[derive(Clone, Debug)]
pub enum Got {
    /// The call has not ended.
    Nothing,
    /// A result, and what it means.
    Value(String),
    /// Bytes, and the sum of them; whether the program gave them.
    Bytes(Vec<Extract>, String, bool),
}

/// Which event a screen is about.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A call by its number, and of how many where that is known.
    Call(u64, Option<u64>),
    /// A call that has not ended.
    Waiting,
    /// An operation that was put into a ring: the submission queue.
    Queued,
    /// One that has come back: the completion queue.
    CameBack,
}

/// An event, told.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Which event it is.
    pub place: Place,
    /// Whose it is: `t2 c1`.
    pub whose: String,
    /// The call with its arguments.
    pub call: String,
    /// ` = 78`.
    pub result: String,
    /// It failed.
    pub failed: bool,
    /// `0.01 ms  fd 4`.
    pub right: String,
    /// What was asked for.
    pub asked: String,
    /// What the kernel did.
    pub kernel: String,
    /// What came of it.
    pub got: Got,
    /// What else there is to say.
    pub notes: Vec<(String, Ink)>,
    /// What to beware of; empty for nothing.
    pub beware: String,
    /// How things stand now.
    pub next: String,
}

/// A row without its line end.
struct Row {
    label: &'static str,
    text: String,
    ink: Ink,
}

impl Screen {
    /// The call alone, as it was made: `[ 6/13] c1  read(4, buf, 8192)`, and what was asked for.
    pub fn question(&self, paint: &Paint, out: &mut Vec<u8>) {
        self.first_row(false, paint, out);
        for row in sentence("asked", &quoted(&self.asked), paint.width) {
            write_row(&row, paint, out);
        }
    }

    /// The bytes alone, without what they are: for a question about them.
    pub fn bytes_alone(&self, most: usize, paint: &Paint, out: &mut Vec<u8>) {
        self.first_row(true, paint, out);
        if let Got::Bytes(extracts, ..) = &self.got {
            let plain: Vec<Extract> = extracts
                .iter()
                .map(|extract| Extract {
                    what: String::new(),
                    ..extract.clone()
                })
                .collect();
            for row in got_bytes("got", &plain, most, paint) {
                write_row(&row, paint, out);
            }
        }
    }

    /// All of it but its last row, and that row apart, without its line end: something may follow it.
    pub fn write(&self, paint: &Paint, out: &mut Vec<u8>) {
        self.first_row(true, paint, out);
        let width = paint.width;
        let mut above = sentence("asked", &quoted(&self.asked), width);
        above.extend(sentence("kernel", &self.kernel, width));
        let mut below = Vec::new();
        if let Got::Bytes(extracts, sum, _) = &self.got
            && extracts.len() > 1
        {
            below.extend(sentence("sum", sum, width).into_iter().take(1));
        }
        for (note, ink) in &self.notes {
            below.extend(
                sentence("note", note, width)
                    .into_iter()
                    .take(1)
                    .map(|row| Row { ink: *ink, ..row }),
            );
        }
        below.extend(sentence("beware", &self.beware, width));
        // The first row is written, and the last one is to come.
        let room = (ROWS - 2).saturating_sub(above.len());
        below.truncate(room.saturating_sub(1).max(1));
        let got = match &self.got {
            Got::Nothing => Vec::new(),
            Got::Value(value) => sentence("got", value, width),
            Got::Bytes(extracts, _, gave) => {
                let label = if *gave { "gave" } else { "got" };
                got_bytes(label, extracts, room - below.len(), paint)
            }
        };
        for row in above.iter().chain(&got).chain(&below) {
            write_row(row, paint, out);
        }
        let next = sentence("next?", &self.next, width);
        if let Some(row) = next.first() {
            write_row(row, paint, out);
        }
    }

    fn first_row(&self, with_result: bool, paint: &Paint, out: &mut Vec<u8>) {
        let place = match self.place {
            Place::Waiting => "[..]".to_string(),
            Place::Queued => "[sq]".to_string(),
            Place::CameBack => "[cq]".to_string(),
            Place::Call(number, Some(total)) => {
                let digits = total.to_string().len();
                format!("[{number:>digits$}/{total}]")
            }
            Place::Call(number, None) => format!("[{number:>2}]"),
        };
        let result = if with_result {
            self.result.as_str()
        } else {
            " = ?"
        };
        let right = if with_result { self.right.as_str() } else { "" };
        let mut whose = self.whose.clone();
        if !whose.is_empty() {
            whose.push_str("  ");
        }
        let fixed = place.len() + 1 + whose.len() + result.len();
        let room = paint.width.saturating_sub(fixed);
        let mut right = if right.is_empty() {
            String::new()
        } else {
            format!("  {right}")
        };
        if self.call.len() + right.len() > room {
            right.clear();
        }
        let call = shortened(&self.call, room);
        paint.words(Ink::Faint, &place, out);
        out.push(b' ');
        paint.words(Ink::Tag, &whose, out);
        let name = call.find('(').unwrap_or(call.len());
        paint.words(Ink::Call, &call[..name], out);
        out.extend_from_slice(&call.as_bytes()[name..]);
        let ink = if self.failed && with_result {
            Ink::Bad
        } else {
            Ink::Plain
        };
        paint.words(ink, result, out);
        let used = fixed + call.chars().count();
        if !right.is_empty() {
            let gap = paint.width.saturating_sub(used + right.len());
            out.extend(std::iter::repeat_n(b' ', gap));
            paint.words(Ink::Faint, &right, out);
        }
        out.push(b'\n');
    }
}

fn quoted(words: &str) -> String {
    format!("\"{words}\"")
}

/// ASCII or not, in so many columns; what we write here is one column a character.
fn shortened(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_string();
    }
    let kept: String = text.chars().take(columns.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// A sentence in rows, two at most: the label beside the first.
fn sentence(label: &'static str, words: &str, width: usize) -> Vec<Row> {
    if words.is_empty() {
        return Vec::new();
    }
    let mut rows = wrapped(label, words, width);
    if rows.len() > WRAPPED {
        rows.truncate(WRAPPED);
        let room = width.saturating_sub(LEFT).max(1);
        let last = &mut rows[WRAPPED - 1].text;
        *last = format!("{}...", shortened(last, room - 3).trim_end_matches('.'));
    }
    rows
}

/// The same, however many rows it takes.
fn wrapped(label: &'static str, words: &str, width: usize) -> Vec<Row> {
    let room = width.saturating_sub(LEFT).max(1);
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        let columns = line.chars().count();
        if columns > 0 && columns + 1 + word.chars().count() > room {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
        .into_iter()
        .enumerate()
        .map(|(n, text)| Row {
            label: if n == 0 { label } else { "" },
            text: shortened(&text, room),
            ink: Ink::Plain,
        })
        .collect()
}

/// Writes words beside a label, as a screen does; a long sentence takes as many rows as it needs.
pub fn row(label: &'static str, words: &str, paint: &Paint, out: &mut Vec<u8>) {
    let rows = wrapped(label, words, paint.width);
    for row in rows {
        write_row(&row, paint, out);
    }
}

/// Where what a piece is stands, if bytes leave room.
const BYTES: usize = 30;

/// Rows of bytes, at most so many: the middle is left out where there are more pieces.
fn got_bytes(label: &'static str, extracts: &[Extract], most: usize, paint: &Paint) -> Vec<Row> {
    let most = most.max(1);
    let digits = |number: u64| number.to_string().len();
    let lengths = extracts
        .iter()
        .map(|e| digits(e.len))
        .max()
        .unwrap_or(1)
        .max(3);
    let mut rows = Vec::new();
    let kept_first = if extracts.len() > most {
        most.saturating_sub(2)
    } else {
        extracts.len()
    };
    for (n, extract) in extracts.iter().enumerate() {
        let is_last = n + 1 == extracts.len();
        if n >= kept_first && !(is_last && most > 1) {
            if n == kept_first {
                let left_out = &extracts[n..extracts.len() - usize::from(most > 1)];
                let bytes: u64 = left_out.iter().map(|e| e.len).sum();
                let text = format!("...    {bytes:>lengths$}  {} more parts", left_out.len());
                rows.push(text);
            }
            continue;
        }
        rows.push(extract_row(extract, lengths, paint));
    }
    rows.into_iter()
        .enumerate()
        .map(|(n, text)| Row {
            label: if n == 0 { label } else { "" },
            text,
            ink: Ink::Plain,
        })
        .collect()
}

fn extract_row(extract: &Extract, lengths: usize, paint: &Paint) -> String {
    let mut row = format!("0x{:04x} {:>lengths$}  ", extract.at, extract.len).into_bytes();
    let left = LEFT + row.len();
    let room = paint.width.saturating_sub(left);
    let what = extract.what.len();
    let bytes = match what {
        0 => room,
        what => room
            .saturating_sub(what + 2)
            .clamp(4, BYTES.max(room.saturating_sub(26))),
    };
    let more = (extract.bytes.len() as u64) < extract.len;
    let room_for_bytes = if more { bytes.saturating_sub(3) } else { bytes };
    let mut used = escape_into(&mut row, &extract.bytes, room_for_bytes, paint.charset);
    if more && !row.ends_with(b"...") && !extract.bytes.is_empty() {
        row.extend_from_slice(b"...");
        used += 3;
    }
    if what > 0 {
        let column = bytes.min(BYTES).max(used);
        row.extend(std::iter::repeat_n(b' ', column - used + 2));
        row.extend_from_slice(extract.what.as_bytes());
    }
    let text = String::from_utf8(row).expect("escaped bytes are ASCII or whole characters");
    match paint.charset {
        Charset::Ascii => shortened(&text, paint.width.saturating_sub(LEFT)),
        Charset::Utf8 => text,
    }
}

fn write_row(row: &Row, paint: &Paint, out: &mut Vec<u8>) {
    out.extend_from_slice(b"  ");
    let ink = match row.label {
        "beware" => Ink::Warning,
        _ => Ink::Faint,
    };
    paint.words(ink, row.label, out);
    let gap = LEFT - 2 - row.label.len();
    out.extend(std::iter::repeat_n(b' ', gap));
    paint.words(row.ink, &row.text, out);
    out.push(b'\n');
}
