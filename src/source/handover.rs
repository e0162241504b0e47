//! Records handed from the thread that must not wait to the thread that shows them.
//!
//! In: records, one at a time, from a tracer. Out: the same bytes in batches. The tracer only copies: it
//! wakes the reader when that sleeps, which it does when there has been nothing for a while; under load
//! the reader looks every few milliseconds. What piles up is bounded: a tracer that is far ahead waits, and so
//! does the program it traces; nothing is lost.

use crate::event::raw::{HEAD, Raw, RawHead};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that may wait to be read.
const MOST: usize = 32 << 20;
/// How long the reader leaves a busy writer alone.
const NAP: Duration = Duration::from_millis(4);

/// The place between the two threads.
#[derive(Debug, Default)]
pub struct Handover {
    state: Mutex<State>,
    to_reader: Condvar,
    to_writer: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    reader_sleeps: bool,
    ended: bool,
    deaf: bool,
    question: Option<Question>,
    answer: Option<bool>,
}

/// Something the writer must know before it goes on; everything handed over before is read by then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question {
    /// What is asked: the asker's and the answerer's business.
    pub topic: u64,
    /// The process it is about.
    pub pid: u32,
    /// The thread.
    pub tid: u32,
    /// The number of its call.
    pub number: u64,
    /// The arguments of its call.
    pub args: [u64; 6],
}

/// What the reader found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Records, perhaps none: there will be more.
    Records,
    /// The same, and a question behind them.
    Question(Question),
    /// The last ones.
    End,
}

impl Handover {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left whole records.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over one record; its size is worked out here.
    pub fn push(&self, raw: &Raw<'_>) {
        let mut state = self.state();
        while state.bytes.len() > MOST && !state.deaf {
            state = self
                .to_writer
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.deaf {
            return;
        }
        let mut head = [0; HEAD];
        RawHead {
            size: (HEAD + raw.memory.len()) as u32,
            ..raw.head
        }
        .write_to(&mut head);
        state.bytes.extend_from_slice(&head);
        state.bytes.extend_from_slice(raw.memory);
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        if std::mem::take(&mut state.reader_sleeps) {
            drop(state);
            self.to_reader.notify_one();
        }
    }

    /// Asks the reader, which has then read all records before, and waits for its answer.
    pub fn ask(&self, question: Question) -> bool {
        let mut state = self.state();
        if state.deaf {
            return false;
        }
        state.question = Some(question);
        state.answer = None;
        state.reader_sleeps = false;
        self.to_reader.notify_one();
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            if state.deaf {
                return false;
            }
            state = self
                .to_writer
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No record comes after this.
    pub fn end(&self) {
        self.state().ended = true;
        self.to_reader.notify_one();
    }

    /// Whether anyone still reads.
    pub fn is_deaf(&self) -> bool {
        self.state().deaf
    }

    /// The reader's side: exchanges what has come for an empty `batch`. When nothing has, waits until
    /// something does, at most `most`; when `busy`, gives the writer a while first.
    pub fn take(&self, batch: &mut Vec<u8>, busy: bool, most: Duration) -> Found {
        batch.clear();
        let mut state = self.state();
        if !state.ended && state.question.is_none() && (busy || state.bytes.is_empty()) {
            let nap = if busy { NAP.min(most) } else { most };
            // While busy the writer does not wake us: a question and the end do.
            state.reader_sleeps = !busy;
            let waited = self.to_reader.wait_timeout_while(state, nap, |state| {
                !state.ended && state.question.is_none() && (busy || state.bytes.is_empty())
            });
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.reader_sleeps = false;
        }
        std::mem::swap(&mut state.bytes, batch);
        self.to_writer.notify_one();
        match state.question.take() {
            Some(question) => Found::Question(question),
            None if state.ended => Found::End,
            None => Found::Records,
        }
    }

    /// The reader's side: the answer to the question that [`Handover::take`] found.
    pub fn answer(&self, answer: bool) {
        self.state().answer = Some(answer);
        self.to_writer.notify_one();
    }

    /// The reader's side: nothing more will be read.
    pub fn stop(&self) {
        self.state().deaf = true;
        self.to_writer.notify_one();
    }
}

/// The records of a batch, in order.
pub fn records(batch: &[u8]) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let raw = Raw::from_bytes(rest)?;
        rest = rest.get(raw.head.size as usize..)?;
        Some(raw)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64) -> RawHead {
        RawHead {
            args: [number, 0, 0, 0, 0, 0],
            ..RawHead::default()
        }
    }

    #[test]
    fn all_records_arrive_in_order_and_a_question_comes_behind_those_before_it() {
        const COUNT: u64 = 20_000;
        let handover = Handover::default();
        let mut numbers = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..COUNT {
                    let memory = [7; 24];
                    handover.push(&Raw {
                        head: record(number),
                        memory: &memory[..(number as usize % 4) * 8],
                    });
                    if number == COUNT / 2 {
                        let question = Question {
                            topic: number,
                            pid: 1,
                            tid: 1,
                            number: 0,
                            args: [0; 6],
                        };
                        assert!(handover.ask(question));
                    }
                }
                handover.end();
            });
            let mut batch = Vec::new();
            loop {
                let busy = !batch.is_empty();
                let found = handover.take(&mut batch, busy, Duration::from_secs(5));
                numbers.extend(records(&batch).map(|raw| raw.head.args[0]));
                match found {
                    Found::Records => {}
                    Found::Question(question) => {
                        let last = numbers.last().copied();
                        handover.answer(last == Some(question.topic));
                    }
                    Found::End => break,
                }
            }
        });
        assert!(numbers.into_iter().eq(0..COUNT));
    }

    #[test]
    fn a_writer_goes_on_when_nobody_reads_any_more() {
        let handover = Handover::default();
        handover.stop();
        let memory = vec![0; 1 << 20];
        for number in 0..64 {
            handover.push(&Raw {
                head: record(number),
                memory: &memory,
            });
        }
        assert!(handover.is_deaf());
        let question = Question {
            topic: 0,
            pid: 0,
            tid: 0,
            number: 0,
            args: [0; 6],
        };
        assert!(!handover.ask(question));
    }
}
