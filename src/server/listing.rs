//! What is in a directory, as HTML or JSON, where there is no index file.
//!
//! In: an open directory. Out: its entries. A directory that one `getdents64` reads to its end comes
//! sorted and with its length; a larger one leaves as it is read, piece by piece, in the order of
//! the file system: nobody knows how long that will be, so it goes in chunks. Left out on purpose:
//! sizes and dates (a call for each entry), names that begin with a dot, what is neither file,
//! directory nor link.

use super::pages;
use crate::abi::Fd;
use crate::http::write;
use crate::kernel::{Kernel, Probe, Result};
use nix::libc;

/// Room for the entries of one call.
const ROOM: usize = 32 << 10;
/// Bytes of a piece of a listing, about: a `write` that the kernel takes at once, as a rule.
const PIECE: usize = 16 << 10;

/// How a listing is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A page with links.
    Html,
    /// A list of objects.
    Json,
}

impl Form {
    /// The media type.
    pub fn kind(self) -> &'static [u8] {
        match self {
            Form::Html => b"text/html; charset=utf-8",
            Form::Json => b"application/json",
        }
    }
}

/// One entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// Whether it is a file: directories are sorted before the others.
    is_other: bool,
    name: Vec<u8>,
    what: &'static str,
}

/// A directory on its way to a client.
#[derive(Debug)]
pub struct Directory {
    /// Its descriptor.
    pub fd: Fd,
    form: Form,
    chunked: bool,
    buffer: Vec<u8>,
    entries: Vec<Entry>,
    /// Something stands before the next entry.
    begun: bool,
    /// The kernel has no more of them.
    ended: bool,
}

impl Directory {
    /// Reads the first entries. Whoever gets the directory must close its descriptor.
    ///
    /// # Errors
    /// `man 2 getdents64`.
    pub fn read<P: Probe>(kernel: &mut Kernel<P>, fd: Fd, form: Form) -> Result<Directory> {
        let mut directory = Directory {
            fd,
            form,
            chunked: false,
            buffer: vec![0; ROOM],
            entries: Vec::new(),
            begun: false,
            ended: false,
        };
        for _ in 0..2 {
            if !directory.ended {
                directory.read_more(kernel)?;
            }
        }
        Ok(directory)
    }

    fn read_more<P: Probe>(&mut self, kernel: &mut Kernel<P>) -> Result<()> {
        let used = kernel.getdents64(self.fd, &mut self.buffer)?;
        self.ended = used == 0;
        collect(&self.buffer[..used.min(ROOM)], &mut self.entries);
        Ok(())
    }

    /// Whether all of it was read, so that its length is known.
    pub fn is_complete(&self) -> bool {
        self.ended
    }

    /// The entries that were read, sorted.
    pub fn entries(&mut self) -> &[Entry] {
        self.entries.sort();
        &self.entries
    }

    /// A complete listing as one body.
    pub fn whole(&mut self, path: &[u8]) -> Vec<u8> {
        self.entries.sort();
        let mut out = Vec::new();
        begin(self.form, path, &mut out);
        self.put_entries(usize::MAX, &mut out);
        end(self.form, &mut out);
        out
    }

    /// The first piece of a listing that goes out as it is read.
    pub fn start(&mut self, path: &[u8], chunked: bool, out: &mut Vec<u8>) {
        self.chunked = chunked;
        let mut piece = Vec::new();
        begin(self.form, path, &mut piece);
        self.put_entries(PIECE, &mut piece);
        self.put(&piece, out);
    }

    /// The next piece. True when it was the last.
    ///
    /// # Errors
    /// `man 2 getdents64`.
    pub fn next<P: Probe>(&mut self, kernel: &mut Kernel<P>, out: &mut Vec<u8>) -> Result<bool> {
        if self.entries.is_empty() {
            self.read_more(kernel)?;
        }
        let mut piece = Vec::new();
        self.put_entries(PIECE, &mut piece);
        let last = self.ended && self.entries.is_empty();
        if last {
            end(self.form, &mut piece);
        }
        self.put(&piece, out);
        if last && self.chunked {
            write::last_chunk(out);
        }
        Ok(last)
    }

