//! Every result of every call that docs/errno.md names, brought about on every model that makes the call: what the
//! client gets, that the next client is served, that nothing stays open, and that nothing spins.

#![allow(
    clippy::duplicate_mod,
    reason = "both halves of the support know the models"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
mod fault_rows;
mod serve_support;

use fault_rows::Ask;
use fault_rows::ELSEWHERE;
use fault_rows::Get;
use fault_rows::ROWS;
use fault_rows::Row;
use fault_rows::STARTS;
use fault_rows::STORMS;
use fault_rows::makes;
use httpsys::server::Config;
use httpsys::server::IoModel;
use serve_support::Client;
use serve_support::Server;
use serve_support::Site;
use serve_support::config;
use serve_support::models::models;
use serve_support::start_with;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Servers at once: they wait more than they work.
const AT_ONCE: usize = 8;

/// Does every job, several at a time.
fn side_by_side<T: Send>(jobs: Vec<T>, work: impl Fn(T) + Sync) {
    let jobs = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().next();
                    match job {
                        Some(job) => work(job),
                        None => return,
                    }
                }
            });
        }
    });
}

fn site(name: &str) -> Site {
    let site = Site::new(name);
    site.file("small.txt", "a small file\n");
    let big: Vec<u8> = (0..17_500u32)
        .map(|n| b'a' + (n / 100 % 26) as u8)
        .collect();
    site.file("big.txt", big);
    site.file("folder/one", "1");
    site
}

fn with_files(io: IoModel, site: &Site, ask: Ask) -> Config {
    let mut config = config(io);
    if ask.needs_files() {
        config.root = Some(site.path().to_owned());
    }
    config
}

/// What came, until it is the whole of `expected`, or another whole answer, or the end.
fn got(client: &mut Client, expected: &[u8]) -> (Get, Vec<u8>) {
    let (mut all, mut room) = (Vec::new(), [0; 16384]);
    loop {
        match client.stream.read(&mut room) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&room[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(e) => panic!("{e} after {}", String::from_utf8_lossy(&all)),
        }
        if all == expected {
            return (Get::Served, all);
        }
        if let Some(status) = whole(&all)
            && !expected.starts_with(&all)
        {
            return (Get::Status(status), all);
        }
    }
    assert!(
        expected.starts_with(&all),
        "half of another answer: {}",
        String::from_utf8_lossy(&all)
    );
    (Get::Cut, all)
}

/// The status of an answer that has all its bytes.
fn whole(bytes: &[u8]) -> Option<u16> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?.split('\r').next()?;
    let length: usize = length.parse().ok()?;
    (bytes.len() == end + length).then(|| head[9..12].parse().unwrap())
}

/// The honest answers, which every model gives in the same bytes.
fn honest(site: &Site) -> BTreeMap<Ask, Vec<u8>> {
    Ask::ALL
        .into_iter()
        .map(|ask| {
            let server = start_with(with_files(IoModel::Threads, site, ask), &[], None);
            let mut client = server.connect();
            client.send(ask.request());
            client.half_close();
            let answer = client.read_to_end();
            assert!(whole(&answer).is_some(), "{ask:?}");
            (ask, answer)
        })
        .collect()
}

/// The fault in the words of `-e inject=`.
fn fault(call: &str, result: &str, when: &str) -> String {
    let call = call.strip_suffix(" of a file").unwrap_or(call);
    match result {
        "short" => format!("{call}:short=1{when}"),
        "0" => format!("{call}:retval=0{when}"),
        errno => format!("{call}:error={errno}{when}"),
    }
}

/// Whether each connection has a thread or a process of its own, where calls are counted anew.
fn counts_anew(io: IoModel, call: &str) -> bool {
    let own = matches!(io, IoModel::Threads | IoModel::Fork);
    own && !matches!(call, "accept4" | "fcntl" | "clone" | "ppoll" | "wait4")
}

/// One row on one model.
fn hold(io: IoModel, row: &Row, result: &str, site: &Site, honest: &BTreeMap<Ask, Vec<u8>>) {
    let what = format!("{io:?}: {} {result} under {:?}", row.call, row.ask);
    let when = match row.nth {
        0 => String::new(),
        nth => format!(":when={nth}"),
    };
    let mut faults = vec![fault(row.call, result, &when)];
    if !row.with.is_empty() {
        faults.insert(0, row.with.to_owned());
    }
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let server = start_with(with_files(io, site, row.ask), &faults, None);
    let mut client = server.connect();
    let mut next = server.connect();
    client.send(row.ask.request());
    let (outcome, bytes) = got(&mut client, &honest[&row.ask]);
    assert_eq!(
        outcome,
        match (row.get.on(io), whole(&honest[&row.ask])) {
            // The honest answer is that refusal.
            (Get::Status(status), Some(honest)) if status == honest => Get::Served,
            (get, _) => get,
        },
        "{what}: {}",
        String::from_utf8_lossy(&bytes)
    );
    if outcome == Get::Status(503) && row.ask.needs_files() {
        assert!(
            String::from_utf8_lossy(&bytes).contains("\r\nRetry-After: "),
            "{what}"
        );
    }
    drop(client);
    // Where calls are counted anew for each connection, the next one meets the same fault in the same way; elsewhere
    // the fault is over.
    let again = if counts_anew(io, row.call) {
        outcome
    } else {
        Get::Served
    };
    next.send(row.ask.request());
    let (outcome, bytes) = got(&mut next, &honest[&row.ask]);
    let bytes = String::from_utf8_lossy(&bytes);
    assert_eq!(outcome, again, "{what}: the next client: {bytes}");
    drop(next);
    end(server, &what);
}

