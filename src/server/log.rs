//! The access log: one record for each answer, written by somebody else.
//!
//! In: facts about an exchange, from the serving threads. Out: lines in the common, combined or JSON
//! form, for whoever owns the stream. A serving thread never waits for the log: when the channel is
//! full, the record is dropped and counted. Forked processes have no channel in common; they send each
//! record over a socket (`packet`).

mod packet;

use crate::abi::address::Address;
use crate::kernel::{Words, move_high};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Records that may wait for the writer.
const QUEUE: usize = 4096;
/// The lowest number for the sockets between processes: they are the tool's own.
const HIGH: i32 = 290;
/// Bytes of a target or a field that a line keeps.
const LONGEST: usize = 2048;

/// What is said of one exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// Seconds since 1970 when it was answered.
    pub time: u64,
    /// Who asked.
    pub peer: Address,
    /// As received; empty when no request line could be read.
    pub method: Vec<u8>,
    /// As received.
    pub target: Vec<u8>,
    /// As received: `HTTP/1.1`.
    pub version: Vec<u8>,
    /// What was answered.
    pub status: u16,
    /// Bytes of body in the answer.
    pub bytes: u64,
    /// Which connection since the server started, from 1: c1, c2 … as in a trace.
    pub connection: u64,
    /// Which exchange since the server started, from 1: r1, r2 … as in a trace.
    pub exchange: u64,
    /// Which exchange on its connection, from 1.
    pub on_connection: u64,
    /// Nanoseconds from the first byte of the request to its answer.
    pub duration: u64,
    /// The field of this name; empty when there is none.
    pub referer: Vec<u8>,
    /// The field of this name; empty when there is none.
    pub user_agent: Vec<u8>,
}

/// The serving threads' end.
#[derive(Clone, Debug)]
pub struct Log {
    way: Way,
    dropped: Arc<Words>,
}

/// How records reach the writer.
#[derive(Clone, Debug)]
enum Way {
    /// From threads of one process.
    Channel(SyncSender<LogRecord>),
    /// From forked processes: the sending end of a pair of sockets.
    Socket(Arc<OwnedFd>),
}

impl Log {
    /// A log and the end to write it from. The receiver ends when every serving thread has.
    pub fn new() -> (Log, Receiver<LogRecord>) {
        let (sender, receiver) = sync_channel(QUEUE);
        (
            Log {
                way: Way::Channel(sender),
                dropped: Arc::new(Words::new(1)),
            },
            receiver,
        )
    }

    /// The same for forked processes: a thread of this one takes their records from a socket that
    /// keeps each in one piece (`man 2 socketpair`, SOCK_SEQPACKET).
    ///
    /// # Errors
    /// What making the sockets or the thread said.
    pub fn across_processes() -> io::Result<(Log, Receiver<LogRecord>)> {
        let kind = SockType::SeqPacket;
        let (ours, theirs) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)?;
        let (ours, theirs) = (move_high(ours, HIGH)?, move_high(theirs, HIGH)?);
        let (sender, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("log-reader".to_owned())
            .spawn(move || {
                let mut room = vec![0; packet::LONGEST];
                // 0: everybody who could write has gone.
                while let Ok(len @ 1..) = recv(ours.as_raw_fd(), &mut room, MsgFlags::empty()) {
                    if let Some(record) = packet::read(&room[..len])
                        && sender.send(record).is_err()
                    {
                        break;
                    }
                }
            })?;
        let way = Way::Socket(Arc::new(theirs));
        let dropped = Arc::new(Words::new(1));
        Ok((Log { way, dropped }, receiver))
    }

    /// Hands a record over, or counts it as dropped.
    pub fn record(&self, record: LogRecord) {
        let kept = match &self.way {
            Way::Channel(sender) => sender.try_send(record).is_ok(),
            Way::Socket(socket) => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                send(socket.as_raw_fd(), &packet::write(&record), flags).is_ok()
            }
        };
        if !kept {
            self.dropped[0].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counter of records that found the queue full: keep it to say so at the end.
    pub fn dropped(&self) -> Arc<Words> {
        Arc::clone(&self.dropped)
    }
}

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LogFormat {
    /// `127.0.0.1 c1/r1 - [21/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 12`: connection and exchange
    /// stand in the second field, which nobody has used for what it was meant for (RFC 1413) in a long
    /// time, so that every program that reads such logs reads this one.
    #[default]
    Common,
    /// The same with `"referer" "user agent"`.
    Combined,
    /// One object a line, with connection, exchange and duration.
    Json,
}

impl LogFormat {
    /// Appends the line, its line feed included. Whatever came from the network is escaped: the
    /// line is one line and harmless on a terminal.
    pub fn line(self, record: &LogRecord, out: &mut Vec<u8>) {
        match self {
            LogFormat::Common => common(record, out),
            LogFormat::Combined => {
                common(record, out);
                for text in [&record.referer, &record.user_agent] {
                    out.push(b' ');
                    quoted_or_dash(text, out);
                }
            }
            LogFormat::Json => json(record, out),
        }
        out.push(b'\n');
    }
}

fn common(record: &LogRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(host(&record.peer).as_bytes());
    let ids = format!(" c{}/r{} - [", record.connection, record.exchange);
    out.extend_from_slice(ids.as_bytes());
    date(record.time, out);
    out.extend_from_slice(b"] \"");
    if record.method.is_empty() {
        out.push(b'-');
    } else {
        for (index, part) in [&record.method, &record.target, &record.version]
            .into_iter()
            .enumerate()
        {
            if index > 0 {
                out.push(b' ');
            }
            escaped(part, out);
        }
    }
    out.extend_from_slice(format!("\" {} {}", record.status, record.bytes).as_bytes());
}

/// The peer without its port; a unix socket's client has no name.
fn host(peer: &Address) -> String {
    match peer {
        Address::V4([a, b, c, d], _) => format!("{a}.{b}.{c}.{d}"),
        Address::V6(octets, ..) => std::net::Ipv6Addr::from(*octets).to_string(),
        Address::Unix(_) | Address::Other(..) => "unix:".to_owned(),
    }
}

fn quoted_or_dash(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    match text {
        [] => out.push(b'-'),
        text => escaped(text, out),
    }
    out.push(b'"');
}

/// As Apache writes it: `"` and `\` with a backslash, everything not printable as `\xNN`.
fn escaped(text: &[u8], out: &mut Vec<u8>) {
    for byte in &text[..text.len().min(LONGEST)] {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0x20..=0x7e => out.push(*byte),
            other => out.extend_from_slice(format!("\\x{other:02x}").as_bytes()),
        }
    }
}

