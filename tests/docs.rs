//! What README and docs show is what the program prints: every `console` block is run again.
//!
//! A line that begins with `$ ` is a command, run by the shell in the repository's folder; what follows,
//! up to the next one, is its output (both streams). A block whose command is `httpsys serve … -l 50080`
//! is run on a free port, and the commands in the comment `<!-- client: … -->` before the block are
//! run against it; the port is printed as 50080 again. What needs ptrace or io_uring is left as it is
//! where those are forbidden. `UPDATE_GOLDEN=1` rewrites the blocks.

mod common;
mod trace_support;

use common::Server;
use common::httpsys;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// The port that a documented server is shown with.
const SHOWN_PORT: &str = "50080";

fn pages() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![top.join("README.md")];
    let docs = fs::read_dir(top.join("docs")).expect("docs is a folder");
    pages.extend(docs.map(|entry| entry.expect("an entry of docs").path()));
    pages.retain(|path| path.extension().is_some_and(|e| e == "md"));
    pages.sort();
    pages
}

/// The program's folder goes first in PATH, so that `httpsys` in a command is the one just built.
fn path() -> String {
    let program = Path::new(httpsys().get_program()).to_path_buf();
    let folder = program
        .parent()
        .expect("it is in a folder")
        .display()
        .to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    // Whoever runs the tests may have left descriptors open; the pages show a terminal's, which are 0, 1, 2.
    let command = format!("exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-\n{command}");
    shell
        .args(["-c", &command])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path())
        .env("LC_ALL", "C.UTF-8")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    shell
}

fn output_of(command: &str) -> String {
    let output = shell(&format!("{{ {command}\n}} 2>&1"))
        .output()
        .expect("a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a documented server on a free port and its clients against it.
fn served(command: &str, clients: &[String]) -> String {
    let command = command.replace(&format!("-l {SHOWN_PORT}"), "-l 127.0.0.1:0");
    let mut server = Server::spawn(shell(&format!("exec {command}")));
    if command.contains("--trace") {
        // Its screen shows it waiting for the first client: so the client must not come earlier.
        server.wait_for("waiting");
    }
    let port = server.address.port().to_string();
    for client in clients {
        let status = shell(&client.replace(SHOWN_PORT, &port))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "client failed: {client}"
        );
    }
    let (_, lines, out) = match command.contains("--max-requests") {
        true => server.finish(),
        false => server.stop(),
    };
    let text = format!("{}\n{out}", lines.join("\n"));
    text.replace(&format!(":{port}"), &format!(":{SHOWN_PORT}"))
}

/// A block with its outputs made anew.
fn run_again(block: &[&str], clients: &[String]) -> String {
    let mut text = String::new();
    for line in block.iter().filter(|line| line.starts_with("$ ")) {
        let command = &line[2..];
        text.push_str(&format!("{line}\n"));
        let output = match command.starts_with("httpsys serve") {
            true => served(command, clients),
            false => output_of(command),
        };
        for line in output.trim_end().lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// The page with every `console` block run again.
fn renewed(page: &str) -> String {
    let mut text = String::new();
    let mut clients = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        if let Some(client) = line.strip_prefix("<!-- client: ") {
            clients.push(client.trim_end_matches(" -->").to_string());
        }
        if line == "```console" {
            let mut block = Vec::new();
            while let Some(line) = lines.next_if(|line| *line != "```") {
                block.push(line);
            }
            let has = |words: &str| block.iter().any(|line| line.contains(words));
            let cannot = has("httpsys trace") && !trace_support::ptrace_allowed()
                || has("--io uring") && !common::models::io_uring_is_new();
            if cannot {
                block.iter().for_each(|line| text += &format!("{line}\n"));
            } else {
                text.push_str(&run_again(&block, &clients));
            }
            clients.clear();
        }
    }
    text
}

#[test]
fn what_the_pages_show_is_what_the_program_prints() {
    for path in pages() {
        let page = fs::read_to_string(&path).expect("a page is UTF-8");
        let now = renewed(&page);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, now).expect("a page can be written");
            continue;
        }
        let at = page.lines().zip(now.lines()).position(|(a, b)| a != b);
        let context = |text: &str| {
            let from = at.unwrap_or(0).saturating_sub(3);
            text.lines()
                .skip(from)
                .take(12)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert!(
            page == now,
            "{} shows:\n{}\n\nthe program prints:\n{}",
            path.display(),
            context(&page),
            context(&now)
        );
    }
}

/// The pages of scenes, whose output `tests/demo_canonical.rs` holds.
fn scenes() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenes");
    let pages = fs::read_dir(folder).expect("docs/scenes is a folder");
    pages
        .map(|entry| entry.expect("an entry of docs/scenes").path())
        .collect()
}

#[test]
fn every_link_to_a_page_of_the_project_leads_somewhere() {
    for path in pages().into_iter().chain(scenes()) {
        let page = fs::read_to_string(&path).expect("a page is UTF-8");
        for (at, _) in page.match_indices("](") {
            let target = page[at + 2..].split([')', '#']).next().unwrap_or("");
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = path.parent().expect("a page is in a folder");
            assert!(folder.join(target).exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn the_readme_links_every_page() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(top.join("README.md")).expect("README is UTF-8");
    for page in pages() {
        let below = page.strip_prefix(top).expect("a page is in the project");
        let link = format!("]({}", below.display());
        let is_readme = below == Path::new("README.md");
        assert!(is_readme || readme.contains(&link), "{}", below.display());
    }
}

/// The names of a flag in a line of help: `-c, --summary-only`.
fn names(line: &str) -> Vec<&str> {
    let words = line.trim_start().split([' ', ',', '=', '[']);
    let words = words.map(|word| word.trim_end_matches("..."));
    let names = words.take_while(|word| word.is_empty() || word.starts_with('-'));
    names.filter(|word| !word.is_empty()).collect()
}

#[test]
fn every_flag_stands_on_a_page() {
    let texts: Vec<String> = pages()
        .iter()
        .map(|page| fs::read_to_string(page).expect("a page is UTF-8"))
        .collect();
    let all = texts.join("\n");
    let words: std::collections::BTreeSet<&str> = all
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .collect();
    for command in [
        "serve", "parse", "get", "trace", "replay", "demo", "explain", "doctor",
    ] {
        let help = output_of(&format!("httpsys {command} --help"));
        // What a flag means stands farther right.
        let is_flag =
            |line: &&str| line.trim_start().starts_with('-') && !line.starts_with("          ");
        let flags = help.lines().filter(is_flag);
        let flags: Vec<Vec<&str>> = flags.map(names).collect();
        assert!(flags.len() > 2, "{command}: {help}");
        for flag in flags {
            let told = flag.iter().any(|name| words.contains(name));
            let usual = flag.contains(&"--help");
            assert!(told || usual, "{command}: no page has {flag:?}");
        }
    }
}
