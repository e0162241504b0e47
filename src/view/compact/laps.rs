//! Folding a loop that tries, pauses and tries again: its laps look the same and end with a sleep.
//!
//! In: lines as they are made. Out: whether a line only repeats the lap before, and what was held back when
//! the next one differs. Only laps that end with a call that sleeps count: other pairs of lines that look
//! alike (a request and its answer) are news each time.

/// Lines of a lap at most.
const LONGEST: usize = 8;

/// A line and its thread.
type Written = (Vec<u8>, u32);

/// When a line's call began and ended.
pub type Times = (u64, u64);

/// The lap before, and how far the present one is the same.
#[derive(Debug, Default)]
pub struct Laps {
    /// The lap that was written last, from one sleep to the next.
    whole: Vec<Written>,
    /// Lines since the last sleep, as written.
    going: Vec<Written>,
    /// Too many lines since the last sleep, or one that cannot be in a lap.
    lost: bool,
    /// Times of the lines that are held back: the first ones of `whole` once more.
    held: Vec<Times>,
    repeats: u64,
    last: Times,
}

impl Laps {
    /// Whether the line is the next one of the same lap once more. It is held back then.
    pub fn repeats(&mut self, line: &[u8], thread: u32, times: Times) -> bool {
        let next = self.whole.get(self.held.len());
        if !next.is_some_and(|(text, of)| text == line && *of == thread) {
            return false;
        }
        self.held.push(times);
        self.last = times;
        if self.held.len() == self.whole.len() {
            self.held.clear();
            self.repeats += 1;
        }
        true
    }

    /// How often whole laps were held back, with the lines of a lap and the time of the last one; then the
    /// lines of a lap that was broken off. All is forgotten.
    pub fn break_off(&mut self) -> (u64, usize, Times, Vec<(Vec<u8>, Times)>) {
        let held = std::mem::take(&mut self.held);
        let (repeats, last) = (std::mem::take(&mut self.repeats), self.last);
        let whole = std::mem::take(&mut self.whole);
        let lines = whole.len();
        let broken = whole.into_iter().map(|(line, _)| line).zip(held);
        self.going.clear();
        self.lost = false;
        (repeats, lines, last, broken.collect())
    }

    /// Whether anything is held back.
    pub fn is_holding(&self) -> bool {
        self.repeats > 0 || !self.held.is_empty()
    }

    /// The line was written; `sleeps`: a lap ends with it.
    #[inline]
    pub fn wrote(&mut self, line: &[u8], thread: u32, sleeps: bool) {
        self.whole.clear();
        if self.lost && !sleeps {
            return;
        }
        if !self.lost && self.going.len() < LONGEST {
            self.going.push((line.to_vec(), thread));
        } else {
            self.lose();
        }
        if sleeps {
            std::mem::swap(&mut self.whole, &mut self.going);
            self.lost = false;
        }
    }

    /// What goes on is no lap.
    pub fn lose(&mut self) {
        self.going.clear();
        self.whole.clear();
        self.lost = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays lines (those that end with `z` sleep) and says which were written.
    fn written(lines: &str) -> String {
        let mut laps = Laps::default();
        let mut out = String::new();
        let tell = |laps: &mut Laps, out: &mut String| {
            let (times, _, _, held) = laps.break_off();
            *out += &format!("x{} ", times + 1);
            for (line, _) in held {
                *out += &format!("{} ", String::from_utf8_lossy(&line));
            }
        };
        for line in lines.split(' ') {
            if laps.repeats(line.as_bytes(), 1, (0, 0)) {
                continue;
            }
            if laps.is_holding() {
                tell(&mut laps, &mut out);
            }
            out += &format!("{line} ");
            laps.wrote(line.as_bytes(), 1, line.ends_with('z'));
        }
        if laps.is_holding() {
            tell(&mut laps, &mut out);
        }
        out.trim_end().to_owned()
    }

    #[test]
    fn laps_that_end_with_a_sleep_are_folded_and_others_are_not() {
        assert_eq!(written("a z a z a z b"), "a z x3 b");
        assert_eq!(written("s a z a z a z a b"), "s a z a z x2 a b");
        assert_eq!(written("a b z a b z a c"), "a b z x2 a c");
        assert_eq!(written("a b a b a b"), "a b a b a b");
        assert_eq!(written("a z b a z a z"), "a z b a z a z");
        let long = "1 2 3 4 5 6 7 8 z 1 2 3 4 5 6 7 8 z";
        assert_eq!(written(long), long);
    }
}
