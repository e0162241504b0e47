//! The table of `httpsys parse`: the pictures in demo/requests, and what holds for every picture.
//!
//! `HTTPSYS_UPDATE=1 cargo test --test parse_table` writes the pictures anew; read the difference.

mod common;
mod http_cases;

use common::httpsys;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn table(flags: &[&str], input: &[u8]) -> String {
    let mut child = httpsys()
        .arg("parse")
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("httpsys starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let _ = stdin.write_all(input);
    drop(stdin);
    String::from_utf8(child.wait_with_output().expect("httpsys ends").stdout).expect("UTF-8")
}

fn requests() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/requests");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("demo/requests")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "http"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_request_of_the_demo_has_its_picture() {
    assert!(requests().len() >= 9);
    for path in requests() {
        let name = path.file_name().expect("a name").to_str().expect("ASCII");
        let output = httpsys()
            .current_dir(path.parent().expect("a folder"))
            .args(["parse", "--escapes", name])
            .output()
            .expect("httpsys starts");
        let status = output.status.code().expect("it ends by itself");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        let drawn = String::from_utf8(output.stdout).expect("UTF-8");
        let shown =
            format!("$ httpsys parse --escapes {name}\n{drawn}{said}exit status {status}\n");
        let picture = path.with_extension("out");
        if std::env::var_os("HTTPSYS_UPDATE").is_some() {
            std::fs::write(&picture, &shown).expect("written");
        }
        let kept = std::fs::read_to_string(&picture).unwrap_or_default();
        assert_eq!(
            shown,
            kept,
            "\n--- now\n{shown}\n--- {}\n{kept}",
            picture.display()
        );
    }
}

#[test]
fn the_picture_of_the_design_is_drawn() {
    let drawn = table(
        &["--escapes"],
        b"GET /a b HTTP/1.1\\r\\nHost : x\\r\\n\\r\\n",
    );
    let want = "\
stdin: HTTP/1.1 request, 31 bytes, 2 errors, 0 warnings
 offset  len  bytes                 part            note
 0x0000    3  GET                   method          safe, idempotent
 0x0004    4  /a b                  target          error[H101]
 0x0009    8  HTTP/1.1              version
 0x0013    4  Host                  field name      required in 1.1
 0x0017    1  SP                    --              error[H203]
 0x001a    1  x                     field value
 0x001d    2  \\r\\n                  blank line      end of head
error[H101]: space inside the request target
  1 | GET /a b HTTP/1.1\\r\\n
    |       ^ byte 6; write it as %20           RFC 9112 3.2
";
    assert!(drawn.starts_with(want), "{drawn}");
}

#[test]
fn the_page_about_parse_shows_what_it_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    assert!(read("docs/parse.md").contains(&read("demo/requests/space.out")));
}

/// Columns, as far as ASCII and two-byte letters go.
fn columns(line: &str) -> usize {
    line.chars().count()
}

#[test]
fn no_line_is_wider_than_asked_and_no_control_byte_gets_through() {
    let hostile: &[&[u8]] = &[
        b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \x9b31m\xe2\x80\xae\x07\r\n\xe2\x80\xae: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{\"\xe2\x80\xae\":\"\x7f\xc2\x9b\",\"a\":\"\\u001b\"}",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n\x1b]0;hi\x07\n\r",
    ];
    let mut inputs: Vec<(Vec<u8>, bool)> = hostile
        .iter()
        .map(|bytes| (bytes.to_vec(), false))
        .collect();
    inputs.push((
        format!(
            "GET /{} HTTP/1.1\r\nHost: {}\r\nA b: {}\r\n\r\n",
            "a".repeat(3000),
            "b".repeat(200),
            "c".repeat(99)
        )
        .into_bytes(),
        false,
    ));
    for width in [0, 40, 60, 200, 1000] {
        let wide = format!(
            "GET / HTTP/1.1\r\nHost: {}\rx\r\n\r\n",
            "\u{65e5}".repeat(width)
        );
        inputs.push((wide.into_bytes(), false));
    }
    use http_cases::{chunked, framing, host, length, request_line, response};
    for cases in [
        framing::SERVE,
        framing::PARSE,
        request_line::CASES,
        host::CASES,
        length::CASES,
        chunked::CASES,
    ] {
        inputs.extend(cases.iter().step_by(3).map(|case| (case.bytes().0, false)));
    }
    inputs.extend(
        response::CASES
            .iter()
            .step_by(2)
            .map(|case| (case.bytes().0, true)),
    );
    for (n, (input, response)) in inputs.iter().enumerate() {
        let width = ["80", "40", "64", "132"][n % 4];
        let mut flags = vec!["--width", width];
        flags.extend(response.then_some("--response"));
        flags.extend((n % 3 == 0).then_some("--hex"));
        let drawn = table(&flags, input);
        for line in drawn.lines() {
            assert!(
                columns(line) <= width.parse().expect("a number"),
                "{width}: {line:?} in\n{drawn}"
            );
            assert!(
                !line.chars().any(|c| c.is_control() || c == '\u{202e}'),
                "{line:?}"
            );
            assert_eq!(line.trim_end(), line, "no blanks at the end");
        }
    }
}

#[test]
fn a_file_with_a_hostile_name_is_named_safely() {
    let folder = common::Folder::new("parse-name");
    let path = folder.0.join("a\u{1b}[2Jb.txt");
    std::fs::write(&path, "GET / HTTP/1.1\r\n\r\n").expect("written");
    let output = httpsys()
        .current_dir(&folder.0)
        .args(["parse", "a\u{1b}[2Jb.txt"])
        .output()
        .expect("httpsys starts");
    let (drawn, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        drawn.starts_with("a\\x1b[2Jb.txt: HTTP/1.1 request"),
        "{drawn}"
    );
    assert!(said.starts_with("a\\x1b[2Jb.txt:16: error[H301]"), "{said}");
}

#[test]
fn hex_shows_every_byte_of_the_input_in_order() {
    let input = b"POST /p HTTP/1.1\r\nHost:  x \r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n";
    let drawn = table(&["--hex"], input);
    let mut bytes = Vec::new();
    for line in drawn
        .lines()
        .filter_map(|line| line.strip_prefix("         "))
    {
        bytes.extend(
            line.split(' ')
                .map(|hex| u8::from_str_radix(hex, 16).expect("hex")),
        );
    }
    assert_eq!(
        bytes.escape_ascii().to_string(),
        input.escape_ascii().to_string()
    );
}

#[test]
fn a_million_chunks_are_counted_and_not_listed() {
    let mut input = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    input.extend(b"1\r\nx\r\n".repeat(100_000));
    input.extend(b"0\r\n\r\n");
    let drawn = table(&[], &input);
    assert!(drawn.lines().count() < 80, "{}", drawn.lines().count());
    assert!(drawn.contains("more chunks"), "{drawn}");
}
