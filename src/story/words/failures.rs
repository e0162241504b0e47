//! What a failure means for what was tried.

use super::Attempt;
use super::pen::Pen;
use crate::abi::errno::Errno;

const ENOENT: Errno = Errno(2);
pub(super) const EINTR: Errno = Errno(4);
pub(super) const EAGAIN: Errno = Errno(11);
const EBADF: Errno = Errno(9);
const ECHILD: Errno = Errno(10);
const EACCES: Errno = Errno(13);
const EXDEV: Errno = Errno(18);
const ENOTDIR: Errno = Errno(20);
const EISDIR: Errno = Errno(21);
pub(super) const EINVAL: Errno = Errno(22);
const ENFILE: Errno = Errno(23);
const EMFILE: Errno = Errno(24);
const EPIPE: Errno = Errno(32);
const ELOOP: Errno = Errno(40);
const ENOPROTOOPT: Errno = Errno(92);
const EADDRINUSE: Errno = Errno(98);
const ECONNABORTED: Errno = Errno(103);
const ECONNRESET: Errno = Errno(104);
const ENOTCONN: Errno = Errno(107);
const ETIMEDOUT: Errno = Errno(110);
const ECONNREFUSED: Errno = Errno(111);
pub(super) const EINPROGRESS: Errno = Errno(115);

/// A failure whose meaning depends on what was tried: id and sentence, the name left out.
pub(super) fn failure(attempt: Attempt, errno: Errno) -> Option<(&'static str, &'static str)> {
    Some(match (attempt, errno) {
        (Attempt::Accept, EAGAIN) => ("accept-empty", "nobody in the queue"),
        (Attempt::Accept, EMFILE | ENFILE) => ("no-free-fd", "no free fd number"),
        (Attempt::Accept, ECONNABORTED) => ("accept-aborted", "left the queue"),
        (Attempt::Accept, EINVAL) => ("not-listening", "it listens no more"),
        (Attempt::Receive, EAGAIN) => ("nothing-yet", "nothing here yet"),
        (Attempt::Receive, ECONNRESET) => ("reset", "broken off"),
        (Attempt::Receive | Attempt::Send, ETIMEDOUT) => ("peer-silent", "the peer is gone"),
        (Attempt::Send, EAGAIN) => ("buffer-full", "buffer is full, wait"),
        (Attempt::Send, EPIPE) => ("broken-pipe", "the peer is gone"),
        (Attempt::Send, ECONNRESET) => ("reset", "broken off"),
        (Attempt::Connect, EINPROGRESS) => ("connecting", "on its way"),
        (Attempt::Connect, ENOENT) => ("refused", "no such socket"),
        (Attempt::Wait, ECHILD) => ("no-child", "no child is left"),
        (_, errno) if errno.is_restart() => ("interrupted", "a signal came first"),
        (Attempt::Connect, ECONNREFUSED) => ("refused", "nobody there"),
        (Attempt::Bind, EADDRINUSE) => ("address-in-use", "port is taken"),
        (Attempt::Bind, EACCES) => ("not-allowed", "port not allowed"),
        (Attempt::Open, ENOENT) => ("no-such-file", "no such file"),
        (Attempt::Open, EACCES) => ("not-allowed", "not allowed"),
        (Attempt::Open, EXDEV) => ("outside", "leads outside ROOT"),
        (Attempt::Open, ELOOP) => ("outside", "too many links"),
        (Attempt::Open, ENOTDIR) => ("no-such-file", "not a directory"),
        (Attempt::Open, EISDIR) => ("directory", "is a directory"),
        (Attempt::Open, EMFILE | ENFILE) => ("no-free-fd", "no free fd number"),
        (Attempt::Accept | Attempt::Receive | Attempt::Send | Attempt::Wait, EINTR) => {
            ("interrupted", "a signal came first")
        }
        (_, EBADF) => ("failed", "not open (for this)"),
        (_, ENOPROTOOPT) => ("failed", "no such option"),
        (_, ENOTCONN) => ("not-connected", "it has no other end"),
        (Attempt::Open | Attempt::Other | Attempt::Bind | Attempt::Connect | Attempt::Wait, _)
        | (Attempt::Accept | Attempt::Receive | Attempt::Send, _) => return None,
    })
}

/// The name of an error number: from the one table of them.
pub(super) fn errno_name(pen: &mut impl Pen, errno: Errno) {
    match errno.name() {
        Some(name) => pen.text(name),
        None => {
            pen.text("errno ");
            pen.number(u64::from(errno.0.unsigned_abs()));
        }
    }
}

pub(super) fn failed(pen: &mut impl Pen, attempt: Attempt, errno: Errno) {
    if !errno.is_restart() {
        errno_name(pen, errno);
        pen.text(": ");
    }
    match failure(attempt, errno) {
        Some((_, sentence)) => pen.text(sentence),
        None => pen.bytes(errno.sentence().as_bytes(), false),
    }
}
