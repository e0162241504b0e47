//! Reads one `-e inject=` in strace's grammar (`man 1 strace`, "Tampering"):
//! `SET[:error=E|:retval=N][:short=N][:delay_enter=T][:delay_exit=T][:when=EXPR][:request=PATTERN]`.
//!
//! In: the text. Out: a [`Rule`], or a sentence that names the bad part and what may stand there.
//! Left out on purpose: what a server cannot do to itself (`signal=`, `syscall=`, `poke_`), and
//! regular expressions in SET; each says so.

use super::{MadeUp, Rule, When, count_argument};
use crate::abi::calls::{CALLS, CallId, Kind, class};
use crate::abi::errno::Errno;
use std::time::Duration;

/// What may stand behind the calls.
const ACTIONS: &str = "error=, retval=, short=, delay_enter=, delay_exit=, when= or request=";
/// The same as words: a request may have colons, and ends where one of these begins.
const KEYS: [&str; 7] = [
    "error",
    "retval",
    "short",
    "delay_enter",
    "delay_exit",
    "when",
    "request",
];
/// The greatest number in `when=` (strace's bound; its `last` stops one short).
const WHEN_MOST: u32 = 65535;

/// The longest delay: more would be a server that hangs.
const DELAY_MOST: Duration = Duration::from_secs(3600);

/// Reads a rule.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let mut parts = text.split(':').peekable();
    let set = parts.next().unwrap_or_default();
    let (calls, named) = calls(set)?;
    let mut rule = Rule {
        calls,
        result: None,
        short: None,
        delay_enter: Duration::ZERO,
        delay_exit: Duration::ZERO,
        when: When::ALWAYS,
        request: None,
    };
    while let Some(part) = parts.next() {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if key != "request" {
            action(&mut rule, key, value)?;
            continue;
        }
        let mut value = value.to_string();
        let is_key = |part: &str| {
            part.split_once('=')
                .is_some_and(|(key, _)| KEYS.contains(&key))
        };
        while let Some(more) = parts.next_if(|part| !is_key(part)) {
            value.push(':');
            value.push_str(more);
        }
        request(&mut rule, &value)?;
    }
    check(rule, text, &named)
}

fn action(rule: &mut Rule, key: &str, value: &str) -> Result<(), String> {
    match key {
        "error" => set_result(rule, MadeUp::Error(errno(value)?)),
        "retval" => set_result(rule, MadeUp::Value(retval(value)?)),
        "short" => {
            rule.short = Some(short(value)?);
            Ok(())
        }
        "delay_enter" => {
            rule.delay_enter = delay(key, value)?;
            Ok(())
        }
        "delay_exit" => {
            rule.delay_exit = delay(key, value)?;
            Ok(())
        }
        "when" => {
            rule.when = when(value)?;
            Ok(())
        }
        "signal" | "syscall" | "poke_enter" | "poke_exit" => {
            Err(format!("{key}= is not available here: use {ACTIONS}"))
        }
        other => Err(format!("\"{other}\" is nothing to inject: use {ACTIONS}")),
    }
}

fn request(rule: &mut Rule, value: &str) -> Result<(), String> {
    let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('\'').or_else(|| quoted('"')).unwrap_or(value).trim();
    if value.is_empty() {
        return Err("request= wants a method, a target or both: GET, /x, 'GET /x'".into());
    }
    match rule.request.replace(value.to_string()) {
        None => Ok(()),
        Some(_) => Err("request= stands twice: give one rule for each request".into()),
    }
}

fn set_result(rule: &mut Rule, result: MadeUp) -> Result<(), String> {
    match rule.result.replace(result) {
        None => Ok(()),
        Some(_) => Err("a call has one result: give one error= or one retval=".into()),
    }
}

/// What only the whole rule shows.
fn check(mut rule: Rule, text: &str, named: &[CallId]) -> Result<Rule, String> {
    let delays = !(rule.delay_enter + rule.delay_exit).is_zero();
    if rule.result.is_none() && rule.short.is_none() && !delays {
        return Err(format!(
            "\"{text}\" says which calls, but not what to do to them: add {ACTIONS}"
        ));
    }
    if rule.request.is_some() {
        if let Some(call) = named.iter().find(|call| !has_descriptor(**call)) {
            return Err(format!(
                "request= is about calls on a connection, and {} names no descriptor",
                call.name()
            ));
        }
        rule.calls.retain(|call| has_descriptor(*call));
    }
    if rule.short.is_some() {
        if rule.result.is_some() {
            return Err(
                "short= makes the call and error= or retval= do not: give one of them".into(),
            );
        }
        if let Some(call) = named.iter().find(|call| count_argument(**call).is_none()) {
            return Err(format!(
                "short= cuts a count of bytes and {} has none: use it with read, write, recvfrom, sendto, sendfile",
                call.name()
            ));
        }
        rule.calls.retain(|call| count_argument(*call).is_some());
    }
    Ok(rule)
}

fn has_descriptor(call: CallId) -> bool {
    let mut params = call.signature().params.iter();
    params.any(|param| matches!(param.kind, Kind::Fd))
}

