//! Pages for system calls, built from the signature table and the errors' sentences for each call.

use super::Page;
use crate::abi::calls;
use crate::abi::calls::CallId;
use crate::abi::calls::Kind;
use crate::abi::calls::Param;
use crate::abi::calls::class;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::abi::flags::FlagSet;

/// Names of C library functions that make a call of another name.
static FUNCTIONS: &[(&str, CallId)] = &[
    ("send", calls::SENDTO),
    ("recv", calls::RECVFROM),
    ("pread", calls::PREAD64),
    ("pwrite", calls::PWRITE64),
    ("wait", calls::WAIT4),
    ("waitpid", calls::WAIT4),
    ("fstatat", calls::NEWFSTATAT),
    ("sigaction", calls::RT_SIGACTION),
    ("sigprocmask", calls::RT_SIGPROCMASK),
    ("pselect", calls::PSELECT6),
    ("prlimit", calls::PRLIMIT64),
    ("readdir", calls::GETDENTS64),
    ("posix_fadvise", calls::FADVISE64),
    ("pthread_create", calls::CLONE3),
    ("umount", calls::UMOUNT2),
];

/// The page of a call, by its name or `#` and its number on this CPU.
pub fn find(word: &str) -> Option<Page> {
    let name = word.to_ascii_lowercase();
    if let Some(page) = set_page(&name) {
        return Some(page);
    }
    if let Some(id) = CallId::from_name(&name) {
        return Some(page(id));
    }
    let function = FUNCTIONS.iter().find(|(function, _)| *function == name);
    function.map(|(function, id)| {
        let kind = format!(
            "a function of the C library; it makes the call {}",
            id.name()
        );
        let mut page = Page::new(function, &kind);
        page.join(self::page(*id));
        page
    })
}

/// Every call, and the C library's other names.
pub fn all() -> Vec<String> {
    let functions = FUNCTIONS.iter().map(|(function, _)| *function);
    let sets = SETS.iter().map(|(_, name)| *name);
    CallId::all()
        .map(CallId::name)
        .chain(functions)
        .chain(sets)
        .map(String::from)
        .collect()
}

fn page(id: CallId) -> Page {
    let row = id.signature();
    let number = |n: Option<u16>| n.map_or("none".to_string(), |n| n.to_string());
    let kind = format!(
        "system call {} (on aarch64 {})",
        number(row.x86_64),
        number(row.aarch64)
    );
    let errors = Errno::that_matter_for(id);
    let errors = errors
        .iter()
        .map(|(errno, text)| (errno.to_string(), (*text).to_string()));
    Page::new(row.name, &kind)
        .text(&synopsis(id))
        .text(row.sentence)
        .list(
            "arguments",
            row.params
                .iter()
                .filter_map(|param| argument(id, param))
                .collect(),
        )
        .row("result", &format!("{}{}", result(id), on_failure(id)))
        .row(
            "waits",
            if row.waits {
                "it may sleep for as long as the other side pleases"
            } else {
                ""
            },
        )
        .list("errors", errors.collect())
        .row("in a life", &life(id))
        .row(
            "see",
            &format!("man 2 {}{}", row.name, classes(row.classes)),
        )
}

fn synopsis(id: CallId) -> String {
    let names: Vec<&str> = id
        .signature()
        .params
        .iter()
        .filter(|param| !matches!(param.kind, Kind::Unused))
        .map(|param| param.name)
        .collect();
    format!("{}({})", id.name(), names.join(", "))
}

fn argument(id: CallId, param: &Param) -> Option<(String, String)> {
    let meaning = match its_own(id, param.name) {
        Some(words) => words.to_string(),
        None => meaning(param)?,
    };
    Some((param.name.to_string(), meaning))
}

/// What an argument is in this call and no other.
fn its_own(id: CallId, name: &str) -> Option<&'static str> {
    Some(match (id, name) {
        (calls::SELECT | calls::PSELECT6, "nfds") => "the highest number in any set, plus one",
        (calls::POLL | calls::PPOLL, "nfds") => "how many entries the list has",
        (calls::DUP2 | calls::DUP3, "newfd") => "the number it is to have; what had it is closed",
        (_, "sigsetsize") => "how many bytes that is: 8",
        (calls::FUTEX, "timeout") => "a time to wait at most; NULL for no limit",
        (calls::SELECT | calls::PSELECT6, "timeout") => {
            "a time; NULL for no limit. select leaves in it what is left"
        }
        _ => return None,
    })
}

