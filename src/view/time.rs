//! How the time of a line is written: milliseconds since watching began, or as strace does for
//! `-t`, `-tt`, `-ttt`, `-r` and `-T`.
//!
//! Written by hand, without `fmt`: it is on the way of every line.

use crate::event::digits::padded;

/// Which time stands at the beginning of a line.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum TimeStyle {
    /// Milliseconds since watching began, at the end of the call.
    #[default]
    Milliseconds,
    /// `-t`: the time of day at which the call began.
    Clock,
    /// `-tt`: the same with microseconds.
    Micros,
    /// `-ttt`: seconds since 1970, with microseconds.
    Epoch,
    /// `-r`: seconds since the beginning of the call before.
    Delta,
}

/// Time of day, as far as a view needs it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Calendar {
    /// When watching began, in nanoseconds since 1970.
    pub start: u64,
    /// Seconds to add for local time.
    pub offset: i32,
}

impl TimeStyle {
    /// How many columns it takes, at least.
    pub fn width(self) -> usize {
        match self {
            TimeStyle::Milliseconds => 7,
            TimeStyle::Clock => 8,
            TimeStyle::Micros => 15,
            TimeStyle::Epoch => 17,
            TimeStyle::Delta => 10,
        }
    }

    /// How many columns this time takes.
    #[inline]
    pub fn columns(self, t: u64, before: u64) -> usize {
        match self {
            TimeStyle::Milliseconds if t < 10_000_000_000 => 7,
            TimeStyle::Milliseconds => decimal_digits(t / 1_000_000) + 3,
            TimeStyle::Delta => {
                (decimal_digits(t.saturating_sub(before) / 1_000_000_000) + 7).max(8)
            }
            TimeStyle::Clock | TimeStyle::Micros | TimeStyle::Epoch => self.width(),
        }
    }

    /// Writes a time, right-aligned in `width` columns (or more, where it needs them). `t` is in
    /// nanoseconds since watching began, `before` that of the line before (for `-r`).
    #[inline]
    pub fn write(self, t: u64, before: u64, calendar: Calendar, width: usize, out: &mut Vec<u8>) {
        match self {
            TimeStyle::Milliseconds => point(t / 1_000_000, t / 10_000 % 100, 2, width, out),
            TimeStyle::Clock => clock(calendar, t, out),
            TimeStyle::Micros => {
                clock(calendar, t, out);
                out.push(b'.');
                padded(
                    out,
                    calendar.start.wrapping_add(t) / 1000 % 1_000_000,
                    6,
                    b'0',
                );
            }
            TimeStyle::Epoch => {
                let now = calendar.start.wrapping_add(t);
                point(now / 1_000_000_000, now / 1000 % 1_000_000, 6, width, out);
            }
            TimeStyle::Delta => seconds(t.saturating_sub(before), width, out),
        }
    }
}

fn decimal_digits(number: u64) -> usize {
    number
        .checked_ilog10()
        .map_or(1, |digits| digits as usize + 1)
}

/// Seconds with six digits after the point, right-aligned.
pub fn seconds(nanoseconds: u64, width: usize, out: &mut Vec<u8>) {
    point(
        nanoseconds / 1_000_000_000,
        nanoseconds / 1000 % 1_000_000,
        6,
        width,
        out,
    );
}

fn clock(calendar: Calendar, t: u64, out: &mut Vec<u8>) {
    const DAY: i64 = 86_400;
    let seconds =
        (calendar.start.wrapping_add(t) / 1_000_000_000) as i64 + i64::from(calendar.offset);
    let second = seconds.rem_euclid(DAY) as u64;
    for (i, part) in [second / 3600, second / 60 % 60, second % 60]
        .into_iter()
        .enumerate()
    {
        if i > 0 {
            out.push(b':');
        }
        padded(out, part, 2, b'0');
    }
}

/// `whole.fraction`, right-aligned in `width` columns.
#[inline]
fn point(whole: u64, fraction: u64, places: usize, width: usize, out: &mut Vec<u8>) {
    padded(out, whole, width.saturating_sub(places + 1), b' ');
    out.push(b'.');
    padded(out, fraction, places, b'0');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(style: TimeStyle, t: u64, before: u64) -> String {
        let mut out = Vec::new();
        // 2026-11-21T08:00:00.25Z, one hour east.
        let calendar = Calendar {
            start: 1_795_248_000_250_000_000,
            offset: 3600,
        };
        style.write(t, before, calendar, style.width(), &mut out);
        assert_eq!(style.columns(t, before).max(style.width()), out.len());
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn milliseconds_have_two_digits_and_grow_to_the_left() {
        assert_eq!(text(TimeStyle::Milliseconds, 0, 0), "   0.00");
        assert_eq!(text(TimeStyle::Milliseconds, 500_169_999, 0), " 500.16");
        assert_eq!(
            text(TimeStyle::Milliseconds, 123_456_789_000_000, 0),
            "123456789.00"
        );
    }

    #[test]
    fn times_of_day_look_as_in_strace() {
        assert_eq!(text(TimeStyle::Clock, 1_000_000_000, 0), "09:00:01");
        assert_eq!(text(TimeStyle::Micros, 1_000_000_000, 0), "09:00:01.250000");
        assert_eq!(text(TimeStyle::Epoch, 123_000, 0), "1795248000.250123");
        assert_eq!(
            text(TimeStyle::Delta, 2_000_017_000, 1_000_000_000),
            "  1.000017"
        );
    }
}
