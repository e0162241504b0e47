//! Who holds a TCP port: what `/proc` says to a user whose `bind` was refused.
//!
//! In: `/proc/net/tcp`, `/proc/net/tcp6`, `/proc/PID/fd` (`man 5 proc_net`). Out: a process, or the
//! user it belongs to where its descriptors may not be read. Runs only after a failure and is no part
//! of what is traced.

use std::fs;
use std::net::IpAddr;

/// Who listens on a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holder {
    /// A process whose descriptors we may look at.
    Process {
        /// Its id.
        pid: u32,
        /// Its name, as `ps` shows it, made printable.
        name: String,
    },
    /// Somebody else's process: the user's number.
    User(u32),
}

/// Finds out who listens on `port` at an address that stands in the way of `ip`.
pub fn of_port(ip: IpAddr, port: u16) -> Option<Holder> {
    let mut sockets = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        sockets.extend(
            text.lines()
                .skip(1)
                .filter_map(|line| listening(line, ip, port)),
        );
    }
    let first_user = sockets.first().map(|socket| socket.user)?;
    let found = sockets.iter().find_map(|socket| process_with(socket.inode));
    Some(found.unwrap_or(Holder::User(first_user)))
}

#[derive(PartialEq, Eq, Debug)]
struct Socket {
    user: u32,
    inode: u64,
}

/// Reads one line of `/proc/net/tcp`: the socket in it, if it listens on `port` where `ip` would.
fn listening(line: &str, ip: IpAddr, port: u16) -> Option<Socket> {
    /// `TCP_LISTEN` (`include/net/tcp_states.h`).
    const LISTEN: &str = "0A";
    let mut words = line.split_ascii_whitespace();
    let (host, local_port) = words.nth(1)?.split_once(':')?;
    let state = words.nth(1)?;
    let user = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    let same_port = u16::from_str_radix(local_port, 16).ok()? == port;
    (state == LISTEN && same_port && overlaps(host, ip)).then_some(Socket { user, inode })
}

/// Whether the listening address `host` (hexadecimal, words in the CPU's order) and `ip` collide.
fn overlaps(host: &str, ip: IpAddr) -> bool {
    let anywhere = host.bytes().all(|digit| digit == b'0');
    let same = match ip {
        IpAddr::V4(v4) => {
            let word = format!("{:08X}", u32::from_ne_bytes(v4.octets()));
            host == word || host == format!("0000000000000000FFFF0000{word}")
        }
        IpAddr::V6(v6) => {
            let words = v6.octets();
            let hex: String = words
                .chunks_exact(4)
                .map(|w| format!("{:08X}", u32::from_ne_bytes([w[0], w[1], w[2], w[3]])))
                .collect();
            host == hex
        }
    };
    anywhere || same || ip.is_unspecified()
}

/// The process that has this socket open, as far as `/proc` lets us look.
fn process_with(inode: u64) -> Option<Holder> {
    let link = format!("socket:[{inode}]");
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let holds = |path: std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|to| to.as_os_str() == link.as_str())
        };
        if descriptors.flatten().any(|entry| holds(entry.path())) {
            let name = fs::read(process.path().join("comm")).unwrap_or_default();
            return Some(Holder::Process {
                pid,
                name: printable(&name),
            });
        }
    }
    None
}

/// A process chooses its own name: nothing but plain characters reaches the terminal.
fn printable(name: &[u8]) -> String {
    let trimmed = name.strip_suffix(b"\n").unwrap_or(name);
    trimmed
        .iter()
        .map(|b| {
            if (0x20..0x7f).contains(b) {
                char::from(*b)
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_line_of_proc_net_tcp_names_user_and_socket() {
        let word = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
        let line = format!(
            "   0: {word}:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 26157 1 0000000000000000 100 0 0 10 0"
        );
        assert_eq!(
            listening(&line, LOCALHOST, 8080),
            Some(Socket {
                user: 1000,
                inode: 26157
            })
        );
        assert_eq!(listening(&line, LOCALHOST, 8081), None);
        assert_eq!(
            listening(&line.replace(" 0A ", " 01 "), LOCALHOST, 8080),
            None
        );
        for cut in 0..line.len() {
            let _ = listening(&line[..cut], LOCALHOST, 8080);
        }
    }

    #[test]
    fn an_address_stands_in_the_way_of_itself_and_of_any() {
        let any6 = "0".repeat(32);
        let one: IpAddr = "10.0.0.1".parse().unwrap();
        let word = format!("{:08X}", u32::from_ne_bytes([10, 0, 0, 1]));
        assert!(overlaps("00000000", one) && overlaps(&any6, one) && overlaps(&word, one));
        assert!(!overlaps(&word, LOCALHOST));
        assert!(overlaps(&word, "0.0.0.0".parse().unwrap()));
    }

    #[test]
    fn our_own_listener_is_found_by_its_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        match of_port(LOCALHOST, port) {
            Some(Holder::Process { pid, name }) => {
                assert_eq!(pid, std::process::id());
                assert!(!name.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_with_escape_sequences_is_made_plain() {
        assert_eq!(printable(b"evil\x1b[2J\n"), "evil?[2J");
    }
}
