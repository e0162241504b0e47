//! Record → event → story → views → streams, on a thread of its own.
//!
//! In: records, or the region that serving threads write them to. Out: bytes in streams. Secrets are masked here, once,
//! in a copy of the record, so that no view and no recording ever sees them.

use super::belonging::Belonging;
use super::belonging::Belongs;
use super::belonging::Held;
use super::filter::Filter;
use super::pace::Pager;
use super::program_output::ProgramOutput;
use super::stream::Stream;
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls::CallId;
use crate::abi::calls::Kind;
use crate::decode::Decoder;
use crate::demo;
use crate::event::Event;
use crate::event::FdFact;
use crate::event::Outcome;
use crate::event::What;
use crate::event::build::Builder;
use crate::event::call::CallName;
use crate::event::raw::HEAD;
use crate::event::raw::Raw;
use crate::event::raw::RawHead;
use crate::event::raw::kind;
use crate::event::raw::part;
use crate::quiz::Before;
use crate::source::canonical::Canonical;
use crate::source::handover::Question;
use crate::source::recorder::Drain;
use crate::source::recorder::Region;
use crate::story::Exchange;
use crate::story::Step;
use crate::story::Story;
use crate::view::View;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

/// One view and where its bytes go.
pub struct Output {
    view: Box<dyn View>,
    stream: Stream,
    buffer: Vec<u8>,
    /// A recording holds every event, whatever the screen leaves out.
    complete: bool,
    said: bool,
    /// Events that came by, shown or not.
    passed: u64,
    /// Before what an event shows stands its number among them ([`demo::MARK`]).
    marked: bool,
}

impl Output {
    /// A view for people, which leaves out what the filters say.
    pub fn screen(view: Box<dyn View>, stream: Stream) -> Output {
        Output {
            view,
            stream,
            buffer: Vec::new(),
            complete: false,
            said: false,
            passed: 0,
            marked: false,
        }
    }

    /// A recording of everything.
    pub fn recording(view: Box<dyn View>, stream: Stream) -> Output {
        Output {
            complete: true,
            ..Output::screen(view, stream)
        }
    }

    /// Shows an event, if anyone still looks.
    pub fn show(&mut self, event: &Event<'_>, step: &Step<'_>) {
        if !self.stream.is_whole() {
            return;
        }
        let start = self.buffer.len();
        self.view.step(event, step, &mut self.buffer);
        if self.marked {
            // What is folded into a line above has a line of its own, with nothing in it.
            let end = if self.buffer.len() > start { "" } else { "\n" };
            let lines = self.buffer[start..].iter().filter(|byte| **byte == b'\n');
            let more = lines.count().saturating_sub(1);
            let mark = format!("{}{}+{more} {end}", char::from(demo::MARK), self.passed);
            self.buffer.splice(start..start, mark.bytes());
        }
    }

    /// It holds every event.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The stream is a terminal that has so many columns now.
    pub fn fit(&mut self, columns: usize) {
        self.view.fit(columns);
    }

    /// Writes what was shown, and what the view holds back.
    pub fn write_out(&mut self) {
        self.view.pause(&mut self.buffer);
        self.flush();
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            self.stream.write(&self.buffer);
            self.buffer.clear();
        }
    }

    /// What to say about a stream that broke: once.
    fn complaint(&mut self) -> Option<String> {
        let complaint = self.stream.complaint()?;
        (!std::mem::replace(&mut self.said, true)).then_some(complaint)
    }
}

/// So much is written at once.
const FULL: usize = 32 << 10;

/// Which events the screen shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// `-e trace=`.
    pub calls: Filter,
    /// `-z`.
    pub successful_only: bool,
    /// `-Z`.
    pub failed_only: bool,
    /// `--conn`, `--request`.
    pub belonging: Belonging,
}

impl Shown {
    /// Whether an event belongs to what was asked for. If that is not known yet, or earlier events go
    /// before it, it is held.
    fn now(&mut self, on_screen: bool, raw: &Raw<'_>, event: &Event<'_>, step: &Step<'_>) -> bool {
        let belongs = self.belonging.belongs(event, step);
        let held = || {
            let mut record = Vec::new();
            copy_record(raw, &mut record);
            Held {
                seq: event.seq,
                record,
                notes: step.notes.to_vec(),
                ended: step.ended.to_vec(),
                connection: step.connection,
                exchange: step.exchange,
                redacted: is_redacted(event),
            }
        };
        match belongs {
            Belongs::Later(id) if on_screen => self.belonging.hold(id, held()),
            Belongs::Yes if on_screen && self.belonging.has_due() => self.belonging.wait(held()),
            Belongs::Yes => return true,
            Belongs::No | Belongs::Later(_) => {}
        }
        false
    }

