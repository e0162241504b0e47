//! The page at `/metrics`: what was counted, in Prometheus' text format.
//!
//! In: the server's own sums and the probe's counts of calls. Out: text, version 0.0.4
//! (prometheus.io/docs/instrumenting/exposition_formats): for each family `# HELP`, `# TYPE`, then its
//! samples. Durations are in seconds, as Prometheus wants its units. Every value is a whole number or a
//! decimal fraction that is exact, and the same counts give the same text.

use super::config::IoModel;
use super::metrics::{BOUNDS, Metrics, Sums};
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::kernel::Probe;
use crate::kernel::probe::Total;
use crate::kernel::{CallId, Failure};

/// What the answer says its type is.
pub const KIND: &[u8] = b"text/plain; version=0.0.4; charset=utf-8";

/// The calls, as far as a probe counted them.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Each call, how often it was made, how often it failed.
    pub totals: Option<Vec<Total>>,
    /// The failures, by call and error number.
    pub failures: Option<Vec<Failure>>,
}

impl Calls {
    /// What this probe has counted so far.
    pub fn of<P: Probe>(probe: &P) -> Calls {
        Calls {
            totals: probe.totals(),
            failures: probe.failures_by_call(),
        }
    }
}

/// Appends the page. `model` is what `--io` said.
pub fn write(model: &str, metrics: &Metrics, calls: &Calls, out: &mut Vec<u8>) {
    let mut page = Page { out };
    let sums = metrics.sums();
    page.family(
        "httpsys_build_info",
        "gauge",
        "Which program answers, and how it waits; always 1.",
    );
    let version = env!("CARGO_PKG_VERSION");
    page.sample(
        "httpsys_build_info",
        &[("version", version), ("io", model)],
        1,
    );
    requests(&mut page, &sums);
    durations(&mut page, &sums);
    connections(&mut page, &sums);
    bytes(&mut page, &sums);
    if let Some(totals) = &calls.totals {
        made(&mut page, totals);
    }
    if let Some(failures) = &calls.failures {
        failed(&mut page, failures);
    }
    if model == IoModel::Uring.name() {
        operations(&mut page, &sums);
    }
}

fn requests(page: &mut Page<'_>, sums: &Sums) {
    const NAME: &str = "httpsys_requests_total";
    page.family(NAME, "counter", "Requests answered, by status.");
    for (status, count) in &sums.statuses {
        let code = match status {
            0 => "other".to_owned(),
            code => code.to_string(),
        };
        page.sample(NAME, &[("status", &code)], *count);
    }
}

fn durations(page: &mut Page<'_>, sums: &Sums) {
    const NAME: &str = "httpsys_request_duration_seconds";
    const HELP: &str = "From the first byte of a request to its answer, ready to be sent.";
    page.family(NAME, "histogram", HELP);
    let mut so_far = 0;
    let bounds = BOUNDS.iter().map(|bound| seconds(*bound));
    for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(sums.buckets) {
        so_far += count;
        page.sample(&format!("{NAME}_bucket"), &[("le", &bound)], so_far);
    }
    page.line(&format!("{NAME}_sum {}", seconds(sums.time)));
    // The count is that of the last bucket, whatever was counted meanwhile.
    page.line(&format!("{NAME}_count {so_far}"));
}

fn connections(page: &mut Page<'_>, sums: &Sums) {
    const TOTAL: &str = "httpsys_connections_total";
    page.family(TOTAL, "counter", "Connections accepted.");
    page.sample(TOTAL, &[], sums.opened);
    const OPEN: &str = "httpsys_connections_open";
    page.family(OPEN, "gauge", "Connections open now.");
    page.sample(OPEN, &[], sums.opened.saturating_sub(sums.closed));
}

fn bytes(page: &mut Page<'_>, sums: &Sums) {
    const IN: &str = "httpsys_received_bytes_total";
    page.family(IN, "counter", "Bytes read from connections.");
    page.sample(IN, &[], sums.received);
    const OUT: &str = "httpsys_sent_bytes_total";
    page.family(OUT, "counter", "Bytes sent to connections.");
    page.sample(OUT, &[], sums.sent);
}

fn made(page: &mut Page<'_>, totals: &[Total]) {
    const NAME: &str = "httpsys_syscalls_total";
    page.family(NAME, "counter", "System calls made for serving, by name.");
    for (call, count, _) in totals {
        page.sample(NAME, &[("call", call.name())], *count);
    }
}

