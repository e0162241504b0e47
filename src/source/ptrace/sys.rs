//! The few system calls a tracer lives on, by number: `ptrace`, `wait4`, `process_vm_readv`.
//!
//! In: thread ids and plain values. Out: results, and a thread's change of state taken apart. A layer of
//! our own, because wrappers refuse what a tracer must take: real-time signals in a wait status, stops of
//! `PTRACE_SEIZE`, `PTRACE_GET_SYSCALL_INFO` outside of glibc. Source: `man 2 ptrace`, `man 2 wait4`.

use crate::abi::errno::Errno;
use crate::abi::siginfo::SigInfo;
use nix::libc;

/// A thread's id, as the kernel's calls take it.
pub type Tid = i32;

/// What a call gives.
pub type Result<T> = std::result::Result<T, Errno>;

/// What became of a thread, as `wait4` tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It ended with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
    /// It stopped and waits for the tracer.
    Stopped(Stop),
    /// It was continued; only told of processes that are not traced.
    Continued,
}

/// Why a thread stopped. Each kind allows other requests, so each is a variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// At the beginning or the end of a call (`PTRACE_O_TRACESYSGOOD`).
    Call,
    /// At the beginning of a call that the filter wants (`PTRACE_O_TRACESECCOMP`).
    Filtered,
    /// A child or thread was made by fork, vfork or clone.
    Born,
    /// `execve` has replaced the program.
    Exec,
    /// `PTRACE_EVENT_STOP`, of a new child or after `PTRACE_INTERRUPT` or `SIGCONT`.
    Trap,
    /// The whole process is stopped by this signal (job control).
    Group(i32),
    /// This signal is about to be delivered.
    Signal(i32),
    /// An event nobody asked for.
    Other,
}

/// Takes a wait status apart (`man 2 ptrace`, "Stopped states").
fn change(status: i32) -> Change {
    if libc::WIFEXITED(status) {
        return Change::Exited(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Change::Killed(libc::WTERMSIG(status));
    }
    if !libc::WIFSTOPPED(status) {
        return Change::Continued;
    }
    let signal = libc::WSTOPSIG(status);
    let stop = match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Stop::Call,
        0 => Stop::Signal(signal),
        libc::PTRACE_EVENT_SECCOMP => Stop::Filtered,
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => Stop::Born,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Stop::Trap,
        libc::PTRACE_EVENT_STOP => Stop::Group(signal),
        _ => Stop::Other,
    };
    Change::Stopped(stop)
}

/// Waits for the next change of any thread that is traced, and of any child.
///
/// # Errors
/// `EINTR`: a signal came; `ECHILD`: there is nobody left.
#[inline]
pub fn wait() -> Result<(Tid, Change)> {
    wait_for(0).map(|found| found.unwrap_or((0, Change::Continued)))
}

/// The same without waiting; `None` when nothing has changed.
///
/// # Errors
/// As [`wait`].
pub fn poll() -> Result<Option<(Tid, Change)>> {
    wait_for(libc::WNOHANG)
}

#[inline]
fn wait_for(flags: i32) -> Result<Option<(Tid, Change)>> {
    let mut status = 0;
    // SAFETY: wait4 fills in one int, and this one is ours; no usage is asked for.
    let tid = unsafe {
        libc::syscall(
            libc::SYS_wait4,
            -1,
            &raw mut status,
            libc::__WALL | flags,
            std::ptr::null_mut::<libc::rusage>(),
        )
    };
    match tid {
        -1 => Err(last()),
        0 => Ok(None),
        tid => Ok(Some((tid as Tid, change(status)))),
    }
}

/// What the last call of this thread failed with.
pub fn last() -> Errno {
    Errno(nix::Error::last_raw())
}

/// Requests (`include/uapi/linux/ptrace.h`), of one type whatever the C library says.
mod ask {
    pub const PEEKDATA: u32 = 2;
    pub const CONT: u32 = 7;
    pub const DETACH: u32 = 17;
    pub const SYSCALL: u32 = 24;
    pub const GETEVENTMSG: u32 = 0x4201;
    pub const GETSIGINFO: u32 = 0x4202;
    pub const GETREGSET: u32 = 0x4204;
    pub const SETREGSET: u32 = 0x4205;
    pub const SEIZE: u32 = 0x4206;
    pub const INTERRUPT: u32 = 0x4207;
    pub const LISTEN: u32 = 0x4208;
    pub const GET_SYSCALL_INFO: u32 = 0x420e;
}

