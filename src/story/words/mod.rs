//! Every note and its sentence, a page for each topic.
//!
//! A note owns what it says, so it can outlive the event. Its sentence is in the present tense, names
//! the number and its meaning together, and is at most 29 columns long where the compact view shows
//! it beside the call (longer ones stand on a line of their own). [`GLOSSARY`] has the longer
//! explanation for each id; `httpsys explain ID` prints it.
//!
//! Bytes from the network go to the pen as bytes: escaping them is the view's part.
//!
//! Here: which notes there are. `parts` are what they are made of, `ids` their names and weight,
//! `sentences` what they say; `sockets`, `messages`, `failures` and `ends` have the longer sentences,
//! `findings` those about what is wrong.

mod done;
mod ends;
mod failures;
mod findings;
mod ids;
mod messages;
mod parts;
mod pen;
mod sentences;
mod sockets;

use super::text::Text;
use super::{ConnectionId, ExchangeId};
use crate::abi::Fd;
use crate::abi::Pid;
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;
use crate::http::Code;

pub use super::glossary::GLOSSARY;
pub(super) use done::done;
pub use findings::{Finding, Left, Place};
pub use parts::*;
pub use pen::{Pen, decimal};

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
    /// A proxy asks on behalf of somebody: our request, whose it is, and on which connection that waits.
    Serves(ExchangeId, ExchangeId, ConnectionId),
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
    /// The process was killed inside the call.
    NoReturn,
    /// A read gives 0 after it was told that the connection is broken off: nobody closed anything.
    AfterReset,
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
    /// A look at descriptors found none that is ready.
    NothingReady,
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
    /// HTTP answers a client that began with TLS.
    PlainPort,
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
    /// A process was made: a copy of this one, or (`true`) one that works in this one's memory.
    Forked(Pid, bool),
    /// A thread was made.
    ThreadMade(Pid),
    /// Two descriptors at once; true for sockets, false for a pipe.
    Pair(bool),
    /// So many descriptors were closed at once.
    ClosedMany(u32),
    /// So many descriptors will be closed by `execve`.
    MarkedMany(u32),
    /// A message hands over so many descriptors.
    HandedOver(u32),
    /// A message brought a descriptor.
    Handed(Fd),
    /// A child has ended, and its parent knows.
    ChildGone(Pid),
    /// No child has ended that its parent does not know of.
    NoChildGone,
    /// A call that we know only by its row did what it does.
    Done(CallId),
    /// Bytes went to the program's own standard output or error: the first of them.
    Prints(Text),
    /// Bytes were written to a file.
    FileWritten,
    /// Whether a descriptor outlives `execve`, as was set or told.
    Survives(bool),
    /// Whether a descriptor's calls sleep, as was told.
    Sleeps(bool),
    /// A socket has no error to tell.
    NoError,
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
    /// A ring was made.
    RingMade,
    /// A ring could be had.
    RingAllowed,
    /// No ring may be had.
    RingForbidden,
    /// The kernel took so many operations from a ring.
    RingEntered(u64),
    /// The kernel took operations from a ring that nobody tells of: for the first time.
    RingUnseen,
    /// No result came in time.
    RingTimeOut,
    /// An operation was queued.
    Queued,
    /// An operation was to be taken back; true when it was.
    TakenBack(bool),
    /// A queued `close` was carried out.
    CloseDone,
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
    /// A finding: an exchange never got its answer.
    NoAnswer(ExchangeId),
    /// A finding: where, and how many times.
    Found(Finding, Place, u64),
}
