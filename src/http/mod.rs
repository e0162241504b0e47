//! HTTP/1.1 as bytes (RFC 9112, RFC 9110). No I/O, no clock.
//!
//! `reader` is the incremental parser that the server, `parse`, the story and `get` all use. In: the
//! bytes of a stream, in pieces of any size. Out: parts of messages as spans of those bytes, or a
//! refusal with its code and the offset of the first byte that is wrong. Left out on purpose:
//! sockets, time-outs, decoding of content codings, and everything after HTTP/1.1.
//!
//! Read `head` for the data, `reader` for the states, `line`, `field`, `facts`, `body` and `chunk`
//! for the rules, `codes` for the sentences. What a good request wants of a file: `condition`, `etag`,
//! `range`, `accept`.

pub mod head;
pub mod reader;

pub mod body;
pub mod chunk;
pub mod facts;
pub mod field;
pub mod line;
pub mod oddities;
pub mod survey;

pub mod host;
pub mod scan;
pub mod target;
pub mod token;

pub mod codes;
pub mod refusal;

pub mod accept;
pub mod condition;
pub mod etag;
pub mod range;

pub mod date;
pub mod media;
pub mod status;
pub mod write;

pub use body::Framing;
pub use head::{Field, Head, Kind, Span, StartLine, Version};
pub use reader::{Limits, Part, Piece, Reader};
pub use refusal::{CODES, Code, Refusal};
