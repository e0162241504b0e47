//! Sentences about what is wrong with a program: findings.
//!
//! Each has a stable id, how much it matters, and the evidence in numbers. `story/findings` says when;
//! `glossary` has the long explanation of each, `docs/findings.md` the cure.

use super::Verdict;
use super::failures::errno_name;
use super::pen::{Pen, connection, count, descriptor, part_of};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::story::{ConnectionId, ExchangeId};

/// What is wrong, with its evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// A descriptor is open that nobody needs any more.
    FdLeak {
        /// Its number.
        fd: Fd,
        /// What it was for.
        left: Left,
    },
    /// The kernel took only a part, and the program went on as if it had taken all.
    ShortWriteIgnored {
        /// Bytes taken.
        taken: u64,
        /// Bytes offered.
        offered: u64,
    },
    /// The program answered when only a part of the head had come.
    ShortReadAssumed {
        /// Bytes of the head that had come.
        bytes: u64,
        /// The status of the answer.
        status: u16,
    },
    /// The program reads on and on where the other end has closed.
    EofSpin {
        /// Reads that gave 0.
        reads: u32,
    },
    /// The program asks again and again, and never sleeps.
    BusyPoll {
        /// Calls in a row that gave nothing.
        calls: u32,
    },
    /// A listening socket whose address stays taken for a minute after a restart.
    NoReuseAddr(Fd),
    /// A new program has a connection that it knows nothing of.
    NoCloexec(Fd),
    /// A connection was closed while bytes were (or will be) there that nobody read.
    CloseWithUnread {
        /// Bytes of the request's body that are missing; `None` when nothing was read at all.
        unread: Option<u64>,
    },
    /// The process died because the other end had closed.
    SigpipeDeath,
    /// A small response went in several small writes, and the connection goes on.
    SplitResponse {
        /// How many.
        writes: u32,
    },
    /// The body is shorter than its Content-Length.
    LengthShort {
        /// Bytes sent.
        sent: u64,
        /// Bytes promised.
        promised: u64,
    },
    /// More bytes went than the Content-Length says.
    LengthLong {
        /// Bytes too many, in that call.
        extra: u64,
        /// Bytes promised.
        promised: u64,
    },
    /// A body after the answer to HEAD.
    HeadBodySent {
        /// Its bytes, in that call.
        bytes: u64,
    },
    /// A body behind a status that has none.
    BodyForbidden {
        /// The status.
        status: u16,
        /// Its bytes, in that call.
        bytes: u64,
    },
    /// Lines of a response's head end in LF alone.
    MissingCrlf,
    /// No blank line ends a response's head.
    NoBlankLine,
    /// One connection could not be accepted, so the program ended.
    AcceptErrorExit(Errno),
}

/// What a descriptor that leaks was left by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// A file, opened for a connection that is over.
    File,
    /// A connection whose client has closed, and the program knows.
    ByClient,
    /// A connection whose server has closed, and the program knows.
    ByServer,
    /// A connection that was to end with its last answer.
    Answered,
    /// A connection that might go on, and nobody reads.
    Unheard,
}

/// Where it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// On which connection.
    pub connection: Option<ConnectionId>,
    /// In which exchange.
    pub exchange: Option<ExchangeId>,
    /// The number of the call that gave it away; 0 where it was no call.
    pub seq: u64,
}

