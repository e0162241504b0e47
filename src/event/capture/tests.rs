//! A memory of a few islands, and what is copied from it.

use super::*;
use crate::abi::calls;
use crate::event::raw::Segments;

/// A memory of a few islands; everything else cannot be read.
struct Islands(Vec<(u64, Vec<u8>)>);

impl Memory for Islands {
    fn read(&self, address: u64, out: &mut [u8]) -> usize {
        for (start, bytes) in &self.0 {
            if (*start..*start + bytes.len() as u64).contains(&address) {
                let rest = &bytes[(address - start) as usize..];
                let n = rest.len().min(out.len());
                out[..n].copy_from_slice(&rest[..n]);
                return n;
            }
        }
        0
    }
}

fn captured(id: CallId, args: [u64; 6], ret: i64, before: &Islands, after: &Islands) -> Vec<u8> {
    let mut entry = Entry::default();
    at_entry(id, &args, before, &mut entry);
    let most = room(id, &args, ret, &entry);
    let mut out = vec![0xaa; most + 64];
    let used = at_exit(id, &args, ret, &entry, after, &mut out);
    assert!(used <= most, "{} wrote {used}, promised {most}", id.name());
    assert_eq!(used % 8, 0);
    out.truncate(used);
    out
}

fn pieces(memory: &[u8]) -> Vec<(u8, u8, u64, Vec<u8>)> {
    Segments::new(memory)
        .map(|s| (s.arg, s.part, s.len, s.bytes.to_vec()))
        .collect()
}

fn words(list: &[u64]) -> Vec<u8> {
    list.iter().flat_map(|w| w.to_ne_bytes()).collect()
}

#[test]
fn a_read_keeps_the_bytes_that_arrived_and_a_failed_one_keeps_nothing() {
    let memory = Islands(vec![(0x1000, b"GET / HTTP/1.1\r\n".to_vec())]);
    let args = [4, 0x1000, 8192, 0, 0, 0];
    assert_eq!(
        pieces(&captured(calls::READ, args, 5, &memory, &memory)),
        [(1, 0, 5, b"GET /".to_vec())]
    );
    assert_eq!(
        pieces(&captured(calls::READ, args, 0, &memory, &memory)),
        [(1, 0, 0, vec![])]
    );
    assert_eq!(
        pieces(&captured(calls::READ, args, -11, &memory, &memory)),
        []
    );
}

#[test]
fn a_write_keeps_what_was_offered_even_when_it_failed() {
    let memory = Islands(vec![(0x1000, b"hello".to_vec())]);
    let args = [4, 0x1000, 5, 0, 0, 0];
    for ret in [5, 2, -32] {
        assert_eq!(
            pieces(&captured(calls::WRITE, args, ret, &memory, &memory)),
            [(1, 0, 5, b"hello".to_vec())]
        );
    }
}

#[test]
fn a_long_buffer_is_cut_and_says_how_long_it_was() {
    let memory = Islands(vec![(0x1000, vec![7; 100_000])]);
    let kept = captured(
        calls::WRITE,
        [4, 0x1000, 100_000, 0, 0, 0],
        100_000,
        &memory,
        &memory,
    );
    let segment = Segments::new(&kept).next().expect("one segment");
    assert_eq!((segment.len, segment.bytes.len()), (100_000, KEEP));
}

#[test]
fn a_buffer_that_cannot_be_read_is_marked() {
    let kept = captured(
        calls::WRITE,
        [4, 0x1000, 5, 0, 0, 0],
        -14,
        &Islands(vec![]),
        &Islands(vec![]),
    );
    let segment = Segments::new(&kept).next().expect("one segment");
    assert!(!segment.readable && segment.bytes.is_empty() && segment.len == 5);
}

#[test]
fn an_accept_keeps_the_length_before_and_after_and_the_address() {
    let address: Vec<u8> = (0..16).collect();
    let before = Islands(vec![
        (0x1000, vec![0; 128]),
        (0x2000, 128u32.to_ne_bytes().to_vec()),
    ]);
    let after = Islands(vec![
        (0x1000, address.clone()),
        (0x2000, 16u32.to_ne_bytes().to_vec()),
    ]);
    let args = [3, 0x1000, 0x2000, 0, 0, 0];
    let length = |n: u32| n.to_ne_bytes().to_vec();
    assert_eq!(
        pieces(&captured(calls::ACCEPT4, args, 4, &before, &after)),
        [
            (2, 0, 4, length(128)),
            (1, 0, 16, address),
            (2, 1, 4, length(16))
        ]
    );
    assert_eq!(
        pieces(&captured(calls::ACCEPT4, args, -11, &before, &after)),
        [(2, 0, 4, length(128))]
    );
}

