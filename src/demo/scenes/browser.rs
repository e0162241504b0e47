//! The scene `browser`: what a browser does beside what it was asked for.

use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "browser",
    group: Group::Messages,
    title: "one address typed: two connections, two requests",
    watch: &[
        "A client that does as a browser does: it opens a second connection to be",
        "ready, and asks for an icon nobody mentioned. Calls of epoll are left out.",
    ],
    play: Play::Trace {
        serve: &["--io", "epoll", "-e", "trace=!epoll_ctl,epoll_pwait"],
        script: &[
            Step::Skip("epoll_create1"),
            Step::Say("connections 1 and 2 are opened; the first asks for the page"),
            Step::Connect(0),
            Step::Until("c1 from"),
            Step::Connect(1),
            Step::Until("c2 from"),
            Step::Send(
                0,
                b"GET /hi HTTP/1.1\r\nHost: demo\r\nConnection: keep-alive\r\n\
                  User-Agent: Mozilla/5.0\r\nAccept: text/html,*/*;q=0.8\r\n\r\n",
            ),
            Step::Answer(0),
            Step::Until("200 OK"),
            Step::Say("the page is there: now the icon, on the same connection"),
            Step::Send(
                0,
                b"GET /favicon.ico HTTP/1.1\r\nHost: demo\r\nConnection: keep-alive\r\n\
                  User-Agent: Mozilla/5.0\r\nAccept: image/*\r\n\r\n",
            ),
            Step::Answer(0),
            Step::Until("404"),
            Step::Say("the window is closed"),
            Step::Leave(1),
            Step::Until("c2 over"),
            Step::Leave(0),
            Step::Until("c1 over"),
        ],
    },
    moral: &[
        "A connection is no request: browsers open spare ones, and a server with one",
        "seat that waits for its first byte waits in vain.",
    ],
    next: &[
        "httpsys serve --trace    and open http://127.0.0.1:8080/hi in a browser",
        "httpsys explain preconnect",
    ],
};
