//! Questions about what happens next: asked before a result is shown, made from events and the story,
//! never from a script.
//!
//! In: what the story knew before an event ([`Before`]), the event, and what the story makes of it. Out: a
//! [`Question`] with three or four answers, of which exactly one is right by what the trace says
//! ([`Claim::holds`] decides); the wrong ones are what people commonly believe. Deterministic for a seed.
//! Left out on purpose: keys, screens, time; and questions whose answer would be a guess.
//!
//! Read `claim` for what can be asked, `make` for when, `words` for the sentences.

mod claim;
mod make;
mod words;

pub use claim::Claim;
pub use make::Before;

use crate::event::{Event, What};
use crate::story::Step;
use std::collections::HashMap;
use std::time::Duration;

/// What a question is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// "which fd will accept give?"
    NewFd,
    /// "how many bytes will read return?"
    Received,
    /// "how many bytes will write take?"
    Sent,
    /// "what will errno be?"
    Errno,
    /// "is the request complete?"
    Complete,
    /// "how many will be ready?"
    Ready,
    /// "which port has an accepted socket?"
    Port,
    /// "one client has stopped inside its request: when is another one answered?"
    Answered,
}

/// One of the answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What stands behind the number.
    pub text: String,
    /// What it says about the event.
    pub claim: Claim,
    /// Why it is so, or is not.
    pub because: String,
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What it is about.
    pub kind: Kind,
    /// What is asked.
    pub text: String,
    /// The answers, in the order they are shown.
    pub choices: Vec<Choice>,
    /// Which is right.
    pub right: usize,
    /// The bytes are shown with it: it is about what they mean.
    pub shows_bytes: bool,
}

/// Of each kind (for each call and way to end) so many questions are asked: after that one knows.
const EACH: u32 = 2;
/// How long the one client stops, of whom [`Quiz::second_client`] asks.
const STOP: Duration = Duration::from_millis(50);
/// Answers of a question.
const CHOICES: usize = 4;

/// Asks, and counts what was known.
#[derive(Debug)]
pub struct Quiz {
    seed: u64,
    asked: HashMap<(Kind, &'static str, bool), u32>,
    /// Answered, and right.
    pub right: u32,
    /// Questions that were asked.
    pub questions: u32,
}

impl Quiz {
    /// Questions in the order of this seed.
    pub fn new(seed: u64) -> Quiz {
        Quiz {
            seed,
            asked: HashMap::new(),
            right: 0,
            questions: 0,
        }
    }

    /// The question about an event, if there is a good one that was not asked often enough.
    pub fn question(
        &mut self,
        before: &Before,
        event: &Event<'_>,
        step: &Step<'_>,
    ) -> Option<Question> {
        let mut drafts = make::drafts(before, event, step);
        let key = |draft: &make::Draft| (draft.kind, draft.call, draft.usual);
        drafts.retain(|draft| self.asked.get(&key(draft)).is_none_or(|n| *n < EACH));
        // What was asked least; between equals the seed decides.
        let asked = |draft: &make::Draft| self.asked.get(&key(draft)).copied().unwrap_or(0);
        let least = drafts.iter().map(asked).min()?;
        drafts.retain(|draft| asked(draft) == least);
        let draft = drafts.swap_remove(self.dice(event).roll(drafts.len()));
        let key = key(&draft);
        let question = self.drawn(draft, event, step)?;
        *self.asked.entry(key).or_default() += 1;
        Some(question)
    }

    /// The question about a server with this way to wait, one of whose clients stops for 50 ms inside its
    /// request: when is a second client answered? `waited` is how long that took. Asked where it bears out
    /// what the number of seats says, and only so often.
    pub fn second_client(
        &mut self,
        model: &'static str,
        one_seat: bool,
        waited: Duration,
    ) -> Option<Question> {
        let measured = match one_seat {
            true => waited >= STOP,
            false => waited < STOP / 2,
        };
        let asked = self.asked.entry((Kind::Answered, "", one_seat));
        let asked = asked.or_default();
        if !measured || *asked >= EACH {
            return None;
        }
        *asked += 1;
        let mut choices = words::answered(one_seat);
        let seed = model.bytes().fold(self.seed, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        Dice(seed).shuffle(&mut choices);
        let right = match one_seat {
            true => Claim::AnsweredLater,
            false => Claim::AnsweredAtOnce,
        };
        Some(Question {
            kind: Kind::Answered,
            text: format!("{model}: {}", words::question(Kind::Answered, model)),
            right: choices.iter().position(|c| c.claim == right)?,
            choices,
            shows_bytes: false,
        })
    }

    /// Dice that fall for this event as they do for no other.
    fn dice(&self, event: &Event<'_>) -> Dice {
        // Operations of a ring have no number of their own.
        let number = match &event.what {
            What::Ring(operation) => operation.user_data,
            _ => event.seq,
        };
        Dice(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Takes one right answer and up to three wrong ones, and shuffles them.
    fn drawn(&self, draft: make::Draft, event: &Event<'_>, step: &Step<'_>) -> Option<Question> {
        let mut dice = self.dice(event);
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for choice in draft.choices {
            match choice.claim.holds(event, step)? {
                true => right.push(choice),
                false => wrong.push(choice),
            }
        }
        let [right] = <[Choice; 1]>::try_from(right).ok()?;
        wrong.dedup_by(|a, b| a.claim == b.claim || a.text == b.text);
        while wrong.len() > CHOICES - 1 {
            // The first ones are the commonest beliefs.
            let spare = 1 + dice.roll(wrong.len() - 1);
            wrong.remove(spare);
        }
        if wrong.len() < 2 {
            return None;
        }
        let mut choices = wrong;
        let place = dice.roll(choices.len() + 1);
        choices.insert(place, right.clone());
        dice.shuffle(&mut choices);
        let right = choices.iter().position(|c| c.claim == right.claim)?;
        Some(Question {
            kind: draft.kind,
            text: draft.text,
            choices,
            right,
            shows_bytes: draft.shows_bytes,
        })
    }

    /// What comes now is about something else: what was asked before may be asked again.
    pub fn another_lesson(&mut self) {
        self.asked.clear();
    }

    /// Counts an answer; `None` for "I do not know". True when it is right.
    pub fn answer(&mut self, question: &Question, choice: Option<usize>) -> bool {
        self.questions += 1;
        let right = choice == Some(question.right);
        self.right += u32::from(right);
        right
    }

    /// What is said after an answer: whether it was right, why not, and why the right one is.
    pub fn verdict(question: &Question, choice: Option<usize>) -> Vec<String> {
        words::verdict(question, choice)
    }

    /// `quiz: 7 of 9 right`, or why there is no score.
    pub fn score(&self) -> String {
        words::score(self.right, self.questions, !self.asked.is_empty())
    }
}

/// Numbers that are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    /// Puts them in another order.
    fn shuffle<T>(&mut self, things: &mut [T]) {
        for n in (1..things.len()).rev() {
            things.swap(n, self.roll(n + 1));
        }
    }

    /// One of 0 to `sides` - 1.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}
