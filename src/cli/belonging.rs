//! `--conn c2`, `--request 'GET /x'`: whose events the screen shows.
//!
//! In: events and the story's steps. Out: whether each belongs. What happens on a connection before a
//! request line is known (its accept, the first pieces of a head, waiting for the next request) is held
//! until the line is there, and shown then, below what other connections did meanwhile; what comes after
//! the last request belongs to that one. Bounded: of one connection the last [`HELD`] events wait, of all
//! of them [`HELD_BYTES`]. Left out on purpose: calls that no connection has (`socket`, `epoll_wait` for
//! several); events that are missing belong to everyone.

use crate::event::Event;
use crate::event::What;
use crate::story::ConnectionId;
use crate::story::Exchange;
use crate::story::ExchangeId;
use crate::story::Note;
use crate::story::Step;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::str::FromStr;

/// So many events of one connection wait for its next request line.
const HELD: usize = 256;
/// So many bytes of all events that wait.
const HELD_BYTES: usize = 16 << 20;

/// `--conn`: `c2`, or 2.
pub fn connection(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix('c').unwrap_or(text).parse();
    number.map_err(|_| "the number of a connection as the trace shows it: c1, c2, ...".to_string())
}

/// `--request`: a method, a target, or both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestPattern {
    method: Option<String>,
    target: Option<String>,
    /// It ended in `*`: the target only begins so.
    begins: bool,
}

impl FromStr for RequestPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<RequestPattern, String> {
        let mut words = text.split_ascii_whitespace();
        let (first, second) = (words.next(), words.next());
        let (method, target) = match (first, second, words.next()) {
            (Some(method), Some(target), None) => (Some(method), Some(target)),
            (Some(target), None, _) if target.starts_with(['/', '*']) || target.contains(':') => {
                (None, Some(target))
            }
            (Some(method), None, _) => (Some(method), None),
            _ => return Err("a method, a target or both: GET, /x, 'GET /x'".to_string()),
        };
        let begins = target.is_some_and(|target| target.len() > 1 && target.ends_with('*'));
        let target = target.map(|target| match begins {
            true => target[..target.len() - 1].to_string(),
            false => target.to_string(),
        });
        Ok(RequestPattern {
            method: method.map(str::to_string),
            target,
            begins,
        })
    }
}

impl RequestPattern {
    /// Whether an exchange's request line is meant. The query counts only where the pattern has one.
    pub fn matches(&self, exchange: &Exchange) -> bool {
        if exchange.line.as_bytes().is_empty() {
            return false;
        }
        let method = self.method.as_ref();
        method.is_none_or(|method| method.as_bytes() == exchange.method())
            && self.target.as_ref().is_none_or(|target| {
                self.matches_target(target.as_bytes(), exchange.target(), exchange.line.is_cut())
            })
    }

    fn matches_target(&self, wanted: &[u8], target: &[u8], cut: bool) -> bool {
        if cut && wanted.len() > target.len() {
            return wanted.starts_with(target);
        }
        if self.begins {
            return target.starts_with(wanted);
        }
        let path = match wanted.contains(&b'?') {
            true => target,
            false => target.split(|byte| *byte == b'?').next().unwrap_or(target),
        };
        path == wanted
    }
}

/// An event that waits for its request line: a record and what was said of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// The number its call has.
    pub seq: u64,
    /// The record, already masked.
    pub record: Vec<u8>,
    /// What was said.
    pub notes: Vec<Note>,
    /// Exchanges that it ended.
    pub ended: Vec<Exchange>,
    /// Whose it is.
    pub connection: Option<ConnectionId>,
    /// To which exchange it belongs.
    pub exchange: Option<ExchangeId>,
    /// Secrets in it were masked.
    pub redacted: bool,
}

/// Whether an event belongs to what was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Belongs {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The next request of its connection will tell.
    Later(ConnectionId),
}

/// What is known of one connection.
#[derive(Clone, Default, Debug)]
struct Known {
    /// Exchanges that have not ended, and whether they are meant.
    open: VecDeque<(ExchangeId, bool)>,
    /// Whether the last one that ended was.
    last: bool,
    held: VecDeque<Held>,
}

/// The filters, and what they remember.
#[derive(Clone, Default, Debug)]
pub struct Belonging {
    connection: Option<ConnectionId>,
    request: Option<RequestPattern>,
    known: HashMap<ConnectionId, Known>,
    /// The last exchange that was looked at.
    seen: u32,
    held_bytes: usize,
    due: Vec<Held>,
}

