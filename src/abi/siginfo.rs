//! What the kernel says of a signal: who or what sent it (`siginfo_t`, `man 2 sigaction`).
//!
//! In: the structure's bytes, as `PTRACE_GETSIGINFO` gives them. Out: its code and those fields that this signal
//! and this code have. Source: `include/uapi/asm-generic/siginfo.h`; the layout is that of 64-bit CPUs.
//! Left out on purpose: bounds and protection keys of SIGSEGV, lost bits of SIGBUS.

use nix::libc;

/// Bytes that any field stands in.
pub const SIZE: usize = 48;

/// One `siginfo_t`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigInfo([u8; SIZE]);

/// How a field is read, and shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// 32 bits with a sign.
    Int,
    /// 32 bits without one.
    Uint,
    /// A clock's ticks, 64 bits.
    Long,
    /// An address or a value of the program's, 64 bits.
    Pointer,
    /// An exit status, or where the code says so the number of a signal.
    Status,
}

/// One field: its name without `si_`, where it stands, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name, without `si_`.
    pub name: &'static str,
    /// How it is read.
    pub form: Form,
    at: usize,
}

const fn field(name: &'static str, at: usize, form: Form) -> Field {
    Field { name, form, at }
}

const PID: Field = field("pid", 16, Form::Int);
const UID: Field = field("uid", 20, Form::Uint);
const VALUE: Field = field("value", 24, Form::Pointer);
static SENT: [Field; 2] = [PID, UID];
static QUEUED: [Field; 3] = [PID, UID, VALUE];
static CHILD: [Field; 5] = [
    PID,
    UID,
    field("status", 24, Form::Status),
    field("utime", 32, Form::Long),
    field("stime", 40, Form::Long),
];
static FAULT: [Field; 1] = [field("addr", 16, Form::Pointer)];
static TIMER: [Field; 3] = [
    field("timerid", 16, Form::Int),
    field("overrun", 20, Form::Int),
    VALUE,
];

impl SigInfo {
    /// The structure of a signal with this code, all else 0.
    pub fn new(signal: i32, code: i32, errno: i32) -> SigInfo {
        let mut info = SigInfo([0; SIZE]);
        info.put(0, &signal.to_ne_bytes());
        info.put(4, &errno.to_ne_bytes());
        info.put(8, &code.to_ne_bytes());
        info
    }

    /// The structure that begins with these bytes; `None` when they are too few.
    pub fn from_bytes(bytes: &[u8]) -> Option<SigInfo> {
        Some(SigInfo(bytes.get(..SIZE)?.try_into().ok()?))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn int(&self, at: usize) -> i32 {
        i32::from_ne_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    /// The signal.
    pub fn signal(&self) -> i32 {
        self.int(0)
    }

    /// An errno, 0 nearly always.
    pub fn errno(&self) -> i32 {
        self.int(4)
    }

    /// Why it was sent: below 1 by a program, above by the kernel.
    pub fn code(&self) -> i32 {
        self.int(8)
    }

    /// The code's name, if it has one for this signal.
    pub fn code_name(&self) -> Option<&'static str> {
        let code = self.code();
        let own: &[&str] = match self.signal() {
            libc::SIGCHLD => &CHILD_CODES,
            libc::SIGSEGV => &["SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"],
            libc::SIGBUS => &BUS_CODES,
            libc::SIGFPE => &FPE_CODES,
            libc::SIGILL => &ILL_CODES,
            libc::SIGTRAP => &["TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT"],
            libc::SIGIO => &[
                "POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP",
            ],
            libc::SIGSYS => &["SYS_SECCOMP", "SYS_USER_DISPATCH"],
            _ => &[],
        };
        let place = usize::try_from(code)
            .ok()
            .and_then(|code| code.checked_sub(1));
        let common = || CODES.iter().find(|(number, _)| *number == code);
        place
            .and_then(|place| own.get(place).copied())
            .or_else(|| common().map(|(_, name)| *name))
    }

    /// The code behind a name, for this signal.
    pub fn code_of(signal: i32, name: &str) -> Option<i32> {
        let common = CODES.iter().map(|(code, _)| *code);
        (1..16)
            .chain(common)
            .find(|code| SigInfo::new(signal, *code, 0).code_name() == Some(name))
    }

    /// The fields that it has, in the order in which strace shows them.
    pub fn fields(&self) -> &'static [Field] {
        let code = self.code();
        match (self.signal(), code) {
            (_, libc::SI_USER | libc::SI_TKILL) => &SENT,
            (_, libc::SI_TIMER) => &TIMER,
            (libc::SIGCHLD, 1..) => &CHILD,
            (libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL, 1..) => &FAULT,
            (libc::SIGIO | libc::SIGSYS, 1..) => &[],
            // The kernel's own without a sender, as a terminal's.
            (_, 1..) if self.0[16..32] == [0; 16] => &[],
            _ if self.0[24..32] == [0; 8] => &SENT,
            _ => &QUEUED,
        }
    }

