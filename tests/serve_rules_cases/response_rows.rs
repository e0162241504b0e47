//! Rules 47 to 58: what an answer must look like; conditions and parts.

use super::{Case, answered, raw, request};

const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const OLDER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const FUTURE: &str = "Fri, 31 Dec 9999 23:59:59 GMT";

/// A GET of the ten digits, with these fields.
fn ten(rule: u8, fields: &[&str], status: u16) -> Case {
    let fields: Vec<String> = fields
        .iter()
        .map(|f| {
            f.replace("SAME", SAME)
                .replace("OLDER", OLDER)
                .replace("LATER", LATER)
                .replace("FUTURE", FUTURE)
        })
        .collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let case = answered(rule, request("GET /ten.txt", &fields), status);
    match status {
        200 => case.has(&["\r\n\r\n0123456789HTTP"]),
        206 => case
            .has(&["\r\nContent-Range: bytes ", "\r\nETag: \""])
            .hasnt(&["0123456789"]),
        304 => case
            .has(&[
                "\r\nDate: ",
                "\r\nETag: \"",
                "\r\nCache-Control: no-cache\r\n",
                "\r\nVary: Accept-Encoding\r\n",
            ])
            .hasnt(&["0123456789"]),
        412 => case
            .has(&["412 Precondition Failed\r\n"])
            .hasnt(&["0123456789"]),
        416 => case
            .has(&["\r\nContent-Range: bytes */10\r\n"])
            .hasnt(&["0123456789"]),
        other => panic!("{other}"),
    }
}

pub fn responses() -> Vec<Case> {
    [fields(), conditions(), parts()].concat()
}

fn fields() -> Vec<Case> {
    let mut rows = Vec::new();
    for (path, status) in [
        ("/hi", 200),
        ("/ten.txt", 200),
        ("/sub", 301),
        ("/none", 404),
        ("/", 200),
        ("/bare/", 200),
    ] {
        let get = request(&format!("GET {path}"), &[]);
        let nosniff = "\r\nX-Content-Type-Options: nosniff\r\n";
        rows.push(answered(47, get.clone(), status).has(&["\r\nDate: ", " GMT\r\n"]));
        rows.push(answered(53, get, status).has(&["\r\nContent-Type: ", nosniff]));
        let head = request(&format!("HEAD {path}"), &[]);
        // Behind its head comes the next status line at once.
        let case = answered(48, head, status).has(&[
            "\r\nContent-Length: ",
            "\r\nContent-Type: ",
            "\r\n\r\nHTTP/1.1 200",
        ]);
        rows.push(case);
    }
    rows.push(answered(47, request("OPTIONS /hi", &[]), 204).has(&["\r\nDate: "]));
    rows.push(
        answered(48, request("HEAD /ten.txt", &["Range: bytes=0-1"]), 200)
            .has(&["Content-Length: 10\r\n"]),
    );
    let options = request("OPTIONS /hi", &["Connection: close"]);
    rows.push(raw(49, options, &[204]).hasnt(&[
        "Content-Length",
        "\r\nContent-Type",
        "Transfer-Encoding",
    ]));
    let same = ["If-None-Match: TAG", "Connection: close"];
    let good_copy = raw(49, request("GET /ten.txt", &same), &[304]);
    rows.push(
        good_copy
            .hasnt(&["Content-Length", "\r\nContent-Type"])
            .has(&["\r\nETag: \"", "\r\nVary: ", "\r\n\r\n"]),
    );
    rows.push(answered(50, request("GET /none", &[]), 404).has(&["\r\nContent-Length: "]));
    rows.push(answered(50, request("POST /hi", &[]), 405).has(&["\r\nContent-Length: "]));
    rows.push(
        raw(50, "GET /ten.txt HTTP/1.0\r\n\r\n", &[200])
            .has(&["Content-Length: 10\r\n"])
            .hasnt(&["chunked"]),
    );
    rows.push(
        raw(51, request("GET /none", &["Connection: close"]), &[404])
            .has(&["HTTP/1.1 404 Not Found\r\n"]),
    );
    rows.push(
        answered(52, request("DELETE /ten.txt", &[]), 405)
            .has(&["\r\nAllow: GET, HEAD, OPTIONS\r\n"]),
    );
    rows.push(ten(52, &["Range: bytes=10-"], 416));
    rows.push(
        ten(52, &["Range: bytes=2-4"], 206)
            .has(&["Content-Range: bytes 2-4/10\r\n", "\r\n\r\n234HTTP"]),
    );
    for kind in [
        "text/html",
        "image/svg+xml",
        "text/xml",
        "text/javascript",
        "application/xhtml+xml",
    ] {
        let fields = [&*format!("Content-Type: {kind}"), "Content-Length: 3"];
        let case = answered(53, format!("{}<b>", request("POST /echo", &fields)), 200);
        rows.push(case.has(&["\r\nContent-Type: text/plain\r\n", "\r\n\r\n<b>HTTP"]));
    }
    let split = request("GET /sub?a=%0d%0aSet-Cookie:%20x", &[]);
    rows.push(answered(54, split, 301).has(&["\r\nLocation: /sub/?a=%0d%0aSet-Cookie:%20x\r\n"]));
    rows.push(
        answered(54, request("GET /s%75b?{\"|", &[]), 301)
            .has(&["\r\nLocation: /s%75b/?%7B%22%7C\r\n"]),
    );
    rows.push(answered(54, request("GET //sub", &[]), 301).has(&["\r\nLocation: /sub/\r\n"]));
    rows.push(
        answered(54, request("GET /%0d%0aSet-Cookie:%20x", &[]), 404).hasnt(&["\r\nSet-Cookie"]),
    );
    rows
}

