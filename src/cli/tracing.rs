//! From the tracing flags to a recorder, views and their streams: what `serve` and `get` share.

use super::Common;
use super::pipeline::Output;
use super::pipeline::Pipeline;
use super::pipeline::Running;
use super::pipeline::Shown;
use super::stream::Stream;
use super::terminal;
use super::trace_flags::Expressions;
use super::trace_flags::TraceArgs;
use super::trace_flags::ViewName;
use crate::event::wire::Start;
use crate::kernel::Clock;
use crate::kernel::Kernel;
use crate::kernel::Plan;
use crate::source::canonical::Canonical;
use crate::source::recorder::Recorder;
use crate::source::recorder::Region;
use crate::view::View;
use crate::view::compact::CompactView;
use crate::view::json::JsonView;
use crate::view::paint::Paint;
use crate::view::strace::StraceOptions;
use crate::view::strace::StraceView;
use crate::view::summary::SummaryView;
use crate::view::time::Calendar;
use std::sync::Arc;

/// Everything a trace needs, made before the first call.
pub struct Tracing {
    region: Arc<Region>,
    plan: Option<Plan>,
    outputs: Vec<Output>,
    shown: Shown,
    redact: bool,
    canonical: bool,
    /// Whether people read that stream: lines that begin with `*` belong there.
    pub chatty: bool,
}

impl Tracing {
    /// Opens the streams and maps the recorder's memory for at most `threads` threads.
    ///
    /// # Errors
    /// A sentence: which file or call, and what the machine said.
    pub fn prepare(
        args: &TraceArgs,
        expressions: Expressions,
        common: &Common,
        threads: usize,
        source: &'static str,
    ) -> Result<Tracing, String> {
        let paint = paint(args, common);
        let clock = if common.canonical {
            Clock::Canonical
        } else {
            Clock::Real
        };
        let calendar = calendar(clock);
        let mut outputs = Vec::new();
        let start = start_line(source, calendar, common.canonical);
        for view in views(args, &paint, calendar, common.canonical, || {
            json(&start, common.canonical)
        }) {
            outputs.push(Output::screen(view, stream(args)?));
        }
        if let Some(path) = &args.record {
            let view = json(&start, common.canonical);
            outputs.push(Output::recording(view, Stream::create(path)?));
        }
        let region = Region::new(threads, args.on_full(), clock).map_err(|error| {
            format!(
                "mmap of the trace's memory: {}",
                super::stream::plain(&error)
            )
        })?;
        Ok(Tracing {
            region,
            plan: expressions.plan,
            outputs,
            shown: Shown {
                calls: expressions.filter,
                successful_only: args.successful_only,
                failed_only: args.failed_only,
            },
            redact: !args.no_redact,
            canonical: common.canonical,
            chatty: args.view() != Some(ViewName::Json)
                && args.view() != Some(ViewName::Strace)
                && !args.quiet,
        })
    }

    /// The kernel for the thread that makes the first call.
    pub fn kernel(&mut self) -> Kernel<Recorder> {
        Kernel {
            probe: self.region.probe(),
            plan: self.plan.take().map(Box::new),
        }
    }

    /// Starts to show what is recorded. `port` is the port to rewrite under `--canonical`.
    ///
    /// # Errors
    /// What starting a thread said.
    pub fn start(self, port: Option<u16>) -> std::io::Result<Running> {
        let canonical = self.canonical.then(|| Canonical::new(port));
        let start = self.region.start();
        let pipeline = Pipeline::new(start, self.outputs, self.shown, self.redact, canonical);
        Running::start(self.region, pipeline)
    }
}

/// The stream that carries the trace.
fn stream(args: &TraceArgs) -> Result<Stream, String> {
    match &args.output {
        Some(path) => Stream::create(path),
        None => Stream::stderr(),
    }
}

/// What that stream can show.
fn paint(args: &TraceArgs, common: &Common) -> Paint {
    let stderr = std::io::stderr();
    let color = match args.output {
        Some(_) => common.color == terminal::When::Always,
        None => terminal::colours(common.color, &stderr),
    };
    let width = match (&args.output, common.width) {
        (Some(_), terminal::Width::Auto) => 80,
        (_, width) => terminal::columns(width, &stderr),
    };
    Paint::new(color, terminal::charset(common), width)
}

/// The views for the screen, in the order they write.
fn views(
    args: &TraceArgs,
    paint: &Paint,
    calendar: Calendar,
    canonical: bool,
    json: impl Fn() -> Box<dyn View>,
) -> Vec<Box<dyn View>> {
    let mut views: Vec<Box<dyn View>> = Vec::new();
    match args.view() {
        Some(ViewName::Compact) => {
            views.push(Box::new(CompactView::new(
                paint.clone(),
                args.compact(calendar),
            )));
        }
        Some(ViewName::Strace) => {
            let pointers = !canonical;
            views.push(Box::new(StraceView::new(StraceOptions {
                pointers,
                ..args.strace(calendar)
            })));
        }
        Some(ViewName::Json) => views.push(json()),
        None => {}
    }
    if args.summary_only && !args.quiet {
        views.push(Box::new(SummaryView::new(paint.clone())));
    } else if args.summary || args.summary_only {
        views.push(Box::new(SummaryView::after_trace(paint.clone())));
    }
    views
}

/// The recording's view.
fn json(start: &Start, canonical: bool) -> Box<dyn View> {
    let view = JsonView::new(start.clone());
    Box::new(if canonical {
        view.without_pointers()
    } else {
        view
    })
}

/// What the first line of a recording says. A canonical one does not say how it was called: ports and
/// folders differ from desk to desk.
fn start_line(source: &str, calendar: Calendar, canonical: bool) -> Start {
    let argv: Vec<String> = match canonical {
        true => vec!["httpsys".to_string()],
        false => std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    };
    Start {
        source: source.to_string(),
        program: argv.first().cloned().unwrap_or_default(),
        argv,
        realtime: calendar.start,
    }
}

/// When watching begins, for views that print the time of day.
fn calendar(clock: Clock) -> Calendar {
    let start = clock.date();
    let nanoseconds = match clock {
        Clock::Real => std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64),
        Clock::Canonical => start * 1_000_000_000,
    };
    let offset = match clock {
        Clock::Real => crate::kernel::utc_offset(start as i64) as i32,
        Clock::Canonical => 0,
    };
    Calendar {
        start: nanoseconds,
        offset,
    }
}
