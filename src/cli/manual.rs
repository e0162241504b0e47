//! `httpsys man` and `httpsys completions SHELL`: what packagers and shells want, from the same table of
//! flags that parses the command line.

use super::stream;
use clap::CommandFactory;

/// Which shell's completions
#[derive(clap::Args, Debug)]
pub struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub shell: clap_complete::Shell,
}

/// Which page
#[derive(clap::Args, Debug)]
pub struct ManArgs {
    /// A command: its own page; without one, the page of httpsys
    pub command: Option<String>,
}

/// Prints a manual page in roff (`httpsys man | man -l -`).
pub fn man(args: &ManArgs) -> u8 {
    let mut cli = super::Cli::command();
    cli.build();
    let page = match &args.command {
        None => cli,
        Some(name) => {
            let found = cli.get_subcommands().find(|sub| sub.get_name() == name);
            let Some(found) = found.filter(|sub| !sub.is_hide_set()) else {
                let names: Vec<&str> = cli
                    .get_subcommands()
                    .filter(|sub| !sub.is_hide_set())
                    .map(clap::Command::get_name)
                    .collect();
                let message = format!(
                    "there is no command `{}`; there are: {}",
                    name.escape_debug(),
                    names.join(", ")
                );
                return super::usage("man", &message);
            };
            found.clone().display_name(format!("httpsys-{name}"))
        }
    };
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(page).render(&mut text);
    stream::product("man", &text)
}

/// Prints a script for a shell (`source <(httpsys completions bash)`).
pub fn completions(args: &CompletionsArgs) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "httpsys", &mut text);
    stream::product("completions", &text)
}
