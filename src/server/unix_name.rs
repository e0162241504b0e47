//! The name of a unix socket in the file system: in use, left behind, or ours to remove.
//!
//! A socket's name outlives its server (`man 7 unix`: closing does not remove it), and `bind` refuses a name
//! that is there. In: a path. Out: whether an earlier server left it behind, which only `connect` can tell:
//! nobody who listens there is ECONNREFUSED. Only then is it removed. What is no socket is never removed, nor
//! is a name that has come to stand for another file since we looked.
//!
//! Between looking and removing, another server could take the name; so could it between any two programs that
//! do this. The file's identity is looked at again just before, which leaves microseconds.

use crate::abi::address::Address;
use crate::abi::errno::Errno;
use crate::kernel::{HERE, Kernel, Probe};
use nix::libc;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::SystemTime;

/// Which file a name stands for (`man 7 inode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileId {
    device: u64,
    inode: u64,
    /// When it was made: the inode of a file that is gone may be another's at once. `None` where the file
    /// system does not say.
    born: Option<SystemTime>,
}

/// What stands at a name that cannot be bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Somebody listens there.
    Server,
    /// A socket that nobody listens at.
    LeftBehind(FileId),
    /// A file, a directory, a link: not ours to touch.
    NotASocket,
    /// Nothing, any more.
    Nothing,
    /// It could not be asked, and so may be in use.
    Unclear(Errno),
}

/// What is at this name. The calls that ask are made by `kernel`: they are serving, and traced.
pub fn look<P: Probe>(kernel: &mut Kernel<P>, path: &[u8]) -> Found {
    let before = match file(path) {
        Some((id, true)) => id,
        Some((_, false)) => return Found::NotASocket,
        None => return Found::Nothing,
    };
    // Without O_NONBLOCK, `connect` would sleep while the queue of a busy server is full.
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    let asked = kernel.socket(libc::AF_UNIX, kind, 0).and_then(|fd| {
        let answer = kernel.connect(fd, &Address::Unix(path.to_vec()));
        let _ = kernel.close(fd);
        answer
    });
    match asked {
        // EAGAIN: its queue is full.
        Ok(()) | Err(Errno(libc::EAGAIN)) => Found::Server,
        Err(Errno(libc::ECONNREFUSED)) if id(path) == Some(before) => Found::LeftBehind(before),
        Err(Errno(libc::ECONNREFUSED | libc::ENOENT)) => Found::Nothing,
        Err(errno) => Found::Unclear(errno),
    }
}

/// Removes the name, if it still stands for this file.
///
/// # Errors
/// What `unlinkat` said.
pub fn remove<P: Probe>(kernel: &mut Kernel<P>, path: &[u8], file: FileId) -> Result<(), Errno> {
    match CString::new(path) {
        Ok(name) if id(path) == Some(file) => kernel.unlinkat(HERE, &name, 0),
        _ => Ok(()),
    }
}

/// Which file a name stands for now; `None` where there is none, or none that may be looked at.
pub fn id(path: &[u8]) -> Option<FileId> {
    file(path).map(|(id, _)| id)
}

/// Whether an address has a name in the file system, and which.
pub fn of(address: &Address) -> Option<&[u8]> {
    match address {
        Address::Unix(path) if !matches!(path.first(), None | Some(0)) => Some(path),
        _ => None,
    }
}

/// A file's identity, and whether it is a socket. Asked on a thread of its own: looking is no part of
/// serving, and the serving thread makes no call that its trace does not show.
fn file(path: &[u8]) -> Option<(FileId, bool)> {
    let path = Path::new(OsStr::from_bytes(path));
    let data = std::thread::scope(|scope| {
        let look = std::thread::Builder::new().spawn_scoped(scope, || path.symlink_metadata());
        look.ok()?.join().ok()?.ok()
    })?;
    let id = FileId {
        device: data.dev(),
        inode: data.ino(),
        born: data.created().ok(),
    };
    Some((id, data.file_type().is_socket()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Fd;
    use crate::kernel::NoProbe;

    /// A listener with this name.
    fn bound(path: &[u8]) -> Fd {
        let mut kernel = Kernel::new(NoProbe);
        let fd = kernel
            .socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)
            .expect("a socket");
        let address = Address::Unix(path.to_vec());
        kernel.bind(fd, &address).expect("a name");
        kernel.listen(fd, 1).expect("a queue");
        fd
    }

    fn path(name: &str) -> Vec<u8> {
        let name = format!("httpsys-name-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        path.into_os_string().into_encoded_bytes()
    }

    #[test]
    fn a_name_is_asked_before_it_is_taken_for_left_behind() {
        let mut kernel = Kernel::new(NoProbe);
        let path = path("asked");
        let name = OsStr::from_bytes(&path);
        assert_eq!(look(&mut kernel, &path), Found::Nothing);
        let listener = bound(&path);
        assert_eq!(look(&mut kernel, &path), Found::Server);
        let _ = kernel.close(listener);
        let file = id(&path).unwrap();
        assert_eq!(look(&mut kernel, &path), Found::LeftBehind(file));
        // Somebody else has the name now.
        std::fs::remove_file(name).unwrap();
        std::fs::write(name, "precious").unwrap();
        assert_eq!(look(&mut kernel, &path), Found::NotASocket);
        assert_eq!(remove(&mut kernel, &path, file), Ok(()));
        assert_eq!(std::fs::read(name).unwrap(), b"precious");
        let file = id(&path).unwrap();
        assert_eq!(remove(&mut kernel, &path, file), Ok(()));
        assert_eq!(id(&path), None);
    }

    #[test]
    fn a_full_queue_is_a_server_and_a_socket_of_another_kind_is_unclear() {
        let mut kernel = Kernel::new(NoProbe);
        let full = path("full");
        let listener = bound(&full);
        let mut waiting = Vec::new();
        let address = Address::Unix(full.clone());
        let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
        for _ in 0..16 {
            let fd = kernel.socket(libc::AF_UNIX, kind, 0).unwrap();
            waiting.push(fd);
            if kernel.connect(fd, &address) == Err(Errno(libc::EAGAIN)) {
                break;
            }
        }
        assert_eq!(look(&mut kernel, &full), Found::Server);
        for fd in waiting.into_iter().chain([listener]) {
            let _ = kernel.close(fd);
        }
        let _ = std::fs::remove_file(OsStr::from_bytes(&full));

        let datagrams = path("datagrams");
        let name = OsStr::from_bytes(&datagrams);
        let _socket = std::os::unix::net::UnixDatagram::bind(name).unwrap();
        let found = look(&mut kernel, &datagrams);
        assert_eq!(found, Found::Unclear(Errno(libc::EPROTOTYPE)));
        let _ = std::fs::remove_file(name);
    }
}
