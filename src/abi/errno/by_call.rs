//! What an error means when a particular call returns it: the sentences a server's author needs, and
//! where there is one right reaction, the reaction. Sources: `man 2` of each call, and runs on a
//! Linux 6.18 kernel over loopback.

use super::Errno as E;
use crate::abi::calls::{self, CallId};

/// The errors with sentences of their own, in the order `explain` lists them: everyday ones first.
pub static ORDER: &[E] = &[
    E::EAGAIN,
    E::EINTR,
    E::ECONNREFUSED,
    E::EINPROGRESS,
    E::ECONNRESET,
    E::EPIPE,
    E::ETIMEDOUT,
    E::ECONNABORTED,
    E::EADDRINUSE,
    E::EACCES,
    E::EADDRNOTAVAIL,
    E::EMFILE,
    E::ENFILE,
    E::ENOBUFS,
    E::ENOMEM,
    E::ENOENT,
    E::EISDIR,
    E::ENOTDIR,
    E::ELOOP,
    E::EXDEV,
    E::ENOTCONN,
    E::EISCONN,
    E::EALREADY,
    E::EDESTADDRREQ,
    E::EMSGSIZE,
    E::EAFNOSUPPORT,
    E::EPROTONOSUPPORT,
    E::EOPNOTSUPP,
    E::ENOPROTOOPT,
    E::ENETUNREACH,
    E::EHOSTUNREACH,
    E::EEXIST,
    E::EPERM,
    E::ENOSPC,
    E::EIO,
    E::ESPIPE,
    E::ENOTTY,
    E::ENOTSOCK,
    E::ESRCH,
    E::ECHILD,
    E::EINVAL,
    E::ENOSYS,
    E::EFAULT,
    E::EBADF,
];

/// The sentence for this call and error, if there is one of its own.
pub fn sentence(call: CallId, errno: E) -> Option<&'static str> {
    match call {
        calls::SOCKET | calls::SOCKETPAIR => socket(errno),
        calls::BIND => bind(errno),
        calls::LISTEN => listen(errno),
        calls::ACCEPT | calls::ACCEPT4 => accept(errno),
        calls::CONNECT => connect(errno),
        calls::READ | calls::READV | calls::RECVFROM | calls::RECVMSG | calls::RECVMMSG => {
            read(errno)
        }
        calls::WRITE | calls::WRITEV | calls::SENDTO | calls::SENDMSG | calls::SENDMMSG => {
            write(call, errno)
        }
        calls::SENDFILE | calls::SPLICE => sendfile(errno),
        calls::SHUTDOWN | calls::GETPEERNAME => not_connected(errno),
        calls::SETSOCKOPT | calls::GETSOCKOPT => option(errno),
        calls::CLOSE => close(errno),
        calls::OPEN | calls::OPENAT | calls::OPENAT2 | calls::CREAT => open(call, errno),
        calls::STAT | calls::LSTAT | calls::NEWFSTATAT | calls::STATX => path(errno),
        calls::EPOLL_CTL => epoll_ctl(errno),
        calls::EPOLL_WAIT | calls::EPOLL_PWAIT | calls::EPOLL_PWAIT2 => wait(errno),
        calls::POLL | calls::PPOLL => poll(errno),
        calls::SELECT | calls::PSELECT6 => select(errno),
        calls::EPOLL_CREATE | calls::EPOLL_CREATE1 | calls::EVENTFD2 => new(errno),
        calls::PIPE | calls::PIPE2 | calls::TIMERFD_CREATE => new(errno),
        calls::DUP | calls::DUP2 | calls::DUP3 => dup(call, errno),
        calls::CLONE | calls::CLONE3 => clone(errno),
        calls::FORK | calls::VFORK => fork(errno),
        calls::WAIT4 | calls::WAITID => child(errno),
        calls::EXECVE | calls::EXECVEAT => exec(errno),
        calls::KILL | calls::TGKILL | calls::TKILL => kill(errno),
        calls::LSEEK | calls::PREAD64 | calls::PWRITE64 => seek(errno),
        calls::IOCTL => ioctl(errno),
        calls::FUTEX => futex(errno),
        _ => None,
    }
}

