//! One whole call as strace writes it → the same as a recording has it.
//!
//! In: `name(arguments) = result`, put together again if it was cut. Out: the keys of a recording's line,
//! and what the log itself needs to know of the call: whose child it made, which descriptors it named.

use super::argument::{Extra, Told, argument};
use super::prefix::seconds;
use super::value::{Lexer, Value, Wrong, number};
use crate::abi::calls::{self, CallId, Kind};
use crate::abi::flags;
use crate::event::wire::bytes_object;
use serde_json::{Map, Value as Json, json};

/// A call that was read.
#[derive(Clone, Default, Debug)]
pub struct Read {
    /// The recording's keys, but those of who and when.
    pub object: Map<String, Json>,
    /// Which call.
    pub id: Option<CallId>,
    /// `-T`, in nanoseconds.
    pub duration: Option<u64>,
    /// What it returned, unless it failed.
    pub returned: Option<i64>,
    /// Its child shares the process.
    pub makes_thread: bool,
    /// The program, of an `execve`.
    pub program: Option<(String, Vec<String>)>,
    /// Descriptors among its arguments, and what `-y` said of them.
    pub descriptors: Vec<(i64, String)>,
    /// Descriptors it made.
    pub made: Vec<i64>,
    /// Bytes it moves, and how its lines are to be completed when a dump follows.
    moves: Option<Moves>,
}

/// The bytes a call moves.
#[derive(Clone, Debug)]
struct Moves {
    bytes: Vec<u8>,
    offered: bool,
    /// How many there were in the buffers.
    total: u64,
}

/// The result behind the parenthesis.
#[derive(Default)]
struct Outcome {
    returned: Option<i64>,
    errno: Option<String>,
    extra: Extra,
    injected: bool,
    delayed: bool,
    duration: Option<u64>,
}

/// The name of a call at the beginning of a text.
pub fn name(text: &[u8]) -> Option<&str> {
    let end = memchr::memchr(b'(', text)?;
    let name = std::str::from_utf8(&text[..end]).ok()?;
    let mut bytes = name.bytes();
    let first = bytes.next()?;
    // strace could not see which call it was: who made it was being killed.
    if first == b'?' {
        return bytes.all(|b| b == b'?').then_some(name);
    }
    let rest = bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    ((first.is_ascii_lowercase() || first == b'_') && rest).then_some(name)
}

/// Reads a call. `is_over`: its result must be there; else the arguments go as far as they were written.
///
/// # Errors
/// What is wrong, and where.
pub fn read(text: &[u8], is_over: bool) -> Result<Read, Wrong> {
    let name = name(text).ok_or_else(|| String::from("no call"))?;
    let mut lexer = Lexer::new(text, name.len() + 1);
    let (values, closed) = lexer.arguments()?;
    let outcome = match (is_over, closed) {
        (true, false) => return Err(String::from("the line is cut")),
        (true, true) => outcome(&mut lexer)?,
        (false, _) => Outcome::default(),
    };
    let mut read = Read {
        id: CallId::from_name(name),
        duration: outcome.duration,
        returned: outcome.returned,
        ..Read::default()
    };
    read.object.insert("call".into(), json!(name));
    for (_, value) in &values {
        descriptors(value, &mut read.descriptors);
    }
    match read.id {
        Some(id) => read.known(id, &values, &outcome, is_over),
        None => read.unknown(name, &values),
    }
    if is_over {
        read.result(&outcome);
    }
    Ok(read)
}

