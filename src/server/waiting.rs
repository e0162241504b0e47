//! What an event-driven model is: a way to ask the kernel who is ready.
//!
//! In: descriptors, and whether bytes or room for bytes are waited for. Out: the keys of those that are
//! ready. `select`, `poll`, `epoll` and `epoll_et` each are one of these, and `event_loop` does the
//! rest.

use super::exchange::Client;
use crate::abi::Fd;
use crate::kernel::{Kernel, Probe, Result};

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Bytes from the client; at a listener, a client.
    Bytes,
    /// Room for bytes to the client.
    Room,
}

/// A descriptor, and whose it is: numbers of descriptors are used again within a turn, keys are not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

impl Key {
    /// A listener's.
    pub fn door(fd: Fd) -> Key {
        Key(fd.0 as u64)
    }

    /// A connection's. Which connection it is stands in the upper half, as far as 32 bits tell: never
    /// 0, which means the listeners.
    #[inline]
    pub fn of(client: &Client) -> Key {
        Key((client.number % 0xffff_ffff + 1) << 32 | client.fd.0 as u64)
    }

    /// The descriptor.
    #[inline]
    pub fn fd(self) -> Fd {
        Fd(self.0 as u32 as i32)
    }

    /// Whether it is a listener's.
    #[inline]
    pub fn is_door(self) -> bool {
        self.0 >> 32 == 0
    }

    /// As one word: what epoll keeps for us beside the descriptor.
    #[inline]
    pub fn word(self) -> u64 {
        self.0
    }

    /// The key that was this word.
    #[inline]
    pub fn from_word(word: u64) -> Key {
        Key(word)
    }
}

/// A set of descriptors, and a call that sleeps until one of them is ready.
pub trait Waiting<P: Probe> {
    /// Calls on one descriptor before the others have their turn. Where readiness is told again as long
    /// as it lasts (level-triggered), one is enough. Where it is told once (edge-triggered), a descriptor
    /// must be tried until it has no more; after this many tries the loop comes back to it.
    const TRIES: u32 = 1;
    /// The call that would not take a descriptor, for whoever must be told.
    const CALL: &'static str;
    /// Why a connection has no place in the set, for its client.
    const NO_PLACE: &'static str = "the kernel watches no more descriptors for this server";

    /// Whether the listeners are shut to wake a sleeper (see `stop`). strace does not see how a signal
    /// ends `ppoll` and `pselect6`, as it does with `epoll_pwait`: two witnesses would tell it differently.
    const WOKEN_AT_THE_DOORS: bool = false;

    /// Takes a descriptor into the set.
    ///
    /// # Errors
    /// There is no place for it.
    fn watch(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()>;

    /// It waits for something else now.
    ///
    /// # Errors
    /// It cannot be told, and would never be heard of again.
    fn change(&mut self, kernel: &mut Kernel<P>, key: Key, interest: Interest) -> Result<()>;

    /// Takes it out of the set; it stays open.
    fn forget(&mut self, kernel: &mut Kernel<P>, key: Key);

    /// It will be closed now, and was in the set perhaps.
    fn about_to_close(&mut self, key: Key);

    /// Sleeps until one of the set is ready, `timeout` milliseconds at most (-1: for ever), and adds
    /// the keys of all that are.
    ///
    /// # Errors
    /// What the call said; EINTR is the usual one.
    fn wait(&mut self, kernel: &mut Kernel<P>, timeout: i32, ready: &mut Vec<Key>) -> Result<()>;

    /// The server ends.
    fn end(self, kernel: &mut Kernel<P>);
}

/// A timeout in nanoseconds, for the calls that take one so; `None` for ever.
pub fn nanoseconds(milliseconds: i32) -> Option<u64> {
    u64::try_from(milliseconds).ok().map(|ms| ms * 1_000_000)
}
