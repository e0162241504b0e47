//! What the kernel did: one sentence for each call that the story interprets, by how it ended.

use super::{Bytes, EAGAIN, EINPROGRESS, EINTR, Telling, Words};
use crate::abi::Fd;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{Call, CallName, Outcome};
use crate::story::fds::FdKind;
use crate::story::words::Note;

/// `CLOSE_RANGE_CLOEXEC`.
const CLOEXEC: u32 = 4;
/// `MSG_PEEK`.
const PEEK: u32 = 2;

pub(super) fn write(telling: &Telling<'_>, w: &mut Words<'_>) {
    if telling.done.injected {
        return w.say("never saw this call: a fault made the result up");
    }
    match telling.done.outcome {
        Outcome::Unknown => {
            w.say("did not return from this call, or the trace has lost the result")
        }
        Outcome::Failed(errno) => failed(telling, errno, w),
        Outcome::Returned(_) if telling.operation => {
            w.say("did it by itself, and left the result in the completion queue");
        }
        Outcome::Returned(value) => returned(telling, value, w),
    }
}

fn failed(telling: &Telling<'_>, errno: Errno, w: &mut Words<'_>) {
    let syscall = &telling.done.syscall;
    let gave_up = telling.notes.iter().find_map(|note| match note {
        Note::GaveUp(time) | Note::GaveUpSending(time) => Some(*time / 1_000_000),
        _ => None,
    });
    match (&syscall.call, errno) {
        (_, EAGAIN) if gave_up.is_some_and(|ms| ms > 0) => w.tell(format_args!(
            "let the thread sleep for {} ms, the time this socket has, and gave up",
            gave_up.unwrap_or(0)
        )),
        (_, EAGAIN) if gave_up.is_some() => w.say("let the thread sleep until its time was over"),
        (Call::Accept { .. }, EAGAIN) => {
            w.say("found the queue empty and, as this descriptor never sleeps, said so at once");
        }
        (Call::Receive { .. } | Call::ReceiveRights { .. } | Call::ReceiveMany { .. }, EAGAIN) => {
            w.say("had no bytes for it and, as this descriptor never sleeps, said so at once");
        }
        (
            Call::Send { .. }
            | Call::SendRights { .. }
            | Call::SendMany { .. }
            | Call::SendFile { .. },
            EAGAIN,
        ) => {
            w.say("had no room in the send buffer and, as nobody may sleep here, said so at once");
        }
        (_, EINTR) => w.say("was interrupted by a signal before anything had happened"),
        (Call::Connect { .. }, EINPROGRESS) => {
            w.say("sent the first packet and did not wait for the answer");
        }
        _ => {
            if let Some(name) = errno.name() {
                w.say(name);
                w.say(": ");
            }
            w.say(match syscall.name {
                CallName::Known(id) => errno.sentence_for(id),
                CallName::Number(_) | CallName::Name(_) => errno.sentence(),
            });
        }
    }
}

