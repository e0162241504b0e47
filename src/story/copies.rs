//! Numbers that come and go without `open` or `accept`: copies, pairs, descriptors handed from one process
//! to another, and many closed at once.
//!
//! A connection ends with the last number that stands for it, in whichever process; so each copy is a
//! holder more. Descriptors that are under way between two processes (SCM_RIGHTS) hold it too. Which
//! message brought them is not in any call: those sent first are taken to arrive first.

use super::Story;
use super::connection::Link;
use super::fds::{FdInfo, FdKind};
use super::interpret::{At, CLOEXEC, NONBLOCK, Whose};
use super::words::{Attempt, Note};
use crate::abi::Fd;
use crate::event::structs;
use std::collections::VecDeque;

/// `MSG_CMSG_CLOEXEC` (`man 2 recvmsg`), `CLOSE_RANGE_CLOEXEC` (`man 2 close_range`).
const CMSG_CLOEXEC: u32 = 0x4000_0000;
const RANGE_CLOEXEC: u32 = 4;

/// So many batches of descriptors may be under way; of more, the oldest counts as thrown away.
const MOST_UNDER_WAY: usize = 64;

/// Descriptors that were sent and have not arrived.
#[derive(Default, Debug)]
pub(super) struct UnderWay {
    batches: VecDeque<Vec<FdInfo>>,
}

impl Story {
    /// `dup` and its kin: one more number for the same thing.
    pub(super) fn dup(&mut self, at: &At<'_>, from: Fd, close_on_exec: bool) -> Whose {
        let Some(to) = at
            .outcome
            .returned()
            .and_then(|fd| i32::try_from(fd).ok())
            .map(Fd)
        else {
            self.failed(at, Attempt::Other);
            return Whose::default();
        };
        if to == from {
            return Whose::default();
        }
        if let Some(info) = self.processes.at(at.process).get_mut(from) {
            info.copied = true;
        }
        let old = self.processes.at(at.process).get(from).cloned();
        self.let_go(at, to);
        self.take_number(at, to);
        if let (Some(old), Some(info)) = (old, self.processes.at(at.process).get_mut(to)) {
            copy(&old, info);
            info.close_on_exec = close_on_exec;
            if let Some(connection) = old.link.and_then(|link| self.connections.get_mut(link)) {
                connection.holders += 1;
            }
            if let Some(connection) = old.owner.and_then(|link| self.connections.get_mut(link)) {
                connection.open_files += 1;
            }
        }
        self.notes.push(Note::SameThing(from));
        let link = self.link_of(at, to);
        self.whose(at, link)
    }

    /// `dup2` onto an open number closes it silently (`man 2 dup`).
    fn let_go(&mut self, at: &At<'_>, fd: Fd) {
        let Some(info) = self
            .processes
            .at(at.process)
            .get_mut(fd)
            .filter(|info| info.open)
        else {
            return;
        };
        info.open = false;
        info.closed = Some(at.now);
        let (link, owner) = (info.link.take(), info.owner.take());
        self.forget_file(owner);
        if let Some(link) = link {
            self.connections.release(link, at.now, &mut self.history);
        }
    }

    /// `pipe2`, `socketpair`: two numbers at once.
    pub(super) fn pair(
        &mut self,
        at: &At<'_>,
        socket: bool,
        flags: u32,
        fds: Option<[Fd; 2]>,
    ) -> Whose {
        /// The type among the flags, and SOCK_STREAM.
        const TYPE: u32 = 0xf;
        const STREAM: u32 = 1;
        let Some(fds) = fds else {
            self.failed(at, Attempt::Other);
            return Whose::default();
        };
        for fd in fds {
            self.take_number(at, fd);
            if let Some(info) = self.processes.at(at.process).get_mut(fd) {
                info.kind = match (socket, flags & TYPE) {
                    (true, STREAM) => FdKind::Socket,
                    (true, _) => FdKind::Datagram,
                    (false, _) => FdKind::Pipe,
                };
                info.family = if socket { 1 } else { 0 };
                info.nonblocking = flags & NONBLOCK != 0;
                info.close_on_exec = flags & CLOEXEC != 0;
            }
        }
        self.notes.insert(0, Note::Pair(socket));
        Whose::default()
    }