fn json(record: &LogRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"time\":\"");
    out.extend_from_slice(iso(record.time).as_bytes());
    out.extend_from_slice(b"\",\"peer\":");
    json_text(record.peer.to_string().as_bytes(), out);
    for (name, text) in [
        ("method", &record.method),
        ("target", &record.target),
        ("version", &record.version),
        ("referer", &record.referer),
        ("user_agent", &record.user_agent),
    ] {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        match text.is_empty() {
            true => out.extend_from_slice(b"null"),
            false => json_text(text, out),
        }
    }
    let LogRecord {
        status,
        bytes,
        connection,
        exchange,
        on_connection,
        duration,
        ..
    } = record;
    let numbers = format!(
        ",\"status\":{status},\"bytes\":{bytes},\"connection\":\"c{connection}\",\"exchange\":\"r{exchange}\",\"on_connection\":{on_connection},\"duration\":{duration}}}"
    );
    out.extend_from_slice(numbers.as_bytes());
}

/// A JSON string of octets: those above 0x7e appear as U+0080–U+00FF (Latin-1), as in `parse`.
fn json_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in &text[..text.len().min(LONGEST)] {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0x20..=0x7e => out.push(*byte),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
    }
    out.push(b'"');
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `21/Nov/2026:08:00:00 +0000`.
fn date(time: u64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(time / 86_400);
    let (h, m, s) = (time / 3600 % 24, time / 60 % 60, time % 60);
    let month = MONTHS[month as usize - 1];
    out.extend_from_slice(
        format!("{day:02}/{month}/{year:04}:{h:02}:{m:02}:{s:02} +0000").as_bytes(),
    );
}

/// `2026-11-21T08:00:00Z`.
fn iso(time: u64) -> String {
    let (year, month, day) = civil(time / 86_400);
    let (h, m, s) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
}

/// Year, month and day of a number of days since 1970: counted from 1 March of the year 0, so that
/// a leap day is the last of its year and every 400 years have 146,097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LogRecord {
        LogRecord {
            time: 1_767_225_600,
            peer: Address::V4([127, 0, 0, 1], 31566),
            method: b"GET".to_vec(),
            target: b"/a\x1b\"\\\xff".to_vec(),
            version: b"HTTP/1.1".to_vec(),
            status: 404,
            bytes: 12,
            connection: 3,
            exchange: 7,
            on_connection: 2,
            duration: 1500,
            referer: Vec::new(),
            user_agent: b"curl/7.88.1".to_vec(),
        }
    }

    fn line(format: LogFormat, record: &LogRecord) -> String {
        let mut out = Vec::new();
        format.line(record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_look_as_other_servers_write_them_and_hide_nothing_harmful() {
        let common = "127.0.0.1 c3/r7 - [01/Jan/2026:00:00:00 +0000] \"GET /a\\x1b\\\"\\\\\\xff HTTP/1.1\" 404 12";
        assert_eq!(line(LogFormat::Common, &record()), format!("{common}\n"));
        assert_eq!(
            line(LogFormat::Combined, &record()),
            format!("{common} \"-\" \"curl/7.88.1\"\n")
        );
        let unread = LogRecord {
            method: Vec::new(),
            ..record()
        };
        assert!(line(LogFormat::Common, &unread).contains("] \"-\" 404 12"));
    }

    #[test]
    fn the_json_line_is_json() {
        let parsed: serde_json::Value =
            serde_json::from_str(&line(LogFormat::Json, &record())).unwrap();
        assert_eq!(parsed["target"], "/a\u{1b}\"\\\u{ff}");
        assert_eq!(parsed["referer"], serde_json::Value::Null);
        assert_eq!(
            (&parsed["time"], &parsed["status"]),
            (&"2026-01-01T00:00:00Z".into(), &404.into())
        );
        assert_eq!(parsed["peer"], "127.0.0.1:31566");
        assert_eq!(
            (&parsed["connection"], &parsed["exchange"]),
            (&"c3".into(), &"r7".into())
        );
        assert_eq!(parsed["on_connection"], 2);
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_454, (2026, 1, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), expected, "{days}");
        }
    }

    #[test]
    fn a_full_log_drops_and_counts() {
        let (log, receiver) = Log::new();
        for _ in 0..QUEUE + 3 {
            log.record(record());
        }
        assert_eq!(log.dropped()[0].load(Ordering::Relaxed), 3);
        drop(log);
        assert_eq!(receiver.into_iter().count(), QUEUE);
    }
}
