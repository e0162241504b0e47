//! The one record that everything hangs on: flat, pointer-free, as a source writes it into a ring.
//!
//! In: a call's number, arguments, result and times, and copies of the memory worth keeping. Out: the
//! same, readable in place. A record is a [`RawHead`] followed by segments, each a [`SegmentHead`] and
//! its bytes, padded to eight. Nothing here is interpreted: that is `decode`.

/// What kind of record this is.
pub mod kind {
    /// Not a record: the ring continues at its beginning.
    pub const WRAP: u16 = 0;
    /// A call that can wait has begun.
    pub const ENTER: u16 = 1;
    /// A call has ended.
    pub const CALL: u16 = 2;
    /// A thread or process began: `args[0]` is its id, `args[1]` is 1 for a thread.
    pub const SPAWN: u16 = 3;
    /// The thread ended: `args[0]` is its status.
    pub const EXIT: u16 = 4;
    /// A signal was delivered: `args[0]` is its number.
    pub const SIGNAL: u16 = 5;
    /// `args[0]` records are missing here; segment 0, if there, says why.
    pub const LOST: u16 = 6;
    /// What a descriptor already was when watching began: `args[0]` is its number, `args[1]` is 1 for one
    /// of the tool's own, segment 0 the kind, segment 1 the name.
    pub const FD: u16 = 7;
    /// The program was replaced: segment 0 is its path.
    pub const EXEC: u16 = 8;
    /// The thread was killed: `args[0]` is the signal.
    pub const KILLED: u16 = 9;
    /// Like [`ENTER`]: the call had not ended when the recording did.
    pub const PENDING: u16 = 10;
    /// An operation was queued in a ring: `nr` and `args` are those of the call that it stands for (with
    /// [`super::NO_NUMBER`] and a name where there is none), `op` is its opcode and the last argument its
    /// `user_data`.
    pub const RING_IN: u16 = 11;
    /// The same, with its result: it was taken out of the ring.
    pub const RING_OUT: u16 = 12;
}

/// Marks on a record.
pub mod mark {
    /// The result was made up by a fault; the kernel never saw the call.
    pub const INJECTED: u16 = 1;
    /// A fault made the call wait.
    pub const DELAYED: u16 = 2;
    /// A fault cut the count: `aux` is what the program had asked for; `args` are what the kernel saw.
    pub const CUT: u16 = 4;
    /// Secrets in the kept bytes were overwritten with `*` (see [`super::mask`]).
    pub const REDACTED: u16 = 8;
    /// Nobody knows the result (`= ?`): the thread vanished inside the call.
    pub const NO_RESULT: u16 = 16;
}

/// Which memory a segment holds, for one argument.
pub mod part {
    /// What the argument points to at entry; for memory that only the kernel fills in, at exit.
    pub const FIRST: u8 = 0;
    /// The same memory at exit, where both are kept.
    pub const AFTER: u8 = 1;
    /// The first buffer of an iovec; the next ones count on from here.
    pub const BUFFER: u8 = 2;
    /// The last part that can be a buffer of an iovec.
    pub const LAST_BUFFER: u8 = 251;
    /// A few bytes behind what is kept of a call's data; `len` is where they stand in the data.
    pub const LATER: u8 = 252;
    /// The iovec array of a `struct msghdr`.
    pub const IOVEC: u8 = 253;
    /// The socket address of a `struct msghdr`.
    pub const NAME: u8 = 254;
    /// The control data of a `struct msghdr`.
    pub const CONTROL: u8 = 255;
}

