//! What bytes mean: reads and writes on connections become requests and responses.
//!
//! In: `Receive`, `Send` and `SendFile` with what they moved. Out: notes about messages, the counts of
//! exchanges, and where secrets stand, also in bytes that were offered and not taken.

use super::Story;
use super::connection::{Link, Turn};
use super::exchange::{Exchange, Spent};
use super::fds::FdKind;
use super::heard::{say, say_pending};
use super::interpret::{At, EAGAIN, Whose};
use super::stream::{Preview, Protocol, Side, Stream, starts_message};
use super::text::Text;
use super::unfinished::unfinished;
use super::words::{Attempt, Note, Way};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::event::call::{Data, Outcome};
use crate::http::Framing;

const ECONNRESET: Errno = Errno(104);
const ETIMEDOUT: Errno = Errno(110);

/// `MSG_PEEK`: the bytes stay in the queue. `MSG_DONTWAIT`: this one call does not sleep.
const PEEK: u32 = 2;
const DONTWAIT: u32 = 0x40;

/// A call on a descriptor whose history is unknown has waited if it took longer than this.
const WAITED: u64 = 1_000_000;

impl Story {
    pub(super) fn receive(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        asked: u64,
        data: &Data<'_>,
        flags: u32,
    ) -> Whose {
        let moved = at.outcome.returned().map(|n| n.max(0) as u64);
        let Some(link) = self.connection_for(at, fd, true, data) else {
            return self.receive_elsewhere(at, fd, moved);
        };
        match moved {
            None => self.receive_failed(at, link, fd, flags),
            Some(0) if asked == 0 => self.notes.push(Note::NothingAsked),
            Some(0) => {
                self.end_of_input(at, link);
                if flags & PEEK == 0 {
                    self.check_end(link);
                }
            }
            Some(bytes) if flags & PEEK != 0 => {
                self.notes.push(Note::Peeked(bytes));
                self.preview(Some((link, true)), data, 0);
            }
            Some(bytes) if self.is_drained(link) => {
                self.count_bytes(at, link, fd, (bytes, 0));
                self.notes.push(Note::Drained(bytes));
                if let Some(connection) = self.connections.get_mut(link) {
                    connection.watched.shut = Some((0, 0));
                    connection.pass_by(data, &mut self.secrets);
                }
            }
            Some(bytes) => {
                let whose = self.exchange_bytes(at, link, fd, true, data, bytes);
                self.check_goes_on(link);
                return whose;
            }
        }
        self.whose(at, Some(link))
    }

    pub(super) fn send(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        asked: u64,
        data: &Data<'_>,
        flags: u32,
    ) -> Whose {
        let taken = at.outcome.returned().map(|n| n.max(0) as u64);
        let Some(link) = self.connection_for(at, fd, false, data) else {
            if let Some(bytes) = taken {
                self.totals.moved(at.name, 0, bytes);
                if let Some(info) = self.processes.at(at.process).seen(fd) {
                    info.add_out(bytes);
                    match (info.kind, fd.0) {
                        _ if bytes == 0 => {}
                        (FdKind::File, _) => self.notes.push(Note::FileWritten),
                        (FdKind::Unknown | FdKind::Pipe | FdKind::Other, 1 | 2) => {
                            self.notes.push(Note::Prints(beginning(data, bytes)));
                        }
                        _ => {}
                    }
                }
            } else {
                self.failed(at, Attempt::Other);
            }
            return Whose::default();
        };
        let Some(bytes) = taken else {
            self.preview(Some((link, false)), data, 0);
            self.send_failed(at, link, fd, flags);
            return self.whose(at, Some(link));
        };
        if bytes == 0 {
            self.preview(Some((link, false)), data, 0);
            return self.whose(at, Some(link));
        }
        self.check_rest(link, data);
        let unfinished = self.connections.get(link).and_then(unfinished);
        let whose = self.exchange_bytes(at, link, fd, false, data, bytes);
        self.check_response(at, link, fd, flags, bytes, unfinished);
        if bytes < asked {
            self.remember_rest(link, data, bytes, asked);
            self.notes.push(Note::ShortWrite(bytes, asked));
            self.preview(Some((link, false)), data, bytes);
        }
        whose
    }

