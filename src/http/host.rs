//! What a host may look like, in Host and in targets (RFC 3986 3.2.2, RFC 9110 7.2).
//!
//! In: the bytes of a value. Out: nothing, or the first byte that is wrong. Looser than DNS (names may
//! have `_` and escapes), stricter than the grammar where it leaves room for two readings: no comma,
//! no port without a name, no port above 65535.

use super::codes;
use super::refusal::Refusal;
use super::token::{is_host, is_plain_host};
use std::net::Ipv6Addr;

/// Judges a host with an optional port; offsets count from the first byte of `value`. Empty is good:
/// it says that the URL has no host.
///
/// # Errors
/// The first byte that makes it no host.
#[inline]
pub fn check(value: &[u8]) -> Result<(), Refusal> {
    let name = value.iter().position(|&b| !is_plain_host(b));
    match name {
        None => Ok(()),
        Some(name) if name > 0 && value[name] == b':' && is_port(&value[name + 1..]) => Ok(()),
        Some(_) => check_closely(value),
    }
}

/// A port that needs no closer look.
fn is_port(digits: &[u8]) -> bool {
    let add = |number: u32, &digit: &u8| match digit {
        b'0'..=b'9' => Some(number * 10 + u32::from(digit - b'0')),
        _ => None,
    };
    digits.len() <= 5
        && digits
            .iter()
            .try_fold(0, add)
            .is_some_and(|number| number <= PORT_MOST)
}

#[cold]
fn check_closely(value: &[u8]) -> Result<(), Refusal> {
    let at = value.iter().position(|&b| b == b'@');
    let comma = value.iter().position(|&b| b == b',');
    if let Some(at) = at {
        return Err(Refusal::new(&codes::HOST_USERINFO, at, 1));
    }
    if let Some(comma) = comma {
        return Err(Refusal::new(&codes::HOST_LIST, comma, 1));
    }
    let end = if value.first() == Some(&b'[') {
        literal(value)?
    } else {
        name(value)?
    };
    match value.get(end) {
        None => Ok(()),
        Some(b':') if end == 0 => Err(Refusal::new(&codes::HOST_EMPTY, 0, value.len())),
        Some(b':') => port(&value[end + 1..]).map_err(|refusal| refusal.moved(end as u64 + 1)),
        Some(_) if value[0] == b'[' => Err(Refusal::new(&codes::HOST_LITERAL, end, 1)),
        Some(_) => Err(Refusal::new(&codes::HOST_BYTE, end, 1)),
    }
}

/// Where the registered name ends.
fn name(value: &[u8]) -> Result<usize, Refusal> {
    let mut at = 0;
    while let Some(&byte) = value.get(at).filter(|&&b| is_host(b)) {
        if byte == b'%' && !super::target::is_escape(&value[at..]) {
            return Err(Refusal::new(&codes::HOST_BYTE, at, 1));
        }
        at += 1;
    }
    Ok(at)
}

/// Where `[…]` ends: IPv6, or `v1.anything` of the future (RFC 3986 3.2.2).
fn literal(value: &[u8]) -> Result<usize, Refusal> {
    let bad = || Refusal::new(&codes::HOST_LITERAL, 0, value.len());
    let close = value.iter().position(|&b| b == b']').ok_or_else(bad)?;
    let inside = std::str::from_utf8(&value[1..close]).map_err(|_| bad())?;
    if inside.parse::<Ipv6Addr>().is_err() && !is_future_address(inside) {
        return Err(bad());
    }
    Ok(close + 1)
}

fn is_future_address(text: &str) -> bool {
    let Some((version, address)) = text
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    let plain = |b: u8| b == b':' || (is_host(b) && b != b'%');
    !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_hexdigit())
        && !address.is_empty()
        && address.bytes().all(plain)
}

/// `*DIGIT`, at most 65535; none at all is allowed by the grammar and means the default.
fn port(digits: &[u8]) -> Result<(), Refusal> {
    if let Some(at) = digits.iter().position(|b| !b.is_ascii_digit()) {
        return Err(Refusal::new(&codes::HOST_PORT, at, 1));
    }
    if number(digits) > PORT_MOST {
        Err(Refusal::new(&codes::HOST_PORT, 0, digits.len()))
    } else {
        Ok(())
    }
}

const PORT_MOST: u32 = 65535;

/// What digits say, as far as it may be a port.
fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, &digit| {
        (number * 10 + u32::from(digit - b'0')).min(PORT_MOST + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_hosts_are_taken() {
        let good = "|x|x:|x:80|x:10000|x:65535|127.0.0.1:65535|[::1]|[::1]:8080|a_b.example|%41.example|[v1.a:b]|a!$&'()*+;=b:00080";
        for host in good.split('|') {
            assert_eq!(check(host.as_bytes()), Ok(()), "{host}");
        }
    }

    #[test]
    fn bad_hosts_are_refused_at_the_first_wrong_byte() {
        let bad = [
            ("user@x", "H304", 4),
            ("u:p@x:80", "H304", 3),
            ("x/path", "H303", 1),
            ("a b", "H303", 1),
            ("http://x", "H306", 5),
            ("x, y", "H305", 1),
            ("x:8a", "H306", 3),
            ("x:65536", "H306", 2),
            ("x:99999", "H306", 2),
            ("x:+80", "H306", 2),
            ("x:80:80", "H306", 4),
            ("::1", "H308", 0),
            (":80", "H308", 0),
            ("[::1", "H307", 0),
            ("[::g]", "H307", 0),
            ("[::1]x", "H307", 5),
            ("[]", "H307", 0),
            ("x%4", "H303", 1),
            ("%zz", "H303", 0),
            ("x?y", "H303", 1),
            ("x#y", "H303", 1),
            ("x\\y", "H303", 1),
            ("\u{e4}.example", "H303", 0),
        ];
        for (host, id, at) in bad {
            let refusal = check(host.as_bytes()).expect_err(host);
            assert_eq!((refusal.code.id, refusal.offset), (id, at), "{host}");
        }
    }
}
