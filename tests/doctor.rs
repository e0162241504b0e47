//! `doctor` judges the machine it runs on; `man` and `completions` are what packagers want.

mod common;

use common::{httpsys, peer};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn every_line_is_ok_or_has_a_remedy_and_the_status_says_which() {
    let output = httpsys().arg("doctor").output().unwrap();
    let text = text(&output);
    let mut fixes = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        assert!(line.chars().count() <= 80, "{line}");
        match line.split_once(' ') {
            Some(("OK", _)) => {}
            Some(("FIX", _)) => {
                fixes += 1;
                let remedy = lines.next().unwrap_or_default();
                assert!(remedy.trim_start().starts_with("-> "), "{remedy}");
            }
            _ => panic!("neither OK nor FIX: {line}"),
        }
    }
    for thing in [
        "kernel",
        "ptrace",
        "seccomp",
        "io_uring",
        "port 8080",
        "strace",
    ] {
        assert!(text.contains(&format!(" {thing} ")), "{thing}");
    }
    assert_eq!(output.status.code(), Some(if fixes == 0 { 0 } else { 4 }));
}

#[test]
fn what_is_missing_here_is_found_missing() {
    let output = httpsys()
        .arg("doctor")
        .env("PATH", "/nowhere")
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let text = text(&output);
    for fix in [
        "FIX  strace",
        "FIX  curl",
        "FIX  locale",
        "-> export LC_ALL=C.UTF-8",
    ] {
        assert!(text.contains(fix), "{fix} in\n{text}");
    }
}

#[test]
fn who_holds_the_port_is_named() {
    // Where somebody else has it already, they are named: nothing to set up.
    // The other tests' doctors hold it too, for as long as they look: try again, for a while.
    let begun = std::time::Instant::now();
    let mut mine = std::net::TcpListener::bind(("127.0.0.1", 8080));
    while mine.is_err() && begun.elapsed() < common::PATIENCE {
        std::thread::yield_now();
        mine = std::net::TcpListener::bind(("127.0.0.1", 8080));
    }
    let output = httpsys().arg("doctor").output().unwrap();
    assert!(text(&output).contains("FIX  port 8080     taken"));
    drop(mine);
}

#[test]
fn every_command_has_a_manual_page_that_man_can_read() {
    let help = httpsys().arg("--help").output().unwrap();
    let commands: Vec<String> = text(&help)
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect();
    assert!(commands.iter().any(|name| name == "serve"));
    for command in &commands {
        let page = httpsys().args(["man", command]).output().unwrap();
        assert_eq!(page.status.code(), Some(0), "{command}");
        let page = text(&page);
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains(&format!("httpsys\\-{command}")),
            "{page}"
        );
    }
    let unknown = httpsys().args(["man", "sevre"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no command `sevre`"));
}

#[test]
fn completions_are_scripts_that_their_shell_accepts() {
    for shell in ["bash", "zsh", "fish"] {
        let script = httpsys().args(["completions", shell]).output().unwrap();
        assert_eq!(script.status.code(), Some(0));
        assert!(
            text(&script).contains("httpsys") && text(&script).contains("listen"),
            "{shell}"
        );
    }
    if !peer("bash") {
        return;
    }
    let script = httpsys().args(["completions", "bash"]).output().unwrap();
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(&script.stdout)
        .unwrap();
    assert!(bash.wait().unwrap().success());
    let odd = httpsys().args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(odd.status.code(), Some(2));
}
