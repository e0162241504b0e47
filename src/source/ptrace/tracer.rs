//! The tracer: waits for the next change of any thread, does what that kind of stop allows, and lets the
//! thread go on.
//!
//! ```text
//!  stop        what is done                                      goes on with
//!  Filtered    the call is captured (calls.rs)                   to its end, or free
//!  Call        its beginning or end is captured                  as above
//!  Born, Exec  told (births.rs)                                  as it was
//!  Signal      told                                              that signal
//!  Group       nothing: the process is stopped (job control)     PTRACE_LISTEN
//!  Trap        nothing                                           as it was
//! ```
//! In: stops. Out: records. The thread that made this value must run it.

use super::attach::{self, Refusal};
use super::descriptors;
use super::filter::Wanted;
use super::launch::{self, Command, Cpu, Failure, Launched};
use super::memory::Memories;
use super::sandbox::INSTALLERS;
use super::sys::{self, Change, Stop, Tid};
use super::terminal::{Terminal, WRITERS};
use super::tracee::{Tracee, Tracees};
use crate::event::raw::{Raw, RawHead, kind};
use crate::kernel::Plan;
use crate::kernel::clock::real;
use crate::source::handover::{Handover, Question};
use nix::libc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

/// What to trace, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The calls that are recorded.
    pub wanted: Wanted,
    /// Whether threads and children are traced too.
    pub follow: bool,
    /// Whether a filter may be used; without one, every call stops.
    pub filter: bool,
    /// Faults to bring about.
    pub plan: Option<Plan>,
    /// A thread goes on only when its last call was shown.
    pub step: bool,
    /// The terminal (`st_rdev`) that carries the trace, if one does: the program's own writes there are asked
    /// about first ([`super::TOPIC_PRINT`]).
    pub terminal: Option<u64>,
}

/// How a launched program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// With this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It never became the program.
    Failed(Failure),
    /// It goes on without us, or was never ours to wait for.
    LeftAlone,
}

/// What other threads may tell the tracer.
#[derive(Debug, Default)]
pub struct Control {
    leave: AtomicBool,
    gone: AtomicBool,
    main: AtomicI32,
    /// The thread that traces.
    tracer: AtomicI32,
}

impl Control {
    /// Asks the tracer to come to an end: it lets those go to whom it was attached, and kills those it
    /// has launched. A signal takes it out of its wait; one that comes just before the wait is in vain,
    /// so ask again until [`Control::is_over`].
    pub fn leave(&self) {
        self.leave.store(true, Ordering::SeqCst);
        let tracer = self.tracer.load(Ordering::SeqCst);
        // SAFETY: sends a signal to a thread of this process, which has a handler for it.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tracer, POKE) };
    }

    /// The tracer has come to its end.
    pub fn is_over(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// The launched program, while it runs.
    pub fn program(&self) -> Option<i32> {
        Some(self.main.load(Ordering::SeqCst)).filter(|pid| *pid > 0)
    }
}

/// A question's topic: is everything before it written? (Before the tracer stops itself.)
pub const TOPIC_FLUSH: u64 = 0;
/// A question's topic: may this thread go on? (After each call, step by step.)
pub const TOPIC_STEP: u64 = 1;

/// The topics from here on: does the call that begins belong to the request of the plan's rule 0, 1, …?
pub const TOPIC_REQUEST: u64 = 5;

/// The signal that takes the tracer out of its wait: one that does nothing to who has no handler.
const POKE: i32 = libc::SIGURG;

/// Makes [`POKE`] interrupt this thread's calls, and SIGCHLD come for ends alone; gives the thread's id.
fn can_be_poked() -> i32 {
    extern "C" fn nothing(_: i32) {}
    // SAFETY: all zero is a valid sigaction; the handler does nothing, so it may run anywhere.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(POKE, &raw const action, std::ptr::null_mut());
        // `wait4` tells of each stop; a signal too would only cost time.
        action.sa_sigaction = libc::SIG_DFL;
        action.sa_flags = libc::SA_NOCLDSTOP;
        libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut());
        libc::gettid()
    }
}

