//! Event loops, one or several: `--workers N`.
//!
//! ```text
//! each thread:   its own listener, its own set, its own loop
//! ```
//!
//! One event loop uses one CPU. Several share nothing but the port: each has a listener of its own, bound to
//! the same address with SO_REUSEPORT, and the kernel deals new connections out by a hash of their addresses
//! (`man 7 socket`). A connection stays with the loop that accepted it. No lock, and no herd that wakes for
//! one client; but a loop that is busy keeps its queue to itself, while others may sleep.
//!
//! A unix socket has no SO_REUSEPORT: the first loop serves it alone.

use super::config::IoModel;
use super::exchange::Worker;
use super::listen::{Listener, close_listener};
use super::open_error::OpenError;
use super::{epoll, epoll_et, poll, select, uring};
use crate::kernel::Probe;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Serves with one loop for `listeners`, and one more for each of `siblings`, until the end is asked for
/// and every connection has ended. Returns whether the listeners were closed.
///
/// # Errors
/// The calling thread's loop could not begin.
pub fn run<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
    siblings: Vec<Vec<Listener>>,
) -> Result<bool, OpenError> {
    let others: Vec<JoinHandle<()>> = siblings
        .into_iter()
        .filter_map(|listeners| start(worker, listeners))
        .collect();
    if others.is_empty() {
        return event_loop(worker, listeners);
    }
    let result = serve_and_close(worker, listeners);
    if result.is_err() {
        worker.site.stop.request();
    }
    for other in others {
        let _ = other.join();
    }
    result.map(|()| true)
}

/// One loop, as the model is.
fn event_loop<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> Result<bool, OpenError> {
    match worker.site.config.io {
        IoModel::Select => select::run(worker, listeners),
        IoModel::Poll => poll::run(worker, listeners),
        IoModel::EpollEt => epoll_et::run(worker, listeners),
        IoModel::Uring => uring::run(worker, listeners),
        // The first four have no event loop, and are not asked for one.
        IoModel::Blocking
        | IoModel::Nonblocking
        | IoModel::Threads
        | IoModel::Fork
        | IoModel::Epoll => epoll::run(worker, listeners),
    }
}

/// One loop among several. Its listeners are closed when it ends: the kernel must not deal connections to a
/// queue that nobody looks at, while others still finish theirs.
fn serve_and_close<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: &[Listener],
) -> Result<(), OpenError> {
    let closed = event_loop(worker, listeners);
    if closed != Ok(true) {
        for listener in listeners {
            close_listener(&mut worker.kernel, listener);
        }
    }
    closed.map(|_| ())
}

/// Starts the thread of one loop. `None` where there is no thread for it: the others serve all the same.
fn start<P: Probe + 'static>(
    worker: &mut Worker<P>,
    listeners: Vec<Listener>,
) -> Option<JoinHandle<()>> {
    let (kernel, site) = (worker.kernel.fork(), Arc::clone(&worker.site));
    let hers = listeners.clone();
    let serve = move || {
        let mut worker = Worker::new(kernel, site);
        // A loop that cannot begin leaves its share to the others.
        let _ = serve_and_close(&mut worker, &hers);
    };
    let thread = std::thread::Builder::new().name("worker".to_owned());
    let started = thread.spawn(serve).ok();
    if started.is_none() {
        for listener in &listeners {
            close_listener(&mut worker.kernel, listener);
        }
    }
    started
}