/// The calls of a set, and those of them that stand in it by name.
fn calls(set: &str) -> Result<(Vec<CallId>, Vec<CallId>), String> {
    let (names, inverted) = match set.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (set, false),
    };
    if names.is_empty() {
        return Err("inject= begins with the calls it is about: read:error=EIO".into());
    }
    let mut chosen = vec![false; CALLS.len()];
    let mut named = Vec::new();
    for name in names.split(',') {
        let (name, may_be_unknown) = match name.strip_prefix('?') {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        if let Some(bits) = class_bits(name)? {
            for (row, signature) in CALLS.iter().enumerate() {
                chosen[row] |= signature.classes & bits != 0;
            }
        } else if name == "all" {
            chosen.fill(true);
        } else if let Some(call) = CallId::from_name(name) {
            chosen[call.0 as usize] = true;
            named.push(call);
        } else if !may_be_unknown {
            return Err(unknown_call(name));
        }
    }
    if inverted {
        named.clear();
    }
    let rows = (0..CALLS.len()).filter(|row| chosen[*row] != inverted);
    let calls: Vec<CallId> = rows.map(|row| CallId(row as u16)).collect();
    Ok((calls, named))
}

fn class_bits(name: &str) -> Result<Option<u8>, String> {
    if !name.starts_with('%') {
        return Ok(None);
    }
    class::from_name(name).map(Some).ok_or_else(|| {
        format!(
            "there is no class {name}: use %network, %desc, %file, %process, %memory or %signal"
        )
    })
}

fn unknown_call(name: &str) -> String {
    if name.starts_with('/') {
        return format!(
            "\"{name}\": calls are chosen by name or %class here, not by an expression"
        );
    }
    if name.is_empty() {
        return "an empty name among the calls: write them as read,write".into();
    }
    let like = CALLS
        .iter()
        .find(|row| row.name.starts_with(name) || name.starts_with(row.name));
    match like {
        Some(row) => format!("there is no call \"{name}\"; did you mean {}?", row.name),
        None => format!(
            "there is no call \"{name}\": use a name such as read, write, accept4, or a %class"
        ),
    }
}

fn errno(value: &str) -> Result<Errno, String> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=4095).contains(number))
        .map(Errno);
    number.or_else(|| Errno::from_name(value)).ok_or_else(|| {
        format!("error={value}: write an error's name such as EAGAIN, or a number from 1 to 4095")
    })
}

fn retval(value: &str) -> Result<i64, String> {
    let number = match value.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => value.parse(),
    };
    number.ok().filter(|number| *number >= 0).ok_or_else(|| {
        format!("retval={value}: write a result from 0 up; error= makes the call fail")
    })
}

fn short(value: &str) -> Result<u64, String> {
    match value.parse() {
        Ok(0) => Err(
            "short=0: asking for nothing is not a short call, it looks like the end; use 1 or more"
                .into(),
        ),
        Ok(number) => Ok(number),
        Err(_) => Err(format!(
            "short={value}: write how many bytes the call may ask for, such as short=16"
        )),
    }
}

/// A number of microseconds, or one with a unit, as in strace; fractions are fine.
fn delay(key: &str, value: &str) -> Result<Duration, String> {
    let digits = value
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, unit) = value.split_at(digits);
    let seconds_each = match unit {
        "" | "us" => 1e-6,
        "ns" => 1e-9,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => f64::NAN,
    };
    let time = number
        .parse::<f64>()
        .ok()
        .map(|number| number * seconds_each);
    time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| *time <= DELAY_MOST)
        .ok_or_else(|| {
            format!("{key}={value}: write microseconds, or a number with ns, us, ms or s such as 50ms, up to an hour")
        })
}