    /// `splice` and its kin: to a connection they are a `sendfile`, from one a `recv` that nobody saw.
    pub(super) fn splice(&mut self, at: &At<'_>, input: Fd, output: Fd) -> Whose {
        let from = self
            .processes
            .at(at.process)
            .get(input)
            .and_then(|info| info.link);
        let (Some(link), Some(bytes)) = (from, at.outcome.returned()) else {
            return self.send_file(at, output, input);
        };
        let bytes = bytes.max(0) as u64;
        if bytes == 0 {
            self.end_of_input(at, link);
            return self.whose(at, Some(link));
        }
        if let Some(info) = self.processes.at(at.process).seen(output) {
            info.add_out(bytes);
        }
        let unseen = Data::one(bytes, &[]);
        self.exchange_bytes(at, link, input, true, &unseen, bytes)
    }

    pub(super) fn send_file(&mut self, at: &At<'_>, out: Fd, input: Fd) -> Whose {
        self.moved.clear();
        let link = self.link_of(at, out);
        let Some(bytes) = at.outcome.returned().map(|n| n.max(0) as u64) else {
            match link {
                Some(link) => self.send_failed(at, link, out, 0),
                None => self.failed(at, Attempt::Send),
            }
            return self.whose(at, link);
        };
        self.totals.moved(at.name, bytes, bytes);
        if let Some(info) = self.processes.at(at.process).seen(input) {
            info.add_in(bytes);
        }
        if let Some(info) = self.processes.at(at.process).seen(out) {
            info.add_out(bytes);
        }
        let whose = self.whose(at, link);
        if bytes == 0 {
            self.notes.push(Note::FileEnd);
            return whose;
        }
        let mut done = false;
        if let Some(connection) = link.and_then(|link| self.connections.get_mut(link)) {
            self.bytes_out += bytes;
            if let Some((spent, started)) = connection.spent() {
                spend(spent, at, started, false);
            }
            connection.awake = self.threads.awake(at);
            let side = connection.side(false);
            self.moved.clear();
            let mut turn = Turn {
                now: at.now,
                last_id: &mut self.last_exchange,
                history: &mut self.history,
                moved: &mut self.moved,
            };
            connection.skip(side, bytes, &mut turn);
            done = self.moved.completed > 0;
        }
        let file = self.processes.at(at.process).get(input);
        match link {
            Some(_) => self.notes.push(Note::Sendfile(bytes, done)),
            None if file.is_some_and(|info| info.kind == FdKind::File) => {
                self.notes.push(Note::FileBytes(false));
            }
            None => {}
        }
        if self.moved.lost {
            self.notes.push(Note::FramingLost);
        }
        if let Some(link) = link {
            self.check_response(at, link, out, 0, bytes, None);
        }
        whose
    }

    /// The connection that a descriptor is. One that nobody saw opened becomes a connection when its
    /// first bytes are plainly HTTP.
    fn connection_for(
        &mut self,
        at: &At<'_>,
        fd: Fd,
        receiving: bool,
        data: &Data<'_>,
    ) -> Option<Link> {
        if let Some(link) = self.link_of(at, fd) {
            return Some(link);
        }
        if at.outcome.returned().is_none_or(|n| n <= 0) {
            return None;
        }
        let info = self.processes.at(at.process).seen(fd)?;
        let open_ended = match info.kind {
            FdKind::Unknown => info.number > 2,
            FdKind::Socket => true,
            _ => false,
        };
        if !open_ended {
            return None;
        }
        let first = data.pieces().find(|piece| !piece.is_empty())?;
        let client = match (
            starts_message(Side::Requests, first),
            starts_message(Side::Responses, first),
        ) {
            (true, _) => !receiving,
            (_, true) => receiving,
            (false, false) => return None,
        };
        let peer = info.peer.clone();
        let link = self.begin(at, client, peer.as_ref());
        if let Some(info) = self.processes.at(at.process).get_mut(fd) {
            info.kind = if client {
                FdKind::Client
            } else {
                FdKind::Connection
            };
            info.connection = Some(link.id);
            info.link = Some(link);
        }
        self.threads.works_for(at.thread, Some(link));
        Some(link)
    }

