//! Socket activation: listeners that a service manager has opened, passed as descriptors 3 and up with
//! LISTEN_FDS and LISTEN_PID (`man 3 sd_listen_fds`). The tests are the service manager.

mod common;

use common::Folder;
use common::Server;
use common::httpsys;
use common::models::models;
use common::peer;
use common::read_all;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::Stdio;

const HI: &[u8] = b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// A command that finds these sockets from 3 on. The shell writes its own id into LISTEN_PID and becomes the
/// program.
fn given(sockets: &[&dyn AsFd], program: &[&str], args: &[&str]) -> Command {
    let copies: Vec<OwnedFd> = sockets
        .iter()
        .map(|socket| socket.as_fd().try_clone_to_owned().expect("a descriptor"))
        .collect();
    let mut command = Command::new("sh");
    command
        .args(["-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""])
        .args(program)
        .args(["serve", "-l", "127.0.0.1:1"])
        .args(args)
        .env("LISTEN_FDS", sockets.len().to_string())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    // SAFETY: between fork and exec, system calls alone.
    unsafe {
        command.pre_exec(move || {
            // First out of the way: a copy may stand where another has to go.
            let mut high = [0; 8];
            for (place, copy) in high.iter_mut().zip(&copies) {
                *place = nix::libc::fcntl(copy.as_raw_fd(), nix::libc::F_DUPFD_CLOEXEC, 100);
            }
            for (number, from) in high.iter().take(copies.len()).enumerate() {
                if nix::libc::dup2(*from, 3 + number as i32) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            // Whoever runs the tests may have left some open.
            for number in copies.len()..40 {
                nix::libc::close(3 + number as i32);
            }
            Ok(())
        });
    }
    command
}

fn program() -> [&'static str; 1] {
    [env!("CARGO_BIN_EXE_httpsys")]
}

fn asked<S: Read + Write>(mut stream: S) -> String {
    stream.write_all(HI).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn passed_listeners_are_served_by_every_model_and_outlive_the_server() {
    for io in models() {
        let folder = Folder::new(&format!("passed-{}", io.name()));
        let recording = folder.0.join("run.jsonl").display().to_string();
        let path = folder.0.join("s.sock");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let unix = UnixListener::bind(&path).expect("a free name");
        let address = tcp.local_addr().expect("it has one");
        let args = ["--io", io.name(), "--log", "off", "--record", &recording];
        let mut command = given(&[&tcp, &unix], &program(), &args);
        command.env("LISTEN_FDNAMES", "web:local");
        let mut server = Server::spawn(command);
        assert_eq!(server.address, address, "{io:?}");
        let local = server.wait_for("listening on unix:");
        assert!(
            local.ends_with("  (passed to us as fd 4, local)"),
            "{local}"
        );
        for _ in 0..2 {
            assert!(asked(TcpStream::connect(address).expect("tcp")).ends_with("Hi"));
            assert!(asked(UnixStream::connect(&path).expect("unix")).ends_with("Hi"));
        }
        let (status, lines, _) = server.stop();
        assert_eq!(status, Some(0), "{io:?}");
        assert!(
            lines[0].ends_with("  (passed to us as fd 3, web)"),
            "{lines:?}"
        );
        // The sockets are their owner's: who comes now waits for the next server.
        assert!(path.exists());
        let waiting = TcpStream::connect(address).expect("its queue is still there");
        let next = Server::spawn(given(&[&tcp], &program(), &["--io", io.name()]));
        assert!(asked(waiting).ends_with("Hi"), "{io:?}");
        assert_eq!(next.stop().0, Some(0));
        let recorded = std::fs::read_to_string(&recording).expect("a recording");
        let facts: Vec<serde_json::Value> = (recorded.lines())
            .filter(|line| line.contains("\"type\":\"fd\""))
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        let facts: Vec<_> = facts
            .iter()
            .map(|fact| (&fact["fd"], &fact["kind"], &fact["name"]))
            .map(|(fd, kind, name)| format!("{fd} {kind} {name}"))
            .collect();
        let unix_name = format!("unix:{}", path.display());
        assert_eq!(
            facts,
            [
                format!("3 \"listener\" \"{address}\""),
                format!("4 \"listener\" \"{unix_name}\"")
            ]
        );
        assert!(!recorded.contains("\"call\":\"socket\""), "{io:?}");
        assert!(
            !recorded.contains("\"call\":\"shutdown\",\"args\":{\"sockfd\":3"),
            "{io:?}"
        );
    }
}

#[test]
fn several_loops_may_share_a_port_that_was_passed() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = tcp.local_addr().expect("it has one");
    let server = Server::spawn(given(
        &[&tcp],
        &program(),
        &["--io", "epoll", "--workers", "3"],
    ));
    for _ in 0..20 {
        assert!(asked(TcpStream::connect(address).expect("tcp")).ends_with("Hi"));
    }
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn what_is_meant_for_another_process_is_left_alone() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut command = httpsys();
    command.args(["serve", "-l", "127.0.0.1:0"]);
    command.env("LISTEN_FDS", "1").env("LISTEN_PID", "1");
    let mut server = Server::spawn(command);
    assert_ne!(server.address, tcp.local_addr().expect("it has one"));
    assert!(server.ask(HI).ends_with(b"Hi"));
    server.wait_for("* built in");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_socket_that_cannot_be_served_from_is_named_with_the_reason() {
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let connected = TcpStream::connect(tcp.local_addr().expect("it has one")).expect("it listens");
    let file = std::fs::File::open("/dev/null").expect("it is there");
    let cases: [(&[&dyn AsFd], &str); 4] = [
        (
            &[&datagrams],
            "use fd 3 (LISTEN_FDS): it is a socket of datagrams",
        ),
        (&[&connected], "use fd 3 (LISTEN_FDS): it does not listen"),
        (
            &[&file],
            "getsockopt SO_TYPE of fd 3 (LISTEN_FDS): socket operation on non-socket (ENOTSOCK)",
        ),
        (
            &[&tcp, &datagrams],
            "use fd 4 (LISTEN_FDS): it is a socket of datagrams",
        ),
    ];
    for (sockets, said) in cases {
        for traced in [&[][..], &["--trace"]] {
            let output = given(sockets, &program(), traced)
                .output()
                .expect("it runs");
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(4), "{text}");
            assert!(text.contains(said), "{text}");
            assert!(!text.contains("listening on"), "{text}");
        }
    }
    for (word, value, said) in [
        (
            "LISTEN_FDS",
            "3",
            "fd 4 (LISTEN_FDS): bad file number (EBADF); LISTEN_FDS promises more",
        ),
        ("LISTEN_FDS", "many", "LISTEN_FDS=many is not a number"),
        ("LISTEN_FDS", "500", "LISTEN_FDS passes more than 128"),
    ] {
        let output = given(&[&tcp], &program(), &[]).env(word, value).output();
        let output = output.expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn the_trace_of_a_passed_listener_is_what_strace_sees() {
    if !peer("strace") {
        return;
    }
    for io in models() {
        let folder = Folder::new(&format!("passed-witness-{}", io.name()));
        let (outside, inside) = (folder.0.join("outside"), folder.0.join("inside"));
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = tcp.local_addr().expect("it has one");
        let outside_name = outside.display().to_string();
        let inside_name = inside.display().to_string();
        let program = [
            // The shell's id is strace's; its child gets its own, and exec keeps it.
            "strace",
            "-o",
            &outside_name,
            "-e",
            "trace=getsockopt,getsockname,fcntl",
            "sh",
            "-c",
            "LISTEN_PID=$$ exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_httpsys"),
        ];
        let args = [
            "--io",
            io.name(),
            "--max-requests",
            "1",
            "--trace=strace",
            "-o",
            &inside_name,
            "-e",
            "trace=getsockopt,getsockname,fcntl",
        ];
        let server = Server::spawn(given(&[&tcp], &program, &args));
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(HI).expect("it is sent");
        assert!(read_all(&mut stream).ends_with(b"Hi"));
        assert_eq!(server.finish().0, Some(0), "{io:?}");
        let mine = |path| -> Vec<String> {
            let text = std::fs::read_to_string(path).expect("a trace");
            let calls = text
                .lines()
                .filter_map(|line| Some(&line[line.find(['g', 'f'])?..]));
            let ours = calls.filter(|call| call.contains("(3, "));
            ours.map(|call| call.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        let (ours, theirs) = (mine(&inside), mine(&outside));
        let first = theirs
            .iter()
            .position(|call| call.starts_with("getsockopt"));
        let theirs = &theirs[first.unwrap_or(0)..];
        assert!(ours.len() >= 6, "{io:?}: {ours:?}");
        assert_eq!(ours, theirs, "{io:?}");
    }
}
