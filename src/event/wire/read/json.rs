//! A line's JSON as one flat list of nodes, whose room the next line uses again.
//!
//! In: a line, or a map that is one already. Out: values that are looked at in place: nothing is allocated for a line,
//! for a recording has millions. What a recording's writer writes is read here; whatever else JSON allows (fractions,
//! numbers beyond 64 bits, deep nesting) and everything that is wrong goes to serde_json, whose word it is what a
//! line means and what is the matter with it. Left out on purpose: what a fraction is worth, for no key has one.

use super::keys::Places;
use super::plain::Plain;
use serde_json::{Map, Number, Value as Parsed};

/// What stands at one place. A list or an object takes `len` nodes, itself included; an object's are a key and a
/// value in turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Fraction,
    /// As it stands in the line.
    Text {
        from: u32,
        to: u32,
    },
    /// Of the texts that had escapes.
    Unescaped {
        from: u32,
        to: u32,
    },
    List {
        len: u32,
    },
    Object {
        len: u32,
    },
}

impl Node {
    /// How many nodes it and what is in it are.
    #[inline]
    fn takes(self) -> u32 {
        match self {
            Node::List { len } | Node::Object { len } => len,
            _ => 1,
        }
    }
}

/// A line that was read, and room for the next.
#[derive(Default, Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// UTF-8.
    unescaped: Vec<u8>,
    places: Places,
}

impl Document {
    /// Reads a line that holds one object.
    ///
    /// # Errors
    /// What is wrong with it, in serde_json's words.
    pub fn line<'d>(&'d mut self, text: &'d [u8]) -> Result<Tree<'d>, String> {
        match std::str::from_utf8(text) {
            Ok(line) if self.plain(line).is_some() => Ok(self.tree(line)),
            _ => {
                let parsed = serde_json::from_slice(text).map_err(|error| error.to_string())?;
                Ok(self.object(&parsed))
            }
        }
    }

    /// The same for what is an object already.
    pub fn object<'d>(&'d mut self, parsed: &Map<String, Parsed>) -> Tree<'d> {
        self.clear();
        self.map(parsed);
        let mut place = 1;
        for key in parsed.keys() {
            if let Some(key) = Places::named(key.as_bytes()) {
                self.places.note(key, place + 1);
            }
            place += 1 + self.nodes[place + 1].takes() as usize;
        }
        self.tree("")
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.unescaped.clear();
        self.places.clear();
    }

    fn tree<'d>(&'d self, line: &'d str) -> Tree<'d> {
        Tree {
            nodes: &self.nodes,
            line,
            unescaped: &self.unescaped,
            places: &self.places,
        }
    }

    /// What our own writer writes; `None` for anything else, right or wrong.
    fn plain(&mut self, line: &str) -> Option<()> {
        self.clear();
        let mut plain = Plain::new(line, &mut self.nodes, &mut self.unescaped);
        plain.line(&mut self.places)
    }

    fn map(&mut self, parsed: &Map<String, Parsed>) {
        let at = self.nodes.len();
        self.nodes.push(Node::Null);
        for (key, value) in parsed {
            self.text(key);
            self.value(value);
        }
        self.nodes[at] = Node::Object {
            len: self.since(at),
        };
    }

    fn value(&mut self, value: &Parsed) {
        match value {
            Parsed::Null => self.nodes.push(Node::Null),
            Parsed::Bool(value) => self.nodes.push(Node::Bool(*value)),
            Parsed::Number(number) => self.nodes.push(number_node(number)),
            Parsed::String(text) => self.text(text),
            Parsed::Array(list) => {
                let at = self.nodes.len();
                self.nodes.push(Node::Null);
                list.iter().for_each(|value| self.value(value));
                self.nodes[at] = Node::List {
                    len: self.since(at),
                };
            }
            Parsed::Object(parsed) => self.map(parsed),
        }
    }

    fn text(&mut self, text: &str) {
        let from = self.unescaped.len() as u32;
        self.unescaped.extend_from_slice(text.as_bytes());
        let to = self.unescaped.len() as u32;
        self.nodes.push(Node::Unescaped { from, to });
    }

    fn since(&self, at: usize) -> u32 {
        (self.nodes.len() - at) as u32
    }
}

