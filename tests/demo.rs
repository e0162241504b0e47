//! Scenes play to their end by themselves, fit the screen, and show what was recorded.

mod common;

use common::models::models;

use common::httpsys;
use httpsys::demo::Group;
use httpsys::demo::Play;
use httpsys::demo::SCENES;
use httpsys::demo::Scene;
use httpsys::demo::Stage;
use httpsys::demo::Step;
use httpsys::demo::play;
use httpsys::server::IoModel;

fn played(args: &[&str]) -> (Option<i32>, String, String) {
    let output = httpsys().arg("demo").args(args).output().expect("it runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// The columns of a model's row.
fn row(text: &str, model: IoModel) -> Vec<String> {
    let of_model = |line: &&str| line.split_whitespace().next() == Some(model.name());
    let line = text.lines().find(of_model);
    let words = line.unwrap_or_else(|| panic!("no row of {model:?} in\n{text}"));
    words.split_whitespace().skip(1).map(String::from).collect()
}

#[test]
fn the_list_has_every_scene_below_its_group_and_fits_the_screen() {
    let (status, out, _) = played(&[]);
    assert_eq!(status, Some(0));
    let (_, long, _) = played(&["--list"]);
    for scene in SCENES {
        let is_name = |word: &str| word == scene.name;
        assert!(out.split_whitespace().any(is_name), "{}: {out}", scene.name);
        assert!(long.contains(scene.title) && long.contains(&format!("  {} ", scene.name)));
    }
    assert!(out.lines().count() < 24, "{out}");
    assert!(out.lines().chain(long.lines()).all(|line| line.len() <= 80));
    let groups: Vec<Group> = SCENES.iter().map(|scene| scene.group).collect();
    assert!(groups.is_sorted(), "the list is in order");
}

#[test]
fn a_scene_that_there_is_not_is_a_usage_error_that_names_those_there_are() {
    let (status, out, said) = played(&["modles"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(
        said.contains("no scene `modles`; did you mean models?"),
        "{said}"
    );
    let (_, _, said) = played(&["xyzzy"]);
    assert!(!said.contains("did you mean"), "{said}");
    for scene in SCENES {
        assert!(said.contains(scene.name), "{said}");
    }
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
}

#[test]
fn the_models_scene_fits_the_screen_and_tells_the_models_apart() {
    let (status, out, said) = played(&["models"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(out.lines().count() <= 23, "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let number = |text: &String| text.parse::<f64>().unwrap_or(f64::INFINITY);
    for model in models() {
        let row = row(&out, model);
        if row.first().is_some_and(|word| word == "not") {
            continue;
        }
        assert_eq!(row.len(), 11, "{out}");
        let (accept, wait, second) = (number(&row[0]), number(&row[1]), number(&row[9]));
        // Where nobody need wait, only a busy machine makes the second client wait as long.
        if model.has_one_seat() {
            assert!(accept >= 1.0 && second >= 50.0, "{out}");
        }
        let asks_for_all = matches!(
            model,
            IoModel::Select | IoModel::Poll | IoModel::Epoll | IoModel::EpollEt
        );
        if asks_for_all {
            assert!(wait > 0.0, "{out}");
        }
        assert!(
            number(&row[3]) > 0.0 || wait > 0.0,
            "somebody has written: {out}"
        );
    }
}

#[test]
fn who_has_many_seats_lets_the_second_client_not_wait_for_the_first() {
    // Half of the 50 ms are the machine's to lose; on a busy one, it may lose more, but not every time.
    let mut waited: Vec<IoModel> = IoModel::ALL.to_vec();
    waited.retain(|model| !model.has_one_seat());
    for _ in 0..20 {
        let (_, out, _) = played(&["models"]);
        waited.retain(|model| {
            let row = row(&out, *model);
            row[0] != "not" && row[9].parse().map_or(true, |ms: u32| ms >= 25)
        });
        if waited.is_empty() {
            return;
        }
    }
    panic!("{waited:?}");
}

#[test]
fn a_canonical_run_of_the_models_scene_is_the_same_every_time() {
    let (status, first, said) = played(&["models", "--canonical"]);
    assert_eq!(status, Some(0), "{said}");
    let (_, again, _) = played(&["models", "--canonical"]);
    assert_eq!(first, again);
    let epoll = row(&first, IoModel::Epoll);
    assert_eq!(
        epoll,
        ["N", "N", "N", "1.0", "0.2", "N", "N", "N", "N", "N", "N"]
    );
}

#[test]
fn a_scene_with_a_trace_shows_it_and_its_clients_act_after_what_it_shows() {
    const SCENE: Scene = Scene {
        name: "half",
        group: Group::Waiting,
        title: "a request in two halves",
        watch: &["two reads for one request"],
        play: Play::Trace {
            serve: &["--io", "epoll"],
            script: &[
                Step::Skip("epoll_ctl"),
                Step::Waits("epoll_pwait"),
                Step::Say("client 1 sends one half"),
                Step::Send(0, b"GET /hi HTTP/1.1\r\nHo"),
                Step::Until("unfinished"),
                Step::Send(0, b"st: demo\r\n\r\n"),
                Step::Answer(0),
                Step::Leave(0),
                Step::Until("c1 over"),
            ],
        },
        moral: &["read gives what has arrived, not what you hope for."],
        next: &["httpsys explain read"],
    };
    let stage = Stage {
        program: httpsys().get_program().into(),
        flags: vec!["--width".into(), "80".into(), "--ascii".into()],
        canonical: false,
    };
    let mut out = Vec::new();
    play(&SCENE, &stage, &mut out).expect("it plays");
    let text = String::from_utf8(out).expect("text");
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no `{part}` in\n{text}"))
    };
    assert!(at("* two reads") < at("unfinished") && at("unfinished") < at("(complete)"));
    assert!(at("< 200 OK") < at("c1 over") && at("c1 over") < at("= read gives"));
    assert!(text.ends_with("next: httpsys explain read\n"), "{text}");
}

#[test]
fn a_scene_whose_trace_takes_another_way_ends_with_a_sentence() {
    const SCENE: Scene = Scene {
        name: "never",
        group: Group::Waiting,
        title: "a flag that is none",
        watch: &[],
        play: Play::Trace {
            serve: &["--no-such-flag"],
            script: &[],
        },
        moral: &[],
        next: &[],
    };
    let stage = Stage {
        program: httpsys().get_program().into(),
        flags: Vec::new(),
        canonical: false,
    };
    let error = play(&SCENE, &stage, &mut Vec::new()).expect_err("serve does not know the flag");
    assert!(!error.to_string().is_empty());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = httpsys()
        .args(["demo", "models"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
