//! A line's JSON as one flat list of nodes, whose room the next line uses again.
//!
//! In: a line, or a map that is one already. Out: values that are looked at in place: nothing is allocated for a line,
//! for a recording has millions. What a recording's writer writes is read here; whatever else JSON allows (fractions,
//! numbers beyond 64 bits, deep nesting) and everything that is wrong goes to serde_json, whose word it is what a
//! line means and what is the matter with it. Left out on purpose: what a fraction is worth, for no key has one.

use serde_json::{Map, Number, Value as Parsed};

/// Deeper than this no line of ours is.
const DEEPEST: u32 = 16;

/// What stands at one place. A list or an object takes `len` nodes, itself included; an object's are a key and a
/// value in turn.
#[derive(Clone, Copy, Debug)]
enum Node {
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

/// A line that was read, and room for the next.
#[derive(Default, Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// UTF-8.
    unescaped: Vec<u8>,
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
        self.tree("")
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.unescaped.clear();
    }

    fn tree<'d>(&'d self, line: &'d str) -> Tree<'d> {
        Tree {
            nodes: &self.nodes,
            line,
            unescaped: &self.unescaped,
        }
    }

    /// What our own writer writes; `None` for anything else, right or wrong.
    fn plain(&mut self, line: &str) -> Option<()> {
        self.clear();
        let mut plain = Plain {
            bytes: line.as_bytes(),
            at: 0,
            nodes: &mut self.nodes,
            unescaped: &mut self.unescaped,
        };
        plain.blanks();
        plain.expect(b'{')?;
        plain.object(DEEPEST)?;
        plain.blanks();
        (plain.at == line.len() && u32::try_from(line.len()).is_ok()).then_some(())
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

/// Reads what our own writer writes.
struct Plain<'p> {
    bytes: &'p [u8],
    at: usize,
    nodes: &'p mut Vec<Node>,
    unescaped: &'p mut Vec<u8>,
}

