//! The request target: its four forms, its path and query, its escapes (RFC 9112 3.2, RFC 3986).
//!
//! In: the bytes between the two spaces of the request line. Out: which form they have, or the first
//! byte that is wrong. What a path means (dot segments, files) is the server's judgement.

use super::codes;
use super::host;
use super::refusal::Refusal;
use super::token::{is_loose, is_plain_target, is_target};

/// The four forms of RFC 9112 3.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form<'b> {
    /// `/path?query`: to a server.
    Origin,
    /// `http://host/path`: to a proxy, and every server accepts it.
    Absolute {
        /// Between `//` and the next `/` or `?`.
        authority: &'b [u8],
        /// What follows: empty, or begins with `/` or `?`.
        rest: &'b [u8],
    },
    /// `host:port`: only with CONNECT.
    Authority(&'b [u8]),
    /// `*`: only with OPTIONS.
    Asterisk,
}

/// Which form a target has; `None` when it has none that its method may use.
#[inline]
pub fn form<'b>(method: &[u8], target: &'b [u8]) -> Option<Form<'b>> {
    if method == b"CONNECT" {
        return Some(Form::Authority(target));
    }
    match target {
        [b'/', ..] => Some(Form::Origin),
        b"*" => (method == b"OPTIONS").then_some(Form::Asterisk),
        _ => absolute(target),
    }
}

/// Cuts `scheme://authority rest` (RFC 3986 4.3; only the kinds with an authority).
fn absolute(target: &[u8]) -> Option<Form<'_>> {
    let scheme = target.iter().position(|&b| b == b':')?;
    let is_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let good = target[0].is_ascii_alphabetic() && target[..scheme].iter().all(is_scheme);
    let after = target[scheme + 1..].strip_prefix(b"//").filter(|_| good)?;
    let end = after
        .iter()
        .position(|&b| matches!(b, b'/' | b'?'))
        .unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    Some(Form::Absolute { authority, rest })
}

/// Judges a target; offsets count from its first byte.
///
/// # Errors
/// The first byte that a URI cannot have, else what is wrong with its form.
#[inline]
pub fn check(method: &[u8], target: &[u8]) -> Result<(), Refusal> {
    if target.first() == Some(&b'/') && method != b"CONNECT" && is_plain(target) {
        return Ok(());
    }
    check_closely(method, target)
}

/// Every byte good, and no escape to look at.
fn is_plain(target: &[u8]) -> bool {
    target.iter().all(|&b| is_plain_target(b))
}

#[cold]
fn check_closely(method: &[u8], target: &[u8]) -> Result<(), Refusal> {
    for (at, &byte) in target.iter().enumerate() {
        match byte {
            b'#' => return Err(Refusal::new(&codes::FRAGMENT, at, target.len() - at)),
            b'%' if !is_escape(&target[at..]) => {
                return Err(Refusal::new(&codes::BAD_ESCAPE, at, 1));
            }
            _ if !is_target(byte) => return Err(Refusal::new(&codes::TARGET_BYTE, at, 1)),
            _ => {}
        }
    }
    match form(method, target) {
        Some(Form::Origin | Form::Asterisk) => Ok(()),
        Some(Form::Authority(authority)) => check_connect(authority),
        Some(Form::Absolute { authority, .. }) => check_authority(target, authority),
        None if target == b"*" => Err(Refusal::new(&codes::ASTERISK, 0, 1)),
        None => Err(Refusal::new(&codes::NO_FORM, 0, target.len())),
    }
}

/// RFC 9112 3.2.3: uri-host ":" port, both of them.
fn check_connect(target: &[u8]) -> Result<(), Refusal> {
    let port = target
        .iter()
        .rposition(|&b| b == b':')
        .map_or(&[][..], |colon| &target[colon + 1..]);
    let good =
        host::check(target).is_ok() && !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    if good {
        Ok(())
    } else {
        Err(Refusal::new(&codes::CONNECT_TARGET, 0, target.len()))
    }
}

/// The authority of an absolute target: a host that is not empty (RFC 9110 4.2.1), no user part.
fn check_authority(target: &[u8], authority: &[u8]) -> Result<(), Refusal> {
    let start = target
        .iter()
        .position(|&b| b == b':')
        .map_or(0, |colon| colon + 3);
    let refused = |at, len| Err(Refusal::new(&codes::TARGET_AUTHORITY, start + at, len));
    match host::check(authority) {
        Err(inner) => refused(inner.offset as usize, inner.len as usize),
        Ok(()) if authority.is_empty() => refused(0, 1),
        Ok(()) => Ok(()),
    }
}

