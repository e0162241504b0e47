//! The time columns: `-t`, `-tt`, `-ttt`, `-r`.

use super::{Stamp, StraceOptions};
use crate::event::digits;

const SECOND: u64 = 1_000_000_000;

/// Writes the columns for something that happened `t` nanoseconds after the start; `last` is when the
/// line before happened.
pub fn columns(options: &StraceOptions, t: u64, last: &mut Option<u64>, out: &mut Vec<u8>) {
    stamp(options, t, out);
    if options.relative {
        let delta = t.saturating_sub(last.unwrap_or(t));
        *last = Some(t);
        let beside = options.stamp != Stamp::None;
        out.extend_from_slice(if beside { b"(+" } else { b"" });
        digits::padded(out, delta / SECOND, 6, b' ');
        micros(delta, out);
        out.extend_from_slice(if beside { b") " } else { b" " });
    }
}

fn stamp(options: &StraceOptions, t: u64, out: &mut Vec<u8>) {
    let now = options.start_realtime.saturating_add(t);
    match options.stamp {
        Stamp::None => return,
        Stamp::Seconds => time_of_day(options, now, out),
        Stamp::Micros => {
            time_of_day(options, now, out);
            micros(now, out);
        }
        Stamp::Epoch => {
            digits::decimal(out, now / SECOND);
            micros(now, out);
        }
    }
    out.push(b' ');
}

fn time_of_day(options: &StraceOptions, now: u64, out: &mut Vec<u8>) {
    let local = (now / SECOND) as i64 + options.utc_offset;
    let of_day = local.rem_euclid(86_400) as u64;
    digits::padded(out, of_day / 3600, 2, b'0');
    out.push(b':');
    digits::padded(out, of_day / 60 % 60, 2, b'0');
    out.push(b':');
    digits::padded(out, of_day % 60, 2, b'0');
}

/// A point and six digits.
pub fn micros(nanoseconds: u64, out: &mut Vec<u8>) {
    out.push(b'.');
    digits::padded(out, nanoseconds % SECOND / 1000, 6, b'0');
}

/// `-T`: seconds and microseconds.
pub fn duration(nanoseconds: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b" <");
    digits::decimal(out, nanoseconds / SECOND);
    micros(nanoseconds, out);
    out.push(b'>');
}
