//! Pages for the ways to wait for clients: what `serve --io` takes.

use super::Page;

/// One way to wait.
struct Model {
    name: &'static str,
    /// In a few words.
    kind: &'static str,
    /// Its loop, as the trace shows it.
    calls: &'static str,
    /// Where it sleeps, and who waits meanwhile.
    text: &'static str,
    /// What it costs, and what becomes hard.
    costs: &'static str,
    /// What it does when descriptors run out.
    emfile: &'static str,
    see: &'static str,
}

static MODELS: &[Model] = &[
    Model {
        name: "blocking",
        kind: "one thread, one client at a time",
        calls: "accept4 > read > write > close, each of which sleeps until it is done",
        text: "It sleeps in accept4 for a client, and in read for that client's bytes. While it sleeps \
               in read, everybody else waits in the backlog.",
        costs: "no call but the work itself, four a client; a silent client holds the only seat (for 1 s here)",
        emfile: "sleeps, 5 ms at first, twice as long each time, 1 s at most",
        see: "blocking, backlog, docs/io-models.md",
    },
    Model {
        name: "nonblocking",
        kind: "one thread that asks again and again",
        calls: "accept4 = EAGAIN > nanosleep > accept4 ... read = EAGAIN > nanosleep > read",
        text: "No call sleeps; what has nothing to do says EAGAIN, and the program pauses and asks \
               again. It still serves one client at a time.",
        costs: "calls for nothing while it is idle, and the pause as delay when something comes",
        emfile: "asks again after its usual pause",
        see: "non-blocking, EAGAIN, busy loop",
    },
    Model {
        name: "threads",
        kind: "a thread for each client",
        calls: "main: accept4 > clone3; each thread: read > write > ... > close",
        text: "Each client has a thread that sleeps for it alone: the code of a connection reads as in \
               blocking, and nobody waits for anybody else.",
        costs: "a stack and the kernel's switching for every client, also for idle ones",
        emfile: "the main thread waits until a connection ends",
        see: "thread, clone3, word blocking",
    },
    Model {
        name: "fork",
        kind: "a process for each client",
        calls: "parent: accept4 > clone > close; child: close > read > write > ... > exit_group",
        text: "Each client has a process. After the clone both have every descriptor, so the parent \
               closes the connection and the child the listener; the connection ends with the last.",
        costs: "the most a client; a crash takes one client along; children must be waited for",
        emfile: "that client is turned away",
        see: "word fork, wait4, dup",
    },
    Model {
        name: "select",
        kind: "one thread, sets of bits",
        calls: "pselect6 > accept4 or read > write > pselect6",
        text: "It sleeps in one call for all descriptors, told as a set of bits from 0 to the highest. \
               The kernel looks at each of them, every time.",
        costs: "work for every idle client at every call; no descriptor of 1024 or more",
        emfile: "the listener leaves the set until a connection ends",
        see: "FD_SETSIZE, model poll, call pselect6",
    },
    Model {
        name: "poll",
        kind: "one thread, a list of descriptors",
        calls: "ppoll > accept4 or read > write > ppoll",
        text: "As select, but told as a list, without an upper limit; it still goes over the whole list \
               at every call.",
        costs: "work for every idle client at every call",
        emfile: "the listener leaves the list for a while",
        see: "readiness, model epoll, call ppoll",
    },
    Model {
        name: "epoll",
        kind: "one thread, a set kept in the kernel",
        calls: "epoll_ctl(ADD) once a client; epoll_pwait > read > write > epoll_pwait",
        text: "The set lives in the kernel, so a call tells only who is ready. Level-triggered: what was \
               not read is reported again.",
        costs: "one more call for each client; nothing for idle ones",
        emfile: "the listener leaves the set for half a second",
        see: "word epoll, level-triggered, model epoll-et",
    },
    Model {
        name: "epoll-et",
        kind: "the same, told once",
        calls: "epoll_pwait > read ... read = EAGAIN > write > epoll_pwait",
        text: "Edge-triggered: a descriptor is reported when something changes, once. Everything must \
               be read until EAGAIN; what is left is never mentioned again.",
        costs: "a read for nothing at the end of each turn; bugs that hang, instead of bugs that spin",
        emfile: "the listener leaves the set for half a second",
        see: "EPOLLET, edge-triggered, EAGAIN",
    },
    Model {
        name: "uring",
        kind: "one thread, a queue of wishes",
        calls: "io_uring_enter(submit, wait): accepts, reads and writes are entries of a ring, not calls",
        text: "The program writes what it wants into memory it shares with the kernel and reads results \
               from there; one call hands over many wishes and waits for some. Where the kernel forbids \
               io_uring, it is not to be had.",
        costs: "little a request when many are busy; a tracer sees no reads and writes, because none are made",
        emfile: "the accept is not asked for again until a while later",
        see: "io_uring_enter, io_uring_setup, docs/io-models.md",
    },
];

/// The page of a way to wait.
pub fn find(word: &str) -> Option<Page> {
    let model = MODELS
        .iter()
        .find(|model| model.name.eq_ignore_ascii_case(word))?;
    Some(
        Page::new(model.name, &format!("--io {}: {}", model.name, model.kind))
            .text(model.text)
            .row("calls", model.calls)
            .row("costs", model.costs)
            .row("EMFILE", model.emfile)
            .row("try", &format!("httpsys serve --io {} --trace", model.name))
            .row("see", model.see),
    )
}

/// Every way to wait.
pub fn all() -> Vec<String> {
    MODELS.iter().map(|model| model.name.to_string()).collect()
}
