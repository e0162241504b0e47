//! A small proxy in Python under trace, in front of our own server: both sides of each exchange are told, and
//! the proxy's own requests are joined to those that they serve.

mod common;
mod trace_support;

use common::Folder;
use common::Server;
use serde_json::Value;
use std::net::TcpStream;
use std::process::Command;
use trace_support::*;

/// One request for each connection; where it goes is the path, a prefix away. `KIND` says how many at once.
const PROXY: &str = r#"
import http.client, http.server, os, socketserver, sys
upstream, kind = sys.argv[1], sys.argv[2]
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        there = http.client.HTTPConnection(upstream)
        there.request('GET', self.path.removeprefix('/in'))
        answer = there.getresponse()
        body = answer.read()
        there.close()
        self.send_response(answer.status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Forking(socketserver.ForkingMixIn, http.server.HTTPServer):
    pass
class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = False
server = {'one': http.server.HTTPServer, 'threads': Threads, 'fork': Forking}[kind]
server = server(('127.0.0.1', 0), Proxy)
print('listening on http://127.0.0.1:%d/' % server.server_port, file=sys.stderr, flush=True)
for _ in range(3):
    server.handle_request()
server.server_close()
"#;

/// The same with asyncio: one thread, many requests.
const EVENT_LOOP: &str = r#"
import asyncio, sys
host, port = sys.argv[1].split(':')
async def main():
    left = [3]
    done = asyncio.Event()
    async def serve(reader, writer):
        head = await reader.readuntil(b'\r\n\r\n')
        there, ask = await asyncio.open_connection(host, int(port))
        ask.write(head.replace(b' /in', b' ', 1).replace(b'\r\n', b'\r\nConnection: close\r\n', 1))
        await ask.drain()
        writer.write(await there.read())
        await writer.drain()
        ask.close()
        writer.close()
        left[0] -= 1
        if left[0] == 0:
            done.set()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    here = server.sockets[0].getsockname()
    print('listening on http://127.0.0.1:%d/' % here[1], file=sys.stderr, flush=True)
    await done.wait()
asyncio.run(main())
"#;

/// Traces a proxy while three clients ask through it, each at once or one after the other; the exchanges as
/// `--view json --notes` tells them.
fn exchanges(script: &str, kind: &str, at_once: bool) -> Option<Vec<Value>> {
    let python = python().filter(|_| ptrace_allowed())?;
    let folder = Folder::new(&format!("trace-proxy-{kind}-{at_once}"));
    let record = folder.0.join("recording");
    let upstream = Server::start(&["--io", "threads", "-q", "--log", "off"]);
    let to = upstream.address.to_string();
    let record = record.to_str().expect("a plain path");
    let proxy = Server::spawn(trace(&[
        "-q",
        "-o",
        "/dev/null",
        "--record",
        record,
        "--",
        &python,
        "-c",
        script,
        &to,
        kind,
    ]));
    fn ask(mut stream: TcpStream, target: &str) {
        let request = format!("GET /in{target} HTTP/1.1\r\nHost: x\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("it is sent");
        let answer = common::read_all(&mut stream);
        assert!(text(&answer).contains(" 200 OK\r\n"), "{}", text(&answer));
    }
    let targets = ["/hi?1", "/hi?2", "/hi?3"];
    match at_once {
        true => std::thread::scope(|scope| {
            for target in targets {
                let stream = proxy.connect();
                scope.spawn(move || ask(stream, target));
            }
        }),
        false => targets
            .iter()
            .for_each(|target| ask(proxy.connect(), target)),
    }
    let (status, said, _) = proxy.finish();
    assert_eq!(status, Some(0), "{said:?}");
    upstream.stop();
    let shown = Command::new(env!("CARGO_BIN_EXE_httpsys"))
        .args(["replay", record, "--view", "json", "--notes"])
        .output()
        .expect("it runs");
    let lines = lines(&text(&shown.stdout));
    let ended = lines.iter().filter_map(|line| line["ended"].as_array());
    Some(ended.flatten().cloned().collect())
}

/// Each exchange of the client's side serves the one whose target it has, without the prefix.
fn all_joined(exchanges: &[Value]) {
    let request = |exchange: &Value| exchange["request"].as_str().expect("text").to_owned();
    let (ours, theirs): (Vec<_>, Vec<_>) = exchanges
        .iter()
        .partition(|exchange| exchange.get("for").is_some());
    assert_eq!((ours.len(), theirs.len()), (3, 3), "{exchanges:#?}");
    for own in ours {
        let of = theirs.iter().find(|other| other["exchange"] == own["for"]);
        let of = of.unwrap_or_else(|| panic!("{own} serves nobody: {theirs:#?}"));
        assert_eq!(request(of), request(own).replacen(' ', " /in", 1));
        assert_eq!(own["status"], 200);
        let inside = |key: &str| own["time"][key].as_u64() <= of["time"][key].as_u64();
        assert!(inside("total"), "it is a part of it: {own} {of}");
    }
}

#[test]
fn proxies_that_have_a_thread_or_a_process_for_each_client_are_joined_whole() {
    for (kind, at_once) in [("threads", true), ("fork", true)] {
        let Some(exchanges) = exchanges(PROXY, kind, at_once) else {
            return;
        };
        all_joined(&exchanges);
    }
}

#[test]
fn an_event_loop_is_joined_where_one_client_asks_at_a_time() {
    if let Some(exchanges) = exchanges(EVENT_LOOP, "loop", false) {
        all_joined(&exchanges);
    }
}

#[test]
fn an_event_loop_that_many_ask_is_never_joined_wrongly() {
    let Some(exchanges) = exchanges(EVENT_LOOP, "loop", true) else {
        return;
    };
    assert_eq!(exchanges.len(), 6, "{exchanges:#?}");
    for own in exchanges.iter().filter(|own| own.get("for").is_some()) {
        let of = exchanges.iter().find(|of| of["exchange"] == own["for"]);
        let request = own["request"].as_str().expect("text");
        let whose = of.and_then(|of| of["request"].as_str());
        assert_eq!(whose, Some(&*request.replacen(' ', " /in", 1)));
    }
}
