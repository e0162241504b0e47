//! The scene `rst-in-queue`: a client that has gone before it was accepted.

use super::OK;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "rst-in-queue",
    group: Group::Ending,
    title: "a client that breaks off before it is accepted",
    watch: &[
        "The client connects and breaks off before the server comes to accept4.",
        "Books say that accept fails with ECONNABORTED. What does Linux do?",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Skip("getsockname"),
            Step::Say("client 1 connects, and breaks off: RST"),
            Step::Connect(0),
            Step::Reset(0),
            Step::Cue,
            Step::Until("close(4)"),
        ],
    },
    moral: &[
        "accept4 gives you who was in the queue, dead or alive: each call on a new",
        "connection may be the first to learn of it.",
    ],
    next: &["httpsys explain ENOTCONN", "httpsys explain ECONNRESET"],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    bare.cue();
    bare.settle(listener);
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.settle_broken(client);
    // Each of these is told in another way that the client has gone.
    let _ = bare.kernel.getpeername(client);
    let mut buf = [0; 8192];
    let _ = bare.kernel.read(client, &mut buf);
    let _ = bare.kernel.read(client, &mut buf);
    let _ = bare.kernel.send(client, OK, libc::MSG_NOSIGNAL);
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}
