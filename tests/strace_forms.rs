//! Every form in which strace writes a log: its flags, one file a process, programs that are killed inside calls.

mod common;

use common::Folder;
use common::httpsys;
use common::peer;
use common::python;
use httpsys::source::replayed::Replayed;
use serde_json::Value;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

fn run(args: &[&str]) -> Output {
    let mut command = httpsys();
    command.arg("replay").args(args).stdin(Stdio::null());
    command.output().expect("the program runs")
}

#[track_caller]
fn replay(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    String::from_utf8(output.stdout).expect("a view writes text")
}

/// What a replay refuses, and why.
#[track_caller]
fn refused(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(4), "{args:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    String::from_utf8(output.stderr).expect("words")
}

/// Request, status, bytes and calls of each exchange.
fn exchanges(files: &[&str]) -> Vec<String> {
    let json = replay(&[files, &["--view", "json", "--notes", "--no-redact"]].concat());
    let lines = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let ended = lines.filter_map(|line: Value| line.get("ended")?.as_array().cloned());
    let told = ended.flatten().map(|one| {
        let part = |key: &str| one[key].to_string();
        ["request", "status", "bytes_in", "bytes_out", "calls"]
            .map(part)
            .join(" ")
    });
    told.collect()
}

/// strace's lines with one blank before each result.
fn blanks(log: &str) -> Vec<String> {
    let one = |line: &str| match line.rsplit_once(" = ") {
        Some((call, result)) => format!("{} = {result}", call.trim_end()),
        None => line.to_string(),
    };
    log.lines().map(one).collect()
}

#[test]
fn who_is_killed_inside_a_call_is_no_loss() {
    let folder = Folder::new("strace-forms-killed");
    // `exit_group` in one thread: what strace 6.1 then writes of the others.
    let log = "\
7     poll([{fd=3, events=POLLIN}], 1, 1 <unfinished ...>
8     read(3,  <unfinished ...>
9     write(4, \"x\", 1 <unfinished ...>
10    getppid( <unfinished ...>
11    ????( <unfinished ...>
12    close(9 <unfinished ...>
6     exit_group(3 <unfinished ...>
10    <... getppid resumed>) = -1 (errno 18446744073709551385)
9     <... write resumed>) = ? <unavailable>
8     <... read resumed> <unfinished ...>) = ?
7     <... poll resumed> <unfinished ...>) = ?
11    <... ???? resumed>) = ?
6     <... exit_group resumed>) = ?
12    +++ exited with 3 +++
7     +++ exited with 3 +++
6     +++ exited with 3 +++
";
    let path = folder.file("log", log);
    let screen = replay(&[text(&path), "--view", "strace"]);
    assert!(!screen.contains("lost"), "{screen}");
    for call in ["poll", "read", "write", "getppid", "????", "exit_group"] {
        let ends = |line: &&str| {
            line.contains(&format!("{call} resumed>")) || line.contains(&format!(" {call}("))
        };
        let last = screen.lines().rfind(ends).expect(call);
        assert!(last.trim_end().ends_with("= ?"), "{call}: {last}");
    }
    assert!(screen.contains("close(9"), "{screen}");
}

#[test]
fn messages_facts_and_arguments_are_shown_as_strace_showed_them() {
    let folder = Folder::new("strace-forms-lines");
    let log = r#"execve("./mm", ["./mm", "a\nb"], 0x7ffedf12d0f8 /* 35 vars */) = 0
sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello", iov_len=5}, {iov_base="world!", iov_len=6}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, msg_len=11}, {msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(52376), sin_addr=inet_addr("127.0.0.1")}, msg_namelen=16, msg_iov=[{iov_base="world!", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=6}], 2, 0) = 2
recvmmsg(4, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="helloworld!", iov_len=64}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=11}, {msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="world!", iov_len=64}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=6}], 2, 0, NULL) = 2
recvmmsg(4, 0x7ffed212fd40, 2, MSG_DONTWAIT, NULL) = -1 EAGAIN (Resource temporarily unavailable)
sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}], msg_controllen=24, msg_flags=0}, 0) = 1
statx(AT_FDCWD, "/etc/hostname", AT_STATX_SYNC_AS_STAT|AT_SYMLINK_NOFOLLOW, STATX_ALL, {stx_mask=STATX_ALL|STATX_MNT_ID, stx_attributes=0, stx_mode=S_IFREG|0755, stx_size=3, ...}) = 0
getdents64(3, 0x55a /* 5 entries */, 32768) = 144
"#;
    let path = folder.file("log", log);
    let screen = replay(&[text(&path), "--view", "strace"]);
    assert_eq!(blanks(&screen), blanks(log));
    let again = folder.0.join("again");
    replay(&[text(&path), "--record", text(&again), "-c"]);
    let screen = replay(&[text(&again), "--view", "strace"]);
    assert_eq!(blanks(&screen), blanks(log), "the recording has all of it");
}

