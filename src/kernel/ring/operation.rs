//! Operations of a ring: which call each stands for, and how it stands in the queue.
//!
//! In: descriptors and memory. Out: the arguments of the call, for those who are told; the entry, for the
//! kernel. An operation owns what it points to.

use super::{Entry, Ticket};
use crate::abi::Fd;
use crate::abi::calls;
use crate::kernel::{Address, CallId};

/// A call to be queued, with the memory it needs.
#[derive(Debug)]
pub enum Operation {
    /// `accept4`, without `SOCK_NONBLOCK`: an operation waits, however the descriptor is.
    Accept {
        /// The listener.
        listener: Fd,
        /// Flags of the new descriptor.
        flags: i32,
        /// Where the kernel writes who came.
        name: Box<Name>,
    },
    /// `read` into as many bytes as there are.
    Read {
        /// From where.
        fd: Fd,
        /// Whither.
        buf: Vec<u8>,
    },
    /// `write` of the bytes from `from` on.
    Write {
        /// Whither.
        fd: Fd,
        /// What.
        bytes: Vec<u8>,
        /// The first byte that is not written yet.
        from: usize,
    },
    /// `shutdown`.
    Shutdown {
        /// Of what.
        fd: Fd,
        /// `SHUT_WR`, say.
        how: i32,
    },
    /// `close`.
    Close {
        /// Of what.
        fd: Fd,
    },
    /// Takes another operation back; that one then ends with ECANCELED, unless it was faster.
    Cancel {
        /// Which.
        ticket: Ticket,
    },
}

/// Room for a socket address and its length.
#[derive(Debug)]
pub struct Name {
    bytes: [u8; 128],
    len: u32,
}

impl Operation {
    /// `accept4`.
    pub fn accept(listener: Fd, flags: i32) -> Operation {
        let name = Box::new(Name {
            bytes: [0; 128],
            len: 128,
        });
        Operation::Accept {
            listener,
            flags,
            name,
        }
    }

    /// The call that it stands for, as a caller would have made it; `None` for one that stands for none.
    pub(super) fn as_call(&mut self) -> (Option<CallId>, [u64; 6]) {
        let number = |fd: &Fd| fd.0 as u64;
        match self {
            Operation::Accept {
                listener,
                flags,
                name,
            } => {
                let bytes = name.bytes.as_mut_ptr() as u64;
                let len = &raw mut name.len as u64;
                let args = [number(listener), bytes, len, *flags as u64, 0, 0];
                (Some(calls::ACCEPT4), args)
            }
            Operation::Read { fd, buf } => {
                let args = [
                    number(fd),
                    buf.as_mut_ptr() as u64,
                    buf.len() as u64,
                    0,
                    0,
                    0,
                ];
                (Some(calls::READ), args)
            }
            Operation::Write { fd, bytes, from } => {
                let rest = &bytes[*from..];
                let args = [number(fd), rest.as_ptr() as u64, rest.len() as u64, 0, 0, 0];
                (Some(calls::WRITE), args)
            }
            Operation::Shutdown { fd, how } => {
                (Some(calls::SHUTDOWN), [number(fd), *how as u64, 0, 0, 0, 0])
            }
            Operation::Close { fd } => (Some(calls::CLOSE), [number(fd), 0, 0, 0, 0, 0]),
            Operation::Cancel { ticket } => (None, [ticket.user_data(), 0, 0, 0, 0, 0]),
        }
    }

    /// Every number that [`Operation::opcode`] gives.
    pub const OPCODES: [u8; 6] = [13, 14, 19, 22, 23, 34];

    /// `IORING_OP_*`.
    pub fn opcode(&self) -> u8 {
        match self {
            Operation::Accept { .. } => 13,
            Operation::Cancel { .. } => 14,
            Operation::Close { .. } => 19,
            Operation::Read { .. } => 22,
            Operation::Write { .. } => 23,
            Operation::Shutdown { .. } => 34,
        }
    }

    /// The entry for these arguments, which are those of the call, perhaps cut.
    pub(super) fn entry(&self, args: &[u64; 6], user_data: u64) -> Entry {
        let entry = Entry {
            opcode: self.opcode(),
            fd: args[0] as i32,
            user_data,
            ..Entry::default()
        };
        match self {
            Operation::Accept { .. } => Entry {
                addr: args[1],
                off: args[2],
                op_flags: args[3] as u32,
                ..entry
            },
            Operation::Read { .. } | Operation::Write { .. } => Entry {
                addr: args[1],
                len: u32::try_from(args[2]).unwrap_or(u32::MAX),
                // From its own position, as `read` does.
                off: u64::MAX,
                ..entry
            },
            Operation::Shutdown { .. } => Entry {
                len: args[1] as u32,
                ..entry
            },
            Operation::Close { .. } => entry,
            Operation::Cancel { .. } => Entry {
                fd: -1,
                addr: args[0],
                ..entry
            },
        }
    }
}

impl Name {
    /// Who came, once the operation has worked.
    pub fn address(&self) -> Address {
        let known = &self.bytes[..(self.len as usize).min(self.bytes.len())];
        Address::from_bytes(known).unwrap_or(Address::Unix(Vec::new()))
    }
}
