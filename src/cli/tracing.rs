//! From the tracing flags to views and their streams ([`Screen`]), and for `serve` and `get` to a
//! recorder that feeds them ([`Tracing`]).

use super::Common;
use super::filter::Filter;
use super::pace::Pager;
use super::pace::Wishes;
use super::pipeline::Output;
use super::pipeline::Pipeline;
use super::pipeline::Running;
use super::pipeline::Shown;
use super::program_output::ProgramOutput;
use super::stream::Stream;
use super::terminal;
use super::trace_flags::Expressions;
use super::trace_flags::ShowArgs;
use super::trace_flags::TraceArgs;
use super::trace_flags::ViewName;
use crate::event::FdFact;
use crate::event::wire::Start;
use crate::kernel::Clock;
use crate::kernel::Kernel;
use crate::kernel::Plan;
use crate::kernel::clock;
use crate::source::canonical::Canonical;
use crate::source::recorder::Recorder;
use crate::source::recorder::Region;
use crate::view::View;
use crate::view::compact::CompactView;
use crate::view::explain::ExplainView;
use crate::view::json::JsonView;
use crate::view::paint::Paint;
use crate::view::strace::StraceOptions;
use crate::view::strace::StraceView;
use crate::view::summary::SummaryView;
use crate::view::time::Calendar;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Everything a trace needs, made before the first call.
pub struct Tracing {
    region: Arc<Region>,
    plan: Option<Plan>,
    outputs: Vec<Output>,
    shown: Shown,
    redact: bool,
    canonical: bool,
    pager: Option<Box<Pager>>,
    on_quit: Option<Box<dyn FnOnce() + Send>>,
    /// Whether people read that stream: lines that begin with `*` belong there.
    pub chatty: bool,
    prompts: bool,
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
        let clock = if common.canonical {
            Clock::Canonical
        } else {
            Clock::Real
        };
        let calendar = calendar(clock);
        let show = &args.show;
        let screen = Screen {
            show,
            view: args.view(),
            common,
            carrier: Carrier::StandardError,
            start: start_line(
                source,
                calendar,
                own_argv(common.canonical),
                common.canonical,
            ),
            calendar,
            notes: false,
            total: None,
        };
        let (outputs, pager) = (screen.outputs()?, screen.pager()?);
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
            shown: show.shown(expressions.filter.unwrap_or_else(Filter::all)),
            redact: !show.no_redact,
            canonical: common.canonical,
            pager,
            on_quit: None,
            chatty: args.view() != Some(ViewName::Json)
                && args.view() != Some(ViewName::Strace)
                && !show.quiet,
            prompts: args.prompted,
        })
    }

    /// What to do when who looks event by event has seen enough.
    pub fn on_quit(&mut self, what: impl FnOnce() + Send + 'static) {
        self.on_quit = Some(Box::new(what));
    }

    /// The kernel for the thread that makes the first call.
    pub fn kernel(&mut self) -> Kernel<Recorder> {
        Kernel {
            probe: self.region.probe(),
            plan: self.plan.take().map(Box::new),
        }
    }

    /// Takes prompts from standard input, if the flags say so: the cues among them come from what is returned.
    /// After the last one, this process has so long to end by itself.
    ///
    /// # Errors
    /// What starting a thread said.
    pub fn prompts(&self, grace: Duration) -> std::io::Result<Option<Receiver<()>>> {
        match self.prompts {
            true => super::prompts::listen(self.region.clone(), grace).map(Some),
            false => Ok(None),
        }
    }

    /// Starts to show what is recorded. `port` is the port to rewrite under `--canonical`, `facts` what some
    /// descriptors are that no recorded call opens.
    ///
    /// # Errors
    /// What starting a thread said.
    pub fn start(self, port: Option<u16>, facts: &[FdFact]) -> std::io::Result<Running> {
        let canonical = self.canonical.then(|| Canonical::new(port));
        let start = self.region.start();
        let mut pipeline = Pipeline::new(start, self.outputs, self.shown, self.redact, canonical);
        if self.prompts {
            pipeline.mark();
        }
        for fact in facts {
            pipeline.fact(fact);
        }
        pipeline.pager = self.pager.map(|mut pager| {
            clock::can_pause();
            pager.holds(self.region.clone());
            if let Some(end) = self.on_quit {
                pager.on_quit(end);
            }
            pager
        });
        Running::start(self.region, pipeline)
    }
}

