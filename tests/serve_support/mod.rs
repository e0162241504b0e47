//! What the tests of `serve` share: a server in a thread of this process, a probe that watches every
//! call it makes, and a client that is as rude as a test wants it to be.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../common/models.rs"]
pub mod models;
#[allow(unused_imports, reason = "each test program uses a part of this")]
pub use models::models;

use httpsys::event::raw::{Raw, RawHead, kind};
use httpsys::kernel::{CallId, Clock, Kernel, Plan, Probe, RingStep, Words};
use httpsys::server::{Config, IoModel, Listen, Listener, Log, Served, Stop, open, serve};
use httpsys::source::recorder::{Drain, OnFull, Region};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// No test waits longer than this for a byte.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A call as the probe saw it.
#[derive(Clone, Debug)]
pub struct Made {
    pub name: &'static str,
    pub args: [u64; 6],
    pub ret: i64,
    /// The process, where there are several.
    pub pid: u32,
}

/// Remembers every call of every thread, and which descriptors are open.
#[derive(Clone, Default)]
pub struct Audit(Arc<Mutex<Seen>>, Option<Arc<Mutex<Drain>>>);

#[derive(Default)]
struct Seen {
    calls: Vec<Made>,
    open: BTreeSet<i32>,
    /// Of processes, the first one first: which descriptors are open.
    processes: Vec<(u32, BTreeSet<i32>)>,
}

impl Seen {
    /// Takes a record of a server whose processes share a recorder with us.
    fn record(&mut self, raw: &Raw<'_>) {
        let RawHead { pid, args, ret, .. } = raw.head;
        let place = self.processes.iter().position(|(id, _)| *id == pid);
        let place = place.unwrap_or_else(|| {
            self.processes.push((pid, BTreeSet::new()));
            self.processes.len() - 1
        });
        match raw.head.kind {
            kind::SPAWN => {
                let inherited = self.processes[place].1.clone();
                self.processes.push((args[0] as u32, inherited));
            }
            kind::EXIT | kind::KILLED => {
                let (_, left) = self.processes.remove(place);
                let killed = raw.head.kind == kind::KILLED;
                assert!(
                    killed || left.is_empty(),
                    "a process ended with {left:?} open"
                );
            }
            kind::CALL => {
                let id = CallId::from_number(u64::from(raw.head.nr)).unwrap();
                let (call, open) = (id.signature(), &mut self.processes[place].1);
                match call.name {
                    "close" => drop(open.remove(&(args[0] as i32))),
                    _ if call.gives_fd && ret >= 0 => drop(open.insert(ret as i32)),
                    _ => {}
                }
                self.open = self.processes[0].1.clone();
                self.calls.push(Made {
                    name: call.name,
                    args,
                    ret,
                    pid,
                });
            }
            other => assert!(other == kind::ENTER, "a record of kind {other}"),
        }
    }
}

impl Probe for Audit {
    fn fork(&self) -> Audit {
        self.clone()
    }
    fn before(&mut self, id: CallId, args: &[u64; 6]) -> u64 {
        if id.name() == "close" {
            self.0.lock().unwrap().open.remove(&(args[0] as i32));
        }
        0
    }
    fn after(&mut self, id: CallId, args: &[u64; 6], ret: i64, _: u64, _: u16, _: u64) {
        let mut seen = self.0.lock().unwrap();
        let call = id.signature();
        if call.gives_fd && ret >= 0 {
            seen.open.insert(ret as i32);
        }
        seen.calls.push(Made {
            name: call.name,
            args: *args,
            ret,
            pid: 0,
        });
    }
    /// An operation is seen as the call that it stands for; its descriptor is gone when it is queued.
    fn ring(&mut self, step: &RingStep<'_>) {
        match (step.id, step.ret) {
            (Some(id), None) => drop(self.before(id, step.args)),
            (Some(id), Some(ret)) => self.after(id, step.args, ret, 0, 0, 0),
            (None, _) => {}
        }
    }
}

