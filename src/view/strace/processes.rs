//! What makes, replaces and ends processes: `clone3`, `execve`, `wait4`; and arrays that are only counted.

use super::bits::named_bits;
use super::signals::signal;
use super::{Line, quote};
use crate::abi::Fd;
use crate::abi::flags;
use crate::event::call::{Memory, Outcome};
use crate::event::digits;
use crate::event::raw::{Segments, part};
use crate::event::structs;
use nix::libc;

/// `CLONE_INTO_CGROUP` (`include/uapi/linux/sched.h`): only with this the last field is looked at.
const INTO_CGROUP: u64 = 0x2_0000_0000;

impl Line<'_> {
    /// `{flags=CLONE_VM|…, …}`, without the fields that the flags do not ask for; behind it what the
    /// kernel filled in.
    pub fn clone_args(&self, memory: &Memory<'_>, out: &mut Vec<u8>) -> Option<()> {
        let bytes = memory.bytes();
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
        if args.flags & INTO_CGROUP != 0
            && let Some(cgroup) = structs::u64_at(bytes, 80)
        {
            out.extend_from_slice(b", cgroup=");
            digits::decimal(out, cgroup);
        }
        out.push(b'}');
        self.cloned(memory, &args, out);
        Some(())
    }

    /// ` => {pidfd=[3], parent_tid=[7]}`: what the kernel filled in.
    fn cloned(&self, memory: &Memory<'_>, args: &structs::CloneArgs, out: &mut Vec<u8>) {
        let Some(child) = self.child() else { return };
        let pidfd = memory.after().and_then(|bytes| structs::u32_at(bytes, 0));
        let tid = (args.flags & libc::CLONE_PARENT_SETTID as u64 != 0).then_some(child);
        if pidfd.is_none() && tid.is_none() {
            return;
        }
        out.extend_from_slice(b" => {");
        if let Some(pidfd) = pidfd {
            out.extend_from_slice(b"pidfd=[");
            self.fd(Fd(pidfd as i32), out);
            out.extend_from_slice(if tid.is_some() { b"], " } else { b"]" });
        }
        if let Some(tid) = tid {
            out.extend_from_slice(b"parent_tid=[");
            digits::signed(out, tid);
            out.push(b']');
        }
        out.push(b'}');
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
        let what = match first.len / each {
            1 if each > 1 => what.trim_end_matches('s'),
            _ => what,
        };
        out.extend_from_slice(what.as_bytes());
        out.extend_from_slice(b" */");
        Some(())
    }
}

/// How a child ended, as the macros of `man 2 wait` say it.
pub fn wait_status(status: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"[{");
    let ended = status & 0x7f;
    if status & 0xffff == 0xffff {
        out.extend_from_slice(b"WIFCONTINUED(s)");
    } else if ended == 0 {
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
