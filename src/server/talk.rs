//! One connection from its first byte to its last, with nobody else in mind: the half that `blocking`,
//! `nonblocking` and `threads` have in common.
//!
//! ```text
//! while the connection stays:   read → answer → write
//! ```
//!
//! In: an accepted client. Out: its connection, closed. What differs is a [`Manner`]: how a call waits that
//! has nothing to do yet. Asleep, on a blocking descriptor, is the usual one; a read that must not sleep for
//! ever is given a time with `SO_RCVTIMEO`, and when that has passed, it returns EAGAIN (`man 7 socket`).

use super::accept::Streak;
use super::exchange::{Client, Desk, Worker, remaining};
use super::send::{After, Sent};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::clock;
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;
use std::time::Duration;

/// What a client may leave untaken before its writes get a time as well: less fits into the
/// kernel's buffers, and a `write` that fits does not sleep.
const UNTAKEN: u64 = 16 << 10;
/// After many calls in a row that were interrupted.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes a second that a client must take of a long answer, on average, where all others wait for it.
const SLOWEST: u64 = 4 << 10;
/// Bytes that a closing connection may still send.
pub const LINGER_BYTES: u64 = 64 << 20;

/// How calls on a connection wait.
pub trait Manner<P: Probe> {
    /// A read follows, which may take this long.
    ///
    /// # Errors
    /// The kernel would not be told: whoever it is about is gone (ENOTCONN, EINVAL).
    fn before_read(&mut self, kernel: &mut Kernel<P>, fd: Fd, left: Duration) -> Result<()>;

    /// So many bytes will be sent, and no pause may be longer than this.
    ///
    /// # Errors
    /// As [`Manner::before_read`].
    fn before_write(
        &mut self,
        kernel: &mut Kernel<P>,
        fd: Fd,
        bytes: u64,
        limit: Duration,
    ) -> Result<()>;

    /// The call said EAGAIN. True after a pause, when it may be tried again; false when it has waited its
    /// time already.
    fn try_again(&mut self, kernel: &mut Kernel<P>) -> bool;

    /// The call said EINTR, and is made once more. When that goes on and on, there is a pause.
    fn interrupted(&mut self, kernel: &mut Kernel<P>);
}

/// Inside the call, for as long as the kernel was told.
#[derive(Debug, Default)]
struct Asleep {
    read: Duration,
    write: bool,
    offered: u64,
    streak: Streak,
}

impl<P: Probe> Manner<P> for Asleep {
    /// Tells the kernel how long a read may sleep, unless what it was told is near enough: a client that
    /// sends byte by byte must not cost a call for each.
    fn before_read(&mut self, kernel: &mut Kernel<P>, fd: Fd, left: Duration) -> Result<()> {
        let told = self.read;
        if left <= told && told - left <= told / 8 {
            return Ok(());
        }
        self.read = left;
        set_timeout(kernel, fd, libc::SO_RCVTIMEO, left)
    }

    fn before_write(
        &mut self,
        kernel: &mut Kernel<P>,
        fd: Fd,
        bytes: u64,
        limit: Duration,
    ) -> Result<()> {
        self.offered = self.offered.saturating_add(bytes);
        if self.offered <= UNTAKEN || self.write {
            return Ok(());
        }
        self.write = true;
        set_timeout(kernel, fd, libc::SO_SNDTIMEO, limit)
    }

    fn try_again(&mut self, _: &mut Kernel<P>) -> bool {
        false
    }

    fn interrupted(&mut self, kernel: &mut Kernel<P>) {
        if self.streak.fruitless() {
            let _ = kernel.clock_nanosleep(PAUSE);
        }
    }
}

/// Serves a client, asleep where there is nothing to do, until its connection is closed.
pub fn talk<P: Probe>(
    worker: &mut Worker<P>,
    desk: &mut Desk,
    client: &mut Client,
    buf: &mut [u8],
) {
    talk_in(&mut Asleep::default(), worker, desk, client, buf);
}