    /// `close_range`: every open number from one to another.
    pub(super) fn close_range(&mut self, at: &At<'_>, first: u32, last: u32, flags: u32) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
            return Whose::default();
        }
        let process = self.processes.at(at.process);
        let within = |info: &&FdInfo| (first..=last).contains(&(info.number as u32));
        let open: Vec<Fd> = process
            .iter()
            .filter(|info| info.open)
            .filter(within)
            .map(|info| Fd(info.number))
            .collect();
        for fd in &open {
            match flags & RANGE_CLOEXEC {
                0 => self.let_go(at, *fd),
                _ => {
                    if let Some(info) = self.processes.at(at.process).get_mut(*fd) {
                        info.close_on_exec = true;
                    }
                }
            }
        }
        self.notes.push(match flags & RANGE_CLOEXEC {
            0 => Note::ClosedMany(open.len() as u32),
            _ => Note::MarkedMany(open.len() as u32),
        });
        Whose::default()
    }

    /// A message hands over descriptors: they stay open while it is under way.
    pub(super) fn give_rights(&mut self, at: &At<'_>, control: &[u8]) {
        if !at.worked() {
            return;
        }
        let process = self.processes.at(at.process);
        let batch: Vec<FdInfo> = structs::rights(control)
            .map(|fd| process.get(Fd(fd)).cloned().unwrap_or_default())
            .collect();
        for link in batch.iter().filter_map(|info| info.link) {
            self.hold(link);
        }
        self.notes.push(Note::HandedOver(batch.len() as u32));
        self.under_way.batches.push_back(batch);
        if self.under_way.batches.len() > MOST_UNDER_WAY
            && let Some(lost) = self.under_way.batches.pop_front()
        {
            for link in lost.iter().filter_map(|info| info.link) {
                self.connections.release(link, at.now, &mut self.history);
            }
        }
    }

    /// A message brings descriptors: each is a new number for what it was at the sender.
    pub(super) fn take_rights(&mut self, at: &At<'_>, control: &[u8], flags: u32) {
        let fds: Vec<Fd> = structs::rights(control).map(Fd).collect();
        let batches = &mut self.under_way.batches;
        let sent = batches.iter().position(|batch| batch.len() == fds.len());
        let sent = sent
            .and_then(|place| batches.remove(place))
            .unwrap_or_default();
        for (place, fd) in fds.iter().enumerate() {
            self.let_go(at, *fd);
            self.take_number(at, *fd);
            let Some(info) = self.processes.at(at.process).get_mut(*fd) else {
                continue;
            };
            info.kind = FdKind::Other;
            if let Some(old) = sent.get(place) {
                copy(old, info);
            }
            info.opened_by = "recvmsg";
            info.close_on_exec = flags & CMSG_CLOEXEC != 0;
            self.notes.push(Note::Handed(*fd));
        }
    }

    /// `ioctl(FIONBIO)`.
    pub(super) fn non_blocking(&mut self, at: &At<'_>, fd: Fd, on: bool) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
        } else if let Some(info) = self.processes.at(at.process).seen(fd)
            && std::mem::replace(&mut info.nonblocking, on) != on
        {
            self.notes.push(Note::NonBlocking(on));
        }
        let link = self.link_of(at, fd);
        self.whose(at, link)
    }

    /// One number more stands for a connection.
    pub(super) fn hold(&mut self, link: Link) {
        if let Some(connection) = self.connections.get_mut(link) {
            connection.holders += 1;
        }
    }
}

/// A second number shares everything but itself.
fn copy(old: &FdInfo, new: &mut FdInfo) {
    new.kind = old.kind;
    new.family = old.family;
    new.local.clone_from(&old.local);
    new.peer.clone_from(&old.peer);
    new.path.clone_from(&old.path);
    new.full_path.clone_from(&old.full_path);
    new.options.clone_from(&old.options);
    new.copied = old.copied;
    new.nonblocking = old.nonblocking;
    new.receive_timeout = old.receive_timeout;
    new.send_timeout = old.send_timeout;
    new.size = old.size;
    new.connection = old.connection;
    new.link = old.link;
    new.owner = old.owner;
}
