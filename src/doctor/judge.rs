//! What the facts mean.
//!
//! In: [`Facts`]. Out: lines in the order of how much depends on them. A thing that httpsys can do
//! without is never a FIX.

use super::Line;
use super::facts::{Facts, PORT};
use crate::abi::errno::Errno;
use crate::server::holder::Holder;

/// The first kernel with PTRACE_GET_SYSCALL_INFO (`man 2 ptrace`).
const OLDEST: (u32, u32) = (5, 3);
/// Columns that every screen of httpsys fits.
const COLUMNS: usize = 80;
/// Rows that every screen of a scene fits.
const ROWS: usize = 24;
/// Descriptors for the default `--max-connections` and a few more.
const FILES: u64 = 16 * 1024 + 64;

/// A line for each thing.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let mut lines = vec![
        kernel(facts),
        architecture(facts),
        ptrace(facts),
        seccomp(facts),
        bpf(facts),
        io_uring(facts),
        openat2(facts),
        port(facts),
        ipv6(facts),
        files(facts),
        locale(facts),
        size(facts),
        colours(facts),
    ];
    lines.extend(facts.inside.map(|inside| {
        Line::ok(
            "surroundings",
            format!("inside {inside}: its limits are among the lines above"),
        )
    }));
    lines.extend(facts.environment.peers.iter().map(|peer| match &peer.path {
        Some(path) => Line::ok(peer.name, path.clone()),
        None => Line::fix(
            peer.name,
            "not found: lessons compare with it",
            format!("sudo apt-get install {}", peer.name),
        ),
    }));
    lines
}

/// `6.18.44-x` as (6, 18).
fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn kernel(facts: &Facts) -> Line {
    let release = &facts.kernel;
    match version(release) {
        Some(version) if version >= OLDEST => Line::ok("kernel", format!("Linux {release}")),
        _ => Line::fix(
            "kernel",
            format!("Linux {release}: trace needs {}.{}", OLDEST.0, OLDEST.1),
            "a newer kernel; serve, parse and get work with this one",
        ),
    }
}

fn architecture(facts: &Facts) -> Line {
    match facts.environment.architecture {
        "x86_64" | "aarch64" => Line::ok("architecture", facts.environment.architecture),
        other => Line::fix(
            "architecture",
            format!("{other}: system calls have other numbers here"),
            "an x86_64 or aarch64 machine",
        ),
    }
}

fn ptrace(facts: &Facts) -> Line {
    let Err(errno) = facts.ptrace else {
        return Line::ok("ptrace", "a child was traced");
    };
    let state = format!("a child may not be traced: {}", name(errno));
    let fix = match (facts.yama, facts.inside) {
        (Some(2..), _) => "sudo sysctl kernel.yama.ptrace_scope=1",
        (_, Some("Docker" | "Podman" | "a container")) => {
            "start the container with --cap-add=SYS_PTRACE"
        }
        _ => "run as root, or without the filter that forbids ptrace",
    };
    Line::fix("ptrace", state, fix)
}

fn seccomp(facts: &Facts) -> Line {
    let actions = facts.seccomp.as_deref().unwrap_or_default();
    match actions.split(' ').any(|action| action == "trace") {
        true => Line::ok("seccomp", "filters may stop single calls: trace is fast"),
        false => Line::ok("seccomp", "no filters: trace stops at every call, slower"),
    }
}

fn bpf(facts: &Facts) -> Line {
    Line::ok(
        "eBPF",
        match facts.bpf {
            Ok(()) => "allowed; not needed, trace uses ptrace".to_owned(),
            Err(errno) => format!("refused ({errno}); not needed, trace uses ptrace"),
        },
    )
}

fn io_uring(facts: &Facts) -> Line {
    let Err(errno) = facts.io_uring else {
        return Line::ok("io_uring", "allowed: serve --io uring works");
    };
    let state = format!("refused: {}", name(errno));
    let fix = match facts.io_uring_disabled {
        Some(1..) => "sudo sysctl kernel.io_uring_disabled=0",
        _ if facts.inside.is_some() => "a container whose seccomp profile allows io_uring_setup",
        _ if errno == Errno::ENOSYS => "a kernel with io_uring (5.11 or newer)",
        _ => "run without the filter that forbids io_uring_setup",
    };
    Line::fix("io_uring", state, fix)
}

