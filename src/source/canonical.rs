//! Makes records say the same on every run (`--canonical`): ids and ports become small stable numbers.
//!
//! In: a record as it came from the ring. Out: the same record, rewritten in place at equal length:
//! - process and thread ids count 1, 2, … in order of appearance (a process and its first thread share
//!   a number, as they share an id), also where calls return them or are given one (`clone`, `wait4`, `getpid`,
//!   `kill`, …) and where a signal says who sent it;
//! - times of another program, which are real ones, become those of a clock that ticks at every reading, as our own
//!   server's do ([`Canonical::ticking`]);
//! - the port of a listener (or of the server that a client connects to) becomes 50080, the next one
//!   50081, where it has five digits; a shorter one was chosen by a person and is stable already; so does
//!   that of a listener that was there before;
//! - the ports of clients become 50001, 50002, …, one for each accepted connection;
//! - what a ring can do and where its parts are (`io_uring_setup`), which depends on the kernel, is 0;
//! - in data, `:PORT` of a listener is rewritten too (`Host: 127.0.0.1:37211`), if one call moved all of
//!   it.
//!
//! Left out on purpose: descriptors and byte counts, which are what a trace is about; a port that data mentions in any other way.

use crate::abi::address::Address;
use crate::abi::calls::{self, CallId, Kind};
use crate::abi::siginfo::SigInfo;
use crate::event::raw::{HEAD, Raw, RawHead, SEGMENT_HEAD, kind, padded, part};
use crate::kernel::clock::CANONICAL_TICK;
use std::collections::HashMap;

/// What the first listener's port becomes.
pub const LISTEN_PORT: u16 = 50080;
/// One less than what the first client's port becomes.
const CLIENTS_BEFORE: u16 = 50000;

/// What was seen so far, and what became of it.
#[derive(Debug, Default)]
pub struct Canonical {
    ids: HashMap<u32, u32>,
    /// Real listening ports, in order of appearance.
    listeners: Vec<u16>,
    /// The latest stand-in of each client's port.
    clients: HashMap<u16, u16>,
    accepted: u16,
    /// Descriptors bound to port 0: `getsockname` will tell which port that became.
    bound_to_any: Vec<u64>,
    /// For records with real times.
    clock: Option<Ticks>,
}

/// The canonical clock, read when a record comes.
#[derive(Debug)]
struct Ticks {
    now: u64,
    /// When calls that were told as they began have begun, by thread.
    begun: HashMap<u32, u64>,
}

impl Ticks {
    fn tick(&mut self) -> u64 {
        self.now += CANONICAL_TICK;
        self.now
    }

    fn stamp(&mut self, head: &mut RawHead) {
        match head.kind {
            kind::ENTER => {
                head.enter = self.tick();
                head.exit = head.enter;
                self.begun.insert(head.tid, head.enter);
            }
            kind::CALL => {
                let begun = self.begun.remove(&head.tid);
                head.enter = begun.unwrap_or_else(|| self.tick());
                head.exit = self.tick();
            }
            _ => {
                let begun = self.begun.remove(&head.tid);
                let pending = begun.filter(|_| head.kind == kind::PENDING);
                head.enter = pending.unwrap_or_else(|| self.tick());
                head.exit = head.enter;
            }
        }
    }
}

/// Calls that return an id.
const RETURN_IDS: [CallId; 9] = [
    calls::CLONE,
    calls::CLONE3,
    calls::FORK,
    calls::VFORK,
    calls::WAIT4,
    calls::GETPID,
    calls::GETPPID,
    calls::GETTID,
    calls::SET_TID_ADDRESS,
];

/// Where `si_pid` stands in a `siginfo_t` that has one (`man 2 sigaction`).
const SI_PID: std::ops::Range<usize> = 16..20;

/// Where one segment stands in a record.
struct Place {
    arg: u8,
    part: u8,
    start: usize,
    end: usize,
}

impl Canonical {
    /// Nothing seen yet, but the listener's port where it is known (0 is no port).
    pub fn new(listen_port: impl Into<Option<u16>>) -> Canonical {
        let known = listen_port.into().filter(|port| *port > 0);
        Canonical {
            listeners: known.into_iter().collect(),
            ..Canonical::default()
        }
    }

    /// Records have real times: they become those of the canonical clock, counted from `start`.
    pub fn ticking(mut self, start: u64) -> Canonical {
        self.clock = Some(Ticks {
            now: start,
            begun: HashMap::new(),
        });
        self
    }

