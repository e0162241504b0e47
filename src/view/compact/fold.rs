//! Writing lines, and folding those that only repeat what stands above them.
//!
//! In: the line that was made. Out: the line, or in the end how often: the same line again (`x1000`), or the
//! same lap of a loop that tries and pauses (`laps`).

use super::{CompactView, GAP};
use crate::event::digits::decimal;
use crate::view::paint::Ink;

impl CompactView {
    /// Writes the line unless it repeats what stands above it. `sleeps`: a lap ends with it.
    pub(super) fn emit(
        &mut self,
        (begin, end): (u64, u64),
        tid: u32,
        sleeps: bool,
        out: &mut Vec<u8>,
    ) {
        self.latest = self.latest.max(end);
        if self.repeats == 0 && self.laps.repeats(&self.line, tid, (begin, end)) {
            return;
        }
        self.flush_laps(out);
        if self.line == self.last && tid == self.last_tid {
            self.repeats += 1;
            self.last_end = end;
            self.before = begin;
            self.laps.lose();
            return;
        }
        self.flush_line(out);
        self.time(begin, end, out);
        out.extend_from_slice(&self.line);
        self.laps.wrote(&self.line, tid, sleeps);
        std::mem::swap(&mut self.line, &mut self.last);
        self.last_tid = tid;
    }

    /// Writes what is held back.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        self.flush_laps(out);
        self.flush_line(out);
    }

    /// Says how often the last line was repeated.
    fn flush_line(&mut self, out: &mut Vec<u8>) {
        if self.repeats == 0 {
            return;
        }
        let times = std::mem::take(&mut self.repeats) + 1;
        self.so_often(times, (self.before, self.last_end), 1, out);
        self.last.clear();
    }

    /// Says how often a lap was repeated, and writes what there is of one that was broken off.
    fn flush_laps(&mut self, out: &mut Vec<u8>) {
        if !self.laps.is_holding() {
            return;
        }
        let (repeats, lines, last, broken) = self.laps.break_off();
        if repeats > 0 {
            self.so_often(repeats + 1, last, lines, out);
        }
        for (line, (begin, end)) in broken {
            self.time(begin, end, out);
            out.extend_from_slice(&line);
        }
        self.last.clear();
    }

    /// `x1000`, about so many lines above.
    fn so_often(&mut self, times: u64, (begin, end): (u64, u64), lines: usize, out: &mut Vec<u8>) {
        self.time(begin, end, out);
        self.paint.on(Ink::Faint, out);
        out.push(b'x');
        let start = out.len();
        decimal(out, times);
        let used = self.layout.time + GAP + 1 + out.len() - start;
        let mut text = Vec::new();
        match lines {
            1 => text.extend_from_slice(b"the line above, so often"),
            _ => {
                text.extend_from_slice(b"the ");
                decimal(&mut text, lines as u64);
                text.extend_from_slice(b" lines above, so often");
            }
        }
        // Below the notes, or further left where the screen is too narrow for that.
        let most = self.layout.width.saturating_sub(text.len());
        let gap = self.layout.note().min(most).saturating_sub(used).max(1);
        out.extend(std::iter::repeat_n(b' ', gap));
        out.extend_from_slice(&text);
        self.paint.off(Ink::Faint, out);
        out.push(b'\n');
    }
}
