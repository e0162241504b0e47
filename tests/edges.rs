//! What a user meets at the edges: taken ports, odd roots, streams that close, disks that fill, a
//! server that is killed.

mod common;

use common::Folder;
use common::Server;
use common::httpsys;
use common::read_all;
use nix::sys::signal::Signal;
use std::io::Write;
use std::process::Stdio;

fn said(command: &mut std::process::Command) -> (Option<i32>, String, String) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn the_version_is_printed() {
    let (status, out, _) = said(httpsys().arg("--version"));
    assert_eq!(status, Some(0));
    assert_eq!(out, format!("httpsys {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_taken_port_names_its_holder_and_offers_port_0() {
    let server = Server::start(&[]);
    let port = server.address.port().to_string();
    let (status, _, err) = said(httpsys().args(["serve", "-l", &port]));
    assert_eq!(status, Some(4));
    assert!(err.contains("bind"), "{err}");
    assert!(err.contains(&format!("127.0.0.1:{port}")), "{err}");
    assert!(err.contains(&server.pid().to_string()), "{err}");
    assert!(err.contains("httpsys"), "{err}");
    assert!(err.contains("--listen 127.0.0.1:0"), "{err}");
}

#[test]
fn p_is_not_the_port_and_the_error_says_so() {
    let (status, _, err) = said(httpsys().args(["serve", "-p", "8080"]));
    assert_eq!(status, Some(2));
    assert!(err.contains("-l 8080"), "{err}");
}

#[test]
fn a_root_that_is_a_file_or_is_not_there_is_named() {
    let folder = Folder::new("roots");
    let file = folder.file("page.html", "x");
    for root in [file, folder.0.join("missing")] {
        let (status, _, err) = said(httpsys().args(["serve", "-l", "0"]).arg(&root));
        assert_eq!(status, Some(4), "{err}");
        assert!(err.contains(root.to_str().unwrap()), "{err}");
    }
}

#[test]
fn for_0_0_0_0_an_address_is_shown_that_others_can_open() {
    let mut server = Server::spawn({
        let mut command = httpsys();
        command.args(["serve", "-l", "0.0.0.0:0", "--trace"]);
        command
    });
    let port = server.address.port();
    server.address = ([127, 0, 0, 1], port).into();
    assert!(server.ask(b"GET /hi HTTP/1.0\r\n\r\n").ends_with(b"Hi"));
    let (status, lines, _) = server.stop();
    assert_eq!(status, Some(0));
    let listening = &lines[0];
    assert!(
        listening.starts_with(&format!("listening on http://0.0.0.0:{port}/")),
        "{lines:?}"
    );
    // A machine without a network has no such address.
    let route = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("198.51.100.1:9")?;
        socket.local_addr()
    });
    if let Ok(here) = route {
        let url = format!("http://{}:{port}/", here.ip());
        assert!(listening.contains(&url), "{listening}");
    }
}

#[test]
fn one_line_says_where_it_listens_in_every_view() {
    for view in ["--trace", "--trace=strace", "--trace=json"] {
        let server = Server::start(&[view, "--max-requests", "1"]);
        server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
        let (status, lines, _) = server.finish();
        assert_eq!(status, Some(0));
        let listening: Vec<_> = lines
            .iter()
            .filter(|l| l.starts_with("listening on http://"))
            .collect();
        assert_eq!(listening.len(), 1, "{view}: {lines:?}");
        if view == "--trace=json" {
            for line in lines.iter().filter(|l| !l.starts_with("listening on ")) {
                serde_json::from_str::<serde_json::Value>(line).expect(line);
            }
        }
    }
}

