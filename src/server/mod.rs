//! The server: HTTP/1.1 made of nothing but system calls, in several ways of waiting.
//!
//! In: a [`Config`]. Out: answers. Read `blocking` first (a page), then `talk` and `exchange`, then
//! what changes in `nonblocking` and in `threads`; then `event_loop`, and `select`, `poll`, `epoll` and `epoll_et`, which are pages
//! about one call each; `uring` is the loop of those who do not ask who is ready. `connection` is the state machine, without I/O; `routes`,
//! `lookup`, `files`, `listing`, `pages` and `answer` make the answers. Left out on purpose: printing (`cli` does that),
//! TLS, and everything after HTTP/1.1.

pub mod config;
pub mod listen;

mod blocking;
mod fork;
mod nonblocking;
mod threads;

mod epoll;
mod epoll_et;
mod poll;
mod select;
mod uring;

mod desks;
mod event_loop;
mod timers;
mod waiting;
mod workers;

mod accept;
mod passed;
mod talk;
mod unix_name;

pub mod connection;
mod exchange;
mod long;
mod send;
mod site;

mod answer;
mod files;
mod listing;
mod lookup;
mod pages;
mod parts;
mod paths;
mod root;
mod routes;
mod wishes;

mod budget;
mod exposition;
pub mod holder;
pub mod log;
mod metrics;
mod open_error;
mod scrape;
pub mod stop;

pub use config::{Config, IoModel, Listen, Passed};
pub use listen::{Listener, Open, OpenError, open};
pub use log::{Log, LogFormat, LogRecord};
pub use pages::BUILT_IN;
pub use root::Root;
pub use stop::Stop;

use crate::kernel::poke;
use crate::kernel::{Kernel, Probe};
use exchange::Worker;
use site::Site;
use std::sync::Arc;

/// What a server did, when it has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Served {
    /// Connections accepted.
    pub connections: u64,
    /// Answers given.
    pub requests: u64,
    /// Listeners that are still open: those of a server that ended with nobody to wait for. They end
    /// with the process, or with [`listen::close_listener`].
    pub listeners: Vec<Listener>,
    /// Why it could not serve at all.
    pub refused: Option<OpenError>,
}

/// Serves until `stop` is requested or `--max-requests` are answered; finishes what is open first.
/// The calling thread is the server's main thread.
///
/// ```no_run
/// use httpsys::kernel::{Kernel, NoProbe};
/// use httpsys::server::{Config, Stop, open, serve};
///
/// let config = Config { max_requests: Some(1), ..Config::default() };
/// let mut kernel = Kernel::new(NoProbe);
/// let opened = open(&config, &mut kernel)?;
/// println!("listening on {}", opened.listeners[0].url());
/// let served = serve(config.into(), opened, kernel, Stop::new(), None);
/// println!("{} requests", served.requests);
/// # Ok::<(), httpsys::server::OpenError>(())
/// ```
pub fn serve<P: Probe + 'static>(
    config: Arc<Config>,
    open: Open,
    kernel: Kernel<P>,
    stop: Arc<Stop>,
    log: Option<Log>,
) -> Served {
    // Without the handler a sleeping thread hears of the end later; there is nothing else to do.
    let _ = poke::install();
    let Open {
        mut listeners,
        siblings,
        root,
        metrics,
    } = open;
    let site = Arc::new(Site::new(config, root, stop, log));
    let scrape = metrics.and_then(|listener| scrape::start(listener, &site, kernel.probe.fork()));
    let mut worker = Worker::new(kernel, Arc::clone(&site));
    let mut refused = None;
    let closed = match site.config.io {
        IoModel::Blocking => {
            blocking::run(&mut worker, &listeners);
            Ok(false)
        }
        IoModel::Nonblocking => {
            nonblocking::run(&mut worker, &listeners);
            Ok(false)
        }
        IoModel::Threads => Ok(threads::run(&mut worker, &listeners)),
        IoModel::Fork => fork::run(&mut worker, &listeners),
        IoModel::Select | IoModel::Poll | IoModel::Epoll | IoModel::EpollEt | IoModel::Uring => {
            workers::run(&mut worker, &listeners, siblings)
        }
    };
    let closed = closed.unwrap_or_else(|error| {
        refused = Some(error);
        false
    });
    if let Some(scrape) = scrape {
        scrape.end();
    }
    if closed {
        listeners.clear();
    }
    for listener in &listeners {
        listen::forget_name(&mut worker.kernel, listener);
    }
    let (connections, requests) = site.served();
    Served {
        connections,
        requests,
        listeners,
        refused,
    }
}
