//! The scene `slowloris`: a client that never comes to an end.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use std::time::Duration;

pub const SCENE: Scene = Scene {
    name: "slowloris",
    group: Group::Limits,
    title: "a client that never ends its request",
    watch: &[
        "Client 1 sends a few bytes at a time and never the blank line. The server has",
        "one seat. How long does client 2 wait? What does each read give up after?",
    ],
    play: Play::Trace {
        serve: &["--head-timeout", "5s"],
        script: &[
            Step::Figures("SO_RCVTIMEO"),
            Step::Figures("gave up"),
            Step::Skip("getsockname"),
            Step::Send(0, b"GET /hi HTTP/1.1\r\n"),
            Step::Until("c1 from"),
            Step::Skip("SO_RCVTIMEO"),
            Step::Until("SO_RCVTIMEO"),
            Step::Say("client 2 connects and asks; client 1 sends 8 bytes after each 1.5 s"),
            Step::Send(1, HI),
            Step::Meanwhile(0, DRIP),
            Step::Send(0, b"X-a: 1\r\n"),
            Step::Until("SO_RCVTIMEO"),
            Step::Meanwhile(0, DRIP),
            Step::Send(0, b"X-b: 2\r\n"),
            Step::Until("SO_RCVTIMEO"),
            Step::Until("408"),
            Step::Answer(0),
            Step::Line(0),
            Step::LeaveOut("c1 over", "client 1: shutdown, read to the end, close"),
            Step::Until("c2 from"),
            Step::To("200 OK"),
            Step::Answer(1),
            Step::Took(1),
        ],
    },
    moral: &[
        "5 s for each read would never end: client 1 is not silent for that long. The",
        "5 s are for the whole head: each read may take what is left of them.",
    ],
    next: &["httpsys serve --io epoll --head-timeout 2s --trace"],
};

/// Shorter than what the head may take, and so than any time-out for one read.
const DRIP: Duration = Duration::from_millis(1500);
