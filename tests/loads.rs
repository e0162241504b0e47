//! Many at once: idle connections stay, busy ones lose nothing, and what both cost is printed.
//! (`cargo bench --bench idle` does it with 10 000 idle and 2 000 busy ones.)

mod common;

use common::Server;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

const IDLE: usize = 1000;
const BUSY: usize = 300;
const ROUNDS: usize = 5;
const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n";

/// Reads one answer to `HI`, whatever pieces it comes in.
fn answer(stream: &mut TcpStream) {
    let (mut all, mut room) = (Vec::new(), [0; 1024]);
    while !all.ends_with(b"\r\n\r\nHi") {
        let n = stream.read(&mut room).expect("an answer in time");
        assert!(n > 0, "the end instead of an answer: {all:?}");
        all.extend_from_slice(&room[..n]);
    }
    assert!(all.starts_with(b"HTTP/1.1 200 ") && all.len() < 400);
}

/// Resident memory in bytes.
fn resident(server: &Server) -> usize {
    let path = format!("/proc/{}/status", server.pid());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .expect("a number of KiB")
        * 1024
}

/// The models that promise many at once. `select` ends at 1024 descriptors, and says so.
fn models() -> impl Iterator<Item = &'static str> {
    let many = |io: &httpsys::server::IoModel| io.is_event_driven();
    let models = common::models::models().filter(many);
    models.map(|io| io.name()).filter(|name| *name != "select")
}

fn raise_limit() {
    use nix::sys::resource::Resource;
    use nix::sys::resource::getrlimit;
    use nix::sys::resource::setrlimit;
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[test]
fn idle_connections_stay_and_are_given_back() {
    raise_limit();
    for io in models() {
        let server = Server::start(&["--io", io, "--log", "off", "--backlog", "2000"]);
        let mut answered = |stream: &mut TcpStream| {
            stream.write_all(HI).expect("it is sent");
            answer(stream);
        };
        answered(&mut server.connect());
        let before = resident(&server);
        let mut idle: Vec<TcpStream> = (0..IDLE).map(|_| server.connect()).collect();
        idle.iter_mut().for_each(&mut answered);
        let each = resident(&server).saturating_sub(before) / IDLE;
        println!("{io}: {each} bytes for each of {IDLE} idle connections");
        // A buffer each would be thousands; nginx has 526, and pages of what start-up never touched are in here.
        // With a ring a read is under way on each of them, and that has its buffer (`--buf`).
        let buffer = if io == "uring" { 16 << 10 } else { 0 };
        let most = buffer + 1200;
        assert!(each < most, "{io}: {each} bytes for each idle connection");
        // They are all still there.
        idle.iter_mut().for_each(&mut answered);
        drop(idle);
        assert_eq!(server.stop().0, Some(0), "{io}");
    }
}

#[test]
fn busy_connections_lose_no_request() {
    raise_limit();
    for io in models() {
        let server = Server::start(&["--io", io, "--log", "off", "--backlog", "2000"]);
        let mut busy: Vec<TcpStream> = (0..BUSY).map(|_| server.connect()).collect();
        for _ in 0..ROUNDS {
            // Everybody asks before anybody is heard.
            for stream in &mut busy {
                stream.write_all(HI).expect("it is sent");
            }
            for stream in &mut busy {
                answer(stream);
            }
        }
        for stream in &mut busy {
            let none = stream.set_nonblocking(true);
            assert!(none.is_ok(), "{io}");
            let more = stream.read(&mut [0]);
            let kind = more.expect_err("nothing else comes").kind();
            assert_eq!(
                kind,
                std::io::ErrorKind::WouldBlock,
                "{io}: it is still open"
            );
        }
        let page = server.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        let page = String::from_utf8_lossy(&page);
        let counted = [
            format!("httpsys_requests_total{{status=\"200\"}} {}", BUSY * ROUNDS),
            format!("httpsys_connections_open {}", BUSY + 1),
        ];
        for line in counted {
            assert!(
                page.lines().any(|l| l == line),
                "{io}: no {line} in\n{page}"
            );
        }
        drop(busy);
        assert_eq!(server.stop().0, Some(0), "{io}");
    }
}
