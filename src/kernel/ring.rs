//! A ring: calls are queued in memory that the kernel shares, and their results come back the same way
//! (`man 7 io_uring`).
//!
//! In: operations, each of which is a call that is asked for instead of made. Out: the same operations
//! with their results, in the order in which they ended. Three system calls stand behind it, of which one,
//! `io_uring_enter`, is made again and again; the others set it up. A fault (`Plan`) about the call that an
//! operation stands for spoils the operation. Left out on purpose: everything that saves more (registered
//! files and buffers, a polling kernel thread, results that repeat).
//!
//! Memory: an operation owns what it points to, and while the kernel has it, this ring owns the operation.
//! It is never moved or freed before its result has come.

mod operation;

pub use operation::Operation;

use super::plan::Fault;
use super::probe::RingStep;
use super::{CallId, Errno, Kernel, Probe, Result};
use crate::abi::Fd;
use crate::abi::calls;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Operations handed over by one `io_uring_enter` at most.
const ENTRIES: u32 = 256;
/// Results that may wait for us; the kernel keeps those beyond (`IORING_FEAT_NODROP`).
const RESULTS: u32 = 4096;

// `include/uapi/linux/io_uring.h`, Linux 6.1.
const SETUP_CQSIZE: u32 = 1 << 3;
const SETUP_CLAMP: u32 = 1 << 4;
const SETUP_SUBMIT_ALL: u32 = 1 << 7;
const SETUP_SINGLE_ISSUER: u32 = 1 << 12;
const SETUP_DEFER_TASKRUN: u32 = 1 << 13;
const FEAT_SINGLE_MMAP: u32 = 1;
const FEAT_NODROP: u32 = 1 << 1;
const FEAT_EXT_ARG: u32 = 1 << 8;
const ENTER_GETEVENTS: u64 = 1;
const ENTER_EXT_ARG: u64 = 1 << 3;
const OFFSET_OF_RINGS: i64 = 0;
const OFFSET_OF_ENTRIES: i64 = 0x1000_0000;

/// `struct io_uring_params`.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
struct Params {
    sq_entries: u32,
    cq_entries: u32,
    flags: u32,
    sq_thread_cpu: u32,
    sq_thread_idle: u32,
    features: u32,
    wq_fd: u32,
    reserved: [u32; 3],
    sq: Offsets,
    cq: Offsets,
}

/// `struct io_sqring_offsets`, and `struct io_cqring_offsets`, of which `array` is called `cqes` and stands
/// one place before.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
struct Offsets {
    head: u32,
    tail: u32,
    mask: u32,
    entries: u32,
    flags: u32,
    dropped_or_cqes: u32,
    array: u32,
    reserved: u32,
    user: u64,
}

/// `struct io_uring_sqe`.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
struct Entry {
    opcode: u8,
    flags: u8,
    ioprio: u16,
    fd: i32,
    off: u64,
    addr: u64,
    len: u32,
    op_flags: u32,
    user_data: u64,
    rest: [u64; 3],
}

/// `struct io_uring_cqe`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Completion {
    user_data: u64,
    res: i32,
    flags: u32,
}

/// `struct io_uring_getevents_arg`.
#[repr(C)]
#[derive(Debug)]
struct Limit {
    sigmask: u64,
    sigmask_size: u32,
    pad: u32,
    time: u64,
}

/// Names an operation that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket(u32);

impl Ticket {
    /// What the kernel keeps for us beside the operation; never 0.
    fn user_data(self) -> u64 {
        u64::from(self.0) + 1
    }
}

/// An operation that is under way, and what was told of it.
#[derive(Debug)]
struct Held {
    operation: Operation,
    id: Option<CallId>,
    args: [u64; 6],
    marks: u16,
    aux: u64,
    delay: Duration,
}

/// Memory that is shared with the kernel.
#[derive(Debug)]
struct Mapping {
    base: *mut u8,
    len: usize,
}

