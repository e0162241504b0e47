//! What notes are made of: small types with one value for each thing that can be told apart.

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// For a connection.
    Connection,
    /// For the first byte of a connection.
    FirstByte,
    /// For the rest of a message.
    Rest,
    /// For the next request on a connection, or its end.
    NextRequest,
    /// For the answer.
    Answer,
    /// For room in the peer's or the kernel's buffers.
    Room,
    /// For the other end to accept.
    Handshake,
    /// For any of several descriptors.
    Ready,
    /// For the result of any operation of a ring.
    Result,
    /// For something we do not know.
    Something,
}

/// What a failed call tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// To take a connection.
    Accept,
    /// To get bytes from a connection.
    Receive,
    /// To send bytes over a connection.
    Send,
    /// To connect.
    Connect,
    /// To claim an address.
    Bind,
    /// To open a file.
    Open,
    /// To wait for descriptors.
    Wait,
    /// Something else.
    Other,
}

/// A socket option whose meaning is worth a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// `SO_REUSEADDR`.
    ReuseAddress,
    /// `SO_REUSEPORT`.
    ReusePort,
    /// `TCP_NODELAY`.
    NoDelay,
    /// `TCP_CORK`, on or off.
    Cork(bool),
    /// `SO_KEEPALIVE`.
    Probes,
    /// `TCP_KEEPIDLE` in seconds.
    ProbeAfter(u32),
    /// `TCP_KEEPINTVL` in seconds.
    ProbeEvery(u32),
    /// `TCP_KEEPCNT`.
    ProbeCount(u32),
    /// `SO_RCVTIMEO` in nanoseconds.
    ReceiveTimeout(u64),
    /// `SO_SNDTIMEO` in nanoseconds.
    SendTimeout(u64),
    /// `SO_LINGER`: seconds, or `None` when it was switched off.
    Linger(Option<u32>),
    /// `TCP_DEFER_ACCEPT`.
    DeferAccept,
    /// `IPV6_V6ONLY`, on or off.
    OnlyV6(bool),
    /// `SO_SNDBUF`, `SO_SNDBUFFORCE`: bytes.
    SendBuffer(u32),
    /// `SO_RCVBUF`, `SO_RCVBUFFORCE`: bytes.
    ReceiveBuffer(u32),
}

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All of it is there; it took this many calls.
    Complete(u32),
    /// The head is there, and so much of the body of known length.
    Body(u64, u64),
    /// The head is there, and so much of a chunked body.
    Chunked(u64),
    /// The head is there; the body runs until the connection closes; so much of it.
    UntilClose(u64),
    /// The head is there; the body is not sent before `100 Continue`.
    Expects,
    /// The start line is there, the blank line is not.
    Unfinished,
}

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A request: `>`.
    Request,
    /// A response: `<`.
    Response,
}

/// What a close leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// So many requests, all answered.
    Answered(u32),
    /// A request was complete and got no answer, or only a part of one.
    Unanswered,
    /// A part of an answer had gone.
    Cut,
    /// A request began and never became complete.
    Unfinished,
    /// A request broke a rule; what the program made of it is another matter.
    Malformed,
    /// Not one byte came: a read said so.
    Silent,
    /// Whatever came, nobody read it.
    Unread,
    /// It carried something else than HTTP: bytes in and out.
    NotHttp(u64, u64),
}

/// Something that is not HTTP/1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Foreign {
    /// A TLS handshake.
    Tls,
    /// HTTP/2.
    Http2,
    /// Unknown.
    Unknown,
}

/// One descriptor that is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadyFd {
    /// Its number; -1 where the epoll's data word names none that we know.
    pub fd: i32,
    /// Why: bits of `man 2 epoll_ctl`.
    pub events: u32,
    /// It takes connections.
    pub listener: bool,
}

/// Descriptors that are ready: the first few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadyList {
    /// The first ones.
    pub list: [ReadyFd; 4],
    /// How many are ready.
    pub count: u32,
}
