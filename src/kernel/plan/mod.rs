//! Faults: which calls to spoil, how and when (`-e inject=`, strace's grammar with `short=` added).
//!
//! In: the rules of the command line. Out: for each call that a thread is about to make, what to do to
//! it. A count that is cut is cut before the real call, so the kernel truly returns less; a made-up
//! result means that the kernel never sees the call; both are marked in the record. Left out on
//! purpose: what HTTP a call carries (`request=`: who asks for a fault is asked back), signals, and writing into
//! the caller's memory (`poke_`).
//!
//! `parse` reads a rule; this file says what a rule is and carries it out.

mod parse;

use super::{Kernel, Probe, Result, raw_call};
use crate::abi::calls::{CallId, Kind};
use crate::abi::errno::Errno;
use crate::event::raw::mark;
use std::sync::Arc;
use std::time::Duration;

/// One `-e inject=`: what to do to which calls, and at which of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The calls it is about.
    pub calls: Vec<CallId>,
    /// What the call gives instead of being made.
    pub result: Option<MadeUp>,
    /// The most bytes the call may ask for; at least 1.
    pub short: Option<u64>,
    /// Wait this long before the call.
    pub delay_enter: Duration,
    /// Wait this long after the call.
    pub delay_exit: Duration,
    /// At which invocations.
    pub when: When,
    /// Only calls that belong to such a request; for others the rule does not hold, and they are not counted.
    pub request: Option<String>,
}

/// A result that no kernel gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MadeUp {
    /// `error=`: the call fails with this.
    Error(Errno),
    /// `retval=`: the call succeeds with this. A made-up count is never above the count asked for, as
    /// the kernel's never is: the caller may rely on that.
    Value(i64),
}

/// `when=first[..last][+[step]]`: at which invocations, counted from 1 for each call and thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct When {
    /// The first one.
    pub first: u32,
    /// The last one that may be, if there is a bound.
    pub last: Option<u32>,
    /// From one to the next; 0 for the first only.
    pub step: u32,
}

impl When {
    /// Without `when=`: every time.
    pub const ALWAYS: When = When {
        first: 1,
        last: None,
        step: 1,
    };

    /// Whether invocation number `n` is one of them.
    pub fn includes(&self, n: u32) -> bool {
        let Some(after_first) = n.checked_sub(self.first) else {
            return false;
        };
        let in_step = match self.step {
            0 => after_first == 0,
            step => after_first.is_multiple_of(step),
        };
        in_step && self.last.is_none_or(|last| n <= last)
    }
}

/// What to spoil in one thread: the rules, and how often each call was made so far.
#[derive(Debug)]
pub struct Plan {
    rules: Arc<[Rule]>,
    /// For each row of the call table: one more than the place of its last rule, or 0.
    rule_of: Arc<[u16]>,
    /// For each rule, for each row of the call table: invocations so far.
    made: Box<[u32]>,
}

/// A plan for another thread: the same rules, counted anew (strace counts for each tracee).
impl Clone for Plan {
    fn clone(&self) -> Plan {
        let made = vec![0; self.made.len()].into();
        Plan {
            rules: self.rules.clone(),
            rule_of: self.rule_of.clone(),
            made,
        }
    }
}

impl Plan {
    /// A plan of these rules. Where two are about the same call the later one holds, as in strace; where that is
    /// about a request and the call is not, the one before.
    pub fn new(rules: Vec<Rule>) -> Plan {
        let rows = crate::abi::calls::CALLS.len();
        let mut rule_of = vec![0; rows];
        for (place, rule) in rules.iter().enumerate() {
            for call in &rule.calls {
                rule_of[call.0 as usize] = place as u16 + 1;
            }
        }
        Plan {
            rule_of: rule_of.into(),
            made: vec![0; rows * rules.len()].into(),
            rules: rules.into(),
        }
    }

