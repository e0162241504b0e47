//! Records put together by hand, for the tests of views.
#![allow(dead_code, reason = "each test uses what it needs")]

use httpsys::abi::calls::CallId;
use httpsys::decode::Decoder;
use httpsys::event::build::Builder;
use httpsys::event::raw::{NO_NUMBER, RawHead, kind};
use httpsys::story::{Step, Story};
use httpsys::view::View;

/// A piece of memory: argument, part, how long it was, what was kept.
pub type Piece<'p> = (u8, u8, u64, &'p [u8]);

/// A piece that was kept whole.
pub fn whole(arg: u8, part: u8, bytes: &[u8]) -> Piece<'_> {
    (arg, part, bytes.len() as u64, bytes)
}

/// The record of a call that has ended: process 7, thread 8, 1.25 µs after 1 ms.
pub fn record(name: &str, args: &[u64], ret: i64, pieces: &[Piece<'_>]) -> Builder {
    let id = CallId::from_name(name).expect("a call of the table");
    let mut builder = Builder::default();
    let mut six = [0; 6];
    six[..args.len()].copy_from_slice(args);
    builder.begin(RawHead {
        kind: kind::CALL,
        nr: id.number().map_or(NO_NUMBER, u32::from),
        pid: 7,
        tid: 8,
        args: six,
        ret,
        enter: 1_000_000,
        exit: 1_001_250,
        ..RawHead::default()
    });
    if id.number().is_none() {
        builder.whole(httpsys::event::raw::CALL_NAME, 0, name.as_bytes());
    }
    for (arg, part, len, bytes) in pieces {
        builder.segment(*arg, *part, *len, bytes);
    }
    builder
}

/// Shows records, in order, with nothing known of descriptors.
pub fn shown(view: &mut dyn View, records: &mut [Builder]) -> String {
    let mut decoder = Decoder::default();
    let story = Story::default();
    let mut out = Vec::new();
    for record in records {
        let step = Step {
            connection: None,
            exchange: None,
            ended: &[],
            notes: &[],
            secrets: &[],
            story: &story,
        };
        view.step(&decoder.event(&record.raw()), &step, &mut out);
    }
    String::from_utf8(out).expect("a view writes text")
}

/// Words as they stand in memory.
pub fn words(list: &[u64]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
