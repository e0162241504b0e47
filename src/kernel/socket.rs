//! Calls on sockets (`man 7 socket`).

use super::{Kernel, Probe, Result};
use crate::abi::Fd;
use crate::abi::address::Address;
use crate::abi::calls::{self, CallId};

fn fd(fd: Fd) -> u64 {
    fd.0 as u64
}

impl<P: Probe> Kernel<P> {
    /// `man 2 socket`. `kind` holds the type and its flags.
    pub fn socket(&mut self, domain: i32, kind: i32, protocol: i32) -> Result<Fd> {
        let ret = self.call(
            calls::SOCKET,
            [domain as u64, kind as u64, protocol as u64, 0, 0, 0],
        )?;
        Ok(Fd(ret as i32))
    }

    /// `man 2 bind`.
    pub fn bind(&mut self, socket: Fd, address: &Address) -> Result<()> {
        let bytes = address.to_bytes();
        self.call(
            calls::BIND,
            [
                fd(socket),
                bytes.as_ptr() as u64,
                bytes.len() as u64,
                0,
                0,
                0,
            ],
        )?;
        Ok(())
    }

    /// `man 2 listen`.
    pub fn listen(&mut self, socket: Fd, backlog: i32) -> Result<()> {
        self.call(calls::LISTEN, [fd(socket), backlog as u64, 0, 0, 0, 0])?;
        Ok(())
    }

    /// `man 2 accept4`: the new descriptor and who is at its other end.
    pub fn accept4(&mut self, listener: Fd, flags: i32) -> Result<(Fd, Address)> {
        let mut storage = [0u8; 128];
        let mut len = storage.len() as u32;
        let args = [
            fd(listener),
            storage.as_mut_ptr() as u64,
            &raw mut len as u64,
            flags as u64,
            0,
            0,
        ];
        let ret = self.call(calls::ACCEPT4, args)?;
        Ok((Fd(ret as i32), address_of(&storage, len)))
    }

    /// `man 2 accept`: as `accept4` without flags, for a kernel that does not have that.
    pub fn accept(&mut self, listener: Fd) -> Result<(Fd, Address)> {
        let mut storage = [0u8; 128];
        let mut len = storage.len() as u32;
        let (start, length) = (storage.as_mut_ptr() as u64, &raw mut len as u64);
        let ret = self.call(calls::ACCEPT, [fd(listener), start, length, 0, 0, 0])?;
        Ok((Fd(ret as i32), address_of(&storage, len)))
    }

    /// `man 2 connect`.
    pub fn connect(&mut self, socket: Fd, address: &Address) -> Result<()> {
        let bytes = address.to_bytes();
        self.call(
            calls::CONNECT,
            [
                fd(socket),
                bytes.as_ptr() as u64,
                bytes.len() as u64,
                0,
                0,
                0,
            ],
        )?;
        Ok(())
    }

    /// `man 2 shutdown`: `how` is `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`.
    pub fn shutdown(&mut self, socket: Fd, how: i32) -> Result<()> {
        self.call(calls::SHUTDOWN, [fd(socket), how as u64, 0, 0, 0, 0])?;
        Ok(())
    }

    /// `man 2 setsockopt` with the option's bytes.
    pub fn setsockopt(&mut self, socket: Fd, level: i32, name: i32, value: &[u8]) -> Result<()> {
        let args = [
            fd(socket),
            level as u64,
            name as u64,
            value.as_ptr() as u64,
            value.len() as u64,
            0,
        ];
        self.call(calls::SETSOCKOPT, args)?;
        Ok(())
    }

    /// `man 2 getsockopt` of an option that is an `int`.
    pub fn getsockopt(&mut self, socket: Fd, level: i32, name: i32) -> Result<i32> {
        let mut value = 0i32;
        let mut len = size_of::<i32>() as u32;
        let args = [
            fd(socket),
            level as u64,
            name as u64,
            &raw mut value as u64,
            &raw mut len as u64,
            0,
        ];
        self.call(calls::GETSOCKOPT, args)?;
        Ok(value)
    }

    /// `man 2 getsockname`.
    pub fn getsockname(&mut self, socket: Fd) -> Result<Address> {
        self.name_of(calls::GETSOCKNAME, socket)
    }

    /// `man 2 getpeername`.
    pub fn getpeername(&mut self, socket: Fd) -> Result<Address> {
        self.name_of(calls::GETPEERNAME, socket)
    }

    fn name_of(&mut self, id: CallId, socket: Fd) -> Result<Address> {
        let mut storage = [0u8; 128];
        let mut len = storage.len() as u32;
        let args = [
            fd(socket),
            storage.as_mut_ptr() as u64,
            &raw mut len as u64,
            0,
            0,
            0,
        ];
        self.call(id, args)?;
        Ok(address_of(&storage, len))
    }

    /// `man 2 sendto` without an address: `write` with flags such as `MSG_MORE`, `MSG_NOSIGNAL`.
    pub fn send(&mut self, socket: Fd, bytes: &[u8], flags: i32) -> Result<usize> {
        let args = [
            fd(socket),
            bytes.as_ptr() as u64,
            bytes.len() as u64,
            flags as u64,
            0,
            0,
        ];
        Ok(self.call(calls::SENDTO, args)? as usize)
    }

    /// `man 2 recvfrom` without an address: `read` with flags such as `MSG_PEEK`, `MSG_DONTWAIT`.
    pub fn recv(&mut self, socket: Fd, buf: &mut [u8], flags: i32) -> Result<usize> {
        let args = [
            fd(socket),
            buf.as_mut_ptr() as u64,
            buf.len() as u64,
            flags as u64,
            0,
            0,
        ];
        Ok(self.call(calls::RECVFROM, args)? as usize)
    }
}

/// What the kernel wrote into our storage; an empty answer is an unnamed Unix socket.
fn address_of(storage: &[u8; 128], len: u32) -> Address {
    let known = &storage[..(len as usize).min(storage.len())];
    Address::from_bytes(known).unwrap_or(Address::Unix(Vec::new()))
}
