//! The rows of `tests/fault_matrix.rs`: which result of which call is brought about, under which request, and
//! what the client must get. Each names its row of docs/errno.md by call and result.
#![allow(dead_code, reason = "the tables are read by several tests")]

use httpsys::server::IoModel;

/// What a client asks for, and so which calls are made for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ask {
    /// A built-in page: `read`, `write`.
    Hi,
    /// The same, and the connection ends after it.
    Last,
    /// A small file: `openat2`, `fstat`, `read`, `close`, and one `write`.
    Small,
    /// A file that goes by `sendto` and `sendfile`.
    Big,
    /// Part of a small file: `pread64`.
    Part,
    /// Several parts, too long for memory: `sendto`, `sendfile` for each.
    Parts,
    /// A directory: `getdents64`.
    Listing,
    /// What is no HTTP: an answer, then `shutdown`.
    Broken,
}

impl Ask {
    pub const ALL: [Ask; 8] = [
        Ask::Hi,
        Ask::Last,
        Ask::Small,
        Ask::Big,
        Ask::Part,
        Ask::Parts,
        Ask::Listing,
        Ask::Broken,
    ];

    pub fn request(self) -> &'static str {
        match self {
            Ask::Hi => "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n",
            Ask::Last => "GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            Ask::Small => "GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n",
            Ask::Big => "GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n",
            Ask::Part => "GET /small.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=3-9\r\n\r\n",
            Ask::Parts => {
                "GET /big.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=5-9000,10000-17399\r\n\r\n"
            }
            Ask::Listing => "GET /folder/ HTTP/1.1\r\nHost: x\r\n\r\n",
            Ask::Broken => "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        }
    }

    /// Whether the answer comes from the folder that is served.
    pub fn needs_files(self) -> bool {
        !matches!(self, Ask::Hi | Ask::Last | Ask::Broken)
    }
}

/// What the client gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Get {
    /// The same bytes as without the fault.
    Served,
    /// The end of the connection, after nothing or a true beginning of the answer.
    Cut,
    /// Another whole answer.
    Status(u16),
    /// Served where descriptors never block; cut where they do, because there the result means that time is up.
    ServedUnlessAsleep,
}

impl Get {
    /// As the page writes it.
    pub fn word(self) -> String {
        match self {
            Get::Served => "served".to_owned(),
            Get::Cut => "cut".to_owned(),
            Get::Status(status) => status.to_string(),
            Get::ServedUnlessAsleep => "served, or cut".to_owned(),
        }
    }

    /// What it is on this model.
    pub fn on(self, io: IoModel) -> Get {
        match self {
            Get::ServedUnlessAsleep if io.never_blocks() => Get::Served,
            Get::ServedUnlessAsleep => Get::Cut,
            other => other,
        }
    }
}

/// Results of a call that are all met in the same way.
#[derive(Debug)]
pub struct Row {
    /// As the page names the call.
    pub call: &'static str,
    pub results: &'static [&'static str],
    pub ask: Ask,
    pub get: Get,
    /// Which invocation is spoiled while this request is answered; 0 for all of them.
    pub nth: u32,
    /// A fault that must be there for this call to be made at all.
    pub with: &'static str,
    /// Models on which the row makes no sense although they make the call, and why.
    pub not_on: &'static [(IoModel, &'static str)],
}

const ROW: Row = Row {
    call: "",
    results: &[],
    ask: Ask::Hi,
    get: Get::Served,
    nth: 1,
    with: "",
    not_on: &[],
};

/// An edge is told once. EAGAIN while bytes are in the queue is a thing that no kernel says, and whoever believes
/// it sleeps on; without edges the set says it again.
const LOST_EDGE: &[(IoModel, &str)] =
    &[(IoModel::EpollEt, "EAGAIN with bytes waiting loses the edge")];

