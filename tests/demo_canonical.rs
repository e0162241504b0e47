//! Every scene with `--canonical`: the same on every run and every machine (`tests/golden/demo`), on 80
//! columns, and what its page in `docs/scenes` shows.

mod common;

use common::golden;
use common::httpsys;
use common::models::io_uring_is_new;
use httpsys::demo::Beat;
use httpsys::demo::Play;
use httpsys::demo::SCENES;
use httpsys::demo::Scene;
use httpsys::demo::Stage;
use httpsys::demo::find;
use httpsys::demo::play;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Scenes at once: most of them wait for each other's steps most of the time.
const AT_ONCE: usize = 3;
/// No scene takes longer, also on a machine that does other things besides. (Alone, ten seconds are plenty.)
const LONGEST: Duration = Duration::from_secs(60);

/// Rows of a projector; and the scenes that do not fit, because nothing in them can be spared (docs/demo.md).
const ROWS: usize = 24;
const LONG: [&str; 3] = ["emfile", "smuggling", "uring"];

/// What a scene says whose subject the machine refuses.
const REFUSED: &str = "- this machine refuses it.";

fn canonical(scene: &Scene) -> (String, Duration) {
    let begun = Instant::now();
    let output = httpsys()
        .args(["demo", scene.name, "--canonical"])
        .output()
        .expect("it runs");
    let took = begun.elapsed();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}: {said}\n{text}",
        scene.name
    );
    assert_eq!(said, "", "{}", scene.name);
    (text, took)
}

/// The page with this output in its one `console` block.
fn page_with(page: &str, command: &str, output: &str) -> String {
    let start = format!("```console\n{command}\n");
    let from = page.find(&start).map(|at| at + start.len());
    let from = from.unwrap_or_else(|| panic!("no block for `{command}`"));
    let len = page[from..].find("```").expect("the block has an end");
    format!("{}{output}{}", &page[..from], &page[from + len..])
}

fn check(scene: &Scene) {
    let (first, took) = canonical(scene);
    let (again, and_took) = canonical(scene);
    assert_eq!(first, again, "two runs of {}", scene.name);
    let took = took.min(and_took);
    assert!(took < LONGEST, "{} took {took:?}", scene.name);
    for line in first.lines() {
        assert!(line.chars().count() <= 80, "{}: {line}", scene.name);
        assert!(!line.contains('\u{1b}'), "{}: {line}", scene.name);
    }
    let rows = first.lines().count();
    assert_eq!(
        rows > ROWS,
        LONG.contains(&scene.name),
        "{}: {rows} rows",
        scene.name
    );
    if first.contains(REFUSED) {
        return golden("demo/uring-kept.txt", &first);
    }
    if scene.name == "uring" && !io_uring_is_new() {
        // Shown, and the same twice; an older ring may bring results in another order.
        return;
    }
    golden(&format!("demo/{}.txt", scene.name), &first);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/scenes")
        .join(format!("{}.md", scene.name));
    let page = std::fs::read_to_string(&path).expect("a scene has a page in docs/scenes");
    let command = format!("$ httpsys demo {} --canonical", scene.name);
    let now = page_with(&page, &command, &first);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, now).expect("a page can be written");
    } else {
        assert_eq!(page, now, "{}", path.display());
    }
}

#[test]
fn every_scene_is_the_same_on_every_run_and_its_page_shows_it() {
    // The one table with a row for each model is held by `tests/demo.rs`: models come and go.
    let scenes: Vec<&Scene> = SCENES.iter().filter(|s| s.name != "models").collect();
    let next = Mutex::new(scenes.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scene) = { next.lock().expect("nobody panics with it").next() } {
                    check(scene);
                }
            });
        }
    });
}

#[test]
fn the_words_of_a_scene_fit_the_screen() {
    for scene in SCENES {
        for line in [scene.watch, scene.moral].concat() {
            assert!(
                line.len() <= 78 && line.is_ascii(),
                "{}: {line}",
                scene.name
            );
        }
        for line in scene.next {
            assert!(
                line.len() <= 74 && line.is_ascii(),
                "{}: {line}",
                scene.name
            );
        }
        assert!(scene.title.len() <= 62, "{}", scene.name);
        assert!(!scene.moral.is_empty() && !scene.watch.is_empty() && !scene.next.is_empty());
    }
}

