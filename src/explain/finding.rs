//! Pages for notes and findings (`short-write`, `fd-leak`); the sentences stand in `story`.

use super::Page;
use crate::story::words::GLOSSARY;

/// The page of a note's id, any case.
pub fn find(word: &str) -> Option<Page> {
    let id = word.replace(' ', "-");
    let (id, sentence, explanation) = GLOSSARY
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(&id))?;
    Some(
        Page::new(id, "note in a trace")
            .row("as shown", sentence)
            .text(explanation),
    )
}

/// Every id.
pub fn all() -> Vec<String> {
    GLOSSARY.iter().map(|(id, ..)| (*id).to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_a_page_under_its_id() {
        for (id, sentence, _) in GLOSSARY {
            let page = find(id).expect("it is in the glossary").render(80);
            assert!(page.starts_with(&format!("{id}: ")), "{page}");
            assert!(
                page.contains(sentence.split(' ').next().unwrap_or_default()),
                "{page}"
            );
        }
        assert_eq!(find("short write"), find("short-write"));
    }
}
