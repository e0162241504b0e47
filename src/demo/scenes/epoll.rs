//! The scene `epoll`: the kernel keeps the set, and tells only of those that are ready.

use super::HI;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "epoll",
    group: Group::Waiting,
    title: "the set stays in the kernel",
    watch: &[
        "epoll_ctl says once who is to be watched; epoll_pwait gives back only those",
        "that are ready. Compare with poll: what is handed over with each sleep?",
    ],
    play: Play::Trace {
        serve: &["--io", "epoll"],
        script: &[
            Step::Skip("getsockname"),
            Step::Until("epoll_ctl"),
            Step::Say("client 1 connects and sends half of its request"),
            Step::Send(0, b"GET /hi HT"),
            Step::Until("no line end yet"),
            Step::Waits("epoll_pwait"),
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
        "epoll costs a call for each descriptor that comes, and then nothing for those",
        "that are silent: ten thousand idle connections are free.",
    ],
    next: &["httpsys explain epoll_pwait    and  httpsys demo epoll-et"],
};
