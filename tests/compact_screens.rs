//! Screens of the compact view, compared with the texts in `tests/golden`.

mod story_events;

use httpsys::abi::Fd;
use httpsys::abi::Pid;
use httpsys::event::ProcessEvent;
use httpsys::event::call::{Call, Data, Found};
use httpsys::view::View;
use httpsys::view::compact::CompactOptions;
use httpsys::view::paint::Paint;
use httpsys::view::summary::SummaryView;
use httpsys::view::text::Charset;
use httpsys::view::time::{Calendar, TimeStyle};
use story_events::{GET, Play, golden, ok_page};

fn listening(play: &mut Play) {
    play.listener();
    play.waits(
        "accept4",
        Call::Accept {
            fd: Fd(3),
            peer: None,
            flags: 0,
        },
    );
    play.t += 400_000_000;
    play.dur = 100_000_000;
}

#[test]
fn one_get_of_a_file() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 31566);
    play.read(4, GET);
    play.open(b"index.html", 5);
    play.stat(5, 15);
    play.read(5, b"<h1>hello</h1>\n");
    play.close(5);
    play.write(4, &ok_page());
    play.read(4, b"");
    play.close(4);
    golden("one_get", &play.screen());
}

#[test]
fn a_request_that_faults_cut_into_pieces() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 31566);
    let mut room = 8192;
    for piece in GET.chunks(16) {
        play.cut_from = Some(room);
        let data = Data::one(piece.len() as u64, piece);
        let call = Call::Receive {
            fd: Fd(4),
            asked: 16,
            data,
            flags: 0,
        };
        play.ok("read", call, piece.len() as i64);
        room -= 16;
    }
    play.injected = true;
    play.write_fails(4, &ok_page(), 5);
    play.close(4);
    golden("faults", &play.screen());
}

const MISSING: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope";
const HI: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi";

#[test]
fn a_browser_with_favicon_preconnect_and_keep_alive() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 40001);
    play.read(4, GET);
    play.write(4, &ok_page());
    play.accept(5, 40002);
    play.read(4, b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n");
    play.write(4, MISSING);
    let second = 1_000_000_000u64;
    let mut value = (second / 1_000_000_000).to_ne_bytes().to_vec();
    value.extend_from_slice(&0u64.to_ne_bytes());
    play.ok(
        "setsockopt",
        Call::SetOption {
            fd: Fd(5),
            level: 1,
            name: 20,
            value: &value,
        },
        0,
    );
    play.waits(
        "read",
        Call::Receive {
            fd: Fd(5),
            asked: 8192,
            data: Data::NONE,
            flags: 0,
        },
    );
    play.dur = second;
    play.read_fails(5, 11);
    play.close(5);
    play.read(4, b"");
    play.close(4);
    golden("browser", &play.screen());
}

#[test]
fn pipelined_requests_under_epoll() {
    let mut play = Play::default();
    play.listener();
    play.ok("epoll_create1", Call::EpollCreate, 5);
    play.watch(1, 3, 1);
    play.ready(&[(1, 3)]);
    play.accept(4, 40001);
    play.watch(1, 4, 1 | 0x2000 | 1 << 31);
    play.ready(&[(1, 4)]);
    let three = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5);
    play.read(4, &three);
    play.write(4, &HI.repeat(5));
    play.read_fails(4, 11);
    play.ready(&[(0x2019, 4), (1, 3)]);
    play.read_fails(4, 104);
    play.watch(2, 4, 0);
    play.close(4);
    golden("pipelining", &play.screen());
}

#[test]
fn a_body_in_two_pieces_with_continue_and_a_short_answer() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 40001);
    play.read(
        4,
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\nExpect: 100-continue\r\n\r\n",
    );
    play.write(4, b"HTTP/1.1 100 Continue\r\n\r\n");
    play.read(4, b"twelve bytes");
    play.read(4, b" and fifteen.\r\n");
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_vec();
    answer.resize(answer.len() + 10_000_000, b'x');
    play.write_some(4, &answer, 3_900_000);
    play.write_fails(4, &answer[3_900_000..], 11);
    play.watch(3, 4, 4);
    play.write(4, &answer[3_900_000..]);
    play.ok("shutdown", Call::Shutdown { fd: Fd(4), how: 1 }, 0);
    play.read(4, b"");
    play.close(4);
    golden("body", &play.screen());
}

