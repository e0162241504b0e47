//! Connections: two streams of one socket, and the exchanges that go over them.
//!
//! In: bytes that calls moved. Out: a [`Heard`] for each call: which messages began, went on and
//! ended in it. What to say about that is `interpret`'s part, how to say it is `words`'.

use super::ears::{Begun, RequestEar, ResponseEar};
use super::exchange::{CallCounts, Exchange, Fate, History, Spent};
use super::findings::Watched;
use super::joins::{Purpose, ReadBy};
use super::leaks::Mark;
use super::stream::{Protocol, Side, Stream, starts_message};
use super::text::Text;
use super::waiting::Awake;
use super::{ConnectionId, ExchangeId};
use crate::event::call::Data;
use crate::http::{Framing, Refusal};
use std::collections::VecDeque;

/// How many messages of one call are told one by one.
pub(super) const TOLD: usize = 3;

/// So many requests may wait for their answers on one connection; of more, the oldest counts as
/// unanswered. A client that pipelines more is not after answers.
const MOST_WAITING: usize = 1024;

/// A connection's place, and its number to notice that the place was given away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Place in the table of connections.
    pub(super) slot: u32,
    /// Its number.
    pub id: ConnectionId,
}

/// One accepted or connected socket, from birth to last close.
#[derive(Debug)]
pub struct Connection {
    /// c1, c2, …
    pub id: ConnectionId,
    /// We are its client: requests go out.
    pub client: bool,
    /// Who is at the other end; empty when nobody said.
    pub peer: Text,
    /// How many descriptors, over all processes, hold it.
    pub holders: u32,
    /// Files opened on its behalf that are open still.
    pub open_files: u32,
    /// Requests whose head was seen.
    pub requests: u32,
    /// Requests that were answered whole.
    pub answered: u32,
    /// Calls made on it.
    pub calls: u64,
    /// When it was made, in nanoseconds since watching began.
    pub opened: u64,
    /// The other end has said that nothing more comes.
    pub ended: bool,
    /// The other end broke it off.
    pub reset: bool,
    /// We gave up waiting.
    pub gave_up: bool,
    /// We have said that nothing more comes from us.
    pub said_no_more: bool,
    /// It was said that it is kept alive.
    pub(super) said_again: bool,
    /// Requests.
    pub request: Stream,
    /// Responses.
    pub response: Stream,
    /// Exchanges that have begun and not ended, the oldest first.
    pub waiting: VecDeque<Exchange>,
    /// Calls that brought parts of a request whose head is not complete.
    pub(super) early: CallCounts,
    /// Where the time went since the first byte of such a request.
    pub(super) early_spent: Spent,
    /// Who used it last.
    pub(super) touched: Mark,
    /// The thread that had to do with it last, how long it had slept then in epoll, poll or select, and when.
    pub(super) awake: Awake,
    /// The exchange of a request that was answered before its head was complete.
    answered_early: Option<ExchangeId>,
    /// Whom to look for among other connections.
    pub(super) host: Option<[u8; 16]>,
    /// What findings are made from.
    pub(super) watched: Watched,
    /// Who read its last request, where we are the server.
    pub(super) read_by: Option<ReadBy>,
    /// What it was made for, where we are its client, until its first request.
    pub(super) purpose: Option<Purpose>,
    /// It goes to a listener of the same process.
    pub(super) talks_to_us: bool,
    /// When the first byte of the present request came.
    pub(super) started: u64,
}

/// One message, as far as one call moved it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Heard {
    /// Its exchange.
    pub exchange: ExchangeId,
    /// The start line, when its head became complete in this call: for a request method and target,
    /// for a response the reason.
    pub line: Option<Text>,
    /// Bytes of the head, when it became complete in this call.
    pub head: u64,
    /// The digit after `HTTP/1.`.
    pub minor: u8,
    /// The status of a response.
    pub status: u16,
    /// Body bytes in this call.
    pub body: u64,
    /// Body bytes in all.
    pub body_so_far: u64,
    /// How the length of the body is known.
    pub framing: Option<Framing>,
    /// It is complete.
    pub complete: bool,
    /// How many calls it has taken up to now.
    pub pieces: u32,
    /// It answers HEAD.
    pub to_head: bool,
    /// It is a request that waits for `100 Continue`.
    pub expects_continue: bool,
}

