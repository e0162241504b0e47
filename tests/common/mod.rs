//! What the tests that run the program share: starting a server on a free port, talking to it, looking
//! for peers, golden files. Every wait is bounded.
#![allow(dead_code, reason = "each test file uses its part of this")]

pub mod models;
pub mod terminal;

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

/// The longest any test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub fn httpsys() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpsys"));
    command
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// Python's interpreter itself: what `python3` names may be a script that looks for it.
pub fn python() -> String {
    let mut command = Command::new("python3");
    let output = command
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("python3 runs");
    let path = String::from_utf8(output.stdout).expect("a path");
    path.trim_end().to_string()
}

/// Whether this peer is here. Where it is not, the test says so and passes, unless
/// `HTTPSYS_REQUIRE_PEERS=1`.
pub fn peer(name: &str) -> bool {
    let here = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()));
    if !here {
        assert!(
            std::env::var("HTTPSYS_REQUIRE_PEERS").as_deref() != Ok("1"),
            "{name} is required and not found"
        );
        eprintln!("skipped: {name} not found");
    }
    here
}

/// A folder of the test's own, removed when it is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    /// An empty folder with this in its name.
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("httpsys-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder in the temporary folder");
        Folder(path)
    }

    /// Writes a file in it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder for a test file");
        }
        std::fs::write(&path, content).expect("a test file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server: ended by its process id when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    stderr: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Server {
    /// Runs `httpsys serve` with these arguments on a free port of 127.0.0.1.
    pub fn start(args: &[&str]) -> Server {
        let mut command = httpsys();
        command.args(["serve", "-l", "127.0.0.1:0"]).args(args);
        Server::spawn(command)
    }

    /// Runs a command that will print `listening on http://…/`.
    pub fn spawn(mut command: Command) -> Server {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("it was asked for");
        let (lines, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stderr);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                let text = String::from_utf8_lossy(&line)
                    .trim_end_matches('\n')
                    .to_string();
                line.clear();
                if lines.send(text).is_err() {
                    break;
                }
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server {
            child,
            address: nowhere,
            stderr: receiver,
            seen: Vec::new(),
        };
        let line = server.wait_for("listening on http://");
        let at = line.find("http://").expect("it was just found") + "http://".len();
        let address = line[at..].split('/').next().expect("a first part");
        server.address = address.parse().unwrap_or(nowhere);
        server
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard error with this in it.
    pub fn wait_for(&mut self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!(
                    "no line with `{part}`; there was:\n{}",
                    self.seen.join("\n")
                ),
            }
        }
    }

    /// A new connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a time-out");
        stream
    }

    /// Sends these bytes, says that there will be no more, and reads until the end.
    pub fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request).expect("the request is sent");
        let _ = stream.shutdown(std::net::Shutdown::Write);
        read_all(&mut stream)
    }

    /// Sends a signal to it.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).expect("the server runs");
    }

    /// Waits for its end: status, everything on standard error, everything on standard output.
    pub fn finish(mut self) -> (Option<i32>, Vec<String>, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) => self.seen.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!(
                        "the server does not end; there was:\n{}",
                        self.seen.join("\n")
                    )
                }
            }
        }
        let mut out = String::new();
        let _ = self
            .child
            .stdout
            .take()
            .map(|mut stdout| stdout.read_to_string(&mut out));
        let status = self.child.wait().expect("a child can be waited for");
        (status.code(), std::mem::take(&mut self.seen), out)
    }

    /// Asks it to stop and waits for its end.
    pub fn stop(self) -> (Option<i32>, Vec<String>, String) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.finish()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything until the end of the stream, or until it breaks.
pub fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buf = [0; 16384];
    loop {
        match stream.read(&mut buf) {
            Ok(0) | Err(_) => return all,
            Ok(n) => all.extend_from_slice(&buf[..n]),
        }
    }
}

/// Reads one whole response with a `Content-Length` (or none).
pub fn read_response(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut byte = [0];
    while !all.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => all.push(byte[0]),
            _ => return all,
        }
    }
    let head = String::from_utf8_lossy(&all).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).is_ok() {
        all.extend_from_slice(&body);
    }
    all
}

/// Compares a text with the file `tests/golden/NAME`; `UPDATE_GOLDEN=1` rewrites the file.
pub fn golden(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a golden folder");
        std::fs::write(&path, actual).expect("a golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs.\n--- expected\n{expected}\n--- actual\n{actual}\n(UPDATE_GOLDEN=1 rewrites it)"
    );
}