fn number_node(number: &Number) -> Node {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => Node::Unsigned(value),
        (None, Some(value)) => Node::Negative(value),
        (None, None) => Node::Fraction,
    }
}

/// A line that was read. Its first node is the object that it holds.
#[derive(Debug)]
pub struct Tree<'d> {
    nodes: &'d [Node],
    line: &'d str,
    unescaped: &'d [u8],
    /// Where the values of some keys stand.
    pub(super) places: &'d Places,
}

/// A value, looked at in place.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    tree: &'d Tree<'d>,
    place: u32,
}

/// A value that is an object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'d>(Value<'d>);

/// Values one after another: those of a list, or keys and values in turn.
#[derive(Clone, Debug)]
pub struct Values<'d> {
    next: Value<'d>,
    end: u32,
}

impl<'d> Tree<'d> {
    /// The object that the line holds.
    pub fn root(&'d self) -> Object<'d> {
        Object(self.at(0))
    }

    /// The value at a place.
    #[inline]
    pub(super) fn at(&'d self, place: u32) -> Value<'d> {
        Value { tree: self, place }
    }
}

impl<'d> Value<'d> {
    #[inline]
    fn node(self) -> Node {
        let node = self.tree.nodes.get(self.place as usize);
        node.copied().unwrap_or(Node::Null)
    }

    /// Where the next value stands.
    #[inline]
    fn end(self) -> u32 {
        self.place + self.node().takes()
    }

    /// What stands in it.
    #[inline]
    fn inside(self) -> Values<'d> {
        Values {
            next: Value {
                place: self.place + 1,
                ..self
            },
            end: self.end(),
        }
    }

    /// Whether it is `null`.
    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self.node(), Node::Null)
    }

    /// Whether it is `true`.
    #[inline]
    pub fn is_true(self) -> bool {
        matches!(self.node(), Node::Bool(true))
    }

    /// Whether it is a number, of whatever kind.
    pub fn is_number(self) -> bool {
        matches!(
            self.node(),
            Node::Unsigned(_) | Node::Negative(_) | Node::Fraction
        )
    }

    /// A whole number that is not negative.
    #[inline]
    pub fn as_u64(self) -> Option<u64> {
        match self.node() {
            Node::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number of 64 bits with a sign.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        match self.node() {
            Node::Unsigned(value) => i64::try_from(value).ok(),
            Node::Negative(value) => Some(value),
            _ => None,
        }
    }

    /// A text.
    #[inline]
    pub fn as_str(self) -> Option<&'d str> {
        match self.node() {
            Node::Text { from, to } => self.tree.line.get(from as usize..to as usize),
            _ => std::str::from_utf8(self.as_bytes()?).ok(),
        }
    }

    /// The bytes of a text.
    #[inline]
    pub fn as_bytes(self) -> Option<&'d [u8]> {
        let (of, from, to) = match self.node() {
            Node::Text { from, to } => (self.tree.line.as_bytes(), from, to),
            Node::Unescaped { from, to } => (self.tree.unescaped, from, to),
            _ => return None,
        };
        of.get(from as usize..to as usize)
    }

    /// The values of a list.
    #[inline]
    pub fn as_list(self) -> Option<Values<'d>> {
        matches!(self.node(), Node::List { .. }).then(|| self.inside())
    }

    /// An object.
    #[inline]
    pub fn as_object(self) -> Option<Object<'d>> {
        matches!(self.node(), Node::Object { .. }).then_some(Object(self))
    }

    /// What an object has under this key.
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        self.as_object()?.get(key)
    }
}

impl<'d> Iterator for Values<'d> {
    type Item = Value<'d>;

    #[inline]
    fn next(&mut self) -> Option<Value<'d>> {
        let here = self.next;
        (here.place < self.end).then(|| {
            self.next.place = here.end();
            here
        })
    }
}

