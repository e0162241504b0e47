//! Socket addresses, each family with its own words.

use super::bits::constant;
use super::{Line, quote};
use crate::abi::address::Address;
use crate::abi::flags;
use crate::event::digits;

/// `AF_NETLINK`, and the bytes of a `struct sockaddr_nl` behind its family (`man 7 netlink`).
const NETLINK: u16 = 16;
const NETLINK_REST: usize = 10;

impl Line<'_> {
    /// `{sa_family=AF_INET, …}`.
    pub fn address(&self, address: &Address, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{sa_family=");
        constant(&flags::DOMAIN, u64::from(address.family()), out);
        match address {
            Address::V4(octets, port) => {
                out.extend_from_slice(b", sin_port=htons(");
                digits::decimal(out, u64::from(*port));
                out.extend_from_slice(b"), sin_addr=");
                self.inet_addr(octets, out);
            }
            Address::V6(octets, port, flow, scope) => {
                out.extend_from_slice(b", sin6_port=htons(");
                digits::decimal(out, u64::from(*port));
                out.extend_from_slice(b"), sin6_flowinfo=htonl(");
                digits::decimal(out, u64::from(*flow));
                out.extend_from_slice(b"), inet_pton(AF_INET6, ");
                quote::string(self.options.hex, colons(octets).as_bytes(), out);
                out.extend_from_slice(b", &sin6_addr), sin6_scope_id=");
                digits::decimal(out, u64::from(*scope));
            }
            Address::Unix(path) => self.unix(path, out),
            Address::Other(NETLINK, rest) if rest.len() >= NETLINK_REST => netlink(rest, out),
            // The family alone.
            Address::Other(_, rest) if rest.is_empty() => {}
            Address::Other(_, rest) => {
                out.extend_from_slice(b", sa_data=");
                quote::string(self.options.hex, rest, out);
            }
        }
        out.push(b'}');
    }

    /// `inet_addr("127.0.0.1")`.
    pub fn inet_addr(&self, octets: &[u8; 4], out: &mut Vec<u8>) {
        let mut text = Vec::with_capacity(15);
        dotted(octets, &mut text);
        out.extend_from_slice(b"inet_addr(");
        quote::string(self.options.hex, &text, out);
        out.push(b')');
    }

    fn unix(&self, path: &[u8], out: &mut Vec<u8>) {
        match path {
            [] => {}
            [0, name @ ..] => {
                out.extend_from_slice(b", sun_path=@");
                quote::string(self.options.hex, name, out);
            }
            path => {
                out.extend_from_slice(b", sun_path=");
                quote::string(self.options.hex, path, out);
            }
        }
    }
}

fn dotted(octets: &[u8; 4], out: &mut Vec<u8>) {
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        digits::decimal(out, u64::from(*octet));
    }
}

/// As the C library has it: an address that only has its last 32 bits is written as IPv4 writes them
/// (`man 3 inet_ntop`), which newer rules (RFC 5952, section 5) leave to addresses known to hold one.
pub fn colons(octets: &[u8; 16]) -> String {
    let [.., a, b, c, d] = octets;
    let compatible = octets[..12].iter().all(|octet| *octet == 0) && (*a, *b) != (0, 0);
    match compatible {
        true => format!("::{a}.{b}.{c}.{d}"),
        false => std::net::Ipv6Addr::from(*octets).to_string(),
    }
}

/// `, nl_pid=0, nl_groups=00000000`: two bytes of nothing, then the two numbers.
fn netlink(rest: &[u8], out: &mut Vec<u8>) {
    let number = |at: usize| crate::event::structs::u32_at(rest, at).unwrap_or(0);
    out.extend_from_slice(b", nl_pid=");
    digits::signed(out, i64::from(number(2) as i32));
    out.extend_from_slice(b", nl_groups=");
    match number(6) {
        0 => out.extend_from_slice(b"00000000"),
        groups => {
            out.extend_from_slice(b"0x");
            digits::hex_padded(out, u64::from(groups), 6);
        }
    }
}
