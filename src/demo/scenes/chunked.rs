//! The scene `chunked`: a body whose length nobody knew.

use super::QUIET;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;

pub const SCENE: Scene = Scene {
    name: "chunked",
    group: Group::Messages,
    title: "a body in chunks, cut where nobody expects it",
    watch: &[
        "Each chunk says its size, in hexadecimal, before its bytes; a chunk of size 0",
        "ends the body. The cuts between the sends fall inside chunks and sizes.",
    ],
    play: Play::Trace {
        serve: QUIET,
        script: &[
            Step::Skip("getsockname"),
            Step::Say("the head: POST /echo, Transfer-Encoding: chunked"),
            Step::Send(
                0,
                b"POST /echo HTTP/1.1\r\nHost: demo\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            Step::Until("chunked"),
            Step::Say("5 CRLF Hel"),
            Step::Send(0, b"5\r\nHel"),
            Step::Until("read("),
            Step::Say("lo CRLF 1"),
            Step::Send(0, b"lo\r\n1"),
            Step::Until("read("),
            Step::Say("0 CRLF sixteen bytes... CRLF 0 CRLF CRLF"),
            Step::Send(0, b"0\r\nsixteen bytes...\r\n0\r\n\r\n"),
            Step::Answer(0),
            Step::Until("c1 over"),
        ],
    },
    moral: &[
        "Chunks are not reads: a body of 21 bytes came in three of them, and the parser",
        "must be able to stop and go on at any byte.",
    ],
    next: &[
        "curl -T - http://127.0.0.1:8080/echo    against httpsys serve --trace",
        "httpsys explain transfer-encoding",
    ],
};