/// What an argument is; `None` for what needs no words.
fn meaning(param: &Param) -> Option<String> {
    let text = match param.kind {
        Kind::Unused => return None,
        Kind::Int | Kind::Uint | Kind::Hex | Kind::Pointer => plain(param)?,
        Kind::Size => "how many (bytes, as a rule)",
        Kind::Offset => "where: bytes from the beginning",
        Kind::Mode => "permission bits, in octal",
        Kind::Fd => "a descriptor",
        Kind::DirFd => "a directory's descriptor, or AT_FDCWD for the current one",
        Kind::Flags(set) => return Some(format!("bits: {}", some_of(set))),
        Kind::Constant(set) => return Some(format!("one of {}", some_of(set))),
        Kind::OpenFlags => {
            "O_RDONLY, O_WRONLY or O_RDWR, and bits: O_CREAT, O_TRUNC, O_CLOEXEC, ..."
        }
        Kind::SocketType => "SOCK_STREAM, SOCK_DGRAM, ... and bits: SOCK_CLOEXEC, SOCK_NONBLOCK",
        Kind::Protocol { .. } => "a protocol of the family; 0 for the usual one",
        Kind::OptionName { .. } => "an option of that level: SO_REUSEADDR, TCP_NODELAY, ...",
        Kind::FcntlArg { .. } => "what the operation needs, if it needs anything",
        Kind::IoctlArg { .. } => "what the request needs",
        Kind::CloneFlags => "bits: CLONE_VM, CLONE_FILES, ... and the signal for the parent",
        Kind::Path => "a path or name, ended by a zero byte",
        Kind::BytesIn { .. } => "the bytes",
        Kind::BytesOut { .. } => "where the bytes go",
        Kind::AddressIn { .. } => "an address and port",
        Kind::AddressOut { .. } => "filled in: an address and port; NULL if nobody wants to know",
        Kind::LengthInOut => "before: how much room there is; after: how much was needed",
        Kind::OptionIn { .. } => "the new value",
        Kind::OptionOut { .. } => "filled in: the value",
        Kind::VectorIn { .. } => "a list of buffers with bytes",
        Kind::VectorOut { .. } => "a list of buffers to fill",
        Kind::MessageIn => "buffers with bytes, an address, control data",
        Kind::MessageOut => "filled in: buffers, an address, control data",
        Kind::MessagesIn { .. } => "a list of messages",
        Kind::MessagesOut { .. } => "a list of messages to fill",
        Kind::EpollEvent => "what to wait for (EPOLLIN, EPOLLOUT, ...) and a word to get back",
        Kind::EpollEvents => "filled in: what is ready",
        Kind::PollFds { .. } => "the descriptors, what to wait for, and (after) what is ready",
        Kind::FdSet { .. } => "a set of descriptors; after: those that are ready",
        Kind::Timespec | Kind::Timeval => "a time; NULL for no limit, as a rule",
        Kind::TimespecOut => "filled in: a time",
        Kind::TimespecLeft => "filled in where a signal ended the sleep: what was left of it",
        Kind::Itimerspec => "first time and interval",
        Kind::ItimerspecOut => "filled in: time left and interval",
        Kind::SigSet { .. } | Kind::PackedSigSet => "signals to hold back meanwhile, or NULL",
        Kind::SigSetOut { .. } => "filled in: signals; NULL if nobody wants to know",
        Kind::SigAction => {
            "the handler, its flags, the signals that wait meanwhile; NULL to only ask"
        }
        Kind::SigActionOut => "filled in: the same as it was before; NULL if nobody wants to know",
        Kind::SigInfoOut => "filled in: which child it was, and what became of it",
        Kind::Rusage => {
            "filled in: how much time and memory was used; NULL if nobody wants to know"
        }
        Kind::RingParams => {
            "what the ring shall be like; filled in: sizes, offsets, what it can do"
        }
        Kind::OffsetInOut => "where to begin, moved along; NULL for the file's own position",
        Kind::IntsOut { .. } => "filled in: two descriptors",
        Kind::WaitStatus => "filled in: how the child ended",
        Kind::Stat | Kind::Statx => "filled in: size, type, owner, times",
        Kind::OpenHow { .. } => "flags, mode, and RESOLVE_... rules for the path",
        Kind::CloneArgs { .. } => "flags and everything else, in a structure",
        Kind::Strings => "the new program's arguments",
        Kind::Environment => "the new program's environment",
        Kind::DirEntries => "filled in: the entries",
        Kind::StructIn { .. } => "a structure",
        Kind::StructOut { .. } => "filled in: a structure",
    };
    Some(text.to_string())
}

