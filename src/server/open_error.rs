//! The machine said no, before anything was served: which call, on what, why, and what to try.
//!
//! In: a call that failed while the shop was opened. Out: an [`OpenError`], whose text is one line for people
//! (SYSCALL-RULES: say who and why).

use super::config::{IoModel, Listen};
use super::holder::{self, Holder};
use super::root::Root;
use super::unix_name::Found;
use crate::abi::errno::Errno;
use nix::libc;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

/// The machine said no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenError {
    /// The call that failed.
    pub call: &'static str,
    /// What it failed on: an address or a path.
    pub thing: String,
    /// Why, as the kernel says; 0 where no call failed and the hint says what is wrong.
    pub errno: Errno,
    /// What to try, where we know.
    pub hint: Option<String>,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenError {
            call, thing, hint, ..
        } = self;
        write!(f, "{call} {thing}: ")?;
        let mut semicolon = "";
        if self.errno.0 != 0 {
            let errno = nix::errno::Errno::from_raw(self.errno.0);
            write!(f, "{} ({errno:?})", errno.desc().to_lowercase())?;
            semicolon = "; ";
        }
        match hint {
            Some(hint) => write!(f, "{semicolon}{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    /// A model could not make what it waits with.
    pub(super) fn of_model(io: IoModel, call: &'static str, errno: Errno) -> OpenError {
        let hint = match errno.0 {
            libc::EMFILE | libc::ENFILE => Some("too many open files: see `ulimit -n`"),
            libc::ENOSPC => Some("see /proc/sys/fs/epoll/max_user_watches"),
            _ => None,
        };
        OpenError {
            call,
            thing: format!("(--io {})", io.name()),
            errno,
            hint: hint.map(str::to_owned),
        }
    }
}

/// Opens the directory of files.
///
/// # Errors
/// Why it cannot be served.
pub(super) fn open_root(path: &Path) -> Result<Root, OpenError> {
    Root::open(path).map_err(|errno| {
        let hint = match errno {
            nix::errno::Errno::ENOTDIR => {
                Some("serve takes a directory: give the one that holds this file".to_owned())
            }
            nix::errno::Errno::ENOENT => Some(
                "there is no such directory; without one, the built-in pages are served".to_owned(),
            ),
            nix::errno::Errno::EACCES => {
                Some("its permissions keep this user out: ls -ld shows them".to_owned())
            }
            _ => None,
        };
        // The path is the user's own word, but it may hold anything: quote what is not plain.
        OpenError {
            call: "open",
            thing: shown(path),
            errno: Errno(errno as i32),
            hint,
        }
    })
}

/// What to try after a failure.
pub(super) fn hint(call: &'static str, errno: Errno, place: &Listen) -> Option<String> {
    match (errno.0, place) {
        (libc::EADDRINUSE, Listen::Ip(address)) => Some(port_taken(*address)),
        (libc::EADDRINUSE, Listen::Abstract(_)) => {
            Some("another socket has that name; it goes with its last descriptor".to_owned())
        }
        (libc::EACCES, Listen::Ip(address)) if address.port() < 1024 => Some(
            "ports below 1024 are for root (or CAP_NET_BIND_SERVICE); try --listen 8080".to_owned(),
        ),
        (libc::EACCES, Listen::Unix(_)) => {
            Some("the directory may not be written by this user".to_owned())
        }
        (libc::ENOENT | libc::ENOTDIR, Listen::Unix(_)) => {
            Some("there is no such directory; it must be there before".to_owned())
        }
        (libc::EADDRNOTAVAIL, _) => Some(
            "no interface of this machine has that address; `ip address` lists those it has"
                .to_owned(),
        ),
        (libc::EAFNOSUPPORT, _) if call == "socket" => {
            Some("this machine does not speak that family of addresses; try 127.0.0.1".to_owned())
        }
        (libc::EMFILE | libc::ENFILE, _) => Some("too many open files: see `ulimit -n`".to_owned()),
        _ => None,
    }
}

fn port_taken(address: SocketAddr) -> String {
    let holder = match holder::of_port(address.ip(), address.port()) {
        Some(Holder::Process { pid, name }) => format!("process {pid} ({name}) listens there"),
        Some(Holder::User(user)) => format!("a process of user {user} listens there"),
        None => "another socket has it".to_owned(),
    };
    let free = SocketAddr::new(address.ip(), 0);
    format!("{holder}; try --listen {free} for a free port")
}

/// Why the name of a unix socket was not to be had.
pub(super) fn name_taken(found: Found, place: &Listen) -> String {
    let place = shown(Path::new(&place.to_string()));
    match found {
        Found::Server => {
            format!("a server listens at {place}; stop it, or listen at another path")
        }
        Found::NotASocket => {
            "what is there is no socket, and stays as it is; listen at another path".to_owned()
        }
        Found::LeftBehind(_) => {
            "nobody listens there any more, but this user may not remove the name".to_owned()
        }
        Found::Unclear(errno) => {
            let errno = nix::errno::Errno::from_raw(errno.0);
            let why = errno.desc().to_lowercase();
            format!(
                "a socket is there that cannot be asked whether it is in use: {why} ({errno:?})"
            )
        }
        Found::Nothing => "somebody else was faster".to_owned(),
    }
}

/// A path without surprises for a terminal.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}
