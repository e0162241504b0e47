//! What a refusal is: a row of the table of codes, and where in the stream it shows.
//!
//! The table itself is `codes`; its text is the text: `parse`, `serve` and `explain` all read it there.

/// Every code there is, refusals (`H…`) first, then warnings (`W…`), each family in order.
pub use super::codes::CODES;

/// One row of the table of refusals and warnings.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `H101`: stable for ever. Warnings begin with `W`.
    pub id: &'static str,
    /// What is wrong, in the present tense, without a full stop: `space inside the request target`.
    pub sentence: &'static str,
    /// How to write it right: `write it as %20`.
    pub remedy: &'static str,
    /// `RFC 9112 3.2`.
    pub rule: &'static str,
    /// The status a server answers; 0 for warnings and for what only a response can get wrong.
    pub status: u16,
    /// Two to five lines for `explain`: why the rule exists and what goes wrong without it.
    pub why: &'static str,
}

impl Code {
    /// True for the harmless kind, which never stops a message.
    pub fn is_warning(&self) -> bool {
        self.id.starts_with('W')
    }

    /// The row of this id, any case.
    pub fn find(id: &str) -> Option<&'static Code> {
        CODES
            .iter()
            .copied()
            .find(|code| code.id.eq_ignore_ascii_case(id))
    }
}

/// A message that must not be processed, and where that shows. Warnings have the same form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub code: &'static Code,
    /// Offset of the first offending byte from the beginning of the stream.
    pub offset: u64,
    /// How many bytes offend, at least 1.
    pub len: u32,
}

impl Refusal {
    /// A refusal of `len` bytes at `at`, counted from wherever the caller counts.
    #[cold]
    pub fn new(code: &'static Code, at: usize, len: usize) -> Refusal {
        Refusal {
            code,
            offset: at as u64,
            len: u32::try_from(len).unwrap_or(u32::MAX).max(1),
        }
    }

    /// The same, counted from `base` bytes later.
    #[must_use]
    pub(super) fn back(mut self, base: u64) -> Refusal {
        self.offset = self.offset.saturating_sub(base);
        self
    }

    /// The same, counted from `base` bytes earlier.
    #[must_use]
    pub fn moved(mut self, base: u64) -> Refusal {
        self.offset += base;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_ordered_and_every_row_is_filled() {
        for pair in CODES.windows(2) {
            assert!(
                pair[0].id < pair[1].id,
                "{} before {}",
                pair[0].id,
                pair[1].id
            );
        }
        for code in CODES {
            assert!(
                code.id.len() == 4 && !code.sentence.is_empty() && !code.remedy.is_empty(),
                "{}",
                code.id
            );
            assert!(
                code.rule.starts_with("RFC ") && !code.sentence.ends_with('.'),
                "{}",
                code.id
            );
            assert!((2..=5).contains(&code.why.lines().count()), "{}", code.id);
            assert!(code.why.lines().all(|line| line.len() <= 76), "{}", code.id);
            assert!(
                code.sentence.len() <= 64 && code.remedy.len() <= 64,
                "{}",
                code.id
            );
            assert!(
                code.is_warning() == (code.id.as_bytes()[0] == b'W'),
                "{}",
                code.id
            );
        }
    }

    #[test]
    fn the_two_ids_of_the_contract_mean_what_they_say() {
        assert_eq!(
            Code::find("h101").map(|c| c.sentence),
            Some("space inside the request target")
        );
        assert_eq!(
            Code::find("H203").map(|c| c.sentence),
            Some("whitespace between field name and colon")
        );
        assert!(Code::find("H999").is_none());
    }
}
