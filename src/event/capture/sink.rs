//! Writes segments: a head, the bytes, padding; and follows pointers inside structures.

use super::{
    ADDRESS_MOST, BUFFERS_MOST, CONTROL_MOST, IOVEC, MESSAGES_MOST, MMSGHDR, MSGHDR, Memory,
    OPTION_MOST, PATH_MOST, POLLFD, small_size,
};
use crate::abi::calls::Kind;
use crate::abi::flags;
use crate::abi::ioctl::IoctlArg;
use crate::event::raw::{
    LATER, LATER_MOST, SEGMENT_HEAD, SegmentHead, padded, part, write_segment_head,
};

/// Where segments are written.
pub struct Sink<'o, M> {
    pub out: &'o mut [u8],
    /// Bytes written, a multiple of eight.
    pub at: usize,
    /// Bytes of data that may still be kept.
    pub data: usize,
    /// How many places were kept behind the data.
    pub laters: usize,
    pub memory: &'o M,
}

impl<M: Memory> Sink<'_, M> {
    /// Copies one piece of `len` bytes, of which at most `most` are kept; returns where it stands.
    #[inline]
    pub fn piece(
        &mut self,
        arg: u8,
        part: u8,
        address: u64,
        len: u64,
        most: usize,
    ) -> std::ops::Range<usize> {
        let body = self.at + SEGMENT_HEAD;
        let Some(room) = (self.out.len() & !7).checked_sub(body) else {
            return 0..0;
        };
        let want = len.min(most as u64).min(room as u64) as usize;
        let got = if want == 0 {
            0
        } else {
            self.memory
                .read(address, &mut self.out[body..body + want])
                .min(want)
        };
        self.close(arg, part, len, got, want > 0 && got == 0);
        body..body + got
    }

    /// The same for what is of no use in part: where the memory ends before it does, it counts as
    /// unreadable (as it does for the kernel, which answers EFAULT).
    #[inline]
    pub fn whole(
        &mut self,
        arg: u8,
        part: u8,
        address: u64,
        len: u64,
        most: usize,
    ) -> std::ops::Range<usize> {
        let body = self.at + SEGMENT_HEAD;
        let Some(room) = (self.out.len() & !7).checked_sub(body) else {
            return 0..0;
        };
        let want = len.min(most as u64).min(room as u64) as usize;
        let got = match want {
            0 => 0,
            _ => self.memory.read(address, &mut self.out[body..body + want]),
        };
        let got = if got < want { 0 } else { want };
        self.close(arg, part, len, got, got < want);
        body..body + got
    }

    /// Writes the head of the segment whose `got` bytes already stand behind it.
    #[inline]
    fn close(&mut self, arg: u8, part: u8, len: u64, got: usize, unreadable: bool) {
        let head = SegmentHead {
            arg,
            part,
            unreadable: u8::from(unreadable),
            reserved: 0,
            kept: got as u32,
            len,
        };
        write_segment_head(&mut self.out[self.at..self.at + SEGMENT_HEAD], &head);
        self.at += SEGMENT_HEAD + padded(got);
    }

    /// Memory as it is before the call.
    pub fn input(&mut self, arg: u8, kind: Kind, args: &[u64; 6]) {
        let address = args[arg as usize];
        match kind {
            Kind::BytesIn { len } => self.data_piece(arg, part::FIRST, address, args[len as usize]),
            Kind::VectorIn { count } => {
                let array = self.array(arg, part::FIRST, address, args[count as usize]);
                self.buffers(arg, array, u64::MAX, true);
            }
            Kind::VectorOut { .. } => {}
            Kind::MessageIn => self.message(arg, address, u64::MAX, part::FIRST),
            Kind::MessageOut => {
                self.whole(arg, part::FIRST, address, MSGHDR as u64, MSGHDR);
            }
            Kind::Path => self.path(arg, address),
            Kind::AddressIn { len } => {
                if let Ok(len) = u64::try_from(args[len as usize] as i32) {
                    self.whole(arg, part::FIRST, address, len, ADDRESS_MOST);
                }
            }
            Kind::OptionIn { len } => {
                if let Ok(len) = u64::try_from(args[len as usize] as i32) {
                    self.whole(arg, part::FIRST, address, len, OPTION_MOST);
                }
            }
            Kind::MessagesIn { count } => {
                let array = self.messages(arg, part::FIRST, address, args[count as usize] as u32);
                self.each_message(arg, array, |_| u64::MAX);
            }
            Kind::MessagesOut { count } => {
                self.messages(arg, part::FIRST, address, args[count as usize] as u32);
            }
            Kind::Strings => self.strings(arg, address),
            Kind::PackedSigSet => {
                let at = self.whole(arg, part::FIRST, address, 16, 16);
                let (set, size) = pair(&self.out[at]);
                if set != 0 && size == SIGSET {
                    self.whole(arg, part::AFTER, set, size, size as usize);
                }
            }
            Kind::Environment => {
                let (count, readable) = self.pointers(address, |_| {});
                self.close(arg, part::FIRST, count * 8, 0, !readable);
            }
            Kind::IoctlArg { request } if !IoctlArg::of(args[request as usize]).is_input() => {}
            Kind::FcntlArg { op } if flags::fcntl_fills(args[op as usize]) => {}
            Kind::IoctlArg { .. } | Kind::FcntlArg { .. } if small_size(kind, args, 0) == 0 => {}
            kind => self.small(arg, part::FIRST, kind, args, 0),
        }
    }

    /// Memory as the call left it, when it succeeded.
    pub fn output(&mut self, arg: u8, kind: Kind, args: &[u64; 6], ret: i64) {
        let address = args[arg as usize];
        let moved = ret as u64;
        match kind {
            Kind::BytesOut { len } => {
                self.data_piece(arg, part::FIRST, address, moved.min(args[len as usize]))
            }
            Kind::VectorOut { count } => {
                let array = self.array(arg, part::FIRST, address, args[count as usize]);
                self.buffers(arg, array, moved, true);
            }
            Kind::MessageOut => self.message(arg, address, moved, part::AFTER),
            Kind::AddressOut { len } => {
                self.counted_by_pointer(arg, args[len as usize], address, ADDRESS_MOST)
            }
            Kind::OptionOut { len } => {
                self.counted_by_pointer(arg, args[len as usize], address, OPTION_MOST)
            }
            Kind::LengthInOut
            | Kind::PollFds { .. }
            | Kind::FdSet { .. }
            | Kind::OffsetInOut
            | Kind::RingParams => self.small(arg, part::AFTER, kind, args, ret),
            Kind::CloneArgs { .. } => self.pidfd(arg, address),
            // ppoll and pselect6 leave the rest of the time there (`man 2 select`, Linux notes).
            Kind::Timespec | Kind::Timeval if ret > 0 => {
                self.small(arg, part::AFTER, kind, args, ret)
            }
            Kind::EpollEvents
            | Kind::IntsOut { .. }
            | Kind::TimespecOut
            | Kind::SigSetOut { .. }
            | Kind::SigActionOut
            | Kind::SigInfoOut
            | Kind::Rusage
            | Kind::ItimerspecOut
            | Kind::WaitStatus
            | Kind::Stat
            | Kind::Statx
            | Kind::StructOut { .. } => self.small(arg, part::FIRST, kind, args, ret),
            Kind::TimespecLeft if ret < 0 => self.small(arg, part::FIRST, kind, args, ret),
            Kind::MessagesIn { .. } => {
                self.messages(arg, part::AFTER, address, ret as u32);
            }
            Kind::MessagesOut { .. } => {
                let array = self.messages(arg, part::AFTER, address, ret as u32);
                self.each_message(arg, array, u64::from);
            }
            Kind::IoctlArg { request } => {
                let what = IoctlArg::of(args[request as usize]);
                if what.size() > 0 && !what.is_input() {
                    self.small(arg, part::FIRST, kind, args, ret);
                }
            }
            Kind::FcntlArg { op } if flags::fcntl_fills(args[op as usize]) => {
                self.small(arg, part::FIRST, kind, args, ret);
            }
            Kind::DirEntries => {
                if let Some(count) = self.dir_entries(address, moved) {
                    self.close(arg, part::FIRST, count, 0, false);
                }
            }
            _ => {}
        }
    }

    /// A structure or array whose size the arguments (or the result) say.
    fn small(&mut self, arg: u8, part: u8, kind: Kind, args: &[u64; 6], ret: i64) {
        let size = small_size(kind, args, ret);
        let len = match kind {
            Kind::PollFds { count } => args[count as usize].saturating_mul(POLLFD as u64),
            Kind::EpollEvents => {
                (ret as u64).saturating_mul(crate::event::call::EPOLL_EVENT as u64)
            }
            _ => size as u64,
        };
        let address = args[arg as usize];
        match kind {
            Kind::PollFds { .. } => self.piece(arg, part, address, len, size),
            _ => self.whole(arg, part, address, len, size),
        };
    }

    /// The descriptor that `clone3` filled in where the flags asked for one: CLONE_PIDFD, in the first
    /// word; where it goes, in the second (`man 2 clone`).
    fn pidfd(&mut self, arg: u8, address: u64) {
        const CLONE_PIDFD: u64 = 0x1000;
        let mut words = [0; 16];
        if self.memory.read(address, &mut words) < words.len() {
            return;
        }
        let (flags, pidfd) = pair(&words);
        if flags & CLONE_PIDFD != 0 {
            self.whole(arg, part::AFTER, pidfd, 4, 4);
        }
    }

    /// Bytes of data, as far as the call's allowance goes. Where the memory ends before they do, what
    /// there is of it is kept if it is [`WORTH`] it: a program may name a length that is not true.
    fn data_piece(&mut self, arg: u8, part: u8, address: u64, len: u64) {
        let most = self.data;
        let start = self.at;
        let got = self.piece(arg, part, address, len, most).len();
        let wanted = len.min(most as u64).min(WORTH as u64) as usize;
        if got < wanted && got > 0 {
            self.at = start;
            self.close(arg, part, len, 0, true);
        } else {
            self.data -= got;
            if part == part::FIRST && got == most {
                self.later(arg, 0, address, len, got);
            }
        }
    }

    fn path(&mut self, arg: u8, address: u64) {
        let body = self.at + SEGMENT_HEAD;
        let Some(room) = (self.out.len() & !7).checked_sub(body) else {
            return;
        };
        let most = PATH_MOST.min(room);
        let got = self
            .memory
            .read_string(address, &mut self.out[body..body + most]);
        let len = got.unwrap_or(0).min(most);
        // The kernel takes no path without an end in as many bytes.
        let kept = len.min(most.saturating_sub(1));
        self.close(arg, part::FIRST, len as u64, kept, got.is_none());
    }

    /// What the kernel filled in where a pointed-to length says how much. It may say more than the
    /// program's buffer held; no more than that was written.
    fn counted_by_pointer(&mut self, arg: u8, length: u64, address: u64, most: usize) {
        let mut after = [0; 4];
        if length == 0 || self.memory.read(length, &mut after) < 4 {
            return;
        }
        let after = u32::from_ne_bytes(after);
        let len = after.min(self.before(length_arg(arg)).unwrap_or(after));
        self.whole(arg, part::FIRST, address, u64::from(len), most);
    }

    /// The length that stood behind argument `arg` at entry.
    fn before(&self, arg: u8) -> Option<u32> {
        let found = crate::event::raw::Segments::new(&self.out[..self.at])
            .find(|s| s.arg == arg && s.part == part::FIRST)?;
        Some(u32::from_ne_bytes(found.bytes.get(..4)?.try_into().ok()?))
    }

    /// An iovec array: where it stands, cut to the buffers that can be told apart.
    pub fn array(&mut self, arg: u8, part: u8, address: u64, count: u64) -> std::ops::Range<usize> {
        match count.checked_mul(IOVEC as u64) {
            Some(len) => self.piece(arg, part, address, len, BUFFERS_MOST * IOVEC),
            // Nothing can be that long.
            None => 0..0,
        }
    }

    /// The buffers of an iovec array, `moved` bytes of them at most; with `later`, a little also of those
    /// behind the first that is cut.
    fn buffers(&mut self, arg: u8, array: std::ops::Range<usize>, moved: u64, later: bool) {
        let (mut left, mut at) = (moved, 0);
        let mut cut = false;
        for (index, entry) in array.clone().step_by(IOVEC).enumerate() {
            let Some((address, len)) = self
                .out
                .get(entry..entry + IOVEC)
                .filter(|_| entry + IOVEC <= array.end)
                .map(pair)
            else {
                return;
            };
            let len = len.min(left);
            match cut {
                true => self.later(arg, at, address, len, 0),
                false => {
                    // A cut piece would shift the bytes after it, so it is the last one. What cannot be
                    // read shifts nothing: no call moves bytes beyond it.
                    let most = self.data;
                    cut = len > most as u64;
                    self.data_piece(arg, part::BUFFER + index as u8, address, len);
                    let got = most - self.data;
                    if cut && got == most {
                        self.later(arg, at, address, len, got);
                    }
                }
            }
            (left, at) = (left - len, at.saturating_add(len));
            if left == 0 || (cut && !later) {
                return;
            }
        }
    }

    /// A few bytes of a buffer of which only the first `had` were kept: those at its beginning and its
    /// end, where the lines stand that frame the chunks of a body. `at` is where it begins in the data.
    pub fn later(&mut self, arg: u8, at: u64, address: u64, len: u64, had: usize) {
        let mut from = had as u64;
        if from == 0 {
            from = len.min(LATER as u64);
            self.one_later(arg, at, address, from);
        }
        let end = from.max(len.saturating_sub(LATER as u64));
        self.one_later(
            arg,
            at.saturating_add(end),
            address.wrapping_add(end),
            len - end,
        );
    }

    fn one_later(&mut self, arg: u8, at: u64, address: u64, len: u64) {
        let body = self.at + SEGMENT_HEAD;
        let want = len as usize;
        if want == 0 || self.laters == LATER_MOST || body + padded(want) > self.out.len() {
            return;
        }
        let got = self.memory.read(address, &mut self.out[body..body + want]);
        if got == want {
            self.laters += 1;
            self.close(arg, part::LATER, at, got, false);
        }
    }

    /// A `struct msghdr` and what it points to.
    fn message(&mut self, arg: u8, address: u64, moved: u64, which: u8) {
        let at = self.whole(arg, which, address, MSGHDR as u64, MSGHDR);
        if let Ok(header) = <[u8; MSGHDR]>::try_from(&self.out[at]) {
            self.behind_message(arg, &header, moved, true);
        }
    }

    /// The array of a `sendmmsg` or `recvmmsg`, cut to the messages that are kept.
    fn messages(&mut self, arg: u8, part: u8, address: u64, count: u32) -> std::ops::Range<usize> {
        let len = u64::from(count) * MMSGHDR as u64;
        self.piece(arg, part, address, len, MESSAGES_MOST * MMSGHDR)
    }

    /// What the messages of an array point to, one after the other; each begins with its iovec array,
    /// an empty one where it has none. `moved` is given what the kernel says of a message's length.
    fn each_message(&mut self, arg: u8, array: std::ops::Range<usize>, moved: impl Fn(u32) -> u64) {
        for at in array.clone().step_by(MMSGHDR) {
            let Some(bytes) = self
                .out
                .get(at..at + MMSGHDR)
                .filter(|_| at + MMSGHDR <= array.end)
            else {
                return;
            };
            let mut header = [0; MSGHDR];
            header.copy_from_slice(&bytes[..MSGHDR]);
            let len = u32::from_ne_bytes([bytes[56], bytes[57], bytes[58], bytes[59]]);
            self.behind_message(arg, &header, moved(len), false);
        }
    }

    /// The iovec array of a `struct msghdr` (first, so that messages can be told apart), its address,
    /// its control data and its buffers.
    fn behind_message(&mut self, arg: u8, header: &[u8; MSGHDR], moved: u64, later: bool) {
        let (name, name_len) = pair(&header[..16]);
        let (iov, count) = pair(&header[16..32]);
        let (control, control_len) = pair(&header[32..48]);
        let array = match iov {
            0 => {
                self.piece(arg, part::IOVEC, 0, 0, 0);
                0..0
            }
            iov => self.array(arg, part::IOVEC, iov, count),
        };
        if name != 0 {
            self.whole(arg, part::NAME, name, name_len & 0xffff_ffff, ADDRESS_MOST);
        }
        if control != 0 && control_len != 0 {
            self.whole(arg, part::CONTROL, control, control_len, CONTROL_MOST);
        }
        self.buffers(arg, array, moved, later);
    }

    /// A NULL-terminated array of strings: how long the array is, then each string.
    fn strings(&mut self, arg: u8, address: u64) {
        let mut list = [0; BUFFERS_MOST];
        let mut used = 0;
        let (count, readable) = self.pointers(address, |pointer| {
            if let Some(place) = list.get_mut(used) {
                *place = pointer;
                used += 1;
            }
        });
        self.close(arg, part::FIRST, count * 8, 0, !readable);
        for (index, pointer) in list[..used].iter().enumerate() {
            let body = self.at + SEGMENT_HEAD;
            let room = (self.out.len() & !7).saturating_sub(body);
            let most = PATH_MOST.min(room).min(self.data);
            if most == 0 {
                return;
            }
            let got = self
                .memory
                .read_string(*pointer, &mut self.out[body..body + most]);
            let len = got.unwrap_or(0).min(most);
            self.data -= len;
            // A string that fills its place goes on behind it, as far as anyone can tell.
            let whole = len as u64 + u64::from(len == most);
            let part = part::BUFFER + index as u8;
            self.close(arg, part, whole, len, got.is_none());
        }
    }

    /// Walks a NULL-terminated array of pointers; how many there are, and whether it can be read.
    fn pointers(&self, address: u64, mut each: impl FnMut(u64)) -> (u64, bool) {
        const STEP: usize = 512;
        let mut count = 0;
        let mut bytes = [0; STEP];
        while count < STRINGS_MOST {
            let here = address.wrapping_add(count * 8);
            // No step touches a page that the array does not.
            let want = STEP - (here % STEP as u64) as usize;
            let got = self.memory.read(here, &mut bytes[..want.max(8)]);
            if got < 8 {
                return (count, count > 0);
            }
            for word in bytes[..got].chunks_exact(8) {
                let pointer = word.try_into().map_or(0, u64::from_ne_bytes);
                if pointer == 0 {
                    return (count, true);
                }
                each(pointer);
                count += 1;
            }
        }
        (count, true)
    }

    /// How many `struct linux_dirent64` stand in these bytes (`man 2 getdents64`): each says at its
    /// 16th byte how long it is.
    fn dir_entries(&self, address: u64, bytes: u64) -> Option<u64> {
        const RECLEN: usize = 16;
        let mut chunk = [0; 4096];
        let (mut at, mut count) = (0, 0);
        while at < bytes {
            let want = (bytes - at).min(chunk.len() as u64) as usize;
            let got = self.memory.read(address + at, &mut chunk[..want]);
            let mut here = 0;
            while let Some(len) = chunk[..got].get(here + RECLEN..here + RECLEN + 2) {
                here += usize::from(u16::from_ne_bytes([len[0], len[1]])).max(RECLEN + 3);
                count += 1;
            }
            if here == 0 {
                return None;
            }
            at += here as u64;
        }
        Some(count)
    }
}

/// As many bytes of a string as strace shows unless asked for more, and one: fewer, where there should be
/// more, and it shows the pointer.
const WORTH: usize = 33;
/// Bytes of the kernel's `sigset_t`.
const SIGSET: u64 = 8;
/// Longer arrays of strings are not counted to their end.
const STRINGS_MOST: u64 = 1 << 16;

/// The pointed-to length always is the argument after the one it measures (`man 2 accept`,
/// `man 2 recvfrom`, `man 2 getsockopt`).
const fn length_arg(arg: u8) -> u8 {
    arg + 1
}

/// Two words: a pointer and a length.
fn pair(bytes: &[u8]) -> (u64, u64) {
    let word = |at: usize| {
        bytes
            .get(at..at + 8)
            .and_then(|b| b.try_into().ok())
            .map_or(0, u64::from_ne_bytes)
    };
    (word(0), word(8))
}
