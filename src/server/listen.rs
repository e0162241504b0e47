//! Opening the shop: the directory, then for each address `socket`, `setsockopt`, `bind`, `listen`.
//!
//! In: the configuration. Out: listeners that the kernel already queues connections for, or which
//! call failed, on what, and what to try. `getsockname` is asked only after port 0, when the kernel
//! chose.

use super::config::{Config, IoModel, Listen};
use super::holder::{self, Holder};
use super::root::Root;
use super::scrape;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::kernel::{Kernel, Probe};
use nix::libc;
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A socket that takes connections.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Its descriptor.
    pub fd: Fd,
    /// Its address, with the port that the kernel chose where we asked for 0.
    pub address: Address,
}

impl Listener {
    /// What a browser would be given: `http://127.0.0.1:8080/`; for a unix socket, its address.
    pub fn url(&self) -> String {
        match &self.address {
            Address::Unix(_) => self.address.to_string(),
            other => format!("http://{other}/"),
        }
    }
}

/// What [`open`] has opened: give it to [`super::serve`].
#[derive(Debug)]
pub struct Open {
    /// In the order of [`Config::listen`].
    pub listeners: Vec<Listener>,
    /// For each event loop after the first, its own listeners at the same addresses.
    pub siblings: Vec<Vec<Listener>>,
    /// The directory of files, where there is one.
    pub root: Option<Root>,
    /// Where `/metrics` is served, when not with the other pages.
    pub metrics: Option<Listener>,
}

/// The machine said no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenError {
    /// The call that failed.
    pub call: &'static str,
    /// What it failed on: an address or a path.
    pub thing: String,
    /// Why, as the kernel says.
    pub errno: Errno,
    /// What to try, where we know.
    pub hint: Option<String>,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = nix::errno::Errno::from_raw(self.errno.0);
        write!(
            f,
            "{} {}: {} ({errno:?})",
            self.call,
            self.thing,
            errno.desc().to_lowercase()
        )?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Opens the directory and every listener. What was opened before a failure is closed again.
///
/// # Errors
/// The first call that failed.
pub fn open<P: Probe>(config: &Config, kernel: &mut Kernel<P>) -> Result<Open, OpenError> {
    let root = config.root.as_deref().map(open_root).transpose()?;
    raise_descriptor_limit();
    let metrics = config.metrics.as_ref().map(scrape::open).transpose()?;
    let mut listeners = Vec::new();
    let mut siblings = Vec::new();
    if let Err(error) = open_all(config, kernel, &mut listeners, &mut siblings) {
        for listener in siblings.iter().flatten().chain(&listeners) {
            close_listener(kernel, listener);
        }
        return Err(error);
    }
    Ok(Open {
        listeners,
        siblings,
        root,
        metrics,
    })
}

/// Opens one listener for each place, then as many again for each further event loop.
fn open_all<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    listeners: &mut Vec<Listener>,
    siblings: &mut Vec<Vec<Listener>>,
) -> Result<(), OpenError> {
    for place in &config.listen {
        listeners.push(open_one(config, kernel, place)?);
    }
    for _ in 1..config.workers {
        siblings.push(Vec::new());
        for listener in listeners.iter() {
            // A unix socket's name belongs to one socket.
            if let (Some(place), Some(own)) = (place_of(&listener.address), siblings.last_mut()) {
                own.push(open_shared(config, kernel, &place)?);
            }
        }
    }
    Ok(())
}

/// Where a TCP listener is, with the port it really has.
fn place_of(address: &Address) -> Option<Listen> {
    Some(Listen::Ip(address.to_string().parse().ok()?))
}

/// Closes a listener; a unix socket's name is removed, so that the next server can have it.
pub fn close_listener<P: Probe>(kernel: &mut Kernel<P>, listener: &Listener) {
    let _ = kernel.close(listener.fd);
    forget_name(listener);
}

/// Removes the name of a unix socket from the file system (`man 7 unix`: closing does not).
pub fn forget_name(listener: &Listener) {
    if let Address::Unix(path) = &listener.address {
        let _ = std::fs::remove_file(Path::new(std::ffi::OsStr::from_bytes(path)));
    }
}

