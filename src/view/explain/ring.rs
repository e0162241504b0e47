//! Screens of operations of a ring (`man 7 io_uring`): when one is queued, and when it has come back.

use super::Got;
use super::Place;
use super::Screen;
use super::Teller;
use super::main_fd;
use super::whose;
use crate::event::Event;
use crate::event::RingOperation;
use crate::story::Step;
use crate::story::telling::{asked_of_ring, beware_queued, queued};

impl Teller {
    /// An operation that was put into a ring: nothing has come of it.
    pub(super) fn queued(
        &mut self,
        event: &Event<'_>,
        operation: &RingOperation<'_>,
        step: &Step<'_>,
    ) -> Screen {
        let call = &operation.call.syscall;
        let told = usize::from(!step.notes.is_empty());
        Screen {
            place: Place::Queued,
            whose: whose(event, step),
            call: self.call(call),
            result: " ... queued".to_string(),
            failed: false,
            right: main_fd(call).map_or(String::new(), |fd| format!("fd {}", fd.0)),
            asked: self.words(|pen| asked_of_ring(event, call, step, pen)),
            kernel: self.words(|pen| queued(pen)),
            got: Got::Nothing,
            notes: self.notes(step, told),
            beware: self.words(|pen| beware_queued(call, pen)),
            next: self.next(event, main_fd(call), step),
        }
    }

    /// An operation that has come back from one. How long it took nobody has measured.
    pub(super) fn came_back(
        &mut self,
        event: &Event<'_>,
        operation: &RingOperation<'_>,
        step: &Step<'_>,
    ) -> Screen {
        let call = &operation.call.syscall;
        Screen {
            place: Place::CameBack,
            right: main_fd(call).map_or(String::new(), |fd| format!("fd {}", fd.0)),
            asked: self.words(|pen| asked_of_ring(event, call, step, pen)),
            ..self.told(event, &operation.call, (false, true), step)
        }
    }
}
