//! Calls that wait for several descriptors at once (`man 7 epoll`, `man 2 ppoll`, `man 2 pselect6`).

use super::{FdSet, Kernel, Probe, Result};
use crate::abi::Fd;
use crate::abi::calls;
use std::time::Duration;

/// `struct epoll_event`: packed on x86_64 only (`include/uapi/linux/eventpoll.h`).
pub type EpollEvent = nix::libc::epoll_event;

/// `struct pollfd` (`man 2 poll`).
pub type PollFd = nix::libc::pollfd;

impl<P: Probe> Kernel<P> {
    /// `man 2 epoll_create1`.
    pub fn epoll_create1(&mut self, flags: i32) -> Result<Fd> {
        Ok(Fd(
            self.call(calls::EPOLL_CREATE1, [flags as u64, 0, 0, 0, 0, 0])? as i32,
        ))
    }

    /// `man 2 epoll_ctl`: `op` is `EPOLL_CTL_ADD`, `_MOD` or `_DEL`.
    pub fn epoll_ctl(&mut self, epoll: Fd, op: i32, fd: Fd, mut event: EpollEvent) -> Result<()> {
        let args = [
            epoll.0 as u64,
            op as u64,
            fd.0 as u64,
            &raw mut event as u64,
            0,
            0,
        ];
        self.call(calls::EPOLL_CTL, args)?;
        Ok(())
    }

    /// `man 2 epoll_pwait` without a mask: how many entries of `events` are filled. The timeout is in
    /// milliseconds, -1 for ever.
    pub fn epoll_pwait(
        &mut self,
        epoll: Fd,
        events: &mut [EpollEvent],
        timeout: i32,
    ) -> Result<usize> {
        let args = [
            epoll.0 as u64,
            events.as_mut_ptr() as u64,
            events.len() as u64,
            timeout as u64,
            0,
            8,
        ];
        Ok(self.call(calls::EPOLL_PWAIT, args)? as usize)
    }

    /// `man 2 ppoll` without a mask: how many descriptors have something. `timeout` in nanoseconds,
    /// `None` for ever.
    pub fn ppoll(&mut self, fds: &mut [PollFd], timeout: Option<u64>) -> Result<usize> {
        // The kernel writes the time that was left into it.
        let mut limit = timeout.map(timespec);
        let pointer = limit.as_mut().map_or(0, |t| std::ptr::from_mut(t) as u64);
        let args = [fds.as_mut_ptr() as u64, fds.len() as u64, pointer, 0, 8, 0];
        Ok(self.call(calls::PPOLL, args)? as usize)
    }

    /// `man 2 pselect6` without a mask and without a third set, on descriptors below `end`: how many bits
    /// are left in both sets. `timeout` in nanoseconds, `None` for ever.
    pub fn pselect6(
        &mut self,
        end: i32,
        bytes: &mut FdSet,
        room: &mut FdSet,
        timeout: Option<u64>,
    ) -> Result<usize> {
        // The kernel writes the time that was left into it.
        let mut limit = timeout.map(timespec);
        let pointer = limit.as_mut().map_or(0, |t| std::ptr::from_mut(t) as u64);
        let args = [
            end as u64,
            bytes.as_mut_ptr() as u64,
            room.as_mut_ptr() as u64,
            0,
            pointer,
            0,
        ];
        Ok(self.call(calls::PSELECT6, args)? as usize)
    }

    /// `man 2 clock_nanosleep`: sleeps for this long on `CLOCK_MONOTONIC`. A signal ends it early
    /// (EINTR), and how much was left is not asked for.
    pub fn clock_nanosleep(&mut self, time: Duration) -> Result<()> {
        let time = nix::libc::timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(time.subsec_nanos()),
        };
        let clock = nix::libc::CLOCK_MONOTONIC as u64;
        let args = [clock, 0, std::ptr::from_ref(&time) as u64, 0, 0, 0];
        self.call(calls::CLOCK_NANOSLEEP, args)?;
        Ok(())
    }
}

/// Nanoseconds as a `struct timespec`.
pub(super) fn timespec(ns: u64) -> nix::libc::timespec {
    nix::libc::timespec {
        tv_sec: (ns / 1_000_000_000) as i64,
        tv_nsec: (ns % 1_000_000_000) as i64,
    }
}