fn when(value: &str) -> Result<When, String> {
    let bad = || {
        format!(
            "when={value}: write first[..last][+[step]] with numbers from 1 to {WHEN_MOST}: 3, 2+, 1+4, 2..5, 2..9+3"
        )
    };
    let number = |text: &str| -> Option<u32> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok())??;
        (1..=WHEN_MOST).contains(&number).then_some(number)
    };
    let (range, step) = match value.split_once('+') {
        Some((range, "")) => (range, Some(1)),
        Some((range, step)) => (range, Some(number(step).ok_or_else(bad)?)),
        None => (value, None),
    };
    let (first, last) = match range.split_once("..") {
        Some((first, last)) => (first, Some(number(last).ok_or_else(bad)?)),
        None => (range, None),
    };
    let first = number(first).ok_or_else(bad)?;
    if last.is_some_and(|last| last < first || last == WHEN_MOST) {
        return Err(bad());
    }
    // A range without a step means each of it; a single number without a step means only that one.
    let step = step.unwrap_or(u32::from(last.is_some()));
    Ok(When { first, last, step })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::calls::{READ, SENDFILE, WRITE};

    #[test]
    fn a_rule_is_read_with_all_its_parts() {
        let rule = rule("read,write:short=16:delay_enter=50ms:delay_exit=7:when=2..9+3").unwrap();
        assert_eq!(rule.calls, [READ, WRITE]);
        assert_eq!((rule.short, rule.result), (Some(16), None));
        assert_eq!(rule.delay_enter, Duration::from_millis(50));
        assert_eq!(rule.delay_exit, Duration::from_micros(7));
        assert_eq!(
            rule.when,
            When {
                first: 2,
                last: Some(9),
                step: 3
            }
        );
    }

    #[test]
    fn delays_take_units_and_fractions() {
        let delay = |text: &str| {
            rule(&format!("read:delay_enter={text}"))
                .unwrap()
                .delay_enter
        };
        assert_eq!(delay("7"), Duration::from_micros(7));
        assert_eq!(delay("1.5s"), Duration::from_millis(1500));
        assert_eq!(delay("900ns"), Duration::from_nanos(900));
    }

    #[test]
    fn results_are_errors_by_name_or_number_and_values_from_zero_up() {
        let result = |text: &str| rule(text).unwrap().result;
        assert_eq!(result("read:error=EAGAIN"), Some(MadeUp::Error(Errno(11))));
        assert_eq!(result("read:error=4095"), Some(MadeUp::Error(Errno(4095))));
        assert_eq!(result("read:retval=0"), Some(MadeUp::Value(0)));
        assert_eq!(result("read:retval=0x1f"), Some(MadeUp::Value(31)));
    }

    #[test]
    fn sets_take_classes_all_and_negation() {
        let names = |text: &str| -> Vec<&str> {
            rule(text)
                .unwrap()
                .calls
                .iter()
                .map(|call| call.name())
                .collect()
        };
        assert!(names("%network:error=EIO").contains(&"accept4"));
        assert_eq!(names("all:error=EIO").len(), CALLS.len());
        let rest = names("!read,%network:error=EIO");
        assert!(rest.contains(&"write") && !rest.contains(&"read") && !rest.contains(&"bind"));
        assert_eq!(names("?nosuch,read:error=EIO"), ["read"]);
    }

    #[test]
    fn short_of_a_class_is_about_those_calls_that_have_a_count() {
        let rule = rule("%desc:short=1").unwrap();
        assert!(rule.calls.contains(&READ) && rule.calls.contains(&SENDFILE));
        assert!(
            rule.calls
                .iter()
                .all(|call| count_argument(*call).is_some())
        );
    }

    #[test]
    fn every_mistake_is_answered_with_what_may_stand_there() {
        for (text, says) in [
            ("", "begins with the calls"),
            ("read", "not what to do"),
            ("read:when=2", "not what to do"),
            ("reed:error=EIO", "no call \"reed\""),
            ("acce:error=EIO", "did you mean accept"),
            ("read,:error=EIO", "empty name"),
            ("/rea:error=EIO", "by name or %class"),
            ("%nonsense:error=EIO", "use %network"),
            ("read:error=EWHAT", "such as EAGAIN"),
            ("read:error=0", "1 to 4095"),
            ("read:error=", "such as EAGAIN"),
            ("read:retval=-1", "from 0 up"),
            ("read:error=EIO:retval=1", "one result"),
            ("read:short=1:error=EIO", "one of them"),
            ("read:short=0", "looks like the end"),
            ("read:short=x", "how many bytes"),
            ("read,close:short=1", "close has none"),
            ("read:delay_enter=5min", "ms or s"),
            ("read:delay_exit=", "microseconds"),
            ("read:delay_exit=.", "microseconds"),
            ("read:delay_exit=2000000s", "up to an hour"),
            ("read:delay_exit=99999999999999999999s", "microseconds"),
            ("read:error=EIO:when=0", "first[..last]"),
            ("read:error=EIO:when=5..2", "first[..last]"),
            ("read:error=EIO:when=1+0", "first[..last]"),
            ("read:error=EIO:when=1..65535", "first[..last]"),
            ("read:error=EIO:when=+", "first[..last]"),
            ("read:error=EIO:when=1++2", "first[..last]"),
            ("read:request='GET /x'", "what to do"),
            ("read:error=EIO:request=", "a method, a target"),
            ("read:error=EIO:request=/a:request=/b", "stands twice"),
            ("openat:error=EIO:request=/a", "names no descriptor"),
            ("read:signal=SIGUSR1", "not available here"),
            ("read:nonsense=1", "nothing to inject"),
        ] {
            let message = rule(text).expect_err(text);
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn a_request_may_have_colons_and_quotes() {
        let asked = |text: &str| rule(text).unwrap().request.unwrap();
        assert_eq!(asked("write:short=1:request='GET /x'"), "GET /x");
        assert_eq!(
            asked("write:request=GET http://h:80/x:short=1"),
            "GET http://h:80/x"
        );
        assert_eq!(asked("write:short=1:request=/a:b:when=2"), "/a:b");
    }

    #[test]
    fn a_rule_cut_anywhere_is_read_or_refused_and_never_panics() {
        let text = "read,%desc:error=EAGAIN:delay_enter=50ms:when=2..9+3";
        for end in 0..=text.len() {
            let _ = rule(&text[..end]);
            let _ = rule(&text[end..]);
        }
    }
}
