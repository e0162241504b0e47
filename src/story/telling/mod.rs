//! Every call told at length: what the program asked for, what the kernel did, what to beware of.
//!
//! In: an event of the story, and the story after it. Out: sentences, written with a [`Pen`] (bytes from
//! outside go to it as bytes). `asked` also speaks of calls that have not ended. A call that the story
//! does not interpret is told by its sentence in the table and by the sentence of its errno. Left out on
//! purpose: which bytes moved (the view shows them), and findings (they are notes).
//!
//! Sources: `man 2` of each call, `man 7 tcp`, `man 7 socket`, `man 7 epoll`, RFC 9112; what is said of
//! loopback was measured on a Linux 6.18 kernel.

mod asked;
mod beware;
mod kernel;

use super::fds::{FdInfo, FdKind};
use super::words::{Note, Pen};
use super::{Connection, Step, Story};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::errno::Errno;
use crate::event::Event;
use crate::event::call::{Call, CallName, Completed, Syscall};
use std::fmt;

pub(super) const EINTR: Errno = Errno(4);
pub(super) const EAGAIN: Errno = Errno(11);
pub(super) const EINPROGRESS: Errno = Errno(115);

/// A call that has ended, to be told at length.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'e> {
    /// Whose it is.
    pub pid: Pid,
    /// The call.
    pub done: &'e Completed<'e>,
    /// What the story noted about it.
    pub notes: &'e [Note],
    /// The story after it.
    pub story: &'e Story,
    /// The thread was put to sleep in it.
    pub slept: bool,
    /// It was no call: an operation of a ring stands for it, and has come back.
    pub operation: bool,
}

/// The same of an operation of a ring, which may stand for no call.
pub fn asked_of_ring(event: &Event<'_>, call: &Syscall<'_>, step: &Step<'_>, pen: &mut dyn Pen) {
    match call.name {
        CallName::Name(_) => pen.text("take back an operation that is under way"),
        CallName::Known(_) | CallName::Number(_) => asked(event.pid, call, step.story, pen),
    }
}

/// What the kernel does about an operation that was put into a ring, and has not come back.
pub fn queued(pen: &mut dyn Pen) {
    pen.text("has not begun: io_uring_enter must hand it in first");
}

/// What to beware of about it.
pub fn beware_queued(call: &Syscall<'_>, pen: &mut dyn Pen) {
    pen.text(match &call.call {
        Call::Receive { .. } => {
            "no byte has moved: the buffer must stay there until the result comes"
        }
        Call::Send { .. } => "the bytes must stay as they are until the result has come",
        Call::Close { .. } => "from now on the number is nobody's: it may soon be somebody else's",
        _ => "results come in any order: user_data tells which is whose",
    });
}

/// What the program asked for, as one would say it.
pub fn asked(pid: Pid, call: &Syscall<'_>, story: &Story, pen: &mut dyn Pen) {
    asked::write(pid, call, story, &mut Words(pen));
}

impl Telling<'_> {
    /// What the kernel did.
    pub fn kernel(&self, pen: &mut dyn Pen) {
        kernel::write(self, &mut Words(pen));
    }

    /// What is commonly taken for granted here and is not so. False, with nothing written, where there is
    /// nothing to say.
    pub fn beware(&self, pen: &mut dyn Pen) -> bool {
        beware::write(self, &mut Words(pen))
    }

    fn fd(&self, fd: Fd) -> Option<&FdInfo> {
        self.story.fd(self.pid, fd)
    }

    fn kind(&self, fd: Fd) -> FdKind {
        self.fd(fd).map_or(FdKind::Unknown, |info| info.kind)
    }

    fn has(&self, id: &str) -> bool {
        self.notes.iter().any(|note| note.id() == id)
    }
}

/// The connection that a descriptor is, while it is open.
pub fn connection_of(story: &Story, pid: Pid, fd: Fd) -> Option<&Connection> {
    let id = story.fd(pid, fd)?.connection?;
    story.connections().iter().find(|c| c.id == id)
}

/// Our words go to the pen through `write!`; nothing from outside may.
struct Words<'p>(&'p mut dyn Pen);

impl fmt::Write for Words<'_> {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        self.0.text(words);
        Ok(())
    }
}

impl Words<'_> {
    /// Our own words.
    fn say(&mut self, words: &str) {
        self.0.text(words);
    }

    /// Our own words with numbers in them.
    fn tell(&mut self, words: fmt::Arguments<'_>) {
        // A pen cannot fail.
        let _ = fmt::Write::write_fmt(self, words);
    }

    /// Bytes from outside.
    fn outside(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes, false);
    }

    /// An address: a Unix socket's may hold any bytes.
    fn address(&mut self, address: &crate::abi::address::Address) {
        self.0.bytes(address.to_string().as_bytes(), false);
    }

    /// `the connection on fd 4`, `the file index.html`.
    fn thing(&mut self, story: &Story, pid: Pid, fd: Fd) {
        let info = story.fd(pid, fd);
        let number = fd.0;
        match info.map_or(FdKind::Unknown, |info| info.kind) {
            FdKind::Connection | FdKind::Client => {
                self.tell(format_args!("the connection on fd {number}"));
            }
            FdKind::Listener => self.tell(format_args!("the listening socket, fd {number}")),
            FdKind::Socket => self.tell(format_args!("the socket, fd {number}")),
            FdKind::File | FdKind::Directory if info.is_some_and(|i| !i.path.is_empty()) => {
                self.outside(info.map_or(&[], |info| &info.path));
                self.tell(format_args!(" (fd {number})"));
            }
            FdKind::Epoll => self.tell(format_args!("the epoll, fd {number}")),
            FdKind::Pipe => self.tell(format_args!("the pipe on fd {number}")),
            FdKind::File
            | FdKind::Directory
            | FdKind::Unknown
            | FdKind::Datagram
            | FdKind::Other => {
                self.tell(format_args!("fd {number}"));
            }
        }
    }
}

/// `1 byte`, `78 bytes`.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
