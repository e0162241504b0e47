//! What the tests of scenes share: playing one, and its recordings as calls.
#![allow(dead_code, reason = "each test file uses its part of this")]

use httpsys::demo::Stage;
use httpsys::demo::find;
use httpsys::demo::play;
use serde_json::Value;

/// A scene that was played as a person would see it.
pub struct Scene {
    /// What stood on the screen.
    pub screen: String,
    /// The calls of each server after it listened, in the order in which they were made.
    pub servers: Vec<Vec<Call>>,
    /// Where each server listened.
    pub listeners: Vec<String>,
}

/// One call of a recording.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    pub args: Value,
    pub ret: i64,
    pub errno: Option<String>,
    pub pid: u64,
    pub moved: String,
    /// When it began and how long it took, in nanoseconds.
    pub t: u64,
    pub dur: u64,
}

/// Nobody came back from the call.
pub const NO_RESULT: i64 = i64::MIN;

impl Call {
    /// `accept4 = 4`, `read = EAGAIN`.
    pub fn brief(&self) -> String {
        match &self.errno {
            Some(errno) => format!("{} {errno}", self.name),
            None if self.ret == NO_RESULT => format!("{} ?", self.name),
            None => format!("{} {}", self.name, self.ret),
        }
    }

    /// The descriptor that it is about.
    pub fn fd(&self) -> Option<i64> {
        let names = ["fd", "sockfd", "epfd", "oldfd"];
        names.iter().find_map(|name| self.args.get(name)?.as_i64())
    }
}

/// Plays a scene with real figures.
pub fn played(program: &std::process::Command, name: &str) -> Scene {
    let stage = Stage {
        program: program.get_program().into(),
        flags: ["--width", "80", "--ascii", "--color", "never"]
            .map(String::from)
            .into(),
        canonical: false,
    };
    let scene = find(name).expect("there is such a scene");
    let mut screen = Vec::new();
    let played = play(scene, &stage, &mut screen);
    let screen = String::from_utf8_lossy(&screen).into_owned();
    let played = played.unwrap_or_else(|error| panic!("{name}: {error}\n{screen}"));
    let mut scene = Scene {
        screen,
        servers: Vec::new(),
        listeners: Vec::new(),
    };
    for recording in &played.recordings {
        let mut calls = calls(recording);
        let listening = calls.iter().position(|call| call.name == "getsockname");
        let before: Vec<Call> = calls.drain(..listening.map_or(0, |at| at + 1)).collect();
        let here = before.last().and_then(|call| call.args["addr"].as_str());
        scene.listeners.push(here.unwrap_or("").to_owned());
        scene.servers.push(calls);
    }
    scene
}

/// The calls of a recording.
fn calls(recording: &[u8]) -> Vec<Call> {
    let text = String::from_utf8_lossy(recording);
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value["type"] == "call")
        .map(|value| Call {
            name: value["call"].as_str().unwrap_or("").to_owned(),
            args: value["args"].clone(),
            ret: value["ret"].as_i64().unwrap_or(NO_RESULT),
            errno: value["errno"].as_str().map(str::to_owned),
            pid: value["pid"].as_u64().unwrap_or(0),
            moved: value["data"]["text"].as_str().unwrap_or("").to_owned(),
            t: value["t"].as_u64().unwrap_or(0),
            dur: value["dur"].as_u64().unwrap_or(0),
        })
        .collect()
}

/// The calls with these names, in brief.
pub fn brief(calls: &[Call], names: &[&str]) -> Vec<String> {
    calls
        .iter()
        .filter(|call| names.contains(&call.name.as_str()))
        .map(Call::brief)
        .collect()
}

/// Those with this name.
pub fn of<'a>(calls: &'a [Call], name: &str) -> Vec<&'a Call> {
    calls.iter().filter(|call| call.name == name).collect()
}
