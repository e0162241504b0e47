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
use super::waiting::{Interest, Key, Waiting};
use crate::abi::Fd;
use crate::kernel::{EpollEvent, Kernel, Probe, Result};
use nix::libc;

/// Events taken from one `epoll_pwait` at most.
const EVENTS: usize = 512;

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// What `epoll_create1` said: nobody was served.
pub fn run<P: Probe + 'static>(worker: &mut Worker<P>, listeners: &[Listener]) -> Result<bool> {
    let set = Epoll::new(&mut worker.kernel)?;
    Ok(event_loop::run(worker, listeners, set))
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
    pub fn new<P: Probe>(kernel: &mut Kernel<P>) -> Result<Epoll> {
        Ok(Epoll {
            epoll: kernel.epoll_create1(libc::EPOLL_CLOEXEC)?,
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
        kernel.epoll_ctl(self.epoll, op, key.fd(), event)
    }
}

impl<P: Probe> Waiting<P> for Epoll {
    fn watch(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        self.control(kernel, (libc::EPOLL_CTL_ADD, 0), key, interest)
    }

    /// A failure leaves the connection to its deadline.
    fn change(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) {
        let _ = self.control(kernel, (libc::EPOLL_CTL_MOD, 0), key, interest);
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