#[test]
fn an_address_longer_than_its_buffer_is_kept_as_far_as_it_was_written() {
    let before = Islands(vec![
        (0x1000, vec![0; 8]),
        (0x2000, 8u32.to_ne_bytes().to_vec()),
    ]);
    let after = Islands(vec![
        (0x1000, vec![9; 64]),
        (0x2000, 16u32.to_ne_bytes().to_vec()),
    ]);
    let kept = captured(
        calls::ACCEPT4,
        [3, 0x1000, 0x2000, 0, 0, 0],
        4,
        &before,
        &after,
    );
    assert_eq!(pieces(&kept)[1], (1, 0, 8, vec![9; 8]));
}

#[test]
fn a_vector_keeps_its_array_and_each_buffer() {
    let memory = Islands(vec![
        (0x1000, words(&[0x2000, 3, 0x3000, 0, 0x4000, 4])),
        (0x2000, b"abc".to_vec()),
        (0x4000, b"defg".to_vec()),
    ]);
    let kept = captured(calls::WRITEV, [5, 0x1000, 3, 0, 0, 0], 7, &memory, &memory);
    let buffers: Vec<_> = pieces(&kept)
        .into_iter()
        .map(|(_, part, len, bytes)| (part, len, bytes))
        .collect();
    assert_eq!(buffers[0].1, 48);
    assert_eq!(
        buffers[1..],
        [
            (2, 3, b"abc".to_vec()),
            (3, 0, vec![]),
            (4, 4, b"defg".to_vec())
        ]
    );
    let kept = captured(calls::READV, [5, 0x1000, 3, 0, 0, 0], 5, &memory, &memory);
    let buffers: Vec<_> = pieces(&kept)
        .into_iter()
        .skip(1)
        .map(|(_, part, _, bytes)| (part, bytes))
        .collect();
    assert_eq!(
        buffers,
        [(2, b"abc".to_vec()), (3, vec![]), (4, b"de".to_vec())]
    );
}

#[test]
fn a_vector_of_a_thousand_large_buffers_stays_within_its_room() {
    let array: Vec<u8> = (0..1024)
        .flat_map(|_| words(&[0x2000_0000, 40_000]))
        .collect();
    let memory = Islands(vec![(0x1000, array), (0x2000_0000, vec![1; 40_000])]);
    let kept = captured(
        calls::WRITEV,
        [5, 0x1000, 1024, 0, 0, 0],
        9,
        &memory,
        &memory,
    );
    let data: usize = Segments::new(&kept)
        .filter(|s| (part::BUFFER..=part::LAST_BUFFER).contains(&s.part))
        .map(|s| s.bytes.len())
        .sum();
    assert_eq!(data, KEEP);
    assert_eq!(Segments::new(&kept).next().map(|s| s.len), Some(1024 * 16));
}

#[test]
fn of_a_large_buffer_the_last_bytes_are_kept_too_and_of_a_small_one_nothing_twice() {
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    let memory = Islands(vec![(0x10_0000, bytes.clone())]);
    for (id, ret) in [(calls::WRITE, 100_000), (calls::READ, 100_000)] {
        let args = [4, 0x10_0000, 100_000, 0, 0, 0];
        let kept = pieces(&captured(id, args, ret, &memory, &memory));
        let parts: Vec<_> = kept
            .iter()
            .map(|(_, part, len, b)| (*part, *len, b.len()))
            .collect();
        assert_eq!(parts, [(0, 100_000, KEEP), (part::LATER, 100_000 - 64, 64)]);
        assert_eq!(kept[1].3, bytes[100_000 - 64..]);
    }
    for len in [KEEP as u64, KEEP as u64 + 1] {
        let args = [4, 0x10_0000, len, 0, 0, 0];
        let kept = pieces(&captured(calls::WRITE, args, len as i64, &memory, &memory));
        let later: Vec<_> = kept.iter().skip(1).map(|k| (k.2, k.3.len())).collect();
        let expected: &[(u64, usize)] = match len > KEEP as u64 {
            true => &[(KEEP as u64, 1)],
            false => &[],
        };
        assert_eq!(later, expected);
    }
}

