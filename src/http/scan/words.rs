//! Eight bytes at a time in a 64-bit word: no special instructions needed.

use crate::http::token::is_control;

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// The first control octet other than TAB at or after `from`; `bytes.len()` when there is none.
#[cfg_attr(
    target_arch = "x86_64",
    allow(dead_code, reason = "tested here, used elsewhere")
)]
#[inline]
pub fn next_control(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let marks = below_space_or_del(u64::from_le_bytes(*chunk));
        if marks == 0 {
            at += 8;
            continue;
        }
        at += marks.trailing_zeros() as usize / 8;
        if bytes[at] != b'\t' {
            return at;
        }
        at += 1;
    }
    one_by_one(bytes, at)
}

/// How many of the first bytes surely belong to a name. None: without an instruction that compares
/// sixteen bytes, looking at them one by one is as quick, and the caller does that.
#[cfg_attr(
    target_arch = "x86_64",
    allow(dead_code, reason = "tested here, used elsewhere")
)]
#[inline]
pub fn usual_name(_: &[u8]) -> usize {
    0
}

/// The last few bytes.
#[inline]
pub fn one_by_one(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() && !is_control(bytes[at]) {
        at += 1;
    }
    at
}

/// Marks the high bit of each byte below SP or equal to DEL. Subtraction borrows, so only the lowest
/// mark is sure; it is the only one used.
#[inline]
fn below_space_or_del(word: u64) -> u64 {
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    let differs = word ^ (ONES * 0x7f);
    let is_del = differs.wrapping_sub(ONES) & !differs;
    (below | is_del) & HIGH
}
