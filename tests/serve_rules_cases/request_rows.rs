//! Rules 1 to 46: what a request must look like, and what becomes of the connection.

use super::{AFTER, Case, answered, raw, refused, request};

/// A POST to `/echo` with these fields and this body.
fn post(fields: &[&str], body: &str) -> String {
    format!("{}{body}", request("POST /echo", fields))
}

fn chunks(body: &str) -> String {
    post(&["Transfer-Encoding: chunked"], body)
}

pub fn requests() -> Vec<Case> {
    [
        heads(),
        request_lines(),
        hosts(),
        lengths(),
        chunked(),
        connections(),
    ]
    .concat()
}

fn heads() -> Vec<Case> {
    let get = |line: &str| format!("GET /hi HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n");
    let mut rows = vec![
        answered(1, get("X: y"), 200).has(&["\r\n\r\nHi"]),
        refused(1, "GET /hi HTTP/1.1\nHost: x\n\n", 400),
        refused(1, "GET /hi HTTP/1.1\r\nHost: x\r\n\n", 400),
        refused(1, chunks("5\nhello\r\n0\r\n\r\n"), 400),
        refused(2, get("X: a\rb"), 400),
        refused(2, "GET /hi HTTP/1.1\rHost: x\r\n\r\n", 400),
        refused(3, "GET /hi HTTP/1.1\r\n Host: x\r\n\r\n", 400),
        answered(4, format!("{}{}", "\r\n".repeat(8), get("X: y")), 200),
        refused(4, format!("{}{}", "\r\n".repeat(9), get("X: y")), 400),
        refused(5, get("X : y"), 400),
        refused(5, get("X\t: y"), 400),
        refused(6, get("X: y\r\n folded"), 400),
        refused(6, get("X: y\r\n\tfolded"), 400),
        refused(7, get("X@: y"), 400),
        refused(7, get(": y"), 400),
        refused(8, get("X: a\0b"), 400),
        refused(8, get("X: a\x08b"), 400),
        answered(8, get("X: a\tb"), 200),
        refused(9, get("no colon"), 400),
    ];
    let mut octets = get("X: AA").into_bytes();
    let at = octets.iter().rposition(|b| *b == b'A').unwrap();
    (octets[at - 1], octets[at]) = (0xff, 0x80);
    rows.push(answered(8, octets, 200));
    rows.push(answered(10, post(&["Content-Length: \t2 \t"], "ab"), 200).has(&["\r\n\r\nabHTTP"]));
    rows.push(refused(10, post(&["Content-Length: \x0b2"], "ab"), 400));
    rows
}

