//! Files, and the end of every descriptor: `close`.
//!
//! A file belongs to the connection its thread works for when it is opened; a file that is open still
//! when that connection is over is a leak.

use super::Story;
use super::connection::{Connection, Link};
use super::exchange::Fate;
use super::fds::FdKind;
use super::interpret::{At, CLOEXEC, NONBLOCK, Whose};
use super::stream::Protocol;
use super::words::{Attempt, Note, Over};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::event::call::Outcome;
use crate::http::Framing;

/// `O_DIRECTORY` differs between CPUs (`arch/arm64/include/uapi/asm/fcntl.h`).
const DIRECTORY: u64 = if cfg!(target_arch = "aarch64") {
    0o40000
} else {
    0o200000
};

/// The type bits of a mode, and two types (`man 7 inode`).
const TYPE: u32 = 0o170000;
const REGULAR: u32 = 0o100000;
const IS_DIRECTORY: u32 = 0o040000;

/// `fcntl` operations.
const F_GETFD: u32 = 1;
const F_SETFD: u32 = 2;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;

/// `close` is over when it says so with EINTR: the number is free (`man 2 close`).
const EINTR: Errno = Errno(4);

impl Story {
    pub(super) fn open(&mut self, at: &At<'_>, dir: Fd, path: &[u8], flags: u64) -> Whose {
        let current = self.threads.current(at.thread);
        let owner = current.filter(|link| self.connections.get(*link).is_some());
        let whose = self.whose(at, owner);
        let Some(fd) = at
            .outcome
            .returned()
            .and_then(|fd| i32::try_from(fd).ok())
            .map(Fd)
        else {
            self.failed(at, Attempt::Open);
            return whose;
        };
        let directory = flags & DIRECTORY != 0;
        self.notes.push(if directory {
            Note::DirectoryOpened
        } else {
            Note::FileOpened
        });
        let asked_for = owner
            .and_then(|link| self.connections.get(link))
            .is_some_and(|connection| asks_for(connection, path));
        let full_path = self.full_path(at, dir, path);
        if self.take_number(at, fd)
            && let Some(info) = self.processes.at(at.process).get_mut(fd)
        {
            info.full_path.extend_from_slice(&full_path);
            info.kind = if directory {
                FdKind::Directory
            } else {
                FdKind::File
            };
            info.path.extend_from_slice(path);
            info.nonblocking = flags & u64::from(NONBLOCK) != 0;
            info.close_on_exec = flags & u64::from(CLOEXEC) != 0;
            info.owner = owner;
            info.asked_for = asked_for;
            if let Some(connection) = owner.and_then(|link| self.connections.get_mut(link)) {
                connection.open_files += 1;
            }
        }
        whose
    }

    /// The path from the directory on that it begins at; empty where that is not known, or where `..` or the
    /// beginning of the path makes it another question.
    fn full_path(&mut self, at: &At<'_>, dir: Fd, path: &[u8]) -> Vec<u8> {
        let steps = path.split(|b| *b == b'/');
        if path.starts_with(b"/") || steps.clone().any(|step| step == b"..") {
            return Vec::new();
        }
        let below = match self.processes.at(at.process).get(dir) {
            Some(info) if !info.full_path.is_empty() => &info.full_path,
            Some(info) => &info.path,
            None => return Vec::new(),
        };
        let mut full = below.clone();
        for step in steps.filter(|step| !step.is_empty() && *step != b".") {
            if !full.is_empty() && !full.ends_with(b"/") {
                full.push(b'/');
            }
            full.extend_from_slice(step);
        }
        full
    }

