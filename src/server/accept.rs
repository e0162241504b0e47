//! Taking a connection from the kernel's queue, and every way in which that can fail.
//!
//! In: what `accept4` returned. Out: a client, or what kind of trouble it is. The cure for want of
//! descriptors is each model's own: it must never spin (a connection that cannot be accepted stays in
//! the queue, so the listener stays ready).

use super::answer::{PLAIN, Reuse};
use super::exchange::Worker;
use super::listen::Listener;
use super::pages;
use super::routes;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::kernel::{self, Kernel, PollFd, Probe};
use nix::libc;

/// What came of one `accept4`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// A connection and who is at its other end.
    Client(Fd, Address),
    /// The call was interrupted, or that one client left while it was in the queue: once more.
    Again,
    /// Nobody is in the queue.
    Nobody,
    /// No descriptor, or no memory, is left to give it: EMFILE, ENFILE, ENOBUFS, ENOMEM. Accepting
    /// at once again would only fail again.
    NoRoom,
}

/// Takes one connection. `flags` as `man 2 accept4`.
pub fn accept<P: Probe>(kernel: &mut Kernel<P>, listener: Fd, flags: i32) -> Accepted {
    let taken = match kernel.accept4(listener, flags) {
        Err(Errno(libc::ENOSYS)) => accept_by_steps(kernel, listener, flags),
        taken => taken,
    };
    match taken {
        Ok((fd, peer)) => Accepted::Client(fd, peer),
        Err(errno) => trouble(errno),
    }
}

/// The way without `accept4` (Linux before 2.6.28, and filters that are older): the flags come after the
/// descriptor, one by one.
fn accept_by_steps<P: Probe>(
    kernel: &mut Kernel<P>,
    listener: Fd,
    flags: i32,
) -> kernel::Result<(Fd, Address)> {
    let (fd, peer) = kernel.accept(listener)?;
    let cloexec = kernel.fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC as u64);
    let set = match flags & libc::SOCK_NONBLOCK {
        0 => cloexec,
        _ => cloexec.and_then(|_| kernel.fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK as u64)),
    };
    if set.is_err() {
        // A descriptor that might put the whole server to sleep is of no use.
        let _ = kernel.close(fd);
        return Err(Errno(libc::ECONNABORTED));
    }
    Ok((fd, peer))
}

/// Remembers how often in a row `accept4` brought nobody. Errors of single connections are not worth a
/// pause, but when they do not end (a security module that refuses every one, say), asking on and on
/// would only burn time.
#[derive(Debug, Default)]
pub struct Streak(u32);

/// Calls in a row that may bring nobody before there is a pause.
const IN_A_ROW: u32 = 8;

impl Streak {
    /// A call has brought nothing. True when that was one too many in a row: pause now.
    #[inline]
    pub fn fruitless(&mut self) -> bool {
        self.judge(Accepted::Again) == Accepted::NoRoom
    }

    /// What to do about this one: as it says, or after many in a row, as if there were no room.
    #[inline]
    pub fn judge(&mut self, accepted: Accepted) -> Accepted {
        match accepted {
            Accepted::Client(..) | Accepted::NoRoom => self.0 = 0,
            Accepted::Again | Accepted::Nobody if self.0 < IN_A_ROW => self.0 += 1,
            Accepted::Again | Accepted::Nobody => {
                self.0 = 0;
                return Accepted::NoRoom;
            }
        }
        accepted
    }
}

/// What kind of trouble this is.
pub fn trouble(errno: Errno) -> Accepted {
    match errno.0 {
        libc::EAGAIN => Accepted::Nobody,
        libc::EINTR => Accepted::Again,
        // Errors of the new connection, not of the listener (`man 2 accept`, "Error handling").
        libc::ECONNABORTED
        | libc::EPROTO
        | libc::ENETDOWN
        | libc::ENOPROTOOPT
        | libc::EHOSTDOWN
        | libc::ENONET
        | libc::EHOSTUNREACH
        | libc::EOPNOTSUPP
        | libc::ENETUNREACH
        | libc::EPERM => Accepted::Again,
        // EINVAL: the listener was shut (see `stop`). Whatever else the kernel may say, waiting a little is
        // never wrong.
        _ => Accepted::NoRoom,
    }
}

