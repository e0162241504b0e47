//! Holds the table of docs/architecture.md: which folder of `src` may name which.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folder, and the folders it may name. `cli` may name all.
const TABLE: &[(&str, &[&str])] = &[
    ("abi", &[]),
    ("event", &["abi"]),
    ("decode", &["abi", "event"]),
    ("http", &[]),
    ("kernel", &["abi", "event"]),
    ("server", &["abi", "http", "kernel"]),
    ("client", &["abi", "http", "kernel"]),
    ("source", &["abi", "event", "decode", "kernel"]),
    ("story", &["abi", "event", "http"]),
    ("view", &["abi", "event", "http", "story"]),
    ("explain", &["abi", "event", "http", "story"]),
    ("quiz", &["abi", "event", "http", "story"]),
    (
        "demo",
        &[
            "abi", "event", "decode", "http", "kernel", "server", "client", "source", "story",
            "view", "explain", "quiz",
        ],
    ),
    ("doctor", &["abi", "kernel", "server"]),
];

/// The three places where `unsafe` may stand.
const UNSAFE: &[&str] = &["kernel/", "source/", "http/scan/"];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is a folder") {
        let path = entry.expect("an entry of src").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Path below `src`, and the text without comment lines.
fn all() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            let code: Vec<&str> = text
                .lines()
                .filter(|l| !l.trim_start().starts_with("//"))
                .collect();
            let below = path.strip_prefix(&src).expect("it was found there");
            (below.display().to_string(), code.join("\n"))
        })
        .collect()
}

/// The folders a text names as `crate::folder`.
fn named(code: &str) -> BTreeSet<String> {
    code.match_indices("crate::")
        .map(|(at, found)| {
            code[at + found.len()..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_folder_names_only_what_its_row_allows() {
    let mut wrong = Vec::new();
    for (path, code) in all() {
        let Some((folder, _)) = path.split_once('/') else {
            continue;
        };
        if folder == "cli" {
            continue;
        }
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == folder) else {
            wrong.push(format!("src/{folder} has no row in the table"));
            continue;
        };
        for name in named(&code) {
            if name != folder && !allowed.contains(&name.as_str()) {
                wrong.push(format!("src/{path} names {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_use_of_another_folder_stands_on_a_line_of_its_own() {
    let wrong: Vec<String> = all()
        .into_iter()
        .filter(|(_, code)| code.contains("use crate::{"))
        .map(|(path, _)| format!("src/{path}: write one `use crate::x` a line"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_stands_only_close_to_the_kernel() {
    let wrong: Vec<String> = all()
        .into_iter()
        .filter(|(path, _)| !UNSAFE.iter().any(|allowed| path.starts_with(allowed)))
        .filter(|(_, code)| {
            ["unsafe {", "unsafe fn", "unsafe impl"]
                .iter()
                .any(|word| code.contains(word))
        })
        .map(|(path, _)| format!("src/{path} has unsafe code"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_cli_touches_the_standard_streams_the_environment_and_exit() {
    let words = [
        "println!",
        "eprintln!",
        "print!(",
        "eprint!(",
        "std::env::",
        "process::exit",
        "io::stdout",
        "io::stderr",
    ];
    let mut wrong = Vec::new();
    for (path, code) in all() {
        if path.starts_with("cli/") || path == "main.rs" {
            continue;
        }
        let code = code.split("#[cfg(test)]").next().unwrap_or("").to_string();
        wrong.extend(
            words
                .iter()
                .filter(|word| code.contains(**word))
                .map(|word| format!("src/{path} has {word}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    let wrong: Vec<String> = paths
        .iter()
        .filter(|path| {
            !fs::read_to_string(path).is_ok_and(|text| text.starts_with("//! ") && text.len() > 20)
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "no `//!` banner: {}", wrong.join("\n"));
}
