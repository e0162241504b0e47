//! Pages for error numbers, by name or by number.

use super::Page;
use crate::abi::errno::Errno;
use crate::abi::errno::ROWS;

/// The page of `EAGAIN`, `EWOULDBLOCK` or `11`.
pub fn find(word: &str) -> Option<Page> {
    let number = word.parse::<i32>().ok().filter(|n| n.to_string() == word);
    let errno = Errno::from_name(word).or_else(|| number.map(Errno))?;
    page(errno)
}

/// Every name.
pub fn all() -> Vec<String> {
    let aliases = ROWS.iter().filter_map(|row| row.errno.alias());
    ROWS.iter()
        .map(|row| row.name)
        .chain(aliases)
        .map(String::from)
        .collect()
}

fn page(errno: Errno) -> Option<Page> {
    let row = errno.row()?;
    let kind = format!("errno {}, \"{}\"", errno.0, row.text);
    let by_call = errno.calls_that_matter();
    let by_call = by_call
        .iter()
        .map(|(call, text)| (call.name().to_string(), (*text).to_string()));
    let mut page = Page::new(row.name, &kind).text(row.sentence);
    if let Some(alias) = errno.alias() {
        page = page.row("same as", alias);
    }
    if errno.0 >= 512 {
        return Some(
            page.text("No program ever gets this number: only the kernel and a tracer see it."),
        );
    }
    Some(
        page.list("from these calls it means", grouped(by_call.collect()))
            .row("see", "man 3 errno"),
    )
}

/// Of calls that share a row, one of these gives it its name.
static USUAL: &[&str] = &[
    "read",
    "write",
    "accept4",
    "openat",
    "epoll_pwait",
    "ppoll",
    "socket",
    "clone3",
];

/// Calls with the same sentence share a row.
fn grouped(rows: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for (call, text) in rows {
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((calls, _)) => calls.push(call),
            None => groups.push((vec![call], text)),
        }
    }
    for (calls, _) in &mut groups {
        calls.sort_by_key(|call| {
            USUAL
                .iter()
                .position(|usual| usual == call)
                .unwrap_or(USUAL.len())
        });
    }
    let name = |calls: Vec<String>| calls.first().cloned().unwrap_or_default();
    let others = |calls: &[String]| match calls.get(1..) {
        None | Some([]) => String::new(),
        Some([second]) => format!(" ({second} too)"),
        Some([second, third]) => format!(" ({second}, {third} too)"),
        Some([second, third, ..]) => format!(" ({second}, {third}, ... too)"),
    };
    groups
        .into_iter()
        .map(|(calls, text)| {
            let text = format!("{text}{}", others(&calls));
            (name(calls), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_an_alias_lead_to_the_same_page() {
        assert_eq!(find("11"), find("EAGAIN"));
        assert_eq!(find("ewouldblock"), find("EAGAIN"));
        assert_eq!(find("011"), None);
        assert_eq!(find("-11"), None);
    }

    #[test]
    fn calls_with_the_same_sentence_share_a_row() {
        let page = find("EPIPE").expect("a page").render(80);
        assert!(
            page.contains("  write ") && page.contains("(sendto, sendmsg, ... too)"),
            "{page}"
        );
    }
}
