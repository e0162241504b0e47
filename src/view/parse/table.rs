//! `httpsys parse`: each part of a message on a row, errors with carets below.
//!
//! The rows of a message are kept until it is complete, because the line above them counts its bytes
//! and errors. What is kept is bounded: of a body the first 64 KiB, of its chunks the first forty.

use super::content::{self, Content};
use super::rows::{self, Row};
use super::{Broken, Messages, carets, count};
use crate::http::{Framing, Head, Kind, Limits, Piece, Refusal};
use crate::view::paint::{Ink, Paint};
use crate::view::text::{Charset, escape_into};

mod broken;
use broken::{Place, place, title};

/// Rows that chunks may take.
const CHUNK_ROWS: usize = 40;
/// Lines of a body that are shown.
const BODY_LINES: usize = 24;
/// Columns of offset and length.
const FIRST_COLUMNS: usize = 14;

/// The table.
#[derive(Debug)]
pub struct Table {
    name: String,
    paint: Paint,
    hex: bool,
    limits: Limits,
    /// Messages so far.
    messages: usize,
    now: Now,
}

/// The message that is being read.
#[derive(Debug, Default)]
struct Now {
    /// `HTTP/1.1 request`.
    title: String,
    start: u64,
    head: Vec<u8>,
    rows: Vec<Row>,
    /// Content-Type, and whether Content-Encoding says more.
    kind: Option<Vec<u8>>,
    coded: bool,
    framing: Option<Framing>,
    keep_alive: bool,
    body: Vec<u8>,
    body_len: u64,
    framing_len: u64,
    /// Rows of chunks so far, and chunks that got none.
    chunk_rows: usize,
    more_chunks: u64,
    /// The last row is body data that may go on.
    open: bool,
    /// Line ends of the body and its framing so far.
    line_ends: usize,
    /// When the input ended too early: what would complete the message.
    missing: String,
    warnings: Vec<Refusal>,
    /// Where each warning stands: line number, offset of the line, the line.
    places: Vec<(usize, u64, Vec<u8>)>,
}

impl Table {
    /// A table of the messages of `name`.
    pub fn new(name: &str, paint: Paint, hex: bool, limits: Limits) -> Table {
        Table {
            name: name.to_string(),
            paint,
            hex,
            limits,
            messages: 0,
            now: Now::default(),
        }
    }

    fn add_chunk_row(&mut self, row: Row) {
        if self.now.chunk_rows < CHUNK_ROWS {
            self.now.chunk_rows += 1;
            self.now.rows.push(row);
        }
    }

    /// Title, rows, body, sums, errors, warnings.
    fn write(&mut self, end: u64, refusals: &[(Refusal, Place)], out: &mut Vec<u8>) {
        if self.messages > 0 {
            out.push(b'\n');
        }
        self.messages += 1;
        let now = std::mem::take(&mut self.now);
        self.write_title(&now, end, refusals.len(), out);
        self.write_rows(&now, out);
        if refusals.is_empty() {
            self.write_content(&now, out);
            self.write_sum(&now, end, out);
        }
        for (refusal, place) in refusals {
            if !now.missing.is_empty() {
                carets::write_cut(out, &self.paint, refusal, &now.missing);
                continue;
            }
            carets::write(out, &self.paint, refusal, &place.borrowed(), 1);
        }
        self.write_warnings(&now, out);
        let last = refusals
            .last()
            .map(|(refusal, _)| refusal)
            .or(now.warnings.last());
        if let Some(refusal) = last {
            out.extend_from_slice(
                format!("more: httpsys explain {}\n", refusal.code.id).as_bytes(),
            );
        }
    }