    /// A server that has said its last word reads on only to let the client finish: nothing of that is
    /// a request any more (RFC 9112 9.6).
    fn is_drained(&self, link: Link) -> bool {
        self.connections
            .get(link)
            .is_some_and(|c| c.said_no_more && !c.client)
    }

    /// Adds up bytes that came in and went out.
    fn count_bytes(&mut self, at: &At<'_>, link: Link, fd: Fd, (bytes_in, bytes_out): (u64, u64)) {
        self.totals.moved(at.name, bytes_in, bytes_out);
        self.bytes_in += bytes_in;
        self.bytes_out += bytes_out;
        if let Some(info) = self.processes.at(at.process).get_mut(fd) {
            info.add_in(bytes_in);
            info.add_out(bytes_out);
        }
        self.threads.works_for(at.thread, Some(link));
    }

    /// Bytes moved over a connection.
    fn exchange_bytes(
        &mut self,
        at: &At<'_>,
        link: Link,
        fd: Fd,
        receiving: bool,
        data: &Data<'_>,
        bytes: u64,
    ) -> Whose {
        let both = if receiving { (bytes, 0) } else { (0, bytes) };
        self.count_bytes(at, link, fd, both);
        let mark = self.threads.mark(at, self.processes.at(at.process).pid);
        let Some(connection) = self.connections.get_mut(link) else {
            return Whose::default();
        };
        connection.calls += 1;
        connection.touched = mark;
        let side = connection.side(receiving);
        let first = data.pieces().find(|piece| !piece.is_empty()).unwrap_or(&[]);
        connection.pick_up(side, first, at.now, &mut self.history);
        let fresh = connection.waiting.is_empty();
        match connection.waiting.front_mut() {
            Some(exchange) => exchange.calls.add(at.name),
            None => connection.early.add(at.name),
        }
        match connection.spent() {
            Some((spent, started)) => spend(spent, at, started, receiving),
            None => connection.early_spent = Spent::default(),
        }
        connection.awake = self.threads.awake(at);
        let before = connection.current();
        self.moved.clear();
        let mut turn = Turn {
            now: at.now,
            last_id: &mut self.last_exchange,
            history: &mut self.history,
            moved: &mut self.moved,
        };
        connection.take(side, Taken::new(data, bytes), &mut turn, &mut self.secrets);
        if fresh && (self.moved.heads > 0 || self.moved.completed > 0) {
            let early = std::mem::take(&mut connection.early);
            let spent = std::mem::take(&mut connection.early_spent);
            if let Some(exchange) = connection.waiting.front_mut() {
                exchange.calls = early;
                exchange.spent = spent;
            }
        }
        let again = side == Side::Requests
            && self.moved.heads > 0
            && connection.requests > self.moved.heads
            && !std::mem::replace(&mut connection.said_again, true);
        if self
            .moved
            .told()
            .iter()
            .any(|heard| heard.complete && heard.status == 101)
            || connection.response.protocol == Protocol::Upgraded
                && self.moved.recognised == Some(Protocol::Upgraded)
        {
            connection.request.upgrade();
        }
        let exchange = before.or(connection.current()).or(self
            .moved
            .told()
            .first()
            .map(|heard| heard.exchange));
        let way = match side {
            Side::Requests => Way::Request,
            Side::Responses => Way::Response,
        };
        say(&mut self.notes, &self.moved, way, bytes);
        if self.moved.recognised == Some(Protocol::Http)
            && side == Side::Responses
            && connection.request.protocol == Protocol::Tls
        {
            self.notes.push(Note::PlainPort);
        }
        let stream = connection.stream_mut(receiving);
        say_pending(&mut self.notes, stream, way);
        let (asked, client) = (self.moved.heads > 0, connection.client);
        if again {
            self.notes.push(Note::KeptAlive);
        }
        match (side, client) {
            (Side::Requests, false) => self.request_read(at, link, fd),
            (Side::Requests, true) if asked => self.client_asks(at, link),
            (Side::Requests, true) | (Side::Responses, _) => {}
        }
        Whose {
            connection: Some(link.id),
            exchange,
        }
    }

