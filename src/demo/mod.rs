//! Scenes: a server, its clients and what the kernel saw, in one terminal, by themselves.
//!
//! In: the name of a scene, the program's own path, somewhere to write. Out: what to watch for, the
//! trace or a table, one sentence of moral, what to try next. A scene is a value (docs/add-a-scene.md):
//! words, and a script that clients play. The server is a child process of the same program on a port
//! that the kernel chooses, so that its descriptors look real; every figure comes from its own
//! recording. Left out on purpose: anything that waits for a key.
//!
//! Read `models` for a scene, `script` for what clients can do, `stage` for how the server is run.

mod cost;
mod models;
mod script;
mod stage;
mod switches;

pub use script::Step;
pub use stage::Stage;

use script::Cast;
use std::fmt;
use std::io::{self, Write};

/// What a scene is about; the list shows them in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// How one program serves many clients.
    Waiting,
}

impl Group {
    const ALL: [Group; 1] = [Group::Waiting];

    fn title(self) -> &'static str {
        match self {
            Group::Waiting => "Waiting for many clients",
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
    /// One server, whose trace is shown as it happens, and a script for its clients.
    Trace {
        /// Arguments of `httpsys serve`, beside its address and `--trace`.
        serve: &'static [&'static str],
        /// What the clients do.
        script: &'static [Step],
    },
    /// The same script through every model there is: a table.
    EveryModel {
        /// What the clients do.
        script: &'static [Step],
    },
}

/// Every scene, in the order of the list.
pub static SCENES: &[Scene] = &[models::SCENE];

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
            writeln!(out, "  {:<10} {}", scene.name, scene.title)?;
        }
    }
    writeln!(out, "\nhttpsys demo NAME plays one; it ends by itself.")
}

/// Plays a scene.
///
/// # Errors
/// Why it ended early.
pub fn play(scene: &Scene, stage: &Stage, out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "{}: {}", scene.name, scene.title)?;
    lines(out, "* ", scene.watch)?;
    match scene.play {
        Play::Trace { serve, script } => trace(stage, serve, script, out)?,
        Play::EveryModel { script } => models::table(stage, script, out)?,
    }
    lines(out, "= ", scene.moral)?;
    for (n, command) in scene.next.iter().enumerate() {
        writeln!(out, "{} {command}", if n == 0 { "next:" } else { "     " })?;
    }
    out.flush()?;
    Ok(())
}

/// The first line with this mark, the others below it.
fn lines(out: &mut dyn Write, mark: &str, lines: &[&str]) -> io::Result<()> {
    for (n, line) in lines.iter().enumerate() {
        writeln!(out, "{}{line}", if n == 0 { mark } else { "  " })?;
    }
    Ok(())
}

/// One server and its trace.
fn trace(stage: &Stage, serve: &[&str], script: &[Step], out: &mut dyn Write) -> Result<(), Error> {
    let mut args = vec!["--trace"];
    args.extend(serve);
    let mut server = stage.serve(&args)?;
    let mut cast = Cast::new(server.address());
    cast.play(script, &mut |part| server.until(part, out))?;
    cast.leave();
    server.end(out)?;
    Ok(())
}
