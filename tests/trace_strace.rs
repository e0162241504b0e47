//! The strace view of another program is what strace prints of the same program: same calls, order per
//! thread, arguments, results, once process ids, ports and pointers are made equal.

mod common;
mod trace_support;

use common::Folder;
use common::peer;
use std::collections::BTreeMap;
use std::process::Command;
use std::process::Stdio;
use trace_support::*;

/// What a server's life is made of, in one process and two threads.
const LIFE: &str = r#"
import ctypes, mmap, os, select, signal, socket, struct, sys, threading
folder = sys.argv[1]
os.write(2, b'begin')
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', 0))
s.listen(5)
c = socket.socket()
c.connect(s.getsockname())
a, _ = s.accept()
c.send(b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
a.recv(100)
a.setblocking(False)
try:
    a.recv(100)
except BlockingIOError:
    pass
a.sendmsg([b'HTTP/1.1 200 OK\r\n', b'Content-Length: 2\r\n\r\n', b'ok'])
c.recvmsg(100)
a.shutdown(socket.SHUT_WR)
c.recv(100)
e = select.epoll()
e.register(a, select.EPOLLIN)
e.poll(0)
p = select.poll()
p.register(c, select.POLLIN)
p.poll(0)
x, y = socket.socketpair()
os.writev(x.fileno(), [b'one', b'two'])
os.readv(y.fileno(), [bytearray(4), bytearray(4)])
f = os.open(folder + '/file', os.O_RDWR | os.O_CREAT, 0o644)
os.pwrite(f, b'hello\n', 0)
os.fstat(f)
os.sendfile(x.fileno(), f, 0, 6)
y.recv(10)
d = os.dup(f)
os.dup2(f, 50)
r, w = os.pipe()
os.set_blocking(r, False)
try:
    os.open('/no/such', os.O_RDONLY)
except OSError:
    pass
def other():
    x.send(b'from a thread')
    y.recv(100)
t = threading.Thread(target=other)
t.start()
t.join()
child = os.fork()
if child == 0:
    os.write(w, b'from a child')
    os._exit(4)
os.waitpid(child, 0)
os.read(r, 100)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGTERM)
os.waitpid(child, 0)
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
c_library = ctypes.CDLL(None)
c_library.mmap.restype = ctypes.c_void_p
nowhere = c_library.mmap(None, 4096, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
c_library.write(w, ctypes.c_void_p(nowhere), 5)
for i in (f, d, 50, r, w): os.close(i)
for i in (a, c, s, x, y, e): i.close()
os.kill(os.getpid(), 0)
os._exit(0)
"#;

const SET: &str = "trace=%network,read,write,readv,writev,pwrite64,sendfile,openat,close,fstat,dup,dup2,dup3,\
pipe,pipe2,fcntl,epoll_create1,epoll_ctl,epoll_wait,epoll_pwait,poll,ppoll,wait4,kill,exit_group";

/// Calls by thread, threads in the order of their first call; from the beginning of what matters. And all signals.
fn calls(log: &str) -> (Vec<Vec<String>>, Vec<String>) {
    let mut order = Vec::new();
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut signals = Vec::new();
    for line in log.lines() {
        let (tid, rest) = line.split_once(' ').unwrap_or(("", line));
        let rest = rest.trim_start();
        if rest.starts_with("---") {
            // When a signal comes between two calls is the kernel's to decide.
            signals.push(rest.to_string());
            continue;
        }
        let whole = if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(tid.to_string(), begun.trim_end().to_string());
            continue;
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, tail) = resumed.split_once(" resumed>").expect("resumed");
            let begun = open.remove(tid).unwrap_or_default();
            let gap = if begun.ends_with(',') { " " } else { "" };
            format!("{begun}{gap}{tail}")
        } else {
            rest.to_string()
        };
        if !threads.contains_key(tid) {
            order.push(tid.to_string());
        }
        threads.entry(tid.to_string()).or_default().push(whole);
    }
    let ids = order.clone();
    let signals = signals
        .iter()
        .map(|signal| {
            // How much time the child took is not the same twice.
            let (before, times) = signal.split_once("si_utime=").unwrap_or((signal, ""));
            let times: String = times.chars().filter(|c| !c.is_ascii_digit()).collect();
            equal(&format!("{before}{times}"), &ids)
        })
        .collect();
    let calls = order
        .iter()
        .map(|tid| {
            let calls = &threads[tid];
            let begin = calls.iter().position(|call| call.contains("\"begin\""));
            calls[begin.unwrap_or(0)..]
                .iter()
                .map(|call| equal(call, &ids))
                .collect()
        })
        .collect();
    (calls, signals)
}

