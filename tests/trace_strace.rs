//! The strace view of another program is what strace prints of the same program: same calls, order per
//! thread, arguments, results, once process ids, ports and pointers are made equal.

mod common;
mod trace_support;

use common::Folder;
use common::peer;
use std::process::Command;
use trace_support::differential::{alone, differences, pair, run};
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
    // The same lines come from our recording, and from strace's log.
    let shown = folder.0.join("shown");
    let replayed = |path: &std::path::Path| {
        let mut replay = common::httpsys();
        replay.arg("replay").arg(path);
        replay.args(["--view", "strace", "-o"]).arg(&shown);
        run(replay);
        alone(&shown).signals
    };
    let again = [replayed(&recorded), replayed(&theirs)];
    let (theirs, ours) = pair(&theirs, &ours);
    let signals = &theirs.signals;
    assert_eq!(signals.len(), 5, "{signals:#?}");
    assert_eq!(&ours.signals, signals);
    for again in again {
        assert_eq!(&again, signals);
    }
    assert_eq!(theirs.threads.len(), 4, "two threads and two children");
    assert_eq!(ours.threads.len(), 4);
    for (theirs, ours) in theirs.threads.iter().zip(&ours.threads) {
        let differences = differences(theirs, ours);
        assert!(
            differences.is_empty(),
            "strace, then ours: {differences:#?}"
        );
        assert!(!theirs.is_empty());
    }
}
