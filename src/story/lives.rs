//! Processes: made, replaced, ended; and whose table of descriptors is whose.
//!
//! A source that follows children says so (`Spawn`, `Exec`, `Exit`); of one that does not, what `clone`
//! returns must do. A thread has its process's table. Any other child begins with a copy of it
//! (`man 2 fork`), unless CLONE_FILES makes both use the same one; of that the parent's return tells, so
//! that what such a child does before its parent returns is done to a copy.

use super::Story;
use super::interpret::{At, Whose};
use super::words::Note;
use crate::abi::Pid;
use crate::abi::calls;
use crate::event::call::{CallName, Outcome};
use crate::event::{Event, ProcessEvent};

/// `clone` flags (`include/uapi/linux/sched.h`).
const CLONE_VM: u64 = 0x100;
const CLONE_FILES: u64 = 0x400;
const CLONE_THREAD: u64 = 0x10000;

impl Story {
    /// Calls that make, end and wait for processes.
    pub(super) fn lives(&mut self, at: &At<'_>) {
        let CallName::Known(id) = at.name else {
            return;
        };
        let note = match at.outcome {
            Outcome::Returned(0) if id == calls::WAIT4 => Note::NoChildGone,
            Outcome::Returned(pid) if id == calls::WAIT4 => Note::ChildGone(Pid(pid as u32)),
            Outcome::Unknown if id == calls::EXIT_GROUP => Note::Exits,
            _ => return,
        };
        self.notes.push(note);
    }

    pub(super) fn process(&mut self, event: &Event<'_>, what: &ProcessEvent) {
        match what {
            ProcessEvent::Spawn {
                thread: true,
                child,
            } => {
                self.spawns_told = true;
                let process = self.processes.place(event.pid);
                self.processes.at(process).threaded = true;
                self.threads.find(*child);
            }
            ProcessEvent::Spawn {
                thread: false,
                child,
            } => {
                self.spawns_told = true;
                self.spawned(event, *child);
            }
            ProcessEvent::Exec { .. } => self.exec(event),
            ProcessEvent::Exit { .. } | ProcessEvent::Killed { .. } => {
                match what {
                    ProcessEvent::Killed { signal } => self.killed(event.pid, *signal),
                    _ if event.tid == event.pid => self.exited(event.pid),
                    _ => {}
                }
                self.leaves(event.tid, event.t);
                self.threads.remove(event.tid);
                if event.tid == event.pid {
                    self.process_ended(event);
                }
            }
        }
    }

    /// A child with a copy of its parent's descriptors, working for the same connection.
    fn spawned(&mut self, event: &Event<'_>, child: Pid) {
        let Story {
            processes,
            connections,
            ..
        } = self;
        let table = processes.fork(event.pid, child);
        let links = table
            .iter()
            .filter(|info| info.open)
            .filter_map(|info| info.link);
        for link in links {
            if let Some(connection) = connections.get_mut(link) {
                connection.holders += 1;
            }
        }
        let current = self.threads.find(event.tid);
        let current = self.threads.current(current);
        let child = self.threads.find(child);
        self.threads.works_for(child, current);
    }

    /// `clone` and its kin have returned in the parent.
    pub(super) fn cloned(&mut self, event: &Event<'_>, at: &At<'_>, flags: u64) -> Whose {
        if let Outcome::Returned(child @ 1..) = at.outcome {
            let child = Pid(child as u32);
            let thread = flags & CLONE_THREAD != 0;
            self.notes.push(match thread {
                true => Note::ThreadMade(child),
                false => Note::Forked(child, flags & CLONE_VM != 0),
            });
            match (thread, self.spawns_told) {
                (true, false) => {
                    self.processes.at(at.process).threaded = true;
                    self.threads.find(child);
                    self.not_seen_yet(child);
                }
                (false, false) => {
                    self.spawned(event, child);
                    self.not_seen_yet(child);
                }
                (_, true) => {}
            }
            if !thread && flags & CLONE_FILES != 0 {
                self.share(event, child);
            }
        }
        let current = self.threads.current(at.thread);
        self.whose(at, current)
    }

    /// Parent and child use one table from here on: what the child's copy held is let go.
    fn share(&mut self, event: &Event<'_>, child: Pid) {
        let Some(copy) = self.processes.share(event.pid, child) else {
            return;
        };
        for link in copy
            .iter()
            .filter(|info| info.open)
            .filter_map(|info| info.link)
        {
            self.connections.release(link, event.t, &mut self.history);
        }
    }

    /// `man 2 execve`: descriptors marked close-on-exec are closed.
    fn exec(&mut self, event: &Event<'_>) {
        for link in self.processes.unshare(event.pid) {
            self.hold(link);
        }
        let process = self.processes.place(event.pid);
        let Story {
            processes,
            connections,
            history,
            ..
        } = self;
        for info in processes
            .at(process)
            .iter_mut()
            .filter(|i| i.open && i.close_on_exec)
        {
            info.open = false;
            info.closed = Some(event.t);
            if let Some(link) = info.link.take() {
                connections.release(link, event.t, history);
            }
        }
        self.check_inherited(process);
    }

    /// The first process is the program itself: its table is kept for the summary.
    fn process_ended(&mut self, event: &Event<'_>) {
        let first = self.processes.iter().next().map(|process| process.pid);
        if first == Some(event.pid) {
            return;
        }
        self.leaks_of(event.pid);
        let Some(gone) = self.processes.remove(event.pid) else {
            return;
        };
        for link in gone
            .iter()
            .filter(|info| info.open)
            .filter_map(|info| info.link)
        {
            self.connections.release(link, event.t, &mut self.history);
        }
    }
}
