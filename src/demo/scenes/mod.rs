//! Every scene, a file each: words, and what happens (docs/add-a-scene.md). `uring.jsonl` is the recording that
//! `uring` shows where the machine has no ring.

mod backlog_full;
mod browser;
mod chunked;
mod dup_and_close;
mod eagain;
mod early_close;
mod emfile;
mod epoll;
mod epoll_et;
mod expect_continue;
mod fd_reuse;
mod fork_inherits;
mod half_close;
mod hello;
mod keep_alive;
mod myths;
mod nagle;
mod pipelining;
mod poll;
mod reuseaddr;
mod rst_in_queue;
mod select;
mod short_write;
mod sigpipe;
mod slowloris;
mod smuggling;
mod split_request;
mod two_clients;
mod uring;

use super::Scene;
use super::models;

/// Every scene, in the order of the list.
pub static SCENES: &[Scene] = &[
    hello::SCENE,
    two_clients::SCENE,
    keep_alive::SCENE,
    myths::SCENE,
    split_request::SCENE,
    pipelining::SCENE,
    short_write::SCENE,
    eagain::SCENE,
    select::SCENE,
    poll::SCENE,
    epoll::SCENE,
    epoll_et::SCENE,
    uring::SCENE,
    models::SCENE,
    half_close::SCENE,
    early_close::SCENE,
    sigpipe::SCENE,
    rst_in_queue::SCENE,
    reuseaddr::SCENE,
    fd_reuse::SCENE,
    dup_and_close::SCENE,
    fork_inherits::SCENE,
    backlog_full::SCENE,
    emfile::SCENE,
    slowloris::SCENE,
    nagle::SCENE,
    chunked::SCENE,
    expect_continue::SCENE,
    smuggling::SCENE,
    browser::SCENE,
];

/// Arguments of `serve` for scenes in which its time-outs do not matter: the calls that set them are not shown.
const QUIET: &[&str] = &["-e", "trace=!setsockopt"];
/// A whole request.
const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: demo\r\n\r\n";
/// A whole answer.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi";
/// A whole answer, after which the server closes.
const OK_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nHi";
