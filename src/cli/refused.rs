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
            yama().unwrap_or_else(|| {
                "this container or sandbox does not let programs be traced: \
                 docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined lets them"
                    .to_string()
            })
        ),
        Failure::Filter(errno) => format!("seccomp: {}", words(errno)),
        Failure::Call(call, errno) => format!("{call}: {}", words(errno)),
    }
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
        owner,
    } = refusal;
    let why = match Number::from_raw(errno.0) {
        Number::ESRCH => "there is no such process; ps -e lists those there are".to_string(),
        _ if let Some(tracer) = tracer => {
            format!(
                "process {tracer} traces it already (TracerPid in /proc/{pid}/status): end that one first"
            )
        }
        _ if *pid == std::process::id() as i32 => "that is this very process".to_string(),
        _ => foreign(*owner).or_else(yama).unwrap_or_else(|| {
            "run it as root, or give CAP_SYS_PTRACE; a kernel thread cannot be traced".to_string()
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

/// Where Yama restricts tracing (`Documentation/admin-guide/LSM/Yama.rst`).
fn yama() -> Option<String> {
    const SETTING: &str = "/proc/sys/kernel/yama/ptrace_scope";
    let level = std::fs::read_to_string(SETTING).ok()?;
    let advice = match level.trim() {
        "1" => {
            "only its own parent may trace a process: start it with httpsys trace -- CMD, use sudo, or"
        }
        "2" => "only root may trace: use sudo, or",
        "3" => {
            return Some(format!(
                "{SETTING} is 3: nobody may trace until the next boot"
            ));
        }
        _ => return None,
    };
    Some(format!(
        "{SETTING} is {}: {advice} sudo sysctl kernel.yama.ptrace_scope=0",
        level.trim()
    ))
}
