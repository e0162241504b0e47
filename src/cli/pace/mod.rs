//! `--step` and `--quiz`: who decides when the next event is shown.
//!
//! In: events with their screens, and keys. Out: on the stream that carries the trace, screens, questions
//! and prompts; and to whoever makes the events: wait, go on, enough. While somebody looks, the source is
//! held before its next call and the clock of deadlines stands still. Nothing is ever drawn over: what was
//! on the screen scrolls, so a change of size, a slow line or a dumb terminal do no harm.

mod keys;
mod pauses;
mod talk;

pub use keys::keep_standard_input;
pub use keys::let_go;

use super::pipeline::Output;
use super::stream::Stream;
use crate::event::{Event, What};
use crate::kernel::clock;
use crate::kernel::raw_mode;
use crate::quiz::{Before, Question, Quiz};
use crate::source::recorder::Region;
use crate::story::{Step, Story};
use crate::view::View;
use crate::view::compact::CompactOptions;
use crate::view::compact::CompactView;
use crate::view::explain::Screen;
use crate::view::explain::Teller;
use crate::view::paint::Paint;
use crate::view::startup::Showing;
use crate::view::startup::Startup;
use keys::Key;
use keys::Keys;
use pauses::Pauses;
use std::collections::VecDeque;
use std::sync::Arc;

/// So many screens can be gone back to.
const HISTORY: usize = 1000;

/// What a person asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Hold at each event.
    pub step: bool,
    /// Ask before results.
    pub quiz: bool,
    /// Which questions, in which order.
    pub seed: u64,
    /// The explain view is on this stream: screens are drawn here, with the prompt on their last row.
    pub draws: bool,
    /// The outputs for people write to this stream too, not to a file.
    pub shared: bool,
    /// How a program starts is neither held at nor asked about, and no screen is drawn of it.
    pub skips_startup: bool,
    /// The stream carries a view for people: there may be words beside it.
    pub chatty: bool,
    /// How many calls there are, where that is known.
    pub total: Option<u64>,
}

/// What has been on the screen.
#[derive(Debug)]
enum Moment {
    Call(Box<Screen>, Reference),
    Line(Vec<u8>),
}

/// What `e` looks up.
#[derive(Clone, Debug)]
struct Reference(String);

/// Decides when the next event is shown.
pub struct Pager {
    keys: Keys,
    out: Stream,
    /// How the stream looks now: its width may change.
    paint: Box<dyn Fn() -> Paint + Send>,
    teller: Teller,
    remarks: CompactView,
    startup: Startup,
    wishes: Wishes,
    quiz: Quiz,
    stepping: bool,
    asking: bool,
    /// A question was asked for.
    ask_next: bool,
    /// Nothing more is shown.
    muted: bool,
    /// `q` was pressed.
    quit: bool,
    history: VecDeque<Moment>,
    pauses: Pauses,
    /// Whose calls are held.
    region: Option<Arc<Region>>,
    /// What `q` does, beside muting.
    on_quit: Option<Box<dyn FnOnce() + Send>>,
    greeted: bool,
}

impl Pager {
    /// Draws on `out`, which looks as `paint` says.
    pub fn new(wishes: Wishes, out: Stream, paint: Box<dyn Fn() -> Paint + Send>) -> Pager {
        let now = paint();
        let mut teller = Teller::new(now.charset);
        teller.total = wishes.total;
        Pager {
            keys: match wishes.step || wishes.quiz {
                true => Keys::new(),
                false => Keys::none(),
            },
            out,
            remarks: CompactView::new(now, CompactOptions::default()),
            startup: Startup::default(),
            paint,
            teller,
            quiz: Quiz::new(wishes.seed),
            stepping: wishes.step,
            asking: wishes.quiz,
            ask_next: false,
            muted: false,
            quit: false,
            history: VecDeque::new(),
            pauses: Pauses::default(),
            region: None,
            on_quit: None,
            greeted: false,
            wishes,
        }
    }

    /// Holds the writers of `region` while an event is looked at.
    pub fn holds(&mut self, region: Arc<Region>) {
        region.step();
        self.region = Some(region);
    }

    /// What to do when enough was seen, beside showing nothing more.
    pub fn on_quit(&mut self, what: impl FnOnce() + Send + 'static) {
        self.on_quit = Some(Box::new(what));
    }

    /// Whether enough was seen.
    pub fn has_quit(&self) -> bool {
        self.quit
    }

    /// A time of the records' clock without the time that somebody looked at the screen.
    pub fn without_pauses(&self, time: u64) -> u64 {
        self.pauses.without(time)
    }

    /// What questions need to know from before an event.
    pub fn before(&self, story: &Story, event: &Event<'_>) -> Before {
        match self.asking || self.ask_next {
            true => Before::new(story, event),
            false => Before::default(),
        }
    }

