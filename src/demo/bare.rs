//! The server of a scene that `httpsys serve` would not play: one that does something wrong, or nothing but
//! the calls in question.
//!
//! In: a kernel whose every call is traced, and the script's cues. Out: calls, one after another, as they
//! would stand in a program; `listen` saves the five lines that begin each. Left out on purpose: anything
//! that a server needs beyond one lesson.

use crate::abi::Fd;
use crate::abi::address::Address;
use crate::kernel::Kernel;
use crate::kernel::Result;
use crate::source::recorder::Recorder;
use nix::libc;
use std::fmt;
use std::time::Duration;

/// What a scene's program is: it makes calls, and fails as they do.
pub type Program = fn(&mut Bare) -> Result<()>;

/// What such a program has.
pub struct Bare {
    /// The way to the kernel: every call through it is traced.
    pub kernel: Kernel<Recorder>,
    cue: Box<dyn FnMut()>,
    announce: Box<dyn Fn(u16)>,
}

/// The port that the kernel is asked to choose, on this machine only.
pub const ANYWHERE: Address = Address::V4([127, 0, 0, 1], 0);

/// `SO_REUSEADDR` and the like are switched on with an `int`.
pub const ON: [u8; 4] = 1i32.to_ne_bytes();

/// How long what has been sent may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);

impl Bare {
    /// With a kernel, a way to wait for the script, and a way to say where the server listens.
    pub fn new(
        kernel: Kernel<Recorder>,
        cue: Box<dyn FnMut()>,
        announce: Box<dyn Fn(u16)>,
    ) -> Bare {
        Bare {
            kernel,
            cue,
            announce,
        }
    }

    /// `socket`, `bind`, `listen`, `getsockname`: a listener with this backlog, at a port that the kernel
    /// chooses. `flags` such as `SOCK_NONBLOCK` go to `socket`.
    pub fn listen(&mut self, flags: i32, backlog: i32) -> Result<Fd> {
        let kernel = &mut self.kernel;
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | flags;
        let listener = kernel.socket(libc::AF_INET, kind, 0)?;
        kernel.bind(listener, &ANYWHERE)?;
        kernel.listen(listener, backlog)?;
        self.announce(listener)?;
        Ok(listener)
    }

    /// `getsockname`: tells the script where the listener is, so that its clients may come.
    pub fn announce(&mut self, listener: Fd) -> Result<u16> {
        let port = self.kernel.getsockname(listener)?.port().unwrap_or(0);
        (self.announce)(port);
        Ok(port)
    }

    /// Waits for the script's `Cue`. Nothing of it is traced: it is the scene's, not the server's.
    pub fn cue(&mut self) {
        (self.cue)();
    }

    /// Waits until the kernel has something to say about a descriptor: bytes, an end, an error, a client.
    /// Nothing of it is traced. What a client has sent may be on its way for a moment, and a scene is to be
    /// the same on a busy machine.
    pub fn settle(&mut self, fd: Fd) {
        crate::kernel::settle(fd, true, PATIENCE);
    }

    /// The same for a RST only: bytes, and an end, may be there already.
    pub fn settle_broken(&mut self, fd: Fd) {
        crate::kernel::settle(fd, false, PATIENCE);
    }
}

impl fmt::Debug for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bare")
            .field("kernel", &self.kernel)
            .finish()
    }
}
