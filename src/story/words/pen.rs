//! Writing: the pen that a view brings along, and the small pieces that many sentences share.

use super::Way;
use crate::abi::Fd;
use crate::story::ConnectionId;
use crate::story::text::Text;

/// Writes a sentence. A view decides what a byte looks like and how much room there is.
pub trait Pen {
    /// Our own words: ASCII.
    fn text(&mut self, words: &str);
    /// Our own words that may be left out where room is short.
    fn spare(&mut self, words: &str);
    /// Bytes from outside (hostile); they may be shortened where room is short. `more`: they were cut.
    fn bytes(&mut self, bytes: &[u8], more: bool);
    /// A space, and words from outside that say nothing when only their beginning is left.
    fn phrase(&mut self, bytes: &[u8], more: bool) {
        self.text(" ");
        self.bytes(bytes, more);
    }
    /// A number.
    fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        self.text(decimal(number, &mut digits));
    }
}

/// A number in decimal, without the machinery of `fmt`.
#[inline]
pub fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[at..]).unwrap_or("")
}

pub(super) fn arrow(pen: &mut impl Pen, way: Way) {
    pen.text(match way {
        Way::Request => "> ",
        Way::Response => "< ",
    });
}

pub(super) fn connection(pen: &mut impl Pen, id: ConnectionId, after: &str) {
    pen.text("c");
    pen.number(u64::from(id.0));
    pen.text(after);
}

pub(super) fn descriptor(pen: &mut impl Pen, fd: Fd) {
    pen.text("fd ");
    if fd.0 < 0 {
        pen.text("-");
    }
    pen.number(u64::from(fd.0.unsigned_abs()));
}

pub(super) fn address(pen: &mut impl Pen, before: &str, name: &Text) {
    pen.text(before);
    pen.bytes(name.as_bytes(), name.is_cut());
}

/// `1 byte`, `2 bytes`.
pub(super) fn count(pen: &mut impl Pen, number: u64, thing: &str) {
    pen.number(number);
    pen.text(" ");
    pen.text(thing);
    if number != 1 {
        pen.text("s");
    }
}

/// `250 ms`, `1 s`, `1.5 s`: three digits at most say enough.
pub(super) fn duration(pen: &mut impl Pen, nanoseconds: u64) {
    let ms = nanoseconds / 1_000_000;
    match ms {
        0..1000 => {
            pen.number(ms);
            pen.text(" ms");
        }
        _ => {
            pen.number(ms / 1000);
            if ms % 1000 >= 100 {
                pen.text(".");
                pen.number(ms % 1000 / 100);
            }
            pen.text(" s");
        }
    }
}

/// From here on sizes are written in kB, MB or GB.
pub(super) const LONG: u64 = 100_000;

/// `100 of 4096`, `3.9 of 10.0 MB`: both in the unit of the larger.
pub(super) fn part_of(pen: &mut impl Pen, part: u64, whole: u64) {
    let (unit, name) = match whole {
        0..LONG => (1, ""),
        LONG..1_000_000 => (1_000, " kB"),
        1_000_000..1_000_000_000 => (1_000_000, " MB"),
        _ => (1_000_000_000, " GB"),
    };
    for (number, after) in [(part, " of "), (whole, name)] {
        pen.number(number / unit);
        if unit > 1 && number % unit / (unit / 10) > 0 {
            pen.text(".");
            pen.number(number % unit / (unit / 10));
        }
        pen.text(after);
    }
}
