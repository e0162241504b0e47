//! Ends that nobody chose: tracer or program killed at any moment, Ctrl-Z at a terminal, letting go of a program
//! with many threads. Nothing stays stopped, nobody is left behind, and what was recorded can be read.

mod common;
mod trace_support;

use common::Folder;
use common::PATIENCE;
use common::Server;
use common::read_response;
use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::collections::HashSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Instant;
use trace_support::*;

/// Waits until a recording has grown so large: the moment is chosen by what was seen, not by a clock.
fn grown(file: &Path, size: u64) {
    let deadline = Instant::now() + PATIENCE;
    while std::fs::metadata(file).map_or(0, |meta| meta.len()) < size {
        assert!(Instant::now() < deadline, "it does not grow");
        std::thread::yield_now();
    }
}

/// The whole lines of a recording that may be cut.
fn whole_lines(file: &Path) -> Vec<serde_json::Value> {
    let recording = std::fs::read(file).expect("a recording");
    let whole = recording.iter().rposition(|byte| *byte == b'\n');
    lines(&text(&recording[..whole.map_or(0, |end| end + 1)]))
}

#[test]
fn whoever_is_killed_at_any_moment_leaves_a_readable_recording_and_no_process() {
    if !ptrace_allowed() {
        return;
    }
    let folder = Folder::new("trace-any-moment");
    // Calls, children that come and go, and one that stays; all hold the pipe.
    let script =
        "echo $$; (while :; do echo y > /dev/null; done) & while :; do (echo x > /dev/null); done";
    let mut seed = 7_u64;
    for round in 0..30 {
        // xorshift (Marsaglia 2003).
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let file = folder.0.join(format!("recording-{round}"));
        let way = if round % 4 < 2 {
            "--follow"
        } else {
            "--no-filter"
        };
        let (mut tracer, mut out, pid) = start_shell(&file, &[way], script);
        let program = Pid::from_raw(pid.trim().parse().expect("a number"));
        grown(&file, seed % 40_000);
        let kills_tracer = round % 2 == 0;
        match kills_tracer {
            true => tracer.kill().expect("it runs"),
            // The children go on: they have their parent's parent as parent, and their tracer.
            false => kill(program, Signal::SIGKILL).expect("it runs"),
        }
        if !kills_tracer {
            // SIGTERM to the tracer alone is the program's, which is gone: the second one ends all.
            let tracer_id = Pid::from_raw(tracer.id() as i32);
            let deadline = Instant::now() + PATIENCE;
            while tracer.try_wait().expect("a child").is_none() {
                assert!(Instant::now() < deadline, "round {round}");
                let _ = kill(tracer_id, Signal::SIGTERM);
                std::thread::yield_now();
            }
        }
        let ended = tracer.wait().expect("a child");
        assert_eq!(ended.signal(), Some(9), "round {round}");
        let deadline = Instant::now() + PATIENCE;
        let mut rest = Vec::new();
        out.read_to_end(&mut rest).expect("all have closed it");
        assert!(Instant::now() < deadline, "round {round}");
        let lines = whole_lines(&file);
        assert_eq!(lines[0]["type"], "start", "round {round}");
        replays(&file);
        if !kills_tracer {
            assert_eq!(
                lines.last().map(|line| line["type"].clone()),
                Some("end".into())
            );
            let killed = lives(&lines, "killed");
            assert!(killed.iter().any(|event| event["pid"] == program.as_raw()));
        }
    }
}

/// A recording, perhaps cut, is shown again to its end.
fn replays(file: &Path) {
    let mut command = common::httpsys();
    let shown = command.arg("replay").arg(file).output().expect("it starts");
    let said = text(&shown.stderr);
    assert_eq!((shown.status.code(), said.as_str()), (Some(0), ""));
}

/// Asks a server again and again, each time on a new connection, until told to stop. What goes wrong is
/// expected to.
struct Load {
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(address: SocketAddr) -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let client = |_| {
            let over = over.clone();
            std::thread::spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    let Ok(mut stream) = TcpStream::connect(address) else {
                        std::thread::yield_now();
                        continue;
                    };
                    let _ = stream.set_read_timeout(Some(PATIENCE));
                    for _ in 0..3 {
                        let _ = stream.write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
                        read_response(&mut stream);
                    }
                }
            })
        };
        let clients = (0..2).map(client).collect();
        Load { over, clients }
    }

    fn stop(self) {
        self.over.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().expect("it ends");
        }
    }
}

/// The ids below a folder of `/proc`, or in a file of it.
fn ids(path: String) -> Vec<i32> {
    let names = |folder: std::fs::ReadDir| {
        let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.collect::<Vec<_>>().join(" ")
    };
    let text = match std::fs::read_dir(&path) {
        Ok(folder) => names(folder),
        Err(_) => std::fs::read_to_string(&path).unwrap_or_default(),
    };
    text.split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}

