//! `httpsys get [METHOD] URL`: the flags, and what they ask of the client.
//!
//! In: the command line. Out: a [`client::Request`] with the addresses looked up, and the remarks that a
//! person should read first. Looking up a name is the C library's work and takes system calls of its
//! own; it happens here, before tracing starts, and a remark says so.

use super::quantity;
use crate::client::{self, Message, Request, Show, Url};
use crate::kernel::Address;
use crate::view::text::{Charset, escape_into};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The client half of HTTP, from the same system calls
#[derive(clap::Args, Clone, Debug)]
#[command(override_usage = "httpsys get [OPTIONS] [METHOD] URL")]
#[command(
    after_help = "Examples:\n  httpsys get :8080/hi\n  httpsys get POST :8080/echo -d hello\n  \
httpsys get --split 1,5,30 --delay 100 :8080/     a request in four pieces\n  \
printf 'GET / HTTP/1.0\\r\\n\\r\\n' | httpsys get --raw - :8080"
)]
pub struct GetArgs {
    /// [METHOD] URL: http://HOST:PORT/PATH, HOST/PATH, :PORT/PATH for this machine, or unix:/PATH
    #[arg(value_name = "[METHOD] URL", required = true, num_args = 1..=2)]
    pub what: Vec<String>,
    /// A field of the head; 'Name:' leaves one out, 'Name;' sends it empty
    #[arg(short = 'H', long = "header", value_name = "FIELD")]
    pub fields: Vec<String>,
    /// Send a body (POST if no METHOD): the text, or @FILE, or @- for standard input
    #[arg(short = 'd', long, value_name = "DATA")]
    pub data: Vec<String>,
    /// Send the bytes of FILE (- for standard input) instead of a request made here
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fields", "data", "head"])]
    pub raw: Option<PathBuf>,
    /// Connect to a Unix socket; the URL then says what to ask for
    #[arg(long, value_name = "PATH")]
    pub unix: Option<String>,
    /// Cut the request into pieces of these sizes, the rest in one
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = quantity::count)]
    pub split: Vec<u64>,
    /// Wait between the pieces; a bare number counts milliseconds
    #[arg(long, value_name = "TIME", value_parser = quantity::milliseconds, default_value = "0", hide_default_value = true)]
    pub delay: Duration,
    /// Say "that was all" after sending (shutdown), and read the answer
    #[arg(long)]
    pub half_close: bool,
    /// Show the heads of the answer too
    #[arg(short = 'i', long = "include")]
    pub include: bool,
    /// Send HEAD and show the head of the answer
    #[arg(short = 'I', long = "head", conflicts_with = "data")]
    pub head: bool,
    /// Give up when a call, or all of it, takes longer; a bare number counts seconds
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds)]
    pub timeout: Option<Duration>,
}

/// What the flags ask for.
#[derive(Debug)]
pub struct Prepared {
    /// For [`client::run`].
    pub request: Request,
    /// One-line remarks, for standard error.
    pub remarks: Vec<String>,
}

/// Why nothing can be asked.
#[derive(Debug)]
pub enum Refused {
    /// The command line makes no sense (exit 2).
    Usage(String),
    /// A file or a name is not there (exit 4).
    Machine(String),
}

impl GetArgs {
    /// Reads files, looks names up, and makes the bytes.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn prepare(&self) -> Result<Prepared, Refused> {
        let url = self.url().map_err(Refused::Usage)?;
        let bytes = match &self.raw {
            Some(file) => read_input(file)?,
            None => self.message(&url)?.to_bytes().map_err(Refused::Usage)?,
        };
        let mut remarks = Vec::new();
        let to = match self.unix.as_ref().or(url.unix.as_ref()) {
            Some(path) => vec![unix_address(path)?],
            None => look_up(&url, &mut remarks)?,
        };
        let show = if self.include || self.head {
            Show::HeadAndBody
        } else {
            Show::Body
        };
        let request = Request {
            to,
            bytes,
            split: self.split.iter().map(|size| *size as usize).collect(),
            delay: self.delay,
            half_close: self.half_close,
            show,
            timeout: self.timeout,
        };
        Ok(Prepared { request, remarks })
    }

    fn url(&self) -> Result<Url, String> {
        let url = self.what.last().ok_or("which URL?")?;
        let bare_port = !url.is_empty() && url.bytes().all(|byte| byte.is_ascii_digit());
        if bare_port {
            return Err(format!(
                "{url:?} is only a number: write :{url} for that port of this machine"
            ));
        }
        if self.raw.is_some() && self.what.len() > 1 {
            return Err("--raw brings its own method: give only the URL".into());
        }
        Url::parse(url)
    }

    fn message(&self, url: &Url) -> Result<Message, Refused> {
        let body = self.body()?;
        let implied = match &body {
            _ if self.head => "HEAD",
            Some(_) => "POST",
            None => "GET",
        };
        let method = match self.what.as_slice() {
            [method, _] => method.clone(),
            _ => implied.to_owned(),
        };
        Ok(Message {
            method,
            url: url.clone(),
            fields: self.fields.clone(),
            body,
        })
    }

    /// The pieces of `-d`, joined by `&` as a form is.
    fn body(&self) -> Result<Option<Vec<u8>>, Refused> {
        let mut body: Option<Vec<u8>> = None;
        for piece in &self.data {
            let bytes = match piece.strip_prefix('@') {
                Some(file) => read_input(Path::new(file))?,
                None => piece.clone().into_bytes(),
            };
            match &mut body {
                None => body = Some(bytes),
                Some(body) => {
                    body.push(b'&');
                    body.extend_from_slice(&bytes);
                }
            }
        }
        Ok(body)
    }
}

