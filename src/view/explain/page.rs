//! The view itself: a screen for each call, a line for anything else, one behind the other.

use super::Teller;
use crate::event::Event;
use crate::story::{Step, Story};
use crate::view::View;
use crate::view::compact::CompactOptions;
use crate::view::compact::CompactView;
use crate::view::paint::Ink;
use crate::view::paint::Paint;
use crate::view::startup::Showing;
use crate::view::startup::Startup;
use crate::view::summary;

/// Writes screens, one behind the other.
#[derive(Debug)]
pub struct ExplainView {
    paint: Paint,
    teller: Teller,
    remarks: CompactView,
    /// Where how programs start is left out.
    startup: Option<Startup>,
    quiet: bool,
    only_sums: bool,
}

impl ExplainView {
    /// A view for one stream; `quiet` leaves out the sums at the end.
    pub fn new(paint: Paint, total: Option<u64>, quiet: bool) -> ExplainView {
        let mut teller = Teller::new(paint.charset);
        teller.total = total;
        ExplainView {
            remarks: CompactView::new(paint.clone(), CompactOptions::default()),
            paint,
            teller,
            startup: None,
            quiet,
            only_sums: false,
        }
    }

    /// Leaves out how programs start (`startup`).
    pub fn without_startup(self) -> ExplainView {
        ExplainView {
            startup: Some(Startup::default()),
            ..self
        }
    }

    /// The same without screens: somebody else draws them.
    pub fn only_sums(self) -> ExplainView {
        ExplainView {
            only_sums: true,
            ..self
        }
    }
}

impl View for ExplainView {
    fn step(&mut self, event: &Event<'_>, step: &Step<'_>, out: &mut Vec<u8>) {
        if self.only_sums {
            return;
        }
        let screen = self.teller.screen(event, step);
        let showing = self.startup.as_mut().map(|starts| starts.place_of(event));
        match showing {
            Some(Showing::Hidden) => return,
            Some(Showing::After(words)) => {
                let words = format!("- {words}");
                self.paint.words(Ink::Faint, &words, out);
                out.extend_from_slice(b"\n\n");
            }
            Some(Showing::Shown) | None => {}
        }
        match screen {
            Some(screen) => screen.write(&self.paint, out),
            None => {
                self.remarks.step(event, step, out);
                self.remarks.pause(out);
            }
        }
        out.push(b'\n');
    }

    fn end(&mut self, story: &Story, out: &mut Vec<u8>) {
        if !self.quiet {
            summary::line(story, &self.paint, out);
        }
    }
}
