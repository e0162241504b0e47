//! `httpsys get`, run: the client, and beside it the trace of every call it makes. The flags that make
//! the request stand in `get`.

use super::Common;
use super::exit;
use super::get::ForTerminal;
use super::get::GetArgs;
use super::get::Refused;
use super::say;
use super::terminal;
use super::trace_flags::Expressions;
use super::trace_flags::TraceArgs;
use super::tracing::Tracing;
use crate::client;
use crate::client::Request;
use crate::kernel::Kernel;
use crate::kernel::NoProbe;
use crate::kernel::Probe;
use std::io::IsTerminal;
use std::io::Write;

/// The client half, from the same system calls
#[derive(clap::Args, Debug)]
pub struct FetchArgs {
    #[command(flatten)]
    get: GetArgs,
    #[command(flatten)]
    tracing: TraceArgs,
}

/// Asks, prints the answer, and gives the exit status.
pub fn run(args: &FetchArgs, common: &Common) -> u8 {
    let prepared = match args.get.prepare() {
        Ok(prepared) => prepared,
        Err(Refused::Usage(message)) => return super::usage("get", &message),
        Err(Refused::Machine(message)) => return refuse(&message),
    };
    if !args.tracing.show.quiet {
        prepared
            .remarks
            .iter()
            .for_each(|remark| say(&format!("* {remark}")));
    }
    let expressions = match args
        .tracing
        .show
        .expressions()
        .and_then(Expressions::for_own_calls)
    {
        Ok(expressions) => expressions,
        Err(message) => return super::usage("get", &message),
    };
    if !args.tracing.is_on() && expressions.plan.is_none() {
        return ask(&prepared.request, &mut Kernel::new(NoProbe), common);
    }
    let mut tracing = match Tracing::prepare(&args.tracing, expressions, common, 1, "client") {
        Ok(tracing) => tracing,
        Err(message) => return refuse(&message),
    };
    let mut kernel = tracing.kernel();
    let running = match tracing.start(prepared.request.to.first().and_then(|to| to.port()), &[]) {
        Ok(running) => running,
        Err(error) => return refuse(&format!("start a thread: {}", super::stream::plain(&error))),
    };
    let status = ask(&prepared.request, &mut kernel, common);
    drop(kernel);
    running.finish();
    status
}

/// The product goes to standard output: as it is, or made safe where that is a terminal.
fn ask<P: Probe>(request: &Request, kernel: &mut Kernel<P>, common: &Common) -> u8 {
    let stdout = std::io::stdout();
    let asked = if stdout.is_terminal() {
        let mut safe = ForTerminal::new(stdout.lock(), terminal::charset(common));
        let asked = client::run(request, kernel, &mut safe);
        let _ = safe.finish();
        asked
    } else {
        let mut out = stdout.lock();
        let asked = client::run(request, kernel, &mut out);
        let _ = out.flush();
        asked
    };
    match asked {
        Ok(_) => exit::DONE,
        // Whoever read our output has seen enough.
        Err(client::Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            exit::DONE
        }
        Err(error) => {
            let hint = error
                .hint()
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
            say(&format!("httpsys get: {error}{hint}"));
            super::get::status(&error)
        }
    }
}

fn refuse(message: &str) -> u8 {
    say(&format!("httpsys get: {message}"));
    exit::REFUSED
}
