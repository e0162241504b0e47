//! The quiz: of every question that can be made of the recordings exactly one answer is right, by what the
//! recording says; and the answer is not on the screen before it is given.

use httpsys::abi::errno::Errno;
use httpsys::decode::Decoder;
use httpsys::http::{Limits, Part, Reader};
use httpsys::quiz::{Before, Claim, Kind, Question, Quiz};
use httpsys::source::recording::Recording;
use httpsys::story::Story;
use httpsys::view::explain::Teller;
use httpsys::view::paint::Paint;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn recordings() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["demo/recordings", "tests/golden"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "jsonl") {
                let text = std::fs::read_to_string(&path).expect("a recording is UTF-8");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() >= 2);
    found
}

/// A question, the number of its call, and what is on the screen while it is asked.
type Asked = (Question, u64, String);

fn asked(recording: &str, seed: u64) -> Vec<Asked> {
    let mut recording = Recording::new(recording.as_bytes()).expect("it can be read");
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    let paint = Paint::plain();
    let (mut quiz, mut teller) = (Quiz::new(seed), Teller::new(paint.charset));
    let mut all = Vec::new();
    while let Some((seq, raw)) = recording.next_numbered().expect("it can be read") {
        decoder.seq = seq.saturating_sub(1);
        let event = decoder.event(&raw);
        let before = Before::new(&story, &event);
        let step = story.step(&event);
        let screen = teller.screen(&event, &step);
        if let Some(question) = quiz.question(&before, &event, &step) {
            let mut shown = Vec::new();
            let screen = screen.expect("only calls are asked about");
            match question.shows_bytes {
                true => screen.bytes_alone(5, &paint, &mut shown),
                false => screen.question(&paint, &mut shown),
            }
            let shown = String::from_utf8(shown).expect("a screen is text");
            all.push((question, seq, shown));
        }
    }
    all
}

/// A second opinion on claims, from the recording's own lines.
#[derive(Default)]
struct Witness {
    calls: BTreeMap<u64, Value>,
    /// For each read: what the requests of its connection look like after it.
    states: BTreeMap<u64, Claim>,
}

struct Talk {
    reader: Reader,
    bytes: Vec<u8>,
    in_body: bool,
}

impl Witness {
    fn new(recording: &str) -> Witness {
        let mut witness = Witness::default();
        let mut talks: BTreeMap<(u64, u64), Talk> = BTreeMap::new();
        for line in recording.lines() {
            let Ok(call) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if call["type"] == "lost" {
                talks.clear();
            }
            let (Some(seq), Some(ret)) = (call["seq"].as_u64(), call["ret"].as_i64()) else {
                continue;
            };
            let (pid, name) = (call["pid"].as_u64().unwrap_or(0), &call["call"]);
            if (name == "accept4" || name == "accept") && ret >= 0 {
                let talk = Talk {
                    reader: Reader::requests(Limits::default()),
                    bytes: Vec::new(),
                    in_body: false,
                };
                talks.insert((pid, ret as u64), talk);
            }
            let moved = ["read", "recvfrom"].iter().any(|read| name == read) && ret > 0;
            let fd = call["args"]["fd"]
                .as_u64()
                .or(call["args"]["sockfd"].as_u64());
            if moved
                && let Some(talk) = fd.and_then(|fd| talks.get_mut(&(pid, fd)))
                && let Some(state) = talk.feed(&call["data"])
            {
                witness.states.insert(seq, state);
            }
            witness.calls.insert(seq, call);
        }
        witness
    }

    fn says(&self, claim: Claim, seq: u64) -> bool {
        let call = &self.calls[&seq];
        match claim {
            Claim::Returns(value) => call["errno"].is_null() && call["ret"] == value,
            Claim::Fails(errno) => {
                let name = call["errno"].as_str();
                name.and_then(Errno::from_name) == Some(errno)
            }
            Claim::Port(port) => {
                let address = call["args"]["addr"].as_str().expect("an address");
                address.ends_with(&format!(":{port}"))
            }
            Claim::Complete | Claim::HeadOpen | Claim::BodyOpen => {
                self.states.get(&seq) == Some(&claim)
            }
            // A request never does.
            Claim::EndsAtClose => false,
            Claim::AnsweredAtOnce | Claim::AnsweredLater | Claim::AnsweredLast => {
                panic!("no one event tells who was answered when")
            }
        }
    }
}

impl Talk {
    fn feed(&mut self, data: &Value) -> Option<Claim> {
        self.bytes
            .extend_from_slice(data["text"].as_str()?.as_bytes());
        loop {
            match self.reader.next(&self.bytes).ok()? {
                Part::More => break,
                Part::Head(n) => {
                    self.in_body = true;
                    self.bytes.drain(..n);
                }
                Part::Blank(n) | Part::Data(n) | Part::Framing(n) => {
                    self.bytes.drain(..n);
                }
                Part::End => {
                    self.in_body = false;
                    if self.bytes.is_empty() {
                        break;
                    }
                }
            }
        }
        Some(match (self.in_body, self.bytes.is_empty()) {
            (true, _) => Claim::BodyOpen,
            (false, true) => Claim::Complete,
            (false, false) => Claim::HeadOpen,
        })
    }
}

