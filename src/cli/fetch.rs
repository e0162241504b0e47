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
use std::io::StdoutLock;
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
        let mut product = Product::new(common, false);
        let status = ask(&prepared.request, &mut Kernel::new(NoProbe), &mut product);
        product.finish();
        return status;
    }
    let mut product = Product::new(common, args.tracing.show.output.is_none());
    let mut tracing = match Tracing::prepare(&args.tracing, expressions, common, 1, "client") {
        Ok(tracing) => tracing,
        Err(message) => return refuse(&message),
    };
    let mut kernel = tracing.kernel();
    let running = match tracing.start(prepared.request.to.first().and_then(|to| to.port()), &[]) {
        Ok(running) => running,
        Err(error) => return refuse(&format!("start a thread: {}", super::stream::plain(&error))),
    };
    let status = ask(&prepared.request, &mut kernel, &mut product);
    drop(kernel);
    running.finish();
    product.finish();
    status
}

/// So much of the product is kept until the trace is over, where both are on one terminal; of a longer one all
/// comes as it comes.
const KEPT: usize = 1 << 20;

/// Standard output: bytes as they are, or made safe where that is a terminal.
enum Out {
    Terminal(ForTerminal<StdoutLock<'static>>),
    Elsewhere(StdoutLock<'static>),
}

/// What was asked for, on its way to standard output.
struct Product {
    out: Out,
    /// What is kept back.
    kept: Option<Vec<u8>>,
}

impl Product {
    /// `beside_trace`: the trace goes to standard error. On one terminal it comes first: a body that ends without
    /// a line end would stand within its lines, and before the question what will be read.
    fn new(common: &Common, beside_trace: bool) -> Product {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let shared = terminal && beside_trace && std::io::stderr().is_terminal();
        Product {
            out: match terminal {
                true => {
                    let charset = terminal::charset(common);
                    Out::Terminal(ForTerminal::new(stdout.lock(), charset))
                }
                false => Out::Elsewhere(stdout.lock()),
            },
            kept: shared.then(Vec::new),
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.out {
            Out::Terminal(out) => out.write_all(bytes),
            Out::Elsewhere(out) => out.write_all(bytes),
        }
    }

    fn let_go(&mut self) -> std::io::Result<()> {
        match self.kept.take() {
            Some(kept) => self.pass(&kept),
            None => Ok(()),
        }
    }

    /// Nothing more comes. Whoever reads it may have seen enough.
    fn finish(mut self) {
        let _ = self.let_go();
        let _ = match &mut self.out {
            Out::Terminal(out) => out.finish(),
            Out::Elsewhere(out) => out.flush(),
        };
    }
}

impl Write for Product {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.kept {
            Some(kept) if kept.len() + bytes.len() <= KEPT => kept.extend_from_slice(bytes),
            _ => {
                self.let_go()?;
                self.pass(bytes)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.out {
            Out::Terminal(out) => out.flush(),
            Out::Elsewhere(out) => out.flush(),
        }
    }
}

/// Asks, and says what went wrong.
fn ask<P: Probe>(request: &Request, kernel: &mut Kernel<P>, product: &mut Product) -> u8 {
    match client::run(request, kernel, product) {
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