impl Plain<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// The blanks of RFC 8259 section 2; our writer writes none.
    #[inline]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// What follows an opening brace.
    fn object(&mut self, deep: u32) -> Option<()> {
        let place = self.nodes.len();
        self.nodes.push(Node::Null);
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
        } else {
            loop {
                self.expect(b'"')?;
                self.text()?;
                self.blanks();
                self.expect(b':')?;
                self.value(deep)?;
                if self.is_last(b'}')? {
                    break;
                }
                self.blanks();
            }
        }
        let len = (self.nodes.len() - place) as u32;
        self.nodes[place] = Node::Object { len };
        Some(())
    }

    fn list(&mut self, deep: u32) -> Option<()> {
        let place = self.nodes.len();
        self.nodes.push(Node::Null);
        self.blanks();
        if self.peek()? == b']' {
            self.at += 1;
        } else {
            loop {
                self.value(deep)?;
                if self.is_last(b']')? {
                    break;
                }
            }
        }
        let len = (self.nodes.len() - place) as u32;
        self.nodes[place] = Node::List { len };
        Some(())
    }

    /// What follows a value: a comma, or the end.
    #[inline]
    fn is_last(&mut self, end: u8) -> Option<bool> {
        self.blanks();
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(false),
            byte if byte == end => Some(true),
            _ => None,
        }
    }

    fn value(&mut self, deep: u32) -> Option<()> {
        self.blanks();
        let first = self.peek()?;
        match first {
            b'"' => {
                self.at += 1;
                return self.text();
            }
            b'0'..=b'9' => {
                let value = self.digits()?;
                self.nodes.push(Node::Unsigned(value));
            }
            b'-' => {
                self.at += 1;
                let value = self.digits().filter(|value| *value > 0)?;
                let value = 0i64.checked_sub_unsigned(value)?;
                self.nodes.push(Node::Negative(value));
            }
            b'{' => {
                self.at += 1;
                return self.object(deep.checked_sub(1)?);
            }
            b'[' => {
                self.at += 1;
                return self.list(deep.checked_sub(1)?);
            }
            b'n' => self.word(b"null", Node::Null)?,
            b't' => self.word(b"true", Node::Bool(true))?,
            b'f' => self.word(b"false", Node::Bool(false))?,
            _ => return None,
        }
        Some(())
    }

    fn word(&mut self, word: &[u8], node: Node) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then_some(())?;
        self.at += word.len();
        self.nodes.push(node);
        Some(())
    }

    /// A whole number. With a fraction, an exponent, a needless zero or too many digits it is not for us.
    #[inline]
    fn digits(&mut self) -> Option<u64> {
        let from = self.at;
        let mut value: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value
                .checked_mul(10)?
                .checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let len = self.at - from;
        let needless_zero = len > 1 && self.bytes[from] == b'0';
        let goes_on = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (len > 0 && !needless_zero && !goes_on).then_some(value)
    }

    /// What follows an opening quote.
    #[inline]
    fn text(&mut self) -> Option<()> {
        let from = self.at;
        self.run()?;
        if self.bytes[self.at] == b'"' {
            let to = self.at as u32;
            self.at += 1;
            let from = from as u32;
            self.nodes.push(Node::Text { from, to });
            return Some(());
        }
        self.escaped(from)
    }

    /// A text that has an escape.
    fn escaped(&mut self, mut from: usize) -> Option<()> {
        let start = self.unescaped.len();
        loop {
            self.unescaped.extend_from_slice(&self.bytes[from..self.at]);
            let mark = self.bytes[self.at];
            self.at += 1;
            match mark {
                b'"' => break,
                b'\\' => self.escape()?,
                // A control character must not stand for itself.
                _ => return None,
            }
            from = self.at;
            self.run()?;
        }
        let (from, to) = (start as u32, self.unescaped.len() as u32);
        self.nodes.push(Node::Unescaped { from, to });
        Some(())
    }

    /// Goes to the next quote, backslash or control character.
    #[inline]
    fn run(&mut self) -> Option<()> {
        while let Some(eight) = self.bytes[self.at..].first_chunk::<8>() {
            match special(u64::from_le_bytes(*eight)) {
                0 => self.at += 8,
                found => {
                    self.at += found.trailing_zeros() as usize / 8;
                    return Some(());
                }
            }
        }
        let rest = &self.bytes[self.at..];
        self.at += rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
        Some(())
    }

    /// What follows a backslash.
    #[inline]
    fn escape(&mut self) -> Option<()> {
        let letter = self.peek()?;
        self.at += 1;
        match ESCAPES[usize::from(letter)] {
            0 if letter == b'u' => self.four_digits(),
            0 => None,
            byte => {
                self.unescaped.push(byte);
                Some(())
            }
        }
    }

    /// `\u00e4`; a character beyond the first 65,536 is two such.
    fn four_digits(&mut self) -> Option<()> {
        let first = self.unit()?;
        let character = match first {
            0xd800..=0xdbff => {
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let second = self.unit()?;
                char::decode_utf16([first, second]).next()?.ok()?
            }
            other => char::from_u32(u32::from(other))?,
        };
        let mut room = [0; 4];
        let text = character.encode_utf8(&mut room);
        self.unescaped.extend_from_slice(text.as_bytes());
        Some(())
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | char::from(*digit).to_digit(16)? as u16)
        })
    }
}

/// What a letter behind a backslash stands for (RFC 8259 section 7); 0 where it is none of the short ones.
static ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b'/' as usize] = b'/';
    escapes[b'b' as usize] = 0x08;
    escapes[b'f' as usize] = 0x0c;
    escapes[b'n' as usize] = b'\n';
    escapes[b'r' as usize] = b'\r';
    escapes[b't' as usize] = b'\t';
    escapes
};

/// In each byte of eight, the highest bit where it is a quote, a backslash or a control character. A byte after such a
/// one may be marked though it is none: only the first mark counts.
#[inline]
fn special(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zero_in = |x: u64| x.wrapping_sub(ONES) & !x;
    let quote = zero_in(eight ^ (ONES * u64::from(b'"')));
    let backslash = zero_in(eight ^ (ONES * u64::from(b'\\')));
    let control = eight.wrapping_sub(ONES * 0x20) & !eight;
    (quote | backslash | control) & (ONES << 7)
}

/// A line that was read. Its first node is the object that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'d> {
    nodes: &'d [Node],
    line: &'d str,
    unescaped: &'d [u8],
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
        Object(Value {
            tree: self,
            place: 0,
        })
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
        self.place
            + match self.node() {
                Node::List { len } | Node::Object { len } => len,
                _ => 1,
            }
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
