//! The tables themselves: values and names, in the order strace prints them.
//!
//! In: nothing. Out: one `FlagSet` for each argument that has names. Values that differ between CPUs
//! (the `open` bits) stand apart, at the end. Left out on purpose: bits no server and no loader uses.

use super::FlagSet;

macro_rules! flag_sets {
    ($( $(#[$doc:meta])* $id:ident $name:literal { $($value:literal $text:literal),* $(,)? } )*) => {
        $( $(#[$doc])* pub static $id: FlagSet = FlagSet { name: $name, entries: &[$(($value, $text)),*] }; )*
        /// Every table of this page, in its order.
        pub static ALL: &[&FlagSet] = &[$( &$id, )* &OPEN_BITS];
    };
}

flag_sets! {
    /// Address families (`man 2 socket`).
    DOMAIN "address families" {
        0 "AF_UNSPEC", 1 "AF_UNIX", 2 "AF_INET", 3 "AF_AX25", 4 "AF_IPX", 5 "AF_APPLETALK", 6 "AF_NETROM",
        7 "AF_BRIDGE", 8 "AF_ATMPVC", 9 "AF_X25", 10 "AF_INET6", 11 "AF_ROSE", 12 "AF_DECnet",
        13 "AF_NETBEUI", 14 "AF_SECURITY", 15 "AF_KEY", 16 "AF_NETLINK", 17 "AF_PACKET", 18 "AF_ASH",
        19 "AF_ECONET", 20 "AF_ATMSVC", 21 "AF_RDS", 22 "AF_SNA", 23 "AF_IRDA", 24 "AF_PPPOX",
        25 "AF_WANPIPE", 26 "AF_LLC", 27 "AF_IB", 28 "AF_MPLS", 29 "AF_CAN", 30 "AF_TIPC",
        31 "AF_BLUETOOTH", 32 "AF_IUCV", 33 "AF_RXRPC", 34 "AF_ISDN", 35 "AF_PHONET", 36 "AF_IEEE802154",
        37 "AF_CAIF", 38 "AF_ALG", 39 "AF_NFC", 40 "AF_VSOCK", 41 "AF_KCM", 42 "AF_QIPCRTR", 43 "AF_SMC",
        44 "AF_XDP", 45 "AF_MCTP",
    }
    /// Flags beside a socket's type (`man 2 socket`, `man 2 accept4`).
    SOCK "socket flags" { 0x80000 "SOCK_CLOEXEC", 0x800 "SOCK_NONBLOCK" }
    /// Socket types: the low four bits (`man 2 socket`).
    SOCKET_TYPE "socket types" {
        1 "SOCK_STREAM", 2 "SOCK_DGRAM", 3 "SOCK_RAW", 4 "SOCK_RDM", 5 "SOCK_SEQPACKET", 6 "SOCK_DCCP",
        10 "SOCK_PACKET",
    }
    /// Protocols of `AF_INET` and `AF_INET6` (`man 5 protocols`, `include/uapi/linux/in.h`).
    PROTOCOL "protocols" {
        0 "IPPROTO_IP", 1 "IPPROTO_ICMP", 2 "IPPROTO_IGMP", 4 "IPPROTO_IPIP", 6 "IPPROTO_TCP",
        8 "IPPROTO_EGP", 12 "IPPROTO_PUP", 17 "IPPROTO_UDP", 22 "IPPROTO_IDP", 29 "IPPROTO_TP",
        33 "IPPROTO_DCCP", 41 "IPPROTO_IPV6", 43 "IPPROTO_ROUTING", 44 "IPPROTO_FRAGMENT",
        46 "IPPROTO_RSVP", 47 "IPPROTO_GRE", 50 "IPPROTO_ESP", 51 "IPPROTO_AH", 58 "IPPROTO_ICMPV6",
        59 "IPPROTO_NONE", 60 "IPPROTO_DSTOPTS", 92 "IPPROTO_MTP", 94 "IPPROTO_BEETPH", 98 "IPPROTO_ENCAP",
        103 "IPPROTO_PIM", 108 "IPPROTO_COMP", 115 "IPPROTO_L2TP", 132 "IPPROTO_SCTP", 135 "IPPROTO_MH",
        136 "IPPROTO_UDPLITE", 137 "IPPROTO_MPLS", 143 "IPPROTO_ETHERNET", 255 "IPPROTO_RAW",
        262 "IPPROTO_MPTCP",
    }
    /// Protocols of `AF_NETLINK` (`man 7 netlink`).
    NETLINK "netlink families" {
        0 "NETLINK_ROUTE", 1 "NETLINK_UNUSED", 2 "NETLINK_USERSOCK", 3 "NETLINK_FIREWALL",
        4 "NETLINK_SOCK_DIAG", 5 "NETLINK_NFLOG", 6 "NETLINK_XFRM", 7 "NETLINK_SELINUX", 8 "NETLINK_ISCSI",
        9 "NETLINK_AUDIT", 10 "NETLINK_FIB_LOOKUP", 11 "NETLINK_CONNECTOR", 12 "NETLINK_NETFILTER",
        13 "NETLINK_IP6_FW", 14 "NETLINK_DNRTMSG", 15 "NETLINK_KOBJECT_UEVENT", 16 "NETLINK_GENERIC",
        18 "NETLINK_SCSITRANSPORT", 19 "NETLINK_ECRYPTFS", 20 "NETLINK_RDMA", 21 "NETLINK_CRYPTO",
        22 "NETLINK_SMC",
    }
    /// Directions of `shutdown`.
    SHUT "directions" { 0 "SHUT_RD", 1 "SHUT_WR", 2 "SHUT_RDWR" }
    /// Levels of socket options (`include/linux/socket.h`).
    SOL "option levels" {
        0 "SOL_IP", 1 "SOL_SOCKET", 6 "SOL_TCP", 17 "SOL_UDP", 41 "SOL_IPV6", 58 "SOL_ICMPV6",
        132 "SOL_SCTP", 136 "SOL_UDPLITE", 255 "SOL_RAW", 256 "SOL_IPX", 257 "SOL_AX25", 258 "SOL_ATALK",
        259 "SOL_NETROM", 260 "SOL_ROSE", 261 "SOL_DECNET", 262 "SOL_X25", 263 "SOL_PACKET", 264 "SOL_ATM",
        265 "SOL_AAL", 266 "SOL_IRDA", 267 "SOL_NETBEUI", 268 "SOL_LLC", 269 "SOL_DCCP", 270 "SOL_NETLINK",
        271 "SOL_TIPC", 272 "SOL_RXRPC", 273 "SOL_PPPOL2TP", 274 "SOL_BLUETOOTH", 275 "SOL_PNPIPE",
        276 "SOL_RDS", 277 "SOL_IUCV", 278 "SOL_CAIF", 279 "SOL_ALG", 280 "SOL_NFC", 281 "SOL_KCM",
        282 "SOL_TLS", 283 "SOL_XDP", 284 "SOL_MPTCP", 285 "SOL_MCTP", 286 "SOL_SMC", 287 "SOL_VSOCK",
    }
    /// Options of level `SOL_SOCKET` (`man 7 socket`, `include/uapi/asm-generic/socket.h`).
    SO "socket options" {
        1 "SO_DEBUG", 2 "SO_REUSEADDR", 3 "SO_TYPE", 4 "SO_ERROR", 5 "SO_DONTROUTE", 6 "SO_BROADCAST",
        7 "SO_SNDBUF", 8 "SO_RCVBUF", 9 "SO_KEEPALIVE", 10 "SO_OOBINLINE", 11 "SO_NO_CHECK",
        12 "SO_PRIORITY", 13 "SO_LINGER", 14 "SO_BSDCOMPAT", 15 "SO_REUSEPORT", 16 "SO_PASSCRED",
        17 "SO_PEERCRED", 18 "SO_RCVLOWAT", 19 "SO_SNDLOWAT", 20 "SO_RCVTIMEO_OLD", 21 "SO_SNDTIMEO_OLD",
        22 "SO_SECURITY_AUTHENTICATION", 23 "SO_SECURITY_ENCRYPTION_TRANSPORT",
        24 "SO_SECURITY_ENCRYPTION_NETWORK", 25 "SO_BINDTODEVICE", 26 "SO_ATTACH_FILTER",
        27 "SO_DETACH_FILTER", 28 "SO_PEERNAME", 29 "SO_TIMESTAMP_OLD", 30 "SO_ACCEPTCONN", 31 "SO_PEERSEC",
        32 "SO_SNDBUFFORCE", 33 "SO_RCVBUFFORCE", 34 "SO_PASSSEC", 35 "SO_TIMESTAMPNS_OLD", 36 "SO_MARK",
        37 "SO_TIMESTAMPING_OLD", 38 "SO_PROTOCOL", 39 "SO_DOMAIN", 40 "SO_RXQ_OVFL", 41 "SO_WIFI_STATUS",
        42 "SO_PEEK_OFF", 43 "SO_NOFCS", 44 "SO_LOCK_FILTER", 45 "SO_SELECT_ERR_QUEUE", 46 "SO_BUSY_POLL",
        47 "SO_MAX_PACING_RATE", 48 "SO_BPF_EXTENSIONS", 49 "SO_INCOMING_CPU", 50 "SO_ATTACH_BPF",
        51 "SO_ATTACH_REUSEPORT_CBPF", 52 "SO_ATTACH_REUSEPORT_EBPF", 53 "SO_CNX_ADVICE", 55 "SO_MEMINFO",
        56 "SO_INCOMING_NAPI_ID", 57 "SO_COOKIE", 59 "SO_PEERGROUPS", 60 "SO_ZEROCOPY", 61 "SO_TXTIME",
        62 "SO_BINDTOIFINDEX", 63 "SO_TIMESTAMP_NEW", 64 "SO_TIMESTAMPNS_NEW", 65 "SO_TIMESTAMPING_NEW",
        66 "SO_RCVTIMEO_NEW", 67 "SO_SNDTIMEO_NEW", 68 "SO_DETACH_REUSEPORT_BPF", 69 "SO_PREFER_BUSY_POLL",
        70 "SO_BUSY_POLL_BUDGET", 71 "SO_NETNS_COOKIE", 72 "SO_BUF_LOCK", 73 "SO_RESERVE_MEM",
        74 "SO_TXREHASH", 75 "SO_RCVMARK", 76 "SO_PASSPIDFD", 77 "SO_PEERPIDFD", 78 "SO_DEVMEM_LINEAR",
        79 "SO_DEVMEM_DMABUF", 80 "SO_DEVMEM_DONTNEED", 82 "SO_RCVPRIORITY", 83 "SO_PASSRIGHTS",
    }
    /// Options of level `SOL_TCP` (`man 7 tcp`, `include/uapi/linux/tcp.h`).
    TCP "TCP options" {
        1 "TCP_NODELAY", 2 "TCP_MAXSEG", 3 "TCP_CORK", 4 "TCP_KEEPIDLE", 5 "TCP_KEEPINTVL", 6 "TCP_KEEPCNT",
        7 "TCP_SYNCNT", 8 "TCP_LINGER2", 9 "TCP_DEFER_ACCEPT", 10 "TCP_WINDOW_CLAMP", 11 "TCP_INFO",
        12 "TCP_QUICKACK", 13 "TCP_CONGESTION", 14 "TCP_MD5SIG", 15 "TCP_COOKIE_TRANSACTIONS",
        16 "TCP_THIN_LINEAR_TIMEOUTS", 17 "TCP_THIN_DUPACK", 18 "TCP_USER_TIMEOUT", 19 "TCP_REPAIR",
        20 "TCP_REPAIR_QUEUE", 21 "TCP_QUEUE_SEQ", 22 "TCP_REPAIR_OPTIONS", 23 "TCP_FASTOPEN",
        24 "TCP_TIMESTAMP", 25 "TCP_NOTSENT_LOWAT", 26 "TCP_CC_INFO", 27 "TCP_SAVE_SYN", 28 "TCP_SAVED_SYN",
        29 "TCP_REPAIR_WINDOW", 30 "TCP_FASTOPEN_CONNECT", 31 "TCP_ULP", 32 "TCP_MD5SIG_EXT",
        33 "TCP_FASTOPEN_KEY", 34 "TCP_FASTOPEN_NO_COOKIE", 35 "TCP_ZEROCOPY_RECEIVE", 36 "TCP_INQ",
        37 "TCP_TX_DELAY", 38 "TCP_AO_ADD_KEY", 39 "TCP_AO_DEL_KEY", 40 "TCP_AO_INFO", 41 "TCP_AO_GET_KEYS",
        42 "TCP_AO_REPAIR", 43 "TCP_IS_MPTCP", 44 "TCP_RTO_MAX_MS", 45 "TCP_RTO_MIN_US",
        46 "TCP_DELACK_MAX_US",
    }
    /// Options of level `SOL_IP` (`man 7 ip`, `include/uapi/linux/in.h`).
    IP "IP options" {
        1 "IP_TOS", 2 "IP_TTL", 3 "IP_HDRINCL", 4 "IP_OPTIONS", 5 "IP_ROUTER_ALERT", 6 "IP_RECVOPTS",
        7 "IP_RETOPTS", 8 "IP_PKTINFO", 9 "IP_PKTOPTIONS", 10 "IP_MTU_DISCOVER", 11 "IP_RECVERR",
        12 "IP_RECVTTL", 13 "IP_RECVTOS", 14 "IP_MTU", 15 "IP_FREEBIND", 16 "IP_IPSEC_POLICY",
        17 "IP_XFRM_POLICY", 18 "IP_PASSSEC", 19 "IP_TRANSPARENT", 20 "IP_ORIGDSTADDR", 21 "IP_MINTTL",
        22 "IP_NODEFRAG", 23 "IP_CHECKSUM", 24 "IP_BIND_ADDRESS_NO_PORT", 25 "IP_RECVFRAGSIZE",
        26 "IP_RECVERR_RFC4884", 32 "IP_MULTICAST_IF", 33 "IP_MULTICAST_TTL", 34 "IP_MULTICAST_LOOP",
        35 "IP_ADD_MEMBERSHIP", 36 "IP_DROP_MEMBERSHIP", 37 "IP_UNBLOCK_SOURCE", 38 "IP_BLOCK_SOURCE",
        39 "IP_ADD_SOURCE_MEMBERSHIP", 40 "IP_DROP_SOURCE_MEMBERSHIP", 41 "IP_MSFILTER",
        42 "MCAST_JOIN_GROUP", 43 "MCAST_BLOCK_SOURCE", 44 "MCAST_UNBLOCK_SOURCE", 45 "MCAST_LEAVE_GROUP",
        46 "MCAST_JOIN_SOURCE_GROUP", 47 "MCAST_LEAVE_SOURCE_GROUP", 48 "MCAST_MSFILTER",
        49 "IP_MULTICAST_ALL", 50 "IP_UNICAST_IF", 51 "IP_LOCAL_PORT_RANGE", 52 "IP_PROTOCOL",
    }
    /// Options of level `SOL_IPV6` (`man 7 ipv6`, `include/uapi/linux/in6.h`).
    IPV6 "IPv6 options" {
        1 "IPV6_ADDRFORM", 2 "IPV6_2292PKTINFO", 3 "IPV6_2292HOPOPTS", 4 "IPV6_2292DSTOPTS",
        5 "IPV6_2292RTHDR", 6 "IPV6_2292PKTOPTIONS", 7 "IPV6_CHECKSUM", 8 "IPV6_2292HOPLIMIT",
        9 "IPV6_NEXTHOP", 10 "IPV6_AUTHHDR", 11 "IPV6_FLOWINFO", 16 "IPV6_UNICAST_HOPS",
        17 "IPV6_MULTICAST_IF", 18 "IPV6_MULTICAST_HOPS", 19 "IPV6_MULTICAST_LOOP",
        20 "IPV6_ADD_MEMBERSHIP", 21 "IPV6_DROP_MEMBERSHIP", 22 "IPV6_ROUTER_ALERT", 23 "IPV6_MTU_DISCOVER",
        24 "IPV6_MTU", 25 "IPV6_RECVERR", 26 "IPV6_V6ONLY", 27 "IPV6_JOIN_ANYCAST", 28 "IPV6_LEAVE_ANYCAST",
        29 "IPV6_MULTICAST_ALL", 30 "IPV6_ROUTER_ALERT_ISOLATE", 31 "IPV6_RECVERR_RFC4884",
        32 "IPV6_FLOWLABEL_MGR", 33 "IPV6_FLOWINFO_SEND", 34 "IPV6_IPSEC_POLICY", 35 "IPV6_XFRM_POLICY",
        36 "IPV6_HDRINCL", 49 "IPV6_RECVPKTINFO", 50 "IPV6_PKTINFO", 51 "IPV6_RECVHOPLIMIT",
        52 "IPV6_HOPLIMIT", 53 "IPV6_RECVHOPOPTS", 54 "IPV6_HOPOPTS", 55 "IPV6_RTHDRDSTOPTS",
        56 "IPV6_RECVRTHDR", 57 "IPV6_RTHDR", 58 "IPV6_RECVDSTOPTS", 59 "IPV6_DSTOPTS",
        60 "IPV6_RECVPATHMTU", 61 "IPV6_PATHMTU", 62 "IPV6_DONTFRAG", 63 "IPV6_USE_MIN_MTU",
        66 "IPV6_RECVTCLASS", 67 "IPV6_TCLASS", 70 "IPV6_AUTOFLOWLABEL", 72 "IPV6_ADDR_PREFERENCES",
        73 "IPV6_MINHOPCOUNT", 74 "IPV6_ORIGDSTADDR", 75 "IPV6_TRANSPARENT", 76 "IPV6_UNICAST_IF",
        77 "IPV6_RECVFRAGSIZE", 78 "IPV6_FREEBIND",
    }
    /// Options of level `SOL_UDP` (`man 7 udp`).
    UDP "UDP options" {
        1 "UDP_CORK", 100 "UDP_ENCAP", 101 "UDP_NO_CHECK6_TX", 102 "UDP_NO_CHECK6_RX", 103 "UDP_SEGMENT",
        104 "UDP_GRO",
    }
    /// Options of level `SOL_TLS` (`include/uapi/linux/tls.h`).
    TLS "TLS options" { 1 "TLS_TX", 2 "TLS_RX", 3 "TLS_TX_ZEROCOPY_RO", 4 "TLS_RX_EXPECT_NO_PAD" }
    /// Types of control messages of level `SOL_SOCKET` (`man 3 cmsg`).
    CONTROL "control messages" { 1 "SCM_RIGHTS", 2 "SCM_CREDENTIALS", 3 "SCM_SECURITY", 4 "SCM_PIDFD" }
    /// `send` and `recv` flags (`man 2 send`, `man 2 recv`, `include/linux/socket.h`).
    MSG "message flags" {
        1 "MSG_OOB", 2 "MSG_PEEK", 4 "MSG_DONTROUTE", 8 "MSG_CTRUNC", 0x10 "MSG_PROBE", 0x20 "MSG_TRUNC",
        0x40 "MSG_DONTWAIT", 0x80 "MSG_EOR", 0x100 "MSG_WAITALL", 0x200 "MSG_FIN", 0x400 "MSG_SYN",
        0x800 "MSG_CONFIRM", 0x1000 "MSG_RST", 0x2000 "MSG_ERRQUEUE", 0x4000 "MSG_NOSIGNAL",
        0x8000 "MSG_MORE", 0x10000 "MSG_WAITFORONE", 0x20000 "MSG_SENDPAGE_NOTLAST", 0x40000 "MSG_BATCH",
        0x80000 "MSG_NO_SHARED_FRAGS", 0x2000000 "MSG_SOCK_DEVMEM", 0x4000000 "MSG_ZEROCOPY",
        0x8000000 "MSG_SPLICE_PAGES", 0x20000000 "MSG_FASTOPEN", 0x40000000 "MSG_CMSG_CLOEXEC",
        0x80000000 "MSG_CMSG_COMPAT",
    }
    /// `fcntl` operations (`man 2 fcntl`).
    FCNTL "fcntl operations" {
        0 "F_DUPFD", 1 "F_GETFD", 2 "F_SETFD", 3 "F_GETFL", 4 "F_SETFL", 5 "F_GETLK", 6 "F_SETLK",
        7 "F_SETLKW", 8 "F_SETOWN", 9 "F_GETOWN", 10 "F_SETSIG", 11 "F_GETSIG", 12 "F_GETLK64",
        13 "F_SETLK64", 14 "F_SETLKW64", 15 "F_SETOWN_EX", 16 "F_GETOWN_EX", 36 "F_OFD_GETLK",
        37 "F_OFD_SETLK", 38 "F_OFD_SETLKW", 1024 "F_SETLEASE", 1025 "F_GETLEASE", 1026 "F_NOTIFY",
        1027 "F_DUPFD_QUERY", 1028 "F_CREATED_QUERY", 1029 "F_CANCELLK", 1030 "F_DUPFD_CLOEXEC",
        1031 "F_SETPIPE_SZ", 1032 "F_GETPIPE_SZ", 1033 "F_ADD_SEALS", 1034 "F_GET_SEALS",
        1035 "F_GET_RW_HINT", 1036 "F_SET_RW_HINT", 1037 "F_GET_FILE_RW_HINT", 1038 "F_SET_FILE_RW_HINT",
    }
    /// Flags of a descriptor itself: `fcntl(F_SETFD)`.
    FD "descriptor flags" { 1 "FD_CLOEXEC" }
    /// Seals of a memory file: `fcntl(F_ADD_SEALS)`.
    SEAL "seals" {
        1 "F_SEAL_SEAL", 2 "F_SEAL_SHRINK", 4 "F_SEAL_GROW", 8 "F_SEAL_WRITE", 0x10 "F_SEAL_FUTURE_WRITE",
        0x20 "F_SEAL_EXEC",
    }
    /// The low two bits of `open` flags.
    ACCESS_MODE "access modes" { 0 "O_RDONLY", 1 "O_WRONLY", 2 "O_RDWR", 3 "O_ACCMODE" }
    /// `close_range` flags.
    CLOSE_RANGE "close_range flags" { 2 "CLOSE_RANGE_UNSHARE", 4 "CLOSE_RANGE_CLOEXEC" }
    /// `eventfd2` flags.
    EFD "eventfd flags" { 1 "EFD_SEMAPHORE", 0x80000 "EFD_CLOEXEC", 0x800 "EFD_NONBLOCK" }
    /// `signalfd4` flags.
    SFD "signalfd flags" { 0x80000 "SFD_CLOEXEC", 0x800 "SFD_NONBLOCK" }
    /// `timerfd_create` and `timerfd_settime` flags.
    TFD "timerfd flags" {
        1 "TFD_TIMER_ABSTIME", 2 "TFD_TIMER_CANCEL_ON_SET", 0x80000 "TFD_CLOEXEC", 0x800 "TFD_NONBLOCK",
    }
    /// `epoll_create1` flags.
    EPOLL_CREATE "epoll flags" { 0x80000 "EPOLL_CLOEXEC" }
    /// `epoll_ctl` operations.
    EPOLL_CTL "epoll operations" { 1 "EPOLL_CTL_ADD", 2 "EPOLL_CTL_DEL", 3 "EPOLL_CTL_MOD" }
    /// Events of an epoll (`man 2 epoll_ctl`).
    EPOLL "epoll events" {
        1 "EPOLLIN", 2 "EPOLLPRI", 4 "EPOLLOUT", 8 "EPOLLERR", 0x10 "EPOLLHUP", 0x20 "EPOLLNVAL",
        0x40 "EPOLLRDNORM", 0x80 "EPOLLRDBAND", 0x100 "EPOLLWRNORM", 0x200 "EPOLLWRBAND", 0x400 "EPOLLMSG",
        0x2000 "EPOLLRDHUP", 0x10000000 "EPOLLEXCLUSIVE", 0x20000000 "EPOLLWAKEUP",
        0x40000000 "EPOLLONESHOT", 0x80000000 "EPOLLET",
    }
    /// Events of `poll` (`man 2 poll`).
    POLL "poll events" {
        1 "POLLIN", 2 "POLLPRI", 4 "POLLOUT", 8 "POLLERR", 0x10 "POLLHUP", 0x20 "POLLNVAL",
        0x40 "POLLRDNORM", 0x80 "POLLRDBAND", 0x100 "POLLWRNORM", 0x200 "POLLWRBAND", 0x400 "POLLMSG",
        0x1000 "POLLREMOVE", 0x2000 "POLLRDHUP", 0x8000 "POLL_BUSY_LOOP",
    }
    /// `io_uring_enter` flags.
    IORING_ENTER "io_uring_enter flags" {
        1 "IORING_ENTER_GETEVENTS", 2 "IORING_ENTER_SQ_WAKEUP", 4 "IORING_ENTER_SQ_WAIT",
        8 "IORING_ENTER_EXT_ARG", 0x10 "IORING_ENTER_REGISTERED_RING", 0x20 "IORING_ENTER_ABS_TIMER",
        0x40 "IORING_ENTER_EXT_ARG_REG", 0x80 "IORING_ENTER_NO_IOWAIT",
    }
    /// `preadv2` and `pwritev2` flags.
    RWF "read and write flags" {
        1 "RWF_HIPRI", 2 "RWF_DSYNC", 4 "RWF_SYNC", 8 "RWF_NOWAIT", 0x10 "RWF_APPEND", 0x20 "RWF_NOAPPEND",
        0x40 "RWF_ATOMIC", 0x80 "RWF_DONTCACHE",
    }
    /// `splice` flags.
    SPLICE "splice flags" { 1 "SPLICE_F_MOVE", 2 "SPLICE_F_NONBLOCK", 4 "SPLICE_F_MORE", 8 "SPLICE_F_GIFT" }
    /// Where `lseek` counts from.
    WHENCE "whence" { 0 "SEEK_SET", 1 "SEEK_CUR", 2 "SEEK_END", 3 "SEEK_DATA", 4 "SEEK_HOLE" }
    /// Flags of calls that take a directory and a path (`man 2 openat`, `include/uapi/linux/fcntl.h`).
    AT "path flags" {
        0x100 "AT_SYMLINK_NOFOLLOW", 0x200 "AT_REMOVEDIR", 0x400 "AT_SYMLINK_FOLLOW",
        0x800 "AT_NO_AUTOMOUNT", 0x1000 "AT_EMPTY_PATH", 0x8000 "AT_RECURSIVE",
    }
    /// `statx` flags.
    STATX_AT "statx flags" {
        0 "AT_STATX_SYNC_AS_STAT", 0x2000 "AT_STATX_FORCE_SYNC", 0x4000 "AT_STATX_DONT_SYNC",
        0x100 "AT_SYMLINK_NOFOLLOW", 0x200 "AT_REMOVEDIR", 0x400 "AT_SYMLINK_FOLLOW",
        0x800 "AT_NO_AUTOMOUNT", 0x1000 "AT_EMPTY_PATH", 0x8000 "AT_RECURSIVE",
    }
    /// `faccessat2` flags.
    FACCESSAT "faccessat2 flags" { 0x100 "AT_SYMLINK_NOFOLLOW", 0x200 "AT_EACCESS", 0x1000 "AT_EMPTY_PATH" }
    /// What `statx` is asked for.
    STATX "statx mask" {
        0xfff "STATX_ALL", 0x7ff "STATX_BASIC_STATS", 1 "STATX_TYPE", 2 "STATX_MODE", 4 "STATX_NLINK",
        8 "STATX_UID", 0x10 "STATX_GID", 0x20 "STATX_ATIME", 0x40 "STATX_MTIME", 0x80 "STATX_CTIME",
        0x100 "STATX_INO", 0x200 "STATX_SIZE", 0x400 "STATX_BLOCKS", 0x800 "STATX_BTIME",
        0x1000 "STATX_MNT_ID", 0x2000 "STATX_DIOALIGN", 0x4000 "STATX_MNT_ID_UNIQUE", 0x8000 "STATX_SUBVOL",
        0x10000 "STATX_WRITE_ATOMIC", 0x20000 "STATX_DIO_READ_ALIGN",
    }
    /// What `statx` says of a file's nature.
    STATX_ATTR "statx attributes" {
        4 "STATX_ATTR_COMPRESSED", 0x10 "STATX_ATTR_IMMUTABLE", 0x20 "STATX_ATTR_APPEND",
        0x40 "STATX_ATTR_NODUMP", 0x800 "STATX_ATTR_ENCRYPTED", 0x1000 "STATX_ATTR_AUTOMOUNT",
        0x2000 "STATX_ATTR_MOUNT_ROOT", 0x100000 "STATX_ATTR_VERITY", 0x200000 "STATX_ATTR_DAX",
        0x400000 "STATX_ATTR_WRITE_ATOMIC",
    }
    /// Kinds of record locks (`man 2 fcntl`).
    LOCK_TYPE "record locks" { 0 "F_RDLCK", 1 "F_WRLCK", 2 "F_UNLCK" }
    /// What `access` asks.
    ACCESS "access checks" { 0 "F_OK", 4 "R_OK", 2 "W_OK", 1 "X_OK" }
    /// `openat2` rules about where a path may lead (`man 2 openat2`).
    RESOLVE "path rules" {
        1 "RESOLVE_NO_XDEV", 2 "RESOLVE_NO_MAGICLINKS", 4 "RESOLVE_NO_SYMLINKS", 8 "RESOLVE_BENEATH",
        0x10 "RESOLVE_IN_ROOT", 0x20 "RESOLVE_CACHED",
    }
    /// The type bits of `st_mode` (`man 7 inode`).
    FILE_TYPE "file types" {
        0o140000 "S_IFSOCK", 0o120000 "S_IFLNK", 0o100000 "S_IFREG", 0o60000 "S_IFBLK", 0o40000 "S_IFDIR",
        0o20000 "S_IFCHR", 0o10000 "S_IFIFO",
    }
    /// `renameat2` flags.
    RENAME "renameat2 flags" { 1 "RENAME_NOREPLACE", 2 "RENAME_EXCHANGE", 4 "RENAME_WHITEOUT" }
    /// `fallocate` modes.
    FALLOC "fallocate modes" {
        1 "FALLOC_FL_KEEP_SIZE", 2 "FALLOC_FL_PUNCH_HOLE", 4 "FALLOC_FL_NO_HIDE_STALE",
        8 "FALLOC_FL_COLLAPSE_RANGE", 0x10 "FALLOC_FL_ZERO_RANGE", 0x20 "FALLOC_FL_INSERT_RANGE",
        0x40 "FALLOC_FL_UNSHARE_RANGE", 0x80 "FALLOC_FL_WRITE_ZEROES",
    }
    /// `posix_fadvise` advice.
    FADVISE "read advice" {
        0 "POSIX_FADV_NORMAL", 1 "POSIX_FADV_RANDOM", 2 "POSIX_FADV_SEQUENTIAL", 3 "POSIX_FADV_WILLNEED",
        4 "POSIX_FADV_DONTNEED", 5 "POSIX_FADV_NOREUSE",
    }
    /// `sync_file_range` flags.
    SYNC_FILE_RANGE "sync_file_range flags" {
        1 "SYNC_FILE_RANGE_WAIT_BEFORE", 2 "SYNC_FILE_RANGE_WRITE", 4 "SYNC_FILE_RANGE_WAIT_AFTER",
    }
    /// `flock` operations.
    LOCK "flock operations" { 1 "LOCK_SH", 2 "LOCK_EX", 4 "LOCK_NB", 8 "LOCK_UN" }
    /// `inotify_init1` flags.
    IN_INIT "inotify_init1 flags" { 0x800 "IN_NONBLOCK", 0x80000 "IN_CLOEXEC" }
    /// `inotify` events and flags (`man 7 inotify`).
    IN "inotify events" {
        1 "IN_ACCESS", 2 "IN_MODIFY", 4 "IN_ATTRIB", 8 "IN_CLOSE_WRITE", 0x10 "IN_CLOSE_NOWRITE",
        0x20 "IN_OPEN", 0x40 "IN_MOVED_FROM", 0x80 "IN_MOVED_TO", 0x100 "IN_CREATE", 0x200 "IN_DELETE",
        0x400 "IN_DELETE_SELF", 0x800 "IN_MOVE_SELF", 0x2000 "IN_UNMOUNT", 0x4000 "IN_Q_OVERFLOW",
        0x8000 "IN_IGNORED", 0x1000000 "IN_ONLYDIR", 0x2000000 "IN_DONT_FOLLOW", 0x4000000 "IN_EXCL_UNLINK",
        0x10000000 "IN_MASK_CREATE", 0x20000000 "IN_MASK_ADD", 0x40000000 "IN_ISDIR",
        0x80000000 "IN_ONESHOT",
    }
    /// `memfd_create` flags.
    MFD "memfd_create flags" {
        1 "MFD_CLOEXEC", 2 "MFD_ALLOW_SEALING", 4 "MFD_HUGETLB", 8 "MFD_NOEXEC_SEAL", 0x10 "MFD_EXEC",
    }
    /// `clone` flags (`man 2 clone`, `include/uapi/linux/sched.h`).
    CLONE "clone flags" {
        0x100 "CLONE_VM", 0x200 "CLONE_FS", 0x400 "CLONE_FILES", 0x800 "CLONE_SIGHAND",
        0x1000 "CLONE_PIDFD", 0x2000 "CLONE_PTRACE", 0x4000 "CLONE_VFORK", 0x8000 "CLONE_PARENT",
        0x10000 "CLONE_THREAD", 0x20000 "CLONE_NEWNS", 0x40000 "CLONE_SYSVSEM", 0x80000 "CLONE_SETTLS",
        0x100000 "CLONE_PARENT_SETTID", 0x200000 "CLONE_CHILD_CLEARTID", 0x400000 "CLONE_DETACHED",
        0x800000 "CLONE_UNTRACED", 0x1000000 "CLONE_CHILD_SETTID", 0x2000000 "CLONE_NEWCGROUP",
        0x4000000 "CLONE_NEWUTS", 0x8000000 "CLONE_NEWIPC", 0x10000000 "CLONE_NEWUSER",
        0x20000000 "CLONE_NEWPID", 0x40000000 "CLONE_NEWNET", 0x80000000 "CLONE_IO",
        0x100000000 "CLONE_CLEAR_SIGHAND", 0x200000000 "CLONE_INTO_CGROUP",
    }
    /// `unshare` and `setns` flags.
    UNSHARE "unshare flags" {
        0x80 "CLONE_NEWTIME", 0x100 "CLONE_VM", 0x200 "CLONE_FS", 0x400 "CLONE_FILES",
        0x800 "CLONE_SIGHAND", 0x10000 "CLONE_THREAD", 0x20000 "CLONE_NEWNS", 0x40000 "CLONE_SYSVSEM",
        0x2000000 "CLONE_NEWCGROUP", 0x4000000 "CLONE_NEWUTS", 0x8000000 "CLONE_NEWIPC",
        0x10000000 "CLONE_NEWUSER", 0x20000000 "CLONE_NEWPID", 0x40000000 "CLONE_NEWNET",
    }
    /// `pidfd_open` flags.
    PIDFD "pidfd_open flags" { 0x80 "PIDFD_THREAD", 0x800 "PIDFD_NONBLOCK" }
    /// `wait4` and `waitid` options.
    WAIT "wait options" {
        1 "WNOHANG", 4 "WEXITED", 2 "WSTOPPED", 8 "WCONTINUED", 0x1000000 "WNOWAIT", 0x80000000 "__WCLONE",
        0x40000000 "__WALL", 0x20000000 "__WNOTHREAD",
    }
    /// What `waitid` waits for.
    IDTYPE "wait targets" { 0 "P_ALL", 1 "P_PID", 2 "P_PGID", 3 "P_PIDFD" }
    /// `prctl` operations (`include/uapi/linux/prctl.h`).
    PRCTL "prctl operations" {
        1 "PR_SET_PDEATHSIG", 2 "PR_GET_PDEATHSIG", 3 "PR_GET_DUMPABLE", 4 "PR_SET_DUMPABLE",
        7 "PR_GET_KEEPCAPS", 8 "PR_SET_KEEPCAPS", 0xf "PR_SET_NAME", 0x10 "PR_GET_NAME",
        0x15 "PR_GET_SECCOMP", 0x16 "PR_SET_SECCOMP", 0x17 "PR_CAPBSET_READ", 0x18 "PR_CAPBSET_DROP",
        0x19 "PR_GET_TSC", 0x1a "PR_SET_TSC", 0x1b "PR_GET_SECUREBITS", 0x1c "PR_SET_SECUREBITS",
        0x1d "PR_SET_TIMERSLACK", 0x1e "PR_GET_TIMERSLACK", 0x23 "PR_SET_MM", 0x24 "PR_SET_CHILD_SUBREAPER",
        0x25 "PR_GET_CHILD_SUBREAPER", 0x26 "PR_SET_NO_NEW_PRIVS", 0x27 "PR_GET_NO_NEW_PRIVS",
        0x28 "PR_GET_TID_ADDRESS", 0x29 "PR_SET_THP_DISABLE", 0x2a "PR_GET_THP_DISABLE",
        0x2f "PR_CAP_AMBIENT", 0x32 "PR_SVE_SET_VL", 0x33 "PR_SVE_GET_VL", 0x34 "PR_GET_SPECULATION_CTRL",
        0x35 "PR_SET_SPECULATION_CTRL", 0x39 "PR_SET_IO_FLUSHER", 0x3a "PR_GET_IO_FLUSHER",
        0x3b "PR_SET_SYSCALL_USER_DISPATCH", 0x3e "PR_SCHED_CORE", 0x41 "PR_SET_MDWE", 0x42 "PR_GET_MDWE",
        0x59616d61 "PR_SET_PTRACER", 0x53564d41 "PR_SET_VMA",
    }
    /// `seccomp` operations.
    SECCOMP "seccomp operations" {
        0 "SECCOMP_SET_MODE_STRICT", 1 "SECCOMP_SET_MODE_FILTER", 2 "SECCOMP_GET_ACTION_AVAIL",
        3 "SECCOMP_GET_NOTIF_SIZES",
    }
    /// `seccomp` flags.
    SECCOMP_FLAGS "seccomp flags" {
        1 "SECCOMP_FILTER_FLAG_TSYNC", 2 "SECCOMP_FILTER_FLAG_LOG", 4 "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        8 "SECCOMP_FILTER_FLAG_NEW_LISTENER", 0x10 "SECCOMP_FILTER_FLAG_TSYNC_ESRCH",
        0x20 "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    }
    /// `ptrace` operations (`include/uapi/linux/ptrace.h`).
    PTRACE "ptrace operations" {
        0 "PTRACE_TRACEME", 1 "PTRACE_PEEKTEXT", 2 "PTRACE_PEEKDATA", 3 "PTRACE_PEEKUSER",
        4 "PTRACE_POKETEXT", 5 "PTRACE_POKEDATA", 6 "PTRACE_POKEUSER", 7 "PTRACE_CONT", 8 "PTRACE_KILL",
        9 "PTRACE_SINGLESTEP", 0xc "PTRACE_GETREGS", 0xd "PTRACE_SETREGS", 0xe "PTRACE_GETFPREGS",
        0xf "PTRACE_SETFPREGS", 0x10 "PTRACE_ATTACH", 0x11 "PTRACE_DETACH", 0x18 "PTRACE_SYSCALL",
        0x4200 "PTRACE_SETOPTIONS", 0x4201 "PTRACE_GETEVENTMSG", 0x4202 "PTRACE_GETSIGINFO",
        0x4203 "PTRACE_SETSIGINFO", 0x4204 "PTRACE_GETREGSET", 0x4205 "PTRACE_SETREGSET",
        0x4206 "PTRACE_SEIZE", 0x4207 "PTRACE_INTERRUPT", 0x4208 "PTRACE_LISTEN",
        0x4209 "PTRACE_PEEKSIGINFO", 0x420a "PTRACE_GETSIGMASK", 0x420b "PTRACE_SETSIGMASK",
        0x420c "PTRACE_SECCOMP_GET_FILTER", 0x420d "PTRACE_SECCOMP_GET_METADATA",
        0x420e "PTRACE_GET_SYSCALL_INFO", 0x420f "PTRACE_GET_RSEQ_CONFIGURATION",
        0x4210 "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG", 0x4211 "PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG",
        0x4212 "PTRACE_SET_SYSCALL_INFO",
    }
    /// What `getrlimit` and `setrlimit` are about.
    RLIMIT "limits" {
        0 "RLIMIT_CPU", 1 "RLIMIT_FSIZE", 2 "RLIMIT_DATA", 3 "RLIMIT_STACK", 4 "RLIMIT_CORE",
        5 "RLIMIT_RSS", 6 "RLIMIT_NPROC", 7 "RLIMIT_NOFILE", 8 "RLIMIT_MEMLOCK", 9 "RLIMIT_AS",
        10 "RLIMIT_LOCKS", 11 "RLIMIT_SIGPENDING", 12 "RLIMIT_MSGQUEUE", 13 "RLIMIT_NICE",
        14 "RLIMIT_RTPRIO", 15 "RLIMIT_RTTIME",
    }
    /// Whose usage `getrusage` reports.
    RUSAGE "usage of whom" { 0 "RUSAGE_SELF", 1 "RUSAGE_THREAD", 0xffffffff "RUSAGE_CHILDREN" }
    /// Whose priority `getpriority` reports.
    PRIO "priority of whom" { 0 "PRIO_PROCESS", 1 "PRIO_PGRP", 2 "PRIO_USER" }
    /// Signals (`man 7 signal`).
    SIGNAL "signals" {
        1 "SIGHUP", 2 "SIGINT", 3 "SIGQUIT", 4 "SIGILL", 5 "SIGTRAP", 6 "SIGABRT", 7 "SIGBUS", 8 "SIGFPE",
        9 "SIGKILL", 10 "SIGUSR1", 11 "SIGSEGV", 12 "SIGUSR2", 13 "SIGPIPE", 14 "SIGALRM", 15 "SIGTERM",
        16 "SIGSTKFLT", 17 "SIGCHLD", 18 "SIGCONT", 19 "SIGSTOP", 20 "SIGTSTP", 21 "SIGTTIN", 22 "SIGTTOU",
        23 "SIGURG", 24 "SIGXCPU", 25 "SIGXFSZ", 26 "SIGVTALRM", 27 "SIGPROF", 28 "SIGWINCH", 29 "SIGIO",
        30 "SIGPWR", 31 "SIGSYS", 32 "SIGRTMIN", 33 "SIGRT_1", 34 "SIGRT_2", 35 "SIGRT_3", 36 "SIGRT_4",
        37 "SIGRT_5", 38 "SIGRT_6", 39 "SIGRT_7", 40 "SIGRT_8", 41 "SIGRT_9", 42 "SIGRT_10", 43 "SIGRT_11",
        44 "SIGRT_12", 45 "SIGRT_13", 46 "SIGRT_14", 47 "SIGRT_15", 48 "SIGRT_16", 49 "SIGRT_17",
        50 "SIGRT_18", 51 "SIGRT_19", 52 "SIGRT_20", 53 "SIGRT_21", 54 "SIGRT_22", 55 "SIGRT_23",
        56 "SIGRT_24", 57 "SIGRT_25", 58 "SIGRT_26", 59 "SIGRT_27", 60 "SIGRT_28", 61 "SIGRT_29",
        62 "SIGRT_30", 63 "SIGRT_31", 64 "SIGRT_32",
    }
    /// `rt_sigprocmask` operations.
    SIG_HOW "mask operations" { 0 "SIG_BLOCK", 1 "SIG_UNBLOCK", 2 "SIG_SETMASK" }
    /// `mmap` and `mprotect` protections.
    PROT "memory protections" {
        0 "PROT_NONE", 1 "PROT_READ", 2 "PROT_WRITE", 4 "PROT_EXEC", 8 "PROT_SEM",
        0x1000000 "PROT_GROWSDOWN", 0x2000000 "PROT_GROWSUP",
    }
    /// `mmap` flags (`include/uapi/asm-generic/mman-common.h`).
    MAP "mapping flags" {
        3 "MAP_SHARED_VALIDATE", 1 "MAP_SHARED", 2 "MAP_PRIVATE", 8 "MAP_DROPPABLE", 0x10 "MAP_FIXED",
        0x20 "MAP_ANONYMOUS", 0x40 "MAP_32BIT", 0x4000 "MAP_NORESERVE", 0x8000 "MAP_POPULATE",
        0x10000 "MAP_NONBLOCK", 0x100 "MAP_GROWSDOWN", 0x800 "MAP_DENYWRITE", 0x1000 "MAP_EXECUTABLE",
        0x2000 "MAP_LOCKED", 0x20000 "MAP_STACK", 0x40000 "MAP_HUGETLB", 0x80000 "MAP_SYNC",
        0x100000 "MAP_FIXED_NOREPLACE",
    }
    /// `mremap` flags.
    MREMAP "mremap flags" { 1 "MREMAP_MAYMOVE", 2 "MREMAP_FIXED", 4 "MREMAP_DONTUNMAP" }
    /// `msync` flags.
    MSYNC "msync flags" { 4 "MS_SYNC", 1 "MS_ASYNC", 2 "MS_INVALIDATE" }
    /// `madvise` advice.
    MADV "memory advice" {
        0 "MADV_NORMAL", 1 "MADV_RANDOM", 2 "MADV_SEQUENTIAL", 3 "MADV_WILLNEED", 4 "MADV_DONTNEED",
        8 "MADV_FREE", 9 "MADV_REMOVE", 10 "MADV_DONTFORK", 11 "MADV_DOFORK", 12 "MADV_MERGEABLE",
        13 "MADV_UNMERGEABLE", 14 "MADV_HUGEPAGE", 15 "MADV_NOHUGEPAGE", 16 "MADV_DONTDUMP",
        17 "MADV_DODUMP", 18 "MADV_WIPEONFORK", 19 "MADV_KEEPONFORK", 20 "MADV_COLD", 21 "MADV_PAGEOUT",
        22 "MADV_POPULATE_READ", 23 "MADV_POPULATE_WRITE", 24 "MADV_DONTNEED_LOCKED", 25 "MADV_COLLAPSE",
        100 "MADV_HWPOISON", 101 "MADV_SOFT_OFFLINE", 102 "MADV_GUARD_INSTALL", 103 "MADV_GUARD_REMOVE",
    }
    /// `mlock2` flags.
    MLOCK "mlock2 flags" { 1 "MLOCK_ONFAULT" }
    /// `mlockall` flags.
    MCL "mlockall flags" { 1 "MCL_CURRENT", 2 "MCL_FUTURE", 4 "MCL_ONFAULT" }
    /// Clocks (`man 2 clock_gettime`).
    CLOCK "clocks" {
        0 "CLOCK_REALTIME", 1 "CLOCK_MONOTONIC", 2 "CLOCK_PROCESS_CPUTIME_ID", 3 "CLOCK_THREAD_CPUTIME_ID",
        4 "CLOCK_MONOTONIC_RAW", 5 "CLOCK_REALTIME_COARSE", 6 "CLOCK_MONOTONIC_COARSE", 7 "CLOCK_BOOTTIME",
        8 "CLOCK_REALTIME_ALARM", 9 "CLOCK_BOOTTIME_ALARM", 10 "CLOCK_SGI_CYCLE", 11 "CLOCK_TAI",
    }
    /// `timer_settime` and `clock_nanosleep` flags.
    TIMER "timer flags" { 1 "TIMER_ABSTIME" }
    /// `setitimer` timers.
    ITIMER "interval timers" { 0 "ITIMER_REAL", 1 "ITIMER_VIRTUAL", 2 "ITIMER_PROF" }
    /// Scheduling policies.
    SCHED "scheduling policies" {
        0 "SCHED_OTHER", 1 "SCHED_FIFO", 2 "SCHED_RR", 3 "SCHED_BATCH", 4 "SCHED_ISO", 5 "SCHED_IDLE",
        6 "SCHED_DEADLINE", 7 "SCHED_EXT",
    }
    /// `futex` operations (`man 2 futex`).
    FUTEX "futex operations" {
        0 "FUTEX_WAIT", 1 "FUTEX_WAKE", 2 "FUTEX_FD", 3 "FUTEX_REQUEUE", 4 "FUTEX_CMP_REQUEUE",
        5 "FUTEX_WAKE_OP", 6 "FUTEX_LOCK_PI", 7 "FUTEX_UNLOCK_PI", 8 "FUTEX_TRYLOCK_PI",
        9 "FUTEX_WAIT_BITSET", 10 "FUTEX_WAKE_BITSET", 11 "FUTEX_WAIT_REQUEUE_PI",
        12 "FUTEX_CMP_REQUEUE_PI", 13 "FUTEX_LOCK_PI2", 128 "FUTEX_WAIT_PRIVATE", 129 "FUTEX_WAKE_PRIVATE",
        131 "FUTEX_REQUEUE_PRIVATE", 132 "FUTEX_CMP_REQUEUE_PRIVATE", 133 "FUTEX_WAKE_OP_PRIVATE",
        134 "FUTEX_LOCK_PI_PRIVATE", 135 "FUTEX_UNLOCK_PI_PRIVATE", 136 "FUTEX_TRYLOCK_PI_PRIVATE",
        137 "FUTEX_WAIT_BITSET_PRIVATE", 138 "FUTEX_WAKE_BITSET_PRIVATE",
        139 "FUTEX_WAIT_REQUEUE_PI_PRIVATE", 140 "FUTEX_CMP_REQUEUE_PI_PRIVATE",
        141 "FUTEX_LOCK_PI2_PRIVATE", 265 "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME",
        393 "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME",
    }
    /// `setxattr` flags.
    XATTR "setxattr flags" { 1 "XATTR_CREATE", 2 "XATTR_REPLACE" }
    /// `mount` flags (`include/uapi/linux/mount.h`).
    MS "mount flags" {
        1 "MS_RDONLY", 2 "MS_NOSUID", 4 "MS_NODEV", 8 "MS_NOEXEC", 0x10 "MS_SYNCHRONOUS", 0x20 "MS_REMOUNT",
        0x40 "MS_MANDLOCK", 0x80 "MS_DIRSYNC", 0x100 "MS_NOSYMFOLLOW", 0x400 "MS_NOATIME",
        0x800 "MS_NODIRATIME", 0x1000 "MS_BIND", 0x2000 "MS_MOVE", 0x4000 "MS_REC", 0x8000 "MS_SILENT",
        0x10000 "MS_POSIXACL", 0x20000 "MS_UNBINDABLE", 0x40000 "MS_PRIVATE", 0x80000 "MS_SLAVE",
        0x100000 "MS_SHARED", 0x200000 "MS_RELATIME", 0x400000 "MS_KERNMOUNT", 0x800000 "MS_I_VERSION",
        0x1000000 "MS_STRICTATIME", 0x2000000 "MS_LAZYTIME",
    }
    /// `umount2` flags.
    UMOUNT "umount2 flags" { 1 "MNT_FORCE", 2 "MNT_DETACH", 4 "MNT_EXPIRE", 8 "UMOUNT_NOFOLLOW" }
    /// `open_tree` flags.
    OPEN_TREE "open_tree flags" {
        1 "OPEN_TREE_CLONE", 0x80000 "OPEN_TREE_CLOEXEC", 0x100 "AT_SYMLINK_NOFOLLOW",
        0x800 "AT_NO_AUTOMOUNT", 0x1000 "AT_EMPTY_PATH", 0x8000 "AT_RECURSIVE",
    }
    /// `getrandom` flags.
    GRND "getrandom flags" { 1 "GRND_NONBLOCK", 2 "GRND_RANDOM", 4 "GRND_INSECURE" }
    /// `ioctl` requests that servers and terminals make (`man 2 ioctl_tty`, `include/uapi/asm-generic/ioctls.h`).
    IOCTL "ioctl requests" {
        0x5401 "TCGETS", 0x5402 "TCSETS", 0x5403 "TCSETSW", 0x5404 "TCSETSF", 0x5405 "TCGETA",
        0x5406 "TCSETA", 0x5409 "TCSBRK", 0x540a "TCXONC", 0x540b "TCFLSH", 0x540c "TIOCEXCL",
        0x540d "TIOCNXCL", 0x540e "TIOCSCTTY", 0x540f "TIOCGPGRP", 0x5410 "TIOCSPGRP", 0x5411 "TIOCOUTQ",
        0x5412 "TIOCSTI", 0x5413 "TIOCGWINSZ", 0x5414 "TIOCSWINSZ", 0x5415 "TIOCMGET", 0x5418 "TIOCMSET",
        0x541b "FIONREAD", 0x541d "TIOCCONS", 0x5422 "TIOCNOTTY", 0x5423 "TIOCSETD", 0x5424 "TIOCGETD",
        0x5425 "TCSBRKP", 0x5429 "TIOCGSID", 0x802c542a "TCGETS2", 0x80045430 "TIOCGPTN",
        0x40045431 "TIOCSPTLCK", 0x5441 "TIOCGPTPEER", 0x5421 "FIONBIO", 0x5452 "FIOASYNC",
        0x5451 "FIOCLEX", 0x5450 "FIONCLEX", 0x5460 "FIOQSIZE", 0x8903 "FIOGETOWN", 0x8904 "SIOCGPGRP",
        0x8901 "FIOSETOWN", 0x8902 "SIOCSPGRP", 0x8905 "SIOCATMARK", 0x8910 "SIOCGIFNAME",
        0x8912 "SIOCGIFCONF", 0x8913 "SIOCGIFFLAGS", 0x8915 "SIOCGIFADDR", 0x8919 "SIOCGIFBRDADDR",
        0x891b "SIOCGIFNETMASK", 0x8921 "SIOCGIFMTU", 0x8927 "SIOCGIFHWADDR", 0x8933 "SIOCGIFINDEX",
        0x80081272 "BLKGETSIZE64", 0x40049409 "FICLONE", 0x4020940d "FICLONERANGE", 2 "FIGETBSZ",
        0x80086601 "FS_IOC_GETFLAGS", 0x40086602 "FS_IOC_SETFLAGS", 0xc020660b "FS_IOC_FIEMAP", 1 "FIBMAP",
    }
}

/// Four `open` bits that 64-bit Arm numbers its own way (`arch/arm64/include/uapi/asm/fcntl.h`).
#[cfg(target_arch = "aarch64")]
mod cpu {
    pub const DIRECT: u64 = 0o200000;
    pub const LARGEFILE: u64 = 0o400000;
    pub const DIRECTORY: u64 = 0o40000;
    pub const NOFOLLOW: u64 = 0o100000;
}

/// The same four as everyone else numbers them (`include/uapi/asm-generic/fcntl.h`).
#[cfg(not(target_arch = "aarch64"))]
mod cpu {
    pub const DIRECT: u64 = 0o40000;
    pub const LARGEFILE: u64 = 0o100000;
    pub const DIRECTORY: u64 = 0o200000;
    pub const NOFOLLOW: u64 = 0o400000;
}

/// `open` flags above the access mode (`man 2 open`); `O_SYNC` and `O_TMPFILE` are two bits each.
pub static OPEN_BITS: FlagSet = FlagSet {
    name: "open flags",
    entries: &[
        (0o100, "O_CREAT"),
        (0o200, "O_EXCL"),
        (0o400, "O_NOCTTY"),
        (0o1000, "O_TRUNC"),
        (0o2000, "O_APPEND"),
        (0o4000, "O_NONBLOCK"),
        (0o4010000, "O_SYNC"),
        (0o10000, "O_DSYNC"),
        (cpu::DIRECT, "O_DIRECT"),
        (cpu::LARGEFILE, "O_LARGEFILE"),
        (cpu::NOFOLLOW, "O_NOFOLLOW"),
        (0o1000000, "O_NOATIME"),
        (0o2000000, "O_CLOEXEC"),
        (0o10000000, "O_PATH"),
        (0o20000000 | cpu::DIRECTORY, "O_TMPFILE"),
        (cpu::DIRECTORY, "O_DIRECTORY"),
        (0o20000, "FASYNC"),
    ],
};
