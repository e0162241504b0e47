//! `fd_set`: a bit for each descriptor from 0 to 1023 (`man 2 select`).
//!
//! The kernel takes sets of any length; libc's type has this one, and so has ours. Unlike `FD_SET`, ours
//! has no way to write beside it.

use crate::abi::Fd;

/// Bits of a set.
pub const FD_SETSIZE: usize = 1024;

/// A set of descriptors, as `pselect6` reads and writes it: longs, lowest bit first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FdSet([u64; FD_SETSIZE / 64]);

impl FdSet {
    /// `FD_SET`. Numbers that have no bit are left out: who may get one asks [`FD_SETSIZE`] before.
    pub fn insert(&mut self, fd: Fd) {
        if let Some((word, bit)) = place(fd) {
            self.0[word] |= bit;
        }
    }

    /// `FD_CLR`.
    pub fn remove(&mut self, fd: Fd) {
        if let Some((word, bit)) = place(fd) {
            self.0[word] &= !bit;
        }
    }

    /// `FD_ISSET`.
    pub fn contains(&self, fd: Fd) -> bool {
        place(fd).is_some_and(|(word, bit)| self.0[word] & bit != 0)
    }

    /// The highest descriptor in it: `nfds` is one more.
    pub fn highest(&self) -> Option<Fd> {
        let word = self.0.iter().rposition(|bits| *bits != 0)?;
        Some(Fd(
            (word * 64 + 63) as i32 - self.0[word].leading_zeros() as i32
        ))
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut u64 {
        self.0.as_mut_ptr()
    }
}

fn place(fd: Fd) -> Option<(usize, u64)> {
    let number = usize::try_from(fd.0).ok().filter(|n| *n < FD_SETSIZE)?;
    Some((number / 64, 1 << (number % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_1024_descriptors_and_no_more() {
        let mut set = FdSet::default();
        assert_eq!(set.highest(), None);
        for (number, fits) in [
            (0, true),
            (64, true),
            (1023, true),
            (1024, false),
            (-1, false),
        ] {
            set.insert(Fd(number));
            assert_eq!(set.contains(Fd(number)), fits, "{number}");
        }
        assert_eq!(set.highest(), Some(Fd(1023)));
        set.remove(Fd(1023));
        set.remove(Fd(5000));
        assert_eq!(set.highest(), Some(Fd(64)));
    }
}
