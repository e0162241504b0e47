//! Faults in any program, brought about from outside: the program truly gets them, and the record says so.

mod common;
mod trace_support;

use common::Folder;
use serde_json::Value;
use std::path::Path;
use trace_support::*;

/// Runs a shell script with a fault; what it printed, and the calls that the fault changed.
fn spoiled(folder: &Path, fault: &str, options: &[&str], script: &str) -> (String, Vec<Value>) {
    let fault = format!("inject={fault}");
    let options = [&["-e", &fault, "-e", "trace=all"], options].concat();
    let (output, lines) = record_shell(folder, &options, script);
    let calls = of_type(&lines, "call").into_iter().filter(|call| {
        ["injected", "delayed", "cut"]
            .iter()
            .any(|mark| !call[mark].is_null())
    });
    (text(&output.stdout), calls.cloned().collect())
}

#[test]
fn a_made_up_result_is_what_the_program_gets_and_no_call_is_made() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-inject");
    for options in [&[][..], &["--no-filter"]] {
        let script = "exec 2>&1; mkdir made && echo yes || echo no; ls -d made";
        let script = format!("cd {} && {script}", folder.0.display());
        let (printed, calls) = spoiled(&folder.0, "mkdir:error=ENOSPC", options, &script);
        assert!(
            printed.contains("No space left on device\nno\n"),
            "{printed}"
        );
        assert!(!folder.0.join("made").exists());
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0]["errno"], "ENOSPC");

        let script = "test $(umask) = 0077 && echo theirs || echo ours";
        let (printed, calls) = spoiled(&folder.0, "umask:retval=63", options, script);
        assert_eq!(printed, "theirs\n");
        assert!(calls.iter().all(|call| call["ret"] == 63));
    }
}

#[test]
fn a_count_is_cut_before_the_call_and_the_register_is_put_back() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-short");
    let file = folder.file("text", "a line of text\n".repeat(40));
    let whole = std::fs::read_to_string(&file).unwrap();
    for options in [&[][..], &["--no-filter"]] {
        // `cat` goes on writing until all is written: nothing is lost, it only takes more calls.
        let script = format!("cat {}", file.display());
        let (printed, calls) = spoiled(&folder.0, "write:short=100", options, &script);
        assert_eq!(printed, whole);
        assert_eq!(calls.len(), 5, "{calls:#?}");
        assert!(calls.iter().all(|call| call["ret"] == 100));
    }
}

#[test]
fn when_counts_for_each_thread_and_a_delay_takes_its_time() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-when");
    let script = "echo one; echo two; (echo three; echo four)";
    let (printed, calls) = spoiled(&folder.0, "write:error=EIO:when=2", &[], script);
    assert_eq!(printed, "one\nthree\n");
    assert_eq!(calls.len(), 2);
    let (printed, calls) = spoiled(
        &folder.0,
        "write:delay_enter=30ms:delay_exit=1ms",
        &[],
        "echo one",
    );
    assert_eq!(printed, "one\n");
    assert!(calls[0]["dur"].as_u64().unwrap() >= 30_000_000, "{calls:?}");
}
