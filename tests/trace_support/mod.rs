//! What the tests of `httpsys trace` share: whether ptrace is allowed, running a traced program, and
//! reading its recording.
#![allow(dead_code, reason = "each test file uses its part of this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub mod differential;
pub mod fixtures;
pub mod servers;
pub mod told;

use crate::common::httpsys;
use crate::common::peer;
use serde_json::Value;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

/// Whether this machine lets a program be traced. Where it does not (a container may forbid it), the test
/// says so and passes.
pub fn ptrace_allowed() -> bool {
    let tried = trace(&["-q", "-o", "/dev/null", "--", "true"])
        .output()
        .expect("the program starts");
    let refused = tried.status.code() == Some(4) && text(&tried.stderr).contains("ptrace");
    if refused {
        eprintln!("skipped: ptrace not allowed here");
    }
    !refused
}

/// `httpsys trace` with these arguments, its standard input closed.
pub fn trace(args: &[&str]) -> Command {
    let mut command = httpsys();
    command.arg("trace").args(args).stdin(Stdio::null());
    command
}

/// Runs a shell script under trace with a recording, and gives both.
pub fn record_shell(folder: &Path, options: &[&str], script: &str) -> (Output, Vec<Value>) {
    record(folder, options, &["sh", "-c", script])
}

/// Starts a shell script under trace with this recording; gives it, what else it will say, and its first line.
pub fn start_shell(
    recording: &Path,
    options: &[&str],
    script: &str,
) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = trace(&["-q", "-o", "/dev/null", "--record"])
        .arg(recording)
        .args(options)
        .args(["sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it says something");
    (child, out, line)
}

/// Runs a command under trace with a recording, and gives both.
pub fn record(folder: &Path, options: &[&str], command: &[&str]) -> (Output, Vec<Value>) {
    let file = folder.join("recording.jsonl");
    let path = file.to_str().expect("a plain path");
    let quiet = ["-q", "-o", "/dev/null", "--record", path];
    let all = [&quiet, options, &["--"], command].concat();
    let output = trace(&all).output().expect("the program starts");
    let recording = std::fs::read_to_string(&file).expect("a recording");
    (output, lines(&recording))
}

/// The lines of a recording.
pub fn lines(recording: &str) -> Vec<Value> {
    recording
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect()
}

/// Those of one type.
pub fn of_type<'v>(lines: &'v [Value], kind: &str) -> Vec<&'v Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// What the process events say.
pub fn lives(lines: &[Value], event: &str) -> Vec<Value> {
    of_type(lines, "process")
        .into_iter()
        .filter(|line| line["event"] == event)
        .cloned()
        .collect()
}

/// The names of the calls, in order.
pub fn names(lines: &[Value]) -> Vec<String> {
    of_type(lines, "call")
        .iter()
        .map(|call| call["call"].as_str().unwrap_or("?").to_string())
        .collect()
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The interpreter itself, not a script that looks for it; `None` (said, or failed) where there is none.
pub fn python() -> Option<String> {
    if !peer("python3") {
        return None;
    }
    let asked = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("python3 runs");
    Some(text(&asked.stdout).trim().to_string())
}
