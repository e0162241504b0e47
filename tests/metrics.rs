//! `/metrics` is what Prometheus reads: checked by a parser that is as strict as the exposition format
//! (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4), for every model; and its
//! numbers are those of what was done.

mod common;

use common::models::io_uring_works;
use common::models::models;

use common::Folder;
use common::Server;
use common::read_response;
use httpsys::server::IoModel;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;

type Labels = BTreeMap<String, String>;

/// One line with a value.
#[derive(Clone, PartialEq, Debug)]
struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

/// Everything of one name.
#[derive(Clone, PartialEq, Default, Debug)]
struct Family {
    kind: String,
    help: String,
    samples: Vec<Sample>,
}

fn is_name(text: &str, colons: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphabetic() || c == '_' || (colons && c == ':');
    let mut letters = text.chars();
    letters.next().is_some_and(fits) && letters.all(|c| fits(c) || c.is_ascii_digit())
}

/// `{name="value",…}` and what stands behind it.
fn labels(text: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    let mut rest = text;
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((labels, behind));
        }
        let (name, behind) = rest.split_once("=\"").ok_or("no value of a label")?;
        if !is_name(name, false) || name.starts_with("__") {
            return Err(format!("{name} is no name of a label"));
        }
        let mut value = String::new();
        let mut letters = behind.char_indices();
        let end = loop {
            match letters.next().ok_or("a label without its end")? {
                (at, '"') => break at + 1,
                (_, '\\') => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, c @ ('\\' | '"'))) => value.push(c),
                    other => return Err(format!("no such escape: {other:?}")),
                },
                (_, c) => value.push(c),
            }
        };
        if labels.insert(name.to_string(), value).is_some() {
            return Err(format!("{name} twice in one sample"));
        }
        rest = &behind[end..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.starts_with('}') => {}
            None => return Err("no comma between labels".into()),
        }
    }
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line
        .find(['{', ' '])
        .ok_or_else(|| format!("no value: {line}"))?;
    let name = &line[..end];
    if !is_name(name, true) {
        return Err(format!("{name} is no name"));
    }
    let (labels, rest) = match line[end..].strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Labels::new(), &line[end..]),
    };
    let mut words = rest
        .strip_prefix(' ')
        .ok_or("no blank before the value")?
        .split(' ');
    let value = match words.next().unwrap_or_default() {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') => number
            .parse()
            .map_err(|_| format!("{number} is no number"))?,
        other => return Err(format!("{other} is no number")),
    };
    match (words.next(), words.next()) {
        (None, None) => {}
        (Some(stamp), None) if stamp.parse::<i64>().is_ok() => {}
        _ => return Err(format!("something behind the value: {line}")),
    }
    Ok(Sample {
        name: name.to_string(),
        labels,
        value,
    })
}

/// Which family a sample belongs to: a histogram has three kinds of lines.
fn family_of(name: &str, families: &BTreeMap<String, Family>) -> String {
    for end in ["_bucket", "_sum", "_count"] {
        if let Some(base) = name.strip_suffix(end)
            && families.get(base).is_some_and(|f| f.kind == "histogram")
        {
            return base.to_string();
        }
    }
    name.to_string()
}

/// Reads a page, and refuses everything that the format does not allow.
fn parse(page: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = page.strip_suffix('\n').ok_or("the last line has no end")?;
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut closed: BTreeSet<String> = BTreeSet::new();
    let mut current = String::new();
    for line in body.split('\n') {
        let (name, kind, text) = match line.strip_prefix("# ") {
            Some(comment) => {
                let (kind, rest) = comment.split_once(' ').ok_or("an empty comment")?;
                let (name, text) = rest.split_once(' ').ok_or("a comment without text")?;
                (name.to_string(), kind, text)
            }
            None => (family_of(&sample(line)?.name, &families), "", ""),
        };
        if name != current {
            closed.insert(std::mem::replace(&mut current, name.clone()));
            if closed.contains(&name) {
                return Err(format!("{name} stands in two places"));
            }
        }
        let family = families.entry(name.clone()).or_default();
        match kind {
            "HELP" if family.help.is_empty() => family.help = text.to_string(),
            "TYPE" if family.kind.is_empty() && family.samples.is_empty() => {
                if !["counter", "gauge", "histogram", "summary", "untyped"].contains(&text) {
                    return Err(format!("{text} is no type"));
                }
                family.kind = text.to_string();
            }
            "" => {
                let sample = sample(line)?;
                let same =
                    |other: &Sample| other.name == sample.name && other.labels == sample.labels;
                if family.samples.iter().any(same) {
                    return Err(format!("twice: {line}"));
                }
                family.samples.push(sample);
            }
            _ => return Err(format!("out of place: {line}")),
        }
    }
    for (name, family) in &families {
        check(name, family)?;
    }
    Ok(families)
}

