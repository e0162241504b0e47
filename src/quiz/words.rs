//! Every sentence of the quiz, on one page: questions, answers, and why each is right or wrong.
//!
//! The beliefs are those of real programs and articles; each has a sentence that
//! takes it seriously.

use super::{Choice, Claim, Kind, Question};
use crate::abi::calls::CallId;
use crate::abi::errno::Errno;

/// Why somebody might say so; the right answers are among them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Belief {
    LowestFree,
    TheSame,
    OnlyUp,
    Success,
    NewPort,
    OneMore,
    Yes,
    WhatHasCome,
    FullBuffer,
    WaitsForFin,
    ByteByByte,
    End,
    NothingYet,
    AnError,
    RestOfFile,
    AskedOfFile,
    AllOfFile,
    Page,
    AllTaken,
    RoomForSome,
    AlwaysAll,
    NobodyReads,
    BodyOnly,
    HeadFirst,
    OnePacket,
    OnlyReady,
    TimeIsUp,
    AllWatched,
    MoreThanWatched,
    ListenersPort,
    NextPort,
    NoPort,
}

impl Belief {
    /// What stands behind the number, and why it is right or wrong.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Belief::LowestFree => (
                "the lowest number that is free",
                "the kernel gives the lowest number that no descriptor of this process has",
            ),
            Belief::TheSame => (
                "the same one",
                "that one stays what it was, beside the new one: each open thing has a number",
            ),
            Belief::OnlyUp => (
                "the next number that was never used",
                "numbers do not only go up: what was closed is given again, the lowest first",
            ),
            Belief::Success => (
                "0 means that it went well",
                "for this call the result is not a yes or no: 0 would have a meaning of its own",
            ),
            Belief::NewPort => (
                "a new port",
                "no new port is made: a connection is told apart by both ends' addresses",
            ),
            Belief::OneMore => (
                "one further on",
                "nothing is left free in between, and nothing is counted twice",
            ),
            Belief::Yes => (
                "1, for yes",
                "1 is standard output's number here, or a count of one: no word for success",
            ),
            Belief::WhatHasCome => (
                "what has come by then",
                "read returns as soon as there is anything, with what there is",
            ),
            Belief::FullBuffer => (
                "the buffer is filled first",
                "the size that is asked for is a limit: nobody waits until it is reached",
            ),
            Belief::WaitsForFin => (
                "nothing before the client closes",
                "read does not wait for FIN: one byte is enough. 0 is what it says after FIN",
            ),
            Belief::ByteByByte => (
                "one byte at a time",
                "a call moves as many bytes as there are and fit, not one",
            ),
            Belief::End => (
                "the other end has said its last word",
                "0 is the end: FIN has come, and everything before it was read",
            ),
            Belief::NothingYet => (
                "nothing there: try again",
                "EAGAIN would mean: not now, perhaps later. That is not so here",
            ),
            Belief::AnError => (
                "that is an error",
                "nothing went wrong: an end, or a time that is over, is an ordinary answer",
            ),
            Belief::RestOfFile => (
                "what is left of the file",
                "a file is there at once: as much as is left of it, and as was asked for",
            ),
            Belief::AskedOfFile => (
                "as much as was asked for",
                "a file is there at once: there is more of it, but the buffer is full",
            ),
            Belief::AllOfFile => (
                "the rest of the file, however long",
                "no more than was asked for: the buffer has that much room, and the kernel keeps to it",
            ),
            Belief::Page => (
                "a page at a time",
                "4096 is how memory is dealt out; read counts bytes, whatever they lie on",
            ),
            Belief::AllTaken => (
                "all of it",
                "the send buffer had room for all of it; whether anyone reads it is another matter",
            ),
            Belief::RoomForSome => (
                "as much as there is room for",
                "the send buffer was nearly full: it takes what fits, and the rest stays ours",
            ),
            Belief::AlwaysAll => (
                "all of it, always",
                "write may take less than it is given: who forgets the rest cuts the answer short",
            ),
            Belief::NobodyReads => (
                "nothing before the other end reads",
                "write does not wait for a reader: it copies into the kernel's send buffer",
            ),
            Belief::BodyOnly => (
                "the body; the head is the kernel's",
                "the kernel knows no HTTP: head and body are bytes of the program, all the same",
            ),
            Belief::HeadFirst => (
                "the head first",
                "the kernel knows no HTTP, and does not look where the head ends",
            ),
            Belief::OnePacket => (
                "one packet",
                "packets are TCP's business, later: write fills a buffer of the kernel",
            ),
            Belief::OnlyReady => (
                "those that would not have to wait now",
                "only what is ready is counted; the others stay in the set",
            ),
            Belief::TimeIsUp => (
                "none: the time is over",
                "0 means that the time passed and nothing became ready: no error",
            ),
            Belief::AllWatched => (
                "all that are watched",
                "being in the set is not being ready: only what would not wait is counted",
            ),
            Belief::MoreThanWatched => (
                "one for the set itself, too",
                "only what is in the set can be reported; the descriptor of the set is not in it",
            ),
            Belief::ListenersPort => (
                "the listener's",
                "accept makes no new port: this end has the listener's, the client's differs",
            ),
            Belief::NextPort => (
                "the next one",
                "ports are not dealt out one after the other, and accept deals out none",
            ),
            Belief::NoPort => (
                "none: only listeners have one",
                "both ends of a connection have a port, also the accepted one",
            ),
        }
    }
}

