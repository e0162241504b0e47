//! What our strace view and strace say of the same program, made comparable: process ids, pointers, ports
//! and times, which are not the same twice, get words of their own. Everything else must be equal.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

/// A log in strace's format with a process id on each line.
#[derive(Clone, Default, Debug)]
pub struct Log {
    /// Calls and endings by thread, threads in the order of their first call; from the call on that has
    /// `"begin"` among its arguments, or writes to descriptor 99.
    pub threads: Vec<Vec<String>>,
    /// Signals, in order. When one comes between two calls is the kernel's to decide.
    pub signals: Vec<String>,
}

/// The two logs of a program that was run twice. A number that is a process id in either is none to be compared: it
/// may also be a length, or three digits of a byte.
pub fn pair(theirs: &Path, ours: &Path) -> (Log, Log) {
    let mut ids = ids(theirs);
    ids.extend(self::ids(ours));
    (log(theirs, &ids), log(ours, &ids))
}

/// A log by itself.
pub fn alone(path: &Path) -> Log {
    log(path, &ids(path))
}

/// Who made calls.
fn ids(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).expect("a log");
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().filter_map(|line| line.split_once(' '));
    let ids: std::collections::BTreeSet<&str> = first.map(|(tid, _)| tid).collect();
    ids.into_iter().map(str::to_string).collect()
}

fn log(path: &Path, ids: &[String]) -> Log {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let bytes = std::fs::read(path).expect("a log");
    let text = String::from_utf8_lossy(&bytes);
    let mut order = Vec::new();
    let mut threads: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut open: BTreeMap<&str, &str> = BTreeMap::new();
    let mut signals = Vec::new();
    for line in text.lines() {
        let (tid, rest) = line.split_once(' ').unwrap_or(("", line));
        let rest = rest.trim_start();
        if rest.starts_with("---") {
            signals.push(rest.to_string());
            continue;
        }
        let whole = if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(tid, begun.trim_end());
            continue;
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, tail) = resumed.split_once(" resumed>").expect("resumed");
            let begun = open.remove(tid).unwrap_or_default();
            let gap = if begun.ends_with(',') { " " } else { "" };
            format!("{begun}{gap}{tail}")
        } else {
            rest.to_string()
        };
        if !threads.contains_key(tid) {
            order.push(tid);
        }
        threads.entry(tid).or_default().push(whole);
    }
    Log {
        // strace says of a stopped process that it stopped, beside the signal that did it.
        signals: signals
            .iter()
            .filter(|signal| !signal.starts_with("--- stopped by "))
            .map(|signal| equal(signal, &ids, &mut Vec::new()))
            .collect(),
        threads: order
            .iter()
            .map(|tid| {
                let calls = &threads[tid];
                let begin = calls
                    .iter()
                    .position(|call| call.contains("\"begin\"") || call.starts_with("write(99, "));
                let mut pointers = Vec::new();
                calls[begin.unwrap_or(0)..]
                    .iter()
                    .map(|call| equal(call, &ids, &mut pointers))
                    .collect()
            })
            .collect(),
    }
}

/// One line, with words for what is not the same twice: pointers are numbered as they appear, so that the
/// same one has the same number.
fn equal(call: &str, ids: &[&str], pointers: &mut Vec<String>) -> String {
    let mut text = String::new();
    let mut word = String::new();
    let mut end = |word: &mut String, text: &mut String| {
        // An address of a 64-bit program has twelve digits.
        let is_pointer = word.starts_with("0x") && word.len() == 14;
        if is_pointer {
            let known = pointers.iter().position(|pointer| pointer == word);
            let number = known.unwrap_or_else(|| {
                pointers.push(word.clone());
                pointers.len() - 1
            });
            text.push_str(&format!("POINTER-{number}"));
        } else if ids.contains(&word.as_str()) {
            text.push_str("ID");
        } else if text.ends_with("htons(") && word != "0" {
            text.push_str("PORT");
        } else {
            text.push_str(word);
        }
        word.clear();
    };
    for c in call.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        end(&mut word, &mut text);
        text.push(c);
    }
    end(&mut word, &mut text);
    let text = match text.rfind(" = ") {
        Some(at) => format!("{} ={}", text[..at].trim_end(), &text[at + 2..]),
        None => text,
    };
    without_times(text)
}

fn without_times(mut text: String) -> String {
    // What was left of a sleep that a signal ended; of a time limit; what a child used.
    if text.contains("nanosleep(") && text.contains("ERESTART") {
        let last = text.rfind("{tv_sec=").unwrap_or(text.len());
        text = format!("{}{}", &text[..last], blotted(&text[last..], "{", "}"));
    }
    text = blotted(&text, "left {", "}");
    text = blotted(&text, "{ru_utime=", ", ...}");
    text = blotted(&text, "si_utime=", ",");
    text = blotted(&text, "si_stime=", "}");
    // `-T`.
    blotted(&text, " <0.", ">")
}

/// Takes out what stands between `begin` and the next `end`.
fn blotted(text: &str, begin: &str, end: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(begin) {
        let (before, found) = rest.split_at(at + begin.len());
        out.push_str(before);
        rest = found.find(end).map_or(found, |at| &found[at..]);
    }
    out + rest
}

/// Where the two logs of a thread differ: strace's line, then ours.
pub fn differences(theirs: &[String], ours: &[String]) -> Vec<(String, String)> {
    let none = String::from("(no line)");
    (0..theirs.len().max(ours.len()))
        .map(|line| {
            let at = |log: &[String]| log.get(line).unwrap_or(&none).clone();
            (at(theirs), at(ours))
        })
        .filter(|(theirs, ours)| theirs != ours)
        .take(20)
        .collect()
}

/// Runs a command to its end, which must be a good one.
pub fn run(mut command: Command) {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("it starts").success(), "{command:?}");
}
