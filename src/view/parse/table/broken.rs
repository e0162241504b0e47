//! Messages that do not come to their end: which rows and which lines show it.

use super::{Now, Table};
use crate::http::line;
use crate::http::survey::survey;
use crate::http::{Kind, Refusal};
use crate::view::parse::rows::{self, Row};
use crate::view::parse::{Broken, carets};

/// A place that owns its line.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) offset: u64,
    pub(super) line: Vec<u8>,
}

impl Place {
    pub(super) fn borrowed(&self) -> carets::Place<'_> {
        carets::Place {
            number: self.number,
            line: &self.line,
            offset: self.offset,
        }
    }
}

/// The line of `bytes`, which begin at `base`, that holds the byte at `offset`; lines count from
/// `before` + 1.
pub(super) fn place(bytes: &[u8], base: u64, offset: u64, before: usize) -> Place {
    let at = usize::try_from(offset.saturating_sub(base))
        .unwrap_or(0)
        .min(bytes.len());
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |lf| lf + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |lf| at + lf + 1);
    let number = before + memchr::memchr_iter(b'\n', &bytes[..start]).count() + 1;
    // A line is shown on one row: what is far behind the place need not be kept.
    let line = bytes[start..end.min(at + 1024)].to_vec();
    Place {
        number,
        offset: base + start as u64,
        line,
    }
}

impl Table {
    /// Looks at the whole head line by line, for every error in it.
    pub(super) fn refused_head(&mut self, broken: &Broken<'_>) -> Vec<(Refusal, Place)> {
        let (base, bytes) = (broken.offset, broken.rest);
        let mut first = broken.refusal;
        first.offset -= base;
        let survey = survey(broken.kind, self.limits, bytes, first);
        self.now = Now {
            title: broken_title(broken),
            start: base,
            rows: rows::of_survey(broken.kind, &survey, base, bytes),
            framing_len: survey.end as u64,
            ..Now::default()
        };
        let placed = |refusal: Refusal| {
            let refusal = refusal.moved(base);
            (refusal, place(bytes, base, refusal.offset, 0))
        };
        survey.refusals.into_iter().map(placed).collect()
    }

    /// The rows so far and one for the bytes that are wrong.
    pub(super) fn refused_body(&mut self, broken: &Broken<'_>) -> Vec<(Refusal, Place)> {
        let refusal = broken.refusal;
        let at = usize::try_from(refusal.offset - broken.offset)
            .unwrap_or(0)
            .min(broken.rest.len());
        let end = at
            .saturating_add(refusal.len as usize)
            .min(broken.rest.len());
        let mut row = Row::new(
            refusal.offset,
            &broken.rest[at..end],
            "--",
            format!("error[{}]", refusal.code.id),
        );
        row.is_error = true;
        let before = memchr::memchr_iter(b'\n', &self.now.head).count() + self.now.line_ends;
        self.now.rows.push(row);
        vec![(
            refusal,
            place(broken.rest, broken.offset, refusal.offset, before),
        )]
    }
}

/// `HTTP/1.1 request`.
pub(super) fn title(kind: Kind, version: &[u8]) -> String {
    let version = if line::version(version).is_ok() {
        String::from_utf8_lossy(version)
    } else {
        "HTTP".into()
    };
    match kind {
        Kind::Request => format!("{version} request"),
        Kind::Response => format!("{version} response"),
    }
}

/// The same for a head that was refused, as far as its first line tells.
fn broken_title(broken: &Broken<'_>) -> String {
    let line = broken
        .rest
        .split(|&b| b == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    let version = match broken.kind {
        Kind::Request => line.rsplit(|&b| b == b' ').next().unwrap_or_default(),
        Kind::Response => line.get(..8).unwrap_or_default(),
    };
    match broken.refusal.code.id {
        "H111" => "HTTP/2 connection preface".to_string(),
        "H112" => "TLS ClientHello".to_string(),
        "H113" => "HTTP response".to_string(),
        "H132" => "HTTP request".to_string(),
        _ => title(broken.kind, version),
    }
}
