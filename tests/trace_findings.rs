//! Findings about real programs under `httpsys trace`: each where it must be made, on the right connection, request and
//! call, and once; and beside it the same program mended, or one that only looks alike, of which nothing is said.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod trace_support;

use common::read_all;
use common::read_response;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use trace_support::fixtures::Servers;
use trace_support::fixtures::Traced;
use trace_support::*;

const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
const POST: &[u8] = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";

#[test]
fn descriptors_that_nobody_closes_and_those_that_are_kept() {
    let Some(servers) = Servers::new("leak") else {
        return;
    };
    let server = servers.start("fd-leak");
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..6 {
        let mut client = server.connect();
        client.write_all(GET).unwrap();
        assert!(read_response(&mut client).ends_with(b"Hi\n"));
        clients.push(client);
    }
    let told = server.end();
    // The last ones may have been about to be closed: how many are certain depends on how long it waited between them.
    let [text] = told.texts()[..] else {
        panic!("{:?}", told.texts());
    };
    let certain = "c1 fd 4 leaks: answered, and nobody closes (";
    assert!(text.starts_with(certain), "{text}");
    assert_eq!(told.findings[0]["connection"], "c1");
    servers.asked("fd-leak-mended", &[GET; 6]).nothing("mended");
    let told = servers.asked("fd-leak-file", &[GET; 6]);
    assert_eq!(
        told.texts(),
        ["c1 fd 5 leaks: a file opened for it, again and again (6 times)"]
    );
    servers
        .asked("fd-leak-file-cached", &[GET; 6])
        .nothing("cached");
}

#[test]
fn connections_whose_clients_left_and_those_that_are_kept_alive() {
    let Some(servers) = Servers::new("left") else {
        return;
    };
    for (name, leaks) in [
        ("fd-leak-left", true),
        ("fd-leak-left-mended", false),
        ("fd-leak-kept-alive", false),
    ] {
        let mut server = servers.start(name);
        let mut clients: Vec<TcpStream> = (0..6).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.write_all(GET).unwrap();
            assert!(read_response(client).ends_with(b"Hi\n"));
            assert_eq!(server.says(), "answered");
        }
        drop(clients);
        let told = server.end();
        match leaks {
            true => {
                let [text] = told.texts()[..] else {
                    panic!("{:?}", told.texts());
                };
                assert!(
                    text.contains("leaks: the client has left, nobody closes"),
                    "{text}"
                );
            }
            false => told.nothing(name),
        }
    }
}

#[test]
fn a_parent_that_keeps_what_its_children_serve() {
    let Some(servers) = Servers::new("fork") else {
        return;
    };
    // Without the parent's close no client sees the end, so it asks for no more than the answer.
    for (name, leaks) in [("fd-leak-fork", 3), ("fd-leak-fork-mended", 0)] {
        let server = servers.start(name);
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = server.connect();
            client.write_all(GET).unwrap();
            assert!(read_response(&mut client).ends_with(b"Hi\n"));
            clients.push(client);
        }
        let told = server.end();
        if leaks == 0 {
            told.nothing(name);
            continue;
        }
        let [text] = told.texts()[..] else {
            panic!("{:?}", told.texts());
        };
        assert!(
            text.starts_with("c1 fd 4 leaks: answered, and nobody closes"),
            "{text}"
        );
    }
}

#[test]
fn writes_of_which_the_rest_is_forgotten() {
    let Some(servers) = Servers::new("write") else {
        return;
    };
    let told = servers.asked("short-write-ignored", &[GET]);
    let [text] = told.texts()[..] else {
        panic!("{:?}", told.texts());
    };
    assert!(
        text.starts_with("c1 r1 the rest of a short write was never sent: took "),
        "{text}"
    );
    assert_eq!(told.place("short-write-ignored")["call"], "close");
    servers
        .asked("short-write-ignored-mended", &[GET])
        .nothing("mended");
    // A fault shows who trusts `send`.
    for (name, ignores) in [
        ("short-write-ignored-send", true),
        ("short-write-ignored-sendall", false),
    ] {
        let fault = ["-e", "inject=sendto:short=20:when=1"];
        let server = Traced::start(&servers.folder, &servers.python, &fault, name, 0);
        server.ask(GET);
        let told = server.end();
        match ignores {
            true => told.only(
                "short-write-ignored",
                "c1 r1 the rest of a short write was never sent: took 20 of 60",
                ["close", "c1", "r1"],
            ),
            false => told.nothing(name),
        }
    }
}

