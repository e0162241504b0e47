//! `httpsys parse [FILE|-]`: reads messages, shows them, says how it ended.
//!
//! In: a stream of bytes of any size. Out: the table or JSON on one writer, what is wrong on the other,
//! and an exit status: 0 complete, 1 malformed, 3 cut short, 4 unreadable. What is held at a time: one
//! head, and of a body what the view keeps.

use super::quantity;
use super::terminal;
use super::{Common, exit, say};
use crate::explain;
use crate::http::survey::{goes_on, head_end};
use crate::http::{Kind, Limits, Part, Reader, Refusal, codes};
use crate::view::paint::Paint;
use crate::view::parse::json::Json;
use crate::view::parse::table::Table;
use crate::view::parse::{Broken, Messages};
use crate::view::text::{Charset, escape};
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;

mod escapes;
use escapes::Unescaped;

/// Explain HTTP/1.1 messages byte by byte
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples:\n  httpsys parse request.txt\n  \
printf 'GET /hi HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' | httpsys parse\n  \
httpsys parse --escapes <<< 'GET / HTTP/1.1\\r\\nHost : x\\r\\n\\r\\n'\n\n\
Exit status: 0 complete, 1 malformed, 3 the input ends inside a message, 4 unreadable.")]
pub struct ParseArgs {
    /// What to read; - is standard input
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Read responses instead of requests
    #[arg(long)]
    pub response: bool,
    /// With --response: the method that is answered (an answer to HEAD has no body)
    #[arg(long, value_name = "METHOD", requires = "response")]
    pub answer_to: Option<String>,
    /// One JSON object a message and line
    #[arg(long)]
    pub json: bool,
    /// Show the bytes in hex too
    #[arg(long, conflicts_with = "json")]
    pub hex: bool,
    /// The input writes bytes as \r \n \t \0 \\ \xNN
    #[arg(long)]
    pub escapes: bool,
    /// Refuse a bare LF as a line end, as serve does
    #[arg(long)]
    pub strict: bool,
    /// The longest body to take
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes, default_value = "64M")]
    pub max_body: u64,
}

/// The exit status of input that ends inside a message.
pub const CUT: u8 = 3;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Opens the input, decides colour and width for standard output, runs.
pub fn main(args: ParseArgs, common: &Common) -> u8 {
    let named = args.file.as_ref().filter(|path| path.as_os_str() != "-");
    if args.file.is_none() && io::stdin().is_terminal() {
        return help();
    }
    let out = io::stdout();
    let charset = terminal::charset(common);
    let colour = terminal::colours(common.color, &out) && !args.json;
    let paint = Paint::new(colour, charset, terminal::columns(common.width, &out));
    let mut err: Box<dyn Write> = match io::stderr().is_terminal() {
        true => Box::new(Wrapping {
            inner: io::stderr(),
            width: terminal::columns(common.width, &io::stderr()),
            line: Vec::new(),
        }),
        // A message that another program reads is one line.
        false => Box::new(io::stderr()),
    };
    let mut out = out.lock();
    match named {
        None => run(
            &args,
            "stdin",
            &mut io::stdin().lock(),
            &mut out,
            &mut *err,
            &paint,
        ),
        Some(path) => match std::fs::File::open(path) {
            Ok(mut file) => run(
                &args,
                &path.display().to_string(),
                &mut file,
                &mut out,
                &mut *err,
                &paint,
            ),
            Err(error) => {
                let name = escape(
                    path.as_os_str().as_encoded_bytes(),
                    usize::MAX,
                    Charset::Utf8,
                );
                say(&format!(
                    "httpsys parse: open {name}: {}",
                    super::stream::no_file(&error)
                ));
                exit::REFUSED
            }
        },
    }
}

/// A terminal: lines are broken between words, and go on two columns further in.
struct Wrapping<W> {
    inner: W,
    width: usize,
    line: Vec<u8>,
}

