//! Static files: `openat2`, `fstat`, `read`, `close`, and every way in which they can say no.
//!
//! In: a path that `paths` has made, and what the request wishes. Out: an answer in the outgoing bytes,
//! the file itself behind it: whole, in parts, compressed, or not at all because the client has it.
//! HTTP-RULES 55–58 and 62 in docs/http.md are its rules. Left out on purpose: making compressed forms;
//! they must lie beside the file.

use super::answer::{Answer, Reuse, Stamp};
use super::parts::send_parts;
use super::root::Root;
use super::send::Outgoing;
use super::wishes::{Coding, Wishes};
use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::http::condition::{Verdict, Version};
use crate::http::date;
use crate::http::etag::Tag;
use crate::http::media;
use crate::http::range::Wanted;
use crate::kernel::{Clock, Kernel, Probe};
use nix::libc;
use std::ffi::{CStr, CString};

/// Files up to this size are read behind the head and leave with it in one `write`, where a trace can
/// show them. Longer ones go by `sendfile`, which copies nothing: at 64 KiB it costs half as much.
pub const SMALL: u64 = 16 << 10;

/// How often one file's reading may be interrupted: signals end, a fault brought about on purpose does not.
const INTERRUPTIONS: u32 = 100;

/// What became of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The answer is written: its status, and bytes of body.
    Answered(u16, u64),
    /// It names a directory and lacks its slash.
    Directory,
    /// Answer with this status instead.
    Status(u16),
    /// The file has so many bytes, and none of those that were asked for: 416.
    NoSuchPart(u64),
}

/// What is asked of a file.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Its name below the root.
    pub path: &'a CStr,
    /// GET, and not HEAD.
    pub body: bool,
    /// What the request wishes; `None` for the page that goes with a 404.
    pub wishes: Option<Wishes<'a>>,
    /// What is said about the connection.
    pub reuse: Reuse,
    /// Where dates come from. A canonical run has the same dates and tags on every machine.
    pub clock: Clock,
}

/// An open file and its version.
pub(super) struct Opened {
    pub fd: Fd,
    pub len: u64,
    pub tag: Tag,
    pub modified: u64,
}

/// Answers with the file, or says why not.
pub fn serve<P: Probe>(
    kernel: &mut Kernel<P>,
    root: &Root,
    order: &Order<'_>,
    stamp: &Stamp,
    out: &mut Outgoing,
) -> Found {
    let mut file = match open(kernel, root, order.path, order.clock, stamp) {
        Ok(file) => file,
        Err(found) => return found,
    };
    let kind = media::of_path(order.path.to_bytes());
    let Some(wishes) = &order.wishes else {
        return send_whole(
            kernel,
            &file,
            &missing(order, kind, file.len),
            order,
            stamp,
            out,
        );
    };
    let varies = media::is_compressible(kind);
    let mut coding = None;
    if varies && let Some((other, name)) = compressed(kernel, root, order, wishes, stamp) {
        let _ = kernel.close(file.fd);
        (file, coding) = (other, Some(name));
    }
    let version = Version {
        tag: file.tag.text(),
        modified: file.modified,
        now: stamp.second,
    };
    let modified = date::format(file.modified);
    let mut fields = Fields::new(&modified, version.tag);
    if varies {
        fields.add("Vary", b"Accept-Encoding");
    }
    let answer = Answer {
        status: 200,
        kind: Some(kind.as_bytes()),
        length: Some(file.len),
        no_store: false,
        extra: &[],
        reuse: order.reuse,
    };
    match wishes.verdict(&version) {
        Verdict::Go => {}
        Verdict::NotModified => {
            // What a cache needs to renew its copy, and no more (RFC 9110 15.4.5).
            let head = Answer {
                status: 304,
                kind: None,
                length: None,
                extra: fields.all(),
                ..answer
            };
            head.write(stamp, out.bytes());
            return closed(kernel, file.fd, Found::Answered(304, 0));
        }
        Verdict::Failed => return closed(kernel, file.fd, Found::Status(412)),
    }
    if let Some(coding) = coding {
        fields.add("Content-Encoding", coding.name.as_bytes());
    }
    fields.add("Accept-Ranges", b"bytes");
    // Ranges are defined for GET only (RFC 9110 14.2).
    let wanted = match order.body {
        true => wishes.parts(&version, file.len),
        false => Wanted::Whole,
    };
    match wanted {
        Wanted::Whole => {
            let head = Answer {
                extra: fields.all(),
                ..answer
            };
            send_whole(kernel, &file, &head, order, stamp, out)
        }
        Wanted::Nothing => closed(kernel, file.fd, Found::NoSuchPart(file.len)),
        Wanted::Parts(parts) => {
            let answer = Answer {
                status: 206,
                ..answer
            };
            send_parts(kernel, &file, &parts, answer, fields, stamp, out)
        }
    }
}

/// The head of the page that goes with a 404: no version, for it is no answer about this address.
fn missing<'a>(order: &Order<'_>, kind: &'a str, len: u64) -> Answer<'a> {
    Answer {
        status: 404,
        kind: Some(kind.as_bytes()),
        length: Some(len),
        no_store: true,
        extra: &[],
        reuse: order.reuse,
    }
}