// SAFETY: the mapping lives as long as this value, and one thread at a time uses it through `&mut Ring`.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(ring: Fd, len: usize, offset: i64) -> Result<Mapping> {
        let protection = nix::libc::PROT_READ | nix::libc::PROT_WRITE;
        let flags = nix::libc::MAP_SHARED | nix::libc::MAP_POPULATE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe {
            nix::libc::mmap(std::ptr::null_mut(), len, protection, flags, ring.0, offset)
        };
        if base == nix::libc::MAP_FAILED {
            return Err(Errno(nix::Error::last_raw()));
        }
        Ok(Mapping {
            base: base.cast(),
            len,
        })
    }

    /// The number at this offset, which the kernel gave.
    fn word(&self, offset: u32) -> &AtomicU32 {
        assert!(offset as usize + 4 <= self.len && offset.is_multiple_of(4));
        // SAFETY: inside the mapping, aligned, and only ever touched as an atomic.
        unsafe { AtomicU32::from_ptr(self.base.add(offset as usize).cast()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody borrows from it any more.
        unsafe { nix::libc::munmap(self.base.cast(), self.len) };
    }
}

/// The two queues, and every operation that is in them.
#[derive(Debug)]
pub struct Ring {
    fd: Fd,
    queues: Mapping,
    entries: Mapping,
    params: Params,
    /// By ticket.
    held: Vec<Option<Held>>,
    free: Vec<Ticket>,
    under_way: usize,
    /// Entries that wait for room in the queue.
    backlog: VecDeque<Entry>,
    /// Results that no kernel gave (faults): those of operations that were queued since the last
    /// `io_uring_enter`, and those from before.
    promised: VecDeque<(u64, i64)>,
    made_up: VecDeque<(u64, i64)>,
}

impl Ring {
    /// Operations whose result has not been taken.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Where the caller's entries end and the kernel has come to.
    fn submission(&self) -> (u32, u32) {
        let Offsets { head, tail, .. } = self.params.sq;
        let tail = self.queues.word(tail).load(Ordering::Relaxed);
        (tail, self.queues.word(head).load(Ordering::Acquire))
    }

    /// Puts as many entries into the queue as there is room for; how many wait there now.
    fn fill(&mut self) -> u32 {
        let (mut tail, head) = self.submission();
        while tail.wrapping_sub(head) < self.params.sq_entries
            && let Some(entry) = self.backlog.pop_front()
        {
            let place = tail & (self.params.sq_entries - 1);
            let at = place as usize * size_of::<Entry>();
            assert!(at + size_of::<Entry>() <= self.entries.len);
            // SAFETY: inside the mapping of entries; this one is behind the tail, so it is ours. What it
            // points to belongs to an operation in `held`, which stays there until its result has come.
            unsafe { self.entries.base.add(at).cast::<Entry>().write(entry) };
            let index = self.params.sq.array + 4 * place;
            self.queues.word(index).store(place, Ordering::Relaxed);
            tail = tail.wrapping_add(1);
        }
        self.queues
            .word(self.params.sq.tail)
            .store(tail, Ordering::Release);
        tail.wrapping_sub(head)
    }

    /// The next result, taken out of the queue.
    fn pop(&mut self) -> Option<(u64, i64)> {
        if let Some(result) = self.made_up.pop_front() {
            return Some(result);
        }
        let Offsets { head, tail, .. } = self.params.cq;
        let first = self.queues.word(head).load(Ordering::Relaxed);
        if first == self.queues.word(tail).load(Ordering::Acquire) {
            return None;
        }
        let place = (first & (self.params.cq_entries - 1)) as usize;
        let at = self.params.cq.dropped_or_cqes as usize + place * size_of::<Completion>();
        assert!(at + size_of::<Completion>() <= self.queues.len);
        // SAFETY: inside the mapping, and before the tail: the kernel has written it and leaves it alone.
        let result = unsafe { self.queues.base.add(at).cast::<Completion>().read() };
        self.queues
            .word(head)
            .store(first.wrapping_add(1), Ordering::Release);
        Some((result.user_data, i64::from(result.res)))
    }

    fn has_result(&self) -> bool {
        let Offsets { head, tail, .. } = self.params.cq;
        let first = self.queues.word(head).load(Ordering::Relaxed);
        !self.made_up.is_empty() || first != self.queues.word(tail).load(Ordering::Acquire)
    }

    fn hold(&mut self, held: Held) -> Ticket {
        self.under_way += 1;
        match self.free.pop() {
            Some(ticket) => {
                self.held[ticket.0 as usize] = Some(held);
                ticket
            }
            None => {
                self.held.push(Some(held));
                Ticket(self.held.len() as u32 - 1)
            }
        }
    }
}

impl Drop for Ring {
    /// What the kernel may still write to is never freed.
    fn drop(&mut self) {
        if self.under_way > 0 {
            std::mem::forget(std::mem::take(&mut self.held));
        }
    }
}

impl<P: Probe> Kernel<P> {
    /// Asks whether a ring may be had, by a call that makes none (`man 2 io_uring_setup`): with no memory
    /// to write to it fails, but not before the question whether it is allowed.
    ///
    /// # Errors
    /// EPERM where it is forbidden (`kernel.io_uring_disabled`, or a filter), ENOSYS where there is none.
    pub fn io_uring_allowed(&mut self) -> Result<()> {
        match self.call(calls::IO_URING_SETUP, [0; 6]) {
            Err(errno @ Errno(nix::libc::EPERM | nix::libc::ENOSYS | nix::libc::EACCES)) => {
                Err(errno)
            }
            _ => Ok(()),
        }
    }

    /// `man 2 io_uring_setup`: a ring for the calling thread. Needs Linux 5.11.
    ///
    /// # Errors
    /// What the call said, or `mmap`; ENOSYS from a kernel that cannot do what we need.
    pub fn io_uring_setup(&mut self) -> Result<Ring> {
        let plain = SETUP_CQSIZE | SETUP_CLAMP;
        let ours = SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_SUBMIT_ALL;
        let mut params = Params::default();
        let mut fd = Err(Errno(nix::libc::EINVAL));
        // Before Linux 6.1 the second half is unknown, and not needed.
        for flags in [plain | ours, plain] {
            params = Params {
                flags,
                cq_entries: RESULTS,
                ..Params::default()
            };
            let args = [u64::from(ENTRIES), &raw mut params as u64, 0, 0, 0, 0];
            fd = self.call(calls::IO_URING_SETUP, args);
            if fd != Err(Errno(nix::libc::EINVAL)) {
                break;
            }
        }
        let fd = Fd(fd? as i32);
        let needed = FEAT_SINGLE_MMAP | FEAT_NODROP | FEAT_EXT_ARG;
        if params.features & needed != needed {
            let _ = self.close(fd);
            return Err(Errno(nix::libc::ENOSYS));
        }
        let queue = params.sq.array as usize + 4 * params.sq_entries as usize;
        let results = params.cq.dropped_or_cqes as usize
            + size_of::<Completion>() * params.cq_entries as usize;
        let entries = size_of::<Entry>() * params.sq_entries as usize;
        let mapped = Mapping::new(fd, queue.max(results), OFFSET_OF_RINGS)
            .and_then(|queues| Ok((queues, Mapping::new(fd, entries, OFFSET_OF_ENTRIES)?)));
        match mapped {
            Ok((queues, entries)) => Ok(Ring {
                fd,
                queues,
                entries,
                params,
                held: Vec::new(),
                free: Vec::new(),
                under_way: 0,
                backlog: VecDeque::new(),
                promised: VecDeque::new(),
                made_up: VecDeque::new(),
            }),
            Err(errno) => {
                let _ = self.close(fd);
                Err(errno)
            }
        }
    }

    /// Queues an operation. Nothing happens before the next [`Kernel::io_uring_enter`].
    pub fn queue(&mut self, ring: &mut Ring, mut operation: Operation) -> Ticket {
        let (id, args) = operation.as_call();
        let fault = match (&mut self.plan, id) {
            (Some(plan), Some(id)) => plan.fault(id, &args, |_| false),
            _ => None,
        };
        let Fault {
            mut args,
            result,
            marks,
            aux,
            delay_enter,
            delay_exit,
        } = fault.unwrap_or(Fault {
            args,
            result: None,
            marks: 0,
            aux: 0,
            delay_enter: Duration::ZERO,
            delay_exit: Duration::ZERO,
        });
        let opcode = operation.opcode();
        let ticket = ring.hold(Held {
            operation,
            id,
            args,
            marks,
            aux,
            delay: delay_exit,
        });
        args[5] = ticket.user_data();
        self.probe.ring(&RingStep {
            id,
            opcode,
            args: &args,
            ret: None,
            marks,
            aux,
        });
        std::thread::sleep(delay_enter);
        match (result, &ring.held[ticket.0 as usize]) {
            (Some(result), _) => ring.promised.push_back((ticket.user_data(), result)),
            (None, Some(held)) => {
                let entry = held.operation.entry(&args, ticket.user_data());
                ring.backlog.push_back(entry);
            }
            (None, None) => {}
        }
        ticket
    }

    /// `man 2 io_uring_enter`: hands over what is queued and, if nothing has ended yet, sleeps until
    /// something has, `timeout` nanoseconds at most (`None`: for ever).
    ///
    /// # Errors
    /// What the call said; ETIME and EINTR are usual ones. What was handed over stays so.
    pub fn io_uring_enter(&mut self, ring: &mut Ring, timeout: Option<u64>) -> Result<u32> {
        let queued = ring.fill();
        ring.made_up.append(&mut ring.promised);
        let wanted = u64::from(!ring.has_result() && ring.backlog.is_empty());
        let time = timeout.map(super::wait::timespec);
        let limit = Limit {
            sigmask: 0,
            sigmask_size: 0,
            pad: 0,
            time: time
                .as_ref()
                .map_or(0, |time| std::ptr::from_ref(time) as u64),
        };
        let (flags, pointer, size) = match time {
            Some(_) if wanted > 0 => (
                ENTER_GETEVENTS | ENTER_EXT_ARG,
                &raw const limit as u64,
                size_of::<Limit>() as u64,
            ),
            _ => (ENTER_GETEVENTS, 0, 0),
        };
        let args = [
            ring.fd.0 as u64,
            u64::from(queued),
            wanted,
            flags,
            pointer,
            size,
        ];
        Ok(self.call(calls::IO_URING_ENTER, args)? as u32)
    }

    /// The next operation that has ended, and its result.
    pub fn ended(&mut self, ring: &mut Ring) -> Option<(Operation, Result<i64>)> {
        loop {
            let (user_data, ret) = ring.pop()?;
            let place = usize::try_from(user_data).ok()?.checked_sub(1)?;
            let Some(held) = ring.held.get_mut(place).and_then(Option::take) else {
                continue;
            };
            ring.free.push(Ticket(place as u32));
            ring.under_way -= 1;
            std::thread::sleep(held.delay);
            let mut args = held.args;
            args[5] = user_data;
            self.probe.ring(&RingStep {
                id: held.id,
                opcode: held.operation.opcode(),
                args: &args,
                ret: Some(ret),
                marks: held.marks,
                aux: held.aux,
            });
            let result = match ret {
                failed if failed < 0 => Err(Errno(-failed as i32)),
                value => Ok(value),
            };
            return Some((held.operation, result));
        }
    }

    /// Closes the ring. Operations that are under way are lost, and with them their memory.
    pub fn close_ring(&mut self, ring: Ring) {
        let _ = self.close(ring.fd);
    }
}
