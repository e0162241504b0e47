//! Waking a thread that sleeps in a call: a signal whose handler does nothing.
//!
//! In: a thread's id. Out: its call returns EINTR. The signal is SIGURG, which nobody else uses for
//! anything and which is ignored by default, so one that comes late does no harm. This is the
//! tool's own machinery: no probe is told.

use crate::abi::Pid;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

extern "C" fn nothing(_: libc::c_int) {}

/// Installs the handler. Without `SA_RESTART`: calls that are interrupted are meant to return.
pub fn install() -> nix::Result<()> {
    let action = SigAction::new(
        SigHandler::Handler(nothing),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler touches nothing at all.
    unsafe { sigaction(Signal::SIGURG, &action) }?;
    Ok(())
}

/// The calling thread's id.
pub fn this_thread() -> Pid {
    Pid(nix::unistd::gettid().as_raw() as u32)
}

/// Interrupts the call that this thread of ours is in, if it is in one. A thread that is about to
/// enter a call is not stopped from doing so: poke again until it has noticed.
pub fn poke(thread: Pid) {
    let process = std::process::id();
    // SAFETY: three integers; a thread that has ended gives ESRCH.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread.0, libc::SIGURG) };
}

/// Interrupts the call that a child of ours is in, as [`poke`] does a thread.
pub fn poke_process(child: Pid) {
    // SAFETY: two integers.
    unsafe { libc::kill(child.0 as libc::pid_t, libc::SIGURG) };
}

/// Tells the parent to look around, as the end of a child would.
pub fn wake_parent() {
    // SAFETY: two integers.
    unsafe { libc::kill(libc::getppid(), libc::SIGCHLD) };
}

/// Ends a child of ours that does not end by itself.
pub fn kill(child: Pid) {
    // SAFETY: two integers; the child was not waited for, so the number is still its own.
    unsafe { libc::kill(child.0 as libc::pid_t, libc::SIGKILL) };
}
