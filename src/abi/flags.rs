//! Named bits and named constants: the tables behind `SOCK_STREAM|SOCK_CLOEXEC`.
//!
//! In: the value of an argument. Out: its names as strace prints them, and whatever bits have no
//! name: those are shown too, never dropped. The tables stand in `flags/table.rs`.

mod table;

pub use table::*;

/// A table of names for the values of one argument.
#[derive(Debug)]
pub struct FlagSet {
    /// What the table is called in errors and docs, for example `open flags`.
    pub name: &'static str,
    /// Value and name, in the order strace would print them.
    pub entries: &'static [(u64, &'static str)],
}

impl FlagSet {
    /// The name of a constant: the whole value must fit.
    #[inline]
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        self.entries
            .iter()
            .find(|(v, _)| *v == value)
            .map(|(_, name)| *name)
    }

    /// The names of the bits in a value, in the table's order, and the bits that have no name.
    /// A value of 0 gives the table's name for 0 (`PROT_NONE`), if it has one.
    #[inline]
    pub fn names(&self, bits: u64) -> (Names, u64) {
        let names = Names {
            entries: self.entries,
            rest: bits,
            zero: bits == 0,
        };
        (names, self.remainder(bits))
    }

    /// The bits that have no name.
    #[inline]
    pub fn remainder(&self, bits: u64) -> u64 {
        let mut rest = bits;
        for (value, _) in self.entries {
            if rest == 0 {
                break;
            }
            if rest & value == *value {
                rest &= !value;
            }
        }
        rest
    }

    /// The value of a name.
    pub fn value_of(&self, name: &str) -> Option<u64> {
        self.entries
            .iter()
            .find(|(_, n)| *n == name)
            .map(|(v, _)| *v)
    }

    /// What strace writes behind a value none of whose bits has a name (`0x3 /* AF_??? */`); `None`
    /// where it writes the number alone, in decimal.
    pub fn unknown(&self) -> Option<&'static str> {
        let (_, first) = self.entries.first()?;
        match *first {
            "SOL_IP" => Some("SOL_??"),
            "SIGHUP" => None,
            "IPPROTO_IP" => Some("IPPROTO_???"),
            "O_CREAT" => Some("O_???"),
            first => UNKNOWN
                .iter()
                .find(|(prefix, _)| first.starts_with(prefix))
                .map(|(_, text)| *text),
        }
    }
}

/// The `fcntl` operations about a `struct flock` (`man 2 fcntl`): F_GETLK, F_SETLK, F_SETLKW and the
/// same three for open file descriptions.
#[inline]
pub const fn locks(op: u64) -> bool {
    matches!(op as u32, 5..=7 | 36..=38)
}

/// Bytes of the structure that an `fcntl` operation leads to: `struct flock`, `struct f_owner_ex`
/// (F_SETOWN_EX, F_GETOWN_EX); 0 for all others.
#[inline]
pub const fn fcntl_structure(op: u64) -> usize {
    match op as u32 {
        15 | 16 => 8,
        _ if locks(op) => 32,
        _ => 0,
    }
}

/// Whether the kernel fills that structure in: F_GETLK, F_OFD_GETLK, F_GETOWN_EX. The first two are told
/// at entry which lock is meant.
#[inline]
pub const fn fcntl_fills(op: u64) -> bool {
    matches!(op as u32, 5 | 16 | 36)
}

