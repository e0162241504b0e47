//! `cerberus [PORT [METRICS-PORT]]` (8000, 8010): what carries CerberusHTTP, a C++ server of its article.
//!
//! The calls that make it what it is, with the same parameters and the same bugs, in Rust; each bug is named
//! where it stands. Watch it: `httpsys trace -- target/debug/examples/cerberus`, then
//! `curl -d '{"hello":"world"}' -H 'Content-Type: application/json' http://127.0.0.1:8000/api`. How it is
//! done without them: `httpsys serve --io epoll-et --listen 127.0.0.1:8000 --backlog 10 --buf 1024`.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, SockaddrIn, accept, bind, listen, recv,
    send, socket,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

/// Events taken from one `epoll_wait`.
const EVENTS: usize = 15;
/// Bytes asked for in one `recv`.
const RECEIVE: usize = 1024;
const PARSERS: usize = 5;

/// Bug: the length is a constant, and 35 bytes follow. The five that are left over stand before the next
/// answer on the same connection.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"state\":\"ok\",\"message\":\"received\"}";

/// The three metrics. Bug: only the first is ever changed.
#[derive(Default)]
struct Metrics {
    http_requests: AtomicU64,
    request_duration: [AtomicU64; 5],
    active_connections: AtomicU64,
}

fn main() -> nix::Result<()> {
    let mut ports = std::env::args()
        .skip(1)
        .map(|port| port.parse().expect("a port"));
    let port = ports.next().unwrap_or(8000);
    let metrics_port = ports.next().unwrap_or(8010);
    let metrics = Arc::new(Metrics::default());
    let shown = metrics.clone();
    let page = open(Ipv4Addr::LOCALHOST, metrics_port)?;
    std::thread::spawn(move || serve_metrics(&page, &shown));

    let listener = open(Ipv4Addr::UNSPECIFIED, port)?;
    // Bug: it listened before it became non-blocking; a client that came and went in between blocks accept.
    non_blocking(listener.as_raw_fd())?;
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    let ready = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
    epoll.add(
        &listener,
        EpollEvent::new(ready, listener.as_raw_fd() as u64),
    )?;
    println!("[SERVER] listening on port {port}");

    let (queue, queued) = mpsc::channel();
    let queued = Arc::new(Mutex::new(queued));
    for _ in 0..PARSERS {
        let (queued, metrics) = (queued.clone(), metrics.clone());
        std::thread::spawn(move || parse_all(&queued, &metrics));
    }
    let mut events = [EpollEvent::empty(); EVENTS];
    loop {
        // Bug: any failure ends the server, EINTR too.
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            let fd = event.data() as RawFd;
            if fd != listener.as_raw_fd() {
                println!("[LOGS] Addedd {fd} to fd queue");
                // Bug: no EPOLLONESHOT. While one parser drains a descriptor, another may be given it.
                let _ = queue.send(fd);
                continue;
            }
            // Edge-triggered: until EAGAIN, or the clients behind the first are never told of again.
            loop {
                let client = match accept(fd) {
                    Ok(client) => client,
                    Err(Errno::EAGAIN) => break,
                    // Bug: EMFILE comes again at once: this never ends.
                    Err(_) => continue,
                };
                println!("[LOGS] Current file descriptor: {client}");
                non_blocking(client)?;
                // SAFETY: open until a parser closes it, which none of them does.
                let borrowed = unsafe { BorrowedFd::borrow_raw(client) };
                epoll.add(borrowed, EpollEvent::new(ready, client as u64))?;
            }
        }
    }
}

/// Bug: no SO_REUSEADDR. Ended and started again within a minute, bind says EADDRINUSE.
fn open(address: Ipv4Addr, port: u16) -> nix::Result<OwnedFd> {
    let listener = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::empty(),
        None,
    )?;
    bind(
        listener.as_raw_fd(),
        &SockaddrIn::from(SocketAddrV4::new(address, port)),
    )?;
    listen(&listener, Backlog::new(10)?)?;
    Ok(listener)
}

