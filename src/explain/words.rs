//! The words of the trade: what a learner meets in the trace and in the books, in a few lines each.

/// One word.
pub struct Word {
    /// How it is written, and its other names.
    pub names: &'static [&'static str],
    /// What kind of word it is.
    pub kind: &'static str,
    /// Paragraphs, with an empty line between them.
    pub text: &'static str,
    /// Other words with a page, RFC sections, man pages; separated by commas.
    pub see: &'static str,
}

macro_rules! words {
    ($( [$($name:literal),+] $kind:literal $text:literal $see:literal; )*) => {
        /// Every word we have a page for.
        pub static WORDS: &[Word] =
            &[$( Word { names: &[$($name),+], kind: $kind, text: $text, see: $see } ),*];
    };
}

words! {
    ["system call", "syscall", "call"] "the border of the kernel"
    "The only way for a program to get anything from the kernel: bytes from the network, a file,
    time, memory. The program puts a number and up to six arguments into registers and steps
    over; the kernel does it and puts one number back.

    A result below zero is an errno. Everything httpsys shows is made of these calls."
    "read, errno, strace";
    ["fd", "file descriptor", "descriptor"] "a small number"
    "The program's name for something open: a file, a socket, a pipe, an epoll. 0, 1 and 2 are
    there at the start (input, output, errors). A new one gets the lowest number that is free,
    so numbers are used again: fd 4 may be another connection a moment later.

    close gives the number back. A number that is never given back is a leak; at RLIMIT_NOFILE
    of them accept fails with EMFILE."
    "close, dup, EMFILE, EBADF";
    ["kernel"] "the program below all programs"
    "It alone touches the network card and the disk. It completes connections, collects bytes and
    hands them out when asked by a system call; a server's program may be asleep meanwhile."
    "system call, backlog";
    ["errno"] "the reason of a failure"
    "When a call fails, it returns -1 and errno says why: a number with a name, such as 11,
    EAGAIN. The meaning depends a little on the call; `httpsys explain EAGAIN` lists them."
    "EAGAIN, ECONNRESET, EMFILE";
    ["socket", "sockets"] "one end of a conversation"
    "A descriptor for talking over a network. A server has one that listens and, for each client,
    one more that accept returns. bind gives the first its address; the others have the same
    port and differ by the client's."
    "call socket, listener, connection";
    ["listener", "listening socket"] "a socket that takes connections"
    "After socket, bind and listen the kernel answers clients on that port by itself and puts
    finished connections into a queue. The listener never carries a request: each connection
    gets a descriptor of its own from accept."
    "accept4, backlog";
    ["backlog", "accept queue"] "a queue in the kernel"
    "The number given to listen: how many completed connections may wait until the program
    accepts them. Clients in the queue are connected already and may have sent their request;
    nobody has read it yet. When it is full, a new client's SYN is dropped, and sent again after
    1 s, 2 s, 4 s ... Linux takes one more than the number, and never more than
    /proc/sys/net/core/somaxconn."
    "listen, accept4";
    ["connection"] "from birth to last close"
    "Two sockets that stream bytes to each other. httpsys numbers them c1, c2, ... in the order
    of accept, because the descriptor numbers are used again."
    "fd, exchange";
    ["exchange"] "a request and its response"
    "httpsys numbers them r1, r2, ... A connection that stays open carries several, one after the
    other."
    "keep-alive, pipelining";
    ["request"] "what a client sends"
    "A request line, fields, a blank line, perhaps a body. It is complete when the blank line has
    come and as many body bytes as the fields promise. It need not come in one read."
    "request line, head, body, RFC 9112 2.1";
    ["response", "answer"] "what a server sends"
    "A status line, fields, a blank line, perhaps a body: as a request, with a status in front.
    The answer to HEAD, 204 and 304 have no body, whatever the fields say."
    "status line, head, body, RFC 9112 2.1";
    ["request line"] "the first line of a request"
    "Method, one space, target, one space, version, CR LF: `GET /index.html HTTP/1.1`."
    "GET, H101, RFC 9112 3";
    ["status line"] "the first line of a response"
    "Version, space, three digits, space, reason, CR LF: `HTTP/1.1 200 OK`. Programs look at the
    digits; the reason is for people."
    "200, 404, RFC 9112 4";
    ["target", "request target"] "what the request is about"
    "The middle of the request line: a path and perhaps a query (`/a?b=1`), as a rule. Space,
    control and non-ASCII bytes are written as % and two hex digits."
    "H101, RFC 9112 3.2";
    ["head"] "start line and fields"
    "Everything up to and with the blank line. In bytes: it ends at the first CR LF CR LF. Until
    those four bytes have come, the request is not complete, however few or many reads it took."
    "CRLF, blank line, RFC 9112 2.1";
    ["blank line", "empty line"] "the end of the head"
    "CR LF with nothing before it. It is what tells a server that the head is complete; a client
    that forgets it waits for ever, and so does the server."
    "head, CRLF";
    ["field", "header", "headers"] "a line of the head"
    "`Name: value`, one a line. Case does not matter in the name; no space before the colon.
    `httpsys explain Host` has a page for each common one."
    "Host, Content-Length, H203, RFC 9112 5";
    ["body", "content", "payload"] "what comes after the blank line"
    "Its length is known in advance (Content-Length), told piece by piece (chunked), or it runs
    until the connection closes (responses only). A request without either field has none."
    "framing, Content-Length, chunked";
    ["framing"] "where a message ends"
    "TCP has no borders between messages: the receiver must work out where one ends and the next
    begins. Two programs that work it out differently can be made to see different requests in
    the same bytes (request smuggling); so odd framing is refused."
    "body, stream, request smuggling, RFC 9112 6.3";
    ["chunked", "chunk"] "a body of pieces"
    "Each piece has its size in front, in hex, on a line: `5 CR LF hello CR LF`. Size 0 ends the
    body. So a server can begin to answer before it knows how long the answer will be."
    "Transfer-Encoding, trailers, RFC 9112 7.1";
    ["trailers", "trailer section"] "fields after the last chunk"
    "After the chunk of size 0 there may be more fields, then the blank line."
    "chunked, Trailer, RFC 9112 7.1.2";
    ["CRLF", "line end"] "two bytes, 0x0d 0x0a"
    "Carriage return and line feed, written \\r\\n: how every line of an HTTP head ends. A lone
    \\n is what editors write; strict servers refuse it."
    "head, W201, H209, RFC 9112 2.2";
    ["stream", "byte stream"] "bytes without borders"
    "TCP delivers bytes in order and loses none, but it does not keep the pieces in which they
    were written. One write of 100 bytes may arrive as reads of 60 and 40; two writes may arrive
    as one read."
    "short read, framing, SOCK_STREAM";
    ["EOF", "end of file"] "read returns 0"
    "On a connection: the other side has closed its writing half, and everything it had sent has
    been read. It is no error. There will be no further request; what is complete may still be
    answered. A loop that goes on reading spins, because every further read returns 0 at once."
    "read, FIN, half-close";
    ["short read", "partial read"] "fewer bytes than asked for"
    "read returns as soon as anything is there. 78 of 8192 means: 78 had arrived. It does not
    mean that the message is complete; the blank line and the body length say that."
    "read, blank line, stream";
    ["short write", "partial write"] "fewer bytes taken than offered"
    "The kernel's buffer had no room for more. The rest is still the program's: offer it again
    from where the kernel stopped, after EPOLLOUT if the socket does not block. Who ignores the
    number loses bytes."
    "write, EPOLLOUT, EAGAIN";
    ["waiting", "blocking", "asleep"] "inside a call"
    "A blocking call does not return until it can: accept until somebody connects, read until
    bytes come. The thread uses no CPU meanwhile, and does nothing else either."
    "non-blocking, accept4, read";
    ["non-blocking"] "a call that never sleeps"
    "With O_NONBLOCK on the socket, a call that would sleep returns EAGAIN at once. The program
    then waits for many sockets together, with epoll or poll."
    "O_NONBLOCK, EAGAIN, epoll";
    ["event loop"] "one thread, many connections"
    "Wait for all descriptors at once; then, for each that is ready, do what can be done without
    sleeping; then wait again. No connection can hold the others up."
    "epoll, non-blocking";
    ["epoll"] "waiting for many descriptors"
    "A set of descriptors that lives in the kernel: epoll_create1 makes it, epoll_ctl adds to it,
    epoll_wait sleeps until one of them is ready and says which. The cost does not grow with the
    idle ones, as it does with select and poll."
    "epoll_ctl, level-triggered, edge-triggered, man 7 epoll";
    ["FD_SETSIZE", "fd_set"] "the end of select"
    "select takes sets of 1024 bits: one bit for each descriptor, from 0 on. The kernel clears
    the bits of those that are not ready. A descriptor of 1024 or more has no bit, and FD_SET
    on it writes beside the set: refuse the connection instead, or use poll."
    "poll, epoll, man 2 select";
    ["level-triggered"] "told as long as it is so"
    "The usual way of epoll, poll and select: as long as unread bytes are there, every wait
    reports the descriptor. Reading a part is fine; the rest is reported again."
    "edge-triggered, epoll";
    ["edge-triggered"] "told when it changes"
    "With EPOLLET a descriptor is reported once when something new arrives. Who does not read
    until EAGAIN leaves bytes behind that no wait reports again: the connection hangs."
    "EPOLLET, level-triggered, EAGAIN";
    ["readiness"] "what poll and epoll report"
    "Ready means: the call would not sleep now. It does not mean success, and another thread may
    be faster; so sockets in an event loop are non-blocking all the same."
    "epoll, EAGAIN";
    ["thundering herd"] "all wake, one works"
    "Several processes sleep on the same listener; one connection wakes them all, one gets it,
    the others find EAGAIN. EPOLLEXCLUSIVE or SO_REUSEPORT cure it."
    "EPOLLEXCLUSIVE, SO_REUSEPORT";
    ["keep-alive", "persistent connection"] "one connection, many requests"
    "In HTTP/1.1 a connection stays open after an answer unless somebody says `Connection:
    close`; in 1.0 it closes unless the client asks for keep-alive. It saves three packets and a
    socket a request. A server must not wait for ever: httpsys closes after --idle-timeout."
    "field Connection, field Keep-Alive, pipelining, RFC 9112 9.3";
    ["pipelining", "pipelined"] "the next request before the answer"
    "A client may send several requests without waiting. They stand one behind the other in the
    stream, so one read may bring two of them; the answers must come in the same order."
    "stream, keep-alive, RFC 9112 9.3.2";
    ["preconnect", "speculative connection"] "a connection without a request"
    "Browsers open a spare connection, in case the page needs more, and send nothing on it. A
    server that reads from it and waits is blocked by a client that has no plan to speak: the
    reason for time limits, and for serving several connections at once."
    "waiting, timeout";
    ["favicon", "favicon.ico"] "the icon in the tab"
    "Browsers ask for /favicon.ico by themselves, once a site. That is why one page load shows
    two requests, and the second gets 404."
    "404";
    ["timeout", "time limit"] "how long a server waits"
    "For the head, the body, and the next request. Without one, a client that sends nothing holds
    a seat for ever. Inside a message the answer is 408; between messages the connection is
    closed without a word."
    "408, slowloris, preconnect";
    ["slowloris"] "an attack by being slow"
    "Send a head one byte at a time, on hundreds of connections: a server with few seats and no
    limit on the whole head is full without any traffic."
    "timeout, 408";
    ["three-way handshake", "handshake"] "SYN, SYN-ACK, ACK"
    "How a TCP connection begins: the client's kernel says SYN, the server's answers, the
    client's confirms. The server's program has no part in it: accept only takes what is
    finished."
    "SYN, backlog, connect";
    ["SYN"] "the first packet of a connection"
    "Asks for a connection. If nobody listens on the port, the answer is RST and connect fails
    with ECONNREFUSED; if no answer comes, it fails with ETIMEDOUT after about two minutes."
    "handshake, ECONNREFUSED";
    ["FIN"] "I have said everything"
    "The packet that close or shutdown(SHUT_WR) sends after the last byte. The other side reads
    the rest, then 0. It closes one direction only; the other may go on."
    "EOF, half-close, shutdown";
    ["RST", "reset"] "the line is cut"
    "The packet that ends a connection at once: bytes on the way are thrown away. The other side
    gets ECONNRESET, or EPIPE when it writes again. Sent when nobody listens, when a socket is
    closed with unread bytes in it, or on purpose (SO_LINGER, 0 s)."
    "ECONNRESET, EPIPE, lingering close";
    ["TIME_WAIT"] "a connection's afterlife"
    "Who closes first keeps the pair of addresses for 60 s, so that late packets do not hit a new
    connection. That is why a server that is started again may not get its port: bind says
    EADDRINUSE, unless SO_REUSEADDR was set, in both runs."
    "SO_REUSEADDR, EADDRINUSE";
    ["CLOSE_WAIT"] "a close that was forgotten"
    "The other side has closed, this side has read 0 or not even that, and has not called close.
    Many of them mean a leak of descriptors."
    "fd, EOF, close";
    ["half-close", "half-closed"] "one direction is closed"
    "After shutdown(SHUT_WR) a client has said everything but still listens. The server reads 0,
    and its answer still arrives."
    "shutdown, FIN, EOF";
    ["lingering close", "lingering"] "hang up politely"
    "To close a socket with unread bytes in it sends RST, and the RST may overtake the answer.
    So: shutdown(SHUT_WR), read and throw away for a little while, then close."
    "RST, shutdown, close";
    ["Nagle", "Nagle's algorithm"] "small pieces wait"
    "A small piece is held back while an earlier one is unacknowledged, and the other side
    acknowledges late, up to 40 ms. A head and a body written apart can cost that: write them
    together, or set TCP_NODELAY."
    "TCP_NODELAY, TCP_CORK, MSG_MORE, writev";
    ["zero copy"] "bytes that never visit the program"
    "sendfile moves a file to a socket inside the kernel: no buffer in the program, half the
    calls. The trace then shows how many bytes moved, not which."
    "sendfile, splice, MSG_ZEROCOPY";
    ["port"] "which door of the machine"
    "16 bits that choose the program at an address. Below 1024 a server needs a privilege
    (EACCES); one port has one listener (EADDRINUSE). Port 0 in bind means: any that is free;
    getsockname says which."
    "bind, EADDRINUSE, EACCES, getsockname";
    ["localhost", "loopback", "127.0.0.1", "::1"] "this machine itself"
    "127.0.0.1 (IPv6: ::1) never leaves the machine. A server bound to it cannot be reached from
    others; 0.0.0.0 (::) means every address the machine has."
    "bind, 0.0.0.0";
    ["0.0.0.0", "::"] "every address of this machine"
    "A listener bound to it takes connections that come in on any interface. It is no address one
    could connect to; use one of the machine's."
    "bind, localhost";
    ["peer"] "the other end"
    "The address that accept or getpeername returns: the client's, seen from a server."
    "getpeername, accept4";
    ["ephemeral port"] "a client's port"
    "connect takes any free port of the machine for the client's end; it is what a server's log
    shows after the colon."
    "connect, peer";
    ["safe"] "said of a method"
    "The client asks to look, not to change. GET, HEAD, OPTIONS and TRACE are safe: a robot may
    follow such links."
    "GET, idempotent, RFC 9110 9.2.1";
    ["idempotent"] "twice is as good as once"
    "A request that may be sent again when the answer was lost, because a second time changes
    nothing more. GET, HEAD, PUT, DELETE, OPTIONS, TRACE; not POST."
    "POST, safe, RFC 9110 9.2.2";
    ["request smuggling", "smuggling"] "two readings of the same bytes"
    "If a proxy ends a request at Content-Length and the server behind it at the last chunk, the
    bytes between are a hidden request. So a message with both, or with either in an odd
    spelling, is refused."
    "framing, Content-Length, Transfer-Encoding, RFC 9112 11.2";
    ["redaction", "redacted"] "secrets are covered"
    "The trace shows the values of Authorization, Cookie, Set-Cookie and Proxy-Authorization as
    stars of the same length. --no-redact shows them."
    "Authorization, Cookie";
    ["strace"] "the classic tracer"
    "Prints every system call of a program, one a line. httpsys prints the same lines with
    --trace=strace, and knows besides what the bytes mean."
    "ptrace, system call";
    ["probe"] "how httpsys sees its own calls"
    "serve and get tell a probe of each call, before and after, with the bytes. Nothing else
    slows the serving thread: the rest happens on another one."
    "recording, strace";
    ["recording"] "a trace in a file"
    "--record FILE keeps every call with its bytes, one JSON object a line. Secrets are covered
    in it too."
    "redaction";
    ["injection", "fault injection"] "failures on purpose"
    "`-e inject=read:short=16` cuts reads, `error=EINTR` makes calls fail, `delay_enter` slows
    them: to see what a server does on a bad day. The trace marks what was made up."
    "EINTR, short read";
    ["unfinished", "resumed"] "a line cut in two"
    "In strace lines, `<unfinished ...>` stands where a call of one thread still waits while
    another thread's is shown; `<... read resumed>` is its end."
    "waiting, strace";
    ["TLS", "https", "ClientHello"] "encryption"
    "A client that speaks https to a plain port sends bytes that begin 0x16 0x03. httpsys names
    them and answers 400; it does not speak TLS."
    "400";
    ["HTTP/1.1", "HTTP/1.0", "HTTP"] "the protocol"
    "Text lines over a stream of bytes: a request, an answer, perhaps again. 1.1 (1997, now RFC
    9112) added Host, keep-alive by default and chunked bodies to 1.0."
    "head, keep-alive, chunked, RFC 9112 1";
    ["HTTP/2", "h2"] "the binary successor"
    "Many exchanges at once in one connection, in frames. A client that begins with it sends `PRI
    * HTTP/2.0`; httpsys names it and answers 505."
    "505, HTTP/1.1";
    ["buffer"] "room for bytes"
    "The program's: what read fills, 8192 bytes here. The kernel's: one for each direction of
    each socket, where bytes wait to be read or sent."
    "read, SO_RCVBUF, short write";
    ["thread"] "one of several runners in a process"
    "Threads share memory and descriptors: one accepts, another may read. A blocking call puts
    only its own thread to sleep."
    "clone3, process, waiting";
    ["process"] "a running program"
    "It has its own memory and its own table of descriptors. fork copies both; the copies of a
    descriptor stand for the same socket, which is closed when the last one is."
    "fork, fd";
    ["signal"] "a tap on the shoulder"
    "The kernel interrupts a program: Ctrl-C is SIGINT, a write to a closed connection SIGPIPE. A
    call that sleeps returns EINTR then."
    "SIGPIPE, SIGINT, EINTR";
    ["event"] "one thing that happened"
    "A call with its result, a signal, the beginning or end of a process, or bytes that were lost:
    what a trace is a list of."
    "system call, recording";
    ["story"] "what the events mean"
    "httpsys keeps account of descriptors, connections and exchanges while it watches; from that
    it knows which request a read belongs to."
    "note, connection, exchange";
    ["note"] "one line about an event"
    "What the compact view prints beside a call. A note with a verdict is a finding."
    "finding, story";
    ["finding"] "a note with a verdict"
    "Something to know, something that may go wrong, or something that is wrong, with a name that
    stays the same. Findings never change how a command ends."
    "note";
    ["view"] "how a trace looks"
    "compact: one line a call, with what it means. explain: a screen for each. strace: the lines
    strace prints. json: one object a line, for programs. All show the same events."
    "strace, recording";
    ["canonical"] "the same on every run"
    "--canonical puts a fake clock, small process ids and stable ports into the trace, so that two
    runs can be compared byte by byte."
    "recording";
    ["I/O model", "blocking server"] "how a server waits"
    "blocking: one connection after the other; nonblocking: the same, asking again and again.
    threads: a thread for each; fork: a process for each. select, poll, epoll and epoll-et: one thread that sleeps until
    any of them is ready; uring: one thread that queues its calls and sleeps until any has ended. The requests and answers are the same; the calls between them are not."
    "waiting, thread, event loop";
    ["fork", "child", "zombie"] "a process for each connection"
    "clone (or fork) returns twice: in the parent with the child's id, in the child with 0. The
    child is a copy, descriptors included, so each closes what is the other's business: the
    parent the connection, the child the listener.

    A child that has ended stays in the process table, a zombie, until its parent asks how it
    ended (wait4). SIGCHLD says that it is time to ask; one signal may stand for several deaths.
    When no more processes can be made (EAGAIN), that client gets 503."
    "clone, wait4, signalfd4, exit_group, I/O model";
    ["thread pool", "worker", "workers"] "who does the work"
    "Threads or processes that share a listener. With SO_REUSEPORT each has a listener of its own
    and the kernel deals the connections out."
    "SO_REUSEPORT, thundering herd";
    ["fd leak", "leak"] "a descriptor that is never closed"
    "Every connection that is not closed keeps its number. At the limit accept fails with EMFILE,
    and the server is deaf though it runs."
    "fd, EMFILE, CLOSE_WAIT";
    ["busy loop", "spinning", "spin"] "asking again and again"
    "A loop around a call that returns at once, with 0 or EAGAIN, uses a whole CPU and gets
    nothing done. Wait with poll or epoll instead; after 0, close."
    "EOF, EAGAIN, epoll";
    ["%http"] "a set of calls, for -e trace="
    "What is traced unless -e trace= says otherwise: %network, and the other calls that carry a
    request and its response: read, write and their kin, close, opening files, sendfile, epoll,
    poll, select, dup, fcntl."
    "%network, %desc";
}
