//! A script's other half while a server runs: its trace goes to the screen, and so does what the script says
//! of its clients.
//!
//! In: a server, a writer. Out: lines. A canonical run prints `N` where the kernel or the machine chooses a
//! figure.

use super::paper::Paper;
use super::script::{Set, Shown};
use super::stage::{Each, Server, plain};
use super::{Error, tally};

/// The screen of an act.
pub struct Live<'a, 'p> {
    /// `None` once it was ended.
    server: Option<Server>,
    paper: &'a mut Paper<'p>,
    canonical: bool,
    figures: Vec<&'static str>,
    recording: Vec<u8>,
}

impl<'a, 'p> Live<'a, 'p> {
    /// For this server.
    pub fn new(server: Server, canonical: bool, paper: &'a mut Paper<'p>) -> Live<'a, 'p> {
        Live {
            server: Some(server),
            paper,
            canonical,
            figures: Vec::new(),
            recording: Vec::new(),
        }
    }

    /// Ends the server, if it runs, and gives its recording.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        self.stop()?;
        Ok(self.recording)
    }

    fn stop(&mut self) -> Result<(), Error> {
        if let Some(server) = self.server.take() {
            self.recording = server.end()?;
        }
        Ok(())
    }

    /// Runs `what` with the server and a way to put lines on the screen.
    fn with_server(
        &mut self,
        shown: Shown,
        what: impl FnOnce(&mut Server, Each<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(server) = &mut self.server else {
            return Err(Error::Machine("the server was ended".to_owned()));
        };
        let paper = &mut *self.paper;
        let (canonical, figures) = (self.canonical, &self.figures);
        what(server, &mut |line| {
            let text = plain(line.text);
            if text.trim_end().ends_with("what it means") {
                return paper.heading(line.text);
            }
            let hidden = match shown {
                Shown::All => false,
                Shown::Last => !line.is_last,
                Shown::Nothing => true,
            };
            if hidden {
                return Ok(());
            }
            if text == "\n" {
                paper.again(line.record);
                return Ok(());
            }
            if !canonical {
                return paper.trace(line.text, line.record);
            }
            let has_figures = figures.iter().any(|part| text.contains(part));
            let text = match has_figures {
                true => without_figures(&text),
                false => text,
            };
            paper.trace(without_limit(&text).as_bytes(), line.record)
        })?;
        self.paper.flush()
    }
}

impl Set for Live<'_, '_> {
    fn until(&mut self, part: &str, shown: Shown) -> Result<(), Error> {
        self.with_server(shown, |server, each| server.until(part, each))
    }

    fn leave_out(&mut self, part: &str, why: &str) -> Result<(), Error> {
        let mut lines = 0;
        let mut last = self.server.as_ref().map_or(0, Server::record);
        self.with_server(Shown::Nothing, |server, each| {
            server.until(part, &mut |line| {
                // A note below a line is no line of its own.
                lines += u64::from(line.record != last);
                last = line.record;
                each(line)
            })
        })?;
        self.paper.line(&left_out(lines, why))
    }

    fn prompt(&mut self, line: &str) -> Result<(), Error> {
        self.with_server(Shown::All, |server, _| server.prompt(line))
    }

    fn say(&mut self, line: &str) -> Result<(), Error> {
        self.paper.line(&format!("- {line}"))
    }

    fn figure(&self, text: String) -> String {
        match self.canonical {
            true => "N".to_owned(),
            false => text,
        }
    }

    fn has_figures(&mut self, part: &'static str) {
        self.figures.push(part);
    }

    fn end(&mut self) -> Result<(), Error> {
        self.with_server(Shown::All, |server, each| server.rest(each))
    }

    fn tally(&mut self, calls: &[&str]) -> Result<(), Error> {
        self.stop()?;
        for call in calls {
            let tally = tally::of(self.recording.as_slice(), call)
                .map_err(|error| Error::Machine(format!("the recording: {error}")))?;
            let line = tally.line(call, |number| self.figure(number.to_string()));
            self.say(&line)?;
        }
        Ok(())
    }
}

/// What the screen says of lines that it does not show.
pub fn left_out(lines: u64, why: &str) -> String {
    let plural = if lines == 1 { "" } else { "s" };
    format!("- {lines} line{plural} left out: {why}")
}

/// How long a call may sleep, in whole seconds: what is left of a time-out depends on how fast the machine is.
const LIMIT: &str = "up to ";

/// Columns of a result.
const RESULT: usize = 4;

