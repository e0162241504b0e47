//! The 62 rules of docs/http.md, each by raw requests and what comes back, on every model there is.
//!
//! A row is sent whole and then byte by byte, the sender's half is closed, and everything that comes
//! back is looked at: the statuses in order, what must be in it and what must not. Rules about time
//! and about failing calls have a function instead. How the parser reads each form is
//! `tests/http_rules.rs`; here it is what a client gets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_rules_cases;
mod serve_support;

use httpsys::kernel::Clock;
use httpsys::server::{Config, IoModel};
use serve_rules_cases::{Case, paths, requests, responses, special};
use serve_support::{Server, Site, config, get, models, start};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::time::{Duration, UNIX_EPOCH};

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of the RFC.
const CHANGED: u64 = 784_111_777;

fn site(name: &str) -> Site {
    let site = Site::new(name);
    site.file("secret.txt", "secret");
    for (name, bytes) in [
        ("index.html", "<p>top</p>"),
        ("ten.txt", "0123456789"),
        ("empty.txt", ""),
        ("app.js", "plain js"),
        ("app.js.gz", "gzip js"),
        ("app.js.br", "brotli js"),
        ("pic.png", "png"),
        ("pic.png.gz", "gzip png"),
        ("sub/index.html", "<p>sub</p>"),
        ("bare/<b>&\".txt", "x"),
        ("bare/deep/x.txt", "x"),
        ("a b", "space"),
        ("%61", "percent"),
    ] {
        let path = site.file(&format!("root/{name}"), bytes);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(CHANGED))
            .unwrap();
    }
    let root = site.path().join("root");
    symlink("../secret.txt", root.join("out")).unwrap();
    symlink("/etc/passwd", root.join("abs")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    nix::unistd::mkfifo(&root.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    site
}

fn serve(site: &Site, io: IoModel) -> Server {
    start(Config {
        root: Some(site.path().join("root")),
        clock: Clock::Real,
        ..config(io)
    })
}

fn table() -> Vec<Case> {
    [requests(), responses(), paths()].concat()
}

/// The statuses of a stream of answers, whatever their bodies hold.
fn statuses(text: &str) -> Vec<u16> {
    text.match_indices("HTTP/1.1 ")
        .filter_map(|(at, found)| {
            text.get(at + found.len()..at + found.len() + 4)?
                .trim_end()
                .parse()
                .ok()
        })
        .collect()
}

fn exchange(server: &Server, bytes: &[u8], slowly: bool) -> String {
    let mut client = server.connect();
    match slowly {
        true => client.send_slowly(bytes),
        false => client.send(bytes),
    }
    client.half_close();
    String::from_utf8_lossy(&client.read_to_end()).into_owned()
}

/// The tag of a file, as the server says it.
fn tag(server: &Server, path: &str) -> String {
    let mut client = server.connect();
    client.send(get(path));
    client.answer().unwrap().field("ETag").unwrap().to_owned()
}

#[test]
fn every_rule_has_a_row_or_a_function() {
    let rows = table().into_iter().map(|case| case.rule);
    let functions = special::ALL.iter().map(|(rule, _)| *rule);
    let covered: BTreeSet<u8> = rows.chain(functions).collect();
    assert_eq!(covered, (1..=62).collect());
}

#[test]
fn every_rule_holds_on_every_model() {
    let site = site("rules");
    let mut failed = Vec::new();
    for io in models() {
        let server = serve(&site, io);
        let tag = tag(&server, "/ten.txt");
        for case in table() {
            let bytes = case.bytes(&tag);
            for slowly in [false, true] {
                if slowly && bytes.len() > 2000 {
                    continue;
                }
                let text = exchange(&server, &bytes, slowly);
                let mut wrong = Vec::new();
                if statuses(&text) != case.statuses {
                    wrong.push(format!(
                        "statuses {:?}, not {:?}",
                        statuses(&text),
                        case.statuses
                    ));
                }
                let has = |what: &&String| text.contains(what.as_str());
                wrong.extend(
                    case.has
                        .iter()
                        .filter(|what| !has(what))
                        .map(|what| format!("no {what:?}")),
                );
                wrong.extend(
                    case.hasnt
                        .iter()
                        .filter(has)
                        .map(|what| format!("has {what:?}")),
                );
                if !wrong.is_empty() {
                    let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
                    failed.push(format!(
                        "rule {} {io:?} slowly {slowly}\n {sent:?}\n {wrong:?}\n{text}\n",
                        case.rule
                    ));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_rule_about_time_and_failure_holds_on_every_model() {
    let site = site("rules-special");
    for io in models() {
        for (rule, check) in special::ALL {
            println!("rule {rule} {io:?}");
            check(io, &site);
        }
    }
}
