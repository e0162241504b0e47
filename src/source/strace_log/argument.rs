//! One argument as strace writes it → the same as a recording has it (docs/recording-format.md).
//!
//! In: a value, and what the table says it is. Out: JSON, and for memory that is not told where it is.
//! What strace shows in a form that nothing here reads is memory somewhere: the call stays, the structure
//! is not guessed.

use super::files::{stat, statx};
use super::messages::{message, messages, vector};
use super::structure;
use super::value::{Value, number};
use crate::abi::address::Address;
use crate::abi::calls::Kind;
use crate::abi::errno::Errno;
use crate::abi::flags;
use crate::event::wire::bytes_object;
use serde_json::{Value as Json, json};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Bytes that are shown, and whether they are all there were.
pub type Shown = (Vec<u8>, bool);

/// What became of an argument.
#[derive(Clone, Default, Debug)]
pub struct Told {
    /// For `args`.
    pub value: Option<Json>,
    /// For `entry`.
    pub entry: Option<Json>,
    /// Bytes it moves: those that are shown, and whether they are all there were.
    pub data: Option<Shown>,
}

impl Told {
    pub fn value(value: Json) -> Told {
        Told {
            value: Some(value),
            ..Told::default()
        }
    }

    fn entry(entry: Json) -> Told {
        Told {
            entry: Some(entry),
            ..Told::default()
        }
    }
}

/// Translates one argument. `result` is what stands in parentheses behind the call's result.
pub fn argument(kind: Kind, index: usize, value: &Value, result: &Extra) -> Told {
    if let (true, Value::Word(word)) = (leads_to_memory(kind), value) {
        return pointer(kind, word);
    }
    if let Value::Counted(word, count) = value {
        return Told {
            value: Some(json!({ "count": count })),
            ..pointer(kind, word)
        };
    }
    match kind {
        Kind::BytesIn { .. } | Kind::BytesOut { .. } => match value {
            Value::Text(bytes, cut) => Told {
                data: Some((bytes.clone(), !cut)),
                ..Told::default()
            },
            _ => Told::default(),
        },
        Kind::VectorIn { .. } | Kind::VectorOut { .. } => match vector(value) {
            Some((list, data)) => Told {
                value: Some(list),
                data,
                ..Told::default()
            },
            None => Told::default(),
        },
        Kind::MessageIn | Kind::MessageOut => message(value),
        Kind::MessagesIn { .. } | Kind::MessagesOut { .. } => {
            messages(value).map_or_else(Told::default, Told::value)
        }
        Kind::LengthInOut => {
            let one = |value: &Value| Some(json!(list(value)?.first()?.number()?));
            let inner = list(value).and_then(|values| values.first()).cloned();
            let inner = inner.unwrap_or(Value::Word(String::new()));
            match inner.before_and_after() {
                (before, Some(after)) => Told {
                    value: after.number().map(|n| json!(n)),
                    entry: before.number().map(|n| json!(n)),
                    data: None,
                },
                _ => Told {
                    value: one(value),
                    ..Told::default()
                },
            }
        }
        kind => plain(kind, index, value, result).map_or_else(Told::default, Told::value),
    }
}

/// What strace writes in parentheses behind a result: `([{fd=3, revents=POLLIN}])`, `(Timeout)`,
/// `(in [3], left {tv_sec=1, tv_nsec=0})`.
#[derive(Clone, Default, Debug)]
pub struct Extra {
    /// `(Timeout)`.
    pub timeout: bool,
    /// The values, each with the word before it.
    pub parts: Vec<(String, Value)>,
    /// The call succeeded.
    pub worked: bool,
}

impl Extra {
    fn part(&self, wanted: &str) -> Option<&Value> {
        let found = self.parts.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value)
    }
}

fn leads_to_memory(kind: Kind) -> bool {
    crate::event::wire::is_memory(kind)
        && !matches!(
            kind,
            Kind::Int
                | Kind::Uint
                | Kind::Size
                | Kind::Offset
                | Kind::Mode
                | Kind::Fd
                | Kind::DirFd
                | Kind::Flags(_)
                | Kind::Constant(_)
                | Kind::OpenFlags
                | Kind::SocketType
                | Kind::Protocol { .. }
                | Kind::OptionName { .. }
                | Kind::CloneFlags
                | Kind::Unused
        )
}

/// `NULL`, or where it is.
fn pointer(kind: Kind, word: &str) -> Told {
    match number(word) {
        Some(0) if matches!(kind, Kind::BytesIn { .. } | Kind::BytesOut { .. }) => {
            Told::entry(Json::Null)
        }
        Some(0) => Told::value(Json::Null),
        Some(address) => Told::entry(json!(format!("{address:#x}"))),
        None => Told::default(),
    }
}