    fn write_title(&self, now: &Now, end: u64, errors: usize, out: &mut Vec<u8>) {
        let which = if self.messages > 1 {
            format!(" {} at {:#06x}", self.messages, now.start)
        } else {
            String::new()
        };
        let bytes = usize::try_from(end - now.start).unwrap_or(usize::MAX);
        let counts = [
            count(bytes, "byte"),
            count(errors, "error"),
            count(now.warnings.len(), "warning"),
        ];
        let rest = format!(": {}{which}, {}", now.title, counts.join(", "));
        let room = self.paint.width.saturating_sub(rest.len()).max(8);
        self.paint.on(Ink::Strong, out);
        let used = escape_into(out, self.name.as_bytes(), room, self.paint.charset);
        escape_into(
            out,
            rest.as_bytes(),
            self.paint.width - used,
            Charset::Ascii,
        );
        self.paint.off(Ink::Strong, out);
        out.push(b'\n');
    }

    fn write_rows(&self, now: &Now, out: &mut Vec<u8>) {
        let (bytes, part) = self.columns();
        let heading = format!(" offset  len  {:<bytes$}{:<part$}note", "bytes", "part");
        self.paint.on(Ink::Faint, out);
        escape_into(out, heading.as_bytes(), self.paint.width, Charset::Ascii);
        self.paint.off(Ink::Faint, out);
        out.push(b'\n');
        for row in &now.rows {
            self.write_row(row, out);
            if self.hex {
                write_hex(row, self.paint.width, out);
            }
        }
    }

    /// Widths of the bytes and part columns: 22 and 16 at 80 columns.
    fn columns(&self) -> (usize, usize) {
        match self.paint.width {
            width @ ..64 => (width.saturating_sub(32).max(8), 12),
            width @ 64..80 => ((width - 58).max(12), 16),
            width => (22 + (width - 80) / 2, 16),
        }
    }

    fn write_row(&self, row: &Row, out: &mut Vec<u8>) {
        let (bytes, part) = self.columns();
        let numbers = format!(" {:#06x}", row.offset);
        let room = FIRST_COLUMNS.saturating_sub(numbers.len() + 3);
        let numbers = format!("{numbers} {:>room$}  ", row.len);
        out.extend_from_slice(numbers.as_bytes());
        let mut used = numbers.len();
        let end = (used + bytes).max(FIRST_COLUMNS + bytes);
        let shown = match rows::named(&row.bytes) {
            None if row.len == 0 && row.is_error => b"(end of input)".to_vec(),
            Some(names) if row.part == "--" => names.into_bytes(),
            _ => row.bytes.clone(),
        };
        used += escape_into(out, &shown, bytes - 2, self.paint.charset);
        out.resize(out.len() + end.saturating_sub(used), b' ');
        let name = format!("{:<part$}", row.part);
        out.extend_from_slice(name.as_bytes());
        used = end + name.len();
        let ink = if row.is_error { Ink::Bad } else { Ink::Plain };
        self.paint.on(ink, out);
        escape_into(
            out,
            row.note.as_bytes(),
            self.paint.width.saturating_sub(used),
            self.paint.charset,
        );
        self.paint.off(ink, out);
        while out.last() == Some(&b' ') {
            out.pop();
        }
        out.push(b'\n');
    }

    /// The body as what it is, if that says more than its row.
    fn write_content(&self, now: &Now, out: &mut Vec<u8>) {
        if now.body.is_empty() {
            return;
        }
        let whole = now.body.len() as u64 == now.body_len;
        let (title, lines) = match now.content(whole) {
            Content::Plain | Content::Binary => return,
            Content::Json(lines) => (
                "body as JSON",
                lines.into_iter().map(String::into_bytes).collect(),
            ),
            Content::Form(fields) => {
                let line =
                    |(name, value): (Vec<u8>, Vec<u8>)| [name, b" = ".to_vec(), value].concat();
                ("body as a form", fields.into_iter().map(line).collect())
            }
            Content::Text(lines) => ("body as text", lines),
        };
        let lines: Vec<Vec<u8>> = lines;
        out.extend_from_slice(title.as_bytes());
        out.push(b'\n');
        for line in lines.iter().take(BODY_LINES) {
            out.extend_from_slice(b"  ");
            escape_into(out, line, self.paint.width - 2, self.paint.charset);
            out.push(b'\n');
        }
        let more = lines.len().saturating_sub(BODY_LINES);
        if more > 0 {
            out.extend_from_slice(format!("  ... {} more", count(more, "line")).as_bytes());
            out.extend_from_slice(if whole { b"\n" } else { b" and the rest\n" });
        } else if !whole {
            out.extend_from_slice(b"  ... and the rest\n");
        }
    }

