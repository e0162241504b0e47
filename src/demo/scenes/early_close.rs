//! The scene `early-close`: a close over unread bytes is a RST, and eats the answer.

use crate::demo::Act;
use crate::demo::Bare;
use crate::demo::Group;
use crate::demo::Play;
use crate::demo::Scene;
use crate::demo::Step;
use crate::kernel::Result;
use nix::libc;

pub const SCENE: Scene = Scene {
    name: "early-close",
    group: Group::Ending,
    title: "a close that eats the answer, and one that does not",
    watch: &[
        "The server reads 60 bytes of a larger request, answers 413 with a page of",
        "100000 bytes, and closes. How much of the page does the client get?",
    ],
    play: Play::Acts(&[
        Act {
            title: "close, with bytes of the request unread: the kernel sends a RST",
            play: Play::Program {
                program: at_once,
                script: &[
                    Step::Skip("getsockname"),
                    Step::ConnectNarrow(0, 4096),
                    Step::Skip("accept4("),
                    Step::Send(0, POST),
                    Step::Until("c1 over"),
                    Step::Ending(0),
                ],
            },
        },
        Act {
            title: "lingering: say no more, read what still comes, then close",
            play: Play::Program {
                program: lingering,
                script: &[
                    Step::Skip("getsockname"),
                    Step::ConnectNarrow(0, 4096),
                    Step::Send(0, POST),
                    Step::LeaveOut("SO_SNDBUF", "accept4, and SO_SNDBUF as above"),
                    Step::Until("shutdown("),
                    Step::Ending(0),
                    Step::Until("c1 over"),
                ],
            },
        },
    ]),
    moral: &[
        "close over unread bytes breaks the connection off, and what you have written",
        "is lost with it: first shutdown, then read to the end, then close.",
    ],
    next: &[
        "httpsys serve --max-body 10 --trace",
        "curl -d 12345678901 127.0.0.1:8080/echo    and  httpsys explain drained",
    ],
};

/// A head of 60 bytes and a body of 40.
const POST: &[u8] = b"POST /upload HTTP/1.1\r\nHost: demo\r\nContent-Length:    40\r\n\r\n\
    0123456789012345678901234567890123456789";
const HEAD: usize = POST.len() - 40;

/// Accepts, reads the head, and writes the answer: the kernel takes all of it.
fn answer(bare: &mut Bare) -> Result<(crate::abi::Fd, crate::abi::Fd)> {
    const PAGE: usize = 100_000;
    let listener = bare.listen(0, 16)?;
    let (client, _) = bare.kernel.accept4(listener, libc::SOCK_CLOEXEC)?;
    // Room for the whole page: or write would sleep until the client reads.
    let room = 200_000i32.to_ne_bytes();
    bare.kernel
        .setsockopt(client, libc::SOL_SOCKET, libc::SO_SNDBUF, &room)?;
    bare.settle(client);
    bare.kernel.read(client, &mut [0; HEAD])?;
    let mut page = format!(
        "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: {PAGE}\r\n\r\n"
    )
    .into_bytes();
    page.resize(page.len() + PAGE, b'x');
    bare.kernel.write(client, &page)?;
    Ok((listener, client))
}

fn at_once(bare: &mut Bare) -> Result<()> {
    let (listener, client) = answer(bare)?;
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}

fn lingering(bare: &mut Bare) -> Result<()> {
    let (listener, client) = answer(bare)?;
    bare.kernel.shutdown(client, libc::SHUT_WR)?;
    let mut buf = [0; 8192];
    while bare.kernel.read(client, &mut buf)? > 0 {}
    bare.kernel.close(client)?;
    bare.kernel.close(listener)
}
