//! The scene `eagain`: a call that would sleep, and may not.

use super::HI;
use super::OK_CLOSE;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use crate::kernel::clock;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "eagain",
    group: Group::Waiting,
    title: "O_NONBLOCK: calls that never sleep",
    watch: &[
        "Nothing waits here: accept4 and read come back at once and say that there is",
        "nothing yet. The second server has nothing else to do than to ask again.",
    ],
    play: Play::Acts(&[
        Act {
            title: "asked too early, and asked again",
            play: Play::Program {
                program: asks,
                script: &[
                    Step::Skip("getsockname"),
                    Step::Until("EAGAIN"),
                    Step::Say("client 1 connects"),
                    Step::Connect(0),
                    Step::Cue,
                    Step::Until("EAGAIN"),
                    Step::Say("client 1 sends its request"),
                    Step::Send(0, HI),
                    Step::Cue,
                    Step::Answer(0),
                    Step::Until("c1 over"),
                ],
            },
        },
        Act {
            title: "a loop that only asks, for 20 ms, and nobody comes",
            play: Play::Program {
                program: spins,
                script: &[Step::Tally(&["accept4"])],
            },
        },
    ]),
    moral: &[
        "EAGAIN is no error but an answer: not now. What to do until then is the",
        "question that select, poll and epoll answer.",
    ],
    next: &[
        "httpsys serve --io nonblocking --trace",
        "httpsys demo poll",
    ],
};

const NONBLOCK: i32 = libc::SOCK_NONBLOCK;

fn asks(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(NONBLOCK, 16)?;
    // Nobody is there yet: EAGAIN.
    let _ = bare.kernel.accept4(listener, NONBLOCK);
    bare.cue();
    bare.settle(listener);
    // The new descriptor does not inherit O_NONBLOCK: it has to be asked for.
    let (client, _) = bare.kernel.accept4(listener, NONBLOCK)?;
    let mut buf = [0; 8192];
    // It is connected and has said nothing: EAGAIN.
    let _ = bare.kernel.read(client, &mut buf);
    bare.cue();
    bare.settle(client);
    bare.kernel.read(client, &mut buf)?;
    bare.kernel.write(client, OK_CLOSE)?;
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}

fn spins(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(NONBLOCK, 16)?;
    let end = clock::now() + 20_000_000;
    while clock::now() < end {
        let _ = bare.kernel.accept4(listener, NONBLOCK);
    }
    bare.kernel.close(listener)
}
