//! Another program's memory, read while it is stopped.
//!
//! In: an address and how much is wanted. Out: what could be read, from the first byte on. One
//! `process_vm_readv` does it nearly always; where memory ends on the way, what stands before the end is
//! read page by page; where the call is not there or not allowed, word by word with `PTRACE_PEEKDATA`.

use super::sys::{self, Tid};
use crate::event::capture::Memory;
use nix::libc;
use std::cell::Cell;

/// No page is smaller (`man 2 getpagesize`).
const PAGE: u64 = 4096;
/// The first piece of a string that is fetched: most paths are shorter.
const STRING_PIECE: usize = 256;

/// Reads the memory of the thread it was made for.
pub struct Remote<'r> {
    tid: Tid,
    /// `process_vm_readv` was refused: it will not be tried again.
    by_words: &'r Cell<bool>,
}

impl<'r> Remote<'r> {
    /// The memory of this thread; `by_words` is shared by all of them.
    pub fn new(tid: Tid, by_words: &'r Cell<bool>) -> Remote<'r> {
        Remote { tid, by_words }
    }

    fn at_once(&self, address: u64, out: &mut [u8]) -> usize {
        if self.by_words.get() {
            return self.words(address, out);
        }
        match sys::read_memory(self.tid, address, out) {
            Ok(got) => got,
            Err(errno) if errno.0 == libc::EFAULT => 0,
            Err(errno) => {
                self.by_words
                    .set(matches!(errno.0, libc::ENOSYS | libc::EPERM));
                self.words(address, out)
            }
        }
    }

    fn words(&self, address: u64, out: &mut [u8]) -> usize {
        let mut done = 0;
        while done < out.len() {
            let at = address.wrapping_add(done as u64);
            let skip = (at % 8) as usize;
            let Ok(word) = sys::peek(self.tid, at - skip as u64) else {
                return done;
            };
            let bytes = word.to_ne_bytes();
            let take = (8 - skip).min(out.len() - done);
            out[done..done + take].copy_from_slice(&bytes[skip..skip + take]);
            done += take;
        }
        done
    }

    /// Page by page, up to the first that is not there.
    fn by_pages(&self, address: u64, out: &mut [u8], mut done: usize) -> usize {
        while done < out.len() {
            let at = address.wrapping_add(done as u64);
            let most = (PAGE - at % PAGE) as usize;
            let step = most.min(out.len() - done);
            let got = self.at_once(at, &mut out[done..done + step]);
            done += got;
            if got < step {
                break;
            }
        }
        done
    }
}

impl Memory for Remote<'_> {
    #[inline]
    fn read(&self, address: u64, out: &mut [u8]) -> usize {
        if out.is_empty() {
            return 0;
        }
        let got = self.at_once(address, out);
        if got == out.len() {
            return got;
        }
        self.by_pages(address, out, got)
    }

    fn read_string(&self, address: u64, out: &mut [u8]) -> Option<usize> {
        let mut done = 0;
        while done < out.len() {
            let at = address.wrapping_add(done as u64);
            let most = (PAGE - at % PAGE) as usize;
            let step = most.min(out.len() - done).min(STRING_PIECE);
            let got = self.at_once(at, &mut out[done..done + step]);
            if let Some(end) = memchr::memchr(0, &out[done..done + got]) {
                return Some(done + end);
            }
            done += got;
            if got < step {
                return (done > 0).then_some(done);
            }
        }
        Some(done)
    }
}
