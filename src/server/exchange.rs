//! What the models share: bytes that arrived become answers that wait to be sent.
//!
//! In: what a `read` brought, or that it brought nothing in time, or the end. Out: the client's
//! [`Outgoing`] bytes and when to give up waiting. The calls in here are those for files; reading
//! from, writing to and waiting for clients is what the models do, each in its own way.

use super::answer::{Reuse, Stamp};
use super::budget::Charge;
use super::connection::{Connection, Input, Next, Request, Stage};
use super::log::LogRecord;
use super::metrics::{Batch, Counter, OpenConnection};
use super::pages;
use super::routes::{self, Method, Reply};
use super::send::{After, Outgoing};
use super::site::Site;
use super::stop::Ear;
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::http::Refusal;
use crate::kernel::clock;
use crate::kernel::{Kernel, Probe};
use std::sync::Arc;
use std::time::Duration;

/// Answers up to this size fit into the kernel's buffers and are not charged for.
const SOON: usize = 16 << 10;

/// One accepted connection: what is known of it while nothing is under way.
#[derive(Debug)]
pub struct Client {
    /// Its descriptor.
    pub fd: Fd,
    /// Who is at the other end.
    pub peer: Address,
    /// Which connection since the server started, from 1.
    pub number: u64,
    /// Answers so far.
    pub exchanges: u64,
    /// The number of the request under way, over all connections, as a trace counts; 0 while it has none.
    request: u64,
    /// When to give up waiting, in nanoseconds of [`clock::now`].
    pub deadline: u64,
    /// Add the machine's own count to have the offset from the connection's first byte: a desk
    /// counts on while it is lent to one connection after another.
    base: u64,
    /// What the deadline is for.
    waiting: (Stage, u64),
    /// When the request under way began.
    began: u64,
    /// Counts this connection as open.
    _open: OpenConnection,
}

/// The memory that an exchange needs while it is under way. A thread owns one or more and lends
/// them to connections that have something unfinished.
#[derive(Debug)]
pub struct Desk {
    /// The state machine.
    pub connection: Connection,
    /// Answers on their way.
    pub out: Outgoing,
    pub(super) charge: Charge,
}

impl Desk {
    /// Nothing is under way.
    #[inline]
    pub fn is_clear(&self) -> bool {
        self.connection.is_idle() && self.out.is_empty() && self.out.after == After::Keep
    }
}

/// A serving thread: its way to the kernel, and what it keeps from one exchange to the next.
#[derive(Debug)]
pub struct Worker<P: Probe> {
    /// Every call goes through here.
    pub kernel: Kernel<P>,
    /// What all threads share.
    pub site: Arc<Site>,
    /// Hears of the end.
    pub ear: Ear,
    /// `Date`, and what else is the same for a second.
    pub stamp: Stamp,
    /// [`clock::now`] when the last call that waits returned.
    pub now: u64,
    /// Room for a file's path.
    pub(super) path: Vec<u8>,
    /// Where this thread counts what it does.
    pub(super) counter: Counter,
    /// Answers that are ready and not counted yet.
    batch: Batch,
}

impl<P: Probe> Worker<P> {
    /// The calling thread as a worker.
    pub fn new(kernel: Kernel<P>, site: Arc<Site>) -> Worker<P> {
        let stamp = Stamp::new(site.config.clock);
        let ear = site.stop.listen();
        Worker {
            kernel,
            counter: match site.config.io.is_event_driven() {
                true => site.metrics.lasting_counter(),
                false => site.metrics.counter(),
            },
            batch: Batch::default(),
            site,
            ear,
            stamp,
            now: clock::now(),
            path: Vec::new(),
        }
    }

    /// A desk with nothing on it.
    pub fn desk(&self) -> Desk {
        Desk {
            connection: Connection::new(self.site.limits()),
            out: Outgoing::counted(self.counter.clone()),
            charge: Charge::default(),
        }
    }

    /// Looks at the clock: call after every call that may have waited.
    #[inline]
    pub fn tick(&mut self) {
        self.now = clock::now();
        self.stamp.refresh(self.site.config.clock);
    }

