//! What an answer says about an event, and whether the trace says the same.

use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::event::call::{Call, Outcome};
use crate::event::{Event, What};
use crate::http::Framing;
use crate::story::telling::connection_of;
use crate::story::{Protocol, Step};

/// A statement that is true or false.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// The call returns this.
    Returns(i64),
    /// The call fails with this.
    Fails(Errno),
    /// After this call the request is complete.
    Complete,
    /// After this call the blank line is missing.
    HeadOpen,
    /// After this call the head is there and the body is not, or not all of it.
    BodyOpen,
    /// Only the end of the connection can end this message.
    EndsAtClose,
    /// The address that is told has this port.
    Port(u16),
}

impl Claim {
    /// Whether the event, and the story after it, say so; `None` where nobody can tell.
    pub fn holds(self, event: &Event<'_>, step: &Step<'_>) -> Option<bool> {
        let What::Call(done) = &event.what else {
            return None;
        };
        Some(match self {
            Claim::Returns(value) => match done.outcome {
                Outcome::Returned(returned) => returned == value,
                Outcome::Failed(_) => false,
                Outcome::Unknown => return None,
            },
            Claim::Fails(errno) => match done.outcome {
                Outcome::Failed(failed) => failed == errno,
                Outcome::Returned(_) => false,
                Outcome::Unknown => return None,
            },
            Claim::Port(port) => match &done.syscall.call {
                Call::GetName {
                    address: Some(address),
                    ..
                } => address.port()? == port,
                _ => return None,
            },
            Claim::Complete | Claim::HeadOpen | Claim::BodyOpen | Claim::EndsAtClose => {
                let Call::Receive { fd, .. } = done.syscall.call else {
                    return None;
                };
                stands(self, fd, event, step)?
            }
        })
    }
}

/// Where the reader of requests stands after the call.
fn stands(claim: Claim, fd: Fd, event: &Event<'_>, step: &Step<'_>) -> Option<bool> {
    let connection = connection_of(step.story, event.pid, fd).filter(|c| !c.client)?;
    let stream = &connection.request;
    if stream.protocol != Protocol::Http {
        return None;
    }
    let at_close = stream.in_body && stream.framing() == Framing::UntilClose;
    Some(match claim {
        Claim::Complete => stream.is_idle(),
        Claim::HeadOpen => !stream.in_body && !stream.is_idle(),
        Claim::BodyOpen => stream.in_body && !at_close,
        Claim::EndsAtClose => at_close,
        Claim::Returns(_) | Claim::Fails(_) | Claim::Port(_) => return None,
    })
}
