//! What to say when the machine does not let us trace: the setting that forbids it, and the remedy.

use crate::abi::errno::Errno;
use crate::source::ptrace::Failure;
use crate::source::ptrace::Refusal;
use nix::errno::Errno as Number;

/// `ENOENT: no such file or directory`.
fn words(errno: Errno) -> String {
    format!("{} ({})", errno.text(), errno.name().unwrap_or("?"))
}

/// Without the filter it works too, only slower.
pub fn filter(errno: Errno) -> String {
    format!(
        "seccomp: {}: no filter here, so every call stops (slower)",
        words(errno)
    )
}

/// Why a program could not be started under trace.
pub fn launch(name: &str, failure: Failure) -> String {
    match failure {
        Failure::Exec(errno) => format!("execve {name}: {}{}", words(errno), exec_hint(errno)),
        Failure::Seize(errno) => format!(
            "ptrace {name}: {}; {}",
            words(errno),
            not_launched(own_tracer(), yama().as_deref())
        ),
        Failure::Filter(errno) => format!("seccomp: {}", words(errno)),
        Failure::Cpu(errno) => format!("--one-cpu: sched_setaffinity: {}", words(errno)),
        Failure::Call(call, errno) => format!("{call}: {}", words(errno)),
    }
}

/// Why a child of ours may not be traced.
fn not_launched(tracer: Option<u32>, yama: Option<&str>) -> String {
    if let Some(tracer) = tracer {
        return format!(
            "process {tracer} traces httpsys itself, and so its children (TracerPid in /proc/self/status): \
             run httpsys without it"
        );
    }
    // Its own children anyone may trace there.
    let yama = yama.filter(|level| *level != "1").and_then(restricted);
    yama.unwrap_or_else(|| {
        "this container or sandbox does not let programs be traced: \
         docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined lets them"
            .to_string()
    })
}

/// Who traces this process.
fn own_tracer() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok().filter(|tracer| *tracer != 0)
}

fn exec_hint(errno: Errno) -> &'static str {
    match Number::from_raw(errno.0) {
        Number::ENOENT => "; the file is there, so what its first line or its loader names is not",
        Number::ENOEXEC => "; is it a script without a first line #!/bin/sh, or for another CPU?",
        Number::EACCES => "; is it executable, and its file system not mounted noexec?",
        Number::E2BIG => "; its arguments and environment are too long",
        _ => "",
    }
}

/// Why a running process could not be traced.
pub fn attach(refusal: &Refusal) -> String {
    let Refusal {
        pid,
        errno,
        tracer,
        ended,
        owner,
    } = refusal;
    let why = match Number::from_raw(errno.0) {
        _ if *ended => "it has ended; only its parent can still ask for its status".to_string(),
        Number::ESRCH => "there is no such process; ps -e lists those there are".to_string(),
        _ if let Some(tracer) = tracer => {
            format!(
                "process {tracer} traces it already (TracerPid in /proc/{pid}/status): end that one first"
            )
        }
        _ if *pid == std::process::id() as i32 => "that is this very process".to_string(),
        _ => foreign(*owner)
            .or_else(|| yama().as_deref().and_then(restricted))
            .unwrap_or_else(|| {
                "run it as root, or give CAP_SYS_PTRACE; a kernel thread cannot be traced"
                    .to_string()
            }),
    };
    format!("ptrace -p {pid}: {}; {why}", words(*errno))
}

fn foreign(owner: Option<u32>) -> Option<String> {
    let me = nix::unistd::geteuid();
    let owner = owner.filter(|owner| !me.is_root() && *owner != me.as_raw())?;
    Some(format!(
        "it belongs to user {owner} and you are {me}: sudo httpsys trace -p ..."
    ))
}

/// Where Yama says who may trace (`Documentation/admin-guide/LSM/Yama.rst`).
const YAMA: &str = "/proc/sys/kernel/yama/ptrace_scope";

/// Its level; `None` on a kernel without it.
fn yama() -> Option<String> {
    let level = std::fs::read_to_string(YAMA).ok()?;
    Some(level.trim().to_string())
}

/// What a level of Yama's forbids, and the remedy.
fn restricted(level: &str) -> Option<String> {
    let who = match level {
        "1" => {
            "only its own parent may trace a process: start it with httpsys trace -- CMD, use sudo, or"
        }
        "2" => "only root may trace: use sudo, or",
        "3" => return Some(format!("{YAMA} is 3: nobody may trace until the next boot")),
        _ => return None,
    };
    Some(format!(
        "{YAMA} is {level}: {who} sudo sysctl kernel.yama.ptrace_scope=0"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_setting_and_the_remedy() {
        let launched = |tracer, level| not_launched(tracer, level);
        assert!(launched(Some(7), Some("3")).starts_with("process 7 traces httpsys itself"));
        assert!(launched(None, None).contains("--cap-add=SYS_PTRACE"));
        assert!(launched(None, Some("1")).contains("--cap-add=SYS_PTRACE"));
        assert!(launched(None, Some("2")).contains("ptrace_scope is 2: only root"));
        assert!(launched(None, Some("3")).contains("until the next boot"));
        let level = |level| restricted(level).unwrap_or_default();
        assert!(level("1").contains("httpsys trace -- CMD"));
        for number in ["1", "2"] {
            assert!(level(number).contains("sysctl kernel.yama.ptrace_scope=0"));
            assert!(level(number).contains(&format!("{YAMA} is {number}: ")));
        }
        assert_eq!(restricted("0"), None);
        let refused = |errno: Number, tracer, owner| {
            attach(&Refusal {
                pid: 1,
                errno: Errno(errno as i32),
                tracer,
                ended: false,
                owner,
            })
        };
        let twice = refused(Number::EPERM, Some(9), None);
        assert!(twice.contains("process 9 traces it already"), "{twice}");
        assert!(twice.contains("TracerPid in /proc/1/status"), "{twice}");
        assert!(refused(Number::ESRCH, None, None).contains("no such process"));
    }
}
