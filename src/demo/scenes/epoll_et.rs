//! The scene `epoll-et`: an edge is told once, whatever was left unread.

use super::HI;
use super::OK_CLOSE;
use crate::abi::Fd;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::EpollEvent;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "epoll-et",
    group: Group::Waiting,
    title: "edge-triggered: the bytes that nobody mentions again",
    watch: &[
        "A request of 32 bytes arrives and the server reads 10. Level-triggered epoll",
        "tells it again that there are bytes; edge-triggered epoll does not.",
    ],
    play: Play::Acts(&[
        Act {
            title: "level-triggered",
            play: Play::Program {
                program: level,
                script: SCRIPT,
            },
        },
        Act {
            title: "edge-triggered: the second epoll_pwait waits in vain, for 300 ms",
            play: Play::Program {
                program: edge,
                script: SCRIPT,
            },
        },
    ]),
    moral: &["With EPOLLET, read until EAGAIN: the edge will not come a second time."],
    next: &["httpsys explain EPOLLET    and  httpsys serve --io epoll-et --trace"],
};

const SCRIPT: &[Step] = &[
    Step::Skip("getsockname"),
    Step::Connect(0),
    Step::Skip("accept4("),
    Step::Skip("epoll_create1"),
    Step::Until("epoll_ctl"),
    Step::Say("client 1 sends 32 bytes"),
    Step::Send(0, HI),
    Step::Cue,
    Step::Answer(0),
    Step::Until("EAGAIN"),
    Step::LeaveOut("c1 over", "write and close"),
];

fn level(bare: &mut Bare) -> Result<()> {
    program(bare, libc::EPOLLIN as u32)
}

fn edge(bare: &mut Bare) -> Result<()> {
    program(bare, (libc::EPOLLIN | libc::EPOLLET) as u32)
}

/// Reads 10 bytes, asks whether there is more, and reads the rest.
fn program(bare: &mut Bare, events: u32) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    bare.settle(listener);
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_NONBLOCK)?;
    let epoll = bare.kernel.epoll_create1(0)?;
    watch(bare, epoll, client, events)?;
    bare.cue();
    bare.settle(client);
    let kernel = &mut bare.kernel;
    let mut ready = [EpollEvent { events: 0, u64: 0 }; 4];
    kernel.epoll_pwait(epoll, &mut ready, 300)?;
    kernel.read(client, &mut [0; 10])?;
    kernel.epoll_pwait(epoll, &mut ready, 300)?;
    let mut buf = [0; 8192];
    while kernel.read(client, &mut buf).is_ok_and(|n| n > 0) {}
    kernel.write(client, OK_CLOSE)?;
    kernel.close(client)?;
    kernel.close(epoll)?;
    kernel.close(listener)
}

fn watch(bare: &mut Bare, epoll: Fd, fd: Fd, events: u32) -> Result<()> {
    let event = EpollEvent {
        events,
        u64: fd.0 as u64,
    };
    bare.kernel.epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, event)
}
