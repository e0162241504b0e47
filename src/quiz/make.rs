//! When there is something to ask, and what people commonly answer.
//!
//! In: an event, and what the story knew before it. Out: drafts: a question with the right answer and as
//! many wrong ones as there are beliefs. Only what can be known, or has a reason, is asked: a descriptor's
//! number only where it is the lowest free one.

use super::claim::result_of;
use super::words::{self, Belief};
use super::{Choice, Claim, Kind};
use crate::abi::Fd;
use crate::abi::calls;
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::event::Event;
use crate::event::call::{Call, CallName, Completed, Outcome};
use crate::story::telling::connection_of;
use crate::story::{FdKind, Note, Step, Story};

/// What the story knew before an event, as far as questions need it.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The lowest number that was free.
    lowest: i64,
    /// The highest number that was ever given.
    highest: i64,
    /// Descriptors that an epoll watches.
    watched: i64,
    /// Bytes of the file that is read, and of those how many were read.
    file: Option<(u64, u64)>,
}

impl Before {
    /// Looks at the story before `event` is part of it.
    pub fn new(story: &Story, event: &Event<'_>) -> Before {
        let Some(process) = story.processes().get(event.pid) else {
            return Before {
                lowest: 3,
                highest: 2,
                ..Before::default()
            };
        };
        let mut lowest = 0;
        for number in process.open_numbers() {
            if number != lowest {
                break;
            }
            lowest += 1;
        }
        let given = process.iter().filter(|info| info.generation > 0);
        let seen = given.map(|info| i64::from(info.number));
        let file = match result_of(event).map(|done| &done.syscall.call) {
            Some(Call::Receive { fd, .. }) => process
                .get(*fd)
                .filter(|info| info.kind == FdKind::File)
                .and_then(|info| Some((info.size?, info.bytes_in))),
            _ => None,
        };
        Before {
            lowest: i64::from(lowest),
            highest: seen.max().unwrap_or(2),
            watched: process.iter().filter(|i| i.open && i.watched != 0).count() as i64,
            file,
        }
    }
}

/// A question in the making: all answers that come to mind.
#[derive(Debug)]
pub(super) struct Draft {
    pub kind: Kind,
    /// The call.
    pub call: &'static str,
    /// It ends as it usually does: with something, and all of it.
    pub usual: bool,
    pub text: String,
    /// The right one and the wrong ones, the commonest beliefs first.
    pub choices: Vec<Choice>,
    pub shows_bytes: bool,
}

/// Everything that could be asked about an event.
pub(super) fn drafts(before: &Before, event: &Event<'_>, step: &Step<'_>) -> Vec<Draft> {
    let Some(done) = result_of(event) else {
        return Vec::new();
    };
    let CallName::Known(id) = done.syscall.name else {
        return Vec::new();
    };
    // What a fault made up teaches nothing about the kernel; EINTR is a matter of luck.
    if done.injected || done.cut_from.is_some() || done.outcome == Outcome::Failed(Errno(4)) {
        return Vec::new();
    }
    let asking = Asking {
        id,
        done,
        before,
        event,
        step,
    };
    let found = match done.outcome {
        Outcome::Unknown => [None, None],
        Outcome::Failed(errno) => [asking.errno(errno), None],
        Outcome::Returned(value) => asking.returned(value),
    };
    found.into_iter().flatten().collect()
}

struct Asking<'a> {
    id: CallId,
    done: &'a Completed<'a>,
    before: &'a Before,
    event: &'a Event<'a>,
    step: &'a Step<'a>,
}