/// Serves a client until its connection is closed.
pub fn talk_in<P: Probe>(
    manner: &mut impl Manner<P>,
    worker: &mut Worker<P>,
    desk: &mut Desk,
    client: &mut Client,
    buf: &mut [u8],
) {
    loop {
        worker.count_durations();
        if !send(manner, worker, desk, client) {
            break;
        }
        match desk.out.after {
            After::Keep => {}
            After::Linger => {
                worker.clear(desk);
                linger(manner, worker, client, buf);
                break;
            }
            After::Close | After::Abort => break,
        }
        if desk.connection.has_held() {
            // Requests that waited until there was room for their answers.
            worker.take(desk, client, &[]);
            if !desk.out.is_empty() || desk.out.after != After::Keep {
                continue;
            }
        }
        receive(manner, worker, desk, client, buf);
    }
    worker.clear(desk);
    let _ = worker.kernel.close(client.fd);
}

/// Sends what there is. False when the client is gone or takes nothing more.
fn send<P: Probe>(
    manner: &mut impl Manner<P>,
    worker: &mut Worker<P>,
    desk: &mut Desk,
    client: &Client,
) -> bool {
    if desk.out.is_empty() {
        return true;
    }
    let limit = worker.site.config.body_timeout;
    let told = manner.before_write(&mut worker.kernel, client.fd, desk.out.left(), limit);
    if told.is_err() {
        return false;
    }
    let time = limit.as_nanos() as u64;
    let mut give_up = worker.now.saturating_add(time);
    let (begun, had) = (worker.now, desk.out.taken());
    desk.out.stalls_after(time);
    loop {
        match desk.out.send(&mut worker.kernel, client.fd) {
            Sent::All => {
                worker.recount(desk);
                return true;
            }
            Sent::Interrupted => manner.interrupted(&mut worker.kernel),
            Sent::Blocked if manner.try_again(&mut worker.kernel) => {}
            Sent::Blocked | Sent::Gone => return false,
        }
        if too_late(worker) {
            return false;
        }
        let taken = desk.out.taken().saturating_sub(had);
        if worker.site.config.io.has_one_seat() && is_too_slow(worker.now - begun, time, taken) {
            return false;
        }
        if desk.out.has_advanced() {
            give_up = worker.now.saturating_add(time);
        } else if worker.now >= give_up {
            return false;
        }
    }
}

/// Whether a client has taken so little of an answer, in so long (nanoseconds), that it must not keep the only
/// seat: beyond the time that any pause may have, it has to keep up a rate.
fn is_too_slow(lasted: u64, pause: u64, taken: u64) -> bool {
    let due = u128::from(lasted.saturating_sub(pause)) * u128::from(SLOWEST) / 1_000_000_000;
    u128::from(taken) < due
}

/// Whether the end was asked for and the time to finish has passed.
fn too_late<P: Probe>(worker: &mut Worker<P>) -> bool {
    worker.tick();
    worker.ear.stopping() && worker.ear.bounded(u64::MAX) <= worker.now
}

/// Reads once and hands on what came: bytes, the end, or nothing in time.
fn receive<P: Probe>(
    manner: &mut impl Manner<P>,
    worker: &mut Worker<P>,
    desk: &mut Desk,
    client: &mut Client,
    buf: &mut [u8],
) {
    if worker.ear.stopping() && desk.is_clear() {
        desk.out.after = After::Close;
        return;
    }
    let left = remaining(worker.now, worker.ear.bounded(client.deadline));
    if left.is_zero() {
        return worker.time_is_up(desk, client);
    }
    let told = manner.before_read(&mut worker.kernel, client.fd, left);
    if told.is_err() {
        desk.out.after = After::Abort;
        return;
    }
    let begun = clock::is_pausable().then(clock::real);
    let got = worker.kernel.read(client.fd, buf);
    worker.tick();
    match got {
        Ok(0) => worker.end_of_input(desk, client),
        Ok(n) => worker.take(desk, client, &buf[..n.min(buf.len())]),
        Err(Errno(libc::EINTR)) => manner.interrupted(&mut worker.kernel),
        Err(Errno(libc::EAGAIN)) => {
            if !manner.try_again(&mut worker.kernel)
                && !woke_too_early(worker, client.deadline, begun, left)
            {
                worker.time_is_up(desk, client);
            }
        }
        // ECONNRESET, ETIMEDOUT, EHOSTUNREACH: there is nobody to tell.
        Err(_) => desk.out.after = After::Abort,
    }
}