    /// The number of a connection that this thread has just accepted: take it before another is accepted,
    /// so that the log counts as a trace does.
    pub fn number(&self) -> u64 {
        self.site.number_connection()
    }

    /// A connection was accepted.
    pub fn welcome(&mut self, fd: Fd, peer: Address) -> Client {
        let number = self.number();
        self.welcome_as(number, fd, peer)
    }

    /// The same, for a connection that was numbered where it was accepted.
    pub fn welcome_as(&mut self, number: u64, fd: Fd, peer: Address) -> Client {
        let config = &self.site.config;
        let patience = match config.io.has_one_seat() {
            true => config.first_byte_timeout.min(config.idle_timeout),
            false => config.idle_timeout,
        };
        let deadline = self.now.saturating_add(patience.as_nanos() as u64);
        Client {
            fd,
            peer,
            number,
            exchanges: 0,
            request: 0,
            deadline,
            base: 0,
            waiting: (Stage::Between, 0),
            began: self.now,
            _open: self.counter.connection(),
        }
    }

    /// Lends a clear desk to a connection.
    #[inline]
    pub fn lend(&self, desk: &Desk, client: &mut Client) {
        client.base = client.base.wrapping_sub(desk.connection.offset());
    }

    /// Takes a clear desk back.
    #[inline]
    pub fn take_back(&self, desk: &Desk, client: &mut Client) {
        client.base = client.base.wrapping_add(desk.connection.offset());
    }

    /// Takes in what arrived (or, with no fresh bytes, what was kept) and answers every request that
    /// is complete, as long as there is room for answers.
    #[inline]
    pub fn take(&mut self, desk: &mut Desk, client: &mut Client, fresh: &[u8]) {
        if desk.connection.is_idle() {
            client.began = self.now;
        }
        if !fresh.is_empty() {
            self.counter.received(fresh.len());
        }
        let mut store = desk.connection.take_held();
        let from_store = !store.is_empty();
        if from_store {
            store.extend_from_slice(fresh);
        }
        let mut input = Input {
            bytes: if from_store { &store } else { fresh },
            at: 0,
        };
        while desk.out.has_room() {
            match desk.connection.next(&mut input) {
                Next::Read => break,
                Next::Request => self.answer(desk, client, &input),
                Next::Body => self.judge_body(desk, client, &input),
                Next::Continue => {
                    desk.out
                        .bytes()
                        .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                    break;
                }
                Next::Refused(refusal) => self.refuse(desk, client, &input, refusal),
            }
        }
        let at = input.at;
        let unread = at < input.bytes.len();
        desk.connection.keep(store, fresh, at, from_store);
        if desk.out.after == After::Close && unread {
            // Requests behind the last one that is answered: nobody will read what follows them.
            desk.out.after = After::Linger;
        }
        self.follow(desk, client);
        self.weigh(desk, client);
    }

    /// Counts how long the answers took that have become ready since the last time. Call it when they
    /// have, at the latest before the next call that waits for clients.
    #[inline]
    pub fn count_durations(&mut self) {
        let Worker { batch, counter, .. } = self;
        batch.finish(|began, count| counter.took(count, clock::now().saturating_sub(began)));
    }

    /// One more answer is ready.
    #[inline]
    fn note_answer(&mut self, client: &Client, status: u16) {
        let Worker { batch, counter, .. } = self;
        counter.answer(status);
        batch.add(client.began, |began, count| {
            counter.took(count, clock::now().saturating_sub(began));
        });
    }

    /// Counts an answer. True for the last one of `--max-requests`, which also ends the server.
    #[inline]
    fn count_request(&self) -> bool {
        let last = self.site.count_request();
        if last {
            self.ear.ask_to_stop();
        }
        last
    }

