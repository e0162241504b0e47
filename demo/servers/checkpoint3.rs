//! `checkpoint3 [PORT]` (8000), the last of three: HTTP.
//!
//! Reads until the blank line, and as much body as Content-Length says; answers 200, 400, 404 or 500 to a
//! browser or curl. Watch it with `httpsys trace -- target/debug/examples/checkpoint3`, and let the request
//! come in pieces: `httpsys get --split 20 --delay 200 :8000/`.

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept, bind, listen, setsockopt,
    socket, sockopt::ReuseAddr,
};
use nix::unistd::{close, read, write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, BorrowedFd};

/// The longest head that is waited for.
const HEAD: usize = 64 * 1024;

/// What one request said.
struct Request {
    method: String,
    path: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

fn main() -> nix::Result<()> {
    let port = std::env::args()
        .nth(1)
        .map_or(8000, |port| port.parse().expect("a port"));
    let listener = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    setsockopt(&listener, ReuseAddr, &true)?;
    bind(
        listener.as_raw_fd(),
        &SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)),
    )?;
    listen(&listener, Backlog::new(128)?)?;
    loop {
        // A client that left again is no reason to end.
        let Ok(client) = accept(listener.as_raw_fd()) else {
            continue;
        };
        // SAFETY: open until the close below, which nobody else makes.
        let borrowed = unsafe { BorrowedFd::borrow_raw(client) };
        if let Some(request) = receive(borrowed) {
            let (status, body) = answer(request);
            send(borrowed, status, &body);
        }
        close(client)?;
    }
}

/// Reads one request, in however many pieces it comes. `None` when nobody waits for an answer; the inner
/// `None` when it is no request.
fn receive(client: BorrowedFd<'_>) -> Option<Option<Request>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        println!("{} bytes, no blank line yet", bytes.len());
        if bytes.len() > HEAD || !more(client, &mut bytes) {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, path, version] = words[..] else {
        return Some(None);
    };
    if !version.starts_with("HTTP/1.") {
        return Some(None);
    }
    let mut fields = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Some(None);
        };
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = fields.iter().find(|(name, _)| name == "content-length");
    let Ok(length) = length.map_or(Ok(0), |(_, value)| value.parse::<usize>()) else {
        return Some(None);
    };
    let body = end + 4;
    while bytes.len() < body + length {
        println!("body {}/{length}", bytes.len() - body);
        if !more(client, &mut bytes) {
            return None;
        }
    }
    let body = bytes[body..body + length].to_vec();
    Some(Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        fields,
        body,
    }))
}

/// One more read. False at the end, or when the client is gone.
fn more(client: BorrowedFd<'_>, bytes: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    match read(client, &mut buffer) {
        Ok(0) | Err(_) => false,
        Ok(n) => {
            bytes.extend_from_slice(&buffer[..n]);
            true
        }
    }
}

/// Status and body. `/error` is there to show what a 500 looks like.
fn answer(request: Option<Request>) -> (&'static str, Vec<u8>) {
    let Some(request) = request else {
        return ("400 Bad Request", b"this is no HTTP request\n".to_vec());
    };
    println!(
        "{} {}, {} fields",
        request.method,
        request.path,
        request.fields.len()
    );
    match request.path.as_str() {
        "/" if request.body.is_empty() => ("200 OK", b"hello\n".to_vec()),
        "/" => ("200 OK", request.body),
        "/error" => ("500 Internal Server Error", b"as asked\n".to_vec()),
        _ => ("404 Not Found", b"nothing is here\n".to_vec()),
    }
}

/// One answer in one buffer, in as many writes as it takes.
fn send(client: BorrowedFd<'_>, status: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let mut rest = &[head.as_bytes(), body].concat()[..];
    while !rest.is_empty() {
        match write(client, rest) {
            Ok(n) => rest = &rest[n..],
            Err(_) => return,
        }
    }
}
