//! What stands behind the third argument of `ioctl`, for the requests that servers make.
//!
//! In: a request. Out: what its argument is. Left out on purpose: the requests of terminals (but for a
//! window's size and `struct termios`), disks and devices: their argument is shown as the number it is.
//!
//! Sources: `man 2 ioctl_tty`, `man 7 tcp`, `man 7 socket`, `include/uapi/asm-generic/ioctls.h`.

use super::flags::{self, FlagSet};

/// The names of the numbers that a request is given.
pub fn names(request: u64) -> Option<&'static FlagSet> {
    match request as u32 {
        // TCXONC, TCFLSH.
        0x540a => Some(&flags::FLOW),
        0x540b => Some(&flags::FLUSH),
        _ => None,
    }
}

/// What a request's argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IoctlArg {
    /// There is none.
    Nothing,
    /// The register itself is the number.
    Number,
    /// It points to an `int` that the program hands over.
    IntIn,
    /// It points to an `int` that the kernel fills in.
    IntOut,
    /// It points to a `struct winsize` that the program hands over.
    WindowIn,
    /// It points to a `struct winsize` that the kernel fills in.
    WindowOut,
    /// It points to a `struct termios` that the program hands over.
    TerminalIn,
    /// It points to a `struct termios` that the kernel fills in.
    TerminalOut,
    /// We do not look.
    Unknown,
}

impl IoctlArg {
    /// Of a request (its low 32 bits).
    #[inline]
    pub const fn of(request: u64) -> IoctlArg {
        match request as u32 {
            // FIOCLEX, FIONCLEX, TIOCEXCL, TIOCNXCL, TIOCNOTTY.
            0x5451 | 0x5450 | 0x540c | 0x540d | 0x5422 => IoctlArg::Nothing,
            // TIOCSCTTY, TCSBRK, TCXONC, TCFLSH.
            0x540e | 0x5409 | 0x540a | 0x540b => IoctlArg::Number,
            // FIONBIO, FIOASYNC.
            0x5421 | 0x5452 => IoctlArg::IntIn,
            // FIONREAD, TIOCOUTQ, SIOCATMARK.
            0x541b | 0x5411 | 0x8905 => IoctlArg::IntOut,
            0x5414 => IoctlArg::WindowIn,
            0x5413 => IoctlArg::WindowOut,
            // TCSETS, TCSETSW, TCSETSF.
            0x5402..=0x5404 => IoctlArg::TerminalIn,
            // TCGETS.
            0x5401 => IoctlArg::TerminalOut,
            _ => IoctlArg::Unknown,
        }
    }

    /// Bytes of the memory it points to.
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            IoctlArg::IntIn | IoctlArg::IntOut => 4,
            IoctlArg::WindowIn | IoctlArg::WindowOut => 8,
            // Four words, the line discipline and 19 characters, filled up to whole words.
            IoctlArg::TerminalIn | IoctlArg::TerminalOut => 36,
            IoctlArg::Nothing | IoctlArg::Number | IoctlArg::Unknown => 0,
        }
    }

    /// The program hands the memory over.
    #[inline]
    pub const fn is_input(self) -> bool {
        matches!(
            self,
            IoctlArg::IntIn | IoctlArg::WindowIn | IoctlArg::TerminalIn
        )
    }
}
