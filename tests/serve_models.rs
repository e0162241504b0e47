//! How the models make their calls: which, how many, in what order; what a peer's bad manners and
//! the kernel's refusals do to them, which must be nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::server::{Config, IoModel};
use serve_support::models::io_uring_works;
use serve_support::{Server, Site, config, get, models, start, start_with};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// The models that serve many clients at once.
fn many_seats() -> impl Iterator<Item = IoModel> {
    models().filter(|io| !io.has_one_seat())
}

/// Waits for what another thread is about to do.
fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() && begun.elapsed() < 8 * SECOND {
        std::thread::yield_now();
    }
}

fn ok(server: &Server, io: IoModel) {
    let mut client = server.connect();
    client.send(get("/hi"));
    assert_eq!(
        client.answer().expect("the server goes on").text(),
        "Hi",
        "{io:?}"
    );
}

#[test]
fn one_get_of_a_small_file_costs_these_calls() {
    let site = Site::new("calls");
    site.file("index.html", "<h1>hi</h1>\n");
    let file = ["openat2", "fstat", "read", "close", "write"];
    for (io, before, after) in [
        (
            IoModel::Blocking,
            vec!["accept4", "setsockopt", "read"],
            vec!["close"],
        ),
        (IoModel::Nonblocking, vec![], vec!["close"]),
        (
            IoModel::Threads,
            vec!["setsockopt", "read"],
            vec!["read", "close"],
        ),
        (
            IoModel::Fork,
            vec!["setsockopt", "read"],
            vec!["read", "close", "exit_group"],
        ),
        (
            IoModel::Epoll,
            vec!["epoll_pwait", "read"],
            vec!["epoll_pwait", "read", "close"],
        ),
        (
            IoModel::EpollEt,
            vec!["epoll_pwait", "read"],
            vec!["read", "epoll_pwait", "read", "close"],
        ),
        (
            IoModel::Poll,
            vec!["ppoll", "accept4", "ppoll", "read"],
            vec!["ppoll", "read", "close"],
        ),
        (
            IoModel::Select,
            vec!["pselect6", "accept4", "pselect6", "read"],
            vec!["pselect6", "read", "close"],
        ),
        // Operations, when they have ended; `io_uring_enter` is left out, because it may bring several.
        (
            IoModel::Uring,
            vec!["accept4", "read"],
            vec!["read", "close"],
        ),
    ] {
        if io == IoModel::Uring && !io_uring_works() {
            continue;
        }
        let config = Config {
            root: Some(site.path().into()),
            keep_alive: None,
            ..config(io)
        };
        let server = start(config);
        let mut client = server.connect();
        client.send(get("/"));
        assert_eq!(client.answer().unwrap().text(), "<h1>hi</h1>\n", "{io:?}");
        if io.has_one_seat() {
            assert_eq!(client.answer(), None);
        }
        let audit = server.audit.clone();
        if io == IoModel::EpollEt {
            // Request, file, and the look that finds nothing more: only then may the client go.
            until(|| audit.count("read") >= 3);
        }
        drop(client);
        until(|| match io {
            IoModel::Fork => audit.count("exit_group") >= 1,
            _ => audit.count("close") >= 2,
        });
        server.stop();
        let names: Vec<&str> = audit.names();
        let wanted: Vec<&str> = before.into_iter().chain(file).chain(after).collect();
        // The order of calls is one process's own: here the child's.
        let calls = audit.calls();
        let childs = (calls.iter()).filter(|made| made.pid != calls[0].pid);
        let own: Vec<&str> = match io {
            IoModel::Fork => childs.map(|made| made.name).collect(),
            IoModel::Uring => (names.iter().copied())
                .filter(|name| *name != "io_uring_enter")
                .collect(),
            _ => names.clone(),
        };
        // It asks first whether it may.
        let asked = usize::from(io == IoModel::Uring);
        let found = own.windows(wanted.len()).any(|window| window == wanted);
        assert!(found, "{io:?}: {wanted:?} is not in {names:?}");
        // Connections that stay have no use for Nagle's algorithm; that costs one call more.
        let opening = match !io.has_one_seat() {
            true => vec!["socket", "setsockopt", "setsockopt", "bind", "listen"],
            false => vec!["socket", "setsockopt", "bind", "listen"],
        };
        assert!(names[asked..].starts_with(&opening), "{io:?}: {names:?}");
    }
}

