//! The life of sockets, up to their first byte: made, named, listening, accepted, connected, set up.

use super::Story;
use super::connection::Link;
use super::fds::FdKind;
use super::findings;
use super::interpret::{At, CLOEXEC, NONBLOCK, Whose};
use super::peers;
use super::text::Text;
use super::words::{Attempt, Note, Setting, decimal};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::event::call::Outcome;

const EINPROGRESS: Errno = Errno(115);
/// `TCP_CORK`.
const CORK: (u32, u32) = (6, 3);

impl Story {
    pub(super) fn socket(&mut self, at: &At<'_>, domain: u32, kind: u32, flags: u32) -> Whose {
        const STREAM: u32 = 1;
        let stream = kind & 0xf == STREAM && matches!(domain, 1 | 2 | 10);
        let kind = if stream {
            FdKind::Socket
        } else {
            FdKind::Datagram
        };
        self.new_fd(at, kind, Note::NewSocket);
        if let Some(fd) = at.new_fd()
            && let Some(info) = self.processes.at(at.process).get_mut(fd)
        {
            info.family = domain;
            info.nonblocking = flags & NONBLOCK != 0;
            info.close_on_exec = flags & CLOEXEC != 0;
        }
        Whose::default()
    }

    pub(super) fn bind(&mut self, at: &At<'_>, fd: Fd, address: Option<&Address>) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Bind);
            return Whose::default();
        }
        let any = address.and_then(Address::port) == Some(0);
        self.notes.push(Note::Bound(any));
        if let Some(info) = self.processes.at(at.process).seen(fd) {
            info.local = address.cloned();
            info.family = address.map_or(info.family, |a| u32::from(a.family()));
            if info.kind == FdKind::Unknown {
                info.kind = FdKind::Socket;
            }
        }
        Whose::default()
    }

    pub(super) fn listen(&mut self, at: &At<'_>, fd: Fd) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Bind);
            return Whose::default();
        }
        self.notes.push(Note::Listening);
        if let Some(info) = self.processes.at(at.process).seen(fd) {
            info.kind = FdKind::Listener;
        }
        self.check_listener(at, fd);
        Whose::default()
    }

    pub(super) fn accept(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        peer: Option<&Address>,
        flags: u32,
    ) -> Whose {
        let Some(new) = at.new_fd() else {
            self.failed(at, Attempt::Accept);
            let pid = self.processes.at(at.process).pid;
            let info = self.processes.at(at.process).get(fd);
            let listens = info.is_some_and(|info| info.kind == FdKind::Listener);
            self.accept_failed(pid, at.outcome, listens);
            return Whose::default();
        };
        self.threads.accepts(at.thread);
        self.accept_worked();
        let link = self.begin(at, false, peer);
        self.notes.push(Note::Accepted(
            link.id,
            peer.map_or(Text::EMPTY, address_text),
        ));
        let mut inherited = (None, 0, 0, 0);
        let lost = &self.findings;
        let mut at_once = true;
        if let Some(listener) = self.processes.at(at.process).seen(fd) {
            listener.kind = FdKind::Listener;
            // What its connections begin with.
            at_once = listener.generation == 0
                || listener.copied
                || lost.lost_after(listener.opened)
                || (listener.options.iter()).any(|option| findings::AT_ONCE.contains(option));
            inherited = (
                listener.local.clone(),
                listener.family,
                listener.receive_timeout,
                listener.send_timeout,
            );
        }
        if let Some(connection) = self.connections.get_mut(link) {
            connection.watched.whole = true;
            connection.watched.at_once = at_once;
        }
        if self.take_number(at, new)
            && let Some(info) = self.processes.at(at.process).get_mut(new)
        {
            info.kind = FdKind::Connection;
            (
                info.local,
                info.family,
                info.receive_timeout,
                info.send_timeout,
            ) = inherited;
            info.family = peer.map_or(info.family, |a| u32::from(a.family()));
            info.peer = peer.cloned();
            // `man 2 accept`: on Linux, O_NONBLOCK is not inherited from the listening socket.
            info.nonblocking = flags & NONBLOCK != 0;
            info.close_on_exec = flags & CLOEXEC != 0;
            info.connection = Some(link.id);
            info.link = Some(link);
        }
        self.threads.works_for(at.thread, Some(link));
        Whose {
            connection: Some(link.id),
            exchange: None,
        }
    }

    /// A new connection.
    pub(super) fn begin(&mut self, at: &At<'_>, client: bool, peer: Option<&Address>) -> Link {
        let name = peer.map_or(Text::EMPTY, address_text);
        let link = self.connections.begin(client, name, at.now);
        if let Some(host) = peer.and_then(peers::host)
            && !client
        {
            self.peers.arrived(host, at.now);
            if let Some(connection) = self.connections.get_mut(link) {
                connection.host = Some(host);
            }
        }
        link
    }

    pub(super) fn connect(&mut self, at: &At<'_>, fd: Fd, address: Option<&Address>) -> Whose {
        let on_its_way = at.outcome == Outcome::Failed(EINPROGRESS);
        let Some(info) = self.processes.at(at.process).seen(fd) else {
            return Whose::default();
        };
        let stream = !matches!(info.kind, FdKind::Datagram);
        if !at.worked() {
            self.failed(at, Attempt::Connect);
        }
        if !stream || !(at.worked() || on_its_way) {
            return Whose::default();
        }
        let link = match self
            .processes
            .at(at.process)
            .get(fd)
            .and_then(|info| info.link)
        {
            Some(link) => link,
            None => {
                let link = self.begin(at, true, address);
                self.client_begins(at, link, address);
                link
            }
        };
        if let Some(info) = self.processes.at(at.process).get_mut(fd) {
            info.kind = FdKind::Client;
            info.peer = address.cloned().or(info.peer.take());
            info.connection = Some(link.id);
            info.link = Some(link);
        }
        if at.worked() {
            self.notes.push(Note::Connected(
                link.id,
                address.map_or(Text::EMPTY, address_text),
            ));
        }
        self.threads.works_for(at.thread, Some(link));
        Whose {
            connection: Some(link.id),
            exchange: None,
        }
    }

    fn listens(&mut self, at: &At<'_>, fd: Fd) -> bool {
        let info = self.processes.at(at.process).seen(fd);
        info.is_some_and(|info| info.kind == FdKind::Listener)
    }

    pub(super) fn shutdown(&mut self, at: &At<'_>, fd: Fd, how: u32) -> Whose {
        match how {
            _ if !at.worked() => self.failed(at, Attempt::Other),
            0 | 2 if self.listens(at, fd) => self.notes.push(Note::ListenerShut),
            0 => self.notes.push(Note::HearsNoMore),
            1 => self.notes.push(Note::SaidNoMore),
            _ => self.notes.push(Note::ShutBoth),
        }
        let link = self.link_of(at, fd);
        if at.worked()
            && how != 0
            && let Some(connection) = link.and_then(|link| self.connections.get_mut(link))
        {
            connection.said_no_more = true;
            connection.watched.shut = Some((at.now, self.findings.waited()));
        }
        self.whose(at, link)
    }

    pub(super) fn set_option(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        option: (u32, u32),
        value: &[u8],
    ) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
        } else if let Some(info) = self.processes.at(at.process).seen(fd) {
            // Cork once taken off has let go what it held; it may be put on again.
            let on = value.iter().any(|byte| *byte != 0);
            info.options.retain(|known| *known != option);
            if on || option == CORK {
                info.options.push(option);
            }
            if findings::AT_ONCE.contains(&option)
                && let Some(connection) = info.link.and_then(|link| self.connections.get_mut(link))
            {
                connection.watched.goes_at_once(on || option == CORK);
            }
            if let Some(setting) = setting(option, value) {
                match setting {
                    Setting::ReceiveTimeout(after) => info.receive_timeout = after,
                    Setting::SendTimeout(after) => info.send_timeout = after,
                    _ => {}
                }
                self.notes.push(Note::Option(setting));
            }
        }
        let link = self.link_of(at, fd);
        self.whose(at, link)
    }

    pub(super) fn get_option(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        option: (u32, u32),
        value: &[u8],
    ) -> Whose {
        const SO_ERROR: (u32, u32) = (1, 4);
        if !at.worked() {
            self.failed(at, Attempt::Other);
        } else if option == SO_ERROR
            && let Some(error) = int(value)
        {
            self.notes.push(match error {
                0 => Note::NoError,
                error => Note::Failed(Attempt::Connect, Errno(error)),
            });
        }
        let link = self.link_of(at, fd);
        self.whose(at, link)
    }

    pub(super) fn get_name(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        peer: bool,
        address: Option<&Address>,
    ) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
        } else if let Some(address) = address {
            let name = address_text(address);
            self.notes.push(if peer {
                Note::There(name)
            } else {
                Note::Here(name)
            });
            if let Some(info) = self.processes.at(at.process).seen(fd) {
                let place = if peer {
                    &mut info.peer
                } else {
                    &mut info.local
                };
                *place = Some(address.clone());
                info.family = u32::from(address.family());
            }
        }
        let link = self.link_of(at, fd);
        self.whose(at, link)
    }
}