/// What is asked.
pub(super) fn question(kind: Kind, call: &str) -> String {
    match kind {
        Kind::NewFd => format!("which fd will {call} give?"),
        Kind::Received => format!("how many bytes will {call} return?"),
        Kind::Sent => format!("how many bytes will {call} take?"),
        Kind::Errno => format!("{call} fails: what will errno be?"),
        Kind::Complete => "is the request complete now?".to_string(),
        Kind::Ready => format!("how many ready descriptors will {call} report?"),
        Kind::Port => "which port has this end of the connection?".to_string(),
        Kind::Answered => "client 1 stops for 50 ms. When is client 2 answered?".to_string(),
    }
}

/// The number alone: its reason would give it away.
pub(super) fn number(value: i64, belief: Belief) -> Choice {
    Choice {
        text: value.to_string(),
        ..returns(value, belief)
    }
}

pub(super) fn returns(value: i64, belief: Belief) -> Choice {
    let (text, because) = belief.words();
    Choice {
        text: format!("{value}: {text}"),
        claim: Claim::Returns(value),
        because: because.to_string(),
    }
}

/// The call fails, for somebody who thinks that it succeeds.
pub(super) fn fails(errno: Errno, belief: Belief) -> Choice {
    let (text, because) = belief.words();
    Choice {
        text: format!("-1, {}: {text}", errno.name().unwrap_or("errno")),
        claim: Claim::Fails(errno),
        because: because.to_string(),
    }
}

pub(super) fn port(port: u16, belief: Belief) -> Choice {
    let (text, because) = belief.words();
    Choice {
        text: format!("{port}: {text}"),
        claim: Claim::Port(port),
        because: because.to_string(),
    }
}

/// The call fails, and the question is how.
pub(super) fn failed(call: CallId, errno: Errno) -> Choice {
    let name = errno.name().unwrap_or("errno");
    Choice {
        text: name.to_string(),
        claim: Claim::Fails(errno),
        because: format!("{name}: {}", errno.sentence_for(call)),
    }
}

/// What is commonly taken for this one, the likeliest first; nothing where a wrong answer would be a mere guess.
pub(super) fn taken_for(call: CallId, errno: Errno) -> &'static [Errno] {
    const EPERM: Errno = Errno(1);
    const ENOENT: Errno = Errno(2);
    const EBADF: Errno = Errno(9);
    const EAGAIN: Errno = Errno(11);
    const ENOMEM: Errno = Errno(12);
    const EACCES: Errno = Errno(13);
    const EEXIST: Errno = Errno(17);
    const ENOTDIR: Errno = Errno(20);
    const EINVAL: Errno = Errno(22);
    const ENFILE: Errno = Errno(23);
    const EMFILE: Errno = Errno(24);
    const EPIPE: Errno = Errno(32);
    const EADDRINUSE: Errno = Errno(98);
    const EADDRNOTAVAIL: Errno = Errno(99);
    const ECONNABORTED: Errno = Errno(103);
    const ECONNRESET: Errno = Errno(104);
    const ENOTCONN: Errno = Errno(107);
    const ETIMEDOUT: Errno = Errno(110);
    const ECONNREFUSED: Errno = Errno(111);
    const EHOSTUNREACH: Errno = Errno(113);
    const EALREADY: Errno = Errno(114);
    const EINPROGRESS: Errno = Errno(115);
    match (errno, call.name()) {
        (EAGAIN, "accept" | "accept4") => &[ECONNABORTED, ETIMEDOUT, ECONNREFUSED],
        (EAGAIN, _) => &[ETIMEDOUT, ECONNRESET, EINPROGRESS],
        (EPIPE, _) => &[ECONNRESET, ENOTCONN, EBADF],
        (ECONNRESET, _) => &[EPIPE, ETIMEDOUT, ENOTCONN],
        (ECONNREFUSED, _) => &[ETIMEDOUT, EHOSTUNREACH, ECONNRESET],
        (ECONNABORTED, _) => &[EAGAIN, ECONNRESET, ENOTCONN],
        (EINPROGRESS, _) => &[EAGAIN, EALREADY, ETIMEDOUT],
        (ETIMEDOUT, _) => &[ECONNREFUSED, EAGAIN, ECONNRESET],
        (ENOTCONN, _) => &[ECONNRESET, EPIPE, EBADF],
        (EADDRINUSE, _) => &[EACCES, EADDRNOTAVAIL, EEXIST],
        (EADDRNOTAVAIL, _) => &[EADDRINUSE, EACCES, EINVAL],
        (EACCES, "bind") => &[EADDRINUSE, EPERM, EADDRNOTAVAIL],
        (EACCES, _) => &[EPERM, ENOENT, EBADF],
        (EPERM, _) => &[EACCES, EBADF, EINVAL],
        (ENOENT, _) => &[EACCES, ENOTDIR, EBADF],
        (EMFILE, _) => &[ENFILE, ENOMEM, EAGAIN],
        (ENFILE, _) => &[EMFILE, ENOMEM, EAGAIN],
        (EBADF, _) => &[EPIPE, ENOTCONN, EINVAL],
        _ => &[],
    }
}