#[test]
fn behind_a_cut_buffer_the_small_ones_are_kept_and_the_ends_of_the_large_ones() {
    let array = [
        (0x2000, 5),
        (0x10_0000, 80_000),
        (0x3000, 2),
        (0x10_0000, 70_000),
        (0x3000, 2),
    ];
    let array: Vec<u8> = array
        .iter()
        .flat_map(|(at, len)| words(&[*at, *len]))
        .collect();
    let memory = Islands(vec![
        (0x1000, array),
        (0x2000, b"head\n".to_vec()),
        (0x3000, b"\r\n".to_vec()),
        (0x10_0000, vec![b'x'; 80_000]),
    ]);
    let args = [5, 0x1000, 5, 0, 0, 0];
    let kept = captured(calls::WRITEV, args, 150_009, &memory, &memory);
    let later: Vec<_> = Segments::new(&kept)
        .filter(|s| s.part == part::LATER)
        .map(|s| (s.len, s.bytes.len()))
        .collect();
    let second = 5 + 80_000;
    let third = second + 2;
    let last = third + 70_000;
    assert_eq!(
        later,
        [
            (second - 64, 64),
            (second, 2),
            (third, 64),
            (last - 64, 64),
            (last, 2)
        ]
    );
}

#[test]
fn every_cut_of_the_output_leaves_whole_segments() {
    let memory = Islands(vec![
        (0x1000, words(&[0x2000, 3, 0x4000, 4])),
        (0x2000, b"abc".to_vec()),
        (0x4000, b"defg".to_vec()),
    ]);
    let args = [5, 0x1000, 2, 0, 0, 0];
    for size in 0..120 {
        let mut out = vec![0xff; size];
        let used = at_exit(
            calls::WRITEV,
            &args,
            7,
            &Entry::default(),
            &memory,
            &mut out,
        );
        assert!(used <= size);
        let walked: usize = Segments::new(&out[..used])
            .map(|s| SEGMENT_HEAD + padded(s.bytes.len()))
            .sum();
        assert_eq!(walked, used);
    }
}

#[test]
fn a_path_ends_at_its_nul_and_is_none_where_memory_ends_before_it() {
    let memory = Islands(vec![
        (0x1003, b"/srv/index.html\0rest".to_vec()),
        (0x3001, b"abc".to_vec()),
    ]);
    let kept = |path| {
        pieces(&captured(
            calls::OPENAT,
            [3, path, 0, 0, 0, 0],
            5,
            &memory,
            &memory,
        ))
    };
    assert_eq!(kept(0x1003), [(1, 0, 15, b"/srv/index.html".to_vec())]);
    assert_eq!(kept(0x3001), [(1, 0, 0, vec![])]);
    assert_eq!(kept(0x9000), [(1, 0, 0, vec![])]);
}

#[test]
fn ppoll_keeps_its_descriptors_and_its_time_before_and_after() {
    let fds = |revents: u16| {
        [
            3u32.to_ne_bytes().as_slice(),
            &1u16.to_ne_bytes(),
            &revents.to_ne_bytes(),
        ]
        .concat()
    };
    let before = Islands(vec![(0x1000, fds(0)), (0x2000, words(&[1, 0]))]);
    let after = Islands(vec![(0x1000, fds(1)), (0x2000, words(&[0, 9]))]);
    let kept = captured(
        calls::PPOLL,
        [0x1000, 1, 0x2000, 0, 8, 0],
        1,
        &before,
        &after,
    );
    assert_eq!(
        pieces(&kept),
        [
            (0, 0, 8, fds(0)),
            (2, 0, 16, words(&[1, 0])),
            (0, 1, 8, fds(1)),
            (2, 1, 16, words(&[0, 9]))
        ]
    );
}

#[test]
fn an_epoll_list_is_as_long_as_the_result() {
    let size = crate::event::call::EPOLL_EVENT;
    let memory = Islands(vec![(0x1000, vec![1; 64 * size])]);
    for ready in [0, 1, 64] {
        let kept = captured(
            calls::EPOLL_PWAIT,
            [4, 0x1000, 64, 0, 0, 8],
            ready,
            &memory,
            &memory,
        );
        assert_eq!(pieces(&kept)[0].3.len(), ready as usize * size);
    }
}

#[test]
fn a_tracer_keeps_what_is_handed_over_at_entry_and_only_once() {
    let memory = Islands(vec![(0x1000, b"hello".to_vec())]);
    let args = [4, 0x1000, 5, 0, 0, 0];
    let mut entry = Entry::default();
    inputs_at_entry(calls::WRITE, &args, &memory, &mut entry);
    let mut out = vec![0; room(calls::WRITE, &args, 5, &entry)];
    let used = at_exit(calls::WRITE, &args, 5, &entry, &Islands(vec![]), &mut out);
    assert_eq!(pieces(&out[..used]), [(1, 0, 5, b"hello".to_vec())]);
}