fn returned(telling: &Telling<'_>, value: i64, w: &mut Words<'_>) {
    let count = value.max(0) as u64;
    match &telling.done.syscall.call {
        Call::Socket { .. } => w.tell(format_args!(
            "made it, with the lowest number that was free: {value}"
        )),
        Call::Bind { address, .. } => match address.as_ref().and_then(|a| a.port()) {
            Some(0) => w.say("chose a free port (getsockname tells which)"),
            Some(port) => w.tell(format_args!("put it down: port {port} has an owner now")),
            None => w.say("put it down: the name has an owner now"),
        },
        Call::Listen { .. } => {
            w.say("answers SYN by itself from now on; who is connected waits in a queue");
        }
        Call::Accept { peer, .. } => accepted(telling, peer.as_ref(), value, w),
        Call::Connect { .. } => w.say(match telling.slept {
            true => "sent SYN, waited for the other kernel's answer, and got it",
            false => "sent SYN, and the other kernel has answered",
        }),
        Call::Shutdown { how, .. } => w.say(match how {
            0 => "throws away what comes from now on; nothing was sent",
            1 => "sends FIN behind the last byte; the other direction stays open",
            _ => "sends FIN, and throws away what comes from now on",
        }),
        Call::SetOption { .. } => w.say("put it down; nothing was sent for it"),
        Call::GetOption { .. } => w.say("looked it up"),
        Call::GetName { peer, address, .. } => {
            w.say(match peer {
                true => "knows it since the connection was made: ",
                false => "looked it up: ",
            });
            match address {
                Some(address) => w.address(address),
                None => w.say("an address that was not kept"),
            }
        }
        Call::ReceiveMany {
            fd,
            flags,
            asked,
            data,
        } => received(telling, *fd, (data.len, *asked), *flags, w),
        Call::SendMany {
            fd, asked, taken, ..
        } => sent(telling, *fd, *taken, *asked, w),
        Call::Receive {
            fd, flags, asked, ..
        }
        | Call::ReceiveRights {
            fd, flags, asked, ..
        } => received(telling, *fd, (count, *asked), *flags, w),
        Call::Send { fd, asked, .. } | Call::SendRights { fd, asked, .. } => {
            sent(telling, *fd, count, *asked, w)
        }
        Call::SendFile { .. } if count == 0 => w.say("found no more bytes in the file"),
        Call::SendFile { .. } => w.tell(format_args!(
            "moved {} from its page cache to the socket; no copy visited the program",
            Bytes(count)
        )),
        Call::Splice { .. } => w.tell(format_args!(
            "moved {} inside the kernel; no copy visited the program",
            Bytes(count)
        )),
        Call::Pair { fds, .. } => match fds {
            Some([one, other]) => w.tell(format_args!("made both: {} and {}", one.0, other.0)),
            None => w.say("made both"),
        },
        Call::CloseRange { flags, .. } => w.say(match flags & CLOEXEC {
            0 => "took them back, all in one call",
            _ => "put down that execve will close them",
        }),
        Call::NonBlocking { .. } => w.say("put it down; nothing was read or written"),
        Call::Clone { .. } if value == 0 => w.say("returns here a second time: this is the copy"),
        Call::Clone { .. } => w.tell(format_args!(
            "made it: its number is {value}; from here on both run"
        )),
        Call::Close { fd } => closed(telling, *fd, w),
        Call::Open { .. } => w.tell(format_args!(
            "found it and gave it the lowest number that was free: {value}"
        )),
        Call::Stat { size, .. } => match size {
            Some(size) => w.tell(format_args!("looked it up: {} long", Bytes(*size))),
            None => w.say("looked it up"),
        },
        Call::Fcntl { .. } => w.say("did so; nothing was read or written"),
        Call::Dup { .. } => w.tell(format_args!(
            "made {value} stand for the same open thing: one thing, two numbers"
        )),
        Call::EpollCreate => w.tell(format_args!("made an empty set; its number is {value}")),
        Call::EpollControl { .. } => w.say("changed the set; it is kept in the kernel"),
        Call::EpollWait { .. } | Call::Poll { .. } => ready(telling, count, w),
        Call::Other => other(telling, value, w),
    }
}

fn other(telling: &Telling<'_>, value: i64, w: &mut Words<'_>) {
    match telling.done.syscall.name {
        CallName::Known(calls::IO_URING_SETUP) => w.tell(format_args!(
            "made two queues in memory that both sides see; fd {value} stands for them"
        )),
        CallName::Known(calls::IO_URING_ENTER) => {
            let plural = if value == 1 { "" } else { "s" };
            w.tell(format_args!("took {value} operation{plural} in"));
            if telling.slept {
                w.say("; the thread slept until a result came");
            }
        }
        CallName::Known(_) | CallName::Number(_) | CallName::Name(_) => {
            w.tell(format_args!("did so, and returned {value}"));
        }
    }
}

