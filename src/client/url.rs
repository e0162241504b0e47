//! Where a request goes and what it asks for: `http://host:port/path?query` and its short forms.
//!
//! In: what a person typed. Out: host, port and target, as they will stand in the request; nothing is
//! looked up and nothing is rewritten. Left out on purpose: `https:` (TLS would hide the bytes that this
//! tool exists to show), user names and passwords, and repairing a path: what must be written otherwise
//! is refused with the right spelling.

use std::fmt::Write;

/// A parsed URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    /// Name or address, without the brackets of an IPv6 address.
    pub host: String,
    /// TCP port; 80 where none is written.
    pub port: u16,
    /// What goes into the request line: path and query, at least `/`.
    pub target: String,
    /// What goes into `Host` (RFC 9110 7.2): host and port as written, the port left out when it is 80.
    pub authority: String,
    /// The path of a Unix socket, for `unix:/path`.
    pub unix: Option<String>,
}

impl Url {
    /// Reads `http://host[:port][/path][?query]`; `http://` may be left out, `:8080/x` means
    /// `http://127.0.0.1:8080/x`, `/x` means `http://localhost/x` (for use with a Unix socket), and
    /// `unix:/path` asks for `/` at that socket. A `#fragment` is the reader's own and is not sent.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Url, String> {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        if let Some(path) = strip_scheme(text, "unix:").filter(|path| !path.is_empty()) {
            return Ok(Url {
                unix: Some(path.to_owned()),
                ..Url::parse("http://localhost/")?
            });
        }
        let rest = match scheme(text) {
            None => text,
            Some("http") => strip_scheme(text, "http://").ok_or_else(|| no_slashes(text))?,
            Some("https") => return Err(NO_TLS.into()),
            Some(other) => return Err(format!("{other}: only http:// is spoken here")),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let target = target_of(target)?;
        let (host, port) = match authority {
            "" if end == rest.len() || rest.starts_with('?') => {
                return Err(format!(
                    "{text:?} names no host: write http://HOST/PATH or :8080/PATH"
                ));
            }
            "" => ("localhost", 80),
            authority => host_and_port(authority)?,
        };
        let authority = match (host, port) {
            (host, 80) if host.contains(':') => format!("[{host}]"),
            (host, port) if host.contains(':') => format!("[{host}]:{port}"),
            (host, 80) => host.to_owned(),
            (host, port) => format!("{host}:{port}"),
        };
        Ok(Url {
            host: host.to_owned(),
            port,
            target,
            authority,
            unix: None,
        })
    }
}

const NO_TLS: &str = "https: is HTTP inside TLS, whose system calls carry only ciphertext: there would be \
nothing to show. Use http://, or curl for an https: page";

fn no_slashes(text: &str) -> String {
    format!("{text:?}: write http://HOST/PATH, with two slashes")
}

/// The scheme of a URL, in lower case where we know it: letters before a colon that no port follows
/// (`localhost:8080` has none).
fn scheme(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once(':')?;
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_port = rest.starts_with(|c: char| c.is_ascii_digit());
    let known = ["http", "https"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word));
    (is_word && (known.is_some() || !is_port)).then(|| known.unwrap_or(word))
}

fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn host_and_port(authority: &str) -> Result<(&str, u16), String> {
    if authority.contains('@') {
        return Err("a user name in a URL is not sent: use -H 'Authorization: ...'".into());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| {
                format!("{authority:?}: the bracket of an IPv6 address is not closed")
            })?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("{host:?} is not an IPv6 address"));
            }
            match after.strip_prefix(':') {
                None if !after.is_empty() => return Err(bad_port(after)),
                port => (host, port),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host
        .bytes()
        .any(|byte| !byte.is_ascii_alphanumeric() && !b"-._~:".contains(&byte))
    {
        return Err(format!("{host:?} is not the name of a host"));
    }
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    let port = match port {
        None | Some("") => 80,
        Some(port) => port_number(port).ok_or_else(|| bad_port(port))?,
    };
    Ok((host, port))
}

