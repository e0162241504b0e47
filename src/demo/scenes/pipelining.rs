//! The scene `pipelining`: three requests in one read, three answers in one write.

use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "pipelining",
    group: Group::Bytes,
    title: "three requests in one read",
    watch: &[
        "The client does not wait for answers. One read brings three requests: a",
        "server that throws away what stands behind the first loses two of them.",
    ],
    play: Play::Trace {
        serve: &["--io", "epoll"],
        script: &[
            Step::Skip("epoll_ctl"),
            Step::Waits("epoll_pwait"),
            Step::Say("client 1 sends GET /hi, GET /headers, GET /no in one piece"),
            Step::Send(
                0,
                b"GET /hi HTTP/1.1\r\nHost: demo\r\n\r\n\
                  GET /headers HTTP/1.1\r\nHost: demo\r\n\r\n\
                  GET /no HTTP/1.1\r\nHost: demo\r\n\r\n",
            ),
            Step::Answers(0, 3),
            Step::Until("responses in one write"),
            Step::Say("client 1 has three answers, and closes"),
            Step::Leave(0),
            Step::To("c1 over"),
        ],
    },
    moral: &["Messages end where HTTP says, not where read ends; answers keep the order."],
    next: &[
        "printf 'GET /hi HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n%.0s' 1 2 | httpsys parse",
        "httpsys explain pipelined",
    ],
};
