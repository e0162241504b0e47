//! `-e trace=SET`: which calls the views show (`man 1 strace`, with `%http` added).

use crate::abi::calls::CALLS;
use crate::abi::calls::CallId;
use crate::abi::calls::class;

/// Which calls to show: one answer for each row of the table, and one for calls it lacks.
#[derive(Clone, Debug)]
pub struct Filter {
    shown: Vec<bool>,
    strangers: bool,
}

impl Filter {
    /// Shows everything.
    pub fn all() -> Filter {
        Filter {
            shown: vec![true; CALLS.len()],
            strangers: true,
        }
    }

    /// `%http`: the calls of a server's life.
    pub fn http() -> Filter {
        let mut filter = Filter {
            shown: vec![false; CALLS.len()],
            strangers: false,
        };
        filter.add_where(is_http);
        filter
    }

    /// Reads a SET: names and `%classes` separated by commas, `all`, `none`; a leading `!` turns it
    /// round; a leading `?` forgives a name that does not exist.
    ///
    /// # Errors
    /// Names the word that is no call and no class.
    pub fn parse(set: &str) -> Result<Filter, String> {
        let (negated, words) = match set.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, set),
        };
        let mut filter = Filter {
            shown: vec![false; CALLS.len()],
            strangers: false,
        };
        for word in words.split(',') {
            filter.add(word)?;
        }
        if negated {
            filter.shown.iter_mut().for_each(|shown| *shown = !*shown);
            filter.strangers = !filter.strangers;
        }
        Ok(filter)
    }

    fn add(&mut self, word: &str) -> Result<(), String> {
        let (forgiven, name) = match word.strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        match name {
            "all" => *self = Filter::all(),
            "none" => {}
            "%http" => self.add_where(is_http),
            _ => match class::from_name(name) {
                Some(bits) => self.add_where(|row| row.classes & bits != 0),
                None => self.add_name(name, forgiven)?,
            },
        }
        Ok(())
    }

    fn add_where(&mut self, wanted: impl Fn(&crate::abi::calls::Signature) -> bool) {
        for (shown, row) in self.shown.iter_mut().zip(CALLS) {
            *shown |= wanted(row);
        }
    }

    fn add_name(&mut self, name: &str, forgiven: bool) -> Result<(), String> {
        match CallId::from_name(name) {
            Some(id) => self.shown[id.0 as usize] = true,
            None if forgiven => {}
            None => {
                return Err(format!(
                    "no system call or class is called `{name}`: write names such as read,accept4 \
                     or %http, %network, %desc, %file, %process, all"
                ));
            }
        }
        Ok(())
    }

    /// Whether calls of this row are shown; `None` is a call the table lacks.
    pub fn shows(&self, id: Option<CallId>) -> bool {
        match id {
            Some(id) => self
                .shown
                .get(id.0 as usize)
                .copied()
                .unwrap_or(self.strangers),
            None => self.strangers,
        }
    }
}

fn is_http(row: &crate::abi::calls::Signature) -> bool {
    row.classes & class::NETWORK != 0 || HTTP.contains(&row.name)
}

/// What `%http` adds to the network calls: the rest of what carries a request and its response.
const HTTP: &[&str] = &[
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "sendfile",
    "splice",
    "tee",
    "copy_file_range",
    "close",
    "close_range",
    "openat",
    "openat2",
    "open",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "fcntl",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "eventfd2",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "execve",
    "execveat",
    "exit_group",
    "wait4",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls;

    #[test]
    fn names_and_classes_add_up() {
        let filter = Filter::parse("read,%network").unwrap();
        assert!(filter.shows(Some(calls::READ)));
        assert!(filter.shows(Some(calls::ACCEPT4)));
        assert!(!filter.shows(Some(calls::WRITE)));
        assert!(!filter.shows(None));
    }

    #[test]
    fn an_exclamation_mark_turns_the_set_round() {
        let filter = Filter::parse("!close").unwrap();
        assert!(!filter.shows(Some(calls::CLOSE)));
        assert!(filter.shows(Some(calls::READ)));
        assert!(filter.shows(None));
    }

    #[test]
    fn the_http_class_holds_what_carries_a_request() {
        let filter = Filter::parse("%http").unwrap();
        for id in [
            calls::SOCKET,
            calls::READ,
            calls::SENDFILE,
            calls::CLOSE,
            calls::EPOLL_PWAIT,
        ] {
            assert!(filter.shows(Some(id)), "{}", id.name());
        }
    }

    #[test]
    fn a_name_that_is_no_call_is_named_unless_forgiven() {
        assert!(Filter::parse("raed").unwrap_err().contains("`raed`"));
        assert!(Filter::parse("?raed,read").is_ok());
    }
}
