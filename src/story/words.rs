//! Every note and its sentence, on one page.
//!
//! A note owns what it says, so it can outlive the event. Its sentence is in the present tense, names
//! the number and its meaning together, and is at most 29 columns long where the compact view shows
//! it beside the call (longer ones stand on a line of their own). [`GLOSSARY`] has the longer
//! explanation for each id; `httpsys explain ID` prints it.
//!
//! Bytes from the network go to the pen as bytes: escaping them is the view's part.

use super::text::Text;
use super::{ConnectionId, ExchangeId};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::errno::Errno;
use crate::http::Code;
use std::fmt;

pub use super::glossary::GLOSSARY;

/// How much it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Something to know.
    Note,
    /// Something that may go wrong elsewhere.
    Warning,
    /// Something that is wrong.
    Error,
}

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// For a connection.
    Connection,
    /// For the first byte of a connection.
    FirstByte,
    /// For the rest of a message.
    Rest,
    /// For the next request on a connection, or its end.
    NextRequest,
    /// For the answer.
    Answer,
    /// For room in the peer's or the kernel's buffers.
    Room,
    /// For the other end to accept.
    Handshake,
    /// For any of several descriptors.
    Ready,
    /// For something we do not know.
    Something,
}

/// What a failed call tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// To take a connection.
    Accept,
    /// To get bytes from a connection.
    Receive,
    /// To send bytes over a connection.
    Send,
    /// To connect.
    Connect,
    /// To claim an address.
    Bind,
    /// To open a file.
    Open,
    /// To wait for descriptors.
    Wait,
    /// Something else.
    Other,
}

/// A socket option whose meaning is worth a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// `SO_REUSEADDR`.
    ReuseAddress,
    /// `SO_REUSEPORT`.
    ReusePort,
    /// `TCP_NODELAY`.
    NoDelay,
    /// `TCP_CORK`, on or off.
    Cork(bool),
    /// `SO_KEEPALIVE`.
    Probes,
    /// `SO_RCVTIMEO` in nanoseconds.
    ReceiveTimeout(u64),
    /// `SO_SNDTIMEO` in nanoseconds.
    SendTimeout(u64),
    /// `SO_LINGER`: seconds, or `None` when it was switched off.
    Linger(Option<u32>),
    /// `TCP_DEFER_ACCEPT`.
    DeferAccept,
    /// `IPV6_V6ONLY`, on or off.
    OnlyV6(bool),
}

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All of it is there; it took this many calls.
    Complete(u32),
    /// The head is there, and so much of the body of known length.
    Body(u64, u64),
    /// The head is there, and so much of a chunked body.
    Chunked(u64),
    /// The head is there; the body runs until the connection closes; so much of it.
    UntilClose(u64),
    /// The head is there; the body is not sent before `100 Continue`.
    Expects,
    /// The start line is there, the blank line is not.
    Unfinished,
}

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A request: `>`.
    Request,
    /// A response: `<`.
    Response,
}

/// What a close leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// So many requests, all answered.
    Answered(u32),
    /// A request was complete and got no answer, or only a part of one.
    Unanswered,
    /// A request began and never became complete.
    Unfinished,
    /// A request broke a rule.
    Refused,
    /// Not one byte came.
    Silent,
    /// It carried something else than HTTP: bytes in and out.
    NotHttp(u64, u64),
}

/// Something that is not HTTP/1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Foreign {
    /// A TLS handshake.
    Tls,
    /// HTTP/2.
    Http2,
    /// Unknown.
    Unknown,
}

/// One descriptor that is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadyFd {
    /// Its number; -1 where the epoll's data word names none that we know.
    pub fd: i32,
    /// Why: bits of `man 2 epoll_ctl`.
    pub events: u32,
    /// It takes connections.
    pub listener: bool,
}

/// Descriptors that are ready: the first few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadyList {
    /// The first ones.
    pub list: [ReadyFd; 4],
    /// How many are ready.
    pub count: u32,
}