fn request_lines() -> Vec<Case> {
    let line = |line: &str| format!("{line}\r\nHost: x\r\n\r\n");
    let mut rows = vec![
        refused(11, line("GET  /hi HTTP/1.1"), 400),
        refused(11, line("GET /hi  HTTP/1.1"), 400),
        refused(11, line("GET /hi HTTP/1.1 "), 400),
        refused(11, line("GET\t/hi HTTP/1.1"), 400),
        refused(11, line(" GET /hi HTTP/1.1"), 400),
        answered(12, line("GET /hi HTTP/1.9"), 200),
        refused(12, line("GET /hi HTTP/2.0"), 505),
        refused(12, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        refused(12, line("GET /hi http/1.1"), 400),
        refused(12, line("GET /hi HTTP/1.10"), 400),
        refused(12, line("GET /hi HTTP/1"), 400),
        refused(13, "GET /hi\r\n", 400),
        answered(14, line("BREW /hi HTTP/1.1"), 501),
        answered(14, line("get /hi HTTP/1.1"), 501),
        refused(14, line("G(T /hi HTTP/1.1"), 400),
        answered(14, line("DELETE /hi HTTP/1.1"), 405).has(&["\r\nAllow: GET, HEAD, OPTIONS\r\n"]),
        answered(14, line("PUT /ten.txt HTTP/1.1"), 405)
            .has(&["\r\nAllow: GET, HEAD, OPTIONS\r\n"]),
        refused(15, line("GET /a b HTTP/1.1"), 400),
        refused(15, line("GET /a#b HTTP/1.1"), 400),
        refused(15, line("GET /a%zz HTTP/1.1"), 400),
        refused(15, line("GET /a\x01 HTTP/1.1"), 400),
        refused(15, line("GET /caf\u{e9} HTTP/1.1"), 400),
        answered(
            16,
            line(&format!("GET /hi?{} HTTP/1.1", "q".repeat(8000))),
            200,
        ),
        refused(
            16,
            line(&format!("GET /{} HTTP/1.1", "q".repeat(17_000))),
            414,
        ),
        refused(17, request("GET /hi", &vec!["X: y"; 101]), 431),
        answered(17, request("GET /hi", &vec!["X: y"; 99]), 200),
        refused(
            17,
            request("GET /hi", &vec![&*format!("X: {}", "b".repeat(1000)); 70]),
            431,
        ),
        answered(18, line("GET http://other/hi HTTP/1.1"), 200).has(&["\r\n\r\nHi"]),
        answered(18, line("GET http://other HTTP/1.1"), 200).has(&["<p>top</p>"]),
        refused(18, "GET http://other/hi HTTP/1.1\r\n\r\n", 400),
        refused(18, line("GET http:///hi HTTP/1.1"), 400),
        answered(19, line("OPTIONS * HTTP/1.1"), 204).has(&["\r\nAllow: "]),
        refused(19, line("GET * HTTP/1.1"), 400),
        answered(20, line("CONNECT x:443 HTTP/1.1"), 405),
        refused(20, line("CONNECT /x HTTP/1.1"), 400),
        refused(20, line("GET x:443 HTTP/1.1"), 400),
        answered(21, line("TRACE /hi HTTP/1.1"), 405).has(&["\r\nAllow: "]),
    ];
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    rows.push(refused(21, &hello[..], 400).has(&["TLS"]));
    rows
}

fn hosts() -> Vec<Case> {
    let host = |value: &str| format!("GET /hi HTTP/1.1\r\nHost: {value}\r\n\r\n");
    let mut rows = vec![
        refused(22, "GET /hi HTTP/1.1\r\n\r\n", 400),
        refused(23, "GET /hi HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        raw(25, "GET /hi HTTP/1.0\r\n\r\n", &[200]),
    ];
    for bad in ["u@x", "x/y", "a, b", "a b", "x:99999", "x:y", "[::1"] {
        rows.push(refused(24, host(bad), 400));
    }
    for good in ["", "x:80", "[::1]:8080", "EXAMPLE.org", "1.2.3.4"] {
        rows.push(answered(24, host(good), 200));
    }
    rows
}

fn lengths() -> Vec<Case> {
    let mut rows = Vec::new();
    for bad in [
        "+5",
        "-1",
        "0x5",
        "1_0",
        "1 0",
        "",
        "18446744073709551616",
        "5.",
        "five",
    ] {
        rows.push(refused(
            26,
            post(&[&format!("Content-Length: {bad}")], "hello"),
            400,
        ));
    }
    for bad in ["1, 2", "5, 5"] {
        rows.push(refused(
            27,
            post(&[&format!("Content-Length: {bad}")], "hello"),
            400,
        ));
    }
    rows.push(refused(
        27,
        post(&["Content-Length: 5", "Content-Length: 6"], "hello"),
        400,
    ));
    rows.push(refused(
        27,
        post(&["Content-Length: 5", "Content-Length: 5"], "hello"),
        400,
    ));
    rows.push(refused(
        28,
        post(
            &["Content-Length: 5", "Transfer-Encoding: chunked"],
            "0\r\n\r\n",
        ),
        400,
    ));
    rows.push(refused(
        28,
        post(
            &["Transfer-Encoding: chunked", "Content-Length: 5"],
            "0\r\n\r\n",
        ),
        400,
    ));
    for (coding, status) in [
        ("gzip", 400),
        ("chunked, gzip", 400),
        ("gzip, chunked", 501),
        ("identity", 400),
        ("chunked, chunked", 400),
        ("chunked,", 400),
        (", chunked", 400),
        ("\x0bchunked", 400),
        ("chunked\x0c", 400),
        ("xchunked", 400),
        ("", 400),
    ] {
        rows.push(refused(
            29,
            post(&[&format!("Transfer-Encoding: {coding}")], "0\r\n\r\n"),
            status,
        ));
    }
    let two = ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"];
    rows.push(refused(29, post(&two, "0\r\n\r\n"), 400));
    rows.push(answered(
        29,
        post(&["Transfer-Encoding: Chunked"], "0\r\n\r\n"),
        200,
    ));
    let old = "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    rows.push(refused(30, old, 400));
    rows.push(answered(31, post(&[], ""), 200).has(&["Content-Length: 0\r\n"]));
    rows
}

fn chunked() -> Vec<Case> {
    let mut rows = Vec::new();
    for good in [
        "5\r\nhello\r\n0\r\n\r\n",
        "05;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n",
        "5 ; a = b\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n000\r\n\r\n",
        "3\r\nhel\r\n2\r\nlo\r\n0\r\nX: trailer\r\n\r\n",
    ] {
        rows.push(answered(32, chunks(good), 200).has(&["\r\n\r\nhelloHTTP"]));
    }
    rows.push(answered(
        32,
        chunks("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
        200,
    ));
    for bad in [
        "0x5",
        "+5",
        "-5",
        "5_0",
        "5 ",
        "5\t",
        "",
        "g",
        "10000000000000005",
        "5;",
        "5;a=\x01",
    ] {
        rows.push(refused(
            32,
            chunks(&format!("{bad}\r\nhello\r\n0\r\n\r\n")),
            400,
        ));
    }
    let long = format!("5;a={}\r\nhello\r\n0\r\n\r\n", "b".repeat(17_000));
    rows.push(refused(32, chunks(&long), 400));
    rows.push(refused(33, chunks("5\r\nhelloX\r\n0\r\n\r\n"), 400));
    rows.push(refused(33, chunks("5\r\nhello\n0\r\n\r\n"), 400));
    rows.push(refused(
        33,
        chunks("5\r\nhello\r\n0\r\nbad line\r\n\r\n"),
        400,
    ));
    for name in [
        "Transfer-Encoding",
        "Content-Length",
        "Host",
        "Connection",
        "TE",
        "Trailer",
        "Authorization",
        "Content-Encoding",
        "Content-Type",
        "Content-Range",
    ] {
        rows.push(refused(
            33,
            chunks(&format!("5\r\nhello\r\n0\r\n{name}: 1\r\n\r\n")),
            400,
        ));
    }
    rows.push(raw(34, post(&["Content-Length: 9"], "abc"), &[400]).hasnt(&["\r\n\r\nabc"]));
    rows.push(raw(34, chunks("5\r\nhel"), &[400]));
    rows.push(refused(35, post(&["Content-Length: 8388609"], ""), 413));
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        let body = request(&format!("{method} /hi"), &["Content-Length: 27"]);
        let text = format!("{body}GET /ten.txt HTTP/1.1\r\n\r\n\r\n");
        let status = [200, 200, 405, 204][["GET", "HEAD", "DELETE", "OPTIONS"]
            .iter()
            .position(|m| *m == method)
            .unwrap()];
        rows.push(answered(36, text, status).hasnt(&["0123456789"]));
    }
    // A request inside the body of a refused one.
    rows.push(raw(37, post(&["Content-Length: 9000000"], AFTER), &[413]));
    rows.push(raw(
        37,
        post(&["Expect: tea", "Content-Length: 100"], AFTER),
        &[417],
    ));
    rows
}

fn connections() -> Vec<Case> {
    let hi =
        |version: &str, fields: &str| format!("GET /hi HTTP/{version}\r\nHost: x\r\n{fields}\r\n");
    let last = |rule, text: String| {
        raw(rule, text + AFTER, &[200]).has(&["Connection: close\r\n", "\r\n\r\nHi"])
    };
    vec![
        answered(38, hi("1.1", ""), 200),
        raw(38, format!("{}{AFTER}", hi("1.0", "")), &[200]).has(&["Connection: close\r\n"]),
        answered(38, hi("1.0", "Connection: Keep-Alive\r\n"), 200)
            .has(&["Connection: keep-alive\r\n"]),
        last(39, hi("1.1", "Connection: x, CLOSE\r\n")),
        last(39, hi("1.1", "Connection: x\r\nConnection: close\r\n")),
        answered(39, hi("1.1", "Connection: closed\r\n"), 200),
        raw(
            40,
            ["/hi", "/none", "/ten.txt", "/sub"]
                .map(|path| request(&format!("GET {path}"), &[]))
                .concat(),
            &[200, 404, 200, 301],
        ),
        refused(41, "GET /hi HTTP/1.1\r\nHost: x\r\nbad\r\n\r\n", 400),
        raw(41, format!("{AFTER}BAD\r\n\r\n{AFTER}"), &[200, 400]),
        raw(42, AFTER, &[200]).has(&["\r\n\r\nHi"]),
        answered(
            43,
            hi("1.1", "Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n"),
            200,
        ),
        raw(
            45,
            "POST /echo HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab",
            &[200],
        ),
        refused(46, post(&["Content-Length: 2", "Expect: tea"], "ab"), 417),
    ]
}
