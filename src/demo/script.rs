//! What happens in a scene, one step after another: the same on every run.
//!
//! In: steps. Out: clients' requests on real connections, lines of the trace, and what the clients saw. A step
//! begins when the one before it is done, so that nothing depends on who is faster.

use super::Error;
use super::client::{Client, How, PATIENCE};
use super::crowd::Crowd;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One thing that happens. Clients are numbered from 0 here, and from 1 on the screen.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The client connects, unless it is connected.
    Connect(usize),
    /// The client connects with so small a receive buffer, in bytes.
    ConnectNarrow(usize, usize),
    /// The client sends these bytes; it connects first if it must.
    Send(usize, &'static [u8]),
    /// The client sends these bytes on the connection that it has; if the kernel says no, the screen says so.
    Push(usize, &'static [u8]),
    /// The client says that it will send no more: a FIN.
    Finish(usize),
    /// The client reads until its answer is whole. Nothing happens where it has it already.
    Answer(usize),
    /// The client reads until so many answers are whole.
    Answers(usize, usize),
    /// So much time passes. If the client's answer comes meanwhile, it reads it.
    Meanwhile(usize, Duration),
    /// The client reads to the end of its connection; the screen says how it ended.
    Ending(usize),
    /// The client reads for so long; the screen says what came.
    Listen(usize, Duration),
    /// The screen shows the first line of the client's last answer.
    Line(usize),
    /// The same, and how long the client waited for it.
    Took(usize),
    /// The client reads to the end of its connection; the screen shows the body of each answer.
    Bodies(usize),
    /// The client asks and is answered so often; the screen shows how long each answer took.
    Rounds(usize, &'static [u8], usize),
    /// The client closes its connection.
    Leave(usize),
    /// The client breaks its connection off: a RST.
    Reset(usize),
    /// So many more clients begin to connect, without waiting for it.
    Crowd(usize),
    /// Those of the crowd that can be are connected: so many at least. The screen says how many.
    Crowded(usize),
    /// One more of the crowd is connected. The screen says how long that took since its first SYN.
    OneMore,
    /// The screen says this about the clients.
    Say(&'static str),
    /// The trace on the screen has come to a line with this in it (in scenes that show one).
    Until(&'static str),
    /// The trace has come to a line with this in it; neither it nor what goes before is shown.
    Skip(&'static str),
    /// The trace has come to a line with this in it, which is shown; what goes before is not.
    To(&'static str),
    /// The trace has come to a line with this in it; neither it nor what goes before is shown, and the screen
    /// says how many lines that were, and this about them.
    LeaveOut(&'static str, &'static str),
    /// The server sleeps in this call, and the trace shows it.
    Waits(&'static str),
    /// The server, a program of the scene's own, goes on after its `cue`.
    Cue,
    /// The server ends by itself, and the trace is shown to its end.
    End,
    /// The server is ended; what it still does is not shown. The screen says how often it made these calls.
    Tally(&'static [&'static str]),
    /// In lines with this in them the kernel chooses the figures, and how often there are such lines: a
    /// canonical run prints `N`, also for the time.
    Figures(&'static str),
    /// These steps, so many times.
    Times(usize, &'static [Step]),
}

/// Where a script's other half is: the server, and the screen.
pub trait Set {
    /// Waits for a line of the trace with this in it.
    fn until(&mut self, part: &str, shown: Shown) -> Result<(), Error>;

    /// Waits for a line of the trace with this in it; the screen says how many were left out, and why.
    fn leave_out(&mut self, part: &str, why: &str) -> Result<(), Error>;

    /// Says something to the server's process.
    fn prompt(&mut self, line: &str) -> Result<(), Error>;

    /// Puts a line about the clients on the screen.
    fn say(&mut self, line: &str) -> Result<(), Error>;

    /// A figure that the machine chooses, as the screen shows it.
    fn figure(&self, text: String) -> String;

    /// Lines with this in them have such figures.
    fn has_figures(&mut self, part: &'static str);

    /// The server ends by itself; the rest of its trace is shown.
    fn end(&mut self) -> Result<(), Error>;

    /// The server is ended, and its recording says how often it made these calls.
    fn tally(&mut self, calls: &[&str]) -> Result<(), Error>;
}

/// What is shown of the trace up to a line that is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// All of it.
    All,
    /// That line alone.
    Last,
    /// Nothing.
    Nothing,
}

/// All clients of a scene.
#[derive(Debug)]
pub struct Cast {
    server: SocketAddr,
    clients: Vec<Client>,
    crowd: Crowd,
}

impl Cast {
    /// Nobody has connected yet.
    pub fn new(server: SocketAddr) -> Cast {
        Cast {
            server,
            clients: Vec::new(),
            crowd: Crowd::default(),
        }
    }

    /// Plays the steps.
    ///
    /// # Errors
    /// What a client met that the script does not foresee.
    pub fn play(&mut self, script: &[Step], set: &mut dyn Set) -> Result<(), Error> {
        script.iter().try_for_each(|step| self.step(step, set))
    }

    fn step(&mut self, step: &Step, set: &mut dyn Set) -> Result<(), Error> {
        let server = self.server;
        match *step {
            Step::Connect(n) => self.client(n).connected(server, None),
            Step::ConnectNarrow(n, bytes) => self.client(n).connected(server, Some(bytes)),
            Step::Send(n, bytes) => self.client(n).send(server, bytes),
            Step::Push(n, bytes) => match self.client(n).push(bytes) {
                Ok(()) => Ok(()),
                Err(error) => set.say(&format!(
                    "client {}: its send fails: {}",
                    n + 1,
                    name(error.raw_os_error())
                )),
            },
            Step::Finish(n) => self.client(n).finish(),
            Step::Answer(n) => self.answers(n, 1),
            Step::Answers(n, count) => self.answers(n, count),
            Step::Meanwhile(n, time) => {
                let end = Instant::now() + time;
                self.client(n).answers(1, end)?;
                std::thread::sleep(end.saturating_duration_since(Instant::now()));
                Ok(())
            }
            Step::Ending(n) => self.ending(n, PATIENCE, set),
            Step::Listen(n, time) => self.ending(n, time, set),
            Step::Line(n) => {
                let line = format!("client {}: {}", n + 1, self.client(n).line);
                set.say(&line)
            }
            Step::Took(n) => {
                let ms = set.figure(self.client(n).waited.as_millis().to_string());
                let line = format!(
                    "client {}: {}, whole after {ms} ms",
                    n + 1,
                    self.client(n).line
                );
                set.say(&line)
            }
            Step::Bodies(n) => {
                let bodies = self.client(n).bodies()?;
                let plural = if bodies.len() == 1 { "" } else { "s" };
                let line = format!(
                    "client {}: {} answer{plural}: {}",
                    n + 1,
                    bodies.len(),
                    bodies.join("; ")
                );
                set.say(&line)
            }
            Step::Rounds(n, bytes, count) => self.rounds(n, bytes, count, set),
            Step::Leave(n) => {
                *self.client(n) = Client::default();
                Ok(())
            }
            Step::Reset(n) => self.client(n).reset(),
            Step::Crowd(count) => self.crowd.come(server, count),
            Step::Crowded(least) => {
                let (there, not) = self.crowd.settled(least)?;
                let (there, of) = (set.figure(there.to_string()), there + not);
                set.say(&format!(
                    "{there} of {of} clients are connected; nobody answers the rest"
                ))
            }
            Step::OneMore => {
                let waited = self.crowd.one_more()?;
                let waited = set.figure(waited.as_millis().to_string());
                set.say(&format!(
                    "one more is connected, {waited} ms after its first SYN: it was sent again"
                ))
            }
            Step::Say(line) => set.say(line),
            Step::Until(part) => set.until(part, Shown::All),
            Step::Skip(part) => set.until(part, Shown::Nothing),
            Step::To(part) => set.until(part, Shown::Last),
            Step::LeaveOut(part, why) => set.leave_out(part, why),
            Step::Waits(call) => {
                set.prompt(&format!("waits {call}"))?;
                set.until(" ... waiting", Shown::All)
            }
            Step::Cue => set.prompt("go"),
            Step::End => set.end(),
            Step::Tally(calls) => set.tally(calls),
            Step::Figures(part) => {
                set.has_figures(part);
                Ok(())
            }
            Step::Times(times, steps) => (0..times).try_for_each(|_| self.play(steps, set)),
        }
    }

    /// How long client `n` waited for its last answer.
    pub fn waited(&self, n: usize) -> Duration {
        self.clients.get(n).map_or(Duration::ZERO, |c| c.waited)
    }

    /// Everybody closes.
    pub fn leave(&mut self) {
        self.clients.clear();
        self.crowd = Crowd::default();
    }

    fn client(&mut self, n: usize) -> &mut Client {
        if n >= self.clients.len() {
            self.clients.resize_with(n + 1, Client::default);
        }
        &mut self.clients[n]
    }

    fn answers(&mut self, n: usize, count: usize) -> Result<(), Error> {
        match self.client(n).answers(count, Instant::now() + PATIENCE)? {
            true => Ok(()),
            false => Err(Error::Machine(format!("client {} got no answer", n + 1))),
        }
    }

    fn ending(&mut self, n: usize, patience: Duration, set: &mut dyn Set) -> Result<(), Error> {
        let ending = self.client(n).ending(patience)?;
        let how = match ending.how {
            How::Eof => "EOF".to_owned(),
            How::Failed(errno) => name(Some(errno.0)),
            How::Silence if ending.bytes == 0 => {
                let waited = patience.as_millis();
                return set.say(&format!("client {}: nothing for {waited} ms", n + 1));
            }
            How::Silence => format!("nothing for {} ms", patience.as_millis()),
        };
        // Where an error cuts an answer off, it depends on the kernel's buffers.
        let bytes = match ending.how {
            How::Failed(_) if ending.bytes > 0 => set.figure(ending.bytes.to_string()),
            _ => ending.bytes.to_string(),
        };
        set.say(&format!("client {}: {bytes} bytes, then {how}", n + 1))
    }

    fn rounds(
        &mut self,
        n: usize,
        bytes: &[u8],
        count: usize,
        set: &mut dyn Set,
    ) -> Result<(), Error> {
        let server = self.server;
        let mut line = "ms until each answer was whole:".to_owned();
        for _ in 0..count {
            self.client(n).send(server, bytes)?;
            self.answers(n, 1)?;
            let ms = self.client(n).waited.as_secs_f64() * 1000.0;
            let ms = match ms {
                0.0..1.0 => format!("{ms:.2}"),
                _ => format!("{ms:.0}"),
            };
            line.push(' ');
            line.push_str(&set.figure(ms));
        }
        set.say(&line)
    }
}

/// `ECONNRESET`.
fn name(errno: Option<i32>) -> String {
    let errno = crate::abi::errno::Errno(errno.unwrap_or(0));
    errno.name().map_or("an error".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// No server to speak to; a screen that is kept.
    #[derive(Default)]
    struct Paper(Vec<String>);

    impl Set for Paper {
        fn until(&mut self, _: &str, _: Shown) -> Result<(), Error> {
            Ok(())
        }
        fn leave_out(&mut self, _: &str, why: &str) -> Result<(), Error> {
            self.say(why)
        }
        fn prompt(&mut self, line: &str) -> Result<(), Error> {
            self.say(line)
        }
        fn say(&mut self, line: &str) -> Result<(), Error> {
            self.0.push(line.to_owned());
            Ok(())
        }
        fn figure(&self, _: String) -> String {
            "N".to_owned()
        }
        fn has_figures(&mut self, _: &'static str) {}
        fn end(&mut self) -> Result<(), Error> {
            Ok(())
        }
        fn tally(&mut self, _: &[&str]) -> Result<(), Error> {
            Ok(())
        }
    }

    /// A server that answers each request line of a fixed script and then hangs up or stays.
    fn server(answers: &'static [&'static [u8]]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one");
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("somebody comes");
                let mut room = [0; 100];
                let _ = stream.read(&mut room);
                let _ = stream.write_all(answer);
            }
        });
        address
    }

    const CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nHi";

    #[test]
    fn a_client_whose_connection_was_closed_connects_again() {
        let mut cast = Cast::new(server(&[CLOSE, CLOSE]));
        let script = [Step::Times(2, &[Step::Send(0, b"GET"), Step::Answer(0)])];
        cast.play(&script, &mut Paper::default()).expect("it plays");
        assert!(cast.waited(0) > Duration::ZERO);
    }

    #[test]
    fn a_server_that_hangs_up_or_answers_nonsense_is_an_error() {
        let nonsense: &[&[u8]] = &[b"", b"Hi there\r\n\r\n"];
        let mut cast = Cast::new(server(nonsense));
        for _ in nonsense {
            let script = [Step::Leave(0), Step::Send(0, b"GET"), Step::Answer(0)];
            let played = cast.play(&script, &mut Paper::default());
            assert!(matches!(played, Err(Error::Machine(_))), "{played:?}");
        }
    }

    #[test]
    fn time_passes_whether_an_answer_comes_or_not() {
        let mut cast = Cast::new(server(&[]));
        let time = Duration::from_millis(5);
        let begun = Instant::now();
        cast.play(&[Step::Meanwhile(3, time)], &mut Paper::default())
            .expect("it plays");
        assert!(begun.elapsed() >= time);
    }

    #[test]
    fn the_screen_says_what_a_client_saw_and_machine_made_figures_may_be_n() {
        let mut cast = Cast::new(server(&[CLOSE, CLOSE]));
        let mut paper = Paper::default();
        let script = [
            Step::Send(0, b"GET"),
            Step::Answer(0),
            Step::Line(0),
            Step::Send(1, b"GET"),
            Step::Ending(1),
            Step::Rounds(2, b"GET", 0),
            Step::Cue,
        ];
        cast.play(&script, &mut paper).expect("it plays");
        let whole = CLOSE.len();
        let expected = [
            "client 1: HTTP/1.1 200 OK",
            &format!("client 2: {whole} bytes, then EOF"),
            "ms until each answer was whole:",
            "go",
        ];
        assert_eq!(paper.0, expected);
    }
}