/// The fixed part of a record.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct RawHead {
    /// Bytes of the whole record, segments included; a multiple of 8.
    pub size: u32,
    /// One of [`kind`].
    pub kind: u16,
    /// Bits of [`mark`].
    pub marks: u16,
    /// The kernel's number for the call on this CPU.
    pub nr: u32,
    /// Process id.
    pub pid: u32,
    /// Thread id.
    pub tid: u32,
    /// The opcode (`IORING_OP_*`) of a ring's operation; else zero.
    pub op: u32,
    /// The six argument registers.
    pub args: [u64; 6],
    /// The result as the kernel gives it: a negative errno on failure. 0 in an enter record.
    pub ret: i64,
    /// Nanoseconds of `CLOCK_MONOTONIC` (or of the canonical clock) at enter.
    pub enter: u64,
    /// The same at exit; equal to `enter` in an enter record.
    pub exit: u64,
    /// Belongs to a mark.
    pub aux: u64,
}

/// In place of an argument's number: the segment holds the call's name, because its number is of
/// another CPU, or unknown. `nr` is then [`NO_NUMBER`].
pub const CALL_NAME: u8 = 255;
/// The number of a call that has none on this CPU.
pub const NO_NUMBER: u32 = u32::MAX;

/// Bytes of a [`RawHead`].
pub const HEAD: usize = size_of::<RawHead>();
/// Bytes of a [`SegmentHead`].
pub const SEGMENT_HEAD: usize = size_of::<SegmentHead>();
/// The most bytes one call's record may keep of any one buffer.
pub const KEEP: usize = 64 << 10;
/// Behind these, the most bytes kept at the beginning or end of a buffer: the framing of a chunked body, or
/// its end.
pub const LATER: usize = 64;
/// The most such places in one call.
pub const LATER_MOST: usize = 64;

/// Goes before each piece of copied memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentHead {
    /// Which argument pointed here.
    pub arg: u8,
    /// One of [`part`].
    pub part: u8,
    /// 1 when the memory could not be read: the segment is then empty.
    pub unreadable: u8,
    /// Unused, zero.
    pub reserved: u8,
    /// How many bytes follow.
    pub kept: u32,
    /// How many there were.
    pub len: u64,
}

/// One piece of copied memory, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// See [`SegmentHead`].
    pub arg: u8,
    /// See [`SegmentHead`].
    pub part: u8,
    /// False when the memory could not be read.
    pub readable: bool,
    /// How many bytes there were.
    pub len: u64,
    /// Those that were kept.
    pub bytes: &'a [u8],
}

/// A record, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// The fixed part.
    pub head: RawHead,
    /// The segments' bytes, heads included.
    pub memory: &'a [u8],
}

impl<'a> Raw<'a> {
    /// The pieces of memory, in the order they were copied. Stops at anything torn.
    #[inline]
    pub fn segments(&self) -> Segments<'a> {
        Segments::new(self.memory)
    }

    /// The piece for this argument and part.
    #[inline]
    pub fn segment(&self, arg: u8, part: u8) -> Option<Segment<'a>> {
        self.segments().find(|s| s.arg == arg && s.part == part)
    }

    /// Reads a record from its bytes; `None` when they are too few or torn.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Raw<'a>> {
        let head = RawHead::from_bytes(bytes)?;
        let memory = bytes.get(HEAD..head.size as usize)?;
        Some(Raw { head, memory })
    }
}

impl RawHead {
    /// Reads the fixed part from the beginning of `bytes`.
    #[inline]
    pub fn from_bytes(bytes: &[u8]) -> Option<RawHead> {
        let b: &[u8; HEAD] = bytes.first_chunk()?;
        let u16_at = |i: usize| u16::from_ne_bytes([b[i], b[i + 1]]);
        let u32_at = |i: usize| u32::from_ne_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        let u64_at = |i: usize| {
            u64::from_ne_bytes([
                b[i],
                b[i + 1],
                b[i + 2],
                b[i + 3],
                b[i + 4],
                b[i + 5],
                b[i + 6],
                b[i + 7],
            ])
        };
        Some(RawHead {
            size: u32_at(0),
            kind: u16_at(4),
            marks: u16_at(6),
            nr: u32_at(8),
            pid: u32_at(12),
            tid: u32_at(16),
            op: u32_at(20),
            args: [
                u64_at(24),
                u64_at(32),
                u64_at(40),
                u64_at(48),
                u64_at(56),
                u64_at(64),
            ],
            ret: u64_at(72) as i64,
            enter: u64_at(80),
            exit: u64_at(88),
            aux: u64_at(96),
        })
    }

