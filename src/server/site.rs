//! What all threads and processes of a server share: what it was told, its files, what is counted.
//!
//! In: the configuration. Out: numbers for connections and requests, and what a request may be. Left out on
//! purpose: answering (`exchange`), and what each thread has to itself (`exchange::Worker`).

use super::budget::Budget;
use super::config::Config;
use super::log::Log;
use super::metrics::Metrics;
use super::root::Root;
use super::stop::Stop;
use crate::http::Limits;
use crate::kernel::Words;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The longest request line (HTTP-RULES 16).
const LINE: usize = 16 << 10;
/// Fields of a head at most (HTTP-RULES 17).
const FIELDS: usize = 100;

/// What all threads of a server share.
#[derive(Debug)]
pub struct Site {
    /// What it was told.
    pub config: Arc<Config>,
    /// The directory of files.
    pub root: Option<Root>,
    /// How threads hear of the end.
    pub stop: Arc<Stop>,
    pub(super) budget: Budget,
    pub(super) log: Option<Log>,
    /// What is counted beside the calls.
    pub metrics: Arc<Metrics>,
    /// What there is to see, for the server behind `--metrics`: it has this one page.
    pub report: Option<Report>,
    /// What is counted, by [`count`]: one memory for all, also for forked processes.
    counts: Words,
}

/// Places in [`Site::counts`].
mod count {
    /// Connections so far.
    pub const CONNECTIONS: usize = 0;
    /// Requests so far.
    pub const REQUESTS: usize = 1;
    /// Requests that were given a number for the log.
    pub const NUMBERED: usize = 2;
    /// For each built-in page, one more than the second in which no file of its name was below the root.
    pub const ABSENT: usize = 3;
    /// How many there are.
    pub const ALL: usize = 7;
}

/// Writes the page at `/metrics` of another server.
pub struct Report(Box<dyn Write>);

trait Write: Fn(&mut Vec<u8>) + Send + Sync {}
impl<F: Fn(&mut Vec<u8>) + Send + Sync> Write for F {}

impl Report {
    /// A page that `write` appends.
    pub fn new(write: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Report {
        Report(Box::new(write))
    }

    /// Appends the page.
    pub fn write(&self, out: &mut Vec<u8>) {
        (self.0)(out);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}

impl Site {
    /// A site that has served nobody yet.
    pub fn new(config: Arc<Config>, root: Option<Root>, stop: Arc<Stop>, log: Option<Log>) -> Site {
        Site {
            budget: Budget::new(config.memory),
            config,
            root,
            stop,
            log,
            metrics: Arc::default(),
            report: None,
            counts: Words::new(count::ALL),
        }
    }

    /// A site that has one page: `/metrics` of another server.
    pub fn reporting(config: Config, stop: Arc<Stop>, report: Report) -> Site {
        Site {
            report: Some(report),
            ..Site::new(Arc::new(config), None, stop, None)
        }
    }

    /// Connections and requests so far.
    pub fn served(&self) -> (u64, u64) {
        (
            self.counts[count::CONNECTIONS].load(Ordering::Relaxed),
            self.counts[count::REQUESTS].load(Ordering::Relaxed),
        )
    }

    /// What a request may be.
    pub(super) fn limits(&self) -> Limits {
        let Config {
            max_header,
            max_body,
            ..
        } = *self.config;
        Limits {
            head: max_header,
            line: LINE.min(max_header),
            fields: FIELDS,
            body: max_body,
            bare_lf: false,
            lenient: false,
        }
    }

    /// The number of the next connection, from 1.
    pub(super) fn number_connection(&self) -> u64 {
        self.counts[count::CONNECTIONS].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number that the log gives the next request, from 1.
    pub(super) fn number_request(&self) -> u64 {
        self.counts[count::NUMBERED].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// One more answer. True for the last one of `--max-requests`.
    #[inline]
    pub(super) fn count_request(&self) -> bool {
        let count = self.counts[count::REQUESTS].fetch_add(1, Ordering::Relaxed) + 1;
        self.config.max_requests.is_some_and(|max| count >= max)
    }

    /// In this second it was seen that no file has this built-in page's name.
    #[inline]
    pub(super) fn was_absent(&self, page: usize, second: u64) -> bool {
        self.counts[count::ABSENT + page].load(Ordering::Relaxed) == second + 1
    }

    /// No file has this built-in page's name, in this second.
    pub(super) fn remember_absent(&self, page: usize, second: u64) {
        self.counts[count::ABSENT + page].store(second + 1, Ordering::Relaxed);
    }
}