/// One thing worth saying about an event. It owns what it says.
#[allow(missing_docs, reason = "the variant's sentence names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// `socket` succeeded.
    NewSocket,
    /// An option was set.
    Option(Setting),
    /// `bind` succeeded; true when the kernel chooses the port.
    Bound(bool),
    /// `listen` succeeded.
    Listening,
    /// `getsockname` told.
    Here(Text),
    /// `getpeername` told.
    There(Text),
    /// A call has begun to wait.
    Asleep(Wait),
    /// A connection was accepted.
    Accepted(ConnectionId, Text),
    /// A connection was made.
    Connected(ConnectionId, Text),
    /// The number had another owner before.
    NumberAgain(Fd),
    /// A message's head became complete, or its start line: method and target, the digit of the
    /// version, how far it is.
    Request(Text, u8, Progress),
    /// The beginning of a start line.
    StartOfLine(Way, Text),
    /// A head goes on: bytes so far.
    HeadSoFar(Way, u64),
    /// A body goes on: bytes so far, and of how many.
    BodySoFar(Way, u64, Option<u64>),
    /// A body is complete: its bytes, and whether it was chunked.
    BodyDone(Way, u64, bool),
    /// Several requests came in one call.
    Pipelined(u32),
    /// Several responses went in one call.
    Together(u32),
    /// The second request on the same connection.
    KeptAlive,
    /// A browser asks for its icon.
    Favicon,
    /// A response began: status, reason, bytes of head, bytes of body in this call.
    Response {
        status: u16,
        reason: Text,
        head: u64,
        body: u64,
        progress: Progress,
        to_head: bool,
    },
    /// `100 Continue`.
    Continue,
    /// `101 Switching Protocols`, or a tunnel.
    Switched,
    /// The other end has closed its side, and what that cuts short; true when we are the client.
    Eof { client: bool, cut: Option<Way> },
    /// Bytes were looked at and left where they are.
    Peeked(u64),
    /// Bytes came after our last word: nobody reads them.
    Drained(u64),
    /// End of a file.
    FileEnd,
    /// Nothing was asked for, so nothing came.
    NothingAsked,
    /// A wait ended because its time was over: nanoseconds, 0 when unknown.
    GaveUp(u64),
    /// The same for a write.
    GaveUpSending(u64),
    /// A wait for descriptors ended because its time was over.
    TimeOut,
    /// A call failed.
    Failed(Attempt, Errno),
    /// A fault made the result up.
    Injected(Option<Errno>),
    /// The kernel took fewer bytes than were offered: taken, offered.
    ShortWrite(u64, u64),
    /// Bytes that are not HTTP, named once.
    NotHttp(Foreign),
    /// Bytes of something that is not HTTP, or not any more.
    RawBytes(Way, u64),
    /// A message broke a rule, at this byte of its stream.
    Malformed(Way, &'static Code, u64),
    /// Which rule that is.
    Rule(&'static Code),
    /// Bytes are missing where the framing depends on them.
    FramingLost,
    /// A file was opened.
    FileOpened,
    /// A directory was opened.
    DirectoryOpened,
    /// `fstat` told a size; true when it is for a response.
    FileSize(u64, bool),
    /// `fstat` told that it is no regular file.
    NotAFile,
    /// Bytes of a file were read: for a response, or not.
    FileBytes(bool),
    /// A file was closed.
    FileDone,
    /// Bytes went from a file to a connection inside the kernel; true when the response is complete.
    Sendfile(u64, bool),
    /// A connection was closed.
    Over(ConnectionId, Over, u32),
    /// A connection was closed here and lives on elsewhere.
    LivesOn(ConnectionId, u32),
    /// A connection was opened early and nothing was asked over it.
    Preconnect,
    /// A listening socket was closed.
    ListenerClosed,
    /// A forked process closed its number for a listening socket.
    ListenerElsewhere,
    /// A process was made: a copy of this one.
    Forked(Pid),
    /// A child has ended, and its parent knows.
    ChildGone(Pid),
    /// No child has ended that its parent does not know of.
    NoChildGone,
    /// The process ends by itself.
    Exits,
    /// Another descriptor was closed.
    Closed,
    /// We say that nothing more comes from us.
    SaidNoMore,
    /// We will not listen any more.
    HearsNoMore,
    /// A listening socket takes no more connections.
    ListenerShut,
    /// Both.
    ShutBoth,
    /// An epoll was made.
    EpollMade,
    /// A descriptor is watched now: for which events, whether it was before, whether it listens.
    Watching {
        fd: Fd,
        events: u32,
        before: bool,
        listener: bool,
    },
    /// A descriptor is not watched any more.
    Unwatched(Fd),
    /// Descriptors are ready.
    Ready(ReadyList),
    /// So many of so many descriptors are ready.
    PollReady(u64, u64),
    /// The descriptor's calls return at once from now on, or wait again.
    NonBlocking(bool),
    /// A second number for the same thing.
    SameThing(Fd),
    /// A finding at the end: a descriptor is open that nobody uses any more.
    FdLeak(Fd, Option<ConnectionId>),
    /// A finding: an exchange never got its answer.
    NoAnswer(ExchangeId),
}

/// Writes a sentence. A view decides what a byte looks like and how much room there is.
pub trait Pen {
    /// Our own words: ASCII.
    fn text(&mut self, words: &str);
    /// Our own words that may be left out where room is short.
    fn spare(&mut self, words: &str);
    /// Bytes from outside (hostile); they may be shortened where room is short. `more`: they were cut.
    fn bytes(&mut self, bytes: &[u8], more: bool);
    /// A number.
    fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        self.text(decimal(number, &mut digits));
    }
}

