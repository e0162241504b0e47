//! What each note is called (for `httpsys explain ID`), how much it matters, and what it is about.

use super::failures::{EAGAIN, EINPROGRESS, EINTR, EINVAL, failure};
use super::{Attempt, Foreign, Note, Over, Progress, Verdict, Way};

impl Note {
    /// The stable name of what is said, for `httpsys explain ID`.
    pub fn id(&self) -> &'static str {
        match self {
            Note::NewSocket => "new-socket",
            Note::Option(setting) => setting.id(),
            Note::Bound(_) => "address-claimed",
            Note::Listening => "listening",
            Note::Here(_) | Note::There(_) => "socket-name",
            Note::Asleep(_) => "asleep",
            Note::Accepted(..) => "accepted",
            Note::Connected(..) => "connected",
            Note::NumberAgain(_) => "fd-again",
            Note::Request(_, _, Progress::Complete(_)) => "request-complete",
            Note::Request(_, _, Progress::Expects) => "expects-continue",
            Note::Request(_, _, Progress::Unfinished) => "unfinished",
            Note::Request(..) => "body-to-come",
            Note::StartOfLine(..) | Note::HeadSoFar(..) => "unfinished",
            Note::BodySoFar(..) => "body-to-come",
            Note::BodyDone(..) => "body-complete",
            Note::Pipelined(_) | Note::Together(_) => "pipelined",
            Note::KeptAlive => "keep-alive",
            Note::Serves(..) => "serves",
            Note::Favicon => "favicon",
            Note::Response { to_head: true, .. } => "head-no-body",
            Note::Response { .. } => "response",
            Note::Continue => "continue",
            Note::Switched => "switched",
            Note::Eof { cut: None, .. } => "eof",
            Note::NoReturn => "no-return",
            Note::AfterReset => "reset",
            Note::Eof { cut: Some(_), .. } => "eof-inside",
            Note::Peeked(_) => "peeked",
            Note::Drained(_) => "drained",
            Note::FileEnd => "file-end",
            Note::NothingAsked => "nothing-asked",
            Note::GaveUp(_) | Note::GaveUpSending(_) => "gave-up",
            Note::TimeOut | Note::NothingReady => "time-out",
            Note::Failed(attempt, errno) => {
                failure(*attempt, *errno).map_or("failed", |(id, _)| id)
            }
            Note::Injected(_) => "injected",
            Note::ShortWrite(..) => "short-write",
            Note::NotHttp(Foreign::Tls) | Note::PlainPort => "tls",
            Note::NotHttp(Foreign::Http2) => "http2",
            Note::NotHttp(Foreign::Unknown) | Note::RawBytes(..) => "not-http",
            Note::Malformed(..) | Note::Rule(_) => "malformed",
            Note::FramingLost => "framing-unknown",
            Note::FileOpened | Note::DirectoryOpened | Note::FileBytes(_) | Note::FileDone => {
                "file"
            }
            Note::FileSize(..) | Note::NotAFile => "file-size",
            Note::Sendfile(..) => "sendfile",
            Note::Over(_, Over::Unanswered | Over::Cut, _) => "unanswered",
            Note::Over(..) => "over",
            Note::LivesOn(..) => "lives-on",
            Note::Preconnect => "preconnect",
            Note::ListenerClosed | Note::Closed | Note::ClosedMany(_) => "closed",
            Note::ListenerElsewhere => "listener-elsewhere",
            Note::Forked(..) => "forked",
            Note::ThreadMade(_) => "thread-made",
            Note::Pair(_) => "pair",
            Note::HandedOver(_) | Note::Handed(_) => "handed-over",
            Note::ChildGone(_) | Note::NoChildGone => "child-gone",
            Note::Done(_) => "plain-call",
            Note::Prints(_) => "prints",
            Note::FileWritten => "file",
            Note::Survives(_) => "close-on-exec",
            Note::Sleeps(_) => "non-blocking",
            Note::NoError => "no-error",
            Note::Exits => "exits",
            Note::MarkedMany(_) => "close-on-exec",
            Note::SaidNoMore | Note::HearsNoMore | Note::ShutBoth => "shutdown",
            Note::ListenerShut => "listener-shut",
            Note::RingMade => "ring-made",
            Note::RingAllowed | Note::RingForbidden => "ring-allowed",
            Note::RingEntered(_) | Note::RingTimeOut => "ring-entered",
            Note::RingUnseen => "ring-unseen",
            Note::Queued | Note::CloseDone => "queued",
            Note::TakenBack(_) => "taken-back",
            Note::EpollMade | Note::Watching { .. } | Note::Unwatched(_) => "watching",
            Note::Ready(_) | Note::PollReady(..) => "ready",
            Note::NonBlocking(_) => "non-blocking",
            Note::SameThing(_) => "dup",
            Note::NoAnswer(_) => "unanswered",
            Note::Found(finding, ..) => finding.id(),
        }
    }

    /// How much it matters.
    pub fn verdict(&self) -> Verdict {
        match self {
            Note::Found(finding, ..) => finding.verdict(),
            Note::Over(_, Over::Unanswered | Over::Cut, _)
            | Note::NoAnswer(_)
            | Note::Malformed(..)
            | Note::Rule(_)
            | Note::FramingLost
            | Note::Eof { cut: Some(_), .. }
            | Note::GaveUp(_)
            | Note::RingUnseen
            | Note::NoReturn
            | Note::GaveUpSending(_)
            | Note::ShortWrite(..) => Verdict::Warning,
            Note::Failed(attempt, errno) => match (attempt, *errno) {
                (_, errno) if errno.is_restart() => Verdict::Note,
                (Attempt::Wait, _)
                | (_, EAGAIN | EINTR | EINPROGRESS)
                | (Attempt::Accept, EINVAL)
                | (Attempt::Open, _) => Verdict::Note,
                _ => Verdict::Warning,
            },
            _ => Verdict::Note,
        }
    }

    /// The status of the response it is about.
    pub fn status(&self) -> Option<u16> {
        match self {
            Note::Response { status, .. } => Some(*status),
            Note::Continue => Some(100),
            Note::Switched => Some(101),
            _ => None,
        }
    }

    /// Which message it is about.
    pub fn way(&self) -> Option<Way> {
        match self {
            Note::Request(..) => Some(Way::Request),
            Note::Response { .. } | Note::Continue | Note::Switched => Some(Way::Response),
            Note::StartOfLine(way, _)
            | Note::HeadSoFar(way, _)
            | Note::BodySoFar(way, ..)
            | Note::BodyDone(way, ..)
            | Note::Malformed(way, ..)
            | Note::RawBytes(way, _) => Some(*way),
            Note::Sendfile(..) => Some(Way::Response),
            _ => None,
        }
    }

    /// Worth a line of its own when it is not the first note of its event.
    pub fn stands_alone(&self) -> bool {
        !matches!(self, Note::Closed)
    }
}
