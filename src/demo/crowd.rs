//! Clients that all connect at once, and do nothing else: what a backlog is for.
//!
//! In: where, and how many. Out: how many of them the kernel has connected, and when.

use super::Error;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Nobody has come for so long: nobody comes any more by itself. A SYN that was dropped is sent again after
/// a second, not earlier (RFC 6298 2.1).
const QUIET: Duration = Duration::from_millis(300);
/// A SYN is sent again after 1 s, then 2: nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Connections on their way.
#[derive(Debug, Default)]
pub struct Crowd {
    waiting: Vec<OwnedFd>,
    there: Vec<OwnedFd>,
    /// When they began to connect.
    begun: Option<Instant>,
}

impl Crowd {
    /// So many connect, without waiting for it.
    pub fn come(&mut self, server: SocketAddr, count: usize) -> Result<(), Error> {
        let SocketAddr::V4(address) = server else {
            return Err(Error::Machine("the crowd speaks IPv4".to_owned()));
        };
        self.begun.get_or_insert_with(Instant::now);
        for _ in 0..count {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let socket =
                nix::sys::socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)
                    .map_err(|errno| Error::Machine(format!("a client's socket: {errno}")))?;
            match nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrIn::from(address)) {
                Ok(()) | Err(Errno::EINPROGRESS) => self.waiting.push(socket),
                Err(errno) => return Err(Error::Machine(format!("a client's connect: {errno}"))),
            }
        }
        Ok(())
    }

    /// Waits until at least `least` are connected and no more come; how many are, and are not.
    pub fn settled(&mut self, least: usize) -> Result<(usize, usize), Error> {
        let begun = Instant::now();
        let mut last = begun;
        loop {
            if self.look(QUIET) {
                last = Instant::now();
            } else if self.there.len() >= least && last.elapsed() >= QUIET {
                return Ok((self.there.len(), self.waiting.len()));
            }
            if begun.elapsed() > PATIENCE {
                let there = self.there.len();
                return Err(Error::Machine(format!(
                    "{there} clients are connected, not {least}"
                )));
            }
        }
    }

    /// Waits until one more is connected; how long that took since they began to connect.
    pub fn one_more(&mut self) -> Result<Duration, Error> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.look(QUIET) {
                return Ok(self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()));
            }
        }
        Err(Error::Machine("nobody else was connected".to_owned()))
    }

    /// Waits at most so long for somebody to be connected; true when somebody is.
    fn look(&mut self, most: Duration) -> bool {
        let mut fds: Vec<PollFd<'_>> = (self.waiting.iter())
            .map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLOUT))
            .collect();
        let most = PollTimeout::try_from(most).unwrap_or(PollTimeout::ZERO);
        if !poll(&mut fds, most).is_ok_and(|ready| ready > 0) {
            return false;
        }
        let ready: Vec<bool> = (fds.iter())
            .map(|fd| fd.revents() == Some(PollFlags::POLLOUT))
            .collect();
        let mut ready = ready.into_iter();
        let (there, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|_| ready.next() == Some(true));
        self.waiting = waiting;
        let mut there: Vec<OwnedFd> = there;
        self.there.append(&mut there);
        true
    }
}
