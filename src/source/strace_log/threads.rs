//! Whose line it is: threads, the processes they belong to, and the descriptors each process was seen with.
//!
//! In: the ids that lines begin with, calls that make children, and names beside descriptors. Out: process
//! and thread of each event, and a `fd` event for a descriptor that was there before the log.

use super::Object;
use super::call::Read;
use super::descriptors::fact;
use crate::abi::calls;
use serde_json::{Value as Json, json};
use std::collections::{HashMap, HashSet};

/// The id of a thread that no line names.
const UNNAMED: u32 = 1;

/// What is known of threads.
#[derive(Default, Debug)]
pub struct Threads {
    /// The process of each thread.
    processes: HashMap<u32, u32>,
    /// Descriptors that a process is known to have.
    known: HashSet<(u32, i64)>,
    first: Option<u32>,
    last: u32,
    alive: Vec<u32>,
    children: HashSet<u32>,
    /// Lines without an id came first; this is the id of whom they were, once it is told.
    main: Option<u32>,
    was_unnamed: bool,
    /// Calls that make children are in the log.
    pub traces_clone: bool,
}

impl Threads {
    /// The thread of a line.
    pub fn of_line(&mut self, tid: Option<u32>) -> u32 {
        let tid = match tid {
            None => {
                self.was_unnamed = true;
                match self.alive.as_slice() {
                    [only] => *only,
                    _ => UNNAMED,
                }
            }
            Some(tid) if self.main == Some(tid) => UNNAMED,
            Some(tid)
                if self.was_unnamed && self.main.is_none() && !self.children.contains(&tid) =>
            {
                self.main = Some(tid);
                UNNAMED
            }
            Some(tid) => tid,
        };
        if !self.alive.contains(&tid) {
            self.alive.push(tid);
        }
        self.first.get_or_insert(tid);
        self.last = tid;
        tid
    }

    /// The thread of the last line.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// This one is somebody's child.
    pub fn announced(&mut self, child: u32) {
        self.children.insert(child);
    }

    /// It has written its last line, if `over`.
    pub fn ends(&mut self, tid: u32, over: bool) {
        if over {
            self.alive.retain(|alive| *alive != tid);
        }
    }

    fn process(&mut self, tid: u32) -> u32 {
        if let Some(process) = self.processes.get(&tid) {
            return *process;
        }
        let process = match (self.traces_clone, self.first) {
            (false, Some(first)) if first != tid => self.process(first),
            _ => tid,
        };
        self.processes.insert(tid, process);
        process
    }

    /// A thread or process came to be.
    pub fn made(&mut self, parent: u32, child: u32, is_thread: bool) {
        self.traces_clone = true;
        let parent = self.process(parent);
        if is_thread {
            self.processes.insert(child, parent);
            return;
        }
        self.processes.insert(child, child);
        let inherited: Vec<i64> = self.of(parent).collect();
        self.known
            .extend(inherited.into_iter().map(|fd| (child, fd)));
    }

    fn of(&self, process: u32) -> impl Iterator<Item = i64> {
        let all = self
            .known
            .iter()
            .filter(move |(owner, _)| *owner == process);
        all.map(|(_, fd)| *fd)
    }

    /// Says who and when.
    pub fn stamp(&mut self, tid: u32, t: u64, object: &mut Object) {
        object.insert("t".into(), json!(t));
        object.insert("pid".into(), json!(self.process(tid)));
        object.insert("tid".into(), json!(tid));
    }

    /// It is over: its number may be given again.
    pub fn forget(&mut self, tid: u32) {
        if self.processes.remove(&tid) == Some(tid) {
            self.known.retain(|(process, _)| *process != tid);
        }
    }

    /// Facts about the descriptors a call names that nobody has told of before.
    pub fn name(&mut self, tid: u32, call: &Read, facts: &mut Vec<Json>) {
        let process = self.process(tid);
        for (fd, name) in &call.descriptors {
            // Standard streams and the like stand there from the beginning; so does what a call returns.
            if *fd >= 0 && !call.made.contains(fd) && self.known.insert((process, *fd)) {
                facts.extend(fact(*fd, name));
            }
        }
        self.known.extend(call.made.iter().map(|fd| (process, *fd)));
        if call.id == Some(calls::CLOSE)
            && call.returned == Some(0)
            && let Some((fd, _)) = call.descriptors.first()
        {
            self.known.remove(&(process, *fd));
        }
    }
}