/// What one call moved.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved {
    /// The first messages.
    pub told: [Heard; TOLD],
    /// How many messages took part.
    pub count: u32,
    /// How many heads became complete.
    pub heads: u32,
    /// How many became complete.
    pub completed: u32,
    /// The rule that was broken.
    pub refusal: Option<Refusal>,
    /// Bytes that nobody kept went out behind the end of a response.
    pub beyond: u64,
    /// Bytes are missing and the framing is lost from here.
    pub lost: bool,
    /// The direction was recognised as something else than HTTP in this call.
    pub recognised: Option<Protocol>,
    /// The bytes are of something that is not HTTP, as was said before.
    pub raw: bool,
}

impl Moved {
    pub(super) fn clear(&mut self) {
        let told = (self.count as usize).min(TOLD);
        self.told[..told].fill(Heard::default());
        self.count = 0;
        self.heads = 0;
        self.completed = 0;
        self.refusal = None;
        self.beyond = 0;
        self.lost = false;
        self.recognised = None;
        self.raw = false;
    }

    /// The messages that are told one by one.
    pub(super) fn told(&self) -> &[Heard] {
        &self.told[..(self.count as usize).min(TOLD)]
    }

    pub(super) fn begin(&mut self) -> Option<&mut Heard> {
        self.count += 1;
        self.told.get_mut(self.count as usize - 1)
    }

    pub(super) fn current(&mut self) -> Option<&mut Heard> {
        if self.count == 0 {
            self.count = 1;
        }
        self.told.get_mut(self.count as usize - 1)
    }
}

/// The table of connections. Places, and the buffers in them, are used again.
#[derive(Debug, Default)]
pub struct Connections {
    slots: Vec<Connection>,
    free: Vec<u32>,
    /// How many there have been.
    pub count: u32,
    /// How many are open.
    pub open: u32,
}

impl Connections {
    pub(super) fn begin(&mut self, client: bool, peer: Text, now: u64) -> Link {
        self.count += 1;
        self.open += 1;
        let id = ConnectionId(self.count);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize].renew(id, client, peer, now);
                slot
            }
            None => {
                self.slots.push(Connection::new(id, client, peer, now));
                self.slots.len() as u32 - 1
            }
        };
        Link { slot, id }
    }

    /// The connection, unless it is over and its place was given to another.
    #[inline]
    pub(super) fn get_mut(&mut self, link: Link) -> Option<&mut Connection> {
        self.slots
            .get_mut(link.slot as usize)
            .filter(|c| c.id == link.id && c.holders > 0)
    }

    /// The connection of a descriptor.
    #[inline]
    pub fn get(&self, link: Link) -> Option<&Connection> {
        self.slots
            .get(link.slot as usize)
            .filter(|c| c.id == link.id && c.holders > 0)
    }

    /// One holder less. When it was the last one, unfinished exchanges go into history.
    pub(super) fn release(&mut self, link: Link, now: u64, history: &mut History) {
        let Some(connection) = self.get_mut(link) else {
            return;
        };
        connection.holders -= 1;
        if connection.holders == 0 {
            connection.finish(now, history);
            self.open -= 1;
            self.free.push(link.slot);
        }
    }

    /// Those that are open.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slots.iter().filter(|c| c.holders > 0)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.slots.iter_mut().filter(|c| c.holders > 0)
    }
}

