//! A body shown for what it says it is: JSON as JSON, a form as its fields, text as lines.
//!
//! In: the value of Content-Type, the first bytes of the body, and how many there were. Out: a word for
//! the table, and lines, raw: whoever prints them escapes them.

use crate::http::{media, target};

/// Bytes of a body that are kept to be shown.
pub const KEPT: usize = 64 * 1024;

/// What the bytes of a body are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Nothing to add to the table.
    Plain,
    /// Well-formed JSON, its lines.
    Json(Vec<String>),
    /// The fields of a form, decoded.
    Form(Vec<(Vec<u8>, Vec<u8>)>),
    /// Text of several lines, or a long one.
    Text(Vec<Vec<u8>>),
    /// Coded or binary bytes.
    Binary,
}

impl Content {
    /// The word in the table's note.
    pub fn word(&self, claimed_json: bool) -> &'static str {
        match self {
            Content::Json(_) => "JSON",
            Content::Form(_) => "a form",
            Content::Binary => "binary",
            _ if claimed_json => "not JSON, whatever it says",
            Content::Plain | Content::Text(_) => "text",
        }
    }
}

/// True for `application/json` and `…+json`.
pub fn is_json(kind: &[u8]) -> bool {
    let essence = media::essence(kind).to_ascii_lowercase();
    essence == b"application/json" || essence.ends_with(b"+json")
}

/// Looks at the kept bytes of a body; `whole` when these are all of them.
pub fn look(kind: Option<&[u8]>, coded: bool, bytes: &[u8], whole: bool) -> Content {
    let kind = kind.unwrap_or_default();
    if coded || looks_binary(bytes, whole) {
        return Content::Binary;
    }
    if whole
        && is_json(kind)
        && let Some(lines) = json_lines(bytes)
    {
        return Content::Json(lines);
    }
    if whole && media::essence(kind).eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        return Content::Form(form_fields(bytes));
    }
    let mut lines: Vec<Vec<u8>> = bytes
        .split(|&b| b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
        .collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    if lines.len() > 1 || bytes.len() > 20 {
        Content::Text(lines)
    } else {
        Content::Plain
    }
}

/// NUL, or bytes that are not UTF-8 (a character cut at the end of what was kept is forgiven).
fn looks_binary(bytes: &[u8], whole: bool) -> bool {
    let broken = std::str::from_utf8(bytes).err();
    bytes.contains(&0) || broken.is_some_and(|error| whole || error.valid_up_to() + 4 < bytes.len())
}

/// The lines of a well-formed text, two spaces a level. Only whitespace between tokens changes:
/// numbers, repeated names and escapes stay as they were written.
fn json_lines(bytes: &[u8]) -> Option<Vec<String>> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).ok()?;
    let (mut out, mut level, mut quoted) = (String::new(), 0usize, false);
    let mut rest = std::str::from_utf8(bytes).ok()?.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if quoted => out.extend([Some(c), rest.next()].into_iter().flatten()),
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            _ if quoted => out.push(c),
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(c);
                while rest.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match rest.next_if(|c| matches!(c, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        level += 1;
                        new_line(&mut out, level);
                    }
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                new_line(&mut out, level);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, level);
            }
            ':' => out.push_str(": "),
            _ => out.push(c),
        }
    }
    Some(out.lines().map(str::to_string).collect())
}

fn new_line(out: &mut String, level: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(level));
}

/// The fields of `a=1&b=2` (URL Standard, application/x-www-form-urlencoded).
fn form_fields(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let decoded = |text: &[u8]| {
        let mut out = Vec::new();
        target::decode_form(text, &mut out);
        out
    };
    let pairs = bytes.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let at = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
            (
                decoded(&pair[..at]),
                decoded(pair.get(at + 1..).unwrap_or_default()),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_and_broken_json_is_text() {
        let json = look(
            Some(b"application/json; charset=utf-8"),
            false,
            b"{\"b\":[1],\"a\":{}}",
            true,
        );
        assert_eq!(
            json,
            Content::Json(
                ["{", "  \"b\": [", "    1", "  ],", "  \"a\": {}", "}"]
                    .map(String::from)
                    .to_vec()
            )
        );
        assert_eq!(
            look(Some(b"application/json"), false, b"{", true),
            Content::Plain
        );
        let odd = json_lines(br#" [1.50, 1e999 , "\"{,\\", 12345678901234567890123 ]"#)
            .expect("well formed");
        assert_eq!(
            odd,
            [
                "[",
                "  1.50,",
                "  1e999,",
                r#"  "\"{,\\","#,
                "  12345678901234567890123",
                "]"
            ]
        );
        assert_eq!(
            look(Some(b"text/plain"), false, b"a\nb\n", true),
            Content::Text(vec![b"a".to_vec(), b"b".to_vec()])
        );
    }

    #[test]
    fn a_form_is_its_fields_decoded() {
        let form = look(
            Some(b"application/x-www-form-urlencoded"),
            false,
            b"a=1+2&b%3D=%26&c&&=d",
            true,
        );
        let pairs =
            [("a", "1 2"), ("b=", "&"), ("c", ""), ("", "d")].map(|(n, v)| (n.into(), v.into()));
        assert_eq!(form, Content::Form(pairs.to_vec()));
    }

    #[test]
    fn coded_bytes_and_bytes_that_are_no_text_are_binary() {
        assert_eq!(look(Some(b"text/plain"), true, b"x", true), Content::Binary);
        assert_eq!(look(None, false, b"a\0b", true), Content::Binary);
        assert_eq!(look(None, false, b"\xff\xfe", true), Content::Binary);
        assert_eq!(
            look(
                None,
                false,
                "aaaaaaaaaaa\u{e4}"
                    .as_bytes()
                    .split_last()
                    .expect("bytes")
                    .1,
                false
            ),
            Content::Plain
        );
    }
}