/// The beginning of a table's names, and how strace marks a value that the table lacks. Longer
/// beginnings first.
static UNKNOWN: &[(&str, &str)] = &[
    ("EPOLL_CTL_", "EPOLL_CTL_???"),
    ("EPOLL_", "EPOLL_???"),
    ("EPOLL", "EPOLL???"),
    ("CLOSE_RANGE_", "CLOSE_RANGE_???"),
    ("CLONE_NEWTIME", "CLONE_???"),
    ("NETLINK_", "NETLINK_???"),
    ("PACKET_", "PACKET_???"),
    ("SCTP_", "SCTP_???"),
    ("XDP_", "XDP_???"),
    ("SA_", "SA_???"),
    ("F_OWNER_", "F_OWNER_???"),
    ("TCI", "TC???"),
    ("TCO", "TC???"),
    ("BTPROTO_", "BTPROTO_???"),
    ("ICMP_FILTER", "RAW_???"),
    ("DN_", "DN_???"),
    ("SEEK_", "SEEK_???"),
    ("SHUT_", "SHUT_???"),
    ("SOCK_TXREHASH_", "SOCK_TXREHASH_???"),
    ("SOCK_", "SOCK_???"),
    ("RLIMIT_", "RLIMIT_???"),
    ("RUSAGE_", "RUSAGE_???"),
    ("IPV6_", "IPV6_???"),
    ("IORING_REGISTER_", "IORING_REGISTER_???"),
    ("IORING_SETUP_", "IORING_SETUP_???"),
    ("IORING_FEAT_", "IORING_FEAT_???"),
    ("IORING_", "IORING_ENTER_???"),
    ("SPLICE_F_", "SPLICE_F_???"),
    ("POSIX_FADV_", "POSIX_FADV_???"),
    ("FALLOC_FL_", "FALLOC_FL_???"),
    ("SYNC_FILE_RANGE_", "SYNC_FILE_RANGE_???"),
    ("RESOLVE_", "RESOLVE_???"),
    ("RENAME_", "RENAME_??"),
    ("FUTEX_", "FUTEX_???"),
    ("CLOCK_", "CLOCK_???"),
    ("CLONE_", "CLONE_???"),
    ("PTRACE_", "PTRACE_???"),
    ("SECCOMP_SET", "SECCOMP_SET_MODE_???"),
    ("SECCOMP_", "SECCOMP_FILTER_FLAG_???"),
    ("OPEN_TREE_", "OPEN_TREE_???"),
    ("XATTR_", "XATTR_???"),
    ("MLOCK_", "MLOCK_???"),
    ("F_SEAL_", "F_SEAL_???"),
    ("MREMAP_", "MREMAP_???"),
    ("TIMER_", "TIMER_???"),
    ("ITIMER_", "ITIMER_???"),
    ("SCHED_", "SCHED_???"),
    ("STATX_ATTR_", "STATX_ATTR_???"),
    ("STATX_", "STATX_???"),
    ("SCM_", "SCM_???"),
    ("PRIO_", "PRIO_???"),
    ("PIDFD_", "PIDFD_???"),
    ("MADV_", "MADV_???"),
    ("POLL", "POLL???"),
    ("PROT_", "PROT_???"),
    ("GRND_", "GRND_???"),
    ("LOCK_", "LOCK_???"),
    ("MAP_", "MAP_???"),
    ("MFD_", "MFD_???"),
    ("MCL_", "MCL_???"),
    ("MNT_", "MNT_???"),
    ("TLS_", "TLS_???"),
    ("MSG_", "MSG_???"),
    ("RWF_", "RWF_???"),
    ("EFD_", "EFD_???"),
    ("SFD_", "SFD_???"),
    ("TFD_", "TFD_???"),
    ("TCP_", "TCP_???"),
    ("UDP_", "UDP_???"),
    ("SIG_", "SIG_???"),
    ("AF_", "AF_???"),
    ("AT_", "AT_???"),
    ("FD_", "FD_???"),
    ("IN_", "IN_???"),
    ("IP_", "IP_???"),
    ("MS_", "MS_???"),
    ("PR_", "PR_???"),
    ("SO_", "SO_???"),
    ("F_OK", "?_OK"),
    ("F_", "F_???"),
    ("P_", "P_???"),
    ("W", "W???"),
];

/// The names in a value; see [`FlagSet::names`].
#[derive(Clone, Debug)]
pub struct Names {
    entries: &'static [(u64, &'static str)],
    rest: u64,
    zero: bool,
}

impl Iterator for Names {
    type Item = &'static str;

    #[inline]
    fn next(&mut self) -> Option<&'static str> {
        while let Some(((value, name), later)) = self.entries.split_first() {
            if self.rest == 0 && !self.zero {
                return None;
            }
            self.entries = later;
            if self.zero && *value == 0 {
                self.entries = &[];
                return Some(name);
            }
            if *value != 0 && self.rest & value == *value {
                self.rest &= !value;
                return Some(name);
            }
        }
        None
    }
}

/// The name of the access mode in `open` flags: their low two bits.
#[inline]
pub fn access_mode(flags: u64) -> &'static str {
    match flags & 3 {
        0 => "O_RDONLY",
        1 => "O_WRONLY",
        2 => "O_RDWR",
        _ => "O_ACCMODE",
    }
}

