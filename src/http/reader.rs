//! The incremental reader: bytes in, parts out. The same answer whole, cut at every byte and with a
//! tail; it keeps its place, so a head that comes byte by byte costs linear work.
//!
//! The caller keeps the bytes. It calls [`Reader::next`] with all bytes not consumed yet, drops as
//! many as the part says, and calls again until `Part::More`.
//!
//! ```text
//! Idle ─ CR LF ─▶ Idle                       (empty lines, up to 8)
//! Idle ─ byte ──▶ First ─ line ─▶ Fields ─ blank line ─▶ one of the bodies, by the framing:
//!   None                         ─▶ Done
//!   Length  ─ data …             ─▶ Done
//!   Size ─ line ─▶ Chunk ─ data ─▶ ChunkEnd ─ CR LF ─▶ Size … ─ size 0 ─▶ Trailers ─ blank ─▶ Done
//!   UntilClose ─ data … until the input ends
//! Done ─▶ Idle, or Tunnel after 101 and after 2xx to CONNECT
//! any  ─ a broken rule ─▶ Refused, for good
//! ```
//!
//! When a rule is judged depends only on the bytes: a line when its LF arrives; at once a control
//! byte, a CR without LF, a byte that a method cannot have, whitespace at the start of a field line,
//! and anything over a limit.

use super::chunk::SizeLine;
use super::codes;
use super::facts::{Answering, Facts};
use super::head::{Field, Head, Kind};
use super::refusal::Refusal;

mod bodies;
mod lenient;
mod lines;

/// Empty lines that are skipped before a message.
const BLANKS: u32 = 8;
/// Bytes of chunk extensions in one body.
const EXTENSIONS: u32 = 16 * 1024;

/// What a message may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a head; of a trailer section likewise. More is 431.
    pub head: usize,
    /// Bytes of a first line, its end excluded. More is 414.
    pub line: usize,
    /// Fields of a head. More is 431.
    pub fields: usize,
    /// Decoded bytes of a body. More is 413.
    pub body: u64,
    /// Read a bare LF as a line end in heads, with a warning (`parse` does, `serve` does not).
    pub bare_lf: bool,
    /// Read heads that break a rule all the same, as far as they can be read (the story of somebody else's
    /// server does; `serve` and `parse` never).
    pub lenient: bool,
}

impl Default for Limits {
    /// The limits of `serve`: 64 KiB, 16 KiB, 100 fields, 8 MiB, CR LF only.
    fn default() -> Limits {
        Limits {
            head: 64 * 1024,
            line: 16 * 1024,
            fields: 100,
            body: 8 * 1024 * 1024,
            bare_lf: false,
            lenient: false,
        }
    }
}

/// What the next bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Nothing can be said before more bytes arrive. Consumes nothing.
    More,
    /// Consumes this many bytes that stand before a message: empty lines.
    Blank(usize),
    /// The head is complete and takes this many bytes: [`Reader::head`] describes them.
    Head(usize),
    /// Consumes this many bytes: all of them body data. Outside of a message (after a 101, or a 2xx
    /// to CONNECT) they are bytes of another protocol.
    Data(usize),
    /// Consumes this many bytes of framing: a chunk-size line, the end of a chunk, a trailer field, the
    /// last line. [`Reader::piece`] says which.
    Framing(usize),
    /// The message is complete. Consumes nothing; the next call begins the next message.
    End,
}

/// What the last [`Part::Framing`] was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A chunk-size line with this size.
    Size(u64),
    /// The CR LF after a chunk's data.
    ChunkEnd,
    /// A trailer; spans count from the first byte of the part.
    Trailer(Field),
    /// The blank line that ends a chunked body.
    LastLine,
}

/// Where the reader stands; the picture is at the top of this file.
#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    First,
    Fields,
    /// In a head that broke this rule; only when lenient.
    Odd(Refusal),
    Length(u64),
    Size(SizeLine),
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
    Tunnel,
    Refused(Refusal),
}

/// Reads a stream of messages. Cheap to make: it allocates with the first field it reads.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    kind: Kind,
    state: State,
    /// Stream offset of the first unconsumed byte.
    offset: u64,
    /// Start of the line being read, from the first unconsumed byte.
    line: usize,
    /// Bytes before this one were looked at already.
    scanned: usize,
    /// Where the method's token ends, once that is known; 0 before.
    method_end: usize,
    head: Head,
    facts: Facts,
    /// Empty lines before the next message, and where the first stands.
    blanks: u32,
    blanks_at: u64,
    /// Decoded body bytes so far.
    decoded: u64,
    /// Bytes of chunk extensions so far.
    extensions: u32,
    /// Bytes and lines of trailers so far.
    trailer_bytes: usize,
    trailers: usize,
    piece: Piece,
    answering: Answering,
    /// The message before closed its connection.
    closed: bool,
    /// The rule that the present head broke, until it is asked for.
    oddity: Option<Refusal>,
    /// Collect every warning, not only those that cost nothing.
    curious: bool,
}

