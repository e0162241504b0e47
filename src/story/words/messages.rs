//! Sentences about requests and responses: how far they are, and how large.

use super::pen::{LONG, Pen, arrow, count, part_of};
use super::{Progress, Way};
use crate::story::beginning::NO_MINOR;
use crate::story::text::Text;

pub(super) fn request(pen: &mut impl Pen, line: &Text, minor: u8, progress: Progress) {
    arrow(pen, Way::Request);
    pen.bytes(line.as_bytes(), line.is_cut());
    match minor {
        NO_MINOR => {}
        1 => pen.spare(" HTTP/1.1"),
        _ => {
            pen.text(" HTTP/1.");
            pen.number(u64::from(minor));
        }
    }
    pen.spare(" ");
    match progress {
        Progress::Complete(_) => pen.text(" (complete)"),
        Progress::Body(got, of) => {
            pen.text(" body ");
            pen.number(got);
            pen.text("/");
            pen.number(of);
        }
        Progress::Chunked(got) => {
            pen.text(" chunked, ");
            pen.number(got);
            pen.text(" so far");
        }
        Progress::UntilClose(got) => {
            pen.text(" body ");
            pen.number(got);
            pen.text("/?");
        }
        Progress::Expects => pen.text(" waits for 100"),
        Progress::Unfinished => pen.text(" unfinished"),
    }
}

pub(super) fn response_sizes(
    pen: &mut impl Pen,
    head: u64,
    body: u64,
    progress: Progress,
    to_head: bool,
) {
    pen.number(head);
    match progress {
        Progress::Complete(_) if to_head => {
            pen.text(" head, ");
            pen.spare("HEAD: ");
            pen.text("no body");
        }
        Progress::Complete(_) if body == 0 => {
            pen.text(" head");
            pen.spare(", no body");
        }
        Progress::Chunked(0) => pen.text(" head, chunks follow"),
        Progress::UntilClose(0) => pen.text(" head, body until close"),
        Progress::Body(_, of) if body == 0 => {
            pen.text(" head, body 0/");
            pen.number(of);
        }
        Progress::Complete(_)
        | Progress::Body(..)
        | Progress::Chunked(_)
        | Progress::UntilClose(_) => {
            pen.spare(" head");
            pen.text(" + ");
            response_body(pen, body, progress);
        }
        Progress::Expects | Progress::Unfinished => pen.text(" head"),
    }
}

fn response_body(pen: &mut impl Pen, body: u64, progress: Progress) {
    match progress {
        Progress::Body(_, of) if of >= LONG => part_of(pen, body, of),
        Progress::Body(_, of) => {
            pen.number(body);
            pen.text("/");
            pen.number(of);
        }
        Progress::Chunked(_) => {
            pen.number(body);
            pen.text(" in chunks");
        }
        Progress::UntilClose(_) => {
            pen.number(body);
            pen.text("/?");
        }
        Progress::Complete(_) | Progress::Expects | Progress::Unfinished => {
            pen.number(body);
            pen.spare(" body");
        }
    }
}

pub(super) fn body_so_far(pen: &mut impl Pen, way: Way, bytes: u64, of: Option<u64>) {
    arrow(pen, way);
    pen.text("body ");
    match of {
        Some(of) if of >= LONG => part_of(pen, bytes, of),
        Some(of) => {
            pen.number(bytes);
            pen.text(" of ");
            count(pen, of, "byte");
        }
        None => {
            count(pen, bytes, "byte");
            pen.text(" so far");
        }
    }
}
