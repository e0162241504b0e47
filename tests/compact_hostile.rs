//! Nothing that comes from outside moves the cursor, and no line is wider than it may be.

mod story_events;

use httpsys::abi::Fd;
use httpsys::abi::address::Address;
use httpsys::event::ProcessEvent;
use httpsys::event::call::{Call, Data, Outcome};
use httpsys::view::View;
use httpsys::view::compact::CompactOptions;
use httpsys::view::paint::Paint;
use httpsys::view::summary::SummaryView;
use httpsys::view::text::{Charset, width};
use httpsys::view::time::{Calendar, TimeStyle};
use story_events::{GET, Play};

const EVIL: &[u8] = b"\x1b[31m\x07\x9b2J\xe2\x80\xae\xc2\x9b\x7f\x00";

fn columns(line: &str) -> usize {
    line.chars()
        .map(|c| if c.is_ascii() { 1 } else { width(c).max(1) })
        .sum()
}

/// A screen that holds nothing but printable characters, in lines that fit.
fn is_safe(screen: &str, most: usize) {
    for line in screen.lines() {
        assert!(columns(line) <= most, "{} columns: {line}", columns(line));
        for c in line.chars() {
            let printable = if c.is_ascii() {
                (' '..='~').contains(&c)
            } else {
                width(c) > 0
            };
            assert!(printable, "{c:?} in {line:?}");
        }
    }
}

fn attack(play: &mut Play) {
    play.listener();
    let name = [b"\0".as_slice(), EVIL, &[b'x'; 80]].concat();
    let call = Call::Accept {
        fd: Fd(3),
        peer: Some(Address::Unix(name)),
        flags: 0,
    };
    play.ok("accept4", call, 4);
    play.read(4, &[b"GET /".as_slice(), EVIL, b" HTTP/1.1\r\n"].concat());
    play.read(4, EVIL);
    play.open(&[EVIL, &[b'y'; 300]].concat(), 5);
    play.read(5, EVIL);
    play.write(
        4,
        &[
            b"HTTP/1.1 200 ".as_slice(),
            "\u{202e}日本語\u{301}".as_bytes(),
            b"\r\n\r\n",
        ]
        .concat(),
    );
    play.write(4, EVIL);
    play.close(4);
    play.process(ProcessEvent::Exec {
        program: String::from_utf8_lossy(EVIL).into_owned(),
        without_rights: false,
    });
    play.process(ProcessEvent::Killed { signal: -9 });
}

#[test]
fn escape_sequences_never_reach_a_terminal() {
    for charset in [Charset::Ascii, Charset::Utf8] {
        let options = CompactOptions {
            excerpt: Some(64),
            duration: true,
            ..CompactOptions::default()
        };
        let mut play = Play::new(Paint::new(false, charset, 80), options);
        attack(&mut play);
        let mut tables = Vec::new();
        SummaryView::new(Paint::new(false, charset, 80)).end(&play.story, &mut tables);
        let screen = play.screen() + &String::from_utf8(tables).expect("tables are UTF-8");
        is_safe(&screen, 80);
        assert!(charset == Charset::Utf8 || screen.is_ascii());
    }
}

#[test]
fn with_colour_every_sequence_is_one_of_ours_and_is_switched_off_on_its_line() {
    let mut play = Play::new(
        Paint::new(true, Charset::Utf8, 80),
        CompactOptions::default(),
    );
    attack(&mut play);
    for line in play.screen().lines() {
        let mut rest = line;
        let mut on = false;
        while let Some(at) = rest.find('\x1b') {
            let end = rest[at..].find('m').expect("a colour ends in m") + at;
            assert!(
                rest[at + 1..end]
                    .bytes()
                    .skip(1)
                    .all(|b| b.is_ascii_digit() || b == b';'),
                "{line:?}"
            );
            on = &rest[at..end] != "\x1b[0";
            rest = &rest[end + 1..];
        }
        assert!(!on, "{line:?}");
    }
}