impl Read {
    fn known(&mut self, id: CallId, values: &[(String, Value)], outcome: &Outcome, is_over: bool) {
        let (mut args, mut entry) = (Map::new(), Map::new());
        let params = id.signature().params.iter().enumerate();
        let shown = params.filter(|(_, param)| !matches!(param.kind, Kind::Unused));
        let mut data = None;
        for (position, (index, param)) in shown.enumerate() {
            let value = match id {
                calls::CLONE => of_clone(param.name, values),
                _ => values.get(position).map(|(_, value)| value),
            };
            let Some(value) = value else { continue };
            let told = argument(param.kind, index, value, &outcome.extra);
            let Told {
                value,
                entry: at_entry,
                data: moved,
            } = told;
            args.extend(value.map(|value| (param.name.to_string(), value)));
            entry.extend(at_entry.map(|value| (param.name.to_string(), value)));
            if let Some((bytes, _)) = moved {
                data = Some((param.kind, bytes));
            }
        }
        self.moves = data.map(|(kind, bytes)| Moves {
            total: total(kind, id, values, &bytes),
            offered: matches!(
                kind,
                Kind::BytesIn { .. } | Kind::VectorIn { .. } | Kind::MessageIn
            ),
            bytes,
        });
        self.side_effects(id, values, &args);
        self.object.insert("args".into(), Json::Object(args));
        if !entry.is_empty() {
            self.object.insert("entry".into(), Json::Object(entry));
        }
        self.write_data(is_over);
    }

    /// A call that no table has: its arguments are registers, as far as they are numbers.
    fn unknown(&mut self, name: &str, values: &[(String, Value)]) {
        let mut args = Map::new();
        for (index, (_, value)) in values.iter().take(6).enumerate() {
            let register = value.number().unwrap_or(0);
            args.insert(format!("arg{}", index + 1), json!(format!("{register:#x}")));
        }
        self.object.insert("args".into(), Json::Object(args));
        let nr = name.strip_prefix("syscall_").and_then(number);
        self.object
            .extend(nr.map(|nr| ("nr".to_string(), json!(nr))));
    }

    /// What the call does to processes and descriptors.
    fn side_effects(&mut self, id: CallId, values: &[(String, Value)], args: &Map<String, Json>) {
        let flags = match id {
            calls::CLONE => of_clone("flags", values),
            calls::CLONE3 => values
                .first()
                .and_then(|(_, value)| value.before_and_after().0.field("flags")),
            _ => None,
        };
        let words = flags.and_then(Value::word).unwrap_or("");
        // With `-X raw` and `-X verbose` they are a number.
        let thread = flags::CLONE.value_of("CLONE_THREAD").unwrap_or(0);
        let has_thread = |flag: &str| match number(flag) {
            Some(bits) => bits & thread != 0,
            None => flag == "CLONE_THREAD",
        };
        self.makes_thread = words.split('|').any(has_thread);
        if id == calls::EXECVE || id == calls::EXECVEAT {
            let text = |value: &Value| match value {
                Value::Text(bytes, _) => Some(String::from_utf8_lossy(bytes).into_owned()),
                _ => None,
            };
            let path = values.iter().find_map(|(_, value)| text(value));
            let argv = values.iter().find_map(|(_, value)| match value {
                Value::List(words) => Some(words.iter().filter_map(text).collect()),
                _ => None,
            });
            self.program = path.map(|path| (path, argv.unwrap_or_default()));
        }
        let Some(returned) = self.returned else {
            return;
        };
        if id.signature().gives_fd {
            self.made.push(returned);
        }
        for param in id.signature().params {
            if let (Kind::IntsOut { .. }, Some(list)) = (param.kind, args.get(param.name)) {
                self.made.extend(
                    list.as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Json::as_i64),
                );
            }
        }
    }

    /// The bytes of a dump (`-e read=`, `-e write=`), which are whole whatever `-s` was.
    pub fn dumped(&mut self, bytes: &[u8]) {
        if let Some(moves) = &mut self.moves {
            moves.bytes = bytes.to_vec();
            self.write_data(true);
        }
    }

    /// `data`: what moved; `rest`: what was offered and not taken.
    fn write_data(&mut self, is_over: bool) {
        let Some(moves) = &self.moves else { return };
        let moved = self.returned.map_or(0, |count| count.max(0) as u64);
        let moved = match moves.offered {
            true => moved.min(moves.total),
            false => moved,
        };
        let split = moves
            .bytes
            .len()
            .min(usize::try_from(moved).unwrap_or(usize::MAX));
        let (data, rest) = moves.bytes.split_at(split);
        if is_over && self.returned.is_some() {
            self.object.insert("data".into(), bytes_object(moved, data));
        }
        if moves.offered && (moved < moves.total || self.returned.is_none()) {
            let left = moves.total - moved;
            let rest = &rest[..rest.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            self.object.insert("rest".into(), bytes_object(left, rest));
        }
    }

    fn result(&mut self, outcome: &Outcome) {
        let (ret, errno) = match (&outcome.errno, outcome.returned) {
            (Some(errno), _) => (json!(-1), json!(errno)),
            (None, Some(value)) => (json!(value), Json::Null),
            (None, None) => (Json::Null, Json::Null),
        };
        self.object.insert("ret".into(), ret);
        self.object.insert("errno".into(), errno);
        for (mark, name) in [(outcome.injected, "injected"), (outcome.delayed, "delayed")] {
            if mark {
                self.object.insert(name.into(), json!(true));
            }
        }
    }
}

