//! What `select` does with descriptors from FD_SETSIZE on. A program of its own: the numbers of descriptors
//! belong to the whole process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::server::IoModel;
use serve_support::{config, get, start};
use std::os::fd::AsRawFd;

/// `man 2 select`.
const FD_SETSIZE: usize = 1024;

#[test]
fn select_refuses_a_connection_beyond_its_sets_and_the_others_do_not() {
    let select = start(config(IoModel::Select));
    let poll = start(config(IoModel::Poll));
    let mut inside = select.connect();
    inside.send(get("/hi"));
    assert_eq!(inside.answer().unwrap().text(), "Hi");

    // Every number up to the last bit is taken.
    let mut taken = Vec::new();
    while taken.len() < FD_SETSIZE {
        match nix::unistd::dup(std::io::stdin()) {
            Ok(fd) if fd.as_raw_fd() >= FD_SETSIZE as i32 => break,
            Ok(fd) => taken.push(fd),
            Err(errno) => {
                eprintln!("skipped: this machine gives no descriptor {FD_SETSIZE}: {errno}");
                return;
            }
        }
    }

    let mut beyond = select.connect();
    beyond.send(get("/hi"));
    let refused = beyond.answer().unwrap();
    assert_eq!(
        (refused.status, refused.field("Connection")),
        (503, Some("close"))
    );
    assert!(refused.text().contains("FD_SETSIZE"), "{}", refused.text());
    assert_eq!(beyond.answer(), None);

    let mut unlimited = poll.connect();
    unlimited.send(get("/hi"));
    assert_eq!(unlimited.answer().unwrap().text(), "Hi");
    drop(unlimited);

    // Who is inside is served as before; with a number below the limit, so is the next one.
    inside.send(get("/hi"));
    assert_eq!(inside.answer().unwrap().text(), "Hi");
    drop(taken);
    let mut next = select.connect();
    next.send(get("/hi"));
    assert_eq!(next.answer().unwrap().text(), "Hi");
}