/// Numbers and pointers say something only where the name of the parameter does.
fn plain(param: &Param) -> Option<&'static str> {
    Some(match param.name {
        "backlog" => "how many completed connections may wait in the queue",
        "addrlen" | "optlen" => "how many bytes that is",
        "iovcnt" | "vlen" | "nfds" => "how many there are",
        "maxevents" => "how many entries there is room for",
        "timeout" => "milliseconds; 0 asks and returns, -1 waits for ever",
        "pid" => "which process",
        "tid" => "which thread",
        "status" => "what the parent gets to know; 0 for good",
        "initval" => "the counter's first value",
        _ => return None,
    })
}

/// The first few names of a table.
fn some_of(set: &FlagSet) -> String {
    const SHOWN: usize = 4;
    let names: Vec<&str> = set
        .entries
        .iter()
        .map(|(_, name)| *name)
        .take(SHOWN)
        .collect();
    let more = if set.entries.len() > SHOWN {
        ", ..."
    } else {
        ""
    };
    names.join(", ") + more
}

/// strace's sets of calls, for `-e trace=`.
static SETS: &[(u8, &str)] = &[
    (class::NETWORK, "%network"),
    (class::DESC, "%desc"),
    (class::FILE, "%file"),
    (class::PROCESS, "%process"),
    (class::MEMORY, "%memory"),
    (class::SIGNAL, "%signal"),
    (class::IPC, "%ipc"),
    (class::CREDS, "%creds"),
];

/// `%desc`: what the set is for, and its calls.
fn set_page(name: &str) -> Option<Page> {
    let (bit, name) = SETS.iter().find(|(_, set)| *set == name)?;
    let about = match *bit {
        class::NETWORK => "calls that sockets alone have",
        class::DESC => "calls that take or give a descriptor, those of %network mostly apart",
        class::FILE => "calls that take a path",
        class::PROCESS => "calls that begin, end or replace processes, or signal them",
        class::MEMORY => "calls about the address space",
        class::SIGNAL => "calls about signals",
        class::IPC => "calls about System V queues, semaphores and shared memory",
        _ => "calls about users, groups and capabilities",
    };
    let members = CallId::all().filter(|id| id.signature().classes & bit != 0);
    let members: Vec<&str> = members.map(CallId::name).collect();
    const SHOWN: usize = 90;
    let more = if members.len() > SHOWN { ", ..." } else { "" };
    let names = members
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ")
        + more;
    Some(
        Page::new(name, "a set of calls, for -e trace=")
            .text(about)
            .text(&names),
    )
}

fn classes(bits: u8) -> String {
    let names: Vec<&str> = SETS
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("; traced with -e trace={}", names.join(",")),
    }
}

