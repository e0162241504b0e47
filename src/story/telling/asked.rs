//! What the program asked for: one sentence for each call that the story interprets.

use super::{Bytes, Words};
use crate::abi::Pid;
use crate::abi::flags;
use crate::event::call::{Call, CallName, Syscall};
use crate::story::Story;

/// `epoll_ctl` operations.
const DELETE: u32 = 2;
const MODIFY: u32 = 3;
/// Bits of `struct epoll_event` (`man 2 epoll_ctl`).
const EPOLLIN: u32 = 1;
const EPOLLOUT: u32 = 4;
const EPOLLET: u32 = 1 << 31;
const EPOLLONESHOT: u32 = 1 << 30;
/// `CLONE_THREAD` (`man 2 clone`).
const CLONE_THREAD: u64 = 0x10000;
/// `MSG_PEEK`.
const PEEK: u32 = 2;

pub(super) fn write(pid: Pid, call: &Syscall<'_>, story: &Story, w: &mut Words<'_>) {
    match &call.call {
        Call::Socket { domain, kind, .. } => socket(*domain, *kind, w),
        Call::Bind { fd, address } => {
            w.tell(format_args!("give fd {} the address ", fd.0));
            match address {
                Some(address) => {
                    w.address(address);
                    if address.port() == Some(0) {
                        w.say(", and any port that is free");
                    }
                }
                None => w.say("behind this pointer"),
            }
        }
        Call::Listen { fd, backlog } => w.tell(format_args!(
            "take connections for fd {}, and keep up to {backlog} of them until I ask",
            fd.0
        )),
        Call::Accept { fd, .. } => w.tell(format_args!(
            "take a connection from the queue of fd {}: give it its own number",
            fd.0
        )),
        Call::Connect { fd, address } => {
            w.tell(format_args!("connect fd {} to ", fd.0));
            match address {
                Some(address) => w.address(address),
                None => w.say("the address behind this pointer"),
            }
        }
        Call::Shutdown { fd, how } => {
            match how {
                0 => w.say("I read no more from "),
                1 => w.say("tell the other end that I say no more on "),
                _ => w.say("I neither read nor write any more on "),
            }
            w.thing(story, pid, *fd);
        }
        Call::SetOption {
            fd,
            level,
            name,
            value,
        } => {
            w.say("set ");
            option(*level, *name, w);
            w.tell(format_args!(" of fd {}", fd.0));
            if let [a, b, c, d] = value {
                w.tell(format_args!(" to {}", i32::from_ne_bytes([*a, *b, *c, *d])));
            }
        }
        Call::GetOption {
            fd, level, name, ..
        } => {
            w.say("what is ");
            option(*level, *name, w);
            w.tell(format_args!(" of fd {}?", fd.0));
        }
        Call::GetName { fd, peer: true, .. } => {
            w.tell(format_args!("who is at the other end of fd {}?", fd.0));
        }
        Call::GetName { fd, .. } => w.tell(format_args!("which address has fd {}?", fd.0)),
        Call::Receive {
            fd, asked, flags, ..
        }
        | Call::ReceiveRights {
            fd, asked, flags, ..
        }
        | Call::ReceiveMany {
            fd, asked, flags, ..
        } => {
            match flags & PEEK {
                0 => w.tell(format_args!("give me up to {} from ", Bytes(*asked))),
                _ => w.tell(format_args!("show me up to {} of ", Bytes(*asked))),
            }
            w.thing(story, pid, *fd);
        }
        Call::Send { fd, asked, .. }
        | Call::SendRights { fd, asked, .. }
        | Call::SendMany { fd, asked, .. } => {
            match asked {
                1 => w.say("take this byte for "),
                _ => w.tell(format_args!("take these {} for ", Bytes(*asked))),
            }
            w.thing(story, pid, *fd);
        }
        Call::SendFile { out, input, count } => {
            w.tell(format_args!("move up to {} from ", Bytes(*count)));
            w.thing(story, pid, *input);
            w.tell(format_args!(" to fd {}, past my memory", out.0));
        }
        Call::Splice {
            input,
            output,
            count,
        } => {
            w.tell(format_args!("move up to {} from ", Bytes(*count)));
            w.thing(story, pid, *input);
            w.tell(format_args!(" to fd {}, past my memory", output.0));
        }
        Call::Pair { socket: true, .. } => w.say("make two sockets that are connected"),
        Call::Pair { .. } => w.say("make a pipe: what is written to one end is read at the other"),
        Call::CloseRange { first, last, .. } => match *last {
            u32::MAX => w.tell(format_args!("take back every number from {first} on")),
            last => w.tell(format_args!(
                "take back every number from {first} to {last}"
            )),
        },
        Call::NonBlocking { fd, on } => {
            w.say(match on {
                true => "let no call sleep any more on ",
                false => "let calls sleep again on ",
            });
            w.thing(story, pid, *fd);
        }
        Call::Clone { flags } => w.say(match flags & CLONE_THREAD {
            0 => "make a process: a copy of this one",
            _ => "make a thread in this process",
        }),
        Call::Close { fd } => {
            w.say("I am done with ");
            w.thing(story, pid, *fd);
            w.say(": its number is free");
        }
        Call::Open { path, flags, .. } => {
            w.say("open ");
            w.outside(path.bytes);
            w.say(match flags & 3 {
                0 => " for reading",
                1 => " for writing",
                _ => " for reading and writing",
            });
        }
        Call::Stat { fd, .. } => {
            w.tell(format_args!("what is fd {}, and how long is it?", fd.0));
        }
        Call::Fcntl { fd, op, .. } => {
            w.say(flags::FCNTL.name_of(u64::from(*op)).unwrap_or("fcntl"));
            w.say(" for ");
            w.thing(story, pid, *fd);
        }
        Call::Dup { fd, to: None, .. } => {
            w.say("give me a second number for ");
            w.thing(story, pid, *fd);
        }
        Call::Dup {
            fd, to: Some(to), ..
        } => {
            w.tell(format_args!("let {} be a second number for ", to.0));
            w.thing(story, pid, *fd);
        }
        Call::EpollCreate => w.say("make a set of descriptors that I can wait for together"),
        Call::EpollControl {
            epoll,
            op,
            fd,
            events,
            ..
        } => match *op {
            DELETE => w.tell(format_args!("forget fd {} in the set {}", fd.0, epoll.0)),
            op => {
                w.tell(format_args!(
                    "watch fd {} in the set {} for ",
                    fd.0, epoll.0
                ));
                interest(*events, w);
                w.say(if op == MODIFY { " instead" } else { "" });
            }
        },
        Call::EpollWait { epoll, timeout, .. } => {
            wait(&format!("of the set {}", epoll.0), i64::from(*timeout), w);
        }
        Call::Poll { fds, timeout, .. } => match fds {
            1 => wait("this one descriptor", *timeout, w),
            fds => wait(&format!("of these {fds} descriptors"), *timeout, w),
        },
        Call::Other => other(call, w),
    }
}

