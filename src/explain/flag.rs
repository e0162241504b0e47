//! Pages for flags and constants: `O_CLOEXEC`, `EPOLLET`, `SO_REUSEADDR`, `SIGPIPE`.

use super::Page;
use super::call;
use super::flag_words::MEANINGS;
use crate::abi::flags;
use crate::abi::flags::FlagSet;

/// Names that differ from what the tables (and strace) call them: glibc's spelling, then ours.
static SPELLINGS: &[(&str, &str)] = &[
    ("SO_RCVTIMEO", "SO_RCVTIMEO_OLD"),
    ("SO_SNDTIMEO", "SO_SNDTIMEO_OLD"),
    ("SO_TIMESTAMP", "SO_TIMESTAMP_OLD"),
    ("O_ASYNC", "FASYNC"),
    ("AF_LOCAL", "AF_UNIX"),
    ("O_NDELAY", "O_NONBLOCK"),
    ("IPPROTO_ICMP6", "IPPROTO_ICMPV6"),
    ("WUNTRACED", "WSTOPPED"),
    ("MAP_ANON", "MAP_ANONYMOUS"),
];

/// The page of a flag, any case.
pub fn find(word: &str) -> Option<Page> {
    let upper = word.to_ascii_uppercase();
    if upper == "AT_FDCWD" {
        return Some(current_directory());
    }
    if let Some((glibc, ours)) = SPELLINGS.iter().find(|(glibc, _)| *glibc == upper) {
        let mut page = Page::new(glibc, "another name");
        page.join(of_tables(ours)?);
        return Some(page);
    }
    of_tables(&upper)
}

/// `CLOEXEC`, `STREAM`: the flag whose name ends so, and the others that do.
pub fn by_ending(word: &str) -> Option<Page> {
    let ending = format!("_{}", word.to_ascii_uppercase());
    if ending.len() < 4 {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in flags::ALL.iter().flat_map(|set| set.entries) {
        if name.ends_with(&ending) && !names.contains(name) {
            names.push(name);
        }
    }
    // A name with a sentence of its own is the one a learner means.
    names.sort_by_key(|name| meaning(name).is_none());
    let mut page = find(names.first()?)?;
    for other in names.iter().skip(1).take(5) {
        page.also(other);
    }
    Some(page)
}

/// Every name in every table.
pub fn all() -> Vec<String> {
    let mut names: Vec<&str> = flags::ALL
        .iter()
        .flat_map(|set| set.entries)
        .map(|(_, name)| *name)
        .collect();
    names.extend(SPELLINGS.iter().map(|(glibc, _)| *glibc));
    names.push("AT_FDCWD");
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| !name.contains('|') && seen.insert(*name));
    names.into_iter().map(String::from).collect()
}

fn meaning(name: &str) -> Option<&'static str> {
    MEANINGS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// One page for all tables that have the name.
fn of_tables(upper: &str) -> Option<Page> {
    let in_table = |set: &&'static FlagSet| {
        let entry = set
            .entries
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(upper))?;
        Some((*set, entry.0, entry.1))
    };
    let found: Vec<(&'static FlagSet, u64, &'static str)> =
        flags::ALL.iter().filter_map(in_table).collect();
    let (set, value, name) = *found.first()?;
    let mut page = Page::new(name, &format!("{}, {}", set.name, shown(value)));
    if let Some(text) = meaning(name) {
        page = page.text(text);
    }
    let takers: Vec<String> = found
        .iter()
        .flat_map(|(set, ..)| call::takers(set))
        .collect();
    Some(page.row("taken by", &shortened(&takers)))
}

/// Decimal where that is how people know it, hex (and octal for file bits) beside it.
fn shown(value: u64) -> String {
    match value {
        0..=9 => value.to_string(),
        value => format!("{value} = {value:#x}"),
    }
}

/// A dozen calls say enough.
fn shortened(takers: &[String]) -> String {
    const MOST: usize = 12;
    let mut unique: Vec<&String> = Vec::new();
    for taker in takers {
        if !unique.contains(&taker) {
            unique.push(taker);
        }
    }
    let more = if unique.len() > MOST { ", ..." } else { "" };
    let shown: Vec<&str> = unique
        .iter()
        .take(MOST)
        .map(|taker| taker.as_str())
        .collect();
    shown.join(", ") + more
}

fn current_directory() -> Page {
    Page::new("AT_FDCWD", "a descriptor that is none, -100")
        .text(
            "in place of a directory's descriptor: a relative path begins at the current directory",
        )
        .row(
            "taken by",
            "openat(dirfd), newfstatat(dirfd), execveat(dirfd) and their kin",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_belongs_to_a_name_of_the_tables_and_is_a_line() {
        let names = all();
        for (name, text) in MEANINGS {
            assert!(
                names.iter().any(|known| known == name),
                "{name} is in no table"
            );
            assert!(
                text.is_ascii() && text.len() <= 140 && !text.ends_with('.'),
                "{name}"
            );
        }
        for (place, (name, _)) in MEANINGS.iter().enumerate() {
            assert!(
                MEANINGS[..place].iter().all(|(other, _)| other != name),
                "{name} comes twice"
            );
        }
    }

    #[test]
    fn a_name_without_its_beginning_is_found_with_those_that_end_alike() {
        let page = by_ending("cloexec").expect("a page").render(80);
        assert!(
            page.contains("SOCK_CLOEXEC") && page.contains("O_CLOEXEC"),
            "{page}"
        );
        assert_eq!(by_ending("x"), None);
        assert_eq!(by_ending("qqq"), None);
    }

    #[test]
    fn the_c_librarys_spelling_is_known() {
        let page = find("so_rcvtimeo").expect("a page").render(80);
        assert!(page.contains("SO_RCVTIMEO_OLD"), "{page}");
    }
}
