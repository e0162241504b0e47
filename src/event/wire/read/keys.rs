//! The keys of a line of a call, each where it stands: found while the line is read.
//!
//! In: a line as it is read, key by key. Out: the value of a key that most lines have. Left out on purpose: keys of other
//! lines, which are looked for when they are wanted.

use super::json::{Object, Tree, Value};

/// A key that lines of calls have.
#[allow(missing_docs, reason = "docs/recording-format.md says what each means")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    Type,
    Seq,
    T,
    Dur,
    Pid,
    Tid,
    Call,
    Args,
    Ret,
    Errno,
    Data,
    Rest,
    Redacted,
    Injected,
    Delayed,
    Cut,
    Entry,
    Nr,
    Res,
}

/// How many there are.
const KEYS: usize = 19;

/// Their names, in that order: the order in which a writer writes them.
const NAMES: [&str; KEYS] = [
    "type", "seq", "t", "dur", "pid", "tid", "call", "args", "ret", "errno", "data", "rest",
    "redacted", "injected", "delayed", "cut", "entry", "nr", "res",
];

/// A name with its quotes and the colon, as the bytes of one word, where it is no longer than that.
#[derive(Clone, Copy)]
struct Word {
    bytes: u64,
    mask: u64,
    len: usize,
}

static WORDS: [Word; KEYS] = {
    // What no text has: no bits, but one that is set.
    let never = Word {
        bytes: 1,
        mask: 0,
        len: 0,
    };
    let mut words = [never; KEYS];
    let mut key = 0;
    while key < KEYS {
        let name = NAMES[key].as_bytes();
        let len = name.len() + 3;
        if len <= 8 {
            let mut bytes = [0; 8];
            bytes[0] = b'"';
            let mut at = 0;
            while at < name.len() {
                bytes[1 + at] = name[at];
                at += 1;
            }
            bytes[len - 2] = b'"';
            bytes[len - 1] = b':';
            words[key] = Word {
                bytes: u64::from_le_bytes(bytes),
                mask: u64::MAX >> (64 - 8 * len),
                len,
            };
        }
        key += 1;
    }
    words
};

/// Where the values of these keys stand in a line's tree.
#[derive(Default, Debug)]
pub struct Places {
    /// By key; 0, which is the line itself, where it has no such key.
    places: [u32; KEYS],
    /// The key behind the one seen last.
    next: usize,
}

impl Places {
    /// Nothing was seen yet.
    pub fn clear(&mut self) {
        *self = Places::default();
    }

    /// If a key that may come next stands here, with a colon right behind it: which, and how long that is.
    #[inline]
    pub fn here(&self, text: &[u8]) -> Option<(usize, usize)> {
        let eight = u64::from_le_bytes(*text.first_chunk()?);
        let mut words = WORDS.iter().enumerate().skip(self.next);
        let (key, word) = words.find(|(_, word)| eight & word.mask == word.bytes)?;
        Some((key, word.len))
    }

    /// The key of this name.
    pub fn named(name: &[u8]) -> Option<usize> {
        NAMES.iter().position(|known| known.as_bytes() == name)
    }

    /// The value of a key stands at this place. Of two keys of one name the last counts.
    #[inline]
    pub fn note(&mut self, key: usize, place: usize) {
        self.places[key] = place as u32;
        self.next = key + 1;
    }
}

/// The values of these keys.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'d> {
    /// All of the line.
    pub object: Object<'d>,
    tree: &'d Tree<'d>,
    places: &'d Places,
}

impl<'d> Keys<'d> {
    /// Those of a line that was read.
    pub fn new(tree: &'d Tree<'d>) -> Keys<'d> {
        Keys {
            object: tree.root(),
            tree,
            places: tree.places,
        }
    }

    /// What stands under a key.
    #[inline]
    pub fn get(&self, key: Key) -> Option<Value<'d>> {
        match self.places.places[key as usize] {
            0 => None,
            place => Some(self.tree.at(place)),
        }
    }

    /// A text, empty where there is none.
    #[inline]
    pub fn text(&self, key: Key) -> &'d str {
        self.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// A whole number, 0 where there is none.
    #[inline]
    pub fn number(&self, key: Key) -> u64 {
        self.get(key).and_then(Value::as_u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Document;
    use super::*;

    #[test]
    fn keys_are_found_in_any_order_and_of_two_the_last_counts() {
        let mut document = Document::default();
        // The last is too deep for the quick way.
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        for last in ["6", r#""x""#, &deep] {
            let line = format!(
                r#"{{"cut":1,"pid":2,"halo":{{"pid":3}},"type" : "call","redacted":7,"seq":4,"pid":5,"\u0074":8,"x":{last}}}"#
            );
            let tree = document.line(line.as_bytes()).expect("an object");
            let keys = Keys::new(&tree);
            assert_eq!(keys.text(Key::Type), "call");
            let wanted = [Key::Cut, Key::Pid, Key::Seq, Key::T, Key::Redacted];
            assert_eq!(wanted.map(|key| keys.number(key)), [1, 5, 4, 8, 7]);
            assert!(keys.get(Key::Ret).is_none());
        }
    }

    #[test]
    fn a_key_stands_where_its_variant_says() {
        for (key, name) in [(Key::Type, "type"), (Key::Rest, "rest"), (Key::Res, "res")] {
            assert_eq!(NAMES[key as usize], name);
        }
        assert_eq!(Key::Res as usize + 1, KEYS);
    }
}