impl<W: Write> Write for Wrapping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line[..end]);
            for line in explain::wrap("", &text, 2, self.width) {
                self.inner.write_all(format!("{line}\n").as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A person at a terminal and nothing to read: the help, as after a usage error.
fn help() -> u8 {
    let mut command = <ParseArgs as clap::Args>::augment_args(clap::Command::new("httpsys parse"));
    let _ = write!(io::stderr(), "{}", command.render_help());
    exit::USAGE
}

/// Reads `input` to its end or first error and shows its messages; returns the exit status. `name` is
/// what the messages call the input.
pub fn run(
    args: &ParseArgs,
    name: &str,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
    paint: &Paint,
) -> u8 {
    let limits = Limits {
        body: args.max_body,
        bare_lf: !args.strict,
        lenient: false,
        ..Limits::default()
    };
    let kind = if args.response {
        Kind::Response
    } else {
        Kind::Request
    };
    let mut table;
    let mut json;
    let view: &mut dyn Messages = if args.json {
        json = Json::new();
        &mut json
    } else {
        table = Table::new(name, paint.clone(), args.hex, limits);
        &mut table
    };
    let name = escape(name.as_bytes(), usize::MAX, paint.charset);
    let mut unescaped;
    let input: &mut dyn Read = if args.escapes {
        unescaped = Unescaped::new(input);
        &mut unescaped
    } else {
        input
    };
    let reader = match kind {
        Kind::Request => Reader::requests(limits),
        Kind::Response => Reader::responses(limits),
    };
    let answer_to = args.answer_to.clone().unwrap_or_default().into_bytes();
    let mut session = Session {
        reader: reader.curious(),
        kind,
        answer_to,
        input,
        bytes: Vec::new(),
        start: 0,
        messages: 0,
        ended_at: 0,
        in_body: false,
        patient: !args.json,
        view,
    };
    match session.run(out) {
        Ok(ending) => session.finish(ending, &name, err),
        Err(Trouble::Reading(error)) => {
            let _ = writeln!(
                err,
                "httpsys parse: read {name}: {}",
                super::stream::no_file(&error)
            );
            exit::REFUSED
        }
        // The reader of our output has seen enough (`parse | head -1`).
        Err(Trouble::Writing(error)) if error.kind() == io::ErrorKind::BrokenPipe => exit::DONE,
        Err(Trouble::Writing(error)) => {
            let _ = writeln!(
                err,
                "httpsys parse: write standard output: {}",
                super::stream::plain(&error)
            );
            exit::REFUSED
        }
    }
}

/// What the system would not do.
enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
}

/// How the input ended.
enum Ending {
    Complete,
    Cut(Refusal, String),
    Malformed(Refusal),
}

struct Session<'a> {
    reader: Reader,
    kind: Kind,
    answer_to: Vec<u8>,
    input: &'a mut dyn Read,
    /// What was read; consumed up to `start`.
    bytes: Vec<u8>,
    start: usize,
    messages: u64,
    /// Where the last complete message ended.
    ended_at: u64,
    in_body: bool,
    /// Read on after a refusal, to show the other errors of the head.
    patient: bool,
    view: &'a mut dyn Messages,
}