    fn shows(&self, event: &Event<'_>) -> bool {
        let (syscall, outcome) = match &event.what {
            What::Enter(syscall) => (syscall, None),
            What::Call(done) => (&done.syscall, Some(done.outcome)),
            What::Ring(operation) => (
                &operation.call.syscall,
                operation.ended.then_some(operation.call.outcome),
            ),
            _ => return true,
        };
        let id = match syscall.name {
            CallName::Known(id) => Some(id),
            CallName::Number(_) | CallName::Name(_) => None,
        };
        let outcome_fits = match outcome {
            Some(Outcome::Returned(_)) => !self.failed_only,
            Some(Outcome::Failed(_) | Outcome::Unknown) => !self.successful_only,
            None => !self.failed_only && !self.successful_only,
        };
        outcome_fits && self.calls.shows(id)
    }
}

fn is_redacted(event: &Event<'_>) -> bool {
    match &event.what {
        What::Call(done) => done.redacted,
        What::Ring(operation) => operation.call.redacted,
        _ => false,
    }
}

/// Says whether secrets in an event's bytes were overwritten.
fn set_redacted(event: &mut Event<'_>, redacted: bool) {
    match &mut event.what {
        What::Call(done) => done.redacted = redacted,
        What::Ring(operation) => operation.call.redacted = redacted,
        _ => {}
    }
}

/// The pure middle and the views, fed one record at a time.
pub struct Pipeline {
    decoder: Decoder,
    /// The model, for the summary at the end.
    pub story: Story,
    outputs: Vec<Output>,
    shown: Shown,
    redact: bool,
    canonical: Option<Canonical>,
    copy: Vec<u8>,
    masked: Vec<u8>,
    /// Who decides when the next event is shown.
    pub pager: Option<Box<Pager>>,
    /// Whether lines that begin with `*` are wanted.
    pub chatty: bool,
    /// The program's own output, where it goes to the same terminal.
    pub program: Option<ProgramOutput>,
    /// The next event is no part of what is shown.
    pub hides: bool,
}

impl Pipeline {
    /// Feeds `outputs`; `start` is when watching began on the records' clock.
    pub fn new(
        start: u64,
        outputs: Vec<Output>,
        shown: Shown,
        redact: bool,
        canonical: Option<Canonical>,
    ) -> Pipeline {
        let mut pipeline = Pipeline {
            decoder: Decoder {
                start,
                ..Decoder::default()
            },
            story: Story::default(),
            outputs,
            shown,
            redact,
            canonical,
            copy: Vec::new(),
            masked: Vec::new(),
            pager: None,
            chatty: false,
            program: None,
            hides: false,
        };
        for output in &mut pipeline.outputs {
            output.view.begin(&mut output.buffer);
        }
        pipeline
    }

    /// Has the number of its event stand before what each shows ([`demo::MARK`]).
    pub fn mark(&mut self) {
        for output in &mut self.outputs {
            output.marked = !output.complete;
        }
    }

    /// Takes one record.
    pub fn record(&mut self, raw: &Raw<'_>) {
        let Some(mut canonical) = self.canonical.take() else {
            return match &self.pager {
                Some(pager) => {
                    let raw = without_pauses(raw, pager);
                    self.event(&raw);
                }
                None => self.event(raw),
            };
        };
        let mut copy = std::mem::take(&mut self.copy);
        self.event(&canonical.rewritten(raw, &mut copy));
        self.copy = copy;
        self.canonical = Some(canonical);
    }

    /// Takes one record whose call has a number already.
    pub fn numbered(&mut self, seq: u64, raw: &Raw<'_>) {
        self.decoder.seq = seq.saturating_sub(1);
        self.record(raw);
    }

    /// Takes what a descriptor already was when watching began.
    pub fn fact(&mut self, fact: &FdFact) {
        let process = std::process::id();
        let mut record = Builder::default();
        let mut head = RawHead {
            kind: kind::FD,
            pid: process,
            tid: process,
            enter: self.decoder.start,
            exit: self.decoder.start,
            ..RawHead::default()
        };
        head.args[..2].copy_from_slice(&[fact.fd.0 as u64, u64::from(fact.own)]);
        record.begin(head);
        record.whole(0, part::FIRST, fact.kind.as_bytes());
        record.whole(0, part::AFTER, fact.name.as_bytes());
        self.record(&record.raw());
    }