    fn put(&self, piece: &[u8], out: &mut Vec<u8>) {
        match self.chunked {
            true => write::chunk(out, piece),
            false => out.extend_from_slice(piece),
        }
    }

    /// Entries until there are so many bytes of them.
    fn put_entries(&mut self, room: usize, out: &mut Vec<u8>) {
        let mut put = 0;
        for entry in &self.entries {
            if out.len() >= room {
                break;
            }
            match self.form {
                Form::Html => {
                    out.extend_from_slice(b"<li>");
                    link(entry, out);
                    out.extend_from_slice(b"</li>\n");
                }
                Form::Json => {
                    out.extend_from_slice(if self.begun { b",\n" } else { b"\n" });
                    object(entry, out);
                }
            }
            self.begun = true;
            put += 1;
        }
        self.entries.drain(..put);
    }
}

/// The entries in a buffer of `getdents64`: for each a `struct linux_dirent64`, which is inode (8
/// bytes), offset (8), length of this record (2), type (1), name, NUL.
fn collect(mut records: &[u8], entries: &mut Vec<Entry>) {
    const NAME: usize = 19;
    while let [
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        low,
        high,
        kind,
        ..,
    ] = records
    {
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        let Some((record, rest)) = records.split_at_checked(length.max(NAME)) else {
            return;
        };
        records = rest;
        let name = record[NAME..].split(|b| *b == 0).next().unwrap_or_default();
        let what = match *kind {
            libc::DT_DIR => "directory",
            libc::DT_REG => "file",
            libc::DT_LNK => "link",
            libc::DT_UNKNOWN => "unknown",
            _ => continue,
        };
        if !name.is_empty() && name[0] != b'.' {
            entries.push(Entry {
                is_other: *kind != libc::DT_DIR,
                name: name.to_vec(),
                what,
            });
        }
    }
}

fn begin(form: Form, path: &[u8], out: &mut Vec<u8>) {
    if form == Form::Json {
        return out.push(b'[');
    }
    out.extend_from_slice(
        b"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
    );
    escape_name(path, out);
    out.extend_from_slice(
        b"</title>\n<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\n<style>",
    );
    out.extend_from_slice(pages::STYLE.as_bytes());
    out.extend_from_slice(b"</style></head>\n<body>\n<h1>");
    escape_name(path, out);
    out.extend_from_slice(b"</h1>\n<ul>\n");
    if path != b"/" {
        out.extend_from_slice(b"<li><a href=\"../\">../</a></li>\n");
    }
}

fn end(form: Form, out: &mut Vec<u8>) {
    out.extend_from_slice(match form {
        Form::Html => b"</ul>\n</body></html>\n",
        Form::Json => b"\n]\n",
    });
}

/// An entry as a link; a directory's has the slash that saves a redirect.
pub fn link(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<a href=\"");
    address(entry, out);
    out.extend_from_slice(b"\">");
    escape_name(&entry.name, out);
    if !entry.is_other {
        out.push(b'/');
    }
    out.extend_from_slice(b"</a>");
}

/// `{"name":"a b","href":"a%20b","type":"file"}`. A name that is not UTF-8 has replacement characters
/// in `name`; `href` is exact.
fn object(entry: &Entry, out: &mut Vec<u8>) {
    let mut href = Vec::new();
    address(entry, &mut href);
    let text = serde_json::json!({
        "name": String::from_utf8_lossy(&entry.name),
        "href": String::from_utf8_lossy(&href),
        "type": entry.what,
    });
    out.extend_from_slice(text.to_string().as_bytes());
}

/// The address of an entry, relative to its directory. Everything that is not unreserved is escaped
/// (RFC 3986 2.3), so that no name can be read as a scheme, a path or markup.
fn address(entry: &Entry, out: &mut Vec<u8>) {
    for byte in &entry.name {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(*byte),
            other => percent(*other, out),
        }
    }
    if !entry.is_other {
        out.push(b'/');
    }
}

