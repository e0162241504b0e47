//! `httpsys trace`: any program's calls, and what they mean for HTTP.
//!
//! In: a command to run, or processes that run. Out: the trace on standard error (or `-o`), the program's
//! own streams untouched, and in the end the program's own status. The tracer has this thread; `feed`
//! shows on another.

use super::Common;
use super::exit;
use super::feed;
use super::feed::Requests;
use super::filter::Filter;
use super::pace;
use super::pipeline::Pipeline;
use super::program;
use super::refused;
use super::say;
use super::signals;
use super::trace_flags::ShowArgs;
use super::trace_flags::ViewName;
use super::tracing::Carrier;
use super::tracing::Screen;
use super::tracing::calendar;
use super::tracing::start_line;
use crate::abi::calls;
use crate::kernel::Clock;
use crate::kernel::Plan;
use crate::kernel::clock;
use crate::source::canonical::Canonical;
use crate::source::handover::Handover;
use crate::source::ptrace::Cpu;
use crate::source::ptrace::Ended;
use crate::source::ptrace::Failure;
use crate::source::ptrace::Options;
use crate::source::ptrace::Tracer;
use crate::source::ptrace::Wanted;
use clap::ArgAction;
use std::ffi::OsString;
use std::sync::Arc;

/// HTTP-aware tracing of any program and its children
#[derive(clap::Args, Debug)]
#[command(
    override_usage = "httpsys trace [OPTIONS] [--] CMD [ARGS]...\n       httpsys trace [OPTIONS] -p PID...",
    after_help = "Examples:\n  httpsys trace python3 -m http.server\n  httpsys trace -f -e trace=all --view strace -o log -- ./server\n  \
httpsys trace --record run.jsonl -p 1234     then: httpsys replay run.jsonl\n  \
httpsys trace -e inject=read:short=1 -- ./server\n  \
httpsys trace -e inject=write:short=10:request='GET /x' -- ./server"
)]
pub struct WatchArgs {
    /// The program to run, and its arguments
    #[arg(value_name = "CMD", trailing_var_arg = true)]
    pub command: Vec<OsString>,
    /// Trace a process that runs already, with all its threads; may be repeated
    #[arg(
        short = 'p',
        long = "attach",
        value_name = "PID",
        value_delimiter = ','
    )]
    pub pids: Vec<i32>,
    /// How it looks: compact (the default), explain, strace or json
    #[arg(long, value_name = "VIEW")]
    pub view: Option<ViewName>,
    /// Give CMD this in its environment; without =VALUE: take it out. May be repeated
    #[arg(short = 'E', long = "env", value_name = "NAME[=VALUE]")]
    pub environment: Vec<OsString>,
    /// Trace children and other threads too (the default)
    #[arg(short = 'f', long = "follow", overrides_with = "no_follow", action = ArgAction::Count)]
    pub follow: u8,
    /// Trace CMD's first thread alone
    #[arg(long)]
    pub no_follow: bool,
    /// Where events come from: auto takes the best there is
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    pub engine: Engine,
    /// Stop CMD at every call, instead of only at wanted ones by a seccomp filter
    #[arg(long)]
    pub no_filter: bool,
    /// Keep CMD and its tracer on one CPU: several times faster, for no stop is served from another CPU; CMD
    /// then sees that it has one CPU
    #[arg(long, conflicts_with = "pids")]
    pub one_cpu: bool,
    /// With --view json: what the trace means, too (connection, exchange and notes of each event)
    #[arg(long)]
    pub notes: bool,
    #[command(flatten)]
    pub show: ShowArgs,
}

/// `--engine`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Engine {
    /// The best there is: ptrace.
    Auto,
    /// The kernel stops the program at each wanted call.
    Ptrace,
    /// Not there yet.
    Ebpf,
}

