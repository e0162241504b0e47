//! The scene `hello`: one GET, and every call it takes.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "hello",
    group: Group::First,
    title: "one GET, from socket to close",
    watch: &[
        "fd 3 only listens; fd 4 is the conversation. accept4 sleeps until a client",
        "comes, read gives its request, write takes the answer, close ends it.",
    ],
    play: Play::Trace {
        serve: &["--max-requests", "1"],
        script: &[
            Step::Waits("accept4"),
            Step::Say("client 1 connects and sends GET /hi"),
            Step::Send(0, HI),
            Step::End,
            Step::Answer(0),
            Step::Line(0),
        ],
    },
    moral: &["An HTTP server is some ten system calls; the rest is reading and writing text."],
    next: &[
        "httpsys serve --trace    then, elsewhere: httpsys get :8080/hi",
        "httpsys explain accept4",
    ],
};
