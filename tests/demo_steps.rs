//! `httpsys demo SCENE` with `--step`, `--quiz` and `--view explain`: lines on a pipe, keys on a terminal, and
//! that what is gone through is what the scene shows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::httpsys;
use common::models::io_uring_is_new;
use common::terminal::OnTerminal;
use httpsys::demo::SCENES;
use httpsys::demo::Scene;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;

/// Scenes at once: most of them wait for each other's steps most of the time.
const AT_ONCE: usize = 3;
/// More than any scene has events, or questions.
const ENOUGH: usize = 200;
const PROMPT: &str = "[q]uit";
const PLAYS: &str = "- it plays now";

fn demo(args: &[&str]) -> Command {
    let mut command = httpsys();
    command.arg("demo").args(args);
    command
}

/// What is printed for these lines on standard input. It ends well, and fits the screen.
fn walked(args: &[&str], lines: &str) -> String {
    let mut child = demo(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have seen enough before it has read all.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}\n{text}");
    assert_eq!(said, "", "{args:?}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{args:?}: {line}");
    }
    text
}

/// Does this with every scene.
fn for_all(check: impl Fn(&Scene) + Sync) {
    let next = Mutex::new(SCENES.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scene) = { next.lock().unwrap().next() } {
                    check(scene);
                }
            });
        }
    });
}

/// Rows of the screens of a walk in the explain view: from `[ 7] ` to the empty row.
fn screens(text: &str) -> Vec<usize> {
    let mut screens = Vec::new();
    let mut rows = 0;
    for line in text.lines() {
        rows = match line {
            "" => 0,
            _ if rows > 0 => rows + 1,
            _ => usize::from(line.starts_with('[')),
        };
        match rows {
            0 => {}
            1 => screens.push(1),
            _ => *screens.last_mut().unwrap() = rows,
        }
    }
    screens
}

/// The scene's own words.
fn frames(scene: &Scene, text: &str) {
    let words = [scene.watch, scene.moral, scene.next].concat();
    let mut at = 0;
    for line in words {
        let found = text[at..].find(line);
        at += found.unwrap_or_else(|| panic!("{}: no `{line}` in\n{text}", scene.name));
    }
}

#[test]
fn every_scene_is_gone_through_in_screens_between_its_own_words() {
    for_all(|scene| {
        let text = walked(&[scene.name, "--step"], "");
        frames(scene, &text);
        let screens = screens(&text);
        match scene.name {
            "models" => assert!(text.contains("measured a moment ago"), "{text}"),
            _ => {
                let from = match text.contains("- this machine refuses it.") {
                    true => "- kept from another machine: ",
                    false => "- recorded a moment ago: ",
                };
                assert!(text.contains(from), "{text}");
                assert!(screens.len() > 3, "{text}");
            }
        }
        assert!(screens.iter().all(|rows| *rows <= 12), "{text}");
    });
}

#[test]
fn every_scene_asks_and_counts_what_was_right() {
    for_all(|scene| {
        let answers = "1\n".repeat(ENOUGH);
        let text = walked(&[scene.name, "--quiz", "--seed", "1"], &answers);
        frames(scene, &text);
        let asked = text.matches("  quiz    ").count();
        let right = text.matches("  answer  right: 1)").count();
        assert!(asked > 0, "{}: nothing is asked\n{text}", scene.name);
        assert_eq!(text.matches("  answer  ").count(), asked, "{text}");
        let score = format!("* quiz: {right} of {asked} right");
        assert_eq!(text.lines().last(), Some(score.as_str()), "{text}");
    });
}

/// Lines without what only one of the two ways to see a scene says.
fn trace(text: &str) -> Vec<&str> {
    let words = [PLAYS, "- recorded a moment ago", "* a line for each event"];
    let lines = text.lines().filter(|line| {
        !line.ends_with("what it means") && !words.iter().any(|words| line.starts_with(words))
    });
    lines.collect()
}

