//! Drives a reader the way every caller does, and writes down what it said.

use httpsys::http::{Code, Framing, Kind, Limits, Part, Piece, Reader, StartLine};

/// A message as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub start: u64,
    pub end: u64,
    /// `GET /x`, or `200`.
    pub head: String,
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub framing: &'static str,
    pub announced: Option<u64>,
    pub body: Vec<u8>,
    pub trailers: Vec<(Vec<u8>, Vec<u8>)>,
    pub keep_alive: bool,
    pub expects: bool,
    pub warnings: Vec<(&'static str, u64)>,
}

/// How reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Complete,
    Cut,
    Refused(&'static Code, u64),
}

/// Limits of the table cases: those of `serve` with a small body.
pub fn limits() -> Limits {
    Limits {
        body: 1000,
        ..Limits::default()
    }
}

/// Everything in one piece.
pub fn whole(kind: Kind, limits: Limits, bytes: &[u8]) -> (Vec<Message>, Ending) {
    pieces(kind, limits, [bytes])
}

/// Piece after piece.
pub fn pieces<'b>(
    kind: Kind,
    limits: Limits,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> (Vec<Message>, Ending) {
    let reader = match kind {
        Kind::Request => Reader::requests(limits),
        Kind::Response => Reader::responses(limits),
    };
    let mut drive = Drive {
        reader: reader.curious(),
        rest: Vec::new(),
        done: Vec::new(),
        now: Message::default(),
    };
    for piece in pieces {
        drive.rest.extend_from_slice(piece);
        if let Some(ending) = drive.read() {
            return (drive.done, ending);
        }
    }
    let complete = drive
        .reader
        .end(&drive.rest)
        .expect("refusals were seen before");
    if complete
        && drive.reader.offset() > drive.now.start
        && !drive.reader.is_idle()
        && !drive.reader.is_tunnel()
    {
        drive.close();
    }
    (
        drive.done,
        if complete {
            Ending::Complete
        } else {
            Ending::Cut
        },
    )
}

struct Drive {
    reader: Reader,
    rest: Vec<u8>,
    done: Vec<Message>,
    now: Message,
}

impl Drive {
    fn read(&mut self) -> Option<Ending> {
        loop {
            let used = match self.reader.next(&self.rest) {
                Err(refusal) => {
                    assert_eq!(
                        self.reader.next(b"GET / HTTP/1.1\r\n\r\n"),
                        Err(refusal),
                        "refused for good"
                    );
                    return Some(Ending::Refused(refusal.code, refusal.offset));
                }
                Ok(Part::More) => return None,
                Ok(Part::Blank(n)) => n,
                Ok(Part::Head(n)) => {
                    self.head(n);
                    n
                }
                Ok(Part::Data(n)) => {
                    self.now.body.extend_from_slice(&self.rest[..n]);
                    n
                }
                Ok(Part::Framing(n)) => {
                    if let Piece::Trailer(field) = self.reader.piece() {
                        let part = &self.rest[..n];
                        self.now
                            .trailers
                            .push((field.name.of(part).to_vec(), field.value.of(part).to_vec()));
                    }
                    n
                }
                Ok(Part::End) => {
                    self.close();
                    0
                }
            };
            assert!(used <= self.rest.len());
            self.rest.drain(..used);
        }
    }

    fn head(&mut self, n: usize) {
        let (head, bytes) = (self.reader.head(), &self.rest[..n]);
        assert_eq!(head.len, n);
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        self.now = Message {
            start: head.offset,
            head: match head.start {
                StartLine::Request { .. } => {
                    format!("{} {}", text(head.method(bytes)), text(head.target(bytes)))
                }
                StartLine::Response { status, .. } => status.to_string(),
            },
            fields: head
                .fields
                .iter()
                .map(|f| (f.name.of(bytes).to_vec(), f.value.of(bytes).to_vec()))
                .collect(),
            framing: head.framing.name(),
            announced: if let Framing::ContentLength(n) = head.framing {
                Some(n)
            } else {
                None
            },
            keep_alive: head.keep_alive,
            expects: head.expects_continue,
            warnings: head
                .warnings
                .iter()
                .map(|w| (w.code.id, w.offset))
                .collect(),
            ..Message::default()
        };
    }

    fn close(&mut self) {
        self.now.end = self.reader.offset();
        if let Some(announced) = self.now.announced {
            assert_eq!(announced, self.now.body.len() as u64);
        }
        self.done.push(std::mem::take(&mut self.now));
        self.now.start = self.reader.offset();
    }
}

/// The messages in short, `;` between them: head, framing unless `none`, body, `close`, what a client
/// waits for, trailers, warnings.
pub fn briefly(messages: &[Message]) -> String {
    let mut all = Vec::new();
    for message in messages {
        let mut words = vec![message.head.clone()];
        if message.framing != "none" {
            words.push(format!(
                "{}={}",
                message.framing,
                message.body.escape_ascii()
            ));
        }
        for (name, value) in &message.trailers {
            words.push(format!("+{}:{}", name.escape_ascii(), value.escape_ascii()));
        }
        if !message.keep_alive {
            words.push("close".into());
        }
        if message.expects {
            words.push("waits".into());
        }
        for (id, at) in &message.warnings {
            words.push(format!("{id}@{at}"));
        }
        all.push(words.join(" "));
    }
    all.join("; ")
}
