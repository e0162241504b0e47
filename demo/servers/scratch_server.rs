//! `scratch_server [PORT]` (8080): the server of Joe Schafer's article on writing one from raw sockets.
//!
//! The same calls with the same parameters and the same bugs, in Rust; each bug is named where it stands.
//! Watch it: `httpsys trace -- target/debug/examples/scratch_server`, then
//! `curl -m1 http://127.0.0.1:8080/hello`. How it is done without the bugs: `httpsys serve --trace`.

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept, bind, listen, setsockopt,
    socket, sockopt::ReuseAddr,
};
use nix::unistd::{read, write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

fn main() -> nix::Result<()> {
    let port = std::env::args()
        .nth(1)
        .map_or(8080, |port| port.parse().expect("a port"));
    // Bug: no SOCK_CLOEXEC. A program started later would inherit the listener.
    let listener = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::empty(),
        None,
    )?;
    setsockopt(&listener, ReuseAddr, &true)?;
    bind(
        listener.as_raw_fd(),
        &SockaddrIn::from(std::net::SocketAddrV4::new(address(), port)),
    )?;
    listen(&listener, Backlog::new(128)?)?;
    println!("===============\nserver started\naddr: http://127.0.0.1:{port}\n\n");
    loop {
        let client = accept(listener.as_raw_fd())?;
        // SAFETY: accept has just given us this descriptor.
        let client = unsafe { OwnedFd::from_raw_fd(client) };
        // Bug: close-on-exec by a second call; a fork in between would let the descriptor through.
        fcntl(client.as_fd(), FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        println!("Incoming connection");
        serve(&client)?;
        // Bug: nobody closes it. The client sees no end, and one descriptor is lost for each.
        std::mem::forget(client);
    }
}

/// Bug: 127.0.0.1 is asked for and printed, but 0.0.0.0 is bound. The parsed address has 16 bytes (IPv4
/// inside IPv6: ten zeros, two ones, then the four), and the first four of them are taken.
fn address() -> Ipv4Addr {
    let parsed = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
    Ipv4Addr::new(parsed[0], parsed[1], parsed[2], parsed[3])
}

/// A buffered reader like Go's, over 4096 bytes.
struct Buffered<'a> {
    client: &'a OwnedFd,
    bytes: Vec<u8>,
}

impl Buffered<'_> {
    /// Reads more. Bug below it: `read` gives 0 at the end and that is not passed on as the end, so this
    /// tries a hundred times and then gives up.
    fn fill(&mut self) -> bool {
        for _ in 0..100 {
            let mut more = [0; 4096];
            match read(self.client, &mut more) {
                Ok(0) | Err(_) => {}
                Ok(n) => {
                    self.bytes.extend_from_slice(&more[..n]);
                    return true;
                }
            }
        }
        false
    }

    /// A line without its end; bug: what is there when there is no more counts as one, errors are lost.
    fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.bytes.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return String::from_utf8_lossy(&line).trim_end().to_owned();
            }
            if !self.fill() {
                return String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned();
            }
        }
    }
}

fn serve(client: &OwnedFd) -> nix::Result<()> {
    println!("Reading request");
    let mut reader = Buffered {
        client,
        bytes: Vec::new(),
    };
    let line = reader.line();
    let words: Vec<&str> = line.split(' ').collect();
    // Bug: unchecked. A line of two words, or a client that connects and leaves, ends the whole server.
    let (method, uri, _version) = (words[0], words[1], words[2]);
    while !reader.line().is_empty() {}
    if method != "GET" && method != "HEAD" {
        // Bug: the body is read until its end, which for a client that waits for an answer never comes; and
        // when the client has left, `read` gives 0 for ever: this spins at 100 % of a CPU.
        loop {
            let mut body = [0; 512];
            let _ = read(client, &mut body);
        }
    }
    println!("request: {{method: {method}, uri: {uri}}}");
    match uri {
        _ if uri.starts_with("/hello") => answer(client, "200 OK", "<h1>Hello world</h1>"),
        _ if uri.starts_with("/notfound") => {
            send(client, "HTTP/1.0 404 Not Found\r\n")?;
            send(client, "Content-Type: text/plain\r\n")?;
            send(client, "Content-Length: 0\r\nConnection: close\r\n")?;
            send(client, "\r\n")
        }
        // Bug: what the client sent goes into the page unescaped.
        _ => answer(client, "200 OK", &format!("<h1>Page {uri}</h1>")),
    }
}

/// Bugs: five writes for one answer, each a segment of its own when Nagle lets it; a HEAD gets the body too.
fn answer(client: &OwnedFd, status: &str, body: &str) -> nix::Result<()> {
    send(client, &format!("HTTP/1.0 {status}\r\n"))?;
    send(client, "Content-Type: text/html; charset=utf-8\r\n")?;
    send(client, &format!("Content-Length: {}\r\n", body.len()))?;
    send(client, "\r\n")?;
    send(client, body)
}

/// Bug: how many bytes `write` took is not looked at.
fn send(client: &OwnedFd, text: &str) -> nix::Result<()> {
    println!("writing: {}", text.trim_end());
    write(client, text.as_bytes()).map(drop)
}