/// `open` flags taken apart: the access mode, the names of the other bits, and the bits without one.
#[inline]
pub fn open_flags(flags: u64) -> (&'static str, Names, u64) {
    let (names, rest) = OPEN_BITS.names(flags & !3);
    (access_mode(flags), names, rest)
}

/// A socket type taken apart: its name (if any) and number, the names of its flags, and the bits
/// without one.
#[inline]
pub fn socket_type(value: u64) -> (Option<&'static str>, u64, Names, u64) {
    let (kind, flags) = (value & 0xf, value & 0xffff_ffff & !0xf);
    let (names, rest) = SOCK.names(flags);
    (SOCKET_TYPE.name_of(kind), kind, names, rest)
}

/// The table of a socket option's names: it depends on the level. `None` for levels we have none for.
///
/// One simplification: option 26 of `SOL_SOCKET` is `SO_ATTACH_FILTER` when set and `SO_GET_FILTER`
/// when read; we call it by the first name.
#[inline]
pub fn option_names(level: u64) -> Option<&'static FlagSet> {
    match level {
        0 => Some(&IP),
        1 => Some(&SO),
        6 => Some(&TCP),
        17 => Some(&UDP),
        41 => Some(&IPV6),
        255 => Some(&RAW),
        132 => Some(&SCTP),
        263 => Some(&PACKET),
        270 => Some(&NETLINK_OPTIONS),
        282 => Some(&TLS),
        283 => Some(&XDP),
        _ => None,
    }
}

/// The table of `socket`'s protocol names: it depends on the address family. `None` where the
/// protocol is shown as a number.
#[inline]
pub fn protocol_names(domain: u64) -> Option<&'static FlagSet> {
    match domain {
        2 | 10 => Some(&PROTOCOL),
        16 => Some(&NETLINK),
        31 => Some(&BLUETOOTH),
        _ => None,
    }
}

/// What an `ioctl` request nobody named is made of (`include/uapi/asm-generic/ioctl.h`): direction
/// (`_IOC_NONE`, `_IOC_WRITE`, `_IOC_READ`, `_IOC_READ|_IOC_WRITE`), type, number, size.
pub fn ioctl_parts(request: u64) -> (&'static str, u8, u8, u16) {
    let direction = match request >> 30 & 3 {
        0 => "_IOC_NONE",
        1 => "_IOC_WRITE",
        2 => "_IOC_READ",
        _ => "_IOC_READ|_IOC_WRITE",
    };
    (
        direction,
        (request >> 8) as u8,
        request as u8,
        (request >> 16 & 0x3fff) as u16,
    )
}