pub(super) fn state(claim: Claim) -> Choice {
    let (text, because) = match claim {
        Claim::Complete => (
            "yes: all of it is there",
            "the blank line ends the head, and the framing says how long the body is: it is there",
        ),
        Claim::HeadOpen => (
            "no: the blank line has not come",
            "only the blank line ends a head; how the bytes were cut into reads means nothing",
        ),
        Claim::BodyOpen => (
            "no: the head is there, the body is not",
            "Content-Length, or the last chunk, says where a body ends; no such field, no body",
        ),
        Claim::EndsAtClose
        | Claim::Returns(_)
        | Claim::Fails(_)
        | Claim::Port(_)
        | Claim::AnsweredAtOnce
        | Claim::AnsweredLater
        | Claim::AnsweredLast => (
            "nobody knows before the client closes",
            "a request never ends by close: its head says how long it is (RFC 9112 6.3)",
        ),
    };
    Choice {
        text: text.to_string(),
        claim,
        because: because.to_string(),
    }
}

/// When a second client is answered while the first one has stopped, where the server has one seat, and
/// where it has many.
pub(super) fn answered(one_seat: bool) -> Vec<Choice> {
    let (at_once, later) = match one_seat {
        true => (
            "the kernel has connected it, and the one seat is taken: nobody reads what it asks",
            "the server has one seat: until client 1 is done, it looks at nobody else",
        ),
        false => (
            "one call waits for all clients, or each has its own thread or process: one is free",
            "who has stopped keeps only its own place waiting, and not the server",
        ),
    };
    let never = "client 1 goes on and gets its answer; nobody has to leave for that";
    [
        ("at once", Claim::AnsweredAtOnce, at_once),
        (
            "when client 1 goes on: after 50 ms",
            Claim::AnsweredLater,
            later,
        ),
        (
            "when client 1 has closed its connection",
            Claim::AnsweredLast,
            never,
        ),
    ]
    .map(|(text, claim, because)| Choice {
        text: text.to_string(),
        claim,
        because: because.to_string(),
    })
    .into()
}

/// What is said after an answer.
pub(super) fn verdict(question: &Question, choice: Option<usize>) -> Vec<String> {
    let right = &question.choices[question.right];
    let answer = format!("{}) {}", question.right + 1, right.text);
    match choice.and_then(|choice| Some((choice, question.choices.get(choice)?))) {
        Some((choice, _)) if choice == question.right => {
            vec![format!("right: {answer}"), right.because.clone()]
        }
        Some((_, wrong)) => vec![
            format!("not so: {}", wrong.because),
            format!("it is {answer}"),
            right.because.clone(),
        ],
        None => vec![format!("it is {answer}"), right.because.clone()],
    }
}

/// The score at the end; without answers, whether there was a question.
pub(super) fn score(right: u32, questions: u32, asked: bool) -> String {
    match (questions, asked) {
        (0, true) => "quiz: no question was answered".to_string(),
        (0, false) => "quiz: nothing was asked".to_string(),
        _ => format!("quiz: {right} of {questions} right"),
    }
}
