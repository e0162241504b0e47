//! Tables from numbers the kernel gave (thread ids, epoll words) to places of ours.
//!
//! The standard map's hash guards against chosen keys at about 20 ns a look-up. Here one
//! multiplication does: the keys come from the kernel, the tables are small, and a trace made to
//! collide only makes itself slow.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers.
pub type ByNumber<V> = HashMap<u64, V, BuildHasherDefault<NumberHasher>>;

/// Fibonacci hashing (Knuth, volume 3, 6.4), folded so that the low bits are good too.
#[derive(Clone, Copy, Default, Debug)]
pub struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