#[test]
fn what_is_gone_through_is_what_the_scene_shows_in_the_same_order() {
    for_all(|scene| {
        // A table; and an older ring may bring results in another order.
        let varies = scene.name == "uring" && !io_uring_is_new();
        if scene.name == "models" || varies {
            return;
        }
        let golden = format!("tests/golden/demo/{}.txt", scene.name);
        let golden = std::fs::read_to_string(golden).unwrap();
        let args = [scene.name, "--step", "--view", "compact", "--canonical"];
        let walked = walked(&args, &"\n".repeat(ENOUGH));
        if walked.contains("- this machine refuses it.") {
            return;
        }
        let shown = trace(&walked);
        let mut shown = shown.iter();
        for line in trace(&golden) {
            // A scene may go on before the notes below a line were shown: they are here.
            let is_note = |line: &str| line.starts_with("          ");
            let figures = has_figures(line);
            if figures && is_note(line) {
                continue;
            }
            let found = shown
                .by_ref()
                .find(|other| !is_note(other) || **other == line);
            // Figures that the kernel chooses are there as it chose them.
            let same = |found: &&str| figures || *found == line;
            assert!(
                found.is_some_and(same),
                "{}: {found:?} in place of `{line}`\n{walked}",
                scene.name
            );
        }
    });
}

/// An `N` that stands for a number.
fn has_figures(line: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.split(|c| !is_word(c)).any(|word| word == "N")
}

#[test]
fn lines_go_forward_and_back_also_past_what_clients_say_and_a_quit_ends_with_the_moral() {
    let text = walked(&["hello", "--step", "--canonical"], &"\n".repeat(ENOUGH));
    let numbers = |text: &str| -> Vec<String> {
        let firsts = text.lines().filter(|line| line.starts_with('['));
        firsts.map(|line| line[1..3].trim().to_owned()).collect()
    };
    let all = numbers(&text);
    assert_eq!(all.last().map(String::as_str), Some("10"), "{text}");
    // To the accept4 that a client has ended, back over what the client does and the call that waits.
    let there = "\n".repeat(5);
    let text = walked(
        &["hello", "--step", "--canonical"],
        &format!("{there}b\nb\nb\nq\n"),
    );
    assert_eq!(
        numbers(&text),
        ["1", "2", "3", "4", "5", "..", "6", "..", "5"],
        "{text}"
    );
    assert_eq!(text.matches("- client 1 connects").count(), 2, "{text}");
    assert!(text.ends_with("httpsys explain accept4\n"), "{text}");
}

#[test]
fn right_answers_are_right_also_the_next_time() {
    let args = ["pipelining", "--quiz", "--canonical", "--seed", "3"];
    let knows_nothing = walked(&args, &"\n".repeat(ENOUGH));
    let right: String = knows_nothing
        .lines()
        .filter_map(|line| line.split_once("  answer  it is ")?.1.split_once(')'))
        .map(|(number, _)| format!("{number}\n"))
        .collect();
    let asked = right.lines().count();
    assert!(asked > 3, "{knows_nothing}");
    let knows_all = walked(&args, &right);
    let score = format!("* quiz: {asked} of {asked} right");
    assert_eq!(knows_all.lines().last(), Some(&score[..]), "{knows_all}");
    let other = ["pipelining", "--quiz", "--canonical", "--seed", "4"];
    assert_ne!(knows_nothing, walked(&other, &"\n".repeat(ENOUGH)));
}

#[test]
fn the_table_of_models_asks_who_makes_the_second_client_wait() {
    let text = walked(&["models", "--quiz", "--step"], &"\n".repeat(ENOUGH));
    let question = text
        .find("blocking: client 1 stops for 50 ms. When is client 2 answered?")
        .unwrap();
    let row = text.find("\nblocking ").unwrap();
    assert!(question < row, "asked before the row is shown: {text}");
    assert!(text[question..row].contains(") when client 1 goes on"));
}

#[test]
fn the_explain_view_alone_holds_nobody() {
    let text = walked(&["hello", "--view", "explain"], "");
    assert_eq!(screens(&text).len(), 11, "{text}");
    assert!(!text.contains("* a line for each event"), "{text}");
}