#[test]
fn odd_clients() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40001);
    play.read(4, &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
    play.close(4);
    play.accept(4, 40002);
    play.read(4, b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n");
    play.write(
        4,
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    play.close(4);
    play.accept(4, 40003);
    play.read(4, b"GET / HT");
    play.read(4, b"");
    play.close(4);
    play.accept(4, 40004);
    play.read(
        4,
        b"HEAD /a-very-long-path/that-does-not/fit HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    play.write(4, super_head());
    play.close(4);
    golden("odd_clients", &play.screen());
}

fn super_head() -> &'static [u8] {
    b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n"
}

#[test]
fn repeated_lines_are_folded() {
    let mut play = Play::default();
    play.listener();
    for _ in 0..1000 {
        play.fails(
            "accept4",
            Call::Accept {
                fd: Fd(3),
                peer: None,
                flags: 0,
            },
            11,
        );
    }
    play.accept(4, 40001);
    golden("folded", &play.screen());
}

/// The tables of a story.
fn tables(play: &Play, charset: Charset) -> String {
    let mut out = Vec::new();
    SummaryView::new(Paint::new(false, charset, 80)).end(&play.story, &mut out);
    String::from_utf8(out).expect("tables are UTF-8")
}

#[test]
fn tables_by_call_descriptor_and_exchange() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 31566);
    play.read(4, GET);
    play.open(b"a-rather-long-directory-name/index.html", 5);
    play.stat(5, 15);
    play.read(5, b"<h1>hello</h1>\n");
    play.write(4, &ok_page());
    play.read(
        4,
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n",
    );
    play.read(4, b"Hi");
    play.write(4, HI);
    play.read(4, GET);
    play.open(b"a-rather-long-directory-name/index.html", 6);
    play.close(4);
    play.accept(4, 31567);
    play.read(4, GET);
    golden("tables", &tables(&play, Charset::Ascii));
    golden("tables_utf8", &tables(&play, Charset::Utf8));
}

#[test]
fn titles_of_tables_fit_a_narrow_screen() {
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 31566);
    play.read(4, GET);
    play.write(4, HI);
    for width in [40, 60, 70, 80] {
        let mut out = Vec::new();
        SummaryView::new(Paint::new(false, Charset::Ascii, width)).end(&play.story, &mut out);
        let text = String::from_utf8(out).expect("tables are UTF-8");
        let titles: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("By "))
            .collect();
        assert_eq!(titles.len(), 3, "{text}");
        assert!(
            titles.iter().all(|title| title.len() <= width),
            "{titles:?}"
        );
        assert_eq!(titles[1].contains('('), width >= 70, "{titles:?}");
    }
}

#[test]
fn tables_of_many_exchanges_say_what_they_leave_out() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 31566);
    for _ in 0..1000 {
        play.read(4, GET);
        play.write(4, HI);
    }
    golden("tables_many", &tables(&play, Charset::Ascii));
}

#[test]
fn several_threads_and_connections_say_whose_a_line_is() {
    let mut play = Play::default();
    play.listener();
    play.process(ProcessEvent::Spawn {
        child: Pid(8),
        thread: true,
    });
    play.accept(4, 40001);
    play.tid = 8;
    play.waits(
        "read",
        Call::Receive {
            fd: Fd(4),
            asked: 8192,
            data: Data::NONE,
            flags: 0,
        },
    );
    play.tid = 7;
    play.accept(5, 40002);
    play.tid = 8;
    play.read(4, GET);
    play.open(b"a-rather-long-directory-name/index.html", 6);
    play.open(b"a-rather-long-directory-name/index.html", 7);
    play.write(4, &ok_page());
    play.close(4);
    play.process(ProcessEvent::Exit { status: 0 });
    golden("threads", &play.screen());
}

