//! What clients do, one step after another: the same on every run.
//!
//! In: steps. Out: requests on real connections, and how long each client waited for its answer. A step
//! begins when the one before it is done, so that nothing depends on who is faster. A client that was
//! told `Connection: close` connects again when it has something to send, as any client would.

use super::Error;
use crate::http::{Limits, Part, Reader};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One thing that happens. Clients are numbered from 0.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The client connects, unless it is connected.
    Connect(usize),
    /// The client sends these bytes; it connects first if it must.
    Send(usize, &'static [u8]),
    /// The client reads until its answer is whole. Nothing happens where it has it already.
    Answer(usize),
    /// So much time passes. If the client's answer comes meanwhile, it reads it.
    Meanwhile(usize, Duration),
    /// The client closes its connection.
    Leave(usize),
    /// The trace on the screen has come to a line with this in it (in scenes that show one).
    Until(&'static str),
    /// These steps, so many times.
    Times(usize, &'static [Step]),
}

/// No step takes longer: a server that does not answer is an error.
const PATIENCE: Duration = Duration::from_secs(10);

/// All clients of a scene.
#[derive(Debug)]
pub struct Cast {
    server: SocketAddr,
    clients: Vec<Client>,
}

/// One of them.
#[derive(Debug, Default)]
pub struct Client {
    stream: Option<TcpStream>,
    reader: Option<Reader>,
    unread: Vec<u8>,
    /// The head of the answer was read, and said that the connection stays.
    stays: bool,
    /// When the first byte was sent of the request that has no answer yet.
    asked: Option<Instant>,
    /// How long the last answer took, from the first byte of its request.
    pub waited: Duration,
}

impl Cast {
    /// Nobody has connected yet.
    pub fn new(server: SocketAddr) -> Cast {
        Cast {
            server,
            clients: Vec::new(),
        }
    }

    /// Plays the steps. `until` waits for a line of the trace.
    ///
    /// # Errors
    /// What a client met that the script does not foresee.
    pub fn play(
        &mut self,
        script: &[Step],
        until: &mut dyn FnMut(&str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let server = self.server;
        for step in script {
            match *step {
                Step::Connect(n) => self.client(n).connected(server)?,
                Step::Send(n, bytes) => self.client(n).send(server, bytes)?,
                Step::Answer(n) => {
                    if !self.client(n).answer(Instant::now() + PATIENCE)? {
                        return Err(Error::Machine(format!("client {n} got no answer")));
                    }
                }
                Step::Meanwhile(n, time) => {
                    let end = Instant::now() + time;
                    self.client(n).answer(end)?;
                    std::thread::sleep(end.saturating_duration_since(Instant::now()));
                }
                Step::Leave(n) => *self.client(n) = Client::default(),
                Step::Until(part) => until(part)?,
                Step::Times(times, steps) => {
                    for _ in 0..times {
                        self.play(steps, until)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// How long client `n` waited for its last answer.
    pub fn waited(&self, n: usize) -> Duration {
        self.clients.get(n).map_or(Duration::ZERO, |c| c.waited)
    }

    /// Everybody closes.
    pub fn leave(&mut self) {
        self.clients.clear();
    }

    fn client(&mut self, n: usize) -> &mut Client {
        if n >= self.clients.len() {
            self.clients.resize_with(n + 1, Client::default);
        }
        &mut self.clients[n]
    }
}

impl Client {
    fn connected(&mut self, server: SocketAddr) -> Result<(), Error> {
        if self.stream.is_none() {
            let stream = TcpStream::connect_timeout(&server, PATIENCE)
                .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
                .map_err(|error| machine("connect", &error))?;
            self.reader = Some(Reader::responses(Limits::default()));
            self.unread.clear();
            self.stream = Some(stream);
        }
        Ok(())
    }

    fn send(&mut self, server: SocketAddr, bytes: &[u8]) -> Result<(), Error> {
        self.connected(server)?;
        self.asked.get_or_insert_with(Instant::now);
        match &mut self.stream {
            Some(stream) => stream
                .write_all(bytes)
                .map_err(|error| machine("write", &error)),
            None => Ok(()),
        }
    }

    /// Reads until the answer is whole; false when time is up first. True at once for a client that
    /// waits for none.
    fn answer(&mut self, end: Instant) -> Result<bool, Error> {
        let Some(asked) = self.asked else {
            return Ok(true);
        };
        while !self.is_whole()? {
            let left = end.saturating_duration_since(Instant::now());
            let Some(stream) = self.stream.as_mut().filter(|_| !left.is_zero()) else {
                return Ok(false);
            };
            let mut room = [0; 4096];
            let got = stream
                .set_read_timeout(Some(left))
                .and_then(|()| stream.read(&mut room));
            match got {
                Ok(0) => return Err(Error::Machine("the server hung up".to_owned())),
                Ok(n) => self.unread.extend_from_slice(&room[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(machine("read", &error)),
            }
        }
        self.waited = asked.elapsed();
        self.asked = None;
        if !self.stays {
            self.stream = None;
        }
        Ok(true)
    }

    /// Takes what has arrived; true when that completes an answer.
    fn is_whole(&mut self) -> Result<bool, Error> {
        let Some(reader) = &mut self.reader else {
            return Ok(false);
        };
        loop {
            let part = reader.next(&self.unread).map_err(|refusal| {
                Error::Machine(format!(
                    "the answer is malformed: {}",
                    refusal.code.sentence
                ))
            })?;
            let taken = match part {
                Part::More => return Ok(false),
                Part::End => return Ok(true),
                Part::Head(len) => {
                    self.stays = reader.head().keep_alive;
                    len
                }
                Part::Blank(len) | Part::Data(len) | Part::Framing(len) => len,
            };
            self.unread.drain(..taken);
        }
    }
}

fn machine(call: &str, error: &std::io::Error) -> Error {
    Error::Machine(format!("a client's {call}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

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

    #[test]
    fn a_client_whose_connection_was_closed_connects_again() {
        const CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nHi";
        let mut cast = Cast::new(server(&[CLOSE, CLOSE]));
        let script = [Step::Times(2, &[Step::Send(0, b"GET"), Step::Answer(0)])];
        cast.play(&script, &mut |_| Ok(())).expect("it plays");
        assert!(cast.waited(0) > Duration::ZERO && cast.clients[0].stream.is_none());
    }

    #[test]
    fn a_server_that_hangs_up_or_answers_nonsense_is_an_error() {
        let nonsense: &[&[u8]] = &[b"", b"Hi there\r\n\r\n"];
        let mut cast = Cast::new(server(nonsense));
        for _ in nonsense {
            let script = [Step::Leave(0), Step::Send(0, b"GET"), Step::Answer(0)];
            let played = cast.play(&script, &mut |_| Ok(()));
            assert!(matches!(played, Err(Error::Machine(_))), "{played:?}");
        }
    }

    #[test]
    fn time_passes_whether_an_answer_comes_or_not() {
        let mut cast = Cast::new(server(&[]));
        let time = Duration::from_millis(5);
        let begun = Instant::now();
        cast.play(&[Step::Meanwhile(3, time)], &mut |_| Ok(()))
            .expect("it plays");
        assert!(begun.elapsed() >= time);
    }
}
