//! The scene `split-request`: TCP is a stream, and may be cut anywhere.

use super::QUIET;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "split-request",
    group: Group::Bytes,
    title: "one request in five pieces: TCP is a stream",
    watch: &[
        "Each piece that the client sends is one read here. The cuts fall inside the",
        "method, the version, a field and the blank line. Which read ends the head?",
    ],
    play: Play::Trace {
        serve: QUIET,
        script: &[
            Step::Skip("getsockname"),
            Step::Send(0, b"G"),
            Step::Until("no line end yet"),
            Step::Send(0, b"ET /hi HT"),
            Step::Until("read("),
            Step::Send(0, b"TP/1.1\r\nHost: de"),
            Step::Until("read("),
            Step::Send(0, b"mo\r\n\r"),
            Step::Until("read("),
            Step::Send(0, b"\n"),
            Step::Answer(0),
            Step::Until("c1 over"),
        ],
    },
    moral: &[
        "read gives what has arrived, not what was sent: only the blank line says that",
        "a head is complete.",
    ],
    next: &[
        "httpsys get :8080/hi --split 3 --delay 50    against httpsys serve --trace",
        "httpsys explain unfinished",
    ],
};
