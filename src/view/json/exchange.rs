//! An exchange as a JSON object (`--notes`): what it was, what it cost and where its time went.
//!
//! In: an exchange of the story. Out: one object; times are nanoseconds, as everywhere in a recording.
//! What is not known (no first byte, not ended) is left out.

use crate::event::digits::decimal;
use crate::event::wire::string;
use crate::story::{Exchange, Fate};

/// `{"exchange":"r2","for":"r1","connection":"c2",…,"calls":{"sendto":1},"time":{"total":91000,…}}`.
pub(super) fn exchange(exchange: &Exchange, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"exchange\":");
    string(&exchange.id.to_string(), out);
    if let Some(other) = exchange.serves {
        text("for", &other.to_string(), out);
    }
    text("connection", &exchange.connection.to_string(), out);
    text(
        "request",
        &String::from_utf8_lossy(exchange.line.as_bytes()),
        out,
    );
    text("fate", fate(exchange.fate), out);
    if exchange.status > 0 {
        number("status", u64::from(exchange.status), out);
    }
    number("bytes_in", exchange.bytes_in, out);
    number("bytes_out", exchange.bytes_out, out);
    out.extend_from_slice(b",\"calls\":{");
    let mut comma = false;
    let mut call = |name: &str, times: u32| {
        out.extend_from_slice(if comma { b"," } else { b"" });
        comma = true;
        string(name, out);
        out.push(b':');
        decimal(out, u64::from(times));
    };
    for (id, times) in exchange.calls.iter() {
        call(id.name(), times);
    }
    if exchange.calls.other() > 0 {
        call("others", exchange.calls.other());
    }
    out.push(b'}');
    number("wakes", u64::from(exchange.spent.wakes), out);
    number("eagain", u64::from(exchange.spent.again), out);
    time(exchange, out);
    out.push(b'}');
}

/// `,"started":60000,"time":{"first_byte":40000,"total":91000,"receiving":…}`.
fn time(exchange: &Exchange, out: &mut Vec<u8>) {
    number("started", exchange.started, out);
    out.extend_from_slice(b",\"time\":{\"receiving\":");
    let spent = &exchange.spent;
    decimal(out, spent.receiving);
    number("sending", spent.sending, out);
    number("ready", spent.ready, out);
    let known = [
        ("program", exchange.in_program()),
        ("first_byte", exchange.time_to_first_byte()),
        ("total", exchange.total_time()),
    ];
    for (key, value) in known {
        if let Some(value) = value {
            number(key, value, out);
        }
    }
    out.push(b'}');
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Open => "open",
        Fate::Answered => "answered",
        Fate::Unanswered => "unanswered",
        Fate::Cut => "cut",
        Fate::Lost => "lost",
    }
}

fn key(key: &str, out: &mut Vec<u8>) {
    out.push(b',');
    string(key, out);
    out.push(b':');
}

fn text(name: &str, value: &str, out: &mut Vec<u8>) {
    key(name, out);
    string(value, out);
}

fn number(name: &str, value: u64, out: &mut Vec<u8>) {
    key(name, out);
    decimal(out, value);
}
