//! How often the kernel switched away from the serving threads (`man 5 proc_pid_status`).
//!
//! In: a server's process. Out: `voluntary_ctxt_switches` (it slept) and `nonvoluntary_ctxt_switches`
//! (its time was up), summed over its threads and over the processes it has made. The tool's own
//! threads (trace, signals, log) are left out: they are no part of serving. What has ended is not in
//! `/proc` any more: look while the clients are still connected.

use std::fs;

/// Names of threads that do not serve.
const OWN: [&str; 6] = ["trace", "signals", "log", "log-reader", "stop", "metrics"];

/// Switches so far; threads of a process that has gone count nothing.
pub fn of(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return 0;
    };
    tasks
        .flatten()
        .map(|task| {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            if OWN.contains(&read("comm").trim_end()) {
                return 0;
            }
            let children = read("children");
            let below: u64 = children
                .split_ascii_whitespace()
                .filter_map(|child| child.parse().ok())
                .map(of)
                .sum();
            below + in_status(&read("status"))
        })
        .sum()
}

fn in_status(status: &str) -> u64 {
    status
        .lines()
        .filter_map(|line| line.split_once("ctxt_switches:"))
        .filter_map(|(_, count)| count.trim().parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_switches_are_read_from_a_status() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(in_status(status), 157);
        for cut in 0..status.len() {
            assert!(in_status(&status[..cut]) <= 157);
        }
    }

    #[test]
    fn a_thread_that_sleeps_is_switched_away_from() {
        let before = of(std::process::id());
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(of(std::process::id()) >= before + 20);
        assert_eq!(of(u32::MAX), 0);
    }
}