fn openat2(facts: &Facts) -> Line {
    Line::ok(
        "openat2",
        match facts.openat2 {
            Ok(()) => "the kernel keeps paths below ROOT".to_owned(),
            Err(errno) => format!("refused ({errno}): serve checks paths part by part"),
        },
    )
}

fn port(facts: &Facts) -> Line {
    let thing = format!("port {PORT}");
    let state = match &facts.port {
        Ok(()) => return Line::ok(thing, "free"),
        Err(None) => "taken".to_owned(),
        Err(Some(Holder::Process { pid, name })) => format!("taken by {name} (process {pid})"),
        Err(Some(Holder::User(user))) => format!("taken by a process of user {user}"),
    };
    Line::fix(thing, state, "httpsys serve --listen 127.0.0.1:0")
}

fn ipv6(facts: &Facts) -> Line {
    match facts.ipv6 {
        true => Line::ok("IPv6", "[::1] can be listened on"),
        false => Line::fix(
            "IPv6",
            "[::1] cannot be listened on",
            "sudo sysctl net.ipv6.conf.all.disable_ipv6=0",
        ),
    }
}

fn files(facts: &Facts) -> Line {
    let thing = "descriptors";
    match facts.files {
        Some(hard) if hard < FILES => Line::fix(
            thing,
            format!("at most {hard}: fewer connections than --max-connections"),
            format!("ulimit -Hn {FILES} (as root)"),
        ),
        Some(u64::MAX) => Line::ok(thing, "as many as there is memory for"),
        Some(hard) => Line::ok(thing, format!("up to {hard}")),
        None => Line::ok(thing, "the limit is not known"),
    }
}

fn locale(facts: &Facts) -> Line {
    let named = facts.environment.locale.as_deref().unwrap_or("none");
    match facts.environment.utf8 {
        true => Line::ok("locale", format!("{named}: UTF-8")),
        false => Line::fix(
            "locale",
            format!("{named}: no UTF-8, screens are drawn in ASCII"),
            "export LC_ALL=C.UTF-8",
        ),
    }
}

fn size(facts: &Facts) -> Line {
    match facts.environment.size {
        None => Line::ok("width", "no terminal: 80 columns are used"),
        Some((columns, _)) if columns < COLUMNS => Line::fix(
            "width",
            format!("{columns} columns"),
            format!("make the window {COLUMNS} columns wide"),
        ),
        Some((columns, Some(rows))) if rows < ROWS => Line::fix(
            "width",
            format!("{columns} columns, but {rows} rows"),
            format!("make the window {ROWS} rows high"),
        ),
        Some((columns, _)) => Line::ok("width", format!("{columns} columns")),
    }
}

fn colours(facts: &Facts) -> Line {
    Line::ok(
        "colours",
        match facts.environment.colours {
            true => "used",
            false => "not used: no terminal, NO_COLOR or TERM=dumb",
        },
    )
}

