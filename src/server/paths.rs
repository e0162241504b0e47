//! From the path of a target to a file's path below the root (HTTP-RULES 59–61).
//!
//! In: the path as received. Out: a relative path, decoded once, without dot segments, that names a
//! file; or why there can be none. Left out on purpose: the file system.

/// Why a path names no file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPath {
    /// No text has these bytes: 400.
    Malformed,
    /// Such a file cannot exist below the root: 404.
    Impossible,
}

/// The file that stands for a directory.
pub const INDEX: &[u8] = b"index.html";

/// Writes the relative path of the file that `path` names into `out`, closed by a NUL byte as the
/// kernel wants it. Returns whether the path named a directory, whose index file it then is.
///
/// # Errors
/// See [`NoPath`].
pub fn resolve(path: &[u8], out: &mut Vec<u8>) -> Result<bool, NoPath> {
    out.clear();
    let mut directory = true;
    for segment in path.split(|b| *b == b'/').skip(1) {
        let start = out.len();
        if start > 0 {
            out.push(b'/');
        }
        let name = out.len();
        decode(segment, out)?;
        directory = matches!(&out[name..], b"" | b"." | b"..");
        match &out[name..] {
            b"" | b"." => out.truncate(start),
            b".." => leave(start, out)?,
            _ => {}
        }
    }
    if directory {
        if !out.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(INDEX);
    }
    out.push(0);
    Ok(directory)
}

/// `..`: one segment back. Above the root there is nothing.
fn leave(end: usize, out: &mut Vec<u8>) -> Result<(), NoPath> {
    if end == 0 {
        return Err(NoPath::Impossible);
    }
    let parent = out[..end].iter().rposition(|b| *b == b'/').unwrap_or(0);
    out.truncate(parent);
    Ok(())
}

/// Decodes `%XX` once and appends the result.
fn decode(segment: &[u8], out: &mut Vec<u8>) -> Result<(), NoPath> {
    let start = out.len();
    let mut rest = segment;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match (first, tail) {
            (b'%', [high, low, after @ ..]) => (escaped(*high, *low)?, after),
            (b'%', _) => return Err(NoPath::Malformed),
            (byte, after) => (*byte, after),
        };
        match byte {
            // A path in the kernel's interface ends at its first NUL.
            0 => return Err(NoPath::Malformed),
            // Decoded, these would cut the segment in two, here or on another system.
            b'/' | b'\\' => return Err(NoPath::Impossible),
            byte => out.push(byte),
        }
        rest = after;
    }
    match has_overlong(&out[start..]) {
        true => Err(NoPath::Malformed),
        false => Ok(()),
    }
}

fn escaped(high: u8, low: u8) -> Result<u8, NoPath> {
    let digit = |c: u8| char::from(c).to_digit(16).ok_or(NoPath::Malformed);
    Ok((digit(high)? << 4 | digit(low)?) as u8)
}

/// Whether the bytes hold an overlong form of UTF-8 (RFC 3629 3): `/` and `.` in disguise. Other bytes
/// that are not UTF-8 may be a file's name.
fn has_overlong(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| {
        matches!(
            pair,
            [0xc0 | 0xc1, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(path: &str) -> Result<(String, bool), NoPath> {
        let mut out = Vec::new();
        let directory = resolve(path.as_bytes(), &mut out)?;
        assert_eq!(out.pop(), Some(0));
        Ok((String::from_utf8_lossy(&out).into_owned(), directory))
    }

    #[test]
    fn a_path_is_decoded_once_and_stays_below_the_root() {
        for (path, file, directory) in [
            ("/", "index.html", true),
            ("/a.txt", "a.txt", false),
            ("/a/b", "a/b", false),
            ("/a/", "a/index.html", true),
            ("//a///b", "a/b", false),
            ("/a/./b", "a/b", false),
            ("/a/../b", "b", false),
            ("/a/b/../../c/d", "c/d", false),
            ("/a/..", "index.html", true),
            ("/a/b/.", "a/b/index.html", true),
            ("/%61%2Etxt", "a.txt", false),
            ("/%2561", "%61", false),
            ("/a%20b", "a b", false),
            ("/...", "...", false),
            ("/caf%C3%A9", "café", false),
        ] {
            assert_eq!(resolved(path), Ok((file.to_owned(), directory)), "{path}");
        }
    }

    #[test]
    fn a_path_that_would_leave_or_deceive_names_nothing() {
        use NoPath::{Impossible, Malformed};
        for (path, why) in [
            ("/..", Impossible),
            ("/../etc/passwd", Impossible),
            ("/a/../../b", Impossible),
            ("/%2e%2e/b", Impossible),
            ("/a/%2E./%2e%2E/b", Impossible),
            ("/a%2fb", Impossible),
            ("/a%5Cb", Impossible),
            ("/a\\b", Impossible),
            ("/a%00", Malformed),
            ("/%c0%ae%c0%ae/x", Malformed),
            ("/%e0%80%af", Malformed),
            ("/%", Malformed),
            ("/%4", Malformed),
            ("/%zz", Malformed),
        ] {
            assert_eq!(resolved(path), Err(why), "{path}");
        }
    }
}
