//! What a body too long to be copied behind its head is made of, and its next piece.
//!
//! In: a file or parts of it, memory, a directory. Out: `sendfile` where it can be, else bytes to write. Left
//! out on purpose: writing them (`send`), and what follows.

use super::listing::Directory;
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;

/// Bytes per `sendfile` at most: one call must not run for seconds (nginx: `sendfile_max_chunk`).
pub(super) const PIECE: u64 = 2 << 20;
/// Bytes per `read` when a file is copied.
pub(super) const COPY: usize = 64 << 10;

/// A body too long to be copied behind its head.
#[derive(Debug)]
pub(super) enum Long {
    /// A file from its own position on: how many bytes are left.
    File { fd: Fd, left: u64 },
    /// The same, on a file that `sendfile` does not take: read and written in pieces.
    Copied { fd: Fd, left: u64 },
    /// Memory, and how much of it was sent.
    Memory { bytes: Vec<u8>, sent: usize },
    /// Parts of a file, with text between them.
    Parts(Parts),
    /// The entries of a directory, as long as there are any.
    Directory(Directory),
}

/// A part of a file and the text that goes before it; the last may be text alone.
#[derive(Debug)]
pub struct Part {
    /// What goes before it.
    pub text: Vec<u8>,
    /// Its first byte.
    pub at: u64,
    /// How many bytes.
    pub len: u64,
}

/// The parts that are not sent yet.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) fd: Fd,
    /// Those that have not begun, the next one last.
    rest: Vec<Part>,
    /// Of the part under way: where to go on, and how much is left.
    at: u64,
    left: u64,
    /// `sendfile` does not take this file.
    pub(super) copied: bool,
}

impl Long {
    /// Bytes of memory that it holds.
    pub(super) fn footprint(&self) -> usize {
        match self {
            Long::Memory { bytes, .. } => bytes.len(),
            _ => 0,
        }
    }

    /// Bytes that it is known to send, as far as they are not sent.
    pub(super) fn known(&self) -> u64 {
        match self {
            Long::File { left, .. } | Long::Copied { left, .. } => *left,
            Long::Memory { bytes, sent } => (bytes.len() - sent) as u64,
            Long::Parts(parts) => {
                let rest = parts.rest.iter();
                let rest = rest.map(|part| part.text.len() as u64 + part.len);
                parts.left + rest.sum::<u64>()
            }
            Long::Directory(_) => 0,
        }
    }

    /// What is to be closed when it was sent.
    pub(super) fn fd(&self) -> Option<Fd> {
        match self {
            Long::Memory { .. } => None,
            Long::File { fd, .. } | Long::Copied { fd, .. } => Some(*fd),
            Long::Parts(parts) => Some(parts.fd),
            Long::Directory(directory) => Some(directory.fd),
        }
    }
}

impl Parts {
    /// These parts of a file, in order.
    pub(super) fn new(fd: Fd, mut parts: Vec<Part>) -> Parts {
        parts.reverse();
        Parts {
            fd,
            rest: parts,
            at: 0,
            left: 0,
            copied: false,
        }
    }

    /// The text before the next part, or some of the part under way: sent, or put in the place of `bytes`.
    /// Whether that was the last, and whether the client, or the file, has moved on.
    ///
    /// # Errors
    /// What the call said; EIO where the file is shorter than was promised.
    pub(super) fn next<P: Probe>(
        &mut self,
        kernel: &mut Kernel<P>,
        client: Fd,
        bytes: &mut Vec<u8>,
    ) -> Result<(bool, bool)> {
        if self.left == 0 {
            bytes.clear();
            if let Some(part) = self.rest.pop() {
                bytes.extend_from_slice(&part.text);
                (self.at, self.left) = (part.at, part.len);
            }
            return Ok((self.is_over(), false));
        }
        let sent = match self.copied {
            false => {
                bytes.clear();
                kernel.sendfile_at(client, self.fd, self.at, self.left.min(PIECE) as usize)
            }
            true => {
                bytes.resize(self.left.min(COPY as u64) as usize, 0);
                let got = kernel.pread(self.fd, bytes, self.at);
                bytes.truncate(*got.as_ref().unwrap_or(&0));
                got
            }
        };
        match sent {
            // The file is shorter now than we promised: only closing tells the client.
            Ok(0) => Err(Errno(libc::EIO)),
            Ok(n) => {
                self.at += n as u64;
                self.left = self.left.saturating_sub(n as u64);
                Ok((self.is_over(), true))
            }
            Err(Errno(libc::EINVAL | libc::ENOSYS)) if !self.copied => {
                self.copied = true;
                Ok((false, false))
            }
            Err(errno) => Err(errno),
        }
    }

    fn is_over(&self) -> bool {
        self.left == 0 && self.rest.is_empty()
    }
}

/// Without `sendfile`: the next piece of the file takes the place of `bytes`. True for the last one.
///
/// # Errors
/// What `read` said; EIO where the file is shorter than was promised.
pub(super) fn copy_piece<P: Probe>(
    kernel: &mut Kernel<P>,
    fd: Fd,
    left: &mut u64,
    bytes: &mut Vec<u8>,
) -> Result<bool> {
    bytes.resize((*left).min(COPY as u64) as usize, 0);
    // A short read is no end: the piece is filled before it is sent.
    let (mut got, mut last) = (0, Ok(0));
    while got < bytes.len() {
        last = kernel.read(fd, &mut bytes[got..]);
        match last {
            Ok(n) if n > 0 => got += n,
            _ => break,
        }
    }
    bytes.truncate(got);
    match got {
        0 => Err(last.err().unwrap_or(Errno(libc::EIO))),
        n => {
            *left = left.saturating_sub(n as u64);
            Ok(*left == 0)
        }
    }
}
