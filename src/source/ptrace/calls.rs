//! The two borders of a call: what is captured at its beginning and at its end.
//!
//! In: a thread stopped at a border. Out: an `enter` record for a call that can wait, a `call` record at
//! its end. What is handed over is copied at the beginning, because another thread may change it
//! meanwhile; what the kernel fills in, at the end. A fault of the plan is brought about here too, and calls that
//! write to the trace's own terminal are given over to `terminal.rs`.

use super::cpu;
use super::filter;
use super::sandbox::{self, Asked};
use super::sys::{self, Border, Tid};
use super::tracee::InCall;
use super::tracer::{TOPIC_REQUEST, TOPIC_STEP, Tracer};
use crate::abi::calls::{self, CallId};
use crate::event::build::Builder;
use crate::event::capture;
use crate::event::raw::{HEAD, Raw, RawHead, kind, mark, part};
use crate::kernel::clock::real;
use crate::source::handover::{Handover, Question};
use nix::libc;
use std::time::Duration;

impl Tracer {
    /// A thread is at a border of a call.
    #[inline]
    pub(super) fn at_border(&mut self, tid: Tid, to: &Handover) {
        let time = real();
        match sys::border(tid) {
            Ok(Border::Enter {
                arch,
                number,
                args,
                wanted_by,
            }) => {
                let native = arch == cpu::ARCH && number < u64::from(cpu::FOREIGN_BIT);
                if !native {
                    // One that passes two borders is counted at the first.
                    let again = wanted_by.is_some() && self.is_sandboxed(tid);
                    if !again {
                        self.foreign(tid, arch, to);
                    }
                    return self.go_on(tid, 0);
                }
                let Some(began) = self.passed_filters(tid, number, args, time, wanted_by) else {
                    return self.go_on(tid, 0);
                };
                let delay = self.enter(tid, number, args, began, to);
                if wanted_by.is_some_and(|mark| mark != filter::MARK) {
                    self.has_no_tracer(tid);
                }
                self.hold_or_go_on(tid, delay, to);
            }
            Ok(Border::Exit(result)) => {
                if self.terminal.is_some() {
                    self.written(tid, Some(result), to);
                }
                let delay = self.exit(tid, result, time, to);
                if self.step {
                    self.wait_until_shown(tid, to);
                }
                self.hold_or_go_on(tid, delay, to);
            }
            Ok(Border::None) | Err(_) => self.go_on(tid, 0),
        }
    }

    /// Step by step: a thread goes on only when its call was shown, and with it everything before.
    #[cold]
    fn wait_until_shown(&self, tid: Tid, to: &Handover) {
        to.ask(Question {
            topic: TOPIC_STEP,
            pid: 0,
            tid: tid as u32,
            number: 0,
            args: [0; 6],
        });
    }

    #[inline]
    fn hold_or_go_on(&mut self, tid: Tid, delay: Duration, to: &Handover) {
        match (delay.is_zero(), &self.terminal) {
            (true, None) => self.go_on(tid, 0),
            (true, Some(_)) => self.go_on_in_turn(tid, to),
            (false, _) => self.hold(tid, delay),
        }
    }

    /// When a call has begun that no filter of the program's refuses; `None` before the filters were asked.
    #[inline]
    fn passed_filters(
        &mut self,
        tid: Tid,
        number: u64,
        args: [u64; 6],
        time: u64,
        wanted_by: Option<u32>,
    ) -> Option<u64> {
        let tracee = self.tracees.get_mut(&tid)?;
        if !tracee.sandboxed {
            return Some(time);
        }
        if wanted_by.is_some() {
            return Some(tracee.asked.take().map_or(time, |asked| asked.time));
        }
        tracee.call = None;
        tracee.asked = Some(Asked { number, args, time });
        None
    }

