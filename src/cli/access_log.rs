//! The access log's writer: a thread that owns standard output, so that serving never waits for it.

use super::say;
use super::stream::plain;
use crate::server::log::Log;
use crate::server::log::LogFormat;
use crate::server::log::LogRecord;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

/// A log that is being written.
pub struct AccessLog {
    log: Log,
    writer: JoinHandle<()>,
}

impl AccessLog {
    /// Starts to write lines of this form to standard output; `across` for records that come from
    /// forked processes.
    ///
    /// # Errors
    /// A sentence, when no thread can be had.
    pub fn start(format: LogFormat, across: bool) -> Result<AccessLog, String> {
        let (log, records) = match across {
            true => Log::across_processes()
                .map_err(|error| format!("the access log: {}", plain(&error)))?,
            false => Log::new(),
        };
        let writer = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write(format, &records))
            .map_err(|error| format!("start a thread: {}", plain(&error)))?;
        Ok(AccessLog { log, writer })
    }

    /// The serving threads' end.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Waits until everything is written; the serving threads have ended.
    pub fn finish(self) {
        let dropped = self.log.dropped();
        drop(self.log);
        let _ = self.writer.join();
        match dropped[0].load(Ordering::Relaxed) {
            0 => {}
            lost => say(&format!(
                "httpsys: the access log could not keep up: {lost} lines are missing"
            )),
        }
    }
}

/// Writes lines as they come, many with one write while they come fast.
fn write(format: LogFormat, records: &Receiver<LogRecord>) {
    let mut lines = Vec::new();
    let mut broken = false;
    while let Ok(first) = records.recv() {
        format.line(&first, &mut lines);
        while let Ok(next) = records.try_recv() {
            format.line(&next, &mut lines);
        }
        let mut out = std::io::stdout().lock();
        let written = out.write_all(&lines).and_then(|()| out.flush());
        lines.clear();
        if let Err(error) = written
            && !std::mem::replace(&mut broken, true)
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            say(&format!(
                "httpsys: write the access log: {}: nothing more is logged; serving goes on",
                plain(&error)
            ));
        }
    }
}
