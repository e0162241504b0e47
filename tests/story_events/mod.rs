//! Events made by hand, played to a story and a compact view. Used by the tests of both.
#![allow(dead_code, reason = "each test file uses its part")]

use httpsys::abi::address::Address;
use httpsys::abi::calls::CallId;
use httpsys::abi::errno::Errno;
use httpsys::abi::{Fd, Pid};
use httpsys::event::args::Args;
use httpsys::event::call::{Call, CallName, Captured, Completed, Data, Outcome, Ready, Syscall};
use httpsys::event::{Event, ProcessEvent, What};
use httpsys::story::{ConnectionId, ExchangeId, Note, Step, Story};
use httpsys::view::View;
use httpsys::view::compact::{CompactOptions, CompactView};
use httpsys::view::paint::Paint;

pub const GET: &[u8] =
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
pub const HEAD_OF_OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nContent-Type: text/html\r\n\r\n";
pub const PAGE: &[u8] = b"<h1>hello</h1>\n";

pub fn ok_page() -> Vec<u8> {
    [HEAD_OF_OK, PAGE].concat()
}

/// What one event came to, kept beyond its step.
#[derive(Clone, Debug)]
pub struct Said {
    pub connection: Option<ConnectionId>,
    pub exchange: Option<ExchangeId>,
    pub notes: Vec<Note>,
    pub secrets: Vec<(u64, u64)>,
}

impl Said {
    pub fn ids(&self) -> Vec<&'static str> {
        self.notes.iter().map(Note::id).collect()
    }

    pub fn first(&self) -> String {
        self.notes.first().map(Note::to_string).unwrap_or_default()
    }
}

/// A trace in the making.
pub struct Play {
    pub story: Story,
    pub view: CompactView,
    pub out: Vec<u8>,
    /// Nanoseconds since the beginning.
    pub t: u64,
    pub pid: u32,
    pub tid: u32,
    seq: u64,
    pub said: Vec<Said>,
    pub cut_from: Option<u64>,
    pub injected: bool,
    pub dur: u64,
}

pub fn v4(port: u16) -> Address {
    Address::V4([127, 0, 0, 1], port)
}

impl Default for Play {
    fn default() -> Play {
        Play::new(Paint::plain(), CompactOptions::default())
    }
}

impl Play {
    pub fn new(paint: Paint, options: CompactOptions) -> Play {
        let mut view = CompactView::new(paint, options);
        let mut out = Vec::new();
        view.begin(&mut out);
        Play {
            story: Story::default(),
            view,
            out,
            t: 0,
            pid: 7,
            tid: 7,
            seq: 0,
            said: Vec::new(),
            cut_from: None,
            injected: false,
            dur: 1_000,
        }
    }

    pub fn event(&mut self, what: What<'_>) -> &Said {
        let event = Event {
            seq: self.seq,
            t: self.t,
            pid: Pid(self.pid),
            tid: Pid(self.tid),
            what,
        };
        let step = self.story.step(&event);
        let Step {
            connection,
            exchange,
            notes,
            secrets,
            ..
        } = step;
        self.said.push(Said {
            connection,
            exchange,
            notes: notes.to_vec(),
            secrets: secrets.to_vec(),
        });
        self.view.step(&event, &step, &mut self.out);
        self.said.last().expect("one was pushed")
    }

    pub fn call(&mut self, name: &str, call: Call<'_>, outcome: Outcome) -> &Said {
        self.seq += 1;
        let done = Completed {
            syscall: syscall(name, call),
            outcome,
            dur: self.dur,
            injected: std::mem::take(&mut self.injected),
            delayed: false,
            redacted: false,
            cut_from: self.cut_from.take(),
        };
        self.event(What::Call(done));
        self.t += 20_000 + std::mem::replace(&mut self.dur, 1_000);
        self.said.last().expect("one was pushed")
    }

    pub fn ok(&mut self, name: &str, call: Call<'_>, value: i64) -> &Said {
        self.call(name, call, Outcome::Returned(value))
    }

    pub fn fails(&mut self, name: &str, call: Call<'_>, errno: i32) -> &Said {
        self.call(name, call, Outcome::Failed(Errno(errno)))
    }

    pub fn waits(&mut self, name: &str, call: Call<'_>) -> &Said {
        self.event(What::Enter(syscall(name, call)));
        self.said.last().expect("one was pushed")
    }

    pub fn socket(&mut self, fd: i64) -> &Said {
        self.ok(
            "socket",
            Call::Socket {
                domain: 2,
                kind: 1,
                flags: 0o2000000,
                protocol: 0,
            },
            fd,
        )
    }