/// The exit status of an error (docs/exit-codes.md).
pub fn status(error: &client::Error) -> u8 {
    match error {
        client::Error::Connect { .. } | client::Error::Output(_) => 4,
        client::Error::Cut { .. } | client::Error::Malformed(_) => 1,
    }
}

fn read_input(file: &Path) -> Result<Vec<u8>, Refused> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| {
            Refused::Machine(format!(
                "read standard input: {}",
                super::stream::plain(&error)
            ))
        });
    }
    std::fs::read(file).map_err(|error| {
        Refused::Machine(format!(
            "open {}: {}",
            file.display(),
            super::stream::no_file(&error)
        ))
    })
}

/// `sun_path` has 108 bytes, the NUL included (`man 7 unix`).
fn unix_address(path: &str) -> Result<Address, Refused> {
    match path.strip_prefix('@') {
        _ if path.len() > 107 => Err(Refused::Usage(format!(
            "{path}: the path of a Unix socket has at most 107 bytes"
        ))),
        Some(name) => Ok(Address::Unix([b"\0", name.as_bytes()].concat())),
        None => Ok(Address::Unix(path.as_bytes().to_vec())),
    }
}

fn look_up(url: &Url, remarks: &mut Vec<String>) -> Result<Vec<Address>, Refused> {
    let found = (url.host.as_str(), url.port).to_socket_addrs();
    let found: Vec<SocketAddr> = match found {
        Ok(found) => found.collect(),
        Err(error) => {
            return Err(Refused::Machine(format!(
                "getaddrinfo {}: {error}",
                url.host
            )));
        }
    };
    if url.host.parse::<std::net::IpAddr>().is_err() {
        let list: Vec<String> = found
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        remarks.push(format!(
            "{} is {} (looked up by the C library, before tracing starts)",
            url.host,
            list.join(", ")
        ));
    }
    Ok(found.iter().map(address_of).collect())
}

fn address_of(address: &SocketAddr) -> Address {
    match address {
        SocketAddr::V4(v4) => Address::V4(v4.ip().octets(), v4.port()),
        SocketAddr::V6(v6) => {
            Address::V6(v6.ip().octets(), v6.port(), v6.flowinfo(), v6.scope_id())
        }
    }
}

/// Passes text on to a terminal and shows what would command it as `\x1b`. Lines and tabs stay.
#[derive(Debug)]
pub struct ForTerminal<W> {
    out: W,
    charset: Charset,
    /// The beginning of a character, or a CR whose LF has not come yet.
    held: Vec<u8>,
}

impl<W: Write> ForTerminal<W> {
    /// Writes to `out`, which shows `charset`.
    pub fn new(out: W, charset: Charset) -> ForTerminal<W> {
        ForTerminal {
            out,
            charset,
            held: Vec::new(),
        }
    }

    /// Writes what was held back: nothing more will come.
    ///
    /// # Errors
    /// What `out` said.
    pub fn finish(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.show(&held)?;
        self.out.flush()
    }

    fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\t' | b'\\')) {
            let (last, start) = match line.split_last() {
                Some((last @ (b'\n' | b'\t' | b'\\'), start)) => (Some(*last), start),
                _ => (None, line),
            };
            let ends_line = last == Some(b'\n');
            let start = if ends_line {
                start.strip_suffix(b"\r").unwrap_or(start)
            } else {
                start
            };
            escape_into(&mut text, start, usize::MAX, self.charset);
            text.extend(last);
        }
        self.out.write_all(&text)
    }
}

impl<W: Write> Write for ForTerminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let whole = all.len() - unfinished(&all);
        self.held = all.split_off(whole);
        self.show(&all)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many of the last bytes may mean something else once more arrive.
