//! The scene `uring`: operations in a queue, and one call for all of them.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "uring",
    group: Group::Waiting,
    title: "operations in a queue: reads that are no system calls",
    watch: &[
        "sq: an operation is put into shared memory; cq: its result is found there.",
        "Neither is a call. io_uring_enter hands in what is queued, and sleeps.",
    ],
    play: Play::Kept {
        serve: &["--io", "uring"],
        script: &[
            Step::Skip("getsockname"),
            Step::Until("sq: accept4"),
            Step::Waits("io_uring_enter"),
            Step::Say("client 1 connects and sends half of its request"),
            Step::Connect(0),
            Step::Until("cq: accept4"),
            Step::Waits("io_uring_enter"),
            Step::Send(0, b"GET /hi HT"),
            Step::Until("no line end yet"),
            Step::Waits("io_uring_enter"),
            Step::Say("client 2 connects and sends all of its request"),
            Step::Connect(1),
            Step::Until("cq: accept4"),
            Step::Waits("io_uring_enter"),
            Step::Send(1, HI),
            Step::Answer(1),
            Step::Until("200 OK"),
        ],
        recording: include_str!("uring.jsonl"),
    },
    moral: &[
        "A ring asks for the work itself, not for who is ready: many operations cost",
        "one call, and who looks only at calls no longer sees the reads.",
    ],
    next: &[
        "httpsys serve --io uring --trace -c",
        "httpsys explain io_uring_enter",
    ],
};