fn open<P: Probe>(
    kernel: &mut Kernel<P>,
    root: &Root,
    path: &CStr,
    clock: Clock,
    stamp: &Stamp,
) -> Result<Opened, Found> {
    let fd = root
        .file(kernel, path)
        .map_err(|errno| Found::Status(status_of(errno)))?;
    let stat = match kernel.fstat(fd) {
        Ok(stat) => stat,
        Err(errno) => return Err(closed(kernel, fd, Found::Status(status_of(errno)))),
    };
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => {}
        libc::S_IFDIR => return Err(closed(kernel, fd, Found::Directory)),
        // A FIFO, a device, a socket: not for the network.
        _ => return Err(closed(kernel, fd, Found::Status(404))),
    }
    let len = stat.st_size.max(0) as u64;
    let (tag, modified) = match clock {
        Clock::Real => {
            let (seconds, nanos) = (stat.st_mtime, stat.st_mtime_nsec);
            let numbers = [len, seconds as u64, nanos as u64, stat.st_ino];
            (Tag::of(&numbers), seconds.max(0) as u64)
        }
        Clock::Canonical => (Tag::of(&[len]), stamp.second),
    };
    Ok(Opened {
        fd,
        len,
        tag,
        // RFC 9110 8.8.2.1: Last-Modified is never later than Date.
        modified: modified.min(stamp.second),
    })
}

/// The compressed neighbour that the client would rather have, if there is one.
fn compressed<P: Probe>(
    kernel: &mut Kernel<P>,
    root: &Root,
    order: &Order<'_>,
    wishes: &Wishes<'_>,
    stamp: &Stamp,
) -> Option<(Opened, &'static Coding)> {
    wishes.codings().find_map(|coding| {
        let name = [order.path.to_bytes(), coding.ending.as_bytes()].concat();
        let name = CString::new(name).ok()?;
        let opened = open(kernel, root, &name, order.clock, stamp).ok()?;
        Some((opened, coding))
    })
}

/// The fields about a file's version and form, in one order.
pub(super) struct Fields<'a> {
    list: [(&'static str, &'a [u8]); 7],
    used: usize,
}

impl<'a> Fields<'a> {
    fn new(modified: &'a [u8], tag: &'a [u8]) -> Fields<'a> {
        let mut fields = Fields {
            list: [("", &[]); 7],
            used: 0,
        };
        fields.add("Last-Modified", modified);
        fields.add("ETag", tag);
        // Kept, but asked for again each time: an edited file is seen at once, an unchanged one
        // costs a 304.
        fields.add("Cache-Control", b"no-cache");
        fields
    }

    pub fn add(&mut self, name: &'static str, value: &'a [u8]) {
        if let Some(place) = self.list.get_mut(self.used) {
            *place = (name, value);
            self.used += 1;
        }
    }

    pub fn all(&self) -> &[(&'static str, &'a [u8])] {
        &self.list[..self.used]
    }
}

fn send_whole<P: Probe>(
    kernel: &mut Kernel<P>,
    file: &Opened,
    head: &Answer<'_>,
    order: &Order<'_>,
    stamp: &Stamp,
    out: &mut Outgoing,
) -> Found {
    let Opened { fd, len, .. } = *file;
    let start = out.bytes().len();
    head.write(stamp, out.bytes());
    if !order.body || len == 0 {
        return closed(kernel, fd, Found::Answered(head.status, 0));
    }
    let answered = Found::Answered(head.status, len);
    if len > SMALL {
        out.then_file(fd, len);
        return answered;
    }
    let bytes = out.bytes();
    let at = bytes.len();
    bytes.resize(at + len as usize, 0);
    let whole = fill(&mut bytes[at..], |room, _| kernel.read(fd, room));
    finish_small(kernel, fd, whole, start, answered, out)
}

/// Fills the room with as many reads as that takes; false when the file has less.
pub(super) fn fill(
    room: &mut [u8],
    mut read: impl FnMut(&mut [u8], u64) -> crate::kernel::Result<usize>,
) -> bool {
    let (mut at, mut interrupted) = (0, 0);
    while at < room.len() {
        match read(&mut room[at..], at as u64) {
            Ok(0) => return false,
            Ok(n) => at = (at + n).min(room.len()),
            Err(Errno(libc::EINTR)) if interrupted < INTERRUPTIONS => interrupted += 1,
            Err(_) => return false,
        }
    }
    true
}

/// A small body is complete, or it shrank meanwhile: then what was promised is taken back.
pub(super) fn finish_small<P: Probe>(
    kernel: &mut Kernel<P>,
    fd: Fd,
    whole: bool,
    start: usize,
    answered: Found,
    out: &mut Outgoing,
) -> Found {
    if whole {
        return closed(kernel, fd, answered);
    }
    out.bytes().truncate(start);
    closed(kernel, fd, Found::Status(500))
}

fn closed<P: Probe>(kernel: &mut Kernel<P>, fd: Fd, found: Found) -> Found {
    // Whatever close says, the number is free (SYSCALL-RULES: never retried).
    let _ = kernel.close(fd);
    found
}

/// HTTP-RULES 62.
pub fn status_of(errno: Errno) -> u16 {
    match errno.0 {
        libc::ENOENT | libc::ENOTDIR | libc::ENAMETOOLONG => 404,
        libc::EACCES => 403,
        // A path that leaves the root, a socket (ENXIO), a device that is not there (ENODEV).
        libc::ELOOP | libc::EXDEV | libc::ENXIO | libc::ENODEV => 404,
        libc::EMFILE | libc::ENFILE | libc::ENOMEM => 503,
        _ => 500,
    }
}
