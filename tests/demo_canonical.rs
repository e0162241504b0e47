//! Every scene with `--canonical`: the same on every run and every machine (`tests/golden/demo`), on 80
//! columns, and what its page in `docs/scenes` shows.

mod common;

use common::golden;
use common::httpsys;
use httpsys::demo::SCENES;
use httpsys::demo::Scene;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Scenes at once: most of them wait for each other's steps most of the time.
const AT_ONCE: usize = 3;
/// No scene takes longer, on a machine that does other things besides.
const LONGEST: Duration = Duration::from_secs(10);

fn canonical(scene: &Scene) -> String {
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
    assert!(took < LONGEST, "{} took {took:?}", scene.name);
    text
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
    let first = canonical(scene);
    assert_eq!(first, canonical(scene), "two runs of {}", scene.name);
    for line in first.lines() {
        assert!(line.chars().count() <= 80, "{}: {line}", scene.name);
        assert!(!line.contains('\u{1b}'), "{}: {line}", scene.name);
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
