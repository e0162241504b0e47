//! Three sets of bits, filled in anew for every wait: `select`, the oldest of its kind (4.2BSD, 1983).
//!
//! ```text
//! loop:  pselect6 → for each bit that is left: accept4, or read → write
//! ```
//!
//! Bit 4 of the first set means "tell me when descriptor 4 has bytes". The kernel clears the bits of those
//! that are not ready, so the sets are copies, made again each time, and we look at every bit up to the
//! highest. Short and clear for a handful of descriptors.
//!
//! A set has 1024 bits (`FD_SETSIZE`), fixed when libc was compiled. `FD_SET(1024, &set)` writes beside
//! the set, into whatever stands there: undefined behaviour, and the reason for a good many break-ins. A
//! connection with such a number is refused here: 503, and the client is told why.

use super::event_loop;
use super::exchange::Worker;
use super::listen::Listener;
use super::open_error::OpenError;
use super::waiting::{Interest, Key, Waiting, nanoseconds};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::{FD_SETSIZE, FdSet, Kernel, Probe, Result};
use nix::libc;

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// A listener's number is too high for a set: nobody was served.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> std::result::Result<bool, OpenError> {
    event_loop::run(worker, listeners, Select::default())
}

/// What is waited for.
#[derive(Debug, Default)]
struct Select {
    bytes: FdSet,
    room: FdSet,
    /// By descriptor number.
    keys: Vec<Option<Key>>,
}

impl Select {
    fn put(&mut self, fd: Fd, interest: Interest) {
        let (into, out_of) = match interest {
            Interest::Bytes => (&mut self.bytes, &mut self.room),
            Interest::Room => (&mut self.room, &mut self.bytes),
        };
        into.insert(fd);
        out_of.remove(fd);
    }

    fn take_out(&mut self, key: Key) {
        self.bytes.remove(key.fd());
        self.room.remove(key.fd());
    }
}

impl<P: Probe> Waiting<P> for Select {
    const WOKEN_AT_THE_DOORS: bool = true;
    const CALL: &'static str = "pselect6";
    const NO_PLACE: &'static str = "its descriptor would be 1024 or more, and select's sets end at 1023 \
        (FD_SETSIZE); --io poll and --io epoll have no such limit";

    fn watch(&mut self, _: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        let number = key.fd().0 as usize;
        if number >= FD_SETSIZE {
            return Err(Errno(libc::EINVAL));
        }
        if number >= self.keys.len() {
            self.keys.resize(number + 1, None);
        }
        self.keys[number] = Some(key);
        self.put(key.fd(), interest);
        Ok(())
    }

    fn change(&mut self, _: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        self.put(key.fd(), interest);
        Ok(())
    }

    fn forget(&mut self, _: &mut Kernel<P>, key: Key) {
        self.take_out(key);
    }

    /// A closed number that stays in a set makes every wait fail: EBADF.
    fn about_to_close(&mut self, key: Key) {
        self.take_out(key);
    }

    fn wait(&mut self, kernel: &mut Kernel<P>, timeout: i32, ready: &mut Vec<Key>) -> Result<()> {
        let (mut bytes, mut room) = (self.bytes, self.room);
        let highest = bytes.highest().max(room.highest());
        let end = highest.map_or(0, |fd| fd.0 + 1);
        kernel.pselect6(end, &mut bytes, &mut room, nanoseconds(timeout))?;
        let found = (0..end)
            .map(Fd)
            .filter(|fd| bytes.contains(*fd) || room.contains(*fd));
        ready.extend(found.filter_map(|fd| self.keys[fd.0 as usize]));
        Ok(())
    }

    fn end(self, _: &mut Kernel<P>) {}
}
