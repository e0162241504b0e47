//! Sentences about waiting, and about how things end.

use super::pen::{Pen, connection, count};
use super::{Over, Wait, Way};
use crate::story::ConnectionId;

impl Wait {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Wait::Connection => "asleep: nobody has connected",
            Wait::FirstByte => "asleep: no byte has come yet",
            Wait::Rest => "asleep: message not complete",
            Wait::NextRequest => "asleep: next request, or EOF",
            Wait::Answer => "asleep: no answer yet",
            Wait::Room => "not back yet: buffers full?",
            Wait::Handshake => "asleep: peer has not accepted",
            Wait::Ready => "asleep: nothing is ready",
            Wait::Result => "asleep: no result yet",
            Wait::Something => "asleep",
        }
    }
}

pub(super) fn eof(pen: &mut impl Pen, client: bool, cut: Option<Way>) {
    match (cut, client) {
        (None, false) => pen.text("EOF: client closed its side"),
        (None, true) => pen.text("EOF: server closed its side"),
        (Some(Way::Request), _) => pen.text("EOF inside the request"),
        (Some(Way::Response), _) => pen.text("EOF inside the response"),
    }
}

impl Over {
    pub(super) fn write(self, pen: &mut impl Pen, id: ConnectionId, files: u32) {
        connection(pen, id, " over: ");
        match self {
            Over::Answered(requests) => {
                count(pen, u64::from(requests), "request");
                match files {
                    0 => pen.spare(", 0 leaks"),
                    // Whether it leaks shows in the end: a cache, or a client that saves, closes it later.
                    _ => {
                        pen.text(", ");
                        pen.number(u64::from(files));
                        pen.spare(if files == 1 { " file" } else { " files" });
                        pen.text(" open");
                    }
                }
            }
            Over::Unanswered => pen.text("no answer given"),
            Over::Cut => pen.text("the answer was cut short"),
            Over::Unfinished => pen.text("request unfinished"),
            Over::Malformed => pen.text("request malformed"),
            Over::Silent => pen.text("nothing was asked"),
            Over::Unread => pen.text("nothing was read"),
            Over::NotHttp(bytes_in, bytes_out) => {
                pen.number(bytes_in);
                pen.text(" in, ");
                pen.number(bytes_out);
                pen.text(" out");
            }
        }
    }
}