#[test]
fn keep_alive_requests_cost_two_calls_and_the_wait() {
    for (io, most) in [
        (IoModel::Blocking, 2),
        (IoModel::Threads, 2),
        (IoModel::Fork, 2),
        (IoModel::Select, 3),
        (IoModel::Poll, 3),
        (IoModel::Epoll, 3),
        // The drain: one more read, which says EAGAIN.
        (IoModel::EpollEt, 4),
        // Two operations and, for a client that is alone, two `io_uring_enter`: one hands them over and brings
        // the end of the write, the other sleeps until the read has ended.
        (IoModel::Uring, 4),
    ] {
        if io == IoModel::Uring && !io_uring_works() {
            continue;
        }
        let server = start(config(io));
        let mut client = server.connect();
        client.send(get("/hi"));
        client.answer().unwrap();
        let before = server.audit.calls().len();
        for _ in 0..100 {
            client.send(get("/hi"));
            client.answer().unwrap();
        }
        let made = server.audit.calls().len() - before;
        // A few more: the first answer's `write` may be counted late, and `SO_RCVTIMEO` is set again when a slow
        // machine made the last time limit shorter than it should be.
        assert!(
            made <= 100 * most + 8,
            "{io:?}: {made} calls for 100 requests"
        );
        // Sixteen at once: one read and one write for all, if they arrive in one piece.
        let before = server.audit.count("write");
        client.send(get("/hi").repeat(16));
        for _ in 0..16 {
            client.answer().unwrap();
        }
        let writes = server.audit.count("write") - before;
        assert!(
            writes <= 2,
            "{io:?}: {writes} writes for 16 pipelined requests"
        );
    }
}

#[test]
fn descriptors_are_given_back() {
    for io in models() {
        let server = start(config(io));
        let audit = server.audit.clone();
        let mut before = None;
        for _ in 0..5 {
            ok(&server, io);
            // The client has its answer and has left; the server sees that a moment later. Which numbers the
            // kernel deals depends on everything else that this process has open.
            let nobody = |open: &BTreeSet<i32>| {
                let calls = audit.calls();
                let accepted = calls.iter().filter(|made| made.name == "accept4");
                !accepted
                    .map(|made| made.ret as i32)
                    .any(|fd| open.contains(&fd))
            };
            until(|| nobody(&audit.open()));
            let open = audit.open();
            assert!(nobody(&open), "{io:?}: {open:?}");
            assert_eq!(before.get_or_insert(open.clone()), &open, "{io:?}");
        }
        let served = server.stop();
        assert_eq!((served.connections, served.requests), (5, 5), "{io:?}");
    }
}

#[test]
fn a_server_told_to_stop_after_some_requests_says_so_and_ends() {
    for io in models() {
        let server = start(Config {
            max_requests: Some(3),
            ..config(io)
        });
        let mut idle = server.connect();
        idle.send(get("/hi"));
        idle.answer().unwrap();
        let mut client = if io.has_one_seat() {
            idle
        } else {
            server.connect()
        };
        let mut said = None;
        for _ in 0..2 {
            client.send(get("/hi"));
            said = client
                .answer()
                .unwrap()
                .field("Connection")
                .map(str::to_owned);
        }
        assert_eq!(said.as_deref(), Some("close"), "{io:?}");
        assert_eq!(client.answer(), None);
        assert_eq!(server.wait().requests, 3, "{io:?}");
    }
}

#[test]
fn the_thread_that_gives_the_last_answer_is_not_interrupted_by_the_end() {
    let site = Site::new("uninterrupted");
    site.file("big.bin", vec![7; 3 << 20]);
    for io in models() {
        let server = start(Config {
            root: Some(site.path().into()),
            max_requests: Some(1),
            ..config(io)
        });
        let mut client = server.connect();
        client.send(get("/big.bin"));
        assert_eq!(client.answer().unwrap().body.len(), 3 << 20, "{io:?}");
        let audit = server.audit.clone();
        server.wait();
        let interrupted: Vec<_> = (audit.calls().into_iter())
            .filter(|made| made.ret == -i64::from(nix::libc::EINTR) && made.name != "accept4")
            .collect();
        assert!(interrupted.is_empty(), "{io:?}: {interrupted:?}");
    }
}

