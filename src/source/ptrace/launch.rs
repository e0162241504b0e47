//! Starts the program to be traced: a child that waits until it has a tracer, installs the filter, and
//! becomes the program.
//!
//! ```text
//!  child    waits for "go" ───────────────▶ filter ─▶ execve ─▶ the program's own calls
//!  tracer   PTRACE_SEIZE ─▶ (interrupt) ─▶ "go"
//! ```
//! In: path, arguments, environment. Out: a child that is traced from its first instruction on, with
//! the standard streams, the signal mask and the signal dispositions that it would have had without us.
//! What the child cannot do, it says through a pipe. Left out on purpose: searching PATH (cli does).

use super::filter::{self, Wanted};
use super::sys::{self, Tid};
use crate::abi::errno::Errno;
use crate::kernel::inherited;
use crate::kernel::move_high;
use nix::libc::{self, c_char, sock_filter, sock_fprog};
use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A program to run.
#[derive(Clone, Debug)]
pub struct Command {
    /// Where it stands.
    pub path: CString,
    /// Its arguments, its own name first.
    pub arguments: Vec<CString>,
    /// Its environment, as `NAME=VALUE`.
    pub environment: Vec<CString>,
    /// The signal mask it begins with.
    pub mask: nix::sys::signal::SigSet,
    /// The only CPU it may use; `None`: those that we may use.
    pub cpu: Option<Cpu>,
}

/// A CPU for a thread to stay on.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    number: usize,
    alone: libc::cpu_set_t,
}

impl Cpu {
    /// The one that this thread runs on at the moment.
    pub fn here() -> Option<Cpu> {
        // SAFETY: takes nothing; all zero is an empty set of CPUs, and CPU_SET stays within it.
        unsafe {
            let number = usize::try_from(libc::sched_getcpu()).ok()?;
            let mut alone: libc::cpu_set_t = std::mem::zeroed();
            (number < 8 * size_of::<libc::cpu_set_t>())
                .then(|| libc::CPU_SET(number, &mut alone))?;
            Some(Cpu { number, alone })
        }
    }

    /// Its number.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Puts this thread, and what it will start, on it (`man 2 sched_setaffinity`).
    ///
    /// # Errors
    /// `EINVAL`: it is not for us any more.
    pub fn keep_to(&self) -> sys::Result<()> {
        // SAFETY: the kernel reads a set of this size.
        let ret =
            unsafe { libc::sched_setaffinity(0, size_of_val(&self.alone), &raw const self.alone) };
        if ret == 0 { Ok(()) } else { Err(sys::last()) }
    }
}

/// What went wrong before the program could begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A call of the tracer's own: which one.
    Call(&'static str, Errno),
    /// The kernel does not let this process trace.
    Seize(Errno),
    /// The filter was refused.
    Filter(Errno),
    /// The CPU was refused.
    Cpu(Errno),
    /// `execve` failed.
    Exec(Errno),
}

/// A child that is traced and about to become the program.
#[derive(Debug)]
pub struct Launched {
    /// Its id.
    pub tid: Tid,
    reports: File,
}

/// What the child says when it cannot go on: which step, and the errno.
const REPORT: usize = 5;
const FILTER_REFUSED: u8 = b'f';
const EXEC_FAILED: u8 = b'x';
const CPU_REFUSED: u8 = b'c';
/// The tool's own descriptors stand out of the program's way.
const HIGH: i32 = 300;

/// Forks, becomes the child's tracer with these options, and lets it go.
///
/// # Errors
/// Which step failed; the child is gone then.
pub fn launch(
    command: &Command,
    wanted: Option<&Wanted>,
    options: i32,
) -> Result<Launched, Failure> {
    let (go_read, go_write) = pipe()?;
    let (report_read, report_write) = pipe()?;
    let program = wanted.map(filter::program).unwrap_or_default();
    let child = Child {
        path: &command.path,
        arguments: pointers(&command.arguments),
        environment: pointers(&command.environment),
        mask: *command.mask.as_ref(),
        cpu: command.cpu,
        program: &program,
        go: (go_read.as_raw_fd(), go_write.as_raw_fd()),
        reports: report_write.as_raw_fd(),
    };
    // SAFETY: the child calls nothing but functions that may be called after a fork of a process with
    // threads (`man 7 signal-safety`): plain system calls, on memory made before.
    let tid = match unsafe { libc::fork() } {
        -1 => return Err(Failure::Call("fork", sys::last())),
        0 => child.run(),
        tid => tid,
    };
    drop((go_read, report_write));
    let seized = sys::seize(tid, options).and_then(|()| match wanted {
        Some(_) => Ok(()),
        // Without a filter the first stop is where stopping at each call begins.
        None => sys::interrupt(tid),
    });
    if let Err(errno) = seized {
        // The pipe closes: the child reads no "go" and ends.
        drop(go_write);
        reap(tid);
        return Err(Failure::Seize(errno));
    }
    if let Err(error) = File::from(go_write).write_all(&[1]) {
        let errno = Errno(error.raw_os_error().unwrap_or(0));
        return Err(Failure::Call("write", errno));
    }
    Ok(Launched {
        tid,
        reports: File::from(report_read),
    })
}