/// strace names the arguments of `clone` in its own way.
fn of_clone<'v>(param: &str, values: &'v [(String, Value)]) -> Option<&'v Value> {
    let wanted = match param {
        "stack" => "child_stack",
        "child_tid" => "child_tidptr",
        param => param,
    };
    let found = values.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value)
}

/// How many bytes there were in the buffers of a call.
fn total(kind: Kind, id: CallId, values: &[(String, Value)], bytes: &[u8]) -> u64 {
    let lengths = |list: &Value| match list {
        Value::List(entries) => entries
            .iter()
            .filter_map(|entry| entry.field("iov_len")?.number())
            .fold(0, u64::saturating_add),
        _ => 0,
    };
    let buffers = values.iter().find_map(|(_, value)| match value {
        Value::List(_) => Some(value),
        value => value.field("msg_iov"),
    });
    let total = match kind {
        Kind::BytesIn { len } | Kind::BytesOut { len } => {
            let before = id.signature().params.iter().take(usize::from(len));
            let place = before
                .filter(|param| !matches!(param.kind, Kind::Unused))
                .count();
            values
                .get(place)
                .and_then(|(_, value)| value.number())
                .unwrap_or(0)
        }
        _ => buffers.map_or(0, lengths),
    };
    total.max(bytes.len() as u64)
}

/// Every descriptor with a name in a value.
fn descriptors(value: &Value, into: &mut Vec<(i64, String)>) {
    match value {
        Value::Fd(number, name) => into.push((*number, name.clone())),
        Value::Struct(fields) => fields
            .iter()
            .for_each(|(_, value)| descriptors(value, into)),
        Value::List(values) | Value::Not(values) | Value::Call(_, values) => {
            values.iter().for_each(|value| descriptors(value, into));
        }
        Value::Change(before, _) => descriptors(before, into),
        Value::Word(_) | Value::Counted(..) | Value::Text(..) | Value::Abstract(_) => {}
    }
}

