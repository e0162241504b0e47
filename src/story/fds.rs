//! Who owns which number: one table of descriptors for each process.
//!
//! In: the calls that make, name, use and close descriptors, as `interpret` reads them. Out: what a
//! number stood for at any moment, also just after it was closed. A number that nobody saw opened is
//! simply unknown until it is used; a table costs four bytes for each number and one [`FdInfo`] for
//! each that was ever used, reused when the number is.

use super::numbers::ByNumber;
use super::{ConnectionId, Link};
use crate::abi::address::Address;
use crate::abi::{Fd, Pid};

/// Numbers from here on are not followed: no soft limit is that high, and a broken trace must not
/// make us allocate.
const MOST: usize = 1 << 20;

/// What kind of thing a descriptor stands for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum FdKind {
    /// Nobody saw it opened, and its use did not tell.
    #[default]
    Unknown,
    /// A stream socket that is neither listening nor connected yet.
    Socket,
    /// A socket that takes connections.
    Listener,
    /// The accepted end of a connection.
    Connection,
    /// The connecting end of a connection.
    Client,
    /// A socket without connections that we follow: datagrams, netlink.
    Datagram,
    /// A regular file, or anything else that was opened by path.
    File,
    /// A directory.
    Directory,
    /// An epoll.
    Epoll,
    /// One end of a pipe.
    Pipe,
    /// Made by a call that we only know by name.
    Other,
}

impl FdKind {
    /// One word for tables.
    pub fn word(self) -> &'static str {
        match self {
            FdKind::Unknown => "unknown",
            FdKind::Socket => "socket",
            FdKind::Listener => "listener",
            FdKind::Connection => "connection",
            FdKind::Client => "client",
            FdKind::Datagram => "datagram",
            FdKind::File => "file",
            FdKind::Directory => "directory",
            FdKind::Epoll => "epoll",
            FdKind::Pipe => "pipe",
            FdKind::Other => "other",
        }
    }

    /// It carries (or will carry) a stream of bytes between two programs.
    pub fn is_connection(self) -> bool {
        matches!(self, FdKind::Connection | FdKind::Client)
    }
}

/// What is known of one number: of its present owner, or of the last one once it is closed.
#[derive(Clone, Default, Debug)]
pub struct FdInfo {
    /// The number.
    pub number: i32,
    /// What it stands for.
    pub kind: FdKind,
    /// The call that made it; empty when nobody saw.
    pub opened_by: &'static str,
    /// How many owners the number has had, this one included; 0 when nobody saw it opened.
    pub generation: u32,
    /// False once it was closed.
    pub open: bool,
    /// When it was made, in nanoseconds since watching began.
    pub opened: u64,
    /// When it was closed.
    pub closed: Option<u64>,
    /// The address family of a socket.
    pub family: u32,
    /// This end of a socket.
    pub local: Option<Address>,
    /// The other end.
    pub peer: Option<Address>,
    /// The path it was opened by, as the program gave it.
    pub path: Vec<u8>,
    /// The same from the directory on that it was opened below, where that is known; links are not followed.
    pub full_path: Vec<u8>,
    /// It is the tool's own, not the program's.
    pub own: bool,
    /// Calls on it return at once.
    pub nonblocking: bool,
    /// It does not survive `execve`.
    pub close_on_exec: bool,
    /// `SO_RCVTIMEO` in nanoseconds; 0 for none.
    pub receive_timeout: u64,
    /// `SO_SNDTIMEO` in nanoseconds; 0 for none.
    pub send_timeout: u64,
    /// Socket options that were set: level and name, in order.
    pub options: Vec<(u32, u32)>,
    /// Bytes that came in through it.
    pub bytes_in: u64,
    /// Bytes that went out through it.
    pub bytes_out: u64,
    /// The same over all owners of the number.
    pub total_in: u64,
    /// The same over all owners of the number.
    pub total_out: u64,
    /// Size of a file, where `fstat` told.
    pub size: Option<u64>,
    /// What an epoll watches it for; 0 when none does.
    pub watched: u32,
    /// The connection it is, or was.
    pub connection: Option<ConnectionId>,
    pub(super) link: Option<Link>,
    /// The key under which an epoll's table of watches has this number. It outlives the owner: the
    /// next one that is watched takes its place.
    pub(super) watch: Option<u64>,
    /// There is, or was, a second number for it.
    pub(super) copied: bool,
    /// A file whose name is what the request asks for.
    pub(super) asked_for: bool,
    /// The connection on whose behalf a file was opened.
    pub(super) owner: Option<Link>,
    /// The connection that had this number before, when its close has not been reported yet: another
    /// thread may be handed the number before our record of the close is complete.
    pub(super) ghost: Option<Link>,
}

impl FdInfo {
    /// A new owner takes the number; what it allocated is used again.
    fn renew(&mut self, number: i32, opened_by: &'static str, now: u64) {
        self.path.clear();
        self.full_path.clear();
        self.options.clear();
        *self = FdInfo {
            number,
            opened_by,
            generation: self.generation + 1,
            open: true,
            opened: now,
            path: std::mem::take(&mut self.path),
            full_path: std::mem::take(&mut self.full_path),
            options: std::mem::take(&mut self.options),
            total_in: self.total_in,
            total_out: self.total_out,
            watch: self.watch,
            ghost: if self.open { self.link } else { None },
            ..FdInfo::default()
        };
    }

