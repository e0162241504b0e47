//! Rules 38, 39, 45 and 46: whether the connection goes on, and what a client waits for.

use super::{Case, no_with, yes};
use crate::{get, post};

pub const CASES: &[Case] = &[
    yes(38, get!("Connection: keep-alive\r\n\r\n"), "GET /"),
    yes(38, get!("Connection: x\r\n\r\n"), "GET /"),
    yes(38, get!("Connection:\r\n\r\n"), "GET /"),
    yes(
        38,
        get!("Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
        "GET /",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        "GET /",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nConnection: x, keep-alive\r\n\r\n",
        "GET /",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        "GET / close",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nConnection: keep-alivex\r\n\r\n",
        "GET / close",
    ),
    yes(
        38,
        "GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
        "GET / close",
    ),
    yes(39, get!("Connection: close\r\n\r\n"), "GET / close"),
    yes(39, get!("Connection: Close\r\n\r\n"), "GET / close"),
    yes(39, get!("connection:CLOSE\r\n\r\n"), "GET / close"),
    yes(
        39,
        get!("Connection: keep-alive, close\r\n\r\n"),
        "GET / close",
    ),
    yes(
        39,
        get!("Connection: x ,\tclose , y\r\n\r\n"),
        "GET / close",
    ),
    yes(
        39,
        get!("Connection: x\r\nConnection: close\r\n\r\n"),
        "GET / close",
    ),
    yes(39, get!("Connection: ,close,\r\n\r\n"), "GET / close"),
    yes(39, get!("Connection: closed\r\n\r\n"), "GET /"),
    yes(39, get!("Connection: not close\r\n\r\n"), "GET /"),
    yes(39, get!("X-Connection: close\r\n\r\n"), "GET /"),
    yes(
        45,
        post!("Content-Length: 1\r\nExpect: 100-continue\r\n\r\nx"),
        "POST / content-length=x waits",
    ),
    yes(
        45,
        post!("Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
        "POST / content-length=x waits",
    ),
    yes(
        45,
        post!("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "POST / chunked= waits",
    ),
    yes(45, post!("Expect: 100-continue\r\n\r\n"), "POST /"),
    yes(
        45,
        post!("Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
        "POST / content-length=",
    ),
    yes(
        45,
        post!("Expect:\r\nContent-Length: 1\r\n\r\nx"),
        "POST / content-length=x",
    ),
    yes(
        45,
        "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx",
        "POST / content-length=x close W404@36",
    ),
    no_with(
        417,
        46,
        post!("Expect: ¦200-ok\r\nContent-Length: 1\r\n\r\nx"),
        "H701",
    ),
    no_with(
        417,
        46,
        post!("Expect: 100-continue, ¦x=y\r\nContent-Length: 1\r\n\r\nx"),
        "H701",
    ),
    no_with(417, 46, post!("Expect: ¦100-continued\r\n\r\n"), "H701"),
    no_with(400, 46, "POST / HTTP/1.1\r\nExpect: x\r\n¦\r\n", "H301"),
];
