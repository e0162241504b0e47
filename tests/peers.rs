//! Other people's clients against every model: curl and Python's http.client get what they ask for.

mod common;

use common::Folder;
use common::Server;
use common::models::models;
use common::peer;
use httpsys::server::IoModel;
use std::process::Command;
use std::process::Stdio;

fn output(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the peer runs");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn curl(args: &[&str], url: &str) -> String {
    output(
        Command::new("curl")
            .args(["-sS", "-m", "20"])
            .args(args)
            .arg(url),
    )
}

#[test]
fn curl_gets_posts_and_asks_for_heads_under_every_model() {
    if !peer("curl") {
        return;
    }
    let folder = Folder::new("curl");
    folder.file("index.html", "<p>hello</p>\n");
    let body = folder.file("body.bin", vec![b'x'; 100_000]);
    for io in models().map(IoModel::name) {
        let server = Server::start(&["--io", io, folder.0.to_str().unwrap()]);
        let url = |path: &str| format!("http://{}{path}", server.address);
        assert_eq!(curl(&[], &url("/")), "<p>hello</p>\n");
        assert_eq!(curl(&[], &url("/hi")), "Hi");
        let head = curl(&["-I"], &url("/")).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-length: 13\r\n"), "{head}");
        assert!(head.contains("date: "), "{head}");
        assert_eq!(curl(&["-d", "a=1&b=2"], &url("/echo")), "a=1&b=2");
        let chunked = ["-H", "Transfer-Encoding: chunked", "-d", "in chunks"];
        assert_eq!(curl(&chunked, &url("/echo")), "in chunks");
        let large = format!("@{}", body.display());
        assert_eq!(
            curl(&["--data-binary", &large], &url("/echo")).len(),
            100_000
        );
        let code = ["-o", "/dev/null", "-w", "%{http_code}"];
        assert_eq!(curl(&code, &url("/nothing")), "404");
        assert_eq!(
            curl(&[&code[..], &["-X", "BREW"]].concat(), &url("/")),
            "501"
        );
        assert_eq!(
            curl(&[&code[..], &["-X", "DELETE"]].concat(), &url("/")),
            "405"
        );
        assert!(!curl(&["--path-as-is"], &url("/../../etc/passwd")).contains("root:"));
        server.stop();
    }
}

#[test]
fn curl_reuses_a_connection_where_connections_are_kept() {
    if !peer("curl") {
        return;
    }
    for io in models().map(IoModel::name) {
        let server = Server::start(&["--io", io, "--keep-alive"]);
        let url = format!("http://{}/hi", server.address);
        let count = output(Command::new("curl").args([
            "-sS",
            "-m",
            "20",
            "-o",
            "/dev/null",
            "-o",
            "/dev/null",
            "-w",
            "%{num_connects} ",
            &url,
            &url,
        ]));
        assert_eq!(count, "1 0 ", "{io}");
        server.stop();
    }
}

#[test]
fn pythons_http_client_is_served_under_every_model() {
    if !peer("python3") {
        return;
    }
    let program = "
import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)
for n in range(3):
    c.request('POST', '/echo', body='x' * n)
    r = c.getresponse()
    assert r.status == 200, r.status
    assert r.read() == b'x' * n
c.request('HEAD', '/hi')
r = c.getresponse()
assert r.getheader('Content-Length') == '2' and r.read() == b''
print('well')
";
    for io in models().map(IoModel::name) {
        let server = Server::start(&["--io", io]);
        let port = server.address.port().to_string();
        assert_eq!(
            output(Command::new("python3").args(["-c", program, &port])),
            "well\n"
        );
        server.stop();
    }
}
