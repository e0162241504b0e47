//! aarch64: number in `x8`, arguments in `x0` to `x5`, result in `x0` (`man 2 syscall`).

use std::arch::asm;

/// Makes the call with this number.
///
/// # Safety
/// Pointers among the arguments are good for what the call does with them.
#[inline(always)]
pub unsafe fn enter(number: u64, args: &[u64; 6]) -> i64 {
    let result: i64;
    // SAFETY: the caller answers for the arguments. The instruction uses no stack of ours; memory may
    // change.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") args[0] as i64 => result,
            in("x1") args[1],
            in("x2") args[2],
            in("x3") args[3],
            in("x4") args[4],
            in("x5") args[5],
            options(nostack),
        );
    }
    result
}