impl Connection {
    fn new(id: ConnectionId, client: bool, peer: Text, opened: u64) -> Connection {
        Connection {
            id,
            client,
            peer,
            holders: 1,
            open_files: 0,
            requests: 0,
            answered: 0,
            calls: 0,
            opened,
            ended: false,
            reset: false,
            gave_up: false,
            said_no_more: false,
            said_again: false,
            request: Stream::new(Side::Requests),
            response: Stream::new(Side::Responses),
            waiting: VecDeque::new(),
            early: CallCounts::default(),
            early_spent: Spent::default(),
            touched: Mark::default(),
            awake: Awake::default(),
            answered_early: None,
            host: None,
            watched: Watched::default(),
            read_by: None,
            purpose: None,
            talks_to_us: false,
            started: opened,
        }
    }

    fn renew(&mut self, id: ConnectionId, client: bool, peer: Text, opened: u64) {
        self.id = id;
        self.client = client;
        self.peer = peer;
        self.holders = 1;
        self.open_files = 0;
        self.requests = 0;
        self.answered = 0;
        self.calls = 0;
        self.opened = opened;
        self.ended = false;
        self.reset = false;
        self.gave_up = false;
        self.said_no_more = false;
        self.said_again = false;
        self.request.reset();
        self.response.reset();
        self.waiting.clear();
        self.early = CallCounts::default();
        self.early_spent = Spent::default();
        self.touched = Mark::default();
        self.awake = Awake::default();
        self.answered_early = None;
        self.host = None;
        self.watched = Watched::default();
        self.read_by = None;
        self.purpose = None;
        self.talks_to_us = false;
        self.started = opened;
    }

    /// Which stream a direction is.
    #[inline]
    pub fn side(&self, receiving: bool) -> Side {
        if receiving == self.client {
            Side::Responses
        } else {
            Side::Requests
        }
    }

    /// The stream of a direction.
    #[inline]
    pub fn stream(&self, receiving: bool) -> &Stream {
        match self.side(receiving) {
            Side::Requests => &self.request,
            Side::Responses => &self.response,
        }
    }

    pub(super) fn stream_mut(&mut self, receiving: bool) -> &mut Stream {
        match self.side(receiving) {
            Side::Requests => &mut self.request,
            Side::Responses => &mut self.response,
        }
    }

    /// Where time goes just now: the oldest exchange that is not answered, else a request that has begun; with
    /// when it began.
    pub(super) fn spent(&mut self) -> Option<(&mut Spent, u64)> {
        match self.waiting.front_mut() {
            Some(exchange) => Some((&mut exchange.spent, exchange.started)),
            None if !self.request.is_idle() => Some((&mut self.early_spent, self.started)),
            None => None,
        }
    }

    /// The exchange that is going on: the oldest that is not answered.
    #[inline]
    pub fn current(&self) -> Option<ExchangeId> {
        self.waiting.front().map(|exchange| exchange.id)
    }

    /// The exchange that is going on, or the last one that was answered.
    pub(super) fn latest(&self) -> Option<ExchangeId> {
        self.current().or(self.watched.last.map(|(id, ..)| id))
    }

    /// Nothing ever came or went over it.
    pub fn is_silent(&self) -> bool {
        self.request.bytes == 0 && self.response.bytes == 0
    }

    /// Requests that nobody reads any more: only their secrets are looked for.
    pub(super) fn pass_by(&mut self, data: &Data<'_>, hidden: &mut Vec<(u64, u64)>) {
        let mut at = 0;
        for (_, kept) in data.spread() {
            self.request.pass_by(kept, at, hidden);
            at += kept.len() as u64;
        }
    }

