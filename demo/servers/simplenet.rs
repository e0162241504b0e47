//! `simplenet [PORT]` (8080): the server of baoqger's article, which does without Go's `net` package.
//!
//! The same calls with the same parameters and the same bugs, in Rust; each bug is named where it stands.
//! Watch it: `httpsys trace -- target/debug/examples/simplenet`, then
//! `curl -m1 -d abcde http://127.0.0.1:8080/`: one read, one write, and nobody closes.

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept, bind, listen, setsockopt,
    socket, sockopt::ReuseAddr,
};
use nix::unistd::{read, write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The one answer, whatever was asked. Bug: its type is said to be the page's, also for a 404.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 20\r\n\r\n<h1>hello world</h1>";

fn main() -> nix::Result<()> {
    let port = std::env::args()
        .nth(1)
        .map_or(8080, |port| port.parse().expect("a port"));
    let ip = parse_ip("127.0.0.1").expect("an address");
    println!("addr: {ip:?} port: {port}");
    let listener = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::empty(),
        None,
    )?;
    setsockopt(&listener, ReuseAddr, &true)?;
    // Bug: the address has sixteen bytes, IPv4 in the last four, and the first four are taken: 0.0.0.0.
    let address = SocketAddrV4::new(Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3]), port);
    bind(listener.as_raw_fd(), &SockaddrIn::from(address))?;
    listen(&listener, Backlog::new(128)?)?;
    loop {
        // Bug: one client at a time. While the first is silent, the second waits in the queue.
        let client = accept(listener.as_raw_fd())?;
        // SAFETY: accept has just given us this descriptor.
        let client = unsafe { OwnedFd::from_raw_fd(client) };
        serve(&client)?;
        // Bug: nobody closes it.
        std::mem::forget(client);
    }
}

/// Dotted decimal alone, as the article's own parser: sixteen bytes, or nothing.
fn parse_ip(text: &str) -> Option<[u8; 16]> {
    let octets: Vec<u8> = text
        .split('.')
        .map(|octet| octet.parse().ok())
        .collect::<Option<_>>()?;
    let octets: [u8; 4] = octets.try_into().ok()?;
    Some(Ipv4Addr::from(octets).to_ipv6_mapped().octets())
}

/// Reads until `end` stands in what was read, 4096 bytes at a time.
fn read_until(
    client: &OwnedFd,
    bytes: &mut Vec<u8>,
    enough: impl Fn(&[u8]) -> bool,
) -> nix::Result<()> {
    let mut empty = 0;
    while !enough(bytes) && empty < 100 {
        let mut more = [0; 4096];
        match read(client, &mut more)? {
            // Bug: 0 is the end, and is asked for a hundred times.
            0 => empty += 1,
            n => bytes.extend_from_slice(&more[..n]),
        }
    }
    Ok(())
}

fn serve(client: &OwnedFd) -> nix::Result<()> {
    let mut bytes = Vec::new();
    let end = |bytes: &[u8]| {
        bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map(|at| at + 4)
    };
    read_until(client, &mut bytes, |bytes| end(bytes).is_some())?;
    let head_end = end(&bytes).unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    // Bug: unchecked, as everything about the first line.
    let (method, uri, _version) = (words[0], words[1], words[2]);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            // Bug: a folded line goes on with the field before it (RFC 9112 5.2 forbids that).
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) =
            line.split_once(':').filter(|(name, _)| !name.is_empty())
        {
            // Bug: a field without a name is passed over, where the request should be refused.
            fields.push((canonical(name), value.trim().to_owned()));
        }
    }
    if method != "GET" && method != "HEAD" {
        let length = fields.iter().find(|(name, _)| name == "Content-Length");
        // Bug: a body without a length, or with one that is no number, ends the whole server.
        let length: usize = length
            .expect("no Content-Length")
            .1
            .parse()
            .expect("no number");
        read_until(client, &mut bytes, |bytes| bytes.len() >= head_end + length)?;
    }
    println!("{method} {uri}, {} fields", fields.len());
    // Bug: how many bytes `write` took is not looked at.
    write(client, ANSWER.as_bytes()).map(drop)
}

/// `content-length` as `Content-Length`; a name that is no token stays as it is.
fn canonical(name: &str) -> String {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    name.chars()
        .map(|c| {
            let shown = if upper {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
            upper = c == '-';
            shown
        })
        .collect()
}