impl Launched {
    /// Why the child ended before it became the program; `None` when it did not say.
    pub fn failure(mut self) -> Option<Failure> {
        let mut report = [0; REPORT];
        self.reports.read_exact(&mut report).ok()?;
        let [step, errno @ ..] = report;
        let errno = Errno(i32::from_ne_bytes(errno));
        Some(match step {
            FILTER_REFUSED => Failure::Filter(errno),
            CPU_REFUSED => Failure::Cpu(errno),
            _ => Failure::Exec(errno),
        })
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Failure> {
    let mut ends = [0; 2];
    // SAFETY: pipe2 fills in two numbers, and these are ours.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } == -1 {
        return Err(Failure::Call("pipe2", sys::last()));
    }
    let high = |fd| {
        // SAFETY: the kernel has just made this descriptor; nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        move_high(fd, HIGH)
            .map_err(|error| Failure::Call("fcntl", Errno(error.raw_os_error().unwrap_or(0))))
    };
    Ok((high(ends[0])?, high(ends[1])?))
}

/// A NULL-terminated array, as `execve` takes it. The strings must outlive it.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

fn reap(tid: Tid) {
    // SAFETY: waits for a child of ours; no status is asked for.
    unsafe { libc::waitpid(tid, std::ptr::null_mut(), libc::__WALL) };
}

/// All that the child needs, made before the fork: it must not allocate.
struct Child<'c> {
    path: &'c CString,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    mask: libc::sigset_t,
    cpu: Option<Cpu>,
    program: &'c [sock_filter],
    go: (RawFd, RawFd),
    reports: RawFd,
}

impl Child<'_> {
    fn run(&self) -> ! {
        let mut byte = 0u8;
        inherited::hand_down();
        // SAFETY: plain system calls on values of our own.
        let gone = unsafe {
            libc::sigprocmask(
                libc::SIG_SETMASK,
                &raw const self.mask,
                std::ptr::null_mut(),
            );
            libc::close(self.go.1);
            libc::read(self.go.0, (&raw mut byte).cast(), 1) != 1
        };
        if gone {
            // SAFETY: ends this process and nothing else.
            unsafe { libc::_exit(127) };
        }
        if self.cpu.is_some_and(|cpu| cpu.keep_to().is_err()) {
            self.report(CPU_REFUSED);
        }
        if !self.program.is_empty() && self.filter() != 0 {
            self.report(FILTER_REFUSED);
        }
        // SAFETY: the path is a C string, the arrays end in NULL, and all outlive the call.
        unsafe {
            libc::execve(
                self.path.as_ptr(),
                self.arguments.as_ptr(),
                self.environment.as_ptr(),
            )
        };
        self.report(EXEC_FAILED)
    }

    /// Installs the filter. Who has CAP_SYS_ADMIN may do so as it is; others must first promise that
    /// nobody below gains rights by executing a program (`man 2 seccomp`, "EACCES").
    fn filter(&self) -> i64 {
        let program = sock_fprog {
            len: self.program.len() as u16,
            filter: self.program.as_ptr().cast_mut(),
        };
        // SAFETY: the kernel copies the program, which is as long as it says.
        let install = || unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                0,
                &raw const program,
            )
        };
        let first = install();
        if first == 0 || sys::last().0 != libc::EACCES {
            return first;
        }
        // SAFETY: takes numbers alone.
        unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        install()
    }

    fn report(&self, step: u8) -> ! {
        let [a, b, c, d] = sys::last().0.to_ne_bytes();
        let report = [step, a, b, c, d];
        // SAFETY: writes our own bytes to our own pipe, and ends this process.
        unsafe {
            libc::write(self.reports, report.as_ptr().cast(), REPORT);
            libc::_exit(127)
        }
    }
}