    /// Shows an event on all outputs, when it is time; returns when it is time for the next.
    pub fn meet(
        &mut self,
        outputs: &mut [Output],
        event: &Event<'_>,
        step: &Step<'_>,
        before: &Before,
        on_screen: bool,
    ) {
        let screen = self.teller.screen(event, step);
        if self.wishes.shared {
            let columns = (self.paint)().width;
            let people = outputs.iter_mut().filter(|output| !output.is_complete());
            people.for_each(|output| output.fit(columns));
        }
        for output in outputs.iter_mut().filter(|output| output.is_complete()) {
            output.show(event, step);
        }
        if !on_screen || self.muted {
            return;
        }
        let place = match self.wishes.skips_startup {
            true => self.startup.place_of(event),
            false => Showing::Shown,
        };
        if place == Showing::Hidden {
            // They count what they leave out.
            for output in outputs.iter_mut().filter(|output| !output.is_complete()) {
                output.show(event, step);
            }
            return;
        }
        self.greet();
        if let Showing::After(words) = place
            && self.wishes.draws
        {
            self.remark(&format!("- {words}\n"));
        }
        let is_news = matches!(event.what, What::Call(_) | What::Ring(_));
        self.look_at_keys();
        if (self.asking || self.ask_next)
            && let Some(screen) = &screen
            && let Some(question) = self.quiz.question(before, event, step)
        {
            self.ask_next = false;
            flush(outputs);
            self.hold(|pager| pager.ask(Some(screen), &question));
        }
        if self.muted {
            return;
        }
        for output in outputs.iter_mut().filter(|output| !output.is_complete()) {
            output.show(event, step);
        }
        let mut line = Vec::new();
        if screen.is_none() {
            self.remarks.step(event, step, &mut line);
            self.remarks.pause(&mut line);
        }
        self.remember(event, screen, line);
        if self.stepping && is_news {
            flush(outputs);
            self.hold(Pager::stand);
        } else if self.wishes.draws {
            self.draw_last();
        }
        if !is_news {
            flush(outputs);
        }
    }

    /// Says something that is no event. It can be gone back to.
    pub fn remark(&mut self, line: &str) {
        if self.muted {
            return;
        }
        self.greet();
        self.say(line);
        self.keep(Moment::Line(format!("{line}\n").into_bytes()));
    }

    /// The same for a row of a table, which is held at as if it were an event; before it, `question` is asked
    /// if there is one.
    pub fn row(&mut self, line: &str, question: impl FnOnce(&mut Quiz) -> Option<Question>) {
        if self.muted {
            return;
        }
        self.greet();
        self.look_at_keys();
        if (self.asking || self.ask_next)
            && let Some(question) = question(&mut self.quiz)
        {
            self.ask_next = false;
            self.hold(|pager| pager.ask(None, &question));
        }
        self.remark(line);
        if self.stepping && !self.muted {
            self.hold(Pager::stand_at_line);
        }
    }

    /// What comes now is about something else: each kind of question may be asked again.
    pub fn another_lesson(&mut self) {
        self.quiz.another_lesson();
    }

    /// What comes now is another trace: nothing is known of it yet.
    pub fn another_trace(&mut self) {
        let now = (self.paint)();
        self.teller = Teller::new(now.charset);
        self.remarks = CompactView::new(now, CompactOptions::default());
        self.startup = Startup::default();
    }

    /// Nothing happens: a key may have been pressed.
    pub fn idle(&mut self) {
        if self.keys.is_terminal() {
            self.look_at_keys();
        }
    }

    /// Whether anybody can still see what is shown.
    pub fn is_heard(&self) -> bool {
        self.out.is_whole()
    }

    /// Writes what comes after everything else.
    pub fn end(&mut self) {
        if (self.wishes.quiz || self.quiz.questions > 0) && self.wishes.chatty {
            self.say(&format!("* {}", self.quiz.score()));
        }
    }

    /// The source waits, and its clock stands still, while this is done.
    fn hold(&mut self, look: impl FnOnce(&mut Pager)) {
        // A Ctrl-Z from before has stopped the program, or the program did not want to be stopped.
        raw_mode::forget_stop();
        clock::pause();
        let from = clock::real();
        look(self);
        self.pauses.add(from, clock::real());
        clock::resume();
        self.let_calls_go();
    }

    /// Opens the gate for good where nothing will be looked at any more.
    fn let_calls_go(&mut self) {
        let watched = self.stepping || self.asking || self.ask_next;
        if let Some(region) = &self.region
            && !watched
        {
            region.run();
        }
    }

    fn remember(&mut self, event: &Event<'_>, screen: Option<Screen>, line: Vec<u8>) {
        let moment = match screen {
            Some(screen) => Moment::Call(Box::new(screen), talk::reference(event)),
            None => Moment::Line(line),
        };
        self.keep(moment);
    }

    fn keep(&mut self, moment: Moment) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(moment);
    }

    fn stop_looking(&mut self) {
        self.stepping = false;
        self.asking = false;
        self.ask_next = false;
    }

    fn enough(&mut self) {
        self.stop_looking();
        self.muted = true;
        self.quit = true;
        self.let_calls_go();
        if let Some(what) = self.on_quit.take() {
            what();
        }
    }

    /// Keys that were pressed while nobody waited for one.
    fn look_at_keys(&mut self) {
        if !self.keys.is_terminal() {
            return;
        }
        match self.keys.poll() {
            Some(Key::Quit) => self.enough(),
            Some(Key::LetGo) => {
                self.stop_looking();
                self.let_calls_go();
            }
            Some(Key::Run) => {
                self.stepping = false;
                self.let_calls_go();
            }
            Some(Key::Next) if self.wishes.step && !self.stepping => {
                self.stepping = true;
                if let Some(region) = &self.region {
                    region.step();
                }
            }
            Some(Key::Ask) => {
                self.ask_next = true;
                if let Some(region) = &self.region {
                    region.step();
                }
            }
            _ => {}
        }
    }

    /// Writes a line, or several.
    pub fn say(&mut self, line: &str) {
        self.out.write(format!("{line}\n").as_bytes());
    }
}

/// What was shown goes out before something else is said on the same screen.
fn flush(outputs: &mut [Output]) {
    for output in outputs {
        output.write_out();
    }
}