    fn answer(&mut self, desk: &mut Desk, client: &mut Client, input: &Input<'_>) {
        let last = self.count_request();
        client.exchanges += 1;
        let request = desk.connection.request(input);
        let reuse = self.reuse(&request, last);
        let reply = routes::answer(self, client, request, reuse, &mut desk.out);
        self.note_answer(client, reply.status);
        if reuse == Reuse::Close {
            desk.out.after = After::Close;
        }
        if self.site.log.is_some() {
            self.number_request(client);
            self.log(client, Some(request), reply);
            client.request = 0;
        }
        if reply.body_follows {
            desk.out.then_memory(desk.connection.take_body());
        }
        desk.connection.answered();
        if reuse == Reuse::Close {
            desk.connection.finish();
        }
    }

    #[inline]
    fn reuse(&self, request: &Request<'_>, last: bool) -> Reuse {
        let stays = request.head.keep_alive && self.site.config.keeps_alive();
        match stays && !last && !self.site.stop.is_requested() {
            false => Reuse::Close,
            true if request.head.version.minor == 0 => Reuse::Agreed,
            true => Reuse::Usual,
        }
    }

    /// A head with a body behind it: keep the body, let it pass, or say at once that it is not wanted.
    fn judge_body(&mut self, desk: &mut Desk, client: &mut Client, input: &Input<'_>) {
        self.number_request(client);
        let request = desk.connection.request(input);
        // RFC 9110 10.1.1: a client that waits may get its final answer instead of the 100.
        if request.head.expects_continue && routes::method(&request) == Method::Unknown {
            self.end_with(desk, client, 501, |page| {
                pages::short(501, "this server does not know the method", page);
            });
        } else if routes::wants_body(&request) {
            desk.connection.keep_body();
        }
    }

    /// Gives the request under way its number, unless it has one: a trace numbers a request when its head
    /// is complete, and an answer to what never became one when it is written. Only a log asks for it.
    #[inline]
    fn number_request(&self, client: &mut Client) {
        if self.site.log.is_some() && client.request == 0 {
            client.request = self.site.number_request();
        }
    }

    /// A rule is broken: the answer says which, and the connection ends (HTTP-RULES 41).
    fn refuse(
        &mut self,
        desk: &mut Desk,
        client: &mut Client,
        input: &Input<'_>,
        refusal: Refusal,
    ) {
        let status = if refusal.code.status == 0 {
            400
        } else {
            refusal.code.status
        };
        let refusal = Refusal {
            offset: refusal.offset.wrapping_add(client.base),
            ..refusal
        };
        let is_head = desk.connection.refused_head(input);
        self.end_with(desk, client, status, |page| {
            if !is_head {
                pages::refused(status, &refusal, page);
            }
        });
    }

    /// The last answer of a connection whose input was not read to its end.
    fn end_with(
        &mut self,
        desk: &mut Desk,
        client: &mut Client,
        status: u16,
        page: impl FnOnce(&mut Vec<u8>),
    ) {
        self.count_request();
        client.exchanges += 1;
        let mut body = Vec::new();
        page(&mut body);
        let head = routes::own(status, body.len(), super::answer::PLAIN, Reuse::Close);
        head.write(&self.stamp, desk.out.bytes());
        desk.out.bytes().extend_from_slice(&body);
        desk.out.after = After::Linger;
        desk.connection.finish();
        self.note_answer(client, status);
        self.number_request(client);
        self.log(
            client,
            None,
            Reply {
                status,
                bytes: body.len() as u64,
                body_follows: false,
            },
        );
        client.request = 0;
    }

    /// The client will send no more. What was complete is answered already (HTTP-RULES 42).
    pub fn end_of_input(&mut self, desk: &mut Desk, client: &mut Client) {
        if desk.connection.is_cut_here() {
            self.end_with(desk, client, 400, |page| {
                pages::short(
                    400,
                    "the connection ended inside a request; nothing of it was done",
                    page,
                );
            });
        }
        desk.connection.finish();
        desk.out.after = After::Close;
    }

    /// The client's time is up: 408 inside a request, silence between requests (HTTP-RULES 44).
    pub fn time_is_up(&mut self, desk: &mut Desk, client: &mut Client) {
        if !desk.out.is_empty() {
            desk.out.after = After::Abort;
        } else if desk.connection.is_cut_here() {
            self.end_with(desk, client, 408, |page| {
                pages::short(408, "the rest of the request did not come in time", page);
            });
        } else {
            desk.out.after = After::Close;
        }
        desk.connection.finish();
    }