fn failed(page: &mut Page<'_>, failures: &[Failure]) {
    const NAME: &str = "httpsys_syscall_errors_total";
    const HELP: &str = "System calls that failed, by name and errno.";
    page.family(NAME, "counter", HELP);
    let mut rows: Vec<(CallId, String, u64)> = Vec::new();
    for (call, errno, count) in failures {
        let name = label(*errno);
        // Two numbers may share a name on some CPU: one sample for both.
        match rows.iter_mut().find(|row| row.0 == *call && row.1 == name) {
            Some(row) => row.2 += count,
            None => rows.push((*call, name, *count)),
        }
    }
    for (call, errno, count) in rows {
        page.sample(NAME, &[("call", call.name()), ("errno", &errno)], count);
    }
}

fn operations(page: &mut Page<'_>, sums: &Sums) {
    const ENDED: &str = "httpsys_ring_operations_total";
    const FAILED: &str = "httpsys_ring_operation_errors_total";
    page.family(
        ENDED,
        "counter",
        "Operations of rings that have ended, by kind.",
    );
    for (opcode, count) in &sums.operations {
        page.sample(ENDED, &[("op", &operation(*opcode))], *count);
    }
    page.family(
        FAILED,
        "counter",
        "Operations that failed, by kind and errno.",
    );
    for (opcode, errno, count) in &sums.failed_operations {
        let labels = [("op", &*operation(*opcode)), ("errno", &*label(*errno))];
        page.sample(FAILED, &labels, *count);
    }
}

/// `IORING_OP_READ`, say: the word that recordings have.
fn operation(opcode: u8) -> String {
    let name = flags::IORING_OP.name_of(u64::from(opcode));
    name.map_or_else(|| opcode.to_string(), str::to_owned)
}

fn label(errno: Errno) -> String {
    let name = errno.name();
    name.map_or_else(|| errno.0.to_string(), str::to_owned)
}

/// Nanoseconds as seconds, exactly: `0.00001`, `2.5`, `10`.
fn seconds(nanoseconds: u64) -> String {
    let (whole, part) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:09}");
    text.trim_end_matches('0').to_owned()
}

/// The page as it grows.
struct Page<'a> {
    out: &'a mut Vec<u8>,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {kind}"));
    }

    /// Labels' values are our own words, which need no escapes.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let inside: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        match inside.is_empty() {
            true => self.line(&format!("{name} {value}")),
            false => self.line(&format!("{name}{{{}}} {value}", inside.join(","))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::errno::Errno;
    use std::sync::Arc;

    #[test]
    fn nanoseconds_are_seconds_exactly() {
        for (nanoseconds, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (10_000, "0.00001"),
            (2_500_000_000, "2.5"),
            (10_000_000_000, "10"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            assert_eq!(seconds(nanoseconds), text);
        }
    }

    #[test]
    fn the_page_says_what_was_counted() {
        let metrics = Arc::new(Metrics::default());
        let counter = metrics.counter();
        let _open = counter.connection();
        counter.answer(200);
        counter.answer(200);
        counter.took(2, 20_000);
        counter.sent(99);
        counter.operation(22, Err(Errno(125)));
        let read = CallId::from_name("read").unwrap();
        let calls = Calls {
            totals: Some(vec![(read, 3, 1)]),
            failures: Some(vec![(read, Errno(11), 1), (read, Errno(777), 2)]),
        };
        let mut out = Vec::new();
        write("uring", &metrics, &calls, &mut out);
        let page = String::from_utf8(out.clone()).unwrap();
        for line in [
            "httpsys_requests_total{status=\"200\"} 2",
            "httpsys_request_duration_seconds_bucket{le=\"0.00001\"} 0",
            "httpsys_request_duration_seconds_bucket{le=\"0.000025\"} 2",
            "httpsys_request_duration_seconds_bucket{le=\"+Inf\"} 2",
            "httpsys_request_duration_seconds_sum 0.00004",
            "httpsys_request_duration_seconds_count 2",
            "httpsys_connections_open 1",
            "httpsys_sent_bytes_total 99",
            "httpsys_syscalls_total{call=\"read\"} 3",
            "httpsys_syscall_errors_total{call=\"read\",errno=\"EAGAIN\"} 1",
            "httpsys_syscall_errors_total{call=\"read\",errno=\"777\"} 2",
            "httpsys_ring_operations_total{op=\"IORING_OP_READ\"} 1",
            "httpsys_ring_operation_errors_total{op=\"IORING_OP_READ\",errno=\"ECANCELED\"} 1",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
        out.clear();
        write("epoll", &metrics, &calls, &mut out);
        let page = String::from_utf8_lossy(&out);
        assert!(!page.contains("ring"), "{page}");
    }
}
