//! The listeners of an event loop: taking newcomers in, and leaving them in the kernel's queue for a while.
//!
//! In: a listener that is ready, or a reason to take no more. Out: a row for each newcomer, and listeners in the
//! set or out of it. What a connection does then is `event_loop`'s.

use super::{Doing, Doors, Loop, Row};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::kernel::{Probe, Result};
use crate::server::accept::{Accepted, accept, turn_away};
use crate::server::waiting::{Interest, Key, Waiting};
use nix::libc;

/// How long the listeners stay out of the set when descriptors are short.
const PAUSE: u64 = 500_000_000;

impl<P: Probe, W: Waiting<P>> Loop<'_, P, W> {
    /// Takes one connection from the queue. If more are in it, a level-triggered set reports the
    /// listener again at once; a second `accept4` here would mostly find nobody.
    pub(super) fn accept(&mut self, listener: Fd) -> bool {
        if self.doors != Doors::Open || self.worker.ear.stopping() {
            return false;
        }
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let accepted = accept(&mut self.worker.kernel, listener, flags);
        match self.streaks[0].judge(accepted) {
            Accepted::Client(fd, peer) => {
                self.useful = true;
                self.welcome(fd, peer);
            }
            Accepted::Again => {}
            Accepted::Nobody => return false,
            Accepted::NoRoom => self.shut_doors(Doors::Until(self.worker.now + PAUSE)),
        }
        self.doors == Doors::Open
    }

    fn welcome(&mut self, fd: Fd, peer: Address) {
        let client = self.worker.welcome(fd, peer);
        let watched =
            self.waiting
                .watch(&mut self.worker.kernel, Key::of(&client), Interest::Bytes);
        if watched.is_err() {
            // It could never be heard.
            return turn_away(self.worker, fd, W::NO_PLACE);
        }
        let index = fd.0 as usize;
        if index >= self.rows.len() {
            self.rows.resize_with(index + 1, || None);
        }
        self.timers.watch(fd.0 as u32, client.deadline);
        self.rows[index] = Some(Row {
            client,
            doing: Doing::Reading,
            desk: None,
        });
        self.open += 1;
        if self.open >= self.most {
            self.shut_doors(Doors::Full);
        }
    }

    /// All listeners go into the set.
    ///
    /// # Errors
    /// One of them has no place.
    pub(super) fn open_doors(&mut self) -> Result<()> {
        self.doors = Doors::Open;
        for listener in self.listeners {
            let door = Key::door(listener.fd);
            self.waiting
                .watch(&mut self.worker.kernel, door, Interest::Bytes)?;
        }
        Ok(())
    }

    /// Opens the doors of a server that is at work: if that fails, after a pause.
    pub(super) fn open_doors_later(&mut self) {
        if self.open_doors().is_err() {
            self.shut_doors(Doors::Until(self.worker.now + PAUSE));
        }
    }

    pub(super) fn shut_doors(&mut self, doors: Doors) {
        let were = std::mem::replace(&mut self.doors, doors);
        if were == Doors::Open {
            for listener in self.listeners {
                let door = Key::door(listener.fd);
                self.waiting.forget(&mut self.worker.kernel, door);
            }
        }
    }
}
