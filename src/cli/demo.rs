//! `httpsys demo [NAME]`: a scene, by itself; without a name, which there are. With `--step`, `--quiz` or
//! `--view explain` it is played first, and then gone through in its recording (`walk`).

use super::Common;
use super::exit;
use super::terminal;
use super::trace_flags::ViewName;
use super::walk;
use super::walk::Walk;
use crate::demo;
use crate::demo::Error;
use crate::demo::Stage;
use crate::explain;
use crate::view::text::Charset;
use clap::builder::PossibleValue;
use clap::builder::StringValueParser;
use clap::builder::TypedValueParser;
use std::ffi::OsStr;
use std::io::Write;

/// Play a scene: server, clients and trace in one terminal, by itself
#[derive(clap::Args, Debug)]
#[command(
    after_help = "With --step, --quiz or --view explain the scene is played first; then its recording\n\
is gone through: nobody waits, and no time-out passes, while you look.\n\nExamples:\n  \
httpsys demo                     lists the scenes\n  httpsys demo hello\n  \
httpsys demo hello --step\n  httpsys demo epoll --quiz --seed 3"
)]
pub struct DemoArgs {
    /// Which scene; without a name, the list
    #[arg(value_parser = SceneName, hide_possible_values = true)]
    pub name: Option<String>,
    /// The list, with what each scene is about
    #[arg(long, conflicts_with_all = ["name", "all", "step", "quiz"])]
    pub list: bool,
    /// Every scene, one after another
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// How it looks: compact (the default, as it happens) or explain
    #[arg(long, value_name = "VIEW", value_parser = view)]
    pub view: Option<ViewName>,
    /// Hold at each event: Enter goes on, b back, r runs, e explains, ? asks, q ends
    #[arg(long)]
    pub step: bool,
    /// Ask what will happen before it is shown; the score comes last
    #[arg(long)]
    pub quiz: bool,
    /// Deal again: others of what can be asked, other wrong answers in another order
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true)]
    pub seed: u64,
}

/// Any name: which there are is said by whoever looks it up; a shell completes those.
#[derive(Clone)]
struct SceneName;

impl TypedValueParser for SceneName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = demo::SCENES.iter().map(|scene| scene.name);
        Some(Box::new(names.map(PossibleValue::new)))
    }
}

fn view(name: &str) -> Result<ViewName, String> {
    match name {
        "compact" => Ok(ViewName::Compact),
        "explain" => Ok(ViewName::Explain),
        _ => {
            Err("compact or explain; a scene's server has the others: serve --trace=strace".into())
        }
    }
}

impl DemoArgs {
    /// How to go through a recording, where that is what is wanted: a screen for each event, or lines
    /// between questions.
    fn walk(&self) -> Option<walk::Wanted> {
        let usual = match self.step || !self.quiz {
            true => ViewName::Explain,
            false => ViewName::Compact,
        };
        let view = self.view.unwrap_or(usual);
        let plays = !self.step && !self.quiz && self.view != Some(ViewName::Explain);
        (!plays).then_some(walk::Wanted {
            step: self.step,
            quiz: self.quiz,
            seed: self.seed,
            explains: view == ViewName::Explain,
        })
    }
}

/// Plays, or lists.
pub fn run(args: &DemoArgs, common: &Common) -> u8 {
    let mut out = std::io::stdout();
    let scenes: Vec<&demo::Scene> = match &args.name {
        None if args.all => demo::SCENES.iter().collect(),
        None if args.step || args.quiz => {
            return super::usage(
                "demo",
                "--step and --quiz go with the name of a scene, or --all",
            );
        }
        None if args.list => return ended(demo::titles(&mut out).map_err(Error::Output)),
        None => return ended(demo::list(&mut out).map_err(Error::Output)),
        Some(name) => demo::find(name).into_iter().collect(),
    };
    if let (true, Some(name)) = (scenes.is_empty(), &args.name) {
        let message = unknown(name);
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
    ended(match args.walk() {
        Some(wanted) => Walk::new(wanted, common).and_then(|walk| walk.all(&scenes, &stage)),
        None => all(&scenes, &stage, &mut out),
    })
}

/// There is no such scene: what may have been meant, and which there are.
fn unknown(name: &str) -> String {
    let names: Vec<String> = demo::SCENES.iter().map(|s| s.name.to_owned()).collect();
    let near = match explain::near(name, &names).as_slice() {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(", ")),
    };
    // `error: ` stands before the first line.
    let first = format!("there is no scene `{}`{near}", name.escape_debug());
    let all = explain::wrap("  ", &names.join(", "), 2, LEAST_WIDTH);
    format!("{first}\n\nthere are:\n{}", all.join("\n"))
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
