//! A CPU that has no file here: through the C library.

use nix::libc;

/// Makes the call with this number.
///
/// # Safety
/// Pointers among the arguments are good for what the call does with them.
#[inline]
pub unsafe fn enter(number: u64, args: &[u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = *args;
    // SAFETY: the caller answers for the arguments.
    let result = unsafe { libc::syscall(number as libc::c_long, a, b, c, d, e, f) };
    match result {
        -1 => -i64::from(nix::Error::last_raw()),
        result => result as i64,
    }
}
