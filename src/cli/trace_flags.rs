//! The tracing flags, which mean what they mean in strace, and the views they ask for. [`ShowArgs`] are
//! those of every command that shows calls; [`TraceArgs`] adds what `serve` and `get` have beside them.

use super::belonging;
use super::belonging::Belonging;
use super::belonging::RequestPattern;
use super::filter::Filter;
use super::pipeline::Shown;
use crate::kernel::Plan;
use crate::kernel::Rule;
use crate::source::recorder::OnFull;
use crate::view::compact::CompactOptions;
use crate::view::strace::FdNames;
use crate::view::strace::Hex;
use crate::view::strace::PidColumn;
use crate::view::strace::Stamp;
use crate::view::strace::Status;
use crate::view::strace::StraceOptions;
use crate::view::time::Calendar;
use crate::view::time::TimeStyle;
use clap::ArgAction;
use std::path::Path;
use std::path::PathBuf;

/// `--trace[=VIEW]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum ViewName {
    /// One annotated line a call.
    Compact,
    /// One call a screen: asked, done, got, beware.
    Explain,
    /// strace's format.
    Strace,
    /// One JSON object a line: the recording's format.
    Json,
}

/// `--on-full`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Full {
    /// The server waits for the trace: nothing is lost.
    Wait,
    /// The server goes on: what did not fit is counted and shown as lost.
    Drop,
}

/// The tracing flags of `serve` and `get`.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Tracing")]
pub struct TraceArgs {
    /// Show every system call: compact (the default view), explain, strace or json
    #[arg(long, value_name = "VIEW", num_args = 0..=1, require_equals = true, default_missing_value = "compact")]
    pub trace: Option<ViewName>,
    #[command(flatten)]
    pub show: ShowArgs,
    /// When the trace cannot keep up
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "wait",
        hide_default_value = true
    )]
    pub on_full: Full,
    /// A scene's script is on standard input (`prompts`)
    #[arg(long, hide = true)]
    pub prompted: bool,
}

/// What to show, and where.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Tracing")]
pub struct ShowArgs {
    /// Write the trace to FILE
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a recording (JSON lines) beside the screen
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// trace=SET: show only these calls (names, %http, %network, %desc, %file, %process, all, !SET);
    /// inject=CALL:FAULT:when=N (or fault=CALL:when=N for an error): spoil calls, by error=E, retval=N, short=N, delay_enter=T or
    /// delay_exit=T; with trace also inject=CALL:FAULT:request='GET /x', only calls of such a request
    #[arg(short = 'e', value_name = "EXPR")]
    pub expressions: Vec<String>,
    /// Show at most N bytes of what a call moved (strace view: 32 as in strace; compact: none)
    #[arg(short = 's', long = "string-limit", value_name = "N")]
    pub string_limit: Option<usize>,
    /// Time of day of each call; -tt with microseconds, -ttt seconds since 1970
    #[arg(short = 't', action = ArgAction::Count)]
    pub time: u8,
    /// Time since the last call
    #[arg(short = 'r', long = "relative-timestamps")]
    pub relative: bool,
    /// Time spent in each call
    #[arg(short = 'T', long = "syscall-times")]
    pub duration: bool,
    /// Print strings with odd bytes in hex; -xx all strings (strace view)
    #[arg(short = 'x', action = ArgAction::Count)]
    pub hex: u8,
    /// Say what is behind each descriptor; -yy with addresses (strace view)
    #[arg(short = 'y', action = ArgAction::Count)]
    pub decode_fds: u8,
    /// Only tables at the end: by call, by descriptor, by exchange, and where its time went
    #[arg(short = 'c', long = "summary-only", conflicts_with = "summary")]
    pub summary_only: bool,
    /// The trace, and the tables at the end
    #[arg(short = 'C', long = "summary")]
    pub summary: bool,
    /// Show only calls that succeeded
    #[arg(short = 'z', long = "successful-only", conflicts_with = "failed_only")]
    pub successful_only: bool,
    /// Show only calls that failed
    #[arg(short = 'Z', long = "failed-only")]
    pub failed_only: bool,
    /// Show only what belongs to one connection, by its number: c2
    #[arg(long = "conn", value_name = "cN", value_parser = belonging::connection)]
    pub connection: Option<u32>,
    /// Show only what belongs to these requests: 'GET /x', /x or GET; a * at the end stands for any
    #[arg(long, value_name = "REQUEST")]
    pub request: Option<RequestPattern>,
    /// Hold at each event: Enter goes on, b back, r runs, e explains, ? asks, q ends
    #[arg(long, conflicts_with = "summary_only")]
    pub step: bool,
    /// Ask what will happen before it is shown; the score comes last
    #[arg(long, conflicts_with = "summary_only")]
    pub quiz: bool,
    /// Deal again: others of what can be asked, other wrong answers in another order
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true)]
    pub seed: u64,
    /// Leave out the lines that begin with `*`
    #[arg(short = 'q', long, overrides_with = "quiet")]
    pub quiet: bool,
    /// Show the number of each call (strace view)
    #[arg(short = 'n', long = "syscall-number")]
    pub number: bool,
    /// Hide the values of Authorization, Cookie, Set-Cookie and Proxy-Authorization (the default)
    #[arg(long, overrides_with = "no_redact")]
    pub redact: bool,
    /// Show and record those values too
    #[arg(long)]
    pub no_redact: bool,
    /// Show also what programs do before their first call that matters: loading libraries, locales,
    /// modules (compact and explain views, --step and --quiz, of other programs)
    #[arg(long)]
    pub startup: bool,
}