/// What a family must be beyond its lines.
fn check(name: &str, family: &Family) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{name}: {what}"));
    match family.kind.as_str() {
        "" => return wrong("no type"),
        "counter" if !name.ends_with("_total") => return wrong("a counter ends in _total"),
        "counter"
            if family
                .samples
                .iter()
                .any(|s| s.value.is_nan() || s.value < 0.0) =>
        {
            return wrong("a counter below nothing");
        }
        "histogram" => {}
        _ => return Ok(()),
    }
    if family.kind != "histogram" {
        return Ok(());
    }
    let one = |end: &str| {
        let full = format!("{name}{end}");
        family
            .samples
            .iter()
            .find(|s| s.name == full)
            .map(|s| s.value)
    };
    let (Some(_), Some(count)) = (one("_sum"), one("_count")) else {
        return wrong("no sum or no count");
    };
    let mut before = (f64::NEG_INFINITY, 0.0);
    for bucket in family
        .samples
        .iter()
        .filter(|s| s.name.ends_with("_bucket"))
    {
        let bound = match bucket.labels.get("le").map(String::as_str) {
            Some("+Inf") => f64::INFINITY,
            Some(number) => number.parse().map_err(|_| format!("le={number}"))?,
            None => return wrong("a bucket without le"),
        };
        if bound <= before.0 || bucket.value < before.1 {
            return wrong("buckets out of order");
        }
        before = (bound, bucket.value);
    }
    if before != (f64::INFINITY, count) {
        return wrong("the last bucket is not the count");
    }
    Ok(())
}

/// The value of the sample with these labels.
fn value(page: &BTreeMap<String, Family>, name: &str, wanted: &[(&str, &str)]) -> Option<f64> {
    let family = page.get(name)?;
    let fits = |s: &&Sample| {
        s.name == name
            && s.labels.len() == wanted.len()
            && wanted
                .iter()
                .all(|(k, v)| s.labels.get(*k).is_some_and(|found| found == v))
    };
    family.samples.iter().find(fits).map(|s| s.value)
}

const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const NO: &[u8] = b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n";
const BAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn scrape(server: &Server) -> (String, BTreeMap<String, Family>) {
    let answer = server.ask(SCRAPE);
    read(&answer)
}