#[test]
fn pipelined_requests_behind_the_last_one_are_not_answered() {
    for io in models() {
        let server = start(Config {
            max_requests: Some(2),
            ..config(io)
        });
        let mut client = server.connect();
        client.send(get("/hi").repeat(5));
        let all = client.read_to_end();
        assert_eq!(serve_support::answers(&all).len(), 2, "{io:?}");
        drop(client);
        assert_eq!(server.wait().requests, 2, "{io:?}");
    }
}

#[test]
fn a_stop_closes_idle_connections_and_lets_an_exchange_finish() {
    for io in models() {
        let server = start(config(io));
        let mut busy = server.connect();
        busy.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(busy.answer().unwrap().status, 100);
        let idle = (!io.has_one_seat()).then(|| {
            let mut idle = server.connect();
            idle.send(get("/hi"));
            idle.answer().unwrap();
            idle
        });
        server.request_stop();
        if let Some(mut idle) = idle {
            assert_eq!(idle.answer(), None, "{io:?}: an idle connection is closed");
        }
        busy.send("done");
        let last = busy.answer().unwrap();
        assert_eq!(
            (last.text(), last.field("Connection")),
            ("done".to_owned(), Some("close")),
            "{io:?}"
        );
        assert_eq!(busy.answer(), None);
        let begun = Instant::now();
        server.wait();
        // Whoever did not hear of the end would take the five seconds of grace.
        assert!(begun.elapsed() < 4 * SECOND, "{io:?}");
    }
}

#[test]
fn a_silent_client_does_not_hold_the_one_seat() {
    let server = start(Config {
        first_byte_timeout: Duration::from_millis(150),
        ..config(IoModel::Blocking)
    });
    let mut silent = server.connect();
    let begun = Instant::now();
    ok(&server, IoModel::Blocking);
    assert!(begun.elapsed() < serve_support::PATIENCE);
    assert_eq!(silent.read_to_end(), b"", "no answer to no question");
}

#[test]
fn idle_connections_end_silently_and_unfinished_requests_with_408() {
    for io in models() {
        let short = Duration::from_millis(200);
        let server = start(Config {
            idle_timeout: short,
            first_byte_timeout: short,
            ..config(io)
        });
        // On a busy machine this test itself may take longer than that from `connect` to its first byte.
        let begun = Instant::now();
        let idle = loop {
            let mut idle = server.connect();
            idle.send(get("/hi"));
            match idle.answer() {
                None if begun.elapsed() < 8 * SECOND => continue,
                answer => assert_eq!(answer.unwrap().text(), "Hi", "{io:?}"),
            }
            break idle.answer();
        };
        assert_eq!(idle, None, "{io:?}");
        let server = start(Config {
            head_timeout: short,
            body_timeout: short,
            // Who connects has time to begin.
            first_byte_timeout: serve_support::PATIENCE,
            ..config(io)
        });
        for begun in [
            "GET /hi HTTP/1.1\r\nHo",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        ] {
            let mut client = server.connect();
            client.send(begun);
            let answer = client.answer().unwrap();
            assert_eq!(
                (answer.status, answer.field("Connection")),
                (408, Some("close")),
                "{io:?}"
            );
            assert_eq!(client.answer(), None);
        }
    }
}