fn conditions() -> Vec<Case> {
    vec![
        ten(55, &["If-Match: TAG", "If-Unmodified-Since: OLDER"], 200),
        ten(55, &["If-Match: \"no\"", "If-None-Match: TAG"], 412),
        ten(
            55,
            &["If-Unmodified-Since: OLDER", "If-None-Match: TAG"],
            412,
        ),
        ten(55, &["If-Match: TAG", "If-None-Match: TAG"], 304),
        ten(55, &["If-None-Match: TAG", "Range: bytes=0-1"], 304),
        ten(55, &["If-Match: \"no\"", "Range: bytes=0-1"], 412),
        ten(55, &["If-None-Match: \"no\"", "Range: bytes=20-"], 416),
        ten(
            55,
            &["If-Match: *", "If-Range: TAG", "Range: bytes=1-2"],
            206,
        ),
        answered(55, request("GET /none", &["If-Match: \"no\""]), 404),
        answered(55, request("GET /none", &["If-None-Match: *"]), 404),
        answered(55, request("GET /sub", &["If-None-Match: *"]), 301),
        ten(56, &["If-None-Match: TAG", "If-Modified-Since: OLDER"], 304),
        ten(
            56,
            &["If-None-Match: \"no\"", "If-Modified-Since: LATER"],
            200,
        ),
        ten(56, &["If-None-Match: *"], 304),
        ten(56, &["If-None-Match: W/TAG"], 304),
        ten(56, &["If-None-Match: \"no\", TAG"], 304),
        ten(56, &["If-None-Match: \"no\"", "If-None-Match: TAG"], 304),
        ten(56, &["If-None-Match: no"], 200),
        ten(56, &["If-Match: W/TAG"], 412),
        ten(56, &["If-Match: no"], 412),
        ten(56, &["If-Match: *"], 200),
        ten(56, &["If-Range: W/TAG", "Range: bytes=0-1"], 200),
        ten(57, &["If-Modified-Since: SAME"], 304),
        ten(57, &["If-Modified-Since: LATER"], 304),
        ten(
            57,
            &["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"],
            304,
        ),
        ten(57, &["If-Modified-Since: Sun Nov  6 08:49:37 1994"], 304),
        ten(57, &["If-Modified-Since: OLDER"], 200),
        ten(57, &["If-Modified-Since: FUTURE"], 200),
        ten(57, &["If-Modified-Since: yesterday"], 200),
        ten(57, &["If-Unmodified-Since: OLDER"], 412),
        ten(57, &["If-Unmodified-Since: SAME"], 200),
        ten(57, &["If-Unmodified-Since: yesterday"], 200),
        answered(
            57,
            request(
                "HEAD /ten.txt",
                &["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"],
            ),
            304,
        ),
        answered(57, request("OPTIONS /ten.txt", &["If-Match: \"no\""]), 204),
        answered(57, request("POST /ten.txt", &["If-Match: \"no\""]), 405),
    ]
}

