//! What a request wants of a file beside the file: a condition, a part, a compressed form.
//!
//! In: a request. Out: the answers of `http::condition`, `http::range` and `http::accept` for it. Most
//! requests want nothing of that, so one look at the lengths of the field names comes first.

use super::connection::Request;
use crate::http::accept;
use crate::http::condition::{self, Verdict, Version};
use crate::http::range::{self, Wanted};

/// A request, and which kinds of wishes it has.
#[derive(Clone, Copy, Debug)]
pub struct Wishes<'a> {
    request: Request<'a>,
    conditional: bool,
    range: bool,
    encodings: bool,
}

/// A form in which a file may stand beside itself, compressed once and for all.
#[derive(Debug, PartialEq, Eq)]
pub struct Coding {
    /// As in `Content-Encoding`.
    pub name: &'static str,
    /// What the file's name has more.
    pub ending: &'static str,
}

/// Smallest files first.
static CODINGS: [Coding; 2] = [
    Coding {
        name: "br",
        ending: ".br",
    },
    Coding {
        name: "gzip",
        ending: ".gz",
    },
];

impl<'a> Wishes<'a> {
    /// Looks at the names of the fields.
    pub fn of(request: Request<'a>) -> Wishes<'a> {
        let mut wishes = Wishes {
            request,
            conditional: false,
            range: false,
            encodings: false,
        };
        for field in &request.head.fields {
            let is = |name: &[u8]| field.name.of(request.bytes).eq_ignore_ascii_case(name);
            match field.name.len() {
                5 => wishes.range |= is(b"Range"),
                8 => wishes.conditional |= is(b"If-Match"),
                13 => wishes.conditional |= is(b"If-None-Match"),
                15 => wishes.encodings |= is(b"Accept-Encoding"),
                17 => wishes.conditional |= is(b"If-Modified-Since"),
                19 => wishes.conditional |= is(b"If-Unmodified-Since"),
                _ => {}
            }
        }
        wishes
    }

    /// What its conditions come to for this version.
    pub fn verdict(&self, version: &Version<'_>) -> Verdict {
        match self.conditional {
            true => condition::judge(self.request.head, self.request.bytes, version),
            false => Verdict::Go,
        }
    }

    /// Which parts of so many bytes it wants.
    pub fn parts(&self, version: &Version<'_>, length: u64) -> Wanted {
        let Request { head, bytes, .. } = self.request;
        let mut values = head.values(bytes, "Range");
        match (values.next().filter(|_| self.range), values.next()) {
            (Some(value), None) if condition::range_counts(head, bytes, version) => {
                range::read(value, length)
            }
            _ => Wanted::Whole,
        }
    }

    /// The codings it would rather have than the plain file, the best first.
    pub fn codings(&self) -> impl Iterator<Item = &'static Coding> {
        let mut wanted: Vec<(u16, &'static Coding)> = Vec::new();
        if self.encodings {
            let plain = self.quality("identity").unwrap_or(0);
            let quality = |coding: &'static Coding| Some((self.quality(coding.name)?, coding));
            wanted.extend(CODINGS.iter().filter_map(quality));
            // A client that says nothing of the plain form takes it when there is no other.
            wanted.retain(|(quality, _)| *quality > 0 && *quality >= plain);
            wanted.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
        }
        wanted.into_iter().map(|(_, coding)| coding)
    }

    fn quality(&self, coding: &str) -> Option<u16> {
        self.request
            .head
            .values(self.request.bytes, "Accept-Encoding")
            .find_map(|value| accept::coding(value, coding))
    }

    /// Whether it would rather have JSON than HTML.
    pub fn prefers_json(&self) -> bool {
        let wanted = |kind: &str| {
            self.request
                .head
                .values(self.request.bytes, "Accept")
                .map(|value| accept::media_type(value, kind))
                .max()
                .unwrap_or(0)
        };
        wanted("application/json") > wanted("text/html")
    }
}