/// What `-e` asked for.
#[derive(Debug)]
pub struct Expressions {
    /// Which calls to show; `None` where nothing was said.
    pub filter: Option<Filter>,
    /// Which calls to spoil.
    pub plan: Option<Plan>,
    /// For each rule of the plan the request that it is about, if it is about one.
    pub requests: Vec<Option<RequestPattern>>,
}

impl Expressions {
    /// The same for a program that spoils its own calls.
    ///
    /// # Errors
    /// It cannot know to which request a call belongs before it makes it.
    pub fn for_own_calls(self) -> Result<Expressions, String> {
        match self.requests.iter().any(Option::is_some) {
            true => Err(
                "request= is for httpsys trace, which stops a program before its call: \
                use when= here, or httpsys trace -e inject=... -- httpsys serve"
                    .to_string(),
            ),
            false => Ok(self),
        }
    }
}

/// strace writes to a command where the file's name begins with `|` or `!`.
fn command_of_strace(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(['|', '!'])
}

/// Whether two paths lead to the same file; a device (`/dev/null`) may be written to twice.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let is_device = |path: &Path| path.metadata().is_ok_and(|meta| !meta.is_file());
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    whole(one) == whole(other) && !is_device(one)
}

impl TraceArgs {
    /// Whether anything wants events: a view, tables or a recording.
    pub fn is_on(&self) -> bool {
        let show = &self.show;
        self.view().is_some() || show.summary || show.summary_only || show.record.is_some()
    }

    /// The view for the screen: `-C`, `-o` and the like imply the compact one.
    pub fn view(&self) -> Option<ViewName> {
        let show = &self.show;
        let implied = show.summary
            || show.output.is_some()
            || show.connection.is_some()
            || show.request.is_some();
        let implied = implied.then_some(ViewName::Compact);
        show.view(self.trace.or(show.paced()).or(implied))
    }

    /// What to do with a full ring.
    pub fn on_full(&self) -> OnFull {
        match self.on_full {
            Full::Wait => OnFull::Wait,
            Full::Drop => OnFull::Drop,
        }
    }
}

impl ShowArgs {
    /// The view for the screen, of which `-c` wants none.
    pub fn view(&self, asked: Option<ViewName>) -> Option<ViewName> {
        asked.filter(|_| !self.summary_only)
    }

    /// The view of `--step` and `--quiz`, where none is asked for: a screen for each event, or lines
    /// between questions.
    pub fn paced(&self) -> Option<ViewName> {
        match (self.step, self.quiz) {
            (true, _) => Some(ViewName::Explain),
            (false, true) => Some(ViewName::Compact),
            (false, false) => None,
        }
    }

