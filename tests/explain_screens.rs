//! The explain view: its screens, and what holds for every screen.

mod common;
mod story_events;

use common::httpsys;
use httpsys::decode::Decoder;
use httpsys::source::recording::Recording;
use httpsys::story::Story;
use httpsys::view::View;
use httpsys::view::explain::{ExplainView, ROWS};
use httpsys::view::paint::Paint;
use httpsys::view::text::Charset;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use story_events::golden;

/// A server with a ring.
const RING: &str = "src/demo/scenes/uring.jsonl";

/// Every recording that is kept.
fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["demo/recordings", "tests/golden"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder of the repository");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "jsonl")));
    }
    found.push(root.join(RING));
    found.sort();
    assert!(found.len() >= 2, "{found:?}");
    found
}

/// What each event of a recording looks like.
fn screens(path: &Path, paint: Paint) -> Vec<String> {
    let file = File::open(path).expect("it was found there");
    let mut recording = Recording::new(BufReader::new(file)).expect("it can be read");
    let mut view = ExplainView::new(paint, None, false);
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    let mut screens = Vec::new();
    while let Some(raw) = recording.next_record().expect("it can be read") {
        let event = decoder.event(&raw);
        let step = story.step(&event);
        let mut out = Vec::new();
        view.step(&event, &step, &mut out);
        screens.push(String::from_utf8(out).expect("a view writes text"));
    }
    screens
}

#[test]
fn three_connections_explained() {
    let recording = "demo/recordings/three-connections.jsonl";
    let args = ["replay", recording, "--view", "explain"];
    let output = httpsys().args(args).output().expect("it runs");
    assert!(output.status.success());
    golden("explain_three", &String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_can_go_wrong_explained() {
    let args = ["replay", "tests/golden/odd.jsonl", "--view", "explain"];
    let output = httpsys().args(args).output().expect("it runs");
    assert!(output.status.success());
    golden("explain_odd", &String::from_utf8_lossy(&output.stdout));
}

#[test]
fn operations_of_a_ring_explained() {
    let args = ["replay", RING, "--view", "explain"];
    let output = httpsys().args(args).output().expect("it runs");
    assert!(output.status.success());
    golden("explain_ring", &String::from_utf8_lossy(&output.stdout));
}

#[test]
fn operations_that_fail_are_taken_back_or_close_have_their_screens() {
    let lines = r#"{"v":1,"type":"start","source":"server","program":"x","argv":["x"],"start":"2026-01-01T00:00:00Z"}
{"type":"ring","t":1,"pid":7,"tid":7,"op":"IORING_OP_READ","user_data":1,"call":"read","args":{"fd":5,"count":100}}
{"type":"ring","t":2,"pid":7,"tid":7,"op":"IORING_OP_ASYNC_CANCEL","user_data":2,"target":1}
{"type":"ring","t":3,"pid":7,"tid":7,"op":"IORING_OP_ASYNC_CANCEL","user_data":2,"target":1,"res":0,"errno":null}
{"type":"ring","t":4,"pid":7,"tid":7,"op":"IORING_OP_READ","user_data":1,"call":"read","args":{"fd":5,"count":100},"res":-125,"errno":"ECANCELED"}
{"type":"ring","t":5,"pid":7,"tid":7,"op":"IORING_OP_CLOSE","user_data":3,"call":"close","args":{"fd":5}}
{"type":"ring","t":6,"pid":7,"tid":7,"op":"IORING_OP_CLOSE","user_data":3,"call":"close","args":{"fd":5},"res":0,"errno":null}
"#;
    let folder = common::Folder::new("ring-screens");
    let path = folder.file("ring.jsonl", lines);
    for width in [40, 80] {
        let screens = screens(&path, Paint::new(false, Charset::Ascii, width));
        let places: Vec<&str> = screens.iter().map(|screen| &screen[..4]).collect();
        let expected = ["[sq]", "[sq]", "[cq]", "[cq]", "[sq]", "[cq]"];
        assert_eq!(places, expected, "{screens:?}");
        for screen in &screens {
            assert!(screen.lines().count() <= ROWS, "{screen}");
            assert!(screen.lines().all(|row| row.len() <= width), "{screen}");
        }
        let firsts: Vec<&str> = screens.iter().filter_map(|s| s.lines().next()).collect();
        let ends = [
            " ... queued",
            "queued",
            " = 0",
            "ECANCELED",
            "queued",
            " = 0",
        ];
        for (first, end) in firsts.iter().zip(ends) {
            assert!(first.contains(end), "{first}: {end}");
        }
    }
}

#[test]
fn every_screen_has_at_most_twelve_rows_of_the_width_there_is_in_plain_ascii() {
    for path in recordings() {
        for width in [40, 60, 80, 120] {
            let paint = Paint::new(false, Charset::Ascii, width);
            for screen in screens(&path, paint) {
                let rows: Vec<&str> = screen.trim_end_matches('\n').lines().collect();
                assert!(rows.len() <= ROWS, "{} rows:\n{screen}", rows.len());
                for row in rows {
                    assert!(row.len() <= width, "{width}: {row}");
                    assert!(row.bytes().all(|b| (b' '..=b'~').contains(&b)), "{row:?}");
                    assert_eq!(row, row.trim_end(), "in\n{screen}");
                }
            }
        }
    }
}

#[test]
fn every_call_says_what_was_asked_what_the_kernel_did_and_what_came_of_it() {
    for path in recordings() {
        for screen in screens(&path, Paint::plain()) {
            let Some(first) = screen.lines().next().filter(|row| row.starts_with('[')) else {
                continue;
            };
            assert!(screen.contains("\n  asked   \""), "{screen}");
            assert!(screen.contains("\n  kernel  "), "{screen}");
            assert!(screen.contains("\n  next?   "), "{screen}");
            if !first.contains(" ... ") {
                assert!(
                    screen.contains("\n  got     ") || screen.contains("\n  gave    "),
                    "{screen}"
                );
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for path in recordings() {
        let plain = screens(&path, Paint::plain());
        let painted = screens(&path, Paint::new(true, Charset::Ascii, 80));
        for (plain, painted) in plain.iter().zip(&painted) {
            let mut bare = String::new();
            let mut rest = painted.as_str();
            while let Some(at) = rest.find('\x1b') {
                bare.push_str(&rest[..at]);
                let end = rest[at..].find('m').expect("a sequence ends");
                rest = &rest[at + end + 1..];
            }
            bare.push_str(rest);
            assert_eq!(&bare, plain);
        }
    }
}

#[test]
fn a_recording_cut_at_any_line_is_explained_as_far_as_it_goes() {
    let text = include_str!("golden/odd.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    for first in 0..lines.len() {
        let part = lines[first..].join("\n");
        let mut recording = Recording::new(part.as_bytes()).expect("it can be read");
        let mut view = ExplainView::new(Paint::plain(), Some(9), true);
        let (mut decoder, mut story) = (Decoder::default(), Story::default());
        let mut out = Vec::new();
        while let Some(raw) = recording.next_record().expect("it can be read") {
            let event = decoder.event(&raw);
            let step = story.step(&event);
            view.step(&event, &step, &mut out);
        }
        assert!(out.is_ascii());
    }
}
