//! A second opinion: every byte of several requests and responses replaced by every other, and each of
//! these heads read by httparse too. Where the two differ, the reason is listed here, with the section
//! of the RFC that makes ours the right answer; a difference with no reason on the list fails.

use httpsys::http::{Code, Kind, Limits, Part, Reader, StartLine};

const REQUESTS: [&[u8]; 5] = [
    b"GET /a/b?c=%20 HTTP/1.1\r\nHost: x.y:80\r\nA-b:  v w \t\r\nEmpty:\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 12\r\nConnection: close, x\r\n\r\n",
    b"POST http://y/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\nUser-Agent: a/1.0 (b; c)\r\nExpect: 100-continue\r\n\r\n",
    b"CONNECT y:443 HTTP/1.1\r\nhost:y:443\r\n\r\n",
];

const RESPONSES: [&[u8]; 2] = [
    b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 404 \r\nServer: x\r\nTransfer-Encodin: chunked\r\n\r\n",
];

/// What one of the two says about a head.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// Length, first line in short, fields.
    Head(usize, String, Vec<(Vec<u8>, Vec<u8>)>),
    Partial,
    Refused(Option<&'static Code>),
}

fn ours(kind: Kind, bytes: &[u8]) -> Verdict {
    let limits = Limits {
        bare_lf: true,
        lenient: false,
        ..Limits::default()
    };
    let mut reader = match kind {
        Kind::Request => Reader::requests(limits),
        Kind::Response => Reader::responses(limits),
    };
    let mut at = 0;
    loop {
        match reader.next(&bytes[at..]) {
            Err(refusal) => return Verdict::Refused(Some(refusal.code)),
            Ok(Part::More) => return Verdict::Partial,
            Ok(Part::Blank(n)) => at += n,
            Ok(Part::Head(n)) => {
                let (head, text) = (reader.head(), &bytes[at..]);
                let first = match head.start {
                    StartLine::Request { .. } => [head.method(text), head.target(text)]
                        .map(|part| part.escape_ascii().to_string())
                        .join(" "),
                    StartLine::Response { status, .. } => status.to_string(),
                };
                let field = |f: &httpsys::http::Field| {
                    (f.name.of(text).to_vec(), f.value.of(text).to_vec())
                };
                return Verdict::Head(at + n, first, head.fields.iter().map(field).collect());
            }
            other => panic!("no head came first: {other:?}"),
        }
    }
}

fn theirs(kind: Kind, bytes: &[u8]) -> Verdict {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let (status, first, found) = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut fields);
            let status = request.parse(bytes);
            let escaped = |text: Option<&str>| {
                text.unwrap_or_default()
                    .as_bytes()
                    .escape_ascii()
                    .to_string()
            };
            (
                status,
                format!("{} {}", escaped(request.method), escaped(request.path)),
                request.headers,
            )
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut fields);
            let status = response.parse(bytes);
            (
                status,
                response.code.unwrap_or_default().to_string(),
                response.headers,
            )
        }
    };
    match status {
        Ok(httparse::Status::Partial) => Verdict::Partial,
        Err(_) => Verdict::Refused(None),
        Ok(httparse::Status::Complete(n)) => Verdict::Head(
            n,
            first,
            found
                .iter()
                .map(|f| (f.name.as_bytes().to_vec(), f.value.to_vec()))
                .collect(),
        ),
    }
}

/// Codes that httparse has no rule for: it reads the grammar of lines and leaves these to its callers.
/// Each is here with the section that asks for it.
const BEYOND_GRAMMAR: &[(&str, &str)] = &[
    ("H115", "RFC 9112 3.2: no form of target has a fragment"),
    ("H116", "RFC 3986 2.1: pct-encoded is % HEXDIG HEXDIG"),
    ("H117", "RFC 9112 3.2.4: * only with OPTIONS"),
    ("H118", "RFC 9112 3.2: one of four forms"),
    ("H119", "RFC 9112 3.2.3: CONNECT takes host:port"),
    ("H120", "RFC 9110 4.2.4: a host without user"),
    (
        "H133",
        "RFC 9112 4: three digits, and RFC 9110 15: 100 to 599",
    ),
    ("H301", "RFC 9112 3.2: 1.1 without Host"),
    ("H303", "RFC 9112 3.2: an invalid Host"),
    ("H304", "RFC 9110 4.2.4: user in Host"),
    ("H305", "RFC 9110 7.2: a list in Host"),
    ("H306", "RFC 9110 7.2: a port of digits"),
    ("H307", "RFC 3986 3.2.2: an IP literal"),
    ("H308", "RFC 9110 4.2.1: a port without a host"),
    ("H401", "RFC 9110 8.6: 1*DIGIT"),
    ("H402", "RFC 9110 8.6: 1*DIGIT"),
    ("H404", "RFC 9110 8.6: one number"),
    ("H421", "RFC 9112 6.3: chunked is last"),
    ("H426", "RFC 9112 6.1: no empty members"),
    ("H427", "RFC 9112 7: coding names are tokens"),
    ("H428", "RFC 9112 7: chunked has no parameters"),
    ("H429", "RFC 9112 6.1: no transfer coding in 1.0"),
    ("H701", "RFC 9110 10.1.1: unknown expectations"),
];