impl Default for Reader {
    /// A reader of requests with the limits of `serve`.
    fn default() -> Reader {
        Reader::requests(Limits::default())
    }
}

impl Reader {
    /// A reader of requests.
    pub fn requests(limits: Limits) -> Reader {
        Reader::new(Kind::Request, limits)
    }

    /// A reader of responses. Each needs the method of its request, see [`Reader::answer_to`].
    pub fn responses(limits: Limits) -> Reader {
        Reader::new(Kind::Response, limits)
    }

    fn new(kind: Kind, limits: Limits) -> Reader {
        Reader {
            limits,
            kind,
            state: State::Idle,
            offset: 0,
            line: 0,
            scanned: 0,
            method_end: 0,
            head: Head::empty(),
            facts: Facts::default(),
            blanks: 0,
            blanks_at: 0,
            decoded: 0,
            extensions: 0,
            trailer_bytes: 0,
            trailers: 0,
            piece: Piece::LastLine,
            answering: Answering::Other,
            closed: false,
            oddity: None,
            curious: false,
        }
    }

    /// The same reader, which also looks for everything that is odd in good heads (`parse` wants it).
    #[must_use]
    pub fn curious(mut self) -> Reader {
        self.curious = true;
        self
    }

    /// Says which method the next final response answers: a response to HEAD has no body (RFC 9112
    /// 6.3). Without it, GET is assumed. Interim responses (1xx) do not use it up.
    pub fn answer_to(&mut self, method: &[u8]) {
        self.answering = match method {
            b"HEAD" => Answering::Head,
            b"CONNECT" => Answering::Connect,
            _ => Answering::Other,
        };
    }

    /// Looks at the unconsumed bytes and says what comes next.
    ///
    /// # Errors
    /// The first rule the message breaks. The reader then stays refused: it returns the same again.
    #[inline]
    pub fn next(&mut self, unconsumed: &[u8]) -> Result<Part, Refusal> {
        let part = match self.state {
            State::Idle => self.begin(unconsumed),
            State::First | State::Fields => self.read_head(unconsumed),
            State::Length(left) => Ok(self.read_length(unconsumed, left)),
            State::Size(line) => self.read_size(unconsumed, line),
            State::Chunk(left) => Ok(self.read_chunk(unconsumed, left)),
            State::ChunkEnd => self.read_chunk_end(unconsumed),
            State::Trailers => self.read_trailer(unconsumed),
            State::UntilClose => self.read_until_close(unconsumed),
            State::Done => Ok(self.finish()),
            State::Tunnel => Ok(if unconsumed.is_empty() {
                Part::More
            } else {
                Part::Data(unconsumed.len())
            }),
            State::Odd(rule) => self
                .read_odd(unconsumed, rule)
                .map_err(|r| r.back(self.offset)),
            State::Refused(refusal) => return Err(refusal),
        };
        let part = match part {
            Err(refusal) if self.limits.lenient && self.in_strict_head() => self
                .read_odd(unconsumed, refusal.moved(self.offset))
                .map_err(|rule| rule.back(self.offset)),
            part => part,
        };
        match part {
            Ok(part) => {
                self.consume(part);
                Ok(part)
            }
            Err(refusal) => {
                let refusal = refusal.moved(self.offset);
                self.state = State::Refused(refusal);
                Err(refusal)
            }
        }
    }

    fn in_strict_head(&self) -> bool {
        matches!(self.state, State::First | State::Fields)
    }

    #[inline]
    fn consume(&mut self, part: Part) {
        if let Part::Blank(n) | Part::Head(n) | Part::Data(n) | Part::Framing(n) = part {
            self.offset += n as u64;
            (self.line, self.scanned) = (0, 0);
        }
    }

