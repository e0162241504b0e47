//! Two witnesses: the server tells what it does (`serve --record`), and so does who traces it
//! (`trace --record`). Both recordings tell the same story, under every model. What goes through a ring
//! is seen from inside only: there, as many operations as the tracer sees go in are told to go in and to
//! come out.

mod common;
mod trace_support;

use common::Folder;
use common::Server;
use common::models::io_uring_works;
use common::models::models;
use common::read_all;
use common::read_response;
use httpsys::decode::Decoder;
use httpsys::event::What;
use httpsys::event::call::CallName;
use httpsys::server::IoModel;
use httpsys::source::recording::Recording;
use httpsys::story::Note;
use httpsys::story::Story;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::BufReader;
use std::io::Write;
use std::net::Shutdown;
use std::path::Path;
use trace_support::lines;
use trace_support::of_type;
use trace_support::ptrace_allowed;
use trace_support::trace;

/// What is told of each connection by each thread: its calls, with what they mean. Thread 0 has the
/// connection's end, connection 0 the sums.
type Connections = BTreeMap<(u32, u32), Vec<String>>;

/// Reads a recording.
fn connections(path: &Path) -> Connections {
    let file = std::fs::File::open(path).expect("a recording");
    let mut recording = Recording::new(BufReader::new(file)).expect("it can be read");
    let (mut decoder, mut story) = (Decoder::default(), Story::default());
    let mut told = Connections::new();
    while let Some(raw) = recording.next_record().expect("it can be read") {
        let event = decoder.event(&raw);
        let step = story.step(&event);
        // Whether a call is caught waiting is up to the clock.
        let (What::Call(done), Some(id)) = (&event.what, step.connection) else {
            continue;
        };
        let CallName::Known(call) = done.syscall.name else {
            continue;
        };
        let over = |note: &&Note| matches!(note, Note::Over(..));
        if let Some(over) = step.notes.iter().find(over) {
            told.entry((id.0, 0)).or_default().push(over.to_string());
        }
        let line = match call.name() {
            // The C library makes two more to start a thread; the end of a process is the end of everything.
            "mmap" | "clone3" | "exit_group" => continue,
            // Of two processes that hold a connection, either may be seen to let go first.
            name @ ("clone" | "close") => format!("{name} {:?}", done.outcome),
            name => {
                let exchange = step.exchange.map_or(String::new(), |id| id.to_string());
                // "fd 4 again" is said once, of the first number that is: the tracer sees the tool's own.
                let notes = step.notes.iter().filter(|note| note.id() != "fd-again");
                let notes: Vec<String> = notes.map(ToString::to_string).collect();
                let notes = notes.join("; ");
                format!("{name} {:?} {exchange} {notes}", done.outcome)
            }
        };
        told.entry((id.0, event.tid.0)).or_default().push(line);
    }
    let sums = story.summary();
    let sums = (
        sums.connections,
        sums.requests,
        sums.bytes_in,
        sums.bytes_out,
    );
    told.insert((0, 0), vec![format!("{sums:?}")]);
    told
}

/// What a client makes of a server.
const CONNECTIONS: usize = 6;
const EXCHANGES: usize = 10;

