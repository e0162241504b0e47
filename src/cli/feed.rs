//! From a [`Handover`] to the pipeline, on a thread of its own: the half of `trace` that shows.
//!
//! In: records that a tracer hands over. Out: bytes in streams. A call that has begun is shown as waiting
//! when it has not ended after a while; the tracer need not watch the clock for that. What the tracer must know
//! before a call is made (does it belong to a request that a fault is for?) is answered from the story, which has
//! then seen everything before.

use super::belonging::RequestPattern;
use super::pipeline::Pipeline;
use super::say;
use crate::abi::calls::CallId;
use crate::event::raw::HEAD;
use crate::event::raw::Raw;
use crate::event::raw::RawHead;
use crate::event::raw::kind;
use crate::kernel::raw_mode;
use crate::source::handover::Found;
use crate::source::handover::Handover;
use crate::source::handover::Question;
use crate::source::handover::records;
use crate::source::ptrace::TOPIC_FLUSH;
use crate::source::ptrace::TOPIC_OWN_FILTER;
use crate::source::ptrace::TOPIC_PRINT;
use crate::source::ptrace::TOPIC_PRINTED;
use crate::source::ptrace::TOPIC_REQUEST;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// A call that lasts this long is shown as waiting.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long nothing must come before what views hold back is written.
const QUIET: Duration = Duration::from_millis(10);
/// The longest sleep while somebody may press a key.
const KEYS: Duration = Duration::from_millis(50);
/// Said once, when a program has installed one.
const OWN_FILTER: &str =
    "* a seccomp filter of the program's own: it stops at every call from here on";
/// The longest sleep while nothing comes.
const SLEEP: Duration = Duration::from_secs(60);

/// Starts to show what is handed over.
///
/// What comes before the first event is written at once: a recording is readable from then on.
///
/// # Errors
/// What starting a thread said.
pub fn start(
    handover: Arc<Handover>,
    mut pipeline: Pipeline,
    requests: Requests,
) -> std::io::Result<JoinHandle<Pipeline>> {
    complain(pipeline.flush(false));
    std::thread::Builder::new()
        .name("trace".into())
        .spawn(move || show(&handover, pipeline, &requests))
}

fn show(handover: &Handover, mut pipeline: Pipeline, requests: &Requests) -> Pipeline {
    let canonical = pipeline.is_canonical();
    let mut begun = Begun::default();
    let mut batch = Vec::new();
    let mut last = Instant::now();
    let mut held_back = false;
    loop {
        let busy = last.elapsed() < QUIET;
        let most = if held_back { QUIET } else { SLEEP };
        let most = if pipeline.pager.is_some() {
            most.min(KEYS)
        } else {
            most
        };
        let patience = match canonical {
            true => most,
            false => begun.patience(most),
        };
        let found = handover.take(&mut batch, busy, patience);
        for raw in records(&batch) {
            begun.record(&raw, &mut pipeline);
        }
        // What is only so because of how long something takes is not told in a canonical run.
        if !canonical {
            begun.tell(&mut pipeline);
        }
        let quiet = batch.is_empty();
        if !quiet {
            last = Instant::now();
        }
        let idle = quiet && last.elapsed() >= QUIET;
        complain(pipeline.flush(idle && !canonical));
        held_back = !idle;
        if quiet {
            pipeline.idle();
        }
        if !pipeline.is_heard() {
            handover.stop();
        }
        match found {
            Found::Records => {}
            Found::Question(question) => {
                let answer = answer(&question, &mut pipeline, requests);
                handover.answer(answer);
            }
            Found::End => {
                begun.pending(&mut pipeline);
                complain(pipeline.end());
                return pipeline;
            }
        }
    }
}

/// For each rule of the plan the request that it is about, if it is about one.
pub type Requests = Vec<Option<RequestPattern>>;

/// All that was handed over has been read.
fn answer(question: &Question, pipeline: &mut Pipeline, requests: &Requests) -> bool {
    match question.topic {
        TOPIC_FLUSH => {
            complain(pipeline.flush(true));
            // We are about to be stopped: whoever has the terminal then wants it as it was.
            raw_mode::lend();
            return true;
        }
        TOPIC_OWN_FILTER => {
            pipeline.remark(OWN_FILTER);
            return true;
        }
        TOPIC_PRINT => return pipeline.program_writes(question),
        TOPIC_PRINTED => {
            pipeline.program_has_written(question);
            return true;
        }
        _ => {}
    }
    let Some(rule) = question.topic.checked_sub(TOPIC_REQUEST) else {
        // A step: it waits until what came before is written.
        complain(pipeline.flush(true));
        return true;
    };
    let wanted = requests.get(rule as usize).and_then(Option::as_ref);
    let (Some(wanted), Some(id)) = (wanted, CallId::from_number(question.number)) else {
        return false;
    };
    let mut exchanges = pipeline.exchanges_of(question.pid, id, &question.args);
    exchanges.any(|exchange| wanted.matches(exchange))
}

/// One message for each stream that broke; the program goes on.
fn complain(complaints: Vec<String>) {
    for complaint in complaints {
        say(&format!(
            "httpsys trace: {complaint}: nothing more is traced there; the program goes on"
        ));
    }
}

/// Calls that have begun and not ended, one a thread at most.
#[derive(Default)]
struct Begun {
    calls: Vec<Call>,
}

struct Call {
    tid: u32,
    record: Vec<u8>,
    since: Instant,
    told: bool,
}

impl Begun {
    fn record(&mut self, raw: &Raw<'_>, pipeline: &mut Pipeline) {
        match raw.head.kind {
            kind::ENTER => return self.begin(raw),
            kind::CALL | kind::EXIT | kind::KILLED => {
                self.calls.retain(|call| call.tid != raw.head.tid);
            }
            _ => {}
        }
        pipeline.record(raw);
    }

    fn begin(&mut self, raw: &Raw<'_>) {
        self.calls.retain(|call| call.tid != raw.head.tid);
        let mut record = vec![0; HEAD];
        raw.head.write_to(&mut record);
        record.extend_from_slice(raw.memory);
        self.calls.push(Call {
            tid: raw.head.tid,
            record,
            since: Instant::now(),
            told: false,
        });
    }

    /// How long nothing need be told; at most `most`.
    fn patience(&self, most: Duration) -> Duration {
        let untold = self.calls.iter().filter(|call| !call.told);
        untold
            .map(|call| PATIENCE.saturating_sub(call.since.elapsed()))
            .min()
            .map_or(most, |soon| soon.clamp(Duration::from_millis(1), most))
    }

    /// Shows those that have waited long enough.
    fn tell(&mut self, pipeline: &mut Pipeline) {
        for call in self.calls.iter_mut().filter(|call| !call.told) {
            if call.since.elapsed() >= PATIENCE
                && let Some(raw) = Raw::from_bytes(&call.record)
            {
                call.told = true;
                pipeline.record(&raw);
            }
        }
    }

    /// The end has come first.
    fn pending(&mut self, pipeline: &mut Pipeline) {
        for call in &self.calls {
            if let Some(raw) = Raw::from_bytes(&call.record) {
                let head = RawHead {
                    kind: kind::PENDING,
                    ..raw.head
                };
                pipeline.record(&Raw { head, ..raw });
            }
        }
    }
}