    /// Before a message: empty lines, or its first byte.
    fn begin(&mut self, bytes: &[u8]) -> Result<Part, Refusal> {
        self.scanned = bytes.len();
        match *bytes {
            [] | [b'\r'] => return Ok(Part::More),
            [b'\r', b'\n', ..] => return self.blank(2),
            [b'\r', _, ..] => return Err(Refusal::new(&codes::BARE_CR, 0, 1)),
            [b'\n', ..] => {
                if !(self.limits.lenient && self.kind == Kind::Request) {
                    self.judge_bare_lf(0)?;
                }
                return self.blank(1);
            }
            // A TLS record of type 22, handshake; its second byte is the major version, always 3.
            [0x16] => return Ok(Part::More),
            [0x16, 0x03, ..] => return Err(Refusal::new(&codes::TLS_HELLO, 0, 2)),
            _ => {}
        }
        // Nobody waits for the end of the line where a watcher can tell at once.
        let begins = bytes.iter().zip(b"HTTP/").all(|(a, b)| a == b);
        if self.limits.lenient && self.kind == Kind::Response && !begins {
            return Err(Refusal::new(&codes::NOT_A_STATUS_LINE, 0, 1));
        }
        if self.blanks > 0 {
            let len = usize::try_from(self.offset - self.blanks_at).unwrap_or(usize::MAX);
            let warning = Refusal::new(&codes::W_BLANK_LINES, 0, len).moved(self.blanks_at);
            self.head.warnings.push(warning);
        }
        (self.line, self.scanned, self.method_end) = (0, 0, 0);
        self.head.fields.clear();
        self.facts.clear();
        self.state = State::First;
        self.read_head(bytes)
    }

    #[cold]
    fn blank(&mut self, len: usize) -> Result<Part, Refusal> {
        if self.blanks == BLANKS {
            return Err(Refusal::new(&codes::BLANK_LIMIT, 0, len));
        }
        if self.blanks == 0 {
            self.blanks_at = self.offset;
        }
        self.blanks += 1;
        Ok(Part::Blank(len))
    }

    /// The message is over: forgets it, but not its head, which the caller may still want.
    fn finish(&mut self) -> Part {
        let status = self.head.status();
        let tunnel = status == Some(101)
            || (self.answering == Answering::Connect && matches!(status, Some(200..=299)));
        if !matches!(status, Some(100..=199)) {
            self.answering = Answering::Other;
            self.closed = !self.head.keep_alive;
        }
        self.blanks = 0;
        self.head.warnings.clear();
        self.state = if tunnel { State::Tunnel } else { State::Idle };
        Part::End
    }

    /// The input has ended, with these bytes unconsumed; [`Reader::next`] has said `More` about them.
    /// `Ok(true)` when that is a proper end (between messages, or it completed a body that runs until
    /// close), `Ok(false)` when it cut a message short.
    ///
    /// # Errors
    /// The refusal that stopped the reader before.
    pub fn end(&mut self, unconsumed: &[u8]) -> Result<bool, Refusal> {
        match self.state {
            State::Refused(refusal) => Err(refusal),
            State::Idle => Ok(unconsumed.is_empty() || unconsumed == b"\r"),
            State::Done | State::Tunnel | State::UntilClose => Ok(true),
            _ => Ok(false),
        }
    }

    /// `n` body bytes moved that nobody kept (sendfile). False when the body has no room for them:
    /// the framing is then unknown.
    pub fn skip(&mut self, n: u64) -> bool {
        let fits = match self.state {
            State::Length(left) | State::Chunk(left) => n <= left,
            State::UntilClose => n <= self.limits.body - self.decoded,
            State::Tunnel => true,
            _ => n == 0,
        };
        if fits && n > 0 {
            self.took(n);
            self.offset += n;
        }
        fits
    }

    /// The last complete head. Good from [`Part::Head`] until the next message begins; its warnings
    /// until [`Part::End`].
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the last [`Part::Framing`] was.
    pub fn piece(&self) -> Piece {
        self.piece
    }

    /// Bytes of body that are still to come, where that is known: the rest of a `Content-Length` body
    /// or of the current chunk.
    pub fn body_left(&self) -> Option<u64> {
        match self.state {
            State::Length(left) | State::Chunk(left) => Some(left),
            State::Done | State::Idle => Some(0),
            _ => None,
        }
    }

    /// Decoded bytes of the body so far.
    pub fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Offset, from the beginning of the stream, of the first unconsumed byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// True between messages: nothing of the next one was seen yet.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.scanned == 0
    }

    /// True while a head is begun and not complete.
    pub fn in_head(&self) -> bool {
        matches!(self.state, State::First | State::Fields | State::Odd(_))
            || (matches!(self.state, State::Idle) && self.scanned > 0)
    }

    /// True after a 101, or a 2xx to CONNECT: what follows is another protocol.
    pub fn is_tunnel(&self) -> bool {
        matches!(self.state, State::Tunnel)
    }

    /// Forgets everything but the limits, and keeps its memory: for the next connection.
    pub fn reset(&mut self) {
        self.head.fields.clear();
        self.head.warnings.clear();
        self.state = State::Idle;
        (self.offset, self.line, self.scanned, self.method_end) = (0, 0, 0, 0);
        self.blanks = 0;
        self.answering = Answering::Other;
        self.oddity = None;
        self.closed = false;
    }
}
