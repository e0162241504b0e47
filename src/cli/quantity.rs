//! Durations and sizes as flags write them: `20s`, `500ms`, `2m`, `64K`, `8M`.

use std::time::Duration;

/// Reads a duration; a bare number counts `unit`s.
fn duration(text: &str, unit: Duration) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write 500ms, 20s, 2m or 1h");
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match &text[digits..] {
        "" => unit,
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return Err(wrong()),
    };
    // A day bounds every time-out that means something, and keeps the sum below any overflow.
    let seconds = (number * unit.as_secs_f64()).min(86_400.0);
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// A duration whose bare number is seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    duration(text, Duration::from_secs(1))
}

/// A duration whose bare number is milliseconds.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    duration(text, Duration::from_millis(1))
}

/// A count of things, of which there is at least one.
pub fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is no count: write a whole number from 1")),
        Ok(number) => Ok(number),
    }
}

/// A number of bytes of which there is at least one.
pub fn some_bytes(text: &str) -> Result<u64, String> {
    match bytes(text)? {
        0 => Err("0 bytes leave no room: write a number from 1".to_owned()),
        number => Ok(number),
    }
}

/// A number of bytes; `K`, `M` and `G` are powers of 1024.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write 8192, 64K or 8M");
    let (digits, factor) = match text
        .to_ascii_uppercase()
        .trim_end_matches("IB")
        .chars()
        .last()
    {
        Some('K') => (text.find(['k', 'K']), 1 << 10),
        Some('M') => (text.find(['m', 'M']), 1 << 20),
        Some('G') => (text.find(['g', 'G']), 1 << 30),
        _ => (Some(text.len()), 1u64),
    };
    let number: u64 = text[..digits.unwrap_or(text.len())]
        .parse()
        .map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_units_and_a_bare_number_is_the_flags_own() {
        assert_eq!(seconds("20"), Ok(Duration::from_secs(20)));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(milliseconds("20"), Ok(Duration::from_millis(20)));
        assert!(seconds("-1").is_err());
        assert!(seconds("soon").is_err());
        assert!(seconds("").is_err());
    }

    #[test]
    fn sizes_take_powers_of_1024() {
        assert_eq!(bytes("8192"), Ok(8192));
        assert_eq!(bytes("64K"), Ok(65536));
        assert_eq!(bytes("8MiB"), Ok(8 << 20));
        assert!(bytes("-1").is_err());
        assert!(bytes("99999999999G").is_err());
        assert!(bytes("many").is_err());
    }
}
