//! `--metrics ADDR`: the page `/metrics` on a listener of its own.
//!
//! In: where to listen, and where to read the counts. Out: a second server in the same process, made of
//! the same code (`blocking`), on a thread of its own. It is the tool's own machinery, not what is
//! shown: its kernel tells no probe, so its calls are neither traced nor counted, and its listener has a
//! high number, so that the first socket of the server is 3. (A connection to it takes the lowest free
//! number for as long as it is open: the server's next one is then a number higher.)
//!
//! One scrape at a time: who connects and says nothing has a second.

use super::blocking;
use super::config::{Config, IoModel, Listen};
use super::exchange::Worker;
use super::exposition::{self, Calls};
use super::listen::{self, Listener, OpenError};
use super::site::{Report, Site};
use super::stop::Stop;
use crate::kernel::{Kernel, NoProbe, Probe, lift};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The lowest number for the listener.
const HIGH: i32 = 280;

/// What the second server is told.
fn config(place: &Listen) -> Config {
    Config {
        listen: vec![place.clone()],
        io: IoModel::Blocking,
        keep_alive: Some(false),
        max_body: 64 << 10,
        ..Config::default()
    }
}

/// Opens the listener. On a thread of its own: the serving thread makes no call that its trace does
/// not show.
///
/// # Errors
/// The call that failed.
pub fn open(place: &Listen) -> Result<Listener, OpenError> {
    let opened = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut kernel = Kernel::new(NoProbe);
                let listener = listen::open_one(&config(place), &mut kernel, place)?;
                let fd = lift(listener.fd, HIGH).map_err(|errno| OpenError {
                    call: "fcntl",
                    thing: place.to_string(),
                    errno,
                    hint: None,
                })?;
                Ok(Listener { fd, ..listener })
            })
            .join()
    });
    opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The second server at work.
#[derive(Debug)]
pub struct Scrape {
    stop: Arc<Stop>,
    thread: JoinHandle<()>,
}

/// Starts to answer at `listener` with what `site` and `probe` have counted. `None` when no thread can
/// be had: the server serves all the same.
pub fn start<P: Probe + 'static>(listener: Listener, site: &Site, probe: P) -> Option<Scrape> {
    let stop = Stop::new();
    let (metrics, model) = (Arc::clone(&site.metrics), site.config.io.name());
    // A probe belongs to one thread at a time.
    let probe = Mutex::new(probe);
    let report = Report::new(move |out| {
        let calls = Calls::of(&*probe.lock().unwrap_or_else(PoisonError::into_inner));
        exposition::write(model, &metrics, &calls, out);
    });
    let site = Site::reporting(config(&Listen::default()), Arc::clone(&stop), report);
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    let thread = thread.spawn(move || {
        let mut worker = Worker::new(Kernel::new(NoProbe), Arc::new(site));
        blocking::run(&mut worker, std::slice::from_ref(&listener));
        listen::close_listener(&mut worker.kernel, &listener);
    });
    let thread = thread.ok()?;
    Some(Scrape { stop, thread })
}

impl Scrape {
    /// Ends it.
    pub fn end(self) {
        self.stop.request();
        let _ = self.thread.join();
    }
}