fn read(answer: &[u8]) -> (String, BTreeMap<String, Family>) {
    let text = String::from_utf8(answer.to_vec()).expect("the page is UTF-8");
    let (head, page) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(
        head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    let families = parse(page).unwrap_or_else(|why| panic!("{why}\n{page}"));
    (page.to_string(), families)
}

#[test]
fn the_parser_refuses_what_prometheus_refuses() {
    for (page, why) in [
        ("a_total 1", "the last line"),
        ("a_total 1\n", "no type"),
        ("# TYPE a counter\na 1\n", "ends in _total"),
        ("# TYPE a_total counter\na_total 1 \n", "behind the value"),
        ("# TYPE a_total counter\na_total one\n", "no number"),
        ("# TYPE a_total counter\na_total{b=\"\\x\"} 1\n", "escape"),
        (
            "# TYPE a_total counter\na_total{b=\"1\" c=\"2\"} 1\n",
            "comma",
        ),
        (
            "# TYPE a_total counter\na_total{1b=\"1\"} 1\n",
            "no name of a label",
        ),
        ("# TYPE a_total counter\na_total 1\na_total 2\n", "twice"),
        ("# TYPE a_total wrong\na_total 1\n", "no type"),
        ("a 1\n# TYPE a gauge\n", "out of place"),
        (
            "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n",
            "two places",
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
            "last bucket",
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
            "order",
        ),
        ("\n", "no value"),
    ] {
        let refused = parse(page).expect_err(page);
        assert!(refused.contains(why), "{page}: {refused}");
    }
    let fine =
        "# HELP a help \\\\ text\n# TYPE a gauge\na{b=\"\\\"}\\n\",c=\"\"} -1.5e3 17\na NaN\n";
    let parsed = parse(fine).expect("a page that is right");
    assert_eq!(
        value(&parsed, "a", &[("b", "\"}\n"), ("c", "")]),
        Some(-1500.0)
    );
}

#[test]
fn every_model_counts_what_it_did() {
    for io in models() {
        let server = Server::start(&["--io", io.name(), "--log", "off", "--keep-alive"]);
        for _ in 0..3 {
            server.ask(HI);
        }
        let mut kept = server.connect();
        for _ in 0..2 {
            kept.write_all(NO).expect("it is sent");
            read_response(&mut kept);
        }
        let mut scraped = 0.0;
        if !io.has_one_seat() {
            // The kept one and the one that looks; those before may still be about to close.
            let mut open = None;
            while open != Some(2.0) && scraped < 1000.0 {
                scraped += 1.0;
                open = value(&scrape(&server).1, "httpsys_connections_open", &[]);
            }
            assert_eq!(open, Some(2.0), "{io:?}");
        }
        drop(kept);
        server.ask(BAD);
        let (page, metrics) = scrape(&server);
        let said = |name: &str, labels: &[(&str, &str)]| {
            value(&metrics, name, labels).unwrap_or_else(|| panic!("{io:?}: no {name} in\n{page}"))
        };
        let requests = |status| said("httpsys_requests_total", &[("status", status)]);
        // The page itself is written before it is counted.
        assert_eq!(requests("200"), 3.0 + scraped, "{io:?}");
        assert_eq!((requests("404"), requests("400")), (2.0, 1.0), "{io:?}");
        let durations = &metrics["httpsys_request_duration_seconds"];
        let count = durations.samples.last().expect("a count");
        assert_eq!(count.value, 6.0 + scraped, "{io:?}");
        assert_eq!(
            said("httpsys_connections_total", &[]),
            6.0 + scraped,
            "{io:?}"
        );
        let received = said("httpsys_received_bytes_total", &[]);
        let asked = 3 * HI.len() + 2 * NO.len() + BAD.len();
        let looked = (1.0 + scraped) * SCRAPE.len() as f64;
        assert_eq!(received, asked as f64 + looked, "{io:?}");
        assert!(said("httpsys_sent_bytes_total", &[]) > 800.0, "{io:?}");
        // An operation of a ring is no call.
        let accepts = match io {
            IoModel::Uring => "io_uring_enter",
            _ => "accept4",
        };
        assert!(
            said("httpsys_syscalls_total", &[("call", accepts)]) >= 6.0,
            "{io:?}"
        );
        let operations = |op| value(&metrics, "httpsys_ring_operations_total", &[("op", op)]);
        let by_ring = |count: f64| (io == IoModel::Uring).then_some(count);
        let accepted = operations("IORING_OP_ACCEPT");
        assert_eq!(accepted, by_ring(6.0 + scraped), "{io:?}: {page}");
        let written = operations("IORING_OP_WRITE");
        assert_eq!(written, by_ring(6.0 + scraped), "{io:?}: {page}");
        let version = [("version", env!("CARGO_PKG_VERSION")), ("io", io.name())];
        assert_eq!(said("httpsys_build_info", &version), 1.0, "{io:?}");
        let (status, _, _) = server.stop();
        assert_eq!(status, Some(0), "{io:?}");
    }
}

#[test]
fn failures_are_counted_by_call_and_errno() {
    for traced in [&["--log", "off"][..], &["--trace=json"][..]] {
        let mut args = vec!["--io", "epoll", "-e", "inject=read:error=EINTR:when=1"];
        args.extend(traced);
        let server = Server::start(&args);
        server.ask(HI);
        let (page, metrics) = scrape(&server);
        let labels = [("call", "read"), ("errno", "EINTR")];
        let failed = value(&metrics, "httpsys_syscall_errors_total", &labels);
        assert_eq!(failed, Some(1.0), "{page}");
        server.stop();
    }
}

#[test]
fn operations_that_fail_are_counted_by_kind_and_errno() {
    if !io_uring_works() {
        return;
    }
    for traced in [&["--log", "off"][..], &["--trace=json"][..]] {
        let mut args = vec!["--io", "uring", "-e", "inject=read:error=EINTR:when=1"];
        args.extend(traced);
        let server = Server::start(&args);
        server.ask(HI);
        let (page, metrics) = scrape(&server);
        let labels = [("op", "IORING_OP_READ"), ("errno", "EINTR")];
        let failed = value(&metrics, "httpsys_ring_operation_errors_total", &labels);
        assert_eq!(failed, Some(1.0), "{page}");
        server.stop();
    }
}

/// The address in the line about `/metrics`.
fn metrics_address(line: &str) -> String {
    let rest = line.split("http://").nth(1).expect("an address");
    rest.split('/').next().expect("a first part").to_string()
}

fn ask_at(address: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(common::PATIENCE))
        .expect("a time-out");
    stream.write_all(request).expect("the request is sent");
    common::read_all(&mut stream)
}

