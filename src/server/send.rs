//! What is on its way to a client, and sending it with any number of calls.
//!
//! In: the bytes of one or more answers, then perhaps a long body: memory, a file or parts of it, the
//! entries of a directory. Out: `write`,
//! `sendto` with `MSG_MORE`, `sendfile`, each with as much progress as the kernel allows
//! (`man 2 write`: fewer bytes than asked is no error; `long` has what a long body is made of). The same on blocking and non-blocking
//! descriptors: the models differ in what they do with [`Sent::Blocked`].

use super::listing::Directory;
use super::long::{self, COPY, Long, PIECE, Parts};
use super::metrics::Counter;
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::clock;
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;

pub use super::long::Part;

/// What follows when everything was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum After {
    /// The next request.
    #[default]
    Keep,
    /// The end: everything the client sent was read.
    Close,
    /// The end, but the client may have sent what nobody read: see `linger`.
    Linger,
    /// The end at once: an answer was promised that cannot be kept.
    Abort,
}

/// How far sending came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// Everything is sent.
    All,
    /// The client does not take more now (on a blocking descriptor: not in time).
    Blocked,
    /// The call was interrupted: a moment to see whether the end was asked for.
    Interrupted,
    /// There is nobody to send to, or nothing true left to send.
    Gone,
}

/// Answers above this many bytes wait until those before them were sent.
const HIGH_WATER: usize = 128 << 10;

/// Everything on its way to one client.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    long: Option<Long>,
    advanced: bool,
    /// What comes then.
    pub after: After,
    /// Where bytes that leave are counted.
    counter: Option<Counter>,
    /// Bytes of a listing that came up while sending: nobody knew of them before.
    made: u64,
    /// Bytes that were taken, of all answers so far.
    taken: u64,
    /// A call on a blocking descriptor that gives less than it could, after this long (nanoseconds), has
    /// waited in vain; 0 where calls do not wait.
    stalls_after: u64,
}

impl Outgoing {
    /// Nothing yet; what will be sent is counted here.
    pub fn counted(counter: Counter) -> Outgoing {
        Outgoing {
            counter: Some(counter),
            ..Outgoing::default()
        }
    }

    /// Where answers are written.
    #[inline]
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Sends this file, `len` bytes from its own position, after the bytes. The file is closed then.
    pub fn then_file(&mut self, fd: Fd, len: u64) {
        self.long = Some(Long::File { fd, left: len });
    }

    /// Sends this memory after the bytes.
    pub fn then_memory(&mut self, bytes: Vec<u8>) {
        self.long = Some(Long::Memory { bytes, sent: 0 });
    }

    /// Sends these parts of the file, in order. The file is closed then.
    pub fn then_parts(&mut self, fd: Fd, parts: Vec<Part>) {
        self.long = Some(Long::Parts(Parts::new(fd, parts)));
    }

    /// Sends the rest of a listing. The directory is closed then.
    pub fn then_directory(&mut self, directory: Directory) {
        self.long = Some(Long::Directory(directory));
    }