/// What a client does: requests in pieces, pipelined, refused, without a body, with a large one.
fn client(server: &Server) {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    let mut stream = server.connect();
    for path in ["/index.html", "/nothing", "/hi"] {
        stream.write_all(&get(path)).expect("it is sent");
        assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 "));
    }
    let post = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhelloworld";
    stream.write_all(post).expect("it is sent");
    assert!(read_response(&mut stream).ends_with(b"helloworld"));
    stream.shutdown(Shutdown::Write).expect("it is open");
    read_all(&mut stream);
    drop(stream);
    let both = [get("/hi"), get("/hi")].concat();
    let answers = server.ask(&both);
    assert_eq!(answers.windows(9).filter(|w| w == b"HTTP/1.1 ").count(), 2);
    assert!(server.ask(&get("/big.bin")).len() > 300_000);
    let head = server.ask(b"HEAD /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.ends_with(b"\r\n\r\n"));
    assert!(
        server
            .ask(b"GET / HTTP/1.1\r\n\r\n")
            .starts_with(b"HTTP/1.1 400 ")
    );
    let mut stream = server.connect();
    for piece in [&b"GET /hi HT"[..], b"TP/1.1\r\nHost: x\r\n\r\n"] {
        stream.write_all(piece).expect("it is sent");
    }
    assert!(read_response(&mut stream).ends_with(b"Hi"));
}

/// A server that is traced, with both recordings.
fn witnessed(folder: &Folder, io: IoModel) -> Server {
    folder.file("site/index.html", "<p>a small page</p>\n");
    folder.file("site/big.bin", vec![b'b'; 300_000]);
    let path = |name: &str| folder.0.join(name).display().to_string();
    let calls = "trace=%network,%desc,clone,wait4,clock_nanosleep";
    let outside = path("outside");
    let quiet = ["-q", "-o", "/dev/null", "-e", calls, "--record", &outside];
    let mut command = trace(&quiet);
    command.arg("--").arg(env!("CARGO_BIN_EXE_httpsys"));
    command.args(["serve", "-q", "-l", "127.0.0.1:0", "--log", "off"]);
    command.args(["--io", io.name(), "--keep-alive", "--record"]);
    command.args([path("inside"), path("site")]);
    Server::spawn(command)
}

#[test]
fn the_server_and_its_tracer_tell_the_same_story_under_every_model() {
    if !ptrace_allowed() {
        return;
    }
    for io in models().filter(|io| *io != IoModel::Uring) {
        let folder = Folder::new(&format!("witness-story-{}", io.name()));
        let server = witnessed(&folder, io);
        client(&server);
        assert_eq!(server.stop().0, Some(0), "{io:?}");
        let inside = connections(&folder.0.join("inside"));
        let outside = connections(&folder.0.join("outside"));
        for (key, told) in &inside {
            let other = outside.get(key);
            assert_eq!(Some(told), other, "{io:?}, {key:?}: inside and outside");
        }
        assert_eq!(inside.len(), outside.len(), "{io:?}");
        let ends = inside.keys().filter(|(id, thread)| *id > 0 && *thread == 0);
        assert_eq!(ends.count(), CONNECTIONS, "{io:?}: {inside:#?}");
        let requests = format!("({CONNECTIONS}, {EXCHANGES}, ");
        assert!(
            inside[&(0, 0)][0].starts_with(&requests),
            "{io:?}: {inside:#?}"
        );
    }
}

#[test]
fn as_many_operations_go_into_a_ring_as_the_tracer_counts_and_as_many_come_out() {
    if !ptrace_allowed() || !io_uring_works() {
        return;
    }
    let folder = Folder::new("witness-story-uring");
    let server = witnessed(&folder, IoModel::Uring);
    client(&server);
    assert_eq!(server.stop().0, Some(0));
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.0.join(name)).expect("a recording");
        lines(&text)
    };
    let (inside, outside) = (read("inside"), read("outside"));
    let is_result = |line: &&&Value| line.get("res").is_some();
    let operations = of_type(&inside, "ring");
    let came_out = operations.iter().filter(is_result).count();
    let went_in = operations.len() - came_out;
    // What `io_uring_enter` returns is how many operations the kernel took.
    let taken = |lines: &[Value]| -> u64 {
        let calls = of_type(lines, "call").into_iter();
        let enters = calls.filter(|line| line["call"] == "io_uring_enter");
        enters.filter_map(|line| line["ret"].as_u64()).sum()
    };
    assert_eq!(taken(&outside), went_in as u64);
    assert_eq!(taken(&inside), went_in as u64);
    assert_eq!(came_out, went_in);
    // An accept and a close for each connection, a read and a write for each exchange at least.
    assert!(went_in >= 2 * CONNECTIONS + 2 * EXCHANGES, "{went_in}");
    let summary = &connections(&folder.0.join("inside"))[&(0, 0)][0];
    let requests = format!("({CONNECTIONS}, {EXCHANGES}, ");
    assert!(summary.starts_with(&requests), "{summary}");
}
