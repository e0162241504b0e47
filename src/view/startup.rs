//! Leaving out how a program starts: the loader's libraries, locales, modules that an interpreter reads, the
//! helpers that a script runs before its server.
//!
//! In: events. Out: whether one is left out, and in the end how many were, in words. A process starts with `execve`
//! and has started with its first call that has to do with the network, or reads its standard input (unless
//! a process that is starting itself has made it: helpers read pipes). What its children do meanwhile belongs
//! to its start, as far as it has nothing to do with the network either. A program that ends without any
//! such call is told as one line.

use crate::abi::address::Address;
use crate::abi::calls;
use crate::abi::calls::class;
use crate::event::Event;
use crate::event::ProcessEvent;
use crate::event::What;
use crate::event::call::Call;
use crate::event::call::CallName;
use crate::event::call::Syscall;

/// `AF_UNIX` (`man 7 unix`).
const UNIX: u32 = 1;

/// A process that is starting.
#[derive(Debug)]
struct Starting {
    pid: u32,
    /// How many of its calls were left out.
    hidden: u64,
    /// The process that made it and is starting too: all of this one's life is left out.
    parent: Option<u32>,
}

/// How far an event brings its process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// It is left out.
    Hidden,
    /// It is shown, and was before.
    Shown,
    /// The first that is shown of its process, behind so many calls that were not.
    Started(u64),
    /// Its process ends without having started, after so many calls.
    Ended(u64),
}

/// What to do with an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Showing {
    /// It is part of how a program starts: leave it out.
    Hidden,
    /// Show it.
    Shown,
    /// Show it, behind these words about what was left out.
    After(String),
}

/// Processes that are starting, and how many of their calls were left out.
#[derive(Debug, Default)]
pub struct Startup {
    starting: Vec<Starting>,
}

impl Startup {
    /// Where this event stands; each event is looked at once, in order.
    pub fn place_of(&mut self, event: &Event<'_>) -> Showing {
        let (hidden, what) = match self.stage(event) {
            Stage::Hidden => return Showing::Hidden,
            Stage::Shown | Stage::Started(0) | Stage::Ended(0) => return Showing::Shown,
            Stage::Started(hidden) => (hidden, "skipped while the program started"),
            Stage::Ended(hidden) => (hidden, "skipped: none of them on the network"),
        };
        let calls = if hidden == 1 { "call" } else { "calls" };
        Showing::After(format!("{hidden} {calls} {what}"))
    }

    fn place(&self, pid: u32) -> Option<usize> {
        self.starting.iter().position(|process| process.pid == pid)
    }

    /// What to do with this event.
    fn stage(&mut self, event: &Event<'_>) -> Stage {
        let pid = event.pid.0;
        let Some(place) = self.place(pid) else {
            if let What::Process(ProcessEvent::Exec { .. }) = event.what {
                self.starting.push(Starting {
                    pid,
                    hidden: 0,
                    parent: None,
                });
            }
            return Stage::Shown;
        };
        let of_a_child = self.starting[place].parent.is_some();
        match &event.what {
            // Who asked for a fault wants to see where it struck.
            What::Call(done) if done.injected || done.cut_from.is_some() => Stage::Shown,
            What::Call(done)
                if !matters(&done.syscall, of_a_child)
                    || (done.outcome.returned().is_none() && asks_a_daemon(&done.syscall)) =>
            {
                self.starting[place].hidden += 1;
                Stage::Hidden
            }
            What::Enter(syscall) | What::Pending(syscall)
                if !matters(syscall, of_a_child) || asks_a_daemon(syscall) =>
            {
                Stage::Hidden
            }
            What::Call(_) | What::Enter(_) | What::Pending(_) => {
                Stage::Started(self.starting.swap_remove(place).hidden)
            }
            What::Process(ProcessEvent::Spawn { child, thread }) => {
                if !thread && self.place(child.0).is_none() {
                    self.starting.push(Starting {
                        pid: child.0,
                        hidden: 0,
                        parent: Some(pid),
                    });
                }
                Stage::Hidden
            }
            What::Process(ProcessEvent::Exec { without_rights, .. }) if of_a_child => {
                match without_rights {
                    true => Stage::Shown,
                    false => Stage::Hidden,
                }
            }
            What::Process(ProcessEvent::Exit { .. } | ProcessEvent::Killed { .. })
                if event.pid == event.tid =>
            {
                let ended = self.starting.swap_remove(place);
                let heir = ended.parent.and_then(|parent| self.place(parent));
                if let Some(heir) = heir {
                    self.starting[heir].hidden += ended.hidden;
                }
                match ended.parent {
                    Some(_) => Stage::Hidden,
                    None => Stage::Ended(ended.hidden),
                }
            }
            What::Process(ProcessEvent::Exit { .. } | ProcessEvent::Killed { .. })
            | What::Signal { .. } => Stage::Hidden,
            What::Process(ProcessEvent::Exec { .. })
            | What::Ring(_)
            | What::Fd(_)
            | What::Lost { .. } => Stage::Shown,
        }
    }
}

/// Whether this call is what the program was started for. A helper that a script runs reads pipes.
fn matters(syscall: &Syscall<'_>, of_a_child: bool) -> bool {
    let CallName::Known(id) = syscall.name else {
        return false;
    };
    let classes = id.signature().classes;
    if id == calls::EXECVE || id == calls::EXECVEAT {
        return false;
    }
    match &syscall.call {
        // It has no address yet: what follows tells.
        Call::Socket { domain: UNIX, .. } => false,
        Call::Receive { fd, .. } => (fd.0 == 0 && !of_a_child) || classes & class::NETWORK != 0,
        _ => classes & class::NETWORK != 0 || id == calls::IO_URING_SETUP,
    }
}

/// Whether it asks a service of this machine, as the C library does for names of users and hosts: where there
/// is none, that was the start still.
fn asks_a_daemon(syscall: &Syscall<'_>) -> bool {
    matches!(
        &syscall.call,
        Call::Connect {
            address: Some(Address::Unix(_)),
            ..
        }
    )
}
