//! `--step`, `--quiz` and `--view explain` on what strace wrote, and beside a trace that goes to a file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Folder;
use common::httpsys;
use std::io::Write;
use std::process::Stdio;

/// `strace -f -tt -T` of Python's server.
const LOG: &str = "demo/recordings/python.strace";
const RECORDING: &str = "demo/recordings/three-connections.jsonl";
/// More than there are events.
const ENOUGH: usize = 200;

/// What a replay prints for these lines on standard input.
fn replay(args: &[&str], lines: &str) -> String {
    let mut child = httpsys()
        .arg("replay")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    // It may have seen enough before it has read all.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{args:?}: {line}");
    }
    text
}

/// First rows of screens: their numbers.
fn numbers(shown: &str) -> Vec<u64> {
    let firsts = shown.lines().filter_map(|line| {
        let (number, _) = line.strip_prefix('[')?.split_once(['/', ']'])?;
        number.trim().parse().ok()
    });
    firsts.collect()
}

#[test]
fn a_log_of_strace_is_explained_call_by_call() {
    let shown = replay(&[LOG, "--view", "explain"], "");
    let all: Vec<u64> = (1..=21).collect();
    assert_eq!(numbers(&shown), all, "{shown}");
    assert!(shown.contains("> request line"), "{shown}");
    assert!(shown.contains("< status line"), "{shown}");
    for screen in shown.split("\n\n") {
        assert!(screen.lines().count() <= 12, "{screen}");
    }
}

#[test]
fn a_log_of_strace_is_stepped_through_back_and_forth() {
    let shown = replay(&[LOG, "--step"], "\n\nb\nb\n\n\n\nq\n");
    assert_eq!(numbers(&shown), [1, 2, 3, 2, 1, 2, 3, 4], "{shown}");
    let all = replay(&[LOG, "--step"], &"\n".repeat(ENOUGH));
    let rest = all.split_once('\n').unwrap().1;
    assert_eq!(rest, replay(&[LOG, "--view", "explain"], ""));
}

#[test]
fn a_log_of_strace_is_asked_about_and_right_answers_are_right() {
    let knows_nothing = replay(&[LOG, "--quiz", "--seed", "5"], &"\n".repeat(ENOUGH));
    let right: String = knows_nothing
        .lines()
        .filter_map(|line| line.split_once("  answer  it is ")?.1.split_once(')'))
        .map(|(number, _)| format!("{number}\n"))
        .collect();
    let asked = right.lines().count();
    assert!(asked > 5, "{knows_nothing}");
    let knows_all = replay(&[LOG, "--quiz", "--seed", "5"], &right);
    let score = format!("* quiz: {asked} of {asked} right");
    assert_eq!(knows_all.lines().last(), Some(&score[..]), "{knows_all}");
}

#[test]
fn a_log_without_times_and_one_cut_anywhere_is_asked_about_as_far_as_it_goes() {
    let log = std::fs::read_to_string(LOG).unwrap();
    let folder = Folder::new("step-logs");
    // `PID HH:MM:SS.micros call(...) = 3 <0.000012>` without its times is what plain `strace -f` writes.
    let plain: String = log
        .lines()
        .map(|line| {
            let mut words = line.splitn(3, ' ').filter(|word| !word.is_empty());
            let (pid, _, call) = (words.next(), words.next(), words.next());
            let call = call
                .unwrap_or("")
                .rsplit_once(" <")
                .map_or(call, |(call, _)| Some(call));
            format!("{} {}\n", pid.unwrap_or(""), call.unwrap_or(""))
        })
        .collect();
    let file = folder.file("plain.strace", plain);
    let shown = replay(&[file.to_str().unwrap(), "--quiz"], &"1\n".repeat(ENOUGH));
    assert!(
        shown.contains("  quiz    which fd will accept4 give?"),
        "{shown}"
    );
    for cut in (0..log.len()).step_by(997) {
        let file = folder.file("cut.strace", &log.as_bytes()[..cut]);
        let file = file.to_str().unwrap();
        replay(&[file, "--step", "--quiz"], &"1\n".repeat(ENOUGH));
    }
}

#[test]
fn with_a_file_for_the_trace_the_screens_stay_where_the_keys_are() {
    let folder = Folder::new("step-file");
    let file = folder.0.join("trace.txt");
    let path = file.to_str().unwrap();
    for view in ["explain", "compact", "strace", "json"] {
        let args = [RECORDING, "--view", view, "--step", "-o", path];
        let shown = replay(&args, "\n\nb\nq\n");
        assert_eq!(numbers(&shown), [1, 2, 3, 2], "{view}: {shown}");
        assert!(
            shown.starts_with("* a line for each event"),
            "{view}: {shown}"
        );
        // All of it went by, and is in the file as it would be without keys.
        replay(&args, &"\n".repeat(ENOUGH));
        let stepped = std::fs::read_to_string(&file).unwrap();
        replay(&[RECORDING, "--view", view, "-o", path], "");
        assert_eq!(stepped, std::fs::read_to_string(&file).unwrap(), "{view}");
    }
}