pub fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(values) => Some(values),
        _ => None,
    }
}

/// Everything whose value stands by itself.
fn plain(kind: Kind, index: usize, value: &Value, result: &Extra) -> Option<Json> {
    Some(match kind {
        Kind::Path => match value {
            Value::Text(path, cut) => text_or_bytes(path, *cut),
            _ => return None,
        },
        Kind::AddressIn { .. } | Kind::AddressOut { .. } => address(value)?,
        Kind::OptionIn { .. } | Kind::OptionOut { .. } => option(value)?,
        Kind::EpollEvent => epoll_event(value)?,
        Kind::EpollEvents => Json::Array(
            list(value)?
                .iter()
                .map(epoll_event)
                .collect::<Option<_>>()?,
        ),
        Kind::PollFds { .. } => poll_fds(value, result)?,
        Kind::FdSet { .. } => fd_set(index, value, result)?,
        Kind::Timespec | Kind::Timeval | Kind::TimespecOut | Kind::TimespecLeft => {
            let mut time = time(value)?;
            if let (Some(left), Json::Object(fields)) =
                (result.part("left").and_then(self::time), &mut time)
            {
                fields.insert("left".into(), left);
            }
            time
        }
        Kind::OffsetInOut => {
            let (before, after) = value.before_and_after();
            let one = |value: &Value| list(value)?.first()?.number().map(|n| n as i64);
            let mut object = json!({ "before": one(before)? });
            if let (Some(after), Some(fields)) = (after, object.as_object_mut()) {
                fields.insert("after".into(), json!(one(after)?));
            }
            object
        }
        Kind::IntsOut { .. } => {
            let numbers = list(value)?.iter().map(|n| n.number().map(|n| n as i64));
            json!(numbers.collect::<Option<Vec<_>>>()?)
        }
        Kind::WaitStatus => json!(wait_status(value)?),
        Kind::Stat => stat(value)?,
        Kind::Statx => statx(value)?,
        Kind::OpenHow { .. } => json!({
            "flags": word(value.field("flags")?)?,
            "mode": value.field("mode").and_then(word).unwrap_or(json!(0)),
            "resolve": value.field("resolve").and_then(word).unwrap_or(json!(0)),
        }),
        Kind::Strings => {
            let texts = list(value)?.iter().map(|text| match text {
                Value::Text(bytes, cut) => Some(text_or_bytes(bytes, *cut)),
                _ => None,
            });
            Json::Array(texts.collect::<Option<_>>()?)
        }
        Kind::SigSet { .. } | Kind::SigSetOut { .. } => whole(&sigset(value)?.to_ne_bytes()),
        Kind::SigAction | Kind::SigActionOut => whole(&structure::action(value)?),
        Kind::Rusage => whole(&structure::usage(value)?),
        Kind::RingParams => {
            let (before, after) = structure::ring(value)?;
            with_after(&before, after.map(|after| whole(&after)))
        }
        Kind::PackedSigSet => {
            let mask = value.field("sigmask")?;
            let pointer = mask.number().unwrap_or(1);
            let size = value.field("sigsetsize")?.number()?;
            let set = sigset(mask).map(|set| whole(&set.to_ne_bytes()));
            with_after(&[pointer.to_ne_bytes(), size.to_ne_bytes()].concat(), set)
        }
        Kind::Itimerspec | Kind::ItimerspecOut => {
            let half = |name: &str| times(value.field(name)?);
            whole(&[half("it_interval")?, half("it_value")?].concat())
        }
        Kind::CloneArgs { .. } => whole(&structure::clone_args(value)?),
        // The signal for the parent stands among the flags.
        Kind::CloneFlags => {
            let names = value.word()?.split('|');
            let one = |name| match flags::SIGNAL.value_of(name) {
                Some(signal) => json!(format!("{signal:#x}")),
                None => one_word(name),
            };
            Json::Array(names.map(one).collect())
        }
        Kind::StructIn { .. } | Kind::StructOut { .. } => match value {
            Value::Text(bytes, false) => whole(bytes),
            _ => return None,
        },
        _ => word(value)?,
    })
}

/// Numbers, names, and names joined by `|`. What stands for a number without a name is a number; a name
/// that no table has stays out.
pub fn word(value: &Value) -> Option<Json> {
    let text = match value {
        Value::Fd(number, _) => return Some(json!(number)),
        Value::Word(word) => word.trim(),
        _ => return None,
    };
    if text == "NULL" {
        return Some(Json::Null);
    }
    if !text.contains('|') {
        return Some(one_word(text));
    }
    Some(Json::Array(text.split('|').map(one_word).collect()))
}