#[test]
fn responses_in_pieces_that_wait_for_each_other() {
    let Some(servers) = Servers::new("split") else {
        return;
    };
    for name in [
        "split-response-write",
        "split-response-write-mended",
        "split-response-write-nodelay",
        "split-response-write-more",
        "split-response-write-dup",
    ] {
        let server = servers.start(name);
        let mut client = server.connect();
        for _ in 0..2 {
            client.write_all(GET).unwrap();
            assert!(read_response(&mut client).ends_with(b"Hi\n"));
        }
        assert_eq!(read_all(&mut client), b"");
        let told = server.end();
        match name {
            "split-response-write" => told.only(
                name,
                "c1 r1 a small response in 2 writes: Nagle may hold the last",
                ["recvfrom", "c1", "r1"],
            ),
            _ => told.nothing(name),
        }
    }
}

#[test]
fn bodies_that_are_not_as_long_as_promised() {
    let Some(servers) = Servers::new("length") else {
        return;
    };
    servers.asked("content-length-mismatch", &[GET]).only(
        "content-length-mismatch",
        "c1 r1 Content-Length 100, but only 15 bytes sent",
        ["close", "c1", "r1"],
    );
    let told = servers.asked("content-length-mismatch-long", &[GET]);
    assert_eq!(
        told.texts(),
        ["c1 r1 Content-Length 10, and 5 bytes more sent"]
    );
    servers
        .asked("content-length-mismatch-mended", &[GET])
        .nothing("mended");
    let mut server = servers.start("content-length-mismatch-left");
    let client = server.connect();
    (&client).write_all(GET).unwrap();
    assert_eq!(server.says(), "half");
    drop(client);
    server.end().nothing("the client left");
}

#[test]
fn answers_to_head_and_heads_without_their_ends() {
    let Some(servers) = Servers::new("head") else {
        return;
    };
    let head = b"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n";
    let told = servers.asked("head-body-sent", &[head]);
    assert_eq!(
        told.texts(),
        ["c1 r1 HEAD was answered with a body: 3 bytes"]
    );
    servers
        .asked("head-body-sent-mended", &[head])
        .nothing("mended");
    servers.asked("head-body-sent", &[GET]).nothing("GET");
    servers.asked("missing-crlf", &[GET]).only(
        "missing-crlf",
        "c1 a head whose lines do not end in CR LF",
        ["sendto", "c1", ""],
    );
    servers.asked("missing-crlf-blank", &[GET]).only(
        "missing-crlf",
        "c1 r1 a head that no blank line ends",
        ["close", "c1", "r1"],
    );
    servers
        .asked("missing-crlf-mended", &[GET])
        .nothing("mended");
}

#[test]
fn requests_that_are_answered_before_they_are_there() {
    let Some(servers) = Servers::new("read") else {
        return;
    };
    servers.asked("short-read-assumed", &[b"GET /x HT"]).only(
        "short-read-assumed",
        "c1 r1 answered 400 after 9 bytes of an unfinished head",
        ["sendto", "c1", "r1"],
    );
    // No method of that name; no version; a name with a space.
    for odd in [
        &b"get /x HTTP/1.1\r\n"[..],
        b"GET /\r\n",
        b"FETCH /x HT",
        b"GET /x HTTP/1.1\r\nno name\r\nHost:",
    ] {
        servers
            .asked("short-read-assumed-refused", &[odd])
            .nothing(&text(odd));
    }
    let mut server = servers.start("short-read-assumed-mended");
    let mut client = server.connect();
    client.write_all(&GET[..9]).unwrap();
    assert_eq!(server.says(), "read");
    client.write_all(&GET[9..]).unwrap();
    assert!(read_all(&mut client).ends_with(b"Hi\n"));
    server.end().nothing("mended");
}

#[test]
fn reading_on_after_the_end() {
    let Some(servers) = Servers::new("eof") else {
        return;
    };
    for name in ["eof-spin", "eof-spin-mended"] {
        let server = servers.start(name);
        drop(server.connect());
        let told = server.end();
        match name {
            "eof-spin" => told.only(
                name,
                "c1 read 0 (end of input) 8 times and did not close",
                ["recvfrom", "c1", ""],
            ),
            _ => told.nothing(name),
        }
    }
}

