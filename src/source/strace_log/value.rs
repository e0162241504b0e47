//! strace's values: strings, structures, lists, words, and what stands behind them.
//!
//! In: the text of a line from somewhere inside its parentheses. Out: values, as they are written: nothing
//! here knows what an argument means. Anything that is not one of strace's forms is an error with the
//! byte where it stands. Left out on purpose: what a comment says (`/* O_RDONLY */`), unless it counts.

/// One value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A number, a name, an expression: `3`, `O_RDONLY|O_CLOEXEC`, `0x5413`, `NULL`.
    Word(String),
    /// A string's bytes, and whether dots stood behind it.
    Text(Vec<u8>, bool),
    /// `@"name"`: an abstract socket's.
    Abstract(Vec<u8>),
    /// `{a=1, b}`: names are empty where there are none. Dots at the end are left out.
    Struct(Vec<(String, Value)>),
    /// `[1, 2]` or `[3 8]`.
    List(Vec<Value>),
    /// `~[KILL STOP]`: all but these.
    Not(Vec<Value>),
    /// `htons(80)`.
    Call(String, Vec<Value>),
    /// `[128 => 16]`, `[0] => [6]`: before and after.
    Change(Box<Value>, Box<Value>),
    /// A descriptor and what `-y` says of it.
    Fd(i64, String),
    /// `0x7ffd1000 /* 3 vars */`: where something is, and how many.
    Counted(String, u64),
}

/// How deep values may stand in each other: more than strace ever writes.
const DEEPEST: usize = 32;

/// Reads values from the beginning of a text.
#[derive(Clone, Debug)]
pub struct Lexer<'t> {
    text: &'t [u8],
    /// Where it has come to.
    pub at: usize,
    depth: usize,
}

/// What is wrong, and where.
pub type Wrong = String;

impl<'t> Lexer<'t> {
    /// A lexer at this byte of a line.
    pub fn new(text: &'t [u8], at: usize) -> Lexer<'t> {
        Lexer { text, at, depth: 0 }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over these bytes if they are next.
    pub fn eat(&mut self, bytes: &[u8]) -> bool {
        let found = self.rest().starts_with(bytes);
        self.at += if found { bytes.len() } else { 0 };
        found
    }

    /// Steps over blanks.
    pub fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn wrong<T>(&self, what: &str) -> Result<T, Wrong> {
        Err(format!("{what} at byte {}", self.at + 1))
    }

    /// The arguments up to and with the closing parenthesis, with the names that strace gives to some.
    /// Where the text ends first, those that are whole; `closed` says which.
    pub fn arguments(&mut self) -> Result<(Vec<(String, Value)>, bool), Wrong> {
        let mut list = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok((list, false)),
                Some(b')') => {
                    self.at += 1;
                    return Ok((list, true));
                }
                _ => {}
            }
            // Whoever was killed inside a call was not asked for the rest.
            if self.eat(b"...") || self.eat(b"<unfinished ...>") {
                continue;
            }
            list.push(self.named()?);
            self.blanks();
            if self.eat(b"<unfinished ...>") {
                continue;
            }
            if !self.eat(b",") && !matches!(self.peek(), None | Some(b')')) {
                return self.wrong("no comma");
            }
        }
    }

    /// `name=value` or a value.
    fn named(&mut self) -> Result<(String, Value), Wrong> {
        let start = self.at;
        let name: usize = self.rest().iter().take_while(|b| is_name(**b)).count();
        if name > 0
            && self.text.get(start + name) == Some(&b'=')
            && self.text.get(start + name + 1) != Some(&b'>')
        {
            self.at += name + 1;
            let name = String::from_utf8_lossy(&self.text[start..start + name]).into_owned();
            return Ok((name, self.value()?));
        }
        Ok((String::new(), self.value()?))
    }