const NO_DESCRIPTOR: &str =
    "this process has no descriptor left: close some, or raise RLIMIT_NOFILE";
const NO_DESCRIPTOR_ANYWHERE: &str = "the whole machine has no descriptor left";
const AGAIN_AT_ONCE: &str = "a signal came before anything happened: make the call again";
const NOT_OPEN: &str = "this number is not an open descriptor: closed already, perhaps";

fn socket(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EMFILE => NO_DESCRIPTOR,
        E::ENFILE => NO_DESCRIPTOR_ANYWHERE,
        E::EACCES => "this process may not make such a socket",
        E::EPERM => "raw sockets need a privilege (CAP_NET_RAW)",
        E::EAFNOSUPPORT => "the kernel does not have this address family: without IPv6, use IPv4",
        E::EPROTONOSUPPORT => "the kernel does not have this protocol for this family",
        E::ENOBUFS | E::ENOMEM => "there is no memory for a socket",
        E::EINVAL => "family, type or flags are not valid",
        _ => return None,
    })
}

fn bind(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EADDRINUSE => {
            "another socket has this port, or TIME_WAIT holds it and SO_REUSEADDR was not set"
        }
        E::EACCES => "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE); use one above",
        E::EADDRNOTAVAIL => "no interface of this machine has this address",
        E::EAFNOSUPPORT => "the address is of another family than the socket",
        E::EINVAL => "the socket has an address already, or the length is wrong",
        E::ENOENT => "the directory of the socket's path is not there",
        E::ENOTSOCK => "the descriptor is not a socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn listen(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EADDRINUSE => "another socket listens on this port already",
        E::EINVAL => "the socket is connected: it cannot listen",
        E::EOPNOTSUPP => "only stream sockets can listen",
        E::EDESTADDRREQ => "a Unix socket must be bound before it can listen",
        E::ENOTSOCK => "the descriptor is not a socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn accept(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => "no connection waits in the queue: go back to waiting",
        E::EINTR => AGAIN_AT_ONCE,
        E::ECONNABORTED => "this client gave up before it was accepted: accept the next one",
        E::EMFILE => {
            "no descriptor left: the connection stays queued, so do not try again in a loop"
        }
        E::ENFILE => "no descriptor left on the machine: the connection stays queued; wait a while",
        E::ENOBUFS | E::ENOMEM => "no memory for another connection: wait a while",
        E::EPERM => "a firewall rule forbids this connection",
        E::EINVAL => "the socket does not listen: listen was not called, or shutdown was",
        E::EOPNOTSUPP => "only stream sockets have connections to accept",
        E::ENOSYS => "this kernel has no accept4: use accept and fcntl",
        E::ENETUNREACH | E::EHOSTUNREACH => {
            "the network failed this connection already: accept the next one"
        }
        E::ENOTSOCK => "the descriptor is not a socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn connect(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ECONNREFUSED => "nobody listens at that address and port: the other kernel answered RST",
        E::ETIMEDOUT => "no answer at all: the machine is off, or a firewall drops the packets",
        E::EINPROGRESS => "non-blocking: it has begun; when writable, read SO_ERROR for the result",
        E::EAGAIN => "no free local port, or (Unix) the other queue is full",
        E::EINTR => {
            "a signal came; the connection goes on by itself: poll for writable, do not repeat"
        }
        E::EALREADY => "an earlier connect on this socket is still going on",
        E::EISCONN => "this socket is connected already",
        E::ENETUNREACH => "no route leads to that network",
        E::EHOSTUNREACH => "no route leads to that machine",
        E::EADDRNOTAVAIL => {
            "every local port to this address is taken: too many connections in TIME_WAIT"
        }
        E::EACCES => "a broadcast address, a firewall rule, or a path without permission",
        E::ENOENT => "there is no Unix socket at this path",
        E::EAFNOSUPPORT => "the address is of another family than the socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn read(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => {
            "nothing has arrived yet: wait until readable (blocking socket: its time limit is over)"
        }
        E::EINTR => AGAIN_AT_ONCE,
        E::ECONNRESET => {
            "the other end broke the connection off (RST): close it, nothing else can be done"
        }
        E::ETIMEDOUT => "the other end stopped answering: close the connection",
        E::EHOSTUNREACH => "the way to the other end is gone: close the connection",
        E::ENOTCONN => "this socket is not connected: perhaps it is the listening one",
        E::EISDIR => "a directory cannot be read like a file",
        E::EIO => "the device failed, or the terminal is gone",
        E::EINVAL => "this descriptor cannot be read",
        E::EFAULT => "the buffer is not memory of this program",
        E::EBADF => "this number is not open for reading: closed already, perhaps",
        _ => return None,
    })
}

