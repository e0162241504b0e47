//! `httpsys replay FILE`: a recording, or a log of strace, shown again in any view.
//!
//! In: a file or standard input, read once and never held. Out: on standard output what `serve --trace`
//! would have printed, for it goes through the same decoder, story and views.

use super::Common;
use super::exit;
use super::filter::Filter;
use super::pipeline::Pipeline;
use super::say;
use super::stream::no_file;
use super::stream::plain;
use super::trace_flags::ShowArgs;
use super::trace_flags::ViewName;
use super::tracing::Carrier;
use super::tracing::Screen;
use crate::event::raw::kind;
use crate::source::canonical::Canonical;
use crate::source::replayed::Replayed;
use crate::source::strace_log::several;
use crate::source::strace_log::several::Several;
use crate::view::time::Calendar;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// Show a recording, or a log of strace, again: in any view, with the filters of a live trace
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  httpsys serve --trace --record run.jsonl     makes a recording\n  \
httpsys replay run.jsonl\n  httpsys replay run.jsonl --view strace -yy -tt\n  \
httpsys replay run.jsonl --request 'GET /hi'\n  \
httpsys replay run.jsonl --view json --notes | jq .notes\n  \
strace -f -tt -T -s 65536 -o run.strace CMD     and then\n  httpsys replay run.strace"
)]
pub struct ReplayArgs {
    /// A recording, or what strace -f wrote; - reads standard input. Several: what strace -ff wrote
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How it looks: compact (the default), explain, strace or json
    #[arg(long, value_name = "VIEW")]
    pub view: Option<ViewName>,
    /// As fast as it happened (1), so many times faster, or max: without waiting (the default)
    #[arg(
        long,
        value_name = "F|max",
        default_value = "max",
        hide_default_value = true
    )]
    pub speed: Speed,
    /// With --view json: what the trace means, too (connection, exchange and notes of each event)
    #[arg(long)]
    pub notes: bool,
    #[command(flatten)]
    pub show: ShowArgs,
}

/// `--speed`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(f64),
    /// Without waiting.
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        match text {
            "max" => Ok(Speed::Max),
            text => match text.parse() {
                Ok(times) if times > 0.0 && f64::is_finite(times) => Ok(Speed::Times(times)),
                _ => Err("how many times as fast: 1, 0.5, 20, or max".to_string()),
            },
        }
    }
}

impl Speed {
    /// How long to wait for so many nanoseconds of the recording; `None` for what nobody sees.
    fn of(self, nanoseconds: u64) -> Option<Duration> {
        match self {
            Speed::Max => None,
            Speed::Times(times) => {
                let time = (nanoseconds as f64 / times).min(LONGEST.as_nanos() as f64);
                Some(Duration::from_nanos(time as u64)).filter(|time| !time.is_zero())
            }
        }
    }
}

/// No pause is longer, however slowly it is asked for: a recording may have stood still for a night.
const LONGEST: Duration = Duration::from_secs(60);

/// Room for lines on their way in.
const ROOM: usize = 256 << 10;

/// After so many nanoseconds without an event a live trace shows what its view had held back.
const PAUSE: u64 = 250_000_000;

/// Shows it and gives the exit status.
pub fn run(args: &ReplayArgs, common: &Common) -> u8 {
    let expressions = match args.show.expressions() {
        Ok(expressions) if expressions.plan.is_some() => {
            let message = "inject= spoils calls as they are made, and a replay makes none";
            return super::usage("replay", message);
        }
        Ok(expressions) => expressions,
        Err(message) => return super::usage("replay", &message),
    };
    if args.notes && args.view != Some(ViewName::Json) {
        return super::usage("replay", "--notes adds to --view json");
    }
    if let Some(output) = overwritten(args) {
        let message = format!("{} is what is being read", output.display());
        return super::usage("replay", &message);
    }
    let opened = open_all(&args.files).and_then(|reader| {
        let cannot = |error| format!("read {}: {}", names(args), no_file(&error));
        let mut reader = BufReader::with_capacity(ROOM, reader);
        if let Some(unpack) = unpack(reader.fill_buf().map_err(cannot)?) {
            let name = names(args);
            return Err(format!(
                "{name}: it is compressed: {unpack} FILE | httpsys replay -"
            ));
        }
        Replayed::new(reader).map_err(cannot)
    });
    let recording = match opened {
        Ok(recording) => recording,
        Err(message) => return refuse(&message),
    };
    if recording.is_empty() {
        return nothing(args, &recording);
    }
    let mut start = recording.start().clone();
    let rewrites = common.canonical && !start.canonical;
    start.canonical |= common.canonical;
    let offset = match start.canonical || recording.is_local() {
        true => 0,
        false => crate::kernel::utc_offset((start.realtime / 1_000_000_000) as i64) as i32,
    };
    let screen = Screen {
        show: &args.show,
        view: args.show.view(Some(view(args))),
        common,
        carrier: Carrier::StandardOutput,
        calendar: Calendar {
            start: start.realtime,
            offset,
        },
        start,
        notes: args.notes,
        total: total(args),
    };
    let outputs = match screen.outputs() {
        Ok(outputs) => outputs,
        Err(message) => return refuse(&message),
    };
    let pager = match screen.pager() {
        Ok(pager) => pager,
        Err(message) => return refuse(&message),
    };
    let mut pipeline = Pipeline::new(
        0,
        outputs,
        args.show
            .shown(expressions.filter.unwrap_or_else(Filter::all)),
        !args.show.no_redact,
        rewrites.then(|| Canonical::new(None)),
    );
    pipeline.pager = pager;
    if recording.start().source == "strace-log" {
        pipeline.story.may_be_filtered();
    }
    match show(recording, pipeline, args.speed) {
        Ok(()) => exit::DONE,
        Err(message) => refuse(&format!("{}: {message}", names(args))),
    }
}