/// Appends `%XX`.
pub fn percent(byte: u8, out: &mut Vec<u8>) {
    let digit = |n: u8| b"0123456789ABCDEF"[usize::from(n & 15)];
    out.extend([b'%', digit(byte >> 4), digit(byte)]);
}

/// A name as HTML text. Letters of all scripts stay; what has no shape of its own, turns the direction
/// of the text or is not UTF-8 is shown as it is escaped in a URL.
fn escape_name(name: &[u8], out: &mut Vec<u8>) {
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let invisible = letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            match letter {
                '&' => out.extend_from_slice(b"&amp;"),
                '<' => out.extend_from_slice(b"&lt;"),
                '>' => out.extend_from_slice(b"&gt;"),
                '"' => out.extend_from_slice(b"&quot;"),
                '\'' => out.extend_from_slice(b"&#39;"),
                letter => {
                    let mut room = [0; 4];
                    let bytes = letter.encode_utf8(&mut room).as_bytes();
                    match invisible {
                        true => bytes.iter().for_each(|byte| percent(*byte, out)),
                        false => out.extend_from_slice(bytes),
                    }
                }
            }
        }
        chunk.invalid().iter().for_each(|byte| percent(*byte, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &[u8], kind: u8) -> Vec<u8> {
        let length = (19 + name.len() + 1).next_multiple_of(8);
        let mut record = vec![0; length];
        record[16..18].copy_from_slice(&(length as u16).to_ne_bytes());
        record[18] = kind;
        record[19..19 + name.len()].copy_from_slice(name);
        record
    }

    fn listing(form: Form, records: &[Vec<u8>]) -> String {
        let mut entries = Vec::new();
        collect(&records.concat(), &mut entries);
        let mut directory = Directory {
            fd: Fd(-1),
            form,
            chunked: false,
            buffer: Vec::new(),
            entries,
            begun: false,
            ended: true,
        };
        String::from_utf8(directory.whole(b"/d/")).unwrap()
    }

    #[test]
    fn entries_are_sorted_and_hidden_ones_stay_hidden() {
        let records = [
            record(b".", libc::DT_DIR),
            record(b"..", libc::DT_DIR),
            record(b"b.txt", libc::DT_REG),
            record(b".git", libc::DT_DIR),
            record(b"z", libc::DT_DIR),
            record(b"fifo", libc::DT_FIFO),
            record(b"a", libc::DT_LNK),
        ];
        let json: serde_json::Value = serde_json::from_str(&listing(Form::Json, &records)).unwrap();
        let names: Vec<&str> = json
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["z", "a", "b.txt"]);
        assert_eq!(
            json[0],
            serde_json::json!({"name": "z", "href": "z/", "type": "directory"})
        );
    }

    #[test]
    fn no_name_is_markup_or_an_address_elsewhere() {
        let names: [&[u8]; 5] = [
            b"<script>",
            b"javascript:x",
            b"a\"b'&",
            b"\xff\x1b[2J",
            "caf\u{e9}\u{202e}x".as_bytes(),
        ];
        let records: Vec<Vec<u8>> = names
            .iter()
            .map(|name| record(name, libc::DT_REG))
            .collect();
        let page = listing(Form::Html, &records);
        for there in [
            "<a href=\"%3Cscript%3E\">&lt;script&gt;</a>",
            "<a href=\"javascript%3Ax\">javascript:x</a>",
            "a&quot;b&#39;&amp;",
            "%FF%1B[2J",
            "caf\u{e9}%E2%80%AEx",
        ] {
            assert!(page.contains(there), "{there} in\n{page}");
        }
        assert!(serde_json::from_str::<serde_json::Value>(&listing(Form::Json, &records)).is_ok());
    }

    #[test]
    fn a_record_that_is_cut_is_not_read_beyond_its_end() {
        let whole = record(b"name", libc::DT_REG);
        for cut in 0..whole.len() {
            let mut entries = Vec::new();
            collect(&whole[..cut], &mut entries);
            assert!(entries.is_empty(), "{cut}");
        }
        let mut lying = whole;
        lying[16..18].copy_from_slice(&0u16.to_ne_bytes());
        collect(&lying, &mut Vec::new());
    }
}