/// Nobody whom the recording names is still there and stopped, or has a tracer.
fn nobody_is_stopped(lines: &[serde_json::Value]) {
    let deadline = Instant::now() + PATIENCE;
    let mut named: HashSet<u64> = lines
        .iter()
        .filter_map(|line| line["tid"].as_u64())
        .collect();
    named.extend(lines.iter().filter_map(|line| line["child"].as_u64()));
    for tid in named {
        loop {
            let status = std::fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
            let stopped = ["State:\tt", "State:\tT"]
                .iter()
                .any(|state| status.contains(state));
            let traced = !status.is_empty() && !status.contains("TracerPid:\t0\n");
            if !stopped && !traced {
                break;
            }
            // The kernel lets it go a moment after its tracer has gone.
            assert!(Instant::now() < deadline, "{status}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_server_under_load_may_end_at_any_moment_and_so_may_its_tracer() {
    if !ptrace_allowed() {
        return;
    }
    const ROUNDS: usize = 18;
    let folder = Folder::new("trace-any-moment-served");
    let mut seed = 11_u64;
    for round in 0..ROUNDS {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let io = ["fork", "threads"][round % 2];
        let attaches = round / 2 % 3 == 2;
        let victim = ["tracer", "server", "one of many"][round / 6 % 3];
        let what = format!("round {round}: {io}, attaches: {attaches}, {victim}");
        let file = folder.0.join(format!("recording-{round}"));
        let record = file.to_str().expect("a plain path");
        let quiet = ["-q", "-o", "/dev/null", "--record", record];
        let serve = ["--io", io, "-q", "--log", "off"];
        let (server, tracer) = if attaches {
            let server = Server::start(&serve);
            let pid = server.pid().to_string();
            let tracer = trace(&[&quiet[..], &["-p", &pid]].concat()).spawn();
            (server, Some(tracer.expect("it starts")))
        } else {
            let way = ["--follow", "--no-filter"][round / 2 % 3];
            let program = [env!("CARGO_BIN_EXE_httpsys"), "serve", "-l", "127.0.0.1:0"];
            let words = [&quiet[..], &[way, "--"], &program, &serve].concat();
            (Server::spawn(trace(&words)), None)
        };
        let before = std::fs::metadata(&file).map_or(0, |meta| meta.len());
        let load = Load::on(server.address);
        grown(&file, before + 500 + seed % 30_000);

        let tracer_id = tracer.as_ref().map_or(server.pid(), |tracer| tracer.id()) as i32;
        let children = |pid: i32| ids(format!("/proc/{pid}/task/{pid}/children"));
        let main = match attaches {
            true => server.pid() as i32,
            false => *children(tracer_id).first().expect("it runs"),
        };
        let many = match io {
            "fork" => children(main),
            _ => ids(format!("/proc/{main}/task")),
        };
        let id = match victim {
            "tracer" => tracer_id,
            "server" => main,
            // A worker may have gone by the time it is looked for.
            _ => *many.get(seed as usize % many.len().max(1)).unwrap_or(&main),
        };
        // The same: it may have gone.
        let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
        let server_lives =
            attaches && victim == "tracer" || io == "fork" && id != main && id != tracer_id;
        if server_lives {
            let asked = std::thread::spawn({
                let address = server.address;
                move || {
                    let mut stream = TcpStream::connect(address).expect("it listens");
                    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
                    stream
                        .write_all(b"GET /hi HTTP/1.1\r\nHost: x\r\n\r\n")
                        .expect("it reads");
                    assert!(read_response(&mut stream).starts_with(b"HTTP/1.1 200 "));
                }
            });
            asked
                .join()
                .unwrap_or_else(|_| panic!("{what}: it does not answer"));
        }
        load.stop();
        if server_lives {
            // A launched one is asked through its tracer.
            let (status, ..) = server.stop();
            assert_eq!(status, Some(0), "{what}");
        } else {
            let (status, ..) = server.finish();
            assert_eq!(status, None, "{what}: killed, all of it");
        }
        if let Some(mut tracer) = tracer {
            let ended = tracer.wait().expect("a child");
            let wanted = if victim == "tracer" { None } else { Some(0) };
            assert_eq!(ended.code(), wanted, "{what}");
        }
        let lines = whole_lines(&file);
        assert_eq!(lines[0]["type"], "start", "{what}");
        nobody_is_stopped(&lines);
        replays(&file);
    }
}

#[test]
fn all_threads_of_a_program_are_watched_and_let_go() {
    if !ptrace_allowed() {
        return;
    }
    const CLIENTS: usize = 6;
    let folder = Folder::new("trace-attach-many");
    let file = folder.0.join("recording");
    let server = Server::start(&["--io", "threads", "-q", "--log", "off"]);
    let mut streams: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
    let mut ask = |number: usize| {
        for (client, stream) in streams.iter_mut().enumerate() {
            let request = format!("GET /hi?{client}.{number} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("it reads");
            assert!(read_response(stream).starts_with(b"HTTP/1.1 200 "));
        }
    };
    ask(0);
    let pid = server.pid().to_string();
    let record = file.to_str().expect("a plain path");
    let mut tracer = trace(&["--view", "json", "--record", record, "-p", &pid])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut shown = BufReader::new(tracer.stderr.take().expect("it was asked for")).lines();
    let first = shown.find(|line| line.as_ref().is_ok_and(|line| line.contains("\"fd\"")));
    assert!(first.is_some(), "it was refused");
    let rest = std::thread::spawn(move || shown.map_while(Result::ok).count());
    ask(1);
    ask(2);
    kill(Pid::from_raw(tracer.id() as i32), Signal::SIGINT).expect("it runs");
    assert_eq!(tracer.wait().expect("a child").code(), Some(0));
    rest.join().expect("it reads to the end");
    ask(3);
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs") {
        let status = task.expect("a thread").path().join("status");
        let status = std::fs::read_to_string(status).unwrap_or_default();
        assert!(
            !status.contains("State:\tt") && !status.contains("State:\tT"),
            "{status}"
        );
        assert!(
            status.is_empty() || status.contains("TracerPid:\t0\n"),
            "{status}"
        );
    }
    let lines = whole_lines(&file);
    let calls = of_type(&lines, "call");
    let heard = calls.iter().filter(|call| {
        let text = call["data"]["text"].as_str().unwrap_or("");
        text.starts_with("GET /hi?") && text.contains(".2 HTTP/1.1")
    });
    let threads: HashSet<u64> = heard.filter_map(|call| call["tid"].as_u64()).collect();
    assert_eq!(threads.len(), CLIENTS, "each connection has its thread");
    assert_eq!(server.stop().0, Some(0));
}

/// Plays a shell's user at a terminal: runs `cat` under trace, stops it with Ctrl-Z, continues it, ends it.
const TERMINAL: &str = r#"
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ['PS1'] = '$ '
    os.execvp('sh', ['sh', '-i'])
seen = b''
def wait_for(word):
    global seen
    end = time.monotonic() + 20
    while word not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit('no %r in %r' % (word, seen))
        seen += os.read(terminal, 4096)
    seen = seen[seen.index(word) + len(word):]
def states():
    found = []
    for name in os.listdir('/proc'):
        try:
            words = open('/proc/%s/stat' % name).read().rsplit(')', 1)
        except OSError:
            continue
        fields = words[1].split() if len(words) == 2 else []
        if len(fields) > 3 and fields[3] == str(pid):
            found.append((words[0].split('(')[1], fields[0]))
    return sorted(found)
try:
    wait_for(b'$ ')
    os.write(terminal, (sys.argv[1] + '; echo ended=$?\n').encode())
    wait_for(b'ended=')
    os.write(terminal, b'one\n')
    # Once from the terminal, once from the program.
    wait_for(b'one\r\n')
    wait_for(b'one\r\n')
    os.write(terminal, b'\x1a')
    wait_for(b'topped')
    print(states())
    wait_for(b'$ ')
    os.write(terminal, b'fg\n')
    wait_for(b'fg\r\n')
    os.write(terminal, b'two\n')
    wait_for(b'two\r\n')
    wait_for(b'two\r\n')
    print('again')
    os.write(terminal, b'\x04')
    wait_for(b'$ ')
finally:
    os.close(terminal)
    os.waitpid(pid, 0)
"#;

#[test]
fn ctrl_z_at_a_terminal_stops_both_and_fg_continues_both() {
    let Some(python) = python().filter(|_| ptrace_allowed()) else {
        return;
    };
    let folder = Folder::new("trace-ctrl-z");
    let file = folder.0.join("recording");
    let line = format!(
        "{} trace -q -o /dev/null --record {} cat",
        env!("CARGO_BIN_EXE_httpsys"),
        file.display()
    );
    let played = Command::new(python)
        .args(["-c", TERMINAL, &line])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let (out, said) = (text(&played.stdout), text(&played.stderr));
    assert!(played.status.success(), "{out}{said}");
    // Traced, so stopped is `t` for the program; the tracer itself is `T`.
    assert!(out.contains("('cat', 't')"), "{out}");
    assert!(out.contains("('httpsys', 'T')"), "{out}");
    assert!(out.contains("again"), "{out}");
    let lines = whole_lines(&file);
    assert_eq!(
        lines.last().map(|line| line["type"].clone()),
        Some("end".into())
    );
    let signals = of_type(&lines, "signal");
    let stop = signals.iter().find(|event| event["signal"] == "SIGTSTP");
    assert_eq!(
        stop.map(|event| event["code"].clone()),
        Some("SI_KERNEL".into())
    );
}
