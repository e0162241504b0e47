//! Edge-triggered epoll: the kernel says once that something has arrived, and not again.
//!
//! ```text
//! loop:  epoll_pwait → for each that is ready: accept4, or read → write, until EAGAIN
//! ```
//!
//! The same set as in `epoll` with one flag more, EPOLLET. A level says "there is something to read", an
//! edge says "something came": who reads a part and goes back to sleep may never hear of the rest. So
//! everything is tried until it says EAGAIN, the listener too. That is one call more for each wake-up,
//! and less work for the kernel, which need not look again at what it has reported.
//!
//! A client that sends without pause would never let us reach EAGAIN. After [`Waiting::TRIES`] tries the
//! others have their turn; the loop remembers who was not finished, because the kernel does not.

use super::epoll::Epoll;
use super::event_loop;
use super::exchange::Worker;
use super::listen::Listener;
use super::open_error::OpenError;
use super::waiting::{Interest, Key, Waiting};
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;

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
    event_loop::run(worker, listeners, EdgeTriggered(set))
}

/// A set that tells of changes only.
#[derive(Debug)]
struct EdgeTriggered(Epoll);

impl<P: Probe> Waiting<P> for EdgeTriggered {
    const TRIES: u32 = 16;
    const CALL: &'static str = "epoll_ctl";

    fn watch(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        let add = (libc::EPOLL_CTL_ADD, libc::EPOLLET);
        self.0.control(kernel, add, key, interest)
    }

    /// `EPOLL_CTL_MOD` looks at the descriptor anew: what is ready by now is reported, as an edge.
    fn change(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        let modify = (libc::EPOLL_CTL_MOD, libc::EPOLLET);
        self.0.control(kernel, modify, key, interest)
    }

    fn forget(&mut self, kernel: &mut Kernel<P>, key: Key) {
        self.0.forget(kernel, key);
    }

    fn about_to_close(&mut self, key: Key) {
        Waiting::<P>::about_to_close(&mut self.0, key);
    }

    fn wait(&mut self, kernel: &mut Kernel<P>, timeout: i32, ready: &mut Vec<Key>) -> Result<()> {
        self.0.wait(kernel, timeout, ready)
    }

    fn end(self, kernel: &mut Kernel<P>) {
        self.0.end(kernel);
    }
}
