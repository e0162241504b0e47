//! Colour, characters and width of the stream a view writes to: decided once, by the cli.
//!
//! In: what the cli found out about the stream. Out: the bytes that switch a colour on and off. No
//! view looks at the environment or asks whether it writes to a terminal, and everything can be read
//! without colour.

use super::text::Charset;
use colored::Color;

/// What something is, so that every view gives it the same colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Ordinary text.
    Plain,
    /// Text that may be overlooked: times, `waiting`.
    Faint,
    /// Headings.
    Strong,
    /// A connection or thread.
    Tag,
    /// The name of a call.
    Call,
    /// A request.
    Request,
    /// A response that says yes.
    Good,
    /// A response that says: elsewhere.
    Elsewhere,
    /// A response that blames the client; a warning.
    Warning,
    /// A response that blames the server; a failed call; an error.
    Bad,
}

const INKS: [Ink; 10] = [
    Ink::Plain,
    Ink::Faint,
    Ink::Strong,
    Ink::Tag,
    Ink::Call,
    Ink::Request,
    Ink::Good,
    Ink::Elsewhere,
    Ink::Warning,
    Ink::Bad,
];

impl Ink {
    /// The colour of a status.
    pub fn of_status(status: u16) -> Ink {
        match status {
            0..300 => Ink::Good,
            300..400 => Ink::Elsewhere,
            400..500 => Ink::Warning,
            500.. => Ink::Bad,
        }
    }

    /// `man 4 console_codes`, "ECMA-48 Select Graphic Rendition".
    fn code(self) -> String {
        let colour = |colour: Color| colour.to_fg_str().into_owned();
        match self {
            Ink::Plain => "0".to_owned(),
            Ink::Faint => "2".to_owned(),
            Ink::Strong => "1".to_owned(),
            Ink::Tag => colour(Color::Magenta),
            Ink::Call => "1".to_owned(),
            Ink::Request => colour(Color::Cyan),
            Ink::Good => colour(Color::Green),
            Ink::Elsewhere => colour(Color::Blue),
            Ink::Warning => colour(Color::Yellow),
            Ink::Bad => colour(Color::Red),
        }
    }
}

/// How to write to one stream.
#[derive(Clone, Debug)]
pub struct Paint {
    /// Which characters it can show.
    pub charset: Charset,
    /// Its columns.
    pub width: usize,
    /// One sequence for each ink; empty where there is no colour.
    on: Vec<Vec<u8>>,
    off: &'static [u8],
}

/// Fewer columns than this no view can be laid out in.
const NARROWEST: usize = 40;

impl Paint {
    /// A stream with or without colour, and so many columns (at least 40).
    pub fn new(color: bool, charset: Charset, width: usize) -> Paint {
        let sequence = |ink: &Ink| match color && *ink != Ink::Plain {
            true => format!("\x1b[{}m", ink.code()).into_bytes(),
            false => Vec::new(),
        };
        Paint {
            charset,
            width: width.max(NARROWEST),
            on: INKS.iter().map(sequence).collect(),
            off: if color { b"\x1b[0m" } else { b"" },
        }
    }

    /// No colour, ASCII, 80 columns: what a pipe gets.
    pub fn plain() -> Paint {
        Paint::new(false, Charset::Ascii, 80)
    }

    /// Colours are used.
    pub fn is_coloured(&self) -> bool {
        !self.off.is_empty()
    }

    /// From here on in this ink.
    #[inline]
    pub fn on(&self, ink: Ink, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.on[ink as usize]);
    }

    /// From here on in no ink, if `ink` was one.
    #[inline]
    pub fn off(&self, ink: Ink, out: &mut Vec<u8>) {
        if ink != Ink::Plain {
            out.extend_from_slice(self.off);
        }
    }

    /// Our own words in this ink.
    #[inline]
    pub fn words(&self, ink: Ink, words: &str, out: &mut Vec<u8>) {
        self.on(ink, out);
        out.extend_from_slice(words.as_bytes());
        self.off(ink, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_nothing_but_the_words_is_written() {
        let mut out = Vec::new();
        for ink in INKS {
            Paint::plain().words(ink, "x", &mut out);
        }
        assert_eq!(out, b"xxxxxxxxxx");
    }

    #[test]
    fn every_ink_but_plain_is_switched_on_and_off() {
        let paint = Paint::new(true, Charset::Utf8, 80);
        for ink in INKS.into_iter().filter(|ink| *ink != Ink::Plain) {
            let mut out = Vec::new();
            paint.words(ink, "x", &mut out);
            assert!(
                out.starts_with(b"\x1b[") && out.ends_with(b"mx\x1b[0m"),
                "{ink:?}"
            );
        }
    }
}