/// A number in decimal, without the machinery of `fmt`.
#[inline]
pub fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[at..]).unwrap_or("")
}

const ENOENT: Errno = Errno(2);
const EINTR: Errno = Errno(4);
const EAGAIN: Errno = Errno(11);
const EACCES: Errno = Errno(13);
const EXDEV: Errno = Errno(18);
const ENOTDIR: Errno = Errno(20);
const EISDIR: Errno = Errno(21);
const EINVAL: Errno = Errno(22);
const ENFILE: Errno = Errno(23);
const EMFILE: Errno = Errno(24);
const EPIPE: Errno = Errno(32);
const ELOOP: Errno = Errno(40);
const EADDRINUSE: Errno = Errno(98);
const ECONNABORTED: Errno = Errno(103);
const ECONNRESET: Errno = Errno(104);
const ENOTCONN: Errno = Errno(107);
const ETIMEDOUT: Errno = Errno(110);
const ECONNREFUSED: Errno = Errno(111);
const EINPROGRESS: Errno = Errno(115);

/// Bits of `struct epoll_event` (`man 2 epoll_ctl`).
const EPOLLIN: u32 = 1;
const EPOLLOUT: u32 = 4;
const EPOLLERR: u32 = 8;
const EPOLLHUP: u32 = 0x10;
const EPOLLRDHUP: u32 = 0x2000;

/// A failure whose meaning depends on what was tried: id and sentence, the name left out.
fn failure(attempt: Attempt, errno: Errno) -> Option<(&'static str, &'static str)> {
    Some(match (attempt, errno) {
        (Attempt::Accept, EAGAIN) => ("accept-empty", "nobody in the queue"),
        (Attempt::Accept, EMFILE | ENFILE) => ("no-free-fd", "no free fd number"),
        (Attempt::Accept, ECONNABORTED) => ("accept-aborted", "left the queue"),
        (Attempt::Accept, EINVAL) => ("not-listening", "it listens no more"),
        (Attempt::Receive, EAGAIN) => ("nothing-yet", "nothing here yet"),
        (Attempt::Receive, ECONNRESET) => ("reset", "broken off"),
        (Attempt::Receive | Attempt::Send, ETIMEDOUT) => ("peer-silent", "the peer is gone"),
        (Attempt::Send, EAGAIN) => ("buffer-full", "buffer is full, wait"),
        (Attempt::Send, EPIPE) => ("broken-pipe", "the peer is gone"),
        (Attempt::Send, ECONNRESET) => ("reset", "broken off"),
        (Attempt::Connect, EINPROGRESS) => ("connecting", "on its way"),
        (Attempt::Connect, ECONNREFUSED) => ("refused", "nobody there"),
        (Attempt::Bind, EADDRINUSE) => ("address-in-use", "port is taken"),
        (Attempt::Bind, EACCES) => ("not-allowed", "port not allowed"),
        (Attempt::Open, ENOENT) => ("no-such-file", "no such file"),
        (Attempt::Open, EACCES) => ("not-allowed", "not allowed"),
        (Attempt::Open, EXDEV) => ("outside", "leads outside ROOT"),
        (Attempt::Open, ELOOP) => ("outside", "too many links"),
        (Attempt::Open, ENOTDIR) => ("no-such-file", "not a directory"),
        (Attempt::Open, EISDIR) => ("directory", "is a directory"),
        (Attempt::Open, EMFILE | ENFILE) => ("no-free-fd", "no free fd number"),
        (Attempt::Accept | Attempt::Receive | Attempt::Send | Attempt::Wait, EINTR) => {
            ("interrupted", "a signal came first")
        }
        (_, ENOTCONN) => ("not-connected", "peer is gone"),
        (Attempt::Open | Attempt::Other | Attempt::Bind | Attempt::Connect | Attempt::Wait, _)
        | (Attempt::Accept | Attempt::Receive | Attempt::Send, _) => return None,
    })
}

