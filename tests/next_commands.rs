//! What a scene says to type next, and what the pages for a class say to type: each command works as it stands. Clients
//! meet a server on a port of this test; scenes are played by other tests, and are only looked up here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{httpsys, peer};
use httpsys::demo::SCENES;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What stands between two commands of one line, and in front of the second.
const GAP: &str = "    ";
const JOINTS: [&str; 5] = ["and  ", "then  ", "then, elsewhere: ", "against ", "and "];

/// Programs that the pages name.
const PROGRAMS: [&str; 4] = ["httpsys ", "curl ", "printf ", "cat "];

fn is_command(text: &str) -> bool {
    PROGRAMS.iter().any(|program| text.starts_with(program))
}

/// The commands of a scene's `next` line; what else stands there is a remark.
fn of_line(line: &str) -> Vec<String> {
    let parts = line.split(GAP).map(str::trim);
    let parts = parts.map(|part| {
        let joint = JOINTS.iter().find_map(|joint| part.strip_prefix(joint));
        joint.unwrap_or(part).trim()
    });
    let commands: Vec<String> = parts.filter(|p| is_command(p)).map(str::to_owned).collect();
    let named = line.matches("httpsys ").count();
    let found: usize = commands.iter().map(|c| c.matches("httpsys ").count()).sum();
    assert_eq!(
        named, found,
        "a command is not where one is looked for: {line}"
    );
    commands
}

/// The commands of a page: what stands between two backticks and begins with a program.
fn of_page(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let spans = text.split('`').skip(1).step_by(2);
    let spans = spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "));
    let spans = spans.map(|span| span.replace("NAME", "hello").replace("MODEL", "epoll"));
    spans
        .map(|span| span.replace("WORD", "read"))
        .filter(|span| is_command(span))
        .collect()
}

/// A server on a port of its own. It ends with the test.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    /// Starts `httpsys serve` with these arguments; `None` where the machine refuses its way to wait.
    fn start(args: &[&str]) -> Option<Server> {
        let mut child = httpsys();
        child.arg("serve").args(args).args(["-l", "127.0.0.1:0"]);
        let child = child.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = child.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = lines.find_map(|line| {
            let line = line.ok()?;
            let rest = line.strip_prefix("listening on http://127.0.0.1:")?;
            Some(rest.split('/').next()?.to_owned())
        });
        // What it says is taken to the end: it must never wait for us.
        std::thread::spawn(move || lines.count());
        match listening {
            Some(port) => Some(Server { child, port }),
            None => {
                let status = child.wait().unwrap();
                let refused = args.contains(&"uring") && !common::models::io_uring_works();
                assert!(refused, "serve {args:?}: {status}");
                None
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a line of a shell where `httpsys` is this one, in the project's folder.
fn shell(line: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_httpsys")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .args(["-c", line])
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn works(line: &str, statuses: &[i32]) -> String {
    let output = shell(line);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = output.status.code().unwrap_or(-1);
    assert!(
        statuses.contains(&status),
        "{line}: {status}\n{shown}{said}"
    );
    shown
}

/// Types it.
fn check(command: &str, server: &Server) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let here = command.replace(":8080", &format!(":{}", server.port));
    match words.as_slice() {
        ["httpsys", "explain", ..] => drop(works(command, &[0])),
        ["httpsys", "demo", name, flags @ ..] => {
            assert!(SCENES.iter().any(|scene| scene.name == *name), "{command}");
            // Read, and not played.
            works(
                &format!("httpsys demo {name} {} --help", flags.join(" ")),
                &[0],
            );
        }
        ["httpsys", "parse", ..] if command.contains("smuggle") => {
            let shown = works(command, &[1]);
            let errors = shown.matches("error[").count();
            assert!(errors > 0, "{command}\n{shown}");
            assert_eq!(
                shown.matches("error[H407]").count(),
                errors,
                "{command}\n{shown}"
            );
        }
        ["httpsys", "serve", args @ ..] => drop(Server::start(args)),
        ["httpsys", "get", ..] => drop(works(&here, &[0])),
        ["curl", ..] if !peer("curl") => {}
        ["curl", ..] => drop(works(&format!("{here} --silent --show-error"), &[0])),
        ["httpsys", "doctor"] => drop(works(command, &[0, 4])),
        // Whose arguments are the reader's.
        ["httpsys", "trace", "--", ..] | ["httpsys", "trace"] | ["httpsys", "parse"] => {
            works(&format!("httpsys {} --help", words[1]), &[0]);
        }
        _ => drop(works(command, &[0])),
    }
}

#[test]
fn every_command_that_a_scene_says_to_type_next_works() {
    let server = Server::start(&["--io", "epoll"]).unwrap();
    for scene in SCENES {
        for line in scene.next {
            let commands = of_line(line);
            assert!(!commands.is_empty(), "{}: {line}", scene.name);
            for command in commands {
                check(&command, &server);
            }
        }
    }
}

#[test]
fn every_command_of_the_pages_for_a_class_works() {
    let server = Server::start(&["--io", "epoll"]).unwrap();
    for page in ["teaching.md", "learning.md"] {
        let commands = of_page(page);
        assert!(commands.len() > 10, "{page}: {commands:?}");
        for command in commands {
            check(&command, &server);
        }
    }
}
