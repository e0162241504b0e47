//! What each scene claims, asserted from the recordings of its servers: a test fails if the kernel did not
//! do it.

mod common;
mod demo_support;

use common::httpsys;
use demo_support::{Call, Scene, brief, of};

fn played(name: &str) -> Scene {
    demo_support::played(&httpsys(), name)
}

/// The calls that move a connection along, in brief.
const TALK: &[&str] = &["accept4", "read", "write", "close"];

fn talk(calls: &[Call]) -> Vec<String> {
    brief(calls, TALK)
}

#[test]
fn hello_is_one_accept_one_read_one_write_one_close() {
    let scene = played("hello");
    let calls: Vec<&str> = scene.servers[0].iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        &calls[..5],
        ["accept4", "setsockopt", "read", "write", "close"]
    );
    assert_eq!(
        scene.servers[0][0].ret, 4,
        "the connection is the next number"
    );
    assert!(scene.screen.contains("- client 1: HTTP/1.1 200 OK"));
    assert!(scene.screen.lines().count() <= 24, "{}", scene.screen);
}

#[test]
fn two_clients_the_second_is_accepted_only_after_the_first_is_over() {
    let scene = played("two-clients");
    let calls = &scene.servers[0];
    assert_eq!(
        talk(calls)[..8],
        [
            "accept4 4",
            "read 10",
            "read 22",
            "write 197",
            "close 0",
            "accept4 4",
            "read 32",
            "write 197"
        ]
    );
    let slept = of(calls, "read")[1].dur;
    assert!(
        slept >= 200_000_000,
        "the second client waited in the backlog"
    );
    assert!(scene.screen.contains("client 2: nothing for 200 ms"));
}

#[test]
fn keep_alive_saves_an_accept_and_a_close() {
    let scene = played("keep-alive");
    let count = |n: usize, name| {
        let calls = &scene.servers[n];
        calls
            .iter()
            .filter(|c| c.name == name && c.errno.is_none())
            .count()
    };
    assert_eq!((count(0, "accept4"), count(1, "accept4")), (1, 2));
    assert_eq!((count(0, "write"), count(1, "write")), (2, 2));
    // As many calls as the scene says, and those that it leaves out.
    let seen = |n: usize| {
        let names = ["accept4", "read", "write", "close"];
        let calls = scene.servers[n].iter().skip_while(|c| c.name != "accept4");
        let last = if n == 0 { "c1 over" } else { "c2 over" };
        assert!(scene.screen.contains(last), "{}", scene.screen);
        calls
            .filter(|c| c.ret >= 0 && (c.fd() != Some(3) || c.name == "accept4"))
            .filter(|c| names.contains(&c.name.as_str()))
            .count()
    };
    assert_eq!((seen(0), seen(1)), (7, 8));
}

#[test]
fn myths_are_answered_by_the_kernel() {
    let scene = played("myths");
    let calls = &scene.servers[0];
    // Asked once, then asleep.
    assert_eq!(
        brief(calls, &["accept4"])[..2],
        ["accept4 EAGAIN", "accept4 5"]
    );
    // The connection's own end has the listener's port.
    let here = of(calls, "getsockname")[0];
    assert_eq!(
        (here.fd(), here.args["addr"].as_str()),
        (Some(5), Some(scene.listeners[0].as_str()))
    );
    let listener = of(calls, "getsockname")[1];
    assert_eq!(
        (listener.fd(), &listener.args["addr"]),
        (Some(3), &here.args["addr"])
    );
    // read is back with what has come.
    assert_eq!(brief(calls, &["read"]), ["read 12", "read 20"]);
    // The FIN comes with close.
    assert!(scene.screen.contains("40 bytes, then nothing for 100 ms"));
    let close = scene.screen.find("close(5)").expect("the close is shown");
    let eof = scene.screen.find("0 bytes, then EOF").expect("and the end");
    assert!(close < eof);
}

