//! `checkpoint1 [PORT]` (8000), the first of three: sockets and descriptors.
//!
//! Listens, takes one client from the queue, says so, ends. Watch it with
//! `httpsys trace -- target/debug/examples/checkpoint1`: who gives which number, and who closes it?

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept, bind, listen, socket,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

fn main() -> nix::Result<()> {
    let port = std::env::args()
        .nth(1)
        .map_or(8000, |port| port.parse().expect("a port"));
    let listener = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::empty(),
        None,
    )?;
    // Without SO_REUSEADDR: end it, start it again at once, and bind says EADDRINUSE (TIME_WAIT).
    bind(
        listener.as_raw_fd(),
        &SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)),
    )?;
    listen(&listener, Backlog::new(128)?)?;
    println!("listening on descriptor {}", listener.as_raw_fd());
    let client = accept(listener.as_raw_fd())?;
    println!("client connected: descriptor {client}");
    // Nothing is closed: the kernel closes what a process leaves behind.
    Ok(())
}