/// `EPERM (Operation not permitted)`.
fn name(errno: Errno) -> String {
    match errno.name() {
        Some(name) => format!("{name} ({})", errno.text()),
        None => format!("errno {}", errno.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Environment, Peer};
    use super::*;
    use std::borrow::Cow;

    /// A machine on which everything works.
    fn good() -> Facts {
        Facts {
            environment: Environment {
                architecture: "x86_64",
                locale: Some("C.UTF-8".to_owned()),
                utf8: true,
                size: Some((80, Some(24))),
                colours: true,
                peers: vec![Peer {
                    name: "strace",
                    path: Some("/usr/bin/strace".to_owned()),
                }],
            },
            kernel: "6.1.0-18-amd64".to_owned(),
            ptrace: Ok(()),
            yama: Some(1),
            seccomp: Some("kill_process errno trace log allow".to_owned()),
            bpf: Err(Errno::EPERM),
            io_uring: Ok(()),
            io_uring_disabled: Some(0),
            openat2: Ok(()),
            port: Ok(()),
            ipv6: true,
            files: Some(1 << 20),
            inside: None,
        }
    }

    /// What there is to mend on a machine that differs from the good one in this.
    fn fixes(change: impl FnOnce(&mut Facts)) -> Vec<(Cow<'static, str>, String)> {
        let mut facts = good();
        change(&mut facts);
        let lines = judge(&facts);
        for line in &lines {
            for row in line.render().lines() {
                assert!(row.chars().count() <= 80, "{row}");
            }
        }
        lines
            .into_iter()
            .filter_map(|line| Some((line.thing, line.fix?)))
            .collect()
    }

    #[test]
    fn a_good_machine_needs_nothing() {
        assert_eq!(fixes(|_| {}), []);
        // What httpsys can do without is no reason to mend anything.
        let without = |facts: &mut Facts| {
            facts.seccomp = None;
            facts.openat2 = Err(Errno::ENOSYS);
            facts.bpf = Ok(());
            facts.environment.size = None;
            facts.environment.colours = false;
            facts.inside = Some("WSL");
            facts.files = None;
        };
        assert_eq!(fixes(without), []);
    }

    #[test]
    fn everything_that_is_missing_is_named_with_its_remedy() {
        type Change = fn(&mut Facts);
        let cases: [(&str, &str, Change); 17] = [
            ("kernel", "newer kernel", |f| f.kernel = "4.19.0".into()),
            ("kernel", "newer kernel", |f| f.kernel = "odd".into()),
            ("architecture", "x86_64", |f| {
                f.environment.architecture = "riscv64"
            }),
            ("ptrace", "ptrace_scope=1", |f| {
                (f.ptrace, f.yama) = (Err(Errno::EPERM), Some(3));
            }),
            ("ptrace", "SYS_PTRACE", |f| {
                (f.ptrace, f.inside) = (Err(Errno::EPERM), Some("Docker"));
            }),
            ("ptrace", "root", |f| {
                (f.ptrace, f.yama) = (Err(Errno(9999)), None)
            }),
            ("io_uring", "io_uring_disabled=0", |f| {
                (f.io_uring, f.io_uring_disabled) = (Err(Errno::EPERM), Some(2));
            }),
            ("io_uring", "seccomp profile", |f| {
                (f.io_uring, f.inside) = (Err(Errno::EPERM), Some("Podman"));
            }),
            ("io_uring", "5.11", |f| f.io_uring = Err(Errno::ENOSYS)),
            ("io_uring", "filter", |f| f.io_uring = Err(Errno::EPERM)),
            ("port 8080", "127.0.0.1:0", |f| f.port = Err(None)),
            ("IPv6", "disable_ipv6=0", |f| f.ipv6 = false),
            ("descriptors", "ulimit", |f| f.files = Some(1024)),
            ("locale", "C.UTF-8", |f| f.environment.utf8 = false),
            ("width", "80 columns", |f| {
                f.environment.size = Some((79, None));
            }),
            ("width", "24 rows", |f| {
                f.environment.size = Some((80, Some(23)));
            }),
            ("strace", "apt-get install strace", |f| {
                f.environment.peers[0].path = None;
            }),
        ];
        for (thing, remedy, change) in cases {
            let found = fixes(change);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].0 == thing && found[0].1.contains(remedy),
                "{found:?}"
            );
        }
    }

    #[test]
    fn who_has_the_port_is_said() {
        let mut facts = good();
        facts.port = Err(Some(Holder::Process {
            pid: 7,
            name: "nginx".to_owned(),
        }));
        assert!(
            port(&facts)
                .render()
                .contains("taken by nginx (process 7)\n")
        );
        facts.port = Err(Some(Holder::User(1000)));
        assert!(port(&facts).render().contains("user 1000"));
    }
}