#[test]
fn a_slow_drip_cannot_hold_a_connection() {
    for io in models() {
        let server = start(Config {
            head_timeout: Duration::from_millis(300),
            linger: Duration::from_millis(100),
            first_byte_timeout: serve_support::PATIENCE,
            ..config(io)
        });
        let mut client = server.connect();
        client
            .stream
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        let begun = Instant::now();
        let mut got = Vec::new();
        let mut room = [0; 4096];
        // The wait between two bytes is the wait for an answer.
        while begun.elapsed() < 8 * SECOND {
            client.send("x");
            match std::io::Read::read(&mut client.stream, &mut room) {
                Ok(0) => break,
                Ok(n) => got.extend_from_slice(&room[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(_) => {}
            }
        }
        assert!(begun.elapsed() < 8 * SECOND, "{io:?}");
        assert!(
            got.starts_with(b"HTTP/1.1 408 "),
            "{io:?}: {:?}",
            String::from_utf8_lossy(&got)
        );
    }
}

#[test]
fn rude_clients_do_no_harm() {
    for io in models() {
        let server = start(config(io));
        for rude in 0..6 {
            let mut client = server.connect();
            match rude {
                0 => client.reset(),
                1 => drop(client),
                2 => {
                    client.send(get("/hi"));
                    client.reset();
                }
                3 => {
                    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
                    client.reset();
                }
                4 => {
                    client.send(get("/").repeat(200));
                    drop(client);
                }
                _ => {
                    client.send("GET /hi HTT");
                    drop(client);
                }
            }
            ok(&server, io);
        }
    }
}

#[test]
fn no_more_connections_than_allowed_are_open_at_once() {
    for io in many_seats() {
        let server = start(Config {
            max_connections: 2,
            ..config(io)
        });
        let mut first = server.connect();
        let mut second = server.connect();
        for client in [&mut first, &mut second] {
            client.send(get("/hi"));
            client.answer().unwrap();
        }
        let mut third = server.connect();
        third.send(get("/hi"));
        third
            .stream
            .set_read_timeout(Some(Duration::from_millis(150)))
            .unwrap();
        let mut room = [0; 10];
        let waits = std::io::Read::read(&mut third.stream, &mut room);
        assert!(waits.is_err(), "{io:?}: the third waits in the queue");
        third
            .stream
            .set_read_timeout(Some(serve_support::PATIENCE))
            .unwrap();
        drop(first);
        assert_eq!(third.answer().unwrap().text(), "Hi", "{io:?}");
    }
}

#[test]
fn faults_in_calls_change_no_answer() {
    let site = Site::new("faults");
    let big: Vec<u8> = (0..200_000u32).map(|i| (i % 241) as u8).collect();
    site.file("big.bin", &big);
    site.file("small.txt", "small");
    for io in models() {
        for faults in [
            &["read:short=1"][..],
            &["write:short=1"],
            &["read:error=EINTR:when=1+2"],
            &["write:error=EINTR:when=1+2"],
            &["read,clock_nanosleep:error=EINTR:when=1+3"],
            &["accept4:error=EINTR:when=1"],
            &["accept4:error=ECONNABORTED:when=1"],
            &["accept4:error=EMFILE:when=1"],
            &["accept4:error=ENOBUFS:when=1"],
            &["sendfile:error=EINVAL"],
            &["sendfile:short=1000"],
            &["sendfile:error=EINTR:when=1+2"],
            &["sendto:short=1"],
            &["openat2:error=ENOSYS"],
            &["openat2:error=EPERM"],
            &["openat2:error=EINTR:when=1"],
            &["openat2:error=EINTR:when=1", "openat2:error=ENOSYS:when=2+"],
            &["epoll_pwait,ppoll,pselect6:error=EINTR:when=1+2"],
            &["epoll_pwait,ppoll,pselect6:error=ENOMEM:when=1..3"],
            &["close:error=EINTR"],
            &["io_uring_enter:error=EINTR:when=1+2"],
            &["io_uring_enter:error=EBUSY:when=2+3"],
            &["io_uring_enter:error=EAGAIN:when=1..4"],
            &["shutdown:error=ENOTCONN"],
        ] {
            let server = start_with(
                Config {
                    root: Some(site.path().into()),
                    ..config(io)
                },
                faults,
                None,
            );
            let mut client = server.connect();
            client.send(get("/hi"));
            assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?} {faults:?}");
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            assert_eq!(
                client.answer().unwrap().text(),
                "hello",
                "{io:?} {faults:?}"
            );
            for (path, bytes) in [("/small.txt", &b"small"[..]), ("/big.bin", &big)] {
                client.send(get(path));
                let answer = client.answer().unwrap();
                assert!(
                    answer.body == bytes,
                    "{io:?} {faults:?} {path}: {} bytes",
                    answer.body.len()
                );
            }
            drop(client);
            server.stop();
        }
    }
}

#[test]
fn want_of_descriptors_never_makes_a_server_spin() {
    for io in models() {
        let server = start_with(config(io), &["accept4:error=EMFILE"], None);
        let _waiting = server.connect();
        // The server looks at the queue again and again; the second look tells how often.
        let begun = Instant::now();
        until(|| server.audit.count("accept4") >= 4);
        let seen = server.audit.count("accept4") as u32;
        let most = 6 + begun.elapsed().as_millis() as u32 / 10;
        assert!(
            seen <= most,
            "{io:?}: {seen} accepts in {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn want_of_descriptors_for_a_file_is_503_and_passes() {
    let site = Site::new("emfile");
    site.file("a.txt", "a");
    for io in models() {
        let root = Some(site.path().into());
        let server = start_with(
            Config { root, ..config(io) },
            &["openat2:error=EMFILE:when=1"],
            None,
        );
        let mut client = server.connect();
        client.send(get("/a.txt"));
        let busy = client.answer().unwrap();
        assert_eq!(
            (busy.status, busy.field("Retry-After")),
            (503, Some("1")),
            "{io:?}"
        );
        client.send(get("/a.txt"));
        assert_eq!(client.answer().unwrap().text(), "a", "{io:?}");
    }
}

#[test]
fn a_client_that_takes_no_answer_is_given_up() {
    let site = Site::new("untaken");
    site.file("big.bin", vec![7; 30 << 20]);
    for io in models() {
        let server = start(Config {
            root: Some(site.path().into()),
            body_timeout: Duration::from_millis(200),
            ..config(io)
        });
        let mut client = server.connect();
        client.small_window();
        client.send(get("/big.bin"));
        let begun = Instant::now();
        if io.has_one_seat() {
            ok(&server, io);
        } else {
            until(|| server.audit.count("close") >= 2);
        }
        assert!(begun.elapsed() < serve_support::PATIENCE, "{io:?}");
    }
}

#[test]
fn all_connections_together_keep_no_more_in_memory_than_allowed() {
    for io in many_seats() {
        let server = start(Config {
            memory: 100_000,
            ..config(io)
        });
        let half = format!(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{}",
            "x".repeat(60_000)
        );
        let mut first = server.connect();
        first.send(&half);
        // The server has read it all when it has read that much.
        let read = |server: &Server| -> i64 {
            server
                .audit
                .calls()
                .iter()
                .filter(|c| c.name == "read")
                .map(|c| c.ret.max(0))
                .sum()
        };
        until(|| read(&server) >= half.len() as i64);
        let mut second = server.connect();
        second.send(&half);
        assert_eq!(second.answer().unwrap().status, 503, "{io:?}");
        first.send("y".repeat(30_000));
        assert_eq!(
            first.answer().unwrap().body.len(),
            90_000,
            "{io:?}: the first is served"
        );
        // And makes room: a moment after its answer has arrived here.
        until(|| {
            let mut third = server.connect();
            third.send(format!("{half}{}", "z".repeat(30_000)));
            third.answer().unwrap().body.len() == 90_000
        });
    }
}

#[test]
fn two_listeners_are_served_by_every_model() {
    use httpsys::server::Listen;
    for io in models() {
        let path = std::env::temp_dir().join(format!(
            "httpsys-two-{}-{}.sock",
            std::process::id(),
            io.name()
        ));
        let _ = std::fs::remove_file(&path);
        let mut two = config(io);
        two.listen.push(Listen::Unix(path.clone()));
        let server = start(two);
        for _ in 0..2 {
            ok(&server, io);
            let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
            use std::io::{Read, Write};
            client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            let mut got = String::new();
            client.read_to_string(&mut got).unwrap();
            assert!(
                got.starts_with("HTTP/1.1 200 OK") && got.contains("unix socket"),
                "{io:?}"
            );
        }
        server.stop();
        assert!(!path.exists(), "{io:?}: the name goes with the server");
    }
}

#[test]
fn a_crowd_at_one_listener_does_not_keep_the_other_waiting() {
    use httpsys::server::Listen;
    use std::io::{Read, Write};
    for io in IoModel::ALL.into_iter().filter(|io| io.has_one_seat()) {
        let name = format!("httpsys-turns-{}-{}.sock", std::process::id(), io.name());
        let path = std::env::temp_dir().join(name);
        let mut two = config(io);
        two.listen.push(Listen::Unix(path.clone()));
        two.keep_alive = None;
        let server = start(two);
        // Somebody has the seat while the others come.
        let mut first = server.connect();
        first.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(first.answer().unwrap().status, 100);
        let crowd: Vec<_> = (0..4)
            .map(|_| {
                let mut client = server.connect();
                client.send(get("/hi"));
                client
            })
            .collect();
        let mut other = std::os::unix::net::UnixStream::connect(&path).unwrap();
        other.write_all(get("/hi").as_bytes()).unwrap();
        first.send("x");
        let mut got = String::new();
        other.read_to_string(&mut got).unwrap();
        for mut client in crowd {
            assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?}");
        }
        let audit = server.audit.clone();
        server.stop();
        let calls = audit.calls();
        let accepts = calls.iter().filter(|c| c.name == "accept4" && c.ret >= 0);
        let doors: Vec<u64> = accepts.map(|made| made.args[0]).collect();
        let second = doors.iter().position(|door| *door != doors[0]);
        assert!(second.is_some_and(|place| place <= 2), "{io:?}: {doors:?}");
    }
}

#[test]
fn every_answer_is_logged_with_its_connection_and_exchange() {
    use httpsys::server::{Log, LogFormat};
    for io in models() {
        let (log, records) = match io {
            IoModel::Fork => Log::across_processes().unwrap(),
            _ => Log::new(),
        };
        let server = start_with(config(io), &[], Some(log));
        let mut client = server.connect();
        client.send("GET /hi HTTP/1.1\r\nHost: x\r\nUser-Agent: a\"b\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n");
        client.read_to_end();
        drop(client);
        server.stop();
        let records: Vec<_> = records.into_iter().collect();
        let seen: Vec<_> = records
            .iter()
            .map(|r| (r.connection, r.exchange, r.status))
            .collect();
        assert_eq!(seen, [(1, 1, 200), (1, 2, 404), (1, 3, 400)], "{io:?}");
        let mut line = Vec::new();
        LogFormat::Combined.line(&records[0], &mut line);
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line,
            "127.0.0.1 c1/r1 - [01/Jan/2026:00:00:00 +0000] \"GET /hi HTTP/1.1\" 200 2 \"-\" \"a\\\"b\"\n"
        );
    }
}

#[test]
fn a_client_for_whom_no_process_can_be_made_is_told_so_and_the_next_one_is_served() {
    let server = start_with(config(IoModel::Fork), &["clone:error=EAGAIN:when=1"], None);
    let mut unlucky = server.connect();
    unlucky.send(get("/hi"));
    assert_eq!(unlucky.answer().unwrap().status, 503);
    ok(&server, IoModel::Fork);
}

#[test]
fn every_child_is_waited_for_and_a_killed_one_takes_nobody_along() {
    let server = start(config(IoModel::Fork));
    let mut doomed = server.connect();
    doomed.send(get("/hi"));
    doomed.answer().unwrap();
    // The child may have answered before its parent's `clone` has returned.
    until(|| server.audit.count("clone") == 1);
    let child = (server.audit.calls().iter())
        .find(|made| made.name == "clone")
        .map(|made| made.ret as i32)
        .unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), nix::sys::signal::SIGKILL).unwrap();
    assert_eq!(doomed.answer(), None, "its connection is over");
    for _ in 0..5 {
        ok(&server, IoModel::Fork);
    }
    let audit = server.audit.clone();
    let served = server.stop();
    assert_eq!((served.connections, served.requests), (6, 6));
    let buried = audit
        .calls()
        .iter()
        .filter(|made| made.name == "wait4" && made.ret > 0)
        .count();
    assert_eq!(buried, 6, "no zombie is left");
}