#[test]
fn a_long_trace_and_strace_time_stamps_keep_their_columns() {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40001);
    play.t = 9_999_900_000;
    play.read(4, &GET[..20]);
    play.t = 123_456_780_000_000;
    play.read(4, &GET[20..]);
    play.write(4, &ok_page());
    let mut screen = play.screen();
    for time in [
        TimeStyle::Clock,
        TimeStyle::Micros,
        TimeStyle::Epoch,
        TimeStyle::Delta,
    ] {
        let calendar = Calendar {
            start: 1_795_248_000_250_000_000,
            offset: 0,
        };
        let options = CompactOptions {
            time,
            calendar,
            duration: true,
            excerpt: Some(20),
            quiet: true,
            skip_startup: false,
        };
        let mut play = Play::new(Paint::plain(), options);
        play.listener();
        play.accept(4, 40001);
        play.read(4, GET);
        screen.push_str(&play.screen());
    }
    golden("times", &screen);
}

#[test]
fn a_path_without_room_is_cut_so_that_one_sees_it() {
    let options = CompactOptions {
        time: TimeStyle::Epoch,
        ..CompactOptions::default()
    };
    let mut play = Play::new(Paint::plain(), options);
    play.open(b"a-long-name/index.html", 5);
    let screen = play.screen();
    assert!(screen.contains("openat(\"...index.html\")"), "{screen}");
}

/// An idle loop (Python's `serve_forever` polls twice a second) leaves the last request on the screen.
#[test]
fn a_wait_that_times_out_again_and_again_is_told_once_and_counted_when_something_happens() {
    let poll = || Call::Poll {
        fds: 1,
        timeout: 500,
        found: Found::List(b""),
    };
    let mut play = Play::default();
    listening(&mut play);
    play.accept(4, 31566);
    let mut counts = Vec::new();
    for _ in 0..10 {
        play.waits("poll", poll());
        play.view.rest(&mut play.out);
        play.dur = 500_000_000;
        play.ok("poll", poll(), 0);
        play.view.rest(&mut play.out);
        counts.push(play.out.iter().filter(|byte| **byte == b'\n').count());
    }
    assert!(
        counts[1..].iter().all(|count| *count == counts[1]),
        "{counts:?}"
    );
    play.read(4, GET);
    let screen = play.screen();
    assert_eq!(screen.matches("poll(").count(), 4, "{screen}");
    let folded = screen.lines().position(|line| line.contains("x9 "));
    let read = screen.lines().position(|line| line.contains("read("));
    assert!(folded.is_some() && folded < read, "{screen}");
}

#[test]
fn a_call_that_was_shown_waiting_is_stamped_with_the_time_it_went_on() {
    let mut play = Play::new(
        Paint::plain(),
        CompactOptions {
            time: TimeStyle::Micros,
            ..CompactOptions::default()
        },
    );
    play.listener();
    let before = play.t;
    listening_waits(&mut play);
    play.dur = 500_000_000;
    play.accept(4, 31566);
    let screen = play.screen();
    let times = times_of(&screen, "accept4");
    assert_eq!(times.len(), 2, "{screen}");
    assert_eq!(
        times[0],
        format!("00:00:00.{:06}", before / 1000),
        "{screen}"
    );
    assert_eq!(
        times[1],
        format!("00:00:00.{:06}", before / 1000 + 500_000),
        "{screen}"
    );
}

#[test]
fn the_times_of_waiting_lines_never_run_backwards() {
    let mut play = Play::default();
    play.listener();
    let begun = play.t;
    play.accept(4, 31566);
    play.read(4, GET);
    let now = std::mem::replace(&mut play.t, begun);
    play.tid = 8;
    listening_waits(&mut play);
    play.t = now;
    let screen = play.screen();
    let times: Vec<f64> = screen
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert!(times.is_sorted(), "{screen}");
}

fn listening_waits(play: &mut Play) {
    let call = Call::Accept {
        fd: Fd(3),
        peer: None,
        flags: 0,
    };
    play.waits("accept4", call);
}

/// The first words of the lines that show this call.
fn times_of(screen: &str, call: &str) -> Vec<String> {
    let lines = screen.lines().filter(|line| line.contains(call));
    lines
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}