/// A small generator of numbers, so that a failure can be repeated (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn random_call(play: &mut Play, dice: &mut Dice) {
    const BYTES: [&[u8]; 9] = [
        GET,
        b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: x\r\nCookie: a\r\n\r\n",
        EVIL,
        b"\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
    ];
    let fd = dice.roll(6) as i32 - 1;
    let bytes = BYTES[dice.roll(9) as usize];
    let bytes = &bytes[dice.roll(3) as usize % bytes.len()..bytes.len() - dice.roll(2) as usize];
    let outcome = match dice.roll(8) {
        0 => Outcome::Failed(httpsys::abi::errno::Errno(dice.roll(140) as i32 - 2)),
        1 => Outcome::Unknown,
        2 => Outcome::Returned(dice.roll(1 << 50) as i64),
        3 => Outcome::Returned(0),
        _ => Outcome::Returned(bytes.len() as i64),
    };
    let data = Data::one(
        bytes.len() as u64 + dice.roll(2) * dice.roll(1 << 40),
        bytes,
    );
    let call = match dice.roll(14) {
        0 => Call::Socket {
            domain: 2,
            kind: 1,
            flags: 0,
            protocol: 0,
        },
        1 => Call::Accept {
            fd: Fd(fd),
            peer: None,
            flags: 0,
        },
        2 => Call::Close { fd: Fd(fd) },
        3 => Call::Dup {
            close_on_exec: false,
            fd: Fd(fd),
            to: None,
        },
        4 => Call::SendFile {
            out: Fd(fd),
            input: Fd(fd + 1),
            count: dice.roll(1 << 40),
        },
        5 => Call::Connect {
            fd: Fd(fd),
            address: None,
        },
        6 => Call::Stat {
            fd: Fd(fd),
            size: Some(dice.roll(1 << 60)),
            mode: Some(dice.roll(1 << 17) as u32),
        },
        7..=10 => Call::Receive {
            fd: Fd(fd),
            asked: dice.roll(1 << 20),
            data,
            flags: dice.roll(8) as u32 / 6 * 2,
        },
        _ => Call::Send {
            fd: Fd(fd),
            asked: data.len,
            data,
            flags: 0,
        },
    };
    play.dur = dice.roll(1 << 34);
    play.pid = 7 + dice.roll(2) as u32;
    play.tid = play.pid + dice.roll(3) as u32;
    match dice.roll(40) {
        0 => play.lost(dice.roll(1 << 40)),
        1 => play.process(ProcessEvent::Exit { status: 1 }),
        2 => play.process(ProcessEvent::Spawn {
            child: httpsys::abi::Pid(8),
            thread: false,
        }),
        3 => play.waits("read", call),
        _ => play.call("read", call, outcome),
    };
}

#[test]
fn no_trace_however_odd_makes_the_story_panic_or_a_line_too_wide() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let time = [
            TimeStyle::Milliseconds,
            TimeStyle::Clock,
            TimeStyle::Micros,
            TimeStyle::Epoch,
            TimeStyle::Delta,
        ][dice.roll(5) as usize];
        let options = CompactOptions {
            time,
            calendar: Calendar {
                start: dice.roll(1 << 60),
                offset: -3600,
            },
            duration: dice.roll(2) == 0,
            excerpt: (dice.roll(3) == 0).then_some(32),
            quiet: dice.roll(2) == 0,
            skip_startup: dice.roll(2) == 0,
        };
        let most = 60 + dice.roll(60) as usize;
        let mut play = Play::new(Paint::new(false, Charset::Ascii, most), options);
        for _ in 0..200 {
            random_call(&mut play, &mut dice);
        }
        let mut tables = Vec::new();
        SummaryView::new(Paint::new(false, Charset::Ascii, most.max(80)))
            .end(&play.story, &mut tables);
        is_safe(&play.screen(), most);
        is_safe(
            &String::from_utf8(tables).expect("tables are UTF-8"),
            most.max(80),
        );
    }
}
