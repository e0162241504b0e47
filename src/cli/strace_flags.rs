//! Flags of strace that `httpsys trace` does not have: what to do instead.
//!
//! In: a flag that clap did not know. Out: one sentence. Who knows strace types its flags; an error that only says
//! "unexpected" would send them to a manual page.

/// Letters, and what to do instead.
static FLAGS: &[(char, &str)] = &[
    (
        'a',
        "columns are those of the view: --width sets the screen's",
    ),
    (
        'A',
        "-o FILE begins anew: write to another file, and replay both",
    ),
    (
        'b',
        "a program is followed through execve: end the trace with Ctrl-C",
    ),
    (
        'd',
        "there is no debug output; httpsys doctor says whether tracing works here",
    ),
    (
        'D',
        "run httpsys trace in the background of the shell (&), or attach with -p",
    ),
    ('F', "children are followed already"),
    (
        'i',
        "instruction pointers are not kept: gdb -p PID shows where a program stands",
    ),
    ('I', "Ctrl-C goes to the program; a second one ends it"),
    (
        'k',
        "stacks are not kept: gdb -p PID, or perf trace --call-graph",
    ),
    ('N', "calls have names and, with -n, numbers"),
    (
        'O',
        "times are those of the traced program; docs/performance.md says what tracing costs",
    ),
    (
        'P',
        "--request /x shows one request's calls; -e trace=%file those that take a path",
    ),
    ('S', "the tables of -c go by time"),
    (
        'u',
        "run it as that user: setpriv --reuid USER --clear-groups httpsys trace ..., or sudo -u",
    ),
    ('U', "the tables of -c have their columns"),
    ('v', "structures are whole in --view json"),
    ('V', "httpsys --version"),
    (
        'w',
        "the times of -c are wall-clock times; what was spent asleep stands beside them",
    ),
    ('X', "flags have names here; bits that have none are in hex"),
    ('Y', "the name of each process is told when it begins"),
];

/// What to do instead of a flag that clap did not know (`-w`, or `-w` out of `-fw`).
pub fn instead(flag: &str) -> Option<String> {
    let mut letters = flag.strip_prefix('-')?.chars();
    let letter = letters.next().filter(|letter| *letter != '-')?;
    let (_, words) = FLAGS.iter().find(|(known, _)| *known == letter)?;
    Some(format!("-{letter} of strace is not known here: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn a_flag_of_strace_is_answered_and_no_flag_of_ours_is() {
        assert!(instead("-w").is_some_and(|words| words.contains("wall-clock")));
        assert!(instead("-wv").is_some());
        for other in ["--wall", "-", "", "w", "-9"] {
            assert_eq!(instead(other), None, "{other}");
        }
        let cli = Cli::command();
        let trace = cli.find_subcommand("trace").expect("it is a command");
        let ours: Vec<char> = trace
            .get_arguments()
            .filter_map(clap::Arg::get_short)
            .collect();
        for (letter, _) in FLAGS {
            assert!(!ours.contains(letter), "-{letter}");
        }
    }
}