#[test]
fn no_call_of_the_table_writes_more_than_its_room_whatever_its_arguments() {
    let memory = Islands(vec![(0x1000, (0..=255).cycle().take(200_000).collect())]);
    let mut seed = 1u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        seed >> 33
    };
    for round in 0..200 {
        for index in 0..CALLS.len() {
            let mut args = [0; 6];
            for arg in &mut args {
                *arg = match next() % 4 {
                    0 => 0,
                    1 => 0x1000 + next() % 4096,
                    2 => u64::MAX - next() % 64,
                    _ => next() % 300,
                };
            }
            let ret = match round % 3 {
                0 => -11,
                1 => (next() % 300) as i64,
                _ => i64::MAX,
            };
            captured(CallId(index as u16), args, ret, &memory, &memory);
        }
    }
}

/// A `struct mmsghdr` with one buffer, whose iovec stands at `iov`.
fn message(iov: u64, len: u64) -> Vec<u8> {
    words(&[0, 0, iov, 1, 0, 0, 0, len])
}

#[test]
fn several_messages_are_kept_one_behind_the_other() {
    let island = |len| {
        Islands(vec![
            (
                0x1000,
                [message(0x2000, len), message(0x2010, len)].concat(),
            ),
            (0x2000, words(&[0x3000, 6, 0x3006, 6])),
            (0x3000, b"hello world\n".to_vec()),
        ])
    };
    let args = [3, 0x1000, 2, 0, 0, 0];
    let sent = captured(calls::SENDMMSG, args, 2, &island(0), &island(6));
    let kinds: Vec<(u8, Vec<u8>)> = pieces(&sent)
        .into_iter()
        .filter(|(_, part, ..)| *part != part::FIRST && *part != part::AFTER)
        .map(|(_, part, _, bytes)| (part, bytes))
        .collect();
    let (first, second) = (words(&[0x3000, 6]), words(&[0x3006, 6]));
    assert_eq!(
        kinds,
        [
            (part::IOVEC, first.clone()),
            (part::BUFFER, b"hello ".to_vec()),
            (part::IOVEC, second),
            (part::BUFFER, b"world\n".to_vec()),
        ]
    );
    let got = captured(calls::RECVMMSG, args, 1, &island(0), &island(4));
    let data = pieces(&got);
    assert!(data.contains(&(1, part::BUFFER, 4, b"hell".to_vec())));
    assert!(data.contains(&(1, part::IOVEC, 16, first)));
    assert_eq!(
        data.iter()
            .filter(|(_, part, ..)| *part == part::IOVEC)
            .count(),
        1
    );
}

#[test]
fn the_arguments_of_a_program_are_kept_and_its_environment_is_counted() {
    let memory = Islands(vec![
        (0x1000, b"/bin/sh\0".to_vec()),
        (0x2000, words(&[0x3000, 0x3003, 0])),
        (0x3000, b"sh\0-c\0".to_vec()),
        (0x4000, words(&[0x3000, 0x3000, 0x3000, 0])),
    ]);
    let args = [0x1000, 0x2000, 0x4000, 0, 0, 0];
    let kept = captured(calls::EXECVE, args, -2, &memory, &memory);
    assert_eq!(
        pieces(&kept),
        [
            (0, 0, 7, b"/bin/sh".to_vec()),
            (1, 0, 16, vec![]),
            (1, part::BUFFER, 2, b"sh".to_vec()),
            (1, part::BUFFER + 1, 2, b"-c".to_vec()),
            (2, 0, 24, vec![]),
        ]
    );
}

#[test]
fn the_entries_of_a_directory_are_counted_across_the_steps_they_are_read_in() {
    let entry = |len: u16| {
        let mut entry = vec![0; usize::from(len)];
        entry[16..18].copy_from_slice(&len.to_ne_bytes());
        entry
    };
    let list: Vec<u8> = (0..300).flat_map(|i| entry(24 + 8 * (i % 5))).collect();
    let bytes = list.len() as i64;
    let memory = Islands(vec![(0x1000, list)]);
    let args = [3, 0x1000, 32768, 0, 0, 0];
    let kept = captured(calls::GETDENTS64, args, bytes, &memory, &memory);
    assert_eq!(pieces(&kept), [(1, 0, 300, vec![])]);
}

#[test]
fn a_request_says_whether_its_number_goes_in_or_comes_out() {
    let memory = |n: u32| Islands(vec![(0x1000, n.to_ne_bytes().to_vec())]);
    let ioctl = |request, ret| {
        let args = [3, request, 0x1000, 0, 0, 0];
        pieces(&captured(calls::IOCTL, args, ret, &memory(1), &memory(2)))
    };
    let out = 2u32.to_ne_bytes().to_vec();
    // Our own source copies what is handed over when the call is over; nobody else changes it.
    assert_eq!(ioctl(0x5421, 0), [(2, 0, 4, out.clone())]);
    assert_eq!(ioctl(0x541b, 0), [(2, 0, 4, out)]);
    assert_eq!(ioctl(0x541b, -9), []);
    assert_eq!(ioctl(0x5413_0000, 0), []);
}
