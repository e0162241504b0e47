//! The scene `reuseaddr`: TIME_WAIT, and all ways to start a server again.

use super::HI;
use super::OK_CLOSE;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::demo::bare::ANYWHERE;
use crate::demo::bare::ON;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "reuseaddr",
    group: Group::Ending,
    title: "starting a server again: SO_REUSEADDR and TIME_WAIT",
    watch: &[
        "A server closes a connection first, ends, and is started again on its port,",
        "where the old connection still stands in TIME_WAIT. When does bind work?",
    ],
    play: Play::Acts(&[
        Act {
            title: "the old run without SO_REUSEADDR, the new one without",
            play: Play::Program {
                program: neither,
                script: SCRIPT,
            },
        },
        Act {
            title: "the old run without, the new one with",
            play: Play::Program {
                program: new,
                script: SCRIPT,
            },
        },
        Act {
            title: "the old run with, the new one without",
            play: Play::Program {
                program: old,
                script: SCRIPT,
            },
        },
        Act {
            title: "both with",
            play: Play::Program {
                program: both,
                script: SCRIPT,
            },
        },
        Act {
            title: "both with, and the old listener is still open",
            play: Play::Program {
                program: alive,
                script: SCRIPT,
            },
        },
    ]),
    moral: &[
        "Set SO_REUSEADDR before bind, in every run: it must have been set when the",
        "old connection was made, too. It never lets two servers listen at once.",
    ],
    next: &["httpsys explain SO_REUSEADDR", "httpsys explain EADDRINUSE"],
};

const SCRIPT: &[Step] = &[
    Step::Send(0, HI),
    Step::Skip("c1 over"),
    Step::Answer(0),
    Step::Cue,
    Step::Skip("number was free"),
    Step::End,
];

fn neither(bare: &mut Bare) -> Result<()> {
    runs(bare, false, false, true)
}

fn new(bare: &mut Bare) -> Result<()> {
    runs(bare, false, true, true)
}

fn old(bare: &mut Bare) -> Result<()> {
    runs(bare, true, false, true)
}

fn both(bare: &mut Bare) -> Result<()> {
    runs(bare, true, true, true)
}

fn alive(bare: &mut Bare) -> Result<()> {
    runs(bare, true, true, false)
}

/// A run that answers one client and closes first; then the first two calls of another run.
fn runs(bare: &mut Bare, old: bool, new: bool, ends: bool) -> Result<()> {
    let listener = socket(bare, old)?;
    bare.kernel.bind(listener, &ANYWHERE)?;
    bare.kernel.listen(listener, 16)?;
    let port = bare.announce(listener)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    bare.kernel.read(client, &mut [0; 8192])?;
    bare.kernel.write(client, OK_CLOSE)?;
    if ends {
        bare.kernel.close(listener)?;
    }
    bare.kernel.close(client)?;
    bare.cue();
    let again = socket(bare, new)?;
    // EADDRINUSE, or not: that is the question.
    let _ = bare.kernel.bind(again, &Address::V4([127, 0, 0, 1], port));
    Ok(())
}

fn socket(bare: &mut Bare, reuse: bool) -> Result<Fd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    let socket = bare.kernel.socket(libc::AF_INET, kind, 0)?;
    if reuse {
        bare.kernel
            .setsockopt(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, &ON)?;
    }
    Ok(socket)
}
