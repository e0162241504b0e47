//! A few words for calls that the story does not interpret, where they worked: what is different now.
//!
//! In: the call. Out: at most 29 columns, or nothing where the name says it all.

use crate::abi::calls;
use crate::abi::calls::CallId;

/// What is different after it.
pub(in crate::story) fn done(id: CallId) -> Option<&'static str> {
    Some(match id {
        calls::STAT | calls::LSTAT | calls::NEWFSTATAT | calls::STATX => "it is there",
        calls::ACCESS | calls::FACCESSAT | calls::FACCESSAT2 => "it is there",
        calls::READLINK | calls::READLINKAT => "where the link leads",
        calls::GETDENTS64 => "names in the directory",
        calls::UNLINK | calls::UNLINKAT => "that name is gone",
        calls::MKDIR | calls::MKDIRAT => "directory made",
        calls::CHDIR => "paths begin there now",
        calls::EVENTFD2 => "a counter to wait for",
        calls::SIGNALFD4 => "signals are read from it",
        calls::TIMERFD_CREATE => "a timer to wait for",
        calls::TIMERFD_SETTIME => "the timer is set",
        calls::NANOSLEEP | calls::CLOCK_NANOSLEEP => "slept that long",
        calls::RT_SIGPROCMASK => "which signals shall wait",
        calls::RT_SIGACTION => "what a signal shall do",
        calls::KILL | calls::TGKILL => "signal sent",
        _ => return None,
    })
}
