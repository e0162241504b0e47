//! `httpsys explain WORD`: the offline reference. To what `explain` gathers it adds the words that only the
//! command line knows: its own flags, and the scenes.

use super::Cli;
use super::Common;
use super::exit;
use super::terminal;
use crate::demo;
use crate::explain;
use crate::explain::Page;
use clap::Arg;
use clap::CommandFactory;

/// Look up a call, an errno, a status, a header, a finding, a flag, a model, a scene
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// What to look up: accept4, EAGAIN, 404, Content-Length, H203, EPOLLET, epoll-et, --step, backlog ...
    #[arg(
        required_unless_present = "all",
        value_name = "WORD",
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
    /// Print everything: the handbook
    #[arg(long, conflicts_with = "words")]
    pub all: bool,
}

/// Prints the page, or what was perhaps meant.
pub fn run(args: &ExplainArgs, common: &Common) -> u8 {
    let width = terminal::columns(common.width, &std::io::stdout());
    // Whatever begins with a hyphen may be looked up, so the first word may be the flag itself.
    if args.all || args.words.iter().any(|word| word == "--all") {
        return super::stream::product("explain", handbook(width).as_bytes());
    }
    let word = args.words.join(" ");
    let found = match option(&word).or_else(|| scene(&word)) {
        Some(page) => Ok(page),
        None => explain::lookup(&word).map(|page| with_scene(page, &word)),
    };
    match found {
        Ok(page) => super::stream::product("explain", page.render(width).as_bytes()),
        Err(near) => {
            let hint = match near.as_slice() {
                [] => "try a call (accept4), an errno (EAGAIN), a status (404) or a field (Host)"
                    .to_string(),
                near => format!("did you mean {}?", near.join(", ")),
            };
            super::say(&format!(
                "httpsys explain: nothing is known of `{}`: {hint}",
                word.escape_debug()
            ));
            exit::WRONG
        }
    }
}

/// Every page, kind by kind.
fn handbook(width: usize) -> String {
    let mut text = String::new();
    let mut chapter = |name: &str, pages: &mut dyn Iterator<Item = Page>| {
        text.push_str(&format!("== {name} ==\n\n"));
        for page in pages {
            text.push_str(&page.render(width));
            text.push('\n');
        }
    };
    for (name, pages) in explain::handbook() {
        chapter(name, &mut pages.into_iter());
    }
    let mut options: Vec<String> = options()
        .into_iter()
        .map(|(_, arg)| spelled(&arg))
        .collect();
    options.sort_unstable();
    options.dedup();
    chapter(
        "option",
        &mut options.iter().filter_map(|name| option(name)),
    );
    let names = demo::SCENES.iter().map(|scene| scene.name);
    chapter("scene", &mut names.filter_map(scene));
    text
}

/// Every flag of every command, with the command.
fn options() -> Vec<(String, Arg)> {
    let cli = Cli::command();
    let mut found = Vec::new();
    let named = |arg: &&Arg| arg.get_long().is_some() || arg.get_short().is_some();
    for command in cli
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        let own = command.get_arguments().filter(|arg| !arg.is_hide_set());
        found.extend(
            own.filter(named)
                .map(|a| (command.get_name().to_string(), a.clone())),
        );
    }
    let common = cli.get_arguments().filter(named);
    found.extend(common.map(|arg| ("every command".to_string(), arg.clone())));
    found
}

/// `--step`, or `-e` where there is no long name.
fn spelled(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => String::new(),
    }
}

