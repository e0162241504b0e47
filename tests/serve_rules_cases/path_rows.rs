//! Rules 59 to 62: from a path to a file.

use super::{Case, answered, request};

pub fn paths() -> Vec<Case> {
    let get = |rule: u8, path: &str, status: u16| {
        answered(rule, request(&format!("GET {path}"), &[]), status).hasnt(&["secret", "root:"])
    };
    let long = format!("/{}", "n".repeat(300));
    let mut rows = vec![
        get(59, "/%74en.txt", 200).has(&["0123456789"]),
        get(59, "/a%20b", 200).has(&["\r\n\r\nspaceHTTP"]),
        get(59, "/%2561", 200).has(&["\r\n\r\npercentHTTP"]),
        get(59, "/%252e%252e/secret.txt", 404),
        get(59, "/a+b", 404),
        get(60, "/ten.txt%00", 400),
        get(60, "/%00", 400),
        get(60, "/%c0%ae%c0%ae/secret.txt", 400),
        get(60, "/%e0%80%af", 400),
        get(60, "/sub%2findex.html", 404),
        get(60, "/sub%5cindex.html", 404),
        get(60, "/..%2fsecret.txt", 404),
        get(61, "/../secret.txt", 404),
        get(61, "/sub/../../secret.txt", 404),
        get(61, "/%2e%2e/secret.txt", 404),
        get(61, "/sub/../ten.txt", 200),
        get(61, "/./ten.txt", 200),
        get(61, "/out", 404),
        get(61, "/abs", 404),
        get(62, "/none", 404),
        get(62, "/ten.txt/x", 404),
        get(62, &long, 404),
        get(62, "/loop", 404),
        get(62, "/fifo", 404),
        get(62, "/", 200).has(&["<p>top</p>"]),
    ];
    rows.push(get(62, "/none/", 404));
    rows
}