impl Belonging {
    /// Shows what belongs to this connection, and to requests that look so.
    pub fn new(connection: Option<u32>, request: Option<RequestPattern>) -> Belonging {
        Belonging {
            connection: connection.map(ConnectionId),
            request,
            ..Belonging::default()
        }
    }

    /// Whether everything belongs.
    pub fn is_all(&self) -> bool {
        self.connection.is_none() && self.request.is_none()
    }

    /// Decides about an event, and with it about earlier ones of its connection ([`Belonging::due`]).
    pub fn belongs(&mut self, event: &Event<'_>, step: &Step<'_>) -> Belongs {
        if let What::Lost { .. } = event.what {
            return Belongs::Yes;
        }
        let by_request = self.by_request(step);
        match (self.connection, step.connection) {
            (Some(wanted), Some(of)) if wanted == of => by_request,
            (None, _) => by_request,
            _ => Belongs::No,
        }
    }

    fn by_request(&mut self, step: &Step<'_>) -> Belongs {
        let Some(pattern) = &self.request else {
            return Belongs::Yes;
        };
        let Some(id) = step.connection else {
            return Belongs::No;
        };
        let known = self.known.entry(id).or_default();
        let before = std::mem::replace(&mut self.seen, step.story.summary().requests);
        let connection = step.story.connections().iter().find(|c| c.id == id);
        let first_new = known.open.len();
        if self.seen > before {
            let waiting = connection.into_iter().flat_map(|c| c.waiting.iter());
            let new = waiting.filter(|exchange| exchange.id.0 > before);
            let new = new.map(|exchange| (exchange.id, pattern.matches(exchange)));
            known.open.extend(new);
        }
        let news = known.open.iter().skip(first_new);
        let is_news = news.len() > 0;
        let mut belongs = news.clone().any(|(_, meant)| *meant);
        if is_news {
            self.due
                .extend(release(known, belongs, &mut self.held_bytes));
        }
        // What has ended since the last event ended in this one.
        let current = connection.and_then(|connection| connection.current());
        let ended = |id: ExchangeId| current.is_none_or(|current| id < current);
        let over = known.open.iter().take_while(|(id, _)| ended(*id)).count();
        for (_, meant) in known.open.drain(..over) {
            belongs |= meant;
            known.last = meant;
        }
        let going_on = known.open.iter().find(|(id, _)| Some(*id) == step.exchange);
        belongs |= going_on.is_some_and(|(_, meant)| *meant);
        if connection.is_none() {
            let last = known.last;
            self.due.extend(release(known, last, &mut self.held_bytes));
            self.known.remove(&id);
            belongs |= last;
        } else if step.exchange.is_none() && !is_news {
            return Belongs::Later(id);
        }
        match belongs {
            true => Belongs::Yes,
            false => Belongs::No,
        }
    }

    /// Keeps an event until its connection's next request line is known.
    pub fn hold(&mut self, id: ConnectionId, held: Held) {
        let known = self.known.entry(id).or_default();
        self.held_bytes += held.record.len();
        known.held.push_back(held);
        while known.held.len() > HELD || (self.held_bytes > HELD_BYTES && !known.held.is_empty()) {
            let oldest = known.held.pop_front();
            self.held_bytes -= oldest.map_or(0, |held| held.record.len());
        }
    }

    /// Whether there are earlier events to show.
    pub fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// An event to show after them.
    pub fn wait(&mut self, held: Held) {
        self.due.push(held);
    }

    /// Earlier events that turned out to belong, in order.
    pub fn due(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.due)
    }

    /// The trace is over: what still waits belongs to the last request of its connection.
    pub fn end(&mut self) {
        let mut rest: Vec<_> = self.known.drain().collect();
        rest.sort_unstable_by_key(|(id, _)| *id);
        for (_, mut known) in rest {
            let last = known.last;
            self.due
                .extend(release(&mut known, last, &mut self.held_bytes));
        }
    }
}

/// Lets go of what a connection held; of use only where it belongs.
fn release(known: &mut Known, belongs: bool, bytes: &mut usize) -> Vec<Held> {
    let held = std::mem::take(&mut known.held);
    *bytes -= held.iter().map(|held| held.record.len()).sum::<usize>();
    match belongs {
        true => held.into(),
        false => Vec::new(),
    }
}
