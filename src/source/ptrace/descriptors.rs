//! What a running process's descriptors already are, as `/proc` says.
//!
//! In: a process id. Out: an `fd` record for each descriptor: what kind of thing it is, and its path or its
//! addresses. Sockets are found by inode in the process's own network tables (`man 5 proc`,
//! `/proc/net/tcp`); what stands in none of them is still said to be a socket. It is read while the
//! process runs, so a descriptor may be gone by the time it is named: then it is left out.

use super::sys::Tid;
use crate::event::build::Builder;
use crate::event::raw::{RawHead, kind, part};
use crate::kernel::clock::now;
use crate::source::handover::Handover;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Tells what each open descriptor of a process is, seen through one of its threads: the first may have ended.
pub fn tell(pid: u32, through: Tid, to: &Handover) {
    let Ok(folder) = std::fs::read_dir(format!("/proc/{through}/fd")) else {
        return;
    };
    let mut numbers: Vec<u32> = folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let sockets = Sockets::of(through);
    for number in numbers {
        let Ok(target) = std::fs::read_link(format!("/proc/{through}/fd/{number}")) else {
            continue;
        };
        let target = target.to_string_lossy();
        let (kind, name) = what(&target, &sockets);
        record(pid, number, kind, &name, to);
    }
}

fn record(pid: u32, number: u32, word: &str, name: &str, to: &Handover) {
    let time = now();
    let mut record = Builder::default();
    record.begin(RawHead {
        kind: kind::FD,
        pid,
        tid: pid,
        args: [u64::from(number), 0, 0, 0, 0, 0],
        enter: time,
        exit: time,
        ..RawHead::default()
    });
    record.whole(0, part::FIRST, word.as_bytes());
    record.whole(0, part::AFTER, name.as_bytes());
    to.push(&record.raw());
}

/// The kind of thing that a link in `/proc/PID/fd` leads to, and its name.
fn what(target: &str, sockets: &Sockets) -> (&'static str, String) {
    if let Some(inode) = inside(target, "socket:[") {
        return sockets.what(inode);
    }
    if target.starts_with("pipe:[") {
        return ("pipe", target.to_string());
    }
    if let Some(thing) = target.strip_prefix("anon_inode:") {
        let thing = thing.trim_matches(['[', ']']);
        let kind = match thing {
            "eventpoll" => "epoll",
            _ => "other",
        };
        return (kind, thing.to_string());
    }
    if target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") {
        return ("terminal", target.to_string());
    }
    match std::fs::metadata(target) {
        Ok(about) if about.is_dir() => ("directory", target.to_string()),
        _ => ("file", target.to_string()),
    }
}

/// The number in `socket:[1876440]`.
fn inside(target: &str, begin: &str) -> Option<u64> {
    target.strip_prefix(begin)?.strip_suffix(']')?.parse().ok()
}

/// What the network tables say, by inode.
struct Sockets(HashMap<u64, (&'static str, String)>);

impl Sockets {
    fn of(tid: Tid) -> Sockets {
        let mut all = HashMap::new();
        let table = |name: &str| {
            std::fs::read_to_string(format!("/proc/{tid}/net/{name}")).unwrap_or_default()
        };
        for name in ["tcp", "tcp6"] {
            all.extend(table(name).lines().skip(1).filter_map(tcp));
        }
        all.extend(table("unix").lines().skip(1).filter_map(unix));
        Sockets(all)
    }

    fn what(&self, inode: u64) -> (&'static str, String) {
        let known = self.0.get(&inode).cloned();
        known.unwrap_or(("socket", String::new()))
    }
}

/// States of a TCP socket (`include/net/tcp_states.h`).
const LISTEN: &str = "0A";
/// Neither bound to a peer nor listening.
const CLOSE: &str = "07";

/// `0: 0100007F:1F90 00000000:0000 0A … inode`: addresses as the CPU stores them, in words of 32 bits.
fn tcp(line: &str) -> Option<(u64, (&'static str, String))> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (local, remote) = (address(words.get(1)?)?, address(words.get(2)?)?);
    let inode = words.get(9)?.parse().ok()?;
    let what = match *words.get(3)? {
        LISTEN => ("listener", local.to_string()),
        CLOSE => ("socket", local.to_string()),
        _ => ("socket", format!("{local} -> {remote}")),
    };
    Some((inode, what))
}

fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for at in (0..host.len()).step_by(8) {
        let word = u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let host = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(SocketAddr::new(host, port))
}

/// `Num: RefCount Protocol Flags Type St Inode Path`; bit 16 of the flags: it listens.
fn unix(line: &str) -> Option<(u64, (&'static str, String))> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let flags = u32::from_str_radix(words.get(3)?, 16).ok()?;
    let kind = if flags & 0x1_0000 != 0 {
        "listener"
    } else {
        "socket"
    };
    let inode = words.get(6)?.parse().ok()?;
    let name = words
        .get(7)
        .map_or(String::new(), |path| format!("unix:{path}"));
    Some((inode, (kind, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernels_tables_gives_kind_and_addresses() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000 100 0 0 10 0";
        assert_eq!(
            tcp(line),
            Some((4711, ("listener", "127.0.0.1:8080".to_string())))
        );
        let line = "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000";
        let (_, (_, name)) = tcp(line).unwrap();
        assert_eq!(name, "127.0.0.1:8080 -> 127.0.0.1:50000");
        let v6 = "00000000000000000000000001000000:1F90";
        assert_eq!(address(v6).unwrap().to_string(), "[::1]:8080");
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 815 /run/x.sock";
        assert_eq!(
            unix(line),
            Some((815, ("listener", "unix:/run/x.sock".to_string())))
        );
        assert_eq!(inside("socket:[12]", "socket:["), Some(12));
    }

    #[test]
    fn the_descriptors_of_this_process_are_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let sockets = Sockets::of(std::process::id() as Tid);
        let mut all = sockets.0.values();
        assert!(all.any(|(kind, name)| *kind == "listener" && *name == here));
        assert_eq!(what("/", &sockets).0, "directory");
        assert_eq!(what("anon_inode:[eventpoll]", &sockets).0, "epoll");
        assert_eq!(what("pipe:[1]", &sockets).0, "pipe");
    }
}
