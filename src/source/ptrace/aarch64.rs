//! What differs on aarch64: the mode's name, and the registers that a fault changes.
//!
//! In: a stopped thread. Out: its registers changed. Arguments stand in x0 to x5 and the result in x0; the
//! number is a register set of its own while a call is made (`man 2 syscall`, `NT_ARM_SYSTEM_CALL`).
//! Everything else is the same on every CPU.

use super::sys::{self, Result, Tid};
use nix::libc::{self, user_regs_struct};

/// `AUDIT_ARCH_AARCH64`.
pub const ARCH: u32 = 0xc000_00b7;
/// No bit marks the numbers of another mode here; none is as large.
pub const FOREIGN_BIT: u32 = u32::MAX;

/// The name of another mode that this CPU runs programs in.
pub fn mode(arch: u32) -> &'static str {
    match arch {
        0x4000_0028 => "32-bit Arm",
        _ => "unknown",
    }
}

/// The register set that holds the number of the call that is being made.
const NT_ARM_SYSTEM_CALL: i32 = 0x404;

fn change(tid: Tid, change: impl FnOnce(&mut user_regs_struct)) -> Result<()> {
    // SAFETY: all zero is a valid set of registers; the kernel fills it in.
    let mut registers: user_regs_struct = unsafe { std::mem::zeroed() };
    sys::register_set(tid, false, libc::NT_PRSTATUS, &mut registers)?;
    change(&mut registers);
    sys::register_set(tid, true, libc::NT_PRSTATUS, &mut registers)
}

/// Sets one of the six arguments.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn set_argument(tid: Tid, place: usize, value: u64) -> Result<()> {
    change(tid, |r| r.regs[place] = value)
}

/// At the beginning of a call: no call is made. The result is set at its end, for x0 still is an argument.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn suppress(tid: Tid, _result: i64) -> Result<()> {
    let mut none: i32 = -1;
    sys::register_set(tid, true, NT_ARM_SYSTEM_CALL, &mut none)
}

/// At the end of a call: what the program will find as its result.
///
/// # Errors
/// `ESRCH`: the thread is gone.
pub fn set_result(tid: Tid, result: i64) -> Result<()> {
    change(tid, |r| r.regs[0] = result as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// `struct user_pt_regs` (`arch/arm64/include/uapi/asm/ptrace.h`): x0 to x30, sp, pc, pstate.
    #[test]
    fn the_registers_stand_where_the_kernel_has_them() {
        assert_eq!(size_of::<user_regs_struct>(), 34 * 8);
        assert_eq!(offset_of!(user_regs_struct, regs), 0);
        assert_eq!(offset_of!(user_regs_struct, sp), 31 * 8);
        assert_eq!(offset_of!(user_regs_struct, pc), 32 * 8);
    }
}
