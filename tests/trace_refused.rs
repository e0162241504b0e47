//! What `httpsys trace` says when the machine does not let it: status 4, the reason, the setting and the remedy.
//! Refusals that this machine does not make are made up: by tracing httpsys with itself and spoiling its
//! `ptrace`, and by a mount namespace with another `/proc/sys/kernel/yama`.
#![allow(clippy::unwrap_used, reason = "a test's set-up fails with its line")]

mod common;
mod trace_support;

use common::Folder;
use common::peer;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;
use trace_support::*;

const HTTPSYS: &str = env!("CARGO_BIN_EXE_httpsys");
/// No user of this machine's has files of theirs under this id (`nobody`).
const NOBODY: &str = "65534";

/// Runs until it is dropped.
struct Bystander(Child);

impl Bystander {
    fn start() -> Bystander {
        let cat = Command::new("cat").stdin(Stdio::piped()).spawn();
        Bystander(cat.unwrap())
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `httpsys trace` with these words under another one that makes its first `ptrace` fail.
fn spoiled(error: &str, before: &[&str], words: &[&str]) -> Output {
    let fault = format!("inject=ptrace:error={error}:when=1");
    let outer = [
        HTTPSYS,
        "trace",
        "-q",
        "-o",
        "/dev/null",
        "-e",
        "trace=listen",
        "-e",
        &fault,
        "--no-follow",
        "--",
        HTTPSYS,
        "trace",
    ];
    let all = [before, &outer, words].concat();
    let mut command = Command::new(all[0]);
    command.args(&all[1..]).stdin(Stdio::null());
    command.env("LC_ALL", "C.UTF-8").output().unwrap()
}

fn said(output: &Output) -> String {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    said
}

fn has(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}

#[test]
fn a_refusal_by_the_kernel_names_the_capability() {
    if !ptrace_allowed() {
        return;
    }
    let bystander = Bystander::start();
    let pid = bystander.pid();
    let refused = said(&spoiled("EPERM", &[], &["-p", &pid]));
    has(&refused, &[&format!("ptrace -p {pid}: "), "(EPERM)"]);
    if !Path::new("/proc/sys/kernel/yama").exists() {
        has(&refused, &["CAP_SYS_PTRACE", "as root"]);
    }
    let gone = said(&spoiled("ESRCH", &[], &["-p", &pid]));
    has(&gone, &["(ESRCH)", "there is no such process"]);
    let launched = said(&spoiled("EPERM", &[], &["--", "true"]));
    has(
        &launched,
        &["ptrace true: ", "traces httpsys itself", "TracerPid"],
    );
}

#[test]
fn each_level_of_yama_is_named_with_its_remedy() {
    const FAKED: &str = "mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama && \
        echo $0 > /proc/sys/kernel/yama/ptrace_scope && exec \"$@\"";
    if !ptrace_allowed() {
        return;
    }
    let namespace = |level| ["unshare", "-m", "sh", "-c", FAKED, level];
    let try_it = namespace("1");
    let tried = Command::new(try_it[0])
        .args(&try_it[1..])
        .arg("true")
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        return eprintln!("skipped: no mount namespace here");
    }
    let bystander = Bystander::start();
    let pid = bystander.pid();
    for (level, parts) in [
        (
            "1",
            [
                "start it with httpsys trace -- CMD",
                "sysctl kernel.yama.ptrace_scope=0",
            ],
        ),
        (
            "2",
            ["only root may trace", "sysctl kernel.yama.ptrace_scope=0"],
        ),
        ("3", ["nobody may trace", "until the next boot"]),
    ] {
        let refused = said(&spoiled("EPERM", &namespace(level), &["-p", &pid]));
        let setting = format!("/proc/sys/kernel/yama/ptrace_scope is {level}: ");
        has(&refused, &[&setting, parts[0], parts[1]]);
    }
}

#[test]
fn a_tracer_that_came_first_is_named() {
    if !ptrace_allowed() || !peer("strace") {
        return;
    }
    let folder = Folder::new("trace-refused-strace");
    let bystander = Bystander::start();
    let pid = bystander.pid();
    let log = folder.0.join("log");
    let strace = Command::new("strace")
        .args(["-q", "-o", log.to_str().unwrap(), "-p", &pid])
        .spawn();
    let strace = Bystander(strace.unwrap());
    let deadline = Instant::now() + common::PATIENCE;
    let status = || std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let traced = format!("TracerPid:\t{}\n", strace.pid());
    while !status().contains(&traced) {
        assert!(Instant::now() < deadline, "strace does not attach");
        std::thread::yield_now();
    }
    let refused = said(&trace(&["-p", &pid]).output().unwrap());
    let named = format!("process {} traces it already", strace.pid());
    has(
        &refused,
        &[&named, &format!("/proc/{pid}/status"), "end that one first"],
    );

    // Whoever is traced with its children cannot trace them.
    let inner = trace(&[
        "-q",
        "-o",
        "/dev/null",
        "--",
        HTTPSYS,
        "trace",
        "--",
        "true",
    ]);
    let mut inner = inner;
    let refused = said(&inner.output().unwrap());
    has(
        &refused,
        &[
            "ptrace true: ",
            "traces httpsys itself",
            "run httpsys without it",
        ],
    );
}

/// The program and a setuid copy of `id`, where a user without rights can run them; `None` where we cannot make that.
fn for_nobody(folder: &Folder) -> Option<(PathBuf, PathBuf)> {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can become somebody else");
        return None;
    }
    if !peer("setpriv") {
        return None;
    }
    let (tool, id) = (folder.0.join("httpsys"), folder.0.join("setuid-id"));
    std::fs::copy(HTTPSYS, &tool).unwrap();
    std::fs::copy("/usr/bin/id", &id).unwrap();
    for (path, mode) in [(&folder.0, 0o755), (&tool, 0o755), (&id, 0o4755)] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let alone = as_nobody(&[id.to_str().unwrap(), "-u"]);
    if text(&alone.stdout) != "0\n" {
        eprintln!(
            "skipped: setuid has no effect here: {}",
            text(&alone.stderr)
        );
        return None;
    }
    Some((tool, id))
}

