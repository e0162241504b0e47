//! The small servers of `fixtures/findings.py` under `httpsys trace`, and what is found about them.

use super::{lines, ptrace_allowed, python, text, trace};
use crate::common::{Folder, PATIENCE, httpsys, read_all};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Instant;

/// Where they stand.
pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/findings.py");

/// A server of `fixtures/findings.py` that runs under trace.
pub struct Traced {
    child: Child,
    said: BufReader<ChildStdout>,
    pub port: u16,
    pub record: std::path::PathBuf,
}

impl Traced {
    pub fn start(folder: &Folder, python: &str, options: &[&str], name: &str, port: u16) -> Traced {
        let record = folder.0.join(format!("{name}.jsonl"));
        let quiet = [
            "-q",
            "-o",
            "/dev/null",
            "--record",
            record.to_str().unwrap(),
        ];
        let mut traced = Traced::spawn(python, &[&quiet, options].concat(), name, port);
        traced.record = record;
        traced
    }

    /// The same without a recording.
    pub fn shown(python: &str, options: &[&str], name: &str) -> Traced {
        Traced::spawn(python, options, name, 0)
    }

    fn spawn(python: &str, options: &[&str], name: &str, port: u16) -> Traced {
        let port = port.to_string();
        // Without what a site adds, it starts in half the time.
        let server = ["--", python, "-I", "-S", SCRIPT, name, &port];
        let mut child = trace(&[options, &server].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut traced = Traced {
            child,
            said,
            port: 0,
            record: std::path::PathBuf::new(),
        };
        traced.port = traced.says().parse().unwrap_or(0);
        traced
    }

    /// The next line that it prints.
    pub fn says(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// One request over a connection of its own.
    pub fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read_all(&mut stream)
    }

    /// Waits for its end.
    pub fn wait(mut self) {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Waits for its end, and reads what its recording tells.
    pub fn end(self) -> Told {
        let record = self.record.clone();
        self.wait();
        told(&record)
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a recording or log means, as JSON.
pub struct Told {
    pub lines: Vec<Value>,
    pub findings: Vec<Value>,
}

pub fn told(file: &Path) -> Told {
    let output = httpsys()
        .args(["replay", "--view", "json", "--notes"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = lines(&text(&output.stdout));
    let findings = lines.last().unwrap()["findings"]
        .as_array()
        .unwrap()
        .clone();
    Told { lines, findings }
}

impl Told {
    pub fn texts(&self) -> Vec<&str> {
        let texts = self.findings.iter();
        texts.map(|found| found["text"].as_str().unwrap()).collect()
    }

    /// The event that gave a finding away.
    pub fn place(&self, id: &str) -> &Value {
        let has = |event: &&Value| {
            let notes = event["notes"].as_array();
            notes.is_some_and(|notes| notes.iter().any(|note| note["id"] == id))
        };
        let found: Vec<&Value> = self.lines.iter().filter(has).collect();
        assert_eq!(found.len(), 1, "{id} is told {} times", found.len());
        found[0]
    }

    pub fn nothing(&self, name: &str) {
        assert_eq!(self.texts(), Vec::<&str>::new(), "{name}");
    }

    /// This finding and no other; told with this call, on this connection and in this exchange.
    #[track_caller]
    pub fn only(&self, id: &str, sentence: &str, place: [&str; 3]) {
        assert_eq!(self.texts(), [sentence]);
        assert_eq!(self.findings[0]["id"], id);
        let [call, connection, exchange] = place;
        let event = self.place(id);
        let name = event["call"].as_str().or(event["event"].as_str());
        assert_eq!(name, Some(call), "{event}");
        assert_eq!(self.findings[0]["seq"].as_u64(), event["seq"].as_u64());
        let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let found = &self.findings[0];
        assert_eq!(
            (word(&found["connection"]), word(&found["exchange"])),
            (connection.to_owned(), exchange.to_owned())
        );
    }
}

/// The servers, if Python is here and may be traced.
pub struct Servers {
    pub folder: Folder,
    pub python: String,
}

impl Servers {
    pub fn new(name: &str) -> Option<Servers> {
        let python = python()?;
        ptrace_allowed().then(|| Servers {
            folder: Folder::new(&format!("trace-findings-{name}")),
            python,
        })
    }

    pub fn start(&self, name: &str) -> Traced {
        Traced::start(&self.folder, &self.python, &[], name, 0)
    }

    /// What is told of a server that gets these requests, each over a connection of its own.
    pub fn asked(&self, name: &str, requests: &[&[u8]]) -> Told {
        let server = self.start(name);
        for request in requests {
            server.ask(request);
        }
        server.end()
    }
}