    /// Reads what stands behind `-e inject=`: `read,recvfrom:short=16:when=2+`.
    ///
    /// # Errors
    /// A sentence that names the bad part and what may stand there.
    pub fn parse(text: &str) -> std::result::Result<Rule, String> {
        parse::rule(text)
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Counts one invocation of `id` and gives the rule that spoils it, if one does.
    fn due(&mut self, id: CallId, mut belongs: impl FnMut(usize) -> bool) -> Option<&Rule> {
        let row = id.0 as usize;
        let mut place = usize::from(self.rule_of[row]).checked_sub(1)?;
        while self.rules.get(place)?.request.is_some() && !belongs(place) {
            place = (0..place).rfind(|place| self.rules[*place].calls.contains(&id))?;
        }
        let made = &mut self.made[place * self.rule_of.len() + row];
        *made = made.saturating_add(1);
        let rule = &self.rules[place];
        rule.when.includes(*made).then_some(rule)
    }
}

/// Which argument of a call says how many bytes to move, if one does.
fn count_argument(id: CallId) -> Option<usize> {
    let params = id.signature().params;
    let buffer = params.iter().find_map(|param| match param.kind {
        Kind::BytesIn { len } | Kind::BytesOut { len } => Some(usize::from(len)),
        _ => None,
    });
    buffer.or_else(|| {
        params
            .iter()
            .position(|p| p.name == "count" && matches!(p.kind, Kind::Size))
    })
}

/// The most that the call can truly return, where an argument says so.
fn most_possible(id: CallId, args: &[u64; 6]) -> i64 {
    let params = id.signature().params;
    let argument = count_argument(id).or_else(|| {
        params
            .iter()
            .enumerate()
            .find_map(|(place, param)| match param.kind {
                Kind::EpollEvents => Some(place + 1),
                Kind::PollFds { count } => Some(usize::from(count)),
                _ => None,
            })
    });
    argument.map_or(i64::MAX, |place| {
        i64::try_from(args[place]).unwrap_or(i64::MAX)
    })
}

/// What the plan does to one call, worked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The arguments to make it with: the count may be cut.
    pub args: [u64; 6],
    /// Its result, if it is not to be made at all: a negative errno on failure.
    pub result: Option<i64>,
    /// Bits of [`mark`] for its record, and what belongs to them.
    pub marks: u16,
    /// See [`crate::event::raw::RawHead`].
    pub aux: u64,
    /// Wait this long before the call.
    pub delay_enter: Duration,
    /// Wait this long after the call.
    pub delay_exit: Duration,
}

impl Plan {
    /// Counts one invocation of `id` and gives what is to be done to it, if anything is. `belongs` is asked whether
    /// the call belongs to the request of the rule at a place; only for rules that have one.
    pub fn fault(
        &mut self,
        id: CallId,
        args: &[u64; 6],
        belongs: impl FnMut(usize) -> bool,
    ) -> Option<Fault> {
        let rule = self.due(id, belongs)?;
        let mut fault = Fault {
            args: *args,
            result: None,
            marks: 0,
            aux: 0,
            delay_enter: rule.delay_enter,
            delay_exit: rule.delay_exit,
        };
        if let (Some(short), Some(place)) = (rule.short, count_argument(id))
            && args[place] > short
        {
            (fault.marks, fault.aux) = (mark::CUT, args[place]);
            fault.args[place] = short;
        }
        if !(rule.delay_enter + rule.delay_exit).is_zero() {
            fault.marks |= mark::DELAYED;
        }
        if let Some(made_up) = rule.result {
            fault.marks |= mark::INJECTED;
            fault.result = Some(match made_up {
                MadeUp::Error(errno) => -i64::from(errno.0),
                MadeUp::Value(value) => value.min(most_possible(id, &fault.args)),
            });
        }
        Some(fault)
    }
}

impl<P: Probe> Kernel<P> {
    /// A call under a plan. Apart from [`Kernel::call`], so that calls without one pay a single test.
    #[cold]
    pub(super) fn call_under_plan(&mut self, id: CallId, args: [u64; 6]) -> Result<i64> {
        // A program cannot wait for what is made of its own calls: its plan has no such rule.
        let plan = self.plan.as_mut();
        let fault = plan.and_then(|plan| plan.fault(id, &args, |_| false));
        let Some(fault) = fault else {
            return self.honest_call(id, args);
        };
        let enter = self.probe.before(id, &fault.args);
        sleep(fault.delay_enter);
        let ret = fault.result.unwrap_or_else(|| raw_call(id, &fault.args));
        sleep(fault.delay_exit);
        self.probe
            .after(id, &fault.args, ret, enter, fault.marks, fault.aux);
        if ret < 0 {
            Err(Errno(-ret as i32))
        } else {
            Ok(ret)
        }
    }
}

