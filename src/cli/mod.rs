//! Flags → options → wiring → exit code. Only here stdout, stderr, the environment and the exit
//! status are touched.
//!
//! Each command is a file that reads like a table of contents; what they share stands in
//! `trace_flags` (the tracing flags and what they mean), `pipeline` (record → story → views →
//! streams), `stream` (where bytes go and what happens when that fails) and `terminal`.

mod access_log;
mod act;
mod activation;
mod belonging;
mod demo;
mod doctor;
mod explain;
mod feed;
mod fetch;
mod filter;
mod get;
mod manual;
mod pace;
mod parse;
mod pipeline;
mod program;
mod program_output;
mod prompts;
mod quantity;
mod refused;
mod replay;
mod serve;
mod signals;
mod strace_flags;
mod stream;
mod terminal;
mod trace;
mod trace_flags;
mod tracing;
mod walk;

use crate::view::text::defuse;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// See HTTP happen at the system-call boundary.
#[derive(Parser, Debug)]
#[command(name = "httpsys", version, about, long_about = None, max_term_width = 80)]
#[command(
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "First steps:\n  httpsys serve --trace          then, in another terminal:\n  httpsys get :8080/hi\n  httpsys parse < request.txt\n  httpsys explain accept4"
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command knows.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Screen")]
pub struct Common {
    /// Colours: for the stream that carries the trace, when it is a terminal
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: terminal::When,
    /// Columns to use: a number, or auto (the terminal's; 80 elsewhere)
    #[arg(
        long,
        global = true,
        value_name = "N|auto",
        default_value = "auto",
        hide_default_value = true
    )]
    pub width: terminal::Width,
    /// Draw with ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// A fake clock, stable ports and process ids: same input, same bytes out
    #[arg(long, global = true)]
    pub canonical: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the raw-system-call HTTP server; --trace to watch it
    Serve(Box<serve::ServeArgs>),
    /// Explain HTTP/1.1 messages byte by byte
    Parse(parse::ParseArgs),
    /// The client half, from the same system calls
    Get(Box<fetch::FetchArgs>),
    /// Show a recording, or a log of strace, again: in any view
    Replay(Box<replay::ReplayArgs>),
    /// HTTP-aware tracing of any program and its children
    Trace(Box<trace::WatchArgs>),
    /// Play a scene: server, clients and trace in one terminal
    Demo(demo::DemoArgs),
    /// The server of one act of a scene
    #[command(hide = true)]
    Act(act::ActArgs),
    /// Look up a call, an errno, a status, a header, a finding
    Explain(explain::ExplainArgs),
    /// Will everything work on this machine? OK or FIX lines
    Doctor,
    /// Print the manual page, or a command's
    #[command(hide = true)]
    Man(manual::ManArgs),
    /// Print a shell's completions
    #[command(hide = true)]
    Completions(manual::CompletionsArgs),
}

/// Exit statuses (docs/exit-codes.md).
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// A malformed message, a malformed or cut answer, an unknown word.
    pub const WRONG: u8 = 1;
    /// The command line was not understood.
    pub const USAGE: u8 = 2;
    /// The machine said no.
    pub const REFUSED: u8 = 4;
}

/// Runs the program and gives its exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(words) = of_strace(&error) {
                return ExitCode::from(usage("trace", &words));
            }
            print(&error);
            return ExitCode::from(if error.use_stderr() {
                exit::USAGE
            } else {
                exit::DONE
            });
        }
    };
    crate::kernel::inherited::survive_file_limit();
    let status = match cli.command {
        Command::Serve(args) => serve::run(*args, &cli.common),
        Command::Parse(args) => parse::main(args, &cli.common),
        Command::Get(args) => fetch::run(&args, &cli.common),
        Command::Replay(args) => replay::run(&args, &cli.common),
        Command::Trace(args) => trace::run(*args, &cli.common),
        Command::Demo(args) => demo::run(&args, &cli.common),
        Command::Act(args) => act::run(&args, &cli.common),
        Command::Explain(args) => explain::run(&args, &cli.common),
        Command::Doctor => doctor::run(&cli.common),
        Command::Man(args) => manual::man(&args),
        Command::Completions(args) => manual::completions(&args),
    };
    crate::kernel::raw_mode::give_back();
    ExitCode::from(status)
}

/// What to say where `trace` was given a flag of strace's that it does not have.
fn of_strace(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let is_trace = std::env::args_os().skip(1).any(|word| word == "trace");
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag))
            if is_trace && error.kind() == ErrorKind::UnknownArgument =>
        {
            strace_flags::instead(flag)
        }
        _ => None,
    }
}

/// Prints a usage error in clap's form and gives the status.
fn usage(command: &str, message: &str) -> u8 {
    let mut cli = Cli::command();
    let sub = cli.find_subcommand_mut(command).map(std::mem::take);
    let mut shown = sub.unwrap_or(cli).bin_name(format!("httpsys {command}"));
    print(&shown.error(clap::error::ErrorKind::ValueValidation, message));
    exit::USAGE
}

/// Prints what clap has to say: help, or an error. An error quotes the command line, in which a shell
/// may have put any file's name; one with something odd in it goes without colours. A closed pipe is
/// no reason to complain: the reader has seen enough.
fn print(error: &clap::Error) {
    let plain = error.render().to_string();
    let harmless = defuse(&plain);
    if harmless == plain {
        let _ = error.print();
    } else {
        say(harmless.trim_end());
    }
}

/// One line on standard error; a closed one is nobody's trouble.
fn say(line: &str) {
    use std::io::Write;
    // One write: a trace may write to the same stream at the same time.
    let _ = std::io::stderr().write_all(format!("{}\n", defuse(line)).as_bytes());
}
