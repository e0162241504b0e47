//! The text of what the server itself says: the page at `/`, and the short pages behind a status.
//!
//! In: facts. Out: bytes. Whatever came from the network is escaped before it reaches HTML; the short
//! pages are plain text, which no browser interprets.

use super::listing::{self, Entry};
use crate::abi::address::Address;
use crate::http::write::push_number;
use crate::http::{Refusal, status};
use crate::kernel::CallId;

/// The page that `--metrics` moves to a listener of its own.
pub const METRICS: &str = "/metrics";

/// The built-in pages: path and what is there. `serve` lists them when it starts.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("/", "what is going on"),
    ("/hi", "says Hi"),
    ("/echo", "any method: your body comes back"),
    ("/headers", "your request's head, as it arrived"),
    (METRICS, "what was counted, for Prometheus"),
];

/// What the page at `/` tells.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Which connection this is, from 1.
    pub connection: u64,
    /// Which exchange on it, from 1.
    pub exchange: u64,
    /// Its descriptor.
    pub fd: i32,
    /// Who asked.
    pub peer: &'a Address,
    /// The model that serves.
    pub model: &'a str,
    /// Connections and requests since the server started.
    pub served: (u64, u64),
    /// The process.
    pub pid: u32,
    /// The head of this request, as it arrived.
    pub head: &'a [u8],
    /// Calls so far, where they are counted.
    pub calls: Option<&'a [(CallId, u64, u64)]>,
    /// Whether `/metrics` is among the pages here.
    pub metrics: bool,
    /// The files of a root without an index, and whether these are all.
    pub files: Option<(bool, &'a [Entry])>,
}

/// The look of every page of ours.
pub(super) const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fdfdfb}h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin:1.8rem 0 .4rem}\
pre,code,td.n{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em}pre{background:#f1f0ea;padding:.8rem 1rem;\
white-space:pre-wrap;overflow-wrap:anywhere;border-left:4px solid #3465a4}table{border-collapse:collapse}td,th{padding:.15rem 1.2rem .15rem 0;text-align:left;\
vertical-align:baseline}td.n{text-align:right}dfn{font-style:normal;font-weight:600}@media(prefers-color-scheme:dark){body{color:#e8e6e0;\
background:#161616}pre{background:#232323}a{color:#8ab4f8}}";

/// Writes the page at `/`.
pub fn home(facts: &Facts<'_>, out: &mut Vec<u8>) {
    text(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>httpsys</title>\n",
    );
    // An empty icon of its own, so that this page alone costs one request and not two.
    text(
        out,
        "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\n<style>",
    );
    text(out, STYLE);
    text(
        out,
        "</style></head>\n<body>\n<h1>Hello from a server made of system calls</h1>\n",
    );
    this_request(facts, out);
    files(facts, out);
    calls(facts, out);
    what_next(facts, out);
    text(out, "</body></html>\n");
}

fn this_request(facts: &Facts<'_>, out: &mut Vec<u8>) {
    let Facts {
        connection,
        exchange,
        fd,
        peer,
        model,
        served,
        pid,
        ..
    } = facts;
    let peer = match peer {
        Address::Unix(_) => "a program on this machine, by a unix socket".to_owned(),
        peer => peer.to_string(),
    };
    text(
        out,
        "<p>Your browser's request reached this program as bytes from a <dfn>file descriptor</dfn>: \
a small number that stands for the connection.</p>\n<table>\n",
    );
    let rows = [
        (
            "connection",
            format!("c{connection}, accepted on descriptor {fd}"),
        ),
        ("request", format!("number {exchange} on this connection")),
        ("you are", peer),
        ("server", format!("process {pid}, model {model}")),
        (
            "so far",
            format!(
                "{}, {}",
                counted(served.0, "connection"),
                counted(served.1, "request")
            ),
        ),
    ];
    for (name, value) in rows {
        text(out, "<tr><th>");
        text(out, name);
        text(out, "</th><td>");
        escape(value.as_bytes(), out);
        text(out, "</td></tr>\n");
    }
    text(out, "</table>\n<h2>What you sent</h2>\n<pre>");
    escape(facts.head.strip_suffix(b"\r\n").unwrap_or(facts.head), out);
    text(out, "</pre>\n");
}

fn counted(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn files(facts: &Facts<'_>, out: &mut Vec<u8>) {
    let Some((all, entries)) = facts.files else {
        return;
    };
    text(out, "<h2>Files here</h2>\n<ul>\n");
    for entry in entries {
        text(out, "<li>");
        listing::link(entry, out);
        text(out, "</li>\n");
    }
    text(
        out,
        if all {
            "</ul>\n"
        } else {
            "<li>and more</li></ul>\n"
        },
    );
}

fn calls(facts: &Facts<'_>, out: &mut Vec<u8>) {
    text(out, "<h2>Calls this server has made</h2>\n");
    let Some(calls) = facts.calls else {
        text(
            out,
            "<p>Start it with <code>--trace</code> to see every one of them as it happens.</p>\n",
        );
        return;
    };
    text(
        out,
        "<table>\n<tr><th>call</th><th>times</th><th>failed</th><th>what it does</th></tr>\n",
    );
    for (call, times, failed) in calls {
        text(out, "<tr><td><code>");
        escape(call.name().as_bytes(), out);
        text(out, "</code></td><td class=\"n\">");
        push_number(out, *times);
        text(out, "</td><td class=\"n\">");
        push_number(out, *failed);
        text(out, "</td><td>");
        escape(call.signature().sentence.as_bytes(), out);
        text(out, "</td></tr>\n");
    }
    text(out, "</table>\n");
}

fn what_next(facts: &Facts<'_>, out: &mut Vec<u8>) {
    text(out, "<h2>Try next</h2>\n<table>\n");
    let here = |path: &str| facts.metrics || path != METRICS;
    for (path, what) in BUILT_IN.into_iter().filter(|(path, _)| here(path)) {
        text(out, "<tr><td><a href=\"");
        text(out, path);
        text(out, "\"><code>");
        text(out, path);
        text(out, "</code></a></td><td>");
        text(out, what);
        text(out, "</td></tr>\n");
    }
    text(
        out,
        "</table>\n<p>Reload, and count the calls that one more request costs. From a terminal:</p>\n<pre>",
    );
    text(
        out,
        "httpsys serve --trace            watch every call\n\
httpsys serve --io epoll         the same pages from another model\n\
httpsys get :8080/hi --trace     the client's half\n\
httpsys explain accept4          what a call is for</pre>\n",
    );
}

fn text(out: &mut Vec<u8>, words: &str) {
    out.extend_from_slice(words.as_bytes());
}

/// Appends bytes as HTML text: markup becomes entities, and what is not printable ASCII becomes
/// visible as `\xNN`. Line ends stay.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'&' => text(out, "&amp;"),
            b'<' => text(out, "&lt;"),
            b'>' => text(out, "&gt;"),
            b'"' => text(out, "&quot;"),
            b'\'' => text(out, "&#39;"),
            b'\n' | 0x20..=0x7e => out.push(*byte),
            b'\r' => {}
            other => text(out, &format!("\\x{other:02x}")),
        }
    }
}

