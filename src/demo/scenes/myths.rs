//! The scene `myths`: what well-known articles say, and what a trace says.

use super::HI;
use super::OK;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::EpollEvent;
use crate::kernel::Result;
use nix::libc;
use std::time::Duration;

pub const SCENE: Scene = Scene {
    name: "myths",
    group: Group::First,
    title: "four things that articles say, and what the kernel says",
    watch: &["Each claim is followed by the calls that test it."],
    play: Play::Program {
        program,
        script: &[
            Step::Skip("getsockname"),
            Step::Say("claim 1: a non-blocking accept keeps trying until somebody comes"),
            Step::Until("accept4("),
            Step::Skip("epoll_ctl"),
            Step::Waits("epoll_pwait"),
            Step::Say("(asked once, then asleep: no loop)"),
            Step::Connect(0),
            Step::Until("epoll_pwait("),
            Step::Say("claim 2: accept gives the connection a port of its own"),
            Step::Until("getsockname(5)"),
            Step::Until("getsockname(3)"),
            Step::Say("(the listener's: only the number of the descriptor is new)"),
            Step::Say("claim 3: read waits until the client has said all: until its FIN"),
            Step::Send(0, b"GET /hi HTTP"),
            Step::Until("read("),
            Step::Say("(12 bytes of 32 have come, and read is back)"),
            Step::Send(0, REST),
            Step::Cue,
            Step::Until("(complete)"),
            Step::Say("claim 4: the answer carries the FIN"),
            Step::Until("write("),
            Step::Listen(0, Duration::from_millis(100)),
            Step::Cue,
            Step::Until("close("),
            Step::Listen(0, Duration::from_millis(5000)),
        ],
    },
    moral: &["Articles repeat what others wrote; the kernel tells what it does, if asked."],
    next: &["httpsys demo eagain    and  httpsys demo half-close"],
};

const REST: &[u8] = HI.split_at(12).1;

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(libc::SOCK_NONBLOCK, 16)?;
    // Claim 1. EAGAIN: nobody is there.
    let _ = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC);
    let epoll = bare.kernel.epoll_create1(0)?;
    let event = EpollEvent {
        events: libc::EPOLLIN as u32,
        u64: listener.0 as u64,
    };
    bare.kernel
        .epoll_ctl(epoll, libc::EPOLL_CTL_ADD, listener, event)?;
    bare.kernel.epoll_pwait(epoll, &mut [event; 4], -1)?;
    // Claim 2.
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.getsockname(client)?;
    bare.kernel.getsockname(listener)?;
    // Claim 3.
    let mut buf = [0; 8192];
    bare.kernel.read(client, &mut buf)?;
    bare.cue();
    bare.settle(client);
    bare.kernel.read(client, &mut buf)?;
    // Claim 4.
    bare.kernel.write(client, OK)?;
    bare.cue();
    bare.kernel.close(client)?;
    bare.kernel.close(epoll)?;
    bare.kernel.close(listener)
}