#[test]
fn closing_while_a_client_still_sends() {
    let Some(servers) = Servers::new("unread") else {
        return;
    };
    let sentence = "c1 r1 closed with 100000 bytes of the body unread: RST";
    for name in ["close-with-unread", "close-with-unread-shut"] {
        let server = servers.start(name);
        let mut client = server.connect();
        client.write_all(POST).unwrap();
        assert!(read_response(&mut client).starts_with(b"HTTP/1.1 413 "));
        // Witness: who goes on sending is told so by a RST.
        let body = [b'x'; 1000];
        let broken = (0..1_000_000).find_map(|_| client.write_all(&body).err());
        let kind = broken.expect("a RST comes").kind();
        assert!(
            matches!(
                kind,
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
            ),
            "{kind}"
        );
        server
            .end()
            .only("close-with-unread", sentence, ["close", "c1", "r1"]);
    }
    let server = servers.start("close-with-unread-mended");
    let mut client = server.connect();
    client.write_all(POST).unwrap();
    client.write_all(&[b'x'; 100_000]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(read_all(&mut client).ends_with(b"\r\n\r\n"));
    server.end().nothing("mended");
    let expects = text(POST).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    servers
        .asked("close-with-unread-expect", &[expects.as_bytes()])
        .nothing("it waits for 100");
    servers
        .asked("close-with-unread-timeout", &[b""])
        .nothing("nothing was asked");
}

#[test]
fn loops_that_never_sleep() {
    let Some(servers) = Servers::new("poll") else {
        return;
    };
    let mut server = servers.start("busy-poll");
    assert_eq!(server.says(), "done");
    server.end().only(
        "busy-poll",
        "asked 256 times in a row for nothing, without sleeping",
        ["accept4", "", ""],
    );
    let mut server = servers.start("busy-poll-sleeps");
    assert_eq!(server.says(), "done");
    server.end().nothing("it sleeps");
    servers.asked("busy-poll-mended", &[GET]).nothing("mended");
}

/// A port below those that the kernel chooses.
fn free_port() -> u16 {
    let begin = std::process::id() as u16 % 100 * 100;
    (0..10_000)
        .map(|number| 20_000 + (begin + number) % 12_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port is free")
}

#[test]
fn listeners_that_cannot_come_back() {
    let Some(servers) = Servers::new("reuse") else {
        return;
    };
    for name in ["no-reuseaddr", "no-reuseaddr-mended"] {
        let server = Traced::start(&servers.folder, &servers.python, &[], name, free_port());
        server.ask(GET);
        let told = server.end();
        match name {
            "no-reuseaddr" => told.only(
                name,
                "fd 3 listens without SO_REUSEADDR",
                ["listen", "", ""],
            ),
            _ => told.nothing(name),
        }
    }
    servers
        .asked("no-reuseaddr-any-port", &[GET])
        .nothing("any port");
}

#[test]
fn connections_in_programs_that_know_nothing_of_them() {
    let Some(servers) = Servers::new("exec") else {
        return;
    };
    servers.asked("no-cloexec", &[GET]).only(
        "no-cloexec",
        "c1 fd 4 is open in another program after execve",
        ["exec", "c1", ""],
    );
    for name in ["no-cloexec-mended", "no-cloexec-closed", "no-cloexec-given"] {
        servers.asked(name, &[GET]).nothing(name);
    }
}

#[test]
fn programs_that_one_client_ends() {
    let Some(servers) = Servers::new("death") else {
        return;
    };
    for name in [
        "sigpipe-death",
        "sigpipe-death-mended",
        "sigpipe-death-other",
    ] {
        let mut server = servers.start(name);
        let client = server.connect();
        (&client).write_all(GET).unwrap();
        assert_eq!(server.says(), "read");
        // Its end is a RST: it closes at once, and throws away what it could still send.
        nix::sys::socket::setsockopt(
            &client,
            nix::sys::socket::sockopt::Linger,
            &nix::libc::linger {
                l_onoff: 1,
                l_linger: 0,
            },
        )
        .unwrap();
        drop(client);
        let told = server.end();
        match name {
            "sigpipe-death" => {
                let sentence = "c1 r1 killed by SIGPIPE: wrote after the peer had left";
                assert_eq!(told.texts(), [sentence]);
                assert_eq!(told.place(name)["event"], "killed");
            }
            _ => told.nothing(name),
        }
    }
}

#[test]
fn programs_that_one_accept_ends() {
    let Some(servers) = Servers::new("accept") else {
        return;
    };
    let fault = ["-e", "inject=accept4:error=ECONNABORTED:when=1"];
    for (name, ends) in [
        ("accept-error-exit", true),
        ("accept-error-exit-mended", false),
    ] {
        let server = Traced::start(&servers.folder, &servers.python, &fault, name, 0);
        if !ends {
            server.ask(GET);
        }
        let told = server.end();
        match ends {
            true => told.only(
                name,
                "ended because of one accept: ECONNABORTED",
                ["exit_group", "", ""],
            ),
            false => told.nothing(name),
        }
    }
    for (name, ends) in [
        ("accept-error-exit-none-left", true),
        ("accept-error-exit-none-left-mended", false),
        ("accept-error-exit-asked", false),
    ] {
        let server = servers.start(name);
        // accept takes a number first: without one it fails at once, with nobody there.
        if name.ends_with("mended") {
            server.ask(GET);
        }
        let told = server.end();
        match ends {
            true => told.only(
                "accept-error-exit",
                "ended because of one accept: EMFILE",
                ["exit_group", "", ""],
            ),
            false => told.nothing(name),
        }
    }
}