fn as_nobody(words: &[&str]) -> Output {
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
    let mut command = Command::new("setpriv");
    command.args([&user, &group, "--clear-groups"]).args(words);
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn somebody_elses_process_is_refused_with_the_owner() {
    let folder = Folder::new("trace-refused-owner");
    let Some((tool, _)) = for_nobody(&folder).filter(|_| ptrace_allowed()) else {
        return;
    };
    let bystander = Bystander::start();
    let refused = as_nobody(&[tool.to_str().unwrap(), "trace", "-p", &bystander.pid()]);
    let refused = said(&refused);
    has(
        &refused,
        &[
            "(EPERM)",
            "it belongs to user 0 and you are 65534",
            "sudo httpsys trace -p",
        ],
    );
}

#[test]
fn a_setuid_program_runs_without_its_rights_and_that_is_said() {
    let folder = Folder::new("trace-refused-setuid");
    let Some((tool, id)) = for_nobody(&folder).filter(|_| ptrace_allowed()) else {
        return;
    };
    let (tool, id) = (tool.to_str().unwrap(), id.to_str().unwrap());
    // By itself, as a child of a script, and without the filter, which is not what takes the rights away.
    for command in [&[id, "-u"][..], &["sh", "-c", "\"$0\" -u; exit 0", id]] {
        for options in [&[][..], &["--no-filter"]] {
            let traced = as_nobody(&[&[tool, "trace"], options, &["--"], command].concat());
            let shown = text(&traced.stderr);
            assert_eq!(traced.status.code(), Some(0), "{shown}");
            assert_eq!(text(&traced.stdout), format!("{NOBODY}\n"));
            has(
                &shown,
                &["the program is now (without its setuid rights) /"],
            );
            let first = shown.lines().next().unwrap_or_default();
            let asked_for =
                first.ends_with("is setuid or setgid: traced, it runs without those rights");
            assert_eq!(asked_for, command[0] == id, "{first}");
        }
    }
    // What is recorded says so too, and is read again.
    let words = [tool, "trace", "-q", "--view", "json", "--", id, "-u"];
    let recording = text(&as_nobody(&words).stderr);
    let programs = lives(&lines(&recording), "exec");
    assert_eq!(programs[0]["without_rights"], true);
    let file = folder.file("recording", &recording);
    let shown = common::httpsys().arg("replay").arg(&file).output().unwrap();
    has(&text(&shown.stdout), &["(without its setuid rights)"]);
    // Root's programs have their rights.
    let traced = trace(&["--", id, "-u"]).output().unwrap();
    assert!(!text(&traced.stderr).contains("without"));
}