fn open_root(path: &Path) -> Result<Root, OpenError> {
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

/// A path without surprises for a terminal.
fn shown(path: &Path) -> String {
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

/// Opens one listener, at an address that nobody has.
pub(super) fn open_one<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    place: &Listen,
) -> Result<Listener, OpenError> {
    open_as(Share::WithSiblings, config, kernel, place)
}

/// Opens one more listener at the address of one of ours.
fn open_shared<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    place: &Listen,
) -> Result<Listener, OpenError> {
    open_as(Share::AsSibling, config, kernel, place)
}

/// Who may have the same address (`--workers`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Nobody has it yet; ours may join.
    WithSiblings,
    /// One of ours has it.
    AsSibling,
}

fn open_as<P: Probe>(
    share: Share,
    config: &Config,
    kernel: &mut Kernel<P>,
    place: &Listen,
) -> Result<Listener, OpenError> {
    let address = address_of(place);
    let failed = |call: &'static str, errno: Errno| OpenError {
        call,
        thing: place.to_string(),
        errno,
        hint: hint(call, errno, place),
    };
    let mut kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // `fork` sleeps elsewhere and must never sleep in `accept4`: a client may leave before it is called.
    if config.io.never_blocks() || config.io == IoModel::Fork {
        kind |= libc::SOCK_NONBLOCK;
    }
    let fd = kernel
        .socket(i32::from(address.family()), kind, 0)
        .map_err(|errno| failed("socket", errno))?;
    match set_up(share, config, kernel, fd, &address) {
        Ok(address) => Ok(Listener { fd, address }),
        Err((call, errno)) => {
            let _ = kernel.close(fd);
            Err(failed(call, errno))
        }
    }
}

/// From a fresh socket to one that listens. Returns the address it really has.
fn set_up<P: Probe>(
    share: Share,
    config: &Config,
    kernel: &mut Kernel<P>,
    fd: Fd,
    address: &Address,
) -> Result<Address, (&'static str, Errno)> {
    let one = 1i32.to_ne_bytes();
    if address.port().is_some() {
        // Lets us bind while connections of an earlier run are in TIME_WAIT (`man 7 socket`); it
        // never lets two servers listen on the same port.
        kernel
            .setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, &one)
            .map_err(|errno| ("setsockopt SO_REUSEADDR on", errno))?;
        if config.keeps_alive() {
            // Accepted sockets inherit it on Linux. Without it, the second of two small answers
            // waits until the first is acknowledged (Nagle's algorithm, RFC 9293 3.7.4): up to
            // 40 ms. A failure costs only time.
            let _ = kernel.setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, &one);
        }
    }
    // SO_REUSEPORT lets several sockets of one user have the same address, if all of them say so. The first
    // says it after its `bind`: had it said so before, it would join a server that is there already, and
    // the two would share the clients without a word.
    let reuse_port = |kernel: &mut Kernel<P>| {
        kernel
            .setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, &one)
            .map_err(|errno| ("setsockopt SO_REUSEPORT on", errno))
    };
    if share == Share::AsSibling {
        reuse_port(kernel)?;
    }
    kernel.bind(fd, address).map_err(|errno| ("bind", errno))?;
    if share == Share::WithSiblings && config.workers > 1 && address.port().is_some() {
        reuse_port(kernel)?;
    }
    kernel
        .listen(fd, config.backlog)
        .map_err(|errno| ("listen", errno))?;
    match address.port() {
        Some(0) => kernel
            .getsockname(fd)
            .map_err(|errno| ("getsockname", errno)),
        _ => Ok(address.clone()),
    }
}

fn address_of(place: &Listen) -> Address {
    match place {
        Listen::Ip(SocketAddr::V4(v4)) => Address::V4(v4.ip().octets(), v4.port()),
        Listen::Ip(SocketAddr::V6(v6)) => {
            Address::V6(v6.ip().octets(), v6.port(), v6.flowinfo(), v6.scope_id())
        }
        Listen::Unix(path) => Address::Unix(path.as_os_str().as_bytes().to_vec()),
    }
}