/// The short name of a signal, as in a mask: `INT` for `SIGINT`.
pub fn signal_short(signal: u64) -> Option<&'static str> {
    SIGNAL
        .name_of(signal)
        .map(|name| name.trim_start_matches("SIG"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;

    fn text(set: &FlagSet, bits: u64) -> String {
        let (names, rest) = set.names(bits);
        let mut parts: Vec<String> = names.map(String::from).collect();
        if rest != 0 {
            parts.push(format!("{rest:#x}"));
        }
        parts.join("|")
    }

    #[test]
    fn unknown_bits_survive() {
        assert_eq!(text(&SOCK, 0o2004000), "SOCK_CLOEXEC|SOCK_NONBLOCK");
        assert_eq!(text(&SOCK, 0o2004001), "SOCK_CLOEXEC|SOCK_NONBLOCK|0x1");
        assert_eq!(text(&MSG, 0x4040), "MSG_DONTWAIT|MSG_NOSIGNAL");
        assert_eq!(text(&EPOLL, 0x8000_2001), "EPOLLIN|EPOLLRDHUP|EPOLLET");
    }

    #[test]
    fn zero_has_a_name_only_where_the_table_gives_one() {
        assert_eq!(text(&PROT, 0), "PROT_NONE");
        assert_eq!(text(&PROT, 3), "PROT_READ|PROT_WRITE");
        assert_eq!(text(&ACCESS, 0), "F_OK");
        assert_eq!(text(&MSG, 0), "");
    }

    #[test]
    fn names_of_two_bits_win_over_names_of_one() {
        let shown = |flags: i32| {
            let (mode, names, rest) = open_flags(flags as u64);
            assert_eq!(rest, 0);
            names.fold(mode.to_string(), |text, name| text + "|" + name)
        };
        assert_eq!(shown(libc::O_RDWR | libc::O_SYNC), "O_RDWR|O_SYNC");
        assert_eq!(shown(libc::O_DSYNC), "O_RDONLY|O_DSYNC");
        assert_eq!(
            shown(libc::O_TMPFILE | libc::O_WRONLY),
            "O_WRONLY|O_TMPFILE"
        );
        assert_eq!(
            shown(libc::O_DIRECTORY | libc::O_CLOEXEC),
            "O_RDONLY|O_CLOEXEC|O_DIRECTORY"
        );
        assert_eq!(text(&MAP, 3), "MAP_SHARED_VALIDATE");
        assert_eq!(text(&MAP, 0x22), "MAP_PRIVATE|MAP_ANONYMOUS");
    }

    #[test]
    fn a_socket_type_is_a_name_and_flags() {
        let (name, number, flags, rest) = socket_type(0o2004001);
        assert_eq!((name, number, rest), (Some("SOCK_STREAM"), 1, 0));
        assert_eq!(flags.collect::<Vec<_>>(), ["SOCK_CLOEXEC", "SOCK_NONBLOCK"]);
        assert_eq!(socket_type(99).0, SOCKET_TYPE.name_of(3));
        assert_eq!(socket_type(99).3, 0x60);
    }

    #[test]
    fn an_option_is_named_by_its_level() {
        let name = |level, option| option_names(level).and_then(|set| set.name_of(option));
        assert_eq!(name(1, 2), Some("SO_REUSEADDR"));
        assert_eq!(name(6, 1), Some("TCP_NODELAY"));
        assert_eq!(name(41, 26), Some("IPV6_V6ONLY"));
        assert_eq!(name(99, 1), None);
        assert_eq!(
            protocol_names(2).and_then(|set| set.name_of(6)),
            Some("IPPROTO_TCP")
        );
        assert!(protocol_names(1).is_none());
    }

    /// As strace 6.1 prints them.
    #[test]
    fn a_value_without_a_name_is_marked_as_strace_marks_it() {
        let marks = [
            (&DOMAIN, "AF_???"),
            (&SOCK, "SOCK_???"),
            (&SOL, "SOL_??"),
            (&SO, "SO_???"),
            (&TCP, "TCP_???"),
            (&SHUT, "SHUT_???"),
            (&MSG, "MSG_???"),
            (&FCNTL, "F_???"),
            (&FD, "FD_???"),
            (&SEAL, "F_SEAL_???"),
            (&EPOLL_CREATE, "EPOLL_???"),
            (&EPOLL, "EPOLL???"),
            (&SCTP, "SCTP_???"),
            (&NETLINK_OPTIONS, "NETLINK_???"),
            (&TXREHASH, "SOCK_TXREHASH_???"),
            (&SA, "SA_???"),
            (&OWNER, "F_OWNER_???"),
            (&FLUSH, "TC???"),
            (&IORING_SETUP, "IORING_SETUP_???"),
            (&EPOLL_CTL, "EPOLL_CTL_???"),
            (&ACCESS, "?_OK"),
            (&CONTROL, "SCM_???"),
            (&OPEN_BITS, "O_???"),
            (&WAIT, "W???"),
            (&RENAME, "RENAME_??"),
            (&SECCOMP, "SECCOMP_SET_MODE_???"),
            (&UMOUNT, "MNT_???"),
        ];
        for (set, mark) in marks {
            assert_eq!(set.unknown(), Some(mark), "{}", set.name);
        }
        let unmarked: Vec<&str> = ALL
            .iter()
            .filter(|set| set.unknown().is_none())
            .map(|set| set.name)
            .collect();
        let expected = [
            &ACCESS_MODE,
            &FILE_TYPE,
            &SIGNAL,
            &TERMINAL_INPUT,
            &TERMINAL_OUTPUT,
            &TERMINAL_CONTROL,
            &TERMINAL_LOCAL,
            &TERMINAL_SPEED,
            &IOCTL,
        ];
        let expected: Vec<&str> = expected.iter().map(|set| set.name).collect();
        assert_eq!(unmarked, expected);
    }

    #[test]
    fn a_request_without_a_name_is_taken_apart() {
        assert_eq!(ioctl_parts(0x0123_4567), ("_IOC_NONE", 0x45, 0x67, 0x123));
        assert_eq!(IOCTL.name_of(libc::FIONBIO), Some("FIONBIO"));
    }

    #[test]
    fn the_tables_hold_what_the_c_library_says() {
        let same: &[(&FlagSet, &str, i64)] = &[
            (&DOMAIN, "AF_INET6", libc::AF_INET6.into()),
            (&DOMAIN, "AF_VSOCK", libc::AF_VSOCK.into()),
            (&SOCK, "SOCK_CLOEXEC", libc::SOCK_CLOEXEC.into()),
            (&SOCK, "SOCK_NONBLOCK", libc::SOCK_NONBLOCK.into()),
            (&SO, "SO_REUSEADDR", libc::SO_REUSEADDR.into()),
            (&SO, "SO_REUSEPORT", libc::SO_REUSEPORT.into()),
            (&SO, "SO_LINGER", libc::SO_LINGER.into()),
            (&SO, "SO_INCOMING_CPU", libc::SO_INCOMING_CPU.into()),
            (&TCP, "TCP_DEFER_ACCEPT", libc::TCP_DEFER_ACCEPT.into()),
            (&TCP, "TCP_CORK", libc::TCP_CORK.into()),
            (&TCP, "TCP_FASTOPEN", libc::TCP_FASTOPEN.into()),
            (&IPV6, "IPV6_V6ONLY", libc::IPV6_V6ONLY.into()),
            (&MSG, "MSG_MORE", libc::MSG_MORE.into()),
            (&MSG, "MSG_ZEROCOPY", libc::MSG_ZEROCOPY.into()),
            (&EPOLL, "EPOLLRDHUP", libc::EPOLLRDHUP.into()),
            (&EPOLL, "EPOLLEXCLUSIVE", libc::EPOLLEXCLUSIVE.into()),
            (&POLL, "POLLRDHUP", libc::POLLRDHUP.into()),
            (&FCNTL, "F_DUPFD_CLOEXEC", libc::F_DUPFD_CLOEXEC.into()),
            (&AT, "AT_EMPTY_PATH", libc::AT_EMPTY_PATH.into()),
            (&RESOLVE, "RESOLVE_BENEATH", libc::RESOLVE_BENEATH as i64),
            (&EFD, "EFD_NONBLOCK", libc::EFD_NONBLOCK.into()),
            (&OPEN_BITS, "O_CREAT", libc::O_CREAT.into()),
            (&OPEN_BITS, "O_NOFOLLOW", libc::O_NOFOLLOW.into()),
            (&OPEN_BITS, "O_DIRECT", libc::O_DIRECT.into()),
            (&OPEN_BITS, "O_PATH", libc::O_PATH.into()),
            (&SIGNAL, "SIGPIPE", libc::SIGPIPE.into()),
            (&SIGNAL, "SIGCHLD", libc::SIGCHLD.into()),
            (&CLONE, "CLONE_THREAD", libc::CLONE_THREAD.into()),
            (&MAP, "MAP_POPULATE", libc::MAP_POPULATE.into()),
            (&MADV, "MADV_FREE", libc::MADV_FREE.into()),
            (&RLIMIT, "RLIMIT_NOFILE", libc::RLIMIT_NOFILE.into()),
            (&IOCTL, "TIOCGWINSZ", libc::TIOCGWINSZ as i64),
            (&FILE_TYPE, "S_IFREG", libc::S_IFREG.into()),
            (&STATX, "STATX_ALL", libc::STATX_ALL.into()),
        ];
        for (set, name, value) in same {
            assert_eq!(set.value_of(name), Some(*value as u64), "{name}");
        }
    }

    #[test]
    fn no_table_gives_a_name_twice_and_no_constant_table_a_value_twice() {
        for set in ALL {
            for (i, (_, name)) in set.entries.iter().enumerate() {
                assert!(!name.is_empty());
                assert!(
                    set.entries[..i].iter().all(|(_, earlier)| earlier != name),
                    "{name} in {}",
                    set.name
                );
            }
        }
        for set in [
            &DOMAIN, &SOL, &SO, &TCP, &IP, &IPV6, &FCNTL, &SIGNAL, &PROTOCOL, &PRCTL, &IOCTL,
        ] {
            for (i, (value, name)) in set.entries.iter().enumerate() {
                assert!(
                    set.entries[..i].iter().all(|(earlier, _)| earlier != value),
                    "{name}"
                );
            }
        }
    }
}