/// The path and what follows its `?`, not decoded; see [`super::Head::path_and_query`].
#[inline]
pub fn path_and_query(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let rest = match target {
        [b'/', ..] | b"*" => target,
        _ => match absolute(target) {
            Some(Form::Absolute { rest, .. }) => rest,
            _ => return (target, None),
        },
    };
    let (path, query) = match memchr::memchr(b'?', rest) {
        Some(mark) => (&rest[..mark], Some(&rest[mark + 1..])),
        None => (rest, None),
    };
    (if path.is_empty() { b"/" } else { path }, query)
}

/// True when `bytes` begin with `%` and two hex digits.
pub fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// The first byte that is visible but no URI character; such targets are accepted with a warning.
pub fn first_loose(target: &[u8]) -> Option<usize> {
    target.iter().position(|&b| is_loose(b))
}

/// Appends `text` to `out` with each `%XX` decoded once; a broken escape stays as it stands.
/// `plus` also turns `+` into a space, as forms write it.
fn decode_into(text: &[u8], plus: bool, out: &mut Vec<u8>) {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'%' if is_escape(&text[at..]) => {
                out.push(nibble(text[at + 1]) << 4 | nibble(text[at + 2]));
                at += 2;
            }
            b'+' if plus => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
}

/// The value of a hex digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

/// Decodes `%XX` once, never twice: `%2541` is `%41`, not `A` (RFC 3986 2.4).
pub fn decode_percent(text: &[u8], out: &mut Vec<u8>) {
    decode_into(text, false, out);
}

/// Decodes a name or a value of `application/x-www-form-urlencoded`: `%XX`, and `+` is a space.
pub fn decode_form(text: &[u8], out: &mut Vec<u8>) {
    decode_into(text, true, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        decode_percent(text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decoded("/a%20b"), b"/a b");
        assert_eq!(decoded("%2541"), b"%41");
        assert_eq!(decoded("%e2%82%aC+"), "\u{20ac}+".as_bytes());
        assert_eq!(decoded("100%"), b"100%");
    }

    #[test]
    fn every_form_is_told_from_the_others() {
        assert_eq!(form(b"GET", b"/x"), Some(Form::Origin));
        assert_eq!(form(b"OPTIONS", b"*"), Some(Form::Asterisk));
        assert_eq!(form(b"GET", b"*"), None);
        assert_eq!(form(b"CONNECT", b"x:80"), Some(Form::Authority(b"x:80")));
        let absolute = Form::Absolute {
            authority: b"x:80",
            rest: b"?q",
        };
        assert_eq!(form(b"GET", b"http://x:80?q"), Some(absolute));
        assert_eq!(form(b"GET", b"x:80"), None);
    }

    #[test]
    fn paths_and_queries_are_cut_at_the_first_question_mark() {
        assert_eq!(path_and_query(b"/a?b?c"), (&b"/a"[..], Some(&b"b?c"[..])));
        assert_eq!(path_and_query(b"http://x"), (&b"/"[..], None));
        assert_eq!(path_and_query(b"http://x?q"), (&b"/"[..], Some(&b"q"[..])));
        assert_eq!(path_and_query(b"*"), (&b"*"[..], None));
    }

    #[test]
    fn bad_targets_are_refused_at_the_first_wrong_byte() {
        let bad: [(&str, &[u8], &str, u64); 12] = [
            ("GET", b"/a#b", "H115", 2),
            ("GET", b"/a%2", "H116", 2),
            ("GET", b"/%zz", "H116", 1),
            ("GET", b"/\xc3\xa4", "H114", 1),
            ("GET", b"*", "H117", 0),
            ("GET", b"a/b", "H118", 0),
            ("GET", b"x:80", "H118", 0),
            ("CONNECT", b"/x", "H119", 0),
            ("CONNECT", b"x", "H119", 0),
            ("CONNECT", b"x:", "H119", 0),
            ("GET", b"http:///p", "H120", 7),
            ("GET", b"http://u@x/", "H120", 8),
        ];
        for (method, target, id, at) in bad {
            let refusal = check(method.as_bytes(), target).expect_err("refused");
            assert_eq!(
                (refusal.code.id, refusal.offset),
                (id, at),
                "{}",
                target.escape_ascii()
            );
        }
    }

    #[test]
    fn good_targets_are_taken() {
        for target in [
            "/",
            "//",
            "/a%2Fb?q=%20&x=[1]",
            "http://x",
            "https://[::1]:8/p?q",
            "/a|b{}\"<>^`\\",
        ] {
            assert_eq!(check(b"GET", target.as_bytes()), Ok(()), "{target}");
        }
        assert_eq!(check(b"CONNECT", b"[::1]:443"), Ok(()));
    }
}