/// What the number that comes back means.
fn result(id: CallId) -> &'static str {
    match id {
        calls::READ | calls::READV | calls::RECVFROM | calls::RECVMSG => {
            "how many bytes came, perhaps fewer than asked; 0 = the end: the other side has closed"
        }
        calls::PREAD64 | calls::PREADV | calls::PREADV2 => {
            "how many bytes came; 0 = the end of the file"
        }
        calls::WRITE | calls::WRITEV | calls::SENDTO | calls::SENDMSG => {
            "how many bytes the kernel took, perhaps fewer than offered: offer the rest again"
        }
        calls::PWRITE64 | calls::PWRITEV | calls::PWRITEV2 => "how many bytes were written",
        calls::SENDFILE | calls::SPLICE | calls::TEE | calls::VMSPLICE | calls::COPY_FILE_RANGE => {
            "how many bytes moved, perhaps fewer than asked; 0 = nothing left to move"
        }
        calls::SENDMMSG | calls::RECVMMSG => "how many messages were moved",
        calls::EPOLL_WAIT | calls::EPOLL_PWAIT | calls::EPOLL_PWAIT2 => {
            "how many descriptors are ready; 0 = the time is over"
        }
        calls::POLL | calls::PPOLL | calls::SELECT | calls::PSELECT6 => {
            "how many are ready; 0 = the time is over"
        }
        calls::FORK | calls::VFORK | calls::CLONE | calls::CLONE3 => {
            "twice: the child's number to the parent, 0 to the child"
        }
        calls::WAIT4 => "the child's number; 0 = none has ended yet (WNOHANG)",
        calls::EXECVE | calls::EXECVEAT => "none: on success the old program is gone",
        calls::EXIT | calls::EXIT_GROUP => "none: it does not return",
        calls::RT_SIGRETURN => "whatever was in the register before the signal came",
        calls::LSEEK => "the new position, in bytes from the beginning",
        calls::MMAP | calls::MREMAP | calls::SHMAT => "the address of the memory",
        calls::BRK => "the end of the heap, changed or not",
        calls::FCNTL => "depends on the operation: flags, a descriptor, or 0",
        calls::IOCTL => "depends on the request; 0 as a rule",
        calls::READLINK | calls::READLINKAT | calls::GETRANDOM => "how many bytes were filled in",
        calls::GETDENTS | calls::GETDENTS64 => "how many bytes were filled in; 0 = the end",
        calls::GETPID | calls::GETPPID | calls::GETTID => "the number; it cannot fail",
        calls::FUTEX => "depends on the operation: 0, or how many were woken",
        calls::ALARM => "seconds that an earlier alarm had left",
        calls::IO_URING_ENTER => "how many requests were taken",
        calls::BIND | calls::LISTEN | calls::CONNECT | calls::SHUTDOWN | calls::CLOSE => "0",
        calls::SETSOCKOPT | calls::GETSOCKOPT | calls::EPOLL_CTL | calls::KILL => "0",
        calls::DUP2 | calls::DUP3 => "the number that was asked for",
        id if id.signature().gives_fd => "a new descriptor: the lowest number that is free",
        _ => "",
    }
}

/// What follows the result in a sentence: how a failure shows.
fn on_failure(id: CallId) -> &'static str {
    match result(id) {
        "" => "not negative; -1 and an errno on failure",
        "0" => ", or -1 and an errno",
        _ if Errno::that_matter_for(id).is_empty() => "",
        _ => "; -1 and an errno on failure",
    }
}

/// Lives of descriptors: a call's page shows the first that it is part of, with the call marked.
static LIVES: &[&[&str]] = &[
    &[
        "socket", "bind", "listen", "accept4", "read", "write", "close",
    ],
    &[
        "socket", "bind", "listen", "accept", "read", "write", "close",
    ],
    &["socket", "connect", "write", "read", "close"],
    &["socket", "setsockopt", "bind", "listen", "accept4"],
    &["accept4", "recvfrom", "sendto", "shutdown", "close"],
    &["accept4", "readv", "writev", "close"],
    &["accept4", "recvmsg", "sendmsg", "close"],
    &["openat", "fstat", "sendfile", "close"],
    &["openat2", "fstat", "read", "close"],
    &["open", "fstat", "pread64", "close"],
    &[
        "epoll_create1",
        "epoll_ctl",
        "epoll_pwait",
        "accept4",
        "read",
        "write",
    ],
    &[
        "epoll_create",
        "epoll_ctl",
        "epoll_wait",
        "accept",
        "read",
        "write",
    ],
    &["listen", "poll", "accept", "poll", "read", "write"],
    &["listen", "ppoll", "accept4", "ppoll", "read", "write"],
    &["listen", "select", "accept", "select", "read", "write"],
    &["listen", "pselect6", "accept4", "pselect6", "read", "write"],
    &["accept", "fork", "read", "write", "exit_group", "wait4"],
    &["accept4", "clone3", "read", "write", "exit"],
    &["accept4", "clone", "read", "write", "exit"],
    &["accept", "getpeername", "getsockname", "read"],
    &["accept", "fcntl", "epoll_ctl"],
    &[
        "io_uring_setup",
        "io_uring_register",
        "io_uring_enter",
        "close",
    ],
    &["pipe2", "fork", "dup2", "execve", "close"],
];

fn life(id: CallId) -> String {
    let name = id.name();
    let Some(life) = LIVES.iter().find(|life| life.contains(&name)) else {
        return String::new();
    };
    let steps: Vec<String> = life
        .iter()
        .map(|step| {
            if *step == name {
                format!("[{step}]")
            } else {
                (*step).to_string()
            }
        })
        .collect();
    steps.join(" > ")
}

