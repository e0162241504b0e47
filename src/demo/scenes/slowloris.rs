//! The scene `slowloris`: a client that never comes to an end.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "slowloris",
    group: Group::Limits,
    title: "a client that never ends its request",
    watch: &[
        "Client 1 sends a few bytes at a time and never the blank line. The server has",
        "one seat. How long does client 2 wait, and what ends it?",
    ],
    play: Play::Trace {
        serve: &["--head-timeout", "5s", "-e", "trace=!setsockopt"],
        script: &[
            Step::Skip("getsockname"),
            Step::Send(0, b"GET /hi HTTP/1.1\r\n"),
            Step::Until("unfinished"),
            Step::Send(0, b"X-a: 1\r\n"),
            Step::Until("read("),
            Step::Send(0, b"X-b: 2\r\n"),
            Step::Until("read("),
            Step::Say("client 2 connects and asks; client 1 says nothing any more"),
            Step::Send(1, HI),
            Step::Waits("read"),
            Step::Until("408"),
            Step::Answer(0),
            Step::Line(0),
            Step::LeaveOut("c1 over", "client 1: shutdown, read to the end, close"),
            Step::Until("c2 over"),
            Step::Answer(1),
            Step::Line(1),
        ],
    },
    moral: &[
        "A time-out for each read is not enough: a whole head must be there in time,",
        "or a hundred slow clients hold every seat for ever.",
    ],
    next: &[
        "httpsys serve --io epoll --head-timeout 2s --trace",
        "httpsys explain 408",
    ],
};