    /// Rewrites a record; `buf` holds the result.
    pub fn rewritten<'b>(&mut self, raw: &Raw<'_>, buf: &'b mut Vec<u8>) -> Raw<'b> {
        buf.clear();
        buf.resize(HEAD, 0);
        raw.head.write_to(buf);
        buf.extend_from_slice(raw.memory);
        self.rewrite(buf);
        let head = RawHead::from_bytes(buf).unwrap_or(raw.head);
        Raw {
            head,
            memory: &buf[HEAD..],
        }
    }

    /// Rewrites the bytes of a record where they are. Bytes that are no record stay as they are.
    pub fn rewrite(&mut self, bytes: &mut [u8]) {
        let Some(mut head) = RawHead::from_bytes(bytes) else {
            return;
        };
        head.pid = self.id(head.pid);
        head.tid = self.id(head.tid);
        if let Some(clock) = &mut self.clock {
            clock.stamp(&mut head);
        }
        if head.kind == kind::SPAWN {
            head.args[0] = u64::from(self.id(head.args[0] as u32));
        }
        if head.kind == kind::FD {
            let name = places(bytes).into_iter().find(|p| p.part == part::AFTER);
            if let Some(name) = name {
                self.fact(&mut bytes[name.start..name.end]);
            }
        }
        if head.kind == kind::SIGNAL {
            for place in places(bytes) {
                self.sender(&mut bytes[place.start..place.end]);
            }
        }
        let call = CallId::from_number(u64::from(head.nr));
        let returns_id = call.is_some_and(|call| RETURN_IDS.contains(&call));
        if head.kind == kind::CALL && head.ret > 0 && returns_id {
            head.ret = i64::from(self.id(head.ret as u32));
        }
        if let kind::CALL | kind::ENTER | kind::PENDING = head.kind {
            let given = match call {
                Some(calls::WAIT4 | calls::KILL) => 1,
                Some(calls::TGKILL) => 2,
                _ => 0,
            };
            for id in &mut head.args[..given] {
                // Negative ones mean any, or a group.
                if let 1.. = *id as u32 as i32 {
                    *id = u64::from(self.id(*id as u32));
                }
            }
        }
        head.write_to(bytes);
        if call == Some(calls::CLOSE) {
            self.bound_to_any.retain(|fd| *fd != head.args[0]);
        }
        let is_call = matches!(
            head.kind,
            kind::CALL | kind::ENTER | kind::RING_IN | kind::RING_OUT
        );
        if let (true, Some(call)) = (is_call, call) {
            for place in places(bytes) {
                self.segment(call, &head, &place, &mut bytes[place.start..place.end]);
            }
        }
    }

    /// An id's stand-in; 0 stands for nobody.
    pub fn id(&mut self, id: u32) -> u32 {
        let next = self.ids.len() as u32 + 1;
        if id == 0 {
            0
        } else {
            *self.ids.entry(id).or_insert(next)
        }
    }

    /// Rewrites who sent a signal, where its `siginfo_t` says.
    fn sender(&mut self, bytes: &mut [u8]) {
        let info = SigInfo::from_bytes(bytes);
        let told = info.is_some_and(|info| info.fields().iter().any(|field| field.name == "pid"));
        if let (true, Some(pid)) = (told, bytes.get_mut(SI_PID)) {
            let real = u32::from_ne_bytes([pid[0], pid[1], pid[2], pid[3]]);
            pid.copy_from_slice(&self.id(real).to_ne_bytes());
        }
    }

    fn segment(&mut self, call: CallId, head: &RawHead, place: &Place, bytes: &mut [u8]) {
        let param = call.signature().params.get(usize::from(place.arg));
        match (param.map(|param| param.kind), place.part) {
            (Some(Kind::AddressIn { .. } | Kind::AddressOut { .. }), _)
            | (Some(Kind::MessageIn | Kind::MessageOut), part::NAME) => {
                self.address(call, head, bytes)
            }
            (Some(Kind::RingParams), part::AFTER) => {
                for bits in [20..24, 40..120] {
                    bytes.get_mut(bits).unwrap_or(&mut []).fill(0);
                }
            }
            (Some(Kind::BytesIn { .. } | Kind::BytesOut { .. }), part::FIRST) => self.data(bytes),
            (
                Some(
                    Kind::VectorIn { .. }
                    | Kind::VectorOut { .. }
                    | Kind::MessageIn
                    | Kind::MessageOut,
                ),
                part::BUFFER..=part::LAST_BUFFER,
            ) => self.data(bytes),
            _ => {}
        }
    }

