//! What the important flags and constants mean, one line each. Sources: the man page of the call that
//! takes them.

/// Name as in the tables of `abi`, and its meaning.
pub static MEANINGS: &[(&str, &str)] = &[
    // Descriptors and files.
    ("O_RDONLY", "open for reading only"),
    ("O_WRONLY", "open for writing only"),
    ("O_RDWR", "open for reading and writing"),
    (
        "O_CREAT",
        "make the file if it is not there; then the mode argument counts",
    ),
    (
        "O_EXCL",
        "with O_CREAT: fail with EEXIST if the file is there already",
    ),
    ("O_TRUNC", "throw the old contents away"),
    ("O_APPEND", "every write goes to the end of the file"),
    (
        "O_NONBLOCK",
        "calls that would sleep return EAGAIN instead; set on a socket with fcntl, SOCK_NONBLOCK or FIONBIO",
    ),
    (
        "O_CLOEXEC",
        "the descriptor closes itself when the process runs another program (execve)",
    ),
    ("O_DIRECTORY", "fail unless the path is a directory"),
    (
        "O_NOFOLLOW",
        "fail with ELOOP if the last part of the path is a symbolic link",
    ),
    (
        "O_PATH",
        "a descriptor that only stands for a place: it cannot be read",
    ),
    ("O_SYNC", "each write waits until the data is on the disk"),
    (
        "O_LARGEFILE",
        "files above 2 GiB may be opened; always on for 64-bit programs",
    ),
    (
        "FD_CLOEXEC",
        "the descriptor closes itself when the process runs another program (execve)",
    ),
    (
        "F_GETFD",
        "asks for the flags of the descriptor itself: FD_CLOEXEC",
    ),
    (
        "F_SETFD",
        "sets the flags of the descriptor itself: FD_CLOEXEC",
    ),
    (
        "F_GETFL",
        "asks for the flags of the open file or socket: O_NONBLOCK and others",
    ),
    (
        "F_SETFL",
        "sets the flags of the open file or socket, mostly O_NONBLOCK; all copies share them",
    ),
    (
        "F_DUPFD",
        "copies the descriptor to the lowest free number from the argument on",
    ),
    (
        "F_DUPFD_CLOEXEC",
        "copies the descriptor to the lowest free number from the argument on, close-on-exec",
    ),
    ("SEEK_SET", "count from the beginning of the file"),
    ("SEEK_CUR", "count from the present position"),
    ("SEEK_END", "count from the end of the file"),
    (
        "AT_EMPTY_PATH",
        "with an empty path: take the descriptor itself",
    ),
    (
        "AT_SYMLINK_NOFOLLOW",
        "take a symbolic link itself, not what it leads to",
    ),
    (
        "AT_REMOVEDIR",
        "unlinkat removes a directory, as rmdir does",
    ),
    (
        "RESOLVE_BENEATH",
        "the path must stay below the directory, whatever .. and links say; else EXDEV",
    ),
    (
        "RESOLVE_IN_ROOT",
        "the directory is the root for this path, as after chroot",
    ),
    (
        "RESOLVE_NO_SYMLINKS",
        "no symbolic link on the way; else ELOOP",
    ),
    (
        "RESOLVE_NO_MAGICLINKS",
        "no link of /proc that leads elsewhere without a path",
    ),
    ("RESOLVE_NO_XDEV", "the path must stay on one file system"),
    ("S_IFREG", "a regular file"),
    ("S_IFDIR", "a directory"),
    ("S_IFSOCK", "a socket"),
    ("S_IFIFO", "a pipe"),
    ("S_IFLNK", "a symbolic link"),
    ("S_IFCHR", "a character device, such as a terminal"),
    ("S_IFBLK", "a block device, such as a disk"),
    ("LOCK_EX", "one holder only"),
    ("LOCK_SH", "many readers may hold it together"),
    (
        "LOCK_NB",
        "do not sleep: return EAGAIN if someone else holds it",
    ),
    // Sockets.
    ("AF_INET", "IPv4: an address is four octets and a port"),
    (
        "AF_INET6",
        "IPv6: an address is sixteen octets and a port; can serve IPv4 too (IPV6_V6ONLY off)",
    ),
    ("AF_UNIX", "on this machine only: an address is a path"),
    (
        "AF_UNSPEC",
        "no family: in connect it undoes the connection of a datagram socket",
    ),
    (
        "AF_NETLINK",
        "talks to the kernel itself: routes, interfaces, sockets",
    ),
    (
        "SOCK_STREAM",
        "a stream of bytes without borders, in order, nothing lost: TCP",
    ),
    (
        "SOCK_DGRAM",
        "single messages that may get lost or overtake each other: UDP",
    ),
    (
        "SOCK_SEQPACKET",
        "messages with borders, in order, nothing lost",
    ),
    ("SOCK_RAW", "packets as they are on the wire"),
    (
        "SOCK_CLOEXEC",
        "the new socket closes itself when the process runs another program (execve)",
    ),
    (
        "SOCK_NONBLOCK",
        "calls on the new socket return EAGAIN instead of sleeping; not inherited by accept",
    ),
    (
        "IPPROTO_IP",
        "0: the usual protocol of the family and type (TCP for a stream)",
    ),
    ("IPPROTO_TCP", "TCP: what SOCK_STREAM means by itself"),
    ("IPPROTO_UDP", "UDP: what SOCK_DGRAM means by itself"),
    (
        "SHUT_RD",
        "no more reading: what still arrives is thrown away",
    ),
    (
        "SHUT_WR",
        "no more writing: the other side reads what is on its way, then 0 (a FIN is sent)",
    ),
    (
        "SHUT_RDWR",
        "no more reading or writing; the descriptor must still be closed",
    ),
    (
        "SOL_SOCKET",
        "options that every socket has: SO_REUSEADDR and others",
    ),
    (
        "SOL_TCP",
        "options of TCP: TCP_NODELAY and others; the same number as IPPROTO_TCP",
    ),
    ("SOL_IP", "options of IPv4"),
    ("SOL_IPV6", "options of IPv6: IPV6_V6ONLY and others"),
    (
        "SO_REUSEADDR",
        "bind may take a port whose old connections are in TIME_WAIT, if their listener had set it too; \
         never a port that listens",
    ),
    (
        "SO_REUSEPORT",
        "several sockets may listen on one port: the kernel deals connections out among them",
    ),
    (
        "SO_KEEPALIVE",
        "probe a silent peer, after two hours as a rule; not the keep-alive of HTTP",
    ),
    (
        "SO_LINGER",
        "what close does with unsent bytes: wait so long, or (0 s) throw them away and send RST",
    ),
    (
        "SO_RCVTIMEO_OLD",
        "how long a blocking read may sleep before it gives EAGAIN",
    ),
    (
        "SO_SNDTIMEO_OLD",
        "how long a blocking write may sleep before it gives EAGAIN",
    ),
    ("SO_RCVBUF", "how many bytes may wait to be read"),
    ("SO_SNDBUF", "how many bytes may wait to be sent"),
    (
        "SO_ERROR",
        "the error that waits for the socket, once: how a non-blocking connect ended",
    ),
    ("SO_ACCEPTCONN", "whether the socket listens"),
    ("SO_TYPE", "what type the socket has"),
    ("SO_DOMAIN", "what family the socket has"),
    (
        "SO_BROADCAST",
        "datagrams may go to everyone on the network",
    ),
    (
        "SO_INCOMING_CPU",
        "which CPU the packets of this socket come in on",
    ),
    (
        "SO_PEERCRED",
        "process, user and group at the other end of a Unix socket",
    ),
    (
        "SO_BUSY_POLL",
        "spin on the network card for so many microseconds instead of sleeping",
    ),
    (
        "TCP_NODELAY",
        "send small pieces at once: turns Nagle's algorithm off",
    ),
    (
        "TCP_CORK",
        "hold small pieces back until it is taken off: head and file leave in full packets",
    ),
    (
        "TCP_DEFER_ACCEPT",
        "accept only once the client has sent something",
    ),
    (
        "TCP_FASTOPEN",
        "bytes may come with the very first packet of a connection",
    ),
    (
        "TCP_QUICKACK",
        "acknowledge at once instead of a little later",
    ),
    (
        "TCP_KEEPIDLE",
        "seconds of silence before the first probe (SO_KEEPALIVE)",
    ),
    ("TCP_KEEPINTVL", "seconds between probes (SO_KEEPALIVE)"),
    (
        "TCP_KEEPCNT",
        "probes without an answer before the connection is given up",
    ),
    (
        "TCP_USER_TIMEOUT",
        "milliseconds that sent bytes may stay unacknowledged",
    ),
    (
        "TCP_INFO",
        "what the kernel knows of the connection: state, times, losses",
    ),
    ("TCP_MAXSEG", "the most bytes in one packet"),
    ("IPV6_V6ONLY", "an IPv6 listener takes no IPv4 connections"),
    (
        "IP_TRANSPARENT",
        "bind to an address that is not of this machine; for proxies",
    ),
    (
        "MSG_DONTWAIT",
        "this one call does not sleep: EAGAIN instead",
    ),
    ("MSG_PEEK", "look at the bytes and leave them in the queue"),
    (
        "MSG_NOSIGNAL",
        "no SIGPIPE when the other end has closed: EPIPE alone",
    ),
    (
        "MSG_MORE",
        "more follows at once: hold the packet back for it (head first, then body)",
    ),
    (
        "MSG_WAITALL",
        "sleep until all the bytes asked for are there, or the end",
    ),
    ("MSG_TRUNC", "the message was longer than the buffer"),
    (
        "MSG_OOB",
        "urgent data, outside of the order; HTTP has no use for it",
    ),
    (
        "MSG_ZEROCOPY",
        "send from the program's memory without a copy; a note says when it is free again",
    ),
    (
        "MSG_CMSG_CLOEXEC",
        "descriptors that come with the message are close-on-exec",
    ),
    (
        "MSG_ERRQUEUE",
        "read from the queue of errors and notes instead",
    ),
    (
        "SCM_RIGHTS",
        "open descriptors sent over a Unix socket to another process",
    ),
    // Waiting.
    (
        "EPOLLIN",
        "there is something to read, or a connection to accept, or the end",
    ),
    ("EPOLLOUT", "there is room to write, or a connect has ended"),
    (
        "EPOLLRDHUP",
        "the other side has closed its writing half (FIN)",
    ),
    (
        "EPOLLHUP",
        "both halves are closed; reported without being asked for",
    ),
    (
        "EPOLLERR",
        "an error waits; reported without being asked for, the next read or write gives it",
    ),
    ("EPOLLPRI", "urgent data"),
    (
        "EPOLLET",
        "edge-triggered: told once when something comes, so read until EAGAIN",
    ),
    ("EPOLLONESHOT", "told once, then silent until EPOLL_CTL_MOD"),
    (
        "EPOLLEXCLUSIVE",
        "of several epolls that watch one listener, wake one, not all",
    ),
    ("EPOLL_CTL_ADD", "add a descriptor to the set"),
    ("EPOLL_CTL_MOD", "change what is waited for"),
    ("EPOLL_CTL_DEL", "take a descriptor out of the set"),
    (
        "EPOLL_CLOEXEC",
        "the epoll closes itself when the process runs another program (execve)",
    ),
    (
        "POLLIN",
        "there is something to read, or a connection to accept, or the end",
    ),
    ("POLLOUT", "there is room to write, or a connect has ended"),
    (
        "POLLHUP",
        "both halves are closed; reported without being asked for",
    ),
    (
        "POLLERR",
        "an error waits; reported without being asked for",
    ),
    (
        "POLLRDHUP",
        "the other side has closed its writing half (FIN)",
    ),
    ("POLLNVAL", "the number is not an open descriptor"),
    (
        "EFD_NONBLOCK",
        "reads of the counter return EAGAIN instead of sleeping",
    ),
    (
        "EFD_SEMAPHORE",
        "each read takes 1 from the counter, not all of it",
    ),
    (
        "TFD_NONBLOCK",
        "reads of the timer return EAGAIN instead of sleeping",
    ),
    (
        "SFD_NONBLOCK",
        "reads of signals return EAGAIN instead of sleeping",
    ),
    (
        "SPLICE_F_MORE",
        "more follows at once: hold the packet back for it",
    ),
    ("SPLICE_F_NONBLOCK", "do not sleep on the pipe"),
    (
        "FIONBIO",
        "turns non-blocking on (1) or off (0), as fcntl(F_SETFL, O_NONBLOCK) does",
    ),
    ("FIONREAD", "asks how many bytes wait to be read"),
    ("TIOCGWINSZ", "asks for rows and columns of a terminal"),
    (
        "TCGETS",
        "asks for the settings of a terminal; how a program finds out whether it has one",
    ),
    // Processes and memory.
    ("CLONE_VM", "parent and child share memory"),
    (
        "CLONE_FILES",
        "parent and child share the table of descriptors: a close in one is seen in the other",
    ),
    ("CLONE_THREAD", "the child is a thread of the same process"),
    ("CLONE_SIGHAND", "parent and child share signal handlers"),
    ("CLONE_FS", "parent and child share the current directory"),
    (
        "CLONE_VFORK",
        "the parent sleeps until the child runs another program or ends",
    ),
    ("WNOHANG", "do not sleep: 0 if no child has ended yet"),
    ("PROT_READ", "the memory may be read"),
    ("PROT_WRITE", "the memory may be written"),
    ("PROT_EXEC", "the memory may be run as a program"),
    ("PROT_NONE", "the memory may not be touched"),
    ("MAP_SHARED", "changes reach the file, and other processes"),
    (
        "MAP_PRIVATE",
        "changes stay with this process: pages are copied when written",
    ),
    ("MAP_ANONYMOUS", "fresh memory, zeroed, without a file"),
    ("MAP_FIXED", "at this very address, whatever was there"),
    (
        "RLIMIT_NOFILE",
        "the most open descriptors of a process, plus one",
    ),
    (
        "PR_SET_NO_NEW_PRIVS",
        "no program run from here gains rights",
    ),
    (
        "PR_SET_PDEATHSIG",
        "a signal for this process when its parent ends",
    ),
    (
        "FUTEX_WAIT",
        "sleep while the number in memory keeps its value",
    ),
    ("FUTEX_WAKE", "wake so many sleepers"),
    ("CLOCK_REALTIME", "time of day; may jump"),
    ("CLOCK_MONOTONIC", "time since start-up; never jumps back"),
    // Signals.
    (
        "SIGPIPE",
        "a write to a connection that the other end has closed; ends the process unless ignored",
    ),
    ("SIGINT", "Ctrl-C"),
    ("SIGTERM", "please end; what kill sends by itself"),
    ("SIGKILL", "end at once; cannot be caught"),
    (
        "SIGHUP",
        "the terminal is gone; servers take it as: read your configuration again",
    ),
    ("SIGCHLD", "a child has ended: wait for it"),
    ("SIGSEGV", "memory was touched that is not the program's"),
    ("SIGSTOP", "stop until SIGCONT; cannot be caught"),
    ("SIGCONT", "go on"),
    ("SIGALRM", "the timer of alarm or setitimer has run out"),
    ("SIGUSR1", "free for the program's own use"),
    ("SIGUSR2", "free for the program's own use"),
    ("SIGWINCH", "the terminal's size has changed"),
    ("SIGABRT", "the program gave up by itself (abort)"),
    ("SIGQUIT", "Ctrl-\\: end and leave a core file"),
    ("SIGSYS", "a system call that a filter forbids"),
];