fn non_blocking(fd: RawFd) -> nix::Result<()> {
    // SAFETY: the caller has it open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).map(drop)
}

/// A parser thread: drains, judges, answers.
fn parse_all(queued: &Mutex<mpsc::Receiver<RawFd>>, metrics: &Metrics) {
    loop {
        let next = queued.lock().ok().and_then(|queued| queued.recv().ok());
        let Some(fd) = next else { return };
        let mut bytes = Vec::new();
        // Until EAGAIN, or any error. Bug: the end (0) leaves this loop like EAGAIN does, so nobody ever
        // closes: a descriptor in CLOSE_WAIT for each client.
        loop {
            let mut buffer = [0; RECEIVE];
            match recv(fd, &mut buffer, MsgFlags::empty()) {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            }
        }
        if bytes.is_empty() {
            continue;
        }
        println!("[LOGS] Created parser with the following fd {fd}");
        // Bug: what came before and was not complete is forgotten: a request in two pieces is two halves.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !is_complete(&text) {
            continue;
        }
        dump(&text);
        metrics.http_requests.fetch_add(1, Ordering::Relaxed);
        // Bugs: what send did not take is lost, and a send that fails (EPIPE: the client left) ends the server.
        if send(fd, ANSWER.as_bytes(), MsgFlags::empty()).is_err() {
            std::process::exit(1);
        }
    }
}

/// Bugs: the words count wherever they stand, also in a value; a body must have exactly this length, so that
/// a second request behind it makes the first incomplete for ever.
fn is_complete(text: &str) -> bool {
    let Some(end) = text.find("\r\n\r\n") else {
        return false;
    };
    let Some(at) = text.to_ascii_lowercase().find("content-length") else {
        return true;
    };
    let digits: String = text[at..]
        .chars()
        .skip(16)
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse() == Ok(text.len() - end - 4)
}

/// What it makes of a request.
fn dump(text: &str) {
    let end = text.find("\r\n\r\n").unwrap_or(text.len());
    let mut lines = text[..end].split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    // Bug: unchecked.
    println!(
        "METHOD: {}\nRESOURCE PATH: {}\nVERSION: {}",
        words[0], words[1], words[2]
    );
    let fields: Vec<&str> = lines.collect();
    // Bug: a field counts when CR LF stands behind it, and the blank line was cut off: the last is lost.
    for field in &fields[..fields.len().saturating_sub(1)] {
        let mut parts = field.split(':');
        let name = parts.next().unwrap_or_default();
        // Bugs: glued together without the colons (`localhost:8000` is `localhost8000`), and where the value
        // has a space, its first character is taken for one.
        let value: String = parts.collect();
        let value = if value.contains(' ') {
            &value[1..]
        } else {
            &value
        };
        println!("HEADER: {name} VALUE: {value}");
    }
}

/// `/metrics`, one client after the other.
fn serve_metrics(listener: &OwnedFd, metrics: &Metrics) {
    loop {
        let Ok(client) = accept(listener.as_raw_fd()) else {
            continue;
        };
        let _ = recv(client, &mut [0; RECEIVE], MsgFlags::empty());
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut page = format!(
            "# TYPE http_requests counter\nhttp_requests {}\n",
            load(&metrics.http_requests)
        );
        page.push_str("# TYPE request_duration histogram\n");
        for (bound, count) in ["0.01", "0.05", "0.1", "0.5", "1"]
            .iter()
            .zip(&metrics.request_duration)
        {
            page.push_str(&format!(
                "request_duration_bucket{{le=\"{bound}\"}} {}\n",
                load(count)
            ));
        }
        page.push_str(&format!(
            "# TYPE active_connections gauge\nactive_connections {}\n",
            load(&metrics.active_connections)
        ));
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = send(client, answer.as_bytes(), MsgFlags::empty());
        let _ = nix::unistd::close(client);
    }
}