/// A request that takes and gives plain numbers, or an address that is the tracee's.
#[inline]
fn request(request: u32, tid: Tid, address: usize, data: usize) -> Result<i64> {
    // SAFETY: the callers below pass numbers, or pointers to memory of their own that lives longer.
    let ret = unsafe { libc::syscall(libc::SYS_ptrace, request as usize, tid, address, data) };
    if ret == -1 { Err(last()) } else { Ok(ret) }
}

/// Becomes the tracer of a thread without stopping it (`PTRACE_SEIZE`).
///
/// # Errors
/// `EPERM`: not allowed, or it has a tracer already; `ESRCH`: there is no such thread.
pub fn seize(tid: Tid, options: i32) -> Result<()> {
    request(ask::SEIZE, tid, 0, options as usize).map(|_| ())
}

/// Stops a thread; the stop is [`Stop::Trap`].
///
/// # Errors
/// `ESRCH`: it is gone.
pub fn interrupt(tid: Tid) -> Result<()> {
    request(ask::INTERRUPT, tid, 0, 0).map(|_| ())
}

/// Lets a stopped thread run until its next event, or with `to_call` until the next border of a call.
///
/// # Errors
/// `ESRCH`: it is gone, which its end will tell.
#[inline]
pub fn resume(tid: Tid, to_call: bool, signal: i32) -> Result<()> {
    let how = if to_call { ask::SYSCALL } else { ask::CONT };
    request(how, tid, 0, signal as usize).map(|_| ())
}

/// Leaves a thread in its group stop, waiting for `SIGCONT` (`PTRACE_LISTEN`).
///
/// # Errors
/// `ESRCH`: it is gone.
pub fn listen(tid: Tid) -> Result<()> {
    request(ask::LISTEN, tid, 0, 0).map(|_| ())
}

/// Lets a stopped thread go for good, with a signal to deliver, or 0.
///
/// # Errors
/// `ESRCH`: it is gone, or not stopped.
pub fn detach(tid: Tid, signal: i32) -> Result<()> {
    request(ask::DETACH, tid, 0, signal as usize).map(|_| ())
}

/// The number that belongs to an event: the child's id, the old id of a thread that executed a program.
///
/// # Errors
/// `ESRCH`: it is gone.
pub fn event_message(tid: Tid) -> Result<u64> {
    let mut message: libc::c_ulong = 0;
    let place = &raw mut message as usize;
    request(ask::GETEVENTMSG, tid, 0, place).map(|_| message as u64)
}

/// What the kernel says of the signal that is about to be delivered.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn signal_info(tid: Tid) -> Result<SigInfo> {
    let mut info = [0; size_of::<libc::siginfo_t>()];
    let place = info.as_mut_ptr() as usize;
    request(ask::GETSIGINFO, tid, 0, place)?;
    SigInfo::from_bytes(&info).ok_or(Errno(libc::EINVAL))
}

/// One word of a stopped thread's memory.
///
/// # Errors
/// `EIO` or `EFAULT`: nothing is there.
pub fn peek(tid: Tid, address: u64) -> Result<u64> {
    let mut word: u64 = 0;
    let place = &raw mut word as usize;
    request(ask::PEEKDATA, tid, address as usize, place).map(|_| word)
}

/// At which border of a call a thread has stopped (`struct ptrace_syscall_info`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Border {
    /// It is about to make a call.
    Enter {
        /// The CPU mode it asked from: `AUDIT_ARCH_*`.
        arch: u32,
        /// The call's number in that mode.
        number: u64,
        /// The six argument registers.
        args: [u64; 6],
        /// A filter wants the stop, and gives this number with it; `None` before any filter was asked.
        wanted_by: Option<u32>,
    },
    /// The call has ended with this result, a negative errno on failure.
    Exit(i64),
    /// Neither.
    None,
}