    fn event(&mut self, raw: &Raw<'_>) {
        let before = (self.decoder.start, self.decoder.seq);
        let event = self.decoder.event(raw);
        let pager = self.pager.as_deref_mut();
        let mut paced = pager.map(|pager| (pager.before(&self.story, &event), pager));
        let step = self.story.step(&event);
        if !self.redact || step.secrets.is_empty() {
            show(
                &mut self.outputs,
                &mut self.shown,
                &mut paced,
                (raw, self.hides),
                &event,
                &step,
            );
        } else {
            copy_record(raw, &mut self.masked);
            crate::event::mask::mask(&mut self.masked, step.secrets);
            let Some(masked) = Raw::from_bytes(&self.masked) else {
                return;
            };
            let mut again = Decoder {
                start: before.0,
                seq: before.1,
            };
            let mut event = again.event(&masked);
            set_redacted(&mut event, true);
            show(
                &mut self.outputs,
                &mut self.shown,
                &mut paced,
                (&masked, self.hides),
                &event,
                &step,
            );
        }
        self.show_due();
    }

    /// Shows earlier events that turned out to belong to what was asked for. They come before the event
    /// that decided about them, which waits too.
    fn show_due(&mut self) {
        for held in self.shown.belonging.due() {
            let Some(raw) = Raw::from_bytes(&held.record) else {
                continue;
            };
            let mut again = Decoder {
                start: self.decoder.start,
                seq: held.seq.saturating_sub(1),
            };
            let mut event = again.event(&raw);
            set_redacted(&mut event, held.redacted);
            let step = Step {
                connection: held.connection,
                exchange: held.exchange,
                notes: &held.notes,
                ended: &held.ended,
                secrets: &[],
                story: &self.story,
            };
            if let Some(pager) = self.pager.as_deref_mut() {
                let mut screens: Vec<_> = self.outputs.extract_if(.., |o| !o.complete).collect();
                pager.meet(&mut screens, &event, &step, &Before::default(), true);
                self.outputs.append(&mut screens);
                continue;
            }
            for output in &mut self.outputs {
                if !output.complete {
                    output.show(&event, &step);
                }
            }
        }
    }

    /// The exchanges that are going on over the descriptors of a call that begins.
    pub fn exchanges_of(
        &mut self,
        pid: u32,
        id: CallId,
        args: &[u64; 6],
    ) -> impl Iterator<Item = &Exchange> {
        let pid = Pid(self.shown_id(pid));
        let story = &self.story;
        let params = id.signature().params.iter().zip(*args);
        let fds = params.filter(|(param, _)| matches!(param.kind, Kind::Fd));
        fds.filter_map(move |(_, fd)| story.exchange_on(pid, Fd(fd as i32)))
    }

    /// Says something that is no event, if anyone wants to hear it.
    pub fn remark(&mut self, words: &str) {
        if !self.chatty {
            return;
        }
        self.flush(true);
        if let Some(program) = &mut self.program {
            program.makes_room(0);
        }
        super::say(words);
    }

    fn shown_id(&mut self, id: u32) -> u32 {
        let canonical = self.canonical.as_mut();
        canonical.map_or(id, |canonical| canonical.id(id))
    }

    /// The program is about to write to the terminal that carries the trace: what comes before is written first.
    /// Whether the end of that is waited for.
    pub fn program_writes(&mut self, question: &Question) -> bool {
        for output in self.outputs.iter_mut().filter(|output| !output.complete) {
            output.view.give_way(&mut output.buffer);
        }
        self.flush(true);
        let pid = self.shown_id(question.pid);
        let program = self.program.as_mut();
        program.is_some_and(|program| program.begins(question, pid))
    }

    /// It has.
    pub fn program_has_written(&mut self, question: &Question) {
        if let Some(program) = &mut self.program {
            program.ended(question);
        }
    }

    /// Hands what the views wrote to the streams. With `idle`, what they held back comes first.
    /// Returns what to say about streams that have just broken.
    pub fn flush(&mut self, idle: bool) -> Vec<String> {
        for output in &mut self.outputs {
            if idle {
                output.view.rest(&mut output.buffer);
            }
            let waiting = output.buffer.len();
            let program = self
                .program
                .as_mut()
                .filter(|_| !output.complete && waiting > 0);
            if program.is_none_or(|program| program.makes_room(waiting)) {
                output.flush();
            }
        }
        self.outputs
            .iter_mut()
            .filter_map(Output::complaint)
            .collect()
    }

    /// Whether it shows what is the same on every run: nothing then depends on how long something takes.
    pub fn is_canonical(&self) -> bool {
        self.canonical.is_some()
    }

    /// Whether enough was written to be handed to the streams.
    pub fn is_full(&self) -> bool {
        self.outputs
            .iter()
            .any(|output| output.buffer.len() >= FULL)
    }

    /// Whether any stream still takes bytes.
    pub fn is_heard(&self) -> bool {
        self.outputs.iter().any(|output| output.stream.is_whole())
    }