/// A short page: the status and a sentence, in plain text.
pub fn short(code: u16, sentence: &str, out: &mut Vec<u8>) {
    title(code, out);
    text(out, sentence);
    out.push(b'\n');
}

/// A short page that says which rule a request broke, where, and how to write it right.
pub fn refused(code: u16, refusal: &Refusal, out: &mut Vec<u8>) {
    title(code, out);
    let row = refusal.code;
    text(out, &format!("{}: {}\n", row.id, row.sentence));
    text(
        out,
        &format!("at byte {} of what this connection sent\n", refusal.offset),
    );
    if !row.remedy.is_empty() {
        text(out, &format!("{}\n", row.remedy));
    }
    text(
        out,
        &format!("{}\nmore: httpsys explain {}\n", row.rule, row.id),
    );
}

fn title(code: u16, out: &mut Vec<u8>) {
    push_number(out, u64::from(code));
    out.push(b' ');
    text(out, status::reason(code));
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_network_is_markup_in_the_page() {
        let peer = Address::V4([127, 0, 0, 1], 5);
        let facts = Facts {
            connection: 7,
            exchange: 1,
            fd: 4,
            peer: &peer,
            model: "blocking",
            served: (1, 2),
            pid: 9,
            head: b"GET / HTTP/1.1\r\nX: <script>alert('1')</script>&\x1b[2J\xff\r\n\r\n",
            calls: Some(&[(CallId::from_name("read").unwrap(), 3, 1)]),
            metrics: false,
            files: None,
        };
        let mut out = Vec::new();
        home(&facts, &mut out);
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<script") && !page.contains('\x1b'));
        assert!(
            page.contains("&lt;script&gt;alert(&#39;1&#39;)") && page.contains("\\x1b[2J\\xff")
        );
        assert!(
            page.contains("c7, accepted on descriptor 4")
                && page.contains("1 connection, 2 requests")
        );
        assert!(page.contains("<code>read</code>") && !page.contains(METRICS));
    }

    #[test]
    fn the_built_in_pages_are_linked() {
        let peer = Address::Unix(Vec::new());
        let facts = Facts {
            connection: 1,
            exchange: 1,
            fd: 4,
            peer: &peer,
            model: "epoll",
            served: (1, 1),
            pid: 9,
            head: b"",
            calls: None,
            metrics: true,
            files: None,
        };
        let mut out = Vec::new();
        home(&facts, &mut out);
        let page = String::from_utf8(out).unwrap();
        for (path, _) in BUILT_IN {
            assert!(page.contains(&format!("href=\"{path}\"")), "{path}");
        }
    }
}