/// `struct ptrace_syscall_info` (`include/uapi/linux/ptrace.h`), the larger arm of its union.
#[repr(C)]
#[derive(Default)]
struct SyscallInfo {
    op: u8,
    padding: [u8; 3],
    arch: u32,
    instruction: u64,
    stack: u64,
    /// Number and arguments; or, at exit, the result and whether it is an error.
    words: [u64; 7],
    filter_data: u32,
    reserved: u32,
}

const OP_ENTRY: u8 = 1;
const OP_EXIT: u8 = 2;
const OP_SECCOMP: u8 = 3;

/// Asks at which border of a call a stopped thread is (Linux 5.3).
///
/// # Errors
/// `EIO`: the kernel is older; `ESRCH`: the thread is gone.
#[inline]
pub fn border(tid: Tid) -> Result<Border> {
    let mut info = SyscallInfo::default();
    let place = &raw mut info as usize;
    request(ask::GET_SYSCALL_INFO, tid, size_of::<SyscallInfo>(), place)?;
    let [number, args @ ..] = info.words;
    Ok(match info.op {
        OP_ENTRY | OP_SECCOMP => Border::Enter {
            arch: info.arch,
            number,
            args,
            wanted_by: (info.op == OP_SECCOMP).then_some(info.filter_data),
        },
        OP_EXIT => Border::Exit(number as i64),
        _ => Border::None,
    })
}

/// Reads or writes a register set of a stopped thread (`PTRACE_GETREGSET`, `PTRACE_SETREGSET`).
///
/// # Errors
/// `ESRCH`: it is gone; `EINVAL`: no such set on this CPU.
pub fn register_set<T>(tid: Tid, write: bool, set: i32, value: &mut T) -> Result<()> {
    let mut vector = libc::iovec {
        iov_base: (value as *mut T).cast(),
        iov_len: size_of::<T>(),
    };
    let how = if write {
        ask::SETREGSET
    } else {
        ask::GETREGSET
    };
    let place = &raw mut vector as usize;
    request(how, tid, set as usize, place).map(|_| ())
}

/// Copies memory of another process (`man 2 process_vm_readv`); how many bytes came.
///
/// # Errors
/// `EFAULT`: nothing is there; `EPERM`: not allowed; `ENOSYS`: not built into this kernel.
#[inline]
pub fn read_memory(tid: Tid, address: u64, out: &mut [u8]) -> Result<usize> {
    let local = libc::iovec {
        iov_base: out.as_mut_ptr().cast(),
        iov_len: out.len(),
    };
    let remote = libc::iovec {
        iov_base: address as *mut _,
        iov_len: out.len(),
    };
    // SAFETY: the kernel writes at most `out.len()` bytes to `out`; the other address is not ours.
    let got = unsafe {
        libc::syscall(
            libc::SYS_process_vm_readv,
            tid,
            &raw const local,
            1usize,
            &raw const remote,
            1usize,
            0usize,
        )
    };
    if got < 0 {
        Err(last())
    } else {
        Ok(got as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_taken_apart_also_with_a_real_time_signal() {
        assert_eq!(change(3 << 8), Change::Exited(3));
        assert_eq!(change(9), Change::Killed(9));
        assert_eq!(change(0x80 | 11), Change::Killed(11));
        let stopped = |signal: i32, event: i32| change(event << 16 | signal << 8 | 0x7f);
        assert_eq!(stopped(40, 0), Change::Stopped(Stop::Signal(40)));
        assert_eq!(stopped(5 | 0x80, 0), Change::Stopped(Stop::Call));
        assert_eq!(stopped(5, 7), Change::Stopped(Stop::Filtered));
        assert_eq!(stopped(5, 128), Change::Stopped(Stop::Trap));
        assert_eq!(stopped(19, 128), Change::Stopped(Stop::Group(19)));
        assert_eq!(change(0xffff), Change::Continued);
    }

    #[test]
    fn the_structure_has_the_kernels_size() {
        assert_eq!(size_of::<SyscallInfo>(), 88);
    }
}
