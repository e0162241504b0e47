//! Overwrites secrets in a record's kept bytes, at equal length, before anything is shown or stored.
//!
//! In: a record's bytes and the ranges, within the bytes that the call moved, that hold secrets (the
//! story finds them). Out: the same record with `*` there and [`mark::REDACTED`] set.

use crate::abi::calls::{CallId, Kind};
use crate::event::raw::{HEAD, RawHead, SEGMENT_HEAD, mark, padded, part};
use std::ops::RangeInclusive;

/// Masks `ranges` (first byte and the byte after the last, counted over all pieces in a row) in the
/// record at the beginning of `record`. A record that is not of a call with data stays as it is; a
/// torn one is masked as far as it can be read.
pub fn mask(record: &mut [u8], ranges: &[(u64, u64)]) {
    let Some(mut head) = RawHead::from_bytes(record) else {
        return;
    };
    let Some((arg, parts)) = data_of(u64::from(head.nr)) else {
        return;
    };
    let end = (head.size as usize).min(record.len());
    let (mut at, mut passed, mut masked) = (HEAD, 0, false);
    while let Some(segment) = record[..end].get(at..at + SEGMENT_HEAD) {
        let is_data =
            segment[0] == arg && (parts.contains(&segment[1]) || segment[1] == part::LATER);
        let kept = u32::from_ne_bytes([segment[4], segment[5], segment[6], segment[7]]) as usize;
        let body = at + SEGMENT_HEAD;
        let Some(piece) = record[..end].get_mut(body..body + kept) else {
            break;
        };
        if is_data {
            masked |= mask_piece(piece, passed, ranges);
            passed += kept as u64;
        }
        at = body + padded(kept);
    }
    if masked {
        head.marks |= mark::REDACTED;
        head.write_to(record);
    }
}

/// Overwrites what of `ranges` falls into `piece`, whose first byte is number `first`.
fn mask_piece(piece: &mut [u8], first: u64, ranges: &[(u64, u64)]) -> bool {
    let mut masked = false;
    for &(from, to) in ranges {
        let from = from.saturating_sub(first).min(piece.len() as u64) as usize;
        let to = to.saturating_sub(first).min(piece.len() as u64) as usize;
        if from < to {
            piece[from..to].fill(b'*');
            masked = true;
        }
    }
    masked
}

/// Which argument of the call with this number is, or leads to, the bytes it moves, and which of its
/// parts they are.
fn data_of(number: u64) -> Option<(u8, RangeInclusive<u8>)> {
    let params = CallId::from_number(number)?.signature().params;
    params.iter().enumerate().find_map(|(arg, param)| {
        let parts = match param.kind {
            Kind::BytesIn { .. } | Kind::BytesOut { .. } => part::FIRST..=part::FIRST,
            Kind::VectorIn { .. }
            | Kind::VectorOut { .. }
            | Kind::MessageIn
            | Kind::MessageOut
            | Kind::MessagesIn { .. }
            | Kind::MessagesOut { .. } => part::BUFFER..=part::LAST_BUFFER,
            _ => return None,
        };
        Some((arg as u8, parts))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls;
    use crate::event::raw::{Raw, SegmentHead, kind, write_segment_head};

    fn record(id: CallId, pieces: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut out = vec![0; HEAD];
        for (arg, part, bytes) in pieces {
            let at = out.len();
            out.resize(at + SEGMENT_HEAD + padded(bytes.len()), 0);
            let head = SegmentHead {
                arg: *arg,
                part: *part,
                kept: bytes.len() as u32,
                len: bytes.len() as u64,
                ..SegmentHead::default()
            };
            write_segment_head(&mut out[at..], &head);
            out[at + SEGMENT_HEAD..][..bytes.len()].copy_from_slice(bytes);
        }
        let nr = u32::from(id.number().expect("a call of this CPU"));
        RawHead {
            size: out.len() as u32,
            kind: kind::CALL,
            nr,
            ..RawHead::default()
        }
        .write_to(&mut out);
        out
    }

    fn texts(record: &[u8]) -> Vec<String> {
        let raw = Raw::from_bytes(record).expect("a whole record");
        raw.segments()
            .map(|s| String::from_utf8_lossy(s.bytes).into_owned())
            .collect()
    }

    #[test]
    fn a_secret_is_overwritten_at_equal_length_and_the_record_says_so() {
        let mut bytes = record(calls::READ, &[(1, 0, b"Cookie: abc\r\n")]);
        mask(&mut bytes, &[(8, 11)]);
        assert_eq!(texts(&bytes), ["Cookie: ***\r\n"]);
        assert_eq!(
            RawHead::from_bytes(&bytes).expect("a head").marks,
            mark::REDACTED
        );
    }

    #[test]
    fn a_secret_that_spans_buffers_is_overwritten_in_each_and_the_array_is_not() {
        let mut bytes = record(
            calls::WRITEV,
            &[
                (1, 0, b"0123456789abcdef"),
                (1, 2, b"ab"),
                (1, 3, b"cd"),
                (1, 4, b"ef"),
            ],
        );
        mask(&mut bytes, &[(1, 5)]);
        assert_eq!(texts(&bytes), ["0123456789abcdef", "a*", "**", "*f"]);
    }

    #[test]
    fn nothing_to_mask_leaves_no_mark() {
        let mut bytes = record(calls::READ, &[(1, 0, b"hello")]);
        let before = bytes.clone();
        mask(&mut bytes, &[(9, 12), (3, 3)]);
        assert_eq!(bytes, before);
    }

    #[test]
    fn a_torn_record_is_masked_as_far_as_it_goes_at_every_cut() {
        let whole = record(
            calls::WRITEV,
            &[
                (1, 0, b"0123456789abcdef"),
                (1, 2, b"secret"),
                (1, 3, b"secret"),
            ],
        );
        for cut in 0..whole.len() {
            mask(&mut whole[..cut].to_vec(), &[(0, u64::MAX)]);
        }
    }
}
