//! Reading: what has arrived becomes heads and bodies, until every request has its final answer.
//!
//! In: a connected socket. Out: the answer's bytes to a writer, and how it went. The reader of `http` says
//! what the bytes are; what ends an exchange is decided here.

use super::{Answer, Ending, Error, Missing, Request, Show};
use crate::http::{Limits, Part, Reader, StartLine};
use crate::kernel::{Errno, Fd, Kernel, Probe, clock};
use std::io::Write;

/// Room offered to each read.
const ROOM: usize = 16 << 10;

/// Reads answers.
pub(super) struct Receiver {
    show: Show,
    deadline: Option<u64>,
    reader: Reader,
    /// The methods that are still to be answered, first one first.
    methods: std::vec::IntoIter<Vec<u8>>,
    /// Received and not yet consumed.
    bytes: Vec<u8>,
    /// The message being read is an interim answer.
    interim: bool,
    /// The head of the message being read is complete.
    in_body: bool,
    /// Bytes of the request that were taken, and all there were.
    sent: (u64, u64),
    answer: Answer,
}

impl Receiver {
    /// Reads until `deadline` (nanoseconds of the monotonic clock), after `sent` bytes were taken.
    pub fn new(request: &Request, deadline: Option<u64>, sent: u64) -> Receiver {
        Receiver {
            show: request.show,
            deadline,
            reader: Reader::responses(LIMITS),
            methods: methods(&request.bytes).into_iter(),
            bytes: Vec::new(),
            interim: false,
            in_body: false,
            sent: (sent, request.bytes.len() as u64),
            answer: Answer::default(),
        }
    }

    /// Reads until the last answer is complete.
    pub fn receive<P: Probe>(
        mut self,
        kernel: &mut Kernel<P>,
        socket: Fd,
        out: &mut dyn Write,
    ) -> Result<Answer, Error> {
        let mut room = [0; ROOM];
        self.expect_next();
        loop {
            if self.consume(out)? {
                return Ok(self.answer);
            }
            if self
                .deadline
                .is_some_and(|deadline| clock::now() > deadline)
            {
                return Err(self.cut(Ending::TimedOut));
            }
            match kernel.read(socket, &mut room) {
                Ok(0) => return self.ended(),
                Ok(got) => {
                    self.answer.received += got as u64;
                    self.bytes.extend_from_slice(&room[..got]);
                }
                Err(Errno(nix::libc::EINTR)) => {}
                Err(errno) if super::is_timeout(errno) => return Err(self.cut(Ending::TimedOut)),
                Err(errno) => return Err(self.cut(Ending::Failed("read", errno))),
            }
        }
    }

    /// Tells the reader which method the next answer is for. False when all are answered.
    fn expect_next(&mut self) -> bool {
        match self.methods.next() {
            Some(method) => {
                self.reader.answer_to(&method);
                true
            }
            None => false,
        }
    }

    /// Takes what has arrived; true when the last answer is complete.
    fn consume(&mut self, out: &mut dyn Write) -> Result<bool, Error> {
        let mut at = 0;
        let complete = loop {
            let part = self
                .reader
                .next(&self.bytes[at..])
                .map_err(Error::Malformed)?;
            let taken = match part {
                Part::More => break false,
                Part::Head(len) => {
                    self.head();
                    if self.show == Show::HeadAndBody {
                        out.write_all(&self.bytes[at..at + len])
                            .map_err(Error::Output)?;
                    }
                    len
                }
                Part::Data(len) => {
                    self.answer.body += len as u64;
                    out.write_all(&self.bytes[at..at + len])
                        .map_err(Error::Output)?;
                    len
                }
                Part::Blank(len) | Part::Framing(len) => len,
                Part::End if self.message_ended() => break true,
                Part::End => 0,
            };
            at += taken;
        };
        self.bytes.drain(..at);
        out.flush().map_err(Error::Output)?;
        Ok(complete)
    }

    fn head(&mut self) {
        self.in_body = true;
        if let StartLine::Response { status, .. } = self.reader.head().start {
            // RFC 9110 15.2: interim answers come before the final one; 101 is final, for HTTP ends there.
            self.interim = (100..200).contains(&status) && status != 101;
            if !self.interim {
                self.answer.status = status;
            }
        }
    }

    /// A message is complete: true when it was the last one that we wait for.
    fn message_ended(&mut self) -> bool {
        self.in_body = false;
        if self.interim {
            self.answer.interim += 1;
            return false;
        }
        self.answer.answers += 1;
        !self.expect_next()
    }

    /// The server has closed its side.
    fn ended(mut self) -> Result<Answer, Error> {
        let proper = self.reader.end(&self.bytes).map_err(Error::Malformed)?;
        let completes_body = proper && self.in_body && !self.interim;
        if completes_body && self.message_ended() {
            return Ok(self.answer);
        }
        Err(self.cut(Ending::Closed))
    }

    fn cut(&self, how: Ending) -> Error {
        let missing = if self.in_body {
            Missing::Body(self.reader.body_left())
        } else if self.reader.is_idle() && self.bytes.is_empty() {
            Missing::Everything
        } else {
            Missing::Head
        };
        Error::Cut {
            how,
            missing,
            sent: self.sent,
        }
    }
}

/// What an answer may be at most; the reader's own limits are a server's.
const LIMITS: Limits = Limits {
    head: 1 << 20,
    line: 64 << 10,
    fields: 1000,
    body: u64::MAX,
    bare_lf: false,
    lenient: false,
};

/// The methods of the requests in these bytes, one for each answer to expect: what is not a whole
/// request (sent on purpose, with `--raw`) gets an answer too.
fn methods(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::requests(LIMITS);
    let mut methods = Vec::new();
    let mut at = 0;
    let mut begun = at;
    loop {
        match reader.next(&bytes[at..]) {
            Ok(Part::Blank(len) | Part::Head(len) | Part::Data(len) | Part::Framing(len)) => {
                at += len
            }
            Ok(Part::End) => {
                methods.push(first_word(&bytes[begun..]));
                begun = at;
            }
            Ok(Part::More) | Err(_) => break,
        }
    }
    if begun < bytes.len() || methods.is_empty() {
        methods.push(first_word(&bytes[begun..]));
    }
    methods
}

fn first_word(bytes: &[u8]) -> Vec<u8> {
    let start = bytes
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(0);
    bytes[start..]
        .iter()
        .copied()
        .take_while(|byte| *byte != b' ')
        .collect()
}
