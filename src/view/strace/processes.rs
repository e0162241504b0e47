//! What makes, replaces and ends processes: `clone3`, `execve`, `wait4`; and arrays that are only counted.

use super::args::{named_bits, signal};
use super::{Line, quote};
use crate::abi::flags;
use crate::event::call::{Memory, Outcome};
use crate::event::digits;
use crate::event::raw::{Segments, part};
use crate::event::structs;
use nix::libc;

impl Line<'_> {
    /// `{flags=CLONE_VM|…, …}`, without the fields that the flags do not ask for; behind it what the
    /// kernel filled in.
    pub fn clone_args(&self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let args = structs::clone_args(bytes)?;
        let bit = |flag: i32| args.flags & flag as u64 != 0;
        let pointer = |name: &str, value: u64, out: &mut Vec<u8>| {
            out.extend_from_slice(b", ");
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            self.pointer(value, out);
        };
        out.extend_from_slice(b"{flags=");
        named_bits(&flags::CLONE, args.flags, out);
        if bit(libc::CLONE_PIDFD) {
            pointer("pidfd", args.pidfd, out);
        }
        if bit(libc::CLONE_CHILD_SETTID) || bit(libc::CLONE_CHILD_CLEARTID) {
            pointer("child_tid", args.child_tid, out);
        }
        if bit(libc::CLONE_PARENT_SETTID) {
            pointer("parent_tid", args.parent_tid, out);
        }
        out.extend_from_slice(b", exit_signal=");
        signal(args.exit_signal as i32, out);
        pointer("stack", args.stack, out);
        out.extend_from_slice(b", stack_size=");
        match args.stack_size {
            0 => out.push(b'0'),
            size => digits::hex(out, size),
        }
        if bit(libc::CLONE_SETTLS) {
            pointer("tls", args.tls, out);
        }
        out.push(b'}');
        if bit(libc::CLONE_PARENT_SETTID)
            && let Some(tid) = self.child()
        {
            out.extend_from_slice(b" => {parent_tid=[");
            digits::signed(out, tid);
            out.extend_from_slice(b"]}");
        }
        Some(())
    }

    /// The child that a `clone` made: what CLONE_PARENT_SETTID has the kernel write is what the call
    /// returns (`man 2 clone`).
    pub fn child(&self) -> Option<i64> {
        match self.outcome {
            Some(Outcome::Returned(child)) if child > 0 => Some(child),
            _ => None,
        }
    }

    /// `["a", "b"]`; strings are cut as buffers are.
    pub fn strings(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let count = memory.part(part::FIRST)?.len / 8;
        let strings = Segments::new(memory.raw).filter(|s| {
            s.arg == memory.arg && (part::BUFFER..=part::LAST_BUFFER).contains(&s.part)
        });
        let kept = strings.clone().count();
        self.array(strings, out, |string, out| {
            quote::buffer(self.options, string.bytes, string.len, out);
        });
        if count > kept as u64 && kept < self.options.strsize {
            out.pop();
            out.extend_from_slice(if kept > 0 { b", ...]" } else { b"...]" });
        }
        Some(())
    }

    /// `0x7ffc5ef1a8b8 /* 24 vars */`: how many there are of what nobody lists.
    pub fn counted(&self, memory: &Memory<'_>, what: &str, out: &mut Vec<u8>) -> Option<()> {
        let first = memory.part(part::FIRST)?;
        let each = if what == " vars" { 8 } else { 1 };
        self.pointer(memory.pointer, out);
        out.extend_from_slice(b" /* ");
        digits::decimal(out, first.len / each);
        out.extend_from_slice(what.as_bytes());
        out.extend_from_slice(b" */");
        Some(())
    }
}

/// How a child ended, as the macros of `man 2 wait` say it.
pub fn wait_status(status: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"[{");
    let ended = status & 0x7f;
    if ended == 0 {
        out.extend_from_slice(b"WIFEXITED(s) && WEXITSTATUS(s) == ");
        digits::decimal(out, u64::from(status >> 8 & 0xff));
    } else if ended == 0x7f {
        out.extend_from_slice(b"WIFSTOPPED(s) && WSTOPSIG(s) == ");
        signal((status >> 8 & 0xff) as i32, out);
    } else {
        out.extend_from_slice(b"WIFSIGNALED(s) && WTERMSIG(s) == ");
        signal(ended as i32, out);
        out.extend_from_slice(if status & 0x80 != 0 {
            b" && WCOREDUMP(s)"
        } else {
            b""
        });
    }
    out.extend_from_slice(b"}]");
}