    /// The other end has said that nothing more comes (`man 2 read`: 0 is the end).
    fn end_of_input(&mut self, at: &At<'_>, link: Link) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        let client = connection.client;
        if connection.reset {
            self.notes.push(Note::AfterReset);
            return;
        }
        self.moved.clear();
        let mut turn = Turn {
            now: at.now,
            last_id: &mut self.last_exchange,
            history: &mut self.history,
            moved: &mut self.moved,
        };
        let proper = connection.other_end_closed(&mut turn);
        let cut = match (proper, client) {
            (true, false) => None,
            (true, true) if connection.waiting.is_empty() => None,
            (_, true) => Some(Way::Response),
            (false, false) => Some(Way::Request),
        };
        self.notes.push(Note::Eof { client, cut });
    }

    fn receive_failed(&mut self, at: &At<'_>, link: Link, fd: Fd, flags: u32) {
        let Outcome::Failed(errno) = at.outcome else {
            return;
        };
        let timeout = self
            .processes
            .at(at.process)
            .get(fd)
            .map_or(0, |info| info.receive_timeout);
        if errno == EAGAIN && self.was_asleep(at, fd, flags, timeout) {
            if let Some(connection) = self.connections.get_mut(link) {
                connection.gave_up = true;
            }
            self.notes.push(Note::GaveUp(timeout));
            return;
        }
        if errno == ECONNRESET
            && let Some(connection) = self.connections.get_mut(link)
        {
            connection.reset = true;
        }
        if let Some(connection) = self.connections.get_mut(link) {
            connection.watched.tried = true;
            // It looked whether more has come since it said its last word.
            connection.watched.shut = connection.watched.shut.map(|_| (0, 0));
        }
        self.spent_in_vain(at, link, errno, true);
        self.failed(at, Attempt::Receive);
    }

    /// A call that moved nothing took its time all the same.
    fn spent_in_vain(&mut self, at: &At<'_>, link: Link, errno: Errno, receiving: bool) {
        let Some(connection) = self.connections.get_mut(link) else {
            return;
        };
        connection.awake = self.threads.awake(at);
        if let Some((spent, started)) = connection.spent() {
            spend(spent, at, started, receiving);
            spent.again += u32::from(errno == EAGAIN);
        }
    }

    fn send_failed(&mut self, at: &At<'_>, link: Link, fd: Fd, flags: u32) {
        let Outcome::Failed(errno) = at.outcome else {
            self.notes.push(Note::NoReturn);
            // If SIGPIPE kills this process next, that was EPIPE.
            return self.may_have_been_broken(at, link);
        };
        let timeout = self
            .processes
            .at(at.process)
            .get(fd)
            .map_or(0, |info| info.send_timeout);
        if errno == EAGAIN && self.was_asleep(at, fd, flags, timeout) {
            self.write_failed(at, link, ETIMEDOUT);
            self.notes.push(Note::GaveUpSending(timeout));
            return;
        }
        if errno == ECONNRESET
            && let Some(connection) = self.connections.get_mut(link)
        {
            connection.reset = true;
        }
        self.write_failed(at, link, errno);
        self.spent_in_vain(at, link, errno, false);
        self.failed(at, Attempt::Send);
    }

