//! The first line: `method SP target SP version`, or `version SP status SP reason` (RFC 9112 3, 4).
//!
//! In: the line without its end. Out: its parts as spans, or the first byte that is wrong. The usual
//! line is recognised by its ends and one pass over the target; only a line that fails this is looked
//! at slowly, to find which rule it breaks.

use super::codes;
use super::head::{Head, Span, StartLine, Version};
use super::refusal::Refusal;
use super::target;
use super::token::{is_token, trimmed};

/// ` HTTP/1.` before the last digit of a usual request line.
const USUAL_END: &[u8; 8] = b" HTTP/1.";

/// Where the method's token ends: the first byte that is not one.
#[inline]
pub fn method_end(line: &[u8], from: usize) -> usize {
    line.get(from..)
        .and_then(|rest| rest.iter().position(|&b| !is_token(b)))
        .map_or(line.len(), |n| from + n)
}

/// What the byte after a method's token means for a request, when it is not a SP, CR or LF.
#[cold]
pub fn refuse_method_byte(line: &[u8], at: usize) -> Refusal {
    let code = match line[at] {
        b' ' | b'\t' if at == 0 => &codes::LEADING_SPACE,
        b'\t' => &codes::TAB_IN_REQUEST_LINE,
        b'/' if line.starts_with(b"HTTP/") => &codes::IS_A_RESPONSE,
        byte if super::token::is_control(byte) => &codes::CONTROL_BYTE,
        _ => &codes::METHOD_BYTE,
    };
    Refusal::new(code, at, 1)
}

/// Reads a request line, whose method is known to be the token `..method_end`, into `head`.
///
/// # Errors
/// The first byte that is wrong, counted from the line's first.
#[inline]
pub fn request(head: &mut Head, line: &[u8], method_end: usize) -> Result<(), Refusal> {
    let target = method_end + 1..line.len().saturating_sub(9);
    let usual = method_end > 0
        && target.start < target.end
        && line[target.end..line.len() - 1] == *USUAL_END
        && line[line.len() - 1].is_ascii_digit()
        && line[method_end] == b' '
        && target::check(&line[..method_end], &line[target.clone()]).is_ok();
    let target_end = if usual {
        target.end
    } else {
        check_closely(line, method_end)?
    };
    head.version.minor = line[line.len() - 1] - b'0';
    head.start = StartLine::Request {
        method: Span::new(0, method_end),
        target: Span::new(method_end + 1, target_end),
        version: Span::new(target_end + 1, line.len()),
    };
    Ok(())
}

/// The same, rule by rule: first the three parts, then the version, then the target. Gives the
/// target's end.
#[cold]
fn check_closely(line: &[u8], method_end: usize) -> Result<usize, Refusal> {
    let target_end = cut(line, method_end)?;
    let version = version(&line[target_end + 1..]).map_err(|r| r.moved(target_end as u64 + 1));
    if let Err(refusal) = version
        && refusal.code == &codes::OTHER_VERSION
    {
        let preface = line == b"PRI * HTTP/2.0";
        return Err(if preface {
            Refusal {
                code: &codes::HTTP2_PREFACE,
                ..refusal
            }
        } else {
            refusal
        });
    }
    target::check(&line[..method_end], &line[method_end + 1..target_end])
        .map_err(|r| r.moved(method_end as u64 + 1))?;
    version.map(|_| target_end)
}

/// A request line that broke a rule, cut as most programs cut it: method, target, version; each may
/// be empty but the method. `None` where it begins with no method.
pub fn request_loosely(line: &[u8]) -> Option<[Span; 3]> {
    let method = method_end(line, 0);
    if method == 0 || line.get(method).is_some_and(|&b| b != b' ' && b != b'\t') {
        return None;
    }
    let (from, to) = trimmed(line, method, line.len());
    let gap = line[from..to]
        .iter()
        .rposition(|&b| b == b' ' || b == b'\t');
    let last = gap.map_or(from, |gap| from + gap + 1);
    let version = match line[last..to].starts_with(b"HTTP/") {
        true => last,
        false => to,
    };
    let (_, target) = trimmed(line, from, version);
    Some([
        Span::new(0, method),
        Span::new(from.min(target), target),
        Span::new(version, to),
    ])
}

