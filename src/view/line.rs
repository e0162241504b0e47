//! A line of text as it grows, with the columns it takes.
//!
//! In: text, numbers, bytes from outside. Out: bytes for a screen. Left out on purpose: what is said (`brief`,
//! `sentence`), and escaping (`text`).

use super::text::{Charset, escape_into};
use crate::abi::Fd;
use crate::event::digits::decimal;

/// Bytes with the columns they take.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The text.
    pub bytes: Vec<u8>,
    /// How many columns it takes.
    pub columns: usize,
}

impl Line {
    /// Forgets the text, keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.columns = 0;
    }

    /// Adds ASCII.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.columns += text.len();
    }

    /// Adds a number.
    #[inline]
    pub fn number(&mut self, number: u64) {
        let start = self.bytes.len();
        decimal(&mut self.bytes, number);
        self.columns += self.bytes.len() - start;
    }

    /// Adds a number that may be negative.
    pub(super) fn signed(&mut self, number: i64) {
        if number < 0 {
            self.text("-");
        }
        self.number(number.unsigned_abs());
    }

    /// Adds a number in hex.
    pub(super) fn hex(&mut self, number: u64) {
        self.text("0x");
        let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
        for i in (0..digits).rev() {
            let digit = (number >> (4 * i)) as u8 & 15;
            self.bytes.push(b"0123456789abcdef"[usize::from(digit)]);
        }
        self.columns += digits as usize;
    }

    /// Adds bytes from outside, in at most so many columns.
    pub fn escaped(&mut self, bytes: &[u8], columns: usize, charset: Charset) {
        self.columns += escape_into(&mut self.bytes, bytes, columns, charset);
    }

    /// Adds a descriptor's number.
    pub(super) fn fd(&mut self, fd: Fd) {
        self.signed(i64::from(fd.0));
    }
}