fn unfinished(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&b'\r') {
        return 1;
    }
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    match std::str::from_utf8(tail) {
        Err(error) if error.error_len().is_none() => tail.len() - error.valid_up_to(),
        // The tail may begin inside a character: look for the lead byte of an unfinished one.
        Err(_) => (1..=tail.len())
            .find(|n| tail[tail.len() - n] >= 0xc0)
            .filter(|n| {
                let end = std::str::from_utf8(&tail[tail.len() - n..]);
                end.is_err_and(|error| error.error_len().is_none())
            })
            .unwrap_or(0),
        Ok(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        get: GetArgs,
    }

    fn prepare(words: &[&str]) -> Result<Prepared, Refused> {
        let words = std::iter::once("get").chain(words.iter().copied());
        Cli::try_parse_from(words).unwrap().get.prepare()
    }

    fn first_line(words: &[&str]) -> String {
        let bytes = prepare(words).unwrap().request.bytes;
        String::from_utf8_lossy(&bytes)
            .lines()
            .next()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_method_is_given_or_follows_from_the_flags() {
        assert_eq!(first_line(&[":8080/x"]), "GET /x HTTP/1.1");
        assert_eq!(first_line(&["PUT", ":8080/x"]), "PUT /x HTTP/1.1");
        assert_eq!(first_line(&["-d", "a", ":8080/x"]), "POST /x HTTP/1.1");
        assert_eq!(first_line(&["-I", ":8080/x"]), "HEAD /x HTTP/1.1");
        assert_eq!(first_line(&["--unix", "/run/x", "/y"]), "GET /y HTTP/1.1");
    }

    #[test]
    fn pieces_of_a_body_are_joined_as_a_form() {
        let bytes = prepare(&["-d", "a=1", "-d", "b=2", ":8080"])
            .unwrap()
            .request
            .bytes;
        assert!(
            String::from_utf8(bytes)
                .unwrap()
                .ends_with("Content-Length: 7\r\n\r\na=1&b=2")
        );
    }

    #[test]
    fn addresses_are_looked_up_and_names_are_remarked_upon() {
        let prepared = prepare(&["127.0.0.1:8080"]).unwrap();
        assert_eq!(prepared.request.to, [Address::V4([127, 0, 0, 1], 8080)]);
        assert!(prepared.remarks.is_empty());
        let prepared = prepare(&["http://localhost:81/"]).unwrap();
        assert!(!prepared.request.to.is_empty());
        assert!(
            prepared.remarks[0].starts_with("localhost is "),
            "{:?}",
            prepared.remarks
        );
        let prepared = prepare(&["unix:/run/x"]).unwrap();
        assert_eq!(prepared.request.to, [Address::Unix(b"/run/x".to_vec())]);
    }

    #[test]
    fn mistakes_are_told_apart_from_what_the_machine_refuses() {
        let usage = |words: &[&str]| match prepare(words) {
            Err(Refused::Usage(message)) => message,
            other => panic!("{other:?}"),
        };
        assert!(usage(&["https://x/"]).contains("TLS"));
        assert!(usage(&["8080"]).contains(":8080"));
        assert!(usage(&["--raw", "-", "GET", ":80"]).contains("--raw"));
        assert!(usage(&["--unix", &"x".repeat(108), "/"]).contains("107"));
        assert!(matches!(
            prepare(&["--raw", "/nonexistent", ":80"]),
            Err(Refused::Machine(_))
        ));
        assert!(matches!(
            prepare(&["-d", "@/nonexistent", ":80"]),
            Err(Refused::Machine(_))
        ));
    }

    fn terminal(pieces: &[&[u8]]) -> String {
        let mut out = ForTerminal::new(Vec::new(), Charset::Utf8);
        for piece in pieces {
            out.write_all(piece).unwrap();
        }
        out.finish().unwrap();
        String::from_utf8(out.out).unwrap()
    }

    #[test]
    fn a_terminal_gets_text_and_no_commands_however_the_bytes_are_cut() {
        let body = "a\tb\\c\r\né€😀 \x1b[31m \r x\u{202e}y\n\u{0}".as_bytes();
        let shown = terminal(&[body]);
        assert_eq!(shown, "a\tb\\c\né€😀 \\x1b[31m \\r x\\u{202e}y\n\\x00");
        for cut in 0..=body.len() {
            assert_eq!(
                terminal(&[&body[..cut], &body[cut..]]),
                shown,
                "cut at {cut}"
            );
        }
        let each: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(terminal(&each), shown);
        assert_eq!(
            terminal(&[b"\xff\xe2\x82", b"", b"\r"]),
            "\\xff\\xe2\\x82\\r"
        );
    }
}
