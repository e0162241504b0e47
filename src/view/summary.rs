//! What a trace comes to: one line, or (`-c`, `-C`) tables by call, by descriptor and by exchange.
//!
//! In: the story at the end. Out: lines of at most `width` columns, ASCII where the stream has no
//! UTF-8. The tables say what they leave out: a server may have answered millions.

use super::View;
use super::paint::{Ink, Paint};
use super::text::{Charset, escape};
use crate::abi::Fd;
use crate::abi::calls::CallId;
use crate::event::Event;
use crate::story::{CallTotal, Exchange, Fate, FdInfo, FdKind, Process, Step, Story};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};
use std::fmt::Write;

/// Which calls the table of calls has; `None` stands for those that have no name here.
pub type Wanted = Box<dyn Fn(Option<CallId>) -> bool + Send>;

/// The tables (`-c`): says nothing before the end.
pub struct SummaryView {
    paint: Paint,
    with_line: bool,
    wanted: Wanted,
}

impl SummaryView {
    /// Tables alone, with the line of sums below them.
    pub fn new(paint: Paint) -> SummaryView {
        SummaryView {
            paint,
            with_line: true,
            wanted: Box::new(|_| true),
        }
    }

    /// Only these calls in the table of calls; the others tell the story all the same.
    pub fn only(self, wanted: Wanted) -> SummaryView {
        SummaryView { wanted, ..self }
    }

    /// Tables after a trace (`-C`), whose view writes the line of sums itself.
    pub fn after_trace(paint: Paint) -> SummaryView {
        SummaryView {
            paint,
            with_line: false,
            wanted: Box::new(|_| true),
        }
    }
}

impl View for SummaryView {
    fn step(&mut self, _: &Event<'_>, _: &Step<'_>, _: &mut Vec<u8>) {}

    fn end(&mut self, story: &Story, out: &mut Vec<u8>) {
        by_call(story, &self.wanted, &self.paint, out);
        by_fd(story, &self.paint, out);
        by_exchange(story, &self.paint, out);
        by_time(story, &self.paint, out);
        if self.with_line {
            line(story, &self.paint, out);
        }
    }
}

/// `* 1 connection, 1 request, 13 calls, 78 in, 79 out, fds open: 0 1 2 3` (on two lines where one is
/// too short), and a line for each finding.
pub fn line(story: &Story, paint: &Paint, out: &mut Vec<u8>) {
    let sums = story.summary();
    let mut text = format!(
        "* {}, {}, {}, {} in, {} out",
        count(u64::from(sums.connections), "connection"),
        count(u64::from(sums.requests), "request"),
        count(sums.calls, "call"),
        sums.bytes_in,
        sums.bytes_out,
    );
    if let Some(process) = story.processes().iter().next() {
        let fds = open_fds(process, paint.width - "* ".len());
        let fits = text.len() + ", ".len() + fds.len() <= paint.width;
        text.push_str(if fits { ", " } else { "\n* " });
        text.push_str(&fds);
    }
    for line in text.lines() {
        paint.words(Ink::Strong, &line[..line.len().min(paint.width)], out);
        out.push(b'\n');
    }
    spread(story, paint, out);
    if story.has_unseen_rings() {
        let text = "* io_uring: what goes through rings is not seen";
        paint.words(Ink::Strong, text, out);
        out.push(b'\n');
    }
    for finding in story.findings() {
        let text = shorten(&format!("! {finding}"), paint.width);
        paint.words(Ink::Bad, &text, out);
        out.push(b'\n');
    }
}

/// `* accepted by t1: 12, by t2: 9`: how connections were dealt out, where several threads accept.
fn spread(story: &Story, paint: &Paint, out: &mut Vec<u8>) {
    let mut threads = story.accepted_by_thread().to_vec();
    if threads.len() < 2 {
        return;
    }
    threads.sort_unstable();
    let mut text = "* accepted".to_owned();
    for (i, (thread, connections)) in threads.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let next = format!("{comma} by t{thread}: {connections}");
        if text.len() + next.len() + ", ...".len() > paint.width {
            text.push_str(", ...");
            break;
        }
        text.push_str(&next);
    }
    paint.words(Ink::Strong, &text, out);
    out.push(b'\n');
}

/// The numbers that are open, as many as there is room for.
fn open_fds(process: &Process, room: usize) -> String {
    let numbers: Vec<i32> = process.open_numbers().collect();
    let mut text = "fds open:".to_owned();
    let more = format!(" ... ({})", numbers.len());
    let all: usize = numbers.iter().map(|n| format!(" {n}").len()).sum();
    let needed = if text.len() + all <= room {
        0
    } else {
        more.len()
    };
    for number in &numbers {
        let next = format!(" {number}");
        if text.len() + next.len() + needed > room {
            text.push_str(&more);
            break;
        }
        text.push_str(&next);
    }
    text
}

fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Nanoseconds as milliseconds.
fn ms(nanoseconds: u64) -> String {
    format!(
        "{}.{:02}",
        nanoseconds / 1_000_000,
        nanoseconds / 10_000 % 100
    )
}

/// A number, or nothing for 0: what matters stands out.
fn some(number: u64) -> String {
    if number == 0 {
        String::new()
    } else {
        number.to_string()
    }
}

fn table(paint: &Paint, titles: &[&str], left: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let (rule, cross) = match paint.charset {
        Charset::Utf8 => ('─', '─'),
        Charset::Ascii => ('-', '-'),
    };
    table.set_style(TableComponent::HeaderLines, rule);
    table.set_style(TableComponent::MiddleHeaderIntersections, cross);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(paint.width).unwrap_or(u16::MAX));
    table.set_header(titles);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if !left.contains(&i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn print(title: &str, table: &Table, paint: &Paint, out: &mut Vec<u8>) {
    // Where it does not fit, what stands in brackets is left out.
    let fits = title.len() <= paint.width;
    let short = title.split(" (").next().unwrap_or(title);
    paint.words(Ink::Strong, if fits { title } else { short }, out);
    out.push(b'\n');
    for line in table.lines() {
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}

fn by_call(story: &Story, wanted: &Wanted, paint: &Paint, out: &mut Vec<u8>) {
    let mut table = table(
        paint,
        &[
            "call",
            "calls",
            "errors",
            "bytes in",
            "bytes out",
            "ms",
            "of which waited",
        ],
        &[0],
    );
    let mut rows: Vec<_> = story
        .totals()
        .iter()
        .filter(|(id, _)| wanted(Some(*id)))
        .map(|(id, total)| (id.name(), *total))
        .collect();
    if story.totals().other.calls > 0 && wanted(None) {
        rows.push(("(others)", story.totals().other));
    }
    // Like strace -c: what took longest first; by name where that is equal.
    rows.sort_by_key(|(name, total)| (std::cmp::Reverse(total.time), *name));
    let mut sum = CallTotal::default();
    for (name, total) in &rows {
        sum.calls += total.calls;
        sum.errors += total.errors;
        sum.bytes_in += total.bytes_in;
        sum.bytes_out += total.bytes_out;
        sum.time += total.time;
        sum.waited += total.waited;
        table.add_row(call_row(name, total));
    }
    table.add_row(call_row("total", &sum));
    print("By call", &table, paint, out);
}

fn call_row(name: &str, total: &CallTotal) -> [String; 7] {
    [
        name.to_owned(),
        total.calls.to_string(),
        some(total.errors),
        some(total.bytes_in),
        some(total.bytes_out),
        ms(total.time),
        if total.waited > 0 {
            ms(total.waited)
        } else {
            String::new()
        },
    ]
}

/// More rows than this teach nobody anything.
const FDS: usize = 40;

fn by_fd(story: &Story, paint: &Paint, out: &mut Vec<u8>) {
    let mut table = table(
        paint,
        &[
            "fd",
            "kind",
            "opened by",
            "peer or path",
            "in",
            "out",
            "closed ms",
            "findings",
        ],
        &[1, 2, 3, 7],
    );
    let first = story.processes().iter().next();
    let leaks = first.map_or_else(Vec::new, |process| story.leaking(process.pid));
    let mut left_out = 0;
    for (i, process) in story.processes().iter().enumerate() {
        for info in process
            .iter()
            .filter(|info| info.generation > 0 || info.kind != FdKind::Unknown)
            .filter(|info| !info.own)
        {
            if i > 0 || table.row_iter().count() >= FDS {
                left_out += 1;
                continue;
            }
            table.add_row(fd_row(info, &leaks, paint));
        }
    }
    if table.row_iter().count() == 0 {
        return;
    }
    print(
        "By descriptor (the last owner of each number; bytes of all its owners)",
        &table,
        paint,
        out,
    );
    if left_out > 0 {
        remark(
            &format!("{} left out", count(left_out, "descriptor")),
            paint,
            out,
        );
    }
}

fn fd_row(info: &FdInfo, leaks: &[Fd], paint: &Paint) -> [String; 8] {
    let name = match (info.kind, &info.peer, &info.local) {
        (FdKind::Listener | FdKind::Socket, _, Some(local)) => local.to_string(),
        (_, Some(peer), _) => peer.to_string(),
        _ => escape(&info.path, 21, paint.charset),
    };
    let mut said = String::new();
    if info.generation > 1 {
        // Writing to a String cannot fail.
        let _ = write!(said, "used {}x", info.generation);
    }
    if leaks.contains(&Fd(info.number)) {
        said.insert_str(0, if said.is_empty() { "leak" } else { "leak, " });
    }
    [
        info.number.to_string(),
        info.kind.word().to_owned(),
        info.opened_by.to_owned(),
        shorten(&name, 21),
        some(info.total_in),
        some(info.total_out),
        info.closed.map_or_else(|| "open".to_owned(), ms),
        said,
    ]
}

/// ASCII or escaped text, in at most so many characters.
fn shorten(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(columns - 3).collect();
    short.push_str("...");
    short
}

fn remark(text: &str, paint: &Paint, out: &mut Vec<u8>) {
    // It belongs to the table above it: no empty line between.
    if out.ends_with(b"\n\n") {
        out.pop();
    }
    paint.words(Ink::Faint, &format!("({text})"), out);
    out.extend_from_slice(b"\n\n");
}

fn by_exchange(story: &Story, paint: &Paint, out: &mut Vec<u8>) {
    let mut table = table(
        paint,
        &[
            "", "request", "status", "calls", "in", "out", "first ms", "total ms",
        ],
        &[0, 1, 3],
    );
    let history = story.history();
    for exchange in history.first() {
        table.add_row(exchange_row(exchange, paint));
    }
    if history.left_out() > 0 {
        table.add_row(["...", "", "", "", "", "", "", ""]);
    }
    for exchange in history.last() {
        table.add_row(exchange_row(exchange, paint));
    }
    for exchange in story
        .connections()
        .iter()
        .flat_map(|c| c.waiting.iter())
        .take(8)
    {
        table.add_row(exchange_row(exchange, paint));
    }
    if table.row_iter().count() == 0 {
        return;
    }
    print(
        "By exchange (calls by kind; ms from the request's first byte)",
        &table,
        paint,
        out,
    );
    if let Some(tenths) = (history.calls * 10).checked_div(history.count) {
        let left_out = match history.left_out() {
            0 => String::new(),
            n => format!("{n} left out; "),
        };
        let text = format!(
            "{left_out}{}, {}.{} calls each, {} ms each",
            count(history.count, "exchange"),
            tenths / 10,
            tenths % 10,
            ms(history.time / history.count),
        );
        remark(&text, paint, out);
    }
}

/// Where the time of each exchange went.
fn by_time(story: &Story, paint: &Paint, out: &mut Vec<u8>) {
    let mut table = table(
        paint,
        &[
            "", "request", "receive", "program", "send", "poll", "woken", "EAGAIN",
        ],
        &[0, 1],
    );
    let history = story.history();
    for exchange in history.first() {
        table.add_row(time_row(exchange, paint));
    }
    if history.left_out() > 0 {
        table.add_row(["...", "", "", "", "", "", "", ""]);
    }
    for exchange in history.last() {
        table.add_row(time_row(exchange, paint));
    }
    if table.row_iter().count() > 0 {
        let title = "Where the time went (ms in calls that receive, send or poll; the rest)";
        print(title, &table, paint, out);
    }
}

fn time_row(exchange: &Exchange, paint: &Paint) -> [String; 8] {
    let spent = &exchange.spent;
    let time = |nanoseconds: u64| match nanoseconds {
        0 => String::new(),
        some => ms(some),
    };
    [
        exchange.id.to_string(),
        escape(exchange.line.as_bytes(), 24, paint.charset),
        time(spent.receiving),
        exchange.in_program().map_or_else(String::new, ms),
        time(spent.sending),
        time(spent.ready),
        some(u64::from(spent.wakes)),
        some(u64::from(spent.again)),
    ]
}

fn exchange_row(exchange: &Exchange, paint: &Paint) -> [String; 8] {
    let mut calls = exchange.calls.total().to_string();
    for (i, (id, times)) in exchange.calls.iter().enumerate() {
        let times = if times > 1 {
            format!("{times} ")
        } else {
            String::new()
        };
        let _ = write!(
            calls,
            "{} {times}{}",
            if i == 0 { ":" } else { "," },
            id.name()
        );
    }
    let status = match (exchange.status, exchange.fate) {
        (0, Fate::Open) => "open".to_owned(),
        (0, Fate::Lost) => "?".to_owned(),
        (0, _) => "none".to_owned(),
        (status, Fate::Cut) => format!("{status} cut"),
        (status, Fate::Lost) => format!("{status} ?"),
        (status, Fate::Open | Fate::Answered | Fate::Unanswered) => status.to_string(),
    };
    let id = match exchange.serves {
        Some(other) => format!("{} for {other}", exchange.id),
        None => exchange.id.to_string(),
    };
    [
        id,
        escape(exchange.line.as_bytes(), 20, paint.charset),
        status,
        shorten(&calls, 24),
        some(exchange.bytes_in),
        some(exchange.bytes_out),
        exchange.time_to_first_byte().map_or_else(String::new, ms),
        exchange.total_time().map_or_else(String::new, ms),
    ]
}
