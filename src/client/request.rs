//! What is sent: the bytes of a request, and how they are cut into writes.
//!
//! In: method, URL, fields and body as a person gave them. Out: a [`Request`]. The fields are the least
//! that a server needs (`Host`) and says who asks; `-H` adds, replaces or (`Name:`) removes one.

use super::Url;
use crate::kernel::Address;
use std::time::Duration;

/// One run of the client.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where to connect: tried in order until one answers.
    pub to: Vec<Address>,
    /// What to send.
    pub bytes: Vec<u8>,
    /// Sizes of the first pieces; the rest goes in one. Empty: one piece.
    pub split: Vec<usize>,
    /// How long to wait between pieces.
    pub delay: Duration,
    /// Say "that was all" after sending (`man 2 shutdown`, `SHUT_WR`).
    pub half_close: bool,
    /// What to write out of the answer.
    pub show: Show,
    /// The most time each call, and the whole exchange, may take.
    pub timeout: Option<Duration>,
}

/// What is written out of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Show {
    /// The body.
    #[default]
    Body,
    /// Heads (those of interim answers too) as they came, and the body.
    HeadAndBody,
}

impl Request {
    /// The pieces to send, in order; none is empty.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        let mut sizes = self.split.iter();
        std::iter::from_fn(move || {
            let size = sizes.find(|size| **size > 0).copied().unwrap_or(rest.len());
            let (piece, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            Some(piece).filter(|piece| !piece.is_empty())
        })
    }
}

/// A request before it is bytes.
#[derive(Clone, Debug)]
pub struct Message {
    /// Any token; `GET` mostly.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    /// The fields of `-H`: `Name: value`, `Name;` (an empty value), or `Name:` (leave it out).
    pub fields: Vec<String>,
    /// The body of `-d`.
    pub body: Option<Vec<u8>>,
}

impl Message {
    /// The bytes to send.
    ///
    /// # Errors
    /// A sentence that says which part cannot be sent.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        if self.method.is_empty() || !self.method.bytes().all(is_token) {
            return Err(format!(
                "{:?} is not a method: letters such as GET, or use --raw",
                self.method
            ));
        }
        let given = self
            .fields
            .iter()
            .map(|field| Given::parse(field))
            .collect::<Result<Vec<_>, _>>()?;
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.url.target);
        for (name, value) in self.defaults() {
            let own = given
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name));
            match own.map(|field| field.value) {
                None => push_field(&mut out, name, &value),
                Some(Some(value)) => push_field(&mut out, name, value),
                Some(None) => {}
            }
        }
        for (place, field) in given.iter().enumerate() {
            let replaced = self
                .defaults()
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(field.name));
            let first = given[..place]
                .iter()
                .all(|other| !other.name.eq_ignore_ascii_case(field.name));
            if let (Some(value), false) = (field.value, replaced && first) {
                push_field(&mut out, field.name, value);
            }
        }
        out.push_str("\r\n");
        let mut bytes = out.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        Ok(bytes)
    }

    /// The fields that are sent unless `-H` says otherwise, in this order.
    fn defaults(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("Host", self.url.authority.clone()),
            (
                "User-Agent",
                concat!("httpsys/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            ("Accept", "*/*".to_owned()),
        ];
        if let Some(body) = &self.body {
            fields.push((
                "Content-Type",
                "application/x-www-form-urlencoded".to_owned(),
            ));
            fields.push(("Content-Length", body.len().to_string()));
        }
        fields
    }
}

fn push_field(out: &mut String, name: &str, value: &str) {
    out.extend([
        name,
        ":",
        if value.is_empty() { "" } else { " " },
        value,
        "\r\n",
    ]);
}

/// One `-H`.
struct Given<'t> {
    name: &'t str,
    /// `None`: leave the field out.
    value: Option<&'t str>,
}

impl Given<'_> {
    fn parse(text: &str) -> Result<Given<'_>, String> {
        if let Some(name) = text.strip_suffix(';').filter(|name| is_name(name)) {
            return Ok(Given {
                name,
                value: Some(""),
            });
        }
        let Some((name, value)) = text.split_once(':').filter(|(name, _)| is_name(name)) else {
            return Err(format!(
                "-H {text:?}: write 'Name: value'; --raw sends a head that breaks the rules"
            ));
        };
        let value = value.trim_matches([' ', '\t']);
        // RFC 9112 2.2 and 11.1: a line end inside a value would begin another field, or the body.
        if value
            .bytes()
            .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
        {
            return Err(format!(
                "-H {text:?}: a value is one line; --raw sends a head that breaks the rules"
            ));
        }
        Ok(Given {
            name,
            value: Some(value).filter(|value| !value.is_empty()),
        })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

/// `tchar` of RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(method: &str, fields: &[&str], body: Option<&str>) -> Result<String, String> {
        let message = Message {
            method: method.into(),
            url: Url::parse(":8080/x").unwrap(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            body: body.map(|body| body.as_bytes().to_vec()),
        };
        message.to_bytes().map(|bytes| {
            let agent = concat!("User-Agent: httpsys/", env!("CARGO_PKG_VERSION"), "\r\n");
            String::from_utf8(bytes).unwrap().replace(agent, "UA\r\n")
        })
    }

    #[test]
    fn a_plain_request_has_the_least_that_a_server_needs() {
        assert_eq!(
            text("GET", &[], None).unwrap(),
            "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUA\r\nAccept: */*\r\n\r\n"
        );
    }

    #[test]
    fn a_body_has_its_length_and_type() {
        assert_eq!(
            text("POST", &["Accept:"], Some("a=b")).unwrap(),
            "POST /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUA\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"
        );
    }

    #[test]
    fn given_fields_replace_remove_and_add() {
        let fields = [
            "host: y",
            "Accept:",
            "User-Agent: me",
            "X;",
            "Y: 1",
            "Y: 2",
            "Host: z",
        ];
        assert_eq!(
            text("GET", &fields, None).unwrap(),
            "GET /x HTTP/1.1\r\nHost: y\r\nUser-Agent: me\r\nX:\r\nY: 1\r\nY: 2\r\nHost: z\r\n\r\n"
        );
    }

    #[test]
    fn what_would_break_the_head_is_refused() {
        for field in ["no colon", ": x", "a b: c", "X: a\r\nY: b", "X: a\0b", ""] {
            assert!(
                text("GET", &[field], None).unwrap_err().contains("--raw"),
                "{field:?}"
            );
        }
        assert!(text("GE T", &[], None).unwrap_err().contains("--raw"));
        assert!(text("", &[], None).is_err());
    }

    #[test]
    fn pieces_have_the_sizes_asked_for_and_then_the_rest() {
        let pieces = |split: &[usize]| -> Vec<String> {
            let request = Request {
                bytes: b"0123456789".to_vec(),
                split: split.to_vec(),
                ..Request::default()
            };
            request
                .pieces()
                .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
                .collect()
        };
        assert_eq!(pieces(&[]), ["0123456789"]);
        assert_eq!(pieces(&[1, 5]), ["0", "12345", "6789"]);
        assert_eq!(pieces(&[10]), ["0123456789"]);
        assert_eq!(pieces(&[4, 100]), ["0123", "456789"]);
        assert_eq!(pieces(&[0, 4, 0]), ["0123", "456789"]);
        assert_eq!(Request::default().pieces().count(), 0);
    }
}
