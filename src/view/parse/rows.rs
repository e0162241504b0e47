//! The rows of the table: which bytes are which part.
//!
//! In: a good head, or the lines of a broken one. Out: rows in the order of the bytes. Separators (the
//! spaces, the colon, the line ends) have no row of their own; `--hex` shows them behind the part they
//! follow.

use super::notes;
use crate::http::field::Line;
use crate::http::survey::Survey;
use crate::http::{Head, Kind, Refusal, Span, StartLine};

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Offset of the first byte from the beginning of the input.
    pub offset: u64,
    /// Bytes of this part.
    pub len: u64,
    /// The first of them.
    pub bytes: Vec<u8>,
    /// For `--hex`: the first of them and of the separators behind them.
    pub hex: Vec<u8>,
    /// Bytes that `hex` stands for.
    pub hex_len: u64,
    /// `method`, `field name`…
    pub part: &'static str,
    /// What it means, or the refusal's code.
    pub note: String,
    /// The note is a code.
    pub is_error: bool,
}

/// Bytes of a part that a row keeps.
pub const SHOWN: usize = 256;

impl Row {
    /// A row of these bytes.
    pub fn new(offset: u64, bytes: &[u8], part: &'static str, note: impl Into<String>) -> Row {
        let mut row = Row {
            offset,
            len: 0,
            bytes: Vec::new(),
            hex: Vec::new(),
            hex_len: 0,
            part,
            note: note.into(),
            is_error: false,
        };
        row.extend(bytes);
        row
    }

    /// More bytes of the same part.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.hex_len += bytes.len() as u64;
        let keep = bytes.len().min(SHOWN - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..keep]);
        self.hex.extend_from_slice(&bytes[..keep]);
    }

    /// Whether this byte of the input is part of it.
    pub fn holds(&self, offset: u64) -> bool {
        offset >= self.offset && offset - self.offset < self.len
    }
}

/// The rows of a good head.
pub fn of_head(head: &Head, bytes: &[u8]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(4 + head.fields.len() * 2);
    let mut push = |span: Span, part, note: String| {
        rows.push(Row::new(
            head.offset + u64::from(span.start),
            span.of(bytes),
            part,
            note,
        ));
    };
    match head.start {
        StartLine::Request {
            method,
            target,
            version,
        } => {
            push(method, "method", notes::method(method.of(bytes)).into());
            push(
                target,
                "target",
                notes::target(method.of(bytes), target.of(bytes)),
            );
            push(version, "version", notes::version(head.version).into());
        }
        StartLine::Response {
            version,
            status,
            code,
            reason,
        } => {
            push(version, "version", notes::version(head.version).into());
            push(code, "status", notes::status(status).into());
            if !reason.is_empty() {
                push(reason, "reason", "for people only".into());
            }
        }
    }
    for field in &head.fields {
        push(
            field.name,
            "field name",
            notes::field(Some(head), field.name.of(bytes)).into(),
        );
        if !field.value.is_empty() {
            push(field.value, "field value", String::new());
        }
    }
    let end = bytes.len().min(head.len);
    let blank = if bytes[..end].ends_with(b"\r\n") {
        end - 2
    } else {
        end.saturating_sub(1)
    };
    push(
        Span::new(blank, end),
        "blank line",
        notes::blank_line(head.framing),
    );
    fill_hex(&mut rows, head.offset, bytes);
    rows
}

/// After these refusals the lines have no parts that could be named: another protocol, or the other
/// side's message.
const NO_PARTS: [&str; 5] = ["H112", "H113", "H131", "H132", "H607"];

/// The rows of a head that was refused or cut; `base` is where its first byte stands.
pub fn of_survey(kind: Kind, survey: &Survey, base: u64, bytes: &[u8]) -> Vec<Row> {
    let mut rows = Vec::new();
    let first = survey
        .refusals
        .first()
        .map_or("", |refusal| refusal.code.id);
    let foreign = NO_PARTS.contains(&first);
    for (n, line) in survey.lines.iter().enumerate() {
        match (n, kind) {
            _ if foreign => rows.push(Row::new(
                base + line.start as u64,
                &bytes[line.start..line.text],
                "line",
                "",
            )),
            (0, Kind::Request) => request_line(&mut rows, base, bytes, *line),
            (0, Kind::Response) => status_line(&mut rows, base, bytes, *line),
            _ => field_line(&mut rows, base, bytes, *line),
        }
    }
    if let Some(blank) = survey.blank {
        let bytes = &bytes[blank.start..blank.next];
        rows.push(Row::new(
            base + blank.start as u64,
            bytes,
            "blank line",
            "end of head",
        ));
    }
    add_refusals(&mut rows, &survey.refusals, base, bytes);
    fill_hex(&mut rows, base, &bytes[..survey.end]);
    rows
}

