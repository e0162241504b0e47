//! A folder as a site: listings, the application's page, the site's own 404, compressed neighbours, and
//! long files in parts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod serve_support;

use httpsys::kernel::Clock;
use httpsys::server::{Config, IoModel};
use serve_support::{Answer, Client, PATIENCE, Server, Site, config, get, models, start};
use std::fs::File;
use std::time::{Duration, SystemTime};

fn serve(site: &Site, io: IoModel) -> Server {
    start(Config {
        root: Some(site.path().into()),
        clock: Clock::Real,
        ..config(io)
    })
}

fn ask(client: &mut Client, method: &str, path: &str, fields: &str) -> Answer {
    client.send(format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"
    ));
    client.answer_to(method == "HEAD").unwrap()
}

#[test]
fn a_directory_without_an_index_is_listed_as_html_or_json() {
    let site = Site::new("listing");
    site.file("d/b & c.txt", "x");
    site.file("d/<i>.txt", "x");
    site.file("d/.hidden", "x");
    site.file("d/sub/x", "x");
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        let page = ask(&mut client, "GET", "/d/", "Accept: text/html,*/*;q=0.8\r\n");
        assert_eq!(
            page.field("Content-Type"),
            Some("text/html; charset=utf-8"),
            "{io:?}"
        );
        assert_eq!(page.field("Vary"), Some("Accept"));
        let text = page.text();
        for there in [
            "<h1>/d/</h1>",
            "<a href=\"../\">",
            "<a href=\"sub/\">sub/</a>",
            "<a href=\"b%20%26%20c.txt\">b &amp; c.txt</a>",
            "<a href=\"%3Ci%3E.txt\">&lt;i&gt;.txt</a>",
        ] {
            assert!(text.contains(there), "{io:?}: no {there} in\n{text}");
        }
        assert!(!text.contains(".hidden"));
        assert_eq!(
            ask(&mut client, "GET", "/d/b%20%26%20c.txt", "").text(),
            "x"
        );
        let head = ask(
            &mut client,
            "HEAD",
            "/d/",
            "Accept: text/html,*/*;q=0.8\r\n",
        );
        assert_eq!(head.field("Content-Length"), page.field("Content-Length"));
        let list = ask(&mut client, "GET", "/d/", "Accept: application/json\r\n");
        assert_eq!(list.field("Content-Type"), Some("application/json"));
        let list: serde_json::Value = serde_json::from_str(&list.text()).unwrap();
        assert_eq!(
            list[0],
            serde_json::json!({"name": "sub", "href": "sub/", "type": "directory"})
        );
        assert_eq!(list[2]["href"], "b%20%26%20c.txt");
        // The front page of a root without an index has the files too.
        let front = ask(&mut client, "GET", "/", "").text();
        assert!(
            front.contains("system calls") && front.contains("<a href=\"d/\">d/</a>"),
            "{front}"
        );
        let front = ask(&mut client, "GET", "/", "Accept: application/json\r\n").text();
        assert!(front.contains("\"href\":\"d/\""), "{front}");
    }
}

#[test]
fn without_listings_a_directory_without_an_index_is_not_there() {
    let site = Site::new("nolisting");
    site.file("d/a.txt", "x");
    for io in models() {
        let server = start(Config {
            root: Some(site.path().into()),
            listing: false,
            ..config(io)
        });
        let mut client = server.connect();
        assert_eq!(ask(&mut client, "GET", "/d/", "").status, 404);
        assert_eq!(ask(&mut client, "GET", "/d", "").status, 301);
        let front = ask(&mut client, "GET", "/", "");
        assert!(
            front.status == 200 && !front.text().contains("href=\"d/\""),
            "{io:?}"
        );
    }
}