    /// EAGAIN means two things: "I would have to wait" on a descriptor that never waits, and "your time
    /// is over" on one that does (`man 7 socket`, SO_RCVTIMEO).
    fn was_asleep(&mut self, at: &At<'_>, fd: Fd, flags: u32, timeout: u64) -> bool {
        let Some(info) = self.processes.at(at.process).get(fd) else {
            return false;
        };
        let never_waits = info.nonblocking || flags & DONTWAIT != 0;
        !at.injected && !never_waits && (timeout > 0 || at.now - at.enter > WAITED)
    }

    /// Bytes from something that is no connection.
    fn receive_elsewhere(&mut self, at: &At<'_>, fd: Fd, moved: Option<u64>) -> Whose {
        let Some(bytes) = moved else {
            self.failed(at, Attempt::Other);
            return Whose::default();
        };
        self.totals.moved(at.name, bytes, 0);
        let Some(info) = self.processes.at(at.process).seen(fd) else {
            return Whose::default();
        };
        info.add_in(bytes);
        if info.kind != FdKind::File {
            return Whose::default();
        }
        let owner = info.owner;
        // By its name, or because the head that went out promised as many bytes as it has.
        let promised = |exchange: &Exchange| {
            let length = info.size.map(Framing::ContentLength);
            exchange.status != 0 && length.is_some() && exchange.answer_framing == length
        };
        let connection = owner.and_then(|link| self.connections.get(link));
        let is_body =
            info.asked_for || connection.is_some_and(|c| c.waiting.front().is_some_and(promised));
        self.notes.push(match bytes {
            0 => Note::FileEnd,
            _ => Note::FileBytes(is_body),
        });
        self.whose(at, owner)
    }

    /// Secrets in bytes that were offered or shown, from `from` on, and did not move.
    pub(super) fn preview(&mut self, whose: Option<(Link, bool)>, data: &Data<'_>, from: u64) {
        let stream =
            whose.and_then(|(link, receiving)| Some(self.connections.get(link)?.stream(receiving)));
        let mut preview = stream.map_or_else(Preview::unknown, Stream::preview);
        let (mut passed, mut at) = (0, 0);
        for (len, kept) in data.spread() {
            let skip = from.saturating_sub(passed).min(kept.len() as u64);
            preview.scan(&kept[skip as usize..], at + skip, &mut self.secrets);
            passed += len;
            at += kept.len() as u64;
        }
    }
}

/// Adds the time of a call to where it went, as far as the exchange had begun.
fn spend(spent: &mut Spent, at: &At<'_>, started: u64, receiving: bool) {
    let dur = at.now.saturating_sub(at.enter.max(started));
    match receiving {
        true => spent.receiving += dur,
        false => spent.sending += dur,
    }
}

/// The first bytes that a call moved.
fn beginning(data: &Data<'_>, moved: u64) -> Text {
    let mut text = Text::EMPTY;
    let mut left = moved;
    for piece in data.pieces() {
        let take = (piece.len() as u64).min(left) as usize;
        text.push(&piece[..take]);
        left -= take as u64;
    }
    text
}

/// The parts of what a call offered that the kernel took.
struct Taken<I> {
    parts: I,
    left: u64,
}

impl<'a> Taken<()> {
    fn new(data: &Data<'a>, bytes: u64) -> Taken<impl Iterator<Item = (u64, &'a [u8])>> {
        Taken {
            parts: data.spread(),
            left: bytes,
        }
    }
}

impl<'a, I: Iterator<Item = (u64, &'a [u8])>> Iterator for Taken<I> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        if self.left == 0 {
            return None;
        }
        // Bytes that the call moved beyond all parts were not kept at all.
        let (len, kept) = self.parts.next().unwrap_or((self.left, &[]));
        let len = len.min(self.left);
        self.left -= len;
        Some((len, kept))
    }
}
