//! What strace wrote, replayed: the same lines again, and the same story as our own recording tells.

mod common;

use common::Folder;
use common::Server;
use common::httpsys;
use common::models::models;
use common::peer;
use httpsys::server::IoModel;
use httpsys::source::replayed::Replayed;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

const REQUESTS: [&[u8]; 3] = [
    b"GET /hi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    b"GET /none?q=1 HTTP/1.0\r\n\r\n",
];

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

#[track_caller]
fn replay(args: &[&str]) -> String {
    let mut command = httpsys();
    command.arg("replay").args(args).stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("a view writes text")
}

/// A log, replayed in strace's own view, with each call's column undone.
fn shown(folder: &Folder, log: &str, flags: &[&str]) -> String {
    let path = folder.file("log", log);
    let screen = replay(&[&[text(&path), "--view", "strace"], flags].concat());
    let line = |line: &str| match line.rsplit_once(" = ") {
        Some((call, result)) => format!("{} = {result}\n", call.trim_end()),
        None => format!("{line}\n"),
    };
    screen.lines().map(line).collect()
}

/// Every exchange as the tables have it: request, status; then the sums.
fn story(path: &str) -> Vec<String> {
    let tables = replay(&[path, "-c", "--width", "300"]);
    // Times differ from one watcher to another; the table of them comes last.
    let exchanges = tables
        .lines()
        .take_while(|line| !line.starts_with("Where the time went"));
    let exchanges = exchanges.filter(|line| {
        line.strip_prefix('r')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut story: Vec<String> = exchanges
        .map(|line| {
            line.split_whitespace()
                .take(4)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let sums = tables.lines().last().unwrap_or("");
    let sums = sums
        .split(", ")
        .filter(|sum| !sum.ends_with(" calls") && !sum.starts_with("fds"));
    story.push(sums.collect::<Vec<_>>().join(", "));
    story
}

#[test]
fn our_own_strace_view_is_read_back_line_for_line() {
    let folder = Folder::new("strace-log-own");
    let mut recordings = vec!["demo/recordings/three-connections.jsonl".to_string()];
    for io in models() {
        let model = io.name();
        let path = folder.0.join(model);
        let args = [
            "--io",
            model,
            "--max-requests",
            "3",
            "--no-redact",
            "--record",
            text(&path),
        ];
        let server = Server::start(&args);
        for request in REQUESTS {
            assert!(server.ask(request).starts_with(b"HTTP/1.1 "));
        }
        assert_eq!(server.finish().0, Some(0));
        recordings.push(text(&path).to_string());
    }
    let first = folder.0.join("first");
    let second = folder.0.join("second");
    for recording in &recordings {
        // A line a call says that a child began only when its parent's call ends, which may be later than
        // what the child does: what descriptors are called there depends on the machine. strace itself
        // cuts the parent's line.
        let forks = recording.ends_with("fork");
        // Nor are operations of a ring in that view: they are no calls.
        let rings = recording.ends_with("uring");
        for flags in [
            &["-s", "65536"][..],
            &["-tt", "-T"],
            &["-ttt", "-T", "-y"],
            &["-r", "-T", "-yy", "-x"],
            &["-t", "-T", "-xx", "-n"],
        ] {
            if (forks || rings) && flags.iter().any(|flag| flag.starts_with("-y")) {
                continue;
            }
            replay(&[&[recording, "--view", "strace", "-o", text(&first)], flags].concat());
            replay(
                &[
                    &[text(&first), "--view", "strace", "-o", text(&second)],
                    flags,
                ]
                .concat(),
            );
            let read = |path: &Path| std::fs::read_to_string(path).expect("-o writes it");
            // A canonical recording has no addresses of memory: `N` is read as somewhere.
            let lines = read(&first).replace(" N, ", " 0x1, ");
            let again = read(&second);
            assert_eq!(lines, again, "{recording} {flags:?}");
        }
        replay(&[
            recording,
            "--view",
            "strace",
            "-s",
            "65536",
            "-o",
            text(&first),
        ]);
        if !forks && !rings {
            assert_eq!(story(recording), story(text(&first)), "{recording}");
        }
    }
}

#[test]
fn strace_of_the_server_tells_the_same_story_as_its_own_recording() {
    if !peer("strace") {
        return;
    }
    let folder = Folder::new("strace-log-peer");
    // What goes through a ring is in no log of strace.
    for io in models().filter(|io| *io != IoModel::Uring) {
        let model = io.name();
        let recording = folder.0.join(format!("{model}.jsonl"));
        let log = folder.0.join(format!("{model}.strace"));
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-tt",
            "-T",
            "-yy",
            "-s",
            "65536",
            "-o",
            text(&log),
            "--",
        ]);
        command.arg(httpsys().get_program());
        command.args([
            "serve",
            "-l",
            "127.0.0.1:0",
            "--io",
            model,
            "--max-requests",
            "3",
        ]);
        command.args(["--log", "off", "--record", text(&recording)]);
        let server = Server::spawn(command);
        for request in REQUESTS {
            assert!(server.ask(request).starts_with(b"HTTP/1.1 "));
        }
        assert_eq!(server.finish().0, Some(0), "strace ends as the program did");
        let (own, theirs) = (story(text(&recording)), story(text(&log)));
        assert_eq!(own.len(), 4, "{own:?}");
        assert_eq!(own, theirs, "{model}");
        let lost = replay(&[text(&log), "--view", "strace", "-e", "trace=none"]);
        assert!(!lost.contains("--- lost"), "{model}: {lost}");
    }
}

#[test]
fn strace_of_pythons_server_shows_each_exchange() {
    if !peer("strace") || !peer("python3") {
        return;
    }
    let folder = Folder::new("strace-log-python");
    folder.file("index.txt", "hello\n");
    let log = folder.0.join("log");
    let script = "import http.server as h, sys\n\
        s = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n\
        s.daemon_threads = False\n\
        sys.stderr.write('listening on http://127.0.0.1:%d/\\n' % s.server_address[1]); sys.stderr.flush()\n\
        s.handle_request(); s.handle_request(); s.server_close()\n";
    for traced in ["all", "network,read,write,close"] {
        let mut command = Command::new("strace");
        let trace = format!("trace={traced}");
        command.args([
            "-f",
            "-tt",
            "-T",
            "-yy",
            "-s",
            "65536",
            "-e",
            &trace,
            "-o",
            text(&log),
        ]);
        command
            .args(["python3", "-S", "-u", "-c", script])
            .current_dir(&folder.0);
        let server = Server::spawn(command);
        assert!(
            server
                .ask(b"GET /index.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                .ends_with(b"hello\n")
        );
        assert!(
            server
                .ask(b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n")
                .starts_with(b"HTTP/1.0 404")
        );
        assert_eq!(server.finish().0, Some(0));
        let story = story(text(&log));
        let told = |line: &str| story.iter().any(|told| told.contains(line));
        assert!(
            told("GET /index.txt 200") && told("GET /nope 404"),
            "{traced}: {story:?}"
        );
        assert!(
            story.last().is_some_and(|sums| sums.contains("2 requests")),
            "{story:?}"
        );
    }
}

#[test]
fn cut_lines_are_put_together_and_messages_between_them_are_no_loss() {
    let folder = Folder::new("strace-log-cut");
    let log = "\
execve(\"/bin/x\", [\"x\"], 0x7ffd1000 /* 3 vars */) = 0
clone(child_stack=NULL, flags=SIGCHLDstrace: Process 2084 attached
) = 2084
[pid  2084] recvfrom(4,  <unfinished ...>
[pid  2083] accept4(3, 0x7fffa4e5dc60, [28], SOCK_CLOEXEC) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
[pid  2083] --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=11046, si_uid=0} ---
[pid  2084] <... recvfrom resumed>\"GET / HT\", 4096, 0, NULL, NULL) = 8
[pid  2084] writev(5, [{iov_base=\"HTTP/1.1 200 OK\\r\\nContent-Length:\"..., iov_len=70}], 1) = -1 EPIPE (Broken pipe) (INJECTED)
[pid  2084] +++ exited with 3 +++
--- SIGCHLD {si_signo=SIGCHLD} ---
read(7, \"\\1\\2\"..., 10) = 10
 | 00000  01 02 03 04 05 06 07 08  09 0a                    ..........       |
exit_group(0) = ?
+++ killed by SIGPIPE (core dumped) +++
";
    let expected = "\
execve(\"/bin/x\", 0x1, 0x7ffd1000) = 0
[pid     1] clone(child_stack=NULL, flags=SIGCHLD) = 2084
[pid  2084] recvfrom(4,  <unfinished ...>
[pid     1] accept4(3, 0x7fffa4e5dc60, [28], SOCK_CLOEXEC) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
[pid     1] --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=11046, si_uid=0} ---
[pid  2084] <... recvfrom resumed>\"GET / HT\", 4096, 0, NULL, NULL) = 8
[pid  2084] writev(5, [{iov_base=\"HTTP/1.1 200 OK\\r\\nContent-Length:\"..., iov_len=70}], 1) = -1 EPIPE (Broken pipe) (INJECTED)
[pid  2084] +++ exited with 3 +++
--- SIGCHLD {si_signo=SIGCHLD} ---
read(7, \"\\1\\2\\3\\4\\5\\6\\7\\10\\t\\n\", 10) = 10
exit_group(0) = ?
+++ killed by SIGPIPE +++
";
    let lines = |text: &str| text.lines().skip(1).map(str::to_string).collect::<Vec<_>>();
    assert_eq!(lines(&shown(&folder, log, &[])), lines(expected));
}

#[test]
fn a_close_that_is_cut_gives_its_number_back_before_another_takes_it() {
    let folder = Folder::new("strace-log-close");
    let peer =
        "{sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr(\"127.0.0.1\")}, [16], 0) = 4";
    let log = format!(
        "7 clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD) = 8\n\
         7 accept4(3, {peer}\n\
         8 close(4 <unfinished ...>\n\
         7 accept4(3, {peer}\n\
         8 <... close resumed>) = 0\n\
         7 close(4) = 0\n"
    );
    let path = folder.file("log", log);
    let screen = replay(&[text(&path)]);
    let place = |part: &str| {
        screen
            .find(part)
            .unwrap_or_else(|| panic!("{part} in\n{screen}"))
    };
    assert!(place("c1 over") < place("c2 from") && place("c2 from") < place("c2 over"));
}

#[test]
fn descriptors_that_were_there_before_are_told_of() {
    let folder = Folder::new("strace-log-fds");
    let log = "7 08:00:00 recvfrom(4<TCP:[127.0.0.1:80->127.0.0.1:9]>, \"GET /x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\", 99, 0, NULL, NULL) = 28 <0.000010>\n";
    let path = folder.file("log", log);
    let json = replay(&[text(&path), "--view", "json"]);
    let fact = r#"{"type":"fd","t":0,"pid":7,"tid":7,"fd":4,"kind":"socket","name":"127.0.0.1:80 -> 127.0.0.1:9"}"#;
    assert!(json.contains(fact), "{json}");
    assert!(replay(&[text(&path)]).contains("GET /x"));
    assert!(
        json.starts_with(r#"{"v":1,"type":"start","source":"strace-log""#),
        "{json}"
    );
}

#[test]
fn what_s_cut_off_is_unknown_and_not_guessed() {
    let folder = Folder::new("strace-log-short");
    let log =
        "7 recvfrom(4, \"GET /index.txt HTTP/1.1\\r\\nHost: 1\"..., 8192, 0, NULL, NULL) = 88\n";
    let path = folder.file("log", log);
    let json = replay(&[text(&path), "--view", "json"]);
    assert!(
        json.contains(r#""data":{"len":88,"text":"GET /index.txt HTTP/1.1\r\nHost: 1","kept":32}"#),
        "{json}"
    );
}

#[test]
fn a_broken_line_is_a_loss_with_its_number() {
    let folder = Folder::new("strace-log-broken");
    let log = "7 close(3) = 0\n7 close(4\nfrom the program itself\n7 close(5) = \n7 close(6) = 0\n7 <... read resumed>) = 3\n";
    let screen = shown(&folder, log, &[]);
    let lost: Vec<&str> = screen
        .lines()
        .filter(|line| line.contains("--- lost 1: line "))
        .collect();
    assert_eq!(lost.len(), 4, "{screen}");
    for (line, number) in lost.iter().zip([2, 3, 4, 6]) {
        assert!(
            line.contains(&format!("line {number} cannot be read")),
            "{line}"
        );
    }
    assert!(screen.contains("close(3)") && screen.contains("close(6)"));
}

/// How many records a log gives.
fn count(log: &[u8]) -> usize {
    let mut replayed = Replayed::new(BufReader::new(log)).expect("memory can be read");
    let mut decoder = httpsys::decode::Decoder::default();
    let mut story = httpsys::story::Story::default();
    let mut count = 0;
    while let Some((_, raw)) = replayed.next_numbered().expect("memory can be read") {
        story.step(&decoder.event(&raw));
        count += 1;
    }
    count
}

const SAMPLE: &str = "\
3545  07:48:25.280025 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[1876440]> <0.000019>
3545  07:48:25.287934 setsockopt(3<TCP:[1876440]>, SOL_IPV6, IPV6_V6ONLY, [0], 4) = -1 ENOPROTOOPT (Protocol not available) <0.000057>
3545  07:48:25.303176 bind(3<TCP:[1876440]>, {sa_family=AF_INET, sin_port=htons(18082), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0 <0.002500>
3545  07:48:25.329363 accept4(3<TCP:[127.0.0.1:18082]>, {sa_family=AF_INET6, sin6_port=htons(29401), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, [128 => 28], SOCK_CLOEXEC) = 4<TCP:[127.0.0.1:18082->127.0.0.1:57264]> <0.000010>
3547  07:48:25.336965 recvfrom(4<TCP:[127.0.0.1:18082->127.0.0.1:57264]>,  <unfinished ...>
3545  07:48:25.336966 ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=1, tv_nsec=0}, ~[KILL RT_1], 8) = 1 ([{fd=3, revents=POLLIN}], left {tv_sec=0, tv_nsec=9})
3547  07:48:25.336967 <... recvfrom resumed>\"GET / HTTP/1.1\\r\\nHost: 1\\0\\x7f\\1771\"..., 8192, 0, NULL, NULL) = 88 <0.000006>
3547  07:48:25.358581 sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"HTTP/1.1 200 OK\\r\\n\", iov_len=17}, {iov_base=\"ok\", iov_len=2}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 19
3547  07:48:25.360610 sendfile(5, 6</tmp/st/index.txt>, [0] => [6], 6) = 6 <0.000043>
3547  07:48:25.360611 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 7
3547  07:48:25.360612 pselect6(9, [3 8], NULL, NULL, {tv_sec=1, tv_nsec=0}, NULL) = 1 (in [3], left {tv_sec=0, tv_nsec=5})
3547  07:48:25.360613 epoll_ctl(4<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 3, {events=EPOLLIN, data={u32=3, u64=3}}) = 0
3547  07:48:25.360614 fstat(6, {st_mode=S_IFREG|0644, st_size=15, ...}) = 0
3547  07:48:25.365127 +++ exited with 0 +++
3545  07:48:25.576821 --- SIGINT {si_signo=SIGINT, si_code=SI_USER, si_pid=3500, si_uid=0} ---
3545  07:48:25.587135 +++ killed by SIGKILL +++
";

#[test]
fn a_log_that_is_cut_anywhere_or_has_a_tail_is_read_as_far_as_it_goes() {
    let whole = count(SAMPLE.as_bytes());
    let folder = Folder::new("strace-log-tail");
    assert!(!shown(&folder, SAMPLE, &["-s", "99"]).contains("lost"));
    let mut before = 0;
    for cut in 0..=SAMPLE.len() {
        let records = count(&SAMPLE.as_bytes()[..cut]);
        // A call that was begun at the cut shows as pending where its end would be.
        assert!(
            records <= whole + 1 && records + 2 >= before,
            "cut at {cut}: {records}"
        );
        before = before.max(records);
    }
    assert_eq!(count(format!("{SAMPLE}\n\n").as_bytes()), whole);
    assert_eq!(count(format!("{SAMPLE}3545  close(").as_bytes()), whole);
}

#[test]
fn no_change_to_a_log_makes_it_panic() {
    // xorshift: the same changes on every run.
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let odd = b"\"\\<>[]{}(),=~@ .0x9|-\n\0\xff?+";
    for _ in 0..1500 {
        let mut log = SAMPLE.as_bytes().to_vec();
        for _ in 0..=next(6) {
            let at = next(log.len());
            match next(4) {
                0 => log[at] = odd[next(odd.len())],
                1 => drop(log.remove(at)),
                2 => log.insert(at, odd[next(odd.len())]),
                _ => {
                    let end = (at + next(40)).min(log.len());
                    let piece = log[at..end].to_vec();
                    let to = next(log.len());
                    log.splice(to..to, piece);
                }
            }
        }
        count(&log);
    }
    let deep = format!("7 read({}", "{a=[".repeat(100_000));
    assert!(count(deep.as_bytes()) <= 1);
}