impl Session<'_> {
    fn run(&mut self, out: &mut dyn Write) -> Result<Ending, Trouble> {
        let mut text = Vec::new();
        self.reader.answer_to(&self.answer_to);
        loop {
            let ending = match self.reader.next(&self.bytes[self.start..]) {
                Ok(Part::More) => {
                    // Whoever types or pipes slowly sees each message before the next is waited for.
                    write_out(&mut text, out)?;
                    if self.read()? {
                        None
                    } else {
                        Some(self.ended(&mut text)?)
                    }
                }
                Ok(part) => {
                    self.show(part, &mut text);
                    None
                }
                Err(refusal) => Some(self.refused(refusal, &mut text)?),
            };
            if text.len() >= PIECE || ending.is_some() {
                write_out(&mut text, out)?;
            }
            if let Some(ending) = ending {
                out.flush().map_err(Trouble::Writing)?;
                return Ok(ending);
            }
        }
    }

    /// Reads one piece more; false at the end of the input.
    fn read(&mut self) -> Result<bool, Trouble> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let before = self.bytes.len();
        self.bytes.resize(before + PIECE, 0);
        loop {
            match self.input.read(&mut self.bytes[before..]) {
                Ok(n) => {
                    self.bytes.truncate(before + n);
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::Reading(error)),
            }
        }
    }

    /// Hands a part to the view and consumes it.
    fn show(&mut self, part: Part, text: &mut Vec<u8>) {
        let (Part::Blank(n) | Part::Head(n) | Part::Data(n) | Part::Framing(n)) = part else {
            self.complete(text);
            return;
        };
        let bytes = &self.bytes[self.start..self.start + n];
        let offset = self.reader.offset() - n as u64;
        match part {
            Part::Head(_) => {
                self.view.head(self.reader.head(), bytes);
                self.in_body = true;
            }
            Part::Data(_) if self.reader.is_tunnel() => {}
            Part::Data(_) => self.view.data(offset, bytes),
            Part::Framing(_) => self.view.framing(offset, self.reader.piece(), bytes),
            Part::Blank(_) | Part::More | Part::End => {}
        }
        self.start += n;
    }

    fn complete(&mut self, text: &mut Vec<u8>) {
        self.view.end(self.reader.offset(), text);
        self.in_body = false;
        self.messages += 1;
        self.ended_at = self.reader.offset();
        self.reader.answer_to(&self.answer_to);
    }

    fn ended(&mut self, text: &mut Vec<u8>) -> Result<Ending, Trouble> {
        let rest = self.bytes.len() - self.start;
        match self.reader.end(&self.bytes[self.start..]) {
            Err(refusal) => return self.refused(refusal, text),
            Ok(true) => {
                if self.in_body {
                    self.complete(text);
                }
                return Ok(Ending::Complete);
            }
            Ok(false) => {}
        }
        let code = if self.in_body {
            &codes::CUT_BODY
        } else {
            &codes::CUT_HEAD
        };
        let refusal = Refusal {
            code,
            offset: self.reader.offset() + rest as u64,
            len: 1,
        };
        let missing = self.missing();
        self.break_off(refusal, Some(&missing), text);
        Ok(Ending::Cut(refusal, missing))
    }

    /// Shows a message that does not come to its end.
    fn break_off(&mut self, refusal: Refusal, missing: Option<&str>, text: &mut Vec<u8>) {
        let broken = Broken {
            kind: self.kind,
            refusal,
            offset: self.reader.offset(),
            rest: &self.bytes[self.start..],
            in_body: self.in_body,
            missing,
        };
        self.view.refused(&broken, text);
    }

    /// What would complete the message.
    fn missing(&self) -> String {
        let rest = &self.bytes[self.start..];
        match self.reader.body_left() {
            Some(n) if self.in_body => {
                format!("{n} more byte{} announced", if n == 1 { "" } else { "s" })
            }
            _ if self.in_body => "the last chunk or its blank line is missing".to_string(),
            _ if rest.ends_with(b"\n") => {
                "only the blank line is missing: CR LF once more".to_string()
            }
            _ if rest.ends_with(b"\n\r") => {
                "only the last LF of the blank line is missing".to_string()
            }
            _ => "the last line has no end, and the blank line is missing".to_string(),
        }
    }

    /// Whether the input ends with nothing but line ends from here on (as far as 64 KiB of them).
    fn only_line_ends_follow(&mut self) -> Result<bool, Trouble> {
        loop {
            let rest = &self.bytes[self.start..];
            let others = rest.iter().any(|b| !matches!(b, b'\r' | b'\n'));
            if others || rest.len() >= Limits::default().head {
                return Ok(false);
            }
            if !self.read()? {
                return Ok(true);
            }
        }
    }

    /// Reads on to the end of a refused head, so that all its errors can be shown.
    fn refused(&mut self, refusal: Refusal, text: &mut Vec<u8>) -> Result<Ending, Trouble> {
        // More empty lines than a server skips are no message either, if nothing comes after them.
        if refusal.code == &codes::BLANK_LIMIT && self.only_line_ends_follow()? {
            return Ok(Ending::Complete);
        }
        let limit = Limits::default().head;
        while self.patient
            && !self.in_body
            && goes_on(&refusal)
            && self.bytes.len() - self.start < limit
            && head_end(&self.bytes[self.start..]).is_none()
            && self.read()?
        {}
        self.break_off(refusal, None, text);
        Ok(Ending::Malformed(refusal))
    }

    /// The line on standard error, and the exit status.
    fn finish(&self, ending: Ending, name: &str, err: &mut dyn Write) -> u8 {
        let (status, line) = match ending {
            Ending::Complete if self.messages == 0 && self.reader.offset() == 0 => (
                exit::DONE,
                format!("{name}: empty input, nothing to explain"),
            ),
            Ending::Complete if self.messages == 0 => (
                exit::DONE,
                format!("{name}: only empty lines, nothing to explain"),
            ),
            Ending::Complete if self.reader.is_tunnel() && self.reader.offset() > self.ended_at => {
                let n = self.reader.offset() - self.ended_at;
                (
                    exit::DONE,
                    format!(
                        "{name}:{}: {n} bytes of another protocol follow",
                        self.ended_at
                    ),
                )
            }
            Ending::Complete => return exit::DONE,
            Ending::Cut(refusal, missing) => (CUT, line(name, &refusal, &missing)),
            Ending::Malformed(refusal) => (exit::WRONG, line(name, &refusal, refusal.code.remedy)),
        };
        let _ = writeln!(err, "{line}");
        status
    }
}

fn write_out(text: &mut Vec<u8>, out: &mut dyn Write) -> Result<(), Trouble> {
    out.write_all(text).map_err(Trouble::Writing)?;
    text.clear();
    Ok(())
}

/// `bad.txt:23: error[H203]: whitespace between field name and colon; put the colon right after the name`.
fn line(name: &str, refusal: &Refusal, more: &str) -> String {
    format!(
        "{name}:{}: error[{}]: {}; {more}",
        refusal.offset, refusal.code.id, refusal.code.sentence
    )
}