    /// Nothing is waiting to be sent.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.long.is_none()
    }

    /// Whether one more answer may be written behind the others.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.after == After::Keep && self.long.is_none() && self.bytes.len() < HIGH_WATER
    }

    /// Bytes of memory waiting.
    pub fn footprint(&self) -> usize {
        self.bytes.len() + self.long.as_ref().map_or(0, Long::footprint)
    }

    /// Bytes that this will send, as far as they are not sent; of a listing, at least one more piece.
    pub fn left(&self) -> u64 {
        let unknown = matches!(self.long, Some(Long::Directory(_)));
        self.known() + if unknown { COPY as u64 } else { 0 }
    }

    /// Bytes that this is known to send, as far as they are not sent.
    fn known(&self) -> u64 {
        let long = self.long.as_ref().map_or(0, Long::known);
        (self.bytes.len() - self.sent) as u64 + long
    }

    /// Whether the client took anything since this was last asked.
    pub fn has_advanced(&mut self) -> bool {
        std::mem::take(&mut self.advanced)
    }

    /// Bytes that were taken so far, whatever for.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Calls wait, for this long (nanoseconds) where the client takes nothing.
    pub fn stalls_after(&mut self, time: u64) {
        self.stalls_after = time;
    }

    /// Forgets what was not sent and closes the file that was on its way.
    pub fn abandon<P: Probe>(&mut self, kernel: &mut Kernel<P>) {
        self.close_long(kernel);
        self.rewind();
        self.after = After::Keep;
    }

    /// Nothing more comes after the bytes: closes what it came from.
    fn close_long<P: Probe>(&mut self, kernel: &mut Kernel<P>) {
        if let Some(fd) = self.long.take().and_then(|long| long.fd()) {
            let _ = kernel.close(fd);
        }
    }

    fn rewind(&mut self) {
        self.sent = 0;
        self.bytes.clear();
        if self.bytes.capacity() > 2 * HIGH_WATER {
            self.bytes = Vec::new();
        }
    }

    /// Sends as much as the client takes.
    #[inline]
    pub fn send<P: Probe>(&mut self, kernel: &mut Kernel<P>, client: Fd) -> Sent {
        let before = self.known();
        let sent = self.send_more(kernel, client);
        let now = self.known();
        let taken = (before + std::mem::take(&mut self.made)).saturating_sub(now);
        self.taken += taken;
        if let Some(counter) = &self.counter {
            counter.sent(taken);
        }
        sent
    }

    /// The bytes that come next, for a model that has them written by somebody else, and which of them is
    /// the first: give them back with [`Outgoing::wrote`]. A file is read in pieces. `None` when everything
    /// is sent.
    ///
    /// # Errors
    /// There is nothing true left to send.
    pub fn next_bytes<P: Probe>(
        &mut self,
        kernel: &mut Kernel<P>,
    ) -> Result<Option<(Vec<u8>, usize)>> {
        while self.sent >= self.bytes.len() {
            match &mut self.long {
                None => {
                    self.rewind();
                    return Ok(None);
                }
                Some(Long::Memory { bytes, sent }) => {
                    self.bytes = std::mem::take(bytes);
                    self.sent = *sent;
                    self.long = None;
                    continue;
                }
                Some(Long::File { fd, left }) => {
                    self.long = Some(Long::Copied {
                        fd: *fd,
                        left: *left,
                    });
                }
                Some(Long::Parts(parts)) => parts.copied = true,
                Some(Long::Copied { .. } | Long::Directory(_)) => {}
            }
            // None of these sends anything: there is nobody to send to.
            match self.send_long(kernel, Fd(-1)) {
                Ok(()) | Err(Errno(libc::EINTR)) => {}
                Err(errno) => return Err(errno),
            }
        }
        let sent = self.sent;
        Ok(Some((std::mem::take(&mut self.bytes), sent)))
    }

    /// Takes back what [`Outgoing::next_bytes`] gave. `took` is what the write said.
    ///
    /// # Errors
    /// There is nobody to send to.
    pub fn wrote(&mut self, bytes: Vec<u8>, from: usize, took: Result<usize>) -> Result<()> {
        (self.bytes, self.sent) = (bytes, from);
        let took = progress(took?, self.bytes.len() - from)?;
        self.sent += took;
        self.taken += took as u64;
        self.advanced = true;
        if let Some(counter) = &self.counter {
            counter.sent(took as u64);
        }
        Ok(())
    }

    #[inline]
    fn send_more<P: Probe>(&mut self, kernel: &mut Kernel<P>, client: Fd) -> Sent {
        loop {
            let step = match self.sent < self.bytes.len() {
                true => self.send_bytes(kernel, client),
                false if self.long.is_none() => {
                    self.rewind();
                    return Sent::All;
                }
                false => self.send_long(kernel, client),
            };
            match step {
                Ok(()) => {}
                Err(Errno(libc::EAGAIN | libc::ENOBUFS)) => return Sent::Blocked,
                Err(Errno(libc::EINTR)) => return Sent::Interrupted,
                // EPIPE, ECONNRESET, ETIMEDOUT: the client is gone, which is its right.
                Err(_) => return Sent::Gone,
            }
        }
    }

    #[inline]
    fn send_bytes<P: Probe>(&mut self, kernel: &mut Kernel<P>, client: Fd) -> Result<()> {
        let rest = &self.bytes[self.sent..];
        // MSG_MORE: the body follows at once, so head and body may share a segment
        // (`man 2 send`); with TCP_NODELAY the head would leave alone.
        let took = match self.long {
            None => kernel.write(client, rest)?,
            Some(_) => kernel.send(client, rest, libc::MSG_MORE | libc::MSG_NOSIGNAL)?,
        };
        self.sent += progress(took, rest.len())?;
        self.advanced = true;
        Ok(())
    }

    fn send_long<P: Probe>(&mut self, kernel: &mut Kernel<P>, client: Fd) -> Result<()> {
        let done = match self.long.as_mut() {
            None => true,
            Some(Long::Memory { bytes, sent }) => {
                let rest = &bytes[*sent..];
                *sent += progress(kernel.write(client, rest)?, rest.len())?;
                self.advanced = true;
                *sent == bytes.len()
            }
            Some(Long::File { fd, left }) => {
                let (file, asked) = (*fd, (*left).min(PIECE) as usize);
                let begun = match self.stalls_after {
                    0 => 0,
                    _ => clock::now(),
                };
                match kernel.sendfile(client, file, asked) {
                    // The file is shorter now than we promised: only closing tells the client.
                    Ok(0) if *left > 0 => return Err(Errno(libc::EIO)),
                    Ok(n) => {
                        *left = left.saturating_sub(n as u64);
                        self.advanced = true;
                        // It took what there was room for, and waited in vain for more.
                        let waits = n < asked && self.stalls_after > 0;
                        if waits && clock::now() - begun >= self.stalls_after {
                            return Err(Errno(libc::EAGAIN));
                        }
                        *left == 0
                    }
                    Err(Errno(libc::EINVAL | libc::ENOSYS)) => {
                        self.long = Some(Long::Copied {
                            fd: file,
                            left: *left,
                        });
                        false
                    }
                    Err(errno) => return Err(errno),
                }
            }
            Some(Long::Copied { fd, left }) => {
                self.sent = 0;
                long::copy_piece(kernel, *fd, left, &mut self.bytes)?
            }
            Some(Long::Parts(parts)) => {
                self.sent = 0;
                let (last, advanced) = parts.next(kernel, client, &mut self.bytes)?;
                self.advanced |= advanced;
                last
            }
            Some(Long::Directory(directory)) => {
                self.sent = 0;
                self.bytes.clear();
                let last = directory.next(kernel, &mut self.bytes)?;
                self.made += self.bytes.len() as u64;
                last
            }
        };
        if done {
            self.close_long(kernel);
        }
        Ok(())
    }
}

