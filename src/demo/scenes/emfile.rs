//! The scene `emfile`: no number is left for the next client.

use crate::abi::Fd;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::EpollEvent;
use crate::kernel::Result;
use crate::kernel::clock;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "emfile",
    group: Group::Limits,
    title: "no descriptor left: a loop at full speed, and two cures",
    watch: &[
        "RLIMIT_NOFILE is reached: no number is left for client 2. It stays in the",
        "queue, so the listener stays ready: epoll tells so at once, again and again.",
    ],
    play: Play::Acts(&[
        Act {
            title: "no cure: 20 ms of it",
            play: Play::Program {
                program: spins,
                script: &[
                    Step::Connect(0),
                    Step::Skip("accept4("),
                    Step::Connect(1),
                    Step::Cue,
                    Step::Skip("prlimit64("),
                    Step::Until("EMFILE"),
                    Step::Until("EMFILE"),
                    Step::Say("and so on"),
                    Step::Cue,
                    Step::Tally(&["epoll_pwait", "accept4"]),
                ],
            },
        },
        Act {
            title: "cure: do not watch the listener for a while (nginx: 500 ms)",
            play: Play::Program {
                program: looks_away,
                script: &[
                    Step::Connect(0),
                    Step::Skip("prlimit64("),
                    Step::Connect(1),
                    Step::Cue,
                    Step::LeaveOut("EMFILE", "as above"),
                    Step::Until("c2 from"),
                ],
            },
        },
        Act {
            title: "cure: a spare number, to take the client and let it go (libuv)",
            play: Play::Program {
                program: has_a_spare,
                script: &[
                    Step::Until("openat"),
                    Step::Connect(0),
                    Step::Skip("prlimit64("),
                    Step::Connect(1),
                    Step::Cue,
                    Step::LeaveOut("EMFILE", "as above"),
                    Step::Until("c2 over"),
                    Step::Until("openat"),
                    Step::Ending(1),
                ],
            },
        },
    ]),
    moral: &[
        "EMFILE from accept4 takes nobody out of the queue: a loop that goes back to",
        "epoll burns a whole CPU until somebody leaves.",
    ],
    next: &["httpsys explain EMFILE    and  httpsys explain no-free-fd"],
};

const TIMEOUT: i32 = 100;

/// A listener, an epoll that watches it, and one client; no number is left for another.
fn full(bare: &mut Bare) -> Result<(Fd, Fd, Fd)> {
    let listener = bare.listen(libc::SOCK_NONBLOCK, 16)?;
    let epoll = bare.kernel.epoll_create1(0)?;
    watch(bare, epoll, libc::EPOLL_CTL_ADD, listener)?;
    bare.settle(listener);
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.limit_descriptors(client.0 as u64 + 1)?;
    bare.cue();
    bare.settle(listener);
    Ok((listener, epoll, client))
}

fn watch(bare: &mut Bare, epoll: Fd, op: i32, fd: Fd) -> Result<()> {
    let event = EpollEvent {
        events: libc::EPOLLIN as u32,
        u64: fd.0 as u64,
    };
    bare.kernel.epoll_ctl(epoll, op, fd, event)
}

fn wait(bare: &mut Bare, epoll: Fd, timeout: i32) -> Result<usize> {
    let mut ready = [EpollEvent { events: 0, u64: 0 }; 4];
    bare.kernel.epoll_pwait(epoll, &mut ready, timeout)
}

fn spins(bare: &mut Bare) -> Result<()> {
    let (listener, epoll, _) = full(bare)?;
    let end = clock::now() + 20_000_000;
    while clock::now() < end {
        wait(bare, epoll, -1)?;
        let _ = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC);
    }
    bare.cue();
    Ok(())
}

fn looks_away(bare: &mut Bare) -> Result<()> {
    let (listener, epoll, client) = full(bare)?;
    wait(bare, epoll, -1)?;
    let _ = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC);
    watch(bare, epoll, libc::EPOLL_CTL_DEL, listener)?;
    // Nothing but time passes; the clients that it has would be served here.
    wait(bare, epoll, TIMEOUT)?;
    bare.kernel.close(client)?;
    watch(bare, epoll, libc::EPOLL_CTL_ADD, listener)?;
    wait(bare, epoll, -1)?;
    bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    Ok(())
}

fn has_a_spare(bare: &mut Bare) -> Result<()> {
    const NOTHING: &std::ffi::CStr = c"/dev/null";
    let here = Fd(libc::AT_FDCWD);
    let spare = bare.kernel.openat(here, NOTHING, libc::O_RDONLY, 0)?;
    let (listener, epoll, _) = full(bare)?;
    wait(bare, epoll, -1)?;
    let _ = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC);
    bare.kernel.close(spare)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.close(client)?;
    bare.kernel.openat(here, NOTHING, libc::O_RDONLY, 0)?;
    Ok(())
}
