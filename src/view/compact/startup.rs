//! Leaving out how a program starts: the loader's libraries, locales, modules that an interpreter reads.
//!
//! In: events. Out: whether one is left out, and in the end how many were. A process starts with `execve`
//! and has started with its first call that matters: one that has to do with the network, waits for
//! events, makes a process, writes, reads its standard input, or ends it. A child that was forked and
//! executes nothing does not start in this sense.

use super::CompactView;
use crate::abi::calls;
use crate::abi::calls::class;
use crate::event::Event;
use crate::event::ProcessEvent;
use crate::event::What;
use crate::event::call::Call;
use crate::event::call::CallName;
use crate::event::call::Syscall;
use crate::event::digits::decimal;
use crate::view::paint::Ink;

/// Processes that are starting, and how many of their calls were left out.
#[derive(Debug, Default)]
pub struct Startup {
    starting: Vec<(u32, u64)>,
}

impl Startup {
    /// Whether to leave this event out.
    fn hides(&mut self, event: &Event<'_>) -> bool {
        let pid = event.pid.0;
        if let What::Process(ProcessEvent::Exec { .. }) = event.what {
            if !self.starting.iter().any(|(of, _)| *of == pid) {
                self.starting.push((pid, 0));
            }
            return false;
        }
        let Some((_, hidden)) = self.starting.iter_mut().find(|(of, _)| *of == pid) else {
            return false;
        };
        match &event.what {
            What::Call(done) if !matters(&done.syscall) => {
                *hidden += 1;
                true
            }
            What::Enter(syscall) | What::Pending(syscall) => !matters(syscall),
            _ => false,
        }
    }

    /// How many calls of this process were left out, once it has started.
    fn started(&mut self, event: &Event<'_>) -> u64 {
        let over = match &event.what {
            What::Call(_) | What::Enter(_) | What::Pending(_) => true,
            What::Process(ProcessEvent::Spawn { .. }) => true,
            What::Process(ProcessEvent::Exit { .. } | ProcessEvent::Killed { .. }) => {
                event.pid == event.tid
            }
            What::Process(ProcessEvent::Exec { .. })
            | What::Fd(_)
            | What::Signal(_)
            | What::Lost { .. } => false,
        };
        let place = self.starting.iter().position(|(of, _)| *of == event.pid.0);
        place
            .filter(|_| over)
            .map_or(0, |place| self.starting.swap_remove(place).1)
    }
}

/// Whether this call is what the program was started for.
fn matters(syscall: &Syscall<'_>) -> bool {
    let CallName::Known(id) = syscall.name else {
        return false;
    };
    let classes = id.signature().classes;
    if id == calls::EXECVE || id == calls::EXECVEAT {
        return false;
    }
    match &syscall.call {
        Call::Receive { fd, .. } => (0..=2).contains(&fd.0) || classes & class::NETWORK != 0,
        Call::Send { .. }
        | Call::SendFile { .. }
        | Call::EpollCreate
        | Call::EpollControl { .. }
        | Call::EpollWait { .. }
        | Call::Poll { .. } => true,
        _ => {
            classes & (class::NETWORK | class::PROCESS) != 0
                || id == calls::IO_URING_SETUP
                || id == calls::IO_URING_ENTER
        }
    }
}

impl CompactView {
    /// Whether to leave this event out; says how many were, before the first that is not.
    pub(super) fn leaves_out(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> bool {
        if !self.options.skip_startup {
            return false;
        }
        if self.startup.hides(event) {
            return true;
        }
        let hidden = self.startup.started(event);
        if hidden > 0 {
            self.line.clear();
            self.paint.on(Ink::Faint, &mut self.line);
            decimal(&mut self.line, hidden);
            self.line.extend_from_slice(match hidden {
                1 => b" call skipped while the program started".as_slice(),
                _ => b" calls skipped while the program started",
            });
            self.paint.off(Ink::Faint, &mut self.line);
            self.remark(event, out);
        }
        false
    }
}