fn parts() -> Vec<Case> {
    let many = |count: usize| format!("Range: bytes={}", vec!["0-0"; count].join(","));
    let mut rows = vec![
        ten(58, &["Range: bytes=0-4"], 206).has(&[
            "bytes 0-4/10\r\n",
            "Content-Length: 5\r\n",
            "\r\n\r\n01234HTTP",
        ]),
        ten(58, &["Range: bytes=7-"], 206).has(&["bytes 7-9/10\r\n", "\r\n\r\n789HTTP"]),
        ten(58, &["Range: bytes=-2"], 206).has(&["bytes 8-9/10\r\n", "\r\n\r\n89HTTP"]),
        ten(58, &["Range: bytes=8-99"], 206).has(&["bytes 8-9/10\r\n"]),
        ten(58, &["Range: Bytes=0-0"], 206).has(&["\r\n\r\n0HTTP"]),
        ten(58, &["Range: bytes=0-1,20-30"], 206)
            .has(&["bytes 0-1/10\r\n"])
            .hasnt(&["multipart"]),
        ten(58, &["Range: bytes=-0"], 416),
        ten(58, &["Range: bytes=10-20"], 416),
        ten(58, &["If-Range: TAG", "Range: bytes=0-1"], 206),
        ten(
            58,
            &[
                "If-Range: Sun, 06 Nov 1994 08:49:37 GMT",
                "Range: bytes=0-1",
            ],
            206,
        ),
        ten(58, &["If-Range: \"no\"", "Range: bytes=0-1"], 200),
        ten(58, &["If-Range: LATER", "Range: bytes=0-1"], 200),
        ten(58, &["If-Range: no", "Range: bytes=20-"], 200),
        ten(58, &[&many(101)], 200),
        ten(58, &["Range: bytes=0-,0-"], 200),
        ten(58, &["Range: bytes=0-1", "Range: bytes=2-3"], 200),
        answered(58, request("GET /hi", &["Range: bytes=0-0"]), 200).has(&["\r\n\r\nHi"]),
        answered(58, request("GET /empty.txt", &["Range: bytes=0-"]), 416).has(&["bytes */0\r\n"]),
        answered(58, request("POST /echo", &["Range: bytes=0-0"]), 200),
        answered(58, request("GET /ten.txt", &[]), 200).has(&["Accept-Ranges: bytes\r\n"]),
    ];
    let several = ten(58, &["Range: bytes=0-1, -2"], 206);
    rows.push(Case {
        has: Vec::new(),
        ..several
    }.has(&[
        "Content-Type: multipart/byteranges; boundary=",
        "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--",
        "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--",
        "--\r\nHTTP/1.1 200",
    ]));
    for ignored in [
        "bytes=5-2",
        "bytes=a-b",
        "lines=0-1",
        "bytes",
        "bytes=",
        "bytes=0-1;",
        "bytes=--1",
        "bytes 0-1",
    ] {
        rows.push(ten(58, &[&format!("Range: {ignored}")], 200));
    }
    rows
}
