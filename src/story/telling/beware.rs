//! What to beware of: what is commonly taken for granted at a call and is not so, by how it ended.
//!
//! One sentence a call, the one that matters most; `httpsys explain` has the others.

use super::{EAGAIN, EINPROGRESS, EINTR, Telling, Words, connection_of};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{Call, CallName, Completed, Outcome};
use crate::story::fds::FdKind;
use crate::story::words::{Foreign, Note, Progress, Setting};

const EPIPE: Errno = Errno(32);
const ECONNRESET: Errno = Errno(104);
const EMFILE: Errno = Errno(24);
const ENFILE: Errno = Errno(23);
const EADDRINUSE: Errno = Errno(98);
const ECONNABORTED: Errno = Errno(103);
const ENOTCONN: Errno = Errno(107);
const ECONNREFUSED: Errno = Errno(111);
const ENOENT: Errno = Errno(2);

/// `EPOLLET`.
const EDGE: u32 = 1 << 31;
/// `CLONE_THREAD` (`man 2 clone`).
const CLONE_THREAD: u64 = 0x10000;
/// `MSG_PEEK`.
const PEEK: u32 = 2;

pub(super) fn write(telling: &Telling<'_>, w: &mut Words<'_>) -> bool {
    let done = telling.done;
    if done.injected {
        w.say("the kernel's own state did not change: what was asked for is not done");
        return true;
    }
    let words = match done.outcome {
        Outcome::Unknown => None,
        Outcome::Failed(errno) => failed(telling, errno),
        Outcome::Returned(count) => return returned(telling, count.max(0) as u64, w),
    };
    words.is_some_and(|words| {
        w.say(words);
        true
    })
}

