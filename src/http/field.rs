//! One field line: `name: value` (RFC 9112 5).
//!
//! In: the bytes of a head and where a line stands in them. Out: the name and the trimmed value as
//! spans, or the first byte that is wrong. Control bytes were refused before a line gets here.

use super::codes;
use super::head::{Field, Span};
use super::refusal::Refusal;
use super::scan::usual_name;
use super::token::{is_space, is_token, trimmed};

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its first byte.
    pub start: usize,
    /// One past its last byte, line end excluded.
    pub text: usize,
    /// One past its line end.
    pub next: usize,
}

/// Reads one field line of `head`.
///
/// # Errors
/// The first byte that is wrong, counted from the first of `head`.
#[inline(always)]
pub fn read(head: &[u8], line: Line) -> Result<Field, Refusal> {
    let text = &head[line.start..line.text];
    // The line ends in a control byte, which no name goes beyond.
    let sure = usual_name(&head[line.start..]).min(text.len());
    let more = text[sure..].iter().position(|&b| !is_token(b));
    let name = more.map_or(text.len(), |more| sure + more);
    if name == 0 || text.get(name) != Some(&b':') {
        return Err(refuse(text, name).moved(line.start as u64));
    }
    let colon = line.start + name;
    let (from, to) = trimmed(head, colon + 1, line.text);
    Ok(Field {
        name: Span::new(line.start, colon),
        value: Span::new(from, to),
        line: Span::new(line.start, line.next),
    })
}

/// Which rule the line breaks, whose name's token ends at `name`.
#[cold]
fn refuse(text: &[u8], name: usize) -> Refusal {
    let gap = text[name..].iter().take_while(|&&b| is_space(b)).count();
    if !text.contains(&b':') {
        return Refusal::new(&codes::NO_COLON, name, 1);
    }
    match (name, text.get(name + gap)) {
        (0, _) if text[0] == b':' => Refusal::new(&codes::EMPTY_NAME, 0, 1),
        (1.., Some(b':')) if gap > 0 => Refusal::new(&codes::SPACE_BEFORE_COLON, name, gap),
        _ => Refusal::new(&codes::NAME_BYTE, name, 1),
    }
}

/// Names that must not come after the body: framing, routing, authorization, and what says how to
/// read the content (RFC 9110 6.5.1).
const NEVER_TRAILERS: [&str; 10] = [
    "transfer-encoding",
    "content-length",
    "host",
    "connection",
    "te",
    "trailer",
    "authorization",
    "content-encoding",
    "content-type",
    "content-range",
];

/// Reads one trailer line.
///
/// # Errors
/// As [`read`], and a name that may not come so late.
pub fn read_trailer(bytes: &[u8], line: Line) -> Result<Field, Refusal> {
    if bytes.get(line.start).is_some_and(|&b| is_space(b)) {
        return Err(Refusal::new(&codes::FOLDED, line.start, 1));
    }
    let field = read(bytes, line)?;
    let name = field.name.of(bytes);
    if NEVER_TRAILERS
        .iter()
        .any(|never| name.eq_ignore_ascii_case(never.as_bytes()))
    {
        return Err(Refusal::new(
            &codes::TRAILER_FORBIDDEN,
            line.start,
            name.len(),
        ));
    }
    Ok(field)
}
