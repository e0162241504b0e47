//! Opening the shop: the directory, then for each address `socket`, `setsockopt`, `bind`, `listen`.
//!
//! In: the configuration. Out: listeners that the kernel already queues connections for, or which
//! call failed, on what, and what to try. `getsockname` is asked only after port 0, when the kernel
//! chose.

use super::config::{Config, IoModel, Listen};
pub use super::open_error::OpenError;
use super::open_error::{hint, name_taken, open_root, shown};
use super::passed;
use super::root::Root;
use super::scrape;
use super::unix_name::{self, FileId, Found};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::kernel::{Kernel, Probe};
use nix::libc;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A socket that takes connections.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Its descriptor.
    pub fd: Fd,
    /// Its address, with the port that the kernel chose where we asked for 0.
    pub address: Address,
    /// The file that its name in the file system stands for: ours to remove.
    pub name: Option<FileId>,
    /// It was passed to us, under this name (which may be empty).
    pub passed: Option<String>,
    /// A name that an earlier server had left behind was removed for it.
    pub replaced: bool,
    /// For a listener at every IPv6 address: whether it takes connections over IPv4 too.
    pub ipv4_too: Option<bool>,
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

/// Opens the directory and every listener. What was opened before a failure is closed again.
///
/// # Errors
/// The first call that failed.
pub fn open<P: Probe>(config: &Config, kernel: &mut Kernel<P>) -> Result<Open, OpenError> {
    let root = config.root.as_deref().map(open_root).transpose()?;
    raise_descriptor_limit();
    if config.io == IoModel::Uring {
        kernel.io_uring_allowed().map_err(no_ring)?;
    }
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

/// Why there is no ring, and what to do about it.
pub(super) fn no_ring(errno: Errno) -> OpenError {
    let hint = match errno.0 {
        libc::EPERM | libc::EACCES => {
            "io_uring is forbidden here: see sysctl kernel.io_uring_disabled (0 allows it to all, 1 to a \
             group, 2 to nobody) or the container's filter; --io epoll needs neither"
        }
        libc::ENOSYS => {
            "this kernel has no io_uring, or not all of it (Linux 5.11), or a container's filter hides it; \
             --io epoll works everywhere"
        }
        libc::ENOMEM => "its memory counts as locked memory on old kernels: see ulimit -l",
        _ => "see sysctl kernel.io_uring_disabled; --io epoll works everywhere",
    };
    OpenError {
        call: "io_uring_setup",
        thing: "(--io uring)".to_owned(),
        errno,
        hint: Some(hint.to_owned()),
    }
}

/// Opens one listener for each place, then as many again for each further event loop.
fn open_all<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    listeners: &mut Vec<Listener>,
    siblings: &mut Vec<Vec<Listener>>,
) -> Result<(), OpenError> {
    for passed in &config.passed {
        listeners.push(passed::take(config, kernel, passed)?);
    }
    for place in config.listen.iter().filter(|_| config.passed.is_empty()) {
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
    forget_name(kernel, listener);
}

/// Removes the name of a unix socket from the file system (`man 7 unix`: closing does not), if it is still
/// ours.
pub fn forget_name<P: Probe>(kernel: &mut Kernel<P>, listener: &Listener) {
    if let (Some(path), Some(file)) = (unix_name::of(&listener.address), listener.name) {
        let _ = unix_name::remove(kernel, path, file);
    }
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
    let failed = |call: &'static str, errno: Errno, found: Option<Found>| OpenError {
        call,
        thing: shown(Path::new(&place.to_string())),
        errno,
        hint: match found {
            Some(found) => Some(name_taken(found, place)),
            None => hint(call, errno, place),
        },
    };
    let mut kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    if config.listeners_never_block() {
        kind |= libc::SOCK_NONBLOCK;
    }
    let fd = match (kernel.socket(i32::from(address.family()), kind, 0), place) {
        (Ok(fd), _) => fd,
        // No IPv6 on this machine, and every address was asked for: every address is 0.0.0.0 then.
        (Err(Errno(libc::EAFNOSUPPORT)), Listen::Ip(SocketAddr::V6(any)))
            if any.ip().is_unspecified() =>
        {
            let v4 = Listen::Ip(SocketAddr::from(([0; 4], any.port())));
            return open_as(share, config, kernel, &v4);
        }
        (Err(errno), _) => return Err(failed("socket", errno, None)),
    };
    let mut fresh = Listener {
        fd,
        address,
        name: None,
        passed: None,
        replaced: false,
        ipv4_too: None,
    };
    match set_up(share, config, kernel, &mut fresh) {
        Ok(()) => Ok(fresh),
        Err(Trouble { call, errno, found }) => {
            let _ = kernel.close(fd);
            forget_name(kernel, &fresh);
            Err(failed(call, errno, found))
        }
    }
}