/// Why the two may differ here, or `None`.
fn reason(bytes: &[u8], ours: &Verdict, theirs: &Verdict) -> Option<&'static str> {
    match (ours, theirs) {
        (Verdict::Refused(Some(code)), Verdict::Head(..)) => BEYOND_GRAMMAR
            .iter()
            .map(|(id, _)| *id)
            .find(|id| *id == code.id),
        (Verdict::Head(..), Verdict::Refused(_)) if has_minor_above_one(bytes) => {
            Some(HIGHER_MINOR)
        }
        _ => None,
    }
}

/// RFC 9110 2.5: a higher minor version is read as the highest one known; httparse knows 1.0 and 1.1.
const HIGHER_MINOR: &str = "HTTP/1.2 and above";

fn has_minor_above_one(bytes: &[u8]) -> bool {
    (b'2'..=b'9').any(|minor| {
        let version = [b"HTTP/1.".as_slice(), &[minor]].concat();
        memchr::memmem::find(bytes, &version).is_some()
    })
}

#[test]
fn httparse_agrees_or_the_rfc_says_why_not() {
    let (mut heads, mut agreed, mut unexplained) = (0, 0, Vec::new());
    let mut reasons = std::collections::BTreeSet::new();
    let all = REQUESTS
        .map(|r| (Kind::Request, r))
        .into_iter()
        .chain(RESPONSES.map(|r| (Kind::Response, r)));
    for (kind, base) in all {
        assert_eq!(
            ours(kind, base),
            theirs(kind, base),
            "{}",
            base.escape_ascii()
        );
        for at in 0..base.len() {
            for byte in 0..=255 {
                let mut bytes = base.to_vec();
                bytes[at] = byte;
                heads += 1;
                let (mine, other) = (ours(kind, &bytes), theirs(kind, &bytes));
                let same = matches!((&mine, &other), (Verdict::Refused(_), Verdict::Refused(_)))
                    || mine == other;
                agreed += usize::from(same);
                if same {
                    continue;
                }
                if let Some(reason) = reason(&bytes, &mine, &other) {
                    reasons.insert(reason);
                } else {
                    unexplained.push(format!(
                        "{}\n  ours {mine:?}\n  theirs {other:?}",
                        bytes.escape_ascii()
                    ));
                }
            }
        }
    }
    assert!(
        heads > 100_000 && agreed * 100 > heads * 85,
        "{agreed} of {heads}"
    );
    assert!(
        unexplained.is_empty(),
        "{} unexplained, such as\n{}",
        unexplained.len(),
        unexplained[..unexplained.len().min(12)].join("\n")
    );
    assert_eq!(
        reasons.len(),
        BEYOND_GRAMMAR.len() + 1,
        "a reason on the list that never applies: {reasons:?}"
    );
}

/// Replacing, removing, doubling a byte anywhere gives the same answer in every cut.
#[test]
fn changed_requests_read_the_same_in_every_cut() {
    for base in REQUESTS {
        for at in 0..base.len() {
            for byte in [
                0, 9, 10, 13, b' ', b':', b',', b'/', b'0', b'a', 0x7f, 0x80, 0xff,
            ] {
                let mut bytes = base.to_vec();
                bytes[at] = byte;
                same_in_every_cut(&bytes);
                bytes.insert(at, base[at]);
                same_in_every_cut(&bytes);
            }
            let mut shorter = base.to_vec();
            shorter.remove(at);
            same_in_every_cut(&shorter);
        }
    }
}

fn same_in_every_cut(bytes: &[u8]) {
    let first = |pieces: &[usize]| {
        let mut reader = Reader::requests(Limits::default());
        let mut at = 0;
        for &until in pieces {
            loop {
                match reader.next(&bytes[at..until]) {
                    Err(refusal) => return Some(format!("{refusal:?}")),
                    Ok(Part::More) => break,
                    Ok(Part::Blank(n)) => at += n,
                    Ok(Part::Head(_)) => return Some(format!("{:?}", reader.head())),
                    Ok(other) => panic!("{other:?}"),
                }
            }
        }
        None
    };
    let whole = first(&[bytes.len()]);
    let every: Vec<usize> = (1..=bytes.len()).collect();
    assert_eq!(first(&every), whole, "{}", bytes.escape_ascii());
    for cut in [1, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        assert_eq!(
            first(&[cut, bytes.len()]),
            whole,
            "{} cut at {cut}",
            bytes.escape_ascii()
        );
    }
}