/// The arguments of calls that take a value from this table: `sendto(flags)`.
pub fn takers(set: &'static FlagSet) -> Vec<String> {
    let mut takers = Vec::new();
    if std::ptr::eq(set, &flags::IORING_OP) {
        // They stand in the queue, not in an argument.
        takers.push(String::from("io_uring_enter(fd)"));
    }
    for id in CallId::all() {
        for param in id.signature().params {
            if takes(param.kind, set) {
                takers.push(format!("{}({})", id.name(), param.name));
            }
        }
    }
    takers
}

fn takes(kind: Kind, set: &'static FlagSet) -> bool {
    let is = |tables: &[&'static FlagSet]| tables.iter().any(|table| std::ptr::eq(*table, set));
    match kind {
        Kind::Flags(table) if std::ptr::eq(table, &flags::MAP) => is(&[table, &flags::MAP_TYPE]),
        Kind::Flags(table) | Kind::Constant(table) => is(&[table]),
        Kind::OpenFlags => is(&[&flags::OPEN_BITS, &flags::ACCESS_MODE]),
        Kind::SocketType => is(&[&flags::SOCKET_TYPE, &flags::SOCK]),
        Kind::Protocol { .. } => is(&[&flags::PROTOCOL, &flags::NETLINK, &flags::BLUETOOTH]),
        Kind::OptionName { .. } => is(&[
            &flags::SO,
            &flags::TCP,
            &flags::IP,
            &flags::IPV6,
            &flags::UDP,
            &flags::TLS,
            &flags::RAW,
            &flags::PACKET,
            &flags::NETLINK_OPTIONS,
            &flags::SCTP,
            &flags::XDP,
            &flags::TXREHASH,
        ]),
        Kind::FcntlArg { .. } => is(&[
            &flags::FD,
            &flags::SEAL,
            &flags::OPEN_BITS,
            &flags::LOCK_TYPE,
            &flags::OWNER,
            &flags::NOTIFY,
        ]),
        Kind::IoctlArg { .. } => is(&[
            &flags::TERMINAL_INPUT,
            &flags::TERMINAL_OUTPUT,
            &flags::TERMINAL_CONTROL,
            &flags::TERMINAL_LOCAL,
            &flags::TERMINAL_SPEED,
            &flags::FLUSH,
            &flags::FLOW,
        ]),
        Kind::RingParams => is(&[&flags::IORING_SETUP, &flags::IORING_FEATURES]),
        Kind::SigAction | Kind::SigActionOut => is(&[&flags::SA]),
        Kind::OpenHow { .. } => is(&[&flags::OPEN_BITS, &flags::ACCESS_MODE, &flags::RESOLVE]),
        Kind::EpollEvent | Kind::EpollEvents => is(&[&flags::EPOLL]),
        Kind::PollFds { .. } => is(&[&flags::POLL]),
        Kind::CloneFlags | Kind::CloneArgs { .. } => is(&[&flags::CLONE]),
        Kind::MessageIn | Kind::MessageOut | Kind::MessagesIn { .. } | Kind::MessagesOut { .. } => {
            is(&[&flags::CONTROL])
        }
        Kind::Stat => is(&[&flags::FILE_TYPE]),
        Kind::Statx => is(&[&flags::FILE_TYPE, &flags::STATX, &flags::STATX_ATTR]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_a_life_is_a_call_or_two_that_exist() {
        for step in LIVES.iter().flat_map(|life| life.iter()) {
            assert!(CallId::from_name(step).is_some(), "{step}");
        }
    }

    #[test]
    fn a_function_of_the_c_library_leads_to_its_call() {
        let page = find("send").expect("a page").render(80);
        assert!(page.starts_with("send: a function") && page.contains("sendto: system call 44"));
    }

    #[test]
    fn every_flag_table_that_a_call_takes_is_found_again() {
        assert!(takers(&flags::MSG).contains(&"recvfrom(flags)".to_string()));
        assert!(takers(&flags::RESOLVE).contains(&"openat2(how)".to_string()));
        for set in flags::ALL {
            assert!(!takers(set).is_empty(), "nothing takes {}", set.name);
        }
    }
}