    /// Rewrites the port of a `struct sockaddr_in` or `_in6`: bytes 2 and 3 of both (`man 7 ip`).
    fn address(&mut self, call: CallId, head: &RawHead, bytes: &mut [u8]) {
        let Some(real) = Address::from_bytes(bytes).and_then(|address| address.port()) else {
            return;
        };
        let bind = call == calls::BIND;
        if bind && real == 0 {
            self.bound_to_any.push(head.args[0]);
        }
        if real == 0 {
            return;
        }
        let named_any = call == calls::GETSOCKNAME && self.bound_to_any.contains(&head.args[0]);
        let ended = matches!(head.kind, kind::CALL | kind::RING_OUT);
        let accept = (call == calls::ACCEPT || call == calls::ACCEPT4) && ended;
        let port = if bind || call == calls::CONNECT || named_any {
            self.listener(real)
        } else if accept {
            self.accepted += 1;
            let port = CLIENTS_BEFORE.wrapping_add(self.accepted);
            self.clients.insert(real, port);
            port
        } else {
            self.known(real)
        };
        bytes[2..4].copy_from_slice(&port.to_be_bytes());
    }

    /// Rewrites the port at the end of a listener's address that is there as text.
    fn fact(&mut self, name: &mut [u8]) {
        let text = std::str::from_utf8(name).ok();
        let address = text.and_then(|text| text.parse::<std::net::SocketAddr>().ok());
        let Some(real) = address.map(|address| address.port()).filter(|p| *p > 0) else {
            return;
        };
        let port = self.listener(real).to_string();
        let start = name.len() - port.len().min(name.len());
        name[start..].copy_from_slice(port.as_bytes());
    }

    fn listener(&mut self, real: u16) -> u16 {
        let place = self
            .listeners
            .iter()
            .position(|port| *port == real)
            .unwrap_or_else(|| {
                self.listeners.push(real);
                self.listeners.len() - 1
            });
        stand_in(real, place)
    }

    /// A port that appears in passing: one we have met, or a client's.
    fn known(&mut self, real: u16) -> u16 {
        if let Some(place) = self.listeners.iter().position(|port| *port == real) {
            return stand_in(real, place);
        }
        if let Some(port) = self.clients.get(&real) {
            return *port;
        }
        self.accepted += 1;
        let port = CLIENTS_BEFORE.wrapping_add(self.accepted);
        self.clients.insert(real, port);
        port
    }

    /// Rewrites `:PORT` of every listener in bytes that a call moved.
    fn data(&self, bytes: &mut [u8]) {
        let listeners = self
            .listeners
            .iter()
            .enumerate()
            .filter(|(_, port)| has_five_digits(**port));
        for (place, port) in listeners {
            let real = format!(":{port}");
            let new = format!(":{}", stand_in(*port, place));
            let found: Vec<usize> = memchr::memmem::find_iter(bytes, real.as_bytes()).collect();
            for start in found {
                let end = start + real.len();
                if bytes.get(end).is_none_or(|next| !next.is_ascii_digit()) {
                    bytes[start..end].copy_from_slice(new.as_bytes());
                }
            }
        }
    }
}

fn has_five_digits(port: u16) -> bool {
    port >= 10_000
}

/// What the port of listener number `place` becomes.
fn stand_in(real: u16, place: usize) -> u16 {
    if has_five_digits(real) {
        LISTEN_PORT.saturating_add(place as u16)
    } else {
        real
    }
}

