//! `httpsys serve`: the server, and beside it the trace of every call it makes.

use super::Common;
use super::access_log::AccessLog;
use super::activation;
use super::exit;
use super::quantity;
use super::say;
use super::signals;
use super::trace_flags::Expressions;
use super::trace_flags::TraceArgs;
use super::tracing::Tracing;
use crate::abi::address::Address;
use crate::event::FdFact;
use crate::kernel::Clock;
use crate::kernel::Kernel;
use crate::kernel::Probe;
use crate::server;
use crate::server::Config;
use crate::server::IoModel;
use crate::server::Listen;
use crate::server::Listener;
use crate::server::Open;
use crate::server::Served;
use crate::server::Stop;
use crate::server::log::LogFormat;
use crate::view::text::Charset;
use crate::view::text::escape;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use std::net::UdpSocket;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Run the raw-system-call HTTP server; --trace to watch it
#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    /// The folder to serve; without one, only the built-in pages
    pub root: Option<PathBuf>,
    /// 8080, 127.0.0.1:8080, [::1]:8080, unix:/path, unix:@name; port 0: any free one; may be repeated
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = Listen::parse)]
    pub listen: Vec<Listen>,
    /// How to wait for clients
    #[arg(long, value_name = "MODEL", default_value = "blocking", value_parser = models())]
    pub io: IoModel,
    /// Event loops, each with a thread and a listener (SO_REUSEPORT); for select, poll, epoll, epoll-et, uring
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Answer paths that name no file with this one below ROOT, such as index.html
    #[arg(long, value_name = "FILE", requires = "root")]
    pub spa: Option<PathBuf>,
    /// Answer 404 for a directory without index.html, instead of listing it
    #[arg(long)]
    pub no_listing: bool,
    /// How many completed connections the kernel may queue
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub backlog: i32,
    /// Bytes to offer to each read
    #[arg(long, value_name = "N", value_parser = quantity::some_bytes)]
    pub buf: Option<u64>,
    /// Keep connections for more requests (blocking and nonblocking: default off; the others: on)
    #[arg(long, overrides_with = "no_keep_alive")]
    pub keep_alive: bool,
    /// One request per connection
    #[arg(long)]
    pub no_keep_alive: bool,
    /// For a request's head to arrive
    #[arg(long, value_name = "T", value_parser = quantity::seconds, default_value = "20s")]
    pub head_timeout: Duration,
    /// For a request's body to arrive
    #[arg(long, value_name = "T", value_parser = quantity::seconds, default_value = "30s")]
    pub body_timeout: Duration,
    /// Between requests
    #[arg(long, value_name = "T", value_parser = quantity::seconds, default_value = "60s")]
    pub idle_timeout: Duration,
    /// Sets all three
    #[arg(long, value_name = "T", value_parser = quantity::seconds)]
    pub timeout: Option<Duration>,
    /// The largest request head; a larger one is answered 431
    #[arg(long, value_name = "N", value_parser = quantity::bytes, default_value = "64K")]
    pub max_header: u64,
    /// The largest request body; a larger one is answered 413
    #[arg(long, value_name = "N", value_parser = quantity::bytes, default_value = "8M")]
    pub max_body: u64,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = 16384, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// Answer this many requests, then stop
    #[arg(long, value_name = "N", value_parser = quantity::count)]
    pub max_requests: Option<u64>,
    /// One line a request on standard output (default common; off with --trace)
    #[arg(long, value_name = "FORMAT")]
    pub log: Option<LogChoice>,
    /// Serve /metrics here, on a listener of its own, and not among the other pages
    #[arg(long, value_name = "ADDR", value_parser = Listen::parse)]
    pub metrics: Option<Listen>,
    /// Not the port: that is -l
    #[arg(short = 'p', value_name = "PORT", hide = true)]
    pub port: Option<String>,
    #[command(flatten)]
    pub tracing: TraceArgs,
}

