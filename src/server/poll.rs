//! A list that we keep and the kernel reads at every wait: `poll`.
//!
//! ```text
//! loop:  ppoll → for each that is ready: accept4, or read → write
//! ```
//!
//! The list has an entry of eight bytes for each descriptor: which, what is waited for, and room for the
//! answer. It has no limit but memory. All of it goes into the kernel and back at each wait, and both
//! sides walk through it: ten thousand idle connections make each wait of the busy one cost ten thousand
//! entries. That is what epoll was made for.

use super::event_loop;
use super::exchange::Worker;
use super::listen::Listener;
use super::open_error::OpenError;
use super::waiting::{Interest, Key, Waiting, nanoseconds};
use crate::kernel::{Kernel, PollFd, Probe, Result};
use nix::libc;

/// Serves until the end is asked for and every connection has ended. Returns whether the listeners
/// were closed.
///
/// # Errors
/// None: a list has room for everybody.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> std::result::Result<bool, OpenError> {
    event_loop::run(worker, listeners, Poll::default())
}

/// The list, and whose each entry is.
#[derive(Debug, Default)]
struct Poll {
    list: Vec<PollFd>,
    keys: Vec<Key>,
    /// For each descriptor number its place in the list.
    places: Vec<Option<u32>>,
}

impl Poll {
    fn place(&self, key: Key) -> Option<usize> {
        let place = *self.places.get(key.fd().0 as usize)?;
        place.map(|place| place as usize)
    }

    /// The last entry moves into the gap.
    fn take_out(&mut self, key: Key) {
        let Some(place) = self.place(key) else {
            return;
        };
        self.places[key.fd().0 as usize] = None;
        self.list.swap_remove(place);
        self.keys.swap_remove(place);
        if let Some(moved) = self.keys.get(place) {
            self.places[moved.fd().0 as usize] = Some(place as u32);
        }
    }
}

impl<P: Probe> Waiting<P> for Poll {
    const WOKEN_AT_THE_DOORS: bool = true;
    const CALL: &'static str = "ppoll";

    fn watch(&mut self, _: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        let number = key.fd().0 as usize;
        if number >= self.places.len() {
            self.places.resize(number + 1, None);
        }
        self.places[number] = Some(self.list.len() as u32);
        self.list.push(PollFd {
            fd: key.fd().0,
            events: bits(interest),
            revents: 0,
        });
        self.keys.push(key);
        Ok(())
    }

    fn change(&mut self, _: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()> {
        if let Some(place) = self.place(key) {
            self.list[place].events = bits(interest);
        }
        Ok(())
    }

    fn forget(&mut self, _: &mut Kernel<P>, key: Key) {
        self.take_out(key);
    }

    /// The kernel knows nothing of our list: a closed number that stays in it would be reported at once,
    /// at every wait (POLLNVAL), or be somebody else's.
    fn about_to_close(&mut self, key: Key) {
        self.take_out(key);
    }

    fn wait(&mut self, kernel: &mut Kernel<P>, timeout: i32, ready: &mut Vec<Key>) -> Result<()> {
        let count = kernel.ppoll(&mut self.list, nanoseconds(timeout))?;
        let entries = self.list.iter().zip(&self.keys);
        let found = entries.filter(|(entry, _)| entry.revents != 0);
        ready.extend(found.take(count).map(|(_, key)| *key));
        Ok(())
    }

    fn end(self, _: &mut Kernel<P>) {}
}

fn bits(interest: Interest) -> i16 {
    match interest {
        Interest::Bytes => libc::POLLIN,
        Interest::Room => libc::POLLOUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Fd;
    use crate::kernel::NoProbe;

    #[test]
    fn the_list_has_no_gaps_whoever_leaves() {
        let mut kernel = Kernel::new(NoProbe);
        let mut poll = Poll::default();
        let keys = [3, 4, 9, 5].map(|number| Key::door(Fd(number)));
        for key in keys {
            poll.watch(&mut kernel, key, Interest::Bytes).unwrap();
        }
        Waiting::<NoProbe>::about_to_close(&mut poll, keys[1]);
        poll.forget(&mut kernel, keys[0]);
        poll.forget(&mut kernel, keys[0]);
        for key in [keys[3], keys[1]] {
            poll.change(&mut kernel, key, Interest::Room).unwrap();
        }
        let list: Vec<_> = poll.list.iter().map(|e| (e.fd, e.events)).collect();
        assert_eq!(list, [(9, libc::POLLIN), (5, libc::POLLOUT)]);
    }
}