/// How far a write came. Taking nothing, and taking more than there was, are things no kernel does;
/// a fault brought about on purpose can (`-e inject=write:retval=0`), and must not make us spin.
fn progress(took: usize, offered: usize) -> Result<usize> {
    match took {
        0 => Err(Errno(libc::EPIPE)),
        n => Ok(n.min(offered)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::NoProbe;
    use std::fs;
    use std::io::Read;
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::os::unix::net::UnixStream;

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    /// Whether the number still is that file: it may be another test's by now.
    fn is_open(fd: Fd, path: &std::path::Path) -> bool {
        fs::read_link(format!("/proc/self/fd/{}", fd.0)).is_ok_and(|link| link == path)
    }

    fn file(name: &str, bytes: &[u8]) -> (std::path::PathBuf, Fd) {
        let path = std::env::temp_dir().join(format!("httpsys-send-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        let fd = Fd(fs::File::open(&path).unwrap().into_raw_fd());
        (path, fd)
    }

    #[test]
    fn a_client_that_takes_little_gets_everything_in_the_end() {
        let body: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
        for copied in [false, true] {
            let (ours, mut theirs) = pair();
            ours.set_nonblocking(true).unwrap();
            let (path, fd) = file("big", &body);
            let mut out = Outgoing::default();
            out.bytes().extend_from_slice(b"head");
            out.long = Some(match copied {
                true => Long::Copied {
                    fd,
                    left: body.len() as u64,
                },
                false => Long::File {
                    fd,
                    left: body.len() as u64,
                },
            });
            let mut kernel = Kernel::new(NoProbe);
            let (mut got, mut blocked) = (Vec::new(), 0);
            let mut room = [0u8; 7000];
            loop {
                match out.send(&mut kernel, Fd(ours.as_raw_fd())) {
                    Sent::All => break,
                    Sent::Blocked => {
                        blocked += 1;
                        let n = theirs.read(&mut room).unwrap();
                        got.extend_from_slice(&room[..n]);
                    }
                    other => panic!("{other:?}"),
                }
            }
            drop(ours);
            theirs.read_to_end(&mut got).unwrap();
            assert!(blocked > 0 && out.is_empty());
            assert!(
                got[..4] == *b"head" && got[4..] == body[..],
                "copied {copied}"
            );
            assert!(!is_open(fd, &path), "the file is closed when it was sent");
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_file_that_shrinks_ends_the_connection() {
        let (ours, _theirs) = pair();
        let (path, fd) = file("short", b"abc");
        let mut out = Outgoing::default();
        out.then_file(fd, 10);
        let mut kernel = Kernel::new(NoProbe);
        assert_eq!(out.send(&mut kernel, Fd(ours.as_raw_fd())), Sent::Gone);
        out.abandon(&mut kernel);
        assert!(out.is_empty());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn parts_of_a_file_go_out_in_order_with_their_texts() {
        let body: Vec<u8> = (0..400_000u32).map(|i| (i % 251) as u8).collect();
        for copied in [false, true] {
            let (ours, mut theirs) = pair();
            let (path, fd) = file(&format!("parts-{copied}"), &body);
            let mut out = Outgoing::default();
            out.bytes().extend_from_slice(b"head");
            let part = |text: &str, at, len| Part {
                text: text.as_bytes().to_vec(),
                at,
                len,
            };
            out.then_parts(
                fd,
                vec![
                    part("<a>", 300_000, 90_000),
                    part("<b>", 1, 2),
                    part("<end>", 0, 0),
                ],
            );
            if let Some(Long::Parts(parts)) = &mut out.long {
                parts.copied = copied;
            }
            let reader = std::thread::spawn(move || {
                let mut got = Vec::new();
                theirs.read_to_end(&mut got).map(|_| got)
            });
            let mut kernel = Kernel::new(NoProbe);
            assert_eq!(out.send(&mut kernel, Fd(ours.as_raw_fd())), Sent::All);
            drop(ours);
            let wanted = [
                b"head<a>",
                &body[300_000..390_000],
                b"<b>",
                &body[1..3],
                b"<end>",
            ]
            .concat();
            assert!(reader.join().unwrap().unwrap() == wanted, "copied {copied}");
            assert!(!is_open(fd, &path), "the file is closed when it was sent");
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_client_that_left_is_no_error() {
        let (ours, theirs) = pair();
        drop(theirs);
        let mut out = Outgoing::default();
        out.then_memory(b"abc".to_vec());
        assert_eq!(
            out.send(&mut Kernel::new(NoProbe), Fd(ours.as_raw_fd())),
            Sent::Gone
        );
    }
}