/// Process ids, ports and pointers made equal, blanks before the result closed up.
fn equal(call: &str, ids: &[String]) -> String {
    let mut text = String::new();
    let mut word = String::new();
    let end = |word: &mut String, text: &mut String| {
        let is_pointer = word.starts_with("0x") && word.len() > 8;
        let is_id = ids.contains(word);
        let is_port = text.ends_with("htons(");
        text.push_str(match (is_pointer, is_id, is_port) {
            (true, ..) => "POINTER",
            (_, true, _) => "ID",
            (.., true) => "PORT",
            _ => word,
        });
        word.clear();
    };
    for c in call.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        end(&mut word, &mut text);
        text.push(c);
    }
    end(&mut word, &mut text);
    match text.rfind(" = ") {
        Some(at) => format!("{} ={}", text[..at].trim_end(), &text[at + 2..]),
        None => text,
    }
}

fn run(mut command: Command) {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("it starts").success());
}

#[test]
fn the_strace_view_of_another_program_is_straces_own() {
    let Some(python) = python().filter(|_| ptrace_allowed() && peer("strace")) else {
        return;
    };
    let folder = Folder::new("trace-differential");
    let (theirs, ours) = (folder.0.join("theirs"), folder.0.join("ours"));
    let recorded = folder.0.join("recording");
    let place = folder.0.to_str().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", SET, "-o"]).arg(&theirs);
    strace.args([&python, "-c", LIFE, place]);
    run(strace);
    std::fs::remove_file(folder.0.join("file")).unwrap();
    let ours_shown = ours.to_str().unwrap();
    run(trace(&[
        "--view",
        "strace",
        "--no-redact",
        "-e",
        SET,
        "-o",
        ours_shown,
        "--record",
        recorded.to_str().unwrap(),
        &python,
        "-c",
        LIFE,
        place,
    ]));
    let read = |path: &std::path::Path| calls(&std::fs::read_to_string(path).expect("a log"));
    // The same lines come from our recording, and from strace's log.
    let shown = folder.0.join("shown");
    let replayed = |path: &std::path::Path| {
        let mut replay = common::httpsys();
        replay.arg("replay").arg(path);
        replay.args(["--view", "strace", "-o"]).arg(&shown);
        run(replay);
        read(&shown).1
    };
    let again = [replayed(&recorded), replayed(&theirs)];
    let ((theirs, signals), (ours, our_signals)) = (read(&theirs), read(&ours));
    assert_eq!(signals.len(), 5, "{signals:#?}");
    assert_eq!(our_signals, signals);
    for again in again {
        assert_eq!(again, signals);
    }
    assert_eq!(theirs.len(), 4, "two threads and two children");
    assert_eq!(ours.len(), 4);
    for (theirs, ours) in theirs.iter().zip(&ours) {
        let differences: Vec<_> = theirs.iter().zip(ours).filter(|(a, b)| a != b).collect();
        assert!(
            differences.is_empty(),
            "strace, then ours: {differences:#?}"
        );
        assert_eq!(theirs.len(), ours.len());
        assert!(!theirs.is_empty());
    }
}