    /// Takes the bytes of one call in one direction: pieces with how many there were and those that
    /// were kept. `hidden` is given the ranges of secrets.
    pub(super) fn take<'b>(
        &mut self,
        side: Side,
        pieces: impl Iterator<Item = (u64, &'b [u8])>,
        turn: &mut Turn<'_>,
        hidden: &mut Vec<(u64, u64)>,
    ) {
        let before = match side {
            Side::Requests => self.request.protocol,
            Side::Responses => self.response.protocol,
        };
        let mut at = 0;
        for (len, kept) in pieces {
            let kept = &kept[..kept.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
            self.pick_up(side, kept, turn.now, turn.history);
            let result = match side {
                Side::Requests => {
                    self.requests(turn, |stream, ear| stream.feed(kept, at, ear, hidden))
                }
                Side::Responses => {
                    self.responses(turn, |stream, ear| stream.feed(kept, at, ear, hidden))
                }
            };
            if result.is_err() {
                let stream = match side {
                    Side::Requests => &self.request,
                    Side::Responses => &self.response,
                };
                // The head was told, and where its body ends cannot be.
                turn.moved.lost |= stream.is_lost() && stream.in_body;
            }
            turn.moved.refusal = turn.moved.refusal.or(result.err());
            let gap = len - kept.len() as u64;
            if gap > 0 {
                self.skip(side, gap, turn);
            }
            at += kept.len() as u64;
        }
        self.count_untold(side, turn.history);
        let after = match side {
            Side::Requests => self.request.protocol,
            Side::Responses => self.response.protocol,
        };
        let behind = self.response.surplus > 0 && self.watched.last.is_some();
        if side == Side::Responses
            && turn.moved.refusal.is_some()
            && !behind
            && let Some(exchange) = self.waiting.front_mut()
        {
            exchange.first_byte.get_or_insert(turn.now);
        }
        while self.waiting.len() > MOST_WAITING {
            self.end_first(Fate::Unanswered, turn.now, turn.history);
        }
        if before != after && before != Protocol::Lost {
            turn.moved.recognised = Some(after);
        }
        turn.moved.raw = before == after && after.is_foreign();
    }

    /// Bytes moved that nobody kept.
    pub(super) fn skip(&mut self, side: Side, bytes: u64, turn: &mut Turn<'_>) {
        let known = match side {
            Side::Requests => self.requests(turn, |stream, ear| stream.skip(bytes, false, ear)),
            Side::Responses => {
                let nobody_asked = self.waiting.is_empty()
                    && self.watched.last.is_some()
                    && self.request.is_idle();
                let known =
                    self.responses(turn, |stream, ear| stream.skip(bytes, nobody_asked, ear));
                turn.moved.beyond += self.response.surplus;
                known
            }
        };
        turn.moved.lost |= !known;
        self.count_untold(side, turn.history);
    }

    /// A message begins behind one whose end could not be told, or its client asks again: that is over.
    pub(super) fn pick_up(&mut self, side: Side, kept: &[u8], now: u64, history: &mut History) {
        if side == Side::Requests && self.request.picks_up(kept) {
            self.answered_early = None;
            self.request.untold = 0;
        }
        // Whoever answers the next request has ended the body that was to end with the connection.
        if side == Side::Responses
            && self.response.runs_until_close()
            && self.waiting.len() > 1
            && starts_message(side, kept)
        {
            self.response.lose();
        }
        let over = match side {
            Side::Responses => self.response.picks_up(kept),
            Side::Requests => {
                self.response.is_lost()
                    && starts_message(side, kept)
                    && self.waiting.front().is_some_and(|exchange| exchange.asked)
            }
        };
        if over {
            self.give_up_response(now, history);
        }
    }

    /// Bytes that no message was told of belong to the exchange that is going on all the same.
    fn count_untold(&mut self, side: Side, history: &mut History) {
        match side {
            Side::Requests => {
                if let Some(exchange) = self.waiting.back_mut().filter(|e| !e.asked) {
                    exchange.bytes_in += std::mem::take(&mut self.request.untold);
                }
            }
            Side::Responses => {
                let untold = std::mem::take(&mut self.response.untold);
                if self.response.surplus > 0
                    && let Some((id, ..)) = self.watched.last
                {
                    history.behind(id, untold);
                } else if let Some(exchange) = self.waiting.front_mut() {
                    exchange.bytes_out += untold;
                }
            }
        }
    }

    /// Where the present response ends cannot be told: the next one answers the next request.
    fn give_up_response(&mut self, now: u64, history: &mut History) {
        if self
            .waiting
            .front()
            .is_some_and(|exchange| exchange.first_byte.is_some())
        {
            self.answered += 1;
            self.end_first(Fate::Lost, now, history);
        }
    }

    fn end_first(&mut self, fate: Fate, now: u64, history: &mut History) {
        if let Some(mut exchange) = self.waiting.pop_front() {
            exchange.end(now, fate);
            history.push(exchange);
        }
    }

    fn requests<T>(
        &mut self,
        turn: &mut Turn<'_>,
        act: impl FnOnce(&mut Stream, &mut RequestEar<'_>) -> T,
    ) -> T {
        if self.request.is_idle() {
            self.started = turn.now;
        }
        let mut ear = RequestEar {
            connection: self.id,
            waiting: &mut self.waiting,
            requests: &mut self.requests,
            pieces: self.request.pieces + 1,
            started: &mut self.started,
            now: turn.now,
            last_id: turn.last_id,
            watched: &mut self.watched,
            early: &mut self.answered_early,
            moved: turn.moved,
        };
        act(&mut self.request, &mut ear)
    }

    fn responses<T>(
        &mut self,
        turn: &mut Turn<'_>,
        act: impl FnOnce(&mut Stream, &mut ResponseEar<'_>) -> T,
    ) -> T {
        let begun = self.begun();
        let mut ear = ResponseEar {
            connection: self.id,
            waiting: &mut self.waiting,
            answered: &mut self.answered,
            now: turn.now,
            last_id: turn.last_id,
            history: turn.history,
            watched: &mut self.watched,
            begun,
            requests: &mut self.requests,
            early: &mut self.answered_early,
            moved: turn.moved,
        };
        act(&mut self.response, &mut ear)
    }

    /// The request that is begun and that no exchange was made of yet.
    fn begun(&self) -> Option<Begun> {
        if !self.waiting.is_empty() || self.answered_early.is_some() || self.response.in_body {
            return None;
        }
        let what = self.request.beginning()?;
        Some(Begun {
            what,
            bytes: self.request.pending().len() as u64 + self.request.untold,
            pieces: self.request.pieces,
            calls: self.early,
            started: self.started,
        })
    }

    /// No more bytes come from the other end. True when nothing was cut short by that.
    pub(super) fn other_end_closed(&mut self, turn: &mut Turn<'_>) -> bool {
        self.ended = true;
        match self.client {
            true => self.responses(turn, |stream, ear| stream.close(ear)),
            false => self.requests(turn, |stream, ear| stream.close(ear)),
        }
    }

    /// The last holder has closed it.
    fn finish(&mut self, now: u64, history: &mut History) {
        let mut moved = Moved::default();
        let mut last_id = 0;
        let mut turn = Turn {
            now,
            last_id: &mut last_id,
            history,
            moved: &mut moved,
        };
        self.responses(&mut turn, |stream, ear| stream.close(ear));
        while let Some(exchange) = self.waiting.front() {
            let begun = exchange.first_byte.is_some();
            let fate = match begun {
                true if self.response.is_lost() => Fate::Lost,
                true => Fate::Cut,
                false => Fate::Unanswered,
            };
            self.end_first(fate, now, history);
        }
    }
}

/// What a call brings along beside its bytes.
pub(super) struct Turn<'s> {
    /// When it ended.
    pub now: u64,
    /// The last exchange number given.
    pub last_id: &'s mut u32,
    /// Where exchanges go that have ended.
    pub history: &'s mut History,
    /// What is said about the call.
    pub moved: &'s mut Moved,
}
