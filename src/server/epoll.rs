//! The set lives in the kernel, which says who is ready: level-triggered epoll.
//!
//! ```text
//! loop:  epoll_pwait → for each that is ready: accept4, or read → write
//! ```
//!
//! A descriptor is registered once (`epoll_ctl`), not at every wait as with `poll`, and a wait returns
//! only those that are ready: its cost does not grow with the number of idle connections. The set is
//! level-triggered: what was not read is reported again, so one `read` a wake-up is enough.
//!
//! The data word of an event holds our key: the descriptor and whose it is.

use super::event_loop;
use super::exchange::Worker;
use super::listen::Listener;
use super::open_error::OpenError;
use super::waiting::{Interest, Key, Waiting};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::{EpollEvent, Kernel, Probe, Result};
use nix::libc;

/// Events taken from one `epoll_pwait` at most.
const EVENTS: usize = 512;

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// What `epoll_create1` or `epoll_ctl` said: nobody was served.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> std::result::Result<bool, OpenError> {
    let set = Epoll::new(worker)?;
    event_loop::run(worker, listeners, set)
}

/// The set, and room for its answers.
#[derive(Debug)]
pub struct Epoll {
    epoll: Fd,
    events: Vec<EpollEvent>,
}

impl Epoll {
    /// An empty set.
    ///
    /// # Errors
    /// What `epoll_create1` said.
    pub fn new<P: Probe>(worker: &mut Worker<P>) -> std::result::Result<Epoll, OpenError> {
        let io = worker.site.config.io;
        let made = worker.kernel.epoll_create1(libc::EPOLL_CLOEXEC);
        Ok(Epoll {
            epoll: made.map_err(|errno| OpenError::of_model(io, "epoll_create1", errno))?,
            events: vec![EpollEvent { events: 0, u64: 0 }; EVENTS],
        })
    }

    /// Tells the kernel what to watch a descriptor for; `flags` are added to the interest.
    ///
    /// # Errors
    /// ENOSPC and ENOMEM: there is no place for it.
    #[inline]
    pub fn control<P: Probe>(
        &self,
        kernel: &mut Kernel<P>,
        (op, flags): (i32, i32),
        key: Key,
        interest: Interest,
    ) -> Result<()> {
        let interest = match interest {
            Interest::Bytes => libc::EPOLLIN,
            Interest::Room => libc::EPOLLOUT,
        };
        let event = EpollEvent {
            events: (interest | flags) as u32,
            u64: key.word(),
        };
        // A set and its owner may disagree about who is in it, where a descriptor has duplicates or a close
        // was no close (`man 2 epoll_ctl`: EEXIST, ENOENT). The other operation is right then.
        let other = match kernel.epoll_ctl(self.epoll, op, key.fd(), event) {
            Err(Errno(libc::EEXIST)) if op == libc::EPOLL_CTL_ADD => libc::EPOLL_CTL_MOD,
            Err(Errno(libc::ENOENT)) if op == libc::EPOLL_CTL_MOD => libc::EPOLL_CTL_ADD,
            result => return result,
        };
        kernel.epoll_ctl(self.epoll, other, key.fd(), event)
    }
}

impl<P: Probe> Waiting<P> for Epoll {
    const CALL: &'static str = "epoll_ctl";

    fn watch(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        self.control(kernel, (libc::EPOLL_CTL_ADD, 0), key, interest)
    }

    fn change(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        self.control(kernel, (libc::EPOLL_CTL_MOD, 0), key, interest)
    }

    fn forget(&mut self, kernel: &mut Kernel<P>, key: Key) {
        let nothing = EpollEvent { events: 0, u64: 0 };
        let _ = kernel.epoll_ctl(self.epoll, libc::EPOLL_CTL_DEL, key.fd(), nothing);
    }

    /// `close` takes the descriptor out of the set: it has no duplicates (`man 7 epoll`).
    fn about_to_close(&mut self, _: Key) {}

    #[inline]
    fn wait(&mut self, kernel: &mut Kernel<P>, timeout: i32, ready: &mut Vec<Key>) -> Result<()> {
        let count = kernel.epoll_pwait(self.epoll, &mut self.events, timeout)?;
        let events = &self.events[..count.min(self.events.len())];
        ready.extend(events.iter().map(|event| Key::from_word(event.u64)));
        Ok(())
    }

    fn end(self, kernel: &mut Kernel<P>) {
        let _ = kernel.close(self.epoll);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::NoProbe;
    use std::os::fd::AsRawFd;

    #[test]
    fn a_set_that_knows_more_or_less_than_we_do_is_set_right() {
        let mut kernel = Kernel::new(NoProbe);
        let mut set = Epoll {
            epoll: kernel.epoll_create1(libc::EPOLL_CLOEXEC).unwrap(),
            events: vec![EpollEvent { events: 0, u64: 0 }; 4],
        };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (key, other) = (Fd(ours.as_raw_fd()), Fd(theirs.as_raw_fd()));
        let (key, other) = (Key::door(key), Key::door(other));
        // EEXIST: it is in the set already, and is told to wait for room now, which there is.
        set.watch(&mut kernel, key, Interest::Bytes).unwrap();
        set.watch(&mut kernel, key, Interest::Room).unwrap();
        let mut ready = Vec::new();
        set.wait(&mut kernel, 0, &mut ready).unwrap();
        assert_eq!(ready, [key]);
        // ENOENT: it was never in the set.
        set.change(&mut kernel, other, Interest::Room).unwrap();
        set.forget(&mut kernel, key);
        ready.clear();
        set.wait(&mut kernel, 0, &mut ready).unwrap();
        assert_eq!(ready, [other]);
        Waiting::<NoProbe>::end(set, &mut kernel);
    }
}