/// How often a thread that is held is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// A tracer and its tracees.
#[derive(Debug)]
pub struct Tracer {
    pub(super) tracees: Tracees,
    /// Children that stopped or ended before their parent told of them.
    pub(super) early: Vec<Tid>,
    pub(super) gone_early: Vec<Tid>,
    pub(super) wanted: Wanted,
    /// Only wanted calls stop.
    pub(super) filtered: bool,
    pub(super) plan: Option<Plan>,
    pub(super) step: bool,
    /// The launched program's process.
    main: Option<Tid>,
    launched: Option<Launched>,
    ended: Ended,
    pub(super) memories: Memories,
    pub(super) scratch: Vec<u8>,
    /// Threads held by a fault, or until another's write has ended: until when.
    pub(super) held: Vec<(u64, Tid)>,
    /// It was said that a program has a filter of its own.
    pub(super) own_filter_told: bool,
    /// The terminal that carries the trace.
    pub(super) terminal: Option<Terminal>,
    /// The stop that the terminal's user asked for (Ctrl-Z), until it has come about.
    stopping: Option<i32>,
    leaving: bool,
    /// Processes that ran before we came.
    attached: Vec<Tid>,
    /// The CPU that the program has, to be shared with it.
    cpu: Option<Cpu>,
    control: Arc<Control>,
}

impl Tracer {
    fn new(options: Options, filtered: bool) -> Tracer {
        Tracer {
            tracees: Tracees::default(),
            early: Vec::new(),
            gone_early: Vec::new(),
            wanted: options.wanted,
            filtered,
            plan: options.plan,
            step: options.step,
            main: None,
            launched: None,
            ended: Ended::LeftAlone,
            memories: Memories::default(),
            scratch: Vec::new(),
            held: Vec::new(),
            own_filter_told: false,
            terminal: options.terminal.map(Terminal::new),
            stopping: None,
            leaving: false,
            attached: Vec::new(),
            cpu: None,
            control: Arc::default(),
        }
    }

    /// Starts a program under trace.
    ///
    /// # Errors
    /// Which step failed.
    pub fn launch(command: &Command, options: Options) -> Result<Tracer, Failure> {
        // A filter outlives its tracer in children that are not followed: their calls would fail.
        let filtered = options.filter && options.follow;
        let flags = wishes(options.follow) | libc::PTRACE_O_EXITKILL;
        let mut stopping = options.wanted.clone();
        INSTALLERS.iter().for_each(|call| stopping.include(*call));
        if options.terminal.is_some() {
            WRITERS.iter().for_each(|call| stopping.include(*call));
        }
        let wanted = Some(&stopping).filter(|_| filtered);
        let with_filter = if filtered {
            libc::PTRACE_O_TRACESECCOMP
        } else {
            0
        };
        let launched = launch::launch(command, wanted, flags | with_filter)?;
        let mut tracer = Tracer::new(options, filtered);
        tracer.adopt(launched.tid, launched.tid as u32, true);
        tracer.main = Some(launched.tid);
        tracer.control.main.store(launched.tid, Ordering::SeqCst);
        tracer.launched = Some(launched);
        tracer.cpu = command.cpu;
        Ok(tracer)
    }

    /// Starts to trace processes that run already, with all their threads.
    ///
    /// # Errors
    /// Who could not be traced, and why; those before it are let go.
    pub fn attach(pids: &[i32], options: Options) -> Result<Tracer, Refusal> {
        let flags = wishes(options.follow);
        let mut tracer = Tracer::new(options, false);
        for pid in pids {
            let process = super::tracee::process_of(*pid).unwrap_or(*pid as u32);
            if tracer.attached.contains(&(process as Tid)) {
                // Named twice.
                continue;
            }
            let threads = attach::seize_all(*pid, flags)?;
            for tid in threads {
                tracer.adopt(tid, process, false);
            }
            tracer.attached.push(process as Tid);
        }
        Ok(tracer)
    }

    /// What other threads may use to talk to it.
    pub fn control(&self) -> Arc<Control> {
        self.control.clone()
    }

    /// Whether a process is the one that the trace is about: launched, or the only one attached to.
    pub(super) fn is_main(&self, pid: u32) -> bool {
        let pid = pid as Tid;
        match self.launched {
            Some(_) => self.main == Some(pid),
            None => self.attached == [pid],
        }
    }

    /// Keeps a stopped thread stopped for so long.
    pub(super) fn hold(&mut self, tid: Tid, time: Duration) {
        let until = real().saturating_add(time.as_nanos() as u64);
        self.held.push((until, tid));
    }