/// Stops the server: it says what it left open. No descriptor was closed twice.
fn end(server: Server, what: &str) {
    let audit = server.audit.clone();
    server.stop();
    let mut failed = BTreeSet::new();
    for made in audit.calls() {
        if made.name == "close" {
            let again = failed.contains(&(made.pid, made.args[0]));
            assert!(!again, "{what}: close({}) was tried again", made.args[0]);
            if made.ret < 0 {
                failed.insert((made.pid, made.args[0]));
            }
        }
    }
}

#[test]
fn every_result_of_every_call_is_met_as_the_page_says() {
    let site = site("fault-matrix");
    let honest = honest(&site);
    let mut jobs = Vec::new();
    for io in models() {
        for row in ROWS.iter().filter(|row| makes(io, call_of(row.call))) {
            if row.not_on.iter().all(|(model, _)| *model != io) {
                jobs.extend(row.results.iter().map(|result| (io, row, *result)));
            }
        }
    }
    assert!(jobs.len() > 600, "{} jobs", jobs.len());
    side_by_side(jobs, |(io, row, result)| {
        hold(io, row, result, &site, &honest)
    });
}

fn call_of(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

#[test]
fn a_fault_that_never_ends_does_not_make_the_server_spin() {
    const WINDOW: Duration = Duration::from_millis(250);
    let site = site("fault-storms");
    let mut jobs = Vec::new();
    for io in models() {
        let storms = STORMS.iter().filter(|(call, ..)| makes(io, call));
        jobs.extend(storms.map(|(call, result, ask)| (io, *call, *result, *ask)));
    }
    side_by_side(jobs, |(io, call, result, ask)| {
        let mut config = with_files(io, &site, ask);
        // So that the end comes soon: nobody who is waited for in vain has longer.
        let patience = Duration::from_millis(400);
        config.head_timeout = patience;
        config.body_timeout = patience;
        config.idle_timeout = patience;
        let server = start_with(config, &[&fault(call, result, "")], None);
        let mut client = server.connect();
        client.send(ask.request());
        let window = Some(WINDOW);
        client.stream.set_read_timeout(window).unwrap();
        let (begun, before) = (Instant::now(), server.audit.calls().len());
        let mut room = [0; 65536];
        // The first may be sent away; the next is there when that has happened. After that nobody comes: what the
        // server does, it does by itself.
        while matches!(client.stream.read(&mut room), Ok(n) if n > 0) {}
        let mut client = server.connect();
        client.send(ask.request());
        std::thread::sleep(WINDOW.saturating_sub(begun.elapsed()));
        let calls = server.audit.calls().len() - before;
        let rate = calls as f64 / begun.elapsed().as_secs_f64();
        let most = match (io, call, result) {
            (IoModel::Nonblocking, "accept4", "EMFILE" | "ENOMEM") => 100.0,
            (IoModel::Nonblocking, ..) => 2500.0,
            (_, "accept4", "EMFILE" | "ENOMEM") => 100.0,
            _ => 1000.0,
        };
        assert!(
            rate <= most,
            "{io:?}, {call} {result}: {rate:.0} calls a second, {:?}",
            server
                .audit
                .names()
                .iter()
                .rev()
                .take(20)
                .collect::<Vec<_>>()
        );
        drop(client);
        end(server, &format!("{io:?}: {call} {result} for ever"));
    });
}

#[test]
fn a_call_that_fails_at_the_start_ends_the_program_with_4_and_is_named() {
    let mut jobs = Vec::new();
    for io in models() {
        for start in STARTS {
            let made = start.call == "setsockopt" || makes(io, start.call);
            if made {
                jobs.extend(start.results.iter().map(|result| (io, start.call, *result)));
            }
        }
    }
    side_by_side(jobs, |(io, call, result)| {
        let inject = format!("inject={call}:error={result}:when=1");
        let output = common::httpsys()
            .args([
                "serve",
                "-l",
                "127.0.0.1:0",
                "--io",
                io.name(),
                "--log",
                "off",
            ])
            .args(["--max-connections", "8", "-e", &inject])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{io:?} {inject}: {said}");
        let named = said.contains(&format!("{call} ")) && said.contains(&format!("({result})"));
        assert!(named, "{io:?} {inject}: {said}");
    });
}

/// Descriptors of a process by what they are: a socket, a file, …
fn descriptors(pid: u32) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let Ok(link) = std::fs::read_link(entry.unwrap().path()) else {
            continue;
        };
        let link = link.display().to_string();
        let kind = link.split(":[").next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

#[test]
fn the_kernels_list_of_descriptors_is_the_same_after_many_faults() {
    let site = site("fault-fds");
    let path = site.path().display().to_string();
    let faults = [
        "accept4:error=ECONNABORTED:when=2+3",
        "read:error=EINTR:when=1+5",
        "write:error=EPIPE:when=3+7",
        "sendfile:error=EIO:when=2+2",
        "openat2:error=EMFILE:when=2+4",
        "fstat:error=EIO:when=3+4",
        "pread64:error=EIO:when=1+2",
        "getdents64:error=EIO:when=1+2",
        "shutdown:error=ENOTCONN:when=1+2",
        "epoll_ctl:error=ENOSPC:when=5+6",
        "clone:error=EAGAIN:when=2+3",
        "setsockopt:error=EINVAL:when=4+3",
    ];
    side_by_side(models().collect(), |io| {
        let serve = |faults: &[&str]| {
            let mut args = vec![&path, "--io", io.name(), "--log", "off", "--keep-alive"];
            args.extend(["--max-connections", "32"]);
            let faults: Vec<String> = faults.iter().map(|f| format!("inject={f}")).collect();
            for fault in &faults {
                args.extend(["-e", fault]);
            }
            common::Server::start(&args)
        };
        // The last words are an answer, so that the server is at rest again where it was before.
        let rest = |server: &common::Server| {
            let mut stream = server.connect();
            use std::io::Write as _;
            stream.write_all(Ask::Last.request().as_bytes()).unwrap();
            common::read_all(&mut stream);
        };
        let healthy = serve(&["read:error=EINTR:when=60000"]);
        rest(&healthy);
        let spoiled = serve(&faults);
        for round in 0..6 {
            for ask in Ask::ALL {
                let mut stream = spoiled.connect();
                use std::io::Write as _;
                let _ = stream.write_all(ask.request().as_bytes());
                if round % 2 == 0 {
                    let _ = stream.shutdown(std::net::Shutdown::Write);
                    common::read_all(&mut stream);
                }
            }
        }
        let deadline = Instant::now() + common::PATIENCE;
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::from([(String::new(), 0)]));
        while before != after {
            assert!(
                Instant::now() < deadline,
                "{io:?}: {after:?} instead of {before:?}"
            );
            rest(&spoiled);
            before = descriptors(healthy.pid());
            after = descriptors(spoiled.pid());
        }
        for server in [healthy, spoiled] {
            assert_eq!(server.stop().0, Some(0), "{io:?}");
        }
    });
}