#[test]
fn the_page_of_an_application_answers_for_its_paths() {
    let site = Site::new("spa");
    site.file("app.html", "<app>");
    site.file("real.txt", "real");
    site.file("d/a.txt", "x");
    for io in models() {
        let server = start(Config {
            root: Some(site.path().into()),
            spa: Some("app.html".into()),
            ..config(io)
        });
        let mut client = server.connect();
        for path in ["/", "/users/7", "/users/", "/d/", "/deep/er/path?q=a.b"] {
            let page = ask(&mut client, "GET", path, "");
            assert_eq!(
                (page.status, page.text()),
                (200, "<app>".to_owned()),
                "{io:?} {path}"
            );
            assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
        }
        assert_eq!(ask(&mut client, "GET", "/real.txt", "").text(), "real");
        assert_eq!(ask(&mut client, "GET", "/hi", "").text(), "Hi");
        assert_eq!(ask(&mut client, "GET", "/missing.js", "").status, 404);
        assert_eq!(ask(&mut client, "POST", "/users/7", "").status, 405);
        let tag = ask(&mut client, "GET", "/users/7", "")
            .field("ETag")
            .unwrap()
            .to_owned();
        let same = ask(
            &mut client,
            "GET",
            "/users/8",
            &format!("If-None-Match: {tag}\r\n"),
        );
        assert_eq!(same.status, 304, "{io:?}");
    }
}

#[test]
fn a_site_has_its_own_page_for_what_is_not_there() {
    let site = Site::new("own404");
    site.file("404.html", "<p>lost</p>");
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        for path in ["/none", "/none/", "/a%2fb", "/../x"] {
            let page = ask(
                &mut client,
                "GET",
                path,
                "If-None-Match: *\r\nRange: bytes=0-1\r\n",
            );
            assert_eq!(
                (page.status, page.text()),
                (404, "<p>lost</p>".to_owned()),
                "{io:?} {path}"
            );
            assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
            assert_eq!(page.field("ETag"), None);
            assert_eq!(page.field("Cache-Control"), Some("no-store"));
        }
        let head = ask(&mut client, "HEAD", "/none", "");
        assert_eq!(
            (head.status, head.field("Content-Length")),
            (404, Some("11"))
        );
        assert_eq!(ask(&mut client, "GET", "/404.html", "").status, 200);
    }
}

#[test]
fn a_compressed_neighbour_goes_to_those_who_can_read_it() {
    let site = Site::new("neighbours");
    for (name, bytes) in [
        ("a.js", "plain"),
        ("a.js.gz", "gzip"),
        ("a.js.br", "brotli"),
        ("b.css", "plain"),
        ("b.css.gz", "gzip"),
        ("c.png", "plain"),
        ("c.png.gz", "gzip"),
        ("only.js.gz", "gzip"),
    ] {
        site.file(name, bytes);
    }
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        for (path, accept, body, coding) in [
            ("/a.js", "", "plain", None),
            ("/a.js", "gzip", "gzip", Some("gzip")),
            ("/a.js", "gzip, deflate, br, zstd", "brotli", Some("br")),
            ("/a.js", "br;q=0.1, gzip;q=0.5", "gzip", Some("gzip")),
            ("/a.js", "*", "brotli", Some("br")),
            ("/a.js", "br;q=0, *", "gzip", Some("gzip")),
            ("/a.js", "gzip;q=0", "plain", None),
            ("/a.js", "identity", "plain", None),
            ("/a.js", "gzip;q=0.5, identity", "plain", None),
            ("/a.js", "zstd", "plain", None),
            ("/b.css", "br, gzip", "gzip", Some("gzip")),
            ("/c.png", "gzip", "plain", None),
            ("/a.js.gz", "gzip", "gzip", None),
        ] {
            let answer = ask(
                &mut client,
                "GET",
                path,
                &format!("Accept-Encoding: {accept}\r\n"),
            );
            assert_eq!(
                (answer.text().as_str(), answer.field("Content-Encoding")),
                (body, coding),
                "{io:?} {path} {accept:?}"
            );
            let varies = path == "/a.js" || path == "/b.css";
            assert_eq!(
                answer.field("Vary"),
                varies.then_some("Accept-Encoding"),
                "{path}"
            );
        }
        assert_eq!(
            ask(&mut client, "GET", "/only.js", "Accept-Encoding: gzip\r\n").status,
            404
        );
        let gzip = ask(&mut client, "GET", "/a.js", "Accept-Encoding: gzip\r\n");
        let plain = ask(&mut client, "GET", "/a.js", "");
        assert_eq!(gzip.field("Content-Type"), plain.field("Content-Type"));
        let tag = |answer: &Answer| answer.field("ETag").unwrap().to_owned();
        assert_ne!(tag(&gzip), tag(&plain));
        let same = format!("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", tag(&gzip));
        assert_eq!(ask(&mut client, "GET", "/a.js", &same).status, 304);
        let other = format!(
            "Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n",
            tag(&plain)
        );
        assert_eq!(ask(&mut client, "GET", "/a.js", &other).status, 200);
        let part = "Accept-Encoding: gzip\r\nRange: bytes=1-2\r\n";
        assert_eq!(ask(&mut client, "GET", "/a.js", part).text(), "zi");
    }
}

