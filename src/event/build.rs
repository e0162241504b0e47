//! Puts a record together from its parts, for sources that have them one by one (a recording) and for
//! tests. The recorder writes into its ring directly instead (`capture`).

use crate::event::raw::{
    HEAD, Raw, RawHead, SEGMENT_HEAD, SegmentHead, padded, write_segment_head,
};

/// A record being put together. Its memory is used again for the next one.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// The fixed part; `size` is filled in at the end.
    pub head: RawHead,
    bytes: Vec<u8>,
}

impl Builder {
    /// Begins a new record with this fixed part and no segments.
    pub fn begin(&mut self, head: RawHead) {
        self.head = head;
        self.bytes.clear();
        self.bytes.resize(HEAD, 0);
    }

    /// Adds a segment of which all bytes were kept.
    pub fn whole(&mut self, arg: u8, part: u8, bytes: &[u8]) {
        self.segment(arg, part, bytes.len() as u64, bytes);
    }

    /// Adds a segment: `len` bytes there were, `bytes` were kept.
    pub fn segment(&mut self, arg: u8, part: u8, len: u64, bytes: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.resize(HEAD, 0);
        }
        let at = self.bytes.len();
        self.bytes.resize(at + SEGMENT_HEAD, 0);
        let head = SegmentHead {
            arg,
            part,
            unreadable: 0,
            reserved: 0,
            kept: bytes.len() as u32,
            len,
        };
        write_segment_head(&mut self.bytes[at..], &head);
        self.bytes.extend_from_slice(bytes);
        self.bytes
            .resize(at + SEGMENT_HEAD + padded(bytes.len()), 0);
    }

    /// The record as bytes.
    pub fn finish(&mut self) -> &[u8] {
        if self.bytes.is_empty() {
            self.bytes.resize(HEAD, 0);
        }
        self.head.size = self.bytes.len() as u32;
        self.head.write_to(&mut self.bytes);
        &self.bytes
    }

    /// The record, read in place.
    pub fn raw(&mut self) -> Raw<'_> {
        self.finish();
        Raw {
            head: self.head,
            memory: &self.bytes[HEAD..],
        }
    }
}
