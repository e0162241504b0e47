//! Finds the program that a command line names, as a shell would (`man 3 execvp`).
//!
//! In: words. Out: a path to execute, arguments and environment as C strings; remarks on what tracing
//! changes for it. It is looked up here, so that "not found" is said before anything is made.

use crate::source::ptrace::Command;
use std::ffi::CString;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

/// Where programs are looked for when PATH is not set (`man 3 execvp`; glibc leaves `.` out).
const USUAL: &str = "/bin:/usr/bin";

/// The command to launch, and what to say about it. `changes` of its environment: `NAME=VALUE`, or `NAME` for one
/// that is taken out.
///
/// # Errors
/// A sentence: what was looked for, where, and what to try.
pub fn command(
    words: &[OsString],
    changes: &[OsString],
    mask: nix::sys::signal::SigSet,
) -> Result<(Command, Vec<String>), String> {
    let [name, ..] = words else {
        return Err("there is no command".to_string());
    };
    let path = find(name)?;
    let environment = environment(changes);
    let command = Command {
        path: c_string(path.as_os_str())?,
        arguments: words
            .iter()
            .map(|word| c_string(word))
            .collect::<Result<_, _>>()?,
        environment: environment
            .into_iter()
            .map(|both| c_string(&both))
            .collect::<Result<_, _>>()?,
        mask,
        cpu: None,
    };
    Ok((command, remarks(&path)))
}

/// Our own environment with these changes, the last one of a name first to last.
fn environment(changes: &[OsString]) -> Vec<OsString> {
    let name_of = |both: &OsString| {
        let bytes = both.as_bytes();
        // A name may begin with `=`, nothing else of it may be one.
        let end = bytes.iter().skip(1).position(|byte| *byte == b'=');
        bytes[..end.map_or(bytes.len(), |end| end + 1)].to_vec()
    };
    let mut all: Vec<OsString> = std::env::vars_os()
        .map(|(name, value)| {
            let mut both = name;
            both.push("=");
            both.push(value);
            both
        })
        .collect();
    for change in changes {
        let name = name_of(change);
        all.retain(|both| name_of(both) != name);
        if name.len() < change.len() {
            all.push(change.clone());
        }
    }
    all
}

fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.as_bytes()).map_err(|_| "an argument holds a NUL byte".to_string())
}

fn find(name: &OsStr) -> Result<PathBuf, String> {
    let shown = name.to_string_lossy();
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match refusal(&path) {
            None => Ok(path),
            Some(why) => Err(format!("{shown}: {why}")),
        };
    }
    let places = std::env::var_os("PATH").unwrap_or_else(|| USUAL.into());
    let mut seen = None;
    for folder in std::env::split_paths(&places) {
        let path = folder.join(name);
        match refusal(&path) {
            None => return Ok(path),
            Some(why) if path.is_file() => seen = Some(format!("{}: {why}", path.display())),
            Some(_) => {}
        }
    }
    Err(seen.unwrap_or_else(|| not_found(name, &shown)))
}

fn not_found(name: &OsStr, shown: &str) -> String {
    let here = if Path::new(name).is_file() {
        format!("there is ./{shown} in this folder: write the ./")
    } else {
        "is it installed, and spelled right?".to_string()
    };
    format!("{shown}: command not found in PATH; {here}")
}

/// Why a file cannot be run; `None` when nothing is known against it.
fn refusal(path: &Path) -> Option<&'static str> {
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Some("its folder keeps this user out (EACCES)")
        }
        Err(_) => Some("no such file (ENOENT): is the path right?"),
        Ok(about) if about.is_dir() => Some("that is a folder: give the program in it"),
        Ok(about) if about.permissions().mode() & 0o111 == 0 => {
            Some("it is not executable (EACCES): chmod +x makes it so")
        }
        Ok(_) => None,
    }
}

/// What tracing changes for this program. A traced program gains no rights by its setuid bit, unless the
/// tracer has them (`man 2 execve`); the filter forbids that to its children too (`no_new_privs`).
fn remarks(path: &Path) -> Vec<String> {
    let Ok(about) = path.metadata() else {
        return Vec::new();
    };
    let (bits, owner) = (about.permissions().mode(), about.uid());
    let gains = bits & 0o4000 != 0 && owner != nix::unistd::geteuid().as_raw()
        || bits & 0o2000 != 0 && about.gid() != nix::unistd::getegid().as_raw();
    if gains && !nix::unistd::geteuid().is_root() {
        return vec![format!(
            "{} is setuid or setgid: traced, it runs without those rights",
            path.display()
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_gains_changes_and_loses_names() {
        let name = |both: &OsString| both.to_string_lossy().into_owned();
        let changes: Vec<OsString> = ["HTTPSYS_A=1=2", "HTTPSYS_A=3", "PATH", "HTTPSYS_B"]
            .map(OsString::from)
            .to_vec();
        let all: Vec<String> = environment(&changes).iter().map(name).collect();
        let of_a = all.iter().filter(|both| both.starts_with("HTTPSYS_A"));
        assert_eq!(of_a.collect::<Vec<_>>(), ["HTTPSYS_A=3"]);
        assert!(!all.iter().any(|both| both.starts_with("PATH=")), "{all:?}");
    }

    #[test]
    fn a_program_is_found_in_path_and_what_is_none_is_said() {
        assert!(find(OsStr::new("sh")).unwrap().ends_with("sh"));
        let missing = find(OsStr::new("no-such-program-here")).unwrap_err();
        assert!(missing.contains("command not found"), "{missing}");
        let folder = find(OsStr::new("/tmp")).unwrap_err();
        assert!(folder.contains("folder"), "{folder}");
        let plain = find(OsStr::new("/etc/passwd")).unwrap_err();
        assert!(plain.contains("chmod +x"), "{plain}");
    }
}