fn write(call: CallId, errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => {
            "the send buffer has no room: wait until writable, then go on where you stopped"
        }
        E::EINTR => AGAIN_AT_ONCE,
        E::EPIPE => {
            "the other end has closed; SIGPIPE comes too, unless ignored or MSG_NOSIGNAL: close"
        }
        E::ECONNRESET => "the other end broke the connection off (RST): close it, stop producing",
        E::ETIMEDOUT => "the other end stopped answering: close the connection",
        E::ENOTCONN => "this socket is not connected",
        E::EDESTADDRREQ => "this socket is not connected and no address was given",
        E::EMSGSIZE => "the message is too long for one packet",
        E::ENOBUFS => "the network card's queue is full: try a little later",
        E::ENOMEM => "there is no memory for the bytes",
        E::ENOSPC => "the disk is full",
        E::EIO => "the device failed",
        E::EINVAL if call == calls::WRITEV => "more than 1024 buffers at once: split them",
        E::EINVAL => "this descriptor cannot be written",
        E::EFAULT => "the buffer is not memory of this program",
        E::EBADF => "this number is not open for writing: closed already, perhaps",
        _ => return None,
    })
}

fn sendfile(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => {
            "the send buffer has no room: wait until writable, then go on where you stopped"
        }
        E::EINTR => AGAIN_AT_ONCE,
        E::EPIPE => "the other end has closed: close the connection",
        E::ECONNRESET => "the other end broke the connection off (RST): close it",
        E::EINVAL => "this pair of descriptors cannot do it: use read and write instead",
        E::ENOSYS => "this kernel or file system cannot do it: use read and write instead",
        E::EIO => "the file could not be read",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn not_connected(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ENOTCONN => "the other end is gone already, or never was there: just close",
        E::EINVAL => "the argument is not valid, or the other end is gone already",
        E::ENOTSOCK => "the descriptor is not a socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn option(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ENOPROTOOPT => "this kind of socket does not have this option",
        E::EINVAL => "the value or its length is not valid, or the other end is gone already",
        E::EPERM => "this option needs a privilege",
        E::EOPNOTSUPP => "this kind of socket does not have this option",
        E::ENOTSOCK => "the descriptor is not a socket",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn close(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EINTR => {
            "the number is free all the same: never close it again, another thread may have it"
        }
        E::EIO => "an earlier write to the file failed; the number is free all the same",
        E::ENOSPC => "an earlier write found the disk full; the number is free all the same",
        E::EBADF => "this number was not open: closed twice?",
        _ => return None,
    })
}

fn open(call: CallId, errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EXDEV if call == calls::OPENAT2 => "the path leads out of the directory it must stay in",
        E::ELOOP if call == calls::OPENAT2 => {
            "the path goes through a symbolic link that the rules forbid"
        }
        E::EAGAIN if call == calls::OPENAT2 => {
            "a directory was renamed meanwhile: make the call again"
        }
        E::ENOSYS if call == calls::OPENAT2 => "this kernel is older than 5.6: use openat",
        E::EMFILE => "no descriptor left: a server answers 503 and goes on",
        E::ENFILE => NO_DESCRIPTOR_ANYWHERE,
        E::EISDIR => "a directory cannot be opened for writing",
        E::EEXIST => "the file is there already, and O_EXCL says it must not be",
        E::ENOSPC => "the disk has no room for a new file",
        E::EINTR => AGAIN_AT_ONCE,
        E::EINVAL => "the flags do not go together",
        other => return path(other),
    })
}