impl Asking<'_> {
    fn draft(&self, kind: Kind, usual: bool, choices: Vec<Choice>) -> Draft {
        Draft {
            kind,
            call: self.id.name(),
            usual,
            text: words::question(kind, self.id.name()),
            choices,
            shows_bytes: kind == Kind::Complete,
        }
    }

    fn returned(&self, value: i64) -> [Option<Draft>; 2] {
        match &self.done.syscall.call {
            Call::Accept { fd, .. } => [self.new_fd(value, Some(*fd)), None],
            Call::Socket { .. } | Call::Open { .. } | Call::EpollCreate => {
                [self.new_fd(value, None), None]
            }
            Call::Dup { to: None, fd, .. } => [self.new_fd(value, Some(*fd)), None],
            Call::Receive {
                fd,
                asked,
                flags: 0,
                ..
            } => [self.received(*fd, value, *asked), self.complete(*fd, value)],
            Call::Send { fd, asked, .. } => [self.sent(*fd, value, *asked), None],
            Call::EpollWait { .. } if self.before.watched > 0 => {
                [self.ready(value, self.before.watched), None]
            }
            Call::Poll { fds, .. } => [self.ready(value, *fds as i64), None],
            Call::GetName {
                fd, peer: false, ..
            } => [self.port(*fd), None],
            _ => [None, None],
        }
    }

    /// A descriptor's number: the lowest that is free.
    fn new_fd(&self, value: i64, from: Option<Fd>) -> Option<Draft> {
        if value != self.before.lowest {
            return None;
        }
        let mut choices = vec![words::number(value, Belief::LowestFree)];
        if let Some(from) = from {
            choices.push(words::number(i64::from(from.0), Belief::TheSame));
        }
        if self.before.highest >= value {
            choices.push(words::number(self.before.highest + 1, Belief::OnlyUp));
        }
        choices.push(words::number(0, Belief::Success));
        if let Some(port) = self.port_of(from) {
            choices.push(words::number(i64::from(port), Belief::NewPort));
        }
        choices.push(words::number(value + 1, Belief::OneMore));
        choices.push(words::number(1, Belief::Yes));
        Some(self.draft(Kind::NewFd, self.before.highest < value, different(choices)))
    }

    fn port_of(&self, listener: Option<Fd>) -> Option<u16> {
        let info = self.step.story.fd(self.event.pid, listener?)?;
        info.local.as_ref()?.port().filter(|port| *port > 0)
    }

    fn received(&self, fd: Fd, value: i64, asked: u64) -> Option<Draft> {
        let kind = self.step.story.fd(self.event.pid, fd)?.kind;
        let asked = i64::try_from(asked).ok().filter(|asked| *asked > 0)?;
        let mut choices = match (kind, value) {
            (FdKind::File, _) => return self.file(value, asked),
            (kind, _) if !kind.is_connection() => return None,
            (_, 0) => vec![words::returns(0, Belief::End)],
            _ => vec![words::returns(value, Belief::WhatHasCome)],
        };
        if value > 0 {
            choices.push(words::returns(asked, Belief::FullBuffer));
            choices.push(words::returns(0, Belief::WaitsForFin));
            choices.push(words::returns(1, Belief::ByteByByte));
        } else {
            choices.push(words::fails(Errno(11), Belief::NothingYet));
            choices.push(words::fails(Errno(104), Belief::AnError));
            choices.push(words::returns(asked, Belief::FullBuffer));
            choices.push(words::fails(Errno(32), Belief::AnError));
        }
        Some(self.draft(Kind::Received, value > 0, different(choices)))
    }

    /// Of a file whose size `fstat` told, read from its beginning: `pread64` reads where it is told to.
    fn file(&self, value: i64, asked: i64) -> Option<Draft> {
        if !matches!(self.id, calls::READ | calls::READV) {
            return None;
        }
        let (size, read) = self.before.file?;
        let left = i64::try_from(size.saturating_sub(read)).ok()?;
        if value != left.min(asked) {
            return None;
        }
        let mut choices = match value == left {
            true => vec![words::returns(value, Belief::RestOfFile)],
            false => vec![words::returns(value, Belief::AskedOfFile)],
        };
        choices.push(words::returns(left, Belief::AllOfFile));
        choices.push(words::returns(asked, Belief::FullBuffer));
        choices.push(words::returns(0, Belief::Success));
        choices.push(words::returns(4096, Belief::Page));
        choices.push(words::fails(Errno(11), Belief::NothingYet));
        Some(self.draft(Kind::Received, value > 0, different(choices)))
    }

    fn sent(&self, fd: Fd, value: i64, asked: u64) -> Option<Draft> {
        let info = self.step.story.fd(self.event.pid, fd)?;
        let asked = i64::try_from(asked).ok().filter(|asked| *asked > 0)?;
        if !info.kind.is_connection() || value == 0 {
            return None;
        }
        let response = self.step.notes.iter().find_map(|note| match note {
            Note::Response { head, body, .. } if *body > 0 => Some((*head as i64, *body as i64)),
            _ => None,
        });
        let right = if value == asked {
            Belief::AllTaken
        } else {
            Belief::RoomForSome
        };
        let mut choices = vec![words::returns(value, right)];
        choices.push(words::returns(asked, Belief::AlwaysAll));
        choices.push(words::returns(0, Belief::NobodyReads));
        if let Some((head, body)) = response {
            choices.push(words::returns(body, Belief::BodyOnly));
            choices.push(words::returns(head, Belief::HeadFirst));
        }
        choices.push(words::returns(1460, Belief::OnePacket));
        choices.push(words::returns(1, Belief::ByteByByte));
        Some(self.draft(Kind::Sent, value == asked, different(choices)))
    }

    fn ready(&self, value: i64, watched: i64) -> Option<Draft> {
        let right = if value == 0 {
            Belief::TimeIsUp
        } else {
            Belief::OnlyReady
        };
        let mut choices = vec![words::number(value, right)];
        choices.push(words::number(watched, Belief::AllWatched));
        choices.push(words::number(0, Belief::Success));
        choices.push(words::fails(Errno(110), Belief::AnError));
        choices.push(words::fails(Errno(11), Belief::NothingYet));
        choices.push(words::number(watched + 1, Belief::MoreThanWatched));
        Some(self.draft(Kind::Ready, value > 0, different(choices)))
    }

    /// An accepted socket has the listener's port.
    fn port(&self, fd: Fd) -> Option<Draft> {
        let info = self.step.story.fd(self.event.pid, fd)?;
        let (local, peer) = (info.local.as_ref()?.port()?, info.peer.as_ref()?.port()?);
        if info.kind != FdKind::Connection || local == peer || local == 0 {
            return None;
        }
        let choices = vec![
            words::port(local, Belief::ListenersPort),
            words::port(peer, Belief::NewPort),
            words::port(local.wrapping_add(1), Belief::NextPort),
            words::port(0, Belief::NoPort),
        ];
        Some(self.draft(Kind::Port, true, choices))
    }

    fn errno(&self, errno: Errno) -> Option<Draft> {
        // The kernel's own (ERESTARTSYS) are seen by no program: the call was broken off, and may go on.
        if errno.is_restart() {
            return None;
        }
        let others = words::taken_for(self.id, errno);
        let all = std::iter::once(&errno).chain(others);
        let choices = all.map(|errno| words::failed(self.id, *errno)).collect();
        Some(self.draft(Kind::Errno, errno == Errno(11), different(choices)))
    }

    /// Whether the request is complete: where one call brought parts of one request, and no more.
    fn complete(&self, fd: Fd, value: i64) -> Option<Draft> {
        let connection = connection_of(self.step.story, self.event.pid, fd)?;
        let spoken = self.step.notes.iter().any(|note| {
            matches!(
                note,
                Note::Request(..)
                    | Note::StartOfLine(..)
                    | Note::HeadSoFar(..)
                    | Note::BodySoFar(..)
                    | Note::BodyDone(..)
            )
        });
        let several = |note: &Note| {
            matches!(
                note,
                Note::Pipelined(_) | Note::Malformed(..) | Note::NotHttp(_) | Note::FramingLost
            )
        };
        if value <= 0 || connection.client || !spoken || self.step.notes.iter().any(several) {
            return None;
        }
        let choices = vec![
            words::state(Claim::Complete),
            words::state(Claim::HeadOpen),
            words::state(Claim::BodyOpen),
            words::state(Claim::EndsAtClose),
        ];
        Some(self.draft(Kind::Complete, connection.request.is_idle(), choices))
    }
}

/// Leaves out what an earlier answer says already.
fn different(choices: Vec<Choice>) -> Vec<Choice> {
    let mut kept: Vec<Choice> = Vec::new();
    for choice in choices {
        if kept.iter().all(|other| other.claim != choice.claim) {
            kept.push(choice);
        }
    }
    kept
}
