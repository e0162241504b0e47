//! The scene `fork-inherits`: a connection ends when the last number for it is closed.

use super::HI;
use super::OK_CLOSE;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Clone;
use crate::kernel::Result;
use nix::libc;
use std::time::Duration;

pub const SCENE: Scene = Scene {
    name: "fork-inherits",
    group: Group::Descriptors,
    title: "closed here, open in the child: no FIN yet",
    watch: &[
        "After clone both processes have fd 4. The parent (t1) closes its own: does",
        "the client see an end? It sees one when the child (t2) is done.",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Skip("getsockname"),
            Step::Connect(0),
            Step::Until("close(4)"),
            Step::Waits("wait4"),
            Step::Listen(0, Duration::from_millis(100)),
            Step::Say("client 1 sends its request: the child answers"),
            Step::Send(0, HI),
            Step::Until("exit_group"),
            Step::Ending(0),
            Step::Until("wait4("),
        ],
    },
    moral: &[
        "close is not goodbye: the FIN goes out when the last number, in whichever",
        "process, is closed. A child that keeps one keeps the client waiting.",
    ],
    next: &[
        "httpsys serve --io fork --trace",
        "httpsys explain lives-on",
    ],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    let child = match bare.kernel.clone_process()? {
        Clone::Parent(child) => child,
        Clone::Child => {
            bare.settle(client);
            let _ = bare.kernel.read(client, &mut [0; 8192]);
            let _ = bare.kernel.write(client, OK_CLOSE);
            bare.kernel.exit_group(0)
        }
    };
    bare.kernel.close(client)?;
    bare.kernel.wait4(Some(child), 0)?;
    bare.kernel.close(listener)
}
