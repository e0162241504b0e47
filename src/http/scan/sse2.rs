//! Sixteen bytes at a time with SSE2, which every x86_64 has.

use super::words::one_by_one;
use std::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8,
    _mm_or_si128, _mm_set1_epi8, _mm_sub_epi8,
};

/// The first control octet other than TAB at or after `from`; `bytes.len()` when there is none.
#[inline]
pub fn next_control(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let marks = controls(chunk);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += 16;
    }
    match bytes.last_chunk::<16>() {
        // The last few once more, with those before them: their marks are shifted out.
        Some(chunk) if at < bytes.len() => {
            let seen = 16 - (bytes.len() - at);
            match controls(chunk) >> seen {
                0 => bytes.len(),
                marks => at + marks.trailing_zeros() as usize,
            }
        }
        _ => one_by_one(bytes, at),
    }
}

/// One bit for each byte that is below SP and not TAB, or DEL.
#[inline]
fn controls(chunk: &[u8; 16]) -> u32 {
    // SAFETY: the load reads the 16 bytes of `chunk` and wants no alignment; the other instructions
    // touch registers only. SSE2 is part of x86_64.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast::<__m128i>());
        let low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x09));
        let del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
        _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)) as u32
    }
}

/// How many of the first bytes surely belong to a name, being letters, digits or hyphens, as in all the
/// usual ones. There may be more of it: other bytes of tokens are rare, and the last fifteen bytes are not
/// looked at.
#[inline]
pub fn usual_name(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, later)) = rest.split_first_chunk::<16>() {
        let marks = unusual(chunk);
        if marks != 0 {
            return bytes.len() - rest.len() + marks.trailing_zeros() as usize;
        }
        rest = later;
    }
    bytes.len() - rest.len()
}

/// One bit for each byte that is no letter, digit or hyphen.
#[inline]
fn unusual(chunk: &[u8; 16]) -> u32 {
    // SAFETY: as in `controls`.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast::<__m128i>());
        // Bit 5 is all that upper and lower case differ in. A byte is among the `n + 1` from `first` when
        // its distance is not above `n`; one below `first` has a large distance, for it wraps around.
        let lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        let letter = _mm_sub_epi8(lower, _mm_set1_epi8(b'a' as i8));
        let letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
        let digit = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
        let digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
        let hyphen = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'-' as i8));
        let usual = _mm_or_si128(_mm_or_si128(letter, digit), hyphen);
        !(_mm_movemask_epi8(usual) as u32) & 0xffff
    }
}
