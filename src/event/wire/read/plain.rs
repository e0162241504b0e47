//! A line as our own writer writes it, read quickly.
//!
//! In: a line. Out: its nodes, and where the values of some keys stand. Whatever else JSON allows (fractions, numbers
//! beyond 64 bits, deep nesting) and everything that is wrong is not for this reader: `json` asks serde_json then.

use super::json::Node;
use super::keys::Places;

/// Deeper than this no line of ours is.
const DEEPEST: u32 = 16;

/// Reads what our own writer writes.
pub(super) struct Plain<'p> {
    bytes: &'p [u8],
    at: usize,
    nodes: &'p mut Vec<Node>,
    unescaped: &'p mut Vec<u8>,
}

impl<'p> Plain<'p> {
    /// Nodes and texts with escapes go behind those that are there.
    pub fn new(line: &'p str, nodes: &'p mut Vec<Node>, unescaped: &'p mut Vec<u8>) -> Plain<'p> {
        Plain {
            bytes: line.as_bytes(),
            at: 0,
            nodes,
            unescaped,
        }
    }

    /// A whole line: an object, of which some keys are wanted. `None` for what no writer of ours writes, right or wrong.
    pub fn line(&mut self, places: &mut Places) -> Option<()> {
        // Places are 32 bits wide.
        u32::try_from(self.bytes.len()).ok()?;
        self.blanks();
        self.expect(b'{')?;
        self.root(places)?;
        self.blanks();
        (self.at == self.bytes.len()).then_some(())
    }

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

    /// What follows the first brace of a line.
    fn root(&mut self, places: &mut Places) -> Option<()> {
        self.nodes.push(Node::Null);
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
        } else {
            loop {
                let key = self.key(places)?;
                if let Some(key) = key {
                    places.note(key, self.nodes.len());
                }
                self.value(DEEPEST)?;
                if self.is_last(b'}')? {
                    break;
                }
                self.blanks();
            }
        }
        let len = self.nodes.len() as u32;
        self.nodes[0] = Node::Object { len };
        Some(())
    }

    /// A key of a line, and the colon behind it: which of those that are wanted it is.
    #[inline]
    fn key(&mut self, places: &Places) -> Option<Option<usize>> {
        if let Some((key, len)) = places.here(&self.bytes[self.at..]) {
            let (from, to) = (self.at as u32 + 1, (self.at + len) as u32 - 2);
            self.nodes.push(Node::Text { from, to });
            self.at += len;
            return Some(Some(key));
        }
        let node = self.nodes.len();
        self.expect(b'"')?;
        self.text()?;
        self.blanks();
        self.expect(b':')?;
        Some(match self.nodes[node] {
            Node::Text { from, to } => Places::named(&self.bytes[from as usize..to as usize]),
            Node::Unescaped { from, .. } => Places::named(&self.unescaped[from as usize..]),
            _ => None,
        })
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