fn path(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ENOENT => "there is nothing at this path: a server answers 404",
        E::EACCES => {
            "permission is missing, of the file or of a directory on the way: a server answers 403"
        }
        E::ENOTDIR => "a part of the path is a file, not a directory: a server answers 404",
        E::ELOOP => "the path goes through too many symbolic links",
        E::EBADF => "the path is relative and this number is not an open directory",
        _ => return None,
    })
}

fn epoll_ctl(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EEXIST => "this descriptor is in the set already: use EPOLL_CTL_MOD",
        E::ENOENT => "this descriptor is not in the set: use EPOLL_CTL_ADD",
        E::EPERM => "a regular file is always ready: epoll does not take it",
        E::ENOSPC => "too many watches: /proc/sys/fs/epoll/max_user_watches",
        E::EINVAL => "the descriptor is the epoll itself, or the flags do not go together",
        E::ELOOP => "epolls watch each other in a circle",
        E::EBADF => "one of the two numbers is not an open descriptor: closed already, perhaps",
        _ => return None,
    })
}

fn wait(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EINTR => "a signal came: look at what it set, then wait again for the rest of the time",
        E::EINVAL => "the count is 0 or too large, or the descriptor is not an epoll",
        E::EBADF => NOT_OPEN,
        E::EFAULT => "the list is not memory of this program",
        _ => return None,
    })
}

/// A descriptor that is not open is no error of the call: its entry says POLLNVAL.
fn poll(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EINVAL => "more entries than this process may open descriptors, or no valid time",
        E::EBADF => return None,
        other => return wait(other),
    })
}

fn select(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EINVAL => "nfds is negative, or no valid time",
        E::EBADF => {
            "a number in one of the sets is not an open descriptor: closed already, perhaps"
        }
        E::EFAULT => "a set is not memory of this program",
        other => return wait(other),
    })
}

fn dup(call: CallId, errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EMFILE => NO_DESCRIPTOR,
        E::EINVAL if call == calls::DUP3 => "the flags are not valid, or both numbers are the same",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn new(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EMFILE => NO_DESCRIPTOR,
        E::ENFILE => NO_DESCRIPTOR_ANYWHERE,
        E::ENOMEM => "the kernel has no memory for it",
        E::EINVAL => "the flags are not valid",
        _ => return None,
    })
}

fn fork(errno: E) -> Option<&'static str> {
    match errno {
        E::EPERM | E::EINVAL => None,
        other => clone(other),
    }
}

fn clone(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => "too many threads or processes: turn this connection away and go on serving",
        E::ENOMEM => "there is no memory for another process",
        E::ENOSYS => {
            "this kernel or container does not allow the call; the C library tries the older one"
        }
        E::EPERM => "these flags need a privilege",
        E::EINVAL => "the flags do not go together",
        _ => return None,
    })
}

fn child(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ECHILD => "there is no child left to wait for",
        E::EINTR => "a signal came (often SIGCHLD itself): make the call again",
        E::EINVAL => "the options are not valid",
        _ => return None,
    })
}

fn exec(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ENOENT => "there is no such program, or its interpreter is missing",
        E::EACCES => "the file is not marked as a program, or a directory on the way is closed",
        E::ENOTDIR => "a part of the path is a file, not a directory",
        _ => return None,
    })
}

fn kill(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ESRCH => "there is no such process any more",
        E::EPERM => "the process belongs to someone else",
        E::EINVAL => "there is no such signal",
        _ => return None,
    })
}

fn seek(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ESPIPE => "a socket or a pipe has no position: bytes come in order or not at all",
        E::EINVAL => "the place is before the beginning of the file",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn ioctl(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::ENOTTY => "the descriptor is not a terminal, or does not know this request",
        E::EBADF => NOT_OPEN,
        _ => return None,
    })
}

fn futex(errno: E) -> Option<&'static str> {
    Some(match errno {
        E::EAGAIN => "the number in memory had changed before the thread fell asleep: look again",
        E::ETIMEDOUT => "the time limit is over",
        E::EINTR => AGAIN_AT_ONCE,
        _ => return None,
    })
}