/// `= 78`, `= -1 EAGAIN (Resource temporarily unavailable)`, `= ? ERESTARTSYS (…)`, `= 1 ([…]) <0.1>`.
fn outcome(lexer: &mut Lexer<'_>) -> Result<Outcome, Wrong> {
    lexer.blanks();
    if !lexer.eat(b"=") {
        return Err(format!("no result at byte {}", lexer.at + 1));
    }
    lexer.blanks();
    let mut outcome = Outcome::default();
    if lexer.eat(b"? <unavailable>") || lexer.eat(b"<unavailable>") {
        return Ok(outcome);
    }
    let value = lexer.value()?;
    let failed = match value.word() {
        Some("?") => true,
        Some("-1") => error_follows(lexer.rest()),
        _ => false,
    };
    if failed {
        outcome.errno = errno(lexer);
    } else {
        let number = value.number().ok_or("a result that is no number")?;
        outcome.returned = Some(number as i64);
        outcome.extra.worked = true;
    }
    loop {
        lexer.blanks();
        let rest = lexer.rest();
        if rest.is_empty() {
            return Ok(outcome);
        }
        if lexer.eat(b"(INJECTED)") {
            outcome.injected = true;
        } else if lexer.eat(b"(DELAYED)") {
            outcome.delayed = true;
        } else if let Some(time) = rest.strip_prefix(b"<") {
            let (time, len) = seconds(time).ok_or("a duration that is none")?;
            lexer.at += 1 + len;
            outcome.duration = Some(time);
            if !lexer.eat(b">") {
                return Err(String::from("the line is cut"));
            }
        } else if lexer.eat(b"(") {
            extra(lexer, failed, &mut outcome.extra)?;
        } else {
            return Err(format!("more than a result at byte {}", lexer.at + 1));
        }
    }
}

/// ` EAGAIN (` or ` (errno 530)` behind `-1`.
fn error_follows(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    rest.starts_with(b"E") || rest.starts_with(b"(errno ")
}

/// The name of an error, as a recording has it. Its sentence is stepped over later.
fn errno(lexer: &mut Lexer<'_>) -> Option<String> {
    lexer.blanks();
    let rest = lexer.rest();
    let len = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    let name = String::from_utf8_lossy(&rest[..len]).into_owned();
    lexer.at += len;
    match name.strip_prefix("ERRNO_") {
        Some(number) => Some(format!("errno {number}")),
        None if !name.is_empty() => Some(name),
        None => {
            let number = rest.strip_prefix(b"(errno ")?;
            let end = memchr::memchr(b')', number)?;
            let number = std::str::from_utf8(&number[..end]).ok()?;
            // The kernel has none above (`MAX_ERRNO` in `include/linux/err.h`): what strace finds in the registers of
            // a thread that another one's exit has just killed is no result.
            let errno = number.parse::<u64>().ok().filter(|errno| *errno < 4096)?;
            Some(format!("errno {errno}"))
        }
    }
}

/// What stands in parentheses behind a result. Of an error, or of flags (`(flags O_RDWR)`), only words.
fn extra(lexer: &mut Lexer<'_>, failed: bool, extra: &mut Extra) -> Result<(), Wrong> {
    let start = lexer.at;
    if lexer.eat(b"Timeout)") {
        extra.timeout = true;
        return Ok(());
    }
    if !failed && parts(lexer, extra).is_ok() {
        return Ok(());
    }
    lexer.at = start;
    let mut depth = 1;
    for byte in lexer.rest() {
        depth += match byte {
            b'(' => 1,
            b')' => -1,
            _ => 0,
        };
        lexer.at += 1;
        if depth == 0 {
            return Ok(());
        }
    }
    Err(String::from("the line is cut"))
}

/// `[{fd=3, revents=POLLIN}])`, `in [3], left {tv_sec=1, tv_nsec=0})`.
fn parts(lexer: &mut Lexer<'_>, extra: &mut Extra) -> Result<(), Wrong> {
    let mut found = Vec::new();
    loop {
        lexer.blanks();
        let rest = lexer.rest();
        let len = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
        let name = String::from_utf8_lossy(&rest[..len]).into_owned();
        lexer.at += len;
        lexer.blanks();
        if !lexer.rest().starts_with(b"[") && !lexer.rest().starts_with(b"{") {
            return Err(String::from("words"));
        }
        found.push((name, lexer.value()?));
        lexer.blanks();
        if lexer.eat(b")") {
            extra.parts = found;
            return Ok(());
        }
        if !lexer.eat(b",") {
            return Err(String::from("words"));
        }
    }
}
