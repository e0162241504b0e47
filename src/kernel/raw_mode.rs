//! A terminal that hands over each key at once, and is given back as it was however the program ends.
//!
//! In: a terminal's descriptor. Out: keys come without Enter and are not echoed; Ctrl-C and Ctrl-Z still
//! send their signals (`man 3 termios`: ICANON and ECHO off, ISIG on). Given back by [`RawMode`]'s drop, by
//! [`give_back`], and by handlers for the signals that end or stop a program; when it goes on (`fg`), keys
//! come at once again. Left out on purpose: SIGKILL, which nobody can handle: `reset` or `stty sane` helps.
//!
//! This is the tool's own terminal: no probe is told.

use nix::libc;
use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The terminal's modes: as they were, and as they are now. Written once, before any handler is in place.
struct Modes(UnsafeCell<MaybeUninit<[libc::termios; 2]>>);

// SAFETY: written by `enter` while `TERMINAL` is -1, read only after it is not.
unsafe impl Sync for Modes {}

static MODES: Modes = Modes(UnsafeCell::new(MaybeUninit::uninit()));
/// Its descriptor; -1 while no terminal is in this mode.
static TERMINAL: AtomicI32 = AtomicI32::new(-1);
/// The process that put it into this mode: a forked child has the handlers too, and must not use them.
static OWNER: AtomicI32 = AtomicI32::new(0);
/// Somebody else decides when the program is stopped; SIGTSTP is only noted.
static DEFERS: AtomicBool = AtomicBool::new(false);
/// SIGTSTP came, and was noted.
static ASKED: AtomicBool = AtomicBool::new(false);
/// The program went on after a stop.
static CAME_BACK: AtomicBool = AtomicBool::new(false);

/// Signals that end a program unless somebody handles them; SIGABRT is how a panic ends.
const ENDING: [i32; 6] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGABRT,
    libc::SIGPIPE,
];

/// The mode, until it is dropped. There is one at a time.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Puts a terminal into this mode.
    ///
    /// # Errors
    /// What `tcgetattr` or `tcsetattr` said; EBUSY where a terminal is in this mode already.
    pub fn enter(terminal: &impl AsFd) -> io::Result<RawMode> {
        let fd = terminal.as_fd().as_raw_fd();
        if TERMINAL.load(Ordering::SeqCst) >= 0 {
            return Err(io::Error::from_raw_os_error(libc::EBUSY));
        }
        let mut was = MaybeUninit::<libc::termios>::uninit();
        // SAFETY: tcgetattr fills in the structure it is given, or fails.
        let was = unsafe {
            if libc::tcgetattr(fd, was.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            was.assume_init()
        };
        let mut now = was;
        now.c_lflag &= !(libc::ICANON | libc::ECHO);
        now.c_cc[libc::VMIN] = 1;
        now.c_cc[libc::VTIME] = 0;
        // SAFETY: TERMINAL is -1, so no handler and nobody else looks at the modes.
        unsafe { (*MODES.0.get()).write([was, now]) };
        // SAFETY: getpid takes no argument and cannot fail.
        OWNER.store(unsafe { libc::getpid() }, Ordering::SeqCst);
        TERMINAL.store(fd, Ordering::SeqCst);
        for signal in ENDING {
            handle(signal, ended);
        }
        handle_stop();
        handle(libc::SIGCONT, went_on);
        if set(1) {
            Ok(RawMode(()))
        } else {
            let error = io::Error::last_os_error();
            give_back();
            Err(error)
        }
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was; without effect where none is in this mode. For whoever is about to
/// end the process without dropping anything.
pub fn give_back() {
    let ours = set(0);
    if ours {
        TERMINAL.store(-1, Ordering::SeqCst);
    }
}

/// Gives the terminal back until the program goes on (SIGCONT): for whoever is about to stop it by a
/// signal that cannot be handled.
pub fn lend() {
    forget_stop();
    set(0);
}

/// A Ctrl-Z that was noted so far was somebody else's business.
pub fn forget_stop() {
    ASKED.store(false, Ordering::SeqCst);
}

/// From now on Ctrl-Z (SIGTSTP) does not stop this program: it is noted, for [`stop_if_asked`]. Without effect
/// where no terminal is in this mode.
pub fn defer_stops() {
    if TERMINAL.load(Ordering::SeqCst) >= 0 {
        DEFERS.store(true, Ordering::SeqCst);
        // What was ignored so far is to be heard.
        // SAFETY: as if nobody had handled it; the handler that follows calls only what may be called by one.
        unsafe { libc::signal(libc::SIGTSTP, libc::SIG_DFL) };
        handle_stop();
    }
}

/// Stops this program if Ctrl-Z was noted, with the terminal as it was. Returns when it goes on.
pub fn stop_if_asked() {
    if ASKED.swap(false, Ordering::SeqCst) {
        set(0);
        // SAFETY: both take numbers only, and a process may stop itself.
        unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
    }
}

/// Whether the program was stopped and went on since this was last asked: what was on the screen is not
/// at its end any more.
pub fn came_back() -> bool {
    CAME_BACK.swap(false, Ordering::SeqCst)
}

/// Sets the modes as they were (0) or as they are to be (1). May be called by a handler: `man 7
/// signal-safety` has tcsetattr.
fn set(which: usize) -> bool {
    let fd = TERMINAL.load(Ordering::SeqCst);
    // SAFETY: getpid cannot fail. The modes were written before TERMINAL was set.
    unsafe {
        if fd < 0 || libc::getpid() != OWNER.load(Ordering::SeqCst) {
            return false;
        }
        let modes = (*MODES.0.get()).assume_init_ref();
        libc::tcsetattr(fd, libc::TCSANOW, &raw const modes[which]) == 0
    }
}

/// Handles a signal, unless it is ignored: then nobody wants to hear of it.
fn handle(signal: i32, handler: extern "C" fn(i32)) {
    // SAFETY: all zero is a valid sigaction; the handlers below call only what may be called by one.
    unsafe {
        let mut was: libc::sigaction = std::mem::zeroed();
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        // EINTR for whoever waits for a key, after a stop; others make their call again.
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, &raw mut was);
        if was.sa_sigaction == libc::SIG_IGN {
            libc::sigaction(signal, &raw const was, std::ptr::null_mut());
        }
    }
}

/// As if there were no handler, once this one returns.
fn by_default(signal: i32) {
    // SAFETY: signal and raise may be called by a handler.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

extern "C" fn ended(signal: i32) {
    set(0);
    by_default(signal);
}

extern "C" fn stopped(signal: i32) {
    set(0);
    by_default(signal);
}

extern "C" fn noted(_: i32) {
    ASKED.store(true, Ordering::SeqCst);
}

/// What Ctrl-Z does.
fn handle_stop() {
    match DEFERS.load(Ordering::SeqCst) {
        true => handle(libc::SIGTSTP, noted),
        false => handle(libc::SIGTSTP, stopped),
    }
}

extern "C" fn went_on(_: i32) {
    handle_stop();
    let fd = TERMINAL.load(Ordering::SeqCst);
    // SAFETY: both may be called by a handler. In the background, to set modes would stop us again.
    let in_front = fd >= 0 && unsafe { libc::tcgetpgrp(fd) == libc::getpgrp() };
    if in_front {
        set(1);
    }
    CAME_BACK.store(true, Ordering::SeqCst);
}
