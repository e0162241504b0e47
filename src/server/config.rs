//! What a server is told before it starts: where to listen, which model, which limits.
//!
//! In: words from the command line. Out: plain values. Nothing here touches the machine.

use crate::abi::Fd;
use crate::kernel::Clock;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How the server waits for many clients at once (docs/io-models.md).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum IoModel {
    /// One thread, one connection at a time.
    #[default]
    Blocking,
    /// The same, with calls that never sleep and are tried again.
    Nonblocking,
    /// One thread for each connection.
    Threads,
    /// One process for each connection.
    Fork,
    /// One thread, many connections: sets of bits, at most 1024.
    Select,
    /// One thread, many connections: a list, handed over at every wait.
    Poll,
    /// One thread, many connections: the list lives in the kernel.
    Epoll,
    /// The same, told of changes only.
    EpollEt,
    /// One thread, many connections: calls are queued, and their results come back.
    Uring,
}

impl IoModel {
    /// Every model there is, in the order in which a course would show them.
    pub const ALL: [IoModel; 9] = [
        IoModel::Blocking,
        IoModel::Nonblocking,
        IoModel::Threads,
        IoModel::Fork,
        IoModel::Select,
        IoModel::Poll,
        IoModel::Epoll,
        IoModel::EpollEt,
        IoModel::Uring,
    ];

    /// The word that `--io` takes.
    pub fn name(self) -> &'static str {
        match self {
            IoModel::Blocking => "blocking",
            IoModel::Nonblocking => "nonblocking",
            IoModel::Threads => "threads",
            IoModel::Fork => "fork",
            IoModel::Select => "select",
            IoModel::Poll => "poll",
            IoModel::Epoll => "epoll",
            IoModel::EpollEt => "epoll-et",
            IoModel::Uring => "uring",
        }
    }

    /// The model of this name.
    pub fn from_name(name: &str) -> Option<IoModel> {
        IoModel::ALL.into_iter().find(|model| model.name() == name)
    }

    /// Whether one silent client keeps all others waiting.
    pub fn has_one_seat(self) -> bool {
        matches!(self, IoModel::Blocking | IoModel::Nonblocking)
    }

    /// Whether its calls on sockets never sleep (`O_NONBLOCK`).
    pub fn never_blocks(self) -> bool {
        // With `uring` no call is made on a socket, and the operations wait in the kernel only where
        // descriptors are of the blocking kind.
        self == IoModel::Nonblocking || (self.is_event_driven() && self != IoModel::Uring)
    }

    /// Whether one thread waits for many connections, told by the kernel which of them are ready, or done.
    pub fn is_event_driven(self) -> bool {
        match self {
            IoModel::Select
            | IoModel::Poll
            | IoModel::Epoll
            | IoModel::EpollEt
            | IoModel::Uring => true,
            IoModel::Blocking | IoModel::Nonblocking | IoModel::Threads | IoModel::Fork => false,
        }
    }
}

/// Where to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listen {
    /// A TCP address; port 0 lets the kernel choose one.
    Ip(SocketAddr),
    /// A path in the file system (`man 7 unix`).
    Unix(PathBuf),
    /// A name that is in no file system and goes with its socket (`man 7 unix`, "abstract").
    Abstract(String),
}

/// A listener that was opened by somebody else (`man 3 sd_listen_fds`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passed {
    /// Its descriptor.
    pub fd: Fd,
    /// What its owner calls it; may be empty.
    pub name: String,
}

impl Default for Listen {
    /// 127.0.0.1:8080.
    fn default() -> Listen {
        Listen::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))
    }
}

/// The longest path a `struct sockaddr_un` can hold, its closing NUL not counted (`man 7 unix`).
const UNIX_PATH_MAX: usize = 107;

impl Listen {
    /// Reads `8080`, `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080`, `*:8080`,
    /// `unix:/path` or `unix:@name`. No name is looked up: `localhost` is 127.0.0.1 and `*` is 0.0.0.0.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Listen, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Listen::parse_unix(path);
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Listen::Ip(address));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None => ("", text),
        };
        let ip = match host {
            "" | "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            _ => return Err(not_an_address(text)),
        };
        match port.parse::<u16>() {
            Ok(port) if port_is_plain(text) => Ok(Listen::Ip(SocketAddr::new(ip, port))),
            _ if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                Err(format!("{port} is not a port: ports go from 0 to 65535"))
            }
            _ => Err(not_an_address(text)),
        }
    }

    fn parse_unix(path: &str) -> Result<Listen, String> {
        match path.len() {
            0 => Err("unix: needs a path, for example unix:/tmp/httpsys.sock".to_owned()),
            len if len > UNIX_PATH_MAX => Err(format!(
                "the path is {len} bytes long; the address of a unix socket holds {UNIX_PATH_MAX}"
            )),
            1 if path == "@" => Err("unix:@ needs a name, for example unix:@httpsys".to_owned()),
            _ => Ok(match path.strip_prefix('@') {
                Some(name) => Listen::Abstract(name.to_owned()),
                None => Listen::Unix(PathBuf::from(path)),
            }),
        }
    }
}

/// `u16::from_str` takes a leading plus sign, which nobody means in a port.
fn port_is_plain(text: &str) -> bool {
    !text.contains('+')
}

