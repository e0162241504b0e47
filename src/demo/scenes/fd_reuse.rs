//! The scene `fd-reuse`: an event for a descriptor that has become somebody else.

use super::HI;
use crate::abi::Fd;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::EpollEvent;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "fd-reuse",
    group: Group::Descriptors,
    title: "an event for a number that has become somebody else",
    watch: &[
        "One epoll_pwait tells of fd 5 and fd 6. While the server handles fd 5 it",
        "closes fd 6 and accepts a client, who gets the number 6. Then comes the turn",
        "of the second event. Whose is it?",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Connect(0),
            Step::Skip("accept4("),
            Step::Connect(1),
            Step::Skip("accept4("),
            Step::Say("clients 1 and 2 send a request each; client 3 connects"),
            Step::Send(0, HI),
            Step::Send(1, HI),
            Step::Connect(2),
            Step::Cue,
            Step::Until("EAGAIN"),
        ],
    },
    moral: &[
        "A number says who has it now, not who had it when the event was made: keep a",
        "generation beside it (epoll's data has 64 bits), and drop what is stale.",
    ],
    next: &["httpsys explain fd-again", "httpsys demo dup-and-close"],
};

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let epoll = bare.kernel.epoll_create1(0)?;
    let (first, _) = bare.kernel.accept4(listener, libc::SOCK_NONBLOCK)?;
    let (second, _) = bare.kernel.accept4(listener, libc::SOCK_NONBLOCK)?;
    bare.cue();
    // Those who are ready come out in the order in which they came in.
    for client in [first, second] {
        bare.settle(client);
        let event = EpollEvent {
            events: libc::EPOLLIN as u32,
            u64: client.0 as u64,
        };
        bare.kernel
            .epoll_ctl(epoll, libc::EPOLL_CTL_ADD, client, event)?;
    }
    bare.settle(listener);
    let kernel = &mut bare.kernel;
    let mut ready = [EpollEvent { events: 0, u64: 0 }; 4];
    let count = kernel.epoll_pwait(epoll, &mut ready, -1)?;
    for (n, event) in ready[..count].iter().enumerate() {
        let named = Fd(event.u64 as i32);
        // For the first event this reads a request; the second one's number has changed hands: EAGAIN.
        let _ = kernel.read(named, &mut [0; 8192]);
        if n == 0 {
            let other = if named == first { second } else { first };
            kernel.close(other)?;
            kernel.accept4(listener, libc::SOCK_NONBLOCK)?;
        }
    }
    Ok(())
}
