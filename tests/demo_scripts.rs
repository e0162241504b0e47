//! The numbered scripts in demo/ run from any folder and show what they say.

mod common;
mod trace_support;

use common::peer;
use std::path::Path;
use std::process::Command;

fn run(script: &str) -> (bool, String) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    // `timeout` ends what does not end by itself, and all it has started.
    let output = Command::new("timeout")
        .args(["--kill-after=1", "30", "bash"])
        .arg(demo.join(script))
        .env("HTTPSYS", env!("CARGO_BIN_EXE_httpsys"))
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .current_dir("/")
        .output()
        .expect("coreutils are everywhere");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), format!("{said}{wrong}"))
}

#[test]
fn a_server_is_watched() {
    if !peer("bash") {
        return;
    }
    let (well, said) = run("1-watch-a-server.sh");
    assert!(well, "{said}");
    for part in [
        "> GET /hi",
        "> GET / HTTP/1.1  unfinished",
        "> POST /echo",
        "name=ada",
        "3 requests",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}

#[test]
fn requests_are_read() {
    if !peer("bash") {
        return;
    }
    let (_, said) = run("2-read-requests.sh");
    for part in [
        "--- get.http: httpsys parse --escapes demo/requests/get.http",
        "? What is wrong with it, if anything?",
        "error[H101]",
        "--- exit status 0",
        "--- exit status 1",
        "--- exit status 3",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}

#[test]
fn the_program_may_be_a_path_from_where_one_stands() {
    if !peer("bash") {
        return;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_httpsys"));
    let folder = program.parent().expect("it is in a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/2-read-requests.sh");
    let output = Command::new("bash")
        .arg(script)
        .env("HTTPSYS", "./httpsys")
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .current_dir(folder)
        .output()
        .expect("bash is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("error[H101]"), "{said}");
}

#[test]
fn the_articles_servers_are_seen() {
    if !peer("bash") {
        return;
    }
    let (well, said) = run("3-see-the-articles.sh");
    assert!(well, "{said}");
    for name in [
        "scratch",
        "simplenet",
        "basic",
        "cerberus",
        "checkpoint3",
        "hi-go",
    ] {
        assert!(said.contains(&format!("=== {name}: ")), "{name}");
    }
    let asked = said.matches("\n? The client: ").count();
    assert_eq!(asked, said.matches("=== ").count(), "{said}");
}

#[test]
fn pythons_server_is_traced() {
    if !peer("bash") || !peer("python3") || !trace_support::ptrace_allowed() {
        return;
    }
    let (well, said) = run("4-trace-python.sh");
    assert!(well, "{said}");
    for part in ["> GET / ", "> GET /nowhere", "404", "2 requests"] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}