/// Cuts at the first and the last space, as a reader who repairs the line would.
fn request_line(rows: &mut Vec<Row>, base: u64, bytes: &[u8], line: Line) {
    let text = &bytes[line.start..line.text];
    let mut push = |from: usize, to: usize, part, note: String| {
        if from < to {
            rows.push(Row::new(base + from as u64, &text[from..to], part, note));
        }
    };
    let versioned = memchr::memmem::rfind(text, b" HTTP/");
    let first = text
        .iter()
        .position(|b| matches!(b, b' ' | b'\t'))
        .unwrap_or(text.len());
    let last = versioned.unwrap_or(text.len()).max(first);
    let (method, target) = (
        &text[..first],
        text.get(first + 1..last).unwrap_or_default(),
    );
    push(0, first, "method", notes::method(method).into());
    push(first + 1, last, "target", notes::target(method, target));
    push(last + 1, text.len(), "version", String::new());
}

fn status_line(rows: &mut Vec<Row>, base: u64, bytes: &[u8], line: Line) {
    let text = &bytes[line.start..line.text];
    let mut from = 0;
    for (part, words) in [("version", 1), ("status", 1), ("reason", usize::MAX)] {
        let rest = text.get(from..).unwrap_or_default();
        let end = if words == 1 {
            rest.iter().position(|&b| b == b' ')
        } else {
            None
        };
        let to = from + end.unwrap_or(rest.len());
        if from < to {
            rows.push(Row::new(base + from as u64, &text[from..to], part, ""));
        }
        from = to + 1;
    }
}

/// Name and value around the first colon; a line without one is a row of its own.
fn field_line(rows: &mut Vec<Row>, base: u64, bytes: &[u8], line: Line) {
    let text = &bytes[line.start..line.text];
    let offset = base + line.start as u64;
    let spaces = |b: &u8| matches!(b, b' ' | b'\t');
    let Some(colon) = text
        .iter()
        .position(|&b| b == b':')
        .filter(|_| !text.first().is_some_and(spaces))
    else {
        rows.push(Row::new(offset, text, "line", ""));
        return;
    };
    let name = text[..colon]
        .iter()
        .rposition(|b| !spaces(b))
        .map_or(0, |at| at + 1);
    if name > 0 {
        rows.push(Row::new(
            offset,
            &text[..name],
            "field name",
            notes::field(None, &text[..name]),
        ));
    }
    let value = &text[colon + 1..];
    let from = value.iter().position(|b| !spaces(b)).unwrap_or(value.len());
    let to = value
        .iter()
        .rposition(|b| !spaces(b))
        .map_or(from, |at| at + 1);
    if from < to {
        rows.push(Row::new(
            offset + (colon + 1 + from) as u64,
            &value[from..to],
            "field value",
            "",
        ));
    }
}

/// Puts each refusal's code beside the part it stands in, or gives its bytes a row of their own.
/// Refusals count from the message's first byte, which stands at `base` of the input.
fn add_refusals(rows: &mut Vec<Row>, refusals: &[Refusal], base: u64, bytes: &[u8]) {
    for refusal in refusals {
        let offset = base + refusal.offset;
        let note = format!("error[{}]", refusal.code.id);
        match rows
            .iter_mut()
            .find(|row| row.holds(offset) && !row.is_error)
        {
            Some(row) => (row.note, row.is_error) = (note, true),
            None => {
                let start = usize::try_from(refusal.offset)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let end = start.saturating_add(refusal.len as usize).min(bytes.len());
                let mut row = Row::new(offset, &bytes[start..end], "--", note);
                row.is_error = true;
                rows.push(row);
            }
        }
    }
    rows.sort_by_key(|row| row.offset);
}

/// Gives each row the bytes up to the next one.
fn fill_hex(rows: &mut [Row], base: u64, bytes: &[u8]) {
    for n in 0..rows.len() {
        let start = (rows[n].offset - base) as usize;
        let next = rows
            .get(n + 1)
            .map_or(bytes.len(), |row| (row.offset - base) as usize);
        let all = bytes.get(start..next).unwrap_or_default();
        rows[n].hex_len = all.len() as u64;
        rows[n].hex = all[..all.len().min(SHOWN)].to_vec();
    }
}

/// How bytes stand in the table when they have a name: `SP`, `CR LF`.
pub fn named(bytes: &[u8]) -> Option<String> {
    let name = |byte: &u8| match byte {
        0 => Some("NUL"),
        b'\t' => Some("TAB"),
        b'\n' => Some("LF"),
        b'\r' => Some("CR"),
        0x1b => Some("ESC"),
        b' ' => Some("SP"),
        0x7f => Some("DEL"),
        _ => None,
    };
    let names: Option<Vec<&str>> = bytes.iter().take(8).map(name).collect();
    names
        .filter(|names| !names.is_empty())
        .map(|names| names.join(" "))
}