/// Which call could not be made, and what stood in its way.
struct Trouble {
    call: &'static str,
    errno: Errno,
    found: Option<Found>,
}

fn trouble(call: &'static str) -> impl Fn(Errno) -> Trouble {
    move |errno| Trouble {
        call,
        errno,
        found: None,
    }
}

/// From a fresh socket to one that listens, at the address that it really has then.
fn set_up<P: Probe>(
    share: Share,
    config: &Config,
    kernel: &mut Kernel<P>,
    fresh: &mut Listener,
) -> Result<(), Trouble> {
    let (fd, one) = (fresh.fd, 1i32.to_ne_bytes());
    let has_port = fresh.address.port().is_some();
    if has_port {
        // Lets us bind while connections of an earlier run are in TIME_WAIT (`man 7 socket`); it
        // never lets two servers listen on the same port.
        kernel
            .setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, &one)
            .map_err(trouble("setsockopt SO_REUSEADDR on"))?;
        if config.keeps_alive() {
            // Accepted sockets inherit it on Linux. Without it, the second of two small answers
            // waits until the first is acknowledged (Nagle's algorithm, RFC 9293 3.7.4): up to
            // 40 ms. A failure costs only time.
            let _ = kernel.setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, &one);
        }
    }
    fresh.ipv4_too = choose_families(config, kernel, fresh);
    // SO_REUSEPORT lets several sockets of one user have the same address, if all of them say so. The first
    // says it after its `bind`: had it said so before, it would join a server that is there already, and
    // the two would share the clients without a word.
    let reuse_port = |kernel: &mut Kernel<P>| {
        kernel
            .setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, &one)
            .map_err(trouble("setsockopt SO_REUSEPORT on"))
    };
    if share == Share::AsSibling {
        reuse_port(kernel)?;
    }
    bind(kernel, fresh)?;
    if share == Share::WithSiblings && config.workers > 1 && has_port {
        reuse_port(kernel)?;
    }
    kernel
        .listen(fd, config.backlog)
        .map_err(trouble("listen"))?;
    if fresh.address.port() == Some(0) {
        fresh.address = kernel.getsockname(fd).map_err(trouble("getsockname"))?;
    }
    Ok(())
}

/// A socket at every IPv6 address (`[::]`) takes connections over IPv4 too, unless the machine or the program
/// says otherwise (`man 7 ipv6`, IPV6_V6ONLY). So we say it, either way: IPv4 too, except where a listener of
/// ours has that port at every IPv4 address. What the socket does then; `None` for all others.
fn choose_families<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    fresh: &Listener,
) -> Option<bool> {
    let Address::V6(ip, port, ..) = &fresh.address else {
        return None;
    };
    if *ip != [0; 16] {
        return None;
    }
    let other = SocketAddr::from(([0, 0, 0, 0], *port));
    let alone = *port != 0 && config.listen.contains(&Listen::Ip(other));
    let (level, name) = (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY);
    match kernel.setsockopt(fresh.fd, level, name, &i32::from(alone).to_ne_bytes()) {
        Ok(()) => Some(!alone),
        Err(_) => Some(kernel.getsockopt(fresh.fd, level, name).ok()? == 0),
    }
}

/// Claims the address; where that is a name that an earlier server left behind, removes it first.
fn bind<P: Probe>(kernel: &mut Kernel<P>, fresh: &mut Listener) -> Result<(), Trouble> {
    let bound = kernel.bind(fresh.fd, &fresh.address);
    let Some(path) = unix_name::of(&fresh.address) else {
        return bound.map_err(trouble("bind"));
    };
    if bound == Err(Errno(libc::EADDRINUSE)) {
        let found = unix_name::look(kernel, path);
        let in_the_way = |call, errno| Trouble {
            call,
            errno,
            found: Some(found),
        };
        match found {
            Found::LeftBehind(file) => unix_name::remove(kernel, path, file)
                .map_err(|errno| in_the_way("unlinkat", errno))?,
            Found::Nothing => {}
            Found::Server | Found::NotASocket | Found::Unclear(_) => {
                return Err(in_the_way("bind", Errno(libc::EADDRINUSE)));
            }
        }
        fresh.replaced = matches!(found, Found::LeftBehind(_));
        kernel
            .bind(fresh.fd, &fresh.address)
            .map_err(trouble("bind"))?;
    } else {
        bound.map_err(trouble("bind"))?;
    }
    fresh.name = unix_name::id(path);
    Ok(())
}

