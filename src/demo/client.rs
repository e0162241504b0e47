//! A client of a scene: a connection, and what its owner knows of it.
//!
//! In: bytes to send. Out: whether an answer is whole, what its first line was and how long it took; how the
//! connection ended. A client that was told `Connection: close` connects again when it has something to
//! send, as any client would.

use super::Error;
use crate::abi::errno::Errno;
use crate::http::{Limits, Part, Reader};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, sockopt};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// No step takes longer: a server that does not answer is an error.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One client.
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
    /// The first line of the last answer.
    pub line: String,
}

/// How a connection ended, as its client saw it.
#[derive(Debug)]
pub struct Ending {
    /// Bytes that came before.
    pub bytes: u64,
    /// What came then.
    pub how: How,
}

/// What a `read` of the client's said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// 0: the server has closed its side.
    Eof,
    /// An error.
    Failed(Errno),
    /// Nothing, for as long as was waited.
    Silence,
}

impl Client {
    /// Connects, unless it is connected. With a window, so many bytes at most wait to be read.
    pub fn connected(&mut self, server: SocketAddr, window: Option<usize>) -> Result<(), Error> {
        if self.stream.is_none() {
            let stream = match window {
                None => TcpStream::connect_timeout(&server, PATIENCE),
                Some(bytes) => narrow(server, bytes),
            };
            let stream = stream
                .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
                .map_err(|error| machine("connect", &error))?;
            self.reader = Some(Reader::responses(Limits::default()));
            self.unread.clear();
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends; connects first if it must.
    pub fn send(&mut self, server: SocketAddr, bytes: &[u8]) -> Result<(), Error> {
        self.connected(server, None)?;
        self.asked.get_or_insert_with(Instant::now);
        self.push(bytes).map_err(|error| machine("write", &error))
    }

    /// Sends, and gives what the kernel said.
    pub fn push(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.write_all(bytes),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Says that nothing more comes from it: a FIN.
    pub fn finish(&mut self) -> Result<(), Error> {
        let shut = self.stream.as_ref().map(|s| s.shutdown(Shutdown::Write));
        shut.unwrap_or(Ok(()))
            .map_err(|error| machine("shutdown", &error))
    }

    /// Breaks the connection off: a RST.
    pub fn reset(&mut self) -> Result<(), Error> {
        if let Some(stream) = self.stream.take() {
            // With a linger time of 0, close sends a RST instead of a FIN (`man 7 socket`).
            let off = nix::libc::linger {
                l_onoff: 1,
                l_linger: 0,
            };
            nix::sys::socket::setsockopt(&stream, sockopt::Linger, &off)
                .map_err(|errno| machine("setsockopt", &errno.into()))?;
        }
        *self = Client::default();
        Ok(())
    }

    /// Reads, and throws away, until the connection ends or time is up.
    pub fn ending(&mut self, patience: Duration) -> Result<Ending, Error> {
        let end = Instant::now() + patience;
        let mut bytes = std::mem::take(&mut self.unread).len() as u64;
        let how = loop {
            let mut room = [0; 4096];
            match self.receive(end, &mut room) {
                None => break How::Silence,
                Some(Ok(0)) => break How::Eof,
                Some(Ok(n)) => bytes += n as u64,
                Some(Err(error)) => break How::Failed(Errno(error.raw_os_error().unwrap_or(0))),
            }
        };
        if how != How::Silence {
            self.stream = None;
        }
        Ok(Ending { bytes, how })
    }

    /// Reads to the end of the connection; the body of each answer, as text.
    pub fn bodies(&mut self) -> Result<Vec<String>, Error> {
        let end = Instant::now() + PATIENCE;
        let mut bodies = Vec::new();
        let mut body = Vec::new();
        loop {
            while self.is_whole_with(&mut body)? {
                bodies.push(String::from_utf8_lossy(&std::mem::take(&mut body)).into_owned());
            }
            let mut room = [0; 4096];
            match self.receive(end, &mut room) {
                None => return Err(Error::Machine("the server does not close".to_owned())),
                Some(Ok(0)) => break,
                Some(Ok(n)) => self.unread.extend_from_slice(&room[..n]),
                Some(Err(error)) => return Err(machine("read", &error)),
            }
        }
        self.stream = None;
        Ok(bodies)
    }

    /// Reads until so many answers are whole; false when time is up first. True at once for a client that
    /// waits for none.
    pub fn answers(&mut self, count: usize, end: Instant) -> Result<bool, Error> {
        let Some(asked) = self.asked else {
            return Ok(true);
        };
        for _ in 0..count {
            while !self.is_whole()? {
                let mut room = [0; 16384];
                match self.receive(end, &mut room) {
                    None => return Ok(false),
                    Some(Ok(0)) => return Err(Error::Machine("the server hung up".to_owned())),
                    Some(Ok(n)) => self.unread.extend_from_slice(&room[..n]),
                    Some(Err(error)) => return Err(machine("read", &error)),
                }
            }
        }
        self.waited = asked.elapsed();
        self.asked = None;
        if !self.stays {
            self.stream = None;
        }
        Ok(true)
    }

    /// One `read` that takes until `end` at most; `None` when time is up, or nobody is connected.
    fn receive(&mut self, end: Instant, room: &mut [u8]) -> Option<std::io::Result<usize>> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let stream = self.stream.as_mut().filter(|_| !left.is_zero())?;
            let got = stream
                .set_read_timeout(Some(left))
                .and_then(|()| stream.read(room));
            match got {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                got => return Some(got),
            }
        }
    }

    /// Takes what has arrived; true when that completes an answer.
    fn is_whole(&mut self) -> Result<bool, Error> {
        self.is_whole_with(&mut Vec::new())
    }

    /// The same; its body goes to `body`.
    fn is_whole_with(&mut self, body: &mut Vec<u8>) -> Result<bool, Error> {
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
                    let line = self.unread.split(|byte| *byte == b'\r').next();
                    self.line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
                    len
                }
                Part::Data(len) => {
                    body.extend_from_slice(&self.unread[..len]);
                    len
                }
                Part::Blank(len) | Part::Framing(len) => len,
            };
            self.unread.drain(..taken);
        }
    }
}

/// A connection whose receive buffer is this small: it must be so before the first packet.
fn narrow(server: SocketAddr, bytes: usize) -> std::io::Result<TcpStream> {
    let SocketAddr::V4(address) = server else {
        return TcpStream::connect(server);
    };
    let family = AddressFamily::Inet;
    let socket = nix::sys::socket::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    nix::sys::socket::setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrIn::from(address))?;
    Ok(TcpStream::from(socket))
}

fn machine(call: &str, error: &std::io::Error) -> Error {
    Error::Machine(format!("a client's {call}: {error}"))
}
