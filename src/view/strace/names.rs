//! Descriptors, with their names where `-y` or `-yy` wants them and the story knows them.
//!
//! strace asks the kernel for a socket's inode number and addresses; we know what the trace told. Where
//! it did not, a `?` stands between the brackets.

use super::{FdNames, Line, quote};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{CallName, Outcome};
use crate::event::digits;
use crate::story::{FdInfo, FdName};

/// A connection that goes on being made (`man 2 connect`).
const EINPROGRESS: Errno = Errno(115);

impl Line<'_> {
    /// The number; with a name, `4<TCP:[127.0.0.1:8080->127.0.0.1:31566]>`.
    #[inline]
    pub fn fd(&self, fd: Fd, out: &mut Vec<u8>) {
        digits::signed(out, i64::from(fd.0));
        if self.options.fds != FdNames::No {
            self.fd_name(fd, out);
        }
    }

    fn fd_name(&self, fd: Fd, out: &mut Vec<u8>) {
        // A number that was closed before this call stands for nothing; what this call closes, it names.
        let info = self.story.fd(self.pid, fd);
        let closes = matches!(self.syscall.name, CallName::Known(calls::CLOSE));
        if info.is_some_and(|info| !info.open) && !(closes && self.succeeded()) {
            return;
        }
        let Some(name) = self.story.fd_name(self.pid, fd) else {
            return;
        };
        out.push(b'<');
        match name {
            FdName::Path(path) => quote::unquoted(path, out),
            FdName::Pipe => out.extend_from_slice(b"pipe:[?]"),
            FdName::Anonymous(kind) => {
                out.extend_from_slice(b"anon_inode:[");
                out.extend_from_slice(kind.as_bytes());
                out.push(b']');
            }
            FdName::Socket { .. } if self.options.fds == FdNames::Paths => {
                out.extend_from_slice(b"socket:[?]")
            }
            FdName::Socket { protocol, info } => {
                out.extend_from_slice(protocol.as_bytes());
                out.extend_from_slice(b":[");
                match (self.local(info), self.peer(info)) {
                    (None, None) => out.push(b'?'),
                    (local, peer) => {
                        address(local, out);
                        if peer.is_some() {
                            out.extend_from_slice(b"->");
                            address(peer, out);
                        }
                    }
                }
                out.push(b']');
            }
        }
        out.push(b'>');
    }

    /// The other end of a socket: before `connect`, as strace has it, none.
    fn peer<'i>(&self, info: &'i FdInfo) -> Option<&'i Address> {
        let connects = matches!(self.syscall.name, CallName::Known(calls::CONNECT));
        let begun = matches!(self.outcome, Some(Outcome::Failed(EINPROGRESS)));
        let peer = info.peer.as_ref();
        peer.filter(|_| !(connects && (begun || self.succeeded())))
    }

    /// This end of a socket: before `bind`, as strace has it, and while nobody knows which port the kernel
    /// chose, none.
    fn local<'i>(&self, info: &'i FdInfo) -> Option<&'i Address> {
        let binds = matches!(self.syscall.name, CallName::Known(calls::BIND));
        let local = info.local.as_ref();
        local.filter(|local| !(binds && self.succeeded()) && local.port() != Some(0))
    }
}

/// As text; an address's own words hold no byte that is not printable.
fn address(address: Option<&Address>, out: &mut Vec<u8>) {
    match address {
        Some(address) => out.extend_from_slice(address.to_string().as_bytes()),
        None => out.push(b'?'),
    }
}
