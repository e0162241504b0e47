//! Faults mean what strace's mean: strace itself is asked which invocations `when=` picks.

// A test fails by panicking; helpers here are part of the tests.
#![allow(clippy::unwrap_used)]

use httpsys::kernel::Plan;
use std::process::Command;

const CALLS: u32 = 12;

/// Which of a shell's `chdir` calls strace spoils; `None` where it cannot run.
fn strace_spoils(when: &str) -> Option<Vec<u32>> {
    let file = std::env::temp_dir().join(format!("httpsys-when-{}-{when}", std::process::id()));
    let ran = Command::new("strace")
        .args([
            "-e",
            "trace=chdir",
            "-e",
            &format!("inject=chdir:error=EIO:when={when}"),
            "-o",
        ])
        .arg(&file)
        .args(["sh", "-c", &"cd . 2>/dev/null;".repeat(CALLS as usize)])
        .output();
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(&file);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("chdir("))
        .collect();
    if ran.is_err() || lines.len() < CALLS as usize {
        return None;
    }
    let numbered = (1..=CALLS).zip(lines);
    Some(
        numbered
            .filter(|(_, line)| line.ends_with("(INJECTED)"))
            .map(|(number, _)| number)
            .collect(),
    )
}

#[test]
fn when_picks_the_invocations_that_strace_picks() {
    for when in [
        "1", "3", "2+", "1+4", "2..5", "2..5+", "2..9+3", "12", "13", "5..5",
    ] {
        let Some(theirs) = strace_spoils(when) else {
            eprintln!("strace cannot run here: nothing to compare with");
            return;
        };
        let rule = Plan::parse(&format!("close:error=EIO:when={when}")).unwrap();
        let ours: Vec<u32> = (1..=CALLS)
            .filter(|number| rule.when.includes(*number))
            .collect();
        assert_eq!(ours, theirs, "when={when}");
    }
}