    /// Which events the screen shows.
    pub fn shown(&self, calls: Filter) -> Shown {
        Shown {
            calls,
            successful_only: self.successful_only,
            failed_only: self.failed_only,
            belonging: Belonging::new(self.connection, self.request.clone()),
        }
    }

    /// What the compact view is told.
    pub fn compact(&self, calendar: Calendar) -> CompactOptions {
        let time = match (self.time, self.relative) {
            (0, true) => TimeStyle::Delta,
            (0, false) => TimeStyle::Milliseconds,
            (1, _) => TimeStyle::Clock,
            (2, _) => TimeStyle::Micros,
            (3.., _) => TimeStyle::Epoch,
        };
        CompactOptions {
            time,
            calendar,
            duration: self.duration,
            excerpt: self.string_limit,
            quiet: self.quiet,
            skip_startup: !self.startup,
        }
    }

    /// What the strace view is told.
    pub fn strace(&self, calendar: Calendar) -> StraceOptions {
        let defaults = StraceOptions::default();
        StraceOptions {
            strsize: self.string_limit.unwrap_or(defaults.strsize),
            stamp: match self.time {
                0 => Stamp::None,
                1 => Stamp::Seconds,
                2 => Stamp::Micros,
                3.. => Stamp::Epoch,
            },
            relative: self.relative,
            duration: self.duration,
            hex: match self.hex {
                0 => Hex::No,
                1 => Hex::NonAscii,
                2.. => Hex::All,
            },
            fds: match self.decode_fds {
                0 => FdNames::No,
                1 => FdNames::Paths,
                2.. => FdNames::Sockets,
            },
            pid: match self.output {
                Some(_) => PidColumn::Always,
                None => PidColumn::WhenMany,
            },
            number: self.number,
            // The pipeline has left out what `-z` and `-Z` hide.
            status: Status::All,
            start_realtime: calendar.start,
            utc_offset: i64::from(calendar.offset),
            live: self.output.is_none(),
            ..defaults
        }
    }

    /// Reads the `-e` expressions.
    ///
    /// # Errors
    /// A sentence that names the expression and the part that is wrong.
    pub fn expressions(&self) -> Result<Expressions, String> {
        if let Some(command) = self.output.as_deref().and_then(command_of_strace) {
            return Err(format!(
                "-o '|{command}': no command is started here; a file of that name would be ./'|{command}'. Pipe the trace \
                 itself: httpsys trace ... 2>&1 >/dev/null | {command}"
            ));
        }
        if let (Some(trace), Some(recording)) = (&self.output, &self.record)
            && is_one_file(trace, recording)
        {
            return Err(format!(
                "-o and --record both write to {}: give them different files",
                trace.display()
            ));
        }
        let mut filter = None;
        let mut rules = Vec::new();
        for expression in &self.expressions {
            let (kind, value) = expression.split_once('=').unwrap_or(("trace", expression));
            match kind {
                "trace" | "t" => filter = Some(Filter::parse(value)?),
                "inject" => rules.push(value.to_string()),
                "fault" if value.contains(":error=") => rules.push(value.to_string()),
                // As in strace: without a word, the call is not there.
                "fault" => rules.push(format!("{value}:error=ENOSYS")),
                "signal" | "status" | "quiet" | "abbrev" | "verbose" | "raw" | "read" | "write"
                | "kvm" | "decode-fds" => {
                    return Err(format!(
                        "-e {kind}=... of strace is not known here: use trace=SET or inject=..."
                    ));
                }
                // `-e read` without `trace=`: the whole expression is a set.
                _ if !expression.contains('=') => filter = Some(Filter::parse(expression)?),
                _ => return Err(format!("-e {expression}: use trace=SET or inject=CALL:...")),
            }
        }
        let rules: Vec<Rule> = rules
            .iter()
            .map(|rule| Plan::parse(rule))
            .collect::<Result<_, _>>()?;
        let request = |rule: &Rule| rule.request.as_ref().map(|text| text.parse()).transpose();
        let requests = rules.iter().map(request).collect::<Result<_, _>>()?;
        let plan = (!rules.is_empty()).then(|| Plan::new(rules));
        Ok(Expressions {
            filter,
            plan,
            requests,
        })
    }
}
