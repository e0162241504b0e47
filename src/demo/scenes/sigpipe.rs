//! The scene `sigpipe`: writing to a client that has gone.

use super::HI;
use super::OK;
use crate::abi::Fd;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Clone;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "sigpipe",
    group: Group::Ending,
    title: "the second write to a client that has gone",
    watch: &[
        "The client has closed. The first write succeeds: nobody knows yet, and a RST",
        "is what it brings. The second one ends the process, unless told not to.",
    ],
    play: Play::Acts(&[
        Act {
            title: "a process in which SIGPIPE does what it does by default",
            play: Play::Program {
                program: dies,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Connect(0),
                    Step::Skip("accept4("),
                    Step::Waits("wait4"),
                    Step::Send(0, HI),
                    Step::Until("read("),
                    Step::Say("client 1 closes; the child writes twice"),
                    Step::Leave(0),
                    Step::Until("killed by signal"),
                ],
            },
        },
        Act {
            title: "send with MSG_NOSIGNAL: an error, and the server lives",
            play: Play::Program {
                program: lives,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Send(0, HI),
                    Step::Skip("accept4("),
                    Step::Until("read("),
                    Step::Say("client 1 closes; the server sends twice"),
                    Step::Leave(0),
                    Step::Until("close(4)"),
                ],
            },
        },
    ]),
    moral: &[
        "A write may kill the whole server: ignore SIGPIPE, or send with MSG_NOSIGNAL,",
        "and take EPIPE for what it is: this client has gone.",
    ],
    next: &["httpsys explain EPIPE    and  httpsys explain broken-pipe"],
};

/// Accepts in one process and serves in another, so that somebody is left to tell the end.
fn dies(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    let child = match bare.kernel.clone_process()? {
        Clone::Parent(child) => child,
        Clone::Child => {
            let served = serve(bare, client);
            bare.kernel.exit_group(i32::from(served.is_err()))
        }
    };
    bare.kernel.wait4(Some(child), 0)?;
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}

fn serve(bare: &mut Bare, client: Fd) -> Result<()> {
    bare.settle(client);
    // This program ignores SIGPIPE, as every Rust program does; one in C does not.
    bare.kernel.default_action(libc::SIGPIPE)?;
    bare.kernel.read(client, &mut [0; 8192])?;
    bare.settle(client);
    bare.kernel.write(client, OK)?;
    bare.settle_broken(client);
    bare.kernel.write(client, OK)?;
    Ok(())
}

fn lives(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.read(client, &mut [0; 8192])?;
    bare.settle(client);
    bare.kernel.send(client, OK, libc::MSG_NOSIGNAL)?;
    bare.settle_broken(client);
    // EPIPE.
    let _ = bare.kernel.send(client, OK, libc::MSG_NOSIGNAL);
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}
