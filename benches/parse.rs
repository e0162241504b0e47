//! How long a request head takes to read, beside httparse: alternating rounds on the same bytes, medians,
//! and their ratio (below 1: ours is quicker).
//!
//! `cargo bench --bench parse`. Our reader does more: it also judges the target, Host, the framing and
//! whether the connection stays, which a user of httparse has still to do.

use httpsys::http::{Limits, Part, Reader};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 25;
/// Bytes read in a round, about.
const ROUND: usize = 4 << 20;
const FIELDS: usize = 100;

fn httparse(bytes: &[u8]) -> usize {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        other => panic!("httparse: {other:?}"),
    }
}

fn httpsys(reader: &mut Reader, bytes: &[u8]) -> usize {
    reader.reset();
    match reader.next(bytes) {
        Ok(Part::Head(length)) => length,
        other => panic!("httpsys: {other:?}"),
    }
}

/// Nanoseconds a head.
fn time(bytes: &[u8], mut parse: impl FnMut(&[u8]) -> usize) -> f64 {
    let heads = ROUND / bytes.len();
    let begun = Instant::now();
    for _ in 0..heads {
        assert_eq!(parse(black_box(bytes)), bytes.len());
    }
    begun.elapsed().as_nanos() as f64 / heads as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn heads() -> [(&'static str, Vec<u8>); 3] {
    let least = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".to_vec();
    let browser = b"GET /articles/how-a-server-reads-your-request.html?from=front HTTP/1.1\r\n\
        Host: www.example.org\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
        Accept-Language: en-GB,en;q=0.7,fr;q=0.3\r\n\
        Accept-Encoding: gzip, deflate, br\r\n\
        Connection: keep-alive\r\n\
        Referer: https://www.example.org/articles/\r\n\
        Cookie: session=0123456789abcdef0123456789abcdef; visits=2; last=1700000000\r\n\
        Cache-Control: max-age=0\r\n\r\n"
        .to_vec();
    let mut long = b"GET /long HTTP/1.1\r\nHost: www.example.org\r\n".to_vec();
    for number in 0..40 {
        long.extend_from_slice(format!("X-Field-Number-{number}: ").as_bytes());
        long.extend(std::iter::repeat_n(b'v', 180));
        long.extend_from_slice(b"\r\n");
    }
    long.extend_from_slice(b"\r\n");
    [("least", least), ("browser", browser), ("long", long)]
}

fn main() {
    println!("head       bytes   httparse    httpsys   ratio");
    for (name, bytes) in heads() {
        let mut reader = Reader::requests(Limits::default());
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(time(&bytes, httparse));
            ours.push(time(&bytes, |bytes| httpsys(&mut reader, bytes)));
        }
        let (theirs, ours) = (median(theirs), median(ours));
        println!(
            "{name:8} {:7}  {theirs:6.0} ns  {ours:6.0} ns    {:.2}",
            bytes.len(),
            ours / theirs
        );
    }
}
