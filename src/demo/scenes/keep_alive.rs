//! The scene `keep-alive`: two requests on one connection, and on two.

use super::HI;
use super::QUIET;
use crate::demo::Act;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "keep-alive",
    group: Group::First,
    title: "two requests on one connection, and on two",
    watch: &["7 calls, then 8 (setsockopt is left out): which are saved, which one is new?"],
    play: Play::Acts(&[
        Act {
            title: "one connection for both",
            play: Play::Trace {
                serve: &["--keep-alive", "-e", "trace=!setsockopt"],
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, HI),
                    Step::Answer(0),
                    Step::Until("200 OK"),
                    Step::Send(0, HI),
                    Step::Answer(0),
                    Step::Leave(0),
                    Step::Until("c1 over"),
                ],
            },
        },
        Act {
            title: "a connection for each",
            play: Play::Trace {
                serve: QUIET,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, HI),
                    Step::Answer(0),
                    Step::Until("c1 over"),
                    Step::Send(0, HI),
                    Step::Answer(0),
                    Step::Until("c2 over"),
                ],
            },
        },
    ]),
    moral: &["A kept connection saves handshake, accept4 and close; its end costs one read."],
    next: &["httpsys explain keep-alive    and  httpsys demo pipelining"],
};
