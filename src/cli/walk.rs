//! A scene, gone through event by event when it is over.
//!
//! In: what stood on the screen of a scene, and the recordings behind it. Out: the same once more on standard
//! output, each event as a screen or a line, held at or asked about as wished, between the scene's own words.
//! The events that the scene does not show go through the story too, and are not shown here either. Left out on
//! purpose: holding the scene itself. Its clients have clocks of their own, and what some scenes measure is
//! time; when it is over, nobody waits for whoever looks, for as long as he likes.

use super::Common;
use super::belonging::Belonging;
use super::filter::Filter;
use super::pace::Pager;
use super::pace::Wishes;
use super::pipeline::Output;
use super::pipeline::Pipeline;
use super::pipeline::Shown;
use super::stream::Stream;
use super::terminal;
use crate::demo;
use crate::demo::Beat;
use crate::demo::Error;
use crate::demo::Measured;
use crate::demo::Played;
use crate::demo::Scene;
use crate::demo::Stage;
use crate::event::raw::kind;
use crate::source::recording::Recording;
use crate::view::compact::CompactOptions;
use crate::view::compact::CompactView;
use crate::view::paint::Paint;

/// How to go through it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Hold at each event.
    pub step: bool,
    /// Ask before results.
    pub quiz: bool,
    /// Which questions.
    pub seed: u64,
    /// A screen for each event; else a line.
    pub explains: bool,
}

/// Somebody goes through scenes.
pub struct Walk {
    wanted: Wanted,
    common: Common,
    /// While an event is shown, its pipeline has it.
    pager: Option<Box<Pager>>,
}

impl Walk {
    /// Takes the keyboard, where keys are wanted.
    ///
    /// # Errors
    /// Standard output cannot be copied.
    pub fn new(wanted: Wanted, common: &Common) -> Result<Walk, Error> {
        let wishes = Wishes {
            step: wanted.step,
            quiz: wanted.quiz,
            seed: wanted.seed,
            draws: wanted.explains,
            shared: true,
            skips_startup: false,
            chatty: true,
            total: None,
        };
        let look = common.clone();
        let pager = Pager::new(wishes, stdout()?, Box::new(move || paint(&look)));
        Ok(Walk {
            wanted,
            common: common.clone(),
            pager: Some(Box::new(pager)),
        })
    }

    /// One scene after another, until somebody has seen enough; the score comes last.
    ///
    /// # Errors
    /// A scene could not be played to its end.
    pub fn all(mut self, scenes: &[&Scene], stage: &Stage) -> Result<(), Error> {
        for (n, scene) in scenes.iter().enumerate() {
            if self.is_over() {
                break;
            }
            if n > 0 {
                self.say("");
            }
            self.scene(scene, stage)?;
        }
        if let Some(pager) = &mut self.pager {
            pager.end();
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let goes_on = |pager: &Pager| !pager.has_quit() && pager.is_heard();
        !self.pager.as_deref().is_some_and(goes_on)
    }

    fn say(&mut self, words: &str) {
        if let Some(pager) = &mut self.pager {
            pager.say(words);
        }
    }

    fn scene(&mut self, scene: &Scene, stage: &Stage) -> Result<(), Error> {
        if let Some(pager) = &mut self.pager {
            pager.another_lesson();
        }
        self.say(demo::opening(scene).trim_end());
        self.say("- it plays now, for ten seconds at most; then you go through what happened");
        let played = demo::perform(scene, stage, &mut std::io::sink())?;
        self.say(&heading(&played));
        self.beats(&played)?;
        self.say(demo::ending(scene).trim_end());
        Ok(())
    }

    /// All that stood on the screen, once more.
    fn beats(&mut self, played: &Played) -> Result<(), Error> {
        let mut tape: Option<(usize, Tape<'_>)> = None;
        for beat in &played.beats {
            if self.is_over() {
                break;
            }
            match beat {
                Beat::Event(of, record) => {
                    if tape.as_ref().is_none_or(|(number, _)| number != of) {
                        let kept = played.kept.map(str::as_bytes);
                        let recording = played.recordings.get(*of).map(Vec::as_slice).or(kept);
                        tape = Some((*of, self.tape(recording.unwrap_or_default())?));
                    }
                    if let Some((_, tape)) = &mut tape {
                        tape.pipeline.pager = self.pager.take();
                        let shown = tape.show(*record);
                        self.pager = tape.pipeline.pager.take();
                        shown?;
                    }
                }
                Beat::Line(line) => self.line(line),
                Beat::Row(line, measured) => self.row(line, *measured),
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        if let Some(pager) = &mut self.pager {
            pager.remark(line);
        }
    }

    fn row(&mut self, line: &str, measured: Measured) {
        if let Some(pager) = &mut self.pager {
            pager.row(line, |quiz| {
                let (model, waited) = (measured.model, measured.second?);
                quiz.second_client(model.name(), model.has_one_seat(), waited)
            });
        }
    }

    fn tape<'r>(&mut self, recording: &'r [u8]) -> Result<Tape<'r>, Error> {
        let mut outputs = Vec::new();
        if !self.wanted.explains {
            let options = CompactOptions {
                quiet: true,
                ..CompactOptions::default()
            };
            let view = CompactView::new(paint(&self.common), options);
            outputs.push(Output::screen(Box::new(view), stdout()?));
        }
        let shown = Shown {
            calls: Filter::all(),
            successful_only: false,
            failed_only: false,
            belonging: Belonging::new(None, None),
        };
        if let Some(pager) = &mut self.pager {
            pager.another_trace();
        }
        Ok(Tape {
            records: Recording::new(recording).map_err(broken)?,
            read: 0,
            // The recording is masked already.
            pipeline: Pipeline::new(0, outputs, shown, true, None),
        })
    }
}

/// A recording, and how far it was read.
struct Tape<'r> {
    records: Recording<&'r [u8]>,
    read: u64,
    pipeline: Pipeline,
}

impl Tape<'_> {
    /// Shows this record. Those before it have happened, and are not shown.
    fn show(&mut self, record: u64) -> Result<(), Error> {
        while self.read < record {
            let Some((seq, raw)) = self.records.next_numbered().map_err(broken)? else {
                return Ok(());
            };
            self.read += 1;
            self.pipeline.hides = self.read < record;
            match raw.head.kind {
                kind::CALL => self.pipeline.numbered(seq, &raw),
                _ => self.pipeline.record(&raw),
            }
        }
        // A stream that breaks is found out by whoever writes next.
        self.pipeline.flush(true);
        Ok(())
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::Machine(format!("read the scene's recording: {error}"))
}

/// What is said when the scene is over, before its first event is shown.
fn heading(played: &Played) -> String {
    let events = |beat: &&Beat| matches!(beat, Beat::Event(..));
    match (played.kept, played.beats.iter().filter(events).count()) {
        (Some(_), n) => format!("- kept from another machine: {n} events"),
        (None, 0) => "- measured a moment ago, row by row:".to_owned(),
        (None, n) => {
            format!("- recorded a moment ago: {n} events. It is over: nobody waits for you")
        }
    }
}

fn stdout() -> Result<Stream, Error> {
    Stream::stdout().map_err(Error::Machine)
}

fn paint(common: &Common) -> Paint {
    let stdout = std::io::stdout();
    Paint::new(
        terminal::colours(common.color, &stdout),
        terminal::charset(common),
        terminal::columns(common.width, &stdout),
    )
}