/// `--log`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum LogChoice {
    /// The Common Log Format.
    Common,
    /// With referrer and user agent.
    Combined,
    /// One JSON object a line.
    Json,
    /// None.
    Off,
}

impl LogChoice {
    fn format(self) -> Option<LogFormat> {
        match self {
            LogChoice::Common => Some(LogFormat::Common),
            LogChoice::Combined => Some(LogFormat::Combined),
            LogChoice::Json => Some(LogFormat::Json),
            LogChoice::Off => None,
        }
    }
}

/// `--io` takes the models' own names.
fn models() -> impl clap::builder::TypedValueParser<Value = IoModel> {
    let names = IoModel::ALL.map(IoModel::name);
    PossibleValuesParser::new(names).map(|name| IoModel::from_name(&name).unwrap_or_default())
}

/// Runs the server until it is told to stop.
pub fn run(args: ServeArgs, common: &Common) -> u8 {
    if let Some(port) = &args.port {
        let message = format!("-p is a process id in strace and never the port; write -l {port}");
        return super::usage("serve", &message);
    }
    if args.workers > 1 && !args.io.is_event_driven() {
        let message = "--workers needs an event loop: --io select, poll, epoll, epoll-et or uring";
        return super::usage("serve", message);
    }
    let expressions = match args
        .tracing
        .show
        .expressions()
        .and_then(Expressions::for_own_calls)
    {
        Ok(expressions) => expressions,
        Err(message) => return super::usage("serve", &message),
    };
    let mut config = config(&args, common);
    // Before any other thread begins: the environment is changed.
    match activation::passed() {
        Ok(passed) => config.passed = passed,
        Err(message) => return refuse(&message),
    }
    // Before any other thread begins: they inherit the mask.
    let stop = Stop::new();
    let (first, second) = (stop.clone(), stop.clone());
    if let Err(error) = signals::watch(move || first.request(), move || second.end_at_once()) {
        return refuse(&format!("start a thread: {}", super::stream::plain(&error)));
    }
    if !args.tracing.is_on() && expressions.plan.is_none() {
        return untraced(&args, config, &stop);
    }
    let enough = stop.clone();
    match Tracing::prepare(
        &args.tracing,
        expressions,
        common,
        threads(&config),
        "server",
    ) {
        Ok(mut tracing) => {
            tracing.on_quit(move || enough.request());
            traced(&args, config, tracing, &stop)
        }
        Err(message) => refuse(&message),
    }
}

/// How many threads may make calls at once.
fn threads(config: &Config) -> usize {
    match config.io {
        IoModel::Threads | IoModel::Fork => config.max_connections + 1,
        IoModel::Blocking | IoModel::Nonblocking => 1,
        IoModel::Select | IoModel::Poll | IoModel::Epoll | IoModel::EpollEt | IoModel::Uring => {
            config.workers
        }
    }
}

fn config(args: &ServeArgs, common: &Common) -> Config {
    let timeout = |own: Duration| args.timeout.unwrap_or(own);
    let keep_alive = match (args.keep_alive, args.no_keep_alive) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Config {
        root: args.root.clone(),
        listing: !args.no_listing,
        spa: args.spa.clone(),
        listen: args.listen.clone(),
        metrics: args.metrics.clone(),
        io: args.io,
        workers: usize::from(args.workers),
        backlog: args.backlog,
        buf: args.buf.map(|bytes| bytes as usize),
        keep_alive,
        head_timeout: timeout(args.head_timeout),
        body_timeout: timeout(args.body_timeout),
        idle_timeout: timeout(args.idle_timeout),
        max_header: args.max_header as usize,
        max_body: args.max_body,
        max_connections: args.max_connections as usize,
        max_requests: args.max_requests,
        clock: if common.canonical {
            Clock::Canonical
        } else {
            Clock::Real
        },
        ..Config::default()
    }
}

