//! What the script of a scene says to the child process that it runs: lines on standard input.
//!
//! In: `waits CALL` (show who waits in this call) and `go` (a program of a scene goes on). Out: the first goes
//! to the recorder, the second to whoever waits for it. At the end of the stream there are no more cues to wait
//! for, and the player may have gone: this process is asked to end after a while, so that no scene leaves a
//! server behind.

use crate::abi::calls::CallId;
use crate::source::recorder::Region;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::io::BufRead;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Listens on a thread of its own. What is returned gives a value for each `go`; `grace` is for what is left
/// to do after the end of the stream.
///
/// # Errors
/// What starting a thread said.
pub fn listen(region: Arc<Region>, grace: Duration) -> std::io::Result<Receiver<()>> {
    region.wait_to_be_asked();
    let (cue, cues) = channel();
    std::thread::Builder::new()
        .name("prompts".into())
        .spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                match line.strip_prefix("waits ").and_then(CallId::from_name) {
                    Some(call) => region.ask(call),
                    // Nobody waits for it where a server has no cues: that is its own business.
                    None => {
                        let _ = cue.send(());
                    }
                }
            }
            drop(cue);
            std::thread::sleep(grace);
            // It cannot fail: the process is this one.
            let _ = kill(Pid::this(), Signal::SIGTERM);
        })?;
    Ok(cues)
}
