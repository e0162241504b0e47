//! The seccomp filter that makes only wanted calls stop.
//!
//! In: which numbers are wanted. Out: a BPF program for the child to install before it becomes the
//! program to be traced (`man 2 seccomp`). It answers RET_TRACE for wanted numbers and RET_ALLOW for all
//! others; calls made in another CPU mode (i386, x32) stop too, so that they are recognised and never
//! misread. Only loads and comparisons: for such programs the kernel remembers which numbers are always
//! allowed (Linux 5.11), and those calls cost nothing.

use super::cpu;
use nix::libc::{self, sock_filter};

/// Which call numbers of this CPU are wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    numbers: Vec<bool>,
    strangers: bool,
}

impl Wanted {
    /// These numbers; with `strangers`, also those that no table knows.
    pub fn new(numbers: impl IntoIterator<Item = u16>, strangers: bool) -> Wanted {
        let mut wanted = Wanted {
            numbers: vec![strangers; MOST],
            strangers,
        };
        for id in crate::abi::calls::CallId::all() {
            if let Some(number) = id.number() {
                wanted.numbers[usize::from(number)] = false;
            }
        }
        for number in numbers {
            wanted.numbers[usize::from(number)] = true;
        }
        wanted
    }

    /// This call too.
    pub fn include(&mut self, call: crate::abi::calls::CallId) {
        if let Some(number) = call.number() {
            self.numbers[usize::from(number)] = true;
        }
    }

    /// Whether this number is one of them.
    #[inline]
    pub fn includes(&self, number: u64) -> bool {
        match self.numbers.get(number as usize) {
            Some(wanted) => *wanted,
            None => self.strangers,
        }
    }

    /// Wanted numbers in a row: first and last of each row.
    fn ranges(&self) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for number in (0..MOST as u32).filter(|n| self.numbers[*n as usize]) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        ranges
    }
}

/// What our answer RET_TRACE has in its lower 16 bits: a filter of the program's own may give the same answer.
pub const MARK: u32 = 0x4854;

/// Numbers below this are in the table of wanted ones; the kernel's own end at 469 (Linux 6.18).
const MOST: usize = 512;
/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const JUMP_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const JUMP_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
const JUMP_FROM: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

fn load(k: u32) -> sock_filter {
    jump(LOAD, k, 0, 0)
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn answer(trace: bool) -> sock_filter {
    let k = if trace {
        libc::SECCOMP_RET_TRACE | MARK
    } else {
        libc::SECCOMP_RET_ALLOW
    };
    jump(RETURN, k, 0, 0)
}

/// The program. Numbers are compared in rows, from the lowest: four instructions a row, answered at the
/// first that fits.
pub fn program(wanted: &Wanted) -> Vec<sock_filter> {
    let mut program = vec![
        load(ARCH),
        jump(JUMP_EQUAL, cpu::ARCH, 1, 0),
        answer(true),
        load(NUMBER),
    ];
    for (first, last) in wanted.ranges() {
        program.extend([
            jump(JUMP_FROM, first, 1, 0),
            answer(false),
            jump(JUMP_GREATER, last, 1, 0),
            answer(true),
        ]);
    }
    // Beyond the table: x32 asks with a bit of its own (`__X32_SYSCALL_BIT`), and is wanted like i386.
    program.extend([
        jump(JUMP_FROM, MOST as u32, 1, 0),
        answer(false),
        jump(JUMP_FROM, cpu::FOREIGN_BIT, 1, 0),
        answer(wanted.strangers),
        answer(true),
    ]);
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: u32 = libc::SECCOMP_RET_TRACE | MARK;

    /// Runs the program as the kernel would.
    fn verdict(program: &[sock_filter], arch: u32, number: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let step = program[at];
            let holds = match step.code {
                LOAD => {
                    loaded = if step.k == ARCH { arch } else { number };
                    at += 1;
                    continue;
                }
                RETURN => return step.k,
                JUMP_EQUAL => loaded == step.k,
                JUMP_GREATER => loaded > step.k,
                JUMP_FROM => loaded >= step.k,
                other => panic!("no instruction {other}"),
            };
            at += 1 + usize::from(if holds { step.jt } else { step.jf });
        }
    }

    #[test]
    fn wanted_numbers_stop_and_others_do_not() {
        let wanted = Wanted::new([0, 1, 3, 41, 42, 43, 288, 435], false);
        let program = program(&wanted);
        for number in 0..600 {
            let traced = verdict(&program, cpu::ARCH, number) == STOP;
            assert_eq!(traced, wanted.includes(u64::from(number)), "{number}");
        }
    }

    #[test]
    fn all_numbers_stop_where_strangers_are_wanted_too() {
        let every = crate::abi::calls::CallId::all().filter_map(|id| id.number());
        let wanted = Wanted::new(every, true);
        let program = program(&wanted);
        for number in (0..600).chain([10_000]) {
            assert_eq!(verdict(&program, cpu::ARCH, number), STOP, "{number}");
        }
    }

    #[test]
    fn calls_of_another_cpu_mode_stop() {
        let program = program(&Wanted::new([0], false));
        let i386 = 0x4000_0003;
        assert_eq!(verdict(&program, i386, 4), STOP);
        let x32 = verdict(&program, cpu::ARCH, cpu::FOREIGN_BIT | 4);
        assert_eq!(x32, STOP);
    }

    #[test]
    fn the_kernel_takes_a_program_of_the_worst_case() {
        let every_other = (0..MOST as u16).filter(|n| n % 2 == 0);
        assert!(program(&Wanted::new(every_other, false)).len() < libc::BPF_MAXINSNS as usize);
    }
}