/// Serves with nobody watching: calls are only counted.
fn untraced(args: &ServeArgs, config: Config, stop: &Arc<Stop>) -> u8 {
    #[cfg(feature = "no-probe")]
    let mut kernel = Kernel::new(crate::kernel::NoProbe);
    #[cfg(not(feature = "no-probe"))]
    let mut kernel = Kernel::new(match config.io {
        IoModel::Fork => crate::kernel::Counts::across_processes(),
        _ => crate::kernel::Counts::new(),
    });
    let open = match server::open(&config, &mut kernel) {
        Ok(open) => open,
        Err(error) => return refuse(&error.to_string()),
    };
    greet(args, &open, !args.tracing.show.quiet);
    match serve(args, config, open, kernel, stop, LogChoice::Common) {
        Ok(_) => exit::DONE,
        Err(message) => refuse(&message),
    }
}

/// Serves with a recorder, and shows what it records.
fn traced(args: &ServeArgs, config: Config, mut tracing: Tracing, stop: &Arc<Stop>) -> u8 {
    let mut kernel = tracing.kernel();
    let chatty = tracing.chatty;
    let folder = args.root.as_ref().map(|root| folder_name(root, &config));
    let opened = server::open(&config, &mut kernel);
    let port = opened
        .as_ref()
        .ok()
        .and_then(|open| open.listeners.first()?.address.port());
    if let Ok(open) = &opened {
        greet(args, open, chatty);
    }
    let facts = opened
        .as_ref()
        .map_or_else(|_| Vec::new(), |open| facts(open, folder));
    // The cues of a scene are for programs of its own; a server needs none.
    let started = tracing
        .prompts(Duration::ZERO)
        .and_then(|cues| Ok((cues, tracing.start(port, &facts)?)));
    let (_cues, running) = match started {
        Ok(started) => started,
        Err(error) => return refuse(&format!("start a thread: {}", super::stream::plain(&error))),
    };
    let ended = match opened {
        Ok(open) => serve(args, config, open, kernel, stop, LogChoice::Off).map(|_| ()),
        Err(error) => {
            drop(kernel);
            Err(error.to_string())
        }
    };
    running.finish();
    match ended {
        Ok(()) => exit::DONE,
        Err(message) => refuse(&message),
    }
}

/// What strace would show of the folder: its whole path, without links. A canonical run shows the path as it
/// was given: whole ones differ from desk to desk.
fn folder_name(root: &Path, config: &Config) -> String {
    let whole = match config.clock {
        Clock::Canonical => None,
        Clock::Real => root.canonicalize().ok(),
    };
    let path = whole.unwrap_or_else(|| root.to_owned());
    path.to_string_lossy().into_owned()
}

/// What descriptors are that no recorded call opens: the folder, and listeners that were passed to us.
fn facts(open: &Open, folder: Option<String>) -> Vec<FdFact> {
    let folder = open.root.as_ref().zip(folder).map(|(root, name)| FdFact {
        fd: root.fd(),
        kind: "directory".to_owned(),
        name,
        own: true,
    });
    let passed = open.listeners.iter().filter(|l| l.passed.is_some());
    let passed = passed.map(|listener| FdFact {
        fd: listener.fd,
        kind: "listener".to_owned(),
        name: listener.address.to_string(),
        own: false,
    });
    folder.into_iter().chain(passed).collect()
}

/// The two ways meet here: signals, the log, and the server itself.
fn serve<P: Probe + 'static>(
    args: &ServeArgs,
    config: Config,
    open: Open,
    kernel: Kernel<P>,
    stop: &Arc<Stop>,
    usual: LogChoice,
) -> Result<Served, String> {
    let format = args.log.unwrap_or(usual).format();
    let across = config.io == IoModel::Fork;
    let log = format
        .map(|format| AccessLog::start(format, across))
        .transpose()?;
    let sender = log.as_ref().map(AccessLog::log);
    let served = server::serve(Arc::new(config), open, kernel, stop.clone(), sender);
    if let Some(log) = log {
        log.finish();
    }
    if let Some(error) = &served.refused {
        return Err(error.to_string());
    }
    Ok(served)
}

