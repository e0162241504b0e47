//! Another program's memory, read while it is stopped.
//!
//! In: an address and how much is wanted. Out: what could be read, from the first byte on. One `pread` of
//! `/proc/PID/mem`, opened once for each process, does it nearly always: it costs two thirds of
//! `process_vm_readv`, which asks at each call whether it may. That is the second way, where the file
//! cannot be had or does not give all; where memory ends on the way, what stands before the end is
//! read page by page; where neither is allowed, word by word with `PTRACE_PEEKDATA`.
//!
//! The file also gives pages that the program itself may not read (`man 5 proc`): where the kernel has
//! said EFAULT, [`Memories::as_the_program`] reads what the program could.

use super::sys::{self, Tid};
use super::tracee::ById;
use crate::event::capture::Memory;
use nix::libc;
use std::cell::Cell;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// No page is smaller (`man 2 getpagesize`).
const PAGE: u64 = 4096;
/// The first piece of a string that is fetched: most paths are shorter.
const STRING_PIECE: usize = 256;

/// The most files that are kept open: below the usual limit of a process.
const FILES_MOST: usize = 256;

/// The memory of all processes that are traced.
#[derive(Debug, Default)]
pub struct Memories {
    /// `None`: it could not be opened.
    files: ById<Option<File>>,
    by_words: Cell<bool>,
}

impl Memories {
    /// The memory of this thread's process.
    #[inline]
    pub fn of(&mut self, pid: u32, tid: Tid) -> Remote<'_> {
        if self.files.len() >= FILES_MOST && !self.files.contains_key(&(pid as Tid)) {
            return self.as_the_program(tid);
        }
        let file = self.files.entry(pid as Tid).or_insert_with(|| {
            // By the thread: a process whose first thread has ended has no memory under its own id.
            File::open(format!("/proc/{tid}/mem")).ok()
        });
        Remote {
            tid,
            file: file.as_ref(),
            by_words: &self.by_words,
        }
    }

    /// The same, without pages that the program itself may not read.
    pub fn as_the_program(&self, tid: Tid) -> Remote<'_> {
        Remote {
            tid,
            file: None,
            by_words: &self.by_words,
        }
    }

    /// The process has ended, or has become another program with other memory.
    pub fn forget(&mut self, pid: u32) {
        self.files.remove(&(pid as Tid));
    }
}

/// Reads the memory of the thread it was made for.
pub struct Remote<'r> {
    tid: Tid,
    file: Option<&'r File>,
    /// `process_vm_readv` was refused: it will not be tried again.
    by_words: &'r Cell<bool>,
}

impl Remote<'_> {
    fn at_once(&self, address: u64, out: &mut [u8]) -> usize {
        let whole = |file: &File| file.read_at(out, address).is_ok_and(|got| got == out.len());
        if self.file.is_some_and(whole) {
            return out.len();
        }
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
                return None;
            }
        }
        Some(done)
    }
}