#[test]
fn sigpipe_is_ignored_from_the_start() {
    let server = common::Server::start(&["--log", "off"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("SigIgn:"));
    let set = u64::from_str_radix(line.unwrap()["SigIgn:".len()..].trim(), 16).unwrap();
    assert!(set & 1 << (nix::libc::SIGPIPE - 1) != 0, "{set:x}");
}

/// The rows of docs/errno.md: call, result, what follows.
fn page() -> BTreeSet<(String, String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errno.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        for result in cells[2].split(' ') {
            let row = (cells[1].replace('`', ""), result.to_owned());
            rows.insert((row.0, row.1, cells[3].to_owned()));
        }
    }
    rows
}

#[test]
fn the_page_and_the_tables_name_the_same_results() {
    let mut held = BTreeSet::new();
    let mut add = |call: &str, result: &str, then: &str| {
        held.insert((call.to_owned(), result.to_owned(), then.to_owned()));
    };
    for row in ROWS {
        row.results
            .iter()
            .for_each(|result| add(row.call, result, &row.get.word()));
    }
    for start in STARTS {
        start
            .results
            .iter()
            .for_each(|result| add(start.call, result, "exit 4"));
    }
    for (call, results, file, name) in ELSEWHERE {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("fn {name}()")), "{file}: {name}");
        results
            .split(' ')
            .for_each(|result| add(call, result, "served"));
    }
    let page = page();
    let missing: Vec<_> = page.difference(&held).collect();
    let unsaid: Vec<_> = held.difference(&page).collect();
    assert!(
        missing.is_empty(),
        "on the page and not tested: {missing:?}"
    );
    assert!(unsaid.is_empty(), "tested and not on the page: {unsaid:?}");
}