/// Says where it listens (one line each, in every view) and, to people, what to try.
fn greet(args: &ServeArgs, open: &Open, chatty: bool) {
    for listener in &open.listeners {
        say(&format!(
            "listening on {}{}",
            listener.url(),
            remarks(listener)
        ));
    }
    if let Some(listener) = &open.metrics {
        say(&format!(
            "listening on {}  (/metrics alone)",
            listener.url()
        ));
    }
    let Some(first) = open.listeners.first().filter(|_| chatty) else {
        return;
    };
    let what = match &args.root {
        Some(root) => escape(
            root.as_os_str().as_encoded_bytes(),
            WIDTH - "* serving ".len(),
            Charset::Ascii,
        ),
        None => "built-in pages".to_string(),
    };
    let (serving, place, hint) = (
        format!("* serving {what}"),
        format!("at {}", first.url()),
        hint(first),
    );
    let line = format!("{serving} {place}  {hint}");
    if line.len() <= WIDTH {
        say(&line);
    } else {
        say(&serving);
        say(&format!("* {hint}"));
    }
    let metrics = if open.metrics.is_none() {
        "  /metrics"
    } else {
        ""
    };
    say(&format!(
        "* built in: / (what is going on)  /hi  /echo  /headers{metrics}"
    ));
}

/// Columns of the lines that greet.
const WIDTH: usize = 80;

/// What to type to see something.
fn hint(listener: &Listener) -> String {
    match &listener.address {
        Address::V4([127, 0, 0, 1] | [0, 0, 0, 0], port) => format!("try: httpsys get :{port}/"),
        Address::Unix(_) => format!("try: httpsys get {}", listener.url()),
        _ => format!("try: httpsys get '{}'", listener.url()),
    }
}

/// What else there is to say of a listener, behind its address.
fn remarks(listener: &Listener) -> String {
    let passed = listener.passed.as_ref().map(|name| match name.is_empty() {
        true => format!("passed to us as fd {}", listener.fd.0),
        false => format!("passed to us as fd {}, {name}", listener.fd.0),
    });
    let replaced = listener
        .replaced
        .then(|| "an earlier server had left the name behind".to_owned());
    let families = listener.ipv4_too.map(|too| match too {
        true => "IPv4 too".to_owned(),
        false => "IPv6 alone".to_owned(),
    });
    let elsewhere = from_elsewhere(listener).map(|url| format!("from elsewhere: {url}"));
    let said = [passed, replaced, families, elsewhere];
    let said: Vec<String> = said.into_iter().flatten().collect();
    match said.is_empty() {
        true => String::new(),
        false => format!("  ({})", said.join("; ")),
    }
}

/// For a listener at every address of this machine: one that others can open.
fn from_elsewhere(listener: &Listener) -> Option<String> {
    // Addresses of documentation (RFC 5737, RFC 3849): any that is not of this machine would do.
    const V4: (&str, &str) = ("0.0.0.0:0", "198.51.100.1:9");
    const V6: (&str, &str) = ("[::]:0", "[2001:db8::1]:9");
    let (port, ways) = match &listener.address {
        Address::V4([0, 0, 0, 0], port) => (*port, vec![V4]),
        Address::V6(ip, port, ..) if *ip == [0; 16] => match listener.ipv4_too {
            Some(true) => (*port, vec![V6, V4]),
            _ => (*port, vec![V6]),
        },
        _ => return None,
    };
    // `connect` of a UDP socket sends nothing; it chooses the way out, and so our address. It is done
    // on a thread of its own, because the serving thread makes no call that its trace does not show.
    let asked = std::thread::spawn(move || {
        ways.into_iter().find_map(|(any, outside)| {
            let socket = UdpSocket::bind(any).ok()?;
            socket.connect(outside).ok()?;
            socket.local_addr().ok()
        })
    });
    let mut here = asked.join().ok()??;
    here.set_port(port);
    Some(format!("http://{here}/"))
}

fn refuse(message: &str) -> u8 {
    say(&format!("httpsys serve: {message}"));
    exit::REFUSED
}
