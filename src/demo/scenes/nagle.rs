//! The scene `nagle`: a small write that waits for the acknowledgement of the one before.

use super::HI;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::demo::bare::ON;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "nagle",
    group: Group::Limits,
    title: "an answer in two writes, and 40 ms between them",
    watch: &[
        "The head goes in one write, the body in another. Nagle's algorithm holds the",
        "second back until the first is acknowledged, and the client's kernel is in no",
        "hurry to do that. Eight requests on one connection; below stands the second:",
    ],
    play: Play::Acts(&[
        Act {
            title: "two writes",
            play: Play::Program {
                program: two_writes,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, HI),
                    Step::Answer(0),
                    Step::Skip("body done"),
                    Step::Send(0, HI),
                    Step::Until("body done"),
                    Step::Waits("read"),
                    Step::Answer(0),
                    Step::Took(0),
                    Step::Send(0, HI),
                    Step::Until("read("),
                    Step::Answer(0),
                    Step::Rounds(0, HI, 5),
                ],
            },
        },
        Act {
            title: "two writes, TCP_NODELAY",
            play: Play::Program {
                program: no_delay,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Rounds(0, HI, 8),
                    Step::Skip("accept4("),
                    Step::Until("setsockopt"),
                ],
            },
        },
        Act {
            title: "one write",
            play: Play::Program {
                program: one_write,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Rounds(0, HI, 8),
                    Step::Skip("read("),
                    Step::Until("write("),
                ],
            },
        },
    ]),
    moral: &["One answer, one write (or writev); and TCP_NODELAY where that cannot be."],
    next: &["httpsys explain TCP_NODELAY", "httpsys explain writev"],
};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const BODY: &[u8] = b"Hi";

fn two_writes(bare: &mut Bare) -> Result<()> {
    serve(bare, false, &[HEAD, BODY])
}

fn no_delay(bare: &mut Bare) -> Result<()> {
    serve(bare, true, &[HEAD, BODY])
}

fn one_write(bare: &mut Bare) -> Result<()> {
    serve(bare, false, &[super::OK])
}

/// Answers one client, in these pieces, until it leaves.
fn serve(bare: &mut Bare, at_once: bool, pieces: &[&[u8]]) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    if at_once {
        bare.kernel
            .setsockopt(client, libc::IPPROTO_TCP, libc::TCP_NODELAY, &ON)?;
    }
    let mut buf = [0; 8192];
    while bare.kernel.read(client, &mut buf)? > 0 {
        for piece in pieces {
            bare.kernel.write(client, piece)?;
        }
    }
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}