    /// A call begins. Returns how long a fault makes the thread wait.
    fn enter(
        &mut self,
        tid: Tid,
        number: u64,
        args: [u64; 6],
        time: u64,
        to: &Handover,
    ) -> Duration {
        let Some(tracee) = self.tracees.get_mut(&tid) else {
            return Duration::ZERO;
        };
        tracee.call = None;
        let id = CallId::from_number(number);
        let ours = tracee.launching && id != Some(calls::EXECVE);
        let wanted = self.wanted.includes(number);
        let installs = self.filtered && sandbox::installs(id, &args).is_some();
        if ours || !wanted && self.terminal.is_none() && !installs {
            return Duration::ZERO;
        }
        let mut call = InCall {
            number,
            id,
            args,
            enter: time,
            marks: 0,
            aux: 0,
            made_up: None,
            changed: None,
            untold: !wanted,
            delay_exit: Duration::ZERO,
        };
        let fault = match (&mut tracee.plan, id) {
            (Some(plan), Some(id)) if wanted => plan.fault(id, &args, |place| {
                to.ask(Question {
                    topic: TOPIC_REQUEST + place as u64,
                    pid: tracee.pid,
                    tid: tid as u32,
                    number,
                    args,
                })
            }),
            _ => None,
        };
        let mut delay = Duration::ZERO;
        if let Some(fault) = fault {
            (call.marks, call.aux, call.args) = (fault.marks, fault.aux, fault.args);
            (delay, call.delay_exit) = (fault.delay_enter, fault.delay_exit);
            call.made_up = fault.result;
            if let Some(result) = fault.result {
                let _ = cpu::suppress(tid, result);
            } else if let Some(place) = (0..6).find(|i| args[*i] != fault.args[*i]) {
                let _ = cpu::set_argument(tid, place, fault.args[place]);
                call.changed = Some((place, args[place]));
            }
        }
        let prints = match (&mut self.terminal, id) {
            (Some(terminal), Some(id)) if call.made_up.is_none() => {
                terminal.is_written_by(tid, id, &call.args)
            }
            _ => false,
        };
        if call.untold && !prints && !installs {
            return Duration::ZERO;
        }
        if let (false, Some(id)) = (call.untold, id) {
            let memory = self.memories.of(tracee.pid, tid);
            capture::inputs_at_entry(id, &call.args, &memory, &mut tracee.entry);
            if id.signature().waits {
                let head = head(kind::ENTER, tracee.pid, tid, &call, 0, time);
                let memory = tracee.entry.segments();
                to.push(&Raw { head, memory });
            }
        }
        tracee.call = Some(call);
        if matches!(id, Some(calls::EXIT | calls::EXIT_GROUP)) {
            // It has no end: what it is, is known now.
            self.unfinished(tid, to);
        }
        delay
    }

    /// A call ends. Returns how long a fault makes the thread wait.
    fn exit(&mut self, tid: Tid, result: i64, time: u64, to: &Handover) -> Duration {
        let refused = self.tracees.get_mut(&tid).and_then(|t| t.asked.take());
        if let Some(Asked { number, args, time }) = refused {
            // A filter of the program's own has answered in place of the kernel; no fault is brought about.
            let plan = self.tracees.get_mut(&tid).map(|t| t.plan.take());
            self.enter(tid, number, args, time, to);
            if let (Some(plan), Some(tracee)) = (plan, self.tracees.get_mut(&tid)) {
                tracee.plan = plan;
            }
            if let Some(terminal) = &mut self.terminal {
                terminal.is_not_written_by(tid);
            }
        }
        let call = self.tracees.get(&tid).and_then(|tracee| tracee.call);
        if let Some(call) = call.filter(|call| sandbox::installs(call.id, &call.args).is_some()) {
            self.installed(tid, &call, call.made_up.unwrap_or(result), to);
        }
        let Some(tracee) = self.tracees.get_mut(&tid) else {
            return Duration::ZERO;
        };
        let Some(call) = tracee.call.take() else {
            return Duration::ZERO;
        };
        if let Some(result) = call.made_up {
            let _ = cpu::set_result(tid, result);
        }
        if let Some((place, value)) = call.changed {
            // A program counts on its registers: only the result may differ (`man 2 syscall`). On some
            // CPUs the first argument's register has the result; no count stands there.
            let _ = cpu::set_argument(tid, place, value);
        }
        let result = call.made_up.unwrap_or(result);
        if tracee.launching || call.untold {
            // Launching, `execve` has failed: that is for the child to say.
            return Duration::ZERO;
        }
        let head = head(kind::CALL, tracee.pid, tid, &call, result, time);
        let Some(id) = call.id else {
            to.push(&Raw { head, memory: &[] });
            return call.delay_exit;
        };
        if result == -i64::from(libc::EFAULT) {
            let memory = self.memories.as_the_program(tid);
            capture::inputs_at_entry(id, &call.args, &memory, &mut tracee.entry);
        }
        let memory = self.memories.of(tracee.pid, tid);
        let room = capture::room(id, &call.args, result, &tracee.entry);
        if self.scratch.len() < room {
            self.scratch.resize(room, 0);
        }
        let out = &mut self.scratch[..room];
        let used = capture::at_exit(id, &call.args, result, &tracee.entry, &memory, out);
        to.push(&Raw {
            head,
            memory: &self.scratch[..used],
        });
        call.delay_exit
    }

