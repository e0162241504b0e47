//! What this process was given at its start, before anything changed it.
//!
//! In: nothing. Out: whether SIGPIPE was ignored, and which of the standard streams were closed. Rust's runtime
//! ignores SIGPIPE and opens `/dev/null` for standard streams that are closed, both before `main`; a program that
//! is run from here must find what it would have found without us. So this looks before the runtime does: the
//! C library calls the functions of `.init_array` first (System V ABI, "Initialization and Termination Functions").

use nix::libc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

static SIGPIPE_IGNORED: AtomicBool = AtomicBool::new(false);
static SIGXFSZ_IGNORED: AtomicBool = AtomicBool::new(false);
/// A bit for each of descriptors 0 to 2 that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

// SAFETY: the section holds pointers to functions of this type; this one makes three kinds of plain calls and
// writes to statics of its own, so it may run before anything was set up.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    SIGPIPE_IGNORED.store(is_ignored(libc::SIGPIPE), Ordering::Relaxed);
    SIGXFSZ_IGNORED.store(is_ignored(libc::SIGXFSZ), Ordering::Relaxed);
    for fd in 0..3 {
        // SAFETY: asks about a number; nothing is changed.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: all zeros is a valid sigaction; the call fills it in, and changes nothing without a new one.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut now) == 0
            && now.sa_sigaction == libc::SIG_IGN
    }
}

/// From now on a file that reaches its size limit (`man 2 setrlimit`, RLIMIT_FSIZE) is an error of the write,
/// as a full disk is, and not the end of this process.
pub fn survive_file_limit() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Gives a process that is about to become another program what this one was given. Plain system calls alone: it
/// may be called after `fork`.
pub fn hand_down() {
    let signals = [
        (libc::SIGPIPE, &SIGPIPE_IGNORED),
        (libc::SIGXFSZ, &SIGXFSZ_IGNORED),
    ];
    for (signal, ignored) in signals {
        let disposition = match ignored.load(Ordering::Relaxed) {
            true => libc::SIG_IGN,
            false => libc::SIG_DFL,
        };
        // SAFETY: neither disposition runs code of ours.
        unsafe { libc::signal(signal, disposition) };
    }
    let closed = CLOSED.load(Ordering::Relaxed);
    for fd in (0..3).filter(|fd| closed & (1 << fd) != 0) {
        // SAFETY: in this process nobody uses the number any more.
        unsafe { libc::close(fd) };
    }
}
