//! Sentences about sockets: their options, what is watched, and what is ready.

use super::pen::{Pen, count, descriptor, duration};
use super::{ReadyFd, ReadyList, Setting};
use crate::abi::Fd;

/// Bits of `struct epoll_event` (`man 2 epoll_ctl`).
const EPOLLIN: u32 = 1;
const EPOLLOUT: u32 = 4;
const EPOLLERR: u32 = 8;
const EPOLLHUP: u32 = 0x10;
const EPOLLRDHUP: u32 = 0x2000;

pub(super) fn watching(pen: &mut impl Pen, fd: Fd, events: u32, before: bool, listener: bool) {
    descriptor(pen, fd);
    pen.text(if before {
        ": now watch for "
    } else {
        ": watch for "
    });
    pen.text(match (events & EPOLLIN != 0, events & EPOLLOUT != 0) {
        (true, _) if listener => "connections",
        (true, true) => "bytes, room",
        (true, false) => "bytes",
        (false, true) => "room",
        (false, false) => "its end",
    });
}

impl ReadyList {
    /// So many, none of which is named yet.
    pub(in crate::story) fn new(count: u32) -> ReadyList {
        let nobody = ReadyFd {
            fd: -1,
            events: 0,
            listener: false,
        };
        ReadyList {
            list: [nobody; 4],
            count,
        }
    }

    pub(super) fn write(&self, pen: &mut impl Pen) {
        match self.count {
            0..=2 => pen.spare("ready: "),
            many => {
                pen.number(u64::from(many));
                pen.text(" ready: ");
            }
        }
        let told = (self.count as usize).min(self.list.len());
        for (i, ready) in self.list[..told].iter().enumerate() {
            if i > 0 {
                pen.text(", ");
            }
            match ready.fd {
                ..0 => pen.text("one"),
                fd => descriptor(pen, Fd(fd)),
            }
            pen.text(reason(ready));
        }
        if self.count as usize > told {
            pen.text(", ");
            pen.number(u64::from(self.count) - told as u64);
            pen.text(" more");
        }
    }
}

/// Why a descriptor is ready, in a word: the rarer reason wins.
fn reason(ready: &ReadyFd) -> &'static str {
    match ready.events {
        e if e & EPOLLERR != 0 => " broken",
        e if e & EPOLLHUP != 0 => " over",
        e if e & EPOLLRDHUP != 0 => " EOF",
        _ if ready.listener => " connection",
        e if e & EPOLLIN != 0 && e & EPOLLOUT != 0 => " bytes+room",
        e if e & EPOLLOUT != 0 => " room",
        _ => " bytes",
    }
}

impl Setting {
    pub(super) fn id(self) -> &'static str {
        match self {
            Setting::ReuseAddress => "reuse-address",
            Setting::ReusePort => "reuse-port",
            Setting::NoDelay => "no-delay",
            Setting::Cork(_) => "cork",
            Setting::Probes
            | Setting::ProbeAfter(_)
            | Setting::ProbeEvery(_)
            | Setting::ProbeCount(_) => "probes",
            Setting::ReceiveTimeout(_) | Setting::SendTimeout(_) => "socket-time-out",
            Setting::Linger(_) => "linger",
            Setting::DeferAccept => "defer-accept",
            Setting::OnlyV6(_) => "only-v6",
            Setting::SendBuffer(_) | Setting::ReceiveBuffer(_) => "socket-buffer",
        }
    }

    pub(super) fn write(self, pen: &mut impl Pen) {
        match self {
            Setting::ReuseAddress => pen.text("may rebind during TIME_WAIT"),
            Setting::ReusePort => pen.text("others may share this port"),
            Setting::NoDelay => pen.text("small writes leave at once"),
            Setting::Cork(true) => pen.text("hold back small packets"),
            Setting::Cork(false) => pen.text("send what was held back"),
            Setting::Probes => pen.text("kernel probes a silent peer"),
            Setting::ProbeAfter(seconds) => {
                pen.text("probes after ");
                pen.number(u64::from(seconds));
                pen.text(" s silence");
            }
            Setting::ProbeEvery(seconds) => {
                pen.text("then a probe every ");
                pen.number(u64::from(seconds));
                pen.text(" s");
            }
            Setting::ProbeCount(probes) => {
                pen.text("gone after ");
                pen.number(u64::from(probes));
                pen.text(" silent probes");
            }
            Setting::ReceiveTimeout(0) => pen.text("reads wait for ever"),
            Setting::ReceiveTimeout(after) => {
                pen.text("reads give up after ");
                duration(pen, after);
            }
            Setting::SendTimeout(0) => pen.text("writes wait for ever"),
            Setting::SendTimeout(after) => {
                pen.text("writes give up after ");
                duration(pen, after);
            }
            Setting::Linger(None) => pen.text("close returns at once"),
            Setting::Linger(Some(0)) => pen.text("close will break it off"),
            Setting::Linger(Some(seconds)) => {
                pen.text("close waits up to ");
                pen.number(u64::from(seconds));
                pen.text(" s");
            }
            Setting::DeferAccept => pen.text("wake us when bytes are there"),
            Setting::OnlyV6(true) => pen.text("IPv6 only"),
            Setting::OnlyV6(false) => pen.text("IPv4 comes here too"),
            Setting::SendBuffer(bytes) => {
                pen.text("room to send: ");
                count(pen, u64::from(bytes), "byte");
            }
            Setting::ReceiveBuffer(bytes) => {
                pen.text("room to receive: ");
                count(pen, u64::from(bytes), "byte");
            }
        }
    }
}