fn not_an_address(text: &str) -> String {
    if text.parse::<IpAddr>().is_ok() {
        let shown = if text.contains(':') {
            format!("[{text}]")
        } else {
            text.to_owned()
        };
        return format!("{text} has no port: write {shown}:8080");
    }
    if text.contains("//") {
        return format!("{text} is a URL; write only the address, for example 127.0.0.1:8080");
    }
    format!(
        "{text} is not an address: write 8080, 127.0.0.1:8080, [::1]:8080 or unix:/path (names are not looked up)"
    )
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Ip(address) => write!(f, "{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
            Listen::Abstract(name) => write!(f, "unix:@{name}"),
        }
    }
}

/// Everything a server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory whose files are served; `None` for the built-in pages alone.
    pub root: Option<PathBuf>,
    /// Whether a directory without an index shows what is in it.
    pub listing: bool,
    /// The file below the root that answers for paths where there is none.
    pub spa: Option<PathBuf>,
    /// Where to listen; at least one place.
    pub listen: Vec<Listen>,
    /// Listeners that were passed to us: where there are any, `listen` is not looked at.
    pub passed: Vec<Passed>,
    /// Where `/metrics` is served, when not with the other pages.
    pub metrics: Option<Listen>,
    /// How to wait.
    pub io: IoModel,
    /// Event loops, each with a listener of its own; 1 for the models that have none.
    pub workers: usize,
    /// Connections the kernel may queue until we accept them (`man 2 listen`).
    pub backlog: i32,
    /// Bytes asked for with each read; `None` for the model's own choice (see [`Config::buffer`]).
    pub buf: Option<usize>,
    /// Whether a connection may carry more than one request; `None` for the model's own choice.
    pub keep_alive: Option<bool>,
    /// From the first byte of a head to its last.
    pub head_timeout: Duration,
    /// From the end of a head to the end of its body; also how long a client may refuse to take
    /// any byte of an answer.
    pub body_timeout: Duration,
    /// Between two requests.
    pub idle_timeout: Duration,
    /// How long a one-seat model waits for the first byte of a connection.
    pub first_byte_timeout: Duration,
    /// How long a closing connection may still send what nobody reads (`server::linger`).
    pub linger: Duration,
    /// Bytes of a head at most.
    pub max_header: usize,
    /// Bytes of a body at most.
    pub max_body: u64,
    /// Bytes of bodies and answers that all connections together may keep in memory.
    pub memory: u64,
    /// Connections at once at most; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Stop after this many requests.
    pub max_requests: Option<u64>,
    /// Where `Date` comes from.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            root: None,
            listing: true,
            spa: None,
            listen: vec![Listen::default()],
            passed: Vec::new(),
            metrics: None,
            io: IoModel::Blocking,
            workers: 1,
            backlog: 128,
            buf: None,
            keep_alive: None,
            head_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            first_byte_timeout: Duration::from_secs(1),
            linger: Duration::from_secs(2),
            max_header: 64 << 10,
            max_body: 8 << 20,
            memory: 256 << 20,
            max_connections: 16 << 10,
            max_requests: None,
            clock: Clock::Real,
        }
    }
}

impl Config {
    /// Whether connections are kept: one-seat models give the seat to the next client instead.
    pub fn keeps_alive(&self) -> bool {
        self.keep_alive.unwrap_or(!self.io.has_one_seat())
    }

    /// Whether `accept4` must never sleep. `fork` sleeps elsewhere: a client may leave before it is called.
    pub fn listeners_never_block(&self) -> bool {
        self.io.never_blocks() || self.io == IoModel::Fork
    }

    /// Bytes asked for with each read, at least 1. The event loop shares one buffer among all its
    /// connections and can afford a larger one.
    pub fn buffer(&self) -> usize {
        let own = if self.io.is_event_driven() {
            16 << 10
        } else {
            8 << 10
        };
        self.buf.unwrap_or(own).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Listen {
        Listen::Ip(text.parse().unwrap())
    }

    #[test]
    fn an_address_may_be_written_in_these_ways() {
        for (text, meant) in [
            ("8080", "127.0.0.1:8080"),
            ("0", "127.0.0.1:0"),
            (":81", "127.0.0.1:81"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("*:8080", "0.0.0.0:8080"),
            ("127.0.0.2:1", "127.0.0.2:1"),
            ("[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(Listen::parse(text), Ok(ip(meant)), "{text}");
        }
        assert_eq!(
            Listen::parse("unix:/tmp/x"),
            Ok(Listen::Unix("/tmp/x".into()))
        );
        assert_eq!(
            Listen::parse("unix:@x"),
            Ok(Listen::Abstract("x".to_owned()))
        );
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_a_way_out() {
        for (text, word) in [
            ("99999", "65535"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("::1", "[::1]:8080"),
            ("http://127.0.0.1:8080", "URL"),
            ("example.org:80", "not looked up"),
            ("unix:", "path"),
            ("unix:@", "name"),
            ("+80", "not an address"),
            ("-1", "not an address"),
            ("", "not an address"),
        ] {
            let said = Listen::parse(text).unwrap_err();
            assert!(said.contains(word), "{text}: {said}");
        }
        let long = format!("unix:/{}", "x".repeat(107));
        assert!(Listen::parse(&long).is_err());
        assert!(Listen::parse(&long[..long.len() - 1]).is_ok());
    }

    #[test]
    fn one_seat_models_close_after_one_request_unless_told_otherwise() {
        let mut config = Config::default();
        assert!(!config.keeps_alive());
        config.keep_alive = Some(true);
        assert!(config.keeps_alive());
        config = Config {
            io: IoModel::Epoll,
            ..Config::default()
        };
        assert!(config.keeps_alive());
        assert_eq!(config.buffer(), 16 << 10);
    }
}