/// A delay is no call of the server's own, so no probe hears of it.
fn sleep(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Fd;
    use crate::kernel::NoProbe;

    /// A probe that keeps what it is told.
    #[derive(Default)]
    struct Told(Vec<(CallId, u64, i64, u16, u64)>);

    impl Probe for Told {
        fn fork(&self) -> Told {
            Told::default()
        }
        fn before(&mut self, _: CallId, _: &[u64; 6]) -> u64 {
            0
        }
        fn after(&mut self, id: CallId, a: &[u64; 6], ret: i64, _: u64, marks: u16, aux: u64) {
            self.0.push((id, a[2], ret, marks, aux));
        }
    }

    fn kernel(rules: &[&str]) -> Kernel<Told> {
        let rules = rules
            .iter()
            .map(|text| Plan::parse(text).unwrap())
            .collect();
        Kernel {
            probe: Told::default(),
            plan: Some(Box::new(Plan::new(rules))),
        }
    }

    fn zeroes() -> Fd {
        Kernel::new(NoProbe)
            .openat(Fd(-100), c"/dev/zero", 0, 0)
            .unwrap()
    }

    #[test]
    fn a_cut_count_is_what_the_kernel_sees_and_the_record_tells_both() {
        let fd = zeroes();
        let mut kernel = kernel(&["read:short=16:when=2+"]);
        let mut buf = [1; 100];
        assert_eq!(kernel.read(fd, &mut buf), Ok(100));
        assert_eq!(kernel.read(fd, &mut buf), Ok(16));
        assert_eq!(kernel.read(fd, &mut buf[..10]), Ok(10));
        let id = crate::abi::calls::READ;
        assert_eq!(
            kernel.probe.0,
            [
                (id, 100, 100, 0, 0),
                (id, 16, 16, mark::CUT, 100),
                (id, 10, 10, 0, 0)
            ]
        );
        Kernel::new(NoProbe).close(fd).unwrap();
    }

    #[test]
    fn an_injected_error_is_given_and_the_call_is_not_made() {
        let fd = zeroes();
        let mut kernel = kernel(&["close:error=EIO:when=1"]);
        assert_eq!(kernel.close(fd), Err(Errno(5)));
        assert_eq!(
            kernel.close(fd),
            Ok(()),
            "the first close never reached the kernel"
        );
        assert_eq!(kernel.probe.0[0].3, mark::INJECTED);
        assert_eq!(kernel.probe.0[1].3, 0);
    }

    #[test]
    fn a_made_up_count_is_never_above_what_was_asked() {
        let mut kernel = kernel(&["read,write:retval=5000"]);
        let mut buf = [7; 8];
        assert_eq!(kernel.read(Fd(-1), &mut buf), Ok(8));
        assert_eq!(kernel.write(Fd(-1), b"abc"), Ok(3));
        assert_eq!(buf, [7; 8]);
    }

    #[test]
    fn of_two_rules_for_a_call_the_later_one_holds() {
        let mut kernel = kernel(&["read,write:error=EIO", "read:error=EAGAIN"]);
        assert_eq!(kernel.read(Fd(-1), &mut []), Err(Errno(11)));
        assert_eq!(kernel.write(Fd(-1), &[]), Err(Errno(5)));
        assert_eq!(
            kernel.close(Fd(-1)),
            Err(Errno(9)),
            "an honest call is made"
        );
    }

    #[test]
    fn a_rule_about_a_request_holds_and_counts_only_there() {
        let rules = [
            "read:error=EIO",
            "read:error=EAGAIN:when=2:request=/a",
            "read,write:error=EPIPE:request=/b",
        ];
        let rules = rules.map(|text| Plan::parse(text).unwrap());
        let mut plan = Plan::new(rules.into());
        let mut result = |id, request: Option<usize>| {
            let fault = plan.fault(id, &[0; 6], |place| request == Some(place));
            fault.and_then(|fault| fault.result)
        };
        let (read, write) = (crate::abi::calls::READ, crate::abi::calls::WRITE);
        assert_eq!(result(read, None), Some(-5));
        assert_eq!(result(read, Some(1)), None, "the first of two");
        assert_eq!(result(read, Some(2)), Some(-32));
        assert_eq!(result(read, None), Some(-5));
        assert_eq!(result(read, Some(1)), Some(-11));
        assert_eq!(result(write, None), None);
        assert_eq!(result(write, Some(2)), Some(-32));
    }

    #[test]
    fn a_delay_is_waited_and_marked() {
        let mut kernel = kernel(&["read:delay_enter=2ms:delay_exit=1000us"]);
        let begun = std::time::Instant::now();
        assert_eq!(kernel.read(Fd(-1), &mut []), Err(Errno(9)));
        assert!(begun.elapsed() >= Duration::from_millis(3));
        assert_eq!(kernel.probe.0[0].3, mark::DELAYED);
    }

    #[test]
    fn each_thread_counts_for_itself() {
        let mut first = kernel(&["close:error=EIO:when=2"]);
        assert_eq!(first.close(Fd(-1)), Err(Errno(9)));
        let mut second = first.fork();
        assert_eq!(second.close(Fd(-1)), Err(Errno(9)), "its first");
        assert_eq!(second.close(Fd(-1)), Err(Errno(5)));
        assert_eq!(first.close(Fd(-1)), Err(Errno(5)));
    }

    #[test]
    fn when_means_what_strace_says() {
        let hits = |text: &str| -> Vec<u32> {
            let when = parse::rule(&format!("read:error=EIO:when={text}"))
                .unwrap()
                .when;
            (1..=12).filter(|n| when.includes(*n)).collect()
        };
        assert_eq!(hits("3"), [3]);
        assert_eq!(hits("10+"), [10, 11, 12]);
        assert_eq!(hits("2..5"), [2, 3, 4, 5]);
        assert_eq!(hits("2..5+"), [2, 3, 4, 5]);
        assert_eq!(hits("1+4"), [1, 5, 9]);
        assert_eq!(hits("2..9+3"), [2, 5, 8]);
    }
}