/// Every record through the pipeline, until the end of either.
fn show<R: Read>(
    mut recording: Replayed<R>,
    mut pipeline: Pipeline,
    speed: Speed,
) -> Result<(), String> {
    let mut complaints = Vec::new();
    let canonical = recording.start().canonical;
    let mut latest = 0;
    let read = loop {
        match recording.next_numbered() {
            Ok(Some((seq, raw))) => {
                if raw.head.exit.saturating_sub(latest) > PAUSE && latest > 0 && !canonical {
                    complaints.extend(pipeline.flush(true));
                }
                if let Some(time) = speed.of(raw.head.exit.saturating_sub(latest))
                    && latest > 0
                {
                    complaints.extend(pipeline.flush(true));
                    std::thread::sleep(time);
                }
                latest = latest.max(raw.head.exit);
                match raw.head.kind {
                    kind::CALL => pipeline.numbered(seq, &raw),
                    _ => pipeline.record(&raw),
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(format!("read: {}", plain(&error))),
        }
        // Whoever follows a trace as it grows waits for no more than there is.
        if pipeline.has_quit() {
            break Ok(());
        }
        if recording.is_drained() || pipeline.is_full() {
            complaints.extend(pipeline.flush(false));
            if !pipeline.is_heard() {
                break Ok(());
            }
        }
    };
    complaints.extend(pipeline.end());
    match complaints.first() {
        Some(complaint) => Err(complaint.clone()),
        None => read,
    }
}

/// The view that is asked for, or that goes with --step and --quiz.
fn view(args: &ReplayArgs) -> ViewName {
    args.view.or(args.show.paced()).unwrap_or(ViewName::Compact)
}

/// How many calls there are, for a view that says so of each, and where it costs no more than to read a
/// file twice.
fn total(args: &ReplayArgs) -> Option<u64> {
    if view(args) != ViewName::Explain || !args.files.iter().all(|file| file.is_file()) {
        return None;
    }
    let reader = BufReader::with_capacity(ROOM, open_all(&args.files).ok()?);
    let mut recording = Replayed::new(reader).ok()?;
    let mut last = None;
    while let Ok(Some((seq, raw))) = recording.next_numbered() {
        if raw.head.kind == kind::CALL {
            last = last.max(Some(seq));
        }
    }
    last
}

fn open(path: &Path) -> Result<Box<dyn Read>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(format!("open {}: {}", name(path), no_file(&error))),
    }
}

/// One file; or several logs of strace as one.
fn open_all(paths: &[PathBuf]) -> Result<Box<dyn Read>, String> {
    if let [path] = paths {
        return open(path);
    }
    let mut files = Vec::new();
    for path in paths {
        let id = path
            .file_name()
            .and_then(|name| several::id(name.to_str()?));
        let id = id.ok_or_else(|| {
            format!(
                "{}: several files are shown together when strace -ff -o NAME wrote them, and then end in \
                 the number of a process (NAME.3545)",
                name(path)
            )
        })?;
        files.push((id, open(path)?));
    }
    let together = Several::new(files);
    match together {
        Ok(together) => Ok(Box::new(together)),
        Err(error) => Err(format!(
            "read {} and others: {}",
            name(&paths[0]),
            plain(&error)
        )),
    }
}

/// What unpacks a file that begins so, if it is packed.
fn unpack(beginning: &[u8]) -> Option<&'static str> {
    let packed: [(&[u8], &str); 3] = [
        (b"\x1f\x8b", "gzip -dc"),
        (b"\x28\xb5\x2f\xfd", "zstd -dc"),
        (b"\xfd7zXZ\0", "xz -dc"),
    ];
    let found = packed
        .iter()
        .find(|(magic, _)| beginning.starts_with(magic));
    found.map(|(_, unpack)| *unpack)
}

fn names(args: &ReplayArgs) -> String {
    let more = match args.files.len() {
        1 => "",
        _ => " and others",
    };
    format!("{}{more}", name(&args.files[0]))
}

fn name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_string(),
        false => path.display().to_string(),
    }
}

/// An output that would empty the file before it is read.
fn overwritten(args: &ReplayArgs) -> Option<&PathBuf> {
    let inputs = args
        .files
        .iter()
        .filter_map(|file| file.canonicalize().ok());
    let inputs: Vec<PathBuf> = inputs.collect();
    [&args.show.output, &args.show.record]
        .into_iter()
        .flatten()
        .find(|output| {
            output
                .canonicalize()
                .is_ok_and(|output| inputs.contains(&output))
        })
}

/// Not one event: it may be empty, or something else altogether.
fn nothing<R: Read>(args: &ReplayArgs, recording: &Replayed<R>) -> u8 {
    let name = names(args);
    if recording.is_blank() {
        say(&format!("httpsys replay: {name}: empty, nothing to show"));
        return exit::DONE;
    }
    if recording.is_known() {
        say(&format!("httpsys replay: {name}: no events in it"));
        return exit::DONE;
    }
    refuse(&format!(
        "{name}: neither a recording (httpsys serve --trace --record FILE) nor a log of strace \
         (strace -f -tt -T -s 65536 -o FILE CMD)"
    ))
}

fn refuse(message: &str) -> u8 {
    say(&format!("httpsys replay: {message}"));
    exit::REFUSED
}
