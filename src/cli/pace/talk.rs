//! What is said to the person at the keyboard: prompts, questions, verdicts, pages of the reference.

use super::{Key, Moment, Pager, Question, Reference, Screen};
use crate::event::call::{CallName, Outcome};
use crate::event::{Event, What};
use crate::explain;
use crate::quiz::Quiz;
use crate::view::explain::row;
use crate::view::paint::Ink;

/// On the last row of a screen, or on a row of its own.
const PROMPT: &str = "[Enter] [b]ack [r]un [e]xplain [?] [q]uit";
/// The same where there is less room.
const SHORT_PROMPT: &str = "[Enter] [b] [r] [e] [?] [q]";
/// The short one is for less than this.
const NARROW: usize = 60;
/// For lines.
const LINES: &str = "* a line for each event: empty next, b back, r run, e explain, ? asks, q quit";
const ANSWERS: &str = "* answers by line: the number, or an empty line for \"I do not know\"";
/// Erases a row of our own.
const ERASE: &str = "\r\x1b[K";

/// What to look up about an event.
pub(super) fn reference(event: &Event<'_>) -> Reference {
    let (call, errno) = match &event.what {
        What::Call(done) => (
            Some(&done.syscall),
            match done.outcome {
                Outcome::Failed(errno) => errno.name(),
                Outcome::Returned(_) | Outcome::Unknown => None,
            },
        ),
        What::Enter(call) | What::Pending(call) => (Some(call), None),
        What::Ring(operation) => (
            Some(&operation.call.syscall),
            match operation.call.outcome {
                Outcome::Failed(errno) => errno.name(),
                Outcome::Returned(_) | Outcome::Unknown => None,
            },
        ),
        What::Fd(_) | What::Signal { .. } | What::Process(_) | What::Lost { .. } => (None, None),
    };
    let name = match call.map(|call| call.name) {
        Some(CallName::Known(id)) => format!("call {}", id.name()),
        Some(CallName::Number(_) | CallName::Name(_)) | None => "event".to_string(),
    };
    Reference(errno.map_or(name, |errno| format!("errno {errno}")))
}

/// What ends an answer.
enum Answer {
    Choice(Option<usize>),
    Enough,
}

impl Pager {
    /// Says once, to who sends lines, what they mean.
    pub(super) fn greet(&mut self) {
        let first = !std::mem::replace(&mut self.greeted, true);
        if first && self.wishes.chatty && !self.keys.is_terminal() {
            if self.wishes.step {
                self.say(LINES);
            }
            if self.wishes.quiz {
                self.say(ANSWERS);
            }
        }
    }

    /// Writes the screen or line that is the last one, and an empty row behind it.
    pub(super) fn draw_last(&mut self) {
        let Some(last) = self.history.len().checked_sub(1) else {
            return;
        };
        self.draw(last, false);
        self.out.write(b"\n");
    }

    /// Writes what was shown at this place; with `prompt` its last row stays open.
    fn draw(&mut self, place: usize, prompt: bool) {
        let paint = (self.paint)();
        let mut out = Vec::new();
        match self.history.get(place) {
            Some(Moment::Call(screen, _)) => screen.write(&paint, &mut out),
            Some(Moment::Line(line)) => out.extend_from_slice(line),
            None => return,
        }
        if prompt {
            out.pop();
            let start = out.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let words = prompt_for(paint.width);
            let mut used = visible(&out[start..]);
            if used + 2 + words.len() >= paint.width {
                out.push(b'\n');
                used = 0;
            }
            // At the right, but for the last column: a full row would wrap.
            let gap = paint.width.saturating_sub(used + words.len() + 1);
            out.extend(std::iter::repeat_n(b' ', gap));
            paint.words(Ink::Faint, words, &mut out);
        }
        self.out.write(&out);
    }

    /// Stands at the last event until the next one is wanted.
    pub(super) fn stand(&mut self) {
        let last = self.history.len().saturating_sub(1);
        if self.wishes.draws {
            self.draw(last, self.keys.is_terminal());
        } else {
            self.prompt();
        }
        self.stand_at(last, self.wishes.draws);
    }

    /// The same where the last thing is a line, which is there already.
    pub(super) fn stand_at_line(&mut self) {
        self.prompt();
        self.stand_at(self.history.len().saturating_sub(1), false);
    }

