//! `httpsys demo [NAME]`: a scene, by itself; without a name, which there are.

use super::Common;
use super::exit;
use super::terminal;
use crate::demo;
use crate::demo::Error;
use crate::demo::Stage;
use crate::view::text::Charset;
use std::io::Write;

/// Play a scene: server, clients and trace in one terminal, by itself
#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// Which scene; without a name, the list
    pub name: Option<String>,
    /// Every scene, one after another
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
}

/// Plays, or lists.
pub fn run(args: &DemoArgs, common: &Common) -> u8 {
    let mut out = std::io::stdout();
    let scenes: Vec<&demo::Scene> = match &args.name {
        None if args.all => demo::SCENES.iter().collect(),
        None => return ended(demo::list(&mut out).map_err(Error::Output)),
        Some(name) => demo::find(name).into_iter().collect(),
    };
    if let (true, Some(name)) = (scenes.is_empty(), &args.name) {
        let names: Vec<&str> = demo::SCENES.iter().map(|scene| scene.name).collect();
        let message = format!(
            "there is no scene `{}`; there is: {}",
            name.escape_debug(),
            names.join(", ")
        );
        return super::usage("demo", &message);
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return ended(Err(Error::Machine(format!("find this program: {error}")))),
    };
    let stage = Stage {
        program,
        flags: flags(common),
        canonical: common.canonical,
    };
    ended(all(&scenes, &stage, &mut out))
}

/// One after another, with a line between two.
fn all(scenes: &[&demo::Scene], stage: &Stage, out: &mut dyn Write) -> Result<(), Error> {
    for (n, scene) in scenes.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        demo::play(scene, stage, out)?;
    }
    Ok(())
}

/// Columns that every line of a trace fits.
const LEAST_WIDTH: usize = 80;

/// How the screen of a child looks: as ours.
fn flags(common: &Common) -> Vec<String> {
    let stdout = std::io::stdout();
    let color = match terminal::colours(common.color, &stdout) {
        true => "always",
        false => "never",
    };
    // A script waits for words in the trace: a screen too narrow for them wraps, and plays all the same.
    let width = terminal::columns(common.width, &stdout).max(LEAST_WIDTH);
    let width = width.to_string();
    let mut flags: Vec<String> = ["--color", color, "--width", &width]
        .map(String::from)
        .into();
    if terminal::charset(common) == Charset::Ascii {
        flags.push("--ascii".to_owned());
    }
    if common.canonical {
        flags.push("--canonical".to_owned());
    }
    flags
}

/// Whoever closed the stream has seen enough.
fn ended(played: Result<(), Error>) -> u8 {
    match played {
        Ok(()) => exit::DONE,
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => exit::DONE,
        Err(error) => {
            super::say(&format!("httpsys demo: {error}"));
            exit::REFUSED
        }
    }
}
