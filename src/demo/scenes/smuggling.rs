//! The scene `smuggling`: the same bytes, one request or two?

use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "smuggling",
    group: Group::Messages,
    title: "the same bytes: one request or two?",
    watch: &[
        "One message, Content-Length: 40 and Transfer-Encoding: chunked. One server",
        "believes the first, one the second: which requests does each see?",
    ],
    play: Play::Acts(&[
        Act {
            title: "a server that believes Content-Length",
            play: Play::Program {
                program: by_length,
                script: ONE,
            },
        },
        Act {
            title: "a server that believes Transfer-Encoding",
            play: Play::Program {
                program: by_chunks,
                script: TWO,
            },
        },
        Act {
            title: "httpsys serve",
            play: Play::Trace {
                serve: &["--keep-alive", "-e", "trace=!setsockopt"],
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, BYTES),
                    Step::Finish(0),
                    Step::Skip("accept4("),
                    Step::Until("400"),
                    Step::Answer(0),
                    Step::Line(0),
                ],
            },
        },
    ]),
    moral: &["Two readings let a request through unchecked: answer 400, close (RFC 9112)."],
    next: &[
        "httpsys parse --escapes demo/requests/smuggle.http",
        "httpsys explain transfer-encoding",
    ],
};

const ONE: &[Step] = &[
    Step::Say("POST /hi, both fields, then 0 CRLF CRLF GET /admin HTTP/1.1 CRLF Host: a"),
    Step::Skip("getsockname"),
    Step::Send(0, BYTES),
    Step::Finish(0),
    Step::Skip("accept4("),
    Step::Until("200 OK"),
    Step::Bodies(0),
];

const TWO: &[Step] = &[
    Step::Skip("getsockname"),
    Step::Send(0, BYTES),
    Step::Finish(0),
    Step::Skip("accept4("),
    Step::Until("200 OK"),
    Step::Until("200 OK"),
    Step::Bodies(0),
];

/// The empty body in chunks has 5 bytes; 40 bytes reach to the end of the second request.
const BYTES: &[u8] = b"POST /hi HTTP/1.1\r\nHost: demo\r\nContent-Length: 40\r\n\
    Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n ";

/// Where a body ends that begins here, as a server sees it.
type End = fn(&[u8], usize) -> usize;

fn by_length(bare: &mut Bare) -> Result<()> {
    serve(bare, |bytes, start| {
        let head = &bytes[..start];
        let length = find(head, b"Content-Length: 40").map_or(0, |_| 40);
        start + length
    })
}

fn by_chunks(bare: &mut Bare) -> Result<()> {
    serve(bare, |bytes, start| {
        let last = find(&bytes[start..], b"0\r\n\r\n").filter(|at| *at == 0);
        start + last.map_or(0, |_| 5)
    })
}

/// Answers each request that it sees with the request's own method and target, then closes.
fn serve(bare: &mut Bare, end: End) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    let mut buf = [0; 8192];
    let mut bytes = Vec::new();
    loop {
        let n = bare.kernel.read(client, &mut buf)?;
        if n == 0 {
            break;
        }
        bytes.extend_from_slice(&buf[..n]);
        while let Some(blank) = find(&bytes, b"\r\n\r\n") {
            let over = end(&bytes, blank + 4).min(bytes.len());
            let line = find(&bytes, b" HTTP/").unwrap_or(0);
            let mut answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {line}\r\n\r\n").into_bytes();
            answer.extend_from_slice(&bytes[..line]);
            bytes.drain(..over);
            bare.kernel.write(client, &answer)?;
        }
    }
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
