//! Lines of the compact view that are not about a call: threads and processes, descriptors that were
//! open before, events that are missing.
//!
//! In: the event. Out: one line each, in the columns of the others.

use super::CompactView;
use super::GAP;
use super::Showing;
use crate::abi::flags;
use crate::event::Event;
use crate::event::FdFact;
use crate::event::ProcessEvent;
use crate::story::Step;
use crate::view::paint::Ink;

impl CompactView {
    /// Whether to leave this event out; says how many were, before the first that is not.
    pub(super) fn leaves_out(
        &mut self,
        event: &Event<'_>,
        step: &Step<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        if !self.options.skip_startup {
            return false;
        }
        match self.startup.place_of(event) {
            Showing::Hidden => return true,
            Showing::Shown => {}
            Showing::After(words) => {
                self.line.clear();
                let number = step.story.thread_number(event.tid);
                let whose = match (step.story.thread_count() > 1, number) {
                    (true, Some(number)) => format!("t{number} "),
                    _ => String::new(),
                };
                self.paint.on(Ink::Faint, &mut self.line);
                self.line.extend_from_slice(whose.as_bytes());
                self.line.extend_from_slice(words.as_bytes());
                self.paint.off(Ink::Faint, &mut self.line);
                self.remark(event, out);
            }
        }
        false
    }

    /// A line that is not about a call.
    pub(super) fn remark(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.line.push(b'\n');
        self.emit((event.t, event.t), event.tid.0, false, out);
    }

    pub(super) fn process(
        &mut self,
        event: &Event<'_>,
        what: &ProcessEvent,
        step: &Step<'_>,
        out: &mut Vec<u8>,
    ) {
        self.line.clear();
        self.call.clear();
        let number = step.story.thread_number(event.tid).unwrap_or(0);
        match what {
            ProcessEvent::Spawn { child, thread } => {
                self.call
                    .text(if *thread { "thread t" } else { "process t" });
                self.call
                    .number(u64::from(step.story.thread_number(*child).unwrap_or(0)));
                self.call.text(" begins, id ");
                self.call.number(u64::from(child.0));
            }
            ProcessEvent::Exec {
                program,
                without_rights,
            } => {
                self.call.text("the program is now ");
                if *without_rights {
                    self.call.text("(without its setuid rights) ");
                }
                let room = self.layout.width - self.layout.time - GAP - self.call.columns;
                self.call
                    .escaped(program.as_bytes(), room, self.paint.charset);
            }
            ProcessEvent::Exit { status } => {
                self.ended(event, number, "ends with status ");
                self.call.number(u64::from(status.unsigned_abs()));
            }
            ProcessEvent::Killed { signal } => {
                self.ended(event, number, "is killed by signal ");
                self.call.number(u64::from(signal.unsigned_abs()));
                let room = self.layout.width - self.layout.time - GAP;
                let name = flags::SIGNAL.name_of(u64::from(signal.unsigned_abs()));
                let fits = |name: &&str| self.call.columns + ", ".len() + name.len() <= room;
                if let Some(name) = name.filter(fits) {
                    self.call.text(", ");
                    self.call.text(name);
                }
            }
        }
        self.line.extend_from_slice(&self.call.bytes);
        self.line.push(b'\n');
        for note in step.notes.iter().filter(|note| note.stands_alone()) {
            self.write_beside(note);
        }
        self.emit((event.t, event.t), event.tid.0, false, out);
    }

    fn ended(&mut self, event: &Event<'_>, number: u32, how: &str) {
        match number {
            0 => {
                self.call.text("thread ");
                self.call.number(u64::from(event.tid.0));
                self.call.text(" ");
            }
            number => {
                self.call.text("t");
                self.call.number(u64::from(number));
                self.call.text(" ");
            }
        }
        self.call.text(how);
    }

    pub(super) fn fact(&mut self, event: &Event<'_>, fact: &FdFact, out: &mut Vec<u8>) {
        self.line.clear();
        self.call.clear();
        self.call.text("fd ");
        self.call.number(u64::from(fact.fd.0.unsigned_abs()));
        self.call.text(" was open: ");
        self.call
            .escaped(fact.kind.as_bytes(), 16, self.paint.charset);
        self.call.text(" ");
        let room =
            self.layout.width - (self.layout.time + GAP + self.call.columns).min(self.layout.width);
        self.call
            .escaped(fact.name.as_bytes(), room, self.paint.charset);
        self.line.extend_from_slice(&self.call.bytes);
        self.remark(event, out);
    }

    pub(super) fn lost(&mut self, event: &Event<'_>, count: u64, why: &str, out: &mut Vec<u8>) {
        self.line.clear();
        self.call.clear();
        self.call.number(count);
        self.call.text(if count == 1 {
            " event is"
        } else {
            " events are"
        });
        self.call.text(" missing here: ");
        let room =
            self.layout.width - (self.layout.time + GAP + self.call.columns).min(self.layout.width);
        self.call.escaped(why.as_bytes(), room, self.paint.charset);
        self.paint.on(Ink::Bad, &mut self.line);
        self.line.extend_from_slice(&self.call.bytes);
        self.paint.off(Ink::Bad, &mut self.line);
        self.remark(event, out);
    }
}