    /// Remembers a thread.
    pub(super) fn adopt(&mut self, tid: Tid, pid: u32, launching: bool) {
        let tracee = Tracee {
            pid,
            launching,
            plan: self.plan.clone(),
            ..Tracee::default()
        };
        self.tracees.insert(tid, tracee);
    }

    /// Traces until nobody is left, or until told to leave.
    pub fn run(mut self, to: &Handover) -> Ended {
        self.control.tracer.store(can_be_poked(), Ordering::SeqCst);
        // Not before: threads that show the trace are started by now, and have all CPUs. The program has this one
        // already, so it is there.
        let _ = self.cpu.map(|cpu| cpu.keep_to());
        for pid in &self.attached {
            let mut threads = self.tracees.iter();
            let thread = threads.find(|(_, tracee)| tracee.pid == *pid as u32);
            descriptors::tell(*pid as u32, thread.map_or(*pid, |(tid, _)| *tid), to);
        }
        loop {
            if !self.leaving && self.control.leave.load(Ordering::SeqCst) {
                self.begin_to_leave();
            }
            if self.leaving && self.tracees.is_empty() {
                break;
            }
            match self.next(to) {
                Ok((tid, change)) => self.changed(tid, change, to),
                Err(errno) if errno.0 == libc::EINTR => {}
                Err(_) => break,
            }
        }
        self.control.main.store(0, Ordering::SeqCst);
        self.control.gone.store(true, Ordering::SeqCst);
        if let (Some(launched), false) = (self.launched, self.ended == Ended::LeftAlone)
            && let Some(failure) = launched.failure()
        {
            return Ended::Failed(failure);
        }
        self.ended
    }

    /// The next change. Threads that a fault holds are let go when their time has come.
    fn next(&mut self, to: &Handover) -> sys::Result<(Tid, Change)> {
        while !self.held.is_empty() {
            let time = real();
            let due = self.held.extract_if(.., |(until, _)| *until <= time);
            for (_, tid) in due.collect::<Vec<_>>() {
                self.held_enough(tid, to);
            }
            if let Some(found) = sys::poll()? {
                return Ok(found);
            }
            if self.leaving || self.control.leave.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(LOOK);
        }
        sys::wait()
    }

    fn changed(&mut self, tid: Tid, change: Change, to: &Handover) {
        match change {
            Change::Exited(status) => {
                self.tell_end(tid, kind::EXIT, status, to);
                self.note_end(tid, Ended::Exited(status));
            }
            Change::Killed(signal) => {
                self.tell_end(tid, kind::KILLED, signal, to);
                self.note_end(tid, Ended::Killed(signal));
            }
            Change::Stopped(stop) if self.leaving && self.launched.is_none() => {
                self.let_go(tid, stop, to)
            }
            Change::Stopped(stop) => self.stopped(tid, stop, to),
            Change::Continued => {}
        }
    }

    fn note_end(&mut self, tid: Tid, ended: Ended) {
        self.held.retain(|(_, held)| *held != tid);
        if self.main == Some(tid) {
            self.ended = ended;
            self.control.main.store(0, Ordering::SeqCst);
        }
        self.take_orphans();
    }

    /// A parent that was killed, or whose thread became another program's, told of no child: those wait for nobody.
    pub(super) fn take_orphans(&mut self) {
        let early = std::mem::take(&mut self.early);
        for child in early {
            match self.may_be_told(child) {
                true => self.early.push(child),
                false => self.take(child),
            }
        }
    }

    /// Whether there is still somebody to tell of this child.
    fn may_be_told(&self, child: Tid) -> bool {
        super::tracee::maker_of(child)
            .is_some_and(|maker| self.tracees.values().any(|other| other.pid == maker))
    }

    /// Takes a stopped child whose birth nobody tells.
    fn take(&mut self, child: Tid) {
        self.adopt(child, super::tracee::process_of(child).unwrap_or(0), false);
        match self.leaving {
            // SAFETY: sends a signal to a process that cannot be another's: it is not waited for yet.
            true => drop(unsafe { libc::kill(child, libc::SIGKILL) }),
            false => self.go_on(child, 0),
        }
    }