#[test]
fn metrics_may_have_a_listener_of_their_own_whose_calls_are_not_counted() {
    for io in models() {
        let folder = Folder::new(&format!("metrics-{}", io.name()));
        let recording = folder.0.join("run.jsonl").display().to_string();
        let args = [
            "--io",
            io.name(),
            "--metrics",
            "127.0.0.1:0",
            "--record",
            &recording,
        ];
        let mut server = Server::start(&args);
        let address = metrics_address(&server.wait_for("(/metrics alone)"));
        let get = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        server.ask(HI);
        // `nonblocking` never sleeps in a call: it makes calls of its own while we look.
        if io != IoModel::Nonblocking {
            let look = || read(&ask_at(&address, get)).0;
            // What the request before still causes comes to an end by itself (`fork` hears that its child
            // is gone): then two looks see the same. If looking were counted, no two ever would.
            let begun = Instant::now();
            let mut before = look();
            let mut now = look();
            while calls_of(&before) != calls_of(&now) && begun.elapsed() < common::PATIENCE {
                before = std::mem::replace(&mut now, look());
            }
            assert_eq!(
                calls_of(&before),
                calls_of(&now),
                "{io:?}: looking changes nothing"
            );
        }
        // Elsewhere there is nothing else, and here the page is gone.
        for (path, status) in [("/hi", "404"), ("/", "404")] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            let answer = ask_at(&address, request.as_bytes());
            assert!(String::from_utf8_lossy(&answer).starts_with(&format!("HTTP/1.1 {status} ")));
        }
        let answer = server.ask(SCRAPE);
        assert!(answer.starts_with(b"HTTP/1.1 404 "), "{io:?}");
        let (_, metrics) = read(&ask_at(&address, get));
        assert_eq!(
            value(&metrics, "httpsys_requests_total", &[("status", "404")]),
            Some(1.0)
        );
        let (status, _, _) = server.stop();
        assert_eq!(status, Some(0), "{io:?}");
        let recorded = std::fs::read_to_string(&recording).expect("a recording");
        let first_socket = recorded
            .lines()
            .find(|line| line.contains("\"call\":\"socket\""));
        assert!(
            first_socket.is_some_and(|line| line.contains("\"ret\":3")),
            "{io:?}"
        );
        let port = address.rsplit(':').next().expect("a port");
        assert!(!recorded.contains(&format!(":{port}\"")), "{io:?}");
        assert!(
            std::net::TcpStream::connect(&address).is_err(),
            "{io:?}: it ended too"
        );
    }
}

/// The lines about reading and writing: waiting goes on meanwhile.
fn calls_of(page: &str) -> Vec<&str> {
    let moves = |line: &&str| {
        ["read", "write"]
            .iter()
            .any(|call| line.starts_with(&format!("httpsys_syscalls_total{{call=\"{call}\"")))
    };
    page.lines().filter(moves).collect()
}

#[test]
fn a_taken_address_for_metrics_is_refused_before_anything_is_served() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has one").to_string();
    let output = common::httpsys()
        .args(["serve", "-l", "127.0.0.1:0", "--metrics", &address])
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains(&format!("bind {address}: address already in use")),
        "{said}"
    );
    assert!(!said.contains("listening"), "{said}");
}

#[test]
fn a_file_of_the_same_name_wins_and_the_page_takes_get_and_head_alone() {
    let folder = Folder::new("metrics-file");
    folder.file("metrics", "a file\n");
    let root = folder.0.display().to_string();
    let server = Server::start(&[&root, "--log", "off"]);
    let answer = server.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.ends_with(b"\r\n\r\na file\n"));
    drop(server);
    let server = Server::start(&["--log", "off"]);
    let head = server.ask(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with(b"HTTP/1.1 200 ") && head.ends_with(b"\r\n\r\n"));
    let posted = server.ask(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert!(posted.starts_with(b"HTTP/1.1 405 "));
}

#[test]
fn pythons_prometheus_client_reads_the_page_too() {
    let has_it = Command::new("python3")
        .args(["-c", "import prometheus_client.parser"])
        .stderr(Stdio::null())
        .status();
    if !has_it.is_ok_and(|status| status.success()) {
        eprintln!("skipped: python3 has no prometheus_client");
        return;
    }
    let server = Server::start(&["--log", "off"]);
    server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
    let (page, _) = scrape(&server);
    let script = "import sys\nfrom prometheus_client.parser import text_string_to_metric_families as p\n\
        print(sum(len(f.samples) for f in p(sys.stdin.read())))";
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = python.stdin.take().expect("it was asked for");
    stdin.write_all(page.as_bytes()).expect("it reads");
    drop(stdin);
    let output = python.wait_with_output().expect("it ends");
    let samples = page.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        samples.to_string()
    );
}
