//! From a path to an answer: the file, the index of a directory, its listing, the redirect to its
//! slash, the page of a single-page application, and the site's own page for what is not there.
//!
//! In: a request for something below the root. Out: its answer. The order is: file, built-in page of
//! that name, redirect, `--spa`, listing, 404.

use super::answer::{Answer, Reuse};
use super::exchange::Worker;
use super::files::{self, Found, Order};
use super::listing::{self, Directory, Form};
use super::paths::{self, NoPath};
use super::routes::{BuiltIn, Method, READ_ONLY, Reception, Reply, own};
use super::send::After;
use super::wishes::Wishes;
use crate::http::token::is_loose;
use crate::kernel::Probe;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;

/// The file below the root that goes with a 404.
const NOT_FOUND: &CStr = c"404.html";

/// What was asked for.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The path and the query, as received.
    path: &'a [u8],
    query: Option<&'a [u8]>,
    /// The built-in page of this name.
    page: Option<BuiltIn>,
    /// The name of the file below the root, closed by NUL.
    name: &'a [u8],
    /// The path ends in a slash, and `name` is that of its index file.
    directory: bool,
}

impl<P: Probe> Reception<'_, P> {
    /// A file, or what stands behind it when there is none: a built-in page, or 404.
    pub(super) fn file(
        &mut self,
        path: &[u8],
        query: Option<&[u8]>,
        page: Option<BuiltIn>,
    ) -> Reply {
        match (self.method, page) {
            (Method::Get | Method::Head, _) | (_, Some(_)) => {}
            (Method::Options, None) => return self.options(READ_ONLY),
            (_, None) => return self.not_allowed(READ_ONLY),
        }
        let mut name = std::mem::take(&mut self.worker.path);
        let reply = match paths::resolve(path, &mut name) {
            Ok(directory) => {
                let place = Place {
                    path,
                    query,
                    page,
                    name: &name,
                    directory,
                };
                let found = self.open(&place);
                self.found(found, &place)
            }
            Err(NoPath::Malformed) => self.short(400, "the path does not decode to a name", &[]),
            Err(NoPath::Impossible) => self.no_file(),
        };
        self.worker.path = name;
        reply
    }

    /// Serves the file of this name. For a method that a file does not take, only looks.
    fn open(&mut self, place: &Place<'_>) -> Found {
        let Ok(name) = CStr::from_bytes_with_nul(place.name) else {
            return Found::Status(400);
        };
        if matches!(self.method, Method::Get | Method::Head) {
            return self.serve(name, Some(Wishes::of(self.request)));
        }
        let Worker { kernel, site, .. } = &mut *self.worker;
        let opened = site.root.as_ref().map(|root| root.file(kernel, name));
        match opened {
            Some(Ok(fd)) => {
                let _ = kernel.close(fd);
                Found::Status(405)
            }
            _ if place.page.is_some() => Found::Status(404),
            _ => Found::Status(405),
        }
    }

    fn serve(&mut self, path: &CStr, wishes: Option<Wishes<'_>>) -> Found {
        let Worker {
            kernel,
            site,
            stamp,
            ..
        } = &mut *self.worker;
        let Some(root) = &site.root else {
            return Found::Status(404);
        };
        let order = Order {
            path,
            body: self.method == Method::Get,
            wishes,
            reuse: self.reuse,
            clock: site.config.clock,
        };
        files::serve(kernel, root, &order, stamp, self.out)
    }

    fn found(&mut self, found: Found, place: &Place<'_>) -> Reply {
        match (found, place.page) {
            (Found::Answered(status, bytes), _) => Reply::new(status, bytes),
            (Found::Status(404), Some(page)) => {
                self.worker.remember_absent(page as usize);
                self.built_in(page)
            }
            (Found::Status(404), None) => self.instead(place),
            (Found::Directory, _) if !place.directory => self.moved(place),
            // `index.html` is a directory itself.
            (Found::Directory, _) => self.no_file(),
            (Found::NoSuchPart(length), _) => {
                let place = format!("bytes */{length}");
                let sentence = format!("there are {length} bytes, and none of those asked for");
                self.short(416, &sentence, &[("Content-Range", place.as_bytes())])
            }
            (Found::Status(403), _) => {
                self.short(403, "this file may not be read by the server", &[])
            }
            (Found::Status(405), _) => self.not_allowed(READ_ONLY),
            (Found::Status(412), _) => self.short(
                412,
                "the file is not the version that the condition names",
                &[],
            ),
            (Found::Status(503), _) => self.busy(),
            (Found::Status(code), _) => self.short(code, "the file could not be read", &[]),
        }
    }

    /// There is no such file: the application's page, the front page, a listing, or 404.
    fn instead(&mut self, place: &Place<'_>) -> Reply {
        if let Some(reply) = self.application(place) {
            return reply;
        }
        if place.directory && self.worker.site.config.listing {
            return self.listing(place);
        }
        match place.path {
            b"/" => self.home(None),
            _ => self.no_file(),
        }
    }

    /// `--spa`: paths that its own script understands get the application's page. A name with a dot
    /// is a file that is missing: a script that is answered with a page is a riddle.
    fn application(&mut self, place: &Place<'_>) -> Option<Reply> {
        let last = place.path.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let page = self.worker.site.config.spa.as_ref()?;
        let name = CString::new(page.as_os_str().as_bytes()).ok()?;
        if last.contains(&b'.') {
            return None;
        }
        match self.serve(&name, Some(Wishes::of(self.request))) {
            Found::Status(404) | Found::Directory => None,
            found => Some(self.found(found, place)),
        }
    }

    /// What is in the directory, where it has no index.
    fn listing(&mut self, place: &Place<'_>) -> Reply {
        let json = Wishes::of(self.request).prefers_json();
        let form = if json { Form::Json } else { Form::Html };
        let path = place.name.strip_suffix(b"\0").unwrap_or(place.name);
        let path = path.strip_suffix(paths::INDEX).unwrap_or(path);
        let name = match path {
            b"" => CString::from(c"."),
            path => CString::new(&path[..path.len() - 1]).unwrap_or_default(),
        };
        let Worker { kernel, site, .. } = &mut *self.worker;
        let Some(root) = &site.root else {
            return self.no_file();
        };
        let opened = match root.directory(kernel, &name) {
            Ok(fd) => Directory::read(kernel, fd, form).inspect_err(|_| {
                let _ = kernel.close(fd);
            }),
            Err(errno) => Err(errno),
        };
        match opened.map_err(files::status_of) {
            Ok(directory) if path.is_empty() && !json => self.home_with(directory),
            Ok(directory) => self.send_listing(directory, &[b"/", path].concat(), form),
            Err(404) => self.no_file(),
            Err(503) => self.busy(),
            Err(403) => self.short(403, "this directory may not be read by the server", &[]),
            Err(code) => self.short(code, "the directory could not be read", &[]),
        }
    }

    /// The front page, and the files beside it.
    fn home_with(&mut self, mut directory: Directory) -> Reply {
        let _ = self.worker.kernel.close(directory.fd);
        self.home(Some(&mut directory))
    }

    fn send_listing(&mut self, mut directory: Directory, path: &[u8], form: Form) -> Reply {
        let vary: (&str, &[u8]) = ("Vary", b"Accept");
        if directory.is_complete() {
            let _ = self.worker.kernel.close(directory.fd);
            let body = directory.whole(path);
            let head = Answer {
                extra: &[vary],
                ..own(200, body.len(), form.kind(), self.reuse)
            };
            return self.whole(head, &body);
        }
        // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
        let chunked = self.request.head.version.minor > 0;
        let coding: (&str, &[u8]) = ("Transfer-Encoding", b"chunked");
        let reuse = if chunked { self.reuse } else { Reuse::Close };
        let head = Answer {
            length: None,
            extra: if chunked { &[vary, coding] } else { &[vary] },
            ..own(200, 0, form.kind(), reuse)
        };
        head.write(&self.worker.stamp, self.out.bytes());
        if reuse == Reuse::Close {
            self.out.after = After::Close;
        }
        if self.method == Method::Head {
            let _ = self.worker.kernel.close(directory.fd);
            return Reply::new(200, 0);
        }
        let before = self.out.bytes().len();
        directory.start(path, chunked, self.out.bytes());
        let so_far = self.out.bytes().len() - before;
        self.out.then_directory(directory);
        Reply::new(200, so_far as u64)
    }

    /// A directory without its slash: relative links in its index would miss.
    fn moved(&mut self, place: &Place<'_>) -> Reply {
        let mut location = vec![b'/'];
        // `//host` would name another host (RFC 3986 4.2).
        let start = place
            .path
            .iter()
            .position(|b| *b != b'/')
            .unwrap_or(place.path.len());
        escape_loose(&place.path[start..], &mut location);
        location.push(b'/');
        if let Some(query) = place.query {
            location.push(b'?');
            escape_loose(query, &mut location);
        }
        self.short(
            301,
            "a directory's address ends with a slash",
            &[("Location", &location)],
        )
    }

    fn busy(&mut self) -> Reply {
        self.short(
            503,
            "too many open files just now",
            &[("Retry-After", b"1")],
        )
    }

    /// 404, with the site's own page if it has one.
    fn no_file(&mut self) -> Reply {
        match self.serve(NOT_FOUND, None) {
            Found::Answered(status, bytes) => Reply::new(status, bytes),
            _ => self.not_found(),
        }
    }
}

/// Appends what was received, never decoded; bytes that browsers send bare and a URI does not have
/// (`"`, `{`) are escaped.
fn escape_loose(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match is_loose(*byte) {
            true => listing::percent(*byte, out),
            false => out.push(*byte),
        }
    }
}