/// What to try after a failure. SYSCALL-RULES: say who and why.
fn hint(call: &'static str, errno: Errno, place: &Listen) -> Option<String> {
    match (errno.0, place) {
        (libc::EADDRINUSE, Listen::Ip(address)) => Some(port_taken(*address)),
        (libc::EADDRINUSE, Listen::Unix(path)) => Some(name_taken(path)),
        (libc::EACCES, Listen::Ip(address)) if address.port() < 1024 => Some(
            "ports below 1024 are for root (or CAP_NET_BIND_SERVICE); try --listen 8080".to_owned(),
        ),
        (libc::EACCES, Listen::Unix(_)) => {
            Some("the directory may not be written by this user".to_owned())
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

/// A unix socket's name outlives its server: is somebody still there?
fn name_taken(path: &PathBuf) -> String {
    let shown = shown(path);
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => format!("a server listens at {shown}"),
        Err(_) if !is_socket(path) => format!("{shown} exists and is not a socket"),
        Err(_) => format!(
            "nobody listens there any more: an earlier server left the name behind; rm {shown}"
        ),
    }
}

fn is_socket(path: &PathBuf) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket())
}

/// Each connection costs a descriptor; the soft limit is often 1024 and is ours to raise
/// (`man 2 getrlimit`). The tool's own doing: no probe is told.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::NoProbe;

    fn config(listen: &str) -> Config {
        Config {
            listen: vec![Listen::parse(listen).unwrap()],
            ..Config::default()
        }
    }

    #[test]
    fn port_0_gives_the_port_that_the_kernel_chose() {
        let mut kernel = Kernel::new(NoProbe);
        for (asked, start) in [
            ("127.0.0.1:0", "http://127.0.0.1:"),
            ("[::1]:0", "http://[::1]:"),
        ] {
            match open(&config(asked), &mut kernel) {
                Ok(open) => {
                    let url = open.listeners[0].url();
                    assert!(url.starts_with(start) && !url.ends_with(":0/"), "{url}");
                    close_listener(&mut kernel, &open.listeners[0]);
                }
                Err(error) => assert_eq!(error.errno, Errno(libc::EADDRNOTAVAIL), "{error}"),
            }
        }
    }

    #[test]
    fn a_taken_port_names_who_holds_it_and_a_way_out() {
        let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = holder.local_addr().unwrap().to_string();
        let error = open(&config(&taken), &mut Kernel::new(NoProbe)).unwrap_err();
        assert_eq!((error.call, error.errno.0), ("bind", libc::EADDRINUSE));
        let said = error.to_string();
        assert!(
            said.starts_with(&format!(
                "bind {taken}: address already in use (EADDRINUSE); "
            )),
            "{said}"
        );
        assert!(
            said.contains(&std::process::id().to_string()) && said.contains("--listen 127.0.0.1:0"),
            "{said}"
        );
    }

    #[test]
    fn a_name_left_behind_is_told_from_one_in_use() {
        let path = std::env::temp_dir().join(format!("httpsys-listen-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut kernel = Kernel::new(NoProbe);
        let text = format!("unix:{}", path.display());
        let first = open(&config(&text), &mut kernel).unwrap();
        let error = open(&config(&text), &mut kernel).unwrap_err().to_string();
        assert!(error.contains("a server listens"), "{error}");
        let _ = kernel.close(first.listeners[0].fd);
        let error = open(&config(&text), &mut kernel).unwrap_err().to_string();
        assert!(error.contains("left the name behind"), "{error}");
        forget_name(&first.listeners[0]);
        let again = open(&config(&text), &mut kernel).unwrap();
        close_listener(&mut kernel, &again.listeners[0]);
        assert!(!path.exists());
    }

    #[test]
    fn an_address_of_another_machine_is_explained() {
        let error = open(&config("192.0.2.1:0"), &mut Kernel::new(NoProbe)).unwrap_err();
        assert_eq!(error.errno.0, libc::EADDRNOTAVAIL);
        assert!(error.hint.unwrap().contains("interface"));
    }

    #[test]
    fn a_root_that_cannot_be_served_says_why() {
        for (path, errno) in [
            ("/etc/passwd", libc::ENOTDIR),
            ("/nonexistent", libc::ENOENT),
        ] {
            let config = Config {
                root: Some(path.into()),
                ..config("0")
            };
            let error = open(&config, &mut Kernel::new(NoProbe)).unwrap_err();
            assert_eq!((error.errno.0, error.hint.is_some()), (errno, true));
        }
    }
}