/// What a failure is not.
fn failed(telling: &Telling<'_>, errno: Errno) -> Option<&'static str> {
    let gave_up = telling.has("gave-up");
    Some(match (&telling.done.syscall.call, errno) {
        (Call::Accept { .. }, EAGAIN) => {
            "not a failure, and no reason to ask again in a loop: wait for the listener"
        }
        (Call::Accept { .. }, EMFILE | ENFILE) => {
            "the client stays in the queue: to ask again at once is a loop at 100 % CPU"
        }
        (Call::Accept { .. }, ECONNABORTED) => "that client has left: take the next one, at once",
        (Call::Receive { .. } | Call::ReceiveRights { .. } | Call::ReceiveMany { .. }, EAGAIN)
            if gave_up =>
        {
            "the same errno as \"nothing yet\": here it means too late, so 408 or close"
        }
        (Call::Receive { .. } | Call::ReceiveRights { .. } | Call::ReceiveMany { .. }, EAGAIN) => {
            "neither an error nor the end: the bytes come later; 0 would be the end"
        }
        (
            Call::Receive { .. } | Call::ReceiveRights { .. } | Call::ReceiveMany { .. },
            ECONNRESET,
        ) => "RST overtakes bytes that were on their way: what was unread is gone",
        (
            Call::Send { .. }
            | Call::SendRights { .. }
            | Call::SendMany { .. }
            | Call::SendFile { .. },
            EAGAIN,
        ) => "not one byte was taken: keep them all, wait for room, and try again",
        (
            Call::Send { .. }
            | Call::SendRights { .. }
            | Call::SendMany { .. }
            | Call::SendFile { .. },
            EPIPE,
        ) => "without MSG_NOSIGNAL or SIGPIPE ignored, this write would have killed the server",
        (
            Call::Send { .. }
            | Call::SendRights { .. }
            | Call::SendMany { .. }
            | Call::SendFile { .. },
            ECONNRESET,
        ) => "the client has left: close quietly; the next write would say EPIPE",
        (Call::Connect { .. }, EINPROGRESS) => {
            "not connected yet: wait for room to write, then ask for SO_ERROR"
        }
        (Call::Connect { .. }, ECONNREFUSED) => {
            "a machine answered, so the network works: nobody listens on that port"
        }
        (Call::Bind { .. } | Call::Listen { .. }, EADDRINUSE) => {
            "SO_REUSEADDR helps against TIME_WAIT, and only if the old run had it too; \
             never against a live listener"
        }
        (Call::GetName { .. } | Call::SetOption { .. } | Call::Shutdown { .. }, ENOTCONN) => {
            "accept succeeds for a client that has left already: close, and say nothing"
        }
        (Call::EpollWait { .. } | Call::Poll { .. }, EINTR) => {
            "SA_RESTART does not cover these calls: work the time-out out again, and wait again"
        }
        (Call::Close { .. }, _) => {
            "never close again: the number is free, and may be someone else's by now"
        }
        (_, EINTR) => "nothing was done: make the same call again",
        (Call::Open { .. }, ENOENT) => {
            "an everyday answer: 404 for the client, no error for the server"
        }
        (Call::Open { .. }, EMFILE | ENFILE) => {
            "out of descriptors while serving: 503 and Retry-After, not a crash"
        }
        _ => return None,
    })
}

fn returned(telling: &Telling<'_>, count: u64, w: &mut Words<'_>) -> bool {
    let words = match &telling.done.syscall.call {
        Call::Receive {
            fd, asked, flags, ..
        }
        | Call::ReceiveRights {
            fd, asked, flags, ..
        } => return received(telling, *fd, (count, *asked), *flags, w),
        Call::ReceiveMany {
            fd,
            asked,
            flags,
            data,
        } => return received(telling, *fd, (data.len, *asked), *flags, w),
        Call::Send { fd, asked, .. } | Call::SendRights { fd, asked, .. } => {
            return sent(telling, *fd, (count, *asked), w);
        }
        Call::SendMany {
            fd, asked, taken, ..
        } => return sent(telling, *fd, (*taken, *asked), w),
        Call::Splice { .. } => "the trace cannot show these bytes: nobody but the kernel had them",
        Call::Pair { .. } => "two numbers, two closes: an end that stays open keeps EOF away",
        Call::CloseRange { .. } => {
            "nobody asks whether they are in use: other threads may hold them"
        }
        Call::NonBlocking { .. } => {
            "the flag belongs to the open thing, not to the number: a dup or fork shares it"
        }
        Call::Clone { flags } if flags & CLONE_THREAD != 0 => {
            "threads share the table of descriptors: close in one is close in all"
        }
        Call::Clone { .. } => {
            "both have every descriptor now: the connection ends when both have closed it"
        }
        Call::Socket { .. } => "nobody can reach it: it has no address, and no other end",
        Call::Bind {
            address: Some(Address::V4([0, 0, 0, 0], _)),
            ..
        } => "0.0.0.0 is every address of this machine: others on the network reach it too",
        Call::Bind { .. } => "nobody can connect yet: that takes listen",
        Call::Listen { .. } => "clients connect, and may send, before accept is ever called",
        Call::Accept { .. } => "no new port: it has the listener's; the client's tells them apart",
        Call::Connect { .. } => "connected does not mean accepted: the server may not know yet",
        Call::Shutdown { how: 1, .. } => "not a close: the number stays, and bytes still come in",
        Call::Shutdown { .. } => "not a close: the number stays taken until close",
        Call::SetOption { .. } => return option(telling, w),
        Call::SendFile { .. } if count == 0 => {
            "if the file shrank, Content-Length has promised more: only a close is honest now"
        }
        Call::SendFile { count: asked, .. } if count < *asked => {
            "fewer than asked: the rest must be asked for again, from the new offset"
        }
        Call::SendFile { .. } => {
            "the trace cannot show these bytes: nobody but the kernel had them"
        }
        Call::Close { fd } => return closed(telling, *fd, w),
        Call::Open { .. } => "a file is never \"not ready\": read on it does not wait for a peer",
        Call::Stat { .. } => {
            "the file may change between this and the read: it is a promise kept by luck"
        }
        Call::Fcntl { fd, .. } if telling.fd(*fd).is_some_and(|info| info.nonblocking) => {
            "the flag belongs to the open thing, not to the number: a dup or fork shares it"
        }
        Call::Dup { .. } => "close of one leaves the other: the connection ends with the last",
        Call::EpollCreate => "it is a descriptor too: it must be closed, and counts for the limit",
        Call::EpollControl { op: 2, .. } => "not closed: only the watching ends",
        Call::EpollControl { events, .. } if events & EDGE != 0 => {
            "told once: who does not read until EAGAIN leaves bytes that nobody mentions again"
        }
        Call::EpollControl { .. } => "told again and again for as long as unread bytes are there",
        Call::EpollWait { .. } | Call::Poll { .. } if count == 0 => {
            "not an error: time passed, and deadlines are looked at now"
        }
        Call::EpollWait { .. } | Call::Poll { .. } => {
            "ready means: the call would not sleep. It may still fail, or give 0"
        }
        Call::Other => match telling.done.syscall.name {
            CallName::Known(calls::IO_URING_SETUP) => {
                "who looks only at calls sees no read and no write from here on"
            }
            CallName::Known(calls::IO_URING_ENTER) => {
                "taken is not done: what came of it stands in the completion queue"
            }
            CallName::Known(_) | CallName::Number(_) | CallName::Name(_) => return false,
        },
        Call::GetOption { .. } | Call::GetName { .. } | Call::Fcntl { .. } => {
            return false;
        }
    };
    w.say(words);
    true
}

fn received(
    telling: &Telling<'_>,
    fd: Fd,
    (count, asked): (u64, u64),
    flags: u32,
    w: &mut Words<'_>,
) -> bool {
    let kind = telling.kind(fd);
    if kind == FdKind::File {
        w.say(match count {
            0 => "for a file 0 is its end; for a connection it is the other end's last word",
            _ if count < asked => "fewer than asked: for a file, that is where it ends",
            _ => "exactly as many as asked: only the next read could tell whether there is more",
        });
        return true;
    }
    if !kind.is_connection() {
        return false;
    }
    let edge = telling.fd(fd).is_some_and(|i| i.watched & EDGE != 0);
    let progress = telling.notes.iter().find_map(|note| match note {
        Note::Request(_, _, progress) | Note::Response { progress, .. } => Some(*progress),
        _ => None,
    });
    if telling.has("malformed") {
        w.say("who guesses what was meant reads another message than the next program does");
    } else if let Some(foreign) = telling.notes.iter().find_map(|note| match note {
        Note::NotHttp(foreign) => Some(*foreign),
        _ => None,
    }) {
        w.say(match foreign {
            Foreign::Tls => "a port that speaks http cannot answer https: the bytes are encrypted",
            Foreign::Http2 => "HTTP/2 begins with a preface that no HTTP/1 server can obey",
            Foreign::Unknown => {
                "whatever connects may send anything: not only browsers find a port"
            }
        });
    } else if count == 0 && asked > 0 {
        w.say("0 is no error: the other end may still listen. Answer, then close");
    } else if flags & PEEK != 0 {
        w.say("the same bytes come again with the next read");
    } else if telling.has("drained") {
        w.say("reading what nobody wants is what keeps close from sending RST");
    } else if telling.has("pipelined") {
        w.say("one read, several requests: answer all of them, in this order");
    } else if let Some(Progress::Expects) = progress {
        w.say("the client waits for 100 Continue before it sends the body");
    } else if edge && count == asked {
        w.say("edge-triggered: there may be more, and no wait mentions it; read until EAGAIN");
    } else if let Some(Progress::Complete(calls)) = progress {
        complete(telling.done, calls, (count, asked), w);
    } else if telling.has("body-complete") {
        w.say("not the read's size but the framing says so: Content-Length, or the last chunk");
    } else {
        w.say("one read is not one message: TCP is a stream. Keep these bytes and read on");
    }
    true
}

fn complete(done: &Completed<'_>, calls: u32, (count, asked): (u64, u64), w: &mut Words<'_>) {
    if done.cut_from.is_some() || calls > 1 {
        w.tell(format_args!(
            "it took {calls} reads: how the bytes were cut means nothing"
        ));
    } else if count < asked {
        w.tell(format_args!(
            "{count} < {asked} does not mean \"message complete\": the blank line does"
        ));
    } else {
        w.say("the buffer is full, and still the blank line is what says \"complete\"");
    }
}

fn sent(telling: &Telling<'_>, fd: Fd, (count, asked): (u64, u64), w: &mut Words<'_>) -> bool {
    if !telling.kind(fd).is_connection() {
        return false;
    }
    if count < asked {
        w.tell(format_args!(
            "the other {} bytes are still the program's: keep the offset, send them later",
            asked - count
        ));
        return true;
    }
    let open = connection_of(telling.story, telling.pid, fd);
    w.say(match open {
        Some(connection) if connection.ended => {
            "the other end has said its last word: the first write after that still succeeds"
        }
        _ if telling.notes.iter().any(|n| matches!(n, Note::Continue)) => {
            "an interim answer: the real one is still to come"
        }
        _ => "taken is not received, nor read: the other end may never see them",
    });
    true
}

fn closed(telling: &Telling<'_>, fd: Fd, w: &mut Words<'_>) -> bool {
    w.say(match telling.kind(fd) {
        FdKind::Connection | FdKind::Client if telling.has("lives-on") => {
            "no FIN is sent while another number stands for the same connection"
        }
        FdKind::Connection | FdKind::Client => {
            "FIN comes from close, not from the last write or Content-Length"
        }
        FdKind::Listener => "connections that were accepted go on: they have numbers of their own",
        FdKind::File | FdKind::Directory => {
            "every number that is not closed stays taken, until accept fails with EMFILE"
        }
        FdKind::Socket
        | FdKind::Epoll
        | FdKind::Pipe
        | FdKind::Datagram
        | FdKind::Unknown
        | FdKind::Other => "the next call that needs a number gets this one: never close twice",
    });
    true
}

fn option(telling: &Telling<'_>, w: &mut Words<'_>) -> bool {
    let setting = telling.notes.iter().find_map(|note| match note {
        Note::Option(setting) => Some(*setting),
        _ => None,
    });
    let words = match setting {
        None => return false,
        Some(Setting::ReuseAddress) => {
            "it lets two runs follow each other, never two listeners live at once"
        }
        Some(Setting::ReusePort) => "every listener of the port must ask for it, before bind",
        Some(Setting::NoDelay) => "it does not make anything faster that is written in one piece",
        Some(Setting::Cork(_)) => "uncork, or what is held back waits up to 200 ms",
        Some(
            Setting::Probes
            | Setting::ProbeAfter(_)
            | Setting::ProbeEvery(_)
            | Setting::ProbeCount(_),
        ) => "it has nothing to do with HTTP's keep-alive",
        Some(Setting::ReceiveTimeout(_) | Setting::SendTimeout(_)) => {
            "when time is over the call fails with EAGAIN, as if nothing had come yet"
        }
        Some(Setting::Linger(Some(0))) => "close will send RST: bytes on the way are thrown away",
        Some(Setting::Linger(_)) => "close may sleep now, also in a server that must not",
        Some(Setting::DeferAccept) => "a client that connects and is silent is not seen at all",
        Some(Setting::OnlyV6(false)) => "IPv4 clients come too, as ::ffff:127.0.0.1",
        Some(Setting::OnlyV6(true)) => "IPv4 clients need a listener of their own now",
        Some(Setting::SendBuffer(_)) => {
            "what write took is in this room, not at the client: a RST throws it away"
        }
        Some(Setting::ReceiveBuffer(_)) => "fixed now: the kernel no longer fits it to the line",
    };
    w.say(words);
    true
}
