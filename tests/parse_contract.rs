//! `httpsys parse` from outside: the objects of `--json`, exit statuses, what stands on which stream.

mod common;
mod http_cases;

use common::httpsys;
use http_cases::{Case, Want};
use std::io::Write;
use std::process::{Output, Stdio};

fn parse(flags: &[&str], input: &[u8]) -> Output {
    let mut command = httpsys();
    command.arg("parse").args(flags);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("httpsys starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // The program may stop reading at the first error; that is no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("httpsys ends");
    writer.join().expect("the writer ends");
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn objects(output: &Output) -> Vec<serde_json::Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn the_object_of_a_request_is_the_contracts() {
    let output = parse(
        &["--json"],
        b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    );
    let want = r#"{"kind":"request","method":"POST","target":"/p","version":"HTTP/1.1","headers":[["Host","x"],["Content-Length","5"]],"body":{"framing":"content-length","length":5,"base64":"aGVsbG8="},"trailers":[],"keep_alive":true,"start":0,"end":53}"#;
    assert_eq!((stdout(&output).trim_end(), code(&output)), (want, 0));
    assert_eq!(stderr(&output), "");
    let output = parse(&["--json"], b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
    let want = r#"{"kind":"request","method":"GET","target":"/hi","version":"HTTP/1.1","headers":[["Host","x"]],"body":{"framing":"none","length":0,"base64":""},"trailers":[],"keep_alive":true,"start":0,"end":29}"#;
    assert_eq!(stdout(&output).trim_end(), want);
}

#[test]
fn the_object_of_a_response_has_status_and_reason() {
    let input = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\nA: b\r\n\r\n";
    let output = parse(&["--json", "--response"], input);
    let want = r#"{"kind":"response","status":200,"reason":"OK","version":"HTTP/1.1","headers":[["Transfer-Encoding","chunked"]],"body":{"framing":"chunked","length":4,"base64":"YWJjZA=="},"trailers":[["A","b"]],"keep_alive":true,"start":0,"end":72}"#;
    assert_eq!((stdout(&output).trim_end(), code(&output)), (want, 0));
    let output = parse(&["--json", "--response"], b"HTTP/1.1 200 OK\r\n\r\nhello");
    let body = &objects(&output)[0]["body"];
    assert_eq!(
        (&body["framing"], &body["length"]),
        (&"until-close".into(), &5.into())
    );
    let head_only = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(code(&parse(&["--json", "--response"], head_only)), 3);
    let output = parse(&["--json", "--response", "--answer-to", "HEAD"], head_only);
    assert_eq!(
        (code(&output), &objects(&output)[0]["body"]["framing"]),
        (0, &"none".into())
    );
}

#[test]
fn a_malformed_message_is_one_error_object_and_one_line_on_standard_error() {
    let output = parse(&["--json"], b"GET / HTTP/1.1\r\nHost : x\r\n\r\n");
    let want = r#"{"kind":"error","offset":20,"code":"H203","message":"whitespace between field name and colon","status":400}"#;
    assert_eq!((stdout(&output).trim_end(), code(&output)), (want, 1));
    let line = "stdin:20: error[H203]: whitespace between field name and colon; put the colon right after the name\n";
    assert_eq!(stderr(&output), line);
    let output = parse(&["--json", "--response"], b"HTTP/1.1 20 OK\r\n\r\n");
    assert_eq!(
        (&objects(&output)[0]["status"], code(&output)),
        (&serde_json::Value::Null, 1)
    );
}

#[test]
fn complete_messages_come_before_the_error_and_offsets_count_from_the_input() {
    let good = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let output = parse(
        &["--json"],
        &[good, &good[..], b"\r\nGET /\r\n\r\n"].concat(),
    );
    let found = objects(&output);
    let places: Vec<_> = found
        .iter()
        .map(|o| {
            (
                o["kind"].as_str(),
                o["start"].as_u64(),
                o["offset"].as_u64(),
            )
        })
        .collect();
    let request = |at| (Some("request"), Some(at), None);
    assert_eq!(
        places,
        [request(0), request(27), (Some("error"), None, Some(61))]
    );
    assert_eq!((&found[2]["code"], code(&output)), (&"H108".into(), 1));
}

#[test]
fn input_that_ends_inside_a_message_is_status_3_without_an_error_object() {
    let good = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let output = parse(&["--json"], &[good, &good[..25]].concat());
    assert_eq!((objects(&output).len(), code(&output)), (1, 3));
    assert!(
        stderr(&output).starts_with("stdin:52: error[H801]"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("only the blank line is missing"),
        "{}",
        stderr(&output)
    );
    let output = parse(
        &["--json"],
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell",
    );
    assert_eq!((stdout(&output).as_str(), code(&output)), ("", 3));
    assert!(
        stderr(&output).contains("1 more byte announced"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn empty_input_and_empty_lines_are_status_0_with_a_note() {
    for input in [&b""[..], b"\r\n", b"\n\n"] {
        let output = parse(&["--json"], input);
        assert_eq!((stdout(&output).as_str(), code(&output)), ("", 0));
        assert!(stderr(&output).contains("nothing to explain"));
    }
    let output = parse(&["--json"], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\n");
    assert_eq!(
        (
            objects(&output).len(),
            code(&output),
            stderr(&output).as_str()
        ),
        (1, 0, "")
    );
    let many = [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        &b"\r\n".repeat(20),
    ]
    .concat();
    assert_eq!(code(&parse(&["--json"], &many)), 0);
    assert_eq!(code(&parse(&["--json"], &[&many[..], b"G"].concat())), 1);
}

#[test]
fn octets_of_0x80_and_above_are_latin_1_and_no_control_reaches_the_output() {
    let output = parse(
        &["--json"],
        b"GET / HTTP/1.1\r\nHost: x\r\nA: \xff\x9b\xc3\xa4\t\"\\\r\n\r\n",
    );
    assert!(
        output
            .stdout
            .iter()
            .all(|b| (b' '..=b'~').contains(b) || *b == b'\n')
    );
    let value = &objects(&output)[0]["headers"][1][1];
    assert_eq!(value, "\u{ff}\u{9b}\u{c3}\u{a4}\t\"\\");
}

#[test]
fn warnings_are_a_key_of_their_message_only_when_there_are_some() {
    let output = parse(&["--json"], b"GET / HTTP/1.1\nHost: x\r\n\r\n");
    let found = objects(&output);
    let want =
        r#"[{"offset":14,"code":"W201","message":"LF without CR before it, read as a line end"}]"#;
    assert_eq!(found[0]["warnings"].to_string(), want);
    let output = parse(&["--json", "--strict"], b"GET / HTTP/1.1\nHost: x\r\n\r\n");
    assert_eq!(
        (&objects(&output)[0]["code"], code(&output)),
        (&"H209".into(), 1)
    );
}

#[test]
fn written_escapes_are_undone_first_and_offsets_count_what_they_mean() {
    let output = parse(
        &["--json", "--escapes"],
        b"GET / HTTP/1.1\\r\\n\nHost: x\\x00\\r\\n\n\\r\\n\n",
    );
    let error = &objects(&output)[0];
    assert_eq!(
        (&error["code"], &error["offset"]),
        (&"H201".into(), &23.into())
    );
}

#[test]
fn a_body_above_the_limit_is_413() {
    let input = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
    let output = parse(&["--json", "--max-body", "4"], input);
    assert_eq!(
        (&objects(&output)[0]["status"], code(&output)),
        (&413.into(), 1)
    );
    assert_eq!(code(&parse(&["--json", "--max-body", "5"], input)), 0);
    let huge = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 67108865\r\n\r\n";
    assert_eq!(objects(&parse(&["--json"], huge))[0]["code"], "H604");
}

#[test]
fn a_file_that_cannot_be_read_is_status_4_and_a_wrong_flag_2() {
    let missing = httpsys()
        .args(["parse", "/does/not/exist"])
        .output()
        .expect("httpsys starts");
    assert_eq!(code(&missing), 4);
    assert!(
        stderr(&missing).contains("/does/not/exist: No such file"),
        "{}",
        stderr(&missing)
    );
    let folder = httpsys()
        .args(["parse", "/"])
        .output()
        .expect("httpsys starts");
    assert_eq!(code(&folder), 4);
    assert_eq!(code(&parse(&["--jsno"], b"")), 2);
}

#[test]
fn a_closed_standard_output_ends_it_quietly() {
    let mut child = httpsys()
        .arg("parse")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("httpsys starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    let many = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100_000);
    let writer = std::thread::spawn(move || drop(stdin.write_all(&many)));
    let output = child.wait_with_output().expect("httpsys ends");
    writer.join().expect("the writer ends");
    assert_eq!((stderr(&output).as_str(), code(&output)), ("", 0));
}

#[test]
fn a_body_of_many_megabytes_passes_in_little_memory() {
    let mut child = httpsys()
        .arg("parse")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("httpsys starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mib = vec![b'x'; 1 << 20];
    stdin
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        .expect("it reads");
    for _ in 0..40 {
        stdin.write_all(b"100000\r\n").expect("it reads");
        stdin.write_all(&mib).expect("it reads");
        stdin.write_all(b"\r\n").expect("it reads");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("a peak");
    let kib: u64 = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(kib < 32 * 1024, "{kib} KiB");
    stdin.write_all(b"0\r\n\r\n").expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("httpsys ends");
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("41943040 body"));
}

/// Each example of the rules through the program: the same code, place and status.
#[test]
fn every_example_of_the_rules_ends_as_its_rule_says() {
    use http_cases::{chunked, connection, framing, host, length, request_line, response};
    let strict: &[&[Case]] = &[
        framing::SERVE,
        request_line::CASES,
        host::CASES,
        length::CASES,
        chunked::CASES,
        connection::CASES,
    ];
    for case in strict.iter().copied().flatten() {
        check(case, &["--json", "--strict", "--max-body", "1000"]);
    }
    for case in framing::PARSE {
        check(case, &["--json", "--max-body", "1000"]);
    }
    for case in response::CASES {
        check(
            case,
            &["--json", "--strict", "--response", "--max-body", "1000"],
        );
    }
}

fn check(case: &Case, flags: &[&str]) {
    let (bytes, mark) = case.bytes();
    let output = parse(flags, &bytes);
    let found = objects(&output);
    let errors: Vec<_> = found.iter().filter(|o| o["kind"] == "error").collect();
    match case.want {
        Want::Refused(id, status) => {
            assert_eq!((code(&output), errors.len()), (1, 1), "{:?}", case.text);
            assert_eq!(
                (errors[0]["code"].as_str(), errors[0]["offset"].as_u64()),
                (Some(id), mark),
                "{:?}",
                case.text
            );
            let status = if flags.contains(&"--response") {
                None
            } else {
                Some(u64::from(status))
            };
            assert_eq!(errors[0]["status"].as_u64(), status, "{:?}", case.text);
            assert!(
                stderr(&output)
                    .starts_with(&format!("stdin:{}: error[{id}]: ", mark.expect("a mark")))
            );
        }
        Want::Messages(short) => {
            assert_eq!((code(&output), errors.len()), (0, 0), "{:?}", case.text);
            let count = if short.is_empty() {
                0
            } else {
                short.split("; ").count()
            };
            assert!(
                found.len() == count || short.contains("; "),
                "{:?}",
                case.text
            );
        }
        Want::Cut => assert_eq!((code(&output), errors.len()), (3, 0), "{:?}", case.text),
    }
}
