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
    fn a_process_that_waits_for_us_is_switched_away_from() {
        use std::io::{Read, Write};
        use std::process::{Command, Stdio};
        let mut echo = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cat is everywhere");
        let (mut to, mut from) = (echo.stdin.take().unwrap(), echo.stdout.take().unwrap());
        let mut ask = || {
            to.write_all(b"x").unwrap();
            from.read_exact(&mut [0]).unwrap();
        };
        ask();
        let before = of(echo.id());
        let mut tries = 0;
        // It may find our next byte before it sleeps, but not each time.
        while of(echo.id()) == before && tries < 10_000 {
            ask();
            tries += 1;
        }
        assert!(of(echo.id()) > before, "after {tries} tries");
        drop(to);
        echo.wait().unwrap();
        assert_eq!(of(u32::MAX), 0);
    }
}