impl<'d> Object<'d> {
    /// Keys and what they have, in order.
    #[inline]
    pub fn entries(self) -> impl Iterator<Item = (&'d [u8], Value<'d>)> + use<'d> {
        let mut inside = self.0.inside();
        std::iter::from_fn(move || Some((inside.next()?.as_bytes()?, inside.next()?)))
    }

    /// What stands under this key; of several the last, as everybody reads JSON.
    #[inline]
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        let of_key = self.entries().filter(|(name, _)| *name == key.as_bytes());
        of_key.last().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the quick way makes of a line, as serde_json has it.
    fn plainly(document: &mut Document, line: &str) -> Option<Parsed> {
        document.plain(line)?;
        Some(parsed(document.tree(line).at(0)))
    }

    fn parsed(value: Value<'_>) -> Parsed {
        if let Some(object) = value.as_object() {
            let key = |key: &[u8]| String::from_utf8(key.to_vec()).expect("UTF-8");
            let entries = object
                .entries()
                .map(|(name, value)| (key(name), parsed(value)));
            return Parsed::Object(entries.collect());
        }
        if let Some(list) = value.as_list() {
            return Parsed::Array(list.map(parsed).collect());
        }
        match (value.as_str(), value.as_u64(), value.as_i64()) {
            (Some(text), ..) => Parsed::from(text),
            (_, Some(number), _) => Parsed::from(number),
            (_, _, Some(number)) => Parsed::from(number),
            _ if value.is_null() => Parsed::Null,
            _ => Parsed::Bool(value.is_true()),
        }
    }

    const LINE: &str = r#" {"type":"call","seq":6,"t":0,"errno":null,"args":{"fd":-1,"events":[{"events":["EPOLLIN","0x1"],"data":18446744073709551615}],"e":[ ],"f": {}},"own":true , "no":false,"data":{"len":78,"text":"GET /\u00e4 HTTP\/1.1\r\n\ud83c\udf89 \"\\ plain text that is longer\b\f\t ü日"}} "#;

    #[test]
    fn what_our_writer_writes_is_read_without_help() {
        let mut document = Document::default();
        let expected: Parsed = serde_json::from_str(LINE).expect("JSON");
        assert_eq!(plainly(&mut document, LINE), Some(expected));
    }

    #[test]
    fn the_quick_way_never_says_anything_else_than_serde_json() {
        let mut document = Document::default();
        let mut check = |line: &str| {
            if let Some(read) = plainly(&mut document, line) {
                let expected: Result<Parsed, _> = serde_json::from_str(line);
                assert_eq!(read, expected.expect(line), "{line}");
                return 1;
            }
            0
        };
        let odd = "\"\\{}[],:09-.eE+ \n\r\t\0\u{1f}\u{7f}/bfnrtu dD8cüntrf";
        let odd: Vec<char> = odd.chars().collect();
        let line: Vec<char> = LINE.chars().collect();
        let mut whole = 0;
        for at in 0..line.len() {
            whole += check(&line[..at].iter().collect::<String>());
            let without: String = line[..at].iter().chain(&line[at + 1..]).collect();
            whole += check(&without);
            for c in &odd {
                for rest in [at, at + 1] {
                    let mut changed = line[..at].to_vec();
                    changed.push(*c);
                    changed.extend_from_slice(&line[rest..]);
                    whole += check(&changed.iter().collect::<String>());
                }
            }
        }
        assert!(whole > 1000, "many changes leave JSON: {whole}");
        for line in [
            "{}",
            "{} {}",
            "[]",
            "{\"a\":-0}",
            "{\"a\":01}",
            "{\"a\":1.0}",
            "{\"a\":-9223372036854775808}",
            "{\"a\":-9223372036854775809}",
            "{\"a\":18446744073709551616}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\\ud800\"}",
            "{\"a\":1,\"a\":{\"b\":2},\"a\":[3]}",
            "{\"a\":\"\\u00\"}",
            "{\"a\":nul}",
            "{,}",
            "{\"a\":1,}",
            "{\"a\":[1,]}",
        ] {
            check(line);
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_serde_json() {
        let mut document = Document::default();
        for line in [
            "{\"a\":1",
            "{\"a\":\"\u{1}\"}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":1} x",
            "[1]",
            "{\"a\":1e999}",
        ] {
            let expected = serde_json::from_str::<Map<String, Parsed>>(line).expect_err(line);
            let said = document.line(line.as_bytes()).expect_err(line);
            assert_eq!(said, expected.to_string());
        }
        assert!(
            document
                .line(b"{\"a\":\"\xff\"}")
                .is_err_and(|why| why.contains("UTF-8") || why.contains("unicode"))
        );
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert!(
            document
                .line(deep.as_bytes())
                .is_err_and(|why| why.contains("recursion limit"))
        );
    }
}
