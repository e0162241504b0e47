//! The scene `expect-continue`: may I send the body?

use super::QUIET;
use crate::demo::Act;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "expect-continue",
    group: Group::Messages,
    title: "a client that asks before it sends its body",
    watch: &[
        "The head says how large the body will be, and waits. The server says 100, and",
        "later 200; or it refuses, and not one byte of the body was sent.",
    ],
    play: Play::Acts(&[
        Act {
            title: "the server wants it",
            play: Play::Trace {
                serve: QUIET,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Say("POST /echo, Content-Length: 5, Expect: 100-continue"),
                    Step::Send(0, ASK),
                    Step::Until("100 Continue"),
                    Step::Answer(0),
                    Step::Line(0),
                    Step::Say("client 1 sends Hello"),
                    Step::Send(0, b"Hello"),
                    Step::Answer(0),
                    Step::Until("c1 over"),
                    Step::Line(0),
                ],
            },
        },
        Act {
            title: "the server takes 4 bytes at most",
            play: Play::Trace {
                serve: &["--max-body", "4", "-e", "trace=!setsockopt"],
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, ASK),
                    Step::Until("413"),
                    Step::Answer(0),
                    Step::Line(0),
                    Step::LeaveOut("c1 over", "shutdown, read to the end, close"),
                ],
            },
        },
    ]),
    moral: &[
        "100 Continue is an answer before the answer; a server that never sends it",
        "costs each client that waits for it a second of silence, or its patience.",
    ],
    next: &["httpsys explain 100    and  httpsys explain expect"],
};

const ASK: &[u8] = b"POST /echo HTTP/1.1\r\nHost: demo\r\nContent-Length: 5\r\n\
    Expect: 100-continue\r\n\r\n";
