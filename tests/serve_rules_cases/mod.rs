//! The rows: raw requests and what must come back.
#![allow(dead_code, reason = "the tests use each row's parts in their own way")]

mod path_rows;
mod request_rows;
mod response_rows;
pub mod special;

pub use path_rows::paths;
pub use request_rows::requests;
pub use response_rows::responses;

/// A row.
#[derive(Clone, Debug)]
pub struct Case {
    pub rule: u8,
    text: Vec<u8>,
    /// The statuses of the answers, in order; then the connection is closed.
    pub statuses: Vec<u16>,
    /// What must be in the answers.
    pub has: Vec<String>,
    /// What must not.
    pub hasnt: Vec<String>,
}

impl Case {
    /// The bytes to send; `TAG` stands for the tag of `/ten.txt`.
    pub fn bytes(&self, tag: &str) -> Vec<u8> {
        match std::str::from_utf8(&self.text) {
            Ok(text) => text.replace("TAG", tag).into_bytes(),
            Err(_) => self.text.clone(),
        }
    }

    pub fn has(mut self, what: &[&str]) -> Case {
        self.has.extend(what.iter().map(|w| (*w).to_owned()));
        self
    }

    pub fn hasnt(mut self, what: &[&str]) -> Case {
        self.hasnt.extend(what.iter().map(|w| (*w).to_owned()));
        self
    }
}

/// What follows a request to see whether the connection stays.
pub const AFTER: &str = "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n";

/// A row as it stands.
pub fn raw(rule: u8, text: impl Into<Vec<u8>>, statuses: &[u16]) -> Case {
    Case {
        rule,
        text: text.into(),
        statuses: statuses.to_vec(),
        has: Vec::new(),
        hasnt: Vec::new(),
    }
}

/// A request that is refused: answered once, with `Connection: close`; what follows is no request.
pub fn refused(rule: u8, text: impl Into<Vec<u8>>, status: u16) -> Case {
    let mut bytes = text.into();
    bytes.extend_from_slice(AFTER.as_bytes());
    raw(rule, bytes, &[status])
        .has(&["Connection: close\r\n"])
        .hasnt(&["\r\n\r\nHi"])
}

/// A request that is answered, after which the connection goes on.
pub fn answered(rule: u8, text: impl Into<Vec<u8>>, status: u16) -> Case {
    let mut bytes = text.into();
    bytes.extend_from_slice(AFTER.as_bytes());
    raw(rule, bytes, &[status, 200]).hasnt(&["Connection: close"])
}

/// `METHOD PATH` and fields, each with its line end, in a good 1.1 request.
pub fn request(method_and_path: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{method_and_path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
}
