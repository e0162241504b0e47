//! The offline reference: one word in, one screen out. It gathers sentences from where they live
//! (calls and errnos in `abi`, statuses and refusals in `http`, findings in `story`); only what has
//! no other home stands here: fields, flags, and the words people use.
//!
//! In: a word as a person types it, in any case. Out: a page of plain ASCII, or the nearest words.
//! Left out on purpose: colour, paging, searching in texts.

mod call;
mod code;
mod errno;
mod field;
mod fields;
mod finding;
mod flag;
mod flag_words;
mod method;
mod model;
mod near;
mod page;
mod status;
mod word;
mod words;

pub use near::words as near;
pub use page::{Page, wrap};

use std::collections::HashSet;

/// What a word can be. A person may say which, before the word: `field accept`.
#[derive(Clone, Copy, Debug)]
struct Topic {
    /// Names for the kind of thing, the one we print first.
    names: &'static [&'static str],
    /// The page for a word, if it is one of these.
    find: fn(&str) -> Option<Page>,
    /// Every word it has a page for, as it is written.
    all: fn() -> Vec<String>,
}

/// In the order in which a word is tried.
static TOPICS: &[Topic] = &[
    Topic {
        names: &["code", "refusal", "warning"],
        find: code::find,
        all: code::all,
    },
    Topic {
        names: &["errno", "error"],
        find: errno::find,
        all: errno::all,
    },
    Topic {
        names: &["call", "syscall"],
        find: call::find,
        all: call::all,
    },
    Topic {
        names: &["status"],
        find: status::find,
        all: status::all,
    },
    Topic {
        names: &["method"],
        find: method::find,
        all: method::all,
    },
    Topic {
        names: &["field", "header"],
        find: field::find,
        all: field::all,
    },
    Topic {
        names: &["word"],
        find: word::find,
        all: word::all,
    },
    Topic {
        names: &["model"],
        find: model::find,
        all: model::all,
    },
    Topic {
        names: &["note", "finding"],
        find: finding::find,
        all: finding::all,
    },
    Topic {
        names: &["flag"],
        find: flag::find,
        all: flag::all,
    },
];

/// The page for a word.
///
/// # Errors
/// The nearest words that have a page, nearest first, at most five; none when nothing is near.
pub fn lookup(word: &str) -> Result<Page, Vec<String>> {
    let word = word.trim();
    if let Some(page) = chosen(word)
        .or_else(|| any(word))
        .or_else(|| flag::by_ending(word))
    {
        return Ok(page);
    }
    Err(near::words(word, &everything()))
}

/// Every word there is a page for, as it is written; some stand for two things and come twice.
pub fn everything() -> Vec<String> {
    TOPICS.iter().flat_map(|topic| (topic.all)()).collect()
}

/// Columns by which pages are compared.
const WIDTH: usize = 80;

/// Every page, by kind of thing: the kind's name and its pages in alphabetical order. What has two spellings
/// (`AF_LOCAL` is `AF_UNIX`) has one page.
pub fn handbook() -> Vec<(&'static str, Vec<Page>)> {
    let of = |topic: &Topic| {
        let mut words = (topic.all)();
        words.sort_by_key(|word| word.to_ascii_lowercase());
        let mut seen = HashSet::new();
        let pages = words.iter().filter_map(|word| (topic.find)(word));
        let pages = pages.filter(|page| seen.insert(page.render(WIDTH)));
        (topic.names[0], pages.collect())
    };
    TOPICS.iter().map(of).collect()
}

/// The pages of words that only the command line knows come from there.
pub fn page(name: &str, kind: &str, text: &str, rows: &[(&str, String)]) -> Page {
    let page = Page::new(name, kind).text(text);
    rows.iter()
        .fold(page, |page, (label, text)| page.row(label, text))
}

/// `field accept`: the kind of thing comes first.
fn chosen(words: &str) -> Option<Page> {
    let (kind, word) = words.split_once(char::is_whitespace)?;
    let topic = TOPICS
        .iter()
        .find(|topic| topic.names.iter().any(|n| n.eq_ignore_ascii_case(kind)))?;
    (topic.find)(word.trim())
}