    pub(super) fn stat(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        size: Option<u64>,
        mode: Option<u32>,
    ) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
        }
        let known = match at.worked() {
            true => self.processes.at(at.process).seen(fd),
            false => self.processes.at(at.process).get_mut(fd),
        };
        let Some(info) = known else {
            return Whose::default();
        };
        info.size = size;
        let owner = info.owner.or(info.link);
        match mode.map(|mode| mode & TYPE) {
            Some(REGULAR) => {
                self.notes
                    .push(Note::FileSize(size.unwrap_or(0), info.asked_for));
            }
            Some(kind) => {
                if kind == IS_DIRECTORY {
                    info.kind = FdKind::Directory;
                }
                self.notes.push(Note::NotAFile);
            }
            None => {}
        }
        self.whose(at, owner)
    }

    pub(super) fn fcntl(&mut self, at: &At<'_>, fd: Fd, op: u32, arg: u64) -> Whose {
        if !at.worked() {
            self.failed(at, Attempt::Other);
        } else if let Some(info) = self.processes.at(at.process).seen(fd) {
            let nonblocking = arg & u64::from(NONBLOCK) != 0;
            let told = at.outcome.returned().unwrap_or(0) as u64;
            match op {
                F_SETFD => {
                    info.close_on_exec = arg & 1 != 0;
                    self.notes.push(Note::Survives(!info.close_on_exec));
                }
                F_GETFD => self.notes.push(Note::Survives(told & 1 == 0)),
                F_GETFL => {
                    info.nonblocking = told & u64::from(NONBLOCK) != 0;
                    self.notes.push(Note::Sleeps(!info.nonblocking));
                }
                F_SETFL if nonblocking != info.nonblocking => {
                    info.nonblocking = nonblocking;
                    self.notes.push(Note::NonBlocking(nonblocking));
                }
                _ => {}
            }
        }
        let link = self.link_of(at, fd);
        self.whose(at, link)
    }

    pub(super) fn forget_file(&mut self, owner: Option<Link>) {
        if let Some(connection) = owner.and_then(|link| self.connections.get_mut(link)) {
            connection.open_files = connection.open_files.saturating_sub(1);
        }
    }

    pub(super) fn close(&mut self, at: &At<'_>, fd: Fd) -> Whose {
        self.sees.no_close = false;
        if matches!(at.outcome, Outcome::Failed(errno) if errno != EINTR) {
            self.failed(at, Attempt::Other);
            return Whose::default();
        }
        let Some(info) = self.processes.at(at.process).get_mut(fd) else {
            // Nobody saw it opened; now it is known to be closed.
            if let Some(info) = self.processes.at(at.process).seen(fd) {
                info.open = false;
                info.closed = Some(at.now);
            }
            self.notes.push(Note::Closed);
            return Whose::default();
        };
        // The number may have been given away again before the record of this close was complete.
        if let Some(ghost) = info.ghost.filter(|_| at.enter < info.opened) {
            info.ghost = None;
            return self.close_connection(at, ghost);
        }
        info.open = false;
        info.closed = Some(at.now);
        let (kind, owner, link) = (info.kind, info.owner, info.link);
        match (kind, link) {
            (_, Some(link)) => return self.close_connection(at, link),
            (FdKind::Listener, None) => {
                let elsewhere = self.processes.before_has_listener(at.process, fd);
                self.notes.push(match elsewhere {
                    true => Note::ListenerElsewhere,
                    false => Note::ListenerClosed,
                });
            }
            (FdKind::File | FdKind::Directory, None) => {
                let whose = self.whose(at, owner);
                self.forget_file(owner);
                self.notes.push(Note::FileDone);
                return whose;
            }
            _ => self.notes.push(Note::Closed),
        }
        Whose::default()
    }

    pub(super) fn close_connection(&mut self, at: &At<'_>, link: Link) -> Whose {
        let whose = self.whose(at, Some(link));
        let Some(connection) = self.connections.get_mut(link) else {
            return whose;
        };
        if connection.holders > 1 {
            self.notes
                .push(Note::LivesOn(link.id, connection.holders - 1));
        } else {
            let over = over(connection);
            let host = connection.host;
            self.notes
                .push(Note::Over(link.id, over, connection.open_files));
            let others = host.is_some_and(|host| self.peers.left(host, at.now));
            if over == Over::Silent && others {
                self.notes.push(Note::Preconnect);
            }
            self.check_close(link, at.now);
        }
        self.connections.release(link, at.now, &mut self.history);
        whose
    }
}

/// Whether a file of this name is what the request under way asks for: the last part of its target (maybe
/// compressed), or a folder's index. Other files are opened for a request too (lists of types, templates, users), and their bytes go nowhere.
fn asks_for(connection: &Connection, path: &[u8]) -> bool {
    let Some(exchange) = connection.waiting.front() else {
        return false;
    };
    let target = exchange.target();
    let target = target.split(|b| *b == b'?').next().unwrap_or(target);
    match (last_part(target), last_part(path)) {
        _ if exchange.line.is_cut() => false,
        (b"", name) => name.starts_with(b"index."),
        (asked, name) => name
            .strip_prefix(asked)
            .is_some_and(|more| [&b""[..], b".gz", b".br", b".zst"].contains(&more)),
    }
}

/// What stands behind the last slash.
fn last_part(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|b| *b == b'/');
    &path[slash.map_or(0, |slash| slash + 1)..]
}

/// What a connection that ends now leaves behind.
fn over(connection: &Connection) -> Over {
    let (request, response) = (&connection.request, &connection.response);
    if connection.is_silent() {
        // A RST takes what came before it away, and who closes without a read does not know.
        let told = (connection.ended || connection.gave_up) && !connection.reset;
        return if told || connection.client {
            Over::Silent
        } else {
            Over::Unread
        };
    }
    if request.protocol.is_foreign() || response.protocol.is_foreign() {
        let (bytes_in, bytes_out) = match connection.client {
            true => (response.bytes, request.bytes),
            false => (request.bytes, response.bytes),
        };
        return Over::NotHttp(bytes_in, bytes_out);
    }
    match connection.waiting.front() {
        _ if request.protocol == Protocol::Refused && response.bytes == 0 => Over::Malformed,
        // A body that runs until close is complete now.
        Some(last)
            if connection.waiting.len() == 1
                && last.answer_framing == Some(Framing::UntilClose) =>
        {
            Over::Answered(connection.requests)
        }
        Some(open) if open.first_byte.is_some() && response.is_lost() => {
            Over::Answered(connection.requests)
        }
        Some(open) if open.first_byte.is_some() => Over::Cut,
        Some(open) if open.asked && open.fate == Fate::Open => Over::Unanswered,
        Some(_) => Over::Unfinished,
        None if !request.is_idle() && response.bytes == 0 => Over::Unfinished,
        None => Over::Answered(connection.requests),
    }
}