pub const ROWS: &[Row] = &[
    Row {
        call: "accept4",
        results: &["EAGAIN"],
        not_on: LOST_EDGE,
        ..ROW
    },
    Row {
        call: "accept4",
        results: &[
            "EINTR",
            "ECONNABORTED",
            "EPROTO",
            "ENETDOWN",
            "ENOPROTOOPT",
            "EHOSTDOWN",
            "ENONET",
            "EHOSTUNREACH",
            "EOPNOTSUPP",
            "ENETUNREACH",
            "EPERM",
            "EMFILE",
            "ENFILE",
            "ENOBUFS",
            "ENOMEM",
        ],
        ..ROW
    },
    Row {
        call: "accept4",
        results: &["ENOSYS"],
        nth: 0,
        ..ROW
    },
    Row {
        call: "fcntl",
        results: &["EINVAL"],
        get: Get::Cut,
        with: "accept4:error=ENOSYS",
        ..ROW
    },
    Row {
        call: "clone",
        results: &["EAGAIN", "ENOMEM"],
        get: Get::Status(503),
        ..ROW
    },
    Row {
        call: "setsockopt",
        results: &["ENOTCONN", "EINVAL"],
        ask: Ask::Big,
        get: Get::Cut,
        nth: 2,
        ..ROW
    },
    // The first is about the listener.
    Row {
        call: "epoll_ctl",
        results: &["ENOSPC", "ENOMEM"],
        get: Get::Status(503),
        nth: 2,
        ..ROW
    },
    Row {
        call: "read",
        results: &["short"],
        nth: 0,
        ..ROW
    },
    Row {
        call: "read",
        results: &["0", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH"],
        get: Get::Cut,
        ..ROW
    },
    Row {
        call: "read",
        results: &["EINTR"],
        ..ROW
    },
    Row {
        call: "read",
        results: &["EAGAIN"],
        get: Get::ServedUnlessAsleep,
        not_on: LOST_EDGE,
        ..ROW
    },
    Row {
        call: "write",
        results: &["short"],
        nth: 0,
        ..ROW
    },
    Row {
        call: "write",
        results: &["EINTR"],
        ..ROW
    },
    Row {
        call: "write",
        results: &["EAGAIN", "ENOBUFS"],
        get: Get::ServedUnlessAsleep,
        ..ROW
    },
    Row {
        call: "write",
        results: &["EPIPE", "ECONNRESET", "ETIMEDOUT"],
        get: Get::Cut,
        ..ROW
    },
    Row {
        call: "sendto",
        results: &["short"],
        ask: Ask::Big,
        nth: 0,
        ..ROW
    },
    Row {
        call: "sendto",
        results: &["EINTR"],
        ask: Ask::Big,
        ..ROW
    },
    Row {
        call: "sendto",
        results: &["EAGAIN"],
        ask: Ask::Big,
        get: Get::ServedUnlessAsleep,
        ..ROW
    },
    Row {
        call: "sendto",
        results: &["EPIPE", "ECONNRESET"],
        ask: Ask::Big,
        get: Get::Cut,
        ..ROW
    },
    Row {
        call: "sendfile",
        results: &["short"],
        ask: Ask::Big,
        nth: 0,
        ..ROW
    },
    Row {
        call: "sendfile",
        results: &["EINTR", "EINVAL", "ENOSYS"],
        ask: Ask::Big,
        ..ROW
    },
    Row {
        call: "sendfile",
        results: &["short", "EINTR", "EINVAL", "ENOSYS"],
        ask: Ask::Parts,
        ..ROW
    },
    Row {
        call: "sendfile",
        results: &["EAGAIN"],
        ask: Ask::Big,
        get: Get::ServedUnlessAsleep,
        ..ROW
    },
    Row {
        call: "sendfile",
        results: &["0", "EIO", "EPIPE", "ECONNRESET"],
        ask: Ask::Big,
        get: Get::Cut,
        ..ROW
    },
    Row {
        call: "shutdown",
        results: &["ENOTCONN"],
        ask: Ask::Broken,
        get: Get::Status(400),
        ..ROW
    },
    Row {
        call: "openat2",
        results: &[
            "ENOENT",
            "ENOTDIR",
            "ENAMETOOLONG",
            "ELOOP",
            "EXDEV",
            "ENXIO",
            "ENODEV",
        ],
        ask: Ask::Small,
        get: Get::Status(404),
        ..ROW
    },
    Row {
        call: "openat2",
        results: &["EACCES"],
        ask: Ask::Small,
        get: Get::Status(403),
        ..ROW
    },
    Row {
        call: "openat2",
        results: &["EMFILE", "ENFILE", "ENOMEM"],
        ask: Ask::Small,
        get: Get::Status(503),
        ..ROW
    },
    Row {
        call: "openat2",
        results: &["EIO"],
        ask: Ask::Small,
        get: Get::Status(500),
        ..ROW
    },
    Row {
        call: "openat2",
        results: &["EAGAIN", "EINTR", "ENOSYS", "EPERM", "E2BIG"],
        ask: Ask::Small,
        ..ROW
    },
    Row {
        call: "fstat",
        results: &["EIO"],
        ask: Ask::Small,
        get: Get::Status(500),
        ..ROW
    },
    Row {
        call: "fstat",
        results: &["ENOMEM"],
        ask: Ask::Small,
        get: Get::Status(503),
        ..ROW
    },
    // The first brings the request.
    Row {
        call: "read of a file",
        results: &["EINTR"],
        ask: Ask::Small,
        nth: 2,
        ..ROW
    },
    Row {
        call: "read of a file",
        results: &["0", "EIO"],
        ask: Ask::Small,
        get: Get::Status(500),
        nth: 2,
        ..ROW
    },
    Row {
        call: "pread64",
        results: &["short", "EINTR"],
        ask: Ask::Part,
        ..ROW
    },
    Row {
        call: "pread64",
        results: &["EIO"],
        ask: Ask::Part,
        get: Get::Status(500),
        ..ROW
    },
    Row {
        call: "getdents64",
        results: &["EIO"],
        ask: Ask::Listing,
        get: Get::Status(500),
        ..ROW
    },
    Row {
        call: "getdents64",
        results: &["ENOENT"],
        ask: Ask::Listing,
        get: Get::Status(404),
        ..ROW
    },
    Row {
        call: "close",
        results: &["EINTR", "EIO", "EINPROGRESS"],
        ask: Ask::Small,
        nth: 0,
        ..ROW
    },
    Row {
        call: "epoll_pwait",
        results: &["EINTR", "ENOMEM"],
        ..ROW
    },
    Row {
        call: "ppoll",
        results: &["EINTR", "ENOMEM"],
        ..ROW
    },
    Row {
        call: "pselect6",
        results: &["EINTR", "ENOMEM"],
        ..ROW
    },
    Row {
        call: "wait4",
        results: &["EINTR", "ECHILD"],
        ..ROW
    },
];

/// Calls before anybody can be served: the program ends with 4 and says which call it was.
#[derive(Debug)]
pub struct Start {
    pub call: &'static str,
    pub results: &'static [&'static str],
}

