//! Calls on any descriptor, and on files.

use super::{Kernel, Probe, Result};
use crate::abi::Fd;
use crate::abi::calls;
use std::ffi::CStr;

/// In place of a directory: paths begin at the current one (`AT_FDCWD`, `man 2 openat`).
pub const HERE: Fd = Fd(-100);

/// `struct open_how` (`man 2 openat2`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenHow {
    /// `O_…` bits.
    pub flags: u64,
    /// Permission bits for a new file.
    pub mode: u64,
    /// `RESOLVE_…` bits.
    pub resolve: u64,
}

impl<P: Probe> Kernel<P> {
    /// `man 2 read`.
    #[inline]
    pub fn read(&mut self, fd: Fd, buf: &mut [u8]) -> Result<usize> {
        let args = [
            fd.0 as u64,
            buf.as_mut_ptr() as u64,
            buf.len() as u64,
            0,
            0,
            0,
        ];
        Ok(self.call(calls::READ, args)? as usize)
    }

    /// `man 2 write`.
    #[inline]
    pub fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        let args = [
            fd.0 as u64,
            bytes.as_ptr() as u64,
            bytes.len() as u64,
            0,
            0,
            0,
        ];
        Ok(self.call(calls::WRITE, args)? as usize)
    }

    /// `man 2 close`. Whatever it says, the number is free again: never call it twice.
    pub fn close(&mut self, fd: Fd) -> Result<()> {
        self.call(calls::CLOSE, [fd.0 as u64, 0, 0, 0, 0, 0])?;
        Ok(())
    }

    /// `man 2 dup`: a second number for the same open file or socket.
    pub fn dup(&mut self, fd: Fd) -> Result<Fd> {
        Ok(Fd(
            self.call(calls::DUP, [fd.0 as u64, 0, 0, 0, 0, 0])? as i32
        ))
    }

    /// `man 2 openat`.
    pub fn openat(&mut self, dir: Fd, path: &CStr, flags: i32, mode: u32) -> Result<Fd> {
        let args = [
            dir.0 as u64,
            path.as_ptr() as u64,
            flags as u64,
            u64::from(mode),
            0,
            0,
        ];
        Ok(Fd(self.call(calls::OPENAT, args)? as i32))
    }

    /// `man 2 openat2`.
    pub fn openat2(&mut self, dir: Fd, path: &CStr, how: &OpenHow) -> Result<Fd> {
        let args = [
            dir.0 as u64,
            path.as_ptr() as u64,
            std::ptr::from_ref(how) as u64,
            size_of::<OpenHow>() as u64,
            0,
            0,
        ];
        Ok(Fd(self.call(calls::OPENAT2, args)? as i32))
    }

    /// `man 2 fstat`.
    pub fn fstat(&mut self, fd: Fd) -> Result<nix::libc::stat> {
        let mut stat = std::mem::MaybeUninit::<nix::libc::stat>::zeroed();
        self.call(
            calls::FSTAT,
            [fd.0 as u64, stat.as_mut_ptr() as u64, 0, 0, 0, 0],
        )?;
        // SAFETY: the structure is plain integers, zeroed before the kernel filled it in.
        Ok(unsafe { stat.assume_init() })
    }

    /// `man 2 sendfile` from the file's own position.
    pub fn sendfile(&mut self, out: Fd, input: Fd, count: usize) -> Result<usize> {
        let args = [out.0 as u64, input.0 as u64, 0, count as u64, 0, 0];
        Ok(self.call(calls::SENDFILE, args)? as usize)
    }

    /// `man 2 sendfile` from `offset` on; the file's own position stays.
    pub fn sendfile_at(&mut self, out: Fd, input: Fd, offset: u64, count: usize) -> Result<usize> {
        let mut offset = offset as i64;
        let place = &raw mut offset;
        let args = [
            out.0 as u64,
            input.0 as u64,
            place as u64,
            count as u64,
            0,
            0,
        ];
        Ok(self.call(calls::SENDFILE, args)? as usize)
    }

    /// `man 2 pread`: the file's own position stays.
    pub fn pread(&mut self, fd: Fd, buf: &mut [u8], offset: u64) -> Result<usize> {
        let (start, len) = (buf.as_mut_ptr() as u64, buf.len() as u64);
        Ok(self.call(calls::PREAD64, [fd.0 as u64, start, len, offset, 0, 0])? as usize)
    }

    /// `man 2 getdents64`: as many entries of a directory as fit; 0 bytes at its end.
    pub fn getdents64(&mut self, fd: Fd, buf: &mut [u8]) -> Result<usize> {
        let (start, len) = (buf.as_mut_ptr() as u64, buf.len() as u64);
        Ok(self.call(calls::GETDENTS64, [fd.0 as u64, start, len, 0, 0, 0])? as usize)
    }

    /// `man 2 unlinkat`: removes a name of a file. `dir` may be [`HERE`].
    pub fn unlinkat(&mut self, dir: Fd, path: &CStr, flags: i32) -> Result<()> {
        let args = [dir.0 as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0];
        self.call(calls::UNLINKAT, args)?;
        Ok(())
    }

    /// `man 2 fcntl` with an integer argument.
    pub fn fcntl(&mut self, fd: Fd, op: i32, arg: u64) -> Result<i32> {
        Ok(self.call(calls::FCNTL, [fd.0 as u64, op as u64, arg, 0, 0, 0])? as i32)
    }
}
