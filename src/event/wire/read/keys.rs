//! The keys of a line of a call, each where it stands, found in one pass.
//!
//! In: a line's object. Out: the value of a key that most lines have. Left out on purpose: keys of other lines, which are
//! looked for when they are wanted.

use super::json::{Object, Value};

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
    Entry,
    Nr,
    Res,
    Redacted,
    Injected,
    Delayed,
    Cut,
}

/// Their names, in that order, which is about the order in which a writer writes them.
const NAMES: [&str; 19] = [
    "type", "seq", "t", "dur", "pid", "tid", "call", "args", "ret", "errno", "data", "rest",
    "entry", "nr", "res", "redacted", "injected", "delayed", "cut",
];

/// The values of these keys.
#[derive(Debug)]
pub struct Keys<'d> {
    /// All of the line.
    pub object: Object<'d>,
    values: [Option<Value<'d>>; NAMES.len()],
}

impl<'d> Keys<'d> {
    /// Finds them.
    #[inline]
    pub fn new(object: Object<'d>) -> Keys<'d> {
        let mut values = [None; NAMES.len()];
        let mut next = 0;
        for (key, value) in object.entries() {
            // Most often it is the one that comes next, or soon.
            let (before, after) = NAMES.split_at(next);
            let place = match after.iter().position(|name| name.as_bytes() == key) {
                Some(place) => next + place,
                None => match before.iter().position(|name| name.as_bytes() == key) {
                    Some(place) => place,
                    None => continue,
                },
            };
            values[place] = Some(value);
            next = place + 1;
        }
        Keys { object, values }
    }

    /// What stands under a key.
    #[inline]
    pub fn get(&self, key: Key) -> Option<Value<'d>> {
        self.values[key as usize]
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
        let line = br#"{"cut":1,"pid":2,"halo":{"pid":3},"type":"call","seq":4,"pid":5}"#;
        let tree = document.line(line).expect("an object");
        let keys = Keys::new(tree.root());
        assert_eq!(keys.text(Key::Type), "call");
        let numbers = [Key::Cut, Key::Pid, Key::Seq, Key::T].map(|key| keys.number(key));
        assert_eq!(numbers, [1, 5, 4, 0]);
        assert!(keys.get(Key::Ret).is_none());
    }
}
