//! What each note says: one sentence for each, in the order of the notes. Longer ones are put together on
//! the page of their topic.

use super::done::done;
use super::ends::eof;
use super::failures::{errno_name, failed};
use super::messages::{body_so_far, request, response_sizes};
use super::pen::{Pen, address, arrow, connection, count, descriptor, duration, part_of};
use super::sockets::watching;
use super::{Foreign, Note, Way};
use std::fmt;

impl Note {
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
                    pen.phrase(reason.as_bytes(), reason.is_cut());
                }
                pen.text("  ");
                response_sizes(pen, *head, *body, *progress, *to_head);
            }
            Note::Continue => pen.text("< 100 Continue: send the body"),
            Note::Switched => pen.text("< from here on it is not HTTP"),
            Note::Eof { client, cut } => eof(pen, *client, *cut),
            Note::NoReturn => pen.text("it never came back"),
            Note::AfterReset => pen.text("nothing: it was broken off"),
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
            Note::NothingReady => pen.text("0 = nothing is ready now"),
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
            Note::NotHttp(Foreign::Tls) => pen.text("TLS begins: it is encrypted"),
            Note::PlainPort => pen.text("a TLS hello came: a plain port"),
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
            Note::Forked(child, true) => {
                pen.text("process ");
                pen.number(u64::from(child.0));
                pen.text(" runs in our memory");
            }
            Note::Forked(child, false) => {
                pen.text("process ");
                pen.number(u64::from(child.0));
                pen.text(" is a copy of us");
            }
            Note::ThreadMade(child) => {
                pen.text("thread ");
                pen.number(u64::from(child.0));
                pen.text(" begins");
            }
            Note::Pair(true) => pen.text("two sockets, connected"),
            Note::Pair(false) => pen.text("a pipe: bytes in, bytes out"),
            Note::ClosedMany(closed) => {
                count(pen, u64::from(*closed), "number");
                pen.text(" given back");
            }
            Note::MarkedMany(marked) => {
                count(pen, u64::from(*marked), "number");
                pen.text(" will not survive execve");
            }
            Note::HandedOver(1) => pen.text("hands over a descriptor"),
            Note::HandedOver(many) => {
                pen.text("hands over ");
                count(pen, u64::from(*many), "descriptor");
            }
            Note::Handed(fd) => {
                descriptor(pen, *fd);
                pen.text(" came with the message");
            }
            Note::ChildGone(child) => {
                pen.text("child ");
                pen.number(u64::from(child.0));
                pen.text(" has ended");
            }
            Note::NoChildGone => pen.text("no other child has ended"),
            Note::Done(id) => pen.text(done(*id).unwrap_or("done")),
            Note::Prints(text) => {
                pen.text("prints \"");
                pen.bytes(text.as_bytes(), text.is_cut());
                pen.text("\"");
            }
            Note::FileWritten => pen.text("into a file"),
            Note::Survives(true) => pen.text("stays open at execve"),
            Note::Survives(false) => pen.text("will be closed at execve"),
            Note::Sleeps(true) => pen.text("its calls may sleep"),
            Note::Sleeps(false) => pen.text("its calls never sleep"),
            Note::NoError => pen.text("no error so far"),
            Note::Exits => pen.text("this process is done"),
            Note::SaidNoMore => pen.text("we say no more; still reading"),
            Note::HearsNoMore => pen.text("we read no more"),
            Note::ListenerShut => pen.text("no more connections taken"),
            Note::ShutBoth => pen.text("both directions ended"),
            Note::EpollMade => pen.text("an empty set to watch"),
            Note::RingMade => pen.text("two queues, shared memory"),
            Note::RingAllowed => pen.text("may we? yes, no memory given"),
            Note::RingForbidden => pen.text("EPERM: io_uring is forbidden"),
            Note::RingEntered(0) => pen.text("nothing new was queued"),
            Note::RingEntered(1) => pen.text("1 operation taken"),
            Note::RingEntered(taken) => {
                pen.number(*taken);
                pen.text(" operations taken");
            }
            Note::RingUnseen => pen.text("what rings do is not seen"),
            Note::RingTimeOut => pen.text("ETIME: no result in time"),
            Note::Queued => pen.text("queued, not begun"),
            Note::TakenBack(true) => pen.text("taken back in time"),
            Note::TakenBack(false) => pen.text("too late to take it back"),
            Note::CloseDone => pen.text("the close is done"),
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
            Note::Serves(own, other, whose) => {
                pen.text("r");
                pen.number(u64::from(own.0));
                pen.text(" is for r");
                pen.number(u64::from(other.0));
                pen.text(" of ");
                connection(pen, *whose, "");
            }
            Note::NoAnswer(id) => {
                pen.text("r");
                pen.number(u64::from(id.0));
                pen.text(" got no answer");
            }
            Note::Found(finding, place, times) => finding.write(pen, *place, *times),
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