    /// Writes what comes after the last event.
    pub fn end(&mut self) -> Vec<String> {
        self.shown.belonging.end();
        self.show_due();
        if let Some(program) = &mut self.program {
            program.is_over();
        }
        for output in &mut self.outputs {
            output.view.end(&self.story, &mut output.buffer);
        }
        let complaints = self.flush(true);
        if let Some(pager) = &mut self.pager {
            pager.end();
        }
        complaints
    }

    /// Nothing comes for a moment: whoever decides about the next event may have a wish.
    pub fn idle(&mut self) {
        if let Some(pager) = &mut self.pager {
            pager.idle();
        }
    }

    /// Whether enough was seen.
    pub fn has_quit(&self) -> bool {
        self.pager.as_ref().is_some_and(|pager| pager.has_quit())
    }
}

/// The record as if nobody had looked at the screen meanwhile.
fn without_pauses<'r>(raw: &Raw<'r>, pager: &Pager) -> Raw<'r> {
    let head = RawHead {
        enter: pager.without_pauses(raw.head.enter),
        exit: pager.without_pauses(raw.head.exit),
        ..raw.head
    };
    Raw { head, ..*raw }
}

/// Shows an event, now or later. `raw` is its record, already masked, and `hides` whether it is left out.
fn show(
    outputs: &mut [Output],
    shown: &mut Shown,
    paced: &mut Option<(Before, &mut Pager)>,
    (raw, hides): (&Raw<'_>, bool),
    event: &Event<'_>,
    step: &Step<'_>,
) {
    for output in outputs.iter_mut() {
        output.passed += 1;
    }
    let on_screen = !hides && shown.shows(event);
    let now = shown.belonging.is_all() || shown.now(on_screen, raw, event, step);
    if let Some((before, pager)) = paced {
        return pager.meet(outputs, event, step, before, on_screen && now);
    }
    for output in outputs {
        if output.complete || (on_screen && now) {
            output.show(event, step);
        }
    }
}

fn copy_record(raw: &Raw<'_>, into: &mut Vec<u8>) {
    into.clear();
    into.resize(HEAD, 0);
    raw.head.write_to(into);
    into.extend_from_slice(raw.memory);
}

/// A pipeline at work on its own thread.
pub struct Running {
    region: Arc<Region>,
    done: Arc<AtomicBool>,
    thread: JoinHandle<Pipeline>,
}

impl Running {
    /// Starts to drain `region`.
    ///
    /// # Errors
    /// What starting a thread said.
    pub fn start(region: Arc<Region>, pipeline: Pipeline) -> std::io::Result<Running> {
        let done = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("trace".into()).spawn({
            let (region, done) = (region.clone(), done.clone());
            move || drain(&region, pipeline, &done)
        })?;
        Ok(Running {
            region,
            done,
            thread,
        })
    }

    /// Waits until everything recorded so far is written; the writers have ended.
    pub fn finish(self) -> Option<Pipeline> {
        self.done.store(true, Ordering::Release);
        self.region.wake();
        self.thread.join().ok()
    }
}

/// A canonical run shows a call as waiting only where its script makes it wait: so long.
const CANONICAL_PATIENCE: Duration = Duration::from_millis(400);
/// Polls without a record before traffic counts as paused.
const QUIET_POLLS: u32 = 10;

fn drain(region: &Arc<Region>, mut pipeline: Pipeline, done: &AtomicBool) -> Pipeline {
    let mut drain = Drain::new(region.clone());
    let canonical = pipeline.canonical.is_some();
    if canonical {
        drain = drain.waits_after(CANONICAL_PATIENCE);
    }
    let mut quiet = 0;
    loop {
        let last = done.load(Ordering::Acquire);
        let count = drain.poll(last, &mut |raw| pipeline.record(raw));
        quiet = if count == 0 { quiet + 1 } else { 0 };
        // How long a pause is depends on the machine.
        say(pipeline.flush(quiet == QUIET_POLLS && !canonical));
        if count == 0 {
            pipeline.idle();
        }
        if !pipeline.is_heard() {
            region.stop();
        }
        if last && count == 0 {
            drain.pending(&mut |raw| {
                let head = RawHead {
                    kind: kind::PENDING,
                    ..raw.head
                };
                pipeline.record(&Raw { head, ..*raw });
            });
            say(pipeline.end());
            return pipeline;
        }
        if !last {
            drain.wait();
        }
    }
}

/// One message for each stream that broke; the server goes on.
fn say(complaints: Vec<String>) {
    for complaint in complaints {
        super::say(&format!(
            "httpsys: {complaint}: nothing more is traced there; serving goes on"
        ));
    }
}