#[test]
fn of_every_question_exactly_one_answer_is_right_by_what_the_recording_says() {
    let mut kinds = BTreeSet::new();
    for (path, recording) in recordings() {
        let witness = Witness::new(&recording);
        for seed in 0..12 {
            for (question, seq, _) in asked(&recording, seed) {
                let place = format!("{} call {seq}: {question:?}", path.display());
                assert!((3..=4).contains(&question.choices.len()), "{place}");
                let right: Vec<usize> = (0..question.choices.len())
                    .filter(|n| witness.says(question.choices[*n].claim, seq))
                    .collect();
                assert_eq!(right, [question.right], "{place}");
                kinds.insert(question.kind);
            }
        }
    }
    let all = [
        Kind::NewFd,
        Kind::Received,
        Kind::Sent,
        Kind::Errno,
        Kind::Complete,
        Kind::Ready,
        Kind::Port,
    ];
    assert_eq!(kinds, BTreeSet::from(all));
}

#[test]
fn no_two_answers_of_a_question_are_the_same_and_each_has_its_reason() {
    for (_, recording) in recordings() {
        for (question, ..) in asked(&recording, 7) {
            let texts: BTreeSet<&str> = question.choices.iter().map(|c| c.text.as_str()).collect();
            assert_eq!(texts.len(), question.choices.len(), "{question:?}");
            for choice in &question.choices {
                assert!(
                    choice.because.len() > 20 && choice.because.is_ascii(),
                    "{choice:?}"
                );
                assert!(choice.text.len() <= 68, "{choice:?}");
            }
        }
    }
}

#[test]
fn the_answer_is_not_on_the_screen_before_it_is_given() {
    for (_, recording) in recordings() {
        for (question, _, shown) in asked(&recording, 3) {
            let first = shown.lines().next().expect("the call is shown");
            if question.shows_bytes {
                assert_eq!(question.kind, Kind::Complete);
                for word in ["request line", "header", "end of head", "body", "DONE"] {
                    let label = format!("> {word}");
                    assert!(!shown.contains(&label), "{shown}");
                }
            } else {
                assert!(first.ends_with(" = ?"), "{shown}");
                assert!(
                    !shown.contains("\n  kernel ") && !shown.contains("\n  next?"),
                    "{shown}"
                );
                let right = &question.choices[question.right].text;
                let value = right.split(':').next().expect("a text has a beginning");
                if question.kind == Kind::Errno {
                    assert!(!shown.contains(value), "{shown}");
                }
            }
        }
    }
}

#[test]
fn a_seed_gives_the_same_questions_again_and_another_one_others() {
    let (_, recording) = &recordings()[0];
    let texts = |seed| -> Vec<Vec<String>> {
        let all = asked(recording, seed);
        let choices = |q: &Question| q.choices.iter().map(|c| c.text.clone()).collect();
        all.iter().map(|(question, ..)| choices(question)).collect()
    };
    assert_eq!(texts(5), texts(5));
    assert!((0..5).any(|seed| texts(seed) != texts(seed + 1)));
}

#[test]
fn the_reason_is_shown_after_right_and_wrong_answers_alike_and_the_score_counts() {
    let (_, recording) = &recordings()[0];
    let mut quiz = Quiz::new(1);
    let all = asked(recording, 1);
    for (n, (question, ..)) in all.iter().enumerate() {
        let right = question.right;
        let wrong = (right + 1) % question.choices.len();
        let reason = &question.choices[right].because;
        for choice in [Some(right), Some(wrong), None] {
            let said = Quiz::verdict(question, choice);
            assert!(said.contains(reason), "{said:?}");
            assert_eq!(
                said[0].starts_with("right: "),
                choice == Some(right),
                "{said:?}"
            );
        }
        assert!(Quiz::verdict(question, Some(wrong))[0].contains(&question.choices[wrong].because));
        let choice = if n % 2 == 0 { Some(right) } else { Some(wrong) };
        assert_eq!(quiz.answer(question, choice), n % 2 == 0);
    }
    let right = all.len().div_ceil(2);
    assert_eq!(
        quiz.score(),
        format!("quiz: {right} of {} right", all.len())
    );
}

#[test]
fn a_recording_cut_anywhere_gives_questions_with_one_right_answer_or_none() {
    let recording = include_str!("golden/odd.jsonl");
    let witness = Witness::new(recording);
    let lines: Vec<&str> = recording.lines().collect();
    for first in 0..lines.len() {
        for (question, seq, _) in asked(&lines[first..].join("\n"), 1) {
            // What came before is not known to the second opinion: only what a call returned is.
            if question.kind != Kind::Complete {
                let says = |n: &usize| witness.says(question.choices[*n].claim, seq);
                let right: Vec<usize> = (0..question.choices.len()).filter(says).collect();
                assert_eq!(right, [question.right], "{first}: {question:?}");
            }
        }
    }
}