/// Finds the space between target and version, or says why the line has no three parts.
fn cut(line: &[u8], method_end: usize) -> Result<usize, Refusal> {
    let refused = |code, at, len| Err(Refusal::new(code, at, len));
    if let Some(tab) = line.iter().position(|&b| b == b'\t') {
        return refused(&codes::TAB_IN_REQUEST_LINE, tab, 1);
    }
    let start = method_end + 1;
    if start >= line.len() {
        return refused(&codes::NO_TARGET, line.len(), 1);
    }
    if line[start] == b' ' {
        return refused(&codes::EXTRA_SPACE, start, 1);
    }
    let Some(first) = line[start..]
        .iter()
        .position(|&b| b == b' ')
        .map(|n| start + n)
    else {
        let versioned = line[start..].starts_with(b"HTTP/");
        return if versioned {
            refused(&codes::NO_TARGET, start, 1)
        } else {
            refused(&codes::NO_VERSION, line.len(), 1)
        };
    };
    let last = line.iter().rposition(|&b| b == b' ').unwrap_or(first);
    if first == last {
        return if first + 1 == line.len() {
            refused(&codes::NO_VERSION, line.len(), 1)
        } else {
            Ok(first)
        };
    }
    Err(too_many_spaces(line, first, last))
}

/// More than two spaces: behind the version, doubled before it, or inside the target.
fn too_many_spaces(line: &[u8], first: usize, last: usize) -> Refusal {
    let second = line[first + 1..]
        .iter()
        .position(|&b| b == b' ')
        .map_or(last, |n| first + 1 + n);
    if version(&line[first + 1..second]).is_ok() && !line[second..].contains(&b'/') {
        return Refusal::new(&codes::TRAILING_SPACE, second, line.len() - second);
    }
    if line[first..=last].iter().all(|&b| b == b' ') {
        return Refusal::new(&codes::EXTRA_SPACE, first + 1, last - first);
    }
    Refusal::new(&codes::SPACE_IN_TARGET, first, 1)
}

/// Reads `HTTP/1.x` (RFC 9112 2.3: case-sensitive, one digit each).
///
/// # Errors
/// The first byte that differs, or a well-formed version of another major number.
pub fn version(text: &[u8]) -> Result<Version, Refusal> {
    let is_right = |at: usize, byte: u8| match at {
        0..5 => byte == b"HTTP/"[at],
        5 | 7 => byte.is_ascii_digit(),
        6 => byte == b'.',
        _ => false,
    };
    let wrong = text
        .iter()
        .enumerate()
        .position(|(at, &byte)| !is_right(at, byte))
        .unwrap_or(text.len());
    if wrong != 8 || text.len() != 8 {
        return Err(Refusal::new(&codes::BAD_VERSION, wrong, 1));
    }
    if text[5] != b'1' {
        return Err(Refusal::new(&codes::OTHER_VERSION, 5, 3));
    }
    Ok(Version {
        minor: text[7] - b'0',
    })
}

/// Reads a status line (RFC 9112 4) into `head`.
///
/// # Errors
/// The first byte that is wrong, counted from the line's first.
pub fn response(head: &mut Head, line: &[u8]) -> Result<(), Refusal> {
    if !line.starts_with(b"HTTP/") {
        return Err(refuse_no_status_line(line));
    }
    let version_end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    let version = version(&line[..version_end])?;
    let code = version_end + 1;
    let digits = line.get(code..).map_or(0, |rest| {
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    });
    let end = code + digits;
    match line.get(code) {
        None | Some(b' ') => {
            return Err(Refusal::new(&codes::STATUS_SPACE, code.min(line.len()), 1));
        }
        _ if digits != 3 => return Err(Refusal::new(&codes::STATUS_CODE, code + digits.min(3), 1)),
        Some(b'0') => return Err(Refusal::new(&codes::STATUS_CODE, code, 3)),
        _ if line.get(end).is_some_and(|&b| b != b' ') => {
            return Err(Refusal::new(&codes::STATUS_SPACE, end, 1));
        }
        _ => {}
    }
    let status = line[code..end]
        .iter()
        .fold(0, |n, &d| n * 10 + u16::from(d - b'0'));
    let reason = Span::new((end + 1).min(line.len()), line.len());
    head.version = version;
    head.start = StartLine::Response {
        version: Span::new(0, version_end),
        status,
        code: Span::new(code, end),
        reason,
    };
    Ok(())
}

#[cold]
fn refuse_no_status_line(line: &[u8]) -> Refusal {
    let method = method_end(line, 0);
    let last = line.rsplit(|&b| b == b' ').next().unwrap_or_default();
    let asks = method > 0 && line.get(method) == Some(&b' ') && last.starts_with(b"HTTP/");
    let wrong = line
        .iter()
        .zip(b"HTTP/")
        .take_while(|(a, b)| a == b)
        .count();
    let code = if asks {
        &codes::IS_A_REQUEST
    } else {
        &codes::NOT_A_STATUS_LINE
    };
    Refusal::new(code, wrong, 1)
}