    /// Sets the deadline when a connection begins to wait for something else.
    #[inline]
    fn follow(&mut self, desk: &Desk, client: &mut Client) {
        let waiting = (desk.connection.stage(), client.exchanges);
        if waiting == client.waiting {
            return;
        }
        client.waiting = waiting;
        let config = &self.site.config;
        let patience = match waiting.0 {
            Stage::Between => config.idle_timeout,
            Stage::Head => config.head_timeout,
            Stage::Body | Stage::Whole | Stage::Over => config.body_timeout,
        };
        client.deadline = self.now.saturating_add(patience.as_nanos() as u64);
    }

    /// Some of an answer was taken by the client, and more is to come: it has that long again.
    pub fn made_progress(&self, client: &mut Client) {
        client.deadline = self
            .now
            .saturating_add(self.site.config.body_timeout.as_nanos() as u64);
    }

    /// Charges what the connection keeps; refuses what would be too much for all together.
    #[inline]
    fn weigh(&mut self, desk: &mut Desk, client: &mut Client) {
        // Answers that leave at once need no room; those that may have to wait do.
        let waiting = desk.out.footprint();
        let waiting = if waiting > SOON { waiting } else { 0 };
        let kept = desk.connection.footprint() + waiting;
        if self.site.budget.charge(&mut desk.charge, kept) {
            return;
        }
        if desk.out.is_empty() {
            self.end_with(desk, client, 503, |page| {
                pages::short(503, "the server keeps as much in memory as it may", page);
            });
        } else {
            desk.out.after = After::Abort;
            desk.connection.finish();
        }
        // What it kept is gone; the others may have the room at once.
        self.site.budget.charge(&mut desk.charge, 0);
    }

    /// Everything was sent: what the connection keeps is counted anew.
    #[inline]
    pub fn recount(&self, desk: &mut Desk) {
        self.site
            .budget
            .charge(&mut desk.charge, desk.connection.footprint());
    }

    /// Everything was sent or given up: the desk is clear again.
    pub fn clear(&mut self, desk: &mut Desk) {
        desk.out.abandon(&mut self.kernel);
        desk.connection.reset();
        self.site.budget.charge(&mut desk.charge, 0);
    }

    /// Whether the built-in page of this place is known not to be hidden by a file. Looked at again
    /// each second: a file that appears is served within one.
    #[inline]
    pub fn is_absent(&self, page: usize) -> bool {
        (self.site.root.is_none() && self.site.report.is_none())
            || self.site.was_absent(page, self.stamp.second)
    }

    /// There is no file of this built-in page's name.
    pub fn remember_absent(&self, page: usize) {
        self.site.remember_absent(page, self.stamp.second);
    }

    fn log(&self, client: &Client, request: Option<Request<'_>>, reply: Reply) {
        let Some(log) = &self.site.log else {
            return;
        };
        let field = |name: &str| {
            request
                .and_then(|r| r.head.field(r.bytes, name))
                .unwrap_or_default()
                .to_vec()
        };
        log.record(LogRecord {
            time: self.stamp.second,
            peer: client.peer.clone(),
            method: request
                .map(|r| r.head.method(r.bytes).to_vec())
                .unwrap_or_default(),
            target: request
                .map(|r| r.head.target(r.bytes).to_vec())
                .unwrap_or_default(),
            version: request
                .map(|r| r.head.version_text(r.bytes).to_vec())
                .unwrap_or_default(),
            status: reply.status,
            bytes: reply.bytes,
            connection: client.number,
            exchange: client.request,
            on_connection: client.exchanges,
            duration: clock::now().saturating_sub(client.began),
            referer: field("Referer"),
            user_agent: field("User-Agent"),
        });
    }
}

/// Nanoseconds from `now` to `deadline` as a duration; zero when it has passed.
pub fn remaining(now: u64, deadline: u64) -> Duration {
    Duration::from_nanos(deadline.saturating_sub(now))
}
