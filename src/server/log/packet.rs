//! A log record as bytes, to go from one process to another.
//!
//! In: a record. Out: the same record at the other end; texts are cut to what a line keeps of them.

use super::{LONGEST as TEXT, LogRecord};
use crate::abi::address::Address;

/// Bytes of a packet at most: seven numbers, an address, five texts, each with its length.
pub const LONGEST: usize = 7 * 8 + (4 + 128) + 5 * (4 + TEXT);

/// The packet of a record.
pub fn write(record: &LogRecord) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let numbers = [
        record.time,
        u64::from(record.status),
        record.bytes,
        record.connection,
        record.exchange,
        record.on_connection,
        record.duration,
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_ne_bytes());
    }
    let LogRecord {
        method,
        target,
        version,
        referer,
        user_agent,
        ..
    } = record;
    for text in [
        &record.peer.to_bytes(),
        method,
        target,
        version,
        referer,
        user_agent,
    ] {
        let kept = &text[..text.len().min(TEXT)];
        out.extend_from_slice(&(kept.len() as u32).to_ne_bytes());
        out.extend_from_slice(kept);
    }
    out
}

/// The record of a packet; `None` for what is none.
pub fn read(mut bytes: &[u8]) -> Option<LogRecord> {
    let mut number = || {
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        bytes = rest;
        Some(u64::from_ne_bytes(*first))
    };
    let (time, status, size) = (number()?, number()?, number()?);
    let (connection, exchange) = (number()?, number()?);
    let (on_connection, duration) = (number()?, number()?);
    let mut text = || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (first, rest) = rest.split_at_checked(u32::from_ne_bytes(*len) as usize)?;
        bytes = rest;
        Some(first.to_vec())
    };
    Some(LogRecord {
        time,
        peer: Address::from_bytes(&text()?).unwrap_or(Address::Unix(Vec::new())),
        method: text()?,
        target: text()?,
        version: text()?,
        status: u16::try_from(status).ok()?,
        bytes: size,
        connection,
        exchange,
        on_connection,
        duration,
        referer: text()?,
        user_agent: text()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_arrives_as_it_was_sent_and_half_a_packet_is_none() {
        let record = LogRecord {
            time: 1,
            peer: Address::V4([127, 0, 0, 1], 31566),
            method: b"GET".to_vec(),
            target: vec![b'/'; 100],
            version: b"HTTP/1.1".to_vec(),
            status: 404,
            bytes: 12,
            connection: 3,
            exchange: 5,
            on_connection: 2,
            duration: 1500,
            referer: Vec::new(),
            user_agent: b"\xff\0".to_vec(),
        };
        let packet = write(&record);
        assert_eq!(read(&packet), Some(record.clone()));
        for cut in 0..packet.len() {
            assert_eq!(read(&packet[..cut]), None, "{cut}");
        }
        let long = LogRecord {
            target: vec![b'x'; 100_000],
            method: vec![b'x'; 100_000],
            version: vec![b'x'; 100_000],
            referer: vec![b'x'; 100_000],
            user_agent: vec![b'x'; 100_000],
            ..record
        };
        let packet = write(&long);
        assert!(packet.len() <= LONGEST);
        assert_eq!(read(&packet).map(|r| r.target.len()), Some(TEXT));
    }
}
