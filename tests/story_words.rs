//! Notes that are true of any program: which file is a body, what is printed, and results that the program never sees.

mod story_events;

use httpsys::abi::Fd;
use httpsys::event::call::Call;
use httpsys::event::call::Data;
use httpsys::event::call::Found;
use story_events::GET;
use story_events::Play;

fn asked_for(request: &[u8]) -> Play {
    let mut play = Play::default();
    play.listener();
    play.accept(4, 40001);
    play.read(4, request);
    play
}

fn from_file(play: &mut Play) -> String {
    let data = Data::one(15, b"<h1>hello</h1>\n");
    let call = Call::Receive {
        fd: Fd(5),
        asked: 4096,
        data,
        flags: 0,
    };
    play.ok("read", call, 15).first()
}

#[test]
fn the_file_that_a_request_asks_for_is_its_body() {
    for (target, path) in [
        ("/a/page.html?x=/y", "site/a/page.html"),
        ("/page.html", "page.html.gz"),
        ("/", "/srv/index.html"),
        ("/a/", "a/index.php"),
    ] {
        let mut play = asked_for(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        play.open(path.as_bytes(), 5);
        assert_eq!(
            play.stat(5, 15).first(),
            "15 bytes -> Content-Length",
            "{path}"
        );
        assert_eq!(from_file(&mut play), "file body", "{path}");
    }
}

#[test]
fn other_files_that_a_program_reads_meanwhile_are_no_body() {
    for (target, path) in [
        ("/page.html", "/etc/mime.types"),
        ("/page.html", "/srv/page.htm"),
        ("/page.html", "page.html.bak"),
        ("/", "/etc/localtime"),
        ("/a", "a/index.html"),
    ] {
        let mut play = asked_for(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        play.open(path.as_bytes(), 5);
        assert_eq!(play.stat(5, 15).first(), "15 bytes long", "{path}");
        assert_eq!(from_file(&mut play), "from a file", "{path}");
    }
}

#[test]
fn a_file_of_another_name_is_the_body_once_its_length_was_promised() {
    let mut play = asked_for(GET);
    play.open(b"hello.html", 5);
    assert_eq!(play.stat(5, 15).first(), "15 bytes long");
    assert_eq!(from_file(&mut play), "from a file");
    play.write(4, b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n");
    assert_eq!(from_file(&mut play), "file body");
}

#[test]
fn what_a_program_prints_is_told_and_what_it_writes_to_a_file_is_not() {
    let mut play = Play::default();
    assert_eq!(
        play.write(1, b"server started\n").first(),
        "prints \"server started\\n\""
    );
    assert_eq!(
        play.write(2, b"\x1b[31mno").first(),
        "prints \"\\x1b[31mno\""
    );
    play.open(b"access.log", 5);
    assert_eq!(play.write(5, b"a line\n").first(), "into a file");
    assert!(play.write(9, b"somewhere").notes.is_empty());
}

#[test]
fn a_call_that_a_signal_cut_short_has_no_result_yet() {
    let mut play = Play::default();
    play.listener();
    let call = Call::Accept {
        fd: Fd(3),
        peer: None,
        flags: 0,
    };
    assert_eq!(
        play.fails("accept", call, 512).first(),
        "a signal came first"
    );
    let screen = play.screen();
    assert!(screen.contains(" =    ?  a signal came first"), "{screen}");
}

#[test]
fn time_is_over_only_for_who_waited() {
    let mut play = Play::default();
    let mut poll = |timeout| {
        let found = Found::List(&[]);
        let call = Call::Poll {
            fds: 1,
            timeout,
            found,
        };
        play.ok("poll", call, 0).first()
    };
    assert_eq!(poll(500), "0 = time over, nothing ready");
    assert_eq!(poll(0), "0 = nothing is ready now");
}

#[test]
fn whether_a_descriptor_outlives_execve_is_said() {
    let mut play = Play::default();
    let mut fcntl = |op, arg, result| {
        let call = Call::Fcntl { fd: Fd(7), op, arg };
        play.ok("fcntl", call, result).first()
    };
    assert_eq!(fcntl(2, 1, 0), "will be closed at execve");
    assert_eq!(fcntl(2, 0, 0), "stays open at execve");
    assert_eq!(fcntl(1, 0xdead, 1), "will be closed at execve");
    assert_eq!(fcntl(3, 0, 0o4002), "its calls never sleep");
    assert_eq!(fcntl(3, 0, 2), "its calls may sleep");
    let screen = play.screen();
    for call in [
        "fcntl(7, F_SETFD, CLOEXEC)",
        "fcntl(7, F_GETFD)",
        "fcntl(7, F_GETFL)",
    ] {
        assert!(screen.contains(call), "{screen}");
    }
}

#[test]
fn making_a_thread_and_making_a_process_look_different() {
    let mut play = Play::default();
    for (flags, shown) in [
        (0x3d_0f00, "clone(thread)"),
        (0x120_0011, "clone(process)"),
        (0x4111, "clone(process, parent waits)"),
    ] {
        play.ok("clone", Call::Clone { flags }, 77);
        let screen = play.screen();
        assert!(screen.contains(shown), "{shown}: {screen}");
    }
}