/// The segments of a record, as places in its bytes.
fn places(bytes: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = HEAD;
    while let Some(head) = bytes.get(at..at + SEGMENT_HEAD) {
        let kept = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let (start, end) = (at + SEGMENT_HEAD, at + SEGMENT_HEAD + kept);
        if end > bytes.len() {
            break;
        }
        places.push(Place {
            arg: head[0],
            part: head[1],
            start,
            end,
        });
        at = start + padded(kept);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::raw::{SegmentHead, write_segment_head};

    /// A record of a call with these segments.
    fn record(call: CallId, ids: (u32, u32), fd: u64, segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        for (arg, data) in segments {
            let start = bytes.len();
            bytes.resize(start + SEGMENT_HEAD + padded(data.len()), 0);
            let (kept, len) = (data.len() as u32, data.len() as u64);
            let head = SegmentHead {
                arg: *arg,
                kept,
                len,
                ..SegmentHead::default()
            };
            write_segment_head(&mut bytes[start..], &head);
            bytes[start + SEGMENT_HEAD..][..data.len()].copy_from_slice(data);
        }
        let head = RawHead {
            size: bytes.len() as u32,
            kind: kind::CALL,
            nr: u32::from(call.number().unwrap()),
            pid: ids.0,
            tid: ids.1,
            args: [fd, 0, 0, 0, 0, 0],
            ..RawHead::default()
        };
        head.write_to(&mut bytes);
        bytes
    }

    fn v4(port: u16) -> Vec<u8> {
        Address::V4([127, 0, 0, 1], port).to_bytes()
    }

    /// The port that an address argument becomes.
    fn port(canonical: &mut Canonical, call: CallId, fd: u64, real: u16) -> Option<u16> {
        let mut bytes = record(call, (9, 9), fd, &[(1, &v4(real))]);
        canonical.rewrite(&mut bytes);
        let raw = Raw::from_bytes(&bytes).unwrap();
        Address::from_bytes(raw.segment(1, 0).unwrap().bytes)
            .unwrap()
            .port()
    }

    fn data(canonical: &mut Canonical, call: CallId, text: &str) -> String {
        let mut bytes = record(call, (9, 9), 4, &[(1, text.as_bytes())]);
        canonical.rewrite(&mut bytes);
        let raw = Raw::from_bytes(&bytes).unwrap();
        String::from_utf8(raw.segment(1, 0).unwrap().bytes.to_vec()).unwrap()
    }

    #[test]
    fn ids_count_up_in_order_of_appearance() {
        let mut canonical = Canonical::new(None);
        let mut buf = Vec::new();
        let mut ids = |pid, tid| {
            let bytes = record(calls::READ, (pid, tid), 3, &[]);
            let raw = canonical.rewritten(&Raw::from_bytes(&bytes).unwrap(), &mut buf);
            (raw.head.pid, raw.head.tid)
        };
        assert_eq!(ids(4242, 4242), (1, 1));
        assert_eq!(ids(4242, 4250), (1, 2));
        assert_eq!(ids(4242, 4251), (1, 3));
        assert_eq!(ids(4242, 4250), (1, 2));
        assert_eq!(ids(0, 0), (0, 0));
    }

    #[test]
    fn a_child_that_is_waited_for_has_the_number_that_it_has_elsewhere() {
        let mut canonical = Canonical::new(None);
        for (pid, arg, expected) in [(4242, 3, 3u64), (4242, 4343, 2), (4343, u64::MAX, u64::MAX)] {
            let call = if arg == 3 { calls::READ } else { calls::WAIT4 };
            let mut bytes = record(call, (pid, pid), arg, &[]);
            canonical.rewrite(&mut bytes);
            assert_eq!(RawHead::from_bytes(&bytes).unwrap().args[0], expected);
        }
    }

    #[test]
    fn any_port_that_the_kernel_chose_becomes_the_same_one() {
        let mut canonical = Canonical::new(None);
        assert_eq!(port(&mut canonical, calls::BIND, 3, 0), Some(0));
        assert_eq!(
            port(&mut canonical, calls::GETSOCKNAME, 3, 37211),
            Some(50080)
        );
        assert_eq!(port(&mut canonical, calls::ACCEPT4, 3, 31566), Some(50001));
        assert_eq!(
            port(&mut canonical, calls::GETSOCKNAME, 4, 37211),
            Some(50080)
        );
        assert_eq!(port(&mut canonical, calls::ACCEPT4, 3, 41000), Some(50002));
        assert_eq!(
            port(&mut canonical, calls::GETPEERNAME, 4, 31566),
            Some(50001)
        );
        assert_eq!(
            port(&mut canonical, calls::ACCEPT4, 3, 31566),
            Some(50003),
            "a new connection"
        );
        assert_eq!(
            data(&mut canonical, calls::READ, "Host: x:37211\r\n"),
            "Host: x:50080\r\n"
        );
        assert_eq!(
            data(&mut canonical, calls::WRITE, ":372110 37211 :3721"),
            ":372110 37211 :3721"
        );
    }

    #[test]
    fn a_port_that_a_person_chose_stays() {
        let mut canonical = Canonical::new(8080);
        assert_eq!(port(&mut canonical, calls::BIND, 3, 8080), Some(8080));
        assert_eq!(
            data(&mut canonical, calls::READ, "Host: x:8080\r\n"),
            "Host: x:8080\r\n"
        );
    }

    #[test]
    fn a_client_sees_the_server_at_the_stable_port_and_itself_at_a_clients() {
        let mut canonical = Canonical::new(None);
        assert_eq!(port(&mut canonical, calls::CONNECT, 3, 37211), Some(50080));
        assert_eq!(
            port(&mut canonical, calls::GETSOCKNAME, 3, 45000),
            Some(50001)
        );
    }

    #[test]
    fn torn_records_are_left_alone() {
        let whole = record(calls::BIND, (9, 9), 3, &[(1, &v4(37211)), (1, b":37211")]);
        for end in 0..whole.len() {
            let mut bytes = whole[..end].to_vec();
            Canonical::new(None).rewrite(&mut bytes);
            let mut longer = [&whole[..end], &[0xff; 40]].concat();
            Canonical::new(None).rewrite(&mut longer);
        }
    }
}
