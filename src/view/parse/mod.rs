//! What `httpsys parse` shows: messages explained as a table, or as one JSON object a line.
//!
//! In: the parts of messages as the reader finds them, with their bytes. Out: text, handed over when a
//! message is complete, because its first line counts what comes later. Bodies of any size pass: the
//! table keeps their first bytes only. Left out on purpose: reading, and what to do about errors.

use crate::http::{Head, Kind, Piece, Refusal};

mod carets;
mod content;
pub mod json;
mod notes;
mod rows;
pub mod table;

/// One way to show messages. Offsets count from the beginning of the input.
pub trait Messages {
    /// A head, with its bytes.
    fn head(&mut self, head: &Head, bytes: &[u8]);

    /// Body data that stands at `offset`.
    fn data(&mut self, offset: u64, bytes: &[u8]);

    /// A piece of chunked framing that stands at `offset`.
    fn framing(&mut self, offset: u64, piece: Piece, bytes: &[u8]);

    /// The message is complete and ends before `end`; writes it.
    fn end(&mut self, end: u64, out: &mut Vec<u8>);

    /// The message breaks a rule; writes what can be said.
    fn refused(&mut self, broken: &Broken<'_>, out: &mut Vec<u8>);
}

/// A message that did not come to its end.
#[derive(Clone, Copy, Debug)]
pub struct Broken<'b> {
    /// Who was speaking.
    pub kind: Kind,
    /// What stopped the reader, or H801 and H802 when the input ended too early.
    pub refusal: Refusal,
    /// Where `rest` begins.
    pub offset: u64,
    /// What was not consumed: the head from its first byte, or the framing that is wrong.
    pub rest: &'b [u8],
    /// True when a head was complete before, so that it is the body that is wrong.
    pub in_body: bool,
    /// When the input ended too early: what would complete the message.
    pub missing: Option<&'b str>,
}

/// Writes `n things`, `1 thing`.
fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}
