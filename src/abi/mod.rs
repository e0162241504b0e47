//! Names and numbers: what the kernel's interface is made of. The ground floor; it names no other
//! folder.
//!
//! In: nothing. Out: tables and small types. Each table names the header or man page it repeats.
//! Unknown numbers and bits survive: they are shown as numbers, never dropped.

pub mod address;
pub mod calls;
pub mod errno;
pub mod flags;
pub mod ioctl;
pub mod siginfo;

/// A file descriptor's number. Plain data: nothing closes it but a `close` call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fd(pub i32);

impl std::fmt::Display for Fd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A process id or thread id (`man 2 gettid`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Pid(pub u32);

impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
