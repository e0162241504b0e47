//! Listeners that somebody else has opened and passed on: socket activation (`man 3 sd_listen_fds`).
//!
//! In: numbers of descriptors. Out: listeners, each looked at before it is used: is it a socket, of a stream,
//! that listens, in a family we speak? What the socket lacks for the model is set; the socket itself stays
//! its owner's. So it is never shut, and its name is never removed: who comes while no server runs waits in its
//! queue, for the next one.

use super::config::{Config, Passed};
use super::listen::{Listener, OpenError};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::kernel::{Kernel, Probe};
use nix::libc;

/// Makes a listener of what was passed.
///
/// # Errors
/// The call that failed, or what the socket is instead.
pub fn take<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    passed: &Passed,
) -> Result<Listener, OpenError> {
    let failed = |call, errno| OpenError {
        call,
        thing: thing(passed),
        errno,
        hint: hint(errno).map(str::to_owned),
    };
    let fd = passed.fd;
    let mut ask = |name, call| {
        let answer = kernel.getsockopt(fd, libc::SOL_SOCKET, name);
        answer.map_err(|errno| failed(call, errno))
    };
    let kind = ask(libc::SO_TYPE, "getsockopt SO_TYPE of")?;
    let listens = ask(libc::SO_ACCEPTCONN, "getsockopt SO_ACCEPTCONN of")?;
    let family = ask(libc::SO_DOMAIN, "getsockopt SO_DOMAIN of")?;
    if let Some(what) = misfit(kind, listens, family) {
        return Err(OpenError {
            call: "use",
            thing: thing(passed),
            errno: Errno(0),
            hint: Some(what.to_owned()),
        });
    }
    let address = kernel
        .getsockname(fd)
        .map_err(|errno| failed("getsockname of", errno))?;
    let ipv4_too = match &address {
        Address::V6(ip, ..) if *ip == [0; 16] => kernel
            .getsockopt(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)
            .ok()
            .map(|alone| alone == 0),
        _ => None,
    };
    fit(config, kernel, fd, &address).map_err(|(call, errno)| failed(call, errno))?;
    Ok(Listener {
        fd,
        address,
        name: None,
        passed: Some(passed.name.clone()),
        replaced: false,
        ipv4_too,
    })
}

/// Why a socket cannot be served from.
fn misfit(kind: i32, listens: i32, family: i32) -> Option<&'static str> {
    match (kind, listens, family) {
        (libc::SOCK_STREAM, 1.., libc::AF_INET | libc::AF_INET6 | libc::AF_UNIX) => None,
        (libc::SOCK_STREAM, 1.., _) => Some("it is neither of the internet nor a unix socket"),
        (libc::SOCK_STREAM, ..) => Some(
            "it does not listen; a unit needs ListenStream= and Accept=no (one server for all connections)",
        ),
        (libc::SOCK_DGRAM, ..) => {
            Some("it is a socket of datagrams, and HTTP/1.1 needs a stream: ListenStream=")
        }
        _ => Some("it is not a socket of a stream: ListenStream="),
    }
}

/// Gives the socket what the model needs, as `listen::open_as` does for one of our own.
fn fit<P: Probe>(
    config: &Config,
    kernel: &mut Kernel<P>,
    fd: Fd,
    address: &Address,
) -> Result<(), (&'static str, Errno)> {
    let failed = |call| move |errno| (call, errno);
    kernel
        .fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC as u64)
        .map_err(failed("fcntl F_SETFD of"))?;
    let flags = kernel
        .fcntl(fd, libc::F_GETFL, 0)
        .map_err(failed("fcntl F_GETFL of"))?;
    let wanted = match config.listeners_never_block() {
        true => flags | libc::O_NONBLOCK,
        false => flags & !libc::O_NONBLOCK,
    };
    if wanted != flags {
        kernel
            .fcntl(fd, libc::F_SETFL, wanted as u64)
            .map_err(failed("fcntl F_SETFL of"))?;
    }
    let one = 1i32.to_ne_bytes();
    if address.port().is_some() && config.keeps_alive() {
        let _ = kernel.setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, &one);
    }
    if address.port().is_some() && config.workers > 1 {
        kernel
            .setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, &one)
            .map_err(failed("setsockopt SO_REUSEPORT on"))?;
    }
    Ok(())
}

fn thing(passed: &Passed) -> String {
    let Passed { fd, name } = passed;
    match name.is_empty() {
        true => format!("fd {} (LISTEN_FDS)", fd.0),
        false => format!("fd {} (LISTEN_FDS, {name})", fd.0),
    }
}

fn hint(errno: Errno) -> Option<&'static str> {
    match errno.0 {
        libc::EBADF => Some("LISTEN_FDS promises more descriptors than were passed"),
        libc::ENOTSOCK => Some("that is not a socket: a unit needs ListenStream="),
        _ => None,
    }
}