fn one_word(text: &str) -> Json {
    let decimal = !text.starts_with("0x") && (text == "0" || !text.starts_with('0'));
    match number(text) {
        Some(number) if decimal && text.starts_with('-') => json!(number as i64),
        Some(number) if decimal => json!(number),
        _ => json!(text),
    }
}

/// Memory that has something behind it, or changes: see `after` in docs/recording-format.md.
fn with_after(bytes: &[u8], after: Option<Json>) -> Json {
    let mut object = whole(bytes);
    if let (Some(after), Some(fields)) = (after, object.as_object_mut()) {
        fields.insert("after".into(), after);
    }
    object
}

fn text_or_bytes(text: &[u8], cut: bool) -> Json {
    match std::str::from_utf8(text) {
        Ok(text) if !cut => json!(text),
        _ => bytes_object(text.len() as u64 + u64::from(cut), text),
    }
}

pub fn whole(bytes: &[u8]) -> Json {
    bytes_object(bytes.len() as u64, bytes)
}

/// The inner argument of `htons(80)` and its like.
fn inner(value: &Value) -> Option<&Value> {
    match value {
        Value::Call(_, values) => values.first(),
        value => Some(value),
    }
}

fn string(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Text(bytes, _) => Some(bytes),
        _ => None,
    }
}

/// `{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}`.
pub fn address(value: &Value) -> Option<Json> {
    let family = value.field("sa_family")?.word()?;
    let family = flags::DOMAIN.value_of(family).or_else(|| number(family))?;
    let port = |name: &str| Some(inner(value.field(name)?)?.number()? as u16);
    let address = match family {
        2 => {
            let octets = std::str::from_utf8(string(inner(value.field("sin_addr")?)?)?).ok()?;
            Address::V4(octets.parse::<Ipv4Addr>().ok()?.octets(), port("sin_port")?)
        }
        10 => {
            let number = |name: &str| value.field(name).and_then(inner).and_then(Value::number);
            Address::V6(
                v6(value)?,
                port("sin6_port")?,
                number("sin6_flowinfo").unwrap_or(0) as u32,
                number("sin6_scope_id").unwrap_or(0) as u32,
            )
        }
        1 => Address::Unix(match value.field("sun_path") {
            Some(Value::Abstract(name)) => [b"\0", name.as_slice()].concat(),
            Some(Value::Text(path, _)) => path.clone(),
            _ => Vec::new(),
        }),
        other => {
            let data = value.field("sa_data").and_then(string).unwrap_or(&[]);
            Address::Other(other as u16, data.to_vec())
        }
    };
    Some(whole(&address.to_bytes()))
}

/// `inet_pton(AF_INET6, "::1", &sin6_addr)` stands among the fields without a name.
fn v6(value: &Value) -> Option<[u8; 16]> {
    let Value::Struct(fields) = value else {
        return None;
    };
    let text = fields.iter().find_map(|(_, value)| match value {
        Value::Call(name, values) if name == "inet_pton" => string(values.get(1)?),
        _ => None,
    })?;
    let text = std::str::from_utf8(text).ok()?;
    Some(text.parse::<Ipv6Addr>().ok()?.octets())
}

/// A socket option's value.
fn option(value: &Value) -> Option<Json> {
    Some(match value {
        Value::List(values) => match values.first()? {
            Value::Word(name) => match Errno::from_name(name) {
                Some(errno) => json!(errno.0),
                None => json!(number(name)? as i32),
            },
            _ => return None,
        },
        Value::Text(bytes, false) => whole(bytes),
        Value::Struct(_) => match (value.field("l_onoff"), value.field("pid")) {
            (Some(on), _) => json!({
                "l_onoff": on.number()? as i32,
                "l_linger": value.field("l_linger")?.number()? as i32,
            }),
            (None, Some(_)) => {
                let ids =
                    ["pid", "uid", "gid"].map(|id| value.field(id)?.number().map(|n| n as u32));
                let ids = ids.into_iter().collect::<Option<Vec<_>>>()?;
                whole(
                    &ids.iter()
                        .flat_map(|id| id.to_ne_bytes())
                        .collect::<Vec<_>>(),
                )
            }
            _ => time(value)?,
        },
        _ => return None,
    })
}

