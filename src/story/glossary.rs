//! The longer explanation of every note: what `httpsys explain ID` prints.
//!
//! Each row: the id ([`super::Note::id`]), what stands on the screen, and what is behind it.

/// Id, the sentence as it appears (with example numbers), and the explanation.
pub const GLOSSARY: &[(&str, &str, &str)] = &[
    (
        "new-socket",
        "new socket, no address yet",
        "socket makes an end of a connection that does not exist yet, and gives it a number. \
         It has no address and no peer; bind or connect gives it one.",
    ),
    (
        "reuse-address",
        "may rebind during TIME_WAIT",
        "After a connection is closed, the side that closed first keeps its addresses reserved for a minute \
         (TIME_WAIT), so that late packets do not reach a stranger. Without SO_REUSEADDR a restarted server \
         gets EADDRINUSE until then. It does not allow two live listeners on one port.",
    ),
    (
        "reuse-port",
        "others may share this port",
        "With SO_REUSEPORT several sockets may listen on one port, and the kernel deals connections out \
         between them. All of them have to ask for it, under the same user.",
    ),
    (
        "no-delay",
        "small writes leave at once",
        "TCP holds a small packet back while an earlier one is unacknowledged (Nagle's algorithm). TCP_NODELAY \
         switches that off: better for a server that writes a whole response with one call.",
    ),
    (
        "cork",
        "hold back small packets",
        "TCP_CORK keeps partial packets until it is switched off (or 200 ms pass), so that a head and a file \
         leave together.",
    ),
    (
        "probes",
        "kernel probes a silent peer",
        "SO_KEEPALIVE lets the kernel ask a silent peer, after two hours by default, whether it is still there. \
         It has nothing to do with HTTP's keep-alive.",
    ),
    (
        "socket-time-out",
        "reads give up after 1 s",
        "SO_RCVTIMEO and SO_SNDTIMEO bound how long one call on this socket may sleep. When the time is over \
         the call fails with EAGAIN, the same errno that a descriptor that never sleeps uses for \"not now\".",
    ),
    (
        "linger",
        "close will break it off",
        "SO_LINGER decides what close does with bytes that have not been sent: wait for them, or (with 0 seconds) \
         throw them away and send RST.",
    ),
    (
        "defer-accept",
        "wake us when bytes are there",
        "TCP_DEFER_ACCEPT completes a connection for the program only when its first bytes have arrived. A \
         browser's preconnect then costs the program nothing.",
    ),
    (
        "only-v6",
        "IPv6 only",
        "Without IPV6_V6ONLY a socket bound to [::] takes IPv4 connections too, under addresses such as \
         ::ffff:127.0.0.1.",
    ),
    (
        "socket-buffer",
        "room to send: 200000 bytes",
        "SO_SNDBUF and SO_RCVBUF: how many bytes the kernel keeps for a socket until they can be sent, or are \
         read. It doubles the number for its own needs, and takes no more than net.core.wmem_max and rmem_max.",
    ),
    (
        "address-claimed",
        "address claimed",
        "bind ties the socket to an address and port of this machine. Nobody can connect before listen. With \
         port 0 the kernel picks a free one; getsockname tells which.",
    ),
    (
        "listening",
        "kernel now takes connections",
        "From here on the kernel completes handshakes by itself and queues the connections; the backlog bounds \
         the queue. A client can connect and even send its request before the program calls accept.",
    ),
    (
        "socket-name",
        "here: 127.0.0.1:38080",
        "getsockname and getpeername tell the two addresses of a socket: its own, and that of the other end.",
    ),
    (
        "asleep",
        "asleep: nobody has connected",
        "The call cannot go on, so the kernel takes the program off the CPU until it can. It costs nothing while \
         it sleeps, and it can do nothing else either: that is why a server with one thread and blocking calls \
         serves one client at a time.",
    ),
    (
        "accepted",
        "c1 from 127.0.0.1:31566",
        "accept takes the first completed connection from the queue and gives it a number of its own. The \
         listening socket stays as it was. c1, c2, ... are ours: a number is used again, a connection is not.",
    ),
    (
        "connected",
        "c1 to 127.0.0.1:8080",
        "connect made a connection to the address. Its own address was chosen by the kernel.",
    ),
    (
        "fd-again",
        "fd 4 again: the number was free",
        "The kernel always gives the lowest free number. A number that was closed comes back at once for something \
         else: whoever still uses it for the old thing reads or writes the wrong one.",
    ),
    (
        "request-complete",
        "> GET / HTTP/1.1  (complete)",
        "The blank line has arrived, and as many body bytes as the head promised. Only now may the server answer. \
         That the read returned fewer bytes than asked says nothing about that.",
    ),
    (
        "expects-continue",
        "> POST /echo HTTP/1.1  waits for 100",
        "The head has Expect: 100-continue: the client waits with its body until the server says 100 Continue or \
         refuses (RFC 9110 10.1.1).",
    ),
    (
        "unfinished",
        "> 32 bytes, no blank line yet",
        "A head ends with an empty line (CR LF CR LF). TCP delivers bytes, not messages: a read may return any \
         part of a request. The program has to keep what it has and read again (RFC 9112 2.2).",
    ),
    (
        "body-to-come",
        "> body 12 of 27 bytes",
        "The head is complete and says how long the body is (Content-Length), or that it comes in chunks. \
         The request is complete when the body is.",
    ),
    (
        "body-complete",
        "> body done: 27 bytes",
        "The last byte that the head promised, or the last chunk (size 0), has gone by.",
    ),
    (
        "pipelined",
        "pipelined: 2 requests in one read",
        "The client sent its next request without waiting for the answer (RFC 9112 9.3.2). A server that throws \
         away what follows the first request loses the others. Answers go in the order of the requests.",
    ),
    (
        "keep-alive",
        "same connection: it was kept alive",
        "HTTP/1.1 keeps a connection open after an answer, so that the next request saves the handshake \
         (RFC 9112 9.3). Either side may end it with Connection: close.",
    ),
    (
        "serves",
        "r2 is for r1 of c1",
        "This program is a proxy: it makes a request of its own (r2) to answer one that it was asked (r1, on connection          c1). Nothing in the bytes says so; it is said where the thread that read the one wrote the other and nothing          else can be meant, and left open elsewhere (docs/story.md).",
    ),
    (
        "favicon",
        "browser asks for its icon by itself",
        "Nobody typed /favicon.ico: a browser asks for the little picture in its tab when the page names none. \
         A 404 is a fine answer.",
    ),
    (
        "response",
        "< 200 OK  64 head + 15 body",
        "A response: its status line, how many bytes its head takes, and how many body bytes went in the same call.",
    ),
    (
        "head-no-body",
        "< 200 OK  64 head, HEAD: no body",
        "HEAD asks for the head that GET would get. Content-Length then counts a body that is not sent \
         (RFC 9110 9.3.2).",
    ),
    (
        "continue",
        "< 100 Continue: send the body",
        "An interim response: the client may send its body. The real response is still to come.",
    ),
    (
        "switched",
        "< from here on it is not HTTP",
        "After 101 Switching Protocols (WebSocket), or after CONNECT was granted, the bytes of this connection \
         follow other rules. They are counted and not read.",
    ),
    (
        "eof",
        "EOF: client closed its side",
        "read returned 0: the other end has said that it sends no more (FIN). It may still read: a request that \
         is complete deserves its answer. 0 is never \"nothing yet\"; that is EAGAIN.",
    ),
    (
        "eof-inside",
        "EOF inside the request",
        "The other end stopped sending in the middle of a message. What is there must not be processed \
         (RFC 9112 8): nobody knows what was missing.",
    ),
    (
        "peeked",
        "5 bytes seen, not taken",
        "With MSG_PEEK the bytes stay in the queue: the next read gets them again.",
    ),
    (
        "drained",
        "90 bytes thrown away",
        "The server has sent its last answer on this connection and said so (shutdown). It reads on for a while, \
         so that closing with unread bytes does not send RST and destroy that answer, and looks at nothing \
         of it.",
    ),
    (
        "file-end",
        "0 = end of file",
        "A read of a file returned 0: there is nothing after this position.",
    ),
    (
        "nothing-asked",
        "0 bytes asked, 0 given",
        "A read with no room returns 0 and says nothing about the end. A full buffer makes this mistake easily.",
    ),
    (
        "gave-up",
        "gave up: no byte within 1 s",
        "The call slept for as long as SO_RCVTIMEO (or SO_SNDTIMEO) allows and failed with EAGAIN. A server does \
         this so that a silent client cannot hold it for ever.",
    ),
    (
        "ring-made",
        "two queues, shared memory",
        "io_uring_setup makes a ring: a queue of operations and a queue of results, in memory that the program \
         and the kernel share. An operation is a call that is asked for instead of made: it is written into \
         the first queue, and its result appears in the second.",
    ),
    (
        "ring-allowed",
        "may we? yes, no memory given",
        "Whether io_uring may be used is looked at before anything else, so a call without arguments finds out: \
         EFAULT means yes, EPERM no. An administrator decides with the sysctl kernel.io_uring_disabled (0: \
         everybody, 1: a group, 2: nobody), and containers often forbid it with a filter.",
    ),
    (
        "ring-entered",
        "2 operations taken",
        "io_uring_enter hands over what was queued and, where it is asked to, sleeps until a result is there. \
         It returns how many operations the kernel took, and says nothing of the results: those stand in the \
         second queue. ETIME: none came in time.",
    ),
    (
        "ring-unseen",
        "what rings do is not seen",
        "The kernel took operations from a ring (io_uring): they were written into memory, without a call, and so are \
         not seen from outside. Requests that are read and answered that way are missing in this trace. A program \
         that tells of its own rings (httpsys serve --io uring --trace) has them.",
    ),
    (
        "queued",
        "queued, not begun",
        "The operation was written into memory, without a call. The kernel sees it at the next io_uring_enter; \
         the line with cq: before it is its result. Only close is told when it is queued: from then on \
         the number may soon be somebody else's.",
    ),
    (
        "taken-back",
        "taken back in time",
        "An operation owns its memory until it has ended, so one that nobody waits for any more (a time-out, the \
         end of the server) must be taken back before its memory is used again. It then ends with ECANCELED, \
         unless it was faster.",
    ),
    (
        "time-out",
        "0 = time over, nothing ready",
        "epoll, poll or select returned 0: no descriptor became ready in time, or is ready now where the program only looked.",
    ),
    (
        "failed",
        "ENOMEM: ...",
        "The call returned -1 and the errno stands beside it. httpsys explain knows each errno by its name.",
    ),
    (
        "accept-empty",
        "EAGAIN: nobody in the queue",
        "The listening socket never sleeps, and no connection waits. In an event loop this is how accepting ends.",
    ),
    (
        "no-free-fd",
        "EMFILE: no free fd number",
        "The process (EMFILE) or the machine (ENFILE) has no descriptor left. The connection stays in the queue, \
         so the listening socket stays ready: a loop that just tries again burns the CPU.",
    ),
    (
        "accept-aborted",
        "ECONNABORTED: left the queue",
        "The client broke the connection off before it was accepted. Take the next one.",
    ),
    (
        "not-listening",
        "EINVAL: it listens no more",
        "accept was called on a socket that does not listen: listen was never called, or the socket was shut. \
         A server that is told to stop shuts its listener so that a thread asleep in accept wakes up.",
    ),
    (
        "nothing-yet",
        "EAGAIN: nothing here yet",
        "The descriptor never sleeps, and no bytes have arrived. Not an error: go back and wait until epoll or poll \
         says that there are some.",
    ),
    (
        "reset",
        "ECONNRESET: broken off",
        "The other end sent RST: it threw the connection away, with all bytes that were under way. It happens \
         when a program closes a socket with unread bytes in it, or dies.",
    ),
    (
        "peer-silent",
        "ETIMEDOUT: the peer is gone",
        "The kernel has sent for a long time and got no answer.",
    ),
    (
        "buffer-full",
        "EAGAIN: buffer is full, wait",
        "The kernel holds as many unsent bytes for this connection as it may. Keep the rest, wait for room \
         (EPOLLOUT), and go on.",
    ),
    (
        "broken-pipe",
        "EPIPE: the peer is gone",
        "We wrote to a connection whose other end had closed it before. The first write after that is taken and \
         answered with RST; this is the second. Without SIGPIPE ignored the program would have died here.",
    ),
    (
        "connecting",
        "EINPROGRESS: on its way",
        "A socket that never sleeps connects in the background. It is ready for writing when that is done, and \
         SO_ERROR says how it went.",
    ),
    (
        "refused",
        "ECONNREFUSED: nobody there",
        "No socket listens on that address and port: the machine said so at once.",
    ),
    (
        "address-in-use",
        "EADDRINUSE: port is taken",
        "Another socket has this address, or an earlier run's connections are still in TIME_WAIT and SO_REUSEADDR \
         was not set.",
    ),
    (
        "not-allowed",
        "EACCES: not allowed",
        "Permissions forbid it. For bind: ports below 1024 belong to the administrator.",
    ),
    (
        "no-such-file",
        "ENOENT: no such file",
        "There is no file of this name: a server answers 404.",
    ),
    (
        "outside",
        "EXDEV: leads outside ROOT",
        "openat2 was told to stay below a directory (RESOLVE_BENEATH), and the path or a symbolic link leads out \
         of it.",
    ),
    (
        "directory",
        "EISDIR: is a directory",
        "The path names a directory, not a file.",
    ),
    (
        "interrupted",
        "EINTR: a signal came first",
        "A signal arrived while the call slept, so it returned without having done anything. Call it again, except \
         close: there the number is gone already.",
    ),
    (
        "no-return",
        "it never came back",
        "The process was killed inside this call: no program sees a result, and `?` stands in its place. Of a write \
         that SIGPIPE follows, it was EPIPE.",
    ),
    (
        "not-connected",
        "ENOTCONN: it has no other end",
        "The connection ended before the call, and its other end has no address any more; or the socket was never \
         connected, as one that listens.",
    ),
    (
        "injected",
        "EIO: made up by -e inject",
        "The kernel never saw this call: -e inject made its result up, to show what the program does then.",
    ),
    (
        "short-write",
        "short: took 3.9 of 10 MB",
        "write took fewer bytes than it was offered, because the kernel's buffer for the connection is full. That is \
         success: the program has to offer the rest again, from where it stopped.",
    ),
    (
        "tls",
        "TLS begins: it is encrypted",
        "The first byte is 0x16: TLS. What travels is counted and not read. Where the server answers in HTTP the port \
         was a plain one, and the client spoke https to it.",
    ),
    (
        "http2",
        "HTTP/2 begins: not decoded",
        "The client begins HTTP/2 without asking. httpsys names it and does not read it.",
    ),
    (
        "not-http",
        "this is not HTTP",
        "The first bytes cannot begin an HTTP/1 message. They are counted and not read.",
    ),
    (
        "malformed",
        "> malformed: H203, byte 19",
        "The message breaks a rule, so that two programs could read it differently. The code names the rule: \
         httpsys explain CODE. What follows on this connection cannot be trusted.",
    ),
    (
        "framing-unknown",
        "framing unknown from here",
        "Bytes went by that the trace did not keep, where the length of the body depends on them. The story goes on \
         at the next plausible start line.",
    ),
    (
        "file",
        "file opened",
        "A file was opened, read or closed. It belongs to the request its thread works on.",
    ),
    (
        "file-size",
        "15 bytes -> Content-Length",
        "fstat tells how long the file is. The server has to know before it sends the head.",
    ),
    (
        "sendfile",
        "< 15 body, past our memory",
        "sendfile moves bytes from a file to a connection inside the kernel. The program never sees them; neither \
         does this trace.",
    ),
    (
        "over",
        "c1 over: 1 request, 0 leaks",
        "The last descriptor of the connection was closed, and no file that was opened for it is open still. Where \
         some are, it says how many: kept on purpose, or forgotten. `nothing was asked`: a read said that no byte came. \
         `nothing was read`: what came, nobody knows.",
    ),
    (
        "unanswered",
        "c1 over: no answer given",
        "The connection ended although a complete request had no complete answer. `the answer was cut short` \
         stands there where a part of it had gone.",
    ),
    (
        "lives-on",
        "c1 lives on: 1 holder",
        "This process closed its number, but another number or process (after dup or fork) still holds the \
         connection. The other end notices nothing.",
    ),
    (
        "preconnect",
        "looks like a preconnect: nothing asked",
        "A browser opens connections before it needs them, and may never use one. Here one ended without a byte, as a read said, \
         while the same host had another. A server with one seat must not wait for it for long.",
    ),
    (
        "closed",
        "number given back",
        "close gives the number back to the kernel, which will hand it out again.",
    ),
    (
        "listener-elsewhere",
        "our copy; the parent has one",
        "After fork parent and child have the same descriptors. The child serves one connection and closes its \
         copy of the listener; the parent goes on taking connections with its own.",
    ),
    (
        "forked",
        "process 4711 is a copy of us",
        "clone (what fork is made of) returns twice: in the parent with the child's id, in the child with 0. The \
         child has a copy of memory and of all descriptors, so each closes what is the other's business.",
    ),
    (
        "child-gone",
        "child 4711 has ended",
        "wait4 asks how a child ended; until somebody asks, a dead child stays in the process table (a zombie). \
         With WNOHANG it returns 0 at once when no other child has ended.",
    ),
    (
        "exits",
        "this process is done",
        "exit_group ends the process with all its threads. The kernel closes what is still open and sends the \
         parent SIGCHLD.",
    ),
    (
        "shutdown",
        "we say no more; still reading",
        "shutdown ends one direction of a connection and keeps the descriptor. After SHUT_WR the other end reads \
         EOF once it has read everything; what it still sends can be read. So an answer is not destroyed by the \
         RST that close sends when unread bytes are left.",
    ),
    (
        "listener-shut",
        "no more connections taken",
        "shutdown of a listening socket ends it: the kernel refuses newcomers, and a thread that sleeps in accept \
         wakes up with EINVAL. httpsys stops so when a thread of its own sleeps there.",
    ),
    (
        "watching",
        "fd 4: watch for bytes",
        "epoll_ctl adds a descriptor to the set that epoll_wait watches, and says for what: bytes to read \
         (EPOLLIN), room to write (EPOLLOUT). Its end and errors are always reported.",
    ),
    (
        "ready",
        "ready: fd 4 bytes",
        "These descriptors can be used without sleeping, and why: bytes, room, EOF (the peer ended its side), over \
         (both sides), broken (an error).",
    ),
    (
        "non-blocking",
        "its calls never sleep now",
        "With O_NONBLOCK a call that would have to wait fails with EAGAIN at once. Accepted sockets do not inherit \
         it on Linux.",
    ),
    (
        "dup",
        "a second name for fd 4",
        "Two numbers for one thing: it is closed when both are.",
    ),
    (
        "fd-leak",
        "c1 fd 4 leaks: the client has left, nobody closes",
        "A descriptor is open although what it was opened for is over, and the program works on other things. One a \
         request adds up: sooner or later accept fails with EMFILE; and as long as a connection is open, its client sees \
         no end. Find every way out of the code that handles a connection (errors, early returns, the end \
         of a thread; in a parent after fork) and close there. ls -l /proc/PID/fd shows what is open.",
    ),
    (
        "thread-made",
        "thread 4711 begins",
        "clone with CLONE_THREAD makes a thread: it shares memory and all descriptors with the others of its \
         process. One thread can accept a connection and another read from it.",
    ),
    (
        "pair",
        "two sockets, connected",
        "socketpair and pipe make both ends of a conversation at once, for threads and processes of one program. \
         Servers use them to wake a thread that sleeps in epoll_wait, and to hand work to children.",
    ),
    (
        "handed-over",
        "fd 9 came with the message",
        "A message over a Unix socket can carry descriptors (SCM_RIGHTS, man 7 unix). The receiver gets numbers \
         of its own for the same things: so a master process hands connections to its workers.",
    ),
    (
        "plain-call",
        "it is there",
        "A call that has no part in the story of a connection; the words beside it say what is different now. \
         httpsys explain CALL says what it does.",
    ),
    (
        "prints",
        "prints \"server started\\n\"",
        "Bytes went to the program's own standard output or standard error: what a person or a log sees of it.",
    ),
    (
        "no-child",
        "no child is left",
        "wait4 fails with ECHILD when there is no child to wait for: a loop that collects all children ends so.",
    ),
    (
        "no-error",
        "no error so far",
        "SO_ERROR tells, once, what went wrong on a socket while nobody asked. After a connect that was on its way, \
         0 at the moment when the socket has room means that it is connected.",
    ),
    (
        "close-on-exec",
        "3 numbers will not survive execve",
        "A descriptor with FD_CLOEXEC is closed when its process becomes another program (execve). Without it \
         the other program has it too, knows nothing of it, and keeps the connection or the port open.",
    ),
    (
        "short-write-ignored",
        "c1 r1 the rest of a short write was never sent: took 3.9 of 50.0 MB",
        "write says how many bytes the kernel took: fewer than offered when its buffer is full, as a rule on a \
         non-blocking socket. The program sent something else next, or closed: the client gets a hole or a cut \
         body. Keep what is left, wait until there is room (EPOLLOUT), and send it from there.",
    ),
    (
        "short-read-assumed",
        "c1 r1 answered 400 after 8 bytes of an unfinished head",
        "The program took what one read gave for the whole request and answered. TCP delivers bytes, not \
         messages: a head is complete when its blank line has come (RFC 9112 2.2). Keep the bytes, read again, \
         and answer then. An answer that is about the waiting itself (408, 413, 414, 431) is not meant.",
    ),
    (
        "eof-spin",
        "c1 read 0 (end of input) 8 times and did not close",
        "read gave 0: the other end has closed its side, and nothing will ever come again. Every further read \
         gives 0 at once, and epoll and poll report the descriptor as ready for ever: a loop that does not \
         close it runs at full speed. Treat 0 as the end: answer what is complete, then close.",
    ),
    (
        "busy-poll",
        "asked 256 times in a row for nothing, without sleeping",
        "A call that does not sleep (EAGAIN on a non-blocking descriptor, a time-out of 0) was made over and over, \
         and nothing else. That burns a whole CPU to learn what epoll_wait, poll or a blocking call would \
         say without cost.",
    ),
    (
        "no-reuseaddr",
        "fd 3 listens without SO_REUSEADDR",
        "When this server stops with connections that it closed itself, their addresses stay reserved for a minute \
         (TIME_WAIT), and a new start fails with EADDRINUSE. setsockopt(SO_REUSEADDR) before bind lets it claim \
         the port at once. It has to be set in the run before, too.",
    ),
    (
        "no-cloexec",
        "fd 4 is open in another program after execve",
        "A child became another program and still has this connection: it was opened without close-on-exec. The \
         client sees no end of the answer until that program ends too. Give SOCK_CLOEXEC to accept4 and socket, \
         O_CLOEXEC to open; dup2 onto 0, 1 or 2 what the child is meant to have.",
    ),
    (
        "close-with-unread",
        "c1 r1 closed with 92160 bytes of the body unread: RST",
        "close throws away what has come and was not read, and the kernel answers it (and whatever still comes) \
         with RST. The client may lose the response that is under way: it sees \"connection reset\". Read the rest, \
         or say shutdown(SHUT_WR), read until 0 within limits, and close then (RFC 9112 9.6).",
    ),
    (
        "sigpipe-death",
        "c1 killed by SIGPIPE: wrote after the peer had left",
        "Writing to a connection that the other end has closed raises SIGPIPE, which ends a program that does not \
         expect it: one client that leaves early stops the server. Ignore SIGPIPE at the start, or give \
         MSG_NOSIGNAL to send; the write then fails with EPIPE, and only that connection is over.",
    ),
    (
        "split-response-write",
        "c1 r1 a small response in 2 writes: Nagle may hold the last",
        "Head and body went in several small writes on a connection that stays open. TCP holds the second one back \
         until the first is acknowledged (Nagle's algorithm), and the other end delays that by up to 40 ms. \
         Write both at once (writev), or set TCP_NODELAY.",
    ),
    (
        "content-length-mismatch",
        "c1 r1 Content-Length 100, but only 15 bytes sent",
        "The head promised another number of body bytes than were sent. Too few: the client waits for the rest, then \
         reports a cut transfer. Too many: it takes what follows for the next response. Count bytes, not \
         characters, and count after encoding (RFC 9112 6.2).",
    ),
    (
        "head-body-sent",
        "c1 r1 HEAD was answered with a body: 15 bytes",
        "The answer to HEAD ends with its blank line, whatever its Content-Length says (RFC 9110 9.3.2). A client \
         takes the bytes that follow for the beginning of the next response.",
    ),
    (
        "missing-crlf",
        "c1 r1 a head whose lines do not end in CR LF",
        "Each line of a head ends in CR LF, and an empty line ends the head (RFC 9112 2.1). With LF alone some clients \
         cope and some do not; without the empty line the client waits for ever.",
    ),
    (
        "accept-error-exit",
        "ended because of one accept: ECONNABORTED",
        "accept can fail for reasons that concern one connection (ECONNABORTED, EPROTO) or that pass (EMFILE, EINTR). \
         The program took it for the end of the world. Log it, wait a moment where there are no descriptors left, \
         and accept again (man 2 accept, \"Error handling\").",
    ),
];
