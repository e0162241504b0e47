//! The client half of HTTP, from the same system calls: `get`.
//!
//! In: a [`Request`], ready as bytes with addresses to connect to, and a way to the kernel. Out: the
//! answer to a writer, and a word on how it went. It follows nothing and hides nothing: no redirects,
//! no retries, no decoding but that of chunks. Left out on purpose: looking up names (the C library does
//! that, with calls of its own, before tracing starts) and reading while it still writes: a server that
//! answers at length before it has read the whole request meets a client that does not listen yet.
//!
//! `url` and `request` make the bytes; this file connects and sends them; `receive` reads what comes.

mod error;
mod receive;
mod request;
mod url;

pub use error::{Ending, Error, Missing};
pub use request::{Message, Request, Show};
pub use url::Url;

use crate::kernel::{Address, Errno, Fd, Kernel, Probe, clock};
use receive::Receiver;
use std::io::Write;
use std::time::Duration;

/// How it went, when the answer is complete.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Answer {
    /// Status of the (last) final answer.
    pub status: u16,
    /// Final answers that came: one for each request that was sent.
    pub answers: usize,
    /// Interim answers (1xx) before them.
    pub interim: usize,
    /// Decoded bytes of the bodies.
    pub body: u64,
    /// Bytes received, heads and framing included.
    pub received: u64,
}

/// Connects, sends, reads until every request has its answer, and closes.
///
/// # Errors
/// Why there is no complete answer; see [`Error`].
pub fn run<P: Probe>(
    request: &Request,
    kernel: &mut Kernel<P>,
    out: &mut dyn Write,
) -> Result<Answer, Error> {
    let socket = connect(request, kernel)?;
    let result = exchange(request, kernel, socket, out);
    // Whatever close says, the number is free, and the answer is known.
    let _ = kernel.close(socket);
    result
}

/// Tries the addresses in order; the last failure is the one that is told.
fn connect<P: Probe>(request: &Request, kernel: &mut Kernel<P>) -> Result<Fd, Error> {
    let nowhere = Error::Connect {
        call: "connect",
        address: Address::Unix(Vec::new()),
        errno: Errno(nix::libc::EDESTADDRREQ),
    };
    let mut result = Err(nowhere);
    for address in &request.to {
        result = connect_to(address, request, kernel);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn connect_to<P: Probe>(
    address: &Address,
    request: &Request,
    kernel: &mut Kernel<P>,
) -> Result<Fd, Error> {
    let failed = |call| {
        let address = address.clone();
        move |errno| Error::Connect {
            call,
            address,
            errno,
        }
    };
    let kind = nix::libc::SOCK_STREAM | nix::libc::SOCK_CLOEXEC;
    let socket = kernel
        .socket(i32::from(address.family()), kind, 0)
        .map_err(failed("socket"))?;
    let result = set_options(socket, address, request, kernel)
        .map_err(failed("setsockopt"))
        .and_then(|()| kernel.connect(socket, address).map_err(failed("connect")));
    match result {
        Ok(()) => Ok(socket),
        Err(error) => {
            let _ = kernel.close(socket);
            Err(error)
        }
    }
}

fn set_options<P: Probe>(
    socket: Fd,
    address: &Address,
    request: &Request,
    kernel: &mut Kernel<P>,
) -> Result<(), Errno> {
    if let Some(timeout) = request.timeout {
        let value = timeval(timeout);
        kernel.setsockopt(
            socket,
            nix::libc::SOL_SOCKET,
            nix::libc::SO_RCVTIMEO,
            &value,
        )?;
        kernel.setsockopt(
            socket,
            nix::libc::SOL_SOCKET,
            nix::libc::SO_SNDTIMEO,
            &value,
        )?;
    }
    // Without it the kernel may hold a small piece back until the last one is acknowledged, and pieces
    // would arrive glued together (Nagle's algorithm, RFC 896).
    if !request.split.is_empty() && address.port().is_some() {
        let on = 1i32.to_ne_bytes();
        kernel.setsockopt(socket, nix::libc::IPPROTO_TCP, nix::libc::TCP_NODELAY, &on)?;
    }
    Ok(())
}

/// The bytes of a `struct timeval`. Zero would mean "for ever", so the least is a microsecond.
fn timeval(time: Duration) -> [u8; 16] {
    let time = time.max(Duration::from_micros(1));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(time.as_secs() as i64).to_ne_bytes());
    bytes[8..].copy_from_slice(&i64::from(time.subsec_micros()).to_ne_bytes());
    bytes
}

fn exchange<P: Probe>(
    request: &Request,
    kernel: &mut Kernel<P>,
    socket: Fd,
    out: &mut dyn Write,
) -> Result<Answer, Error> {
    let deadline = request.timeout.map(|timeout| {
        clock::now().saturating_add(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
    });
    let sending = send(request, kernel, socket);
    // A server may refuse a request before it has read all of it: its answer may be there all the same.
    let receiver = Receiver::new(request, deadline, sending.sent);
    match receiver.receive(kernel, socket, out) {
        Err(Error::Cut { missing, sent, .. }) if sending.failure.is_some_and(is_timeout) => {
            Err(Error::Cut {
                how: Ending::TimedOut,
                missing,
                sent,
            })
        }
        Err(Error::Cut {
            how: Ending::Closed,
            missing: Missing::Everything,
            sent,
        }) => {
            let how = sending
                .failure
                .map_or(Ending::Closed, |errno| Ending::Failed("write", errno));
            Err(Error::Cut {
                how,
                missing: Missing::Everything,
                sent,
            })
        }
        result => result,
    }
}

/// How far the sending came.
struct Sending {
    sent: u64,
    failure: Option<Errno>,
}

fn is_timeout(errno: Errno) -> bool {
    errno.0 == nix::libc::EAGAIN
}

fn send<P: Probe>(request: &Request, kernel: &mut Kernel<P>, socket: Fd) -> Sending {
    let mut sent = 0;
    for (number, piece) in request.pieces().enumerate() {
        if number > 0 && !request.delay.is_zero() {
            // A signal may end the sleep early; the next piece is then early too.
            let _ = kernel.clock_nanosleep(request.delay);
        }
        let mut rest = piece;
        while !rest.is_empty() {
            match kernel.write(socket, rest) {
                Ok(taken) => {
                    sent += taken as u64;
                    rest = &rest[taken..];
                }
                Err(Errno(nix::libc::EINTR)) => {}
                Err(errno) => {
                    return Sending {
                        sent,
                        failure: Some(errno),
                    };
                }
            }
        }
    }
    if request.half_close {
        // It can only fail when the connection is gone, which the next read will say.
        let _ = kernel.shutdown(socket, nix::libc::SHUT_WR);
    }
    Sending {
        sent,
        failure: None,
    }
}