#[test]
fn a_file_that_changes_has_another_version() {
    let site = Site::new("versions");
    let server = serve(&site, IoModel::Epoll);
    let mut client = server.connect();
    let mut version = |bytes: &str, age: u64| {
        let path = site.file("a.txt", bytes);
        let when = SystemTime::now() - Duration::from_secs(age);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(when)
            .unwrap();
        let answer = ask(&mut client, "GET", "/a.txt", "");
        (
            answer.field("ETag").unwrap().to_owned(),
            answer.field("Last-Modified").unwrap().to_owned(),
        )
    };
    let first = version("one", 100);
    assert_ne!(first.0, version("two", 99).0, "another time");
    assert_ne!(first.0, version("three", 100).0, "another length");
    // RFC 9110 8.8.2.1: never later than Date.
    let path = site.file("a.txt", "future");
    let when = SystemTime::now() + Duration::from_secs(10_000);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(when)
        .unwrap();
    let answer = ask(&mut client, "GET", "/a.txt", "");
    assert_eq!(answer.field("Last-Modified"), answer.field("Date"));
}

#[test]
fn long_parts_arrive_whole() {
    let site = Site::new("longparts");
    let big: Vec<u8> = (0..6_000_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    site.file("big.bin", &big);
    for io in models() {
        let server = serve(&site, io);
        let mut client = server.connect();
        let part = ask(
            &mut client,
            "GET",
            "/big.bin",
            "Range: bytes=1000000-4999999\r\n",
        );
        assert_eq!(
            (part.status, part.field("Content-Range")),
            (206, Some("bytes 1000000-4999999/6000000"))
        );
        assert!(part.body == big[1_000_000..5_000_000], "{io:?}");
        let parts = ask(
            &mut client,
            "GET",
            "/big.bin",
            "Range: bytes=5-9,2000000-3999999,-100000\r\n",
        );
        let kind = parts.field("Content-Type").unwrap().to_owned();
        let boundary = kind
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let mut wanted = Vec::new();
        for (start, end) in [(5, 10), (2_000_000, 4_000_000), (5_900_000, 6_000_000)] {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {start}-{}/6000000\r\n\r\n",
                end - 1
            );
            wanted.extend_from_slice(head.as_bytes());
            wanted.extend_from_slice(&big[start..end]);
        }
        wanted.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert!(parts.body == wanted, "{io:?}");
        assert_eq!(
            ask(&mut client, "GET", "/hi", "").text(),
            "Hi",
            "{io:?}: the connection goes on"
        );
        let short = ask(&mut client, "GET", "/big.bin", "Range: bytes=5-9\r\n");
        assert!(short.body == big[5..10], "{io:?}");
        assert!(server.audit.count("pread64") > 0);
        // A ring has no `sendfile`.
        assert!(io == IoModel::Uring || server.audit.count("sendfile") > 0);
    }
}

#[test]
fn a_file_that_shrinks_underneath_ends_its_connection_and_no_other() {
    let site = Site::new("shrinks");
    for io in models() {
        for range in ["", "Range: bytes=10-\r\n"] {
            let path = site.file("big.bin", "");
            // More than the kernel keeps for a client that does not read.
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(60 << 20).unwrap();
            let server = serve(&site, io);
            let mut client = server.connect();
            client.send(format!("GET /big.bin HTTP/1.1\r\nHost: x\r\n{range}\r\n"));
            assert!(client.more());
            file.set_len(1 << 20).unwrap();
            let got = client.read_to_end();
            assert!(got.len() < 60 << 20, "{io:?} {range:?}: {}", got.len());
            let mut other = server.connect();
            other.stream.set_read_timeout(Some(PATIENCE)).unwrap();
            other.send(get("/hi"));
            assert_eq!(other.answer().unwrap().text(), "Hi", "{io:?}");
        }
    }
}