    pub(super) fn add_in(&mut self, bytes: u64) {
        self.bytes_in += bytes;
        self.total_in += bytes;
    }

    pub(super) fn add_out(&mut self, bytes: u64) {
        self.bytes_out += bytes;
        self.total_out += bytes;
    }
}

/// The descriptors of one process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its id.
    pub pid: Pid,
    /// It has asked epoll, poll or select.
    pub(super) polls: bool,
    /// It has, or may have, several threads.
    pub(super) threaded: bool,
    /// When it last took a connection, or began to wait for others and waited long.
    pub(super) turned: u64,
    /// When the last wait for others began that was long.
    pub(super) rested: u64,
    /// Place in `infos` plus one, by number; 0 for none.
    places: Vec<u32>,
    infos: Vec<FdInfo>,
}

impl Process {
    fn new(pid: Pid) -> Process {
        Process {
            pid,
            polls: false,
            threaded: false,
            turned: 0,
            rested: 0,
            places: Vec::new(),
            infos: Vec::new(),
        }
    }

    /// What is known of a number.
    #[inline]
    pub fn get(&self, fd: Fd) -> Option<&FdInfo> {
        let place = *self.places.get(usize::try_from(fd.0).ok()?)?;
        self.infos.get((place as usize).checked_sub(1)?)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, fd: Fd) -> Option<&mut FdInfo> {
        let place = *self.places.get(usize::try_from(fd.0).ok()?)?;
        self.infos.get_mut((place as usize).checked_sub(1)?)
    }

    /// What is known of a number; a number never seen before is open and unknown. `None` for numbers
    /// that cannot be descriptors.
    #[inline]
    pub(super) fn seen(&mut self, fd: Fd) -> Option<&mut FdInfo> {
        let number = usize::try_from(fd.0).ok().filter(|n| *n < MOST)?;
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        if self.places[number] == 0 {
            self.infos.push(FdInfo {
                number: fd.0,
                open: true,
                ..FdInfo::default()
            });
            self.places[number] = self.infos.len() as u32;
        }
        let info = &mut self.infos[self.places[number] as usize - 1];
        if !info.open {
            // It is used although it was closed: we missed how it was opened.
            info.renew(fd.0, "", info.opened);
        }
        Some(info)
    }

    /// A number gets a new owner.
    pub(super) fn open(
        &mut self,
        fd: Fd,
        opened_by: &'static str,
        now: u64,
    ) -> Option<&mut FdInfo> {
        let number = usize::try_from(fd.0).ok().filter(|n| *n < MOST)?;
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        if self.places[number] == 0 {
            self.infos.push(FdInfo::default());
            self.places[number] = self.infos.len() as u32;
        }
        let info = &mut self.infos[self.places[number] as usize - 1];
        info.renew(fd.0, opened_by, now);
        Some(info)
    }

    /// Everything that was ever seen, by number.
    pub fn iter(&self) -> impl Iterator<Item = &FdInfo> {
        self.places
            .iter()
            .filter_map(|place| self.infos.get((*place as usize).checked_sub(1)?))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FdInfo> {
        self.infos.iter_mut()
    }

    /// The program's numbers that are open, in order. 0, 1 and 2 are taken to be open until they are closed.
    pub fn open_numbers(&self) -> impl Iterator<Item = i32> {
        let most = self.places.len().max(3) as i32;
        (0..most).filter(|number| match self.get(Fd(*number)) {
            Some(info) => info.open && !info.own,
            None => *number < 3,
        })
    }
}

/// All processes of a trace.
#[derive(Default, Debug)]
pub struct Processes {
    list: Vec<Process>,
    by_pid: ByNumber<usize>,
    /// Processes that use the table of another one (CLONE_FILES without CLONE_THREAD).
    sharing: ByNumber<Pid>,
    last: usize,
}

impl Processes {
    /// The place of a process; a process never seen before is made.
    #[inline]
    pub(super) fn place(&mut self, pid: Pid) -> usize {
        match self.list.get(self.last) {
            Some(process) if process.pid == pid => self.last,
            _ => self.find(pid),
        }
    }

    /// Whose table a process uses: as a rule its own.
    fn owner(&self, pid: Pid) -> Pid {
        match self.sharing.is_empty() {
            true => pid,
            false => *self.sharing.get(&u64::from(pid.0)).unwrap_or(&pid),
        }
    }

    fn find(&mut self, pid: Pid) -> usize {
        let pid = self.owner(pid);
        let list = &mut self.list;
        self.last = *self.by_pid.entry(u64::from(pid.0)).or_insert_with(|| {
            list.push(Process::new(pid));
            list.len() - 1
        });
        self.last
    }

    #[inline]
    pub(super) fn at(&mut self, place: usize) -> &mut Process {
        &mut self.list[place]
    }

