//! What differs on x86_64: the mode's name, and the registers that a fault changes.
//!
//! In: a stopped thread. Out: its registers changed. Arguments stand in rdi, rsi, rdx, r10, r8, r9, the
//! number in orig_rax, the result in rax (`man 2 syscall`). Everything else is the same on every CPU.

use super::sys::{self, Result, Tid};
use nix::libc::{self, user_regs_struct};

/// `AUDIT_ARCH_X86_64`.
pub const ARCH: u32 = 0xc000_003e;
/// Numbers from here on are x32's (`__X32_SYSCALL_BIT`).
pub const FOREIGN_BIT: u32 = 0x4000_0000;

/// The name of another mode that this CPU runs programs in.
pub fn mode(arch: u32) -> &'static str {
    match arch {
        0x4000_0003 => "i386",
        ARCH => "x32",
        _ => "unknown",
    }
}

fn registers(tid: Tid) -> Result<user_regs_struct> {
    // SAFETY: all zero is a valid set of registers; the kernel fills it in.
    let mut registers: user_regs_struct = unsafe { std::mem::zeroed() };
    sys::register_set(tid, false, libc::NT_PRSTATUS, &mut registers)?;
    Ok(registers)
}

fn change(tid: Tid, change: impl FnOnce(&mut user_regs_struct)) -> Result<()> {
    let mut registers = registers(tid)?;
    change(&mut registers);
    sys::register_set(tid, true, libc::NT_PRSTATUS, &mut registers)
}

/// Sets one of the six arguments.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn set_argument(tid: Tid, place: usize, value: u64) -> Result<()> {
    change(tid, |r| match place {
        0 => r.rdi = value,
        1 => r.rsi = value,
        2 => r.rdx = value,
        3 => r.r10 = value,
        4 => r.r8 = value,
        _ => r.r9 = value,
    })
}

/// At the beginning of a call: no call is made, the kernel does as if it had given `result`.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn suppress(tid: Tid, result: i64) -> Result<()> {
    change(tid, |r| {
        r.orig_rax = u64::MAX;
        r.rax = result as u64;
    })
}

/// At the end of a call: what the program will find as its result.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn set_result(tid: Tid, result: i64) -> Result<()> {
    change(tid, |r| r.rax = result as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// `struct user_regs_struct` (`arch/x86/include/asm/user_64.h`).
    #[test]
    fn the_registers_stand_where_the_kernel_has_them() {
        assert_eq!(size_of::<user_regs_struct>(), 27 * 8);
        assert_eq!(offset_of!(user_regs_struct, r10), 7 * 8);
        assert_eq!(offset_of!(user_regs_struct, rax), 10 * 8);
        assert_eq!(offset_of!(user_regs_struct, rdi), 14 * 8);
        assert_eq!(offset_of!(user_regs_struct, orig_rax), 15 * 8);
    }
}
