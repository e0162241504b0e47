//! Short copies of other people's bytes: a start line, a peer's name.
//!
//! In: bytes from the network or from a path. Out: at most [`Text::ROOM`] of them, kept in place, so
//! that a note can be copied and dropped without the allocator. Nothing is escaped here: that is the
//! view's part, and these bytes are hostile until then.

use std::fmt;

/// At most [`Text::ROOM`] bytes, and whether there were more.
#[derive(Clone, Copy)]
pub struct Text {
    len: u8,
    cut: bool,
    bytes: [u8; Text::ROOM],
}

impl Text {
    /// How many bytes are kept: more than any note of a wide screen shows.
    pub const ROOM: usize = 78;
    /// No bytes.
    pub const EMPTY: Text = Text {
        len: 0,
        cut: false,
        bytes: [0; Text::ROOM],
    };

    /// The first bytes of `from`.
    #[inline]
    pub fn new(from: &[u8]) -> Text {
        let mut text = Text::EMPTY;
        text.push(from);
        text
    }

    /// What this value prints as.
    pub fn of(value: &impl fmt::Display) -> Text {
        let mut text = Text::EMPTY;
        // Writing to a `Text` cannot fail: it takes what fits.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{value}"));
        text
    }

    /// Adds as many bytes as fit.
    #[inline]
    pub fn push(&mut self, more: &[u8]) {
        let start = usize::from(self.len);
        let take = more.len().min(Text::ROOM - start);
        self.bytes[start..start + take].copy_from_slice(&more[..take]);
        self.len = (start + take) as u8;
        self.cut |= take < more.len();
    }

    /// The bytes kept.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// There were more bytes than were kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.cut == other.cut && self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl Default for Text {
    fn default() -> Text {
        Text::EMPTY
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_what_fits_and_says_that_there_was_more() {
        let long = [b'x'; 200];
        assert_eq!(Text::new(&long).as_bytes().len(), Text::ROOM);
        assert!(Text::new(&long).is_cut());
        let mut exact = Text::new(&long[..Text::ROOM]);
        assert!(!exact.is_cut());
        exact.push(b"y");
        assert!(exact.is_cut());
        assert_eq!(Text::of(&127).as_bytes(), b"127");
    }
}