/// Everything the word can be: the likeliest as the page, the others named below it. Short pages stand
/// together: those of one number, and a word with the note of its name.
fn any(word: &str) -> Option<Page> {
    let mut found: Vec<(&Topic, Page)> = TOPICS
        .iter()
        .filter_map(|topic| Some((topic, (topic.find)(word)?)))
        .collect();
    // `Accept` is written like a field, `accept` like a call. A number from 100 on is a status first: an errno
    // is asked for by its name.
    let is_status = |topic: &Topic| word.len() == 3 && topic.names[0] == "status";
    found.sort_by_key(|(topic, page)| (!page.is_spelled(word), !is_status(topic)));
    let mut found = found.into_iter();
    let (first, mut page) = found.next()?;
    for (topic, other) in found {
        let is_short = |topic: &Topic| matches!(topic.names[0], "word" | "note");
        if word.parse::<u32>().is_ok() || is_short(first) && is_short(topic) {
            page.join(other);
        } else {
            page.also(&format!("{} {word}", topic.names[0]));
        }
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(word: &str) -> String {
        match lookup(word) {
            Ok(page) => page.render(80),
            Err(near) => panic!("no page for {word}; near it: {near:?}"),
        }
    }

    #[test]
    fn every_word_has_a_page_that_fits_a_screen() {
        let words = everything();
        assert!(words.len() > 1000, "{}", words.len());
        for word in words {
            let shown = text(&word);
            assert!(shown.lines().count() <= 24, "{word}:\n{shown}");
            assert!(shown.ends_with('\n'), "{word}");
            for line in shown.lines() {
                assert!(line.len() <= 78 && line.is_ascii(), "{word}: {line}");
                assert_eq!(line.trim_end(), line, "{word}");
            }
        }
    }

    #[test]
    fn every_page_fits_any_width_and_none_loses_a_word_there() {
        for word in [
            "accept4",
            "EAGAIN",
            "404",
            "Content-Length",
            "O_CLOEXEC",
            "fd",
            "H203",
        ] {
            for width in [1, 20, 39, 40, 60, 200] {
                let shown = lookup(word).expect("it has a page").render(width);
                for line in shown.lines() {
                    assert!(
                        line.len() <= width.clamp(40, 78),
                        "{word} at {width}: {line}"
                    );
                }
            }
        }
    }

    #[test]
    fn case_does_not_matter() {
        for (one, other) in [
            ("eagain", "EAGAIN"),
            ("content-length", "CONTENT-LENGTH"),
            ("Read", "read"),
        ] {
            assert_eq!(text(one), text(other));
        }
    }

    #[test]
    fn a_mistyped_word_is_answered_with_the_nearest_ones() {
        let near = |word| lookup(word).expect_err("it is mistyped");
        assert_eq!(near("aceppt").first().map(String::as_str), Some("accept"));
        assert_eq!(near("EAGIAN").first().map(String::as_str), Some("EAGAIN"));
        assert_eq!(
            near("contnet-length").first().map(String::as_str),
            Some("Content-Length")
        );
        assert_eq!(
            near("O_CLOEXCE").first().map(String::as_str),
            Some("O_CLOEXEC")
        );
        assert!(near("epol").len() <= 5);
    }

    #[test]
    fn no_page_of_the_handbook_is_there_twice() {
        let mut pages = HashSet::new();
        for (kind, chapter) in handbook() {
            assert!(!chapter.is_empty(), "{kind}");
            for page in chapter {
                let text = page.render(WIDTH);
                assert!(pages.insert(text.clone()), "{kind}: {text}");
            }
        }
    }

    #[test]
    fn a_word_like_no_other_gives_no_page_and_no_suggestion() {
        for word in [
            "",
            " ",
            "qqqqqqqqqq",
            "\u{1b}[31m",
            "\u{202e}",
            "1e9",
            "99999999999999999999",
        ] {
            assert_eq!(lookup(word), Err(vec![]), "{word:?}");
        }
    }

    #[test]
    fn a_number_that_is_both_an_errno_and_a_status_shows_both() {
        let both = text("100");
        assert!(
            both.contains("ENETDOWN") && both.contains("100 Continue"),
            "{both}"
        );
        assert!(both.starts_with("100 Continue"), "{both}");
        assert!(text("11").contains("EAGAIN"));
        assert!(text("404").contains("Not Found"));
    }

    #[test]
    fn a_word_that_is_a_call_and_a_field_goes_by_its_spelling_and_names_the_other() {
        assert!(text("accept").starts_with("accept: system call"));
        assert!(text("accept").contains("httpsys explain field accept"));
        assert!(text("Accept").starts_with("Accept: field"));
        assert!(text("Accept").contains("httpsys explain call Accept"));
        assert!(text("field accept").starts_with("Accept: field"));
    }

    #[test]
    fn a_word_and_the_note_of_its_name_stand_on_one_page() {
        let both = text("short write");
        assert!(
            both.starts_with("short write: ") && both.contains("\nshort-write: "),
            "{both}"
        );
        assert!(text("fd-leak").contains("as shown"));
    }

    #[test]
    fn a_call_page_says_what_it_takes_gives_and_how_it_fails() {
        let page = text("read");
        for part in [
            "read(fd, buf, count)",
            "0 = the end",
            "EAGAIN",
            "[read]",
            "man 2 read",
        ] {
            assert!(page.contains(part), "{part} is missing:\n{page}");
        }
    }

    #[test]
    fn the_page_shown_in_the_docs_is_the_page() {
        let docs = include_str!("../../docs/explain.md");
        assert!(
            docs.contains(&text("EAGAIN")),
            "docs/explain.md should show:\n{}",
            text("EAGAIN")
        );
    }

    #[test]
    fn a_flag_page_names_the_argument_that_takes_it() {
        assert!(text("EPOLLET").contains("epoll_ctl(event)"));
        assert!(text("MSG_MORE").contains("sendto(flags)"));
        assert!(text("O_CLOEXEC").contains("openat(flags)"));
        assert!(text("CLOEXEC").contains("_CLOEXEC"));
        assert!(text("SO_REUSEADDR").contains("setsockopt(optname)"));
    }
}
