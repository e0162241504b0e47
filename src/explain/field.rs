//! Pages for header fields; the table stands in `fields`.

use super::Page;
use super::fields::FIELDS;
use super::fields::Field;

/// The page of a field, any case, with or without its colon.
pub fn find(word: &str) -> Option<Page> {
    let name = word.strip_suffix(':').unwrap_or(word);
    FIELDS
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))
        .map(page)
}

/// Every name.
pub fn all() -> Vec<String> {
    FIELDS.iter().map(|field| field.name.to_string()).collect()
}

fn page(field: &Field) -> Page {
    let kind = match field.side {
        "both" => "field of requests and responses".to_string(),
        side => format!("field of {side}s"),
    };
    let here = match field.here {
        "" => "httpsys takes no notice of it (/headers shows it, as it shows all)",
        here => here,
    };
    Page::new(field.name, &kind)
        .text(field.meaning)
        .row("example", field.example)
        .row("serve", here)
        .row("rule", field.rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_once_and_its_example_begins_with_it() {
        for (place, field) in FIELDS.iter().enumerate() {
            assert!(
                FIELDS[..place]
                    .iter()
                    .all(|f| !f.name.eq_ignore_ascii_case(field.name)),
                "{}",
                field.name
            );
            assert!(
                field.example.starts_with(&format!("{}: ", field.name)),
                "{}",
                field.name
            );
            assert!(
                ["request", "response", "both"].contains(&field.side),
                "{}",
                field.name
            );
            assert!(!field.meaning.ends_with('.'), "{}", field.name);
        }
    }

    #[test]
    fn a_colon_does_no_harm() {
        assert_eq!(find("host:"), find("Host"));
        assert_eq!(find("Hosts"), None);
    }
}
