//! The scene `dup-and-close`: epoll watches what a number stands for, not the number.

use super::HI;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::EpollEvent;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "dup-and-close",
    group: Group::Descriptors,
    title: "a closed number that epoll still tells of",
    watch: &[
        "fd 5 is watched, then closed; but fd 6 is a second number for the same",
        "connection. The client sends. Which number does epoll name, and can it be",
        "taken out of the set?",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Connect(0),
            Step::Skip("epoll_create1"),
            Step::Until("close(5)"),
            Step::Say("client 1 sends its request"),
            Step::Send(0, HI),
            Step::Cue,
            Step::Until("close(6)"),
        ],
    },
    moral: &[
        "close gives a number back; the connection lives on, and stays watched, while",
        "another number (a dup, a forked child) has it: EPOLL_CTL_DEL, then close.",
    ],
    next: &["httpsys demo fork-inherits", "httpsys explain dup"],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    bare.settle(listener);
    let epoll = bare.kernel.epoll_create1(0)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    let event = EpollEvent {
        events: libc::EPOLLIN as u32,
        u64: client.0 as u64,
    };
    bare.kernel
        .epoll_ctl(epoll, libc::EPOLL_CTL_ADD, client, event)?;
    let other = bare.kernel.dup(client)?;
    bare.kernel.close(client)?;
    bare.cue();
    bare.settle(other);
    let kernel = &mut bare.kernel;
    let mut ready = [EpollEvent { events: 0, u64: 0 }; 4];
    kernel.epoll_pwait(epoll, &mut ready, -1)?;
    let mut buf = [0; 8192];
    // EBADF, both: the number that epoll names is nobody's.
    let _ = kernel.read(client, &mut buf);
    let _ = kernel.epoll_ctl(epoll, libc::EPOLL_CTL_DEL, client, event);
    kernel.read(other, &mut buf)?;
    kernel.close(other)
}