fn socket(domain: u32, kind: u32, w: &mut Words<'_>) {
    w.say("make one end of a ");
    w.say(match (domain, kind & 0xf) {
        (2 | 10, 1) => "TCP connection",
        (2 | 10, 2) => "UDP conversation",
        (1, _) => "local connection (a Unix socket)",
        _ => "connection",
    });
    w.say(match domain {
        2 => " over IPv4",
        10 => " over IPv6",
        _ => "",
    });
}

fn option(level: u32, name: u32, w: &mut Words<'_>) {
    let known = flags::option_names(u64::from(level)).and_then(|set| set.name_of(u64::from(name)));
    match known {
        Some(name) => w.say(name.trim_end_matches("_OLD")),
        None => w.tell(format_args!("option {name} of level {level}")),
    }
}

fn interest(events: u32, w: &mut Words<'_>) {
    w.say(match (events & EPOLLIN != 0, events & EPOLLOUT != 0) {
        (true, true) => "bytes and for room",
        (true, false) => "bytes, or a client",
        (false, true) => "room to write",
        (false, false) => "its end",
    });
    if events & EPOLLET != 0 {
        w.say(", told once for each change");
    }
    if events & EPOLLONESHOT != 0 {
        w.say(", once only");
    }
}

fn wait(one: &str, timeout: i64, w: &mut Words<'_>) {
    let whose = match one.strip_prefix("of ") {
        Some(of) => format!("one of {of}"),
        None => one.to_string(),
    };
    match timeout {
        0 => w.tell(format_args!("which {one} would not have to wait now?")),
        ..0 => w.tell(format_args!("wake me when {whose} is ready")),
        _ => w.tell(format_args!(
            "wake me when {whose} is ready, or after {timeout} ms"
        )),
    }
}

fn other(call: &Syscall<'_>, w: &mut Words<'_>) {
    match call.name {
        CallName::Known(id) => w.say(id.signature().sentence),
        CallName::Number(number) => {
            w.tell(format_args!("call {number}, which the table does not know"));
        }
        CallName::Name(_) => w.say("a call that the table does not know"),
    }
}
