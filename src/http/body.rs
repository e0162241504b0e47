//! How long a body is and where it ends (RFC 9112 6 and 7).
//!
//! In: what the fields said. Out: the framing, by one table.

/// The rule that decides where the body ends, even when its length is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is no body and no field speaks of one.
    None,
    /// `Content-Length`.
    ContentLength(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// A response that ends with the connection.
    UntilClose,
}

impl Framing {
    /// The name of the rule, as `parse --json` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Framing::None => "none",
            Framing::ContentLength(_) => "content-length",
            Framing::Chunked => "chunked",
            Framing::UntilClose => "until-close",
        }
    }
}

/// What Transfer-Encoding said.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Coding {
    /// There was no such field.
    #[default]
    Absent,
    /// Its last member is `chunked`.
    Chunked,
    /// Its last member is another coding; only a response may say so.
    Other,
}

/// Which column of the table a message stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// A request.
    Request,
    /// A response that may have a body.
    Response,
    /// A response that never has one: 1xx, 204, 304, any to HEAD, 2xx to CONNECT.
    Bodiless,
}

/// The table of RFC 9112 6.3. Both a length and a coding were refused before.
pub fn framing(sort: Sort, coding: Coding, length: Option<u64>) -> Framing {
    match (sort, coding, length) {
        (Sort::Bodiless, _, _) => Framing::None,
        (_, Coding::Chunked, _) => Framing::Chunked,
        (_, Coding::Other, _) => Framing::UntilClose,
        (_, Coding::Absent, Some(length)) => Framing::ContentLength(length),
        (Sort::Request, Coding::Absent, None) => Framing::None,
        (Sort::Response, Coding::Absent, None) => Framing::UntilClose,
    }
}
