//! What a story tells of a recording, in words that a test can compare.

use httpsys::decode::Decoder;
use httpsys::event::What;
use httpsys::source::recording::Recording;
use httpsys::story::ExchangeId;
use httpsys::story::Fate;
use httpsys::story::Note;
use httpsys::story::Story;
use httpsys::story::Verdict;
use std::io::BufReader;
use std::path::Path;

/// One exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub number: u32,
    /// Method and target.
    pub line: String,
    pub status: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Bytes of the response's body, taken out of their chunks.
    pub body: u64,
    /// Bytes of the response's head.
    pub head: u64,
    /// How the length of the response's body is known.
    pub framing: String,
    pub answered: bool,
    /// Made by the program, as a client.
    pub asked: bool,
    /// Names of the calls that carried it, and how many of each.
    pub calls: Vec<(String, u32)>,
}

/// A whole story.
#[derive(Clone, Debug, Default)]
pub struct Told {
    exchanges: Vec<Exchange>,
    /// How many exchanges began.
    pub requests: u64,
    /// How many records say that something was lost.
    pub lost: u64,
    /// What was found, and how much it matters.
    pub findings: Vec<(Verdict, String)>,
}

impl Told {
    /// What is wrong with the program, without what is only worth a note.
    pub fn wrong(&self) -> Vec<&str> {
        let wrong = self.findings.iter().filter(|(how, _)| *how > Verdict::Note);
        wrong.map(|(_, text)| text.as_str()).collect()
    }

    /// What the program was asked, in order.
    pub fn served(&self) -> Vec<Exchange> {
        self.exchanges
            .iter()
            .filter(|e| !e.asked)
            .cloned()
            .collect()
    }

    /// What the program asked of others, in order.
    pub fn asked(&self) -> Vec<Exchange> {
        self.exchanges.iter().filter(|e| e.asked).cloned().collect()
    }

    /// The same story with only these exchanges.
    pub fn only(&self, exchanges: &[Exchange]) -> Told {
        Told {
            exchanges: exchanges.to_vec(),
            ..self.clone()
        }
    }
}

/// Reads a recording. Of many exchanges only the first and the last are told one by one.
pub fn told(path: &Path) -> Told {
    let file = std::fs::File::open(path).expect("a recording");
    let mut recording = Recording::new(BufReader::new(file)).expect("it can be read");
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    let mut asked: Vec<ExchangeId> = Vec::new();
    let mut heads: Vec<(u32, u64)> = Vec::new();
    let mut told = Told::default();
    while let Some(raw) = recording.next_record().expect("it can be read") {
        let event = decoder.event(&raw);
        told.lost += u64::from(matches!(event.what, What::Lost { .. }));
        let step = story.step(&event);
        for note in step.notes {
            if let Note::Response { head, .. } = note {
                heads.extend(step.exchange.map(|id| (id.0, *head)));
            }
            if let (Note::Request(..), Some(id)) = (note, step.exchange) {
                let mut open = step.story.connections().iter();
                let asks = open.any(|c| Some(c.id) == step.connection && c.client);
                asked.extend(asks.then_some(id));
            }
        }
    }
    let findings = story.findings();
    let findings = findings
        .iter()
        .map(|note| (note.verdict(), note.to_string()));
    told.findings = findings.collect();
    told.requests = u64::from(story.summary().requests);
    let history = story.history();
    let all = history.first().iter().chain(history.last());
    told.exchanges = all
        .map(|e| Exchange {
            number: e.id.0,
            line: e.line.as_bytes().escape_ascii().to_string(),
            status: u64::from(e.status),
            bytes_in: e.bytes_in,
            bytes_out: e.bytes_out,
            body: e.response_body,
            head: heads
                .iter()
                .find(|(id, _)| *id == e.id.0)
                .map_or(0, |(_, head)| *head),
            framing: format!(
                "{:?}",
                e.answer_framing.unwrap_or(httpsys::http::Framing::None)
            ),
            answered: e.fate == Fate::Answered,
            asked: asked.contains(&e.id),
            calls: e
                .calls
                .iter()
                .map(|(call, count)| (call.name().to_string(), count))
                .collect(),
        })
        .collect();
    told.exchanges.sort_by_key(|e| e.number);
    told
}
