//! Processes: making one, hearing of its end, ending (`man 2 clone`, `signalfd`, `wait4`).

use super::{Kernel, Probe, Result};
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::abi::{Fd, Pid};
use crate::event::raw::mark;
use nix::libc;

/// Bytes of the kernel's `sigset_t`: a bit for each of 64 signals (`man 2 rt_sigprocmask`).
const SIGSET: u64 = 8;
/// Bytes of a `struct signalfd_siginfo` (`man 2 signalfd`).
const SIGINFO: usize = 128;

/// In which of the two processes a [`Kernel::clone_process`] has returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clone {
    /// In the one that called: the child's id.
    Parent(Pid),
    /// In the new one, which has a copy of everything but the other threads.
    Child,
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its id.
    pub pid: Pid,
    /// The signal that killed it; `None` when it ended by itself.
    pub signal: Option<i32>,
}

impl<P: Probe> Kernel<P> {
    /// `man 2 clone` with no flag but the signal at the child's end: what `fork` is made of. In the
    /// child this kernel tells a probe of its own.
    pub fn clone_process(&mut self) -> Result<Clone> {
        super::heap::count();
        let childs = self.probe.fork_process();
        // Only a fault can make a parent believe that it is the child; an honest 0 is one.
        let parent = self.plan.is_some().then(std::process::id);
        let args = [libc::SIGCHLD as u64, 0, 0, 0, 0, 0];
        let id = self.call(calls::CLONE, args)?;
        if id > 0 {
            return Ok(Clone::Parent(Pid(id as u32)));
        }
        if parent == Some(std::process::id()) {
            return Err(Errno(libc::EAGAIN));
        }
        // The copy of the parent's probe is left where it is: what it owns is the parent's.
        std::mem::forget(std::mem::replace(&mut self.probe, childs));
        self.plan = self.plan.clone();
        Ok(Clone::Child)
    }

    /// `man 2 wait4` for any child, without waiting: one that has ended, or `None` while all live.
    /// What a child of a probe's left unfinished the probe settles, which sees this call's result first.
    pub fn wait4(&mut self, pid: Option<Pid>, options: i32) -> Result<Option<Ended>> {
        let mut status = 0i32;
        let whom = pid.map_or(-1, |pid| i64::from(pid.0));
        let args = [whom as u64, &raw mut status as u64, options as u64, 0, 0, 0];
        let pid = Pid(self.call(calls::WAIT4, args)? as u32);
        if pid == Pid(0) {
            return Ok(None);
        }
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        Ok(Some(Ended { pid, signal }))
    }

    /// `man 2 rt_sigprocmask`: this thread shall not be interrupted by this signal.
    pub fn block_signal(&mut self, signal: i32) -> Result<()> {
        let set = set_of(signal);
        let pointer = std::ptr::from_ref(&set) as u64;
        let args = [libc::SIG_BLOCK as u64, pointer, 0, SIGSET, 0, 0];
        self.call(calls::RT_SIGPROCMASK, args)?;
        Ok(())
    }

    /// `man 2 signalfd4`: a descriptor from which this signal is read.
    pub fn signalfd4(&mut self, signal: i32, flags: i32) -> Result<Fd> {
        let set = set_of(signal);
        let pointer = std::ptr::from_ref(&set) as u64;
        let args = [-1i64 as u64, pointer, SIGSET, flags as u64, 0, 0];
        Ok(Fd(self.call(calls::SIGNALFD4, args)? as i32))
    }

    /// `man 2 read` of what a signalfd has: nobody looks at it, it only wakes.
    pub fn read_signal(&mut self, fd: Fd) -> Result<()> {
        let mut info = [0; SIGINFO];
        self.read(fd, &mut info)?;
        Ok(())
    }

    /// `man 2 rt_sigaction` with `SIG_DFL`: what the signal does to a program that says nothing about it.
    /// For SIGPIPE that is the end.
    pub fn default_action(&mut self, signal: i32) -> Result<()> {
        // A `struct sigaction` of zeros: no handler, no flags, no restorer, an empty mask.
        let action = [0u64; 4];
        let pointer = action.as_ptr() as u64;
        self.call(
            calls::RT_SIGACTION,
            [signal as u64, pointer, 0, SIGSET, 0, 0],
        )?;
        Ok(())
    }

    /// `man 2 prlimit64` of this process's `RLIMIT_NOFILE`: no descriptor gets this number or a higher one
    /// from now on (those that are there stay), and the limit cannot be raised again.
    pub fn limit_descriptors(&mut self, limit: u64) -> Result<()> {
        let files = u64::from(libc::RLIMIT_NOFILE);
        // A `struct rlimit`: the soft limit, and the hard one.
        let limits = [limit; 2];
        let pointer = limits.as_ptr() as u64;
        self.call(calls::PRLIMIT64, [0, files, pointer, 0, 0, 0])?;
        Ok(())
    }

    /// `man 2 exit_group`. The probe is told first, for nobody is left to tell it afterwards.
    pub fn exit_group(&mut self, status: i32) -> ! {
        let args = [status as u64, 0, 0, 0, 0, 0];
        let enter = self.probe.before(calls::EXIT_GROUP, &args);
        self.probe
            .after(calls::EXIT_GROUP, &args, 0, enter, mark::NO_RESULT, 0);
        self.probe.leave(status);
        // SAFETY: ends the process; nothing runs after it.
        unsafe { libc::_exit(status) }
    }
}

/// The kernel's set with one signal in it: bit 0 is signal 1.
fn set_of(signal: i32) -> u64 {
    1 << (signal - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{NoProbe, Plan};

    #[test]
    fn a_child_is_made_ends_and_is_waited_for() {
        let mut kernel = Kernel::new(NoProbe);
        let pid = match kernel.clone_process() {
            Ok(Clone::Parent(pid)) => pid,
            Ok(Clone::Child) => kernel.exit_group(7),
            Err(errno) => panic!("{errno:?}"),
        };
        assert_eq!(
            kernel.wait4(Some(pid), 0),
            Ok(Some(Ended { pid, signal: None }))
        );
        assert_eq!(kernel.wait4(Some(pid), 0), Err(Errno(libc::ECHILD)));
    }

    #[test]
    fn a_fault_makes_nobody_believe_that_it_is_the_child() {
        for (fault, expected) in [
            ("clone:retval=0", libc::EAGAIN),
            ("clone:error=ENOMEM", libc::ENOMEM),
        ] {
            let mut kernel = Kernel::new(NoProbe);
            let rules = vec![Plan::parse(fault).expect("a rule")];
            kernel.plan = Some(Box::new(Plan::new(rules)));
            assert_eq!(kernel.clone_process(), Err(Errno(expected)), "{fault}");
        }
    }
}