    /// The value of one field.
    pub fn get(&self, field: Field) -> i64 {
        let low = self.int(field.at);
        match field.form {
            Form::Int | Form::Status => i64::from(low),
            Form::Uint => i64::from(low as u32),
            Form::Long | Form::Pointer => {
                i64::from(self.int(field.at + 4)) << 32 | i64::from(low as u32)
            }
        }
    }

    /// Sets all fields that `value` knows by name.
    pub fn fill(&mut self, value: impl Fn(&str) -> Option<i64>) {
        // The widest shape first: what a signal has depends on what is in it.
        let all = [&SENT[..], &QUEUED, self.fields()];
        for field in all.into_iter().flatten() {
            let Some(value) = value(field.name) else {
                continue;
            };
            match field.form {
                Form::Long | Form::Pointer => self.put(field.at, &value.to_ne_bytes()),
                _ => self.put(field.at, &(value as i32).to_ne_bytes()),
            }
        }
    }

    /// Whether its status is the number of a signal.
    pub fn status_is_signal(&self) -> bool {
        self.code() != libc::CLD_EXITED
    }
}

/// Codes that any signal may have.
static CODES: [(i32, &str); 10] = [
    (libc::SI_USER, "SI_USER"),
    (libc::SI_KERNEL, "SI_KERNEL"),
    (libc::SI_QUEUE, "SI_QUEUE"),
    (libc::SI_TIMER, "SI_TIMER"),
    (libc::SI_MESGQ, "SI_MESGQ"),
    (libc::SI_ASYNCIO, "SI_ASYNCIO"),
    (libc::SI_SIGIO, "SI_SIGIO"),
    (libc::SI_TKILL, "SI_TKILL"),
    (-7, "SI_DETHREAD"),
    (-60, "SI_ASYNCNL"),
];
static CHILD_CODES: [&str; 6] = [
    "CLD_EXITED",
    "CLD_KILLED",
    "CLD_DUMPED",
    "CLD_TRAPPED",
    "CLD_STOPPED",
    "CLD_CONTINUED",
];
static BUS_CODES: [&str; 5] = [
    "BUS_ADRALN",
    "BUS_ADRERR",
    "BUS_OBJERR",
    "BUS_MCEERR_AR",
    "BUS_MCEERR_AO",
];
static FPE_CODES: [&str; 8] = [
    "FPE_INTDIV",
    "FPE_INTOVF",
    "FPE_FLTDIV",
    "FPE_FLTOVF",
    "FPE_FLTUND",
    "FPE_FLTRES",
    "FPE_FLTINV",
    "FPE_FLTSUB",
];
static ILL_CODES: [&str; 8] = [
    "ILL_ILLOPC",
    "ILL_ILLOPN",
    "ILL_ILLADR",
    "ILL_ILLTRP",
    "ILL_PRVOPC",
    "ILL_PRVREG",
    "ILL_COPROC",
    "ILL_BADSTK",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_its_name_belong_to_a_signal() {
        for signal in 1..=64 {
            for code in -60..0x81 {
                let info = SigInfo::new(signal, code, 0);
                if let Some(name) = info.code_name() {
                    assert_eq!(
                        SigInfo::code_of(signal, name),
                        Some(code),
                        "{signal} {name}"
                    );
                }
            }
        }
        assert_eq!(SigInfo::code_of(libc::SIGUSR1, "CLD_EXITED"), None);
    }

    #[test]
    fn what_was_read_can_be_written() {
        let mut info = SigInfo::new(libc::SIGCHLD, libc::CLD_KILLED, 0);
        let values = [
            ("pid", 7),
            ("uid", 4_000_000_000),
            ("status", 9),
            ("utime", 1 << 40),
        ];
        info.fill(|name| Some(values.iter().find(|value| value.0 == name)?.1));
        let read: Vec<_> = info
            .fields()
            .iter()
            .map(|f| (f.name, info.get(*f)))
            .collect();
        assert_eq!(read[..4], values);
        assert_eq!(read[4], ("stime", 0));
        assert!(info.status_is_signal());
    }

    #[test]
    fn a_terminals_signal_has_no_sender() {
        let info = SigInfo::new(libc::SIGINT, libc::SI_KERNEL, 0);
        assert!(info.fields().is_empty());
    }
}