/// Whether the kernel's time was over before ours: our clock stands still while somebody looks at another
/// thread's call, the kernel's does not.
fn woke_too_early<P: Probe>(
    worker: &Worker<P>,
    deadline: u64,
    begun: Option<u64>,
    told: Duration,
) -> bool {
    let waited = begun.map(|begun| Duration::from_nanos(clock::real().saturating_sub(begun)));
    waited.is_some_and(|waited| waited >= told)
        && !remaining(worker.now, worker.ear.bounded(deadline)).is_zero()
}

/// `SO_RCVTIMEO` or `SO_SNDTIMEO`. Without it the next call might sleep for ever.
fn set_timeout<P: Probe>(
    kernel: &mut Kernel<P>,
    fd: Fd,
    option: i32,
    time: Duration,
) -> Result<()> {
    // A time of zero would mean "for ever"; a part of a microsecond is rounded up.
    let micros = time.as_nanos().div_ceil(1000).max(1) as u64;
    let mut timeval = [0u8; 16];
    timeval[..8].copy_from_slice(&(micros / 1_000_000).to_ne_bytes());
    timeval[8..].copy_from_slice(&(micros % 1_000_000).to_ne_bytes());
    kernel.setsockopt(fd, libc::SOL_SOCKET, option, &timeval)
}

/// Closing while the client still sends would make the kernel answer with RST, and an RST can destroy
/// an answer that is on its way (RFC 9112 9.6). So: our half first, then read what comes, a while.
fn linger<P: Probe>(
    manner: &mut impl Manner<P>,
    worker: &mut Worker<P>,
    client: &Client,
    buf: &mut [u8],
) {
    // ENOTCONN: the peer was faster.
    if worker.kernel.shutdown(client.fd, libc::SHUT_WR).is_err() {
        return;
    }
    worker.tick();
    let deadline = worker.now + worker.site.config.linger.as_nanos() as u64;
    let mut thrown_away = 0;
    while thrown_away < LINGER_BYTES {
        let left = remaining(worker.now, worker.ear.bounded(deadline));
        if left.is_zero() {
            return;
        }
        let told = manner.before_read(&mut worker.kernel, client.fd, left);
        if told.is_err() {
            return;
        }
        match worker.kernel.read(client.fd, buf) {
            Ok(0) => return,
            Ok(n) => {
                worker.counter.received(n);
                thrown_away += n as u64;
            }
            Err(Errno(libc::EINTR)) => {
                manner.interrupted(&mut worker.kernel);
                worker.ear.stopping();
            }
            Err(Errno(libc::EAGAIN)) if manner.try_again(&mut worker.kernel) => {
                worker.ear.stopping();
            }
            Err(_) => return,
        }
        worker.tick();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_in_the_only_seat_has_to_keep_up_a_rate() {
        let second = 1_000_000_000;
        for (lasted, taken, too_slow) in [
            (30, 0, false),
            (31, SLOWEST - 1, true),
            (31, SLOWEST, false),
            (130, 100 * SLOWEST, false),
            (1030, 999 * SLOWEST, true),
        ] {
            assert_eq!(
                is_too_slow(lasted * second, 30 * second, taken),
                too_slow,
                "{lasted} s"
            );
        }
    }
}
