//! Messages: `struct msghdr` with its control data, alone (`sendmsg`, `recvmsg`) and several at once
//! (`sendmmsg`, `recvmmsg`).

use super::Line;
use super::args::{constant, named_bits};
use super::structs::{Show, credentials, field};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::flags;
use crate::event::call::Memory;
use crate::event::digits;
use crate::event::raw::part;
use crate::event::structs;
use crate::event::structs::{Control, MessageHeader, RIGHTS};

const SOL_SOCKET: u32 = 1;
const SCM_CREDENTIALS: u32 = 2;

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

    /// What was offered; how much of each message went, for those that did.
    pub fn messages_in(&self, memory: &Memory<'_>, out: &mut Vec<u8>) {
        let mut sent = memory.after().unwrap_or(&[]).chunks_exact(structs::MMSGHDR);
        let shown = match sent.len() {
            // strace shows those that went; when none did, those that were offered.
            0 => usize::MAX,
            sent => sent,
        };
        let messages = memory.messages(memory.bytes()).take(shown);
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
            Some(_) => self.vector(memory.buffers(part::IOVEC), show, out),
            None => self.pointer(header.iov, out),
        }
        field("msg_iovlen", header.iov_len, out);
        if header.control_len > 0 {
            out.extend_from_slice(b", msg_control=");
            match memory.part(part::CONTROL) {
                Some(control) if control.len >= CMSGHDR => {
                    let controls = structs::controls(control.bytes);
                    self.array(controls, out, |control, out| self.control(&control, out));
                }
                _ => self.pointer(header.control, out),
            }
        }
        field("msg_controllen", header.control_len, out);
        out.extend_from_slice(b", msg_flags=");
        named_bits(&flags::MSG, u64::from(header.flags), out);
        out.push(b'}');
    }

    /// `{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}`. Of other kinds
    /// the data is left out.
    fn control(&self, control: &Control<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{cmsg_len=");
        digits::decimal(out, control.len);
        out.extend_from_slice(b", cmsg_level=");
        constant(&flags::SOL, u64::from(control.level), out);
        out.extend_from_slice(b", cmsg_type=");
        match control.level {
            SOL_SOCKET => constant(&flags::CONTROL, u64::from(control.kind), out),
            _ => digits::hex(out, u64::from(control.kind)),
        }
        if (control.level, control.kind) == RIGHTS {
            out.extend_from_slice(b", cmsg_data=");
            self.array(structs::ints(control.data), out, |fd, out| {
                self.fd(Fd(fd), out)
            });
        } else if (control.level, control.kind) == (SOL_SOCKET, SCM_CREDENTIALS) {
            out.extend_from_slice(b", cmsg_data=");
            if credentials(control.data, out).is_none() {
                out.push(b'?');
            }
        }
        out.push(b'}');
    }
}
