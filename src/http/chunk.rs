//! One chunk-size line, byte by byte (RFC 9112 7.1, 7.1.1).
//!
//! In: bytes, from where it stopped last. Out: the size when the line is complete, or the first byte
//! that is wrong. Extensions are checked for grammar and ignored.
//!
//! ```text
//! chunk-size *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CR LF
//! ```

use super::codes;
use super::refusal::Refusal;
use super::token::{is_control, is_space, is_token};

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Want {
    /// The first hex digit.
    #[default]
    FirstDigit,
    /// More digits, or what follows the size.
    Digit,
    /// After whitespace: only `;` makes it legal.
    Semicolon,
    /// After `;`: the first byte of a name.
    Name,
    /// More of the name.
    NameMore,
    /// After whitespace behind a name: `=` or `;`.
    EqualsOrSemicolon,
    /// After `=`: a value.
    Value,
    /// More of a token value.
    ValueMore,
    /// Inside quotes.
    Quoted,
    /// After `\` inside quotes.
    Escaped,
    /// After the closing quote.
    AfterQuote,
    /// After CR.
    Lf,
}

/// A chunk-size line in the making.
#[derive(Clone, Copy, Default, Debug)]
pub struct SizeLine {
    want: Want,
    /// The size so far.
    size: u64,
    /// Size digits so far.
    digits: u32,
    /// Where the last whitespace began.
    gap: u32,
    /// Bytes that are neither size digits nor line end; leading zeros beyond 16 digits count too.
    pub extension: u32,
}

impl SizeLine {
    /// Reads on at `from`. `Ok(Some((next, size)))` when the line is complete, `next` being one past
    /// its LF; `budget` is how many bytes of extension are still allowed.
    ///
    /// # Errors
    /// The first byte that is wrong; offsets count from the first of `bytes`.
    pub fn read(
        &mut self,
        bytes: &[u8],
        from: usize,
        budget: u32,
    ) -> Result<Option<(usize, u64)>, Refusal> {
        for (at, &byte) in bytes.iter().enumerate().skip(from) {
            if self.want == Want::Lf {
                return match byte {
                    b'\n' => Ok(Some((at + 1, self.size))),
                    _ => Err(Refusal::new(&codes::CHUNK_LINE_END, at - 1, 1)),
                };
            }
            self.want = self.step(byte, at)?;
            if self.extension > budget {
                return Err(Refusal::new(&codes::EXTENSION_LIMIT, at, 1));
            }
        }
        Ok(None)
    }

    /// One byte; the table of the grammar.
    fn step(&mut self, byte: u8, at: usize) -> Result<Want, Refusal> {
        if self.want != Want::FirstDigit && byte == b'\n' {
            return Err(Refusal::new(&codes::CHUNK_LINE_END, at, 1));
        }
        if matches!(self.want, Want::FirstDigit | Want::Digit) && byte.is_ascii_hexdigit() {
            return self.digit(byte);
        }
        if byte != b'\r' {
            self.extension += 1;
        }
        if is_space(byte) && !matches!(self.want, Want::Semicolon | Want::EqualsOrSemicolon) {
            self.gap = at as u32;
        }
        match (self.want, byte) {
            (Want::FirstDigit, b'\r' | b'\n' | b';') => {
                Err(Refusal::new(&codes::CHUNK_SIZE_EMPTY, at, 1))
            }
            (Want::FirstDigit, _) => Err(Refusal::new(&codes::CHUNK_SIZE, at, 1)),

            (Want::Digit | Want::NameMore | Want::ValueMore | Want::AfterQuote, b'\r') => {
                Ok(Want::Lf)
            }
            (Want::Digit | Want::NameMore | Want::ValueMore | Want::AfterQuote, b';') => {
                Ok(Want::Name)
            }
            (Want::Digit | Want::ValueMore | Want::AfterQuote, b' ' | b'\t') => Ok(Want::Semicolon),
            (Want::Digit, _) => Err(Refusal::new(&codes::CHUNK_SIZE, at, 1)),

            (Want::Semicolon, b' ' | b'\t') => Ok(Want::Semicolon),
            (Want::Semicolon, b';') => Ok(Want::Name),
            (Want::Semicolon, _) | (Want::EqualsOrSemicolon, b'\r') => {
                Err(Refusal::new(&codes::CHUNK_SPACE, self.gap as usize, 1))
            }

            (Want::Name, b' ' | b'\t') => Ok(Want::Name),
            (Want::Name | Want::NameMore, b) if is_token(b) => Ok(Want::NameMore),
            (Want::NameMore, b' ' | b'\t') => Ok(Want::EqualsOrSemicolon),
            (Want::EqualsOrSemicolon, b' ' | b'\t') => Ok(Want::EqualsOrSemicolon),
            (Want::EqualsOrSemicolon, b';') => Ok(Want::Name),
            (Want::NameMore | Want::EqualsOrSemicolon, b'=') => Ok(Want::Value),

            (Want::Value, b' ' | b'\t') => Ok(Want::Value),
            (Want::Value, b'"') => Ok(Want::Quoted),
            (Want::Value | Want::ValueMore, b) if is_token(b) => Ok(Want::ValueMore),

            (Want::Quoted, b'"') => Ok(Want::AfterQuote),
            (Want::Quoted, b'\\') => Ok(Want::Escaped),
            (Want::Quoted | Want::Escaped, b) if !is_control(b) => Ok(Want::Quoted),

            _ => Err(Refusal::new(&codes::CHUNK_EXTENSION, at, 1)),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<Want, Refusal> {
        let value = u64::from(match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        });
        self.digits += 1;
        self.extension += u32::from(self.digits > 16);
        if self.size >> 60 != 0 {
            return Err(Refusal::new(
                &codes::CHUNK_SIZE_OVERFLOW,
                0,
                self.digits as usize,
            ));
        }
        self.size = self.size << 4 | value;
        Ok(Want::Digit)
    }
}