#[test]
fn nothing_to_go_through_is_a_usage_error() {
    for args in [&["--step"][..], &["--quiz"], &["hello", "--view", "json"]] {
        let output = demo(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = demo(&["hello", "--step"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn keys_lead_through_a_scene_and_the_terminal_is_given_back() {
    for name in ["hello", "epoll", "pipelining", "sigpipe", "uring", "models"] {
        let mut terminal = OnTerminal::start(demo(&[name, "--step"]));
        let scene = SCENES.iter().find(|scene| scene.name == name).unwrap();
        let begin = terminal.until(scene.watch[0]);
        assert!(begin.starts_with(name), "{begin}");
        let mut shown = terminal.until(PROMPT);
        assert!(shown.contains(" a moment ago") || shown.contains("kept from"));
        assert!(!terminal.is_cooked(), "{name}");
        // Anything else does nothing.
        terminal.press("xyz7");
        // Back at the first one is the first one again; and then everything.
        terminal.press("b");
        shown.push_str(&terminal.until(PROMPT));
        terminal.press("\n");
        shown.push_str(&terminal.until(PROMPT));
        terminal.press("r");
        shown.push_str(&terminal.rest());
        assert_eq!(terminal.ended().code(), Some(0), "{name}: {shown}");
        assert!(terminal.is_cooked(), "{name}");
        assert!(shown.contains(scene.moral[0]), "{name}: {shown}");
        assert!(shown.contains(scene.next[0]), "{name}: {shown}");
        for line in shown.lines().flat_map(|line| line.split('\r')) {
            let line = line.trim_start_matches("\u{1b}[K");
            assert!(line.chars().count() <= 80, "{name}: {line:?}");
        }
    }
}

#[test]
fn a_page_a_question_and_another_width_on_the_way() {
    let mut terminal = OnTerminal::start(demo(&["hello", "--step"]));
    terminal.until(PROMPT);
    terminal.press("e");
    let page = terminal.until(PROMPT);
    assert!(page.contains("socket: system call"), "{page}");
    terminal.resize(50);
    terminal.press("\n");
    let narrow = terminal.until("[q]");
    let widest = narrow.lines().skip(1).map(|line| line.trim_end().len());
    assert!(widest.max() <= Some(50), "{narrow}");
    terminal.resize(80);
    terminal.press("?");
    terminal.until("the next result that leaves a choice");
    // No question at setsockopt: the next screen comes, and so on until there is one.
    for _ in 0..ENOUGH {
        if terminal.until("[q]").contains("  quiz    ") {
            break;
        }
        terminal.press("\n");
    }
    terminal.press("1");
    terminal.until("  answer  ");
    terminal.press("q");
    terminal.until("* quiz: ");
    assert_eq!(terminal.ended().code(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn ctrl_c_ends_it_anywhere_and_the_terminal_is_given_back() {
    for (args, place) in [
        // slowloris plays for five seconds.
        (["slowloris", "--step"], PLAYS),
        (["hello", "--step"], PROMPT),
        (["hello", "--quiz"], "no idea"),
        (["models", "--step"], PROMPT),
    ] {
        let mut terminal = OnTerminal::start(demo(&args));
        terminal.until(place);
        terminal.press("\x03");
        let status = terminal.ended();
        assert_eq!(status.signal(), Some(2), "{args:?}: {status}");
        assert!(terminal.is_cooked(), "{args:?}");
    }
}

#[test]
fn after_a_stop_the_shell_has_its_terminal_and_after_fg_keys_work_again() {
    let program = httpsys().get_program().to_string_lossy().into_owned();
    let script = format!(
        "set -m\n{program} demo hello --step\necho stopped:$?\n\
         stty -a | grep -o -e '-*icanon'\nfg\necho ended:$?\n"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("LC_ALL", "C.UTF-8");
    let mut terminal = OnTerminal::start(shell);
    terminal.until(PROMPT);
    terminal.press("\x1a");
    terminal.until("stopped:148");
    let modes = terminal.until("icanon");
    assert!(!modes.contains("-icanon"), "{modes}");
    assert!(terminal.until(PROMPT).contains("[ 1] socket("));
    terminal.press("\n");
    assert!(terminal.until(PROMPT).contains("[ 2]"));
    terminal.press("q");
    terminal.until("ended:0");
    terminal.ended();
    assert!(terminal.is_cooked());
}