/// Shuts the listeners: whoever sleeps at them wakes up, and nobody gets in any more (`man 2 shutdown`). For
/// another thread than the one that accepts.
pub fn shut<P: Probe>(mut kernel: Kernel<P>, listeners: &[Listener]) -> impl FnOnce() + use<P> {
    // A listener that was passed to us is not ours to shut: it would be shut for its owner, and for good. Who
    // sleeps there is poked instead.
    let ours = listeners
        .iter()
        .filter(|listener| listener.passed.is_none());
    let doors: Vec<Fd> = ours.map(|listener| listener.fd).collect();
    move || {
        for door in doors {
            let _ = kernel.shutdown(door, libc::SHUT_RD);
        }
    }
}

/// A connection that cannot be served hears why: 503, and the end. What it has sent by now is taken, so that
/// no RST destroys the answer; what comes later is not waited for, and may.
pub fn turn_away<P: Probe>(worker: &mut Worker<P>, fd: Fd, why: &str) {
    worker.tick();
    let (mut page, mut bytes) = (Vec::new(), Vec::new());
    pages::short(503, why, &mut page);
    routes::own(503, page.len(), PLAIN, Reuse::Close).write(&worker.stamp, &mut bytes);
    bytes.extend_from_slice(&page);
    let kernel = &mut worker.kernel;
    let _ = kernel.write(fd, &bytes);
    let _ = kernel.shutdown(fd, libc::SHUT_WR);
    let _ = kernel.recv(fd, &mut [0; 16 << 10], libc::MSG_DONTWAIT);
    let _ = kernel.close(fd);
}

/// Whose turn it is among several listeners: the one behind the last that had somebody, so that a crowd at the
/// first does not keep those at the second waiting.
#[derive(Debug, Default)]
pub struct Turn(usize);

impl Turn {
    /// The places of `count` listeners, in the order in which to look at them.
    pub fn order(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let first = self.0;
        (0..count).map(move |place| (first + place) % count)
    }

    /// Somebody was at this place.
    pub fn taken(&mut self, place: usize) {
        self.0 = place + 1;
    }
}

/// Waits, asleep, until somebody is at one of the listeners, and says at which. With one listener
/// there is nothing to ask: `accept4` itself sleeps. `None` when interrupted.
pub fn wait_at<P: Probe>(
    kernel: &mut Kernel<P>,
    listeners: &[Listener],
    turn: &mut Turn,
) -> Option<Fd> {
    if let [only] = listeners {
        return Some(only.fd);
    }
    let mut doors: Vec<PollFd> = listeners
        .iter()
        .map(|listener| PollFd {
            fd: listener.fd.0,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    kernel.ppoll(&mut doors, None).ok()?;
    let place = (turn.order(doors.len())).find(|place| doors[*place].revents != 0)?;
    turn.taken(place);
    Some(Fd(doors[place].fd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_connection_is_not_the_end_of_all() {
        for errno in [
            libc::EINTR,
            libc::ECONNABORTED,
            libc::EPROTO,
            libc::ENETUNREACH,
        ] {
            assert_eq!(trouble(Errno(errno)), Accepted::Again);
        }
        for errno in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
            assert_eq!(trouble(Errno(errno)), Accepted::NoRoom);
        }
        assert_eq!(trouble(Errno(libc::EAGAIN)), Accepted::Nobody);
    }

    #[test]
    fn listeners_take_turns() {
        let mut turn = Turn::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            // Somebody always is at the first and at the last.
            let place = turn.order(3).find(|place| *place != 1).unwrap();
            turn.taken(place);
            seen.push(place);
        }
        assert_eq!(seen, [0, 2, 0, 2]);
    }

    #[test]
    fn trouble_that_does_not_end_makes_us_pause_and_a_client_is_a_new_beginning() {
        let mut streak = Streak::default();
        for _ in 0..IN_A_ROW {
            assert_eq!(streak.judge(Accepted::Again), Accepted::Again);
        }
        assert_eq!(streak.judge(Accepted::Again), Accepted::NoRoom);
        for _ in 0..3 * IN_A_ROW {
            assert_eq!(streak.judge(Accepted::Nobody), Accepted::Nobody);
            let client = Accepted::Client(Fd(4), Address::Other(0, Vec::new()));
            assert_eq!(streak.judge(client.clone()), client);
        }
    }
}
