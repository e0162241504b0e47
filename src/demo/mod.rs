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
mod scenes;
mod script;
mod stage;
mod switches;
mod tally;

pub use bare::{Bare, Program};
pub use scenes::SCENES;
pub use script::Step;
pub use stage::Stage;

use live::Live;
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

/// What is left when a scene is over: the recording of each server that had one, in order.
#[derive(Clone, Default, Debug)]
pub struct Played {
    /// JSON lines (docs/recording-format.md).
    pub recordings: Vec<Vec<u8>>,
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

/// Writes which scenes there are, by group.
///
/// # Errors
/// What writing said.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Scenes: server, clients and trace in one terminal.")?;
    for group in Group::ALL {
        writeln!(out, "\n{}", group.title())?;
        for scene in SCENES.iter().filter(|scene| scene.group == group) {
            writeln!(out, "  {:<16} {}", scene.name, scene.title)?;
        }
    }
    writeln!(
        out,
        "\nhttpsys demo NAME plays one; it ends by itself. --all plays every one."
    )
}

/// Plays a scene.
///
/// # Errors
/// Why it ended early.
pub fn play(scene: &Scene, stage: &Stage, out: &mut dyn Write) -> Result<Played, Error> {
    writeln!(out, "{}: {}", scene.name, scene.title)?;
    lines(out, "* ", scene.watch)?;
    out.flush()?;
    let mut player = Player {
        scene,
        stage,
        headed: false,
        played: Played::default(),
    };
    player.play(&scene.play, 0, out)?;
    lines(out, "= ", scene.moral)?;
    for (n, command) in scene.next.iter().enumerate() {
        writeln!(out, "{} {command}", if n == 0 { "next:" } else { "     " })?;
    }
    out.flush()?;
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
fn lines(out: &mut dyn Write, mark: &str, lines: &[&str]) -> io::Result<()> {
    for (n, line) in lines.iter().enumerate() {
        writeln!(out, "{}{line}", if n == 0 { mark } else { "  " })?;
    }
    Ok(())
}

/// Columns of a line.
const WIDTH: usize = 80;

/// A scene at work.
struct Player<'a> {
    scene: &'a Scene,
    stage: &'a Stage,
    headed: bool,
    played: Played,
}

impl Player<'_> {
    fn play(&mut self, play: &Play, act: usize, out: &mut dyn Write) -> Result<(), Error> {
        match *play {
            Play::Trace { serve, script } => {
                let server = self.stage.serve(&[&["--trace", "-q"], serve].concat())?;
                self.run(server, script, out)
            }
            Play::Kept {
                serve,
                script,
                recording,
            } => match self.stage.serve(&[&["--trace", "-q"], serve].concat()) {
                Ok(server) => self.run(server, script, out),
                Err(Error::Machine(why)) => {
                    if !self.stage.canonical {
                        let why: String = why.chars().take(WIDTH - 2).collect();
                        writeln!(out, "- {why}")?;
                    }
                    kept::show(recording, out)
                }
                Err(error) => Err(error),
            },
            Play::Program { script, .. } => {
                let server = self.stage.act(self.scene.name, act)?;
                self.run(server, script, out)
            }
            Play::Acts(acts) => acts.iter().enumerate().try_for_each(|(n, act)| {
                writeln!(out, "# {}", act.title)?;
                self.play(&act.play, n, out)
            }),
            Play::EveryModel { script } => models::table(self.stage, script, out),
        }
    }

    fn run(&mut self, server: Server, script: &[Step], out: &mut dyn Write) -> Result<(), Error> {
        let mut cast = Cast::new(server.address());
        let mut live = Live::new(server, self.stage.canonical, &mut self.headed, out);
        cast.play(script, &mut live)?;
        cast.leave();
        self.played.recordings.push(live.finish()?);
        Ok(())
    }
}