/// The stream that carries the trace when no file does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// As in strace: the program has standard output to itself.
    StandardError,
    /// The trace is what was asked for.
    StandardOutput,
}

impl Carrier {
    fn stream(self) -> Result<Stream, String> {
        match self {
            Carrier::StandardError => Stream::stderr(),
            Carrier::StandardOutput => Stream::stdout(),
        }
    }

    fn colours(self, when: terminal::When) -> bool {
        match self {
            Carrier::StandardError => terminal::colours(when, &std::io::stderr()),
            Carrier::StandardOutput => terminal::colours(when, &std::io::stdout()),
        }
    }

    fn columns(self, width: terminal::Width) -> usize {
        match self {
            Carrier::StandardError => terminal::columns(width, &std::io::stderr()),
            Carrier::StandardOutput => terminal::columns(width, &std::io::stdout()),
        }
    }
}

/// What the flags ask for, as views and streams.
pub struct Screen<'a> {
    /// The flags.
    pub show: &'a ShowArgs,
    /// The view, if any.
    pub view: Option<ViewName>,
    /// The flags that every command has.
    pub common: &'a Common,
    /// Where the trace goes without `-o`.
    pub carrier: Carrier,
    /// What a recording says first.
    pub start: Start,
    /// When watching began, for times of day.
    pub calendar: Calendar,
    /// The JSON view says what is derived, too.
    pub notes: bool,
    /// How many calls there are, where that is known.
    pub total: Option<u64>,
}