#[test]
fn the_files_of_ff_are_put_together_by_their_times() {
    let folder = Folder::new("strace-forms-ff");
    let peer = "{sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr(\"127.0.0.1\")}, [16], SOCK_CLOEXEC";
    // The accept began first, and ended last but one: the close of the same number goes before it.
    let main = format!(
        "08:00:00.000001 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FILES|CLONE_THREAD|CLONE_SIGHAND) = 12 <0.000500>\n\
         08:00:00.000700 accept4(3, {peer}) = 4 <0.000010>\n\
         08:00:00.001000 accept4(3, {peer}) = 4 <5.000000>\n\
         08:00:05.100000 exit_group(0) = ?\n\
         08:00:05.100001 +++ exited with 0 +++\n"
    );
    let thread = "\
08:00:00.000200 recvfrom(4, \"GET /a HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\", 4096, 0, NULL, NULL) = 28 <0.000600>\n \
| 00000  47 45 54 20 2f 61 20 48  54 54 50 2f 31 2e 31 0d  GET /a HTTP/1.1. |\n \
| 00010  0a 48 6f 73 74 3a 20 78  0d 0a 0d 0a              .Host: x....     |\n\
08:00:03.000000 close(4) = 0 <0.000010>\n\
08:00:05.050000 recvfrom(4, \"GET /b HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\", 4096, 0, NULL, NULL) = 28 <0.000010>";
    let (main, thread) = (folder.file("log.11", main), folder.file("log.12", thread));
    for files in [[&main, &thread], [&thread, &main]] {
        let screen = replay(&[text(files[0]), text(files[1])]);
        let place = |part: &str| {
            screen
                .find(part)
                .unwrap_or_else(|| panic!("{part} in\n{screen}"))
        };
        let places = ["c1 from", "GET /a", "c1 over", "c2 from", "GET /b"].map(place);
        assert!(places.is_sorted(), "{screen}");
        assert!(!screen.contains("lost"), "{screen}");
    }
    for (name, line, why) in [
        ("log.13", "close(3) = 0\n", "no time of day"),
        ("log.14", "08:00:00 close(3) = 0\n", "whole seconds"),
        (
            "other",
            "08:00:00.000001 close(3) = 0\n",
            "strace -ff -o NAME wrote them",
        ),
    ] {
        let file = folder.file(name, line);
        let message = refused(&[text(&main), text(&file)]);
        let name = name.trim_start_matches("log.");
        assert!(message.contains(why) && message.contains(name), "{message}");
    }
    let empty = folder.file("log.15", "");
    replay(&[text(&empty), text(&main)]);
}

