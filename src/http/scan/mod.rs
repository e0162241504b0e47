//! Finds where a line may end: the next control byte; and where a field's name may: `usual_name`.
//!
//! In: bytes and a place. Out: the place of the first control octet that is not TAB, which is CR or
//! LF in every good line. `words` looks at eight bytes together in a plain 64-bit number, on every CPU
//! alike; `sse2` at sixteen, on every x86_64. One file a CPU, chosen once; the tests run them all.

#[cfg(target_arch = "x86_64")]
mod sse2;
mod words;

#[cfg(target_arch = "x86_64")]
pub use sse2::{next_control, usual_name};
#[cfg(not(target_arch = "x86_64"))]
pub use words::{next_control, usual_name};

#[cfg(test)]
mod tests {
    use super::super::token::is_control;
    use super::super::token::is_token;
    use super::*;

    /// The first control octet other than TAB, by the plain definition.
    fn plainly(bytes: &[u8], from: usize) -> usize {
        (from..bytes.len())
            .find(|&at| is_control(bytes[at]))
            .unwrap_or(bytes.len().max(from))
    }

    #[test]
    fn every_byte_at_every_place_is_found_as_the_plain_definition_finds_it() {
        for len in 0..42 {
            for place in 0..len {
                for byte in 0..=255u8 {
                    let mut bytes = vec![b'x'; len];
                    bytes[place] = byte;
                    for from in [0, 1, place, len] {
                        let plain = plainly(&bytes, from);
                        assert_eq!(
                            next_control(&bytes, from),
                            plain,
                            "{byte:#x} at {place} of {len}"
                        );
                        assert_eq!(words::next_control(&bytes, from), plain);
                    }
                }
            }
        }
    }

    #[test]
    fn a_usual_name_is_letters_digits_and_hyphens_and_never_longer_than_a_token() {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        for byte in 0..=255u8 {
            for place in 0..40 {
                let mut bytes = [b'x'; 40];
                bytes[place] = byte;
                let plain = bytes.iter().take_while(|&&b| usual(b)).count();
                for find in [usual_name, words::usual_name] {
                    let found = find(&bytes);
                    assert!(found == plain.min(found) && (found == plain || found % 16 == 0));
                }
                assert!(bytes[..usual_name(&bytes)].iter().all(|&b| is_token(b)));
            }
        }
        assert_eq!(usual_name(b""), 0);
    }

    #[test]
    fn tabs_and_high_bytes_before_the_end_are_passed_over() {
        for find in [next_control, words::next_control] {
            assert_eq!(find(b"\t\t\xff\t\x80abcdef\t\r\n", 0), 12);
            assert_eq!(find(b"\x80\x7f", 0), 1);
            assert_eq!(find(&[b"\t".repeat(40), b"\n".to_vec()].concat(), 3), 40);
        }
    }
}
