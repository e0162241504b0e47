//! Record → event → story → views → streams, on a thread of its own.
//!
//! In: the region that serving threads write to. Out: bytes in streams. Secrets are masked here, once,
//! in a copy of the record, so that no view and no recording ever sees them.

use super::filter::Filter;
use super::stream::Stream;
use crate::decode::Decoder;
use crate::event::Event;
use crate::event::Outcome;
use crate::event::What;
use crate::event::call::CallName;
use crate::event::raw::HEAD;
use crate::event::raw::Raw;
use crate::event::raw::RawHead;
use crate::event::raw::kind;
use crate::source::canonical::Canonical;
use crate::source::recorder::Drain;
use crate::source::recorder::Region;
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
        }
    }

    /// A recording of everything.
    pub fn recording(view: Box<dyn View>, stream: Stream) -> Output {
        Output {
            complete: true,
            ..Output::screen(view, stream)
        }
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

/// Which events the screen shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// `-e trace=`.
    pub calls: Filter,
    /// `-z`.
    pub successful_only: bool,
    /// `-Z`.
    pub failed_only: bool,
}

impl Shown {
    fn shows(&self, event: &Event<'_>) -> bool {
        let (syscall, outcome) = match &event.what {
            What::Enter(syscall) => (syscall, None),
            What::Call(done) => (&done.syscall, Some(done.outcome)),
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
        };
        for output in &mut pipeline.outputs {
            output.view.begin(&mut output.buffer);
        }
        pipeline
    }

    /// Takes one record.
    pub fn record(&mut self, raw: &Raw<'_>) {
        let Some(mut canonical) = self.canonical.take() else {
            return self.event(raw);
        };
        let mut copy = std::mem::take(&mut self.copy);
        self.event(&canonical.rewritten(raw, &mut copy));
        self.copy = copy;
        self.canonical = Some(canonical);
    }

    fn event(&mut self, raw: &Raw<'_>) {
        let before = (self.decoder.start, self.decoder.seq);
        let event = self.decoder.event(raw);
        let step = self.story.step(&event);
        if !self.redact || step.secrets.is_empty() {
            return show(&mut self.outputs, &self.shown, &event, &step);
        }
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
        if let What::Call(done) = &mut event.what {
            done.redacted = true;
        }
        show(&mut self.outputs, &self.shown, &event, &step);
    }

    /// Hands what the views wrote to the streams. With `idle`, what they held back comes first.
    /// Returns what to say about streams that have just broken.
    pub fn flush(&mut self, idle: bool) -> Vec<String> {
        for output in &mut self.outputs {
            if idle {
                output.view.pause(&mut output.buffer);
            }
            output.flush();
        }
        self.outputs
            .iter_mut()
            .filter_map(Output::complaint)
            .collect()
    }

    /// Whether any stream still takes bytes.
    pub fn is_heard(&self) -> bool {
        self.outputs.iter().any(|output| output.stream.is_whole())
    }

    /// Writes what comes after the last event.
    pub fn end(&mut self) -> Vec<String> {
        for output in &mut self.outputs {
            output.view.end(&self.story, &mut output.buffer);
        }
        self.flush(true)
    }
}

fn show(outputs: &mut [Output], shown: &Shown, event: &Event<'_>, step: &Step<'_>) {
    let on_screen = shown.shows(event);
    for output in outputs {
        if (on_screen || output.complete) && output.stream.is_whole() {
            output.view.step(event, step, &mut output.buffer);
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
    if pipeline.canonical.is_some() {
        drain = drain.waits_after(CANONICAL_PATIENCE);
    }
    let mut quiet = 0;
    loop {
        let last = done.load(Ordering::Acquire);
        let count = drain.poll(last, &mut |raw| pipeline.record(raw));
        quiet = if count == 0 { quiet + 1 } else { 0 };
        say(pipeline.flush(quiet == QUIET_POLLS));
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