/// The line with `N` for such a limit, in the columns that it has.
fn without_limit(line: &str) -> String {
    let limit = line.split_once(LIMIT).and_then(|(before, rest)| {
        let (number, after) = rest.split_once(" s)")?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let pad = number.len().saturating_sub(1);
        is_number.then(|| format!("{before}{LIMIT}N s){:pad$}{after}", ""))
    });
    limit.unwrap_or_else(|| line.to_owned())
}

/// The line with `N` for every figure, in the columns that it has: the time, the sizes in the call, the
/// result if there is one, and the numbers of the note but for a status.
fn without_figures(line: &str) -> String {
    let blanks = line.len() - line.trim_start().len();
    let (time, rest) = line[blanks..].split_once("  ").unwrap_or(("", line));
    let column = blanks + time.len();
    let Some((call, rest)) = rest.split_once(" = ") else {
        return match rest.contains('(') {
            true => format!("{:>column$}  {rest}", "N"),
            // A note on a line of its own.
            false => numbers(line, 2),
        };
    };
    let (call, width) = (numbers(&without_time(call.trim_end()), 5), call.len());
    let digits = rest.trim_start();
    let (result, note) = digits.split_once(' ').unwrap_or((digits, ""));
    // A long result has taken columns from the call, which get them back.
    let width = (width + rest.len() - digits.len() + result.len()).saturating_sub(RESULT);
    let result = if result == "-1" { "-1" } else { "N" };
    let note = match note.trim_start().split_at_checked("< 200".len()) {
        Some((status, sizes)) if status.starts_with("< ") => {
            format!("{status}{}", numbers(sizes, 1))
        }
        _ => numbers(note.trim_start(), 1).replace("N ms", "N s"),
    };
    format!(
        "{:>column$}  {call:width$} = {result:>RESULT$}  {note}",
        "N"
    )
}

/// `setsockopt(4, SO_RCVTIMEO, N s)`: the unit goes with the number.
fn without_time(call: &str) -> String {
    let time = call.split_once("TIMEO, ");
    time.map_or(call.to_owned(), |(before, _)| {
        format!("{before}TIMEO, N s)")
    })
}

/// The text with `N` for each number of so many digits or more; a decimal point is a digit.
fn numbers(text: &str, least: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let len = rest[start..]
            .find(|c| !is_part(c))
            .unwrap_or(rest.len() - start);
        let number = &rest[start..start + len];
        out.push_str(&rest[..start]);
        out.push_str(if len < least { number } else { "N" });
        rest = &rest[start + len..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_kernel_are_n_and_the_columns_stay() {
        for (line, expected) in [
            (
                " 181.45  write(4, 10000064 bytes)       = 3919872  < 200 OK  64 + 3.9 of 10 MB\n",
                "      N  write(4, N bytes)                 =    N  < 200 OK  N + N of N MB\n",
            ),
            (
                " 200.68  write(4, 6080192 bytes)           =   -1  EAGAIN: buffer is full, wait\n",
                "      N  write(4, N bytes)                 =   -1  EAGAIN: buffer is full, wait\n",
            ),
            (
                " 200.77  ppoll(1 fd, for ever) ... waiting         asleep: nothing is ready\n",
                "      N  ppoll(1 fd, for ever) ... waiting         asleep: nothing is ready\n",
            ),
            (
                "            short: took 3.9 of 10 MB\n",
                "            short: took N of N MB\n",
            ),
            (
                "3068.78  setsockopt(4, SO_RCVTIMEO, 1.9 s) =    0  reads give up after 1.9 s\n",
                "      N  setsockopt(4, SO_RCVTIMEO, N s)   =    N  reads give up after N s\n",
            ),
            (
                "3068.78  setsockopt(4, SO_RCVTIMEO, 990 ms) =    0  reads give up after 990 ms\n",
                "      N  setsockopt(4, SO_RCVTIMEO, N s)    =    N  reads give up after N s\n",
            ),
            (
                "4000.10  read(4, up to 8192)               =   -1  gave up: no byte within 1.9 s\n",
                "      N  read(4, up to 8192)               =   -1  gave up: no byte within N s\n",
            ),
        ] {
            assert_eq!(without_figures(line), expected);
        }
        assert_eq!(
            without_limit("epoll_pwait(4, up to 60 s)        =    1\n"),
            "epoll_pwait(4, up to N s)         =    1\n"
        );
        assert_eq!(
            without_limit("read(4, up to 8192)  =  7\n"),
            "read(4, up to 8192)  =  7\n"
        );
    }
}
