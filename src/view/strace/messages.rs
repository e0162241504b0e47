//! Messages: `struct msghdr` with its control data, alone (`sendmsg`, `recvmsg`) and several at once
//! (`sendmmsg`, `recvmmsg`).

use super::Line;
use super::bits::{constant, named_bits};
use super::options::credentials;
use super::structs::{Show, field};
use super::times::time;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::flags;
use crate::event::call::Memory;
use crate::event::digits;
use crate::event::raw::part;
use crate::event::structs;
use crate::event::structs::{Control, MessageHeader, RIGHTS};

const SOL_SOCKET: u32 = 1;
const SOL_IP: u32 = 0;
/// Kinds of control messages: `man 7 socket`, `man 7 unix`, `man 7 ip`.
const SCM_CREDENTIALS: u32 = 2;
const SO_TIMESTAMP: u32 = 29;
const SO_TIMESTAMPNS: u32 = 35;
const IP_TOS: u32 = 1;
const IP_TTL: u32 = 2;
const IP_PKTINFO: u32 = 8;

/// Bytes of a `struct cmsghdr`: less holds no control message.
const CMSGHDR: u64 = 16;

impl Line<'_> {
    pub fn message_in(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let header = structs::message_header(memory.bytes())?;
        self.message(memory, header.name_len, &header, Show::Offered, out);
        Some(())
    }

    pub fn message_out(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let before = structs::message_header(memory.bytes())?;
        let Some(header) = memory.after().and_then(structs::message_header) else {
            out.extend_from_slice(b"{msg_namelen=");
            digits::decimal(out, u64::from(before.name_len));
            out.push(b'}');
            return Some(());
        };
        self.message(memory, before.name_len, &header, Show::Moved, out);
        Some(())
    }

    /// All that were offered; how much of each message went, for those that did.
    pub fn messages_in(&self, memory: &Memory<'_>, out: &mut Vec<u8>) {
        let mut sent = memory.after().unwrap_or(&[]).chunks_exact(structs::MMSGHDR);
        let messages = memory.messages(memory.bytes());
        self.array(messages, out, |(message, memory), out| {
            out.extend_from_slice(b"{msg_hdr=");
            let header = &message.header;
            self.message(&memory, header.name_len, header, Show::Offered, out);
            if let Some(after) = sent.next() {
                field(
                    "msg_len",
                    u64::from(structs::u32_at(after, 56).unwrap_or(0)),
                    out,
                );
            }
            out.push(b'}');
        });
    }

    /// `None` (so that the pointer is shown) where nothing came.
    pub fn messages_out(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let mut before = memory.bytes().chunks_exact(structs::MMSGHDR);
        let after = memory.after()?;
        self.array(memory.messages(after), out, |(message, memory), out| {
            let before = before.next().and_then(structs::message_header);
            let name_len = before.map_or(message.header.name_len, |header| header.name_len);
            out.extend_from_slice(b"{msg_hdr=");
            self.message(&memory, name_len, &message.header, Show::Moved, out);
            field("msg_len", u64::from(message.len), out);
            out.push(b'}');
        });
        Some(())
    }

    /// `name_len` is what the program had said there is room for.
    fn message(
        &self,
        memory: &Memory<'_>,
        name_len: u32,
        header: &MessageHeader,
        show: Show,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"{msg_name=");
        let name = memory.part(part::NAME);
        match name.and_then(|s| Address::from_bytes(s.bytes)) {
            Some(address) => self.address(&address, out),
            None => self.pointer(header.name, out),
        }
        field("msg_namelen", u64::from(name_len), out);
        if header.name_len != name_len {
            out.extend_from_slice(b" => ");
            digits::decimal(out, u64::from(header.name_len));
        }
        out.extend_from_slice(b", msg_iov=");
        match memory.part(part::IOVEC).filter(|_| header.iov != 0) {
            Some(_) => self.vector(memory.buffers(part::IOVEC), header.iov, show, out),
            None => self.pointer(header.iov, out),
        }
        field("msg_iovlen", header.iov_len, out);
        if header.control_len > 0 {
            out.extend_from_slice(b", msg_control=");
            match memory.part(part::CONTROL) {
                Some(control) if control.len >= CMSGHDR => {
                    self.controls(header.control, control.bytes, out)
                }
                _ => self.pointer(header.control, out),
            }
        }
        field("msg_controllen", header.control_len, out);
        out.extend_from_slice(b", msg_flags=");
        named_bits(&flags::MSG, u64::from(header.flags), out);
        out.push(b'}');
    }

    /// The control messages in a row. The last may lie about its length; what is too short for one more
    /// is said to be there.
    fn controls(&self, address: u64, bytes: &[u8], out: &mut Vec<u8>) {
        out.push(b'[');
        let (mut at, mut count) = (0, 0);
        while let Some(control) = structs::control(&bytes[at..]) {
            out.extend_from_slice(if count > 0 { b", " } else { b"" });
            if count == self.options.strsize {
                out.extend_from_slice(b"...");
                break;
            }
            self.control(&control, out);
            count += 1;
            let len = usize::try_from(control.len).unwrap_or(usize::MAX);
            at = len
                .max(structs::CMSGHDR)
                .checked_next_multiple_of(8)
                .map_or(bytes.len(), |len| {
                    (at + len.min(bytes.len())).min(bytes.len())
                });
        }
        let rest = bytes.len() - at;
        if rest > 0 && rest < structs::CMSGHDR {
            out.extend_from_slice(b", ... /* ");
            self.pointer(address.wrapping_add(at as u64), out);
            out.extend_from_slice(b" */");
        }
        out.push(b']');
    }

    /// `{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}`. Of other kinds, and
    /// where there are too few bytes, the data is left out.
    fn control(&self, control: &Control<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{cmsg_len=");
        digits::decimal(out, control.len);
        out.extend_from_slice(b", cmsg_level=");
        match flags::SOL.name_of(u64::from(control.level)) {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => {
                digits::hex(out, u64::from(control.level));
                out.extend_from_slice(b" /* SOL_??? */");
            }
        }
        out.extend_from_slice(b", cmsg_type=");
        match control.level {
            SOL_SOCKET => constant(&flags::CONTROL, u64::from(control.kind), out),
            SOL_IP => constant(&flags::IP, u64::from(control.kind), out),
            _ => match control.kind {
                0 => out.push(b'0'),
                kind => digits::hex(out, u64::from(kind)),
            },
        }
        let start = out.len();
        out.extend_from_slice(b", cmsg_data=");
        if self.control_data(control, out).is_none() {
            out.truncate(start);
        }
        out.push(b'}');
    }

    fn control_data(&self, control: &Control<'_>, out: &mut Vec<u8>) -> Option<()> {
        let data = control.data;
        match (control.level, control.kind) {
            RIGHTS if data.len() >= 4 => {
                self.array(structs::ints(data), out, |fd, out| self.fd(Fd(fd), out))
            }
            (SOL_SOCKET, SCM_CREDENTIALS) if data.len() >= 12 => credentials(&data[..12], out),
            (SOL_SOCKET, SO_TIMESTAMP) => time(data, "tv_usec", out)?,
            (SOL_SOCKET, SO_TIMESTAMPNS) => time(data, "tv_nsec", out)?,
            (SOL_IP, IP_PKTINFO) => self.packet(data, out)?,
            (SOL_IP, IP_TTL) => {
                out.push(b'[');
                digits::signed(out, i64::from(structs::u32_at(data, 0)? as i32));
                out.push(b']');
            }
            (SOL_IP, IP_TOS) => {
                out.push(b'[');
                digits::decimal(out, u64::from(*data.first()?));
                out.push(b']');
            }
            _ => return None,
        }
        Some(())
    }

    /// `{ipi_ifindex=1, ipi_spec_dst=…, ipi_addr=…}` (`man 7 ip`). strace asks for the name of the
    /// interface.
    fn packet(&self, data: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let index = structs::u32_at(data, 0)?;
        let (local, header) = (data.get(4..)?.first_chunk()?, data.get(8..)?.first_chunk()?);
        out.extend_from_slice(b"{ipi_ifindex=");
        digits::signed(out, i64::from(index as i32));
        out.extend_from_slice(b", ipi_spec_dst=");
        self.inet_addr(local, out);
        out.extend_from_slice(b", ipi_addr=");
        self.inet_addr(header, out);
        out.push(b'}');
        Some(())
    }
}