/// Traces, and gives the status to end with.
pub fn run(args: WatchArgs, common: &Common) -> u8 {
    if let Some(message) = misuse(&args) {
        return super::usage("trace", message);
    }
    if args.engine == Engine::Ebpf {
        return refuse("--engine ebpf: that engine is not there yet; use --engine ptrace");
    }
    let expressions = match args.show.expressions() {
        Ok(expressions) => expressions,
        Err(message) => return super::usage("trace", &message),
    };
    let filter = expressions.filter.unwrap_or_else(Filter::http);
    let requests = expressions.requests;
    let mut options = Options {
        wanted: wanted(&args, &filter, expressions.plan.as_ref()),
        follow: !args.no_follow,
        filter: !args.no_filter,
        plan: expressions.plan,
        step: args.show.step || args.show.quiz,
        terminal: None,
    };
    let calendar = calendar(match common.canonical {
        true => Clock::Canonical,
        false => Clock::Real,
    });
    let screen = Screen {
        show: &args.show,
        view: args.show.view(Some(view(&args))),
        common,
        carrier: Carrier::StandardError,
        start: start_line("ptrace", calendar, words(&args), common.canonical),
        calendar,
        notes: args.notes,
        total: None,
    };
    let outputs = match screen.outputs() {
        Ok(outputs) => outputs,
        Err(message) => return refuse(&message),
    };
    let program = match screen.beside_program() {
        Ok(beside) => beside.map(|(program, device)| {
            options.terminal = Some(device);
            program
        }),
        Err(message) => return refuse(&message),
    };
    let pager = match screen.pager() {
        Ok(pager) => pager,
        Err(message) => return refuse(&message),
    };
    if pager.is_some()
        && let Err(error) = pace::keep_standard_input()
    {
        return refuse(&super::stream::plain(&error));
    }
    let start = clock::real();
    let mut pipeline = Pipeline::new(
        start,
        outputs,
        args.show.shown(filter),
        !args.show.no_redact,
        common
            .canonical
            .then(|| Canonical::new(None).ticking(start)),
    );
    pipeline.pager = pager;
    pipeline.program = program;
    let mask = match signals::block() {
        Ok(mask) => mask,
        Err(error) => return refuse(&super::stream::plain(&error)),
    };
    let chatty = matches!(view(&args), ViewName::Compact | ViewName::Explain) && !args.show.quiet;
    pipeline.chatty = chatty;
    let begun = match args.pids.is_empty() {
        true => launch(&args, options, mask, chatty),
        false => attach(&args, options, chatty),
    };
    match begun {
        Ok(tracer) => watch(tracer, pipeline, requests, &args),
        Err(message) => refuse(&message),
    }
}

/// The view that is asked for, or that goes with --step and --quiz.
fn view(args: &WatchArgs) -> ViewName {
    args.view.or(args.show.paced()).unwrap_or(ViewName::Compact)
}

fn misuse(args: &WatchArgs) -> Option<&'static str> {
    match (args.command.is_empty(), args.pids.is_empty()) {
        (true, true) => Some("give a command to run (httpsys trace -- CMD ARGS) or -p PID"),
        (false, false) => Some("give a command or -p PID, not both"),
        (true, false) if !args.environment.is_empty() => {
            Some("-E is for a command that is started: with -p it comes too late")
        }
        _ if args.notes && args.view != Some(ViewName::Json) => Some("--notes adds to --view json"),
        _ if args.follow > 1 && args.show.output.is_some() => Some(
            "-ff: a file for each process is not written here; -o FILE holds all of them, and \
             each line says whose it is",
        ),
        _ => None,
    }
}

