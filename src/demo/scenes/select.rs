//! The scene `select`: a slow client and a quick one, and a single call that sleeps for both.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "select",
    group: Group::Waiting,
    title: "one sleep for all clients, with a set of bits",
    watch: &[
        "The server hands over its whole set of descriptors with each call, as bits up",
        "to the highest one; the kernel hands back those that are ready.",
    ],
    play: Play::Trace {
        serve: &["--io", "select"],
        script: &[
            Step::Skip("getsockname"),
            Step::Waits("pselect6"),
            Step::Say("client 1 connects and sends half of its request"),
            Step::Send(0, b"GET /hi HT"),
            Step::Until("no line end yet"),
            Step::Waits("pselect6"),
            Step::Say("client 2 connects and sends all of its request"),
            Step::Send(1, HI),
            Step::Answer(1),
            Step::Until("200 OK"),
            Step::Send(0, b"TP/1.1\r\nHost: demo\r\n\r\n"),
            Step::Answer(0),
            Step::LeaveOut("200 OK", "client 1 sends the other half, and is answered"),
        ],
    },
    moral: &[
        "One sleep for all clients: whoever is ready is served, and a slow one keeps",
        "nobody waiting. But a set has 1024 bits, and is copied at every call.",
    ],
    next: &["httpsys demo poll", "httpsys explain pselect6"],
};
