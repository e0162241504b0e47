//! The scene `poll`: a slow client and a quick one, and a single call that sleeps for both.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "poll",
    group: Group::Waiting,
    title: "one sleep for all clients, with a list",
    watch: &[
        "As select, but a list of descriptors instead of bits: any number, any height.",
        "The whole list goes into the kernel and back with each call.",
    ],
    play: Play::Trace {
        serve: &["--io", "poll"],
        script: &[
            Step::Skip("getsockname"),
            Step::Waits("ppoll"),
            Step::Say("client 1 connects and sends half of its request"),
            Step::Send(0, b"GET /hi HT"),
            Step::Until("no line end yet"),
            Step::Waits("ppoll"),
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
        "poll has no limit of 1024; but it still hands over everyone to learn of one,",
        "so its price grows with those who are silent.",
    ],
    next: &["httpsys demo epoll", "httpsys explain ppoll"],
};
