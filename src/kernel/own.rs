//! Calls for the tool's own descriptors (its terminal, its files): made quietly, never reported,
//! because they are no part of serving.

use super::Errno;
use crate::abi::Fd;
use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::os::fd::IntoRawFd;
use std::os::fd::OwnedFd;

/// How many columns the terminal behind `fd` has (`man 2 TIOCGWINSZ`); `None` when it has none or
/// will not say.
pub fn terminal_columns(fd: &impl AsFd) -> Option<usize> {
    terminal_size(fd).map(|(columns, _)| columns)
}

/// Columns and rows of the terminal behind `fd`; rows are 0 where only the columns are known.
pub fn terminal_size(fd: &impl AsFd) -> Option<(usize, usize)> {
    let mut size = nix::libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ fills in one winsize, and this one is ours.
    let ret =
        unsafe { nix::libc::ioctl(fd.as_fd().as_raw_fd(), nix::libc::TIOCGWINSZ, &raw mut size) };
    (ret == 0 && size.ws_col > 0).then_some((size.ws_col as usize, size.ws_row as usize))
}

/// Moves a descriptor to the first free number from `lowest` on, or as high as the limit on open
/// files allows, closed on exec.
///
/// # Errors
/// What `fcntl` said (`man 2 F_DUPFD_CLOEXEC`).
pub fn move_high(fd: OwnedFd, lowest: i32) -> io::Result<OwnedFd> {
    let mut at = lowest;
    loop {
        // SAFETY: fcntl only makes a second number for the same open file.
        let high = unsafe { nix::libc::fcntl(fd.as_raw_fd(), nix::libc::F_DUPFD_CLOEXEC, at) };
        if high >= 0 {
            // SAFETY: the kernel just gave us this number; nobody else owns it.
            return Ok(unsafe { OwnedFd::from_raw_fd(high) });
        }
        let error = io::Error::last_os_error();
        // EINVAL: the number is above the limit; try lower, where there is room.
        if error.raw_os_error() != Some(nix::libc::EINVAL) || at <= 6 {
            return Err(error);
        }
        at /= 2;
    }
}

/// Gives a descriptor of the tool's own a number from `lowest` on; the old number is free again.
///
/// # Errors
/// What `fcntl` said; the descriptor is closed then.
pub fn lift(fd: Fd, lowest: i32) -> super::Result<Fd> {
    // SAFETY: the caller made this descriptor and hands it over: it goes on with the new number alone.
    let owned = unsafe { OwnedFd::from_raw_fd(fd.0) };
    match move_high(owned, lowest) {
        Ok(high) => Ok(Fd(high.into_raw_fd())),
        Err(error) => Err(Errno(error.raw_os_error().unwrap_or(0))),
    }
}

/// Takes these words out of the environment, so that no child finds them there. For a process that has no
/// second thread yet.
pub fn forget_variables(names: &[&CStr]) {
    for name in names {
        // SAFETY: a word that ends in NUL. The only caller is the first thread, before it has started another:
        // nobody reads the environment meanwhile.
        unsafe { nix::libc::unsetenv(name.as_ptr()) };
    }
}

/// Waits until the kernel has something to say about a descriptor, at most so long: an error or a RST; with
/// `anything`, also bytes, an end, a client. Nobody is told of it: it is for scenes, which must be the same
/// on a busy machine.
pub fn settle(fd: Fd, anything: bool, most: std::time::Duration) {
    let mut polled = nix::libc::pollfd {
        fd: fd.0,
        events: match anything {
            true => nix::libc::POLLIN | nix::libc::POLLRDHUP,
            false => 0,
        },
        revents: 0,
    };
    let most = i32::try_from(most.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the one structure is ours, and the call writes nothing else.
    unsafe { nix::libc::poll(&raw mut polled, 1, most) };
}

/// Closes, on exec, every descriptor of this process but the standard ones: so that the descriptors of a
/// program it starts begin at 3, whoever started this one and whatever they left open. What the kernel
/// says does not matter: without it, the numbers are higher.
pub fn keep_from_children() {
    // SAFETY: the call only sets a flag on descriptors (`man 2 close_range`); nothing is closed here.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_close_range,
            3,
            u32::MAX,
            nix::libc::CLOSE_RANGE_CLOEXEC,
        )
    };
}

/// Seconds to add to a time since 1970 (also in seconds) for local time (`man 3 localtime`).
pub fn utc_offset(time: i64) -> i64 {
    let mut broken = std::mem::MaybeUninit::<nix::libc::tm>::zeroed();
    // SAFETY: both pointers are to values of our own, and the structure is plain integers and a
    // pointer that nobody follows.
    unsafe {
        nix::libc::localtime_r(&raw const time, broken.as_mut_ptr());
        broken.assume_init().tm_gmtoff
    }
}

/// Ends this process as a signal would have ended it, so that whoever waits for it sees the same end;
/// without a core dump, for that is the other's. Gives 128 + `signal` where the signal does not end a
/// process.
pub fn end_by(signal: i32) -> u8 {
    let none = nix::libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: plain calls on values of our own; the default action runs no code of ours.
    unsafe {
        nix::libc::setrlimit(nix::libc::RLIMIT_CORE, &raw const none);
        nix::libc::signal(signal, nix::libc::SIG_DFL);
        let mut set = std::mem::MaybeUninit::<nix::libc::sigset_t>::uninit();
        nix::libc::sigemptyset(set.as_mut_ptr());
        nix::libc::sigaddset(set.as_mut_ptr(), signal);
        nix::libc::pthread_sigmask(nix::libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut());
        nix::libc::raise(signal);
    }
    (128 + signal) as u8
}

/// Ignores a signal in this process from now on.
pub fn ignore(signal: i32) {
    // SAFETY: no code of ours runs for an ignored signal.
    unsafe { nix::libc::signal(signal, nix::libc::SIG_IGN) };
}