    fn stopped(&mut self, tid: Tid, stop: Stop, to: &Handover) {
        if !self.tracees.contains_key(&tid) {
            // A child whose parent has not told of it yet: it waits until then, if there is a parent.
            return match self.may_be_told(tid) {
                true => self.early.push(tid),
                false => self.take(tid),
            };
        }
        match stop {
            Stop::Filtered | Stop::Call => self.at_border(tid, to),
            Stop::Born => {
                self.born(tid, to);
                self.go_on(tid, 0);
            }
            Stop::Exec => {
                self.executed(tid, to);
                self.go_on(tid, 0);
            }
            Stop::Signal(signal) => self.signalled(tid, signal, to),
            Stop::Group(signal) => {
                let _ = sys::listen(tid);
                self.stop_too(tid, signal, to);
            }
            Stop::Trap | Stop::Other => self.go_on(tid, 0),
        }
    }

    /// Lets a thread run: to the end of the call it is in, if that is wanted; else to its next event.
    pub(super) fn go_on(&self, tid: Tid, signal: i32) {
        let tracee = self.tracees.get(&tid);
        let to_call = tracee.is_some_and(|tracee| tracee.call.is_some() || tracee.sandboxed);
        // ESRCH: it was killed meanwhile, which the next wait will tell.
        let _ = sys::resume(tid, to_call || !self.filtered, signal);
    }

    fn signalled(&mut self, tid: Tid, signal: i32, to: &Handover) {
        let info = sys::signal_info(tid).ok();
        let from_terminal = matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
            && info.is_some_and(|info| info.code() == libc::SI_KERNEL);
        if from_terminal {
            self.stopping = Some(signal);
        }
        self.tell_signal(tid, signal, info.as_ref(), to);
        self.go_on(tid, signal);
    }

    /// Job control: when the terminal stops the program, the shell must see us stop, for it waits for us.
    /// A `SIGCONT` to the whole job then continues both.
    fn stop_too(&mut self, tid: Tid, signal: i32, to: &Handover) {
        if self.main != Some(tid) || self.stopping.take() != Some(signal) {
            return;
        }
        to.ask(Question {
            topic: TOPIC_FLUSH,
            pid: 0,
            tid: 0,
            number: 0,
            args: [0; 6],
        });
        // SAFETY: sends a signal to this process.
        unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
    }

    /// Tells something that is no call.
    pub(super) fn fact(&self, tid: Tid, kind: u16, args: [u64; 6], to: &Handover) {
        let Some(tracee) = self.tracees.get(&tid).filter(|tracee| !tracee.launching) else {
            return;
        };
        let time = real();
        let head = RawHead {
            kind,
            pid: tracee.pid,
            tid: tid as u32,
            args,
            enter: time,
            exit: time,
            ..RawHead::default()
        };
        to.push(&Raw { head, memory: &[] });
    }

    fn begin_to_leave(&mut self) {
        self.leaving = true;
        if self.launched.is_some() {
            return self.kill_all();
        }
        for (_, tid) in std::mem::take(&mut self.held) {
            let _ = sys::detach(tid, 0);
            self.tracees.remove(&tid);
        }
        for tid in std::mem::take(&mut self.early) {
            let _ = sys::detach(tid, 0);
        }
        for tid in self.tracees.keys() {
            let _ = sys::interrupt(*tid);
        }
    }

    /// Launched programs cannot be let go: their filter needs a tracer.
    fn kill_all(&mut self) {
        for tid in self.tracees.keys().chain(&self.early) {
            // SAFETY: sends a signal to a thread that cannot be another's: it is not waited for yet.
            unsafe { libc::kill(*tid, libc::SIGKILL) };
        }
    }

    /// Lets a stopped thread go for good. What a fault changed is put right first; a signal on its way
    /// arrives.
    fn let_go(&mut self, tid: Tid, stop: Stop, to: &Handover) {
        let signal = match stop {
            Stop::Signal(signal) => signal,
            Stop::Born => {
                // Its child is ours too and will stop: it is let go then.
                self.born(tid, to);
                0
            }
            Stop::Call | Stop::Filtered => {
                self.put_right(tid, to);
                0
            }
            Stop::Exec | Stop::Trap | Stop::Group(_) | Stop::Other => 0,
        };
        let _ = sys::detach(tid, signal);
        self.tracees.remove(&tid);
    }
}

/// The events to be told of.
fn wishes(follow: bool) -> i32 {
    let all = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACEEXEC;
    let children = libc::PTRACE_O_TRACEFORK | libc::PTRACE_O_TRACEVFORK | libc::PTRACE_O_TRACECLONE;
    if follow { all | children } else { all }
}
