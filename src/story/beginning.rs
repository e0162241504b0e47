//! What is known of a request whose head is not complete: an answer may come all the same.
//!
//! In: the bytes that came. Out: method, target and version of their first line, as far as it goes.

use super::text::Text;
use crate::http::line;

/// What is known of a request whose head is not complete, or was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// Method, a space and the target.
    pub line: Text,
    /// How many bytes of it are the method.
    pub method: u8,
    /// The digit after `HTTP/1.`.
    pub minor: u8,
}

impl Beginning {
    /// The first line of these bytes, as far as it goes. `None` where no method ends in them.
    pub(super) fn of(bytes: &[u8]) -> Option<Beginning> {
        let start = bytes.iter().position(|&b| b != b'\r' && b != b'\n')?;
        let line = &bytes[start..];
        let line = match memchr::memchr(b'\n', line) {
            Some(end) => line[..end].trim_ascii_end(),
            None => line,
        };
        let [method, target, version] = line::request_loosely(line)?;
        let mut text = Text::new(method.of(line));
        let method = text.as_bytes().len() as u8;
        if method as usize == Text::ROOM || target.is_empty() {
            return None;
        }
        text.push(b" ");
        text.push(target.of(line));
        Some(Beginning {
            line: text,
            method,
            minor: minor(version.of(line)),
        })
    }

    /// The method's bytes (hostile).
    pub fn method(&self) -> &[u8] {
        &self.line.as_bytes()[..usize::from(self.method)]
    }
}

/// In place of the digit after `HTTP/1.`: there was no such version.
pub const NO_MINOR: u8 = u8::MAX;

/// The digit after `HTTP/1.`.
pub(super) fn minor(version: &[u8]) -> u8 {
    line::version(version).map_or(NO_MINOR, |version| version.minor)
}
