//! Pages for the codes of refusals and warnings (`H203`, `W201`); the sentences stand in `http`.

use super::Page;
use crate::http::refusal::CODES;
use crate::http::refusal::Code;
use crate::http::status;

/// The page of a code, any case; also written as it is shown, `error[H203]`.
pub fn find(word: &str) -> Option<Page> {
    let inside = word
        .split_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'));
    Code::find(inside.unwrap_or(word)).map(page)
}

/// Every code.
pub fn all() -> Vec<String> {
    CODES.iter().map(|code| code.id.to_string()).collect()
}

fn page(code: &Code) -> Page {
    let kind = match (code.is_warning(), code.status) {
        (true, _) => "warning: odd, but harmless".to_string(),
        (false, 0) => "refusal of a response".to_string(),
        (false, status) => format!("refusal, answered with {status} {}", status::reason(status)),
    };
    Page::new(code.id, &kind)
        .text(code.sentence)
        .text(code.why)
        .row("write", code.remedy)
        .row("rule", code.rule)
}
