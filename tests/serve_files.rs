//! Static files over the wire: types, indexes, redirects, and everything that must stay out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::server::{Config, IoModel};
use serve_support::{Server, Site, config, get, models, start};
use std::os::unix::fs::symlink;

fn serve(site: &Site, io: IoModel) -> Server {
    start(Config {
        root: Some(site.path().join("root")),
        ..config(io)
    })
}

fn site(name: &str) -> Site {
    let site = Site::new(name);
    site.file("secret.txt", "secret");
    site.file("root/index.html", "<p>top</p>");
    site.file("root/style.css", "p{}");
    site.file("root/a b.txt", "space");
    site.file("root/empty.txt", "");
    site.file("root/sub/index.html", "<p>sub</p>");
    site.file("root/bare/x.txt", "x");
    site.file("root/noext", "?");
    let root = site.path().join("root");
    symlink("../secret.txt", root.join("out")).unwrap();
    symlink("/etc/passwd", root.join("abs")).unwrap();
    symlink("style.css", root.join("in.css")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    nix::unistd::mkfifo(&root.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _ = std::os::unix::net::UnixListener::bind(root.join("sock")).unwrap();
    site
}

#[test]
fn files_come_with_their_type_and_what_is_outside_stays_there() {
    let site = site("files");
    let long = format!("/{}", "n".repeat(300));
    let cases: &[(&str, u16, &str)] = &[
        ("/", 200, "<p>top</p>"),
        ("/index.html", 200, "<p>top</p>"),
        ("/index.html?v=2", 200, "<p>top</p>"),
        ("/style.css", 200, "p{}"),
        ("/%73tyle.css", 200, "p{}"),
        ("/a%20b.txt", 200, "space"),
        ("/empty.txt", 200, ""),
        ("/sub/", 200, "<p>sub</p>"),
        ("/sub", 301, "slash"),
        ("/sub/../style.css", 200, "p{}"),
        ("/./style.css", 200, "p{}"),
        ("//style.css", 200, "p{}"),
        ("/in.css", 200, "p{}"),
        ("/bare/", 200, "x.txt"),
        ("/bare/x.txt", 200, "x"),
        ("/hi", 200, "Hi"),
        ("/style.css/", 404, ""),
        ("/style.css/x", 404, ""),
        ("/none", 404, ""),
        (&long, 404, ""),
        ("/out", 404, ""),
        ("/abs", 404, ""),
        ("/loop", 404, ""),
        ("/fifo", 404, ""),
        ("/sock", 404, ""),
        ("/../secret.txt", 404, ""),
        ("/sub/../../secret.txt", 404, ""),
        ("/%2e%2e/secret.txt", 404, ""),
        ("/..%2fsecret.txt", 404, ""),
        ("/sub%5c..%5c..%5csecret.txt", 404, ""),
        ("/%c0%ae%c0%ae/secret.txt", 400, ""),
        ("/style.css%00.txt", 400, ""),
        ("/%252e%252e/secret.txt", 404, ""),
    ];
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        for (path, status, body) in cases {
            client.send(get(path));
            let answer = client
                .answer()
                .unwrap_or_else(|| panic!("{io:?} {path} closed"));
            assert_eq!(answer.status, *status, "{io:?} {path}");
            assert!(!answer.text().contains("secret"), "{io:?} {path}");
            match *status {
                200 if *path != "/bare/" => assert_eq!(answer.text(), *body, "{io:?} {path}"),
                _ => assert!(answer.text().contains(body), "{io:?} {path}"),
            }
        }
        for (path, kind) in [
            ("/style.css", "text/css; charset=utf-8"),
            ("/", "text/html; charset=utf-8"),
            ("/noext", "application/octet-stream"),
        ] {
            client.send(get(path));
            assert_eq!(
                client.answer().unwrap().field("Content-Type"),
                Some(kind),
                "{path}"
            );
        }
    }
}

#[test]
fn a_directory_is_redirected_to_its_slash_and_never_to_another_host() {
    let site = site("redirect");
    let server = serve(&site, IoModel::Epoll);
    let mut client = server.connect();
    for (path, location) in [
        ("/sub", "/sub/"),
        ("/sub?a=b", "/sub/?a=b"),
        ("//sub", "/sub/"),
        ("///sub", "/sub/"),
        ("/%73ub", "/%73ub/"),
        ("http://elsewhere/sub", "/sub/"),
    ] {
        client.send(get(path));
        let answer = client.answer().unwrap();
        assert_eq!(
            (answer.status, answer.field("Location")),
            (301, Some(location)),
            "{path}"
        );
    }
}

#[test]
fn a_file_wins_over_the_built_in_page_of_its_name() {
    let site = site("wins");
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        client.send(get("/headers"));
        assert!(client.answer().unwrap().text().starts_with("GET /headers"));
        site.file("root/echo", "a file");
        client.send(get("/echo"));
        assert_eq!(client.answer().unwrap().text(), "a file", "{io:?}");
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
        assert_eq!(client.answer().unwrap().status, 405, "{io:?}");
        std::fs::remove_file(site.path().join("root/echo")).unwrap();
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
        assert_eq!(client.answer().unwrap().text(), "ab", "{io:?}");
    }
}

#[test]
fn a_root_without_index_shows_the_built_in_front_page() {
    let site = Site::new("noindex");
    site.file("root/a.txt", "a");
    let server = serve(&site, IoModel::Blocking);
    let mut client = server.connect();
    client.send(get("/"));
    assert!(client.answer().unwrap().text().contains("system calls"));
}

#[test]
fn files_take_only_get_and_head() {
    let site = site("methods");
    let server = serve(&site, IoModel::Threads);
    let mut client = server.connect();
    client.send("POST /style.css HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
    let answer = client.answer().unwrap();
    assert_eq!(
        (answer.status, answer.field("Allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
    client.send("HEAD /style.css HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = client.answer_to(true).unwrap();
    assert_eq!(
        (answer.status, answer.field("Content-Length")),
        (200, Some("3"))
    );
    client.send(get("/style.css"));
    assert_eq!(client.answer().unwrap().text(), "p{}");
}

#[test]
fn ten_megabytes_arrive_whole_at_a_slow_reader() {
    let site = Site::new("big");
    let big: Vec<u8> = (0..10_000_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    site.file("root/big.bin", &big);
    for size in [1, 16_384, 16_385, 200_000] {
        site.file(&format!("root/{size}.bin"), &big[..size]);
    }
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        // Pipelined behind the large one: answered in their turn.
        for path in [
            "/big.bin",
            "/1.bin",
            "/16384.bin",
            "/16385.bin",
            "/200000.bin",
            "/hi",
        ] {
            client.send(get(path));
        }
        assert!(client.answer().unwrap().body == big, "{io:?}");
        for size in [1, 16_384, 16_385, 200_000] {
            assert!(
                client.answer().unwrap().body == big[..size],
                "{io:?} {size}"
            );
        }
        assert_eq!(client.answer().unwrap().text(), "Hi", "{io:?}");
    }
}
