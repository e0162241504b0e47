//! Socket addresses as plain values (`man 7 socket`, `man 7 ip`, `man 7 ipv6`, `man 7 unix`).
//!
//! In: the bytes of a `struct sockaddr`. Out: an `Address`, and back. No look-up, no names.

use std::fmt;

/// A socket address, as the kernel wrote or was given it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Address {
    /// `AF_INET`: address octets and port in host order.
    V4([u8; 4], u16),
    /// `AF_INET6`: address octets, port, flow information and scope id, all in host order.
    V6([u8; 16], u16, u32, u32),
    /// `AF_UNIX`: the path bytes; empty when unnamed, first byte NUL when abstract.
    Unix(Vec<u8>),
    /// Any other family: its number and the bytes after it.
    Other(u16, Vec<u8>),
}

impl Address {
    /// Reads a `struct sockaddr`; `None` when there are not even two bytes of family.
    pub fn from_bytes(bytes: &[u8]) -> Option<Address> {
        let family = u16::from_ne_bytes([*bytes.first()?, *bytes.get(1)?]);
        Some(match family {
            2 if bytes.len() >= 16 => Address::V4(
                [bytes[4], bytes[5], bytes[6], bytes[7]],
                u16::from_be_bytes([bytes[2], bytes[3]]),
            ),
            10 if bytes.len() >= 24 => {
                let mut octets = [0; 16];
                octets.copy_from_slice(&bytes[8..24]);
                let flow = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
                let scope = bytes
                    .get(24..28)
                    .map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
                Address::V6(
                    octets,
                    u16::from_be_bytes([bytes[2], bytes[3]]),
                    flow,
                    scope,
                )
            }
            1 => {
                let path = &bytes[2..];
                let end = match path {
                    [0, ..] => path.len(),
                    _ => path.iter().position(|b| *b == 0).unwrap_or(path.len()),
                };
                Address::Unix(path[..end].to_vec())
            }
            other => Address::Other(other, bytes[2..].to_vec()),
        })
    }

    /// The `struct sockaddr` bytes to hand to `bind` or `connect`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(28);
        match self {
            Address::V4(octets, port) => {
                out.extend_from_slice(&2u16.to_ne_bytes());
                out.extend_from_slice(&port.to_be_bytes());
                out.extend_from_slice(octets);
                out.extend_from_slice(&[0; 8]);
            }
            Address::V6(octets, port, flow, scope) => {
                out.extend_from_slice(&10u16.to_ne_bytes());
                out.extend_from_slice(&port.to_be_bytes());
                out.extend_from_slice(&flow.to_be_bytes());
                out.extend_from_slice(octets);
                out.extend_from_slice(&scope.to_ne_bytes());
            }
            Address::Unix(path) => {
                out.extend_from_slice(&1u16.to_ne_bytes());
                out.extend_from_slice(path);
                if path.first() != Some(&0) {
                    out.push(0);
                }
            }
            Address::Other(family, rest) => {
                out.extend_from_slice(&family.to_ne_bytes());
                out.extend_from_slice(rest);
            }
        }
        out
    }

    /// The family number, `AF_INET` = 2.
    pub fn family(&self) -> u16 {
        match self {
            Address::V4(..) => 2,
            Address::V6(..) => 10,
            Address::Unix(_) => 1,
            Address::Other(family, _) => *family,
        }
    }

    /// The TCP or UDP port, where the family has one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::V4(_, port) | Address::V6(_, port, _, _) => Some(*port),
            Address::Unix(_) | Address::Other(..) => None,
        }
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `unix:/path`, `unix:@name`; bytes that are not printable ASCII
/// appear as `\xNN`, so that an address is always safe to print.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::V4([a, b, c, d], port) => write!(f, "{a}.{b}.{c}.{d}:{port}"),
            Address::V6(octets, port, _, scope) => {
                let ip = std::net::Ipv6Addr::from(*octets);
                match scope {
                    0 => write!(f, "[{ip}]:{port}"),
                    scope => write!(f, "[{ip}%{scope}]:{port}"),
                }
            }
            Address::Unix(path) => {
                f.write_str("unix:")?;
                let shown = match path.as_slice() {
                    [0, rest @ ..] => {
                        f.write_str("@")?;
                        rest
                    }
                    path => path,
                };
                for byte in shown {
                    match byte {
                        0x20..=0x7e => write!(f, "{}", char::from(*byte))?,
                        other => write!(f, "\\x{other:02x}")?,
                    }
                }
                Ok(())
            }
            Address::Other(family, _) => write!(f, "family {family}"),
        }
    }
}
