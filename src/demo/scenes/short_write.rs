//! The scene `short-write`: the kernel takes what it has room for.

use super::HI;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Errno;
use crate::kernel::PollFd;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "short-write",
    group: Group::Bytes,
    title: "a body of 10 MB, and what write takes of it",
    watch: &[
        "The descriptor is non-blocking and the client does not read yet. The result",
        "of write is smaller than what was offered; the next one has no room at all.",
    ],
    play: Play::Program {
        program,
        script: &[
            Step::Figures("write("),
            Step::Figures("ppoll("),
            Step::Figures("short: took"),
            Step::Skip("getsockname"),
            Step::Send(0, HI),
            Step::Until("short: took"),
            Step::To("EAGAIN"),
            Step::Waits("ppoll"),
            Step::Say("the client reads; whenever there is room, the server goes on"),
            Step::Ending(0),
            Step::Tally(&["write", "ppoll"]),
        ],
    },
    moral: &[
        "write says how much it took: keep the rest, wait for room, go on from there.",
        "Whoever ignores the result, and closes, sends a body whose end is missing.",
    ],
    next: &["httpsys explain short-write", "httpsys explain EAGAIN"],
};

const BODY: usize = 10_000_000;
const EAGAIN: Errno = Errno(libc::EAGAIN);

fn program(bare: &mut Bare) -> Result<()> {
    let listener = bare.listen(0, 16)?;
    let kernel = &mut bare.kernel;
    let (client, _) = kernel.accept4(listener, libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)?;
    bare.settle(client);
    let kernel = &mut bare.kernel;
    kernel.read(client, &mut [0; 8192])?;
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {BODY}\r\n\r\n")
            .into_bytes();
    answer.resize(answer.len() + BODY, b'x');
    let mut sent = 0;
    while sent < answer.len() {
        match kernel.write(client, &answer[sent..]) {
            Ok(taken) => sent += taken,
            Err(EAGAIN) => {
                let room = PollFd {
                    fd: client.0,
                    events: libc::POLLOUT,
                    revents: 0,
                };
                kernel.ppoll(&mut [room], None)?;
            }
            Err(errno) => return Err(errno),
        }
    }
    kernel.close(client)?;
    kernel.close(listener)
}
