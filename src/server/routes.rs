//! Which request gets which answer: the server's judgement, above the parser.
//!
//! In: a complete request. Out: its answer in the outgoing bytes. A file below the root wins over a
//! built-in page of the same name; methods are judged here (501 unknown, 405 not allowed).

use super::answer::{Answer, HI, PLAIN, Reuse, hi_head};
use super::connection::Request;
use super::exchange::{Client, Worker};
use super::exposition::{self, Calls};
use super::listing::Directory;
use super::pages::{self, Facts};
use super::send::Outgoing;
use crate::http::media;
use crate::http::target;
use crate::kernel::Probe;

/// The methods that the RFCs know (RFC 9110 9.3, RFC 5789).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`, `PUT`, `DELETE`, `PATCH`: they change things, and only `/echo` takes them.
    Change,
    /// `OPTIONS`.
    Options,
    /// `TRACE` and `CONNECT`: known, never allowed.
    Never,
    /// Any other token.
    Unknown,
}

impl Method {
    /// Reads a token; methods are case-sensitive (RFC 9110 9.1).
    #[inline]
    pub fn of(token: &[u8]) -> Method {
        match token {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" | b"PUT" | b"DELETE" | b"PATCH" => Method::Change,
            b"OPTIONS" => Method::Options,
            b"TRACE" | b"CONNECT" => Method::Never,
            _ => Method::Unknown,
        }
    }
}

/// What an answer was, for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Bytes of its body.
    pub bytes: u64,
    /// The request's own body is to follow: it was too long to copy.
    pub body_follows: bool,
}

impl Reply {
    pub(super) fn new(status: u16, bytes: u64) -> Reply {
        Reply {
            status,
            bytes,
            body_follows: false,
        }
    }
}

/// The built-in pages but `/`, by their place in [`super::exchange::Site`]'s memory of absent files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BuiltIn {
    Hi = 0,
    Echo = 1,
    Headers = 2,
    Metrics = 3,
}

/// Bodies up to this size are copied behind their head.
const COPY: usize = 64 << 10;
/// What a page answers to `OPTIONS` and in a 405.
pub(super) const READ_ONLY: &[u8] = b"GET, HEAD, OPTIONS";
const ANY: &[u8] = b"GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";

/// The method of a request.
#[inline]
pub fn method(request: &Request<'_>) -> Method {
    Method::of(request.head.method(request.bytes))
}

/// Whether the body of this request will be sent back.
pub fn wants_body(request: &Request<'_>) -> bool {
    built_in(request.head.path_and_query(request.bytes).0) == Some(BuiltIn::Echo)
}

#[inline]
fn built_in(path: &[u8]) -> Option<BuiltIn> {
    match path {
        b"/hi" => Some(BuiltIn::Hi),
        b"/echo" => Some(BuiltIn::Echo),
        b"/headers" => Some(BuiltIn::Headers),
        b"/metrics" => Some(BuiltIn::Metrics),
        _ => None,
    }
}

/// Everything that writing one answer needs.
pub(super) struct Reception<'a, P: Probe> {
    pub(super) worker: &'a mut Worker<P>,
    pub(super) client: &'a Client,
    pub(super) request: Request<'a>,
    pub(super) method: Method,
    pub(super) reuse: Reuse,
    pub(super) out: &'a mut Outgoing,
}

/// Answers a complete request.
#[inline]
pub fn answer<P: Probe>(
    worker: &mut Worker<P>,
    client: &Client,
    request: Request<'_>,
    reuse: Reuse,
    out: &mut Outgoing,
) -> Reply {
    let target = request.head.target(request.bytes);
    let method = method(&request);
    let usual = method == Method::Get && reuse == Reuse::Usual;
    if usual && target == b"/hi" && worker.is_absent(BuiltIn::Hi as usize) {
        out.bytes().extend_from_slice(&worker.stamp.hi);
        return Reply::new(200, HI.len() as u64);
    }
    let mut reception = Reception {
        worker,
        client,
        request,
        method,
        reuse,
        out,
    };
    reception.route(target)
}