#[test]
fn split_request_takes_a_read_for_each_piece() {
    let scene = played("split-request");
    assert_eq!(
        brief(&scene.servers[0], &["read"]),
        ["read 1", "read 9", "read 16", "read 5", "read 1"]
    );
}

#[test]
fn pipelining_is_one_read_and_one_write_for_three_requests() {
    let scene = played("pipelining");
    let calls = &scene.servers[0];
    let (reads, writes) = (of(calls, "read"), of(calls, "write"));
    assert_eq!((reads[0].ret, writes.len()), (101, 1));
    assert_eq!(writes[0].moved.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(writes[0].moved.matches("HTTP/1.1 404").count(), 1);
    // Each of the three is named, both ways.
    for part in [
        "> GET /hi",
        "> GET /headers",
        "> GET /no",
        "< 404 Not Found",
    ] {
        assert!(scene.screen.contains(part), "{part} in\n{}", scene.screen);
    }
}

#[test]
fn short_write_takes_several_writes_and_loses_nothing() {
    let scene = played("short-write");
    let calls = &scene.servers[0];
    let writes = of(calls, "write");
    assert!(
        writes[0].ret > 0 && writes[0].ret < 10_000_064,
        "{:?}",
        writes[0]
    );
    assert!(writes.iter().any(|w| w.errno.as_deref() == Some("EAGAIN")));
    let sent: i64 = writes.iter().map(|w| w.ret.max(0)).sum();
    assert_eq!(sent, 10_000_064);
    assert!(scene.screen.contains("client 1: 10000064 bytes, then EOF"));
}

#[test]
fn eagain_is_what_a_non_blocking_call_says_instead_of_sleeping() {
    let scene = played("eagain");
    assert_eq!(
        talk(&scene.servers[0])[..5],
        [
            "accept4 EAGAIN",
            "accept4 4",
            "read EAGAIN",
            "read 32",
            "write 59"
        ]
    );
    let spins = of(&scene.servers[1], "accept4");
    assert!(spins.len() > 10, "{}", spins.len());
    assert!(spins.iter().all(|c| c.errno.as_deref() == Some("EAGAIN")));
}

/// Client 2 is answered while client 1 has sent half of its request.
fn the_second_client_goes_first(name: &str, wait: &str) {
    let scene = played(name);
    let calls = &scene.servers[0];
    let talked = brief(calls, &["read", "write"]);
    assert_eq!(
        talked[..5],
        ["read 10", "read 32", "write 178", "read 22", "write 178"],
        "{name}"
    );
    assert!(of(calls, wait).len() >= 5, "{name}");
}

#[test]
fn select_poll_and_epoll_let_a_quick_client_pass_a_slow_one() {
    the_second_client_goes_first("select", "pselect6");
    the_second_client_goes_first("poll", "ppoll");
    the_second_client_goes_first("epoll", "epoll_pwait");
}

#[test]
fn epoll_et_does_not_mention_unread_bytes_again_and_level_triggered_epoll_does() {
    let scene = played("epoll-et");
    let talked = |n: usize| brief(&scene.servers[n], &["epoll_pwait", "read"]);
    assert_eq!(
        talked(0),
        [
            "epoll_pwait 1",
            "read 10",
            "epoll_pwait 1",
            "read 22",
            "read EAGAIN"
        ]
    );
    assert_eq!(
        talked(1),
        [
            "epoll_pwait 1",
            "read 10",
            "epoll_pwait 0",
            "read 22",
            "read EAGAIN"
        ]
    );
    let waited = of(&scene.servers[1], "epoll_pwait")[1].dur;
    assert!(waited >= 300_000_000, "{waited}");
}

#[test]
fn half_close_ends_one_direction_only() {
    let scene = played("half-close");
    assert_eq!(
        talk(&scene.servers[0])[..5],
        ["accept4 4", "read 32", "read 0", "write 59", "close 0"]
    );
    assert!(scene.screen.contains("client 1: 59 bytes, then EOF"));
}

#[test]
fn early_close_eats_the_answer_and_lingering_saves_it() {
    let scene = played("early-close");
    let line = |part: &str| {
        let found = scene.screen.lines().find(|line| line.contains(part));
        found
            .unwrap_or_else(|| panic!("no `{part}` in {}", scene.screen))
            .to_owned()
    };
    let got = line("then ECONNRESET");
    let bytes: u64 = got
        .split(' ')
        .nth(3)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    assert!(bytes < 100_077, "{got}");
    line("client 1: 100077 bytes, then EOF");
    for calls in &scene.servers {
        assert_eq!(
            of(calls, "write")[0].ret,
            100_077,
            "the kernel took all of it"
        );
    }
    assert_eq!(
        brief(&scene.servers[1], &["shutdown", "read"])[1..],
        ["shutdown 0", "read 40", "read 0"]
    );
    let found = "c1 r1 closed with 40 bytes of the body unread: RST";
    assert_eq!(scene.screen.matches(found).count(), 1, "{}", scene.screen);
}

#[test]
fn sigpipe_kills_at_the_second_write_and_nosignal_is_epipe() {
    let scene = played("sigpipe");
    let calls = &scene.servers[0];
    // The second write has no result: its process was killed in it.
    assert_eq!(brief(calls, &["write"]), ["write 40", "write ?"]);
    let screen = &scene.screen;
    let place = |part: &str| {
        screen
            .find(part)
            .unwrap_or_else(|| panic!("{part} in\n{screen}"))
    };
    assert!(place("it never came back") < place("killed by signal 13, SIGPIPE"));
    assert!(place("signal 13, SIGPIPE") < place("c1 killed by SIGPIPE"));
    assert_eq!(
        brief(&scene.servers[1], &["sendto"]),
        ["sendto 40", "sendto EPIPE"]
    );
}

#[test]
fn rst_in_queue_is_accepted_and_found_out_later() {
    let scene = played("rst-in-queue");
    let names = &["accept4", "getpeername", "read", "sendto"];
    assert_eq!(
        brief(&scene.servers[0], names),
        [
            "accept4 4",
            "getpeername ENOTCONN",
            "read ECONNRESET",
            "read 0",
            "sendto EPIPE"
        ]
    );
}

#[test]
fn reuseaddr_must_have_been_set_in_both_runs_and_never_allows_two_listeners() {
    let scene = played("reuseaddr");
    let binds: Vec<String> = (scene.servers.iter())
        .flat_map(|calls| brief(calls, &["bind"]))
        .collect();
    let (taken, free) = ("bind EADDRINUSE", "bind 0");
    assert_eq!(binds, [taken, taken, taken, free, taken]);
}

#[test]
fn fd_reuse_makes_an_event_speak_of_somebody_else() {
    let scene = played("fd-reuse");
    let calls = &scene.servers[0];
    let wait = calls
        .iter()
        .position(|c| c.name == "epoll_pwait")
        .expect("it waits");
    assert_eq!(
        calls[wait..].iter().map(Call::brief).collect::<Vec<_>>(),
        [
            "epoll_pwait 2",
            "read 32",
            "close 0",
            "accept4 6",
            "read EAGAIN"
        ]
    );
    assert_eq!(
        calls[wait + 2].fd(),
        Some(6),
        "the number that is given away"
    );
    assert_eq!(calls[wait + 4].fd(), Some(6), "and asked again");
}

#[test]
fn dup_and_close_leaves_a_number_that_epoll_names_and_nobody_can_take_out() {
    let scene = played("dup-and-close");
    let calls = &scene.servers[0];
    let closed = calls
        .iter()
        .position(|c| c.name == "close")
        .expect("it closes");
    assert_eq!(
        calls[closed..].iter().map(Call::brief).collect::<Vec<_>>(),
        [
            "close 0",
            "epoll_pwait 1",
            "read EBADF",
            "epoll_ctl EBADF",
            "read 32",
            "close 0"
        ]
    );
}

#[test]
fn fork_inherits_and_the_end_comes_with_the_last_holder() {
    let scene = played("fork-inherits");
    let calls = &scene.servers[0];
    let parent = of(calls, "accept4")[0].pid;
    let close = of(calls, "close")[0];
    let read = of(calls, "read")[0];
    assert!(close.pid == parent && read.pid != parent);
    let screen = &scene.screen;
    let at = |part: &str| {
        screen
            .find(part)
            .unwrap_or_else(|| panic!("no `{part}` in {screen}"))
    };
    assert!(at("close(4)") < at("nothing for 100 ms") && at("exit_group") < at("then EOF"));
}

#[test]
fn backlog_full_is_silence_until_somebody_is_accepted() {
    let scene = played("backlog-full");
    // Linux: backlog + 1.
    assert!(
        scene.screen.contains("2 of 3 clients are connected"),
        "{}",
        scene.screen
    );
    // The clock of the third client: a second, and what the machine takes beside it.
    let waited = scene.screen.split_once("one more is connected, ");
    let waited = waited.and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(waited.is_some_and(|ms| ms >= 900), "{}", scene.screen);
    assert_eq!(
        brief(&scene.servers[0], &["accept4"]),
        ["accept4 4", "accept4 5", "accept4 6"]
    );
}

#[test]
fn emfile_spins_without_a_cure() {
    let scene = played("emfile");
    let tries = of(&scene.servers[0], "accept4");
    let failed = tries
        .iter()
        .filter(|c| c.errno.as_deref() == Some("EMFILE"));
    assert!(failed.count() > 10, "{}", tries.len());
    for (n, fd) in [(1, 5), (2, 3)] {
        let tries = brief(&scene.servers[n], &["accept4"]);
        assert_eq!(
            tries[1..],
            ["accept4 EMFILE".to_owned(), format!("accept4 {fd}")]
        );
    }
    let pause = of(&scene.servers[1], "epoll_pwait")[1];
    assert_eq!(
        pause.ret, 0,
        "nobody is told while the listener is not watched"
    );
    assert!(scene.screen.contains("client 2: 0 bytes, then EOF"));
}

#[test]
fn slowloris_holds_the_seat_until_the_head_is_overdue() {
    let scene = played("slowloris");
    let calls = &scene.servers[0];
    let reads = of(calls, "read");
    assert_eq!(reads[3].errno.as_deref(), Some("EAGAIN"), "{reads:?}");
    // The head's 5 s are over, and no silence was that long.
    let overdue = reads[3].t + reads[3].dur - reads[0].t;
    assert!(overdue >= 4_900_000_000, "{overdue}");
    assert!(
        reads.iter().all(|read| read.dur < 4_500_000_000),
        "{reads:?}"
    );
    let limits = of(calls, "setsockopt");
    assert!(
        limits.len() >= 4,
        "each read may take what is left: {limits:?}"
    );
    let writes = of(calls, "write");
    assert!(
        writes[0].moved.starts_with("HTTP/1.1 408") && writes[1].moved.starts_with("HTTP/1.1 200")
    );
}

/// The milliseconds of each line of them.
fn rounds(screen: &str) -> Vec<Vec<f64>> {
    let lines = screen
        .lines()
        .filter_map(|line| line.split_once("answer was whole: "));
    lines
        .map(|(_, ms)| ms.split(' ').filter_map(|ms| ms.parse().ok()).collect())
        .collect()
}

#[test]
fn nagle_delays_the_second_write_until_the_first_is_acknowledged() {
    let scene = played("nagle");
    let rounds = rounds(&scene.screen);
    assert_eq!(rounds.len(), 3, "{}", scene.screen);
    let quickest = |n: usize| rounds[n].iter().copied().fold(f64::INFINITY, f64::min);
    // The kernel acknowledges at once at the start of a connection, and after a pause; otherwise it waits.
    let slowest = rounds[0].iter().copied().fold(0.0, f64::max);
    assert!(slowest >= 20.0, "{rounds:?}");
    assert!(quickest(1) < 20.0 && quickest(2) < 20.0, "{rounds:?}");
    let writes = |n: usize| of(&scene.servers[n], "write").len();
    assert_eq!((writes(0), writes(1), writes(2)), (16, 16, 8));
    let found = "c1 r1 a small response in 2 writes: Nagle may hold the last";
    assert!(scene.screen.contains(found), "{}", scene.screen);
    assert!(scene.screen.contains(", whole after "), "{}", scene.screen);
}

#[test]
fn chunked_bodies_are_cut_anywhere() {
    let scene = played("chunked");
    let calls = &scene.servers[0];
    assert_eq!(
        brief(calls, &["read"]),
        ["read 63", "read 6", "read 5", "read 26"]
    );
    assert!(
        of(calls, "write")[0]
            .moved
            .ends_with("\r\n\r\nHellosixteen bytes...")
    );
}

#[test]
fn expect_continue_is_answered_before_the_body_is_sent_or_refused_without_it() {
    let scene = played("expect-continue");
    let wrote = |n: usize, at: usize| of(&scene.servers[n], "write")[at].moved.clone();
    assert_eq!(wrote(0, 0), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(wrote(0, 1).starts_with("HTTP/1.1 200 OK") && wrote(0, 1).ends_with("Hello"));
    assert!(wrote(1, 0).starts_with("HTTP/1.1 413"));
    assert_eq!(brief(&scene.servers[1], &["read"]), ["read 76", "read 0"]);
}

#[test]
fn smuggling_is_one_request_or_two_or_refused() {
    let scene = played("smuggling");
    let answers = |n: usize| {
        let writes = of(&scene.servers[n], "write");
        writes
            .iter()
            .map(|w| w.moved.matches("HTTP/1.1 200").count())
            .sum::<usize>()
    };
    let same: Vec<String> = (scene.servers.iter())
        .map(|calls| of(calls, "read")[0].moved.clone())
        .collect();
    assert!(same[0] == same[1] && same[1] == same[2], "{same:?}");
    assert_eq!((answers(0), answers(1), answers(2)), (1, 2, 0));
    assert!(scene.screen.contains("client 1: HTTP/1.1 400 Bad Request"));
    assert!(scene.screen.contains("client 1: 1 answer: POST /hi\n"));
    assert!(
        scene
            .screen
            .contains("client 1: 2 answers: POST /hi; GET /admin\n")
    );
}

#[test]
fn browser_opens_a_connection_that_asks_for_nothing_and_wants_an_icon() {
    let scene = played("browser");
    let calls = &scene.servers[0];
    let accepted: Vec<i64> = of(calls, "accept4").iter().map(|c| c.ret).collect();
    assert_eq!(accepted, [5, 6]);
    let asked = |fd: i64| {
        let reads = of(calls, "read");
        reads
            .iter()
            .filter(|c| c.fd() == Some(fd) && c.ret > 0)
            .count()
    };
    assert_eq!((asked(5), asked(6)), (2, 0));
    assert!(of(calls, "read")[1].moved.starts_with("GET /favicon.ico"));
}

#[test]
fn uring_serves_without_a_read_or_write_that_is_a_call() {
    if !common::models::io_uring_works() {
        let scene = played("uring");
        assert!(scene.servers.is_empty() && scene.screen.contains("refuses it"));
        return;
    }
    let scene = played("uring");
    let calls = &scene.servers[0];
    assert_eq!(brief(calls, &["accept4", "read", "write"]), [""; 0]);
    let enters = of(calls, "io_uring_enter").len();
    let operations = scene.screen.matches("sq: ").count();
    assert!(enters > 0 && operations > 0, "{}", scene.screen);
    assert!(scene.screen.contains("< 200 OK"));
}