#[test]
fn a_server_whose_trace_is_no_longer_read_goes_on_serving() {
    let mut command = httpsys();
    command.args(["serve", "-l", "127.0.0.1:0", "--trace"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    {
        let stderr = child.stderr.take().expect("it was asked for");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stderr), &mut line).unwrap();
        // The reader is dropped here, like `head -1`.
    }
    let address: std::net::SocketAddr = line
        .trim_end()
        .trim_start_matches("listening on http://")
        .trim_end_matches('/')
        .parse()
        .expect(&line);
    for _ in 0..3 {
        let mut stream = std::net::TcpStream::connect(address).expect("it still listens");
        stream.set_read_timeout(Some(common::PATIENCE)).unwrap();
        std::io::Write::write_all(&mut stream, b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(common::read_all(&mut stream).ends_with(b"Hi"));
    }
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id() as i32),
        Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_full_disk_ends_the_recording_with_one_message_and_not_the_server() {
    let mut server = Server::start(&["--record", "/dev/full"]);
    for _ in 0..3 {
        assert!(
            server
                .ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                .ends_with(b"Hi")
        );
    }
    server.wait_for("/dev/full");
    assert!(
        server
            .ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
            .ends_with(b"Hi")
    );
    let (status, lines, _) = server.stop();
    assert_eq!(status, Some(0));
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("/dev/full"))
            .count(),
        1,
        "{lines:?}"
    );
}

#[test]
fn a_killed_server_leaves_a_recording_that_can_be_read_up_to_its_last_whole_line() {
    let folder = Folder::new("killed");
    let path = folder.0.join("run.jsonl");
    let server = Server::start(&["--record", path.to_str().unwrap()]);
    assert!(
        server
            .ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
            .ends_with(b"Hi")
    );
    // The recording is written beside the serving: wait until the request stands in it.
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while !std::fs::read_to_string(&path)
        .unwrap_or_default()
        .contains("GET /hi")
    {
        assert!(
            std::time::Instant::now() < deadline,
            "the request never reached the recording"
        );
        std::thread::yield_now();
    }
    server.signal(Signal::SIGKILL);
    drop(server);
    let text = std::fs::read_to_string(&path).unwrap();
    let whole = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
    let mut calls = 0;
    for line in whole.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect(line);
        calls += usize::from(value["type"] == "call");
    }
    assert!(calls >= 6, "{whole}");
}

#[test]
fn a_first_signal_finishes_open_exchanges_and_exits_0() {
    for io in ["blocking", "threads", "epoll"] {
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let server = Server::start(&["--io", io, "--trace"]);
            assert!(
                server
                    .ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                    .ends_with(b"Hi")
            );
            let idle = server.connect();
            server.signal(signal);
            let (status, lines, _) = server.finish();
            assert_eq!(status, Some(0), "{io} {signal}: {lines:?}");
            drop(idle);
        }
    }
}

