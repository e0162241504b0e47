//! Clients that keep a server busy, against every model: wrk, whose count agrees with ours, and hyper, the client
//! of most Rust programs.

mod common;

use common::Server;
use common::models::models;
use common::peer;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::process::Command;

/// The value of this line of `/metrics`.
fn metric(server: &Server, name: &str) -> u64 {
    let page = server.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let page = String::from_utf8_lossy(&page).into_owned();
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|value| value.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in\n{page}"))
}

#[test]
fn wrk_meets_no_error_and_counts_what_we_count() {
    if !peer("wrk") {
        return;
    }
    for io in models() {
        let server = Server::start(&["--io", io.name(), "--log", "off", "--keep-alive"]);
        let clients = if io.has_one_seat() { 1 } else { 8 };
        let output = Command::new("wrk")
            .args(["-t1", "-d1s", "-c", &clients.to_string()])
            .arg(format!("http://{}/hi", server.address))
            .output()
            .expect("wrk runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{io:?}: {said}");
        assert!(!said.contains("Socket errors"), "{io:?}: {said}");
        assert!(!said.contains("Non-2xx"), "{io:?}: {said}");
        let line = said.lines().find(|line| line.contains(" requests in "));
        let theirs: u64 = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("{io:?}: {said}"));
        // What was under way when wrk left is answered, and wrk does not know.
        let ours = metric(&server, "httpsys_requests_total{status=\"200\"}");
        assert!(theirs > 0, "{io:?}: {said}");
        assert!(
            (theirs..=theirs + clients).contains(&ours),
            "{io:?}: {ours} answers, {theirs} counted by wrk"
        );
        assert_eq!(server.stop().0, Some(0), "{io:?}");
    }
}

/// What hyper got: status, `Content-Length` where there is one, body.
async fn fetch(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    method: &str,
    path: &str,
    body: &'static [u8],
) -> (u16, Option<String>, Bytes) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Host", "test")
        .body(Full::new(Bytes::from_static(body)))
        .expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    let status = response.status().as_u16();
    let length = response.headers().get("Content-Length").cloned();
    let length = length.map(|value| value.to_str().expect("digits").to_owned());
    let body = response.into_body().collect().await.expect("a body");
    (status, length, body.to_bytes())
}

#[test]
fn hypers_client_is_served_on_one_connection_by_every_model() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime");
    for io in models() {
        let server = Server::start(&["--io", io.name(), "--log", "off", "--keep-alive"]);
        runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(server.address).await;
            let stream = TokioIo::new(stream.expect("it listens"));
            let (mut sender, connection) = http1::handshake(stream).await.expect("a connection");
            let driver = tokio::spawn(connection);
            for _ in 0..20 {
                let (status, length, body) = fetch(&mut sender, "GET", "/hi", b"").await;
                assert_eq!((status, &body[..]), (200, &b"Hi"[..]), "{io:?}");
                assert_eq!(length.as_deref(), Some("2"), "{io:?}");
            }
            let (status, _, body) = fetch(&mut sender, "POST", "/echo", b"to and fro").await;
            assert_eq!((status, &body[..]), (200, &b"to and fro"[..]), "{io:?}");
            let (status, length, body) = fetch(&mut sender, "HEAD", "/hi", b"").await;
            assert_eq!((status, body.len()), (200, 0), "{io:?}");
            assert_eq!(length.as_deref(), Some("2"), "{io:?}");
            let (status, _, _) = fetch(&mut sender, "GET", "/nothing", b"").await;
            assert_eq!(status, 404, "{io:?}");
            drop(sender);
            let ended = driver.await.expect("it does not panic");
            assert!(ended.is_ok(), "{io:?}: {ended:?}");
        });
        assert_eq!(server.stop().0, Some(0), "{io:?}");
    }
}
