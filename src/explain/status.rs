//! Pages for statuses, by number or by reason (`404`, `not found`); the sentences stand in `http`.

use super::Page;
use crate::http::refusal::CODES;
use crate::http::status;
use crate::http::status::STATUSES;
use crate::http::status::Status;

/// When `serve` answers a status for a reason of its own, above the parser's refusals.
static BY_THE_SERVER: &[(u16, &str)] = &[
    (
        100,
        "a body is announced and the client waits for this (Expect: 100-continue)",
    ),
    (200, "the page or the file is there"),
    (204, "OPTIONS: the answer is in Allow"),
    (206, "Range asks for parts of a file, and If-Range holds"),
    (301, "the target is a directory and has no slash at its end"),
    (
        304,
        "If-None-Match names the file's version, or it did not change since If-Modified-Since",
    ),
    (403, "the file may not be read by the server"),
    (
        404,
        "there is no page and no file of this name, or it would lead outside of ROOT",
    ),
    (
        405,
        "the page is there, but not for this method; Allow lists those that work",
    ),
    (
        408,
        "the rest of the head or of the body did not come in time",
    ),
    (
        412,
        "If-Match does not name the file's version, or it changed since If-Unmodified-Since",
    ),
    (416, "none of the bytes that Range asks for exist"),
    (500, "the file could not be read"),
    (501, "the server does not know the method"),
    (
        503,
        "no descriptor, thread or memory is left; Retry-After says when to come back",
    ),
];

/// The page of a status: `404`, `Not Found`; `4xx` for a class.
pub fn find(word: &str) -> Option<Page> {
    let by_number = || word.parse::<u16>().ok().and_then(status::find);
    let by_reason = || {
        STATUSES
            .iter()
            .find(|s| s.reason.eq_ignore_ascii_case(word))
    };
    by_number()
        .or_else(by_reason)
        .map(page)
        .or_else(|| class(word))
}

/// Every number, reason and class.
pub fn all() -> Vec<String> {
    let numbers = STATUSES.iter().map(|status| status.code.to_string());
    let reasons = STATUSES.iter().map(|status| status.reason.to_string());
    let classes = (1..=5).map(|digit| format!("{digit}xx"));
    numbers.chain(reasons).chain(classes).collect()
}

fn page(status: &Status) -> Page {
    let causes = CODES.iter().filter(|code| code.status == status.code);
    let causes = causes
        .map(|code| (code.id.to_string(), code.sentence.to_string()))
        .collect();
    let by_the_server = BY_THE_SERVER.iter().find(|(code, _)| *code == status.code);
    Page::new(&format!("{} {}", status.code, status.reason), "HTTP status")
        .text(status.meaning)
        .row("class", status::class(status.code))
        .row("rule", status.rule)
        .row("serve", by_the_server.map_or("", |(_, why)| *why))
        .list("httpsys serve answers it to", causes)
}

fn class(word: &str) -> Option<Page> {
    let digit = word
        .strip_suffix("xx")
        .or_else(|| word.strip_suffix("XX"))?;
    let number: u16 = digit
        .parse()
        .ok()
        .filter(|n| (1..=5).contains(n) && digit.len() == 1)?;
    let members = STATUSES.iter().filter(|status| status.code / 100 == number);
    let members = members
        .map(|s| (s.code.to_string(), s.reason.to_string()))
        .collect();
    let page = Page::new(&format!("{number}xx"), "class of HTTP statuses")
        .text(status::class(number * 100));
    Some(page.list("members", members))
}