fn time(value: &Value) -> Option<Json> {
    let (unit, fraction) = match (value.field("tv_nsec"), value.field("tv_usec")) {
        (Some(fraction), _) => ("tv_nsec", fraction),
        (None, fraction) => ("tv_usec", fraction?),
    };
    let seconds = value.field("tv_sec")?.number()? as i64;
    Some(json!({ "tv_sec": seconds, unit: fraction.number()? as i64 }))
}

/// The same as it lies in memory.
pub fn times(value: &Value) -> Option<Vec<u8>> {
    let fraction = value.field("tv_nsec").or_else(|| value.field("tv_usec"))?;
    Some(
        [
            value.field("tv_sec")?.number()?.to_ne_bytes(),
            fraction.number()?.to_ne_bytes(),
        ]
        .concat(),
    )
}

/// `{events=EPOLLIN, data={u32=3, u64=3}}`; newer ones write `data=0x3`.
fn epoll_event(value: &Value) -> Option<Json> {
    let data = value.field("data")?;
    let data = match data.field("u64") {
        Some(data) => data.number()?,
        None => data.number()?,
    };
    Some(json!({ "events": word(value.field("events")?)?, "data": data }))
}

/// The entries, with what the result says of them.
fn poll_fds(value: &Value, result: &Extra) -> Option<Json> {
    let ready = result
        .parts
        .iter()
        .find_map(|(_, value)| list(value))
        .unwrap_or(&[]);
    let told = result.worked && (result.timeout || !result.parts.is_empty());
    let mut next = ready.iter().peekable();
    let mut entries = Vec::new();
    for entry in list(value)? {
        let fd = entry.field("fd")?.number()? as i64;
        let events = entry.field("events").and_then(word).unwrap_or(json!(0));
        let mut object = json!({ "fd": fd, "events": events });
        if let (true, Some(fields)) = (told, object.as_object_mut()) {
            let this =
                |value: &&Value| value.field("fd").and_then(Value::number) == Some(fd as u64);
            let found = next.next_if(this);
            let revents = found.and_then(|value| word(value.field("revents")?));
            fields.insert("revents".into(), revents.unwrap_or(json!(0)));
        }
        entries.push(object);
    }
    Some(Json::Array(entries))
}

/// The set before, and after it from the result: `in`, `out` and `except` are arguments 1, 2 and 3.
fn fd_set(index: usize, value: &Value, result: &Extra) -> Option<Json> {
    let numbers = |value: &Value| -> Option<Json> {
        let numbers = list(value)?
            .iter()
            .map(|fd| fd.number().map(|fd| fd as i64));
        Some(json!(numbers.collect::<Option<Vec<_>>>()?))
    };
    let mut object = json!({ "before": numbers(value)? });
    let name = ["", "in", "out", "except"]
        .get(index)
        .copied()
        .unwrap_or("");
    if let (true, Some(fields)) = (result.worked, object.as_object_mut()) {
        let after = result.part(name).and_then(numbers);
        fields.insert("after".into(), after.unwrap_or(json!([])));
    }
    Some(object)
}

/// `[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]` (`man 2 wait`).
fn wait_status(value: &Value) -> Option<u64> {
    let Value::Struct(fields) = list(value)?.first()? else {
        return None;
    };
    let text = fields.first()?.1.word()?;
    let last = |text: &str| text.rsplit("== ").next().unwrap_or("").trim().to_string();
    let (condition, core) = match text.strip_suffix(" && WCOREDUMP(s)") {
        Some(condition) => (condition, 0x80),
        None => (text, 0),
    };
    let named = |text: &str| flags::SIGNAL.value_of(text).or_else(|| number(text));
    let argument = last(condition);
    Some(match condition.split('(').next()? {
        "WIFEXITED" => number(&argument)? << 8,
        "WIFSTOPPED" => named(&argument)? << 8 | 0x7f,
        "WIFSIGNALED" => named(&argument)? | core,
        _ => return None,
    })
}

/// `[INT TERM]`, `~[KILL]`.
pub fn sigset(value: &Value) -> Option<u64> {
    let (names, inverted) = match value {
        Value::List(names) => (names, false),
        Value::Not(names) => (names, true),
        _ => return None,
    };
    let mut bits = 0u64;
    for name in names {
        let name = name.word()?;
        let number = match name.strip_prefix("RT_") {
            Some(number) => number.parse::<u64>().ok()? + 32,
            None => flags::SIGNAL.value_of(&format!("SIG{name}"))?,
        };
        bits |= 1u64.checked_shl(u32::try_from(number.checked_sub(1)?).ok()?)?;
    }
    Some(if inverted { !bits } else { bits })
}