fn port_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|port| *port > 0)
}

fn bad_port(text: &str) -> String {
    format!("{text:?} is not a port: write a number from 1 to 65535")
}

/// The request target of a path and query. It must be sendable as it is (RFC 3986 section 2).
fn target_of(path: &str) -> Result<String, String> {
    if path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let slash = if path.starts_with('/') { "" } else { "/" };
        return Ok(format!("{slash}{path}"));
    }
    let mut encoded = String::new();
    for byte in path.bytes() {
        match byte {
            b if b.is_ascii_graphic() => encoded.push(char::from(b)),
            b => {
                // Writing to a String cannot fail.
                let _ = write!(encoded, "%{b:02X}");
            }
        }
    }
    Err(format!(
        "a path is sent as it is written, so write this one as {encoded} (or use --raw)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String, String) {
        let url = Url::parse(text).unwrap();
        (url.host, url.port, url.target, url.authority)
    }

    fn expect(text: &str, host: &str, port: u16, target: &str, authority: &str) {
        assert_eq!(
            parts(text),
            (host.into(), port, target.into(), authority.into()),
            "{text}"
        );
    }

    #[test]
    fn urls_are_read_in_full_and_in_short() {
        expect(
            "http://example.org/a?b=c#d",
            "example.org",
            80,
            "/a?b=c",
            "example.org",
        );
        expect("HTTP://example.org", "example.org", 80, "/", "example.org");
        expect(
            "example.org:81/x",
            "example.org",
            81,
            "/x",
            "example.org:81",
        );
        expect("localhost:8080", "localhost", 8080, "/", "localhost:8080");
        expect(":8080/x", "127.0.0.1", 8080, "/x", "127.0.0.1:8080");
        expect(":8080", "127.0.0.1", 8080, "/", "127.0.0.1:8080");
        expect("http://[::1]:8080/x", "::1", 8080, "/x", "[::1]:8080");
        expect("[::1]", "::1", 80, "/", "[::1]");
        expect("host?q", "host", 80, "/?q", "host");
        expect("http://host:/x", "host", 80, "/x", "host");
        expect("/x?y", "localhost", 80, "/x?y", "localhost");
        expect(":8080//x", "127.0.0.1", 8080, "//x", "127.0.0.1:8080");
        expect(":8080/a:b", "127.0.0.1", 8080, "/a:b", "127.0.0.1:8080");
        assert_eq!(
            Url::parse("unix:/run/x.sock").unwrap().unix.as_deref(),
            Some("/run/x.sock")
        );
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_a_way_out() {
        for (text, says) in [
            ("https://example.org/", "inside TLS"),
            ("https:", "inside TLS"),
            ("HTTPS://x", "inside TLS"),
            ("ftp://x/", "only http://"),
            ("http:x", "two slashes"),
            ("", "names no host"),
            ("http://", "names no host"),
            ("?q", "names no host"),
            ("http://u:p@host/", "Authorization"),
            ("host:0/", "not a port"),
            ("host:65536/", "not a port"),
            ("http://host:8x/", "not a port"),
            ("[::1]8080/", "not a port"),
            ("[::1", "not closed"),
            ("[fff:1]/", "not an IPv6"),
            ("a b/", "name of a host"),
            (":8080/a b", "/a%20b"),
            (":8080/é", "/%C3%A9"),
            (":8080/a\r\nX: y", "/a%0D%0AX:%20y"),
        ] {
            let message = Url::parse(text).expect_err(text);
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn a_url_cut_anywhere_is_read_or_refused() {
        let text = "http://[::1]:8080/é?x#y";
        for (end, _) in text.char_indices() {
            let _ = Url::parse(&text[..end]);
            let _ = Url::parse(&text[end..]);
        }
    }
}
