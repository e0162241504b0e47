//! `httpsys doctor`: OK or FIX for everything that httpsys wants of a machine.

use super::Common;
use super::exit;
use super::stream;
use super::terminal;
use crate::doctor::{self, Environment, Peer};
use crate::view::text::defuse;
use std::io::IsTerminal;

/// Programs that users and lessons compare with.
const PEERS: [&str; 2] = ["strace", "curl"];

/// Looks at this machine and says what to mend: exit status 0, or 4 when there is something
pub fn run(common: &Common) -> u8 {
    let lines = doctor::judge(&doctor::look(environment(common)));
    let text: String = lines.iter().map(|line| defuse(&line.render())).collect();
    let all_is_well = lines.iter().all(|line| line.fix.is_none());
    match stream::product("doctor", text.as_bytes()) {
        exit::DONE if !all_is_well => exit::REFUSED,
        status => status,
    }
}

fn environment(common: &Common) -> Environment {
    let out = std::io::stdout();
    let size = out
        .is_terminal()
        .then(|| crate::kernel::terminal_size(&out))
        .flatten();
    Environment {
        architecture: std::env::consts::ARCH,
        locale: terminal::locale(),
        utf8: terminal::utf8(),
        size: size.map(|(columns, rows)| (columns, Some(rows).filter(|rows| *rows > 0))),
        colours: terminal::colours(common.color, &out),
        peers: PEERS
            .map(|name| Peer {
                name,
                path: find(name),
            })
            .into(),
    }
}

/// Where a program is, as a shell would look.
fn find(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .map(|file| file.display().to_string())
}