impl<P: Probe> Reception<'_, P> {
    fn route(&mut self, target: &[u8]) -> Reply {
        let (path, query) = target::path_and_query(target);
        match self.method {
            Method::Unknown => return self.short(501, "this server does not know the method", &[]),
            Method::Never => return self.not_allowed(READ_ONLY),
            Method::Options if target == b"*" => return self.options(ANY),
            _ => {}
        }
        if self.worker.site.report.is_some() {
            return self.report(path);
        }
        let page = built_in(path).filter(|page| self.is_here(*page));
        match page {
            Some(page) if self.worker.is_absent(page as usize) => self.built_in(page),
            _ if self.worker.site.root.is_some() => self.file(path, query, page),
            None if path == b"/" => self.home(None),
            None => self.not_found(),
            Some(page) => self.built_in(page),
        }
    }

    /// Whether this page is served here: `/metrics` may have a listener of its own.
    fn is_here(&self, page: BuiltIn) -> bool {
        page != BuiltIn::Metrics || self.worker.site.config.metrics.is_none()
    }

    /// The one page of the server behind `--metrics`.
    fn report(&mut self, path: &[u8]) -> Reply {
        match self.method {
            Method::Get | Method::Head => {}
            Method::Options => return self.options(READ_ONLY),
            _ => return self.not_allowed(READ_ONLY),
        }
        if path != pages::METRICS.as_bytes() {
            return self.short(404, "there is one page here: /metrics", &[]);
        }
        let mut page = Vec::new();
        if let Some(report) = &self.worker.site.report {
            report.write(&mut page);
        }
        self.whole(own(200, page.len(), exposition::KIND, self.reuse), &page)
    }

    fn metrics(&mut self) -> Reply {
        self.worker.count_durations();
        let site = &self.worker.site;
        let calls = Calls::of(&self.worker.kernel.probe);
        let mut page = Vec::new();
        exposition::write(site.config.io.name(), &site.metrics, &calls, &mut page);
        self.whole(own(200, page.len(), exposition::KIND, self.reuse), &page)
    }

    pub(super) fn built_in(&mut self, page: BuiltIn) -> Reply {
        match (page, self.method) {
            (BuiltIn::Echo, _) => self.echo(),
            (_, Method::Options) => self.options(READ_ONLY),
            (_, Method::Change) => self.not_allowed(READ_ONLY),
            (BuiltIn::Metrics, _) => self.metrics(),
            (BuiltIn::Hi, _) => self.whole(hi_head(self.reuse), HI),
            (BuiltIn::Headers, _) => {
                let head = self.request.bytes;
                self.whole(own(200, head.len(), PLAIN, self.reuse), head)
            }
        }
    }

    /// The body back, with its type: unless a browser would run it (HTTP-RULES 53).
    fn echo(&mut self) -> Reply {
        let body = self.request.body;
        let kind = self.request.head.field(self.request.bytes, "Content-Type");
        let head = own(200, body.len(), harmless(kind), self.reuse);
        if body.len() <= COPY || self.method == Method::Head {
            return self.whole(head, body);
        }
        head.write(&self.worker.stamp, self.out.bytes());
        Reply {
            body_follows: true,
            ..Reply::new(200, body.len() as u64)
        }
    }

    /// What is going on; and the files, where the root has no index.
    pub(super) fn home(&mut self, files: Option<&mut Directory>) -> Reply {
        match self.method {
            Method::Get | Method::Head => {}
            Method::Options => return self.options(READ_ONLY),
            _ => return self.not_allowed(READ_ONLY),
        }
        let totals = self.worker.kernel.probe.totals();
        let site = &self.worker.site;
        let facts = Facts {
            connection: self.client.number,
            exchange: self.client.exchanges,
            fd: self.client.fd.0,
            peer: &self.client.peer,
            model: site.config.io.name(),
            served: site.served(),
            pid: std::process::id(),
            head: self.request.bytes,
            calls: totals.as_deref(),
            metrics: site.config.metrics.is_none(),
            files: files.map(|directory| (directory.is_complete(), directory.entries())),
        };
        let mut page = Vec::new();
        pages::home(&facts, &mut page);
        self.whole(
            own(200, page.len(), b"text/html; charset=utf-8", self.reuse),
            &page,
        )
    }

    pub(super) fn options(&mut self, allow: &'static [u8]) -> Reply {
        let head = Answer {
            status: 204,
            kind: None,
            length: None,
            no_store: true,
            extra: &[("Allow", allow)],
            reuse: self.reuse,
        };
        head.write(&self.worker.stamp, self.out.bytes());
        Reply::new(204, 0)
    }

    pub(super) fn not_allowed(&mut self, allow: &'static [u8]) -> Reply {
        self.short(
            405,
            "this page does not take the method",
            &[("Allow", allow)],
        )
    }

    pub(super) fn not_found(&mut self) -> Reply {
        self.short(
            404,
            "nothing has this name; built in are /  /hi  /echo  /headers  /metrics",
            &[],
        )
    }

    pub(super) fn short(&mut self, status: u16, sentence: &str, extra: &[(&str, &[u8])]) -> Reply {
        let mut page = Vec::new();
        pages::short(status, sentence, &mut page);
        let head = Answer {
            extra,
            ..own(status, page.len(), PLAIN, self.reuse)
        };
        self.whole(head, &page)
    }

    /// Head and body; for HEAD the head alone, with the same fields (RFC 9110 9.3.2).
    pub(super) fn whole(&mut self, head: Answer<'_>, body: &[u8]) -> Reply {
        let out = self.out.bytes();
        head.write(&self.worker.stamp, out);
        if self.method == Method::Head {
            return Reply::new(head.status, 0);
        }
        out.extend_from_slice(body);
        Reply::new(head.status, body.len() as u64)
    }
}