/// The page of a flag of ours, by either of its names.
fn option(word: &str) -> Option<Page> {
    if !word.starts_with('-') {
        return None;
    }
    let all = options();
    let is_it = |arg: &Arg| {
        let short = arg.get_short().map(|short| format!("-{short}"));
        spelled(arg) == word || short.as_deref() == Some(word)
    };
    let found: Vec<&(String, Arg)> = all.iter().filter(|(_, arg)| is_it(arg)).collect();
    let (_, arg) = found.first()?;
    let mut commands: Vec<&str> = found.iter().map(|(command, _)| command.as_str()).collect();
    commands.dedup();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let value = match arg.get_value_names() {
        Some(names) if arg.get_action().takes_values() => names.join(" "),
        Some(_) | None => String::new(),
    };
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| value.get_name().to_string())
        .collect();
    let usual: Vec<String> = arg
        .get_default_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let short = arg.get_short().map(|short| format!("-{short}"));
    let short = short
        .filter(|short| *short != spelled(arg))
        .unwrap_or_default();
    Some(explain::page(
        &spelled(arg),
        &format!("a flag of {}", commands.join(", ")),
        &help,
        &[
            ("short", short),
            ("takes", value),
            ("one of", values.join(", ")),
            ("usually", usual.join(", ")),
            (
                "see",
                format!("httpsys {} --help", commands.first().unwrap_or(&""))
                    .replace("every command ", ""),
            ),
        ],
    ))
}

/// The page of a scene.
fn scene(word: &str) -> Option<Page> {
    let name = word.strip_prefix("scene ").unwrap_or(word);
    // A word that means something else too is a scene only when that is said.
    if name == word && explain::lookup(word).is_ok() {
        return None;
    }
    let scene = demo::find(name)?;
    Some(explain::page(
        scene.name,
        &format!("scene: {}", scene.title),
        &scene.watch.join(" "),
        &[
            ("moral", scene.moral.join(" ")),
            ("play", format!("httpsys demo {}", scene.name)),
        ],
    ))
}

/// A word of another meaning that is a scene's name too: its page names the scene.
fn with_scene(mut page: Page, word: &str) -> Page {
    if demo::find(word).is_some() {
        page.also(&format!("scene {word}"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_is_found_from_its_name_alone() {
        for scene in demo::SCENES {
            let word = scene.name;
            let page =
                super::scene(word).or_else(|| Some(with_scene(explain::lookup(word).ok()?, word)));
            let text = page.unwrap_or_else(|| panic!("no page: {word}")).render(80);
            assert!(
                text.contains(&format!("demo {word}")) || text.contains(&format!("scene {word}")),
                "{text}"
            );
            assert!(text.lines().count() <= 24, "{text}");
        }
    }

    #[test]
    fn every_flag_and_every_scene_has_a_page_that_fits_a_screen() {
        let names = options().into_iter().map(|(_, arg)| spelled(&arg));
        let pages = names.map(|name| option(&name).unwrap_or_else(|| panic!("no page: {name}")));
        let scenes = demo::SCENES.iter().map(|s| format!("scene {}", s.name));
        let scenes = scenes.map(|name| scene(&name).unwrap_or_else(|| panic!("no page: {name}")));
        for page in pages.chain(scenes) {
            let text = page.render(80);
            assert!(text.lines().count() <= 24, "{text}");
            assert!(
                text.lines().all(|line| line.len() <= 80 && line.is_ascii()),
                "{text}"
            );
            assert!(text.lines().count() >= 2, "{text}");
        }
    }

    #[test]
    fn every_model_of_the_server_has_a_page() {
        for model in crate::server::IoModel::ALL {
            let word = format!("model {}", model.name());
            let page = explain::lookup(&word).unwrap_or_else(|_| panic!("no page: {word}"));
            assert!(page.render(80).contains(&format!("--io {}", model.name())));
        }
    }

    #[test]
    fn the_handbook_has_a_chapter_for_each_kind_of_thing() {
        let book = handbook(80);
        for chapter in [
            "code", "errno", "call", "status", "method", "field", "word", "model", "note", "flag",
            "option", "scene",
        ] {
            assert!(book.contains(&format!("== {chapter} ==\n")), "{chapter}");
        }
        for word in [
            "\naccept4: ",
            "\nEAGAIN: ",
            "\nepoll-et: ",
            "\n--step: ",
            "\nmodels: ",
        ] {
            assert!(book.contains(word), "{word}");
        }
    }
}
