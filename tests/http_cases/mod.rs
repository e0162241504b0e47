//! The cases: one file a family. A case is a rule's number, the text, and the answer; `¦` stands before
//! the first byte that is wrong.
#![allow(dead_code, reason = "each test file uses its part of this")]

pub mod chunked;
pub mod connection;
pub mod drive;
pub mod framing;
pub mod host;
pub mod length;
pub mod request_line;
pub mod response;

/// One example.
pub struct Case {
    /// The number of the rule in docs/http.md.
    pub rule: u8,
    /// What arrives, with the mark.
    pub text: &'static str,
    /// What is answered.
    pub want: Want,
}

/// An answer.
pub enum Want {
    /// Refused at the mark: code, status.
    Refused(&'static str, u16),
    /// All complete: each message in short, see [`drive::briefly`].
    Messages(&'static str),
    /// The input ends inside a message.
    Cut,
}

impl Case {
    /// What arrives, and where the mark stood.
    pub fn bytes(&self) -> (Vec<u8>, Option<u64>) {
        let at = self.text.find('¦').map(|at| at as u64);
        (self.text.replace('¦', "").into_bytes(), at)
    }
}

/// A case that is refused with 400.
pub const fn no(rule: u8, text: &'static str, id: &'static str) -> Case {
    Case {
        rule,
        text,
        want: Want::Refused(id, 400),
    }
}

/// A case that is refused with another status; 0 for what only responses get wrong.
pub const fn no_with(status: u16, rule: u8, text: &'static str, id: &'static str) -> Case {
    Case {
        rule,
        text,
        want: Want::Refused(id, status),
    }
}

/// A case that is taken.
pub const fn yes(rule: u8, text: &'static str, messages: &'static str) -> Case {
    Case {
        rule,
        text,
        want: Want::Messages(messages),
    }
}

/// A case that ends too early.
pub const fn cut(rule: u8, text: &'static str) -> Case {
    Case {
        rule,
        text,
        want: Want::Cut,
    }
}

/// A GET with Host; what is given follows, blank line and all.
#[macro_export]
macro_rules! get {
    ($rest:literal) => {
        concat!("GET / HTTP/1.1\r\nHost: x\r\n", $rest)
    };
}

/// A POST with Host; what is given follows, blank line and all.
#[macro_export]
macro_rules! post {
    ($rest:literal) => {
        concat!("POST / HTTP/1.1\r\nHost: x\r\n", $rest)
    };
}

/// A POST with a chunked body; what is given is the body.
#[macro_export]
macro_rules! chunks {
    ($rest:literal) => {
        concat!(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            $rest
        )
    };
}

/// A request of this line with Host.
#[macro_export]
macro_rules! line {
    ($line:literal) => {
        concat!($line, "\r\nHost: x\r\n\r\n")
    };
}

/// A GET with this Host.
#[macro_export]
macro_rules! host {
    ($host:literal) => {
        concat!("GET / HTTP/1.1\r\nHost: ", $host, "\r\n\r\n")
    };
}

/// A POST of `hello` with these length fields.
#[macro_export]
macro_rules! hello {
    ($fields:literal) => {
        concat!("POST / HTTP/1.1\r\nHost: x\r\n", $fields, "\r\n\r\nhello")
    };
}

/// A response of this line and what follows.
#[macro_export]
macro_rules! ok {
    ($rest:literal) => {
        concat!("HTTP/1.1 200 OK\r\n", $rest)
    };
}