pub const STARTS: &[Start] = &[
    Start {
        call: "socket",
        results: &["EMFILE", "ENFILE", "EACCES", "EAFNOSUPPORT"],
    },
    Start {
        call: "setsockopt",
        results: &["ENOMEM"],
    },
    Start {
        call: "bind",
        results: &["EADDRINUSE", "EACCES", "EADDRNOTAVAIL"],
    },
    Start {
        call: "listen",
        results: &["EADDRINUSE"],
    },
    Start {
        call: "getsockname",
        results: &["ENOBUFS"],
    },
    Start {
        call: "epoll_create1",
        results: &["EMFILE", "ENFILE", "ENOMEM"],
    },
    Start {
        call: "epoll_ctl",
        results: &["ENOSPC", "ENOMEM"],
    },
    Start {
        call: "rt_sigprocmask",
        results: &["EINVAL"],
    },
    Start {
        call: "signalfd4",
        results: &["EMFILE", "ENFILE", "ENOMEM"],
    },
];

/// Rows of the page that are held by another test, and where: a made-up result would not be that result.
pub const ELSEWHERE: &[(&str, &str, &str, &str)] = &[(
    "epoll_ctl",
    "EEXIST ENOENT",
    "src/server/epoll.rs",
    "a_set_that_knows_more_or_less_than_we_do_is_set_right",
)];

/// Faults that never end: the call, the result, what is asked meanwhile.
pub const STORMS: &[(&str, &str, Ask)] = &[
    ("accept4", "EINTR", Ask::Hi),
    ("accept4", "ECONNABORTED", Ask::Hi),
    ("accept4", "EMFILE", Ask::Hi),
    ("accept4", "ENOMEM", Ask::Hi),
    ("read", "EINTR", Ask::Hi),
    ("read", "EAGAIN", Ask::Hi),
    ("write", "EINTR", Ask::Hi),
    ("write", "EAGAIN", Ask::Hi),
    ("write", "ENOBUFS", Ask::Hi),
    ("sendfile", "EINTR", Ask::Big),
    ("sendfile", "EAGAIN", Ask::Big),
    ("close", "EINTR", Ask::Last),
    ("close", "EIO", Ask::Small),
    ("epoll_pwait", "EINTR", Ask::Hi),
    ("ppoll", "EINTR", Ask::Hi),
    ("pselect6", "EINTR", Ask::Hi),
    ("wait4", "EINTR", Ask::Last),
    ("clone", "EAGAIN", Ask::Hi),
];

/// Whether a model makes this call.
pub fn makes(io: IoModel, call: &str) -> bool {
    let name = io.name();
    match call {
        "clone" | "wait4" | "rt_sigprocmask" | "signalfd4" => name == "fork",
        "setsockopt" => matches!(name, "blocking" | "threads" | "fork"),
        "epoll_create1" | "epoll_ctl" | "epoll_pwait" => name.starts_with("epoll"),
        "ppoll" => matches!(name, "poll" | "fork"),
        "pselect6" => name == "select",
        // io_uring carries these out in the kernel: a call that is not made cannot be spoiled.
        "accept4" | "fcntl" | "read" | "write" | "sendto" | "sendfile" | "shutdown" => {
            name != "uring"
        }
        _ => true,
    }
}
