//! `checkpoint1 [PORT]` (8000), the first of three: sockets and descriptors.
//!
//! Listens, takes one client from the queue, says so, ends. Watch it with
//! `httpsys trace -- target/debug/examples/checkpoint1`: who gives which number, and who closes it? The one after it
//! needs a port of its own for a minute (`checkpoint2 8001`): see what stands at `bind`.

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
    // Without SO_REUSEADDR: end it, start it again at once, and bind says EADDRINUSE (TIME_WAIT). So do the second
    // and the third for a minute, although they ask for it: the old run must have had it too.
    bind(
        listener.as_raw_fd(),
        &SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)),
    )?;
    listen(&listener, Backlog::new(128)?)?;
    println!("listening on descriptor {}", listener.as_raw_fd());
    let client = accept(listener.as_raw_fd())?;
    println!("client connected: descriptor {client}");
    // `client` is a plain number: nobody closes it, and the kernel closes what a process leaves behind. `listener` owns
    // its descriptor, which is closed here.
    Ok(())
}
