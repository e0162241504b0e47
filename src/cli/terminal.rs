//! What the stream that carries the trace can show: colours, columns, characters. Decided once.

use crate::view::text::Charset;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::str::FromStr;

/// `--color`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum When {
    /// When the stream is a terminal (`NO_COLOR` and `CLICOLOR_FORCE` are honoured).
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--width`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// The terminal's width; 80 elsewhere.
    Auto,
    /// This many columns.
    Columns(usize),
}

/// Fewer columns than this cannot hold the table.
const NARROWEST: usize = 40;
/// More columns than this do not help anyone to read.
const WIDEST: usize = 1000;

impl FromStr for Width {
    type Err = String;

    fn from_str(text: &str) -> Result<Width, String> {
        if text == "auto" {
            return Ok(Width::Auto);
        }
        match text.parse() {
            Ok(columns) if (NARROWEST..=WIDEST).contains(&columns) => Ok(Width::Columns(columns)),
            _ => Err(format!(
                "a number of columns from {NARROWEST} to {WIDEST}, or auto"
            )),
        }
    }
}

/// Whether to colour what goes to `stream`.
pub fn colours(when: When, stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR") => false,
        When::Auto
            if set("CLICOLOR_FORCE")
                && std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0") =>
        {
            true
        }
        When::Auto => {
            stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// How many columns `stream` has.
pub fn columns(width: Width, stream: &(impl IsTerminal + std::os::fd::AsFd)) -> usize {
    match width {
        Width::Columns(columns) => columns,
        Width::Auto if stream.is_terminal() => crate::kernel::terminal_columns(stream)
            .unwrap_or(80)
            .clamp(NARROWEST, WIDEST),
        Width::Auto => 80,
    }
}

/// The device of the terminal behind `stream` (`st_rdev`); `None` where that is no terminal.
pub fn device(stream: &impl AsFd) -> Option<u64> {
    let is_terminal = stream.as_fd().is_terminal();
    let about = nix::sys::stat::fstat(stream).ok()?;
    is_terminal.then_some(about.st_rdev)
}

/// What the terminal's locale can print; `--ascii` overrides it.
pub fn charset(common: &super::Common) -> Charset {
    match utf8() && !common.ascii {
        true => Charset::Utf8,
        false => Charset::Ascii,
    }
}

/// The locale in force (`man 7 locale`: the first of these that is set decides).
pub fn locale() -> Option<String> {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Whether the locale prints UTF-8.
pub fn utf8() -> bool {
    locale().is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
