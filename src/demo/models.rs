//! The scene `models`: the same load through every model, and what each of them made of it.
//!
//! The script is what tells models apart: clients that come together, and one that stops inside its
//! request while another asks. The table is read from each run's own recording; the context switches
//! come from `/proc`, and how long the second client waited from its own clock.

use super::cost::{self, Cost, Kind};
use super::paper::Paper;
use super::script::{Cast, Set, Shown, Step};
use super::stage::{Server, Stage};
use super::switches;
use super::{Error, Group, Play, Scene};
use crate::explain;
use crate::server::IoModel;
use std::fmt::Write;
use std::time::Duration;

/// The scene.
pub const SCENE: Scene = Scene {
    name: "models",
    group: Group::Waiting,
    title: "the same load through every way to wait",
    watch: &[
        "22 requests: 4 clients ask at once, 5 times; then one stops for 50 ms inside",
        "its request while a second one asks. Calls are per request, from each run's",
        "own recording; EAGAIN, woke (slept and was woken) and switch are totals.",
        "2nd: ms until the second client had its answer. Who makes it wait?",
    ],
    play: Play::EveryModel { script: SCRIPT },
    moral: &[
        "Models differ in where they sleep: in a call for one client, and all others",
        "wait with it; or in one call for all, which costs that call each time.",
    ],
    next: &[
        "httpsys serve --io epoll --trace    then  httpsys get :8080/hi",
        "httpsys explain epoll_pwait         and docs/io-models.md, model by model",
    ],
};

const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: demo\r\n\r\n";
const FIRST_HALF: &[u8] = b"GET /hi HTTP/1.1\r\nHo";
const OTHER_HALF: &[u8] = b"st: demo\r\n\r\n";
/// The client that asks while another has stopped.
const SECOND: usize = 1;

/// What the clients do.
const SCRIPT: &[Step] = &[
    Step::Times(
        5,
        &[
            Step::Send(0, HI),
            Step::Send(1, HI),
            Step::Send(2, HI),
            Step::Send(3, HI),
            Step::Answer(0),
            Step::Answer(1),
            Step::Answer(2),
            Step::Answer(3),
        ],
    ),
    Step::Send(0, FIRST_HALF),
    Step::Send(SECOND, HI),
    Step::Meanwhile(SECOND, Duration::from_millis(50)),
    Step::Send(0, OTHER_HALF),
    Step::Answer(0),
    Step::Answer(SECOND),
];

/// What one model made of it.
#[derive(Clone, Copy, Default, Debug)]
struct Row {
    cost: Cost,
    switches: u64,
    second: Duration,
}

/// What one row was made of, for whoever asks about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// The model.
    pub model: IoModel,
    /// How long the second client waited for its answer; `None` where the machine does not have the model.
    pub second: Option<Duration>,
}

/// Plays the script through every model and writes a row for each as it ends.
pub fn table(stage: &Stage, script: &[Step], paper: &mut Paper<'_>) -> Result<(), Error> {
    paper.line(&format!(
        "{:<11}{:>7}{:>6}{:>6}{:>6}{:>6}{:>6}{:>8}{:>6}{:>7}{:>5}{:>5}",
        "model",
        "accept",
        "wait",
        "read",
        "write",
        "close",
        "other",
        "EAGAIN",
        "woke",
        "switch",
        "2nd",
        "ms"
    ))?;
    for model in IoModel::ALL {
        let (lines, second) = match stage.serve(&["--io", model.name()]) {
            Ok(server) => {
                let row = run(server, script)?;
                (vec![line(model, &row, stage.canonical)], Some(row.second))
            }
            // What every machine prints: whether this one has io_uring is its own affair.
            Err(Error::Machine(_)) if stage.canonical && model == IoModel::Uring => {
                (vec![line(model, &Row::default(), true)], None)
            }
            // A model that this machine does not have (io_uring may be forbidden) is no end of the scene.
            Err(Error::Machine(why)) => {
                let first = format!("{:<11} not here: ", model.name());
                (explain::wrap(&first, &why, 12, super::WIDTH - 1), None)
            }
            Err(error) => return Err(error),
        };
        let Some((first, below)) = lines.split_first() else {
            continue;
        };
        paper.row(first, Measured { model, second })?;
        below.iter().try_for_each(|line| paper.line(line))?;
    }
    Ok(())
}

