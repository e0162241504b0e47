//! When somebody looked at the screen, and what time it would be had nobody looked.
//!
//! In: times on the records' clock, and when watching stood still. Out: the same times without the
//! pauses, so that a trace that was looked at event by event shows what the program took.

/// Pauses, in order, none of which overlap.
#[derive(Default, Debug)]
pub struct Pauses {
    list: Vec<(u64, u64)>,
}

impl Pauses {
    /// One more: from and to.
    pub fn add(&mut self, from: u64, to: u64) {
        if to > from {
            self.list.push((from, to));
        }
    }

    /// A time without the pauses before it; a time inside one is its beginning.
    pub fn without(&self, time: u64) -> u64 {
        let before = self.list.iter().take_while(|(from, _)| *from < time);
        let paused: u64 = before.map(|(from, to)| time.min(*to) - from).sum();
        time - paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_in_a_pause_and_goes_on_after_it() {
        let mut pauses = Pauses::default();
        pauses.add(100, 200);
        pauses.add(300, 310);
        pauses.add(400, 400);
        let times = [0, 100, 150, 200, 250, 305, 310, 1000];
        let without: Vec<u64> = times.iter().map(|t| pauses.without(*t)).collect();
        assert_eq!(without, [0, 100, 100, 100, 150, 200, 200, 890]);
    }
}
