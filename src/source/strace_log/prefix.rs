//! What stands before a line's call: process, time of day, time since the line before, numbers.
//!
//! In: a line. Out: who and when, and where the rest begins. Nothing here can fail: what is no prefix is
//! left for whoever reads the rest. Left out on purpose: instruction pointers (`-i`) and numbers of calls
//! (`-n`), which are only stepped over.

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;
/// Seconds before a point: more than this are seconds since 1970, fewer are since the line before.
const EPOCH: u64 = 100_000_000;

/// A time as a line has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// `-t`, `-tt`: nanoseconds since midnight, local time.
    OfDay(u64),
    /// `-ttt`: nanoseconds since 1970.
    Epoch(u64),
    /// `-r`: nanoseconds since the line before.
    Since(u64),
}

/// Who and when.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Prefix {
    /// The thread, if the line names it.
    pub tid: Option<u32>,
    /// When.
    pub moment: Option<Moment>,
    /// Where the rest begins.
    pub len: usize,
}

/// Reads the columns before a call.
pub fn prefix(line: &[u8]) -> Prefix {
    let mut prefix = Prefix::default();
    let mut at = 0;
    if let Some(rest) = line.strip_prefix(b"[pid ")
        && let Some(end) = memchr::memchr(b']', rest)
    {
        let digits = rest[..end].trim_ascii();
        let digits = digits.split(|b| *b == b'<').next().unwrap_or(digits);
        prefix.tid = whole(digits).and_then(|tid| u32::try_from(tid).ok());
        at = b"[pid ".len() + end + 1;
    } else if let Some((tid, len)) = leading_pid(line) {
        prefix.tid = Some(tid);
        at = len;
    }
    loop {
        at += blanks(&line[at..]);
        let rest = &line[at..];
        if let Some((moment, len)) = moment(rest) {
            // `-r` stands behind the time of day and says nothing new there.
            prefix.moment = prefix.moment.or(Some(moment));
            at += len;
        } else if let Some(len) = bracketed(rest) {
            at += len;
        } else {
            prefix.len = at;
            return prefix;
        }
    }
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|b| **b == b' ').count()
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn whole(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `3545  `, `11039<python3> `: digits, and then a blank.
fn leading_pid(line: &[u8]) -> Option<(u32, usize)> {
    let len = digits(line);
    let pid = whole(&line[..len])?;
    let mut end = len;
    if line.get(end) == Some(&b'<') {
        end += memchr::memchr(b'>', &line[end..])? + 1;
    }
    (line.get(end) == Some(&b' ')).then_some((u32::try_from(pid).ok()?, end))
}

/// A time at the beginning of a text, and how long it is with the blank behind it.
fn moment(text: &[u8]) -> Option<(Moment, usize)> {
    if let Some(rest) = text.strip_prefix(b"(+") {
        let before = blanks(rest);
        let (_, len) = seconds(&rest[before..])?;
        let end = 2 + before + len;
        return (text.get(end) == Some(&b')')).then_some((Moment::Since(0), end + 1));
    }
    let hours = digits(text);
    if text.get(hours) == Some(&b':') {
        let minutes = text.get(hours + 1..)?;
        let minute_digits = digits(minutes);
        (minutes.get(minute_digits) == Some(&b':')).then_some(())?;
        let (rest, len) = seconds(minutes.get(minute_digits + 1..)?)?;
        let hour = whole(&text[..hours])?.min(24) * 3600;
        let minute = whole(&minutes[..minute_digits])?.min(60) * 60;
        let end = hours + 1 + minute_digits + 1 + len;
        let time = Moment::OfDay((hour + minute) * SECOND + rest.min(60 * SECOND));
        return (text.get(end) == Some(&b' ')).then_some((time, end + 1));
    }
    let (time, len) = seconds(text)?;
    (text.get(len) == Some(&b' ')).then_some(())?;
    let moment = match time / SECOND > EPOCH {
        true => Moment::Epoch(time),
        false if memchr::memchr(b'.', &text[..len]).is_some() => Moment::Since(time),
        false => return None,
    };
    Some((moment, len + 1))
}

/// `12.000345` in nanoseconds, and its length.
pub fn seconds(text: &[u8]) -> Option<(u64, usize)> {
    let len = digits(text);
    let mut time = whole(&text[..len])?.checked_mul(SECOND)?;
    if text.get(len) != Some(&b'.') {
        return Some((time, len));
    }
    let fraction = &text[len + 1..];
    let fraction = &fraction[..digits(fraction)];
    let mut unit = SECOND;
    for digit in fraction {
        unit /= 10;
        time = time.checked_add(u64::from(digit - b'0') * unit)?;
    }
    Some((time, len + 1 + fraction.len()))
}

/// `[  45] `, `[00007f1234567890] `.
fn bracketed(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', inside)?;
    let plain = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b' ' | b'?');
    let is_number = end > 0 && inside[..end].iter().all(plain);
    (is_number && inside.get(end + 1) == Some(&b' ')).then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_prefix_is_stepped_over() {
        for (line, tid, moment) in [
            ("read(3", None, None),
            ("3545  read(3", Some(3545), None),
            ("11039<python3> read(3", Some(11039), None),
            ("[pid  3545] read(3", Some(3545), None),
            ("[pid 3545<sh>] read(3", Some(3545), None),
            (
                "08:00:01 read(3",
                None,
                Some(Moment::OfDay(28_801 * SECOND)),
            ),
            (
                "7     08:00:01.5 read(3",
                Some(7),
                Some(Moment::OfDay(28_801_500_000_000)),
            ),
            (
                "1795248000.000001 read(3",
                None,
                Some(Moment::Epoch(1_795_248_000_000_001_000)),
            ),
            (
                "     0.030228 read(3",
                None,
                Some(Moment::Since(30_228_000)),
            ),
            (
                "[pid 1]      0.030228 read(3",
                Some(1),
                Some(Moment::Since(30_228_000)),
            ),
            (
                "08:00:01 (+     0.000123) read(3",
                None,
                Some(Moment::OfDay(28_801 * SECOND)),
            ),
            ("[  45] read(3", None, None),
            (
                "7     08:00:01 [00007f00deadbeef] [   0] read(3",
                Some(7),
                Some(Moment::OfDay(28_801 * SECOND)),
            ),
        ] {
            let found = prefix(line.as_bytes());
            assert_eq!((found.tid, found.moment), (tid, moment), "{line}");
            assert_eq!(&line[found.len..], "read(3");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let line = b"[pid 7] 08:00:01.5 (+     0.000123) [00007f00deadbeef] [   0] read(3";
        for start in 0..line.len() {
            for end in start..line.len() {
                let found = prefix(&line[start..end]);
                assert!(found.len <= end - start);
            }
        }
    }
}
