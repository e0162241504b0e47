//! How often a server made a call, how often it failed, and what it moved: from its own recording.

use crate::abi::errno::Errno;
use crate::decode::Decoder;
use crate::event::What;
use crate::event::call::{Call, CallName, Outcome};
use crate::source::recording::Recording;
use std::collections::BTreeMap;
use std::io::BufRead;

/// Sums for one call.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// How often it was made.
    pub calls: u64,
    /// How often it ended in which failure.
    pub failures: BTreeMap<i32, u64>,
    /// Bytes that it moved.
    pub bytes: u64,
}

/// Reads a recording.
///
/// # Errors
/// What reading said.
pub fn of(recording: impl BufRead, call: &str) -> std::io::Result<Tally> {
    let mut recording = Recording::new(recording)?;
    let mut decoder = Decoder::default();
    let mut tally = Tally::default();
    while let Some(raw) = recording.next_record()? {
        let What::Call(done) = decoder.event(&raw).what else {
            continue;
        };
        let CallName::Known(id) = done.syscall.name else {
            continue;
        };
        if id.name() != call {
            continue;
        }
        tally.calls += 1;
        let moves = matches!(done.syscall.call, Call::Receive { .. } | Call::Send { .. });
        match done.outcome {
            Outcome::Failed(Errno(errno)) => *tally.failures.entry(errno).or_default() += 1,
            Outcome::Returned(n) if moves => tally.bytes += n.unsigned_abs(),
            Outcome::Returned(_) | Outcome::Unknown => {}
        }
    }
    Ok(tally)
}

impl Tally {
    /// In a line; `figure` shows a number.
    pub fn line(&self, call: &str, figure: impl Fn(u64) -> String) -> String {
        let mut line = format!("{call}: {} calls", figure(self.calls));
        for (errno, count) in &self.failures {
            let name = Errno(*errno).name().unwrap_or("failed");
            line.push_str(&format!(", {} x {name}", figure(*count)));
        }
        if self.bytes > 0 {
            line.push_str(&format!(", {} bytes in all", figure(self.bytes)));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"v":1,"type":"start","source":"server","program":"httpsys","argv":["httpsys"],"start":"2026-01-01T00:00:00Z"}
{"type":"call","seq":1,"t":1,"dur":1,"pid":7,"tid":7,"call":"write","args":{"fd":4,"count":9},"ret":5,"errno":null,"data":{"len":5,"text":"Hello"}}
{"type":"call","seq":2,"t":2,"dur":1,"pid":7,"tid":7,"call":"write","args":{"fd":4,"count":4},"ret":-1,"errno":"EAGAIN"}
{"type":"call","seq":3,"t":3,"dur":1,"pid":7,"tid":7,"call":"close","args":{"fd":4},"ret":0,"errno":null}
"#;

    #[test]
    fn calls_failures_and_bytes_are_counted() {
        let tally = of(LINES.as_bytes(), "write").expect("it is read");
        let line = tally.line("write", |n| n.to_string());
        assert_eq!(line, "write: 2 calls, 1 x EAGAIN, 5 bytes in all");
        let tally = of(LINES.as_bytes(), "close").expect("it is read");
        assert_eq!(tally.line("close", |_| "N".into()), "close: N calls");
    }
}
