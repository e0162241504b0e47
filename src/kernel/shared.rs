//! Numbers that several processes share: memory that survives `fork` as one and the same.
//!
//! In: how many. Out: that many atomic counters, all zero. A child made by `clone` has a copy of all
//! other memory; these it has in common with its parent (`man 2 mmap`, MAP_SHARED). This is the
//! tool's own machinery: no probe is told.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

/// Shared numbers.
#[derive(Debug)]
pub struct Words {
    first: *const AtomicU64,
    count: usize,
}

// SAFETY: the mapping lives as long as this value, and only atomics are in it.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

impl Words {
    /// This many numbers. Pages that are never touched cost nothing.
    ///
    /// # Panics
    /// When the machine has no page of memory left to give: a program that begins so does not get far.
    pub fn new(count: usize) -> Words {
        let len = count.max(1) * size_of::<AtomicU64>();
        let protection = nix::libc::PROT_READ | nix::libc::PROT_WRITE;
        let flags = nix::libc::MAP_SHARED | nix::libc::MAP_ANONYMOUS | nix::libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe { nix::libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        assert!(
            base != nix::libc::MAP_FAILED,
            "mmap: {}",
            std::io::Error::last_os_error()
        );
        Words {
            first: base.cast(),
            count,
        }
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping holds `count` numbers, page-aligned, for which all zero is valid.
        unsafe { std::slice::from_raw_parts(self.first, self.count) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        let len = self.count.max(1) * size_of::<AtomicU64>();
        // SAFETY: the mapping is ours, and nobody borrows from it any more.
        unsafe { nix::libc::munmap(self.first.cast_mut().cast(), len) };
    }
}
