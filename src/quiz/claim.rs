//! What an answer says about an event, and whether the trace says the same.

use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::event::call::{Call, Completed, Outcome};
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
    /// While one client has stopped, another one is answered.
    AnsweredAtOnce,
    /// It is answered when the first one goes on.
    AnsweredLater,
    /// It is answered when the first one has gone.
    AnsweredLast,
}

impl Claim {
    /// Whether the event, and the story after it, say so; `None` where nobody can tell.
    pub fn holds(self, event: &Event<'_>, step: &Step<'_>) -> Option<bool> {
        let done = result_of(event)?;
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
            // No one event says so.
            Claim::AnsweredAtOnce | Claim::AnsweredLater | Claim::AnsweredLast => return None,
        })
    }
}

/// The call that has ended; or the operation of a ring that has come back, which stands for one.
pub(super) fn result_of<'e, 'a>(event: &'e Event<'a>) -> Option<&'e Completed<'a>> {
    match &event.what {
        What::Call(done) => Some(done),
        What::Ring(operation) if operation.ended => Some(&operation.call),
        _ => None,
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
        Claim::Returns(_)
        | Claim::Fails(_)
        | Claim::Port(_)
        | Claim::AnsweredAtOnce
        | Claim::AnsweredLater
        | Claim::AnsweredLast => return None,
    })
}
