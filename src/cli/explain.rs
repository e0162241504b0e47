//! `httpsys explain WORD`: the offline reference.

use super::Common;
use super::exit;
use super::terminal;

/// Look up a call, an errno, a status, a header, a finding, a flag
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// What to look up: accept4, EAGAIN, 404, Content-Length, H203, EPOLLET, backlog ...
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
}

/// Prints the page, or what was perhaps meant.
pub fn run(args: &ExplainArgs, common: &Common) -> u8 {
    let word = args.words.join(" ");
    let width = terminal::columns(common.width, &std::io::stdout());
    match crate::explain::lookup(&word) {
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