/// The head of a page of our own.
pub fn own<'a>(status: u16, len: usize, kind: &'a [u8], reuse: Reuse) -> Answer<'a> {
    Answer {
        status,
        kind: Some(kind),
        length: Some(len as u64),
        no_store: true,
        extra: &[],
        reuse,
    }
}

/// A type for the body of `/echo`: the client's own, unless a browser would run what it sent, or
/// the value is no media type at all.
fn harmless(kind: Option<&[u8]>) -> &[u8] {
    const UNKNOWN: &[u8] = b"application/octet-stream";
    /// Longer values are not worth a place in our head.
    const LONGEST: usize = 200;
    let Some(kind) = kind.filter(|k| k.len() <= LONGEST && k.is_ascii()) else {
        return UNKNOWN;
    };
    let mut halves = media::essence(kind).splitn(2, |b| *b == b'/');
    let (top, sub) = (halves.next().unwrap_or(b""), halves.next().unwrap_or(b""));
    if !is_token(top) || !is_token(sub) {
        return UNKNOWN;
    }
    if media::is_active(kind) { PLAIN } else { kind }
}

fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_never_run_by_a_browser() {
        for active in [
            "text/html",
            "Text/HTML; charset=utf-8",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/rss+xml",
            "text/javascript",
            "application/x-ecmascript",
            "multipart/x-mixed-replace; boundary=x",
        ] {
            assert_eq!(harmless(Some(active.as_bytes())), PLAIN, "{active}");
        }
        for harmless_one in [
            "application/json",
            "text/plain; charset=utf-8",
            "image/png",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(
                harmless(Some(harmless_one.as_bytes())),
                harmless_one.as_bytes()
            );
        }
        for odd in [
            "",
            "text",
            "text/",
            "/html",
            "a b/c",
            "text/plain, text/html/",
            "t\u{e9}xt/x",
        ] {
            let given = harmless(Some(odd.as_bytes()));
            assert!(
                given == b"application/octet-stream" || given == PLAIN,
                "{odd}"
            );
        }
        assert_eq!(harmless(None), b"application/octet-stream");
    }
}
