//! Pages for the words people use; the texts stand in `words`.

use super::Page;
use super::words::WORDS;

/// The page of a word, any case; a hyphen, a space and nothing are the same to it.
pub fn find(word: &str) -> Option<Page> {
    let typed = folded(word);
    if typed.is_empty() {
        return None;
    }
    let entry = WORDS
        .iter()
        .find(|entry| entry.names.iter().any(|name| folded(name) == typed))?;
    let mut page = Page::new(entry.names[0], entry.kind);
    for paragraph in entry.text.split("\n\n") {
        page = page.text(paragraph);
    }
    Some(
        page.row("also called", &entry.names[1..].join(", "))
            .row("see", entry.see),
    )
}

/// Every name of every word.
pub fn all() -> Vec<String> {
    WORDS
        .iter()
        .flat_map(|entry| entry.names)
        .map(|name| (*name).to_string())
        .collect()
}

fn folded(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_with_space_or_hyphen_does_not_matter() {
        assert_eq!(find("keep alive"), find("Keep-Alive"));
        assert_eq!(find("file descriptor"), find("fd"));
        assert_eq!(find("TIME_WAIT"), find("time wait"));
        assert_eq!(find("-"), None);
    }

    #[test]
    fn no_name_stands_for_two_words() {
        let names: Vec<String> = all().iter().map(|name| folded(name)).collect();
        for (place, name) in names.iter().enumerate() {
            assert!(!names[..place].contains(name), "{name}");
        }
    }

    #[test]
    fn what_a_word_refers_to_has_a_page() {
        for entry in WORDS {
            for other in entry.see.split(", ").filter(|other| !other.is_empty()) {
                let known = super::super::lookup(other).is_ok()
                    || other.starts_with("RFC ")
                    || other.starts_with("man ");
                assert!(known, "{} refers to {other}", entry.names[0]);
            }
        }
    }
}