impl Finding {
    /// The stable name, for `httpsys explain ID`.
    pub fn id(&self) -> &'static str {
        match self {
            Finding::FdLeak { .. } => "fd-leak",
            Finding::ShortWriteIgnored { .. } => "short-write-ignored",
            Finding::ShortReadAssumed { .. } => "short-read-assumed",
            Finding::EofSpin { .. } => "eof-spin",
            Finding::BusyPoll { .. } => "busy-poll",
            Finding::NoReuseAddr(_) => "no-reuseaddr",
            Finding::NoCloexec(_) => "no-cloexec",
            Finding::CloseWithUnread { .. } => "close-with-unread",
            Finding::SigpipeDeath => "sigpipe-death",
            Finding::SplitResponse { .. } => "split-response-write",
            Finding::LengthShort { .. }
            | Finding::LengthLong { .. }
            | Finding::BodyForbidden { .. } => "content-length-mismatch",
            Finding::HeadBodySent { .. } => "head-body-sent",
            Finding::MissingCrlf | Finding::NoBlankLine => "missing-crlf",
            Finding::AcceptErrorExit(_) => "accept-error-exit",
        }
    }

    /// How much it matters.
    pub fn verdict(&self) -> Verdict {
        match self {
            Finding::NoReuseAddr(_) | Finding::NoCloexec(_) => Verdict::Note,
            Finding::BusyPoll { .. }
            | Finding::CloseWithUnread { .. }
            | Finding::SplitResponse { .. } => Verdict::Warning,
            Finding::FdLeak { .. }
            | Finding::ShortWriteIgnored { .. }
            | Finding::ShortReadAssumed { .. }
            | Finding::EofSpin { .. }
            | Finding::SigpipeDeath
            | Finding::LengthShort { .. }
            | Finding::LengthLong { .. }
            | Finding::HeadBodySent { .. }
            | Finding::BodyForbidden { .. }
            | Finding::MissingCrlf
            | Finding::NoBlankLine
            | Finding::AcceptErrorExit(_) => Verdict::Error,
        }
    }

    /// Whether it follows from calls that were not made, too: so it needs all that were.
    pub(in crate::story) fn needs_all(&self) -> bool {
        !matches!(
            self,
            Finding::EofSpin { .. } | Finding::SigpipeDeath | Finding::MissingCrlf
        )
    }

    pub(super) fn write(&self, pen: &mut impl Pen, place: Place, times: u64) {
        if let Some(id) = place.connection {
            connection(pen, id, " ");
        }
        if let Some(ExchangeId(id)) = place.exchange {
            pen.text("r");
            pen.number(u64::from(id));
            pen.text(" ");
        }
        self.sentence(pen);
        if times > 1 {
            pen.text(" (");
            pen.number(times);
            pen.text(" times)");
        }
    }

    fn sentence(&self, pen: &mut impl Pen) {
        match *self {
            Finding::FdLeak { fd, left } => {
                descriptor(pen, fd);
                pen.text(match left {
                    Left::File => " leaks: a file opened for it, again and again",
                    Left::ByClient => " leaks: the client has left, nobody closes",
                    Left::ByServer => " leaks: the server has left, nobody closes",
                    Left::Answered => " leaks: answered, and nobody closes",
                    Left::Unheard => " leaks: answered, and nobody reads or closes",
                });
            }
            Finding::ShortWriteIgnored { taken, offered } => {
                pen.text("the rest of a short write was never sent: took ");
                part_of(pen, taken, offered);
            }
            Finding::ShortReadAssumed { bytes, status } => {
                pen.text("answered ");
                pen.number(u64::from(status));
                pen.text(" after ");
                count(pen, bytes, "byte");
                pen.text(" of an unfinished head");
            }
            Finding::EofSpin { reads } => {
                pen.text("read 0 (end of input) ");
                pen.number(u64::from(reads));
                pen.text(" times and did not close");
            }
            Finding::BusyPoll { calls } => {
                pen.text("asked ");
                pen.number(u64::from(calls));
                pen.text(" times in a row for nothing, without sleeping");
            }
            Finding::NoReuseAddr(fd) => {
                descriptor(pen, fd);
                pen.text(" listens without SO_REUSEADDR");
            }
            Finding::NoCloexec(fd) => {
                descriptor(pen, fd);
                pen.text(" is open in another program after execve");
            }
            Finding::CloseWithUnread {
                unread: Some(bytes),
            } => {
                pen.text("closed with ");
                count(pen, bytes, "byte");
                pen.text(" of the body unread: RST");
            }
            Finding::CloseWithUnread { unread: None } => {
                pen.text("answered and closed, the request unread: RST");
            }
            Finding::SigpipeDeath => pen.text("killed by SIGPIPE: wrote after the peer had left"),
            Finding::SplitResponse { writes } => {
                pen.text("a small response in ");
                pen.number(u64::from(writes));
                pen.text(" writes: Nagle may hold the last");
            }
            Finding::LengthShort { sent, promised } => {
                pen.text("Content-Length ");
                pen.number(promised);
                pen.text(", but only ");
                count(pen, sent, "byte");
                pen.text(" sent");
            }
            Finding::LengthLong { extra, promised } => {
                pen.text("Content-Length ");
                pen.number(promised);
                pen.text(", and ");
                count(pen, extra, "byte");
                pen.text(" more sent");
            }
            Finding::HeadBodySent { bytes } => {
                pen.text("HEAD was answered with a body: ");
                count(pen, bytes, "byte");
            }
            Finding::BodyForbidden { status, bytes } => {
                pen.text("a ");
                pen.number(u64::from(status));
                pen.text(" has no body, and ");
                count(pen, bytes, "byte");
                pen.text(" went behind it");
            }
            Finding::NoBlankLine => pen.text("a head that no blank line ends"),
            Finding::MissingCrlf => pen.text("a head whose lines do not end in CR LF"),
            Finding::AcceptErrorExit(errno) => {
                pen.text("ended because of one accept: ");
                errno_name(pen, errno);
            }
        }
    }
}