    /// A listening socket on fd 3.
    pub fn listener(&mut self) {
        self.socket(3);
        let one = 1i32.to_ne_bytes();
        self.ok(
            "setsockopt",
            Call::SetOption {
                fd: Fd(3),
                level: 1,
                name: 2,
                value: &one,
            },
            0,
        );
        self.ok(
            "bind",
            Call::Bind {
                fd: Fd(3),
                address: Some(v4(8080)),
            },
            0,
        );
        self.ok(
            "listen",
            Call::Listen {
                fd: Fd(3),
                backlog: 128,
            },
            0,
        );
    }

    pub fn accept(&mut self, fd: i64, port: u16) -> &Said {
        self.ok(
            "accept4",
            Call::Accept {
                fd: Fd(3),
                peer: Some(v4(port)),
                flags: 0o2000000,
            },
            fd,
        )
    }

    pub fn read(&mut self, fd: i32, bytes: &[u8]) -> &Said {
        let data = Data::one(bytes.len() as u64, bytes);
        self.ok(
            "read",
            Call::Receive {
                fd: Fd(fd),
                asked: 8192,
                data,
                flags: 0,
            },
            bytes.len() as i64,
        )
    }

    pub fn read_fails(&mut self, fd: i32, errno: i32) -> &Said {
        self.fails(
            "read",
            Call::Receive {
                fd: Fd(fd),
                asked: 8192,
                data: Data::NONE,
                flags: 0,
            },
            errno,
        )
    }

    pub fn write(&mut self, fd: i32, bytes: &[u8]) -> &Said {
        self.write_some(fd, bytes, bytes.len())
    }

    pub fn write_some(&mut self, fd: i32, bytes: &[u8], taken: usize) -> &Said {
        let len = bytes.len() as u64;
        let call = Call::Send {
            fd: Fd(fd),
            asked: len,
            data: Data::one(len, bytes),
            flags: 0,
        };
        self.ok("write", call, taken as i64)
    }

    pub fn write_fails(&mut self, fd: i32, bytes: &[u8], errno: i32) -> &Said {
        let len = bytes.len() as u64;
        let call = Call::Send {
            fd: Fd(fd),
            asked: len,
            data: Data::one(len, bytes),
            flags: 0,
        };
        self.fails("write", call, errno)
    }

    pub fn open(&mut self, path: &[u8], fd: i64) -> &Said {
        let path = Captured {
            len: path.len() as u64,
            bytes: path,
        };
        self.ok(
            "openat",
            Call::Open {
                dir: Fd(6),
                path,
                flags: 0o2000000,
            },
            fd,
        )
    }

    pub fn stat(&mut self, fd: i32, size: u64) -> &Said {
        self.ok(
            "fstat",
            Call::Stat {
                fd: Fd(fd),
                size: Some(size),
                mode: Some(0o100644),
            },
            0,
        )
    }

    pub fn close(&mut self, fd: i32) -> &Said {
        self.ok("close", Call::Close { fd: Fd(fd) }, 0)
    }

    pub fn ready(&mut self, list: &[(u32, u64)]) -> &Said {
        let mut bytes = Vec::new();
        for (events, data) in list {
            bytes.extend_from_slice(&events.to_ne_bytes());
            if cfg!(not(target_arch = "x86_64")) {
                bytes.extend_from_slice(&[0; 4]);
            }
            bytes.extend_from_slice(&data.to_ne_bytes());
        }
        let call = Call::EpollWait {
            epoll: Fd(5),
            max: 64,
            timeout: 1000,
            ready: Ready::new(&bytes),
        };
        self.ok("epoll_pwait", call, list.len() as i64)
    }

    pub fn watch(&mut self, op: u32, fd: i32, events: u32) -> &Said {
        let call = Call::EpollControl {
            epoll: Fd(5),
            op,
            fd: Fd(fd),
            events,
            data: fd as u64,
        };
        self.ok("epoll_ctl", call, 0)
    }

    pub fn process(&mut self, what: ProcessEvent) -> &Said {
        self.event(What::Process(what))
    }

    pub fn lost(&mut self, count: u64) -> &Said {
        self.event(What::Lost {
            count,
            why: "the buffer was full".to_owned(),
        })
    }

    /// The screen, with what comes at the end.
    pub fn screen(&mut self) -> String {
        let mut out = std::mem::take(&mut self.out);
        self.view.end(&self.story, &mut out);
        String::from_utf8(out).expect("a view writes UTF-8")
    }
}

pub fn syscall<'a>(name: &str, call: Call<'a>) -> Syscall<'a> {
    let id = CallId::from_name(name).unwrap_or_else(|| panic!("no call {name}"));
    Syscall {
        name: CallName::Known(id),
        args: Args::NONE,
        call,
    }
}

/// Compares with the file kept in `tests/golden`; `UPDATE_GOLDEN=1` writes it instead.
pub fn golden(name: &str, screen: &str) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, screen).expect("tests/golden can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == screen,
        "{name} differs.\nkept:\n{kept}\nnow:\n{screen}"
    );
}