    /// The call a thread is in will have no end that anyone sees.
    pub(super) fn unfinished(&mut self, tid: Tid, to: &Handover) {
        let Some(tracee) = self.tracees.get_mut(&tid) else {
            return;
        };
        let call = tracee.call.take().filter(|call| !call.untold);
        let Some(mut call) = call.filter(|_| !tracee.launching) else {
            return;
        };
        call.marks |= mark::NO_RESULT;
        let time = real();
        let head = head(kind::CALL, tracee.pid, tid, &call, 0, time);
        let memory = match call.id {
            Some(_) => tracee.entry.segments(),
            None => &[],
        };
        to.push(&Raw { head, memory });
    }

    /// Before a thread is let go: what a fault has changed in the call that it is in is put right.
    pub(super) fn put_right(&mut self, tid: Tid, to: &Handover) {
        let in_call = self
            .tracees
            .get(&tid)
            .is_some_and(|tracee| tracee.call.is_some());
        if in_call && let Ok(Border::Exit(result)) = sys::border(tid) {
            self.written(tid, Some(result), to);
            self.exit(tid, result, real(), to);
        }
    }

    /// A call in a mode that is not decoded: the first of a thread is told, the others are counted.
    fn foreign(&mut self, tid: Tid, arch: u32, to: &Handover) {
        let Some(tracee) = self.tracees.get_mut(&tid) else {
            return;
        };
        let mode = cpu::mode(arch);
        if let Some(first) = &mut tracee.foreign_mode {
            tracee.foreign += 1;
            if *first != mode {
                *first = "other";
            }
            return;
        }
        tracee.foreign_mode = Some(mode);
        let pid = tracee.pid;
        lost(tid, pid, 1, mode, to);
    }

    /// How many more there were.
    pub(super) fn rest_of_foreign(&mut self, tid: Tid, to: &Handover) {
        if let Some(tracee) = self.tracees.get(&tid).filter(|tracee| tracee.foreign > 0) {
            let mode = tracee.foreign_mode.unwrap_or("other");
            lost(tid, tracee.pid, tracee.foreign, mode, to);
        }
    }
}

fn lost(tid: Tid, pid: u32, count: u64, mode: &str, to: &Handover) {
    let time = real();
    let mut record = Builder::default();
    record.begin(RawHead {
        kind: kind::LOST,
        pid,
        tid: tid as u32,
        args: [count, 0, 0, 0, 0, 0],
        enter: time,
        exit: time,
        ..RawHead::default()
    });
    let why = format!("calls made in {mode} mode are not decoded");
    record.whole(0, part::FIRST, why.as_bytes());
    to.push(&record.raw());
}

#[inline]
fn head(kind: u16, pid: u32, tid: Tid, call: &InCall, ret: i64, exit: u64) -> RawHead {
    RawHead {
        size: HEAD as u32,
        kind,
        marks: call.marks,
        nr: u32::try_from(call.number).unwrap_or(u32::MAX - 1),
        pid,
        tid: tid as u32,
        op: 0,
        args: call.args,
        ret,
        enter: call.enter,
        exit,
        aux: call.aux,
    }
}