    /// The process of this id.
    #[inline]
    pub fn get(&self, pid: Pid) -> Option<&Process> {
        match self.list.get(self.last) {
            Some(process) if process.pid == pid => Some(process),
            _ => {
                let owner = self.owner(pid);
                self.list.get(*self.by_pid.get(&u64::from(owner.0))?)
            }
        }
    }

    /// A child begins with a copy of its parent's table (`man 2 fork`).
    pub(super) fn fork(&mut self, parent: Pid, child: Pid) -> &Process {
        let from = self.place(parent);
        let copy = Process {
            pid: child,
            polls: false,
            threaded: false,
            turned: 0,
            rested: 0,
            ..self.list[from].clone()
        };
        let to = self.place(child);
        self.list[to] = copy;
        &self.list[to]
    }

    /// Two processes use one table from here on; the copy that the child had is handed over.
    pub(super) fn share(&mut self, parent: Pid, child: Pid) -> Option<Process> {
        let owner = self.owner(parent);
        let copy = self.remove(child);
        self.sharing.insert(u64::from(child.0), owner);
        copy
    }

    /// A process that shared its table has one of its own (`man 2 execve`); the links in the copy, each
    /// of which is held once more.
    pub(super) fn unshare(&mut self, pid: Pid) -> Vec<Link> {
        let Some(owner) = self.sharing.remove(&u64::from(pid.0)) else {
            return Vec::new();
        };
        let copy = self.fork(owner, pid);
        let open = copy.iter().filter(|info| info.open);
        open.filter_map(|info| info.link).collect()
    }

    /// A process has ended: its table is handed over, to let go of what it held; unless another one uses
    /// it too.
    pub(super) fn remove(&mut self, pid: Pid) -> Option<Process> {
        if self.sharing.remove(&u64::from(pid.0)).is_some() {
            return None;
        }
        let mut others = self.sharing.iter().filter(|(_, owner)| **owner == pid);
        if let Some((heir, _)) = others.next().map(|(heir, owner)| (*heir, *owner)) {
            self.inherit(pid, heir);
            return None;
        }
        let place = self.by_pid.remove(&u64::from(pid.0))?;
        let gone = self.list.swap_remove(place);
        if let Some(moved) = self.list.get(place) {
            self.by_pid.insert(u64::from(moved.pid.0), place);
        }
        self.last = 0;
        Some(gone)
    }

    /// The table goes on under the number of one that shares it.
    fn inherit(&mut self, pid: Pid, heir: u64) {
        self.sharing.remove(&heir);
        let new = Pid(heir as u32);
        self.sharing
            .values_mut()
            .filter(|owner| **owner == pid)
            .for_each(|owner| *owner = new);
        if let Some(place) = self.by_pid.remove(&u64::from(pid.0)) {
            self.list[place].pid = new;
            self.by_pid.insert(heir, place);
        }
        self.last = 0;
    }

    /// Whether a process before this one, such as its parent, has this number open as a listener.
    pub(super) fn before_has_listener(&self, place: usize, fd: Fd) -> bool {
        let listens = |info: &FdInfo| info.open && info.kind == FdKind::Listener;
        let others = self.list.iter().take(place);
        others.filter_map(|process| process.get(fd)).any(listens)
    }

    /// The processes that are alive, as far as the trace tells, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_used_again_is_a_new_generation() {
        let mut process = Process::new(Pid(1));
        process.open(Fd(4), "accept4", 10).expect("4 is a number");
        process.get_mut(Fd(4)).expect("open").open = false;
        let again = process.open(Fd(4), "openat", 20).expect("4 is a number");
        assert_eq!(
            (again.generation, again.opened_by, again.opened),
            (2, "openat", 20)
        );
    }

    #[test]
    fn numbers_that_cannot_be_descriptors_are_ignored() {
        let mut process = Process::new(Pid(1));
        assert!(process.seen(Fd(-1)).is_none());
        assert!(process.open(Fd(i32::MAX), "dup2", 0).is_none());
        assert!(process.get(Fd(-100)).is_none());
        assert!(process.places.is_empty());
    }

    #[test]
    fn the_three_standard_streams_are_open_until_closed() {
        let mut process = Process::new(Pid(1));
        process.open(Fd(4), "socket", 0);
        assert_eq!(process.open_numbers().collect::<Vec<_>>(), [0, 1, 2, 4]);
        process.seen(Fd(0)).expect("0 is a number").open = false;
        assert_eq!(process.open_numbers().collect::<Vec<_>>(), [1, 2, 4]);
    }

    #[test]
    fn a_child_has_its_parents_descriptors_until_it_ends() {
        let mut all = Processes::default();
        let parent = all.place(Pid(1));
        all.at(parent).open(Fd(3), "socket", 0);
        all.fork(Pid(1), Pid(2));
        assert!(
            all.get(Pid(2))
                .is_some_and(|p| p.get(Fd(3)).is_some_and(|i| i.open))
        );
        assert!(all.remove(Pid(2)).is_some());
        assert!(all.get(Pid(2)).is_none());
        assert!(all.get(Pid(1)).is_some());
    }
}
