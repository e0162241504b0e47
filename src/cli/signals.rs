//! Who ends the server: the first SIGINT or SIGTERM asks it to finish, the second ends it at once.
//!
//! The signals are blocked in every thread and taken by one that waits for them (`man 3 sigwait`), so
//! that no handler runs between a serving thread's calls. `trace` has its own way: its signals are the
//! traced program's first.

use crate::source::ptrace::Control;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use std::sync::Arc;
use std::time::Duration;

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
            super::pace::let_go();
            first();
            if let Ok(signal) = set.wait() {
                second();
                crate::kernel::raw_mode::give_back();
                std::process::exit(128 + signal as i32);
            }
        })?;
    Ok(())
}

/// The signals that end a tracer, which are the program's business first.
const PASSED: [Signal; 4] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGQUIT,
    Signal::SIGHUP,
];

/// Blocks the signals that [`pass_on`] takes, in this thread and all that it starts. Gives the mask from
/// before, which belongs to the program to be run.
pub fn block() -> std::io::Result<SigSet> {
    let mut set = SigSet::empty();
    PASSED.iter().for_each(|signal| set.add(*signal));
    Ok(set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?)
}

/// Starts the thread that takes signals for the tracer. What the terminal sends (Ctrl-C) reaches the
/// program by itself. What is sent to the tracer alone is passed on to a program it has launched, and the
/// second one kills that; a tracer that was attached lets go instead.
pub fn pass_on(control: Arc<Control>, launched: bool) -> std::io::Result<()> {
    let mut set = SigSet::empty();
    PASSED.iter().for_each(|signal| set.add(*signal));
    let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC)?;
    if launched {
        // The program is stopped by the terminal; we stop when it has stopped (`Tracer`).
        for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU] {
            crate::kernel::ignore(signal as i32);
        }
        // But while somebody looks, the program is held, and cannot be stopped by the terminal.
        crate::kernel::raw_mode::defer_stops();
    }
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let mut came = 0;
            while let Ok(Some(info)) = signals.read_signal() {
                let signal = info.ssi_signo as i32;
                super::pace::let_go();
                if !launched {
                    leave(&control);
                } else if info.ssi_code != SI_KERNEL {
                    came += 1;
                    send(
                        &control,
                        if came == 1 {
                            signal
                        } else {
                            Signal::SIGKILL as i32
                        },
                    );
                }
            }
        })?;
    Ok(())
}

/// The code of a signal that the kernel sends, as it does for a terminal (`man 2 sigaction`).
const SI_KERNEL: i32 = 0x80;
/// How long a tracer is given to hear that it is to leave.
const AGAIN: Duration = Duration::from_millis(10);

fn leave(control: &Control) {
    while !control.is_over() {
        control.leave();
        std::thread::sleep(AGAIN);
    }
}

fn send(control: &Control, signal: i32) {
    match (control.program(), Signal::try_from(signal)) {
        (Some(program), Ok(signal)) => {
            let _ = kill(Pid::from_raw(program), signal);
        }
        // It has ended, and what it has started runs on.
        _ => leave(control),
    }
}