/// The calls that stop. The compact view needs those that carry HTTP, whatever it shows, to tell whose
/// bytes are whose, and so does a fault for a request; the other views take what was asked for, as strace does, and the
/// calls to be spoiled. Tables that add up findings need the story, too.
fn wanted(args: &WatchArgs, filter: &Filter, plan: Option<&Plan>) -> Wanted {
    let rules = plan.map_or(&[][..], Plan::rules);
    let for_request = rules.iter().any(|rule| rule.request.is_some());
    let spoils = |id| rules.iter().any(|rule| rule.calls.contains(&id));
    let sums = args.show.summary || args.show.summary_only;
    let story = view(args) != ViewName::Strace || args.show.record.is_some() || for_request || sums;
    let http = Filter::http();
    // It says whether calls sleep (FIONBIO) and what a new program gets (FIOCLEX).
    let needed = |id| http.shows(Some(id)) || id == calls::IOCTL;
    let calls = calls::CallId::all()
        .filter(|id| filter.shows(Some(*id)) || story && needed(*id) || spoils(*id));
    Wanted::new(calls.filter_map(|id| id.number()), filter.shows(None))
}

fn words(args: &WatchArgs) -> Vec<String> {
    let pids = args.pids.iter().map(|pid| format!("-p {pid}"));
    let command = args
        .command
        .iter()
        .map(|word| word.to_string_lossy().into_owned());
    pids.chain(command).collect()
}

fn launch(
    args: &WatchArgs,
    options: Options,
    mask: nix::sys::signal::SigSet,
    chatty: bool,
) -> Result<Tracer, String> {
    let name = args.command[0].to_string_lossy().into_owned();
    let (mut command, remarks) = program::command(&args.command, &args.environment, mask)?;
    if args.one_cpu {
        command.cpu = Cpu::here();
    }
    if let (true, Some(cpu)) = (chatty, command.cpu) {
        say(&format!(
            "* CMD and its tracer share CPU {}: CMD sees that it has one",
            cpu.number()
        ));
    }
    if chatty {
        remarks
            .iter()
            .for_each(|remark| say(&format!("* {remark}")));
    }
    let begun = match Tracer::launch(&command, options.clone()) {
        Err(Failure::Filter(errno)) => {
            if chatty {
                say(&format!("* {}", refused::filter(errno)));
            }
            let options = Options {
                filter: false,
                ..options
            };
            Tracer::launch(&command, options)
        }
        begun => begun,
    };
    match begun {
        Ok(tracer) => Ok(tracer),
        Err(failure) => Err(refused::launch(&name, failure)),
    }
}

fn attach(args: &WatchArgs, options: Options, chatty: bool) -> Result<Tracer, String> {
    let tracer =
        Tracer::attach(&args.pids, options).map_err(|refusal| refused::attach(&refusal))?;
    if chatty {
        say("* attached: every call stops (no filter can be put into a program that runs)");
        say("* Ctrl-C lets it go; it runs on");
    }
    Ok(tracer)
}

/// Both halves at work, until nobody is left to trace.
fn watch(tracer: Tracer, pipeline: Pipeline, requests: Requests, args: &WatchArgs) -> u8 {
    let handover = Arc::new(Handover::default());
    let mut pipeline = pipeline;
    if let Some(pager) = &mut pipeline.pager {
        // As a first SIGTERM to the tracer: the program is asked to end, or let go.
        pager.on_quit(|| {
            let _ =
                nix::sys::signal::kill(nix::unistd::getpid(), nix::sys::signal::Signal::SIGTERM);
        });
    }
    let shown = match feed::start(handover.clone(), pipeline, requests) {
        Ok(shown) => shown,
        Err(error) => return refuse(&format!("start a thread: {}", super::stream::plain(&error))),
    };
    let passed_on = signals::pass_on(tracer.control(), args.pids.is_empty());
    if let Err(error) = passed_on {
        return refuse(&super::stream::plain(&error));
    }
    let ended = tracer.run(&handover);
    handover.end();
    let _ = shown.join();
    match ended {
        Ended::LeftAlone => exit::DONE,
        Ended::Exited(status) => status as u8,
        Ended::Killed(signal) => crate::kernel::end_by(signal),
        Ended::Failed(failure) => {
            let name = args.command.first().map(|name| name.to_string_lossy());
            refuse(&refused::launch(&name.unwrap_or_default(), failure))
        }
    }
}

fn refuse(message: &str) -> u8 {
    say(&format!("httpsys trace: {message}"));
    exit::REFUSED
}
