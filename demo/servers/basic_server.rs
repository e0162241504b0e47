//! `basic_server [PORT]` (8081): the echo server of Kunal Desai's article on what a basic server does.
//!
//! The same calls with the same parameters and the same bugs, in Rust; each bug is named where it stands.
//! Watch it: `httpsys trace -- target/debug/examples/basic_server`, then
//! `printf 'GET /x\r\n\r\n' | nc 127.0.0.1 8081 | hexdump -C`: 100 bytes come back for 10.

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn6, accept, bind, listen, setsockopt,
    socket, sockopt::Ipv6V6Only, sockopt::ReuseAddr,
};
use nix::unistd::{close, read, write};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};

fn main() {
    let port = std::env::args()
        .nth(1)
        .map_or(8081, |port| port.parse().expect("a port"));
    // `0.0.0.0` was asked for; Go listens on both families at once, through IPv6.
    let flags = SockFlag::SOCK_CLOEXEC;
    let listener = socket(AddressFamily::Inet6, SockType::Stream, flags, None).expect("socket");
    setsockopt(&listener, Ipv6V6Only, &false).expect("IPV6_V6ONLY");
    setsockopt(&listener, ReuseAddr, &true).expect("SO_REUSEADDR");
    let address = SockaddrIn6::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0));
    // Bug: the message names another port than the one that was tried.
    bind(listener.as_raw_fd(), &address).expect("could not listen on port 8080");
    listen(&listener, Backlog::MAXCONN).expect("listen");
    loop {
        // Bug: an accept that fails (a client that left again, no descriptor free) ends the whole server.
        let client = accept(listener.as_raw_fd()).expect("accept");
        // SAFETY: open until the close below, which nobody else makes.
        let borrowed = unsafe { BorrowedFd::borrow_raw(client) };
        let mut buffer = [0; 100];
        // Bug: one read. What TCP delivers later is never seen, and the next client waits for a silent one.
        if let Err(error) = read(borrowed, &mut buffer) {
            eprintln!("read: {error}");
        }
        // Bug: the whole buffer goes back, not the n bytes that were read: zeros follow. And what a client
        // sent is no HTTP response: curl refuses it as HTTP/0.9.
        if let Err(error) = write(borrowed, &buffer) {
            eprintln!("write: {error}");
        }
        let _ = close(client);
    }
}
