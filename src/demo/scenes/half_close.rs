//! The scene `half-close`: EOF means that nothing more comes, not that nobody is there.

use super::HI;
use super::OK_CLOSE;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "half-close",
    group: Group::Ending,
    title: "the client says no more, and still listens",
    watch: &[
        "The client sends its request and a FIN. read gives the request, then 0. Is",
        "anybody there to take the answer?",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Skip("getsockname"),
            Step::Say("client 1 sends a request and then a FIN: shutdown(SHUT_WR)"),
            Step::Send(0, HI),
            Step::Finish(0),
            Step::Until("EOF"),
            Step::Until("200 OK"),
            Step::Until("c1 over"),
            Step::Ending(0),
        ],
    },
    moral: &[
        "A connection is two streams. read = 0 ends the one towards you; what you owe",
        "you can still send.",
    ],
    next: &["httpsys explain shutdown", "httpsys explain eof"],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    let mut buf = [0; 8192];
    while bare.kernel.read(client, &mut buf)? > 0 {}
    bare.kernel.write(client, OK_CLOSE)?;
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}