/// An address as people write it. The common kind is written by hand: it is on the way of every
/// connection.
fn address_text(address: &Address) -> Text {
    match address {
        Address::V4(octets, port) => {
            let mut text = Text::EMPTY;
            let mut digits = [0; 20];
            for (i, octet) in octets.iter().enumerate() {
                text.push(if i > 0 { b"." } else { b"" });
                text.push(decimal(u64::from(*octet), &mut digits).as_bytes());
            }
            text.push(b":");
            text.push(decimal(u64::from(*port), &mut digits).as_bytes());
            text
        }
        Address::Unix(path) if path.is_empty() => Text::new(b"a Unix socket"),
        other => Text::of(other),
    }
}

fn int(value: &[u8]) -> Option<i32> {
    Some(i32::from_ne_bytes(value.get(..4)?.try_into().ok()?))
}

/// `struct timeval` of two 64-bit words, in nanoseconds.
fn timeval(value: &[u8]) -> Option<u64> {
    let seconds = u64::from_ne_bytes(value.get(..8)?.try_into().ok()?);
    let micros = u64::from_ne_bytes(value.get(8..16)?.try_into().ok()?);
    Some(
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(micros.saturating_mul(1000)),
    )
}

/// Levels and names: `include/uapi/asm-generic/socket.h`, `include/uapi/linux/tcp.h`, `in6.h`.
fn setting(option: (u32, u32), value: &[u8]) -> Option<Setting> {
    let on = int(value).is_some_and(|value| value != 0);
    Some(match option {
        (1, 2) if on => Setting::ReuseAddress,
        (1, 9) if on => Setting::Probes,
        (1, 13) => Setting::Linger(
            on.then(|| int(value.get(4..).unwrap_or(&[])).unwrap_or(0).max(0) as u32),
        ),
        (1, 15) if on => Setting::ReusePort,
        (1, 20 | 66) => Setting::ReceiveTimeout(timeval(value)?),
        (1, 21 | 67) => Setting::SendTimeout(timeval(value)?),
        (1, 7 | 32) => Setting::SendBuffer(int(value)?.max(0) as u32),
        (1, 8 | 33) => Setting::ReceiveBuffer(int(value)?.max(0) as u32),
        (6, 1) if on => Setting::NoDelay,
        (6, 3) => Setting::Cork(on),
        (6, 4) => Setting::ProbeAfter(int(value)?.max(0) as u32),
        (6, 5) => Setting::ProbeEvery(int(value)?.max(0) as u32),
        (6, 6) => Setting::ProbeCount(int(value)?.max(0) as u32),
        (6, 9) if on => Setting::DeferAccept,
        (41, 26) => Setting::OnlyV6(on),
        _ => return None,
    })
}