fn address_of(place: &Listen) -> Address {
    match place {
        Listen::Ip(SocketAddr::V4(v4)) => Address::V4(v4.ip().octets(), v4.port()),
        Listen::Ip(SocketAddr::V6(v6)) => {
            Address::V6(v6.ip().octets(), v6.port(), v6.flowinfo(), v6.scope_id())
        }
        Listen::Unix(path) => Address::Unix(path.as_os_str().as_bytes().to_vec()),
        Listen::Abstract(name) => Address::Unix([b"\0", name.as_bytes()].concat()),
    }
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
    fn where_ipv6_is_missing_every_address_means_every_old_one() {
        let mut kernel = Kernel::new(NoProbe);
        let rule = crate::kernel::Plan::parse("socket:error=EAFNOSUPPORT:when=1").unwrap();
        kernel.plan = Some(Box::new(crate::kernel::Plan::new(vec![rule])));
        let open = open(&config("[::]:0"), &mut kernel).unwrap();
        let url = open.listeners[0].url();
        assert!(url.starts_with("http://0.0.0.0:"), "{url}");
        close_listener(&mut kernel, &open.listeners[0]);
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
    fn a_name_left_behind_is_replaced_and_one_in_use_is_not() {
        let path = std::env::temp_dir().join(format!("httpsys-listen-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut kernel = Kernel::new(NoProbe);
        let text = format!("unix:{}", path.display());
        let first = open(&config(&text), &mut kernel).unwrap();
        assert!(!first.listeners[0].replaced);
        let error = open(&config(&text), &mut kernel).unwrap_err().to_string();
        assert!(error.contains("a server listens"), "{error}");
        let _ = kernel.close(first.listeners[0].fd);
        let again = open(&config(&text), &mut kernel).unwrap();
        assert!(again.listeners[0].replaced);
        // The first one's name is gone: what is there now is another's.
        forget_name(&mut kernel, &first.listeners[0]);
        assert!(path.exists());
        close_listener(&mut kernel, &again.listeners[0]);
        assert!(!path.exists());
        std::fs::write(&path, "precious").unwrap();
        let error = open(&config(&text), &mut kernel).unwrap_err().to_string();
        assert!(error.contains("is no socket"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn an_abstract_name_is_in_no_file_system() {
        let mut kernel = Kernel::new(NoProbe);
        let text = format!("unix:@httpsys-listen-{}", std::process::id());
        let first = open(&config(&text), &mut kernel).unwrap();
        assert_eq!(first.listeners[0].url(), text);
        let error = open(&config(&text), &mut kernel).unwrap_err();
        assert_eq!(error.errno.0, libc::EADDRINUSE);
        close_listener(&mut kernel, &first.listeners[0]);
        let again = open(&config(&text), &mut kernel).unwrap();
        close_listener(&mut kernel, &again.listeners[0]);
    }

    #[test]
    fn every_ipv6_address_means_ipv4_too_unless_that_has_a_listener_of_its_own() {
        let mut kernel = Kernel::new(NoProbe);
        let Ok(both) = open(&config("[::]:0"), &mut kernel) else {
            eprintln!("skipped: this machine has no IPv6");
            return;
        };
        let port = both.listeners[0].address.port().unwrap();
        assert_eq!(both.listeners[0].ipv4_too, Some(true));
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        close_listener(&mut kernel, &both.listeners[0]);
        // A port that nobody took meanwhile.
        let one_each = (0..50).find_map(|_| {
            let free = std::net::TcpListener::bind("[::]:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let mut each = config(&format!("0.0.0.0:{port}"));
            each.listen
                .push(Listen::parse(&format!("[::]:{port}")).unwrap());
            open(&each, &mut kernel).ok()
        });
        let one_each = one_each.unwrap();
        let families: Vec<_> = one_each.listeners.iter().map(|l| l.ipv4_too).collect();
        assert_eq!(families, [None, Some(false)]);
        for listener in &one_each.listeners {
            close_listener(&mut kernel, listener);
        }
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