/// A server and its client in one program, three exchanges: over a thread, over a child, over messages.
const PROGRAM: &str = r"
import os, socket, threading
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(5)
def serve(peer, send):
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        head += peer.recv(4096)
    send(peer, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    peer.close()
def ask(path):
    client = socket.create_connection(listener.getsockname())
    client.sendall(b'GET ' + path + b' HTTP/1.1\r\nHost: x\r\n\r\n')
    return client
whole = lambda peer, answer: peer.sendall(answer)
pieces = lambda peer, answer: peer.sendmsg([answer[:10], answer[10:]])
for path in [b'/thread', b'/child', b'/pieces']:
    client = ask(path)
    peer, _ = listener.accept()
    if path == b'/child':
        child = os.fork()
        if child == 0:
            client.close()
            serve(peer, whole)
            os._exit(0)
        peer.close()
        os.waitpid(child, 0)
    else:
        worker = threading.Thread(target=serve, args=(peer, pieces if path == b'/pieces' else whole))
        worker.start()
        worker.join()
    while client.recv(4096):
        pass
    client.close()
";

/// Calls of descriptors and of processes: without those of the loader, and without `futex`, by which Python's threads take
/// turns: how often they do that within an exchange differs from run to run.
const SET: &str = "trace=%network,%process,read,write,close";

/// Runs the program under strace with these flags.
fn strace(folder: &Folder, flags: &[&str], log: &str) {
    let mut command = Command::new("strace");
    command
        .args(flags)
        .args(["-o", log, &python(), "-S", "-c", PROGRAM]);
    let output = command
        .current_dir(&folder.0)
        .output()
        .expect("strace runs");
    assert!(output.status.success(), "{flags:?}: {output:?}");
}

#[test]
fn logs_of_any_flags_tell_what_the_tracer_itself_tells() {
    if !peer("strace") || !peer("python3") {
        return;
    }
    let folder = Folder::new("strace-forms-flags");
    let own = folder.0.join("own.jsonl");
    let mut command = httpsys();
    command.args(["trace", "-c", "--no-redact", "--record", text(&own), "--"]);
    command.args([&python(), "-S", "-c", PROGRAM]);
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let expected = exchanges(&[text(&own)]);
    for path in ["/thread", "/child", "/pieces"] {
        let of = expected.iter().filter(|line| line.contains(path)).count();
        assert_eq!(of, 2, "server and client: {expected:?}");
    }
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let expected = sorted(expected);
    let log = folder.0.join("log");
    for flags in [
        &["-tt", "-T", "-yy"][..],
        &["-ttt", "-T", "-y", "-x"],
        &["-t", "-xx", "-n"],
        &["-r", "-Y", "-i"],
        &["-tt", "-r", "-k", "-q"],
        &["-T", "-qq", "--decode-pids=comm,pidns", "-a", "1"],
        &["-X", "verbose", "--strings-in-hex=non-ascii-chars"],
        &["-e", "read=all", "-e", "write=all"],
    ] {
        let all = [&["-f", "-s", "4096", "-e", SET], flags].concat();
        strace(&folder, &all, text(&log));
        assert_eq!(sorted(exchanges(&[text(&log)])), expected, "{flags:?}");
        let lost = replay(&[text(&log), "--view", "strace", "-e", "trace=none"]);
        assert!(!lost.contains("--- lost"), "{flags:?}: {lost}");
    }
    let flags = ["-ff", "-tt", "-T", "-s", "4096", "-e", SET];
    strace(&folder, &flags, text(&folder.0.join("many")));
    let entries = std::fs::read_dir(&folder.0).expect("our folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = files.filter(|path| text(path).contains("many.")).collect();
    let files: Vec<&str> = files.iter().map(|path| text(path)).collect();
    assert!(files.len() >= 4, "a file for each thread: {files:?}");
    assert_eq!(sorted(exchanges(&files)), expected);
}

/// Reads all of a log; how many records there are.
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

#[test]
fn no_change_to_a_real_log_makes_it_panic_or_hang() {
    if !peer("strace") || !peer("python3") {
        return;
    }
    let folder = Folder::new("strace-forms-changed");
    let log = folder.0.join("log");
    strace(&folder, &["-f", "-tt", "-T", "-yy", "-e", SET], text(&log));
    let log = std::fs::read(&log).expect("strace wrote it");
    // xorshift: the same places on every run.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..40 {
        let mut changed = log.clone();
        for _ in 0..200 {
            let at = next(changed.len());
            match next(5) {
                0 => changed[at] ^= 1 << next(8),
                1 => drop(changed.remove(at)),
                2 => changed.insert(at, b"\"\\<>[]{}(),=?\n\0\xff"[next(16)]),
                3 => {
                    let to = next(changed.len());
                    changed.swap(at, to);
                }
                _ => drop(changed.drain(at..(at + next(30)).min(changed.len()))),
            }
        }
        assert!(count(&changed) > 0);
    }
}
