//! Sockets that a service manager has opened and passed on: LISTEN_FDS (`man 3 sd_listen_fds`).
//!
//! In: three words of the environment. Out: which descriptors are listeners of ours. The words are for one
//! process alone, LISTEN_PID; they are taken out of the environment, so that no child takes them for its own.

use crate::abi::Fd;
use crate::kernel::forget_variables;
use crate::server::Passed;
use crate::view::text::Charset;
use crate::view::text::escape;
use std::ffi::CStr;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The first descriptor that is passed (`SD_LISTEN_FDS_START`).
const FIRST: i32 = 3;
/// More than any unit passes; the tool's own descriptors begin at 200.
const MOST: i32 = 128;
/// Columns of a name on the screen.
const NAME: usize = 40;
const WORDS: [&CStr; 3] = [c"LISTEN_PID", c"LISTEN_FDS", c"LISTEN_FDNAMES"];

/// The listeners that were passed to this process. Call before another thread is started.
///
/// # Errors
/// A sentence: which word makes no sense.
pub fn passed() -> Result<Vec<Passed>, String> {
    let [pid, count, names] =
        WORDS.map(|word| std::env::var_os(OsStr::from_bytes(word.to_bytes())));
    forget_variables(&WORDS);
    listeners(std::process::id(), pid, count, names)
}

fn listeners(
    own: u32,
    pid: Option<OsString>,
    count: Option<OsString>,
    names: Option<OsString>,
) -> Result<Vec<Passed>, String> {
    let (Some(pid), Some(count)) = (pid, count) else {
        return Ok(Vec::new());
    };
    let number = |word: &str, value: &OsStr| {
        let digits = value
            .to_str()
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        digits
            .and_then(|text| text.parse::<u32>().ok())
            .ok_or_else(|| {
                let value = escape(value.as_encoded_bytes(), NAME, Charset::Ascii);
                format!("{word}={value} is not a number (man 3 sd_listen_fds)")
            })
    };
    if number("LISTEN_PID", &pid)? != own {
        // Meant for another process, perhaps our parent.
        return Ok(Vec::new());
    }
    let count = number("LISTEN_FDS", &count)?;
    let count = i32::try_from(count).ok().filter(|count| *count <= MOST);
    let count = count.ok_or_else(|| format!("LISTEN_FDS passes more than {MOST} sockets"))?;
    let names = names.unwrap_or_default();
    let mut names = names.as_encoded_bytes().split(|b| *b == b':');
    Ok((FIRST..FIRST + count)
        .map(|fd| Passed {
            fd: Fd(fd),
            name: escape(names.next().unwrap_or_default(), NAME, Charset::Ascii),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pid: &str, count: &str, names: &str) -> Result<Vec<(i32, String)>, String> {
        let word = |text: &str| (!text.is_empty()).then(|| OsString::from(text));
        let found = listeners(7, word(pid), word(count), word(names))?;
        Ok(found.into_iter().map(|p| (p.fd.0, p.name)).collect())
    }

    #[test]
    fn sockets_are_numbered_from_3_and_may_have_names() {
        let names = |list: &[(i32, &str)]| {
            Ok(list
                .iter()
                .map(|(fd, name)| (*fd, (*name).to_owned()))
                .collect())
        };
        assert_eq!(
            read("7", "2", "web:admin"),
            names(&[(3, "web"), (4, "admin")])
        );
        assert_eq!(read("7", "2", "web"), names(&[(3, "web"), (4, "")]));
        assert_eq!(read("7", "1", ""), names(&[(3, "")]));
        assert_eq!(read("7", "1", "\u{1b}[31m"), names(&[(3, "\\x1b[31m")]));
        for (pid, count) in [("7", "0"), ("7", ""), ("", "2"), ("8", "2"), ("8", "x")] {
            assert_eq!(read(pid, count, "web"), names(&[]), "{pid} {count}");
        }
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        for (pid, count, said) in [
            ("x", "1", "LISTEN_PID=x is not a number"),
            ("7", "-1", "LISTEN_FDS=-1 is not a number"),
            ("7", "+1", "LISTEN_FDS=+1 is not a number"),
            ("7", "1\u{1b}", "LISTEN_FDS=1\\x1b is not a number"),
            ("7", "129", "more than 128"),
            ("7", "99999999999", "is not a number"),
        ] {
            let error = read(pid, count, "").unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