    /// One value, and what it became if the call changed it.
    pub fn value(&mut self) -> Result<Value, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.wrong("values too deep in each other");
        }
        let value = self.one()?;
        let before = self.at;
        self.blanks();
        let value = if self.eat(b"=>") {
            self.blanks();
            Value::Change(Box::new(value), Box::new(self.one()?))
        } else {
            self.at = before;
            value
        };
        self.depth -= 1;
        Ok(value)
    }

    fn one(&mut self) -> Result<Value, Wrong> {
        self.comment();
        let value = match self.peek() {
            Some(b'"') => self.text_value()?,
            Some(b'@') if self.text.get(self.at + 1) == Some(&b'"') => {
                self.at += 1;
                match self.text_value()? {
                    Value::Text(bytes, _) => Value::Abstract(bytes),
                    other => other,
                }
            }
            Some(b'{') => self.structure()?,
            Some(b'[') => Value::List(self.list()?),
            Some(b'~') if self.text.get(self.at + 1) == Some(&b'[') => {
                self.at += 1;
                Value::Not(self.list()?)
            }
            _ => self.word()?,
        };
        let count = self.comment().and_then(counted);
        Ok(match (value, count) {
            (Value::Word(word), Some(count)) => Value::Counted(word, count),
            (Value::Word(word), None) => Value::Word(self.more_words(word)?),
            (value, _) => value,
        })
    }

    /// `0x1200000 /* CLONE_… */|17 /* SIGCHLD */`: a word that goes on behind a comment (`-X verbose`).
    fn more_words(&mut self, mut words: String) -> Result<String, Wrong> {
        while self.eat(b"|") {
            let Value::Word(word) = self.word()? else {
                return self.wrong("no value");
            };
            words = words + "|" + &word;
            self.comment();
        }
        Ok(words)
    }

    /// ` /* … */`, and what it says.
    fn comment(&mut self) -> Option<&'t [u8]> {
        let before = self.at;
        self.blanks();
        let rest = self.rest();
        match memchr::memmem::find(rest, b"*/") {
            Some(end) if rest.starts_with(b"/*") => {
                self.at += end + 2;
                rest.get(2..end)
            }
            _ => {
                self.at = before;
                None
            }
        }
    }

    fn text_value(&mut self) -> Result<Value, Wrong> {
        let bytes = self.string()?;
        let cut = self.eat(b"...");
        Ok(Value::Text(bytes, cut))
    }

    /// The bytes between quotes.
    fn string(&mut self) -> Result<Vec<u8>, Wrong> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let run = memchr::memchr2(b'"', b'\\', self.rest());
            let Some(run) = run else {
                return self.wrong("a string without its end");
            };
            bytes.extend_from_slice(&self.rest()[..run]);
            self.at += run + 1;
            if self.text[self.at - 1] == b'"' {
                return Ok(bytes);
            }
            bytes.push(self.escape()?);
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<u8, Wrong> {
        let Some(letter) = self.peek() else {
            return self.wrong("a string without its end");
        };
        self.at += 1;
        Ok(match letter {
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => b'\r',
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' => 0x1b,
            b'x' => return self.digits(16, 2, 0),
            b'0'..=b'7' => return self.digits(8, 2, u32::from(letter - b'0')),
            other => other,
        })
    }

    fn digits(&mut self, base: u32, most: usize, mut value: u32) -> Result<u8, Wrong> {
        let digits = self.rest().iter().take(most);
        let digits = digits.map_while(|b| char::from(*b).to_digit(base));
        let mut count = 0;
        for digit in digits {
            value = value * base + digit;
            count += 1;
        }
        self.at += count;
        match u8::try_from(value) {
            Ok(byte) if base == 8 || count > 0 => Ok(byte),
            _ => self.wrong("an escape that is no byte"),
        }
    }

    fn structure(&mut self) -> Result<Value, Wrong> {
        self.at += 1;
        let mut fields = Vec::new();
        loop {
            self.blanks();
            if self.eat(b"}") {
                return Ok(Value::Struct(fields));
            }
            if !self.eat(b"...") {
                fields.push(self.named()?);
            }
            self.blanks();
            if !self.eat(b",") && self.peek() != Some(b'}') {
                return self.wrong("a structure without its end");
            }
        }
    }

    fn list(&mut self) -> Result<Vec<Value>, Wrong> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.blanks();
            if self.eat(b"]") {
                return Ok(values);
            }
            if self.peek().is_none() {
                return self.wrong("a list without its end");
            }
            if !self.eat(b"...") {
                let before = self.at;
                values.push(self.named()?.1);
                if self.at == before {
                    return self.wrong("a list without its end");
                }
            }
            self.eat(b",");
        }
    }

    /// A word with all that may stand in it, a call, a descriptor with its name.
    fn word(&mut self) -> Result<Value, Wrong> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b')' | b']' | b'}' | b'"' | b'{' | b'[' => break,
                b'=' if self.at > start => break,
                // `A == B`, `A && B`, `A|B` go on; a blank before anything else ends the word.
                b' ' if !self.goes_on() => break,
                b' ' => self.at += 1 + self.operator(),
                b'<' if self.text.get(self.at + 1) == Some(&b'<') => self.at += 2,
                b'<' => return self.named_descriptor(start),
                b'(' => return self.call(start),
                _ => self.at += 1,
            }
        }
        if self.at == start {
            return self.wrong("no value");
        }
        let word = &self.text[start..self.at];
        Ok(Value::Word(String::from_utf8_lossy(word).into_owned()))
    }

    fn operator(&self) -> usize {
        let rest = self.text.get(self.at + 1..).unwrap_or(&[]);
        let operators: [&[u8]; 3] = [b"== ", b"&& ", b"| "];
        let found = operators
            .into_iter()
            .find(|operator| rest.starts_with(operator));
        found.map_or(0, <[u8]>::len)
    }

    fn goes_on(&self) -> bool {
        self.operator() > 0
    }

    /// `htons(80)`; with an operator behind it, the whole is one word.
    fn call(&mut self, start: usize) -> Result<Value, Wrong> {
        let name = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.wrong("values too deep in each other");
        }
        let (arguments, closed) = self.arguments()?;
        self.depth -= 1;
        if !closed {
            return self.wrong("a parenthesis without its end");
        }
        if self.peek() == Some(b' ') && self.goes_on() {
            self.at += 1 + self.operator();
            let rest = self.word()?;
            let end = self.at;
            let _ = rest;
            let word = &self.text[start..end];
            return Ok(Value::Word(String::from_utf8_lossy(word).into_owned()));
        }
        Ok(Value::Call(
            name,
            arguments.into_iter().map(|(_, value)| value).collect(),
        ))
    }

    /// `3<TCP:[1.2.3.4:80->5.6.7.8:9]>`, `AT_FDCWD</root>`.
    fn named_descriptor(&mut self, start: usize) -> Result<Value, Wrong> {
        let number = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        self.at += 1;
        let begin = self.at;
        let (mut angles, mut squares) = (1, 0);
        while angles > 0 {
            let Some(byte) = self.peek() else {
                return self.wrong("a descriptor's name without its end");
            };
            match byte {
                b'[' => squares += 1,
                b']' => squares -= 1,
                b'<' => angles += 1,
                b'>' if squares > 0 && self.text[self.at - 1] == b'-' => {}
                b'>' => angles -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let name = String::from_utf8_lossy(&self.text[begin..self.at - 1]).into_owned();
        self.eat(b"(deleted)");
        Ok(match number.parse() {
            Ok(number) => Value::Fd(number, name),
            Err(_) => Value::Word(number),
        })
    }
}

/// `3 vars`, `1 entry`.
fn counted(comment: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(comment).ok()?.trim();
    let (count, of) = text.split_once(' ')?;
    let known = ["var", "vars", "entry", "entries"].contains(&of);
    known.then(|| count.parse().ok()).flatten()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Value {
    /// The word, if it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Value::Word(word) | Value::Counted(word, _) => Some(word),
            _ => None,
        }
    }

    /// A number as strace writes them: decimal, hex, octal; `NULL` is 0.
    pub fn number(&self) -> Option<u64> {
        match self {
            Value::Fd(number, _) => Some(*number as u64),
            Value::Word(word) | Value::Counted(word, _) => number(word),
            _ => None,
        }
    }

    /// A field of a structure.
    pub fn field(&self, wanted: &str) -> Option<&Value> {
        match self {
            Value::Struct(fields) => {
                let found = fields.iter().find(|(name, _)| name == wanted);
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What it was at first, and what it is in the end.
    pub fn before_and_after(&self) -> (&Value, Option<&Value>) {
        match self {
            Value::Change(before, after) => (before, Some(after)),
            value => (value, None),
        }
    }
}

/// `-1`, `0x1f`, `0644`, `NULL`.
pub fn number(word: &str) -> Option<u64> {
    if word == "NULL" {
        return Some(0);
    }
    if let Some(hex) = word.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    if word.len() > 1 && word.starts_with('0') {
        return u64::from_str_radix(word, 8).ok();
    }
    match word.starts_with('-') {
        true => word.parse::<i64>().ok().map(|number| number as u64),
        false => word.parse().ok(),
    }
}
