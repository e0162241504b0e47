//! Error numbers with their names and a plain sentence each (`man 3 errno`,
//! `include/uapi/asm-generic/errno.h`).
//!
//! In: the number a failed call returned, and which call it was. Out: its name, glibc's text, and what
//! it means to someone who writes a server. What to *do* about it is in the sentence where the call
//! leaves no doubt. Rows in `errno/table.rs`, what depends on the call in `errno/by_call.rs`.

mod by_call;
mod table;

use super::calls::CallId;
use std::fmt;
pub use table::ROWS;

/// An error number as the kernel returned it (positive: 11 is `EAGAIN` on both CPUs we know).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Errno(pub i32);

/// What the table knows of one number.
#[derive(Debug)]
pub struct Row {
    /// The number.
    pub errno: Errno,
    /// `EAGAIN`.
    pub name: &'static str,
    /// glibc's text: `Resource temporarily unavailable`.
    pub text: &'static str,
    /// What it means, in plain words.
    pub sentence: &'static str,
}

/// Numbers below this one are looked up by index; the few above it (`ERESTARTSYS`) too, shifted.
const ORDINARY: usize = 134;
/// The first number that only the kernel and tracers see.
const RESTARTS: usize = 512;

/// Place in [`ROWS`] plus one, by number; 0 where there is none.
static BY_NUMBER: [u8; ORDINARY + 16] = {
    let mut by_number = [0; ORDINARY + 16];
    let mut row = 0;
    while row < ROWS.len() {
        let number = ROWS[row].errno.0 as usize;
        let index = if number >= RESTARTS {
            number - RESTARTS + ORDINARY
        } else {
            number
        };
        by_number[index] = row as u8 + 1;
        row += 1;
    }
    by_number
};

/// Names with the same number as another (`man 3 errno`).
static ALIASES: &[(&str, Errno)] = &[
    ("EWOULDBLOCK", Errno::EAGAIN),
    ("ENOTSUP", Errno::EOPNOTSUPP),
    ("EDEADLOCK", Errno::EDEADLK),
];

impl Errno {
    /// The table's row; `None` for numbers nobody has given a meaning.
    #[inline]
    pub fn row(self) -> Option<&'static Row> {
        let number = usize::try_from(self.0).ok()?;
        let index = match number {
            0..ORDINARY => number,
            RESTARTS.. => number - RESTARTS + ORDINARY,
            _ => return None,
        };
        let place = usize::from(*BY_NUMBER.get(index)?);
        ROWS.get(place.checked_sub(1)?)
    }

    /// Never seen by a program: the kernel's word for a call that a signal cut short and that is made again, or fails
    /// with EINTR (`include/linux/errno.h`). strace prints such a result as `?`.
    pub fn is_restart(self) -> bool {
        matches!(self.0, 512..=514 | 516)
    }

    /// Its name: `EAGAIN`.
    #[inline]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// What glibc's `strerror` says: `Resource temporarily unavailable`.
    #[inline]
    pub fn text(self) -> &'static str {
        self.row().map_or("Unknown error", |row| row.text)
    }

    /// What it means, in plain words, for any call.
    pub fn sentence(self) -> &'static str {
        self.row()
            .map_or("a number without a name", |row| row.sentence)
    }

    /// What it means when this call returns it.
    pub fn sentence_for(self, call: CallId) -> &'static str {
        by_call::sentence(call, self).unwrap_or_else(|| self.sentence())
    }

    /// The errors of this call that a server meets, the commonest first, each with its sentence.
    pub fn that_matter_for(call: CallId) -> Vec<(Errno, &'static str)> {
        let mut list: Vec<(Errno, &'static str)> = Vec::new();
        for errno in by_call::ORDER {
            list.extend(by_call::sentence(call, *errno).map(|sentence| (*errno, sentence)));
        }
        list
    }

    /// The calls for which this error has a sentence of its own, in the order of the call table.
    pub fn calls_that_matter(self) -> Vec<(CallId, &'static str)> {
        CallId::all()
            .filter_map(|call| Some((call, by_call::sentence(call, self)?)))
            .collect()
    }

    /// The number of a name, in any case; aliases such as `EWOULDBLOCK` included.
    pub fn from_name(name: &str) -> Option<Errno> {
        let row = ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name));
        let alias = || {
            ALIASES
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(name))
        };
        row.map(|row| row.errno)
            .or_else(|| alias().map(|(_, errno)| *errno))
    }

    /// The other name of this number, if it has one.
    pub fn alias(self) -> Option<&'static str> {
        ALIASES
            .iter()
            .find(|(_, errno)| *errno == self)
            .map(|(alias, _)| *alias)
    }
}

/// The name, or `errno 4242` for a number without one.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> std::io::Error {
        std::io::Error::from_raw_os_error(errno.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls;

    #[test]
    fn every_row_is_found_by_number_and_by_name() {
        for row in ROWS {
            assert_eq!(row.errno.name(), Some(row.name));
            assert_eq!(Errno::from_name(row.name), Some(row.errno));
            assert_eq!(Errno::from_name(&row.name.to_lowercase()), Some(row.errno));
        }
        assert_eq!(Errno::from_name("EWOULDBLOCK"), Some(Errno::EAGAIN));
        assert_eq!(Errno::from_name("EAGIAN"), None);
    }

    #[test]
    fn numbers_without_a_name_are_shown_as_numbers() {
        for number in [i32::MIN, -1, 0, 41, 58, 134, 200, 511, 517, 600, i32::MAX] {
            assert_eq!(Errno(number).name(), None, "{number}");
            assert_eq!(Errno(number).to_string(), format!("errno {number}"));
        }
    }

    #[test]
    fn the_texts_are_those_of_the_c_library() {
        for row in ROWS.iter().filter(|row| row.errno.0 < 134) {
            let known = nix::errno::Errno::from_raw(row.errno.0);
            assert_eq!(known as i32, row.errno.0, "{}", row.name);
            assert_eq!(
                format!("{known:?}").replace("ENOTSUP", "EOPNOTSUPP"),
                row.name
            );
            let text = std::io::Error::from_raw_os_error(row.errno.0).to_string();
            assert_eq!(text, format!("{} (os error {})", row.text, row.errno.0));
        }
    }

    #[test]
    fn the_meaning_depends_on_the_call() {
        let accept = Errno::EAGAIN.sentence_for(calls::ACCEPT4);
        let read = Errno::EAGAIN.sentence_for(calls::READ);
        let write = Errno::EAGAIN.sentence_for(calls::WRITE);
        assert!(
            accept.contains("connection") && read.contains("arrived") && write.contains("room")
        );
        assert_eq!(
            Errno::EAGAIN.sentence_for(calls::MMAP),
            Errno::EAGAIN.sentence()
        );
    }

    #[test]
    fn every_sentence_is_one_plain_line() {
        let general = ROWS.iter().map(|row| row.sentence);
        let special = CallId::all()
            .flat_map(Errno::that_matter_for)
            .map(|(_, sentence)| sentence);
        for sentence in general.chain(special) {
            assert!(sentence.is_ascii() && sentence.len() <= 110, "{sentence}");
            assert!(!sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn every_error_with_a_sentence_of_its_own_is_in_the_order() {
        for call in CallId::all() {
            for row in ROWS {
                let special = by_call::sentence(call, row.errno).is_some();
                assert!(
                    !special || by_call::ORDER.contains(&row.errno),
                    "{} {}",
                    call.name(),
                    row.name
                );
            }
        }
    }
}
