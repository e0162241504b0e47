//! `httpsys act SCENE N`: the server of one act of a scene, where it is a program of the scene's own. Hidden:
//! `httpsys demo` starts it, so that its descriptors are those of a process that does nothing else.

use super::Common;
use super::exit;
use super::say;
use super::trace_flags::TraceArgs;
use super::tracing::Tracing;
use crate::demo;
use crate::demo::Bare;
use std::time::Duration;

/// The server of one act of a scene
#[derive(clap::Args, Debug)]
pub struct ActArgs {
    /// The scene
    pub scene: String,
    /// Which act, from 0
    pub act: usize,
    #[command(flatten)]
    pub tracing: TraceArgs,
}

/// A program tells of itself and of the few processes that it makes.
const THREADS: u32 = 8;

/// After the last cue it ends by itself, or its player has gone.
const GRACE: Duration = Duration::from_secs(5);

/// Runs it to its end.
pub fn run(args: &ActArgs, common: &Common) -> u8 {
    match perform(args, common) {
        Ok(()) => exit::DONE,
        Err(message) => {
            say(&format!("httpsys act: {message}"));
            exit::REFUSED
        }
    }
}

fn perform(args: &ActArgs, common: &Common) -> Result<(), String> {
    let program = demo::program(&args.scene, args.act)
        .ok_or_else(|| format!("{} has no program {}", args.scene, args.act))?;
    let expressions = args.tracing.show.expressions()?;
    let mut tracing = Tracing::prepare(
        &args.tracing,
        expressions,
        common,
        THREADS as usize,
        "server",
    )?;
    let kernel = tracing.kernel();
    let plain = |error: std::io::Error| format!("start a thread: {}", super::stream::plain(&error));
    let cues = tracing.prompts(GRACE).map_err(plain)?;
    let running = tracing.start(None, &[]).map_err(plain)?;
    let mut bare = Bare::new(
        kernel,
        Box::new(move || {
            // Nobody is left who could give the cue: go on.
            let _ = cues.as_ref().map(|cues| cues.recv());
        }),
        Box::new(|port| say(&format!("listening on http://127.0.0.1:{port}/"))),
    );
    let ended = program(&mut bare);
    drop(bare);
    running.finish();
    ended.map_err(|errno| match errno.name() {
        Some(name) => format!("{name}: {}", errno.sentence()),
        None => format!("errno {}", errno.0),
    })
}
