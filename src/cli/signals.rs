//! Who ends the server: the first SIGINT or SIGTERM asks it to finish, the second ends it at once.
//!
//! The signals are blocked in every thread and taken by one that waits for them (`man 3 sigwait`), so
//! that no handler runs between a serving thread's calls.

use nix::sys::signal::{SigSet, Signal};

/// The two signals that end a server.
fn ending() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    set.add(Signal::SIGTERM);
    set
}

/// Blocks the ending signals in this thread and all that it starts, and starts the one that waits for
/// them: `first` runs at the first signal, `second` at the second, which then ends the process with 128 + its
/// number.
pub fn watch(
    first: impl FnOnce() + Send + 'static,
    second: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    let set = ending();
    let mut blocked = set;
    // The end of a child is read from a descriptor (`server::fork`): no thread may take the signal.
    blocked.add(Signal::SIGCHLD);
    blocked.thread_block()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if set.wait().is_err() {
                return;
            }
            first();
            if let Ok(signal) = set.wait() {
                second();
                std::process::exit(128 + signal as i32);
            }
        })?;
    Ok(())
}