impl Audit {
    /// An audit of what processes record.
    fn of(region: &Arc<Region>) -> Audit {
        let drain = Drain::new(region.clone()).without_waiting();
        let audit = Audit(Arc::default(), Some(Arc::new(Mutex::new(drain))));
        // Rings of processes that have ended are used again once they are read.
        let (seen, drain) = (Arc::downgrade(&audit.0), audit.1.clone());
        std::thread::spawn(move || {
            while let (Some(seen), Some(drain)) = (seen.upgrade(), &drain) {
                Audit(seen, Some(drain.clone())).look();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        audit
    }

    fn look(&self) {
        if let Some(drain) = &self.1 {
            let mut seen = self.0.lock().unwrap();
            drain
                .lock()
                .unwrap()
                .poll(false, &mut |raw| seen.record(raw));
        }
    }

    pub fn calls(&self) -> Vec<Made> {
        self.look();
        self.0.lock().unwrap().calls.clone()
    }
    pub fn names(&self) -> Vec<&'static str> {
        self.calls().iter().map(|made| made.name).collect()
    }
    pub fn count(&self, name: &str) -> usize {
        self.names().into_iter().filter(|n| *n == name).count()
    }
    pub fn open(&self) -> BTreeSet<i32> {
        self.look();
        self.0.lock().unwrap().open.clone()
    }
}

/// A server that runs until the test has seen enough.
pub struct Server {
    pub address: SocketAddr,
    pub audit: Audit,
    stop: Arc<Stop>,
    thread: Option<Host>,
    listener: Listener,
}

/// Where a server runs.
enum Host {
    /// In a thread of the test.
    Thread(JoinHandle<Served>),
    /// In a process of its own, because it makes more: its id, its listeners, and what it served.
    Process(i32, Vec<Listener>, Arc<Words>),
}

impl Host {
    /// Ends by itself, or was asked to.
    fn join(self) -> Served {
        match self {
            Host::Thread(thread) => thread.join().expect("a server never panics"),
            Host::Process(pid, listeners, served) => {
                let mut status = 0;
                // SAFETY: waits for a child of ours.
                let ended = unsafe { nix::libc::waitpid(pid, &mut status, 0) };
                assert_eq!((ended, status), (pid, 0), "a server never panics");
                Served {
                    connections: served[0].load(Ordering::SeqCst),
                    requests: served[1].load(Ordering::SeqCst),
                    listeners,
                    refused: None,
                }
            }
        }
    }

    /// Lets a server that was asked to stop hear of it.
    fn wake(&self) {
        if let Host::Process(pid, ..) = self {
            // SAFETY: a signal that this server takes as news.
            unsafe { nix::libc::kill(*pid, nix::libc::SIGCHLD) };
        }
    }
}

/// The usual configuration of a test: any port, the canonical date.
pub fn config(io: IoModel) -> Config {
    Config {
        io,
        listen: vec![Listen::parse("127.0.0.1:0").unwrap()],
        clock: Clock::Canonical,
        keep_alive: Some(true),
        first_byte_timeout: PATIENCE,
        ..Config::default()
    }
}

pub fn start(config: Config) -> Server {
    start_with(config, &[], None)
}

/// Starts a server with faults (`read:short=1`) and perhaps a log.
pub fn start_with(config: Config, faults: &[&str], log: Option<Log>) -> Server {
    if config.io == IoModel::Fork {
        let region = Region::new(config.max_connections.min(64), OnFull::Wait, Clock::Real);
        let region = region.unwrap();
        let audit = Audit::of(&region);
        return host(config, faults, log, region.probe(), audit);
    }
    let audit = Audit::default();
    host(config, faults, log, audit.clone(), audit)
}

fn host<P: Probe + 'static>(
    config: Config,
    faults: &[&str],
    log: Option<Log>,
    probe: P,
    audit: Audit,
) -> Server {
    let mut kernel = Kernel::new(probe);
    let opened = open(&config, &mut kernel).expect("port 0 is free");
    if !faults.is_empty() {
        let rules = faults.iter().map(|f| Plan::parse(f).unwrap()).collect();
        kernel.plan = Some(Box::new(Plan::new(rules)));
    }
    let listener = opened.listeners[0].clone();
    let address = SocketAddr::from(([127, 0, 0, 1], listener.address.port().unwrap_or(0)));
    let stop = Stop::new();
    let hers = stop.clone();
    let host = match config.io {
        IoModel::Fork => in_a_process(config, opened, kernel, hers, log),
        _ => Host::Thread(std::thread::spawn(move || {
            serve(Arc::new(config), opened, kernel, hers, log)
        })),
    };
    Server {
        address,
        audit,
        stop,
        thread: Some(host),
        listener,
    }
}

/// A server that makes processes needs one with a single thread, and no signal of another's children.
fn in_a_process<P: Probe + 'static>(
    config: Config,
    opened: httpsys::server::Open,
    kernel: Kernel<P>,
    stop: Arc<Stop>,
    log: Option<Log>,
) -> Host {
    let listeners = opened.listeners.clone();
    let served = Arc::new(Words::new(2));
    let hers = served.clone();
    // SAFETY: C's fork takes the allocator's locks, and the child ends without returning into the test.
    let pid = unsafe { nix::libc::fork() };
    if pid == 0 {
        // What other tests have open was copied too, and nobody would see it closed. The server's own
        // beside its listeners stand above.
        for fd in (3..200).filter(|fd| !listeners.iter().any(|l| l.fd.0 == *fd)) {
            let _ = nix::unistd::close(fd);
        }
        let whole =
            std::panic::AssertUnwindSafe(|| serve(Arc::new(config), opened, kernel, stop, log));
        let result = std::panic::catch_unwind(whole);
        if let Ok(served) = &result {
            hers[0].store(served.connections, Ordering::SeqCst);
            hers[1].store(served.requests, Ordering::SeqCst);
        }
        // SAFETY: ends the child; nothing runs after it.
        unsafe { nix::libc::_exit(i32::from(result.is_err())) };
    }
    // The server's probe has gone with it; the one here was used to open, and is never dropped, so that
    // both do not write into one ring.
    std::mem::forget(kernel);
    for listener in &opened.listeners {
        let _ = nix::unistd::close(listener.fd.0);
    }
    Host::Process(pid, listeners, served)
}