    /// `sum  27 head + 5 body = 32 bytes; connection stays open`.
    fn write_sum(&self, now: &Now, end: u64, out: &mut Vec<u8>) {
        let mut parts = vec![format!("{} head", now.head.len())];
        if now.body_len > 0 {
            parts.push(format!("{} body", now.body_len));
        }
        if now.framing_len > 0 {
            parts.push(format!("{} framing", now.framing_len));
        }
        let then = if now.keep_alive {
            "stays open"
        } else {
            "closes"
        };
        let text = format!(
            "sum  {} = {} bytes; connection {then}",
            parts.join(" + "),
            end - now.start
        );
        escape_into(out, text.as_bytes(), self.paint.width, Charset::Ascii);
        out.push(b'\n');
    }

    /// Each kind of warning once, with how often it occurs.
    fn write_warnings(&self, now: &Now, out: &mut Vec<u8>) {
        for (n, warning) in now.warnings.iter().enumerate() {
            let same = |other: &&Refusal| other.code == warning.code;
            if now.warnings[..n].iter().any(|other| same(&other)) {
                continue;
            }
            let times = now.warnings.iter().filter(same).count();
            let (number, offset, line) = &now.places[n];
            let place = carets::Place {
                number: *number,
                line,
                offset: *offset,
            };
            carets::write(out, &self.paint, warning, &place, times);
        }
    }
}

impl Now {
    fn content(&self, whole: bool) -> Content {
        content::look(self.kind.as_deref(), self.coded, &self.body, whole)
    }

    /// Says in the body's row what the body is.
    fn note_content(&mut self) {
        if self.body.is_empty() {
            return;
        }
        let content = self.content(self.body.len() as u64 == self.body_len);
        let claims = self.kind.as_deref().is_some_and(content::is_json)
            && self.body.len() as u64 == self.body_len;
        let word = if self.coded {
            "coded, shown as it came"
        } else {
            content.word(claims)
        };
        if let Some(row) = self.rows.iter_mut().find(|row| row.part == "body") {
            row.note = word.to_string();
        } else if let Some(row) = self.rows.last_mut().filter(|row| row.part == "blank line") {
            row.note = format!(
                "end of body: {} of {word}",
                count(self.body_len as usize, "byte")
            );
        }
    }
}

impl Messages for Table {
    fn head(&mut self, head: &Head, bytes: &[u8]) {
        let kind = if head.status().is_some() {
            Kind::Response
        } else {
            Kind::Request
        };
        let warnings = head.warnings.clone();
        let places = warnings
            .iter()
            .map(|w| place(bytes, head.offset, w.offset, 0));
        let places = places.map(|p| (p.number, p.offset, p.line)).collect();
        self.now = Now {
            title: title(kind, head.version_text(bytes)),
            start: head.offset,
            head: bytes.to_vec(),
            rows: rows::of_head(head, bytes),
            kind: head.field(bytes, "content-type").map(<[u8]>::to_vec),
            coded: head
                .field(bytes, "content-encoding")
                .is_some_and(|v| !v.eq_ignore_ascii_case(b"identity")),
            framing: Some(head.framing),
            keep_alive: head.keep_alive,
            warnings,
            places,
            ..Now::default()
        };
        let marks = self.now.warnings.clone();
        for row in &mut self.now.rows {
            if let Some(warning) = marks.iter().find(|warning| row.holds(warning.offset)) {
                row.note = format!("warning[{}]", warning.code.id);
            }
        }
    }

