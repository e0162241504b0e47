//! Scenes: a server, its clients and what the kernel saw, in one terminal, by themselves.
//!
//! In: the name of a scene, the program's own path, somewhere to write. Out: what to watch for, the
//! trace or a table, one sentence of moral, what to try next. A scene is a value (docs/add-a-scene.md):
//! words, and a script that clients play. The server is a child process of the same program on a port
//! that the kernel chooses, so that its descriptors look real; every figure comes from its own
//! recording. Left out on purpose: anything that waits for a key.
//!
//! Read a file in `scenes` for a scene, `script` for what can happen in one, `bare` for a server of its own,
//! `stage` for how a server is run.

mod bare;
mod client;
mod cost;
mod crowd;
mod kept;
mod live;
mod models;
mod paper;
mod scenes;
mod script;
mod stage;
mod switches;
mod tally;

pub use bare::{Bare, Program};
pub use models::Measured;
pub use paper::Beat;
pub use scenes::SCENES;
pub use script::Step;
pub use stage::{MARK, Stage};

use crate::explain;
use live::Live;
use paper::Paper;
use script::Cast;
use stage::Server;
use std::fmt;
use std::io::{self, Write};

/// What a scene is about; the list shows them in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// One request and its answer.
    First,
    /// How bytes come and go.
    Bytes,
    /// How one program serves many clients.
    Waiting,
    /// How connections end.
    Ending,
    /// What a number stands for.
    Descriptors,
    /// What runs out, and what takes long.
    Limits,
    /// What the bytes say.
    Messages,
}

impl Group {
    const ALL: [Group; 7] = [
        Group::First,
        Group::Bytes,
        Group::Waiting,
        Group::Ending,
        Group::Descriptors,
        Group::Limits,
        Group::Messages,
    ];

    /// Its scenes, in order.
    fn scenes(self) -> impl Iterator<Item = &'static Scene> {
        SCENES.iter().filter(move |scene| scene.group == self)
    }

    fn title(self) -> &'static str {
        match self {
            Group::First => "One request and its answer",
            Group::Bytes => "How bytes come and go",
            Group::Waiting => "Waiting for many clients",
            Group::Ending => "How connections end",
            Group::Descriptors => "What a descriptor stands for",
            Group::Limits => "What runs out, and what takes long",
            Group::Messages => "What the bytes say",
        }
    }
}

/// A scene. Lines fit 78 columns.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What `httpsys demo` takes.
    pub name: &'static str,
    /// Where the list has it.
    pub group: Group,
    /// One line for the list.
    pub title: &'static str,
    /// What to watch for, before anything happens.
    pub watch: &'static [&'static str],
    /// What happens.
    pub play: Play,
    /// One sentence to take home.
    pub moral: &'static [&'static str],
    /// Commands to type next.
    pub next: &'static [&'static str],
}

/// What happens in a scene.
#[derive(Clone, Copy, Debug)]
pub enum Play {
    /// `httpsys serve`, whose trace is shown as it happens, and a script for its clients.
    Trace {
        /// Arguments of `httpsys serve`, beside its address and `--trace`.
        serve: &'static [&'static str],
        /// What the clients do.
        script: &'static [Step],
    },
    /// The same for a server of the scene's own, which makes its calls one by one.
    Program {
        /// The server.
        program: Program,
        /// What the clients do.
        script: &'static [Step],
    },
    /// One after another, each with a line that says what is different.
    Acts(&'static [Act]),
    /// As `Trace`, where the machine may refuse what the scene is about: then the scene says so, and shows
    /// this recording of it.
    Kept {
        /// Arguments of `httpsys serve`.
        serve: &'static [&'static str],
        /// What the clients do.
        script: &'static [Step],
        /// JSON lines, kept from a machine that did not refuse.
        recording: &'static str,
    },
    /// The same script through every model there is: a table.
    EveryModel {
        /// What the clients do.
        script: &'static [Step],
    },
}

/// One of several parts of a scene.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// What is different in this one.
    pub title: &'static str,
    /// What happens.
    pub play: Play,
}

/// What is left when a scene is over.
#[derive(Clone, Default, Debug)]
pub struct Played {
    /// The recording of each server that had one, in order: JSON lines (docs/recording-format.md).
    pub recordings: Vec<Vec<u8>>,
    /// What stood on the screen, in order; events are records of those recordings, or of the one that the
    /// scene keeps for a machine that refuses.
    pub beats: Vec<Beat>,
    /// That one, where it was shown. Nothing of it happened here.
    pub kept: Option<&'static str>,
}

/// The scene of this name.
pub fn find(name: &str) -> Option<&'static Scene> {
    SCENES.iter().find(|scene| scene.name == name)
}