/// Nobody sees how a model works here; only what it cost is shown.
struct Nothing;

impl Nothing {
    fn none<T>(what: &str) -> Result<T, Error> {
        Err(Error::Machine(format!("no trace is shown: `{what}`")))
    }
}

impl Set for Nothing {
    fn until(&mut self, part: &str, _: Shown) -> Result<(), Error> {
        Nothing::none(part)
    }
    fn leave_out(&mut self, part: &str, _: &str) -> Result<(), Error> {
        Nothing::none(part)
    }
    fn prompt(&mut self, line: &str) -> Result<(), Error> {
        Nothing::none(line)
    }
    fn say(&mut self, line: &str) -> Result<(), Error> {
        Nothing::none(line)
    }
    fn figure(&self, text: String) -> String {
        text
    }
    fn has_figures(&mut self, _: &'static str) {}
    fn end(&mut self) -> Result<(), Error> {
        Nothing::none("the end")
    }
    fn tally(&mut self, _: &[&str]) -> Result<(), Error> {
        Nothing::none("a tally")
    }
}

fn run(server: Server, script: &[Step]) -> Result<Row, Error> {
    let before = switches::of(server.pid());
    let mut cast = Cast::new(server.address());
    cast.play(script, &mut Nothing)?;
    // Threads and processes that serve a connection are there as long as it is.
    let switches = switches::of(server.pid()).saturating_sub(before);
    let second = cast.waited(SECOND);
    cast.leave();
    let recording = server.end()?;
    let cost = cost::of(recording.as_slice())
        .map_err(|error| Error::Machine(format!("the recording: {error}")))?;
    Ok(Row {
        cost,
        switches,
        second,
    })
}

fn line(model: IoModel, row: &Row, canonical: bool) -> String {
    let cost = &row.cost;
    let mut out = format!("{:<11}", model.name());
    // A string takes all that is written to it.
    let mut column = |text: &str, width: usize| {
        let _ = write!(out, "{text:>width$}");
    };
    for (kind, calls) in Kind::ALL.into_iter().zip(cost.calls) {
        // How often a loop looks in vain is the kernel's and the moment's choice; so is whether the parent
        // of forked processes winds up before its last child has ended.
        let fixed = match kind {
            Kind::Write => model != IoModel::Uring,
            Kind::Close => !matches!(model, IoModel::Fork | IoModel::Uring),
            _ => false,
        };
        let text = match canonical && !fixed {
            true => "N".to_owned(),
            false => per_request(calls, cost.requests),
        };
        let width = if kind == Kind::Accept { 7 } else { 6 };
        column(&text, width);
    }
    let totals = [
        (8, cost.again),
        (6, cost.woke),
        (7, row.switches),
        (5, row.second.as_millis() as u64),
        (5, cost.time / 1_000_000),
    ];
    for (width, number) in totals {
        let text = match canonical {
            true => "N".to_owned(),
            false => short(number),
        };
        column(&text, width);
    }
    out
}

/// Calls for one request, with one decimal: `1.0`, `0.2`, `123`.
fn per_request(calls: u64, requests: u64) -> String {
    let tenths = (calls * 10 + requests / 2) / requests.max(1);
    match tenths {
        0..1000 => format!("{}.{}", tenths / 10, tenths % 10),
        _ => short(tenths / 10),
    }
}

/// A number in at most five columns: `12345`, `123k`, `12M`.
fn short(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{}k", number / 1000),
        _ => format!("{}M", number / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_fit_their_columns() {
        for (calls, requests, text) in [
            (22, 22, "1.0"),
            (4, 22, "0.2"),
            (0, 0, "0.0"),
            (2_200_000, 22, "100k"),
        ] {
            assert_eq!(per_request(calls, requests), text);
        }
        for number in [0, 9_999, 10_000, 9_999_999, 99_999_999] {
            assert!(short(number).len() <= 5, "{number}");
        }
    }

    #[test]
    fn a_row_fits_80_columns_whatever_is_in_it() {
        let row = Row {
            cost: Cost {
                requests: 1,
                calls: [9_999_999; 6],
                again: 99_999_999,
                woke: 99_999_999,
                time: 99_999_000_000,
            },
            switches: 99_999_999,
            second: Duration::from_secs(9),
        };
        for model in IoModel::ALL {
            let line = line(model, &row, false);
            assert!(line.len() <= 80, "{line}");
        }
    }
}
