//! The scene `backlog-full`: what the kernel does when nobody accepts.

use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "backlog-full",
    group: Group::Limits,
    title: "three clients, a backlog of one, and nobody accepts",
    watch: &[
        "connect succeeds without the server: the kernel completes the handshake and",
        "queues the connection. Then the queue is full. What does the third one see?",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Until("listen("),
            Step::Skip("getsockname"),
            Step::Say("three clients connect at once"),
            Step::Crowd(3),
            Step::Crowded(2),
            Step::Cue,
            Step::Until("accept4("),
            Step::OneMore,
            Step::Cue,
            Step::Until("accept4("),
            Step::Until("accept4("),
        ],
    },
    moral: &[
        "A full queue is silence: no error, no refusal, only a connect that takes a",
        "second, or two, or more: until a SYN finds room. Linux holds backlog + 1.",
    ],
    next: &[
        "httpsys explain listen",
        "cat /proc/sys/net/core/somaxconn    no backlog is larger than this",
    ],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 1)?;
    bare.cue();
    bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.cue();
    bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    Ok(())
}
