//! Signals as strace writes them → the same as a recording has them.
//!
//! In: a signal's name, and its `siginfo_t` in braces. Out: the keys of a recording's line.

use super::value::{Lexer, Value};
use crate::abi::flags;
use serde_json::{Value as Json, json};

/// A signal and its `siginfo_t`, as a recording has them.
pub fn sent(signal: &str, line: &[u8]) -> Json {
    let mut object = json!({ "type": "signal", "signal": signal_name(signal) });
    let Some(at) = memchr::memchr(b'{', line) else {
        return object;
    };
    let Ok(Value::Struct(fields)) = Lexer::new(line, at).value() else {
        return object;
    };
    for (name, value) in fields {
        let value = match (&value, value.word()) {
            (Value::Struct(_), _) => value.field("sival_ptr").and_then(value_number),
            (_, Some(word)) if name == "si_code" || name == "si_errno" => Some(json!(word)),
            (_, Some(word)) if word.starts_with("SIG") => {
                let name = signal_name(word);
                let number = flags::SIGNAL.value_of(&name).or_else(|| name.parse().ok());
                number.map(|number| json!(number))
            }
            _ => value_number(&value),
        };
        let key = match name.as_str() {
            "si_signo" => continue,
            "si_code" => "code",
            "si_errno" => "errno",
            name => name,
        };
        if let Some(value) = value {
            object[key] = value;
        }
    }
    object
}

/// A number, with a sign or without.
fn value_number(value: &Value) -> Option<Json> {
    let word = value.word()?;
    match word {
        "NULL" => Some(json!(0)),
        word => match word.parse::<i64>() {
            Ok(number) => Some(json!(number)),
            Err(_) => value.number().map(|number| json!(number as i64)),
        },
    }
}

/// A recording's word for a signal: real-time ones are numbers.
pub fn signal_name(name: &str) -> String {
    let number = name
        .strip_prefix("SIGRT_")
        .and_then(|number| number.parse::<u32>().ok());
    match (name, number) {
        ("SIGRTMIN", _) => String::from("32"),
        (_, Some(number)) => number.saturating_add(32).to_string(),
        (name, None) => name.to_string(),
    }
}
