//! Will everything work on this machine? A line for each thing httpsys wants of it.
//!
//! In: what the environment says (from `cli`), `/proc`, and a few harmless calls. Out: lines, OK or FIX,
//! the latter with what to do. `facts` looks, `judge` says what it means, without looking. Left out on
//! purpose: changing anything.

mod facts;
mod judge;

pub use facts::{Environment, Facts, Peer, look};
pub use judge::judge;

use std::borrow::Cow;

/// One thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it is about: `ptrace`.
    pub thing: Cow<'static, str>,
    /// How it is.
    pub state: String,
    /// What to do about it; `None` when all is well.
    pub fix: Option<String>,
}

impl Line {
    fn ok(thing: impl Into<Cow<'static, str>>, state: impl Into<String>) -> Line {
        Line {
            thing: thing.into(),
            state: state.into(),
            fix: None,
        }
    }

    fn fix(
        thing: impl Into<Cow<'static, str>>,
        state: impl Into<String>,
        fix: impl Into<String>,
    ) -> Line {
        Line {
            thing: thing.into(),
            state: state.into(),
            fix: Some(fix.into()),
        }
    }

    /// One or two rows of text, the remedy below.
    pub fn render(&self) -> String {
        match &self.fix {
            None => format!("OK   {:<13} {}\n", self.thing, self.state),
            Some(fix) => format!(
                "FIX  {:<13} {}\n     {:<13} -> {fix}\n",
                self.thing, self.state, ""
            ),
        }
    }
}
