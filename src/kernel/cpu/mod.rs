//! The instruction that enters the kernel, one small file for each CPU.
//!
//! In: a call's number and its six argument registers. Out: what the kernel left in the result
//! register: a negative errno on failure (`man 2 syscall`). The C library's `syscall` does the same and
//! then moves the errno into a variable, from which we would fetch it again. Left out on purpose: what
//! the arguments mean.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod other;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::enter;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use other::enter;
#[cfg(target_arch = "x86_64")]
pub use x86_64::enter;

#[cfg(test)]
mod tests {
    use super::enter;
    use nix::libc;

    #[test]
    fn a_result_and_an_errno_come_back_as_the_kernel_gives_them() {
        // SAFETY: neither call takes a pointer.
        let (pid, nowhere) = unsafe {
            (
                enter(libc::SYS_getpid as u64, &[0; 6]),
                enter(libc::SYS_close as u64, &[u64::MAX, 0, 0, 0, 0, 0]),
            )
        };
        assert_eq!(pid, i64::from(std::process::id()));
        assert_eq!(nowhere, -i64::from(libc::EBADF));
    }

    #[test]
    fn all_six_arguments_arrive_in_their_registers() {
        // An anonymous mapping is the call that needs six: the last two are checked by the kernel.
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
        let protection = (libc::PROT_READ | libc::PROT_WRITE) as u64;
        let args = [0, 4096, protection, flags, u64::MAX, 0];
        let unaligned = [0, 4096, protection, flags, u64::MAX, 1];
        // SAFETY: a new mapping, at an address of the kernel's choice, that is removed again.
        unsafe {
            let address = enter(libc::SYS_mmap as u64, &args);
            assert!(address > 0, "{address}");
            (address as *mut u64).write(7);
            assert_eq!((address as *const u64).read(), 7);
            let unmap = [address as u64, 4096, 0, 0, 0, 0];
            assert_eq!(enter(libc::SYS_munmap as u64, &unmap), 0);
            assert_eq!(
                enter(libc::SYS_mmap as u64, &unaligned),
                -i64::from(libc::EINVAL)
            );
        }
    }
}
