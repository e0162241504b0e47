//! The table of calls against the kernel's own headers, for both CPUs.
//!
//! Second witness: `asm/unistd_64.h` and `asm-generic/unistd.h` of the package `linux-libc-dev`, which
//! comes with every C compiler: the generic list on any CPU, the other on its own. Left out: calls newer than
//! those headers, or than our table.

use httpsys::abi::calls::{CALLS, CallId};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

mod common;

/// What `arch/arm64/include/uapi/asm/unistd.h` asks of the generic list: Linux 6.1 writes it so, later
/// ones have a table of names, which gives the same.
const ARM64: &str = "#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_NEW_STAT
#define __ARCH_WANT_SET_GET_RLIMIT
#define __ARCH_WANT_TIME32_SYSCALLS
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_MEMFD_SECRET
#include <asm-generic/unistd.h>
";

/// Calls that were given a number below those that were there already.
const FILLED_LATER: [&str; 2] = ["uretprobe", "uprobe"];

/// Names and numbers that these lines define, as the C preprocessor sees them. `None`: no such header.
fn header(lines: &str) -> Option<BTreeMap<String, u16>> {
    let mut child = Command::new("cc")
        .args(["-E", "-dM", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cc starts");
    let mut input = child.stdin.take().expect("it was asked for");
    input.write_all(lines.as_bytes()).expect("cc reads");
    drop(input);
    let output = child.wait_with_output().expect("cc ends");
    let text = String::from_utf8(output.stdout).expect("headers are ASCII");
    let defined: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_once(' '))
        .collect();
    // The generic list gives some numbers a name of their own first: `__NR_lseek __NR3264_lseek`.
    let number = |value: &str| {
        let value = defined.get(value).copied().unwrap_or(value);
        value.parse().ok()
    };
    let calls: BTreeMap<String, u16> = defined
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("__NR_")?.to_string(), number(value)?)))
        // Two that are marks in the list, not calls.
        .filter(|(name, _)| name != "syscalls" && name != "arch_specific_syscall")
        .collect();
    (output.status.success() && !calls.is_empty()).then_some(calls)
}

/// Holds a column of the table against a header, both ways.
fn compare(cpu: &str, lines: &str, column: impl Fn(CallId) -> Option<u16>) {
    if !common::peer("cc") {
        return;
    }
    let Some(header) = header(lines) else {
        assert!(
            std::env::var("HTTPSYS_REQUIRE_PEERS").as_deref() != Ok("1"),
            "the headers of {cpu} are required and not found"
        );
        eprintln!("skipped: headers of {cpu} not found");
        return;
    };
    assert!(header.len() > 300, "{cpu}: {header:?}");
    let ours: BTreeMap<u16, &str> = CallId::all()
        .filter_map(|id| Some((column(id)?, id.name())))
        .collect();
    let mut differ = Vec::new();
    let newest = ours.keys().max().expect("the table is not empty");
    for (name, number) in header.iter().filter(|(_, number)| *number <= newest) {
        match ours.get(number) {
            Some(ours) if ours == name => {}
            found => differ.push(format!("{cpu} {number}: header {name}, table {found:?}")),
        }
    }
    let newest = header.values().max().expect("it was not empty");
    for (number, name) in ours.range(..=newest) {
        if !header.contains_key(*name) && !FILLED_LATER.contains(name) {
            differ.push(format!("{cpu} {number}: table {name}, header nothing"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn numbers_and_names_are_those_of_the_kernels_headers_on_x86_64() {
    if cfg!(not(target_arch = "x86_64")) {
        eprintln!("skipped: headers of x86_64 not found");
        return;
    }
    compare("x86_64", "#include <asm/unistd_64.h>\n", |id| {
        id.signature().x86_64
    });
}

#[test]
fn numbers_and_names_are_those_of_the_kernels_headers_on_aarch64() {
    compare("aarch64", ARM64, |id| id.signature().aarch64);
}

/// The older calls that aarch64 was born without: what a program makes there instead.
#[test]
fn calls_that_aarch64_lacks_have_a_younger_one_that_it_has() {
    for (old, young) in [
        ("open", "openat"),
        ("stat", "newfstatat"),
        ("poll", "ppoll"),
        ("select", "pselect6"),
        ("epoll_wait", "epoll_pwait"),
        ("epoll_create", "epoll_create1"),
        ("pipe", "pipe2"),
        ("dup2", "dup3"),
        ("eventfd", "eventfd2"),
        ("signalfd", "signalfd4"),
        ("fork", "clone"),
        ("vfork", "clone"),
    ] {
        let row = |name| {
            CallId::from_name(name)
                .expect("both are in the table")
                .signature()
        };
        assert!(
            row(old).x86_64.is_some() && row(old).aarch64.is_none(),
            "{old}"
        );
        assert!(
            row(young).x86_64.is_some() && row(young).aarch64.is_some(),
            "{young}"
        );
    }
    assert!(CALLS.len() > 300);
}
