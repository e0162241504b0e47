//! How a run of the client can end badly, in words: the call, what it was about, and what to try.

use crate::http::Refusal;
use crate::kernel::{Address, Errno};
use std::fmt;
use std::io;

/// Why there is no complete answer.
#[derive(Debug)]
pub enum Error {
    /// The machine said no before a request could be sent.
    Connect {
        /// `socket`, `connect` or `setsockopt`.
        call: &'static str,
        /// Where to.
        address: Address,
        /// Why not.
        errno: Errno,
    },
    /// The connection ended, or an answer was not complete in time.
    Cut {
        /// What ended it.
        how: Ending,
        /// What was missing.
        missing: Missing,
        /// Bytes of the request that the kernel took, and how many there were.
        sent: (u64, u64),
    },
    /// The answer breaks a rule.
    Malformed(Refusal),
    /// The answer could not be written out.
    Output(io::Error),
}

/// What ended a connection too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The server closed it.
    Closed,
    /// This call failed.
    Failed(&'static str, Errno),
    /// `--timeout` was over.
    TimedOut,
}

/// What was still missing of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Not a byte came.
    Everything,
    /// The head had begun.
    Head,
    /// The body had begun: how many bytes are missing, where that is known.
    Body(Option<u64>),
}

impl Error {
    /// What to try, where we know.
    pub fn hint(&self) -> Option<String> {
        let (address, errno) = match self {
            Error::Connect { address, errno, .. } => (address, errno.0),
            Error::Malformed(refusal) => {
                return Some(format!(
                    "httpsys explain {}; -i shows the head",
                    refusal.code.id
                ));
            }
            Error::Cut { .. } | Error::Output(_) => return None,
        };
        match (errno, address) {
            (nix::libc::ECONNREFUSED, Address::V4([127, 0, 0, 1], port)) => Some(format!(
                "nothing listens there; a server would be: httpsys serve --listen {port}"
            )),
            (nix::libc::ECONNREFUSED, Address::V4(..) | Address::V6(..)) => Some(format!(
                "nothing listens there; a server would be: httpsys serve --listen {address}"
            )),
            (nix::libc::ECONNREFUSED, _) => {
                Some("the socket is there, but no server behind it".into())
            }
            (nix::libc::ENOENT, _) => {
                Some("there is no socket at this path; is the server running?".into())
            }
            (nix::libc::ENETUNREACH | nix::libc::EHOSTUNREACH, _) => {
                Some("this machine has no way to that address".into())
            }
            (nix::libc::ETIMEDOUT | nix::libc::EINPROGRESS, _) => Some(
                "nobody answered in time: a wrong address, or a firewall that drops packets".into(),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connect {
                call,
                address,
                errno,
            } => write!(f, "{call} {address}: {}", reason(*errno)),
            Error::Cut { how, missing, sent } => {
                match how {
                    Ending::Closed => f.write_str("the server closed the connection ")?,
                    Ending::Failed(call, errno) => write!(f, "{call}: {}, ", reason(*errno))?,
                    Ending::TimedOut => f.write_str("the time was over ")?,
                }
                match missing {
                    Missing::Everything => f.write_str("before any byte of an answer")?,
                    Missing::Head => f.write_str("inside the head of the answer")?,
                    Missing::Body(Some(left)) => {
                        write!(f, "with {left} bytes of the body still to come")?
                    }
                    Missing::Body(None) => f.write_str("inside the body of the answer")?,
                }
                match sent {
                    (sent, all) if sent < all => write!(f, "; {sent} of {all} bytes had been sent"),
                    _ => Ok(()),
                }
            }
            Error::Malformed(refusal) => write!(
                f,
                "the answer is malformed at byte {}: {} [{}, {}]",
                refusal.offset, refusal.code.sentence, refusal.code.id, refusal.code.rule
            ),
            Error::Output(error) => write!(f, "write of the answer: {error}"),
        }
    }
}

impl std::error::Error for Error {}

/// `connection refused (ECONNREFUSED)`.
fn reason(errno: Errno) -> String {
    match errno.name() {
        Some(name) => format!("{} ({name})", errno.text()),
        None => format!("error {}", errno.0),
    }
}
