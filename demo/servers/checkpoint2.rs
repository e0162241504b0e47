//! `checkpoint2 [PORT]` (8000), the second of three: bytes.
//!
//! Reads once, prints what came as it is, sends the same answer to everybody. Watch it with
//! `httpsys trace -- target/debug/examples/checkpoint2`: does one read hold one request?

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept, bind, listen, setsockopt,
    socket, sockopt::ReuseAddr,
};
use nix::unistd::{close, read, write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, BorrowedFd};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";

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
        let client = accept(listener.as_raw_fd())?;
        // SAFETY: open until the close below, which nobody else makes.
        let borrowed = unsafe { BorrowedFd::borrow_raw(client) };
        let mut buffer = [0; 4096];
        // To be mended in the third: a request may need more than one read.
        let n = read(borrowed, &mut buffer).unwrap_or(0);
        println!(
            "read {n} bytes: {:?}",
            String::from_utf8_lossy(&buffer[..n])
        );
        // To be mended as well: write may take fewer bytes than it is offered.
        let _ = write(borrowed, ANSWER);
        close(client)?;
    }
}