#[test]
fn nothing_from_the_network_reaches_the_terminal_raw() {
    let hostile = "GET /\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n";
    let kinder = "GET /x HTTP/1.1\r\nHost: x\r\nX-A: \u{202e}evil\x1b]0;title\x07\r\n\r\n";
    let body = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n\x1b[2J\u{9b}31m";
    for view in ["--trace", "--trace=strace", "--trace=json"] {
        let server = Server::start(&[view, "--max-requests", "3"]);
        for request in [hostile, kinder, body] {
            server.ask(request.as_bytes());
        }
        let (_, lines, _) = server.stop();
        for line in lines {
            let bad = line.chars().find(|c| {
                c.is_control() || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(bad, None, "{view}: {line:?}");
        }
    }
}

#[test]
fn secrets_are_masked_on_the_screen_and_in_the_recording_unless_asked_for() {
    let folder = Folder::new("secrets");
    for (flag, shown) in [("--redact", false), ("--no-redact", true)] {
        let path = folder.0.join(flag);
        let server = Server::start(&[
            "--trace=strace",
            "-s",
            "1000",
            flag,
            "--max-requests",
            "1",
            "--record",
            path.to_str().unwrap(),
        ]);
        server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\nCookie: id=opensesame\r\nAuthorization: Basic b3BlbnNlc2FtZQ==\r\n\r\n");
        let (_, lines, _) = server.finish();
        let recording = std::fs::read_to_string(&path).unwrap();
        for text in [lines.join("\n"), recording] {
            assert_eq!(text.contains("opensesame"), shown, "{flag}: {text}");
            assert_eq!(text.contains("b3BlbnNlc2FtZQ"), shown, "{flag}: {text}");
        }
    }
}

#[test]
fn the_compact_screen_of_one_get_fits_24_rows_of_80_columns() {
    let folder = Folder::new("screen");
    folder.file("index.html", "<p>hello</p>\n\n");
    let root = folder.0.to_str().unwrap().to_string();
    let server = Server::start(&["--trace", "--max-requests", "1", &root]);
    server.ask(
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
    );
    let (status, lines, _) = server.finish();
    assert_eq!(status, Some(0));
    assert!(
        lines.len() <= 23,
        "{} rows:\n{}",
        lines.len(),
        lines.join("\n")
    );
    for line in &lines {
        // The two lines that name the folder may be as long as its path.
        assert!(line.chars().count() <= 80 || line.contains(&root), "{line}");
    }
    let screen = lines.join("\n");
    for part in [
        "socket(", "bind(", "listen(", "accept4(", "read(", "openat", "write(", "close(",
    ] {
        assert!(screen.contains(part), "no {part} in\n{screen}");
    }
    assert!(screen.contains("GET / HTTP/1.1"), "{screen}");
    assert!(screen.contains("200 OK"), "{screen}");
}

#[test]
fn a_file_that_cannot_be_opened_is_named_with_its_errno_and_what_to_try() {
    let missing = "/nonexistent/file";
    let commands: [&[&str]; 5] = [
        &["serve", "-o", missing],
        &["serve", "--record", missing],
        &["parse", missing],
        &["get", ":1/", "--raw", missing],
        &["get", ":1/", "-d", "@/nonexistent/file"],
    ];
    for command in commands {
        let (status, out, err) = said(httpsys().args(command));
        assert_eq!((status, out.as_str()), (Some(4), ""), "{command:?}");
        let expected = format!(
            "httpsys {}: open {missing}: No such file or directory (ENOENT); is",
            command[0]
        );
        assert!(err.starts_with(&expected), "{err}");
    }
}

#[test]
fn what_greets_fits_80_columns_and_escapes_the_name_of_root() {
    let folder = Folder::new("greeting");
    let long = folder
        .0
        .join("a folder with \x1b[31m and quite a name, so that 80 columns end");
    std::fs::create_dir_all(&long).expect("a folder");
    let mut server = Server::start(&[long.to_str().expect("it is UTF-8")]);
    server.wait_for("* built in");
    server.signal(Signal::SIGINT);
    let (_, lines, _) = server.finish();
    assert!(lines.iter().any(|line| line.contains("try: httpsys get :")));
    for line in lines {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\x1b'), "{line:?}");
    }
}

#[test]
fn the_first_example_fits_the_first_listener() {
    let mut server = Server::spawn({
        let mut command = httpsys();
        command.args(["serve", "-l", "[::1]:0"]);
        command
    });
    let url = format!("http://{}/", server.address);
    let line = server.wait_for("try: ");
    assert!(
        line.contains(&format!("try: httpsys get '{url}'")),
        "{line}"
    );
    server.signal(Signal::SIGINT);
    server.finish();
}

#[test]
fn help_fits_80_columns_and_lists_a_commands_own_flags_first() {
    for command in ["", "serve", "get", "parse", "explain"] {
        for flag in ["-h", "--help"] {
            let words = [command, flag];
            let words = words.iter().filter(|word| !word.is_empty());
            let (status, out, _) = said(httpsys().args(words));
            assert_eq!(status, Some(0));
            for line in out.lines() {
                assert!(line.chars().count() <= 80, "{command} {flag}: {line}");
                // A terminal without UTF-8 shows it too.
                assert!(line.is_ascii(), "{command} {flag}: {line}");
            }
            let screen = out.find("\nScreen:\n").expect("flags of all commands");
            let (own, shared) = out.split_at(screen);
            for common in ["--color", "--width", "--ascii", "--canonical"] {
                assert!(!own.contains(common) && shared.contains(common), "{out}");
            }
        }
    }
}

#[test]
fn q_leaves_out_every_line_that_begins_with_a_star() {
    for flags in [["--trace", "-q"], ["-c", "-q"], ["-C", "-q"]] {
        let server = Server::start(&[&flags[..], &["--max-requests", "1"]].concat());
        server.ask(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
        let (status, lines, _) = server.finish();
        assert_eq!(status, Some(0));
        assert!(lines.len() > 5, "{flags:?}: {lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with('*')), "{lines:?}");
    }
}

#[test]
fn a_secret_that_is_sent_back_stays_hidden_however_the_answer_is_cut() {
    for io in ["blocking", "threads", "epoll"] {
        for fault in ["inject=write:short=7", "inject=read:short=5", "trace=write"] {
            let folder = Folder::new(&format!("sent-back-{io}-{}", fault.len()));
            let recording = folder.0.join("run.jsonl");
            let mut command = httpsys();
            command
                .args(["serve", "-l", "127.0.0.1:0", "--io", io, "--keep-alive"])
                .args(["--trace=strace", "-s", "100000", "-e", fault])
                .args(["--max-requests", "2", "--record"])
                .arg(&recording);
            let server = Server::spawn(command);
            let mut stream = server.connect();
            stream
                .write_all(
                    b"GET /headers HTTP/1.1\r\nHost: x\r\nCookie: id=opensesame\r\n\r\n\
                    POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\
                    Transfer-Encoding: chunked\r\n\r\n\
                    14\r\nCookie: a=opensesame\r\n9\r\nopensesam\r\n0\r\n\r\n",
                )
                .unwrap();
            let answer = String::from_utf8_lossy(&read_all(&mut stream)).into_owned();
            assert_eq!(answer.matches("opensesam").count(), 3, "{answer}");
            drop(stream);
            let (_, errors, _) = server.finish();
            let kept = std::fs::read_to_string(&recording).unwrap();
            for trace in [errors.join("\n"), kept] {
                for piece in ["opens", "nsesa", "sesam"] {
                    assert!(!trace.contains(piece), "{io} {fault}: {piece} in {trace}");
                }
            }
        }
    }
}

#[test]
fn a_server_that_gets_no_epoll_set_says_so_and_ends_with_4() {
    let mut command = httpsys();
    command.args(["serve", "-l", "127.0.0.1:0", "--io", "epoll", "--trace"]);
    command.args(["-e", "inject=epoll_create1:error=EMFILE"]);
    let (status, _, err) = said(&mut command);
    assert_eq!(status, Some(4), "{err}");
    assert!(
        err.contains("httpsys serve: epoll_create1 (--io epoll): "),
        "{err}"
    );
    assert!(err.contains("EMFILE"), "{err}");
}

#[test]
fn an_odd_name_on_the_command_line_reaches_no_terminal_raw() {
    for odd in ["a\u{1b}[31m", "\u{202e}abc", "\u{9b}31m", "b\u{200b}c"] {
        let output = format!("/nonexistent/{odd}");
        for args in [
            vec!["serve", odd],
            vec!["serve", "-l", odd],
            vec!["serve", "-e", odd],
            vec!["serve", "--io", odd],
            vec!["serve", "-l", "127.0.0.1:0", "--trace", "-o", &output],
            vec!["get", odd],
            vec!["parse", odd],
            vec!["explain", odd],
            vec![odd],
        ] {
            let (status, out, err) = said(httpsys().args(&args));
            assert!(matches!(status, Some(1 | 2 | 4)), "{args:?}: {status:?}");
            let raw =
                |c: &char| c.is_control() && *c != '\n' || matches!(*c, '\u{200b}' | '\u{202e}');
            let text = format!("{out}{err}");
            assert_eq!(text.chars().find(raw), None, "{args:?}: {text:?}");
        }
    }
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_and_one_that_is_not_wanted_is_none() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("the device for full disks");
    let status = httpsys().args(["explain", "read"]).stdout(full).status();
    assert_eq!(status.expect("it runs").code(), Some(4));
    let mut child = httpsys()
        .args(["explain", "read"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_secret_that_comes_after_the_last_word_stays_hidden_in_every_piece() {
    for fault in [
        "inject=read:short=1",
        "inject=read:short=7",
        "inject=read:short=9",
    ] {
        let mut command = httpsys();
        command.args(["serve", "-l", "127.0.0.1:0", "--trace=strace", "-s", "1000"]);
        command.args(["-e", fault, "--max-requests", "1"]);
        let server = Server::spawn(command);
        server.ask(b"BAD REQUEST LINE\r\nHost: x\r\nCookie: abcdefghijklmnopqrst\r\nX: y\r\n\r\n");
        let (_, lines, _) = server.finish();
        let trace = lines.join("\n");
        assert!(trace.contains("shutdown("), "{trace}");
        for part in ["abc", "def", "ghi", "jkl", "mno", "pqr"] {
            assert!(!trace.contains(&format!("\"{part}")), "{fault}: {trace}");
            assert!(!trace.contains(&format!("{part}\"")), "{fault}: {trace}");
        }
    }
}
