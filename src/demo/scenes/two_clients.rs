//! The scene `two-clients`: one seat, two clients, and who waits where.

use super::HI;
use super::QUIET;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use std::time::Duration;

pub const SCENE: Scene = Scene {
    name: "two-clients",
    group: Group::First,
    title: "a slow client, and one behind it in the backlog",
    watch: &[
        "Client 2 is connected and its request has arrived, all without the server:",
        "the kernel does that. Between which two lines does it wait?",
    ],
    play: Play::Trace {
        serve: QUIET,
        script: &[
            Step::Skip("getsockname"),
            Step::Waits("accept4"),
            Step::Say("client 1 connects and sends half of its request"),
            Step::Send(0, b"GET /hi HT"),
            Step::Until("no line end yet"),
            Step::Waits("read"),
            Step::Say("client 2 connects and sends all of its request"),
            Step::Send(1, HI),
            Step::Listen(1, Duration::from_millis(200)),
            Step::Say("client 1 sends the other half"),
            Step::Send(0, b"TP/1.1\r\nHost: demo\r\n\r\n"),
            Step::Answer(0),
            Step::Until("c2 from"),
            Step::Until("(complete)"),
            Step::Answer(1),
            Step::Line(1),
        ],
    },
    moral: &[
        "A server that sleeps in read for one client lets all others wait in the",
        "backlog, connected and unanswered.",
    ],
    next: &[
        "httpsys demo models      which ways to wait let client 2 through?",
        "httpsys explain listen",
    ],
};