impl Server {
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            unread: Vec::new(),
        }
    }

    /// Asks the server to stop and waits for that.
    pub fn stop(mut self) -> Served {
        self.request_stop();
        self.join()
    }

    /// Waits for a server that stops by itself.
    pub fn wait(mut self) -> Served {
        self.join()
    }

    pub fn request_stop(&self) {
        self.stop.request();
        if let Some(host) = &self.thread {
            host.wake();
        }
    }

    fn join(&mut self) -> Served {
        let host = self.thread.take().unwrap();
        let elsewhere = matches!(host, Host::Process(..));
        let served = host.join();
        for listener in &served.listeners {
            if !elsewhere {
                let _ = nix::unistd::close(listener.fd.0);
            }
        }
        let mut left = self.audit.open();
        for listener in &served.listeners {
            left.remove(&listener.fd.0);
        }
        assert!(left.is_empty(), "descriptors that nobody closed: {left:?}");
        served
    }

    pub fn listener(&self) -> &Listener {
        &self.listener
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() && !std::thread::panicking() {
            self.request_stop();
            self.join();
        }
        // A test that fails leaves no process behind: it would hold the tests' output open.
        if let Some(Host::Process(pid, ..)) = &self.thread {
            let pid = nix::unistd::Pid::from_raw(*pid);
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::SIGKILL);
            let _ = nix::sys::wait::waitpid(pid, None);
        }
    }
}

pub struct Client {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

/// One answer, cut where its own head says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (n, value) = line.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// Sends; a server that has refused already may have closed, and that is no failure.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends every byte by itself.
    pub fn send_slowly(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }

    pub fn half_close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Everything until the server closes.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.unread);
        let mut room = [0; 65536];
        loop {
            match self.stream.read(&mut room) {
                Ok(0) => return all,
                Ok(n) => all.extend_from_slice(&room[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => return all,
                Err(e) => panic!("nothing more came in time: {e}, after {} bytes", all.len()),
            }
        }
    }

    /// One answer to GET (or `None` when the server closes instead).
    pub fn answer(&mut self) -> Option<Answer> {
        self.answer_to(false)
    }

    pub fn answer_to(&mut self, is_head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more() {
                assert!(self.unread.is_empty(), "half an answer: {:?}", self.unread);
                return None;
            }
        };
        let rest = self.unread.split_off(end);
        let head = String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        let length = answer
            .field("Content-Length")
            .map_or(0, |n| n.parse().unwrap());
        let length = if is_head { 0 } else { length };
        while self.unread.len() < length {
            assert!(self.more(), "the body ended early");
        }
        let rest = self.unread.split_off(length);
        answer.body = std::mem::replace(&mut self.unread, rest);
        Some(answer)
    }

    /// Reads once more; false at the end.
    pub fn more(&mut self) -> bool {
        let mut room = [0; 65536];
        match self.stream.read(&mut room) {
            Ok(n) => {
                self.unread.extend_from_slice(&room[..n]);
                n > 0
            }
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(e) => panic!("nothing came in time: {e}"),
        }
    }

    /// Ends the connection with RST instead of FIN (`man 7 socket`, SO_LINGER with time 0).
    pub fn reset(self) {
        let linger = nix::libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        nix::sys::socket::setsockopt(&self.stream, nix::sys::socket::sockopt::Linger, &linger)
            .unwrap();
    }

    /// Lets the kernel keep only little of what the server sends.
    pub fn small_window(&self) {
        let set =
            nix::sys::socket::setsockopt(&self.stream, nix::sys::socket::sockopt::RcvBuf, &4096);
        set.unwrap();
    }
}

/// A request for a path.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

/// Cuts a stream of answers to GET into answers.
pub fn answers(bytes: &[u8]) -> Vec<Answer> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(4).position(|w| w == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&rest[..at + 4]).into_owned();
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        let length: usize = answer
            .field("Content-Length")
            .map_or(0, |n| n.parse().unwrap());
        answer.body = rest[at + 4..].iter().copied().take(length).collect();
        rest = &rest[(at + 4 + length).min(rest.len())..];
        out.push(answer);
    }
    assert!(
        rest.is_empty(),
        "stray bytes: {:?}",
        String::from_utf8_lossy(rest)
    );
    out
}

/// A directory that goes when the test does.
pub struct Site(pub PathBuf);

impl Site {
    pub fn new(name: &str) -> Site {
        let top = std::env::temp_dir().join(format!("httpsys-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&top);
        std::fs::create_dir_all(&top).unwrap();
        Site(top)
    }
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
