//! What is odd about a good head: the warnings that `parse` shows. The server never asks.
//!
//! In: a complete head and its bytes. Out: warnings, appended. Bare LFs and skipped empty lines are
//! not found here: only the reader sees them go by.

use super::body::Framing;
use super::codes;
use super::facts::Facts;
use super::head::{Head, StartLine};
use super::refusal::{Code, Refusal};
use super::target;

/// Appends every warning about `head`, sorted by place.
pub fn find(head: &mut Head, bytes: &[u8], facts: &Facts, after_close: bool) {
    let mut found = Vec::new();
    let mut warn =
        |code: &'static Code, at: u32, len: usize| found.push(Refusal::new(code, at as usize, len));
    if after_close {
        warn(&codes::W_AFTER_CLOSE, 0, 1);
    }
    let version = match head.start {
        StartLine::Request {
            method,
            target,
            version,
        } => {
            if let Some(at) = target::first_loose(target.of(bytes)) {
                warn(&codes::W_LOOSE_TARGET, target.start + at as u32, 1);
            }
            if let Some(target::Form::Absolute { .. }) =
                target::form(method.of(bytes), target.of(bytes))
            {
                warn(&codes::W_ABSOLUTE_FORM, target.start, target.len());
            }
            let meaningless = matches!(method.of(bytes), b"GET" | b"HEAD" | b"DELETE" | b"OPTIONS");
            if meaningless && !matches!(head.framing, Framing::None | Framing::ContentLength(0)) {
                warn(&codes::W_BODY_UNUSUAL, method.start, method.len());
            }
            version
        }
        StartLine::Response {
            version,
            status,
            code,
            reason,
        } => {
            if reason.is_empty() && bytes.get(code.end as usize) != Some(&b' ') {
                warn(&codes::W_STATUS_SPACE, code.end, 1);
            }
            if status >= 600 {
                warn(&codes::W_STATUS_CLASS, code.start, 3);
            }
            version
        }
    };
    if head.version.minor > 1 {
        warn(&codes::W_MINOR_VERSION, version.end - 1, 1);
    }
    for field in &head.fields {
        let (name, value) = (field.name.of(bytes), field.value.of(bytes));
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if let Some(at) = value.iter().position(|&b| b >= 0x80) {
            warn(&codes::W_HIGH_BYTES, field.value.start + at as u32, 1);
        }
        let forbidden = matches!(head.status(), Some(100..=199 | 204));
        if forbidden && (is("content-length") || is("transfer-encoding")) {
            warn(&codes::W_LENGTH_UNUSUAL, field.name.start, name.len());
        }
        if head.status().is_some()
            && is("transfer-encoding")
            && !value.eq_ignore_ascii_case(b"chunked")
        {
            warn(&codes::W_CODING_KEPT, field.value.start, value.len());
        }
        if head.version.minor == 0 && facts.expects() && is("expect") {
            warn(&codes::W_EXPECT_1_0, field.name.start, name.len());
        }
    }
    let base = head.offset;
    head.warnings
        .extend(found.into_iter().map(|warning| warning.moved(base)));
    head.warnings
        .sort_by_key(|warning| (warning.offset, warning.code.id));
}