    fn data(&mut self, offset: u64, bytes: &[u8]) {
        let now = &mut self.now;
        let keep = bytes.len().min(content::KEPT - now.body.len());
        now.body.extend_from_slice(&bytes[..keep]);
        now.body_len += bytes.len() as u64;
        now.line_ends += memchr::memchr_iter(b'\n', bytes).count();
        if now.open {
            if let Some(row) = now.rows.last_mut() {
                row.extend(bytes);
            }
            return;
        }
        let chunked = now.framing == Some(Framing::Chunked);
        let row = Row::new(
            offset,
            bytes,
            if chunked { "chunk data" } else { "body" },
            "",
        );
        if !chunked {
            now.open = true;
            now.rows.push(row);
        } else if now.more_chunks == 0 {
            now.open = true;
            self.add_chunk_row(row);
        }
    }

    fn framing(&mut self, offset: u64, piece: Piece, bytes: &[u8]) {
        let now = &mut self.now;
        now.open = false;
        now.framing_len += bytes.len() as u64;
        now.line_ends += 1;
        let text = &bytes[..bytes.len() - 2];
        let mut row = match piece {
            Piece::Size(0) => Row::new(offset, text, "last chunk", "size 0: no more data"),
            Piece::Size(n) => {
                let digits = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
                let ignored = if digits < text.len() {
                    "; rest ignored"
                } else {
                    ""
                };
                Row::new(
                    offset,
                    text,
                    "chunk size",
                    format!("{}{ignored}", count(n as usize, "byte")),
                )
            }
            Piece::ChunkEnd if self.hex => Row::new(offset, bytes, "chunk end", ""),
            Piece::ChunkEnd => return,
            Piece::Trailer(field) => Row::new(offset, field.name.of(bytes), "trailer name", ""),
            Piece::LastLine => Row::new(offset, bytes, "blank line", ""),
        };
        (row.hex, row.hex_len) = (
            bytes[..bytes.len().min(rows::SHOWN)].to_vec(),
            bytes.len() as u64,
        );
        match piece {
            Piece::Size(1..) if now.chunk_rows + 3 > CHUNK_ROWS => now.more_chunks += 1,
            Piece::Size(1..) | Piece::ChunkEnd => self.add_chunk_row(row),
            Piece::Trailer(field) => {
                now.rows.push(row);
                let value = field.value;
                if !value.is_empty() {
                    let at = offset + u64::from(value.start);
                    let mut row = Row::new(at, value.of(bytes), "trailer value", "");
                    row.hex.clear();
                    row.hex_len = 0;
                    now.rows.push(row);
                }
            }
            Piece::Size(0) | Piece::LastLine => {
                if now.more_chunks > 0 && matches!(piece, Piece::Size(0)) {
                    let note = format!("and {}", count(now.more_chunks as usize, "more chunk"));
                    now.rows.push(Row::new(offset, b"", "...", note));
                }
                now.rows.push(row);
            }
        }
    }

    fn end(&mut self, end: u64, out: &mut Vec<u8>) {
        self.now.note_content();
        self.write(end, &[], out);
    }

    fn refused(&mut self, broken: &Broken<'_>, out: &mut Vec<u8>) {
        let refusals = if broken.in_body {
            self.refused_body(broken)
        } else {
            self.refused_head(broken)
        };
        let end = match refusals.last() {
            Some((last, _)) if broken.in_body => last.offset + u64::from(last.len),
            _ => self.now.start + self.now.framing_len,
        };
        match broken.missing {
            None => self.write(end, &refusals, out),
            Some(missing) => {
                self.now.missing = missing.to_string();
                self.write(broken.offset + broken.rest.len() as u64, &refusals, out);
            }
        }
    }
}

/// The bytes of a row in hex, sixteen a line.
fn write_hex(row: &Row, width: usize, out: &mut Vec<u8>) {
    let a_line = if width < 64 { 8 } else { 16 };
    for bytes in row.hex.chunks(a_line) {
        out.extend_from_slice(b"        ");
        for byte in bytes {
            out.extend_from_slice(format!(" {byte:02x}").as_bytes());
        }
        out.push(b'\n');
    }
    let more = row.hex_len.saturating_sub(row.hex.len() as u64);
    if more > 0 {
        out.extend_from_slice(
            format!("         ... {}\n", count(more as usize, "more byte")).as_bytes(),
        );
    }
}