#[test]
fn what_a_scene_says_to_type_next_is_known() {
    for scene in SCENES {
        for line in scene.next {
            let words: Vec<&str> = line.split_whitespace().collect();
            let known = match words.as_slice() {
                ["httpsys", "demo", name, ..] => SCENES.iter().any(|scene| scene.name == *name),
                ["httpsys", "explain", word, ..] => {
                    let explained = httpsys().args(["explain", word]).output();
                    explained.is_ok_and(|output| output.status.success())
                }
                _ => continue,
            };
            assert!(known, "{}: {line}", scene.name);
        }
    }
}

#[test]
fn colours_width_and_what_the_shell_left_open_do_not_change_what_happens() {
    let plain = |text: &str| -> String {
        let parts = text.split("\u{1b}[");
        let rest = |(n, part): (usize, &str)| match n {
            0 => part.to_owned(),
            _ => part.split_once('m').map_or("", |(_, rest)| rest).to_owned(),
        };
        parts.enumerate().map(rest).collect()
    };
    let scene = find("keep-alive").expect("there is such a scene");
    let (expected, _) = canonical(scene);
    for flags in [["--color", "always"], ["--width", "40"]] {
        let script = "exec \"$@\" 5</dev/null 7</dev/null";
        let output = std::process::Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(httpsys().get_program())
            .args(["demo", "keep-alive", "--canonical"])
            .args(flags)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .output()
            .expect("a shell");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.contains('\u{1b}'), flags[0] == "--color", "{text}");
        assert_eq!(plain(&text), expected, "{flags:?}");
    }
}

/// Where recordings are that scenes show in place of what a machine refuses.
fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/scenes/uring.jsonl")
}

fn stage() -> Stage {
    let flags = [
        "--width",
        "80",
        "--ascii",
        "--color",
        "never",
        "--canonical",
    ];
    Stage {
        program: httpsys().get_program().into(),
        flags: flags.map(String::from).into(),
        canonical: true,
    }
}

/// What is from the first call after `getsockname` to the answer: the part of a recording that is kept.
fn part(recording: &[u8]) -> String {
    let text = String::from_utf8_lossy(recording);
    let mut part = String::new();
    for line in text.lines() {
        part.push_str(line);
        part.push('\n');
        if line.contains("HTTP/1.1 200 OK") {
            break;
        }
    }
    part
}

#[test]
fn the_kept_recording_of_uring_is_what_a_ring_does() {
    if !io_uring_is_new() {
        return;
    }
    let scene = find("uring").expect("there is such a scene");
    let mut screen = Vec::new();
    let played = play(scene, &stage(), &mut screen).expect("it plays");
    let now = part(&played.recordings[0]);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(kept(), now).expect("a recording can be written");
    }
    // Where something was in memory is different each time.
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| {
            let parts = line.split("\"0x").enumerate().map(|(n, part)| match n {
                0 => part,
                _ => part.split_once('"').map_or("", |(_, rest)| rest),
            });
            parts.collect::<Vec<_>>().join("\"N\"")
        });
        lines.collect()
    };
    let kept = std::fs::read_to_string(kept()).expect("a kept recording");
    assert_eq!(plain(&kept), plain(&now));
}

#[test]
fn where_io_uring_is_refused_the_scene_says_so_and_shows_its_kept_recording() {
    let scene = find("uring").expect("there is such a scene");
    let Play::Kept {
        script, recording, ..
    } = scene.play
    else {
        panic!("the scene keeps a recording");
    };
    let refused = Scene {
        play: Play::Kept {
            serve: &["--io", "uring", "-e", "inject=io_uring_setup:error=EPERM"],
            script,
            recording,
        },
        ..*scene
    };
    let mut screen = Vec::new();
    let played = play(&refused, &stage(), &mut screen).expect("it is no error");
    assert!(played.recordings.is_empty(), "nothing happened here");
    // Whoever goes through it goes through that recording: each event of it that stood on the screen.
    assert_eq!(played.kept, Some(recording));
    let records = recording
        .lines()
        .filter(|line| !line.contains(r#""start""#));
    let records = records.count() as u64;
    let events = played.beats.iter().filter_map(|beat| match beat {
        Beat::Event(0, record) => Some(*record),
        _ => None,
    });
    let events: Vec<u64> = events.collect();
    assert!(events.is_sorted() && events.len() > 15, "{events:?}");
    assert!(events.last() <= Some(&records), "{events:?}");
    let text = String::from_utf8_lossy(&screen).into_owned();
    assert!(
        text.contains(REFUSED) && text.contains("cq: accept4"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    golden("demo/uring-kept.txt", &text);
}