    /// Writes the fixed part at the beginning of `out`, which must hold [`HEAD`] bytes.
    #[inline]
    pub fn write_to(&self, out: &mut [u8]) {
        let out: &mut [u8; HEAD] = out.first_chunk_mut().expect("room for a head");
        out[0..4].copy_from_slice(&self.size.to_ne_bytes());
        out[4..6].copy_from_slice(&self.kind.to_ne_bytes());
        out[6..8].copy_from_slice(&self.marks.to_ne_bytes());
        out[8..12].copy_from_slice(&self.nr.to_ne_bytes());
        out[12..16].copy_from_slice(&self.pid.to_ne_bytes());
        out[16..20].copy_from_slice(&self.tid.to_ne_bytes());
        out[20..24].copy_from_slice(&self.op.to_ne_bytes());
        for (i, arg) in self.args.iter().enumerate() {
            out[24 + 8 * i..32 + 8 * i].copy_from_slice(&arg.to_ne_bytes());
        }
        out[72..80].copy_from_slice(&self.ret.to_ne_bytes());
        out[80..88].copy_from_slice(&self.enter.to_ne_bytes());
        out[88..96].copy_from_slice(&self.exit.to_ne_bytes());
        out[96..104].copy_from_slice(&self.aux.to_ne_bytes());
    }
}

/// Walks the segments of a record.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// Walks the segments in a record's `memory`.
    #[inline]
    pub fn new(memory: &'a [u8]) -> Segments<'a> {
        Segments { rest: memory }
    }

    /// Goes to the first segment that is `wanted` and gives the memory from there on; empty where
    /// there is none.
    pub fn find_rest(&mut self, wanted: impl Fn(&Segment<'a>) -> bool) -> &'a [u8] {
        loop {
            let here = self.rest;
            match self.next() {
                Some(segment) if wanted(&segment) => return here,
                Some(_) => {}
                None => return &[],
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    #[inline]
    fn next(&mut self) -> Option<Segment<'a>> {
        let head = self.rest.get(..SEGMENT_HEAD)?;
        let kept = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let len = u64::from_ne_bytes([
            head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
        ]);
        let bytes = self.rest.get(SEGMENT_HEAD..SEGMENT_HEAD + kept)?;
        self.rest = self.rest.get(SEGMENT_HEAD + padded(kept)..).unwrap_or(&[]);
        Some(Segment {
            arg: head[0],
            part: head[1],
            readable: head[2] == 0,
            len,
            bytes,
        })
    }
}

/// Writes the head of a segment at the beginning of `out`, which must hold [`SEGMENT_HEAD`] bytes.
#[inline]
pub(crate) fn write_segment_head(out: &mut [u8], head: &SegmentHead) {
    out[..8].copy_from_slice(&{
        let mut first = [head.arg, head.part, head.unreadable, 0, 0, 0, 0, 0];
        first[4..].copy_from_slice(&head.kept.to_ne_bytes());
        first
    });
    out[8..SEGMENT_HEAD].copy_from_slice(&head.len.to_ne_bytes());
}

/// The next multiple of eight.
#[inline]
pub const fn padded(len: usize) -> usize {
    (len + 7) & !7
}

/// Writes a whole segment at the beginning of `out`, which must have room for it; returns its size.
pub(crate) fn write_segment(out: &mut [u8], arg: u8, part: u8, bytes: &[u8]) -> usize {
    let head = SegmentHead {
        arg,
        part,
        kept: bytes.len() as u32,
        len: bytes.len() as u64,
        ..SegmentHead::default()
    };
    write_segment_head(out, &head);
    let end = SEGMENT_HEAD + padded(bytes.len());
    out[SEGMENT_HEAD..end].fill(0);
    out[SEGMENT_HEAD..SEGMENT_HEAD + bytes.len()].copy_from_slice(bytes);
    end
}