impl Wait {
    fn sentence(self) -> &'static str {
        match self {
            Wait::Connection => "asleep: nobody has connected",
            Wait::FirstByte => "asleep: no byte has come yet",
            Wait::Rest => "asleep: message not complete",
            Wait::NextRequest => "asleep: next request, or EOF",
            Wait::Answer => "asleep: no answer yet",
            Wait::Room => "not back yet: buffers full?",
            Wait::Handshake => "asleep: peer has not accepted",
            Wait::Ready => "asleep: nothing is ready",
            Wait::Something => "asleep",
        }
    }
}

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
            Note::Favicon => "favicon",
            Note::Response { to_head: true, .. } => "head-no-body",
            Note::Response { .. } => "response",
            Note::Continue => "continue",
            Note::Switched => "switched",
            Note::Eof { cut: None, .. } => "eof",
            Note::Eof { cut: Some(_), .. } => "eof-inside",
            Note::Peeked(_) => "peeked",
            Note::Drained(_) => "drained",
            Note::FileEnd => "file-end",
            Note::NothingAsked => "nothing-asked",
            Note::GaveUp(_) | Note::GaveUpSending(_) => "gave-up",
            Note::TimeOut => "time-out",
            Note::Failed(attempt, errno) => {
                failure(*attempt, *errno).map_or("failed", |(id, _)| id)
            }
            Note::Injected(_) => "injected",
            Note::ShortWrite(..) => "short-write",
            Note::NotHttp(Foreign::Tls) => "tls",
            Note::NotHttp(Foreign::Http2) => "http2",
            Note::NotHttp(Foreign::Unknown) | Note::RawBytes(..) => "not-http",
            Note::Malformed(..) | Note::Rule(_) => "malformed",
            Note::FramingLost => "framing-unknown",
            Note::FileOpened | Note::DirectoryOpened | Note::FileBytes(_) | Note::FileDone => {
                "file"
            }
            Note::FileSize(..) | Note::NotAFile => "file-size",
            Note::Sendfile(..) => "sendfile",
            Note::Over(_, Over::Unanswered, _) => "unanswered",
            Note::Over(..) => "over",
            Note::LivesOn(..) => "lives-on",
            Note::Preconnect => "preconnect",
            Note::ListenerClosed | Note::Closed => "closed",
            Note::ListenerElsewhere => "listener-elsewhere",
            Note::Forked(_) => "forked",
            Note::ChildGone(_) | Note::NoChildGone => "child-gone",
            Note::Exits => "exits",
            Note::SaidNoMore | Note::HearsNoMore | Note::ShutBoth => "shutdown",
            Note::ListenerShut => "listener-shut",
            Note::EpollMade | Note::Watching { .. } | Note::Unwatched(_) => "watching",
            Note::Ready(_) | Note::PollReady(..) => "ready",
            Note::NonBlocking(_) => "non-blocking",
            Note::SameThing(_) => "dup",
            Note::FdLeak(..) => "fd-leak",
            Note::NoAnswer(_) => "unanswered",
        }
    }

    /// How much it matters.
    pub fn verdict(&self) -> Verdict {
        match self {
            Note::FdLeak(..) => Verdict::Error,
            Note::Over(_, Over::Unanswered, _)
            | Note::NoAnswer(_)
            | Note::Malformed(..)
            | Note::Rule(_)
            | Note::FramingLost
            | Note::Eof { cut: Some(_), .. }
            | Note::GaveUp(_)
            | Note::GaveUpSending(_)
            | Note::ShortWrite(..) => Verdict::Warning,
            Note::Over(_, _, leaks) if *leaks > 0 => Verdict::Error,
            Note::Failed(attempt, errno) => match (attempt, *errno) {
                (_, EAGAIN | EINTR | EINPROGRESS)
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

    /// Writes the sentence.
    pub fn write(&self, pen: &mut impl Pen) {
        match self {
            Note::NewSocket => pen.text("new socket, no address yet"),
            Note::Option(setting) => setting.write(pen),
            Note::Bound(false) => pen.text("address claimed"),
            Note::Bound(true) => pen.text("claimed; kernel picks a port"),
            Note::Listening => pen.text("kernel now takes connections"),
            Note::Here(name) => address(pen, "here: ", name),
            Note::There(name) => address(pen, "peer: ", name),
            Note::Asleep(wait) => pen.text(wait.sentence()),
            Note::Accepted(id, peer) if peer.is_empty() => connection(pen, *id, " begins"),
            Note::Accepted(id, peer) => {
                connection(pen, *id, " from ");
                pen.bytes(peer.as_bytes(), peer.is_cut());
            }
            Note::Connected(id, peer) => {
                connection(pen, *id, " to ");
                pen.bytes(peer.as_bytes(), peer.is_cut());
            }
            Note::NumberAgain(fd) => {
                descriptor(pen, *fd);
                pen.text(" again: the number was free");
            }
            Note::Request(line, minor, progress) => request(pen, line, *minor, *progress),
            Note::StartOfLine(way, line) => {
                arrow(pen, *way);
                pen.bytes(line.as_bytes(), line.is_cut());
                pen.text("  no line end yet");
            }
            Note::HeadSoFar(way, bytes) => {
                arrow(pen, *way);
                pen.number(*bytes);
                pen.text(" bytes, no blank line yet");
            }
            Note::BodySoFar(way, bytes, of) => body_so_far(pen, *way, *bytes, *of),
            Note::BodyDone(way, bytes, chunked) => {
                arrow(pen, *way);
                pen.text(if *chunked {
                    "chunks done: "
                } else {
                    "body done: "
                });
                count(pen, *bytes, "byte");
            }
            Note::Pipelined(n) => {
                pen.text("pipelined: ");
                count(pen, u64::from(*n), "request");
                pen.text(" in one read");
            }
            Note::Together(n) => {
                pen.number(u64::from(*n));
                pen.text(" responses in one write");
            }
            Note::KeptAlive => pen.text("same connection: it was kept alive"),
            Note::Favicon => pen.text("browser asks for its icon by itself"),
            Note::Response {
                status,
                reason,
                head,
                body,
                progress,
                to_head,
            } => {
                arrow(pen, Way::Response);
                pen.number(u64::from(*status));
                if !reason.is_empty() {
                    pen.text(" ");
                    pen.bytes(reason.as_bytes(), reason.is_cut());
                }
                pen.text("  ");
                response_sizes(pen, *head, *body, *progress, *to_head);
            }
            Note::Continue => pen.text("< 100 Continue: send the body"),
            Note::Switched => pen.text("< from here on it is not HTTP"),
            Note::Eof { client, cut } => eof(pen, *client, *cut),
            Note::Peeked(bytes) => {
                count(pen, *bytes, "byte");
                pen.text(" seen, not taken");
            }
            Note::Drained(bytes) => {
                count(pen, *bytes, "byte");
                pen.text(" thrown away");
            }
            Note::FileEnd => pen.text("0 = end of file"),
            Note::NothingAsked => pen.text("0 bytes asked, 0 given"),
            Note::GaveUp(0) => pen.text("gave up: nothing came in time"),
            Note::GaveUp(after) => {
                pen.text("gave up: no byte within ");
                duration(pen, *after);
            }
            Note::GaveUpSending(0) => pen.text("gave up: no room in time"),
            Note::GaveUpSending(after) => {
                pen.text("gave up: no room within ");
                duration(pen, *after);
            }
            Note::TimeOut => pen.text("0 = time over, nothing ready"),
            Note::Failed(attempt, errno) => failed(pen, *attempt, *errno),
            Note::Injected(Some(errno)) => {
                errno_name(pen, *errno);
                pen.text(": made up by -e inject");
            }
            Note::Injected(None) => pen.text("made up by -e inject"),
            Note::ShortWrite(taken, offered) => {
                pen.text("short: took ");
                part_of(pen, *taken, *offered);
            }
            Note::NotHttp(Foreign::Tls) => pen.text("TLS hello on a plain port"),
            Note::NotHttp(Foreign::Http2) => pen.text("HTTP/2 begins: not decoded"),
            Note::NotHttp(Foreign::Unknown) => pen.text("this is not HTTP"),
            Note::RawBytes(way, bytes) => {
                arrow(pen, *way);
                count(pen, *bytes, "byte");
                pen.text(", not HTTP");
            }
            Note::Malformed(way, code, offset) => {
                arrow(pen, *way);
                pen.text("malformed: ");
                pen.text(code.id);
                pen.text(", byte ");
                pen.number(*offset);
            }
            Note::Rule(code) => {
                pen.text(code.id);
                pen.text(": ");
                pen.bytes(code.sentence.as_bytes(), false);
            }
            Note::FramingLost => pen.text("framing unknown from here"),
            Note::FileOpened => pen.text("file opened"),
            Note::DirectoryOpened => pen.text("directory opened"),
            Note::FileSize(size, response) => {
                count(pen, *size, "byte");
                pen.text(if *response {
                    " -> Content-Length"
                } else {
                    " long"
                });
            }
            Note::NotAFile => pen.text("not a regular file"),
            Note::FileBytes(true) => pen.text("file body"),
            Note::FileBytes(false) => pen.text("from a file"),
            Note::FileDone => pen.text("file done"),
            Note::Sendfile(bytes, done) => {
                arrow(pen, Way::Response);
                pen.number(*bytes);
                pen.text(if *done {
                    " body, past memory, done"
                } else {
                    " body, past our memory"
                });
            }
            Note::Over(id, over, leaks) => over.write(pen, *id, *leaks),
            Note::LivesOn(id, holders) => {
                connection(pen, *id, " lives on: ");
                count(pen, u64::from(*holders), "holder");
            }
            Note::Preconnect => pen.text("looks like a preconnect: nothing asked"),
            Note::ListenerClosed => pen.text("no connections any more"),
            Note::Closed => pen.text("number given back"),
            Note::ListenerElsewhere => pen.text("our copy; the parent has one"),
            Note::Forked(child) => {
                pen.text("process ");
                pen.number(u64::from(child.0));
                pen.text(" is a copy of us");
            }
            Note::ChildGone(child) => {
                pen.text("child ");
                pen.number(u64::from(child.0));
                pen.text(" has ended");
            }
            Note::NoChildGone => pen.text("no other child has ended"),
            Note::Exits => pen.text("this process is done"),
            Note::SaidNoMore => pen.text("we say no more; still reading"),
            Note::HearsNoMore => pen.text("we read no more"),
            Note::ListenerShut => pen.text("no more connections taken"),
            Note::ShutBoth => pen.text("both directions ended"),
            Note::EpollMade => pen.text("an empty set to watch"),
            Note::Watching {
                fd,
                events,
                before,
                listener,
            } => {
                watching(pen, *fd, *events, *before, *listener);
            }
            Note::Unwatched(fd) => {
                descriptor(pen, *fd);
                pen.text(" not watched any more");
            }
            Note::Ready(ready) => ready.write(pen),
            Note::PollReady(ready, of) => {
                pen.text("ready: ");
                pen.number(*ready);
                pen.text(" of ");
                count(pen, *of, "fd");
            }
            Note::NonBlocking(true) => pen.text("its calls never sleep now"),
            Note::NonBlocking(false) => pen.text("its calls may sleep again"),
            Note::SameThing(fd) => {
                pen.text("a second name for ");
                descriptor(pen, *fd);
            }
            Note::FdLeak(fd, owner) => {
                descriptor(pen, *fd);
                match owner {
                    Some(id) => {
                        pen.text(" leaks: ");
                        connection(pen, *id, " is over");
                    }
                    None => pen.text(" is still open"),
                }
            }
            Note::NoAnswer(id) => {
                pen.text("r");
                pen.number(u64::from(id.0));
                pen.text(" got no answer");
            }
        }
    }
}

fn arrow(pen: &mut impl Pen, way: Way) {
    pen.text(match way {
        Way::Request => "> ",
        Way::Response => "< ",
    });
}

fn connection(pen: &mut impl Pen, id: ConnectionId, after: &str) {
    pen.text("c");
    pen.number(u64::from(id.0));
    pen.text(after);
}

fn descriptor(pen: &mut impl Pen, fd: Fd) {
    pen.text("fd ");
    if fd.0 < 0 {
        pen.text("-");
    }
    pen.number(u64::from(fd.0.unsigned_abs()));
}

fn address(pen: &mut impl Pen, before: &str, name: &Text) {
    pen.text(before);
    pen.bytes(name.as_bytes(), name.is_cut());
}

/// `1 byte`, `2 bytes`.
fn count(pen: &mut impl Pen, number: u64, thing: &str) {
    pen.number(number);
    pen.text(" ");
    pen.text(thing);
    if number != 1 {
        pen.text("s");
    }
}

fn request(pen: &mut impl Pen, line: &Text, minor: u8, progress: Progress) {
    arrow(pen, Way::Request);
    pen.bytes(line.as_bytes(), line.is_cut());
    match minor {
        1 => pen.spare(" HTTP/1.1"),
        _ => {
            pen.text(" HTTP/1.");
            pen.number(u64::from(minor));
        }
    }
    pen.spare(" ");
    match progress {
        Progress::Complete(_) => pen.text(" (complete)"),
        Progress::Body(got, of) => {
            pen.text(" body ");
            pen.number(got);
            pen.text("/");
            pen.number(of);
        }
        Progress::Chunked(got) => {
            pen.text(" chunked, ");
            pen.number(got);
            pen.text(" so far");
        }
        Progress::UntilClose(got) => {
            pen.text(" body ");
            pen.number(got);
            pen.text("/?");
        }
        Progress::Expects => pen.text(" waits for 100"),
        Progress::Unfinished => pen.text(" unfinished"),
    }
}

fn response_sizes(pen: &mut impl Pen, head: u64, body: u64, progress: Progress, to_head: bool) {
    pen.number(head);
    match progress {
        Progress::Complete(_) if to_head => {
            pen.text(" head, ");
            pen.spare("HEAD: ");
            pen.text("no body");
        }
        Progress::Complete(_) if body == 0 => {
            pen.text(" head");
            pen.spare(", no body");
        }
        Progress::Chunked(0) => pen.text(" head, chunks follow"),
        Progress::UntilClose(0) => pen.text(" head, body until close"),
        Progress::Body(_, of) if body == 0 => {
            pen.text(" head, body 0/");
            pen.number(of);
        }
        Progress::Complete(_)
        | Progress::Body(..)
        | Progress::Chunked(_)
        | Progress::UntilClose(_) => {
            pen.spare(" head");
            pen.text(" + ");
            response_body(pen, body, progress);
        }
        Progress::Expects | Progress::Unfinished => pen.text(" head"),
    }
}

fn response_body(pen: &mut impl Pen, body: u64, progress: Progress) {
    match progress {
        Progress::Body(_, of) if of >= LONG => part_of(pen, body, of),
        Progress::Body(_, of) => {
            pen.number(body);
            pen.text("/");
            pen.number(of);
        }
        Progress::Chunked(_) => {
            pen.number(body);
            pen.text(" in chunks");
        }
        Progress::UntilClose(_) => {
            pen.number(body);
            pen.text("/?");
        }
        Progress::Complete(_) | Progress::Expects | Progress::Unfinished => {
            pen.number(body);
            pen.spare(" body");
        }
    }
}

fn body_so_far(pen: &mut impl Pen, way: Way, bytes: u64, of: Option<u64>) {
    arrow(pen, way);
    pen.text("body ");
    match of {
        Some(of) if of >= LONG => part_of(pen, bytes, of),
        Some(of) => {
            pen.number(bytes);
            pen.text(" of ");
            count(pen, of, "byte");
        }
        None => {
            count(pen, bytes, "byte");
            pen.text(" so far");
        }
    }
}

fn eof(pen: &mut impl Pen, client: bool, cut: Option<Way>) {
    match (cut, client) {
        (None, false) => pen.text("EOF: client closed its side"),
        (None, true) => pen.text("EOF: server closed its side"),
        (Some(Way::Request), _) => pen.text("EOF inside the request"),
        (Some(Way::Response), _) => pen.text("EOF inside the response"),
    }
}

/// The name of an error number: from the one table of them.
fn errno_name(pen: &mut impl Pen, errno: Errno) {
    match errno.name() {
        Some(name) => pen.text(name),
        None => {
            pen.text("errno ");
            pen.number(u64::from(errno.0.unsigned_abs()));
        }
    }
}

fn failed(pen: &mut impl Pen, attempt: Attempt, errno: Errno) {
    errno_name(pen, errno);
    pen.text(": ");
    match failure(attempt, errno) {
        Some((_, sentence)) => pen.text(sentence),
        None => pen.bytes(errno.sentence().as_bytes(), false),
    }
}

/// `250 ms`, `1 s`, `1.5 s`: three digits at most say enough.
fn duration(pen: &mut impl Pen, nanoseconds: u64) {
    let ms = nanoseconds / 1_000_000;
    match ms {
        0..1000 => {
            pen.number(ms);
            pen.text(" ms");
        }
        _ => {
            pen.number(ms / 1000);
            if ms % 1000 >= 100 {
                pen.text(".");
                pen.number(ms % 1000 / 100);
            }
            pen.text(" s");
        }
    }
}

/// From here on sizes are written in kB, MB or GB.
const LONG: u64 = 100_000;

/// `100 of 4096`, `3.9 of 10.0 MB`: both in the unit of the larger.
fn part_of(pen: &mut impl Pen, part: u64, whole: u64) {
    let (unit, name) = match whole {
        0..LONG => (1, ""),
        LONG..1_000_000 => (1_000, " kB"),
        1_000_000..1_000_000_000 => (1_000_000, " MB"),
        _ => (1_000_000_000, " GB"),
    };
    for (number, after) in [(part, " of "), (whole, name)] {
        pen.number(number / unit);
        if unit > 1 && number % unit / (unit / 10) > 0 {
            pen.text(".");
            pen.number(number % unit / (unit / 10));
        }
        pen.text(after);
    }
}

fn watching(pen: &mut impl Pen, fd: Fd, events: u32, before: bool, listener: bool) {
    descriptor(pen, fd);
    pen.text(if before {
        ": now watch for "
    } else {
        ": watch for "
    });
    pen.text(match (events & EPOLLIN != 0, events & EPOLLOUT != 0) {
        (true, _) if listener => "connections",
        (true, true) => "bytes, room",
        (true, false) => "bytes",
        (false, true) => "room",
        (false, false) => "its end",
    });
}

impl ReadyList {
    /// So many, none of which is named yet.
    pub(super) fn new(count: u32) -> ReadyList {
        let nobody = ReadyFd {
            fd: -1,
            events: 0,
            listener: false,
        };
        ReadyList {
            list: [nobody; 4],
            count,
        }
    }

    fn write(&self, pen: &mut impl Pen) {
        match self.count {
            0..=2 => pen.spare("ready: "),
            many => {
                pen.number(u64::from(many));
                pen.text(" ready: ");
            }
        }
        let told = (self.count as usize).min(self.list.len());
        for (i, ready) in self.list[..told].iter().enumerate() {
            if i > 0 {
                pen.text(", ");
            }
            match ready.fd {
                ..0 => pen.text("one"),
                fd => descriptor(pen, Fd(fd)),
            }
            pen.text(reason(ready));
        }
        if self.count as usize > told {
            pen.text(", ");
            pen.number(u64::from(self.count) - told as u64);
            pen.text(" more");
        }
    }
}

/// Why a descriptor is ready, in a word: the rarer reason wins.
fn reason(ready: &ReadyFd) -> &'static str {
    match ready.events {
        e if e & EPOLLERR != 0 => " broken",
        e if e & EPOLLHUP != 0 => " over",
        e if e & EPOLLRDHUP != 0 => " EOF",
        _ if ready.listener => " connection",
        e if e & EPOLLIN != 0 && e & EPOLLOUT != 0 => " bytes+room",
        e if e & EPOLLOUT != 0 => " room",
        _ => " bytes",
    }
}

impl Over {
    fn write(self, pen: &mut impl Pen, id: ConnectionId, leaks: u32) {
        connection(pen, id, " over: ");
        match self {
            Over::Answered(requests) => {
                count(pen, u64::from(requests), "request");
                match leaks {
                    0 => pen.spare(", 0 leaks"),
                    _ => {
                        pen.text(", ");
                        count(pen, u64::from(leaks), "leak");
                    }
                }
            }
            Over::Unanswered => pen.text("no answer given"),
            Over::Unfinished => pen.text("request unfinished"),
            Over::Refused => pen.text("request refused"),
            Over::Silent => pen.text("nothing was asked"),
            Over::NotHttp(bytes_in, bytes_out) => {
                pen.number(bytes_in);
                pen.text(" in, ");
                pen.number(bytes_out);
                pen.text(" out");
            }
        }
    }
}

impl Setting {
    fn id(self) -> &'static str {
        match self {
            Setting::ReuseAddress => "reuse-address",
            Setting::ReusePort => "reuse-port",
            Setting::NoDelay => "no-delay",
            Setting::Cork(_) => "cork",
            Setting::Probes => "probes",
            Setting::ReceiveTimeout(_) | Setting::SendTimeout(_) => "socket-time-out",
            Setting::Linger(_) => "linger",
            Setting::DeferAccept => "defer-accept",
            Setting::OnlyV6(_) => "only-v6",
        }
    }

    fn write(self, pen: &mut impl Pen) {
        match self {
            Setting::ReuseAddress => pen.text("may rebind during TIME_WAIT"),
            Setting::ReusePort => pen.text("others may share this port"),
            Setting::NoDelay => pen.text("small writes leave at once"),
            Setting::Cork(true) => pen.text("hold back small packets"),
            Setting::Cork(false) => pen.text("send what was held back"),
            Setting::Probes => pen.text("kernel probes a silent peer"),
            Setting::ReceiveTimeout(0) => pen.text("reads wait for ever"),
            Setting::ReceiveTimeout(after) => {
                pen.text("reads give up after ");
                duration(pen, after);
            }
            Setting::SendTimeout(0) => pen.text("writes wait for ever"),
            Setting::SendTimeout(after) => {
                pen.text("writes give up after ");
                duration(pen, after);
            }
            Setting::Linger(None) => pen.text("close returns at once"),
            Setting::Linger(Some(0)) => pen.text("close will break it off"),
            Setting::Linger(Some(seconds)) => {
                pen.text("close waits up to ");
                pen.number(u64::from(seconds));
                pen.text(" s");
            }
            Setting::DeferAccept => pen.text("wake us when bytes are there"),
            Setting::OnlyV6(true) => pen.text("IPv6 only"),
            Setting::OnlyV6(false) => pen.text("IPv4 comes here too"),
        }
    }
}

/// The sentence on one line of ASCII, whole: bytes from outside are escaped.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Whole(String);
        impl Pen for Whole {
            fn text(&mut self, words: &str) {
                self.0.push_str(words);
            }
            fn spare(&mut self, words: &str) {
                self.0.push_str(words);
            }
            fn bytes(&mut self, bytes: &[u8], more: bool) {
                for byte in bytes {
                    match byte {
                        b'"' | b'\'' => self.0.push(char::from(*byte)),
                        byte => self.0.extend(byte.escape_ascii().map(char::from)),
                    }
                }
                if more {
                    self.0.push_str("...");
                }
            }
        }
        let mut whole = Whole(String::new());
        self.write(&mut whole);
        f.write_str(&whole.0)
    }
}
