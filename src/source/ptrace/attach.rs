//! Becomes the tracer of processes that run already.
//!
//! In: a process id. Out: all its threads, seized and about to stop for a moment; or why not. Threads may
//! be made while we look: `/proc/PID/task` is read until nothing new is in it.

use super::sys::{self, Tid};
use super::tracee::status_field;
use crate::abi::errno::Errno;
use nix::libc;

/// Why a process cannot be traced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The process.
    pub pid: i32,
    /// What `ptrace` said.
    pub errno: Errno,
    /// The process that traces it already, if one does.
    pub tracer: Option<u32>,
    /// It has ended, and only its status is left for its parent.
    pub ended: bool,
    /// Whose process it is, as far as `/proc` says.
    pub owner: Option<u32>,
}

/// Seizes all threads of a process and stops each for a moment.
///
/// # Errors
/// Why its first thread cannot be traced. Threads that end meanwhile are no error.
pub fn seize_all(pid: i32, options: i32) -> Result<Vec<Tid>, Refusal> {
    let refusal = |errno| Refusal {
        pid,
        errno,
        tracer: status_field(pid, "TracerPid:").filter(|tracer| *tracer != 0),
        ended: is_zombie(pid),
        owner: status_field(pid, "Uid:"),
    };
    if let Some(leader) = status_field(pid, "Tgid:").filter(|leader| *leader != pid as u32) {
        // A thread's id: strace takes it for the thread alone; here a process is meant.
        return seize_all(leader as i32, options);
    }
    let mut seized: Vec<Tid> = Vec::new();
    loop {
        let before = seized.len();
        for tid in threads(pid) {
            if seized.contains(&tid) {
                continue;
            }
            match sys::seize(tid, options).and_then(|()| sys::interrupt(tid)) {
                Ok(()) => seized.push(tid),
                // A first thread that has ended before the others stays as a zombie, which nobody can trace.
                Err(errno) if errno.0 == libc::EPERM && is_zombie(tid) => {}
                // It has ended, or its maker was ours already and so is it.
                Err(errno) if !seized.is_empty() || errno.0 == libc::ESRCH && tid != pid => {
                    let ours = status_field(tid, "TracerPid:") == Some(std::process::id());
                    if ours {
                        seized.push(tid);
                    }
                }
                // Those seized before are let go when this process ends, or when they are detached.
                Err(errno) => return Err(refusal(errno)),
            }
        }
        if seized.is_empty() {
            return Err(refusal(Errno(libc::ESRCH)));
        }
        if seized.len() == before {
            return Ok(seized);
        }
    }
}

/// Whether it has ended and only its status is left.
fn is_zombie(tid: Tid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:\tZ"))
}

fn threads(pid: i32) -> Vec<Tid> {
    let Ok(folder) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}
