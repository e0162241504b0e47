//! x86-64: number and result in `rax`, arguments in `rdi rsi rdx r10 r8 r9` (`man 2 syscall`).

use std::arch::asm;

/// Makes the call with this number.
///
/// # Safety
/// Pointers among the arguments are good for what the call does with them.
#[inline(always)]
pub unsafe fn enter(number: u64, args: &[u64; 6]) -> i64 {
    let result: i64;
    // SAFETY: the caller answers for the arguments. The instruction overwrites `rcx` and `r11`; it uses
    // no stack of ours; memory may change.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as i64 => result,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}
