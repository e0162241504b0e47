//! What stands behind the closing parenthesis: `= 78`, `= -1 EAGAIN (…)`, `(INJECTED)`, `<0.000017>`.

use super::args::gives_pointer;
use super::bits::permissions;
use super::signals::signal;
use super::{Line, clock, fcntl, structs};
use crate::abi::Fd;
use crate::abi::calls;
use crate::abi::errno::Errno;
use crate::event::call::{CallName, Completed, Outcome};
use crate::event::digits;

/// Errors from here on never reach a program: the kernel restarts the call or calls a handler first.
const RESTARTS: i32 = 512;

impl Line<'_> {
    /// Fills the line up to the result's column and ends it; `written` is how long it is already.
    #[inline]
    pub fn finish(&self, call: &Completed<'_>, written: usize, out: &mut Vec<u8>) {
        let fill = self.options.column.saturating_sub(written).max(1);
        out.resize(out.len() + fill, b' ');
        out.extend_from_slice(b"= ");
        match call.outcome {
            Outcome::Returned(value) => self.returned(value, out),
            Outcome::Failed(errno) => failed(errno, out),
            Outcome::Unknown => out.push(b'?'),
        }
        if call.injected {
            out.extend_from_slice(b" (INJECTED)");
        } else if call.delayed {
            out.extend_from_slice(b" (DELAYED)");
        }
        // What has no result has no end that was seen.
        if self.options.duration && call.outcome != Outcome::Unknown {
            clock::duration(call.dur, out);
        }
        out.push(b'\n');
    }

    #[inline]
    fn returned(&self, value: i64, out: &mut Vec<u8>) {
        let CallName::Known(id) = self.syscall.name else {
            return digits::signed(out, value);
        };
        match id {
            calls::READ | calls::WRITE => digits::signed(out, value),
            calls::PPOLL | calls::POLL => structs::polled(self, value, out),
            calls::PSELECT6 | calls::SELECT => structs::selected(self, value, out),
            calls::RECVMMSG => structs::received(self, value, out),
            calls::FCNTL => fcntl::result(self, &self.syscall.args.get(1), value, out),
            calls::UMASK => permissions(value as u64, out),
            calls::RT_SIGTIMEDWAIT => {
                digits::signed(out, value);
                out.extend_from_slice(b" (");
                signal(value as i32, out);
                out.push(b')');
            }
            id if id.signature().gives_fd => self.fd(Fd(value as i32), out),
            id if gives_pointer(id) && value != 0 => self.pointer(value as u64, out),
            _ => digits::signed(out, value),
        }
    }
}

fn failed(errno: Errno, out: &mut Vec<u8>) {
    let name = errno.name();
    if errno.0 >= RESTARTS {
        out.extend_from_slice(b"? ");
        match name {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => digits::signed(out, i64::from(errno.0)),
        }
    } else {
        out.extend_from_slice(b"-1 ");
        match name {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => {
                out.extend_from_slice(b"ERRNO_");
                digits::signed(out, i64::from(errno.0));
            }
        }
    }
    out.extend_from_slice(b" (");
    out.extend_from_slice(errno.text().as_bytes());
    if name.is_none() {
        out.push(b' ');
        digits::signed(out, i64::from(errno.0));
    }
    out.push(b')');
}