fn accepted(
    telling: &Telling<'_>,
    peer: Option<&crate::abi::address::Address>,
    value: i64,
    w: &mut Words<'_>,
) {
    w.say(match telling.slept {
        true => "the queue was empty, so the thread slept; then ",
        false => "a finished connection was in the queue: ",
    });
    match peer {
        Some(peer) => w.address(peer),
        None => w.say("somebody"),
    }
    w.say(if telling.slept {
        " came: fd "
    } else {
        ", now fd "
    });
    w.tell(format_args!("{value}"));
}

fn received(
    telling: &Telling<'_>,
    fd: Fd,
    (count, asked): (u64, u64),
    flags: u32,
    w: &mut Words<'_>,
) {
    let kind = telling.kind(fd);
    match (count, kind) {
        (0, _) if asked == 0 => w.say("was asked for nothing, and gave nothing"),
        (0, FdKind::File) => w.say("has no more of this file to give: 0 is its end"),
        (0, _) if telling.slept => {
            w.say("let the thread sleep until FIN came: the other end says no more");
        }
        (0, _) => w.say("has given all bytes, and FIN stands behind them: 0 is the end"),
        (_, FdKind::File) => w.tell(format_args!("copied {} of the file", Bytes(count))),
        _ if flags & PEEK != 0 => w.tell(format_args!(
            "copied {} and left them where they are",
            Bytes(count)
        )),
        (1, _) if telling.slept => w.say("let the thread sleep until a byte came, and copied it"),
        _ if telling.slept => w.tell(format_args!(
            "let the thread sleep until bytes came, and copied the {} that had come",
            Bytes(count)
        )),
        (1, _) => w.say("1 byte was waiting, so it copied that and returned at once"),
        _ => w.tell(format_args!(
            "{} were waiting, so it copied them and returned at once",
            Bytes(count)
        )),
    }
}

fn sent(telling: &Telling<'_>, fd: Fd, count: u64, asked: u64, w: &mut Words<'_>) {
    if !telling.kind(fd).is_connection() {
        return w.tell(format_args!("took {}", Bytes(count)));
    }
    if telling.slept {
        w.say("let the thread sleep until there was room; ");
    }
    match count < asked {
        true => w.tell(format_args!(
            "had room for {count} of {asked} bytes, and took only those"
        )),
        false => w.tell(format_args!(
            "copied {} into the send buffer; TCP does the rest",
            match count {
                1 => "the byte".to_string(),
                _ => format!("all {count} bytes"),
            }
        )),
    }
}

fn closed(telling: &Telling<'_>, fd: Fd, w: &mut Words<'_>) {
    let number = fd.0;
    match telling.kind(fd) {
        _ if telling.has("lives-on") => w.tell(format_args!(
            "took {number} back; the connection lives on under another number"
        )),
        FdKind::Connection | FdKind::Client => w.tell(format_args!(
            "took {number} back; sends FIN, or RST if bytes were left unread"
        )),
        FdKind::Listener if telling.has("listener-elsewhere") => w.tell(format_args!(
            "took {number} back; the queue lives on in another process"
        )),
        FdKind::Listener => w.tell(format_args!(
            "took {number} back; who still waited in its queue gets RST"
        )),
        FdKind::File
        | FdKind::Directory
        | FdKind::Socket
        | FdKind::Epoll
        | FdKind::Pipe
        | FdKind::Datagram
        | FdKind::Unknown
        | FdKind::Other => w.tell(format_args!("took {number} back")),
    }
}

fn ready(telling: &Telling<'_>, count: u64, w: &mut Words<'_>) {
    match (count, telling.slept) {
        (0, _) => w.say("waited until the time was over; nothing was ready"),
        (_, true) => w.tell(format_args!(
            "let the thread sleep until something was ready: {count} now"
        )),
        (_, false) => w.tell(format_args!("found {count} ready, and returned at once")),
    }
}