/// Why a scene could not be played to its end.
#[derive(Debug)]
pub enum Error {
    /// Whoever looks has gone, or the disk is full.
    Output(io::Error),
    /// The machine said no: a sentence.
    Machine(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Output(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Output(error) => write!(f, "write standard output: {error}"),
            Error::Machine(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

/// Writes which scenes there are, by group: their names, on one screen.
///
/// # Errors
/// What writing said.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Scenes: server, clients and trace in one terminal.\n")?;
    for group in Group::ALL {
        let names: Vec<&str> = group.scenes().map(|scene| scene.name).collect();
        writeln!(out, "{}\n  {}", group.title(), names.join("  "))?;
    }
    writeln!(
        out,
        "\nhttpsys demo NAME plays one; it ends by itself. --step goes through it event by\n\
         event, --quiz asks, --all plays every one, --list says what each is about."
    )
}

/// Writes what each scene is about, by group.
///
/// # Errors
/// What writing said.
pub fn titles(out: &mut dyn Write) -> io::Result<()> {
    for (n, group) in Group::ALL.into_iter().enumerate() {
        let gap = if n == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}", group.title())?;
        for scene in group.scenes() {
            writeln!(out, "  {:<16} {}", scene.name, scene.title)?;
        }
    }
    Ok(())
}

/// Plays a scene.
///
/// # Errors
/// Why it ended early.
pub fn play(scene: &Scene, stage: &Stage, out: &mut dyn Write) -> Result<Played, Error> {
    out.write_all(opening(scene).as_bytes())?;
    out.flush()?;
    let played = perform(scene, stage, out)?;
    out.write_all(ending(scene).as_bytes())?;
    out.flush()?;
    Ok(played)
}

/// What is said before a scene: its name, and what to watch for.
pub fn opening(scene: &Scene) -> String {
    format!(
        "{}: {}\n{}",
        scene.name,
        scene.title,
        lines("* ", scene.watch)
    )
}

/// What is said after it: the moral, and what to type next.
pub fn ending(scene: &Scene) -> String {
    let mut text = lines("= ", scene.moral);
    for (n, command) in scene.next.iter().enumerate() {
        let mark = if n == 0 { "next:" } else { "     " };
        text.push_str(&format!("{mark} {command}\n"));
    }
    text
}

/// Plays what is between the two.
///
/// # Errors
/// Why it ended early.
pub fn perform(scene: &Scene, stage: &Stage, out: &mut dyn Write) -> Result<Played, Error> {
    let mut player = Player {
        scene,
        stage,
        paper: Paper::new(out),
        played: Played::default(),
    };
    player.play(&scene.play, 0)?;
    player.played.beats = player.paper.beats();
    Ok(player.played)
}

/// The program of act `act` of a scene; act 0 is the scene itself where it has no acts.
pub fn program(scene: &str, act: usize) -> Option<Program> {
    let play = match find(scene)?.play {
        Play::Acts(acts) => acts.get(act)?.play,
        play => Some(play).filter(|_| act == 0)?,
    };
    match play {
        Play::Program { program, .. } => Some(program),
        Play::Trace { .. } | Play::Kept { .. } | Play::Acts(_) | Play::EveryModel { .. } => None,
    }
}

/// The first line with this mark, the others below it.
fn lines(mark: &str, lines: &[&str]) -> String {
    let marks = std::iter::once(mark).chain(std::iter::repeat("  "));
    let lines = lines.iter().zip(marks);
    lines
        .map(|(line, mark)| format!("{mark}{line}\n"))
        .collect()
}

/// Columns of a line.
const WIDTH: usize = 80;

/// A scene at work.
struct Player<'a> {
    scene: &'a Scene,
    stage: &'a Stage,
    paper: Paper<'a>,
    played: Played,
}

impl Player<'_> {
    fn play(&mut self, play: &Play, act: usize) -> Result<(), Error> {
        match *play {
            Play::Trace { serve, script } => {
                let server = self.stage.serve(&[&["--trace", "-q"], serve].concat())?;
                self.run(server, script)
            }
            Play::Kept {
                serve,
                script,
                recording,
            } => match self.stage.serve(&[&["--trace", "-q"], serve].concat()) {
                Ok(server) => self.run(server, script),
                Err(Error::Machine(why)) => {
                    if !self.stage.canonical {
                        for line in explain::wrap("- ", &why, 2, WIDTH) {
                            self.paper.line(&line)?;
                        }
                    }
                    self.played.kept = Some(recording);
                    kept::show(recording, script, &mut self.paper)
                }
                Err(error) => Err(error),
            },
            Play::Program { script, .. } => {
                let server = self.stage.act(self.scene.name, act)?;
                self.run(server, script)
            }
            Play::Acts(acts) => acts.iter().enumerate().try_for_each(|(n, act)| {
                self.paper.line(&format!("# {}", act.title))?;
                self.play(&act.play, n)
            }),
            Play::EveryModel { script } => models::table(self.stage, script, &mut self.paper),
        }
    }

    fn run(&mut self, server: Server, script: &[Step]) -> Result<(), Error> {
        let mut cast = Cast::new(server.address());
        let mut live = Live::new(server, self.stage.canonical, &mut self.paper);
        cast.play(script, &mut live)?;
        cast.leave();
        self.played.recordings.push(live.finish()?);
        self.paper.recording += 1;
        Ok(())
    }
}
