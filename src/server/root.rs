//! The directory whose files are served, and the only way into it.
//!
//! In: paths that `routes` has decoded, relative and without dot segments. Out: open files that lie
//! below the directory, whatever the links in it say. The kernel itself keeps us inside:
//! `openat2` with `RESOLVE_BENEATH` refuses every step that leaves (`man 2 openat2`).

use crate::abi::Fd;
use crate::abi::errno::Errno;
use crate::kernel::move_high;
use crate::kernel::{Kernel, OpenHow, Probe, Result};
use nix::fcntl::{AtFlags, OFlag};
use nix::libc;
use nix::sys::stat::Mode;
use nix::unistd::AccessFlags;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The tool's own descriptors stand from here on, so that the server's first socket is 3.
const HIGH: i32 = 200;

/// Files are opened so that a FIFO or a device cannot make us wait (`man 2 open`, `O_NONBLOCK`).
const READ: i32 = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;

/// An open directory.
#[derive(Debug)]
pub struct Root {
    fd: Fd,
    /// Closes it, quietly.
    _owner: OwnedFd,
    /// Set once this kernel, or a filter before it, has refused `openat2` altogether.
    by_steps: AtomicBool,
}

impl Root {
    /// Opens the directory. This is the tool's own descriptor: no probe is told.
    ///
    /// # Errors
    /// Why the directory cannot be opened or searched.
    pub fn open(path: &Path) -> nix::Result<Root> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let low = nix::fcntl::open(path, flags, Mode::empty())?;
        let (here, no_flags) = (AccessFlags::X_OK, AtFlags::empty());
        nix::unistd::faccessat(&low, ".", here, no_flags)?;
        let high = move_high(low, HIGH)
            .map_err(|e| nix::errno::Errno::from_raw(e.raw_os_error().unwrap_or(0)))?;
        Ok(Root {
            fd: Fd(high.as_raw_fd()),
            _owner: high,
            by_steps: AtomicBool::new(false),
        })
    }

    /// Its descriptor.
    pub fn fd(&self) -> Fd {
        self.fd
    }

    /// Opens a file below the root for reading. Links are followed as long as they stay below.
    ///
    /// # Errors
    /// As `man 2 openat2`: ENOENT and ENOTDIR for what is not there, EXDEV and ELOOP for a path that
    /// would leave.
    pub fn file<P: Probe>(&self, kernel: &mut Kernel<P>, path: &CStr) -> Result<Fd> {
        self.open_below(kernel, path, READ)
    }

    /// Opens a directory below the root, to read its entries; the root itself is `.`.
    ///
    /// # Errors
    /// As [`Root::file`], and ENOTDIR.
    pub fn directory<P: Probe>(&self, kernel: &mut Kernel<P>, path: &CStr) -> Result<Fd> {
        self.open_below(kernel, path, READ | libc::O_DIRECTORY)
    }

    fn open_below<P: Probe>(&self, kernel: &mut Kernel<P>, path: &CStr, flags: i32) -> Result<Fd> {
        if !self.by_steps.load(Ordering::Relaxed) {
            let how = OpenHow {
                flags: flags as u64,
                mode: 0,
                resolve: libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS,
            };
            let mut opened = kernel.openat2(self.fd, path, &how);
            // A rename elsewhere raced with the look-up (`man 2 openat2`): once more is enough.
            if let Err(Errno(libc::EAGAIN | libc::EINTR)) = opened {
                opened = kernel.openat2(self.fd, path, &how);
            }
            match opened {
                // ENOSYS before Linux 5.6; EPERM from older container filters; E2BIG can only mean a
                // kernel that reads another structure.
                Err(Errno(libc::ENOSYS | libc::EPERM | libc::E2BIG)) => {
                    self.by_steps.store(true, Ordering::Relaxed);
                }
                other => return other,
            }
        }
        self.open_by_steps(kernel, path, flags)
    }

    /// The way without `openat2`: one directory after the other, following no link at all. Safe, and
    /// stricter: a link that stays inside is refused too.
    fn open_by_steps<P: Probe>(
        &self,
        kernel: &mut Kernel<P>,
        path: &CStr,
        flags: i32,
    ) -> Result<Fd> {
        let mut dir = self.fd;
        let mut steps = path.to_bytes().split(|b| *b == b'/').peekable();
        while let Some(step) = steps.next() {
            let last = steps.peek().is_none();
            let flags = match last {
                true => flags | libc::O_NOFOLLOW,
                false => libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC,
            };
            let opened = match CString::new(step) {
                Ok(_) if step == b".." => Err(Errno(libc::EXDEV)),
                Ok(name) => kernel.openat(dir, &name, flags, 0),
                Err(_) => Err(Errno(libc::ENOENT)),
            };
            if dir != self.fd {
                let _ = kernel.close(dir);
            }
            dir = opened?;
        }
        Ok(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::NoProbe;
    use std::fs;

    struct Tree(std::path::PathBuf);

    impl Tree {
        fn new(name: &str) -> Tree {
            let top =
                std::env::temp_dir().join(format!("httpsys-root-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&top);
            fs::create_dir_all(top.join("site/sub")).unwrap();
            fs::write(top.join("secret"), "s").unwrap();
            fs::write(top.join("site/a.txt"), "a").unwrap();
            fs::write(top.join("site/sub/b.txt"), "b").unwrap();
            std::os::unix::fs::symlink("../secret", top.join("site/out")).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", top.join("site/abs")).unwrap();
            std::os::unix::fs::symlink("..", top.join("site/up")).unwrap();
            std::os::unix::fs::symlink("a.txt", top.join("site/in")).unwrap();
            Tree(top)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn open(root: &Root, path: &str) -> std::result::Result<(), i32> {
        let mut kernel = Kernel::new(NoProbe);
        let path = CString::new(path).unwrap();
        let fd = root.file(&mut kernel, &path).map_err(|e| e.0)?;
        kernel.close(fd).map_err(|e| e.0)
    }

    #[test]
    fn nothing_outside_the_root_opens_by_either_way() {
        let tree = Tree::new("outside");
        for by_steps in [false, true] {
            let root = Root::open(&tree.0.join("site")).unwrap();
            root.by_steps.store(by_steps, Ordering::Relaxed);
            assert_eq!(open(&root, "a.txt"), Ok(()));
            assert_eq!(open(&root, "sub/b.txt"), Ok(()));
            for path in ["out", "abs", "up/secret", "../secret", "sub/../../secret"] {
                let errno = open(&root, path).unwrap_err();
                let refused = [libc::EXDEV, libc::ELOOP, libc::ENOTDIR];
                assert!(
                    refused.contains(&errno),
                    "{path} by steps {by_steps}: {errno}"
                );
            }
            assert_eq!(open(&root, "none"), Err(libc::ENOENT));
            assert_eq!(open(&root, "a.txt/x"), Err(libc::ENOTDIR));
        }
    }

    #[test]
    fn a_link_that_stays_inside_is_followed_where_the_kernel_can_promise_it() {
        let tree = Tree::new("inside");
        let root = Root::open(&tree.0.join("site")).unwrap();
        let opened = open(&root, "in");
        if !root.by_steps.load(Ordering::Relaxed) {
            assert_eq!(opened, Ok(()));
        }
    }

    #[test]
    fn the_directory_stands_high_so_that_the_first_socket_is_low() {
        let root = Root::open(&std::env::temp_dir()).unwrap();
        assert!(root.fd.0 >= HIGH);
        assert!(Root::open(Path::new("/etc/passwd")).is_err());
    }
}
