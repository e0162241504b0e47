//! Values of socket options.

use super::Hex;
use super::Line;
use super::address::colons;
use super::bits::constant;
use super::quote;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::event::digits;
use crate::event::structs;

/// Levels (`include/linux/socket.h`).
const SOL_IP: u64 = 0;
const SOL_SOCKET: u64 = 1;
const SOL_IPV6: u64 = 41;
const SOL_NETLINK: u64 = 270;

/// What stands behind an option, as far as strace tells kinds of values apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    /// An `int`, whatever else there may be behind it.
    Int,
    /// The error that waits on a socket; an `int`.
    Error,
    /// `int`s with these names.
    Ints(&'static [&'static str]),
    /// `SO_TXREHASH`.
    Rehash,
    /// `struct sock_fprog`: how many instructions, and where they are.
    Program,
    /// `struct ip_mreq`, `struct ipv6_mreq`.
    Group,
    Group6,
    /// Four bytes are an `int`, others are shown as they are.
    Any,
}

const LINGER: Value = Value::Ints(&["l_onoff", "l_linger"]);
const CREDENTIALS: Value = Value::Ints(&["pid", "uid", "gid"]);

fn kind(level: u64, name: u64, was_read: bool) -> Value {
    match (level, name) {
        (SOL_SOCKET, 4) if was_read => Value::Error,
        (SOL_SOCKET, 13) => LINGER,
        (SOL_SOCKET, 17) if was_read => CREDENTIALS,
        // SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF.
        (SOL_SOCKET, 26 | 51) if !was_read => Value::Program,
        (SOL_SOCKET, 74) => Value::Rehash,
        // SO_DEBUG to SO_PASSCRED, SO_RCVLOWAT, SO_SNDLOWAT and so on: those that are one `int` whatever
        // the protocol.
        (
            SOL_SOCKET,
            1
            | 2
            | 5..=12
            | 14..=16
            | 18
            | 19
            | 27
            | 29
            | 30
            | 32..=37
            | 40..=46
            | 49
            | 53
            | 56
            | 60
            | 63..=65
            | 68..=70
            | 73
            | 75,
        )
        | (SOL_NETLINK, _) => Value::Int,
        // IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP; the four of IPv6.
        (SOL_IP, 35 | 36) if !was_read => Value::Group,
        (SOL_IPV6, 20 | 21 | 27 | 28) if !was_read => Value::Group6,
        _ => Value::Any,
    }
}

impl Line<'_> {
    /// An option's value: a number, a structure, or bytes. `None` (so that the pointer is shown) where
    /// there are too few bytes for it.
    pub fn option(&self, value: &[u8], was_read: bool, out: &mut Vec<u8>) -> Option<()> {
        let (level, name) = (self.constant_at(1)?, self.constant_at(2)?);
        let kind = kind(level, name, was_read);
        if value.is_empty() && (was_read || kind != Value::Any) {
            return None;
        }
        match kind {
            Value::Int | Value::Error | Value::Rehash if value.len() >= 4 => {
                let number = structs::u32_at(value, 0)?;
                out.push(b'[');
                match kind {
                    Value::Error => error(number as i32, out),
                    Value::Rehash => rehash(number, out),
                    _ => digits::signed(out, i64::from(number as i32)),
                }
                out.push(b']');
            }
            Value::Int | Value::Error | Value::Rehash if was_read => {
                quote::string(Hex::All, value, out);
            }
            Value::Ints(names) if was_read || value.len() >= names.len() * 4 => {
                ints(names, value, out)
            }
            Value::Program => {
                out.extend_from_slice(b"{len=");
                digits::decimal(out, structs::u64_at(value, 0)? & 0xffff);
                out.extend_from_slice(b", filter=");
                self.pointer(structs::u64_at(value, 8)?, out);
                out.push(b'}');
            }
            Value::Group => self.group(value, out)?,
            Value::Group6 => self.group6(value, out)?,
            Value::Any if value.len() == 4 => {
                out.push(b'[');
                digits::signed(out, i64::from(structs::u32_at(value, 0)? as i32));
                out.push(b']');
            }
            Value::Any => quote::buffer(self.options, value, value.len() as u64, out),
            Value::Int | Value::Error | Value::Rehash | Value::Ints(_) => return None,
        }
        Some(())
    }
}

/// `{l_onoff=1, l_linger=5}`; of what is there only in part, the bytes.
fn ints(names: &[&str], value: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, bytes)) in names.iter().zip(value.chunks(4)).enumerate() {
        out.extend_from_slice(if index > 0 { b", " } else { b"" });
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        match structs::u32_at(bytes, 0) {
            Some(number) => digits::signed(out, i64::from(number as i32)),
            None => quote::string(Hex::All, bytes, out),
        }
    }
    out.push(b'}');
}

/// The credentials in a control message.
pub fn credentials(value: &[u8], out: &mut Vec<u8>) {
    if let Value::Ints(names) = CREDENTIALS {
        ints(names, value, out);
    }
}

/// The error that waited on a socket, by its name.
fn error(number: i32, out: &mut Vec<u8>) {
    match Errno(number).name() {
        Some(name) if number > 0 => out.extend_from_slice(name.as_bytes()),
        _ => digits::signed(out, i64::from(number)),
    }
}

/// strace has no hex for this one.
fn rehash(value: u32, out: &mut Vec<u8>) {
    match flags::TXREHASH.name_of(u64::from(value)) {
        Some(_) => constant(&flags::TXREHASH, u64::from(value), out),
        None => {
            digits::decimal(out, u64::from(value));
            out.extend_from_slice(b" /* SOCK_TXREHASH_??? */");
        }
    }
}

impl Line<'_> {
    /// `{imr_multiaddr=inet_addr("224.0.1.5"), imr_interface=inet_addr("127.0.0.1")}`.
    fn group(&self, value: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (group, interface) = (value.first_chunk()?, value.get(4..)?.first_chunk()?);
        out.extend_from_slice(b"{imr_multiaddr=");
        self.inet_addr(group, out);
        out.extend_from_slice(b", imr_interface=");
        self.inet_addr(interface, out);
        out.push(b'}');
        Some(())
    }

    /// `{inet_pton(AF_INET6, "ff02::5", &ipv6mr_multiaddr), ipv6mr_interface=1}`. strace asks for the name
    /// of the interface.
    fn group6(&self, value: &[u8], out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(b"{inet_pton(AF_INET6, ");
        let group = colons(value.first_chunk()?);
        quote::string(self.options.hex, group.as_bytes(), out);
        out.extend_from_slice(b", &ipv6mr_multiaddr), ipv6mr_interface=");
        digits::decimal(out, u64::from(structs::u32_at(value, 16)?));
        out.push(b'}');
        Some(())
    }
}
