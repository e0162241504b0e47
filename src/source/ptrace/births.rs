//! Threads and processes that begin, become another program, or end.
//!
//! In: stops that tell of it. Out: `spawn`, `exec`, `exit` and `killed` records, and the tracer's own
//! book of who is there. A child may stop before its parent's stop tells of it: it waits until then, so
//! that its first call never comes before its birth.

use super::sys::{self, Tid};
use super::tracee::{effective, process_of};
use super::tracer::Tracer;
use crate::abi::siginfo::SigInfo;
use crate::event::build::Builder;
use crate::event::raw::{RawHead, kind, part};
use crate::kernel::clock::real;
use crate::source::handover::Handover;
use nix::libc;
use std::os::unix::fs::MetadataExt;

/// Whether the setuid or setgid bit of its program would give a process rights that it does not have
/// (`man 2 execve`: the bits are ignored for who is traced by somebody without those rights, and under `no_new_privs`).
fn has_not_its_rights(tid: Tid) -> bool {
    let Ok(about) = std::fs::metadata(format!("/proc/{tid}/exe")) else {
        return false;
    };
    let bits = about.mode();
    // Without the right to execute, setgid means something else (`man 7 inode`).
    let setgid = libc::S_ISGID | libc::S_IXGRP;
    bits & libc::S_ISUID != 0 && effective(tid, "Uid:") != Some(about.uid())
        || bits & setgid == setgid && effective(tid, "Gid:") != Some(about.gid())
}

impl Tracer {
    /// A thread has made a child, or another thread.
    pub(super) fn born(&mut self, parent: Tid, to: &Handover) {
        let Ok(message) = sys::event_message(parent) else {
            return;
        };
        let child = message as Tid;
        let pid = process_of(child).unwrap_or(message as u32);
        let is_thread = u64::from(pid != message as u32);
        self.fact(parent, kind::SPAWN, [message, is_thread, 0, 0, 0, 0], to);
        if let Some(place) = self.gone_early.iter().position(|tid| *tid == child) {
            self.gone_early.swap_remove(place);
            return;
        }
        if self.tracees.contains_key(&child) {
            // It stopped first, and nobody seemed to be there to tell of it.
            return;
        }
        self.adopt(child, pid, false);
        let sandboxed = self.is_sandboxed(parent);
        if let Some(tracee) = self.tracees.get_mut(&child) {
            // A filter is for whoever is born under it too.
            tracee.sandboxed = sandboxed;
        }
        if let Some(place) = self.early.iter().position(|tid| *tid == child) {
            self.early.swap_remove(place);
            self.go_on(child, 0);
        }
    }

    /// A thread has become another program. All other threads of its process are gone, and it has the
    /// process's id from now on, whatever its own was (`man 2 ptrace`, "execve(2) under ptrace").
    pub(super) fn executed(&mut self, tid: Tid, to: &Handover) {
        let before = sys::event_message(tid).map_or(tid, |old| old as Tid);
        if before != tid
            && let Some(mut caller) = self.tracees.remove(&before)
        {
            self.written(before, None, to);
            self.unfinished(tid, to);
            caller.pid = tid as u32;
            self.tracees.insert(tid, caller);
        }
        self.memories.forget(tid as u32);
        let Some(tracee) = self.tracees.get_mut(&tid) else {
            return;
        };
        tracee.launching = false;
        let path = std::fs::read_link(format!("/proc/{tid}/exe")).unwrap_or_default();
        let time = real();
        let mut record = Builder::default();
        record.begin(RawHead {
            kind: kind::EXEC,
            pid: tracee.pid,
            tid: tid as u32,
            args: [u64::from(has_not_its_rights(tid)), 0, 0, 0, 0, 0],
            enter: time,
            exit: time,
            ..RawHead::default()
        });
        record.whole(0, part::FIRST, path.as_os_str().as_encoded_bytes());
        to.push(&record.raw());
    }

    /// A signal is about to be delivered.
    pub(super) fn tell_signal(
        &mut self,
        tid: Tid,
        signal: i32,
        info: Option<&SigInfo>,
        to: &Handover,
    ) {
        let Some(tracee) = self.tracees.get(&tid).filter(|tracee| !tracee.launching) else {
            return;
        };
        let time = real();
        let mut record = Builder::default();
        record.begin(RawHead {
            kind: kind::SIGNAL,
            pid: tracee.pid,
            tid: tid as u32,
            args: [signal as u64, 0, 0, 0, 0, 0],
            enter: time,
            exit: time,
            ..RawHead::default()
        });
        if let Some(info) = info {
            record.whole(0, part::FIRST, info.bytes());
        }
        to.push(&record.raw());
    }

    /// A thread has ended.
    pub(super) fn tell_end(&mut self, tid: Tid, kind: u16, number: i32, to: &Handover) {
        if !self.tracees.contains_key(&tid) {
            if let Some(place) = self.early.iter().position(|early| *early == tid) {
                self.early.swap_remove(place);
            }
            return self.gone_early.push(tid);
        }
        self.written(tid, None, to);
        self.unfinished(tid, to);
        self.rest_of_foreign(tid, to);
        self.fact(tid, kind, [number as u64, 0, 0, 0, 0, 0], to);
        if let Some(gone) = self.tracees.remove(&tid)
            && !self.tracees.values().any(|other| other.pid == gone.pid)
        {
            self.memories.forget(gone.pid);
        }
    }
}