    /// `drawn`: a screen was, with the prompt on its last row; else there is the prompt alone.
    fn stand_at(&mut self, last: usize, mut drawn: bool) {
        let mut place = last;
        // Whose screen was drawn last.
        let mut seen = drawn.then_some(last);
        loop {
            if !self.out.is_whole() {
                // Nobody can see what would be waited for.
                return self.stop_looking();
            }
            let key = self.keys.wait();
            if matches!(key, Key::Answer(_) | Key::Other) {
                // Nothing was asked for: nothing changes.
                self.lost(LINES);
                continue;
            }
            // A screen that was only looked at again is drawn in full.
            if !self.keys.is_terminal() {
                if drawn {
                    self.out.write(b"\n");
                }
            } else if drawn {
                self.out.write(b"\n\n");
            } else {
                self.out.write(ERASE.as_bytes());
            }
            drawn = true;
            match key {
                Key::Next if place < last => place += 1,
                Key::Next => return,
                Key::Back => place = place.saturating_sub(1),
                Key::Run => {
                    self.stepping = false;
                    return;
                }
                Key::LetGo => return self.stop_looking(),
                Key::Quit => return self.enough(),
                Key::Ask => {
                    self.ask_next = true;
                    if self.wishes.chatty {
                        self.say("* the next result that leaves a choice is asked for first");
                    }
                    return;
                }
                Key::Explain if seen == Some(place) && self.page(place) => {
                    // The page alone: with the screen again, its first rows would scroll away.
                    self.prompt();
                    drawn = false;
                    continue;
                }
                Key::Explain => {}
                Key::Again | Key::Answer(_) | Key::Other => {}
            }
            self.draw(place, self.keys.is_terminal());
            seen = Some(place);
        }
    }

    /// A line was no word of ours: who types lines is told what is; a key pressed by mistake is not worth a word.
    fn lost(&mut self, words: &str) {
        if !self.keys.is_terminal() && self.wishes.chatty {
            self.say(words);
        }
    }

    fn prompt(&mut self) {
        if self.keys.is_terminal() {
            let mut out = Vec::new();
            let paint = (self.paint)();
            paint.words(Ink::Faint, prompt_for(paint.width), &mut out);
            self.out.write(&out);
        }
    }

    /// Writes the page of the reference for an event, if there is one.
    fn page(&mut self, place: usize) -> bool {
        let Some(Moment::Call(_, Reference(word))) = self.history.get(place) else {
            return false;
        };
        let Ok(page) = explain::lookup(word) else {
            return false;
        };
        let text = page.render((self.paint)().width);
        self.out.write(text.as_bytes());
        self.out.write(b"\n");
        true
    }

    /// Asks, waits for an answer, and says what it was worth.
    pub(super) fn ask(&mut self, screen: Option<&Screen>, question: &Question) {
        self.write_question(screen, question);
        let choice = match self.answer(screen, question) {
            Answer::Choice(choice) => choice,
            Answer::Enough => return,
        };
        self.quiz.answer(question, choice);
        let paint = (self.paint)();
        let mut out = Vec::new();
        for (n, line) in Quiz::verdict(question, choice).iter().enumerate() {
            let label = if n == 0 { "answer" } else { "" };
            row(label, line, &paint, &mut out);
        }
        out.push(b'\n');
        self.out.write(&out);
    }

    fn write_question(&mut self, screen: Option<&Screen>, question: &Question) {
        let paint = (self.paint)();
        let mut out = Vec::new();
        match screen {
            Some(screen) if question.shows_bytes => {
                screen.bytes_alone(ROWS_OF_BYTES, &paint, &mut out);
            }
            Some(screen) => screen.question(&paint, &mut out),
            None => {}
        }
        row("quiz", &question.text, &paint, &mut out);
        for (n, choice) in question.choices.iter().enumerate() {
            row("", &format!("{}) {}", n + 1, choice.text), &paint, &mut out);
        }
        if self.keys.is_terminal() {
            let prompt = format!("  [1-{}]  [Enter] no idea  [q] ", question.choices.len());
            paint.words(Ink::Faint, &prompt, &mut out);
        }
        self.out.write(&out);
    }

    fn answer(&mut self, screen: Option<&Screen>, question: &Question) -> Answer {
        loop {
            let key = self.keys.wait();
            let answered = match key {
                Key::Answer(n) if n <= question.choices.len() => Some(Answer::Choice(Some(n - 1))),
                Key::Next => Some(Answer::Choice(None)),
                Key::Run | Key::LetGo => {
                    self.stop_looking();
                    Some(Answer::Enough)
                }
                Key::Quit => {
                    self.enough();
                    Some(Answer::Enough)
                }
                Key::Again => {
                    self.out.write(b"\n");
                    self.write_question(screen, question);
                    None
                }
                Key::Answer(_) | Key::Back | Key::Explain | Key::Ask | Key::Other => {
                    self.lost(ANSWERS);
                    None
                }
            };
            if let Some(answered) = answered {
                if self.keys.is_terminal() {
                    self.out.write(b"\n");
                }
                return answered;
            }
        }
    }
}

/// The keys, as far as there is room for words.
fn prompt_for(width: usize) -> &'static str {
    match width {
        ..NARROW => SHORT_PROMPT,
        _ => PROMPT,
    }
}

/// Rows of bytes that a question shows.
const ROWS_OF_BYTES: usize = 5;

/// Columns of a row, colours apart.
fn visible(row: &[u8]) -> usize {
    let text = String::from_utf8_lossy(row);
    let mut columns = 0;
    let mut in_sequence = false;
    for c in text.chars() {
        match (in_sequence, c) {
            (false, '\x1b') => in_sequence = true,
            (false, _) => columns += 1,
            (true, 'm') => in_sequence = false,
            (true, _) => {}
        }
    }
    columns
}