impl Screen<'_> {
    /// The views and where each writes, the screen's before the recording's.
    ///
    /// # Errors
    /// A sentence: which file, and what the machine said.
    pub fn outputs(&self) -> Result<Vec<Output>, String> {
        let mut outputs = Vec::new();
        let mut views = self.views();
        if let Some(last) = views.pop() {
            // A file is opened once: views that share it write one behind the other.
            let stream = self.stream()?;
            for view in views {
                outputs.push(Output::screen(view, stream.again()?));
            }
            outputs.push(Output::screen(last, stream));
        }
        if let Some(path) = &self.show.record {
            let view = Box::new(self.json());
            outputs.push(Output::recording(view, Stream::create(path)?));
        }
        Ok(outputs)
    }

    /// Who decides when the next event is shown, if anyone does.
    ///
    /// # Errors
    /// What the stream said.
    pub fn pager(&self) -> Result<Option<Box<Pager>>, String> {
        if !self.show.step && !self.show.quiz {
            return Ok(None);
        }
        let wishes = Wishes {
            step: self.show.step,
            quiz: self.show.quiz,
            seed: self.show.seed,
            draws: self.draws(),
            shared: self.show.output.is_none(),
            skips_startup: !self.show.startup,
            chatty: (self.apart()
                || matches!(self.view, Some(ViewName::Compact | ViewName::Explain)))
                && !self.show.quiet,
            total: self.total,
        };
        let (common, carrier) = (self.common.clone(), self.carrier);
        let paint = move || {
            let columns = carrier.columns(common.width);
            Paint::new(
                carrier.colours(common.color),
                terminal::charset(&common),
                columns,
            )
        };
        let pager = Pager::new(wishes, self.carrier.stream()?, Box::new(paint));
        Ok(Some(Box::new(pager)))
    }

    /// Whether the pager draws screens: those of the view, or beside a trace that goes to a file.
    fn draws(&self) -> bool {
        let paced = self.show.step || self.show.quiz;
        paced && self.view == Some(ViewName::Explain) || self.show.step && self.apart()
    }

    /// Whether the trace goes elsewhere than to who looks at it.
    fn apart(&self) -> bool {
        self.show.output.is_some()
    }

    /// The terminal that carries the events of a program which may write there too, and its device; `None`
    /// where something else carries them, or somebody holds them back.
    ///
    /// # Errors
    /// What the stream said.
    pub fn beside_program(&self) -> Result<Option<(ProgramOutput, u64)>, String> {
        let paced = self.show.step || self.show.quiz;
        if self.show.output.is_some() || self.view.is_none() || paced {
            return Ok(None);
        }
        let stream = self.carrier.stream()?;
        let device = super::terminal::device(&stream);
        Ok(device.map(|device| (ProgramOutput::new(stream, self.paint()), device)))
    }

    fn stream(&self) -> Result<Stream, String> {
        match &self.show.output {
            Some(path) => Stream::create(path),
            None => self.carrier.stream(),
        }
    }

    /// What that stream can show.
    fn paint(&self) -> Paint {
        let common = self.common;
        let (color, width) = match &self.show.output {
            None => (
                self.carrier.colours(common.color),
                self.carrier.columns(common.width),
            ),
            Some(_) => {
                let width = match common.width {
                    terminal::Width::Auto => 80,
                    terminal::Width::Columns(columns) => columns,
                };
                (common.color == terminal::When::Always, width)
            }
        };
        Paint::new(color, terminal::charset(common), width)
    }

    /// The views for the screen, in the order they write.
    fn views(&self) -> Vec<Box<dyn View>> {
        let (show, paint) = (self.show, self.paint());
        let mut views: Vec<Box<dyn View>> = Vec::new();
        match self.view {
            Some(ViewName::Compact) => {
                views.push(Box::new(CompactView::new(
                    paint.clone(),
                    show.compact(self.calendar),
                )));
            }
            Some(ViewName::Explain) => {
                let mut view = ExplainView::new(paint.clone(), self.total, show.quiet);
                if !show.startup {
                    view = view.without_startup();
                }
                if self.draws() && !self.apart() {
                    view = view.only_sums();
                }
                views.push(Box::new(view));
            }
            Some(ViewName::Strace) => {
                views.push(Box::new(StraceView::new(StraceOptions {
                    pointers: !self.start.canonical,
                    ..show.strace(self.calendar)
                })));
            }
            Some(ViewName::Json) if self.notes => views.push(Box::new(self.json().with_notes())),
            Some(ViewName::Json) => views.push(Box::new(self.json())),
            None => {}
        }
        if show.summary || show.summary_only {
            let tables = match show.summary_only && !show.quiet {
                true => SummaryView::new(paint),
                false => SummaryView::after_trace(paint),
            };
            let asked = show.expressions().ok().and_then(|asked| asked.filter);
            views.push(Box::new(match asked {
                Some(filter) => tables.only(Box::new(move |id| filter.shows(id))),
                None => tables,
            }));
        }
        views
    }

    /// A recording's view.
    fn json(&self) -> JsonView {
        let view = JsonView::new(self.start.clone());
        if self.start.canonical {
            view.without_pointers()
        } else {
            view
        }
    }
}

/// How we were called. A canonical recording does not say: ports and folders differ from desk to desk.
fn own_argv(canonical: bool) -> Vec<String> {
    match canonical {
        true => vec!["httpsys".to_string()],
        false => std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    }
}

/// What the first line of a recording says.
pub fn start_line(source: &str, calendar: Calendar, argv: Vec<String>, canonical: bool) -> Start {
    Start {
        source: source.to_string(),
        program: argv.first().cloned().unwrap_or_default(),
        argv,
        realtime: calendar.start,
        canonical,
    }
}

/// When watching begins, for views that print the time of day.
pub fn calendar(clock: Clock) -> Calendar {
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
