//! Asks the kernel whether it would let us: one harmless call each, made quietly, undone at once.
//!
//! In: nothing, or a child of ours. Out: `Ok`, or the errno that a real use would meet. Left out on
//! purpose: what to do about it, which is `doctor`'s.

use super::{Errno, Fd, Kernel, NoProbe, OpenHow, Result};
use crate::abi::Pid;
use crate::abi::calls::CallId;
use nix::libc;

/// `AT_FDCWD` (`man 2 openat`).
const HERE: Fd = Fd(libc::AT_FDCWD);
/// Bytes of a `struct io_uring_params`: ten words, and two tables of offsets of 40 bytes each.
const RING_PARAMS: usize = 120;
/// Bytes of `union bpf_attr` that creating a map reads: type, size of a key, size of a value, entries.
const MAP: usize = 16;
/// `BPF_MAP_CREATE` and `BPF_MAP_TYPE_ARRAY` (linux/bpf.h).
const MAP_CREATE: u64 = 0;
const ARRAY: u32 = 2;

fn call(name: &str, args: [u64; 6]) -> Result<i64> {
    let id = CallId::from_name(name).ok_or(Errno(libc::ENOSYS))?;
    Kernel::new(NoProbe).call(id, args)
}

fn give_back(fd: i64) {
    let _ = Kernel::new(NoProbe).close(Fd(fd as i32));
}

/// A ring of one entry (`man 2 io_uring_setup`).
///
/// # Errors
/// EPERM: `kernel.io_uring_disabled`, or a filter of system calls. ENOSYS: an old kernel, or a filter.
pub fn io_uring() -> Result<()> {
    let mut params = [0u8; RING_PARAMS];
    let ring = call(
        "io_uring_setup",
        [1, params.as_mut_ptr() as u64, 0, 0, 0, 0],
    )?;
    give_back(ring);
    Ok(())
}

/// A map of one word, which every eBPF program needs (`man 2 bpf`).
///
/// # Errors
/// EPERM: neither CAP_BPF nor `kernel.unprivileged_bpf_disabled=0`.
pub fn bpf() -> Result<()> {
    let mut map = [0u8; MAP];
    for (place, word) in map.as_chunks_mut::<4>().0.iter_mut().zip([ARRAY, 4, 4, 1]) {
        *place = word.to_ne_bytes();
    }
    let attr = map.as_ptr() as u64;
    let fd = call("bpf", [MAP_CREATE, attr, MAP as u64, 0, 0, 0])?;
    give_back(fd);
    Ok(())
}

/// Attaches to a child that is about to be killed (`man 2 ptrace`, PTRACE_SEIZE), which the end of
/// either undoes.
///
/// # Errors
/// EPERM: Yama, a container's filter, or another tracer.
pub fn ptrace(child: Pid) -> Result<()> {
    let seize = u64::from(libc::PTRACE_SEIZE);
    call("ptrace", [seize, u64::from(child.0), 0, 0, 0, 0])?;
    Ok(())
}

/// Opens `/` without leaving it (`man 2 openat2`, RESOLVE_BENEATH).
///
/// # Errors
/// ENOSYS: a kernel before 5.6, or a filter.
pub fn openat2() -> Result<()> {
    let mut kernel = Kernel::new(NoProbe);
    let root = kernel.openat(HERE, c"/", libc::O_PATH | libc::O_CLOEXEC, 0)?;
    let how = OpenHow {
        flags: (libc::O_PATH | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: libc::RESOLVE_BENEATH,
    };
    let opened = kernel.openat2(root, c".", &how);
    let _ = kernel.close(root);
    give_back(i64::from(opened?.0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_yes_or_an_errno_that_means_no() {
        let no = [libc::EPERM, libc::EACCES, libc::ENOSYS, libc::ENOMEM];
        for answer in [io_uring(), bpf(), openat2()] {
            if let Err(errno) = answer {
                assert!(no.contains(&errno.0), "{errno:?}");
            }
        }
    }

    #[test]
    fn a_child_may_be_traced_or_the_kernel_says_why_not() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let answer = ptrace(Pid(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Err(errno) = answer {
            assert!([libc::EPERM, libc::ENOSYS].contains(&errno.0), "{errno:?}");
        }
        // A process that is gone can never be traced.
        assert!(ptrace(Pid(u32::MAX >> 1)).is_err());
    }
}
