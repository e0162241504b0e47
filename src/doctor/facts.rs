//! Looks at the machine.
//!
//! In: the environment. Out: [`Facts`], plain data, so that every judgement can be tested on machines
//! that nobody has.

use crate::abi::Pid;
use crate::kernel::{Result, able};
use crate::server::holder::{self, Holder};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::{Command, Stdio};

/// What only the command line's surroundings know.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Environment {
    /// The CPU's name, as the compiler has it.
    pub architecture: &'static str,
    /// The locale in force: the first of LC_ALL, LC_CTYPE, LANG that is set.
    pub locale: Option<String>,
    /// Whether it prints UTF-8.
    pub utf8: bool,
    /// Columns and rows of the terminal; `None` when standard output is none.
    pub size: Option<(usize, Option<usize>)>,
    /// Whether colours would be used.
    pub colours: bool,
    /// Programs that tests, lessons or users compare with.
    pub peers: Vec<Peer>,
}

/// A program that may be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Where it was found.
    pub path: Option<String>,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// From the command line's surroundings.
    pub environment: Environment,
    /// `uname -r`.
    pub kernel: String,
    /// Whether a child may be traced.
    pub ptrace: Result<()>,
    /// `kernel.yama.ptrace_scope`, where there is Yama.
    pub yama: Option<u8>,
    /// What a seccomp filter may ask for (`man 2 seccomp`), where the kernel says.
    pub seccomp: Option<String>,
    /// Whether an eBPF map may be made.
    pub bpf: Result<()>,
    /// Whether a ring may be made.
    pub io_uring: Result<()>,
    /// `kernel.io_uring_disabled`, where there is such a setting.
    pub io_uring_disabled: Option<u8>,
    /// Whether paths can be kept below a directory by the kernel.
    pub openat2: Result<()>,
    /// The default port: free, or who has it if that can be told.
    pub port: std::result::Result<(), Option<Holder>>,
    /// Whether `[::1]` can be listened on.
    pub ipv6: bool,
    /// The most descriptors this process may be given: the hard limit (`man 2 getrlimit`).
    pub files: Option<u64>,
    /// A container, or Windows below: its name.
    pub inside: Option<&'static str>,
}

/// The port of `serve` without `--listen`.
pub const PORT: u16 = 8080;

/// Looks. Takes a few milliseconds, changes nothing.
pub fn look(environment: Environment) -> Facts {
    Facts {
        environment,
        kernel: read("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned()),
        ptrace: ptrace(),
        yama: number("/proc/sys/kernel/yama/ptrace_scope"),
        seccomp: read("/proc/sys/kernel/seccomp/actions_avail"),
        bpf: able::bpf(),
        io_uring: able::io_uring(),
        io_uring_disabled: number("/proc/sys/kernel/io_uring_disabled"),
        openat2: able::openat2(),
        port: port(),
        ipv6: TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok(),
        files: files(),
        inside: inside(),
    }
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn number(path: &str) -> Option<u8> {
    read(path)?.parse().ok()
}

/// With a real child: a shell that waits for a line and is killed.
fn ptrace() -> Result<()> {
    let child = Command::new("/bin/sh")
        .args(["-c", "read line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return Err(crate::abi::errno::Errno::ENOENT);
    };
    let answer = able::ptrace(Pid(child.id()));
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn port() -> std::result::Result<(), Option<Holder>> {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    match TcpListener::bind((here, PORT)) {
        Ok(_) => Ok(()),
        Err(_) => Err(holder::of_port(here, PORT)),
    }
}

/// From `/proc/self/limits`: `Max open files  SOFT  HARD  files`.
fn files() -> Option<u64> {
    let limits = read("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_ascii_whitespace().nth(1)? {
        "unlimited" => Some(u64::MAX),
        hard => hard.parse().ok(),
    }
}

fn inside() -> Option<&'static str> {
    let is = |path: &str| fs::metadata(path).is_ok();
    let kernel = read("/proc/sys/kernel/osrelease")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let cgroup = read("/proc/1/cgroup").unwrap_or_default();
    match () {
        () if kernel.contains("microsoft") => Some("WSL"),
        () if is("/.dockerenv") => Some("Docker"),
        () if is("/run/.containerenv") => Some("Podman"),
        () if ["docker", "kubepods", "lxc"]
            .iter()
            .any(|name| cgroup.contains(name)) =>
        {
            Some("a container")
        }
        () => None,
    }
}
